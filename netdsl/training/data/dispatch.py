"""Read a source by the module for its kind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.errors.printable import in_one_line
from netdsl.training.data.own_parts import PARTS, with_own_parts
from netdsl.training.data.sources.arrays import named_parts, read_npz, read_pair
from netdsl.training.data.sources.formula import read_formula
from netdsl.training.data.sources.hub import HUBS, read_hub
from netdsl.training.data.sources.image_folder import read_folder
from netdsl.training.data.sources.named import NAMES, read_named
from netdsl.training.data.sources.python import PYTHON, gather
from netdsl.training.data.sources.table_file import SUFFIXES
from netdsl.training.data.sources.table_targets import TrainedTable
from netdsl.training.data.sources.tables import read_table
from netdsl.training.data.sources.toys import (
    MADE,
    formula_of,
    looks_like_function,
    read_made,
)
from netdsl.training.data.sources.toys import NAMES as TOYS

if TYPE_CHECKING:
    from netdsl.training.data.parts import SourceData
    from netdsl.training.data.signature import NetworkSignature
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import DataSpec

TABULAR = (
    "header",
    "missing",
    "separator",
    "decimal",
    "thousands",
    "encoding",
    "comment",
    "missing_values",
    "categories",
    "columns",
    "drop",
    "day_first",
)
"""Keys of a recipe's `data` that are only for tables."""

BY_COLUMN = ("order", "group", "column")
"""Keys of `data.split` that name a column of a table."""


def read(
    spec: DataSpec,
    signature: NetworkSignature,
    given: Any = None,
    kept: Preparation | None = None,
    span: Span | None = None,
) -> SourceData:
    """Read the examples of a source as arrays for each of the network's inputs and outputs.

    Args:
        spec: names the source and its target.
        signature: the network's.
        given: data from Python, in place of a source.
        kept: the preparation of a run; the source is read as the run's own was.
        span: the place of the source's name in a recipe.

    Raises:
        NetError: N507, N510 to N518, N520, N521, N524, N527 to N536.
        RunError: N522 where a download fails.
    """
    if given is None:
        classes = kept.outputs[0].names if kept else ()
        held = _read_source(spec, signature, kept, classes, span)
        held = with_own_parts(
            held,
            spec,
            signature,
            lambda other, names: _read_source(other, signature, kept, names, other.place("source")),
        )
        if spec.weight is not None and kept is None and held.train.weights is None:
            message, span = f"{held.source} has no weights `{spec.weight}`", spec.place("weight")
            raise fail("N514", message, span, help="name the array of weights, or leave it out")
        return held
    if kept and kept.table:
        raise fail(
            "N533",
            "the network was trained on a table; arrays have no columns",
            help=f"evaluate it on a file like {spec.source or ''}",
        )
    for name in PARTS:
        if getattr(spec, name) is not None:
            help = "give the parts with the data: ((x, y), (x_test, y_test))"
            message = f"`{name}` names a file; the data is given in Python"
            raise fail("N507", message, spec.place(name), help=help)
    if not kept:
        _check_not_tabular(spec, "the data given in Python")
    names = _class_names(signature, kept, ())
    return gather(given, signature, _single_target(spec), spec.weight, names)


def _read_source(
    spec: DataSpec,
    signature: NetworkSignature,
    kept: Preparation | None,
    classes: tuple[str, ...],
    span: Span | None,
) -> SourceData:
    formula = formula_of(spec, span)
    made = formula is not None or spec.source in TOYS
    source = spec.source or spec.function or ""
    tabular, path = not made and is_table(source), Path(source)
    if kept and tabular != bool(kept.table):
        raise _unlike(source, tabular, span)
    if not kept and not tabular:
        _check_not_tabular(spec, source)
    if (
        spec.weight is not None
        and not (kept or tabular)
        and path.suffix.lower() not in (".npz", ".npy")
    ):
        raise fail(
            "N507",
            f"`weight` is for tables and arrays; {source} has neither",
            spec.place("weight"),
            help="leave `weight` out; `class_weights` weighs whole classes",
        )
    if spec.damaged is not None and not kept and (made or not os.path.isdir(source)):
        raise fail(
            "N507",
            f"`damaged` is for folders of images; {source} is not one",
            spec.place("damaged"),
            help="leave `damaged` out",
        )
    if made:
        return read_made(spec, signature, formula, span)
    _check_not_made(spec, os.path.isdir(source))
    target = None if tabular else _single_target(spec)
    names = _class_names(signature, kept, classes)
    if source == PYTHON:
        raise fail(
            "N535",
            "the run was trained on data from Python, which is not stored",
            span,
            help="run.evaluate(data), or netdsl.evaluate(folder, data=...)",
        )
    if source in NAMES:
        return read_named(source, signature, target, span)
    if source.startswith(HUBS):
        return read_hub(source, signature, target, span)
    if path.suffix.lower() == ".npz":
        held = read_npz(path, span)
        return named_parts(os.path.abspath(path), held, signature, target, spec.weight, span, names)
    if path.suffix.lower() == ".npy":
        return read_pair(path, target, signature, spec.weight, span, names)
    if tabular:
        trained = None
        if kept and kept.table:
            several = len(kept.table.targets) > 1
            tables = tuple(input.columns for input in kept.inputs if input.columns)
            names = tuple(output.names for output in kept.outputs) if several else ()
            trained = TrainedTable(kept.table, tables, classes, names)
        return read_table(path, spec, signature, trained, span)
    if os.path.isdir(source):
        limits = kept.inputs[0].pixel_range if kept else spec.range
        skip, known = spec.damaged == "skip", kept is not None
        return read_folder(path, signature, classes, target, skip, span, limits, known)
    raise _unknown(source, span)


