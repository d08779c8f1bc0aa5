"""What is asked of every kind, without Keras: made from the registry alone, so a new kind is asked
the same.
"""

from __future__ import annotations

import ast
import math

import pytest
from support.kinds import ALL_KINDS, ALONE, BY_WORD, CASES, kind_of, network, source_of

from netdsl import Network, parse
from netdsl.analysis.memory import estimate
from netdsl.analysis.receptive import receptive_fields
from netdsl.emit.program import program
from netdsl.kinds import Kind
from netdsl.kinds.facts import Case
from netdsl.kinds.values import Indices
from netdsl.report.write import written_out

MEANINGS = ("", "distribution", "log-distribution", "probability", "score", "margin", "decision")


# --- shapes and counts ----------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_cases(case: Case) -> None:
    """Each case has its shape and params, every operation its costs, and what `expand` writes is
    the same network.
    """
    made = network(case)
    assert made.outputs[0].shape == case.output
    assert made.counts.params == case.params
    assert case.flops in (None, made.counts.flops)
    for op in made.graph.ops[1:]:
        shapes = made.graph.input_shapes(op)
        kind = kind_of(op)
        work = kind.elementwise_ops(op.shape, *shapes)
        assert kind.flops(op.shape, *shapes) == 2 * kind.macs(op.shape, *shapes) + work
        assert all(number >= 0 for number in (work, *kind.saved_tensors(op.shape, *shapes)))
    again = parse(written_out(made))
    assert again.counts == made.counts
    assert source_of(again.graph) == source_of(made.graph)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_receptive_fields_have_a_number_for_each_axis(case: Case) -> None:
    graph = parse(written_out(network(case)) + "> relu").graph
    for op, field in zip(graph.ops, receptive_fields(graph), strict=True):
        if field and field.has_positions:
            axes = len(op.shape) - (not isinstance(op.shape, Indices))
            assert len(field.stride) == len(field.size) == len(field.start) == axes


# --- Keras source and programs --------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_source_is_python(case: Case) -> None:
    graph = network(case).graph
    for op in graph.ops[1:]:
        reads = tuple(f"x{source}" for source in op.inputs)
        lines = kind_of(op).source(
            op.name, op.shape, *graph.input_shapes(op), reads=reads, writes="y"
        )
        for number, line in enumerate(lines):
            names = {
                node.id
                for node in ast.walk(ast.parse(line, mode="eval"))
                if isinstance(node, ast.Name)
            }
            variables = names - {"layers", "ops", "initializers", "regularizers", "custom", "float"}
            assert variables == (set(reads) if number == 0 else {"y"}), line


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_programs_are_of_keras_and_numpy_alone(case: Case) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(program([network(case)]))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module))
    assert "keras" in imported
    assert imported <= {"keras", "numpy", "typing"}


# --- memory facts ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_memory_is_estimated(case: Case) -> None:
    made = network(case)
    one, four = (estimate(made.graph, batch) for batch in (1, 4))
    assert one.parameters == four.parameters == 4 * made.counts.total
    assert one.gradients == 4 * made.counts.params
    assert one.parameters < one.inference_peak <= one.training_peak
    assert one.inference_peak < four.inference_peak <= four.training_peak
    assert one.activation_bytes * 4 == four.activation_bytes


@pytest.mark.parametrize("made", ALONE.values(), ids=[kind.word for kind in ALONE])
def test_storage_is_shared_where_it_has_the_same_size(made: Network) -> None:
    graph, op = made.graph, made.graph.ops[-1]
    kind = kind_of(op)
    (x, *_) = graph.input_shapes(op)
    if kind.in_place or kind.inactive_in_use:
        assert op.shape == x
    if kind.is_view:
        assert op.size == math.prod(x)
    if kind.splits_gradient:
        assert op.size == sum(map(math.prod, graph.input_shapes(op)))


# --- facts that go together -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", BY_WORD)
def test_facts_agree(kind: type[Kind]) -> None:
    assert kind.output_meaning in MEANINGS
    assert set((kind.saved_for_backward or "").split()) <= {"inputs", "output", "indices", "mask"}
    assert set((kind.reach or "").split()) <= {"position", "all", "nothing"}
    assert set(kind.takes) <= {"size", "amount", "stride"}
    assert set(kind.takes.values()) <= {"yes", "maybe"}
    assert set(kind.positional) <= set(kind.options)
    assert kind.as_part <= (kind.group in ("activation", "norm"))
    assert bool(kind.output_meaning) <= (kind.group == "activation")
    assert kind.relu_like <= (kind.group == "activation")
    assert {*kind.tied_to} <= {other.word for other in ALL_KINDS}


def test_no_name_of_other_libraries_is_that_of_two_kinds() -> None:
    names = [name for kind in ALL_KINDS for name in kind.names_elsewhere]
    assert len(names) == len(set(names))
    assert all(name == name.lower() for name in names)
