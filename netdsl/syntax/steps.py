"""The rules of the grammar for values, steps and chains."""

from __future__ import annotations

from typing import Any

from netdsl.syntax import tokens, tree
from netdsl.syntax.fault import Fault


class StepRules:
    """The rules of the grammar for values, steps and chains."""

    # --- values ---

    def number(self, parts: list[Any]) -> tree.Number:
        return tokens.number(parts[0])

    def shape(self, parts: list[Any]) -> tree.Sizes:
        return tree.Sizes(tokens.sizes(parts[0].text, parts[0].start), parts[0].start, parts[0].end)

    def braced(self, parts: list[Any]) -> tree.Expression:
        return tree.Expression(parts[1], parts[0].end - 1, parts[-1].end)

    def string(self, parts: list[Any]) -> tree.String:
        return tree.String(parts[0].text[1:-1], parts[0].start, parts[0].end)

    def tupled(self, parts: list[Any]) -> tree.Tuple:
        return tree.Tuple(tuple(parts[1:-1]), parts[0].start, parts[-1].end)

    def dims(self, parts: list[Any]) -> tree.Number | tree.Expression | tree.Sizes:
        if len(parts) == 1:
            return parts[0]  # type: ignore[no-any-return]
        sizes: list[tree.Number | tree.Expression] = []
        for part in parts[::2]:
            sizes += part.items if isinstance(part, tree.Sizes) else (part,)
        for before, cross in zip(parts[::2], parts[1::2], strict=False):
            # The grammar cannot see what touches: spaces are dropped before it.
            if cross.start != before.end:
                message = "the `x` between two sizes has no spaces around it"
                help = "write `32x{w}`, without spaces"
                raise Fault("N004", message, before.end, cross.end, help)
        return tree.Sizes(tuple(sizes), parts[0].start, parts[-1].end)

    # --- steps ---

    def size(self, parts: list[Any]) -> tree.Sizes:
        return as_sizes(self.dims([self.braced(parts[:3]), *parts[3:]]))

    def amount(self, parts: list[Any]) -> tree.Number | tree.Expression:
        token, start = parts[0], parts[0].start + 1
        if len(parts) == 1:
            return tree.Number(
                tokens.number_value(token.text[1:], start, token.end), start, token.end
            )
        return tree.Expression(parts[1], start, parts[-1].end)

    def stride(self, parts: list[Any]) -> tree.Sizes:
        token, start = parts[0], parts[0].start + 1
        if token.type == "STRIDE":
            first = tree.Sizes(tokens.sizes(token.text[1:], start), start, token.end)
            return as_sizes(self.dims([first, *parts[1:]]))
        braced = tree.Expression(parts[1], start, parts[2].end)
        return as_sizes(self.dims([braced, *parts[3:]]))

    def argument_list(self, parts: list[Any]) -> tuple[tuple[tree.ArgumentNode, ...], int]:
        return parts[0] or (), parts[1].end

    def arguments(self, parts: list[Any]) -> tuple[tree.ArgumentNode, ...]:
        return tuple(parts)

    def option(self, parts: list[Any]) -> tree.ArgumentNode:
        name = tokens.name(parts[0])
        return tree.ArgumentNode(name, parts[1], name.start, parts[1].end)

    def positional(self, parts: list[Any]) -> tree.ArgumentNode:
        return tree.ArgumentNode(None, parts[0], parts[0].start, parts[0].end)

    def layer(self, parts: list[Any]) -> tree.LayerNode:
        token, size, amount, stride, arguments = parts
        start = token.start
        word, own_amount, own_stride = tokens.step_parts(token.text)
        end = word_end = token.end
        # `conv3-64/2` is one token; with braces its parts are tokens of their own.
        one_token = size is None and amount is None and stride is None
        if own_stride:
            word_end = start + own_stride[0]
            _refuse_second(stride, "stride")
            digits = token.text[own_stride[0] + 1 :]
            stride = tree.Sizes(tokens.sizes(digits, word_end + 1), word_end + 1, token.end)
            if amount is not None:
                message, help = (
                    "the amount is written before the stride",
                    f"write {word}-64/{digits}",
                )
                raise Fault("N003", message, amount.start - 1, amount.end, help)
        if own_amount:
            word_end, amount_end = start + own_amount[0], start + own_amount[1]
            _refuse_second(size or amount, "amount")
            digits = token.text[own_amount[0] + 1 : own_amount[1]]
            value = tokens.number_value(digits, word_end + 1, amount_end)
            amount = tree.Number(value, word_end + 1, amount_end)
        if not one_token:
            end = _end_of_touching(end, size, amount, stride)
        if arguments is not None:
            arguments, end = arguments
        name = tree.Name(word, start, word_end)
        return tree.LayerNode(name, size, amount, stride, arguments, start, end)

    def merge(self, parts: list[Any]) -> tree.MergeNode:
        word, arguments, opener, *branches, closer = parts
        if arguments is not None and ("-" in word.text or "/" in word.text):
            message = f"`>` is missing before `[`: `{word.text}(...)` is a layer, not a merge"
            help = f"write {word.text}(...) > [ a | b ]"
            raise Fault("N003", message, opener.start, opener.end, help)
        name = None if word is None else tokens.name(word)
        start = name.start if name else opener.start
        options = None if arguments is None else arguments[0]
        return tree.MergeNode(name, options, tuple(branches), start, closer.end)

    def group(self, parts: list[Any]) -> tree.Group:
        return tree.Group(parts[1], parts[0].start, parts[2].end)

    def reference(self, parts: list[Any]) -> tree.Reference:
        return tree.Reference(parts[0].text[1:], parts[0].start, parts[0].end)

    def when(self, parts: list[Any]) -> tree.When:
        token, condition, then, otherwise, closer = parts
        test = tree.Expression(condition, condition[0].start, condition[-1].end)
        return tree.When(test, then, otherwise, token.start, closer.end)

    def repeat(self, parts: list[Any]) -> tree.Number:
        return self._after_sign(parts[0])

    def branches(self, parts: list[Any]) -> tree.Number:
        return self._after_sign(parts[0])

    @staticmethod
    def _after_sign(token: Any) -> tree.Number:
        """Return the number of ` x3`, `|4`."""
        digits = token.text.lstrip()[1:]
        start = token.end - len(digits)
        return tree.Number(tokens.number_value(digits, start, token.end), start, token.end)

    def step(self, parts: list[Any]) -> tree.Step:
        body, repeat, branches, _, name = parts
        end = (branches or repeat or body).end
        own_name = None if name is None else tokens.name(name)
        end = own_name.end if own_name else end
        return tree.Step(body, repeat, branches, own_name, body.start, end)

    def chain(self, parts: list[Any]) -> tree.Chain:
        return tree.Chain(tuple(parts), parts[0].start, parts[-1].end)


def as_sizes(part: tree.Number | tree.Expression | tree.Sizes) -> tree.Sizes:
    """Return one size alone as `Sizes`, for places where several are possible."""
    return part if isinstance(part, tree.Sizes) else tree.Sizes((part,), part.start, part.end)


def _refuse_second(second: Any, what: str) -> None:
    """Refuse a part that the word's own token has already."""
    if second is not None:
        message = f"there is a second {what}, or a size after it"
        help = "write kind, size, -amount, /stride"
        raise Fault("N004", message, second.start, second.end, help)


def _end_of_touching(end: int, size: Any, amount: Any, stride: Any) -> int:
    """Return where a word ends with its size, amount and stride, which touch one another."""
    for part, gap in ((size, 0), (amount, 1), (stride, 1)):
        if part is not None and part.end > end:
            # The sign before an amount or a stride is not part of it: a gap of one.
            if part.start - gap > end:
                message = "size, amount and stride follow the word without spaces"
                help = "write `conv{k}-{c}/{s}`, without spaces"
                raise Fault("N004", message, end, part.end, help)
            end = part.end
    return end
