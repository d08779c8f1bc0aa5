"""Params from outside have one value, whatever way they take: `-p`, a recipe, Python."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import netdsl
from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.params import as_declared, exact_params, is_name, param_text, parse_param
from netdsl.training.recipes.recipe import Recipe, parse_recipe, to_yaml

TEXT = "param w = 1\nparam on = no\n8 > fc-{48*w} > when(on, relu) > fc-2"

texts = st.one_of(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=20),
    st.sampled_from(["yes", "no", "1/3", "1e3", "0.5", "", "null", "- a", "a: b", "#x", "1_000"]),
)
numbers = st.one_of(
    st.integers(-(2**63), 2**63),
    st.fractions(max_denominator=10**9),
    st.floats(allow_nan=False, allow_infinity=False),
)


@pytest.mark.slow
@given(
    st.dictionaries(st.from_regex("[a-z_]{1,8}", fullmatch=True), texts | numbers | st.booleans())
)
def test_a_recipe_keeps_params_as_they_are(params: dict[str, Any]) -> None:
    exact = exact_params(params)
    written = to_yaml(Recipe(params=exact))
    assert parse_recipe(written).params == exact
    assert to_yaml(parse_recipe(written)) == written


lists = st.recursive(
    st.lists(numbers, min_size=1, max_size=4),
    lambda inner: st.lists(inner, min_size=1, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@given(lists)
def test_lists_are_read_as_they_are_written(value: Any) -> None:
    exact = exact_params({"w": value})
    assert parse_param(param_text(exact["w"])) == exact["w"]
    written = to_yaml(Recipe(params=exact))
    assert parse_recipe(written).params == exact


@pytest.mark.parametrize(
    "text",
    [
        "(1)",
        "[]",
        "[1,]",
        "[1, [2]]",
        "(1, 2",
        "[a]",
        "(1, 2), (3)",
        "[1] [2]",
        "[1 2]",
        "[[1] [2]]",
        "[1]]",
        "(1,)",
        "[,1]",
        "[1,,2]",
        "[1)",
        "(1, 2]",
        "[1, 2",
        "[[1]",
        "[",
    ],
)
def test_what_is_not_a_list_is_a_text(text: str) -> None:
    assert parse_param(text) == text


def test_how_deep_lists_from_outside_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.params.MAX_NESTED", 2)
    assert parse_param("[[1]] ") == ((1,),)
    assert parse_param("[[[1]]]") == "[[[1]]]"


@pytest.mark.parametrize(
    ("text", "name"), [("a_1", True), ("_", True), ("1a", False), ("a-b", False), ("", False)]
)
def test_names_of_params(text: str, name: bool) -> None:
    assert is_name(text) == name


def number(**ways: Any) -> Any:
    """An object of a class of its own with such ways to become a number."""
    return type("Number", (), {way: lambda _, value=value: value for way, value in ways.items()})()


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (2**2048 - 1, 2**2048 - 1),
        (2**2048, None),
        (Fraction(1, 2**2047), Fraction(1, 2**2047)),
        (Fraction(1, 2**2048), None),
        (np.array(5), 5),
        (np.array(True), True),
        (Decimal("0.10"), Fraction(1, 10)),
        (number(__index__=2**60 + 1), 2**60 + 1),
        (number(__float__=0.5), Fraction(1, 2)),
    ],
)
def test_numbers_of_other_libraries(given: Any, value: object) -> None:
    if value is None:
        with pytest.raises(
            NetError, match="`w` is a number of 2,049 bits; expressions hold at most 2,048"
        ):
            exact_params({"w": given})
        return
    found = exact_params({"w": given})["w"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("params", "error", "said"),
    [
        ([("w", 1)], TypeError, "`params` accepts names with values, such as .*, not \\["),
        ({1: 2}, TypeError, "`params` accepts names that are texts, not 1"),
        ({"w": None}, TypeError, "the param `w` accepts a number, .*, not None"),
        ({"w": math.nan}, NetError, "N107.*the param `w` accepts a number, .*, not nan"),
        ({"w": np.float32(np.inf)}, NetError, "N107"),
        ({"w": 1j}, TypeError, "not 1j"),
    ],
)
def test_what_is_not_a_param(params: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        exact_params(params)


@pytest.mark.parametrize(
    ("given", "own", "value"),
    [
        ("yes", True, True),
        ("no", True, False),
        ("maybe", True, "maybe"),
        ("yes", "no", "yes"),
        (True, "no", "yes"),
        (False, "", "no"),
        (True, False, True),
        (1, "no", 1),
        ("a", 1, "a"),
    ],
)
def test_yes_and_no_as_they_are_declared(given: Any, own: Any, value: Any) -> None:
    found = as_declared(given, own)
    assert (found, type(found)) == (value, type(value))


def test_lists_from_python() -> None:
    network = netdsl.parse("param w = (1, 2)\n3 > fc-{w[0]}", params={"w": np.array([5, 6])})
    assert network.graph.ops[-1].shape == (5,)
    endless: list[Any] = [1]
    endless.append(endless)
    with pytest.raises(NetError, match="too many numbers or levels"):
        exact_params({"w": endless})
    for value in ([], [1, [2]], ["a"], [True]):
        with pytest.raises(TypeError, match="or a list of numbers"):
            exact_params({"w": value})


@pytest.mark.parametrize(
    ("value", "held"),
    [
        ([1, 2, 3, 4], True),
        ([1, 2, 3, 4, 5], False),
        # Lists count as what they hold does: 2, and 1 for each number.
        ([[1], [2]], True),
        ([[1], [2, 3]], False),
        ([[[1]]], True),
        ([[[[1]]]], False),
        (np.zeros((2, 1)), True),
        (np.zeros((2, 2)), False),
    ],
)
def test_how_large_lists_from_python_may_be(
    value: Any, held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netdsl.params.MAX_ITEMS", 4)
    monkeypatch.setattr("netdsl.params.MAX_NESTED", 3)
    if held:
        assert exact_params({"w": value})
        return
    with pytest.raises(NetError, match="the list of the param `w` has too many") as caught:
        exact_params({"w": value})
    assert caught.value.diagnostics[0].code == "N404"


@given(numbers | st.booleans())
def test_what_is_written_is_read_as_the_same_value(value: Any) -> None:
    exact = exact_params({"w": value})["w"]
    assert parse_param(param_text(exact)) == exact
    assert type(parse_param(param_text(exact))) is type(exact)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("1_000", 1000),
        ("0.5", Fraction(1, 2)),
        ("1/3", Fraction(1, 3)),
        ("4/2", 2),
        ("1e-2", Fraction(1, 100)),
        (".5", Fraction(1, 2)),
        ("yes", True),
        ("no", False),
        ("1/0", "1/0"),
        ("-.5e1", -5),
        ("1.", 1),
        ("2e-1", Fraction(1, 5)),
        ("-1/3", Fraction(-1, 3)),
        ("1__0", "1__0"),
        ("1e", "1e"),
        (".", "."),
        ("9" * 616, 10**616 - 1),
        ("9" * 641, "9" * 641),
        ("nan", "nan"),
        ("wide", "wide"),
        ("[1, 2]", (1, 2)),
        ("[[1, 2], [1/3]]", ((1, 2), (Fraction(1, 3),))),
        ("[.5]", (Fraction(1, 2),)),
        ("", ""),
    ],
)
def test_texts_as_values(text: str, value: object) -> None:
    assert parse_param(text) == value
    assert type(parse_param(text)) is type(value)
    assert parse_recipe(f"params: {{w: {text or repr(text)}}}").params["w"] == value


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (0.1, Fraction(1, 10)),
        (2.0, 2),
        (np.int64(6), 6),
        (np.float32(0.5), Fraction(1, 2)),
        (np.bool_(True), True),
        (Fraction(4, 2), 2),
    ],
)
def test_numbers_of_python(given: object, value: object) -> None:
    assert exact_params({"w": given}) == {"w": value}


def test_the_command_line_and_python_give_one_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", TEXT, "-p", "w=1/3", "-p", "on=yes"]) == 0
    shown = capsys.readouterr().out
    network = netdsl.parse(TEXT, params={"w": Fraction(1, 3), "on": True})
    assert network.table() in shown
    assert network == netdsl.parse("8 > fc-16 > relu > fc-2")


@pytest.mark.parametrize("value", ["yes", True])
def test_yes_and_no_are_words_where_the_param_is_a_text(value: object) -> None:
    text = 'param mode = "no"\n8 > fc-{if(mode == "yes", 4, 3)}'
    assert netdsl.parse(text, params={"mode": value}).outputs[0].shape == (4,)


def test_a_word_for_yes_or_no_that_is_neither_is_refused_as_it_was_written() -> None:
    text = "param on = yes\n8 > fc-{if(on, 4, 3)}"
    assert netdsl.parse(text, params={"on": "no"}).outputs[0].shape == (3,)
    with pytest.raises(NetError, match=r'N111.*the string "perhaps"'):
        netdsl.parse(text, params={"on": "perhaps"})
