"""Kinds in Keras: what Keras lacks against NumPy, and saved models loaded elsewhere."""

from __future__ import annotations

import itertools
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.arrays import array, random, run
from support.kinds import ALL_KINDS, network, source_of

import netdsl
from netdsl import parse
from netdsl.errors import NetError
from netdsl.kinds.facts import Case
from netdsl.kinds.values import Indices, dims

pytestmark = pytest.mark.keras

ROOT = Path(__file__).resolve().parents[2]


def keras_backend() -> str:
    import keras

    return str(keras.backend.backend())


def tensorflow() -> Any:
    """TensorFlow, where it is Keras's backend: gradients are asked of it."""
    if keras_backend() != "tensorflow":
        pytest.skip("gradients are taken with TensorFlow")
    import tensorflow

    return tensorflow


# --- windows, in NumPy ----------------------------------------------------------------------------


def windows(
    x: Any, size: int, stride: int, pads: tuple[int, int], fill: float = 0.0, dilation: int = 1
) -> dict[tuple[int, ...], Any]:
    """The cells of each window of one example, by its place in the output: an array of (cells,
    channels).
    """
    rank = x.ndim - 1
    padded = np.pad(x, (pads,) * rank + ((0, 0),), constant_values=fill)
    counts = [(length - dilation * (size - 1) - 1) // stride + 1 for length in padded.shape[:-1]]
    found = {}
    for place in itertools.product(*map(range, counts)):
        cut = tuple(
            slice(at * stride, at * stride + dilation * (size - 1) + 1, dilation) for at in place
        )
        found[place] = padded[cut].reshape(-1, x.shape[-1])
    return found


def pooled(x: Any, rule: Any, size: int, stride: int, pads: tuple[int, int] = (0, 0)) -> Any:
    """A rule on (cells, channels), applied to every window of every example."""
    examples = []
    for example in x:
        cells = windows(example, size, stride, pads)
        shape = [n + 1 for n in max(cells)]
        examples.append(
            np.array(
                [rule(cells[place]) for place in itertools.product(*map(range, shape))]
            ).reshape(*shape, -1)
        )
    return np.array(examples)


POSITIONS = [(9,), (8, 9), (5, 6, 5)]


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize(
    ("word", "p"),
    [("l2pool3/2", 2), ("l2pool3/2(pad=same)", 2), ("lppool2/1(3)", 3), ("lppool3(p=1.5)", 1.5)],
)
def test_power_pools(word: str, p: float, positions: tuple[int, ...]) -> None:
    x = random((*positions, 2))
    _, y = run(f"{dims(x.shape[1:])} > {word}", x)
    size, stride, pad = {
        "l2pool3/2": (3, 2, 0),
        "l2pool3/2(pad=same)": (3, 2, 1),
        "lppool2/1(3)": (2, 1, 0),
    }.get(word, (3, 3, 0))
    expected = pooled(
        x, lambda cells: (np.abs(cells) ** p).sum(0) ** (1 / p), size, stride, (pad, pad)
    )
    np.testing.assert_allclose(y, expected, rtol=1e-4)


def test_power_pools_have_gradients_at_zero() -> None:
    tf = tensorflow()
    for text in ("6x2 > l2pool", "6x2 > lppool2(3)", "6x2 > featpool2"):
        model = parse(text).keras()
        x = tf.zeros((1, 6, 2))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(model(x))
        assert np.isfinite(tape.gradient(y, x)).all()


def shares(cells: Any) -> Any:
    positive = np.maximum(cells, 0)
    total = positive.sum(0)
    return np.where(total > 0, positive / np.where(total > 0, total, 1), 1 / len(cells))


@pytest.mark.parametrize("positions", POSITIONS)
def test_stochastic_pooling_in_use_takes_the_weighted_mean(positions: tuple[int, ...]) -> None:
    x = random((*positions, 2))
    _, y = run(f"{dims(x.shape[1:])} > stochpool3/2(pad=1)", x)
    np.testing.assert_allclose(
        y,
        pooled(x, lambda cells: (shares(cells) * cells).sum(0), 3, 2, (1, 1)),
        rtol=1e-4,
        atol=1e-6,
    )


def test_stochastic_pooling_in_training_draws_by_the_values() -> None:
    """Each output is a value of its window that is above 0, as often as its share says, and not
    the same each time.
    """
    window = np.array([[1.0, 3.0], [0.0, 4.0]], "float32")
    x = np.tile(window[None, :, :, None], (4000, 1, 1, 1))
    model, y = run("2x2x1 > stochpool", x, training=True)
    values, counts = np.unique(y, return_counts=True)
    assert set(values) == {1, 3, 4}
    np.testing.assert_allclose(counts / len(x), [1 / 8, 3 / 8, 4 / 8], atol=0.04)
    assert (array(model(x, training=True)) != y).any()
    rest = random((6, 6, 3))
    _, y = run("6x6x3 > stochpool3", rest, training=True)
    for example, out in zip(rest, y, strict=True):
        for place, cells in windows(example, 3, 3, (0, 0)).items():
            assert all(out[place][channel] in cells[:, channel] for channel in range(3))


def test_stochastic_pooling_sends_the_gradient_to_the_value_that_was_drawn() -> None:
    tf = tensorflow()
    model = parse("4x4x1 > stochpool").keras(seed=3)
    x = tf.constant(np.abs(random((4, 4, 1), batch=1)) + 0.1)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x, training=True)
    gradient = tape.gradient(y, x).numpy()
    assert set(np.unique(gradient)) == {0, 1}
    assert gradient.sum() == 4
    np.testing.assert_allclose(np.sort(x.numpy()[gradient == 1]), np.sort(y.numpy().ravel()))


