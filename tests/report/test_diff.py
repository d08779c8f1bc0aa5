"""`netdsl diff`: what is the same network, how rows are aligned, what is printed, and the ways
in which git asks.
"""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from support.programs import program

import netdsl
from netdsl import Network
from netdsl.cli.main import main
from netdsl.errors import Source
from netdsl.reading import ReadOptions, check_source
from netdsl.report.alignment import aligned, common
from netdsl.report.diff import compare, difference
from netdsl.report.diff_json import diff_values
from netdsl.report.diff_text import diff_text
from netdsl.report.write import written_out

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.net"))
DIFF = f"{sys.executable} -m netdsl diff"


def changed(a: str, b: str) -> list[str]:
    """The rows that differ: a mark, then the layers."""
    found = difference(netdsl.parse(a), netdsl.parse(b))
    marks = {"removed": "-", "added": "+", "changed": "~"}
    return [
        " ".join(
            [
                marks[change.what],
                *(line.text for line in (change.a, change.b) if line),
                *change.notes,
            ]
        )
        for change in found.changes
        if change.what != "same"
    ]


# --- what is the same -----------------------------------------------------------------------------

SAME = [
    ("8x8x3 > conv3-4 x2 > gap", "8x8x3 > conv3-4 > conv3-4 > gap"),
    ("8x8x3 > conv3-4(bn, bias=no) > gap", "8x8x3 > conv3-4(bias=no) > bn > relu > gap"),
    (
        "8x8x3 > conv3-4 > gap",
        "# a comment\nnet other\ninput image: 8x8x3\n@image > conv3-4(relu) as c > gap",
    ),
    (
        "8x8x3 > res(conv3-4 > conv3-3) > gap",
        "8x8x3 > conv3-4 > conv3-3(act=none) as c\nadd[ @c | @input ] > relu > gap",
    ),
    (
        "6 > fc-3 as x\n@x > fc-2 as y\n@x > fc-4 as z",
        "6 > fc-3 as z\n@z > fc-2 as a\n@z > fc-4 as b",
    ),
    ("8x8x3 > pool as p > unpool(@p) > gap", "8x8x3 > pool as q > unpool(@q) > gap"),
]


def same(a: str, b: str) -> bool:
    return difference(netdsl.parse(a), netdsl.parse(b)).same


@pytest.mark.parametrize(("a", "b"), SAME)
def test_spelling_and_names_do_not_count(a: str, b: str) -> None:
    assert same(a, b)
    assert same(b, a)


def test_the_order_in_which_branches_are_written_does_not_count() -> None:
    a = (
        "8x8x3 > conv3-4(relu) as c\n@c > conv1-2(relu) as x\n@c > conv3-5(relu) as y\n"
        "[ @x | @y ] > gap"
    )
    b = (
        "8x8x3 > conv3-4(relu) as c\n@c > conv3-5(relu) as y\n@c > conv1-2(relu) as x\n"
        "[ @x | @y ] > gap"
    )
    assert same(a, b)
    assert not same(a, b.replace("@x | @y", "@y | @x"))


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_expand_writes_is_the_same(path: Path) -> None:
    for network in check_source(
        Source(str(path), path.read_text(encoding="utf-8")), ReadOptions(str(path)), path.stem
    ).networks:
        assert difference(network, netdsl.parse(written_out(network))).same


@pytest.mark.slow
def test_random_programs_are_what_expand_writes_and_differ_from_each_other() -> None:
    before: Network | None = None
    for seed in range(60):
        checked = check_source(
            Source("random", program(random.Random(seed)).text), ReadOptions(), "random"
        )
        assert not checked.faulty
        network = checked.networks[0]
        assert difference(network, netdsl.parse(written_out(network))).same
        if before is not None:
            found = difference(before, network)
            assert found.same == (not found.changes)
            assert sum(change.a is not None for change in found.changes) in (
                0,
                len(before.graph.layers),
            )
            assert sum(change.b is not None for change in found.changes) in (
                0,
                len(network.graph.layers),
            )
        before = network


# --- what differs ---------------------------------------------------------------------------------

