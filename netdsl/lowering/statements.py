"""Statements one by one: each gives the scope of those after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from netdsl.errors import Diagnostic, NetError, Note, Span, fail, nearest
from netdsl.kinds import KINDS
from netdsl.lowering.definitions import declare_param, define_block, define_shared, set_defaults
from netdsl.lowering.draft import Draft, Report
from netdsl.lowering.flows import lower_flow, lower_input, lower_output
from netdsl.lowering.scopes import NamesView, Points, Scope, lost_defaults
from netdsl.lowering.ties import tie_layers
from netdsl.lowering.unknown_words import HINTED, UnknownWord, unknown_words
from netdsl.syntax import Parsed, tree
from netdsl.syntax.lost import ANY_BLOCK
from netdsl.syntax.walks import names_of

_MAX_FILES = 50
"""How many files may use each other in a chain."""

_Lower: TypeAlias = Callable[[Any, Scope, Draft], Scope]


def lower_statements(statements: Iterable[tree.Statement], scope: Scope, draft: Draft) -> Scope:
    """Return the scope after all of a text's statements."""
    for statement in statements:
        scope = _lower(statement, scope, draft, _STATEMENTS)
    return scope


def _lower(
    statement: tree.Statement, scope: Scope, draft: Draft, table: dict[type, _Lower]
) -> Scope:
    """Return the scope after a statement.

    Its mistakes are reported, and the names that it would have brought in are lost.
    """
    report, faults = draft.report, draft.graph.faults
    # Before it is lowered: a block that nothing uses never is, and its words are checked too.
    unknown = unknown_words(statement, scope, HINTED - len(report.problems))
    if unknown:
        _report_words(statement, unknown, draft)
    try:
        scope = table[type(statement)](statement, scope, draft)
    except NetError as error:
        # What is too much after another mistake may only follow from it.
        if not (faults.failed and faults.ends(error)):
            report.add(*(each for each in error.diagnostics if each.span not in faults.silent))
        report.failed = faults.failed = True
    if faults.failed:
        report.add(*faults.take())
        # What it names may be used below: that this is unknown would be a second message.
        report.lost |= names_of(statement)
        if isinstance(statement, tree.Default):
            # The shapes of these kinds are not known from here on.
            report.lost |= {_lost_default(setting.word.text) for setting in statement.settings}
            # A new identity: layers planned under the old defaults must not be found again.
            scope = scope._replace(defaults=dict(scope.defaults))
    return scope


def _lost_default(word: str) -> str:
    """Return what is lost with the default of a kind, maybe misspelled: that of any, if need be."""
    kind = word if word in KINDS else nearest(word, KINDS)
    return lost_defaults(kind)[0] if kind else lost_defaults("")[1]


def _report_words(statement: tree.Statement, unknown: list[UnknownWord], draft: Draft) -> None:
    """Report unknown words, but for those that may have been lost."""
    report, faults = draft.report, draft.graph.faults
    faults.failed = True
    for word, problem, place in unknown:
        # The layer fails again when it is lowered, without a second message.
        faults.silent.add(place)
        # Each further use of it is silent as well.
        if word in report.lost or report.lost_library:
            report.lost.add(word)
        else:
            report.add(_or_defined_below(word, problem, statement, draft))


def _or_defined_below(
    word: str, problem: Diagnostic, statement: tree.Statement, draft: Draft
) -> Diagnostic:
    """Return the problem of an unknown word, with the place of a definition that comes too late."""
    if problem.code != "N101" or word not in draft.definitions:
        return problem
    notes = (Note("defined here", draft.definitions[word]),)
    help = "define it earlier: a block sees only earlier blocks"
    if isinstance(statement, tree.Let) and statement.name.text == word:
        help = "a shared piece is not part of itself: define it before the flow that uses it"
        if _continued_at(problem.span, draft.definitions[word]):
            help = f"this `>` continues `let {word}`: put the `let` before the input or the flow"
    return problem._replace(help=help, notes=notes)


def _continued_at(place: Span | None, name: Span) -> bool:
    """Return whether a place lies after a line break and a `>` that continue the definition of a
    name.
    """
    return place is not None and bool(
        re.search(r"\n[ \t]*>", name.source.text[name.end : place.start])
    )


