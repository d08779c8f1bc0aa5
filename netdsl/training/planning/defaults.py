"""Fill in what a recipe leaves out, key by key, for a network and its data; what does not fit
together is rejected with a `Conflict`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from netdsl.kinds.draws import Gaussian
from netdsl.training.distributed.sharing import is_shared
from netdsl.training.preparation.augment_checks import unfit
from netdsl.training.recipes.conflicts import Conflict, Typo
from netdsl.training.recipes.recipe import (
    Adversarial,
    Augment,
    Keep,
    Loss,
    Optimizer,
    Penalty,
    Schedule,
)

if TYPE_CHECKING:
    from netdsl.graph import Graph
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.recipes.recipe import Recipe

SMALL = 10_000
"""With fewer training examples a batch has 32, so that an epoch has enough steps; from this number
on, 128 are faster.
"""

EPOCHS = 100

KEPT = 100
"""The most epochs whose weights are kept."""


# --- steps ----------------------------------------------------------------------------------------


def batch_size(given: int | None, optimizer: Optimizer, examples: int) -> int:
    """Choose how many of the training part's examples are in a step.

    Raises:
        Conflict: where `gd` is given a batch, or a batch is larger than the training part.
    """
    full = optimizer.whole
    # Fewer than 32 examples are one batch.
    batch = given or (examples if full or examples < 32 else 32 if examples < SMALL else 128)
    if full and batch != examples:
        whole = f"`{optimizer.name}` uses the whole training part ({examples:,} examples)"
        message = f"{whole} as its batch, not {batch:,}"
        raise Conflict("batch", message, help="leave `batch` out, or use `sgd`")
    if batch > examples:
        raise Conflict(
            "batch", f"a batch of {batch:,} is more than the {examples:,} training examples"
        )
    return batch


def optimizer(given: Optimizer, rule: bool) -> Optimizer:
    """Choose the optimizer; for Rosenblatt's rule plain steps with the rate 1."""
    if rule:
        given = dataclasses.replace(given, name="sgd", rate=given.rate or 1.0)
    full: Optimizer = given.resolved()
    return full


def check_search(recipe: Recipe, optimizer: Optimizer, engine: str) -> None:
    """Reject what does not fit an optimizer that computes the loss several times in a step.

    Raises:
        Conflict: for a key of steps that it does not take, or another backend.
    """
    if not optimizer.searches:
        return
    name = f"`{optimizer.name}`" + (" with a line search" if optimizer.name == "gd" else "")
    if engine != "tensorflow":
        message = f"{name} takes its steps under TensorFlow, not under {engine}"
        raise Conflict(("backend", "optimizer.name", "optimizer"), message)
    for key in ("clip_norm", "clip_value"):
        if getattr(optimizer, key):
            raise Conflict(f"optimizer.{key}", f"{name} does not clip")
    if recipe.schedule.chosen != "constant":
        raise Conflict("schedule", f"{name} finds the length of each step: it has no schedule")
    if recipe.augment != Augment():
        raise Conflict("augment", f"{name} needs the same examples in each step")
    if recipe.adversarial.eps:
        message = f"{name} needs the same examples in each step"
        raise Conflict(("adversarial.eps", "adversarial"), message)
    if recipe.speed not in (None, "auto"):
        raise Conflict("speed", f"{name} has one way of taking steps: leave `speed` out")
    if recipe.hosts or recipe.devices not in (None, 1):
        raise Conflict(("devices", "hosts"), f"{name} works on one device")
    if recipe.penalty.proximal or recipe.penalty.max_norm:
        key = "proximal" if recipe.penalty.proximal else "max_norm"
        raise Conflict(f"penalty.{key}", f"`{key}` follows a step of gradient descent, not {name}")
    if optimizer.name == "least_squares":
        if recipe.penalty.l1 or recipe.penalty.l2:
            key = "penalty.l1" if recipe.penalty.l1 else "penalty.l2"
            raise Conflict(key, "`least_squares` solves for the weights without a penalty")
        if recipe.epochs not in (None, 1):
            message = f"`least_squares` takes one step, not {recipe.epochs:,} epochs"
            raise Conflict("epochs", message, help="leave `epochs` out")


def check_solvable(outputs: Sequence[OutputTransform]) -> None:
    """Reject outputs for which least squares cannot be solved.

    Raises:
        Conflict: where there is another loss, or several outputs.
    """
    if len(outputs) > 1 or outputs[0].loss != "squared" or len(outputs[0].shape) > 1:
        found = f"loss {outputs[0].loss}" if len(outputs) == 1 else f"{len(outputs)} outputs"
        message = f"`least_squares` is for one vector and the loss squared, not for {found}"
        raise Conflict(("optimizer.name", "optimizer"), message, help="loss: squared")