LONG = "conv3-4(init=he_uniform, bias_init=0.25, pad=same"  # of 49 characters
TWICE = "8x8x3 > conv3-3 as a > conv3-3 as b > "
DIFFERENT = [
    ("8x8x3 > conv3-4 > gap", "8x8x3 > conv3-5 > gap", ["~ conv3-4 conv3-5", "~ gap gap"]),
    ("8x8x3 > conv3-4 > pool > gap", "8x8x3 > conv3-4 > gap", ["- pool"]),
    ("8x8x3 > conv3-4 > gap", "8x8x3 > conv3-4 > pool > gap", ["+ pool"]),
    ("8x8x3 > conv3-4 x3 > pool > gap", "8x8x3 > conv3-4 x4 > pool > gap", ["+ conv3-4"]),
    (
        "8x8x3 > conv3-4 > pool",
        "default conv(pad=0)\n8x8x3 > conv3-4 > pool",
        ["~ conv3-4 conv3-4 pad same -> 0", "~ pool pool"],
    ),
    ("8x8x3 > conv3-4 > relu", "8x8x3 > conv3-4(bn) > relu", ["~ conv3-4 conv3-4(bn)"]),
    # A row is its norm and its activation too: nothing else differs, nor how many weights it has.
    ("8 > fc-4(relu)", "8 > fc-4(gelu)", ["~ fc-4(relu) fc-4(gelu)"]),
    ("8 > fc-4(bn, relu)", "8 > fc-4(ln, relu)", ["~ fc-4(bn, relu) fc-4(ln, relu)"]),
    (
        "8x8x3 > conv3-4 > relu",
        "8x8x3 > conv3-4 > tanh",
        ["~ conv3-4 conv3-4 init he_normal -> glorot_uniform", "~ relu tanh"],
    ),
    (
        f"{TWICE}add[ @a | conv3-3 ]",
        f"{TWICE}add[ @b | conv3-3 ]",
        ["~ add[ ... ] add[ ... ] reads a -> b"],
    ),
    (
        f"{TWICE}add[ @a | id ]",
        f"{TWICE}add[ @a | id | @a ]",
        ["~ add[ ... ] add[ ... ] inputs 2 -> 3"],
    ),
    (
        "let e = conv3-3(relu)\n8x8x3 > e > e",
        "8x8x3 > conv3-3(relu) > conv3-3(relu)",
        ["~ conv3-3(relu) conv3-3(relu) weights of e_conv_1 -> its own"],
    ),
    (
        "8x8x3 > conv3-3(relu) > conv3-3(relu)",
        "let e = conv3-3(relu)\n8x8x3 > e > e",
        ["~ conv3-3(relu) conv3-3(relu) weights its own -> of e_conv_1"],
    ),
    (
        "6 > fc-4 as a > fc-6(linear) as b",
        "6 > fc-4 as a > fc-6(linear) as b\ntie b = transpose a",
        ["~ fc-6(linear) fc-6(linear) weights its own -> of a"],
    ),
    # Of one network with other sizes rows belong together by their places, whatever they say.
    (
        "8x8x3 > conv3-4 > conv3-8 > conv3-16",
        "8x8x3 > conv3-8 > conv3-16 > conv3-32",
        ["~ conv3-4 conv3-8", "~ conv3-8 conv3-16", "~ conv3-16 conv3-32"],
    ),
    (
        "8x8x3 > conv3-4 > conv3-8 > conv3-16",
        "8x8x3 > conv3-8 > conv3-16 > conv3-32 > pool",
        [
            "- conv3-4",
            "~ conv3-8 conv3-8",
            "~ conv3-16 conv3-16 act none -> relu init glorot_uniform -> he_normal",
            "+ conv3-32",
            "+ pool",
        ],
    ),
    # The first row is added, or removed.
    (
        "input 4 > relu > fc-2",
        "learned q: 4\ninput 4 > relu > add[ id | @q ] > fc-2",
        ["+ learned q: 4", "+ add[ ... ]"],
    ),
    (
        "learned q: 4\ninput 4 > relu > add[ id | @q ] > fc-2",
        "input 4 > relu > fc-2",
        ["- learned q: 4", "- add[ ... ]"],
    ),
    # Options that the texts do not show: of defaults, and at the ends of long rows.
    (
        "default conv(bn)\n8x8x3 > conv3-4",
        "default conv(gn(groups=2))\n8x8x3 > conv3-4",
        ["~ conv3-4 conv3-4 norm bn -> gn"],
    ),
    (
        "default conv(gn(groups=2))\n8x8x3 > conv3-4",
        "default conv(gn(groups=4))\n8x8x3 > conv3-4",
        ["~ conv3-4 conv3-4 norm gn(groups=2) -> gn(groups=4)"],
    ),
    (
        f"8x8x3 > {LONG}, tanh)",
        f"8x8x3 > {LONG}, sigmoid)",
        [f"~ {LONG}, tanh) {LONG}, sigmoid) act tanh -> sigmoid"],
    ),
    (
        "8x8x3 > conv3-4(pad=0)",
        "8x8x3 > conv3-4(pad=1)",
        ["~ conv3-4(pad=0) conv3-4(pad=1)"],
    ),
    (
        "12x8 > dense-8 as q > attention(heads=2, kv=@q)",
        "default attention(bias=no)\n12x8 > dense-8 as r > attention(heads=2, kv=@r)",
        ["~ attention(heads=2, kv=@q) attention(heads=2, kv=@r)"],
    ),
    (
        "12x8 > dense-8 as q > attention(heads=2, kv=@q)",
        "default attention(bias=no)\n12x8 > dense-8 as q > attention(heads=2, kv=@q)",
        ["~ attention(heads=2, kv=@q) attention(heads=2, kv=@q) bias yes -> no"],
    ),
    (
        "12 of int(50) > embed-4",
        "12 of int(60) > embed-4",
        ["~ input 12 of int(50) input 12 of int(60)", "~ embed-4 embed-4"],
    ),
]


