"""What each operation sees of an input, through the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from netdsl.analysis.receptive.axis import OWN, AxisFields, after_step, union
from netdsl.graph import Graph, Op
from netdsl.kinds.facts import Seen
from netdsl.kinds.values import Indices, Shape, dims

T = TypeVar("T")


class Trace(NamedTuple):
    """What an operation sees of an input.

    Along each axis what windows see (None without positions), and whether all of it is seen by
    other ways.
    """

    source: int
    axes: tuple[AxisFields, ...] | None
    whole: bool


def positions_of(shape: Shape) -> Shape:
    """Return an input's positions: all axes but the channels; of indices, all."""
    return tuple(shape) if isinstance(shape, Indices) else shape[:-1]


def traces_of(graph: Graph, point: str | None) -> list[Trace | None]:
    """Return what each operation sees of an input.

    Operations that move nothing hand on the trace itself.

    Raises:
        KeyError: where the point is not an input of the graph.
    """
    if point is not None and point not in (each.name for each in graph.inputs):
        raise KeyError(point)
    begins = {
        each.op: Trace(number, (OWN,) * len(positions), False)
        for number, each in enumerate(graph.inputs)
        if (positions := positions_of(each.shape)) and point in (None, each.name)
    }
    # Repeated blocks share their kinds: a rule is asked and checked once for each shape.
    rules: dict[object, tuple[Seen | None, ...]] = {}
    found: list[Trace | None] = []
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
                        if trace and seen
                    ],
                    op.shape,
                )
            )
    return found


def _rule(op: Op, shapes: tuple[Shape, ...]) -> tuple[Seen | None, ...]:
    """Return what the kind says of its positions, checked against the shapes.

    Raises:
        ValueError: where it says that each position sees its own, and the positions are not the
            same.
    """
    assert op.kind is not None
    rule = op.kind.receptive_field(op.shape, *shapes)
    for seen, x in zip(rule, shapes, strict=True):
        if seen is None:
            continue
        if seen.stages == () and len(x) == len(op.shape) > 1 and x[:-1] != op.shape[:-1]:
            raise ValueError(
                f"`{op.kind.word}` says that positions stay, and turns {dims(x)} into "
                f"{dims(op.shape)}"
            )
        if seen.stages is None and not seen.whole:
            raise ValueError(f"`{op.kind.word}` says that no positions stay, but not what is seen")
        if any(len(stage) != len(op.shape) - 1 for stage in seen.stages or ()):
            raise ValueError(
                f"`{op.kind.word}` does not say what is seen for each axis of {dims(op.shape)}"
            )
    return rule


def _passed(trace: Trace, seen: Seen, shape: Shape) -> Trace:
    """Return what is seen through one more operation, whose output has this shape."""
    if trace.axes is None or seen.stages is None:
        return trace if trace.axes is None and trace.whole else Trace(trace.source, None, True)
    # The trace itself: fields are known by its identity, and most operations move nothing.
    if not seen.stages and (trace.whole or not seen.whole):
        return trace
    axes: tuple[AxisFields, ...] | None = trace.axes
    for stage in seen.stages:
        axes = axes and _each(after_step, axes, stage, shape)
    return Trace(trace.source, axes, trace.whole or seen.whole or axes is None)


def _joined(traces: list[Trace], shape: Shape) -> Trace | None:
    """Return the union of what an operation's inputs see of the first input of the network among
    them; None where it sees nothing.
    """
    if not traces:
        return None
    if len(traces) == 1:
        return traces[0]
    # A field is of one input: of others by their names (`point`).
    source = min(trace.source for trace in traces)
    same = [trace for trace in traces if trace.source == source]
    joined = same[0]
    for trace in same[1:]:
        # A residual of layers that move nothing: both branches have one trace.
        if trace is not joined:
            axes = _joined_axes(joined.axes, trace.axes, shape)
            joined = Trace(source, axes, joined.whole or trace.whole or axes is None)
    return joined


def _joined_axes(
    a: tuple[AxisFields, ...] | None, b: tuple[AxisFields, ...] | None, shape: Shape
) -> tuple[AxisFields, ...] | None:
    # No positions on one side: what the other sees through windows is all that can be said.
    if a is None or b is None:
        return b if a is None else a
    return _each(union, a, b, shape)


def _each(
    step: Callable[[AxisFields, T, int], AxisFields | None],
    lines: tuple[AxisFields, ...],
    others: tuple[T, ...],
    shape: Shape,
) -> tuple[AxisFields, ...] | None:
    """Return the step on each axis; where all axes are alike, as of square images, once.

    None where it is None on one.
    """
    if alike(lines, shape) and others == others[:1] * len(lines):
        line = step(lines[0], others[0], shape[0])
        return None if line is None else (line,) * len(lines)
    found = [
        step(line, other, size) for line, other, size in zip(lines, others, shape, strict=False)
    ]
    made = tuple(line for line in found if line is not None)
    return made if len(made) == len(found) else None


def alike(lines: tuple[AxisFields, ...], shape: Shape) -> bool:
    """Return whether all axes are, their sizes among them."""
    return all(line is lines[0] for line in lines) and shape[: len(lines)] == shape[:1] * len(lines)
