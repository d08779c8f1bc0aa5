"""The steps of a GAN as chunks: rows of real examples, and noise. This module imports Keras."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from keras import ops

from netdsl.training.data.batches import Sampling
from netdsl.training.speed.chunks import Chunks
from netdsl.training.speed.placement import divided, fits_on_device, placed

if TYPE_CHECKING:
    from netdsl.training.adversarial.job import AdversarialJob
    from netdsl.training.speed.chunks import Held

NOISE, MIX = 10, 11
"""Streams of random numbers, other than those of augmentation."""


class AdversarialBatch(NamedTuple):
    """The inputs of a step, for each of its rounds and for the generator.

    Attributes:
        real: examples [rounds, b, *example].
        labels: their classes [rounds, b, 1]; None where there are none.
        noise: [rounds + 1, b, *noise]; the last is the generator's.
        mix: the share of the real example in each mixture with a generated one, at which the
            gradient penalty is computed [rounds, b].
    """

    real: Any
    labels: Any
    noise: Any
    mix: Any


class AdversarialChunks(Chunks):
    """The steps of a GAN, several at a time.

    A step takes a batch for each round of the discriminator. Noise depends only on the seed, the
    epoch and the step, as the order of the examples does, so that a training that is resumed draws
    the same. Examples that do not fill a step are left out of an epoch, others in each.
    """

    def __init__(self, job: AdversarialJob, together: int) -> None:
        """Divide the steps of each epoch into chunks of at most this many."""
        part, preparation = job.data.train, job.data.preparation
        self.on_device = fits_on_device(part, preparation)
        self.rounds, self.size = job.rounds, job.recipe.batch_size
        self.noise = tuple(job.pair.noise.shape)
        self.labelled = bool(job.pair.classes)
        # One batch of rows for all rounds, so that chunks work as elsewhere: `gathered` divides it.
        sampling = Sampling.of(job.recipe)._replace(batch=self.rounds * self.size)
        marks = [job.steps]
        if isinstance(job.recipe.checkpoint, int):
            marks.append(job.recipe.checkpoint)
        together = together if self.on_device else 1
        super().__init__(part, preparation, sampling, together, marks)
        # Whole steps only: the base class rounds up, and its last batch would be smaller.
        self.steps, self.ragged = job.steps, False

    def examples(self) -> Held:
        """Move all examples and their classes to the device, if they fit."""
        if not self.on_device:
            return (), (), None
        x, *labels = placed(partial(self._prepared, divided=False), len(self.part))
        return (x,), tuple(labels), None

    def _prepared(self, rows: Any, divided: bool = True) -> tuple[Any, ...]:
        x = self.preparation.x((self.part.x[0][rows],), divided)
        if not self.labelled:
            return x
        return *x, np.asarray(self.part.y[0][rows]).astype(np.int32).reshape(-1, 1)

    def step(self, index: int) -> dict[str, Any]:
        """Return the rows of a step's examples and its noise."""
        rows = self.order[index * self.batch : (index + 1) * self.batch].astype(np.int32)
        shape = (self.rounds + 1, self.size, *self.noise)
        # By the step's number, whatever chunk it is in: a resumed training has other chunks.
        noise = self.rng(index, NOISE).standard_normal(shape, np.float32)
        mix = self.rng(index, MIX).random((self.rounds, self.size), np.float32)
        found: dict[str, Any] = {"rows": rows, "noise": noise, "mix": mix}
        # Examples are then prepared on the host, and a step at a time: a chunk of several steps
        # would copy them all the same.
        if not self.on_device:
            # `strict=False`: examples without a class give no labels.
            found |= dict(zip(("real", "labels"), self._prepared(rows), strict=False))
        return found

    def gathered(self, held: Held, step: Mapping[str, Any]) -> Any:
        """Gather a step's batches on the device."""
        if self.on_device:
            real, *labels = (
                ops.take(array, step["rows"], axis=0) for array in (*held[0], *held[1])
            )
        else:
            real, *labels = (step[name] for name in ("real", "labels") if name in step)
        (real,) = divided((real,), self.preparation.inputs)
        shape = (self.rounds, self.size)
        real, *labels = (ops.reshape(one, (*shape, *one.shape[1:])) for one in (real, *labels))
        return AdversarialBatch(real, labels[0] if labels else None, step["noise"], step["mix"])
