"""A network with given weights as Keras models that return the outputs of its operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.keras.build import Built
    from netdsl.kinds.facts import Arrays


def built_with(
    network: Architecture,
    weights: Mapping[int, Arrays],
    *,
    seed: int = 0,
    precision: str = "float32",
) -> Built:
    """Build a network with these weights, the arrays of each operation that holds some.

    Args:
        network: what is built.
        weights: the arrays by operation.
        seed: of what its layers draw in training.
        precision: float32 or float64.

    Raises:
        NetError: N605 for what the backend does not compute in float64.
        RunError: where it does not fit into memory.
    """
    from netdsl.keras.arrays import assign
    from netdsl.keras.build import build_layers

    built = build_layers(network, seed, precision)
    assign(built, network.graph, weights)
    return built


def model_at(built: Built, ops: Sequence[int]) -> Any:
    """Return a Keras model whose outputs [n, *shape] are those of these operations.

    It has the layers of `built`, and so its weights.
    """
    import keras

    inputs, outputs = built.model.inputs, [built.tensors.seen(op) for op in ops]
    return keras.Model(
        inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0]
    )


def called(model: Any, inputs: Sequence[Any]) -> list[Any]:
    """Return the arrays that a model gives in use for a batch: one for each of its outputs."""
    found = model.predict_on_batch(inputs[0] if len(inputs) == 1 else list(inputs))
    return list(found) if isinstance(found, list | tuple) else [found]


def called_in_training(model: Any, inputs: Sequence[Any]) -> list[Any]:
    """Return the arrays that a model gives for a batch in training: with the batch's statistics and
    with random noise.
    """
    import keras

    given = [keras.ops.convert_to_tensor(x) for x in inputs]
    found = model(given[0] if len(given) == 1 else given, training=True)
    listed = list(found) if isinstance(found, list | tuple) else [found]
    return [keras.ops.convert_to_numpy(each) for each in listed]
