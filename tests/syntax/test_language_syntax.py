"""Text to statements: every statement and form of the language, and what a broken one leaves
of the others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from netdsl.errors import Source
from netdsl.limits import Limits
from netdsl.reading import ReadOptions, check_source
from netdsl.sources import decoded
from netdsl.syntax import Parsed, parse_text, tree

GRAMMAR = Path(__file__).resolve().parents[2] / "grammar"


def parsed(text: str) -> Parsed:
    return parse_text(Source("test", text), Limits())


def statements(text: str) -> list[str]:
    """The statements of a text without mistakes, as `shown`."""
    found = parsed(text)
    assert not found.diagnostics, found.diagnostics
    return [shown(statement) for statement in found.statements]


def shown(node: Any) -> str:
    """A tree without its places: `size<3>`, `-64`, `/<2>` and `*3` are a layer's size, amount,
    stride and repeat; `{c 2 *}` is postfix.
    """
    match node:
        case None:
            return "-"
        case tree.Number(value=value):
            return str(value)
        case tree.String(value=value):
            return f'"{value}"'
        case tree.Expression(code=code):
            return "{" + " ".join(map(_instruction, code)) + "}"
        case tree.Sizes(items=items):
            return f"<{' '.join(map(shown, items))}>"
        case tree.Tuple(items=items):
            return f"tuple({_listed(items)})"
        case tree.Name(text=text):
            return text
        case tree.ArgumentNode(name=name, value=value):
            return f"{name.text}={shown(value)}" if name else shown(value)
        case tree.LayerNode():
            size = f"size{shown(node.size)}" if node.size else ""
            amount = "" if node.amount is None else f"-{shown(node.amount)}"
            stride = f"/{shown(node.stride)}" if node.stride else ""
            return (
                node.word.text
                + size
                + amount
                + stride
                + ("" if node.arguments is None else f"({_listed(node.arguments)})")
            )
        case tree.MergeNode():
            return f"{shown(node.word)}[{' | '.join(map(shown, node.branches))}]"
        case tree.Group(chain=chain):
            return f"({shown(chain)})"
        case tree.Reference(name=name):
            return f"@{name}"
        case tree.When():
            return f"when({_listed((node.condition, node.then, node.otherwise))})"
        case tree.Step():
            repeat = "" if node.repeat is None else f" *{shown(node.repeat)}"
            return shown(node.body) + repeat + (f" as {node.name.text}" if node.name else "")
        case tree.Chain(steps=steps):
            return " > ".join(map(shown, steps))
        case tree.Head():
            return shown(node.shape) + (
                f" of {node.type.text} {shown(node.limit)}" if node.type else ""
            )
        case _:
            return _statement(node)


def _statement(node: Any) -> str:
    match node:
        case tree.Input():
            return f"input {shown(node.name)}: " + " > ".join(map(shown, (node.head, *node.steps)))
        case tree.Net():
            return f"net {node.name.text}"
        case tree.Use():
            return f"use {shown(node.what)}"
        case tree.Param():
            return f"param {node.name.text} = {shown(node.value)}"
        case tree.Default():
            return "default " + ", ".join(
                f"{setting.word.text}({_listed(setting.arguments)})" for setting in node.settings
            )
        case tree.Def():
            parameters = [
                p.name.text + (f"={shown(p.default)}" if p.default is not None else "")
                for p in node.parameters
            ]
            return f"def {node.name.text}({', '.join(parameters)}) = {shown(node.chain)}"
        case tree.Let():
            return f"let {node.name.text} = {shown(node.chain)}"
        case tree.Tie():
            return f"tie {node.name.text} = {node.how.text} {node.other.text}"
        case tree.Given():
            return f"given {node.name.text} = {shown(node.value)}"
        case tree.Expect():
            return f"expect {shown(node.what)} = {shown(node.fact)}"
        case tree.Flow():
            return f"flow {shown(node.chain)}"
    raise TypeError(node)


def _listed(nodes: Any) -> str:
    return ", ".join(map(shown, nodes))


def _instruction(instruction: tree.Instruction) -> str:
    value = instruction.argument
    if instruction.op == "push" and isinstance(value, str):
        return f'"{value}"'
    return str(value) if instruction.op in ("push", "name") else instruction.op


# --- forms ----------------------------------------------------------------------------------------

FORMS = [
    ("net resnet50", "net resnet50"),
    ("net x2", "net x2"),
    ("net net", "net net"),
    ("net default", "net default"),
    ("use resnet", "use resnet"),
    ('use "blocks.net"', 'use "blocks.net"'),
    ('use "lib/blocks.net"', 'use "lib/blocks.net"'),
    ("param width = 64", "param width = {64}"),
    ("param rate = 1/255", "param rate = {1 255 /}"),
    ("param deep = (2 + 3) * 4 - 1", "param deep = {2 3 + 4 * 1 -}"),
    ('param name = "a > b # c"', 'param name = {"a > b # c"}'),
    ("param big = 61_706", "param big = {61706}"),
    ("param no = not 1 > 2", "param no = {1 2 > not}"),
    ("default conv(bn, pad=0), fc(tanh)", "default conv(bn, pad=0), fc(tanh)"),
    ("default conv()", "default conv()"),
    (
        "default pool(ceil), conv(norm=gn(groups=8), act=lrelu(0.2))",
        "default pool(ceil), conv(norm=gn(groups=8), act=lrelu(1/5))",
    ),
    ("def block(c, s=1) = conv3-{c}/{s}", "def block(c, s=1) = conv3-{c}/<{s}>"),
    ("def f() = relu", "def f() = relu"),
    (
        'def f(u=conv3-64 > bn, k=(1, 2), t="a", d={in}, p=2x1) = u',
        'def f(u=conv3-64 > bn, k=tuple(1, 2), t="a", d={in}, p=<2 1>) = u',
    ),
    ("def f(in_) = id", "def f(in_) = id"),
    ("let enc = fc-64 > fc-32", "let enc = fc-64 > fc-32"),
    ("input 224x224x3", "input -: <224 224 3>"),
    ("input left: 28x28x1", "input left: <28 28 1>"),
    ("input text: 128 of int(20000)", "input text: <128> of int 20000"),
    ("input text: 128 of int({v})", "input text: <128> of int {v}"),
    ("input 784", "input -: <784>"),
    ("input {h}x{2*h}x3", "input -: <{h} {2 h *} 3>"),
    ("input 32x{w}", "input -: <32 {w}>"),
    ("input {h}x{w}", "input -: <{h} {w}>"),
    ("32x32x1 > conv5-6", "input -: <32 32 1> > conv5-6"),
    ("784 > fc-10", "input -: <784> > fc-10"),
    ("{h}x{h}x1 > conv5-6", "input -: <{h} {h} 1> > conv5-6"),
    ("128 of int(20000) > embed-64", "input -: <128> of int 20000 > embed-64"),
    ("input a: 4 > fc-2 x2 as y", "input a: <4> > fc-2 *2 as y"),
    ("@name > conv3-64", "flow @name > conv3-64"),
    ("@use.name > id", "flow @use.name > id"),
    ("@a.0 > id", "flow @a.0 > id"),
    ("[ @a | @b ] > fc-1", "flow -[@a | @b] > fc-1"),
    ("[ @a.* ] > gap", "flow -[@a.*] > gap"),
    ("tie decoder1 = transpose encoder1", "tie decoder1 = transpose encoder1"),
    ("expect params = 61_706", "expect params = <61706>"),
    ("expect output = 13x13x256", "expect output = <13 13 256>"),
    ("expect @conv5 = 13x13x256", "expect @conv5 = <13 13 256>"),
    ("expect @use.c.0 = 13x13x256", "expect @use.c.0 = <13 13 256>"),
    ("expect macs = {2*w}", "expect macs = <{2 w *}>"),
    ("expect total = 1", "expect total = <1>"),
    ("conv3-64/2(bn, tanh) x2 as c1", "flow conv3-64/<2>(bn, tanh) *2 as c1"),
    ("conv3", "flow conv3"),
    ("conv1x7-64", "flow conv1x7-64"),
    ("conv1×7-64", "flow conv1x7-64"),
    ("pool3/2x1", "flow pool3/<2 1>"),
    ("pool3/2×1", "flow pool3/<2 1>"),
    ("conv{k}-{2*c}/{s}", "flow convsize<{k}>-{2 c *}/<{s}>"),
    ("conv{1}x{k}-64", "flow convsize<{1} {k}>-64"),
    ("conv{1}x7-64", "flow convsize<{1} 7>-64"),
    ("conv{k}/2", "flow convsize<{k}>/<2>"),
    ("conv3/{s}x2", "flow conv3/<{s} 2>"),
    ("conv3-4/2x{s}", "flow conv3-4/<2 {s}>"),
    ("conv3-64 x{n}", "flow conv3-64 *{n}"),
    ("conv3-64 ×3", "flow conv3-64 *3"),
    ("conv3-64 x1_000", "flow conv3-64 *1000"),
    ("conv3-1_024", "flow conv3-1024"),
    ("(conv3-64 > bn > relu) x3", "flow (conv3-64 > bn > relu) *3"),
    ("((conv3-64 x2)) x3 as deep", "flow ((conv3-64 *2)) *3 as deep"),
    ("[ a | b | c ]", "flow -[a | b | c]"),
    ("add[ a | id ]", "flow add[a | id]"),
    ("mul[id|gap>fc-{c//16}>sigmoid-{c}]", "flow mul[id | gap > fc-{c 16 //} > sigmoid-{c}]"),
    (
        "conv3-64(pad=(1,2,3,4), dilation=2x1, act=none)",
        "flow conv3-64(pad=tuple(1, 2, 3, 4), dilation=<2 1>, act=none)",
    ),
    ("conv3-64(lrelu(0.2))", "flow conv3-64(lrelu(1/5))"),
    ("conv3-64(l2=1e-4, init=normal(0.02))", "flow conv3-64(l2=1/10000, init=normal(1/50))"),
    (
        "conv3-64(a=-1, b=1/255, c=.5, d=2., e=1e+3)",
        "flow conv3-64(a=-1, b=1/255, c=1/2, d=2, e=1000)",
    ),
    ("res(conv3-64 > conv3-64, skip=pad)", "flow res(conv3-64 > conv3-64, skip=pad)"),
    ("res(@a > conv3-64)", "flow res(@a > conv3-64)"),
    ("crop(@x)", "flow crop(@x)"),
    ("unpool(@p)", "flow unpool(@p)"),
    ("attention(heads=8, kv=@x)", "flow attention(heads=8, kv=@x)"),
    (
        'f(conv3-64 x2, "text", {1+2}, (1, "b"), 3x3, @a)',
        'flow f(conv3-64 *2, "text", {1 2 +}, tuple(1, "b"), <3 3>, @a)',
    ),
    ("unit(c)", "flow unit(c)"),
    ("f()", "flow f()"),
    ("when(t > 1, conv1-{t*in})", "flow when({t 1 >}, conv1-{t in *}, -)"),
    ("when(t > 1, conv1-{t*in}, id)", "flow when({t 1 >}, conv1-{t in *}, id)"),
    ("when (a and not b or c, x)", "flow when({a and b not truth or c truth}, x, -)"),
    ("pool > when(1 < 2, (pool) x2)", "flow pool > when({1 2 <}, (pool) *2, -)"),
    ("as > of > when > and", "flow as > of > when > and"),
    ("x > x3 > xy", "flow x > x3 > xy"),
    ("input_2 > net1 > asset > often", "flow input_2 > net1 > asset > often"),
    ("conv3-64 as as", "flow conv3-64 as as"),
    ("conv3-64 as of", "flow conv3-64 as of"),
    ("and as or", "flow and as or"),
    ("reshape(7x7x512)", "flow reshape(<7 7 512>)"),
    ("permute(2,1)", "flow permute(2, 1)"),
    ("relu6 > prelu", "flow relu6 > prelu"),
    ("pool-3", "flow pool-3"),
    ("in > in", "flow in > in"),
    ("conv3-{in.h}", "flow conv3-{in.h}"),
    ("std((0.485, 0.456), (1, 2))", "flow std(tuple(97/200, 57/125), tuple(1, 2))"),
    # a form over several lines
    ("def f(c) =\n  conv3-{c}", "def f(c) = conv3-{c}"),
    ("def f(c) = # why\n\n  # and why\n  conv3-{c}\n  > bn", "def f(c) = conv3-{c} > bn"),
    ("def f(\n  c,\n  s=1\n) = id", "def f(c, s=1) = id"),
    ("let a =\n fc-1\n> fc-2", "let a = fc-1 > fc-2"),
    ("input 4\n\n# one\n  # two\n> fc-1\n\n\t> fc-2 # three", "input -: <4> > fc-1 > fc-2"),
    ("4 > fc-1\n> fc-2", "input -: <4> > fc-1 > fc-2"),
    ("@a\n> fc-2", "flow @a > fc-2"),
    ("param a = (1\n + 2)", "param a = {1 2 +}"),
    ("[ a\n| b # ] a bracket in a comment\n| c\n]", "flow -[a | b | c]"),
    ("conv3-64(\n  bn, # the norm\n\n  tanh\n) x2\n> pool", "flow conv3-64(bn, tanh) *2 > pool"),
    ("conv3-{\n 2 *\n c\n}", "flow conv3-{2 c *}"),
    ('use "a#b > c.net" # a comment', 'use "a#b > c.net"'),
    ("  net a", "net a"),
    ("\tconv3 >pool>\tfc-1 # x\n\n", "flow conv3 > pool > fc-1"),
    ("f\t(bn)", "flow f(bn)"),
]


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_a_form(text: str, expected: str) -> None:
    assert statements(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# nothing\n\n   # at all", []),
        ("conv3\npool", ["flow conv3", "flow pool"]),
        (
            "net a\n4 > fc-1\nnet b\n4 > fc-1",
            ["net a", "input -: <4> > fc-1", "net b", "input -: <4> > fc-1"],
        ),
        (
            "add\n[ a | b ]",
            ["flow add", "flow -[a | b]"],
        ),  # a line's end ends the statement: only `>` continues it
        ("(a > b)\nx3", ["flow (a > b)", "flow x3"]),
        ("net a # > b\n4 > fc-1", ["net a", "input -: <4> > fc-1"]),
        (
            "param a = 2\nparam b = 3 # > 4\n# > 5\nexpect params = 6",
            ["param a = {2}", "param b = {3}", "expect params = <6>"],
        ),
        (
            "def a() = b\ndef b() = (\n  c\n)\n> d\ne",
            ["def a() = b", "def b() = (c) > d", "flow e"],
        ),
    ],
)
def test_where_statements_end(text: str, expected: list[str]) -> None:
    assert statements(text) == expected


def test_the_places_of_a_tree_are_those_of_the_text() -> None:
    text = "input 32x32x1 > conv3-64/2(bn, act=tanh) x2 as c1\n> add[ (a) | @b ]"
    (statement,) = parsed(text).statements
    assert isinstance(statement, tree.Input)
    first, second = statement.steps
    assert isinstance(first.body, tree.LayerNode)
    assert isinstance(second.body, tree.MergeNode)
    assert first.name
    assert first.repeat
    assert first.body.amount
    assert first.body.stride
    assert first.body.arguments
    nodes = [
        statement.head,
        first,
        first.body,
        first.body.word,
        first.body.amount,
        first.body.stride,
        first.body.arguments[1],
    ]
    nodes += [first.repeat, first.name, second, second.body.branches[0], second.body.branches[1]]
    assert [text[node.start : node.end] for node in nodes] == [
        "32x32x1",
        "conv3-64/2(bn, act=tanh) x2 as c1",
        "conv3-64/2(bn, act=tanh)",
        "conv3",
        "64",
        "2",
        "act=tanh",
        "2",
        "c1",
        "add[ (a) | @b ]",
        "(a)",
        "@b",
    ]


@pytest.mark.parametrize(
    ("text", "description"),
    [
        (
            "# LeNet-5\n#   (LeCun et al. 1998)\n\n# of the input\n4 > fc-1",
            "LeNet-5\n(LeCun et al. 1998)",
        ),
        ("#\n# a\n#\n# b\n4 > fc-1", "a\n\nb"),
        ("\n# not at the very top\n4 > fc-1", ""),
        ("4 > fc-1 # after it", ""),
    ],
)
def test_the_description(text: str, description: str) -> None:
    assert parsed(text).description == description


@pytest.mark.parametrize(
    "data",
    [b"4\n> fc-1\n", b"4\r\n> fc-1\r\n", b"4\r> fc-1\r", b"\xef\xbb\xbf4\r\n> fc-1", b"4\n> fc-1"],
)
def test_line_ends_and_a_mark_at_the_beginning_mean_nothing(data: bytes) -> None:
    found = parse_text(decoded(data, "test"), Limits())
    assert not found.diagnostics
    assert [shown(statement) for statement in found.statements] == ["input -: <4> > fc-1"]


def test_a_text_from_python_may_have_them_too() -> None:
    import netdsl

    assert netdsl.parse("\ufeff4\r\n> fc-1\r\n").counts.params == 5


# --- recovery -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept", "faulty"),
    [
        (
            "4 > > fc-1\nnet a\nparam = 3\ndef f = id",
            ["input -: <4> > _ > fc-1", "net a"],
            [">", "=", "="],
        ),
        (
            "input 4 > (fc-1\n> fc-3\nparam a = 2\n4 > fc-1)\nnet b",
            ["param a = {2}", "net b"],
            ["(", ")"],
        ),
        ('4 > f("abc\nnet b\n4 > )\n[ a\n> c', ["net b"], ['"abc', ")", "["]),
        ("4 > [ a | b\n# in between\ndefault conv(bn)", ["default conv(bn)"], ["["]),
        ("4 > (a\n  net b", [], ["("]),  # not in column 1: still within the bracket
        ("inputt 32x32x1\nnet a\nexpectt params = 3", ["net a"], ["inputt", "expectt"]),
        (
            "4 > fc-1\nparam x = 2\n> fc-2\nnet c",
            ["input -: <4> > fc-1", "param x = {2}", "net c"],
            [">"],
        ),
        ("> fc-2\nnet c", ["net c"], [">"]),
        (
            "4 > fc-1\n\f\nnet a",
            ["input -: <4> > fc-1", "net a"],
            ["\f"],
        ),  # not a space of the language: reported once
        ("\u00a0\nnet a\n\u00a04 > b", ["net a", "flow @_ > b"], ["\u00a0", "\u00a0"]),
        ("]\n}\nnet a", ["net a"], ["]", "}"]),
        # a chain is read without the steps that cannot be
        ("8 > fc--3 > fc-4 > fc-5-6 > fc-2", ["input -: <8> > _ > fc-4 > _ > fc-2"], ["--3", "6"]),
        ("def f(c) = conv3-{c > fc-2\nnet a", ["net a"], ["{"]),
        ("def f(c) = fc--3 > fc-{c}", ["def f(c) = _ > fc-{c}"], ["--3"]),
        ("def f(c,) = fc-3 > fc-{c}", [], [","]),
        ("let a = fc-3 > as b > fc-4", ["let a = fc-3 > _ > fc-4"], ["b"]),
        ("8x8x > conv3-4 > fc-2", ["flow @_ > conv3-4 > fc-2"], ["x"]),
        # nothing is left of one step, and the next statement is none of its steps
        ("8 9\n8 > fc-2", ["input -: <8> > fc-2"], ["9"]),
    ],
)
def test_one_broken_statement_never_spoils_the_next(
    text: str, kept: list[str], faulty: list[str]
) -> None:
    found = parsed(text)
    assert [shown(statement) for statement in found.statements] == kept
    assert [diagnostic.span.text for diagnostic in found.diagnostics if diagnostic.span] == faulty


@pytest.mark.parametrize(
    ("text", "faulty"),
    [
        ("32x32x1 > cnov3-4 > pol > fcc-3", ["cnov3", "pol", "fcc"]),
        (
            "input 32x32x1\n> cnov3-4\ndef f() = pol\nparam = 3\n@zzz > fc-1",
            ["cnov3", "pol", "=", "@zzz"],
        ),
        ("32x32x1 > conv3-4(padd=0, tanhh=1) > [ rellu | id ]", ["padd", "tanhh", "rellu"]),
        ("4 > f\ndef g(c) = conv3-{c} > bnn\ndefault cnv(bn)", ["f", "bnn", "cnv"]),
    ],
)
def test_three_mistakes_give_three_reports(text: str, faulty: list[str]) -> None:
    found = check_source(Source("test", text), ReadOptions(), "test").diagnostics
    assert [diagnostic.span.text for diagnostic in found if diagnostic.span] == faulty


def test_what_a_lost_statement_would_have_defined_is_not_a_further_mistake() -> None:
    text = "def block( = conv3-4\nparam w 3\n32x32x1 > block > conv3-{w}\n> > fc-1 as x\n@x > fc-2"
    assert [
        diagnostic.code
        for diagnostic in check_source(Source("test", text), ReadOptions(), "test").diagnostics
    ] == ["N001", "N003", "N003"]


def test_no_more_than_a_hundred_mistakes_are_reported() -> None:
    assert len(parsed("4 > > a\n" * 300).diagnostics) == 100


# --- the tables -----------------------------------------------------------------------------------


def test_the_tables_are_fresh() -> None:
    import json

    from netdsl.syntax.grammar import grammar_text
    from netdsl.syntax.tables import tables_of

    kept = json.loads((GRAMMAR / "netdsl.json").read_text(encoding="utf-8"))
    assert kept == tables_of(grammar_text()), "run `make docs`"
