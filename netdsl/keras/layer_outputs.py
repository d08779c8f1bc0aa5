"""A network with given weights as a Keras model that gives out what its operations do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.kinds.facts import Arrays


def model_of(
    network: Architecture,
    weights: Mapping[int, Arrays],
    ops: Sequence[int] = (),
    *,
    seed: int = 0,
    precision: str = "float32",
) -> Any:
    """Build a Keras model with these weights.

    Args:
        network: what is built.
        weights: the arrays of each operation that holds some.
        ops: the operations whose outputs [n, *shape] the model gives; the network's own outputs
            where there are none.
        seed: of what its layers draw in training.
        precision: float32 or float64.

    Returns:
        The model, of one output or of several, see `called`.

    Raises:
        NetError: N605 for what the backend does not compute in float64.
        RunError: where it does not fit into memory.
    """
    from netdsl.keras.arrays import assign
    from netdsl.keras.build import build_layers, toolbox

    keras = toolbox().keras

    built = build_layers(network, seed, precision)
    assign(built, network.graph, weights)
    places = ops or [port.op for port in network.graph.outputs]
    inputs, outputs = built.model.inputs, [built.tensors.seen(place) for place in places]
    return keras.Model(
        inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0]
    )


def called(model: Any, inputs: Sequence[Any]) -> list[Any]:
    """Return the arrays that a model gives in use for a batch: one for each of its outputs."""
    found = model.predict_on_batch(inputs[0] if len(inputs) == 1 else list(inputs))
    return list(found) if isinstance(found, list | tuple) else [found]


def called_in_training(model: Any, inputs: Sequence[Any]) -> list[Any]:
    """Return the arrays that a model gives in training for a batch: with the batch's statistics,
    and noise that is drawn.
    """
    import keras

    given = [keras.ops.convert_to_tensor(x) for x in inputs]
    found = model(given[0] if len(given) == 1 else given, training=True)
    listed = list(found) if isinstance(found, list | tuple) else [found]
    return [keras.ops.convert_to_numpy(each) for each in listed]
