"""Mistakes in sizes, amounts and strides."""

from __future__ import annotations

import re
from functools import lru_cache

from netdsl.errors import Diagnostic, Span
from netdsl.syntax.mistakes.stop import Stop

_OPERAND = r"[ \t]*[A-Za-z0-9_.]+"
_PLAIN = rf"[ \t]*(?:\*\*?|//|[+%]){_OPERAND}"
_ARITHMETIC = rf"(?:[ \t]*(?:\*\*?|//|[-+/%]){_OPERAND})+"
_UNBRACED = "arithmetic is written in braces"


def arithmetic_in_options(stop: Stop) -> Diagnostic | None:
    """`f(2*w)`, `dropout(w+1)`: arithmetic of numbers without its braces."""
    more = re.match(_ARITHMETIC, stop.rest)
    # The value from its beginning, so that the help shows the whole of it in braces.
    value = re.search(r"[(,=][ \t\n]*([A-Za-z0-9_.][-A-Za-z0-9_.+*/% \t]*)$", stop.before)
    if not (value and more) or "TIMES" in stop.expected:
        return None
    operand = re.match(r"[A-Za-z0-9_.]+", value[1])
    if not operand or not _is_number(operand.group(), stop):
        return None
    span = Span(stop.source, stop.start + value.start(1), stop.at + more.end())
    whole = stop.source.text[span.start : span.end]
    return Diagnostic("N005", _UNBRACED, span, help=f"write {{{whole}}}")


def arithmetic_in_parts(stop: Stop) -> Diagnostic | None:
    """`fc-2*w`, `pool3/2*w`, `conv3-8 x2*w`."""
    part = re.search(r"[A-Za-z0-9_ }]([-/x×])([0-9]+)$", stop.before)
    more = re.match(rf"\*[ \t]*[A-Za-z_.]+(?:{_ARITHMETIC})?", stop.rest)
    if not (part and more) or "TIMES" in stop.expected:
        return None
    help = f"write {stop.last_word[: -len(part[2])]}{{{part[2]}{more.group()}}}"
    return stop.error(_UNBRACED, help, more.end(), "N005")


def _is_number(operand: str, stop: Stop) -> bool:
    """Return whether an operand is a number, or the name of one."""
    name = operand.partition(".")[0]
    if not name or name[0].isdigit() or name == "in" or name in _params(stop.source.text):
        return True
    # A block's own parameters are numbers as well, as far as can be seen.
    parameters = stop.before.partition(")")[0] if stop.rule == "def" else ""
    return bool(re.search(rf"[(,][ \t\n]*{name}[ \t\n]*(?:[,=]|$)", parameters))


@lru_cache(maxsize=1)
def _params(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"^[ \t]*param[ \t]+([A-Za-z_][A-Za-z0-9_]*)", text, re.MULTILINE))


def name_without_braces(stop: Stop) -> Diagnostic | None:
    """`conv3-c`, `pool3/s`, `conv3-64 xn`: a name where a number or braces belong."""
    match = re.match(rf"([-/])([A-Za-z_][A-Za-z0-9_.]*(?:{_PLAIN})*)", stop.rest)
    if (
        match
        and re.search(r"[A-Za-z0-9_}]$", stop.before)
        # Without a space before it: `conv3 -c` is another mistake.
        and stop.before == stop.source.text[stop.start : stop.at]
    ):
        what = "amount" if match[1] == "-" else "stride"
        message = f"the {what} is a number, or an expression in braces"
        index = re.match(r"\[[^\[\]\n]*\]", stop.rest[match.end() :])
        help = f"write {stop.last_word}{match[1]}{{{match[2]}{index[0] if index else ''}}}"
        return stop.error(message, help, len(match[0]), "N005")
    match = re.match(rf"[x×]([A-Za-z_][A-Za-z0-9_.]*(?:{_PLAIN})*)", stop.rest)
    if match and stop.is_after_step:
        message = "the number of repeats is a number, or an expression in braces"
        return stop.error(message, f"write {stop.last_word} x{{{match[1]}}}", code="N005")
    return None


def sign_twice(stop: Stop) -> Diagnostic | None:
    """`pool3//2`, `conv3--64`, `scale=1/-3`."""
    match = re.match(r"([-/])[-/]+([0-9]*)", stop.rest)
    if not match or not re.search(r"[A-Za-z0-9_}]$", stop.before):
        return None
    above = re.search(r"(?<![\w}-])(-?)([0-9]+)$", stop.before)
    if above and match[2] and match.group() == f"/-{match[2]}":
        help = f"write {'' if above[1] else '-'}{above[2]}/{match[2]}"
        return stop.error("the sign of a fraction is written before it", help, len(match.group()))
    what = "stride" if match[1] == "/" else "amount"
    message = f"one `{match[1]}` is written before the {what}"
    help = f"write {stop.last_word}{match[1]}{match[2]}"
    return stop.error(message, help, len(match.group()))


