"""The command line: what goes to which stream, exit codes, and how networks are named on it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import zoo

import netdsl
from netdsl.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
GOLDEN = Path(__file__).parents[1] / "golden" / "cli"
LENET = str(EXAMPLES / "lenet5.net")
ONE_LINE = "32x32x1 > conv5-6(pad=0) > pool > fc-10"
TWO = "def c(n) = conv3-{n}\nnet small\n8x8x1 > c(2) > gap\nnet large\n8x8x1 > c(4) > gap\n"


def shell(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m netdsl` in a process of its own."""
    command = [sys.executable, "-m", "netdsl", *arguments]
    return subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
    )


# --- golden output --------------------------------------------------------------------------------

SHOWN = [
    ("table_lenet5.txt", ["table", "examples/lenet5.net"]),
    ("table_lenet5.json", ["table", "examples/lenet5.net", "--json"]),
    ("table_resnet18.txt", ["table", "examples/resnet18.net"]),
    ("table_inception.txt", ["table", "examples/inception.net"]),
    ("table_one_line.txt", ["table", ONE_LINE]),
    ("check_lenet5.txt", ["check", "examples/lenet5.net"]),
]


@pytest.mark.parametrize(("name", "arguments"), SHOWN, ids=[name for name, _ in SHOWN])
def test_output(
    name: str,
    arguments: list[str],
    golden: Callable[[Path, str], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert not err
    golden(GOLDEN / name, out)


@pytest.mark.slow
@pytest.mark.parametrize("path", zoo.EXAMPLES, ids=lambda path: path.stem)
def test_the_totals_are_the_sums_of_the_rows(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["table", str(path), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    networks = zoo.checked(path).networks
    for table, network in zip(printed.get("networks", [printed]), networks, strict=True):
        for column in ("params", "macs", "activations"):
            assert sum(row[column] for row in table["rows"]) == table["totals"][column]
        assert set(table["totals"]) >= {"params", "total", "weights", "macs", "activations", "acts"}
        assert all(type(number) is int for number in table["totals"].values())
        assert all(type(size) is int for row in table["rows"] for size in row["output"])
        assert len(table["rows"]) == len(network.graph.layers)


def test_rows_are_written_as_the_language_reads_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", ONE_LINE, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    again = " > ".join(row["layer"].removeprefix("input ") for row in rows)
    assert main(["table", again, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == rows


# --- FILE -----------------------------------------------------------------------------------------


def test_a_file_can_be_a_text_or_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["table", ONE_LINE, "--json"]) == 0
    text = json.loads(capsys.readouterr().out)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ONE_LINE.encode())))
    assert main(["table", "-", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == text
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"param w = 3\n8 > fc-{w}")))
    assert main(["table", "-:w=5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["params"] == 45


def test_a_file_whose_name_holds_an_arrow_is_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a > b.net"
    path.write_text("784 > fc-10\n")
    assert main(["check", str(path)]) == 0
    assert "7,850 params" in capsys.readouterr().out


def test_messages_go_to_standard_error_and_data_to_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["table", "29x29x1 > pool > fc-10"]) == 0
    out, err = capsys.readouterr()
    assert "warning[W701]" in err
    assert "warning" not in out
    assert main(["table", "29x29x1 > pol > fc-10"]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert "error[N101]" in err


def test_json_messages_are_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", LENET, "4x4x1 > pol", "no.net", "--json"]) == 1
    out, err = capsys.readouterr()
    assert not err
    files = json.loads(out)["files"]
    assert [file["file"] for file in files] == [LENET, "4x4x1 > pol", "no.net"]
    assert [[d["code"] for d in file["diagnostics"]] for file in files] == [[], ["N101"], ["N601"]]


# --- options --------------------------------------------------------------------------------------


def test_params(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wide.net"
    path.write_text(
        "param width = 4\nparam rate = 0.5\n784 > fc-{width} > dropout({rate}) > softmax-10\n"
        "expect params = 3_190\n"
    )
    for given, params in (
        ([], 3_190),
        (["-p", "width=8"], 6_370),
        (["-p", "width=8", "-p", "rate=.25"], 6_370),
    ):
        assert main(["table", str(path), "--json", *given]) == 0
        assert json.loads(capsys.readouterr().out)["totals"]["params"] == params
    assert main(["check", str(path), "-p", "widht=8"]) == 1
    assert "did you mean `width`?" in capsys.readouterr().err
    assert main(["check", str(path), "-p", "width=abc"]) == 1
    assert "error[N111]" in capsys.readouterr().err


def test_the_input_of_a_fragment(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "conv3-64 x2 > pool", "--input", "224x224x3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][-1]["output"] == [112, 112, 64]
    assert main(["table", "conv3-64 x2 > pool"]) == 1
    assert "--input" in capsys.readouterr().err
    assert main(["table", LENET, "--input", "36x36x1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["output"] == [36, 36, 1]


def test_one_of_several_networks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two.net"
    path.write_text(TWO)
    assert main(["table", str(path), "--json"]) == 0
    assert [table["name"] for table in json.loads(capsys.readouterr().out)["networks"]] == [
        "small",
        "large",
    ]
    assert main(["table", str(path), "--net", "large", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["params"] == 40
    assert main(["check", str(path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["table", str(path), "--net", "lage"]) == 1
    assert "did you mean `large`?" in capsys.readouterr().err
    assert main(["compile", str(path), "-o", str(tmp_path / "m.keras")]) == 1
    assert "--net" in capsys.readouterr().err


# --- usage ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["tabel", LENET],
        ["table"],
        ["table", LENET, "--fromat", "json"],
        ["table", LENET, "--format", "yaml"],
        ["table", LENET, "--input", "axb"],
        ["table", LENET, "--input", "0x3"],
        ["table", LENET, "-p", "width"],
        ["table", LENET, "-p", "3=4"],
        ["train", LENET, "--epochs", "0"],
        ["compile", LENET, "--seed", "x"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "netdsl" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "r", "--filters", "--prior", "tv"], "--prior is for --excite"),
        (["show", "r", "--plane", "--label", "0"], "--label is for --where"),
        (["show", "r", "--landscape", "--part", "all"], "--part is for --top and --codes"),
        (["show", "r", "--path", "--evolution"], "--evolution is for --filters"),
        (["sample", "r", "--mean", "7", "--between", "a", "b"], "--between is one way"),
        (["sample", "r", "--steps", "3"], "--steps is for --between"),
        (
            ["sample", "r", "--mean", "7", "--count", "3"],
            "--count is for what is drawn",
        ),
    ],
)
def test_an_option_without_what_it_is_for(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "-o", "x.svg"]) == 2
    assert said in capsys.readouterr().err


def test_a_folder_is_not_written_to_as_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["forward", "1 > relu", "1", "-o", str(tmp_path)]) == 1
    assert "is a folder, not a file that can be replaced" in capsys.readouterr().err


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert "usage: netdsl" in out + err


def test_an_interrupt_ends_with_130(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("netdsl.cli.inputs.read_source", interrupt)
    assert main(["table", LENET]) == 130
    assert "interrupted" in capsys.readouterr().err


# --- in a process of its own ----------------------------------------------------------------------


def test_python_m_netdsl() -> None:
    result = shell("check", "-", stdin="784 > fc-10\n")
    assert (result.returncode, result.stderr) == (0, "")
    assert "784 to 10, 7,850 params" in result.stdout
    assert shell("--version").stdout == f"netdsl {netdsl.__version__}\n"
    assert shell("check", "nothing.net").returncode == 1
    assert shell("check").returncode == 2


@pytest.mark.slow
def test_no_colour_where_nobody_looks() -> None:
    for environment in ({}, {"NO_COLOR": "1"}, {"TERM": "xterm-256color"}):
        assert "\x1b" not in shell("check", "4x4x1 > pol", **environment).stderr


@pytest.mark.skipif(
    not hasattr(os, "openpty"), reason="a terminal of one's own is asked of the system"
)
@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_on_a_terminal(environment: dict[str, str], coloured: bool) -> None:
    ours, theirs = os.openpty()
    plain = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    command = [sys.executable, "-m", "netdsl", "check", "4x4x1 > pol"]
    result = subprocess.run(
        command,
        stderr=theirs,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env={**plain, **environment},
        check=False,
    )
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert result.returncode == 1
    assert ("\x1b[" in shown) == coloured


def test_a_reader_that_leaves_early_is_not_an_error() -> None:
    command = f'"{sys.executable}" -m netdsl table examples/resnet50.net --json | head -1'
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (result.stdout, result.stderr) == ("{\n", "")
    assert result.returncode == 0


# --- compile --------------------------------------------------------------------------------------


@pytest.mark.keras
def test_compile_writes_a_model_and_nothing_over_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "one.keras"
    assert main(["compile", "784 > fc-10", "-o", str(path), "--seed", "1"]) == 0
    assert "7,850" in capsys.readouterr().out
    first = path.read_bytes()
    assert main(["compile", "784 > fc-12", "-o", str(path)]) == 1
    assert "--force" in capsys.readouterr().err
    assert path.read_bytes() == first
    assert main(["compile", "784 > fc-12", "-o", str(path), "--force"]) == 0
    assert path.read_bytes() != first
    assert [item.name for item in tmp_path.iterdir()] == ["one.keras"]


@pytest.mark.parametrize(
    ("output", "words"), [("model.h5", ".keras"), ("no/model.keras", "no folder")]
)
def test_compile_refuses_bad_places(
    output: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compile", "784 > fc-10", "-o", str(tmp_path / output)]) == 1
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