def test_pooling_over_features() -> None:
    x = random((4, 5, 6))
    groups = x.reshape(2, 4, 5, 2, 3)
    np.testing.assert_allclose(
        run("4x5x6 > featpool3", x)[1], np.sqrt((groups**2).sum(-1)), rtol=1e-5
    )
    np.testing.assert_array_equal(run("4x5x6 > featpool3(max)", x)[1], groups.max(-1))


def test_maxout() -> None:
    """Goodfellow et al. 2013: the largest of k linear units."""
    x = random((7,))
    model, y = run("7 > fc-12(linear) > featpool4(max)", x)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(y, np.max((x @ kernel + bias).reshape(2, 3, 4), -1), rtol=1e-5)


# --- convolutions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size", "stride", "dilation", "pad"),
    [
        ("9x2 > local3-4/2(linear)", 3, 2, 1, 1),
        ("9x2 > local2-4(linear, pad=valid, dilation=3)", 2, 1, 3, 0),
        ("7x6x2 > local3-4(linear, pad=0)", 3, 1, 1, 0),
        ("7x6x2 > local3-4/2(linear)", 3, 2, 1, 1),
        ("7x6x2 > local3-4/3(linear, pad=full)", 3, 3, 1, 2),
    ],
)
def test_locally_connected(text: str, size: int, stride: int, dilation: int, pad: int) -> None:
    x = random(parse(text).inputs[0].shape)
    model = parse(text).keras(seed=1)
    kernel = model.get_weights()[0]
    bias = random(kernel.shape[: x.ndim - 2] + kernel.shape[-1:], batch=1)[0]
    model.set_weights([kernel, bias])
    y = array(model(x))
    for example, out in zip(x, y, strict=True):
        for place, cells in windows(example, size, stride, (pad, pad), dilation=dilation).items():
            expected = (
                np.einsum("kc,kcn->n", cells, kernel[place].reshape(-1, *kernel.shape[-2:]))
                + bias[place]
            )
            np.testing.assert_allclose(out[place], expected, rtol=1e-4, atol=1e-5)


def test_local_kernels_begin_as_one_positions_would() -> None:
    for act, variance in (("relu", 2 / (9 * 8)), ("tanh", 2 / (9 * 8 + 9 * 16))):
        kernel = parse(f"10x10x8 > local3-16({act})").keras(seed=1).get_weights()[0]
        assert kernel.var() == pytest.approx(variance, rel=0.03)


def transposed(x: Any, kernel: Any, stride: int, dilation: int, before: int, length: int) -> Any:
    """A 1-D transposed convolution of one example by its definition: each value adds its filters
    to a window.
    """
    whole = np.zeros((before + length + len(x) * stride + dilation * len(kernel), kernel.shape[1]))
    for at, value in enumerate(x):
        for cell, weights in enumerate(kernel):
            whole[at * stride + cell * dilation] += weights @ value
    return whole[before : before + length]


