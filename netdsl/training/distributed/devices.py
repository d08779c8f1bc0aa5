"""Data-parallel training: each step's batch is shared among devices, of one machine or of several,
and the gradients are added up.

Every process knows the same order of examples and takes its share of each batch, so that all of
them together take the steps of one device. A batch that has no equal shares, as an epoch's last, is
taken whole by every device: the mean of equal gradients is the gradient. Keras's own loops are not
used: they would share such a batch unequally and weigh each share alike. This module imports Keras.
"""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from netdsl.errors import Diagnostic, NetError, RunError, fail
from netdsl.keras import private
from netdsl.training.distributed.hosts import number
from netdsl.training.loop.batches import Batches, Shuffled, one
from netdsl.training.recipes.resolve import several, shared

if TYPE_CHECKING:
    from netdsl.training.loop.callback import Watch
    from netdsl.training.recipes.recipe import Recipe

STATE = (
    "trainable_variables",
    "non_trainable_variables",
    "optimizer_variables",
    "metrics_variables",
)
"""What a step takes and gives back under JAX, in Keras's order; an evaluation does without the
optimizer's.
"""


def begin(recipe: Recipe) -> Spread | None:
    """The devices that a resolved recipe asks for, the other hosts joined; None where it is one
    device alone.

    To be called before anything is computed: the backends take no devices or hosts later. It waits
    for the other hosts.

    Raises:
        NetError: N507 where the batch has no equal shares, N650 where there are not so many
            devices, N651 where it is not known which of the hosts this is.
        RunError: N653 where the hosts do not come together.
    """
    if not several(recipe):
        return None
    shared(recipe, recipe.batch or 1)
    me = number(recipe)
    kinds: dict[str, Callable[[Recipe, int], Spread]] = {"jax": OnJax, "tensorflow": OnTensorFlow}
    try:
        spread = kinds[keras.config.backend()](recipe, me)
    except NetError:
        raise
    except Exception as error:  # whatever a backend raises of ports, names and peers
        why = next(iter(str(error).splitlines()), type(error).__name__)
        help = "all hosts are to be started, each once, with ports that are free and can be reached, before anything is computed"
        raise RunError(
            Diagnostic("N653", f"the devices cannot be put to work together: {why}", help=help)
        ) from None
    shared(recipe, recipe.batch or 1, spread.count)
    return spread if spread.count > 1 or recipe.hosts else None


def chosen(recipe: Recipe, found: Sequence[Any]) -> list[Any]:
    """As many of a machine's devices as the recipe asks for.

    Raises NetError N650 where there are fewer.
    """
    wanted = len(found) if recipe.devices == "all" else int(recipe.devices or 1)
    if wanted > len(found):
        has = f"{len(found)} device{'s' if len(found) != 1 else ''}"
        help = "devices: all" if len(found) > 1 else "leave `devices` out"
        raise fail(
            "N650",
            f"the recipe wants {wanted} devices, and the backend has {has} here",
            recipe.span("devices"),
            help=help,
        )
    return list(found[:wanted])


class Spread(ABC):
    """Devices that take each step together.

    `count` are those of all hosts, `here` the places of this process's own among them.
    """

    def __init__(self, hosts: int, me: int, count: int, here: range) -> None:
        self.hosts, self.count, self.here = max(1, hosts), count, here
        self.first = me == 0

    @abstractmethod
    def scope(self) -> AbstractContextManager[Any]:
        """Models are made, compiled and run in it."""

    @abstractmethod
    def step(self, model: keras.Model, training: bool, whole: bool, data: Any) -> Mapping[str, Any]:
        """Takes a step, or evaluates; the figures since they were last reset. `data`: this
        process's rows, or all where `whole`.
        """

    @abstractmethod
    def done(self, model: keras.Model) -> None:
        """After the last of some steps: the model's variables hold its numbers again."""

    @abstractmethod
    def end(self) -> None:
        """Waits for the other hosts, so that none takes another's end for a loss."""

    def take_over(self, model: keras.Model, judge: keras.Model) -> None:
        """Makes the model's `fit` and the judge's `evaluate` use all devices."""
        model.fit, judge.evaluate = partial(self.fit, model), partial(self.evaluate, judge)

    def fit(
        self,
        model: keras.Model,
        training: Shuffled,
        epochs: int,
        initial_epoch: int,
        callbacks: Sequence[Watch],
        **_: Any,
    ) -> None:
        """As Keras's `fit`, as far as a training needs it."""
        (watch,) = callbacks
        watch.set_model(model)
        model.stop_training = False
        try:
            for epoch in range(initial_epoch, epochs):
                model.reset_metrics()
                watch.on_epoch_begin(epoch)
                logs: Mapping[str, Any] = {}
                for index, (whole, data) in enumerate(self.batches(training)):
                    logs = self._step(model, True, whole, data)
                    watch.on_train_batch_end(index, dict(logs))
                    if model.stop_training:
                        break
                self.done(model)
                watch.on_epoch_end(epoch, dict(logs))
                if model.stop_training:
                    break
        finally:
            self.done(model)

    def evaluate(self, judge: keras.Model, batches: Batches, **_: Any) -> dict[str, float]:
        """As Keras's `evaluate`: the loss and the metrics over all of the batches."""
        judge.reset_metrics()
        logs: Mapping[str, Any] = {}
        for whole, data in self.batches(batches):
            logs = self._step(judge, False, whole, data)
        self.done(judge)
        return {name: float(value) for name, value in logs.items()}

    def _step(
        self, model: keras.Model, training: bool, whole: bool, data: Any
    ) -> Mapping[str, Any]:
        with self.scope():
            private.build_metrics(model, data)
            return self.step(model, training, whole, data)

    def batches(self, examples: Batches) -> Iterator[tuple[bool, Any]]:
        """Each batch: whether every device takes all of it, and the rows that this process gives.

        The next one is prepared meanwhile.
        """

        def prepared(index: int) -> tuple[bool, Any]:
            rows = min(examples.batch, len(examples.part) - index * examples.batch)
            each, rest = divmod(rows, self.count)
            return bool(rest), rows_of(
                examples,
                index,
                slice(0, rows) if rest else slice(self.here.start * each, self.here.stop * each),
            )

        with ThreadPoolExecutor(1) as worker:
            coming = worker.submit(prepared, 0)
            for index in range(1, len(examples) + 1):
                ready = coming.result()
                if index < len(examples):
                    coming = worker.submit(prepared, index)
                yield ready


