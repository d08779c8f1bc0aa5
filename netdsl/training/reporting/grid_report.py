"""The results of a grid of trainings: a table, and a chart of all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from netdsl.text_table import aligned
from netdsl.training.metrics.definitions import metric_named
from netdsl.training.recipes.settings import RecipeSetting
from netdsl.training.reporting.charts import OverlaidLine, overlay, stacked
from netdsl.training.reporting.run_curves import run_curves
from netdsl.training.runs.figures import figure_text
from netdsl.training.runs.folder import METRICS_JSONL
from netdsl.training.runs.listing import Entry


class GridRun(NamedTuple):
    """A training of a grid: its settings, its result, and why it failed, if it did."""

    settings: tuple[RecipeSetting, ...]
    entry: Entry
    problem: str = ""

    @property
    def why(self) -> str:
        """Why there are no figures, or only those of a part of it; empty if the training ended."""
        ended = self.entry.ended
        whole = ended in ("patience", "epochs", "rate", "converged")
        return self.problem or self.entry.problem or ("" if whole else ended)


def settings_text(settings: Sequence[RecipeSetting]) -> str:
    """Write settings on one line; params without `params.` in front."""
    # `width=4`, as it is written on the command line.
    return " ".join(one.text.removeprefix("params.") for one in settings)


def grid_table(found: Sequence[GridRun]) -> str:
    """Write the trainings of a grid as a table for a terminal."""
    if not found:
        return "nothing was trained"
    keys, figures = _keys(found), _figures(found)
    rows = [[*keys, "epochs", *(name.replace("_", " ") for name in figures), "run"]]
    for run in found:
        values = [one.value for one in run.settings]
        cells = [figure_text(run.entry.figures.get(name), name) for name in figures]
        epochs = "-" if run.entry.epochs is None else str(run.entry.epochs)
        rows.append([*values, epochs, *cells, run.entry.name + (f": {run.why}" if run.why else "")])
    return aligned(rows, "l" * len(keys) + "r" * (len(figures) + 1) + "l")


def _figures(found: Sequence[GridRun]) -> list[str]:
    return list(dict.fromkeys(name for run in found for name in run.entry.figures))


def grid_csv(found: Sequence[GridRun]) -> str:
    """Write the trainings of a grid as CSV, figures with six digits."""
    figures = _figures(found)
    lines = [[*_keys(found), "run", "epochs", "best_step", *figures, "problem"]]
    for run in found:
        facts = [run.entry.name, run.entry.epochs, run.entry.best_step]
        values = [run.entry.figures.get(name) for name in figures]
        cells = [*(one.value for one in run.settings), *facts, *values, run.why]
        lines.append(list(map(_cell, cells)))
    return "".join(",".join(line) + "\n" for line in lines)


def _keys(found: Sequence[GridRun]) -> list[str]:
    return [one.key.removeprefix("params.") for one in found[0].settings]


def _cell(value: Any) -> str:
    text = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text


def grid_chart(folder: Path, found: Sequence[GridRun]) -> str:
    """Draw the learning curves of all trainings, and their final figures over a numeric key.

    Args:
        folder: the grid's.
        found: its trainings.
    """
    names = {folder / run.entry.name: settings_text(run.settings) for run in found}
    # A training that was stopped in its first epoch has an empty file.
    drawn = [path for path in names if _size(path / METRICS_JSONL)]
    pictures = [run_curves(drawn, names=names)] if drawn else []
    for key in dict.fromkeys(one.key for run in found for one in run.settings):
        values = {one.value for run in found for one in run.settings if one.key == key}
        # The first key with numbers alone: one chart of it, with a line for each combination of the
        # others.
        if len(values) > 1 and None not in map(_number, values):
            return stacked([*pictures, *(_over(key, found, name) for name in _shown(found))])
    return stacked(pictures)


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _shown(found: Sequence[GridRun]) -> list[str]:
    """Return the loss and the metric to draw over a key: those of the first part that has any."""
    names = _figures(found)
    for part in ("val", "test", "training"):
        own = [
            name
            for name in names
            if name == f"{part}_loss" or (name.startswith(f"{part}_") and metric_named(name))
        ]
        if own:
            return own[:2]
    return []


def _over(key: str, found: Sequence[GridRun], figure: str) -> str:
    """Draw a figure over the values of a key, a line for each combination of the others."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for run in found:
        value, at = run.entry.figures.get(figure), {one.key: one.value for one in run.settings}[key]
        if value is not None:
            rest = [one for one in run.settings if one.key != key]
            lines.setdefault(settings_text(rest), []).append((float(at), value))
    words = figure.replace("_", " ").replace("val ", "validation ")
    return overlay(
        f"{words.capitalize()} by {key.removeprefix('params.')}",
        "with the weights that were kept",
        [OverlaidLine(name, sorted(points)) for name, points in lines.items()],
        key.removeprefix("params."),
        words,
    )
