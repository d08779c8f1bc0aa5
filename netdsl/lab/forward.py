"""Numbers through a network: the output of each layer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.counts import count_ops
from netdsl.analysis.forward import forward
from netdsl.errors import did_you_mean, fail
from netdsl.kinds.values import Shape, dims
from netdsl.kinds.window import Windowed
from netdsl.lab.given import Values
from netdsl.lab.show_arrays import array_lines, json_array
from netdsl.lab.weighted import WeightedNetwork, inputs_of

if TYPE_CHECKING:
    from netdsl.graph import Graph, Layer

EXAMPLES = 8
"""The most examples that are written."""
ELEMENTS = 50_000_000
"""The most numbers that all operations together may give, and that Keras may return."""
KERAS_ELEMENTS = 500_000_000
"""The most numbers that all operations may give in Keras, which does not keep them."""
ENGINES = ("numpy", "keras")
"""What computes: the kinds' definitions in float64, or Keras in float32."""
FLOPS, WINDOWED = 20_000_000_000, 500_000_000
"""The most floating-point operations in NumPy: of all layers, and of one layer without products,
whose windows are held in memory at once.
"""
CELLS = 250_000
"""The most cells of a window in NumPy, which goes through them one by one."""
_SMALLER = "give fewer examples, or a smaller input"
_BY_KERAS = f"--engine keras computes up to {KERAS_ELEMENTS:,}"


class Computation(NamedTuple):
    """How numbers go through a network.

    Attributes:
        engine: one of `ENGINES`.
        training: whether the network works as in training, which Keras computes in float64.
        seed: of what is drawn in training.
    """

    engine: str = "numpy"
    training: bool = False
    seed: int = 0


IN_USE = Computation()
"""By the kinds' definitions, not as in training."""


class LayerValues(NamedTuple):
    """The output of a layer.

    Attributes:
        name: the layer's.
        text: the layer as it is written.
        array: its output [n, *shape].
    """

    name: str
    text: str
    array: Any


def values_of(
    subject: WeightedNetwork,
    given: Values,
    how: Computation = IN_USE,
    name: str | None = None,
) -> list[LayerValues]:
    """Compute the outputs of layers.

    Args:
        subject: a network with weights.
        given: for each input numbers as a text, the path of a file, or an array.
        how: what computes it.
        name: of a layer or a named point; None for all layers.

    Raises:
        NetError: N511 to N518, N524, N527, N605, N626, N670.
    """
    import numpy as np

    graph = subject.network.graph
    layers = graph.layers if name is None else [graph.layers[layer_called(graph, name)]]
    inputs = inputs_of(subject, given)
    ends = [layer.ops[-1] for layer in layers]
    if how.training or how.engine == "keras":
        arrays = computed_by_keras(subject, inputs, ends, how)
    else:
        values = computed(np, subject, inputs, or_keras=True)
        arrays = [values[end] for end in ends]
    named = names_of(graph)
    return [
        LayerValues(named[layer.ops[-1]], _written(graph, layer), array)
        for layer, array in zip(layers, arrays, strict=True)
    ]


def computed(
    np: Any, subject: WeightedNetwork, inputs: list[Any], *, or_keras: bool = False
) -> list[Any]:
    """Compute the output of each operation [n, *shape].

    Args:
        np: NumPy.
        subject: a network with weights.
        inputs: arrays of [n, *shape].
        or_keras: whether the user can choose Keras for what is too much.

    Raises:
        NetError: N670 where that is too many numbers.
    """
    graph = subject.network.graph
    by_keras = _BY_KERAS if or_keras else ""
    # Before anything is computed: the definitions keep the output of every operation.
    _refuse_more(range(len(graph.ops)), graph, len(inputs[0]), ELEMENTS, by_keras)
    _refuse_long(graph, len(inputs[0]), "--engine keras is faster" if or_keras else _SMALLER)
    with np.errstate(all="ignore"):
        return forward(np, graph, subject.weights, inputs)


def computed_by_keras(
    subject: WeightedNetwork, inputs: list[Any], ops: Sequence[int], how: Computation
) -> list[Any]:
    """Compute the outputs of some operations [n, *shape] by Keras.

    Raises:
        NetError: N605 for what the backend does not compute in float64, N670 where that is too
            many numbers.
    """
    import numpy as np

    from netdsl.keras.layer_outputs import built_with, called, called_in_training, model_at

    graph, count = subject.network.graph, len(inputs[0])
    _refuse_more(range(len(graph.ops)), graph, count, KERAS_ELEMENTS, "")
    _refuse_more(ops, graph, count, ELEMENTS, "--at NAME gives one layer back")
    # Values in training are shown with derivatives, which are in float64; in use Keras is chosen
    # for speed.
    precision = "float64" if how.training else "float32"
    built = built_with(subject.network, subject.weights, seed=how.seed, precision=precision)
    # Only what is asked for comes back: Keras frees the rest as it goes.
    model = model_at(built, ops)
    typed = [x if x.dtype.kind == "i" else x.astype(precision) for x in inputs]
    found = (called_in_training if how.training else called)(model, typed)
    return [np.asarray(array) for array in found]


