"""Worked examples: `given x = [...]` and `expect @y = [...]`, the numbers that a text states."""

from __future__ import annotations

from typing import Any, NamedTuple

from netdsl.errors import Source
from netdsl.kinds.lists import is_of_numbers, shape_of
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.scopes import Scope
from netdsl.lowering.values import shown_value, value
from netdsl.syntax import tree


class WorkedValues(NamedTuple):
    """Numbers that a text states.

    Attributes:
        name: of the input that they are given to, or what they are expected of: `output`, `@name`.
        numbers: nested tuples of exact numbers, of equal lengths along each axis.
        text: the same as the language writes them, with the digits of the text.
    """

    name: str
    numbers: tuple[Any, ...]
    text: str


class WorkedStatement(NamedTuple):
    """A statement with its numbers, and the text that it is in."""

    node: tree.Given | tree.Expect
    values: WorkedValues
    source: Source


def lower_worked(
    statement: tree.Given | tree.Expect, scope: Scope, graph: GraphBuilder
) -> WorkedStatement:
    """Evaluate the numbers of a `given`, or of an `expect` in brackets.

    Raises:
        NetError: N111 for what is not a number, N304 where lists differ in length, N404 for too
            many numbers.
    """
    if isinstance(statement, tree.Given):
        name, written = statement.name.text, statement.value
    else:
        what = statement.what
        name = what.text if isinstance(what, tree.Name) else f"@{what.name}"
        written = statement.fact
    numbers = value(written, scope, None, graph)
    if not isinstance(written, tree.Tuple):
        numbers = (numbers,)
    if not is_of_numbers(numbers):
        shown = shown_value(numbers if isinstance(written, tree.Tuple) else numbers[0])
        message, help = f"numbers are given here, not {shown:.60}", "write them in brackets: [1, 2]"
        raise scope.fail("N111", message, written, help)
    if shape_of(numbers) is None:
        raise scope.fail("N304", "these lists have different lengths", written)
    text = _text(written, numbers, scope.source)
    text = text if isinstance(written, tree.Tuple) else f"[{text}]"
    return WorkedStatement(statement, WorkedValues(name, numbers, text), scope.source)


def _text(node: Any, numbers: Any, source: Source) -> str:
    """Write numbers as the text does, expressions by their values."""
    if isinstance(node, tree.Tuple):
        inner = zip(node.items, numbers, strict=True)
        return f"[{', '.join(_text(item, each, source) for item, each in inner)}]"
    if isinstance(node, tree.Number):
        return source.text[node.start : node.end]
    return _value_text(numbers)


def _value_text(numbers: Any) -> str:
    if isinstance(numbers, tuple):
        return f"[{', '.join(map(_value_text, numbers))}]"
    return str(numbers)
