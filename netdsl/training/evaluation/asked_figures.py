"""The metrics that a recipe asks for, in addition to each output's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from netdsl.keras.layer_outputs import called
from netdsl.training.metrics.counters import Counter
from netdsl.training.metrics.definitions import AskedMetric, asked_metric, figure_names

if TYPE_CHECKING:
    from netdsl.training.data.batches import Batches
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array
    from netdsl.training.recipes.recipe import Recipe


def asked_metrics(recipe: Recipe, outputs: Sequence[OutputTransform]) -> list[AskedMetric]:
    """Return the metrics that a recipe asks for or stops by, without those measured anyway."""
    names = [*(recipe.metrics or ()), recipe.early_stopping.metric or "loss"]
    found = [asked for name in names if (asked := asked_metric(outputs, name))]
    usual = figure_names(outputs)
    # `dict.fromkeys`: a metric that is asked for and stopped by is counted once.
    return [asked for asked in dict.fromkeys(found) if asked.figure not in usual]


def asked_figures(
    model: Any,
    batches: Batches,
    asked: Sequence[AskedMetric],
    outputs: Sequence[OutputTransform],
) -> dict[str, float]:
    """Measure metrics of a Keras model on a part, in the data's units.

    Args:
        model: the network.
        batches: the part.
        asked: the metrics.
        outputs: how answers are read from the network's outputs.

    Returns:
        Each figure by its name.
    """
    places = sorted({one.place for one in asked})
    counters = {
        place: Counter(outputs[place], [one.metric for one in asked if one.place == place])
        for place in places
    }
    # A second pass over the part, by NumPy: ranks need all scores, which a compiled step drops.
    for rows, given in given_outputs(model, batches) if asked else ():
        for place, counter in counters.items():
            counter.update(np.asarray(batches.part.y[place][rows]), given[place])
    return {one.figure: counters[one.place].result(one.metric) for one in asked}


def given_outputs(model: Any, batches: Batches) -> Iterator[tuple[slice, list[Array]]]:
    """Yield the rows of each batch, and a Keras model's outputs for them."""
    for at in range(len(batches)):
        x = batches[at][0]
        rows = slice(at * batches.batch, min((at + 1) * batches.batch, len(batches.part)))
        yield rows, called(model, x if isinstance(x, tuple) else (x,))
