"""A run that has ended, its files compared with each other: what fits, and what is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from netdsl import parse
from netdsl.errors import NetError
from netdsl.training.data.signature import NetworkSignature, TensorSpec
from netdsl.training.preparation.columns import ColumnTransform, TableTransform
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.transforms import Preparation
from netdsl.training.recipes.recipe import Gan, Recipe
from netdsl.training.runs import finished
from netdsl.training.runs.finished import _check, _described, _of_part

X = InputTransform("x", (4,), False, 1.0, False, (4,))
IMAGE = InputTransform("x", (8, 8), True, 255.0, True, (8, 8, 1))
Y = OutputTransform("y", (3,), "softmax", "cross-entropy", 3)
TABLE = TableTransform((ColumnTransform("u"), ColumnTransform("v")), ("y",))


def fits(preparation: Preparation, *tensors: TensorSpec, outputs: Any = ()) -> str:
    """What is wrong with a preparation for a network; nothing where it fits."""
    signature = NetworkSignature(tensors, outputs or (TensorSpec("y", (3,), "softmax"),))
    try:
        _check(preparation, signature, Path("a/preparation.json"))
    except NetError as error:
        (found,) = error.diagnostics
        assert found.code == "N614"
        assert found.help == "it is written when a run begins and must not be changed"
        return found.message.removeprefix("a/preparation.json is damaged: ")
    return ""


@pytest.mark.parametrize(
    ("input", "tensor", "said"),
    [
        (X, TensorSpec("x", (4,)), ""),
        (X, TensorSpec("z", (4,)), "its input `x` has 4; the network's `z` has 4"),
        (X, TensorSpec("x", (5,)), "its input `x` has 4; the network's `x` has 5"),
        (
            X,
            TensorSpec("x", (4,), vocabulary=9),
            "it has 0 indices for `x`, and the network 9",
        ),
        (
            dataclasses.replace(X, vocabulary=9),
            TensorSpec("x", (4,), vocabulary=8),
            "it has 9 indices for `x`, and the network 8",
        ),
        (dataclasses.replace(X, vocabulary=9), TensorSpec("x", (4,), vocabulary=9), ""),
        (
            dataclasses.replace(X, example=(5,)),
            TensorSpec("x", (4,)),
            "it turns examples of 5 into 4",
        ),
        (IMAGE, TensorSpec("x", (8, 8, 1)), ""),
        (dataclasses.replace(IMAGE, example=(9, 9)), TensorSpec("x", (8, 8, 1)), ""),
        (
            dataclasses.replace(IMAGE, example=(8, 8, 2)),
            TensorSpec("x", (8, 8, 1)),
            "it turns examples of 8x8x2 into 8x8x1",
        ),
        (dataclasses.replace(X, columns=TABLE, shape=(2,)), TensorSpec("x", (2,)), ""),
        (
            dataclasses.replace(X, columns=TABLE),
            TensorSpec("x", (4,)),
            "it gives 2 numbers for `x` of 4",
        ),
    ],
)
def test_inputs(input: InputTransform, tensor: TensorSpec, said: str) -> None:
    assert fits(Preparation((input,), (Y,)), tensor) == said


def test_outputs() -> None:
    x = TensorSpec("x", (4,))
    assert fits(Preparation((X,), (Y,)), x, x).startswith("it has 1 inputs, and the network 2")
    assert fits(Preparation((X,), (Y, Y)), x) == "it has 2 outputs, and the network 1"
    other = (TensorSpec("y", (2,), "softmax"),)
    assert fits(Preparation((X,), (Y,)), x, outputs=other) == (
        "its output `y` has 3; the network's `y` has 2"
    )
    other = (TensorSpec("y", (3,), "linear"),)
    assert fits(Preparation((X,), (Y,)), x, outputs=other) == (
        "its output `y` is a `softmax`, the network's a `linear`"
    )
    copies = dataclasses.replace(Y, copies="x")
    assert fits(Preparation((X,), (copies,)), x) == ""
    copies = dataclasses.replace(Y, copies="z")
    assert fits(Preparation((X,), (copies,)), x) == (
        "its output `y` copies `z`, which is not an input"
    )


def test_networks_in_words() -> None:
    assert _described([(4,), (8, 8, 1)], [(3,)], 12345) == (
        "inputs of 4 and 8x8x1, outputs of 3, 12,345 weights"
    )


# --- the networks of a GAN ------------------------------------------------------------------------

GENERATOR = parse("input 5 > fc-64 > reshape(8x8x1) > tanh")
SCORES = parse("input 8x8x1 > flatten > fc-1")
SIGMOID = parse("input 8x8x1 > flatten > sigmoid-1")
PATCHES = parse("input 8x8x1 > conv3-1")


@pytest.fixture
def loss(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_to(name: str) -> None:
        monkeypatch.setattr(finished, "read_recipe", lambda folder: Recipe(gan=Gan(loss=name)))

    return set_to


def test_a_generator_takes_noise_as_it_is(loss: Any) -> None:
    loss("nonsaturating")
    made = _of_part(Preparation((IMAGE,), ()), GENERATOR, Path("a"), "generator")
    (input,), (output,) = made.inputs, made.outputs
    name = GENERATOR.inputs[0].name
    assert input == InputTransform(name, (5,), False, 1.0, False, (5,))
    assert (output.loss, output.classes, output.names) == ("squared", 0, ())
    assert output.shape == (8, 8, 1)


@pytest.mark.parametrize(
    ("network", "name", "answers"),
    [
        (SCORES, "nonsaturating", True),
        (SIGMOID, "nonsaturating", True),
        (SCORES, "least-squares", False),
        (SCORES, "wasserstein-gp", False),
        (PATCHES, "nonsaturating", False),
    ],
)
def test_a_discriminator_answers_or_scores(
    network: Any, name: str, answers: bool, loss: Any
) -> None:
    loss(name)
    made = _of_part(Preparation((IMAGE,), ()), network, Path("a"), "discriminator")
    (input,), (output,) = made.inputs, made.outputs
    assert input == dataclasses.replace(IMAGE, name=input.name)
    assert input.name == network.inputs[0].name
    assert output.loss == ("binary" if answers else "squared")
    assert output.classes == (2 if answers else 0)
    assert output.names == (("generated", "real") if answers else ())


def test_a_class_is_an_index(loss: Any) -> None:
    loss("nonsaturating")
    network = parse(
        "input image: 8x8x1\ninput class: 1 of int(3)\n"
        "[ @image | @class > embed-64 > reshape(8x8x1) ] > flatten > fc-1"
    )
    made = _of_part(Preparation((IMAGE,), ()), network, Path("a"), "discriminator")
    first, second = made.inputs
    assert (first.vocabulary, first.images) == (0, True)
    assert second == InputTransform("class", (1,), True, 1.0, False, (1,), 3)
