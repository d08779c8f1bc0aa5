"""A recipe's data for a network: read, planned, arranged."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.training.data.parts import INPUT, Data, Table, Wanted
from netdsl.training.data.plan import plan
from netdsl.training.data.sources import tables
from netdsl.training.data.sources.arrays import read_npz, read_pair, table_of
from netdsl.training.data.sources.hub import HUBS, read_hub
from netdsl.training.data.sources.images import read_folder
from netdsl.training.data.sources.named import BUNDLED, NAMES, read_named
from netdsl.training.data.sources.python import PYTHON, gather
from netdsl.training.data.sources.tables import fitted
from netdsl.training.data.splits import arrange, whole
from netdsl.training.preparation.rows import pieces
from netdsl.training.recipes.recipe import Split

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import DataSpec, Recipe


def load_data(recipe: Recipe, network: Architecture, given: Any = None) -> Data:
    """The recipe's data, or what is `given` in Python, checked against the network's inputs and
    outputs, and split.

    Without a source, a network of ten outputs is given the bundled digits. Raises NetError (N505,
    N507, N510 to N521, N526 to N536); RunError N522 where a download fails.
    """
    if given is None and recipe.data.source is None:
        if len(network.inputs) != 1 or network.outputs[0].shape != (len(NAMES[BUNDLED]),):
            raise fail(
                "N510", "no data is named", help="name it: --data FILE.npz, or `data:` in a recipe"
            )
        recipe = replace(recipe, data=replace(recipe.data, source=BUNDLED))
    wanted, span = Wanted.of(network), recipe.span("data.source")
    table = read(recipe.data, wanted, given, span=span)
    data = arrange(table, recipe, plan(table, recipe, wanted))
    return fitted(data, span) if table.columns else replace(data, notes=(*data.notes, *_far(data)))


def reload(recipe: Recipe, preparation: Preparation, given: Any = None) -> Data:
    """The data of a run again, for the preparation that it has kept.

    Raises NetError as `load_data` does, N535 for data from Python.
    """
    table = read(
        recipe.data, Wanted.kept(preparation), given, preparation, recipe.span("data.source")
    )
    return arrange(table, recipe, preparation, trained=True)


def other(
    recipe: Recipe, preparation: Preparation, data: Any, known: Callable[[Data], bool]
) -> Data:
    """Data that a run's network is to be measured on: a source, or what is given in Python.

    It is split as the run's where it is `known` as the same. Else what has no test part of its own
    is all test part. Raises NetError as `reload` does.
    """
    given = data
    if isinstance(data, str | os.PathLike):
        given, source = None, os.fspath(data)
        recipe = replace(
            recipe, data=replace(recipe.data, source=source, target=_target(recipe.data, source))
        )
    table = read(recipe.data, Wanted.kept(preparation), given, preparation)
    asked = recipe.data.split
    test = Split() if table.test else Split(asked.test, asked.fold)
    own = replace(test, validation=None if table.validation else asked.validation)
    recipe = replace(recipe, data=replace(recipe.data, split=own), spans={})
    try:
        same = arrange(table, recipe, preparation, trained=True)
    except NetError as error:
        if error.diagnostics[0].code != "N516" or table.test:  # too few to be split
            raise
        return whole(table, recipe, preparation)
    return same if table.test or known(same) else whole(table, recipe, preparation)


def _target(spec: DataSpec, source: str) -> str | None:
    """The target of a run that goes with another source too: `input`, a column of the same hub,
    the same file's own.
    """
    hub = spec.source and next(
        (hub for hub in HUBS if spec.source.startswith(hub) and source.startswith(hub)), ""
    )
    same = os.path.abspath(source) == os.path.abspath(spec.source or "")
    return spec.target if spec.target == INPUT or hub or same else None


FAR = 100
"""A mean or a deviation of values to be learned that goes beyond this is told."""


def _far(data: Data) -> Iterator[str]:
    """Which values of arrays are far from those that a network gives at first."""
    for output, y, name in zip(
        data.preparation.outputs, data.train.y, data.train.y_names, strict=True
    ):
        if output.classes or output.copies or output.loss not in ("squared", "absolute"):
            continue
        count = total = squares = 0.0
        for _, piece in pieces(y):
            count, total, squares = (
                count + piece.size,
                total + float(piece.sum(dtype=float)),
                squares + float((piece.astype(float) ** 2).sum()),
            )
        mean = total / count
        deviation = math.sqrt(max(0.0, squares / count - mean**2))
        if max(abs(mean), deviation) > FAR:
            far = f"{name} has the mean {mean:.4g} and the deviation {deviation:.4g}"
            yield f"{far}: values near 1 are learned sooner; those of a table are standardised"


def read(
    spec: DataSpec,
    wanted: Wanted,
    given: Any = None,
    kept: Preparation | None = None,
    span: Span | None = None,
) -> Table:
    """The examples of a source, as arrays for each of the network's inputs and outputs; with
    `kept`, read as a run has read them.

    Raises NetError N507, N510 to N518, N520, N521, N524, N527 to N536; RunError N522 where a
    download fails.
    """
    source, classes = spec.source or "", kept.outputs[0].names if kept else ()
    tabular = is_table(source)
    if given is None and kept and tabular != bool(kept.inputs[0].columns):
        raise _unlike(source, tabular, span)
    if given is None and not kept and not tabular:
        for name in ("header", "missing"):
            if getattr(spec, name) is not None:
                raise fail(
                    "N507",
                    f"`{name}` is for tables; {source} is none",
                    span,
                    help=f"leave `{name}` out",
                )
    if given is not None:
        if kept and kept.inputs[0].columns:
            raise fail(
                "N533",
                "the network was trained on a table; arrays have no columns",
                help=f"evaluate it on a file like {source}",
            )
        return gather(given, wanted, spec.target)
    if source == PYTHON:
        raise fail(
            "N535",
            "the run was trained on data from Python, which is not kept",
            span,
            help="evaluate(folder, data=...)",
        )
    if source in NAMES:
        return read_named(source, wanted, spec.target, span)
    if source.startswith(HUBS):
        return read_hub(source, wanted, spec.target, span)
    path = Path(source)
    if path.suffix.lower() == ".npz":
        return table_of(os.path.abspath(path), read_npz(path, span), wanted, spec.target, span)
    if path.suffix.lower() == ".npy":
        return read_pair(path, spec.target, wanted, span)
    if tabular:
        columns = kept.inputs[0].columns if kept else None
        return tables.read_table(
            path, spec, wanted, tables.Kept(columns, classes) if columns else None, span
        )
    if path.is_dir():
        return read_folder(path, wanted, classes, spec.target, span)
    raise _unknown(source, span)


def is_table(source: str) -> bool:
    """Whether a source is a file of rows and columns."""
    return (
        source not in NAMES
        and not source.startswith(HUBS)
        and Path(source).suffix.lower() in tables.SUFFIXES
    )


def _unlike(source: str, tabular: bool, span: Span | None) -> NetError:
    """What is said of a table for a network that was not trained on one, and the other way
    round.
    """
    if tabular:
        return fail(
            "N536",
            f"{source} is a table, and the network was not trained on one",
            span,
            help="give data like the training's",
        )
    help = f"give a file of {', '.join(tables.SUFFIXES)}"
    return fail("N536", f"{source} is no table, which the network was trained on", span, help=help)


def _unknown(source: str, span: Span | None) -> NetError:
    """What is said of a source that is none: the nearest name, of data sets and of files beside
    it.
    """
    path = Path(source)
    if path.is_file():
        suffix = f"the suffix {path.suffix} is" if path.suffix else "a name without a suffix is"
        suffixes = (".npz", ".npy", *tables.SUFFIXES)
        raise fail(
            "N510",
            f"{source} is there, and {suffix} none of data",
            span,
            help=f"data ends in {', '.join(suffixes)}, or is a folder",
        )
    beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    known = f"a data set is {', '.join(f'`{name}`' for name in NAMES)}, a folder of images, or an .npz, .npy, .csv or .parquet file"
    return fail(
        "N510",
        f"there is no data set `{source}`",
        span,
        help=did_you_mean(source, NAMES) or did_you_mean(path.name, beside) or known,
    )
