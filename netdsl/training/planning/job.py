"""A job: everything that defines a training, before anything is built."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.data import Data
    from netdsl.training.preparation.rows import Array
    from netdsl.training.recipes.recipe import Recipe


class ResolvedRecipe(NamedTuple):
    """A recipe with every value, the reason for each value (by key, as `early_stopping.every`), and
    warnings of possible mistakes.
    """

    recipe: Recipe
    reasons: Mapping[str, str]
    doubts: tuple[str, ...]

    def at_speed(self, way: str, why: str) -> ResolvedRecipe:
        """Return the same with another `speed`, and the reason for it."""
        recipe = dataclasses.replace(self.recipe, speed=way)
        return self._replace(recipe=recipe, reasons={**self.reasons, "speed": why})


@dataclass(frozen=True, eq=False)
class Job:
    """A network, the resolved recipe and the data, made once and passed down.

    Attributes:
        network: the network to train.
        resolved: how to train it.
        data: the data to train on.
        components: by an operation's name, the kernel that begins at principal components.
    """

    network: Architecture
    resolved: ResolvedRecipe
    data: Data
    components: Mapping[str, Array] = field(default_factory=dict)

    @property
    def recipe(self) -> Recipe:
        """Return the resolved recipe."""
        return self.resolved.recipe

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        # The last batch of an epoch may be smaller; no example is left out.
        return math.ceil(len(self.data.train) / self.recipe.batch_size)
