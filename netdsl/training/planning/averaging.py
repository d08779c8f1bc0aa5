"""How much of the average of the weights each update keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from netdsl.training.recipes.recipe import Optimizer, Recipe

WINDOW = 5
"""Epochs that the weights of a table's network are averaged over."""

PART = 0.1
"""The largest part of the training that they are averaged over by default: the average should not
hold the first weights any more.
"""


MAX_UPDATES = 10**9
"""Updates of an average, at most: more than any training takes."""


class Updates(NamedTuple):
    """The updates of a training.

    Attributes:
        each: in an epoch, a part of one where an epoch has fewer batches than are accumulated.
        epochs: at most.
    """

    each: float
    epochs: int


def average(
    recipe: Recipe, optimizer: Optimizer, tabular: bool, updates: Updates
) -> float | bool | None:
    """Return the share of the average that an update keeps; None, or of a table False, for none.

    The share 1 - 1/n gives an average over about n updates.

    Args:
        recipe: what is asked for.
        optimizer: with every value.
        tabular: whether examples are rows of a table, whose networks are averaged by default.
        updates: of the training.
    """
    if isinstance(recipe.ema, str):
        return _share(int(recipe.ema.split()[0]) * updates.each)
    if recipe.ema is not None:
        return recipe.ema or (False if tabular else None)
    plain = not (recipe.hosts or recipe.devices not in (None, 1) or recipe.precision == "bfloat16")
    if tabular and plain and not optimizer.whole:
        return _share(min(WINDOW, PART * updates.epochs) * updates.each) or None
    return None


def too_few_note(asked: str) -> str:
    """Say that no average is taken over epochs that have fewer than two updates."""
    return f"`ema: {asked}` has fewer than two updates: the weights are not averaged"


def _share(updates: float) -> float | bool:
    """Return what is kept so that the average is over this many updates; False below two."""
    if updates < 2:
        return False
    updates = min(updates, MAX_UPDATES)
    # Six digits, and more where fewer would be 1.
    return round(1 - 1 / updates, max(6, len(str(int(updates))) + 1))
