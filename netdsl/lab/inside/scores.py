"""The score that a network gives a class, before softmax or the logistic function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from netdsl.lab.inside.subject import nothing_to_show
from netdsl.training.metrics.answers import category_scores

if TYPE_CHECKING:
    from netdsl.graph import Graph, Port
    from netdsl.lab.inside.subject import TrainedRun
    from netdsl.training.preparation.outputs import OutputTransform

SQUASHED = ("distribution", "log-distribution", "probability")
"""The meanings of outputs whose activation only squashes scores."""


def scored(graph: Graph) -> Graph:
    """Return the network with scores as outputs: without softmax or sigmoid at their end.

    A probability near 1 hardly changes with anything; the score before the activation does.
    """
    return graph._replace(outputs=tuple(_before(graph, port) for port in graph.outputs))


def _before(graph: Graph, port: Port) -> Port:
    op = graph.ops[port.op]
    if op.kind is None or op.kind.output_meaning not in SQUASHED or len(op.inputs) != 1:
        return port
    # The operation before the activation, which has the same shape.
    source = graph.ops[op.inputs[0]]
    return port._replace(op=op.inputs[0], shape=source.shape, activation="linear")


def class_output(outputs: Sequence[OutputTransform]) -> int:
    """Return the place of the first output that classifies examples.

    Raises:
        NetError: N680 where the network only gives values, or classifies each position.
    """
    for place, output in enumerate(outputs):
        if output.classes and not output.dense:
            return place
    if any(output.classes for output in outputs):
        raise nothing_to_show("the network names a class of each position, not of an example")
    raise nothing_to_show("the network names no class of an example: it gives values")


def given_to_classes(subject: TrainedRun, inputs: Sequence[Any], output: int) -> Any:
    """Return a network's numbers for each class [n, classes], with two for an output of one number.

    Args:
        subject: a trained run.
        inputs: prepared examples [n, *shape], for each input.
        output: the place of the output that classifies.
    """
    import numpy as np

    transform = subject.run.preparation.outputs[output]
    given = np.asarray(subject.computed(subject.own_model, inputs)[output], np.float64)
    return np.asarray(category_scores(np, transform, given)).reshape(len(given), -1)


def class_score(ops: Any, output: Any, label: int) -> Any:
    """Sum the scores [n, classes] of a class over examples; of a single score [n, 1], which is that
    of class 1, the negative for class 0.
    """
    if output.shape[-1] == 1:
        return ops.sum(output) * (1 if label else -1)
    return ops.sum(output[:, label])
