"""What is compiled: optimizer, schedule, losses, metrics, penalties. This module imports Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import keras

from netdsl.keras import private
from netdsl.training.data.batches import Sampling, unpack_single
from netdsl.training.loop.learning_rate import step_schedule
from netdsl.training.metrics.definitions import figure_names, training_metric
from netdsl.training.metrics.streamed import StreamedMetric

if TYPE_CHECKING:
    from netdsl.graph import Graph
    from netdsl.training.data.batches import Batches
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import Optimizer, Penalty, Recipe

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

OPTIONS = {
    "rate": "learning_rate",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "eps": "epsilon",
    "decay": "weight_decay",
    "clip_norm": "global_clipnorm",
    "clip_value": "clipvalue",
}
"""What Keras calls an optimizer's options, where it is another word."""


def compile_model(
    model: keras.Model, graph: Graph, recipe: Recipe, preparation: Preparation, steps: int
) -> None:
    """Make the model ready for training by a resolved recipe, an epoch of which takes so many
    steps.
    """
    freeze(model, recipe.freeze or ())
    penalise(model, graph, recipe.penalty)
    outputs, weights = preparation.outputs, recipe.loss_weights
    soft = Sampling.of(recipe).soft_labels
    rate = step_schedule(recipe.schedule, recipe.optimizer.rate or 0.0, steps, recipe.epochs or 1)
    model.compile(
        optimizer=optimizer(recipe.optimizer, rate),
        loss=[loss(output, soft) for output in outputs],
        loss_weights=None if weights is None else [weights[output.name] for output in outputs],
        metrics=metrics(preparation),
    )


def optimizer(wanted: Optimizer, rate: Any = None) -> keras.Optimizer:
    """The optimizer of a resolved recipe; `rate` is a schedule in place of its rate."""
    options = {
        OPTIONS.get(option, option): value
        for option, value in wanted.options().items()
        if value is not None
    }
    options |= {"nesterov": True} if wanted.name == "nesterov" else {}
    return _summing(
        OPTIMIZERS[wanted.name or ""](
            **(options | ({} if rate is None else {"learning_rate": rate}))
        )
    )


def _summing(made: keras.Optimizer) -> keras.Optimizer:
    """Makes an optimizer add up the gradient of an embedding before it uses it.

    TensorFlow gives it in rows, one for each time that a word comes up, and Keras squares each of
    them, and clips by the norm of all, where the sum is meant: Adam and others would take other
    steps than under JAX and torch.
    """
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        private.prepare_gradients(
            made,
            lambda grads: [None if grad is None else tf.convert_to_tensor(grad) for grad in grads],
        )
    return made


def loss(output: OutputTransform, soft: bool = False) -> keras.losses.Loss:
    """The loss between an output and its targets, a mean over the examples; `soft` where classes
    are taught as shares.
    """
    if output.loss == "cross-entropy" and soft:
        return keras.losses.CategoricalCrossentropy(from_logits=output.logits)
    if output.loss == "cross-entropy":
        rows = keras.config.backend() == "torch" and len(output.shape) == 3
        return (InRows if rows else keras.losses.SparseCategoricalCrossentropy)(
            from_logits=output.logits
        )
    if output.loss == "binary":
        return keras.losses.BinaryCrossentropy(from_logits=output.logits)
    if output.loss == "hinge":
        return keras.losses.Hinge() if output.shape == (1,) else keras.losses.CategoricalHinge()
    return (
        keras.losses.MeanSquaredError()
        if output.loss == "squared"
        else keras.losses.MeanAbsoluteError()
    )


