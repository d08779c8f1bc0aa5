"""The loss around a run's weights, on a plane of two random directions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from netdsl.errors import fail
from netdsl.keras.layer_outputs import called
from netdsl.lab.inside.descent import contours, levels_of
from netdsl.lab.inside.subject import TrainedRun
from netdsl.lab.pictures import LabPicture
from netdsl.training.evaluation.network_outputs import row_batches
from netdsl.training.reporting.charts import FAINT, VALIDATION, chart_page, chart_text
from netdsl.training.reporting.plane_picture import LEFT, SIDE, TOP, frame_marks, surface_frame
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.graph import Op
    from netdsl.kinds.facts import Arrays

GRID, EXAMPLES, LEVELS = 21, 1_000, 14
"""How many places there are along each direction, training examples that the loss is a mean over,
and contours.
"""

NUMBERS = 2_000_000_000
"""The most weights of all places together."""

OPERATIONS, FEWEST = 4_000_000_000_000, 50
"""The most floating-point operations of all places together, and the fewest examples: where the
operations would be too many, fewer examples are taken, down to this number."""

HIGHEST = 20.0
"""Contours reach up to this many times the loss in the middle, as it can grow exponentially."""


class Landscape(LabPicture):
    """The loss on a plane through a run's weights.

    Attributes:
        title: the network and its data.
        axis: places along both directions, -1 to 1.
        surface: the loss at w + x d1 + y d2, y along the first axis [21, 21].
        examples: how many training examples it is of.
    """

    def __init__(self, title: str, axis: Any, surface: Any, examples: int) -> None:
        self.title, self.axis, self.surface, self.examples = title, axis, surface, examples

    @property
    def middle(self) -> float:
        """The loss with the run's own weights."""
        return float(self.surface[len(self.axis) // 2, len(self.axis) // 2])

    @property
    def about(self) -> str:
        """What is shown, in words."""
        of = counted(self.examples, "training example")
        return f"loss of {of} along two random directions, scaled filter by filter"

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        import numpy as np

        frame = surface_frame((self.axis, self.axis), ("first direction", "second direction"))
        known = self.surface[np.isfinite(self.surface)]
        # Without a bound all contours would lie on the walls, where the loss grows exponentially.
        highest = min(float(known.max()), HIGHEST * max(self.middle, 1e-6))
        parts = contours((self.axis, self.axis), frame, self.surface, LEVELS, highest)
        x, y = frame.across.place(0), frame.up.place(0)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{VALIDATION}"/>')
        right = LEFT + SIDE + 28
        texts = ["contours at", *(f"{x:.3g}" for x in levels_of(self.surface, LEVELS, highest))]
        texts += ["", f"in the middle {self.middle:.4g}", f"highest {float(known.max()):.4g}"]
        parts += [
            chart_text(right, TOP + 14 + 20 * number, text, colour=FAINT)
            for number, text in enumerate(texts)
        ]
        width = LEFT + SIDE + 190
        return chart_page(
            self.title, self.about, parts + frame_marks(frame), width, TOP + SIDE + 60
        )


def landscape(run: TrainedRun, seed: int = 0) -> Landscape:
    """Compute the loss around a run's best weights.

    Source: Li et al. 2018, "Visualizing the Loss Landscape of Neural Nets": each filter of a random
    direction has the norm of the network's own filter; biases and norm layers are not changed.

    Args:
        run: a trained run.
        seed: of the directions.

    Raises:
        NetError: N670 where the network has too many weights for it.
    """
    import numpy as np

    weights, params = run.weighted.weights, run.run.network.counts.params
    if params * GRID * GRID > NUMBERS:
        message = f"{params:,} params at {GRID}x{GRID} places; at most {NUMBERS:,} in all"
        raise fail("N670", message, help="the landscape of a smaller network can be drawn")
    examples = _examples(run)
    loss = _loss(run, examples)
    rng = np.random.default_rng(seed)
    directions = [
        {index: _direction(rng, run.graph.ops[index], arrays) for index, arrays in weights.items()}
        for _ in range(2)
    ]
    axis = np.linspace(-1, 1, GRID)
    surface = np.array([[loss(_moved(weights, directions, (x, y))) for x in axis] for y in axis])
    loss(weights)  # the model is left as it was
    title = f"{run.run.network.name} on {run.run.run.data.rpartition('/')[2]}"
    return Landscape(title, axis, surface, examples)


def _examples(run: TrainedRun) -> int:
    """Return how many training examples the loss is a mean over. Raises NetError N670."""
    flops = max(1, run.run.network.counts.flops) * GRID * GRID
    count = min(EXAMPLES, OPERATIONS // flops, len(run.data.train))
    if count < min(FEWEST, len(run.data.train)):
        message = f"the loss of {FEWEST} examples at {GRID}x{GRID} places takes {FEWEST * flops:,} "
        message += f"floating-point operations; at most {OPERATIONS:,} are done"
        raise fail("N670", message, help="the landscape of a smaller network can be drawn")
    return count


def _moved(
    weights: Mapping[int, Arrays], directions: list[dict[int, Arrays]], by: tuple[float, float]
) -> dict[int, Arrays]:
    return {
        index: {
            name: array + sum(b * way[index][name] for b, way in zip(by, directions, strict=True))
            for name, array in arrays.items()
        }
        for index, arrays in weights.items()
    }


def _direction(rng: Any, op: Op, arrays: Arrays) -> Arrays:
    """Draw a direction for a layer's weights: for its kernels, with each filter's own norm."""
    import numpy as np

    found = {}
    for name, array in arrays.items():
        # Biases and the factors of norms have no filters to take a norm of (Li et al., section 4).
        if array.ndim < 2 or op.kind is None:
            found[name] = np.zeros_like(array)
            continue
        drawn = rng.standard_normal(array.shape)
        axes = _within_filters(op, array)
        own, norms = (np.sqrt((each**2).sum(axis=axes, keepdims=True)) for each in (array, drawn))
        # Filter by filter: scaling one layer up and the next one down does not change a relu
        # network, but would change a landscape along unscaled directions.
        found[name] = drawn * own / np.maximum(norms, 1e-12)
    return found


def _within_filters(op: Op, array: Any) -> tuple[int, ...]:
    """Return the axes of a kernel that lie within one filter: all but that of the filters."""
    form = op.kind.kernel_forms(array.shape)[0] if op.kind else None
    every = tuple(range(array.ndim))
    if form is None or form.axes == every:
        return every
    return tuple(axis for axis, of in enumerate(form.axes) if of != 0)


def _loss(run: TrainedRun, count: int) -> Callable[[Mapping[int, Arrays]], float]:
    """Return the loss of the first training examples as a function of weights."""
    import numpy as np

    from netdsl.keras.arrays import assign
    from netdsl.training.runs.inputs import read_recipe

    model, train, preparation = run.own_model, run.data.train, run.run.preparation
    from netdsl.training.metrics.losses import keras_loss  # late: it imports Keras itself

    rows = np.arange(count)
    inputs = run.prepared(train, rows)
    targets = preparation.y(tuple(np.asarray(array[rows]) for array in train.y))
    given = read_recipe(run.run.run.folder).loss_weights or {}
    losses = [(keras_loss(each), given.get(each.name, 1.0)) for each in preparation.outputs]

    def loss(weights: Mapping[int, Arrays]) -> float:
        assign(run.built, run.graph, weights)
        total = 0.0
        for batch in row_batches(len(rows), run.batch):
            found = called(model, [x[batch] for x in inputs])
            total += len(batch) * sum(
                weight * float(one(y[batch], output))
                for (one, weight), y, output in zip(losses, targets, found, strict=True)
            )
        return total / len(rows)

    return loss


def described(found: Landscape) -> list[str]:
    """Describe the loss around the weights, in lines."""
    import numpy as np

    at = np.unravel_index(np.nanargmin(found.surface), found.surface.shape)
    edge = np.concatenate([found.surface[[0, -1]].ravel(), found.surface[:, [0, -1]].ravel()])
    low = float(found.surface[at])
    place = f"({found.axis[at[1]]:.1f}, {found.axis[at[0]]:.1f})"
    return [
        f"{found.title}: {found.about}",
        f"{found.middle:.6g} in the middle, lowest {low:.6g} at {place}, "
        f"{float(np.nanmedian(edge)):.6g} at the edge (median)",
    ]


def landscape_json(found: Landscape) -> dict[str, Any]:
    """Return the surface as nested lists, None where the loss is not finite."""
    rows = [[v if math.isfinite(v) else None for v in row] for row in found.surface.tolist()]
    return {
        "title": found.title,
        "scale": found.about,
        "axis": found.axis.tolist(),
        "loss": rows,
    }
