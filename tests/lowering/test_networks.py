"""Networks of a file, params, inputs, outputs; names of layers; positions that are never read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from support.networks import check, codes, read, steps

import netdsl
from netdsl.errors import NetError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_several_networks_share_what_precedes_the_first() -> None:
    text = (
        "param c = 4\ndefault conv(bn)\ndef b(n) = conv3-{n}\n"
        "net one\ndefault conv(tanh)\ndef own() = bn\n8x8x3 > b({c}) > conv3-{c} > own > gap\n"
        "expect params = 276\n"
        "net two\ndef own() = relu\n8x8x3 > b({c}) > conv3-{c} > own > gap"
    )
    checked = check(text)
    assert not checked.faulty
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


def test_mistakes_of_all_networks_are_reported_once() -> None:
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
    network = netdsl.parse("param c = 3\n8x8x2 > conv1-{c}\nexpect params = 9", params=given)
    assert network.outputs[0].shape == shape
    assert network.params == ({"c": value} if given else {})


def test_params_of_other_types() -> None:
    text = (
        'param rate = 1/2\nparam kind = "a"\nparam k = 3\n'
        '8x8x2 > dropout(rate) > conv{if(kind == "a", k, 5)}-4'
    )
    assert steps(netdsl.parse(text)) == "8x8x2 dropout conv3-4"
    assert steps(netdsl.parse(text, params={"kind": "b"})) == "8x8x2 dropout conv5-4"
    rates = [
        netdsl.parse(text, params={"rate": rate}).graph.ops[1].kind
        for rate in (0.1, 0, Fraction(1, 3))
    ]
    assert [kind.values["rate"] for kind in rates if kind] == [Fraction(1, 10), 0, Fraction(1, 3)]


def test_yes_and_no_from_outside() -> None:
    text = "param se = yes\n8x8x2 > when(se, pool) > conv1-4"
    for given, expected in (
        (True, "pool2/2 conv1-4"),
        (False, "conv1-4"),
        ("yes", "pool2/2 conv1-4"),
        ("no", "conv1-4"),
    ):
        assert steps(netdsl.parse(text, params={"se": given})) == f"8x8x2 {expected}"


def test_params_that_there_are_not() -> None:
    for given, says in (({"wdth": 3}, "width"), ({"depth": 3}, "width")):
        with pytest.raises(NetError) as raised:
            netdsl.parse("param width = 3\n8 > fc-{width}", params=given)
        assert raised.value.diagnostics[0].code == "N108"
        assert says in raised.value.diagnostics[0].help
    with pytest.raises(NetError) as raised:
        netdsl.parse("param width = 3\n8 > fc-{width}", params={"width": 2.5})
    assert raised.value.diagnostics[0].code == "N111"


def test_a_later_param_reads_an_earlier_one_as_it_is_set() -> None:
    text = "param w = 3\nparam v = 2*w\n8 > fc-{v}"
    assert netdsl.parse(text).outputs[0].shape == (6,)
    assert netdsl.parse(text, params={"w": 5}).outputs[0].shape == (10,)
    assert netdsl.parse(text, params={"w": 5, "v": 1}).outputs[0].shape == (1,)


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


def test_an_inner_point_that_is_used_is_not_an_output() -> None:
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


@pytest.mark.slow
def test_all_examples_have_names_of_their_own_for_their_layers() -> None:
    for path in sorted(EXAMPLES.glob("*.net")):
        for network in check(path.read_text(encoding="utf-8")).networks:
            names = [op.name.lower() for op in network.graph.ops]
            assert len(names) == len(set(names)), path


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
