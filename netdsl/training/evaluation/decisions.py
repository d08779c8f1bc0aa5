"""Choices on the validation part after a training: the temperature that calibrates a network's
probabilities, and the thresholds of probabilities for a positive answer.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from netdsl.training.evaluation.asked_figures import given_outputs
from netdsl.training.metrics.answers import answers, at_temperature, probabilities
from netdsl.training.metrics.counters import Counter
from netdsl.training.metrics.definitions import ECE
from netdsl.training.planning.measures import has_temperature, has_threshold
from netdsl.training.preparation.outputs import LABELS
from netdsl.training.runs.decisions import COLDEST, HOTTEST

if TYPE_CHECKING:
    from netdsl.training.data.batches import Batches
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array
    from netdsl.training.recipes.recipe import Recipe

SEARCHES = 60
"""How many steps the search takes; each leaves 0.62 of the interval."""

Decision = dict[str, Any]
"""The choices for an output: `temperature`, with `log_loss` and `ece` of the validation part before
and after; `thresholds`, the figure that they were chosen `for`, and its values with a threshold of
one half and with these.
"""


def decide(model: Any, batches: Batches, recipe: Recipe) -> dict[str, Decision]:
    """Choose what a recipe asks for, by a Keras model's outputs for the validation part.

    Args:
        model: the network, with the weights that are kept.
        batches: the validation part.
        recipe: with every value.

    Returns:
        The choices, by the names of outputs.
    """
    outputs = batches.preparation.outputs
    if recipe.threshold is None and recipe.calibrate is None:
        return {}
    parts: list[list[Array]] = [[] for _ in outputs]
    for _, given in given_outputs(model, batches):
        for place, array in enumerate(given):
            parts[place].append(np.asarray(array, np.float64))
    found = {}
    for place, output in enumerate(outputs):
        y = np.asarray(batches.part.y[place][:])
        values = np.concatenate([np.zeros((0, *output.shape)), *parts[place]])
        decision: Decision = {}
        if recipe.calibrate and has_temperature(output):
            decision |= _calibration(output, y, values)
            # The threshold is chosen for the calibrated probabilities, as answers use these.
            output = dataclasses.replace(output, temperature=decision["temperature"])
        if recipe.threshold is not None and has_threshold(output):
            decision |= _threshold(output, y, values, recipe.threshold)
        if decision:
            found[output.name] = decision
    return found


# --- temperature ----------------------------------------------------------------------------------


def _calibration(output: OutputTransform, y: Array, values: Array) -> Decision:
    """Choose the temperature with the lowest log loss."""
    found = answers(np, output, output.targets(y, np.float64), values)

    def loss(temperature: float) -> float:
        scores = at_temperature(np, output, found.scores, temperature)
        return log_loss(output, found.true, probabilities(np, output, scores))

    chosen = best_temperature(loss)
    at = dataclasses.replace(output, temperature=chosen)
    figures: Decision = {"temperature": chosen, "log_loss": [loss(1.0), loss(chosen)]}
    if ECE.has(output):
        figures["ece"] = [_measured(one, y, values) for one in (output, at)]
    return figures


def _measured(output: OutputTransform, y: Array, values: Array) -> float:
    counter = Counter(output, [ECE])
    counter.update(y, values)
    return counter.result(ECE)


def log_loss(output: OutputTransform, true: Array, known: Array) -> float:
    """Return the mean of -log of the probability of the true answer."""
    # A probability that is rounded to 0 costs 708, not infinity, so that no single example decides.
    tiny = np.finfo(np.float64).tiny
    if output.task == LABELS:
        own = np.take_along_axis(known, true[..., None], axis=-1)
    else:
        own = np.where(true == 1, known, 1 - known)
    return float(-np.log(np.maximum(own, tiny)).mean())


def best_temperature(loss: Callable[[float], float]) -> float:
    """Return the temperature of the lowest loss by golden-section search: there is one minimum."""
    ratio = (math.sqrt(5) - 1) / 2
    # In logarithms, so that half and double are equally far from 1.
    low, high = math.log(COLDEST), math.log(HOTTEST)
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at = {one: loss(math.exp(one)) for one in (left, right)}
    for _ in range(SEARCHES):
        if at[left] <= at[right]:
            high, right = right, left
            left = high - ratio * (high - low)
            at[left] = loss(math.exp(left))
        else:
            low, left = left, right
            right = low + ratio * (high - low)
            at[right] = loss(math.exp(right))
    # Six digits survive JSON and print alike on every machine.
    return round(math.exp((low + high) / 2), 6)


# --- threshold ------------------------------------------------------------------------------------


def _threshold(output: OutputTransform, y: Array, values: Array, asked: float | str) -> Decision:
    """Choose the probability above which the positive of two classes, or each tag, is answered."""
    found = answers(np, output, output.targets(y, np.float64), values)
    known = probabilities(np, output, found.scores)
    known = known[..., output.positive] if output.task == LABELS else known
    known, true = known.reshape(len(known), -1), found.true.reshape(len(known), -1)
    if output.task == LABELS:
        true = np.where(true == output.positive, 1, 0)
    if not isinstance(asked, str):
        return {"thresholds": [asked] * known.shape[1]}
    chosen = [best_threshold(known[:, at], true[:, at], asked) for at in range(known.shape[1])]
    # The value with the usual threshold of one half, to compare with.
    usual = [_value(asked, *_counts(known[:, at] > 0.5, true[:, at])) for at in range(len(chosen))]
    return {
        "thresholds": [threshold for threshold, _ in chosen],
        "for": asked,
        "values": [float(np.mean(usual)), float(np.mean([value for _, value in chosen]))],
    }


def best_threshold(known: Array, true: Array, asked: str) -> tuple[float, float]:
    """Return the threshold at which a figure is largest, and the figure.

    It is the middle between two neighbouring values among the probabilities, 0 and 1; of equally
    good ones, that nearest to one half.

    Args:
        known: probabilities [n].
        true: 0 and 1 [n].
        asked: one of `THRESHOLDS`.
    """
    if not len(known) or not np.isfinite(known).all():
        return 0.5, math.nan
    # With 0 and 1, which are not of an example, the answer can be yes to all or none.
    levels, groups = np.unique(np.append(known, [0.0, 1.0]), return_inverse=True)
    counts, positives = (
        np.bincount(groups.reshape(-1)[: len(known)], weights, len(levels))
        for weights in (None, true)
    )
    below, missed = np.cumsum(counts)[:-1], np.cumsum(positives)[:-1]
    # In the middle between neighbours: at a probability itself, rounding would decide its example.
    places = [*((levels[:-1] + levels[1:]) / 2), 0.5]
    half = _counts(known > 0.5, true)
    right = np.append(positives.sum() - missed, half[0])
    answered = np.append(len(true) - below, half[1])
    values = _value(asked, right, answered, positives.sum(), len(true))
    # An undefined figure is worse than any defined one.
    values = np.nan_to_num(values, nan=-1.0)
    # Equal up to rounding, as sums in another order must not change the choice.
    best = np.flatnonzero(values >= values.max() - 1e-12)
    chosen = int(best[np.argmin(np.abs(np.asarray(places)[best] - 0.5))])
    return float(places[chosen]), float(values[chosen])


def _counts(said: Array, true: Array) -> tuple[Any, Any, Any, int]:
    """Count the true positives, the positive answers, the positive examples, and all examples."""
    return (said * true).sum(), said.sum(), true.sum(), len(true)


def _value(asked: str, right: Any, answered: Any, support: Any, count: int) -> Any:
    """Return a figure from the counts of `_counts`, of which the first two may be arrays."""
    wrong, others = answered - right, count - support
    if asked == "f1":
        return 2 * right / np.maximum(support + answered, 1)
    if asked == "accuracy":
        return (right + others - wrong) / max(count, 1)
    return (right / max(support, 1) + (others - wrong) / max(others, 1)) / 2
