"""Convert models of any precision to float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.training.export.examples import as_list

if TYPE_CHECKING:
    import keras

FEW_BITS = ("bfloat16", "mixed_bfloat16", "float16", "mixed_float16")


def precision(model: keras.Model) -> str:
    """Return the first dtype policy of the model's layers that is not float32."""
    policies = (str(layer.dtype_policy.name) for layer in model.layers)
    return next((policy for policy in policies if policy != "float32"), "float32")


def in_float32(model: keras.Model) -> keras.Model:
    """Return the model with all layers in float32, as runtimes hardly support bfloat16."""
    if precision(model) == "float32":
        return model
    made = type(model).from_config(_with_float32(model.get_config()))
    # NumPy itself has no bfloat16: `as_list` converts it to float32, which loses nothing.
    made.set_weights(as_list(model.get_weights()))
    return made


def _with_float32(value: Any, key: str = "") -> Any:
    """Return a Keras configuration with float32 for each other precision."""
    if isinstance(value, dict):
        if value.get("class_name") == "DTypePolicy":
            return "float32"
        return {name: _with_float32(inner, name) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_with_float32(inner) for inner in value)
    # Only under `dtype`: another value, such as a name, may be the same text.
    return "float32" if key == "dtype" and value in FEW_BITS else value
