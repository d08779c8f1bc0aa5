"""Boxes as wide as their texts: widths computed by hand.

Of a digit, Helvetica's is 556 thousandths of the font size, which is 12 in the first line of a card
and 10 in the second; a box is up to 272 wide, 22 of it next to its texts.
"""

from __future__ import annotations

import pytest

from netdsl.drawing.cards import card


@pytest.mark.parametrize(
    ("label", "more", "note", "badge", "shown", "wide"),
    [
        # 64 at least, and then in steps of 16.
        ("1" * 6, "", "", "", ("1" * 6, ""), 64),
        ("1" * 7, "", "", "", ("1" * 7, ""), 80),
        ("1" * 8, "", "", "", ("1" * 8, ""), 80),
        ("1" * 9, "", "", "", ("1" * 9, ""), 96),
        # The note is 6 next to the label: 33.4 + 6 + 2.6; what comes with it 4: 33.4 + 4 + 4.6.
        ("11111", "", "1", "", ("11111", "1"), 80),
        ("11111", "1", "", "", ("11111", ""), 80),
        # A note has half of the width, 125: with the ellipsis, 10, 20 of its digits.
        ("1", "", "1" * 22, "", ("1", "1" * 22), 160),
        ("1", "", "1" * 60, "", ("1", "1" * 20 + "…"), 160),
        # The label has what the note leaves: 250 - 6 - 11.12, and 12 of it for the ellipsis.
        ("1" * 60, "", "11", "", ("1" * 33 + "…", "11"), 272),
        ("1" * 60, "", "", "", ("1" * 35 + "…", ""), 272),
        # A badge of 5.84 + 5.56 covers both corners, but not the margins whole.
        ("1" * 6, "", "", "×2", ("1" * 6, ""), 80),
    ],
)
def test_a_pill_is_as_wide_as_its_texts(
    label: str, more: str, note: str, badge: str, shown: tuple[str, str], wide: float
) -> None:
    pill = card(label, more, note, "activation", True, badge)
    assert (pill.form, pill.height, pill.badge) == ("pill", 24, badge)
    assert ((pill.label, pill.note), pill.width) == (shown, wide)


@pytest.mark.parametrize(
    ("label", "more", "note", "shown", "wide"),
    [
        # 96 at least, and then in steps of 16.
        ("1" * 11, "", "", ("1" * 11, "", ""), 96),
        ("1" * 12, "", "", ("1" * 12, "", ""), 112),
        # Its lines are below each other: as wide as the wider one.
        ("1", "", "1" * 13, ("1", "", "1" * 13), 96),
        ("1", "", "1" * 14, ("1", "", "1" * 14), 112),
        ("1" * 7, "1" * 4, "1", ("1" * 7, "1" * 4, "1"), 96),
        ("1" * 7, "1" * 5, "1", ("1" * 7, "1" * 5, "1"), 112),
        # 220.2 + 4 + 22.2 is less than 250; one more digit goes to the second line, and more of it.
        ("1" * 33, "1" * 4, "1", ("1" * 33, "1" * 4, "1"), 272),
        ("1" * 33, "1" * 5, "1", ("1" * 33, "", "11111 · 1"), 256),
        ("1" * 33, "1" * 5, "", ("1" * 33, "", "11111"), 256),
        # Each line may be 250 wide.
        ("1" * 60, "", "1" * 60, ("1" * 35 + "…", "", "1" * 43 + "…"), 272),
    ],
)
def test_a_card_is_as_wide_as_its_wider_line(
    label: str, more: str, note: str, shown: tuple[str, str, str], wide: float
) -> None:
    found = card(label, more, note, "conv", False)
    assert (found.form, found.height) == ("card", 40)
    assert ((found.label, found.more, found.note), found.width) == (shown, wide)
