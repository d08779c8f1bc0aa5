"""What happens between the steps while Keras fits: evaluating, keeping the best, stopping, the
rate. This module imports Keras.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras

from netdsl.keras import private
from netdsl.training.loop import compile as fit
from netdsl.training.loop.early_stopping import EarlyStopping
from netdsl.training.loop.state import Evaluation, Row, State

if TYPE_CHECKING:
    from netdsl.training.loop.batches import Batches, Shuffled
    from netdsl.training.recipes.recipe import Recipe

FOREVER = 10**9


def fresh(recipe: Recipe) -> State:
    """The state of a training that has not begun."""
    stopping, schedule = recipe.early_stopping, recipe.schedule
    by_metric = stopping.metric == "accuracy"
    return State(
        EarlyStopping(stopping.patience or FOREVER, higher=by_metric),
        EarlyStopping(schedule.patience or FOREVER, tolerance=schedule.tolerance or 0.0),
    )


class Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Evaluates every so many steps, keeps the best weights, sets the rate, and stops: as
    `EarlyStopping` says, at `last`, or at a loss that is no number.

    Without early stopping the last weights are the ones that are kept. In the stage `retrain`
    nothing is evaluated, and the rates are those that the search had at the same steps.
    """

    def __init__(
        self,
        recipe: Recipe,
        state: State,
        best: list[Any],
        judge: keras.Model,
        training: Shuffled,
        validation: Batches,
    ) -> None:
        super().__init__()
        self.recipe, self.state, self.weights, self.judge = recipe, state, best, judge
        self.training, self.validation = training, validation
        self.every = int(recipe.early_stopping.every or 1)
        self.stops = bool(recipe.early_stopping.enabled)
        self.last = state.best.step if state.stage == "retrain" and state.best else FOREVER
        self.on_step: Callable[[int, float], None] = lambda step, loss: None
        self.on_epoch: Callable[[Row], None] = lambda row: None
        self.began = time.perf_counter()
        self.logs: Mapping[str, Any] = {}
        self.stopped = False
        self.rate = (0, 0.0)

    @property
    def searching(self) -> bool:
        return self.state.stage == "search"

    @property
    def diverged(self) -> bool:
        return self.state.ended == "diverged"

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.began = time.perf_counter()
        self.training.at_epoch(epoch + 1)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        state, steps = self.state, self.training.chunk(batch)
        if not steps:
            return
        state.step += steps
        self.logs = logs or {}
        mean = float(self.logs["loss"])
        if state.step % self.every == 0:
            self._note_rate()
        if not math.isfinite(mean):
            self._end("diverged")
            return
        if self.searching and self.every and state.step % self.every == 0:
            self.evaluate()
            if self.stops and state.stopping.over and not self.diverged:
                self._end("patience")
        if not self.searching:
            self._replay_rate()
        if state.step == self.last:
            self.model.stop_training = True
        self.on_step(state.step, mean)
        if self.stopped:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.synchronise()
        state = self.state
        since = state.epochs[-1].step if state.epochs else 0
        last = (
            state.evaluations[-1]
            if self.searching and state.evaluations and state.evaluations[-1].step > since
            else None
        )
        seconds = time.perf_counter() - self.began
        found = fit.named(self.model, self.training.preparation, logs or {})
        self._note_rate()
        state.epochs.append(Row(epoch + 1, state.step, self.rate[1], found, last, seconds))
        state.seconds += seconds
        if self.searching and not state.ended:
            self._after_epoch(found["loss"])
        self.on_epoch(state.epochs[-1])

    def evaluate(self) -> None:
        """Evaluates the weights as they are now, and keeps them if they are the best, or if the
        last are wanted.

        Without a validation part the epoch's own figures stand for theirs.
        """
        self.synchronise()
        state = self.state
        if not len(self.validation.part):
            state.best = Evaluation(
                state.step, fit.named(self.model, self.training.preparation, self.logs), True
            )
            self.weights = [weight.copy() for weight in self.model.get_weights()]
            return
        found = fit.scores(self.judge, self.validation)
        value = found["loss" if not state.stopping.higher else list(found)[1]]
        better = math.isfinite(found["loss"]) and (
            state.stopping.see(state.step, value) or not self.stops
        )
        evaluation = Evaluation(state.step, found, better)
        state.evaluations.append(evaluation)
        if better:
            # copied: under torch the arrays are the weights themselves
            self.weights, state.best = (
                [weight.copy() for weight in self.model.get_weights()],
                evaluation,
            )
        if not math.isfinite(found["loss"]):
            self._end("diverged")
        elif self.recipe.schedule.name == "plateau":
            self._wait_for(found["loss"])

    def synchronise(self) -> None:
        """Brings the model's numbers up to date: under JAX they live in the training loop."""
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()

    def finish(self, interrupted: bool) -> None:
        """Gives the model the weights to be kept.

        The last steps count too, unless something ended the training before its time.
        """
        state = self.state
        if self.searching:
            seen = state.evaluations[-1].step if state.evaluations else None
            if (seen is None) if interrupted else (seen != state.step and not self.diverged):
                self.evaluate()
                if state.rows and state.evaluations and not interrupted:
                    state.rows[-1] = replace(state.rows[-1], evaluation=state.evaluations[-1])
        elif not interrupted and not self.diverged:
            self.weights = [weight.copy() for weight in self.model.get_weights()]
        if self.weights:
            self.model.set_weights(self.weights)

    def _end(self, why: str) -> None:
        self.state.ended = why
        self.model.stop_training = True

    # --- the rate ---------------------------------------------------------------------------------

    def _after_epoch(self, loss: float) -> None:
        """The schedules of scikit-learn's MLP, which look at each epoch: the examples seen, or
        the training loss.
        """
        schedule, state = self.recipe.schedule, self.state
        if schedule.name == "invscaling":
            examples = len(state.rows) * len(self.training.part)
            self._set_rate(
                (self.recipe.optimizer.rate or 0.0) / (examples + 1) ** (schedule.power or 1.0)
            )
        elif schedule.name == "adaptive":
            self._wait_for(loss)

    def _wait_for(self, value: float) -> None:
        """Divides the rate when the value has stalled for longer than the schedule's patience;
        `adaptive` ends where it is at its least.
        """
        stalled, schedule = self.state.stalled, self.recipe.schedule
        adaptive = schedule.name == "adaptive"
        stalled.see(self.state.step, value)
        if stalled.misses <= stalled.patience - (not adaptive):
            return
        stalled.misses = 0
        rate, least = (
            float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            schedule.least or 0.0,
        )
        if adaptive and rate <= least:
            self._end("rate")
        else:
            self._set_rate(max(rate / (schedule.divide or 1.0), 0.0 if adaptive else least))

    def _note_rate(self) -> None:
        """Keeps the rate of the last step, before an evaluation changes it for the next."""
        if self.rate[0] != self.state.step:
            given = private.rate_or_schedule(self.model.optimizer)
            follows = isinstance(given, keras.optimizers.schedules.LearningRateSchedule)
            rate = given(self.state.step - 1) if follows else self.model.optimizer.learning_rate
            self.rate = self.state.step, float(keras.ops.convert_to_numpy(rate))

    def _set_rate(self, rate: float) -> None:
        self.synchronise()
        self.model.optimizer.learning_rate = rate
        self.state.rates.append((self.state.step, rate))

    def _replay_rate(self) -> None:
        for step, rate in self.state.rates:
            if step == self.state.step:
                self.synchronise()
                self.model.optimizer.learning_rate = rate
