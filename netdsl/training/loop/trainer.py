"""A training from where it was stopped to its end: the search for the best step and then, if the
recipe asks for it, a second training on all the data for that many steps.

This module imports Keras.
"""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from netdsl.training.loop.checkpoint import arrays_of, last_numbers
from netdsl.training.loop.divergence import divergence
from netdsl.training.loop.keeper import Keeper
from netdsl.training.loop.learning_rate import synchronise
from netdsl.training.loop.progress import progress
from netdsl.training.metrics.definitions import stopping_figure, training_metric
from netdsl.training.metrics.naive import naive_baseline
from netdsl.training.metrics.penalties import zeros
from netdsl.training.reporting.loggers.figures import Logger
from netdsl.training.reporting.loggers.registry import open_loggers, run_settings
from netdsl.training.runs.history import growth
from netdsl.training.runs.run import TRAINING_LOSS, RunResult

if TYPE_CHECKING:
    from netdsl.training.loop.learner import Learner
    from netdsl.training.loop.state import State
    from netdsl.training.planning.job import Job
    from netdsl.training.runs.history import Epoch


class Trainer:
    """Trains a learner to its end, and keeps the run in a folder.

    Of several hosts only the first one keeps it.
    """

    def __init__(self, learner: Learner, folder: Path, quiet: bool) -> None:
        self.learner, self.folder, self.quiet = learner, folder, quiet
        self.keeper = Keeper(folder, learner.job) if learner.setup.devices.first else None
        self.last: list[Any] = []
        self.numbers: Mapping[str, Any] = {}
        self.loggers: list[Logger] = []

    def run(self) -> RunResult:
        """Train to the end and write the outcome, also when it is interrupted or diverges.

        Raises:
            RunError: N611 where the loss is NaN, N610 where the disk cannot be written to.
        """
        learner, job, state = self.learner, self.learner.job, self.learner.state
        # As if it had begun that much earlier: a resumed run counts the seconds of all its parts.
        began = time.perf_counter() - state.seconds - state.begun
        # Only one host logs, or every figure would be logged once for each host.
        names = job.recipe.log or () if self.keeper else ()
        settings = run_settings(job.network, job.recipe, learner.setup.speed)
        self.loggers = open_loggers(names, self.folder, settings)
        if state.searching:
            self._fit()
            # Before the second training, which has no validation part to choose on.
            learner.decide()
            if job.recipe.early_stopping.then == "retrain" and state.best and not state.cut_short:
                learner.restart()
                if self.keeper:
                    # At once: the stage has changed, and a kill now must not repeat the search's
                    # last epochs.
                    self.keeper.keep_checkpoint(learner)
        if not state.searching:
            self._fit()
        test = learner.scores(job.data.test) if state.best and len(job.data.test) else None
        validation = state.best.scores if state.best else None
        if state.decisions and state.searching and len(job.data.validation):
            # as the test part is read
            validation = learner.scores(job.data.validation)
        run = result(job, state, self.folder, validation, test, time.perf_counter() - began)
        if job.recipe.penalty.l1 and state.best:
            run = replace(run, zeros=zeros(learner.model, job.network.graph))
        if self.keeper:
            self.keeper.keep_result(run, learner, self.last, self.numbers)
            for logger in self.loggers:
                logger.end(run if state.best else None)
        # which needs the checkpoint
        error = divergence(learner, self.folder) if state.diverged else None
        if not self.quiet and not error and (grown := growth(state)):
            print(grown, file=sys.stderr, flush=True)
        if self.keeper and not run.interrupted:
            # As long as there is a checkpoint, `resume` has something to do, at least the report.
            self.keeper.drop_checkpoint()
        if error:
            raise error
        return run

    def _fit(self) -> None:
        """Fit the current stage from where it was stopped.

        Afterwards the model has the weights to keep.
        """
        learner, state = self.learner, self.learner.state
        training = learner.examples()
        callback = learner.callback(training)
        epochs = (
            learner.job.recipe.epochs or 1
            if state.searching
            else math.ceil(callback.last / training.steps)
        )
        metric = training_metric(training.preparation.outputs[0]).name
        interrupted = False
        try:
            # A checkpoint of a search that has ended: killed before the result was written. `ended`
            # is the search's reason in the second training too, and does not end that.
            if not state.ended or not state.searching:
                with (
                    stoppable(callback),
                    progress(self.quiet, epochs, training.steps, metric, state.step) as shown,
                ):

                    def on_epoch(epoch: Epoch) -> None:
                        shown.epoch(epoch)
                        for logger in self.loggers:
                            logger.epoch(epoch, state.stage)
                        if self.keeper:
                            self.keeper.keep_weights(learner)
                            self.keeper.keep_epoch(learner, callback.stopped)

                    def on_within(stops: bool) -> None:
                        if self.keeper:
                            self.keeper.keep_step(learner, stops)

                    callback.on_step, callback.on_epoch = shown.step, on_epoch
                    callback.on_within = on_within
                    callback.on_first = shown.first
                    learner.fit(training, callback, epochs)
                if callback.stopped:  # after the last step, where it was not checked any more
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            if learner.setup.devices.hosts > 1:
                # The other hosts are already in the next step: the last checkpoint is kept.
                raise
            interrupted, state.ended = True, "interrupted"
        state.ended = state.ended or "epochs"
        synchronise(learner.model)
        # Before `finish`, which sets the model to the best weights.
        self.last = learner.weights()
        if learner.job.recipe.ema:
            self.numbers = arrays_of(last_numbers(learner.model))
        callback.finish(interrupted)


