"""A recipe with every value filled in for a network and its data, and the reason for each."""

from __future__ import annotations

import dataclasses
import math
import os
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import did_you_mean, fail
from netdsl.process import backend
from netdsl.training.preparation.augment_checks import doubts, unfit
from netdsl.training.recipes.recipe import Augment, Optimizer, Penalty, Recipe, Schedule, Stopping

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.data import Data

SMALL = 10_000
"""Training examples: below, 32 a step leave an epoch steps enough; from here on, 128 are
quicker.
"""

EPOCHS, PATIENCE = 100, 10


class Resolved(NamedTuple):
    """A recipe without gaps, why each value is what it is (by key, `early_stopping.every`), and
    what may be a mistake.
    """

    recipe: Recipe
    reasons: Mapping[str, str]
    doubts: tuple[str, ...]


def resolve(recipe: Recipe, network: Architecture, data: Data) -> Resolved:
    """The recipe with every value filled in, for this network and data.

    Raises NetError N507 where values do not go together, or with the network and the data.
    """
    examples, outputs = len(data.train), data.preparation.outputs
    optimizer = recipe.optimizer.resolved()
    _precise(recipe, optimizer)
    _frozen(recipe, network)
    if recipe.init_from and not os.path.exists(recipe.init_from):
        raise fail(
            "N601",
            f"there is no {recipe.init_from} to take first weights from",
            recipe.span("init_from"),
        )
    reasons = dict(_given(recipe, ""))
    say = reasons.setdefault
    batch = _batch(recipe, examples)
    full = optimizer.name == "gd"
    say(
        "batch",
        f"all {examples:,} training examples" if full else f"{examples:,} training examples",
    )
    shared(recipe, batch)
    if recipe.speed == "compiled" and (recipe.backend or backend()) == "torch":
        raise fail(
            "N507",
            "`speed: compiled` goes with TensorFlow and JAX, not with torch",
            recipe.span("speed"),
            help="speed: chunks",
        )
    epoch = math.ceil(examples / batch)
    epochs = recipe.epochs or EPOCHS
    stopping = _stopping(recipe, epoch, data)
    say(
        "data.source",
        "ten outputs: the digits that come with netdsl" if recipe.data.source is None else "given",
    )
    say("data.scale", "what the values are divided by")
    say("data.split.test", "the data has no test part of its own")
    say(
        "data.split.validation",
        "what stopping looks at" if stopping.enabled else "what is told beside the training",
    )
    say(
        "loss",
        f"the network ends with {', '.join(dict.fromkeys(f'`{output.activation}`' for output in outputs))}",
    )
    say("optimizer.name", "works with little tuning")
    say("optimizer.rate", f"usual for {optimizer.name}")
    say("epochs", "the most; stopping ends it before" if stopping.enabled else "all of them")
    if stopping.enabled:
        say("early_stopping.every", f"an epoch's steps: {examples:,} examples, {batch:,} a step")
        say(
            "early_stopping.patience",
            f"stop after so many evaluations in a row without a better {stopping.metric}",
        )
    say("precision", "exact enough for any network")
    say("backend", "Keras's own choice")
    if recipe.hosts:
        say("devices", "of each host")
    say("seed", "the same run again")
    resolved = recipe.replace(
        data=data.spec,
        loss=recipe.loss or outputs[0].loss,
        loss_weights=_loss_weights(recipe, [output.name for output in outputs]),
        label_smoothing=_smoothing(recipe, data),
        class_weights=_class_weights(recipe, data),
        optimizer=optimizer,
        schedule=_schedule(recipe, epochs, data),
        penalty=Penalty(
            **{name: getattr(recipe.penalty, name) or None for name in ("l1", "l2", "max_norm")}
        ),
        batch=batch,
        epochs=epochs,
        early_stopping=stopping,
        augment=_augment(recipe, data),
        precision=recipe.precision or "float32",
        backend=recipe.backend or backend(),
        speed=recipe.speed or "auto",
        devices=recipe.devices or 1,
        seed=recipe.seed or 0,
        params=network.params,
    )
    found = doubts(resolved.augment, str(data.spec.source))
    if resolved.precision == "bfloat16":
        found.append(
            "weights in bfloat16 lose steps smaller than 1/256 of them; `precision: mixed` keeps the weights in float32"
        )
    return Resolved(resolved, reasons, tuple(found))


def _given(section: Any, path: str) -> list[tuple[str, str]]:
    """`given` for each key that has a value."""
    found: list[tuple[str, str]] = []
    for item in dataclasses.fields(section):
        value = getattr(section, item.name)
        if dataclasses.is_dataclass(value):
            found += _given(value, f"{path}{item.name}.")
        elif item.metadata and value is not None and not isinstance(value, Mapping):
            found.append((path + item.name, "given"))
    return found


