"""Axes by their names: `over=channels`, `positions`, `h`, `w`, `d`, `n`."""

from __future__ import annotations

import pytest
from support.networks import codes, only, read

from netdsl.analysis.receptive import receptive_fields
from netdsl.kinds import KINDS
from netdsl.kinds.act_normalised import Normalised

SHAPES = [
    ("8x6x4", "channels", (8, 6), (8, 6, 1)),
    ("8x6x4", "positions", (4,), (1, 1, 4)),
    ("8x6x4", "h", (6, 4), (1, 6, 4)),
    ("8x6x4", "w", (8, 4), (8, 1, 4)),
    ("10x4", "positions", (4,), (1, 4)),
    ("10x4", "n", (4,), (1, 4)),
    ("10x4", "channels", (10,), (10, 1)),
    ("3x8x6x4", "d", (8, 6, 4), (1, 8, 6, 4)),
    ("3x8x6x4", "positions", (4,), (1, 1, 1, 4)),
    ("5", "channels", (1,), (1,)),
]


@pytest.mark.parametrize(("shape", "over", "gone", "kept"), SHAPES)
@pytest.mark.parametrize("word", ["mean", "max", "sum"])
def test_the_axis_goes_or_stays_one_long(
    shape: str, over: str, gone: tuple[int, ...], kept: tuple[int, ...], word: str
) -> None:
    assert read(f"{shape} > {word}(over={over})").outputs[0].shape == gone
    assert read(f"{shape} > {word}({over}, keep)").outputs[0].shape == kept
    assert read(f"{shape} > softmax({over})").outputs[0].shape == tuple(map(int, shape.split("x")))


REFUSED = [
    ("8x6x4 > {}(over=n)", "N202", "8x6x4 has h and w and channels"),
    ("8x6x4 > {}(over=d)", "N202", "8x6x4 has h and w and channels"),
    ("10x4 > {}(over=h)", "N202", "10x4 has n and channels"),
    ("5 > {}(over=positions)", "N202", "5 has channels alone"),
    ("8x6x4 > {}(over=rows)", "N107", "one of channels, positions, h, w, d, n, not rows"),
    ("8x6x4 > {}(over=1)", "N107", "not 1"),
    ("8x6x4 > {}(h, over=w)", "N104", "given twice"),
]


@pytest.mark.parametrize(("text", "code", "says"), REFUSED)
@pytest.mark.parametrize("word", ["mean", "max", "sum", "softmax"])
def test_what_it_refuses(text: str, code: str, says: str, word: str) -> None:
    assert says in only(text.format(word), code).message


@pytest.mark.parametrize("word", ["mean", "max", "sum"])
def test_the_axis_must_be_said(word: str) -> None:
    found = only(f"8x6x4 > {word}", "N106")
    assert f"{word}(over=" in found.help


def test_a_merge_and_a_layer_have_one_word() -> None:
    text = "8x6x4 > max[ id | conv1-4(tanh) ] > max(over=h) > max[ id | dense-4(tanh) ]"
    assert read(text).outputs[0].shape == (6, 4)
    assert only("8x6x4 > max(h)[ id | id ]", "N103").help == "as a layer it is max(over=h, keep=no)"
    assert codes("8x6x4 > max(over=h)[ id | id ]") == ["N103"]
    assert KINDS["max"].merges
    assert not KINDS["max()"].merges


def test_defaults_of_the_axis() -> None:
    text = "default mean(keep), softmax(over=positions)\n8x6x4 > mean(channels) > softmax"
    assert read(text).outputs[0].shape == (8, 6, 1)
    assert not codes(text)


def test_over_positions_one_channel_is_fine() -> None:
    """What is said of probabilities of the channels is not said of others."""
    assert codes("10x4 > dense-1(linear) > softmax") == ["W719"]
    assert codes("10x4 > dense-1(linear) > softmax(over=positions)") == []
    assert codes("10x4 > dense-3(linear) > softmax(over=positions) > softmax") == []
    assert codes("10x4 > dense-3(softmax) > softmax(over=n)") == []
    assert read("10x4 > dense-3(linear) > softmax").outputs[0].activation == "softmax"
    assert read("10x4 > dense-3(linear) > softmax(over=n)").outputs[0].activation == "linear"


def test_an_activation_of_another_layer_may_have_an_axis() -> None:
    network = read("10x4 > dense-1(softmax(over=positions)) > sum(over=positions)")
    assert isinstance(network.graph.ops[2].kind, Normalised)
    assert network.graph.ops[2].kind.written() == "softmax(over=positions)"


def test_receptive_fields() -> None:
    text = "9x9x3 > conv3-4 > {} > conv3-4"
    fields = {
        step: str(receptive_fields(read(text.format(step)).graph)[-1])
        for step in ("mean(over=channels, keep)", "softmax", "softmax(over=w)", "max(h, keep)")
    }
    assert fields == {
        "mean(over=channels, keep)": "5/1",
        "softmax": "5/1",
        "softmax(over=w)": "whole, 5/1",
        "max(h, keep)": "whole",
    }
