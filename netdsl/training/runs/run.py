"""The result of a run that has ended."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.training.metrics.naive import is_baseline
from netdsl.training.runs.decisions import sound_decisions
from netdsl.training.runs.figures import json_value
from netdsl.training.runs.folder import BEST, RESULT, damaged, read_json, require_file

if TYPE_CHECKING:
    import keras

TRAINING_LOSS = "training_loss"
"""The `metric` of a run in which the training loss decided when to stop."""

ENDS = {
    "patience": "no improvement in {patience} evaluations in a row",
    "epochs": "all epochs done",
    "rate": "the learning rate has reached its minimum",
    "converged": "no step lowers the training loss any more",
    "interrupted": "interrupted",
    "diverged": "the loss is NaN",
}
"""What can end a training, and the words for it."""


@dataclass(frozen=True)
class RunResult:
    """The result of a training.

    `best_value` is the validation part's `metric` (`loss` or `accuracy`) at `best_step`. Where the
    training loss decided when to stop, `metric` is `training_loss`, the weights are the last, and
    the value is their validation loss.

    `test` holds the test part's loss and metrics with the weights that were kept, and the number of
    its examples; `validation` the same of the validation part, at `best_step`. Where the loss was
    NaN before the first evaluation, the step is 0 and there are no figures. `retrained` is the
    number of steps done again on all the data, or 0. `ended` is one of `ENDS`. `zeros` counts, by
    the name of each kernel, the `weights` and those that are exactly 0, where the recipe has `l1`.
    `baseline` is what the simplest answer scores on the test part: see `naive_baseline`.
    `decisions` holds, by the name of an output, what was chosen on the validation part:
    `thresholds` (`for` a figure, its `values` at one half and at them), and the `temperature` (with
    the `log_loss` and the `ece` before and after it).
    """

    folder: Path
    network: str
    data: str
    steps: int
    epochs: int
    ended: str
    patience: int
    best_step: int
    best_epoch: int
    metric: str
    best_value: float | None
    validation: Mapping[str, float]
    test: Mapping[str, float]
    retrained: int
    seconds: float
    zeros: Mapping[str, Mapping[str, int]] = dataclasses.field(default_factory=dict)
    baseline: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    decisions: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """Return the values as they are written to the file; those that are not finite are None."""
        values = {
            item.name: getattr(self, item.name)
            for item in dataclasses.fields(self)
            if item.name != "folder"
        }
        for part in ("validation", "test"):
            values[part] = {name: json_value(value) for name, value in values[part].items()}
        return values

    @property
    def sound(self) -> bool:
        """Whether each value has its type and range, which a file does not guarantee."""
        # `type(...) is int` below, not isinstance: JSON's true is an int in Python.
        whole = (
            self.steps,
            self.epochs,
            self.patience,
            self.best_step,
            self.best_epoch,
            self.retrained,
        )
        parts = [part for part in (self.validation, self.test) if isinstance(part, dict)]
        return (
            all(type(value) is int and value >= 0 for value in whole)
            and all(
                isinstance(value, str)
                for value in (self.network, self.data, self.metric, self.ended)
            )
            and len(parts) == 2
            and all(type(value) in (int, float) for part in parts for value in part.values())
            and type(self.seconds) in (int, float)
            and self.seconds >= 0
            and type(self.best_value) in (int, float, type(None))
            and self.best_value == self.best_value  # NaN is not
            and self.ended in ENDS
            and is_baseline(self.baseline)
            and sound_decisions(self.decisions)
            and isinstance(self.zeros, dict)
            and all(
                isinstance(counts, dict)
                and counts.keys() == {"zeros", "weights"}
                and all(type(one) is int for one in counts.values())
                for counts in self.zeros.values()
            )
        )

    @property
    def interrupted(self) -> bool:
        """Return whether Ctrl-C ended the run."""
        return self.ended == "interrupted"

    @property
    def kept(self) -> str:
        """`best` if the weights are the best of those that were evaluated, else `last`."""
        return "best" if self.patience and self.metric != TRAINING_LOSS else "last"

    @property
    def why_ended(self) -> str:
        """What ended the training, in words."""
        return ENDS[self.ended].format(patience=self.patience)

    @property
    def model(self) -> keras.Model:
        """The network with the best weights, read from the run folder.

        Raises:
            NetError: N613 where they are missing, N614 where they are damaged.
        """
        from netdsl.keras.opening import load_model

        require_file(self.folder, BEST)
        return load_model(self.folder / BEST)

    @classmethod
    def load(cls, folder: str | Path) -> RunResult:
        """Read the run in a folder.

        Raises:
            NetError: N613 where there is none, or it has not ended, N614 where it is damaged.
        """
        values = read_json(Path(folder), RESULT)
        try:
            for part in ("validation", "test"):
                values[part] = {
                    # `values` wrote null for NaN and infinities, which JSON does not have.
                    name: math.nan if value is None else value
                    for name, value in values[part].items()
                }
            # An extra or a missing key is a TypeError: the file does not hold a result.
            run = cls(folder=Path(folder), **values)
        except (TypeError, KeyError, AttributeError):
            raise damaged(Path(folder) / RESULT) from None
        if not run.sound:
            raise damaged(Path(folder) / RESULT)
        return run
