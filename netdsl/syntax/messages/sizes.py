"""Sizes, amounts and strides where they cannot stand."""

from __future__ import annotations

import re

from netdsl.errors import Diagnostic
from netdsl.syntax.messages.stop import Stop


def name_without_braces(stop: Stop) -> Diagnostic | None:
    """`conv3-c`, `pool3/s`, `conv3-64 xn`: a name where a number or braces belong."""
    match = re.match(r"([-/])([A-Za-z_][A-Za-z0-9_]*)", stop.rest)
    if (
        match
        and re.search(r"[A-Za-z0-9_}]$", stop.before)
        and stop.before == stop.source.text[stop.start : stop.at]
    ):
        what = "amount" if match[1] == "-" else "stride"
        fix = f"write {stop.last_word}{match[1]}{{{match[2]}}}"
        return Diagnostic(
            "N005",
            f"the {what} is a number, or an expression in braces",
            stop.span(len(match[0])),
            help=fix,
        )
    match = re.match(r"[x×]([A-Za-z_][A-Za-z0-9_]*)", stop.rest)
    if match and stop.after_step:
        fix = f"write {stop.last_word} x{{{match[1]}}}"
        return Diagnostic(
            "N005", "how often is a number, or an expression in braces", stop.span(), help=fix
        )
    return None


def doubled_sign(stop: Stop) -> Diagnostic | None:
    """`pool3//2`, `conv3--64`."""
    match = re.match(r"([-/])[-/]+([0-9]*)", stop.rest)
    if not match or not re.search(r"[A-Za-z0-9_}]$", stop.before):
        return None
    what = "stride" if match[1] == "/" else "amount"
    fix = f"write {stop.last_word}{match[1]}{match[2]}"
    return Diagnostic(
        "N003",
        f"one `{match[1]}` stands before the {what}",
        stop.span(len(match.group())),
        help=fix,
    )


def sign_apart(stop: Stop) -> Diagnostic | None:
    """`conv3- 64`, `conv3-64 / 2`."""
    match = re.match(r"([-/])[ \t]*([0-9]+)(?![0-9.])", stop.rest)
    if not match or not stop.after_step or not re.match(r"[A-Za-z_]", stop.last_word):
        return None
    fix = f"write {stop.last_word}{match[1]}{match[2]}, without blanks"
    return Diagnostic(
        "N004", "size, amount and stride touch the word", stop.span(len(match.group())), help=fix
    )


def lone_cross(stop: Stop) -> Diagnostic | None:
    """`4 x 4 x 1`, `4x4x`, `pool3/2x`, `conv3-64 x-2`."""
    if stop.thing not in ("x", "×") or not stop.after_step:
        return None
    number = re.match(r".[ \t]*([0-9]+)", stop.rest)
    shape = re.search(r"(?:^|[\s:>])([0-9][0-9_]*)$", stop.before)
    if number and shape:
        fix = f"write {shape[1]}x{number[1]}, without blanks"
        return Diagnostic("N004", "the `x` between two sizes touches them", stop.span(), help=fix)
    if number:
        return None
    if stop.at > stop.start and not stop.source.text[stop.at - 1].isspace():
        return Diagnostic(
            "N003",
            "a number was expected behind this `x`",
            stop.span(),
            help="add it, as in 32x32x3, or remove the `x`",
        )
    return Diagnostic(
        "N003",
        "how often is a whole number from 0 up",
        stop.span(),
        help=f"write {stop.last_word} x2",
    )


def fraction(stop: Stop) -> Diagnostic | None:
    """`conv3-6.5`, `conv3-1e4`: amounts and strides are whole."""
    behind_digit = stop.source.text[max(stop.start, stop.at - 1) : stop.at].isdigit()
    match = re.match(
        r"[-/x×]?[0-9_]*\.[0-9]+" + (r"|[eE][+-]?[0-9]+(?![A-Za-z0-9_])" if behind_digit else ""),
        stop.rest,
    )
    if not match or not re.search(r"[A-Za-z0-9_]$", stop.before) or "MORETHAN" not in stop.expected:
        return None
    word = re.search(r"([A-Za-z_]+)([0-9]*)$", stop.before)
    is_option = (
        word
        and re.fullmatch(r"\.[0-9]+", match.group())
        and not stop.rest[match.end() :].startswith(("-", "/"))
    )
    fix = f"write {word[1]}({word[2]}{match.group()})" if word and is_option else ""
    if word and not word[2] and re.fullmatch(r"-[0-9]*\.[0-9]+", match.group()):
        fix = f"a fraction is an option, in brackets: {word[1]}({match.group()[1:]})"
    return Diagnostic(
        "N003",
        "sizes, amounts, strides and repeats are whole numbers",
        stop.span(len(match.group())),
        help=fix,
    )


def commas_in_shape(stop: Stop) -> Diagnostic | None:
    """`(28, 28, 1) > conv3-8`."""
    match = re.match(r"[0-9]+(?:[ \t]*,[ \t]*[0-9]+)+(?=[ \t]*,?[ \t]*\))", stop.rest)
    if not match or not re.search(r"(?:^|[:>]|\binput)[ \t\n]*\($", stop.before):
        return None
    fix = f"write {'x'.join(re.findall('[0-9]+', match.group()))}, without brackets"
    return Diagnostic(
        "N003", "the sizes of a shape are joined by `x`", stop.span(len(match.group())), help=fix
    )


def number_first(stop: Stop) -> Diagnostic | None:
    """`> 2x conv3-8`, `> 64conv3`."""
    match = re.match(r"([0-9]+)[ \t]*([x×*]?)[ \t]*(?=[A-Za-z(\[])", stop.rest)
    if not match or "STEP" not in stop.expected or not stop.before.endswith((">", "(", "[", "|")):
        return None
    fix = (
        f"a repeat stands behind its step: conv3-64 x{match[1]}"
        if match[2]
        else "a layer begins with its word: conv3-64"
    )
    return Diagnostic("N003", f"`{stop.thing}` cannot stand before a layer", stop.span(), help=fix)


def sign_after_brackets(stop: Stop) -> Diagnostic | None:
    """`block(32)/2`, `conv3(bn)-64`."""
    match = re.match(r"[-/](?:[0-9][0-9x]*|\{)", stop.rest)
    if not match or not re.search(r"[A-Za-z0-9_}][(][^()]*\)$", stop.before) or not stop.after_step:
        return None
    fix = "write conv3-64/2(bn); a block takes them as its values: block(64, 2)"
    return Diagnostic(
        "N003",
        "amount and stride stand before the brackets",
        stop.span(len(match.group())),
        help=fix,
    )


def size_apart(stop: Stop) -> Diagnostic | None:
    """`conv 3-64`, `input 32x32x1 3`."""
    if "MORETHAN" in stop.expected and re.match(r"\.?[0-9]", stop.rest):
        return Diagnostic(
            "N003",
            f"`{stop.thing}` cannot stand here",
            stop.span(),
            help="a size touches its word: `conv3-64`, not `conv 3-64`",
        )
    return None
