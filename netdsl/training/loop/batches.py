"""Examples in batches, as Keras takes them. This module imports Keras: import it where training
begins.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from netdsl.training.preparation.augment import augmented, mixed
from netdsl.training.recipes.recipe import Augment

if TYPE_CHECKING:
    from netdsl.training.data import Part
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array, Floats
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import Recipe


ROOM = 1 << 30
"""Bytes of prepared examples that are kept, at most, so that they need not be prepared again."""


def room(part: Part, preparation: Preparation, divided: bool = True) -> int:
    """The bytes of a part's prepared inputs, `divided` as for `Input.values`."""
    inputs = zip(preparation.inputs, part.x, strict=True)
    return sum(
        math.prod(input.shape) * (1 if not divided and input.only_divides(x) else 4)
        for input, x in inputs
    ) * len(part)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """A part's examples, prepared batch by batch: inputs [b, *input] and targets, in their
    order, each kept where there is room.
    """

    def __init__(self, part: Part, preparation: Preparation, batch: int) -> None:
        super().__init__()
        self.part, self.preparation, self.batch = part, preparation, batch
        self.kept: dict[int, tuple[Any, ...]] | None = (
            {} if room(part, preparation) <= ROOM else None
        )

    def __len__(self) -> int:
        return math.ceil(len(self.part) / self.batch)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        if self.kept is not None and index in self.kept:
            return self.kept[index]
        x, y = self.prepared(
            np.arange(index * self.batch, min((index + 1) * self.batch, len(self.part)))
        )
        if self.kept is not None:
            self.kept[index] = one(x), one(y)
        return one(x), one(y)

    def prepared(
        self, rows: Array, divided: bool = True
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """These rows as the network takes them, `divided` as for `Input.values`, and their
        targets.
        """
        x, y = (tuple(array[rows] for array in arrays) for arrays in (self.part.x, self.part.y))
        return self.preparation.x(x, divided), self.preparation.y(y)


class Shuffled(Batches):
    """A part's examples in a new order each epoch, augmented; labels are smoothed and classes
    weighted as the recipe says.

    Order and augmentation follow from the seed, the epoch and the batch alone, so it does not
    matter when or how often a batch is asked for, and a training that goes on later sees the same
    examples. `steps` are those of an epoch.
    """

    def __init__(self, part: Part, preparation: Preparation, recipe: Recipe) -> None:
        super().__init__(part, preparation, recipe.batch or 1)
        self.recipe, self.epoch, self.steps = recipe, 0, math.ceil(len(part) / self.batch)
        self.order = np.arange(len(part))
        self.augments = recipe.augment != Augment()
        outputs, weights = preparation.outputs, recipe.class_weights
        shares = None if weights is None else list(dict(weights).values())  # type: ignore[arg-type]
        self.weights = None if shares is None else np.array(shares, np.float32)
        self.smoothing = [
            recipe.label_smoothing or 0.0 if output.classes else 0.0 for output in outputs
        ]

    def at_epoch(self, epoch: int) -> None:
        """Goes to an epoch, counted from 1. Keras's own hook will not do: some backends call it
        once more to look at a batch.
        """
        self.epoch = epoch
        self.order = np.random.default_rng((self.recipe.seed or 0, epoch)).permutation(
            len(self.part)
        )

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        x, y, *weights = self.taught(self.order[index * self.batch : (index + 1) * self.batch])
        if self.augments:
            x, y = self.changed(x[0], y, index)
        if self.recipe.augment.mixup:
            mixed_x, mixed_y = mixed(x[0], y[0], self.recipe.augment.mixup, self.chance(index, 1))
            x, y = (mixed_x,), (mixed_y,)
        return one(x), one(y), *weights

    def changed(
        self, x: Floats, y: tuple[Array, ...], index: int
    ) -> tuple[tuple[Floats], tuple[Array, ...]]:
        """Augmented inputs.

        What gives its input back is to give back the moved and coloured one, without the noise and
        the holes.
        """
        augment = self.recipe.augment
        whole = dataclasses.replace(augment, noise=None, cutout=None)
        y = tuple(
            augmented(x, whole, self.chance(index)).reshape(given.shape) if output.copies else given
            for output, given in zip(self.preparation.outputs, y, strict=True)
        )
        return (augmented(x, augment, self.chance(index)),), y

    def chance(self, index: int, what: int = 0) -> np.random.Generator:
        """The chance of an epoch's batch. Counted from 1: to NumPy a seed that ends in 0 is the
        one without it, and that is the order's.
        """
        return np.random.default_rng((self.recipe.seed or 0, self.epoch, index + 1, what + 1))

    def taught(self, rows: Array, divided: bool = True) -> tuple[Any, ...]:
        """These rows: inputs, targets, and the examples' weights where classes have some."""
        x, y = self.prepared(rows, divided)
        if soft(self.recipe):
            y = tuple(map(softened, self.preparation.outputs, y, self.smoothing))
        return x, y, *(() if self.weights is None else (self.weights[self.part.y[0][rows]],))

    def source(self) -> Any:
        """What `fit` is given."""
        return self

    def chunk(self, index: int) -> int:
        """The steps that Keras takes as one: the first of an epoch is 0."""
        return 1


def soft(recipe: Recipe) -> bool:
    """Whether classes are taught as shares of one rather than as labels."""
    return bool(recipe.label_smoothing or recipe.augment.mixup)


def softened(output: OutputTransform, y: Array, smoothing: float) -> Array:
    """Targets as shares of one: 1-e for the class and e/(k-1) for each of the k-1 others; for
    one output 1-e and e.
    """
    if not output.classes or output.loss not in ("cross-entropy", "binary"):
        return y
    if output.loss == "binary":
        return np.asarray(y * (1 - 2 * smoothing) + smoothing, np.float32)
    others = smoothing / (output.classes - 1)
    return np.asarray(
        np.eye(output.classes, dtype=np.float32)[y] * np.float32(1 - smoothing - others)
        + np.float32(others),
        np.float32,
    )


def one(arrays: tuple[Array, ...]) -> Any:
    """The array itself where there is but one."""
    return arrays[0] if len(arrays) == 1 else arrays
