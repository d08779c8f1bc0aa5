"""What occurs again and again in chains with other numbers, taken out as blocks with
parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from netdsl.factoring.forms import ItemForm, ItemForms
from netdsl.factoring.items import (
    REFERENCE,
    BlockCall,
    FactoredBlock,
    Formula,
    Item,
    ItemChain,
    NodeName,
    RootedChain,
    all_chains,
    all_items,
    begins_elsewhere,
    without_name,
)
from netdsl.factoring.parameters import Alike, Parameters, equal_to, parameters_of
from netdsl.factoring.repeats import folded

_LONGEST = 24  # items that a block can hold in a row
_WORTH = 40  # characters that a block saves at least


class BlockRules(NamedTuple):
    """What the language that blocks are written in asks of them.

    Attributes:
        measure: a chain's length as text.
        rank: 0 for chains that cannot be blocks; of the others those of the highest rank come
            first.
        alike: whether values of one role can be written as multiples of those of another.
    """

    measure: Callable[[ItemChain], int]
    rank: Callable[[ItemChain], int] = lambda chain: 1
    alike: Alike = lambda role, other: True


def with_blocks(
    chains: Sequence[RootedChain], rules: BlockRules
) -> tuple[list[FactoredBlock], list[RootedChain]]:
    """Take blocks out of chains, one after the other, as long as that shortens the text.

    Returns:
        The blocks, each after those that it uses, and the chains that call them.
    """
    blocks: list[FactoredBlock] = []
    rooted = list(chains)
    # Greedy: the best block first, then the best of what is left, blocks included. Finding the best
    # set of all is as hard as the smallest grammar problem.
    while True:
        bodies = [*(each.chain for each in rooted), *(each.chain for each in blocks)]
        best = _best(bodies, ItemForms(bodies), rules)
        if best is None:
            return _in_order(blocks), rooted
        block, calls = _taken_out(len(blocks), best)
        called = [_with_calls(body, calls) for body in bodies]
        # Calls that took the place of pieces may now be equal neighbours.
        forms = ItemForms([*called, block.chain])
        called = [folded(body, 1, forms) for body in called]
        rooted = [
            each._replace(chain=body)
            for each, body in zip(rooted, called[: len(rooted)], strict=True)
        ]
        blocks = [
            each._replace(chain=body)
            for each, body in zip(blocks, called[len(rooted) :], strict=True)
        ]
        blocks.append(block._replace(chain=folded(block.chain, 1, forms)))


def _in_order(blocks: Sequence[FactoredBlock]) -> list[FactoredBlock]:
    """Return the blocks, each after those that it uses."""
    ordered: dict[int, FactoredBlock] = {}

    def add(block: FactoredBlock) -> None:
        if block.number in ordered:
            return
        for item in all_items(block.chain):
            if isinstance(item.head, BlockCall):
                add(blocks[item.head.block])
        ordered[block.number] = block

    for block in blocks:
        add(block)
    return list(ordered.values())


# --- which piece becomes a block ------------------------------------------------------------------


class _Pieces:
    """Pieces of one form in different places, and the highest of their ranks."""

    def __init__(self) -> None:
        self.chains: list[ItemChain] = []
        self.forms: list[ItemForm] = []
        self.rank = 0


class _Candidate(NamedTuple):
    """Pieces that a block can replace, and how many characters of text it saves."""

    pieces: _Pieces
    parameters: Parameters
    saved: int


def _best(bodies: Iterable[ItemChain], forms: ItemForms, rules: BlockRules) -> _Candidate | None:
    """Return the pieces that save most as a block, among those of the highest rank."""
    found = (_candidate(pieces, forms, rules) for pieces in _recurring(bodies, forms, rules.rank))
    return max(
        (each for each in found if each is not None),
        key=lambda each: (each.pieces.rank, each.saved),
        default=None,
    )


def _recurring(
    bodies: Iterable[ItemChain], forms: ItemForms, rank: Callable[[ItemChain], int]
) -> Iterator[_Pieces]:
    """Return all pieces that occur at least twice, those of one form together.

    None overlaps another of its form.
    """
    by_skeleton: dict[Hashable, _Pieces] = {}
    for chain in (inner for body in bodies for inner in all_chains(body)):
        stops: dict[Hashable, int] = {}  # where the last piece of each form ends
        for start, stop in _cuts(chain):
            piece = chain[start:stop]
            form = forms.of(piece)
            # Overlapping pieces of one form cannot both become calls; the first one wins.
            if form is None or stops.get(form.skeleton, 0) > start:
                continue
            standing = rank(piece)
            if not standing:
                continue
            stops[form.skeleton] = stop
            pieces = by_skeleton.setdefault(form.skeleton, _Pieces())
            pieces.chains.append(piece)
            pieces.forms.append(form)
            pieces.rank = max(standing, pieces.rank)
    return (pieces for pieces in by_skeleton.values() if len(pieces.chains) > 1)


def _cuts(chain: ItemChain) -> Iterator[tuple[int, int]]:
    """Yield where pieces of a chain begin and end; none holds a reference."""
    for start in range(len(chain)):
        for stop in range(start + 1, min(len(chain), start + _LONGEST) + 1):
            # A reference takes the flow elsewhere: what is after it is another piece.
            if chain[stop - 1].head == REFERENCE:
                break
            yield start, stop


def _candidate(pieces: _Pieces, forms: ItemForms, rules: BlockRules) -> _Candidate | None:
    """Return the pieces with what a block for them saves; None where it is not worth it."""
    first = pieces.chains[0]
    # A block of one call would only rename the other block.
    if len(first) == 1 and isinstance(first[0].head, BlockCall):
        return None
    parameters = parameters_of(pieces.chains, pieces.forms, rules.alike)
    if parameters is None:
        return None
    calls, names = len(pieces.chains), len(parameters.columns)
    arguments = sum(
        _length(form.values[at]) + 2 for form in pieces.forms for _, at in parameters.columns
    )
    # `def name() = ` and its line end are about 14 characters, a call or a parameter 8.
    saved = (calls - 1) * rules.measure(first) - 14 - 8 * (calls + names) - arguments
    # A piece that is a shorter one twice is a repeat of that, which saves more.
    if saved <= _WORTH or _is_periodic([forms.of((item,)) for item in first]):
        return None
    return _Candidate(pieces, parameters, saved)


def _length(value: Any) -> int:
    return 4 if isinstance(value, Formula | NodeName) else len(str(value))


def _is_periodic(parts: Sequence[ItemForm | None]) -> bool:
    """Return whether a piece is itself a shorter one several times."""
    skeletons = [None if part is None else part.skeleton for part in parts]
    return any(
        len(skeletons) % period == 0
        and skeletons == skeletons[:period] * (len(skeletons) // period)
        for period in range(1, len(skeletons) // 2 + 1)
    )


# --- pieces to a block and its calls --------------------------------------------------------------


class _Call(NamedTuple):
    """What is put in the place of a piece of this many items."""

    length: int
    item: Item


def _taken_out(number: int, found: _Candidate) -> tuple[FactoredBlock, dict[int, _Call]]:
    """Return the block, and the call that replaces each piece, by the identity of the piece's
    first item.
    """
    forms = found.pieces.forms
    declared = found.parameters.declared(forms)
    arguments = [
        (name, [form.values[at] for form in forms]) for name, at in found.parameters.columns
    ]
    common = _common(found.pieces.chains, arguments)
    chain = without_name(_filled(common, iter(found.parameters.inside)))
    calls = {}
    for piece, form in zip(found.pieces.chains, forms, strict=True):
        first, last = piece[0], piece[-1]
        call = Item(
            BlockCall(number, begins_elsewhere(chain)),
            tuple(form.values[at] for _, at in declared),
            tuple(parameter.name.rstrip("0123456789") for parameter, _ in declared),
            first.width,
            (),
            last.node,
            (first.span[0], last.span[1]),
        )
        calls[id(first)] = _Call(len(piece), call)
    block = FactoredBlock(number, tuple(parameter for parameter, _ in declared), chain)
    return block, calls


def _common(
    pieces: Sequence[ItemChain], arguments: Sequence[tuple[str, Sequence[Any]]]
) -> ItemChain:
    """Return one chain for pieces of one form.

    The first, each width as a parameter where they differ.
    """
    return tuple(_common_item(items, arguments) for items in zip(*pieces, strict=True))


def _common_item(items: Sequence[Item], arguments: Sequence[tuple[str, Sequence[Any]]]) -> Item:
    widths = [item.width for item in items]
    width: Any = widths[0]
    if len(set(widths)) > 1:
        # A width that differs from use to use is known within the block only by a parameter.
        width = None if None in widths else equal_to(widths, arguments) or tuple(widths)
    children = tuple(
        _common(chains, arguments)
        for chains in zip(*(item.children for item in items), strict=True)
    )
    return items[0]._replace(width=width, children=children)


def _filled(chain: ItemChain, inside: Iterator[Any]) -> ItemChain:
    """Return the chain with the block's entry for each value, in the order of the form."""
    named: set[int] = set()

    def filled(item: Item) -> Item:
        values = tuple(
            value if isinstance(value, NodeName) and value.node in named else next(inside)
            for value in item.values
        )
        children = tuple(tuple(filled(child) for child in inner) for inner in item.children)
        named.add(item.node)
        return item._replace(values=values, children=children)

    return tuple(filled(item) for item in chain)


def _with_calls(chain: ItemChain, calls: Mapping[int, _Call]) -> ItemChain:
    """Return the chain with calls where the pieces of a block were."""
    result: list[Item] = []
    at = 0
    while at < len(chain):
        item = chain[at]
        call = calls.get(id(item))
        if call is None and item.children:
            item = item._replace(children=tuple(_with_calls(each, calls) for each in item.children))
        result.append(item if call is None else call.item)
        at += 1 if call is None else call.length
    return tuple(result)
