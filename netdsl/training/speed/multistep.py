"""Many steps at once: the examples lie on the device, and one call takes the steps, each batch
gathered and changed there.

A step from Keras's own `fit` costs half a millisecond beside its arithmetic, and its batches are
copied; small networks wait for that. Here `fit` still runs the training, its callbacks and its
epochs; only the function that it calls for a step is another. This module imports Keras, and the
backend that Keras has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from netdsl.analysis.counts import count_network
from netdsl.errors import fail
from netdsl.keras import private
from netdsl.training.loop.batches import ROOM, Batches, Shuffled, one, room
from netdsl.training.preparation import augment_device as pixels
from netdsl.training.preparation.augment import numbers, pairs
from netdsl.training.recipes.recipe import Augment
from netdsl.wording import bytes_text

if TYPE_CHECKING:
    from netdsl.graph import Graph
    from netdsl.training.data import Part
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import Recipe

MOST, WORK = 50, 2 * 10**10
"""Steps in one call, and multiply-accumulates on a CPU: enough to make its cost small, few
enough to stop soon after Ctrl-C.
"""

LARGER, FASTER = 8, 1000
"""A GPU is taken to hold this many times `ROOM`, and to do this many times `WORK` in the same
time.
"""

DENSE = frozenset(
    [
        "fc",
        "relu",
        "sigmoid",
        "tanh",
        "softmax",
        "linear",
        "flatten",
        "reshape",
        "dropout",
        "bn",
        "add",
        "concat",
        "id",
        "noise",
    ]
)
"""Kinds that XLA makes faster on a CPU.

Convolutions, pooling and loops over time are slower with it, above all in a compiled loop.
"""

WORTH = 2000
"""Steps in a training, at most, from which on XLA saves TensorFlow more time than it takes to
compile.
"""

Held = tuple[tuple[Any, ...], tuple[Any, ...], Any]
"""All inputs, targets and, where classes are weighted, examples' weights."""


class Chunks(Shuffled):
    """The same batches in the same order as `Shuffled` gives them, as the rows of several steps at
    a time, and what changes them.

    Chunks end where something is to be done between two steps: at each `every` steps, and at the
    step `last`, both counted over epochs. Each epoch has as many chunks, some of them empty: Keras
    counts them once.
    """

    def __init__(
        self, part: Part, preparation: Preparation, recipe: Recipe, most: int, every: int, last: int
    ) -> None:
        super().__init__(part, preparation, recipe)
        self.most, self.every, self.last = most, every, last
        self.ragged = len(part) % self.batch != 0
        self.counts: list[int] = []
        self.place = 0
        self.count = self.steps // most + self.steps // every + 4
        self.sample = tuple(map(one, self.taught(np.arange(1))[:2]))

    def examples(self) -> Held:
        """All of them as the steps take them, but for what chance changes, and for bytes that
        are yet to be divided.
        """
        x, y, *weights = placed(partial(self.taught, divided=False), len(self.part))
        return x, y, weights[0] if weights else None

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return (
            self.sample
        )  # what Keras looks at to know the shapes; the steps take their examples by the rows below

    def source(self) -> Any:
        """For TensorFlow the sample so many times: it takes a third of a second to make a
        pipeline that asks Python.
        """
        if keras.config.backend() != "tensorflow":
            return self
        import tensorflow as tf

        return tf.data.Dataset.from_tensors(self.sample).repeat(len(self))

    def at_epoch(self, epoch: int) -> None:
        super().at_epoch(epoch)
        self.counts = cuts(
            (epoch - 1) * self.steps, self.steps, self.most, self.every, self.last, self.ragged
        )
        self.counts += [0] * (self.count - len(self.counts))
        self.place = 0

    def chunk(self, index: int) -> int:
        return self.counts[index]

    def next(self) -> tuple[dict[str, Any], int]:
        """The next chunk, and how many steps it has: `rows` [most, batch] and the numbers of each
        step's changes [most, batch, ...], filled up with zeros; for a last batch that is smaller,
        [1, rest].
        """
        begin, count = sum(self.counts[: self.place]), self.counts[self.place]
        self.place += 1
        found = [self.step(index) for index in range(begin, begin + count)]
        if not found:
            return {}, 0
        least = self.most if len(found[0]["rows"]) == self.batch else 1
        return {name: _filled([step[name] for step in found], least) for name in found[0]}, count

    def step(self, index: int) -> dict[str, Any]:
        """The rows of a step's examples, and the numbers by which they are changed."""
        rows = self.order[index * self.batch : (index + 1) * self.batch].astype(np.int32)
        found: dict[str, Any] = {"rows": rows}
        if self.augments:
            found |= numbers(
                self.recipe.augment,
                (len(rows), *self.preparation.inputs[0].shape),
                self.chance(index),
            )
        if self.recipe.augment.mixup:
            partners, share = pairs(len(rows), self.recipe.augment.mixup, self.chance(index, 1))
            found |= {"partners": partners.astype(np.int32), "share": share}
        return found

    def gathered(self, held: Held, step: Mapping[str, Any]) -> tuple[Any, ...]:
        """A step's batch, gathered and changed on the device."""
        (x, y), rows = (
            (
                tuple(ops.take(array, step["rows"], axis=0) for array in arrays)
                for arrays in held[:2]
            ),
            step["rows"],
        )
        x = divided(x, self.preparation.inputs)
        if self.augments:
            result, whole = pixels.changed(x[0], self.recipe.augment, step)
            outputs = self.preparation.outputs
            y = tuple(
                ops.reshape(whole, old.shape) if output.copies else old
                for output, old in zip(outputs, y, strict=True)
            )
            x = (result,)
        if "partners" in step:
            x, y = (
                tuple(pixels.mixed(array, step["partners"], step["share"]) for array in arrays)
                for arrays in (x, y)
            )
        return one(x), one(y), *(() if held[2] is None else (ops.take(held[2], rows, axis=0),))


