"""Try a training without keeping anything: a dry run, and overfitting one batch.

This module imports Keras.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from netdsl.analysis.memory import estimate
from netdsl.errors import fail
from netdsl.training.data.batches import Sampling, Shuffled
from netdsl.training.distributed.devices import Devices
from netdsl.training.loop.compile import compile_model
from netdsl.training.loop.setup import check_steps, first_model
from netdsl.training.loop.train import failure_context
from netdsl.training.metrics.definitions import ACCURACY, training_metric
from netdsl.training.metrics.evaluator import named_scores
from netdsl.training.planning.job import Job
from netdsl.training.recipes.yaml_writer import to_yaml
from netdsl.training.reporting.text import opening_lines
from netdsl.wording import bytes_text

STEPS = 500
"""The most steps in which one batch must be learned; a network that can learn takes far fewer."""

SHARE = 0.1
"""A batch is learned if its loss is at most this share of the first, or all labels are right."""


class Trial(NamedTuple):
    """A model that is ready to take steps, the first epoch's batches, and a description of weights
    that came from elsewhere.
    """

    model: Any
    training: Shuffled
    taken_over: tuple[str, ...]


def trial(job: Job) -> Trial:
    """Prepare a training, up to its first step, without a run folder."""
    model, taken_over = first_model(job, Devices())
    check_steps(job, model)
    compile_model(model, job.network.graph, job.recipe, job.data.preparation, job.steps)
    training = Shuffled(job.data.train, job.data.preparation, Sampling.of(job.recipe))
    # In the order of the first epoch, so that the step is the one that the training would take.
    training.at_epoch(1)
    return Trial(model, training, taken_over)


def dry_run(job: Job) -> str:
    """Take the first step of a training, and describe the training: its data, its recipe, and its
    memory. Nothing is written.

    Raises:
        NetError: as `train` does.
    """
    with failure_context(job, Devices()):
        model, training, taken_over = trial(job)
        # An optimizer that searches has no step on one batch.
        first = model.test_on_batch if job.recipe.optimizer.searches else model.train_on_batch
        logs = first(*training[0], return_dict=True)
    recipe, network = job.recipe, job.network
    found = estimate(
        network.graph,
        recipe.batch_size,
        recipe.precision or "float32",
        recipe.optimizer.name or "adam",
    )
    lines = opening_lines(job.data, job.resolved.doubts, taken_over)
    lines += ["", to_yaml(recipe, job.resolved.reasons)]
    lines.append(f"{network!r}"[1:-1])
    peak = f"estimated training peak {bytes_text(found.training_peak)}"
    lines.append(f"{job.steps:,} steps in an epoch; {peak}")
    lines.append(f"the first step: loss {float(logs['loss']):z.4f}; nothing was written")
    return "\n".join(lines)


class Overfitted(NamedTuple):
    """How one batch was learned: its examples, the steps taken, the first and the last loss, the
    share of right labels.
    """

    examples: int
    steps: int
    first: float
    last: float
    metric: str
    value: float
    learned: bool


def require_steps(job: Job) -> None:
    """Reject an optimizer that searches: it has no step on one batch.

    Raises:
        NetError: N507.
    """
    if job.recipe.optimizer.searches:
        message = f"`{job.recipe.optimizer.name}` has no steps on one batch"
        raise fail("N507", message, help="choose another optimizer")


def overfit(job: Job) -> Overfitted:
    """Train on the first batch alone until it is learned, for at most `STEPS` steps.

    A network that cannot learn one batch has a bug.

    Raises:
        NetError: as `train` does.
    """
    require_steps(job)
    with failure_context(job, Devices()):
        model, training, _ = trial(job)
        batch = training[0]
        found: list[dict[str, float]] = []
        while len(found) < STEPS:
            model.reset_metrics()
            # The loss before the step, as in training: with dropout it is larger than in use.
            found.append(
                named_scores(
                    model, training.preparation, model.train_on_batch(*batch, return_dict=True)
                )
            )
            name, value = list(found[-1].items())[1]
            # Right labels are enough, too: with label smoothing the loss cannot come near 0.
            right = training_metric(training.preparation.outputs[0]) is ACCURACY and value == 1
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
    """Describe how one batch was learned."""
    metric = found.metric.replace("_", " ")
    end = (
        f"loss {found.first:z.4f} to {found.last:z.4f}, {metric} {found.value:z.4f} "
        f"after {found.steps:,} steps"
    )
    batch = f"one batch of {found.examples} examples"
    if found.learned:
        return f"{batch} is learned: {end}"
    advice = "check the labels, the output's activation and the rate"
    return f"{batch} is NOT learned: {end}\n{advice}"
