"""Dates as numbers that a network can use: days, and positions in the cycles of the calendar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

LINEAR = ("elapsed", "year")
"""Parts of a date that are one number each: days since 1970, and the year."""

CYCLIC = ("month", "day", "weekday", "hour")
"""Parts of a date that are an angle, encoded as sine and cosine, so that December is next to
January: the position in the year, in the month, in the week and in the day.
"""

PARTS = (*LINEAR, *CYCLIC)

WEEK, YEAR = 7, 365
"""Days."""


def usual_parts(days: Array) -> tuple[str, ...]:
    """Return the parts of dates that differ enough to be of use.

    These are always the elapsed time, and the position in a cycle if the dates cover a whole one.
    Weekdays of dates that are all on one day of the month mean nothing, nor do hours of midnights.

    Args:
        days: since 1970 [n], none of them missing.
    """
    import numpy as np

    span = float(days.max() - days.min())
    date = np.floor(days).astype("datetime64[D]")
    in_month = date - date.astype("datetime64[M]").astype("datetime64[D]")
    cycles = {
        "month": span >= YEAR,
        "weekday": span >= WEEK and len(np.unique(in_month)) > 1,
        "hour": bool((days % 1 != 0).any()),
    }
    return ("elapsed", *(part for part, covered in cycles.items() if covered))


def part_values(xp: Any, days: Any, part: str) -> Any:
    """Compute a part of dates [n]: a number, or the position in a cycle from 0 to 1.

    Args:
        xp: numpy or keras.ops.
        days: since 1970, midnight UTC [n], none of them missing.
        part: one of `PARTS`.
    """
    if part == "elapsed":
        return days
    whole = xp.floor(days)
    if part == "hour":
        return days - whole
    if part == "weekday":  # 1970 began on a Thursday
        return _remainder(xp, whole + 3, WEEK) / WEEK
    year, month, day = _calendar(xp, whole)
    leap = _is_leap(xp, year)
    if part == "year":
        return year
    if part == "month":
        earlier = xp.floor((153 * month + 2) / 5)  # days from March 1 to this month's first
        before = xp.where(month >= JANUARY, earlier - FROM_MARCH, earlier + 59 + leap)
        return (before + day + days - whole) / (YEAR + leap)
    length = xp.floor((153 * (month + 1) + 2) / 5) - xp.floor((153 * month + 2) / 5)
    return (day + days - whole) / xp.where(month > JANUARY, 28 + leap, length)


JANUARY, FROM_MARCH = 10, 306
"""The place of January, and the days from March 1 to January 1: months are counted from March,
which is 0, so that the day that only leap years have is the last of a year.
"""

ERA = 146_097
"""The days of 400 years, after which the calendar repeats."""


def _calendar(xp: Any, days: Any) -> tuple[Any, Any, Any]:
    """Return year, month (from March, 0) and day (from 0) in the Gregorian calendar, for days since
    1970 (the algorithm `civil_from_days` of H. Hinnant).
    """
    shifted = days + 719_468  # from March 1 of the year 0
    era = xp.floor(shifted / ERA)
    of_era = shifted - era * ERA
    years = of_era - xp.floor(of_era / 1460) + xp.floor(of_era / 36_524)
    years = xp.floor((years - xp.floor(of_era / 146_096)) / YEAR)
    of_year = of_era - (YEAR * years + xp.floor(years / 4) - xp.floor(years / 100))
    month = xp.floor((5 * of_year + 2) / 153)
    day = of_year - xp.floor((153 * month + 2) / 5)
    year = years + era * 400
    return xp.where(month >= JANUARY, year + 1, year), month, day


def _is_leap(xp: Any, years: Any) -> Any:
    """Return 1 for each leap year, else 0."""
    fourth, hundredth, last = (_remainder(xp, years, each) == 0 for each in (4, 100, 400))
    rule = xp.logical_or(xp.logical_and(fourth, xp.logical_not(hundredth)), last)
    return xp.where(rule, xp.ones_like(years), xp.zeros_like(years))


def _remainder(xp: Any, values: Any, divisor: int) -> Any:
    return values - divisor * xp.floor(values / divisor)


def date_text(days: float) -> str:
    """Write a date as in ISO 8601, with the time if it is not midnight."""
    import numpy as np

    seconds = round(days * 86_400)
    text = str(np.datetime64(seconds, "s")).replace("T", " ")
    return text.removesuffix(" 00:00:00").removesuffix(":00") if " " in text else text
