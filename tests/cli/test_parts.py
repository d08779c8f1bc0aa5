"""The parts of the command line, each alone: types of values, files, sides, formats, streams."""

from __future__ import annotations

import argparse
import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from netdsl import parse
from netdsl.cli import arguments, pager, sample, table_options, terminal, usage
from netdsl.cli import show as show_command
from netdsl.cli.check_output import Result, _warned_once, hints_for, show, summary
from netdsl.cli.commands import COMMANDS
from netdsl.cli.completed import completed_commands
from netdsl.cli.config import fill_in
from netdsl.cli.config_file import as_environment
from netdsl.cli.diff_sides import DiffSide, DiffSides, sides_of, with_places
from netdsl.cli.formats import format_of
from netdsl.cli.inputs import (
    found_files,
    read_input,
    read_standard_input,
    read_trained,
    split_params,
)
from netdsl.cli.lab_arguments import subject_of
from netdsl.cli.main import main
from netdsl.cli.outputs import free_model_path, free_path, target_of
from netdsl.cli.parser import command_in, parser_for
from netdsl.cli.streams import PrintableStream, printable_streams, shown_as
from netdsl.cli.then import check_following, following
from netdsl.cli.watching import stamps
from netdsl.errors import Diagnostic, NetError, Source, Span
from netdsl.limits import DEFAULT_LIMITS
from netdsl.reading import Checked, Fragment

# --- types of values ------------------------------------------------------------------------------


def refused(call: Any, *given: Any) -> str:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        call(*given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("784", (784,)),
        ("224x224x3", (224, 224, 3)),
        ("2×3", (2, 3)),
        ("999999999", (999_999_999,)),
        ("1000000000", None),
        ("0", None),
        ("3x0", None),
        ("10x3", (10, 3)),
        ("x3", None),
        ("3x", None),
        ("", None),
        ("3 x 3", None),
    ],
)
def test_shapes(text: str, shape: Any) -> None:
    if shape is None:
        assert "is not a shape" in refused(arguments.shape, text)
    else:
        assert arguments.shape(text) == shape


@pytest.mark.parametrize(
    ("text", "positive", "natural"),
    [("0", None, 0), ("1", 1, 1), ("007", 7, 7), ("-1", None, None), ("1.5", None, None)],
)
def test_integers(text: str, positive: int | None, natural: int | None) -> None:
    for call, expected in ((arguments.positive, positive), (arguments.natural, natural)):
        if expected is None:
            assert "is not an integer from" in refused(call, text)
        else:
            assert call(text) == expected
    assert arguments.positive("9" * 12) == arguments.natural("9" * 12) == 10**12 - 1
    assert refused(arguments.natural, "9" * 30) == f"{'9' * 20} is more than 999,999,999,999"


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0.0), ("0.05", 0.05), ("1e3", 1000.0), ("-0.1", None), ("inf", None), ("nan", None)],
)
def test_numbers_from_0(text: str, value: float | None) -> None:
    for call in (arguments.from_0, arguments.change):
        if value is None:
            assert "is not a number from 0" in refused(call, text)
        else:
            assert call(text) == value
    assert arguments.change("1e6") == 1e6
    assert "1e+07 is more than 1,000,000" in refused(arguments.change, "1e7")
    assert "is not a number" in refused(arguments.from_0, "much")


def test_amounts_of_memory() -> None:
    assert arguments.memory_size("24GiB") == 24 << 30
    assert arguments.memory_size("A100-40GB") > 30 << 30
    assert arguments.memory_size("24") == 24
    for text in ("much", "24 lots", "B9000-7GB"):
        assert "write it like 24GiB or A100-40GB" in refused(arguments.memory_size, text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("w=8", ("w", 8)),
        ("w=(1, 2)", ("w", (1, 2))),
        ("=8", None),
        ("w", None),
        ("3=4", None),
    ],
)
def test_params(text: str, found: Any) -> None:
    if found is not None:
        assert arguments.param(text) == found
    else:
        assert "is not NAME=VALUE" in refused(arguments.param, text)


def test_names_of_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "a-1").mkdir(parents=True)
    (tmp_path / "runs" / "here").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "runs" / "file").touch()
    for text, found in (
        ("a-1", os.path.join("runs", "a-1")),
        ("here", "here"),
        ("file", "file"),
        ("b-1", "b-1"),
        ("x/a-1", "x/a-1"),
        ("", ""),
        (".", "."),
        ("..", ".."),
    ):
        assert arguments.run_folder(text) == found
    assert arguments.picture_file("a.svg") == "a.svg"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("show --filters -o 'a b.svg'", ["show", "--filters", "-o", "a b.svg"]),
        ("train a", None),
        ("", None),
        ("show 'a", None),
    ],
)
def test_what_may_follow_a_training(text: str, words: list[str] | None) -> None:
    if words is None:
        assert repr(text) in refused(following, text)
    else:
        assert following(text) == words


