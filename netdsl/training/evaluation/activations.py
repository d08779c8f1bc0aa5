"""How many outputs of a network's layers are 0: how sparse it is on a part of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.training.evaluation.network_outputs import in_batches, predictor

if TYPE_CHECKING:
    import keras

    from netdsl.training.data import Examples
    from netdsl.training.preparation.transforms import Preparation


def zero_shares(
    model: keras.Model, part: Examples, preparation: Preparation, batch: int
) -> list[dict[str, Any]]:
    """Count the outputs of each layer that are 0 for the examples of a part.

    Args:
        model: the network.
        part: the examples.
        preparation: how they are prepared.
        batch: how many examples are computed at a time.

    Returns:
        For each layer with an output of 0: `layer`, `units` (its outputs for an example), `zeros`,
        the share of outputs that are exactly 0, and `never`, the number of units that are 0 for
        each example.
    """
    import keras
    import numpy as np

    from netdsl.training.data.batches import unpack_single

    layers = [one for one in model.layers if not isinstance(one, keras.layers.InputLayer)]
    # The first of several outputs is what the next layer reads; the others are states.
    tensors = {layer.name: keras.tree.flatten(layer.output)[0] for layer in layers}
    inner = keras.Model(unpack_single(tuple(model.inputs)), list(tensors.values()))
    counts: dict[str, Any] = {}
    for _, outputs in in_batches(predictor(inner), part.x, preparation, batch):
        for name, values in zip(tensors, outputs, strict=True):
            # Only counts are kept: the outputs of all layers for a part need not fit into memory.
            zeros = (np.asarray(values) == 0).reshape(len(values), -1).sum(axis=0)
            counts[name] = counts.get(name, 0) + zeros
    return [
        {
            "layer": name,
            "units": len(zeros),
            "zeros": float(zeros.sum()) / (len(zeros) * len(part)),
            "never": int((zeros == len(part)).sum()),
        }
        for name, zeros in counts.items()
        if zeros.any()
    ]