@pytest.mark.parametrize(("a", "b", "rows"), DIFFERENT)
def test_rows_that_differ(a: str, b: str, rows: list[str]) -> None:
    assert changed(a, b) == rows
    assert not same(a, b)


def test_networks_that_differ_in_the_order_of_their_outputs_alone() -> None:
    a, b = (netdsl.parse("6 > fc-3 as h\n@h > fc-2\n@h > fc-2(tanh)") for _ in "ab")
    b = b.replace(graph=a.graph._replace(outputs=a.graph.outputs[::-1]))
    assert "the rows are the same; the inputs or the outputs are in another order" in diff_text(
        compare([a], [b]), ("a", "b")
    )


# --- alignment ------------------------------------------------------------------------------------


def longest(a: Sequence[int], b: Sequence[int]) -> int:
    """The length of a longest common subsequence, by the plain table."""
    row = [0] * (len(b) + 1)
    for one in a:
        before, row = row, [0]
        for j, other in enumerate(b):
            row.append(before[j] + 1 if one == other else max(before[j + 1], row[j]))
    return row[-1]


def test_a_longest_common_subsequence() -> None:
    rng = random.Random(1)
    for length in (*[14] * 3000, *[70] * 30):
        a, b = ([rng.randrange(3) for _ in range(rng.randrange(length))] for _ in "ab")
        pairs = common(a, b)
        assert all(a[i] == b[j] for i, j in pairs)
        assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))
        assert len(pairs) == longest(a, b)


def test_what_comes_first_is_paired() -> None:
    assert common("cccp", "ccccp") == [(0, 0), (1, 1), (2, 2), (3, 4)]
    assert common("xcccp", "yccccp") == [(1, 1), (2, 2), (3, 3), (4, 5)]


