"""Receptive fields: which positions of an input an output position sees, for each axis.

Integers and Fractions, exact. The definitions are in docs/accounting.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from netdsl.analysis.receptive.axis import widest
from netdsl.analysis.receptive.traces import Trace, alike, positions_of, traces_of
from netdsl.graph import Graph
from netdsl.kinds.values import Shape
from netdsl.wording import axes_text


class Field(NamedTuple):
    """What one position of an operation's output sees of an input, in positions of the input, one
    number for each of its axes.

    Attributes:
        size: from the first position seen to the last, padding and gaps between them included;
            where outputs differ (after upsampling) that of the one that sees most. Of an operation
            without positions of its own, the input's positions.
        stride: by how many positions the field moves from one output to the next, in the mean (the
            jump): 1/2 after a doubling of the positions. Empty where the output has no positions
            that lie along the input's: after gap, fc, flatten.
        start: the first position that the first output sees, counted from 0; below 0 where that is
            padding.
        whole: whether each output sees the whole input: through gap, fc, attention, means over
            positions. Where it has positions of its own all the same (after squeeze and
            excitation), size and start are those of its windows alone.
        aligned: whether all branches on the way have the same stride and fields with the same
            middle (after upsampling in the mean over neighbouring outputs). Where strides differ,
            the size is that of the output that sees most, the stride the largest.
        source: which of the graph's inputs is seen.
    """

    size: tuple[int, ...]
    stride: tuple[Fraction, ...]
    start: tuple[int, ...]
    whole: bool = False
    aligned: bool = True
    source: int = 0

    @property
    def has_positions(self) -> bool:
        """Whether the output has positions that lie along the input's."""
        return bool(self.stride)

    def __str__(self) -> str:
        """Write the field in few letters: `212/32`, `7x3/2x1`, `whole`.

        `whole, 483/32` where windows alone see less.
        """
        windows = f"{_numbers(self.size)}/{_numbers(self.stride)}" if self.stride else ""
        return ", ".join(filter(None, ("whole" if self.whole else "", windows)))


def receptive_fields(graph: Graph, point: str | None = None) -> list[Field | None]:
    """Return the field of every operation, with respect to the first input with positions that it
    depends on, or to the input `point`.

    None where an operation depends on no such input (or not on `point`). An input's positions are
    all its axes but the channels; of indices, all. One pass over the graph.

    Raises:
        KeyError: where the graph has no input `point`.
    """
    # By the identity of the trace: operations that move nothing share it.
    fields: dict[int, Field] = {}
    found: list[Field | None] = []
    for op, trace in zip(graph.ops, traces_of(graph, point), strict=True):
        if trace is not None and id(trace) not in fields:
            fields[id(trace)] = _field(
                trace, op.shape, positions_of(graph.inputs[trace.source].shape)
            )
        found.append(None if trace is None else fields[id(trace)])
    return found


def last_with_positions(fields: Sequence[Field | None]) -> int | None:
    """Return the last operation that has positions along an input's.

    The one whose field is the network's.
    """
    return next(
        (
            index
            for index in reversed(range(len(fields)))
            if (field := fields[index]) and field.has_positions
        ),
        None,
    )


def network_field(graph: Graph, point: str | None = None) -> Field | None:
    """Return the network's field.

    That of the last operation that has positions along an input's; None where none has.
    """
    fields = receptive_fields(graph, point)
    index = last_with_positions(fields)
    return None if index is None else fields[index]


def seen_by(
    graph: Graph, index: int, place: Sequence[int] | None = None, point: str | None = None
) -> tuple[tuple[int, int], ...] | None:
    """Return the first and last position that one output of an operation sees, for each axis of the
    input; by default the middle output.

    Positions outside the input are padding; none is seen where the last is before the first. None
    where the operation depends on no input.

    Args:
        graph: the network.
        index: of the operation.
        place: the output's position, a number for each axis, counted from 0.
        point: the name of the input; by default the first that the operation depends on.

    Raises:
        KeyError: where the graph has no input `point`.
    """
    trace = traces_of(graph, point)[index]
    if trace is None:
        return None
    if trace.whole or trace.axes is None:
        return tuple((0, size - 1) for size in positions_of(graph.inputs[trace.source].shape))
    where = middle_of(graph.ops[index].shape, len(trace.axes)) if place is None else place
    return tuple(
        (axis.first.at(i), axis.last.at(i)) for axis, i in zip(trace.axes, where, strict=True)
    )


def middle_of(shape: Shape, rank: int) -> tuple[int, ...]:
    """Return the middle position of an output with this many axes of positions."""
    return tuple(size // 2 for size in shape[:rank])


def _field(trace: Trace, shape: Shape, positions: Shape) -> Field:
    if trace.axes is None:
        return Field(positions, (), (0,) * len(positions), whole=True, source=trace.source)
    # Square images, most of all there are: one axis is computed for both.
    rank, lines = len(trace.axes), trace.axes[:1] if alike(trace.axes, shape) else trace.axes
    times = rank // len(lines)
    return Field(
        tuple(widest(line, size) for line, size in zip(lines, shape, strict=False)) * times,
        tuple(line.stride for line in lines) * times,
        tuple(line.first.at(0) for line in lines) * times,
        trace.whole,
        all(line.aligned for line in lines),
        trace.source,
    )


def _numbers(numbers: Sequence[int | Fraction]) -> str:
    """Write `7x3`; one number where all are the same; fractions in brackets."""
    return axes_text(
        [f"({number})" if number.denominator > 1 else str(number) for number in numbers]
    )
