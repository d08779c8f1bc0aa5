"""How far a training has come: all that is needed, in addition to the values of the model and the
optimizer, to resume it as if it had never stopped.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netdsl.training.loop.early_stopping import EarlyStopping
from netdsl.training.metrics.definitions import higher_is_better
from netdsl.training.runs.decisions import sound_decisions
from netdsl.training.runs.history import Epoch, Evaluation, History
from netdsl.training.runs.run import ENDS

if TYPE_CHECKING:
    from netdsl.training.recipes.recipe import Recipe

FOREVER = 10**9
"""A number of steps or evaluations that no training reaches."""


@dataclass(kw_only=True)
class State(History):
    """A training between two steps.

    Attributes:
        stopping: follows the validation part.
        stalled: follows the value that a schedule depends on.
        stage: `search` until the best step is known, then `retrain` if the recipe asks for that.
        step: the last one that was taken.
        ended: what ended the training, one of `ENDS`; empty if nothing has yet.
        rates: the learning rates that a schedule has set, each with its first step.
        seconds: how long the epochs took.
        begun: how many seconds the current epoch has taken so far.
        decisions: by the name of an output, what was chosen on the validation part.
        weights: the best ones so far; they are stored separately from the plain values.
        running: within an epoch that is resumed, the values of its figures so far, also stored
            separately.
    """

    stopping: EarlyStopping
    stalled: EarlyStopping
    stage: str = "search"
    step: int = 0
    ended: str = ""
    rates: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0
    begun: float = 0.0
    decisions: dict[str, Any] = field(default_factory=dict)
    weights: list[Any] = field(default_factory=list)
    running: list[Any] = field(default_factory=list)

    @property
    def searching(self) -> bool:
        """Return whether the best step is still searched for."""
        return self.stage == "search"

    @property
    def diverged(self) -> bool:
        """Return whether the loss became NaN or infinite."""
        return self.ended == "diverged"

    @property
    def cut_short(self) -> bool:
        """Whether something ended the training early."""
        return self.ended in ("interrupted", "diverged")

    @property
    def epochs(self) -> list[Epoch]:
        """The epochs of the current stage."""
        return self.rows if self.searching else self.retrained

    @property
    def taken(self) -> int:
        """Count the steps since the last epoch's end."""
        return self.step - (self.epochs[-1].step if self.epochs else 0)


def new_state(recipe: Recipe) -> State:
    """Make the state of a training that has not begun."""
    stopping, schedule = recipe.early_stopping, recipe.schedule
    higher = higher_is_better(stopping.metric or "loss")
    return State(
        stopping=EarlyStopping(
            _patience(stopping.patience),
            higher=higher,
            tolerance=stopping.tol or 0.0,
            delta=stopping.min_delta or 0.0,
        ),
        stalled=EarlyStopping(_patience(schedule.patience), tolerance=schedule.tolerance or 0.0),
    )


def _patience(asked: int | None) -> int:
    """Return a patience that a checkpoint can hold."""
    return min(asked or FOREVER, FOREVER)


def as_plain(state: State) -> dict[str, Any]:
    """Return the state as values of JSON, without its arrays."""
    # The arrays are removed first: `asdict` copies deeply, and the weights may be gigabytes.
    values = dataclasses.asdict(dataclasses.replace(state, weights=[], running=[]))
    del values["weights"], values["running"]
    return values


def from_plain(values: dict[str, Any], weights: list[Any]) -> State:
    """Make the state from the values that `as_plain` returned.

    Raises:
        TypeError: or KeyError, ValueError, AttributeError, where the values are not a state's.
    """
    state = State(
        **{
            **values,
            "rows": list(map(_epoch, values["rows"])),
            "retrained": list(map(_epoch, values["retrained"])),
            "stopping": _stopping(values["stopping"]),
            "stalled": _stopping(values["stalled"]),
            "best": _evaluation(values["best"]) if values["best"] is not None else None,
            "evaluations": list(map(_evaluation, values["evaluations"])),
            "rates": [(_whole(step), _finite(rate)) for step, rate in values["rates"]],
            # `get`: checkpoints of earlier versions have no path.
            "path": [list(map(float, weights)) for weights in values.get("path", [])],
            "step": _whole(values["step"]),
            "seconds": _finite(values["seconds"]),
            "begun": _finite(values.get("begun", 0.0)),
            "weights": weights,
        }
    )
    if not sound_decisions(state.decisions):
        raise ValueError("its decisions are not an output's")
    if state.stage not in ("search", "retrain") or state.ended not in ("", *ENDS):
        raise ValueError(f"it is at the stage `{state.stage}`, ended by `{state.ended}`")
    if (state.best is None) != (not weights):
        raise ValueError("its best weights and their step do not go together")
    for epochs in (state.rows, state.retrained):
        if [one.epoch for one in epochs] != list(range(1, len(epochs) + 1)):
            raise ValueError("its epochs are not one after the other")
    # Check what the training relies on: an edited file must not end in a traceback.
    if state.taken < 0:
        raise ValueError(f"it is at step {state.step}, and its epochs continued")
    if state.taken and state.searching and state.ended:
        raise ValueError(f"it has ended by `{state.ended}`, within an epoch")
    _check_figures(state)
    return state


def _check_figures(state: State) -> None:
    """Reject epochs and evaluations that cannot be of one training."""
    rows = [*state.rows, *state.retrained]
    found = [*state.evaluations, *(row.evaluation for row in rows if row.evaluation)]
    if len({frozenset(row.scores) for row in rows}) > 1:
        raise ValueError("its epochs have different figures")
    if len({frozenset(one.scores) for one in found}) > 1:
        raise ValueError("its evaluations have different figures")
    last = max([state.step, *(row.step for row in rows)])
    for one in (*found, *([state.best] if state.best else [])):
        if one.step > last:
            raise ValueError(f"it was evaluated at step {one.step:,}, and its last is {last:,}")


def _epoch(values: dict[str, Any]) -> Epoch:
    found = values["evaluation"]
    return Epoch(
        **{
            **values,
            "epoch": _whole(values["epoch"]),
            "step": _whole(values["step"]),
            "rate": _finite(values["rate"]),
            "scores": _scores(values["scores"]),
            "evaluation": _evaluation(found) if found is not None else None,
            "seconds": _finite(values["seconds"]),
        }
    )


def _evaluation(values: dict[str, Any]) -> Evaluation:
    step, scores = _whole(values["step"]), _scores(values["scores"])
    return Evaluation(
        **{**values, "step": step, "scores": scores, "better": bool(values["better"])}
    )


def _stopping(values: dict[str, Any]) -> EarlyStopping:
    step, best = values["step"], values["best"]
    return EarlyStopping(
        **{
            **values,
            "patience": _whole(values["patience"]),
            "tolerance": _finite(values["tolerance"]),
            # `get`: checkpoints of earlier versions have no delta.
            "delta": _finite(values.get("delta", 0.0)),
            "step": None if step is None else _whole(step),
            "best": None if best is None else float(best),
            "misses": _whole(values["misses"]),
        }
    )


def _scores(values: dict[str, Any]) -> dict[str, float]:
    """Return the loss and the metrics, which can be NaN where a training diverged."""
    found = {str(name): float(value) for name, value in values.items()}
    if "loss" not in found or len(found) < 2:
        raise ValueError("scores are the loss and a metric")
    return found


def _whole(value: Any) -> int:
    # `type`, not `isinstance`: true is an int in Python. Below 2^63, as steps become tensors.
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(f"{value!r} is not a count")
    return value


def _finite(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)
