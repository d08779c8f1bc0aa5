"""From the text to the graph: blocks, repeats, references, merges, residuals, defaults, facts;
and what each of them refuses.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import netdsl
from netdsl import Network
from netdsl.errors import Diagnostic, NetError, Source
from netdsl.library import standard_names
from netdsl.reading import Checked, ReadOptions, check_source

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def check(text: str, **given: Any) -> Checked:
    return check_source(Source("test.net", text), ReadOptions(**given), "test")


def read(text: str, **given: Any) -> Network:
    """The network of a text that has no mistakes; warnings are allowed."""
    checked = check(text, **given)
    assert not checked.faulty, (text, checked.diagnostics)
    return checked.networks[0]


def steps(network: Network) -> str:
    """The graph in one line: each operation, with its inputs where they are not the operation
    before it alone.
    """
    words = []
    for index, op in enumerate(network.graph.ops):
        head = "x".join(map(str, op.shape)) if op.kind is None else op.kind.head()
        words.append(
            head
            + (
                f"<{','.join(map(str, op.inputs))}>"
                if op.kind and op.inputs != (index - 1,)
                else ""
            )
        )
    return " ".join(words)


def codes(text: str, **given: Any) -> list[str]:
    return [diagnostic.code for diagnostic in check(text, **given).diagnostics]


def only(text: str, code: str) -> Diagnostic:
    """The one diagnostic of a text, which has this code."""
    found = check(text).diagnostics
    assert [diagnostic.code for diagnostic in found] == [code], (text, found)
    return found[0]


# --- blocks ---------------------------------------------------------------------------------------

SAME = [
    # a block's steps stand in the place of its use
    ("def b(c) = conv3-{c} > bn\n8x8x3 > b(4) > b(c=5)", "8x8x3 > conv3-4 > bn > conv3-5 > bn"),
    ("def b() = conv3-4 > bn\n8x8x3 > b > b()", "8x8x3 > conv3-4 > bn > conv3-4 > bn"),
    ("def b(c, s=1) = conv3-{c}/{s}\n8x8x3 > b(4) > b(4, 2) > b(s=2, c=6)", "8x8x3 > conv3-4/1 > conv3-4/2 > conv3-6/2"),
    ("def b(c, k={2*c}) = conv1-{c} > conv1-{k}\n8x8x3 > b(4) > b(4, 5)", "8x8x3 > conv1-4 > conv1-8 > conv1-4 > conv1-5"),
    ("param w = 3\ndef b(c={w + 1}) = conv1-{c*w}\n8x8x3 > b > b(2)", "8x8x3 > conv1-12 > conv1-6"),
    # a default argument's `in` is what enters the block, also where the block changes it first
    ("def b(c={in}) = conv1-7 > conv1-{c}\n8x8x3 > b > conv1-5 > b", "8x8x3 > conv1-7 > conv1-3 > conv1-5 > conv1-7 > conv1-5"),
    ("def b(h={in.h}, w={in.w}) = conv1-{h + w}\n8x6x3 > b", "8x6x3 > conv1-14"),
    ("def b(r=2, c={in//r}) = fc-{c}\n12 > b > b(3)", "12 > fc-6 > fc-2"),
    # the argument of a use reads `in` where the use stands
    ("def b(c) = conv1-7 > conv1-{c}\n8x8x3 > b({2*in})", "8x8x3 > conv1-7 > conv1-6"),
    # a block has the defaults of the place where it is written
    (
        "def old(c) = conv3-{c}\ndefault conv(tanh)\ndef new(c) = conv3-{c}\n8x8x3 > old(4) > new(4) > conv3-4 > gap",
        "8x8x3 > conv3-4(relu) > conv3-4(tanh) > conv3-4(tanh) > gap",
    ),
    (
        "default conv(bn)\ndef b(c) = conv3-{c}\ndefault conv(norm=none)\n8x8x3 > b(4) > conv3-4 > gap",
        "8x8x3 > conv3-4(bn) > conv3-4 > gap",
    ),
    # a parameter shadows a param; `i` of a repeat counts from 0
    ("param c = 9\ndef b(c) = conv1-{c}\n8x8x3 > b(4) > conv1-{c}", "8x8x3 > conv1-4 > conv1-9"),
    ("8x8x3 > conv1-{4 + i} x3", "8x8x3 > conv1-4 > conv1-5 > conv1-6"),
    ("8x8x3 > (conv1-{4 + i} > relu) x2", "8x8x3 > conv1-4 > relu > conv1-5 > relu"),
    ("8x8x3 > (conv1-{4 + i} x2 > relu) x2", "8x8x3 > conv1-4 > conv1-5 > relu > conv1-4 > conv1-5 > relu"),
    ("def b(c) = conv1-{c}\n8x8x3 > b({4 + i}) x2", "8x8x3 > conv1-4 > conv1-5"),
    ("8x8x3 > conv1-4 x0 > conv1-5", "8x8x3 > conv1-5"),
    ("param n = 2\n8x8x3 > conv1-4 x{n} > conv1-5 x{n - 2}", "8x8x3 > conv1-4 > conv1-4"),
    ("8x8x3 > conv1-{in + 1} x3", "8x8x3 > conv1-4 > conv1-5 > conv1-6"),
    # `when`, and blocks that call themselves
    ("8x8x3 > when(in > 2, conv1-4, conv1-5) > when(in > 4, conv1-6)", "8x8x3 > conv1-4"),
    ("8x8x3 > when(in > 2 and in.h == 8, conv1-4) > when(not in == 4, id, conv1-6)", "8x8x3 > conv1-4 > conv1-6"),
    (
        "def t(n, c) = when(n > 0, conv3-{c}/2 > t({n - 1}, {2*c}))\n16x16x3 > t(3, 4)",
        "16x16x3 > conv3-4/2 > conv3-8/2 > conv3-16/2",
    ),
    (
        "def u(n) = when(n > 0, [ id | pool > u({n - 1}) > tconv2-4/2 ], conv1-4)\n8x8x2 > u(2)",
        "8x8x2 > [ id | pool > [ id | pool > conv1-4 > tconv2-4/2 ] > tconv2-4/2 ]",
    ),
    # yes and no: conditions, options and values of parameters at once
    ("def b(se=yes) = conv1-4 > when(se, bn)\n8x8x3 > b > b(no) > b(se=no)", "8x8x3 > conv1-4 > bn > conv1-4 > conv1-4"),
    ("def b(k=no) = conv{if(k, 3, 1)}-4 > when(not k, bn)\n8x8x3 > b > b(yes)", "8x8x3 > conv1-4 > bn > conv3-4"),
    ("def c(k) = when(k == yes, conv1-4)\ndef b(k=yes, n={k and in > 2}) = c(k) > c({n})\n8x8x3 > b", "8x8x3 > conv1-4 > conv1-4"),
    ("def b(k) = conv1-4(bias=k) > conv1-4(bias={k})\n8x8x3 > b(no)", "8x8x3 > conv1-4(bias=no) > conv1-4(bias=no)"),
    ("def b(k) = conv1-4(act={k}) > gap\n8x8x3 > b(tanh)", "8x8x3 > conv1-4(tanh) > gap"),
    ("param se = yes\n8x8x3 > when(se, conv1-4(bias=se)) > when(no, pool)", "8x8x3 > conv1-4(bias=yes)"),
    # chains as arguments: each use makes new layers, and reads the names of the place where it was
    # written
    ("def two(f) = f > bn > f\n8x8x3 > two(conv3-4)", "8x8x3 > conv3-4 > bn > conv3-4"),
    ("def two(f) = f > bn > f\n8x8x3 > two(conv3-4 > relu)", "8x8x3 > conv3-4 > relu > bn > conv3-4 > relu"),
    ("param c = 5\ndef two(f, c) = conv1-{c} > f\n8x8x3 > two(conv1-{c}, 6)", "8x8x3 > conv1-6 > conv1-5"),
    ("def one(f) = f\ndef two(g, c) = one(g) > one(conv1-{c})\n8x8x3 > two(conv1-4, 5)", "8x8x3 > conv1-4 > conv1-5"),
    ("def two(f=conv1-4) = f > f\n8x8x3 > two > two(bn)", "8x8x3 > conv1-4 > conv1-4 > bn > bn"),
    ("def two(c, f=conv1-{c}) = f > f\n8x8x3 > two(4)", "8x8x3 > conv1-4 > conv1-4"),
    ("def a(c) = conv1-{c}\ndef two(f, c) = f(c) > f({2*c})\n8x8x3 > two(a, 4)", "8x8x3 > conv1-4 > conv1-8"),
    ("def a(c, s=1) = conv1-{c}/{s}\ndef two(f) = f(4, s=2)\n8x8x3 > two(a)", "8x8x3 > conv1-4/2"),
    ("def a(c) = conv1-{c}\ndef one(f) = f(4)\ndef two(g) = one(g)\n8x8x3 > two(a)", "8x8x3 > conv1-4"),
    ("def skip(f) = res(f, act=none)\n8x8x4 > skip(conv3-4 > bn)", "8x8x4 > add[ conv3-4 > bn | id ]"),
    # words and numbers as arguments of options
    ("def b(a, n=none) = conv3-4(act=a, norm=n) > gap\n8x8x3 > b(tanh) > reshape(1x1x4) > b(relu, bn)",
     "8x8x3 > conv3-4(tanh) > gap > reshape(1x1x4) > conv3-4(bn, relu) > gap"),
    ("def b(w=normal(0.1), p=same) = conv3-4(init=w, pad=p)\n8x8x3 > b > b(uniform(0.2), 0)",
     "8x8x3 > conv3-4(init=normal(0.1)) > conv3-4(init=uniform(0.2), pad=0)"),
    ("def b(p) = conv3-4(pad=p)\n8x8x3 > b(0) > b(same)", "8x8x3 > conv3-4(pad=0) > conv3-4"),
    ("param r = 1/4\n8x8x3 > dropout(r) > conv1-{8*r}", "8x8x3 > dropout(0.25) > conv1-2"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "plain"), SAME)
def test_the_same_network_written_plainly(text: str, plain: str) -> None:
    first, second = read(text), read(plain)
    assert steps(first) == steps(second)
    assert [op.shape for op in first.graph.ops] == [op.shape for op in second.graph.ops]
    assert [first.graph.written(row) for row in first.graph.layers] == [
        second.graph.written(row) for row in second.graph.layers
    ]


BLOCKS_REFUSED = [
    ("def b(c) = conv3-{c}\n8x8x3 > b", "N106", "`b` wants a value for `c`"),
    ("def b(c) = conv3-{c}\n8x8x3 > b(4, 5)", "N106", "one too many"),
    ("def b(c) = conv3-{c}\n8x8x3 > b(d=4)", "N103", "no parameter `d`"),
    ("def b(c) = conv3-{c}\n8x8x3 > b(4, c=4)", "N104", "given twice"),
    ("def b(c) = conv3-{c}\n8x8x3 > b-4", "N106", "is a block"),
    ("def b(c) = conv3-{c}\n8x8x3 > b/2(4)", "N106", "is a block"),
    ("def b(c, c) = conv3-{c}\n8x8x3 > b(4, 4)", "N104", "there twice"),
    ("def b() = conv3-4\ndef b() = conv3-5\n8x8x3 > b", "N104", "already"),
    ("def conv() = bn\n8x8x3 > conv3-4", "N102", "kind of layer"),
    ("def conv3() = bn\n8x8x3 > conv3-4", "N102", "reads as `conv`"),
    ("def x2() = bn\n8x8x3 > conv3-4", "N102", "repeat"),
    ("def net() = bn\n8x8x3 > conv3-4", "N102", "word of the language"),
    ("def in() = bn\n8x8x3 > conv3-4", "N102", "what comes in"),
    ("def res() = bn\n8x8x3 > conv3-4", "N102", "cannot name a block"),
    # what a block does not see: later blocks, the names and parameters of the place of its use,
    # `in` of nothing
    ("def a() = b\ndef b() = bn\n8x8x3 > a", "N101", "no layer or block `b`"),
    ("def a() = conv1-{c}\ndef b(c) = a\n8x8x3 > b(4)", "N110", "there is no `c` here"),
    ("def a() = conv1-{i}\n8x8x3 > a x2", "N110", "there is no `i` here"),
    ("def a() = [ id | @p ]\n8x8x3 > conv1-3 as p > a", "N101", "refers to nothing"),
    ("def a() = conv1-{w}\nparam w = 4\n8x8x3 > a", "N110", "there is no `w` here"),
    ("param w = in\n8x8x3 > conv1-{w}", "N110", "nothing comes in here"),
    ("12 > fc-{in.h}", "N110", "it has no `in.h`"),
    # recursion without an end, chains that are no layers, values that are no chains
    ("def b() = conv1-3 > b\n8x8x3 > b", "N405", "more than 100 blocks"),
    ("def b(c) = c\n8x8x3 > b(4)", "N109", "`c` is 4, not a layer"),
    ("def b(f) = f(4)\n8x8x3 > b(conv1-4 > bn)", "N109", "it cannot be applied"),
    ("def b(f) = f-4\n8x8x3 > b(conv1-4)", "N106", "takes no size"),
    ("def b(c) = conv3-c\n8x8x3 > b(4)", None, "braces"),
    ("def b(c) = conv3-{c}\n8x8x3 > b(4.5)", "N111", "whole number"),
    ("8x8x3 > when(in, conv1-4)", "N111", "yes or no"),
    ("def b(u) = when(u, conv1-4)\n8x8x3 > b(conv1-5)", "N111", "yes or no, not a chain"),
    ("def b(u) = conv1-4(bias={u})\n8x8x3 > b(conv1-5)", "N107", "not a chain"),
    ("def b(yes) = conv1-4\n8x8x3 > b(1)", "N102", "is a word of the language"),
    ("8x8x3 > conv1-4 x{1/2}", "N111", "whole number"),
    ("8x8x3 > conv1-4 x{0 - 1}", "N201", "from 0 up"),
    ("8x8x3 > conv1-4 x1000000", "N406", "operations"),
    ("def b() = b x2\n8x8x3 > b", "N405", "more than 100"),
    ("def f(n) = when(n > 0, f({n - 1}) > f({n - 1}))\n8x8x3 > f(40) > conv1-4", "N406", "again and again"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "says"), BLOCKS_REFUSED)
def test_what_blocks_refuse(text: str, code: str | None, says: str) -> None:
    errors = [d for d in check(text).diagnostics if d.severity == "error"]
    assert len(errors) == 1, errors
    assert code is None or errors[0].code == code, errors
    assert says in errors[0].message + errors[0].help


def test_a_mistake_in_a_block_says_where_the_block_is_used() -> None:
    text = "def inner(k) = conv{k}-4(pad=0)\ndef outer(k) = inner(k)\n5x5x3 > outer(7)"
    found = only(text, "N204")
    assert found.span is not None
    assert found.span.text == "conv{k}-4(pad=0)"
    assert [note.span.text for note in found.notes if note.span] == ["inner(k)", "outer(7)"]


def test_blocks_name_their_layers() -> None:
    network = read(
        "def unit(c) = conv3-{c} > bn\n8x8x3 > unit(4) x2 > unit(5) as last > conv1-2 as head"
    )
    assert [row.name for row in network.graph.layers] == [
        *(
            "input",
            "unit_1_conv_1",
            "unit_1_bn_1",
            "unit_2_conv_1",
            "unit_2_bn_1",
            "last_conv_1",
            "last_bn_1",
            "head",
        )
    ]
    assert [row.path for row in network.graph.layers][1:6:2] == [
        ("unit_1",),
        ("unit_2",),
        ("last",),
    ]


# --- names and references -------------------------------------------------------------------------

REFERENCES = [
    ("8x8x3 > conv1-4 as a > conv1-5\n@a > conv1-6", "8x8x3 conv1-4 relu conv1-5 conv1-6<2>"),
    ("8x8x3 > conv1-4 > relu as a > conv1-5\n[ @a | @input ] > conv1-6", "8x8x3 conv1-4 relu conv1-5 concat<2,0> conv1-6"),
    ("def b() = conv1-4 > relu as mid > conv1-5 > relu\n8x8x3 > b as u > gap\n@u.mid > gmp",
     "8x8x3 conv1-4 relu conv1-5 relu gap gmp<2>"),
    ("def b() = conv1-4 > relu as mid > conv1-5 > relu\ndef c() = b as v > bn\n8x8x3 > c as u > gap\n@u.v.mid > gmp",
     "8x8x3 conv1-4 relu conv1-5 relu bn gap gmp<2>"),
    ("8x8x3 > (conv1-4 > relu as p) x3 > gap\n@p.0 > gmp\n[ @p.1 | @p.2 ] > gmp",
     "8x8x3 conv1-4 relu conv1-4 relu conv1-4 relu gap gmp<2> concat<4,6> gmp"),
    ("8x8x3 > (conv1-4 > relu as p) x3 > gap\nadd[ @p.* ] > gmp", "8x8x3 conv1-4 relu conv1-4 relu conv1-4 relu gap add<2,4,6> gmp"),
    ("8x8x3 > conv1-4(relu) x3 as p > gap\n@p > gmp", "8x8x3 conv1-4 relu conv1-4 relu conv1-4 relu gap gmp<6>"),
    ("def b() = conv1-4(relu) as q\n8x8x3 > (b as u) x2 > gap\nadd[ @u.0.q | @u.1.q ] > gmp",
     "8x8x3 conv1-4 relu conv1-4 relu gap add<2,4> gmp"),
    ("def b() = conv1-4(relu) as q > [ id | @q ]\n8x8x3 > b > b", "8x8x3 conv1-4 relu concat<2,2> conv1-4 relu concat<5,5>"),
    ("8x8x3 > [ conv1-4 as a > conv1-4 | @a > conv1-5 ] > gap",
     "8x8x3 conv1-4 relu conv1-4 relu conv1-5<2> relu concat<4,6> gap"),
    ("8x8x3 > ((conv1-4(relu) as p) x2 > pool) x2 > gap\n@p.0.1 > gap\n[ @p.1.* ] > gap",
     "8x8x3 conv1-4 relu conv1-4 relu pool2/2 conv1-4 relu conv1-4 relu pool2/2 gap gap<4> concat<7,9> gap"),
    ("input a: 4\ninput b: 4\n[ @a | @b ] > fc-2", "4 4 concat<0,1> fc-2"),
    ("input a: 4 > fc-3(relu) as h\ninput b: 4 > fc-3(relu) as g\nsub[ @h | @g ] > abs", "4 fc-3 relu 4 fc-3 relu sub<2,5> abs"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), REFERENCES)
def test_references(text: str, wanted: str) -> None:
    assert steps(read(text)) == wanted


REFERENCES_REFUSED = [
    ("8x8x3 > conv1-4 as a > conv1-5 as a", "N104", "used twice"),
    ("8x8x3 > conv1-4 as input > conv1-5", "N104", "used twice"),
    ("8x8x3 > conv1-4 as a > conv1-5\n@b > conv1-6", "N101", "`@b` refers to nothing"),
    ("8x8x3 > conv1-5 > [ id | @a ] > conv1-4 as a", "N101", "nothing before it"),
    ("8x8x3 > conv1-4 as a > @a", "N109", "begins a chain"),
    ("8x8x3 > (conv1-4 as a) x2\n@a > conv1-5", "N109", "each pass has its own"),
    ("8x8x3 > (conv1-4 as a) x2 > conv1-4\n@a.2 > conv1-5", "N101", "refers to nothing"),
    ("8x8x3 > conv1-4 as a > conv1-4\n[ @a.* ] > conv1-5", "N109", "in no repeat"),
    ("8x8x3 > (conv1-4 as a) x2 > conv1-4\n@a.* > conv1-5", "N109", "stands alone in a merge"),
    ("8x8x3 > (conv1-4 as a) x2 > conv1-4\n[ @a.* > bn ] > conv1-5", "N109", "a branch of its own"),
    ("8x8x3 > conv1-4 as a > conv1-4\n@a x2 > conv1-5", "N109", "a reference has no repeat"),
    ("def b() = conv1-4 as q > bn\n8x8x3 > b\n@q > conv1-5", "N101", "refers to nothing"),
    ("8x8x3 > (conv1-4 as a) x2 > conv1-4 as a", "N104", "used twice"),
    ("input a: 8\ninput a: 8\n[ @a ] > fc-2", "N104", "second input"),
    ("input 8\ninput 8\n@input > fc-2", "N104", "second input"),
    ("input a: 8\ninput b: 8\n@a > fc-2", "N212", "`b` reaches no output"),
    ("input 8x8x3\nconv1-4", "N209", "nothing comes in"),
    ("8 > fc-4 > [ add[ ] ]", None, ""),
    ("net a", "N211", "no input"),
]


@pytest.mark.parametrize(("text", "code", "says"), REFERENCES_REFUSED)
def test_what_references_refuse(text: str, code: str | None, says: str) -> None:
    errors = [d for d in check(text).diagnostics if d.severity == "error"]
    assert errors
    assert code is None or [d.code for d in errors] == [code], errors
    assert says in errors[0].message


def test_points_are_known_from_outside() -> None:
    network = read("def b() = conv1-4 as q > bn\n8x8x3 > b as u > (conv1-5 as p) x2 > gap as end")
    shapes = {name: network.graph.ops[at].shape for name, at in network.graph.points.items()}
    assert shapes == {
        "input": (8, 8, 3),
        "u": (8, 8, 4),
        "u.q": (8, 8, 4),
        "p.0": (8, 8, 5),
        "p.1": (8, 8, 5),
        "end": (5,),
    }


# --- merges ---------------------------------------------------------------------------------------

MERGES = [
    ("8x8x3 > [ conv1-4 | conv1-5 ]", (8, 8, 9)),
    ("8x8x3 > [ id | id | id ]", (8, 8, 9)),
    ("5 > [ id | fc-2 ]", (7,)),
    ("10x4 > [ id | conv3-2 ]", (10, 6)),
    ("8x8x4 > add[ conv1-4 | conv3-4 | id ]", (8, 8, 4)),
    ("8x8x4 > mul[ id | gap ]", (8, 8, 4)),
    ("8x8x4 > mul[ gap | id ]", (8, 8, 4)),
    ("8x8x4 > mul[ gap | gmp ]", (4,)),
    ("8x8x4 > max[ id | conv1-4 ]", (8, 8, 4)),
    ("8x8x4 > avg[ id | conv1-4 | gap ]", (8, 8, 4)),
    ("8x8x4 > sub[ id | gap ]", (8, 8, 4)),
    ("8x8x4 > dot[ id | conv1-4 ]", (8, 8, 1)),
    ("8x8x4 > dot[ id | gap ]", (8, 8, 1)),
    ("6 > dot[ fc-3 | fc-3 ]", (1,)),
    ("6 > stack[ id | fc-6 | fc-6 ]", (3, 6)),
    ("8x8x4 > stack[ id | conv1-4 ]", (2, 8, 8, 4)),
    ("4x4x4x2 > add[ id | gap ]", (4, 4, 4, 2)),
    ("8x8x4 > [ conv1-4 ]", (8, 8, 4)),
]
MERGES_REFUSED = [
    ("8x8x4 > [ id | pool ]", "N207", "8x8x4 and 4x4x4"),
    ("8x8x4 > [ id | gap ]", "N207", "same positions"),
    ("8x8x4 > add[ id | conv1-5 ]", "N207", "8x8x4 and 8x8x5"),
    ("8x8x4 > add[ id | conv1-1 ]", "N207", "8x8x4 and 8x8x1"),
    ("8x8x4 > add[ id | pool ]", "N207", "8x8x4 and 4x4x4"),
    ("8x8x4 > add[ id | gap > fc-5 ]", "N207", "8x8x4 and 5"),
    ("8x8x4 > mul[ id | gap > fc-1 ]", "N207", "8x8x4 and 1"),
    ("8x8x4 > sub[ id | id | id ]", "N106", "2 branches, not 3"),
    ("8x8x4 > dot[ id ]", "N106", "2 branches, not 1"),
    ("8x8x4 > sub[ id ]", "N106", "2 branches, not 1"),
    ("8x8x4 > stack[ id | gap ]", "N207", "one shape"),
    ("8x8x4 > plus[ id | id ]", "N101", "no merge"),
    ("8x8x4 > conv[ id | id ]", "N101", "no merge"),
    ("8x8x4 > add", "N106", "merges branches"),
    ("8x8x4 > add(id, id)", None, ""),
]


@pytest.mark.parametrize(("text", "shape"), MERGES)
def test_merges(text: str, shape: tuple[int, ...]) -> None:
    assert read(text).outputs[0].shape == shape


@pytest.mark.parametrize(("text", "code", "says"), MERGES_REFUSED)
def test_what_merges_refuse(text: str, code: str | None, says: str) -> None:
    errors = [d for d in check(text).diagnostics if d.severity == "error"]
    assert len(errors) == 1
    assert code is None or errors[0].code == code, errors
    assert says in errors[0].message


# --- residuals ------------------------------------------------------------------------------------

RESIDUALS = [
    # the identity where the shapes agree
    ("8x8x4 > res(conv3-4 > conv3-4)", "8x8x4 conv3-4 relu conv3-4 add<3,0> relu"),
    ("8x8x4 > res(conv3-4)", "8x8x4 conv3-4 add<1,0> relu"),
    ("8x8x4 > res(conv3-4, skip=id)", "8x8x4 conv3-4 add<1,0> relu"),
    # option B: a linear 1x1 convolution, with the product of the strides and F's norm
    ("8x8x4 > res(conv3-6 > conv3-6)", "8x8x4 conv3-6 relu conv3-6 conv1-6<0> add<3,4> relu"),
    ("8x8x4 > res(conv3-6/2 > conv3-6/2)", "8x8x4 conv3-6/2 relu conv3-6/2 conv1-6/4<0> add<3,4> relu"),
    ("8x8x4 > res(conv3-4/2)", "8x8x4 conv3-4/2 conv1-4/2<0> add<1,2> relu"),
    ("8x8x4 > res(conv3-6/2x1 > pool2/1x2(pad=(0,1,0,0)))", "8x8x4 conv3-6/2x1 relu pool2/1x2 conv1-6/2<0> add<3,4> relu"),
    ("8x8x4 > res(conv3-6/2x1)", "8x8x4 conv3-6/2x1 conv1-6/2x1<0> add<1,2> relu"),
    ("8x8x4 > res(conv3-6(bn) > conv3-6(bn))", "8x8x4 conv3-6 bn relu conv3-6 bn conv1-6<0> bn add<5,7> relu"),
    ("8x8x4 > res(conv3-6(bn) > conv3-6)", "8x8x4 conv3-6 bn relu conv3-6 conv1-6<0> bn add<4,6> relu"),
    ("8x8x4 > res(conv3-6(gn(groups=2)))", "8x8x4 conv3-6 gn conv1-6<0> gn add<2,4> relu"),
    ("8x8x4 > res(conv3-6 > bn)", "8x8x4 conv3-6 bn conv1-6<0> add<2,3> relu"),
    ("16x4 > res(conv3-6/2)", "16x4 conv3-6/2 conv1-6/2<0> add<1,2> relu"),
    ("4x4x4x2 > res(conv3-3/2)", "4x4x4x2 conv3-3/2 conv1-3/2<0> add<1,2> relu"),
    ("8x8x4 > res([ conv3-3/2 | pool ])", "8x8x4 conv3-3/2 pool2/2<0> concat<1,2> conv1-7/2<0> add<3,4> relu"),
    ("8x8x4 > res(pool > conv1-6)", "8x8x4 pool2/2 conv1-6 conv1-6/2<0> add<2,3> relu"),
    ("8x8x4 > res(res(conv3-6/2) > conv3-8/2)",
     "8x8x4 conv3-6/2 conv1-6/2<0> add<1,2> relu conv3-8/2 conv1-8/4<0> add<5,6> relu"),
    # on vectors the projection is a dense layer
    ("6 > res(fc-6 > fc-6)", "6 fc-6 relu fc-6 add<3,0> relu"),
    ("6 > res(fc-9 > fc-4)", "6 fc-9 relu fc-4 dense-4<0> add<3,4> relu"),
    # option A, match
    ("8x8x4 > res(conv3-6/2, skip=pad)", "8x8x4 conv3-6/2 widen-6/2<0> add<1,2> relu"),
    ("8x8x4 > res(conv3-6, skip=pad)", "8x8x4 conv3-6 widen-6<0> add<1,2> relu"),
    ("8x8x4 > res(conv3-4, skip=pad)", "8x8x4 conv3-4 add<1,0> relu"),
    ("6 > res(fc-9, skip=pad)", "6 fc-9 widen-9<0> add<1,2> relu"),
    ("8x8x4 > res(conv3-4, skip=match)", "8x8x4 conv3-4 add<1,0> relu"),
    ("8x8x4 > res(conv3-6, skip=match)", "8x8x4 conv3-6 relu"),
    ("8x8x4 > res(conv3-6/2 > conv3-4, skip=match, act=none) > conv3-8 > gap", "8x8x4 conv3-6/2 relu conv3-4 conv3-8 relu gap"),
    ("8x8x4 > res(conv3-6, skip=match, act=none) > pool > gap", "8x8x4 conv3-6 pool2/2 gap"),
    # the activation behind the sum
    ("8x8x4 > res(conv3-4, act=tanh)", "8x8x4 conv3-4 add<1,0> tanh"),
    ("8x8x4 > res(conv3-4, act=none)", "8x8x4 conv3-4 add<1,0>"),
    ("8x8x4 > res(conv3-4, act=lrelu(0.2))", "8x8x4 conv3-4 add<1,0> lrelu"),
    ("8x8x4 > res(dw3, act=relu)", "8x8x4 dw3 add<1,0> relu"),
    ("8x8x4 > res(dw3 > bn)", "8x8x4 dw3 bn add<2,0>"),
    ("8x8x4 > res(bn > pool3/1(pad=same))", "8x8x4 bn pool3/1 add<2,0>"),
    ("8x4 > res(ln > dense-4)", "8x4 ln dense-4 add<2,0>"),
    ("default conv(tanh)\n8x8x4 > res(conv3-4)", "8x8x4 conv3-4 add<1,0> tanh"),
    ("default conv(act=none)\n8x8x4 > res(conv3-4)", "8x8x4 conv3-4 add<1,0>"),
    ("default conv(tanh)\n8x8x4 > res(dw3 > fc-256 > reshape(8x8x4))", "8x8x4 dw3 fc-256 reshape add<3,0> tanh"),
    ("8x8x4 > res(conv3-4(act=none))", "8x8x4 conv3-4 add<1,0> relu"),
    ("8x8x4 > res(conv3-4(tanh) > conv3-4)", "8x8x4 conv3-4 tanh conv3-4 add<3,0> relu"),
    # the projection has the defaults in force where `res` is written
    ("default conv(bn)\n8x8x4 > res(conv3-6)", "8x8x4 conv3-6 bn conv1-6<0> bn add<2,4> relu"),
    ("default conv(bn)\ndef b(c) = res(conv3-{c})\ndefault conv(norm=none)\n8x8x4 > b(6)", "8x8x4 conv3-6 bn conv1-6<0> bn add<2,4> relu"),
]  # fmt: skip
RESIDUALS_REFUSED = [
    ("8x8x4 > res(conv3-6, skip=id)", "N208", "with skip=id the shapes must agree"),
    ("8x8x4 > res(conv3-4(pad=0))", "N208", "6x6x4 comes out"),
    ("9x9x4 > res(conv3-4/2(pad=0))", "N208", "conv1-4/2 gives 5x5x4"),
    ("8x8x4 > res(gap)", "N208", "number of axes"),
    ("8x8x4 > res(conv3-2, skip=pad)", "N208", "cannot add"),
    ("8x8x4 > res()", "N106", "wants a chain"),
    ("8x8x4 > res(id)", "N207", "holds no layer"),
    ("8x8x4 > res(conv3-4 x0)", "N207", "holds no layer"),
    ("8x8x4 > res(conv3-4, conv3-4)", "N106", "one chain"),
    ("8x8x4 > res(conv3-4, skip=no)", "N107", "`skip` takes"),
    ("8x8x4 > res(conv3-4, skp=pad)", "N103", "no option `skp`"),
    ("8x8x4 > res(conv3-4, act=bn)", "N107", "`act` takes"),
    ("8x8x4 > res(conv3-4, act=relux)", "N107", "`act` takes"),
    ("8x8x4 > res(conv3-4, act=3)", "N107", "`act` takes"),
    ("8x8x4 > res3(conv3-4)", None, ""),
    ("8x8x4 > res(4)", "N109", "takes a chain, not 4"),
    ("8x8x4 > res-4(conv3-4)", "N106", "no size, amount or stride"),
]


@pytest.mark.parametrize(("text", "wanted"), RESIDUALS)
def test_residuals(text: str, wanted: str) -> None:
    assert steps(read(text)) == wanted


@pytest.mark.parametrize(("text", "code", "says"), RESIDUALS_REFUSED)
def test_what_residuals_refuse(text: str, code: str | None, says: str) -> None:
    errors = [d for d in check(text).diagnostics if d.severity == "error"]
    assert len(errors) == 1
    assert code is None or errors[0].code == code, errors
    assert says in errors[0].message


def test_the_projection_keeps_the_defaults_options() -> None:
    network = read(
        "default conv(bn(momentum=0.5), bias=yes, l2=0.1)\n8x8x4 > res(conv3-6 > conv3-6)"
    )
    projection = next(
        op.kind for op in network.graph.ops if op.kind and op.kind.head() == "conv1-6"
    )
    assert projection.written() == next(
        op.kind for op in network.graph.ops if op.kind and op.kind.head() == "conv3-6"
    ).written().replace("conv3", "conv1").replace("act=relu", "act=none").replace(
        "init=he_normal", f"init={projection.values['init'].text}"
    )


# --- when a default activation is left out --------------------------------------------------------

LEFT_OUT = [
    # taken by an activation, a norm, a sum, the network's end
    ("8x8x3 > conv3-4 > relu > gap", True),
    ("8x8x3 > conv3-4 > prelu > gap", True),
    ("8 > fc-4 > softmax", True),
    ("8 > fc-4 > logsoftmax", True),
    *((f"8x8x32 > conv3-32 > {norm} > gap", True) for norm in ("bn", "ln", "in", "gn", "rms")),
    ("8x8x4 > add[ conv3-4 | id ] > gap", True),
    ("8x8x4 > sub[ conv3-4 | id ] > gap", True),
    ("8x8x4 > avg[ conv3-4 | id ] > gap", True),
    ("8x8x4 > dot[ conv3-4 | id ] > gap", True),
    ("8x8x4 > res(conv3-4) > gap", True),
    ("8x8x4 > res(conv3-5, skip=match, act=none) > gap", True),
    ("8x8x3 > conv3-4", True),
    ("8 > fc-4", True),
    # not by these
    ("8x8x4 > mul[ conv3-4 | id ] > gap", False),
    ("8x8x4 > max[ conv3-4 | id ] > gap", False),
    ("8x8x3 > conv3-4 > conv3-5(tanh)", False),
    ("8x8x3 > conv3-4 > pool", False),
    ("8x8x3 > conv3-4 > gap", False),
    ("8x8x3 > conv3-4 > lrn", False),
    ("8x8x3 > conv3-4 > l2norm", False),
    ("6 > stack[ fc-6 | id ] > conv3-2(tanh)", False),
    ("8x8x3 > conv3-4 > pad(1)", False),
    ("8x8x3 > conv3-4 > scale", False),
    ("8 > fc-4 > fc-5(tanh)", False),
    # followed through steps that only move or drop numbers
    ("8x8x3 > conv3-4 > dropout(0.5) > relu", True),
    ("8x8x3 > conv3-4 > sdropout(0.5) > bn", True),
    ("8x8x3 > conv3-4 > droppath(0.5) > bn", True),
    ("8x8x3 > conv3-4 > flatten > softmax", True),
    ("8x8x3 > conv3-4 > reshape(64x4) > ln", True),
    ("8x8x3 > conv3-4 > permute(3,1,2) > ln", True),
    ("8x8x3 > conv3-4 > crop(1) > relu", True),
    ("8x8x3 > conv3-4 > id > relu", True),
    ("8x8x3 > [ conv3-4 | id ] > bn", True),
    ("8x8x3 > [ conv3-4 | id ] > gap", False),
    ("8x8x3 > [ [ conv3-4 | id ] | id ] > dropout(0.1) > bn", True),
    ("8x8x3 > conv3-4 > dropout(0.5) > flatten", True),
    ("8x8x3 > conv3-4 > dropout(0.5) > gap", False),
    # several takers, all of one mind
    ("8x8x3 > conv3-4 > [ relu | tanh ]", True),
    ("8x8x3 > conv3-4 as a > relu\n@a > bn", True),
    ("8x8x3 > conv3-4 as a > pool\n@a > gap", False),
]


@pytest.mark.parametrize(("text", "left_out"), LEFT_OUT)
def test_when_a_default_activation_is_left_out(text: str, left_out: bool) -> None:
    checked = check(text)
    assert not checked.faulty, checked.diagnostics
    assert not {"W702", "W704"} & {d.code for d in checked.diagnostics}
    graph = checked.networks[0].graph
    layer = next(row for row in graph.layers if row.text.startswith(("conv3", "fc-4", "fc-6")))
    assert len(layer.ops) == (1 if left_out else 2)
    kind = graph.ops[layer.ops[0]].kind
    assert kind is not None
    assert (kind.values["act"] is None) == left_out


@pytest.mark.parametrize(
    "text",
    [
        "8x8x3 > conv3-4(relu) > bn > gap",
        "8x8x3 > conv3-4(act=relu) > relu > gap",
        "8x8x4 > add[ conv3-4(relu) | id ] > gap",
        "8x8x3 > conv3-4(relu)",
        "8x8x3 > conv3-4(relu) > [ relu | gap > reshape(1x1x4) > resize(8x8) ] > gap",
    ],
)
def test_a_stated_activation_stays(text: str) -> None:
    graph = read(text).graph
    layer = next(row for row in graph.layers if row.text.startswith("conv3-4"))
    assert len(layer.ops) == 2
    assert not {"W702", "W704"} & set(codes(text))


def test_a_default_statement_gives_a_default_activation() -> None:
    """`default conv(tanh)` changes which one it is, and it is left out by the same rule; in the
    layer itself it stays.
    """
    assert (
        steps(read("default conv(tanh)\n8x8x3 > conv3-4 > pool > conv3-5 > bn > gap"))
        == "8x8x3 conv3-4 tanh pool2/2 conv3-5 bn gap"
    )
    assert steps(read("default fc(act=relu)\n8 > fc-4 > softmax")) == "8 fc-4 softmax"


DOUBTS = [
    ("8x8x3 > conv3-4 > [ relu | pool3/1(pad=same) ] > gap", ["W702"]),
    ("8x8x3 > conv3-4 as a > bn\n@a > pool", ["W702"]),
    ("8x8x3 > conv3-4 as a > bn\n@a > dropout(0.5) > gap", ["W702"]),
    ("8x8x4 > add[ conv3-4 as a | id ] > gap\n@a > gmp", ["W702"]),
    ("8x8x3 > conv3-4(act=none) as a > bn\n@a > pool", []),
    ("8x8x3 > conv3-4(relu) as a > bn\n@a > pool", []),
    ("8x8x3 > conv3-4 x2 > bn", ["W704"]),
    ("8x8x3 > conv3-4 x2", ["W704"]),
    ("8 > fc-4 x3 > softmax", ["W704"]),
    # the network's end leaves out what the file states itself
    ("default fc(sigmoid)\n8 > fc-3 > fc-8", ["W706"]),
    ("default conv(relu)\n8x8x3 > conv3-4", ["W706"]),
    ("default conv(tanh)\ndefault conv(bn)\n8x8x3 > conv3-4 > dropout(0.5) > flatten", ["W706"]),
    ("default fc(sigmoid)\n8 > fc-3 as a > fc-4 as b\n@a > fc-5 as c", ["W706", "W706"]),
    ("default fc(sigmoid)\n8 > fc-3 > fc-8 x2", ["W704"]),
    ("default fc(sigmoid)\n8 > fc-3 > fc-8(act=none)", []),
    ("default fc(sigmoid)\n8 > fc-3 > tanh-8", []),
    ("default fc(sigmoid)\n8 > fc-3 > fc-8 > softmax", []),
    ("default conv(tanh)\n8x8x4 > res(conv3-4 > conv3-5, skip=match, act=none)", []),
    ("default conv(tanh)\n8x8x4 > add[ conv3-4 | id ]", []),
    ("default conv(tanh)\n8x8x4 > conv3-4 > gap", []),
    ("default fc(bn)\n8 > fc-3 > fc-8", []),
    ("8x8x3 > conv3-4 x1 > bn", []),
    ("8x8x3 > conv3-4(relu) x2 > bn", []),
    ("8x8x3 > conv3-4(bn) x2 > gap", []),
    ("8x8x3 > (conv3-4 > bn) x2 > gap", []),
    ("8x8x3 > conv3-4 x2 > conv3-5(relu) > gap", []),
    ("8x8x3 > dw3 x2 > bn > gap", []),
]


@pytest.mark.parametrize(("text", "wanted"), DOUBTS)
def test_doubts_about_default_activations(text: str, wanted: list[str]) -> None:
    found = check(text).diagnostics
    assert [d.code for d in found if d.code in ("W702", "W704", "W706")] == wanted
    assert not any(d.severity == "error" for d in found)


def test_what_the_doubts_propose_ends_them() -> None:
    found = only("8x8x3 > conv3-4(bn) > [ relu | pool3/1(pad=same) ] > gap", "W702")
    assert "conv3-4(bn, relu) or conv3-4(bn, act=none)" in found.help
    found = next(
        d for d in check("8x8x3 > conv3-4 x2 > bn > relu > gap").diagnostics if d.code == "W704"
    )
    assert "(conv3-4 > bn > relu) x2" in found.help
    assert not check("8x8x3 > (conv3-4 > bn > relu) x2 > gap").diagnostics


# --- warnings about sizes and names ---------------------------------------------------------------

UNREAD = [
    ("8x8x3 > conv3-4/2(pad=0)", "1 row and 1 column"),
    ("9x8x3 > conv3-4/2(pad=0)", "1 column"),
    ("227x227x3 > conv11-96/4(pad=0)", None),
    ("7x7x3 > pool", "1 row and 1 column"),
    ("7x7x3 > pool(ceil)", None),
    ("8x8x3 > conv1-4/2", None),
    ("8x8x3 > conv3-4/2", None),
    ("8x8x3 > pool3/2(pad=same)", None),
    ("11x4 > conv3-2/3(pad=0)", "2 positions"),
    ("9x9x9x1 > pool", "1 slice and 1 row and 1 column"),
    ("7x7x3 > avgpool", "1 row and 1 column"),
]


@pytest.mark.parametrize(("text", "says"), UNREAD)
def test_positions_that_are_never_read(text: str, says: str | None) -> None:
    found = [d for d in check(text).diagnostics if d.code == "W701"]
    assert len(found) == (says is not None)
    if says:
        assert says in found[0].message


UNUSED = [
    ("8x8x3 > conv3-4 as a > gap", ["W703"]),
    ("8x8x3 > conv3-4 > gap as a", []),
    ("8x8x3 > conv3-4 as a > gap\nexpect @a = 8x8x4", []),
    ("8x8x3 > conv3-4 as a > gap\n@a > gmp", []),
    ("8x8x3 > (conv3-4 as a) x2 > gap\nadd[ @a.* ] > gmp", []),
    ("def b() = conv3-4 as q > bn\n8x8x3 > b as u > gap\n@u.q > gmp", []),
    ("def b() = conv3-4 as q > bn\n8x8x3 > b as u > gap", ["W703", "W703"]),
]


@pytest.mark.parametrize(("text", "wanted"), UNUSED)
def test_names_that_are_never_used(text: str, wanted: list[str]) -> None:
    assert [code for code in codes(text) if code == "W703"] == wanted


# --- files, networks, params, inputs, outputs -----------------------------------------------------


def test_several_networks_share_what_stands_before_the_first() -> None:
    text = (
        "param c = 4\ndefault conv(bn)\ndef b(n) = conv3-{n}\n"
        "net one\ndefault conv(tanh)\ndef own() = bn\n8x8x3 > b({c}) > conv3-{c} > own > gap\nexpect params = 276\n"
        "net two\ndef own() = relu\n8x8x3 > b({c}) > conv3-{c} > own > gap"
    )
    checked = check(text)
    assert not checked.diagnostics
    one, two = checked.networks
    assert (one.name, two.name) == ("one", "two")
    assert steps(one) == "8x8x3 conv3-4 bn relu conv3-4 bn bn gap"
    assert steps(two) == "8x8x3 conv3-4 bn relu conv3-4 bn relu gap"
    assert netdsl.parse(text, net="two").name == "two"
    with pytest.raises(NetError) as raised:
        netdsl.parse(text)
    assert raised.value.diagnostics[0].code == "N113"
    with pytest.raises(NetError) as raised:
        netdsl.parse(text, net="twoo")
    assert "two" in raised.value.diagnostics[0].help


def test_mistakes_of_all_networks_are_told_once() -> None:
    found = check(
        "def b() = conv3-4(pda=1)\nnet one\n8x8x3 > b\nnet two\n8x8x3 > b > convv3-4"
    ).diagnostics
    assert sorted(d.code for d in found) == ["N101", "N103"]


PARAMS = [
    ({"c": 5}, 5, (8, 8, 5)),
    ({"c": 4.0}, 4, (8, 8, 4)),
    ({"c": Fraction(6, 1)}, 6, (8, 8, 6)),
    ({}, 3, (8, 8, 3)),
]


@pytest.mark.parametrize(("given", "value", "shape"), PARAMS)
def test_params_from_outside(given: dict[str, Any], value: Any, shape: tuple[int, ...]) -> None:
    network = netdsl.parse("param c = 3\n8x8x2 > conv1-{c}\nexpect params = 9", **given)
    assert network.outputs[0].shape == shape
    assert network.params == ({"c": value} if given else {})


def test_params_of_other_types() -> None:
    text = 'param rate = 1/2\nparam kind = "a"\nparam k = 3\n8x8x2 > dropout(rate) > conv{if(kind == "a", k, 5)}-4'
    assert steps(netdsl.parse(text)) == "8x8x2 dropout conv3-4"
    assert steps(netdsl.parse(text, kind="b")) == "8x8x2 dropout conv5-4"
    rates = [netdsl.parse(text, rate=rate).graph.ops[1].kind for rate in (0.1, 0, Fraction(1, 3))]
    assert [kind.values["rate"] for kind in rates if kind] == [Fraction(1, 10), 0, Fraction(1, 3)]


def test_yes_and_no_from_outside() -> None:
    text = "param se = yes\n8x8x2 > when(se, pool) > conv1-4"
    for given, wanted in (
        (True, "pool2/2 conv1-4"),
        (False, "conv1-4"),
        ("yes", "pool2/2 conv1-4"),
        ("no", "conv1-4"),
    ):
        assert steps(netdsl.parse(text, se=given)) == f"8x8x2 {wanted}"


def test_params_that_there_are_not() -> None:
    for given, says in (({"wdth": 3}, "width"), ({"depth": 3}, "width")):
        with pytest.raises(NetError) as raised:
            netdsl.parse("param width = 3\n8 > fc-{width}", **given)
        assert raised.value.diagnostics[0].code == "N108"
        assert says in raised.value.diagnostics[0].help
    with pytest.raises(NetError) as raised:
        netdsl.parse("param width = 3\n8 > fc-{width}", width=2.5)
    assert raised.value.diagnostics[0].code == "N111"


def test_a_later_param_reads_an_earlier_one_as_it_is_set() -> None:
    text = "param w = 3\nparam v = 2*w\n8 > fc-{v}"
    assert netdsl.parse(text).outputs[0].shape == (6,)
    assert netdsl.parse(text, w=5).outputs[0].shape == (10,)
    assert netdsl.parse(text, w=5, v=1).outputs[0].shape == (1,)


def test_facts_are_not_looked_at_with_params_from_outside() -> None:
    text = "param c = 3\n8x8x2 > conv1-{c}\nexpect params = 9\nexpect output = 8x8x{c}"
    assert not check(text).diagnostics
    assert not check(text, params={"c": 4}).diagnostics
    assert codes(text.replace("= 9", "= 10")) == ["N301"]


def test_inputs_and_outputs_in_order() -> None:
    text = (
        "input left: 8x8x3 > conv3-4(relu) as l\ninput right: 8x8x3 > conv3-4(relu) as r\n"
        "[ @l | @r ] > gap > fc-2 as both\n@l > gap > fc-5 > softmax\n@r > gap as pooled"
    )
    network = read(text)
    assert [(point.name, point.shape) for point in network.inputs] == [
        ("left", (8, 8, 3)),
        ("right", (8, 8, 3)),
    ]
    assert [(p.name, p.shape, p.activation) for p in network.outputs] == [
        ("both", (2,), "linear"),
        ("softmax_1", (5,), "softmax"),
        ("pooled", (4,), "linear"),
    ]


def test_an_inner_point_that_is_used_is_no_output() -> None:
    network = read("8x8x3 > conv3-4 as a\n@a > gap as b\n@b > fc-3")
    assert [point.shape for point in network.outputs] == [(3,)]


def test_fragments() -> None:
    text = "conv3-4 > pool > conv3-{2*in}"
    assert codes(text) == ["N209"]
    assert read(text, input_shape=(8, 8, 3)).outputs[0].shape == (4, 4, 8)
    assert read(text, input_shape=(12, 3)).outputs[0].shape == (6, 8)
    assert netdsl.parse(text, input=(16, 16, 1)).outputs[0].shape == (8, 8, 8)
    assert read("16x16x1 > conv3-4", input_shape=(8, 8, 3)).outputs[0].shape == (8, 8, 4)
    assert codes("input a: 4\ninput b: 4\n[ @a | @b ]", input_shape=(8,)) == ["N210"]


EXPECTED = [
    (
        "8x8x3 > conv3-4 > gap > fc-2",
        {"params": 122, "total": 122, "weights": 116, "macs": 6920, "depth": 2},
    ),
    (
        "8x8x3 > conv3-4(bn) > gap",
        {"params": 116, "total": 124, "weights": 108, "macs": 6912, "depth": 1},
    ),
    ("8x8x3 > sep3-4 > gap > dense-3", {"depth": 3, "params": 58}),
    ("8x8x4 > add[ conv1-4 x3 | conv1-4 ] > dw3 > tconv2-1/2", {"depth": 5}),
    ("8x8x4 > res(conv3-6/2) > gap > fc-2", {"depth": 2}),
    ("8x8x4 > res(conv3-6/2 > conv3-6) > gap > fc-2", {"depth": 3}),
    ("8x8x3 > bn > pool > gap", {"depth": 0, "weights": 0, "macs": 0, "params": 6, "total": 12}),
    ("8x8x3 > local3-2(pad=0)", {"depth": 1, "params": 36 * (27 * 2 + 2), "weights": 36 * 54}),
]


@pytest.mark.parametrize(("text", "facts"), EXPECTED)
def test_facts(text: str, facts: dict[str, int]) -> None:
    held = "".join(f"\nexpect {name} = {value:_}" for name, value in facts.items())
    assert not [d for d in check(text + held).diagnostics if d.code.startswith("N")]
    for name, value in facts.items():
        found = [
            d for d in check(f"{text}\nexpect {name} = {value + 7}").diagnostics if d.code == "N301"
        ]
        assert len(found) == 1
        assert f"{name} is {value:,}, not {value + 7} (-7)" in found[0].message
        assert found[0].help == f"expect {name} = {value:_}"


def test_facts_about_shapes() -> None:
    text = "param c = 4\n8x8x3 > conv3-{c} as a > (pool as p) x2\n"
    assert not [
        d
        for d in check(
            f"{text}expect output = 2x2x4\nexpect @a = 8x8x{{c}}\nexpect @p.0 = 4x4x4"
        ).diagnostics
        if d.severity == "error"
    ]
    for wrong, says in (
        ("expect output = 2x2x5", "output is 2x2x4, not 2x2x5"),
        ("expect output = 16", "output is 2x2x4, not 16"),
        ("expect @a = 8x8x{c + 1}", "@a is 8x8x4, not 8x8x5"),
        ("expect @p.1 = 4x4x4", "@p.1 is 2x2x4, not 4x4x4"),
    ):
        found = [d for d in check(text + wrong).diagnostics if d.severity == "error"]
        assert [d.code for d in found] == ["N301"]
        assert says in found[0].message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("8 > fc-2\nexpect parms = 18", "N302"),
        ("8 > fc-2\nexpect @b = 2", "N101"),
        ("8 > fc-2\nexpect params = {w}", "N110"),
        ("8 > fc-2 as a\n@input > fc-3 as b\nexpect output = 2", "N302"),
    ],
)
def test_facts_that_there_are_not(text: str, code: str) -> None:
    assert [d.code for d in check(text).diagnostics if d.severity == "error"] == [code]


# --- `use` ----------------------------------------------------------------------------------------

LIBRARY = [
    ("resnet", "56x56x64 > basic(64) > basic(128, 2) > gap", 73_984 + 230_144),
    ("resnet", "56x56x64 > bottleneck(64) > bottleneck(128, 2) > gap", 75_008 + 379_392),
    ("resnet", "56x56x64 > bottleneck(64, width=128, groups=32) > gap",
     64 * 128 + 128 * 4 * 9 + 128 * 256 + 64 * 256 + 2 * (128 + 128 + 256 + 256)),
    ("dense", "56x56x64 > dense_block(6, 32) > transition() > gap", 335_040 + 33_280),
    ("mobile", "112x112x32 > inverted(16, 1) > inverted(24, 6, 2) > inverted(24) > gap", 896 + 5_136 + 8_832),
    ("mobile", "112x112x16 > bneck(16, 16, 2) > bneck(24, 72, 2, r=0) > gap", 744 + 3_864),
    ("mobile", "112x112x32 > dwsep(64) > dwsep(128, 2) > gap", 288 + 64 + 2_048 + 128 + 576 + 128 + 8_192 + 256),
    ("efficient", "112x112x32 > mbconv(16, 1) > mbconv(24, 6, 2) > gap", 1_448 + 6_004),
    ("efficient", "112x112x24 > fused_mbconv(24, 1) > fused_mbconv(48, 4, 2) > gap", 5_184 + 48 + 20_736 + 192 + 4_608 + 96),
    ("efficient", "112x112x16 > mbstage(24, 2, 6, 2) > gap", 6_004 + 10_710),
    ("efficient", "192x192x24 > fused_stage(48, 2, 4, 2) > gap", 25_632 + 92_640),
    ("efficient", "224x224x3 > efficientnet", 5_288_548),
    ("convnext", "56x56x96 > convnext() > downsample(192) > gap", 79_296 + 192 + 73_920),
    ("inception", "28x28x192 > inception(64, 96, 128, 16, 32, 32) > gap", 163_328 + 64 + 96 + 128 + 16 + 32 + 32),
    ("se", "7x7x64 > se() > gap", 64 * 4 + 4 + 4 * 64 + 64),
    ("se", "7x7x8 > se(16) > gap", 8 + 1 + 8 + 8),
    ("preact", "32x32x16 > preact(16) > preact(32, 2) > bn > relu > gap", 2 * 2_304 + 64 + 4_608 + 9_216 + 512 + 32 + 64 + 64),
    ("preact", "32x32x64 > preact_bottleneck(16) > bn > relu > gap", 64 * 16 + 2_304 + 16 * 64 + 128 + 32 + 32 + 128),
    ("transformer", "196x768 > encoder(12) > ln > first", 7_087_872 + 1_536),
    ("transformer", "196x768 > decoder(12) > ln > first", 7_087_872 + 1_536),
    ("transformer", "196x768 > bert(12) > first", 7_087_872),
    ("transformer", "196x768 > mixer(384) > gap", 1_536 + 75_648 + 75_460 + 1_536 + 2_362_368 + 2_360_064),
    ("unet", "32x32x1 > unet(1, 4) > conv1-2", 40 + 148 + 296 + 584 + 132 + 292 + 148 + 10),
]  # fmt: skip
WHOLE = [
    ("use resnet\n224x224x3 > conv7-64/2(bn) > pool3/2(pad=same) > bottleneck(64) x3 > bottleneck(128, 2) > bottleneck(128) x3"
     " > bottleneck(256, 2) > bottleneck(256) x5 > bottleneck(512, 2) > bottleneck(512) x2 > gap > softmax-1000", 25_557_032, None),
    ("use dense\n224x224x3 > conv7-64/2(bn, bias=no) > pool3/2(pad=same) > dense_block(6, 32) > transition() > dense_block(12, 32)"
     " > transition() > dense_block(24, 32) > transition() > dense_block(16, 32) > bn > relu > gap > softmax-1000",
     7_978_856, 2_834_161_664),
    ("use mobile\n224x224x3 > conv3-32/2(bn, relu6) > inverted(16, 1) > inverted(24, 6, 2) > inverted(24) > inverted(32, 6, 2)"
     " > inverted(32) x2 > inverted(64, 6, 2) > inverted(64) x3 > inverted(96) x3 > inverted(160, 6, 2) > inverted(160) x2"
     " > inverted(320) > conv1-1280(bn, relu6) > gap > dropout(0.2) > softmax-1000", 3_504_872, 300_774_272),
    ("use efficient\n224x224x3 > conv3-32/2(bn, swish) > mbconv(16, 1) > mbconv(24, 6, 2) > mbconv(24) > mbconv(40, 6, 2, 5)"
     " > mbconv(40, 6, 1, 5) > mbconv(80, 6, 2) > mbconv(80) x2 > mbconv(112, 6, 1, 5) x3 > mbconv(192, 6, 2, 5)"
     " > mbconv(192, 6, 1, 5) x3 > mbconv(320) > conv1-1280(bn, swish) > gap > dropout(0.2) > softmax-1000", 5_288_548, 385_814_752),
    ("use convnext\n224x224x3 > conv4-96/4(pad=0, act=none) > ln(eps=1e-6) > convnext() x3 > downsample(192) > convnext() x3"
     " > downsample(384) > convnext() x9 > downsample(768) > convnext() x3 > gap > ln > softmax-1000", 28_589_128, 4_455_531_264),
    ("use transformer\n224x224x3 > conv16-768/16(pad=0, act=none) > reshape(196x768) > cls > pos > encoder(12) x12 > ln > first"
     " > softmax-1000", 86_567_656, None),
    ("use inception\n224x224x3 > conv7-64/2 > pool3/2(pad=same) > lrn > conv1-64 > conv3-192 > lrn > pool3/2(pad=same)"
     " > inception(64, 96, 128, 16, 32, 32) > inception(128, 128, 192, 32, 96, 64) > pool3/2(pad=same)"
     " > inception(192, 96, 208, 16, 48, 64) > inception(160, 112, 224, 24, 64, 64) > inception(128, 128, 256, 24, 64, 64)"
     " > inception(112, 144, 288, 32, 64, 64) > inception(256, 160, 320, 32, 128, 128) > pool3/2(pad=same)"
     " > inception(256, 160, 320, 32, 128, 128) > inception(384, 192, 384, 48, 128, 128) > gap > dropout(0.4) > softmax-1000",
     6_998_552, None),
]  # fmt: skip


@pytest.mark.parametrize(("library", "text", "params"), LIBRARY)
def test_blocks_of_the_library(library: str, text: str, params: int) -> None:
    checked = check(f"use {library}\n{text}")
    assert not checked.diagnostics
    assert checked.networks[0].counts.params == params


def test_every_library_is_tried() -> None:
    assert standard_names() == sorted({library for library, _, _ in LIBRARY})


@pytest.mark.parametrize(
    ("text", "params", "macs"), WHOLE, ids=[text.split("\n")[0] for text, _, _ in WHOLE]
)
def test_networks_of_papers(text: str, params: int, macs: int | None) -> None:
    checked = check(text)
    assert not checked.diagnostics
    assert checked.networks[0].counts.params == params
    assert macs in (None, checked.networks[0].counts.macs)


def test_files_beside(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "blocks.net").write_text(
        'use "sub/more.net"\nuse se\nparam c = 4\ndefault conv(tanh)\ndef b() = conv3-{c} > more > se(2)\n'
    )
    (tmp_path / "sub" / "more.net").write_text("def more() = conv1-{2*in}(relu)\n")
    (tmp_path / "main.net").write_text(
        'use "blocks.net"\ndef own() = conv3-6\n8x8x3 > b > own > gap\n'
    )
    network = netdsl.load(tmp_path / "main.net")
    assert steps(network) == (
        "8x8x3 conv3-4 tanh conv1-8 relu gap fc-4 relu fc-8 sigmoid mul<4,9> conv3-6 relu gap"
    )


FILES_REFUSED = [
    ({"a.net": "use resnett\n8 > fc-2"}, "N114", "no block library"),
    ({"a.net": 'use "b.net"\n8 > fc-2'}, "N601", "no file"),
    ({"a.net": 'use "../b.net"\n8 > fc-2'}, "N115", "outside the folder"),
    ({"a.net": 'use "/etc/passwd"\n8 > fc-2'}, "N115", "from this one's folder"),
    ({"a.net": 'use "b.net"\n8 > fc-2', "b.net": 'use "a.net"'}, "N116", "circle"),
    ({"a.net": 'use "a.net"\n8 > fc-2'}, "N116", "circle"),
    ({"a.net": 'use "b.net"\n8 > u > fc-2', "b.net": "def u() = fcc-3"}, "N101", "no layer or block `fcc`"),
    ({"a.net": 'use "b.net"\n8 > fc-2', "b.net": "def u() = conv3-"}, None, ""),
    ({"a.net": 'def u() = fc-3\nuse "b.net"\n8 > u', "b.net": "def u() = fc-4"}, "N104", "defined here already"),
    ({"a.net": 'param w = 3\nuse "b.net"\n8 > u', "b.net": "def u() = fc-{w}"}, "N110", "there is no `w`"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "code", "says"), FILES_REFUSED)
def test_files_that_cannot_be_used(
    files: dict[str, str], code: str | None, says: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(NetError) as raised:
        netdsl.load(tmp_path / "a.net")
    found = [d for d in raised.value.diagnostics if d.severity == "error"]
    assert len(found) == 1, found
    assert code is None or found[0].code == code
    assert says in found[0].message


def test_a_text_that_is_no_file_uses_the_standard_library_only() -> None:
    assert codes('use "b.net"\n8 > fc-2') == ["N115"]
    assert not check("use se\n8x8x32 > se > gap").diagnostics


# --- `let` and `tie` ------------------------------------------------------------------------------

SHARED = [
    (
        "let e = conv3-4(relu) > gap\ninput a: 8x8x3 > e as x\ninput b: 8x8x3 > e as y\nsub[ @x | @y ] > abs > fc-1",
        112 + 5,
    ),
    ("let e = fc-8(relu)\n8 > e > e > e", 72),
    ("let e = fc-8(bn)\n8 > e > e", 80),
    ("let e = res(fc-8 > fc-8)\n8 > e > e > fc-2", 144 + 18),
    ("let e = fc-8(relu)\ndef b() = e > bn\n8 > b > b", 72 + 32),
    ("let f = fc-8(relu)\nlet e = f > bn\n8 > e > e > f", 72 + 16),
    ("let e = dropout(0.5) > relu\n8 > e > fc-8 > e > fc-3", 72 + 27),
    ("let e = fc-8(relu)\n8 > e x3", 72),
]


@pytest.mark.parametrize(("text", "params"), SHARED)
def test_shared_pieces_count_once(text: str, params: int) -> None:
    network = read(text)
    assert network.counts.params == params
    owners = {op.shares for op in network.graph.ops if op.shares is not None}
    assert all(network.graph.ops[owner].shares is None for owner in owners)


def test_each_use_of_a_shared_piece_costs_its_own() -> None:
    assert read("let e = fc-8(relu)\n8 > e > e > e").counts.macs == 192
    assert read("let e = fc-8(relu)\n8 > e > e > e").counts.activations == 32


SHARED_REFUSED = [
    ("let e = fc-8\n8 > e\n4 > fc-2", None, ""),
    ("let e = conv3-8(relu)\n8x8x3 > e > e > gap", "N214", "another piece"),
    ("let e = fc-8(relu)\n8 > fc-4 > e > e", "N214", "another piece"),
    ("let e = conv1-{in}(relu)\n8x8x3 > e > conv1-4 > e > gap", "N214", "another piece"),
    ("let e = fc-8(relu)\n8 > e(3)", "N106", "takes nothing"),
    ("let e = fc-8(relu)\n8 > e-3", "N106", "takes nothing"),
    ("let e = fc-8(relu)\nlet e = fc-9\n8 > e", "N104", "already"),
    ("let conv = fc-8(relu)\n8 > fc-3", "N102", "kind of layer"),
]


@pytest.mark.parametrize(("text", "code", "says"), SHARED_REFUSED)
def test_what_shared_pieces_refuse(text: str, code: str | None, says: str) -> None:
    errors = [d for d in check(text).diagnostics if d.severity == "error"]
    assert len(errors) == 1, errors
    assert code is None or errors[0].code == code
    assert says in errors[0].message


TIED = [
    (
        "784 > fc-64(sigmoid) as e > fc-784(sigmoid) as d\ntie d = transpose e",
        784 * 64 + 64 + 784,
        (784,),
    ),
    (
        "784 > fc-64(sigmoid) as e > fc-784(bias=no, act=none) as d\ntie d = transpose e",
        784 * 64 + 64,
        (784,),
    ),
    ("10x6 > dense-3(tanh) as e > dense-6 as d\ntie d = transpose e", 18 + 3 + 6, (10, 6)),
    ("8x8x3 > conv3-5/2 as e > tconv3-3/2 as d\ntie d = transpose e", 135 + 5 + 3, (8, 8, 3)),
    (
        "20 > fc-8(tanh) as a > fc-4(tanh) as b > fc-8(tanh) as c > fc-20 as d\ntie c = transpose b\ntie d = transpose a",
        160 + 32 + 8 + 4 + 8 + 20,
        (20,),
    ),
]
TIED_REFUSED = [
    (
        "20 > fc-8(tanh) as a > fc-21 as b\ntie b = transpose a",
        "N215",
        "the kernel of `b` is 8x21, and that of `a` 20x8",
    ),
    ("20 > fc-8(tanh) as a > fc-20 as b\ntie a = transpose b", "N215", "stands behind"),
    ("20 > fc-8(tanh) as a > fc-20 as b\ntie b = inverse a", "N107", "`transpose`"),
    ("20 > fc-8(tanh) as a > fc-20 as b\ntie b = transpose c", "N101", "refers to nothing"),
    ("20 > relu as a > fc-20 as b\ntie b = transpose a", "N215", "no layer with a kernel"),
    (
        "20 > fc-8(tanh) as a > fc-20 as b\ntie b = transpose input",
        "N215",
        "no layer with a kernel",
    ),
    (
        "20 > fc-8(tanh) as a > fc-20 as b\ntie b = transpose a\ntie b = transpose a",
        "N215",
        "no kernel of its own",
    ),
    ("8x8x3 > conv3-5 as e > conv3-3 as d\ntie d = transpose e", "N215", ""),
]


@pytest.mark.parametrize(("text", "params", "shape"), TIED)
def test_tied_layers_count_once(text: str, params: int, shape: tuple[int, ...]) -> None:
    network = read(text)
    assert network.counts.params == params
    assert network.outputs[0].shape == shape


@pytest.mark.parametrize(("text", "code", "says"), TIED_REFUSED)
def test_what_tied_layers_refuse(text: str, code: str, says: str) -> None:
    errors = [d for d in check(text).diagnostics if d.severity == "error"]
    assert [d.code for d in errors] == [code]
    assert says in errors[0].message


def test_all_examples_have_names_of_their_own_for_their_layers() -> None:
    for path in sorted(EXAMPLES.glob("*.net")):
        for network in check(path.read_text(encoding="utf-8")).networks:
            names = [op.name.lower() for op in network.graph.ops]
            assert len(names) == len(set(names)), path


def test_uses_of_blocks_are_kept_as_they_are_written_with_their_values() -> None:
    text = (
        "def inner(c) = conv3-{c} > relu\n"
        "def outer(c, s=1, f=id) = inner({2*c}) > pool > f\n"
        "let shared = conv1-6 > tanh\n"
        "8x8x3 > outer({in}, f=relu > tanh) as first > shared > shared"
    )
    graph = netdsl.parse(text).graph
    assert [use.text for use in graph.blocks] == [
        "outer(3, f=relu > tanh)",
        "inner(6)",
        "shared",
        "shared",
    ]
    assert [use.word for use in graph.blocks] == ["outer", "inner", "shared", "shared"]
    assert graph.layers[1].blocks == (0, 1)
    assert [layer.blocks for layer in graph.layers[-4:]] == [(2,), (2,), (3,), (3,)]
    assert all(len(layer.blocks) == len(layer.path) for layer in graph.layers)
