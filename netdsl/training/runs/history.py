"""The course of a training, epoch by epoch, and its files in the run folder."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netdsl.training.runs.figures import json_value
from netdsl.training.runs.folder import METRICS_JSONL, PATH, damaged, json_values, require_file


class Scored:
    """What has scores: the loss, then a metric for each output."""

    scores: Mapping[str, float]

    @property
    def loss(self) -> float:
        """Return the validation loss."""
        return self.scores["loss"]

    @property
    def metric(self) -> float:
        """The first metric: the first output's."""
        return list(self.scores.values())[1]


@dataclass(frozen=True)
class Evaluation(Scored):
    """The validation part's loss and metrics after this many steps, and whether they are better
    than all before.
    """

    step: int
    scores: Mapping[str, float]
    better: bool


@dataclass(frozen=True)
class Epoch(Scored):
    """An epoch: its number, that of its last step, the learning rate, the mean training loss and
    metrics, the last evaluation, and the seconds.
    """

    epoch: int
    step: int
    rate: float
    scores: Mapping[str, float]
    evaluation: Evaluation | None
    seconds: float


@dataclass(kw_only=True)
class History:
    """The epochs and evaluations of a training so far, and the best evaluation.

    `rows` are the epochs of the search for the best step, `retrained` those of the second training
    on all the data. `path` holds the weights before the first step and after each step, if the
    network trains only two numbers.
    """

    best: Evaluation | None = None
    evaluations: list[Evaluation] = field(default_factory=list)
    rows: list[Epoch] = field(default_factory=list)
    retrained: list[Epoch] = field(default_factory=list)
    path: list[list[float]] = field(default_factory=list)

    def epoch_of(self, step: int, steps: int) -> int:
        """Return the epoch of a step of the search, where an epoch has this many steps.

        It is found in the rows: an epoch that early stopping ended has fewer steps, and epochs
        added later begin after it.
        """
        for row in self.rows:
            if step <= row.step:
                return row.epoch if step else 0
        return len(self.rows) + math.ceil((step - (self.rows[-1].step if self.rows else 0)) / steps)


def metrics_csv(epochs: Sequence[Epoch], metrics: Sequence[str]) -> str:
    """Write epochs as CSV, with six digits; the metrics have the names that scores have."""
    evaluated = [each.evaluation.scores for each in epochs if each.evaluation]
    names, of_evaluations = (
        list(scores[0]) if scores else ["loss", *metrics]
        for scores in ([each.scores for each in epochs], evaluated)
    )
    validated = [f"val_{name}" for name in of_evaluations]
    lines = [",".join(["epoch", "step", "rate", *names, *validated, "seconds"])]
    for epoch in epochs:
        found = epoch.evaluation.scores if epoch.evaluation else None
        cells = [
            str(epoch.epoch),
            str(epoch.step),
            f"{epoch.rate:.6g}",
            *(f"{epoch.scores[name]:.6g}" for name in names),
            # An empty cell, not 0: an epoch that ended between two evaluations has none.
            *(f"{found[name]:.6g}" if found else "" for name in of_evaluations),
            f"{epoch.seconds:.3f}",
        ]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def growth(history: History) -> str:
    """Say that the training loss has grown, if it has; at a small enough rate it falls.

    Means of epochs vary a little: only a loss of twice the first epoch's is reported.
    """
    rows = history.rows
    # `not >`: a NaN loss is reported elsewhere.
    if len(rows) < 2 or not rows[-1].loss > 2 * rows[0].loss:
        return ""
    first, last = f"{rows[0].loss:.4g}", f"{rows[-1].loss:.4g}"
    return f"the training loss grew from {first} to {last}: a lower rate of the optimizer may help"


def path_csv(path: Sequence[Sequence[float]]) -> str:
    """Write the weights at each step as CSV, with nine digits, which is exact for float32."""
    lines = [",".join(["step", *(f"weight_{place}" for place, _ in enumerate(path[0], 1))])]
    lines += [
        ",".join([str(step), *(f"{weight:.9g}" for weight in weights)])
        for step, weights in enumerate(path)
    ]
    return "\n".join(lines) + "\n"


def read_path(folder: Path) -> list[list[float]]:
    """Read the weights at each step that `path_csv` wrote.

    Raises:
        NetError: N614.
    """
    try:
        lines = (folder / PATH).read_text(encoding="utf-8").splitlines()[1:]
        return [[float(cell) for cell in line.split(",")[1:]] for line in lines]
    except (OSError, ValueError):
        raise damaged(folder / PATH) from None


def metrics_jsonl(history: History) -> str:
    """Write all epochs as lines of JSON, with every digit, each with its stage."""
    stages = (("search", history.rows), ("retrain", history.retrained))
    return "".join(_json_line(stage, epoch) for stage, epochs in stages for epoch in epochs)


def _json_line(stage: str, epoch: Epoch) -> str:
    found = epoch.evaluation.scores if epoch.evaluation else {}
    values = {
        "stage": stage,
        "epoch": epoch.epoch,
        "step": epoch.step,
        "rate": epoch.rate,
        **epoch.scores,
        **{f"val_{name}": value for name, value in found.items()},
        "seconds": epoch.seconds,
    }
    return json.dumps({name: json_value(value) for name, value in values.items()}) + "\n"


def read_epochs(folder: Path) -> list[dict[str, Any]]:
    """Read the epochs that `metrics_jsonl` wrote: the values of each by name, the stage first.

    Raises:
        NetError: N613, N614.
    """
    require_file(folder, METRICS_JSONL)
    path = folder / METRICS_JSONL
    try:
        rows = [json_values(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        raise damaged(path) from None
    if not all(isinstance(row, dict) and _is_epoch(row) for row in rows):
        raise damaged(path)
    return rows


def _is_epoch(row: Mapping[str, Any]) -> bool:
    """Return whether a row has its stage and its times, and only numbers otherwise."""
    return {"stage", "epoch", "step", "seconds"} <= row.keys() and all(
        type(row[name]) in (int, float, type(None)) for name in row if name != "stage"
    )