@pytest.mark.parametrize(
    ("options", "size", "stride", "dilation", "before"),
    [
        ("", 3, 2, 1, 0),
        ("", 5, 2, 1, 1),
        ("", 4, 1, 1, 1),
        ("", 2, 3, 1, 0),
        ("pad=tf", 6, 3, 1, 1),
        ("pad=0", 2, 3, 1, 0),
        ("pad=valid", 3, 1, 1, 0),
        ("pad=2", 5, 2, 1, 2),
        ("pad=1, extra=1", 3, 2, 1, 1),
        ("pad=0, extra=2", 3, 3, 1, 0),
        ("pad=(2,0)", 3, 2, 1, 2),
        ("pad=0, dilation=3", 3, 1, 3, 0),
        ("dilation=2", 3, 1, 2, 2),
    ],
)
def test_transposed_convolution(
    options: str, size: int, stride: int, dilation: int, before: int
) -> None:
    text = f"6x3 > tconv{size}-4/{stride}({', '.join(filter(None, (options, 'bias=no')))})"
    x = random((6, 3))
    model, y = run(text, x)
    assert y.shape == (2, *parse(text).outputs[0].shape)
    for example, out in zip(x, y, strict=True):
        expected = transposed(example, model.get_weights()[0], stride, dilation, before, len(out))
        np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-5)


def test_transposed_convolution_of_the_lectures() -> None:
    """Filter (x, y, z) on (a, b), stride 2, pad 0: (ax, ay, az + bx, by, bz)."""
    model = parse("2x1 > tconv3-1/2(pad=0, bias=no)").keras()
    model.set_weights([np.array([2.0, 3.0, 5.0]).reshape(3, 1, 1)])
    y = array(model(np.array([7.0, 11.0]).reshape(1, 2, 1)))
    assert y.ravel().tolist() == [14, 21, 35 + 22, 33, 55]


def test_full_convolution_of_the_lectures() -> None:
    """Keras correlates, so the filter is turned round."""
    model = parse("3x1 > conv3-1(pad=full, linear, bias=no)").keras()
    model.set_weights([np.array([2.0, 1.0, 1.0]).reshape(3, 1, 1)])
    assert array(model(np.array([2.0, -1.0, 1.0]).reshape(1, 3, 1))).ravel().tolist() == [
        2,
        1,
        4,
        -1,
        2,
    ]
    model = parse("3x3x1 > conv2-1(pad=full, linear, bias=no)").keras()
    model.set_weights([np.array([[-1.0, 0.0], [2.0, 1.0]]).reshape(2, 2, 1, 1)])
    y = array(model(np.array([[1.0, 3, 1], [0, -1, 1], [2, 2, -1]]).reshape(1, 3, 3, 1)))
    assert y.reshape(4, 4).tolist() == [[1, 5, 7, 2], [0, -2, -4, 1], [2, 6, 4, -3], [0, -2, -2, 1]]


def test_causal_convolution_sees_nothing_that_comes_later() -> None:
    x = random((10, 2))
    model, y = run("10x2 > conv3-4(pad=causal, dilation=2, linear, bias=no)", x)
    kernel = model.get_weights()[0]
    padded = np.pad(x, ((0, 0), (4, 0), (0, 0)))
    expected = sum(padded[:, 2 * cell : 2 * cell + 10] @ kernel[cell] for cell in range(3))
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("dilation", [2, 3])
@pytest.mark.parametrize("pad", [0, 1, 2, 4])
def test_stride_and_dilation_together(stride: int, dilation: int, pad: int) -> None:
    x = random((13, 12, 3), batch=1)
    model, y = run(
        f"13x12x3 > conv3-4/{stride}(dilation={dilation}, pad={pad}, linear, bias=no)", x
    )
    kernel = model.get_weights()[0].reshape(9, 3, 4)
    for place, cells in windows(x[0], 3, stride, (pad, pad), dilation=dilation).items():
        np.testing.assert_allclose(
            y[0][place], np.einsum("kc,kcn->n", cells, kernel), rtol=1e-4, atol=1e-5
        )


# --- unpooling ------------------------------------------------------------------------------------


