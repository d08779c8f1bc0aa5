"""The lectures' items 53 to 71 and 74 to 76: convolutions, their matrices, filters, pooling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.commands import answered, printed

import netdsl
from netdsl.lab.fourier import spectrum_of
from netdsl.lab.weighted import begun


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Any:
    return capsys.readouterr


def given(text: str, x: Any) -> list[Any]:
    """What the network gives for one example, without its channel."""
    values: list[Any] = netdsl.parse(text).forward(x).last[0, ..., 0].tolist()
    return values


# --- 53 to 61: sizes, values, matrices ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("32x32x3 > conv5-1(pad=0)", "28x28x1"),
        ("32x32x3 > conv5-1(pad=2)", "32x32x1"),
        ("7x7x1 > conv3-1/2(pad=0)", "3x3x1"),
        ("6x6x1 > conv3-1(pad=0)", "4x4x1"),
        ("8x8x1 > conv3-1(pad=0)", "6x6x1"),
        ("28x28x1 > conv5-1(pad=0)", "24x24x1"),
        ("28x28x1 > pad(1)", "30x30x1"),
        ("227x227x3 > conv11-96/4(pad=0)", "55x55x96"),
        ("8x9x1 > conv3-1/2x3(pad=0)", "3x3x1"),
    ],
)
def test_item_53_sizes_of_outputs(text: str, output: str) -> None:
    assert not netdsl.check(f"{text}\nexpect output = {output}").errors


def test_item_53_floor_and_what_is_never_read(out: Any) -> None:
    assert "floor((227 - 11 + 0)/4) + 1 = 55" in printed(
        out, 'table "227x227x3 > conv11-96/4(pad=0)" --why conv_1'
    )
    assert [each.code for each in netdsl.check("7x7x1 > conv3-1/3(pad=0)")] == ["W701"]


def test_item_54_a_convolution_flips_the_kernel_of_a_cross_correlation(out: Any) -> None:
    x = [1, 4, 3, -1, 2]
    assert given("5x1 > conv3-1(pad=0, init=[1, 2, 3])", x) == [18, 7, 7]
    assert given("5x1 > conv3-1(pad=0, convolve, init=[3, 2, 1])", x) == [18, 7, 7]
    assert "cross-correlation" in printed(out, "explain conv")


def test_item_55_a_row_of_numbers(out: Any) -> None:
    command = 'forward "10x1 > conv3-1(pad=0, init=[1, 2, 1])" x="1 4 3 -1 2 -4 1 0 2 -1"'
    layers = answered(out, command)["layers"]
    assert [each[0] for each in layers[-1]["values"][0]] == [12, 9, 3, -1, -5, -2, 3, 3]
    assert netdsl.parse("512x1 > conv8-1(pad=0)").outputs[0].shape == (505, 1)


def test_item_56_a_map_of_numbers_in_a_file() -> None:
    text = """
    input x: 5x5x1 > conv3-1(pad=0, init=[[0, 1, 2], [2, 2, 0], [0, 1, 2]]) as y
    given x = [[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]
    expect @y = [[12, 12, 17], [10, 17, 19], [9, 6, 14]]
    """
    assert not netdsl.check(text)
    assert [each.code for each in netdsl.check(text.replace("14]]", "15]]"))] == ["N303"]


def test_item_57_three_ways_to_convolve_one(out: Any) -> None:
    a, b = [2, -1, 1], [1, 1, 2]
    full = "3x1 > conv3-1(pad=full, convolve, init=[1, 1, 2])"
    assert given(full, a) == [2, 1, 4, -1, 2]  # flip and filter
    scaled = sum(np.roll([*b, 0, 0], shift) * each for shift, each in enumerate(a))
    assert scaled.tolist() == [2, 1, 4, -1, 2]  # translate and scale
    matrix = netdsl.parse(full).matrix("conv_1")
    assert (matrix.array @ a).tolist() == [2, 1, 4, -1, 2]  # a matrix with shared entries
    assert matrix.array.shape == (5, 3)
    assert (matrix.array.size, matrix.weights) == (15, 3)
    assert "5x3, 9 of 15 entries filled, made of 3 weights" in printed(
        out, f'matrix "{full}" conv_1'
    )


def test_item_58_a_full_convolution_of_maps() -> None:
    text = "3x3x1 > conv2-1(pad=full, convolve, init=[[1, 2], [0, -1]])"
    expected = [[1, 5, 7, 2], [0, -2, -4, 1], [2, 6, 4, -3], [0, -2, -2, 1]]
    assert given(text, [[1, 3, 1], [0, -1, 1], [2, 2, -1]]) == expected


MEANS = [
    [0, 10, 20, 30, 30, 30, 20, 10],
    [0, 20, 40, 60, 60, 60, 40, 20],
    [0, 30, 60, 90, 90, 90, 60, 30],
    [0, 30, 50, 80, 80, 90, 60, 30],
    [0, 30, 50, 80, 80, 90, 60, 30],
    [0, 20, 30, 50, 50, 60, 40, 20],
    [10, 20, 30, 30, 30, 30, 20, 10],
    [10, 10, 10, 0, 0, 0, 0, 0],
]


def nineties() -> Any:
    """The slide's image with one row less, so that 8x8 means are what comes out."""
    image = np.zeros((10, 10))
    image[2:7, 3:8] = 90
    image[5, 4] = 0
    image[8, 2] = 90
    return image


def test_item_59_the_mean_filter() -> None:
    np.testing.assert_allclose(given("10x10x1 > conv3-1(pad=0, init=box)", nineties()), MEANS)
    np.testing.assert_allclose(given("10x10x1 > conv3-1(pad=0, init={1/9})", nineties()), MEANS)


def test_item_60_a_transposed_convolution_is_by_the_transpose() -> None:
    forward = netdsl.parse("4x1 > conv3-1/2(pad=1, init=[1, 10, 100])")
    x, y, z = 1, 10, 100
    a, b, c, d = 2, 3, 5, 7
    assert forward.forward([a, b, c, d]).last.ravel().tolist() == [
        a * y + b * z,
        b * x + c * y + d * z,
    ]
    back = netdsl.parse("2x1 > tconv3-1/2(pad=1, extra=1, init=[1, 10, 100])")
    matrices = forward.matrix("conv_1").array, back.matrix("tconv_1").array
    np.testing.assert_array_equal(matrices[0].T, matrices[1])
    assert matrices[0].tolist() == [[y, z, 0, 0], [0, x, y, z]]
    whole = netdsl.parse("2x1 > tconv3-1/2(pad=0, init=[1, 10, 100])")
    assert whole.forward([2, 3]).last.ravel().tolist() == [2, 20, 203, 30, 300]


def test_item_61_there_and_back_again() -> None:
    there = netdsl.parse("4x4x1 > conv3-1/2(pad=1)\nexpect output = 2x2x1")
    back = netdsl.parse("2x2x1 > tconv3-1/2(pad=1, extra=1)\nexpect output = 4x4x1")
    assert there.counts.params == back.counts.params == 10


# --- 62 to 66: filters on images ------------------------------------------------------------------


def filtered(out: Any, tmp_path: Path, image: Any, text: str) -> Any:
    """An image [h, w] or [h, w, 3] from 0 to 255 through `forward`, from a file to a file."""
    Image.fromarray(image.astype(np.uint8)).save(tmp_path / "in.png")
    target = tmp_path / "out.png"
    target.unlink(missing_ok=True)
    (tmp_path / "filter.net").write_text(text)
    printed(out, f"forward {tmp_path / 'filter.net'} {tmp_path / 'in.png'} -o {target}")
    return np.asarray(Image.open(target), float)


def photo() -> Any:
    """A grey picture 24x20 with an upright edge, a flat one, and a spot of noise."""
    image = np.full((24, 20), 60.0)
    image[:, 10:] = 180
    image[16:, :] = 120
    image[5, 5] = 255
    return image


@pytest.mark.parametrize("kernel", ["box", "gauss(1)"])
def test_item_62_smoothing(kernel: str, out: Any, tmp_path: Path) -> None:
    image = photo()
    smooth = filtered(out, tmp_path, image, f"conv5-1(pad=0, linear, init={kernel})")
    assert smooth.shape == (20, 16)
    assert abs(np.diff(smooth)).max() < abs(np.diff(image)).max() / 2
    assert smooth[10, 1] == 60  # where it is even it stays


def test_item_62_gaussian_weights_fall_off_within_two_sigma() -> None:
    wide, narrow = (
        netdsl.parse(f"{n}x1 > conv{n}-1(pad=0, init=gauss(2))").matrix("conv_1").array[0]
        for n in (13, 9)
    )
    assert wide.sum() == pytest.approx(1)
    assert narrow.sum() == pytest.approx(1)
    np.testing.assert_allclose(wide[2:-2], narrow, atol=0.02)
    places = np.arange(-6, 7)
    bell = np.exp(-(places**2) / 8)
    np.testing.assert_allclose(wide, bell / bell.sum(), atol=1e-12)


def test_item_63_edges(out: Any, tmp_path: Path) -> None:
    image = photo()
    upright = filtered(out, tmp_path, image, "conv3-1(pad=0, linear, init=sobel_x) > abs")
    assert upright[8, 8] == upright[8, 9] == 255  # at the edge between columns 9 and 10
    assert upright[10, 2] == 0
    flat = filtered(out, tmp_path, image, "conv3-1(pad=0, linear, init=sobel_y) > abs")
    assert flat[14, 3] > 0
    assert flat[9, 9] == 0
    text = "conv1x2-1(pad=0, linear, init=[[1, -1]]) > abs"
    simple = filtered(out, tmp_path, image, text)
    assert simple[8, 9] == 120
    assert simple[8, 2] == 0


def test_item_63_the_kernels_by_name() -> None:
    kernels = {
        name: netdsl.parse(f"3x3x1 > conv3-1(pad=0, init={name})").matrix("conv_1").array
        for name in ("sobel_x", "sobel_y", "laplace")
    }
    assert abs(kernels["sobel_x"]).tolist() == [[1, 0, 1, 2, 0, 2, 1, 0, 1]]
    assert abs(kernels["sobel_y"]).tolist() == [[1, 2, 1, 0, 0, 0, 1, 2, 1]]
    assert abs(kernels["laplace"]).tolist() == [[0, 1, 0, 1, 4, 1, 0, 1, 0]]
    assert all(kernel.sum() == 0 for kernel in kernels.values())
    angles = {
        angle: netdsl.parse(f"7x7x1 > conv7-1(pad=0, init=gabor({angle}))").matrix("conv_1").array
        for angle in (0, 90)
    }
    np.testing.assert_allclose(angles[0].reshape(7, 7), angles[90].reshape(7, 7).T, atol=1e-12)


def test_item_64_edges_alone_mislead_and_long_lines_do_not() -> None:
    """A field of short strokes has more upright edge than a row of towers, but fewer long lines."""
    rng = np.random.default_rng(0)
    town, land = np.zeros((40, 40)), np.zeros((40, 40))
    town[8:, 6:12] = town[4:, 20:25] = town[12:, 30:36] = 1
    land[rng.integers(0, 40, 400), rng.integers(0, 40, 400)] = 1
    edges = "40x40x1 > conv3-1(pad=0, linear, init=sobel_x) > abs"
    lines = f"{edges} > conv15x1-1(pad=0, linear, init={{1/15}}, bias_init=-2) > relu > gap"
    by_edge = [netdsl.parse(f"{edges} > gap").forward(x).last.item() for x in (town, land)]
    by_line = [netdsl.parse(lines).forward(x).last.item() for x in (town, land)]
    assert by_edge[0] < by_edge[1]
    assert by_line[0] > by_line[1]


def test_item_65_a_pattern_is_found_where_it_is() -> None:
    pattern = [[-1, 1, -1], [1, 1, 1], [-1, 1, -1]]  # a plus
    image = np.zeros((9, 9))
    image[4:7, 5] = image[5, 4:7] = 1
    found = np.array(given(f"9x9x1 > conv3-1(pad=0, linear, init={pattern})", image))
    assert np.unravel_index(found.argmax(), found.shape) == (4, 4)
    assert found.max() == 5
    colour = (
        "8x8x3 > conv2-1(pad=0, linear, init=[[[1, -1, 0], [0, 1, 0]], [[0, 0, 1], [1, 1, 1]]])"
    )
    x = np.zeros((8, 8, 3))
    x[2:4, 3:5] = [[[1, 0, 0], [0, 1, 0]], [[0, 0, 1], [1, 1, 1]]]
    assert np.unravel_index(np.argmax(given(colour, x)), (7, 7)) == (2, 3)
    assert netdsl.parse("8x8x8x1 > conv3-1(pad=0)").outputs[0].shape == (6, 6, 6, 1)


def test_item_66_the_convolution_theorem(out: Any) -> None:
    found = spectrum_of(begun(netdsl.parse("8x1 > conv3-1(convolve, init=[1, 2, 4])"), 0), "conv_1")
    x = np.array([3.0, 1, -2, 0, 5, 1, 1, 2])
    kernel = np.array([2.0, 4, 0, 0, 0, 0, 0, 1])  # its middle at 0
    product = np.fft.fft(x) * np.fft.fft(kernel)
    np.testing.assert_allclose(np.fft.ifft(product).real, found.circulant @ x, atol=1e-12)
    np.testing.assert_allclose(found.eigenvalues, np.fft.fft(kernel), atol=1e-12)
    text = printed(out, 'matrix "8x1 > conv3-1(init=[1, 2, 1])" conv_1 --fft')
    assert "diagonal in the basis of waves" in text
    assert "3.4142" in text


# --- 67 to 71: counts, fields, invariance ---------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("200x200x1 > fc-40000", 1_600_000_000),  # 67
        ("200x200x1 > local10-1(pad=tf)", 4_000_000),
        ("200x200x1 > conv10-100(pad=tf)", 10_000),
        ("28x28x1 > fc-576", 451_584),  # 68
        ("28x28x1 > conv5-1(pad=0)", 25),
        ("227x227x3 > conv11-1(pad=0)", 363),  # 69: 364 with its bias
        ("227x227x3 > conv11-96/4(pad=0)", 34_848),
    ],
)
def test_items_67_to_69_what_sharing_saves(text: str, weights: int) -> None:
    assert netdsl.parse(text).counts.weights == weights


