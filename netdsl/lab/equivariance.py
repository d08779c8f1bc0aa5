"""Whether a network's output moves with its input: by a shift, a quarter turn, a permutation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.forward import initial_weights
from netdsl.analysis.receptive.traces import Trace, positions_of, traces_of
from netdsl.errors import NetError, fail
from netdsl.kinds.values import Indices, dims
from netdsl.lab.forward import computed
from netdsl.lab.weighted import WeightedNetwork
from netdsl.text_table import aligned_lines
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Graph, Port
    from netdsl.kinds.facts import Arrays
    from netdsl.kinds.values import Shape

CHANGES = ("shift", "rotate90", "permute")
"""The changes of an input's positions that can be tried."""
CLOSE = 1e-9
"""Differences up to this share of the output's largest number count as rounding."""


class Equivariance(NamedTuple):
    """How an output responds to a change of the input.

    Attributes:
        output: its name.
        change: in words: `shift by 2 along h`.
        verdict: `moves with it`, `stays`, or `no`.
        largest: the largest difference from the output for the original input, which is moved
            likewise where the output has positions; where borders influence it, it is not counted.
        where: the place of that difference in the output.
        borders: the largest difference where the zeros around the input influence the output; None
            if they do so nowhere.
        scale: the output's largest number.
    """

    output: str
    change: str
    verdict: str
    largest: float
    where: tuple[int, ...]
    borders: float | None
    scale: float


def equivariance(network: Architecture, change: str, seed: int = 0) -> list[Equivariance]:
    """Try whether outputs move with the input, on random numbers, in float64.

    Weights that the text states are taken; others are normal numbers.

    Args:
        network: with one input.
        change: one of `CHANGES`.
        seed: of the numbers.

    Raises:
        NetError: N670 for a large network, N682 where the test does not apply: to several inputs,
            to inputs that cannot be changed this way, to outputs that see the border everywhere.
    """
    import numpy as np

    graph = network.graph
    if len(graph.inputs) > 1:
        raise _refused(f"the network has {len(graph.inputs)} inputs; one is moved")
    port, rng = graph.inputs[0], np.random.default_rng(seed)
    x = _random(rng, port)
    subject = WeightedNetwork(network, _some_weights(np, graph, rng))
    plain = computed(np, subject, [x])
    if change == "shift":
        return _shifted(np, subject, x, plain)
    moved, axes = _moved(np, rng, port, x, change)
    values = computed(np, subject, [moved.of(x, len(axes))])
    found = []
    for output in graph.outputs:
        before, after = plain[output.op], values[output.op]
        positions = tuple(output.shape[: len(axes)])
        # A permutation is of these positions alone, a quarter turn of square maps of any size.
        is_square = moved.order is None and len(set(positions)) == 1 < positions[0]
        along = positions == axes or is_square
        of_positions = len(output.shape) > len(axes) or not port.shape[len(axes) :]
        has_positions = along and of_positions
        expected = moved.of(before, len(axes)) if has_positions else before
        words = "moves with it" if has_positions else "stays"
        found.append(_row(np, output.name, moved.words, words, after, expected, None))
    return found


class _Move(NamedTuple):
    """A change of positions: a quarter turn, or an order of them."""

    words: str
    order: Any

    def of(self, x: Any, axes: int) -> Any:
        """Change the positions of [1, *positions, ...]."""
        import numpy as np

        if self.order is None:
            return np.rot90(x, axes=(1, 2))
        flat = x.reshape(1, -1, *x.shape[1 + axes :])
        return flat[:, self.order].reshape(x.shape)


def _moved(np: Any, rng: Any, port: Port, x: Any, change: str) -> tuple[_Move, Shape]:
    """Return how an input's positions are moved, and the sizes of the positions' axes."""
    positions = positions_of(port.shape)
    if change == "permute":
        axes = positions or tuple(port.shape)
        return _Move("permutation of the positions", rng.permutation(math.prod(axes))), axes
    if len(positions) != 2 or positions[0] != positions[1]:
        raise _refused(f"a quarter turn is of a square image, and the input is {dims(port.shape)}")
    return _Move("quarter turn", None), positions


