"""Goldens of all that kinds state: their facts, what their options accept, and what they make of
inputs of every rank, refusals with their help included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.kinds import ALL_KINDS, kind_of, network, source_of
from support.messages import messages

from netdsl import parse
from netdsl.analysis.receptive import receptive_fields
from netdsl.errors import NetError
from netdsl.kinds import Kind
from netdsl.kinds.elsewhere import COMPOSED
from netdsl.kinds.facts import Case, Seen
from netdsl.kinds.hints import written_here
from netdsl.kinds.initial import Initial
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import REQUIRED, Option
from netdsl.kinds.stated import Stated
from netdsl.kinds.values import Dims, Indices, Shape, Word, dims, shown

GOLDEN = Path(__file__).parents[1] / "golden" / "kinds"

FACTS = [name for name in Stated.__annotations__ if name not in ("word", "cases")]
VALUES: list[Any] = [
    -1,
    0,
    1,
    2,
    Fraction(1, 2),
    3,
    True,
    False,
    "text",
    Dims((2, 1)),
    (1, 2, 3, 4),
]
INPUTS = ("6", "12x8", "8x8x4", "4x4x4x4", "2x2x2x2x4", "6 of int(10)")

# What is refused for other reasons than the rank of the input.
REFUSED = (
    *("8 > fc-2(identity)", "8 > fc-2(logistic)", "8 > fc-2(act=heaviside)", "8 > logistic-2"),
    *("8x8x4 > conv9-2(pad=0)", "8x8x4 > conv3-5(groups=2)", "8x8x6 > conv3-6(groups=4)"),
    *("8x8x4 > conv4-2", "8x8x4 > conv4-2(pad=causal)", "8x8x4 > conv3-2(pad=(1, 2, 3))"),
    *("8x8x4 > conv3x3x3-2", "8x8x4 > conv3-2/2x2x2", "8x8x4 > conv3-2(dilation=1x2x3)"),
    *("8x8x4 > tconv3-2/2(extra=2)", "8x8x4 > tconv3-2/2(dilation=2)", "8x8x4 > tconv3-2(pad=9)"),
    *("8x8x4 > pool9(pad=0)", "8x8x4 > pool", "8x8x4 > pool3/2(pad=5)", "9x9x4 > pool"),
    *("8x8x4 > featpool3", "8x8x4 > featpool2x2", "8x8x4 > gn(groups=3)", "8x8x4 > shuffle(3)"),
    *("8x8x4 > reshape(7x7)", "8x8x4 > reshape(8, 8, 4)", "8x8x4 > permute(1, 2)"),
    *(
        "8x8x4 > permute(1, 2, 2)",
        "8x8x4 > slice(2, 2)",
        "8x8x4 > slice(0, 5)",
        "12x8 > take(3, 3)",
    ),
    *("12x8 > take(0, 13)", "8x8x4 > crop(4)", "8x8x4 > crop(2x3x4)", "8x8x4 > widen-3"),
    *("8x8x4 > roll(8)", "8x8x4 > roll(7x-7)", "8x8x6 > pixelshuffle2", "9x8x4 > pixelunshuffle2"),
    *("12x8 > attention(heads=3)", "12x8 > id as x > attention(heads=2, kv=@x, causal)"),
    *("8x8x4 > std(0, 0)", "8x8x4 > std((1, 2), 1)", "8x8x4 > std(1)", "8x8x4 > rescale((1, 2))"),
    *("8x8x4 > pool3 as p > unpool(@p)", "8x8x4 > conv1-4 as c > unpool(@c)", "8x8x4 > unpool"),
    *("[ 8x8x4 > conv1-2 | 8x8x4 > pool ]", "8x8x4 > [ id | pool ]", "8x8x4 > add[ id | pool ]"),
    *("8x8x4 > add[ id | conv1-3 ]", "8x8x4 > sub[ id | id | id ]", "8x8x4 > dot[ id ]"),
    *("8x8x4 > stack[ id | gap ]", "12x8 > matmul[ id | id ]", "6 > matmul[ id | id ]"),
    *("8x8x4 > concat(over=d)[ id | id ]", "12x8 > concat(over=positions)[ id | conv3-2 ]"),
    *("8x8x4 > conv3-2(filters=3)", "8x8x4 > conv3-2(stride=2)", "8x8x4 > conv3-2(kernel=5)"),
    *("8x8x4 > conv3-2(padding=0)", "8x8x4 > conv3-2(epsilon=1)", "8x8x4 > bn(epsilon=1)"),
    *("8x8x4 > conv3-2(same)", "8x8x4 > conv3-2(xyz)", "8x8x4 > conv3-2(3)", "8x8x4 > pool(2)"),
    *("8x8x4 > softmax(10)", "8x8x4 > dense(10)", "8x8x4 > conv(64, 3)", "8x8x4 > conv-64"),
    *("8x8x4 > relu(0.1)", "8x8x4 > fc3-4", "8x8x4 > pool-3", "8x8x4 > fc-4/2", "8x8x4 > conv0-2"),
    *("8x8x4 > conv3-0", "8x8x4 > conv3-2/0", "8x8x4 > conv3-2(pad=1, pad=2)", "8x8x4 > dropout"),
    *('8x8x4 > conv3-2(pad="same")', "8x8x4 > gap(max)", "8x8x4 > flatten(2)"),
    *("8x8x4 > conv(1, 3)", "8x8x4 > conv-64(relu)", "8x8x4 > dense(0)", "8x8x4 > dense(10, 3)"),
    *("8x8x4 > elu(1, 2)", "8x8x4 > tanh(0)", "8x8x4 > gap(3)", "8 > avgpool(2, 3)"),
)


def test_facts(golden: Callable[[Path, str], None]) -> None:
    """Those that are not the usual nothing: `False`, empty, 0."""
    golden(GOLDEN / "facts.txt", "\n".join(map(_facts, ALL_KINDS)))


def _facts(kind: type[Kind]) -> str:
    stated = {name: getattr(kind, name) for name in FACTS}
    lines = [f"    {name} = {value!r}" for name, value in stated.items() if value]
    return "\n".join((kind.word, *lines, ""))


def test_options(golden: Callable[[Path, str], None]) -> None:
    """The default of each, which of some values it accepts, and what is said of the others."""
    golden(GOLDEN / "options.txt", "\n".join(line for kind in ALL_KINDS for line in _options(kind)))


def _options(kind: type[Kind]) -> Iterator[str]:
    for name, option in kind.options.items():
        default = "required" if option.default is REQUIRED else option.default
        accepted, refused = [], ""
        for value in (*VALUES, *map(Word, (*option.words, "xyz"))):
            try:
                option.read(value)
                accepted.append(shown(value))
            except LayerError as error:
                refused = refused or f"{error.code} {error.message} [{error.help}]"
        yield f"{kind.word}({name}={default}): {' '.join(accepted)}; else {refused}"


def test_inputs_of_every_rank(golden: Callable[[Path, str], None]) -> None:
    """The first case of each kind: its output and counts, or why it is refused."""
    golden(GOLDEN / "inputs.txt", "\n".join(line for kind in ALL_KINDS for line in _inputs(kind)))


def _inputs(kind: type[Kind]) -> Iterator[str]:
    for given in INPUTS:
        text = f"input {given}\n> {kind.cases[0].text}"
        try:
            network = parse(text)
            counts = network.counts
            shapes = " ".join(dims(point.shape) for point in network.outputs)
            found = f"{shapes}, {counts.total} params, {counts.macs} macs, {counts.flops} flops"
        except NetError as error:
            one = error.diagnostics[0]
            found = f"{one.code} {one.message} ({one.label}) [{one.help}]"
        yield f"{kind.cases[0].text} on {given}: {found}"


def test_cases(golden: Callable[[Path, str], None]) -> None:
    """What each operation of each case has, costs, keeps and sees, and the Keras that it is."""
    kinds = (kind for kind in ALL_KINDS if not kind.is_identity)
    cases = (case for kind in kinds for case in kind.cases)
    golden(GOLDEN / "cases.txt", "\n".join(line for case in cases for line in _case(case)))


def _case(case: Case) -> Iterator[str]:
    graph = (made := network(case)).graph
    yield f"{case.text} on {dims(case.input)}"
    yield f"    {made.counts}"
    for op, field in zip(graph.ops, receptive_fields(graph), strict=True):
        if op.kind is None:
            continue
        kind, shapes = kind_of(op), graph.input_shapes(op)
        weights = ", ".join(f"{one.name} {one.role} {dims(one.shape)}" for one in graph.weights(op))
        saved = kind.saved_tensors(op.shape, *shapes)._asdict()
        keeps = ", ".join(f"{name} {value}" for name, value in saved.items() if value)
        work = kind.elementwise_ops(op.shape, *shapes)
        yield f"    {kind.written()} of {' and '.join(map(dims, shapes))} is {dims(op.shape)}"
        yield f"        has {weights or 'no weights'}; gives {kind.gives or 'values'}"
        yield f"        costs {kind.macs(op.shape, *shapes)} macs, {work} more"
        yield f"        keeps {keeps or 'nothing'}"
        yield f"        sees {field}"
        for seen in kind.receptive_field(op.shape, *shapes):
            yield f"        reaches {_seen(seen)}"
        for formula in kind.size_formulas(op.shape, *shapes):
            yield f"        {formula}"
    for warning in made.warnings:
        yield f"    {warning.code} {warning.message} [{warning.help}]"
    for line in source_of(graph):
        yield f"    {line}"


def _gives(kind: Kind, *shapes: Shape) -> str:
    """Numbers that the layer computes of numbers, in short."""
    own = kind.weights(*shapes)
    if sum(prod(weight.shape) for weight in own) > 400_000:
        return "much"
    weights = {one.name: _numbers(one.shape, 0.5 * ("var" in one.name)) for one in own}
    inputs = [
        np.arange(2 * prod(x)).reshape(2, *x) % x.limit
        if isinstance(x, Indices)
        else _numbers((2, *x), begin=at)
        for at, x in enumerate(shapes)
    ]
    with np.errstate(all="ignore"):
        found = kind.forward(np, weights, *inputs)
    parts = found * _numbers(found.shape, 3)
    return f"gives {np.nansum(parts):.4g} and {np.nansum(abs(parts)):.4g}"


def _numbers(shape: Shape, least: float = 0, begin: int = 0) -> Any:
    """Numbers between -1 and 1, or from a least one; others for each beginning."""
    numbers = np.sin(7.0 * np.arange(begin, prod(shape) + begin) + 1).reshape(shape)
    return abs(numbers) + least if least else numbers


def _seen(seen: Seen | None) -> str:
    stages = [] if seen is None or seen.stages is None else seen.stages
    steps = [[tuple(reach) for reach in stage] for stage in stages]
    none = " no position" if seen and seen.stages is None else ""
    return f"{steps}{none}{', all' if seen and seen.whole else ''}"


@pytest.mark.slow
def test_options_one_by_one(golden: Callable[[Path, str], None]) -> None:
    """The first case of each kind and rank, with one option set otherwise: what changes."""
    golden(GOLDEN / "one_by_one.txt", "\n".join(line for kind in ALL_KINDS for line in _set(kind)))


def _set(kind: type[Kind]) -> Iterator[str]:
    ranks = set[int]()
    for case in kind.cases if not kind.is_identity else ():
        graph = network(case).graph
        for op in graph.ops:
            shapes = graph.input_shapes(op)
            if type(op.kind) is not kind or len(shapes[0]) in ranks:
                continue
            ranks.add(len(shapes[0]))
            usual = _all(kind_of(op), *shapes)
            gives = _gives(kind_of(op), *shapes)
            yield f"{case.text} on {' and '.join(map(dims, shapes))}: {gives}"
            for name, option in kind.options.items():
                for value in _accepted(option):
                    said = _all(kind_of(op).replace(**{name: value}), *shapes)
                    changed = [line for line in said if line not in usual]
                    if changed:
                        yield f"    {name}={option.shown(value)}: {'; '.join(changed)}"


def _accepted(option: Option[Any]) -> Iterator[Any]:
    begins = (Fraction(1, 2), Word("lecun_normal"))  # lists of numbers have forms of their own
    for value in begins if isinstance(option, Initial) else (*VALUES, *map(Word, option.words)):
        try:
            yield option.read(value)
        except LayerError:
            continue


def _all(kind: Kind, *shapes: Shape) -> list[str]:
    try:
        output = kind.with_resolved_defaults().shape(*shapes)
    except LayerError as error:
        return [f"{error.code} {error.message} [{error.help}]"]
    weights = (f"{one.name} {dims(one.shape)}" for one in kind.weights(*shapes))
    rules = (kind.macs, kind.elementwise_ops, kind.acts, kind.input_macs, kind.backward_ops)
    costs = (rule(output, *shapes) for rule in (*rules, kind.trained_ops))
    said = [
        dims(output),
        _gives(kind, *shapes),
        f"has {' '.join(weights)}",
        f"costs {' '.join(map(str, costs))}",
        f"keeps {[*filter(None, kind.saved_tensors(output, *shapes))]}",
        *(f"sees {_seen(each)}" for each in kind.receptive_field(output, *shapes)),
        *kind.size_formulas(output, *shapes),
        *(f"warns {warning.code} {warning.message}" for warning in kind.warnings(output, *shapes)),
    ]
    if kind.values.get("init") == Word("auto"):
        kind = kind.replace(init=Word("he_normal"))
    reads = tuple(f"x{at}" for at in range(len(shapes)))
    return said + list(kind.source("it", output, *shapes, reads=reads))


def test_names_elsewhere(golden: Callable[[Path, str], None]) -> None:
    """How layers of Keras, PyTorch and papers are written, as messages say it."""
    names = [
        "Conv2D",
        "conv2d_1",
        "BatchNormalization",
        "UpSampling2D",
        "GLU",
        "Softmax",
        "nothing",
    ]
    names += [name for kind in ALL_KINDS for name in kind.names_elsewhere] + [*COMPOSED]
    golden(
        GOLDEN / "elsewhere.txt",
        "".join(f"{name}: {written_here(name, ALL_KINDS)}\n" for name in names),
    )


def test_refusals(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "refusals.txt", messages(REFUSED))
