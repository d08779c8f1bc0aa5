"""The learning rate: a function of the step, or changed by the course of the training. This module
imports Keras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from netdsl.keras import private

if TYPE_CHECKING:
    from netdsl.training.loop.state import State
    from netdsl.training.recipes.recipe import Schedule


def step_schedule(schedule: Schedule, rate: float, steps: int, epochs: int) -> Any:
    """Return the learning rate as a function of the step, if the schedule is one.

    None for a schedule that depends on the course of the training.

    Args:
        schedule: of a resolved recipe.
        rate: the optimizer's initial rate.
        steps: in an epoch.
        epochs: the most epochs of the training.
    """
    if schedule.name == "steps":
        # The last step of each piece.
        # Keras keeps a rate for steps up to its boundary, that one included.
        ends = [max(0, round(epoch * steps) - 1) for epoch in schedule.at or ()]
        rates = [rate / (schedule.divide or 1.0) ** place for place in range(len(ends) + 1)]
        return keras.optimizers.schedules.PiecewiseConstantDecay(ends, rates)
    if schedule.name == "cosine":
        warmup = round((schedule.warmup or 0) * steps)
        # Keras divides by it, and a warm-up as long as the training leaves no steps.
        decay = max(1, epochs * steps - warmup)
        warm = {"warmup_target": rate, "warmup_steps": warmup} if warmup else {}
        start = 0.0 if warmup else rate
        return keras.optimizers.schedules.CosineDecay(
            start, decay, alpha=min(1.0, (schedule.least or 0.0) / rate), **warm
        )
    return None


class RateControl:
    """Reads the rate of a model in training, and sets it for schedules that depend on its course.

    `last` is the step and the rate that were read last.
    """

    def __init__(self, schedule: Schedule, rate: float, state: State) -> None:
        """Control the rate of a training.

        Args:
            schedule: of the resolved recipe.
            rate: the optimizer's initial rate.
            state: how far the training has come; its `rates` and `stalled` are updated.
        """
        self.schedule, self.first, self.state = schedule, rate, state
        self.last = (0, 0.0)

    def note(self, model: keras.Model) -> None:
        """Read the rate of the last step, before an evaluation changes it for the next."""
        if self.last[0] != self.state.step:
            given = private.rate_or_schedule(model.optimizer)
            follows = isinstance(given, keras.optimizers.schedules.LearningRateSchedule)
            # Schedules are functions of the steps done before: a step's rate is one back.
            rate = given(self.state.step - 1) if follows else model.optimizer.learning_rate
            self.last = self.state.step, float(keras.ops.convert_to_numpy(rate))

    def after_epoch(self, model: keras.Model, loss: float, examples: int) -> None:
        """Follow the schedules of scikit-learn's MLP, which change the rate after an epoch, by the
        number of examples so far or by the training loss.

        Args:
            model: in training.
            loss: the epoch's.
            examples: in an epoch.
        """
        if self.schedule.name == "invscaling":
            # Including the current epoch, as scikit-learn counts `t_` before it sets the rate.
            seen = len(self.state.rows) * examples
            # scikit-learn's t + 1, where t counts examples rather than steps.
            self._set(model, self.first / (seen + 1) ** (self.schedule.power or 1.0))
        elif self.schedule.name == "adaptive":
            self._wait_for(model, loss)

    def after_evaluation(self, model: keras.Model, loss: float) -> None:
        """Follow the schedule that depends on the validation loss."""
        if self.schedule.name == "plateau":
            self._wait_for(model, loss)

    def replay(self, model: keras.Model) -> None:
        """Set the rate that the search had from this step on."""
        for step, rate in self.state.rates:
            # Chunks end where the search set a rate: see `Learner.examples`.
            if step == self.state.step:
                self.note(model)  # the step had the rate before this one
                synchronise(model)
                model.optimizer.learning_rate = rate

    def _wait_for(self, model: keras.Model, value: float) -> None:
        """Divide the rate when the value has stalled for longer than the schedule's patience.

        `adaptive` ends the training when the rate is at its minimum.
        """
        stalled, schedule = self.state.stalled, self.schedule
        adaptive = schedule.name == "adaptive"
        stalled.see(self.state.step, value)
        # scikit-learn divides after more misses than the patience, Keras's plateau at as many.
        if stalled.misses <= stalled.patience - (not adaptive):
            return
        stalled.misses = 0
        rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
        minimum = schedule.least or 0.0
        if adaptive and rate <= minimum:
            self.state.ended, model.stop_training = "rate", True
        else:
            # With `adaptive` the rate may fall below its bound once, and then the training ends, as
            # in scikit-learn.
            divided = rate / (schedule.divide or 1.0)
            self._set(model, max(divided, 0.0 if adaptive else minimum))

    def _set(self, model: keras.Model, rate: float) -> None:
        synchronise(model)
        model.optimizer.learning_rate = rate
        # Recorded for `replay`: the second training has no validation part to depend on.
        self.state.rates.append((self.state.step, rate))


def synchronise(model: keras.Model) -> None:
    """Set the model's variables to their current values, which JAX keeps in the training loop."""
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()