def divided(x: tuple[Any, ...], inputs: tuple[InputTransform, ...]) -> tuple[Any, ...]:
    """Inputs as the network takes them: bytes, which `placed` left what they were, divided by
    their scale.
    """
    return tuple(
        ops.cast(array, "float32") / input.scale
        if keras.backend.standardize_dtype(array.dtype) == "uint8"
        else array
        for array, input in zip(x, inputs, strict=True)
    )


def _filled(arrays: list[Any], least: int) -> Any:
    """Arrays, one on the other [least, ...]; where they are fewer, zeros follow."""
    filled = np.zeros((least, *arrays[0].shape), arrays[0].dtype)
    for place, array in enumerate(arrays):
        filled[place] = array
    return filled


def placed(prepared: Callable[[Any], Any], count: int) -> Any:
    """What `prepared` makes of so many rows, on the device.

    Each array is made in its place, block by block: what lies between would take as much memory
    again, and the time to get it.
    """
    whole = keras.tree.map_structure(
        lambda array: _aligned((count, *array.shape[1:]), array.dtype), prepared(np.arange(1))
    )
    for at in range(0, count, 1024):
        block = prepared(np.arange(at, min(at + 1024, count)))
        for array, piece in zip(keras.tree.flatten(whole), keras.tree.flatten(block), strict=True):
            array[at : at + 1024] = piece
    return keras.tree.map_structure(_on_device, whole)


def _aligned(shape: tuple[int, ...], kind: Any) -> Any:
    """An empty array that begins at a multiple of 64 bytes, where the backends take it for
    theirs as it is.
    """
    size = math.prod(shape) * np.dtype(kind).itemsize
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(kind).reshape(shape)


def _on_device(array: Any) -> Any:
    """An aligned array on the device. On a CPU it stays where it is: TensorFlow would copy it
    otherwise.
    """
    if keras.config.backend() == "tensorflow" and not accelerated():
        import tensorflow as tf

        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return ops.convert_to_tensor(array)


