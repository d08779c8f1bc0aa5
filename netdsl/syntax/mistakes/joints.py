"""Mistakes between steps and between branches: arrows, bars, commas, what is empty."""

from __future__ import annotations

import re

from netdsl.errors import Diagnostic, nearest
from netdsl.syntax.mistakes.stop import WORD, Stop


def other_arrow(stop: Stop) -> Diagnostic | None:
    """`conv3-64 -> pool`, `conv3-64 => pool`."""
    arrow = re.match(r"[-=~|]+>", stop.rest)
    if not arrow or not stop.is_after_step:
        return None
    message = f"steps are joined by `>`, not `{arrow.group()}`"
    return stop.error(message, "write `>`", len(arrow.group()))


def dangling_arrow(stop: Stop) -> Diagnostic | None:
    """`conv3-64 > > pool`, `conv3-64 >`, `( > conv3-64)`."""
    if "STEP" not in stop.expected or "NAME" in stop.expected:
        return None
    if stop.before.endswith(">") and (stop.thing in ("", ">", ")", "]", "|", ",")):
        message, help = "expected a layer after this `>`", "add the layer, or remove the `>`"
        return Diagnostic("N003", message, stop.after_last(1), help=help)
    if stop.thing == ">":
        help = "begin with a shape, a layer or `@name`"
        return stop.error("expected a layer before this `>`", help)
    return None


def missing_arrow(stop: Stop) -> Diagnostic | None:
    """`conv3-64 pool`: two steps with a blank between them."""
    if "MORETHAN" not in stop.expected or not re.match(r"[A-Za-z_(\[@]", stop.thing):
        return None
    if re.fullmatch(r"[x×]", stop.thing):
        return None
    if re.search(r"\bwhen$", stop.before):
        help = "write when(in > 64, conv1-64), or when(in > 64, conv1-64, pool)"
        return stop.error("`when` requires a condition and a chain in parentheses", help)
    if (
        WORD.fullmatch(stop.thing)
        and stop.thing != "as"
        and nearest(stop.thing, ["as"])
        # `conv3-8 aas x`: followed by a name; `conv3-8 ax` is a step without its arrow.
        and re.match(r"\w+[ \t]+\w+", stop.rest)
    ):
        return stop.error(f"`{stop.thing}` is not allowed here", "did you mean `as`?")
    return stop.error(f"`>` is missing before `{stop.thing}`", "steps are joined by `>`")


def other_bar(stop: Stop) -> Diagnostic | None:
    """`[ a, b ]`, `a | b`."""
    if stop.thing == "," and "VBAR" in stop.expected:
        help = "write `|`; in a list of values, names are in braces: [{a}, {b}]"
        return stop.error("branches are separated by `|`", help)
    if stop.thing == "|" and stop.is_after_step:
        return stop.error("branches are written in brackets", "write [ a | b ], or add[ a | b ]")
    return None


def options_without_brackets(stop: Stop) -> Diagnostic | None:
    """`conv3-32, pad=0`."""
    options = re.match(r",[ \t]*(\w+[ \t]*=[ \t]*\w+)", stop.rest)
    if not options or not stop.is_after_step or not stop.last_word[:1].isalpha():
        return None
    layer = f"{stop.last_word}({options[1]})"
    return stop.error("options follow the layer in brackets", f"write {layer}")


def plus(stop: Stop) -> Diagnostic | None:
    """`conv3-16 + @a`."""
    if stop.thing != "+" or not stop.is_after_step:
        return None
    help = "write add[ a | b ], or res(...) for a residual; numbers are added in braces: {a+b}"
    return stop.error("layers are not added by `+`", help)


def semicolon(stop: Stop) -> Diagnostic | None:
    """`pool; fc-10`."""
    if stop.thing != ";":
        return None
    help = "begin the next statement on a new line"
    return stop.error("a statement ends with its line, not with `;`", help)


def trailing_comma(stop: Stop) -> Diagnostic | None:
    """`conv3-8(bn,)`."""
    if not stop.before.endswith(",") or stop.thing not in (")", "]", "}", "", ">"):
        return None
    message = "nothing follows this comma"
    return Diagnostic("N003", message, stop.after_last(1), help="remove it")


def empty_branch(stop: Stop) -> Diagnostic | None:
    """`[ | pool ]`."""
    if (
        "STEP" not in stop.expected
        or stop.before[-1:] not in ("[", "|")
        or stop.thing not in ("|", "]")
    ):
        return None
    return stop.error("a branch is empty", "the branch that changes nothing is `id`")


def empty_braces(stop: Stop) -> Diagnostic | None:
    """`conv3-{}`."""
    if stop.thing == "}" and stop.before.endswith("{"):
        return stop.error("the braces are empty", "they contain an expression, such as {2*c}")
    return None
