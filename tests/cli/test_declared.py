"""What each command declares: its arguments with their choices, defaults and words, and what of
them reaches the command.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from netdsl import process
from netdsl.cli import exit_codes, parser, training_end
from netdsl.cli.commands import COMMANDS, load
from netdsl.cli.main import main, run
from netdsl.cli.streams import PrintableStream, printable_streams
from netdsl.cli.terminal import in_colour
from netdsl.cli.watching import stamps
from netdsl.errors import RunError
from netdsl.errors.printable import printable

GOLDENS = Path(__file__).parents[1] / "golden" / "cli" / "arguments"


def declared(action: argparse.Action) -> str:
    """An argument in lines that no version of Python words otherwise."""
    facts = {
        "of": getattr(action.type, "__name__", action.type),
        "number": action.nargs,
        "choices": action.choices and " ".join(map(str, action.choices)),
        "default": action.default,
        "constant": action.const,
        "into": action.dest,
    }
    stated = [f"  {name}: {fact}" for name, fact in facts.items() if fact not in (None, "")]
    head = " ".join(filter(None, (*action.option_strings, str(action.metavar or ""))))
    return "\n".join([head, f"  {action.help}", *stated])


@pytest.mark.parametrize("name", COMMANDS)
def test_arguments_are_declared_as_they_were(
    name: str, golden: Callable[[Path, str], None]
) -> None:
    made = argparse.ArgumentParser(prog="netdsl", add_help=False, epilog="EXAMPLES")
    load(name).set_up(made)
    lines = [f"{made.usage}\n{made.epilog}", *map(declared, made._actions)]
    golden(GOLDENS / f"{name}.txt", "\n\n".join(lines) + "\n")


def test_the_parser_is_made_for_the_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    requested: list[tuple[str | None, bool]] = []
    made = parser.parser_for

    def noted(name: str | None, first: bool) -> argparse.ArgumentParser:
        requested.append((name, first))
        return made(name, first)

    monkeypatch.setattr(parser, "parser_for", noted)
    assert main(["check", "784 > fc-10"]) == 0
    assert main(["-q", "check", "784 > fc-10"]) == 0
    assert main([]) == exit_codes.WRONG_USAGE
    assert requested == [("check", True), ("check", False), (None, False)]


class Full(io.StringIO):
    """Takes what is written, and cannot pass it on."""

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


def test_what_is_still_waiting_is_written_before_a_command_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Full())
    assert main(["table", "784 > fc-10"]) == exit_codes.RUN_FAILED
    assert "standard output cannot be written: No space left" in capsys.readouterr().err


def test_what_waits_in_a_full_stream_is_dropped() -> None:
    stream = open("/dev/full", "w", encoding="utf-8")  # noqa: SIM115
    shown = PrintableStream(stream, "standard output")
    shown.write("a")
    with pytest.raises(RunError, match="No space left"):
        shown.flush()
    stream.close()  # writes what waits: to nowhere


class Flushed(io.StringIO):
    flushed = False

    def flush(self) -> None:
        self.flushed = True


@pytest.mark.parametrize(("interrupted", "code"), [(False, 0), (True, exit_codes.INTERRUPTED)])
def test_the_end_of_a_training_is_printed(
    interrupted: bool, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from netdsl.training.reporting import text

    monkeypatch.setattr(text, "describe_run", lambda run: "what came of it")
    monkeypatch.setattr(sys, "stdout", shown := Flushed())
    ended: Any = SimpleNamespace(interrupted=interrupted)
    assert training_end.on_hosts(None, lambda: ended) == code
    assert (shown.getvalue(), shown.flushed) == ("what came of it\n", True)


def test_the_report_is_a_link_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from netdsl.training.reporting import text

    class Terminal(Flushed):
        def isatty(self) -> bool:
            return True

    folder = tmp_path / "a\x1b[31m b-1"
    monkeypatch.setattr(text, "describe_run", lambda run: f"open {run.folder}/report.html")
    monkeypatch.setattr(sys, "stdout", Terminal())
    ended: Any = SimpleNamespace(interrupted=False, folder=folder)
    assert training_end.on_hosts(None, lambda: ended) == 0
    link = folder.as_uri() + "/report.html"
    assert "%1B%5B31m%20b-1" in link
    name = printable(f"{folder}/report.html")
    assert sys.stdout.flushed  # type: ignore[attr-defined]
    shown = sys.stdout.getvalue()  # type: ignore[attr-defined]
    assert shown == f"open \x1b]8;;{link}\x1b\\{name}\x1b]8;;\x1b\\\n"


def test_networks_next_to_a_file_are_watched_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.net", "b.net", "notes.txt"):
        (tmp_path / name).write_text("4 > fc-2\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert set(stamps(["a.net"])) == {"a.net", "b.net"}
    assert stamps(["a.net:width=3"]) == stamps(["a.net"])
    assert set(stamps([str(tmp_path / "b.net")])) == {str(tmp_path / n) for n in ("a.net", "b.net")}


def test_a_stream_that_nobody_reads_is_dropped() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w", encoding="utf-8")
    shown = PrintableStream(stream, "standard output")
    shown.write("a")
    before = os.listdir("/dev/fd")
    shown.flush()
    assert os.listdir("/dev/fd") == before
    assert shown.abandoned
    shown.write("b")
    stream.close()  # writes what waits: to nowhere


@pytest.mark.parametrize(
    ("ended", "code"),
    [(0, 0), (5, 5), (SystemExit(2), 2), (SystemExit("why"), 1), (KeyboardInterrupt(), 130)],
)
def test_how_the_process_ends(ended: Any, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def main() -> int:
        if isinstance(ended, BaseException):
            raise ended
        return int(ended)

    events: list[Any] = []
    monkeypatch.setattr(process, "own", False)
    monkeypatch.setattr(process, "open_missing_descriptors", lambda: events.append("opened"))
    monkeypatch.setattr(process, "end", events.append)
    monkeypatch.setattr(os, "_exit", events.append)
    monkeypatch.setattr("netdsl.cli.main.main", main)
    run()  # type: ignore[unreachable]
    assert process.own
    assert events == ["opened", code]


def test_streams_are_as_before_after_a_command() -> None:
    before = sys.stdout, sys.stderr
    with printable_streams():
        assert (sys.stdout, sys.stderr) != before
    assert (sys.stdout, sys.stderr) == before


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("value", "coloured"), [(None, True), ("", True), ("1", False)])
def test_a_terminal_has_colours_unless_no_color_is_set(
    value: str | None, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_COLOR", value)
    assert in_colour(Terminal()) is coloured
    assert not in_colour(io.StringIO())
