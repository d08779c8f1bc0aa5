"""Receptive fields: which positions of an input an output position sees, for each axis.

Whole numbers and Fractions, exact.

For windows alone this is the closed form of Araujo, Norris, Sim: Computing Receptive Fields of
Convolutional Neural Networks (Distill 2019): with the strides' product S before layer l, a window
of size K, dilation D and padding P in front adds D*(K-1)*S positions to the size, takes P*S off the
start, and multiplies the stride. Layers that make more positions of fewer have fields that repeat
with a period; these are kept as tables. The definitions are in docs/accounting.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeVar

from netdsl.graph import Graph, Op
from netdsl.kinds.facts import Reach, Seen
from netdsl.kinds.values import Indices, Shape, dims

MOST_STRIDE = 2**53  # beyond it no axis has positions, and the field is taken as the whole input
# of fields; where a longer one is longer than the output too, only the output's own positions are
# exact
LONGEST_PERIOD = 512
# of fields that differ from output to output; where more would, the field is taken as the whole
# input
LONGEST_TABLE = 4096
COLUMNS = 60
T = TypeVar("T")


class Field(NamedTuple):
    """What one position of an operation's output sees of an input, in positions of the input, one
    number for each of its axes.

    Attributes:
        size: from the first position seen to the last, padding and gaps between them included;
            where outputs differ (behind upsampling) that of the one that sees most. Of an operation
            without positions of its own, the input's positions.
        stride: by how many positions the field moves from one output to the next, in the mean (the
            jump): 1/2 behind a doubling of the positions. Empty where the output has no positions
            that lie along the input's: behind gap, fc, flatten.
        start: the first position that the first output sees, counted from 0; below 0 where that is
            padding.
        whole: whether each output sees the whole input: through gap, fc, attention, means over
            positions. Where it has positions of its own all the same (behind squeeze and
            excitation), size and start are those of its windows alone.
        aligned: whether all branches on the way have the same stride and fields with the same
            middle (behind upsampling in the mean over neighbouring outputs). Where strides differ,
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
        """In few letters: `212/32`, `7x3/2x1`, `whole`; `whole, 483/32` where windows alone see
        less.
        """
        windows = f"{_numbers(self.size)}/{_numbers(self.stride)}" if self.stride else ""
        return ", ".join(filter(None, ("whole" if self.whole else "", windows)))


def receptive_fields(graph: Graph, point: str | None = None) -> list[Field | None]:
    """The field of every operation, with respect to the first input with positions that it depends
    on, or to the input `point`.

    None where an operation depends on no such input (or not on `point`). An input's positions are
    all its axes but the channels; of indices, all. One pass over the graph.

    Raises:
        KeyError: where the graph has no input `point`.
    """
    fields: dict[
        int, Field
    ] = {}  # by the identity of the trace: operations that move nothing share it
    found: list[Field | None] = []
    for op, trace in zip(graph.ops, _traces(graph, point), strict=True):
        if trace is not None and id(trace) not in fields:
            fields[id(trace)] = _field(
                trace, op.shape, _positions(graph.inputs[trace.source].shape)
            )
        found.append(None if trace is None else fields[id(trace)])
    return found