def steps_together(graph: Graph, batch: int) -> int:
    """How many steps are taken in one call; a step's backward pass is about twice its forward
    pass.
    """
    work = WORK * FASTER if accelerated() else WORK
    return max(1, min(MOST, work // (3 * batch * max(1, count_network(graph).macs))))


def cuts(done: int, steps: int, most: int, every: int, last: int, ragged: bool) -> list[int]:
    """How many steps each chunk of an epoch takes, `done` steps into the training.

    A `ragged` last step is a chunk of its own.
    """
    found, at, end = [], done, done + steps
    while at < end:
        stops = [at + most, end - 1 if ragged and at < end - 1 else end, at + every - at % every]
        stops += [last] if at < last else []
        found.append(min(stops) - at)
        at += found[-1]
    return found


def accelerated() -> bool:
    """Whether Keras computes on something faster than the CPU."""
    backend = keras.config.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    if backend == "jax":
        import jax

        return bool(jax.default_backend() != "cpu")
    import torch

    return bool(torch.cuda.is_available())


def fits(part: Part, preparation: Preparation) -> bool:
    """Whether the prepared examples lie on the device beside the training."""
    return room(part, preparation, divided=False) <= _most()


def _most() -> int:
    return ROOM * (LARGER if accelerated() else 1)


def check(recipe: Recipe, part: Part, preparation: Preparation) -> None:
    """Raises NetError N507 where a recipe wants steps to be taken together, and the examples do
    not fit.
    """
    if recipe.speed in ("chunks", "compiled") and not fits(part, preparation):
        message = f"`speed: {recipe.speed}` keeps the prepared examples on the device: there is room for {bytes_text(_most())} of"
        message += f" {bytes_text(room(part, preparation, divided=False))}"
        raise fail("N507", message, recipe.span("speed"), help="leave `speed` out")


def rule(model: keras.Model, graph: Graph, recipe: Recipe, steps: int) -> str:
    """How steps are taken together where nothing was measured: `compiled` as one program, or
    `chunks`, one after the other.

    For `steps` in a training, at most. On a CPU XLA is good for dense layers alone; under
    TensorFlow, where it comes on top, it needs a long training to be worth its while, and longer
    than that where it has augmentation to compile.
    """
    pays = (
        accelerated()
        or keras.config.backend() == "jax"
        or (steps >= WORTH and recipe.augment == Augment())
    )
    return "compiled" if gains(model, graph) and pays else "chunks"


def gains(model: keras.Model, graph: Graph) -> bool:
    """Whether steps can be one program, and XLA makes them faster."""
    return compiles(model) and (
        accelerated() or all(op.kind is None or op.kind.word in DENSE for op in graph.ops)
    )


def compiles(model: keras.Model) -> bool:
    """Whether steps can be one program and still be the same steps. torch has none; in
    TensorFlow's, chance draws other numbers.
    """
    draws = any(
        variable.name == "seed_generator_state" for variable in model.non_trainable_variables
    )
    return {"tensorflow": not draws, "jax": True, "torch": False}[keras.config.backend()]


def take_over(model: keras.Model, chunks: Chunks, way: str) -> None:
    """Makes `fit` take the steps of a chunk where it would take one, `chunks` or `compiled`."""
    takes = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.config.backend()]
    model.train_function = takes(model, chunks, chunks.examples(), way == "compiled")


def _tensorflow(
    model: keras.Model, chunks: Chunks, held: Held, compiled: bool
) -> Callable[[Any], dict[str, Any]]:
    import tensorflow as tf

    @tf.function(autograph=False, jit_compile=compiled)  # type: ignore[untyped-decorator]
    def steps(found: dict[str, Any], count: Any) -> None:
        def step(at: Any) -> tuple[Any]:
            model.train_step(
                chunks.gathered(held, {name: array[at] for name, array in found.items()})
            )
            return (at + 1,)

        tf.while_loop(lambda at: at < count, step, (tf.constant(0),), parallel_iterations=1)

    def chunk(iterator: Any) -> dict[str, Any]:
        found, count = chunks.next()
        if count:
            steps({name: tf.constant(array) for name, array in found.items()}, tf.constant(count))
        return dict(model.get_metrics_result())

    return chunk


def _jax(
    model: keras.Model, chunks: Chunks, held: Held, compiled: bool
) -> Callable[[Any, Any], tuple[dict[str, Any], Any]]:
    """Under JAX the state goes in and comes out.

    The examples go in too, since what a program closes over becomes a part of it.
    """
    import jax

    def step(at: Any, state: Any, held: Held, found: dict[str, Any]) -> Any:
        return model.train_step(
            state, chunks.gathered(held, {name: array[at] for name, array in found.items()})
        )[1]

    def loop(count: Any, state: Any, held: Held, found: dict[str, Any]) -> Any:
        return jax.lax.fori_loop(0, count, lambda at, state: step(at, state, held, found), state)

    @jax.jit  # type: ignore[untyped-decorator]
    def told(values: Any) -> dict[str, Any]:
        with keras.StatelessScope(
            state_mapping=list(zip(model.metrics_variables, values, strict=True))
        ):
            return dict(model.get_metrics_result())

    steps = jax.jit(loop if compiled else step, donate_argnums=1)

    def chunk(state: Any, iterator: Any) -> tuple[dict[str, Any], Any]:
        found, count = chunks.next()
        if compiled and count:
            state = steps(count, state, held, found)
        for at in () if compiled else range(count):
            state = steps(at, state, held, found)
        return told(state[3]), state

    return chunk


def _torch(
    model: keras.Model, chunks: Chunks, held: Held, compiled: bool
) -> Callable[[Any], dict[str, Any]]:
    def chunk(data: Any) -> dict[str, Any]:
        found, count = chunks.next()
        found = {name: ops.convert_to_tensor(array) for name, array in found.items()}
        for at in range(count):
            model.train_step(
                chunks.gathered(held, {name: array[at] for name, array in found.items()})
            )
        return dict(model.get_metrics_result())

    return chunk


# --- judging --------------------------------------------------------------------------------------


def judge_together(judge: keras.Model) -> None:
    """Makes TensorFlow's `evaluate` judge all batches in one call.

    To make a pipeline of them takes it longer than a small network does.

    The other backends have no such pipeline.
    """
    if keras.config.backend() == "tensorflow":
        judge.evaluate = _Judging(judge)


class _Judging:
    """A model's `evaluate`, for batches that fit on the device."""

    def __init__(self, judge: keras.Model) -> None:
        self.judge, self.usual = judge, judge.evaluate
        self.judged: Any = None
        self.held: tuple[Batches, Any] | None = None

    def __call__(self, batches: Batches, **more: Any) -> Mapping[str, float]:
        if not fits(batches.part, batches.preparation) or not len(batches.part):
            return dict(self.usual(batches, **more))
        if (
            self.held is None or self.held[0] is not batches
        ):  # the validation part comes again and again
            self.held = batches, placed(partial(batches.prepared, divided=False), len(batches.part))
        x, y = self.held[1]
        if self.judged is None:
            private.build_metrics(self.judge, tuple(map(one, batches.prepared(np.arange(1)))))
            self.judged = self._traced(batches, x, y)
        self.judge.reset_metrics()
        self.judged(x, y)
        return {name: float(value) for name, value in self.judge.get_metrics_result().items()}

    def _traced(self, batches: Batches, x: Any, y: Any) -> Any:
        import tensorflow as tf

        batch, inputs = batches.batch, batches.preparation.inputs

        def judged(x: Any, y: Any) -> None:
            count = tf.shape(x[0])[0]

            def some(at: Any) -> tuple[Any]:
                of_batch, targets = (
                    tuple(array[at : at + batch] for array in arrays) for arrays in (x, y)
                )
                self.judge.test_step((one(divided(of_batch, inputs)), one(targets)))
                return (at + batch,)

            tf.while_loop(lambda at: at < count, some, (tf.constant(0),), parallel_iterations=1)

        signature = tuple(
            tuple(tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in arrays)
            for arrays in (x, y)
        )
        return tf.function(judged, input_signature=signature, autograph=False)
