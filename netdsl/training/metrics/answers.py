"""The answers of an output, with the true ones: classes, tags, or values.

The functions take an array namespace `xp`, which is numpy or keras.ops, so that a compiled step and
NumPy compute the same.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.training.preparation.outputs import LABELS, TAGS, VALUES

if TYPE_CHECKING:
    from netdsl.training.preparation.outputs import OutputTransform


class Answers(NamedTuple):
    """The true answers for a batch, and those of an output.

    Attributes:
        true: labels [n, positions]; 0 and 1 for each tag [n, positions, tags]; values [n, size] as
            the loss takes them.
        given: the output's answers, in the same form.
        scores: the output's score for each class or tag, higher for a likelier one
            [n, positions, categories]; for values those of `given`.
        categories: how many classes or tags it distinguishes; 0 for values.
        positive: of two classes, the one to detect.
    """

    true: Any
    given: Any
    scores: Any
    categories: int
    positive: int


def answers(xp: Any, output: OutputTransform, y: Any, values: Any) -> Answers:
    """Read an output's numbers as answers, and its targets as the true answers.

    Args:
        xp: numpy or keras.ops.
        output: the output.
        y: its targets as the loss takes them, see `OutputTransform.targets`.
        values: the network's numbers [n, *shape].
    """
    scores = category_scores(xp, output, values)
    given = answer(xp, output, scores)
    return Answers(truth(xp, output, y), given, scores, output.categories, output.positive)


def truth(xp: Any, output: OutputTransform, y: Any) -> Any:
    """Return the true answers, from targets as the loss takes them.

    Targets that are probabilities, such as smoothed ones, count as the most probable class, or as
    yes above one half.

    Args:
        xp: numpy or keras.ops.
        output: the output.
        y: targets as the loss takes them.

    Returns:
        Labels [n, positions], 0 and 1 for each tag [n, positions, tags], or values [n, size].
    """
    positions, numbers = math.prod(output.shape[:-1]), output.shape[-1]
    if output.task == VALUES:
        return xp.reshape(y, (-1, positions * numbers))
    if output.task == TAGS:
        return _above(xp, xp.reshape(y, (-1, positions, numbers)), 0.5)
    if numbers == 1:
        # Smoothed or mixed targets are no longer 0 and 1.
        y = _above(xp, y, 0.5)
    # A probability for each class, as mixup and smoothing make them, and not labels of positions.
    elif len(y.shape) == len(output.shape) + 1 and y.shape[-1] == numbers:
        y = xp.argmax(y, axis=-1)
    return xp.reshape(y, (-1, positions))


def category_scores(xp: Any, output: OutputTransform, values: Any) -> Any:
    """Return an output's score for each class or tag; else the values.

    A single number for two classes becomes two scores: that of class 0 is as far below the border
    as that of class 1 is above it. Where a temperature was chosen, it is applied.

    Args:
        xp: numpy or keras.ops.
        output: the output.
        values: the network's numbers [n, *shape].

    Returns:
        Scores [n, positions, categories]; values [n, size].
    """
    positions, numbers = math.prod(output.shape[:-1]), output.shape[-1]
    if output.task == VALUES:
        return probabilities(xp, output, xp.reshape(values, (-1, positions * numbers)))
    scores = xp.reshape(values, (-1, positions, numbers))
    scores = at_temperature(xp, output, scores, output.temperature)
    if output.task == LABELS and numbers == 1:
        # Mirrored at the border, so that argmax answers 1 exactly where the score is
        # above it.
        return xp.concatenate([2 * output.border - scores, scores], axis=-1)
    return scores


def at_temperature(xp: Any, output: OutputTransform, scores: Any, temperature: float) -> Any:
    """Return logits divided by a temperature, or their probabilities (Guo et al. 2017).

    The order of the classes does not change.

    Args:
        xp: numpy or keras.ops.
        output: the output.
        scores: logits or probabilities [..., categories].
        temperature: above 1 it makes answers less confident, below 1 more.
    """
    if temperature == 1 or not output.probable:
        return scores
    if output.logits:
        return scores / temperature
    if output.loss == "binary":
        # p^(1/T) / (p^(1/T) + (1-p)^(1/T)) is the logistic function of logit(p) / T, without the
        # logit, which is infinite at 0 and 1.
        powers = scores ** (1 / temperature)
        return powers / (powers + (1 - scores) ** (1 / temperature))
    # Relative to the largest, so that with a low temperature not all are rounded to 0.
    powers = (scores / xp.max(scores, axis=-1, keepdims=True)) ** (1 / temperature)
    return powers / xp.sum(powers, axis=-1, keepdims=True)


def answer(xp: Any, output: OutputTransform, scores: Any) -> Any:
    """Return an output's answers by its scores.

    The class with the largest score is answered, the first of equal ones; a tag is yes above the
    border. Where thresholds were chosen, the positive of two classes, or a tag, is answered if its
    probability is above its threshold.

    Args:
        xp: numpy or keras.ops.
        output: the output.
        scores: as `category_scores` returns them.

    Returns:
        Labels [n, positions], 0 and 1 for each tag [n, positions, tags], or the values themselves.
    """
    if output.thresholds and output.task in (LABELS, TAGS):
        known = probabilities(xp, output, scores)
        if output.task == LABELS:
            known = known[..., output.positive : output.positive + 1]
        yes = _above(xp, known, xp.array(output.thresholds, "float32"))
        if output.task == LABELS:
            return yes[..., 0] if output.positive else 1 - yes[..., 0]
        return yes
    if output.task == LABELS and output.shape[-1] == 1:  # argmax may take -0 for less than 0
        return xp.where(scores[..., 1] > scores[..., 0], 1, 0)
    if output.task == LABELS:
        return xp.argmax(scores, axis=-1)
    return _above(xp, scores, output.border) if output.task == TAGS else scores


def yes_or_no(xp: Any, output: OutputTransform, values: Any) -> Any:
    """Return the answers of an output without classes that decides between yes and no.

    Args:
        xp: numpy or keras.ops.
        output: the output, of tags or of one yes or no for each position.
        values: the network's numbers [n, *shape].

    Returns:
        0 and 1 [n, *shape].
    """
    given = answer(xp, output, category_scores(xp, output, values))
    return xp.reshape(given, (-1, *output.shape))


def probabilities(xp: Any, output: OutputTransform, scores: Any) -> Any:
    """Return the probabilities that the loss has for scores [..., categories].

    For a loss without probabilities, such as hinge, the scores are returned.
    """
    if not output.logits:
        return scores
    if output.loss == "binary":
        # The logistic function, 1 / (1 + exp(-x)), by tanh, which does not overflow.
        return 0.5 * (1 + xp.tanh(0.5 * scores))
    # Minus the largest, so that none overflows; the quotient is the same.
    exponentials = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))  # softmax
    return exponentials / xp.sum(exponentials, axis=-1, keepdims=True)


def in_units(xp: Any, output: OutputTransform, values: Any) -> Any:
    """Return the numbers of an output without classes [n, *shape] in the units of the data."""
    values = at_temperature(xp, output, values, output.temperature)
    return output.original(probabilities(xp, output, values))


def _above(xp: Any, values: Any, border: Any) -> Any:
    """Return 1 where values are above the border, else 0."""
    return xp.where(values > border, 1, 0)