def last_with_positions(fields: Sequence[Field | None]) -> int | None:
    """The last operation that has positions along an input's: the one whose field is the
    network's.
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
    """The network's field: that of the last operation that has positions along an input's; None
    where none has.
    """
    fields = receptive_fields(graph, point)
    index = last_with_positions(fields)
    return None if index is None else fields[index]


def seen_by(
    graph: Graph, index: int, place: Sequence[int] | None = None, point: str | None = None
) -> tuple[tuple[int, int], ...] | None:
    """The first and last position that one output of an operation sees, for each axis of the input;
    by default the middle output.

    Positions outside the input are padding; none is seen where the last is before the first. None
    where the operation depends on no input.

    Raises:
        KeyError: where the graph has no input `point`.
    """
    trace = _traces(graph, point)[index]
    if trace is None:
        return None
    if trace.whole or trace.axes is None:
        return tuple((0, size - 1) for size in _positions(graph.inputs[trace.source].shape))
    where = _middle(graph.ops[index], len(trace.axes)) if place is None else place
    return tuple(
        (axis.first.at(i), axis.last.at(i)) for axis, i in zip(trace.axes, where, strict=True)
    )


# --- along one axis -------------------------------------------------------------------------------


class _Ends(NamedTuple):
    """One end of the fields along an axis: output i's is values[k] + turns*rise, where by*i +
    offset = turns*len(values) + k.
    """

    values: tuple[int, ...]
    rise: int
    by: int
    offset: int

    def at(self, i: int) -> int:
        turns, k = divmod(self.by * i + self.offset, len(self.values))
        return self.values[k] + turns * self.rise

    @property
    def period(self) -> int:
        """After how many outputs the ends repeat, moved on."""
        return len(self.values) // math.gcd(self.by, len(self.values))


class _Line(NamedTuple):
    """The fields along one axis: their ends, the mean stride, and whether branches agree."""

    first: _Ends
    last: _Ends
    stride: Fraction
    aligned: bool = True


_OWN = _Line(_Ends((0,), 1, 1, 0), _Ends((0,), 1, 1, 0), Fraction(1))


class _Trace(NamedTuple):
    """What an operation sees of an input: along each axis through windows (None without
    positions), and whether all of it besides.
    """

    source: int
    axes: tuple[_Line, ...] | None
    whole: bool


def _through(line: _Line, reach: Reach, size: int) -> _Line | None:
    """The fields behind one more step, which gives `size` positions; None where too many of them
    differ.
    """
    stride = line.stride if reach.step == reach.over else line.stride * reach.step / reach.over
    if stride.numerator > MOST_STRIDE * stride.denominator:
        return None
    if reach.over == 1:
        return _Line(
            _windowed(line.first, reach.step, reach.first),
            _windowed(line.last, reach.step, reach.last),
            stride,
            line.aligned,
        )
    before = math.lcm(line.first.period, line.last.period)
    period = _table(reach.over * before // math.gcd(reach.step, reach.over * before), size)
    if period is None:
        return None
    rise = math.floor(stride * period)  # whole, but of a table of all positions
    first = tuple(
        line.first.at(-(-(reach.step * i + reach.first) // reach.over)) for i in range(period)
    )
    last = tuple(line.last.at((reach.step * i + reach.last) // reach.over) for i in range(period))
    return _Line(_Ends(first, rise, 1, 0), _Ends(last, rise, 1, 0), stride, line.aligned)


def _windowed(ends: _Ends, step: int, cell: int) -> _Ends:
    values, rise, by, offset = ends
    return _Ends(values, rise, by * step, offset + by * cell)


def _table(period: int, size: int) -> int | None:
    """The length of a table of fields: a period, or all positions where these are far fewer;
    None where it would be too long.
    """
    length = period if period <= max(size, LONGEST_PERIOD) else size
    return length if length <= LONGEST_TABLE else None


def _union(a: _Line, b: _Line, size: int) -> _Line | None:
    """The smallest fields that hold both, for `size` positions; None where too many of them
    differ.
    """
    if a is b or a == b:
        return a
    even = a.stride == b.stride
    period = (
        _table(math.lcm(*(ends.period for line in (a, b) for ends in line[:2])), size)
        if even
        else _table(size, size)
    )
    if period is None:
        return None
    stride = max(a.stride, b.stride)
    aligned = a.aligned and b.aligned and even and _same_middles(a, b, period)
    rise = math.floor(stride * period)
    return _Line(
        _outer(a.first, b.first, min, rise, period),
        _outer(a.last, b.last, max, rise, period),
        stride,
        aligned,
    )


def _outer(a: _Ends, b: _Ends, pick: Callable[[int, int], int], rise: int, period: int) -> _Ends:
    if a[:3] == b[:3]:
        return a if pick(a.offset, b.offset) == a.offset else b
    return _Ends(tuple(pick(a.at(i), b.at(i)) for i in range(period)), rise, 1, 0)


def _same_middles(a: _Line, b: _Line, count: int) -> bool:
    """Whether the middles of the fields agree, in the mean over so many outputs: behind
    upsampling neighbours may share a field.
    """
    return (
        sum(a.first.at(i) + a.last.at(i) - b.first.at(i) - b.last.at(i) for i in range(count)) == 0
    )


def _widest(line: _Line, size: int) -> int:
    """Positions from the first to the last that are seen, of that output of `size` that sees
    most.
    """
    first, last = line.first, line.last
    if len(first.values) == len(last.values) == 1:
        return max(0, last.at(0) - first.at(0) + 1)
    count = min(size, math.lcm(first.period, last.period))
    before, low = divmod(first.offset, len(first.values))
    after, high = divmod(last.offset, len(last.values))
    return max(
        0,
        _width(first._replace(offset=low), last._replace(offset=high), count)
        + after * last.rise
        - before * first.rise,
    )


@lru_cache(maxsize=4096)
def _width(first: _Ends, last: _Ends, count: int) -> int:
    return max(last.at(i) - first.at(i) + 1 for i in range(count))


# --- through the graph ----------------------------------------------------------------------------


def _positions(shape: Shape) -> Shape:
    """An input's positions: all axes but the channels; of indices, all."""
    return tuple(shape) if isinstance(shape, Indices) else shape[:-1]


