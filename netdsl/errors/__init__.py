"""What is wrong in what netdsl is given: places in a text, messages about them, and the error that
carries these.

Every mistake that netdsl finds (in a network, a recipe, data, a run folder) is a `Diagnostic`;
those that end the work travel in a `NetError`. How they are shown is worded in `terminal`,
`values`, `github` and `sarif` alone, which are imported where something is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netdsl.errors.diagnostics import (
    CAUSE,
    USED_HERE,
    Diagnostic,
    Note,
    Source,
    Span,
    cause,
    once,
    used_here,
)
from netdsl.errors.spelling import did_you_mean, nearest

__all__ = [
    "CAUSE",
    "USED_HERE",
    "DataError",
    "Diagnostic",
    "NetError",
    "NetNameError",
    "NetSyntaxError",
    "Note",
    "RecipeError",
    "RunError",
    "RunFolderError",
    "ShapeError",
    "Source",
    "Span",
    "cause",
    "did_you_mean",
    "fail",
    "first_line",
    "nearest",
    "once",
    "used_here",
]


class NetError(Exception):
    """What was given has mistakes.

    `NetError(...)` makes the subclass that the code of its first error belongs to: `except
    ShapeError` catches mistakes in shapes alone, `except NetError` all of them. A class whose
    `codes` is empty is chosen by name only.

    Attributes:
        diagnostics: all mistakes, and the warnings between them.
        codes: how the codes of a subclass begin.
        exit_code: what the command line ends with.
    """

    codes: tuple[str, ...] = ()
    exit_code = 1

    def __new__(cls, *diagnostics: Diagnostic) -> NetError:
        code = _first_code(diagnostics)
        # Only from the base class: `RunError(...)` stays a RunError whatever its code.
        if cls is NetError and code:
            for kind in NetError.__subclasses__():
                # `startswith(())` is False: a class without codes is never chosen here.
                if code.startswith(kind.codes):
                    return super().__new__(kind, *diagnostics)
        return super().__new__(cls, *diagnostics)

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    @property
    def code(self) -> str:
        """The code of the first error, such as `N204`; each has a page in `docs/errors`."""
        return _first_code(self.diagnostics)

    def __str__(self) -> str:
        from netdsl.errors.terminal import render

        return render(self.diagnostics)


class NetSyntaxError(NetError):
    """A text is not written as the language is."""

    codes = ("N0",)


class NetNameError(NetError):
    """A name is unknown or taken, or a value is not what its name accepts."""

    codes = ("N1",)


class ShapeError(NetError):
    """Layers do not fit the shapes that come into them, or each other."""

    codes = ("N2",)


class RecipeError(NetError):
    """A recipe cannot be read, or its keys do not go together."""

    codes = ("N50",)


class DataError(NetError):
    """Data cannot be read, or does not fit the network."""

    codes = ("N51", "N52", "N53", "N56")


class RunFolderError(NetError):
    """A folder holds no run, or not one that can be used for what is asked."""

    codes = ("N613", "N614", "N615", "N616", "N619")


class RunError(NetError):
    """A run failed for a reason outside what was given.

    The disk, the memory, a loss that is NaN or infinite.
    """

    exit_code = 3


def _first_code(diagnostics: Iterable[Diagnostic]) -> str:
    """Return the code of the first error, else of the first warning; empty where there is
    neither."""
    codes = [diagnostic.code for diagnostic in diagnostics]
    return next((code for code in codes if not code.startswith("W")), (*codes, "")[0])


def fail(code: str, message: str, span: Span | None = None, **more: Any) -> NetError:
    """Make a `NetError` of one diagnostic, to be raised: the subclass of its code."""
    return NetError(Diagnostic(code, message, span, **more))


def first_line(error: BaseException) -> str:
    """Return what an exception of some library says, cut to its first line.

    Its type where it says nothing.
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
