"""Options of `table` that contradict each other are wrong usage, not one of the two in silence."""

from __future__ import annotations

import pytest

from netdsl.cli.main import main

NETWORK = "8x8x3 > conv3-4 > flatten > fc-2"


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
