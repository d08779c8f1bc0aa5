"""The runs in a folder as `netdsl runs` lists them, a line for each. No Keras, no numpy."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netdsl.errors import NetError, fail, nearest
from netdsl.errors.printable import in_one_line
from netdsl.json_text import json_text
from netdsl.text_table import aligned
from netdsl.training.data.sources.toys import short_name
from netdsl.training.metrics.definitions import higher_is_better
from netdsl.training.runs.figures import figure_text, json_value
from netdsl.training.runs.folder import (
    DISCRIMINATOR,
    METRICS_JSONL,
    RECIPE,
    RESULT,
    RUN,
    damaged,
    json_values,
    read_json,
)
from netdsl.training.runs.inputs import read_network
from netdsl.training.runs.run import RunResult


@dataclass(frozen=True)
class Entry:
    """A run folder as it is listed.

    `params` counts the network's parameters, `epochs` those that were trained, `seconds` the time
    that they took. `figures` are `test_accuracy`, `val_loss` and so on, or `training_loss` if the
    run has no validation part; before a run has a result, those at the best validation loss.
    `ended` is one of `run.ENDS`, `unfinished`, or `damaged`, with a `problem` that says why.
    """

    name: str
    network: str = ""
    data: str = ""
    params: int | None = None
    epochs: int | None = None
    best_step: int | None = None
    seconds: float | None = None
    began: str = ""
    ended: str = "damaged"
    figures: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""

    def value(self, key: str) -> Any:
        """Return a column's value or a figure: the test's, unless the key begins with `val_`."""
        named = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return (
            named[key] if key in named else self.figures.get(key, self.figures.get(f"test_{key}"))
        )


COLUMNS = ("name", "network", "data", "params", "epochs", "best_step", "seconds", "began", "ended")
"""What runs can be sorted by, in addition to their figures."""


def entries(where: str | Path = "runs", sort: str | None = None) -> list[Entry]:
    """List the runs in a folder, or the run whose folder it is, in the order in which they began or
    sorted by a figure, the best first.

    Raises:
        NetError: N613 where there is no such folder, N640 where no run has what they should be
            sorted by.
    """
    found = [entry(run) for run in run_folders(where)]
    return _sorted(found, sort) if sort and found else sorted(found, key=lambda one: one.began)


def run_folders(where: str | Path) -> list[Path]:
    """Find the runs in a folder, or the one run whose folder it is.

    Raises:
        NetError: N613 where there is no such folder.
    """
    folder = Path(where)
    if not os.path.isdir(folder):
        raise fail(
            "N613", f"there is no folder {folder}", help="`netdsl train` stores its runs in `runs`"
        )
    return [folder] if _is_run(folder) else sorted(filter(_is_run, folder.iterdir()))


def _is_run(folder: Path) -> bool:
    try:
        return any((folder / name).is_file() for name in (RUN, RECIPE, RESULT))
    except OSError:  # no permission to look into it
        # It is listed, so that its line says that it cannot be read.
        return True


def _sorted(found: list[Entry], key: str) -> list[Entry]:
    """Return the runs that have the value, the best first; then the others."""
    known = sorted(
        {*COLUMNS, *(name.removeprefix("test_") for one in found for name in one.figures)}
    )
    if key.removeprefix("test_") not in known:
        near = nearest(key, known)
        raise fail(
            "N640",
            f"runs cannot be sorted by `{key}`",
            help=f"did you mean `{near}`?" if near else f"the columns are {', '.join(known)}",
        )
    # Columns (names, seconds, steps) are sorted upwards, figures with the best first.
    less = key in COLUMNS or not higher_is_better(key)
    values = {one.name: one.value(key) for one in found}
    have = [
        one
        for one in found
        if values[one.name] not in (None, "") and values[one.name] == values[one.name]
    ]  # NaN is not itself
    have.sort(key=lambda one: values[one.name], reverse=not less)
    return have + [one for one in found if one not in have]


def entry(folder: Path) -> Entry:
    """Return a run folder's line; a damaged folder's says what is wrong."""
    try:
        return read_entry(folder)
    except NetError as error:
        return Entry(folder.name, problem=in_one_line(error.diagnostics[0].message))


def read_entry(folder: Path) -> Entry:
    """Read a run folder's line.

    Raises:
        NetError: N613, N614, or what is wrong with its recipe or its network.
    """
    try:
        return _entry(folder)
    # The file can hold anything: one bad run must not hide the others in the folder.
    except (TypeError, ValueError, AttributeError, KeyError, OSError, OverflowError):
        raise damaged(folder) from None


def _entry(folder: Path) -> Entry:
    begun = read_json(folder, RUN)
    network, data, began = str(begun["network"]), str(begun["data"]), str(begun["began"])
    if DISCRIMINATOR in begun:
        network += f" + {begun[DISCRIMINATOR]['network']}"
    params = _params(folder, begun)
    if not (folder / RESULT).is_file():
        epochs, step, seconds, figures = _so_far(folder)
        return Entry(
            folder.name, network, data, params, epochs, step, seconds, began, "unfinished", figures
        )
    run = RunResult.load(folder)
    return Entry(
        folder.name,
        network,
        data,
        params,
        int(run.epochs),
        int(run.best_step),
        float(run.seconds),
        began,
        str(run.ended),
        {**_figures(_chosen_by(run), run.validation), **_figures("test", run.test)},
    )


def _chosen_by(run: RunResult) -> str:
    """Return the part that a run's `validation` figures describe: without one, the training."""
    return "val" if run.validation.get("examples", 1) else "training"


