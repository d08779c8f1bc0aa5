"""`--set`: keys of a recipe that are given outside its text. No framework is imported here."""

from __future__ import annotations

from pathlib import Path

import pytest

from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.training.recipes.recipe import Recipe, load_recipe, parse_recipe
from netdsl.training.recipes.settings import RecipeSetting

SGD = "optimizer: {name: sgd, momentum: 0.5}\n"

SET = [
    # a recipe, settings, and the recipe that says the same
    ("", ["epochs=3"], "epochs: 3"),
    ("epochs: 3", ["epochs=4"], "epochs: 4"),
    ("", ["epochs=3", "epochs=4"], "epochs: 4"),
    ("optimizer: sgd", ["optimizer.rate=0.5"], "optimizer: {name: sgd, rate: 0.5}"),
    (SGD, ["optimizer.rate=1"], "optimizer: {name: sgd, momentum: 0.5, rate: 1}"),
    (SGD, ["optimizer=adam"], "optimizer: adam"),
    (SGD, ["optimizer.momentum=0.9"], "optimizer: {name: sgd, momentum: 0.9}"),
    ("", ["optimizer={name: sgd, rate: 1}"], "optimizer: {name: sgd, rate: 1}"),
    ("data: digits", ["data.split.test=0.5"], "data: {source: digits, split: {test: 0.5}}"),
    ("", ["schedule.name=steps", "schedule.at=[3, 5]"], "schedule: {name: steps, at: [3, 5]}"),
    ("", ["early_stopping.every=2 epochs"], "early_stopping: {every: 2 epochs}"),
    ("", ["params.width=1/3", "params.kind='3'"], "params: {width: 1/3, kind: '3'}"),
    ("", ["loss_weights.main=2"], "loss_weights: {main: 2}"),
    (
        "penalty: &a {l1: 1}\nclass_weights: *a",
        ["penalty.l1=2"],
        "penalty: {l1: 2}\nclass_weights: {l1: 1}",
    ),
]


def settings(texts: list[str]) -> list[RecipeSetting]:
    return [RecipeSetting(*text.split("=", 1)) for text in texts]


@pytest.mark.parametrize(("text", "given", "same"), SET)
def test_a_setting_is_what_the_recipe_would_say(text: str, given: list[str], same: str) -> None:
    assert parse_recipe(text, settings=settings(given)) == parse_recipe(same)


WRONG = [
    # the marked span of the setting is what the message points to
    ("«optimiser».rate=1", "N503", "did you mean `optimizer`?"),
    ("optimizer.«rat»=1", "N503", "did you mean `rate`?"),
    ("optimizer.rate=«0»", "N505", "above 0, not 0"),
    ("optimizer.beta1=«0.5»", "N503", "sgd takes `rate`, `momentum`"),
    ("epochs=«many»", "N504", "not `many`"),
    ("epochs=«[1]»", "N504", "not a list"),
    ("epochs=«»", "N504", "not nothing"),
    ("«epochs.x=1»", "N504", "not keys and values"),
    ("epochs=[«»", "N501", "not YAML"),
    ("epochs=«!!int» 3", "N501", "no tags"),
]


@pytest.mark.parametrize(("marked", "code", "reported"), WRONG)
def test_a_mistake_is_reported_at_its_place(marked: str, code: str, reported: str) -> None:
    start, end = marked.index("«"), marked.index("»") - 1
    text = marked.replace("«", "").replace("»", "")
    with pytest.raises(NetError) as caught:
        parse_recipe("optimizer: {name: sgd}", "recipe.yaml", settings([text]))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert reported in f"{diagnostic.message}\n{diagnostic.help}"
    assert diagnostic.span is not None
    assert (diagnostic.span.source.name, diagnostic.span.source.text) == ("--set", text)
    assert abs(diagnostic.span.start - start) <= (code == "N501")
    assert code == "N501" or diagnostic.span.end == end


def test_paths_of_settings_count_from_here_those_of_a_file_from_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("data: {source: a.npz}\ninit_from: b.keras\n", "utf-8")
    found = load_recipe(path, settings(["init_from=c.keras"]))
    assert found.data.source == str(tmp_path / "a.npz")
    assert found.init_from == "c.keras"


def test_without_settings_nothing_is_read() -> None:
    assert parse_recipe("", settings=[]) == Recipe()


def test_recipe_shows_what_is_set(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["recipe", "64 > fc-4 > softmax-10", "--set", "optimizer=sgd", "--epochs", "7"]
    assert main([*line, "--set", "optimizer.rate=0.25", "--set", "epochs=3"]) == 0
    out = capsys.readouterr().out
    assert "rate: 0.25" in out
    assert "epochs: 7 " in out  # an option of its own goes before the recipe, settings with it


def test_a_setting_of_data_is_not_lost(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["recipe", "64 > softmax-10", "--data", "digits", "--set", "data.split.training=9"]
    assert main(line) == 1
    assert "--set data.source=digits" in capsys.readouterr().err


def test_what_is_not_a_setting_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["recipe", "64 > fc-4 > softmax-10", "--set", "epochs"])
    assert caught.value.code == 2
    assert "'epochs' is not KEY=VALUE" in capsys.readouterr().err
