"""From examples to what a network takes, in NumPy: shapes, ranges, images, columns, dates."""

from __future__ import annotations

import dataclasses
import math
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from netdsl.errors import NetError, Source, Span
from netdsl.training.preparation.columns import ColumnTransform, TableTransform
from netdsl.training.preparation.dates import date_text, part_values, usual_parts
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import LABELS, TAGS, VALUES, OutputTransform
from netdsl.training.preparation.ranges import check_indices, fractional_value, scan
from netdsl.training.preparation.resize import centre_cut, cut, resized, with_channels
from netdsl.training.preparation.rows import pieces
from netdsl.training.preparation.shapes import fits, fits_indices, misfit, needs_resize, size
from netdsl.training.preparation.transforms import Preparation, as_plain, from_plain

SPAN = Span(Source("recipe.yaml", "data: a.npz"), 6, 11)

# --- shapes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("example", "expected", "resize", "fit"),
    [
        ((8, 8), (8, 8, 1), False, True),
        ((8, 8, 1), (8, 8, 1), False, True),
        ((9, 8), (8, 8, 1), True, True),
        ((9, 8), (8, 8, 3), True, True),
        ((9, 8, 3), (8, 8, 1), True, True),
        ((9, 8, 3), (8, 8, 3), True, True),
        ((9, 8, 2), (8, 8, 3), True, False),
        ((9, 8, 2), (8, 8, 2), True, True),
        ((9, 8, 1), (8, 8, 2), True, False),
        ((8, 8), (8, 8, 3), True, True),
        ((0, 8), (8, 8, 1), True, False),
        ((64,), (8, 8, 1), False, True),
        ((63,), (8, 8, 1), False, False),
        ((8, 8), (64,), False, True),
        ((8, 8), (63,), False, False),
        ((), (1,), False, True),
        ((), (2,), False, False),
        ((4,), (4,), False, True),
        ((4, 2), (4, 2), False, True),
        ((4, 2), (2, 4), False, False),
        ((4, 2), (4, 2, 1), False, True),
        ((2, 2, 2, 3), (8, 3, 1), False, False),
        ((2, 2, 2, 3), (2, 2, 2, 3), False, True),
        ((2, 2, 2), (2, 2, 2, 1), False, True),
    ],
)
def test_shapes_that_fit(example: Any, expected: Any, resize: bool, fit: bool) -> None:
    assert (needs_resize(example, expected), fits(example, expected)) == (resize, fit)


def test_shapes_of_indices() -> None:
    assert [fits_indices(one, (4, 1)) for one in ((4,), (4, 1), (2, 2))] == [True, True, False]
    assert [fits_indices(one, (4,)) for one in ((4,), (4, 1), ())] == [True, False, False]
    assert fits_indices((), (1,))
    assert (size((8, 8, 1)), size(())) == ("8x8x1", "single numbers")


@pytest.mark.parametrize(
    ("example", "help"), [((5,), "a network with the input 5"), ((5, 2), "res")]
)
def test_the_way_out_of_a_misfit(example: Any, help: str) -> None:
    problem = misfit(example, (4,), "x").diagnostics[0]
    assert "examples of 5" in problem.message
    assert help in problem.help


