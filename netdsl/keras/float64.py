"""Networks in 64 bits: what a backend does not compute in float64 is rejected, not rounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from netdsl.errors import NetError, fail
from netdsl.keras import private

# TensorFlow has no kernel of these in float64 on a CPU: a training would fail at its first step.
_POOLS = ("MaxPooling3D", "AveragePooling3D", "OverhangingAveragePooling", "PowerPooling")


def require_float64(keras: Any) -> None:
    """Make Keras compute in float64; reject it where the backend would silently use float32.

    Raises:
        NetError: N605.
    """
    # Stays for the process: it changes nothing for models that do not ask for float64.
    private.keep_float64()
    ones = keras.ops.convert_to_numpy(keras.ops.ones((), dtype="float64"))
    if ones.dtype != "float64":
        backend = keras.config.backend()
        help = "import jax; jax.config.update('jax_enable_x64', True)" if backend == "jax" else ""
        raise fail("N605", f"{backend} does not compute in float64 as it is set", help=help)


@contextmanager
def in_float64(keras: Any) -> Iterator[None]:
    """Make what is built within compute in 64 bits.

    Raises:
        NetError: N605 where the backend does not.
    """
    require_float64(keras)
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(usual)


@contextmanager
def losses_in(precision: str) -> Iterator[None]:
    """Make losses, optimizers and metrics that are made within compute in 64 bits, where that is
    the precision.
    """
    from netdsl.keras.quiet import quiet_keras

    config = quiet_keras().config
    usual = config.floatx()
    if precision == "float64":
        config.set_floatx("float64")
    try:
        yield
    finally:
        config.set_floatx(usual)


def require_layers_in_float64(keras: Any, model: Any) -> None:
    """Reject layers that the backend computes in fewer bits, or on a CPU not at all.

    Raises:
        NetError: N605.
    """
    backend = keras.config.backend()
    for layer in private.layers_within(model):
        if backend == "jax" and type(layer).__name__.endswith("Attention"):
            help = "set KERAS_BACKEND=tensorflow before Keras is imported"
            raise _refused(layer, "JAX takes the softmax of attention in float32", help)
        if backend == "tensorflow" and (why := _tensorflow_refuses(layer)):
            help = "set KERAS_BACKEND=jax before Keras is imported, and JAX to 64 bits"
            raise _refused(layer, why, help)


def _tensorflow_refuses(layer: Any) -> str:
    """Say why TensorFlow does not compute a layer in float64; nothing where it does."""
    import tensorflow as tf

    word = type(layer).__name__
    if word == "Resizing" or getattr(layer, "interpolation", "nearest") == "bilinear":
        return "TensorFlow resizes in float32"
    if tf.config.list_physical_devices("GPU"):
        return ""
    if word.endswith("Transpose") and max(layer.dilation_rate) > 1:
        return "TensorFlow has no dilated kernel for it on a CPU"
    if word in _POOLS and len(layer.input.shape) == 5:
        return "TensorFlow has no kernel of three axes on a CPU"
    return ""


def _refused(layer: Any, why: str, help: str) -> NetError:
    named = f"the layer `{layer.name}` ({type(layer).__name__})"
    return fail("N605", f"{named} is not computed in float64: {why}", help=help)
