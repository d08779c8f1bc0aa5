"""When a default activation is left out, and when that is doubtful."""

from __future__ import annotations

import pytest
from support.networks import check, codes, only, read, steps

from netdsl.lowering.defaults import destinations

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
    ("12x4 > conv3-4 > last > relu", True),
    ("8x8x3 > conv3-4 > crop(1) > relu", True),
    ("8x8x3 > conv3-4 > id > relu", True),
    ("8x8x3 > [ conv3-4 | id ] > bn", True),
    ("8x8x3 > [ conv3-4 | id ] > gap", False),
    ("8x8x3 > [ [ conv3-4 | id ] | id ] > dropout(0.1) > bn", True),
    ("8x8x3 > conv3-4 > dropout(0.5) > flatten", True),
    ("8x8x3 > conv3-4 > dropout(0.5) > gap", False),
    # several consumers that all agree
    ("8x8x3 > conv3-4 > [ relu | tanh ]", True),
    ("8x8x3 > conv3-4 as a > relu\n@a > bn", True),
    ("8x8x3 > conv3-4 as a > pool\n@a > gap", False),
    # a constant reads nothing
    ("input a: 8\nadd[ const(2) | @a > fc-4 ] > fc-2(tanh)", True),
    ("8 > fc-4 as a > [ relu | const(2) ]", True),
    ("8 > fc-4 as a > [ fc-2 | const(2) ]", False),
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
    ("default conv(tanh)\n8x8x4 > res(conv3-4 > conv3-5, skip=match, act=none)", ["W706"]),
    ("default conv(tanh)\n8x8x4 > add[ conv3-4 | id ]", ["W706"]),
    ("default conv(tanh)\n8x8x4 > conv3-4 > gap", []),
    ("default fc(bn)\n8 > fc-3 > fc-8", []),
    ("8x8x3 > conv3-4 x1 > bn", []),
    ("8x8x3 > conv3-4(relu) x2 > bn", []),
    ("8x8x3 > conv3-4(bn) x2 > gap", []),
    ("8x8x3 > (conv3-4 > bn) x2 > gap", []),
    ("8x8x3 > conv3-4 x2 > conv3-5(relu) > gap", []),
    ("8x8x3 > dw3 x2 > bn > gap", []),
]


@pytest.mark.parametrize(("text", "expected"), DOUBTS)
def test_doubts_about_default_activations(text: str, expected: list[str]) -> None:
    found = check(text).diagnostics
    assert [d.code for d in found if d.code in ("W702", "W704", "W706")] == expected
    assert not any(d.severity == "error" for d in found)


def test_what_the_doubts_propose_ends_them() -> None:
    found = only("8x8x3 > conv3-4(bn) > [ relu | pool3/1(pad=same) ] > gap", "W702")
    assert "conv3-4(bn, relu) or conv3-4(bn, act=none)" in found.help
    found = next(
        d for d in check("8x8x3 > conv3-4 x2 > bn > relu > gap").diagnostics if d.code == "W704"
    )
    assert "(conv3-4 > bn > relu) x2" in found.help
    assert not check("8x8x3 > (conv3-4 > bn > relu) x2 > gap").diagnostics


# --- where an output goes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consumers", "shape_only", "found", "ends"),
    [
        ([[1], []], set(), {1}, set()),
        ([[], []], set(), set(), {0}),
        ([[1], [2], []], {1}, {2}, set()),
        ([[1, 2], [3], [3], []], {1, 2}, {3}, set()),
        ([[1, 2], [3], [3], []], {1}, {2, 3}, set()),
        ([[1], [2], [3], []], {1, 2, 3}, set(), {3}),
        ([[1, 2], [], [3], []], {1, 2}, {3}, {1}),
    ],
)
def test_where_an_output_goes(
    consumers: list[list[int]], shape_only: set[int], found: set[int], ends: set[int]
) -> None:
    size = len(consumers)  # a bit for each operation as a consumer, then one for each as an end
    flags = {at: 1 << size + at for at in range(size) if not consumers[at]}
    goes = destinations(consumers, flags, lambda at: None if at in shape_only else 1 << at)
    assert goes[0] == sum(1 << at for at in found) + sum(flags[at] for at in ends)


