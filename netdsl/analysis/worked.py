"""Worked examples as arrays: how their numbers lie on a shape, and what computing them takes."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from netdsl.analysis.counts import count_op
from netdsl.graph import Graph
from netdsl.kinds.values import Shape


class Work(NamedTuple):
    """What computing a part of a network takes.

    Attributes:
        flops: floating-point operations.
        numbers: those of all outputs and weights.
    """

    flops: int
    numbers: int


LARGEST = Work(50_000_000, 5_000_000)
"""What `check` computes at most: about a second, and some hundred megabytes."""


def input_called(name: str, names: Sequence[str]) -> str:
    """Return the input that a name means: a lone input may be called x."""
    return names[0] if name == "x" and len(names) == 1 else name


def examples_in(written: Shape, shape: Shape) -> int | None:
    """Say how many examples lists of a shape hold; None where they do not fit.

    An axis of 1 at the end may be left out, one number is any shape of one; an axis in front
    counts examples.

    Args:
        written: how many items the lists have along each axis.
        shape: of one example.
    """
    forms = [shape, shape[:-1]] if shape[-1] == 1 else [shape]
    if written in forms or (written == (1,) and math.prod(shape) == 1):
        return 1
    return written[0] if written[1:] in forms else None


def needed_for(graph: Graph, ends: Iterable[int]) -> frozenset[int]:
    """Find the operations that some operations are computed of, themselves among them, and those
    whose weights they share.
    """
    found: set[int] = set()
    waiting = list(ends)
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            op = graph.ops[index]
            waiting += (*op.inputs, *(at for at in (op.shares, op.tied) if at is not None))
    return frozenset(found)


def work_of(graph: Graph, needed: Iterable[int], count: int) -> Work:
    """Say what computing operations for some examples takes."""
    counts = [count_op(graph, graph.ops[index]) for index in needed]
    outputs = sum(each.activations for each in counts)
    return Work(
        count * sum(each.flops for each in counts),
        count * outputs + sum(each.total for each in counts),
    )
