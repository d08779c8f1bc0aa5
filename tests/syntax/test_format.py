"""The formatter: what becomes of what, and that nothing else changes."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.errors import NetError, Source
from netdsl.limits import Limits
from netdsl.syntax import parse_text
from netdsl.syntax.format import WIDTH, diff, format_text

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "format"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def formatted(text: str, width: int = WIDTH) -> str:
    return format_text(Source("test", text), Limits(), width)


def meaning(text: str) -> list[Any]:
    """The tree without places: its values in order, each node as its class and its number of
    fields.
    """
    parsed = parse_text(Source("test", text), Limits())
    assert not parsed.diagnostics, (text, parsed.diagnostics)
    flat: list[Any] = []
    stack: list[Any] = [parsed.statements]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            fields = getattr(node, "_fields", None)
            flat.append((type(node).__name__, len(node)))
            stack += [
                part
                for at, part in enumerate(node)
                if fields is None or fields[at] not in ("start", "end")
            ]
        else:
            flat.append(node)
    return flat


def comments(text: str) -> list[str]:
    """The comments in order, without the spaces after `#` that the formatter may add."""
    found = re.findall(r'"[^"\n]*"|#[^\n]*', text)
    return [
        re.sub(r"^#[ \t]*", "#", comment.rstrip()) for comment in found if comment.startswith("#")
    ]


def assert_same(before: str, after: str, width: int = WIDTH) -> None:
    assert meaning(after) == meaning(before)
    assert comments(after) == comments(before)
    assert formatted(after, width) == after
    assert not re.search(r"[ \t](?=\n)|\n\n\n|\A\n|[^\n]\Z|\n\n\Z", after), after


# --- tables ---------------------------------------------------------------------------------------

LINES = [
    # arrows, commas, brackets
    ("3x3x1>conv3-64   x2>pool", "3x3x1 > conv3-64 x2 > pool"),
    ("3x3x1\t>\tpool", "3x3x1 > pool"),
    ("  3x3x1 > pool  ", "3x3x1 > pool"),
    ("conv3-64 ( bn ,tanh ) x2  as   c1", "conv3-64(bn, tanh) x2 as c1"),
    ("conv3-64(bn)as c1", "conv3-64(bn) as c1"),
    ("conv3-64as c1", "conv3-64 as c1"),
    ("f( )", "f()"),
    ("[conv1-1|id]", "[ conv1-1 | id ]"),
    ("add [conv1-1   |id]>relu", "add[ conv1-1 | id ] > relu"),
    ("( conv3-1>bn ) x3 >( ( relu ) )", "(conv3-1 > bn) x3 > ((relu))"),
    ("[ @a|@b.0 ]>conv3-1", "[ @a | @b.0 ] > conv3-1"),
    ("[ @f.* ] > @g.c x2 as h", "[ @f.* ] > @g.c x2 as h"),
    ("pool3/2( pad = same,ceil )", "pool3/2(pad=same, ceil)"),
    ("pad( (1 ,2,3 , -4) )", "pad((1, 2, 3, -4))"),
    ("rescale( 1/255 ) > lrn(alpha = 1e-4)", "rescale(1/255) > lrn(alpha=1e-4)"),
    ("res( conv3-1>conv3-1,skip = pad )", "res(conv3-1 > conv3-1, skip=pad)"),
    ("f( u=conv3-1>bn )", "f(u=conv3-1 > bn)"),
    ("when( n>0 ,conv3-1>bn,id )", "when(n > 0, conv3-1 > bn, id)"),
    ("when (t>1 and not(a==b),(a>b))", "when(t > 1 and not (a == b), (a > b))"),
    # numbers, sizes and expressions
    ("224×224×3 > conv1×7-64/2×1 ×2 > (pool) ×{n}", "224x224x3 > conv1x7-64/2x1 x2 > (pool) x{n}"),
    (
        "{ h }x{w}x3 > conv{ k }x{ 2 }-{ 2 *c }/{s}x2 > pool/{ s }",
        "{h}x{w}x3 > conv{k}x{2}-{2*c}/{s}x2 > pool/{s}",
    ),
    ("conv{1}×{k}-64/2( bn )", "conv{1}x{k}-64/2(bn)"),
    ("conv{k}-64/2x1as a > f{n} x{ n }", "conv{k}-64/2x1 as a > f{n} x{n}"),
    ("conv3-{16 * 2 ** i+1-in.h}", "conv3-{16*2**i + 1 - in.h}"),
    ("fc-{c//16%3/2}", "fc-{c//16%3/2}"),
    ("fc-{- 1+ -a- - -b*- c}", "fc-{-1 + -a - --b*-c}"),
    ("fc-{min( a,b )*( c+1 )-if(a<=b ,1,2)}", "fc-{min(a, b)*(c + 1) - if(a <= b, 1, 2)}"),
    ("fc-{if(not a or b and.5!=c,1,2)}", "fc-{if(not a or b and .5 != c, 1, 2)}"),
    ('fc-{if(a and(b or-c),"x","a  #×")}', 'fc-{if(a and (b or -c), "x", "a  #×")}'),
    ("fc-{and+or.h}", "fc-{and + or.h}"),
    (
        "reshape( 7×7×512 ) > fc-1_000(init=normal( 0.020 ))",
        "reshape(7x7x512) > fc-1_000(init=normal(0.020))",
    ),
    # statements
    ("net   a", "net a"),
    ("use\tresnet", "use resnet"),
    ('use"a  b.net"', 'use "a  b.net"'),
    ("param   width=64", "param width = 64"),
    ('param mode  ="a×b"', 'param mode = "a×b"'),
    ("param w=-2*( 3+1 )", "param w = -2*(3 + 1)"),
    ("default conv(bn,pad=0),fc( tanh )", "default conv(bn, pad=0), fc(tanh)"),
    ("default conv ( ) , when(a = 1/2)", "default conv(), when(a=1/2)"),
    (
        "def f (c,s = 1,u= conv3-1>bn)=conv3-{ c }/{s}",
        "def f(c, s=1, u=conv3-1 > bn) = conv3-{c}/{s}",
    ),
    ("def f( )=[a|b]", "def f() = [ a | b ]"),
    ("def f()=( a>b ) x2", "def f() = (a > b) x2"),
    ("let enc=conv3-1>bn", "let enc = conv3-1 > bn"),
    ("input   28x28x1", "input 28x28x1"),
    ("input{h}x3", "input {h}x3"),
    ("input left :28x28x1>pool", "input left: 28x28x1 > pool"),
    ("input text:128of int( 20_000 )>embed-8", "input text: 128 of int(20_000) > embed-8"),
    ("128 of int({v})>pos", "128 of int({v}) > pos"),
    ("tie  a=transpose   b", "tie a = transpose b"),
    ("given  x=[1,2,3]", "given x = [1, 2, 3]"),
    ("given x=[( 1,2 ),(3 , 4)]", "given x = [[1, 2], [3, 4]]"),
    ("given  x=-2.50", "given x = -2.50"),
    ("expect  @y=[ [0.730,{1/ 9}], [1e-4,-1] ]", "expect @y = [[0.730, {1/9}], [1e-4, -1]]"),
    ("expect output=[-12]", "expect output = [-12]"),
    ("expect   params=61_706", "expect params = 61_706"),
    ("expect@a.0=13×13x{c}", "expect @a.0 = 13x13x{c}"),
    # comments
    ("#a", "# a"),
    ("#", "#"),
    ("#!a\n##  b\n#   c  \n#\td", "#!a\n##  b\n#   c\n#\td"),
    ("   # a", "# a"),
    ("net a#b", "net a  # b"),
    ("net a   # b\n# c\n   # d", "net a  # b\n# c\n# d"),
    ("input 3 # a\n   # b\n  >pool   # c\n#d\n", "input 3  # a\n# b\n> pool  # c\n# d"),
    (
        "input 3    # a\n> pool3/2    # b\n>pool     # c",
        "input 3  # a\n> pool3/2  # b\n> pool  # c",
    ),
    (
        "input 3       # a\n> pool3/2     # b\n>pool\n> id          # c",
        "input 3    # a\n> pool3/2  # b\n> pool\n> id       # c",
    ),
    ("net a    # a\n\nnet bcd  # b", "net a  # a\n\nnet bcd  # b"),
    ("conv3-1(  # netdsl: ignore W703\n  bn)", "conv3-1(  # netdsl: ignore W703\n  bn\n)"),
    # blank lines and line ends
    ("", ""),
    ("\n\n \n", ""),
    ("\n\nnet a\n\n\n \nnet b\n\n", "net a\n\nnet b"),
    ("# a\n\n\n# b\nnet a\n\n\n# c\n\n", "# a\n\n# b\nnet a\n\n# c"),
    ("input 3\n\n\n> pool\n\n# a\n\n\n>  pool", "input 3\n\n> pool\n\n# a\n\n> pool"),
    # breaks that stay, and breaks that go
    ("input 3\n   > pool > pool\n>pool", "input 3\n> pool > pool\n> pool"),
    ("def f() =\n conv3-1", "def f() =\n  conv3-1"),
    ("def f() =\n\n conv3-1\n> bn", "def f() =\n\n  conv3-1\n  > bn"),
    ("def f() = conv3-1\n> bn", "def f() =\n  conv3-1\n  > bn"),
    ("let f =  # why\n  # how\n conv3-1", "let f =  # why\n  # how\n  conv3-1"),
    ("conv3-1(\n bn,\n\n pad=0\n)\n> pool", "conv3-1(bn, pad=0)\n> pool"),
    ("res(conv3-1\n  > bn) > [a\n|b\n]", "res(conv3-1 > bn) > [ a | b ]"),
    ("default conv(\n  bn), fc(\n  tanh)", "default conv(bn), fc(tanh)"),
    ("param w = (1 +\n 2)", "param w = (1 + 2)"),
    # comments in brackets
    ("conv3-1(bn, # a\n pad=0 # b\n)", "conv3-1(\n  bn,  # a\n  pad=0  # b\n)"),
    ("conv3-1(bn # a\n , pad=0)", "conv3-1(\n  bn,  # a\n  pad=0\n)"),
    ("conv3-1( # a\n # b\n)", "conv3-1(  # a\n  # b\n)"),
    ("conv3-1(bn) > [a # x\n|b]", "conv3-1(bn)\n> [\n    a  # x\n  | b\n]"),
    (
        "[ # all\n a | # of a\n b   # of b\n|\n # of c\n c > d ] > e",
        "[  # all\n    a  # of a\n  | b  # of b\n  # of c\n  | c > d\n]\n> e",
    ),
    ("(a # 1\n> # 2\n # 3\n b)", "(\n  a  # 1\n  > b  # 2\n  # 3\n)"),
    ("[a # 0\n| # 1\n # 2\n b]", "[\n    a  # 0\n  | b  # 1\n    # 2\n]"),
    ("[a|  # of a\n b\n|  # of c\n c > d]", "[\n    a  # of a\n  | b\n  | c  # of c\n    > d\n]"),
    ("(a # x\n x2 > b) x2 > c", "(\n  a x2  # x\n  > b\n) x2\n> c"),
    ("(conv{ # x\n k}-1 # y\n > b)", "(\n  conv{k}-1  # x\n  # y\n  > b\n)"),
    ("conv{k + # x\n 1}-1 # y\n> b", "conv{k + 1}-1  # x\n# y\n> b"),
    ("param w = (1 # x\n + 2)", "param w = (1 + 2)  # x"),
    ("param w = (1 # x\n + 2)# y\nnet a", "param w = (1 + 2)  # x\n# y\nnet a"),
    ("(a  # x\n (b(c)) > d)", "(\n  a(b(c))  # x\n  > d\n)"),
    ("(a  # x\n (b, c # y\n ) > d)", "(\n  a(  # x\n    b, c  # y\n  )\n  > d\n)"),
    ("def f(c) = res(a # x\n > b)", "def f(c) = res(\n  a  # x\n  > b\n)"),
    ("def f(c) = res(a # x\n > b) > c", "def f(c) =\n  res(\n    a  # x\n    > b\n  )\n  > c"),
    ("def f(c, # x\n d) = a > b", "def f(\n  c,  # x\n  d\n) = a > b"),
    ("3 > a > res(b, # x\n skip=pad) > c > d", "3 > a\n> res(\n  b,  # x\n  skip=pad\n)\n> c > d"),
    ("when(n > 0, # x\n a, b) # y", "when(\n  n > 0,  # x\n  a, b\n)  # y"),
    ("[a # x\n | b > [c | d] > e]", "[\n    a  # x\n  | b > [ c | d ] > e\n]"),
    (
        "[a # x\n | b\n > [c | d # y\n] > e]",
        "[\n    a  # x\n  | b\n    > [\n        c | d  # y\n    ]\n    > e\n]",
    ),
    # a directive holds on to its line
    (
        "3 > [a as b | c  # netdsl: ignore W703\n | d]",
        "3 > [ a as b | c  # netdsl: ignore W703\n  | d\n]",
    ),
    (
        "8 > fc-1(init=((1, 2), # first\n(3, 4)))",
        "8\n> fc-1(\n  init=[\n    [1, 2],  # first\n    [3, 4]\n  ]\n)",
    ),
]


@pytest.mark.parametrize(("before", "after"), LINES)
def test_lines(before: str, after: str) -> None:
    assert formatted(before) == (after + "\n" if after else "")


@pytest.mark.parametrize(("before", "after"), LINES)
def test_lines_keep_their_meaning(before: str, after: str) -> None:
    assert_same(before, formatted(before))


STEP = "conv3-64(bn, relu)"  # 18 columns, 21 with its arrow

LONG = [
    (
        "3x3x1" + f" > {STEP}" * 8,
        "3x3x1" + f" > {STEP}" * 6 + f"\n> {STEP} > {STEP}",
    ),
    (  # no line can continue it
        "fixed own: 5 = swish" + " > conv3-64" * 20,
        "fixed own: 5 = swish" + " > conv3-64" * 20,
    ),
    (  # 140 columns fit
        "3x3x111111111111" + f" > {STEP}" * 5 + " > conv3-64(tanh)",
        "3x3x111111111111" + f" > {STEP}" * 5 + " > conv3-64(tanh)",
    ),
    (  # only the line that is too long is broken
        f"3x3x1\n> {STEP}" + f" > {STEP}" * 7 + "\n> pool",
        f"3x3x1\n> {STEP}" + f" > {STEP}" * 5 + f"\n> {STEP} > {STEP}\n> pool",
    ),
    (  # a body of one step goes below its `=`
        f"def block(width) = add[ {STEP} > {STEP} > {STEP} | {STEP} > {STEP} > conv3-64(tanh) ]",
        f"def block(width) =\n  add[ {STEP} > {STEP} > {STEP} | {STEP} > {STEP} > conv3-64(tanh) ]",
    ),
    (
        f"let enc = {STEP} > {STEP} > {STEP} > {STEP} > {STEP} > {STEP} > {STEP}",
        f"let enc =\n  {STEP} > {STEP} > {STEP} > {STEP} > {STEP} > {STEP}\n  > {STEP}",
    ),
    (  # branches fill their lines
        f"3 > add[ {STEP} > {STEP} > {STEP} | {STEP} > {STEP} > {STEP} | {STEP} ] > relu > pool",
        f"3\n> add[\n    {STEP} > {STEP} > {STEP} | {STEP} > {STEP} > {STEP}\n  | {STEP}\n]\n"
        "> relu > pool",
    ),
    (
        f"3 > ({STEP} > {STEP} > {STEP} > {STEP} > {STEP} > {STEP} > {STEP}) x3 as c > pool",
        f"3\n> (\n  {STEP} > {STEP} > {STEP} > {STEP} > {STEP} > {STEP}\n  > {STEP}\n) x3 as c\n"
        "> pool",
    ),
    (  # an argument of several lines begins a line, and so does what comes after it
        f"f(1, 2, {STEP} > {STEP} > {STEP} > {STEP} > {STEP} > {STEP} > {STEP}, 3, 4)",
        f"f(\n  1, 2,\n  {STEP} > {STEP} > {STEP} > {STEP} > {STEP} > {STEP}\n  > {STEP},\n"
        "  3, 4\n)",
    ),
    (
        f"res({STEP} > {STEP} > {STEP}, {STEP} > {STEP} > {STEP}, skip=match, act=none)",
        f"res(\n  {STEP} > {STEP} > {STEP}, {STEP} > {STEP} > {STEP}, skip=match,\n  act=none\n)",
    ),
    (
        "default " + "conv(l2=1e-4, init=he_normal), " * 5 + "fc(tanh)",
        "default "
        + "conv(l2=1e-4, init=he_normal), " * 4
        + "conv(\n  l2=1e-4, init=he_normal\n), fc(tanh)",
    ),
    (  # a directive's line stays
        "3x3x1" + f" > {STEP}" * 8 + " as a  # netdsl: ignore W703",
        "3x3x1" + f" > {STEP}" * 8 + " as a  # netdsl: ignore W703",
    ),
]


@pytest.mark.parametrize(("before", "after"), LONG)
def test_long_lines(before: str, after: str) -> None:
    assert formatted(before) == f"{after}\n"
    assert_same(before, formatted(before))


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.before")), ids=lambda path: path.stem)
def test_golden_files(path: Path, request: pytest.FixtureRequest) -> None:
    """`NAME.before` becomes `NAME.net`."""
    before, golden = path.read_text(encoding="utf-8"), path.with_suffix(".net")
    after = formatted(before)
    if request.config.getoption("--update-goldens", default=False):
        golden.write_text(after, encoding="utf-8")
    assert after == golden.read_text(encoding="utf-8")
    assert_same(before, after)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").glob("*.net")), ids=lambda path: path.stem
)
def test_examples_are_formatted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert formatted(text) == text
    assert_same(text, text)


def documented() -> Iterator[Any]:
    for page in PAGES:
        for number, text in enumerate(
            re.findall(
                r"^```net\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
            ),
            1,
        ):
            yield pytest.param(text, id=f"{page.relative_to(ROOT)}:{number}")


@pytest.mark.slow
@pytest.mark.parametrize("text", list(documented()))
def test_documentation_keeps_its_meaning(text: str) -> None:
    if not parse_text(Source("docs", text), Limits()).diagnostics:  # some pages show what is wrong
        assert_same(text, formatted(text))


# --- mistakes, size, differences ------------------------------------------------------------------


def test_all_mistakes_are_reported() -> None:
    with pytest.raises(NetError) as caught:
        formatted("net\ninput 3 > pool\nconv3-\nfc-10 (\n")
    assert [
        diagnostic.span.start for diagnostic in caught.value.diagnostics if diagnostic.span
    ] == [3, 24, 32]


def test_limits_hold() -> None:
    with pytest.raises(NetError, match="N402"):
        formatted("(" * 100_000 + "a" + ")" * 100_000)
    with pytest.raises(NetError, match="N401"):
        format_text(Source("test", "a" * 11), Limits(source=10))


@pytest.mark.slow
@pytest.mark.parametrize("comment", ["", "# c\n"])
@pytest.mark.parametrize(
    ("opener", "closer"),
    [("(a > ", " > b)"), ("[a|", "|b]"), ("f(u=", ",1)"), ("when(1>0,", ",b)")],
)
def test_no_nesting_is_too_deep(opener: str, closer: str, comment: str) -> None:
    text = (opener + comment) * 200 + "a" + closer * 200
    assert_same(text, formatted(text))


def test_expressions_may_be_deep() -> None:
    text = "param w = " + "(" * 200 + "1" + ")" * 200 + "\n"
    assert formatted(text) == text


@pytest.mark.slow
def test_a_long_flow_is_filled_line_by_line() -> None:
    after = formatted("28x28x1" + " > conv3-64" * 5_000)
    lines = after.splitlines()
    assert {len(line) for line in lines[1:-1]} == {131}
    assert lines[0] == "28x28x1" + " > conv3-64" * 12
    assert formatted(after) == after


def test_diff() -> None:
    assert diff("net a\n", "net a\n", "x.net") == ""
    shown = (
        "--- x.net\n+++ x.net (formatted)\n@@ -1,2 +1,2 @@\n net a\n-input  3\n"
        "\\ No newline at end of file\n+input 3\n"
    )
    assert diff("net a\ninput  3", "net a\ninput 3\n", "x.net") == shown
    assert diff("", "# a\n", "x.net").endswith("@@ -0,0 +1 @@\n+# a\n")
    assert diff("# a\u2028b\n", "# c\n", "x.net").endswith("-# a\u2028b\n+# c\n")


# --- properties -----------------------------------------------------------------------------------

# A program is drawn as tokens and what may be between them: `_` requires spaces, `~` accepts any
# white space, `^` spaces only; `;` ends a statement, and at `>` and `=` of the statement itself the
# line may be broken. Other tokens touch.

NAMES = st.sampled_from(
    [
        "a",
        "block",
        "conv3",
        "conv3-64",
        "conv1x7-64/2",
        "pool3/2x1",
        "conv1×3",
        "as",
        "x2",
        "a_rather_long_name",
        "fc-1_000",
    ]
)
WORDS = st.sampled_from(["a", "b", "c", "pass", "of", "deep_name", "x3", "w"])
NUMBERS = st.sampled_from(["0", "7", "-1", "61_706", "1e-4", "0.50", ".5", "1/255", "-2.5/3"])
SHAPES = st.sampled_from(["224x224x3", "28×28×1", "784", "7x7", "{h}x{ w }x3", "3×{2*c}"])
COMMENTS = [
    "# text",
    "#text",
    "#",
    "#!x",
    "##  y ",
    "#\tz",
    '# > a | b ) ] } " x2 =',
    "# netdsl: ignore W703",
    "#  ä×→",
]
BINARY = ["+", "-", "*", "/", "//", "%", "**", "_and_", "_or_"]


def joined(*parts: Any) -> st.SearchStrategy[list[str]]:
    """The tokens of all parts, one after the other: tokens, strategies for a token, or
    strategies for several.
    """
    drawn = [st.just(part) if isinstance(part, str) else part for part in parts]
    return st.tuples(*drawn).map(
        lambda values: [
            token for value in values for token in ([value] if isinstance(value, str) else value)
        ]
    )


def several(
    item: st.SearchStrategy[Any], *separator: str, highest: int = 3
) -> st.SearchStrategy[list[str]]:
    def in_a_row(items: list[list[str]]) -> list[str]:
        return [
            token
            for at, tokens in enumerate(items)
            for token in [*(separator if at else ()), *tokens]
        ]

    return st.lists(joined(item), min_size=1, max_size=highest).map(in_a_row)


def operation(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    words = {"_and_": ["_", "and", "_"], "_or_": ["_", "or", "_"]}
    sign = st.sampled_from(BINARY).map(lambda sign: words.get(sign, ["~", sign, "~"]))
    return st.one_of(
        joined(inner, sign, inner),
        joined(
            "(",
            "~",
            inner,
            "~",
            st.sampled_from(["<", ">", "==", "!=", "<=", ">="]),
            "~",
            inner,
            "~",
            ")",
        ),
        joined(st.sampled_from(["-", "+"]), "~", inner),
        joined("(", "~", "not", "_", inner, "~", ")"),
        joined("min", "~", "(", "~", several(inner, "~", ",", "~"), "~", ")"),
    )


OPERANDS = joined(st.sampled_from(["1", "2.5", "1_0", ".5", "in.h", "c", "i", "width", '"s # ×"']))
EXPRESSIONS = st.recursive(OPERANDS, operation, max_leaves=5)
BRACES = joined("{", "~", EXPRESSIONS, "~", "}")


def steps(chain: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    value = st.one_of(NUMBERS, st.sampled_from(["2x1", "7×7", '"a  b#"']), BRACES, chain)
    tuple_ = joined("(", "~", NUMBERS, "~", ",", "~", NUMBERS, "~", ")")
    argument = st.one_of(value, tuple_, joined(WORDS, "~", "=", "~", st.one_of(value, tuple_)))
    arguments = joined(
        "~", "(", "~", st.one_of(st.just([]), several(argument, "~", ",", "~")), "~", ")"
    )
    body = st.one_of(
        joined(NAMES, st.one_of(st.just([]), arguments)),
        joined(
            "conv",
            BRACES,
            st.sampled_from(["", "-64", "/2", "-8/2x1"]),
            st.one_of(st.just([]), arguments),
        ),
        joined("conv3-", BRACES, "/", BRACES),
        joined(
            st.one_of(st.just([]), st.just(["add", "~"])),
            "[",
            "~",
            several(chain, "~", "|", "~"),
            "~",
            "]",
        ),
        joined("(", "~", chain, "~", ")"),
        joined(st.sampled_from(["@a", "@block.a", "@a.0.b", "@a.*"])),
        joined(
            "when",
            "^",
            "(",
            "~",
            EXPRESSIONS,
            "~",
            ",",
            "~",
            chain,
            st.one_of(st.just([]), joined("~", ",", "~", chain)),
            "~",
            ")",
        ),
    )
    repeat = st.one_of(
        st.just([]), st.just(["_", "x2"]), st.just(["_", "×1_0"]), joined("_", "x", BRACES)
    )
    return joined(body, repeat, st.one_of(st.just([]), joined("_", "as", "_", WORDS)))


def chains(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    return several(steps(inner), "~", ">", "~", highest=4)


CHAINS = st.recursive(several(NAMES, "~", ">", "~", highest=4), chains, max_leaves=12)
SETTINGS = joined(
    WORDS,
    "~",
    "(",
    "~",
    several(st.one_of(NAMES, joined(WORDS, "~", "=", "~", NUMBERS)), "~", ",", "~"),
    "~",
    ")",
)
PARAMETERS = several(
    st.one_of(WORDS, joined(WORDS, "~", "=", "~", st.one_of(NUMBERS, CHAINS))), "~", ",", "~"
)
HEADS = joined(
    SHAPES, st.one_of(st.just([]), joined("_", "of", "_", "int", "~", "(", "~", "20", "~", ")"))
)
NUMBERS_IN_BRACKETS = st.recursive(
    st.sampled_from(["1", "-0.50", "1e-4", "1/3", "61_706"]),
    lambda inner: joined("[", "~", several(inner, "~", ",", "~"), "~", "]"),
    max_leaves=6,
).map(lambda tokens: tokens if isinstance(tokens, list) else ["[", tokens, "]"])
STATEMENTS = st.one_of(
    joined("net", "_", WORDS),
    st.just(["use", "_", '"b  c.net"']),
    joined("param", "_", WORDS, "~", "=", "~", EXPRESSIONS),
    joined("default", "_", several(SETTINGS, "~", ",", "~")),
    joined(
        "def",
        "_",
        WORDS,
        "~",
        "(",
        "~",
        st.one_of(st.just([]), PARAMETERS),
        "~",
        ")",
        "~",
        "=",
        "~",
        CHAINS,
    ),
    joined("let", "_", WORDS, "~", "=", "~", CHAINS),
    joined("input", "_", HEADS, "~", ">", "~", CHAINS),
    joined("input", "_", WORDS, "~", ":", "~", HEADS),
    joined(HEADS, "~", ">", "~", CHAINS),
    CHAINS,
    joined("tie", "_", WORDS, "~", "=", "~", "transpose", "_", WORDS),
    joined("expect", "_", st.sampled_from(["params", "@a.b"]), "~", "=", "~", SHAPES),
    joined("given", "_", WORDS, "~", "=", "~", st.one_of(st.just("-2"), NUMBERS_IN_BRACKETS)),
    joined("expect", "_", st.sampled_from(["output", "@a"]), "~", "=", "~", NUMBERS_IN_BRACKETS),
)


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Valid statements with blanks, breaks and comments strewn in wherever they may stand."""
    dice = random.Random(draw(st.integers(0, 2**32)))
    strewn = draw(st.sampled_from([0.0, 0.05, 0.3]))  # how much of it
    text: list[str] = []

    def rest_of_line(comment: float) -> str:
        return (
            dice.choice(["", " ", "  ", "      "])
            + (dice.choice(COMMENTS) if dice.random() < comment else "")
            + "\n"
        )

    def blanks(least: str) -> str:
        return least if dice.random() > strewn else dice.choice([" ", "  ", "\t", least])

    def lines() -> str:
        return rest_of_line(0.5) + "".join(
            rest_of_line(0.3) for _ in range(dice.choice([0, 0, 0, 1, 2, 3]))
        )

    for statement in draw(st.lists(STATEMENTS, max_size=4)):
        text += [rest_of_line(0.3) for _ in range(dice.choice([0, 0, 1, 2]))] + [blanks("")]
        continued = statement[0] not in ("net", "use", "param", "default", "tie", "expect", "given")
        depth = 0
        for at, token in enumerate(statement):
            following = statement[at + 1] if at + 1 < len(statement) else ""
            broken = (
                continued
                and not depth
                and (following == ">" or (at and statement[at - 1] == "="))
                and dice.random() < 2 * strewn
            )
            if token == "^" or (token in ("_", "~") and not depth and not broken):
                text.append(blanks(" " if token == "_" else ""))
            elif token in ("_", "~"):
                breaks = broken or dice.random() < strewn
                text += [lines() if breaks else "", blanks(" " if token == "_" else "")]
            else:
                depth += (token in ("(", "[", "{")) - (token in (")", "]", "}"))
                text.append(token)
        text.append(rest_of_line(0.2))
    return "".join(text)


