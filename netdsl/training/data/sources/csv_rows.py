"""Find the rows of a CSV by its line ends, quotes and separators alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from netdsl.training.data.sources.csv_text import CsvText, rows

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

QUOTE, RETURN, NEW_LINE = b'"\r\n'

PIECE = 2**20
"""How many bytes are compared at once: more would not fit the processor's cache."""

PARTS, PART, COLUMN = 3, 2**21, 2**11
"""About how many parts a text has, and the fewest bytes of one, and of one for each column."""


class NotPlain(Exception):
    """The text does not consist of rows as pyarrow reads them: Python must read it, and finds what
    is wrong.

    Attributes:
        part: the rows that pyarrow would read differently; None where that is not known.
    """

    def __init__(self, part: CsvText | None = None) -> None:
        self.part = part


class RowPlaces(NamedTuple):
    """The rows below the names, including those of empty cells.

    Attributes:
        text: the text of the rows.
        quotes: the places of quotes, in pairs; counted in bytes from the first row.
        starts: the byte at which each row begins, counted in the same way.
        ends: the byte after each row.
        lines: the line on which each ends, from 1.
    """

    text: CsvText
    quotes: Array
    starts: Array
    ends: Array
    lines: Array

    def cells(self, at: Array) -> Iterator[list[str]]:
        """Yield the cells of some rows, by their numbers."""
        text, body = self.text, self.text.body
        parts = (
            text.content[body + start : body + end]
            for start, end in zip(self.starts[at].tolist(), self.ends[at].tolist(), strict=True)
        )
        found = rows(text.path, b"\n".join(parts), text.separator, None, blank=True)
        return (row for _, row in found)

    def of_other_widths(self) -> Array:
        """Return the numbers of the rows that have more or fewer cells than the text has names."""
        import numpy as np

        signs = self._separators()
        widths = np.searchsorted(signs, self.ends) - np.searchsorted(signs, self.starts) + 1
        return np.flatnonzero(widths != len(self.text.names))

    def columns(self, places: Array) -> Array:
        """Return the numbers of the columns in which some bytes are."""
        import numpy as np

        signs = self._separators()
        rows = self.starts[np.searchsorted(self.starts, places, "right") - 1]
        return np.unique(np.searchsorted(signs, places) - np.searchsorted(signs, rows))

    def _separators(self) -> Array:
        """Return the bytes that end a cell before the last of its row."""
        import numpy as np

        # A separator is one byte: recipes accept only ASCII.
        signs = np.flatnonzero(_bytes(self.text) == ord(self.text.separator))
        return signs[_outside(signs, self.quotes)] if len(self.quotes) else signs


def check_quotes(text: CsvText) -> None:
    """Check that the quotes below the names begin and end cells.

    Raises:
        NotPlain: where one does not, or is not closed.
    """
    for _ in _quotes(text):
        pass


def _quotes(text: CsvText) -> Iterator[Array]:
    """Yield the places of the quotes below the names. Raises NotPlain as `check_quotes` does."""
    import numpy as np

    if b'"' not in text.content:
        return
    content = _bytes(text)
    # Two quotes side by side end and begin a cell, or are a quote within a cell.
    edge, count = _of(text.separator.encode() + b'"\r\n'), 0
    for begin in range(0, len(content), PIECE):
        quotes = begin + np.flatnonzero(content[begin : begin + PIECE] == QUOTE)
        # By the count so far: a piece may begin within a quoted cell.
        opening, closing = quotes[count % 2 :: 2], quotes[1 - count % 2 :: 2]
        first, last = opening[:1] == 0, closing[-1:] == len(content) - 1
        before = content[opening[first.sum() :] - 1]
        after = content[closing[: len(closing) - last.sum()] + 1]
        if not (edge[before].all() and edge[after].all()):
            raise NotPlain
        count += len(quotes)
        yield quotes
    if count % 2:
        raise NotPlain


