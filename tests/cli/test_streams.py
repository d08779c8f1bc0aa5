"""What strangers wrote never acts on a terminal, and streams that fail end in one line."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from netdsl.cli.commands import COMMANDS, load
from netdsl.cli.main import main
from netdsl.cli.streams import MessageStream, PrintableStream, print_in_colour
from netdsl.errors import Diagnostic, RunError, Source, Span
from netdsl.errors.printable import in_one_line, printable
from netdsl.errors.terminal import render

EVIL = "\x1b[31m\u202e\x9b2J\x07"
ACTING = {"\x1b", "\u202e", "\x9b", "\x07", "\r"}
TEXT = f"# about {EVIL}\ninput 28x28x1 > fc-10 as a  # more {EVIL}\n"


@pytest.fixture
def evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file whose name and comments would act on a terminal."""
    monkeypatch.chdir(tmp_path)
    name = f'n{EVIL}\r\n"""=x.net'
    Path(name).write_text(TEXT)
    return name


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["check", "--format", "concise"],
        ["table"],
        *(["table", "--format", form] for form in ("markdown", "latex", "html", "csv", "json")),
        *(["draw", "--format", form] for form in ("svg", "tex", "mmd", "html")),
        ["emit"],
        ["expand"],
        ["fmt", "--diff"],
    ],
    ids=" ".join,
)
def test_names_and_comments_do_not_act_on_a_terminal(
    command: list[str], evil: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, evil]) == 0
    shown = capsys.readouterr()
    assert not ACTING & set(shown.out + shown.err)
    assert shown.out or shown.err or command[0] == "fmt"


def test_a_line_end_in_a_name_ends_no_comment_of_latex(
    evil: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["table", "--format", "latex", evil])
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("% n")
    assert second.startswith("\\begin{tabular}")


def test_a_markdown_caption_is_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a_b** <img> [x](y).net").write_text("4 > fc-2\n")
    main(["table", "--format", "markdown", "a_b** <img> [x](y).net"])
    first = capsys.readouterr().out.splitlines()[0]
    assert first == r"**a_b\*\* \<img\> \[x\](y)**"


def test_an_emitted_program_is_whole_whatever_a_file_is_called(
    evil: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["emit", evil])
    compile(capsys.readouterr().out, "program", "exec")


def test_messages_in_colour_hold_no_colours_of_others() -> None:
    source = Source(f"a{EVIL}.net", f"x {EVIL}")
    span = Span(source, 0, 1)
    found = Diagnostic("N100", f"m{EVIL}", span, help=f"h{EVIL}", label=f"l{EVIL}")
    shown = render([found], colour=True)
    plain = render([found])
    assert "\x9b" not in shown
    assert "\u202e" not in shown
    assert "\x1b[31m" not in shown  # ours are all others
    assert not ACTING & set(plain)


def test_printable_keeps_what_people_write() -> None:
    text = "tab\t, line\n, é, 字, עברית, 👍, a\u0301"
    assert printable(text) == text
    assert in_one_line("a\r\n\tb") == "a b"
    assert in_one_line("\udcff") == "\ufffd"


class Failing(io.StringIO):
    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


def test_a_full_stream_is_an_error_and_a_reader_that_left_is_none() -> None:
    full = OSError(28, "No space left on device")
    with pytest.raises(RunError, match="standard output cannot be written: No space"):
        PrintableStream(Failing(full), "standard output").write("a")
    with pytest.raises(RunError, match="it is closed"):
        PrintableStream(None, "standard output").write("a")
    with pytest.raises(RunError, match="standard output cannot be written: No space"):
        print_in_colour("a", PrintableStream(Failing(full), "standard output"))
    assert MessageStream(Failing(full), "standard error").write("a") == 1
    print_in_colour("a", MessageStream(Failing(full), "standard error"))
    left = PrintableStream(Failing(BrokenPipeError()), "standard output")
    assert left.write("a") == 1
    assert left.abandoned


