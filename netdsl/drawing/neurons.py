"""The style `neurons`: a circle for each number, a line for each weight, for dense layers alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from netdsl.drawing.figures import Figures
from netdsl.drawing.heading import finished
from netdsl.drawing.labels import Labels, shape_text
from netdsl.drawing.marks import Circle, Mark, MarkGroup, Point, Sheet, Text, TextRun, Web
from netdsl.drawing.measure import width
from netdsl.drawing.options import Options
from netdsl.drawing.shown import Box
from netdsl.drawing.wiring import wiring
from netdsl.errors import fail

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Graph, Op

MAX_LAYERS = 6
_MAX = 16  # circles of a layer
_DOTS = 30.0  # room for the dots in place of the others
_BETWEEN = 46.0  # between two columns of circles, at least
_LABEL, _NOTE = 12.0, 10.0
_PASSING = ("activation", "norm", "noise")  # kinds that leave each number in its place


class _Column(NamedTuple):
    """A layer of circles: its row of the table, and those after it that change no places."""

    layer: int
    others: tuple[int, ...]
    size: int


def suits(network: Architecture) -> bool:
    """Return whether a network is one chain of up to six dense layers of plain vectors."""
    columns = _columns(network)
    return columns is not None and 2 <= len(columns) <= MAX_LAYERS + 1


def _columns(network: Architecture) -> list[_Column] | None:
    graph = network.graph
    wires = wiring(graph)
    found: list[_Column] = []
    for number, layer in enumerate(graph.layers):
        if wires.sources[number] != ((number - 1,) if number else ()):
            return None
        op = graph.ops[layer.ops[0]]
        shape = graph.ops[layer.ops[-1]].shape
        if op.kind is None:
            # Indices are not numbers that a line's weight could multiply.
            if getattr(shape, "limit", None) is not None:
                return None
            found.append(_Column(number, (), math.prod(shape)))
        elif op.kind.group == "dense" and len(shape) == 1:
            found.append(_Column(number, (), shape[0]))
        elif len(shape) == 1 and (op.kind.group in _PASSING or _keeps(op, graph)):
            found[-1] = found[-1]._replace(others=(*found[-1].others, number))
        else:
            return None
    return found


def _keeps(op: Op, graph: Graph) -> bool:
    """Return whether an operation leaves all numbers as they are, in another form."""
    shape_only = op.kind is not None and op.kind.shape_only
    return shape_only and op.size == graph.ops[op.inputs[0]].size


def neurons_sheet(network: Architecture, options: Options, prefix: str = "") -> Sheet:
    """Draw a network of dense layers as circles.

    Raises:
        NetError: N661 where it is another one, or has more than six layers.
    """
    columns = _columns(network)
    if columns is None or not 2 <= len(columns) <= MAX_LAYERS + 1:
        raise fail(
            "N661",
            f"the style neurons is for chains of up to {MAX_LAYERS} dense layers; {network.name} "
            "is not one",
            help="--style graph draws every network",
        )
    labels = Labels(network.graph)
    figures = Figures(network.graph, labels, options.columns)
    highest = max(min(column.size, _MAX) for column in columns)
    radius, pitch = (11.0, 32.0) if highest <= 8 else (8.0, 22.0)
    texts = [_texts(column, labels, figures, options.colour) for column in columns]
    wide = [max(2 * radius, *(width(text, size) for text, size in lines)) for lines in texts]
    marks: list[Mark] = []
    webs: list[Mark] = []
    x, before, points_before = 0.0, 0.0, tuple[Point, ...]()
    foot = (min(highest, _MAX) * pitch + (_DOTS if highest == _MAX else 0.0)) / 2 + 18.0
    for number, (column, lines) in enumerate(zip(columns, texts, strict=True)):
        here = wide[number] / 2
        x += max(before + here + 18.0, 2 * radius + _BETWEEN + 56.0) if number else 0.0
        before = here
        points, dots = _places(column.size, x, pitch)
        if number:
            layers = network.graph.layers
            ends = [prefix + layers[each.layer].name for each in columns[number - 1 : number + 1]]
            web = Web(
                tuple((a, b) for a in points_before for b in points),
                "thread",
            )
            data = (("from", ends[0]), ("to", ends[1]))
            webs.append(MarkGroup("web", "", "", data, (web,)))
        points_before = points
        box = Box(((column.layer, *column.others),))
        look = figures.look(box, options.colour) or labels.group[column.layer]
        inside: list[Mark] = [Circle(*point, radius, look) for point in points]
        inside += (Circle(x, y, 1.4, "dot") for y in dots)
        y = foot
        for text, size in lines:
            y += size + 4
            runs = (TextRun(text, "ink" if size == _LABEL else "note"),)
            inside.append(Text(x, y, runs, size, "middle", width(text, size)))
        name = prefix + network.graph.layers[column.layer].name
        title = figures.title(Box(((column.layer,),)))
        marks.append(MarkGroup("box", name, title, (), tuple(inside)))
    return finished(network, options, (*webs, *marks), None)


def _texts(
    column: _Column, labels: Labels, figures: Figures, colour: str
) -> list[tuple[str, float]]:
    """Return what is below a column: the layer, what comes with it, its figures."""
    more = [labels.more[column.layer], *(labels.main[other] for other in column.others)]
    found = [(labels.main[column.layer], _LABEL)]
    if any(more):
        found.append((" · ".join(filter(None, more)), _NOTE))
    # The size is in the label (`fc-10`), and need not be said twice.
    note = figures.note(Box(((column.layer,),)), colour).removeprefix(f"{column.size} · ")
    if labels.group[column.layer] == "input":
        return [*found, (shape_text(labels.shape(column.layer)), _NOTE)]
    return [*found, (note, _NOTE)]


def _places(size: int, x: float, pitch: float) -> tuple[tuple[Point, ...], tuple[float, ...]]:
    """Return where a column's circles stand, and the dots for those that are left out."""
    shown = min(size, _MAX)
    left_out = size > _MAX
    high = (shown - 1) * pitch + (_DOTS if left_out else 0.0)
    points = []
    for number in range(shown):
        y = number * pitch - high / 2
        if left_out and number >= shown // 2:
            # Half of the circles on both sides of the dots.
            y += _DOTS
        points.append((x, y))
    return tuple(points), (-7.0, 0.0, 7.0) if left_out else ()
