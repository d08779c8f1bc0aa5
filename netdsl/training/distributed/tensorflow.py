"""Several devices under TensorFlow. This module imports Keras, and TensorFlow where it is used."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import keras

from netdsl.keras import private
from netdsl.training.distributed.sharing import chosen_devices
from netdsl.training.distributed.strategy import DeviceStrategy


class OnTensorFlow(DeviceStrategy):
    """A replica of the network on each device (`tf.distribute`), whose gradients are summed."""

    def __init__(self, hosts: Sequence[str], me: int, devices: int | str) -> None:
        import tensorflow as tf

        kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
        if hosts:
            taken = chosen_devices(devices, tf.config.list_physical_devices(kind))
            tf.config.set_visible_devices(taken, kind)  # the strategy takes all that it sees
            os.environ["TF_CONFIG"] = json.dumps(
                # TensorFlow reads its cluster only from the environment.
                {"cluster": {"worker": list(hosts)}, "task": {"type": "worker", "index": me}}
            )
            self.strategy = tf.distribute.MultiWorkerMirroredStrategy()
        else:
            taken = chosen_devices(devices, tf.config.list_logical_devices(kind))
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

    def take_over(self, model: keras.Model, evaluator: keras.Model) -> None:
        super().take_over(model, evaluator)
        self.steps.clear()
        if model.optimizer.global_clipnorm or model.optimizer.clipvalue:
            self._clip_the_sum(model.optimizer)

    def _clip_the_sum(self, optimizer: keras.Optimizer) -> None:
        """Make an optimizer clip the sum of the replicas' gradients, as on one device.

        Keras would clip each replica's gradient, and sum them then.
        """
        import tensorflow as tf

        add_up = partial(
            tf.distribute.ReplicaContext.all_reduce, reduce_op=tf.distribute.ReduceOp.SUM
        )
        private.prepare_gradients(
            optimizer,
            lambda grads: add_up(tf.distribute.get_replica_context(), value=list(grads)),
        )
        # They are summed already: Keras's own reduction would multiply them by the replicas.
        private.leave_unreduced(optimizer)

    def step(self, model: keras.Model, training: bool, whole: bool, data: Any) -> Mapping[str, Any]:
        key = model, training, whole
        if key not in self.steps:
            self.steps[key] = self._made(*key)
        found: Mapping[str, Any] = self.steps[key](self._placed(whole, data))
        return found

    def _made(self, model: keras.Model, training: bool, whole: bool) -> Callable[[Any], Any]:
        """Return a step of all replicas.

        If each replica takes the whole batch, its figures count only for its share of the batch.
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
                # Metrics are summed over replicas, each of which would count the whole batch.
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
            # Replicas are numbered over all hosts, but the rows are only this host's.
            place = context.replica_id_in_sync_group - self.here.start

            def cut(array: Any) -> Any:
                each = len(array) // len(self.here)
                return tf.constant(array if whole else array[place * each : (place + 1) * each])

            return keras.tree.map_structure(cut, data)

        return self.strategy.experimental_distribute_values_from_function(on_replica)

    def write_back(self, model: keras.Model) -> None:
        """Do nothing: the variables always have the current values."""

    def end(self) -> None:
        if self.hosts > 1:
            import tensorflow as tf

            with self.scope():
                ones = tf.function(
                    lambda: self.strategy.run(lambda: tf.constant(1.0)), autograph=False
                )()
                # A sum over all is a barrier: it returns when each host has reached this point.
                self.strategy.reduce("SUM", ones, axis=None)


@contextmanager
def whole_batch_norms(model: keras.Model) -> Iterator[None]:
    """Within the block, make TensorFlow trace batch norms over the whole batch, not over each
    replica's part.

    Keras has this as an option of the layer. Set permanently, it would be saved with the model,
    which other backends would then reject.
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
