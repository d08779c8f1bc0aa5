"""Long texts go through a pager on a terminal, and nowhere else."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netdsl.cli.main import main

COMMAND = ["help", "completion"]
KEEPING = 'import sys; open(sys.argv[1], "w").write(sys.stdin.read())'
Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command on a terminal of some lines; gives what the terminal itself shows."""
    reader, writer = os.openpty()
    stream = open(writer, "w", encoding="utf-8")  # noqa: SIM115
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("COLUMNS", raising=False)

    def on_terminal(*arguments: str, lines: int = 5) -> str:
        fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", lines, 80, 0, 0))
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", stream)
            assert main([*arguments]) == 0
            print("end", file=stream, flush=True)
        shown = b""
        while not shown.endswith(b"end\r\n"):
            shown += os.read(reader, 1 << 16)
        return shown.decode().replace("\r\n", "\n").removesuffix("end\n")

    yield on_terminal
    stream.close()
    os.close(reader)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the pager keeps what it shows."""
    path = tmp_path / "kept"
    monkeypatch.setenv("PAGER", f"{sys.executable} -c '{KEEPING}' {path}")
    return path


def test_a_long_text_goes_through_the_pager_and_no_other(run: Run, kept: Path) -> None:
    assert run(*COMMAND) == ""
    text = kept.read_text(encoding="utf-8")
    assert text.startswith("usage: netdsl completion")
    assert text.endswith("\n")
    kept.unlink()
    assert run(*COMMAND, "--no-pager") == run("--no-pager", *COMMAND) == text
    assert run(*COMMAND, lines=text.count("\n") + 1) == text
    assert not kept.exists()
    assert run(*COMMAND, lines=text.count("\n")) == ""  # the prompt takes a line too


def test_nothing_is_paged_that_is_not_on_a_terminal(
    kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(COMMAND) == 0
    assert capsys.readouterr().out.startswith("usage: netdsl completion")
    assert not kept.exists()


def test_names_do_not_act_on_a_terminal_through_a_pager(
    run: Run, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a\x1b[31m.net").write_text("8x8x1 > conv3-8 > conv3-8 > conv3-8 > fc-10\n")
    assert run("table", "a\x1b[31m.net") == ""
    text = kept.read_text(encoding="utf-8")
    assert "conv3-8" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("pager", ["", "no-such-pager", "env no-such-pager", "env /", "'"])
def test_without_a_pager_a_text_is_printed(
    pager: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER", pager)
    assert run(*COMMAND).startswith("usage: netdsl completion")


@pytest.mark.parametrize(("color", "coloured"), [("always", True), ("never", False)])
def test_colours_reach_the_pager(color: str, coloured: bool, run: Run, kept: Path) -> None:
    assert run("explain", "conv", "--color", color) == ""
    assert ("\x1b[" in kept.read_text(encoding="utf-8")) == coloured


def test_a_terminal_of_unknown_height_has_no_pager(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", shown := Terminal())
    assert main(COMMAND) == 0
    assert shown.getvalue().startswith("usage: netdsl completion")
    assert not kept.exists()


def test_ctrl_c_is_the_pagers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bytes] = []

    class Pager:
        returncode = 0

        def communicate(self, text: bytes) -> None:
            given.append(text)
            if len(given) < 3:
                raise KeyboardInterrupt

    monkeypatch.setenv("PAGER", "any")
    monkeypatch.setattr("netdsl.cli.pager.subprocess.Popen", lambda *_, **__: Pager())
    assert run(*COMMAND) == ""
    assert [bool(text) for text in given] == [True, False, False]


def test_a_pager_that_ends_early_ends_nothing_else(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER", "true")
    assert run("explain") == ""