DARKNET = (
    "default conv(bn, lrelu(0.1))\n8x8x8 > res(conv1-4 > conv3-8{}) > conv3-4 > gap > softmax-2"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DARKNET.format(", act=none"), ["W706"]),
        (DARKNET.format(""), []),
        (DARKNET.format(", act=relu"), []),
        ("8x8x8 > res(conv1-4 > conv3-8, act=none) > conv3-4 > gap > fc-2", []),
        ("default conv(relu)\n8x8x8 > res(conv3-8, act=none) > bn > relu > gap > fc-2", []),
        ("default conv(relu)\n8x8x8 > res(conv3-8, act=none) x2 > bn > relu > gap > fc-2", []),
        ("default conv(relu)\n8x8x8 > res(conv3-8, act=none) x2 > gap > fc-2", ["W706"]),
        ("default conv(relu)\n8x8x8 > conv3-8 > bn > conv3-8(tanh) > gap", ["W706"]),
        ("default conv(relu)\n8x8x4 > res(conv3-5, skip=match, act=none) > bn > relu > gap", []),
        ("default conv(relu)\n8x8x4 > res(conv3-5, skip=match, act=none) > bn > gap", ["W706"]),
        ("default conv(relu)\n8x8x8 > conv3-8 > bn > relu > gap", []),
        ("default fc(relu)\n8 > fc-4 > [ relu | const(2) ] > fc-2(tanh)", []),
        ("default fc(relu)\n8 > fc-4 > [ bn | const(2) ] > fc-2(tanh)", ["W706"]),
        ("default conv(relu)\n8x8x8 > add[ conv3-8 | id ] > dropout(0.5) > gap > fc-2", ["W706"]),
        ("default conv(relu)\n8x8x8 > add[ conv3-8(act=none) | id ] > gap > fc-2", []),
    ],
)
def test_a_stated_activation_is_not_silently_dropped_before_a_sum(
    text: str, expected: list[str]
) -> None:
    assert codes(text) == expected


SHARED = "let s = fc-3\ninput p: 4\ninput q: 4\n"


@pytest.mark.parametrize(
    ("flows", "kept", "expected"),
    [
        ("@p > s > fc-2(linear)\n@q > s", True, ["W702"]),
        ("@p > s\n@q > s > fc-2(linear)", True, ["W702"]),
        ("@p > s > fc-2(linear)\n@q > s > fc-2(linear)", True, []),
        ("@p > s\n@q > s", False, []),
        ("sub[ @p > s | @q > s ] > abs", False, []),
        ("@p > s > relu > fc-2\n@q > s > bn", False, []),
        ("mul[ @p > s | @q > s ]", True, []),
        ("@p > s as a > relu > fc-2\n@a > fc-4\n@q > s", True, ["W702"]),
    ],
)
def test_a_shared_piece_has_one_default_activation(
    flows: str, kept: bool, expected: list[str]
) -> None:
    """It stays unless every use may leave it out."""
    checked = check(SHARED + flows)
    assert codes(SHARED + flows) == expected
    graph = checked.networks[0].graph
    shared = [layer for layer in graph.layers if layer.text == "fc-3"]
    assert len(shared) == 2
    assert {len(layer.ops) for layer in shared} == {2 if kept else 1}
    starts = [graph.ops[layer.ops[0]].kind for layer in shared]
    assert len({kind.written() for kind in starts if kind is not None}) == 1


def test_pieces_within_pieces_have_one_activation_too() -> None:
    text = "let f = fc-4\nlet g = f > f\ninput 4 > g > g > relu > f > fc-2"
    checked = check(text)
    rows = [layer for layer in checked.networks[0].graph.layers if layer.text == "fc-4"]
    assert [len(row.ops) for row in rows] == [2] * 5
    assert codes(text) == ["W702"]


def test_a_repeat_of_a_shared_piece_keeps_the_activation_of_each_pass() -> None:
    text = "let f = fc-4\n4 > f x3 > relu > fc-2"
    checked = check(text)
    assert codes(text) == ["W702"]
    assert "its 3 uses have one activation" in checked.diagnostics[0].message
