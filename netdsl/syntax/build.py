"""The tree's values from what the parser reduces: one method for each rule of
`grammar/netdsl.lark`.

The parser calls these as it reduces, bottom up, so no nesting is too deep. Spans end where the last
kept token ends; that is why the grammar names its closing brackets.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from netdsl.syntax import tree
from netdsl.syntax.tree import Instruction

if TYPE_CHECKING:
    from fractions import Fraction

FUNCTIONS = {
    "min": (1, 64),
    "max": (1, 64),
    "round": (1, 1),
    "ceil": (1, 1),
    "floor": (1, 1),
    "round8": (1, 1),
    "if": (3, 3),
}

_STEP = re.compile(r"(?P<word>[A-Za-z_][A-Za-z0-9_×]*)(?P<amount>-[0-9_]+)?(?P<stride>/[0-9_x×]+)?")
_EXPONENT = 300


class Fault(Exception):
    """A mistake that is found while the tree is built."""

    def __init__(self, code: str, message: str, start: int, end: int, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.start, self.end, self.help = code, message, start, end, help


def number_value(text: str, start: int, end: int) -> int | Fraction:
    """The exact value of a number as it is written: `61_706`, `-1`, `0.5`, `1e-4`, `1/255`.

    Raises:
        Fault: for a number that no 64-bit integer, exponent of 300 or denominator other than 0 can
            hold.
    """
    plain = text.replace("_", "")
    if plain.isdigit() and len(plain) < 20:
        return int(plain)
    from fractions import Fraction

    upper, _, lower = plain.partition("/")
    exponent = re.search(r"[eE]([+-]?[0-9]+)", plain)
    if len(plain) > 400 or (
        exponent and (len(exponent[1]) > 4 or abs(int(exponent[1])) > _EXPONENT)
    ):
        raise Fault(
            "N404",
            f"the number {text[:24]}{'...' if len(text) > 24 else ''} is too long or too large",
            start,
            end,
        )
    divisor = Fraction(lower or "1")
    if not divisor:
        raise Fault("N112", f"{text} divides by zero", start, end)
    return _settled(Fraction(upper) / divisor)


def _settled(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


@lru_cache(maxsize=4096)
def _step_parts(text: str) -> tuple[str, tuple[int, int] | None, tuple[int, int] | None]:
    """A STEP token's word, and where its amount and its stride stand in it."""
    match = _STEP.fullmatch(text)
    assert match, text
    amount = match.span("amount") if match["amount"] else None
    return (
        match["word"].replace("×", "x"),
        amount,
        match.span("stride") if match["stride"] else None,
    )


def _sizes(text: str, start: int) -> tuple[tree.Number, ...]:
    """The numbers of `7x7x512`, each with its place."""
    parts, at = [], start
    for part in re.split("[x×]", text):
        parts.append(tree.Number(number_value(part, at, at + len(part)), at, at + len(part)))
        at += len(part) + 1
    return tuple(parts)


