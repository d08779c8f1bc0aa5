"""Mistakes that are found while the tree is built."""

from __future__ import annotations


class Fault(Exception):
    """A mistake that is found while the tree is built.

    Attributes:
        code: of the error.
        message: what is wrong.
        start: where it is in the text; `end`: where it ends.
        help: what to write instead.
    """

    def __init__(self, code: str, message: str, start: int, end: int, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.start, self.end, self.help = code, message, start, end, help