def _batch(recipe: Recipe, examples: int) -> int:
    full = recipe.optimizer.chosen == "gd"
    batch = recipe.batch or (examples if full or examples < 32 else 32 if examples < SMALL else 128)
    if full and batch != examples:
        message = f"`gd` takes the whole training part ({examples:,} examples) as its batch, not {batch:,}"
        raise fail("N507", message, recipe.span("batch"), help="leave `batch` out, or take `sgd`")
    if batch > examples:
        raise fail(
            "N507",
            f"a batch of {batch:,} is more than the {examples:,} training examples",
            recipe.span("batch"),
        )
    return batch


def several(recipe: Recipe) -> bool:
    """Whether a recipe asks for more than one device."""
    return recipe.devices not in (None, 1) or bool(recipe.hosts)


def shared(recipe: Recipe, batch: int, found: int | None = None) -> None:
    """Raises NetError N507 where a training on several devices asks for what goes on one alone, or
    for a batch that has no equal shares.

    `found` is the number of devices of all hosts, where it is known already.
    """
    hosts, wanted = recipe.hosts or (), "hosts" if recipe.hosts else "devices"
    if not several(recipe):
        return
    if (recipe.backend or backend()) == "torch":
        raise fail(
            "N507",
            f"`{wanted}` goes with TensorFlow and JAX, not with torch",
            recipe.span(wanted),
            help="backend: jax",
        )
    if recipe.speed not in (None, "auto", "plain"):
        message = f"`speed: {recipe.speed}` is for one device: several take one step at a time"
        raise fail("N507", message, recipe.span("speed"), help="leave `speed` out")
    if len(hosts) == 1:
        raise fail(
            "N507",
            "`hosts` takes two addresses or more, one for each process",
            recipe.span("hosts"),
            help="leave `hosts` out",
        )
    if len(set(hosts)) < len(hosts):
        twice = next(host for host in hosts if hosts.count(host) > 1)
        raise fail(
            "N507",
            f"`hosts` names {twice} twice: two processes cannot listen there",
            recipe.span("hosts"),
        )
    devices = found if recipe.devices == "all" else int(recipe.devices or 1) * max(1, len(hosts))
    if devices and batch % devices:
        near = [
            f"`batch: {one}`"
            for one in (batch - batch % devices, batch - batch % devices + devices)
            if one
        ]
        message = f"{devices} devices cannot share a batch of {batch:,} equally: {batch / devices:.4g} examples each"
        span = recipe.span("batch") or recipe.span(wanted)
        raise fail(
            "N507", message, span, help=f"{' or '.join(near)}, or any other multiple of {devices}"
        )


def _frozen(recipe: Recipe, network: Architecture) -> None:
    """Raises NetError N507 where a pattern of `freeze` names no layer with weights, or all are
    named.
    """
    names = [op.name for op in network.graph.ops if network.graph.weights(op)]
    for pattern in recipe.freeze or ():
        if not any(fnmatchcase(name, pattern) for name in names):
            mend = (
                did_you_mean(pattern, names)
                or f"the layers with weights are {', '.join(names[:12])}{', ...' if len(names) > 12 else ''}"
            )
            raise fail(
                "N507",
                f"`freeze` names `{pattern}`, and no layer with weights is called so",
                recipe.span("freeze"),
                help=mend,
            )
    if recipe.freeze and all(
        any(fnmatchcase(name, pattern) for pattern in recipe.freeze) for name in names
    ):
        raise fail(
            "N507", "`freeze` names every layer: nothing is left to train", recipe.span("freeze")
        )


def _precise(recipe: Recipe, optimizer: Optimizer) -> None:
    """Raises NetError N507 where bfloat16, which has 8 bits, makes 1 of Adam's beta2: 1 -
    beta2^t is 0 then, and no weight moves.
    """
    beta2 = optimizer.beta2 or 0.0
    if recipe.precision == "bfloat16" and beta2 >= 1 - 2**-9:
        message = f"`precision: bfloat16` rounds {optimizer.name}'s beta2 of {beta2:g} to 1: no weight would ever move"
        raise fail(
            "N507",
            message,
            recipe.span("precision"),
            help="take `precision: mixed`, or `beta2: 0.99`",
        )


def _stopping(recipe: Recipe, epoch: int, data: Data) -> Stopping:
    given = recipe.early_stopping
    if given.metric == "accuracy" and not data.preparation.outputs[0].accuracy:
        raise fail(
            "N507",
            "the data holds values, not classes: there is no accuracy to stop by",
            recipe.span("early_stopping.metric"),
        )
    if not len(data.validation) and given.enabled is not False:
        message = "early stopping looks at the validation part, and there is none"
        raise fail("N507", message, recipe.span("data.split.validation"), help="early_stopping: no")
    every = given.every or epoch
    if isinstance(every, str):
        every = int(re.match(r"\d+", every)[0]) * epoch  # type: ignore[index]  # the key takes nothing else
    if given.enabled is False:
        for name in ("patience", "metric", "then"):
            if getattr(given, name) is not None:
                raise fail(
                    "N507",
                    f"`{name}` goes with early stopping, which is switched off",
                    recipe.span(f"early_stopping.{name}"),
                )
        return Stopping(enabled=False, every=every)
    return Stopping(
        True, given.patience or PATIENCE, every, given.metric or "loss", given.then or "stop"
    )


