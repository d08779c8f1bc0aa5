"""A first network and recipe for a data set, checked before they are returned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import Source
from netdsl.reading import ReadOptions, check_source, only
from netdsl.training.planning.plan import plan
from netdsl.training.starter.facts import facts_of
from netdsl.training.starter.network_text import network_text
from netdsl.training.starter.recipe_text import first_recipe, for_few_steps, recipe_text

if TYPE_CHECKING:
    from netdsl.training.planning.job import Job
    from netdsl.training.recipes.recipe import DataSpec


class Starter(NamedTuple):
    """A network and a recipe for it.

    Attributes:
        network: the text of the network.
        recipe: the text of the recipe.
        job: the training that they describe.
    """

    network: str
    recipe: str
    job: Job


def starter(spec: DataSpec, path: Path) -> Starter:
    """Write a first network and recipe for data, and plan their training.

    Args:
        spec: names the source and its target.
        path: the network's file; the recipe's lies next to it.

    Raises:
        NetError: as `load_data` does, and N560 where no first network is written for such data.
    """
    facts = facts_of(spec)
    text = network_text(facts, path.stem)
    # The text itself is read and planned, so that what a beginner gets is known to work.
    checked = check_source(Source(path.name, text), ReadOptions(), path.stem)
    network, recipe = only(checked, None), first_recipe(spec, facts)
    job = plan(network, recipe)
    longer = for_few_steps(recipe, job.steps)
    if longer != recipe:  # only for little data, which is quick to read again
        recipe, job = longer, plan(network, longer)
    return Starter(text, recipe_text(job, recipe, facts, path), job)
