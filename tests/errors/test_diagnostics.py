"""What is reported of faulty texts: the code, exactly the faulty place, and a fix; and how it is
shown.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from support.messages import messages

from netdsl.cli.main import main
from netdsl.errors import (
    Diagnostic,
    NetError,
    Note,
    Source,
    Span,
    fail,
    nearest,
    once,
    used_here,
)
from netdsl.errors.diagnostics import first_of_each_code
from netdsl.errors.spelling import edits
from netdsl.errors.terminal import render
from netdsl.errors.values import as_json
from netdsl.reading import ReadOptions, check_source
from netdsl.syntax.mistakes.signs import LOOKALIKES


def marked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A text without its marks «...», and the places that they enclosed."""
    plain, spans, open_at = "", [], 0
    for character in text:
        if character == "«":
            open_at = len(plain)
        elif character == "»":
            spans.append((open_at, len(plain)))
        else:
            plain += character
    return plain, spans


# (code, the text with every faulty place marked, what the help line of the first says; "" where
# there is none)
FAULTS = [
    # brackets, strings, lines
    ("N001", "4x4x1 > conv3-«{»c > pool", "add the matching `}`"),
    ("N001", "4x4x1 > pool«)»", "open a `(`"),
    ("N001", "4x4x1 > (pool«]»", "write `)`"),
    ("N001", "4x4x1 > «[»id | pool\ndef f() = pool", "add the matching `]`"),
    ("N002", '4x4x1 > conv3-4(init=«"abc)»', "ends with"),
    ("N003", "«>» pool", "begin the flow"),
    ("N003", "net a\n«>» pool", "begin the flow"),
    ("N003", "4x4x1 > pool «>»", "add the layer"),
    ("N003", "4x4x1 «>» > pool", "add the layer"),
    ("N003", "4x4x1 > pool «conv3»-4", "joined by `>`"),
    ("N003", "4x4x1 > conv3-4(bn«,»)", "remove it"),
    ("N003", "4x4x1 > [ id | «]»", "is `id`"),
    ("N003", "4x4x1 > (pool)«x2»", "write ` x2`"),
    ("N003", "4x4x1 > pool as a «x2»", "write x2 as a"),
    ("N003", "4x4x1 > pool x2 «x3»", "group the inner one"),
    ("N003", "4x4x1 > conv3-4 «x 3»", "x3"),
    ("N003", "4x4x1 > conv3-4 «x»-3", "x2"),
    ("N003", "4x4x1 > conv3-4«//2»", "conv3-4/2"),
    ("N003", "4x4x1 > conv3«--4»", "conv3-4"),
    ("N003", "4x4x1 > conv3«-6.5»", ""),
    ("N003", "4x4x1 > dropout0«.5»", "write dropout(0.5)"),
    ("N003", "4x4x1 > conv3-4 «x2.5»", ""),
    ("N003", "4x4x1 > conv «3»-64", "follows its word"),
    ("N003", "4x4x1 > conv3-4(pad «2»)", "write pad=2"),
    ("N003", "4x4«x» > pool", "remove the `x`"),
    ("N003", "4x4x1 > pool3/2«x»", "remove the `x`"),
    ("N003", "4x4x1 > pool «->» pool", "write `>`"),
    ("N003", "4x4x1 > pool «=>» pool", "write `>`"),
    ("N003", "4x4x1 > [ pool«,» id ]", "write `|`"),
    ("N003", "4x4x1 > pool «|» pool", "[ a | b ]"),
    ("N003", "param a = 3«;» param b = 4", "a new line"),
    ("N003", "def f «=» pool", "def f() ="),
    ("N003", "«inputt» 4x4x1 > pool", "did you mean `input`?"),
    ("N003", "«width» = 3", "param width = ..."),
    ("N003", "net «3x»", "begins with a letter"),
    ("N003", "4x4x1 > pool as «3»", "begins with a letter"),
    ("N003", "expect params = «x»", "the form is"),
    ("N003", "tie a «b»", "the form is: tie"),
    ("N003", "let a «conv3»-4", "the form is: let"),
    ("N003", "4x4x1 > when(in > 1«)»", "the form is: when"),
    ("N003", "4x4x1 > when(«{in > 1}», pool)", "write when(in > 1, ...)"),
    ("N003", "param t = 1\n4x4x1 > when(«{t} > 0», pool) > gap", "write when(t > 0, ...)"),
    ("N003", "4x4x1 > conv3-{if(1«=»1, 2, 3)}", "write `==`"),
    ("N003", "4x4x1 > conv3-{2«c»}", "write 2*c"),
    ("N003", "4x4x1 > conv3-{«}»", "such as {2*c}"),
    ("N003", "4x4x1 > conv3-{2+«*»3}", ""),
    ("N004", "4x4x1 > conv3« -64»", "without spaces"),
    ("N004", "4x4x1 > conv3«- 64»", "write conv3-64"),
    ("N004", "4x4x1 > conv3-64 «/ 2»", "write conv3-64/2"),
    ("N004", "4 «x» 4 > pool", "write 4x4"),
    ("N004", "4x4x1 > conv3-4-«5»", "-amount"),
    ("N004", "net my«-net»\n4 > fc-2", "write my_net"),
    ("N004", "def my«-own-block»(c) = fc-{c}\n4 > fc-2", "write my_own_block"),
    ("N004", "4 > fc-2 as my«-point»", "write my_point"),
    ("N004", "4 > fc-2 as p > fc-3\n@p«-1» > fc-1", "write p_1"),
    ("N005", "def f(c) = conv3«-c»", "write conv3-{c}"),
    ("N005", "def f(c) = conv3-4«/c»", "write conv3-4/{c}"),
    ("N005", "def f(c) = conv3-4 «xc»", "write conv3-4 x{c}"),
    ("N005", "def g(c) = fc-{c}\ndef f(c) = g(«c/2»)\n4x4x1 > f(4)", "write {c/2}"),
    ("N006", "4x4x1 «→» pool", "write `>`"),
    ("N006", "4x4x1 > pool > ¤pool".replace("¤", "«é»"), "ASCII"),
    ("N006", "4x4x1 > conv3-64 «*» 2", "x2"),
    ("N006", "4 > fc-2 as «é»\n@«é» > fc-1", "ASCII"),
    # names and options
    ("N101", "4x4x1 > «cnov3»-4", "did you mean `conv`?"),
    ("N101", "4x4x1 > conv3-4 > «ReLU»", "did you mean `relu`?"),
    ("N101", "4x4x1 > «cnov3»-4 > «maxpol» > «rleu»", "did you mean `conv`?"),
    ("N101", "def f() = «gg»()\ndef gg() = pool\n4x4x1 > f > gg", "earlier blocks"),
    ("N101", "4x4x1 > «relu»[ id | id ]", "relu > [ a | b ]"),
    ("N101", "4x4x1 > «ad»[ id | pool ]", "did you mean `add`?"),
    ("N101", "4x4x1 > pool\n«@nope» > pool", "the names so far"),
    ("N101", "4x4x1 > pool as stem\n«@stm» > pool", "did you mean `stem`?"),
    ("N101", "4x4x1 > pool\nexpect «@poll» = 2x2x1", ""),
    ("N101", "4x4x1 > «when» > pool", "write when("),
    ("N102", "def «pool»() = bn", "choose another name"),
    ("N102", "def «conv3»() = pool", "choose another name"),
    ("N102", "def «x2»() = pool", "choose another name"),
    ("N102", "def «net»() = pool", "choose another name"),
    ("N102", "param «in» = 3", "choose another name"),
    ("N102", "def f(«relu») = conv3-4(relu)", "choose another name"),
    ("N103", "4x4x1 > conv3-4(«pda»=2)", "did you mean `pad`?"),
    ("N103", "4x4x1 > conv3-4(«stride»=2)", "conv3-64/2"),
    ("N103", "4x4x1 > conv3-4(«filters»=2)", "conv3-64"),
    ("N103", "4x4x1 > conv3-4(«activation»=relu)", "did you mean `act`?"),
    ("N103", "4x4x1 > conv3-4(«reul»)", "did you mean `relu`?"),
    ("N103", "4x4x1 > conv3-4(«same»)", "write pad=same"),
    ("N103", "4x4x1 > conv3-4(«2»)", "its options are"),
    ("N103", "4x4x1 > flatten(«2»)", "no options"),
    ("N103", "4x4x1 > lrelu(0.2, «0.3»)", "slope"),
    ("N103", "4x4x1 > res(conv3-1, «skp=pad»)", "did you mean `skip`?"),
    ("N103", "def f(c) = conv3-{c}\n4x4x1 > f(«d»=3)", "it is f(c)"),
    ("N104", "4x4x1 > pool as a > pool as «a»", "unique"),
    ("N104", "4x4x1 > (conv1-2 as a) x2 > conv1-2 as «a»", "unique"),
    ("N104", "4x4x1 > conv1-2 as a > (conv1-2 as «a») x2", "unique"),
    ("N104", "4x4x1 > (conv1-2 as a) x2 > (conv1-2 as «a») x2", "unique"),
    ("N104", "def f() = pool\ndef «f»() = bn\n4x4x1 > f", "choose another"),
    ("N104", "param f = 2\ndef «f»() = bn\n4x4x1 > pool", "choose another"),
    ("N104", "param f = 2\nparam «f» = 3\n4x4x1 > pool", "choose another"),
    ("N104", "def f(a, «a») = bn\n4x4x1 > f(1, 2)", ""),
    ("N104", "4x4x1 > conv3-4(relu, «tanh»)", ""),
    ("N104", "default conv(pad=1, pad=«2»)\n4x4x1 > pool", ""),
    ("N104", "net a\n4x4x1 > pool\nnet «a»\n4x4x1 > pool", "choose another"),
    ("N104", "4x4x1 > pool\n«4x4x1» > pool", "name them"),
    ("N105", "4x4x1 > conv3-{«mni»(2, 3)}", "did you mean `min`?"),
    ("N106", "4x4x1 > «conv3»", "write it like"),
    ("N106", "4x4x1 > «conv-3»", "write conv3-3"),
    ("N106", "4x4x1 > «dropout»", "dropout(0.5)"),
    ("N106", "4x4x1 > pool-«3»", "write it like"),
    ("N106", "4x4x1 > gap«3»", "write it like"),
    ("N106", "4x4x1 > relu/«2»", "write it like"),
    ("N106", "4x4x1 > «add(pool, pool)»", "add[ a | b ]"),
    ("N106", "def f(c) = conv3-{c}\n4x4x1 > «f()»", "it is f(c)"),
    ("N106", "def f(c) = conv3-{c}\n4x4x1 > f(1, «2»)", "it is f(c)"),
    ("N106", "def f(c) = conv3-{c}\n4x4x1 > «f-3»", "f(c)"),
    ("N106", "4x4x1 > res(conv3-4, «conv3-4»)", "join its steps"),
    ("N106", "4x4x1 > «res»", "write res("),
    ("N106", "4x4x1 > conv3-{«round(1, 2)»}", ""),
    ("N107", "4x4x1 > conv3-4(act=«sotfmax»)", "did you mean `softmax`?"),
    ("N107", '4x4x1 > conv3-4(act=«"relu"»)', "without quotes"),
    ("N107", "4x4x1 > dropout(«1.5»)", ""),
    ("N107", "4x4x1 > dropout(«1»)", ""),
    ("N107", "4x4x1 > conv3-4(pad=«-1»)", ""),
    ("N107", "4x4x1 > conv3-4(bias=«maybe»)", ""),
    ("N107", "4x4x1 > conv3-4(bn(momentum=«2»))", ""),
    ("N107", "4x4x1 > pool3(pad=«causal»)", ""),
    ("N107", "4x4x1 > res(conv3-4, skip=«foo»)", ""),
    ("N109", "4x4x1 > pool > «@input»", "merge it"),
    ("N109", "4x4x1 > conv1-2 > (conv1-2 as a) x2 > gap\n«@a» > gap", "@a.0"),
    ("N109", "4x4x1 > conv1-2 > (conv1-2 as a) x2 > gap\n«@a.*»", "[ @a.* ]"),
    ("N109", "param n = 3\n4x4x1 > «n»", "{n}"),
    ("N109", "default «res»(act=none)\n4x4x1 > pool", "where it is used"),
    ("N110", "4x4x1 > conv3-{2*«c»}", "in.h"),
    ("N110", "param width = 3\n4x4x1 > conv3-{«widht»}", "did you mean `width`?"),
    ("N110", "4x4x1 > conv3-{«in.z»}", "in, in.h, in.w"),
    ("N111", "4x4x1 > conv3-«{7/2}»", ""),
    ("N111", '4x4x1 > conv3-«{"a"}»', ""),
    ("N111", '4x4x1 > conv3-{«2 > 1 + "a"»}'.replace("«2 > 1 + ", "2 > «1 + "), ""),
    ("N111", "4x4x1 > conv3-{if(«1», 2, 3)}", "c > 1"),
    ("N111", "4x4x1 > when(«in», pool)", "write when(in > 0, ...)"),
    ("N112", "4x4x1 > conv3-{«1/0»}", ""),
    # shapes
    ("N201", "«0»x4x1 > pool", ""),
    ("N201", "4x4x1 > conv«0»-4", ""),
    ("N201", "4x4x1 > conv3-«0»", ""),
    ("N201", "4x4x1 > conv3-4/«0»", ""),
    ("N201", "4x4x1 > conv3-«{2 - 3}»", ""),
    ("N202", "4x4x1 > conv«3x3x3»-4", ""),
    ("N202", "4x4x1 > conv3-4/«2x2x2»", ""),
    ("N202", "4x4x1 > conv3-4(«pad=1x2x3»)", ""),
    ("N203", "784 > «conv3-4»", "use fc"),
    ("N203", "784 > «gap»", ""),
    ("N203", "4x4x4x4x4 > «pool»", ""),
    ("N204", "4x4x1 > pool > pool > «pool»", "shrank to 1x1 at line 1 (pool)"),
    ("N204", "4x4x1 > «conv5-2(pad=0)»", "pad=same keeps 4x4"),
    ("N205", "4x4x1 > «conv4-3»", "pad=tf"),
    ("N205", "4x4x1 > conv3-4(«pad=(1,2,3)»)", ""),
    ("N205", "4x4x1 > conv3-4(«pad=causal»)", ""),
    ("N206", "4x4x4 > conv3-4(«groups=3»)", ""),
    ("N207", "4x4x1 > «[ conv3-4 | pool ]»", ""),
    ("N207", "4x4x1 > «add[ conv3-4 | conv3-5 ]»", ""),
    ("N208", "4x4x4 > «res(conv3-8/2, skip=id)»", "skip=auto"),
    ("N208", "4x4x4 > «res(gap)»", "axes"),
    ("N209", "«conv3-4» > pool", "--input"),
    ("N209", "input 4x4x1\n«pool» > pool", "@input"),
    ("N211", "net «a»", "write one"),
    ("N212", "input «4x4x1»", "continue it"),
    ("N212", "input a: 4x4x1\ninput «b»: 4x4x1\n@a > pool", "continue it"),
    # facts
    ("N301", "4x4x1 > fc-3\nexpect params = «52»", "expect params = 51"),
    ("N301", "4x4x1 > fc-3\nexpect output = «4»", "expect output = 3"),
    ("N301", "4x4x1 > pool as p\nexpect @p = «2x2x2»", "expect @p = 2x2x1"),
    ("N302", "4x4x1 > fc-3\nexpect «parms» = 51", "did you mean `params`?"),
    # limits
    ("N402", "4x4x1 > " + "(" * 200 + "«(»" + "(" * 9, ""),
    ("N403", "4x4x1 > «" + "a" * 201 + "»-3", ""),
    ("N404", "param n = «9**9**9»**9".replace("«9**9**9»**9", "9**«9**9**9»"), ""),
    ("N404", "param n = «1e999999999»\n4x4x1 > pool", ""),
    ("N404", "4x4x1 > conv3-«" + "9" * 5000 + "»", ""),
    ("N406", "4x4x1 > «conv1-1 x1_000_000_000»", ""),
    ("N407", "4x4x1 > «conv3-999999999999999999»", ""),
]


