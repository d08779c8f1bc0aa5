"""Examples in batches, as Keras takes them. This module imports Keras: import it where training
begins.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
import numpy as np

from netdsl.training.data.sizes import KEPT_NBYTES, evaluation_batch, prepared_nbytes
from netdsl.training.preparation.augment import augmented, mixed, random_cuts
from netdsl.training.recipes.recipe import Augment

if TYPE_CHECKING:
    from netdsl.training.data.parts import Examples
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array, Floats
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import Recipe


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """A part's examples, prepared batch by batch.

    A batch has the inputs [b, *input] and the targets, in the examples' order. Batches are kept
    where memory allows.
    """

    def __init__(self, part: Examples, preparation: Preparation, batch: int) -> None:
        super().__init__()
        self.part, self.preparation, self.batch = part, preparation, batch
        self.kept: dict[int, tuple[Any, ...]] | None = (
            {} if prepared_nbytes(part, preparation) <= KEPT_NBYTES else None
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
            self.kept[index] = unpack_single(x), unpack_single(y)
        return unpack_single(x), unpack_single(y)

    def prepared(
        self, rows: Array, divided: bool = True
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """Prepare these rows and their targets, `divided` as for `InputTransform.values`."""
        # Rows are selected by an array, so that only their files are read.
        x, y = (tuple(array[rows] for array in arrays) for arrays in (self.part.x, self.part.y))
        return self.preparation.x(x, divided), self.preparation.y(y)


UNCHANGED = Augment()
"""An augmentation that changes nothing; made once, since each step compares with it."""


class Sampling(NamedTuple):
    """How a training draws its examples and changes them.

    Attributes:
        batch: examples in a step.
        seed: of the order and the augmentation.
        augment: how inputs are changed at random.
        label_smoothing: the probability that moves from the right class to the others, or 0.
        class_weights: how much an example of each class counts, in the order of the classes, by
            output; a single output has the empty name.
    """

    batch: int
    seed: int
    augment: Augment
    label_smoothing: float
    class_weights: Mapping[str, tuple[float, ...]] | None

    @classmethod
    def of(cls, recipe: Recipe) -> Sampling:
        """Return the sampling of a resolved recipe."""
        weights = recipe.class_weights
        by_output: dict[str, tuple[float, ...]] | None = None
        if isinstance(weights, Mapping):
            each: dict[str, Any] = dict(weights)
            if not all(isinstance(one, Mapping) for one in each.values()):
                each = {"": each}
            by_output = {name: tuple(one.values()) for name, one in each.items()}
        return cls(
            recipe.batch_size,
            recipe.seed or 0,
            recipe.augment,
            recipe.label_smoothing or 0.0,
            by_output,
        )

    @property
    def augments(self) -> bool:
        """Return whether examples are augmented."""
        return self.augment != UNCHANGED

    @property
    def soft_labels(self) -> bool:
        """Whether classes are learned as probabilities rather than as labels."""
        return bool(self.label_smoothing or self.augment.mixup)


class Shuffled(Batches):
    """A part's examples in a new order each epoch, augmented.

    Labels are smoothed and classes weighted as the sampling says.

    Order and augmentation depend only on the seed, the epoch and the batch, so it does not matter
    when or how often a batch is asked for, and a training that is resumed gets the same examples.
    `steps` are those of an epoch; in an epoch that is resumed, the first `taken` are left out.
    """

    def __init__(self, part: Examples, preparation: Preparation, sampling: Sampling) -> None:
        # Uncut: images are kept at their larger size, and each epoch cuts out another piece.
        super().__init__(part, preparation.uncut, sampling.batch)
        self.sampling, self.epoch, self.taken = sampling, 0, 0
        self.sides = preparation.inputs[0].shape[:2]
        self.steps = math.ceil(len(part) / self.batch)
        self.order = np.arange(len(part))
        self.weights = example_weights(part, preparation, sampling.class_weights)

    def at_epoch(self, epoch: int, taken: int = 0) -> None:
        """Go to an epoch, counted from 1, of which some steps are taken already.

        Keras's own hook cannot be used: some backends call it once more to look at a batch.
        """
        self.epoch, self.taken = epoch, taken
        self.order = np.random.default_rng((self.sampling.seed, epoch)).permutation(len(self.part))

    def __len__(self) -> int:
        return self.steps - self.taken

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        index += self.taken
        x, y, *weights = self.taught(self.order[index * self.batch : (index + 1) * self.batch])
        if self.sampling.augments:
            x, y = self.augmented(x[0], y, index)
        if self.sampling.augment.mixup:
            # A stream of its own: mixup must not change how images are augmented.
            mixed_x, mixed_y = mixed(x[0], y[0], self.sampling.augment.mixup, self.rng(index, 1))
            x, y = (mixed_x,), (mixed_y,)
        return unpack_single(x), unpack_single(y), *weights

    def augmented(
        self, x: Floats, y: tuple[Array, ...], index: int
    ) -> tuple[tuple[Floats], tuple[Array, ...]]:
        """Change a batch's inputs at random, and targets that are copies of them likewise.

        An output that reconstructs its input learns the moved and coloured input, without its noise
        and holes.
        """
        augment = self.sampling.augment
        if augment.crop_from:
            x = random_cuts(x, self.sides, self.rng(index, 2))
        whole = dataclasses.replace(augment, noise=None, cutout=None)
        y = tuple(
            # The same generator again, so that moves and colours are those of the input.
            augmented(x, whole, self.rng(index)).reshape(target.shape) if output.copies else target
            for output, target in zip(self.preparation.outputs, y, strict=True)
        )
        return (augmented(x, augment, self.rng(index)),), y

    def rng(self, index: int, stream: int = 0) -> np.random.Generator:
        """Make the random generator of an epoch's batch.

        Batches count from 1: NumPy ignores a 0 at the end of a seed, and the seed without it is
        that of the order.
        """
        return np.random.default_rng((self.sampling.seed, self.epoch, index + 1, stream + 1))

    def taught(self, rows: Array, divided: bool = True) -> tuple[Any, ...]:
        """Prepare these rows for a step: inputs, targets, and weights where there are some."""
        x, y = self.prepared(rows, divided)
        if self.sampling.soft_labels:
            smoothing = self.sampling.label_smoothing
            y = tuple(
                smoothed(output, target, smoothing)
                for output, target in zip(self.preparation.outputs, y, strict=True)
            )
        if self.weights is None:
            return x, y
        if isinstance(self.weights, tuple):
            return x, y, tuple(weights[rows] for weights in self.weights)
        return x, y, self.weights[rows]

    def source(self) -> Any:
        """Return the argument for Keras's `fit`."""
        return self

    def chunk(self, index: int) -> int:
        """Return the number, from 0, of the chunk of steps that Keras takes as one step."""
        return 1


