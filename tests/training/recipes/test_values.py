"""What each key of a recipe accepts, golden and value by value: both sides of each border."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import fields
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

from netdsl.errors import NetError
from netdsl.training.recipes.amounts import (
    CountOrWord,
    StepsOrEpochs,
    StepsOrTime,
    seconds_of,
)
from netdsl.training.recipes.column_values import COLUMN, ColumnKindValue, TargetValue
from netdsl.training.recipes.familiar import familiar_key, unknown_key_help, unknown_word_help
from netdsl.training.recipes.recipe import (
    Adversarial,
    Gan,
    Loss,
    Optimizer,
    Recipe,
    load_recipe,
    parse_recipe,
    recipe_hash,
    to_yaml,
)
from netdsl.training.recipes.sections import Section, Variant, paths_of, scalar_of
from netdsl.training.recipes.values import (
    AddressValue,
    CharacterValue,
    ClassWeight,
    EncodingValue,
    MetricValue,
    NumberValue,
    OneOf,
    TextValue,
    ValueList,
    ValueProblem,
    ValuesByName,
    ValueType,
    WordOrNumber,
    YesNoValue,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "training" / "recipe_keys.txt"


def described(of: type[Section], path: str = "") -> Iterator[str]:
    """Each key with what it accepts, and the options of a section's names."""
    if path:
        yield f"{path[:-1]}: short {of.short}, {'brief' if of.brief else 'not brief'}"
    if issubclass(of, Variant):
        yield f"{path[:-1]}: a {of.what}, by default {of.default}, each with {of.common}"
        for name, options in of.choices.items():
            yield f"{path[:-1]}: {name} has {dict(options)}"
    for item in fields(of):
        if "section" in item.metadata:
            yield from described(item.metadata["section"], f"{path}{item.name}.")
        elif "accepts" in item.metadata:
            yield f"{path}{item.name}: {item.metadata['accepts'].description}"


def test_every_key(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN, "\n".join(described(Recipe)) + "\n")


def given(accepts: ValueType, value: Any) -> Any:
    """What a value from Python means, or why it is refused."""
    try:
        found = accepts.plain(value)
        accepts.check(found)
    except ValueProblem as problem:
        return problem
    return found


def written(accepts: ValueType, text: str, quoted: bool = False) -> Any:
    """What a scalar means, or why it is refused."""
    try:
        found = accepts.quoted(text) if quoted else accepts.read(text)
        accepts.check(found)
    except ValueProblem as problem:
        return problem
    return found


class No:
    """A refusal: its code, and a part of its message or its help."""

    def __init__(self, code: str, said: str = "") -> None:
        self.code, self.said = code, said

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ValueProblem)
            and other.code == self.code
            and self.said in f"{other.text('key')} | {other.help}"
        )

    def __repr__(self) -> str:
        return f"No({self.code}, {self.said})"

    __hash__ = None  # type: ignore[assignment]


OPEN = NumberValue(above=0, below=1)
CLOSED = NumberValue(min=0, max=1)
WHOLE = NumberValue(whole=True, min=1, max=9)
ANY = NumberValue()
METRICS = MetricValue(("accuracy", "f1", "absolute_error", "auc"), ("loss",))
THRESHOLD = WordOrNumber(("f1",), OPEN)
NAMES = ValueList(OneOf(("one", "two", "three")), distinct=True)
WEIGHTS = ValuesByName(CLOSED, ("balanced",))
KIND = ColumnKindValue()
TARGET = TargetValue()


