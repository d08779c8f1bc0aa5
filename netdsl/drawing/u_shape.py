"""Whether a network is a U: it goes down to few positions and up again, and skips join them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import prod
from typing import NamedTuple

from netdsl.drawing.parts import Fork, PartChain, Tangle, nodes_of
from netdsl.drawing.regions import regions
from netdsl.drawing.shown import boxes_of
from netdsl.drawing.subject import MAX_DRAWN, Subject
from netdsl.drawing.taking_apart import taken_apart
from netdsl.drawing.view import View

_LEAST = 2  # skips of a U
_MAX_BOXES = 48  # boxes of a U whose blocks are opened to show one more level
_DEEPEST = 8  # blocks within blocks that are opened to find one


class Skip(NamedTuple):
    """A wire across: from a box of the left side to one of the right, and boxes on the way."""

    source: int
    target: int
    on_the_way: tuple[int, ...]


class UShape(NamedTuple):
    """The sides of a U, by places among the boxes of a view.

    Attributes:
        view: plain boxes.
        spine: the boxes down and up again, in order.
        skips: from the outermost to the innermost.
        first, last: the places in the spine of the first and the last box at the bottom.
    """

    view: View
    spine: tuple[int, ...]
    skips: tuple[Skip, ...]
    first: int
    last: int


def found(subject: Subject) -> UShape | None:
    """Return the U that a network is, with all its levels, else as many blocks closed as can be.

    None where it is none.
    """
    options = subject.options
    depths = range(_DEEPEST) if options.depth is None else (options.depth,)
    best: UShape | None = None
    for depth in depths:
        shown = subject.any_view(depth)
        if len(shown.boxes) > (MAX_DRAWN if best is None else _MAX_BOXES):
            return best
        plain = View(tuple(boxes_of(shown.items)), shown.boxes, shown.edges)
        if not any(box.alongside for box in plain.boxes):
            shape = _shape(subject, plain)
            if shape is not None and (best is None or len(shape.skips) > len(best.skips)):
                best = shape
        if not any(box.block for box in shown.boxes):
            return best
    return best


def _shape(subject: Subject, plain: View) -> UShape | None:
    top, _ = regions(plain)
    chain = taken_apart(len(plain.boxes), top.wires, frozenset())
    if chain is None:
        return None
    size = [prod(subject.labels.shape(box.turns[0][-1])[:-1]) for box in plain.boxes]
    walked = _walked(chain, size, None, None)
    if walked is None:
        return None
    spine, skips = walked
    place = {box: at for at, box in enumerate(spine)}
    skips.sort(key=lambda skip: place[skip.source])
    if len(skips) < _LEAST or not _mirrored(skips, place, size):
        return None
    inner = skips[-1]
    between = range(place[inner.source] + 1, place[inner.target])
    if not between:
        return None
    least = min(size[spine[at]] for at in between)
    rank = {len(subject.labels.shape(plain.boxes[spine[at]].first)) for at in between}
    # A vector between the skips is a classifier, not the bottom of a U.
    if least >= size[inner.source] or 1 in rank:
        return None
    low = [at for at in between if size[spine[at]] == least]
    first, last = low[0], low[-1]
    if subject.labels.group[plain.boxes[spine[first]].first] == "pooling" and first < last:
        first += 1  # what halves is still on its way down
    return UShape(plain, tuple(spine), tuple(skips), first, last)


def _mirrored(skips: list[Skip], place: dict[int, int], size: list[int]) -> bool:
    """Return whether skips lie within each other, each between fewer positions than the one around
    it.
    """
    for outer, inner in pairwise(skips):
        within = place[outer.source] < place[inner.source] < place[inner.target]
        if not within or place[inner.target] >= place[outer.target]:
            return False
        if size[inner.source] >= size[outer.source]:
            return False
    return True


def _walked(
    chain: PartChain, size: list[int], before: int | None, after: int | None
) -> tuple[list[int], list[Skip]] | None:
    """Return the main way along a chain, and the skips next to it.

    None where it has other branches.
    """
    spine: list[int] = []
    skips: list[Skip] = []
    if chain.sides:
        return None
    for at, part in enumerate(chain.parts):
        if isinstance(part, int):
            spine.append(part)
        elif isinstance(part, Tangle):
            return None
        else:
            ends = _around(chain, at, before, after)
            if None in ends:
                return None
            inner = _fork(part, size, *ends)
            if inner is None:
                return None
            spine += inner[0]
            skips += inner[1]
    for arc in chain.arcs:
        source = before if arc.start < 0 else chain.parts[arc.start]
        target = after if arc.end == len(chain.parts) else chain.parts[arc.end]
        if not isinstance(source, int) or not isinstance(target, int):
            return None
        skips.append(Skip(source, target, ()))
    return spine, skips


def _around(
    chain: PartChain, at: int, before: int | None, after: int | None
) -> tuple[int | None, int | None]:
    """Return the boxes before and after a part."""
    ends = [before, *chain.parts, after][at : at + 3]
    first, second = ends[0], ends[2]
    return (
        first if isinstance(first, int) else None,
        second if isinstance(second, int) else None,
    )


def _fork(
    fork: Fork, size: list[int], before: int | None, after: int | None
) -> tuple[list[int], list[Skip]] | None:
    """Return the way through the branch with the fewest positions; the others are skips."""
    least = [min(size[n] for n in _all(branch)) for branch in fork.branches]
    main = least.index(min(least))
    inner = _walked(fork.branches[main], size, before, after)
    if inner is None or before is None or after is None:
        return None
    spine, skips = inner
    for number, branch in enumerate(fork.branches):
        if number != main:
            plain = [part for part in branch.parts if isinstance(part, int)]
            # A skip may crop or convolve on its way; more than two boxes are a branch.
            if len(plain) != len(branch.parts) or branch.arcs or len(plain) > 2:
                return None
            skips.append(Skip(before, after, tuple(plain)))
    return spine, skips


def _all(chain: PartChain) -> Iterator[int]:
    for part in chain.parts:
        yield from nodes_of(part)