def schedule(given: Schedule, rate: float, epochs: int, validation: int) -> Schedule:
    """Fill in how the learning rate changes from `rate` on, over at most this many epochs.

    Raises:
        Conflict: where `steps` lacks its epochs, `plateau` its validation part, or the rate cannot
            fall.
    """
    full: Schedule = given.resolved()
    if full.name == "steps" and not full.at:
        message = "the schedule `steps` requires the epochs at which the rate is divided"
        raise Conflict("schedule", message, help="schedule: {name: steps, at: [30, 60]}")
    if full.name == "steps" and list(full.at or ()) != sorted(set(full.at or ())):
        raise Conflict("schedule.at", "the epochs of `at` must increase")
    if full.name == "plateau" and not validation:
        message = "the schedule `plateau` needs a validation part, and there is none"
        help = "schedule: adaptive uses the training loss"
        raise Conflict("data.split.validation", message, help=help)
    if full.name in ("cosine", "plateau") and (full.least or 0) >= rate:
        message = f"the rate begins at {rate:g}: it cannot fall to {full.least:g}"
        raise Conflict("schedule.least", message)
    if full.name == "cosine" and (full.warmup or 0) >= epochs:
        message = f"a warm-up of {full.warmup:g} epochs leaves none of the {epochs} epochs"
        raise Conflict("schedule.warmup", message)
    return full


def keep(given: Keep, epochs: int, steps: int, every: int, validation: int) -> Keep:
    """Check which epochs' weights are kept.

    Args:
        given: what the recipe says.
        epochs: of the training, at most.
        steps: in an epoch.
        every: steps from one evaluation to the next.
        validation: examples of the validation part.

    Raises:
        Conflict: for epochs after the last, more than `KEPT` of them, or best ones that are not
            evaluated.
    """
    late = [epoch for epoch in given.epochs or () if epoch > epochs]
    if late:
        raise Conflict("keep.epochs", f"there is no epoch {late[0]:,}: the training has {epochs:,}")
    count = len(given.epochs or ()) + (given.best or 0) + epochs // (given.every or epochs + 1)
    if count > KEPT:
        message = f"the weights of {count:,} epochs would be kept, and {KEPT} are the most"
        raise Conflict(("keep.every", "keep.epochs", "keep.best"), message)
    # Epochs are ranked by an evaluation at their ends.
    if given.best and (not validation or steps % every):
        message = "the best epochs are those with the lowest validation loss or highest accuracy"
        why = "there is no validation part" if not validation else "epochs end between evaluations"
        raise Conflict("keep.best", f"{message}, and {why}")
    return given


def check_checkpoint(recipe: Recipe, optimizer: Optimizer) -> None:
    """Reject checkpoints within epochs where none can be written.

    Raises:
        Conflict: for an optimizer whose epochs are one step, and for several devices.
    """
    if recipe.checkpoint is None:
        return
    help = "leave `checkpoint` out: there is one at the end of an epoch"
    if optimizer.whole:
        message = f"an epoch of `{optimizer.name}` is one step: no checkpoint is within it"
        raise Conflict("checkpoint", message, help=help)
    if is_shared(recipe):
        message = "`checkpoint` writes within epochs, which is for a training on one device"
        raise Conflict("checkpoint", message, help=help)


# --- weights of the network -----------------------------------------------------------------------


def check_precision(precision: str | None, optimizer: Optimizer) -> None:
    """Reject bfloat16, whose numbers have 8 bits, where it rounds Adam's beta2 to 1.

    1 - beta2^t would be 0, and no weight would move.

    Raises:
        Conflict: where it is rounded to 1.
    """
    beta2 = optimizer.beta2 or 0.0
    # Half of bfloat16's spacing below 1, 2^-8: from there on it is rounded to 1.
    if precision == "bfloat16" and beta2 >= 1 - 2**-9:
        message = (
            f"`precision: bfloat16` rounds {optimizer.name}'s beta2 of {beta2:g} to 1: "
            "no weight would ever move"
        )
        help = "use `precision: mixed`, or `beta2: 0.99`"
        raise Conflict("precision", message, help=help)


def penalty(given: Penalty) -> Penalty:
    """Leave out penalties of 0.

    Raises:
        Conflict: where `proximal` has nothing to do.
    """
    if given.proximal and not given.l1:
        message = "`proximal` is how the penalty `l1` is applied, and there is none"
        raise Conflict("penalty.proximal", message, help="penalty: {l1: 1e-4, proximal: yes}")
    return Penalty(
        given.l1 or None, given.l2 or None, given.proximal or None, given.max_norm or None
    )


