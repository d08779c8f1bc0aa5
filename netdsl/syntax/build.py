"""The tree's values from what the parser reduces: one method for each rule of
`grammar/netdsl.lark`.

The parser calls these as it reduces, bottom up, so no nesting is too deep. Spans end where the last
kept token ends; that is why the grammar names its closing brackets.
"""

from __future__ import annotations

import re
from typing import Any

from netdsl.syntax import tree
from netdsl.syntax.build_expressions import ExpressionBuilder
from netdsl.syntax.literals import Fault, number_value, sizes_of, step_parts


class Builder(ExpressionBuilder):
    """The parser's methods. `None` stands for what an optional part of a rule lacks."""

    # --- tokens ---

    @staticmethod
    def _word(token: Any) -> tree.Name:
        """A STEP token where only a name can stand."""
        word, amount, stride = step_parts(token.text)
        if amount or stride:
            at = token.start + (amount or stride or (0, 0))[0]
            fix = f"write {re.sub('[-/]+', '_', token.text)}"
            raise Fault(
                "N004", f"only a name can stand here, not `{token.text}`", at, token.end, fix
            )
        return tree.Name(word, token.start, token.end)

    # --- values ---

    def number(self, c: list[Any]) -> tree.Number:
        return tree.Number(number_value(c[0].text, c[0].start, c[0].end), c[0].start, c[0].end)

    def shape(self, c: list[Any]) -> tree.Sizes:
        return tree.Sizes(sizes_of(c[0].text, c[0].start), c[0].start, c[0].end)

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
            first: Any = tree.Sizes(sizes_of(token.text[1:], start), start, token.end)
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
        word, own_amount, own_stride = step_parts(token.text)
        word_end = token.end
        if own_stride:
            word_end = start + own_stride[0]
            own = tree.Sizes(
                sizes_of(token.text[own_stride[0] + 1 :], word_end + 1), word_end + 1, token.end
            )
            self._refuse_second(stride, own, "stride")
            stride = own
            if amount is not None:
                fix = f"write {step_parts(token.text)[0]}-64/{token.text[own_stride[0] + 1 :]}"
                raise Fault(
                    "N003",
                    "the amount stands before the stride",
                    amount.start - 1,
                    amount.end,
                    fix,
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
            fix = "write kind, size, -amount, /stride"
            raise Fault(
                "N004",
                f"there is a second {what}, or a size behind it",
                second.start,
                second.end,
                fix,
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
