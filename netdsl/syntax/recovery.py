"""A chain with a mistake in its spelling, read without the step that holds it, so that the mistakes
in its other steps are reported too. Imported where there is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from netdsl.errors import Diagnostic, Source
from netdsl.syntax.split import Extent
from netdsl.syntax.tree import Statement

LOST_STEP = "_"
"""The word, or the point, that replaces a step which cannot be read."""

_CHAINS = ("flow", "input", "def", "let")
# Each parses the whole statement again: time grows with mistakes times length.
_MAX_MISTAKES = 20
_MARKS = re.compile(r'"[^"\n]*"|#[^\n]*|[()\[\]{}>=]')

Parse: TypeAlias = Callable[[Source, str, Extent], Statement | Diagnostic]
"""Reads a statement of a source from a text of the same length, which may lack some steps."""


def read_without_mistakes(
    source: Source, extent: Extent, first: Diagnostic, parse: Parse
) -> tuple[Statement | None, list[Diagnostic]]:
    """Return a statement without the steps that cannot be read, and what is wrong with these.

    Args:
        source: the text.
        extent: the statement.
        first: its first mistake.
        parse: reads it again.

    Returns:
        The statement, None where nothing of it can be read; and its mistakes.
    """
    text, found = source.text, [first]
    while extent.rule in _CHAINS and len(found) < _MAX_MISTAKES:
        # The text keeps its length, so that the places of further mistakes are right.
        for step in _steps_at(text, extent, found[-1]):
            rest, replaced = _without(text, extent, step)
            result = parse(source, rest, replaced)
            if not isinstance(result, Diagnostic):
                return result, found
            # Another mistake was reached: this step held the first. Else the step before is tried.
            if result.span != found[-1].span:
                text, extent = rest, replaced
                found.append(result)
                break
        else:
            break
    return None, found


def _without(text: str, extent: Extent, step: tuple[int, int]) -> tuple[str, Extent]:
    """Return a text of the same length without a step, and how the statement is then read."""
    start, end = step
    # A chain begins with a point that is lost: nothing is known of its shape.
    is_first = extent.rule in ("flow", "input") and start == extent.start
    word = f"@{LOST_STEP}" if is_first else LOST_STEP
    text = f"{text[:start]}{word:{end - start}}{text[end:]}"
    return text, extent._replace(rule="flow") if is_first else extent


def _steps_at(text: str, extent: Extent, mistake: Diagnostic) -> Iterator[tuple[int, int]]:
    """Yield the steps that may hold a mistake: that after a marked `>`, then that before it."""
    assert mistake.span is not None
    at = mistake.span.start
    after = [at + 1] if text[at : at + 1] == ">" else []
    for place in (*after, at):
        step = _step_at(text, extent, place)
        room = len(LOST_STEP) + (step is not None and step[0] == extent.start)
        if step is not None and step != extent[1:] and step[1] - step[0] >= room:
            yield step


def _step_at(text: str, extent: Extent, at: int) -> tuple[int, int] | None:
    """Return where the step of the outermost chain begins and ends that holds a place."""
    begin, depth = extent.start, 0
    in_head = extent.rule in ("def", "let")  # up to its `=`
    for mark in _MARKS.finditer(text, extent.start, extent.end):
        sign = mark.group()
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif depth == 0 and sign == "=" and in_head:
            if at < mark.end():
                return None
            begin, in_head = mark.end(), False
        elif depth == 0 and sign == ">" and not in_head:
            if at <= mark.start():
                return begin, mark.start()
            begin = mark.end()
    return None if in_head else (begin, extent.end)