# --- examples and classes -------------------------------------------------------------------------


def divergence(given: float | None, graph: Graph) -> float | None:
    """Return the weight of what `gaussian` adds to the loss; None for a network without draws.

    Raises:
        Conflict: where such a network is given one.
    """
    if any(op.kind is not None and op.kind.word == Gaussian.word for op in graph.ops):
        return 1.0 if given is None else given
    if given is not None:
        message = "`kl` weighs the divergence of `gaussian`, and the network draws nothing"
        raise Conflict("kl", message, help="leave `kl` out, or write gaussian[ mean | logvar ]")
    return None


def loss(given: Loss, outputs: Sequence[OutputTransform]) -> Loss:
    """Choose the loss, and leave out the usual reduction.

    Raises:
        Conflict: for a reduction of a loss that has none.
    """
    name = given.name or outputs[0].loss
    if given.reduce and name not in ("squared", "absolute"):
        message = f"`reduce` is for the losses squared and absolute, not {name}"
        raise Conflict("loss.reduce", message)
    if given.reduce == "half" and name != "squared":
        raise Conflict("loss.reduce", f"half of the sum is for the loss squared, not {name}")
    # Only one way to write the default, so that recipes that mean the same have equal hashes.
    return Loss(name, None if given.reduce == "mean" else given.reduce)


def loss_weights(
    given: Mapping[str, float] | None, outputs: Sequence[OutputTransform]
) -> Mapping[str, float] | None:
    """Choose how much each output counts in the loss; None for a single one.

    Raises:
        Conflict: for an output that does not exist, and weights that are all 0.
    """
    names, weights = [output.name for output in outputs], given or {}
    for name in weights:
        if name not in names:
            message = f"the network has no output `{name}` to be weighted"
            help = f"the outputs are {', '.join(names)}"
            raise Conflict("loss_weights", message, help=help, typo=Typo(name, names))
    full = {name: float(weights.get(name, 1.0)) for name in names}
    if not any(full.values()):
        raise Conflict("loss_weights", "the loss weights are all 0")
    return full if len(names) > 1 else None


def label_smoothing(given: float | None, outputs: Sequence[OutputTransform]) -> float | None:
    """Leave out a smoothing of 0; reject one where no output has classes to smooth.

    Raises:
        Conflict: where no output has classes.
    """
    if given and not any(
        output.classes and output.loss in ("cross-entropy", "binary") for output in outputs
    ):
        losses = ", ".join(dict.fromkeys(output.loss for output in outputs))
        message = (
            "`label_smoothing` is for classes and the losses cross-entropy and binary, "
            f"not {losses}"
        )
        raise Conflict("label_smoothing", message)
    return given or None


def augment(
    given: Augment,
    inputs: Sequence[InputTransform],
    outputs: Sequence[OutputTransform],
    weighted: bool,
    speed: str | None = None,
) -> Augment:
    """Leave out changes of 0, and reject those that do not fit the network's inputs and outputs, or
    weights of classes.

    Raises:
        Conflict: for a change that does not fit.
    """
    kept = Augment(
        **{item.name: getattr(given, item.name) or None for item in dataclasses.fields(Augment)}
    )
    if kept != Augment() and (len(inputs) > 1 or inputs[0].vocabulary):
        message = "augmentation is for a network with one input of numbers, not indices"
        raise Conflict("augment", message)
    if kept.crop_from and any(output.copies for output in outputs):
        raise Conflict("augment.crop_from", "`crop_from` does not go with `target: input`")
    if kept.crop_from and speed not in (None, "auto", "plain"):
        message = f"`crop_from` cuts images before they come to the device: not with `{speed}`"
        raise Conflict("speed", message, help="leave `speed` out")
    if kept.mixup and len(outputs) > 1:
        raise Conflict("augment.mixup", "`mixup` is for a network with one output")
    if kept.mixup and weighted:
        message = "`mixup` mixes two examples: weights of classes or examples cannot be applied"
        raise Conflict("augment.mixup", message)
    if problem := unfit(kept, inputs[0].shape):
        name, message = problem
        raise Conflict(f"augment.{name}", message)
    return kept


def adversarial(given: Adversarial, inputs: Sequence[InputTransform]) -> Adversarial:
    """Leave out a change of 0; reject one for inputs that cannot be changed a little.

    Raises:
        Conflict: for several inputs, or one of indices.
    """
    if given.eps and (len(inputs) > 1 or inputs[0].vocabulary):
        message = "`adversarial` is for a network with one input of numbers, not indices"
        raise Conflict(("adversarial.eps", "adversarial"), message)
    return Adversarial(given.eps or None)
