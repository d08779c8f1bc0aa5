"""Options of `table` that contradict each other are wrong usage: neither is silently ignored."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from netdsl.cli.main import main

NETWORK = "8x8x3 > conv3-4 > flatten > fc-2"
PARAM = "param w = 2\n8 > fc-{w}\n"


@pytest.mark.parametrize(
    "options",
    [
        ["--why", "conv3-4", "--lecture"],
        ["--why", "conv3-4", "--rf"],
        ["--rf", "--lecture"],
        ["--lecture", "--json"],
        ["--why", "conv3-4", "--format", "csv"],
        ["--rf", "--by", "block"],
        ["--lecture", "--columns", "macs"],
        ["--why", "conv3-4", "--sort", "macs"],
        ["--lecture", "--memory-batch", "8"],
        ["--lecture", "--units"],
        ["--fit", "1GiB", "--format", "csv"],
        ["--compare", NETWORK, "--rf"],
    ],
    ids=" ".join,
)
def test_contradictions_are_wrong_usage(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["table", NETWORK, *options]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert len(err.splitlines()) == 1
    assert options[0] in err or options[-2] in err or options[-1] in err


@pytest.mark.parametrize(
    "options",
    [
        ["--why", "conv3-4"],
        ["--rf"],
        ["--lecture"],
        ["--json", "--memory-batch", "8", "--fit", "1GiB"],
        ["--fit", "1GiB", "--optimizer", "sgd"],
        ["--format", "csv", "--by", "block", "--units"],
    ],
    ids=" ".join,
)
def test_the_others_go_together(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", NETWORK, *options]) == 0
    assert capsys.readouterr().out


def test_the_batch_of_the_memory_has_an_earlier_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", NETWORK, "--memory-batch", "8"]) == 0
    now = capsys.readouterr()
    assert main(["table", NETWORK, "--batch", "8"]) == 0
    before = capsys.readouterr()
    assert before.out == now.out
    assert before.err == f"{now.err}warning: --batch is now --memory-batch\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([NETWORK, "--compare", NETWORK], "note: both are the same network\n"),
        (
            [PARAM, "--compare", PARAM, "-p", "w=4"],
            "note: both are the same network (-p goes for both sides)\n",
        ),
        (["8 > fc-3", "--compare", "8 > fc-4"], ""),
    ],
)
def test_comparing_a_network_with_itself_says_so(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["table", *arguments]) == 0
    assert capsys.readouterr().err == said


def test_params_of_one_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "net.net"
    file.write_text(PARAM, encoding="utf-8")
    assert main(["table", str(file), "--compare", f"{file}:w=4", "--columns", "params"]) == 0
    shown = capsys.readouterr()
    assert not shown.err
    assert re.search(r"total +18 +36 +\+18", shown.out), shown.out


def test_rows_in_json_have_a_name_and_a_kind(capsys: pytest.CaptureFixture[str]) -> None:
    text = "default conv(pad=0)\n8x8x1 > conv3-4(bn) as a > pool > softmax-2"
    keys = ("name", "kind", "layer")
    for by, first, expected in (
        ("layer", [], [["input", "input", "input 8x8x1"], ["a", "conv", "conv3-4(bn, pad=0)"]]),
        ("op", [], [["input", "input", "input 8x8x1"], ["a", "conv", "conv3-4"]]),
        ("layer", ["--sort", "params"], [["fc_1", "fc", "softmax-2"]]),
    ):
        assert main(["table", text, "--json", "--by", by, *first]) == 0
        rows = json.loads(capsys.readouterr().out)["rows"]
        assert [[row[key] for key in keys] for row in rows][: len(expected)] == expected
        assert all("(" in row["written"] for row in rows if row["kind"] == "conv")
