"""Expressions as postfix code: evaluating it needs no recursion, however long or deep they are."""

from __future__ import annotations

from typing import Any

from netdsl.errors import did_you_mean
from netdsl.syntax.fault import Fault
from netdsl.syntax.tokens import number_value
from netdsl.syntax.tree import Instruction
from netdsl.wording import plural

FUNCTIONS = {
    "min": (1, 64),
    "max": (1, 64),
    "round": (1, 1),
    "ceil": (1, 1),
    "floor": (1, 1),
    "round8": (1, 1),
    "len": (1, 1),
    "sum": (1, 64),
    "if": (3, 3),
}
"""The functions of expressions, and how many values each takes, at least and at most."""


class ExpressionRules:
    """The rules of the grammar for expressions. Each value is the code that computes it."""

    def literal(self, parts: list[Any]) -> tuple[Instruction, ...]:
        token = parts[0]
        value = number_value(token.text, token.start, token.end)
        return (Instruction("push", value, token.start, token.end),)

    def text(self, parts: list[Any]) -> tuple[Instruction, ...]:
        return (Instruction("push", parts[0].text[1:-1], parts[0].start, parts[0].end),)

    def name(self, parts: list[Any]) -> tuple[Instruction, ...]:
        return (Instruction("name", parts[0].text, parts[0].start, parts[0].end),)

    def listed(self, parts: list[Any]) -> tuple[Instruction, ...]:
        items = parts[1:-1]
        code = (instruction for item in items for instruction in item)
        return (*code, Instruction("list", len(items), parts[0].start, parts[-1].end))

    def index(self, parts: list[Any]) -> tuple[Instruction, ...]:
        whole, _, place, closer = parts
        return (*whole, *place, Instruction("index", None, whole[-1].start, closer.end))

    def bracketed(self, parts: list[Any]) -> Any:
        return parts[0]

    def sum(self, parts: list[Any]) -> tuple[Instruction, ...]:
        code = list(parts[0])
        for sign, operand in zip(parts[1::2], parts[2::2], strict=True):
            code += [*operand, Instruction(sign.text, None, parts[0][0].start, operand[-1].end)]
        return tuple(code)

    product = comparison = sum

    def unary(self, parts: list[Any]) -> tuple[Instruction, ...]:
        signs = [sign for sign in parts[:-1] if sign.text == "-"]
        # `--a` is `a`: an even number of signs adds nothing to the code.
        if not len(signs) % 2:
            return tuple(parts[-1])
        return (*parts[-1], Instruction("negate", None, parts[0].start, parts[-1][-1].end))

    def power(self, parts: list[Any]) -> tuple[Instruction, ...]:
        return (*parts[0], *parts[2], Instruction("**", None, parts[0][0].start, parts[2][-1].end))

    def negation(self, parts: list[Any]) -> tuple[Instruction, ...]:
        change = Instruction("not", None, parts[0].start, parts[-1][-1].end)
        # Twice for an even number: `not not a` still checks that `a` is yes or no.
        return (*parts[-1], *(change,) * (1 if (len(parts) - 1) % 2 else 2))

    def _shortcut(self, parts: list[Any]) -> tuple[Instruction, ...]:
        """Write `a and b and c` from the right: an operand can jump over those after it."""
        last = parts[-1]
        code = (*last, Instruction("truth", None, last[0].start, last[-1].end))
        operands, signs = parts[0:-1:2], parts[1::2]
        # Built from the end: a jump needs the length of what follows it.
        pieces = [code]
        length = len(code)
        for operand, sign in zip(reversed(operands), reversed(signs), strict=True):
            jump = Instruction(sign.text, length, operand[0].start, operand[-1].end)
            pieces += [(jump,), operand]
            length += 1 + len(operand)
        return tuple(instruction for piece in reversed(pieces) for instruction in piece)

    disjunction = conjunction = _shortcut

    def call(self, parts: list[Any]) -> tuple[Instruction, ...]:
        name, arguments = parts[0].text, parts[1:-1]
        start, end = parts[0].start, parts[-1].end
        _check_call(name, len(arguments), start, parts[0].end, end)
        if name == "if":
            condition, then, otherwise = arguments
            # Only one branch is evaluated: `if(n == 0, 1, 8//n)` must not divide by 0.
            skip = Instruction("unless", len(then) + 1, condition[0].start, condition[-1].end)
            jump = Instruction("jump", len(otherwise), start, end)
            return (*condition, skip, *then, jump, *otherwise)
        code = (instruction for argument in arguments for instruction in argument)
        return (*code, Instruction(name, len(arguments), start, end))


def _check_call(name: str, count: int, start: int, name_end: int, end: int) -> None:
    """Refuse an unknown function, and values that are too few or too many."""
    if name not in FUNCTIONS:
        message = f"there is no function `{name}` in expressions"
        help = did_you_mean(name, FUNCTIONS) or f"the functions are {', '.join(FUNCTIONS)}"
        raise Fault("N105", message, start, name_end, help)
    min, max = FUNCTIONS[name]
    if not min <= count <= max:
        number = f"{min}" if min == max else f"{min} to {max}"
        message = f"`{name}` requires {number} {plural('value', max)}, not {count}"
        raise Fault("N106", message, start, end)