def test_each_element_appears_once_and_in_order() -> None:
    rng = random.Random(2)
    for _ in range(500):
        a, b = (
            [(x := rng.randrange(8), x // 2, x // 4) for _ in range(rng.randrange(9))] for _ in "ab"
        )
        pairs = aligned(a, b)
        assert [i for i, _ in pairs if i is not None] == list(range(len(a)))
        assert [j for _, j in pairs if j is not None] == list(range(len(b)))
        assert all(a[i][2] == b[j][2] for i, j in pairs if i is not None and j is not None)


@pytest.mark.slow
def test_long_chains() -> None:
    chain = (
        "32x32x3 > "
        + " > ".join(("conv3-4", "bn", "relu", "conv1-8")[i % 4] for i in range(20_000))
        + " > gap\n"
    )
    parts = chain.split(" > ")
    parts[9_001:9_003] = ["dw3", "tanh", "tanh"]
    found = difference(netdsl.parse(chain), netdsl.parse(" > ".join(parts)))
    assert 1 <= sum(change.what != "same" for change in found.changes) <= 7


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path) -> list[str]:
    """Two files of some networks each."""
    (tmp_path / "a.net").write_text(
        "net first\n8 > fc-2\nnet second\n8 > fc-3\nnet third\n8 > fc-4\n"
    )
    (tmp_path / "b.net").write_text(
        "net second\n8 > fc-5\nnet first\n8 > fc-2\nnet fourth\n8 > fc-6\n"
    )
    return [str(tmp_path / "a.net"), str(tmp_path / "b.net")]


def test_exit_codes_and_streams(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "8 > fc-2", "8 > fc-2"]) == 0
    assert capsys.readouterr() == ("<text> and <text>: the same network\n", "")
    assert main(["diff", "8 > fc-2", "8 > fc-3"]) == 1
    out, err = capsys.readouterr()
    assert "~ fc-2 -> fc-3  2 -> 3  18 -> 27" in out
    assert not err
    assert main(["diff", "8 > fd-2", "8 > fe-2"]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert "`fd`" in err
    assert "`fe`" in err
    assert (
        main(["diff", "8 > fc-2"])
        == main(["diff", "-", "-"])
        == main(["diff", *["8 > fc-2"] * 3])
        == 2
    )
    with pytest.raises(SystemExit):
        main(["diff", "--help"])
    assert "0 the same network, 1 different networks" in capsys.readouterr().out


def test_one_side_can_be_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"8 > fc-2")))
    assert main(["diff", "-", "8 > fc-2"]) == 0
    assert capsys.readouterr().out == "<stdin> and <text>: the same network\n"


def test_params_and_input_go_for_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    a, b = "param w = 2\nconv3-{w} > gap", "param w = 3\nconv3-{w} > gap"
    assert main(["diff", a, b, "--input", "8x8x1"]) == 1
    assert main(["diff", a, b, "--input", "8x8x1", "-p", "w=5"]) == 0
    assert "same network" in capsys.readouterr().out


def test_networks_are_compared_by_name(two: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *two]) == 1
    out = capsys.readouterr().out
    assert "net first: the same\n" in out
    assert "net second\n" in out
    assert "- net third: 8 to 4, 36 params, 32 macs\n" in out
    assert "+ net fourth: 8 to 6, 54 params, 48 macs\n" in out
    assert main(["diff", *two, "--net", "first"]) == 0
    assert main(["diff", two[0], two[0]]) == 0
    assert capsys.readouterr().out.endswith(": the same networks\n")


def test_json(two: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *two, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["a"], found["b"], found["same"]) == (*two, False)
    assert found["only_a"] == [{"name": "third", "params": 36, "macs": 32}]
    assert found["only_b"] == [{"name": "fourth", "params": 54, "macs": 48}]
    first, second = found["networks"]
    assert first["same"]
    assert first["rows"] == []
    (row,) = second["rows"]
    assert row["change"] == "changed"
    assert (row["a"]["row"], row["a"]["output"], row["a"]["params"]) == (1, [3], 27)
    assert second["totals"]["params"] == {"a": 27, "b": 45, "difference": 18}
    assert second["outputs"] == {"a": [[3]], "b": [[5]]}


def test_rows_of_one_network_alone_as_json() -> None:
    a, b = (netdsl.parse(f"8x8x3 > conv3-4 > {layers}gap") for layers in ("pool > ", ""))
    removed, added = (
        diff_values(compare([one], [other]), ("one", "other"))["networks"][0]["rows"]
        for one, other in ((a, b), (b, a))
    )
    pool = {"row": 2, "layer": "pool2/2(pad=0, ceil=no)", "output": [4, 4, 4], "params": 0}
    assert removed == [{"change": "removed", "a": pool, "b": None, "notes": []}]
    assert added == [{"change": "added", "a": None, "b": pool, "notes": []}]