def test_unpooling_of_the_lectures() -> None:
    x = np.array([[1.0, 2], [3, 4]], "float32").reshape(1, 2, 2, 1)
    assert run("2x2x1 > up2", x)[1].reshape(4, 4).tolist() == [
        [1, 1, 2, 2],
        [1, 1, 2, 2],
        [3, 3, 4, 4],
        [3, 3, 4, 4],
    ]
    assert run("2x2x1 > nails2", x)[1].reshape(4, 4).tolist() == [
        [1, 0, 2, 0],
        [0, 0, 0, 0],
        [3, 0, 4, 0],
        [0, 0, 0, 0],
    ]


@pytest.mark.parametrize(
    ("positions", "factors"), [((5,), (3,)), ((4, 3), (2, 3)), ((3, 4, 2), (2, 1, 3))]
)
def test_nails(positions: tuple[int, ...], factors: tuple[int, ...]) -> None:
    x = random((*positions, 2))
    _, y = run(f"{dims(x.shape[1:])} > nails{dims(factors)}", x)
    expected = np.zeros_like(y)
    expected[(slice(None), *(slice(None, None, factor) for factor in factors))] = x
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize(
    ("positions", "text", "size", "stride", "pads"),
    [
        ((6, 6), "pool", 2, 2, (0, 0)),
        ((7, 7), "pool3/2", 3, 2, (0, 0)),
        ((7, 6), "pool3/1(pad=same)", 3, 1, (1, 1)),
        ((9,), "pool3/2(pad=1)", 3, 2, (1, 1)),
        ((4, 6, 4), "pool", 2, 2, (0, 0)),
        ((5, 5), "pool2(ceil)", 2, 2, (0, 1)),
        ((5, 5), "pool1/2", 1, 2, (0, 0)),
    ],
)
def test_max_unpooling(
    positions: tuple[int, ...], text: str, size: int, stride: int, pads: tuple[int, int]
) -> None:
    """Each value goes back once, to where the first maximum of its window was."""
    x = np.round(random((*positions, 2)))  # rounded, so that there are equal values
    _, y = run(f"{dims(x.shape[1:])} > pool1/1 as q > {text} as p > unpool(@p)", x)
    _, values = run(f"{dims(x.shape[1:])} > {text}", x)
    expected = np.zeros_like(y)
    for example in range(len(x)):
        for place, cells in windows(x[example], size, stride, pads, fill=-np.inf).items():
            for channel, cell in enumerate(np.argmax(cells, axis=0)):
                offset = np.unravel_index(cell, (size,) * len(positions))
                where = tuple(
                    at * stride + int(o) - pads[0] for at, o in zip(place, offset, strict=True)
                )
                expected[(example, *where, channel)] += values[(example, *place, channel)]
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    np.testing.assert_allclose(y.sum(), values.sum(), rtol=1e-4)


def test_linear_interpolation_along_each_axis() -> None:
    """Half-pixel centres: on 1-D what NumPy's `interp` gives; images and volumes axis by axis."""

    def along(x: Any, axis: int, count: int) -> Any:
        old = np.arange(x.shape[axis])
        at = (np.arange(count) + 0.5) * len(old) / count - 0.5
        return np.apply_along_axis(lambda line: np.interp(at, old, line), axis, x)

    for positions, larger in [((5,), (10,)), ((4, 3), (8, 6)), ((3, 4, 2), (6, 8, 4))]:
        x = random((*positions, 2))
        expected = x
        for axis, count in enumerate(larger, 1):
            expected = along(expected, axis, count)
        for text in ("up2(bilinear)", f"resize({dims(larger)})"):
            np.testing.assert_allclose(
                run(f"{dims(x.shape[1:])} > {text}", x)[1], expected, rtol=1e-4, atol=1e-5
            )


# --- moves ----------------------------------------------------------------------------------------


