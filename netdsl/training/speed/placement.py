"""Examples on the device: whether they fit there in addition to the training, and bringing them
there.

This module imports Keras and its backend.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from netdsl.training.data.sizes import KEPT_NBYTES, prepared_nbytes
from netdsl.training.recipes.conflicts import Conflict
from netdsl.wording import bytes_text

if TYPE_CHECKING:
    from netdsl.training.data import Examples
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.preparation.transforms import Preparation

GPU_FACTOR = 8
"""A GPU is assumed to hold this many times `KEPT_NBYTES` of examples."""

BLOCK = 1024
"""Examples that are prepared at a time on their way to the device."""


def accelerated() -> bool:
    """Return whether Keras computes on something faster than the CPU."""
    backend = keras.config.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    if backend == "jax":
        import jax

        return bool(jax.default_backend() != "cpu")
    import torch

    return bool(torch.cuda.is_available())


def fits_on_device(part: Examples, preparation: Preparation) -> bool:
    """Return whether the prepared examples fit on the device in addition to the training."""
    return prepared_nbytes(part, preparation, divided=False) <= _limit()


def _limit() -> int:
    return KEPT_NBYTES * (GPU_FACTOR if accelerated() else 1)


def check_fits(speed: str, part: Examples, preparation: Preparation) -> None:
    """Reject a speed that keeps the examples on the device where they do not fit.

    Raises:
        Conflict: N507.
    """
    if not fits_on_device(part, preparation):
        nbytes = bytes_text(prepared_nbytes(part, preparation, divided=False))
        message = (
            f"`speed: {speed}` keeps the prepared examples on the device: {bytes_text(_limit())} "
            f"of {nbytes} fit"
        )
        raise Conflict("speed", message, help="leave `speed` out")


def placed(prepared: Callable[[Any], Any], count: int) -> Any:
    """Bring to the device what `prepared` makes of this many rows.

    Each array is written block by block into its place: intermediate arrays would take as much
    memory again, and time to allocate it.
    """
    whole = keras.tree.map_structure(
        lambda array: _aligned((count, *array.shape[1:]), array.dtype), prepared(np.arange(1))
    )
    for at in range(0, count, BLOCK):
        block = prepared(np.arange(at, min(at + BLOCK, count)))
        for array, piece in zip(keras.tree.flatten(whole), keras.tree.flatten(block), strict=True):
            # Written into place: concatenating blocks at the end would need all of them twice.
            array[at : at + BLOCK] = piece
    return keras.tree.map_structure(_on_device, whole)


def _aligned(shape: tuple[int, ...], dtype: Any) -> Any:
    """Make an empty array that begins at a multiple of 64 bytes, so that the backends can use its
    memory without a copy.
    """
    nbytes = math.prod(shape) * np.dtype(dtype).itemsize
    # NumPy aligns to 16 bytes only; backends copy what is not aligned to 64.
    memory = np.empty(nbytes + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + nbytes].view(dtype).reshape(shape)


def _on_device(array: Any) -> Any:
    """Bring an aligned array to the device.

    On a CPU it stays where it is: TensorFlow would copy it otherwise.
    """
    if keras.config.backend() == "tensorflow" and not accelerated():
        import tensorflow as tf

        # Not a copy: the tensor keeps the array alive, and nothing writes to it after this.
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return ops.convert_to_tensor(array)


def divided(x: tuple[Any, ...], inputs: tuple[InputTransform, ...]) -> tuple[Any, ...]:
    """Return inputs as the network takes them.

    Bytes, which `placed` leaves as they are, are divided by their scale.
    """
    return tuple(
        input.mapped(ops.cast(array, "float32") / input.scale)
        if keras.backend.standardize_dtype(array.dtype) == "uint8"
        else array
        for array, input in zip(x, inputs, strict=True)
    )
