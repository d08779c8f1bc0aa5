"""Data-parallel training: each step's batch is shared among devices, of one machine or of several,
and the gradients are added up.

Every process has the same order of examples and takes its share of each batch, so that all of them
together take the steps of one device. A batch that cannot be divided equally, such as an epoch's
last, is taken whole by every device: the mean of equal gradients is the gradient. Keras's own loops
are not used: they would divide such a batch unequally and weight each share alike. This module
imports Keras.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import keras
import numpy as np

from netdsl.keras import private
from netdsl.training.data.batches import Batches, Shuffled, unpack_single
from netdsl.training.distributed.devices import Devices


class DeviceStrategy(Devices, ABC):
    """Several devices that take each step together.

    Attributes:
        hosts: the processes that train together.
        count: the devices of all hosts.
        here: the places of this process's own devices among them.
        first: whether this process keeps the run and reports it, as only one of the hosts does.
    """

    shared = True

    def __init__(self, hosts: int, me: int, count: int, here: range) -> None:
        self.hosts, self.count, self.here = max(1, hosts), count, here
        self.first = me == 0

    @abstractmethod
    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which models are made, compiled and run."""

    @abstractmethod
    def step(self, model: keras.Model, training: bool, whole: bool, data: Any) -> Mapping[str, Any]:
        """Take a step, or evaluate a batch.

        Args:
            model: the model to train or to evaluate.
            training: whether a step is taken.
            whole: whether each device takes the whole batch.
            data: this process's rows of the batch, or all of them if `whole`.

        Returns:
            The figures since they were last reset.
        """

    @abstractmethod
    def write_back(self, model: keras.Model) -> None:
        """Set the model's variables to their values after the last step."""

    @abstractmethod
    def end(self) -> None:
        """Wait for the other hosts, so that none takes the end of another one for a failure."""

    def take_over(self, model: keras.Model, evaluator: keras.Model) -> None:
        """Make the model's `fit` and the evaluator's `evaluate` use all devices."""
        model.fit, evaluator.evaluate = partial(self.fit, model), partial(self.evaluate, evaluator)

    def fit(
        self,
        model: keras.Model,
        training: Shuffled,
        epochs: int,
        initial_epoch: int,
        callbacks: Sequence[keras.callbacks.Callback],
        **_: Any,
    ) -> None:
        """Do what Keras's `fit` does, as far as a training needs it."""
        # `Learner.fit` passes only one callback.
        (callback,) = callbacks
        callback.set_model(model)
        model.stop_training = False
        try:
            for epoch in range(initial_epoch, epochs):
                model.reset_metrics()
                callback.on_epoch_begin(epoch)
                logs: Mapping[str, Any] = {}
                for index, (whole, data) in enumerate(self.batches(training)):
                    logs = self._step(model, True, whole, data)
                    callback.on_train_batch_end(index, dict(logs))
                    if model.stop_training:
                        break
                self.write_back(model)
                callback.on_epoch_end(epoch, dict(logs))
                if model.stop_training:
                    break
        # Also after Ctrl-C: the variables must be those of the last step when they are kept.
        finally:
            self.write_back(model)

    def evaluate(self, evaluator: keras.Model, batches: Batches, **_: Any) -> dict[str, float]:
        """Do what Keras's `evaluate` does: the loss and the metrics over all of the batches."""
        evaluator.reset_metrics()
        logs: Mapping[str, Any] = {}
        for whole, data in self.batches(batches):
            logs = self._step(evaluator, False, whole, data)
        self.write_back(evaluator)
        return {name: float(value) for name, value in logs.items()}

    def _step(
        self, model: keras.Model, training: bool, whole: bool, data: Any
    ) -> Mapping[str, Any]:
        with self.scope():
            # Before the step is traced: variables cannot be made within it.
            private.build_metrics(model, data)
            return self.step(model, training, whole, data)

    def batches(self, examples: Batches) -> Iterator[tuple[bool, Any]]:
        """Yield for each batch whether every device takes all of it, and this process's rows.

        The next batch is prepared meanwhile.
        """

        def prepared(index: int) -> tuple[bool, Any]:
            rows = min(examples.batch, len(examples.part) - index * examples.batch)
            # Only the last batch of an epoch can be indivisible: `check_shares` checked the others.
            each, rest = divmod(rows, self.count)
            return bool(rest), rows_of(
                examples,
                index,
                slice(0, rows) if rest else slice(self.here.start * each, self.here.stop * each),
            )

        # One thread, so that batches are prepared, and random numbers drawn, in their order.
        with ThreadPoolExecutor(1) as worker:
            coming = worker.submit(prepared, 0)
            for index in range(1, len(examples) + 1):
                ready = coming.result()
                if index < len(examples):
                    coming = worker.submit(prepared, index)
                yield ready


def rows_of(examples: Batches, index: int, rows: slice) -> tuple[Any, ...]:
    """Return some rows of a batch: inputs, targets, and weights where examples have some.

    Only these rows are prepared, unless the batch is augmented: its random numbers are drawn for
    all rows at once, so all rows must be prepared.
    """
    if isinstance(examples, Shuffled) and (
        examples.sampling.augments or examples.sampling.augment.mixup
    ):
        return tuple(keras.tree.map_structure(lambda array: array[rows], examples[index]))
    place = index * examples.batch
    if isinstance(examples, Shuffled):
        x, y, *weights = examples.taught(examples.order[place : place + examples.batch][rows])
        return unpack_single(x), unpack_single(y), *weights
    x, y = examples.prepared(np.arange(place + rows.start, place + rows.stop))
    return unpack_single(x), unpack_single(y)
