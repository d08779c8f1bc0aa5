"""What a GAN's recipe becomes, and what is refused before Keras is imported."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

import pytest
from support.gans import CONDITIONAL, PLAIN, images

from netdsl.architecture import Architecture
from netdsl.errors import NetError, Source
from netdsl.reading import ReadOptions, check_source
from netdsl.training.adversarial.job import AdversarialJob
from netdsl.training.adversarial.plan import NO_PLACE, plan_pair
from netdsl.training.planning import requirements
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


ALONE = "net only\ninput 4\n> linear-1\n"
"""One network is not enough for a GAN."""


@pytest.mark.parametrize(
    ("text", "recipe", "code", "message", "help"),
    [
        (
            ALONE,
            "gan: «wasserstein-gp»",
            "N113",
            "<text> holds one network, only; a GAN is made of two",
            "write `net generator` before one and `net discriminator` before the other",
        ),
        (
            PLAIN,
            "gan: {generator: «generater»}",
            "N113",
            "<text> does not hold a network `generater`",
            "did you mean `generator`?",
        ),
        (
            PLAIN.replace("net discriminator", "net critic"),
            "gan: «{loss: least-squares}»",
            "N113",
            "<text> does not hold a network `discriminator`",
            "it holds generator, critic: gan: {discriminator: NAME}",
        ),
        (
            PLAIN,
            "gan: {generator: generator, discriminator: «generator»}",
            "N507",
            "`generator` cannot be generator and discriminator at once",
            "",
        ),
    ],
)
def test_where_the_two_are_not_found(
    text: str, recipe: str, code: str, message: str, help: str
) -> None:
    (found,) = refused(text, recipe.replace("«", "").replace("»", "")).diagnostics
    assert (found.code, found.message, found.help) == (code, message, help)
    assert found.span is not None
    assert found.span.start == recipe.index("«")


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


@pytest.mark.parametrize(
    ("key", "value", "says", "helps"),
    [
        (
            "loss",
            "squared",
            "`loss` has no place next to `gan`: the losses are",
            "leave `loss` out",
        ),
        ("early_stopping", "{patience: 3}", "has no early stopping", "leave `early_stopping` out"),
        ("early_stopping", "{every: 3}", "has no early stopping", "leave `early_stopping` out"),
        ("early_stopping", "{enabled: no, every: 3}", "not evaluated within an epoch", ""),
        ("keep", "{best: 1}", "`best` has no meaning", "keep: {every: 5}"),
        ("precision", "bfloat16", "in float32, not in bfloat16", ""),
        ("devices", "2", "trained on one device", "leave `devices` out"),
        ("speed", "plain", "`chunks` or `compiled`, not `plain`", "leave `speed` out"),
        ("speed", "measure", "`chunks` or `compiled`, not `measure`", "leave `speed` out"),
        ("optimizer", "lbfgs", "takes its steps on all examples", "leave `optimizer` out"),
    ],
)
def test_what_is_said_of_a_key_without_a_place(key: str, value: str, says: str, helps: str) -> None:
    error = refused(recipe=f"{GAN}{key}: {value}\n")
    (problem,) = error.diagnostics
    assert (error.code, says in problem.message, helps in problem.help) == ("N507", True, True)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schedule", "constant"),
        ("early_stopping", "no"),
        ("early_stopping", "{enabled: no, every: 6}"),
        ("precision", "float32"),
        ("devices", "1"),
        ("speed", "chunks"),
        ("speed", "compiled"),
        ("keep", "{every: 5}"),
    ],
)
def test_keys_that_say_what_is_done_anyway(key: str, value: str) -> None:
    """A resolved recipe has them."""
    recipe = planned(recipe=f"{GAN}batch: 8\nepochs: 10\n{key}: {value}\n").recipe
    assert (recipe.precision, recipe.devices, recipe.early_stopping.every) == ("float32", 1, 6)
    assert recipe.speed == (value if key == "speed" else "auto")
    assert (recipe.keep.every or 0) == (5 if key == "keep" else 0)


@pytest.mark.parametrize(("key", "value"), [("labels", "random"), ("weight", "w")])
def test_data_keys_without_a_place(key: str, value: str) -> None:
    error = refused(recipe=f"{GAN}data: {{source: digits, {key}: {value}}}\n")
    assert (error.code, f"`{key}` has no place next to `gan`" in str(error)) == ("N507", True)


USED = {"data", "gan", "optimizer", "batch", "epochs", "early_stopping", "keep", "precision"}
USED |= {"backend", "speed", "devices", "log", "seed", "params", "spans", "checkpoint"}


def test_a_backend_that_is_not_installed_is_shown_in_the_recipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(requirements, "find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    error = refused(recipe=f"{GAN}backend: jax\n")
    span = error.diagnostics[0].span
    assert (error.code, span and span.text) == ("N602", "jax")


def test_every_key_is_used_or_refused() -> None:
    """A key that is added to recipes must be in one of the two lists."""
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
    assert (gan.generator, gan.discriminator, gan.loss) == ("generator", "discriminator", loss)
    assert (gan.generator_rate, gan.discriminator_rate, gan.steps) == (rate, rate, steps)
    assert (gan.penalty, recipe.early_stopping.enabled) == (penalty, False)


def test_reasons_for_values() -> None:
    data = Recipe.of({"data": {"source": "python", "split": {"test": 0}}}).data
    recipe = parse_recipe("gan: {steps: 2, loss: wasserstein-gp}\nbatch: 8\n")
    reasons = planned(recipe=to_yaml(recipe)).resolved.reasons
    assert (reasons["batch"], reasons["gan.steps"], reasons["gan.loss"]) == ("given",) * 3
    assert (
        reasons["optimizer.beta2"]
        == reasons["optimizer.rate"]
        == "usual for adam and wasserstein-gp"
    )
    assert reasons["data.split.test"] == "what the losses are measured on at the end"
    untested = plan_pair(network(PLAIN), recipe.replace(data=data), data=images()).resolved
    assert untested.reasons["data.split.test"] == "given"
    usual = planned().resolved.reasons
    assert (usual["batch"], usual["gan.steps"]) == (
        "51 training examples",
        "of the discriminator for one of the generator: usual for nonsaturating",
    )
    assert "optimizer.beta2" not in usual
    few = planned(recipe="batch: 1", data=images(2)).resolved.reasons
    assert few["data.split.test"] == ""


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
    swapped = CONDITIONAL.replace(
        "input x: 4x4x1\ninput class: 1 of int(3)", "input class: 1 of int(3)\ninput x: 4x4x1"
    )
    assert planned(swapped).pair.example.name == "x"


@pytest.mark.parametrize(
    ("gan", "penalty", "steps"),
    [
        ("wasserstein-gp, penalty: 3", 3.0, 5),
        ("wasserstein-gp, penalty: 0, steps: 2", 0.0, 2),
        ("least-squares, steps: 3", None, 3),
    ],
)
def test_values_that_are_given(gan: str, penalty: float | None, steps: int) -> None:
    found = planned(recipe=f"gan: {{loss: {gan}}}\nbatch: 4\n").recipe.gan
    assert (found.penalty, found.steps) == (penalty, steps)


def test_values_of_adam_that_are_given() -> None:
    text = (
        "gan: wasserstein-gp\nbatch: 4\noptimizer: {beta1: 0.3, rate: 0.02}\nseed: 7\nepochs: 3\n"
    )
    recipe = planned(recipe=text).recipe
    adam = recipe.optimizer
    assert (adam.beta1, adam.beta2, adam.rate) == (0.3, 0.9, 0.02)
    assert (recipe.seed, recipe.epochs) == (7, 3)
    usual = planned().recipe
    assert (usual.seed, usual.epochs, usual.optimizer.beta2) == (0, 100, 0.999)


@pytest.mark.parametrize(("count", "steps"), [(29, 0), (30, 1), (59, 1), (60, 2)])
def test_steps_of_an_epoch(count: int, steps: int) -> None:
    """Three batches of ten in each."""
    data = Recipe.of({"data": {"source": "python", "split": {"test": 0}}}).data
    recipe = parse_recipe("gan: {steps: 3}\nbatch: 10\n").replace(data=data)
    if not steps:
        with pytest.raises(NetError, match="takes 3 batches of 10, 30 examples; there are 29"):
            plan_pair(network(PLAIN), recipe, data=images(count))
    else:
        assert plan_pair(network(PLAIN), recipe, data=images(count)).steps == steps


@pytest.mark.parametrize(("split", "count"), [({}, 0), ({"validation": 0.25}, 16)])
def test_a_validation_part_only_where_it_is_asked_for(split: dict[str, float], count: int) -> None:
    """A GAN chooses nothing by its validation part."""
    data = Recipe.of({"data": {"source": "python", "split": {"test": 0, **split}}}).data
    job = plan_pair(network(PLAIN), parse_recipe(GAN).replace(data=data), data=images())
    assert (len(job.data.validation), len(job.data.train)) == (count, 64 - count)


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        (PLAIN, "input", ""),
        (PLAIN, "y", "these networks take no class"),
        (CONDITIONAL, "input", "these networks take a class, and `target: input` has none"),
    ],
)
def test_targets(text: str, target: str, message: str) -> None:
    data = Recipe.of({"data": {"source": "python", "target": target}}).data
    recipe = parse_recipe(GAN).replace(data=data)
    if message:
        with pytest.raises(NetError, match=message) as caught:
            plan_pair(network(text), recipe, data=images())
        assert caught.value.code == "N507"
    else:
        assert plan_pair(network(text), recipe, data=images()).pair.classes == 0


@pytest.mark.parametrize(
    ("end", "low", "high", "doubt"),
    [
        ("sigmoid", 0, 1, ""),
        ("sigmoid", -0.5, 1, "from -0.5 to 1"),
        ("sigmoid", 0, 1.5, "from 0 to 1.5"),
        ("tanh", -1, 1, ""),
        ("tanh", -1.5, 1, "from -1.5 to 1"),
        ("tanh", -1, 1.5, "from -1 to 1.5"),
        ("relu", 0, 30, ""),
        ("relu", -0.5, 30, "from -0.5 to 30"),
        ("linear", -30, 30, ""),
    ],
)
def test_examples_that_a_generator_cannot_make(
    end: str, low: float, high: float, doubt: str
) -> None:
    import numpy as np

    x = np.random.default_rng(0).uniform(low, high, (64, 3)).astype(np.float32)
    x[::2, 0], x[1::2, 1] = low, high
    text = f"net generator\ninput 2\n> {end}-3\nnet discriminator\ninput 3\n> linear-1\n"
    doubts = planned(text.replace("relu-3", "fc-3(relu)"), data=(x, None)).resolved.doubts
    assert len(doubts) == bool(doubt), doubts
    for said in doubts:
        assert f"ends with `{end}`" in said
        assert doubt in said


@pytest.mark.parametrize(
    ("loss", "end", "fits"),
    [
        ("nonsaturating", "linear-1", True),
        ("nonsaturating", "sigmoid-1", True),
        ("nonsaturating", "tanh-1", False),
        ("nonsaturating", "linear-1 > sigmoid", True),
        ("nonsaturating", "fc-1(sigmoid)", True),
        ("least-squares", "linear-1", True),
        ("least-squares", "sigmoid-1", False),
        ("wasserstein-gp", "linear-1", True),
        ("wasserstein-gp", "sigmoid-1", False),
        ("wasserstein-gp", "linear-2", False),
    ],
)
def test_what_a_discriminator_ends_with(loss: str, end: str, fits: bool) -> None:
    text, recipe = PLAIN.replace("linear-1", end), f"gan: {loss}\nbatch: 4\n"
    if fits:
        assert planned(text, recipe).pair.discriminator.outputs[0].shape == (1,)
    else:
        assert refused(text, recipe).code == "N690"


def test_where_networks_do_not_fit() -> None:
    """The span is in the network that has to change."""
    for text, place in (
        (PLAIN.replace("input x: 4x4x1", "input x: 5x4x1"), "x: 5x4x1"),
        (PLAIN.replace("> linear-1", "> softmax-2"), "softmax-2"),
        (
            CONDITIONAL.replace("input class: 1 of int(3)", "input class: 1 of int(4)", 1),
            "x: 4x4x1",
        ),
    ):
        span = refused(text).diagnostics[0].span
        assert span is not None
        assert place in text[span.start :].splitlines()[0], text[span.start :]
    two = "input z: 4\ninput c: 1 of int(3)\ninput d: 1 of int(3)\n"
    two += "@c > embed-2 > flatten as e\n@d > embed-2 > flatten as f\n[ @z | @e | @f ] >"
    span = refused(PLAIN.replace("input z: 4\n>", two)).diagnostics[0].span
    assert span is not None
    assert span.source.text[span.start :].startswith("c: 1")
    mixed = CONDITIONAL.partition("net disc")[2]
    span = refused(PLAIN.partition("net disc")[0] + "net disc" + mixed).diagnostics[0].span
    assert span is not None
    assert span.source.text[span.start :].startswith("z: 4"), "the generator must take a class"
    error = refused(CONDITIONAL.replace("input class: 1 of int(3)", "input class: 1 of int(4)", 1))
    assert "takes a class of 4, and discriminator a class of 3" in str(error)
    assert "write `input class: 1 of int(4)` in both" in error.diagnostics[0].help
