"""Where the parser stopped."""

from __future__ import annotations

import re
from typing import NamedTuple

from netdsl.errors import Source, Span

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_THING = re.compile(r'"[^"\n]*"|@?[A-Za-z_][A-Za-z0-9_.]*|[0-9][0-9_.x×]*|//|\*\*|[<>=!]=|[^ \t\n]')


class Stop(NamedTuple):
    """Where the parser stopped: the statement's rule and place, the offset, and the tokens that
    it could have taken.
    """

    source: Source
    rule: str
    start: int
    end: int
    at: int
    expected: frozenset[str]

    @property
    def before(self) -> str:
        """The statement's text up to here, without blanks at its end."""
        return self.source.text[self.start : self.at].rstrip(" \t\n")

    @property
    def rest(self) -> str:
        """The statement's text from here on."""
        return self.source.text[self.at : self.end]

    @property
    def thing(self) -> str:
        """What is here, as a reader would call it: a word, a number, a sign."""
        match = _THING.match(self.rest)
        return match.group() if match else ""

    @property
    def after_step(self) -> bool:
        """Whether a step has ended before this."""
        return "MORETHAN" in self.expected or "AS" in self.expected

    @property
    def last_word(self) -> str:
        """The word before this, with its size, amount and stride."""
        match = re.search(r"[A-Za-z0-9_{}*+/-]+$", self.before)
        return match.group().rstrip("-/") if match else ""

    def span(self, length: int | None = None) -> Span:
        """Mark the thing here, or the given number of characters; the character after the last
        one where nothing is left.
        """
        if not self.thing and length is None:
            at = self.start + len(self.before)
            return Span(self.source, at, at + 1)
        return Span(self.source, self.at, self.at + (len(self.thing) if length is None else length))
