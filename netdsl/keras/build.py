"""A graph as a functional Keras model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import RunError, fail
from netdsl.keras.quiet import quiet_keras

if TYPE_CHECKING:
    from netdsl.graph import Graph, Op
    from netdsl.network import Network


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
        raise fail("N602", f"Keras cannot be imported: {error}", help="pip install netdsl brings Keras and TensorFlow") from None
    return Toolbox(keras, layers)


def build(network: Network, seed: int | None = None) -> Any:
    """The network as a Keras model with initial weights, the same ones again for the same seed.

    Layers are named by the path of blocks that leads to them.

    Raises:
        RunError: where the model does not fit into the memory.
    """
    tools = toolbox()
    if seed is not None:
        tools.keras.utils.set_random_seed(seed)
    try:
        return _model(network.graph, network.name, tools)
    except MemoryError:
        message = f"{network.name} does not fit into the memory: {network.counts.total:,} values"
        raise RunError(*fail("N603", message).diagnostics) from None


def _model(graph: Graph, name: str, tools: Toolbox) -> Any:
    tensors: list[Any] = []
    ends = {layer.ops[-1]: layer for layer in graph.layers}
    for index, op in enumerate(graph.ops):
        if op.kind is None:
            tensors.append(tools.keras.Input(op.shape, name=op.name))
            continue
        inputs = [tensors[source] for source in op.inputs]
        tensor = inputs if op.kind.inputs is None else inputs[0]
        for layer in op.kind.layers(tools, op.name, op.shape, *graph.input_shapes(op)):
            tensor = layer(tensor)
        if index in ends:
            tensor = _penalised(graph, op, ends[index].ops[0], tensor, tools)
        tensors.append(tensor)
    inputs = [tensors[point.op] for point in graph.inputs]
    outputs = [tensors[point.op] for point in graph.outputs]
    return tools.keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0], name=name)


def _penalised(graph: Graph, op: Op, first: int, tensor: Any, tools: Toolbox) -> Any:
    """The output of a layer, with its penalty on activations (`act_l1`) where it has one."""
    kind = graph.ops[first].kind
    strength = kind.values.get("act_l1") if kind else None
    if not strength:
        return tensor
    return tools.keras.layers.ActivityRegularization(l1=float(strength), name=f"{graph.ops[first].name}_penalty")(tensor)
