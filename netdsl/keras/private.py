"""Every private name of Keras that netdsl uses, each in one function.

Keras promises none of them: a test (tests/keras/test_private.py) looks for each, so that a new
version of Keras fails there and not in a training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import get_ident
from typing import Any, NamedTuple

# --- models as graphs of calls --------------------------------------------------------------------


class Origin(NamedTuple):
    """Where a symbolic tensor comes from: an operation, and the number of its call."""

    operation: Any
    call: int


def functional_class() -> Any:
    """Return the class of models that are made of inputs and outputs."""
    from keras.src.models.functional import Functional

    return Functional


def origin(tensor: Any) -> Origin | None:
    """Find the call that gave a symbolic tensor; None for what is not such a tensor."""
    history = getattr(tensor, "_keras_history", None)
    return None if history is None else Origin(history.operation, history.node_index)


def calls_of(operation: Any) -> Sequence[Any]:
    """List an operation's symbolic calls: nodes with `arguments`, `input_tensors`, `outputs`."""
    found: Sequence[Any] = operation._inbound_nodes
    return found


def add_call(operation: Any, tensor: Any) -> None:
    """Make the call that gave a tensor one of this operation's too, under its name."""
    made = origin(tensor)
    assert made is not None, "an operation on symbolic tensors gives one"
    count = len(operation._inbound_nodes)
    # Names in a model must differ: a second call gets a number.
    made.operation.name = f"{operation.name}_{count}" if count else operation.name
    operation._inbound_nodes.append(made.operation._inbound_nodes[made.call])


def inputs_of(node: Any) -> list[Any]:
    """List the tensors that go into a call, in the order of the operation's signature.

    The masks that Keras itself passes on with them are left out.
    """
    import inspect

    from keras import KerasTensor, tree
    from keras.src.backend import get_keras_mask

    arguments = node.arguments
    # Keras stores keywords in the order of the call; weights and kinds count by the signature.
    order = list(inspect.signature(node.operation.call).parameters)
    named = sorted(
        arguments.kwargs, key=lambda name: order.index(name) if name in order else len(order)
    )
    given = [
        tensor
        for value in (*arguments.args, *(arguments.kwargs[name] for name in named))
        for tensor in tree.flatten(value)
        if isinstance(tensor, KerasTensor)
    ]
    # Keras adds them to the arguments of layers that take a mask.
    masks = {id(get_keras_mask(tensor)) for tensor in given}
    return [tensor for tensor in given if id(tensor) not in masks]


def arguments_with(node: Any, tensors: Mapping[int, Any]) -> tuple[Any, Any]:
    """Return the arguments of a call with its tensors, by their identity, replaced by these; masks
    are left out.
    """
    from keras import KerasTensor, tree

    def filled(value: Any) -> Any:
        return tensors.get(id(value)) if isinstance(value, KerasTensor) else value

    found: tuple[Any, Any] = tree.map_structure(
        filled, (node.arguments.args, node.arguments.kwargs)
    )
    return found


def is_call_of(model: Any, node: Any) -> bool:
    """Say whether a call of an operation belongs to a functional model."""
    return any(node in nodes for nodes in model._nodes_by_depth.values())


def layers_within(model: Any) -> list[Any]:
    """List all layers of a model, those within layers and models too, and the model itself."""
    return list(model._flatten_layers())


def weights_of(layer: Any) -> list[Any]:
    """List a layer's weights, without the states that recurrent layers keep between batches."""
    from keras import tree

    within = layer._flatten_layers() if hasattr(layer, "_flatten_layers") else ()
    # `stateful` layers count their states as weights.
    states = {id(state) for each in within for state in tree.flatten(getattr(each, "states", None))}
    return [weight for weight in layer.weights if id(weight) not in states]


def projections(layer: Any) -> tuple[Any, Any, Any, Any]:
    """Find the layers in attention that project queries, keys, values and the output."""
    return layer._query_dense, layer._key_dense, layer._value_dense, layer._output_dense


def is_masked(node: Any) -> bool:
    """Say whether Keras passes a mask on to a call with one of its tensors."""
    return any(map(has_mask, inputs_of(node)))


def has_mask(tensor: Any) -> bool:
    """Say whether Keras passes a mask on with a tensor."""
    from keras.src.backend import get_keras_mask

    return get_keras_mask(tensor) is not None


def reads_mask(layer: Any) -> bool:
    """Say whether a layer uses a mask that Keras passes on to it."""
    import inspect

    looks = any(name.endswith("mask") for name in inspect.signature(layer.call).parameters)
    return looks and any(map(is_masked, calls_of(layer)))


def begin_again(generator: Any, seed: int) -> None:
    """Make a seed generator return to `seed` where it is reset."""
    generator._initial_seed = seed


def keep_float64() -> None:
    """Make operations on float64 give float64 on JAX and torch, which can, as on TensorFlow.

    Keras promotes it to float32 there, as JAX does where it is not set to 64 bits.
    """
    from keras.src.backend.common import dtypes

    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"


def keep_scale_in_float64(layer: Any) -> None:
    """Make attention scale its queries in float64; Keras rounds the factor to float32."""
    import numpy as np

    if hasattr(layer, "_inverse_sqrt_key_dim"):
        layer._inverse_sqrt_key_dim = np.float64(layer._inverse_sqrt_key_dim)


# --- initial weights ------------------------------------------------------------------------------


