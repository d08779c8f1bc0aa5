"""Where the parser stopped."""

from __future__ import annotations

import re
from typing import NamedTuple

from netdsl.errors import Diagnostic, Source, Span

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_THING = re.compile(
    r'"[^"\n]*"|@?[A-Za-z_][A-Za-z0-9_.]*|\.?[0-9][0-9_.x×]*|//|\*\*|[<>=!]=|[^ \t\n]'
)


class Stop(NamedTuple):
    """Where the parser stopped.

    Attributes:
        source: the text.
        rule: of the statement.
        start: of the statement; `end`: where it ends.
        at: the offset of what cannot be there.
        expected: the tokens that could.
    """

    source: Source
    rule: str
    start: int
    end: int
    at: int
    expected: frozenset[str]

    @property
    def before(self) -> str:
        """The statement's text up to here, without spaces at its end."""
        return self.source.text[self.start : self.at].rstrip(" \t\n")

    @property
    def rest(self) -> str:
        """The statement's text from here."""
        return self.source.text[self.at : self.end]

    @property
    def thing(self) -> str:
        """What is here, as a reader would call it: a word, a number, a sign."""
        match = _THING.match(self.rest)
        return match.group() if match else ""

    @property
    def last_word(self) -> str:
        """The layer before, as far as it goes."""
        match = re.search(r"[A-Za-z0-9_{}*+/-]+$", self.before)
        return match.group().rstrip("-/") if match else ""

    @property
    def is_after_step(self) -> bool:
        """Whether a step is complete here."""
        return "MORETHAN" in self.expected or "AS" in self.expected

    def span(self, length: int | None = None) -> Span:
        """Return the thing here, or the given number of characters.

        After the last character where nothing is left.
        """
        if not self.thing and length is None:
            return self.after_last(0)
        return Span(self.source, self.at, self.at + (len(self.thing) if length is None else length))

    def after_last(self, back: int) -> Span:
        """Return the character after the text before, or one of its last characters."""
        at = self.start + len(self.before) - back
        return Span(self.source, at, at + 1)

    def error(
        self, message: str, help: str = "", length: int | None = None, code: str = "N003"
    ) -> Diagnostic:
        """Return a mistake here: about the thing, or the given number of characters.

        Args:
            message: what is wrong.
            help: what to write instead.
            length: characters that are marked; by default those of the thing.
            code: of the error.
        """
        return Diagnostic(code, message, self.span(length), help=help)
