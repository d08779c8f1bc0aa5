"""Recipes: what they say, and where they are wrong. No framework is imported here."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import pytest

from netdsl.errors import NetError
from netdsl.errors.values import as_json
from netdsl.training.recipes.recipe import (
    DataSpec,
    Optimizer,
    Recipe,
    Schedule,
    Stopping,
    load_recipe,
    parse_recipe,
    to_yaml,
)
from netdsl.training.recipes.sections import Section

WRONG = [
    # the marked span is what the message points to
    ("«dat»: digits", "N503", "did you mean `data`?"),
    ("«x»: 1", "N503", "the keys are `data`, `gan`"),
    ("early_stopping:\n  patience: 3\n  «evry»: 40\n", "N503", "did you mean `every`?"),
    ("optimizer: {name: sgd, beta1: «0.5»}", "N503", "sgd takes `rate`, `momentum`"),
    ("optimizer: {momentum: «0.5»}", "N503", "adam takes `rate`"),
    ("optimizer: «adm»", "N505", "did you mean `adam`?"),
    ("loss: «crossentropy»", "N505", "did you mean `cross-entropy`?"),
    ("loss: «mse»", "N505", "did you mean `squared`?"),
    ("schedule: «cosine_annealing»", "N505", "did you mean `cosine`?"),
    ("early_stopping: {metric: «val_loss»}", "N505", "did you mean `loss`?"),
    ("early_stopping: {«monitor»: loss}", "N503", "did you mean `metric`?"),
    ("optimizer: {«learning_rate»: 1}", "N503", "did you mean `rate`?"),
    ("«lr»: 0.1", "N503", "it is written `optimizer: {rate: 0.01}`"),
    ("schedule: {«lr»: 0.1}", "N503", "it is written `optimizer: {rate: 0.01}`"),
    ("«num_epochs»: 1", "N503", "did you mean `epochs`?"),
    ("batch: «0»", "N505", "an integer, at least 1, not 0"),
    ("early_stopping: {metric: «recal»}", "N505", "did you mean `recall`?"),
    ("early_stopping: {metric: «[f1]»}", "N504", "`metric` requires one of `loss`"),
    ("early_stopping: {min_delta: «small»}", "N504", "a number, at least 0"),
    ("early_stopping: {start_from: «0»}", "N505", "at least 1"),
    ("metrics: [f1, «top0»]", "N505", "top0"),
    ("metrics: [f1, «f1»]", "N505", "`f1` twice"),
    ("metrics: «loss»", "N505", "one of `accuracy`"),
    ("accumulate: «0»", "N505", "an integer, at least 1"),
    ("accumulate: «a»", "N504", "an integer"),
    ("ema: «1»", "N505", "above 0 and below 1"),
    ("optimizer: {«name:sgd»}", "N503", "a space follows the colon: `name: sgd`"),
    ("losses: {price:absolute«»}", "N504", "a space follows the colon: `price: absolute`"),
    ("ema: «yes»", "N504", "or epochs as `5 epochs`, or `no`"),
    ("ema: «5 weeks»", "N504", "not `5 weeks`"),
    ("unfreeze: «2.5»", "N504", "an integer"),
    ("rates: «0.1»", "N505", "names with a number, at least 0"),
    ("rates: {conv: «slow»}", "N504", "a number"),
    ("positive: «''»", "N504", "the name of a class"),
    ("threshold: «acuracy»", "N505", "did you mean `accuracy`?"),
    ("threshold: «1.5»", "N505", "a number, above 0 and below 1"),
    ("threshold: «yes»", "N505", "or a number"),
    ("calibrate: «temprature»", "N505", "did you mean `temperature`?"),
    ("batch: «3.5»", "N504", "an integer, at least 1, not `3.5`"),
    ("seed: «" + "9" * 400 + "»", "N505", "below 4,294,967,296"),
    ("batch: «many»", "N504", "not `many`"),
    ('seed: «"4"»', "N504", "not the text `'4'`"),
    ("freeze: «[]»", "N504", "not an empty list"),
    ("epochs: «[3]»", "N504", "not a list"),
    ("epochs: «{a: 3}»", "N504", "not keys and values"),
    ("data: {split: {test: «1»}}", "N505", "at least 0 and below 1"),
    ("data: {split: {validation: «.nan»}}", "N504", "not `.nan`"),
    ("data: {split: {«tets»: 0.1}}", "N503", "did you mean `test`?"),
    ("data: {missing: «mean»}", "N505", "one of `median`"),
    ("data: {header: «maybe»}", "N504", "requires yes or no"),
    ("data: {categories: {city: [rome, paris, «rome»]}}", "N505", "`rome` twice"),
    ("data: {separator: «'::'»}", "N504", "requires one character or `tab` or `space`"),
    ("schedule: {name: cosine, power: «2»}", "N503", "cosine takes `warmup`"),
    ("schedule: {name: steps, at: [30, «-1»]}", "N505", "above 0, not -1"),
    ("schedule: {name: steps, at: «{a: 3}»}", "N504", "or a list of them, not keys and values"),
    ("schedule: {warmup: «1»}", "N503", "constant takes no options"),
    ("optimizer: {clip_norm: «0»}", "N505", "above 0"),
    ("penalty: {l2: «-1»}", "N505", "at least 0"),
    ("class_weights: «balance»", "N505", "did you mean `balanced`?"),
    ("class_weights: {cat: «-1»}", "N505", "at least 0, not -1"),
    ("loss_weights: «[1, 2]»", "N504", "names with a number"),
    ("early_stopping: {every: «2 weeks»}", "N504", "or `2 epochs`"),
    ("early_stopping: {every: «0»}", "N505", "at least 1"),
    ("early_stopping: «never»", "N504", "requires yes or no"),
    ("early_stopping: {then: «again»}", "N505", "`retrain`"),
    ("augment: {rotate: «181»}", "N505", "at most 180"),
    ("augment: {flip: «left»}", "N505", "one of `horizontal`"),
    ("precision: «float16»", "N505", "did you mean `bfloat16`?"),
    ("devices: «0»", "N505", "`all` or an integer, at least 1, not 0"),
    ("batch: «all»", "N504", "`auto` or an integer, at least 1, not `all`"),
    (
        "checkpoint: «0»",
        "N505",
        "a number of steps, at least 1, or a time such as `10 minutes`, not 0",
    ),
    ("checkpoint: «10 weeks»", "N504", "a time such as `10 minutes`, not `10 weeks`"),
    ("checkpoint: «yes»", "N504", "a time such as `10 minutes`, not `yes`"),
    ("devices: «many»", "N504", "not `many`"),
    ("hosts: [«node1»]", "N504", "as in `node1:2222`, not `node1`"),
    ("hosts: [node1:2222, «node2:70000»]", "N504", "not `node2:70000`"),
    ("backend: «pytorch»", "N505", "did you mean `torch`?"),
    ("optimizer: {rate: «inf»}", "N505", "above 0"),
    ("optimizer: {rate: «-1e-3»}", "N505", "not -0.001"),
    ("augment: «[3]»", "N502", "requires keys and values, not a list"),
    ("data: {source: «''»}", "N504", "a path"),
    ("params: «[1]»", "N502", "requires keys and values"),
    ("params: {width: «[a]»}", "N504", "a text or a list of numbers"),
    ("params: {width: «[1, [2]]»}", "N504", "a text or a list of numbers"),
    ("params: {width: «&a [*a]»}", "N504", "a text or a list of numbers"),
    ("epochs: 3\n«epochs»: 4", "N506", "first in line 1"),
    ("epochs:\n  3\n«epochs»: 4", "N506", "first in line 1"),
    ("optimizer:\n  rate: 1\n  «rate»: 2", "N506", "first in line 2"),
    ("«[1, 2]»", "N502", "a recipe requires keys and values, not a list"),
    ("«digits»", "N502", "not `digits`"),
    ("? «[a]»\n: 3", "N502", "a key is a word"),
    ("«<<»: {batch: 3}", "N503", "no key `<<`"),
    ("a: b«:» c", "N501", "mapping values are not allowed"),
    ("batch: [«", "N501", "not YAML"),
    ("batch: «*x»", "N501", "undefined alias"),
    ("batch: «\x01»", "N501", "U+0001"),
    ("batch: 1\n«-»--\nbatch: 2", "N501", "another document"),
]


@pytest.mark.parametrize(("marked", "code", "reported"), WRONG)
def test_a_mistake_is_reported_with_its_place(marked: str, code: str, reported: str) -> None:
    start, end = marked.index("«"), marked.find("»") - 1
    text = marked.replace("«", "").replace("»", "")
    with pytest.raises(NetError) as caught:
        parse_recipe(text, "recipe.yaml")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert reported in f"{diagnostic.message}\n{diagnostic.help}"
    assert diagnostic.span is not None
    if code == "N501":  # a YAML parser stops at a character; the caret begins there
        assert abs(diagnostic.span.start - start) <= 1
    else:
        assert (diagnostic.span.start, diagnostic.span.end) == (start, end)
    assert caught.value.exit_code == 1


def test_all_mistakes_are_reported_at_once_in_order() -> None:
    text = "dat: 1\nloss: mse\noptimizer:\n  name: adam\n  rate: 0\nepochs: 1\nepochs: 2\n"
    with pytest.raises(NetError) as caught:
        parse_recipe(text, "r.yaml")
    places = [
        (found["code"], found["line"], found["column"])
        for found in map(as_json, caught.value.diagnostics)
    ]
    assert places == [("N503", 1, 1), ("N505", 2, 7), ("N505", 5, 9), ("N506", 7, 1)]


@pytest.mark.parametrize(
    ("text", "recipe"),
    [
        ("", Recipe()),
        ("# nothing\n", Recipe()),
        ("\ufeffseed: 3", Recipe(seed=3)),
        ("data: digits\r\nseed: 3\r\n", Recipe(data=DataSpec(source="digits"), seed=3)),
        ("data: {source: a.npz, scale: 255}", Recipe(data=DataSpec(source="a.npz", scale=255.0))),
        ("optimizer: sgd", Recipe(optimizer=Optimizer(name="sgd"))),
        ("optimizer: {name: sgd, rate: 1e-3}", Recipe(optimizer=Optimizer(name="sgd", rate=0.001))),
        ("early_stopping: {patience: 010}", Recipe(early_stopping=Stopping(patience=10))),
        ("early_stopping: no", Recipe(early_stopping=Stopping(enabled=False))),
        (
            "early_stopping: {every: 3 epochs, then: retrain}",
            Recipe(early_stopping=Stopping(every="3 epochs", then="retrain")),
        ),
        (
            "data: {source: a.csv, target: -1, header: no}",
            Recipe(data=DataSpec(source="a.csv", target="-1", header=False)),
        ),
        ("schedule: {name: steps, at: 30}", Recipe(schedule=Schedule(name="steps", at=(30.0,)))),
        (
            "schedule: {name: steps, at: [30, 45.5], divide: 2}",
            Recipe(schedule=Schedule(name="steps", at=(30.0, 45.5), divide=2.0)),
        ),
        ("class_weights: balanced", Recipe(class_weights="balanced")),
        ("class_weights: {cat: 2, '3': 0.5}", Recipe(class_weights={"cat": 2.0, "3": 0.5})),
        ("devices: all", Recipe(devices="all")),
        (
            "devices: 4\nhosts: [node1:2222, '[::1]:80']",
            Recipe(devices=4, hosts=("node1:2222", "[::1]:80")),
        ),
        ("freeze: 'block*'", Recipe(freeze=("block*",))),
        ("freeze: [a, b]", Recipe(freeze=("a", "b"))),
        (
            "params: {width: 3, half: 0.5, tenth: 1e-1, word: a, quoted: '3'}",
            Recipe(
                params={
                    "width": 3,
                    "half": Fraction(1, 2),
                    "tenth": Fraction(1, 10),
                    "word": "a",
                    "quoted": "3",
                }
            ),
        ),
    ],
)
def test_what_a_recipe_says(text: str, recipe: Recipe) -> None:
    assert parse_recipe(text) == recipe
    assert parse_recipe(to_yaml(recipe)) == recipe


def test_params_from_python_are_written_too() -> None:
    text = to_yaml(Recipe(params={"third": Fraction(1, 3), "x": 0.5}))  # type: ignore[dict-item]
    assert text == "params:\n  third: 1/3\n  x: 0.5\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "reported"),
    [("[" * 5000, "too deep"), ("a" * 2_000_000, "at most 65,536")],
)
def test_texts_that_would_take_long_are_refused(text: str, reported: str) -> None:
    with pytest.raises(NetError, match=reported):
        parse_recipe(text)


def test_values_given_in_python_are_checked_too() -> None:
    with pytest.raises(
        NetError, match=r"`epochs` requires an integer, at least 1 and at most .*, not 0"
    ):
        Recipe(epochs=0)
    with pytest.raises(NetError, match="at most 1,000,000,000, not 1,000,000,001"):
        Recipe(epochs=10**9 + 1)
    assert Recipe(epochs=10**9).epochs == 10**9
    with pytest.raises(NetError, match="`seed` requires"):
        Recipe().replace(seed=-1)
    with pytest.raises(NetError, match="is not an option of the optimizer `sgd`"):
        Optimizer(name="sgd", beta1=0.9)


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "N601"), ("folder", "N601"), (b"\xff\xfe\x00\x01", "N007"), (b"a: \xe9", "N007")],
)
def test_a_recipe_that_cannot_be_read(
    tmp_path: Path, content: bytes | str | None, code: str
) -> None:
    path = tmp_path / "recipe.yaml"
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(NetError) as caught:
        load_recipe(path)
    assert caught.value.diagnostics[0].code == code


def test_data_next_to_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("data: own.npz\n", encoding="utf-8")
    assert load_recipe(path).data.source == str(tmp_path / "own.npz")
    path.write_text("data: digits\n", encoding="utf-8")
    assert load_recipe(path).data.source == "digits"


def test_the_documentation_has_every_key() -> None:
    text = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text(encoding="utf-8")

    def keys(section: type[Section], prefix: str = "") -> list[str]:
        found = []
        for item in fields(section):
            if "section" in item.metadata:
                found += keys(item.metadata["section"], f"{prefix}{item.name}.")
            elif item.metadata:
                found.append(prefix + item.name)
        return found

    assert [key for key in keys(Recipe) if f"`{key}`" not in text] == []


@pytest.mark.slow
def test_reading_a_recipe_imports_no_framework() -> None:
    heavy = "('keras', 'tensorflow', 'numpy', 'rich', 'yaml', 'PIL')"
    code = "import sys, netdsl.training.loop.train\n"
    code += f"print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == "[]"


def test_an_integer_from_python_is_a_number_as_in_a_text() -> None:
    """Keras refuses a rate that is an int."""
    made = Recipe.of({"optimizer": {"rate": 1}, "epochs": 3})
    assert (type(made.optimizer.rate), type(made.epochs)) == (float, int)
    with pytest.raises(NetError, match="a number of 1,329 bits"):
        Recipe.of({"optimizer": {"rate": 10**400}})


@pytest.mark.parametrize(
    "key",
    ["epochs", "loss", "optimizer", "batch", "ema", "speed", "seed", "hosts", "precision"],
)
def test_a_long_wrong_value_is_shortened(key: str) -> None:
    with pytest.raises(NetError, match=r"requires .* not .*xxx\.\.\.") as raised:
        parse_recipe(f"{key}: {'x' * 50_000}")
    assert len(raised.value.diagnostics[0].message) < 300


BOUNDS = {
    "a number, above 0": (
        "data.scale gan.generator_rate gan.discriminator_rate optimizer.rate optimizer.eps "
        "optimizer.scale optimizer.clip_norm optimizer.clip_value schedule.power "
        "schedule.at penalty.max_norm"
    ),
    "a number, above 1": "schedule.divide",
    "a number, at least 0": (
        "data.noise kl optimizer.decay schedule.tolerance schedule.warmup schedule.least "
        "penalty.l1 penalty.l2 early_stopping.tol early_stopping.min_delta augment.mixup"
    ),
    "a number, at least 0 and below 1": (
        "data.split.test data.split.validation label_smoothing label_noise optimizer.momentum "
        "optimizer.beta1 optimizer.beta2 optimizer.rho augment.scale"
    ),
    "a number, at least 0 and at most 1": "augment.brightness augment.contrast augment.colour",
    "a number, above 0 and at most 1": "augment.crop",
    "a number, at least 0 and below 90": "augment.shear",
    "a number, at least 0 and at most 180": "augment.rotate",
    "a number, at least 0 and at most 1,000,000.0": "gan.penalty augment.noise adversarial.eps",
    "a number, above 0 and below 1": "threshold",
    "a number": "data.range",
    "names with a number, at least 0": "loss_weights rates class_weights",
    "an integer, at least 0": "data.split.fold augment.shift augment.cutout",
    "an integer, at least 0 and below 4,294,967,296": "data.seed seed",
    "an integer, at least 1": (
        "data.split.training schedule.patience early_stopping.patience early_stopping.start_from "
        "keep.best keep.every keep.epochs unfreeze devices batch"
    ),
    "an integer, at least 1 and at most 100": "gan.steps optimizer.memory",
    "an integer, at least 1 and at most 10,000": "accumulate",
    "an integer, at least 1 and at most 16,384": "augment.crop_from",
    "an integer, at least 1 and at most 10,000,000": "data.count",
    "an integer, at least 1 and at most 1,000,000,000": "epochs",
}
"""What the keys with numbers accept."""


@pytest.mark.parametrize(
    ("key", "bounds"),
    [(key, bounds) for bounds, keys in BOUNDS.items() for key in keys.split()],
)
def test_bounds(key: str, bounds: str) -> None:
    *sections, name = key.split(".")
    text = "".join(f"{section}: {{" for section in sections) + f"{name}: «" + "}" * len(sections)
    with pytest.raises(NetError) as error:
        parse_recipe(text)
    said = error.value.diagnostics[0].message
    assert f"{bounds}, " in f"{said.replace(' or of an output', ',')}, "
    assert said.startswith(f"`{name}` requires")
