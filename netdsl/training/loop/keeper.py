"""Writing the run folder during a training and at its end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.files import make_folder, save, write
from netdsl.json_text import json_text
from netdsl.training.data.sources.toys import short_name
from netdsl.training.loop.checkpoint import write_arrays, write_checkpoint
from netdsl.training.loop.learning_rate import synchronise
from netdsl.training.loop.pace import Pace
from netdsl.training.metrics.definitions import (
    figure_names,
    higher_is_better,
    stopping_figure,
    training_metric,
)
from netdsl.training.metrics.evaluator import clone
from netdsl.training.recipes.recipe import Keep
from netdsl.training.reporting.charts import curve
from netdsl.training.reporting.page import write_page
from netdsl.training.runs.folder import (
    BEST,
    CHECKPOINT,
    CURVE,
    KEPT,
    LAST,
    LAST_NUMBERS,
    METRICS,
    METRICS_JSONL,
    PATH,
    RESULT,
    RETRAINED,
    kept_epochs,
    kept_name,
)
from netdsl.training.runs.history import metrics_csv, metrics_jsonl, path_csv

if TYPE_CHECKING:
    import keras

    from netdsl.training.loop.learner import Learner
    from netdsl.training.loop.state import State
    from netdsl.training.planning.job import Job
    from netdsl.training.runs.run import RunResult


class Keeper:
    """Keeps a job's training in a run folder."""

    def __init__(self, folder: Path, job: Job) -> None:
        self.folder, self.job = folder, job
        self.pace = Pace(job.recipe.checkpoint)
        self.saved: int | None = None

    def keep_epoch(self, learner: Learner, stops: bool = False) -> None:
        """Write checkpoint and figures at the end of an epoch, unless they were written a moment
        ago and the training does not stop.
        """
        # If the training diverged, the checkpoint that was written last is the last useful one.
        if not learner.state.diverged and (stops or self.pace.at_end()):
            self._keep(learner)

    def keep_step(self, learner: Learner, stops: bool) -> None:
        """Write checkpoint and figures within an epoch, when it is time or the training `stops`.

        With several devices there is no step at which one of them can read the numbers of all.
        """
        if learner.setup.devices.shared or not (stops or self.pace.within(learner.state.step)):
            return
        synchronise(learner.model)
        self._keep(learner)

    def _keep(self, learner: Learner) -> None:
        with self.pace.writing():
            # The checkpoint first: `resume` relies on it, and figures can be written again from it.
            self.keep_checkpoint(learner)
            self._write_figures(learner.state)
            self._save_best(learner)

    def keep_weights(self, learner: Learner) -> None:
        """Write the weights at the end of an epoch, if the recipe asks for them.

        Those of an epoch that is no longer among the best are removed.
        """
        state, keep = learner.state, self.job.recipe.keep
        # The second training has no evaluations, hence no order, and its epochs repeat numbers.
        if keep == Keep() or state.diverged or not state.searching:
            return
        epoch = state.rows[-1].epoch
        best = self._best_epochs(state, keep.best or 0)
        stays = set(keep.epochs or ()) | best

        def is_kept(one: int) -> bool:
            return one in stays or (keep.every is not None and one % keep.every == 0)

        if is_kept(epoch):
            make_folder(self.folder / KEPT)
            # Written before others are removed: a kill between leaves one too many, not one too
            # few.
            self._save(f"{KEPT}/{kept_name(epoch)}", learner.plain, learner.weights())
        for one, path in kept_epochs(self.folder).items():
            # Later ones are of a run that was resumed from an older checkpoint; they come again.
            if one <= epoch and not is_kept(one):
                path.unlink(missing_ok=True)

    def _best_epochs(self, state: State, count: int) -> set[int]:
        """Return the epochs with the best evaluations at their ends; of equal ones the earliest."""
        outputs, metric = self.job.data.preparation.outputs, self.job.recipe.early_stopping.metric
        figure = stopping_figure(outputs, metric)
        sign = -1.0 if higher_is_better(figure) else 1.0
        figures = {
            row.epoch: sign * row.evaluation.scores[figure] for row in state.rows if row.evaluation
        }
        # An undefined figure is the worst: NaN itself cannot be sorted.
        ranked = sorted(
            (math.inf if math.isnan(value) else value, epoch) for epoch, value in figures.items()
        )
        return {epoch for _, epoch in ranked[:count]}

    def keep_checkpoint(self, learner: Learner) -> None:
        """Write the checkpoint that `resume` needs."""
        write_checkpoint(self.folder, learner.model, learner.state)

    def keep_result(
        self, run: RunResult, learner: Learner, last: Sequence[Any], numbers: Mapping[str, Any]
    ) -> None:
        """Write the outcome of the training.

        Args:
            run: the outcome.
            learner: its model holds the weights to keep.
            last: the weights after the last step.
            numbers: the values from which another stage would continue, of a training that averages
                weights.
        """
        state = learner.state
        # The result is written after the weights, since it says that the run has ended; the page
        # last, as `netdsl show --report` can make it again from the rest.
        self._write_figures(state, run)
        if state.best:
            # The second training ends with other weights at the same step as the best.
            self._save_best(learner, changed=not state.searching)
            self._save(LAST, learner.plain, last)
            if numbers:
                save(self.folder / LAST_NUMBERS, lambda path: write_arrays(path, numbers))
        write(self.folder / RESULT, json_text(run.values()) + "\n")
        if state.best:
            # On several devices `plain` is not the model that is trained.
            learner.plain.set_weights(learner.model.get_weights())
            write_page(run, self.job, learner.plain, state, learner.setup.taken_over)

    def drop_checkpoint(self) -> None:
        """Remove the checkpoint, as nothing is left to resume.

        A file that cannot be removed does no harm: the result says that the run has ended.
        """
        with suppress(OSError):
            (self.folder / CHECKPOINT).unlink()

    def _write_figures(self, state: State, run: RunResult | None = None) -> None:
        metrics = figure_names(self.job.data.preparation.outputs)
        write(self.folder / METRICS, metrics_csv(state.rows, metrics))
        if state.retrained:
            write(self.folder / RETRAINED, metrics_csv(state.retrained, metrics))
        write(self.folder / METRICS_JSONL, metrics_jsonl(state))
        write(self.folder / CURVE, self._curve(state, run))
        if state.path:
            write(self.folder / PATH, path_csv(state.path))

    def _curve(self, state: State, run: RunResult | None) -> str:
        """Return the learning curve, with the best evaluation so far, or the run's outcome."""
        steps, best, subtitle = self.job.steps, state.best, "no evaluation yet"
        metric = training_metric(self.job.data.preparation.outputs[0]).name.replace("_", " ")
        if best:
            stopping = self.job.recipe.early_stopping
            kept = "best" if stopping.enabled and stopping.part != "training" else "last"
            part = "validation" if len(self.job.data.validation) else "training"
            subtitle = (
                f"{kept} weights at step {best.step:,}: {part} loss {best.loss:z.4f}, "
                f"{metric} {best.metric:z.4f}"
            )
        if run and run.test:
            subtitle += f" · test {metric} {list(run.test.values())[2]:z.4f}"
        return curve(
            f"{self.job.network.name} on {short_name(self.job.data.spec.source or '')}",
            subtitle,
            [(row.step / steps, row.loss) for row in state.rows],
            [(found.step / steps, found.loss) for found in state.evaluations],
            (best.step / steps, best.loss) if best else None,
        )

    def _save_best(self, learner: Learner, changed: bool = False) -> None:
        """Write the best weights, if they are of another step now, or `changed`."""
        state = learner.state
        step = state.best.step if state.best else None
        if changed or step != self.saved:
            self._save(BEST, learner.plain, state.weights)
            self.saved = step

    def _save(self, name: str, model: keras.Model, weights: Sequence[Any]) -> None:
        """Write the network with these weights, without optimizer, losses and metrics."""
        # The model's own weights are restored afterwards, as the training continues with them.
        now = model.get_weights()
        model.set_weights(weights)
        save(self.folder / name, clone(model).save)
        model.set_weights(now)
