"""Keras's derivatives compared with finite differences of the kinds' definitions, in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.forward import forward
from netdsl.errors import fail
from netdsl.kinds.values import Indices
from netdsl.lab.given import Values
from netdsl.lab.losses import Asked, Number, number_of
from netdsl.lab.weighted import WeightedNetwork, inputs_of
from netdsl.text_table import aligned_lines
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Graph

ENTRIES = 100
"""The most entries of an array that are tried."""
LIMIT, ONE_SIDED_LIMIT = 1e-6, 1e-3
"""Relative errors up to which derivatives count as right: with central differences, and with
one-sided ones, whose own error grows with h.
"""
KINK = 1e-3
"""How much the differences to both sides may differ, relative to their size; more is a kink."""
FLOOR = 1e-3
"""Errors are relative to at least this share of the array's largest derivative, and to at least
what rounding hides.
"""


class ArrayCheck(NamedTuple):
    """The outcome for one array.

    Attributes:
        layer: the layer's name.
        array: the array's name; `input` of an input.
        tried: entries that were compared.
        kinks: entries left out, as the function has a kink within the step.
        worst: the largest relative error |a - n| / max(|a| + |n|, FLOOR * largest |a|, r), where
            rounding the outputs changes a difference by r times the limit: 16*eps*|outputs|/h.
        right: whether it is within the limit.
        zero: whether no entry that was tried changes the number at all.
    """

    layer: str
    array: str
    tried: int
    kinks: int
    worst: float
    right: bool
    zero: bool


class Settings(NamedTuple):
    """How it is checked: the step, one-sided or central, the seed, and which number."""

    step: float = 1e-6
    one_sided: bool = False
    seed: int = 0
    asked: Asked = Asked()

    @property
    def limit(self) -> float:
        """The relative error up to which a derivative is right."""
        return ONE_SIDED_LIMIT if self.one_sided else LIMIT


def gradcheck(subject: WeightedNetwork, given: Values, settings: Settings) -> list[ArrayCheck]:
    """Compare the derivatives by each array, and by each input.

    Without a loss the number that is differentiated is a sum of all outputs with random factors.

    Args:
        subject: a network with weights.
        given: numbers for the inputs; without any, two random examples are taken.
        settings: how it is checked.

    Raises:
        NetError: as `backward` does.
    """
    import numpy as np

    from netdsl.keras.build import toolbox
    from netdsl.keras.taps import derivatives

    graph = subject.network.graph
    rng = np.random.default_rng(settings.seed)
    inputs = inputs_of(subject, given) if given else random_examples(graph, rng)
    ops = toolbox().keras.ops
    number = _number(graph, len(inputs[0]), settings.asked, rng)
    # The arrays are copied: entries are changed in place, and the subject belongs to the caller.
    weights = {index: {**arrays} for index, arrays in subject.weights.items()}
    found = derivatives(graph, weights, inputs, number)

    def value() -> float:
        outputs = forward(np, graph, weights, inputs)
        return float(number(ops, [outputs[port.op] for port in graph.outputs]))

    outputs = forward(np, graph, weights, inputs)
    size = max(1.0, *(float(np.linalg.norm(outputs[port.op])) for port in graph.outputs))
    # A difference of two rounded numbers, divided by a small step, hides this much.
    rounding = 16 * np.finfo(float).eps * size / settings.step / settings.limit
    by_input = [np.zeros(x.shape) for x in inputs]
    for (index, slot), derivative in found.edges.items():
        for place, port in enumerate(graph.inputs):
            if graph.ops[index].inputs[slot] == port.op:
                # An input that several layers read has a derivative from each.
                by_input[place] = by_input[place] + derivative
    checks = [
        _checked((port.name, "input"), x, derivative, rounding, value, rng, settings)
        for port, x, derivative in zip(graph.inputs, inputs, by_input, strict=True)
        if not isinstance(port.shape, Indices)
    ]
    for index, arrays in found.weights.items():
        for name, derivative in arrays.items():
            array = weights[index][name] = np.array(weights[index][name], np.float64)
            layer = graph.layers[graph.ops[index].layer].name
            checks.append(
                _checked((layer, name), array, derivative, rounding, value, rng, settings)
            )
    return checks


def examples_of(network: Architecture, data: str) -> Values:
    """Return the first two training examples of a data set, as a network takes them.

    Args:
        network: what takes them.
        data: a source as in a recipe.

    Raises:
        NetError: for what is wrong with the data, or does not fit the network.
    """
    import numpy as np

    from netdsl.training.planning.plan import plan

    held = plan(network, data=data).data
    rows = np.arange(min(2, len(held.train)))
    prepared = held.preparation.x(tuple(np.asarray(array[rows]) for array in held.train.x))
    return {port.name: x for port, x in zip(network.graph.inputs, prepared, strict=True)}


def random_examples(graph: Graph, rng: Any) -> list[Any]:
    """Draw two examples: normal numbers, or indices."""
    return [
        rng.integers(0, port.shape.limit, (2, *port.shape))
        if isinstance(port.shape, Indices)
        else rng.normal(size=(2, *port.shape))
        for port in graph.inputs
    ]


def _number(graph: Graph, count: int, asked: Asked, rng: Any) -> Number:
    if asked.loss is not None or asked.of is not None:
        return number_of(graph, count, asked)[0]
    factors = [rng.normal(size=(count, *port.shape)) for port in graph.outputs]

    def mixed(ops: Any, outputs: Sequence[Any]) -> Any:
        return sum(ops.sum(a * b) for a, b in zip(factors, outputs, strict=True))

    return mixed


def _checked(
    named: tuple[str, str],
    array: Any,
    derivative: Any,
    rounding: float,
    value: Callable[[], float],
    rng: Any,
    settings: Settings,
) -> ArrayCheck:
    """Compare one array's derivatives; its entries are changed in place, and put back."""
    here, size = value(), array.size
    flat, exact = array.reshape(-1), derivative.reshape(-1)
    # Relative errors of entries near 0 are all rounding.
    floor = max(FLOOR * float(abs(exact).max(initial=0)), rounding)
    tried, kinks, worst, zero = 0, 0, 0.0, True
    for entry in _chosen(rng, size):
        was, step = flat[entry], settings.step
        flat[entry] = was + step
        above = (value() - here) / step
        flat[entry] = was - step
        below = (here - value()) / step
        flat[entry] = was
        # The two sides differ: a relu's 0 or a pool's tie is within the step, where there is no
        # derivative.
        if abs(above - below) > KINK * max(abs(above) + abs(below), floor):
            kinks += 1
            continue
        # The mean of both sides is the central difference, whose error falls with h^2.
        numeric = above if settings.one_sided else (above + below) / 2
        error = abs(exact[entry] - numeric) / max(abs(exact[entry]) + abs(numeric), floor)
        tried, worst = tried + 1, max(worst, float(error))
        zero = zero and numeric == exact[entry] == 0
    return ArrayCheck(*named, tried, kinks, worst, worst <= settings.limit, bool(zero))


