"""Data that a recipe names: what is wrong with it is shown at its place in the recipe."""

from __future__ import annotations

from typing import Any

from netdsl.architecture import Architecture
from netdsl.errors import NetError
from netdsl.training import data
from netdsl.training.recipes.recipe import Recipe, parse_recipe
from netdsl.training.recipes.yaml_writer import to_yaml


def load_data(recipe: Recipe, network: Architecture, given: Any = None) -> data.Data:
    """Load the data of a recipe as if a file held it.

    An error has a place in it, unless it is about a loss that the recipe leaves to the network.
    """
    if given is not None or recipe.spans or recipe.data.source is None:
        return data.load_data(recipe, network, given)
    try:
        return data.load_data(parse_recipe(to_yaml(recipe)), network)
    except NetError as error:
        unplaced = [one for one in error.diagnostics if one.span is None]
        if any(not (one.code == "N507" and "loss" in one.message) for one in unplaced):
            raise AssertionError(f"no place in the recipe: {error}") from None
        raise
