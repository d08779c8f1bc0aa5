"""How an imported file writes values, options and names. No framework is imported."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from netdsl import parse
from netdsl.keras.describe import _given_names
from netdsl.keras.model_call import no_word
from netdsl.keras.spelling import option_text, value_text
from netdsl.kinds import KINDS, Argument, Word
from netdsl.kinds.values import Dims


def word(text: str, *values: Any, **named: Any) -> Word:
    arguments = [Argument(None, value) for value in values]
    arguments += [Argument(name, value) for name, value in named.items()]
    return Word(text, tuple(arguments))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1, 5), "0.2"),
        (Fraction(3), "3.0"),
        (Fraction("1e-5"), "1e-5"),
        (Fraction("1e-12"), "1e-12"),
        (Fraction(1, 255), "1/255"),
        (Fraction(2, 255), "1/127.5"),
        (Fraction(2, 7), "1/3.5"),
        (Fraction(-2, 7), "-1/3.5"),
        (Fraction(3, 7), "3/7"),
        (Fraction(-3, 7), "-3/7"),
        (Fraction(-1, 2), "-0.5"),
        (Fraction(-1, 3), "-1/3"),
        (3, "3"),
        (Dims((3, 5)), "3x5"),
        ((0, Fraction(1, 2)), "(0, 0.5)"),
        (word("same"), "same"),
        (word("normal", Fraction(1, 50)), "normal(0.02)"),
        (word("bn", momentum=Fraction(9, 10), scale=False), "bn(momentum=0.9, scale=no)"),
        (word("dropout", seed=True), "dropout(seed)"),
    ],
)
def test_values(value: Any, text: str) -> None:
    assert value_text(value) == text
    if isinstance(value, Fraction):
        assert parse(f"4 > rescale({text})").graph.ops[-1].kind.values["factor"] == value


@pytest.mark.parametrize(
    ("kind", "option", "value", "text"),
    [
        ("conv", "act", word("relu"), "relu"),
        ("conv", "pad", word("same"), "pad=same"),
        ("conv", "pad", 0, "pad=0"),
        ("conv", "convolve", True, "convolve"),
        ("conv", "bias", False, "bias=no"),
    ],
)
def test_options(kind: str, option: str, value: Any, text: str) -> None:
    assert option_text(KINDS[kind].options[option], value) == text


@pytest.mark.parametrize(
    ("name", "class_name", "written_as", "kept"),
    [
        ("answer", "Dense", "", "answer"),
        ("dense", "Dense", "", ""),
        ("dense_12", "Dense", "", ""),
        ("max_pooling2d_1", "MaxPooling2D", "", ""),
        ("dense_head", "Dense", "", "dense_head"),
        ("separable_conv2d", "DepthwiseConv2D", "SeparableConv2D", ""),
        ("t12", "Dense", "", ""),  # as points without names are called
        ("t", "Dense", "", "t"),
    ],
)
def test_names_of_outputs_that_a_person_chose(
    name: str, class_name: str, written_as: str, kept: str
) -> None:
    call = SimpleNamespace(class_name=class_name, written_as=written_as)
    calls: Any = SimpleNamespace(outputs=(0,), output_names=(name,), calls=[call])
    assert _given_names(calls) == [kept]


def test_what_the_language_has_no_word_for() -> None:
    assert str(no_word("a", "Odd")) == (
        "error[N621]: the language cannot express layer `a` (Odd)\n"
        "  help: write that part by hand, or leave it out of the model"
    )
    assert "layer `a` (Odd): its axis is 2" in str(no_word("a", "Odd", "its axis is 2"))
