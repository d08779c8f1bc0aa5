"""When a training writes its checkpoint: at the ends of epochs, and within long ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from netdsl.training.recipes.amounts import seconds_of

SHARE, MIN_SECONDS = 50.0, 1.0
"""Writing a checkpoint takes at most one part in this many of the time, and happens at most once in
this many seconds.
"""

WITHIN_SECONDS = 600.0
"""Within an epoch it happens once in this many seconds, unless a recipe states something else."""


class Pace:
    """Decides when to write, by a recipe's `checkpoint`.

    Attributes:
        steps: within epochs, a checkpoint is written at each multiple of it; 0 to go by time.
    """

    def __init__(self, checkpoint: int | str | None) -> None:
        """Begin to count the time.

        Args:
            checkpoint: the recipe's value: steps, a time, or None for the usual time.
        """
        self.steps = checkpoint if isinstance(checkpoint, int) else 0
        self.seconds = seconds_of(checkpoint)
        self.began = time.perf_counter()
        self.wrote = self.cost = 0.0

    def at_end(self) -> bool:
        """Return whether to write at the end of an epoch: unless it was a moment ago.

        A training should not wait for its disk. A kill loses at most fifty times as much work as
        writing costs.
        """
        waits = max(MIN_SECONDS, SHARE * self.cost)
        return not self.wrote or time.perf_counter() - self.wrote >= waits

    def within(self, step: int) -> bool:
        """Return whether to write after a step that does not end an epoch."""
        if self.steps:
            return step % self.steps == 0
        usual = max(WITHIN_SECONDS, SHARE * self.cost)
        waits = usual if self.seconds is None else self.seconds
        return time.perf_counter() - max(self.began, self.wrote) >= waits

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Measure the time that writing takes."""
        began = time.perf_counter()
        yield
        self.wrote = time.perf_counter()
        self.cost = self.wrote - began