@pytest.mark.parametrize(
    ("accepts", "value", "expected"),
    [
        (OPEN, 0.5, 0.5),
        (OPEN, 0.0, No("N505", "requires a number, above 0 and below 1, not 0.0")),
        (OPEN, 1.0, No("N505")),
        (OPEN, 1, No("N505")),
        (CLOSED, 0, 0.0),
        (CLOSED, 1, 1.0),
        (CLOSED, -1e-9, No("N505", "a number, at least 0 and at most 1")),
        (CLOSED, 1 + 1e-9, No("N505")),
        (ANY, math.nan, No("N505")),
        (ANY, math.inf, No("N505")),
        (ANY, -5, -5.0),
        (ANY, True, No("N504", "not `True`")),
        (ANY, "1", No("N504", "not the text `'1'`")),
        (ANY, None, No("N504")),
        (ANY, np.float32(0.5), 0.5),
        (ANY, np.array(2), 2.0),
        (ANY, np.array([2]), No("N504")),
        (ANY, Fraction(1, 2), No("N504")),
        (ANY, 2**1023, float(2**1023)),
        (ANY, 2**1024, No("N505", "a number of 1,025 bits")),
        (ANY, 2**2047, No("N505", "a number of 2,048 bits")),
        (ANY, 2**2048, No("N505", "a number of 2,049 bits")),
        (NumberValue(whole=True), 2**2047, 2**2047),
        (NumberValue(whole=True), 2**2048, No("N505", "2,049 bits")),
        (WHOLE, 1, 1),
        (WHOLE, 9, 9),
        (WHOLE, 0, No("N505", "an integer, at least 1 and at most 9, not 0")),
        (WHOLE, 10, No("N505")),
        (WHOLE, 1.0, No("N504")),
        (WHOLE, False, No("N504")),
        (WHOLE, np.int64(3), 3),
        (NumberValue(max=100_000), 100_001, No("N505", "at most 100,000, not 100,001.0")),
        (OneOf(("a", "b")), "a", "a"),
        (OneOf(("squared", "b")), "mse", No("N505", "did you mean `squared`?")),
        (OneOf(("a", "b")), 1, No("N505", "one of `a`, `b`, not `1`")),
        (METRICS, "accuracy", "accuracy"),
        (METRICS, "out_accuracy", "out_accuracy"),
        (METRICS, "loss", "loss"),
        (METRICS, "out_loss", No("N505")),
        (METRICS, "top5", "top5_accuracy"),
        (METRICS, "top-5-accuracy", "top5_accuracy"),
        (METRICS, "top_5", "top5_accuracy"),
        (METRICS, "out_top5", "out_top5_accuracy"),
        (METRICS, "top0", No("N505")),
        (METRICS, "top00", No("N505")),
        (METRICS, "top123456", No("N505")),
        (METRICS, "top12345", "top12345_accuracy"),
        (METRICS, "stop5", No("N505")),
        (METRICS, "mae", "absolute_error"),
        (METRICS, "out_mae", "out_absolute_error"),
        (METRICS, "outmae", No("N505")),
        (METRICS, "roc-auc", "auc"),
        (METRICS, "out_roc_auc", "out_auc"),
        (METRICS, "val_accuracy", No("N505", "did you mean `accuracy`?")),
        (METRICS, "val_loss", No("N505", "did you mean `loss`?")),
        (METRICS, "out_val_f1", No("N505")),
        (METRICS, "xf1", No("N505")),
        (METRICS, 1, No("N504", "not `1`")),
        (THRESHOLD, "f1", "f1"),
        (THRESHOLD, 0.5, 0.5),
        (THRESHOLD, 1.5, No("N505")),
        (THRESHOLD, "f2", No("N505", "`f1` or a number, above 0 and below 1, not `f2`")),
        (TextValue(), "a", "a"),
        (TextValue(), " ", No("N504")),
        (TextValue(), 1, No("N504", "requires a text, not `1`")),
        (TextValue(), PurePosixPath("a/b"), "a/b"),
        (CharacterValue(("tab",)), ";", ";"),
        (CharacterValue(("tab",)), "tab", "tab"),
        (CharacterValue(), "tab", No("N504", "requires one character, not")),
        (CharacterValue(("tab",)), "", No("N504", "one character or `tab`")),
        (CharacterValue(), ";;", No("N504")),
        (CharacterValue(), '"', No("N504")),
        (CharacterValue(), "\n", No("N504")),
        (CharacterValue(), "\r", No("N504")),
        (CharacterValue(("tab",)), "§", No("N504", "or `tab`, not `§`, which is not ASCII")),
        (CharacterValue(), 1, No("N504")),
        (EncodingValue(), "latin-1", "latin-1"),
        (EncodingValue(), "nonsense", No("N504", "such as `utf-8`")),
        (EncodingValue(), "base64", No("N504")),
        (EncodingValue(), "a\0b", No("N504")),
        (EncodingValue(), 1, No("N504")),
        (YesNoValue(), True, True),
        (YesNoValue(), "yes", No("N504")),
        (YesNoValue(), 1, No("N504", "yes or no, not `1`")),
        (AddressValue(), "node1:1", "node1:1"),
        (AddressValue(), "[::1]:65535", "[::1]:65535"),
        (AddressValue(), "node1:65536", No("N504")),
        (AddressValue(), "node1:0", No("N504")),
        (AddressValue(), "node1", No("N504")),
        (AddressValue(), ":1", No("N504")),
        (AddressValue(), "a b:1", No("N504")),
        (AddressValue(), "a,b:1", No("N504")),
        (AddressValue(), "node1:123456", No("N504")),
        (AddressValue(), 22, No("N504")),
        (NAMES, "one", ("one",)),
        (NAMES, ["one", "two"], ("one", "two")),
        (NAMES, ["one", "two", "one"], No("N505", "holds `one` twice | leave one out")),
        (NAMES, [], No("N504", "not an empty list")),
        (NAMES, {"one": 1}, No("N504")),
        (NAMES, ["one", "tow"], No("N505", "did you mean `two`?")),
        (ValueList(CLOSED), [1, 1], (1.0, 1.0)),
        (WEIGHTS, "balanced", "balanced"),
        (WEIGHTS, "balancd", No("N505", "did you mean `balanced`?")),
        (WEIGHTS, {"a": 1, 2: 0}, {"a": 1.0, "2": 0.0}),
        (WEIGHTS, {"a": 2}, No("N505", "`key.a` requires")),
        (WEIGHTS, 1, No("N504", "`balanced` or names with a number")),
        (ValuesByName(CLOSED), "x", No("N505", "requires names with a number")),
        (ClassWeight(), 2, 2.0),
        (ClassWeight(), "balanced", "balanced"),
        (ClassWeight(), {"a": 2}, {"a": 2.0}),
        (ClassWeight(), -1, No("N505", "a number, at least 0, not -1")),
        (ClassWeight(), {"a": -1}, No("N505", "`key.a`")),
        (COLUMN, 3, "3"),
        (COLUMN, True, No("N504")),
        (COLUMN, "a", "a"),
        (TARGET, "a", "a"),
        (TARGET, -1, "-1"),
        (TARGET, ["a", 2], ("a", "2")),
        (TARGET, ["a", "a"], No("N505", "holds `a` twice")),
        (TARGET, [], No("N504")),
        (TARGET, "", No("N504")),
        (KIND, "number", "number"),
        (KIND, "year", ("year",)),
        (KIND, ["year", "hour"], ("year", "hour")),
        (KIND, ["year", "year"], No("N505", "twice")),
        (KIND, ["year", "number"], No("N505", "holds `number` in a list: a column is of one kind")),
        (KIND, ["year", "hours"], No("N505", "did you mean `hour`?")),
        (KIND, "numbr", No("N505", "did you mean `number`?")),
        (KIND, "yaer", No("N505", "did you mean `year`?")),
        (KIND, [], No("N504")),
        (KIND, {"a": 1}, No("N504")),
        (StepsOrEpochs(), 1, 1),
        (StepsOrEpochs(), 0, No("N505", "not 0")),
        (StepsOrEpochs(), True, No("N504")),
        (StepsOrEpochs(), "2 epochs", "2 epochs"),
        (StepsOrEpochs(), "1 epoch", "1 epoch"),
        (StepsOrEpochs(), "0 epochs", No("N504")),
        (StepsOrEpochs(), "2 minutes", No("N504")),
        (StepsOrEpochs(), 1.5, No("N504")),
        (StepsOrTime(), "10 minutes", "10 minutes"),
        (StepsOrTime(), "2 epochs", No("N504", "a time such as `10 minutes`")),
        (StepsOrTime(), "1234567890 seconds", No("N504")),
        (CountOrWord("all"), "all", "all"),
        (CountOrWord("all"), "al", No("N504", "`all` or an integer")),
        (CountOrWord("all"), -1, No("N505")),
    ],
)
def test_values_from_python(accepts: ValueType, value: Any, expected: Any) -> None:
    found = given(accepts, value)
    assert found == expected
    if not isinstance(expected, No):
        assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("accepts", "text", "expected"),
    [
        (OPEN, "0.5", 0.5),
        (OPEN, "1e-3", 0.001),
        (OPEN, "a", No("N504", "not `a`")),
        (OPEN, "nan", No("N505")),
        (WHOLE, "3", 3),
        (WHOLE, "3.0", No("N504", "an integer, at least 1 and at most 9, not `3.0`")),
        (WHOLE, "1" * 5000, No("N504")),
        (YesNoValue(), "yes", True),
        (YesNoValue(), "True", True),
        (YesNoValue(), "NO", False),
        (YesNoValue(), "false", False),
        (YesNoValue(), "on", No("N504", "not `on`")),
        (METRICS, "top-3", "top3_accuracy"),
        (THRESHOLD, "f1", "f1"),
        (THRESHOLD, ".5", 0.5),
        (THRESHOLD, "+0.5", 0.5),
        (THRESHOLD, "-0.5", No("N505")),
        (THRESHOLD, "0.5x", No("N504")),
        (NAMES, "one", ("one",)),
        (ClassWeight(), "balanced", "balanced"),
        (ClassWeight(), "2", 2.0),
        (ClassWeight(), "two", No("N504")),
        (KIND, "year", ("year",)),
        (KIND, "text", "text"),
        (TARGET, "a", "a"),
        (StepsOrTime(), "100", 100),
        (StepsOrTime(), "1 hour", "1 hour"),
        (StepsOrTime(), "1234567890", No("N504")),
        (StepsOrTime(), "123456789", 123456789),
        (StepsOrTime(), "0", No("N505")),
    ],
)
def test_values_in_a_text(accepts: ValueType, text: str, expected: Any) -> None:
    found = written(accepts, text)
    assert found == expected
    if not isinstance(expected, No):
        assert type(found) is type(expected)


