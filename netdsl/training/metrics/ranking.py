"""Metrics of scores rather than of answers: how well they rank examples, and how well their
probabilities are calibrated.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.training.metrics.answers import Answers

BINS = 15
"""The number of bins in which probabilities are compared with frequencies (Guo et al. 2017)."""


def ranked_scores(xp: Any, answers: Answers) -> tuple[Any, Any]:
    """Return the scores to rank, and 1 where they belong to the true answer [n, categories].

    Of two classes the positive is ranked; of more classes, and of tags, each against the others.
    """
    scores = xp.reshape(answers.scores, (-1, answers.categories))
    if len(answers.true.shape) == 3:  # tags
        return scores, xp.reshape(answers.true, (-1, answers.categories))
    true = xp.reshape(answers.true, (-1, 1))
    if answers.categories == 2:
        place = answers.positive
        return scores[:, place : place + 1], xp.where(xp.equal(true, place), 1, 0)
    return scores, xp.where(xp.equal(true, xp.arange(answers.categories)), 1, 0)


def roc_auc(xp: Any, scores: Any, true: Any) -> float:
    """Return the area under the ROC curve: the probability that a true example has a higher score
    than a false one, where equal scores count half (Mann and Whitney 1947).

    Args:
        xp: numpy.
        scores: [n].
        true: 0 and 1 [n].

    Returns:
        A number from 0 to 1; NaN if all are true, or none.
    """
    positive = int(true.sum())
    negative = len(true) - positive
    # NaN has no rank: sorted last it would count as the highest.
    if not positive or not negative or not xp.isfinite(scores).all():
        return math.nan
    _, groups, counts = xp.unique(scores, return_inverse=True, return_counts=True)
    last = xp.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[groups.reshape(-1)]  # equal scores share their mean rank
    # U = R - n (n + 1) / 2, with R the sum of the ranks of the true ones.
    found = float(ranks[true == 1].sum()) - positive * (positive + 1) / 2
    return found / (positive * negative)


def average_precision(xp: Any, scores: Any, true: Any) -> float:
    """Return the area under the curve of precision over recall, as a sum over the scores from the
    highest down: scikit-learn's `average_precision_score`.

    Args:
        xp: numpy.
        scores: [n].
        true: 0 and 1 [n].

    Returns:
        A number from 0 to 1; NaN if none is true.
    """
    positive = int(true.sum())
    if not positive or not xp.isfinite(scores).all():
        return math.nan
    order = xp.argsort(-scores, kind="stable")
    scores, true = scores[order], true[order]
    ends = xp.append(xp.flatnonzero(xp.diff(scores)), len(scores) - 1)  # of equal scores the last
    # Only where the score changes: no threshold lies between equal scores.
    found = xp.cumsum(true)[ends]
    return float((xp.diff(found, prepend=0) * found / (ends + 1)).sum()) / positive


def bins_of(xp: Any, answers: Answers) -> tuple[Any]:
    """Count answers by their confidence: for each bin their number, the sum of their probabilities,
    and how many are right [1, 3 x BINS].
    """
    sure = xp.reshape(xp.max(answers.scores, axis=-1), (-1,))
    given = xp.argmax(answers.scores, axis=-1)
    right = xp.reshape(xp.where(xp.equal(given, answers.true), 1.0, 0.0), (-1,))
    # A probability of 1 goes into the last bin; NaN, of a network that diverged, into the first.
    place = xp.clip((xp.nan_to_num(sure) * BINS).astype(int), 0, BINS - 1)
    return (
        xp.stack([xp.bincount(place, each, BINS) for each in (xp.ones_like(sure), sure, right)]),
    )


def calibration_error(xp: Any, bins: Any) -> float:
    """Return the mean distance between the confidence of answers and how often they are right: the
    expected calibration error (Naeini et al. 2015), from the counts of `bins_of`.
    """
    count, sure, right = bins
    return float(xp.abs(sure - right).sum() / xp.maximum(count.sum(), 1))
