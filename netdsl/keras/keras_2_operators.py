"""TensorFlow's functions in files of Keras 2 (`TFOpLambda`), as those of `keras.ops`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from netdsl.keras import private
from netdsl.keras.build import toolbox


def _table(ops: Any) -> Mapping[str, Callable[..., Any]]:
    """Return the functions by TensorFlow's names for them, with its arguments."""

    def reduced(reduce: Any) -> Callable[..., Any]:
        return lambda input_tensor, axis=None, keepdims=False: reduce(
            input_tensor, axis=axis, keepdims=keepdims
        )

    def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False) -> Any:
        turned = [
            ops.swapaxes(x, -1, -2) if yes else x for x, yes in ((a, transpose_a), (b, transpose_b))
        ]
        return ops.matmul(*turned)

    binary = {
        "add": lambda x, y: ops.add(x, y),
        "subtract": lambda x, y: ops.subtract(x, y),
        "sub": lambda x, y: ops.subtract(x, y),
        "multiply": lambda x, y: ops.multiply(x, y),
        "mul": lambda x, y: ops.multiply(x, y),
        "truediv": lambda x, y: ops.true_divide(x, y),
        "divide": lambda x, y: ops.true_divide(x, y),
        "pow": lambda x, y: ops.power(x, y),
        "maximum": lambda x, y: ops.maximum(x, y),
        "minimum": lambda x, y: ops.minimum(x, y),
    }
    unary = {
        "negative": ops.negative,
        "abs": ops.abs,
        "square": ops.square,
        "sqrt": ops.sqrt,
        "exp": ops.exp,
        "sigmoid": ops.sigmoid,
        "tanh": ops.tanh,
        "softplus": ops.softplus,
    }

    def plain(value: Any) -> Any:
        """Return an array for a list of numbers, as which files store a `tf.constant`."""
        return ops.array(value, "float32") if isinstance(value, list) else value

    arithmetic = {
        name: (lambda f: lambda *given, **named: f(*map(plain, (*given, *named.values()))))(
            function
        )
        for name, function in (*binary.items(), *unary.items())
    }
    return {
        **{f"math.{name}": function for name, function in arithmetic.items()},
        **{f"__operators__.{name}": function for name, function in arithmetic.items()},
        "nn.sigmoid": ops.sigmoid,
        "nn.tanh": ops.tanh,
        "nn.softplus": ops.softplus,
        "nn.relu": lambda features: ops.relu(features),
        "nn.relu6": lambda features: ops.relu6(features),
        "nn.elu": lambda features: ops.elu(features),
        "nn.selu": lambda features: ops.selu(features),
        "nn.silu": lambda features, beta=1.0: ops.silu(features),
        "nn.gelu": lambda features, approximate=False: ops.gelu(features, approximate),
        "nn.leaky_relu": lambda features, alpha=0.2: ops.leaky_relu(features, alpha),
        "nn.softmax": lambda logits, axis=-1: ops.softmax(
            logits, axis=-1 if axis is None else axis
        ),
        "math.reduce_mean": reduced(ops.mean),
        "math.reduce_sum": reduced(ops.sum),
        "math.reduce_max": reduced(ops.max),
        "math.reduce_min": reduced(ops.min),
        "concat": lambda values, axis: ops.concatenate(values, axis=axis),
        "stack": lambda values, axis=0: ops.stack(values, axis=axis),
        "transpose": lambda a, perm=None, conjugate=False: ops.transpose(a, perm),
        "reshape": lambda tensor, shape: ops.reshape(tensor, shape),
        "expand_dims": lambda input, axis: ops.expand_dims(input, axis),
        "squeeze": lambda input, axis=None: ops.squeeze(input, axis),
        "split": lambda value, num_or_size_splits, axis=0, num=None: ops.split(
            value, num_or_size_splits, axis
        ),
        "linalg.matmul": matmul,
        "cast": lambda x, dtype: ops.cast(x, dtype),
        "identity": lambda input: input,
        "clip_by_value": lambda t, clip_value_min, clip_value_max: ops.clip(
            t, clip_value_min, clip_value_max
        ),
        "__operators__.getitem": lambda tensor, slice_spec: tensor[_key(slice_spec)],
    }


def _key(spec: Any) -> tuple[Any, ...]:
    """Return the key of `x[...]` from how a file writes it."""
    found: list[Any] = []
    for part in spec if isinstance(spec, list) else [spec]:
        if isinstance(part, Mapping):
            is_slice = "start" in part
            found.append(slice(part["start"], part["stop"], part["step"]) if is_slice else Ellipsis)
        else:
            found.append(part)
    return tuple(found)


@cache
def operators() -> dict[str, type]:
    """Return the classes that a file of Keras 2 names for TensorFlow's functions."""
    keras = toolbox().keras
    table = _table(keras.ops)

    class Operator(keras.Operation):  # type: ignore[misc, name-defined]
        """A function of TensorFlow's.

        Calling it applies functions of `keras.ops`, so that the model holds their operations
        instead of this one.
        """

        def __init__(self, function: str, name: str) -> None:
            super().__init__(name=name)
            self.function = function.removeprefix("tf.").removeprefix("compat.v1.")

        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any:
            """Make it of what a file holds."""
            return cls(config["function"], config["name"])

        def __call__(self, *given: Any, **named: Any) -> Any:
            """Call the function on symbolic tensors."""
            function = table.get(self.function)
            if function is None:
                raise ValueError(f"`{self.name}` calls TensorFlow's {self.function}")
            # TensorFlow's functions take a name for the graph, `keras.ops` do not.
            named = {key: value for key, value in named.items() if key != "name"}
            found = function(*given, **named)
            # Keras looks for calls of the layer that the file names, and finds that of the
            # operation.
            private.add_call(self, keras.tree.flatten(found)[0])
            return found

    return {"TFOpLambda": Operator, "SlicingOpLambda": Operator}
