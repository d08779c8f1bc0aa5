"""What the networks of several folds say of the examples that they were not trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.training.data import reload
from netdsl.training.evaluation.evaluate import memory_errors
from netdsl.training.evaluation.network_outputs import BATCH, in_batches, predictor
from netdsl.training.evaluation.predict import record_of
from netdsl.training.runs.finished import finished_run
from netdsl.training.runs.inputs import read_recipe

if TYPE_CHECKING:
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array


def fold_records(folders: Sequence[Path], data: Any = None) -> Iterator[dict[str, Any]]:
    """Yield a record, as `predict` has them, for each example of the runs' test parts.

    Args:
        folders: of runs of one network, each with another fold as its test part.
        data: the data itself, where the runs were given it in Python.

    Yields:
        The record, with `fold` and `true`: by output the class's name or the value.

    Raises:
        NetError: N613, N614 for a folder, and what reading the data raises.
    """
    for folder in folders:
        held, recipe = finished_run(folder), read_recipe(folder)
        preparation = held.preparation
        # Each fold's network has a preparation of its own, measured on its own training part.
        part = reload(recipe, preparation, data).test
        with memory_errors(BATCH):
            for rows, outputs in in_batches(predictor(held.model()), part.x, preparation, BATCH):
                for place, row in enumerate(rows.tolist()):
                    values = [array[place] for array in outputs]
                    yield {
                        "input": part.place(row),
                        "fold": recipe.data.split.fold,
                        "true": {
                            output.name: _true(output, y[row])
                            for output, y in zip(preparation.outputs, part.y, strict=True)
                        },
                        # One class: the most likely, whose name is compared with `true`.
                        **record_of(values, preparation, 1),
                    }


def _true(output: OutputTransform, y: Array) -> Any:
    """Return a target as the record of its prediction has it: a class's name, or values."""
    import numpy as np

    values = np.asarray(y).reshape(-1)
    if output.classes and values.size == 1:
        return output.label(int(values[0]))
    found = values.tolist()
    return found[0] if len(found) == 1 else found
