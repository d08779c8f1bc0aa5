"""Steps, branches and what joins them."""

from __future__ import annotations

import re

from netdsl.errors import Diagnostic, Span, nearest
from netdsl.syntax.messages.stop import WORD, Stop


def other_arrow(stop: Stop) -> Diagnostic | None:
    """`conv3-64 -> pool`, `conv3-64 => pool`."""
    arrow = re.match(r"[-=~|]+>", stop.rest)
    if not arrow or not stop.after_step:
        return None
    return Diagnostic(
        "N003",
        f"steps are joined by `>`, not `{arrow.group()}`",
        stop.span(len(arrow.group())),
        help="write `>`",
    )


def other_bar(stop: Stop) -> Diagnostic | None:
    """`[ a, b ]`, `a | b`."""
    if stop.thing == "," and "VBAR" in stop.expected:
        return Diagnostic("N003", "branches are parted by `|`", stop.span(), help="write `|`")
    if stop.thing == "|" and stop.after_step:
        return Diagnostic(
            "N003",
            "branches stand in brackets",
            stop.span(),
            help="write [ a | b ], or add[ a | b ]",
        )
    return None


def trailing_comma(stop: Stop) -> Diagnostic | None:
    if not stop.before.endswith(",") or stop.thing not in (")", "]", "}", "", ">"):
        return None
    at = stop.start + len(stop.before) - 1
    return Diagnostic(
        "N003", "nothing stands behind this comma", Span(stop.source, at, at + 1), help="remove it"
    )


def empty_branch(stop: Stop) -> Diagnostic | None:
    if (
        "STEP" not in stop.expected
        or stop.before[-1:] not in ("[", "|")
        or stop.thing not in ("|", "]")
    ):
        return None
    return Diagnostic(
        "N003", "a branch is empty", stop.span(), help="the branch that changes nothing is `id`"
    )


def dangling_arrow(stop: Stop) -> Diagnostic | None:
    """`conv3-64 > > pool`, `conv3-64 >`, `( > conv3-64)`."""
    if "STEP" not in stop.expected or "NAME" in stop.expected:
        return None
    if stop.before.endswith(">") and (stop.thing in ("", ">", ")", "]", "|", ",")):
        at = stop.start + len(stop.before) - 1
        return Diagnostic(
            "N003",
            "a layer was expected behind this `>`",
            Span(stop.source, at, at + 1),
            help="add the layer, or remove the `>`",
        )
    if stop.thing == ">":
        return Diagnostic(
            "N003",
            "a layer was expected before this `>`",
            stop.span(),
            help="begin with a shape, a layer or `@name`",
        )
    return None


def plus_sign(stop: Stop) -> Diagnostic | None:
    """`conv3-16 + @a`."""
    if stop.thing != "+" or not stop.after_step:
        return None
    return Diagnostic(
        "N003",
        "layers are not added by `+`",
        stop.span(),
        help="write add[ a | b ], or res(...) for a residual",
    )


def dotted_word(stop: Stop) -> Diagnostic | None:
    """`nn.Linear(784, 10)`, `layers.Dense(10)`."""
    match = re.match(r"(?:\.[A-Za-z_][A-Za-z0-9_]*)+", stop.rest)
    word = re.search(r"[A-Za-z_][A-Za-z0-9_]*$", stop.before)
    if not match or not word or not stop.after_step:
        return None
    fix = "a layer is one word, such as conv3-64 or fc-10; a point's name has an `@` before it"
    span = Span(stop.source, stop.at - len(word.group()), stop.at + len(match.group()))
    return Diagnostic("N003", f"`{word.group()}{match.group()}` is no layer", span, help=fix)


def missing_arrow(stop: Stop) -> Diagnostic | None:
    """`conv3-64 pool`: two steps with a blank between them."""
    if "MORETHAN" not in stop.expected or not re.match(r"[A-Za-z_(\[@]", stop.thing):
        return None
    if re.fullmatch(r"[x×]", stop.thing):
        return None
    if re.search(r"\bwhen$", stop.before):
        fix = "write when(in > 64, conv1-64), or when(in > 64, conv1-64, pool)"
        return Diagnostic(
            "N003", "`when` wants a condition and a chain in brackets", stop.span(), help=fix
        )
    if (
        WORD.fullmatch(stop.thing)
        and nearest(stop.thing, ["as"])
        and re.match(r"\w+[ \t]+\w+", stop.rest)
    ):
        return Diagnostic(
            "N003", f"`{stop.thing}` cannot stand here", stop.span(), help="did you mean `as`?"
        )
    return Diagnostic(
        "N003", f"`>` is missing before `{stop.thing}`", stop.span(), help="steps are joined by `>`"
    )


def missing_equals(stop: Stop) -> Diagnostic | None:
    """`conv3-64(pad 1)`: a number where a name belongs."""
    option = re.search(r"[(,][ \t\n]*([A-Za-z_][A-Za-z0-9_]*)$", stop.before)
    if "EQUAL" in stop.expected and option and re.match(r"[0-9.]", stop.thing):
        return Diagnostic(
            "N003",
            f"`=` is missing before `{stop.thing}`",
            stop.span(),
            help=f"write {option[1]}={stop.thing}",
        )
    return None
