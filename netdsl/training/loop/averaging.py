"""The moving averages of a model's weights, which are evaluated and kept if a recipe asks for them.
This module imports Keras.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from keras import ops

from netdsl.keras import private
from netdsl.training.loop.learning_rate import synchronise

if TYPE_CHECKING:
    import keras


@contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """Within the block, set a model's weights to their averages; restore them afterwards.

    Does nothing if no averages are kept, or no step was taken yet.
    """
    pairs = private.moving_averages(model.optimizer)
    # Keras makes the averages as zeros, and the first step copies the weights into them.
    if not pairs or not int(ops.convert_to_numpy(model.optimizer.iterations)):
        yield
        return
    synchronise(model)
    # Copied: under torch `value` is the variable itself, and `assign` below would change it too.
    own = [ops.copy(variable.value) for variable, _ in pairs]
    for variable, average in pairs:
        # A copy: JAX donates the memory of a step's numbers, so variables must not share any.
        variable.assign(ops.copy(average.value))
    try:
        yield
    finally:
        for (variable, _), value in zip(pairs, own, strict=True):
            variable.assign(value)
