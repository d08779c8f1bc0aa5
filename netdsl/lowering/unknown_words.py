"""Unknown words and options anywhere in a statement: all are reported at once, also those in blocks
that nothing uses.
"""

from typing import Any, NamedTuple

from netdsl.errors import Diagnostic, NetError, Span
from netdsl.kinds import KINDS, Kind, layer_kind
from netdsl.lowering.resolve import resolve_kind
from netdsl.lowering.scopes import Scope
from netdsl.lowering.vocabulary import FORMS, NONE, kind_and_size
from netdsl.syntax import tree
from netdsl.syntax.walks import is_chain, only_layer


class UnknownWord(NamedTuple):
    """A word, what is wrong with it, and the place where the same is found when it is lowered."""

    word: str
    diagnostic: Diagnostic
    place: Span


HINTED = 100
"""For how many unknown words of a text the nearest known one is looked for, which is slow."""


def unknown_words(
    statement: tree.Statement, scope: Scope, hinted: int = HINTED
) -> list[UnknownWord]:
    """Return the unknown words and options of a statement, in order.

    Args:
        statement: of the tree.
        scope: what it sees.
        hinted: for how many of them to say what may have been meant.
    """
    if isinstance(statement, tree.Default):
        return [each for setting in statement.settings for each in _in_default(setting, scope)]
    found: list[UnknownWord] = []
    known: set[str] = set()  # words that are fine alone: deep networks repeat them
    own = _own_words(statement)
    points = _named(statement)
    # A stack and not recursion: chains nest up to the limit. Reversed, to keep their order.
    waiting = _chains(statement)
    waiting.reverse()
    while waiting:
        node = waiting.pop()
        inner: list[Any] = []
        if isinstance(node, tree.Chain):
            inner = [step.body for step in node.steps]
            points.update(step.name.text for step in node.steps if step.name)
        elif isinstance(node, tree.LayerNode):
            word = node.word.text
            if word in own or word in scope.values or word in scope.blocks or word in FORMS:
                inner = [a.value for a in node.arguments or () if is_chain(a.value)]
            elif word not in known or node.arguments is not None or node.size is not None:
                problems = _in_layer(node, scope, len(found) < hinted)
                if not problems and node.size is None:
                    known.add(word)
                found += problems
        elif isinstance(node, tree.Group):
            inner = [node.chain]
        elif isinstance(node, tree.MergeNode):
            inner = [chain.steps[0].body if only_layer(chain) else chain for chain in node.branches]
            found += _in_merge(node, scope)
        elif isinstance(node, tree.When):
            inner = [node.then, *([node.otherwise] if node.otherwise else [])]
        waiting += reversed(inner)
    return [_as_point(each) if each.word in points else each for each in found]


def _as_point(unknown: UnknownWord) -> UnknownWord:
    """Return what to write for the name of a point in the statement itself."""
    from netdsl.lowering.hints import point_of_the_name  # late: start-up is short

    problem = unknown.diagnostic
    if problem.code != "N101":
        return unknown
    return unknown._replace(diagnostic=problem._replace(help=point_of_the_name(unknown.word)))


def _named(statement: tree.Statement) -> set[str]:
    """Return the points that a statement names outside its chains."""
    if not isinstance(statement, tree.Input):
        return set()
    name = statement.name.text if statement.name else "input"
    return {name, *(step.name.text for step in statement.steps if step.name)}


def _own_words(statement: tree.Statement) -> set[str]:
    """Return the words that mean something within a statement alone.

    A block's name and parameters.
    """
    if not isinstance(statement, tree.Def):
        return set()
    return {statement.name.text, *(parameter.name.text for parameter in statement.parameters)}


def _chains(statement: tree.Statement) -> list[Any]:
    """Return the chains and bodies in which a statement has words."""
    if isinstance(statement, tree.Def):
        defaults = (parameter.default for parameter in statement.parameters)
        return [statement.chain, *(default for default in defaults if is_chain(default))]
    if isinstance(statement, tree.Input):
        return [step.body for step in statement.steps]
    return [statement.chain] if isinstance(statement, tree.Flow | tree.Let) else []


def _in_default(setting: tree.Setting, scope: Scope) -> list[UnknownWord]:
    word = setting.word.text
    if word in scope.blocks or word in FORMS:
        message = f"`{word}` is not a kind of layer: it has no defaults"
        help = "write its options where it is used"
        span = scope.span(setting.word)
        return [UnknownWord(word, Diagnostic("N109", message, span, help=help), span)]
    if word in KINDS:
        return []
    layer = tree.LayerNode(setting.word, None, None, None, None, setting.start, setting.end)
    found = _in_layer(layer, scope)
    if not found:
        from netdsl.lowering.hints import sized_default  # late: start-up is short

        span = scope.span(setting.word)
        found.append(UnknownWord(word, sized_default(setting.word, scope), span))
    return found


def _in_merge(node: tree.MergeNode, scope: Scope) -> list[UnknownWord]:
    if node.word is None:
        return []
    kind = KINDS.get(node.word.text)
    if kind is not None and kind.merges:
        return _unknown_options(node, kind, scope) if node.arguments else []
    from netdsl.lowering.hints import unknown_merge  # late: start-up is short

    span = scope.span(node.word)
    return [UnknownWord(node.word.text, unknown_merge(node.word, scope), span)]


def _in_layer(node: tree.LayerNode, scope: Scope, hinted: bool = True) -> list[UnknownWord]:
    word = node.word.text
    # `none` alone; `none-3` is looked for as a layer.
    if word == NONE and scope.span(node).text == NONE:
        return []
    # Comparing a word with all that are known takes about 10 ms: thousands would take minutes.
    if not hinted and word not in KINDS and kind_and_size(word) is None:
        message = f"there is no layer or block `{word}`"
        span = scope.span(node.word)
        return [UnknownWord(word, Diagnostic("N101", message, span), span)]
    try:
        kind = layer_kind(resolve_kind(word, node, scope)[0])
    except NetError as error:
        span = scope.span(node.word)
        return [UnknownWord(word, each, each.span or span) for each in error.diagnostics]
    return _unknown_options(node, kind, scope)


def _unknown_options(
    node: tree.LayerNode | tree.MergeNode, kind: type[Kind], scope: Scope
) -> list[UnknownWord]:
    found = []
    # `softmax-10(bias=no)` is `fc-10(softmax, bias=no)`.
    filled = isinstance(node, tree.LayerNode) and node.amount is not None
    for argument in node.arguments or ():
        name = argument.name
        if name is None or name.text in kind.options:
            continue
        if kind.group == "activation" and filled and name.text in KINDS["fc"].options:
            continue  # of the layer that the activation belongs to
        from netdsl.kinds.hints import unknown_option  # late: start-up is short

        wrong = unknown_option(kind.signature, name.text)
        diagnostic = Diagnostic(wrong.code, str(wrong), scope.span(name), help=wrong.help)
        found.append(UnknownWord(kind.word, diagnostic, scope.span(argument.value)))
    return found
