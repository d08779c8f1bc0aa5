"""Standard output and standard error as commands write to them: printable, in any encoding, and
with an error where they are closed or full.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from netdsl.errors import Diagnostic, RunError
from netdsl.errors.printable import printable


class PrintableStream:
    """A text stream that escapes control characters, as texts from elsewhere may hold some.

    Attributes:
        unfiltered: the stream itself, for what is known to be safe.
        abandoned: whether its reader, such as `head`, has closed it; the rest is dropped.
        quiet: whether notes are left out.
        color: `auto`, `always` or `never`.
        pager: whether long texts go through a pager, on a terminal.
        verbose: whether each epoch of a training stays on a terminal, in place of a bar.
    """

    quiet, color, pager, verbose = False, "auto", False, False

    def __init__(self, stream: TextIO | None, name: str) -> None:
        self.unfiltered, self.name, self.abandoned = stream, name, False

    def write(self, text: str) -> int:
        """Write the printable form of a text.

        Raises:
            RunError: N610 where the stream is closed or full.
        """
        self.write_as_it_is(printable(text))
        return len(text)

    def write_as_it_is(self, shown: str) -> None:
        """Write a text that is known to be printable, but for colours.

        Raises:
            RunError: N610 where the stream is closed or full.
        """
        if self.unfiltered is None:
            raise self._failed("it is closed")
        try:
            try:
                self.unfiltered.write(shown)
            # A terminal with another encoding: `?` for what it lacks, since no result is worth a
            # traceback.
            except UnicodeEncodeError as error:
                self.unfiltered.write(
                    shown.encode(error.encoding, "replace").decode(error.encoding)
                )
        except BrokenPipeError:
            self._abandon()
        except OSError as error:
            raise self._failed(error.strerror or str(error)) from None

    def flush(self) -> None:
        """Write what is still waiting.

        Raises:
            RunError: N610 where the stream is full.
        """
        try:
            if self.unfiltered is not None:
                self.unfiltered.flush()
        except BrokenPipeError:
            self._abandon()
        except OSError as error:
            raise self._failed(error.strerror or str(error)) from None

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return self.unfiltered is not None and self.unfiltered.isatty()

    def _abandon(self) -> None:
        self.abandoned = True
        _drop(self.unfiltered)

    def _failed(self, reason: str) -> RunError:
        _drop(self.unfiltered)
        return RunError(Diagnostic("N610", f"{self.name} cannot be written: {reason}"))

    def __getattr__(self, name: str) -> Any:
        # `encoding`, `fileno` and so on, for what takes this for a stream.
        return getattr(self.unfiltered, name)


class MessageStream(PrintableStream):
    """Standard error, which raises nothing where it is closed or full: there is nowhere to report
    it.
    """

    def write_as_it_is(self, shown: str) -> None:
        """Write a text."""
        with suppress(RunError):
            super().write_as_it_is(shown)

    def flush(self) -> None:
        """Flush the stream."""
        with suppress(RunError):
            super().flush()


def _drop(stream: TextIO | None) -> None:
    """Redirect a stream that cannot be written to the null device, dropping what it still holds."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        # The descriptor too: Python flushes the stream again at exit, and would print an error.
        os.dup2(nowhere, stream.fileno())  # type: ignore[union-attr]
        os.close(nowhere)


@contextmanager
def printable_streams() -> Iterator[None]:
    """Within the block, make what is printed printable."""
    kept = sys.stdout, sys.stderr
    out = PrintableStream(sys.stdout, "standard output")
    sys.stdout, sys.stderr = out, MessageStream(sys.stderr, "standard error")
    try:
        yield
    finally:
        sys.stdout, sys.stderr = kept


def shown_as(quiet: bool, color: str, pager: bool, verbose: bool) -> None:
    """Set how standard output and standard error show what is printed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, PrintableStream):
            stream.quiet, stream.color, stream.pager = quiet, color, pager
            stream.verbose = verbose


def print_in_colour(text: str, stream: TextIO) -> None:
    """Print a text with colours in it, whose other parts are printable already.

    Raises:
        RunError: N610 where standard output is closed or full.
    """
    if isinstance(stream, PrintableStream):
        stream.write_as_it_is(f"{text}\n")
    else:
        print(text, file=stream)
