"""Statements that bring names and defaults in: `param`, `default`, `def`, `let`."""

from __future__ import annotations

import re

from netdsl.errors import NetError
from netdsl.expressions import evaluate
from netdsl.kinds import KINDS, Argument, LayerError, LayerSpec
from netdsl.kinds.values import dims, is_number, shown
from netdsl.lowering import diagnostics
from netdsl.lowering.draft import Draft
from netdsl.lowering.scopes import Block, NamesView, Scope, SharedPiece
from netdsl.lowering.values import argument, lookup
from netdsl.lowering.vocabulary import ADDED_FORMS, FORMS, kind_and_size
from netdsl.params import YES_OR_NO, as_declared, parse_param
from netdsl.syntax import tree
from netdsl.syntax.split import STATEMENT_WORDS

_RESERVED = (
    *STATEMENT_WORDS,
    # A word that came after 0.1.0 stays free: a text that defined it then means its own block.
    *(form for form in FORMS if form not in ADDED_FORMS),
    *("as", "of", "when", "and", "or", "not", "if"),
    *YES_OR_NO,
)


def declare_param(statement: tree.Param, scope: Scope, draft: Draft) -> Scope:
    """Return the scope with a network parameter: its own value, or that from outside.

    Raises:
        NetError: for a name that is taken, and for a value that is not of the param's type.
    """
    name = statement.name.text
    _check_new(statement.name, "param", scope)
    graph = draft.graph
    # Evaluated even where a value comes from outside: its type says how that one is read.
    own = evaluate(statement.value, scope.source, lookup(scope, None, graph), graph.limits)
    value = as_declared(draft.params.get(name, own), own)
    assert isinstance(scope.values, NamesView)  # outside all blocks
    # `-p width=6,8` reads as a text: it is one value, not two variants.
    if isinstance(value, str) and is_number(own):
        raise _not_a_number(statement.name, value, scope)
    return scope._replace(values=scope.values.followed_by(name, value))


def _not_a_number(param: tree.Name, given: str, scope: Scope) -> NetError:
    """Return the error of a param whose own value is a number and which is given a text."""
    name = param.text
    several = [part.strip() for part in given.split(",")]
    help = ""
    if len(several) > 1 and not any(isinstance(parse_param(part), str) for part in several):
        variants = " ".join(f"FILE:{name}={part}" for part in several)
        help = f"for several variants: netdsl table {variants}"
    return scope.fail("N111", f"`{name}` is {shown(given)}, not a number", param, help)


def set_defaults(statement: tree.Default, scope: Scope, draft: Draft) -> Scope:
    """Add defaults of kinds to those that are in force.

    Raises:
        NetError: N102, N103, N107 for options or values that the kind does not have.
    """
    defaults = dict(scope.defaults)
    for setting in statement.settings:
        if setting.word.text not in KINDS:
            continue  # reported as an unknown word
        kind = KINDS[setting.word.text]
        try:
            arguments = tuple(
                argument(each, scope, None, draft.graph) for each in setting.arguments
            )
            # Tried where it is written: a wrong option would be reported at each layer else.
            kind.make(_smallest(kind.word, arguments))
        except NetError as error:
            draft.graph.faults.add(error)
            continue
        except LayerError as error:
            if error.code != "N106":  # what else the layer requires is reported where it is written
                draft.graph.faults.add(diagnostics.of_layer(error, setting, scope))
                continue
        # Appended and not merged: a layer reads the last statement that names the option.
        defaults[kind.word] = (*defaults.get(kind.word, ()), arguments)
    return scope._replace(defaults=defaults)


def _smallest(word: str, arguments: tuple[Argument, ...]) -> LayerSpec:
    """Return a layer that has whatever its kind requires, to try options on."""
    takes = KINDS[word].takes
    size = (3,) if takes.get("size") == "yes" else None
    amount = 1 if takes.get("amount") == "yes" else None
    return LayerSpec(word, size, amount, None, arguments)


def define_block(statement: tree.Def, scope: Scope, draft: Draft) -> Scope:
    """Return a block, with what it sees here.

    Raises:
        NetError: N104 for a name that is taken, or a parameter that is given twice.
    """
    _check_new(statement.name, "block", scope)
    seen: set[str] = set()
    for parameter in statement.parameters:
        _check_new(parameter.name, "parameter", scope)
        name = parameter.name.text
        if name in seen:
            raise scope.fail("N104", f"the parameter `{name}` is given twice", parameter.name)
        seen.add(name)
    block = Block(statement, scope)
    return scope._replace(blocks=scope.blocks.followed_by(statement.name.text, block))


def define_shared(statement: tree.Let, scope: Scope, draft: Draft) -> Scope:
    """Return a shared piece, with what it sees here."""
    _check_new(statement.name, "block", scope)
    shared = SharedPiece(statement, scope)
    return scope._replace(blocks=scope.blocks.followed_by(statement.name.text, shared))


def _check_new(name: tree.Name, what: str, scope: Scope) -> None:
    """Reject names that would mean two things."""
    word = name.text
    reason = _other_meaning(word, what)
    if reason:
        message = f"`{word}` {reason}, and cannot name a {what}"
        raise scope.fail("N102", message, name, "choose another name")
    if what == "parameter":  # hides what is outside its block
        return
    for known, names in (("param", scope.values), ("block", scope.blocks)):
        if word in names:
            message = f"there is already a {known} called `{word}`"
            raise scope.fail("N104", message, name, "choose another name")


def _other_meaning(word: str, what: str) -> str:
    """Return what a word means in the language; nothing where it is free."""
    if word == "in":
        return "is the input"
    if word in _RESERVED:
        return "is a word of the language"
    if word in KINDS and not KINDS[word].added:
        return "is a kind of layer"
    # `conv3-8 x3`: a block `x3` could never be used, a parameter `{x3}` can.
    if what != "parameter" and re.fullmatch(r"x[0-9_]*", word):
        return "reads as a repeat"
    sized = kind_and_size(word) if what == "block" else None
    if sized is None or KINDS[sized[0]].added:
        return ""
    return f"reads as `{sized[0]}` with the size {dims(sized[1])}"
