"""Graphs without names: when two networks are the same one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netdsl.graph import Graph, Op
from netdsl.kinds.values import dims


class Keys:
    """Keys that are equal for layers that are alike, whatever their points are called.

    Kinds that operations share are written once.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[int, bool], str] = {}

    def of(self, op: Op, whole: bool = True) -> str:
        """Return the layer with every default.

        Unless it is `whole`, without its norm and activation, which are operations of their own.
        """
        if op.kind is None:
            return f"input {dims(op.shape)}"
        key = (id(op.kind), whole)
        if key not in self.known:
            unnamed: dict[str, Any] = {
                name: ref._replace(name="") for name, ref in op.kind.references().items()
            }
            parts = {
                name: None for name in ("norm", "act") if not whole and op.kind.values.get(name)
            }
            changed = unnamed | parts
            self.known[key] = (op.kind.replace(**changed) if changed else op.kind).written()
        return self.known[key]


def canonical(graph: Graph) -> tuple[Any, ...]:
    """Return a value that is equal for graphs of the same operations.

    Each is numbered when all that it reads are, beginning at the first output.
    """
    ops, keys = graph.ops, Keys()
    number: dict[int, int] = {}
    # Outputs last, so that they are taken first; then what leads to none of them.
    waiting = [*reversed(range(len(ops))), *(point.op for point in reversed(graph.outputs))]
    while waiting:
        at = waiting[-1]
        before = (
            [] if at in number else [source for source in ops[at].inputs if source not in number]
        )
        waiting += reversed(before)
        if not before:
            # An operation may be on the stack twice: the first time counts.
            number.setdefault(waiting.pop(), len(number))
    # Which use owns shared weights depends on the text's order; here the first numbered does.
    first: dict[int, int] = {}  # of all operations with the same weights
    for at, place in number.items():
        first.setdefault(_owner(ops, at), place)
    said = [
        (
            keys.of(ops[at], whole=False),
            dims(ops[at].shape),
            *(number[source] for source in ops[at].inputs),
            first[_owner(ops, at)],
            None if (tied := ops[at].tied) is None else first[_owner(ops, tied)],
        )
        for at in number
    ]
    return (
        said,
        [number[point.op] for point in graph.inputs],
        [number[point.op] for point in graph.outputs],
    )


def digest(graph: Graph) -> str:
    """Sum a graph up in 16 hexadecimal digits, equal for graphs of the same operations."""
    import hashlib

    return hashlib.sha256(repr(canonical(graph)).encode()).hexdigest()[:16]


def _owner(ops: Sequence[Op], at: int) -> int:
    """Return the operation that holds an operation's weights."""
    shares = ops[at].shares
    return at if shares is None else shares
