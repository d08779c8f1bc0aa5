"""A copy of a kind under another word behaves alike: nothing knows a kind by its word."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.kinds import (
    BY_WORD,
    SUFFIX,
    copied,
    under_another_word,
    under_the_first_word,
    with_words,
)

from netdsl.analysis.counts import count_ops
from netdsl.analysis.memory import estimate, largest_batch
from netdsl.analysis.receptive import receptive_fields
from netdsl.architecture import Architecture
from netdsl.emit.program import program
from netdsl.errors import Source
from netdsl.graph import Graph
from netdsl.kinds import Kind
from netdsl.kinds.values import dims
from netdsl.reading import ReadOptions, check_source
from netdsl.report.explain import kind_page
from netdsl.report.why import why
from netdsl.report.write import written_out

AROUND = (
    "{0}",
    "{0} > {0} > fc-3(linear)",
    "{0} > conv1-4 > softmax",
    "{0} > linear > fc-1(tanh) > dropout(0.5)",
    "softmax > {0} > bn > relu",
    "conv3-4(bias=yes) > {0} > conv1-4(bias=yes) > {0} > relu6",
    "fc-4(bias=yes) > {0} > fc-4 > relu > {0} > sigmoid-1",
    "res({0}) > [ {0} | id ] > add[ id | {0} > {0} ]",
)
"""Texts around a case: what comes before and after it, as it decides defaults and warnings."""

pytestmark = pytest.mark.slow


def texts(kind: type[Kind]) -> list[str]:
    found = [
        f"input {dims(case.input)}\n> {around.format(case.text)}"
        for case in kind.cases
        for around in AROUND
    ]
    if kind.as_part:
        found += [
            f"input 8x8x64\n> conv3-64({kind.word}) > pool > fc-5({kind.word}) > fc-2",
            f"default conv({kind.word})\ninput 8x8x64\n> conv3-64 > conv3-64 > gap > fc-2",
        ]
    if kind.word in kind.tied_to:
        found.append(f"input 4\n> {kind.word}-3 as a > {kind.word}-4 as b\ntie b = transpose a")
    return found


def reported(text: str) -> Any:
    """All that netdsl says of a text: the messages, and what is known of its network."""
    checked = check_source(Source("t", text), ReadOptions(), "t")
    said = [(one.code, one.message, one.help) for one in checked.diagnostics]
    return said, [] if checked.faulty else [known(one) for one in checked.networks]


def known(network: Architecture) -> tuple[Any, ...]:
    graph = network.graph
    return (
        [(op.name, op.shape, op.inputs, op.shares, op.tied) for op in graph.ops],
        [op.kind.written() for op in graph.ops if op.kind],
        [op.kind.source(op.name, op.shape, *graph.input_shapes(op)) for op in single(graph)],
        [graph.weights(op) for op in graph.ops],
        count_ops(graph),
        [str(field) for field in receptive_fields(graph)],
        [
            (estimate(graph, 3, precision, optimizer), largest_batch(graph, 2**30, precision))
            for precision, optimizer in (("float32", "adam"), ("mixed", "momentum"))
        ],
        [(port.name, port.op, port.activation) for port in graph.outputs],
        written_out(network),
        [why(network, layer.name) for layer in graph.layers],
        program([network]),
    )


def single(graph: Graph) -> list[Any]:
    return [op for op in graph.ops if op.kind and len(op.inputs) == 1]


@pytest.mark.parametrize("kind", BY_WORD)
def test_a_copy_is_read_counted_warned_of_and_written_alike(kind: type[Kind]) -> None:
    for text in texts(kind):
        expected = reported(with_words(kind, text))
        with copied(kind):
            another = under_another_word(kind, with_words(kind, text))
            assert SUFFIX in another
            found = reported(another)
        assert in_one_line(under_the_first_word(repr(found))) == in_one_line(repr(expected)), text


def in_one_line(text: str) -> str:
    """A text without its line ends and the numbers of names: longer words are wrapped elsewhere,
    and `sigmoid-1` counts as an `fc` where no copy does.
    """
    return re.sub(r"_[0-9]+", "", re.sub(r"(?:\\n|\s)+", " ", text))


@pytest.mark.parametrize("kind", BY_WORD)
def test_a_copy_has_the_same_page(kind: type[Kind]) -> None:
    page = kind_page(kind)
    with copied(kind) as copy:
        assert under_the_first_word(kind_page(copy)).split() == page.split()