def test_item_68_the_slide_s_ratio() -> None:
    dense, shared = (netdsl.parse(f"28x28x1 > {each}") for each in ("fc-576", "conv5-1(pad=0)"))
    assert dense.counts.weights // shared.counts.weights == 18_063  # "over 200,000 times"


def test_item_69_alexnet_s_first_layer() -> None:
    layer = netdsl.parse("227x227x3 > conv11-96/4(pad=0)")
    assert (layer.counts.params, layer.counts.acts) == (34_944, 290_400)
    unshared = netdsl.parse("227x227x3 > local11-96/4(pad=0)")
    assert unshared.counts.weights == 290_400 * 363  # 105 million
    dense = netdsl.parse("227x227x3 > fc-290400")
    assert dense.counts.weights == 154_587 * 290_400  # 44.9 thousand million


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_item_70_receptive_fields(layers: int, out: Any) -> None:
    size = 1 + layers * (3 - 1)
    text = printed(out, f'table "28x28x1 > (conv3-1 > relu) x{layers}" --columns rf --format csv')
    assert f"{size}x{size}" in text or f",{size}" in text


@pytest.mark.parametrize(
    ("text", "change", "verdict"),
    [
        ("16x16x1 > conv3-4(relu) > conv3-2", "shift", "moves with it"),
        ("16x16x1 > conv3-4 > pool", "shift", "moves with it"),
        ("16x16x1 > conv3-4 > fc-3", "shift", "no"),
        ("8x8x2 > conv1-3(relu) > gap > fc-2", "shift", "stays"),
        ("8x8x1 > conv3-2", "rotate90", "no"),
        ("6x4 > dense-5(relu) > gap > fc-2", "permute", "stays"),
        ("6x4 > attention(heads=2)", "permute", "moves with it"),
        ("6x4 > lstm-3", "permute", "no"),
    ],
)
def test_item_71_invariance_and_equivariance(text: str, change: str, verdict: str) -> None:
    assert {each.verdict for each in netdsl.parse(text).equivariance(change)} == {verdict}


