"""Warnings over a text: what it defines and never uses, and names that hide kinds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from netdsl.errors import Diagnostic, Source, Span
from netdsl.lowering.outputs import unused_name
from netdsl.lowering.vocabulary import added_word
from netdsl.syntax import tree
from netdsl.syntax.walks import bare_word, words_in

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACED = re.compile(r"\{[^{}]*\}")
_NAMED_STEP = re.compile(r"\bas\b")
_STRING_OR_COMMENT = re.compile(r'"[^"\n]*"|#[^\n]*')


def lint_text(statements: Sequence[tree.Statement], source: Source) -> list[Diagnostic]:
    """Warn of params, blocks, shared pieces, parameters, and names within blocks and repeats that
    nothing uses; and blocks, shared pieces and params with the name of a kind.
    """
    defined = {s.name.text for s in statements if isinstance(s, tree.Param | tree.Def | tree.Let)}
    # Blanked and not removed: places in the text stay what they are.
    text = _STRING_OR_COMMENT.sub(lambda match: " " * len(match.group()), source.text)
    points = {
        part for reference in re.findall(r"@[\w.]+", text) for part in reference[1:].split(".")
    }
    used: set[str] = set()
    found: list[Diagnostic] = []
    for statement in statements:
        own: set[str] = set()
        if isinstance(statement, tree.Def):
            own = {parameter.name.text for parameter in statement.parameters}
        words = _words_of(statement, text, own, defined, used)
        if isinstance(statement, tree.Def):
            # A block that only calls itself is not used.
            used |= words - own - {statement.name.text}
            found += _unused_parameters(statement, words, source)
        else:
            used |= words
        if _NAMED_STEP.search(text, statement.start, statement.end):
            found += _unused_inner_names(statement, points, source)
    return [*found, *_unused_definitions(statements, used, source), *_hiding(statements, source)]


def _words_of(
    statement: tree.Statement, text: str, own: set[str], defined: set[str], used: set[str]
) -> set[str]:
    """Return the names in a statement: its own, and defined ones that no use is known of yet.

    The tree is walked only where braces do not decide.
    """
    start = _start_of_uses(statement)
    braced = set(_WORD.findall(" ".join(_BRACED.findall(text, start, statement.end))))
    rest = set(_WORD.findall(text, start, statement.end)) - braced
    # Outside braces a word may be a kind, an option or a point: only the tree can say.
    if any(word in own or (word in defined and word not in used) for word in rest):
        return words_in(statement)
    return braced


def _start_of_uses(statement: tree.Statement) -> int:
    """Return where a statement begins to use names: a definition first declares some."""
    if isinstance(statement, tree.Let) or (
        isinstance(statement, tree.Def)
        and all(parameter.default is None for parameter in statement.parameters)
    ):
        return statement.chain.start
    return statement.start


def _unused_parameters(
    statement: tree.Def, words: set[str], source: Source
) -> Iterator[Diagnostic]:
    for parameter in statement.parameters:
        name = parameter.name
        if name.text not in words:
            message = f"the parameter `{name.text}` of `{statement.name.text}` is never used"
            help = f"remove it, or use its value: {{{name.text}}}"
            yield Diagnostic("W711", message, Span(source, name.start, name.end), help=help)


def _unused_inner_names(
    statement: tree.Statement, points: set[str], source: Source
) -> Iterator[Diagnostic]:
    """Yield names of points within blocks and repeats.

    Those of the network itself are known when its outputs are.
    """
    waiting: list[tuple[Any, bool]] = [(statement, isinstance(statement, tree.Def))]
    while waiting:
        node, inner = waiting.pop()
        if isinstance(node, tree.Step):
            name = node.name
            if inner and name and name.text not in points:
                yield unused_name(name.text, Span(source, name.start, name.end))
            inner = inner or node.repeat is not None
        waiting += ((part, inner) for part in node if isinstance(part, tuple))


def default_biases(statements: Sequence[tree.Statement], source: Source) -> list[tuple[str, Span]]:
    """Find where `default` statements speak of a bias, each with the word of the kind."""
    found = []
    for statement in statements:
        for setting in statement.settings if isinstance(statement, tree.Default) else ():
            for argument in setting.arguments:
                name = argument.name
                if name is None and isinstance(argument.value, tree.Chain):
                    name = bare_word(argument.value)
                if name is not None and name.text == "bias":
                    place = Span(source, argument.start, argument.end)
                    found.append((setting.word.text, place))
    return found


_UNUSED = {
    tree.Param: ("W711", "param", "remove it, or use its value: {NAME}"),
    tree.Def: ("W712", "block", "remove it, or use it as a layer: > NAME()"),
    tree.Let: ("W712", "shared piece", "remove it, or use it as a layer: > NAME"),
}


def _unused_definitions(
    statements: Sequence[tree.Statement], used: set[str], source: Source
) -> list[Diagnostic]:
    found = []
    for above, statement in pairwise((None, *statements)):
        if isinstance(statement, tree.Param | tree.Def | tree.Let):
            name = statement.name
            if name.text not in used:
                code, what, help = _UNUSED[type(statement)]
                message = f"the {what} `{name.text}` is never used"
                span = Span(source, name.start, name.end)
                # `let f = fc-4`, and below it `> fc-2`: the `let` took what was the flow's.
                if isinstance(above, tree.Input | tree.Flow) and _continued(statement, source):
                    message += ", and the `>` below continues it"
                    help = f"define `{name.text}` before the flow if that `>` is the flow's"
                help = help.replace("NAME", name.text)
                found.append(Diagnostic(code, message, span, help=help))
    return found


def _continued(statement: tree.Param | tree.Def | tree.Let, source: Source) -> bool:
    """Return whether a definition that its first line could end is continued by another."""
    text = source.text[statement.start : statement.end]
    return bool(re.match(r"[^\n]*=[ \t]*[^\s#][^\n]*\n(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*>", text))


def _hiding(statements: Sequence[tree.Statement], source: Source) -> Iterator[Diagnostic]:
    """Yield definitions with the name of a kind that came after version 0.1.0."""
    for statement in statements:
        if isinstance(statement, tree.Param | tree.Def | tree.Let):
            name = statement.name
            word = added_word(name.text)
            if word is not None:
                what = _UNUSED[type(statement)][1]
                message = f"the {what} `{name.text}` hides the kind of layer `{word}`"
                help = f"choose another name where the kind is meant: `netdsl explain {word}`"
                yield Diagnostic("W721", message, Span(source, name.start, name.end), help=help)