def _schedule(recipe: Recipe, epochs: int, data: Data) -> Schedule:
    schedule: Schedule = recipe.schedule.resolved()
    if schedule.name == "steps" and not schedule.at:
        message = "the schedule `steps` takes the epochs at which the rate is divided"
        raise fail(
            "N507", message, recipe.span("schedule"), help="schedule: {name: steps, at: [30, 60]}"
        )
    if schedule.name == "steps" and list(schedule.at or ()) != sorted(set(schedule.at or ())):
        raise fail(
            "N507", "the epochs of `at` go up, and none comes twice", recipe.span("schedule.at")
        )
    if schedule.name == "plateau" and not len(data.validation):
        message = "the schedule `plateau` looks at the validation part, and there is none"
        raise fail(
            "N507",
            message,
            recipe.span("data.split.validation"),
            help="schedule: adaptive looks at the training loss",
        )
    if schedule.name in ("cosine", "plateau") and (schedule.least or 0) >= (
        recipe.optimizer.resolved().rate or 0
    ):
        message = f"the rate begins at {recipe.optimizer.resolved().rate:g}: it cannot fall to {schedule.least:g}"
        raise fail("N507", message, recipe.span("schedule.least"))
    if schedule.name == "cosine" and (schedule.warmup or 0) >= epochs:
        raise fail(
            "N507",
            f"a warm-up of {schedule.warmup:g} epochs leaves none of {epochs} to train",
            recipe.span("schedule.warmup"),
        )
    return schedule


def _loss_weights(recipe: Recipe, outputs: list[str]) -> Mapping[str, float] | None:
    given = recipe.loss_weights or {}
    for name in given:
        if name not in outputs:
            mend = did_you_mean(name, outputs) or f"the outputs are {', '.join(outputs)}"
            raise fail(
                "N507",
                f"the network has no output `{name}` to be weighted",
                recipe.span("loss_weights"),
                help=mend,
            )
    if given and not any(given.values()):
        raise fail("N507", "the loss weights are all 0", recipe.span("loss_weights"))
    return {name: float(given.get(name, 1.0)) for name in outputs} if len(outputs) > 1 else None


def _smoothing(recipe: Recipe, data: Data) -> float | None:
    if recipe.label_smoothing and not any(
        output.classes and output.loss in ("cross-entropy", "binary")
        for output in data.preparation.outputs
    ):
        losses = ", ".join(dict.fromkeys(output.loss for output in data.preparation.outputs))
        message = f"`label_smoothing` is for classes and the losses cross-entropy and binary, not {losses}"
        raise fail("N507", message, recipe.span("label_smoothing"))
    return recipe.label_smoothing or None


def _class_weights(recipe: Recipe, data: Data) -> Mapping[str, float] | None:
    """A weight for each class by its name; `balanced`: n / (classes x the class's examples), as
    scikit-learn has it.
    """
    import numpy as np

    given, output = recipe.class_weights, data.preparation.outputs[0]
    if given is None:
        return None
    span = recipe.span("class_weights")
    if not output.classes or len(data.preparation.outputs) > 1 or len(data.train.y[0].shape) != 1:
        raise fail(
            "N507",
            "`class_weights` are for a network with one output and a class for each example",
            span,
        )
    names = [output.label(label) for label in range(output.classes)]
    if isinstance(given, str):
        counts = np.bincount(np.asarray(data.train.y[0][:]), minlength=output.classes)
        return {
            name: round(len(data.train) / (output.classes * int(count)), 6) if count else 1.0
            for name, count in zip(names, counts, strict=True)
        }
    for name in given:
        if name not in names:
            mend = did_you_mean(name, names) or f"the classes are {', '.join(names)}"
            raise fail("N507", f"there is no class `{name}` to be weighted", span, help=mend)
    return {name: float(given.get(name, 1.0)) for name in names}


def _augment(recipe: Recipe, data: Data) -> Augment:
    wanted = Augment(
        **{
            item.name: getattr(recipe.augment, item.name) or None
            for item in dataclasses.fields(Augment)
        }
    )
    inputs = data.preparation.inputs
    if wanted != Augment() and (len(inputs) > 1 or inputs[0].vocabulary):
        raise fail(
            "N507",
            "augmentation is for a network with one input, of numbers that are no indices",
            recipe.span("augment"),
        )
    if wanted.mixup and len(data.preparation.outputs) > 1:
        raise fail("N507", "`mixup` is for a network with one output", recipe.span("augment.mixup"))
    if wanted.mixup and recipe.class_weights:
        raise fail(
            "N507",
            "`mixup` makes examples of two classes: `class_weights` cannot weigh them",
            recipe.span("augment.mixup"),
        )
    if wrong := unfit(wanted, inputs[0].shape):
        name, message = wrong
        raise fail("N507", message, recipe.span(f"augment.{name}"))
    return wanted
