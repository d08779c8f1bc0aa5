"""Many steps in one call under torch. This module imports Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from netdsl.training.speed.chunks import Chunks, Held


def train_function(
    model: keras.Model, chunks: Chunks, held: Held, compiled: bool
) -> Callable[[Any], dict[str, Any]]:
    """Make the function that `fit` calls for a step: it takes the steps of a chunk, one by one.

    torch does not compile them to one program, so `compiled` makes no difference.
    """

    def chunk(data: Any) -> dict[str, Any]:
        found, count = chunks.next()
        found = {name: keras.ops.convert_to_tensor(array) for name, array in found.items()}
        for at in range(count):
            model.train_step(
                chunks.gathered(held, {name: array[at] for name, array in found.items()})
            )
        return dict(model.get_metrics_result())

    return chunk