def _class_names(
    signature: NetworkSignature, kept: Preparation | None, classes: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    """Return the names of the classes of each output, from a run or from another file."""
    if kept:
        return tuple(output.names for output in kept.outputs)
    return (classes,) * len(signature.outputs) if classes else ()


def _single_target(spec: DataSpec) -> str | None:
    """Return the target of a source that is not a table. Raises NetError N507 for several."""
    if isinstance(spec.target, tuple):
        message = f"several targets are columns of a table; {spec.source} is not one"
        help = "name arrays as the outputs: y_mask, y_class"
        raise fail("N507", message, spec.place("target"), help=help)
    return spec.target


def is_table(source: str) -> bool:
    """Return whether a source is a file of rows and columns."""
    return (
        source not in NAMES
        and not source.startswith(HUBS)
        and Path(source).suffix.lower() in SUFFIXES
    )


def _check_not_tabular(spec: DataSpec, source: str) -> None:
    """Raise NetError N507 for a key that is only for tables."""
    for name in TABULAR:
        if getattr(spec, name) is not None:
            message = f"`{name}` is for tables; {source} is not a table"
            raise fail("N507", message, spec.place(name), help=f"leave `{name}` out")
    for name in BY_COLUMN:
        if (column := getattr(spec.split, name)) is not None:
            named = f"`split: {{{name}: {in_one_line(column)}}}` names a column of a table"
            raise fail(
                "N507",
                f"{named}; {source} is not a table, and has no columns",
                spec.place(f"split.{name}"),
                help="state the parts: arrays x_train, x_val, x_test and y_train, y_val, y_test, "
                "or folders train, val, test; or give a table",
            )


def _check_not_made(spec: DataSpec, folder: bool) -> None:
    """Raise NetError N507 for a key of generated data; `range` is for images, too."""
    for name in MADE:
        if getattr(spec, name) is not None and not (folder and name == "range"):
            message = f"`{name}` is for data that is made; {spec.source} is read"
            raise fail("N507", message, spec.place(name), help=f"leave `{name}` out")


def _unlike(source: str, tabular: bool, span: Span | None) -> NetError:
    """Return the error for a table if the network was not trained on one, or the reverse."""
    if tabular:
        message = f"{source} is a table, and the network was not trained on one"
        return fail("N536", message, span, help="give data like the training's")
    help = f"give a file of {', '.join(SUFFIXES)}"
    return fail(
        "N536", f"{source} is not a table, and the network was trained on one", span, help=help
    )


def _unknown(source: str, span: Span | None) -> NetError:
    """Return the error for a source that does not exist, with the most similar name of a data set
    or of a file in its folder.
    """
    path = Path(source)
    if looks_like_function(source):
        read_formula(source, span)  # says what is wrong with it
    if os.path.isfile(source):
        suffix = f"the suffix {path.suffix} is" if path.suffix else "a name without a suffix is"
        return fail(
            "N510",
            f"{source} exists, and {suffix} not a data format",
            span,
            help=f"data has the suffix {', '.join(('.npz', '.npy', *SUFFIXES))}, or is a folder",
        )
    siblings = [other.name for other in path.parent.iterdir()] if os.path.isdir(path.parent) else []
    if os.sep in source:
        near = did_you_mean(path.name, siblings)
        return fail("N510", f"there is no file or folder {source}", span, help=near)
    names = ", ".join(f"`{name}`" for name in (*NAMES, *TOYS))
    known = (
        f"a data set is {names}, a function such as `sin(3*pi*x)`, a folder of images, or an .npz, "
        ".npy, .csv or .parquet file"
    )
    return fail(
        "N510",
        f"there is no data set `{source}`",
        span,
        help=did_you_mean(source, (*NAMES, *TOYS)) or did_you_mean(path.name, siblings) or known,
    )
