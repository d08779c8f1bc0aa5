"""The steps themselves: what is compiled, and what is watched while Keras fits. This module imports Keras."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras

from netdsl.train.feed import Batches
from netdsl.train.prepare import Preparation
from netdsl.train.recipe import Optimizer, Recipe
from netdsl.train.stopping import EarlyStopping

OPTIMIZERS = {
    "gd": keras.optimizers.SGD,
    "sgd": keras.optimizers.SGD,
    "momentum": keras.optimizers.SGD,
    "nesterov": keras.optimizers.SGD,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
    "adagrad": keras.optimizers.Adagrad,
}

OPTIONS = {"rate": "learning_rate", "beta1": "beta_1", "beta2": "beta_2", "eps": "epsilon", "decay": "weight_decay"}
"""What Keras calls an optimizer's options, where it is another word."""


def optimizer(wanted: Optimizer) -> keras.Optimizer:
    """The optimizer of a resolved recipe."""
    name = wanted.name or ""
    options = {OPTIONS.get(option, option): value for option, value in wanted.options().items()}
    return OPTIMIZERS[name](**options, **({"nesterov": True} if name == "nesterov" else {}))


def loss(preparation: Preparation) -> keras.losses.Loss:
    """The loss between the network's output and `preparation.targets`, a mean over the examples."""
    if preparation.loss == "cross-entropy":
        return keras.losses.SparseCategoricalCrossentropy(from_logits=preparation.logits)
    if preparation.loss == "binary":
        return keras.losses.BinaryCrossentropy(from_logits=preparation.logits)
    return keras.losses.MeanSquaredError() if preparation.loss == "squared" else keras.losses.MeanAbsoluteError()


def metric(preparation: Preparation) -> keras.metrics.Metric:
    """What is told beside the loss: the accuracy, or the mean absolute error of values."""
    if not preparation.accuracy:
        return keras.metrics.MeanAbsoluteError(name=preparation.metric)
    if preparation.classes and preparation.output != (1,):
        kind = keras.metrics.SparseCategoricalAccuracy if preparation.loss == "cross-entropy" else keras.metrics.CategoricalAccuracy
        return kind(name=preparation.metric)
    return keras.metrics.BinaryAccuracy(name=preparation.metric, threshold=0.0 if preparation.logits else 0.5)


def judge(model: keras.Model, preparation: Preparation) -> keras.Model:
    """A model of the same layers and weights with a loss and metrics of its own.

    Evaluating the model itself in the middle of an epoch would reset what its metrics have gathered for the epoch.
    """
    other = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    other.compile(loss=loss(preparation), metrics=[metric(preparation)])
    return other


def scores(judge: keras.Model, batches: Batches) -> dict[str, float]:
    """The loss and the metric over all of the batches."""
    found = judge.evaluate(batches, verbose=0, return_dict=True)
    return {name: float(found[name]) for name in ("loss", batches.preparation.metric)}


@dataclass(frozen=True)
class Evaluation:
    """The validation part's loss and metric after so many steps, and whether this is better than all before."""

    step: int
    loss: float
    metric: float
    better: bool


@dataclass(frozen=True)
class Row:
    """An epoch: its number and the last step's, its mean training loss and metric, its last evaluation, its seconds."""

    epoch: int
    step: int
    loss: float
    metric: float
    evaluation: Evaluation | None
    seconds: float


class Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Evaluates every so many steps, keeps the best weights, and stops as `EarlyStopping` says or at a loss that is no number."""

    def __init__(
        self,
        recipe: Recipe,
        preparation: Preparation,
        judge: keras.Model,
        validation: Batches,
        on_step: Callable[[int, float], None] = lambda step, loss: None,
        on_epoch: Callable[[Row], None] = lambda row: None,
    ) -> None:
        super().__init__()
        stopping = recipe.early_stopping
        self.judge, self.validation, self.on_step, self.on_epoch = judge, validation, on_step, on_epoch
        self.every, self.by_metric, self.metric = stopping.every or 1, stopping.metric != "loss", preparation.metric
        self.stopping = EarlyStopping(stopping.patience or 1, higher=self.by_metric)
        self.step = 0
        self.diverged = False
        self.best: Evaluation | None = None
        self.weights: list[Any] = []
        self.evaluations: list[Evaluation] = []
        self.rows: list[Row] = []
        self.began = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.step += 1
        mean = float((logs or {})["loss"])
        if not math.isfinite(mean):
            self.diverged = self.model.stop_training = True
            return
        if self.step % self.every == 0:
            self.evaluate()
            self.model.stop_training = self.diverged or self.stopping.over
        self.on_step(self.step, mean)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        since = self.rows[-1].step if self.rows else 0
        last = self.evaluations[-1] if self.evaluations and self.evaluations[-1].step > since else None
        seconds = time.perf_counter() - self.began
        self.rows.append(Row(epoch + 1, self.step, float(logs["loss"]), float(logs[self.metric]), last, seconds))
        self.on_epoch(self.rows[-1])

    def evaluate(self) -> None:
        """Evaluates the weights as they are now, and keeps them if they are the best."""
        if hasattr(self.model, "jax_state_sync"):  # under JAX the weights live in the training loop
            self.model.jax_state_sync()
        found = scores(self.judge, self.validation)
        value = found[self.metric if self.by_metric else "loss"]
        self.diverged = not math.isfinite(found["loss"])
        better = not self.diverged and self.stopping.see(self.step, value)
        evaluation = Evaluation(self.step, found["loss"], found[self.metric], better)
        self.evaluations.append(evaluation)
        if better:
            # copied: under torch the arrays are the weights themselves
            self.weights, self.best = [weight.copy() for weight in self.model.get_weights()], evaluation

    def finish(self, interrupted: bool) -> None:
        """Gives the model the best weights. The last steps count too, unless something ended the training before its time."""
        seen = self.evaluations[-1].step if self.evaluations else None
        if (seen is None) if interrupted else (seen != self.step and not self.diverged):
            self.evaluate()
            if self.rows and not interrupted:
                self.rows[-1] = replace(self.rows[-1], evaluation=self.evaluations[-1])
        if self.weights:
            self.model.set_weights(self.weights)
