"""`check --equivariant`: whether outputs move with the input."""

from __future__ import annotations

import json

import numpy as np
import pytest

import netdsl
from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.lab.equivariance import _axis_names, _some_weights, equivariance

MOVES, STAYS = "moves with it", "stays"
ANSWERS = [
    ("16x16x1 > conv3-4(relu) > conv3-2", "shift", MOVES),
    ("16x16x1 > conv3-4 > pool > conv3-2/2", "shift", MOVES),
    ("12x3 > conv3-4(dilation=2) > dw3", "shift", MOVES),
    ("8x8x2 > up2 > conv3-2", "shift", MOVES),
    ("8x8x1 > crop(2)", "shift", MOVES),
    ("9x9x1 > local3-2", "shift", "no"),
    ("16x16x1 > conv3-4 > fc-3", "shift", "no"),
    ("8x2 > pos > relu", "shift", "no"),
    ("8x8x2 > conv1-3(relu) > gap", "shift", STAYS),
    ("8x8x2 > conv3-3(init=1)", "rotate90", MOVES),
    ("8x8x2 > conv3-3", "rotate90", "no"),
    ("8x8x2 > conv1-3(relu) > gap > fc-2", "rotate90", STAYS),
    ("8x8x2 > conv1-3 > pool", "rotate90", MOVES),
    ("8x8x2 > up2", "rotate90", MOVES),
    ("8x8x2 > pool2x4", "rotate90", "no"),
    ("8x8x2 > avgpool8", "rotate90", STAYS),
    ("8x8x2 > conv8-3(pad=0)", "rotate90", "no"),
    ("8x8x2 > gap > fc-8", "rotate90", STAYS),
    ("1x1x2 > relu", "rotate90", MOVES),
    ("8x8x1 > conv3-2(init=0)", "rotate90", MOVES),
    ("6x4 > gap > fc-6", "permute", STAYS),
    ("6x4 > dense-3(relu) > attention(heads=3)", "permute", MOVES),
    ("6x4 > dense-3(relu) > gap > fc-2", "permute", STAYS),
    ("6x4 > pos > attention(heads=2)", "permute", "no"),
    ("6x4 > gru-3(seq)", "permute", "no"),
    ("6 of int(9) > embed-3 > sum(over=positions)", "permute", STAYS),
    ("5 > relu", "permute", MOVES),
    ("5 > fc-5", "permute", "no"),
]


@pytest.mark.parametrize(("text", "change", "verdict"), ANSWERS)
def test_answers(text: str, change: str, verdict: str) -> None:
    found = netdsl.parse(text).equivariance(change)
    assert {each.verdict for each in found} == {verdict}, found
    for each in found:
        assert (each.largest > 1e-6 * each.scale) == (verdict == "no")


def test_the_numbers_are_those_of_a_seed() -> None:
    network = netdsl.parse("6 > fc-3")
    found = [equivariance(network, "permute"), equivariance(network, "permute", 0)]
    assert found[0] == found[1] == list(network.equivariance("permute"))
    assert equivariance(network, "permute", 1) != found[0]


def test_random_weights_keep_the_size_of_numbers() -> None:
    graph = netdsl.parse("400 > fc-100(linear, bias_init=2)").graph
    (arrays,) = _some_weights(np, graph, np.random.default_rng(0)).values()
    assert arrays["kernel"].std() == pytest.approx(1 / 20, rel=0.02)
    assert set(arrays["bias"]) == {2}


@pytest.mark.parametrize(
    ("rank", "names"),
    [
        (1, ["n"]),
        (2, ["h", "w"]),
        (3, ["d", "h", "w"]),
        (4, ["axis 0", "axis 1", "axis 2", "axis 3"]),
    ],
)
def test_names_of_axes(rank: int, names: list[str]) -> None:
    assert [*_axis_names(rank)] == names


def test_shifts_are_by_the_stride_and_borders_are_apart() -> None:
    along_h, along_w = netdsl.parse("16x20x1 > conv3-4(bias_init=1) > pool2x4").equivariance(
        "shift"
    )
    assert along_h.change == "shift by 2 along h"
    assert along_w.change == "shift by 4 along w"
    assert along_h.largest == along_w.largest == 0
    assert along_h.borders is not None
    assert along_h.borders > 0.01
    # What sees every position has no borders.
    (attention,) = netdsl.parse("6x4 > attention(heads=2)").equivariance("shift")
    assert (attention.verdict, attention.borders) == (MOVES, None)


@pytest.mark.parametrize(
    ("text", "change", "said"),
    [
        ("5 > relu", "shift", "a vector has no positions"),
        ("8x6x1 > relu", "rotate90", "8x6x1"),
        ("8x6 > relu", "rotate90", "square image"),
        ("5x5x1 > (conv3-1 > relu) x4", "shift", "sees the border along h"),
        ("input a: 3\ninput b: 3\nadd[ @a | @b ]", "permute", "2 inputs"),
        ("4x4x1 > conv3-1/4", "shift", "has 4 positions along h, too few for a shift by 4"),
    ],
)
def test_what_cannot_be_said(text: str, change: str, said: str) -> None:
    with pytest.raises(NetError, match=said) as caught:
        netdsl.parse(text).equivariance(change)
    assert caught.value.code == "N682"


def test_what_is_too_large_is_not_referred_to_an_option_that_there_is_not() -> None:
    with pytest.raises(NetError, match="a smaller input") as caught:
        netdsl.parse("2000x2000x8 > relu").equivariance("rotate90")
    assert "--engine" not in str(caught.value)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "8x8x2 > conv3-3(init=1)", "--equivariant", "rotate90"]) == 0
    assert "quarter turn  moves with it" in capsys.readouterr().out
    assert main(["check", "8x8x2 > conv3-3", "--equivariant", "rotate90", "--json"]) == 1
    (file,) = json.loads(capsys.readouterr().out)["files"]
    ((row,),) = file["equivariance"].values()
    assert (row["verdict"], row["change"]) == ("no", "quarter turn")
    assert len(row["where"]) == 3
    assert main(["check", "5 > relu", "--equivariant", "shift"]) == 1
    assert "N682" in capsys.readouterr().err
