"""Check that parts which a source itself has are separate in their groups and times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from netdsl.errors import fail
from netdsl.errors.printable import in_one_line

if TYPE_CHECKING:
    from netdsl.training.data.parts import Examples
    from netdsl.training.recipes.recipe import Recipe


def check_apart(parts: Sequence[Examples], names: Sequence[str], recipe: Recipe) -> list[str]:
    """Check that no group is in two parts, and that nothing is later than a later part.

    Args:
        parts: the examples of the training, the validation and the test part.
        names: the parts' names.
        recipe: says whether rows belong to groups, or are in order.

    Returns:
        Notes of what cannot be compared.

    Raises:
        NetError: N507.
    """
    asked = recipe.data.split
    if not (asked.group or asked.order):
        return []
    filled = [(part, name) for part, name in zip(parts, names, strict=True) if len(part)]
    notes = list(_unknown(filled, asked.group or asked.order or ""))
    # Pairs in the order training, validation, test: the first of a pair must be the earlier one.
    for (part, name), (later, other) in combinations(filled, 2):
        if asked.group and (common := sorted(_groups(part) & _groups(later))):
            message = (
                f"`{in_one_line(common[0])}` of `{asked.group}` is in the {name} and in the "
                f"{other} part, as are {len(common):,} groups in all"
            )
            place, key = recipe.span("data.split.group"), "group"
        elif asked.order and _overlap(part, later):
            message = f"rows of the {name} part are not before all of the {other} part"
            message += f", by `{asked.order}`"
            place, key = recipe.span("data.split.order"), "order"
        else:
            continue
        help = f"correct the parts that the data states, or leave `{key}` out"
        raise fail("N507", message, place, help=help)
    return notes


def _groups(part: Examples) -> set[str]:
    """Return the names of a part's groups."""
    if part.keys is None or part.keys.groups is None:
        return set()
    return {part.keys.group_names[place] for place in set(part.keys.groups.tolist())}


def _overlap(part: Examples, later: Examples) -> bool:
    """Return whether a row of a part is not before all rows of a later part."""
    times = [one.keys.order if one.keys else None for one in (part, later)]
    if times[0] is None or times[1] is None:
        return False
    # Equal times overlap, too: rows of the same moment may know the same.
    return bool(times[0].max() >= times[1].min())


def _unknown(parts: Sequence[tuple[Examples, str]], column: str) -> Iterator[str]:
    """Yield notes on the parts that have no column of groups or times."""
    for part, name in parts:
        if part.keys is None or (part.keys.groups is None and part.keys.order is None):
            yield f"the {name} part has no column `{column}`: it is not compared with the others"
