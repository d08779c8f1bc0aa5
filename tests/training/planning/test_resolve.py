"""Recipes with every value filled in, and values that do not go together."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from support.line import LINE, X, Y, line

import netdsl
from netdsl.errors import NetError
from netdsl.training.planning.measures import check_metric
from netdsl.training.planning.plan import plan
from netdsl.training.planning.resolve import resolve
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.recipes.conflicts import Conflict
from netdsl.training.recipes.recipe import (
    Recipe,
    parse_recipe,
)


def test_evaluations_by_epochs() -> None:
    assert (
        plan(
            LINE, parse_recipe("early_stopping: {every: 3 epochs}\nbatch: 50"), data=(X, Y)
        ).recipe.early_stopping.every
        == 12
    )


def test_a_top_metric_of_no_more_classes_is_always_1() -> None:
    three = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3)
    check_metric("metrics", "top2_accuracy", [three])
    for name in ("top3_accuracy", "kind_top5_accuracy"):
        with pytest.raises(Conflict) as caught:
            check_metric("metrics", name, [three])
        assert caught.value.message.startswith(f"`{name}` is always 1 with 3 classes")
        assert "macro_f1" in caught.value.help


def test_weights_for_outputs_that_are_none() -> None:
    with pytest.raises(NetError, match="no output `gaps`") as caught:
        plan(LINE, Recipe(loss_weights={"gaps": 1.0}), data=(X, Y))
    assert "fc_1" in caught.value.diagnostics[0].help


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("label_smoothing: «0.1»", "is for classes"),
        ("class_weights: «balanced»", "a class for each example"),
        ("precision: «bfloat16»", "rounds adam's beta2 of 0.999 to 1"),
        ("schedule: «steps»", "requires the epochs at which"),
        ("epochs: 3\nschedule: {name: cosine, warmup: «3»}", "leaves none of the 3 epochs"),
        ("early_stopping: {enabled: no, patience: «3»}", "needs early stopping"),
        (
            "early_stopping: {metric: «accuracy»}",
            "no output of the network has the metric `accuracy`",
        ),
        ("early_stopping: {metric: «auc»}", "has the metric `auc`: they are compared with values"),
        ("early_stopping: {tol: 0.1, min_delta: «0.1»}", "two rules for the same thing"),
        ("early_stopping: {enabled: no, start_from: «3»}", "needs early stopping"),
        ("metrics: «[f1]»", "has the metric `f1`"),
        ("metrics: «[top3]»", "no output of the network has the metric `top3_accuracy`"),
        ("threshold: «f1»", "two classes or tags"),
        ("unfreeze: «3»", "the layers of `freeze`"),
        ("freeze: ['fc*']\nepochs: 3\nunfreeze: «3»", "none comes after 3"),
        ("rates: {«conv*»: 0.1}", "matches no layer with weights"),
        ("rates: «{fc_1: 0}»", "nothing is left to train"),
        ("optimizer: lbfgs\nema: «0.9»", "no `ema`"),
        ("optimizer: gd\naccumulate: «4»", "no `accumulate`"),
        ("penalty: {l1: 1, proximal: yes}\naccumulate: «4»", "`proximal` moves"),
        ("positive: «yes»", "no output has two"),
        ("calibrate: «temperature»", "for classes or tags"),
        ("metrics: «r2»\ndata: {split: {validation: 0}}\nearly_stopping: no", "there is none"),
        ("augment: {flip: «both»}", "image"),
        ("schedule: {name: steps, at: «[30, 20]»}", "must increase"),
        ("schedule: {name: cosine, least: «1»}", "cannot fall to 1"),
        (
            "data: {split: {validation: «0»}}\nearly_stopping: no\nschedule: plateau",
            "there is none",
        ),
        ("loss_weights: {«linear»: 0}", "no output|all 0"),
    ],
)
def test_values_that_do_not_go_together(text: str, reported: str) -> None:
    recipe = parse_recipe(text.replace("«", "").replace("»", ""))
    job = line(Recipe())
    network, empty = LINE, job.data.train.at(np.arange(0))
    data = dataclasses.replace(job.data, validation=empty) if "validation" in text else job.data
    with pytest.raises(NetError, match=reported) as caught:
        resolve(recipe, network, data)
    span = caught.value.diagnostics[0].span
    assert span is not None
    assert span.start == text.index("«")


@pytest.mark.parametrize(("ema", "noted"), [("1 epoch", True), ("2 epochs", False), ("no", False)])
def test_an_average_over_too_few_updates_is_noted(ema: str, noted: bool) -> None:
    job = line(Recipe())
    recipe = parse_recipe(f"ema: {ema}\nbatch: {len(job.data.train)}")
    resolved = resolve(recipe, LINE, job.data)
    said = "`ema: 1 epoch` has fewer than two updates: the weights are not averaged"
    assert (said in resolved.doubts) == noted


USUAL = {
    "batch": "60 training examples",
    "data.source": "ten outputs: the digits that come with netdsl",
    "data.split.test": "the data has no test part of its own",
    "data.split.validation": "used by early stopping",
    "loss": "the network ends with `linear`",
    "optimizer.name": "works with little tuning",
    "optimizer.rate": "usual for adam",
    "epochs": "the maximum; early stopping may end it before",
    "early_stopping.every": "the steps of an epoch: 60 examples, 32 in a step",
    "early_stopping.patience": ("stop after this many evaluations in a row without a better loss"),
    "precision": "exact enough for any network",
    "backend": "Keras's own choice",
    "devices": None,
    "seed": "makes the run reproducible",
}
NEVER_STOPS = {
    "epochs": "all of them",
    "data.split.validation": "shown during training",
    "early_stopping.every": None,
    "early_stopping.patience": None,
}
ROSENBLATT = "Rosenblatt's rule"


@pytest.mark.parametrize(
    ("text", "empty", "reasons"),
    [
        ("", (), {}),
        ("early_stopping: no", (), {**NEVER_STOPS, "early_stopping.enabled": "given"}),
        (
            "early_stopping: {every: 9, patience: 2}",
            (),
            {"early_stopping.every": "given", "early_stopping.patience": "given"},
        ),
        (
            "optimizer: gd",
            (),
            {
                "optimizer.name": "given",
                "optimizer.rate": "usual for gd",
                "batch": "all 60 training examples",
                "early_stopping.every": "the steps of an epoch: 60 examples, 60 in a step",
            },
        ),
        ("hosts: ['a:1', 'b:1']", (), {"hosts": "given", "devices": "of each host"}),
        ("data: {source: a.csv}", (), {"data.source": "given"}),
        ("data: {function: x^2}", (), {"data.source": "given", "data.function": "given"}),
        ("precision: mixed\nseed: 3", (), {"precision": "given", "seed": "given"}),
        ("", ("test",), {"data.split.test": "too few examples to be divided"}),
        (
            "early_stopping: no",
            ("validation",),
            {
                **NEVER_STOPS,
                "early_stopping.enabled": "given",
                "data.split.validation": "too few examples to be divided",
            },
        ),
    ],
)
def test_reasons_for_values(text: str, empty: tuple[str, ...], reasons: dict[str, Any]) -> None:
    """Each key that a recipe leaves out has the reason for its value."""
    data = line(Recipe()).data
    data = dataclasses.replace(data, **dict.fromkeys(empty, data.train.at(np.arange(0))))
    found = resolve(parse_recipe(text), LINE, data).reasons
    expected = USUAL | reasons
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        (
            "",
            {
                "optimizer.name": ROSENBLATT,
                "optimizer.rate": ROSENBLATT,
                "batch": f"{ROSENBLATT}: one by one",
            },
        ),
        ("batch: 5", {"batch": "given", "optimizer.name": ROSENBLATT}),
        (
            "optimizer: sgd",
            {"optimizer.name": "given", "optimizer.rate": "usual for sgd"},
        ),
    ],
)
def test_reasons_for_the_values_of_a_perceptron(text: str, reasons: dict[str, Any]) -> None:
    network = netdsl.parse("3 > fc-1(step)")
    job = plan(network, parse_recipe(text), data=(X, (Y > 0).astype(int)))
    assert {key: job.resolved.reasons.get(key) for key in reasons} == reasons


BFLOAT16 = "weights in bfloat16 lose steps smaller than 1/256 of them"
WEIGHTED = "class weights count in the training loss"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", []),
        ("precision: bfloat16\noptimizer: sgd", [BFLOAT16]),
        ("precision: mixed", []),
        ("class_weights: balanced", [WEIGHTED]),
        ("class_weights: balanced\nprecision: bfloat16\noptimizer: sgd", [WEIGHTED, BFLOAT16]),
    ],
)
def test_what_the_figures_count_is_noted(text: str, said: list[str]) -> None:
    job = plan(netdsl.parse("3 > softmax-3"), parse_recipe(text), data=(X, np.arange(240) % 3))
    doubts = job.resolved.doubts
    assert len(doubts) == len(said)
    assert all(map(str.startswith, doubts, said))
