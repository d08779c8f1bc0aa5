"""Expressions from what the parser reduces: postfix code, which a loop can run."""

from __future__ import annotations

from typing import Any

from netdsl.syntax.literals import Fault, number_value
from netdsl.syntax.tree import Instruction

FUNCTIONS = {
    "min": (1, 64),
    "max": (1, 64),
    "round": (1, 1),
    "ceil": (1, 1),
    "floor": (1, 1),
    "round8": (1, 1),
    "if": (3, 3),
}
"""The functions, and how many values each takes: at least and at most."""


class ExpressionBuilder:
    """The parser's methods for expressions: each gives the code of its part."""

    def literal(self, c: list[Any]) -> tuple[Instruction, ...]:
        return (
            Instruction(
                "push", number_value(c[0].text, c[0].start, c[0].end), c[0].start, c[0].end
            ),
        )

    def text(self, c: list[Any]) -> tuple[Instruction, ...]:
        return (Instruction("push", c[0].text[1:-1], c[0].start, c[0].end),)

    def name(self, c: list[Any]) -> tuple[Instruction, ...]:
        return (Instruction("name", c[0].text, c[0].start, c[0].end),)

    def bracketed(self, c: list[Any]) -> Any:
        return c[0]

    def sum(self, c: list[Any]) -> tuple[Instruction, ...]:
        code = list(c[0])
        for sign, operand in zip(c[1::2], c[2::2], strict=True):
            code += [*operand, Instruction(sign.text, None, c[0][0].start, operand[-1].end)]
        return tuple(code)

    product = comparison = sum

    def unary(self, c: list[Any]) -> tuple[Instruction, ...]:
        signs = [sign for sign in c[:-1] if sign.text == "-"]
        change = (Instruction("negate", None, c[0].start, c[-1][-1].end),) if len(signs) % 2 else ()
        return (*c[-1], *change)

    def power(self, c: list[Any]) -> tuple[Instruction, ...]:
        return (*c[0], *c[2], Instruction("**", None, c[0][0].start, c[2][-1].end))

    def negation(self, c: list[Any]) -> tuple[Instruction, ...]:
        change = Instruction("not", None, c[0].start, c[-1][-1].end)
        return (*c[-1], *(change,) * (1 if (len(c) - 1) % 2 else 2))

    def _shortcut(self, c: list[Any]) -> tuple[Instruction, ...]:
        """`a and b and c`: from the right, each operand but the last can jump over the rest."""
        code: tuple[Instruction, ...] = (
            *c[-1],
            Instruction("truth", None, c[-1][0].start, c[-1][-1].end),
        )
        operands, signs = c[0:-1:2], c[1::2]
        pieces = [code]
        length = len(code)
        for operand, sign in zip(reversed(operands), reversed(signs), strict=True):
            jump = Instruction(sign.text, length, operand[0].start, operand[-1].end)
            pieces += [(jump,), operand]
            length += 1 + len(operand)
        return tuple(instruction for piece in reversed(pieces) for instruction in piece)

    disjunction = conjunction = _shortcut

    def call(self, c: list[Any]) -> tuple[Instruction, ...]:
        name, arguments, closer = c[0].text, c[1:-1], c[-1]
        start, end = c[0].start, closer.end
        if name not in FUNCTIONS:
            from netdsl.errors import did_you_mean

            fix = did_you_mean(name, FUNCTIONS) or f"the functions are {', '.join(FUNCTIONS)}"
            raise Fault(
                "N105", f"there is no function `{name}` in expressions", start, c[0].end, fix
            )
        least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            raise Fault(
                "N106",
                f"`{name}` takes {wanted} value{'s' if most > 1 else ''}, not {len(arguments)}",
                start,
                end,
            )
        if name == "if":
            condition, then, otherwise = arguments
            skip = Instruction("unless", len(then) + 1, condition[0].start, condition[-1].end)
            return (
                *condition,
                skip,
                *then,
                Instruction("jump", len(otherwise), start, end),
                *otherwise,
            )
        return (
            *(i for argument in arguments for i in argument),
            Instruction(name, len(arguments), start, end),
        )
