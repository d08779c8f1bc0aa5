"""The files of examples/lectures/: they check without a word, and their recipes go with them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.training.recipes.recipe import load_recipe
from netdsl.training.verbs import plan
from tests.support.zoo import FOLDER, checked

NETWORKS = sorted((FOLDER / "lectures").glob("*.net"))
RECIPES = sorted((FOLDER / "lectures").glob("*.yaml"))


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_a_network_checks_without_a_word(path: Path) -> None:
    found = checked(path)
    assert not found.diagnostics
    assert path.read_text("utf-8").startswith("# ")


@pytest.fixture(scope="module")
def images() -> tuple[Any, Any]:
    """As many examples as the recipes take, in place of MNIST's."""
    labels = np.arange(20_000) % 10
    return np.repeat(labels * 25, 784).astype(np.uint8).reshape(-1, 28, 28), labels


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_goes_with_its_network(path: Path, images: tuple[Any, Any]) -> None:
    recipe, own = load_recipe(path), path.with_suffix(".net")
    file = own if own.is_file() else FOLDER / f"{path.stem}.net"
    network = netdsl.load(file, net="generator" if recipe.is_gan else None)
    own_target = recipe.data.target == "input"
    if recipe.data.source in ("mnist", "fashion_mnist"):
        data: Any = images[:1] if own_target else images
        spec = dataclasses.replace(recipe.data, source=None)
        job = plan(network, dataclasses.replace(recipe, data=spec), data=data)
    else:
        job = plan(network, recipe)
    assert job.recipe.epochs
    assert not job.resolved.doubts
