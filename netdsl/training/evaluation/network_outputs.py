"""A network's outputs for many examples, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from netdsl.keras.layer_outputs import called

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from netdsl.training.preparation.rows import Array, Rows
    from netdsl.training.preparation.transforms import Preparation

    Predict = Callable[[tuple[Array, ...]], Sequence[Array]]
    """From prepared inputs [n, *input] to an array for each output [n, *output]."""

BATCH = 32
"""How many examples are predicted at a time by default."""


def predictor(model: Any) -> Predict:
    """Return a function for a Keras model's outputs for a batch, in the network's order."""

    return partial(called, model)


def outputs_of(
    predict: Predict, arrays: Sequence[Rows], preparation: Preparation, rows: NDArray[np.int64]
) -> Sequence[Array]:
    """Return a network's outputs for these rows of the arrays, one array for each input."""
    import numpy as np

    return predict(preparation.x(tuple(np.asarray(array[rows]) for array in arrays)))


def in_batches(
    predict: Predict, arrays: Sequence[Rows], preparation: Preparation, batch: int
) -> Iterator[tuple[NDArray[np.int64], Sequence[Array]]]:
    """Yield the rows of each batch, and the network's outputs for them."""
    for rows in row_batches(len(arrays[0]), batch):
        yield rows, outputs_of(predict, arrays, preparation, rows)


def row_batches(count: int, batch: int) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of each batch of `count` examples."""
    import numpy as np

    for start in range(0, count, batch):
        yield np.arange(start, min(start + batch, count))