def rows_of(examples: Batches, index: int, rows: slice) -> tuple[Any, ...]:
    """Some rows of a batch: inputs, targets, and weights where examples have some.

    Only these are prepared, unless the batch is augmented: one chance is drawn for all of its rows,
    so all of them have to be.
    """
    if isinstance(examples, Shuffled) and (examples.augments or examples.recipe.augment.mixup):
        return tuple(keras.tree.map_structure(lambda array: array[rows], examples[index]))
    place = index * examples.batch
    if isinstance(examples, Shuffled):
        x, y, *weights = examples.taught(examples.order[place : place + examples.batch][rows])
        return one(x), one(y), *weights
    x, y = examples.prepared(np.arange(place + rows.start, place + rows.stop))
    return one(x), one(y)


# --- JAX ------------------------------------------------------------------------------------------


class OnJax(Spread):
    """One program for all devices (SPMD): the batch's rows are divided, everything else is held
    by each.
    """

    def __init__(self, recipe: Recipe, me: int) -> None:
        import jax

        hosts = recipe.hosts or ()
        if hosts:
            keras.distribution.initialize(",".join(hosts), len(hosts), me)
        taken = [
            chosen(recipe, [one for one in jax.devices() if one.process_index == host])
            for host in range(max(1, len(hosts)))
        ]
        before = sum(map(len, taken[:me]))
        super().__init__(
            len(hosts), me, sum(map(len, taken)), range(before, before + len(taken[me]))
        )
        self.distribution = keras.distribution.DataParallel(
            devices=[one for each in taken for one in each], auto_shard_dataset=False
        )
        self.states: dict[Any, Any] = {}

    def scope(self) -> AbstractContextManager[Any]:
        scope: AbstractContextManager[Any] = self.distribution.scope()
        return scope

    def step(self, model: keras.Model, training: bool, whole: bool, data: Any) -> Mapping[str, Any]:
        names = (
            STATE if training else tuple(name for name in STATE if name != "optimizer_variables")
        )
        if training:
            model.make_train_function()
        else:
            model.make_test_function()
        if model not in self.states or private.has_jax_state(model):
            self.states[model] = private.taken_jax_state(model, names)
        function = model.train_function if training else model.test_function
        logs, state = function(
            self.states[model], iter([keras.tree.map_structure(partial(self._placed, whole), data)])
        )
        self.states[model] = (
            # as in Keras's loops, the variables have these numbers only when somebody has asked for
            # them
            state
        )
        private.lend_jax_state(model, dict(zip(names, state, strict=True)))
        found: Mapping[str, Any] = logs
        return found

    def _placed(self, whole: bool, array: Any) -> Any:
        """This process's rows as its part of the array that is spread over all devices; the
        whole array on each where that is said.
        """
        import jax

        mesh = self.distribution.device_mesh
        axes = [None if whole else mesh.axis_names[0], *[None] * (array.ndim - 1)]
        return jax.make_array_from_process_local_data(
            keras.distribution.TensorLayout(axes, mesh).backend_layout, np.asarray(array)
        )

    def done(self, model: keras.Model) -> None:
        model.jax_state_sync()
        private.end_jax_state(model)
        self.states.pop(model, None)

    def end(self) -> None:
        if self.hosts > 1:
            import jax

            jax.distributed.shutdown()