# --- ranges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "found"),
    [
        ([[1, 2], [0, 5]], (0, 5, None, None)),
        ([[1.0, 2.0], [0.5, 5.0]], (0.5, 5.0, None, 1)),
        ([[1.0, 2.0], [3.0, np.inf]], (1.0, np.inf, 1, None)),
        ([[1.5], [2.5], [3.0]], (1.5, 3.0, None, 0)),
        ([[1.0], [1e39], [3.0]], (1.0, 1e39, 1, None)),  # beyond 32 bits
    ],
)
@pytest.mark.parametrize("piece", [1, 1 << 24])
def test_what_is_found_of_values(
    array: Any, found: Any, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netdsl.training.preparation.rows.CHUNK", piece)
    assert scan(np.array(array)) == found


def test_limits_that_are_known_are_not_read() -> None:
    class Known:
        limits = (0, 255)

    assert scan(Known()) == (0.0, 255.0, None, None)  # type: ignore[arg-type]


def test_pieces_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.training.preparation.rows.CHUNK", 7)
    array = np.arange(10).reshape(5, 2)
    assert [(start, piece.tolist()) for start, piece in pieces(array)] == [
        (0, [[0, 1], [2, 3], [4, 5]]),
        (3, [[6, 7], [8, 9]]),
    ]
    assert [start for start, _ in pieces(np.zeros((2, 9)))] == [0, 1]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([[0, 4]], ""),
        ([[0, 1], [2, 5]], "holds 5 in row 1; the network's input requires integers from 0 to 4"),
        ([[0, -1]], "holds -1 in row 0"),
        ([[0.0, 4.0]], ""),
        ([[0.0, 1.5]], "holds 1.5 in row 0"),
    ],
)
def test_indices(rows: Any, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.training.preparation.rows.CHUNK", 2)
    if not said:
        check_indices(np.array(rows), 5, "x")
        return
    with pytest.raises(NetError, match=said) as caught:
        check_indices(np.array(rows), 5, "x")
    assert caught.value.code == "N527"
    assert "`of int(5)`" in caught.value.diagnostics[0].help
    assert fractional_value(np.array([[1.0, 2.5, 3.5]]), 0) == 2.5


# --- images ---------------------------------------------------------------------------------------


def test_channels_of_images() -> None:
    grey = np.arange(8.0).reshape(2, 2, 2)
    assert with_channels(np, grey, 1).shape == (2, 2, 2, 1)
    assert (with_channels(np, grey, 3) == grey[..., None]).all()
    colour = np.eye(3).reshape(1, 1, 3, 3)
    np.testing.assert_allclose(with_channels(np, colour, 1)[0, 0, :, 0], [0.299, 0.587, 0.114])
    assert with_channels(np, colour, 3) is colour


def test_sizes_of_images() -> None:
    row = np.array([0.0, 3.0]).reshape(1, 1, 2, 1)
    assert resized(row, 1, 2).reshape(-1).tolist() == [0, 3]
    np.testing.assert_allclose(resized(row, 1, 4).reshape(-1), [0, 0.75, 2.25, 3])
    line = np.arange(4.0).reshape(1, 4, 1, 1)
    # a pixel is averaged over what it covers, by distance: weights 1/4, 3/4, 3/4, 1/4 within
    np.testing.assert_allclose(resized(line, 2, 1).reshape(-1), [5 / 7, 16 / 7], rtol=1e-6)
    assert resized(np.ones((2, 5, 7, 3)), 3, 4).shape == (2, 3, 4, 3)
    np.testing.assert_allclose(resized(np.ones((1, 5, 7, 1)), 3, 4), 1, rtol=1e-6)


def test_cuts_of_images() -> None:
    images = np.arange(32.0).reshape(2, 4, 4, 1)
    found = cut(images, (2, 1), np.array([[0, 3], [2, 1]]))
    assert found[..., 0].tolist() == [[[3], [7]], [[25], [29]]]
    assert centre_cut(images, (2, 2))[0, ..., 0].tolist() == [[5, 6], [9, 10]]
    assert centre_cut(images, (1, 3))[0, ..., 0].tolist() == [[4, 5, 6]]


BYTES = InputTransform("x", (4, 4), True, 255.0, True, (4, 4, 1))
SCALED = InputTransform("x", (3,), False, 4.0, False, (3,))
WORDS = InputTransform("x", (3,), True, 1.0, False, (3,), vocabulary=9)
WIDE = dataclasses.replace(BYTES, crop_from=8)


@pytest.mark.parametrize(
    ("input", "x", "only"),
    [
        (BYTES, np.zeros((2, 4, 4), np.uint8), True),
        (BYTES, np.zeros((2, 4, 4), np.float32), False),
        (BYTES, np.zeros((2, 4, 5), np.uint8), False),
        (dataclasses.replace(BYTES, shape=(8, 8, 1)), np.zeros((2, 4, 4), np.uint8), False),
        (dataclasses.replace(BYTES, shape=(16,)), np.zeros((2, 4, 4), np.uint8), True),
        (WIDE, np.zeros((2, 4, 4), np.uint8), False),
        (WORDS, np.zeros((2, 3), np.uint8), False),
    ],
)
def test_bytes_that_stay_bytes(input: InputTransform, x: Any, only: bool) -> None:
    assert input.only_divides(x) == only
    if input is not WIDE:
        assert (input.values(x, divided=False).dtype == np.uint8) == only
        assert input.values(x).dtype == (np.int32 if input is WORDS else np.float32)


def test_values_of_inputs() -> None:
    x = np.arange(16, dtype=np.uint8).reshape(1, 4, 4) * 17
    np.testing.assert_allclose(BYTES.values(x), np.arange(16).reshape(1, 4, 4, 1) / 15, rtol=1e-6)
    signed = dataclasses.replace(BYTES, signed=True)
    np.testing.assert_allclose(signed.values(x), BYTES.values(x) * 2 - 1, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(signed.unmapped(signed.values(x)), BYTES.values(x), atol=1e-6)
    assert (BYTES.mapped(3.0), BYTES.unmapped(3.0)) == (3.0, 3.0)
    assert SCALED.values(np.array([[4.0, 8.0, 2.0]])).tolist() == [[1.0, 2.0, 0.5]]
    assert WORDS.values(np.array([[4.0, 8.0, 2.0]])).tolist() == [[4, 8, 2]]
    large = dataclasses.replace(BYTES, shape=(8, 8, 3))
    assert large.values(x).shape == (1, 8, 8, 3)
    other = np.zeros((1, 6, 6), np.uint8)  # comes to the network as the examples did
    assert large.values(other).shape == (1, 8, 8, 3)


@pytest.mark.parametrize(
    ("shape", "crop", "sides"),
    [
        ((4, 4, 1), 8, (8, 8)),
        ((4, 6, 1), 8, (8, 12)),
        ((4, 2, 1), 6, (6, 3)),
        ((4, 3, 1), 5, (5, 4)),
    ],
)
def test_images_that_are_cut(shape: Any, crop: int, sides: Any) -> None:
    input = dataclasses.replace(BYTES, shape=shape, crop_from=crop)
    assert (input.uncut.shape, input.uncut.crop_from) == ((*sides, 1), 0)
    assert BYTES.uncut is BYTES
    x = np.random.default_rng(0).integers(0, 255, (2, 4, 4)).astype(np.uint8)
    top, left = (sides[0] - shape[0]) // 2, (sides[1] - shape[1]) // 2
    middle = input.uncut.values(x)[:, top : top + shape[0], left : left + shape[1]]
    np.testing.assert_array_equal(input.values(x), middle)


@pytest.mark.parametrize(
    ("input", "given", "accepted"),
    [
        (BYTES, (4, 4), True),
        (BYTES, (9, 7), True),
        (BYTES, (9, 7, 1), True),
        (BYTES, (9, 7, 3), True),
        (BYTES, (9, 7, 2), False),
        (BYTES, (16,), True),
        (BYTES, (15,), False),
        (dataclasses.replace(BYTES, unit=False), (9, 7), False),
        (dataclasses.replace(BYTES, example=(4, 4, 3), shape=(4, 4, 3)), (9, 7), True),
        (SCALED, (3,), True),
        (SCALED, (4,), False),
        (WORDS, (3,), True),
        (WORDS, (3, 1), False),
        (dataclasses.replace(WORDS, shape=(3, 1)), (3,), True),
    ],
)
def test_shapes_that_are_accepted(input: InputTransform, given: Any, accepted: bool) -> None:
    assert input.accepts(given) == accepted
    if accepted:
        input.check_shape(given, "x")
    else:
        with pytest.raises(NetError) as caught:
            input.check_shape(given, "x", SPAN)
        assert (caught.value.code, caught.value.diagnostics[0].span) == ("N518", SPAN)
        assert ("indices" in str(caught.value)) == bool(input.vocabulary)


@pytest.mark.parametrize(
    ("input", "x", "said"),
    [
        (BYTES, np.zeros((2, 4, 4), np.uint8), ""),
        (BYTES, np.zeros((2, 4, 4)), ""),
        (BYTES, np.full((2, 4, 4), 0.5), "holds 0.5 in row 0; the network was trained on integers"),
        (SCALED, np.zeros((2, 3)), ""),
        (SCALED, np.zeros((2, 3), int), "holds int64 numbers; the network was trained on floats"),
        (SCALED, np.zeros((2, 3), bool), "holds bool numbers"),
        (WORDS, np.zeros((2, 3)), ""),
    ],
)
def test_the_kind_of_numbers(input: InputTransform, x: Any, said: str) -> None:
    if not said:
        input.check(x, "x")
        return
    with pytest.raises(NetError, match=said) as caught:
        input.check(x, "x", SPAN)
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.span) == ("N517", SPAN)
    if x.dtype.kind in "ib":
        units = "convert them with x.astype('float32'), in the units of the training data"
        assert problem.help == units


@pytest.mark.parametrize(
    ("unit", "scale", "help"),
    [(True, 255.0, "(x * 255).round()"), (True, 1.0, ": x.round()"), (False, 4.0, ": x.round()")],
)
def test_how_floats_become_integers(unit: bool, scale: float, help: str) -> None:
    input = dataclasses.replace(BYTES, unit=unit, scale=scale)
    with pytest.raises(NetError) as caught:
        input.check(np.full((1, 4, 4), 0.5), "x")
    assert help in caught.value.diagnostics[0].help


@pytest.mark.parametrize(
    ("input", "values", "said"),
    [
        (BYTES, [0, 255], ""),
        (BYTES, [0, 256], "from 0 to 256; the network was trained on 0 to 255"),
        (BYTES, [-1, 255], "from -1 to 255"),
        (dataclasses.replace(BYTES, unit=False), [-9, 999], ""),
        (dataclasses.replace(SCALED, unit=True), [-9, 999], ""),
        (dataclasses.replace(SCALED, unit=True, whole=True), [0, 5], "0 to 4"),
        (WORDS, [0, 8], ""),
        (WORDS, [0, 9], "from 0 to 8"),
    ],
)
def test_the_range_of_numbers(input: InputTransform, values: Any, said: str) -> None:
    x = np.resize(np.array(values), (2, *input.example))
    if not said:
        input.check_range(x, "x")
        return
    with pytest.raises(NetError, match=said) as caught:
        input.check_range(x, "x", SPAN)
    assert caught.value.diagnostics[0].span == SPAN


@pytest.mark.parametrize(
    ("input", "given", "expected"),
    [
        (BYTES, (4, 4), (4, 4)),
        (BYTES, (9, 7), (4, 4)),
        (BYTES, (9, 7, 3), (4, 4)),
        (BYTES, (16,), (4, 4)),
        (dataclasses.replace(BYTES, example=(4, 4, 3), shape=(4, 4, 1)), (16,), (4, 4, 3)),
        (SCALED, (3, 1), (3,)),
        (WORDS, (3,), (3,)),
        (dataclasses.replace(WORDS, shape=(3, 1)), (3, 1), (3, 1)),
        (dataclasses.replace(SCALED, example=(12,), shape=(4, 4, 1)), (9, 7), (4, 4, 1)),
        (dataclasses.replace(SCALED, example=(12,), shape=(4, 4, 1)), (4, 4), (4, 4, 1)),
    ],
)
def test_examples_that_are_made_alike(input: InputTransform, given: Any, expected: Any) -> None:
    assert input.alike(np.zeros((2, *given), np.float32)).shape == (2, *expected)


def test_numbers_in_a_row_are_the_pixels_of_an_example() -> None:
    x = np.arange(32, dtype=np.float32).reshape(2, 16)
    input = dataclasses.replace(BYTES, example=(2, 8), shape=(4, 4, 1))
    assert np.array_equal(input.alike(x), x.reshape(2, 2, 8))


# --- columns --------------------------------------------------------------------------------------

COLOURS = ColumnTransform("colour", "category", categories=("red", "blue"))
SIZES = ColumnTransform("size", "ordinal", categories=("S", "M", "L"))
DAYS = ColumnTransform("day", "date", "elapsed")
MONTHS = ColumnTransform("day", "date", "month")
WORDED = ColumnTransform("text", "text", categories=("a",), length=5)
PLACES = ColumnTransform("word", "category", categories=("a", "b"), length=1)
NUMBER = ColumnTransform("age")


@pytest.mark.parametrize(
    ("column", "one_hot", "fixed", "coded", "from_text", "width", "label"),
    [
        (NUMBER, False, False, False, False, 1, "age"),
        (ColumnTransform("n", "ordinal"), False, False, False, False, 1, "n"),
        (SIZES, False, False, True, True, 1, "size"),
        (COLOURS, True, True, True, True, 2, "colour"),
        (PLACES, False, True, True, True, 1, "word"),
        (DAYS, False, False, False, True, 1, "day (elapsed)"),
        (MONTHS, False, False, False, True, 2, "day (month)"),
        (WORDED, False, True, False, True, 5, "text"),
    ],
)
def test_what_a_column_is(
    column: ColumnTransform,
    one_hot: bool,
    fixed: bool,
    coded: bool,
    from_text: bool,
    width: int,
    label: str,
) -> None:
    found = (column.one_hot, column.fixed, column.coded, column.from_text)
    assert found == (one_hot, fixed, coded, from_text)
    assert (column.width, column.label) == (width, label)


@pytest.mark.parametrize(
    ("column", "cell", "text"),
    [
        (NUMBER, 1234567.0, "1.23457e+06"),
        (NUMBER, math.nan, "missing"),
        (COLOURS, 1.0, "blue"),
        (SIZES, 2.0, "L"),
        (DAYS, 1.0, "1970-01-02"),
        (MONTHS, 1.5, "1970-01-02 12:00"),
    ],
)
def test_cells_that_are_shown(column: ColumnTransform, cell: float, text: str) -> None:
    assert column.shown(cell) == text


def test_statistics_of_a_column() -> None:
    found = NUMBER.fitted(np.array([1.0, math.nan, 3.0, 8.0]))
    filled = np.array([1.0, 3.0, 3.0, 8.0])
    assert (found.median, found.mean) == (3.0, filled.mean())
    assert found.deviation == pytest.approx(filled.std())
    np.testing.assert_allclose(
        found.numbers(np.array([math.nan, 8.0]))[:, 0],
        (np.array([3.0, 8.0]) - filled.mean()) / filled.std(),
        rtol=1e-6,
    )
    assert NUMBER.fitted(np.array([5.0, 5.0])).deviation == 1.0
    assert np.full(1000, 0.1).std() > 0  # of rounding errors
    assert NUMBER.fitted(np.full(1000, 0.1)).deviation == 1.0
    assert NUMBER.fitted(np.array([math.nan])) is NUMBER
    assert COLOURS.fitted(np.array([0.0, 1.0])) is COLOURS
    assert WORDED.fitted(np.array([0.0, 1.0])) is WORDED
    years = ColumnTransform("day", "date", "year").fitted(np.array([0.0, 365.0]))
    assert (years.mean, years.median) == (1970.5, 182.5)


def test_numbers_of_columns() -> None:
    assert COLOURS.numbers(np.array([1.0, math.nan, 0.0])).tolist() == [[0, 1], [0, 0], [1, 0]]
    july = ColumnTransform("day", "date", "hour").numbers(np.array([0.25, 0.5]))
    np.testing.assert_allclose(july, [[1, 0], [0, -1]], atol=1e-6)


def table(*columns: ColumnTransform, **more: Any) -> TableTransform:
    return TableTransform(columns, ("y",), **more)


def test_a_table_in_words() -> None:
    found = table(NUMBER, COLOURS, MONTHS, left_out=("id", "note"))
    assert (found.width, found.widths) == (5, {"age": 1, "colour": 2, "day": 2})
    assert found.description == "5 numbers: age, colour as 2, day as 2, without id, note"
    assert table(NUMBER).description == "1 number: age"
    two = table(DAYS, MONTHS)
    assert (two.width, two.widths) == (3, {"day": 3})
    many = [ColumnTransform(str(at)) for at in range(21)]
    assert table(*many[:20]).description.endswith("17, 18, 19")
    assert table(*many).description == (
        "21 numbers: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ... (6 more), 16, 17, 18, 19, 20"
    )
    left = tuple("abcdef")
    assert table(NUMBER, left_out=left[:5]).description.endswith(", without a, b, c, d, e")
    assert table(NUMBER, left_out=left).description.endswith(", without a, b, c, d, e, ...")
    numbered = table(*(ColumnTransform(name) for name in ("10", "9", "2")), left_out=("1",))
    assert numbered.numbered == ["1", "2", "9", "10"]


def test_rows_of_a_table() -> None:
    rows = np.array([[1.0, 0.0], [3.0, 1.0]])
    empty = np.array([[math.nan, 0.0], [math.nan, 1.0]])
    found = table(NUMBER, COLOURS).fitted(rows, empty)
    assert found.encode(rows).tolist() == [[-1, 1, 0], [1, 0, 1]]
    other = table(NUMBER, COLOURS).fitted(empty, rows)
    assert other.columns[0] == found.columns[0]
    assert table().encode(rows).shape == (2, 0)


# --- dates ----------------------------------------------------------------------------------------


def days(*texts: str) -> Any:
    begin = datetime(1970, 1, 1)
    return np.array([(datetime.fromisoformat(t) - begin).total_seconds() / 86_400 for t in texts])


@pytest.mark.parametrize(
    ("texts", "parts"),
    [
        (("2024-01-01", "2024-01-03"), ("elapsed",)),
        (("2024-01-01", "2024-01-07"), ("elapsed",)),
        (("2024-01-01", "2024-01-08"), ("elapsed", "weekday")),
        (("2024-01-01", "2024-02-01"), ("elapsed",)),  # all on one day of the month
        (("2023-01-01", "2023-12-31"), ("elapsed", "weekday")),
        (("2023-01-01", "2024-01-01"), ("elapsed", "month")),
        (("2023-01-01", "2024-01-02"), ("elapsed", "month", "weekday")),
        (("2024-01-01 06:00", "2024-01-01 07:00"), ("elapsed", "hour")),
    ],
)
def test_parts_of_dates_that_are_of_use(texts: tuple[str, ...], parts: tuple[str, ...]) -> None:
    assert usual_parts(days(*texts)) == parts


@pytest.mark.parametrize(
    ("text", "part", "value"),
    [
        ("1970-01-02 12:00", "elapsed", 1.5),
        ("2024-03-01", "year", 2024),
        ("1969-12-31", "year", 1969),
        ("2024-01-01", "weekday", 0),  # a Monday
        ("2024-01-07 23:00", "weekday", 6 / 7),
        ("1969-12-31", "weekday", 2 / 7),
        ("2024-01-01 18:00", "hour", 0.75),
        ("2024-01-01", "month", 0),
        ("2024-12-31", "month", 365 / 366),
        ("2023-12-31", "month", 364 / 365),
        ("2024-02-01", "day", 0),
        ("2024-02-29 12:00", "day", 28.5 / 29),
        ("2023-02-28", "day", 27 / 28),
    ],
)
def test_parts_of_a_date(text: str, part: str, value: float) -> None:
    assert part_values(np, days(text), part)[0] == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["2024-02-29", "1969-12-31", "2024-02-29 12:30", "2024-02-29 12:30:15", "2024-02-29 10:00"],
)
def test_dates_come_back_as_texts(text: str) -> None:
    assert date_text(float(days(text)[0])) == text
    assert date_text(float((date(2024, 1, 2) - date(1970, 1, 1)).days)) == "2024-01-02"


