"""What a training is measured by, and when it stops: early stopping, metrics, and choices on the
validation part.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from netdsl.training.metrics.definitions import METRICS, asked_metric
from netdsl.training.preparation.outputs import LABELS, TAGS
from netdsl.training.recipes.conflicts import Conflict, Typo
from netdsl.training.recipes.recipe import Stopping
from netdsl.wording import enumerated

if TYPE_CHECKING:
    from netdsl.training.data import Data
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Rows
    from netdsl.training.recipes.recipe import Recipe

PATIENCE = 10
"""How many evaluations without improvement end a training by default."""


def early_stopping(
    given: Stopping, steps: int, validation: int, outputs: Sequence[OutputTransform]
) -> Stopping:
    """Choose when a training with this many steps in an epoch is evaluated, and when it stops.

    Args:
        given: what the recipe says.
        steps: in an epoch.
        validation: examples of the validation part.
        outputs: the network's.

    Raises:
        Conflict: for a metric that no output has, no validation part, or a key of what is switched
            off.
    """
    if given.metric not in (None, "loss"):
        check_metric("early_stopping.metric", given.metric or "", outputs)
    # Not asked for: no early stopping, rather than an error about data that is too small.
    if not validation and given == Stopping():
        return Stopping(enabled=False, every=steps)
    on_training = given.part == "training"
    if not validation and given.enabled is not False and not on_training:
        message = "early stopping needs a validation part, and there is none"
        raise Conflict("data.split.validation", message, help="early_stopping: no")
    every = given.every or steps
    if isinstance(every, str):  # `3 epochs`
        every = int(re.findall(r"\d+", every)[0]) * steps
    if given.enabled is not False:
        patience, metric = given.patience or PATIENCE, given.metric or "loss"
        if on_training:
            _check_training_part(given)
        # See `EarlyStopping`: one bound moves the best, the other does not.
        if given.tol and given.min_delta:
            message = "`tol` and `min_delta` are two rules for the same thing"
            help = "`min_delta` compares with the best that counted, `tol` with the best of all"
            raise Conflict("early_stopping.min_delta", message, help=help)
        part = "training" if on_training else None
        then, tol, delta = given.then or "stop", given.tol or None, given.min_delta or None
        return Stopping(True, patience, every, metric, then, part, tol, delta, given.start_from)
    for name in ("patience", "metric", "then", "part", "tol", "min_delta", "start_from"):
        if getattr(given, name) is not None:
            message = f"`{name}` needs early stopping, which is switched off"
            raise Conflict(f"early_stopping.{name}", message)
    return Stopping(enabled=False, every=every)


def _check_training_part(given: Stopping) -> None:
    """Reject what does not fit stopping by the training loss.

    Raises:
        Conflict: for evaluations other than the epochs' ends, another metric, or a second training.
    """
    for name in ("every", "metric", "then"):
        if getattr(given, name) not in (None, "loss", "stop"):
            message = "`part: training` looks at the training loss of each epoch"
            raise Conflict(f"early_stopping.{name}", message, help=f"leave `{name}` out")


def check_metric(key: str, name: str, outputs: Sequence[OutputTransform]) -> None:
    """Reject a metric that no output has.

    Raises:
        Conflict: with the metrics that outputs have.
    """
    if asked_metric(outputs, name):
        return
    has = dict.fromkeys(metric.name for one in outputs for metric in METRICS if metric.has(one))
    asked = enumerated(dict.fromkeys(one.task for one in outputs))
    message = f"no output of the network has the metric `{name}`: they are compared with {asked}"
    classes = max((one.categories for one in outputs if one.task == LABELS), default=0)
    if classes and (top := re.search(r"(?:^|_)top(\d+)_accuracy$", name)):
        message = f"`{name}` is always 1 with {classes} classes, all of them among {top[1]}"
    raise Conflict(key, message, help=f"the metrics here are {', '.join(has)}")


def metrics(
    given: Sequence[str] | None, outputs: Sequence[OutputTransform], validation: int
) -> tuple[str, ...] | None:
    """Check the metrics that are measured in addition at each evaluation.

    Raises:
        Conflict: for one that no output has, and where nothing is evaluated.
    """
    for name in given or ():
        check_metric("metrics", name, outputs)
    if given and not validation:
        message = "`metrics` are those of the validation part, and there is none"
        raise Conflict(("metrics", "data.split.validation"), message)
    return tuple(given) if given else None


def check_decisions(recipe: Recipe, outputs: Sequence[OutputTransform], validation: int) -> None:
    """Reject a threshold or a calibration of outputs that have none.

    Raises:
        Conflict: for outputs without probabilities, and where there is no validation part.
    """
    if recipe.positive is not None and not any(map(_is_of_two, outputs)):
        raise Conflict("positive", "`positive` is one of two classes, and no output has two")
    if recipe.threshold is not None and not any(map(has_threshold, outputs)):
        message = "`threshold` is for two classes or tags, answered by probabilities"
        raise Conflict("threshold", message, help="end the network with `sigmoid-1`, for example")
    if recipe.calibrate is not None and not any(map(has_temperature, outputs)):
        message = "`calibrate` is for classes or tags, answered by probabilities"
        raise Conflict("calibrate", message)
    chosen = {"calibrate": recipe.calibrate, "threshold": recipe.threshold}
    for key, value in chosen.items():
        if isinstance(value, str) and not validation:
            message = f"`{key}: {value}` is chosen on the validation part, and there is none"
            raise Conflict((key, "data.split.validation"), message)


def with_positive(data: Data, recipe: Recipe) -> Data:
    """Return the data with the positive one of two classes set in its outputs: the class that the
    recipe names; else of classes with names the rarer, or the second.

    Raises:
        Conflict: where the recipe names another class.
    """
    outputs = tuple(
        dataclasses.replace(output, positive=_positive(output, y, recipe.positive))
        for output, y in zip(data.preparation.outputs, data.train.y, strict=True)
    )
    preparation = dataclasses.replace(data.preparation, outputs=outputs)
    return dataclasses.replace(data, preparation=preparation)


def positive_note(recipe: Recipe, outputs: Sequence[OutputTransform]) -> str | None:
    """Return a note on the positive class, if figures depend on it and it is not the second."""
    asked = (*(recipe.metrics or ()), recipe.early_stopping.metric or "")
    about = recipe.threshold is not None or any(
        re.search(r"(^|_)(f1|precision|recall|pr_auc)$", name) for name in asked
    )
    names = [one.label(one.positive) for one in outputs if _is_of_two(one) and not one.positive]
    if not about or not names or recipe.positive is not None:
        return None
    return (
        f"precision, recall, F1, PR-AUC and thresholds are about `{names[0]}`, the rarer class: "
        "`positive` names another"
    )


def _is_of_two(output: OutputTransform) -> bool:
    return output.task == LABELS and output.classes == 2


def _positive(output: OutputTransform, y: Rows, asked: str | None) -> int:
    if not _is_of_two(output):
        return output.positive
    names = [output.label(0), output.label(1)]
    if asked is not None:
        if asked not in names:
            help = f"the classes are {', '.join(names)}"
            message = f"there is no class `{asked}`"
            raise Conflict("positive", message, help=help, typo=Typo(asked, names))
        return names.index(asked)
    # Classes 0 and 1 have a meaning of their own: 1 is positive.
    if not output.names or all(name.lstrip("+-").isdecimal() for name in names):
        return output.positive
    import numpy as np

    counts = np.bincount(np.asarray(y[:]).reshape(-1), minlength=2)
    # The rarer one; of equal ones the second, as usual.
    return int(counts[1] <= counts[0])


def has_threshold(output: OutputTransform) -> bool:
    """Return whether an output answers yes or no once for each example, by probabilities."""
    two = output.task == TAGS or (output.task == LABELS and output.categories == 2)
    return two and output.probable and len(output.shape) == 1


def has_temperature(output: OutputTransform) -> bool:
    """Return whether an output gives probabilities of classes or tags once for each example."""
    return output.task in (LABELS, TAGS) and output.probable and len(output.shape) == 1


def doubts_of_stopping(recipe: Recipe, steps: int) -> Iterator[str]:
    """Yield warnings where early stopping would defeat the purpose of a schedule.

    Args:
        recipe: with every value.
        steps: in an epoch.
    """
    stopping, schedule = recipe.early_stopping, recipe.schedule
    if not stopping.enabled:
        return
    waits = (stopping.patience or 0) * (1 if stopping.part else int(stopping.every or 1) / steps)
    late, epochs = max(waits, stopping.start_from or 0), recipe.epochs or 1
    evaluations = f"{stopping.patience} evaluations without a better {stopping.metric}"
    if schedule.name == "cosine" and late < epochs:
        yield (
            f"early stopping ends the training after {evaluations}, and `cosine` has its lowest "
            f"rates in the last of {epochs:,} epochs: `early_stopping: no`, or `start_from`, lets "
            "it get there"
        )
    if schedule.name == "steps" and late < max(schedule.at or (0,)) <= epochs:
        last = max(schedule.at or (0,))
        yield (
            f"early stopping ends the training after {evaluations}, perhaps before the rate is "
            f"divided after epoch {last:g}: `start_from: {math.ceil(last)}` lets it get there"
        )
    if schedule.name == "plateau" and (schedule.patience or 0) >= (stopping.patience or 0):
        yield (
            f"`plateau` divides the rate after {schedule.patience} evaluations without a better "
            f"loss, and early stopping ends the training after {stopping.patience}: the rate is "
            "hardly ever divided"
        )
