"""Recipes from Python: keys and values in plain dicts mean what the same YAML means, and every
mistake names its key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdsl.errors import NetError
from netdsl.training.recipes.recipe import (
    DataSpec,
    Optimizer,
    Recipe,
    Schedule,
    Split,
    Stopping,
)


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


RIGHT = [
    ({}, Recipe()),
    (None, Recipe()),
    (Recipe(epochs=3), Recipe(epochs=3)),
    ({"epochs": np.int64(3), "seed": None}, Recipe(epochs=3)),
    ({"optimizer": "sgd"}, Recipe(optimizer=Optimizer(name="sgd"))),
    (
        {"optimizer": {"name": "sgd", "rate": np.float64(0.5)}},
        Recipe(optimizer=Optimizer(name="sgd", rate=0.5)),
    ),
    ({"optimizer": Optimizer(rate=0.5)}, Recipe(optimizer=Optimizer(rate=0.5))),
    ({"data": Path("a") / "b.csv"}, Recipe(data=DataSpec(source=str(Path("a") / "b.csv")))),
    (
        {"data": {"source": "digits", "split": {"test": 0.25}}},
        Recipe(data=DataSpec(source="digits", split=Split(test=0.25))),
    ),
    ({"early_stopping": False}, Recipe(early_stopping=Stopping(enabled=False))),
    ({"schedule": {"name": "steps", "at": [1, 2]}}, Recipe(schedule=Schedule("steps", (1, 2)))),
    ({"log": "tensorboard"}, Recipe(log=("tensorboard",))),
    ({"class_weights": {3: 2}}, Recipe(class_weights={"3": 2})),
    ({"class_weights": "balanced"}, Recipe(class_weights="balanced")),
]
WRONG: list[tuple[Any, list[tuple[str, str]]]] = [
    (3, [("N502", "`recipe` ")]),
    ({"epohcs": 3}, [("N503", "there is no key `epohcs`")]),
    ({3: 4}, [("N503", "there is no key `3`")]),
    ({"spans": {}}, [("N503", "there is no key `spans`")]),
    ({"optimizer": {"nam": "sgd"}}, [("N503", "there is no key `optimizer.nam`")]),
    ({"optimizer": {"rate": "fast"}}, [("N504", "`optimizer.rate` ")]),
    ({"optimizer": {"momentum": 0.5}}, [("N503", "`optimizer.momentum` ")]),
    ({"optimizer": 3}, [("N505", "`optimizer.name` ")]),
    ({"data": {"split": 3.5}}, [("N504", "`data.split.column` ")]),
    ({"data": ""}, [("N504", "`data.source` ")]),
    ({"loss": ["squared"]}, [("N505", "`loss.name` ")]),
    ({"batch": True}, [("N504", "`batch` ")]),
    ({"batch": float("nan")}, [("N504", "`batch` ")]),
    ({"seed": 10**5000}, [("N505", "`seed` ")]),
    ({"log": []}, [("N504", "`log` ")]),
    ({"speed": np.arange(2)}, [("N505", "`speed` ")]),
    ({"loss": {"name": np.arange(2)}}, [("N505", "`loss.name` ")]),
    ({"epochs": {"a": 10**5000}}, [("N504", "`epochs` ")]),
    ({"backend": Unshowable()}, [("N505", "`backend` ")]),
    ({"hosts": 8}, [("N504", "`hosts` ")]),
    ({"params": 3}, [("N504", "`params` accepts names with values")]),
    ({"params": {"w": {"a": 1}}}, [("N504", "the param `w` accepts")]),
    (
        {"batch": 0, "early_stopping": {"patience": 0}, "los": 1},
        [
            ("N505", "`early_stopping.patience` "),
            ("N503", "there is no key `los`"),
            ("N505", "`batch` "),
        ],
    ),
]


@pytest.mark.parametrize(("given", "recipe"), RIGHT, ids=lambda value: repr(value)[:40])
def test_what_plain_values_mean(given: Any, recipe: Recipe) -> None:
    assert Recipe.of(given) == recipe
    if isinstance(given, dict):
        assert Recipe(**given) == recipe


@pytest.mark.parametrize(("given", "found"), WRONG)
def test_every_mistake_names_its_key(given: Any, found: list[tuple[str, str]]) -> None:
    with pytest.raises(NetError) as caught:
        Recipe.of(given)
    diagnostics = caught.value.diagnostics
    assert [each.code for each in diagnostics] == [code for code, _ in found]
    for each, (_, begin) in zip(diagnostics, found, strict=True):
        assert each.message.startswith(begin)


def test_the_nearest_key_is_named() -> None:
    with pytest.raises(NetError, match="did you mean `patience`"):
        Recipe.of({"early_stopping": {"patienc": 3}})
