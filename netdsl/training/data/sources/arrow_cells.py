"""Columns of texts as pyarrow holds them."""

from __future__ import annotations

from typing import Any

from netdsl.training.data.sources.cells import Cells


def cells_in(column: Any) -> Cells:
    """Return the cells of a column of strings, empty where pyarrow has null."""
    import numpy as np
    import pyarrow
    from pyarrow import compute

    # As one chunk of any size: merging the dictionaries of many chunks is slow.
    filled = compute.fill_null(column, "").cast(pyarrow.large_string()).combine_chunks()
    coded = filled.dictionary_encode()
    codes, texts = coded.indices.to_numpy(), coded.dictionary.to_pylist()
    if compute.utf8_trim_whitespace(coded.dictionary).equals(coded.dictionary):
        return Cells(texts, codes)
    places: dict[str, int] = {}
    new = np.array([places.setdefault(text.strip(), len(places)) for text in texts], np.int32)
    return Cells(list(places), new[codes])
