"""How messages are shown: on a terminal, and as JSON."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from netdsl.cli.main import main
from netdsl.errors import Diagnostic, Note, Source, Span
from netdsl.errors.terminal import render
from netdsl.errors.values import as_json
from netdsl.reading import ReadOptions, check_source


def first(text: str) -> Diagnostic:
    return check_source(Source("test", text), ReadOptions(), "test").diagnostics[0]


def test_the_whole_of_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The design's example: the window that does not fit."""
    monkeypatch.chdir(tmp_path)
    text = (
        "# a mistake\ninput 32x32x3\n> conv5-6(pad=0) > pool > conv5-16(pad=0)\n"
        "> pool > conv7-64(pad=0)\n"
    )
    Path("tiny.net").write_text(text, encoding="utf-8")
    assert main(["check", "tiny.net"]) == 1
    assert capsys.readouterr().err == (
        "error[N204]: the window does not fit: conv7 on 5x5, pad 0, gives floor((5 - 7 + 0)/1) + "
        "1 = -1\n"
        "  --> tiny.net:4:10\n"
        "   |\n"
        " 4 | > pool > conv7-64(pad=0)\n"
        "   |          ^^^^^^^^^^^^^^^ the input is 5x5x16\n"
        "   |\n"
        "  help: pad=same keeps 5x5; the input of 32x32 shrank to 5x5 at line 4 (pool)\n"
        "\n"
    )


def shown(text: str, start: int, end: int, **more: str) -> list[str]:
    return render(
        [Diagnostic("N999", "wrong", Span(Source("a.net", text), start, end), **more)]
    ).split("\n")


@pytest.mark.parametrize(
    ("marked", "line", "carets"),
    [
        ("abc «de» f", " 1 | abc de f", "   |     ^^"),
        ("\ta\t«b»", " 1 | \ta\tb", "   | \t \t^"),
        ("«a\tb»", " 1 | a\tb", "   | ^^^"),
        ("层 > «层层»", " 1 | 层 > 层层", "   |      ^^^^"),
        ("e\u0301 > «b»", " 1 | e\u0301 > b", "   |     ^"),
        ("a > «»", " 1 | a >", "   |     ^"),
        ("a > «b»\nc", " 1 | a > b", "   |     ^"),
        ("a > «bc\nd» e", " 1 | a > bc", "   |     ^^"),
        ("a«\n»b", " 1 | a", "   |  ^"),
        ("\x1b[31m«b»", " 1 | \ufffd[31mb", "   |      ^"),
    ],
)
def test_carets_stand_under_the_span(marked: str, line: str, carets: str) -> None:
    text = marked.replace("«", "").replace("»", "")
    assert shown(text, marked.index("«"), marked.index("»") - 1)[2:5] == ["   |", line, carets]


def test_a_tab_moves_the_carets_as_it_moves_the_text() -> None:
    margins = [line.expandtabs(8) for line in shown("\ta\tbc > d", 3, 5)[3:5]]
    assert margins[0].index("bc") == margins[1].index("^^")


@pytest.mark.parametrize("at", [0, 70, 5_000, 9_990])
def test_of_a_very_long_line_the_part_around_the_span_is_shown(at: int) -> None:
    text = "a" * at + "XYZ" + "b" * (10_000 - at)
    _, place, _, line, carets, *_ = shown(text, at, at + 3)
    assert place == f"  --> a.net:1:{at + 1}"
    assert len(line) < 180
    column = line.index("XYZ")
    assert carets[column:] == "^^^"
    assert carets[:column].strip(" |") == ""


@pytest.mark.parametrize(
    ("length", "at", "begin", "end"),
    [
        (160, 159, 0, 160),
        (161, 0, 0, 160),
        (161, 80, 0, 160),
        (161, 81, 1, 161),
        (1000, 500, 420, 580),
        (1000, 990, 910, 1000),
    ],
)
def test_160_characters_of_a_line_are_shown_the_place_in_their_middle(
    length: int, at: int, begin: int, end: int
) -> None:
    text = "".join(chr(0x4E00 + place) for place in range(length))  # each of two cells
    line, carets = shown(text, at, length)[3:5]
    assert line == f" 1 | {text[begin:end]}"
    assert carets == f"   | {'  ' * (at - begin)}{'^^' * (end - at)}"


