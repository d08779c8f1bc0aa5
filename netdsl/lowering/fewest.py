"""How much a piece of a text makes at least, counted before it is made: what cannot fit is refused
before its first operation.

Blocks are counted once for the same arguments, so that one which doubles what it is given forty
times takes forty steps to count. What depends on shapes is not known yet, and counts as the least
that it can be.
"""

from collections.abc import Generator, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from netdsl.errors import NetError, Source, Span
from netdsl.expressions import evaluate
from netdsl.limits import Limits
from netdsl.lowering.scopes import Block, Closure, NamesView, Scope
from netdsl.lowering.trampoline import run
from netdsl.lowering.vocabulary import FORMS, adds_operation
from netdsl.params import YES_OR_NO
from netdsl.syntax import tree
from netdsl.syntax.walks import bare_word, only_layer

_MAX_COUNTED = 20_000
"""How many pieces are looked into; what is beyond them counts as nothing."""


class Least(NamedTuple):
    """How much is made at least: operations, and uses of blocks."""

    operations: int = 0
    uses: int = 0

    def plus(self, times: int, other: "Least") -> "Least":
        """Return the sum with `times` of the other."""
        return Least(self.operations + times * other.operations, self.uses + times * other.uses)

    def or_more(self, other: "Least") -> "Least":
        """Return the larger of both."""
        return Least(max(self.operations, other.operations), max(self.uses, other.uses))

    def or_less(self, other: "Least") -> "Least":
        """Return the smaller of both."""
        return Least(min(self.operations, other.operations), min(self.uses, other.uses))


class _Seen(NamedTuple):
    """What a piece of a text sees, as far as it is known before it is made.

    Attributes:
        source: the text that it is part of.
        blocks: what it can use.
        values: of the names in it: numbers, words, `_Piece`s, `_UNKNOWN`.
        key: the same number for the same values.
        depth: of blocks within blocks.
    """

    source: Source
    blocks: NamesView
    values: Mapping[str, Any]
    key: int
    depth: int


class _Piece(NamedTuple):
    """A chain as a value, with what it sees."""

    chain: tree.Chain
    seen: _Seen


class _Unknown(Exception):
    """A value that depends on shapes."""


_UNKNOWN = object()
_Request: TypeAlias = tuple[Any, _Seen]
_Counting: TypeAlias = Generator["_Request", Least, Least]


