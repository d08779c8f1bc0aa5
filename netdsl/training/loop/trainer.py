"""A training from where it stands to its end: the search for the best step, then, where wanted, all
the data for so many steps.

This module imports Keras.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from netdsl.errors import Diagnostic, RunError
from netdsl.files import save, write
from netdsl.training.loop import compile as fit
from netdsl.training.loop.batches import Batches, Shuffled
from netdsl.training.loop.callback import Watch, fresh
from netdsl.training.loop.checkpoint import read_checkpoint, write_checkpoint
from netdsl.training.loop.job import Job, Run
from netdsl.training.loop.progress import progress
from netdsl.training.loop.state import Row
from netdsl.training.reporting.charts import curve
from netdsl.training.reporting.loggers import Logger, open_loggers
from netdsl.training.reporting.page import write_page
from netdsl.training.runs.folder import (
    BEST,
    CURVE,
    FILE,
    LAST,
    LINES,
    METRICS,
    RESULT,
    RETRAINED,
    as_json,
)
from netdsl.training.speed import multistep as resident

if TYPE_CHECKING:
    from netdsl.training.data import Part

SHARE, LEAST = 50, 1.0
"""Writing what there is by now takes at most one part in so many of the time, and happens at
most once in so many seconds.
"""


class Training:
    """A job's model on its way, in a run folder. `weights` are the best ones so far."""

    def __init__(self, job: Job, model: keras.Model, folder: Path, quiet: bool) -> None:
        self.job, self.folder, self.quiet = job, folder, quiet
        self.state, self.weights = fresh(job.recipe), []  # type: ignore[var-annotated]
        self.saved: int | None = None
        self.last: list[Any] = []
        self.wrote = self.cost = 0.0
        self.loggers: list[Logger] = []
        self._take(model)

    def _take(self, model: keras.Model) -> None:
        """Makes a model the one that is trained."""
        job = self.job
        self.model = self.plain = model
        with job.scope():
            fit.compile_model(model, job.network.graph, job.recipe, job.data.preparation, job.steps)
            model.optimizer.build(
                model.trainable_variables
            )  # so that its numbers can be kept and given back before the first step
            self.judge = fit.judge(model, job.data.preparation)
        if job.spread:
            job.spread.take_over(model, self.judge)
        elif job.recipe.speed != "plain":
            resident.judge_together(self.judge)
        if (
            job.spread and job.first
        ):  # what is written has nothing of the devices that it was trained on
            self.plain = job.plain_model()
            fit.freeze(self.plain, job.recipe)

    def load(self) -> None:
        """Goes to where the folder's training stood. Raises NetError N614 where that is damaged."""
        found = read_checkpoint(self.folder, self.model)
        if found:
            self.state, self.weights = found

    def run(self) -> Run:
        """Trains to the end and writes what comes of it, also when it is interrupted or the loss is
        no longer a number.

        Raises:
            RunError: N611 where the loss is no number, N610 where the disk does not take what is
                written.
        """
        state, recipe = self.state, self.job.recipe
        began = time.perf_counter() - state.seconds
        self.loggers = open_loggers(
            recipe.log or () if self.job.first else (), self.folder, self.job
        )
        if state.stage == "search":
            self._fit()
            if (
                recipe.early_stopping.then == "retrain"
                and state.best
                and state.ended not in ("interrupted", "diverged")
            ):
                self._take(self.job.model())
                state.stage, state.step = "retrain", 0
                self._checkpoint()
        if state.stage == "retrain":
            self._fit()
        run = self._result(time.perf_counter() - began)
        if self.job.first:
            self._write_all(run)
        failed = (
            self._diverged() if state.ended == "diverged" else None
        )  # which needs the checkpoint
        if (
            self.job.first and not run.interrupted
        ):  # as long as there is a checkpoint, `resume` has something to do, if only the report
            with suppress(OSError):
                (self.folder / FILE).unlink()
        if failed:
            raise failed
        return run

    def _write_all(self, run: Run) -> None:
        """Writes and tells what came of the training."""
        state = self.state
        self._write_figures(run if state.best else None)
        if state.best:
            self._save_best()
            self._save(LAST, self.last)
        write(self.folder / RESULT, as_json(run.values()))
        if state.best:
            self.plain.set_weights(self.model.get_weights())
            write_page(run, self.job, self.plain, state)
        self._tell(run if state.best else None)

    def _tell(self, run: Run | None) -> None:
        for logger in self.loggers:
            logger.end(run)

    def _fit(self) -> None:
        """Fits the stage at hand from where it stands; afterwards the model has the weights that
        are to be kept.
        """
        state, recipe, preparation = self.state, self.job.recipe, self.job.data.preparation
        training = self._examples()
        watch = Watch(
            recipe,
            state,
            self.weights,
            self.judge,
            training,
            self._judged(self.job.data.validation),
        )
        watch.set_model(self.model)  # Keras sets it too, but an interrupt may come before
        epochs = (
            recipe.epochs or 1
            if state.stage == "search"
            else math.ceil(watch.last / training.steps)
        )
        interrupted = False
        try:
            if not state.ended or state.stage == "retrain":
                with (
                    stoppable(watch),
                    progress(
                        self.quiet, epochs, training.steps, preparation.metric, len(state.epochs)
                    ) as shown,
                ):

                    def on_epoch(row: Row) -> None:
                        shown.epoch(row)
                        for logger in self.loggers:
                            logger.epoch(row, state.stage)
                        self.weights = watch.weights
                        self._keep()

                    watch.on_step, watch.on_epoch = shown.step, on_epoch
                    self._fit_epochs(training, watch, epochs)
        except KeyboardInterrupt:
            if self.job.hosts > 1:
                # the other hosts are in the next step already: what is kept is the last checkpoint
                raise
            interrupted, state.ended = True, "interrupted"
        state.ended = state.ended or "epochs"
        watch.synchronise()
        self.last = [weight.copy() for weight in self.model.get_weights()]
        watch.finish(interrupted)
        self.weights = watch.weights

    def _fit_epochs(self, training: Shuffled, watch: Watch, epochs: int) -> None:
        """Keras's `fit` for the epochs that are left."""
        done = len(self.state.epochs)
        if done < epochs:
            self.model.fit(
                training.source(),
                epochs=epochs,
                initial_epoch=done,
                verbose=0,
                shuffle=False,
                callbacks=[watch],
            )

    def _result(self, seconds: float) -> Run:
        job, state, best = self.job, self.state, self.state.best
        again = state.stage == "retrain"
        steps = max(
            [
                state.step if not again else 0,
                *(row.step for row in state.rows),
                *(found.step for found in state.evaluations),
            ]
        )
        step = best.step if best else 0
        tested = (
            {"examples": len(job.data.test), **fit.scores(self.judge, self._judged(job.data.test))}
            if best
            else {}
        )
        return Run(
            folder=self.folder,
            network=job.network.name,
            data=str(job.data.spec.source),
            steps=steps,
            epochs=math.ceil(steps / job.steps),
            ended=state.ended,
            patience=job.recipe.early_stopping.patience or 0,
            best_step=step,
            best_epoch=math.ceil(step / job.steps),
            metric=job.recipe.early_stopping.metric or "loss",
            best_value=None
            if best is None
            else best.metric
            if state.stopping.higher
            else best.loss,
            validation={"examples": len(job.data.validation), **best.scores} if best else {},
            test=tested,
            retrained=state.step if again and state.ended not in ("interrupted", "diverged") else 0,
            seconds=seconds,
        )

    # --- what is written --------------------------------------------------------------------------

    def _keep(self) -> None:
        """Writes what there is at the end of an epoch, unless it was written a moment ago: a
        training must not wait for its disk.
        """
        if self.state.ended == "diverged" or not self.job.first:
            return  # what was written last is the last that is worth something
        now = time.perf_counter()
        if self.wrote and now - self.wrote < max(LEAST, SHARE * self.cost):
            return
        self._checkpoint()
        self._write_figures(None)
        self._save_best()
        self.wrote = time.perf_counter()
        self.cost = self.wrote - now

    def _checkpoint(self) -> None:
        if self.job.first:
            write_checkpoint(self.folder, self.model, self.state, self.weights)

    def _write_figures(self, run: Run | None) -> None:
        for name, rows in ((METRICS, self.state.rows), (RETRAINED, self.state.retrained)):
            if rows or name == METRICS:
                write(self.folder / name, _csv(rows, fit.metrics(self.job.data.preparation)))
        write(self.folder / LINES, "".join(_line(row, stage) for stage, row in self._all_rows()))
        write(self.folder / CURVE, self._curve(run))

    def _all_rows(self) -> list[tuple[str, Row]]:
        return [("search", row) for row in self.state.rows] + [
            ("retrain", row) for row in self.state.retrained
        ]

    def _curve(self, run: Run | None) -> str:
        state, steps, best = self.state, self.job.steps, self.state.best
        told = "no evaluation yet"
        metric = self.job.data.preparation.metric
        if best:
            told = f"best weights at step {best.step:,}: validation loss {best.loss:.4f}, {metric.replace('_', ' ')} {best.metric:.4f}"
        if run:
            told += f" · test {metric.replace('_', ' ')} {list(run.test.values())[2]:.4f}"
        training = [(row.step / steps, row.loss) for row in state.rows]
        validation = [(found.step / steps, found.loss) for found in state.evaluations]
        title = f"{self.job.network.name} on {Path(self.job.data.spec.source or '').name}"
        return curve(
            title, told, training, validation, (best.step / steps, best.loss) if best else None
        )

    def _save_best(self) -> None:
        step = self.state.best.step if self.state.best else None
        if self.state.stage == "retrain" or step != self.saved:
            self._save(BEST, self.weights)
            self.saved = step

    def _save(self, name: str, weights: Sequence[Any]) -> None:
        """Writes the network with these weights, without what it was trained by."""
        now = self.plain.get_weights()
        self.plain.set_weights(weights)
        save(self.folder / name, fit.twin(self.plain).save)
        self.plain.set_weights(now)

    # --- numbers that are none --------------------------------------------------------------------

    def _diverged(self) -> RunError:
        best = self.state.best
        step, where = self._first_not_finite()
        where_kept = f"in {self.folder / BEST}" if self.job.first else "with the first host"
        kept = (
            f"the best weights, of step {best.step:,}, are {where_kept}"
            if best
            else "no step was evaluated before"
        )
        message = f"the loss is no longer a number at step {step:,}{where}: {kept}"
        return RunError(
            Diagnostic(
                "N611", message, help="a lower `rate` of the optimizer, or `clip_norm`, often helps"
            )
        )

    def _first_not_finite(self) -> tuple[int, str]:
        """At which step and in which layer the first number that is none came up: the steps
        since the last checkpoint are taken again.
        """
        if self.job.hosts > 1:
            return self.state.step, ""  # the others do not have the checkpoint
        again, training = self._again(self.state.step)
        step = again.state.step
        if again.state.ended != "diverged":
            return self.state.step, ""
        again, training = self._again(step - 1)
        training.at_epoch(math.ceil(step / training.steps))
        return (
            step,
            f", first in {fit.first_not_finite(again.model, training[(step - 1) % training.steps][0])}",
        )

    def _again(self, last: int) -> tuple[Training, Shuffled]:
        """A training from the last checkpoint up to a step, a step at a time."""
        again = Training(self.job, self.job.model(), self.folder, quiet=True)
        again.load()
        training = Shuffled(self._part(), self.job.data.preparation, self.job.recipe)
        watch = Watch(
            self.job.recipe,
            again.state,
            again.weights,
            again.judge,
            training,
            self._judged(self.job.data.validation),
        )
        watch.last = last
        if again.state.step < last:
            again._fit_epochs(training, watch, math.ceil(last / training.steps))
            watch.synchronise()
        return again, training

    def _examples(self) -> Shuffled:
        """What the stage at hand is trained on, several steps at a time where that goes."""
        part, recipe, preparation = self._part(), self.job.recipe, self.job.data.preparation
        if self.job.spread or recipe.speed == "plain" or not resident.fits(part, preparation):
            return Shuffled(part, preparation, recipe)
        graph, every = self.job.network.graph, int(recipe.early_stopping.every or 1)
        last = self.state.best.step if self.state.stage == "retrain" and self.state.best else 0
        chunks = resident.Chunks(
            part,
            preparation,
            recipe,
            resident.steps_together(graph, recipe.batch or 1),
            every,
            last,
        )
        given = recipe.speed or "auto"
        way = (
            resident.rule(self.model, graph, recipe, chunks.steps * (recipe.epochs or 1))
            if given == "auto"
            else given
        )
        resident.take_over(self.model, chunks, way)
        return chunks

    def _judged(self, part: Part) -> Batches:
        """A part in batches that are as large as a step's, or as some memory allows."""
        preparation = self.job.data.preparation
        elements = max(math.prod(input.shape) for input in preparation.inputs)
        return Batches(
            part, preparation, max(self.job.recipe.batch or 1, min(1024, (1 << 20) // elements))
        )

    def _part(self) -> Part:
        """What the stage at hand is trained on."""
        data = self.job.data
        return data.train if self.state.stage == "search" else data.train.joined(data.validation)


@contextmanager
def stoppable(watch: Watch) -> Iterator[None]:
    """Ctrl-C stops behind the step at hand: Python loses an interrupt that comes at a bad moment.

    A second one stops at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: Any) -> None:
        watch.stopped = True
        signal.signal(signal.SIGINT, usual)

    usual = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


def _csv(rows: Sequence[Row], metrics: Sequence[str]) -> str:
    names = ("loss", *metrics)
    lines = [
        ",".join(["epoch", "step", "rate", *names, *(f"val_{name}" for name in names), "seconds"])
    ]
    for row in rows:
        found = [f"{row.evaluation.scores[name]:.6g}" if row.evaluation else "" for name in names]
        own = [f"{row.scores[name]:.6g}" for name in names]
        lines.append(
            ",".join(
                [
                    str(row.epoch),
                    str(row.step),
                    f"{row.rate:.6g}",
                    *own,
                    *found,
                    f"{row.seconds:.3f}",
                ]
            )
        )
    return "\n".join(lines) + "\n"


def _line(row: Row, stage: str) -> str:
    """An epoch as a line of JSON, with every digit."""
    import json

    found: Mapping[str, float] = (
        {f"val_{name}": value for name, value in row.evaluation.scores.items()}
        if row.evaluation
        else {}
    )
    values = {
        "stage": stage,
        "epoch": row.epoch,
        "step": row.step,
        "rate": row.rate,
        **row.scores,
        **found,
        "seconds": row.seconds,
    }
    return (
        json.dumps(
            {
                name: value if not isinstance(value, float) or math.isfinite(value) else None
                for name, value in values.items()
            }
        )
        + "\n"
    )
