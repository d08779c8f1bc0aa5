"""A graph as a functional Keras model."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl import process
from netdsl.errors import RunError, fail
from netdsl.keras import private
from netdsl.keras.float64 import require_float64, require_layers_in_float64
from netdsl.keras.quiet import quiet_keras, stderr_shut
from netdsl.kinds.each import element_of
from netdsl.kinds.values import Indices, Shape

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Graph, Op


class Toolbox(NamedTuple):
    """What kinds build with: Keras, and netdsl's own layers."""

    keras: Any
    custom: Any

    @staticmethod
    def array(numbers: Any) -> Any:
        """Return numbers as an array in float64: lists would be rounded to float32."""
        import numpy as np

        return np.array(numbers, float)


def toolbox() -> Toolbox:
    """Import Keras, and return it with netdsl's own layers.

    Raises:
        NetError: N602 where Keras or its backend is not installed.
    """
    try:
        keras = quiet_keras()
        from netdsl.keras import layers
    except ImportError as error:
        raise fail(
            "N602",
            f"Keras cannot be imported: {error}",
            help="pip install netdsl installs Keras and TensorFlow",
        ) from None
    return Toolbox(keras, layers)


POLICIES = {
    "float32": "float32",
    "float64": "float64",
    "bfloat16": "bfloat16",
    "mixed": "mixed_bfloat16",
}
"""What Keras calls a precision; `mixed` keeps the weights in float32 and computes in bfloat16."""


class Built(NamedTuple):
    """A model.

    Attributes:
        model: the Keras model.
        layers: by the name of an operation that shares no weights, the Keras layers that hold its.
        tensors: what each operation gives.
    """

    model: Any
    layers: dict[str, list[Any]]
    tensors: FoldedTensors


def scope_name(name: str) -> str:
    """Give a model a name that TensorFlow can call a scope by: `reseau` for `réseau`."""
    import unicodedata

    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    # TensorFlow's rule: [A-Za-z0-9.][A-Za-z0-9_.\\/>-]*
    kept = re.sub(r"[^A-Za-z0-9_.-]", "_", plain)
    return kept if kept[:1].isalnum() or kept[:1] == "." else f"network{kept}"


def build(network: Architecture, seed: int | None = None, precision: str = "float32") -> Any:
    """Build the network as a Keras model with initial weights.

    Layers are named by the path of blocks that leads to them.

    Args:
        network: what is built.
        seed: of the weights and of what layers draw: the same seed gives the same weights; None
            gives other ones each time.
        precision: float32, float64, bfloat16, or mixed (weights float32, arithmetic bfloat16).

    Raises:
        NetError: N602 without Keras, N605 for what the backend does not compute in float64.
        RunError: N603 where the model does not fit into the memory.
    """
    return build_layers(network, seed, precision).model


def build_layers(
    network: Architecture, seed: int | None = None, precision: str = "float32"
) -> Built:
    """Build the network, and say which layers hold the weights of which operation.

    Args:
        network: what is built.
        seed: of the weights and of what layers draw; None for other ones each time.
        precision: one of `POLICIES`.

    Raises:
        NetError: N602 without Keras, N605 for what the backend does not compute in float64.
        RunError: N603 where the model does not fit into the memory.
    """
    tools = toolbox()
    if seed is not None:
        with (
            stderr_shut(),
            process.without_unused(),
        ):  # Keras imports TensorFlow here, where it is installed, under JAX and torch too
            tools.keras.utils.set_random_seed(seed)
    # Before anything is built: on JAX the policy alone would silently give float32.
    if precision == "float64":
        require_float64(tools.keras)
    from netdsl.keras.initial_weights import draw_by_numpy

    usual = tools.keras.config.dtype_policy()
    try:
        tools.keras.config.set_dtype_policy(POLICIES[precision])
        # All weights are drawn at once, by NumPy, after their layers are there: Keras's own
        # initializers give other numbers on each backend.
        with private.initialized_later():
            built = _built(network.graph, network.name, tools)
            draw_by_numpy(built.model, seed)
        if precision == "float64":
            require_layers_in_float64(tools.keras, built.model)
        _draw_by_own_states(built.model, tools)
        return built
    except MemoryError:
        message = f"{network.name} does not fit into memory: {network.counts.total:,} values"
        raise RunError(*fail("N603", message).diagnostics) from None
    finally:
        # A policy is global: the caller's later models must not have it.
        tools.keras.config.set_dtype_policy(usual)