def test_moves() -> None:
    x = random((4, 5, 6))
    shuffled = x.reshape(2, 4, 5, 2, 3).swapaxes(-1, -2).reshape(x.shape)
    moved = [
        ("shuffle(2)", shuffled),
        ("slice(1, 3)", x[..., 1:3]),
        ("permute(3, 1, 2)", x.transpose(0, 3, 1, 2)),
        ("reshape(10x12)", x.reshape(2, 10, 12)),
        ("crop((1,0,2,1))", x[:, 1:, 2:-1]),
        ("reshape(20x6) > first", x[:, 0, 0]),
        ("reshape(20x6) > last", x[:, -1, -1]),
        ("reshape(20x6) > take(3, 7)", x.reshape(2, 20, 6)[:, 3:7]),
        ("reshape(20x6) > roll(3)", np.roll(x.reshape(2, 20, 6), 3, 1)),
        ("roll((-1, 2))", np.roll(x, (-1, 2), (1, 2))),
        ("roll(1)", np.roll(x, (1, 1), (1, 2))),
    ]
    for text, expected in moved:
        np.testing.assert_array_equal(run(f"4x5x6 > {text}", x)[1], expected, err_msg=text)


def cells(x: Any, order: str) -> Any:
    """What PyTorch's PixelShuffle(2) (`crd`) and TensorFlow's depth_to_space (`dcr`) make of
    images, by their definitions.
    """
    channels = x.shape[-1] // 4
    y = np.zeros((len(x), 2 * x.shape[1], 2 * x.shape[2], channels), x.dtype)
    for c, i, j in itertools.product(range(channels), range(2), range(2)):
        source = 4 * c + 2 * i + j if order == "crd" else channels * (2 * i + j) + c
        y[:, i::2, j::2, c] = x[..., source]
    return y


def test_lists_are_the_first_weights() -> None:
    """Written filter by filter, (N, K, K, C); one filter of `dw` serves all channels."""
    full = np.arange(2 * 3 * 3 * 2).reshape(2, 3, 3, 2) / 3
    one = full[0, ..., 0]
    filters = np.moveaxis(full, 0, -1)
    each = np.stack([one] * 2, -1)[..., None]

    def listed(values: Any) -> str:
        return str(values.tolist())

    first = {
        f"4x4x2 > conv3-2(init={listed(full)}, bias_init=[5, 6])": [filters, [5, 6]],
        f"4x4x1 > conv3-1(init={listed(one)})": [one[..., None, None], [0]],
        f"4x4x4 > conv3-2(groups=2, init={listed(full)})": [filters, [0, 0]],
        f"4x4x2 > tconv3-2(init={listed(full)})": [filters.swapaxes(-1, -2), [0, 0]],
        f"4x4x2 > dw3(init={listed(one)})": [each, [0, 0]],
        f"4x4x2 > dw3/2x1(init={listed(one)})": [each.reshape(3, 3, 1, 2), [0, 0]],
        f"4x4x2 > dw3(mult=2, bias=no, init={listed(full[..., 0])})": [
            np.stack([np.moveaxis(full[..., 0], 0, -1)] * 2, -2)
        ],
        f"4x4x2 > dw3(init={listed(full[..., 0])})": [
            np.moveaxis(full[..., 0], 0, -1)[..., None],
            [0, 0],
        ],
        "2 > fc-3(init=[[1, 2], [3, 4], [5, 6]])": [[[1, 3, 5], [2, 4, 6]], [0, 0, 0]],
        "2 > fc-1(init=[1, 2])": [[[1], [2]], [0]],
        "5x2 > scale(init=[1, 2])": [[1, 2]],
        "4 of int(2) > embed-3(init=[[1, 2, 3], [4, 5, 6]])": [[[1, 2, 3], [4, 5, 6]]],
    }
    for text, arrays in first.items():
        found = parse(text).keras().get_weights()
        for weight, values in zip(found, arrays, strict=True):
            np.testing.assert_array_equal(weight, np.array(values, "float32"), err_msg=text)


