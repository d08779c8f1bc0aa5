"""Plan the training of a GAN without Keras: resolve the recipe, read the data, reject the rest."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from netdsl.architecture import Architecture
from netdsl.errors import NetError, fail
from netdsl.process import backend as usual_backend
from netdsl.training.adversarial.job import AdversarialJob, steps_of
from netdsl.training.adversarial.pair import NetworkPair, example_spec, find_pair
from netdsl.training.data import Data, NetworkSignature, TensorSpec, arrange, read
from netdsl.training.data.parts import INPUT
from netdsl.training.data.plan import plan
from netdsl.training.planning import defaults
from netdsl.training.planning.auto_batch import AUTO
from netdsl.training.planning.job import ResolvedRecipe
from netdsl.training.planning.plan import asked_for
from netdsl.training.planning.requirements import require_loggers, use_backend
from netdsl.training.planning.resolve import given_keys
from netdsl.training.preparation.ranges import scan
from netdsl.training.recipes.conflicts import Conflict, conflict_context
from netdsl.training.recipes.recipe import Gan, Keep, Optimizer, Recipe, Stopping
from netdsl.training.runs.folder import GENERATOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdsl.reading import Fragment

USUAL: dict[str, dict[str, float]] = {
    "nonsaturating": {"rate": 2e-4, "beta1": 0.5},
    "least-squares": {"rate": 2e-4, "beta1": 0.5},
    "wasserstein-gp": {"rate": 1e-4, "beta1": 0.0, "beta2": 0.9},
}
"""Adam's options by the loss: Radford et al. 2016 for the first two, else Gulrajani et al. 2017."""

ROUNDS, PENALTY = 5, 10.0
"""Steps of the discriminator for one of the generator, and the weight of the gradient penalty, of
`wasserstein-gp` (Gulrajani et al. 2017).
"""

NO_PLACE = {
    "loss": "the losses are those of `gan.loss`",
    "losses": "the losses are those of `gan.loss`",
    "loss_weights": "each network has one loss, `gan.loss`",
    "kl": "the losses are those of `gan.loss`",
    "label_smoothing": "the losses are those of `gan.loss`",
    "label_noise": "a GAN learns examples, not labels",
    "class_weights": "a GAN learns examples, not labels",
    "schedule": "the rates of a GAN are constant",
    "penalty": "a GAN has one penalty, `gan.penalty` of `wasserstein-gp`",
    "adversarial": "the networks of a GAN are trained against each other",
    "augment": "the generator would learn the changes as if they were examples",
    "hosts": "a GAN is trained on one device",
    "init_from": "a GAN begins with the seed's weights",
    "freeze": "both networks of a GAN are trained whole",
    "unfreeze": "both networks of a GAN are trained whole",
    "rates": "each network of a GAN has one rate",
    "accumulate": "the networks of a GAN are updated in turn",
    "ema": "a GAN keeps its last weights",
    "metrics": "a GAN is not compared with targets",
    "threshold": "a GAN is not compared with targets",
    "positive": "a GAN is not compared with targets",
    "calibrate": "a GAN is not compared with targets",
}
"""The keys that a GAN does not use, and why."""


def plan_pair(
    network: Architecture | Fragment,
    recipe: Recipe,
    **settings: Any,
) -> AdversarialJob:
    """Plan the training of a GAN before anything is built.

    Args:
        network: one of the two networks of the file.
        recipe: how to train; `gan` names the two.
        settings: as in `plan`.

    Raises:
        NetError: for what does not fit together, and what cannot be read.
    """
    if not isinstance(network, Architecture):
        message = f"{network.source.name} holds one network, {network.name}; a GAN is made of two"
        raise fail("N113", message, help="each `net` of the file needs an `input`")
    recipe, given = asked_for(recipe, **settings)
    with conflict_context(recipe):
        _check_keys(recipe)
    # Params given on the command line override the recipe's.
    pair = find_pair(network, recipe, {**recipe.params, **network.params})
    use_backend(recipe.backend, recipe.span("backend"))
    require_loggers(recipe.log or ())
    with conflict_context(recipe):
        loaded = load_pair_data(pair, recipe, given)
        full = _filled_in(recipe, pair, loaded)
    reasons = dict(given_keys(recipe))
    doubts = tuple(_doubts(pair, loaded))
    # `given` twice: first for the order of the keys, then to override reasons.
    resolved = ResolvedRecipe(full, reasons | _reasons(full, loaded) | reasons, doubts)
    return AdversarialJob(pair, resolved, loaded)


