"""How far a training has come: all that it needs, beside the model's and the optimizer's numbers, to
be resumed as if it had never stopped.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netdsl.training.loop.early_stopping import EarlyStopping
from netdsl.training.metrics.definitions import higher_is_better
from netdsl.training.runs.history import Epoch, Evaluation, History

if TYPE_CHECKING:
    from netdsl.training.recipes.recipe import Recipe

FOREVER = 10**9
"""Steps or evaluations: more than any training takes."""


@dataclass(kw_only=True)
class State(History):
    """A training at the end of an epoch, or before the first.

    Attributes:
        stopping: follows the validation part.
        stalled: follows the value that a schedule waits on.
        stage: `search` until the best step is known, then `retrain` where the recipe wants that.
        step: the last that was taken.
        ended: what ended the training, one of `ENDS`, or nothing yet.
        rates: the learning rates that a schedule has set, each with the step from which on it
            holds.
        seconds: that the epochs have taken.
        weights: the best ones so far; they are kept beside the other values.
    """

    stopping: EarlyStopping
    stalled: EarlyStopping
    stage: str = "search"
    step: int = 0
    ended: str = ""
    rates: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0
    weights: list[Any] = field(default_factory=list)

    @property
    def searching(self) -> bool:
        return self.stage == "search"

    @property
    def diverged(self) -> bool:
        return self.ended == "diverged"

    @property
    def cut_short(self) -> bool:
        """Whether something ended the training before its time."""
        return self.ended in ("interrupted", "diverged")

    @property
    def epochs(self) -> list[Epoch]:
        """The epochs of the stage at hand."""
        return self.rows if self.searching else self.retrained


def new_state(recipe: Recipe) -> State:
    """Make the state of a training that has not begun."""
    stopping, schedule = recipe.early_stopping, recipe.schedule
    higher = higher_is_better(stopping.metric or "loss")
    return State(
        stopping=EarlyStopping(stopping.patience or FOREVER, higher=higher),
        stalled=EarlyStopping(schedule.patience or FOREVER, tolerance=schedule.tolerance or 0.0),
    )


def as_plain(state: State) -> dict[str, Any]:
    """Give the state as values that JSON knows, without the weights."""
    values = dataclasses.asdict(dataclasses.replace(state, weights=[]))
    del values["weights"]
    return values


def from_plain(values: dict[str, Any], weights: list[Any]) -> State:
    """Make the state that `as_plain` gave.

    Raises:
        TypeError: or KeyError, ValueError, AttributeError, where the values are not a state's.
    """
    rows = {
        name: [
            Epoch(**{**row, "evaluation": _evaluation(row["evaluation"])}) for row in values[name]
        ]
        for name in ("rows", "retrained")
    }
    return State(
        **{
            **values,
            **rows,
            "stopping": EarlyStopping(**values["stopping"]),
            "stalled": EarlyStopping(**values["stalled"]),
            "best": _evaluation(values["best"]),
            "evaluations": [Evaluation(**found) for found in values["evaluations"]],
            "rates": [(int(step), float(rate)) for step, rate in values["rates"]],
            "weights": weights,
        }
    )


def _evaluation(values: dict[str, Any] | None) -> Evaluation | None:
    return Evaluation(**values) if values else None
