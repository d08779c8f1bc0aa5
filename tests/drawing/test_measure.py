"""Widths of texts: those of Adobe's font metrics (AFM) of Helvetica and Helvetica Bold."""

from __future__ import annotations

import pytest

from netdsl.drawing.measure import shortened, width

# Of the characters from the space to the tilde, in thousandths of the font size.
REGULAR = """
278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278
556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556
1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778
667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556
333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556
556 556 333 500 278 556 500 722 500 500 500 334 260 334 584
"""
BOLD = """
278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278
556 556 556 556 556 556 556 556 556 556 333 333 584 584 584 611
975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778
667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556
333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611
611 611 389 556 333 611 556 778 556 556 500 389 280 389 584
"""


@pytest.mark.parametrize(("bold", "widths"), [(False, REGULAR), (True, BOLD)])
def test_widths_are_those_of_the_font(bold: bool, widths: str) -> None:
    characters = [chr(code) for code in range(ord(" "), ord("~") + 1)]
    found = {character: round(width(character, 1000, bold)) for character in characters}
    assert found == dict(zip(characters, map(int, widths.split()), strict=True))


# The middle dot is as wide as Arial's: Helvetica's is 278.
SIGNS = {"°": 400, "–": 556, "×": 584, "−": 584, "±": 584, "÷": 584, "—": 1000, "…": 1000, "·": 333}


@pytest.mark.parametrize(("bold", "mu"), [(False, 556), (True, 611)])
def test_widths_of_signs_are_those_of_the_font(bold: bool, mu: int) -> None:
    widths = {**SIGNS, "µ": mu}
    assert {sign: round(width(sign, 1000, bold)) for sign in widths} == widths


@pytest.mark.parametrize(
    ("text", "highest", "shown"),
    [
        # Of size 10, a digit is 5.56 wide and the ellipsis 10.
        ("1234567890", 55.6, "1234567890"),
        ("1234567890", 55.5, "12345678…"),
        ("1234567890", 54.4, "1234567…"),
        ("1234567890", 10.0, "…"),
        # It does not end with what only leads to more.
        ("12 (34567890", 30.0, "12…"),
    ],
)
def test_a_text_that_is_too_wide_is_cut(text: str, highest: float, shown: str) -> None:
    assert shortened(text, 10, highest) == shown
