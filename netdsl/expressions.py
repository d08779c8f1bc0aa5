"""Expressions: exact arithmetic on integers and fractions, run from postfix code without
recursion.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from netdsl.errors import NetError, Source, Span, fail
from netdsl.kinds.lists import mixed, too_large
from netdsl.kinds.values import shown
from netdsl.limits import MAX_BITS, Limits
from netdsl.syntax.tree import Expression, Instruction
from netdsl.wording import plural


def evaluate(
    expression: Expression, source: Source, lookup: Callable[[str, Span], Any], limits: Limits
) -> Any:
    """Return the value of an expression: an int, a Fraction, a bool, a str, or a tuple of such.

    `lookup` gives the value of a name, or raises `NetError`. A value that is not plain (a chain)
    cannot be an operand.

    Args:
        expression: postfix code.
        source: the text that it is in, for the places of errors.
        lookup: gives the value of a name.
        limits: how large integers and lists may be.

    Raises:
        NetError: N111 for operands of the wrong type, N112 for a division by zero, N117 for an
            index out of range, N404 for integers and lists beyond their limits.
    """
    code, stack = expression.code, []
    at = 0
    while at < len(code):
        instruction = code[at]
        op, argument = instruction.op, instruction.argument
        at += 1
        if op == "push":
            stack.append(_within(argument, instruction, source, limits))
        elif op == "name":
            stack.append(lookup(str(argument), Span(source, instruction.start, instruction.end)))
        elif op == "jump":
            at += int(argument)  # type: ignore[arg-type]
        elif op == "unless":
            at += 0 if _truth(stack.pop(), instruction, source) else int(argument)  # type: ignore[arg-type]
        elif op in ("and", "or"):
            # Decided: the value stays on the stack, and the other operands are jumped over.
            if _truth(stack[-1], instruction, source) == (op == "or"):
                at += int(argument)  # type: ignore[arg-type]
            else:
                stack.pop()
        elif op == "truth":
            _truth(stack[-1], instruction, source)
        else:
            count = int(argument) if argument is not None else 1 if op in ("negate", "not") else 2
            operands = stack[-count:]
            del stack[-count:]
            stack.append(
                _within(
                    _apply(op, operands, instruction, source, limits), instruction, source, limits
                )
            )
    return stack.pop()


def _truth(value: Any, instruction: Instruction, source: Source) -> bool:
    if not isinstance(value, bool):
        message = f"a condition is yes or no, not {_described(value)}"
        raise fail(
            "N111", message, _span(instruction, source), help="compare two values, as in c > 1"
        )
    return value


def _apply(
    op: str, operands: list[Any], instruction: Instruction, source: Source, limits: Limits
) -> Any:
    if op == "not":
        return not _truth(operands[0], instruction, source)
    if op == "list":
        return _listed(operands, instruction, source, limits)
    if op == "index":
        return _item(operands[0], operands[1], instruction, source)
    if op == "len":
        return len(_list(operands[0], "`len` requires a list", instruction, source))
    if op in ("==", "!="):
        a, b = operands
        return (a == b and isinstance(a, bool) == isinstance(b, bool)) == (
            op == "=="
        )  # to Python True is 1
    if op in _OF_LISTS and len(operands) == 1 and type(operands[0]) is tuple:
        operands = list(operands[0])
    for operand in operands:
        if isinstance(operand, bool) or not _is_number(operand):
            raise _wrong(
                f"`{'-' if op == 'negate' else op}` requires numbers, not {_described(operand)}",
                instruction,
                source,
            )
    if op in ("/", "//", "%") and not operands[1]:
        raise fail("N112", f"`{op}` divides by zero", _span(instruction, source))
    if op == "**":
        return _power(operands[0], operands[1], instruction, source, limits)
    return _simplest(_OPERATIONS[op](*operands))


def _listed(
    items: list[Any], instruction: Instruction, source: Source, limits: Limits
) -> tuple[Any, ...]:
    listed, span = tuple(items), _span(instruction, source)
    for item in items:
        if not _is_number(item) and type(item) not in (bool, str, tuple):
            raise fail("N111", f"a list holds numbers or lists, not {_described(item)}", span)
    wrong = mixed(items)
    if wrong:
        raise fail("N111", wrong, span)
    wrong = too_large(listed, limits.numbers)
    if wrong:
        raise fail("N404", wrong, span)
    return listed


def _list(value: Any, rule: str, instruction: Instruction, source: Source) -> tuple[Any, ...]:
    if type(value) is not tuple:
        raise _wrong(f"{rule}, not {_described(value)}", instruction, source)
    return value


def _item(value: Any, place: Any, instruction: Instruction, source: Source) -> Any:
    """Return an item of a list, counted from 0."""
    items = _list(value, "an index requires a list before it", instruction, source)
    if isinstance(place, bool) or not isinstance(place, int):
        raise _wrong(f"an index is an integer, not {_described(place)}", instruction, source)
    if not 0 <= place < len(items):
        length = f"{shown(items):.60} has {len(items)} {plural('item', len(items))}"
        message = f"there is no item {place}: {length}, counted from 0"
        help = f"the last one is [{len(items) - 1}]"  # no list is empty
        raise fail("N117", message, _span(instruction, source), help=help)
    return items[place]


def _power(
    base: Any, exponent: Any, instruction: Instruction, source: Source, limits: Limits
) -> Any:
    if exponent != int(exponent):
        raise _wrong(f"an exponent is an integer, not {exponent}", instruction, source)
    if exponent < 0 and not base:
        raise fail("N112", "`**` divides by zero", _span(instruction, source))
    # Before it is computed: 10**10**10 would fill the memory.
    bits = max(base.numerator.bit_length(), base.denominator.bit_length()) - 1
    if bits * abs(exponent) > MAX_BITS:
        raise _too_large(instruction, source, limits)
    from fractions import Fraction

    return _simplest(Fraction(base) ** int(exponent))


def _ratio(a: Any, b: Any) -> Any:
    from fractions import Fraction

    return Fraction(a) / b


def round8(value: Any) -> int:
    """Round to a multiple of 8, never more than 10 % below the value (MobileNet's rule)."""
    rounded: int = max(8, (math.floor(value) + 4) // 8 * 8)
    return rounded + 8 if 10 * rounded < 9 * value else rounded


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _ratio,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "negate": lambda a: -a,
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "sum": lambda *values: sum(values),
    "round": lambda a: math.floor(_ratio(2 * a + 1, 2)),  # halves go up, as on paper
    "ceil": math.ceil,
    "floor": math.floor,
    "round8": round8,
}


_OF_LISTS = ("min", "max", "sum")
"""Functions of several numbers, or of one list."""


def _simplest(value: Any) -> Any:
    """Return the value, a fraction with the denominator 1 as an integer."""
    return value if isinstance(value, int) or value.denominator != 1 else value.numerator


def _is_number(value: Any) -> bool:
    return hasattr(value, "denominator") and not isinstance(value, float)


def _within(value: Any, instruction: Instruction, source: Source, limits: Limits) -> Any:
    if isinstance(value, int):
        if abs(value) > limits.integer:
            raise _too_large(instruction, source, limits)
    elif (
        _is_number(value)
        and max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS
    ):
        raise _too_large(instruction, source, limits)
    return value


def _too_large(instruction: Instruction, source: Source, limits: Limits) -> NetError:
    return fail(
        "N404",
        f"this value is larger than the limit, {limits.integer:,}",
        _span(instruction, source),
    )


def _wrong(message: str, instruction: Instruction, source: Source) -> NetError:
    return fail("N111", message, _span(instruction, source))


def _described(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return f'the string "{value}"'
    if type(value) is tuple:
        return f"the list {shown(value):.60}"
    return str(value) if _is_number(value) else "a chain or a shape"


def _span(instruction: Instruction, source: Source) -> Span:
    return Span(source, instruction.start, instruction.end)
