"""All mistakes of a file come in one run, and nothing that only follows from them: mistakes are
planted in the networks of examples/.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from support.zoo import EXAMPLES, LARGE

from netdsl.errors import Diagnostic, Source
from netdsl.reading import ReadOptions, check_source

SMALL = [path for path in EXAMPLES if path.stem not in LARGE]
KINDS = "conv|dw|sep|fc|dense|tconv"
LAYER = rf"\b(?:{KINDS})[0-9x]*-[0-9]+(?:/[0-9]+)?(?=[ \n)|])"

PLANTS = [
    # what is found, what it is replaced by, the code of the mistake
    (rf"\b({KINDS})([0-9x]*-)(?=[0-9{{])", r"zz\1\2", "N101"),
    (LAYER, r"\g<0>(bogus=1)", "N103"),
    (LAYER, r"\g<0>(bogus)", "N103"),
    (LAYER, r"\g<0>(bias=7)", "N107"),
    (r"\bfc-([0-9]+)(?=[ \n)|])", r"fc(\1)", "N106"),
    (r"(?<=[ (])@(\w+)\b(?!\.)", r"@\1_zz", "N101"),
    (r"\bexpect (params|macs|depth|weights|total)\b", r"expect \1zz", "N302"),
    (r"\{(\w+)\}", r"{\1_zz}", "N110"),
    (r"(?<=-[0-9])/2\b", r"/0", "N201"),
    (rf"(?<=^default )({KINDS})\(", r"\1(bogus=1, ", "N103"),
    (rf"(?<=^default )({KINDS})\(", r"zz\1(", "N101"),
    (r"^param (\w+) = .*", r"param \1 = 1/0", "N112"),
    (r"^input (?=[0-9])", r"input 0x", "N201"),
    (r"^> (?=[a-z])", r"> > ", "N003"),
    (r"^param ", r"param 5", "N003"),
    (r"\bpool\b(?!\()", "pool(bogus=1)", "N103"),
    (r" x([0-9]+)\b", r" x{1/0}", "N112"),
    (r"\bres\(", r"res(skip=zz, ", "N107"),
    (r"^use (\w+)$", r"use \1zz", "N114"),
    (r"\bwhen\((\w)", r"when(zz_\1", "N110"),
    (r"/\{s\}", r"/{s - s}", "N201"),
]
ALONE = [
    # what loses the rest of its statement
    (r"^def (\w+)\(", r"def \1((", "N001"),
    (r"^default ", r"default (", "N001"),
    (r"^let (\w+) =", r"let \1 = =", "N003"),
    (r"> (?=[a-z])", r"> > ", "N003"),
]


class Mistake(NamedTuple):
    """A mistake that is planted at a place of a text."""

    start: int
    end: int
    text: str
    code: str


def mistakes(text: str, plants: list[tuple[str, str, str]]) -> list[list[Mistake]]:
    """Where each plant can be planted."""
    plain = re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), text)
    return [
        [
            Mistake(match.start(), match.end(), match.expand(new), code)
            for match in re.finditer(pattern, plain, re.MULTILINE)
        ]
        for pattern, new, code in plants
    ]


def errors(path: Path, text: str) -> list[Diagnostic]:
    found = check_source(Source(str(path), text), ReadOptions(str(path)), path.stem)
    return [each for each in found.diagnostics if each.severity == "error"]


def planted(text: str, *those: Mistake) -> str:
    for each in sorted(those, reverse=True):
        text = text[: each.start] + each.text + text[each.end :]
    return text


@pytest.mark.slow
@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_one_mistake_is_one_error(path: Path) -> None:
    text, choose = path.read_text(encoding="utf-8"), random.Random(path.stem)
    for sites in filter(None, mistakes(text, PLANTS + ALONE)):
        one = choose.choice(sites)
        found = errors(path, planted(text, one))
        assert [each.code for each in found] == [one.code], (one, found)


@pytest.mark.slow
@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_two_mistakes_are_two_errors(path: Path) -> None:
    text, choose = path.read_text(encoding="utf-8"), random.Random(path.stem)
    sites = [site for sites in mistakes(text, PLANTS) for site in sites]
    pairs = [sorted(choose.sample(sites, 2)) for _ in range(6)] if len(sites) > 1 else []
    for one, other in pairs:
        if other.start - one.end < 8:
            continue  # maybe of one layer, where one mistake can hide the other
        found = errors(path, planted(text, one, other))
        assert sorted(each.code for each in found) == sorted([one.code, other.code]), (one, other)


CASES = [
    (
        "28x28x1 > conv3-32 > fc(84) > batchnorm > softmax-10 > softmax-10 > fc10",
        "N106 N101 N106",
    ),
    ("expect parms = 3\n8 > foo-3 > fc-2(rleu, bais=no) > fc(3)", "N302 N101 N103 N103 N106"),
    ("8x8x3 > conv3-8(s=2, p=1) > conv3-8(pad=foo)", "N103 N103 N107"),
    # The shape is known again after `fc`.
    ("8x8x3 > foo > fc-4 > conv3-2", "N101 N203"),
    ("8x8x3 > conv9-4(pad=0) > gap > reshape(9x9)", "N204"),
    ("8x8x3 > pool9 > fc-4 > reshape(3x3)", "N204 N207"),
    ("8 > res(foo > fc-8, skip=bar) > fc-{q}", "N101 N107 N110"),
    ("8 > [ foo | fc-3(bar) | @c ] > fc-2(baz)", "N101 N103 N101 N103"),
    ("8 > fc-3 as a > fc-3 as a > fc-3(foo)", "N104 N103"),
    ("8 > foo as a > fc-3\n@a > dense-4(bar) as b > fc-3\ntie b = transpose c", "N101 N103 N101"),
    ("def f(c, n) = fc-{c}(foo) > fc-{n}\n8 > f(3, m=4) > f(1, 2, 3)", "N103 N103 N106"),
    ("def f(c) = foo > fc-{c}\n8 > f(3) > f() > f(2) x2 > bar", "N101 N106 N101"),
    ("let a = fc-8(foo)\n8 > a > fc-8 > a > fc-2(bar)", "N103 N103"),
    ("let a = fc-8\n8 > foo > a > fc-8 > a > fc-2", "N101"),
    ("8 > when(in > {q}, fc-3(foo), fc-2(bar)) > fc-1(baz)", "N003 N103"),
    ("8 > when(q > 2, fc-3(foo), fc-2(bar)) > fc-1(baz)", "N110 N103 N103 N103"),
    ("8 > (fc-3(foo) > bar) x3 > fc-2(baz)", "N103 N101 N103"),
    ("8 > fc-3 x{q} > fc-2(baz)", "N110 N103"),
    ("4x8 > each(foo > dense-3(bar)) > fc-2(baz)", "N101 N103 N103"),
    ("default conv(bn, foo), fc(bar)\n8x8x3 > conv99-4 > fc-2(baz)", "N103 N103 N103"),
    ("8 > fc--3 > fc-4(foo) > fc-5-6 > fc-2(bar)", "N003 N103 N004 N103"),
    ("input 0x8\n> dense-3(foo)\ninput b: 3\n[ @input | @b ] > fc-{q}", "N201 N103 N110"),
    ("net a\n8 > foo\nnet 5\n8 > bar\nnet c\n8 > baz", "N101 N003 N101 N101"),
    ('use "\n8 > unheard_of > fc-3(foo)', "N002 N103"),
    # The input is wrong for each branch: that is one mistake.
    ("8 > [ conv3-4 | conv5-4 | fc-3 > pool ] > fc-2(foo)", "N203 N203 N103"),
    ("8 of int(9) > add[ id | fc-8 | gap ] > fc-2(foo)", "N203 N103"),
    ("net a\n8 > foo > fc-3 > fc-2\nnet b\n8 > fc-4 as a > fc-2\noutput @a", "N101"),
    ("8 > fc-3\noutput @a, @b\nexpect @c = 3", "N101 N101 N101"),
    # Shapes that are known are compared whatever else is wrong.
    (
        "8x8x3 > conv3-8 as a > bar as b\n@a > fc-10 as c\n"
        "expect @a = 8x8x9\nexpect @b = 3\nexpect @c = 11",
        "N101 N301 N301",
    ),
    ("8 > fc-3 as a > ) > fc-2\n@a > fc-4 as b\nexpect @b = 5\nexpect @a = 4", "N001 N301"),
    ("8 > fc-3 as a > > fc-2\n@a > fc-4 as b\nexpect @b = 5\nexpect @a = 4", "N003 N301 N301"),
    ("8 > fc-3 as a\n@a 5\nexpect @a = 4\nexpect @a = 3", "N003 N301"),
    ("4x8 > each(fc-3) as a > fc-2 as b\ntie 5\nexpect @a = 4x4\nexpect @b = 3", "N003 N301 N301"),
    ("8 > fc-3 as a\n)\nexpect @a = 4\nexpect @b = 4\nexpect params = 1", "N001 N301 N101"),
    (
        "8 > fc-{q} as a > relu as b > fc-2 as c\nexpect @a = 3\nexpect @b = 3\nexpect @c = 3",
        "N110 N301",
    ),
    ("param n = 1/0\n8 > fc-3 as a\nexpect @a = {n}\nexpect @a = {n+m}", "N112"),
    ("4x8 > each(fc-3 as i) as a > bar\nexpect @a = 4x3\nexpect @a.i = 4x3", "N101"),
    # The lines that continue a statement are read no further after a wrong bracket.
    (
        "8x8x3 > [ conv3-8(bias=no]\n| conv3-8\n\n| conv3-4 as x  # x\n] > fc-2\n@x > bar",
        "N001 N101",
    ),
    ("8 > fc-3(bias=no]\n> relu\n> fc-2\n8 > bar", "N001 N101"),
    # Any unknown word may be the block whose name is lost, any unknown name the param.
    ("def (c) = conv3-{c}\n8x8x3 > block(8) > block(9) > fc-2(foo)", "N003 N103"),
    ("dfe block(c) = fc-{c}\n8 > block(8) > bar > fc-2(foo)", "N003 N101 N103"),
    ("ues convnext\n8 > block(8) > block(9) > fc-2(foo)", "N003 N103"),
    ('usee "blocks.net"\n8 > block(8) > fc-2(foo)', "N003 N103"),
    ("param = 3\n8 > fc-{n} > fc-{m}(foo) > bar", "N003 N103 N101"),
    ("parm n = 3\n8 > fc-{n} > fc-{m}", "N003 N110"),
    ("8 > fc-3 aas x > fc-4\n@x > fc-2\n@y > fc-2", "N003 N101"),
    # One mistake of a block, whose numbers are others at each use.
    ("def f(c) = fc-{c-20} > dropout({c})\n8 > f(8) > f(9) > f(10)", "N201 N107"),
    ("def f(c) = fc-3(l1={c-20}, l2={-c}) > fc-{-c}\n8 > f(8) > f(9)", "N107 N107 N201"),
    ("fc-3 > fc-4(foo)\n[ fc-3 | fc-4 | fc-2(bar) ]", "N209 N103 N209 N103"),
    (
        "def f(c=2, n, m) = fc-{c} > fc-{n} > fc-{m}\n8 > f > f(1) > f(m=3)",
        "N106 N106 N106 N106 N106",
    ),
    # Only the kinds whose defaults are lost have a shape that is not known.
    ("default conv(foo)\n8x8x3 > conv9-4(pad=0) > pool9", "N103"),
    ("default conv(foo)\n8x8x3 > pool9 > fc-2", "N103 N204"),
    ("default cnov(pad=0)\n8x8x3 > pool9 > fc-2", "N101 N204"),
    ("default cnov(pad=0)\n8x8x3 > conv9-4", "N101"),
    ("default zzzz(pad=0)\n8x8x3 > pool9", "N101"),
    ("default conv(pad=0), fc(foo)\n8x8x3 > conv9-4", "N103"),
    ("default zzzz(bn), conv(foo)", "N101 N103"),
    ("default conv(l1={q}), fc(l1=-1), dw(l1=-1)", "N110 N107 N107"),
    ("8 > fc-3(l1={p}) x{q} > fc-2(baz)", "N110 N110 N103"),
    ("default conv(pad=0\ninput 8x8x3 > conv9-4 > pool9", "N001"),
    ("default conv(pad=0\n8x8x3 > conv3-4 as a\nexpect @a = 6x6x4", "N001"),
    ("defalt conv(pad=0)\n8x8x3 > conv3-4 as a\nexpect @a = 6x6x4", "N003"),
    ("defalt conv(pad=0)\n8x8x3 > conv3-4 as a > foo\nexpect @a = 6x6x4", "N003 N101"),
    ("defalt conv(pad=0)\n8x8x3 > pool as a\nexpect @a = 6x6x3", "N003 N301"),
    ("default conv(pad=0\ninput 8x8x3 > pool9 > conv9-4", "N001 N204"),
    # A name whose step gives nothing is not unknown below.
    ("fc-3 as a\n@a > fc-2", "N209"),
    ("8 > none as a\n@a > fc-2(foo)", "N109 N103"),
    ("8 > conv{q}-3 as a\n@a > fc-2(foo)", "N110 N103"),
    # Options are read one by one, and what a layer requires may be what could not be read.
    ("8 > foo > fc-3(l1={q}) > conv(l1={q})", "N101 N110 N110"),
    ("8 > foo > conv > dropout", "N101 N106 N106"),
    ("8 > foo > dropout(rate=2) > conv3-4(act=3, 5)", "N101 N107 N107 N103"),
    ("8 > foo > conv{q}-3(bar) > conv3-{q}/{r}(bar)", "N101 N110 N103 N110 N110 N103"),
    ("8 > foo > fc-{q}(bias=3, l1=-1, act=zz)", "N101 N110 N107 N107 N107"),
    ("8 > foo > fc-3 > res(id) > bar", "N101 N207 N101"),
    ("8 > foo > none > fc-3", "N101 N109"),
    (
        "8 > fc-{q} as a > relu as b > fc-3 as c > tanh as d\n"
        "expect @a = 4\nexpect @b = 4\nexpect @c = 4\nexpect @d = 4",
        "N110 N301 N301",
    ),
    ("def f() = softmax-3(bias=no, foo=1, over=n, bar=2)\n8 > fc-2", "N103 N103"),
    ("8 > softmax-3(bias=no, foo=1, over=n, bar=2)", "N103 N103"),
    # The activation of a sum is read whatever comes in.
    ("8x8x4 > foo > res(conv3-4, act=bar)", "N101 N107"),
    # A value that is missing is one mistake, wherever it is used.
    ("def f(a, b) = a > b > fc-{b} > b(3)\n8 > f(fc-3)", "N106"),
]


@pytest.mark.parametrize(("text", "codes"), CASES)
def test_each_mistake_is_reported_once(text: str, codes: str) -> None:
    found = check_source(Source("test", text), ReadOptions(), "test").diagnostics
    assert [each.code for each in found if each.severity == "error"] == codes.split(), found


def test_param_with_a_mistake_is_known_from_outside() -> None:
    options = ReadOptions(params={"w": 3})
    found = check_source(Source("test", "param w = 1/0\n8 > fc-{w}"), options, "test").diagnostics
    assert [each.code for each in found] == ["N112"]


@pytest.mark.slow
def test_thousands_of_mistakes_end() -> None:
    text = "8 > " + " > ".join(f"fc-4(foo{number})" for number in range(5000))
    found = check_source(Source("test", text), ReadOptions(), "test").diagnostics
    assert 100 <= len(found) <= 1000
    # Each level uses itself twice, on an input that nobody knows.
    text = "def f() = when(in > 3, f() > f(), foo)\n8 > bar > f()"
    found = check_source(Source("test", text), ReadOptions(), "test").diagnostics
    assert [each.code for each in found] == ["N101", "N101"]
