"""Derivatives of one number with respect to tensors and Keras variables, on any backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Number = Callable[[list[Any]], Any]
"""Computes one number from tensors."""


class Gradients(NamedTuple):
    """Derivatives of one number, as arrays.

    Attributes:
        value: the number.
        tensors: the derivative with respect to each tensor, of its shape.
        variables: the derivative with respect to each variable, of its shape.
    """

    value: float
    tensors: list[Any]
    variables: list[Any]


def gradients(number: Number, tensors: Sequence[Any], variables: Sequence[Any] = ()) -> Gradients:
    """Differentiate a number; derivatives by what it does not depend on are zeros.

    Args:
        number: computes it from these tensors on the device and from the variables' values.
        tensors: arrays.
        variables: Keras variables.

    Returns:
        The number and its derivatives, as NumPy arrays.
    """
    import keras

    rule = {"tensorflow": _by_tensorflow, "jax": _by_jax, "torch": _by_torch}
    found = rule[keras.config.backend()](number, list(tensors), list(variables))
    return _as_arrays(keras, *found)


def repeated(number: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Gradients]:
    """Differentiate a number by one tensor repeatedly: traced and compiled once for each shape.

    Args:
        number: computes it from the tensor and from other arrays, which are constants.

    Returns:
        A function of the tensor and the others.
    """
    import keras

    backend = keras.config.backend()
    if backend == "jax":
        import jax

        compiled = jax.jit(jax.value_and_grad(number))
        return lambda tensor, others: _of_one(keras, *compiled(tensor, others))
    if backend == "tensorflow":
        import tensorflow as tf

        @tf.function(autograph=False, reduce_retracing=True)  # type: ignore[untyped-decorator]
        def derived(tensor: Any, others: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(tensor)
                value = number(tensor, others)
            return value, tape.gradient(value, tensor, unconnected_gradients="zero")

        def by_tensorflow(tensor: Any, others: Any) -> Gradients:
            convert = tf.convert_to_tensor
            return _of_one(keras, *derived(convert(tensor), tf.nest.map_structure(convert, others)))

        return by_tensorflow
    return lambda tensor, others: gradients(lambda made: number(made[0], others), [tensor])


def derivative(number: Callable[[Any], Any], tensor: Any) -> Any:
    """Differentiate a number by one tensor, within a step that a backend traces.

    Args:
        number: computes it from the tensor.
        tensor: of the backend.

    Returns:
        The derivative, of the tensor's shape; zeros where the number does not depend on it.
    """
    import keras

    backend = keras.config.backend()
    if backend == "jax":
        import jax

        return jax.grad(number)(tensor)
    if backend == "tensorflow":
        import tensorflow as tf

        # Not the weights: the tape around a training step watches those itself.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(tensor)
            value = number(tensor)
        return tape.gradient(value, tensor, unconnected_gradients="zero")
    import torch

    # Detached: the derivative is of this step's input, not of what made it.
    leaf = tensor.detach().requires_grad_()
    # The caller may evaluate under `no_grad`, where there is no derivative.
    with torch.enable_grad():
        value = number(leaf)
    (found,) = torch.autograd.grad(value, [leaf], allow_unused=True, materialize_grads=True)
    return found


def _of_one(keras: Any, value: Any, gradient: Any) -> Gradients:
    return _as_arrays(keras, value, [gradient], [])


def _as_arrays(keras: Any, value: Any, *found: list[Any]) -> Gradients:
    by_tensor, by_variable = ([keras.ops.convert_to_numpy(each) for each in part] for part in found)
    return Gradients(float(keras.ops.convert_to_numpy(value)), by_tensor, by_variable)


def _by_tensorflow(number: Number, tensors: list[Any], variables: list[Any]) -> Any:
    import tensorflow as tf

    tensors = [tf.convert_to_tensor(each) for each in tensors]
    values = [variable.value for variable in variables]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = number(tensors)
    found = tape.gradient(value, tensors + values, unconnected_gradients="zero")
    # An embedding's gradient is rows with their indices: it is made a whole array.
    found = [tf.convert_to_tensor(each) for each in found]
    return value, found[: len(tensors)], found[len(tensors) :]


def _by_jax(number: Number, tensors: list[Any], variables: list[Any]) -> Any:
    import jax
    import keras

    def of_both(tensors: list[Any], values: list[Any]) -> Any:
        pairs = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=pairs):
            return number(tensors)

    values = [variable.value for variable in variables]
    arrays = [jax.numpy.asarray(each) for each in tensors]
    value, found = jax.value_and_grad(of_both, (0, 1))(arrays, values)
    return value, *found


def _by_torch(number: Number, tensors: list[Any], variables: list[Any]) -> Any:
    import torch

    leaves = [torch.tensor(each, requires_grad=True) for each in tensors]
    value = number(leaves)
    every = leaves + [variable.value for variable in variables]
    # Without these torch raises for what the number does not depend on.
    found = torch.autograd.grad(value, every, allow_unused=True, materialize_grads=True)
    return value.detach(), found[: len(leaves)], found[len(leaves) :]
