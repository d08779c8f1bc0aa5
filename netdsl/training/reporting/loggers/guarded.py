"""A logger whose failures do not end the training."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from netdsl.errors import first_line

if TYPE_CHECKING:
    from netdsl.training.reporting.loggers.figures import Logger
    from netdsl.training.runs.history import Epoch
    from netdsl.training.runs.run import RunResult


class Guarded:
    """A logger that is switched off when it fails; a message on standard error says so.

    A logger must never end a training.
    """

    def __init__(self, name: str, make: Callable[[], Logger]) -> None:
        self.name = name
        self.logger: Logger | None = None
        with self._watched():
            self.logger = make()

    def epoch(self, row: Epoch, stage: str = "search") -> None:
        if self.logger:
            with self._watched():
                self.logger.epoch(row, stage)

    def end(self, run: RunResult | None) -> None:
        if self.logger:
            with self._watched():
                self.logger.end(run)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # other programs, servers and disks can raise anything
            self.logger = None
            kind, reason = type(error).__name__, first_line(error)
            why = kind if reason == kind else f"{kind}: {reason}"
            message = f"the logger {self.name} failed and is switched off: {why}"
            print(message, file=sys.stderr, flush=True)
