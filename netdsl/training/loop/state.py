"""Where a training stands: all that it needs, beside the model's and the optimizer's numbers, to
go on as if it had never stopped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from netdsl.training.loop.early_stopping import EarlyStopping


class Scored:
    """What has scores: the loss, then a metric for each output."""

    scores: Mapping[str, float]

    @property
    def loss(self) -> float:
        return self.scores["loss"]

    @property
    def metric(self) -> float:
        """The first metric: the first output's."""
        return list(self.scores.values())[1]


@dataclass(frozen=True)
class Evaluation(Scored):
    """The validation part's loss and metrics after so many steps, and whether this is better
    than all before.
    """

    step: int
    scores: Mapping[str, float]
    better: bool


@dataclass(frozen=True)
class Row(Scored):
    """An epoch: its number and the last step's, the learning rate, mean training loss and
    metrics, last evaluation, seconds.
    """

    epoch: int
    step: int
    rate: float
    scores: Mapping[str, float]
    evaluation: Evaluation | None
    seconds: float


@dataclass
class State:
    """A training at the end of an epoch, or before the first.

    `stage` is `search` until the best step is known, then `retrain` where the recipe wants that.
    `rates` are the learning rates that a schedule has set, each with the step from which on it
    holds. `stalled` follows the value that a schedule waits on.
    """

    stopping: EarlyStopping
    stalled: EarlyStopping
    stage: str = "search"
    step: int = 0
    best: Evaluation | None = None
    ended: str = ""
    evaluations: list[Evaluation] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    retrained: list[Row] = field(default_factory=list)
    rates: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def epochs(self) -> list[Row]:
        """The rows of the stage at hand."""
        return self.rows if self.stage == "search" else self.retrained


def as_plain(state: State) -> dict[str, Any]:
    return dataclasses.asdict(state)


def from_plain(values: dict[str, Any]) -> State:
    """The state that `as_plain` gave.

    Raises TypeError, KeyError, ValueError or AttributeError where it is none.
    """
    rows = {
        name: [Row(**{**row, "evaluation": _evaluation(row["evaluation"])}) for row in values[name]]
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
        }
    )


def _evaluation(values: dict[str, Any] | None) -> Evaluation | None:
    return Evaluation(**values) if values else None
