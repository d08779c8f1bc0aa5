"""What the signs within the numbers of a file mean."""

from __future__ import annotations

from typing import Any

import pytest

from netdsl.training.data.sources.number_format import Evidence, choose, stated_format
from netdsl.training.preparation.table_format import NumberFormat, TableFormat

POINT, COMMA, GROUPS = {".": "0.5"}, {",": "0,5"}, {",": "1,234,567"}
EITHER = {",": "1,234"}
USUAL, GERMAN = NumberFormat(), NumberFormat(",", ".", "0,1")
POINTED, ENGLISH = NumberFormat(".", "", "0.1"), NumberFormat(".", ",", "1,000,000")


@pytest.mark.parametrize(
    ("decimal", "thousands", "either", "separator", "before", "expected"),
    [
        ({}, {}, {}, ",", USUAL, USUAL),
        ({}, {}, {}, ",", GERMAN, GERMAN),
        (POINT, {}, {}, ",", USUAL, (".", "", "0.5")),
        (POINT, {}, {}, ",", GERMAN, (".", "", "0.5")),
        (COMMA, {}, {}, ",", USUAL, (",", ".", "0,5")),
        (COMMA, {" ": "1 234"}, {}, ",", USUAL, (",", " ", "0,5")),
        (COMMA | POINT, {}, {}, ",", USUAL, (",", ".", "0,5")),
        ({}, GROUPS, {}, ";", USUAL, (".", ",", "1,234,567")),
        ({}, {".": "1.234.567"}, {}, ",", USUAL, (",", ".", "1.234.567")),
        (POINT, {".": "1.234.567"}, {}, ",", USUAL, (".", "", "0.5")),
        ({}, {"'": "1'234"}, {}, ",", USUAL, (".", "'", "1'234")),
        ({}, {"'": "1'234"}, {}, ",", GERMAN, (",", "'", "1'234")),
        (POINT, {"'": "1'234"}, {}, ",", USUAL, (".", "'", "1'234")),
        ({}, {}, EITHER, ",", USUAL, None),
        ({}, {}, EITHER, ";", USUAL, (",", ".", "1,234")),
        (POINT, {}, EITHER, ";", USUAL, (".", ",", "1,234")),
        (POINT, {}, EITHER, ",", USUAL, (".", ",", "1,234")),
        ({}, {}, EITHER, ",", GERMAN, (",", ".", "1,234")),
        ({}, {}, EITHER, ",", POINTED, (".", ",", "1,234")),
        ({}, {}, EITHER, ",", ENGLISH, (".", ",", "1,234")),
        ({}, {}, EITHER, ",", NumberFormat(".", "'", "1'000"), None),
        ({}, {" ": "1 234 567"}, EITHER, ";", USUAL, (",", " ", "1,234")),
    ],
)
def test_the_format_that_cells_show(
    decimal: Any, thousands: Any, either: Any, separator: str, before: NumberFormat, expected: Any
) -> None:
    found = choose(Evidence(decimal, thousands, either), separator, before)
    shown = found and (found.decimal, found.thousands, found.reason)
    if isinstance(expected, NumberFormat):
        assert found == expected
    else:
        assert shown == expected


@pytest.mark.parametrize(
    ("decimal", "thousands", "expected"),
    [
        (None, None, None),
        (",", None, (",", ".")),
        (".", None, (".", ",")),
        (None, ",", (".", ",")),
        (None, ".", (",", ".")),
        (None, " ", (".", " ")),
        (None, "", (".", "")),
        (",", "", (",", "")),
    ],
)
def test_the_format_that_a_recipe_states(
    decimal: str | None, thousands: str | None, expected: Any
) -> None:
    found = stated_format(TableFormat(decimal=decimal, thousands=thousands))
    assert (found and (found.decimal, found.thousands)) == expected