def result(
    job: Job,
    state: State,
    folder: Path,
    validation: Mapping[str, float] | None,
    test: Mapping[str, float] | None,
    seconds: float,
) -> RunResult:
    """Return the outcome of a training.

    Args:
        job: the training.
        state: how far the training has come.
        folder: where it is kept.
        validation: the validation part's scores; None where there are no weights.
        test: the test part's scores; None where there are no weights to test.
        seconds: how long it took.
    """
    best, data, stopping = state.best, job.data, job.recipe.early_stopping
    figure = stopping_figure(data.preparation.outputs, stopping.metric)
    reached = state.step if state.searching else 0
    ends = [row.step for row in state.rows] + [found.step for found in state.evaluations]
    steps = max([reached, *ends])
    step = best.step if best else 0
    return RunResult(
        folder=folder,
        network=job.network.name,
        data=str(data.spec.source),
        steps=steps,
        epochs=state.epoch_of(steps, job.steps),
        ended=state.ended,
        patience=stopping.patience or 0,
        best_step=step,
        best_epoch=state.epoch_of(step, job.steps),
        metric=TRAINING_LOSS if stopping.part == "training" else stopping.metric or "loss",
        best_value=best.scores[figure] if best else None,
        validation={"examples": len(data.validation), **validation} if validation else {},
        test={"examples": len(data.test), **test} if test else {},
        retrained=0 if state.searching or state.cut_short else state.step,
        seconds=seconds,
        baseline=naive_baseline(
            data.train, data.test, data.preparation.outputs, (data.train, data.validation)
        )
        if test
        else {},
        decisions=state.decisions,
    )


class Stoppable(Protocol):
    """What checks between two steps whether it should stop."""

    stopped: bool


@contextmanager
def stoppable(callback: Stoppable) -> Iterator[None]:
    """Make Ctrl-C stop the training after the current step; a second Ctrl-C stops it at once.

    Python's own interrupt could be lost if it came at a bad moment.
    """
    # Python sets signal handlers only in the main thread; elsewhere Ctrl-C works as usual.
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: Any) -> None:
        callback.stopped = True
        signal.signal(signal.SIGINT, usual)

    usual = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
