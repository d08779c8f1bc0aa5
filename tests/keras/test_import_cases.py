"""Keras models that were imported wrongly, or refused for no good reason, and what is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.keras_models import body, keras, through

import netdsl
from netdsl.errors import NetError
from netdsl.keras.importing import import_model

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

layers, ops, Input = keras.layers, keras.ops, keras.Input


# --- shared layers --------------------------------------------------------------------------------


def used_twice(first: Any, second: Any) -> Any:
    """One convolution with ReLU, whose two uses are followed by different layers."""
    conv = layers.Conv2D(3, 3, padding="same", activation="relu")
    given, other = Input((6, 6, 3), name="a"), Input((6, 6, 3), name="b")
    return keras.Model([given, other], [first(conv(given)), second(conv(other))], name="m")


def normed(x: Any) -> Any:
    return layers.GlobalAveragePooling2D()(layers.BatchNormalization()(x))


def onto_itself() -> Any:
    conv, given = layers.Conv2D(3, 3, padding="same", activation="relu"), Input((6, 6, 3))
    return keras.Model(given, layers.Add()([conv(conv(given)), conv(given)]), name="m")


@pytest.mark.parametrize(
    "make",
    [
        lambda: used_twice(layers.Conv2D(2, 1), normed),
        lambda: used_twice(normed, layers.Conv2D(2, 1)),
        lambda: used_twice(layers.Conv2D(2, 1), layers.Activation("tanh")),
        onto_itself,
    ],
)
def test_a_shared_layer_keeps_its_activation(make: Callable[[], Any]) -> None:
    assert "let shared = conv3-3(relu)" in body(make())


# --- what is written ------------------------------------------------------------------------------


def transposed(size: int, stride: int, output_padding: int) -> Any:
    conv = layers.Conv2DTranspose(
        4, size, strides=stride, padding="same", output_padding=output_padding
    )
    return through((6, 6, 2), conv)


WRITTEN: list[tuple[Callable[[], Any], str]] = [
    (lambda: transposed(3, 2, 0), "input 6x6x2 > tconv3-4/2(pad=1)"),
    (lambda: transposed(3, 2, 1), "input 6x6x2 > tconv3-4/2(pad=(0, 1, 0, 1))"),
    (lambda: transposed(5, 3, 2), "input 6x6x2 > tconv5-4/3(pad=1)"),
    (lambda: transposed(4, 2, 1), "input 6x6x2 > tconv4-4/2(pad=(1, 2, 1, 2))"),
    (lambda: through((6, 6, 2), lambda x: -x), "input 6x6x2 > neg"),
    (lambda: through((6, 6, 2), ops.negative), "input 6x6x2 > neg"),
    (lambda: through((6, 6, 2), ops.abs), "input 6x6x2 > abs"),
    (lambda: through((6,), ops.sqrt, ops.log), "input 6 > sqrt > log"),
    (lambda: through((6,), lambda x: x**3, ops.sign), "input 6 > pow(3) > sign"),
    (lambda: through((6,), lambda x: ops.power(x, 0.5)), "input 6 > pow(0.5)"),
    (lambda: through((6,), ops.reciprocal, ops.sign, ops.relu), "input 6 > recip > step"),
    (
        lambda: through((6,), layers.ReLU(20, negative_slope=0.1)),
        "input 6 > relu(max=20, slope=0.1)",
    ),
    (lambda: through((6,), layers.ReLU(2)), "input 6 > relu(max=2)"),
    (lambda: through((6, 6, 2), lambda x: ops.mean(x, axis=(1, 2))), "input 6x6x2 > gap"),
    (lambda: through((6, 2), lambda x: ops.max(x, axis=1)), "input 6x2 > gmp"),
    (
        lambda: through((6, 2), lambda x: ops.transpose(x, (0, 2, 1))),
        "input 6x2 > permute(2, 1)",
    ),
    (lambda: through((6, 2), lambda x: x[:, 0, :]), "input 6x2 > first"),
    (lambda: through((6, 4), lambda x: x[:, :, :2]), "input 6x4 > slice(0, 2)"),
    (lambda: through((6, 4), lambda x: x[:, 2:]), "input 6x4 > crop((2, 0))"),
    (lambda: through((6, 4), lambda x: x[:, ::-1]), "input 6x4 > reverse"),
    (
        lambda: through(
            (8, 8, 4),
            lambda x: layers.Add()([x, layers.GlobalAveragePooling2D(keepdims=True)(x)]),
        ),
        "input 8x8x4 > add[ id | gap ]",
    ),
    (
        lambda: through((5, 3), layers.Bidirectional(layers.GRU(2), merge_mode="ave")),
        "input 5x3 > gru-2(bi=avg, after)",
    ),
    (
        lambda: through((5, 3), layers.LSTM(2, activation="relu", dropout=0.1)),
        "input 5x3 > lstm-2(inside=relu)",
    ),
    (
        lambda: through((5,), layers.Embedding(9, 2, mask_zero=True), layers.LSTM(3)),
        "input 5 of int(9) > embed-2(mask) > lstm-3",
    ),
    (lambda: through((5, 2), layers.Masking(), layers.GRU(3)), "input 5x2 > mask > gru-3(after)"),
    (
        lambda: through((4, 6, 6, 2), layers.TimeDistributed(layers.Conv2D(3, 3))),
        "input 4x6x6x2 > each(conv3-3(pad=valid))",
    ),
    (
        lambda: through((2, 5, 3), layers.TimeDistributed(layers.LSTM(4))),
        "input 2x5x3 > each(lstm-4)",
    ),
    (
        lambda: through(
            (9, 9, 5),
            layers.SeparableConv2D(
                12, 3, 2, depth_multiplier=2, pointwise_initializer="he_normal", activation="relu"
            ),
        ),
        "input 9x9x5 > dw3/2(pad=valid, bias=no, mult=2) > conv1-12(relu)",
    ),
    (
        lambda: through(
            (8, 5),
            layers.SeparableConv1D(4, 3, depth_multiplier=3, dilation_rate=2, use_bias=False),
        ),
        "input 8x5 > dw3(pad=valid, bias=no, mult=3, dilation=2) > conv1-4(bias=no)",
    ),
    (
        lambda: through((9, 8, 2), layers.Resizing(3, 16, interpolation="nearest")),
        "input 9x8x2 > crop((1, 0, 0, 0)) > pool1/3x1 > up1x2",
    ),
    (
        lambda: through((4, 3), layers.Normalization(axis=None, mean=2.0, variance=9.0)),
        "input 4x3 > std(2, 3)",
    ),
    (lambda: through((4,), layers.RepeatVector(3)), "input 4 > spread(3)"),
    (
        lambda: through((4, 4, 3), layers.Rescaling([2.0, 1.0, 0.5], offset=[1.0, 0.0, 2.0])),
        "input 4x4x3 > std((-0.5, 0, -4), (0.5, 1, 2))",
    ),
    (lambda: through((4,), layers.Dense(2, kernel_constraint="max_norm")), "input 4 > fc-2"),
    (
        lambda: through((6, 3), layers.LeakyReLU(0.20000000298023224)),
        "input 6x3 > lrelu(slope=0.2)",
    ),
]


@pytest.mark.parametrize(("make", "text"), WRITTEN)
def test_what_is_written(make: Callable[[], Any], text: str) -> None:
    assert body(make()) == text


def test_names_of_outputs_are_kept() -> None:
    given = Input((4,))
    priority = layers.Dense(1, activation="sigmoid", name="priority")(given)
    text = body(keras.Model(given, [priority, layers.Dense(3, name="dept")(given)], name="m"))
    assert "sigmoid-1 as priority" in text
    assert "fc-3 as dept" in text


def test_what_works_in_training_only_is_named() -> None:
    model = through((8, 8, 3), layers.RandomFlip(name="flip"), layers.Conv2D(2, 3))
    assert netdsl.from_keras(model).splitlines()[1] == (
        "# left out, as it has an effect in training only: `flip` (RandomFlip)"
    )


@pytest.mark.parametrize(
    ("layer", "note"),
    [
        (lambda x: keras.ops.normalize(x), True),
        (lambda x: keras.ops.normalize(x, epsilon=1e-9), True),
        (lambda x: keras.ops.normalize(x, epsilon=1e-12), False),
        (layers.UnitNormalization(), False),
        (lambda x: keras.ops.normalize(x, epsilon=1e-3), None),
    ],
)
def test_another_bound_of_lengths_is_named(layer: Any, note: bool | None) -> None:
    model = through((4,), layer, layers.Dense(3))
    if note is None:
        with pytest.raises(NetError, match=r"its epsilon is 0\.001"):
            netdsl.from_keras(model)
        return
    lines = netdsl.from_keras(model).splitlines()
    expected = (
        "left out, as it changes only vectors that are shorter, which `l2norm` divides by 1e-12 "
        "or more: epsilon of `normalize"
    )
    assert (expected in " ".join(line.removeprefix("# ") for line in lines)) == note
    assert any("l2norm > fc-3" in line for line in lines)


def test_a_mean_that_was_measured_over_all_channels_is_a_number() -> None:
    layer = layers.Normalization(axis=None)
    layer.adapt(np.array([[1.0, 5.0], [5.0, 1.0]]))
    assert body(through((2,), layer, layers.Dense(3))) == "input 2 > std(3, 2) > fc-3"


def test_states_that_are_kept_between_batches_are_named() -> None:
    given = Input(batch_shape=(1, 5, 3))
    first = layers.LSTM(4, stateful=True, return_sequences=True, name="first")(given)
    both = layers.Bidirectional(layers.GRU(2, stateful=True), name="both")(first)
    model = keras.Model(given, both)
    model(np.ones((1, 5, 3), "float32"))
    kept = [np.array(state) for state in model.get_layer("first").states]
    assert netdsl.from_keras(model).splitlines()[1] == (
        "# left out, as here every batch begins with states of 0:"
        " stateful of `first`, stateful of `both`"
    )
    assert model.get_layer("first").stateful
    for state, before in zip(model.get_layer("first").states, kept, strict=True):
        np.testing.assert_array_equal(state, before)


ATTENTION = [
    (
        lambda q, v, k: layers.Attention(dropout=0.1)([q, v, k]),
        "matmul[ matmul(transpose=yes)[ @q | @k ] > softmax | @v ]",
    ),
    (
        lambda q, v, k: layers.MultiHeadAttention(2, 4)(q, v, k),
        "matmul[ matmul(transpose=yes)[ @q > dense-8 > reshape(4x2x4) > permute(2, 1, 3) >"
        " rescale(0.5) | @k > dense-8 > reshape(5x2x4) > permute(2, 1, 3) ] > softmax |"
        " @v > dense-8 > reshape(5x2x4) > permute(2, 1, 3) ] > permute(2, 1, 3)"
        " > reshape(4x8) > dense-6",
    ),
    (
        lambda q, v, k: layers.MultiHeadAttention(2, 3)(q, v, return_attention_scores=True)[0],
        "@q > attention(heads=2, kv=@v)",
    ),
]


@pytest.mark.parametrize(("attend", "text"), ATTENTION)
def test_how_attention_is_taken_apart(attend: Callable[..., Any], text: str) -> None:
    given = [Input((4, 6), name="q"), Input((5, 6), name="v"), Input((5, 6), name="k")]
    out = attend(*given)
    used = [each for each in given if f"@{each.name}" in text]
    assert text in body(keras.Model(used, out, name="m"))


HIDDEN = [
    (lambda x: layers.Attention()([x, x], use_causal_mask=True), "called with use_causal_mask"),
    (lambda x: layers.Attention()([layers.Masking()(x), x]), "its steps are masked"),
    (
        lambda x: layers.GroupQueryAttention(2, 2, 1)(x, x, use_causal_mask=True),
        "called with use_causal_mask",
    ),
    (
        lambda x: layers.MultiHeadAttention(2, 3, value_dim=2)(layers.Masking()(x), x),
        "its steps are masked",
    ),
    (
        lambda x: layers.MultiHeadAttention(2, 3, attention_axes=(2,), value_dim=2)(x, x),
        "its attention_axes are",
    ),
]


@pytest.mark.parametrize(("attend", "reason"), HIDDEN)
def test_what_of_attention_is_refused(attend: Callable[[Any], Any], reason: str) -> None:
    given = Input((5, 4))
    with pytest.raises(NetError, match="N621") as caught:
        netdsl.from_keras(keras.Model(given, layers.Dense(2)(attend(given))))
    assert reason in caught.value.diagnostics[0].message


def test_scores_of_grouped_queries_are_an_output() -> None:
    given = Input((5, 4))
    layer = layers.GroupQueryAttention(3, 4, 2, use_bias=False)
    out, scores = layer(given, given, return_attention_scores=True)
    text = body(keras.Model(given, [layers.Dense(2)(out), scores], name="m"))
    assert text.endswith("@t1 > reshape(4x5x5)")


def test_masked_steps_within_steps() -> None:
    """Masks that are made within a step stay there; those of the steps around are refused."""
    words = Input((4,), dtype="int32")
    embedded = layers.Embedding(9, 2, mask_zero=True)
    inner, given = keras.Model(words, layers.LSTM(3)(embedded(words))), Input((3, 4), dtype="int32")
    model = keras.Model(given, layers.TimeDistributed(inner)(given), name="m")
    assert body(model) == "input 3x4 of int(9) > each(embed-2(mask) > lstm-3)"
    model = keras.Model(given, layers.TimeDistributed(layers.LSTM(3))(embedded(given)))
    with pytest.raises(NetError, match="a LSTM at each step, and masks within a step"):
        netdsl.from_keras(model)


def test_a_separable_convolution_with_several_kernels_is_shared_whole() -> None:
    layer, given = (
        layers.SeparableConv2D(5, 3, depth_multiplier=2),
        [Input((6, 6, 3)) for _ in "ab"],
    )
    found = import_model(keras.Model(given, [layer(x) for x in given], name="m"))
    assert found.clone.count_params() == layer.count_params() == 3 * 3 * 3 * 2 + 6 * 5 + 5


def test_the_nearest_of_pixels_that_are_not_a_multiple_is_refused() -> None:
    model = through((8, 8, 3), layers.Resizing(12, 8, interpolation="nearest"))
    with pytest.raises(NetError, match="it takes the nearest of 8 pixels for 12"):
        netdsl.from_keras(model)


def test_steps_that_a_reshape_puts_into_the_batch_are_each() -> None:
    given, other = Input((6, 8, 8, 2)), Input((6, 3))
    x = keras.ops.reshape(given, (-1, 8, 8, 2))
    x = layers.Add()([layers.Conv2D(4, 3, padding="same")(x), layers.Conv2D(4, 1)(x)])
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    y = keras.ops.reshape(layers.Dense(4)(other), (-1, 4))
    x = keras.ops.reshape(layers.Concatenate()([x, y]), (-1, 6, 8))
    model = keras.Model([given, other], layers.LSTM(4)(x), name="m")
    assert body(model) == (
        "input in_1: 6x8x8x2 input in_2: 6x3 @in_2 > dense-4 as t1"
        " each([ @in_1 > add[ conv3-4 | conv1-4 ] > relu > gap | @t1 ]) > lstm-4"
    )


def test_elements_that_stay_in_the_batch_are_refused() -> None:
    given = Input((6, 8, 2))
    x = layers.Dense(3)(keras.ops.reshape(given, (-1, 8, 2)))
    with pytest.raises(NetError, match="an output has 6 elements in its batch"):
        netdsl.from_keras(keras.Model(given, x))
    whole = layers.Dense(3)(given)
    with pytest.raises(NetError, match="some of its inputs have elements in the batch"):
        netdsl.from_keras(keras.Model(given, layers.Multiply()([x, whole[:, 0]])))


def test_a_model_within_another_takes_the_sizes_that_it_is_given() -> None:
    inner = through((None, None, 3), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D())
    assert body(through((9, 7, 3), inner)).startswith("input 9x7x3 > conv3-4(")


def test_open_sizes_are_given() -> None:
    model = through((None, None, 3), layers.Conv2D(4, 3, padding="same"))
    assert body(model, input=(8, 6, 3)).startswith("input 8x6x3")
    with pytest.raises(NetError, match="--input 224x224x3"):
        netdsl.from_keras(model)
    with pytest.raises(NetError, match="8x6 does not fit"):
        netdsl.from_keras(model, input=(8, 6))
    with pytest.raises(NetError, match="has no input `b`"):
        netdsl.from_keras(model, input={"b": (8, 6, 3)})
    for make in (netdsl.from_keras, netdsl.Network.from_keras):
        for wrong in (8, "8x6x3", {"a": 8}, (8, 6, 2.5)):
            with pytest.raises(TypeError, match="`input` accepts a shape as a tuple of integers"):
                make(model, input=wrong)  # type: ignore[operator]
        with pytest.raises(NetError, match="`input` accepts sizes of at least 1"):
            make(model, input=(8, 0, 3))  # type: ignore[operator]


# --- what is refused, and why ---------------------------------------------------------------------


def embedded_twice() -> Any:
    given = Input((4,), dtype="int32")
    one, two = layers.Embedding(5, 2)(given), layers.Embedding(10, 2)(given)
    return keras.Model(given, layers.Add()([one, two]), name="m")


def from_its_states() -> Any:
    source, target = Input((5, 2)), Input((4, 2))
    _, h, c = layers.LSTM(3, return_state=True)(source)
    return keras.Model([source, target], layers.LSTM(3)(target, initial_state=[h, c]), name="m")


REFUSED: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: through((), lambda x: x + 1), "N620", "is a single number without axes"),
    (embedded_twice, "N621", "indices for another layer"),
    (from_its_states, "N621", "its initial states are given"),
    (
        lambda: through((4,), layers.Dense(2, activation=lambda x: x)),
        "N621",
        "its activation is Python code",
    ),
    (
        lambda: through((4,), lambda x: ops.gelu(x, approximate=True)),
        "N621",
        "it is the approximate gelu",
    ),
    (lambda: through((4, 3), lambda x: ops.mean(x)), "N621", "across the examples of a batch"),
    (lambda: through((4,), layers.Dense(2, dtype="mixed_float16")), "N620", "mixed_float16"),
    (
        lambda: through((4,), lambda x: x * 0.0),
        "N624",
        "gives nearly the same output",
    ),
]


@pytest.mark.parametrize(("make", "code", "reason"), REFUSED)
def test_one_reason(make: Callable[[], Any], code: str, reason: str) -> None:
    with pytest.raises(NetError, match=code) as caught:
        netdsl.from_keras(make())
    assert reason in caught.value.diagnostics[0].message


def test_the_model_stays_as_it_is() -> None:
    model = through((4,), layers.Dense(3, activation="relu"), layers.Dense(2, activation="softmax"))
    before, calls = model.get_weights(), [len(layer._inbound_nodes) for layer in model.layers]
    netdsl.from_keras(model)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    assert [len(layer._inbound_nodes) for layer in model.layers] == calls
    assert model.layers[-1].activation is keras.activations.softmax
