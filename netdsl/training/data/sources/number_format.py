"""How the numbers of a file are written: `1.234,5`, `1,234.5` or `1 234,5`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.training.data.sources.cells import (
    DECIMAL,
    GROUPED,
    MISSING,
    SIGNS,
    VARIANTS,
    cell_number,
    maybe_numbers,
)
from netdsl.training.preparation.table_format import NumberFormat, TableFormat

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

OTHER = {".": ",", ",": "."}


class Evidence(NamedTuple):
    """Cells that show what the signs within numbers mean, the first of each kind.

    Attributes:
        decimal: by sign, a cell in which it is before the fraction.
        thousands: by sign, a cell in which it separates thousands.
        either: by sign, a cell with only this sign before three digits, as `1,234`.
    """

    decimal: dict[str, str]
    thousands: dict[str, str]
    either: dict[str, str]


def evidence_of(columns: Iterable[tuple[Sequence[str], int]], point: str = "") -> Evidence:
    """Examine the distinct cells of columns; columns with more words than numbers are ignored.

    Args:
        columns: the cells of each, and how many other numbers it has, which show nothing.
        point: a number elsewhere in the file that certainly has a decimal point.
    """
    found = Evidence({".": point} if point else {}, {}, {})
    for cells, numbers in columns:
        own = Evidence({}, {}, {})
        maybe = maybe_numbers(cells)
        words = len(cells) - sum(_seen(cells[place], own) for place in maybe)
        # In texts such as addresses commas show nothing.
        if 2 * words <= len(cells) + numbers:
            for whole, part in zip(found, own, strict=True):
                whole.update({sign: cell for sign, cell in part.items() if sign not in whole})
    return found


def _seen(cell: str, found: Evidence) -> bool:
    """Note what a cell shows, and return whether it is a number."""
    cell = cell.translate(VARIANTS)
    if grouped := GROUPED.fullmatch(cell):
        thousands, decimal = grouped["thousands"], grouped["decimal"]
        single = cell.count(thousands) == 1 and not decimal and thousands not in SIGNS
        # `0,123`: a group of thousands does not follow a 0.
        if single and cell.lstrip("+-").startswith("0"):
            found.decimal.setdefault(thousands, cell)
        elif single:
            found.either.setdefault(thousands, cell)
        else:
            found.thousands.setdefault(thousands, cell)
            if decimal:
                found.decimal.setdefault(decimal, cell)
        return True
    if fraction := DECIMAL.fullmatch(cell):
        found.decimal.setdefault(fraction["decimal"] or fraction["leading"], cell)
        return True
    return cell.lower() in MISSING or cell_number(cell) is not None


def choose(found: Evidence, separator: str, before: NumberFormat) -> NumberFormat | None:
    """Choose the format that cells show.

    A decimal comma anywhere makes `.` the thousands separator everywhere. If there is only `1,234`,
    it is a decimal in a file separated by semicolons, where decimal commas are usual, or if it was
    one `before`.

    Returns:
        The format; None where `1,234` may be either.
    """
    spaced = next((sign for sign in found.thousands if sign in SIGNS), "")
    shown = spaced and found.thousands[spaced]
    if cell := found.decimal.get(","):
        return NumberFormat(",", spaced or ".", cell)
    if cell := found.thousands.get(","):
        return NumberFormat(".", ",", cell)
    # `1.234.567`: the points are thousands, unless other columns have decimal points.
    if (cell := found.thousands.get(".")) and "." not in found.decimal:
        return NumberFormat(",", ".", cell)
    if cell := found.either.get(","):
        if before.decimal == "," or (separator == ";" and "." not in found.decimal):
            return NumberFormat(",", spaced or ".", cell)
        # Points as in the training's numbers, if nothing else decides.
        pointed = before.decimal == "." and before.reason and not before.thousands
        if "." in found.decimal or before.thousands == "," or pointed:
            return NumberFormat(".", spaced or ",", cell)
        return None
    if "." in found.decimal:
        return NumberFormat(".", spaced, shown or found.decimal["."])
    if spaced:
        return NumberFormat(before.decimal, spaced, shown)
    return before


def stated_format(form: TableFormat) -> NumberFormat | None:
    """Return the format that a recipe states, if any; a sign that is left out is the other one."""
    if form.decimal is None and form.thousands is None:
        return None
    decimal = form.decimal or ("," if form.thousands == "." else ".")
    return NumberFormat(decimal, OTHER[decimal] if form.thousands is None else form.thousands)


# --- numbers that are read already ----------------------------------------------------------------

SHOWING = 1_000
"""How many numbers of a column are examined before the others."""


def with_point(columns: Iterable[Array]) -> str:
    """Return a number whose point can only be a decimal point; empty where there is none.

    It is one whose fraction does not have three digits, or whose integer part is not 1 to 999.
    """
    # In most columns the first numbers show it.
    found = (
        _with_point(values[:SHOWING]) or (_with_point(values) if len(values) > SHOWING else "")
        for values in columns
    )
    return next(filter(None, found), "")


def _with_point(values: Array) -> str:
    import numpy as np

    fractions = values[np.isfinite(values) & (values != np.floor(values))]
    size, thousandths = np.abs(fractions), fractions * 1000
    sure = (size < 1) | (size >= 1000) | (np.abs(thousandths - np.rint(thousandths)) > 1e-6)
    return f"{fractions[sure.argmax()]}" if sure.any() else ""


def may_be_thousands(values: Array) -> bool:
    """Return whether all fractions of numbers have three digits, so that they may be thousands."""
    import numpy as np

    if _with_point(values[:SHOWING]):
        return False
    known = values[np.isfinite(values)]
    fractions = known[known != np.floor(known)]
    return len(fractions) > 0 and bool((np.abs(known) < 1000).all()) and not with_point([known])


def three_digits(cells: Iterable[str], sign: str) -> Iterator[str]:
    """Yield the cells with a fraction if every fraction has three digits; else nothing."""
    fractions = [cell for cell in cells if sign in cell]
    if all((found := GROUPED.fullmatch(cell)) and found["thousands"] == sign for cell in fractions):
        yield from fractions