def _shifted(np: Any, subject: WeightedNetwork, x: Any, plain: list[Any]) -> list[Equivariance]:
    graph = subject.network.graph
    (port,) = graph.inputs
    positions = positions_of(port.shape)
    if not positions:
        raise _refused(f"the input is {dims(port.shape)}: a vector has no positions to shift")
    traces = traces_of(graph, None)
    found = []
    for axis, name in enumerate(_axis_names(len(positions))):
        for output in graph.outputs:
            trace = traces[output.op]
            along = trace.axes[axis] if trace is not None and trace.axes else None
            # By one step of the output: a shift by less need not move an output of stride 2 at all.
            by = 1 if along is None else along.stride.numerator
            to = 1 if along is None else along.stride.denominator
            if by >= positions[axis]:
                too_few = f"{counted(positions[axis], 'position')} along {name}"
                raise _refused(f"the input has {too_few}, too few for a shift by {by}")
            # Rolled around: positions whose receptive fields reach over the border are left out
            # below.
            values = computed(np, subject, [np.roll(x, by, axis + 1)])
            before, after = plain[output.op], values[output.op]
            words = f"shift by {by} along {name}"
            if along is None or trace is None:
                found.append(_row(np, output.name, words, "stays", after, before, None))
                continue
            inside = _inside(np, trace, axis, before.shape[axis + 1], positions[axis] - by)
            if not inside.any():
                message = f"every position of {output.name} sees the border along {name}"
                raise _refused(message, "use a larger --input")
            expected = np.roll(before, to, axis + 1)
            inside = np.roll(inside, to)
            inside[: to if not trace.whole else 0] = False  # came around the border
            found.append(
                _row(np, output.name, words, "moves with it", after, expected, (axis, inside))
            )
    return found


def _inside(np: Any, trace: Trace, axis: int, size: int, end: int) -> Any:
    """Say which positions along an axis see only the input from its first position to `end`."""
    if trace.whole or trace.axes is None:
        return np.ones(size, bool)
    line = trace.axes[axis]
    return np.array([line.first.at(i) >= 0 and line.last.at(i) < end for i in range(size)])


def _row(
    np: Any,
    output: str,
    change: str,
    words: str,
    after: Any,
    expected: Any,
    inside: tuple[int, Any] | None,
) -> Equivariance:
    """Compare an output with what it should be, within and at the borders along an axis."""
    difference = abs(after - expected)[0]
    borders = None
    if inside is not None and not inside[1].all():
        axis, kept = inside
        borders = float(np.compress(~kept, difference, axis).max())
        shape = [1] * difference.ndim
        shape[axis] = len(kept)
        # Borders are reported separately: padding breaks equivariance there in every convolution.
        difference = np.where(kept.reshape(shape), difference, 0.0)
    where = np.unravel_index(int(difference.argmax()), difference.shape)
    scale = float(abs(expected).max())
    largest = float(difference.max())
    # Relative to the output: a network of small numbers must not pass because they are small.
    verdict = words if largest <= CLOSE * scale else "no"
    place = tuple(int(at) for at in where)
    return Equivariance(output, change, verdict, largest, place, borders, scale)


def _random(rng: Any, port: Port) -> Any:
    if isinstance(port.shape, Indices):
        return rng.integers(0, port.shape.limit, (1, *port.shape))
    return rng.normal(size=(1, *port.shape))


def _some_weights(np: Any, graph: Graph, rng: Any) -> dict[int, Arrays]:
    """Return the weights that are stated, and normal numbers for the others."""
    found, random = initial_weights(np, graph)
    for index in random:
        op = graph.ops[index]
        arrays = {}
        for weight in graph.weights(op):
            begun = None if op.kind is None else op.kind.initial(np, weight)
            # By the root of the fan-in: outputs of deep networks would overflow or vanish
            # otherwise.
            spread = math.sqrt(max(1, weight.size // weight.shape[-1]))
            arrays[weight.name] = rng.normal(size=weight.shape) / spread if begun is None else begun
        found[index] = arrays
    return found


def _axis_names(rank: int) -> Sequence[str]:
    return {1: ("n",), 2: ("h", "w"), 3: ("d", "h", "w")}.get(
        rank, [f"axis {axis}" for axis in range(rank)]
    )


def _refused(message: str, help: str = "") -> NetError:
    return fail("N682", message, help=help)


def equivariance_text(found: Sequence[Equivariance]) -> str:
    """Write a row for each output and change."""
    rows = [["output", "change", "", "largest difference", "at", "at the borders"]]
    for each in found:
        where = "[" + ", ".join(map(str, each.where)) + "]" if each.verdict == "no" else ""
        borders = "" if each.borders is None else f"{each.borders:.2g}"
        largest = each.largest if each.verdict == "no" else 0  # but for rounding
        row = [each.output, each.change, each.verdict, f"{largest:.2g} of {each.scale:.2g}"]
        rows.append([*row, where, borders])
    return "\n".join(aligned_lines(rows, "lllrlr", rule=True))
