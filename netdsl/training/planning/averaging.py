"""The share of the weights' moving average that each update keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from netdsl.training.recipes.recipe import Optimizer, Recipe

WINDOW = 5
"""Over how many epochs the weights of a table's network are averaged by default."""

PART = 0.1
"""The largest part of the training over which weights are averaged by default, so that the average
no longer holds the initial weights.
"""


MAX_UPDATES = 10**9
"""The most updates of an average: more than any training takes."""


class Updates(NamedTuple):
    """The updates of a training.

    Attributes:
        each: how many in an epoch; less than 1 if an epoch has fewer batches than are accumulated.
        epochs: the most epochs.
    """

    each: float
    epochs: int


def average(
    recipe: Recipe, optimizer: Optimizer, tabular: bool, updates: Updates
) -> float | bool | None:
    """Return the share of the average that an update keeps; None, or for a table False, for none.

    The share 1 - 1/n gives an average over about n updates.

    Args:
        recipe: the recipe.
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
    """Return a note that weights are not averaged over epochs with fewer than two updates."""
    return f"`ema: {asked}` has fewer than two updates: the weights are not averaged"


def _share(updates: float) -> float | bool:
    """Return the share that averages over this many updates; False for fewer than two."""
    if updates < 2:
        return False
    updates = min(updates, MAX_UPDATES)
    # Six digits, and more if it would otherwise be rounded to 1.
    return round(1 - 1 / updates, max(6, len(str(int(updates))) + 1))
