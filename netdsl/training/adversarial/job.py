"""The job of a GAN: its networks, the resolved recipe, and the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netdsl.sources import stem

if TYPE_CHECKING:
    from netdsl.training.adversarial.pair import NetworkPair
    from netdsl.training.data import Data
    from netdsl.training.planning.job import ResolvedRecipe
    from netdsl.training.recipes.recipe import Recipe


@dataclass(frozen=True, eq=False)
class AdversarialJob:
    """Two networks, the resolved recipe and the data, made once and passed down.

    Attributes:
        pair: what is trained.
        resolved: how.
        data: on what.
    """

    pair: NetworkPair
    resolved: ResolvedRecipe
    data: Data

    @property
    def name(self) -> str:
        """The name of both together."""
        return f"{self.pair.generator.name} + {self.pair.discriminator.name}"

    @property
    def folder_name(self) -> str:
        """The name of a run's folder: that of the file of the two."""
        path = self.pair.generator.path
        return stem(path) if path else "gan"

    @property
    def recipe(self) -> Recipe:
        """Return the resolved recipe."""
        return self.resolved.recipe

    @property
    def rounds(self) -> int:
        """How often the discriminator is trained in a step."""
        return self.recipe.gan.steps or 1

    @property
    def steps(self) -> int:
        """Whole steps in an epoch; the examples that are left over differ from epoch to epoch."""
        return steps_of(len(self.data.train), self.recipe)


def steps_of(examples: int, recipe: Recipe) -> int:
    """Count the whole steps that this many examples give."""
    return examples // (recipe.batch_size * (recipe.gan.steps or 1))