@pytest.mark.slow
@pytest.mark.parametrize("width", [140, 30])
@settings(deadline=None, derandomize=True, max_examples=300)
@given(program=programs())
def test_programs_keep_their_meaning(width: int, program: str) -> None:
    assert_same(program, formatted(program, width), width)


@pytest.mark.parametrize(
    "before",
    [
        # a comment parts the directive's line
        "3 > [ a > conv{(1 + 2) * # c\n (3 + 4)}(a=0) x2 ] x{1 # netdsl: ignore W703\n}",
        # more precedes it than before
        "3 > conv3-{1 # netdsl: ignore W703\n}(bn, tanh, pad=same) > pool",
        # it comes to a line of its own
        "3 > conv3-{1 # a\n +2 # netdsl: ignore W703\n}(bn, tanh, pad=same) > pool",
    ],
)
def test_directives_come_to_rest(before: str) -> None:
    assert_same(before, formatted(before, 30), 30)


@pytest.mark.slow
@settings(deadline=None, derandomize=True, max_examples=300)
@given(program=programs(), data=st.data())
def test_damaged_programs_raise_nothing_else(program: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(program)))
    end = data.draw(st.integers(at, min(len(program), at + 3)))
    damaged = (
        program[:at]
        + data.draw(st.text('>|()[]{},=:"#x×- \n\t\r2a@.é\u2028\x0b', max_size=2))
        + program[end:]
    )
    try:
        after = formatted(damaged)
    except NetError:
        return
    assert_same(damaged, after)
