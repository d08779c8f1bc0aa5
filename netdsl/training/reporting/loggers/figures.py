"""What a logger gets from a training, and the figures that it writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from netdsl.training.runs.history import Epoch
    from netdsl.training.runs.run import RunResult


class Logger(Protocol):
    """Gets each epoch of a training, and then its result."""

    def epoch(self, row: Epoch, stage: str = "search") -> None:
        """Write an epoch of a stage, `search` or `retrain`."""

    def end(self, run: RunResult | None) -> None:
        """Write the end; the run is None where the training has no result."""


def epoch_figures(row: Epoch, stage: str) -> Iterator[tuple[str, str, float]]:
    """Yield an epoch's figures as (part, name, value).

    The part is `training`, `validation`, or `retraining` where all the data is trained on again.
    """
    part = "training" if stage == "search" else "retraining"
    for name, value in {**row.scores, "rate": row.rate, "seconds": row.seconds}.items():
        yield part, name, value
    # The second training learns from the validation part too, so its figures on that part are
    # not an evaluation.
    if row.evaluation and stage == "search":
        for name, value in row.evaluation.scores.items():
            yield "validation", name, value


def run_figures(run: RunResult) -> dict[str, float]:
    """Return a run's figures: `best_step`, and for the loss and each metric `test/accuracy`, and
    `best/accuracy` on the validation part.
    """
    test = {f"test/{name}": value for name, value in run.test.items() if name != "examples"}
    best = {f"best/{name}": value for name, value in run.validation.items() if name != "examples"}
    return {"best_step": run.best_step, **best, **test}