class Builder:
    """The parser's methods. `None` stands for what an optional part of a rule lacks."""

    # --- tokens ---

    @staticmethod
    def _word(token: Any) -> tree.Name:
        """A STEP token where only a name can stand."""
        word, amount, stride = _step_parts(token.text)
        if amount or stride:
            at = token.start + (amount or stride or (0, 0))[0]
            mend = f"write {re.sub('[-/]+', '_', token.text)}"
            raise Fault(
                "N004", f"only a name can stand here, not `{token.text}`", at, token.end, mend
            )
        return tree.Name(word, token.start, token.end)

    # --- values ---

    def number(self, c: list[Any]) -> tree.Number:
        return tree.Number(number_value(c[0].text, c[0].start, c[0].end), c[0].start, c[0].end)

    def shape(self, c: list[Any]) -> tree.Sizes:
        return tree.Sizes(_sizes(c[0].text, c[0].start), c[0].start, c[0].end)

    def braced(self, c: list[Any]) -> tree.Expression:
        return tree.Expression(c[1], c[0].end - 1, c[-1].end)

    def string(self, c: list[Any]) -> tree.String:
        return tree.String(c[0].text[1:-1], c[0].start, c[0].end)

    def tupled(self, c: list[Any]) -> tree.Tuple:
        return tree.Tuple(tuple(c[1:-1]), c[0].start, c[-1].end)

    def dims(self, c: list[Any]) -> tree.Number | tree.Expression | tree.Sizes:
        if len(c) == 1:
            return c[0]  # type: ignore[no-any-return]
        parts: list[tree.Number | tree.Expression] = []
        for part in c[::2]:
            parts += part.items if isinstance(part, tree.Sizes) else (part,)
        for before, cross in zip(c[::2], c[1::2], strict=False):
            if cross.start != before.end:
                raise Fault(
                    "N004",
                    "the `x` between two sizes touches them",
                    before.end,
                    cross.end,
                    "write `32x{w}`, without blanks",
                )
        return tree.Sizes(tuple(parts), c[0].start, c[-1].end)

    # --- expressions: postfix code ---

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

            mend = did_you_mean(name, FUNCTIONS) or f"the functions are {', '.join(FUNCTIONS)}"
            raise Fault(
                "N105", f"there is no function `{name}` in expressions", start, c[0].end, mend
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

    # --- steps ---

    def size(self, c: list[Any]) -> tree.Sizes:
        first = self.braced(c[:3])
        sizes = self.dims([first, *c[3:]])
        return (
            sizes if isinstance(sizes, tree.Sizes) else tree.Sizes((first,), first.start, first.end)
        )

    def amount(self, c: list[Any]) -> tree.Number | tree.Expression:
        token = c[0]
        if len(c) == 1:
            start = token.start + 1
            return tree.Number(number_value(token.text[1:], start, token.end), start, token.end)
        return tree.Expression(c[1], token.start + 1, c[-1].end)

    def stride(self, c: list[Any]) -> tree.Sizes:
        token, start = c[0], c[0].start + 1
        if token.type == "STRIDE":
            first: Any = tree.Sizes(_sizes(token.text[1:], start), start, token.end)
            return self.dims([first, *c[1:]])  # type: ignore[return-value]
        first = tree.Expression(c[1], start, c[2].end)
        sizes = self.dims([first, *c[3:]])
        return (
            sizes if isinstance(sizes, tree.Sizes) else tree.Sizes((first,), first.start, first.end)
        )

    def argument_list(self, c: list[Any]) -> tuple[tuple[tree.Argument, ...], int]:
        return c[0] or (), c[1].end

    def arguments(self, c: list[Any]) -> tuple[tree.Argument, ...]:
        return tuple(c)

    def option(self, c: list[Any]) -> tree.Argument:
        name = self._word(c[0])
        return tree.Argument(name, c[1], name.start, c[1].end)

    def positional(self, c: list[Any]) -> tree.Argument:
        return tree.Argument(None, c[0], c[0].start, c[0].end)

    def layer(self, c: list[Any]) -> tree.Layer:
        token, size, amount, stride, arguments = c
        start = token.start
        word, own_amount, own_stride = _step_parts(token.text)
        word_end = token.end
        if own_stride:
            word_end = start + own_stride[0]
            own = tree.Sizes(
                _sizes(token.text[own_stride[0] + 1 :], word_end + 1), word_end + 1, token.end
            )
            self._refuse_second(stride, own, "stride")
            stride = own
            if amount is not None:
                mend = f"write {_step_parts(token.text)[0]}-64/{token.text[own_stride[0] + 1 :]}"
                raise Fault(
                    "N003",
                    "the amount stands before the stride",
                    amount.start - 1,
                    amount.end,
                    mend,
                )
        if own_amount:
            word_end = start + own_amount[0]
            end = start + own_amount[1]
            digits = token.text[own_amount[0] + 1 : own_amount[1]]
            own_number = tree.Number(number_value(digits, word_end + 1, end), word_end + 1, end)
            self._refuse_second(size or amount, own_number, "amount")
            amount = own_number
        end = token.end
        for part, gap in ((size, 0), (amount, 1), (stride, 1)):
            if part is not None and part.end > end:
                if part.start - gap > end:
                    raise Fault(
                        "N004",
                        "size, amount and stride touch the word",
                        end,
                        part.end,
                        "write `conv{k}-{c}/{s}`, without blanks",
                    )
                end = part.end
        if arguments is not None:
            end = arguments[1]
            arguments = arguments[0]
        return tree.Layer(
            tree.Name(word, start, word_end), size, amount, stride, arguments, start, end
        )

    @staticmethod
    def _refuse_second(second: Any, first: Any, what: str) -> None:
        if second is not None:
            mend = "write kind, size, -amount, /stride"
            raise Fault(
                "N004",
                f"there is a second {what}, or a size behind it",
                second.start,
                second.end,
                mend,
            )

    def merge(self, c: list[Any]) -> tree.Merge:
        word, opener, *branches, closer = c
        name = self._word(word) if word is not None else None
        start = name.start if name else opener.start
        return tree.Merge(name, tuple(branches), start, closer.end)

    def group(self, c: list[Any]) -> tree.Group:
        return tree.Group(c[1], c[0].start, c[2].end)

    def reference(self, c: list[Any]) -> tree.Reference:
        return tree.Reference(c[0].text[1:], c[0].start, c[0].end)

    def when(self, c: list[Any]) -> tree.When:
        token, condition, then, otherwise, closer = c
        test = tree.Expression(condition, condition[0].start, condition[-1].end)
        return tree.When(test, then, otherwise, token.start, closer.end)

    def repeat(self, c: list[Any]) -> tree.Number:
        token = c[0]
        digits = token.text.lstrip()[1:]
        start = token.end - len(digits)
        return tree.Number(number_value(digits, start, token.end), start, token.end)

    def step(self, c: list[Any]) -> tree.Step:
        body, repeat, _, name = c
        end = repeat.end if repeat else body.end
        own_name = self._word(name) if name is not None else None
        return tree.Step(body, repeat, own_name, body.start, own_name.end if own_name else end)

    def chain(self, c: list[Any]) -> tree.Chain:
        return tree.Chain(tuple(c), c[0].start, c[-1].end)

    # --- statements ---

    def net(self, c: list[Any]) -> tree.Net:
        name = self._word(c[0])
        return tree.Net(name, name.start - 4, name.end)

    def use(self, c: list[Any]) -> tree.Use:
        what = self.string(c) if c[0].type == "STRING" else self._word(c[0])
        return tree.Use(what, what.start, what.end)

    def param(self, c: list[Any]) -> tree.Param:
        name, code = self._word(c[0]), c[1]
        return tree.Param(
            name, tree.Expression(code, code[0].start, code[-1].end), name.start, code[-1].end
        )

    def setting(self, c: list[Any]) -> tree.Setting:
        word = self._word(c[0])
        return tree.Setting(word, c[1] or (), word.start, c[2].end)

    def default(self, c: list[Any]) -> tree.Default:
        return tree.Default(tuple(c), c[0].start, c[-1].end)

    def parameters(self, c: list[Any]) -> tuple[tree.Parameter, ...]:
        return tuple(c)

    def parameter(self, c: list[Any]) -> tree.Parameter:
        name = self._word(c[0])
        return tree.Parameter(name, c[1], name.start, c[1].end if c[1] is not None else name.end)

    def let(self, c: list[Any]) -> tree.Let:
        name = self._word(c[0])
        return tree.Let(name, c[1], name.start, c[1].end)

    def head(self, c: list[Any]) -> tree.Head:
        dims, of, type_token, limit, closer = c
        shape = dims if isinstance(dims, tree.Sizes) else tree.Sizes((dims,), dims.start, dims.end)
        if of is None:
            return tree.Head(shape, None, None, shape.start, shape.end)
        return tree.Head(shape, self._word(type_token), limit, shape.start, closer.end)

    def input(self, c: list[Any]) -> tree.Input:
        name, head, *steps = c
        own_name = self._word(name) if name is not None else None
        start = own_name.start if own_name else head.start
        return tree.Input(own_name, head, tuple(steps), start, (steps or [head])[-1].end)

    def headed_flow(self, c: list[Any]) -> tree.Input:
        return self.input([None, *c])

    def flow(self, c: list[Any]) -> tree.Flow:
        return tree.Flow(c[0], c[0].start, c[0].end)

    def tie(self, c: list[Any]) -> tree.Tie:
        name, how, other = map(self._word, c)
        return tree.Tie(name, how, other, name.start, other.end)

    def expect(self, c: list[Any]) -> tree.Expect:
        if c[0].type == "REF":
            what: tree.Reference | tree.Name = self.reference(c[:1])
        else:
            what = self._word(c[0])
        fact = c[1] if isinstance(c[1], tree.Sizes) else tree.Sizes((c[1],), c[1].start, c[1].end)
        return tree.Expect(what, fact, what.start, fact.end)


def _def(self: Builder, c: list[Any]) -> tree.Def:
    name = self._word(c[0])
    return tree.Def(name, c[1] or (), c[3], name.start, c[3].end)


setattr(
    Builder, "def", _def
)  # the rule is called by its statement's word, which Python keeps for itself