# --- outputs --------------------------------------------------------------------------------------

KINDS = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3, ("a", "b"))
TWO = OutputTransform("two", (1,), "sigmoid", "binary", 2)
TAGGED = OutputTransform("tags", (3,), "sigmoid", "binary", 0)
VALUED = OutputTransform("size", (2,), "linear", "squared", 0, centre=10.0, spread=4.0)
MAPS = OutputTransform("map", (2, 2, 3), "softmax", "cross-entropy", 3)


@pytest.mark.parametrize(
    ("output", "task", "categories", "dense", "probable"),
    [
        (KINDS, LABELS, 3, False, True),
        (TWO, LABELS, 2, False, True),
        (dataclasses.replace(TWO, classes=0), LABELS, 2, False, True),
        (dataclasses.replace(TWO, classes=0, soft=True), VALUES, 0, False, True),
        (dataclasses.replace(TWO, classes=0, copies="x"), VALUES, 0, False, True),
        (TAGGED, TAGS, 3, False, True),
        (MAPS, LABELS, 3, True, True),
        (VALUED, VALUES, 0, False, False),
        (dataclasses.replace(TWO, loss="hinge", activation="linear"), LABELS, 2, False, False),
    ],
)
def test_what_an_output_is(
    output: OutputTransform, task: str, categories: int, dense: bool, probable: bool
) -> None:
    found = (output.task, output.categories, output.dense, output.probable)
    assert found == (task, categories, dense, probable)