@pytest.mark.parametrize(
    ("code", "text", "fix"), FAULTS, ids=[f"{code} {text[:50]!r}" for code, text, _ in FAULTS]
)
def test_a_mistake_is_reported_at_its_place(code: str, text: str, fix: str) -> None:
    plain, spans = marked(text)
    found = [
        d
        for d in check_source(Source("t.net", plain), ReadOptions(), "t").diagnostics
        if d.severity == "error"
    ]
    assert [diagnostic.code for diagnostic in found] == [code] * len(spans)
    assert [plain[d.span.start : d.span.end] for d in found if d.span] == [
        plain[start:end] for start, end in spans
    ]
    assert [(d.span.start, d.span.end) for d in found if d.span] == spans
    assert fix in found[0].help, found[0]
    assert render(found)


def test_whole_messages(golden: Callable[[Path, str], None]) -> None:
    texts = (marked(text)[0] for _, text, _ in FAULTS)
    path = Path(__file__).parents[1] / "golden" / "errors" / "faults.txt"
    golden(path, messages(text for text in texts if len(text) < 500))


@pytest.mark.parametrize(
    "text",
    [
        "4x4x1 > convv3-4 as a > gap as b\n@a > fc-2\n@b > fc-2",
        "4x4x1 > [ convv3-4 as a > gap | gap as b ] as c\n@a > fc-2\n@b > fc-2\n@c > fc-2",
        "input q: 0x4x1\n@q > fc-2",
        "input 0x4x1\n@input > fc-2",
        "def f(n) = conv3-4(\n4x4x1 > f(3) > f(4)",
        "let f = conv3-4(\n4x4x1 > f > f",
        "param c = \n4x4x1 > conv3-{c}",
    ],
)
def test_what_a_wrong_statement_would_define_is_not_missed(text: str) -> None:
    (found,) = check_source(Source("t", text), ReadOptions(), "t").diagnostics
    assert found.severity == "error"