def _check_keys(recipe: Recipe) -> None:
    """Reject keys that a GAN does not use.

    Raises:
        Conflict: N507.
    """
    usual = Recipe()
    for name, why in NO_PLACE.items():
        # Compared with the default: a resolved recipe, as a run's folder holds it, states all keys.
        if getattr(recipe, name) != getattr(usual, name) and not _is_constant(recipe, name):
            inner = [key for key in recipe.spans if key.split(".")[0] == name]
            message = f"`{name}` has no place next to `gan`: {why}"
            raise Conflict((name, *inner), message, help=f"leave `{name}` out")
    stopping = recipe.early_stopping
    if stopping not in (Stopping(), Stopping(enabled=False, every=stopping.every)):
        message = (
            "a GAN has no early stopping: the losses of two that compete say nothing of the samples"
        )
        keys = tuple(key for key in recipe.spans if key.startswith("early_stopping"))
        raise Conflict(keys, message, help="leave `early_stopping` out; `keep: {every: 5}` keeps")
    if recipe.keep.best:
        message = "the epochs of a GAN have no order of worth: `best` has no meaning"
        raise Conflict("keep.best", message, help="keep: {every: 5}")
    if recipe.batch == AUTO:
        message = "`batch: auto` looks at the memory of one network, and a GAN has two"
        raise Conflict("batch", message, help="give a number: batch: 128")
    if recipe.precision not in (None, "float32"):
        raise Conflict("precision", f"a GAN is trained in float32, not in {recipe.precision}")
    if recipe.devices not in (None, 1):
        raise Conflict("devices", "a GAN is trained on one device", help="leave `devices` out")
    if recipe.speed in ("measure", "plain"):
        message = f"the steps of a GAN are taken in `chunks` or `compiled`, not `{recipe.speed}`"
        raise Conflict("speed", message, help="leave `speed` out")
    if recipe.optimizer.whole:
        message = f"`{recipe.optimizer.chosen}` takes its steps on all examples, a GAN on batches"
        raise Conflict(("optimizer.name", "optimizer"), message, help="leave `optimizer` out")
    if recipe.gan.penalty is not None and recipe.gan.loss != "wasserstein-gp":
        message = "`gan.penalty` is the gradient penalty of `wasserstein-gp`"
        raise Conflict("gan.penalty", message, help="gan: {loss: wasserstein-gp}")
    for name in ("labels", "weight"):
        if getattr(recipe.data, name) is not None:
            raise Conflict(f"data.{name}", f"`{name}` has no place next to `gan`")


def _is_constant(recipe: Recipe, name: str) -> bool:
    """Return whether it is the schedule that a resolved recipe has."""
    return name == "schedule" and recipe.schedule.chosen == "constant"


# --- data -----------------------------------------------------------------------------------------


