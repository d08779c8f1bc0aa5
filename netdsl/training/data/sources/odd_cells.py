"""Cells of columns of numbers that are not numbers, where they are few."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from netdsl.errors import NetError
from netdsl.training.data.sources.cells import MISSING, MixedCells, cell_number, cells_of
from netdsl.training.data.sources.csv_rows import NotPlain, row_places
from netdsl.training.data.sources.csv_text import CsvText, rows

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array
    from netdsl.training.preparation.table_format import NumberFormat

MAX_PLACES = 1_000
"""After this many places of words in a text Python reads it."""


def odd_words(
    text: CsvText, word: str, numbers: Mapping[str, bool], form: NumberFormat
) -> frozenset[str]:
    """Return a word in a column of numbers, and what else is not a number in its first row.

    Args:
        text: holds it.
        word: the cell.
        numbers: which columns hold numbers.
        form: the signs within numbers.
    """
    content = text.content
    at = content.find(word.encode(), text.body)
    begin = 1 + max(content.rfind(b"\n", 0, at), content.rfind(b"\r", 0, at))
    line = re.compile(rb"[^\r\n]*").match(content, begin)
    assert line
    try:
        _, row = next(rows(text.path, line.group(), text.separator, None), (0, []))
    except NetError:  # a quoted cell of several lines
        return frozenset({word})
    cells = (cell for name, cell in zip(text.names, row, strict=False) if numbers.get(name))
    return frozenset({word, *(cell for cell in cells if cell_number(cell.strip(), form) is None)})


def odd_cells(
    text: CsvText, columns: Mapping[str, Any], words: frozenset[str]
) -> dict[str, MixedCells]:
    """Find the cells of some words, which are missing in columns of numbers.

    Args:
        text: holds them.
        columns: as they were read, numbers and others.
        words: the cells that were read as missing.

    Returns:
        The columns that have such cells.

    Raises:
        NotPlain: where words are in many places, or where that is not certain.
    """
    import numpy as np

    places, own = row_places(text), {word.strip() for word in words}
    pattern = re.compile(b"|".join(re.escape(word.encode()) for word in words))
    found = islice(pattern.finditer(text.content, text.body), MAX_PLACES + 1)
    starts = np.array([match.start() - text.body for match in found])
    if len(starts) > MAX_PLACES or any('"' in word for word in words):
        raise NotPlain
    at = np.unique(np.searchsorted(places.starts, starts, "right") - 1)
    cells: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for row, held in zip(at.tolist(), places.cells(at), strict=True):
        for name, cell in zip(text.names, map(str.strip, held), strict=True):
            column = columns.get(name)
            if not isinstance(column, np.ndarray):
                continue
            if cell in own:
                cells[name].append((row, cell))
            elif np.isnan(column[row]) and cell.lower() not in MISSING:
                raise NotPlain
    return {name: _mixed(columns[name], found_here) for name, found_here in cells.items()}


def _mixed(values: Array, found: list[tuple[int, str]]) -> MixedCells:
    import numpy as np

    own, texts = zip(*found, strict=True)
    return MixedCells(values, np.array(own), cells_of(texts))
