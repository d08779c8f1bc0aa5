"""Wrong labels on purpose, for what a network does with them: of all examples, or of some.

As in Zhang et al. (2017, "Understanding deep learning requires rethinking generalization").
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from netdsl.errors import fail

if TYPE_CHECKING:
    from netdsl.training.data.parts import Examples
    from netdsl.training.preparation.rows import Array, Rows
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import Recipe

STREAM = 0x1ABE1
"""Keeps these random numbers apart from those of the order and of augmentation."""


def relabels(recipe: Recipe, preparation: Preparation) -> bool:
    """Return whether a recipe asks for wrong labels.

    Raises:
        NetError: N507 where it asks for two kinds, or the data holds no classes.
    """
    key = "data.labels" if recipe.data.labels else "label_noise"
    if not (recipe.data.labels or recipe.label_noise):
        return False
    if recipe.data.labels and recipe.label_noise:
        raise fail(
            "N507",
            "labels are random already: `label_noise` changes nothing",
            recipe.span("label_noise"),
            help="leave one of the two out",
        )
    if not all(output.classes for output in preparation.outputs):
        raise fail(
            "N507", "there are no labels to be changed: the data holds values", recipe.span(key)
        )
    return True


def relabelling(recipe: Recipe) -> str:
    """Say what becomes of the labels."""
    share = "all" if recipe.data.labels else f"{recipe.label_noise:.3g} of the"
    kind = "random ones" if recipe.data.labels else "wrong ones"
    return f"{share} labels outside the test part are replaced by {kind}, as the recipe asks"


def relabelled(part: Examples, preparation: Preparation, recipe: Recipe) -> Examples:
    """Give examples random labels, or a share of them another label than theirs.

    The same ones for the same seed. Of random labels one in as many as there are classes is right,
    of those of `label_noise` none.
    """
    import numpy as np

    y: list[Rows] = []
    for place, (labels, output) in enumerate(zip(part.y, preparation.outputs, strict=True)):
        # A stream for each part and output: what the one draws does not move the other's labels.
        rng = np.random.default_rng((STREAM, recipe.seed or 0, part.name == "validation", place))
        wrong: Array = np.array(labels[:])
        if recipe.data.labels:
            wrong[...] = rng.integers(output.classes, size=wrong.shape)
        else:
            flat = wrong.reshape(-1)
            chosen = rng.permutation(flat.size)[: round(flat.size * (recipe.label_noise or 0.0))]
            # A distance of at least one class: none keeps its label by accident.
            others = rng.integers(1, output.classes, size=len(chosen))
            flat[chosen] = (flat[chosen] + others) % output.classes
        y.append(wrong)
    return dataclasses.replace(part, y=tuple(y))
