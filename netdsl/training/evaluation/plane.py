"""A network's outputs over an input of one or two numbers. This module imports numpy.

For two numbers they are a surface, for one a curve; each unit of a hidden layer has its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from netdsl.analysis.forward import forward
from netdsl.training.data.sources.formula import read_formula
from netdsl.training.data.sources.toys import POLYNOMIAL, RANGE, formula_of, legendre
from netdsl.training.metrics.answers import category_scores, probabilities
from netdsl.training.preparation.outputs import LABELS, VALUES
from netdsl.training.preparation.readings import decides

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.kinds.facts import Arrays
    from netdsl.training.data.parts import Data
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array
    from netdsl.training.recipes.recipe import DataSpec

SIDES, LINE = (81, 41, 21, 11), 801
"""How many places there are along each of two axes, the most that `WORK` allows, and along one."""

WORK, CHUNK = 4e9, 1 << 22
"""The most multiply-accumulates for all places, and the most numbers of all layers at a time."""

UNITS, LAYERS, POINTS = 16, 6, 2000
"""The most units of a layer, layers, and points of a part that are shown."""


class UnitLayer(NamedTuple):
    """The units of a hidden layer.

    Attributes:
        name: the layer's.
        text: the layer as it is written.
        meaning: of its values, as losses read them (`Kind.output_meaning`).
        units: the outputs of the first units at each place [units, *places].
        total: how many units the layer has.
    """

    name: str
    text: str
    meaning: str
    units: Array
    total: int


class PartPoints(NamedTuple):
    """Examples of a part: their places [n, axes], and their labels or values [n]."""

    name: str
    places: Array
    targets: Array


class InputPlane(NamedTuple):
    """A network's outputs over its input.

    Attributes:
        names: of the axes, `x1` and `x2`, or `x`.
        axes: the places along each axis.
        output: the network's output.
        values: for classes, the scores of each [*places, classes], or probabilities if the loss
            reads these; else a value [*places], in the data's units. The second axis comes first,
            like the rows of an array.
        layers: the hidden layers.
        points: the examples.
        function: the values of the function that is learned, along the only axis; None for other
            data.
    """

    names: tuple[str, ...]
    axes: tuple[Array, ...]
    output: OutputTransform
    values: Array
    layers: tuple[UnitLayer, ...]
    points: tuple[PartPoints, ...]
    function: Array | None


def has_plane(network: Architecture, data: Data) -> bool:
    """Return whether a network takes one or two numbers, and has an output that can be shown."""
    inputs, output = data.preparation.inputs, data.preparation.outputs[0]
    if len(inputs) != 1 or len(network.outputs) != 1 or inputs[0].vocabulary or output.dense:
        return False
    single = output.task == LABELS or (output.task == VALUES and math.prod(output.shape) == 1)
    if _is_polynomial(data.spec):  # P_0 alone does not determine x
        places = math.prod(inputs[0].example) > 1
    else:
        places = inputs[0].example in ((1,), (2,), ())
    columns = inputs[0].columns.columns if inputs[0].columns else ()
    others = any(one.one_hot or (one.part and len(columns) > 1) for one in columns)
    return single and places and not others and not output.copies


def plane(network: Architecture, weights: Mapping[int, Arrays], data: Data) -> InputPlane:
    """Compute the outputs of a network that `has_plane` around its examples.

    Args:
        network: the trained network.
        weights: its arrays by operation.
        data: the data that it was trained on.
    """
    parts = [part for part in (data.train, data.validation, data.test) if len(part)]
    points = tuple(
        PartPoints(part.name, *_shown(data, part.x[0][:POINTS], part.y[0][:POINTS]))
        for part in parts
    )
    if _is_polynomial(data.spec):  # those of high degree are huge outside the range
        low, high = data.spec.range or RANGE
        axes: tuple[Array, ...] = (np.linspace(low, high, LINE),)
    else:
        axes = _axes(np.concatenate([each.places for each in points]), network.counts.macs)
    across = np.stack(np.meshgrid(*axes), axis=-1)
    places, shape = across.reshape(-1, len(axes)), across.shape[:-1]
    # Axes are in the data's units, the network takes prepared numbers.
    inputs = data.preparation.x((_inputs(data, places),))[0]
    given, layers = _computed(network, weights, inputs)
    output = data.preparation.outputs[0]
    values = _scores(output, given) if output.task == LABELS else output.original(given)
    formula = None
    if len(axes) == 1:
        text = data.spec.function if _is_polynomial(data.spec) else None
        formula = read_formula(text) if text else formula_of(data.spec)
    return InputPlane(
        _names(data.preparation.inputs[0], len(axes)),
        axes,
        output,
        values.reshape(*shape, -1) if output.task == LABELS else values.reshape(shape),
        tuple(layer._replace(units=layer.units.T.reshape(-1, *shape)) for layer in layers),
        points,
        formula.values(axes[0]) if formula is not None else None,
    )


def _is_polynomial(spec: DataSpec) -> bool:
    return spec.source == POLYNOMIAL


def _shown(data: Data, x: Array, y: Array) -> tuple[Array, Array]:
    """Return the places of examples and their targets, without those that lack a number."""
    places = np.asarray(x, np.float64).reshape(len(x), -1)
    if _is_polynomial(data.spec):  # P_1, divided by 2, determines x
        low, high = data.spec.range or RANGE
        places = low + (2 * places[:, 1:2] + 1) / 2 * (high - low)
    targets = np.asarray(y, np.float64).reshape(-1)
    known = np.isfinite(places).all(axis=1)
    return places[known], targets[known]


def _inputs(data: Data, places: Array) -> Array:
    """Return examples as the data has them, at these places [n, axes]."""
    input = data.preparation.inputs[0]
    if _is_polynomial(data.spec):
        low, high = data.spec.range or RANGE
        places = legendre(places[:, 0], math.prod(input.example), low, high)
    return places.reshape(-1, *input.example).astype(np.float32)


def _axes(points: Array, macs: int) -> tuple[Array, ...]:
    """Choose the places along each axis: around the points, with one scale for both if possible."""
    low, high = points.min(axis=0), points.max(axis=0)
    if len(low) == 1:
        margin = 0.02 * (high[0] - low[0]) or 1.0
        return (np.linspace(low[0] - margin, high[0] + margin, LINE),)
    extent = high - low
    if extent.min() > 0.25 * extent.max():  # one scale for both, so that a circle is round
        middle, extent = (low + high) / 2, np.full(2, extent.max())
        low, high = middle - extent / 2, middle + extent / 2
    margin = np.where(extent > 0, 0.15 * extent, 1.0)
    side = next((side for side in SIDES if side * side * macs <= WORK), SIDES[-1])
    return tuple(
        np.linspace(one - more, two + more, side)
        for one, two, more in zip(low, high, margin, strict=True)
    )


def _names(input: InputTransform, axes: int) -> tuple[str, ...]:
    if input.columns:
        return tuple(column.label for column in input.columns.columns)
    return ("x",) if axes == 1 else ("x1", "x2")


def _computed(
    network: Architecture, weights: Mapping[int, Arrays], inputs: Array
) -> tuple[Array, list[UnitLayer]]:
    """Return a network's outputs [n, outputs], and those of its hidden layers [n, units]."""
    graph = network.graph
    last = graph.outputs[0].op
    hidden = [
        layer
        for layer in graph.layers
        if (kind := graph.ops[layer.ops[-1]].kind) is not None
        and not kind.inactive_in_use
        and layer.ops[-1] != last
        and len(graph.ops[layer.ops[-1]].shape) == 1
    ][:LAYERS]
    given: list[Array] = []
    units: list[list[Array]] = [[] for _ in hidden]
    # `forward` keeps the outputs of all operations: places are computed in pieces that fit.
    rows = max(1, CHUNK // sum(op.size for op in graph.ops))
    for start in range(0, len(inputs), rows):
        chunk = np.asarray(inputs[start : start + rows], np.float64)
        # Far from the examples exp may overflow, which is not an error here.
        with np.errstate(all="ignore"):
            found = forward(np, graph, weights, [chunk])
        given.append(found[last].reshape(len(chunk), -1))
        for held, layer in zip(units, hidden, strict=True):
            held.append(found[layer.ops[-1]][:, :UNITS])
    layers = []
    for held, layer in zip(units, hidden, strict=True):
        op = graph.ops[layer.ops[-1]]
        meaning = op.kind.output_meaning if op.kind else ""
        layers.append(UnitLayer(layer.name, layer.text, meaning, np.concatenate(held), op.size))
    return np.concatenate(given), layers


def _scores(output: OutputTransform, given: Array) -> Array:
    """Return the scores of the classes [n, classes]; a decision is -1 or 1."""
    if decides(output.activation):
        # The 0 and 1 of a step, and the -1 and 1 of a sign, become scores with the border 0.
        given = np.where(given > 0, 1.0, -1.0)
    scores = category_scores(np, output, given.reshape(-1, *output.shape))[:, 0]
    return np.asarray(probabilities(np, output, scores) if output.logits else scores)
