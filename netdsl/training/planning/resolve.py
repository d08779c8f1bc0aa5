"""A recipe with every value filled in for a network and its data, and the reason for each."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from netdsl.process import backend
from netdsl.training.distributed.sharing import check_shares
from netdsl.training.planning import averaging, by_output, defaults, fine_tuning, measures
from netdsl.training.planning.auto_batch import auto_note, with_batch
from netdsl.training.planning.job import ResolvedRecipe
from netdsl.training.preparation.augment_checks import doubts
from netdsl.training.preparation.readings import PERCEPTRON
from netdsl.training.recipes.conflicts import Conflict, conflict_context

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.data import Data
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.recipes.recipe import Recipe


TOO_FEW = "too few examples to be divided"

CLASS_WEIGHTED = (
    "class weights count in the training loss; in the validation and test loss, and in every "
    "metric, all examples count alike"
)
"""The note for classes that do not all count alike."""


def resolve(recipe: Recipe, network: Architecture, data: Data) -> ResolvedRecipe:
    """Fill in every value that a recipe leaves out, for this network and data.

    Raises:
        NetError: N507 where values do not fit together, or the network or the data; N601 where the
            initial weights do not exist.
    """
    with conflict_context(recipe):
        recipe, auto = with_batch(recipe, network.graph, data)
        full = _filled_in(recipe, network, data)
    given = dict(given_keys(recipe)) | ({"batch": auto} if auto else {})
    # `given` twice: first for the order of the keys, then to override reasons.
    reasons = given | _reasons(full, recipe, data) | given
    notes = [auto_note(full, auto)] if auto else []
    return ResolvedRecipe(full, reasons, (*notes, *_doubts(full, recipe, data)))


def _filled_in(recipe: Recipe, network: Architecture, data: Data) -> Recipe:
    """Return the recipe with every value."""
    inputs, outputs = data.preparation.inputs, data.preparation.outputs
    examples, validation = len(data.train), len(data.validation)
    rule = outputs[0].loss == PERCEPTRON and recipe.optimizer.name is None
    optimizer = defaults.optimizer(recipe.optimizer, rule)
    defaults.check_precision(recipe.precision, optimizer)
    fine_tuning.check_first_weights(recipe.init_from)
    fine_tuning.check_updates(recipe, optimizer)
    asked = recipe.batch_size if recipe.batch or rule else None
    batch = defaults.batch_size(asked, optimizer, examples)
    # How many devices there are is not known here: `open_devices` checks again.
    check_shares(recipe, batch)
    engine = recipe.backend or backend()
    if recipe.speed == "compiled" and engine == "torch":
        message = "`speed: compiled` works with TensorFlow and JAX, not with torch"
        raise Conflict("speed", message, help="speed: chunks")
    defaults.check_search(recipe, optimizer, engine)
    defaults.check_checkpoint(recipe, optimizer)
    usual = defaults.EPOCHS
    if optimizer.name == "least_squares":
        defaults.check_solvable(outputs)
        usual = 1
    steps, epochs = math.ceil(examples / batch), recipe.epochs or usual
    fine_tuning.check_layers(recipe, network.graph, epochs)
    stopping = measures.early_stopping(recipe.early_stopping, steps, validation, outputs)
    measures.check_decisions(recipe, outputs, validation)
    every = int(stopping.every or steps)
    return recipe.replace(
        early_stopping=stopping,
        metrics=measures.metrics(recipe.metrics, outputs, validation),
        keep=defaults.keep(recipe.keep, epochs, steps, every, validation),
        data=data.spec,
        loss=defaults.loss(recipe.loss, outputs),
        losses=by_output.losses(recipe.losses, outputs),
        loss_weights=defaults.loss_weights(recipe.loss_weights, outputs),
        kl=defaults.divergence(recipe.kl, network.graph),
        label_smoothing=defaults.label_smoothing(recipe.label_smoothing, outputs),
        label_noise=recipe.label_noise or None,
        class_weights=by_output.class_weights(recipe.class_weights, outputs, data.train),
        optimizer=optimizer,
        schedule=defaults.schedule(recipe.schedule, optimizer.rate or 0.0, epochs, validation),
        penalty=defaults.penalty(recipe.penalty),
        batch=batch,
        ema=averaging.average(
            recipe,
            optimizer,
            data.preparation.table is not None and outputs[0].loss != PERCEPTRON,
            averaging.Updates(steps / (recipe.accumulate or 1), epochs),
        ),
        accumulate=None if recipe.accumulate == 1 else recipe.accumulate,
        epochs=epochs,
        augment=defaults.augment(
            recipe.augment,
            inputs,
            outputs,
            bool(recipe.class_weights) or data.train.weights is not None,
            recipe.speed,
        ),
        adversarial=defaults.adversarial(recipe.adversarial, inputs),
        precision=recipe.precision or "float32",
        backend=engine,
        speed=recipe.speed or "auto",
        devices=recipe.devices or 1,
        seed=recipe.seed or 0,
        params=network.params,
    )


def given_keys(section: Any, path: str = "") -> list[tuple[str, str]]:
    """Return `given` for each key that has a value, by its path."""
    found: list[tuple[str, str]] = []
    for item in dataclasses.fields(section):
        value = getattr(section, item.name)
        if dataclasses.is_dataclass(value):
            found += given_keys(value, f"{path}{item.name}.")
        elif item.metadata and value is not None and not isinstance(value, Mapping):
            found.append((path + item.name, "given"))
    return found


def _reasons(full: Recipe, asked: Recipe, data: Data) -> dict[str, str]:
    """Return the reasons for the values of keys, as if all had been left out."""
    examples, outputs, stopping = len(data.train), data.preparation.outputs, full.early_stopping
    whole = "all " if full.optimizer.whole else ""
    bundled = "ten outputs: the digits that come with netdsl"
    reasons = {
        "batch": f"{whole}{examples:,} training examples",
        "data.source": "given" if asked.data.source or asked.data.function else bundled,
        "data.scale": "the divisor of the values",
        "data.split.test": "the data has no test part of its own" if data.test else TOO_FEW,
        "data.split.validation": "shown during training" if data.validation else TOO_FEW,
        "data.count": "usual for data that is made",
        "kl": "what `gaussian` adds counts as it is",
        "loss": f"the network ends with {_activations(outputs)}",
        "optimizer.name": "works with little tuning",
        "optimizer.rate": f"usual for {full.optimizer.name}",
        "epochs": "all of them",
        "ema": "an average of the weights, usual for tables",
    }
    if outputs[0].loss == PERCEPTRON and asked.optimizer.name is None:
        rule = "Rosenblatt's rule"
        reasons |= {"optimizer.name": rule, "optimizer.rate": rule, "batch": f"{rule}: one by one"}
    if stopping.enabled:
        reasons |= {
            "data.split.validation": "used by early stopping",
            "epochs": "the maximum; early stopping may end it before",
            "early_stopping.every": (
                f"the steps of an epoch: {examples:,} examples, {full.batch_size:,} in a step"
            ),
            "early_stopping.patience": (
                f"stop after this many evaluations in a row without a better {stopping.metric}"
            ),
        }
    reasons |= {"precision": "exact enough for any network", "backend": "Keras's own choice"}
    if full.hosts:
        reasons["devices"] = "of each host"
    return reasons | {"seed": "makes the run reproducible"}


def _activations(outputs: Sequence[OutputTransform]) -> str:
    return ", ".join(dict.fromkeys(f"`{output.activation}`" for output in outputs))


def _doubts(full: Recipe, asked: Recipe, data: Data) -> list[str]:
    """Return warnings of possible mistakes in a recipe, and notes on what its figures count."""
    found = list(doubts(full.augment, str(full.data.source)))
    found += measures.doubts_of_stopping(full, math.ceil(len(data.train) / full.batch_size))
    if (said := measures.positive_note(full, data.preparation.outputs)) is not None:
        found.append(said)
    if isinstance(asked.ema, str) and full.ema is False:
        found.append(averaging.too_few_note(asked.ema))
    if full.class_weights:
        found.append(CLASS_WEIGHTED)
    if full.precision == "bfloat16":
        found.append(
            "weights in bfloat16 lose steps smaller than 1/256 of them; "
            "`precision: mixed` keeps the weights in float32"
        )
    return found
