"""Small texts that are worded in one place: names, amounts, shapes, numbers, tables, JSON."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdsl.errors import first_line
from netdsl.json_text import json_number, json_text
from netdsl.naming import identifier, unique_name
from netdsl.text_table import aligned, aligned_lines
from netdsl.wording import (
    axes_text,
    bytes_text,
    counted,
    cut,
    decimal_text,
    enumerated,
    first_few,
    in_units,
    number_text,
    plural,
    represented,
    shape_text,
    shortened,
    spreadsheet_text,
    times_text,
)

# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("taken", "more", "expected"),
    [
        (set(), {}, "conv"),
        ({"conv"}, {}, "conv2"),
        ({"conv", "conv2", "conv4"}, {}, "conv3"),
        ({"conv"}, {"separator": "_"}, "conv_2"),
        ({"conv2", "x"}, {}, "conv"),
        (set(), {"numbered": True}, "conv1"),
        ({"conv1"}, {"numbered": True}, "conv2"),
        ({"CONV"}, {"key": str.upper}, "conv2"),
        ({"conv"}, {"key": str.upper}, "conv"),
    ],
)
def test_a_taken_name_gets_the_first_number_that_is_free(taken, more, expected):
    assert unique_name("conv", taken, **more) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LeNet-5", "lenet_5"),
        ("a.b  c", "a_b_c"),
        ("_x_", "x"),
        ("3net", "net_3net"),
        # Python has names of other letters, the language has not.
        ("réseau", "r_seau"),
        ("Ünet", "net"),
        ("网络", "net_"),
        ("", "net_"),
    ],
)
def test_any_text_as_a_name(name, expected):
    assert identifier(name) == expected


def test_a_name_is_taken_by_its_key():
    taken: set[str] = set()
    assert [unique_name(name, taken, "_", str.lower) for name in ("A", "a", "A")] == [
        "A",
        "a_2",
        "A_3",
    ]
    assert taken == {"a", "a_2", "a_3"}


def test_a_name_used_often_gets_the_numbers_that_it_gets_without_being_counted() -> None:
    names = ["p", "p", "p_3", "p", "P", "p", "p_3"]
    plain, counted = set[str](), set[str]()
    last: dict[str, int] = {}
    assert [unique_name(name, counted, "_", str.lower, last=last) for name in names] == [
        unique_name(name, plain, "_", str.lower) for name in names
    ]


@given(st.lists(st.sampled_from(["a", "b", "a2", "a22"])))
def test_names_are_all_different_and_begin_as_asked(names):
    taken: set[str] = set()
    unique = [unique_name(name, taken) for name in names]
    assert len({*unique}) == len(names)
    assert {*unique} == taken
    assert all(one.startswith(name) for one, name in zip(unique, names, strict=True))


# --- amounts, lists, errors -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 layers"), (1, "1 layer"), (2, "2 layers"), (12_345, "12,345 layers")],
)
def test_counts(count, expected):
    assert counted(count, "layer") == expected
    assert plural("layer", count) == expected.split()[1]


@pytest.mark.parametrize(
    ("words", "expected"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_listed_as_in_a_sentence(words, expected):
    assert enumerated(words) == enumerated(iter(words)) == expected


def test_of_many_words_the_first_are_named_and_the_others_counted():
    assert first_few(["a", "b"], 2) == "a, b"
    assert first_few(["a", "b", "c"], 2) == "a, b and 1 more"
    assert first_few(["a"] * 1_002, 2) == "a, a and 1,000 more"


def test_a_text_is_cut_to_what_fits():
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abc..."


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("no room"), "no room"),
        (ValueError("\n  first\nsecond"), "first"),
        (ValueError(), "ValueError"),
        (KeyError("name"), "'name'"),
    ],
)
def test_the_first_line_of_an_error(error, expected):
    assert first_line(error) == expected


# --- shapes and numbers ---------------------------------------------------------------------------


def test_shapes():
    assert shape_text((28, 28, 6)) == "28x28x6"
    assert shape_text(()) == ""
    assert shape_text((), "single numbers") == "single numbers"
    assert axes_text((3, 3)) == "3"
    assert axes_text((3, 5)) == "3x5"
    assert axes_text((3,)) == "3"
    assert axes_text((Fraction(1, 2), 1)) == "1/2x1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.987654, "0.98765"),
        (1.5, "1.5"),
        (9_999.6, "9999.6"),
        (12_345.6, "12,346"),
        (-12_345.6, "-12,346"),
        (10_000, "10,000"),
        (999_999_999_999, "999,999,999,999"),
        (1e12, "1e+12"),
        (1e-7, "1e-07"),
    ],
)
def test_numbers_have_five_digits_or_all_before_the_point(value, expected):
    assert number_text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fraction(1, 2), "0.5"),
        (Fraction(1, 3), "1/3"),
        (Fraction(-7, 3), "-7/3"),
        (Fraction("0.1"), "0.1"),
        (Fraction(1, 2**60), "1/1152921504606846976"),
    ],
)
def test_a_fraction_is_a_decimal_where_that_is_exact(value, expected):
    assert decimal_text(value) == expected


@pytest.mark.parametrize(
    ("value", "base", "expected"),
    [
        (999, 1000, "999"),
        (999_499, 1000, "999.5 k"),
        (1000, 1000, "1.0 k"),
        (999_500, 1000, "999.5 k"),
        (999_949, 1000, "999.9 k"),
        (999_950, 1000, "1.0 M"),
        (138_357_544, 1000, "138.4 M"),
        (-138_357_544, 1000, "-138.4 M"),
        (10**18, 1000, "1000.0 P"),
        (1_023, 1024, "1,023"),
        (527_792_056, 1024, "503.3 Mi"),
        (3 << 20, 1024, "3.0 Mi"),
        (1024 * 1023 + 972, 1024, "1023.9 Ki"),
        (1024 * 1023 + 973, 1024, "1.0 Mi"),
    ],
)
def test_large_numbers_are_shortened(value, base, expected):
    assert shortened(value, base) == expected
    if base == 1000:
        assert shortened(value) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 B"),
        (1_023, "1023 B"),
        (1_024, "1.0 KiB"),
        (1_075, "1.0 KiB"),
        (1_076, "1.1 KiB"),
        (1_048_473, "1,023.9 KiB"),
        (2**20 - 1, "1.0 MiB"),
        (60_922_265, "58.1 MiB"),
        (2**40, "1.0 TiB"),
        (2**54, "16,384.0 TiB"),
    ],
)
def test_bytes_have_the_largest_unit_of_which_there_is_one(count, expected):
    assert bytes_text(count) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0, "k", "0 k"),
        (1, "M", "0.000 M"),
        (999, "k", "0.999 k"),
        (999.5, "k", "1.00 k"),
        (1_000, "k", "1.00 k"),
        (9_994, "k", "9.99 k"),
        (9_995, "k", "10.0 k"),
        (99_949, "k", "99.9 k"),
        (99_950, "k", "100 k"),
        (1_234_567, "k", "1,235 k"),
        (-1_500, "k", "-1.50 k"),
        (138_357_544, "M", "138 M"),
        (388_096, "Ki", "379 Ki"),
        (1024, "Ki", "1.00 Ki"),
    ],
)
def test_numbers_in_a_unit_have_three_digits_or_all_before_the_point(value, unit, expected):
    assert in_units(value, unit) == expected


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (1234.5, "x1,234.50"),
        (1.04, "x1.04"),
        (0.1, "x0.10"),
        (0.099, "x0.099"),
        (0.00123, "x0.0012"),
    ],
)
def test_how_many_times_as_much(ratio, expected):
    assert times_text(ratio) == expected


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_formulas_are_guarded_in_spreadsheets(sign):
    assert spreadsheet_text(f"{sign}a") == f"'{sign}a"
    assert spreadsheet_text(f"a{sign}a") == f"a{sign}a"


def test_a_carriage_return_begins_no_row():
    assert spreadsheet_text("a\rb") == "a b"
    assert spreadsheet_text("\rb") == "' b"


def test_values_are_shown_as_python_writes_them():
    class Faulty:
        def __repr__(self):
            raise KeyError

    assert represented("a") == "'a'"
    assert represented("a" * 58) == f"'{'a' * 58}'"
    assert represented("a" * 59) == f"'{'a' * 56}..."
    assert represented(Faulty()) == "a value of the type Faulty"


# --- tables and JSON ------------------------------------------------------------------------------


def test_cells_stand_in_columns():
    rows = [("layer", "params"), ("conv", "1,728"), ("fc", "10")]
    assert aligned(rows, "lr") == "layer  params\nconv    1,728\nfc         10"
    assert aligned_lines(rows, "lr", rule=True)[1] == "-" * 13


def test_a_single_cell_goes_across_the_columns_and_makes_none_wider():
    rows = [("a", "b"), ("... 12 the same",), ("cc", "d")]
    assert aligned_lines(rows, "ll") == ["a   b", "... 12 the same", "cc  d"]
    assert aligned_lines([("a",), ("bb",)], "r") == [" a", "bb"]


def test_a_row_of_another_length_is_an_error():
    with pytest.raises(ValueError, match="zip"):
        aligned([("a", "b", "c"), ("a", "b")], "lll")


VALUES = {"name": "é", "rows": [{"a": [1, 2]}, {"a": None}], "totals": {"b": 1}, "none": []}


def test_json_has_a_line_for_each_entry():
    assert json_text(VALUES) == (
        '{\n  "name": "\\u00e9",\n  "rows": [{"a": [1, 2]}, {"a": null}],\n'
        '  "totals": {"b": 1},\n  "none": []\n}'
    )


def test_json_of_depth_2_has_a_line_for_each_object_of_a_list():
    assert json_text({"rows": VALUES["rows"], "totals": {"b": 1}}, depth=2) == (
        '{\n  "rows": [\n    {"a": [1, 2]},\n    {"a": null}\n  ],\n  "totals": {"b": 1}\n}'
    )


@pytest.mark.parametrize("depth", range(5))
def test_json_reads_as_what_was_written(depth):
    assert json.loads(json_text({"networks": [VALUES, VALUES]}, depth)) == {
        "networks": [VALUES, VALUES]
    }


def test_json_has_finite_numbers_alone():
    assert [json_number(x) for x in (1.5, math.inf, -math.inf, math.nan)] == [1.5, None, None, None]