def test_line_numbers_of_many_digits_widen_the_margin() -> None:
    text = "\n" * 1233 + "abc"
    assert shown(text, 1233, 1236, help="do\nthis") == [
        "error[N999]: wrong",
        "     --> a.net:1234:1",
        "      |",
        " 1234 | abc",
        "      | ^^^",
        "      |",
        "     help: do",
        "           this",
    ]


def test_notes_show_their_places() -> None:
    source = Source("a.net", "one\ntwo\n")
    diagnostic = Diagnostic(
        "W999",
        "odd",
        Span(source, 4, 7),
        notes=(Note("first used here", Span(source, 0, 3)),),
        help="choose",
    )
    assert render([diagnostic]).split("\n")[6:] == [
        "  note: first used here",
        "  --> a.net:1:1",
        "   |",
        " 1 | one",
        "   | ^^^",
        "   |",
        "  help: choose",
    ]


def test_a_message_without_a_place_is_one_line_and_its_help() -> None:
    assert (
        render([Diagnostic("N601", "there is no file", help="look")])
        == "error[N601]: there is no file\n  help: look"
    )


def test_a_message_without_help_shows_none() -> None:
    assert shown("abc", 0, 1)[-1] == "   |"
    assert render([Diagnostic("N601", "there is no file")]) == "error[N601]: there is no file"


def test_colours_come_only_when_asked_for() -> None:
    diagnostic = Diagnostic("N999", "wrong", Span(Source("a.net", "abc"), 0, 1), help="fix")
    plain, coloured = render([diagnostic]), render([diagnostic], colour=True)
    assert "\033" not in plain
    assert "\033[1;31merror[N999]\033[0m" in coloured
    import re

    assert re.sub("\033\\[[0-9;]*m", "", coloured) == plain


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("", True), ("1", False)])
def test_colours_on_a_terminal_unless_no_color_is_set(
    no_color: str | None, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    assert main(["check", "4 > fcc-1"]) == 1
    assert ("\033[" in terminal.getvalue()) is coloured


@pytest.mark.parametrize(
    ("marked", "place"),
    [
        ("«a»", (1, 1, 1, 2)),
        ("a\n\n b «cd»", (3, 4, 3, 6)),
        ("a «b\ncd» e", (1, 3, 2, 3)),
        ("\t层«é»", (1, 3, 1, 4)),  # characters, not cells
        ("a\n«»", (2, 1, 2, 1)),
    ],
)
def test_places_as_json_count_from_one_and_end_after_the_span(
    marked: str, place: tuple[int, int, int, int]
) -> None:
    text = marked.replace("«", "").replace("»", "")
    found = as_json(
        Diagnostic(
            "N999", "wrong", Span(Source("a.net", text), marked.index("«"), marked.index("»") - 1)
        )
    )
    assert (found["line"], found["column"], found["end_line"], found["end_column"]) == place
    assert json.loads(json.dumps(found)) == found


def test_a_message_without_a_place_has_none_as_json() -> None:
    found = as_json(Diagnostic("N601", "there is no file"))
    assert [found[key] for key in ("file", "line", "column", "end_line", "end_column")] == [
        None
    ] * 5


def test_a_mistake_in_a_block_says_where_the_block_is_used() -> None:
    text = "def inner(c) = conv9-{c}(pad=0)\ndef outer() = inner(3)\n5x5x1 > outer"
    found = first(text)
    assert (found.code, found.span and found.span.text) == ("N204", "conv9-{c}(pad=0)")
    assert [(note.message, note.span.text) for note in found.notes] == [
        ("used here", "inner(3)"),
        ("used here", "outer"),
    ]


def test_a_name_defined_too_late_is_shown_where_it_is_defined() -> None:
    found = first("4 > g\ndef g() = fc-1")
    assert found.help == "define it earlier: a block sees only earlier blocks"
    assert [(note.message, note.span.start) for note in found.notes] == [("defined here", 10)]


def test_a_name_used_twice_is_shown_where_it_was_first_used() -> None:
    found = first("4 > fc-1 as a > fc-2 as a")
    assert [(note.message, note.span.start) for note in found.notes] == [("first used here", 12)]
