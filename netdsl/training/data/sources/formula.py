"""Functions of x as text, such as `sin(3*pi*x)`: read here, and computed with NumPy."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import did_you_mean, fail

if TYPE_CHECKING:
    from netdsl.errors import NetError, Span
    from netdsl.training.preparation.rows import Array

LONGEST, DEEPEST = 500, 40
"""The most characters of a function, and the deepest nesting of brackets and signs."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?)|(?P<name>[A-Za-z]\w*)"
    r"|(?P<sign>\*\*|<=|>=|[-+*/^%(),<>]))"
)
CONSTANTS = {"pi": math.pi, "e": math.e}
FUNCTIONS: dict[str, int] = {
    **dict.fromkeys(("sin", "cos", "tan", "exp", "log", "sqrt", "abs", "sign", "floor", "tanh"), 1),
    **dict.fromkeys(("min", "max"), 2),
}
"""The functions that a text may call, and how many arguments each takes."""

_NUMPY = {"min": "minimum", "max": "maximum", "/": "divide", "%": "mod", "^": "power"}
_NUMPY |= {"+": "add", "-": "subtract", "*": "multiply", "**": "power"}
_NUMPY |= {"<": "less", ">": "greater", "<=": "less_equal", ">=": "greater_equal"}

Term = Callable[[Any, Any], Any]
"""Computes a part of a function from numpy and x."""


class FunctionOfX(NamedTuple):
    """A function of x.

    Attributes:
        text: as it was written, without spaces at its ends.
        term: computes it.
    """

    text: str
    term: Term

    def values(self, x: Array) -> Array:
        """Compute the function in float64 for numbers of any shape; NaN where it has no value."""
        import numpy as np

        # Where there is no value the result is NaN, which the caller reports with its place.
        with np.errstate(all="ignore"):
            found = np.asarray(self.term(np, np.asarray(x, np.float64)), np.float64)
        # A constant function returns a single number.
        return np.broadcast_to(found, np.shape(x)).copy()


def read_formula(text: str, span: Span | None = None) -> FunctionOfX:
    """Read a function of x.

    It is made of numbers, `x`, `pi`, `e`, + - * / % ^, brackets, comparisons (1 where they are
    true, else 0), and the functions of `FUNCTIONS`.

    Args:
        text: the function.
        span: the place of the function in a recipe.

    Raises:
        NetError: N505 where it is not one.
    """
    if len(text) > LONGEST:
        raise fail("N505", f"a function has at most {LONGEST} characters, not {len(text):,}", span)
    return FunctionOfX(text.strip(), _Reader(text, span).whole())


class _Reader:
    """Reads one function from left to right, by precedence."""

    def __init__(self, text: str, span: Span | None) -> None:
        self.text, self.span, self.depth, self.at = text, span, 0, 0
        self.tokens = self._tokens()

    def _tokens(self) -> list[tuple[str, str, int]]:
        found, at, end = [], 0, len(self.text.rstrip())
        while at < end:
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise self._wrong(f"`{self.text[at:].strip()[:1]}` is not part of a function", at)
            kind = str(match.lastgroup)
            found.append((kind, match[kind], match.start(kind)))
            at = match.end()
        return found

    def whole(self) -> Term:
        term = self._comparison()
        if self.at < len(self.tokens):
            _, token, place = self.tokens[self.at]
            raise self._wrong(f"`{token}` does not follow what is before it", place)
        return term

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _comparison(self) -> Term:
        return self._binary(("<", ">", "<=", ">="), self._sum)

    def _sum(self) -> Term:
        return self._binary(("+", "-"), self._product)

    def _product(self) -> Term:
        return self._binary(("*", "/", "%"), self._signed)

    def _binary(self, signs: tuple[str, ...], part: Callable[[], Term]) -> Term:
        term = part()
        while self._peek() in signs:
            sign = self._peek()
            self.at += 1
            term = _applied(_NUMPY[sign], term, part())
        return term

    def _signed(self) -> Term:
        """Read a sign before a power: -x^2 is -(x^2)."""
        if self._peek() not in ("+", "-"):
            return self._power()
        sign = self._peek()
        self.at += 1
        term = self._deeper(self._signed)
        return _applied("negative", term) if sign == "-" else term

    def _power(self) -> Term:
        base = self._atom()
        if self._peek() not in ("^", "**"):
            return base
        self.at += 1
        # To the right: 2^3^2 is 2^9, and 2^-1 has a sign of its own.
        return _applied("power", base, self._deeper(self._signed))

    def _atom(self) -> Term:
        if self.at == len(self.tokens):
            raise self._wrong("the function ends too early", len(self.text))
        kind, token, place = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            number = float(token)
            return lambda np, x: number
        if token == "(":
            return self._deeper(self._bracketed)
        if kind != "name":
            raise self._wrong(f"`{token}` needs a number before it", place)
        if token in FUNCTIONS:
            return self._deeper(lambda: self._call(token, place))
        if token in CONSTANTS:
            constant = CONSTANTS[token]
            return lambda np, x: constant
        if token != "x":
            known = ("x", *CONSTANTS, *FUNCTIONS)
            help = did_you_mean(token, known) or f"it may hold {', '.join(known)}"
            raise self._wrong(f"`{token}` is not known", place, help)
        return lambda np, x: x

    def _bracketed(self) -> Term:
        term = self._comparison()
        self._require(")")
        return term

    def _call(self, name: str, place: int) -> Term:
        self._require("(")
        arguments = [self._comparison()]
        while self._peek() == ",":
            self.at += 1
            arguments.append(self._comparison())
        self._require(")")
        if len(arguments) != FUNCTIONS[name]:
            needs = f"`{name}` takes {FUNCTIONS[name]}"
            raise self._wrong(f"{needs}, and {len(arguments)} are given", place)
        return _applied(_NUMPY.get(name, name), *arguments)

    def _require(self, sign: str) -> None:
        if self._peek() != sign:
            at = self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)
            found = f", not `{self._peek()}`" if self._peek() else ""
            raise self._wrong(f"`{sign}` is expected here{found}", at)
        self.at += 1

    def _deeper(self, part: Callable[[], Term]) -> Term:
        # Beyond Python's own limit there would be a RecursionError, here or when it is computed.
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._wrong(f"more than {DEEPEST} brackets and signs within each other", 0)
        term = part()
        self.depth -= 1
        return term

    def _wrong(self, message: str, place: int, help: str = "") -> NetError:
        where = f"at character {place + 1} of the function `{self.text.strip()[:60]}`"
        usual = help or "write it as in `sin(3*pi*x)`"
        return fail("N505", f"{message}, {where}", self.span, help=usual)


def _applied(name: str, *terms: Term) -> Term:
    """Return the term that applies NumPy's function of a name to the values of terms."""
    return lambda np, x: getattr(np, name)(*(np.asarray(term(np, x), float) for term in terms))
