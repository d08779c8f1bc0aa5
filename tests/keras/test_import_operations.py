"""Operations that one word does not say, taken apart; and what is compared meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer
from support.keras_models import body, keras, through

import netdsl
from netdsl.errors import NetError
from netdsl.keras import importing
from netdsl.keras.importing import import_model

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

layers, ops, Input = keras.layers, keras.ops, keras.Input


def of_two(one: tuple[int, ...], other: tuple[int, ...], join: Callable[..., Any]) -> Any:
    given = [Input(one, name="a"), Input(other, name="b")]
    return keras.Model(given, join(*given), name="m")


WRITTEN: list[tuple[Callable[[], Any], str]] = [
    # cut off
    (
        lambda: through((6,), lambda x: ops.maximum(x, 0.5)),
        "input 6 > rescale(1, offset=-0.5) > relu > rescale(1, offset=0.5)",
    ),
    (
        lambda: through((6,), lambda x: ops.minimum(0.5, x)),
        "input 6 > rescale(-1, offset=0.5) > relu > rescale(-1, offset=0.5)",
    ),
    (lambda: through((6,), lambda x: ops.maximum(x, 0)), "input 6 > relu"),
    (lambda: through((6,), lambda x: ops.clip(x, 0, 6)), "input 6 > relu6"),
    (
        lambda: through((6,), lambda x: ops.clip(x, -1, 2)),
        "input 6 > rescale(1, offset=1) > relu(max=3) > rescale(1, offset=-1)",
    ),
    (
        lambda: of_two((4,), (4,), ops.minimum),
        "input a: 4 input b: 4 max[ @a > neg | @b > neg ] > neg",
    ),
    # quotients, logarithms, roots
    (
        lambda: of_two((4,), (4,), lambda a, b: a / b),
        "input a: 4 input b: 4 mul[ @a | @b > recip ]",
    ),
    (
        lambda: through((4, 3), lambda x: x / ops.sum(x, axis=-1, keepdims=True)),
        "input 4x3 > mul[ id | sum(channels, keep) > recip ]",
    ),
    (lambda: through((4,), lambda x: 2.0 / x), "input 4 > recip > rescale(2)"),
    (lambda: through((4,), lambda x: x / 2.0), "input 4 > rescale(0.5)"),
    (lambda: through((4,), lambda x: ops.rsqrt(x)), "input 4 > sqrt > recip"),
    (lambda: through((4,), lambda x: ops.log1p(x)), "input 4 > rescale(1, offset=1) > log"),
    (lambda: through((4,), lambda x: ops.expm1(x)), "input 4 > exp > rescale(1, offset=-1)"),
    (
        lambda: through((5, 4), lambda x: ops.norm(x, axis=1)),
        "input 5x4 > mul[ id | id ] > sum(positions) > sqrt",
    ),
    (
        lambda: through((5, 4), lambda x: ops.norm(x, ord=1, axis=1)),
        "input 5x4 > abs > sum(positions)",
    ),
    (
        lambda: through((5, 4), lambda x: ops.logsumexp(x, axis=1)),
        "input 5x4 > exp > sum(positions) > log",
    ),
    (
        lambda: through((5, 4), lambda x: x - ops.mean(x, axis=1, keepdims=True)),
        "input 5x4 > sub[ id | gap ]",
    ),
    (
        lambda: through((5, 4), lambda x: x - ops.sum(x, axis=1, keepdims=True)),
        "input 5x4 > sub[ id | sum(positions) ]",
    ),
    (
        lambda: through((5, 4), lambda x: ops.std(x, axis=1)),
        "input 5x4 > sub[ id | gap ] > mul[ id | id ] > gap > sqrt",
    ),
    (
        lambda: of_two((4, 4), (4, 4), lambda a, b: CustomScaleLayer(0.2)([a, b])),
        "input a: 4x4 input b: 4x4 add[ @a | @b > rescale(0.2) ]",
    ),
    # taken, and again
    (
        lambda: through((4, 6), lambda x: ops.take(x, [5, 0, 1], axis=-1)),
        "input 4x6 > [ slice(5, 6) | slice(0, 2) ]",
    ),
    (
        lambda: through((4, 6), lambda x: ops.take(x, -1, axis=1)),
        "input 4x6 > crop((3, 0)) > reshape(6)",
    ),
    (
        lambda: through((4, 6), lambda x: ops.take(x, np.array([0, 3]), axis=1)),
        "input 4x6 > concat(over=positions)[ crop((0, 3)) | crop((3, 0)) ]",
    ),
    (
        lambda: through((4, 3), lambda x: ops.tile(x, [1, 2, 1])),
        "input 4x3 > reshape(1x12) > up2 > reshape(8x3)",
    ),
    (lambda: through((4, 3), lambda x: ops.repeat(x, 2, axis=1)), "input 4x3 > up2"),
    (
        lambda: through((4, 3), lambda x: ops.repeat(x, 2, axis=-1)),
        "input 4x3 > permute(2, 1) > up2 > permute(2, 1)",
    ),
    (
        lambda: through((6, 6, 8), lambda x: ops.depth_to_space(x, 2)),
        "input 6x6x8 > pixelshuffle2(dcr)",
    ),
    (
        lambda: through((6, 6, 8), lambda x: ops.space_to_depth(x, 2)),
        "input 6x6x8 > pixelunshuffle2(dcr)",
    ),
    (
        lambda: through((6, 6, 2), lambda x: ops.image.resize(x, (9, 12))),
        "input 6x6x2 > resize(9x12)",
    ),
    # products
    (
        lambda: of_two((4, 2, 6), (5, 2, 6), lambda a, b: ops.einsum("bqhd,bkhd->bhqk", a, b)),
        "input a: 4x2x6 input b: 5x2x6"
        " matmul(transpose=yes)[ @a > permute(2, 1, 3) | @b > permute(2, 1, 3) ]",
    ),
    (
        lambda: of_two((4, 5), (5,), lambda a, b: ops.einsum("bij,bj->bi", a, b)),
        "input a: 4x5 input b: 5 matmul(transpose=yes)[ @a | @b > reshape(1x5) ] > reshape(4)",
    ),
    (
        lambda: of_two((4,), (5,), lambda a, b: ops.einsum("bi,bj->bji", a, b)),
        "input a: 4 input b: 5 matmul(transpose=yes)[ @a > reshape(4x1) | @b > reshape(5x1) ]"
        " > permute(2, 1)",
    ),
    (
        lambda: through((8, 6), layers.EinsumDense("abc,cd->abd", (None, 5), bias_axes="d")),
        "input 8x6 > dense-5",
    ),
    (
        lambda: through((8, 2, 6), layers.EinsumDense("abcd,cde->abe", (None, 5))),
        "input 8x2x6 > reshape(8x12) > dense-5(bias=no)",
    ),
    # along axes
    (
        lambda: through((6, 8), lambda x: ops.normalize(x, axis=1)),
        "input 6x8 > permute(2, 1) > l2norm > permute(2, 1)",
    ),
    (
        lambda: through((4, 6), lambda x: ops.var(x, axis=1)),
        "input 4x6 > sub[ id | gap ] > mul[ id | id ] > gap",
    ),
    (lambda: through((8, 8, 2), layers.AdaptiveAveragePooling2D(2)), "input 8x8x2 > avgpool4"),
    (lambda: through((8, 6), layers.AdaptiveMaxPooling1D(4)), "input 8x6 > pool"),
    # channels first
    (
        lambda: through(
            (3, 12, 10),
            layers.Conv2D(6, 3, data_format="channels_first", activation="relu"),
            layers.MaxPooling2D(2, data_format="channels_first"),
            layers.SeparableConv2D(5, 3, data_format="channels_first"),
            layers.Flatten(),
            layers.Dense(3),
        ),
        "input 3x12x10 > permute(2, 3, 1) > conv3-6(pad=valid) > pool"
        " > sep3-5(pad=valid) > permute(3, 1, 2) > fc-3",
    ),
    (
        lambda: through((3, 4, 5), layers.Flatten(data_format="channels_first"), layers.Dense(2)),
        "input 3x4x5 > permute(2, 3, 1) > fc-2",
    ),
    # a mask that nothing reads
    (
        lambda: through(
            (7,), layers.Embedding(9, 4, mask_zero=True), lambda x: 2 * x, layers.LSTM(3)
        ),
        "input 7 of int(9) > embed-4 > rescale(2) > lstm-3",
    ),
    # inputs of integers
    (
        lambda: through((8, 8, 3), layers.Rescaling(1 / 255), layers.Conv2D(2, 3), dtype="uint8"),
        "input 8x8x3 > rescale(1/255) > conv3-2(pad=valid)",
    ),
    (lambda: through((8,), layers.Dense(3), dtype="int32"), "input 8 > fc-3"),
]


@pytest.mark.parametrize(("make", "text"), WRITTEN)
def test_what_is_written(make: Callable[[], Any], text: str) -> None:
    assert body(make()) == text


ATTENTION = [
    (layers.Attention(use_scale=True), 1),
    (layers.Attention(use_scale=True, score_mode="concat"), 2),
    (layers.AdditiveAttention(), 6),
    (layers.AdditiveAttention(use_scale=False, dropout=0.1), 0),
]


@pytest.mark.parametrize(("layer", "params"), ATTENTION)
def test_trained_factors_of_attention_are_kept(layer: Any, params: int) -> None:
    model = of_two((4, 6), (5, 6), lambda q, v: layer([q, v]))
    found = import_model(model)
    assert netdsl.parse(found.text).counts.params == params == found.clone.count_params()


REFUSED: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: through((4,), lambda x: ops.clip(x, np.zeros(4), 1)), "N621", "its get_config() does"),
    (
        lambda: through((4,), lambda x: ops.maximum(x, np.arange(4.0))),
        "N621",
        "more than one number",
    ),
    (lambda: through((4, 6), lambda x: ops.tile(x, [2, 1, 1])), "N621", "the examples of a batch"),
    (
        lambda: through((4, 6), lambda x: ops.repeat(x, [1, 2, 3, 1], axis=1)),
        "N621",
        "each position has a count of its own",
    ),
    (
        lambda: through((99,), lambda x: ops.take(x, list(range(0, 99, 2)), axis=1)),
        "N621",
        "it takes 50 parts, more than 32",
    ),
    (
        lambda: of_two((4, 6), (6,), lambda a, b: ops.einsum("bij,bk->bik", a, b)),
        "N621",
        "along an axis of one of the two",
    ),
    (
        lambda: of_two((4,), (4,), lambda a, b: ops.einsum("ai,bi->ab", a, b)),
        "N621",
        "across the examples of a batch",
    ),
    (lambda: through((7, 8, 2), layers.AdaptiveAveragePooling2D(2)), "N621", "its windows overlap"),
    (
        lambda: through((4, 6, 6), layers.DepthwiseConv2D(3, data_format="channels_first")),
        "N621",
        "its channels come first",
    ),
    (
        lambda: through((7,), layers.Embedding(9, 4, mask_zero=True), layers.Softmax()),
        "N624",
        "`m` cannot be called",
    ),
]


@pytest.mark.parametrize(("make", "code", "reason"), REFUSED)
def test_one_reason(make: Callable[[], Any], code: str, reason: str) -> None:
    with pytest.raises(NetError, match=code) as caught:
        netdsl.from_keras(make())
    assert reason in caught.value.diagnostics[0].message


def deep() -> Any:
    """Norms that divide what two inputs differ by again and again: draws of statistics show
    nothing.
    """
    return through(
        (6, 6, 3),
        *(
            layer
            for _ in range(16)
            for layer in (
                layers.DepthwiseConv2D(3, padding="same", use_bias=False),
                layers.BatchNormalization(),
                layers.ReLU(6.0),
                layers.Conv2D(8, 1, use_bias=False),
                layers.BatchNormalization(),
                layers.ReLU(6.0),
            )
        ),
        layers.GlobalAveragePooling2D(),
        layers.Dense(3, activation="softmax"),
    )


def test_what_inputs_differ_by_reaches_the_end_of_deep_networks() -> None:
    assert "dw3" in body(deep())


def test_a_change_at_the_begin_of_a_deep_network_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    build = importing.build_layers

    def build_changed(network: Any) -> Any:
        built = build(network)
        norm = next(each for each in built.model.layers if "BatchNorm" in type(each).__name__)
        norm.epsilon *= 30
        return built

    monkeypatch.setattr(importing, "build_layers", build_changed)
    with pytest.raises(NetError, match="N623"):
        import_model(deep())