# --- 74 to 76: pooling ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("4x1 > pool", [1, 5, -2, 3], [5, 3]),
        ("4x1 > avgpool2", [1, 5, -2, 3], [3, 0.5]),
        ("4x1 > l2pool2", [3, 4, 0, 2], [5, 2]),
        ("5x1 > pool3/2(pad=0)", [1, 5, -2, 3, 4], [5, 4]),
    ],
)
def test_item_74_kinds_of_pooling(text: str, x: list[int], expected: list[float]) -> None:
    network = netdsl.parse(text)
    assert network.counts.total == 0
    np.testing.assert_allclose(network.forward(x).last.ravel(), expected)


def test_item_74_pooling_over_features_and_at_random() -> None:
    features = netdsl.parse("1x4 > featpool2")
    np.testing.assert_allclose(features.forward([3, 4, 0, 2]).last.ravel(), [5, 2])
    assert netdsl.parse("4x4x1 > stochpool2").outputs[0].shape == (2, 2, 1)


def test_item_75_maximum_and_mean_of_2x2() -> None:
    x = [[29, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12, 12, 45, 6]]
    assert given("4x4x1 > pool", x) == [[100, 184], [12, 45]]
    assert given("4x4x1 > avgpool2", x) == [[36, 80], [12, 15]]
    as_drawn = [[31, *x[0][1:]], *x[1:]]  # the slide has 31 there, and 36 all the same
    assert given("4x4x1 > avgpool2", as_drawn)[0][0] == 36.5


def test_item_76_unpooling() -> None:
    x = [[1, 2], [3, 4]]
    nearest = [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    assert given("2x2x1 > up2", x) == nearest
    nails = [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]]
    assert given("2x2x1 > nails2", x) == nails
    text = "4x4x1 > pool as p > unpool(@p)"
    before = [[1, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]]
    assert given(text, before) == [[0, 0, 6, 0], [0, 5, 0, 0], [0, 0, 0, 0], [7, 0, 0, 8]]