@pytest.mark.parametrize(
    ("words", "free"),
    [
        ("show --plane -o old.svg", False),
        ("show --plane -o old.svg --force", True),
        ("show --plane -o new.svg", True),
        ("show --plane", True),
        ("runs --curve old.svg", False),
        ("runs --curve old.svg --force", True),
        ("evaluate", True),
    ],
)
def test_files_of_what_follows_are_looked_for_before_it(
    words: str, free: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.svg").touch()
    if free:
        check_following(words.split())
    else:
        with pytest.raises(NetError, match=r"old\.svg already exists"):
            check_following(words.split())


# --- usage ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["--color", "always", "check"], "check"),
        (["--color=always", "check"], "check"),
        (["-q", "--no-pager", "table", "check"], "table"),
        (["--color", "check"], None),
    ],
)
def test_the_command_of_a_line(arguments: list[str], command: str | None) -> None:
    assert command_in(arguments) == command


@pytest.mark.parametrize(("command", "known"), [("check", ["check"]), ("tabel", [*COMMANDS])])
def test_parsers_are_made_of_the_command_that_is_asked_for(command: str, known: list[str]) -> None:
    """Those of all take longer than the start of Python leaves."""
    for first in (True, False):
        made = parser_for(command, first)
        (commands,) = (one for one in made._actions if one.dest == "command")
        assert list(commands.choices or ()) == known
        assert ("--quiet" in made._option_string_actions) is not first


@pytest.mark.parametrize(
    ("columns", "terminal", "width"),
    [("100", 70, 98), ("", 70, 68), ("0", 70, 68), ("wide", 70, 78), ("", None, 78)],
)
def test_help_is_as_wide_as_the_terminal(
    columns: str, terminal: int | None, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def size() -> os.terminal_size:
        if terminal is None:
            raise OSError
        return os.terminal_size((terminal, 9))

    with monkeypatch.context() as patch:  # pytest, too, asks for the size, with a stream
        patch.setenv("COLUMNS", columns)
        patch.setattr(os, "get_terminal_size", size)
        found = parser_for(None)._get_formatter()._width
    assert found == width


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tabel", "there is no command `tabel`; did you mean `table`?"),
        ("version", "there is no command `version`; did you mean `--version`?"),
        ("jump", "there is no command `jump`"),
        ("a.net", "a command comes first; `netdsl table a.net` prints the layers"),
        ("4 > fc-2", 'a command comes first; `netdsl table "4 > fc-2"` prints the layers'),
    ],
)
def test_commands_that_there_are_not(name: str, said: str) -> None:
    assert usage.about_command(name) == said


def test_how_a_command_is_called() -> None:
    parser = argparse.ArgumentParser(prog="netdsl x")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("some", nargs="?", metavar="SOME")
    parser.add_argument("more", nargs="*")
    parser.add_argument("--free", metavar="A")
    parser.add_argument("-n", "--needed", required=True, metavar="N")
    assert usage.usage_of(parser) == "netdsl x [options] FILE [SOME] [more ...] -n N"
    several = argparse.ArgumentParser(prog="netdsl y", add_help=False)
    several.add_argument("file", nargs="+", metavar="FILE")
    assert usage.usage_of(several) == "netdsl y [options] FILE [FILE ...]"


@pytest.mark.parametrize("width", [70, 100])
def test_the_commands_in_groups(width: int) -> None:
    lines = usage.overview(width).splitlines()
    assert max(map(len, lines)) <= width
    columns = {
        line.index(line.split(None, 1)[1])
        for line in lines
        if line.startswith("    ") and not line.startswith("     ")
    }
    assert len(columns) == 1
    (column,) = columns
    assert column == 4 + max(map(len, COMMANDS)) + 2
    more = [line for line in lines if line.startswith("     ")]
    assert all(line.startswith(" " * column) and line[column] != " " for line in more)
    assert bool(more) == (width == 70)