def example_weights(
    part: Examples,
    preparation: Preparation,
    class_weights: Mapping[str, tuple[float, ...]] | None,
) -> Array | tuple[Array, ...] | None:
    """Return how much each example counts: its own weight times that of its class.

    Returns:
        float32 [n, 1, ...] with an axis for each position of the outputs; an array for each output
        where several have class weights; None where all examples count 1.
    """
    outputs, own = preparation.outputs, part.weights
    if class_weights is None:
        return None if own is None else _spread(own, outputs[0])
    found = []
    for output, y in zip(outputs, part.y, strict=True):
        weights = np.ones(len(part), np.float32) if own is None else own
        key = "" if len(outputs) == 1 else output.name
        if key in class_weights:
            # `y` holds labels here, 0 and 1 for a single output.
            weights = weights * np.array(class_weights[key], np.float32)[y[:]]
        found.append(_spread(weights, output))
    return found[0] if len(found) == 1 else tuple(found)


def _spread(weights: Array, output: OutputTransform) -> Array:
    """Give weights [n] an axis for each position of an output."""
    return weights.reshape(-1, *(1,) * (len(output.shape) - 1))


def smoothed(output: OutputTransform, y: Array, smoothing: float) -> Array:
    """Make targets probabilities: 1-e for the class and e/(k-1) for each of the k-1 others.

    For a single output they are 1-e and e.
    """
    if not output.classes or output.loss not in ("cross-entropy", "binary"):
        return y
    if output.loss == "binary":
        return np.asarray(y * (1 - 2 * smoothing) + smoothing, np.float32)
    # Szegedy et al. (2016) divide e among all classes, the right one too; here it loses all of e,
    # so that the target with `label_smoothing: 0.1` is 0.9.
    others = smoothing / (output.classes - 1)
    return np.asarray(
        np.eye(output.classes, dtype=np.float32)[y] * np.float32(1 - smoothing - others)
        + np.float32(others),
        np.float32,
    )


def unpack_single(arrays: tuple[Array, ...]) -> Any:
    """Return the array itself where there is only one."""
    return arrays[0] if len(arrays) == 1 else arrays


def evaluation_batches(part: Examples, preparation: Preparation, batch: int) -> Batches:
    """Return a part in the batches in which it is evaluated."""
    return Batches(part, preparation, evaluation_batch(preparation, batch))
