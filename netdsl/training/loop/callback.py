"""What happens between the steps of Keras's `fit`: evaluating, keeping the best weights, stopping,
setting the rate. This module imports Keras.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras

from netdsl.training.loop.averaging import averaged
from netdsl.training.loop.learning_rate import RateControl, synchronise
from netdsl.training.loop.state import FOREVER
from netdsl.training.metrics.definitions import stopping_figure
from netdsl.training.metrics.evaluator import named_scores
from netdsl.training.runs.history import Epoch, Evaluation

if TYPE_CHECKING:
    from netdsl.training.data.batches import Batches, Shuffled
    from netdsl.training.loop.state import State
    from netdsl.training.recipes.recipe import Stopping


PATH = 20_000
"""The most steps whose weights are recorded, for a network that trains two numbers: a picture shows
no more, and the checkpoint holds all of them as JSON.
"""


class TrainingCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Evaluates every so often, keeps the best weights, sets the rate, and stops the training.

    It stops as `EarlyStopping` says, at `last`, or when the loss is NaN.

    Without early stopping the last weights are kept. In the stage `retrain` nothing is evaluated,
    and the rates are those that the search had at the same steps.

    Attributes:
        last: the step at which the stage ends.
        on_step: called with the step and the epoch's mean loss so far.
        on_epoch: called with the figures of an epoch at its end.
        on_within: called after a step that does not end an epoch, with whether the training stops.
        stopped: whether the training must stop after the current step, as after Ctrl-C.
        follows: whether the weights are recorded at each step.
        given: whether the initial weights came from elsewhere: they are evaluated before any step.
        on_first: called with the figures of that evaluation.
    """

    def __init__(
        self,
        stopping: Stopping,
        rates: RateControl,
        state: State,
        evaluator: keras.Model,
        training: Shuffled,
        validation: Batches,
        measure: Callable[[Batches], dict[str, float]],
    ) -> None:
        """Watch a stage of a training.

        Args:
            stopping: early stopping, of the resolved recipe.
            rates: reads and sets the learning rate.
            state: how far the training has come; it is updated at each step.
            evaluator: a clone of the model, with losses and metrics of its own.
            training: the batches that are trained on.
            validation: the batches that are evaluated; there may be none.
            measure: evaluates batches with the model's weights: scores by name, the loss first.
        """
        super().__init__()
        self.rates, self.state, self.evaluator = rates, state, evaluator
        self.training, self.validation, self.measure = training, validation, measure
        self.every = int(stopping.every or 1)
        self.stops = bool(stopping.enabled)
        self.on_training = stopping.part == "training"
        self.unhurried = ((stopping.start_from or 1) - 1) * training.steps
        self.figure = stopping_figure(training.preparation.outputs, stopping.metric)
        # The second training takes exactly as many steps as the best weights of the first had.
        self.last = FOREVER if state.searching or not state.best else state.best.step
        self.on_step: Callable[[int, float], None] = lambda step, loss: None
        self.on_epoch: Callable[[Epoch], None] = lambda epoch: None
        self.on_within: Callable[[bool], None] = lambda stops: None
        self.began = time.perf_counter()
        self.logs: Mapping[str, Any] = {}
        self.stopped = False
        self.follows = self.given = False
        self.on_first: Callable[[Evaluation], None] = lambda evaluation: None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.follows and not self.state.path:
            self._note_weights()
        begins = self.state.searching and not self.state.step and not self.state.evaluations
        # Weights from elsewhere may be better than any that follow: they count as step 0.
        if self.given and begins and len(self.validation.part):
            self.evaluate()
            self.on_first(self.state.evaluations[-1])

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        state = self.state
        self.began = time.perf_counter() - state.begun
        # The order depends on Keras's own count, so that a resumed training draws the same.
        self.training.at_epoch(epoch + 1, state.taken)
        # Keras has reset the epoch's figures, but some of its steps may be taken already.
        for variable, array in zip(self.model.metrics_variables, state.running, strict=False):
            variable.assign(array)
        state.running = []

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        state, steps = self.state, self.training.chunk(batch)
        # Chunks that only fill up an epoch have no steps.
        if not steps:
            return
        # Counted before anything below can raise: the step must match the weights.
        state.step += steps
        self.logs = logs or {}
        if self.follows:
            self._note_weights()
        mean, due = float(self.logs["loss"]), state.step % self.every == 0
        # Before the evaluation, which may divide the rate for the next steps.
        if due:
            self.rates.note(self.model)
        if not math.isfinite(mean):
            self._end("diverged")
            return
        # `ended` is set once: exhausted patience must not hide that the loss is NaN.
        if state.searching and due:
            self.evaluate()
            if self.stops and state.stopping.over and not state.diverged:
                self._end("patience")
            # Only `FullBatchOptimizer` has it; Keras's own optimizers never report convergence.
            elif getattr(self.model.optimizer, "converged", False) and not state.ended:
                self._end("converged")
        # Here the validation part is trained on: rates that its figures set are replayed.
        if not state.searching:
            self.rates.replay(self.model)
        if state.step == self.last:
            self.model.stop_training = True
        self.on_step(state.step, mean)
        if state.taken == self.training.steps or self.model.stop_training:
            return
        state.begun = time.perf_counter() - self.began
        self.on_within(self.stopped)
        # Only here, between two steps, do weights and state belong to the same step.
        if self.stopped:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        synchronise(self.model)
        state = self.state
        since = state.epochs[-1].step if state.epochs else 0
        # An evaluation belongs to the epoch in which it was made; with `every` longer than an
        # epoch, some epochs have none.
        newest = state.evaluations[-1] if state.searching and state.evaluations else None
        seconds = time.perf_counter() - self.began
        scores = named_scores(self.model, self.training.preparation, logs or {})
        self.rates.note(self.model)
        done = Epoch(
            epoch + 1,
            state.step,
            self.rates.last[1],
            scores,
            newest if newest and newest.step > since else None,
            seconds,
        )
        state.epochs.append(done)
        state.seconds += seconds
        state.begun = 0.0
        if state.searching and self.on_training:
            # Like scikit-learn's `tol` and `n_iter_no_change` without early stopping.
            better = state.stopping.see(state.step, done.loss)
            if done.evaluation:
                done = replace(done, evaluation=replace(done.evaluation, better=better))
                state.epochs[-1] = done
            if state.step <= self.unhurried:
                state.stopping.misses = 0
            if state.stopping.over and not state.ended:
                self._end("patience")
        if state.searching and not state.ended:
            self.rates.after_epoch(self.model, done.loss, len(self.training.part))
        self.on_epoch(done)
        if self.stopped:
            raise KeyboardInterrupt

    def evaluate(self) -> None:
        """Evaluate the current weights, and keep them if they are the best, or if the last ones
        should be kept.

        Without a validation part the training figures of the epoch are used instead.
        """
        synchronise(self.model)
        with averaged(self.model):
            self._evaluate()

    def _evaluate(self) -> None:
        state = self.state
        # Always `better`: the last weights are kept where nothing can be compared.
        if not len(self.validation.part):
            scores = named_scores(self.model, self.training.preparation, self.logs)
            state.best, state.weights = Evaluation(state.step, scores, True), self._weights()
            return
        scores = self.measure(self.validation)
        loss = scores["loss"]
        value = scores[self.figure]
        # Without early stopping the weights of every evaluation are kept, so that the last ones
        # are; also where the training loss decides, which is known only at the end of the epoch.
        by_value = self.stops and not self.on_training
        seen = not self.on_training and state.stopping.see(state.step, value)
        # Before `start_from`, evaluations that are not better do not use up the patience.
        if state.step <= self.unhurried:
            state.stopping.misses = 0
        # The first weights are always kept, as a metric may be undefined at first.
        better = math.isfinite(loss) and (seen or state.best is None)
        evaluation = Evaluation(state.step, scores, better)
        state.evaluations.append(evaluation)
        if better or (math.isfinite(loss) and not by_value):
            state.best, state.weights = evaluation, self._weights()
        if not math.isfinite(loss):
            self._end("diverged")
        else:
            self.rates.after_evaluation(self.model, loss)

    def finish(self, interrupted: bool) -> None:
        """Set the model's weights to those to keep.

        The steps after the last evaluation count, too, unless the training ended early.
        """
        state = self.state
        if state.searching:
            seen = state.evaluations[-1].step if state.evaluations else None
            # After an interruption, evaluated weights are preferred to later ones.
            if (seen is None) if interrupted else (seen != state.step and not state.diverged):
                self.evaluate()
                if state.rows and state.evaluations and not interrupted:
                    state.rows[-1] = replace(state.rows[-1], evaluation=state.evaluations[-1])
        elif not interrupted and not state.diverged:
            with averaged(self.model):
                state.weights = self._weights()
        # None if the loss was NaN before the first evaluation: then the model is not changed.
        if state.weights:
            self.model.set_weights(state.weights)

    def _note_weights(self) -> None:
        """Record the weights after each of the first steps, for the path of the descent."""
        # One more than PATH, as the path begins with the weights before the first step.
        if len(self.state.path) <= PATH:
            synchronise(self.model)
            arrays = map(keras.ops.convert_to_numpy, self.model.trainable_weights)
            self.state.path.append([float(weight) for array in arrays for weight in array.flat])

    def _weights(self) -> list[Any]:
        """Return the model's weights, copied: under torch the arrays are the weights themselves."""
        return [weight.copy() for weight in self.model.get_weights()]

    def _end(self, why: str) -> None:
        self.state.ended = why
        self.model.stop_training = True
