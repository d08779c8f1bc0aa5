"""Keras still has the private names that netdsl uses."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
from typing import Any

import pytest

from netdsl.keras import private
from netdsl.keras.quiet import quiet_keras

pytestmark = pytest.mark.keras

keras: Any = quiet_keras()
layers = keras.layers


@pytest.fixture
def model() -> Any:
    inner = keras.Sequential([layers.Dense(2)], name="inner")
    given = keras.Input((3,))
    made = keras.Model(given, inner(layers.Dense(3, name="first")(given)))
    made.compile("sgd", "mse", metrics=["mae"])
    return made


def test_models_are_graphs_of_calls(model: Any) -> None:
    assert isinstance(model, private.functional_class())
    origin = private.origin(model.get_layer("inner")(model.outputs[0].__class__((None, 3))))
    assert origin is not None
    assert (origin.operation.name, origin.call) == ("inner", 1)
    used, later = private.calls_of(model.get_layer("inner"))
    assert private.is_call_of(model, used)
    assert not private.is_call_of(model, later)
    assert private.origin(3) is None


def test_layers_within_layers(model: Any) -> None:
    names = {type(layer).__name__ for layer in private.layers_within(model)}
    assert {"Functional", "Sequential", "Dense"} <= names


def test_float64_stays_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    from keras.src.backend.common import dtypes

    monkeypatch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float32")
    assert keras.backend.result_type("float64", "float32") == "float32"
    private.keep_float64()
    assert keras.backend.result_type("float64", "float32") == "float64"


def test_attention_scales_in_float64() -> None:
    attention = layers.MultiHeadAttention(1, 3, dtype="float64")
    private.keep_scale_in_float64(attention)
    scale = keras.ops.cast(attention._inverse_sqrt_key_dim, "float64")
    assert float(keras.ops.convert_to_numpy(scale)) == 1 / 3**0.5


def test_a_seed_generator_returns_to_its_seed() -> None:
    generator = keras.random.SeedGenerator(1)
    private.begin_again(generator, 5)
    assert generator._initial_seed == 5
    assert "_initial_seed" in inspect.getsource(type(generator))


def test_weights_get_their_values_at_the_end_by_other_initializers() -> None:
    dense = layers.Dense(2, name="dense")
    with private.initialized_later():
        dense.build((None, 3))
        assert isinstance(private.initializer_of(dense.kernel), keras.initializers.VarianceScaling)
        private.initialize_by(dense.kernel, keras.initializers.Constant(4.0))
    assert keras.ops.convert_to_numpy(dense.kernel).tolist() == [[4, 4]] * 3
    assert private.initializer_of(dense.kernel) is None


def test_fans_are_those_of_the_axes_that_a_layer_names() -> None:
    dense = layers.EinsumDense("abc,cde->abde", output_shape=(None, 2, 4))
    dense.build((None, 5, 6))
    start = dense.kernel_initializer
    start.input_axes, start.output_axes = [0], [1, 2]
    assert private.fans(start, (6, 2, 4)) == (6, 8)
    assert private.fans(keras.initializers.HeNormal(), (3, 3, 5, 7)) == (45, 63)


def test_an_optimizer_is_given_a_rate_or_a_schedule() -> None:
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    assert private.rate_or_schedule(keras.optimizers.SGD(schedule)) is schedule
    rate = private.rate_or_schedule(keras.optimizers.SGD(0.25))
    assert float(keras.ops.convert_to_numpy(rate)) == 0.25


def test_an_optimizer_applies_what_is_made_of_the_gradients() -> None:
    weight = keras.Variable([1.0])
    optimizer = keras.optimizers.SGD(1.0)
    private.prepare_gradients(optimizer, lambda gradients: [3 * each for each in gradients])
    optimizer.apply([keras.ops.convert_to_tensor([0.5])], [weight])
    assert keras.ops.convert_to_numpy(weight).tolist() == [-0.5]


def test_metrics_have_variables_before_the_first_batch(model: Any) -> None:
    before = len(model.metrics_variables)
    private.build_metrics(model, (keras.ops.ones((2, 3)), keras.ops.ones((2, 2))))
    assert "mae" in model.get_metrics_result()
    assert len(model.metrics_variables) > before


def private_names() -> set[str]:
    """The private names of Keras that `private.py` reads, writes or asks for."""
    tree = ast.parse(inspect.getsource(private))
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {name for name in {*attributes, *texts} if re.fullmatch(r"_[a-z]\w*", name)}


def test_every_private_name_is_there(model: Any) -> None:
    """A name that `private.py` begins to use is looked for here too."""
    optimizer = keras.optimizers.SGD(use_ema=True)
    optimizer.build([keras.Variable(1.0)])
    owners = [model, model.layers[0], model.outputs[0], optimizer, keras.random.SeedGenerator(1)]
    owners.append(keras.Variable(1.0))
    for attention in (
        keras.layers.MultiHeadAttention(1, 2),
        keras.layers.GroupQueryAttention(2, 1, 1),
    ):
        attention.build((None, 3, 2), (None, 3, 2))
        owners.append(attention)
    there = {name for name in private_names() if any(hasattr(owner, name) for owner in owners)}
    elsewhere = {name for *_, names in ELSEWHERE for name in names}
    assert private_names() - there <= elsewhere
    assert elsewhere <= private_names()


ELSEWHERE = [
    (
        "tensorflow",
        "keras.src.backend.tensorflow.optimizer",
        "TFOptimizer",
        ("_all_reduce_sum_gradients",),
    ),
    (
        "jax",
        "keras.src.backend.jax.trainer",
        "JAXTrainer",
        ("_get_jax_state", "_jax_state_synced", "_jax_state"),
    ),
]


@pytest.mark.parametrize(
    ("backend", "module", "owner", "names"), ELSEWHERE, ids=lambda value: str(value)
)
def test_names_of_one_backend(
    backend: str, module: str, owner: str, names: tuple[str, ...]
) -> None:
    """Names that only the loops and optimizers of one backend have, looked for in their source."""
    source = inspect.getsource(getattr(importlib.import_module(module), owner))
    for name in names:
        assert name in source


def test_initialization_is_watched() -> None:
    seen: list[tuple[int, ...]] = []
    with private.watched_initialization(lambda variable: seen.append(tuple(variable.shape))):
        dense = layers.Dense(2)
        dense.build((None, 3))
    layers.Dense(4).build((None, 3))
    assert seen == [(3, 2), (2,)]
    assert dense.kernel.shape == (3, 2)


def test_on_one_device_a_loss_is_whole() -> None:
    assert private.whole_loss(2.0) == 2.0