def test_no_word_of_a_description_is_parted() -> None:
    for width in range(40, 120):
        assert not any(line.endswith("-") for line in usage.overview(width).splitlines())


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "name", "params"),
    [
        ("a.net", "a.net", ()),
        ("a.net:w=8", "a.net", (("w", 8),)),
        ("a.net:w=8,d=(1, 2)", "a.net", (("w", 8), ("d", (1, 2)))),
        ("zoo:lenet5:w=8", "zoo:lenet5", (("w", 8),)),
        ("C:/a.net", "C:/a.net", ()),
        ("4 > fc-2:w=8", "4 > fc-2:w=8", ()),
        ("there:w=8", "there:w=8", ()),
        ("a.net:w=", None, "the param `w` of a.net has no value"),
        ("a.net:w=1,w=2", None, "the param `w` of a.net is given twice: 1 and 2"),
        ("a.net:w=1:d=2", None, "the param `w` of a.net is 1:d=2"),
        ("a.net:w='1:d=2'", "a.net", (("w", "'1:d=2'"),)),
    ],
)
def test_files_with_params(
    file: str, name: str | None, params: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there:w=8").touch()
    if name is None:
        with pytest.raises(NetError) as caught:
            split_params(file)
        assert caught.value.code == "N107"
        assert params in str(caught.value)
    else:
        assert split_params(file) == (name, params)


def test_an_argument_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(NetError) as caught:
        read_input("4 > fc-2  # \udcff")
    assert caught.value.code == "N007"


def test_what_a_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.net").write_text("4 > fc-2\n")
    found = read_input("a.net:w=8")
    assert (found.path, found.name, found.params) == ("a.net", "a", (("w", 8),))
    text = read_input("4 > fc-2")
    assert (text.source.name, text.path, text.name) == ("<text>", None, "network")
    monkeypatch.setattr("netdsl.cli.inputs.read_standard_input", lambda: b"4 > fc-3")
    stdin = read_input("-:w=8")
    assert (stdin.source.name, stdin.source.text, stdin.params) == (
        "<stdin>",
        "4 > fc-3",
        (("w", 8),),
    )


def test_one_byte_too_many_is_read_of_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a text that is too long is refused, not cut."""
    asked: list[int] = []
    monkeypatch.setattr("netdsl.cli.inputs.standard_input", lambda limit: asked.append(limit))
    read_standard_input()
    assert asked == [DEFAULT_LIMITS.source + 1]

    def closed(_: int) -> bytes:
        raise OSError(9, "it is closed")

    monkeypatch.setattr("netdsl.cli.inputs.standard_input", closed)
    with pytest.raises(NetError, match="standard input cannot be read: it is closed") as caught:
        read_standard_input()
    assert caught.value.code == "N601"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["relu > fc-2(init=1)", "1 2"], ""),
        (["relu > fc-2(init=1)"], "N209"),
        (["relu > fc-2(init=1)", "1", "2"], "N209"),
        (["4 > fd-2", "words"], "N101"),
        (["relu > fc-2(init=1)", "1 2", "--input", "3"], "N518"),
    ],
)
def test_a_value_gives_a_fragment_its_shape(
    arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["forward", *arguments]) == bool(code)
    assert code in capsys.readouterr().err


def test_a_subject_is_a_file_or_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.lab.weighted.begun", lambda network, seed: (network.name, seed))
    monkeypatch.setattr("netdsl.lab.weighted.trained", lambda run: f"trained {run}")
    monkeypatch.setattr("netdsl.training.runs.finished.finished_run", lambda folder: folder.name)
    made = parser_for("forward")
    options = made.parse_args(["forward", "net a\ninput 1 > fc-2", "--seed", "3"])
    assert subject_of(options) == ("a", 3)
    (tmp_path / "a-1").mkdir()
    assert subject_of(made.parse_args(["forward", str(tmp_path / "a-1")])) == "trained a-1"


def test_values_may_follow_options() -> None:
    options = parser_for("backward").parse_args(["backward", "f", "x=1", "--seed", "3", "y=2"])
    assert (options.file, options.values, options.seed) == ("f", ["x=1", "y=2"], 3)


def test_a_folder_called_compare_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []
    monkeypatch.setattr(
        "netdsl.training.runs.listing.runs_text", lambda where, sort: listed.append(where) or ""
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compare").mkdir()
    assert main(["runs", "compare"]) == 0
    assert listed == ["compare"]


def test_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.net", "a.net", ".c.net", "d.txt", "x/e.net", ".y/f.net"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link.net").symlink_to("a.net")
    (tmp_path / "x" / "up.net").symlink_to("../b.net")
    own = [str(tmp_path / name) for name in ("a.net", "b.net", "x/e.net")]
    assert found_files([str(tmp_path)]) == own
    assert found_files([own[1], str(tmp_path), "none.net"]) == [own[1], own[0], own[2], "none.net"]
    (tmp_path / "x" / "alone.net").symlink_to("../d.txt")
    inside = found_files([str(tmp_path)])
    assert str(tmp_path / "x" / "alone.net") in inside
    with pytest.raises(NetError, match="leads outside") as caught:
        found_files([str(tmp_path / "x")])
    assert caught.value.code == "N601"
    (tmp_path / "empty").mkdir()
    with pytest.raises(NetError, match=r"no \.net file in"):
        found_files([str(tmp_path / "empty")])


def test_files_that_are_watched(tmp_path: Path) -> None:
    for name in ("a.net", "b.net", "c.txt"):
        (tmp_path / name).write_text("x")
    watched = stamps([f"{tmp_path / 'a.net'}:w=3"])
    assert set(watched) == {str(tmp_path / "a.net"), str(tmp_path / "b.net")}
    stamp = watched[str(tmp_path / "a.net")]
    assert stamp is not None
    assert stamp[1] == 1
    assert stamps([str(tmp_path)]).keys() == watched.keys()
    assert stamps([str(tmp_path / "q" / "none.net")]) == {str(tmp_path / "q" / "none.net"): None}


@pytest.mark.parametrize("force", [False, True])
def test_where_a_command_may_write(force: bool, tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    (tmp_path / "link").symlink_to("old")
    (tmp_path / "gone").symlink_to("away")
    assert target_of(None, force) is None
    assert target_of("-", force) is None
    assert target_of(str(tmp_path / "new"), force) == tmp_path / "new"
    assert free_path(os.devnull, False) == Path(os.devnull)
    for name, to in (("old", "old"), ("link", "old"), ("gone", "away")):
        if force:
            assert free_path(tmp_path / name, True) == tmp_path / to
        else:
            with pytest.raises(NetError, match="already exists") as caught:
                free_path(tmp_path / name, False)
            assert caught.value.code == "N604"
    with pytest.raises(NetError, match="is a folder") as caught:
        free_path(tmp_path, force)
    assert caught.value.code == "N604"
    with pytest.raises(NetError, match="there is no folder") as caught:
        free_path(tmp_path / "none" / "a", force)
    assert caught.value.code == "N601"
    assert free_model_path(tmp_path / "a.keras", force) == tmp_path / "a.keras"
    with pytest.raises(NetError, match=r"does not end in \.keras"):
        free_model_path(tmp_path / "a.h5", force)


# --- formats --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "format", "formats", "writes_text", "usual", "found"),
    [
        (None, None, ("text", "json"), True, "json", "json"),
        (None, "text", ("text", "json"), True, "json", "text"),
        ("a.json", None, ("text", "json"), True, "text", "json"),
        ("a.JSON", None, ("text", "json"), True, "text", "json"),
        ("a.json", "json", ("text", "json"), True, "text", "json"),
        ("a.json", "text", ("text", "json"), True, "text", None),
        ("a.csv", None, ("text", "json"), True, "text", None),
        ("a.csv", None, ("text", "json"), False, "text", "text"),
        ("a.csv", "json", ("text", "json"), False, "text", "json"),
        ("a.png", None, ("text", "json"), True, "text", None),
        ("a.png", None, ("text", "json"), False, "text", "text"),
        ("a.txt", None, ("text", "json"), True, "json", "text"),
        ("a.log", "json", ("text", "json"), True, "json", "json"),
        ("a.net", None, ("text", "json"), True, "json", "json"),
        ("a.md", None, ("text", "markdown"), True, "text", "markdown"),
    ],
)
def test_formats(
    output: str | None,
    format: str | None,
    formats: tuple[str, ...],
    writes_text: bool,
    usual: str,
    found: str | None,
) -> None:
    options = argparse.Namespace(
        output=output, format=format, formats=formats, writes_text=writes_text, command="x"
    )
    if found is None:
        with pytest.raises(NetError) as caught:
            format_of(options, usual)
        assert caught.value.code == "N604"
    else:
        assert format_of(options, usual) == found


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "settings", "no_color", "found"),
    [
        ((None, None, None), {}, "", (False, "auto", True)),
        ((True, "never", False), {"quiet": False, "color": "always"}, "", (True, "never", False)),
        (
            (None, None, None),
            {"quiet": True, "color": "always", "pager": False},
            "",
            (True, "always", False),
        ),
        ((None, None, None), {"color": "always"}, "1", (False, "auto", True)),
        ((None, "always", None), {}, "1", (False, "always", True)),
    ],
)
def test_settings_fill_in(
    given: Any, settings: Any, no_color: str, found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    options = argparse.Namespace(**dict(zip(("quiet", "color", "pager"), given, strict=True)))
    fill_in(options, settings)
    assert (options.quiet, options.color, options.pager) == found
    options = argparse.Namespace(quiet=None, color=None, pager=None, verbose=True)
    fill_in(options, {"quiet": True})
    assert options.quiet is False


def test_settings_are_the_environment_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETDSL_DATA", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with as_environment({"data-folder": "d", "backend": "torch", "quiet": True}):
        assert (os.environ["NETDSL_DATA"], os.environ["KERAS_BACKEND"]) == ("d", "jax")
    assert "NETDSL_DATA" not in os.environ
    assert os.environ["KERAS_BACKEND"] == "jax"


# --- the sides of a difference --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "place", "environment", "found"),
    [
        (["a.net"], None, {}, None),
        (["a", "b", "c"], None, {}, None),
        (
            ["a.net", "-"],
            None,
            {},
            DiffSides(DiffSide("a.net", None, "a.net"), DiffSide("-", None, "<stdin>")),
        ),
        (
            ["4 > fc-2", "b.net"],
            None,
            {"BASE": "x.net"},
            DiffSides(DiffSide("4 > fc-2", None, "<text>"), DiffSide("b.net", None, "b.net")),
        ),
        (
            ["/tmp/1", "x.net"],
            None,
            {"BASE": "x.net", "GIT_DIFFTOOL_EXTCMD": "netdsl diff"},
            DiffSides(DiffSide("/tmp/1", "x.net", "x.net (old)"), DiffSide("x.net", None, "x.net")),
        ),
        (
            ["/tmp/1", "/tmp/2"],
            "y.net",
            {"BASE": "x.net", "GIT_DIFFTOOL_EXTCMD": "netdsl diff"},
            DiffSides(
                DiffSide("/tmp/1", "y.net", "y.net (old)"),
                DiffSide("/tmp/2", "y.net", "y.net (new)"),
            ),
        ),
        (
            ["x.net", "/tmp/1", "h", "m", "/dev/null", "h", "m"],
            None,
            {},
            DiffSides(
                DiffSide("/tmp/1", "x.net", "x.net (old)"),
                DiffSide("/dev/null", None, "/dev/null"),
                True,
            ),
        ),
        (
            ["x.net", "/tmp/1", "h", "m", "/tmp/2", "h", "m", "z.net", "similar"],
            None,
            {},
            DiffSides(
                DiffSide("/tmp/1", "x.net", "x.net (old)"),
                DiffSide("/tmp/2", "z.net", "z.net (new)"),
                True,
            ),
        ),
    ],
)
def test_sides(files: list[str], place: str | None, environment: Any, found: Any) -> None:
    assert sides_of(files, place, environment) == found


def test_what_is_said_of_a_side() -> None:
    old, own = DiffSide("/tmp/1", "x.net", "x.net (old)"), DiffSide("x.net", None, "x.net")
    uses = '# a\n  use "lib.net"\n4 > f\n'
    assert old.remark(uses).startswith("note: the files that x.net (old) uses are read")
    assert (old.remark('4 > fc-2  # use "a"'), own.remark(uses)) == ("", "")
    assert [DiffSide(name, None, "").missing for name in ("/dev/null", "a")] == [True, False]
    source = Source("a", "abc")
    found = Diagnostic("N601", "m", Span(source, 0, 1))
    for side, said in ((old, "next to x.net in the working tree"), (own, "--path says where")):
        (one,) = with_places([found], side)
        assert said in one.help
    for other in (found._replace(help="h"), found._replace(span=None), found._replace(code="N1")):
        assert with_places([other], old) == (other,)


# --- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a", ""),
        ("a --by network", ""),
        ("a b", ""),
        ("a b --by stage", ""),
        ("a b --by network --sort params", ""),
        ("a --by stage --sort params", ""),
        ("a -", ""),
        ("- -", "standard input can be one of the files"),
        ("a b --why x", "--why is of one FILE"),
        ("a --by network --lecture", "--lecture is of one FILE"),
        ("a b --compare c", "--compare is of one FILE and another: table A --compare B"),
        ("a --compare b", ""),
        ("a --compare b --by network", ""),
        ("a --compare b --names", "--compare cannot be combined with --why, --rf, --lecture"),
        ("a b --by layer", "--by layer is of one FILE, or of two: table A --compare B"),
        ("a b --by stage --sort params", "several files --by stage shows networks as columns"),
        ("a b --fit 1GiB", "--fit is of one FILE, or of two: table A --compare B"),
        ("a --fit 1GiB", ""),
        ("a --fit 1GiB --json", ""),
        ("a --fit 1GiB --format markdown", "--fit is shown in text and JSON, not in markdown"),
        ("a --why x --rf", "--why cannot be combined with --rf: each is shown in place"),
        ("a --rf --names", "--rf cannot be combined with --names"),
        ("a --why x", ""),
        ("a --names --json", "--format json is for tables, and --names shows none"),
        *(
            (f"a --rf {flag}", f"{flag.split()[0]} is for tables, and --rf shows none")
            for flag in (
                "--by layer",
                "--columns params",
                "--sort params",
                "--units",
                "--no-bias",
                "--memory-batch 2",
                "--optimizer sgd",
                "--fit 1GiB",
            )
        ),
    ],
)
def test_options_of_tables_that_contradict(line: str, said: str) -> None:
    options = parser_for("table").parse_args(["table", *line.split()])
    options.format = options.format or "text"
    problem = table_options.contradiction(options)
    assert (said in problem) if said else not problem


@pytest.mark.parametrize(
    ("line", "memory", "options"),
    [
        ("a", False, (1, "float32", "adam", None)),
        ("a --memory-batch 1", True, (1, "float32", "adam", None)),
        ("a --memory-batch 8 --precision bfloat16", True, (8, "bfloat16", "adam", None)),
        ("a --optimizer sgd", True, (1, "float32", "sgd", None)),
        ("a --fit 1KiB", True, (1, "float32", "adam", 1024)),
    ],
)
def test_what_the_memory_is_counted_for(line: str, memory: bool, options: Any) -> None:
    given = parser_for("table").parse_args(["table", *line.split()])
    assert table_options.asks_for_memory(given) == memory
    assert table_options.memory_options_of(given) == options


def test_what_a_table_shows() -> None:
    def view(line: str) -> Any:
        options = parser_for("table").parse_args(["table", *line.split()])
        options.format = options.format or "text"
        return table_options.view_of(options)

    usual = view("a")
    assert (usual.by, usual.batch, usual.sort, usual.bias, usual.units) == (
        "layer",
        1,
        None,
        True,
        False,
    )
    other = view("a --by block --sort macs --no-bias --units --columns params:M,,macs")
    assert (other.by, other.sort, other.bias, other.units) == ("block", "macs", False, True)
    assert other.columns == ("params", "macs")
    assert len(view("a --json").columns) > len(usual.columns)
    assert "training_peak" in view("a b --memory-batch 2").columns
    assert "training_peak" not in view("a b").columns
    assert view("a b --by stage").columns != view("a b").columns


# --- what check says ------------------------------------------------------------------------------


def checked(*diagnostics: Diagnostic) -> Checked:
    return Checked(Source("a", "x"), (), (), diagnostics)


ERROR, WARNING = Diagnostic("N101", "m"), Diagnostic("W703", "m")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([[]], "1 file: fine"),
        ([[], []], "2 files: fine"),
        ([[ERROR]], "1 file: 1 error"),
        ([[WARNING, WARNING]], "1 file: 2 warnings"),
        ([[ERROR, WARNING], [], [ERROR]], "3 files: 2 errors, 1 warning in 2 of them"),
        ([[ERROR] * 10, []], "2 files: 10 errors in 1 of them"),
    ],
)
def test_summaries(found: Any, said: str) -> None:
    assert summary([Result("a", checked(*each)) for each in found]) == said


def test_warnings_at_one_place_are_shown_once_and_errors_each_time() -> None:
    source = Source("a", "x y")

    def at(code: str, start: int) -> Diagnostic:
        return Diagnostic(code, "m", Span(source, start, start + 1))

    first = [at("W703", 0), at("W703", 0), at("W704", 0), at("N101", 0), WARNING]
    second = [*first, at("W703", 2), at("N101", 2)]
    results = [Result("a:w=1", checked(*first)), Result("a:w=2", checked(*second))]
    one, other = (result.checked.diagnostics for result in _warned_once(results))
    assert list(one) == first
    assert list(other) == [at("N101", 0), WARNING, at("W703", 2), at("N101", 2)]


def test_expectations_that_could_be_added() -> None:
    assert hints_for(parse("4 > fc-2")) == ["expect params = 10", "expect macs = 8"]
    assert hints_for(parse("4 > fc-2\nexpect params = 10")) == ["expect macs = 8"]
    assert hints_for(parse("40 > fc-2000")) == ["expect params = 82_000", "expect macs = 80_000"]
    two = "net a\ninput 4 > fc-2\nexpect macs = 8\nnet b\ninput 4 > fc-2\nexpect params = 10\n"
    assert hints_for(parse(two, net="a")) == ["expect params = 10"]
    assert hints_for(parse(two, net="b")) == ["expect macs = 8"]
    assert [Result(name, checked()).name for name in ("a", "-", "4 > fc")] == [
        "a",
        "<stdin>",
        "<text>",
    ]


# --- the terminal ---------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "color", "no_color", "coloured"),
    [
        (Terminal(), "auto", "", True),
        (Terminal(), "auto", "1", False),
        (Terminal(), "never", "", False),
        (Terminal(), "always", "1", True),
        (io.StringIO(), "auto", "", False),
        (io.StringIO(), "always", "", True),
        (None, "auto", "", False),
    ],
)
def test_colours(
    stream: Any, color: str, no_color: str, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    shown = PrintableStream(stream, "standard output")
    shown.color = color
    assert terminal.in_colour(shown) == coloured  # type: ignore[arg-type]
    if stream is not None:
        assert terminal.in_colour(stream) == (stream.isatty() and not no_color)


@pytest.mark.parametrize("on_terminal", [True, False])
def test_a_report_is_opened_on_a_terminal(
    on_terminal: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.chdir(tmp_path)
    report = tmp_path / "a-1" / "report.html"
    report.parent.mkdir()
    report.touch()
    for words, opens in ([], on_terminal), (["--print"], False):
        monkeypatch.setattr(sys, "stdout", Terminal() if on_terminal else io.StringIO())
        assert main(["show", "a-1", *words]) == 0
        assert sys.stdout.getvalue() == f"{Path('a-1', 'report.html')}\n"  # type: ignore[attr-defined]
        assert opened == ([report.as_uri()] if opens else [])
        opened.clear()


def test_a_picture_is_not_printed_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    help = "help: write it into a file: netdsl draw '4 > fc-2' -o network.svg\n"
    for words, code in ([], 2), (["--format", "svg"], 0), (["-o", "-"], 0):
        monkeypatch.setattr(sys, "stdout", shown := Terminal())
        assert main(["draw", "4 > fc-2", *words]) == code
        assert bool(shown.getvalue()) == (code == 0)
        assert capsys.readouterr().err == (help if code else "")


def test_an_error_of_a_stream_without_words() -> None:
    class Failing(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError("no more")

        def flush(self) -> None:
            raise OSError("no more")

    shown = PrintableStream(Failing(), "standard output")
    for call in (lambda: shown.write("a"), shown.flush):
        with pytest.raises(NetError, match="standard output cannot be written: no more"):
            call()
    closed = PrintableStream(None, "standard output")
    closed.flush()
    assert not closed.isatty()


def test_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    for quiet in (False, True):
        stream = PrintableStream(io.StringIO(), "standard error")
        stream.quiet = quiet
        monkeypatch.setattr(sys, "stderr", stream)
        terminal.note("done")
        assert stream.unfiltered is not None
        assert stream.getvalue() == ("" if quiet else "done\n")
        assert terminal.is_quiet() == quiet


def test_streams_show_what_is_set() -> None:
    def shown(stream: Any) -> tuple[bool, str, bool, bool]:
        return stream.quiet, stream.color, stream.pager, stream.verbose

    with printable_streams():
        for stream in (sys.stdout, sys.stderr):
            assert shown(stream) == (False, "auto", False, False)
        shown_as(True, "never", False, True)
        for stream in (sys.stdout, sys.stderr):
            assert shown(stream) == (True, "never", False, True)
        shown_as(False, "always", True, False)
        assert shown(sys.stdout) == (False, "always", True, False)


def test_only_a_terminal_has_a_pager(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = PrintableStream(io.StringIO(), "standard output")
    stream.pager = True
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr("netdsl.cli.pager.through_pager", lambda *_: pytest.fail("is paged"))
    terminal.show_text("a\nb")
    assert stream.getvalue() == "a\nb\n"


def test_the_summary_follows_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    class Noted(io.StringIO):
        def flush(self) -> None:
            events.append("flushed")

    class Summary(io.StringIO):
        def write(self, text: str) -> int:
            events.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stdout", Noted())
    monkeypatch.setattr(sys, "stderr", Summary())
    show([Result("a", checked())], "concise", hints=False, colour=False, limit=None)
    assert events[:2] == ["flushed", "1 file: fine"]


def test_the_width_of_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(Terminal, "fileno", lambda _: 1, raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((77, 9)))
    assert [terminal.width(output) for output in (None, "-", "a.txt")] == [77, 77, None]
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert terminal.width() is None


@pytest.mark.parametrize(
    ("term", "program", "words"),
    [
        ("xterm", None, ["less"]),
        ("xterm", "more -d 'a b'", ["more", "-d", "a b"]),
        ("xterm", "", []),
        ("xterm", "more 'a", []),
        ("dumb", "more", []),
    ],
)
def test_the_pager(
    term: str, program: str | None, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("PAGER", raising=False)
    if program is not None:
        monkeypatch.setenv("PAGER", program)
    assert pager._command() == words


def test_every_command_is_completed() -> None:
    found = {one.name: one for one in completed_commands()}
    flags = {flag: option for option in found["table"].options for flag in option.names}
    assert "layer" in flags["--by"].words
    assert flags["--units"].metavar == ""
    assert flags["--sort"].metavar == "NAME"
    assert not flags["--units"].files
    assert flags["--output"].files
    assert "--batch" not in flags  # the earlier name is not offered
    assert found["table"].files
    assert "digits" in next(o for o in found["train"].options if "--data" in o.names).words
    assert "train" in found["help"].words
    assert not found["help"].files
    assert "conv" in found["explain"].words


# --- options that do not go together --------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("run -o a.svg", None),
        ("run --json", None),
        ("run --judge other", None),
        ("run", "say what to make of the samples: -o FILE, --json or --judge RUN"),
        ("run --between 1 2 -o a.svg", None),
        ("run --between 1 2 --steps 3 -o a.svg", None),
        ("run --steps 3 -o a.svg", "--steps is for --between"),
        ("run --plus cat -o a.svg", None),
        (
            "run --between 1 2 --minus cat -o a.svg",
            "--between is one way, and --mean, --plus and --minus another",
        ),
        ("run --count 3 -o a.svg", None),
        ("run --count 3 --between 1 2 -o a.svg", "--count is for what is drawn"),
        ("run --count 3 --plus cat -o a.svg", "--count is for what is drawn"),
    ],
)
def test_options_of_samples_that_contradict(line: str, said: str | None) -> None:
    options = parser_for("sample").parse_args(["sample", *line.split()])
    problem = sample.problem(options)
    assert (problem or "").startswith(said or "")
    assert (problem is None) == (said is None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("run", None),
        ("run --filters --evolution", None),
        ("run --evolution", "--evolution is for --filters"),
        ("run --excite fc_1 --prior tv", None),
        ("run --filters --prior tv", "--prior is for --excite"),
        ("run --landscape --seed 0", None),
        ("run --filters --seed 0", "--seed is for --excite and --landscape and --reconstruct"),
        ("run --part test", "--part is for --top and --codes and --reconstruct"),
        ("run --maps a.png", None),
        ("run --maps a.png conv_1", None),
        ("run --maps a.png conv_1 fc_1", "--maps is for one image, and one layer"),
        ("run other --filters", "several runs are for --reconstruct"),
    ],
)
def test_options_of_looking_into_a_run_that_contradict(line: str, said: str | None) -> None:
    options = parser_for("show").parse_args(["show", *line.split()])
    assert show_command.problem(options) == said


@pytest.mark.parametrize("quiet", [False, True])
def test_warnings_of_an_export_are_apart(
    quiet: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["a.onnx: 4 > fc-3", "warning[W1]: it is large"]
    monkeypatch.setattr("netdsl.training.export.export.export", lambda *given, **keys: lines)
    monkeypatch.setattr(sys.stderr, "quiet", quiet, raising=False)
    options = parser_for("export").parse_args(["export", "runs/a-1", "a.onnx"])
    assert options.run(options) == 0
    found = capsys.readouterr()
    assert found.err == lines[1] + "\n"
    assert found.out == ("" if quiet else lines[0] + "\n")


def test_a_file_that_is_not_merged_yet_is_not_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Git gives its name alone."""
    options = parser_for("diff").parse_args(["diff", "a.net"])
    monkeypatch.setenv("GIT_DIFF_PATH_COUNTER", "1")
    assert options.run(options) == 0
    assert capsys.readouterr().out == "a.net: not merged yet\n"
    monkeypatch.delenv("GIT_DIFF_PATH_COUNTER")
    assert options.run(options) == 2
    assert "it requires two files, not 1" in capsys.readouterr().err


def test_a_fragment_is_trained_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.net"
    path.write_text("net a\n4 > fc-2\nnet b\nfc-3\n", encoding="utf-8")
    options = argparse.Namespace(file=str(path), net="b", params=[], input=None)
    found = read_trained(options)
    assert isinstance(found, Fragment)
    assert (found.name, found.on((4,), {}).outputs[0].shape) == ("b", (3,))