def test_there_are_a_hundred_of_them() -> None:
    assert len(FAULTS) >= 100


def test_lookalikes_say_what_to_write() -> None:
    for sign, meant in LOOKALIKES.items():
        (found,) = check_source(
            Source("t", f"4x4x1 > pool {sign} pool"), ReadOptions(), "t"
        ).diagnostics
        assert (found.code, found.help) == ("N006", f"write `{meant}`")


# --- how it is shown ------------------------------------------------------------------------------


def found(text: str, name: str = "tiny.net") -> tuple[Diagnostic, ...]:
    return check_source(Source(name, text), ReadOptions(), "tiny").diagnostics


def test_the_message_of_the_design() -> None:
    """A window that does not fit: the numbers of the formula, the place, the input, and where it
    shrank.
    """
    text = (
        "input 32x32x1\n> conv3-8 > pool > conv3-8 > pool > conv3-8(pad=0) > conv2-16(pad=0)\n"
        "> conv1-16\n> relu > conv7-64(pad=0)\n"
    )
    assert render(found(text)) == "\n".join(
        [
            "error[N204]: the window does not fit: conv7 on 5x5, pad 0, gives floor((5 - 7 + "
            "0)/1) + 1 = -1",
            "  --> tiny.net:4:10",
            "   |",
            " 4 | > relu > conv7-64(pad=0)",
            "   |          ^^^^^^^^^^^^^^^ the input is 5x5x16",
            "   |",
            "  help: pad=same keeps 5x5; the input of 32x32 shrank to 5x5 at line 2 "
            "(conv2-16(pad=0))",
        ]
    )


