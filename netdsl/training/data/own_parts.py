"""Validation and test parts in files of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors import Span, fail
from netdsl.training.data.sources.table_targets import TrainedTable
from netdsl.training.data.sources.tables import read_table
from netdsl.training.preparation.columns import TableTransform
from netdsl.training.recipes.recipe import DataSpec, Split
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.data.parts import Examples, SourceData
    from netdsl.training.data.signature import NetworkSignature

PARTS = ("validation", "test")
"""Keys of a recipe's `data` that name files."""


def with_own_parts(
    held: SourceData,
    spec: DataSpec,
    signature: NetworkSignature,
    read: Callable[[DataSpec, tuple[str, ...]], SourceData],
) -> SourceData:
    """Read the files that a recipe names for validation and test, as the source was read.

    Args:
        held: the source, which is trained on.
        spec: names the source and the files.
        signature: the network's.
        read: reads another source, with the classes of this one.

    Raises:
        NetError: N507 where the source has such a part, N526 for other classes, and as reading a
            source does.
    """
    made, notes = dict(held.made), list(held.notes)
    found = {"validation": held.validation, "test": held.test}
    for name in PARTS:
        path: str | None = getattr(spec, name)
        if path is None:
            continue
        span = spec.place(name)
        if found[name] is not None:
            message = f"{held.source} has a {name} part of its own, and {path} would be another"
            raise fail("N507", message, span, help=f"leave `{name}` out")
        _check_other_file(path, [held.source, *(made[one] for one in PARTS if one in made)], span)
        alone = replace(spec, source=path, split=Split(), validation=None, test=None)
        alone = replace(alone, spans={"source": span} if span else {})
        if isinstance(held.columns, TableTransform):
            known = held.columns, held.tables, held.classes, held.classes_by
            # Read with the training file's columns and categories, so that codes mean the same in
            # both.
            trained = TrainedTable(*known, fitted=False)
            keys = Split(order=spec.split.order, group=spec.split.group)
            other = read_table(Path(path), replace(alone, split=keys), signature, trained, span)
            notes += _common(held.train, other.train, name)
        else:
            other = read(alone, held.classes)
        _check(other, held, path, name, span)
        found[name] = other.train
        # Kept in the run's recipe, and looked for from any folder.
        made[name] = os.path.abspath(path)
        notes += [f"{name} part: {note}" for note in other.notes]
    validation, test = found["validation"], found["test"]
    return replace(held, made=made, notes=tuple(notes), validation=validation, test=test)


def _check_other_file(path: str, known: Sequence[str], span: Span | None) -> None:
    """Raise NetError N507 where a file is the training's, or another part's."""
    for other in known:
        if os.path.realpath(path) == os.path.realpath(other):
            message = f"{path} would be two parts: the figures would be those of known examples"
            raise fail("N507", message, span, help="give another file, or leave the key out")


def _common(train: Examples, other: Examples, name: str) -> Iterator[str]:
    """Yield a warning with the count of a part's rows that are in the training's table, too."""
    known = set(_rows(train))
    if same := sum(row in known for row in _rows(other)):
        yield (
            f"warning: {counted(same, 'row')} of {len(other):,} of the {name} part are in the "
            "training's file too, with the same cells"
        )


def _rows(part: Examples) -> Iterator[bytes]:
    """Yield the numbers of each row."""
    import numpy as np

    arrays = [np.asarray(array[:]) for array in (*part.x, *part.y)]
    for row in range(len(part)):
        yield b"".join(array[row].tobytes() for array in arrays)


def _check(other: SourceData, held: SourceData, path: str, name: str, span: Span | None) -> None:
    """Raise NetError N507 for a file of several parts, N526 for other classes."""
    if other.test is not None or other.validation is not None:
        message = f"{path} has several parts; the {name} part is one"
        raise fail("N507", message, span, help="give a file without parts")
    if (other.classes, other.classes_by) != (held.classes, held.classes_by):
        only = sorted(set(other.classes) ^ set(held.classes))
        message = f"{path} has other classes than {held.source}: {', '.join(only[:5])}"
        raise fail("N526", message, span)
