"""More epochs for a run that has ended: a stage that begins with its last weights and rate.

This module imports Keras.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import fail
from netdsl.training.distributed.opening import open_devices
from netdsl.training.loop.checkpoint import read_last_numbers, write_checkpoint
from netdsl.training.loop.learner import Learner
from netdsl.training.loop.setup import Setup, first_model
from netdsl.training.loop.state import new_state
from netdsl.training.loop.train import begun_job, failure_context, resume
from netdsl.training.recipes.amounts import MAX_EPOCHS
from netdsl.training.runs.finished import finished_run
from netdsl.training.runs.folder import CHECKPOINT, LAST, PATH, locked, require_file
from netdsl.training.runs.history import Epoch, Evaluation, read_epochs, read_path
from netdsl.training.runs.stages import AddedEpochs, add_stage, extended

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras

    from netdsl.training.loop.state import State
    from netdsl.training.recipes.recipe import Recipe
    from netdsl.training.runs.run import RunResult

RESTARTED = (
    "the optimizer is reset: a run without `ema` keeps none of its numbers, such as momentum, "
    "so that the loss may rise at first"
)
"""The note where a run with more epochs differs from one longer training."""

VALIDATION = "val_"
"""The prefix of the validation part's scores in `metrics.jsonl`."""


def train_more(
    folder: str | Path, epochs: int, *, data: Any = None, quiet: bool = False
) -> RunResult:
    """Train a run that has ended for more epochs, which are recorded in its `run.json`.

    The training continues with the last weights and the last rate, but with a new optimizer; with
    `ema` also with the optimizer's numbers and the averages. The best weights stay the best until
    others are better; the patience begins again.

    Args:
        folder: the run's.
        epochs: how many epochs to add.
        data: the data itself, where the run was given it in Python.
        quiet: whether nothing is printed on standard error during the training.

    Raises:
        NetError: N613, N614 where the folder holds no run that has ended, N616 where it was
            stopped, its data or its recipe have changed, or its recipe leaves nothing to add.
    """
    folder = Path(folder)
    held = finished_run(folder)
    if (folder / CHECKPOINT).is_file():
        help = f"netdsl resume {folder}, without `--more`"
        raise fail("N616", f"the run {folder} was stopped: it has epochs left", help=help)
    # All that can be rejected is, before the lock is taken and the first file is written.
    job = begun_job(folder, data)
    _check(folder, held.run, job.recipe)
    if held.run.epochs + epochs > MAX_EPOCHS:
        message = f"{folder} has {held.run.epochs:,} epochs, and {epochs:,} more are above"
        raise fail("N616", f"{message} the {MAX_EPOCHS:,} of a training")
    devices = open_devices(job.recipe, quiet=True)
    if devices.shared:
        raise fail("N616", f"{folder} was trained on several devices: nothing can be added")
    with locked(folder), failure_context(job, devices):
        # Checked with the lock: another process may have changed what was read before it.
        if (folder / CHECKPOINT).is_file() or finished_run(
            folder
        ).run.values() != held.run.values():
            raise fail("N616", f"another process has trained in {folder} meanwhile")
        state = state_of(folder, held.run, job.recipe)
        stage = AddedEpochs(epochs, len(state.rows))
        recipe = extended(job.recipe, (stage,))
        job = dataclasses.replace(job, resolved=job.resolved._replace(recipe=recipe))
        setup = Setup(devices, recipe.speed or "auto", ())
        learner = Learner(job, setup, first_model(job, devices).model)
        learner.state = state
        learner.state.weights = held.model().get_weights()
        # `best.keras` has the kept weights, `last.keras` the last ones, from which it continues.
        require_file(folder, LAST)
        if not recipe.ema:
            learner.model.set_weights(held.model_in(folder / LAST).get_weights())
        else:
            read_last_numbers(folder, learner.model)
        if not recipe.optimizer.searches:
            learner.model.optimizer.learning_rate = state.rows[-1].rate
        # The checkpoint first: a kill between the two leaves a run that `resume` ends as it was. In
        # the other order, run.json could count epochs that cannot be trained.
        write_checkpoint(folder, learner.model, state)
        add_stage(folder, stage)
        if not quiet and not recipe.ema and _remembers(recipe, learner.model):
            print(RESTARTED, file=sys.stderr, flush=True)
    return resume(folder, data=data, quiet=quiet)


