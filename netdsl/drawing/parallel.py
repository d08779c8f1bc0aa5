"""What is side by side and is alike, as one: the 26 embeddings of a table's columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from netdsl.drawing.labels import Labels
from netdsl.drawing.shown import Box, Shown, boxes_of
from netdsl.drawing.wiring import Wiring

_LEAST = 4  # fewer are drawn each
_MANY = 16  # more are drawn as one where their outputs differ, too


def side_by_side(items: Sequence[Shown], wiring: Wiring, labels: Labels) -> tuple[Shown, ...]:
    """Make one box of four or more that differ in numbers alone, read the same, are read by the
    same, and are on no way from one to another; where they are few, only if their outputs are
    equally large.

    "The same" is the coarsest division of the items that agrees with itself (as Hopcroft 1971
    divides the states of an automaton): those that read alike may be such boxes too.
    """
    if len(items) < _LEAST:
        return tuple(items)
    sources, readers = _neighbours(items, wiring)
    groups = _groups(items, labels, sources, readers)
    if not groups:
        return tuple(items)
    first = {group[0]: group for group in groups}
    gone = {at for group in groups for at in group[1:]}
    made: dict[int, Shown] = {}
    for at, item in enumerate(items):
        if at in first:
            boxes = [items[each] for each in first[at]]
            turns = tuple(box.turns[0] for box in boxes if isinstance(box, Box))
            assert isinstance(item, Box)
            made[at] = item._replace(turns=turns, times=len(turns), alongside=True)
        elif at not in gone:
            made[at] = item
    lead = {at: group[0] for group in groups for at in group}
    return _sorted(made, sources, lead)


def _neighbours(items: Sequence[Shown], wiring: Wiring) -> tuple[list[set[int]], list[set[int]]]:
    """Return for each item those that it reads, and those that read it; outside ones negative."""
    place = {
        layer: at
        for at, item in enumerate(items)
        for box in boxes_of((item,))
        for layer in box.every_layer
    }
    sources: list[set[int]] = [set() for _ in items]
    readers: list[set[int]] = [set() for _ in items]
    for layer, at in place.items():
        sources[at] |= {place.get(other, -1 - other) for other in wiring.sources[layer]} - {at}
        readers[at] |= {place.get(other, -1 - other) for other in wiring.readers[layer]} - {at}
    return sources, readers


def _groups(
    items: Sequence[Shown],
    labels: Labels,
    sources: Sequence[set[int]],
    readers: Sequence[set[int]],
) -> list[list[int]]:
    """Return the items that are drawn as one: what is not makes neighbours differ."""
    keys = _keys(items, labels)
    while True:
        members: dict[int, list[int]] = {}
        for at, number in enumerate(_divided(keys, sources, readers)):
            members.setdefault(number, []).append(at)
        alone = [
            group
            for group in members.values()
            if len(group) > 1 and (len(group) < _LEAST or _on_a_way(group, readers))
        ]
        if not alone:
            return [group for group in members.values() if len(group) > 1]
        for group in alone:
            for at in group:
                # A key of its own. It makes its neighbours differ, so all are divided again.
                keys[at] = at


def _divided(
    keys: Sequence[Hashable], sources: Sequence[set[int]], readers: Sequence[set[int]]
) -> list[int]:
    """Return the number of each item's class: equal keys, and alike neighbours."""
    classes = _numbered(keys)
    while True:
        around = [
            (
                classes[at],
                frozenset(classes[other] if other >= 0 else other for other in sources[at]),
                frozenset(classes[other] if other >= 0 else other for other in readers[at]),
            )
            for at in range(len(keys))
        ]
        finer = _numbered(around)
        # Classes are only ever divided: as many as before are the same ones.
        if max(finer) == max(classes):
            return finer
        classes = finer


def _keys(items: Sequence[Shown], labels: Labels) -> list[Hashable]:
    """Return what items must have in common to be one: what they are, and how large the output is
    unless there are many of them.
    """
    words: list[Hashable] = []
    for at, item in enumerate(items):
        if not isinstance(item, Box) or len(item.turns) > 1:
            # A frame, or what is a repeat already, is joined with nothing.
            words.append(at)
        else:
            words.append(item.block.word if item.block else labels.skeleton(item.first))
    count = Counter(words)
    return [
        (word, labels.shape(item.turns[0][-1]))
        if isinstance(item, Box) and count[word] <= _MANY
        else word
        for item, word in zip(items, words, strict=True)
    ]


def _numbered(keys: Sequence[Hashable]) -> list[int]:
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _on_a_way(group: Sequence[int], readers: Sequence[set[int]]) -> bool:
    """Return whether one of the group comes after another."""
    expected, seen = set(group), set[int]()
    waiting = [other for at in group for other in readers[at]]
    while waiting:
        at = waiting.pop()
        if at in expected:
            return True
        if at >= 0 and at not in seen:
            seen.add(at)
            waiting += readers[at]
    return False


def _sorted(
    items: dict[int, Shown], sources: Sequence[set[int]], lead: dict[int, int]
) -> tuple[Shown, ...]:
    """Return the items, each after those that it reads, else in the order of the text."""
    needs: dict[int, set[int]] = {at: set() for at in items}
    for at, others in enumerate(sources):
        here = lead.get(at, at)
        needs[here] |= {lead.get(other, other) for other in others if other >= 0} - {here}
    found: list[int] = []
    done: set[int] = set()
    # Quadratic at worst; the items of one picture are few, as equal ones are one.
    while len(found) < len(items):
        for at in items:
            if at not in done and needs[at] <= done:
                found.append(at)
                done.add(at)
    return tuple(items[at] for at in found)
