"""Several columns of a table that are learned: by one output, or an output for each."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl import NetError
from netdsl.training.data import reload
from netdsl.training.data.inspect import survey
from netdsl.training.data.inspect_text import describe
from netdsl.training.planning.plan import plan
from netdsl.training.preparation.transforms import as_plain, from_plain
from netdsl.training.recipes.recipe import DataSpec, Recipe, parse_recipe
from netdsl.training.recipes.yaml_writer import to_yaml

ROWS = 30
TWO = "input 2 > fc-3 as h\n@h > linear-1 as price\n@h > softmax-3 as kind"
KINDS = ("barn", "flat", "house")


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "a.csv"
    rows = [f"{row % 7},{row % 4},{row * 100},{KINDS[row % 3]},{row % 5}" for row in range(ROWS)]
    path.write_text("\n".join(["size,age,price,kind,rooms", *rows]) + "\n")
    return str(path)


def planned(text: str, source: str, target: Any, **keys: Any) -> Any:
    drop = tuple({"price", "kind", "rooms"} - set(target if isinstance(target, tuple) else ()))
    drop = tuple(name for name in drop if name not in str(target))
    spec = DataSpec(source=source, target=target, drop=drop or None)
    return plan(netdsl.parse(text), Recipe.of({"data": spec, **keys}))


@pytest.mark.parametrize("target", [("price", "kind"), ("kind", "price"), "price,kind", "3, -2"])
def test_an_output_for_each(source: str, target: Any) -> None:
    """By the outputs' names, whatever the order in the recipe is."""
    job = (
        planned(TWO, source, target)
        if isinstance(target, tuple)
        else plan(
            netdsl.parse(TWO), Recipe(data=DataSpec(source=source, target=target, drop=("rooms",)))
        )
    )
    price, kind = job.data.preparation.outputs
    assert (price.loss, price.columns, price.classes) == ("squared", ("price",), 0)
    assert (kind.loss, kind.names) == ("cross-entropy", KINDS)
    part = job.data.train
    assert price.centre == pytest.approx(part.y[0].mean())
    assert [int(value) // 100 % 3 for value in part.y[0]] == part.y[1].tolist()
    assert job.recipe.losses == {"price": "squared", "kind": "cross-entropy"}
    kept = from_plain(as_plain(job.data.preparation))
    assert kept == job.data.preparation
    again = reload(parse_recipe(to_yaml(job.recipe)), kept)
    assert all(np.array_equal(*both) for both in zip(again.test.y, job.data.test.y, strict=True))
    resolved = plan(job.network, parse_recipe(to_yaml(job.recipe)))
    assert resolved.recipe == job.recipe.replace(spans=resolved.recipe.spans)


def test_names_that_are_none_of_the_outputs_go_in_order(source: str) -> None:
    text = "input 2 > fc-3 as h\n@h > linear-1 as a\n@h > softmax-3 as b"
    job = planned(text, source, ("price", "kind"))
    assert [output.columns for output in job.data.preparation.outputs] == [("price",), ()]
    assert job.data.preparation.outputs[1].names == KINDS


def test_one_output_of_several_columns(source: str) -> None:
    job = planned("input 2 > linear-2", source, ("price", "rooms"))
    (output,) = job.data.preparation.outputs
    assert output.columns == ("price", "rooms")
    assert job.data.train.y[0].shape == (len(job.data.train), 2)
    assert any("an output for each" in note for note in job.data.notes)


@pytest.mark.parametrize(
    ("text", "target", "code", "reported", "help"),
    [
        (
            "input 2 > linear-3",
            ("price", "rooms"),
            "N518",
            "2 targets",
            "`@h > linear-1 as price` and",
        ),
        (TWO, ("price", "kind", "rooms"), "N518", "3 targets", "linear-3"),
        ("input 2 > linear-2", ("price", "kind"), "N531", "`kind` of .* is text", "its own"),
        (TWO, ("price", "prize"), "N530", "no column `prize`", "`price`"),
        (TWO, ("price", "price"), "N505", "holds `price` twice", ""),
        (TWO, "price,3", "N506", "`price` is named twice", ""),
        (TWO, ("kind", "rooms"), "N526", "holds 3 classes", "softmax-3"),
    ],
)
def test_targets_that_do_not_fit(
    source: str, text: str, target: Any, code: str, reported: str, help: str
) -> None:
    with pytest.raises(NetError, match=reported) as error:
        planned(text, source, target)
    found = error.value.diagnostics[0]
    assert (found.code, help in (found.help or "")) == (code, True)


def test_several_targets_are_for_tables(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((9, 2)), y=np.zeros(9))
    with pytest.raises(NetError, match="several targets are columns of a table"):
        plan(
            netdsl.parse("input 2 > linear-1"),
            Recipe(data=DataSpec(source=str(tmp_path / "a.npz"), target=("a", "b"))),
        )


def test_values_that_do_not_vary_are_not_divided_by_a_rounding_error(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,y\n" + "".join(f"{row},0.7\n" for row in range(100)))
    recipe = Recipe(data=DataSpec(source=str(path), target="y"))
    job = plan(netdsl.parse("input 1 > linear-1"), recipe)
    assert job.data.preparation.outputs[0].spread == 1.0


def test_targets_in_a_recipe() -> None:
    recipe = parse_recipe("data: {source: a.csv, target: [t1, t2]}")
    assert recipe.data.target == ("t1", "t2")
    assert parse_recipe(to_yaml(recipe)) == recipe
    assert Recipe.of({"data": {"source": "a.csv", "target": ["t1", "t2"]}}) == recipe
    with pytest.raises(NetError, match="N504"):
        parse_recipe("data: {source: a.csv, target: {a: b}}")


def test_data_names_the_targets(source: str) -> None:
    found = describe(survey(DataSpec(source=source, target=("price", "kind"))))
    assert "price (target)" in found
    assert "kind (target)" in found
    assert found.endswith("begin the network with `input 3`")


# --- losses and weights by output -----------------------------------------------------------------


def test_losses_by_output(source: str) -> None:
    job = planned(TWO, source, ("price", "kind"), losses={"price": "absolute"})
    assert [output.loss for output in job.data.preparation.outputs] == ["absolute", "cross-entropy"]
    assert job.recipe.losses == {"price": "absolute", "kind": "cross-entropy"}


def weights(job: Any) -> Any:
    from netdsl.training.data.batches import Sampling, Shuffled

    return Shuffled(job.data.train, job.data.preparation, Sampling.of(job.recipe)).weights


@pytest.mark.keras
def test_class_weights_by_output(source: str) -> None:
    from netdsl.training.data.batches import Sampling, Shuffled

    keys = {"class_weights": {"kind": {"barn": 2, "house": 0.5}}}
    job = planned(TWO, source, ("price", "kind"), **keys)
    assert job.recipe.class_weights == {"kind": {"barn": 2.0, "flat": 1.0, "house": 0.5}}
    price, kind = weights(job)
    assert set(price.tolist()) == {1.0}
    assert kind.tolist() == np.array([2.0, 1.0, 0.5])[job.data.train.y[1]].tolist()
    again = parse_recipe(to_yaml(job.recipe))
    assert again.class_weights == job.recipe.class_weights
    batch = Shuffled(job.data.train, job.data.preparation, Sampling.of(again))[0]
    assert [len(one) for one in batch[2]] == [len(batch[0])] * 2
    both = planned(TWO, source, ("price", "kind"), class_weights="balanced")
    assert set(both.recipe.class_weights) == {"kind"}


@pytest.mark.parametrize(
    ("keys", "reported", "help"),
    [
        ({"losses": {"prize": "absolute"}}, "no output `prize`", "`price`"),
        ({"class_weights": {"knid": "balanced"}}, "no output `knid`", "`kind`"),
        ({"class_weights": {"price": "balanced"}}, "no output `price` with a class", "kind"),
        ({"class_weights": {"kind": {"bran": 2}}}, "no class `bran`", "`barn`"),
        ({"class_weights": {"kind": 2}}, "`balanced` or by class, not 2", "barn"),
    ],
)
def test_keys_by_output_that_do_not_fit(
    source: str, keys: dict[str, Any], reported: str, help: str
) -> None:
    from netdsl.training.recipes.conflicts import Conflict

    with pytest.raises((NetError, Conflict), match=reported) as error:
        planned(TWO, source, ("price", "kind"), **keys)
    assert help in str(error.value) or help in getattr(error.value, "help", "")


@pytest.mark.parametrize("text", ["{a: {b: c}}", "{a: {b: {c: 1}}}", "{a: balance}", "{a: [1]}"])
def test_class_weights_that_are_none(text: str) -> None:
    with pytest.raises(NetError):
        parse_recipe(f"class_weights: {text}")


@pytest.mark.keras
@pytest.mark.parametrize("speed", ["plain", "compiled"])
def test_two_targets_are_trained_and_predicted(source: str, tmp_path: Path, speed: str) -> None:
    from netdsl.training.evaluation.predict_text import predictions_csv

    network = netdsl.parse(TWO)
    run = network.train(
        data={"source": source, "target": ["price", "kind"], "drop": "rooms"},
        class_weights={"kind": "balanced"},
        epochs=1,
        speed=speed,
        where=tmp_path / "runs",
        quiet=True,
    )
    outputs = run.evaluate()["outputs"]
    assert set(outputs) == {"price", "kind"}
    records = netdsl.predict(run.folder, source)
    table = list(csv.DictReader(io.StringIO(predictions_csv(records))))
    assert {"price", "kind.name", "kind.barn", "kind.flat", "kind.house"} <= set(table[0])
