"""Equal neighbours found and folded: `conv3-64` three times over is one box, with `×3`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from netdsl.drawing.labels import merged
from netdsl.drawing.series import connected
from netdsl.drawing.shown import Box, Frame, Shown, boxes_of
from netdsl.drawing.wiring import Wiring

_LONGEST = 24  # items that a repeat can hold
Alike = Callable[[Shown, Shown], bool]
Repeat = tuple[int, int]  # its first layer, and how many repeats within it begin there
Turns = dict[int, tuple[tuple[Repeat, int], ...]]


class _Read(NamedTuple):
    """What a box within an item reads: something within it (`own`), or elsewhere.

    `reader` and `box` count the boxes of their items.
    """

    own: bool
    reader: int
    item: int  # the item's place in the row; of what lies outside the row, the layer, negative
    box: int


class _Row:
    """Items that stand next to each other, and who reads whom among them."""

    def __init__(self, items: Sequence[Shown], wiring: Wiring) -> None:
        self.items = items
        self.place: dict[int, tuple[int, int]] = {}
        self.reads: list[tuple[_Read, ...]] = []
        self.read: list[tuple[int, ...]] = []  # the items that each reads
        self.users: list[set[tuple[int, int]]] = []  # (box, a layer that reads it) outside an item
        every = [list(boxes_of((item,))) for item in items]
        for at, boxes in enumerate(every):
            for number, box in enumerate(boxes):
                for layer in box.every_layer:
                    self.place[layer] = (at, number)
        for at, boxes in enumerate(every):
            found: dict[_Read, None] = {}
            users: set[tuple[int, int]] = set()
            for number, box in enumerate(boxes):
                for layer in box.every_layer:
                    for source in wiring.sources[layer]:
                        # An outside layer keeps its number: pieces that read it read the same.
                        item, other = self.place.get(source, (-1 - source, 0))
                        if item != at:
                            found[_Read(False, number, item, other)] = None
                        elif other != number:
                            found[_Read(True, number, 0, other)] = None
                    for reader in wiring.readers[layer]:
                        if self.place.get(reader, (-1, 0))[0] != at:
                            users.add((number, reader))
            self.reads.append(tuple(found))
            self.read.append(tuple({each.item for each in found if not each.own}))
            self.users.append(users)

    def repeats(self, start: int, period: int, alike: Alike) -> int:
        """Return how often the `period` items from `start` on follow each other."""
        items, end = self.items, start + period
        if end + period > len(items) or not alike(items[start], items[end]):
            return 1
        # Neighbours that are alike and not joined are side by side, not a repeat.
        if not any(
            start <= item < end for at in range(end, end + period) for item in self.read[at]
        ):
            return 1
        if not self._connected(start, period):  # ends of one branch and beginnings of another
            return 1
        first = self._reads(start, period, first=True)
        count, pattern, outlets = 1, None, None
        while end + period <= len(items):
            at = start + count * period
            if not all(alike(items[start + k], items[at + k]) for k in range(period)):
                break
            here = self._reads(at, period)
            # The first piece reads from outside what the second reads of the first.
            if pattern is None:
                if not _continues(first, here):
                    break
            elif here != pattern:
                break
            users = self._users(at - period, period)
            # Outside each piece must be read in the same way: drawn once, they are all alike.
            if outlets is not None and users != outlets:
                break
            pattern, outlets = here, users
            count += 1
            end += period
        if outlets and not outlets <= self._users(start + (count - 1) * period, period, last=True):
            return 1
        return count

    def _connected(self, start: int, period: int) -> bool:
        """Return whether the `period` items from `start` on are joined by what they read."""
        nodes = list(range(start, start + period))
        return len(connected({at: self.read[at] for at in nodes}, nodes)) == 1

    def _reads(self, at: int, period: int, first: bool = False) -> tuple[tuple[int, ...], ...]:
        """Return what the items of a piece read, by where it lies.

        Within them, in the piece before unless this is the first, or elsewhere.
        """
        found = []
        for k in range(period):
            for own, reader, item, box in self.reads[at + k]:
                if own:
                    found.append((k, reader, 0, 0, box))
                elif at <= item:
                    found.append((k, reader, 1, item - at, box))
                elif at - period <= item and not first:
                    # Counted from the piece's beginning, so that equal pieces read equal numbers.
                    found.append((k, reader, 2, item - at + period, box))
                else:
                    found.append((k, reader, 3, item, box))
        return tuple(found)

    def entries(self, at: int, period: int) -> int:
        """Return how many outputs of other items the `period` items from `at` on read."""
        return len(
            {
                (each.item, each.box)
                for reads in self.reads[at : at + period]
                for each in reads
                if not each.own and not at <= each.item < at + period
            }
        )

    def _users(self, at: int, period: int, last: bool = False) -> set[tuple[int, int, int]]:
        """Return who reads the piece, except itself and, unless it is the last, the next one."""
        stop = at + (1 if last else 2) * period
        found = set()
        for k in range(period):
            for box, reader in self.users[at + k]:
                item = self.place.get(reader, (-1, 0))[0]
                if not at <= item < stop:
                    found.add((k, box, reader))
        return found


def _continues(first: Sequence[tuple[int, ...]], second: Sequence[tuple[int, ...]]) -> bool:
    """Return whether a second piece reads the first as the first reads what precedes it."""
    if len(first) != len(second) or all(b[2] != 2 for b in second):
        return False
    known: dict[tuple[int, ...], tuple[int, ...]] = {}
    for a, b in zip(first, second, strict=True):
        if b[2] != 2:
            if a != b:
                return False
        # One output of the piece before is one output from outside, wherever it is read.
        elif a[:2] != b[:2] or a[2] != 3 or known.setdefault(b[3:], a[3:]) != a[3:]:
            return False
    return True


def folded(
    items: Sequence[Shown], wiring: Wiring, alike: Alike, authored: Alike, turns: Turns
) -> tuple[Shown, ...]:
    """Fold runs of equal items, and of equal rows of up to 24 items.

    Where a row could begin at several of its items, it begins where the author's does: `authored`
    says whether two items come from one place of the text.

    Args:
        items: neighbours, in order.
        wiring: who reads whom among the layers.
        alike: whether two items are drawn alike.
        authored: whether two items come from one place of the text.
        turns: for each layer the repeats that it is in, each with its pass; filled here.
    """
    found = list(items)
    row = _Row(found, wiring)
    period = 1
    # Short periods first: `(a b b) x2` is folded inside, and is found again as a row of two.
    while period <= min(_LONGEST, len(found) // 2):
        result: list[Shown] = []
        at = 0
        while at < len(found):
            count = row.repeats(at, period, alike)
            if count == 1:
                result.append(found[at])
                at += 1
                continue
            shift = _shift(row, at, period, count, alike, authored)
            result += found[at : at + shift]
            at += shift
            pieces = [found[at + t * period : at + (t + 1) * period] for t in range(count)]
            _note(pieces, turns)
            result.append(_merged(pieces))
            at += count * period
        period += 1
        if len(result) < len(found):  # rows that are shorter now may be equal
            found, period = result, 1
            row = _Row(found, wiring)
    return tuple(found)


def _shift(row: _Row, at: int, period: int, count: int, alike: Alike, authored: Alike) -> int:
    """Return how many items precede the first of the author's row; where none is seen to be that,
    the first of the row that reads the least of what is outside.
    """
    items = row.items
    for shift in range(period):
        pairs = zip(items[at + shift :], items[at + shift + period :][:period], strict=False)
        if all(authored(a, b) for a, b in pairs):
            # Rotating the row may cost a pass: `a (b a) x2` is then kept as `(a b) x2 a`.
            return shift if row.repeats(at + shift, period, alike) == count else 0
    possible = [
        shift
        for shift in range(period)
        if not shift or row.repeats(at + shift, period, alike) == count
    ]
    return min(possible, key=lambda shift: row.entries(at + shift, period))


def _note(pieces: Sequence[Sequence[Shown]], turns: Turns) -> None:
    first = pieces[0][0].first
    name = first, len(turns.get(first, ()))
    for turn, piece in enumerate(pieces):
        for box in boxes_of(piece):
            for layer in box.every_layer:
                turns[layer] = (*turns.get(layer, ()), (name, turn))


def _merged(pieces: Sequence[Sequence[Shown]]) -> Shown:
    """Return one item for equal pieces."""
    items = tuple(_joined(each) for each in zip(*pieces, strict=True))
    if len(items) == 1 and items[0].times == 1:
        return items[0]._replace(times=len(pieces))
    return Frame(items, None, len(pieces))


def _joined(items: Sequence[Shown]) -> Shown:
    """Return one item for equal ones of several passes."""
    first = items[0]
    if first.block is not None:
        titles = [item.block.title for item in items if item.block is not None]
        first = first._replace(block=first.block._replace(title=merged(titles)))
    if isinstance(first, Box):
        boxes = (item for item in items if isinstance(item, Box))
        return first._replace(turns=tuple(turn for box in boxes for turn in box.turns))
    inside = zip(*(item.items for item in items if isinstance(item, Frame)), strict=True)
    return first._replace(items=tuple(_joined(each) for each in inside))
