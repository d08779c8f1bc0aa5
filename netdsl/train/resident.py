"""Many steps at once: the examples lie on the device, and one function takes the steps, each batch gathered there by its indices.

A step from Keras's own `fit` costs half a millisecond beside its arithmetic, and its batches are copied; small networks wait for that.
Here `fit` still runs the training, its callbacks and its epochs; only the function that it calls for a step is another. This module
imports Keras and TensorFlow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from netdsl.analysis.counts import count_network
from netdsl.train.feed import ROOM, Shuffled, one, room
from netdsl.train.recipe import Augment

if TYPE_CHECKING:
    from netdsl.graph import Graph
    from netdsl.train.data import Part
    from netdsl.train.prepare import Preparation
    from netdsl.train.recipe import Recipe

MOST, WORK = 50, 2 * 10**10
"""Steps in one call, and multiply-accumulates: enough to make its cost small, few enough to stop soon after Ctrl-C."""

DENSE = frozenset(
    ["fc", "relu", "sigmoid", "tanh", "softmax", "linear", "flatten", "reshape", "dropout", "bn", "add", "concat", "id", "noise"]
)
"""Kinds that XLA makes faster on a CPU. Convolutions, pooling and loops over time are slower with it."""

WORTH = 5000
"""Steps in a training, at most, from which on XLA saves more time than it takes to compile."""


class Chunks(Shuffled):
    """The same batches in the same order as `Shuffled` gives them, as the rows of several steps at a time.

    Chunks end where something is to be done between two steps: at each `every` steps, and at the step `last`, both counted over epochs.
    Each epoch has as many chunks, some of them empty: Keras counts them once.
    """

    def __init__(self, part: Part, preparation: Preparation, recipe: Recipe, most: int, every: int, last: int) -> None:
        super().__init__(part, preparation, recipe)
        self.most, self.every, self.last = most, every, last
        self.steps = super().__len__()
        self.ragged = len(part) % self.batch != 0
        self.counts: list[int] = []
        self.place = 0
        self.count = self.steps // most + self.steps // every + 4
        self.x, self.y, self.weight = self._arrays()
        self.sample = tuple(one(tuple(array[:1].copy() for array in arrays)) for arrays in (self.x, self.y))

    def _arrays(self) -> tuple[tuple[Any, ...], tuple[Any, ...], Any]:
        """All examples as the steps take them."""
        parts = [self.taught(np.arange(at, min(at + 1024, len(self.part)))) for at in range(0, len(self.part), 1024)]
        x, y = (tuple(np.concatenate(arrays) for arrays in zip(*(part[place] for part in parts), strict=True)) for place in (0, 1))
        return x, y, None if self.weights is None else np.concatenate([part[2] for part in parts])

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return self.sample  # what Keras looks at to know the shapes; the steps take their examples by the rows below

    def at_epoch(self, epoch: int) -> None:
        super().at_epoch(epoch)
        self.counts = cuts((epoch - 1) * self.steps, self.steps, self.most, self.every, self.last, self.ragged)
        self.counts += [0] * (self.count - len(self.counts))
        self.place = 0

    def chunk(self, index: int) -> int:
        return self.counts[index]

    def rows(self) -> tuple[Any, int]:
        """The rows of the next chunk's steps, and how many steps these are: [most, batch], filled up with zeros; for a last batch that is
        smaller, [1, rest]."""
        count = self.counts[self.place]
        begin = sum(self.counts[: self.place])
        self.place += 1
        rows = self.order[begin * self.batch : (begin + count) * self.batch]
        width = min(self.batch, len(rows))
        filled = np.zeros((self.most if width == self.batch else 1, width), np.int32)
        filled.reshape(-1)[: len(rows)] = rows
        return filled, count


def steps_together(graph: Graph, batch: int) -> int:
    """How many steps are taken in one call; a step's backward pass is about twice its forward pass."""
    return max(1, min(MOST, WORK // (3 * batch * max(1, count_network(graph).macs))))


def cuts(done: int, steps: int, most: int, every: int, last: int, ragged: bool) -> list[int]:
    """How many steps each chunk of an epoch takes, `done` steps into the training. A `ragged` last step is a chunk of its own."""
    found, at, end = [], done, done + steps
    while at < end:
        stops = [at + most, end - 1 if ragged and at < end - 1 else end, at + every - at % every]
        stops += [last] if at < last else []
        found.append(min(stops) - at)
        at += found[-1]
    return found


def fits(part: Part, recipe: Recipe, preparation: Preparation) -> bool:
    """Whether a training can run this way: on TensorFlow, without augmentation, its examples small enough together."""
    return keras.config.backend() == "tensorflow" and recipe.augment == Augment() and room(part, preparation) <= ROOM


def use_xla(graph: Graph, steps: int) -> bool:
    """Whether the steps are compiled by XLA: on a CPU, for networks of dense layers, where there are enough of them."""
    import tensorflow as tf

    dense = all(op.kind is None or op.kind.word in DENSE for op in graph.ops)
    return dense and steps >= WORTH and not tf.config.list_physical_devices("GPU")


def take_over(model: keras.Model, chunks: Chunks, graph: Graph) -> None:
    """Makes `fit` take the steps of a chunk where it would take one."""
    import tensorflow as tf

    x, y = (tuple(map(tf.constant, arrays)) for arrays in (chunks.x, chunks.y))
    weight = None if chunks.weight is None else tf.constant(chunks.weight)
    chunks.x = chunks.y = ()  # the device has them now

    @tf.function(autograph=False, jit_compile=use_xla(graph, chunks.steps * (chunks.recipe.epochs or 1)))  # type: ignore[untyped-decorator]
    def steps(rows: Any, count: Any) -> None:
        def step(at: Any) -> tuple[Any]:
            taken = rows[at]
            data = one(tuple(tf.gather(array, taken) for array in x)), one(tuple(tf.gather(array, taken) for array in y))
            model.train_step(data if weight is None else (*data, tf.gather(weight, taken)))
            return (at + 1,)

        tf.while_loop(lambda at: at < count, step, (tf.constant(0),), parallel_iterations=1)

    def chunk(iterator: Any) -> dict[str, Any]:
        rows, count = chunks.rows()
        if count:
            steps(tf.constant(rows), tf.constant(count))
        return dict(model.get_metrics_result())

    model.train_function = chunk
