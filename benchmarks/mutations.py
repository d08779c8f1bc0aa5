"""Changes of a line that tests should notice: found in the tree of a source, made in its text.

A comparison reversed, a constant off by one, `not` dropped or added, `and` for `or`, another
arithmetic operator, a statement removed, a condition made constant, `break` for `continue`, an
argument dropped. Left alone: docstrings, annotations, names of types, imports, the words of
messages (f-strings, strings put together, arguments that are sentences), how many results a cache
keeps, the check of `zip(..., strict=True)`, and what compiles to the same bytecode.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from types import CodeType
from typing import NamedTuple


class Mutant(NamedTuple):
    """A change of one statement of a source.

    Attributes:
        file: the source's path from the top of the checkout.
        line: where the change is, from 1.
        span: the first and last line of the statement, or of its head where it has a body.
        where: the qualified name of the function or class that contains it, "" at the top level.
        runs: whether it runs when a function is called; else it runs when the module is imported.
        names: what a statement that runs at import defines.
        text: the line before the change.
        change: what was done to it.
        edit: the first byte replaced, the one after the last, and what replaces them.
    """

    file: str
    line: int
    span: tuple[int, int]
    where: str
    runs: bool
    names: tuple[str, ...]
    text: str
    change: str
    edit: tuple[int, int, str]

    def applied(self, source: str) -> str:
        """Make the change in its source."""
        start, end, new = self.edit
        data = source.encode()
        return (data[:start] + new.encode() + data[end:]).decode()

    def matters(self, source: str) -> bool:
        """Whether the changed source compiles, and to other bytecode."""
        try:
            changed = _compiled(self.applied(source))
        except (SyntaxError, ValueError):
            return False
        return changed != _compiled(source)

    @property
    def key(self) -> tuple[str, str, str]:
        """What stays the same wherever the line moves to."""
        return self.where, self.text, self.change


class Edit(NamedTuple):
    """Bytes of the source replaced, and what this does in words."""

    node: ast.AST
    start: int
    end: int
    new: str
    change: str


COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
TURNED_WHOLLY = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
LOGIC: dict[type[ast.boolop], tuple[str, str]] = {ast.And: ("and", "or"), ast.Or: ("or", "and")}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTIONS, ast.ClassDef)
GENERIC = ("Callable", "Mapping", "Sequence", "dict", "frozenset", "list", "set", "tuple", "type")


def mutants(file: str, source: str) -> list[Mutant]:
    """Give all mutants of a source, in the order of its lines; not all of them matter.

    Args:
        file: its path from the top of the checkout.
        source: its text.
    """
    tree = ast.parse(source)
    places = _Places(source, tree)
    found = [places.mutant(file, edit) for edit in _edits(tree, places)]
    return sorted(found, key=lambda mutant: mutant.line)


def _compiled(source: str) -> tuple[object, ...]:
    return _fingerprint(compile(source, "", "exec", dont_inherit=True))


def _fingerprint(code: CodeType) -> tuple[object, ...]:
    """All of a code object except the line numbers."""
    constants = (
        _fingerprint(value) if isinstance(value, CodeType) else (type(value), repr(value))
        for value in code.co_consts
    )
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    arguments = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    return code.co_code, code.co_exceptiontable, names, arguments, tuple(constants)


class _Places:
    """Where the nodes of a tree are in its source."""

    def __init__(self, source: str, tree: ast.Module) -> None:
        self.data = source.encode()
        self.lines = source.splitlines()
        self.starts = [0]
        for line in self.data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node

    def start(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.expr) -> str:
        return self.data[self.start(node) : self.end(node)].decode()

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """Go up from a node, itself first."""
        while node in self.parents:
            yield node
            node = self.parents[node]

    def mutant(self, file: str, edit: Edit) -> Mutant:
        line = self.data.count(b"\n", 0, edit.start) + 1
        above = list(self.above(edit.node))
        statement = next(node for node in above if isinstance(node, ast.stmt))
        body = getattr(statement, "body", None)
        last = body[0].lineno - 1 if body else statement.end_lineno or statement.lineno
        if isinstance(statement, SCOPES):  # decorators, bases, defaults
            above = above[above.index(statement) + 1 :]
        scopes = [node for node in above if isinstance(node, SCOPES)]
        return Mutant(
            file=file,
            line=line,
            span=(statement.lineno, max(statement.lineno, last)),
            where=".".join(scope.name for scope in reversed(scopes)),
            runs=any(isinstance(node, (*FUNCTIONS, ast.Lambda)) for node in above),
            names=tuple(_defined(statement)),
            text=self.lines[line - 1].strip(),
            change=edit.change,
            edit=(edit.start, edit.end, edit.new),
        )


def _defined(statement: ast.stmt) -> Iterator[str]:
    """Give the names that a statement defines."""
    if isinstance(statement, SCOPES):
        yield statement.name
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


# --- what may be changed --------------------------------------------------------------------------


def _edits(tree: ast.Module, places: _Places) -> Iterator[Edit]:
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        for kind, rule in _RULES:
            if isinstance(node, kind):
                yield from rule(node, places)
        pending += _inside(node)


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """Give the children of a node in which to look for changes."""
    if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal):
        return
    for field, value in ast.iter_fields(node):
        if field not in ("annotation", "returns", "op", "ops", "ctx", "type_params"):
            children = value if isinstance(value, list) else [value]
            yield from (child for child in children if isinstance(child, ast.AST))


def _between(
    places: _Places, left: ast.expr, right: ast.expr, signs: tuple[str, str], node: ast.AST
) -> Iterator[Edit]:
    """Replace the operator between two operands."""
    old, new = signs
    start, end = places.end(left), places.start(right)
    pattern = r"\s+".join(map(re.escape, old.split())).encode()
    gap = re.search(pattern, places.data[start:end])
    if gap:
        yield Edit(node, start + gap.start(), start + gap.end(), new, f"{old} to {new}")


def _comparison(node: ast.Compare, places: _Places) -> Iterator[Edit]:
    for (left, right), operator in zip(
        pairwise([node.left, *node.comparators]), node.ops, strict=True
    ):
        yield from _between(places, left, right, COMPARISONS[type(operator)], node)


def _arithmetic(node: ast.BinOp, places: _Places) -> Iterator[Edit]:
    signs = ARITHMETIC.get(type(node.op))
    if signs and not any(_is_text(side) or _is_string(side) for side in (node.left, node.right)):
        yield from _between(places, node.left, node.right, signs, node)


def _in_place(node: ast.AugAssign, places: _Places) -> Iterator[Edit]:
    signs = ARITHMETIC.get(type(node.op))
    if signs and not _is_text(node.value):
        old, new = (f"{sign}=" for sign in signs)
        yield from _between(places, node.target, node.value, (old, new), node)


def _logic(node: ast.BoolOp, places: _Places) -> Iterator[Edit]:
    for left, right in pairwise(node.values):
        yield from _between(places, left, right, LOGIC[type(node.op)], node)


def _negation(node: ast.UnaryOp, places: _Places) -> Iterator[Edit]:
    if isinstance(node.op, ast.Not):
        yield Edit(node, places.start(node), places.start(node.operand), "", "not dropped")


def _constant(node: ast.Constant, places: _Places) -> Iterator[Edit]:
    value, parent = node.value, places.parents[node]
    if isinstance(parent, ast.Subscript) and isinstance(value, str):
        return
    if isinstance(parent, ast.keyword) and _is_unseen(parent, places):
        return
    if isinstance(value, bool):
        changed = [not value]
    elif isinstance(value, int | float):
        changed = [value + 1, value - 1]
    else:
        return
    for new in changed:
        text = f"({new})" if repr(new).startswith("-") else repr(new)
        change = f"{places.text(node)} to {new!r}"
        yield Edit(node, places.start(node), places.end(node), text, change)


def _condition(
    node: ast.If | ast.While | ast.IfExp | ast.comprehension, places: _Places
) -> Iterator[Edit]:
    for test in node.ifs if isinstance(node, ast.comprehension) else [node.test]:
        if isinstance(test, ast.Constant):
            continue
        start, end = places.start(test), places.end(test)
        for value in (True, False):
            if not (value and isinstance(node, ast.While)):  # it would never end
                yield Edit(test, start, end, str(value), f"condition {value}")
        is_not = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        turned = isinstance(test, ast.Compare) and isinstance(test.ops[0], TURNED_WHOLLY)
        if not (is_not or turned):
            yield Edit(test, start, end, f"not ({places.text(test)})", "not added")


def _statement(node: ast.stmt, places: _Places) -> Iterator[Edit]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring, `...`
    if isinstance(node, ast.AnnAssign) and (
        node.value is None or "TypeAlias" in ast.unparse(node.annotation)
    ):
        return  # nothing runs, or what annotations alone name
    if isinstance(node, ast.Assign) and _is_type(node.value):
        return
    if any(re.fullmatch("__[a-z]+__", name) for name in _defined(node)):
        return
    yield Edit(node, places.start(node), places.end(node), "pass", "statement removed")


def _is_type(node: ast.expr) -> bool:
    """Whether an expression is a generic type: annotations alone name it."""
    return isinstance(node, ast.Subscript) and ast.unparse(node.value) in GENERIC


def _answer(node: ast.Return, places: _Places) -> Iterator[Edit]:
    if node.value is not None and not _is(node.value, None):
        yield Edit(node, places.start(node), places.end(node), "return None", "returns None")


def _leap(node: ast.Break | ast.Continue, places: _Places) -> Iterator[Edit]:
    old, new = ("break", "continue") if isinstance(node, ast.Break) else ("continue", "break")
    yield Edit(node, places.start(node), places.end(node), new, f"{old} to {new}")


def _argument(node: ast.Call, places: _Places) -> Iterator[Edit]:
    """Drop a keyword argument, or the last positional one."""
    arguments = sorted([*node.args, *node.keywords], key=places.start)
    for place, argument in enumerate(arguments):
        value = argument.value if isinstance(argument, ast.keyword) else argument
        if isinstance(value, ast.GeneratorExp) or _is_text(value):
            continue
        if isinstance(argument, ast.keyword) and _is_unseen(argument, places):
            continue
        if argument in node.args[:-1]:
            continue
        if place:
            start, end = places.end(arguments[place - 1]), places.end(argument)
        elif len(arguments) > 1:
            start, end = places.start(argument), places.start(arguments[1])
        else:
            start, end = places.start(argument), places.end(argument)
        text = " ".join(places.data[places.start(argument) : places.end(argument)].decode().split())
        yield Edit(argument, start, end, "", f"argument {text} dropped")


def _is_unseen(argument: ast.keyword, places: _Places) -> bool:
    """Whether an argument changes nothing that a correct program does."""
    call = places.parents[argument]
    is_check = isinstance(call, ast.Call) and ast.unparse(call.func) == "zip"
    return argument.arg == "maxsize" or (is_check and _is(argument.value, True))


def _is(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _is_text(node: ast.expr) -> bool:
    """Whether an expression is a message, or a piece of one."""
    return isinstance(node, ast.JoinedStr) or (_is_string(node) and " " in ast.unparse(node))


def _is_string(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


_RULES = (
    (ast.Compare, _comparison),
    (ast.BinOp, _arithmetic),
    (ast.AugAssign, _in_place),
    (ast.BoolOp, _logic),
    (ast.UnaryOp, _negation),
    (ast.Constant, _constant),
    (ast.If | ast.While | ast.IfExp | ast.comprehension, _condition),
    (ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr | ast.Raise | ast.Delete, _statement),
    (ast.Return, _answer),
    (ast.Break | ast.Continue, _leap),
    (ast.Call, _argument),
)
