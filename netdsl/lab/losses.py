"""The number that is differentiated: an output, or a loss of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import did_you_mean, fail
from netdsl.lab.given import Value, fitted, read_value
from netdsl.wording import represented

if TYPE_CHECKING:
    from netdsl.graph import Graph, Port

LOSSES = ("cross-entropy", "squared", "half-squared", "absolute", "binary")
"""The losses that can be differentiated: they compare an output with a target, and are summed."""


class Asked(NamedTuple):
    """The number to differentiate.

    Attributes:
        of: an output, or one number of it: `f`, `f[2]`; None for the only output.
        loss: one of `LOSSES`; None for the output itself, or the sum of its numbers.
        target: what the loss compares with: a class, or as many numbers as the output has.
        training: whether the network works as in training.
        seed: of what is drawn in training.
    """

    of: str | None = None
    loss: str | None = None
    target: Value = None
    training: bool = False
    seed: int = 0


Number = Callable[[Any, Sequence[Any]], Any]
"""Computes one number, given `keras.ops` and the network's outputs."""


def number_of(graph: Graph, count: int, asked: Asked) -> tuple[Number, str]:
    """Return the number to differentiate as a function, and in words."""
    place, index = _output(graph, asked.of)
    port = graph.outputs[place]
    if asked.loss is None:
        if asked.target is not None:
            help = f"the losses are {', '.join(LOSSES)}"
            raise fail("N107", "a target is compared by a loss", help=help)
        if index is not None:
            return lambda ops, outputs: ops.sum(
                ops.reshape(outputs[place], (count, -1))[:, index]
            ), f"{port.name}[{index}]"
        said = port.name if port.shape == (1,) and count == 1 else f"the sum of {port.name}"
        return lambda ops, outputs: ops.sum(outputs[place]), said
    if asked.target is None:
        raise fail("N107", f"the loss {asked.loss} requires a --target")
    if index is not None:
        raise fail("N107", "a loss is of a whole output, not of one number of it")
    target = _target(asked.loss, asked.target, port, count)
    meaning = _meaning(graph, port)
    target_text = asked.target if isinstance(asked.target, str) else represented(asked.target)
    said = f"{asked.loss} of {port.name} and {target_text}"
    return lambda ops, outputs: _loss(ops, asked.loss or "", outputs[place], target, meaning), said


def _output(graph: Graph, of: str | None) -> tuple[int, int | None]:
    """Find an output's place, and the place of a number in it."""
    names = [port.name for port in graph.outputs]
    points = {
        name: at
        for name, op in graph.points.items()
        for at, port in enumerate(graph.outputs)
        if port.op == op
    }
    if of is None:
        if len(names) > 1:
            help = f"name one with --of: {', '.join(names)}"
            raise fail("N626", f"the network has {len(names)} outputs", help=help)
        return 0, None
    name, bracket, rest = of.removeprefix("@").partition("[")
    place = names.index(name) if name in names else points.get(name)
    if place is None:
        help = did_you_mean(name, names) or f"the outputs are {', '.join(names)}"
        raise fail("N626", f"the network has no output `{name}`", help=help)
    if not bracket:
        return place, None
    size = graph.ops[graph.outputs[place].op].size
    number = rest.removesuffix("]")
    if number == rest:
        raise fail("N626", f"a bracket is not closed in `{of}`", help=f"--of {name}[0]")
    if not number.isdecimal() or int(number) >= size:
        raise fail("N626", f"`{name}` has the numbers 0 to {size - 1}, not [{number}]")
    return place, int(number)


def _meaning(graph: Graph, port: Port) -> str:
    kind = graph.ops[port.op].kind
    return kind.output_meaning if kind else ""


def _target(loss: str, given: Value, port: Port, count: int) -> Any:
    """Read what a loss compares with: a class for each example, or numbers [n, *shape].

    Raises:
        NetError: N515, N518 where they do not fit the output, or are not probabilities where the
            loss requires these.
    """
    import numpy as np

    value = read_value(given)
    # As many numbers as the output has are probabilities; one for each example, classes.
    if loss != "cross-entropy" or value.array.size == count * np.prod(port.shape) > count:
        target = np.broadcast_to(fitted(value, port), (count, *port.shape))
        if loss == "binary" and ((target < 0) | (target > 1)).any():
            raise fail("N518", f"the loss binary compares with numbers from 0 to 1, not {given}")
        if loss == "cross-entropy":
            whole = np.isclose(target.sum(axis=-1), 1, atol=1e-6).all()
            if not whole or (target < 0).any():
                message = f"the loss cross-entropy compares with probabilities, not {given}"
                raise fail("N518", message, help="they are from 0 up, and their sum is 1")
        return target
    classes, labels = port.shape[-1], value.array.reshape(-1)
    if labels.size not in (1, count):
        raise fail("N515", f"{labels.size} classes are given for {count} examples")
    if (labels != np.floor(labels)).any() or labels.min() < 0 or labels.max() >= classes:
        raise fail("N518", f"`{port.name}` has the classes 0 to {classes - 1}, not {given}")
    return np.eye(classes)[np.broadcast_to(labels.astype(int), (count,))]


def _loss(ops: Any, loss: str, output: Any, target: Any, meaning: str) -> Any:
    """Compute a loss, summed over the examples and the output's numbers."""
    if loss == "cross-entropy":
        if meaning == "distribution":
            logs = ops.log(output)
        elif meaning == "log-distribution":
            logs = output
        else:
            # Of scores: log(softmax) would be -inf where a probability is rounded to 0.
            logs = ops.log_softmax(output)
        return -ops.sum(target * logs)
    if loss == "binary":
        ones = output if meaning == "probability" else ops.sigmoid(output)
        # The textbook formula: exact in float64 up to scores of about 36.
        return -ops.sum(target * ops.log(ones) + (1 - target) * ops.log(1 - ones))
    if loss == "absolute":
        return ops.sum(ops.absolute(output - target))
    return ops.sum(ops.square(output - target)) * (0.5 if loss == "half-squared" else 1.0)