def _built(graph: Graph, name: str, tools: Toolbox) -> Built:
    tensors, layers, named = connected(graph, tools)
    inputs = [tensors.seen(point.op) for point in graph.inputs]
    outputs = [tensors.seen(point.op) for point in graph.outputs]
    model = tools.keras.Model(
        inputs if len(inputs) > 1 else inputs[0],
        outputs if len(outputs) > 1 else outputs[0],
        name=scope_name(name),
    )
    masks = (
        operation
        for operation in model.operations
        if not isinstance(operation, tools.keras.layers.Layer)
        and id(operation) not in named | tensors.named
    )
    for number, operation in enumerate(masks, 1):
        operation.name = f"mask.{number}"  # no layer's name has a dot
    return Built(model, layers, tensors)


class Connected(NamedTuple):
    """A graph's layers, connected.

    Attributes:
        tensors: what each operation gives.
        layers: by the name of an operation that shares no weights, the Keras layers that hold its.
        named: the identities of the operations that are not layers, and have a name.
    """

    tensors: FoldedTensors
    layers: dict[str, list[Any]]
    named: set[int]


Reading = Callable[["FoldedTensors", int, int, "Shape"], Any]
"""Returns what goes into an operation at one of its inputs, folded along axes."""


def connected(graph: Graph, tools: Toolbox, reading: Reading | None = None) -> Connected:
    """Connect a graph's layers from the inputs to the outputs, with Keras's current policy.

    Args:
        graph: the network.
        tools: Keras.
        reading: what goes into operations, where it is not just what others give.
    """
    # An input is float32 whatever the policy is: float64 would lose its digits there.
    dtype = "float64" if tools.keras.config.dtype_policy().compute_dtype == "float64" else None
    tensors = FoldedTensors(graph, tools)
    layers: dict[str, list[Any]] = {}
    named: set[int] = set()
    ends = {layer.ops[-1]: layer for layer in graph.layers}
    pieces = pieces_of(graph, tools)
    # Keras cannot begin a model with a tensor of its own: it needs an input to count examples by.
    for index, op in graph.with_an_input_first():
        if op.kind is None:
            own = "int32" if isinstance(op.shape, Indices) else dtype
            tensors.add(index, tools.keras.Input(op.shape, name=op.name, dtype=own))
            continue
        axes = op.kind.each_axes
        inputs = [
            reading(tensors, index, slot, axes) if reading else tensors.seen(source, axes)
            for slot, source in enumerate(graph.read_by(op))
        ]
        tensor = inputs if op.kind.merges or len(inputs) > 1 else inputs[0]
        # The same Keras layer is called again where operations share weights.
        for place, layer in enumerate(pieces[index if op.shares is None else op.shares]):
            tensor = layer(tensor)
            made = private.origin(tensor)
            if made is not None and not isinstance(made.operation, tools.keras.layers.Layer):
                # Keras numbers operations that are not layers through the process.
                made.operation.name = f"{op.name}_{place}"
                named.add(id(made.operation))
            elif made is not None and made.operation.weights and op.shares is None:
                # In the order in which they are called, which is that of the kind's weights.
                layers.setdefault(op.name, []).append(made.operation)
        tensors.add(index, tensor, axes)
        if index in ends and _penalty(graph, ends[index].ops[0]):
            penalised = _penalised(graph, ends[index].ops[0], tensors.seen(index), tools)
            tensors.add(index, penalised)
    return Connected(tensors, layers, named)