def test_worked_examples_that_differ_as_json_and_in_colour() -> None:
    network = "input x: 1 > fc-1(init=1)"
    a, b = netdsl.parse(f"given x = 1\n{network}\nexpect output = [1]"), netdsl.parse(network)
    found = compare([a], [b])
    assert found.same
    (values,) = diff_values(found, ("a", "b"))["networks"]
    assert values["worked"] == [
        {"name": "given x", "a": "[1]", "b": None},
        {"name": "expect output", "a": "[1]", "b": None},
    ]
    assert diff_text(found, ("a", "b"), colour=True).split("\n")[2:] == [
        "worked examples differ, which are not part of the network",
        "\033[31m- given x = [1]\033[0m",
        "\033[31m- expect output = [1]\033[0m",
    ]
    assert diff_text(compare([b], [b]), ("b", "b")) == "b and b: the same network"


def test_colour_only_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    main(["diff", "8 > fc-2", "8 > fc-3"])
    assert "\033" not in capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    main(["diff", "8 > fc-2", "8 > fc-3"])
    assert "\033[33m~ fc-2 -> fc-3" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    main(["diff", "8 > fc-2", "8 > fc-3"])
    assert "\033" not in capsys.readouterr().out


def test_rows_far_from_a_difference_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    a = "8x8x3 > conv3-4 x10 > gap"
    main(["diff", a, "8x8x3 > conv3-4 x10 > gmp"])
    rows = capsys.readouterr().out.split("\n\n")[1].splitlines()
    assert rows[1] == "  ... 8 the same"
    assert rows[2:] == [*["  conv3-4     8x8x4      148"] * 3, "~ gap -> gmp  4            0"]


@pytest.mark.parametrize(
    ("between", "left_out"),
    [(6, []), (7, []), (8, ["  ... 2 the same"]), (9, ["  ... 3 the same"])],
)
def test_three_rows_around_differences_are_shown(between: int, left_out: list[str]) -> None:
    """To leave one row out would take a line as well."""
    a, b = (
        netdsl.parse(f"8 > dropout({rate}) > relu x{between} > dropout({rate}) > fc-2")
        for rate in (0.1, 0.2)
    )
    lines = diff_text(compare([a], [b]), ("a", "b")).split("\n\n")[1].split("\n")
    assert [line for line in lines if "the same" in line] == left_out
    assert lines.count(lines[3]) == min(between, 6) + (between == 7)


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [(3, 4, [4, 4]), (4, 4, ["2", 3, 4]), (3, 5, [4, 3, "2"])],
)
def test_one_row_at_an_end_is_shown(before: int, after: int, shown: list[object]) -> None:
    a, b = (
        netdsl.parse(f"8 > relu x{before} > dropout({rate}) > tanh x{after}") for rate in (0.1, 0.2)
    )
    lines = diff_text(compare([a], [b]), ("a", "b")).split("\n\n")[1].split("\n")[1:]
    place = next(at for at, line in enumerate(lines) if line.startswith("~"))
    parts = (lines[:place], lines[place + 1 :])
    found = []
    for part in parts:
        left_out = [line.split()[1] for line in part if "the same" in line]
        rows = len(part) - len(left_out)
        found += [*left_out, rows] if part is parts[0] else [rows, *left_out]
    assert found == shown


def test_a_layer_that_reads_another_has_the_second_networks_text() -> None:
    beginning = TWICE.removesuffix(" > ")
    a, b = (
        netdsl.parse(f"{beginning}\n@{reads} > gap\n@b > gap")
        for reads in ("a > conv3-4", "b > conv3-4(bias=yes)")
    )
    shown = diff_text(compare([a], [b]), ("a", "b"))
    assert "\n~ conv3-4(bias=yes)  8x8x4      112  reads a -> b\n" in shown
    assert "\ndepth          2        3          +1\n" in shown
    (row,) = diff_values(compare([a], [b]), ("a", "b"))["networks"][0]["rows"]
    assert row["notes"] == ["reads a -> b"]


