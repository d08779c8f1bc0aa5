"""Examples in batches, as Keras takes them. This module imports Keras: import it where training begins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import keras
import numpy as np

from netdsl.train.data import Part
from netdsl.train.prepare import Preparation, shifted

if TYPE_CHECKING:
    from netdsl.train.prepare import Array, Floats


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """A part's examples, prepared batch by batch: inputs [b, *input] and targets.

    With a seed they come in a new order each epoch, and images are moved by up to `shift` pixels. Order and moves follow from
    the seed, the epoch and the batch alone, so it does not matter when or how often a batch is asked for.
    """

    def __init__(self, part: Part, preparation: Preparation, batch: int, seed: int | None = None, shift: int = 0) -> None:
        super().__init__()
        self.part, self.preparation, self.batch, self.seed, self.shift = part, preparation, batch, seed, shift
        self.epoch = 0
        self.order = np.arange(len(part))

    def __len__(self) -> int:
        return math.ceil(len(self.part) / self.batch)

    def on_epoch_begin(self) -> None:
        self.epoch += 1
        if self.seed is not None:
            self.order = np.random.default_rng((self.seed, self.epoch)).permutation(len(self.part))

    def __getitem__(self, index: int) -> tuple[Floats, Array]:
        rows = self.order[index * self.batch : (index + 1) * self.batch]
        x = self.preparation.inputs(self.part.x[rows])
        if self.shift:
            chance = np.random.default_rng((self.seed or 0, self.epoch, index))
            x = shifted(x, chance.integers(-self.shift, self.shift, (len(rows), 2), endpoint=True))
        return x, self.preparation.targets(self.part.y[rows])
