"""`let` and `tie`."""

from __future__ import annotations

import pytest
from support.networks import check, read

SHARED = [
    (
        "let e = conv3-4(relu) > gap\ninput a: 8x8x3 > e as x\ninput b: 8x8x3 > e as y\n"
        "sub[ @x | @y ] > abs > fc-1",
        112 + 5,
    ),
    ("let e = fc-8(relu)\n8 > e > e > e", 72),
    ("let e = fc-8(bn)\n8 > e > e", 80),
    ("let e = res(fc-8 > fc-8)\n8 > e > e > fc-2", 144 + 18),
    ("let e = fc-8(relu)\ndef b() = e > bn\n8 > b > b", 72 + 32),
    ("let f = fc-8(relu)\nlet e = f > bn\n8 > e > e > f", 72 + 16),
    ("let f = fc-8\nlet e = f > f\n8 > e > e > f", 72),
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
    ("let e = conv3-8(relu)\n8x8x3 > e > e > gap", "N214", "3x3x8x8 here and 3x3x3x8 at"),
    ("let e = fc-8(relu)\n8 > fc-4 > e > e", "N214", "at its first use"),
    ("let e = conv1-{in}(relu)\n8x8x3 > e > conv1-4 > e > gap", "N214", "at its first use"),
    ("let e = fc-8(relu)\n8 > e(3)", "N106", "accepts no values"),
    ("let e = fc-8(relu)\n8 > e-3", "N106", "accepts no values"),
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
        "20 > fc-8(tanh) as a > fc-4(tanh) as b > fc-8(tanh) as c > fc-20 as d\n"
        "tie c = transpose b\ntie d = transpose a",
        160 + 32 + 8 + 4 + 8 + 20,
        (20,),
    ),
]
TIED += [
    ("input 6 of int(9)\n> embed-4 as t > dense-9 as d\ntie d = transpose t", 36 + 9, (6, 9)),
    ("input 6 of int(9)\n> embed-4(mask) as t > gap > softmax-9 as d\ntie d = transpose t",
     36 + 9, (9,)),
    ("let e = fc-8(tanh)\n8 > e > e as a > fc-8 as d\ntie d = transpose a", 64 + 8 + 8, (8,)),
    ("input 6 of int(9)\n> embed-4 as t > dense-9(bias=no) as d > softmax\n"
     "@t > gap > fc-9(bias=no) as e\ntie d = transpose t\ntie e = transpose t", 36, (6, 9)),
]  # fmt: skip
TIED_REFUSED = [
    (
        "input 6 of int(9)\n> embed-4 as t > dense-8 as d\ntie d = transpose t",
        "N215",
        "the kernel of `d` is 4x8, and that of `t` 9x4",
    ),
    ("input 6 of int(9)\n> embed-4 as t > fc-9 as d\ntie d = transpose t", "N215", "24x9"),
    ("input 6 of int(9)\n> embed-4 as t > dense-9 as d\ntie t = transpose d", "N215", "come after"),
    (
        "input 6 of int(9)\n> embed-4 as t > dense-9 as d > dense-4 as e\n"
        "tie d = transpose t\ntie e = transpose d",
        "N215",
        "`d` has no kernel of its own",
    ),
    ("input 6 of int(9)\n> embed-4 as t > conv1-9 as d\ntie d = transpose t", "N215", "no kernel"),
    ("20 > fc-8 as a > fc-20 as b\ntie b = transpose a = transpose b", "N003", "`=` is not"),
    (
        "20 > fc-8(tanh) as a > fc-21 as b\ntie b = transpose a",
        "N215",
        "the kernel of `b` is 8x21, and that of `a` 20x8",
    ),
    ("20 > fc-8(tanh) as a > fc-20 as b\ntie a = transpose b", "N215", "must come after"),
    ("20 > fc-8(tanh) as a > fc-20 as b\ntie b = inverse a", "N107", "`transpose`"),
    ("20 > fc-8(tanh) as a > fc-20 as b\ntie b = transpose c", "N101", "refers to nothing"),
    ("20 > relu as a > fc-20 as b\ntie b = transpose a", "N215", "not a layer with a kernel"),
    (
        "20 > fc-8(tanh) as a > fc-20 as b\ntie b = transpose input",
        "N215",
        "not a layer with a kernel",
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
    tied = {op.tied for op in network.graph.ops if op.tied is not None}
    assert all(network.graph.ops[owner].shares is None for owner in tied)


@pytest.mark.parametrize(("text", "code", "says"), TIED_REFUSED)
def test_what_tied_layers_refuse(text: str, code: str, says: str) -> None:
    errors = [d for d in check(text).diagnostics if d.severity == "error"]
    assert [d.code for d in errors] == [code]
    assert says in errors[0].message
