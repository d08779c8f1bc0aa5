"""Types, windows and branches' filters as columns: the rows of GoogLeNet's table."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import netdsl
from netdsl.cli.main import main
from netdsl.report.columns import TableView
from netdsl.report.sheet import sheet_of

ROOT = Path(__file__).resolve().parents[2]
GOOGLENET = str(ROOT / "examples" / "googlenet.net")
COLUMNS = "type,patch,output,depth,branches,weights,macs"
TITLES = ["#1x1", "#3x3 reduce", "#3x3", "#5x5 reduce", "#5x5", "pool proj"]
PAPER = """\
conv         7x7/2 112x112x64 1   .   .   .  .   .   .
pool         3x3/2 56x56x64   0   .   .   .  .   .   .
convolution  3x3/1 56x56x192  2   .  64 192  .   .   .
pool         3x3/2 28x28x192  0   .   .   .  .   .   .
inception_3a .     28x28x256  2  64  96 128 16  32  32
inception_3b .     28x28x480  2 128 128 192 32  96  64
pool         3x3/2 14x14x480  0   .   .   .  .   .   .
inception_4a .     14x14x512  2 192  96 208 16  48  64
inception_4b .     14x14x512  2 160 112 224 24  64  64
inception_4c .     14x14x512  2 128 128 256 24  64  64
inception_4d .     14x14x528  2 112 144 288 32  64  64
inception_4e .     14x14x832  2 256 160 320 32 128 128
pool         3x3/2 7x7x832    0   .   .   .  .   .   .
inception_5a .     7x7x832    2 256 160 320 32 128 128
inception_5b .     7x7x1024   2 384 192 384 48 128 128
gap          .     1024       0   .   .   .  .   .   .
dropout      .     1024       0   .   .   .  .   .   .
"""


def rows(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, str]]:
    assert main(["table", *arguments, "--format", "csv"]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_googlenets_table(capsys: pytest.CaptureFixture[str]) -> None:
    """The paper's rows, sizes, depths and filters; norms and heads are rows of the file's."""
    found = rows(capsys, GOOGLENET, "--by", "block", "--columns", COLUMNS)
    assert list(found[0])[5:-2] == TITLES
    shown = []
    for row in found[1:]:
        name = row["layer"] if row["type"] == "inception" else row["type"]
        if name not in ("lrn", "fc", "head"):
            shown.append([name, row["patch"], row["output"], row["depth"], *map(row.get, TITLES)])
    expected = [line.replace(" . ", " . ").split() for line in PAPER.splitlines()]
    assert [[cell or "." for cell in line] for line in shown] == expected


def test_googlenets_params_in_units_of_1024(capsys: pytest.CaptureFixture[str]) -> None:
    """3a has 159.5 K weights and 128 M multiply-adds."""
    columns = "weights:Ki,macs:M"
    assert main(["table", GOOGLENET, "--by", "block", "--columns", columns]) == 0
    lines = {
        line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines() if line
    }
    assert lines["convolution_1"] == ["112", "Ki", "360", "M"]
    assert lines["inception_3a"] == ["160", "Ki", "128", "M"]
    assert lines["inception_5b"] == ["1,409", "Ki", "70.7", "M"]


BRANCHES = [
    ("[ conv1-2 | conv1-3 > conv3-4 ]", {"#1x1": 2, "#3x3 reduce": 3, "#3x3": 4}),
    (
        "[ conv1-3(bn) > relu > conv5-4 | pool3/1(pad=same) > conv1-5 ]",
        {"#5x5 reduce": 3, "#5x5": 4, "pool proj": 5},
    ),
    ("[ conv1-3 > conv3-4 x2 | id ]", {"double #3x3 reduce": 3, "double #3x3": 4}),
    ("[ conv1-3 > conv3-4 x3 | id ]", {"3 times #3x3 reduce": 3, "3 times #3x3": 4}),
    ("conv3-4 > conv3-5", {"#3x3": 4, "#3x3 (2)": 5}),
    ("conv1-2 > conv1x7-3 > conv7x1-4", {"#1x7 reduce": 2, "#1x7": 3, "#7x1": 4}),
    ("res(conv1-2 > conv3-2 > conv1-4)", {"#3x3 reduce": 2, "#3x3": 2, "#1x1": 4}),
    ("conv1-2 > [ conv3-3 | conv3-4 ]", {"#1x1": 2, "#3x3": 3, "#3x3 (2)": 4}),
    ("conv3-4 > pool", {}),
    ("relu > flatten > fc-3 > fc-4", {}),
]


@pytest.mark.parametrize(("chain", "filters"), BRANCHES, ids=[chain for chain, _ in BRANCHES])
def test_filters_are_named_by_their_place(
    chain: str, filters: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"def b() = {chain}\n8x8x4 > b > fc-2"
    assert main(["table", text, "--by", "block", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["rows"][1]
    assert row["branches"] == filters
    assert row["type"] == "b"


CONV = [["conv", "5x5/2x1"], ["conv", "3x3/1"], ["pool", "3x3/2"]]
ONES = [["conv", "1x1/1"], ["conv", "1x3/1"], ["concat", ""]]
ENDS = [["avgpool", "2x2/2"], ["gap", ""]]


@pytest.mark.parametrize(
    ("by", "types"),
    [
        ("layer", [["input", ""], *CONV, *ONES, *ENDS]),
        # The last window of a chain; none where it branches.
        ("block", [["input", ""], CONV[0], ["c", ""], ["b", "3x3/2"], *ENDS]),
        ("stage", [["", ""], ["", "3x3/1"], ["", ""], ["", "2x2/2"], ["", ""]]),
        ("network", [["", ""]]),
    ],
)
def test_types_and_windows(by: str, types: list[list[str]]) -> None:
    text = (
        "def b() = conv3-4 > pool3/2\n"
        "def c() = b > [ conv1-2 | conv1x3-2 ]\n"
        "16x16x4 > conv5-4/2x1 > c > avgpool2 > gap"
    )
    found = sheet_of(netdsl.parse(text), TableView(by=by, columns=("type", "patch")))
    assert [list(values) for _, _, values in found.lines] == types


def test_a_column_for_each_title_of_any_line() -> None:
    text = (
        "def a() = conv3-2 > conv5-3\n"
        "def b() = [ conv1-2 > conv3-4 | conv1-5 ]\n"
        "8x8x4 > a > b > gap"
    )
    network = netdsl.parse(text)
    head = network.table(by="block", columns="branches", format="csv").splitlines()[0]
    assert head == "layer,#3x3 reduce,#3x3,#5x5,#1x1"


def test_words_have_no_total() -> None:
    columns = ("type", "patch", "output", "branches", "rf", "stride")
    found = sheet_of(netdsl.parse("8x8x4 > conv3-4 > conv3-5"), TableView("stage", columns))
    assert found.totals == (None,) * (len(columns) + 1)


@pytest.mark.parametrize("column", ["type", "patch", "branches"])
def test_rows_are_not_sorted_by_words(column: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "8 > fc-4", "--sort", column]) == 1
    assert "error[N625]" in capsys.readouterr().err


def test_compared_filters_are_in_one_cell(capsys: pytest.CaptureFixture[str]) -> None:
    a, b = (f"def b() = conv1-2 > conv3-{n}\n8x8x4 > b > gap" for n in (4, 5))
    found = rows(capsys, a, "--compare", b, "--by", "block", "--columns", "branches")[1]
    assert found["branches_a"] == "#3x3 reduce 2, #3x3 4"
    assert found["branches_b"] == "#3x3 reduce 2, #3x3 5"
