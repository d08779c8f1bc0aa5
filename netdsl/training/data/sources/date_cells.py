"""Dates in the texts of a table's cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from netdsl.training.data.sources.cells import MISSING

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_TIME = (
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d+)?))?"
    r" ?(?P<half>[AaPp][Mm])?)?(?: ?(?P<zone>Z|UTC|[+-]\d{2}:?\d{2}))?"
)
_FORMS = tuple(
    re.compile(form + _TIME)
    for form in (
        r"(?P<year>\d{4})(?P<sign>[-/.])(?P<month>\d{1,2})(?:(?P=sign)(?P<day>\d{1,2}))?",
        r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})",
        r"(?P<one>\d{1,2})(?P<sign>[-/.])(?P<other>\d{1,2})(?P=sign)(?P<year>\d{4}|\d{2})",
        r"(?P<day>\d{1,2})\.?[- ](?P<name>[A-Za-z]{3,9})\.?[-, ]+(?P<year>\d{4}|\d{2})",
        r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})",
    )
)
EPOCH = date(1970, 1, 1).toordinal()

MICROSECONDS = 86_400_000_000
"""The microseconds of a day."""

NOT_DATES = (
    "a date is not learned as it is: write a number made of it, such as the days since a moment, "
    "in a column of its own, and name that as the target"
)
"""The help of the error for a target of dates."""

SAMPLE = 50
"""How many texts are tried first: if none is a date, the column does not hold dates."""


class DateTexts(NamedTuple):
    """Texts read as dates.

    Attributes:
        days: for each text the days since 1970: NaN where it is missing, None where it is not a
            date.
        day_first: whether the day precedes the month, as in 31/12/2024; None where no text shows
            it.
        unclear: a text that can be read in two ways, as 1/2/2024; empty where there is none.
        shown_by: the text that shows the order; empty where it was stated, or no text does.
    """

    days: list[float | None]
    day_first: bool | None
    unclear: str
    shown_by: str = ""


def read_dates(texts: Sequence[str], day_first: bool | None = None) -> DateTexts:
    """Read texts as dates.

    Args:
        texts: without spaces around them.
        day_first: whether the day precedes the month; None where the texts should show it.
    """
    # Most tables have ISO dates: NumPy reads all at once, instead of a regular expression for each.
    if (iso := _iso_days(texts)) is not None:
        return DateTexts(iso, day_first, "")
    found = [_matched(text) for text in texts]
    either = [
        (text, int(one["one"]), int(one["other"]), one["sign"])
        for text, one in zip(texts, found, strict=True)
        if one and "one" in one.groupdict()
    ]
    unclear = shown_by = ""
    if day_first is None and either:
        # Dates with points have the day first: 31.12.2024.
        day = (text for text, one, _, sign in either if one > 12 or sign == ".")
        month = (text for text, _, other, _ in either if other > 12)
        if shown_by := next(day, ""):
            day_first = True
        elif shown_by := next(month, ""):
            day_first = False
        else:
            unclear = next((text for text, one, other, _ in either if one != other), "")
    days = [
        float("nan") if text.lower() in MISSING else _days(one, bool(day_first)) if one else None
        for text, one in zip(texts, found, strict=True)
    ]
    return DateTexts(days, day_first, unclear, shown_by)


ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?")
"""Dates in the form that NumPy reads."""


def _iso_days(texts: Sequence[str]) -> list[float | None] | None:
    """Return texts as days if all are dates of this form, or missing; None for others."""
    import numpy as np

    known = [text for text in texts if text.lower() not in MISSING]
    if not known or not all(map(ISO.fullmatch, known)):
        return None
    try:
        moments = np.array(known, "datetime64[us]")
    except ValueError:  # a date that does not exist
        return None
    days = iter((moments.astype(np.int64) / MICROSECONDS).tolist())
    return [float("nan") if text.lower() in MISSING else next(days) for text in texts]


def in_other_order(text: str, day_first: bool | None) -> bool:
    """Return whether a text is a date only if its day and month are read in the other order."""
    found = _matched(text)
    return (
        day_first is not None
        and found is not None
        and "one" in found.groupdict()
        and _days(found, day_first) is None
        and _days(found, not day_first) is not None
    )


def are_dates(texts: Sequence[str]) -> bool:
    """Return whether most of the texts are dates; of many texts a few are examined."""
    shown = texts[:: max(1, len(texts) // SAMPLE)]
    known = [day for day in read_dates(shown).days if day is None or day == day]
    return bool(known) and 2 * sum(day is not None for day in known) >= len(known)


def has_order(text: str) -> bool:
    """Return whether a text is a date whose day and month can only be known by their order."""
    found = _matched(text)
    return found is not None and "one" in found.groupdict()


def _matched(text: str) -> re.Match[str] | None:
    # No date is longer; only ASCII, as `\d` would match the digits of every script.
    if not text[:40].isascii() or len(text) > 40:
        return None
    return next(filter(None, (form.fullmatch(text) for form in _FORMS)), None)


def _days(found: re.Match[str], day_first: bool) -> float | None:
    """Return the days since 1970; None where the calendar has no such date."""
    parts = found.groupdict()
    year, day = int(parts["year"]), int(parts.get("day") or 1)
    if len(parts["year"]) == 2:
        year += 1900 if year >= 69 else 2000  # as POSIX reads two digits
    if "one" in parts:
        day, month = int(parts["one"]), int(parts["other"])
        if not day_first:
            day, month = month, day
    elif "name" in parts:
        name = parts["name"].lower()[:3]
        if name not in MONTHS:
            return None
        month = MONTHS.index(name) + 1
    else:
        month = int(parts["month"])
    seconds = _seconds(parts)
    if seconds is None:
        return None
    try:
        return date(year, month, day).toordinal() - EPOCH + seconds / 86_400
    except ValueError:
        return None


def _seconds(parts: dict[str, str]) -> float | None:
    """Return the seconds since midnight UTC; None where a clock has no such time."""
    if parts["hour"] is None:
        return 0.0
    hour, minute = int(parts["hour"]), int(parts["minute"])
    second = float((parts["second"] or "0").replace(",", "."))
    if parts["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if parts["half"].lower() == "pm" else 0)
    # 60 is a leap second.
    if hour > 23 or minute > 59 or second >= 61:
        return None
    zone, away = parts["zone"] or "Z", 0
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        away = (int(digits[:2]) * 60 + int(digits[2:])) * (-1 if zone[0] == "-" else 1)
    return hour * 3600 + (minute - away) * 60 + second