def test_wide_characters_and_tabs_keep_the_carets_in_place() -> None:
    text = 'param a = "漢字" + b\n\t4x4x1 >\tpol\n'
    wide, tab = (render([diagnostic]).splitlines() for diagnostic in found(text))
    cells = sum(2 if unicodedata.east_asian_width(c) == "W" else 1 for c in 'param a = "漢字" + ')
    assert wide[4] == "   | " + " " * cells + "^"
    assert tab[3:5] == [" 2 | \t4x4x1 >\tpol", "   | \t       \t^^^"]


def test_a_long_line_is_cut_around_the_place() -> None:
    text = "4x4x1 > " + "id > " * 500 + "pol" + " > id" * 500
    lines = render(found(text)).splitlines()
    assert max(map(len, lines)) < 200
    column = lines[4].index("^")
    assert lines[3][column : column + 3] == "pol"


def test_control_characters_are_not_shown_as_they_are() -> None:
    shown = render(found("4x4x1 > pool \x1b[31m > pool"))
    assert "\x1b" not in shown


def test_notes_show_further_places() -> None:
    shown = render(found("def f(c) = conv9-{c}(pad=0)\n4x4x1 > f(3)\n"))
    assert "note: used here" in shown
    assert "--> tiny.net:2:9" in shown


