"""What both walks share: the facts of a network for a precision and an optimizer."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.analysis.gradients import backward_pass
from netdsl.analysis.memory.op_facts import OpFacts, facts_of_all
from netdsl.constants import PRECISIONS, SLOTS
from netdsl.graph import Graph, Op, consumers_of

# Numbers that the update holds for each of an array's while it is at that array, in addition to
# weight, gradient and slots: Adam's divisor is the root of a slot over a number, two arrays;
# RMSprop's and Adagrad's is a root; Nesterov's momentum is looked ahead in a copy.
_SCRATCH = {"nesterov": 1, "adam": 2, "adamw": 2, "rmsprop": 1, "adagrad": 1}


class MemoryPlan(NamedTuple):
    """What both walks share.

    Attributes:
        graph: the network.
        facts: of each operation.
        owners: for each operation, those that hold its kernel and its other weights.
        parameters, gradients, slots: bytes.
        scratch: bytes that the update needs on top.
        width: bytes of a trained weight.
        ends: the network's outputs.
        readers: how often an operation's output is read, at the end too.
        last: which operation is the last to read an output: the number of operations for an
            output of the network, the operation itself where there is none.
        trained: whether the backward pass goes through an operation: weights lie in it or before
            it, and an output after it.
    """

    graph: Graph
    facts: list[OpFacts]
    owners: list[tuple[int, int]]
    parameters: int
    gradients: int
    slots: int
    scratch: int
    width: int
    ends: frozenset[int]
    readers: list[int]
    last: list[int]
    trained: list[bool]


def make_plan(
    graph: Graph, precision: str, optimizer: str, temporaries: bool = False
) -> MemoryPlan:
    """Return the facts of a network for a precision and an optimizer.

    Args:
        graph: the network's.
        precision: of its numbers.
        optimizer: whose slots are held.
        temporaries: whether what a library copies within a layer is counted as saved.

    Raises:
        ValueError: where the precision or optimizer is none of `PRECISIONS`, `SLOTS`.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"the precision is one of {', '.join(PRECISIONS)}, not {precision!r}")
    if optimizer not in SLOTS:
        raise ValueError(f"the optimizer is one of {', '.join(SLOTS)}, not {optimizer!r}")
    width = PRECISIONS[precision]
    facts, owners = facts_of_all(graph, width.activations, temporaries), _owners(graph.ops)
    trained = moving = 0
    for index, (own, (kernel, rest)) in enumerate(zip(facts, owners, strict=True)):
        # Weights count once, where they are held: all uses of a `let` have the facts of its arrays.
        trained += own.kernel * (kernel == index) + own.rest * (rest == index)
        moving += own.moving * (rest == index)
    ends = frozenset(output.op for output in graph.outputs)
    consumers = consumers_of(graph.ops)
    return MemoryPlan(
        graph,
        facts,
        owners,
        parameters=(trained + moving) * width.weights + trained * width.copies,
        gradients=trained * width.weights,
        slots=trained * width.weights * SLOTS[optimizer],
        scratch=max(own.largest for own in facts) * width.weights * _SCRATCH.get(optimizer, 0),
        width=width.weights,
        ends=ends,
        readers=[len(found) + (index in ends) for index, found in enumerate(consumers)],
        last=[
            len(consumers) if index in ends else max(found, default=index)
            for index, found in enumerate(consumers)
        ],
        trained=backward_pass(graph, [own.kernel + own.rest > 0 for own in facts], ends),
    )


def _owners(ops: tuple[Op, ...]) -> list[tuple[int, int]]:
    """Return for each operation those that hold its kernel and its other weights.

    Itself, the first use of a `let`, what it is tied to.
    """
    found: list[tuple[int, int]] = []
    for index, op in enumerate(ops):
        if op.shares is not None:
            found.append(found[op.shares])
        else:
            # A tied layer has biases of its own.
            found.append((index if op.tied is None else found[op.tied][0], index))
    return found