def test_texts_in_quotes() -> None:
    assert written(OPEN, "0.5", quoted=True) == No("N504", "not the text `'0.5'`")
    assert written(METRICS, "top-3", quoted=True) == "top3_accuracy"
    assert written(NAMES, "one", quoted=True) == ("one",)
    assert written(KIND, "year", quoted=True) == ("year",)
    assert written(TARGET, "1", quoted=True) == "1"
    assert written(ClassWeight(), "2", quoted=True) == No("N505")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1 second", 1),
        ("30 seconds", 30),
        ("2 minutes", 120),
        ("1 hour", 3600),
        ("2 epochs", None),
        (30, None),
        (None, None),
    ],
)
def test_times(value: Any, seconds: int | None) -> None:
    assert seconds_of(value) == seconds


def test_where_a_value_is_wrong() -> None:
    deep = ValuesByName(ClassWeight(), ("balanced",))
    problem = given(deep, {"out": {"cat": -1}})
    assert problem.inside == ("out", "cat")
    assert problem.text("class_weights").startswith("`class_weights.out.cat` requires")
    problem = given(NAMES, ["one", "two", "four"])
    assert problem.inside == (2,)
    assert problem.text("log").startswith("`log` requires")
    assert problem.diagnostic("log").code == "N505"


# --- names from elsewhere -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "path", "said"),
    [
        ("lr", "", "it is written `optimizer: {rate: 0.01}`"),
        ("LR", "optimizer.", "did you mean `rate`?"),
        ("weight-decay", "", "it is written `optimizer: {name: adamw, decay: 0.004}`"),
        ("batch_size", "", "did you mean `batch`?"),
        ("batch_size", "optimizer.", "it is written `batch: 32`"),
        ("validation_split", "data.", "it is written `data: {split: {validation: 0.1}}`"),
        ("rat", "optimizer.", "did you mean `rate`?"),
        ("zzz", "optimizer.", "the keys are `rate`, `name`"),
    ],
)
def test_keys_from_elsewhere(name: str, path: str, said: str) -> None:
    keys = ("rate", "name") if path else ("batch", "data", "optimizer")
    assert unknown_key_help(name, path, keys) == said