class LeastCounter:
    """Counts pieces of one text, each once for what it sees."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._known: dict[tuple[int, int], tuple[Least, Any]] = {}  # with the node: it stays alive
        self._keys: dict[Any, int] = {}
        self._views: dict[int, tuple[Any, dict[str, Any], int]] = {}

    def least(self, node: Any, scope: Scope) -> Least:
        """Count how much a chain or a step's body makes at least.

        Args:
            node: of the tree.
            scope: what it sees.
        """
        request = node, self._view(scope)
        found: Least = run(request, partial(LeastCounter._count, self))
        return found

    def _view(self, scope: Scope) -> _Seen:
        """Return what a scope shows."""
        found = self._views.get(id(scope.values))
        if found is None:
            values = {
                name: self._seen_value(value)
                for name, value in scope.values.items()
                if name != "i"  # of a repeat that is being made: the next passes have others
            }
            found = scope.values, values, self._key(values)
            if isinstance(scope.values, NamesView):  # others are those of one use
                self._views[id(scope.values)] = found
        return _Seen(scope.source, scope.blocks, found[1], found[2], len(scope.path))

    def _seen_value(self, value: Any) -> Any:
        if isinstance(value, Closure):
            return _Piece(value.chain, self._view(value.scope))
        return value

    def _key(self, values: Mapping[str, Any]) -> int:
        """Return a number for values: the same ones have the same, and are not compared again."""
        parts: list[tuple[Any, ...]] = []
        for name, value in values.items():
            if isinstance(value, _Piece):
                parts.append((name, id(value.chain), value.seen.key))
            else:
                # With the type: 1, 1.0 and True are equal, but may lead to different counts.
                parts.append((name, type(value).__name__, value))
        try:
            return self._keys.setdefault(tuple(parts), len(self._keys))
        except TypeError:  # a value that cannot be looked up is like no other
            return self._keys.setdefault(object(), len(self._keys))

    # --- counting ---------------------------------------------------------------------------------

    def _count(self, request: _Request) -> _Counting:
        node, seen = request
        place = id(node), seen.key
        if place in self._known:
            return self._known[place][0]
        self._known[place] = Least(), node  # within itself: of a block that calls itself
        if len(self._known) > _MAX_COUNTED or seen.depth > self.limits.blocks:
            return Least()
        found = yield from self._of(node, seen)
        self._known[place] = found, node
        return found

    def _of(self, node: Any, seen: _Seen) -> _Counting:
        if isinstance(node, tree.Chain):
            return (yield from self._of_chain(node, seen))
        if isinstance(node, tree.Group):
            return (yield node.chain, seen)
        if isinstance(node, tree.MergeNode):
            # The merge itself.
            total = Least(1)
            for branch in node.branches:
                total = total.plus(1, (yield branch, seen))
            return total
        if isinstance(node, tree.When):
            return (yield from self._of_condition(node, seen))
        if isinstance(node, tree.LayerNode):
            return (yield from self._of_word(node, seen))
        return Least()

    def _of_chain(self, chain: tree.Chain, seen: _Seen) -> _Counting:
        total = Least()
        for step in chain.steps:
            body = step.body
            # `F x0` makes nothing, whatever F is: it is not looked into.
            times = 1 if step.repeat is None else self._times(step.repeat, seen)
            times *= 1 if step.branches is None else self._times(step.branches, seen)
            plain = self._of_kinds(body, seen)
            if plain is not None:
                total = total.plus(times, Least(plain))
            elif times:
                total = total.plus(times, (yield body, seen))
        return total

    def _of_kinds(self, body: tree.Body, seen: _Seen) -> int | None:
        """Return the operations of a kind, and of a merge of kinds; None for anything else.

        They are most of any network, and are counted without a call on the stack.
        """
        if isinstance(body, tree.LayerNode):
            word = body.word.text
            return int(adds_operation(word)) if self._is_kind(word, seen) else None
        if not isinstance(body, tree.MergeNode):
            return None
        operations = 1
        for chain in body.branches:
            layer = only_layer(chain)
            if layer is None or not self._is_kind(layer.word.text, seen):
                return None
            operations += int(adds_operation(layer.word.text))
        return operations

    @staticmethod
    def _is_kind(word: str, seen: _Seen) -> bool:
        return word not in seen.values and word not in seen.blocks and word not in FORMS

    def _of_condition(self, node: tree.When, seen: _Seen) -> _Counting:
        otherwise = node.otherwise
        holds = self._evaluated(node.condition, seen)
        if holds is True:
            return (yield node.then, seen)
        if holds is False:
            return (yield otherwise, seen) if otherwise else Least()
        then = yield node.then, seen
        # The condition depends on a shape: the branch that makes less is what is made at least.
        return then.or_less((yield otherwise, seen) if otherwise else Least())

    def _of_word(self, node: tree.LayerNode, seen: _Seen) -> _Counting:
        word = node.word.text
        if word in seen.values:
            piece = seen.values[word]
            if not isinstance(piece, _Piece):
                return Least()
            if node.arguments is None:
                return (yield piece.chain, piece.seen)
            named = bare_word(piece.chain)
            block = piece.seen.blocks.get(named.text) if named else None
        else:
            block = seen.blocks.get(word)
        if block is not None:
            inside = self._inside(node, block, seen)
            return Least(0, 1).plus(1, (yield block.definition.chain, inside))
        total = Least()
        if word in FORMS:
            for argument in node.arguments or ():
                if argument.name is None and isinstance(argument.value, tree.Chain):
                    total = total.plus(1, (yield argument.value, seen))
        elif self._is_kind(word, seen):
            total = Least(int(adds_operation(word)))
        return total

    # --- values -----------------------------------------------------------------------------------

    def _inside(self, node: tree.LayerNode, block: Any, seen: _Seen) -> _Seen:
        """Return what a use of a block or a shared piece sees."""
        scope: Scope = block.scope
        outer, blocks = self._view(scope), scope.blocks
        values = dict(outer.values)
        if isinstance(block, Block):
            blocks = blocks.with_next()  # the block sees itself, as when it is made
            values |= self._arguments(node, block.definition, seen, outer)
        inside = outer._replace(blocks=blocks, values=values, depth=seen.depth + 1)
        return inside._replace(key=self._key(values))

    def _arguments(
        self, node: tree.LayerNode, definition: tree.Def, seen: _Seen, outer: _Seen
    ) -> dict[str, Any]:
        """Return the values of a block's parameters; those that are missing are unknown."""
        free = (parameter.name.text for parameter in definition.parameters)
        values: dict[str, Any] = {}
        for argument in node.arguments or ():
            # By order, past those given by name, as when the block is made.
            name = argument.name.text if argument.name else None
            name = name or next((one for one in free if one not in values), "")
            values[name] = self._value(argument.value, seen)
        for parameter in definition.parameters:
            name = parameter.name.text
            if name not in values:
                # A default sees the parameters before it, not those of the caller.
                known = outer._replace(values={**outer.values, **values})
                known = known._replace(key=self._key(known.values))
                values[name] = self._value(parameter.default, known)
        return values

    def _value(self, node: Any, seen: _Seen) -> Any:
        if isinstance(node, tree.Number | tree.String):
            return node.value
        if isinstance(node, tree.Expression):
            return self._evaluated(node, seen)
        if isinstance(node, tree.Tuple):
            items = tuple(self._value(item, seen) for item in node.items)
            return _UNKNOWN if _UNKNOWN in items else items
        if not isinstance(node, tree.Chain):
            return _UNKNOWN
        bare = bare_word(node)
        if bare is not None and bare.text in seen.values:
            return seen.values[bare.text]
        return _Piece(node, seen)

    def _times(self, repeat: Any, seen: _Seen) -> int:
        """Return how often a step is made at least."""
        value = self._value(repeat, seen)
        return value if isinstance(value, int) else 0

    def _evaluated(self, expression: tree.Expression, seen: _Seen) -> Any:
        def lookup(name: str, span: Span) -> Any:
            value = seen.values.get(name, _UNKNOWN)
            if isinstance(value, _Piece):
                bare = bare_word(value.chain)
                value = YES_OR_NO.get(bare.text, _UNKNOWN) if bare else _UNKNOWN
            if value is _UNKNOWN and name in YES_OR_NO:
                return YES_OR_NO[name]
            if value is _UNKNOWN:
                raise _Unknown
            return value

        try:
            return evaluate(expression, seen.source, lookup, self.limits)
        except (_Unknown, NetError):  # a mistake is reported where it is made
            return _UNKNOWN