def load_pair_data(pair: NetworkPair, recipe: Recipe, given: Any = None) -> Data:
    """Load the examples for a discriminator, and their classes if it takes one.

    Raises:
        NetError: as `load_data` does; N526 for another number of classes.
        Conflict: N507 for a target that is not learned, or a table.
    """
    own, classes = example_spec(pair), pair.classes
    if not classes and recipe.data.target not in (None, INPUT):
        message = "these networks take no class: the examples alone are learned"
        help = "leave `target` out, or write `input class: 1 of int(10)` in both networks"
        raise Conflict("data.target", message, help=help)
    if classes and recipe.data.target == INPUT:
        message = "these networks take a class, and `target: input` has none"
        raise Conflict("data.target", message, help="leave `target` out")
    if given is None and recipe.data.source is None and recipe.data.function is None:
        raise fail("N510", "no data is given", help="give it: --data mnist, or `data:` in a recipe")
    spec = dataclasses.replace(recipe.data, target=recipe.data.target if classes else INPUT)
    # An output that no network has, so that the data is read as if its classes were learned.
    out = TensorSpec("class", (classes,), "softmax") if classes else own._replace(name=GENERATOR)
    signature = NetworkSignature((own,), (out,))
    try:
        data = _loaded(dataclasses.replace(recipe, data=spec), signature, pair.signed, given)
    except NetError as error:
        # The message speaks of an output `class`, which the user has not written.
        if not classes or error.code != "N526":
            raise
        problem = error.diagnostics[0]
        message = problem.message.partition(";")[0]
        raise fail(
            "N526",
            f"{message}; the class of {pair.generator.name} and {pair.discriminator.name} is "
            f"`of int({classes})`",
            problem.span,
            help="write as many classes as the data has",
        ) from None
    if data.preparation.inputs[0].columns:
        message = f"{data.spec.source} is a table; a GAN makes images or arrays"
        raise Conflict(("data.source", "data"), message)
    if classes:
        _check_classes(pair, data, recipe)
    return data


def _check_classes(pair: NetworkPair, data: Data, recipe: Recipe) -> None:
    """Reject data with other classes than the networks take.

    Raises:
        NetError: N526 where there are fewer.
        Conflict: N507 where the data holds values.
    """
    if not data.preparation.outputs[0].classes:
        message = f"{data.spec.source} holds values, and these networks take a class"
        raise Conflict(("data.source", "data"), message, help="leave `input class` out of both")
    parts = (data.train, data.validation, data.test)
    # Over all parts: a class may occur only in the test part.
    held = int(max(scan(part.y[0]).high for part in parts if len(part))) + 1
    if held != pair.classes:
        message = (
            f"{data.spec.source} holds labels from 0 to {held - 1}, {held} in all; the "
            f"class of {pair.generator.name} and {pair.discriminator.name} is "
            f"`of int({pair.classes})`"
        )
        help = f"write `of int({held})` in both"
        raise fail("N526", message, recipe.data_span, help=help)


def _loaded(recipe: Recipe, signature: NetworkSignature, signed: bool, given: Any) -> Data:
    """Read data, with images as numbers from -1 to 1 if the generator gives these.

    No validation part is split off, as nothing is chosen by it.
    """
    held = read(recipe.data, signature, given, span=recipe.data_span)
    split = recipe.data.split
    if split.validation is None and held.validation is None:
        split = dataclasses.replace(split, validation=0.0)
    asked = dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, split=split))
    preparation = plan(held, recipe, signature)
    # A generator that ends with tanh gives -1 to 1: 0 to 1 would be half of its range.
    if signed and preparation.inputs[0].unit:
        inputs = (dataclasses.replace(preparation.inputs[0], signed=True),)
        preparation = dataclasses.replace(preparation, inputs=inputs)
    return arrange(held, asked, preparation)


# --- the recipe -----------------------------------------------------------------------------------


