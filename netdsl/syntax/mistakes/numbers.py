"""Mistakes in `given` and in `expect` of numbers."""

from __future__ import annotations

import re

from netdsl.errors import Diagnostic
from netdsl.syntax.mistakes.stop import WORD, Stop


def not_a_number(stop: Stop) -> Diagnostic | None:
    """`given x = [a]`, `given x = ["1"]`, `expect @y = [nan]`."""
    if stop.rule not in ("given", "expect") or "[" not in stop.before:
        return None
    thing = stop.thing
    if thing.startswith('"'):
        bare = thing.strip('"')
        is_number = re.fullmatch(r"-?[0-9.]+", bare)
        return stop.error("text is not a number", f"write {bare}" if is_number else "")
    if not WORD.fullmatch(thing) or "NUMBER" not in stop.expected:
        return None
    if thing.lower() in ("nan", "inf", "infinity"):
        return stop.error(f"`{thing}` is not a number that can be given or expected")
    return stop.error(f"`{thing}` is not a number", f"a param's value is written {{{thing}}}")


def rows_without_commas(stop: Stop) -> Diagnostic | None:
    """`init=[1 0; 0 1]`: a matrix as it is typed for `forward`."""
    # Bounded: a list of a million numbers is not searched through for a message.
    before = re.search(r"\[([-+0-9.eE_/, \t]{0,200})$", stop.before)
    after = re.match(r"([-+0-9.eE_/,; \t]{1,200})\]", stop.rest)
    if not before or not after or stop.thing == ",":
        return None
    rows = [
        f"[{', '.join(row.replace(',', ' ').split())}]"
        for row in f"{before[1]} {after[1]}".split(";")
    ]
    written = rows[0] if len(rows) == 1 else f"[{', '.join(rows)}]"
    message = "numbers of a list are separated by commas, and each row is a list in it"
    return stop.error(message, f"write {written}")


def without_brackets(stop: Stop) -> Diagnostic | None:
    """`given x = 1, 2`, `given x = (1, 2)`, `expect @y = 0.5, 0.5`."""
    statement = stop.source.text[stop.start : stop.end]
    form = re.fullmatch(
        r"(given[ \t]+\w+|expect[ \t]+@[\w.]+)[ \t]*=[ \t]*\(?([-0-9.,eE_/ \t]+)\)?", statement
    )
    if not form or stop.thing not in (",", "("):
        return None
    help = f"write {form[1]} = [{form[2].strip()}]"
    return stop.error("several numbers are written in brackets", help)


def given_without_equals(stop: Stop) -> Diagnostic | None:
    """`given x: [1, 2]`, `given @x = [1, 2]`, `given x [1, 2]`."""
    statement = stop.source.text[stop.start : stop.end]
    form = re.match(r"given[ \t]+@?([A-Za-z_]\w*)[ \t]*(?:[:=][ \t]*|(?=\[))", statement)
    # `given` is a statement only with its `=`: without, the text is read as a flow.
    if stop.rule != "flow" or not form:
        return None
    value = statement[form.end() :].split("\n")[0]
    return stop.error("numbers are given by a name and `=`", f"write given {form[1]} = {value:.60}")
