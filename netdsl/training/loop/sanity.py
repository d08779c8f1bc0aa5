"""Trying a training out without keeping anything: a dry run, and learning one batch by heart.

This module imports Keras.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from netdsl.analysis.memory import estimate
from netdsl.training.loop import compile as fit
from netdsl.training.loop.batches import Shuffled
from netdsl.training.loop.job import Job, describe_data, memory_told, smaller
from netdsl.training.recipes.recipe import to_yaml
from netdsl.wording import bytes_text

STEPS = 500
"""Steps in which one batch must be learned; a network that can learn takes far fewer."""

SHARE = 0.1
"""Learned is a loss of at most this share of the first one, or every label right."""


def dry_run(job: Job) -> str:
    """What a training would be, once its first step has been taken: the data, the recipe, the
    memory. Nothing is written.

    Raises:
        NetError: as `train` does.
    """
    with memory_told(lambda: smaller(job)):
        model = _ready(job)
        training = _first(job)
        logs = model.train_on_batch(*training[0], return_dict=True)
    recipe, network = job.recipe, job.network
    found = estimate(
        network.graph,
        recipe.batch or 1,
        recipe.precision or "float32",
        recipe.optimizer.name or "adam",
    )
    lines = [describe_data(job.data), *job.data.notes, *job.resolved.doubts, *job.taken]
    lines += ["", to_yaml(recipe, job.resolved.reasons)]
    lines.append(f"{network!r}"[1:-1])
    lines.append(
        f"{job.steps:,} steps an epoch; training peak {bytes_text(found.training_peak)} by the estimate"
    )
    lines.append(f"the first step: loss {float(logs['loss']):.4f}; nothing was written")
    return "\n".join(lines)


class Overfitted(NamedTuple):
    """How one batch was learned: its examples, the steps taken, the first and the last loss, the
    share of labels that are right.
    """

    examples: int
    steps: int
    first: float
    last: float
    metric: str
    value: float
    learned: bool


def overfit(job: Job) -> Overfitted:
    """Trains on the first batch alone until it is learned, for at most `STEPS` steps.

    What cannot learn that has a mistake in it.

    Raises:
        NetError: as `train` does.
    """
    with memory_told(lambda: smaller(job)):
        model, training = _ready(job), _first(job)
        batch = training[0]
        found: list[dict[str, float]] = []
        while len(found) < STEPS:
            model.reset_metrics()
            found.append(
                fit.named(
                    model, training.preparation, model.train_on_batch(*batch, return_dict=True)
                )
            )
            name, value = list(found[-1].items())[1]
            right = training.preparation.outputs[0].accuracy and value == 1
            low = found[-1]["loss"] <= SHARE * abs(found[0]["loss"])
            if right or low or not math.isfinite(found[-1]["loss"]):
                break
    return Overfitted(
        len(training.order[: training.batch]),
        len(found),
        found[0]["loss"],
        found[-1]["loss"],
        name,
        value,
        right or low,
    )


def describe_overfit(found: Overfitted) -> str:
    """The same for people."""
    metric = found.metric.replace("_", " ")
    end = f"loss {found.first:.4f} to {found.last:.4f}, {metric} {found.value:.4f} after {found.steps:,} steps"
    if found.learned:
        return f"one batch of {found.examples} examples is learned: {end}"
    return f"one batch of {found.examples} examples is NOT learned: {end}\nlook at the labels, the output's activation and the rate"


def _ready(job: Job) -> Any:
    model = job.model()
    fit.compile_model(model, job.network.graph, job.recipe, job.data.preparation, job.steps)
    return model


def _first(job: Job) -> Shuffled:
    training = Shuffled(job.data.train, job.data.preparation, job.recipe)
    training.at_epoch(1)
    return training
