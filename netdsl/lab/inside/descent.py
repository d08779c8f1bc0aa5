"""The path of a training of two weights, drawn over contours of its loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from netdsl.analysis.forward import forward
from netdsl.lab.inside.subject import TrainedRun, nothing_to_show
from netdsl.lab.pictures import LabPicture
from netdsl.text_table import aligned_lines
from netdsl.training.reporting.charts import TRAINING, VALIDATION, chart_page, chart_text
from netdsl.training.reporting.contours import contour
from netdsl.training.reporting.plane_picture import (
    LEFT,
    SIDE,
    TOP,
    ChartFrame,
    frame_marks,
    surface_frame,
)
from netdsl.training.runs.folder import PATH, damaged
from netdsl.training.runs.history import read_path
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.keras.build import Built

GRID, LEVELS, EXAMPLES, NUMBERS = 61, 14, 500, 1 << 22
"""How many places along each weight and how many contours there are; the most examples that the
loss is a mean over, and the most outputs that are computed at a time.
"""
SHOWN, DOTS = 10, 200
"""How many steps are written at the beginning and at the end; the most that are drawn as dots."""
PENALTY = "#7a5cc0"


class Descent(LabPicture):
    """A path, and the loss around it.

    Attributes:
        title: the network and its data.
        names: of the two weights.
        path: the weights before the first step and after each [steps + 1, 2].
        losses: the loss at each of them, without penalties.
        penalties: the penalty at each of them; zeros without one.
        axes: places along each weight.
        surface: the loss at these places, the second weight along the first axis.
        penalty: the penalty at these places, None without one.
        about: which loss it is, in words.
    """

    def __init__(self, **parts: Any) -> None:
        self.title, self.about = str(parts["title"]), str(parts["about"])
        self.names = tuple(parts["names"])
        self.path, self.losses, self.penalties = (
            parts[name] for name in ("path", "losses", "penalties")
        )
        self.axes, self.surface, self.penalty = (
            parts[name] for name in ("axes", "surface", "penalty")
        )

    @property
    def diverges(self) -> bool:
        """Whether the loss at the end is above that at the beginning."""
        # `not <=`: NaN is a divergence too.
        return not self.losses[-1] <= self.losses[0]

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        return _picture(self)


def descent(subject: TrainedRun) -> Descent:
    """Compute the loss along the path of a run, and around it.

    Raises:
        NetError: N680 for a run that did not train two weights, N614 where its path is damaged.
    """
    import numpy as np

    path = _read_path(subject)
    names, losses = _losses(subject)
    penalty = _penalty(subject, names)
    axes, surface = _around(path, losses, penalty is not None)
    places = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    data = subject.data
    count = min(len(data.train), EXAMPLES)
    whole = count == len(data.train)
    output = data.preparation.outputs[0]
    of = "the" if whole else f"{count} of the"
    return Descent(
        title=f"{subject.run.network.name} on {subject.run.run.data}",
        names=names,
        path=path,
        losses=losses(path),
        penalties=penalty(path) if penalty else np.zeros(len(path)),
        axes=axes,
        surface=surface,
        penalty=penalty(places).reshape(surface.shape) if penalty else None,
        about=f"{output.loss} loss of {of} {counted(len(data.train), 'training example')}",
    )


def _read_path(subject: TrainedRun) -> Any:
    import numpy as np

    file = subject.run.run.folder / PATH
    if not file.is_file():
        params = subject.run.network.counts.params
        message = f"a path is drawn of two trained weights; the network has {params:,}"
        raise nothing_to_show(message, 'netdsl train "2 > linear-1(bias=no)" --data bowl')
    rows = read_path(subject.run.run.folder)
    if not rows or any(len(row) != 2 for row in rows):
        raise damaged(file)
    return np.array(rows)


Losses = Callable[[Any], Any]
"""From weights [n, 2] to the loss at each [n]."""


def _losses(subject: TrainedRun) -> tuple[list[str], Losses]:
    """Return the two weights' names, and a function that computes the loss for their values."""
    import numpy as np

    from netdsl.keras.build import build_layers
    from netdsl.training.loop.compile import freeze
    from netdsl.training.metrics.losses import keras_loss
    from netdsl.training.runs.inputs import read_recipe

    graph, data = subject.graph, subject.data
    built = build_layers(subject.run.network)
    # The two weights are those that were trained: others may have been frozen.
    freeze(built.model, read_recipe(subject.run.run.folder).freeze or ())
    entries = _entries(built, subject)
    held = {index: {**arrays} for index, arrays in subject.weighted.weights.items()}
    for index, name, _ in entries:
        # Changed in place below; the subject keeps its own.
        held[index][name] = held[index][name].copy()
    rows = np.linspace(0, len(data.train) - 1, min(len(data.train), EXAMPLES)).astype(int)
    inputs = [np.asarray(x, np.float64) for x in subject.prepared(data.train, rows)]
    output, port = data.preparation.outputs[0], graph.outputs[0]
    targets = output.targets(np.asarray(data.train.y[0][rows]))
    loss = keras_loss(output)

    def losses(weights: Any) -> Any:
        found = []
        step = max(1, NUMBERS // (len(rows) * graph.ops[port.op].size))
        for start in range(0, len(weights), step):
            given = []
            for values in weights[start : start + step]:
                for (index, name, place), value in zip(entries, values, strict=True):
                    held[index][name].flat[place] = value
                with np.errstate(all="ignore"):
                    given.append(forward(np, graph, held, inputs)[port.op])
            stacked = np.concatenate(given).astype(np.float32)
            # One call for many places: the loss itself is a small network's largest cost.
            expected = np.concatenate([targets] * len(given))
            # `call`, not the loss itself, which would take the mean over all places.
            each = np.asarray(loss.call(expected, stacked), np.float64)
            found.append(each.reshape(len(given), -1).mean(axis=1))
        return np.concatenate(found)

    names = []
    for index, name, place in entries:
        size = held[index][name].size
        names.append(f"{graph.ops[index].name}.{name}" + (f"[{place}]" if size > 1 else ""))
    return names, losses


def _entries(built: Built, subject: TrainedRun) -> list[tuple[int, str, int]]:
    """Find the trained numbers: operation, array, and place in it, in the order of the path."""
    from netdsl.keras.arrays import variables_of

    named = variables_of(built, subject.graph)
    found = []
    for variable in built.model.trainable_weights:
        for index, variables in named.items():
            for name, own in variables.items():
                if own is variable:
                    size = subject.weighted.weights[index][name].size
                    found += [(index, name, place) for place in range(size)]
    if len(found) != 2:
        raise nothing_to_show(f"the network trains {counted(len(found), 'weight')}, not two")
    return found


def _penalty(subject: TrainedRun, names: list[str]) -> Losses | None:
    """Return a function that computes the recipe's penalty, of kernels only; None without one."""
    import numpy as np

    from netdsl.training.runs.inputs import read_recipe

    asked = read_recipe(subject.run.run.folder).penalty
    if not (asked.l1 or asked.l2):
        return None
    kernels = np.array([".kernel" in name for name in names], float)
    l1, l2 = asked.l1 or 0.0, asked.l2 or 0.0
    return lambda weights: (
        (l1 * np.abs(weights) + l2 / 2 * np.square(weights)) @ kernels  # see `ElasticNet`
    )


def _around(path: Any, losses: Losses, penalised: bool) -> tuple[Any, Any]:
    """Choose places around a path, wide enough to hold the lowest loss, and compute the loss."""
    import numpy as np

    # A penalty pulls weights to 0, so the picture must show it.
    held = np.vstack([path, np.zeros((1, 2))]) if penalised else path
    lowest, highest = held.min(axis=0), held.max(axis=0)
    extent = np.full(
        2, max(float((highest - lowest).max()), 1e-6 * float(np.abs(held).max()), 1e-9)
    )
    middle = (lowest + highest) / 2
    for _ in range(4):
        ends = zip(middle - extent, middle + extent, strict=True)
        axes = [np.linspace(low, high, GRID) for low, high in ends]
        places = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
        surface = losses(places).reshape(GRID, GRID)
        known = np.where(np.isfinite(surface), surface, np.inf)
        row, column = np.unravel_index(int(known.argmin()), surface.shape)
        # If the lowest place is at the edge, the minimum is outside: try a larger picture, at most
        # four times.
        if 0 < row < GRID - 1 and 0 < column < GRID - 1:
            break
        extent = 1.5 * extent
    return axes, surface


def described(found: Descent) -> list[str]:
    """Write a table of the steps; if there are many, of the first and the last ones."""
    penalised = found.penalty is not None
    heads = ["step", *found.names, "loss", *(["penalty"] if penalised else [])]
    rows = [
        [
            f"{step:,}",
            *(f"{weight:.6g}" for weight in weights),
            f"{found.losses[step]:.6g}",
            *([f"{found.penalties[step]:.6g}"] if penalised else []),
        ]
        for step, weights in enumerate(found.path)
    ]
    if len(rows) > 2 * SHOWN + 1:
        rows = [*rows[:SHOWN], ["...", *[""] * (len(heads) - 1)], *rows[-SHOWN:]]
    lines = [f"{found.title}: {found.about}", *aligned_lines([heads, *rows], "r" * len(heads))]
    if found.diverges:
        lines.append(f"it diverges: the loss grew from {found.losses[0]:.6g} to {_last(found)}")
    return lines


def _last(found: Descent) -> str:
    return f"{found.losses[-1]:.6g}"


def descent_json(found: Descent) -> dict[str, Any]:
    """Return the path, and the loss at each step."""
    return {
        "title": found.title,
        "scale": found.about,
        "weights": list(found.names),
        "path": found.path.tolist(),
        "losses": found.losses.tolist(),
        "penalties": found.penalties.tolist(),
        "diverges": found.diverges,
    }


# --- the picture ----------------------------------------------------------------------------------


def _picture(found: Descent) -> str:
    frame = surface_frame(tuple(found.axes), found.names)
    axes = found.axes[0], found.axes[1]
    parts = contours(axes, frame, found.surface, LEVELS)
    about = f"contours: {found.about}"
    if found.penalty is not None:
        style = f'stroke="{PENALTY}" stroke-dasharray="5 4"'
        parts += contours(axes, frame, found.penalty, LEVELS // 2, style=style)
        about += "; dashed: the penalty"
    parts += _steps(found, frame) + frame_marks(frame)
    end = f"{len(found.path) - 1:,} steps: loss {found.losses[0]:.4g} to {found.losses[-1]:.4g}"
    parts.append(chart_text(LEFT, TOP + SIDE + 66, end + (", diverges" if found.diverges else "")))
    return chart_page(found.title, about, parts, LEFT + SIDE + 120, TOP + SIDE + 84)


def contours(
    axes: tuple[Any, Any],
    frame: ChartFrame,
    surface: Any,
    count: int,
    highest: float | None = None,
    style: str = f'stroke="{TRAINING}"',
) -> list[str]:
    """Draw contours, denser where the surface is low, so that those of a bowl are evenly spaced.

    Args:
        axes: the places along the horizontal and the vertical axis.
        frame: where they are drawn.
        surface: values [vertical, horizontal].
        count: how many.
        highest: the value of the highest contour; None for the surface's largest.
        style: of their lines.
    """
    marks = []
    for number, level in enumerate(levels_of(surface, count, highest), 1):
        look = f'fill="none" {style} stroke-opacity="{0.9 - 0.55 * number / count:.2f}"'
        lines = contour(*axes, surface, level)
        marks += [
            f'<path d="{frame.path(line)}" {look}><title>{level:.4g}</title></path>'
            for line in lines
        ]
    return marks


def levels_of(surface: Any, count: int, highest: float | None = None) -> list[float]:
    """Return the values at which a surface has contours, see `contours`."""
    import numpy as np

    known = surface[np.isfinite(surface)]
    low, high = float(known.min()), float(known.max()) if highest is None else highest
    return [low + (high - low) * (number / (count + 1)) ** 2 for number in range(1, count + 1)]


def _steps(found: Descent, frame: ChartFrame) -> list[str]:
    """Draw the path from a ring to a dot, with a small dot for each step if there are few."""
    points = [(float(x), float(y)) for x, y in found.path]
    marks = [
        f'<path d="{frame.path(points)}" fill="none" stroke="{VALIDATION}" stroke-width="2" '
        'stroke-linejoin="round"/>'
    ]
    dots = points[1:-1] if len(points) <= DOTS else []
    marks += [_dot(frame, point, 2.5, VALIDATION) for point in dots]
    marks.append(_dot(frame, points[0], 5.5, "white"))
    return [*marks, _dot(frame, points[-1], 4.5, VALIDATION)]


def _dot(frame: ChartFrame, point: tuple[float, float], radius: float, fill: str) -> str:
    at = f'cx="{frame.across.place(point[0]):.1f}" cy="{frame.up.place(point[1]):.1f}"'
    return f'<circle {at} r="{radius}" fill="{fill}" stroke="{VALIDATION}" stroke-width="2"/>'