def test_keys_from_elsewhere_as_settings() -> None:
    decay, rate = familiar_key("weight-decay"), familiar_key("lr")
    assert decay is not None
    assert rate is not None
    assert decay.settings("0.1") == "--set optimizer.name=adamw --set optimizer.decay=0.1"
    assert rate.settings() == "--set optimizer.rate=0.01"
    assert rate.text("0.5") == "optimizer: {rate: 0.5}"
    assert familiar_key("nothing") is None
    assert (
        unknown_word_help("Binary Crossentropy", ("binary", "squared")) == "did you mean `binary`?"
    )
    assert unknown_word_help("mse", ("binary",)) == ""


# --- sections -------------------------------------------------------------------------------------


def test_sections_from_python() -> None:
    assert Optimizer.of("sgd") == Optimizer(name="sgd")
    assert Optimizer.of(None) == Optimizer()
    assert Optimizer.of({"name": "sgd", "rate": 1}) == Optimizer(name="sgd", rate=1.0)
    made = Optimizer(name="sgd")
    assert Optimizer.of(made) is made
    for value, said in ((1, "one of"), ([1], "one of"), (Loss("squared"), "requires keys")):
        with pytest.raises(NetError, match=said):
            Optimizer.of(value, "optimizer")
    with pytest.raises(NetError, match=r"`recipe` requires keys and values, not \[1\]"):
        Recipe.of([1])
    with pytest.raises(NetError) as caught:
        Recipe.of({"optimizer": {"rat": 1, "rate": -1}, "epochs": 0, "params": 3, "zzz": 1})
    codes = sorted(one.code for one in caught.value.diagnostics)
    assert codes == ["N503", "N503", "N504", "N505", "N505"]
    messages = " ".join(one.message for one in caught.value.diagnostics)
    assert "`optimizer.rat`" in messages
    assert "`optimizer.rate` requires" in messages


