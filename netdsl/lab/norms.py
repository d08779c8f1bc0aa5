"""Gradient and update of each layer in a first step, as bars that show vanishing or explosion."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.json_text import json_number
from netdsl.text_table import aligned_lines
from netdsl.wording import counted, number_text

if TYPE_CHECKING:
    from netdsl.training.loop.norms import LayerNorms, StepNorms
    from netdsl.training.planning.job import Job

FAR = 1e4
"""From this ratio of the first layer's gradient to the last one's it is said to explode, from the
inverse ratio to vanish; and from this norm of a gradient all are said to explode."""

_WIDE = 24


class NormsPicture(NamedTuple):
    """A picture of the norms."""

    svg: str


class Norms(NamedTuple):
    """The norms of a first step.

    Attributes:
        job: the training.
        found: what was measured.
    """

    job: Job
    found: StepNorms

    @property
    def layers(self) -> tuple[LayerNorms, ...]:
        """The norms of each layer."""
        return self.found.layers

    @property
    def svg(self) -> str:
        """Bars as SVG: two for each layer."""
        return norms_picture(self).svg

    def __str__(self) -> str:
        return norms_text(self)

    @property
    def ratio(self) -> float:
        """The first layer's gradient divided by the last one's; NaN where the last one's is 0."""
        first, last = self.found.layers[0].gradient, self.found.layers[-1].gradient
        return first / last if last else math.nan

    def about(self) -> str:
        """Describe the step."""
        optimizer = self.job.recipe.optimizer
        examples = counted(self.found.examples, "example")
        return (
            f"{examples} of {self.job.recipe.data.source}, loss {number_text(self.found.loss)}, "
            f"{optimizer.name} {optimizer.rate:g}"
        )

    def verdict(self) -> str:
        """Say how the gradient of the first layer compares with that of the last."""
        ratio = self.ratio
        said = f"gradient of the first layer : the last = {ratio:.2g}"
        if ratio < 1 / FAR:
            return f"{said}: it vanishes on its way back"
        if ratio > FAR:
            return f"{said}: it explodes on its way back"
        largest = max(each.gradient for each in self.found.layers)
        return f"{said}; the gradients explode: up to {largest:.2g}" if largest > FAR else said


def norms_of(job: Job, run: Path | None = None) -> Norms:
    """Measure the first step of a training, or the next one of a run's best weights.

    Args:
        job: the training.
        run: the folder of the run whose weights are taken.

    Raises:
        NetError: as `train` does; N613, N614 for the run.
    """
    from netdsl.keras.quiet import quiet_keras

    quiet_keras()  # before anything else imports Keras
    from netdsl.training.loop.norms import step_norms

    weights = None
    if run is not None:
        from netdsl.training.runs.finished import finished_run

        weights = finished_run(run).model().get_weights()
    return Norms(job, step_norms(job, weights))


def norms_text(norms: Norms) -> str:
    """Write a line for each layer, with bars on a logarithmic scale."""
    layers = norms.found.layers
    logs = [
        math.log10(value)
        for each in layers
        for value in (each.gradient, each.update)
        if 0 < value < math.inf
    ]
    # From an integer power of ten, so that the scale below can name it.
    low, high = (math.floor(min(logs)), max(logs)) if logs else (0.0, 1.0)

    def bar(value: float) -> str:
        if value <= 0 or not math.isfinite(value):
            return ""
        share = (math.log10(value) - low) / ((high - low) or 1.0)
        return "#" * max(1, round(_WIDE * share))

    rows = [["layer", "gradient", "", "update", "", "update/weights"]]
    for each in layers:
        # About 1e-3 is healthy. A layer whose weights are all 0 has no ratio.
        ratio = each.update / each.weights if each.weights else math.inf
        rows.append(
            [
                each.layer,
                f"{each.gradient:.2e}",
                bar(each.gradient).ljust(_WIDE),
                f"{each.update:.2e}",
                bar(each.update).ljust(_WIDE),
                f"{ratio:.1e}",
            ]
        )
    scale = f"bars are logarithmic, from 1e{low:.0f}"
    lines = aligned_lines(rows, "lrlrlr", rule=True)
    return "\n".join([norms.about(), "", *lines, "", scale, norms.verdict()])


def norms_json(norms: Norms) -> dict[str, Any]:
    """Write the same for programs."""
    return {
        "examples": norms.found.examples,
        "loss": json_number(norms.found.loss),
        "first_by_last": json_number(norms.ratio),
        "layers": [
            {key: value if isinstance(value, str) else json_number(value) for key, value in row}
            for row in (each._asdict().items() for each in norms.found.layers)
        ],
    }


def norms_picture(norms: Norms) -> NormsPicture:
    """Draw the same: two bars for each layer."""
    from netdsl.training.reporting.bars import BarGroup, bars

    groups = [BarGroup(each.layer, (each.gradient, each.update)) for each in norms.found.layers]
    title = f"{norms.job.network.name}: gradient and update"
    axis = f"Euclidean norm; {norms.about()}"
    series = ("gradient", "update")
    return NormsPicture(bars(title, norms.verdict(), groups, series, axis, logarithmic=True))