def _use(statement: tree.Use, scope: Scope, draft: Draft) -> Scope:
    """Bring in the blocks and shared pieces of another file, which sees nothing of this one.

    Raises:
        NetError: N114, N115, N601 where there is no such file, N104 for a name that is known
            already, N116, N405 where files use each other.
    """
    place = scope.span(statement)
    parsed = _read(statement, scope, draft)
    draft.report.lost |= parsed.lost_names
    draft.report.lost_library |= ANY_BLOCK in parsed.lost_names
    name = parsed.source.name
    if name in draft.files:
        circle = " -> ".join([*draft.files, name])
        raise fail("N116", f"files use each other in a circle: {circle}", place)
    if len(draft.files) > _MAX_FILES:
        message = f"more than {_MAX_FILES} files use each other in a chain"
        raise fail("N405", message, place, help="let one file use several directly")
    # Two files that use a third share its blocks: a `let` is one piece whichever way it came.
    if name not in draft.brought:
        draft.brought[name] = _blocks_of(parsed, place, draft)
    blocks = scope.blocks
    for word, block in draft.brought[name].items():
        # The same block by two ways is not a clash.
        if blocks.get(word, block) is not block:
            message = f"`{word}` of {name} is already defined here"
            raise fail("N104", message, place, help="rename one of the two")
        blocks = blocks if word in blocks else blocks.followed_by(word, block)
    return scope._replace(blocks=blocks)


def _read(statement: tree.Use, scope: Scope, draft: Draft) -> Parsed:
    place = scope.span(statement)
    try:
        if isinstance(statement.what, tree.Name):
            return draft.library.standard(statement.what.text, place)
        return draft.library.sibling(statement.what.value, scope.source, place)
    except NetError:
        draft.report.lost_library = True
        raise


def _blocks_of(parsed: Parsed, place: Span, draft: Draft) -> NamesView:
    """Return a used file's blocks and shared pieces.

    Its mistakes are reported once, with the place of its first use.
    """
    # Its own list, so that the place of the `use` can be added to each of its mistakes.
    report = Report(draft.report.lost, draft.report.lost_library)
    if parsed.diagnostics:
        report.add(*parsed.diagnostics)
    inner = draft._replace(files=(*draft.files, parsed.source.name), report=report)
    scope = Scope(parsed.source, NamesView(), NamesView(), {}, Points(), report.lost)
    for statement in parsed.statements:
        # The networks of a used file are not made: only what it defines comes in.
        if type(statement) in DEFINITIONS:
            scope = _lower(statement, scope, inner, DEFINITIONS)
    draft.report.add_from_used_file(report, place)
    return scope.blocks


def _expect(statement: tree.Expect, scope: Scope, draft: Draft) -> Scope:
    """Note that a point is used; facts are compared when the whole network is known."""
    if isinstance(statement.what, tree.Reference):
        scope.points.used.add(statement.what.name.split(".")[0])
    return _worked(statement, scope, draft) if isinstance(statement.fact, tree.Tuple) else scope


def _worked(statement: tree.Given | tree.Expect, scope: Scope, draft: Draft) -> Scope:
    """Evaluate the numbers of a worked example, which are compared as facts are."""
    from netdsl.lowering.worked import lower_worked  # late: start-up is short

    draft.worked.append(lower_worked(statement, scope, draft.graph))
    return scope


def _net(statement: tree.Net, scope: Scope, draft: Draft) -> Scope:
    """Leave the scope as it is: the caller, which groups the statements, knows the name."""
    return scope


def _tensor(statement: tree.TensorStatement, scope: Scope, draft: Draft) -> Scope:
    from netdsl.lowering.tensors import lower_tensor  # late: start-up is short

    return lower_tensor(statement, scope, draft)


DEFINITIONS: dict[type, _Lower] = {
    tree.Use: _use,
    tree.Param: declare_param,
    tree.Default: set_defaults,
    tree.Def: define_block,
    tree.Let: define_shared,
}
_STATEMENTS: dict[type, _Lower] = {
    **DEFINITIONS,
    tree.Net: _net,
    tree.Input: lower_input,
    tree.Flow: lower_flow,
    tree.TensorStatement: _tensor,
    tree.Output: lower_output,
    tree.Tie: tie_layers,
    tree.Given: _worked,
    tree.Expect: _expect,
}