def test_labels_targets_and_units() -> None:
    assert [KINDS.label(at) for at in range(3)] == ["a", "b", "2"]
    assert KINDS.targets(np.array([2, 0])).tolist() == [2, 0]
    assert TWO.targets(np.array([1, 0])).tolist() == [[1.0], [0.0]]
    hinge = dataclasses.replace(KINDS, loss="hinge")
    assert hinge.targets(np.array([2, 0])).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert VALUED.targets(np.array([[10.0, 14.0]])).tolist() == [[0.0, 1.0]]
    assert VALUED.original(np.array([[0.0, 1.0]])).tolist() == [[10.0, 14.0]]
    plain = dataclasses.replace(VALUED, centre=0.0, spread=1.0)
    assert plain.targets(np.array([[10.0, 14.0]])).tolist() == [[10.0, 14.0]]
    assert dataclasses.replace(VALUED, centre=0.0).targets(np.array([[4.0, 8.0]])).tolist() == [
        [1.0, 2.0]
    ]


@pytest.mark.parametrize(("reduce", "factor"), [("mean", 1.0), ("sum", 6.0), ("half", 3.0)])
def test_the_factor_of_a_loss(reduce: str, factor: float) -> None:
    assert dataclasses.replace(VALUED, shape=(3, 2), reduce=reduce).loss_factor == factor