def test_sections_that_are_written_as_one_scalar() -> None:
    paths = list(paths_of(Recipe))
    assert "data.split.validation" in paths
    assert "optimizer.rate" in paths
    assert "optimizer" not in paths
    assert scalar_of(Adversarial()) is None
    for made in (Optimizer(name="sgd"), Loss("squared"), Adversarial(0.5), Gan()):
        expected = getattr(made, made.short) if made.brief and made.short else None
        assert scalar_of(made) == expected
    assert scalar_of(Optimizer(name="sgd", rate=0.5)) is None


def test_options_of_a_variant() -> None:
    usual = Optimizer()
    assert usual.chosen == Optimizer.default
    assert set(usual.options()) == {*Optimizer.choices[Optimizer.default], *Optimizer.common}
    sgd = Optimizer(name="sgd", momentum=0.0)
    assert sgd.options()["momentum"] == 0.0, "0 is given, and not left out"
    resolved = usual.resolved()
    assert resolved.name == Optimizer.default
    assert all(
        getattr(resolved, name) == value
        for name, value in Optimizer.choices[Optimizer.default].items()
    )


def test_what_a_recipe_gives() -> None:
    made = Recipe.of({"optimizer": {"rate": 0.1}, "epochs": 3, "params": {"w": 4}, "batch": None})
    assert made.given() == {
        "optimizer": Optimizer(rate=0.1),
        "epochs": 3,
        "params": {"w": 4},
    }
    recipe = parse_recipe("optimizer: {rate: 0.1}\nepochs: 3\nparams: {w: 4}\n")
    assert recipe == made
    other = recipe.replace(epochs=4, batch=None)
    assert (other.epochs, other.batch) == (4, None)
    assert recipe.span("epochs") is not None
    assert other.span("epochs") is None
    assert other.span("optimizer.rate") is not None
    assert recipe.replace(optimizer=Optimizer(name="sgd")).span("optimizer.rate") is None
    assert not recipe.is_gan
    assert parse_recipe("gan: {}").is_gan
    assert parse_recipe("data: digits").data_span is not None
    assert recipe.data_span is None


def test_recipes_that_say_the_same() -> None:
    recipe = parse_recipe("epochs: 3")
    assert recipe_hash(recipe) == recipe_hash(parse_recipe("epochs: 3 # three\n"))
    assert recipe_hash(recipe) == recipe_hash(parse_recipe("epochs: 3\ndevices: 2"))
    assert recipe_hash(recipe) == recipe_hash(parse_recipe("epochs: 3\nhosts: 'a:1'"))
    assert recipe_hash(recipe) != recipe_hash(parse_recipe("epochs: 4"))
    assert len(recipe_hash(recipe)) == 64
    assert parse_recipe(to_yaml(recipe)) == recipe


def test_files_next_to_a_recipe(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "runs").mkdir()

    def read(text: str) -> Recipe:
        (tmp_path / "r.yaml").write_text(text)
        return load_recipe(tmp_path / "r.yaml")

    assert read("data: mnist").data.source == "mnist"
    assert read("data: here").data.source == str(tmp_path / "here")
    assert read("data: a.csv").data.source == str(tmp_path / "a.csv")
    assert read("data: a.csv.gz").data.source == "a.csv.gz"
    whole = read(
        "data: {source: a.npz, target: [u, v], weight: w.npy, validation: v.csv, test: t.csv}\n"
        "init_from: runs"
    )
    assert whole.data.target == ("u", "v")
    assert whole.data.weight == str(tmp_path / "w.npy")
    assert whole.data.validation == str(tmp_path / "v.csv")
    assert whole.data.test == str(tmp_path / "t.csv")
    assert whole.init_from == str(tmp_path / "runs")
    assert read("init_from: other").init_from == "other"
    assert read("data: {source: a.npz, target: here}").data.target == str(tmp_path / "here")
    for suffix in (".npz", ".npy", ".csv", ".tsv", ".parquet", ".keras", ".safetensors"):
        assert read(f"init_from: a{suffix}").init_from == str(tmp_path / f"a{suffix}")
