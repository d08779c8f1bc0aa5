"""Warnings are said once a place, and silenced where their cause is."""

from __future__ import annotations

from pathlib import Path

import pytest

from netdsl.errors import Source
from netdsl.reading import ReadOptions, check_source
from netdsl.sources import read_source, stem

ROOT = Path(__file__).resolve().parents[2]


def found(text: str) -> list[tuple[str, str]]:
    """The code and message of each diagnostic of a text."""
    checked = check_source(Source("t", text), ReadOptions(), "t")
    return [(each.code, each.message) for each in checked.diagnostics]


UNIT = "def unit(c) = conv3-{c}(bias=yes) > bn > relu\n"
PAIR = "def pair(c) = conv3-{c} as m > bn > relu > add[ id | @m > conv3-{c} ]\n"


@pytest.mark.parametrize(
    ("text", "end"),
    [
        (UNIT + "8x8x3 > unit(4) > gap", "channel's mean"),
        (UNIT + "8x8x3 > unit(4) > unit(4) > gap", "mean (and 1 more use)"),
        (UNIT + "8x8x3 > unit(4) > unit(5) > unit(6) > gap", "mean (and 2 more uses)"),
        (UNIT + "8x8x3 > unit({4 + i}) x5 > gap", "mean (and 4 more uses)"),
        (PAIR + "8x8x3 > pair(4) > relu > pair(5) > gap", "which needs it (and 1 more use)"),
        ("net a\n8x8x3 > conv3-4(bias=yes) > bn > gap\n", "mean"),
    ],
)
def test_a_place_is_warned_of_once(text: str, end: str) -> None:
    ((_, message),) = found(text)
    assert message.endswith(end)


def test_each_network_keeps_its_own_warnings() -> None:
    text = f"{UNIT}net a\n8x8x3 > unit(4) > gap\nnet b\n8x8x3 > unit(4) > unit(5) > gap\n"
    checked = check_source(Source("t", text), ReadOptions(), "t")
    assert [each.message.rpartition("mean")[2] for each in checked.diagnostics] == [
        " (and 2 more uses)"
    ]
    assert [network.warnings[0].message.rpartition("mean")[2] for network in checked.networks] == [
        "",
        " (and 1 more use)",
    ]


DEFAULTS = {
    "W715": ("default conv(bias)", "8x8x3 > conv3-4 > bn > relu > gap"),
    "W706": ("default conv(lrelu(0.1))", "8x8x4 > res(conv3-4 > conv3-4, act=none) > gap > fc-2"),
    "W702": ("default conv(tanh)", "8x8x3 > conv3-4 as a > bn > relu > gap\n@a > conv3-5 > gap"),
}


@pytest.mark.parametrize("code", DEFAULTS)
def test_a_comment_at_the_default_that_is_the_cause_silences(code: str) -> None:
    default, rest = DEFAULTS[code]
    assert [each for each, _ in found(f"{default}\n{rest}") if each == code] == [code]
    assert code not in [each for each, _ in found(f"{default}  # netdsl: ignore {code}\n{rest}")]
    assert "W718" not in [each for each, _ in found(f"{default}  # netdsl: ignore {code}\n{rest}")]


def test_a_comment_at_another_default_silences_nothing() -> None:
    text = (
        "default conv(bias)\ndefault fc(bias)  # netdsl: ignore W715\n"
        "8x8x3 > conv3-4 > bn > gap > fc-2"
    )
    assert [code for code, _ in found(text)] == ["W715", "W718"]


def test_a_bias_of_the_layer_itself_is_silenced_at_the_layer_alone() -> None:
    text = "default conv(bias)  # netdsl: ignore W715\n8x8x3 > conv3-4(bias=yes) > bn > gap"
    assert [code for code, _ in found(text)] == ["W715", "W718"]


@pytest.mark.parametrize(
    ("norm", "claimed"), [("bn", True), ("in", True), ("in(scale=no, shift=no)", False)]
)
def test_a_norm_has_a_shift_of_its_own_where_it_is_said(norm: str, claimed: bool) -> None:
    text = f"8x8x3 > conv3-4({norm}, bias=yes) > gap"
    (diagnostic,) = check_source(Source("t", text), ReadOptions(), "t").diagnostics
    assert diagnostic.code == "W715"
    assert ("its own shift" in diagnostic.help) is claimed


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").rglob("*.net")), ids=lambda path: path.stem
)
def test_examples_are_quiet(path: Path) -> None:
    assert not check_source(read_source(path), ReadOptions(str(path)), stem(path)).diagnostics
