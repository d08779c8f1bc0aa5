"""The curves of several runs in one chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from netdsl.errors import did_you_mean, fail
from netdsl.files import save, write
from netdsl.training.reporting.charts import TIMES, OverlaidLine, overlay
from netdsl.training.runs.history import read_epochs
from netdsl.wording import counted, enumerated

VALIDATION = "val_"
"""The beginning of the names of the validation part's figures."""

USUAL = ("loss", "generator_loss")
"""If no figure is named, the first of these that the runs have is drawn."""

NOT_DRAWN = {"stage", *TIMES}

MAX_RUNS = 100
"""The most runs in a chart: their colours can still be distinguished."""


def run_curves(
    folders: Sequence[str | Path],
    figure: str | None = None,
    over: str = "epoch",
    names: Mapping[Path, str] | None = None,
) -> str:
    """Draw a figure of several runs, epoch by epoch, as SVG.

    Args:
        folders: of the runs, which need not have ended.
        figure: `loss`, `accuracy` and so on, which draws the validation part's as a line, where it
            was evaluated, and the training's as a dashed one; or `val_loss` alone, or `rate`. By
            default it is `loss`, and for GANs `generator_loss`.
        over: what it is drawn over, one of `TIMES`.
        names: the runs' names; by default those of their folders.

    Raises:
        NetError: N613, N614 of a folder, N640 for a figure that no run has.
    """
    return _chart(folders, figure, over, names).svg


class _Chart(NamedTuple):
    """A chart as SVG, the figure that it shows, and the names of the runs without that figure."""

    svg: str
    figure: str
    lacking: list[str]


def _chart(
    folders: Sequence[str | Path], figure: str | None, over: str, names: Mapping[Path, str] | None
) -> _Chart:
    paths = list(map(Path, folders))
    if not paths:
        raise fail("N613", "there are no runs to be drawn")
    if len(paths) > MAX_RUNS:
        raise fail("N640", f"a chart has at most {MAX_RUNS} runs, not {len(paths):,}")
    found = {path: _search(path) for path in paths}
    if not any(found.values()):
        help = "a run has a curve once its first epoch has ended"
        raise fail("N640", "no epoch of these runs has ended", help=help)
    known = sorted({name for rows in found.values() for row in rows for name in row} - NOT_DRAWN)
    figure = figure or next((name for name in USUAL if name in known), USUAL[0])
    if figure not in known:
        help = did_you_mean(figure, known) or f"the figures are {', '.join(known)}"
        raise fail("N640", f"the runs have no figure `{figure}`", help=help)
    validated, names = VALIDATION + figure, names or run_names(paths)
    lines, lacking = [], []
    for path, rows in found.items():
        seen = _points(rows, validated, over)
        name = names[path]
        if rows and not any(figure in row for row in rows):
            lacking.append(name)
        # Drawn before the validation's line, which lies on top.
        lines.append(OverlaidLine(name, _points(rows, figure, over), dashed=bool(seen)))
        if seen:
            lines.append(OverlaidLine(name, seen))
    both = any(line.dashed for line in lines)
    subtitle = "validation part; the training dashed" if both else figure.replace("_", " ")
    title = f"{figure.replace('_', ' ').capitalize()} of {counted(len(paths), 'run')}"
    subtitle += f"; none of {enumerated(lacking)}" if lacking else ""
    return _Chart(overlay(title, subtitle, lines, over, figure.replace("_", " ")), figure, lacking)


def write_run_curves(
    folders: Sequence[str | Path], path: Path, figure: str | None = None, over: str = "epoch"
) -> str:
    """Write the chart of `run_curves` as SVG, or as PNG with the extra `draw`.

    Returns:
        What it shows, with the runs that do not have the figure.

    Raises:
        NetError: as `run_curves` does; N602 where a PNG needs the extra, N631 for another suffix.
    """
    suffix = path.suffix.lower()
    if suffix not in (".svg", ".png"):
        message = f"{path} ends neither in .svg nor in .png, and a chart is one of them"
        raise fail("N631", message, help=f"name it {path.with_suffix('.svg')}")
    found = _chart(folders, figure, over, None)
    if suffix == ".svg":
        write(path, found.svg)
    else:
        from netdsl.drawing.raster import png_bytes

        picture = png_bytes(found.svg)
        save(path, lambda to: to.write_bytes(picture))
    about = f"{found.figure} of {counted(len(folders) - len(found.lacking), 'run')}"
    return f"{about}; {enumerated(found.lacking)} without it" if found.lacking else about


def _search(folder: Path) -> list[dict[str, Any]]:
    """Return a run's epochs of the search for the best step."""
    # The second training begins at epoch 1 again: its points would run back over the first's.
    return [row for row in read_epochs(folder) if row["stage"] == "search"]


def _points(rows: Sequence[Mapping[str, Any]], figure: str, over: str) -> list[tuple[float, float]]:
    """Return what a figure was at each epoch; the seconds are those since the beginning."""
    points, seconds = [], 0.0
    for row in rows:
        seconds += row["seconds"] or 0.0
        value, at = row.get(figure), seconds if over == "seconds" else row[over]
        if value is not None and at is not None:
            points.append((float(at), float(value)))
    return points


def run_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Name runs by their folders, and by their paths if two folders have the same name."""
    names = [path.resolve().name for path in paths]
    return {
        path: name if names.count(name) == 1 else str(path)
        for path, name in zip(paths, names, strict=True)
    }
