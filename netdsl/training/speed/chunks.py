"""Batches as row numbers for several steps at a time: the examples are on the device, where each
batch is gathered and augmented. This module imports Keras.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from netdsl.training.data.batches import Sampling, Shuffled, unpack_single
from netdsl.training.preparation import augment_device
from netdsl.training.preparation.augment import numbers, pairs
from netdsl.training.speed.placement import divided, placed

if TYPE_CHECKING:
    from netdsl.training.data import Examples
    from netdsl.training.preparation.transforms import Preparation

Held = tuple[tuple[Any, ...], tuple[Any, ...], Any]
"""All inputs and targets, and the examples' weights if these differ."""


class Chunks(Shuffled):
    """The batches of `Shuffled` in the same order, as row numbers for several steps at a time, with
    the random numbers by which the examples are changed.

    A chunk ends where something has to be done between two steps: at the multiples of each of the
    `marks`, and at the step `last`, both counted over all epochs. Every epoch has the same number
    of chunks, some of them empty, since Keras counts them only once.
    """

    def __init__(
        self,
        part: Examples,
        preparation: Preparation,
        sampling: Sampling,
        together: int,
        marks: Sequence[int],
        last: int = 0,
    ) -> None:
        """Divide the steps of each epoch into chunks.

        Args:
            part: what is trained on.
            preparation: what is done to it.
            sampling: how it is drawn and changed.
            together: the most steps in a chunk.
            marks: steps from one evaluation to the next, and from one checkpoint to the next.
            last: the step at which the training ends, if that is known.
        """
        super().__init__(part, preparation, sampling)
        self.together, self.marks, self.last = together, tuple(marks), last
        self.ragged = len(part) % self.batch != 0
        self.counts: list[int] = []
        self.place = 0
        # An upper bound: cuts at marks, at the last step and before a smaller last batch add to
        # the number without cuts. Keras asks only once, so the chunks left over are empty.
        at_marks = sum(self.steps // mark + 1 for mark in self.marks)
        self.count = self.steps // together + at_marks + 3
        self.sample = tuple(map(unpack_single, self.taught(np.arange(1))[:2]))

    def examples(self) -> Held:
        """Bring all examples to the device, prepared for the steps except for random changes and
        bytes, which are scaled later.
        """
        x, y, *weights = placed(partial(self.taught, divided=False), len(self.part))
        return x, y, weights[0] if weights else None

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        # From this Keras knows the shapes; the steps gather their examples by the rows below.
        return self.sample

    def source(self) -> Any:
        """Return what `fit` iterates over: for TensorFlow a data set that repeats the sample.

        A pipeline that calls Python for each chunk would take a third of a second to build.
        """
        if keras.config.backend() != "tensorflow":
            return self
        import tensorflow as tf

        return tf.data.Dataset.from_tensors(self.sample).repeat(len(self))

    def at_epoch(self, epoch: int, taken: int = 0) -> None:
        """Begin an epoch's order of examples, after the steps that were already taken."""
        super().at_epoch(epoch, taken)
        done, left = (epoch - 1) * self.steps + taken, self.steps - taken
        self.counts = cuts(done, left, self.together, self.marks, self.last, self.ragged)
        self.counts += [0] * (self.count - len(self.counts))
        self.place = 0

    def chunk(self, index: int) -> int:
        """Return the number of steps in a chunk."""
        return self.counts[index]

    def next(self) -> tuple[dict[str, Any], int]:
        """Return the next chunk, and how many steps it has.

        The chunk holds `rows` [together, batch] and the random numbers of each step's changes
        [together, batch, ...], padded with zeros; for a smaller last batch, [1, rest].
        """
        begin, count = self.taken + sum(self.counts[: self.place]), self.counts[self.place]
        self.place += 1
        found = [self.step(index) for index in range(begin, begin + count)]
        if not found:
            return {}, 0
        # One shape for all chunks: for another one the steps would be traced and compiled again.
        length = self.together if len(found[0]["rows"]) == self.batch else 1
        return {name: _filled([step[name] for step in found], length) for name in found[0]}, count

    def step(self, index: int) -> dict[str, Any]:
        """Return the rows of a step's examples, and the numbers by which they are changed."""
        # int32: JAX has no int64 unless it is enabled.
        rows = self.order[index * self.batch : (index + 1) * self.batch].astype(np.int32)
        augment = self.sampling.augment
        found: dict[str, Any] = {"rows": rows}
        if self.sampling.augments:
            shape = len(rows), *self.preparation.inputs[0].shape
            found |= numbers(augment, shape, self.rng(index))
        if augment.mixup:
            # A separate random stream (1): whether images are shifted must not change what is
            # mixed with what.
            partners, share = pairs(len(rows), augment.mixup, self.rng(index, 1))
            found |= {"partners": partners.astype(np.int32), "share": share}
        return found

    def gathered(self, held: Held, step: Mapping[str, Any]) -> tuple[Any, ...]:
        """Gather a step's batch on the device, and augment it there."""
        rows, outputs = step["rows"], self.preparation.outputs
        x, y = (tuple(ops.take(array, rows, axis=0) for array in arrays) for arrays in held[:2])
        # Bytes are divided here, batch by batch: all of them as floats would take four times the
        # memory.
        x = divided(x, self.preparation.inputs)
        if self.sampling.augments:
            result, whole = augment_device.changed(x[0], self.sampling.augment, step)
            y = tuple(
                ops.reshape(whole, old.shape) if output.copies else old
                for output, old in zip(outputs, y, strict=True)
            )
            x = (result,)
        # After augmentation, as in `Shuffled`: mixup blends what the network would have received.
        if "partners" in step:
            x, y = (
                tuple(
                    augment_device.mixed(array, step["partners"], step["share"]) for array in arrays
                )
                for arrays in (x, y)
            )
        if held[2] is None:
            return unpack_single(x), unpack_single(y)
        weights = keras.tree.map_structure(lambda each: ops.take(each, rows, axis=0), held[2])
        return unpack_single(x), unpack_single(y), weights


def _filled(arrays: list[Any], length: int) -> Any:
    """Stack arrays [length, ...]; if there are fewer than `length`, zeros follow."""
    filled = np.zeros((length, *arrays[0].shape), arrays[0].dtype)
    for place, array in enumerate(arrays):
        filled[place] = array
    return filled


def cuts(
    done: int, steps: int, together: int, marks: Sequence[int], last: int, ragged: bool
) -> list[int]:
    """Divide the rest of an epoch into chunks, `done` steps into the training.

    A `ragged` last step is a chunk of its own.

    Args:
        done: steps that were taken before, counted over the training.
        steps: steps that are left of the epoch.
        together: the most steps in a chunk.
        marks: a chunk ends at each multiple of each of these numbers of steps of the training.
        last: a chunk ends at this step of the training; 0 for none.
        ragged: whether the epoch's last batch is smaller.

    Returns:
        The number of steps of each chunk; their sum is `steps`.
    """
    found, at, end = [], done, done + steps
    while at < end:
        stops = [
            at + together,
            # A smaller batch has another shape, and is taken alone.
            end - 1 if ragged and at < end - 1 else end,
            *(at + mark - at % mark for mark in marks),
        ]
        stops += [last] if at < last else []
        found.append(min(stops) - at)
        at += found[-1]
    return found
