"""The learning rate: as a function of the step, or changed by what happens. This module imports
Keras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from netdsl.keras import private

if TYPE_CHECKING:
    from netdsl.training.loop.state import State
    from netdsl.training.recipes.recipe import Schedule


def step_schedule(schedule: Schedule, rate: float, steps: int, epochs: int) -> Any:
    """Return the learning rate as a function of the step, where the schedule is one.

    None for those that wait for what happens.

    Args:
        schedule: of a resolved recipe.
        rate: the optimizer's, with which it begins.
        steps: in an epoch.
        epochs: of the training, at most.
    """
    if schedule.name == "steps":
        # the last step of each piece
        # Keras keeps a rate for steps up to its boundary, that one included.
        ends = [max(0, round(epoch * steps) - 1) for epoch in schedule.at or ()]
        rates = [rate / (schedule.divide or 1.0) ** place for place in range(len(ends) + 1)]
        return keras.optimizers.schedules.PiecewiseConstantDecay(ends, rates)
    if schedule.name == "cosine":
        warmup = round((schedule.warmup or 0) * steps)
        # Keras divides by it: a warm-up as long as the training leaves none.
        decay = max(1, epochs * steps - warmup)
        warm = {"warmup_target": rate, "warmup_steps": warmup} if warmup else {}
        start = 0.0 if warmup else rate
        return keras.optimizers.schedules.CosineDecay(
            start, decay, alpha=min(1.0, (schedule.least or 0.0) / rate), **warm
        )
    return None


class RateControl:
    """The rate of a model in training: read, and set where a schedule waits for what happens.

    `last` is the step and the rate that was read last.
    """

    def __init__(self, schedule: Schedule, rate: float, state: State) -> None:
        """Control the rate of a training.

        Args:
            schedule: of the resolved recipe.
            rate: the optimizer's, with which it begins.
            state: how far the training has come; its `rates` and `stalled` are brought up to date.
        """
        self.schedule, self.first, self.state = schedule, rate, state
        self.last = (0, 0.0)

    def note(self, model: keras.Model) -> None:
        """Read the rate of the last step, before an evaluation changes it for the next."""
        if self.last[0] != self.state.step:
            given = private.rate_or_schedule(model.optimizer)
            follows = isinstance(given, keras.optimizers.schedules.LearningRateSchedule)
            # Schedules are functions of the steps done before: the step's own rate is one back.
            rate = given(self.state.step - 1) if follows else model.optimizer.learning_rate
            self.last = self.state.step, float(keras.ops.convert_to_numpy(rate))

    def after_epoch(self, model: keras.Model, loss: float, examples: int) -> None:
        """Follow the schedules of scikit-learn's MLP, which look at each epoch.

        At the examples seen, or at the training loss.

        Args:
            model: in training.
            loss: the epoch's.
            examples: in an epoch.
        """
        if self.schedule.name == "invscaling":
            # With the epoch at hand, as `t_` of scikit-learn counts before it sets the rate.
            seen = len(self.state.rows) * examples
            # scikit-learn's t + 1, where t counts examples rather than steps.
            self._set(model, self.first / (seen + 1) ** (self.schedule.power or 1.0))
        elif self.schedule.name == "adaptive":
            self._wait_for(model, loss)

    def after_evaluation(self, model: keras.Model, loss: float) -> None:
        """Follow the schedule that looks at the validation loss."""
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

        `adaptive` ends where it is at its minimum.
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
            # `adaptive` may fall below its bound once, and ends the training then, as scikit-learn
            # does.
            divided = rate / (schedule.divide or 1.0)
            self._set(model, max(divided, 0.0 if adaptive else minimum))

    def _set(self, model: keras.Model, rate: float) -> None:
        synchronise(model)
        model.optimizer.learning_rate = rate
        # For `replay`: the second training has no validation part to wait on.
        self.state.rates.append((self.state.step, rate))


def synchronise(model: keras.Model) -> None:
    """Bring the model's numbers up to date: under JAX they live in the training loop."""
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()
