"""What a statement may ask of the parser: imported only where one is long."""

from __future__ import annotations

import re
from collections.abc import Iterator

from netdsl.errors import Diagnostic, Span
from netdsl.limits import Limits

# Strings and comments are matched so that words in them are passed over.
_WORD_OR_OTHER = re.compile(r'"[^"\n]*"|#[^\n]*|(?<![\w.])(?P<word>[A-Za-z_][\w.]*)')
_BRACES = re.compile(r"\{[^{}]*\}")
_WHEN = re.compile(r"\bwhen[ \t\n]*\(")
_TERM = re.compile(r"[A-Za-z0-9_.]+|[-+]")
_AFTER_CONDITION = re.compile(r"[(),]")


def exceeded(statement: Span, rule: str, limits: Limits) -> Diagnostic | None:
    """Return what a statement has too much of, if anything."""
    return _too_long_word(statement, limits) or _too_many_terms(statement, rule, limits)


def _too_long_word(statement: Span, limits: Limits) -> Diagnostic | None:
    """Find a word that is too long: names are part of messages and of layers' names."""
    text = statement.source.text
    for word in _WORD_OR_OTHER.finditer(text, statement.start, statement.end):
        if word["word"] and len(word["word"]) > limits.word:
            length = f"{len(word['word']):,} characters"
            message = f"this word has {length}; the limit is {limits.word}"
            return Diagnostic("N403", message, Span(statement.source, *word.span()))
    return None


def _too_many_terms(statement: Span, rule: str, limits: Limits) -> Diagnostic | None:
    """Find an expression of too many terms, by counting them.

    The parser would take seconds for 200,000 additions.
    """
    # An operand and a sign for each term; a text shorter than that holds no more terms.
    source, limit = statement.source, 2 * limits.terms
    if statement.end - statement.start <= limit:
        return None
    for start, end in _expressions(statement, rule):
        if end - start > limit and sum(1 for _ in _TERM.finditer(source.text, start, end)) > limit:
            message = f"this expression has more than {limits.terms:,} terms"
            return Diagnostic("N403", message, Span(source, start, end))
    return None


def _expressions(statement: Span, rule: str) -> Iterator[tuple[int, int]]:
    """Yield where the statement holds expressions.

    In braces, after `param`, in the condition of `when`.
    """
    source, begin, stop = statement
    if rule == "param":
        yield begin, stop
    for braces in _BRACES.finditer(source.text, begin, stop):
        yield braces.span()
    for when in _WHEN.finditer(source.text, begin, stop):
        # The condition ends at the first comma, or at the bracket that closes `when` itself.
        depth = 0
        for mark in _AFTER_CONDITION.finditer(source.text, when.end(), stop):
            if depth == 0 and mark.group() in ",)":
                yield when.end(), mark.start()
                break
            depth += {"(": 1, ")": -1, ",": 0}[mark.group()]
