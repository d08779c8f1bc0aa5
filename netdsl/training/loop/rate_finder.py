"""The learning rate range test: steps with growing rates, and the rate that their losses suggest.

This module imports Keras.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from netdsl.training.distributed.devices import Devices
from netdsl.training.loop.sanity import require_steps, trial
from netdsl.training.loop.train import failure_context
from netdsl.training.metrics.evaluator import named_scores
from netdsl.training.recipes.recipe import Schedule
from netdsl.training.reporting.charts import OverlaidLine, overlay

if TYPE_CHECKING:
    from netdsl.training.planning.job import Job

LOW, HIGH, STEPS = 1e-7, 10.0, 150
"""The first rate, the last one, and the number of steps between them, each by the same factor."""

MEMORY = 0.9
"""The share of the mean loss before a step in the mean after it."""

RISE = 4.0
"""The test ends where the mean loss is this many times the lowest."""

WARM = 10
"""The fewest steps before the test ends: the mean of a few losses fluctuates."""

SHARE = 0.1
"""The proposed rate is this share of the rate with the lowest mean loss, where it hardly falls any
more (Smith 2017, "Cyclical learning rates for training neural networks"; a tenth is a rule of
thumb).
"""


class RateTest(NamedTuple):
    """The result of steps with growing rates.

    Attributes:
        network: the network's name.
        examples: in a step.
        now: the recipe's rate.
        rates: of each step.
        losses: of each step, before it was taken.
        means: the losses smoothed over the steps before.
    """

    network: str
    examples: int
    now: float
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    means: tuple[float, ...]

    @property
    def lowest(self) -> int:
        """The step with the lowest mean loss."""
        return min(range(len(self.means)), key=self.means.__getitem__)

    @property
    def falls(self) -> bool:
        """Whether the loss falls with any rate, by at least a hundredth of the first."""
        # `abs`, as a loss may be negative, such as that of `gaussian` outputs.
        return self.means[self.lowest] < self.means[0] - 0.01 * abs(self.means[0])

    @property
    def proposed(self) -> float:
        """The rate to try, with two significant digits."""
        return float(f"{SHARE * self.rates[self.lowest]:.1e}")

    @property
    def description(self) -> str:
        """The outcome as text."""
        low, last = self.lowest, len(self.rates)
        steps = (
            f"{last} steps of {self.examples} examples, with rates from {self.rates[0]:g} to "
            f"{self.rates[-1]:.2g}: mean loss {self.means[0]:z.4f} at first"
        )
        if not self.falls:
            advice = "no rate lowers it: see `netdsl train ... --overfit-one-batch`"
            return f"{steps}, {self.means[low]:z.4f} at the lowest\n{advice}"
        return (
            f"{steps}, lowest {self.means[low]:z.4f} at {self.rates[low]:.2g}\n"
            f"try --set optimizer.rate={self.proposed:g}, a tenth of that; the recipe's is "
            f"{self.now:g}"
        )

    def picture(self) -> str:
        """Draw the losses over the rates, as SVG."""
        lines = [
            OverlaidLine("loss of a step", list(zip(self.rates, self.losses, strict=True)), True),
            OverlaidLine("mean", list(zip(self.rates, self.means, strict=True))),
        ]
        lowest = f"lowest mean loss at {self.rates[self.lowest]:.2g}"
        subtitle = f"{lowest}, a tenth is {self.proposed:g}" if self.falls else "no rate lowers it"
        return overlay(f"{self.network}: loss by learning rate", subtitle, lines, "rate", "loss")


def find_rate(job: Job) -> RateTest:
    """Take steps whose rate grows by the same factor, until the loss rises far above its lowest.

    Nothing is kept. The schedule is left out: the rate is the test's.

    Raises:
        NetError: as `train` does; N507 for an optimizer that finds the length of its steps.
    """
    require_steps(job)
    recipe = job.recipe
    constant = replace(recipe, schedule=Schedule())
    job = replace(job, resolved=job.resolved._replace(recipe=constant))
    rates, losses, means, mean = list[float](), list[float](), list[float](), 0.0
    with failure_context(job, Devices()):
        model, training, _ = trial(job)
        for step in range(STEPS):
            epoch, index = divmod(step, training.steps)
            training.at_epoch(epoch + 1)
            rate = LOW * (HIGH / LOW) ** (step / (STEPS - 1))
            # The schedule was made constant above: Keras refuses to set the rate of one.
            model.optimizer.learning_rate = rate
            # Keras's loss is a mean since the last reset; here each step's own loss is needed.
            model.reset_metrics()
            logs = model.train_on_batch(*training[index], return_dict=True)
            loss = named_scores(model, training.preparation, logs)["loss"]
            if not math.isfinite(loss):
                break
            mean = MEMORY * mean + (1 - MEMORY) * loss
            rates.append(rate)
            losses.append(loss)
            # The mean begins at 0: the division corrects that bias, as in Adam.
            means.append(mean / (1 - MEMORY ** (step + 1)))
            # `> 0`, as four times a negative loss is lower still.
            if step >= WARM and means[-1] > RISE * min(means) > 0:
                break
    return RateTest(
        job.network.name,
        min(training.batch, len(training.order)),
        recipe.optimizer.rate or 0.0,
        tuple(rates),
        tuple(losses),
        tuple(means),
    )
