"""The messages about a training on a terminal, before it begins and at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from netdsl.training.metrics.naive import baseline_text, baseline_warning
from netdsl.training.planning.few_steps import FEW, enough_epochs
from netdsl.training.preparation.shapes import size
from netdsl.training.runs.decisions import decision_lines
from netdsl.training.runs.folder import REPORT
from netdsl.wording import counted, enumerated, first_few, plural

if TYPE_CHECKING:
    from netdsl.training.data import Data
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.runs.run import RunResult


LISTED = 6
"""The number of kernels whose zeros are listed."""


def describe_data(data: Data) -> str:
    """Describe in one line the data that is learned from, and its preparation."""
    preparation = data.preparation
    parts = enumerated(
        f"{len(part):,} {part.name}" for part in (data.train, data.validation, data.test) if part
    )
    made = ", ".join(map(_made, preparation.inputs))
    losses = ", ".join(dict.fromkeys(output.loss for output in preparation.outputs))
    return f"{data.spec.source}: {parts} examples; {made}; loss {losses}"


def _made(input: InputTransform) -> str:
    """Say what an input's examples are, and what they are made into."""
    if input.columns is not None:
        columns = counted(len(input.columns.widths), "column")
        return f"{columns} made {counted(input.columns.width, 'number')}"
    scaled = f", divided by {input.scale:g}" if input.scale != 1 else ""
    if input.example == input.shape:
        return f"inputs of {size(input.shape)}{scaled}"
    return f"{size(input.example)} made {size(input.shape)}{scaled}"


def opening_lines(data: Data, doubts: Sequence[str], taken_over: Sequence[str]) -> list[str]:
    """Return what a person should know about a training before it begins.

    Args:
        data: what is learned from.
        doubts: what may be a mistake in the recipe.
        taken_over: what was initialized from other weights.
    """
    return [describe_data(data), *data.notes, *doubts, *taken_over]


def describe_run(run: RunResult) -> str:
    """Say how a run ended, which weights were kept, and their test scores."""
    epochs = f"{run.epochs} {plural('epoch', run.epochs)}"
    again = (
        [f"trained again on the training and validation parts together for {run.retrained:,} steps"]
        if run.retrained
        else []
    )
    kept = run.kept
    step = f"step {run.best_step:,} (epoch {run.best_epoch})"
    part = "validation" if run.validation["examples"] else "training"
    return "\n".join(
        [
            f"ended after {epochs} ({run.steps:,} steps, {run.seconds:z.1f} s): {run.why_ended}",
            f"{kept} weights at {step}: {part} {scores_text(run.validation)}",
            *again,
            *decision_lines(run.decisions),
            *test_lines(run),
            *zeros_lines(run),
            f"saved in {run.folder}" + (f": open {run.folder / REPORT}" if run.validation else ""),
        ]
    )


def test_lines(run: RunResult) -> list[str]:
    """Write the scores of the test part, next to those of the simplest answer."""
    if not run.test:
        return []
    scores = f"test: {scores_text(run.test)}{baseline_text(run.baseline)}"
    warning = baseline_warning(run.baseline, run.test)
    return [scores, *warning, *(_way_on(run) if warning else ())]


def _way_on(run: RunResult) -> list[str]:
    """Say what to try if a training stopped after few steps; nothing if it took many."""
    if run.ended != "patience" or run.steps >= FEW:
        return []
    patience, epochs = enough_epochs(run.steps / max(1, run.epochs))
    longer = f"--set early_stopping.patience={patience} --set epochs={epochs}"
    return [f"help: it stopped after {run.steps} steps; try {longer}, or --batch 8"]


def zeros_lines(run: RunResult) -> list[str]:
    """Say how many weights are exactly 0, all together and by kernel."""
    if not run.zeros:
        return []
    shares = [
        f"{name} {one['zeros']:,} of {one['weights']:,} ({one['zeros'] / one['weights']:.1%})"
        for name, one in run.zeros.items()
    ]
    return [f"weights that are exactly 0: {first_few(shares, LISTED)}"]


def scores_text(values: Mapping[str, float]) -> str:
    """Write a part's scores, and the number of examples."""
    scores = [
        f"{name.replace('_', ' ')} {value:z.4f}"
        for name, value in values.items()
        if name != "examples"
    ]
    return ", ".join(scores) + (f" ({values['examples']:,} examples)" if values["examples"] else "")
