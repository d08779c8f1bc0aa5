"""The training of a GAN from where it was stopped to its end. This module imports Keras."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from netdsl.errors import Diagnostic, RunError
from netdsl.training.adversarial.chunks import AdversarialChunks
from netdsl.training.adversarial.keeper import AdversarialKeeper
from netdsl.training.adversarial.measure import measured
from netdsl.training.adversarial.samples import (
    SEED,
    SHOWN,
    as_data,
    cycled,
    drawn_noise,
    generated,
    mean_distance,
)
from netdsl.training.adversarial.state import (
    DIVERSITY,
    AdversarialState,
    from_plain,
    new_signs,
)
from netdsl.training.loop.checkpoint import read_numbers
from netdsl.training.loop.progress import progress
from netdsl.training.loop.trainer import stoppable
from netdsl.training.reporting.loggers.registry import open_loggers, run_settings
from netdsl.training.runs.history import Epoch
from netdsl.training.runs.run import RunResult
from netdsl.training.speed.choice import rule, steps_together
from netdsl.training.speed.multistep import take_in_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from netdsl.training.adversarial.job import AdversarialJob
    from netdsl.training.adversarial.players import Players
    from netdsl.training.preparation.rows import Array

CHECKED = 256
"""How many examples the losses are measured on if an epoch was interrupted."""


def players_of(job: AdversarialJob) -> Players:
    """Build the two networks for the backend that Keras has."""
    if keras.config.backend() == "jax":
        from netdsl.training.adversarial.jax import JaxPlayers

        return JaxPlayers(job)
    from netdsl.training.adversarial.tensorflow import TensorFlowPlayers

    return TensorFlowPlayers(job)


def in_chunks(job: AdversarialJob, players: Players) -> AdversarialChunks:
    """Make the players take several steps at a time, and return these."""
    graphs = (job.pair.generator.graph, job.pair.discriminator.graph)
    batch = job.recipe.batch_size
    # Each round has real and generated examples; the larger network decides.
    together = min(steps_together(graph, 2 * batch * job.rounds) for graph in graphs)
    chunks = AdversarialChunks(job, together)
    steps, way = job.steps * (job.recipe.epochs or 1), job.recipe.speed or "auto"
    if way == "auto":
        both = zip(players.models.values(), graphs, strict=True)
        ways = {rule(model, graph, steps, False) for model, graph in both}
        # Compiled only if XLA is faster for both.
        way = ways.pop() if len(ways) == 1 else "chunks"
    take_in_chunks(players, chunks, way)
    return chunks


class AdversarialTrainer:
    """Trains two networks against each other, and keeps the run in a folder.

    Attributes:
        stopped: whether the training must stop after the current chunk, as after Ctrl-C.
    """

    def __init__(self, job: AdversarialJob, players: Players, folder: Path, quiet: bool) -> None:
        self.job, self.players, self.folder, self.quiet = job, players, folder, quiet
        self.state, self.keeper = AdversarialState(), AdversarialKeeper(folder, job)
        self.stopped = False
        self.noise = drawn_noise(tuple(job.pair.noise.shape), SHOWN, SEED)
        self.labels = cycled(job.pair.classes, SHOWN)
        self.spread = _spread(job)
        self.finite: list[Any] = []
        self.finite_step = 0

    def load(self) -> None:
        """Go to where the folder's training was stopped.

        Raises:
            NetError: N614 where its checkpoint is damaged.
        """

        def made(values: dict[str, Any], file: Any) -> AdversarialState:
            state = from_plain(values)
            # An epoch that was interrupted has fewer steps than an epoch.
            if not 0 <= state.step - len(state.rows) * self.job.steps < self.job.steps:
                raise ValueError(f"it is at step {state.step} after {len(state.rows)} epochs")
            return state

        found = read_numbers(self.folder, self.players.variables, made)
        self.state = found or self.state

    def run(self) -> RunResult:
        """Train to the end and write the outcome, also when it is interrupted or diverges.

        Raises:
            RunError: N611 where a loss is NaN, N610 where the disk cannot be written to.
        """
        job, state = self.job, self.state
        # As if it had begun that much earlier: a resumed run counts the seconds of all its parts.
        began = time.perf_counter() - state.seconds - state.begun
        settings = run_settings(job.pair.generator, job.recipe, job.recipe.speed or "auto")
        self.loggers = open_loggers(job.recipe.log or (), self.folder, settings)
        self._fit()
        kept = state.ended != "diverged" or bool(self.finite_step)
        run = self._result(time.perf_counter() - began, kept)
        self.keeper.keep_result(run, self.players, state, kept)
        for logger in self.loggers:
            logger.end(run if kept else None)
        if not run.interrupted:
            self.keeper.drop_checkpoint()
        if state.ended == "diverged":
            raise _diverged(run)
        return run

    def _made(self) -> Array:
        network = self.job.pair.generator
        return generated(self.players.generator, network, self.noise, self.labels)

    def _fit(self) -> None:
        """Train for the epochs that are left."""
        job, state = self.job, self.state
        epochs, done = job.recipe.epochs or 1, len(state.rows)
        chunks = in_chunks(job, self.players)
        # Before the first step: a training that diverges in it keeps its initial weights.
        self._remember()
        try:
            with (
                stoppable(self),
                progress(self.quiet, epochs, job.steps, "", state.step) as shown,
            ):
                for epoch in range(done + 1, epochs + 1):
                    if state.ended:
                        break
                    if not self._epoch(epoch, chunks, shown.step):
                        break
                    shown.epoch(state.rows[-1])
                    self._report_signs()
                    # After the last step of an epoch, where `_epoch` does not check for it.
                    if self.stopped:
                        self.keeper.keep_state(self.players, state)
                        raise KeyboardInterrupt
        except KeyboardInterrupt:
            self.players.synchronise()
            state.ended = "interrupted"
        state.ended = state.ended or "epochs"
        if state.ended == "diverged":
            for variable, array in self.finite:
                variable.assign(array)

    def _epoch(
        self, epoch: int, chunks: AdversarialChunks, on_step: Callable[[int, float], None]
    ) -> bool:
        """Take the steps of an epoch, and say whether all losses were finite."""
        state, began = self.state, time.perf_counter() - self.state.begun
        last, step = epoch * self.job.steps, self.state.step
        # The steps of this epoch that are taken; `last` is its end, counted over all epochs.
        chunks.at_epoch(epoch, step + self.job.steps - last)
        self.players.begin_epoch(bool(chunks.taken))
        figures = dict[str, float]()
        # Empty chunks fill the list up to the length that Keras expects; here they are not needed.
        for count in filter(None, chunks.counts):
            figures = _numbers(self.players.take_chunk())
            step += count
            on_step(step, figures["generator_loss"])
            if not all(map(math.isfinite, figures.values())):
                self.players.synchronise()
                state.step, state.ended = step, "diverged"
                return False
            # Only here, between two chunks, do weights and state belong to the same step.
            if step < last and (self.stopped or self.keeper.pace.within(step)):
                self.players.synchronise()
                state.step, state.begun = step, time.perf_counter() - began
                self.keeper.keep_state(self.players, state)
                if self.stopped:
                    raise KeyboardInterrupt
        self.players.synchronise()
        seconds, state.begun = time.perf_counter() - began, 0.0
        made = self._made()
        figures[DIVERSITY] = mean_distance(made) / self.spread if self.spread else 1.0
        rate = self.job.recipe.gan.generator_rate or 0.0
        row = Epoch(epoch, step, rate, figures, None, seconds)
        state.rows.append(row)
        state.step = step
        state.seconds += seconds
        self._remember()
        for logger in self.loggers:
            logger.epoch(row, "search")
        self.keeper.keep_epoch(
            self.players, state, as_data(made, self.job.data.preparation.inputs[0])
        )
        return True

    def _remember(self) -> None:
        """Keep these weights, whose losses are finite."""
        self.finite_step = self.state.step
        self.finite = [
            (variable, np.array(keras.ops.convert_to_numpy(variable)))
            for model in self.players.models.values()
            for variable in model.variables
        ]

    def _report_signs(self) -> None:
        loss = self.job.recipe.gan.loss or ""
        for text in () if self.quiet else new_signs(self.state.rows, loss):
            print(text, file=sys.stderr, flush=True)

    def _result(self, seconds: float, kept: bool) -> RunResult:
        """Return the outcome of the training."""
        job, state = self.job, self.state
        pair, preparation = job.pair, job.data.preparation
        scores: Mapping[str, float] = {}
        if state.rows and state.ended != "interrupted":
            scores = state.rows[-1].scores
        elif kept:
            # An epoch's mean figures are not those of its last weights.
            some = job.data.train.at(np.arange(min(CHECKED, len(job.data.train))))
            scores = measured(self.players, some, preparation, pair)
        test: Mapping[str, float] = {}
        if kept and len(job.data.test):
            test = measured(self.players, job.data.test, preparation, pair)
        # If it diverged, the weights of the last epoch are kept, or those that it was resumed from.
        step = self.finite_step if state.ended == "diverged" else state.step
        return RunResult(
            folder=self.folder,
            network=job.name,
            data=str(job.data.spec.source),
            steps=state.step,
            epochs=math.ceil(state.step / job.steps),
            ended=state.ended,
            patience=0,
            best_step=step if kept else 0,
            best_epoch=math.ceil(step / job.steps) if kept else 0,
            metric="generator_loss",
            best_value=scores["generator_loss"] if kept else None,
            validation={"examples": 0, **scores} if kept else {},
            test={"examples": len(job.data.test), **test} if test else {},
            retrained=0,
            seconds=seconds,
        )


def _numbers(figures: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in figures.items()}


def _spread(job: AdversarialJob) -> float:
    """Return how much the data differs: the mean distance of pairs of as many examples."""
    part = job.data.train
    rows = np.random.default_rng(SEED).permutation(len(part))[:SHOWN]
    (real,) = job.data.preparation.x((np.asarray(part.x[0][np.sort(rows)]),))
    return mean_distance(real)


def _diverged(run: RunResult) -> RunError:
    """Return the error of a training whose losses are not finite."""
    of = f"the weights of epoch {run.best_epoch} are kept in {run.folder}"
    message = f"a loss is NaN or infinite at step {run.steps:,}: "
    message += of if run.best_step else "no epoch had ended before that"
    help = "a lower `rate` of the optimizer, or `clip_norm`, often helps"
    return RunError(Diagnostic("N611", message, help=help))


def first_step(job: AdversarialJob) -> dict[str, float]:
    """Take the first step, and return its figures; nothing is kept."""
    players = players_of(job)
    chunks = AdversarialChunks(job, 1)
    take_in_chunks(players, chunks, "chunks")
    chunks.at_epoch(1)
    players.begin_epoch()
    return _numbers(players.take_chunk())