def _filled_in(recipe: Recipe, pair: NetworkPair, data: Data) -> Recipe:
    """Return the recipe with every value."""
    examples = len(data.train)
    optimizer = _optimizer(recipe)
    gan = _gan(recipe, pair, optimizer.rate or 0.0)
    asked = recipe.batch_size if recipe.batch else None
    batch = defaults.batch_size(asked, optimizer, examples)
    engine = recipe.backend or usual_backend()
    if engine == "torch":
        message = "a GAN is trained under TensorFlow and JAX, not under torch"
        raise Conflict("backend", message, help="backend: tensorflow, or KERAS_BACKEND=jax")
    epochs = recipe.epochs or defaults.EPOCHS
    # Before the rest: the count of steps depends on these three.
    full = recipe.replace(gan=gan, batch=batch, epochs=epochs)
    steps = steps_of(examples, full)
    if not steps:
        needed = batch * (gan.steps or 1)
        message = (
            f"a step takes {gan.steps} batches of {batch:,}, {needed:,} examples; there are "
            f"{examples:,}"
        )
        raise Conflict(("batch", "gan.steps"), message, help="a smaller `batch`")
    every = recipe.early_stopping.every
    if every not in (None, steps):
        raise Conflict("early_stopping.every", "a GAN is not evaluated within an epoch")
    keep = recipe.keep
    if keep != Keep():
        keep = defaults.keep(keep, epochs, steps, steps, len(data.validation))
    return full.replace(
        early_stopping=Stopping(enabled=False, every=steps),
        keep=keep,
        data=data.spec,
        optimizer=optimizer,
        precision="float32",
        backend=engine,
        speed=recipe.speed or "auto",
        devices=1,
        seed=recipe.seed or 0,
        params=pair.generator.params,
    )


def _optimizer(recipe: Recipe) -> Optimizer:
    """Choose the optimizer of both networks."""
    given = recipe.optimizer
    if given.chosen == "adam":
        # Other optimizers keep their usual options: the papers give values only for Adam.
        usual = USUAL[recipe.gan.loss or "nonsaturating"]
        left = {name: value for name, value in usual.items() if getattr(given, name) is None}
        given = dataclasses.replace(given, **left)  # type: ignore[arg-type]
    full: Optimizer = given.resolved()
    return full


def _gan(recipe: Recipe, pair: NetworkPair, rate: float) -> Gan:
    """Fill in the keys of `gan`."""
    given = recipe.gan
    loss = given.loss or "nonsaturating"
    wasserstein = loss == "wasserstein-gp"
    return Gan(
        generator=pair.generator.name,
        discriminator=pair.discriminator.name,
        loss=loss,
        steps=given.steps or (ROUNDS if wasserstein else 1),
        generator_rate=given.generator_rate or rate,
        discriminator_rate=given.discriminator_rate or rate,
        penalty=(PENALTY if given.penalty is None else given.penalty) if wasserstein else None,
    )


def _reasons(full: Recipe, data: Data) -> dict[str, str]:
    """Return the reasons for the values of keys, as if all had been left out."""
    adam = f"usual for adam and {full.gan.loss}"
    test = "what the losses are measured on at the end" if len(data.test) else ""
    return {
        "data.scale": "the divisor of the values",
        "data.split.test": test,
        "data.split.validation": "a GAN is not chosen by its losses",
        "data.target": "the examples are learned, not their labels",
        "gan.generator": "its network in the file",
        "gan.discriminator": "its network in the file",
        "gan.loss": "the one of most GANs",
        "gan.steps": f"of the discriminator for one of the generator: usual for {full.gan.loss}",
        "gan.generator_rate": "the optimizer's",
        "gan.discriminator_rate": "the optimizer's",
        "gan.penalty": "usual for wasserstein-gp",
        "optimizer.name": "works with little tuning",
        **{f"optimizer.{name}": adam for name in USUAL[full.gan.loss or ""]},
        "batch": f"{len(data.train):,} training examples",
        "epochs": "all of them",
        "early_stopping.enabled": "the losses of two that compete say nothing of the samples",
        "precision": "exact enough for any network",
        "backend": "Keras's own choice",
        "seed": "makes the run reproducible",
    }


def _doubts(pair: NetworkPair, data: Data) -> Iterator[str]:
    """Yield warnings where the generator cannot give the values of the data."""
    input, activation = data.preparation.inputs[0], pair.generator.outputs[0].activation
    if input.vocabulary:
        return
    values = scan(data.train.x[0])
    low, high = values.low / input.scale, values.high / input.scale
    reach = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, float("inf"))}
    bottom, top = reach.get(activation, (float("-inf"), float("inf")))
    if not input.signed and (low < bottom or high > top):
        yield (
            f"{pair.generator.name} ends with `{activation}`, and the examples are from {low:g} to "
            f"{high:g}: some it can never make"
        )
