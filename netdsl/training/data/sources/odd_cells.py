"""The few cells of columns of numbers that are not numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import NetError
from netdsl.training.data.sources.cells import MISSING, MixedCells, cell_number, cells_of
from netdsl.training.data.sources.csv_rows import NotPlain, row_places
from netdsl.training.data.sources.csv_text import CsvText, rows

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array
    from netdsl.training.preparation.table_format import NumberFormat

MAX_PLACES = 1_000
"""If words occur in more places of a text than this, Python reads it."""


class OddPart(NamedTuple):
    """Some of a text's rows, in which words were read as missing numbers.

    Attributes:
        text: those rows.
        words: the words, some of which the text holds.
        first: the number of its first row among all rows.
        height: how many rows it has.
    """

    text: CsvText
    words: frozenset[str]
    first: int
    height: int


def odd_words(
    text: CsvText, word: str, numbers: Mapping[str, bool], form: NumberFormat
) -> frozenset[str]:
    """Return a word in a column of numbers, and the other cells of its first row that should be
    numbers and are not.

    Args:
        text: the text that holds it.
        word: the cell.
        numbers: which columns hold numbers.
        form: how numbers are written.

    Raises:
        NotPlain: where a cell has a quote, which is doubled in the text.
    """
    content = text.content
    # pyarrow reports the cell, not the row: any row that holds the word will do.
    at = content.find(word.encode(), text.body)
    begin = 1 + max(content.rfind(b"\n", 0, at), content.rfind(b"\r", 0, at))
    line = re.compile(rb"[^\r\n]*").match(content, begin)
    assert line
    found = {word}
    with suppress(NetError):  # a quoted cell of several lines
        _, row = next(rows(text.path, line.group(), text.separator, None), (0, []))
        cells = (cell for name, cell in zip(text.names, row, strict=False) if numbers.get(name))
        found |= {cell for cell in cells if cell_number(cell.strip(), form) is None}
    if any('"' in cell for cell in found):
        raise NotPlain
    return frozenset(found)


def odd_cells(
    text: CsvText,
    parts: Sequence[OddPart],
    columns: Mapping[str, Any],
    not_finite: Mapping[str, Array],
) -> dict[str, MixedCells]:
    """Find the cells of words that were read as missing in columns of numbers.

    Args:
        text: the text of the columns.
        parts: the parts of the text that hold the words.
        columns: as they were read, numbers and others.
        not_finite: the rows of columns that hold other cells that are not numbers.

    Returns:
        The columns that have such cells.

    Raises:
        NotPlain: where such cells are in many places, or where that is not certain.
    """
    import numpy as np

    cells: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    left = MAX_PLACES
    for part, words, first, height in parts:
        places, own = row_places(part), {word.strip() for word in words}
        pattern = re.compile(b"|".join(re.escape(word.encode()) for word in words))
        found = islice(pattern.finditer(part.content), left + 1)
        starts = np.array([match.start() for match in found])
        left -= len(starts)
        if left < 0 or len(places.starts) != height:
            raise NotPlain
        at = np.unique(np.searchsorted(places.starts, starts, "right") - 1)
        at = at[at >= 0]  # a word may be the end of an empty line
        for row, held in zip((first + at).tolist(), places.cells(at), strict=True):
            for name, cell in zip(text.names, map(str.strip, held), strict=True):
                column = columns.get(name)
                if not isinstance(column, np.ndarray):
                    continue
                if cell in own:
                    cells[name].append((row, cell))
                # pyarrow read a cell as missing that is neither a known word nor one of these:
                # Python decides.
                elif np.isnan(column[row]) and cell.lower() not in MISSING:
                    raise NotPlain
    if not_finite:
        _add_not_finite(text, not_finite, cells)
    return {name: _mixed(columns[name], sorted(own)) for name, own in cells.items()}


def _add_not_finite(
    text: CsvText, rows: Mapping[str, Array], cells: dict[str, list[tuple[int, str]]]
) -> None:
    """Add the cells of some rows of columns. Raises NotPlain where they are many."""
    import numpy as np

    every = np.unique(np.concatenate(list(rows.values())))
    if len(every) > MAX_PLACES:
        raise NotPlain
    held = dict(zip(every.tolist(), row_places(text).cells(every), strict=True))
    places = {name: place for place, name in enumerate(text.names)}
    for name, own in rows.items():
        cells[name] += [(row, held[row][places[name]].strip()) for row in own.tolist()]


def _mixed(values: Array, found: list[tuple[int, str]]) -> MixedCells:
    import numpy as np

    own, texts = zip(*found, strict=True)
    rows = np.array(own)
    values = values.copy()
    values[rows] = np.nan
    return MixedCells(values, rows, cells_of(texts))
