"""What makes pieces of chains alike: their form, with their values left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

from netdsl.factoring.items import Item, ItemChain, NodeName, all_items


class ItemForm(NamedTuple):
    """Items taken apart.

    Attributes:
        skeleton: the items without their values: equal for those that differ in values alone. Names
            within count by their places.
        values: what was left out, in order.
        roles: for each value what a parameter would be called.
        widths: for each value the channels that come into its item.
    """

    skeleton: Hashable
    values: tuple[Any, ...]
    roles: tuple[str, ...]
    widths: tuple[Any, ...]


class ItemForms:
    """The forms of items of some chains; references among them differ from outside ones."""

    def __init__(self, chains: Iterable[ItemChain]) -> None:
        self.references = _referred(item for chain in chains for item in all_items(chain))
        self._nameless: dict[int, tuple[Item, ItemForm | None]] = {}  # by an item's identity

    def of(self, items: ItemChain) -> ItemForm | None:
        """Return their form.

        None where something within is referred to from outside (their last output apart).
        """
        # The output of a piece may be referred to: its call has the same output.
        last = items[-1]
        if last.node in self.references:
            last = last._replace(node=-1)
        parts = [self._without_names(item) for item in (*items[:-1], last)]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return self._with_names(items)
        return ItemForm(
            tuple(part.skeleton for part in known),
            tuple(value for part in known for value in part.values),
            tuple(role for part in known for role in part.roles),
            tuple(width for part in known for width in part.widths),
        )

    def _without_names(self, item: Item) -> ItemForm | None:
        """Return an item's form where nothing in it has a name or is a reference.

        Asked for once only, as an item is in many pieces.
        """
        kept = self._nameless.get(id(item))
        if kept is None or kept[0] is not item:
            form = None
            if not any(
                each.node in self.references or any(isinstance(v, NodeName) for v in each.values)
                for each in all_items((item,))
            ):
                form = self._with_names((item,))
            kept = self._nameless[id(item)] = (item, form)
        return kept[1]

    def _with_names(self, items: ItemChain) -> ItemForm | None:
        last = items[-1].node
        named = {item.node for item in all_items(items) if item.node in self.references}
        used = _referred(all_items(items))
        # As often within as anywhere: otherwise something outside refers to it.
        if any(used[node] != self.references[node] for node in named - {last}):
            return None
        if used[last] and last in named:
            return None
        return _Skeleton(named - {last}).form(items)


class _Skeleton:
    """Takes items apart; `named` are the nodes whose names mean something among them alone."""

    def __init__(self, named: set[int]) -> None:
        self.named = named
        self.places: dict[int, int] = {}
        self.values: list[Any] = []
        self.roles: list[str] = []
        self.widths: list[Any] = []

    def form(self, items: ItemChain) -> ItemForm:
        skeleton = self._of(items)
        return ItemForm(skeleton, tuple(self.values), tuple(self.roles), tuple(self.widths))

    def _of(self, items: ItemChain) -> tuple[Hashable, ...]:
        return tuple(self._of_one(item) for item in items)

    def _of_one(self, item: Item) -> Hashable:
        own: list[Any] = []
        for value, role in zip(item.values, item.roles, strict=True):
            if isinstance(value, NodeName) and value.node in self.places:
                own.append(self.places[value.node])
                continue
            self.values.append(value)
            self.roles.append(role)
            self.widths.append(item.width)
            own.append("name" if isinstance(value, NodeName) else "")
        children = tuple(self._of(chain) for chain in item.children)
        if item.node in self.named:
            self.places[item.node] = len(self.places)
            own.append(f"as {self.places[item.node]}")
        return (item.head, tuple(own), children)


def _referred(items: Iterable[Item]) -> Counter[int]:
    """Return how often each node is referred to."""
    return Counter(
        value.node for item in items for value in item.values if isinstance(value, NodeName)
    )