def command(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of a shell in which `$NETDSL` is the command."""
    netdsl = f"{sys.executable} -m netdsl"
    paths = {"PYTHONPATH": os.pathsep.join(sys.path), "NETDSL": netdsl}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=os.environ | paths | environment, capture_output=True
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("$NETDSL table a.net >/dev/full", 3, b"standard output cannot be written: No space"),
        ("$NETDSL table a.net >&-", 3, b"standard output cannot be written: it is closed"),
        ("$NETDSL --help >/dev/full", 3, b"standard output cannot be written: No space"),
        ("$NETDSL table - <&-", 1, b"standard input cannot be read: it is closed"),
        ("$NETDSL check bad.net 2>&-", 1, b""),
        ("$NETDSL check bad.net 2>/dev/full", 1, b""),
        ("$NETDSL table a.net | true; exit ${PIPESTATUS[0]}", 0, b""),
    ],
)
def test_streams_that_are_closed_or_full(
    line: str, code: int, message: bytes, tmp_path: Path
) -> None:
    (tmp_path / "a.net").write_text("4 > fc-2\n")
    (tmp_path / "bad.net").write_text("4 > fd-2\n")
    ended = command(line, tmp_path)
    assert (ended.returncode, b"Traceback" in ended.stderr) == (code, False)
    assert message in ended.stderr
    assert len(ended.stderr.splitlines()) <= 3


@pytest.mark.parametrize("arguments", [["explain", "conv"], ["diff", "4 > fc-2", "4 > fc-3"]])
def test_coloured_texts_on_a_full_disk_are_an_error(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout", Failing(OSError(28, "No space left on device")))
    assert main(arguments) == 3
    assert "error[N610]: standard output cannot be written: No space" in capsys.readouterr().err


def test_another_encoding_gets_replaced_characters(tmp_path: Path) -> None:
    (tmp_path / "réseau.net").write_text("4 > fc-2\n")
    ended = command("$NETDSL table *.net", tmp_path, PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (0, b"r?seau")


def test_no_file_takes_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    (tmp_path / "a.net").write_text("4 > fc-2\n")
    ended = command("$NETDSL emit a.net -o a.py <&- >&- 2>&-", tmp_path)
    assert ended.returncode == 0
    assert (tmp_path / "a.py").read_text().startswith('"""')


INTERRUPTING = """
import runpy, sys

interrupted = sys.argv.pop(1)

class Finder:
    def find_spec(self, name, *more):
        if name == interrupted:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Finder())
runpy.run_module("netdsl", run_name="__main__")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("netdsl.cli.main", "check"),
        ("netdsl.process", "check"),
        ("netdsl.cli.exit_codes", "check"),
        ("netdsl.cli.parser", "check"),
        ("netdsl.cli.check", "check"),
        ("netdsl.kinds", "table"),
        ("netdsl.report.lines", "table"),
        ("netdsl.drawing.picture", "draw"),
        ("netdsl.syntax.format", "fmt"),
        ("netdsl.emit.program", "emit"),
        ("numpy", "train"),
        ("keras", "compile"),
    ],
)
def test_ctrl_c_during_an_import_gives_no_traceback(
    module: str, command: str, tmp_path: Path
) -> None:
    (tmp_path / "a.net").write_text("8x8x1 > fc-10\n")
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTING, module, command, "a.net"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 130
    assert done.stderr in ("", "interrupted\n")
    assert os.listdir(tmp_path) == ["a.net"]


ARGUMENTS = {name: ["a", "b"] for name in ("diff", "predict", "export", "matrix")}
ARGUMENTS |= {"show": ["a", "--plane"], "sample": ["a", "-o", "b.svg"], "completion": ["bash"]}
ARGUMENTS |= {"new": ["a.net", "--data", "digits"]}


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_in_any_command_ends_with_130(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(load(command), "run", interrupted)
    assert main([command, *ARGUMENTS.get(command, ["a"])]) == 130
    assert capsys.readouterr().err == "interrupted\n"
