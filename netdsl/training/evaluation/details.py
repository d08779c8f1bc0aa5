"""The details of an output that `evaluate` reports in addition to its metric: figures of each
class, or the errors of values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.json_text import json_number
from netdsl.training.metrics.definitions import (
    ABSOLUTE_ERROR,
    AUC,
    BALANCED_ACCURACY,
    ECE,
    MACRO_F1,
    PR_AUC,
    R2,
    RMSE,
    TOP5_ACCURACY,
    f1,
    iou,
    precision,
    recall,
)
from netdsl.training.preparation.outputs import VALUES

if TYPE_CHECKING:
    from netdsl.training.metrics.counters import Counter

DETAILS = (MACRO_F1, TOP5_ACCURACY, BALANCED_ACCURACY, AUC, PR_AUC, ECE, R2, ABSOLUTE_ERROR, RMSE)
"""The metrics whose outputs are reported in detail."""

CONFUSION = 1000
"""The most classes whose confusion matrix is reported."""


def output_details(counter: Counter) -> dict[str, Any]:
    """Return the details of an output as values of JSON: None where a figure is undefined.

    Args:
        counter: one for the metrics `DETAILS`, over all examples.

    Returns:
        For values `r2`, `mae` and `rmse`, in the data's units. For classes and tags `classes`
        (precision, recall, f1 and support; for labels of positions also `iou`) and `macro_f1`. For
        more than 5 classes also `top5_accuracy`, and for up to 1,000 classes `confusion`, whose
        rows are the true classes.
    """
    if counter.output.task == VALUES:
        named = {"r2": R2, "mae": ABSOLUTE_ERROR, "rmse": RMSE}
        return {name: json_number(counter.result(metric)) for name, metric in named.items()}
    details = {"classes": _classes(counter), "macro_f1": json_number(counter.result(MACRO_F1))}
    if TOP5_ACCURACY in counter.metrics:
        details["top5_accuracy"] = counter.result(TOP5_ACCURACY)
    for metric in (BALANCED_ACCURACY, AUC, PR_AUC, ECE):
        if metric in counter.metrics:
            details[metric.name] = json_number(counter.result(metric))
    # A million numbers are some megabytes of JSON already.
    if counter.confusion and counter.output.categories <= CONFUSION:
        details["confusion"] = counter.confusion.matrix().tolist()
    return details


def _classes(counter: Counter) -> list[dict[str, Any]]:
    """Return the figures of each class or tag."""
    import numpy as np

    output, counts = counter.output, counter.class_counts
    shares = {"precision": precision, "recall": recall, "f1": f1}
    found = {name: share(np, counts).tolist() for name, share in shares.items()}
    found["support"] = counts.support.tolist()
    if len(output.shape) > 1:
        found["iou"] = iou(np, counts).tolist()
    return [
        {
            "class": label,
            "name": output.label(label),
            **{name: json_number(values[label]) for name, values in found.items()},
        }
        for label in range(output.categories)
    ]