def test_colours_change_nothing_but_colours() -> None:
    import re

    diagnostics = found("4x4x1 > pol > conv9-1(pad=0)")
    assert re.sub("\x1b\\[[0-9;]*m", "", render(diagnostics, colour=True)) == render(diagnostics)
    assert render(diagnostics, colour=True) != render(diagnostics)


def test_json_has_lines_and_columns_from_1() -> None:
    diagnostic = fail(
        "N001", "what", Span(Source("a.net", "ab\ncde\n"), 4, 7), help="fix"
    ).diagnostics[0]
    expected = {
        "code": "N001",
        "severity": "error",
        "file": "a.net",
        "line": 2,
        "column": 2,
        "end_line": 3,
        "end_column": 1,
    }
    assert {**as_json(diagnostic), **expected, "message": "what", "help": "fix"} == as_json(
        diagnostic
    )
    assert as_json(Diagnostic("W701", "w"))["severity"] == "warning"
    assert as_json(Diagnostic("W701", "w"))["line"] is None


def test_an_error_is_its_message() -> None:
    source = Source("a", "abc")
    error = NetError(
        Diagnostic("N001", "what", Span(source, 0, 1), notes=(Note("also", Span(source, 2, 3)),))
    )
    assert str(error) == render(error.diagnostics)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("cnov", "conv"),
        ("Relu", "relu"),
        ("RELU", "relu"),
        ("zzz", None),
        ("dropuot", "dropout"),
        ("", None),
    ],
)
def test_the_nearest_word(word: str, meant: str | None) -> None:
    assert nearest(word, ["conv", "relu", "dropout", "bn"]) == meant


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        # Of several that differ in their case alone the first.
        ("NET", ["net", "Net"], "Net"),
        ("Net", ["net", "NEAT"], "net"),
        # Of equally near ones that which has most of the letters.
        ("cnov", ["cone", "conv", "cony"], "conv"),
        ("abcd", ["abce", "abdc"], "abdc"),
        # Other beginnings, and other letters of short words, are other words.
        ("here", ["were"], None),
        ("ocnv", ["conv"], "conv"),
        ("ab", ["ac"], None),
        ("abc", ["abd"], None),
        ("abcd", ["abce"], "abce"),
        ("ab", ["abc"], "abc"),
        ("abc", ["ab"], "ab"),
        ("a", ["ab"], None),
        ("ab", ["a"], None),
        # A third of the letters, of six two.
        ("abcde", ["abcdefg"], None),
        ("abcdef", ["abcdefgh"], "abcdefgh"),
        # Of the letters of the word one fewer may be missing.
        ("abcdef", ["abcdxy"], None),
        ("abcdefghi", ["abcdefgxy"], "abcdefgxy"),
        ("abcdefghi", ["abcdefxyz"], None),
        # The end of a word of five letters.
        ("abcd", ["xabcd"], None),
        ("abcde", ["xabcde"], "xabcde"),
        ("a" * 64, ["a" * 63], "a" * 63),
        ("a" * 65, ["a" * 64], None),
        ("A" * 65, ["a" * 65], "a" * 65),
    ],
)
def test_what_is_near(word: str, known: list[str], meant: str | None) -> None:
    assert nearest(word, known) == meant


