"""Labels made wrong on purpose, for all examples or for some, to study what a network learns then.

The experiment is that of Zhang et al. (2017, "Understanding deep learning requires rethinking
generalization").
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
"""Separates these random numbers from those of the order and of augmentation."""


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
    """Describe how the labels are changed."""
    share = "all" if recipe.data.labels else f"{recipe.label_noise:.3g} of the"
    kind = "random ones" if recipe.data.labels else "wrong ones"
    return f"{share} labels outside the test part are replaced by {kind}, as the recipe asks"


def relabelled(part: Examples, preparation: Preparation, recipe: Recipe) -> Examples:
    """Give all examples random labels, or a share of them a wrong label.

    The same seed gives the same labels. With k classes, one random label in k is right; none of the
    labels that `label_noise` changes is.
    """
    import numpy as np

    y: list[Rows] = []
    for place, (labels, output) in enumerate(zip(part.y, preparation.outputs, strict=True)):
        # A stream for each part and output, so that their labels do not depend on each other.
        rng = np.random.default_rng((STREAM, recipe.seed or 0, part.name == "validation", place))
        wrong: Array = np.array(labels[:])
        if recipe.data.labels:
            wrong[...] = rng.integers(output.classes, size=wrong.shape)
        else:
            flat = wrong.reshape(-1)
            chosen = rng.permutation(flat.size)[: round(flat.size * (recipe.label_noise or 0.0))]
            # Shifted by at least one class, so that none keeps its label by accident.
            others = rng.integers(1, output.classes, size=len(chosen))
            flat[chosen] = (flat[chosen] + others) % output.classes
        y.append(wrong)
    return dataclasses.replace(part, y=tuple(y))
