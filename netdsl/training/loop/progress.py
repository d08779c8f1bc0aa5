"""The progress of a training on standard error: a bar on a terminal, a line for each epoch
elsewhere.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from netdsl.training.runs.history import Epoch, Evaluation


class Progress(Protocol):
    """Shows the progress of a training.

    It is called with each step's number and the epoch's mean loss so far, with each epoch at its
    end, and with the evaluation of weights that were given.
    """

    def step(self, step: int, loss: float) -> None: ...

    def epoch(self, epoch: Epoch) -> None: ...

    def first(self, evaluation: Evaluation) -> None: ...


class Quiet:
    """No progress is shown."""

    def step(self, step: int, loss: float) -> None: ...

    def epoch(self, epoch: Epoch) -> None: ...

    def first(self, evaluation: Evaluation) -> None: ...


class Lines(Quiet):
    """One plain line for each epoch."""

    def __init__(self, epochs: int, metric: str) -> None:
        self.epochs, self.metric = epochs, metric

    def epoch(self, epoch: Epoch) -> None:
        text, place = epoch_text(epoch, self.metric), f"{epoch.epoch}/{self.epochs}"
        print(f"epoch {place}  {text}  {epoch.seconds:z.1f} s", file=sys.stderr, flush=True)

    def first(self, evaluation: Evaluation) -> None:
        print(first_text(evaluation), file=sys.stderr, flush=True)


def first_text(evaluation: Evaluation) -> str:
    """Write the evaluation of the weights that a training began with."""
    scores = "  ".join(
        f"{name.replace('_', ' ')} {value:z.4f}" for name, value in evaluation.scores.items()
    )
    return f"step 0, the weights that were given: validation {scores}"


def epoch_text(epoch: Epoch, metric: str) -> str:
    """Write an epoch's losses and metrics, in words."""
    if "loss" not in epoch.scores:  # a GAN has two
        return f"step {epoch.step}{_named(epoch)}"
    name = metric.replace("_", " ")
    text = f"step {epoch.step}  loss {epoch.loss:z.4f}  {name} {epoch.metric:z.4f}"
    text += _others(epoch.scores)
    if epoch.evaluation:
        best = "  best" if epoch.evaluation.better else ""
        found = epoch.evaluation
        text += f"  validation loss {found.loss:z.4f}  {name} {found.metric:z.4f}"
        text += _others(found.scores) + best
    return text


def _named(epoch: Epoch) -> str:
    return "".join(
        f"  {name.replace('_', ' ')} {value:z.4f}" for name, value in epoch.scores.items()
    )


def _others(scores: Mapping[str, float]) -> str:
    """Write the scores after the loss and the first metric."""
    others = list(scores.items())[2:]
    return "".join(f"  {name.replace('_', ' ')} {value:z.4f}" for name, value in others)


@contextmanager
def progress(
    quiet: bool, epochs: int, steps: int, metric: str, done: int = 0
) -> Iterator[Progress]:
    """Show a training of this many epochs with this many steps each, of which some are `done`."""
    if quiet:
        yield Quiet()
    # A bar in a file or a pipe would be thousands of control characters; `-v` asks for lines.
    elif not sys.stderr.isatty() or getattr(sys.stderr, "verbose", False):
        yield Lines(epochs, metric)
    else:
        with _bar(epochs, steps, metric, done) as bar:
            yield bar


@contextmanager
def _bar(epochs: int, steps: int, metric: str, done: int) -> Iterator[Progress]:
    """Yield a bar over all steps, with the last epoch's figures below it."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    unfiltered = getattr(sys.stderr, "unfiltered", sys.stderr)  # the bar moves the cursor
    columns = (
        TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
        BarColumn(20),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("at most"),  # early stopping may end it before
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Bar(
        *columns, TextColumn("{task.description}"), console=Console(file=unfiltered), transient=True
    ) as bar:
        task = bar.add_task(
            "", total=epochs * steps, completed=done, epoch=done // steps + 1, epochs=epochs
        )

        class OnTerminal:
            def step(self, step: int, loss: float) -> None:
                bar.update(task, completed=step, epoch=(step - 1) // steps + 1)

            def epoch(self, epoch: Epoch) -> None:
                if "loss" not in epoch.scores:
                    bar.update(task, description=_named(epoch).strip())
                    return
                text = f"loss {epoch.loss:z.4f}"
                if epoch.evaluation:
                    loss, value = epoch.evaluation.loss, epoch.evaluation.metric
                    text += f"  validation {loss:z.4f}  {metric.replace('_', ' ')} {value:z.4f}"
                    text += _others(epoch.evaluation.scores)
                bar.update(task, description=text)

            def first(self, evaluation: Evaluation) -> None:
                bar.console.print(first_text(evaluation), highlight=False, markup=False)

        yield OnTerminal()
