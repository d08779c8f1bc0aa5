"""What is wrong in what netdsl is given: places in a text, messages about them, and the error that
carries these.

Every mistake that netdsl finds (in a network, a recipe, data, a run folder) is a `Diagnostic`;
those that end the work travel in a `NetError`. How they are shown is worded in `terminal`,
`values`, `github` and `sarif` alone, which are imported where something is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netdsl.errors.diagnostics import Diagnostic, Note, Source, Span, once, used_here

__all__ = [
    "Diagnostic",
    "NetError",
    "Note",
    "RunError",
    "Source",
    "Span",
    "did_you_mean",
    "fail",
    "first_line",
    "nearest",
    "once",
    "used_here",
]


class NetError(Exception):
    """What was given has mistakes: `diagnostics` are all of them.

    The command line ends with `exit_code`.
    """

    exit_code = 1

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        from netdsl.errors.terminal import render

        return render(self.diagnostics)


class RunError(NetError):
    """A run failed for a reason outside what was given: the disk, the memory, a loss that is not
    finite.
    """

    exit_code = 3


def fail(code: str, message: str, span: Span | None = None, **more: Any) -> NetError:
    """A `NetError` of one diagnostic, to be raised."""
    return NetError(Diagnostic(code, message, span, **more))


def first_line(error: BaseException) -> str:
    """What an exception of some library says, cut to its first line; its type where it says
    nothing.
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a typo most likely meant, or None."""
    import difflib

    names = sorted(set(known))
    found = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if not found and len(word) > 2:
        lower = {name.lower(): name for name in names}
        found = [
            lower[name] for name in difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
        ]
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or nothing where no known word is near."""
    match = nearest(word, known)
    return f"did you mean `{match}`?" if match else ""
