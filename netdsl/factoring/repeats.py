"""Equal neighbours in chains, folded into repeats."""

from __future__ import annotations

from collections.abc import Sequence

from netdsl.factoring.forms import ItemForm, ItemForms
from netdsl.factoring.items import (
    REFERENCE,
    REPEAT,
    Item,
    ItemChain,
    RootedChain,
    without_name,
)


def with_repeats(chains: Sequence[RootedChain], longest: int) -> list[RootedChain]:
    """Fold equal neighbours: runs of one item, then of two, and so on up to `longest`."""
    forms = ItemForms(each.chain for each in chains)
    return [each._replace(chain=folded(each.chain, longest, forms)) for each in chains]


def folded(chain: ItemChain, longest: int, forms: ItemForms) -> ItemChain:
    """Fold equal neighbours of a chain, those within its items first."""
    items = tuple(
        item._replace(children=tuple(folded(child, longest, forms) for child in item.children))
        for item in chain
    )
    # Short periods first: runs of one item become single items of longer periods.
    for period in range(1, longest + 1):
        items = _folded_once(items, period, forms)
    return items


def _folded_once(chain: ItemChain, period: int, forms: ItemForms) -> ItemChain:
    """Fold equal neighbours of `period` items each."""
    result: list[Item] = []
    at = 0
    while at < len(chain):
        times = _times(chain, at, period, forms)
        length = times * period if times > 1 else 1
        result.append(_repeat(chain[at : at + length], period) if times > 1 else chain[at])
        at += length
    return tuple(result)


def _times(chain: ItemChain, at: int, period: int, forms: ItemForms) -> int:
    """Return how often the items from `at` on come one after the other."""
    piece = chain[at : at + period]
    alone = (REFERENCE,) if period > 1 else (REFERENCE, REPEAT)  # what is never repeated by itself
    form = None if len(piece) < period or piece[0].head in alone else forms.of(piece)
    times, stop = 1, at + period
    while (
        form is not None
        and _same(form, chain[stop : stop + period], period, forms)
        # An output in the middle that others refer to has no name once it is within a repeat.
        and chain[stop - 1].node not in forms.references
    ):
        times, stop = times + 1, stop + period
    return times


def _same(form: ItemForm, other: ItemChain, period: int, forms: ItemForms) -> bool:
    there = forms.of(other) if len(other) == period else None
    return there is not None and (there.skeleton, there.values) == (form.skeleton, form.values)


def _repeat(chain: ItemChain, period: int) -> Item:
    """Return the repeat that replaces equal pieces of a chain."""
    pieces = [chain[at : at + period] for at in range(0, len(chain), period)]
    first, last = chain[0], chain[-1]
    body = without_name(_one_for_all(pieces))
    span = (first.span[0], last.span[1])
    return Item(REPEAT, (len(pieces),), ("n",), first.width, (body,), last.node, span)


def _one_for_all(pieces: Sequence[ItemChain]) -> ItemChain:
    """Return one chain for equal ones: widths that differ from pass to pass are unknown."""
    return tuple(_one_item(items) for items in zip(*pieces, strict=True))


def _one_item(items: Sequence[Item]) -> Item:
    widths = {item.width for item in items}
    children = tuple(
        _one_for_all(chains) for chains in zip(*(item.children for item in items), strict=True)
    )
    return items[-1]._replace(width=widths.pop() if len(widths) == 1 else None, children=children)
