"""A run's report with pictures of all that can be shown of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError
from netdsl.files import write
from netdsl.training.runs.folder import REPORT, damaged, require_file

if TYPE_CHECKING:
    from netdsl.lab.inside.image_sheet import ImageSheet
    from netdsl.lab.inside.subject import TrainedRun
    from netdsl.lab.pictures import SvgPicture

LARGEST = 10_000_000
"""The most bytes of a report."""

LANDSCAPE, FLOPS = 200_000, 3_000_000
"""The most params, and the most floating-point operations for an example, of a network whose
landscape is drawn: it is computed at 441 places for 1,000 examples.
"""

_OLD = re.compile(r"<section id=inside>.*?</section><!-- inside -->\n", re.DOTALL)


class Gallery(NamedTuple):
    """What a report shows from inside its network.

    Attributes:
        path: of the report.
        shown: the pictures' titles.
        left_out: what is not shown, with the reason.
    """

    path: Path
    shown: tuple[str, ...]
    left_out: tuple[str, ...]


def with_gallery(run: TrainedRun) -> Gallery:
    """Write a run's report again, with each kind of picture that can be made of the run.

    Raises:
        NetError: N613, N614 where the run has no report, or it is damaged.
        RunError: N610 where it cannot be written.
    """
    folder = run.run.run.folder
    require_file(folder, REPORT)
    path = folder / REPORT
    # Larger than any that `train` writes, which hold figures and not the data.
    if path.stat().st_size > LARGEST:
        raise damaged(path)
    # A second call replaces the section of the first.
    text = _OLD.sub("", path.read_text(encoding="utf-8"))
    before, end, after = text.rpartition("</body>")
    if not end:
        raise damaged(path)
    figures: list[str] = []
    shown: list[str] = []
    left_out: list[str] = []
    size = len(text.encode())
    for name, draw in _pictures(run):
        try:
            title, picture = draw()
        except NetError as error:
            left_out.append(f"{name}: {error.diagnostics[0].message}")
            continue
        data = base64.b64encode(picture.svg.encode()).decode()
        # Room for the section's own lines, or the next call would take the report for damaged.
        if size + len(data) > 0.99 * LARGEST:
            left_out.append(f"{name}: the report would be larger than {LARGEST / 1e6:g} MB")
            continue
        size += len(data)
        shown.append(title)
        figures.append(
            f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{escape(title)}" '
            f"style='max-width: 100%'></figure>"
        )
    said = "".join(f"<li>{escape(each)}</li>" for each in left_out)
    lines = f"<p>Not shown:</p><ul>{said}</ul>" if said else ""
    section = (
        f"<section id=inside><h2>Inside the network</h2>\n{''.join(figures)}{lines}"
        "</section><!-- inside -->\n"
    )
    write(path, before + section + end + after)
    return Gallery(path, tuple(shown), tuple(left_out))


def _pictures(
    run: TrainedRun,
) -> Iterator[tuple[str, Callable[[], tuple[str, SvgPicture]]]]:
    """Yield each kind of picture by name, with a function that draws it and returns its title and
    the picture.
    """
    from netdsl.lab.inside.codes import codes
    from netdsl.lab.inside.excite import excite
    from netdsl.lab.inside.filters import evolution, filters
    from netdsl.lab.inside.landscape import landscape
    from netdsl.lab.inside.maps import maps
    from netdsl.lab.inside.plane import over_input
    from netdsl.lab.inside.subject import nothing_to_show
    from netdsl.lab.inside.top import top
    from netdsl.lab.inside.where import where

    layers = run.graph.layers
    part = "test" if len(run.data.test) else "training"

    first = f"{part}:0"

    def last(with_maps: bool) -> str:
        inner = [
            layer.name
            for layer in layers[1:-1]
            if (len(run.graph.ops[layer.ops[-1]].shape) == 3) is with_maps
        ]
        if not inner:
            what = "gives maps" if with_maps else "gives a code"
            raise nothing_to_show(f"no layer between input and output {what}")
        return inner[-1]

    def of_landscape() -> SvgPicture:
        counts = run.run.network.counts
        if counts.params > LANDSCAPE or counts.flops > FLOPS:
            message = f"more than {LANDSCAPE:,} params or {FLOPS:,} operations an example"
            raise nothing_to_show(f"{message}: netdsl show RUN --landscape")
        return landscape(run)

    yield "plane", lambda: ("the answers over the input", over_input(run))
    yield "filters", lambda: _titled(filters(run).sheet)
    yield "filters by epoch", lambda: _titled(evolution(run).sheet)
    yield "maps", lambda: _titled(maps(run, first).sheet)
    yield "patches", lambda: _titled(top(run, last(with_maps=True), part=part).sheet)
    yield "classes", lambda: _titled(excite(run, layers[-1].name, prior="tv").sheet)
    yield "where it looked", lambda: _titled(where(run, first).sheet)
    yield "codes", lambda: ("codes of the last layer", codes(run, last(with_maps=False), part=part))
    yield "landscape", lambda: ("the loss around the weights", of_landscape())


def _titled(sheet: ImageSheet) -> tuple[str, SvgPicture]:
    return sheet.title, sheet
