"""Numbers that are compared at the digits that a text states."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from netdsl.expectations.digits import (
    agrees,
    computed_text,
    nested_text,
    places_of,
    position_text,
    right_text,
)
from netdsl.syntax.tree import Number

CLOSE = 1e-9  # how near to an exact number a computed one is


@pytest.mark.parametrize(
    ("written", "places"),
    [
        ("0.5", 1),
        ("-.25", 2),
        ("1_000.50", 2),
        ("7.3e-1", 2),
        ("1e-1", 1),
        ("1.5e1", None),
        ("1.25e1", 1),
        ("1.5E+3", None),
        ("12", None),
        ("1/3", None),
    ],
)
def test_decimal_places_of_a_number(written: str, places: int | None) -> None:
    assert places_of(Number(Fraction(0), 1, 1 + len(written)), f"[{written}]") == places


@pytest.mark.parametrize(
    ("number", "places", "computed", "same"),
    [
        (0.73, 2, 0.7349, True),
        (0.73, 2, 0.735, True),
        (0.73, 2, 0.7351, False),
        (0.73, 2, 0.7249, False),
        (Fraction(1, 3), None, 1 / 3, True),
        (Fraction(1, 3), None, 0.3333, False),
        (1, None, 1.001, False),
        (0, None, CLOSE, True),
        (0, None, 1.1 * CLOSE, False),
        (Fraction(10), None, 10 + 9 * CLOSE, True),
        (Fraction(10), None, 10 + 11 * CLOSE, False),
        (1, 0, 1.4, True),
        (1, 0, math.nan, False),
        (Fraction(10**400), None, math.inf, False),  # beyond what 64 bits hold
        (-(10**400), 0, -math.inf, False),
    ],
)
def test_numbers_agree_at_their_digits(
    number: float, places: int | None, computed: float, same: bool
) -> None:
    assert agrees(number, places, computed) == same


@pytest.mark.parametrize(
    ("computed", "places", "shown", "right"),
    [
        (0.73106, 2, "0.7311", "0.73"),
        (2.0, 0, "2.00", "2"),
        (2.0, None, "2", "2"),
        (1e9 + 0.25, None, "1000000000", "1000000000"),  # as close as 64 bits tell
        (12345678901.0, None, "12345678901", "12345678901"),
        (CLOSE, None, "0", "0"),
        (1.1 * CLOSE, None, "1.1e-09", "1.1e-09"),
        (0.25, None, "0.25", "0.25"),
        (1 / 3, None, "0.3333333333", "0.3333333333"),
        (math.inf, None, "inf", "inf"),
        (math.nan, 2, "NaN", "nan"),
        (math.inf, 2, "inf", "inf"),
    ],
)
def test_computed_numbers_in_words(
    computed: float, places: int | None, shown: str, right: str
) -> None:
    assert computed_text(computed, places) == shown
    assert right_text(computed, places) == right


def test_lists_and_places_in_them() -> None:
    texts = list("abcdef")
    assert nested_text(texts, ()) == "a"
    assert nested_text(texts, (2, 3)) == "[[a, b, c], [d, e, f]]"
    assert nested_text(texts, (3, 2, 1)) == "[[[a], [b]], [[c], [d]], [[e], [f]]]"
    assert [position_text(at, (2, 3)) for at in (0, 2, 3)] == ["[0][0]", "[0][2]", "[1][0]"]
    assert (position_text(0, ()), position_text(0, (1, 1)), position_text(4, (5,))) == (
        "",
        "",
        "[4]",
    )
