"""The meaning of a table's cell: a number, a missing value, or a text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.training.preparation.ranges import LARGEST
from netdsl.training.preparation.table_format import PLAIN, NumberFormat

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "#na", "<na>", "nan", "null", "none", "?", ".", "-", "--", "–", "—")
)
"""Texts of cells, in upper or lower case, that mean a missing number in a column of numbers.

In a column of texts only empty cells are missing.
"""


class Cells(NamedTuple):
    """The cells of a column: each text once.

    Attributes:
        texts: the texts, without spaces around them.
        codes: for each row the place of its text, int [n].
    """

    texts: list[str]
    codes: Array

    def at(self, rows: Array) -> Cells:
        """Return the cells of these rows."""
        import numpy as np

        used, codes = np.unique(self.codes[rows], return_inverse=True)
        return Cells([self.texts[place] for place in used], codes.astype(np.int32))

    def first_row(self, codes: Sequence[int]) -> int:
        """Return the first row that holds one of some texts, given by their places."""
        import numpy as np

        return int(np.flatnonzero(np.isin(self.codes, codes))[0])


class MixedCells(NamedTuple):
    """The cells of a column of numbers in which a few are not numbers.

    Attributes:
        values: the numbers [n], NaN where one is missing, and where a cell is not a number.
        rows: the rows of cells that are not numbers.
        odd: these cells.
    """

    values: Array
    rows: Array
    odd: Cells

    def at(self, rows: Array) -> MixedCells:
        """Return the cells of the rows for which `kept` [n] is true."""
        own = rows[self.rows]
        return MixedCells(self.values[rows], rows.cumsum()[self.rows[own]] - 1, self.odd.at(own))


def cells_of(texts: Iterable[str]) -> Cells:
    """Make cells of the texts of rows."""
    import numpy as np

    places: dict[str, int] = {}
    codes = [places.setdefault(text.strip(), len(places)) for text in texts]
    return Cells(list(places), np.array(codes, np.int32))


def cell_number(cell: str, form: NumberFormat = PLAIN) -> float | None:
    """Return the number that a cell holds.

    Args:
        cell: its text, without spaces around it.
        form: how numbers are written.

    Returns:
        The number; NaN where it is missing, None for a text or a number beyond float32.
    """
    try:
        value = float(_plain(cell, form))
    except ValueError:
        return math.nan if cell.lower() in MISSING else None
    # Python's `float` accepts `1_000`, which is not a number in files.
    return None if abs(value) > LARGEST or "_" in cell else value


def _plain(cell: str, form: NumberFormat) -> str:
    """Return a number as programs write it; other texts are returned unchanged, or empty."""
    if not cell.isascii():
        cell = cell.translate(VARIANTS)
    if form.thousands and form.thousands in cell:
        found = GROUPED.fullmatch(cell)
        if not found or found["thousands"] != form.thousands:
            return ""
        if (found["decimal"] or form.decimal) != form.decimal:
            return ""
        cell = cell.replace(form.thousands, "")
    elif form.decimal == "," and "." in cell:
        return ""
    # For `float`, which accepts only decimal points.
    return cell.replace(",", ".") if form.decimal == "," else cell


def why_not_finite(cell: str, form: NumberFormat = PLAIN) -> str:
    """Return why float32 cannot hold the number of a cell; empty for a text."""
    try:
        value = float(_plain(cell, form))
    except ValueError:
        return ""
    if "_" in cell:
        return ""
    too_large = math.isfinite(value) or (math.isinf(value) and any(map(str.isdigit, cell)))
    return "which is too large for float32 (up to 3.4e38)" if too_large else "which is not finite"


# --- many texts -----------------------------------------------------------------------------------

MANY = 1_000
"""From this many texts on, all of them are examined at once."""


def order_of(texts: Sequence[str]) -> Array:
    """Return the places of texts in the order of their characters: int [n]."""
    import numpy as np

    if len(texts) < MANY:
        return np.array(sorted(range(len(texts)), key=texts.__getitem__), int)
    import pyarrow
    from pyarrow import compute

    order = compute.sort_indices(pyarrow.array(texts, pyarrow.large_string()))
    return np.asarray(order.to_numpy().astype(int))


def maybe_numbers(texts: Sequence[str]) -> Sequence[int]:
    """Return the places of texts that are not certainly words.

    A word is neither a number in any format nor a text for a missing one. It is known by a
    character that none of these has, or by `-` or `/` after a digit, as in dates.
    """
    import numpy as np

    if len(texts) < MANY:
        return range(len(texts))
    import pyarrow

    _, offsets, data = pyarrow.array(texts, pyarrow.large_string()).buffers()
    ends = np.frombuffer(offsets, np.int64)[: len(texts) + 1]
    signs = np.frombuffer(data, np.uint8)[: ends[-1]]
    filled = np.flatnonzero(ends[1:] > ends[:-1])
    starts, every = ends[filled], np.arange(256)
    wordy = np.isin(every, [sign for sign in range(128) if chr(sign).lower() not in NUMERIC])
    digit, after = (np.isin(every, list(some)) for some in (b"0123456789", b"-/"))
    inside = digit[signs[:-1]] & after[signs[1:]]
    inside[starts[1:] - 1] = False
    found = wordy[signs]
    found[1:] |= inside
    maybe = np.ones(len(texts), bool)
    maybe[filled] = ~np.logical_or.reduceat(found, starts)
    places: list[int] = np.flatnonzero(maybe).tolist()
    return places


NUMERIC = frozenset("".join(MISSING) + "0123456789+-.,'_ einfity\t\r\n\f\v\x1c\x1d\x1e\x1f\x85")
"""The characters of numbers in any format, and of texts for a missing one."""


# --- numbers in any format ------------------------------------------------------------------------

SIGNS = "' "
"""Characters that separate thousands and never decimals."""

VARIANTS = str.maketrans("’\u00a0\u202f−", "'  -")
"""Characters that are written instead of those of `SIGNS`, and instead of the minus."""

GROUPED = re.compile(
    rf"[+-]?[0-9]{{1,3}}(?P<thousands>[.,{SIGNS}])[0-9]{{3}}(?:(?P=thousands)[0-9]{{3}})*"
    r"(?:(?!(?P=thousands))(?P<decimal>[.,])[0-9]*)?"
)
"""A number with its digits in groups of three."""

DECIMAL = re.compile(
    r"[+-]?(?:[0-9]+(?P<decimal>[.,])[0-9]*|(?P<leading>[.,])[0-9]+)(?:[eE][+-]?[0-9]+)?"
)
"""A number with a fraction."""


UNIT = re.compile(
    r"(?P<before>[$€£¥]|[A-Za-z]{1,3} )?(?P<number>[^A-Za-z$€£¥%]*[0-9])"
    r"(?P<after> ?(?:[$€£¥%]|°[CFcf]?)| [A-Za-z]+|(?!st|nd|rd|th)[A-Za-z]{2,})?"
)


def have_units(cells: Sequence[str]) -> bool:
    """Return whether cells are numbers, each with a unit: `12 %`, `$1,234.50`, `5 kg`, `5kg`.

    Words of more than three letters, and those without a space, are units if there are at most two
    of them, as `1 year` and `2 years`: others are names, as `12 Elm`.
    """
    words = set()
    for cell in cells:
        found = UNIT.fullmatch(cell.translate(VARIANTS))
        if (
            found is None
            or found["number"] == cell
            or not is_number_somehow(found["number"].strip())
        ):
            return False
        after = found["after"] or ""
        if after[:1].isalpha() or len(after.strip()) > 3:
            words.add(after.strip())
    return bool(cells) and len(words) <= 2


def is_number_somehow(cell: str) -> bool:
    """Return whether a cell is a number in some format."""
    cell = cell.translate(VARIANTS)
    return bool(GROUPED.fullmatch(cell) or DECIMAL.fullmatch(cell) or cell_number(cell) is not None)