@pytest.mark.parametrize(
    ("word", "other", "fewest"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "abc", 0),
        ("abc", "abd", 1),
        ("abc", "ab", 1),
        ("abc", "acb", 1),
        ("ab", "ba", 1),
        ("abcd", "badc", 2),
        # What has changed places is not changed again.
        ("ca", "abc", 3),
        ("kitten", "sitting", 3),
    ],
)
def test_edits(word: str, other: str, fewest: int) -> None:
    assert edits(word, other) == edits(other, word) == fewest


@pytest.mark.parametrize(
    ("text", "offset", "line", "position"),
    [
        ("", 0, "", (1, 1)),
        ("ab", 0, "ab", (1, 1)),
        ("ab", 2, "ab", (1, 3)),
        ("\nab\ncd", 0, "", (1, 1)),
        ("\nab\ncd", 1, "ab", (2, 1)),
        ("\nab\ncd", 3, "ab", (2, 3)),
        ("\nab\ncd", 4, "cd", (3, 1)),
        ("\nab\ncd", 6, "cd", (3, 3)),
        ("ab\n", 3, "", (2, 1)),
        ("\n\n", 1, "", (2, 1)),
    ],
)
def test_lines_of_a_source(text: str, offset: int, line: str, position: tuple[int, int]) -> None:
    source = Source("test", text)
    assert source.line(offset) == line
    assert source.position(offset) == position


