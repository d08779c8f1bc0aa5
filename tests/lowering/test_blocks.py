"""Blocks: what a use of one is, what it refuses, and what it keeps."""

from __future__ import annotations

import pytest
from support.networks import check, only, read, steps

import netdsl

SAME = [
    # a block's steps replace its use
    ("def b(c) = conv3-{c} > bn\n8x8x3 > b(4) > b(c=5)", "8x8x3 > conv3-4 > bn > conv3-5 > bn"),
    ("def b() = conv3-4 > bn\n8x8x3 > b > b()", "8x8x3 > conv3-4 > bn > conv3-4 > bn"),
    ("def b(c, s=1) = conv3-{c}/{s}\n8x8x3 > b(4) > b(4, 2) > b(s=2, c=6)",
     "8x8x3 > conv3-4/1 > conv3-4/2 > conv3-6/2"),
    ("def b(c, k={2*c}) = conv1-{c} > conv1-{k}\n8x8x3 > b(4) > b(4, 5)",
     "8x8x3 > conv1-4 > conv1-8 > conv1-4 > conv1-5"),
    ("param w = 3\ndef b(c={w + 1}) = conv1-{c*w}\n8x8x3 > b > b(2)", "8x8x3 > conv1-12 > conv1-6"),
    # a default argument's `in` is what enters the block, also where the block changes it first
    ("def b(c={in}) = conv1-7 > conv1-{c}\n8x8x3 > b > conv1-5 > b",
     "8x8x3 > conv1-7 > conv1-3 > conv1-5 > conv1-7 > conv1-5"),
    ("def b(h={in.h}, w={in.w}) = conv1-{h + w}\n8x6x3 > b", "8x6x3 > conv1-14"),
    ("4x5x6x2 > conv1-{in.d} > conv1-{in.h} > conv1-{in.w}",
     "4x5x6x2 > conv1-4 > conv1-5 > conv1-6"),
    ("7x3 > conv1-{in.n}", "7x3 > conv1-7"),
    # names that a block could not have
    ("param conv3 = 4\ndef b(x3) = fc-{x3}\n8 > fc-{conv3} > b(5)", "8 > fc-4 > fc-5"),
    ("def b(r=2, c={in//r}) = fc-{c}\n12 > b > b(3)", "12 > fc-6 > fc-2"),
    # the argument of a use reads `in` at the place of the use
    ("def b(c) = conv1-7 > conv1-{c}\n8x8x3 > b({2*in})", "8x8x3 > conv1-7 > conv1-6"),
    # a block has the defaults of the place where it is written
    (
        "def old(c) = conv3-{c}\ndefault conv(tanh)\ndef new(c) = conv3-{c}\n"
        "8x8x3 > old(4) > new(4) > conv3-4 > gap",
        "8x8x3 > conv3-4(relu) > conv3-4(tanh) > conv3-4(tanh) > gap",
    ),
    (
        "default conv(bn)\ndef b(c) = conv3-{c}\ndefault conv(norm=none)\n"
        "8x8x3 > b(4) > conv3-4 > gap",
        "8x8x3 > conv3-4(bn) > conv3-4 > gap",
    ),
    # a parameter shadows a param; `i` of a repeat counts from 0
    ("param c = 9\ndef b(c) = conv1-{c}\n8x8x3 > b(4) > conv1-{c}", "8x8x3 > conv1-4 > conv1-9"),
    ("8x8x3 > conv1-{4 + i} x3", "8x8x3 > conv1-4 > conv1-5 > conv1-6"),
    ("8x8x3 > (conv1-{4 + i} > relu) x2", "8x8x3 > conv1-4 > relu > conv1-5 > relu"),
    ("8x8x3 > (conv1-{4 + i} x2 > relu) x2",
     "8x8x3 > conv1-4 > conv1-5 > relu > conv1-4 > conv1-5 > relu"),
    ("def b(c) = conv1-{c}\n8x8x3 > b({4 + i}) x2", "8x8x3 > conv1-4 > conv1-5"),
    ("8x8x3 > conv1-4 x0 > conv1-5", "8x8x3 > conv1-5"),
    ("param n = 2\n8x8x3 > conv1-4 x{n} > conv1-5 x{n - 2}", "8x8x3 > conv1-4 > conv1-4"),
    ("8x8x3 > conv1-{in + 1} x3", "8x8x3 > conv1-4 > conv1-5 > conv1-6"),
    # `when`, and blocks that call themselves
    ("8x8x3 > when(in > 2, conv1-4, conv1-5) > when(in > 4, conv1-6)", "8x8x3 > conv1-4"),
    ("8x8x3 > when(in > 2 and in.h == 8, conv1-4) > when(not in == 4, id, conv1-6)",
     "8x8x3 > conv1-4 > conv1-6"),
    (
        "def t(n, c) = when(n > 0, conv3-{c}/2 > t({n - 1}, {2*c}))\n16x16x3 > t(3, 4)",
        "16x16x3 > conv3-4/2 > conv3-8/2 > conv3-16/2",
    ),
    (
        "def u(n) = when(n > 0, [ id | pool > u({n - 1}) > tconv2-4/2 ], conv1-4)\n8x8x2 > u(2)",
        "8x8x2 > [ id | pool > [ id | pool > conv1-4 > tconv2-4/2 ] > tconv2-4/2 ]",
    ),
    # yes and no: conditions, options and values of parameters at once
    ("def b(se=yes) = conv1-4 > when(se, bn)\n8x8x3 > b > b(no) > b(se=no)",
     "8x8x3 > conv1-4 > bn > conv1-4 > conv1-4"),
    ("def b(k=no) = conv{if(k, 3, 1)}-4 > when(not k, bn)\n8x8x3 > b > b(yes)",
     "8x8x3 > conv1-4 > bn > conv3-4"),
    ("def c(k) = when(k == yes, conv1-4)\ndef b(k=yes, n={k and in > 2}) = c(k) > c({n})\n"
    "8x8x3 > b", "8x8x3 > conv1-4 > conv1-4"),
    ("def b(k) = conv1-4(bias=k) > conv1-4(bias={k})\n8x8x3 > b(no)",
     "8x8x3 > conv1-4(bias=no) > conv1-4(bias=no)"),
    ("def b(k) = conv1-4(act={k}) > gap\n8x8x3 > b(tanh)", "8x8x3 > conv1-4(tanh) > gap"),
    ("param se = yes\n8x8x3 > when(se, conv1-4(bias=se)) > when(no, pool)",
     "8x8x3 > conv1-4(bias=yes)"),
    # chains as arguments: each use makes new layers, and reads the names of the place where it was
    # written
    ("def two(f) = f > bn > f\n8x8x3 > two(conv3-4)", "8x8x3 > conv3-4 > bn > conv3-4"),
    ("def two(f) = f > bn > f\n8x8x3 > two(conv3-4 > relu)",
     "8x8x3 > conv3-4 > relu > bn > conv3-4 > relu"),
    ("param c = 5\ndef two(f, c) = conv1-{c} > f\n8x8x3 > two(conv1-{c}, 6)",
     "8x8x3 > conv1-6 > conv1-5"),
    ("def one(f) = f\ndef two(g, c) = one(g) > one(conv1-{c})\n8x8x3 > two(conv1-4, 5)",
     "8x8x3 > conv1-4 > conv1-5"),
    ("def two(f=conv1-4) = f > f\n8x8x3 > two > two(bn)", "8x8x3 > conv1-4 > conv1-4 > bn > bn"),
    ("def two(c, f=conv1-{c}) = f > f\n8x8x3 > two(4)", "8x8x3 > conv1-4 > conv1-4"),
    ("def a(c) = conv1-{c}\ndef two(f, c) = f(c) > f({2*c})\n8x8x3 > two(a, 4)",
     "8x8x3 > conv1-4 > conv1-8"),
    ("def a(c, s=1) = conv1-{c}/{s}\ndef two(f) = f(4, s=2)\n8x8x3 > two(a)", "8x8x3 > conv1-4/2"),
    ("def a(c) = conv1-{c}\ndef one(f) = f(4)\ndef two(g) = one(g)\n8x8x3 > two(a)",
     "8x8x3 > conv1-4"),
    ("def skip(f) = res(f, act=none)\n8x8x4 > skip(conv3-4 > bn)",
     "8x8x4 > add[ conv3-4 > bn | id ]"),
    # words and numbers as arguments of options
    ("def b(a, n=none) = conv3-4(act=a, norm=n) > gap\n"
    "8x8x3 > b(tanh) > reshape(1x1x4) > b(relu, bn)",
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
    ("def b(c) = conv3-{c}\n8x8x3 > b", "N106", "`b` requires a value for `c`"),
    ("def b(c) = conv3-{c}\n8x8x3 > b(4, 5)", "N106", "one too many"),
    ("def b(c) = conv3-{c}\n8x8x3 > b(d=4)", "N103", "no parameter `d`"),
    ("def b(c) = conv3-{c}\n8x8x3 > b(4, c=4)", "N104", "given twice"),
    ("def b(c) = conv3-{c}\n8x8x3 > b-4", "N106", "is a block"),
    ("def b(c) = conv3-{c}\n8x8x3 > b/2(4)", "N106", "is a block"),
    ("def b(c, c) = conv3-{c}\n8x8x3 > b(4, 4)", "N104", "given twice"),
    ("def b() = conv3-4\ndef b() = conv3-5\n8x8x3 > b", "N104", "already"),
    ("def conv() = bn\n8x8x3 > conv3-4", "N102", "kind of layer"),
    ("def conv3() = bn\n8x8x3 > conv3-4", "N102", "reads as `conv`"),
    ("def x2() = bn\n8x8x3 > conv3-4", "N102", "repeat"),
    ("def net() = bn\n8x8x3 > conv3-4", "N102", "word of the language"),
    ("def in() = bn\n8x8x3 > conv3-4", "N102", "is the input"),
    ("def res() = bn\n8x8x3 > conv3-4", "N102", "cannot name a block"),
    # what a block does not see: later blocks, the names and parameters of the place of its use,
    # `in` of nothing
    ("def a() = b\ndef b() = bn\n8x8x3 > a", "N101", "no layer or block `b`"),
    ("def a() = conv1-{c}\ndef b(c) = a\n8x8x3 > b(4)", "N110", "there is no `c` here"),
    ("def a() = conv1-{i}\n8x8x3 > a x2", "N110", "there is no `i` here"),
    ("def a() = [ id | @p ]\n8x8x3 > conv1-3 as p > a", "N101", "refers to nothing"),
    ("def a() = conv1-{w}\nparam w = 4\n8x8x3 > a", "N110", "there is no `w` here"),
    ("param w = in\n8x8x3 > conv1-{w}", "N110", "there is no input here"),
    ("12 > fc-{in.h}", "N110", "it has no `in.h`"),
    # recursion without an end, chains that are not layers, values that are not chains
    ("def b() = conv1-3 > b\n8x8x3 > b", "N405", "more than 100 levels"),
    ("def b(c) = c\n8x8x3 > b(4)", "N109", "`c` is 4, not a layer"),
    ("def b(f) = f(4)\n8x8x3 > b(conv1-4 > bn)", "N109", "it cannot be applied"),
    ("def b(f) = f-4\n8x8x3 > b(conv1-4)", "N106", "not accept a size"),
    ("def b(c) = conv3-c\n8x8x3 > b(4)", None, "braces"),
    ("def b(c) = conv3-{c}\n8x8x3 > b(4.5)", "N111", "an integer"),
    ("8x8x3 > when(in, conv1-4)", "N111", "yes or no"),
    ("def b(u) = when(u, conv1-4)\n8x8x3 > b(conv1-5)", "N111", "yes or no, not a chain"),
    ("def b(u) = conv1-4(bias={u})\n8x8x3 > b(conv1-5)", "N107", "not a chain"),
    ("def b(yes) = conv1-4\n8x8x3 > b(1)", "N102", "is a word of the language"),
    ("8x8x3 > conv1-4 x{1/2}", "N111", "an integer"),
    ("8x8x3 > conv1-4 x{0 - 1}", "N201", "an integer from 0"),
    ("8x8x3 > conv1-4 x1000000", "N406", "operations"),
    ("def b() = b x2\n8x8x3 > b", "N405", "more than 100"),
    ("def f(n) = when(n > 0, f({n - 1}) > f({n - 1}))\n8x8x3 > f(40) > conv1-4", "N406",
     "again and again"),
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


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        ("conv3-4/{s}x1", [(8, 8, 4), (4, 8, 4)]),
        ("conv3-4/1x{s}", [(8, 8, 4), (8, 4, 4)]),
        ("conv{s}x1-4(pad=0)", [(8, 8, 4), (7, 8, 4)]),
        ("conv1x{s}-4(pad=0)", [(8, 8, 4), (8, 7, 4)]),
        ("conv3-{s}", [(8, 8, 1), (8, 8, 2)]),
        ("conv3-4(dilation={s}, pad=0)", [(6, 6, 4), (4, 4, 4)]),
        ("pool2/{s}x1", [(7, 7, 4), (4, 7, 4)]),
    ],
)
def test_a_layer_of_a_block_is_another_one_wherever_its_numbers_are(
    layer: str, shapes: list[tuple[int, ...]]
) -> None:
    network = read(f"def f(s) = {layer} as y\n8x8x4 > [ f(1) as a > gap | f(2) as b > gap ]")
    points = network.graph.points
    assert [network.graph.ops[points[name]].shape for name in ("a", "b")] == shapes


def test_uses_are_alike_only_where_their_values_are_of_one_type() -> None:
    block = "def b(c, v) = conv1-{c}(bias=v)\n8x8x4 > "
    only(f"{block}b(4, yes) > b(4, 1)", "N107")
    kinds = [op.kind for op in read(f"{block}b(4, yes) > b(4, no) > b(4, yes)").graph.ops]
    assert [kind.values["bias"] for kind in kinds if kind and "bias" in kind.values] == [
        True,
        False,
        True,
    ]
