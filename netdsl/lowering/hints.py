"""What to write for a word that nothing means: imported where there is one."""

from __future__ import annotations

import re

from netdsl.errors import Diagnostic, did_you_mean
from netdsl.kinds import KINDS
from netdsl.kinds.hints import plain_names, written_here
from netdsl.library import library_of
from netdsl.lowering.scopes import Closure, Scope
from netdsl.lowering.vocabulary import FORMS, kind_and_size
from netdsl.syntax import tree
from netdsl.syntax.walks import bare_word

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
    if word.lower() == "activation":
        return Diagnostic("N101", message, span, help=_named_activation(node))
    return Diagnostic("N101", message, span, help=_meant(word, scope))


def _named_activation(node: tree.LayerNode) -> str:
    """Return how the activation of `Activation(relu)` is written."""
    values = [each.value for each in node.arguments or ()]
    named = bare_word(values[0]) if values and isinstance(values[0], tree.Chain) else None
    kind = KINDS.get(named.text.lower()) if named else None
    word = kind.word if kind is not None and kind.group == "activation" else ""
    return f"it is written {word}" if word else "it is written by its name: relu, tanh, softmax"


def _meant(word: str, scope: Scope) -> str:
    """Return what the word may have been meant to be."""
    # The surest first: points of this text, other frameworks' words, the library, a misspelling.
    if word not in scope.blocks and scope.points.holder(word):
        return point_of_the_name(word)
    if written := written_here(word, KINDS.values()):
        return f"it is written {written}"
    if library := library_of(word):
        return f"`use {library}` defines it"
    if set(plain_names(word)) & _RES_ELSEWHERE:
        return "it is written res(conv3-64 > conv3-64)"
    chains = [name for name, value in scope.values.items() if isinstance(value, Closure)]
    sized = re.fullmatch(r"([A-Za-z_]+)[0-9]+(?:x[0-9]+)*x?", word)
    # `cnov3` is compared as `cnov`: with its size it is near to nothing.
    stems = [sized[1]] if sized else []
    known = [*KINDS, *FORMS, *scope.blocks, *chains]
    near = next(filter(None, (did_you_mean(each, known) for each in (*stems, word))), "")
    return near or (
        "kinds are conv, fc, pool, bn, dropout and many more: `netdsl explain` lists them"
    )


def point_of_the_name(word: str) -> str:
    """Return what to write where a point's name is written like a layer."""
    return f"write @{word} for the point with this name"


def unknown_merge(word: tree.Name, scope: Scope) -> Diagnostic:
    """Return the error of a merge whose word is not a merge's."""
    kinds = [kind for kind in KINDS.values() if kind.merges]
    merges = [kind.word for kind in kinds if not kind.wordless]
    written = written_here(word.text, kinds)
    help = (
        (written and f"it is written {written}")
        or (
            (kind_and_size(word.text) or word.text in KINDS)
            and f"a layer and a merge are joined by `>`: {word.text} > [ a | b ]"
        )
        or did_you_mean(word.text, merges)
        or f"merges are [ ... ] and {', '.join(merges)}"
    )
    return Diagnostic("N101", f"`{word.text}[ ... ]` is not a merge", scope.span(word), help=help)


def sized_default(word: tree.Name, scope: Scope) -> Diagnostic:
    """Return the error of a default for a word with a size."""
    kind = (kind_and_size(word.text) or (word.text, ()))[0]
    message = "defaults are for a kind, whatever its size"
    return Diagnostic("N106", message, scope.span(word), help=f"write default {kind}(...)")
