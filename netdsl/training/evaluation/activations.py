"""How many of the numbers that a network's layers give are 0: how sparse it is on a part."""

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
    """Count what each layer gives for the examples of a part.

    Args:
        model: the network.
        part: the examples.
        preparation: what is done to them.
        batch: the examples that are computed at a time.

    Returns:
        For each layer with a unit that gives 0: `layer`, `units` (the numbers that it gives for an
        example), `zeros`, their share that is exactly 0, and `never`, the units that are 0 for each
        example.
    """
    import keras
    import numpy as np

    from netdsl.training.data.batches import unpack_single

    layers = [one for one in model.layers if not isinstance(one, keras.layers.InputLayer)]
    # Of a layer with several outputs (states) the first is what the next layer reads.
    tensors = {layer.name: keras.tree.flatten(layer.output)[0] for layer in layers}
    inner = keras.Model(unpack_single(tuple(model.inputs)), list(tensors.values()))
    counts: dict[str, Any] = {}
    for _, outputs in in_batches(predictor(inner), part.x, preparation, batch):
        for name, values in zip(tensors, outputs, strict=True):
            # Counts alone are kept: what all layers give for a part need not fit into memory.
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
