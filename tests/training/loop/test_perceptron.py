"""The perceptron's rule, compared with Rosenblatt's own in NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.line import model_of, trained

import netdsl
from netdsl.errors import NetError
from netdsl.keras.quiet import quiet_keras
from netdsl.training.evaluation.evaluate import evaluate
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import Recipe

pytestmark = pytest.mark.keras

quiet_keras()

from netdsl.training.data.batches import Sampling, Shuffled  # noqa: E402

STEP = netdsl.parse("2 > step-1", name="unit")
AND = Recipe.of({"data": "and", "epochs": 8})


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("2 > step-1", "and"),
        ("2 > linear-1", "xor"),
        ("2 > sign-1", {"source": "moons", "count": 30}),
    ],
)
def test_steps_are_rosenblatts(text: str, data: Any, tmp_path: Path) -> None:
    network = netdsl.parse(text, name="unit")
    recipe = Recipe.of({"data": data, "loss": "perceptron", "epochs": 2, "early_stopping": False})
    job = plan(network, recipe)
    weights, bias = model_of(job).get_weights()
    examples = Shuffled(job.data.train, job.data.preparation, Sampling.of(job.recipe))
    for epoch in (1, 2):
        examples.at_epoch(epoch)
        for at in range(len(examples)):
            (x,), ((y,),) = examples[at]
            change = y - float(x @ weights[:, 0] + bias[0] > 0)
            weights, bias = weights + change * x[:, None], bias + change
    found = trained(network, tmp_path, recipe).model.get_weights()
    assert found[0] == pytest.approx(weights, abs=1e-5)
    assert found[1] == pytest.approx(bias, abs=1e-5)


def test_the_recipe_of_a_step() -> None:
    resolved = plan(STEP, AND).resolved
    recipe = resolved.recipe
    optimizer = recipe.optimizer
    assert (recipe.loss.name, optimizer.name, optimizer.rate, recipe.batch) == (
        "perceptron",
        "sgd",
        1.0,
        1,
    )
    assert resolved.reasons["batch"] == "Rosenblatt's rule: one by one"
    asked = plan(STEP, Recipe.of({"data": "and", "optimizer": "adam"})).recipe
    assert (asked.optimizer.name, asked.batch) == ("adam", 4)


def test_the_training_and_evaluate_say_the_same(tmp_path: Path) -> None:
    run = trained(STEP, tmp_path, AND)
    found = evaluate(run.folder)
    assert (found["part"], found["loss"], found["accuracy"]) == ("training", 0.0, 1.0)
    assert run.validation == {"examples": 0, "loss": 0.0, "accuracy": 1.0}
    assert run.model.predict(np.array([[1.0, 1.0], [0.0, 1.0]]), verbose=0).tolist() == [[1], [0]]


def test_units_before_the_step_stay_as_they_are(tmp_path: Path) -> None:
    network = netdsl.parse("2 > fc-20(step) > step-1", name="units")
    recipe = Recipe.of({"data": "xor", "epochs": 20})
    first = model_of(plan(network, recipe)).get_weights()
    run = trained(network, tmp_path, recipe)
    found = run.model.get_weights()
    assert (found[0] == first[0]).all()
    assert (found[2] != first[2]).any()
    assert run.validation["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("text", "recipe", "message"),
    [
        ("2 > sigmoid-1", {"loss": "perceptron"}, "needs an output of `sign`, `step`, `linear`"),
        ("2 > linear-2", {"loss": "perceptron"}, "needs one output and two classes"),
    ],
)
def test_refused(text: str, recipe: dict[str, Any], message: str) -> None:
    with pytest.raises(NetError, match=message) as caught:
        plan(netdsl.parse(text), Recipe.of({"data": "and", **recipe}))
    assert caught.value.code == "N507"