@pytest.mark.parametrize(
    ("activation", "loss", "border"),
    [("sigmoid", "binary", 0.5), ("linear", "binary", 0.0), ("linear", "hinge", 0.0)],
)
def test_the_border_of_yes(activation: str, loss: str, border: float) -> None:
    assert dataclasses.replace(TWO, activation=activation, loss=loss).border == border


@pytest.mark.parametrize(
    ("output", "count", "fits"),
    [
        (TWO, 0, True),
        (TWO, 1, True),
        (TWO, 2, False),
        (KINDS, 1, True),
        (TAGGED, 3, True),
        (TAGGED, 1, False),
    ],
)
def test_thresholds_that_were_chosen(output: OutputTransform, count: int, fits: bool) -> None:
    decision = {"thresholds": [0.3] * count}
    if fits:
        found = output.decided({**decision, "temperature": 2})
        assert (found.thresholds, found.temperature) == ((0.3,) * count, 2.0)
        assert output.decided({}) == output
    else:
        with pytest.raises(ValueError, match="thresholds of"):
            output.decided(decision)


def test_decisions_about_outputs() -> None:
    both = Preparation((SCALED,), (TWO, TAGGED))
    found = both.decided({"two": {"temperature": 2.0}})
    assert [one.temperature for one in found.outputs] == [2.0, 1.0]
    with pytest.raises(ValueError, match="nobody"):
        both.decided({"nobody": {}})


