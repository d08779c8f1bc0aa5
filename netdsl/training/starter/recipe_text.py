"""The text of a first recipe, with a comment for each key."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.training.recipes.recipe import Augment, Recipe, Stopping
from netdsl.training.recipes.yaml_writer import to_yaml
from netdsl.wording import counted, first_few

if TYPE_CHECKING:
    from netdsl.training.recipes.recipe import DataSpec
    from netdsl.training.starter.facts import Facts

SPLIT = 10
"""Examples, of which some are left for validation in any case."""

RARE = 3
"""A class that is this many times as frequent as another is worth weights."""


def first_recipe(spec: DataSpec, facts: Facts) -> Recipe:
    """Return a first recipe for data."""
    images = facts.form.word == "images"
    mirrored = images and facts.form.shape[2] == 3
    return Recipe(
        data=spec,
        epochs=50 if images else 100,
        early_stopping=Stopping(patience=10) if facts.examples >= SPLIT else Stopping(),
        augment=Augment(flip="horizontal") if mirrored else Augment(),
        seed=0,
    )


def recipe_text(recipe: Recipe, facts: Facts, name: str, folder: Path) -> str:
    """Write a recipe for a file in this folder, from where its paths count.

    Args:
        recipe: as `first_recipe` gives it.
        facts: what the data holds.
        name: the file's, without its suffix.
        folder: where it will be.
    """
    data = recipe.data
    moved = dataclasses.replace(
        data,
        source=_from(folder, data.source),
        target=_from(folder, data.target),
        weight=_from(folder, data.weight),
    )
    counts = facts.task.counts
    classes = first_few([f"{count:,} {each}" for each, count in counts.items()], 5)
    reasons = {
        "data.source": counted(facts.examples, "example"),
        "data.target": f"what is predicted{f': {classes}' if counts else ''}",
        "epochs": "at most; early stopping ends it before",
        "early_stopping.patience": "after 10 epochs without a better validation loss",
        "augment.flip": "images are mirrored at random; not for letters and digits",
        "seed": "the same numbers again",
    }
    return "".join(
        (
            f"# How {name}.net is trained: netdsl train {name}.net {name}.yaml\n",
            f"# All other keys have defaults: netdsl recipe {name}.net {name}.yaml\n",
            to_yaml(dataclasses.replace(recipe, data=moved), reasons),
            "# To try next, without the #:\n",
            *(f"# {line}\n" for line in _next(facts)),
        )
    )


def _from(folder: Path, path: str | None) -> str | None:
    """Return a path as it is seen from a folder; what is not a path stays as it is."""
    if not path or not os.path.exists(path):
        return path
    return Path(os.path.relpath(path, folder)).as_posix()


def _next(facts: Facts) -> Iterator[str]:
    """Yield lines that a person may try."""
    yield "optimizer: {name: adamw, rate: 0.003}"
    counts = sorted(facts.task.counts.values())
    if counts and counts[-1] >= RARE * max(1, counts[0]):
        yield "class_weights: balanced  # errors on rare classes count more"
    if facts.form.word == "images":
        yield "augment: {shift: 4, rotate: 10, brightness: 0.2}"
    if not facts.task.counts:
        yield "loss: absolute  # less moved by a few values that are far off"