@pytest.mark.parametrize(
    ("limit", "shown", "left_out"),
    [
        (1, ["N1", "W1"], {"N1": 2}),
        (2, ["N1", "W1", "N1"], {"N1": 1}),
        (3, ["N1", "W1", "N1", "N1"], {}),
        (None, ["N1", "W1", "N1", "N1"], {}),
    ],
)
def test_how_many_of_a_code_are_shown(
    limit: int | None, shown: list[str], left_out: dict[str, int]
) -> None:
    found = first_of_each_code([Diagnostic(code, "") for code in ("N1", "W1", "N1", "N1")], limit)
    assert [diagnostic.code for diagnostic in found.diagnostics] == shown
    assert found.left_out == left_out


PLACES = Source("test", "abc")


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        # Warnings at one place, whatever they say; without a place those that say the same.
        ([("W1", "a", 0), ("W1", "b", 0)], ["a (and 1 more use)"]),
        ([("W1", "a", 0)] * 1002, ["a (and 1,001 more uses)"]),
        ([("W1", "a", 0), ("W1", "b", 1), ("W2", "c", 0)], ["a", "b", "c"]),
        ([("W1", "a", None), ("W1", "b", None), ("W1", "a", None)], ["a", "b"]),
        # Errors that say the same there; others where another use of a block led to them.
        ([("N1", "a", 0), ("N1", "b", 0), ("N1", "a", 0)], ["a", "b"]),
        ([("N1", "a", 0, 1), ("N1", "b", 0, 1), ("N1", "b", 0, 1)], ["a", "b"]),
        ([("N1", "a", 0, 1), ("N1", "a", 0, 2)], ["a"]),
        ([("N1", "a", 0, 1), ("N1", "b", 0, 2)], ["a (and 1 more use)"]),
        (
            [("N1", "a", 0, 1), ("N1", "b", 0, 2), ("N1", "a", 0, 3), ("N1", "c", 0, 3)],
            ["a (and 2 more uses)"],
        ),
        ([("N1", "a", 0, 1), ("N1", "b", None, 2)], ["a", "b"]),
    ],
)
def test_what_is_said_once(found: list[tuple[object, ...]], kept: list[str]) -> None:
    def diagnostic(code: str, message: str, place: int | None, use: int = 0) -> Diagnostic:
        notes = used_here([Span(PLACES, use, use + 1)] if use else [])
        span = None if place is None else Span(PLACES, place, place + 1)
        return Diagnostic(code, message, span, notes=notes)

    said = once(diagnostic(*each) for each in found)  # type: ignore[arg-type]
    assert [each.message for each in said] == kept


