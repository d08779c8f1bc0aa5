"""Check which changes of images fit a network's input, and which may change what images show."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

from netdsl.training.preparation.shapes import size

if TYPE_CHECKING:
    from netdsl.training.preparation.augment import Augmentation
    from netdsl.training.preparation.rows import Shape

IMAGES = (
    "flip",
    "shift",
    "scale",
    "rotate",
    "shear",
    "crop",
    "crop_from",
    "brightness",
    "contrast",
    "colour",
    "cutout",
)
"""The keys that change images [h, w, c]; the others change numbers of any shape."""


def unfit(augment: Augmentation, shape: Shape) -> tuple[str, str] | None:
    """Find the first key that an input of this shape (without the batch) cannot have, and why."""
    for key in IMAGES:
        if getattr(augment, key) and len(shape) != 3:
            return key, f"`{key}` changes images HxWxC; the network's input is {size(shape)}"
    if augment.shift and augment.shift >= min(shape[:2]):
        return "shift", f"a shift of {augment.shift} leaves nothing of {shape[0]}x{shape[1]} pixels"
    # The width follows the height in proportion: one comparison is enough.
    if augment.crop_from and augment.crop_from < shape[0]:
        needs = f"the network's input is {size(shape)}"
        return "crop_from", f"{needs}: it cannot be cut out of an image {augment.crop_from} high"
    if augment.colour and shape[2] != 3:
        return (
            "colour",
            f"`colour` changes images of 3 channels; the network's input is {size(shape)}",
        )
    if augment.cutout and augment.cutout >= min(shape[:2]):
        return (
            "cutout",
            f"a cutout of {augment.cutout} leaves nothing of {shape[0]}x{shape[1]} pixels",
        )
    return None


WRITTEN = {
    "digit",
    "digits",
    "letter",
    "letters",
    "mnist",
    "emnist",
    "kmnist",
    "qmnist",
    "notmnist",
    "omniglot",
    "svhn",
    "usps",
}
UPRIGHT = {"cifar", "fashion", "fashionmnist"}
"""Words in the names of data: characters to read, and things that are always upright."""

LEAN = 15
"""In degrees: rotated or sheared further, a digit may be read as another one. Cireşan et al. (2010,
"Deep, big, simple neural nets for handwritten digit recognition") rotate or shear those of MNIST by
up to 15, but 1 and 7 only by up to 7.5.
"""


def doubts(augment: Augmentation, source: str) -> list[str]:
    """Return warnings on changes that may give images of a source another class, or none.

    Args:
        augment: the changes.
        source: a data set's name, or a path.
    """
    name = PurePath(source.replace("\\", "/")).stem
    words = set(re.split(r"[^a-z]+", name.lower()))
    found = []
    if words & UPRIGHT:  # first: `fashion_mnist` shows clothes
        if augment.flip in ("vertical", "both"):
            found.append(
                f"`flip: {augment.flip}` turns images of `{name}` upside down, which real ones "
                "never are"
            )
    elif words & WRITTEN:
        if augment.flip:
            reason = "a mirrored 2 is not a 2, a mirrored b is a d"
            found.append(
                f"`flip: {augment.flip}` turns the characters in `{name}` into others, or into "
                f"none: {reason}"
            )
        for key, verb in (("rotate", "turned"), ("shear", "slanted")):
            degrees = getattr(augment, key) or 0
            if degrees > LEAN:
                reason = (
                    f"{verb} by more than {LEAN} degrees, a 1 may be read as a 7, and a 4 as a 9"
                )
                found.append(
                    f"`{key}: {degrees:g}` may turn the characters in `{name}` into others: "
                    f"{reason}"
                )
    return found