def _traces(graph: Graph, point: str | None) -> list[_Trace | None]:
    """What each operation sees of an input; operations that move nothing hand on the trace
    itself.
    """
    if point is not None and point not in (each.name for each in graph.inputs):
        raise KeyError(point)
    begins = {
        each.op: _Trace(number, (_OWN,) * len(positions), False)
        for number, each in enumerate(graph.inputs)
        if (positions := _positions(each.shape)) and point in (None, each.name)
    }
    rules: dict[object, tuple[Seen, ...]] = {}
    found: list[_Trace | None] = []
    for index, op in enumerate(graph.ops):
        sources = [found[source] for source in op.inputs]
        if op.kind is None:
            found.append(begins.get(index))
        elif not any(sources):
            found.append(None)
        else:
            shapes = graph.input_shapes(op)
            key = (id(op.kind), op.shape, shapes)
            if key not in rules:
                rules[key] = _rule(op, shapes)
            found.append(
                _joined(
                    [
                        _passed(trace, seen, op.shape)
                        for trace, seen in zip(sources, rules[key], strict=True)
                        if trace
                    ],
                    op.shape,
                )
            )
    return found


def _rule(op: Op, shapes: tuple[Shape, ...]) -> tuple[Seen, ...]:
    """What the kind says of its positions, checked against the shapes.

    Raises:
        ValueError: where it says that each position sees its own, and the positions are not the
            same.
    """
    assert op.kind is not None
    rule = op.kind.receptive_field(op.shape, *shapes)
    for seen, x in zip(rule, shapes, strict=True):
        if seen.stages == () and len(x) == len(op.shape) > 1 and x[:-1] != op.shape[:-1]:
            raise ValueError(
                f"`{op.kind.word}` says that positions stay, and makes {dims(op.shape)} of {dims(x)}"
            )
        if seen.stages is None and not seen.whole:
            raise ValueError(f"`{op.kind.word}` says that no positions stay, and not what is seen")
        if any(len(stage) != len(op.shape) - 1 for stage in seen.stages or ()):
            raise ValueError(
                f"`{op.kind.word}` does not say of each axis of {dims(op.shape)} what is seen"
            )
    return rule


def _passed(trace: _Trace, seen: Seen, shape: Shape) -> _Trace:
    """What is seen through one more operation, whose output has this shape."""
    if trace.axes is None or seen.stages is None:
        return trace if trace.axes is None and trace.whole else _Trace(trace.source, None, True)
    if not seen.stages and (trace.whole or not seen.whole):
        return trace
    axes: tuple[_Line, ...] | None = trace.axes
    for stage in seen.stages:
        axes = axes and _each(_through, axes, stage, shape)
    return _Trace(trace.source, axes, trace.whole or seen.whole or axes is None)


def _joined(traces: list[_Trace], shape: Shape) -> _Trace:
    """The union of what an operation's inputs see of the first input of the network among them."""
    if len(traces) == 1:
        return traces[0]
    source = min(trace.source for trace in traces)
    same = [trace for trace in traces if trace.source == source]
    joined = same[0]
    for trace in same[1:]:
        if trace is not joined:
            axes = _joined_axes(joined.axes, trace.axes, shape)
            joined = _Trace(source, axes, joined.whole or trace.whole or axes is None)
    return joined


def _joined_axes(
    a: tuple[_Line, ...] | None, b: tuple[_Line, ...] | None, shape: Shape
) -> tuple[_Line, ...] | None:
    if a is None or b is None:
        return b if a is None else a
    return _each(_union, a, b, shape)


def _each(
    step: Callable[[_Line, T, int], _Line | None],
    lines: tuple[_Line, ...],
    others: tuple[T, ...],
    shape: Shape,
) -> tuple[_Line, ...] | None:
    """The step on each axis; where all axes are alike, as of square images, once.

    None where it is None on one.
    """
    if _alike(lines, shape) and others == others[:1] * len(lines):
        line = step(lines[0], others[0], shape[0])
        return None if line is None else (line,) * len(lines)
    found = [
        step(line, other, size) for line, other, size in zip(lines, others, shape, strict=False)
    ]
    made = tuple(line for line in found if line is not None)
    return made if len(made) == len(found) else None


