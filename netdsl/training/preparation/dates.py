"""Dates as numbers that a network can use: days, and positions in the cycles of the calendar."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

LINEAR = ("elapsed", "year")
"""Parts of a date that are one number each: days since 1970, and the year."""

CYCLIC = ("month", "day", "weekday", "hour")
"""Parts of a date that are an angle, given as its sine and cosine, so that December is next to
January: the position in the year, in the month, in the week and in the day.
"""

PARTS = (*LINEAR, *CYCLIC)

WEEK, YEAR = 7, 365
"""Days."""


def usual_parts(days: Array) -> tuple[str, ...]:
    """Return the parts of dates that differ enough to be of use.

    The elapsed time always; the position in a cycle where the dates cover a whole one. Dates that
    are all on one day of the month have no weekday to speak of, and midnights no hour.

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


def part_values(days: Array, part: str) -> Array:
    """Compute a part of dates: a number, or in 0..1 the position in a cycle [n].

    Args:
        days: since 1970, midnight UTC [n], none of them missing.
        part: one of `PARTS`.
    """
    import numpy as np

    if part == "elapsed":
        return days
    if part == "hour":
        return np.asarray(days % 1)
    if part == "weekday":  # 1970 began on a Thursday
        return np.asarray((np.floor(days) + 3) % WEEK / WEEK)
    date = np.floor(days).astype("datetime64[D]")
    years = date.astype("datetime64[Y]")
    if part == "year":
        return np.asarray(years.astype(float) + 1970)
    unit = years if part == "month" else date.astype("datetime64[M]")
    first, following = (one.astype("datetime64[D]").astype(float) for one in (unit, unit + 1))
    return np.asarray((days - first) / (following - first))


def date_text(days: float) -> str:
    """Write a date as ISO 8601 does, with the time where it is not midnight."""
    import numpy as np

    seconds = round(days * 86_400)
    text = str(np.datetime64(seconds, "s")).replace("T", " ")
    return text.removesuffix(" 00:00:00").removesuffix(":00") if " " in text else text