# --- TensorFlow -----------------------------------------------------------------------------------


class OnTensorFlow(Spread):
    """A replica of the network on each device (`tf.distribute`), and all gradients added up
    behind each step.
    """

    def __init__(self, recipe: Recipe, me: int) -> None:
        import tensorflow as tf

        hosts = recipe.hosts or ()
        kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
        if hosts:
            taken = chosen(recipe, tf.config.list_physical_devices(kind))
            tf.config.set_visible_devices(taken, kind)  # the strategy takes all that it sees
            os.environ["TF_CONFIG"] = json.dumps(
                {"cluster": {"worker": list(hosts)}, "task": {"type": "worker", "index": me}}
            )
            self.strategy = tf.distribute.MultiWorkerMirroredStrategy()
        else:
            taken = chosen(recipe, tf.config.list_logical_devices(kind))
            self.strategy = tf.distribute.MirroredStrategy([device.name for device in taken])
        super().__init__(
            len(hosts),
            me,
            len(taken) * max(1, len(hosts)),
            range(me * len(taken), (me + 1) * len(taken)),
        )
        self.steps: dict[tuple[Any, bool, bool], Callable[[Any], Any]] = {}

    def scope(self) -> AbstractContextManager[Any]:
        scope: AbstractContextManager[Any] = self.strategy.scope()
        return scope

    def take_over(self, model: keras.Model, judge: keras.Model) -> None:
        super().take_over(model, judge)
        self.steps.clear()
        if model.optimizer.global_clipnorm or model.optimizer.clipvalue:
            self._clip_the_sum(model.optimizer)

    def _clip_the_sum(self, optimizer: keras.Optimizer) -> None:
        """Keras clips each replica's gradient and adds up then; the gradient of one device is
        clipped as a whole.
        """
        import tensorflow as tf

        add_up = partial(
            tf.distribute.ReplicaContext.all_reduce, reduce_op=tf.distribute.ReduceOp.SUM
        )
        private.prepare_gradients(
            optimizer,
            lambda grads: add_up(tf.distribute.get_replica_context(), value=list(grads)),
        )
        private.leave_unreduced(optimizer)

    def step(self, model: keras.Model, training: bool, whole: bool, data: Any) -> Mapping[str, Any]:
        key = model, training, whole
        if key not in self.steps:
            self.steps[key] = self._made(*key)
        found: Mapping[str, Any] = self.steps[key](self._placed(whole, data))
        return found

    def _made(self, model: keras.Model, training: bool, whole: bool) -> Callable[[Any], Any]:
        """A step of all replicas.

        Where each takes the whole batch, each of them counts for its share of it in the figures.
        """
        import tensorflow as tf

        take = model.train_step if training else model.test_step

        def on_replica(data: Any) -> None:
            before = (
                [tf.identity(variable.value) for variable in model.metrics_variables]
                if whole
                else []
            )
            take(data)
            for variable, old in zip(model.metrics_variables, before, strict=False):
                variable.assign(old + (tf.identity(variable.value) - old) / self.count)

        def on_all(data: Any) -> Any:
            with whole_batch_norms(model):
                self.strategy.run(on_replica, args=(data,))
            return model.get_metrics_result()

        made: Callable[[Any], Any] = tf.function(on_all, autograph=False, reduce_retracing=True)
        return made

    def _placed(self, whole: bool, data: Any) -> Any:
        import tensorflow as tf

        def on_replica(context: Any) -> Any:
            place = context.replica_id_in_sync_group - self.here.start

            def cut(array: Any) -> Any:
                each = len(array) // len(self.here)
                return tf.constant(array if whole else array[place * each : (place + 1) * each])

            return keras.tree.map_structure(cut, data)

        return self.strategy.experimental_distribute_values_from_function(on_replica)

    def done(self, model: keras.Model) -> None:
        """The variables always hold them."""

    def end(self) -> None:
        if self.hosts > 1:
            import tensorflow as tf

            with self.scope():
                ones = tf.function(
                    lambda: self.strategy.run(lambda: tf.constant(1.0)), autograph=False
                )()
                self.strategy.reduce("SUM", ones, axis=None)


@contextmanager
def whole_batch_norms(model: keras.Model) -> Iterator[None]:
    """What TensorFlow traces meanwhile norms over the whole batch, and not over each replica's part
    of it.

    Keras has it as an option of the layer; set for good, it would be kept with the model, which
    other backends refuse then.
    """
    norms = [
        layer
        for layer in private.layers_within(model)
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    for norm in norms:
        norm.synchronized = True
    try:
        yield
    finally:
        for norm in norms:
            norm.synchronized = False
