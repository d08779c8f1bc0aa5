"""Measuring which way of taking steps is fastest."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from support.line import trained

import netdsl
from netdsl.keras.quiet import quiet_keras
from netdsl.training.recipes.recipe import (
    Augment,
    Recipe,
    load_recipe,
)

pytestmark = pytest.mark.keras

quiet_keras()


from netdsl.training.speed import autotune  # noqa: E402


def test_measuring_moves_nothing_of_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        autotune, "budget", lambda load: 1e9
    )  # else it would depend on how fast the machine is
    recipe = Recipe(epochs=2, batch=64, speed="measure", augment=Augment(noise=0.1))
    network = netdsl.parse("64 > fc-16 > dropout(0.2) > softmax-10", name="measured")
    run = trained(network, tmp_path, recipe)
    kept = (run.folder / "recipe.yaml").read_text(encoding="utf-8")
    chosen = load_recipe(run.folder / "recipe.yaml").speed
    assert chosen in ("plain", "chunks", "compiled")
    assert re.search(
        rf"speed: {chosen} +# milliseconds for a step: {chosen} [\d.]+, (plain|chunks|compiled) "
        r"[\d.]+",
        kept,
    )
    again = trained(network, tmp_path, dataclasses.replace(recipe, speed=chosen))
    assert all(
        np.array_equal(one, other)
        for one, other in zip(run.model.get_weights(), again.model.get_weights(), strict=True)
    )


def test_a_short_training_is_not_measured(tmp_path: Path) -> None:
    run = trained(
        netdsl.parse("64 > fc-16 > softmax-10", name="short"),
        tmp_path,
        Recipe(epochs=1, batch=64, speed="measure"),
    )
    assert re.search(
        r"speed: (chunks|compiled) +# .*is too short to measure",
        (run.folder / "recipe.yaml").read_text(encoding="utf-8"),
    )


def test_what_measuring_may_take() -> None:
    graph = netdsl.parse("64 > fc-16 > softmax-10").graph
    short, long = (
        autotune.budget(autotune.Load(graph, batch=32, steps=41 * epochs)) for epochs in (1, 10**6)
    )
    assert short < 0.02 * 0.1
    assert long == 2