def test_names_of_files_are_printable() -> None:
    a, b = (netdsl.parse(f"8 > fc-{size}") for size in (2, 3))
    names = ("a\033[31m\n", "b")
    assert diff_text(compare([a], [a]), names) == "a\ufffd[31m  and b: the same network"
    shown = diff_text(compare([a], [b]), names)
    assert shown.startswith("--- a\ufffd[31m \n+++ b\n")


def test_files_of_one_network_more() -> None:
    a, b = netdsl.parse("8 > fc-2"), netdsl.parse("8 > fc-3").replace(name="b")
    assert not compare([a], [a, b]).same
    assert not compare([a, b], [a]).same
    assert compare([a, b], [b, a]).same


def test_paths_of_files_in_layers_are_printable(tmp_path: Path) -> None:
    np.save(tmp_path / "k\u202e.npy", np.ones((3, 3)))
    texts = ('8x8x1 > conv3-1(init="k\u202e.npy")', "8x8x1 > conv3-1(tanh)")
    for name, text in zip("ab", texts, strict=True):
        (tmp_path / f"{name}.net").write_text(text, encoding="utf-8")
    a, b = (netdsl.load(tmp_path / f"{name}.net") for name in "ab")
    shown = diff_text(compare([a], [b]), ("a", "b"))
    assert '~ conv3-1(init="k\ufffd.npy") -> conv3-1(tanh)' in shown


def test_the_totals_of_a_difference() -> None:
    """Shapes that differ say so; a ratio is where both have some, and not the same."""
    a, b = netdsl.parse("8x8x3 > conv3-2(bn) > gap"), netdsl.parse("8x8x3 > conv3-4 > gap")
    lines = diff_text(compare([a], [b]), ("a", "b")).split("\n")
    assert [line.split() for line in lines[-9:]] == [
        ["A", "B", "difference", "ratio"],
        ["params", "58", "112", "+54", "x1.93"],
        ["moving", "4", "0", "-4"],
        ["weights", "54", "108", "+54", "x2.00"],
        ["macs", "3,456", "6,912", "+3,456", "x2.00"],
        ["acts", "128", "256", "+128", "x2.00"],
        ["depth", "1", "1", "0"],
        ["inputs", "8x8x3", "8x8x3"],
        ["outputs", "2", "4", "differ"],
    ]


def test_totals_have_differences_and_ratios() -> None:
    found = compare([netdsl.parse("8 > fc-2")], [netdsl.parse("8 > fc-4")]).both[0]
    assert [(name, a, b) for name, a, b in found.totals if a != b] == [
        ("params", 18, 36),
        ("weights", 16, 32),
        ("macs", 16, 32),
        ("acts", 2, 4),
        ("outputs", "2", "4"),
    ]


