"""Arrays, matrices and spectra as lines of text: what is shown, and what is only counted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from netdsl import parse
from netdsl.errors import NetError
from netdsl.lab.equivariance import Equivariance, equivariance_text
from netdsl.lab.forward import examples_lines
from netdsl.lab.fourier import Spectrum, spectrum_json, spectrum_of, spectrum_text
from netdsl.lab.given import GivenArray, fitted, is_file, read_value, saved
from netdsl.lab.matrix import LayerMatrix, layer_matrix
from netdsl.lab.matrix_picture import MatrixPicture
from netdsl.lab.matrix_text import matrix_json, matrix_text
from netdsl.lab.show_arrays import array_lines, json_array, kernel_lines, number_text
from netdsl.lab.weighted import begun


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-0.0, "0"), (-1e-300, "-1e-300"), (1 / 3, "0.33333"), (123456, "1.2346e+05")],
)
def test_numbers(value: float, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("shape", "lines"),
    [
        ((), ["0"]),
        ((3,), ["0  1  2"]),
        ((3, 1), ["0  1  2"]),  # one channel: a line of positions
        ((2, 2), ["0  1", "2  3"]),
        ((2, 2, 1), ["0  1", "2  3"]),
        ((1, 2, 2), ["channel 0", "0  2", "channel 1", "1  3"]),
        ((2, 1, 2, 1), ["[0]", "0  1", "[1]", "2  3"]),
        ((2, 1, 1, 2), ["channel 0", "[0]", "0", "[1]", "2", "channel 1", "[0]", "1", "[1]", "3"]),
    ],
)
def test_arrays(shape: tuple[int, ...], lines: list[str]) -> None:
    assert array_lines(np.arange(math.prod(shape)).reshape(shape)) == lines


@pytest.mark.parametrize(
    ("shape", "last", "count"),
    [
        ((28, 2), "0  0", 28),
        ((29, 2), "... 1 rows more", 29),
        ((2, 28), "  ".join("0" * 28), 2),
        ((2, 29), "  ".join("0" * 28) + "  ... 1 more", 2),
        ((1, 2, 4), "0  0", 8),
        ((1, 2, 5), "... 1 channels more", 9),
        ((4, 1, 1, 1), "0", 8),
        ((5, 1, 1, 1), "... 1 more", 9),
    ],
)
def test_what_is_counted_of_an_array(shape: tuple[int, ...], last: str, count: int) -> None:
    lines = array_lines(np.zeros(shape))
    assert (lines[-1], len(lines)) == (last, count)


@pytest.mark.parametrize(
    ("shape", "first", "last", "count"),
    [
        ((2, 2), "0  1", "2  3", 2),
        ((1, 2, 1, 1), "0  1", "0  1", 1),
        ((1, 2, 1, 2), "filter 0", "1  3", 4),
        ((1, 1, 1, 4), "filter 0", "3", 8),
        ((1, 1, 1, 5), "filter 0", "... 1 filters more", 9),
    ],
)
def test_kernels(shape: tuple[int, ...], first: str, last: str, count: int) -> None:
    lines = kernel_lines(np.arange(math.prod(shape)).reshape(shape))
    assert (lines[0], lines[-1], len(lines)) == (first, last, count)


@pytest.mark.parametrize(
    ("count", "first", "last", "lines"),
    [
        (1, "1  2", "1  2", 1),  # a single example is not numbered
        (2, "example 0", "1  2", 4),
        (8, "example 0", "1  2", 16),
        (9, "example 0", "... 1 examples more", 17),
    ],
)
def test_examples(count: int, first: str, last: str, lines: int) -> None:
    found = examples_lines(np.tile([1.0, 2.0], (count, 1)))
    assert (found[0], found[-1], len(found)) == (first, last, lines)


def test_arrays_for_json() -> None:
    assert json_array([[1, math.nan], [math.inf, -2.5]]) == [[1.0, None], [None, -2.5]]
    assert json_array(np.arange(2)) == [0, 1]


# --- matrices -------------------------------------------------------------------------------------


def matrix(array: Any, shared: Any = None, weights: int = 0) -> LayerMatrix:
    array = np.asarray(array, float)
    shared = None if shared is None else np.asarray(shared)
    shapes = (array.shape[1],), (array.shape[0],)
    return LayerMatrix("fc_1", "fc-2", *shapes, array, shared, weights)


def test_a_matrix() -> None:
    found = matrix([[1.0, 0.0], [0.0, -2.5]], [[1, 0], [2, 3]], 3)
    title = "fc_1  fc-2  2 to 2: 2x2, 3 of 4 entries filled, made of 3 weights"
    assert matrix_text(found).splitlines() == [title, "", "1     .", "0  -2.5"]
    alone = matrix([[1.0, 0.0], [0.0, -2.5]])
    title = "fc_1  fc-2  2 to 2: 2x2, 2 of 4 entries filled"
    assert matrix_text(alone).splitlines() == [title, "", "1     .", ".  -2.5"]
    assert matrix_json(alone)["shared"] is None
    assert matrix_json(found)["shared"] == [[1, 0], [2, 3]]
    assert (matrix_json(found)["input"], matrix_json(found)["weights"]) == ([2], 3)
    assert matrix_json(matrix([[1.0, 0.0]]))["output"] == [1]


@pytest.mark.parametrize(
    ("rows", "columns", "last", "cells"),
    [
        (60, 40, "  ".join("1" * 40), 40),
        (61, 40, "... 1 rows more", 40),
        (60, 41, "  ".join("1" * 40) + "  ... 1 more", 43),
    ],
)
def test_a_large_matrix(rows: int, columns: int, last: str, cells: int) -> None:
    lines = matrix_text(matrix(np.ones((rows, columns)))).splitlines()
    assert lines[-1] == last
    assert len(lines) == 2 + rows
    assert len(lines[2].split()) == cells


@pytest.mark.parametrize(
    ("rows", "columns", "fits"), [(256, 1, True), (1, 256, True), (257, 1, False), (1, 257, False)]
)
def test_the_largest_matrix_that_is_drawn(rows: int, columns: int, fits: bool) -> None:
    array = np.ones((rows, columns))
    if not fits:
        with pytest.raises(NetError, match=f"is {rows}x{columns}; at most 256x256"):
            matrix(array).draw()
        return
    assert matrix(array).draw().svg.count("<rect") == 2 + array.size


def test_cells_of_a_picture() -> None:
    """Empty ones are left out; a weight that is 0 is one; more than 24 columns have no numbers."""
    array, shared = np.array([[0.0, 0.0], [2.0, 0.5]]), np.array([[0, 1], [2, 2]])
    svg = MatrixPicture(array, shared, "a & b").svg
    assert "<title>a &amp; b</title>" in svg
    cells = [part.split('"/>')[0] for part in svg.split("<rect ")[2:-1]]
    assert [cell.split(' width="')[0] for cell in cells] == [
        'x="68.0" y="64.0"',
        'x="24.0" y="108.0"',
        'x="68.0" y="108.0"',
    ]
    assert [cell.split('fill="')[1] for cell in cells] == ["#9ac3ea", "#ea9aac", "#ea9aac"]
    assert [part.split("<")[0] for part in svg.split('fill="#222">')[1:]] == ["0", "2", "0.5"]
    plain = MatrixPicture(array, None, "").svg
    assert plain.count('fill="#b8c4d6"') == 2
    assert MatrixPicture(np.ones((1, 24)), None, "").svg.count("<text") == 25
    assert MatrixPicture(np.ones((1, 25)), None, "").svg.count("<text") == 1


@pytest.mark.parametrize(
    ("columns", "side"), [(1, 44.0), (20, 44.0), (45, 20.0), (225, 4.0), (256, 900 / 256)]
)
def test_the_size_of_a_picture(columns: int, side: float) -> None:
    svg = MatrixPicture(np.ones((2, columns)), None, "t" * 10).svg
    wide = max(columns * side, 72) + 48
    assert f'width="{wide:.0f}" height="{2 * side + 88:.0f}"' in svg
    assert f'width="{columns * side:.1f}" height="{2 * side:.1f}" fill="none"' in svg


def test_what_shares_weights_and_what_is_tied() -> None:
    shared = begun(parse("let f = fc-2(linear, init=[[1, 2], [3, 4]])\n2 > f > f"), 0)
    for name in ("f_fc_1", "f_1_fc_1"):
        assert layer_matrix(shared, name).array.tolist() == [[1, 2], [3, 4]]
    text = "3 > fc-2(linear, init=[[1, 2, 3], [4, 5, 6]]) as a > fc-3(linear) as b"
    tied = begun(parse(f"{text}\ntie b = transpose a"), 0)
    assert layer_matrix(tied, "a").array.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert layer_matrix(tied, "b").array.tolist() == [[1, 4], [2, 5], [3, 6]]


# --- waves ----------------------------------------------------------------------------------------


def test_a_spectrum() -> None:
    found = spectrum_of(begun(parse("4x1 > conv3-1(init=[0, 1, 1])"), 0), "conv_1")
    assert spectrum_text(found).splitlines() == [
        "conv_1 as a circular convolution on 4: diagonal in the basis of waves",
        "",
        "frequency  eigenvalue    size",
        "-----------------------------",
        "        0      2 + 0i       2",
        "        1      1 + 1i  1.4142",
        "        2      0 + 0i       0",
        "        3      1 - 1i  1.4142",
    ]
    values = spectrum_json(found)
    assert (values["name"], values["positions"]) == ("conv_1", [4])
    assert values["imaginary"] == pytest.approx([0, 1, 0, -1])


@pytest.mark.parametrize(
    ("count", "more"), [(32, ""), (33, "... 1 more"), (1033, "... 1,001 more")]
)
def test_frequencies_that_are_listed(count: int, more: str) -> None:
    found = Spectrum("c", (count,), np.eye(count), np.ones(count, complex), 1e-8)
    lines = spectrum_text(found).splitlines()
    assert lines[0].endswith("basis of waves, but for 1.0e-08")
    assert len(lines) == 4 + 32 + bool(more)
    assert (lines[-1] == more) == bool(more)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1 - 6e-12j, ["1", "-", "6e-12i", "1"]),
        (1 - 4e-12j, ["1", "+", "0i", "1"]),
        (1 + 6e-12j, ["1", "+", "6e-12i", "1"]),
        (-6e-12 - 2j, ["-6e-12", "-", "2i", "2"]),
        (4e-12 + 2j, ["0", "+", "2i", "2"]),
    ],
)
def test_rounding_of_an_eigenvalue_is_not_shown(value: complex, shown: list[str]) -> None:
    text = spectrum_text(Spectrum("c", (1,), np.eye(1), np.array([value]), 0.0))
    assert text.splitlines()[-1].split() == ["0", *shown]


@pytest.mark.parametrize(("left", "said"), [(1e-9, ", but for 1.0e-09"), (0.9e-9, "")])
def test_what_is_left_off_the_diagonal(left: float, said: str) -> None:
    text = spectrum_text(Spectrum("c", (1, 2), np.eye(2), np.array([[3 + 4j, -1]]), left))
    assert text.splitlines() == [
        f"c as a circular convolution on 1x2: diagonal in the basis of waves{said}",
        "",
        "size of the eigenvalue by frequency, the lowest first",
        "5  1",
    ]


def test_the_most_positions_of_waves(monkeypatch: pytest.MonkeyPatch) -> None:
    from netdsl.lab import fourier

    monkeypatch.setattr(fourier, "POSITIONS", 10)
    subject = begun(parse("10x1 > conv3-1(init=1)"), 0)
    assert spectrum_of(subject, "conv_1").positions == (10,)
    with pytest.raises(NetError, match="has 11 positions; at most 10"):
        spectrum_of(begun(parse("11x1 > conv3-1(init=1)"), 0), "conv_1")


# --- what is given --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "given", "expected"),
    [
        ((2,), (2,), (1, 2)),
        ((2,), (4,), (2, 2)),
        ((2,), (2, 2), (2, 2)),
        ((2,), (1, 2), (1, 2)),
        ((2,), (4, 1), None),
        ((2,), (2, 1), (1, 2)),
        ((2,), (3,), None),
        ((2,), (0,), None),
        ((2, 2), (4,), (1, 2, 2)),
        ((2, 2), (2, 2), (1, 2, 2)),
        ((2, 2), (3, 2, 2), (3, 2, 2)),
        ((2, 2), (3, 4), (3, 2, 2)),
        ((2, 2), (4, 3), None),
        ((2, 2), (1, 1, 2, 2), (1, 2, 2)),
        ((2, 2), (2, 1, 2, 2), (2, 2, 2)),
        ((2, 2), (1, 2, 2, 2), None),
    ],
)
def test_numbers_that_fit(shape: Any, given: Any, expected: Any) -> None:
    (port,) = parse(f"{'x'.join(map(str, shape))} > relu").graph.inputs
    array = np.arange(float(math.prod(given))).reshape(given)
    if expected is None:
        with pytest.raises(NetError) as caught:
            fitted(GivenArray(array, "it"), port)
        assert caught.value.code == "N518"
    else:
        found = fitted(GivenArray(array, "it"), port)
        assert found.shape == expected
        assert found.reshape(-1).tolist() == array.reshape(-1).tolist()


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("1 2 3", (3,)),
        ("1;2;3", (3, 1)),
        ("1 2; 3", (3,)),
        ("1 2;", (2,)),
        ("[1 2] [3 4]", (4,)),
        ("[[1 2]]", (2,)),
        ("[[1] [2]]", (2, 1)),
        ("[[1 2] [3]]", (3,)),
        ("[1; 2]", (2, 1)),
        ("((1, 2, 3), (4, 5, 6))", (2, 3)),
    ],
)
def test_the_layout_of_a_text(text: str, shape: tuple[int, ...]) -> None:
    assert read_value(text).array.shape == shape


@pytest.mark.parametrize("index", [-1, 5])
def test_indices_have_ends(index: int) -> None:
    (port,) = parse("2 of int(5) > embed-2").graph.inputs
    found = fitted(read_value("0 4"), port)
    assert (found.tolist(), found.dtype.kind) == ([[0, 4]], "i")
    with pytest.raises(NetError, match=f"from 0 to 4, not {index}"):
        fitted(read_value(f"0 {index}"), port)


@pytest.mark.parametrize(
    ("value", "file"),
    [("a.npy", True), ("A.PNG", True), ("a.csv", True), ("1 2", False), ([1], False), ("a", False)],
)
def test_what_names_a_file(value: Any, file: bool) -> None:
    assert is_file(value) == file


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [
        (["a"], "N517", "not numbers"),
        ([[1], [1, 2]], "N517", "is not an array"),
        ([math.inf], "N517", "not finite"),
        ([1j], "N517", "complex128"),
    ],
)
def test_arrays_that_are_not_numbers(value: Any, code: str, said: str) -> None:
    with pytest.raises(NetError, match=said) as caught:
        read_value(value)
    assert caught.value.code == code


def test_arrays_of_truth_values_are_numbers() -> None:
    assert read_value([True, False]).array.tolist() == [1.0, 0.0]
    assert read_value([3]).called == "the array"
    assert read_value("3").called == "'3'"


def test_how_many_numbers_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from netdsl.lab import given

    monkeypatch.setattr(given, "NUMBERS", 3)
    assert read_value([1, 2, 3]).array.size == 3
    assert read_value("1 2 3").array.size == 3
    for value in ([1, 2, 3, 4], "1 2 3 4", " " * 61):
        with pytest.raises(NetError, match="at most 3") as caught:
            read_value(value)
        assert caught.value.code == "N670"


@pytest.mark.parametrize(
    ("shape", "pixels", "fits"),
    [
        ((1, 2, 3), (2, 3), True),
        ((1, 2, 3, 1), (2, 3), True),
        ((1, 2, 2, 3), (2, 2, 3), True),
        ((1, 2, 2, 2), None, False),
        ((2, 2, 3, 1), None, False),
        ((1, 4), None, False),
    ],
)
def test_arrays_that_are_images(shape: Any, pixels: Any, fits: bool, tmp_path: Any) -> None:
    from PIL import Image as pillow

    array = np.linspace(-0.5, 1.5, math.prod(shape)).reshape(shape)
    if not fits:
        with pytest.raises(NetError, match="an image") as caught:
            saved(array, tmp_path / "a.png")
        assert caught.value.code == "N518"
        assert ("1 example of" in str(caught.value)) == (shape[0] == 1)
        return
    saved(array, tmp_path / "a.png")
    found = np.asarray(pillow.open(tmp_path / "a.png"))
    assert found.shape == pixels
    expected = np.rint(np.clip(array, 0, 1) * 255).reshape(pixels)
    assert np.array_equal(found, expected)


# --- whether an output moves with its input -------------------------------------------------------


def test_a_table_of_moves() -> None:
    rows = [
        Equivariance("out", "shift by 2 along h", "no", 0.125, (1, 2, 0), 0.5, 2.0),
        Equivariance("other", "shift by 2 along h", "stays", 1e-17, (0,), None, 2.0),
    ]
    assert equivariance_text(rows).splitlines() == [
        "output  change                     largest difference  at         at the borders",
        "-" * 80,
        "out     shift by 2 along h  no              0.12 of 2  [1, 2, 0]             0.5",
        "other   shift by 2 along h  stays              0 of 2",
    ]