def _figures(part: str, values: Mapping[str, float]) -> dict[str, float]:
    return {f"{part}_{name}": float(value) for name, value in values.items() if name != "examples"}


def _so_far(folder: Path) -> tuple[int, int | None, float, dict[str, float]]:
    """Return epochs, best step, seconds and best validation figures of a run without a result."""
    try:
        text = (
            (folder / METRICS_JSONL).read_text(encoding="utf-8")
            if (folder / METRICS_JSONL).is_file()
            else ""
        )
        rows = [json_values(line) for line in text.splitlines()]
    except (OSError, ValueError):
        raise damaged(folder / METRICS_JSONL) from None
    seen = [row for row in rows if row.get("val_loss") is not None]
    best: dict[str, Any] = min(seen, key=lambda row: row["val_loss"], default={})
    figures = {name: float(value) for name, value in best.items() if name.startswith("val_")}
    step = best.get("step")
    if type(step) not in (int, type(None)):
        raise damaged(folder / METRICS_JSONL)
    seconds = sum(float(row["seconds"]) for row in rows)
    if not seconds >= 0:  # NaN is not
        raise damaged(folder / METRICS_JSONL)
    return len(rows), step, seconds, figures


def _params(folder: Path, begun: Mapping[str, Any]) -> int:
    """Return the number of the network's parameters, counted if the run has not stored it."""
    if "params" not in begun:
        return read_network(folder).counts.params
    if type(begun["params"]) is not int or begun["params"] < 0:
        raise damaged(folder / RUN)
    return int(begun["params"])


# --- as text and JSON -----------------------------------------------------------------------------


def runs_text(where: str | Path = "runs", sort: str | None = None) -> str:
    """Write the runs in a folder as a table for a terminal.

    Raises:
        NetError: as `entries` does.
    """
    found = entries(where, sort)
    if not found:
        return f"no runs in {where}: `netdsl train` creates one"
    shown = _figure_names(found, sort)
    one = len(set(shown)) == 1
    heads = ["run", "network", "data", "params", "epochs", "best step"]
    parts = ["val", "test"]
    if any(name.startswith("training_") for run in found for name in run.figures):
        parts.insert(0, "training")
    words = [part.replace("val", "validation") for part in parts]
    heads += [f"{part} {shown[0].replace('_', ' ')}" if one else part for part in words]
    cells = [
        _cells(run, name, not one, parts, Path(where))
        for run, name in zip(found, shown, strict=True)
    ]
    places = "lllrrr" + "r" * len(parts) + "rll"
    return aligned([[*heads, "seconds", "began", "ended"], *cells], places)


def _figure_names(found: Sequence[Entry], sort: str | None) -> list[str]:
    """Return the figure to show for each run: the one sorted by, else its first metric."""
    requested = _bare(sort or "")
    if requested and requested not in COLUMNS:
        return [requested] * len(found)
    usual = [
        next((name for name in map(_bare, run.figures) if name != "loss"), "") for run in found
    ]
    # A run that has no metric yet uses that of the others: all of the column means the same.
    first = next(filter(None, usual), "loss")
    return [name or first for name in usual]


def _bare(name: str) -> str:
    return name.removeprefix("test_").removeprefix("val_").removeprefix("training_")


def _cells(run: Entry, name: str, named: bool, parts: Sequence[str], where: Path) -> list[str]:
    def figure(part: str) -> str:
        value = run.figures.get(f"{part}_{name}")
        return (
            ""
            if value is None
            else f"{name.replace('_', ' ')} {figure_text(value, name)}"
            if named
            else figure_text(value, name)
        )

    whole = [
        "" if value is None else f"{value:,}" for value in (run.params, run.epochs, run.best_step)
    ]
    seconds = "" if run.seconds is None else f"{run.seconds:,.1f}"
    began = run.began[:16].replace("T", " ")
    cells = [
        run.name,
        run.network,
        short_name(run.data),
        *whole,
        *map(figure, parts),
        seconds,
        began,
        _ended(run, where),
    ]
    return [in_one_line(cell) for cell in cells]


def _ended(run: Entry, where: Path) -> str:
    """Say how a run ended, or how it can be resumed."""
    if run.ended in ("interrupted", "unfinished"):
        return f"{run.ended}: netdsl resume {where if where.name == run.name else where / run.name}"
    return run.problem or {
        "patience": "stopped early",
        "epochs": "all epochs",
        "rate": "rate at its minimum",
        "converged": "converged",
    }.get(run.ended, run.ended)


def runs_json(where: str | Path = "runs", sort: str | None = None) -> str:
    """Write the same as JSON, with every digit: `runs`, an object for each.

    Raises:
        NetError: as `entries` does.
    """
    found = [dataclasses.asdict(run) for run in entries(where, sort)]
    return json_text({"runs": [_as_json(run) for run in found]}, depth=2)


def _as_json(run: dict[str, Any]) -> dict[str, Any]:
    """Return a run without numbers that JSON does not have."""
    return {**run, "figures": {name: json_value(value) for name, value in run["figures"].items()}}