def apart(stop: Stop) -> Diagnostic | None:
    """`conv3- 64`, `conv3-64 / 2`."""
    match = re.match(r"([-/])[ \t]*([0-9]+)(?![0-9.])", stop.rest)
    if not match or not stop.is_after_step or not re.match(r"[A-Za-z_]", stop.last_word):
        return None
    message = "size, amount and stride follow the word without spaces"
    help = f"write {stop.last_word}{match[1]}{match[2]}, without spaces"
    return stop.error(message, help, len(match.group()), "N004")


def lone_cross(stop: Stop) -> Diagnostic | None:
    """`4 x 4 x 1`, `4x4x`, `pool3/2x`, `conv3-64 x-2`."""
    if stop.thing not in ("x", "×") or not stop.is_after_step:
        return None
    number = re.match(r".[ \t]*([0-9]+|\{[^{}]*\})", stop.rest)
    shape = re.search(r"(?:^|[\s:>])([0-9][0-9_]*)$", stop.before)
    if number and shape:
        help = f"write {shape[1]}x{number[1]}, without spaces"
        return stop.error("the `x` between two sizes has no spaces around it", help, code="N004")
    if number:
        return None
    if stop.at > stop.start and not stop.source.text[stop.at - 1].isspace():
        help = "add it, as in 32x32x3, or remove the `x`"
        return stop.error("expected a number after this `x`", help)
    return stop.error("the number of repeats is an integer from 0", f"write {stop.last_word} x2")


def fraction(stop: Stop) -> Diagnostic | None:
    """`conv3-6.5`, `conv3-1e4`: amounts and strides are whole."""
    after_digit = stop.source.text[max(stop.start, stop.at - 1) : stop.at].isdigit()
    match = re.match(
        r"[-/x×]?[0-9_]*\.[0-9]+" + (r"|[eE][+-]?[0-9]+(?![A-Za-z0-9_])" if after_digit else ""),
        stop.rest,
    )
    if not match or not re.search(r"[A-Za-z0-9_]$", stop.before) or "MORETHAN" not in stop.expected:
        return None
    if stop.source.text[stop.at - 1].isspace() and stop.rest[0] not in "x×":
        return None  # `pool(pad .5)`
    word = re.search(r"([A-Za-z_]+)([0-9]*)$", stop.before)
    is_option = (
        word
        # `dropout0.5`: the fraction is meant as the layer's option.
        and re.fullmatch(r"\.[0-9]+", match.group())
        and not stop.rest[match.end() :].startswith(("-", "/"))
    )
    help = f"write {word[1]}({word[2]}{match.group()})" if word and is_option else ""
    if word and not word[2] and re.fullmatch(r"-[0-9]*\.[0-9]+", match.group()):
        help = f"a fraction is an option, in parentheses: {word[1]}({match.group()[1:]})"
    message = "sizes, amounts, strides and repeats are integers"
    return stop.error(message, help, len(match.group()))


def commas_in_shape(stop: Stop) -> Diagnostic | None:
    """`(28, 28, 1) > conv3-8`."""
    sizes, end = r"[0-9]+(?:[ \t]*,[ \t]*[0-9]+)+", r"[ \t]*,?[ \t]*\)"
    # In an input's statement the parser stops at the bracket, in a flow after it.
    match = re.match(rf"\({sizes}{end}|{sizes}(?={end})", stop.rest)
    if not match or not re.search(r"(?:(?:^|>)[ \t\n]*\(|:|\binput)$", stop.before):
        return None
    help = f"write {'x'.join(re.findall('[0-9]+', match.group()))}, without parentheses"
    return stop.error("the sizes of a shape are joined by `x`", help, len(match.group()))


def after_brackets(stop: Stop) -> Diagnostic | None:
    """`block(32)/2`, `conv3(bn)-64`."""
    match = re.match(r"[-/](?:[0-9][0-9x]*|\{)", stop.rest)
    in_brackets = re.search(r"[A-Za-z0-9_}][(][^()]*\)$", stop.before)
    if not match or not in_brackets or not stop.is_after_step:
        return None
    message = "amount and stride are written before the parentheses"
    help = "write conv3-64/2(bn); a block accepts them as its values: block(64, 2)"
    return stop.error(message, help, len(match.group()))
