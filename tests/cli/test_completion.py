"""What shells complete: the function of bash is run, the others' scripts know the same."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from netdsl.cli import completion_scripts
from netdsl.cli.commands import COMMANDS
from netdsl.cli.completed import CompletedCommand, CompletedOption, completed_commands
from netdsl.cli.completion_scripts import SCRIPTS
from netdsl.cli.main import main
from netdsl.cli.parser import CommandParser

GOLDEN = Path(__file__).parents[1] / "golden" / "cli" / "completion"
ASKED = """
complete_words() {
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _netdsl
    printf '%s\\n' "$*" "${COMPREPLY[@]}" ''
}
"""


def completed(lines: list[str], folder: Path) -> list[list[str]]:
    """What bash offers after each line, whose words are split at blanks."""
    calls = "\n".join(
        "complete_words " + " ".join(f"'{word}'" for word in line.split(" ")) for line in lines
    )
    script = SCRIPTS["bash"](completed_commands())
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{script}\n{ASKED}\n{calls}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    return [block.splitlines()[1:] for block in done.stdout.split("\n\n") if block.strip()]


CASES = {
    "netdsl ta": {"table"},
    "netdsl --col": {"--color"},
    "netdsl --color n": {"never"},
    "netdsl --color = n": {"never"},
    "netdsl -q --color always tab": {"table"},
    "netdsl ": set(COMMANDS),
    "netdsl train --back": {"--backend"},
    "netdsl train --backend ": {"tensorflow", "jax", "torch"},
    "netdsl train --data mn": {"mnist"},
    "netdsl train -d a": {"and", "a b.net", "alexnet.net"},
    "netdsl train --epochs ": set(),
    "netdsl table a": {"a b.net", "alexnet.net"},
    "netdsl help exp": {"explain", "expand", "export"},
    "netdsl explain N20": {f"N20{number}" for number in range(1, 10)},
    "netdsl completion ": {"bash", "zsh", "fish"},
}


COMMAND = CompletedCommand(
    "nets",
    "it's: [a] \\ b",
    (
        CompletedOption(("-q",), "short: alone", "", (), False),
        CompletedOption(("--long",), "it's [long] \\", "", (), False),
        CompletedOption(("-a", "--all"), "any value", "A:B", (), False),
        CompletedOption(("--words",), "known", "WORD", ("one", "two"), False),
        CompletedOption(("--file",), "a file", "FILE", (), True),
        CompletedOption(("--both",), "either", "DATA", ("digits", "xor"), True),
    ),
    ("here", "there"),
    True,
)


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_script_whole(
    shell: str, monkeypatch: pytest.MonkeyPatch, golden: Callable[[Path, str], None]
) -> None:
    monkeypatch.setattr(completion_scripts, "common_options", lambda: COMMAND.options[:3])
    monkeypatch.setattr(completion_scripts, "COMMANDS", {"nets": "", "plain": ""})
    commands = [
        COMMAND,
        CompletedCommand("plain", "nothing", COMMAND.options[:1], (), False),
        CompletedCommand("words", "words", COMMAND.options[:1], ("one",), False),
        CompletedCommand("files", "files", COMMAND.options[:1], (), True),
    ]
    golden(GOLDEN / f"{shell}.txt", SCRIPTS[shell](commands))


def test_bash_completes_commands_options_values_and_files(tmp_path: Path) -> None:
    for name in ("a b.net", "alexnet.net", "vgg.net"):
        (tmp_path / name).touch()
    found = completed(list(CASES), tmp_path)
    assert {line: set(words) for line, words in zip(CASES, found, strict=True)} == CASES


@pytest.mark.parametrize("shell", SCRIPTS)
def test_every_option_of_every_command_is_in_the_scripts(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for command in completed_commands():
        assert command.name in script
        for option in command.options:
            long = option.names[-1]
            dashes = "-l " if long.startswith("--") else "-s "
            shown = f"{dashes}{long.lstrip('-')} " if shell == "fish" else long
            assert shown in script, (command.name, long)


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("train", {"-d", "--init-from", "--find-rate"}),
        ("export", set()),
        ("import", {"-o", "--weights", "--pretrained"}),
        ("show", {"-o", "--maps", "--where"}),
        ("diff", {"-o", "--path"}),
    ],
)
def test_files_are_offered_where_a_value_is_one(command: str, files: set[str]) -> None:
    found = next(each for each in completed_commands() if each.name == command)
    assert {option.names[0] for option in found.options if option.files} == files
    assert found.files


def test_values_of_options_are_those_of_the_parser() -> None:
    for command in completed_commands():
        parser = CommandParser(command=command.name, prog=command.name)
        parser.declare()
        for action in parser._actions:
            if action.choices and action.option_strings:
                option = next(o for o in command.options if o.names == (*action.option_strings,))
                assert option.words == tuple(map(str, action.choices))
