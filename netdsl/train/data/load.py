"""A recipe's data for a network: read, planned, arranged."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.train.data import tables
from netdsl.train.data.arrays import read_npz, read_pair, table_of
from netdsl.train.data.given import PYTHON, gather
from netdsl.train.data.hub import HUBS, read_hub
from netdsl.train.data.images import read_folder
from netdsl.train.data.named import BUNDLED, NAMES, read_named
from netdsl.train.data.parts import Data, Table, Wanted
from netdsl.train.data.plan import plan
from netdsl.train.data.splits import arrange
from netdsl.train.data.tables import fitted

if TYPE_CHECKING:
    from netdsl.network import Network
    from netdsl.train.prepare import Preparation
    from netdsl.train.recipe import DataSpec, Recipe


def load_data(recipe: Recipe, network: Network, given: Any = None) -> Data:
    """The recipe's data, or what is `given` in Python, checked against the network's inputs and outputs, and split.

    Without a source, a network of ten outputs is given the bundled digits. Raises NetError (N505, N507, N510 to N521, N526 to N536);
    RunError N522 where a download fails.
    """
    if given is None and recipe.data.source is None:
        if len(network.inputs) != 1 or network.outputs[0].shape != (len(NAMES[BUNDLED]),):
            raise fail("N510", "no data is named", help="name it: --data FILE.npz, or `data:` in a recipe")
        recipe = replace(recipe, data=replace(recipe.data, source=BUNDLED))
    wanted, span = Wanted.of(network), recipe.span("data.source")
    table = read(recipe.data, wanted, given, span=span)
    data = arrange(table, recipe, plan(table, recipe, wanted))
    return fitted(data, span) if table.columns else data


def reload(recipe: Recipe, preparation: Preparation, given: Any = None) -> Data:
    """The data of a run again, for the preparation that it has kept. Raises NetError as `load_data` does, N535 for data from Python."""
    table = read(recipe.data, Wanted.kept(preparation), given, preparation, recipe.span("data.source"))
    return arrange(table, recipe, preparation, trained=True)


def read(spec: DataSpec, wanted: Wanted, given: Any = None, kept: Preparation | None = None, span: Span | None = None) -> Table:
    """The examples of a source, as arrays for each of the network's inputs and outputs; with `kept`, read as a run has read them.

    Raises NetError N507, N510 to N518, N520, N521, N524, N527 to N536; RunError N522 where a download fails.
    """
    source, classes = spec.source or "", kept.outputs[0].names if kept else ()
    if given is not None:
        if kept and kept.inputs[0].columns:
            raise fail("N533", "the network was trained on a table; arrays have no columns", help=f"evaluate it on a file like {source}")
        return gather(given, wanted, spec.target)
    if source == PYTHON:
        raise fail("N535", "the run was trained on data from Python, which is not kept", span, help="evaluate(folder, data=...)")
    if source in NAMES:
        return read_named(source, wanted, spec.target, span)
    if source.startswith(HUBS):
        return read_hub(source, wanted, spec.target, span)
    path = Path(source)
    if path.suffix == ".npz":
        return table_of(os.path.abspath(path), read_npz(path, span), wanted, spec.target, span)
    if path.suffix == ".npy":
        return read_pair(path, spec.target, wanted, span)
    if path.suffix.lower() in tables.SUFFIXES:
        columns = kept.inputs[0].columns if kept else None
        return tables.read_table(path, spec, wanted, tables.Kept(columns, classes) if columns else None, span)
    if path.is_dir():
        return read_folder(path, wanted, classes, spec.target, span)
    raise _unknown(source, span)


def _unknown(source: str, span: Span | None) -> NetError:
    """What is said of a source that is none: the nearest name, of data sets and of files beside it."""
    path = Path(source)
    beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    known = f"a data set is {', '.join(f'`{name}`' for name in NAMES)}, a folder of images, or an .npz, .npy, .csv or .parquet file"
    return fail(
        "N510", f"there is no data set `{source}`", span, help=did_you_mean(source, NAMES) or did_you_mean(path.name, beside) or known
    )