# --- git ------------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose working tree differs from its last commit: a file changed, one gone, one
    new.
    """
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_PAGER": "cat",
    }.items():
        monkeypatch.setenv(name, value)
    models = tmp_path / "models"
    models.mkdir()
    git(tmp_path, "init", "-q")
    (models / "blocks.net").write_text("def b(n) = conv3-{n}\n")
    (models / "x.net").write_text('use "blocks.net"\n8x8x3 > b(4) > gap\n')
    (tmp_path / "gone.net").write_text("4 > fc-2\n")
    commit(tmp_path)
    (models / "x.net").write_text('use "blocks.net"\n8x8x3 > b(5) > gap\n')
    (tmp_path / "gone.net").unlink()
    (tmp_path / "new.net").write_text("5 > fc-2\n")
    git(tmp_path, "add", "-A")
    return tmp_path


def git(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    identity = ("-c", "user.name=n", "-c", "user.email=e", "-c", "core.autocrlf=false")
    command = ["git", *identity, *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    assert git(folder, "commit", "-q", "-m", "a commit").returncode == 0


ADDED, DELETED, CHANGED = (
    "+ net new: 5 to 2, 12 params",
    "- net gone: 4 to 2, 10 params",
    "~ conv3-4 -> conv3-5",
)
NOTE = (
    "note: the files that models/x.net (old) uses are read in their current version in the "
    "working tree\n"
)


@pytest.mark.slow
@pytest.mark.parametrize("folder", [".", "models"])
def test_external_diff(repository: Path, folder: str) -> None:
    done = git(repository / folder, "diff", "HEAD", GIT_EXTERNAL_DIFF=DIFF)
    assert done.returncode == 0
    assert done.stderr == NOTE
    assert "--- models/x.net (old)\n+++ models/x.net\n" in done.stdout
    assert all(
        line in done.stdout for line in (ADDED, DELETED, CHANGED, "+++ /dev/null", "--- /dev/null")
    )


@pytest.mark.slow
@pytest.mark.parametrize("folder", [".", "models"])
def test_difftool(repository: Path, folder: str) -> None:
    done = git(repository / folder, "difftool", "-y", "--extcmd", DIFF, "HEAD")
    assert done.returncode == 0
    assert done.stderr == NOTE
    assert all(line in done.stdout for line in (ADDED, DELETED, CHANGED))


@pytest.mark.slow
def test_difftool_of_a_configured_command(repository: Path) -> None:
    asked = ("difftool", "-y", "-t", "netdsl", "HEAD", "--", "models")
    done = git(
        repository, "-c", f'difftool.netdsl.cmd={DIFF} --path "$MERGED" "$LOCAL" "$REMOTE"', *asked
    )
    assert CHANGED in done.stdout
    done = git(repository, "-c", f'difftool.netdsl.cmd={DIFF} "$LOCAL" "$REMOTE"', *asked)
    assert not done.stdout
    assert "N601" in done.stderr
    assert "--path says where it belongs" in done.stderr


@pytest.mark.slow
def test_attributes_and_a_log(repository: Path) -> None:
    (repository / ".gitattributes").write_text("*.net diff=netdsl\n")
    (repository / "read.me").write_text("text\n")
    commit(repository)
    done = git(
        repository,
        "-c",
        f"diff.netdsl.command={DIFF}",
        "log",
        "-1",
        "-p",
        "--ext-diff",
        "--format=%s",
    )
    assert all(line in done.stdout for line in (ADDED, DELETED, CHANGED, "+text"))
    assert "+++ models/x.net" in done.stdout


def test_a_renamed_file(repository: Path) -> None:
    commit(repository)
    git(repository, "mv", "models/x.net", "models/y.net")
    done = git(repository, "diff", "-M", "HEAD", GIT_EXTERNAL_DIFF=DIFF)
    assert done.returncode == 0
    assert done.stdout == "models/x.net (old) and models/y.net: the same network\n"


def test_used_files_that_are_gone(repository: Path) -> None:
    commit(repository)
    git(repository, "rm", "-q", "models/blocks.net")
    (repository / "models" / "x.net").write_text("8x8x3 > conv3-5 > gap\n")
    done = git(repository, "diff", "HEAD", "--", "models/x.net", GIT_EXTERNAL_DIFF=DIFF)
    assert done.returncode == 0  # else git would end here
    assert "--> models/x.net (old):1:5" in done.stderr
    assert (
        "used files are read next to models/x.net in the working tree, in their current version"
        in done.stderr
    )


def test_git_hears_of_a_difference_where_it_asks(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    seven = ["new.net", os.devnull, ".", ".", "new.net", "0" * 40, "100644"]
    assert main(["diff", *seven]) == 0
    monkeypatch.setenv("GIT_EXTERNAL_DIFF_TRUST_EXIT_CODE", "true")
    assert main(["diff", *seven]) == 1
    assert main(["diff", "x", *["new.net", "0" * 40, "100644"] * 2]) == 0


@pytest.mark.slow
def test_a_file_that_is_not_merged(repository: Path) -> None:
    git(repository, "branch", "-M", "main")
    commit(repository)
    git(repository, "checkout", "-q", "-b", "other", "HEAD~1")
    (repository / "models" / "x.net").write_text("8x8x3 > conv3-6 > gap\n")
    commit(repository)
    assert git(repository, "merge", "-q", "main").returncode != 0
    done = git(repository, "diff", "--cached", GIT_EXTERNAL_DIFF=DIFF)
    assert "models/x.net: not merged yet\n" in done.stdout
