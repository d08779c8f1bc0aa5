"""What to write for a word that nothing means: imported where there is one."""

from __future__ import annotations

import re

from netdsl.errors import Diagnostic, did_you_mean
from netdsl.kinds import KINDS
from netdsl.kinds.hints import plain_names, written_here
from netdsl.lowering.scopes import Closure, Scope
from netdsl.lowering.vocabulary import FORMS, kind_and_size
from netdsl.syntax import tree

_RES_ELSEWHERE = {"residual", "shortcut", "skip"}


def unknown_word(word: str, node: tree.LayerNode, scope: Scope) -> Diagnostic:
    """Return the error of a layer whose word means nothing."""
    span = scope.span(node.word)
    if word == "when":
        message = "`when` requires a condition and a chain"
        return Diagnostic("N101", message, span, help="write when(in > 64, conv1-64)")
    if re.fullmatch(r"x[0-9]+", word):
        message = f"`{word}` is a repeat, and is written after a step"
        return Diagnostic("N101", message, span, help=f"write conv3-64 {word}")
    message = f"there is no layer or block `{word}`"
    return Diagnostic("N101", message, span, help=_meant(word, scope))


def _meant(word: str, scope: Scope) -> str:
    """Return what the word may have been meant to be."""
    if word not in scope.blocks and scope.points.holder(word):
        return f"write @{word} for the point with this name"
    if kind := written_here(word, KINDS.values()):
        return f"it is written {kind}"
    if set(plain_names(word)) & _RES_ELSEWHERE:
        return "it is written res(conv3-64 > conv3-64)"
    letters = re.match(r"[A-Za-z_]*", word)
    stem = letters.group() if letters else word
    if not stem:
        near = did_you_mean(word, [*scope.blocks, "relu6", *FORMS])
    else:
        chains = (name for name, value in scope.values.items() if isinstance(value, Closure))
        known = [*KINDS, *FORMS, *scope.blocks, *chains]
        near = did_you_mean(stem, known) or did_you_mean(word, known)
    return near or (
        "kinds are conv, fc, pool, bn, dropout and many more: `netdsl explain` lists them"
    )


def unknown_merge(word: tree.Name, scope: Scope) -> Diagnostic:
    """Return the error of a merge whose word is not a merge's."""
    merges = [word for word, kind in KINDS.items() if kind.merges and not kind.wordless]
    help = did_you_mean(word.text, merges) or f"merges are [ ... ] and {', '.join(merges)}"
    return Diagnostic("N101", f"`{word.text}[ ... ]` is not a merge", scope.span(word), help=help)


def sized_default(word: tree.Name, scope: Scope) -> Diagnostic:
    """Return the error of a default for a word with a size."""
    kind = (kind_and_size(word.text) or (word.text, ()))[0]
    message = "defaults are for a kind, whatever its size"
    return Diagnostic("N106", message, scope.span(word), help=f"write default {kind}(...)")