def _draw_by_own_states(model: Any, tools: Toolbox) -> None:
    """Make dropout under torch draw from the states of its layers, as on the other backends.

    A checkpoint holds these states, so that a resumed training draws on from them. Without this
    Keras uses torch's global generator for a layer without a seed. On a GPU it is left at that:
    the GPU would have to wait for each layer's state.
    """
    if tools.keras.config.backend() != "torch":
        return
    import torch

    if not torch.cuda.is_available():
        for layer in private.layers_within(model):
            if generator := getattr(layer, "seed_generator", None):
                private.begin_again(generator, int(generator.state[0]))


def pieces_of(graph: Graph, tools: Toolbox) -> dict[int, list[Any]]:
    """Make the Keras layers of each operation that does not share another's.

    Operations that are tied use one kernel.
    """
    pieces = {
        index: op.kind.element.layers(tools, op.name, *_of_elements(graph, op))
        for index, op in enumerate(graph.ops)
        if op.kind is not None and op.shares is None
    }
    tied: dict[int, list[int]] = {}
    for index, op in enumerate(graph.ops):
        if op.tied is not None:
            tied.setdefault(op.tied, []).append(index)
    for owner, others in tied.items():
        places = [_main(pieces[index], graph.ops[index].name) for index in (owner, *others)]
        forward, *backward = (
            pieces[index][place].get_config()
            for index, place in zip((owner, *others), places, strict=True)
        )
        layer = tools.custom.Tied(forward, backward, name=graph.ops[owner].name)
        pieces[owner][places[0]] = layer
        for number, (index, place) in enumerate(zip(others, places[1:], strict=True)):
            # Keras stores the argument of each call, so that a saved model goes back the same way.
            pieces[index][place] = partial(layer, back=number)
    return pieces


def _main(layers: list[Any], name: str) -> int:
    """Find which of an operation's layers holds its weights: the one that has its name."""
    return next(place for place, layer in enumerate(layers) if getattr(layer, "name", None) == name)


def _of_elements(graph: Graph, op: Op) -> list[Shape]:
    """Return the shapes of an operation's output and inputs, of elements where it works on each."""
    axes = op.kind.each_axes if op.kind is not None else ()
    return [element_of(x, len(axes)) for x in (op.shape, *graph.input_shapes(op))]


class FoldedTensors:
    """The outputs of operations, whole and with the elements of `each` folded into the batch.

    Attributes:
        named: the identities of the operations that fold and unfold.
    """

    def __init__(self, graph: Graph, tools: Toolbox) -> None:
        self._graph, self._tools = graph, tools
        self._own: dict[int, Shape] = {}
        self._found: dict[tuple[int, Shape], Any] = {}
        self.named: set[int] = set()

    def add(self, index: int, tensor: Any, axes: Shape = ()) -> None:
        """Add an operation's output, folded along these axes."""
        # A penalty after a layer takes its place: what was folded of the old tensor must not be
        # read.
        self._found = {key: each for key, each in self._found.items() if key[0] != index}
        self._own[index] = axes
        self._found[index, axes] = tensor

    def seen(self, index: int, axes: Shape = ()) -> Any:
        """Return an operation's output, folded along these axes."""
        if (index, axes) not in self._found:
            # From one folding to another through the whole: their batches differ.
            if axes and self._own[index]:
                self.seen(index)
            of_batch = self._found[index, () if axes else self._own[index]]
            shape = element_of(self._graph.ops[index].shape, len(axes))
            tensor = self._tools.keras.ops.reshape(of_batch, (-1, *shape))
            made, name = private.origin(tensor), self._graph.ops[index].name
            if made is not None:  # a symbolic tensor has one
                made.operation.name = f"{name}_each_{len(axes)}" if axes else f"{name}_together"
                self.named.add(id(made.operation))
            self._found[index, axes] = tensor
        return self._found[index, axes]


def _penalty(graph: Graph, first: int) -> float:
    """Return the penalty on a layer's activations (`act_l1`)."""
    kind = graph.ops[first].kind
    return float((kind and kind.values.get("act_l1")) or 0)


def _penalised(graph: Graph, first: int, tensor: Any, tools: Toolbox) -> Any:
    """Return the output of a layer with its penalty on activations."""
    return tools.keras.layers.ActivityRegularization(
        l1=_penalty(graph, first), name=f"{graph.ops[first].name}_penalty"
    )(tensor)
