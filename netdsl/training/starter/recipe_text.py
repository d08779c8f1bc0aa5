"""The text of a first recipe, with a comment for each key."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors.printable import in_one_line
from netdsl.training.planning.few_steps import enough_epochs
from netdsl.training.planning.measures import PATIENCE
from netdsl.training.recipes.recipe import Augment, Recipe, Stopping
from netdsl.training.recipes.yaml_writer import to_yaml
from netdsl.wording import counted, first_few

if TYPE_CHECKING:
    from netdsl.training.planning.job import Job
    from netdsl.training.recipes.recipe import DataSpec
    from netdsl.training.starter.facts import Facts

SPLIT = 10
"""With at least this many examples, some can be used for validation."""

RARE = 3
"""If one class is this many times as frequent as another, class weights are suggested."""


def first_recipe(spec: DataSpec, facts: Facts) -> Recipe:
    """Return a first recipe for data."""
    images = facts.form.word == "images"
    # Grey images often show characters, and a mirrored 2 is not a 2.
    mirrored = images and facts.form.shape[2] == 3
    return Recipe(
        data=spec,
        epochs=50 if images else 100,
        # Without a validation part early stopping has nothing to decide by.
        early_stopping=Stopping(patience=PATIENCE) if facts.examples >= SPLIT else Stopping(),
        augment=Augment(flip="horizontal") if mirrored else Augment(),
        seed=0,
    )


def for_few_steps(recipe: Recipe, steps: int) -> Recipe:
    """Return a recipe whose patience is long enough, given the steps of an epoch."""
    patience, epochs = enough_epochs(steps)
    stopping = recipe.early_stopping
    if stopping.patience is None or patience <= stopping.patience:
        return recipe
    longer = dataclasses.replace(stopping, patience=patience)
    return dataclasses.replace(
        recipe, epochs=max(epochs, recipe.epochs or 0), early_stopping=longer
    )


def recipe_text(job: Job, recipe: Recipe, facts: Facts, path: Path) -> str:
    """Write a recipe that lies next to a network's file, relative to which its paths are.

    Args:
        job: the training that it describes.
        recipe: as `first_recipe` and `for_few_steps` return it.
        facts: what the data holds.
        path: the network's file.
    """
    name, folder = path.stem, path.parent
    data = recipe.data
    moved = dataclasses.replace(
        data,
        source=_from(folder, data.source),
        target=_from(folder, data.target) if isinstance(data.target, str) else data.target,
        weight=_from(folder, data.weight),
    )
    counts = facts.task.counts
    classes = first_few([f"{count:,} {each}" for each, count in counts.items()], 5)
    patience = recipe.early_stopping.patience or 0
    waited = f"after {patience} epochs"
    few = ""
    if patience > PATIENCE:
        waited += f" ({patience * job.steps} steps)"
        few = ": few examples need many epochs"
    reasons = {
        "data.source": counted(facts.examples, "example"),
        "data.target": f"what is predicted{f': {classes}' if counts else ''}",
        "epochs": "at most; early stopping ends it before",
        "early_stopping.patience": f"{waited} without a better validation loss{few}",
        "augment.flip": "images are mirrored at random; not for letters and digits",
        "seed": "the same numbers again",
    }
    return "".join(
        (
            f"# How {name}.net is trained: netdsl train {name}.net {name}.yaml\n",
            f"# All other keys have defaults: netdsl recipe {name}.net {name}.yaml\n",
            *_columns(job),
            to_yaml(dataclasses.replace(recipe, data=moved), reasons),
            "# To try next, without the #:\n",
            *(f"# {line}\n" for line in _next(facts)),
        )
    )


def _columns(job: Job) -> Iterator[str]:
    """Say which columns of a table the network gets, and how many numbers each becomes."""
    columns = job.data.preparation.inputs[0].columns
    if columns is not None:
        yield f"# The network gets {in_one_line(columns.description)}\n"
        yield "# Leave out what will not be known when it is used: netdsl new --ignore NAME,...\n"


def _from(folder: Path, path: str | None) -> str | None:
    """Return a path relative to a folder; what is not a path is returned unchanged."""
    if not path or not os.path.exists(path):
        return path
    # With `/` on Windows too: the recipe and its data may be moved to another system.
    return Path(os.path.relpath(path, folder)).as_posix()


def _next(facts: Facts) -> Iterator[str]:
    """Yield lines that a person can try next."""
    yield "optimizer: {name: adamw, rate: 0.003}"
    counts = sorted(facts.task.counts.values())
    if counts and counts[-1] >= RARE * max(1, counts[0]):
        yield "class_weights: balanced  # errors on rare classes count more"
    if facts.form.word == "images":
        yield "augment: {shift: 4, rotate: 10, brightness: 0.2}"
    if not facts.task.counts:
        yield "loss: absolute  # less moved by a few values that are far off"
