"""What a piece of text sees: the values, blocks, defaults and points that were named before it."""

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any, NamedTuple, Self

from netdsl.errors import NetError, Note, Source, Span, fail, used_here
from netdsl.kinds.values import Defaults
from netdsl.syntax import tree

SHOWN_USES = 3
"""How many uses of blocks a message shows, the innermost ones."""


def lost_defaults(word: str) -> tuple[str, str]:
    """Return the entries of the lost names that say that a kind's defaults may be lost.

    The first is of a `default` of this kind with a mistake, the second of one that may be any
    kind's.
    """
    return f"default {word}", "default"


class NamesView(Mapping[str, Any]):
    """The names that were known at one place of a text.

    A view of all names up to there, which later ones do not change.

    Each block keeps what it sees, so that copies would take time and memory with the square of a
    text's length.
    """

    def __init__(
        self,
        names: dict[str, tuple[int, Any]] | None = None,
        count: int = 0,
        base: "NamesView | None" = None,
    ) -> None:
        self._names: dict[Any, tuple[int, Any]] = {} if names is None else names
        self._count = count
        self._base: Mapping[str, Any] = base or {}  # one without names is not asked each time

    def __getitem__(self, name: str) -> Any:
        found = self._names.get(name)
        return self._base[name] if found is None or found[0] >= self._count else found[1]

    def __contains__(self, name: object) -> bool:
        found = self._names.get(name)
        return name in self._base if found is None else found[0] < self._count or name in self._base

    def __iter__(self) -> Iterator[str]:
        return chain(self._base, islice(self._names, self._count))

    def __len__(self) -> int:
        return len(self._base) + self._count

    def followed_by(self, name: str, value: Any) -> Self:
        """Return the view after a new name.

        Only the last view can be followed, and no name comes twice.
        """
        # One dictionary for all views of a text; each sees the names that came before its count.
        self._names[name] = (self._count, value)
        return self.with_next()

    def with_next(self) -> Self:
        """Return the view with the one name that followed: a block sees itself."""
        made = type(self)(self._names, self._count + 1)
        made._base = self._base
        return made

    def fork(self) -> "NamesView":
        """Return a view of the same names that can be followed apart from others."""
        return NamesView(base=self)


class Points:
    """The named points of a network, of a block's use, or of a pass: of a repeat, or of one of
    several branches or flows that are alike; and the counters that name layers.

    Attributes:
        names: `a` leads to its operation, or to those of passes; `a.` to the points
            within it.
        places: where the names are written.
        used: the names that something refers to.
        prefix: of the names of layers.
        parent: the points around a pass, which it sees too.
        suffix: of the names of layers that the text names.
        counts: how many layers are named after a word.
    """

    __slots__ = ("counts", "names", "parent", "places", "prefix", "suffix", "used")

    def __init__(self, prefix: str = "", parent: "Points | None" = None, suffix: str = "") -> None:
        self.names: dict[str, Any] = {}
        self.places: dict[str, Span] = {}
        self.used: set[str] = set()
        self.prefix = prefix
        self.suffix = suffix
        self.parent = parent
        # Passes continue the count: `conv_4` of the second pass follows `conv_3` of the first.
        self.counts: dict[str, int] = parent.counts if parent else {}

    def named(self, name: str) -> str:
        """Return what a layer is called that the text names."""
        return f"{self.prefix}{name}{self.suffix}"

    def layer_name(self, word: str) -> str:
        """Return the next name for a layer called `word`: `conv_1`, `bottleneck_2_conv_1`."""
        self.counts[word] = self.counts.get(word, 0) + 1
        return f"{self.prefix}{word}_{self.counts[word]}"

    def holder(self, name: str) -> "Points | None":
        """Return the innermost points that have the name."""
        points: Points | None = self
        while points is not None and name not in points.names:
            points = points.parent
        return points

    def known(self) -> list[str]:
        """Return the names that can be referred to here."""
        names: dict[str, None] = {}
        points: Points | None = self
        while points is not None:
            names |= dict.fromkeys(name for name in points.names if not name.endswith("."))
            points = points.parent
        return list(names)


class Scope(NamedTuple):
    """What a piece of text sees.

    Attributes:
        source: the text that it is part of.
        values: of params, of a block's parameters, of a repeat's `i`.
        blocks: `Block`s and `SharedPiece`s.
        defaults: what the `default` statements before it say.
        points: the named points.
        lost: the names that statements with mistakes would have brought in, which therefore are
            not reported as unknown.
        path: the uses of blocks that led here, outermost first.
        uses: where the innermost of them are written, outermost first.
        use_numbers: all of them, by their numbers among the network's.
    """

    source: Source
    values: Mapping[str, Any]
    blocks: NamesView
    defaults: Defaults
    points: Points
    lost: set[str]
    path: tuple[str, ...] = ()
    uses: tuple[Span, ...] = ()
    use_numbers: tuple[int, ...] = ()

    def span(self, node: Any) -> Span:
        """Return where a node of the tree is written."""
        return Span(self.source, node.start, node.end)

    def used_at(self, use: Span) -> Self:
        """Return the scope with one more use that led to it."""
        return self._replace(uses=(*self.uses, use)[-SHOWN_USES:])

    def inside(self, caller: "Scope", label: str, use: Span, number: int) -> Self:
        """Return the scope within one use of what was defined here: with points of its own."""
        return self._replace(
            # No parent: a block does not see the points of its caller.
            points=Points(f"{label}_"),
            path=(*caller.path, label),
            uses=(*caller.uses, use)[-SHOWN_USES:],
            use_numbers=(*caller.use_numbers, number),
        )

    def turn(self, turn: int, suffix: str = "") -> Self:
        """Return the scope within one pass of a repeat, or one branch of several alike: with points
        of its own, and the number `i`.
        """
        points = Points(self.points.prefix, self.points, suffix)
        return self._replace(values={**self.values, "i": turn}, points=points)

    def notes(self) -> tuple[Note, ...]:
        """Return where the blocks that hold a mistake are used, innermost first."""
        return used_here(self.uses)

    def fail(self, code: str, message: str, node: Any, help: str = "") -> NetError:
        """Return the error of a mistake at a node, with the uses that led to it, to be raised."""
        return fail(code, message, self.span(node), help=help, notes=self.notes())


class Closure(NamedTuple):
    """A chain with what it sees: the names of the place where it is written."""

    chain: tree.Chain
    scope: Scope


class Block(NamedTuple):
    """A `def` with what it sees.

    Its own name comes in when it is used, so that it can call itself.
    """

    definition: tree.Def
    scope: Scope


class SharedPiece(NamedTuple):
    """A `let` with what it sees: a piece that is made once.

    Every use runs the same chain; the first one's weights serve all.
    """

    definition: tree.Let
    scope: Scope