@contextmanager
def initialized_later() -> Iterator[None]:
    """Give the variables that are made within their values only at the end."""
    from keras import StatelessScope
    from keras.src.backend.common import global_state
    from keras.src.backend.common.variables import initialize_all_variables

    try:
        with StatelessScope(initialize_variables=False):
            yield
        initialize_all_variables()
    finally:  # after an exception Keras would initialize the variables that are left again
        global_state.set_global_attribute("uninitialized_variables", [])


@contextmanager
def watched_initialization(watch: Callable[[Any], object]) -> Iterator[None]:
    """Call `watch` with each variable that is made within, before it has its values."""
    from keras import Variable

    thread, usual = get_ident(), Variable._initialize_with_initializer

    def initialize(variable: Any, initializer: Any) -> None:
        # The patch is global: another thread may be making a model of its own meanwhile.
        if get_ident() == thread:
            watch(variable)
        usual(variable, initializer)

    Variable._initialize_with_initializer = initialize
    try:
        yield
    finally:
        Variable._initialize_with_initializer = usual


def initializer_of(variable: Any) -> Any:
    """Return what will give a variable its values; None for one that has them."""
    return variable._initializer


def initialize_by(variable: Any, initializer: Callable[..., Any]) -> None:
    """Make another initializer give a variable its values."""
    variable._initializer = initializer


def fans(initializer: Any, shape: Sequence[int]) -> tuple[int, int]:
    """Count what goes into and comes out of a unit, by the shape of its weights."""
    from keras.src.initializers.random_initializers import compute_fans

    axes = ("input_axes", "output_axes")  # earlier versions of Keras have none
    named = {axis: getattr(initializer, axis) for axis in axes if hasattr(initializer, axis)}
    found: tuple[int, int] = compute_fans(tuple(shape), **named)
    return found


# --- optimizers -----------------------------------------------------------------------------------


def rate_or_schedule(optimizer: Any) -> Any:
    """Return what an optimizer was given as its learning rate: a variable or a schedule."""
    return optimizer._learning_rate


def prepare_gradients(optimizer: Any, prepare: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
    """Make an optimizer add up, clip and apply what `prepare` makes of the gradients."""
    apply = optimizer._backend_apply_gradients

    def prepared(gradients: Sequence[Any], variables: Sequence[Any]) -> None:
        apply(prepare(gradients), variables)

    # Around accumulation, clipping and the step, all of which see what `prepare` returns.
    optimizer._backend_apply_gradients = prepared


def scale_rates(optimizer: Any, group: Callable[[Any], Any], rate_of: Callable[..., Any]) -> None:
    """Make an optimizer take its steps, and its weight decay, group by group of its variables.

    Args:
        optimizer: on one device.
        group: of a variable.
        rate_of: gives the rate of a group: `rate_of(group, rate, steps taken so far)`.
    """
    step, decay = optimizer._backend_update_step, optimizer.weight_decay

    def scaled(gradients: Sequence[Any], variables: Sequence[Any], rate: Any) -> None:
        groups: dict[Any, list[tuple[Any, Any]]] = {}
        for gradient, variable in zip(gradients, variables, strict=True):
            groups.setdefault(group(variable), []).append((gradient, variable))
        for key, pairs in groups.items():
            own = rate_of(key, rate, optimizer._iterations)
            for _, variable in pairs if decay else ():
                # Keras applies the decay with one rate for all, before the step; here each group
                # has its own.
                variable.assign(variable - variable * decay * own)
            step([gradient for gradient, _ in pairs], [variable for _, variable in pairs], own)

    optimizer._backend_update_step = scaled
    if decay:
        # Else every weight would decay twice.
        optimizer._apply_weight_decay = lambda variables: None


def moving_averages(optimizer: Any) -> list[tuple[Any, Any]]:
    """Pair each variable that an optimizer trains with the average that it keeps of it, if any."""
    if not getattr(optimizer, "use_ema", False):
        return []
    averages = optimizer._model_variables_moving_average
    return list(zip(optimizer._trainable_variables, averages, strict=True))


def leave_unreduced(optimizer: Any) -> None:
    """Make an optimizer under `tf.distribute` not add up the replicas' gradients itself."""
    optimizer._all_reduce_sum_gradients = lambda pairs: pairs


# --- training loops -------------------------------------------------------------------------------


def whole_loss(loss: Any) -> Any:
    """Return a mean over a batch undivided: on several TensorFlow devices Keras divides the loss by
    their number, as it sums their gradients.
    """
    from keras.src.losses.loss import unscale_loss_for_distribution

    return unscale_loss_for_distribution(loss)


def build_metrics(model: Any, data: Any) -> None:
    """Make the variables of a model's metrics, where they are not there yet, for such a batch."""
    model._symbolic_build(data_batch=data)


def taken_jax_state(model: Any, names: Sequence[str]) -> Any:
    """Take a model's variables of these names away from it, as JAX's step functions take them."""
    return model._get_jax_state(**dict.fromkeys(names, True), purge_model_variables=True)


def has_jax_state(model: Any) -> bool:
    """Say whether the model's variables hold their numbers themselves."""
    return bool(model._jax_state_synced)


def lend_jax_state(model: Any, state: Mapping[str, Any]) -> None:
    """Attach a state to a model, from which its variables get their values when they are read."""
    model._jax_state, model._jax_state_synced = dict(state), False


def end_jax_state(model: Any) -> None:
    """Make a model forget the state that was attached to it."""
    model._jax_state = None


# --- exports --------------------------------------------------------------------------------------


def prepare_tf2onnx() -> None:
    """Make tf2onnx work with numpy 2, as Keras does before it exports to ONNX."""
    from keras.src.export.tf2onnx_lib import patch_tf2onnx

    patch_tf2onnx()
