"""The contents of data before a training: counts, shapes, ranges, classes, columns."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import Span, fail
from netdsl.training.data.dispatch import is_table, read
from netdsl.training.data.guess import guessed_signature
from netdsl.training.data.signature import NetworkSignature
from netdsl.training.data.sources.column_kinds import KindedColumn, column_kinds, stated_kinds
from netdsl.training.data.sources.hub import HUBS
from netdsl.training.data.sources.images import LazyImages
from netdsl.training.data.sources.parsed_table import (
    EXACT,
    ParsedColumn,
    ParsedTable,
    find_column,
    find_targets,
)
from netdsl.training.data.sources.table_notes import table_notes
from netdsl.training.data.sources.tables import read_stated
from netdsl.training.preparation.columns import CATEGORY, NUMBER
from netdsl.training.preparation.dates import date_text
from netdsl.training.preparation.rows import pieces
from netdsl.training.preparation.shapes import size
from netdsl.training.recipes.recipe import DataSpec

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.data.parts import Examples, SourceData
    from netdsl.training.preparation.rows import Rows

MAX_CLASSES = 1000
SAMPLE = 1000
"""How many images are read to find the range of a folder's pixels."""


class Survey(NamedTuple):
    """A source that was read to be inspected.

    Attributes:
        source: where it comes from.
        data: its arrays; None for a table of text and numbers.
        table: its columns, if it is such a table.
        kinds: the kinds of the columns, except the target's.
        targets: its columns that are learned.
    """

    source: str
    data: SourceData | None
    table: ParsedTable | None
    targets: tuple[str, ...] = ()
    kinds: tuple[KindedColumn, ...] = ()


def survey(spec: DataSpec, network: Architecture | None = None, span: Span | None = None) -> Survey:
    """Read a source as the network takes it, or without a network as it is.

    Raises:
        NetError: as `load_data` does for a source.
    """
    source = spec.source or spec.function or ""
    if is_table(source):
        table = read_stated(Path(source), spec, None, span)
        if not len(table.places):
            raise fail("N516", f"{source} has no rows", span)
        targets = find_targets(spec.target, table, spec) if spec.target else ()
        others = set(targets)
        if spec.weight:
            others.add(find_column(spec.weight, table, spec.place("weight")))
        kinds = column_kinds(table, stated_kinds(table, spec), spec, others, span)
        return Survey(source, None, table, targets, tuple(kinds))
    if network is not None:
        signature = NetworkSignature.of(network)
        return Survey(source, read(spec, signature, span=span), None)
    signature, target = guessed_signature(spec, span)
    held = read(replace(spec, target=target), signature, span=span)
    if source.startswith(HUBS) and len(held.train.x[0].shape) == 4:
        looked_at = f"images are inspected at {size(signature.inputs[0].shape)}"
        held = replace(held, notes=(*held.notes, f"{looked_at}; a network has its own size"))
    return Survey(source, held, None)


# --- facts ----------------------------------------------------------------------------------------


def as_json(found: Survey) -> dict[str, Any]:
    """Return what a source holds.

    Returns:
        `source`, `notes`, and `parts` (each with `examples`, `x`, `y`, `classes`), or `rows`,
        `columns` and `input`: how many numbers of a row a network gets.
    """
    if found.table is not None:
        return {"source": found.source, **_table_facts(found.table, found)}
    assert found.data is not None
    data = found.data
    named = (("train", data.train), ("validation", data.validation), ("test", data.test))
    parts = {name: part for name, part in named if part}
    if len(parts) == 1:
        parts = {"all": data.train}
    facts = {name: _part_facts(part, data.classes) for name, part in parts.items()}
    return {"source": found.source, "parts": facts, "notes": list(data.notes)}


def _part_facts(part: Examples, classes: tuple[str, ...]) -> dict[str, Any]:
    y = dict(zip(part.y_names, part.y, strict=True))
    facts: dict[str, Any] = {
        "examples": len(part),
        "x": [_array_facts(array, name) for array, name in zip(part.x, part.x_names, strict=True)],
        "y": [_array_facts(array, name) for name, array in y.items()],
    }
    if part.y and (counts := class_counts(part.y[0], classes)):
        facts["classes"] = counts
    return facts


