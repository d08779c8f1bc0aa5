"""Data that is made: what it holds, how it is asked for, and parts of few examples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.training.data import load_data, reload
from netdsl.training.data.example_shape import example_shape
from netdsl.training.data.sources import toys
from netdsl.training.data.sources.toys import TOYS, legendre
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import DataSpec, Recipe, Split, parse_recipe
from netdsl.training.recipes.yaml_writer import to_yaml

POINTS = netdsl.parse("2 > fc-3(tanh) > sigmoid-1")
LINE = netdsl.parse("1 > fc-3(tanh) > linear-1")


def made(data: Any, network: Any = POINTS) -> Any:
    return load_data(Recipe(data=DataSpec.of(data)), network)


def everything(found: Any) -> tuple[Any, Any]:
    parts = [part for part in (found.train, found.validation, found.test) if part]
    return tuple(np.concatenate([getattr(part, of)[0] for part in parts]) for of in ("x", "y"))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("name", "labels"), [("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1]), ("xor", [0, 1, 1, 0])]
)
def test_truth_tables_are_trained_on_whole(name: str, labels: list[int]) -> None:
    found = made(name)
    assert found.train.x[0].tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert found.train.y[0].tolist() == labels
    assert (len(found.validation), len(found.test)) == (0, 0)
    assert found.notes == (
        "4 examples are too few to be divided: all are trained on, and there is neither a "
        "validation nor a test part",
    )


@pytest.mark.parametrize("name", sorted(TOYS))
def test_a_seed_gives_the_same_points(name: str) -> None:
    keys = {"source": name, "count": 40, "noise": 0.1}
    network = POINTS if name != "bowl" else netdsl.parse("2 > linear-1")
    one, same, other = (everything(made({**keys, "seed": seed}, network))[0] for seed in (1, 1, 2))
    assert one.shape == (40, 2)
    assert (one == same).all()
    assert (np.sort(one, axis=0) != np.sort(other, axis=0)).any()


def test_geometry() -> None:
    x, y = everything(made("circle"))
    radius = np.hypot(*x.T)
    assert radius[y == 1].max() <= 0.5
    assert radius[y == 0].min() >= 0.7
    x, y = everything(made({"source": "moons", "noise": 0}))
    assert np.hypot(*x[y == 0].T) == pytest.approx(1)
    assert np.hypot(*(x[y == 1] - (1, 0.5)).T) == pytest.approx(1)
    x, y = everything(made("spiral"))
    one, other = (
        {tuple(each) for each in points.round(5) + 0.0} for points in (x[y == 0], -x[y == 1])
    )
    assert one == other
    x, y = everything(made({"source": "blobs", "count": 4000}))
    assert x[y == 1].mean() == pytest.approx(0.5, abs=0.02)
    assert x[y == 0].std() == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(
    "data", ["sin(3*pi*x)", {"function": "sin(3*pi*x)"}, {"source": "y = sin(3*pi*x)"}]
)
def test_a_function(data: Any) -> None:
    found = made(data, LINE)
    x, y = everything(found)
    assert x.shape == y.shape == (500, 1)
    assert np.abs(x).max() <= 1
    assert y == pytest.approx(np.sin(3 * np.pi * x), abs=1e-5)
    assert (found.spec.source, found.spec.count, found.spec.range) == (
        "y = sin(3*pi*x)",
        500,
        (-1.0, 1.0),
    )


def test_a_function_with_all_its_keys() -> None:
    keys = {"function": "2*x", "count": 4000, "range": [3, 5], "noise": 0.5, "seed": 3}
    x, y = everything(made(keys, LINE))
    assert 3 <= x.min() < 3.01 < 4.99 < x.max() <= 5
    assert (y - 2 * x).std() == pytest.approx(0.5, abs=0.02)


def test_a_polynomial_has_the_terms_of_the_network() -> None:
    x, y = everything(made("polynomial", netdsl.parse("4 > linear-1")))
    first = x[:, 1:2] * 2  # P_1 is x, over 2
    assert x == pytest.approx(
        np.hstack([first**0, first / 2, (3 * first**2 - 1) / 6, (5 * first**3 - 3 * first) / 8]),
        abs=1e-6,
    )
    assert y == pytest.approx(1 / (1 + 25 * first**2), abs=1e-5)
    assert legendre(np.array([0.0, 4.0]), 2, 0, 4).tolist() == [[1, -0.5], [1, 0.5]]


def test_a_run_makes_the_same_again() -> None:
    recipe = Recipe(data=DataSpec.of({"source": "moons", "count": 50, "seed": 7}))
    job = plan(POINTS, recipe)
    kept = parse_recipe(to_yaml(job.recipe, job.resolved.reasons))
    again = reload(kept, job.data.preparation)
    for one, other in zip(everything(job.data), everything(again), strict=True):
        assert (one == other).all()
    assert (kept.data.noise, kept.data.count, kept.data.seed) == (0.1, 50, 7)


def test_a_chain_without_an_input_takes_the_points() -> None:
    assert example_shape(Recipe(data=DataSpec(source="xor"))) == (2,)
    assert example_shape(Recipe(data=DataSpec(function="x^2"))) == (1,)
    with pytest.raises(NetError, match="N518"):
        example_shape(Recipe(data=DataSpec(source="polynomial")))


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        ("xorr", "N510", "did you mean `xor`"),
        ("sin(3*y)", "N505", "`y` is not known"),
        ({"source": "digits", "count": 3}, "N507", "`count` is for data that is made; digits"),
        ({"source": "xor", "function": "x"}, "N507", "`function` is for functions; xor"),
        ({"source": "xor", "range": [0, 1]}, "N507", "`range` is for functions"),
        ({"source": "xor", "target": "y"}, "N507", "`target` is not for data that is made"),
        ({"source": "xor", "separator": ","}, "N507", "`separator` is for tables; xor"),
        ({"source": "xor", "count": 0}, "N505", "at least 1"),
        ({"source": "xor", "count": 10**9}, "N505", "at most 10,000,000"),
        ({"source": "xor", "noise": -1}, "N505", "at least 0"),
        ({"function": "x", "range": [1]}, "N505", "the smallest and the largest x"),
        ({"function": "x", "range": [1, 0]}, "N505", r"not \[1, 0\]"),
        ({"function": "log(x)"}, "N517", "has no value at x = -"),
        ({"function": "1e40*x"}, "N517", "too large for float32"),
        ({"source": "xor", "noise": 1e39}, "N517", "too large for float32"),
        ({"function": "x"}, "N518", "x"),
        ("bowl", "N521", "only one class"),
    ],
)
def test_refused(data: Any, code: str, message: str) -> None:
    with pytest.raises(NetError, match=message) as caught:
        made(data)
    assert caught.value.code == code


def test_the_most_numbers_that_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    network = netdsl.parse("4 > linear-1")
    with pytest.raises(NetError, match="6,000,000 examples of 4 numbers: at most 20,0") as caught:
        made({"source": "polynomial", "count": 6_000_000}, network)
    assert caught.value.code == "N505"
    monkeypatch.setattr(toys, "NUMBERS", 200)
    assert len(everything(made({"source": "polynomial", "count": 50}, network))[0]) == 50
    with pytest.raises(NetError, match="51 examples"):
        made({"source": "polynomial", "count": 51}, network)


@pytest.mark.parametrize(
    ("count", "split", "parts"),
    [
        (6, {}, (6, 0, 0)),
        (7, {}, (5, 1, 1)),
        (4, {"test": 0.25}, (3, 0, 1)),
        (4, {"validation": 0.25}, (2, 1, 1)),
        (20, {"test": 0}, (18, 2, 0)),
        (20, {"test": 0, "validation": 0}, (20, 0, 0)),
    ],
)
def test_parts_of_few_examples(count: int, split: dict[str, float], parts: Any) -> None:
    spec = DataSpec(source="xor", count=count, split=Split(**split))
    found = load_data(Recipe(data=spec), POINTS)
    assert (len(found.train), len(found.validation), len(found.test)) == parts
    resolved = plan(POINTS, Recipe(data=spec)).recipe
    assert resolved.early_stopping.enabled is bool(parts[1])
    assert bool(resolved.data.split.test) is bool(parts[2])


def test_a_share_that_is_asked_for_is_not_left_out() -> None:
    spec = DataSpec(source="xor", split=Split(test=0.1))
    with pytest.raises(NetError, match=r"4 examples are too few: 0\.1 of them for test"):
        load_data(Recipe(data=spec), POINTS)


def test_a_function_that_is_wrong_has_its_place() -> None:
    recipe = parse_recipe('data: {function: "sin(3*pi*x"}')
    with pytest.raises(NetError, match="is expected here, at character 11") as caught:
        load_data(recipe, LINE)
    span = caught.value.diagnostics[0].span
    assert span is not None
    assert span.source.text[span.start : span.end].strip('"') == "sin(3*pi*x"


def test_a_fold_needs_a_test_part() -> None:
    spec = DataSpec(source="moons", split=Split(test=0, fold=1))
    with pytest.raises(NetError, match="a test share of 0 makes none") as caught:
        load_data(Recipe(data=spec), POINTS)
    assert caught.value.code == "N505"
