"""Compile a model: optimizer, schedule, losses, metrics, penalties. This module imports Keras."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import keras

from netdsl.keras import private
from netdsl.training.data.batches import Sampling
from netdsl.training.loop.adversarial import train_adversarially
from netdsl.training.loop.learning_rate import step_schedule
from netdsl.training.metrics.evaluator import data_losses, draws_of, streamed_metrics
from netdsl.training.metrics.losses import keras_loss
from netdsl.training.metrics.penalties import adds_to_loss, follow_rate, penalise

if TYPE_CHECKING:
    from netdsl.graph import Graph
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import Optimizer, Recipe

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
"""Keras's names for an optimizer's options, where they differ."""


def compile_model(
    model: keras.Model, graph: Graph, recipe: Recipe, preparation: Preparation, steps: int
) -> None:
    """Make the model ready for training.

    Args:
        model: the network to train; its layers are frozen and penalised in place.
        graph: the network's graph, which says which weights are kernels.
        recipe: resolved: every value is set.
        preparation: its outputs decide losses and metrics.
        steps: steps in an epoch, for schedules and `unfreeze`, which count epochs.
    """
    freeze(model, recipe.freeze or (), recipe.unfreeze is not None)
    penalise(model, graph, recipe.penalty)
    for layer in draws_of(model):
        # The layer reads this factor while it is traced: set after `compile` it would have no
        # effect.
        layer.kl = 1.0 if recipe.kl is None else recipe.kl
    outputs, weights = preparation.outputs, recipe.loss_weights
    soft = Sampling.of(recipe).soft_labels
    rate = step_schedule(recipe.schedule, recipe.optimizer.rate or 0.0, steps, recipe.epochs or 1)
    share = recipe.ema if isinstance(recipe.ema, float) else None
    optimizer = keras_optimizer(recipe.optimizer, rate, recipe.accumulate or 1, share)
    if recipe.rates or recipe.unfreeze:
        # Layers that are unfrozen later are trainable from the start, at the rate 0: to change
        # `trainable` within a training would need another `compile`, and new optimizer slots.
        rate_layers(optimizer, recipe, steps)
    follow_rate(model, optimizer)
    losses = [keras_loss(output, soft) for output in outputs]
    shares = None if weights is None else [weights[output.name] for output in outputs]
    model.compile(
        optimizer=optimizer,
        loss=losses,
        loss_weights=shares,
        metrics=streamed_metrics(preparation),
        # In `weighted_metrics`, since the loss counts examples by their weights, too.
        weighted_metrics=data_losses(losses, shares) if adds_to_loss(model) else None,
    )
    if recipe.adversarial.eps:
        train_adversarially(model, recipe.adversarial, preparation.inputs[0], losses, shares)


def freeze(model: keras.Model, patterns: Sequence[str], later: bool = False) -> None:
    """Make the layers with these names, or whose names match these patterns, untrainable.

    Of layers that are trained `later` only batch norms: in training they would change their
    statistics while the weights do not change.

    Args:
        model: changed in place.
        patterns: names, or shell patterns for them (`conv_*`).
        later: whether `unfreeze` trains these layers after some epochs.
    """
    for layer in model.layers:
        waits = later and not isinstance(layer, keras.layers.BatchNormalization)
        if not waits and any(fnmatchcase(layer.name, pattern) for pattern in patterns):
            layer.trainable = False


def rate_layers(optimizer: keras.Optimizer, recipe: Recipe, steps: int) -> None:
    """Give layers the shares of the rate that a recipe asks for.

    Layers that are frozen at first have the rate 0 until they are unfrozen.

    Args:
        optimizer: not built yet.
        recipe: resolved: every value is set.
        steps: steps in an epoch.
    """
    frozen, shares = recipe.freeze or (), recipe.rates or {}
    begin = (recipe.unfreeze or 0) * steps

    def group(variable: Any) -> tuple[float, bool]:
        layer = variable.path.split("/")[0]
        matching = (share for name, share in shares.items() if fnmatchcase(layer, name))
        waits = bool(begin) and any(fnmatchcase(layer, name) for name in frozen)
        return next(matching, 1.0), waits

    def rate_of(group: tuple[float, bool], rate: Any, done: Any) -> Any:
        share, waits = group
        own = rate if share == 1 else rate * share
        # Multiplied instead of branching: `done` is a tensor within a compiled step.
        return own * keras.ops.cast(done >= begin, own.dtype) if waits else own

    private.scale_rates(optimizer, group, rate_of)


def keras_optimizer(
    section: Optimizer, schedule: Any = None, accumulate: int = 1, ema: float | None = None
) -> keras.Optimizer:
    """Make the optimizer of a resolved recipe.

    Args:
        section: the recipe's `optimizer`.
        schedule: replaces the section's rate, a Keras schedule or a number; None keeps it.
        accumulate: how many batches' gradients make one update.
        ema: the share of the weights' moving average that each update keeps; None for no average.

    Returns:
        The optimizer, not built yet.
    """
    if section.searches:
        from netdsl.training.loop.full_batch import FullBatchOptimizer

        return FullBatchOptimizer(section)
    options = {
        OPTIONS.get(option, option): value
        for option, value in section.options().items()
        # `line_search` chooses the class, above; Keras has no such option.
        if value is not None and option != "line_search"
    }
    options |= {"nesterov": True} if section.name == "nesterov" else {}
    options |= {} if schedule is None else {"learning_rate": schedule}
    options |= {} if accumulate == 1 else {"gradient_accumulation_steps": accumulate}
    if ema is not None:  # Keras averages after each batch; only one in `accumulate` is an update
        options |= {"use_ema": True, "ema_momentum": ema ** (1 / accumulate)}
    optimizer = OPTIMIZERS[section.name or ""](**options)
    # At the end of `fit` Keras would replace the weights by the averages.
    optimizer.finalize_variable_values = lambda variables: None
    if keras.config.backend() == "tensorflow":
        _sum_rows(optimizer)
    return optimizer


def _sum_rows(optimizer: keras.Optimizer) -> None:
    """Make an optimizer sum the rows of an embedding's gradient before it uses them.

    TensorFlow returns a row for each occurrence of a word. Keras squares each row and clips by the
    norm of all rows instead of using their sums: Adam and others would take other steps than under
    JAX and torch.
    """
    import tensorflow as tf

    private.prepare_gradients(
        optimizer,
        lambda grads: [None if grad is None else tf.convert_to_tensor(grad) for grad in grads],
    )