def test_kernels_by_name() -> None:
    """By their definitions, on images and sequences; `gabor` answers to waves along its angle."""
    x = np.arange(5) - 2
    bell = np.exp(-(x[:, None] ** 2 + x**2) / 2 / 1.5**2)
    expected = {
        "9x9x1 > conv3-1(init=box)": np.full((3, 3), 1 / 9),
        "9x9x1 > conv5-1(init=gauss(1.5))": bell / bell.sum(),
        "9x9x1 > conv3-1(init=sobel_x)": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        "9x9x1 > conv3-1(init=sobel_y)": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
        "9x9x1 > conv3-1(init=laplace)": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
        "9x1 > conv3-1(init=laplace)": [1, -2, 1],
        "9x1 > dw2(init=box, pad=0)": [0.5, 0.5],
    }
    for text, values in expected.items():
        kernel = parse(text).keras().get_weights()[0][..., 0, 0]
        np.testing.assert_allclose(kernel, values, rtol=1e-6, err_msg=text)
    for angle in (0, 45, 90, 135):
        kernel = parse(f"9x9x1 > conv9-1(init=gabor({angle}))").keras().get_weights()[0][..., 0, 0]
        assert abs(kernel.sum()) < 1e-5
        assert np.linalg.norm(kernel) == pytest.approx(1, rel=1e-5)
        places = np.arange(9) - 4
        waves = {
            each: np.cos(2 * np.pi / 4.5 * (places * np.cos(turn) - places[:, None] * np.sin(turn)))
            for each in (0, 45, 90, 135)
            for turn in [np.radians(each)]
        }
        answers = {each: abs((kernel * wave).sum()) for each, wave in waves.items()}
        assert max(answers, key=lambda each: answers[each]) == angle


