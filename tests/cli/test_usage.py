"""Errors of wrong usage suggest what was meant, and options that all commands have work in all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netdsl.cli.commands import COMMANDS
from netdsl.cli.main import main
from netdsl.cli.parser import command_in, help_of, parser_for
from netdsl.cli.usage import ABOUT, FAMILIAR
from netdsl.training.planning.defaults import EPOCHS, SMALL

NET = "8x8x1 > fc-10"


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of standard error of a command line that is not understood."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    shown = capsys.readouterr()
    assert (end.value.code, shown.out) == (2, "")
    return shown.err.splitlines()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("tabel x", "netdsl: error: there is no command `tabel`; did you mean `table`?"),
        ("-q tabel x", "netdsl: error: there is no command `tabel`; did you mean `table`?"),
        ("summary x", "netdsl: error: there is no command `summary`; did you mean `table`?"),
        (
            "lenet5.net",
            "netdsl: error: a command comes first; `netdsl table lenet5.net` prints the layers",
        ),
        ("--color never jump", "netdsl: error: there is no command `jump`"),
        ("--colour x check", "netdsl: error: --colour is not an option; did you mean `--color`?"),
        (
            "train --colour never a.net",
            "netdsl train: error: --colour is not an option; did you mean `--color`?",
        ),
        ("-Z check a", "netdsl: error: -Z is not an option"),
        (
            "-q check --colo never a.net",
            "netdsl check: error: --colo is not an option; did you mean `--color`?",
        ),
        ("check -Z a.net", "netdsl check: error: -Z is not an option"),
        (
            "train a --epoch 1",
            "netdsl train: error: --epoch is not an option; did you mean `--epochs`?",
        ),
        (
            "train a --batch_size=1",
            "netdsl train: error: --batch_size is not an option; did you mean `--batch`?",
        ),
        (
            "train --lr 0.3",
            "netdsl train: error: --lr is not an option; in a recipe: `optimizer: {rate: 0.3}`, or "
            "`--set optimizer.rate=0.3`",
        ),
        (
            "recipe a --clip-norm=2",
            "netdsl recipe: error: --clip-norm is not an option; in a recipe: `optimizer: "
            "{clip_norm: 2}`, or `--set optimizer.clip_norm=2`",
        ),
        (
            "train a --monitor --name b",
            "netdsl train: error: --monitor is not an option; in a recipe: `early_stopping: "
            "{metric: accuracy}`, or `--set early_stopping.metric=accuracy`",
        ),
        (
            "train a --weight-decay",
            "netdsl train: error: --weight-decay is not an option; in a recipe: `optimizer: {name: "
            "adamw, decay: 0.004}`, or `--set optimizer.name=adamw --set optimizer.decay=0.004`",
        ),
        (
            "train a --lr {x}",
            "netdsl train: error: --lr is not an option; in a recipe: `optimizer: {rate: 0.01}`, "
            "or `--set optimizer.rate=0.01`",
        ),
        (
            "train a --line-search yes",
            "netdsl train: error: --line-search is not an option; in a recipe: `optimizer: "
            "{line_search: yes}`, or `--set optimizer.line_search=yes`",
        ),
        (
            "train a --enabled yes",
            "netdsl train: error: --enabled is not an option; in a recipe: "
            "`early_stopping: {enabled: yes}`, or `--set early_stopping.enabled=yes`",
        ),
        ("train a --noise 1", "netdsl train: error: --noise is not an option"),
        (
            "data x --seaparator y",
            "netdsl data: error: --seaparator is not an option; did you mean `--separator`?",
        ),
        ("train a b c d", "netdsl train: error: `c` is one argument too many"),
    ],
)
def test_an_error_in_usage_names_what_was_meant(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    usage, last = refused(arguments.split(), capsys)
    assert usage.startswith("usage: netdsl")
    assert last == message


def test_options_before_the_command_are_read_in_any_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--color=never", "check", NET]) == 0
    with pytest.raises(SystemExit) as end:
        main(["-qV"])
    assert (end.value.code, capsys.readouterr().err) == (0, "")


@pytest.mark.parametrize(
    ("among", "before"),
    [
        ("check A -v B", "check -v A B"),
        ("table A --format json B", "table --format json A B"),
        ("fmt A --check B", "fmt --check A B"),
        ("diff A --json B", "diff --json A B"),
        ("runs no-such --json other", "runs --json no-such other"),
    ],
)
def test_options_may_be_among_the_files(
    among: str, before: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"A": NET, "B": "8x8x1 > fc-5"}
    found = [
        (main([files.get(word, word) for word in words.split()]), *capsys.readouterr())
        for words in (among, before)
    ]
    assert found[0] == found[1]
    assert "one argument too many" not in found[0][2]


def test_what_follows_two_dashes_is_not_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--", "--lr"]) == 1
    assert "there is no file --lr" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_accepts_the_beginning_of_an_option(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused([name, "--colo", "never"], capsys)[-1].startswith(
        f"netdsl {name}: error: --colo is not an option; did you mean `--color`?"
    )


def test_familiar_names_lead_to_commands() -> None:
    assert not set(FAMILIAR) & set(COMMANDS)
    assert set(FAMILIAR.values()) - {"--version"} <= set(COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "command"),
    [("check a", "check"), ("-q --color never check", "check"), ("--color", None), ("", None)],
)
def test_a_command_follows_the_options_of_all(arguments: str, command: str | None) -> None:
    assert command_in(arguments.split()) == command


def test_help_of_a_command_is_that_of_its_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "table"]) == 0
    with pytest.raises(SystemExit):
        main(["table", "--help"])
    first, second = capsys.readouterr().out.split("usage: ")[1:]
    assert first == second
    assert main(["help", "tabel"]) == 2
    assert "did you mean `table`?" in capsys.readouterr().err
    assert main(["help"]) == 0
    assert "exit codes: 0 fine" in capsys.readouterr().out


def test_the_whole_help_lists_the_commands_by_purpose_alone() -> None:
    shown = help_of(None)
    assert shown.startswith(f"usage: netdsl [options] COMMAND ...\n\n{ABOUT}\n")
    assert "positional arguments" not in shown
    assert "--version" in shown
    assert "exit codes: 0 fine" in shown


def test_help_says_the_defaults_of_a_training() -> None:
    shown = " ".join(help_of("train").split())
    assert f"training data (default: {EPOCHS})" in shown
    assert f"(default: 32 below {SMALL:,} training examples, else 128)" in shown
    assert "augmentation (default: 0)" in shown


@pytest.mark.parametrize("place", ["before", "after"])
def test_quiet_leaves_out_notes_and_keeps_errors(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def quietly(command: str, *rest: str) -> list[str]:
        return ["-q", command, *rest] if place == "before" else [command, "--quiet", *rest]

    program = str(tmp_path / "a.py")
    assert main(quietly("check", NET)) == 0
    assert main(quietly("emit", NET, "-o", program)) == 0
    assert capsys.readouterr() == ("", "")
    assert main(quietly("emit", NET, "-o", program)) == 1
    assert "already exists" in capsys.readouterr().err
    assert main(["emit", NET, "-f", "-o", program]) == 0
    assert capsys.readouterr().err == f"{program}: network\n"


def test_quiet_and_verbose_contradict_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", NET, "-q", "-v"]) == 2
    assert "--quiet cannot be combined with --verbose" in capsys.readouterr().err


@pytest.mark.parametrize(("color", "coloured"), [("always", True), ("never", False)])
def test_colour_is_what_is_asked_for(
    color: str, coloured: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["--color", color, "check", "8x8x1 > fd-10"]) == 1
    assert ("\x1b[" in capsys.readouterr().err) is coloured


@pytest.mark.parametrize(
    ("arguments", "name", "begins"),
    [
        (["table", NET], "a.csv", "layer,output,"),
        (["table", NET], "a.tex", "% network"),
        (["table", NET], "a.md", "**network**"),
        (["table", NET, "--compare", "8x8x1 > fc-9"], "a.json", "{"),
        (["expand", NET], "a.net", "net network"),
        (["diff", NET, NET], "a.txt", "<text> and <text>: the same"),
        (["diff", NET, NET], "a.json", "{"),
    ],
)
def test_output_goes_into_a_file_in_the_format_of_its_suffix(
    arguments: list[str],
    name: str,
    begins: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = tmp_path / name
    assert main([*arguments, "-o", str(target)]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err.partition(": ")[0]) == ("", str(target))
    written = target.read_text(encoding="utf-8")
    assert written.startswith(begins)
    assert written.endswith("\n")
    assert not written.endswith("\n\n")
    if name.endswith(".json"):
        json.loads(written)
    assert main([*arguments, "-o", str(target)]) == 1  # is not overwritten
    assert "N604" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "name"), [("table", "a.png"), ("table", "a.sarif"), ("recipe", "a.csv")]
)
def test_a_file_of_another_format_is_refused(
    command: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / name
    assert main([command, NET, "-o", str(target)]) == 1
    assert f"`netdsl {command}` does not write {target.suffix} files" in capsys.readouterr().err
    assert not target.exists()


def test_a_suffix_and_a_format_that_contradict_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "a.csv"
    assert main(["table", NET, "-o", str(target), "--json"]) == 1
    assert "ends in .csv, but --format says json" in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.parametrize("command", ["sample a", "show a --plane", "attack a", "backward a"])
def test_a_picture_is_not_printed(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = refused([*command.split(), "-o", "-"], capsys)
    assert any("'-' is standard output; a picture is written into a file" in x for x in lines)


@pytest.mark.parametrize("command", ["show a --reconstruct --noise 1e300", "attack a --eps 1e300"])
def test_changes_have_a_bound(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "1e+300 is more than 1,000,000" in " ".join(refused(command.split(), capsys))


@pytest.mark.parametrize("command", ["sample a --count", "sample a --seed"])
def test_integers_have_a_bound(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = refused([*command.split(), "9" * 14], capsys)
    assert "99999999999999 is more than 999,999,999,999" in " ".join(lines)


def test_short_names_of_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "mlp-1").mkdir(parents=True)
    words = ["predict", "mlp-1", "a.png", "--with", "mlp-1"]
    options = parser_for("predict").parse_args(words)
    assert [options.folder, *options.others] == [str(Path("runs", "mlp-1"))] * 2
