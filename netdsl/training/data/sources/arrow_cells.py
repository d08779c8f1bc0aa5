"""Columns of texts as pyarrow holds them."""

from __future__ import annotations

from typing import Any

from netdsl.training.data.sources.cells import Cells


def cells_in(column: Any) -> Cells:
    """Return the cells of a column of strings, empty where pyarrow has null."""
    import numpy as np
    from pyarrow import compute

    coded = compute.fill_null(column, "").dictionary_encode().unify_dictionaries()
    codes = [part.indices.to_numpy() for part in coded.chunks]
    texts = coded.chunk(0).dictionary.to_pylist() if coded.num_chunks else []
    places: dict[str, int] = {}
    new = np.array([places.setdefault(text.strip(), len(places)) for text in texts], np.int32)
    return Cells(list(places), new[np.concatenate([np.zeros(0, np.int32), *codes])])
