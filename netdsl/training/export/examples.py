"""Random examples for a model, and its outputs for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from netdsl.keras import private

if TYPE_CHECKING:
    import keras

    from netdsl.training.preparation.rows import Array

EXAMPLES = 3
"""How many random examples an export is checked on: more than one, which shows a batch axis that
was fixed to 1.
"""


def random_examples(model: keras.Model, scale: float = 1.0) -> list[Array]:
    """Draw examples [EXAMPLES, ...] for each input, with a fixed seed.

    They are normal numbers around a mean of their own for each example and channel, or indices
    below the smallest vocabulary.
    """
    import keras
    import numpy as np

    rng = np.random.default_rng(0)
    known = [
        layer.input_dim
        for layer in private.layers_within(model)
        if isinstance(layer, keras.layers.Embedding)
    ]
    found: list[Array] = []
    for tensor in model.inputs:
        # For an axis of any size 8 is enough, even after convolutions and pooling.
        shape = (EXAMPLES, *(size or 8 for size in tensor.shape[1:]))
        if "int" in str(tensor.dtype):
            found.append(rng.integers(0, min(known, default=2), shape).astype(tensor.dtype))
        else:
            # Noise around 0 alone looks the same to a network that averages over all positions.
            means = rng.normal(size=(EXAMPLES, *(1 for _ in shape[2:]), *shape[-1:]))
            found.append((scale * (means + rng.normal(size=shape))).astype(tensor.dtype))
    return found


def as_input(examples: Sequence[Array]) -> Any:
    """Return examples as Keras takes them: the array itself where there is only one input."""
    return list(examples) if len(examples) > 1 else examples[0]


def as_list(values: Any) -> list[Array]:
    """Return a model's outputs, an array of float32 for each."""
    import keras
    import numpy as np

    return [np.asarray(one, np.float32) for one in keras.tree.flatten(values)]
