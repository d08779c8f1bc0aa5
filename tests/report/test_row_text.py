"""A row of a table is the text of its layer: retyped without the file, it is the same layer."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.zoo import EXAMPLES, checked

import netdsl
from netdsl.kinds.values import Indices, dims
from netdsl.report.lines import rows_of
from netdsl.report.row_text import layer_label

ROWS = [
    # text, the labels of its layers
    ("default conv(pad=0)\n32x32x1 > conv5-6 > pool", ["conv5-6(pad=0)", "pool"]),
    ("default conv(bn)\n8x8x3 > conv3-4(pad=0)", ["conv3-4(pad=0, bn)"]),
    ("default conv(pad=0)\ndefault conv(pad=1, bn)\n8x8x3 > conv3-4", ["conv3-4(pad=1, bn)"]),
    ("default conv(pad=0)\n8x8x3 > conv3-4(pad=1)", ["conv3-4(pad=1)"]),
    ("default conv(tanh)\n8x8x3 > conv3-4(lrelu) > fc-2", ["conv3-4(lrelu)", "fc-2"]),
    ("default conv(tanh)\n8x8x3 > conv3-4 > fc-2", ["conv3-4(tanh)", "fc-2"]),
    # An activation by default that is left out here is none of the layer's.
    ("default conv(tanh)\n8x8x3 > conv3-4 > relu", ["conv3-4", "relu"]),
    ("default conv(act=none)\n8x8x3 > conv3-4 > fc-2", ["conv3-4(act=none)", "fc-2"]),
    ("default conv(linear)\n8x8x3 > conv3-4 > fc-2", ["conv3-4(linear)", "fc-2"]),
    ("default bn(eps=0.01)\n8x8x3 > conv3-4(bn) > bn", ["conv3-4(bn(eps=0.01))", "bn(eps=0.01)"]),
    ("default dropout(0.3)\n8 > fc-4 > dropout > fc-2", ["fc-4", "dropout(rate=0.3)", "fc-2"]),
    ("default bn(eps=0.01)\n8x8x3 > conv3-4(bn(scale=no))", ["conv3-4(bn(scale=no, eps=0.01))"]),
    ("default fc(bias=no)\n8 > softmax-2", ["softmax-2(bias=no)"]),
    ("default fc(bias=no)\n8 > softmax-2(bias=yes)", ["softmax-2(bias=yes)"]),
    ("default fc(bias=no, relu)\n8 > lrelu-2(0.2)", ["lrelu-2(0.2, bias=no)"]),
    ("default dense(bias=no)\n4x8 > each(dense-2)", ["each(dense-2(bias=no))"]),
    # A stride of 1 is left out where it is what the layer has anyway.
    ("def f(s) = conv3-4/{s} > pool/{s}\n8x8x3 > f(1)", ["conv3-4", "pool/1"]),
    ("def f(s) = conv3-4/{s}\n8x8x3 > f(2)", ["conv3-4/2"]),
    (
        "8x8x3 > res(conv3-4/2(bn(eps=0.01)))",
        ["conv3-4/2(bn(eps=0.01))", "conv1-4/2(bn(eps=0.01))", "add[ ... ]", "relu"],
    ),
    ("let a = conv3-3\n8x8x3 > a > a", ["conv3-3", "conv3-3 with a_conv_1"]),
]


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_row_shows_what_defaults_add(text: str, expected: list[str]) -> None:
    graph = netdsl.parse(text).graph
    assert [layer_label(graph, layer) for layer in graph.layers[1:]] == expected


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_row_retyped_is_the_same_layer(path: Path) -> None:
    known = set()
    for network in checked(path).networks:
        graph = network.graph
        for row in rows_of(graph):
            first = graph.ops[row.layer.ops[0]]
            kind, shapes = first.kind, graph.input_shapes(first)
            label = layer_label(graph, row.layer)
            alone = kind and not kind.references() and not kind.merges and len(shapes) == 1
            if not alone or " with " in label or '"' in label or (label, shapes) in known:
                continue  # an input, a merge, a further use, one that reads points or files
            known.add((label, shapes))
            head = "input " if isinstance(shapes[0], Indices) or len(shapes[0]) == 1 else ""
            again = netdsl.parse(f"{head}{dims(shapes[0])}\n> {label}")
            assert again.outputs[0].shape == row.output, label
            if first.tied is None:
                assert again.counts.params == row.counts.params, label
    assert known