def _refuse_long(graph: Graph, count: int, help: str) -> None:
    """Reject what would take minutes, or windows that would not fit into memory.

    Raises:
        NetError: N670.
    """
    counts = count_ops(graph)
    flops = count * sum(each.flops for each in counts)
    # Pools lay their windows out as an array; convolutions are products, which do not.
    in_windows = count * max(each.flops - 2 * each.macs for each in counts)
    for amount, limit in ((flops, FLOPS), (in_windows, WINDOWED)):
        if amount > limit:
            message = f"this takes {amount:,} floating-point operations; at most {limit:,} are done"
            of_one = " by one layer without products" if limit == WINDOWED else ""
            raise fail("N670", f"{message}{of_one} by definition", help=help)
    for op in graph.ops:
        if isinstance(op.kind, Windowed):
            _refuse_wide(op.kind, graph.input_shapes(op)[0], count, help)


def _refuse_wide(kind: Windowed, x: Shape, count: int, help: str) -> None:
    """Reject a window of too many cells, and one that reaches too far beyond the input."""
    axes = kind.axes(x)
    cells = math.prod(axis.window for axis in axes)
    if cells > CELLS:
        message = f"a window of `{kind.word}` has {cells:,} cells; at most {CELLS:,} are added up"
        raise fail("N670", f"{message} by definition", help=help)
    padded = count * x[-1] * math.prod(axis.size + axis.before + axis.after for axis in axes)
    if padded > ELEMENTS:
        message = f"with its padding the input of `{kind.word}` has {padded:,} numbers"
        help = "write a smaller dilation, or less padding"
        raise fail("N670", f"{message}; at most {ELEMENTS:,} are computed with", help=help)


def _refuse_more(ops: Iterable[int], graph: Graph, count: int, limit: int, help: str) -> None:
    elements = sum(graph.ops[index].size for index in ops) * count
    if elements > limit:
        message = f"{elements:,} numbers would be computed; at most {limit:,} are"
        if help == _BY_KERAS and elements > KERAS_ELEMENTS:
            help = ""
        help = "; ".join(filter(None, (_SMALLER, help)))
        raise fail("N670", message, help=help)


def names_of(graph: Graph) -> dict[int, str]:
    """Name each layer's output: by the author's point, else by the layer's own name."""
    points = {op: name for name, op in graph.points.items()}
    ends = (layer.ops[-1] for layer in graph.layers)
    return {op: points.get(op, graph.layers[graph.ops[op].layer].name) for op in ends}


def _written(graph: Graph, layer: Layer) -> str:
    return "" if graph.ops[layer.ops[0]].kind is None else layer.text


def layer_called(graph: Graph, name: str) -> int:
    """Find a layer by its name, or by that of a point.

    Raises:
        NetError: N626 where nothing has this name.
    """
    name = name.removeprefix("@")
    own = [layer.name for layer in graph.layers]
    if name in graph.points:
        return graph.ops[graph.points[name]].layer
    if name in own:
        return own.index(name)
    known = list(dict.fromkeys([*graph.points, *own]))
    called = [layer.name for layer in graph.layers if name == layer.text.split("(")[0]]
    help = f"layers are {', '.join(known[:8])}"
    if called:
        help = f"{name} is called {' or '.join(called[:8])}"
    elif similar := did_you_mean(name, known):
        help = similar
    raise fail("N626", f"the network has no layer or point `{name}`", help=help)


def values_text(found: list[LayerValues]) -> str:
    """Write each layer's array below its name, one example after the other."""
    lines = []
    for each in found:
        shape = dims(each.array.shape[1:])
        lines.append("  ".join(filter(None, (each.name, each.text, shape))))
        lines += [f"  {line}" for line in examples_lines(each.array)]
    return "\n".join(lines)


def examples_lines(array: Any) -> list[str]:
    """Write [n, *shape], each example below its number where there are several."""
    lines: list[str] = []
    for number, example in enumerate(array[:EXAMPLES]):
        lines += [f"example {number}"] if len(array) > 1 else []
        lines += array_lines(example)
    more = len(array) - EXAMPLES
    return [*lines, f"... {more:,} examples more"] if more > 0 else lines


def values_json(found: list[LayerValues]) -> dict[str, Any]:
    """Write each layer's array as nested lists, the examples first."""
    return {
        "layers": [
            {
                "name": each.name,
                "layer": each.text,
                "shape": list(each.array.shape[1:]),
                "values": json_array(each.array),
            }
            for each in found
        ]
    }
