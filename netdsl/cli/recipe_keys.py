"""The key of a recipe that an unknown option of `netdsl train` may mean."""

from __future__ import annotations

import re
from collections.abc import Collection

from netdsl.training.recipes.familiar import FamiliarKey, familiar_key
from netdsl.training.recipes.recipe import Recipe
from netdsl.training.recipes.sections import paths_of

_VALUE = re.compile(r"[\w.+-]{1,20}")


def recipe_key(flag: str, value: str, options: Collection[str]) -> str:
    """Return a hint how a recipe sets what an unknown option names; empty if no key is known.

    Args:
        flag: the option, `--lr`.
        value: the argument after it.
        options: those that the command has.
    """
    name = flag.lstrip("-").replace("-", "_")
    found = familiar_key(name) or _of_recipe(name)
    if found is None:
        return ""
    option = f"--{found.path.replace('_', '-')}"
    if option in options:
        return f"did you mean `{option}`?"
    shown = value if _VALUE.fullmatch(value) else ""
    return f"in a recipe: `{found.text(shown)}`, or `{found.settings(shown)}`"


def _of_recipe(name: str) -> FamiliarKey | None:
    """Return the only key of recipes that has this name."""
    paths = [path for path in paths_of(Recipe) if path.split(".")[-1] == name]
    return FamiliarKey(paths[0], "...") if len(paths) == 1 else None
