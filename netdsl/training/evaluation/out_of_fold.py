"""Predictions of several folds' networks for the examples that they were not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.training.data import reload
from netdsl.training.data.prediction import ids_by_place
from netdsl.training.evaluation.asked_figures import asked_metrics
from netdsl.training.evaluation.evaluate import memory_errors
from netdsl.training.evaluation.network_outputs import BATCH, in_batches, predictor
from netdsl.training.evaluation.predict import record_of
from netdsl.training.metrics.counters import Counter
from netdsl.training.metrics.definitions import AskedMetric, figure_names, training_metric
from netdsl.training.metrics.naive import mean_baseline
from netdsl.training.preparation.outputs import VALUES
from netdsl.training.runs.finished import finished_run
from netdsl.training.runs.inputs import read_recipe

if TYPE_CHECKING:
    from netdsl.training.data import Data, Examples
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array
    from netdsl.training.runs.finished import FinishedRun
    from netdsl.training.runs.run import RunResult


class OutOfFold(NamedTuple):
    """Predictions of several folds' networks for the examples that they were not trained on.

    Attributes:
        records: one for each example, as `predict` returns them, with `fold` and `true`.
        examples: how many examples the data has, in whichever part.
        figures: of the test parts, over all of their examples together.
        mean_baseline: the mean over the folds of the simplest answer's score.
        baseline: the simplest answer's score over all of the examples together.
    """

    records: list[dict[str, Any]]
    examples: int
    figures: Mapping[str, float]
    mean_baseline: Mapping[str, Any]
    baseline: Mapping[str, Any]


def out_of_fold(folders: Sequence[Path], data: Any = None) -> OutOfFold:
    """Predict each example of the test parts of several runs by their networks.

    Args:
        folders: of runs of one network, each with another fold as its test part.
        data: the data itself, where the runs were given it in Python.

    Raises:
        NetError: N613, N614 for a folder, and what reading the data raises.
    """
    runs: list[RunResult] = []
    records: list[dict[str, Any]] = []
    ids: Mapping[int, Mapping[str, str]] = {}
    pool, examples = _Pool([]), 0
    for number, folder in enumerate(folders):
        held, recipe = finished_run(folder), read_recipe(folder)
        runs.append(held.run)
        outputs = held.preparation.outputs
        # Each fold's network has a preparation of its own, fitted to its own training part.
        loaded = reload(recipe, held.preparation, data)
        if not number:
            ids = _ids(loaded, data)
            usual = zip(outputs, figure_names(outputs), strict=True)
            asked = [
                AskedMetric(place, training_metric(output), name)
                for place, (output, name) in enumerate(usual)
            ]
            pool = _Pool([*asked, *asked_metrics(recipe, outputs)])
        examples = max(examples, sum(map(len, (loaded.train, loaded.validation, loaded.test))))
        records += _records(held, loaded.test, int(recipe.data.split.fold or 0), ids, pool)
    counts = [run.test.get("examples", 0) for run in runs]
    return OutOfFold(
        records,
        examples,
        _pooled(runs, counts, pool.figures()) if records else {},
        mean_baseline([run.baseline for run in runs]),
        mean_baseline([run.baseline for run in runs], counts) if records else {},
    )


def _ids(loaded: Data, given: Any) -> Mapping[int, Mapping[str, str]]:
    """Return the cells that identify the rows of a table, by the line or row in its file."""
    if given is not None or not loaded.preparation.table:
        return {}
    return ids_by_place(Path(str(loaded.spec.source)), loaded.preparation)


class _Pool:
    """Counts metrics over the test parts of several runs, whose preparations differ, as each is
    fitted to its own training part.
    """

    def __init__(self, asked: Sequence[AskedMetric]) -> None:
        self.asked = asked
        self.counters: dict[int, Counter] = {}

    def update(self, place: int, output: OutputTransform, y: Array, values: Array) -> None:
        """Count an output's answers for examples."""
        if output.task == VALUES:
            # In the data's units, since each fold standardises by other numbers.
            values = output.original(values.astype(float))
            output = replace(output, centre=0.0, spread=1.0)
        if place not in self.counters:
            own = [one.metric for one in self.asked if one.place == place]
            self.counters[place] = Counter(output, own)
        # Each fold has thresholds and a temperature of its own.
        self.counters[place].output = output
        self.counters[place].update(y, values)

    def figures(self) -> dict[str, float]:
        """Return the metrics over all examples, in the data's units."""
        return {
            one.figure: self.counters[one.place].result(one.metric)
            for one in self.asked
            if one.place in self.counters
        }


def _pooled(
    runs: Sequence[RunResult], counts: Sequence[float], measured: Mapping[str, float]
) -> dict[str, float]:
    """Return the figures that all runs have, over all examples together.

    Losses are means over examples: their mean, weighted by each run's examples, is that of all.
    """
    found: dict[str, float] = {}
    for name in runs[0].test:
        if name == "examples" or not all(name in run.test for run in runs):
            continue
        sums = (run.test[name] * count for run, count in zip(runs, counts, strict=True))
        found[name] = measured[name] if name in measured else sum(sums) / sum(counts)
    return found


def _records(
    held: FinishedRun,
    part: Examples,
    fold: int,
    ids: Mapping[int, Mapping[str, str]],
    pool: _Pool,
) -> list[dict[str, Any]]:
    """Return a record, as `predict` returns them, for each example of a run's test part.

    Each also has `fold`, and `true`: by output the name of the class, or the value.
    """
    preparation = held.preparation
    records = []
    with memory_errors(BATCH):
        for rows, outputs in in_batches(predictor(held.model()), part.x, preparation, BATCH):
            for at, (output, y) in enumerate(zip(preparation.outputs, part.y, strict=True)):
                pool.update(at, output, y[rows], outputs[at])
            for place, row in enumerate(rows.tolist()):
                values = [array[place] for array in outputs]
                record: dict[str, Any] = {"input": part.place(row)}
                if ids and part.keys:
                    record["id"] = dict(ids.get(int(part.keys.places[row]), {}))
                record["fold"] = fold
                record["true"] = {
                    output.name: _true(output, y[row])
                    for output, y in zip(preparation.outputs, part.y, strict=True)
                }
                # Only the most likely class, whose name can be compared with `true`.
                records.append(record | record_of(values, preparation, 1))
    return records


def _true(output: OutputTransform, y: Array) -> Any:
    """Return a target in the form of a record's prediction: a class's name, or values."""
    import numpy as np

    values = np.asarray(y).reshape(-1)
    if output.classes and values.size == 1:
        return output.label(int(values[0]))
    found = values.tolist()
    return found[0] if len(found) == 1 else found