def test_a_kernel_is_flipped() -> None:
    """What comes out is the sum over K[m, n] x[i - m, j - n]."""
    x = random((6, 7, 1))
    model, y = run("6x7x1 > conv3-1(convolve, bias=no, pad=full)", x)
    kernel = array(model.weights[0])[..., 0, 0]
    expected = np.zeros((len(x), 8, 9))
    for m, n in itertools.product(range(3), range(3)):
        expected[:, m : m + 6, n : n + 7] += kernel[m, n] * x[..., 0]
    np.testing.assert_allclose(y[..., 0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("order", ["crd", "dcr"])
def test_pixels_are_shuffled_and_back(order: str) -> None:
    x = random((3, 5, 12))
    y = run(f"3x5x12 > pixelshuffle2({order})", x)[1]
    np.testing.assert_array_equal(y, cells(x, order))
    np.testing.assert_array_equal(run(f"6x10x3 > pixelunshuffle2({order})", y)[1], x)


def test_cropping_to_a_point_is_centred() -> None:
    """9x8 to 4x5: two rows and one column are cut in front, three and two at the end."""
    x = random((9, 8, 1))
    model = parse(
        "input 9x8x1\n> avgpool6x4/1 as small\n@input > crop(@small) > [ id | @small ]"
    ).keras()
    np.testing.assert_array_equal(array(model(x))[..., :1], x[:, 2:6, 1:6])


# --- noise ----------------------------------------------------------------------------------------


def test_drop_path_drops_whole_examples() -> None:
    x = np.ones((400, 3, 2, 2), "float32")
    model, y = run("3x2x2 > droppath(0.25)", x, training=True)
    rows = y.reshape(len(x), -1)
    assert (rows == rows[:, :1]).all()
    np.testing.assert_allclose(np.unique(rows), [0, 1 / 0.75], rtol=1e-6)
    assert (rows[:, 0] == 0).mean() == pytest.approx(0.25, abs=0.08)
    np.testing.assert_array_equal(array(model(x)), x)


def test_dropconnect_drops_weights() -> None:
    """The output of units of weight 1 counts the weights that are left; in use all are."""
    model = parse("400 > fc-50(linear, dropconnect=0.2, bias=no)").keras(seed=1)
    model.set_weights([np.ones((400, 50))])
    x = np.ones((2, 400), "float32")
    y = array(model(x, training=True))
    np.testing.assert_array_equal(y[0], y[1])
    left = y[0] * 0.8
    np.testing.assert_allclose(left, np.round(left), atol=1e-2)
    assert len(np.unique(np.round(left))) > 10
    assert left.mean() == pytest.approx(320, abs=5)
    assert (array(model(x, training=True)) != y).any()
    np.testing.assert_allclose(array(model(x)), 400)


def test_spatial_dropout_drops_whole_maps() -> None:
    _, y = run("5x5x64 > sdropout(0.5)", np.ones((1, 5, 5, 64), "float32"), training=True)
    assert (y == y[:, :1, :1]).all()
    assert set(np.unique(y)) == {0, 2}


# --- norms, factors -------------------------------------------------------------------------------


def test_norms_by_their_definition() -> None:
    x = random((4, 5, 6))

    def normal(values: Any, axes: Any) -> Any:
        return (values - values.mean(axes, keepdims=True)) / np.sqrt(
            values.var(axes, keepdims=True) + 1e-5
        )

    groups = normal(x.reshape(2, 4, 5, 3, 2), (1, 2, 4)).reshape(x.shape)
    cases = [
        ("ln", normal(x, -1)),
        ("in", normal(x, (1, 2))),
        ("gn(groups=3)", groups),
        ("rms", x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5)),
        ("l2norm", x / np.sqrt((x**2).sum(-1, keepdims=True))),
        ("rescale(1/4, offset=-1)", x / 4 - 1),
        ("std((1, 2, 3, 4, 5, 6), 2)", (x - np.arange(1, 7)) / 2),
        ("scale(init=3)", 3 * x),
    ]
    for text, expected in cases:
        np.testing.assert_allclose(
            run(f"4x5x6 > {text}", x)[1], expected, rtol=1e-3, atol=1e-5, err_msg=text
        )


# --- sequences ------------------------------------------------------------------------------------


def test_positions_and_tokens() -> None:
    x = random((7, 5))
    table = np.array(
        [
            [(np.cos if c % 2 else np.sin)(t / 10000 ** (c // 2 * 2 / 5)) for c in range(5)]
            for t in range(7)
        ]
    )
    np.testing.assert_allclose(run("7x5 > sincos", x)[1], x + table, rtol=1e-4, atol=1e-5)
    model, y = run("7x5 > pos", x)
    np.testing.assert_allclose(y, x + model.get_weights()[0], rtol=1e-5)
    model, y = run("7x5 > cls", x)
    np.testing.assert_array_equal(y[:, 1:], x)
    np.testing.assert_array_equal(y[:, 0], np.repeat(model.get_weights()[0], 2, 0))
    indices = random(Indices((4,), 9))
    model, y = run("4 of int(9) > embed-3", indices)
    np.testing.assert_array_equal(y, model.get_weights()[0][indices])


def test_attention_by_its_definition() -> None:
    x, memory = random((4, 6)), random((5, 3), seed=1)
    model = parse("input m: 5x3\ninput x: 4x6\n> attention(heads=2, dim=4, kv=@m)").keras(seed=1)
    weights = [random(weight.shape, batch=1, seed=i)[0] for i, weight in enumerate(model.weights)]
    model.set_weights(weights)
    qk, qb, kk, kb, vk, vb, ok, ob = weights
    q, k, v = (
        np.einsum("btc,chd->bhtd", a, w) + b[:, None]
        for a, w, b in ((x, qk, qb), (memory, kk, kb), (memory, vk, vb))
    )
    scores = np.einsum("bhtd,bhsd->bhts", q, k) / 2
    attention = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    expected = np.einsum("bhts,bhsd,hdc->btc", attention, v, ok) + ob
    np.testing.assert_allclose(array(model([memory, x])), expected, rtol=1e-3, atol=1e-4)


def test_causal_attention_sees_nothing_that_comes_later() -> None:
    x = random((6, 4))
    model, y = run("6x4 > attention(heads=2, causal)", x)
    x[:, 4:] = 0
    np.testing.assert_allclose(array(model(x))[:, :4], y[:, :4], rtol=1e-5)


def test_gru_resets_before_the_product() -> None:
    x = random((5, 3))
    model = parse("5x3 > gru-4").keras(seed=1)
    kernel, recurrent, bias = model.get_weights()
    bias = bias + np.linspace(-1, 1, 12)
    model.set_weights([kernel, recurrent, bias])
    h = np.zeros((2, 4))
    for t in range(5):
        z, r, g = np.split(x[:, t] @ kernel + bias, 3, axis=-1)
        zh, rh, _ = np.split(h @ recurrent, 3, axis=-1)
        z, r = 1 / (1 + np.exp(-(z + zh))), 1 / (1 + np.exp(-(r + rh)))
        h = z * h + (1 - z) * np.tanh(g + (r * h) @ recurrent[:, 8:])
    np.testing.assert_allclose(array(model(x)), h, rtol=1e-4, atol=1e-5)


# --- saved models ---------------------------------------------------------------------------------


FLIPPED = [
    Case("conv3-1(convolve)", shape, shape, 0) for shape in ((5, 1), (5, 5, 1), (3, 3, 3, 1))
]
"""Convolutions whose kernels are flipped, of each rank."""


def all_custom() -> str:
    """A network with each layer that Keras lacks, of the kinds' own cases, the smallest first."""
    cases: dict[str, Case] = dict(zip(("1D", "2D", "3D"), FLIPPED, strict=True))
    every = (case for kind in ALL_KINDS if not kind.is_identity for case in kind.cases)
    for case in sorted(every, key=lambda case: math.prod(case.input)):
        for name in re.findall(r"\bcustom\.(\w+)\(", "\n".join(source_of(network(case).graph))):
            cases.setdefault(name, case)
    flows = [
        f"input x{at}: {dims(case.input)}\n> {case.text} > flatten > fc-2(tanh) as y{at}\n"
        for at, case in enumerate(dict.fromkeys(cases.values()))
    ]
    own = "learned a: 2\nfixed b: 2 = (1, 2)\n"
    ends = " | ".join(f"@y{at}" for at in range(len(flows)))
    return f"{own}{''.join(flows)}[ {ends} | add[ @y0 | @a | @b ] ]"


LOAD = """
import sys
import numpy as np
import keras
{imported}
model = {load}(sys.argv[1] + "/model.keras")
given = np.load(sys.argv[1] + "/facts.npz")
x = [given[name] for name in given if name != "y"]
x = x if len(x) > 1 else x[0]
y = keras.ops.convert_to_numpy(model(x))
assert np.allclose(y, given["y"], atol=1e-4), np.abs(y - given["y"]).max()
model(x, training=True)
if {fit}:
    model.compile("sgd", "mse")
    model.fit(x, given["y"] * 0, epochs=1, verbose=0)
print("fine on", keras.backend.backend())
"""


def load_elsewhere(
    folder: Path,
    backend: str,
    imported: str,
    load: str = "keras.saving.load_model",
    fit: bool = False,
) -> str:
    """What a fresh process says that loads the model of a folder."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    program = LOAD.format(imported=imported, load=load, fit=fit)
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def saved(text: str, folder: Path) -> None:
    inputs = [np.abs(random(each.shape, batch=3)) for each in parse(text).inputs]
    model, y = run(text, inputs if len(inputs) > 1 else inputs[0])
    model.save(folder / "model.keras")
    np.savez(folder / "facts.npz", y=y, **{f"x{at}": x for at, x in enumerate(inputs)})


@pytest.mark.parametrize(
    "backend",
    [
        "tensorflow",
        pytest.param("jax", marks=pytest.mark.zoo),
        pytest.param("torch", marks=pytest.mark.extra),
    ],
)
def test_a_saved_model_with_all_custom_layers_loads_in_a_fresh_process(
    backend: str, tmp_path: Path
) -> None:
    saved(all_custom(), tmp_path)
    assert (
        load_elsewhere(tmp_path, backend, "import netdsl", "netdsl.load_model", fit=True)
        == f"fine on {backend}"
    )


def test_a_model_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(NetError, match="N601"):
        netdsl.load_model(tmp_path / "none.keras")
    (tmp_path / "cut.keras").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(NetError, match="N614"):
        netdsl.load_model(tmp_path / "cut.keras")


def test_all_custom_layers_are_in_that_model() -> None:
    from netdsl.keras import layers

    model = parse(all_custom()).keras()
    own = set(layers.__all__)
    inside = {type(layer).__name__ for layer in model.layers} & own
    assert inside == own - {"Tied"}


def test_what_is_made_of_keras_layers_loads_without_netdsl(tmp_path: Path) -> None:
    kinds = (
        "scale > rescale(1/2) > std(0, 2) > in > gn(groups=2) > l2norm > rms > shuffle(2) > "
        "slice(1, 3) > nails2 > resize(5x5)"
    )
    more = (
        "up2(bilinear) > droppath(0.1) > noise(0.1) > sdropout(0.1) > tconv3-4/2(pad=1, extra=1) "
        "> featpool2(max) > permute(1, 2, 3)"
    )
    end = "reshape(100x8) > attention(heads=2, causal) > lstm-3(seq, bi) > gru-3(seq) > first"
    saved(f"6x6x4 > {kinds} > {more} > {end}", tmp_path)
    backend = keras_backend()
    assert load_elsewhere(tmp_path, backend, "") == f"fine on {backend}"
