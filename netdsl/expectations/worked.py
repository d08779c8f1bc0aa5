"""Worked examples compared with what a network computes, by the kinds' definitions in NumPy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from netdsl.analysis.forward import forward, initial_weights
from netdsl.analysis.worked import LARGEST, examples_in, input_called, needed_for, work_of
from netdsl.errors import Diagnostic, NetError, Note, Span, did_you_mean, fail
from netdsl.expectations.digits import (
    agrees,
    computed_text,
    nested_text,
    places_of,
    position_text,
    right_text,
)
from netdsl.expectations.facts import NUMBERS, place_of
from netdsl.graph import Graph, Port
from netdsl.kinds.lists import flat, shape_of
from netdsl.kinds.values import Indices, Shape, dims
from netdsl.lowering.worked import WorkedStatement
from netdsl.syntax import tree
from netdsl.wording import counted

_SHOWN = 64
"""Numbers that a help writes."""


class _Expected(NamedTuple):
    """What is expected at an operation: `form` is how the lists are nested."""

    statement: WorkedStatement
    op: int
    form: Shape


def unmet_examples(worked: Sequence[WorkedStatement], graph: Graph) -> list[Diagnostic]:
    """Return what does not hold of a network's worked examples.

    NumPy is imported where there are numbers to compare.
    """
    given = [each for each in worked if isinstance(each.node, tree.Given)]
    stated = [each for each in worked if isinstance(each.node, tree.Expect)]
    found: list[Diagnostic] = []
    by_input = _by_input(given, graph, found)
    if not stated:
        message = f"nothing is compared: `given {given[0].values.name}` has no `expect`"
        help = "add the numbers that come out: expect output = [...]"
        return found or [Diagnostic("W724", message, _span(given[0]), help=help)]
    expected = []
    for each in stated:
        try:
            what = each.node.what  # type: ignore[union-attr]
            _refuse_counts(what, each)
            expected.append(_Expected(each, place_of(what, each.source, graph), _form(each)))
        except NetError as error:
            found += error.diagnostics
    if found:
        return found
    try:
        return _compared(graph, by_input, expected)
    except NetError as error:
        return list(error.diagnostics)


def _refuse_counts(what: tree.Name | tree.Reference, statement: WorkedStatement) -> None:
    if isinstance(what, tree.Name) and what.text in NUMBERS:
        text = statement.values.text.strip("[]")
        message = f"`{what.text}` is a count, not an array"
        help = f"write it without brackets: expect {what.text} = {text}"
        raise fail("N302", message, _span(statement), help=help)


def _by_input(
    given: Sequence[WorkedStatement], graph: Graph, found: list[Diagnostic]
) -> dict[str, WorkedStatement]:
    """Say what each input is given; a lone input may be called x."""
    names = [port.name for port in graph.inputs]
    by_input: dict[str, WorkedStatement] = {}
    for each in given:
        name = input_called(each.values.name, names)
        assert isinstance(each.node, tree.Given)
        span = Span(each.source, each.node.name.start, each.node.name.end)
        if name not in names:
            help = did_you_mean(name, names) or f"the inputs are {', '.join(names)}"
            found.append(Diagnostic("N305", f"there is no input `{name}`", span, help=help))
        elif name in by_input:
            first = Note("first given here", _span(by_input[name]))
            message = f"the input `{name}` is given twice"
            found.append(Diagnostic("N305", message, span, notes=(first,)))
        else:
            by_input[name] = each
    return by_input


def _compared(
    graph: Graph, given: Mapping[str, WorkedStatement], expected: Sequence[_Expected]
) -> list[Diagnostic]:
    """Compute what is expected somewhere, and compare it.

    Raises:
        NetError: where it cannot be computed.
    """
    # Only what leads to it: a network may be far too large to compute as a whole.
    needed = needed_for(graph, (each.op for each in expected))
    count = _count(graph, given, expected, needed)
    # Before NumPy is imported, and before anything is allocated.
    _refuse_large(graph, needed, count, expected[0].statement)
    import numpy as np

    weights, random = initial_weights(np, graph, needed)
    if random:
        _refuse_random(graph, random, expected[0].statement)
    inputs = [
        _array(np, given[port.name], port, count)
        if port.name in given
        else np.zeros((count, *port.shape))  # read by nothing that is expected
        for port in graph.inputs
    ]
    # NaN and infinity are reported as values that differ, not as NumPy's warnings.
    with np.errstate(all="ignore"):
        values = forward(np, graph, weights, inputs, needed)
    return [
        problem
        for each in expected
        for problem in _differences(each, graph, values[each.op], count)
    ]


def _count(
    graph: Graph,
    given: Mapping[str, WorkedStatement],
    expected: Sequence[_Expected],
    needed: frozenset[int],
) -> int:
    """Say how many examples are given.

    Raises:
        NetError: N304 for numbers of another shape, N306 for an input that nothing is given to.
    """
    counts: dict[str, int] = {}
    for port in graph.inputs:
        if port.name not in given:
            if port.op in needed:
                message = (
                    f"nothing is given to the input `{port.name}`, which is {dims(port.shape)}"
                )
                help = f"add `given {port.name} = [...]` with {_numbers(port.shape)}"
                raise fail("N306", message, _span(expected[0].statement), help=help)
            continue
        statement = given[port.name]
        form = _form(statement)
        examples = examples_in(form, port.shape)
        if examples is None:
            message = f"the input `{port.name}` is {dims(port.shape)}, not {_said(form)}"
            help = _shape_help(form, port.shape)
            raise fail("N304", message, _value_span(statement), help=help)
        counts[port.name] = examples
    if len(set(counts.values())) > 1:
        said = ", ".join(f"`{name}` {count}" for name, count in counts.items())
        span = _value_span(next(iter(given.values())))
        raise fail("N304", f"each input requires the same number of examples: {said}", span)
    return next(iter(counts.values()), 1)


def _refuse_large(
    graph: Graph, needed: frozenset[int], count: int, statement: WorkedStatement
) -> None:
    work = work_of(graph, needed, count)
    for name, amount, limit in zip(
        ("floating-point operations", "numbers"), work, LARGEST, strict=True
    ):
        if amount > limit:
            message = f"this takes {amount:,} {name}; `check` computes at most {limit:,}"
            help = "use a smaller network or fewer examples; `netdsl forward` computes larger ones"
            raise fail("N308", message, _span(statement), help=help)


def _refuse_random(graph: Graph, random: Sequence[int], statement: WorkedStatement) -> None:
    layers = [graph.layers[graph.ops[index].layer] for index in random]
    first = layers[0]
    more = f" and {counted(len(layers) - 1, 'layer')} more" if len(layers) > 1 else ""
    message = f"the weights of `{first.text}`{more} are drawn at random, so nothing can be expected"
    notes = (Note("this layer", first.span),) if first.span else ()
    help = "say what they begin with: init=[...], init=1, or a kernel's name such as init=sobel_x"
    raise fail("N307", message, _span(statement), help=help, notes=notes)


def _array(np: Any, statement: WorkedStatement, port: Port, count: int) -> Any:
    """Return what an input is given: [count, *shape].

    Raises:
        NetError: N404 for a number that is too large, N527 for an index out of range.
    """
    try:
        # 64 bits, so that what is compared is the definition and not its rounding.
        array = np.array([float(number) for number in flat(statement.values.numbers)])
    except OverflowError:
        message = "a number here is too large for 64 bits"
        raise fail("N404", message, _value_span(statement)) from None
    if isinstance(port.shape, Indices):
        wrong = array[(array != np.floor(array)) | (array < 0) | (array >= port.shape.limit)]
        if wrong.size:
            message = f"`{port.name}` holds indices from 0 to {port.shape.limit - 1:,}"
            raise fail("N527", f"{message}, not {wrong[0]:g}", _value_span(statement))
        array = array.astype(np.int64)
    return array.reshape(count, *port.shape)


def _differences(expected: _Expected, graph: Graph, value: Any, count: int) -> Iterator[Diagnostic]:
    """Yield one error for an `expect` of which numbers differ, at the first that does."""
    statement, form = expected.statement, expected.form
    name, shape = statement.values.name, graph.ops[expected.op].shape
    examples = examples_in(form, shape)
    if examples != count or examples is None:
        several = f"{count} examples of " if count > 1 else ""
        message = f"{name} is {several}{dims(shape)}, not {_said(form)}"
        help = _shape_help(form, shape) if count == 1 else ""
        yield Diagnostic("N304", message, _value_span(statement), help=help)
        return
    computed = [float(number) for number in value.ravel()]
    nodes = list(_nodes(statement.node.fact))  # type: ignore[union-attr]
    numbers = flat(statement.values.numbers)
    places = [places_of(node, statement.source.text) for node in nodes]
    checked = zip(numbers, places, computed, strict=True)
    wrong = [at for at, each in enumerate(checked) if not agrees(*each)]
    if not wrong:
        return
    first = wrong[0]
    span = Span(statement.source, nodes[first].start, nodes[first].end)
    shown = computed_text(computed[first], places[first])
    message = f"{name}{position_text(first, form)} is {shown}, not {span.text}"
    if len(wrong) > 1:
        message += f"; {len(wrong):,} of {len(numbers):,} numbers differ"
    help = ""
    # A help that can be copied: no NaN, and not a screen of numbers.
    if len(computed) <= _SHOWN and all(map(math.isfinite, computed)):
        texts = [right_text(*each) for each in zip(computed, places, strict=True)]
        help = f"expect {name} = {nested_text(texts, form)}"
    yield Diagnostic("N303", message, span, help=help)


def _nodes(value: Any) -> Iterator[tree.Number | tree.Expression]:
    """Yield the numbers of nested lists, in order."""
    if isinstance(value, tree.Tuple):
        for item in value.items:
            yield from _nodes(item)
    else:
        yield value


def _form(statement: WorkedStatement) -> Shape:
    return shape_of(statement.values.numbers) or ()


def _said(form: Shape) -> str:
    return f"{dims(form)}, {_numbers(form)}" if len(form) > 1 else _numbers(form)


def _numbers(shape: Shape) -> str:
    return counted(math.prod(shape), "number")


def _shape_help(form: Shape, shape: Shape) -> str:
    """Say how lists are nested, where there are as many numbers as one example has."""
    if math.prod(form) != math.prod(shape) or len(shape) == 1:
        return ""
    # One channel needs no brackets of its own.
    axes = shape[:-1] if shape[-1] == 1 else shape
    return f"nest them as {dims(axes)}: {'[' * len(axes)}...{']' * len(axes)}"


def _span(statement: WorkedStatement) -> Span:
    return Span(statement.source, statement.node.start, statement.node.end)


def _value_span(statement: WorkedStatement) -> Span:
    node = statement.node
    value = node.value if isinstance(node, tree.Given) else node.fact
    return Span(statement.source, value.start, value.end)
