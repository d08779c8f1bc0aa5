"""A sheet of one image and versions of it, as a recipe's `augment` changes it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors import fail
from netdsl.training.data.contact_sheet import (
    ACROSS,
    black_and_white,
    checked_images,
    tile,
    write_sheet,
)
from netdsl.training.preparation.augment import augmented, random_cuts
from netdsl.training.preparation.augment_checks import unfit
from netdsl.training.preparation.resize import resized
from netdsl.training.preparation.shapes import uncut_shape
from netdsl.training.recipes.flatten import flatten
from netdsl.training.recipes.recipe import Augment

if TYPE_CHECKING:
    from netdsl.training.data.parts import SourceData
    from netdsl.training.recipes.recipe import Recipe

VERSIONS = 20
"""How often the image is changed."""


def augmented_sheet(data: SourceData | None, recipe: Recipe, path: str | Path) -> None:
    """Write a PNG of an example and twenty versions of it, as the recipe's `augment` changes it.

    The image has its own size here; in training it has that of the network's input. `mixup`, which
    needs a second example, is left out.

    Args:
        data: what a source holds; None for a table of text and numbers.
        recipe: one with `augment`; the changes depend on its seed.
        path: the file.

    Raises:
        NetError: N507 for a recipe that changes no image, or not such images, N518 where the data
            holds no images, N631 for another suffix.
    """
    import numpy as np

    data = checked_images(data, path)
    augment = dataclasses.replace(recipe.augment, mixup=None)
    if augment == Augment():
        raise fail("N507", "the recipe has no `augment` that changes an image")
    images = data.train.x[0]
    black, white = black_and_white(images, data.scale)
    order = np.random.default_rng(0).permutation(len(images))
    image = np.asarray(images[order[:1]], np.float32)
    pixels = (image[..., None] if image.ndim == 3 else image) - np.float32(black)
    # To 0..1, which changes of brightness and clipping require.
    pixels /= np.float32((white - black) or 1)
    if problem := unfit(augment, pixels.shape[1:]):
        key, message = problem
        raise fail("N507", message, recipe.span(f"augment.{key}"))
    copies, sides = np.repeat(pixels, VERSIONS, axis=0), pixels.shape[1:3]
    if augment.crop_from:
        larger = resized(copies, *uncut_shape(pixels.shape[1:], augment.crop_from)[:2])
        copies = random_cuts(larger, sides, np.random.default_rng((recipe.seed or 0, 1, 1, 3)))
    made = augmented(copies, augment, np.random.default_rng((recipe.seed or 0, 1, 1, 1)))
    tiles = [tile(one, (0.0, 1.0)) for one in made]
    rows = [("original", [tile(pixels[0], (0.0, 1.0))])]
    rows += [("", tiles[at : at + ACROSS]) for at in range(0, VERSIONS, ACROSS)]
    changes = ", ".join(f"{key} {value}" for key, value in flatten(augment).items())
    write_sheet(rows, f"{Path(data.source).name} · {changes}", path)
