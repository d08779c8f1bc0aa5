"""A graph as a functional Keras model."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl import process
from netdsl.errors import RunError, fail
from netdsl.keras import private
from netdsl.keras.float64 import require_float64, require_layers_in_float64
from netdsl.keras.quiet import quiet_keras, stderr_shut
from netdsl.kinds.values import Indices

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Graph, Op


class Toolbox(NamedTuple):
    """What kinds build with: Keras, and netdsl's own layers."""

    keras: Any
    custom: Any


def toolbox() -> Toolbox:
    """Keras, imported now.

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
    """

    model: Any
    layers: dict[str, list[Any]]


def scope_name(name: str) -> str:
    """Give a model a name that TensorFlow can call a scope by: `reseau` for `réseau`."""
    import unicodedata

    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    kept = re.sub(r"[^A-Za-z0-9_.-]", "_", plain)
    return kept if kept[:1].isalnum() or kept[:1] == "." else f"network{kept}"


def build(network: Architecture, seed: int | None = None, precision: str = "float32") -> Any:
    """Build the network as a Keras model with initial weights, the same ones again for the same
    seed.

    Layers are named by the path of blocks that leads to them.

    Raises:
        NetError: N605 for what the backend does not compute in float64.
        RunError: where the model does not fit into the memory.
    """
    return build_layers(network, seed, precision).model


def build_layers(
    network: Architecture, seed: int | None = None, precision: str = "float32"
) -> Built:
    """Build the network, and say which layers hold the weights of which operation.

    Raises:
        RunError: where the model does not fit into the memory.
    """
    tools = toolbox()
    if seed is not None:
        with (
            stderr_shut(),
            process.without_unused(),
        ):  # Keras imports TensorFlow here, where it is installed, under JAX and torch too
            tools.keras.utils.set_random_seed(seed)
    if precision == "float64":
        require_float64(tools.keras)
    usual = tools.keras.config.dtype_policy()
    try:
        tools.keras.config.set_dtype_policy(POLICIES[precision])
        built = _built(network.graph, network.name, tools)
        if precision == "float64":
            require_layers_in_float64(tools.keras, built.model)
        _draw_by_own_states(built.model, tools)
        return built
    except MemoryError:
        message = f"{network.name} does not fit into memory: {network.counts.total:,} values"
        raise RunError(*fail("N603", message).diagnostics) from None
    finally:
        tools.keras.config.set_dtype_policy(usual)


def _built(graph: Graph, name: str, tools: Toolbox) -> Built:
    # An input is float32 whatever the policy is: float64 would lose its digits there.
    dtype = "float64" if tools.keras.config.dtype_policy().compute_dtype == "float64" else None
    tensors: list[Any] = []
    layers: dict[str, list[Any]] = {}
    named: set[int] = set()  # operations that are not layers
    ends = {layer.ops[-1]: layer for layer in graph.layers}
    pieces = _pieces(graph, tools)
    for index, op in enumerate(graph.ops):
        if op.kind is None:
            own = "int32" if isinstance(op.shape, Indices) else dtype
            tensors.append(tools.keras.Input(op.shape, name=op.name, dtype=own))
            continue
        inputs = [tensors[source] for source in op.inputs]
        tensor = inputs if op.kind.merges or len(inputs) > 1 else inputs[0]
        for place, layer in enumerate(pieces[index if op.shares is None else op.shares]):
            tensor = layer(tensor)
            made = private.origin(tensor)
            if made is not None and not isinstance(made.operation, tools.keras.layers.Layer):
                # Keras numbers operations that are not layers through the process.
                made.operation.name = f"{op.name}_{place}"
                named.add(id(made.operation))
            elif made is not None and made.operation.weights and op.shares is None:
                layers.setdefault(op.name, []).append(made.operation)
        if index in ends:
            tensor = _penalised(graph, op, ends[index].ops[0], tensor, tools)
        tensors.append(tensor)
    inputs = [tensors[point.op] for point in graph.inputs]
    outputs = [tensors[point.op] for point in graph.outputs]
    model = tools.keras.Model(
        inputs if len(inputs) > 1 else inputs[0],
        outputs if len(outputs) > 1 else outputs[0],
        name=scope_name(name),
    )
    masks = (
        operation
        for operation in model.operations
        if not isinstance(operation, tools.keras.layers.Layer) and id(operation) not in named
    )
    for number, operation in enumerate(masks, 1):
        operation.name = f"mask_{number}"
    return Built(model, layers)


def _draw_by_own_states(model: Any, tools: Toolbox) -> None:
    """Make dropout under torch draw by the states of its layers, as the other backends do.

    What a checkpoint holds of them.

    Keras takes torch's own numbers for a layer without a seed. Those stay on a GPU, which would
    have to wait for each layer's state.
    """
    if tools.keras.config.backend() != "torch":
        return
    import torch

    if not torch.cuda.is_available():
        for layer in private.layers_within(model):
            if generator := getattr(layer, "seed_generator", None):
                private.begin_again(generator, int(generator.state[0]))


def _pieces(graph: Graph, tools: Toolbox) -> dict[int, list[Any]]:
    """Make the Keras layers of each operation that shares no other's.

    Those that are tied use one kernel.
    """
    pieces = {
        index: op.kind.layers(tools, op.name, op.shape, *graph.input_shapes(op))
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
            pieces[index][place] = partial(layer, back=number)
    return pieces


def _main(layers: list[Any], name: str) -> int:
    """Find which of an operation's layers holds its weights: the one that has its name."""
    return next(place for place, layer in enumerate(layers) if getattr(layer, "name", None) == name)


def _penalised(graph: Graph, op: Op, first: int, tensor: Any, tools: Toolbox) -> Any:
    """Return the output of a layer, with its penalty on activations (`act_l1`) where it has one."""
    kind = graph.ops[first].kind
    strength = kind.values.get("act_l1") if kind else None
    if not strength:
        return tensor
    return tools.keras.layers.ActivityRegularization(
        l1=float(strength), name=f"{graph.ops[first].name}_penalty"
    )(tensor)