def _chosen(rng: Any, size: int) -> Iterator[int]:
    if size <= ENTRIES:
        return iter(range(size))
    return iter(rng.choice(size, ENTRIES, replace=False).tolist())


def require_step(step: float) -> float:
    """Return a step that differences can be taken with.

    Raises:
        NetError: N107.
    """
    if not 1e-12 < step < 1:
        raise fail("N107", f"a step of {step:g} is not between 1e-12 and 1", help="1e-6 is usual")
    return step


def _verdict(check: ArrayCheck) -> str:
    if not check.tried:
        return "kinks only"
    if check.zero:
        return "right: 0 everywhere"
    return "right" if check.right else "WRONG"


def blocked(graph: Graph) -> list[str]:
    """Name the layers that no gradient passes, as their derivative is 0 everywhere."""
    ops = (op for op in graph.ops if op.kind is not None and not op.kind.differentiable)
    return list(dict.fromkeys(graph.layers[op.layer].name for op in ops))


def gradcheck_text(
    checks: Sequence[ArrayCheck], settings: Settings, blocking: Sequence[str] = ()
) -> str:
    """Write a row for each array, the verdict, and the layers that no gradient passes."""
    rows = [["layer", "array", "entries", "kinks", "worst error", ""]]
    rows += [
        [
            check.layer,
            check.array,
            str(check.tried),
            str(check.kinks),
            f"{check.worst:.1e}",
            _verdict(check),
        ]
        for check in checks
    ]
    wrong = sum(not check.right for check in checks)
    limit = settings.limit
    verdict = (
        f"{counted(wrong, 'array')} of {len(checks)} differ by more than {limit:g}"
        if wrong
        else f"all {len(checks)} arrays agree within {limit:g}"
        if len(checks) > 1
        else f"the array agrees within {limit:g}"
    )
    notes = [f"no gradient passes {name}: its derivative is 0 everywhere" for name in blocking]
    return "\n".join([*aligned_lines(rows, "llrrrl", rule=True), "", verdict, *notes])