class InRows(keras.losses.SparseCategoricalCrossentropy):  # type: ignore[misc]
    """The same with the pixels of an image in a row: torch finds no gradient for an image whose
    channels come last.
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        *_, height, width, classes = y_pred.shape
        pixels = height * width
        return super().call(
            keras.ops.reshape(y_true, (-1, pixels)),
            keras.ops.reshape(y_pred, (-1, pixels, classes)),
        )


def metrics(preparation: Preparation) -> list[list[keras.metrics.Metric]]:
    """Make what Keras measures of each output, beside its loss."""
    return [[StreamedMetric(training_metric(one), one)] for one in preparation.outputs]


def named(
    model: keras.Model, preparation: Preparation, logs: Mapping[str, Any]
) -> dict[str, float]:
    """Return the loss and the metrics that Keras logs, by our names, in the units of the data."""
    outputs = preparation.outputs
    found = {"loss": float(logs["loss"])}
    for name, output, theirs in zip(
        figure_names(outputs), outputs, model.output_names, strict=True
    ):
        metric = training_metric(output)
        value = logs[metric.name if len(outputs) == 1 else f"{theirs}_{metric.name}"]
        found[name] = metric.in_units(output, float(value))
    return found


def judge(model: keras.Model, preparation: Preparation) -> keras.Model:
    """A model of the same layers and weights with losses and metrics of its own, without smoothing
    or weights.

    Evaluating the model itself in the middle of an epoch would reset what its metrics have gathered
    for the epoch.
    """
    other, outputs = twin(model), preparation.outputs
    other.compile(loss=[loss(output) for output in outputs], metrics=metrics(preparation))
    return other


def twin(model: keras.Model) -> keras.Model:
    """A model of the same layers and weights, with nothing that it was trained by."""
    return keras.Model(
        unpack_single(tuple(model.inputs)), unpack_single(tuple(model.outputs)), name=model.name
    )


def scores(judge: keras.Model, batches: Batches) -> dict[str, float]:
    """The loss and the metrics over all of the batches."""
    return named(judge, batches.preparation, judge.evaluate(batches, verbose=0, return_dict=True))


# --- penalties and what is left alone -------------------------------------------------------------


class Elastic(keras.regularizers.Regularizer):  # type: ignore[misc]
    """l1 |W| + l2/2 |W|^2, as the lectures write it: Keras's own L2 has no half."""

    def __init__(self, l1: float, l2: float) -> None:
        self.l1, self.l2 = l1, l2

    def __call__(self, weight: Any) -> Any:
        absolute = self.l1 * keras.ops.sum(keras.ops.absolute(weight)) if self.l1 else 0.0
        return absolute + (
            0.5 * self.l2 * keras.ops.sum(keras.ops.square(weight)) if self.l2 else 0.0
        )


def penalise(model: keras.Model, graph: Graph, penalty: Penalty) -> None:
    """Puts the penalty on each kernel, on top of what the network's own layers ask for, and the
    bound on its norm.
    """
    if not (penalty.l1 or penalty.l2 or penalty.max_norm):
        return
    for weight in kernels(model, graph):
        if penalty.l1 or penalty.l2:
            own, added = weight.regularizer, Elastic(penalty.l1 or 0.0, penalty.l2 or 0.0)
            weight.regularizer = added if own is None else _both(own, added)
        if penalty.max_norm:
            weight.constraint = keras.constraints.MaxNorm(
                penalty.max_norm, axis=list(range(len(weight.shape) - 1))
            )


def _both(one: Any, other: Any) -> Any:
    return lambda weight: one(weight) + other(weight)


def kernels(model: keras.Model, graph: Graph) -> list[Any]:
    """The model's trained arrays that are kernels: no biases, no factors of norms, even where
    Keras calls those kernels.
    """
    factors = {
        (op.name, weight.name)
        for op in graph.ops
        for weight in graph.weights(op)
        if weight.role == "factor"
    }
    found = []
    for variable in model.trainable_weights:
        layer, *_, name = variable.path.split("/")
        if ("kernel" in name or name == "embeddings") and (layer, name) not in factors:
            found.append(variable)
    return found


def freeze(model: keras.Model, patterns: Sequence[str]) -> None:
    """Make the layers of these names, or whose names these patterns match, untrainable."""
    for layer in model.layers:
        if any(fnmatchcase(layer.name, pattern) for pattern in patterns):
            layer.trainable = False
