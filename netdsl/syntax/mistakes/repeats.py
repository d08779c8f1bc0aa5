"""Mistakes in repeats."""

from __future__ import annotations

import re

from netdsl.errors import Diagnostic
from netdsl.syntax.mistakes.stop import Stop


def order(stop: Stop) -> Diagnostic | None:
    """`conv3-64 as a x2`, `conv3-64 x2 x3`."""
    match = re.match(r"[x×]([0-9]+|\{[^{}]*\})", stop.rest)
    if not match or "STEP" in stop.expected:
        return None
    named = re.search(r"\bas[ \t\n]+([A-Za-z_][A-Za-z0-9_]*)$", stop.before)
    if named:
        help = f"write {match.group()} as {named[1]}: the name then refers to the last one"
        return stop.error("the repeat is written before `as`", help)
    branches = re.search(r"\|([0-9_]+|\{[^{}]*\})$", stop.before)
    if branches:
        help = f"write {match.group()} {branches.group()}"
        return stop.error(f"the repeat is written before `{branches.group()}`", help)
    if re.search(r"[ \t\n][x×]([0-9_]+|\{[^{}]*\})$", stop.before):
        return stop.error("a step has one repeat", "group the inner one: (conv3-64 x2) x3")
    return None


def apart(stop: Stop) -> Diagnostic | None:
    """`conv3-64 x 3`: the number is apart."""
    match = re.match(r"[x×][ \t]+([0-9]+|\{[^{}]*\})", stop.rest)
    if not match or not stop.is_after_step:
        return None
    help = f"write {stop.last_word or '(...)'} x{match[1]}"
    return stop.error(
        "the number of a repeat follows its `x` without a space", help, len(match.group())
    )


def without_blank(stop: Stop) -> Diagnostic | None:
    """`(...)x2`: the blank before the repeat is missing."""
    match = re.match(r"[x×]([0-9]+|\{[^{}]*\})", stop.rest)
    if (
        not match
        or not stop.before
        or stop.source.text[stop.at - 1] in " \t\n"
        or not stop.is_after_step
    ):
        return None
    message, help = f"a space is required before `{match.group()}`", f"write ` {match.group()}`"
    return stop.error(message, help, len(match.group()))


def branches_apart(stop: Stop) -> Diagnostic | None:
    """`[ conv3-64 | 4 ]`: the number is apart."""
    match = re.match(r"([0-9]+|\{[^{}]*\})(?=[ \t\n]*(?:[|\]]|as\b))", stop.rest)
    if not match or not stop.before.endswith("|") or "STEP" not in stop.expected:
        return None
    named = re.search(r"\bas[ \t\n]+([A-Za-z_][A-Za-z0-9_]*)[ \t\n]*\|$", stop.before)
    if named:
        message = "the number of branches is written before `as`"
        return stop.error(message, f"write |{match[1]} as {named[1]}", len(match.group()))
    message = "the number of branches follows its `|` without a space"
    return stop.error(message, f"write |{match[1]}", len(match.group()))


def number_first(stop: Stop) -> Diagnostic | None:
    """`> 2x conv3-8`, `> 64conv3`."""
    match = re.match(r"([0-9]+)[ \t]*([x×*]?)[ \t]*(?=[A-Za-z(\[])", stop.rest)
    if not match or "STEP" not in stop.expected or not stop.before.endswith((">", "(", "[", "|")):
        return None
    help = "a layer begins with its word: conv3-64"
    if match[2]:
        help = f"a repeat is written after its step: conv3-64 x{match[1]}"
    return stop.error(f"`{stop.thing}` is not allowed before a layer", help)
