"""Guess what a network for a source would take, where there is no network yet."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors import NetError
from netdsl.training.data.parts import INPUT
from netdsl.training.data.signature import NetworkSignature, TensorSpec
from netdsl.training.data.sources.arrays import read_npz
from netdsl.training.data.sources.image_folder import has_folders, image_files
from netdsl.training.data.sources.images import opened_image
from netdsl.training.data.sources.named import NAMES
from netdsl.training.data.sources.toys import POLYNOMIAL

if TYPE_CHECKING:
    from netdsl.errors import Span
    from netdsl.training.recipes.recipe import DataSpec

MAX_IMAGES = 1000
"""How many images' sizes are read."""

TERMS = 4
"""How many polynomials are shown; a network determines its own number."""


def guessed_signature(
    spec: DataSpec, span: Span | None = None
) -> tuple[NetworkSignature, str | None]:
    """Guess what a network for this source may take, and what it learns.

    Returns:
        The signature, and the target to read the source with.

    Raises:
        NetError: N511 to N513 where an `.npz` file cannot be read.
    """
    source = spec.source or ""
    target = spec.target if isinstance(spec.target, str) else None
    path, input, end = Path(source), TensorSpec("input", (64, 64, 3)), (TensorSpec("output", (1,)),)
    if source == POLYNOMIAL:
        return NetworkSignature((TensorSpec("input", (TERMS,)),), end), target
    if source == "imdb":
        # The sizes of Keras's own example, `bidirectional_lstm_imdb`.
        return NetworkSignature((TensorSpec("input", (200,), vocabulary=20_000),), end), target
    if path.suffix.lower() == ".npz" and source not in NAMES:
        return _by_names(list(read_npz(path, span)), target)
    if path.suffix.lower() == ".npy":
        return NetworkSignature((input,), end), target or INPUT
    if os.path.isdir(path):
        usual = input._replace(shape=_usual_shape(image_files(path)))
        return NetworkSignature((usual,), end), target if has_folders(path) else INPUT
    return NetworkSignature((input,), end), target


def _by_names(held: list[str], target: str | None) -> tuple[NetworkSignature, str | None]:
    """Guess inputs and outputs from the names of arrays: `x_left` is the input `left`."""
    suffix = "_train" if any(name.startswith(("x_train", "y_train")) for name in held) else ""
    inputs, outputs = (
        [
            name.removeprefix(f"{letter}{suffix}_")
            for name in held
            if name.startswith(f"{letter}{suffix}_")
        ]
        for letter in "xy"
    )
    # `x_left` alone is not several inputs: reading it raises an error with the reason.
    if f"x{suffix}" in held or len(inputs) < 2:
        inputs = ["input"]
    if f"y{suffix}" in held or len(outputs) < 2:
        outputs = ["output"]
    signature = NetworkSignature(
        tuple(TensorSpec(name, ()) for name in inputs),
        tuple(TensorSpec(name, ()) for name in outputs),
        sized=False,
    )
    return signature, target if any(name.startswith("y") for name in held) else INPUT


def _usual_shape(files: Sequence[Path]) -> tuple[int, int, int]:
    """Return the size that at least half of the images have, else the median height and width; with
    three channels if one image has colours.
    """
    sizes: Counter[tuple[int, int]] = Counter()
    colour = False
    for path in files[:MAX_IMAGES]:
        try:
            with opened_image(path) as image:
                sizes[image.size] += 1
                colour = colour or image.mode not in ("1", "L", "LA", "I", "F", "I;16")
        except NetError:  # reported when the folder is read
            continue
    width, height = _usual_size(sizes) if sizes else (64, 64)
    return height, width, 3 if colour else 1


def _usual_size(sizes: Counter[tuple[int, int]]) -> tuple[int, int]:
    """Return the size of at least half of the images, else the medians: if nearly all sizes differ,
    the most frequent one may be that of two small images.
    """
    size, count = sizes.most_common(1)[0]
    if 2 * count >= sizes.total():
        return size
    widths, heights = (sorted(each) for each in zip(*sizes.elements(), strict=True))
    return widths[len(widths) // 2], heights[len(heights) // 2]
