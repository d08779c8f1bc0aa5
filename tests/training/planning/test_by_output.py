"""Losses and class weights that a recipe states for outputs by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from netdsl.training.data import Examples
from netdsl.training.planning.by_output import class_weights, losses
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.recipes.conflicts import Conflict

KIND = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3, names=("barn", "flat", "hut"))
SIDE = OutputTransform("side", (1,), "sigmoid", "binary", 2)
SIZE = OutputTransform("size", (1,), "linear", "squared", 0)
MAP = OutputTransform("map", (2, 2, 3), "softmax", "cross-entropy", 3)
LABELS = {
    "kind": np.array([0, 0, 0, 2]),
    "side": np.array([1, 1, 0, 1]),
    "size": np.zeros((4, 1), np.float32),
    "map": np.zeros((4, 2, 2), int),
}
BALANCED = {"barn": 0.444444, "flat": 1.0, "hut": 1.333333}
"""4 examples / (3 classes x 3 or 1 examples); 1 for the class without an example."""


def examples(outputs: Sequence[OutputTransform]) -> Examples:
    return Examples((np.zeros((4, 1)),), tuple(LABELS[one.name] for one in outputs), "training")


def refused(call: Any, *arguments: Any) -> Conflict:
    with pytest.raises(Conflict) as caught:
        call(*arguments)
    return caught.value


@pytest.mark.parametrize(
    ("given", "outputs", "expected"),
    [
        (None, [SIZE], None),
        (None, [KIND, MAP], None),
        (None, [KIND, SIZE], {"kind": "cross-entropy", "size": "squared"}),
        ({"size": "squared"}, [SIZE], None),
        ({"size": "squared"}, [SIZE, SIDE], {"size": "squared", "side": "binary"}),
    ],
)
def test_losses(given: Any, outputs: Any, expected: Any) -> None:
    assert losses(given, outputs) == expected


def test_a_loss_of_no_output() -> None:
    found = refused(losses, {"size": "squared", "sides": "binary"}, [SIZE, SIDE])
    assert found.message == "the network has no output `sides` to have a loss"
    assert found.keys == ("losses",)
    assert found.help == "the outputs are size, side"
    assert found.typo == ("sides", ["size", "side"])


@pytest.mark.parametrize(
    ("given", "outputs", "expected"),
    [
        (None, [KIND], None),
        (None, [SIZE], None),
        (None, [KIND, SIZE], None),
        ("balanced", [KIND], BALANCED),
        ("balanced", [SIDE], {"0": 2.0, "1": 0.666667}),
        ({"flat": 2}, [KIND], {"barn": 1.0, "flat": 2.0, "hut": 1.0}),
        ({"1": 0.5}, [SIDE], {"0": 1.0, "1": 0.5}),
        ({}, [SIDE], {"0": 1.0, "1": 1.0}),
        ("balanced", [SIZE, KIND], {"kind": BALANCED}),
        ("balanced", [MAP, KIND, SIDE], {"kind": BALANCED, "side": {"0": 2.0, "1": 0.666667}}),
        ({"side": "balanced"}, [KIND, SIDE], {"side": {"0": 2.0, "1": 0.666667}}),
        ({"side": {"0": 3}}, [KIND, SIDE, SIZE], {"side": {"0": 3.0, "1": 1.0}}),
    ],
)
def test_class_weights(given: Any, outputs: Any, expected: Any) -> None:
    assert class_weights(given, outputs, examples(outputs)) == expected


@pytest.mark.parametrize(
    ("given", "outputs", "message", "help", "near"),
    [
        ("balanced", [SIZE], "for a network with a class for each example", "", None),
        ("balanced", [MAP], "for a network with a class for each example", "", None),
        ("balanced", [SIZE, MAP], "no output has a class for each example", "", None),
        ({"map": "balanced"}, [SIZE, MAP], "no output has a class for each example", "", None),
        (
            {"size": "balanced"},
            [SIZE, KIND, SIDE],
            "there is no output `size` with a class",
            "of several outputs: class_weights: {kind: balanced}",
            ("size", ["kind", "side"]),
        ),
        ({"kind": 2}, [SIZE, KIND], "`kind` are `balanced` or by class, not 2", "barn, flat", None),
        (
            {"bran": 2.0},
            [KIND],
            "there is no class `bran`",
            "the classes are barn, flat, hut",
            ("bran", ["barn", "flat", "hut"]),
        ),
        ({"barn": "balanced"}, [KIND], "the class `barn` is a number, not balanced", "", None),
    ],
)
def test_class_weights_that_do_not_fit(
    given: Any, outputs: Any, message: str, help: str, near: Any
) -> None:
    found = refused(class_weights, given, outputs, examples(outputs))
    assert message in found.message
    assert help in found.help
    assert found.typo == near
