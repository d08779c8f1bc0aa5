"""Warnings over a graph: layers that do nothing, or not what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from netdsl.errors import Diagnostic, Note, Span, used_here
from netdsl.graph import Graph, Op, consumers_of
from netdsl.kinds.initial_kernels import PCA
from netdsl.kinds.kind import Kind
from netdsl.kinds.values import dims
from netdsl.lint.masks import lost_masks

LARGEST = 2**28
"""Elements of one output, for one example: 1 GiB of float32."""


StatedBias: TypeAlias = Callable[[Kind, Span], tuple[Note, ...]]
"""The `default` statement that gives a kind its bias at a place, as a note."""


def lint_graph(graph: Graph, stated: StatedBias) -> list[Diagnostic]:
    """Return what is doubtful in a network's layers; of a block once for each use."""
    consumers = consumers_of(graph.ops)
    found = [
        *_dead_ends(graph, consumers),
        *_noise_at_the_end(graph, consumers),
        *_out_of_proportion(graph),
    ]
    found += lost_masks(graph)
    for index, op in enumerate(graph.ops):
        kind = op.kind
        if kind is None:
            continue
        if kind.values.get("init") == PCA:
            message = (
                f"`{_text(graph, op)}` begins at the components of the training data only in a run"
            )
            help = "without data, as in `emit` and `.keras()`, it begins as init=glorot_uniform"
            found.append(_warning(graph, "W725", op, message, help))
        if _gives_distribution(kind):
            found += _doubtful_softmax(graph, op, kind)
        # Only a bias that was asked for: one by default is nobody's mistake.
        elif "bias" in kind.explicit and kind.values["bias"] and consumers[index]:
            after = [graph.ops[consumer].kind for consumer in consumers[index]]
            found += _bias_without_effect(graph, op, kind, after, stated)
    return found


def _warning(
    graph: Graph, code: str, op: Op, message: str, help: str, notes: tuple[Note, ...] = ()
) -> Diagnostic:
    layer = graph.layers[op.layer]
    notes = (*notes, *used_here(layer.uses))
    return Diagnostic(code, message, layer.span, help=help, notes=notes)


def _text(graph: Graph, op: Op) -> str:
    return graph.layers[op.layer].text


def _dead_ends(graph: Graph, consumers: list[list[int]]) -> Iterator[Diagnostic]:
    """Yield layers whose output nothing reads and that are not outputs: dead branches' ends."""
    outputs = {output.op for output in graph.outputs}
    for index, op in enumerate(graph.ops):
        if not consumers[index] and index not in outputs and op.kind is not None:
            message = f"`{_text(graph, op)}` reaches no output: nothing uses its result"
            help = "remove it, or use its output as a branch: `id`, or a name and `@name`"
            yield _warning(graph, "W713", op, message, help)


def _gives_distribution(kind: Kind | None) -> bool:
    """Return whether a layer gives the channels' probabilities, or their logarithms."""
    return kind is not None and kind.gives in ("distribution", "log-distribution")


def _doubtful_softmax(graph: Graph, op: Op, kind: Kind) -> Iterator[Diagnostic]:
    before = _through_shape_only(graph, graph.ops[op.inputs[0]]).kind
    if before and _gives_distribution(before):
        message = (
            f"`{kind.word}` follows `{before.word}`:"
            " probabilities pass through it a second time and become nearly equal"
        )
        yield _warning(graph, "W714", op, message, "one of the two is enough")
    if op.shape[-1] == 1:
        always = 1 if kind.gives == "distribution" else 0
        message = f"`{kind.word}` over one channel is always {always}"
        yield _warning(graph, "W719", op, message, "for yes or no use sigmoid-1, or two channels")


def _through_shape_only(graph: Graph, op: Op) -> Op:
    """Return the operation that an output comes from, through those that only move or drop numbers
    (the first branch's).
    """
    # `softmax > flatten > softmax` is doubtful too.
    while op.kind is not None and op.kind.shape_only:
        op = graph.ops[op.inputs[0]]
    return op


def _bias_without_effect(
    graph: Graph, op: Op, kind: Kind, after: list[Kind | None], stated: StatedBias
) -> Iterator[Diagnostic]:
    """Yield a bias that was asked for where each norm after it takes the mean of each channel away,
    and the bias with it.

    A layer that has every option written out, as `netdsl expand` prints it, asks for nothing.
    """
    asked = any(
        name not in kind.explicit
        for name, option in kind.options.items()
        if not option.hidden_at_default
    )
    norms = [norm for norm in after if norm is not None and norm.removes_mean]
    if asked and len(norms) == len(after):
        message = (
            f"the bias of `{_text(graph, op)}` has no effect:"
            f" `{norms[0].word}` subtracts each channel's mean"
        )
        shifted = all(norm.values.get("shift") for norm in norms)
        help = "write bias=no, or leave the bias out"
        help += ": the norm has its own shift" if shifted else ""
        span = graph.layers[op.layer].span
        notes = (
            () if span is None or re.search(r"\bbias\b", _text(graph, op)) else stated(kind, span)
        )
        yield _warning(graph, "W715", op, message, help, notes)


def _noise_at_the_end(graph: Graph, consumers: list[list[int]]) -> Iterator[Diagnostic]:
    """Yield dropout and its like with no layer between them and an output.

    A fragment's end is not an output, and a point that is read further is not the end.
    """
    # An input from outside the text has no place in it.
    fragment = any(graph.layers[graph.ops[port.op].layer].span is None for port in graph.inputs)
    ends = () if fragment else graph.outputs
    for output in (each for each in ends if not consumers[each.op]):
        op = graph.ops[output.op]
        while (
            op.kind is not None
            and len(op.inputs) == 1
            and (op.kind.shape_only or op.kind.inactive_in_use or op.kind.group == "activation")
        ):
            if op.kind.inactive_in_use:
                message = (
                    f"`{_text(graph, op)}` comes after the last layer: during training it "
                    "distorts the output itself"
                )
                help = "put it before the last layer that has weights"
                yield _warning(graph, "W716", op, message, help)
                break
            op = graph.ops[op.inputs[0]]


def _out_of_proportion(graph: Graph) -> Iterator[Diagnostic]:
    """Yield the largest output, where it has more than `LARGEST` elements."""
    # One message: a network that is too large is so in many layers.
    op = max(graph.ops, key=lambda op: op.size)
    if op.size > LARGEST:
        gibibytes = f"{op.size * 4 / 2**30:,.1f}"
        message = (
            f"`{_text(graph, op)}` gives {dims(op.shape)}: {op.size:,} numbers,"
            f" {gibibytes} GiB of float32 for one example"
        )
        help = "use a stride or a pool before it, or fewer channels"
        yield _warning(graph, "W717", op, message, help)
