"""`netdsl check`: files and directories, the forms of its output, hints, the summary, and
watching.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import netdsl
from netdsl import __version__
from netdsl.cli.inputs import found_files
from netdsl.cli.main import main
from netdsl.cli.parser import parser_for
from netdsl.cli.watching import stamps, watch
from netdsl.errors import Diagnostic, NetError, Source, Span
from netdsl.errors.github import as_github
from netdsl.errors.sarif import as_sarif

GOLDEN = Path(__file__).parents[1] / "golden" / "check"
FILES = {
    "fine.net": "# A network of two layers\n32x32x1 > conv5-6 > pool > fc-10\n",
    "faulty.net": "net faulty\ndef shrink(k) =\n  pool > conv{k}-8(pad=0)\ninput 12x12x3\n"
    "> shrink(5) > shrink(5) > fc-2\n",
    "nets/100%, really.net": "32x32x3 > conv3-16 as a > cnov3-16 > gap > softmax-10\n",
    "nets/deep/doubtful.net": "29x29x3 > conv3-8 as first > pool > gap > softmax-10\n",
    "nets/.hidden/not_looked_at.net": "1x > 2\n",
    "nets/notes.txt": "no network\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("form", ["text", "concise", "json", "github", "sarif"])
def test_each_form(
    form: str, capsys: pytest.CaptureFixture[str], golden: Callable[[Path, str], None]
) -> None:
    assert main(["check", "fine.net", "faulty.net", "missing.net", "nets", "--format", form]) == 1
    shown = capsys.readouterr()
    out = shown.out.replace(f'"version": "{__version__}"', '"version": "VERSION"')
    golden(GOLDEN / f"{form}.txt", f"{out}--- standard error ---\n{shown.err}")


@pytest.mark.usefixtures("folder")
def test_json_has_one_entry_a_file_and_the_known_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "fine.net", "faulty.net", "--json"]) == 1
    fine, faulty = json.loads(capsys.readouterr().out)["files"]
    network = {"name": "fine", "params": 15526, "macs": 168960, "output": {"fc_1": [10]}}
    assert fine == {"file": "fine.net", "diagnostics": [], "networks": [network]}
    assert faulty["file"] == "faulty.net"
    (mistake,) = faulty["diagnostics"]
    place = {"file": "faulty.net", "line": 3, "column": 10, "end_line": 3, "end_column": 26}
    assert {key: mistake[key] for key in place} == place
    assert (mistake["code"], mistake["severity"]) == ("N204", "error")
    assert mistake["message"].startswith("the window does not fit")
    assert mistake["help"]
    assert mistake["notes"] == [
        {
            "file": "faulty.net",
            "line": 5,
            "column": 15,
            "end_line": 5,
            "end_column": 24,
            "message": "used here",
        },
    ]


@pytest.mark.usefixtures("folder")
def test_sarif_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "faulty.net", "nets", "--format", "sarif"])
    log = json.loads(capsys.readouterr().out)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["N101", "N204", "W701", "W703"]
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert rule["defaultConfiguration"]["level"] == result["level"]
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert uri in ("faulty.net", "nets/100%25%2C%20really.net", "nets/deep/doubtful.net")
        region = location["physicalLocation"]["region"]
        assert region["startLine"] <= region["endLine"]
        assert region["startColumn"] < region["endColumn"]
    by_code = {result["ruleId"]: result for result in run["results"]}
    (use,) = by_code["N204"]["relatedLocations"]
    assert use["message"]["text"] == "used here"
    assert use["physicalLocation"]["region"]["startLine"] == 5


def test_sarif_of_nothing_is_a_run_without_results() -> None:
    run = as_sarif([("fine.net", [])], {}, "1")["runs"][0]
    assert run["results"] == []
    assert run["tool"]["driver"]["rules"] == []


def test_sarif_of_what_has_no_place_and_no_title() -> None:
    faults = [Diagnostic("W1", "odd"), Diagnostic("N1", "wrong", help="look")]
    run = as_sarif([("a\\b c.net", faults)], {}, "1")["runs"][0]
    assert [
        (rule["shortDescription"]["text"], rule["defaultConfiguration"]["level"])
        for rule in run["tool"]["driver"]["rules"]
    ] == [("N1", "error"), ("W1", "warning")]
    place = {"physicalLocation": {"artifactLocation": {"uri": "a/b%20c.net"}}}
    assert run["results"] == [
        {"ruleId": code, "ruleIndex": at, "level": level, "message": {"text": text}}
        | {"locations": [place]}
        for code, at, level, text in [
            ("W1", 1, "warning", "odd"),
            ("N1", 0, "error", "wrong\nhelp: look"),
        ]
    ]


def test_github_escapes_what_would_end_the_command() -> None:
    source = Source("a,b:c%.net", "one\ntwo\n")
    line = as_github(Diagnostic("W703", "50 % of\r\nit", Span(source, 0, 7), help="a: b, c"), "")
    assert (
        line == "::warning file=a%2Cb%3Ac%25.net,line=1,endLine=2,title=W703::50 %25 "
        "of%0D%0Ait%0Ahelp: a: b, c"
    )
    assert as_github(Diagnostic("N601", "there is no file x"), "x").startswith(
        "::error file=x,title=N601::"
    )


# --- files and directories ------------------------------------------------------------------------


def test_directories_are_searched(folder: Path) -> None:
    found = found_files(["nets", "fine.net", "nets/deep/doubtful.net"])
    assert found == [
        os.path.join("nets", "100%, really.net"),
        os.path.join("nets", "deep", "doubtful.net"),
        "fine.net",
    ]


def test_a_directory_without_networks_is_a_mistake(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty").mkdir()
    assert main(["check", "empty"]) == 1
    assert "error[N601]: there is no .net file in empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "says"),
    [("(x+y)*z", "a formula is written"), ("z/(x+1)", "a formula is written"), ("a(1).net", "")],
)
def test_a_formula_is_not_a_file(file: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", file]) == 1
    error = capsys.readouterr().err
    assert f"error[N601]: there is no file {file}" in error
    assert says in error
    assert bool(says) == ("help:" in error)


@pytest.mark.usefixtures("folder")
def test_one_fine_file_has_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "fine.net"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "fine.net: fine is fine: 32x32x1 to 10, 15,526 params\n"
    assert not shown.err


@pytest.mark.usefixtures("folder")
def test_warnings_alone_are_not_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "nets/deep", "fine.net", "--format", "concise"]) == 0
    shown = capsys.readouterr()
    assert shown.err == "2 files: 2 warnings in 1 of them\n"
    assert len(shown.out.splitlines()) == 2


@pytest.mark.usefixtures("folder")
def test_concise_says_that_all_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "fine.net", "--format", "concise"]) == 0
    assert capsys.readouterr() == ("", "1 file: fine\n")


def test_a_file_of_blocks_is_fine_without_a_network(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "blocks.net").write_text(
        "def f() = conv3-8\n\ndef g(c) =\n  conv3-{c}\n", encoding="utf-8"
    )
    assert main(["check", "blocks.net"]) == 0
    assert capsys.readouterr() == ("blocks.net: 2 blocks for other files to use\n", "")
    (folder / "blocks.net").write_text("def f() = cnov3-8\n", encoding="utf-8")
    assert main(["check", "blocks.net"]) == 1
    (folder / "blocks.net").write_text("param c = 8\n", encoding="utf-8")
    assert main(["check", "blocks.net"]) == 1


# --- hints ----------------------------------------------------------------------------------------


def hints(text: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    Path("hinted.net").write_text(text, encoding="utf-8")
    assert main(["check", "hinted.net", "-v"]) == 0
    return [
        line.partition("hint: ")[2]
        for line in capsys.readouterr().out.splitlines()
        if "hint: " in line
    ]


@pytest.mark.usefixtures("folder")
def test_hints_are_expectations_that_hold(capsys: pytest.CaptureFixture[str]) -> None:
    text = "32x32x1 > conv5-6 > pool > fc-10\n"
    found = hints(text, capsys)
    assert found == ["expect params = 15_526", "expect macs = 168_960"]
    assert hints(text + "\n".join(found), capsys) == []
    assert hints(text + found[0], capsys) == found[1:]


@pytest.mark.usefixtures("folder")
def test_each_network_has_hints_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    text = "net a\n8x8x1 > fc-2\nexpect params = 130\nnet b\n8x8x1 > fc-3\n"
    assert hints(text, capsys) == ["expect macs = 128", "expect params = 195", "expect macs = 192"]


@pytest.mark.usefixtures("folder")
def test_hints_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "fine.net", "-v", "--json"]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert file["hints"] == ["expect params = 15_526", "expect macs = 168_960"]


# --- watching -------------------------------------------------------------------------------------


def test_watching_runs_again_after_each_change_only(folder: Path) -> None:
    runs: list[str] = []
    texts = iter([None, "32x32x1 > fc-10\n", None, "gone", None, "32x32x1 > fc-100\n"])
    file = folder / "fine.net"

    def wait(seconds: float) -> None:
        assert 0 < seconds < 1
        text = next(texts, "end")
        if text == "end":
            raise KeyboardInterrupt
        if text == "gone":
            file.unlink()
        elif text:
            file.write_text(text, encoding="utf-8")
            os.utime(file, ns=(len(runs), len(runs)))

    with pytest.raises(KeyboardInterrupt):
        watch(
            ["fine.net"],
            lambda: runs.append(file.read_text(encoding="utf-8") if file.exists() else "gone"),
            wait,
        )
    assert runs == [FILES["fine.net"], "32x32x1 > fc-10\n", "gone", "32x32x1 > fc-100\n"]


def test_watching_a_directory_sees_new_files(folder: Path) -> None:
    counts: list[int] = []

    def wait(seconds: float) -> None:
        if len(counts) > 1:
            raise KeyboardInterrupt
        (folder / "nets" / "new.net").write_text("32x32x1 > fc-10\n", encoding="utf-8")

    with pytest.raises(KeyboardInterrupt):
        watch(["nets"], lambda: counts.append(len(found_files(["nets"]))), wait)
    assert counts == [2, 3]


def test_a_used_file_is_watched_too(folder: Path) -> None:
    (folder / "blocks.net").write_text("def f() = conv3-8\n", encoding="utf-8")
    before = stamps(["fine.net"])
    (folder / "blocks.net").write_text("def f() = conv3-16\n", encoding="utf-8")
    assert stamps(["fine.net"]) != before


@pytest.mark.usefixtures("folder")
def test_ctrl_c_ends_watching_with_130(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(watch, "__defaults__", (interrupt,))
    assert main(["check", "fine.net", "--watch"]) == 130
    assert capsys.readouterr().out.startswith("fine.net: fine is fine")


class Shown(io.StringIO):
    abandoned = False
    flushed = 0

    def flush(self) -> None:
        self.flushed += 1


class Terminal(Shown):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("on_terminal", [True, False])
def test_a_terminal_is_emptied_before_each_check(
    on_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watched_twice(_: list[str], check: Callable[[], None]) -> int:
        check()
        shown.abandoned = True
        with pytest.raises(KeyboardInterrupt):  # nobody reads on
            check()
        return 7

    shown = Terminal() if on_terminal else Shown()
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr("netdsl.cli.watching.watch", watched_twice)
    options = parser_for("check").parse_args(["check", "fine.net", "--watch", "--format", "text"])
    assert options.run(options) == 7
    line = "fine.net: fine is fine: 32x32x1 to 10, 15,526 params\n"
    assert shown.flushed == 2
    assert shown.getvalue() == (f"\033[2J\033[H\n{line}" if on_terminal else line) * 2


def test_standard_input_cannot_be_watched(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-", "--watch"]) == 2
    assert "cannot be watched" in capsys.readouterr().err


# --- the place in the block, and the use that led there -------------------------------------------

BLOCKS = [
    ("def f(c) = conv3-{d}\n8x8x3 > f(4)", "N110", ["f(4)"]),
    ("def f(c) = conv3-{c/2}\n8x8x3 > f(5)", "N111", ["f(5)"]),
    ("def f(c) = conv3-{8//c}\n8x8x3 > f(0)", "N112", ["f(0)"]),
    ("def f(c, d={8//c}) = conv3-{d}\n8x8x3 > f(0)", "N112", ["f(0)"]),
    ("def f(c) = conv3-{c}\n8x8x3 > f(0)", "N201", ["f(0)"]),
    ("def f(c) = conv3-8(groups=c)\n8x8x3 > f(2)", "N206", ["f(2)"]),
    ("def f(c) = conv3-8(groups=c)\n8x8x3 > f(rel)", "N107", ["f(rel)"]),
    ("def f(c) = conv3-{2**c}\n8x8x3 > f(70)", "N404", ["f(70)"]),
    ("def f(c) = [ conv3-8 | conv3-8/2 ]\n8x8x3 > f(1)", "N207", ["f(1)"]),
    ("def f(u) = u\n8x8x3 > f(3)", "N109", ["f(3)"]),
    ("def f(c) = [ id | @a ]\n8x8x3 > conv3-8 > f(3)", "N101", ["f(3)"]),
    ("def f(c) = conv7-8(pad=0)\ndef g(c) = pool > f(c)\n8x8x3 > g(3)", "N204", ["f(c)", "g(3)"]),
    ("def f(c) = conv3-8 as a > relu as a\n8x8x3 > f(3)", "N104", ["f(3)"]),
    ("def f(c) = (conv3-8 x9999) x9999\n8x8x3 > f(3)", "N406", ["f(3)"]),
    ("def f(n) = f({n + 1})\n8x8x3 > f(1)", "N405", ["f({n + 1})", "f(1)"]),
]


@pytest.mark.parametrize(("text", "code", "uses"), BLOCKS)
def test_mistakes_in_blocks_show_the_uses(
    text: str, code: str, uses: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    whole = f"{text} > gap > softmax-2"
    main(["check", whole, "--json"])
    (mistake,) = json.loads(capsys.readouterr().out)["files"][0]["diagnostics"]
    lines = whole.split("\n")
    notes = [note for note in mistake["notes"] if note["message"] == "used here"]
    assert mistake["code"] == code
    assert [lines[n["line"] - 1][n["column"] - 1 : n["end_column"] - 1] for n in notes] == uses
    main(["check", whole])
    assert capsys.readouterr().err.count("note: used here") == len(uses)
    main(["check", whole, "--format", "sarif"])
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert [place["message"]["text"] for place in result["relatedLocations"]].count(
        "used here"
    ) == len(uses)
    assert [place["id"] for place in result["relatedLocations"]] == list(
        range(1, len(mistake["notes"]) + 1)
    )


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "concise", "github"])
def test_at_most_twenty_messages_of_a_code(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.net"
    path.write_text("input 4\n" + "".join(f"> foo{i}\n" for i in range(50)) + "> conv3-4\n")
    assert main(["check", "--format", form, str(path)]) == 1
    shown = "".join(capsys.readouterr())
    assert shown.count("there is no layer or block") == 20
    assert "and 30 more N101: `netdsl check --all` shows them" in shown
    assert main(["check", "--all", "--format", form, str(path)]) == 1
    assert "".join(capsys.readouterr()).count("there is no layer or block") == 50


def test_json_has_all_messages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.net"
    path.write_text("input 4\n" + "".join(f"> foo{i}\n" for i in range(50)))
    assert main(["check", "--json", str(path)]) == 1
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert len(file["diagnostics"]) == 50


def test_json_has_the_counts_and_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", "8x8x1 > fc-3 as a > fc-2\n@a > fc-4 as b"]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    (network,) = file["networks"]
    assert (network["params"], network["macs"]) == (3 * 65 + 2 * 4 + 4 * 4, 3 * 64 + 2 * 3 + 4 * 3)
    assert [*network["output"].values()] == [[2], [4]]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("churn.csv", "is a table, not a network\\n  help: netdsl train NETWORK.net --data"),
        ("a.tsv", "is a table"),
        ("x.npz", "is an array file"),
        ("seven.PNG", "is an image, not a network\\n  help: netdsl predict RUN"),
        ("recipe.yaml", "is a recipe, not a network\\n  help: netdsl train NETWORK.net"),
        ("best.keras", "is a Keras model, not a network\\n  help: netdsl import"),
        ("model.py", "is a Python program"),
        ("model.onnx", "is an ONNX model"),
        ("model.json", "is a JSON file"),
        ("model.zip", "is an archive"),
    ],
)
def test_a_file_of_another_kind_is_not_parsed(
    name: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    file.write_bytes(b"age,name\n3,somebody\n" * 50)
    for command in ("check", "table", "fmt", "draw"):
        assert main([command, str(file)]) == 1
        said = capsys.readouterr()
        assert not said.out
        assert said.err.startswith(f"error[N607]: {file} ")
        assert re.search(words, said.err), said.err
        assert "somebody" not in said.err
    with pytest.raises(NetError, match="N607"):
        netdsl.load(file)
    assert main(["check", str(tmp_path / f"no_{name}")]) == 1
    assert "error[N601]" in capsys.readouterr().err
