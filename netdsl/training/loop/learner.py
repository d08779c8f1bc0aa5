"""A job's model in training, and how far it has come. This module imports Keras."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from netdsl.errors import fail
from netdsl.keras import private
from netdsl.training.data.batches import (
    Batches,
    Sampling,
    Shuffled,
    evaluation_batches,
    unpack_single,
)
from netdsl.training.evaluation.asked_figures import asked_figures, asked_metrics
from netdsl.training.evaluation.decisions import decide
from netdsl.training.loop.averaging import averaged
from netdsl.training.loop.callback import TrainingCallback
from netdsl.training.loop.checkpoint import read_checkpoint
from netdsl.training.loop.compile import compile_model, freeze
from netdsl.training.loop.learning_rate import RateControl
from netdsl.training.loop.setup import first_model, seeded_model, trained_part
from netdsl.training.loop.state import new_state
from netdsl.training.metrics.definitions import stopping_figure
from netdsl.training.metrics.evaluator import make_evaluator, part_scores
from netdsl.training.speed.choice import rule, steps_together
from netdsl.training.speed.chunks import Chunks
from netdsl.training.speed.multistep import evaluate_at_once, take_in_chunks
from netdsl.training.speed.placement import fits_on_device

if TYPE_CHECKING:
    from pathlib import Path

    from netdsl.training.data import Examples
    from netdsl.training.loop.setup import Setup
    from netdsl.training.loop.state import State
    from netdsl.training.planning.job import Job


class Learner:
    """A job's model in training: compiled, on its devices, and how far it has come.

    Attributes:
        model: the model that is trained.
        evaluator: the same layers, with losses and metrics of their own.
        plain: the same network as it is saved, independent of the devices that it is trained on.
        state: how far the training has come.
    """

    def __init__(self, job: Job, setup: Setup, model: keras.Model) -> None:
        self.job, self.setup, self.state = job, setup, new_state(job.recipe)
        self._take(model)

    def _take(self, model: keras.Model) -> None:
        """Make a model the one that is trained."""
        job, devices = self.job, self.setup.devices
        self.plain = model
        with devices.scope():
            self.model = model = trained_part(model, job)
            compile_model(model, job.network.graph, job.recipe, job.data.preparation, job.steps)
            # So that its variables can be saved and restored before the first step.
            model.optimizer.build(model.trainable_variables)
            self.evaluator = make_evaluator(model, job.data.preparation)
        devices.take_over(model, self.evaluator)
        if devices.shared and devices.first:
            # Outside the devices' scope: variables made within belong to the strategy.
            self.plain = seeded_model(job)
            freeze(self.plain, job.recipe.freeze or (), job.recipe.unfreeze is not None)
        # `speed: plain` uses only Keras, for comparison, also for evaluation.
        elif not devices.shared and self.setup.speed != "plain":
            evaluate_at_once(self.evaluator)

    def weights(self) -> list[Any]:
        """Return the weights as they are kept: the averages, if there are some."""
        with averaged(self.model):
            return [weight.copy() for weight in self.model.get_weights()]

    @property
    def follows(self) -> bool:
        """Whether two numbers are trained, whose path can be drawn."""
        numbers = sum(math.prod(weight.shape) for weight in self.model.trainable_weights)
        return bool(numbers == 2)

    def load(self, folder: Path) -> None:
        """Go to where the folder's training was stopped.

        Raises:
            NetError: N614 where its checkpoint is damaged, N616 where it is within an epoch and
                there are several devices now.
        """
        found = read_checkpoint(folder, self.model, self._check)
        if found and found.taken and self.setup.devices.shared:
            message = f"{folder} was stopped within an epoch: one device alone can resume it"
            raise fail("N616", message, help="leave `devices` and `hosts` as they were")
        # None if it was killed before the first checkpoint: then the training begins.
        self.state = found or self.state

    def _check(self, state: State) -> None:
        """Reject a state that this training cannot be in, and prepare for one within an epoch.

        Raises:
            ValueError: where it is after the epoch's end, or lacks the figure of early stopping.
        """
        metric = self.job.recipe.early_stopping.metric
        figure = stopping_figure(self.job.data.preparation.outputs, metric)
        if any(figure not in one.scores for one in (state.best, *state.evaluations) if one):
            raise ValueError(f"its evaluations have no {figure}")
        if not state.taken:
            return
        training = self.single_steps(state)
        if state.taken >= training.steps:
            raise ValueError(f"it is {state.taken:,} steps into an epoch of {training.steps:,}")
        # Keras makes the variables of the figures only at the first batch.
        x, y = training.taught(np.arange(1))[:2]
        private.build_metrics(self.model, (unpack_single(x), unpack_single(y)))

    def restart(self) -> None:
        """Begin the second training, on all the data, for as many steps as the best weights had."""
        # From the initial weights again: Algorithm 7.2 of the Deep Learning book.
        self._take(first_model(self.job, self.setup.devices).model)
        self.state.stage, self.state.step = "retrain", 0

    def callback(self, training: Shuffled) -> TrainingCallback:
        """Make the callback for the current stage, which works between its steps."""
        recipe, data = self.job.recipe, self.job.data
        callback = TrainingCallback(
            recipe.early_stopping,
            RateControl(recipe.schedule, recipe.optimizer.rate or 0.0, self.state),
            self.state,
            self.evaluator,
            training,
            self.batches(data.validation),
            self.measured,
        )
        callback.follows = self.follows and self.state.searching
        callback.given = bool(recipe.init_from)
        callback.set_model(self.model)  # Keras sets it, too, but an interrupt may come before
        return callback

    def fit(self, training: Shuffled, callback: TrainingCallback, epochs: int) -> None:
        """Take the steps of the epochs that are left, by Keras's `fit`."""
        done = len(self.state.epochs)
        # Keras asks only once for the number of batches, and a resumed epoch has fewer.
        stages = [done + 1, epochs] if self.state.taken else [epochs]
        for end in stages:
            if done >= end:
                break
            training.at_epoch(done + 1, self.state.taken)
            self.model.fit(
                training.source(),
                epochs=end,
                initial_epoch=done,
                verbose=0,
                # `Shuffled` has an order of its own, by seed and epoch; Keras's cannot be resumed.
                shuffle=False,
                callbacks=[callback],
            )
            done = end
            if self.model.stop_training:
                break

    def examples(self) -> Shuffled:
        """Return the batches of the current stage, with several steps at a time if possible."""
        part, recipe, preparation = (
            self._part(self.state),
            self.job.recipe,
            self.job.data.preparation,
        )
        speed = self.setup.speed
        if recipe.optimizer.searches:
            from netdsl.training.loop.full_batch import WholePart, take_whole

            # One step in each epoch on all examples: there are no batches to take together.
            whole = WholePart(part, preparation, Sampling.of(recipe))
            take_whole(self.model, whole, recipe.seed or 0)
            return whole
        # Several devices divide each batch themselves, one step at a time; crops are made in NumPy.
        one_by_one = self.setup.devices.shared or speed == "plain" or self.follows
        one_by_one = one_by_one or bool(recipe.augment.crop_from)
        if one_by_one or not fits_on_device(part, preparation):
            return self.single_steps()
        graph, sampling = self.job.network.graph, Sampling.of(recipe)
        # In the second training a chunk must end at the last step. Otherwise early stopping ends a
        # stage at an evaluation, where chunks end anyway.
        last = self.state.best.step if self.state.best and not self.state.searching else 0
        marks = [int(recipe.early_stopping.every or 1)]
        if not self.state.searching and self.state.rates:
            # The search set rates at evaluations and at the ends of its own, shorter epochs: they
            # are set again between two chunks.
            marks.append(self.job.steps)
        if isinstance(recipe.checkpoint, int):
            marks.append(recipe.checkpoint)
        together = steps_together(graph, sampling.batch)
        chunks = Chunks(part, preparation, sampling, together, marks, last)
        if speed == "auto":
            steps = chunks.steps * (recipe.epochs or 1)
            speed = rule(self.model, graph, steps, sampling.augments)
        take_in_chunks(self.model, chunks, speed)
        return chunks

    def single_steps(self, state: State | None = None) -> Shuffled:
        """Return the batches of the current stage, or of a state's, one step at a time."""
        part = self._part(state or self.state)
        return Shuffled(part, self.job.data.preparation, Sampling.of(self.job.recipe))

    def batches(self, part: Examples) -> Batches:
        """Return a part in the batches in which it is evaluated."""
        return evaluation_batches(part, self.job.data.preparation, self.job.recipe.batch_size)

    def measured(self, batches: Batches) -> dict[str, float]:
        """Evaluate a part with the model's weights: the loss, the metrics, and those asked for."""
        outputs = batches.preparation.outputs
        asked = asked_metrics(self.job.recipe, outputs)
        scores = part_scores(self.evaluator, batches)
        return scores | asked_figures(self.evaluator, batches, asked, outputs)

    def decide(self) -> None:
        """Choose temperatures and thresholds for the kept weights on the validation part."""
        if self.state.searching and self.state.best:
            batches = self.batches(self.job.data.validation)
            self.state.decisions = decide(self.evaluator, batches, self.job.recipe)

    def scores(self, part: Examples) -> dict[str, float]:
        """Evaluate a part with the kept weights, temperatures and thresholds."""
        preparation = self.job.data.preparation.decided(self.state.decisions)
        if self.state.decisions:
            with self.setup.devices.scope():
                # Losses and metrics of probabilities at the temperature, answers by the thresholds.
                self.evaluator = make_evaluator(self.model, preparation)
        batch = self.job.recipe.batch_size
        return self.measured(evaluation_batches(part, preparation, batch))

    def _part(self, state: State) -> Examples:
        data = self.job.data
        return data.train if state.searching else data.train.joined(data.validation)