def parts(text: CsvText) -> Iterator[slice]:
    """Divide the bytes below the names into a few parts of whole rows; quotes must be plain.

    A mistake in a part is then searched for in that part only.
    """
    content, begin = text.content, text.body
    # a reading takes some time for each column
    size = max((len(content) - begin) // PARTS, PART, len(text.names) * COLUMN)
    while begin < len(content):
        end, counted, quotes = begin + size, begin, 0
        # A line end within quotes does not divide rows: continue to the next one.
        while (end := content.find(b"\n", end) + 1) > 0:
            quotes, counted = quotes + _count(content, QUOTE, counted, end), end
            if quotes % 2 == 0:
                break
        yield slice(begin, end or len(content))
        begin = end or len(content)


def part_of(text: CsvText, part: slice) -> CsvText:
    """Return some of a text's rows as a text."""
    line = text.line + line_ends(text.content, text.body, part.start)
    return text._replace(content=text.content[part], body=0, line=line)


def line_ends(content: bytes, begin: int, end: int) -> int:
    """Return how many lines end in some bytes; a carriage return alone also ends one."""
    returns = content.count(b"\r", begin, end)
    alone = returns - content.count(b"\r\n", begin, end) if returns else 0
    return _count(content, NEW_LINE, begin, end) + alone


def _count(content: bytes, sign: int, begin: int, end: int) -> int:
    """Count the bytes that are a sign, quickly even if they are many."""
    import numpy as np

    # `bytes.count` stops at each hit: for a sign in every cell, comparing all bytes is faster.
    found, pieces = np.frombuffer(content, np.uint8)[begin:end], range(0, end - begin, PIECE)
    return sum(int(np.count_nonzero(found[at : at + PIECE] == sign)) for at in pieces)


def row_places(text: CsvText) -> RowPlaces:
    """Find the rows.

    Raises:
        NotPlain: where quotes are not plain.
    """
    import numpy as np

    content = _bytes(text)
    quotes = np.concatenate([np.zeros(0, int), *_quotes(text)])
    breaking, returns = content == NEW_LINE, b"\r" in text.content
    if returns:  # a carriage return alone also ends a line
        breaking[:-1] |= (content[:-1] == RETURN) & ~breaking[1:]
        breaking[-1:] |= content[-1:] == RETURN
    breaks = np.flatnonzero(breaking)
    if len(content) and not breaking[-1]:
        breaks = np.append(breaks, len(content))
    own = _outside(breaks, quotes)
    ends, lines = breaks[own], text.line + np.flatnonzero(own)
    starts = np.concatenate([[0], ends[:-1] + 1])[: len(ends)]
    if returns:
        ends = ends - ((ends > starts) & (content[np.maximum(ends, 1) - 1] == RETURN))
    # An empty line is not a row, for pyarrow and for Python.
    filled = ends > starts
    return RowPlaces(text, quotes, starts[filled], ends[filled], lines[filled])


def columns_with_zeros(text: CsvText) -> list[str]:
    """Return the columns in which a number may begin with a 0 before another digit."""
    import numpy as np

    found = [*_zeros(text)]
    if not found:
        return []
    try:
        columns = row_places(text).columns(np.concatenate(found))
    except NotPlain:
        return text.names
    return [text.names[column] for column in columns if column < len(text.names)]


def _zeros(text: CsvText) -> Iterator[Array]:
    """Yield the bytes below the names where a number may begin with a 0 before another digit."""
    import numpy as np

    if re.compile(rb"[+-]?0[0-9]").match(text.content, text.body):
        yield np.zeros(1, int)
    content, zero = np.frombuffer(text.content, np.uint8), np.uint8(ord("0"))
    sign, edge = _of(b"+-"), _of(text.separator.encode() + b"\"' \t\r\n\f\v")
    for begin in range(max(text.body - 1, 0), len(content), PIECE):
        before, here, after = (content[begin + at : begin + at + PIECE] for at in range(3))
        here, before = here[: len(after)], before[: len(after)]
        # Differences below 0 wrap around; most digits follow a digit or a point.
        inside = before - np.uint8(ord(".")) < 12
        at = begin + np.flatnonzero((here == zero) & (after - zero < 10) & ~inside)
        at = at - sign[content[at]]
        at = at[(at < text.body) | edge[content[at]]]
        if len(at):
            yield at + 1 - text.body


def _of(signs: bytes) -> Array:
    """Return a table that says of each byte value whether it is one of `signs`."""
    import numpy as np

    return np.isin(np.arange(256), list(signs))


def _bytes(text: CsvText) -> Array:
    """Return the bytes from the first row on."""
    import numpy as np

    return np.frombuffer(text.content, np.uint8)[text.body :]


def _outside(places: Array, quotes: Array) -> Array:
    """Return for each place whether it is outside quotes."""
    import numpy as np

    outside: Array = np.searchsorted(quotes, places) % 2 == 0
    return outside
