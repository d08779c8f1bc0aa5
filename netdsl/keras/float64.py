"""Networks in 64 bits: what a backend does not compute in them is refused, not rounded."""

from __future__ import annotations

from typing import Any

from netdsl.errors import NetError, fail
from netdsl.keras import private

_POOLS = ("MaxPooling3D", "AveragePooling3D", "OverhangingAveragePooling", "PowerPooling")


def require_float64(keras: Any) -> None:
    """Reject float64 where the backend makes float32 of it without a word.

    Raises:
        NetError: N605.
    """
    ones = keras.ops.convert_to_numpy(keras.ops.ones((), dtype="float64"))
    if ones.dtype != "float64":
        backend = keras.config.backend()
        help = "import jax; jax.config.update('jax_enable_x64', True)" if backend == "jax" else ""
        raise fail("N605", f"{backend} does not compute in float64 as it is set", help=help)


def require_layers_in_float64(keras: Any, model: Any) -> None:
    """Reject layers that TensorFlow computes in fewer bits, or on a CPU not at all.

    Raises:
        NetError: N605.
    """
    if keras.config.backend() != "tensorflow":
        return
    import tensorflow as tf

    on_gpu = bool(tf.config.list_physical_devices("GPU"))
    for layer in private.layers_within(model):
        word = type(layer).__name__
        if word == "Resizing" or getattr(layer, "interpolation", "nearest") == "bilinear":
            raise _refused(layer.name, word, "TensorFlow resizes in float32")
        if on_gpu:
            continue
        if word.endswith("Transpose") and max(layer.dilation_rate) > 1:
            raise _refused(layer.name, word, "TensorFlow has no dilated kernel for it on a CPU")
        if word in _POOLS and len(layer.input.shape) == 5:
            raise _refused(layer.name, word, "TensorFlow has no kernel of three axes on a CPU")


def _refused(name: str, word: str, why: str) -> NetError:
    help = "set KERAS_BACKEND=jax before Keras is imported, and JAX to 64 bits"
    return fail("N605", f"the layer `{name}` ({word}) is not computed in float64: {why}", help=help)
