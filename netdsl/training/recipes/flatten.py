"""A recipe as a flat dict of names and values, for comparing runs and for loggers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from netdsl.training.recipes.sections import Section, scalar_of


def flatten(recipe: Section, before: str = "") -> dict[str, Any]:
    """Return a recipe's values by key, `optimizer.rate`, without those that were left out."""
    found: dict[str, Any] = {}
    for item in dataclasses.fields(recipe):
        value = getattr(recipe, item.name)
        if isinstance(value, Section) and (scalar := scalar_of(value)) is not None:
            found[before + item.name] = scalar
        elif isinstance(value, Section):
            found |= flatten(value, f"{before}{item.name}.")
        elif isinstance(value, Mapping) and item.metadata:
            found |= {f"{before}{item.name}.{name}": one for name, one in value.items()}
        # Fields without metadata (`spans`) are not keys.
        elif item.metadata and value is not None:
            found[before + item.name] = value
    return found