def _alike(lines: tuple[_Line, ...], shape: Shape) -> bool:
    """Whether all axes are, their sizes among them."""
    return all(line is lines[0] for line in lines) and shape[: len(lines)] == shape[:1] * len(lines)


def _field(trace: _Trace, shape: Shape, positions: Shape) -> Field:
    if trace.axes is None:
        return Field(positions, (), (0,) * len(positions), whole=True, source=trace.source)
    rank, lines = len(trace.axes), trace.axes[:1] if _alike(trace.axes, shape) else trace.axes
    times = rank // len(lines)
    return Field(
        tuple(_widest(line, size) for line, size in zip(lines, shape, strict=False)) * times,
        tuple(line.stride for line in lines) * times,
        tuple(line.first.at(0) for line in lines) * times,
        trace.whole,
        all(line.aligned for line in lines),
        trace.source,
    )


def _numbers(numbers: Sequence[int | Fraction]) -> str:
    """`7x3`; one number where all are the same; fractions in brackets."""
    said = [f"({number})" if number.denominator > 1 else str(number) for number in numbers]
    return said[0] if len(set(said)) == 1 else "x".join(said)


# --- drawn ----------------------------------------------------------------------------------------


def drawing(
    graph: Graph, index: int | None = None, columns: int = COLUMNS, point: str | None = None
) -> str:
    """A picture of the input with what the middle output of an operation sees: `#` seen, `+` seen
    in part, `.` not seen.

    By default the operation is the last one with positions. A letter stands for one position, or a
    block of them where the input is wider than `columns`; letters are twice as high as wide, and so
    are blocks. A sequence is one line, a volume its middle slice seen.

    Raises:
        KeyError: where the graph has no input `point`.
    """
    fields = receptive_fields(graph, point)
    index = last_with_positions(fields) if index is None else index
    field = None if index is None else fields[index]
    if index is None or field is None:
        return "nothing of an input with positions is seen\n"
    point = graph.inputs[field.source].name
    ends = seen_by(graph, index, point=point) or ()
    positions = _positions(graph.inputs[field.source].shape)
    lines = [
        _caption(graph, index, field, ends, positions),
        "",
        *_picture(positions[-2:], ends[-2:], columns),
    ]
    return "\n".join(lines) + "\n"


def _middle(op: Op, rank: int) -> tuple[int, ...]:
    return tuple(size // 2 for size in op.shape[:rank])


def _caption(
    graph: Graph, index: int, field: Field, ends: Sequence[tuple[int, int]], positions: Shape
) -> str:
    op, name = graph.ops[index], graph.inputs[field.source].name
    rank = len(field.stride)
    middle = f", position {dims(_middle(op, rank))} of {dims(op.shape[:rank])}," if rank else ""
    if field.whole:
        return f"{op.name}{middle} sees all of {name}, {dims(positions)}"
    if any(last < first for first, last in ends):
        return f"{op.name}{middle} sees nothing of {name}, {dims(positions)}"
    names = {1: ("positions",), 2: ("rows", "columns"), 3: ("slices", "rows", "columns")}.get(
        len(ends), ("positions",) * len(ends)
    )
    said = ", ".join(
        f"{what} {first} to {last}" for what, (first, last) in zip(names, ends, strict=True)
    )
    return f"{op.name}{middle} sees {said} of {name}, {dims(positions)}"


def _picture(positions: Shape, ends: Sequence[tuple[int, int]], columns: int) -> list[str]:
    """Rows of letters; a sequence is one row, and each letter is at least a position."""
    (height, width), (rows, cells) = (
        ((1, *positions), ((0, 0), *ends)) if len(positions) == 1 else (positions, ends)
    )
    letters = 2 if len(positions) > 1 and 2 * width <= columns and height <= columns else 1
    block = max(-(-width // columns), -(-height // (2 * columns)))
    across = _shares(width, block, *cells)
    down = _shares(height, block * (2 // letters) if len(positions) > 1 else 1, *rows)
    return ["".join(_letter(row * share) * letters for share in across) for row in down]


def _shares(size: int, block: int, first: int, last: int) -> list[Fraction]:
    """Which part of each block of positions is seen."""
    blocks = [(begin, min(begin + block, size)) for begin in range(0, size, block)]
    return [
        Fraction(max(0, min(end, last + 1) - max(begin, first)), end - begin)
        for begin, end in blocks
    ]


def _letter(share: Fraction) -> str:
    return "#" if share == 1 else "+" if share else "."
