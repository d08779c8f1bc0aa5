"""`each(CHAIN)`: shapes, counts, names, sharing, and what is written out."""

from __future__ import annotations

import pytest
from support.kinds import kind_of
from support.networks import only, read
from support.written import assert_written_out_is_the_same

from netdsl import parse
from netdsl.analysis.receptive import receptive_fields
from netdsl.kinds.each import on_each

# the text, the output's shape, params, macs
EACH = [
    ("16x28x28x1 > each(conv3-8)", (16, 28, 28, 8), 80, 16 * 28 * 28 * 8 * 9),
    ("16x28x28x1 > each(conv3-8/2 > bn > relu > gap)", (16, 8), 96, 16 * 14 * 14 * 8 * 9),
    ("5x7 > each(fc-3)", (5, 3), 24, 5 * 21),
    ("4x6x2 > each(lstm-3)", (4, 3), 72, 4 * 6 * 4 * 3 * 5),
    ("4x6x2 > each(each(fc-3)) > each(flatten)", (4, 18), 9, 4 * 6 * 6),
    ("4x6x2 > each(id) > dense-1", (4, 6, 1), 3, 48),
    ("3x8x8x2 > each(res(conv3-2 > conv3-2))", (3, 8, 8, 2), 76, 2 * 3 * 64 * 36),
    ("3x8x8x2 > each(res(conv3-4/2))", (3, 4, 4, 4), 88, 3 * 16 * (72 + 8)),
    ("3x8x8x2 > each([ conv1-2 | id ] > add[ id | gap ])", (3, 8, 8, 4), 6, 3 * 64 * 4),
    ("3x8x8x2 > each(conv1-{2*in} x2)", (3, 8, 8, 8), 12 + 40, 3 * 64 * (8 + 32)),
    ("3x4x2 > each(when(in.n > 3, fc-5, fc-6))", (3, 5), 45, 3 * 40),
    ("6x9 of int(50) > each(embed-4 > gru-3)", (6, 3), 200 + 72, 6 * 9 * 9 * 7),
    ("input a: 6x9 of int(50)\n@a > embed-4 > each(gru-3)", (6, 3), 272, 6 * 9 * 9 * 7),
    ("let e = fc-3\ninput a: 5x4\ninput b: 4\n[ @a > each(e) > gap | @b > e ]", (6,), 15, 72),
    ("let e = fc-3\ninput a: 5x4\ninput b: 4\n[ @b > e | @a > each(e) > gap ]", (6,), 15, 72),
    ("let e = each(fc-3) > each(fc-3)\n5x4 > e > fc-2", (2,), 15 + 12 + 32, 60 + 45 + 30),
    ("def f(c, e) = each(fc-{c} > e)\n5x4 > f(3, fc-2)", (5, 2), 23, 60 + 30),
    ("3x5 > each(fc-4 as a > [ fc-2 | @a ])", (3, 6), 24 + 10, 60 + 24),
    ("input x: 3x5\ninput y: 3x2\n@x > each([ fc-4 | @y ])", (3, 6), 24, 60),
    ("input x: 3x5\n@x > each(fc-4 as a > fc-2) as b\n[ @a | @b ]", (3, 6), 24 + 10, 60 + 24),
    ("input x: 3x5x4\ninput y: 3x6x4\n@x > each(attention(heads=2, kv=@y))", (3, 5, 4), 80, None),
    ("3x8x8x2 > each(pool as p > conv1-2(relu) > unpool(@p))", (3, 8, 8, 2), 6, 3 * 16 * 4),
    ("input x: 3x5\ninput y: 3x2\neach([ @x > fc-4 | @y ] > fc-2)", (3, 2), 24 + 14, 60 + 36),
    ("3x5 > each([ fc-2 |4 ] > add[ id | none ])", (3, 8), 48, 120),
    ("3x5 > each((fc-4 as a) x2)\n@a.* > dense-2 as b\n[ @b.* ]", (3, 4), 64, 156),
    ("3x5 > each(fc-4 as a > fc-2)\noutput @a", (3, 4), 34, 84),
    ("default conv(bn)\n3x8x8x2 > each(conv1-2)", (3, 8, 8, 2), 8, 3 * 64 * 4),
    ("3x5 > each((fc-4 as a) x2)\n[ @a.* ]", (3, 8), 24 + 20, 60 + 48),
]
REFUSED = [
    ("5 > each(fc-3)", "N203", "`each` requires elements, and 5 is one vector"),
    ("5x3 > each(conv3-4)", "N203", "conv"),
    ("4x8x8x1 > each(conv9-4(pad=0))", "N204", "9"),
    ("input x: 3x5\ninput y: 4x5\n@x > each([ id | @y ])", "N207", "goes over 3 elements"),
    ("input x: 3x5\ninput y: 3\n@x > each([ id | @y ])", "N207", "3 has others"),
    ("input x: 3x5x2\ninput y: 3x4\n@x > each(each([ id | @y ]))", "N207", "over 3x5 elements"),
    ("let e = fc-3\n5x4x2 > each(e) > e", "N214", "15x3 here and 8x3 at its first use"),
    ("each(fc-3)", "N209", "there is no input here"),
]


@pytest.mark.parametrize(("text", "shape", "params", "macs"), EACH)
def test_shapes_and_counts(
    text: str, shape: tuple[int, ...], params: int, macs: int | None
) -> None:
    network = parse(text)
    assert network.outputs[-1].shape == shape
    assert network.counts.params == params
    assert macs is None or network.counts.macs == macs


@pytest.mark.parametrize("text", [text for text, *_ in EACH])
def test_what_is_written_out_is_the_same_network(text: str) -> None:
    assert_written_out_is_the_same(parse(text))


@pytest.mark.parametrize(("text", "code", "message"), REFUSED)
def test_refused(text: str, code: str, message: str) -> None:
    assert message in only(text, code).message


def test_default_activations_look_through_the_ends() -> None:
    network = read("4x6x6x1 > each(conv3-2) > bn > relu > gap > fc-3")
    words = [op.kind.word for op in network.graph.ops if op.kind]
    assert words == ["conv", "bn", "relu", "gap", "fc"]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("4x16x16x1 > each(conv3-2 > pool > conv3-2)", "1x8x8/1x2x2"),
        ("4x16x2 > each(conv3-2) > conv3x1-2", "3/1"),
        ("4x16x2 > each(attention(heads=1))", "1x16/1x0"),
        ("4x16x2 > each(gap)", "whole"),
    ],
)
def test_a_position_sees_its_own_element(text: str, field: str) -> None:
    assert str(receptive_fields(parse(text).graph)[-1]) == field


def test_along_no_axes_a_layer_is_itself() -> None:
    kind = kind_of(parse("5 > fc-2").graph.ops[1])
    assert on_each(kind, ()) is kind
    assert on_each(kind, (3,)).written() == f"each({kind.written()})"


def test_layers_on_elements_have_one_class_for_each_kind() -> None:
    """Thousands of layers do not make thousands of classes."""
    ops = parse("3x5 > each(fc-2(linear) > fc-4(linear) > relu)").graph.ops
    assert type(ops[1].kind) is type(ops[2].kind) is not type(ops[3].kind)