# --- as a run keeps it ----------------------------------------------------------------------------

WHOLE = Preparation(
    (
        dataclasses.replace(SCALED, columns=table(NUMBER, COLOURS, ids=("id",), left_out=("z",))),
        dataclasses.replace(BYTES, pixel_range=(0.0, 4095.0), signed=True, crop_from=9),
    ),
    (KINDS, dataclasses.replace(VALUED, columns=("a", "b"))),
)


def test_a_preparation_comes_back() -> None:
    assert from_plain(as_plain(WHOLE)) == WHOLE
    assert WHOLE.table is not None
    assert WHOLE.table.columns == (NUMBER, COLOURS)
    assert Preparation((BYTES,), (KINDS,)).table is None
    assert WHOLE.uncut.inputs[1].shape == (9, 9, 1)


def test_columns_of_earlier_runs() -> None:
    """They knew texts and numbers alone, and one target."""
    values = as_plain(WHOLE)
    of_table = values["inputs"][0]["columns"]
    for column, text in zip(of_table["columns"], (False, True), strict=True):
        column["text"] = text
        del column["kind"]
    of_table["target"] = of_table.pop("targets")[0]
    assert from_plain(values) == WHOLE


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("inputs",), []),
        (("outputs",), []),
        (("inputs", 1, "scale"), 0.0),
        (("inputs", 1, "scale"), math.inf),
        (("inputs", 1, "vocabulary"), -1),
        (("inputs", 1, "crop_from"), 3),
        (("inputs", 0, "crop_from"), 8),
        (("inputs", 1, "signed"), 1),
        (("inputs", 1, "whole"), None),
        (("inputs", 1, "unit"), "yes"),
        (("inputs", 1, "pixel_range"), [1.0, 1.0]),
        (("inputs", 1, "pixel_range"), [0.0, math.inf]),
        (("inputs", 0, "columns", "missing"), "guess"),
        (("inputs", 0, "columns", "columns", 0, "kind"), "colour"),
        (("inputs", 0, "columns", "columns", 0, "part"), "century"),
        (("inputs", 0, "columns", "columns", 0, "length"), -1),
        (("inputs", 0, "columns", "columns", 0, "deviation"), 0.0),
        (("inputs", 0, "columns", "columns", 0, "deviation"), math.inf),
        (("inputs", 0, "columns", "columns", 0, "mean"), math.nan),
        (("inputs", 0, "columns", "columns", 0, "median"), math.inf),
        (("outputs", 0, "classes"), 2),
        (("outputs", 0, "classes"), 4),
        (("outputs", 0, "loss"), "logistic"),
        (("outputs", 0, "reduce"), "max"),
        (("outputs", 0, "positive"), 2),
        (("outputs", 1, "spread"), 0.0),
        (("outputs", 1, "spread"), math.inf),
        (("outputs", 1, "centre"), math.nan),
    ],
)
def test_impossible_preparations(path: tuple[Any, ...], value: Any) -> None:
    values = as_plain(WHOLE)
    at: Any = values
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    with pytest.raises(ValueError):  # noqa: PT011  # each says what is wrong in its own words
        from_plain(values)