def _array_facts(array: Rows, name: str) -> dict[str, Any]:
    """Return an array's shape, type and range; for images in colour, also each channel's range."""
    import numpy as np

    looked_at = array
    facts: dict[str, Any] = {
        "name": name.strip("`"),
        "shape": list(array.shape),
        "type": str(array.dtype),
    }
    if isinstance(array, LazyImages) and len(array) > SAMPLE:
        looked_at = array[np.linspace(0, len(array) - 1, SAMPLE).astype(int)]
        facts["looked_at"] = SAMPLE
    colours = len(array.shape) == 4 and array.shape[3] in (3, 4)
    ranges = _ranges(looked_at, array.shape[3] if colours else 1)
    if not colours:
        return facts | ranges[0]
    return facts | {
        "least": min(one["least"] for one in ranges),
        "mean": sum(one["mean"] for one in ranges) / len(ranges),
        "most": max(one["most"] for one in ranges),
        "channels": ranges,
    }


def _ranges(array: Rows, channels: int) -> list[dict[str, float]]:
    """Return the smallest, the mean and the largest value of each channel."""
    low, high, total, count = [math.inf] * channels, [-math.inf] * channels, [0.0] * channels, 0
    for _, piece in pieces(array):
        values = piece.reshape(-1, channels)
        count += len(values)
        for channel in range(channels):
            column = values[:, channel]
            low[channel] = min(low[channel], float(column.min()))
            high[channel] = max(high[channel], float(column.max()))
            total[channel] += float(column.sum(dtype=float))
    return [
        {"least": low[at], "mean": total[at] / count, "most": high[at]} for at in range(channels)
    ]


def class_counts(y: Rows, classes: tuple[str, ...]) -> dict[str, int]:
    """Count the examples of each class, by its name; empty where the targets are not classes."""
    import numpy as np

    # Labels of positions are not counted: a class then has pixels, not examples.
    if math.prod(y.shape[1:]) != 1:
        return {}
    labels = np.asarray(y[:]).reshape(-1)
    if (labels != np.floor(labels)).any() or labels.min() < 0 or labels.max() >= EXACT:
        return {}
    counts = np.unique(labels.astype(np.int64), return_counts=True)
    if len(counts[0]) > MAX_CLASSES:
        return {}
    found = {int(label): int(count) for label, count in zip(*counts, strict=True)}
    if classes:
        return {name: found.get(label, 0) for label, name in enumerate(classes)}
    return {str(label): count for label, count in found.items()}


def _table_facts(table: ParsedTable, found: Survey) -> dict[str, Any]:
    kinds = {one.name: one for one in found.kinds}
    columns = [
        _column_facts(column, kinds.get(column.name))
        | ({"target": True} if column.name in found.targets else {})
        for column in table.columns
    ]
    left_out = [one.name for one in found.kinds if not one.read]
    notes = (*(one.note for one in found.kinds if one.note), *table_notes(table, left_out))
    width = sum(one.width for one in found.kinds if one.read)
    return {"rows": len(table.places), "columns": columns, "input": width, "notes": list(notes)}


def _column_facts(raw: ParsedColumn, found: KindedColumn | None) -> dict[str, Any]:
    """Return a column's kind, its missing cells, range or categories."""
    import numpy as np

    cells = found.cells if found else raw
    known = cells.values[~np.isnan(cells.values)]
    usual = NUMBER if cells.categories is None else CATEGORY
    facts: dict[str, Any] = {
        "name": cells.name,
        "type": found.kind if found else usual,
        "missing": len(cells.values) - len(known),
    }
    if cells.categories is not None:
        counts = np.bincount(known.astype(int), minlength=len(cells.categories))
        order = np.argsort(-counts, kind="stable")
        return facts | {"categories": {cells.categories[at]: int(counts[at]) for at in order}}
    if not len(known):
        return facts
    figures = {
        "least": float(known.min()),
        "mean": float(known.mean()),
        "median": float(np.median(known)),
        "most": float(known.max()),
    }
    if cells.days:
        facts |= {name: date_text(value) for name, value in figures.items()}
    else:
        facts |= figures
    return facts | {"distinct": len(np.unique(known))}
