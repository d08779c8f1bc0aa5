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


@pytest.mark.parametrize(
    ("defaults", "codes"),
    [
        ("default conv(bias)  # netdsl: ignore W715\ndefault conv(bias)", ["W715", "W718"]),
        ("default conv(bias)\ndefault conv(bias)  # netdsl: ignore W715", []),
        ("default lrelu(0.1)\ndefault conv(bias=yes)  # netdsl: ignore W715", []),
    ],
)
def test_the_default_in_force_is_the_cause(defaults: str, codes: list[str]) -> None:
    text = f"{defaults}\n8x8x3 > conv3-4 > bn > gap > fc-2"
    assert [code for code, _ in found(text)] == codes


def test_a_bias_of_the_layer_itself_is_silenced_at_the_layer_alone() -> None:
    text = "default conv(bias)  # netdsl: ignore W715\n8x8x3 > conv3-4(bias=yes) > bn > gap"
    assert [code for code, _ in found(text)] == ["W715", "W718"]


def test_the_param_of_nothing_comes_first() -> None:
    """Before what is at the beginning of the text."""
    checked = check_source(Source("t", "conv3-4 > gap"), ReadOptions(params={"w": 2}), "t")
    assert [each.code for each in checked.diagnostics] == ["N108", "N209"]


@pytest.mark.parametrize(
    ("used", "text", "codes"),
    [
        # What is in a used file comes before what is in the text.
        ("\n{}", 'param c = 8\nuse "b.net"\n8x8x3 > u > gap > fc-2', ["W715", "W711"]),
        # A comment silences in its own file, and a line is one of its file.
        ("# netdsl: ignore W715\n{}", 'use "b.net"\n8x8x3 > u > gap > fc-2', ["W715"]),
        ("{} # netdsl: ignore W715", 'use "b.net"\n8x8x3 > u > gap > fc-2', []),
        (
            "{} # netdsl: ignore W715",
            'use "b.net" # netdsl: ignore W715\n8x8x3 > u > gap > fc-2',
            ["W718"],
        ),
    ],
)
def test_warnings_of_a_used_file(used: str, text: str, codes: list[str], tmp_path: Path) -> None:
    (tmp_path / "b.net").write_text(used.format("def u() = conv3-4(bias=yes) > bn") + "\n")
    (tmp_path / "a.net").write_text(text)
    path = str(tmp_path / "a.net")
    checked = check_source(read_source(path), ReadOptions(path), "a")
    assert [each.code for each in checked.diagnostics] == codes


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
