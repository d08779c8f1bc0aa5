"""A job: all that a training is, before anything is built."""

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
    """A recipe without gaps, why each value is what it is (by key, `early_stopping.every`), and
    what may be a mistake.
    """

    recipe: Recipe
    reasons: Mapping[str, str]
    doubts: tuple[str, ...]

    def at_speed(self, way: str, why: str) -> ResolvedRecipe:
        """Return the same with another `speed`, and why it is taken."""
        recipe = dataclasses.replace(self.recipe, speed=way)
        return self._replace(recipe=recipe, reasons={**self.reasons, "speed": why})


@dataclass(frozen=True, eq=False)
class Job:
    """A network, the resolved recipe and the data, made once and passed down.

    Attributes:
        network: what is trained.
        resolved: how.
        data: on what.
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
