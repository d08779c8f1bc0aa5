"""Expressions in braces and conditions."""

from __future__ import annotations

import re

from netdsl.errors import Diagnostic
from netdsl.syntax.messages.stop import WORD, Stop


def empty_braces(stop: Stop) -> Diagnostic | None:
    if stop.thing == "}" and stop.before.endswith("{"):
        return Diagnostic(
            "N003",
            "the braces are empty",
            stop.span(),
            help="they hold an expression, such as {2*c}",
        )
    return None


def single_equals(stop: Stop) -> Diagnostic | None:
    if stop.thing == "=" and "COMPARE" in stop.expected:
        return Diagnostic("N003", "`=` does not compare", stop.span(), help="write `==`")
    return None


def name_behind_number(stop: Stop) -> Diagnostic | None:
    """`{2c}`: a product without its sign."""
    match = re.search(r"(?:^|[^A-Za-z0-9_])([0-9.]+)$", stop.before)
    if match and "TIMES" in stop.expected and WORD.match(stop.thing):
        return Diagnostic(
            "N003",
            f"a product is written with `*`: {match[1]}*{stop.thing}",
            stop.span(),
            help=f"write {match[1]}*{stop.thing}",
        )
    return None
