"""The lectures' items 49 to 52: smoothed labels, random labels, polynomials, double descent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.keras.quiet import quiet_keras
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import Recipe

pytestmark = pytest.mark.keras

quiet_keras()

from netdsl.training.data.batches import Sampling, Shuffled  # noqa: E402


def trained(text: str, where: Path, **keys: Any) -> netdsl.Run:
    return netdsl.parse(text, name="toy").train(where=where, quiet=True, **keys)


def test_item_49_smoothed_labels() -> None:
    """The target is 1 - e for the class, and e/(k - 1) for each of the others."""
    network = netdsl.parse("64 > softmax-10")
    job = plan(network, Recipe.of({"data": "digits", "label_smoothing": 0.1}))
    examples = Shuffled(job.data.train, job.data.preparation, Sampling.of(job.recipe))
    examples.at_epoch(1)
    targets = np.sort(np.asarray(examples[0][1]), axis=1)
    assert targets[:, -1] == pytest.approx(0.9)
    assert targets[:, :-1] == pytest.approx(0.1 / 9)


def test_item_50_random_labels_are_learned_and_say_nothing(tmp_path: Path) -> None:
    data = {"source": "digits", "labels": "random", "split": {"test": 0.833, "validation": 0}}
    keys = {"optimizer": {"rate": 0.01}, "epochs": 40}
    run = trained("64 > fc-256(relu) > softmax-10", tmp_path, data=data, **keys)
    assert run.validation["accuracy"] > 0.99
    assert run.test["accuracy"] == pytest.approx(0.1, abs=0.04)


def least_squares(text: str, where: Path, **data: Any) -> netdsl.Run:
    return trained(text, where, data=data, loss="squared", optimizer="least_squares")


def test_item_51_a_polynomial_of_high_degree_generalises(tmp_path: Path) -> None:
    """Twenty points: as many terms are the worst, and fifty times as many are better than five."""
    split = {"test": 0.98039, "validation": 0}
    errors = {}
    for terms in (5, 20, 1000):
        text = f"{terms} > linear-1(bias=no)"
        run = least_squares(text, tmp_path, source="polynomial", count=1020, split=split)
        errors[terms] = run.test["loss"]
        assert run.test["examples"] == 1000
    assert errors[1000] < errors[5] < 0.05
    assert errors[20] > 1000


def test_item_52_double_descent(tmp_path: Path) -> None:
    """Random features of 300 images: the test is worst where there are as many features."""
    split = {"test": 0.83305, "validation": 0}
    right = {}
    for width in (100, 300, 2000):
        text = f"64 > fc-{width}(relu) > linear-10"
        run = least_squares(text, tmp_path, source="digits", split=split)
        right[width] = run.test["accuracy"]
    assert right[300] < 0.7 < right[100] < right[2000]
