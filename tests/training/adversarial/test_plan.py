"""What a GAN's recipe becomes, and what is refused before Keras is imported."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from support.gans import CONDITIONAL, PLAIN, images

from netdsl.architecture import Architecture
from netdsl.errors import NetError, Source
from netdsl.reading import ReadOptions, check_source
from netdsl.training.adversarial.job import AdversarialJob
from netdsl.training.adversarial.plan import NO_PLACE, plan_pair
from netdsl.training.recipes.recipe import Recipe, parse_recipe
from netdsl.training.recipes.yaml_writer import to_yaml

GAN = "gan: nonsaturating\n"


def network(text: str) -> Architecture:
    """The first network of a text."""
    return check_source(Source("<text>", text), ReadOptions(), "network").networks[0]


def planned(text: str = PLAIN, recipe: str = GAN, data: Any = None) -> AdversarialJob:
    return plan_pair(network(text), parse_recipe(recipe), data=images() if data is None else data)


def refused(text: str = PLAIN, recipe: str = GAN, data: Any = None) -> NetError:
    with pytest.raises(NetError) as caught:
        planned(text, recipe, data)
    assert len(caught.value.diagnostics) == 1
    return caught.value


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "tanh-16 > reshape(4x4x1)",
            "tanh-16",
            "generator gives 16, and discriminator takes 4x4x1",
        ),
        (
            "input x: 4x4x1",
            "input x: 5x4x1",
            "generator gives 4x4x1, and discriminator takes 5x4x1",
        ),
        ("> linear-1", "> softmax-2", "discriminator gives 2; a score is one number"),
        ("> linear-1", "> tanh-1", "needs `linear-1` or `sigmoid-1`"),
        ("input z: 4\n>", "input z: 4\ninput y: 4\n[ @z | @y ] >", "has 2 inputs of numbers"),
        (
            "input z: 4\n>",
            "input z: 4\ninput c: 2 of int(3)\n@c > embed-2 > flatten as e\n[ @z | @e ] >",
            "generator can be given one class: `input class: 1 of int(10)`",
        ),
        (
            "input z: 4\n>",
            "input z: 4\ninput c: 1 of int(3)\n@c > embed-2 > flatten as e\n[ @z | @e ] >",
            "generator takes a class of 3, and discriminator no class",
        ),
        ("fc-8(relu)", "fc-8(relu, act_l1=0.1)", "`act_l1` adds a penalty"),
        ("fc-8(lrelu(0.2))", "fc-8(lrelu(0.2), init=pca)", "`init=pca` begins at"),
        ("fc-8(relu)", "gaussian[ fc-2 | fc-2 ] > fc-8(relu)", "`gaussian` adds a divergence"),
        ("> linear-1", "as h > linear-1\n@h > linear-1", "discriminator has 2 outputs"),
    ],
)
def test_networks_that_do_not_fit(old: str, new: str, message: str) -> None:
    assert old in PLAIN
    error = refused(PLAIN.replace(old, new))
    assert (error.code, message in str(error)) == ("N690", True), str(error)
    assert error.diagnostics[0].span is not None


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("gan: {generator: generater}", "does not hold a network `generater`"),
        ("gan: {discriminator: critic}", "does not hold a network `critic`"),
    ],
)
def test_a_network_that_is_not_there(recipe: str, message: str) -> None:
    error = refused(recipe=recipe)
    assert (error.code, message in str(error)) == ("N113", True)
    assert error.diagnostics[0].span is not None
    assert "generator" in error.diagnostics[0].help


def test_a_file_of_one_network() -> None:
    error = refused("input 4\n> linear-1\n")
    assert (error.code, "holds one network" in str(error)) == ("N113", True)


def test_one_network_twice() -> None:
    assert refused(recipe="gan: {generator: generator, discriminator: generator}").code == "N507"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("loss", "squared"),
        ("losses", "{discriminator: squared}"),
        ("loss_weights", "{a: 1}"),
        ("kl", "1"),
        ("label_smoothing", "0.1"),
        ("label_noise", "0.1"),
        ("class_weights", "balanced"),
        ("schedule", "cosine"),
        ("penalty", "{l2: 0.1}"),
        ("augment", "{shift: 2}"),
        ("init_from", "runs/a-1"),
        ("freeze", "fc_1"),
        ("early_stopping", "{patience: 3}"),
        ("early_stopping", "yes"),
        ("keep", "{best: 1}"),
        ("precision", "float64"),
        ("devices", "2"),
        ("speed", "plain"),
        ("optimizer", "lbfgs"),
        ("backend", "torch"),
    ],
)
def test_keys_without_a_place(key: str, value: str) -> None:
    error = refused(recipe=f"{GAN}{key}: {value}\n")
    assert error.code in ("N507", "N602", "N617"), str(error)
    if error.code == "N507":
        span = error.diagnostics[0].span
        assert span is not None
        assert span.source.text[: span.start].count("\n") == 1


USED = {"data", "gan", "optimizer", "batch", "epochs", "early_stopping", "keep", "precision"}
USED |= {"backend", "speed", "devices", "log", "seed", "params", "spans"}


def test_every_key_is_used_or_refused() -> None:
    """A key that is added to recipes is one of the two."""
    assert {one.name for one in dataclasses.fields(Recipe)} == USED | set(NO_PLACE)
    assert not USED & set(NO_PLACE)


def test_a_gan_by_default() -> None:
    recipe = parse_recipe("gan: {}")
    assert (recipe.is_gan, recipe.gan.loss) == (True, "nonsaturating")
    assert planned(recipe="gan: {}").recipe.gan == planned().recipe.gan


def test_classes_that_the_data_does_not_have() -> None:
    for count, code in ((2, "N520"), (4, "N526"), (10, "N526")):
        error = refused(CONDITIONAL.replace("int(3)", f"int({count})"))
        assert error.code == code, str(error)
    assert "python holds labels from 0 to 2, 3 in all; the class of generator and" in str(error)
    assert "is `of int(10)`" in str(error)


@pytest.mark.parametrize(
    ("recipe", "code"),
    [
        ("gan: {loss: wasserstein-gp, penalty: 1e300}", "N505"),
        ("adversarial: 1e300", "N505"),
        ("augment: {noise: 1e300}", "N505"),
        ("gan: wasserstein", "N505"),
        ("gan: {loss: nonsaturating, rate: 1}", "N503"),
        ("gan: {steps: 0}", "N505"),
    ],
)
def test_values_of_gan(recipe: str, code: str) -> None:
    with pytest.raises(NetError) as caught:
        parse_recipe(recipe)
    assert caught.value.code == code


def test_a_penalty_without_its_loss() -> None:
    assert refused(recipe="gan: {loss: least-squares, penalty: 10}").code == "N507"


def test_batch_norm_and_the_gradient_penalty() -> None:
    text = PLAIN.replace("fc-8(lrelu(0.2))", "fc-8 > bn > lrelu(0.2)")
    error = refused(text, "gan: wasserstein-gp")
    assert (error.code, "batch norm" in str(error)) == ("N690", True)
    assert planned(text).pair.classes == 0


def test_data_that_does_not_go_with_the_networks() -> None:
    import numpy as np

    x, y = images()
    assert refused(data=(x.reshape(64, 16)[:, :15], y)).code == "N518"
    assert refused(CONDITIONAL, data=(x, np.random.default_rng(0).random(64))).code in (
        "N519",
        "N520",
        "N507",
    )
    assert refused(CONDITIONAL, data=(x, y + 1)).code == "N520"
    for recipe, code in ((f"{GAN}data: {{source: digits, target: y}}", "N507"), (GAN, "N510")):
        with pytest.raises(NetError) as caught:
            plan_pair(network(PLAIN), parse_recipe(recipe))
        assert caught.value.code == code


def test_a_batch_that_the_data_does_not_hold() -> None:
    error = refused(recipe="gan: {loss: wasserstein-gp}\nbatch: 20\n")
    assert (error.code, "5 batches of 20, 100 examples; there are" in str(error)) == ("N507", True)


def test_the_resolved_recipe_gives_itself() -> None:
    for recipe in (GAN, "gan: wasserstein-gp\nbatch: 4\n", f"{GAN}keep: {{every: 2}}\nepochs: 4\n"):
        job = planned(recipe=recipe)
        again = parse_recipe(to_yaml(job.recipe)).replace(data=None)
        spec = Recipe.of({"data": {"source": "python", "split": {"validation": 0.0, "test": 0.2}}})
        found = plan_pair(network(PLAIN), again.replace(data=spec.data), data=images())
        assert found.recipe == job.recipe


@pytest.mark.parametrize(
    ("loss", "rate", "beta1", "steps", "penalty"),
    [
        ("nonsaturating", 2e-4, 0.5, 1, None),
        ("least-squares", 2e-4, 0.5, 1, None),
        ("wasserstein-gp", 1e-4, 0.0, 5, 10.0),
    ],
)
def test_usual_values(
    loss: str, rate: float, beta1: float, steps: int, penalty: float | None
) -> None:
    recipe = planned(recipe=f"gan: {loss}\nbatch: 4\n").recipe
    gan, optimizer = recipe.gan, recipe.optimizer
    assert (optimizer.name, optimizer.rate, optimizer.beta1) == ("adam", rate, beta1)
    assert (gan.generator_rate, gan.discriminator_rate, gan.steps) == (rate, rate, steps)
    assert (gan.penalty, recipe.early_stopping.enabled) == (penalty, False)


def test_rates_of_each_network() -> None:
    text = "gan: {generator_rate: 0.1, discriminator_rate: 0.2}\noptimizer: {rate: 0.3}\n"
    recipe = planned(recipe=text).recipe
    assert (recipe.gan.generator_rate, recipe.gan.discriminator_rate) == (0.1, 0.2)
    only = planned(recipe="gan: {generator_rate: 0.1}\noptimizer: rmsprop\n").recipe
    assert (only.gan.generator_rate, only.gan.discriminator_rate) == (0.1, 0.001)


def test_images_become_what_the_generator_gives() -> None:
    job = planned()
    (made,) = job.data.preparation.x((job.data.train.x[0][:4],))
    raw = job.data.train.x[0][:4].astype("float32")
    assert abs(made.reshape(4, 4, 4) - (raw / 127.5 - 1)).max() < 1e-6
    unsigned = planned(PLAIN.replace("tanh-16", "sigmoid-16"))
    assert not unsigned.data.preparation.inputs[0].signed
    doubt = planned(PLAIN.replace("tanh-16", "sigmoid-16"), data=(images()[0] - 100.0, None))
    assert "some it can never make" in doubt.resolved.doubts[0]


def test_classes_of_a_conditional_one() -> None:
    job = planned(CONDITIONAL)
    assert (job.pair.classes, job.pair.noise.name, job.pair.example.name) == (3, "z", "x")
    assert set(job.data.train.y[0].tolist()) == {0, 1, 2}