# --- bad files ------------------------------------------------------------------------------------

FILES: list[tuple[str, bytes, str, str]] = [
    ("empty", b"", "N008", "is empty"),
    ("blank", b" \n\n", "N008", "is empty"),
    ("comments", b"# nothing else\n", "N211", "no network"),
    ("binary", bytes(range(256)) * 10, "N007", "not UTF-8 text"),
    ("zeros", b"\n4x4x1 > pool\n\0\0", "N007", "zero byte in line 3"),
    ("utf16", "4x4x1 > pool".encode("utf-16"), "N007", "UTF-16"),
    ("latin1", "\n4x4x1 > pool # é\n".encode("latin-1"), "N007", "0xe9 in line 2"),
    ("long", b"4x4x1 > " + b"id > " * 2_000_000 + b"pool", "N401", "larger than the limit"),
    ("words", b"4x4x1 > " + b"a" * 1_000_000, "N403", "1,000,000 characters"),
    ("brackets", b"4x4x1 > " + b"(" * 100_000, "N402", "more than 200 brackets"),
    ("sums", b"param n = 1" + b"+1" * 200_000 + b"\n4x4x1 > pool", "N403", "10,000 terms"),
    ("repeats", b"4x4x1 > ((conv3-64 x1000) x1000) x1000", "N406", "more than 200,000"),
    ("itself", b"def f() = f\n4x4x1 > f", "N405", "more than 100 levels"),
    ("deep", b"def f(n) = conv1-4 > f({n + 1})\n4x4x1 > f(0)", "N405", "more than 100 levels"),
    (
        "doubling",
        b"def f(n) = when(n > 0, f({n - 1}) > f({n - 1}))\n4x4x1 > f(60) > conv1-1",
        "N406",
        "blocks call each other again and again",
    ),
]


@pytest.mark.parametrize(("name", "data", "code", "words"), FILES, ids=[name for name, *_ in FILES])
@pytest.mark.parametrize("command", ["check", "table"])
def test_a_bad_file_gives_one_clear_error(
    command: str,
    name: str,
    data: bytes,
    code: str,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / f"{name}.net"
    path.write_bytes(data)
    assert main([command, str(path)]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.count("error[") == 1
    assert f"error[{code}]" in err
    assert words in err
    assert "Traceback" not in err
    assert len(err) < 2_000


def test_files_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lenet5.net").write_text("4x4x1 > pool\n")
    for name, words in (
        ("", "directory"),
        ("lenet.net", "did you mean `lenet5.net`?"),
        ("no/such.net", "no file"),
        ("a\0b", "not a file name"),
    ):
        assert main(["table", str(tmp_path / name)]) == 1, name
        assert words in capsys.readouterr().err


def test_a_mark_at_the_beginning_and_windows_line_ends_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.net"
    path.write_bytes("\ufeffinput 4x4x1\r\n> pool\r\n> pol\r\n".encode())
    assert main(["check", str(path), "--json"]) == 1
    (diagnostic,) = json.loads(capsys.readouterr().out)["files"][0]["diagnostics"]
    assert (
        diagnostic["line"],
        diagnostic["column"],
        diagnostic["end_line"],
        diagnostic["end_column"],
    ) == (3, 3, 3, 6)