def _remembers(recipe: Recipe, model: keras.Model) -> bool:
    """Return whether the optimizer has variables besides its count of steps and its rate."""
    return recipe.optimizer.searches or len(model.optimizer.variables) > 2


def _check(folder: Path, run: RunResult, recipe: Recipe) -> None:
    """Reject runs to which no epochs can be added.

    Raises:
        NetError: N616.
    """
    why = ""
    if run.ended == "diverged" or not run.validation:
        why = "it diverged"
    elif run.retrained:
        why = "its weights are those of the second training, on all the data"
    elif recipe.optimizer.name == "least_squares":
        why = "`least_squares` takes one step"
    elif recipe.schedule.name == "cosine":
        why = "its schedule `cosine` has ended at its lowest rate"
    elif recipe.unfreeze is not None:
        why = "its layers would be frozen again by `unfreeze`"
    if why:
        help = f"a new run begins with its weights: --init-from {folder}"
        raise fail("N616", f"no epochs can be added to {folder}: {why}", help=help)


def state_of(folder: Path, run: RunResult, recipe: Recipe) -> State:
    """Return the state of a run at its end, from its files; without weights.

    Raises:
        NetError: N613, N614.
    """
    rows = [_epoch(row, run) for row in read_epochs(folder) if row["stage"] == "search"]
    state = new_state(recipe)
    state.rows, state.step, state.seconds = rows, rows[-1].step, run.seconds
    state.evaluations = [row.evaluation for row in rows if row.evaluation]
    scores = {name: value for name, value in run.validation.items() if name != "examples"}
    if run.decisions:  # the result's scores use these, the evaluations during a training do not
        if run.metric in scores and run.best_value is not None:
            scores[run.metric] = run.best_value
        for found in state.evaluations:
            scores = dict(found.scores) if found.step == run.best_step else scores
    # From the result, not from the rows, which hold only the last evaluation of each epoch.
    state.best = Evaluation(run.best_step, scores, True)
    if recipe.early_stopping.part == "training":
        best = min(rows, key=lambda row: row.loss)
        state.stopping.step, state.stopping.best = best.step, best.loss
    elif recipe.early_stopping.enabled:
        state.stopping.step, state.stopping.best = run.best_step, run.best_value
    else:
        # The last weights were kept: the best loss is that of the epochs.
        for found in state.evaluations:
            state.stopping.see(found.step, found.loss)
    if (folder / PATH).is_file():
        state.path = read_path(folder)
    return state


def _epoch(row: Mapping[str, Any], run: RunResult) -> Epoch:
    """Return an epoch of `metrics.jsonl`."""
    values = {
        # JSON has no NaN: `metrics.jsonl` writes null for it.
        name: math.nan if value is None else float(value)
        for name, value in row.items()
        if name != "stage"
    }
    step, scores = int(row["step"]), {}
    for name in values.keys() - {"epoch", "step", "rate", "seconds"}:
        scores[name] = values[name]
    # In the order of the file: first the loss, then the metrics, as `Scored` expects.
    scores = {name: scores[name] for name in row if name in scores}
    of_validation = {
        name.removeprefix(VALIDATION): scores.pop(name)
        for name in list(scores)
        if name.startswith(VALIDATION)
    }
    found = Evaluation(step, of_validation, step == run.best_step) if of_validation else None
    return Epoch(int(row["epoch"]), step, values["rate"], scores, found, values["seconds"])
