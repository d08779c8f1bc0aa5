"""What a statement that cannot be read would have brought in: its use is not a further mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable

from netdsl.errors import Diagnostic, nearest
from netdsl.syntax.split import ADDED_STATEMENTS, STATEMENT_WORDS, Broken, Extent

ANY_BLOCK = "use"
"""Entry of the lost names: any unknown word may be a block of a lost file or `def`."""

ANY_PARAM = "param"
"""Entry of the lost names: any unknown name may be that of a lost `param`."""

_BRINGS = {"flow": "input", "input": "input", "use": ANY_BLOCK}
_UNNAMED = {"def": ANY_BLOCK, "let": ANY_BLOCK, "param": ANY_PARAM}
_SET = r"([A-Za-z_][A-Za-z0-9_]*)[ \t]*\("
# `net 3x` cannot be read, and what refers to it may say `x`.
_NAME = r"[ \t]+[0-9]*([A-Za-z_][A-Za-z0-9_]*)"
_NAMED = rf"(?:def|let|param|net|input|learned|fixed|\bas){_NAME}"
_FIRST = r"([A-Za-z_]+)(?=[ \t]+[A-Za-z0-9_\"])"


def lost_names(text: str, found: Extent | Broken, wrong: Iterable[Diagnostic]) -> set[str]:
    """Return what a statement that cannot be read would have brought in.

    Names; the kinds whose defaults it would have set; `input`, `ANY_BLOCK` and `ANY_PARAM`.

    Args:
        text: that holds it.
        found: the statement.
        wrong: its mistakes.
    """
    # By pattern: the statement has no tree. A name too many only leaves a message out.
    names = set(re.compile(_NAMED).findall(text, found.start, found.end))
    names |= {_BRINGS[found.rule]} if found.rule in _BRINGS else set()
    rule, after = found.rule, found.start + len(found.rule)
    if rule == "flow" and (first := re.compile(_FIRST).match(text, found.start)):
        # `parm w = 3` was meant as a `param`: `w` is lost with it.
        meant = nearest(first.group(), (*STATEMENT_WORDS, *ADDED_STATEMENTS))
        rule, after = meant or rule, first.end()
        names |= {_BRINGS[rule]} if rule in _BRINGS else set()
    if rule == "default":
        names.update(
            f"default {kind}" for kind in re.compile(_SET).findall(text, found.start, found.end)
        )
    named = re.compile(_NAME).match(text, after)
    if rule in _UNNAMED:
        names.add(named[1] if named else _UNNAMED[rule])
    return names | _misspelt_points(text, wrong)


def _misspelt_points(text: str, wrong: Iterable[Diagnostic]) -> set[str]:
    """Return the points that misspelt `as`s name: `conv3-8 aas x`."""
    names: set[str] = set()
    for each in wrong:
        if each.span is not None and nearest(each.span.text, ["as"]):
            named = re.compile(_NAME).match(text, each.span.end)
            names |= {named[1]} if named else set()
    return names
