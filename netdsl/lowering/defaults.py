"""What only the whole network can settle: which default activations are left out, and how
kernels begin.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from netdsl.errors import Diagnostic, Note, Span
from netdsl.graph import Layer, Op, consumers_of
from netdsl.kinds import Kind, Word
from netdsl.kinds.act import Activation
from netdsl.kinds.initial import Trained
from netdsl.kinds.norm import Norm

_AUTO = Word("auto")
_END, _SUM = (
    -1,
    -2,
)  # what takes an output that no operation takes: the network's end, or the end of a `res` that adds nothing


class Default(NamedTuple):
    """A default activation: the layer's own operation, where the layer stands, and the place in
    a `default` that states it, if any.
    """

    owner: int
    span: Span
    text: str
    stated: Span | None = None


class Settled(NamedTuple):
    """The operations and layers that stay, where each earlier operation's output is now, and
    warnings about doubtful cases.
    """

    ops: tuple[Op, ...]
    layers: tuple[Layer, ...]
    place: dict[int, int]
    warnings: list[Diagnostic]


def settle(
    ops: list[Op],
    layers: list[Layer],
    defaults: dict[int, Default],
    sum_ends: set[int],
    repeats: Iterable[tuple[Span, list[int]]],
) -> Settled:
    """The network without the default activations that are left out.

    A default activation is left out where everything that takes the layer's output, through steps
    that only move or drop numbers, is an activation, a norm, a sum or the network's end.
    """
    takers = consumers_of(ops)
    left_out: set[int] = set()
    warnings: list[Diagnostic] = []
    at_the_end: list[int] = []
    for index, default in defaults.items():
        real = _real_takers(index, ops, takers, sum_ends)
        verdicts = [_makes_needless(taker, ops) for taker in real]
        if all(verdicts):
            left_out.add(index)
            if default.stated is not None and _END in real:
                at_the_end.append(index)
        elif any(verdicts):
            act = ops[index].kind
            assert act is not None
            reason = (
                "its output goes to a sum, norm, activation or the end, and to another layer too"
            )
            message = f"the default activation {act.word} of `{default.text}` stays: {reason}"
            mend = f"say which you mean: {_say(default.text, act.word)}"
            warnings.append(
                Diagnostic(
                    "W702",
                    message,
                    default.span,
                    help=mend,
                    notes=used_here(layers[ops[index].layer]),
                )
            )
    told: set[int] = set()
    for span, acts in repeats:
        if acts[-1] in left_out and not left_out.issuperset(acts):
            told.add(acts[-1])
            warning = _repeat_warning(span, acts[-1], ops, defaults, takers)
            warnings.append(warning._replace(notes=used_here(layers[ops[acts[-1]].layer])))
    warnings += [
        _end_warning(defaults[index], ops[index], layers)
        for index in at_the_end
        if index not in told
    ]
    return _without(ops, layers, left_out, defaults, warnings)


def used_here(layer: Layer) -> tuple[Note, ...]:
    """Where the blocks are used that led to a layer, innermost first."""
    return tuple(Note("used here", use) for use in reversed(layer.uses))


def _say(text: str, act: str) -> str:
    inside = f"{text[:-1]}, {act})" if text.endswith(")") else f"{text}({act})"
    return f"{inside} or {inside[: -len(act) - 1]}act=none)"


def _real_takers(
    index: int, ops: list[Op], takers: list[list[int]], sum_ends: set[int]
) -> set[int]:
    """The operations that take an output, through those that only move numbers, or `_END`,
    `_SUM`.
    """
    found: set[int] = set()
    waiting, seen = [index], {index}
    while waiting:
        at = waiting.pop()
        if at in sum_ends or not takers[at]:
            found.add(_SUM if at in sum_ends else _END)
            continue
        for taker in takers[at]:
            kind = ops[taker].kind
            if kind is not None and kind.shape_only:
                if taker not in seen:
                    seen.add(taker)
                    waiting.append(taker)
            else:
                found.add(taker)
    return found


def _makes_needless(taker: int, ops: list[Op]) -> bool:
    """Whether a taker makes a default activation before it needless."""
    kind = ops[taker].kind if taker >= 0 else None
    return kind is None or kind.sums_inputs or isinstance(kind, Activation | Norm)


def _end_warning(default: Default, op: Op, layers: list[Layer]) -> Diagnostic:
    """An activation that a `default` states, left out where a network ends: a reader of the
    statement may count on it.
    """
    assert op.kind is not None
    assert default.stated is not None
    act = op.kind.as_value()
    message = f"the default activation {act} of `{default.text}` is left out: its output is the network's end"
    notes = (Note("the default", default.stated), *used_here(layers[op.layer]))
    return Diagnostic(
        "W706",
        message,
        default.span,
        help=f"say which you mean: {_say(default.text, act)}",
        notes=notes,
    )


def _repeat_warning(
    span: Span, last: int, ops: list[Op], defaults: dict[int, Default], takers: list[list[int]]
) -> Diagnostic:
    act = ops[last].kind
    assert act is not None
    text, repeat = defaults[last].text, span.text.rsplit(None, 1)[-1]
    behind = [kind.word for taker in takers[last] if (kind := ops[taker].kind) is not None]
    joined = " > ".join([text, *(word for word in behind[:1] if word != act.word), act.word])
    message = f"only the last pass of `{span.text}` loses its activation, {act.word}"
    return Diagnostic(
        "W704", message, span, help=f"if each pass is meant, write ({joined}) {repeat}"
    )


def _without(
    ops: list[Op],
    layers: list[Layer],
    left_out: set[int],
    defaults: dict[int, Default],
    warnings: list[Diagnostic],
) -> Settled:
    """The network with the left-out activations taken away, owners told of it, and initial
    kernels settled.
    """
    place: dict[int, int] = {}
    kept: list[Op] = []
    owners = {defaults[index].owner for index in left_out}
    linear: dict[
        int, Kind
    ] = {}  # kinds without their activation, by identity: deep networks share them
    for index, op in enumerate(ops):
        if index in left_out:
            place[index] = place[op.inputs[0]]
            continue
        kind = op.kind
        if index in owners and kind is not None:
            kind = linear.setdefault(id(kind), kind.replace(act=None))
        place[index] = len(kept)
        if left_out and kind is not None and kind.point_options:
            kind = _pointed_anew(kind, place)
        if left_out:
            shares, tied = (
                None if other is None else place[other] for other in (op.shares, op.tied)
            )
            op = Op(
                kind,
                tuple(place[source] for source in op.inputs),
                op.shape,
                op.layer,
                op.name,
                shares,
                tied,
            )
        kept.append(op)
    rows = tuple(_row(layer, place) for layer in layers) if left_out else tuple(layers)
    return Settled(tuple(_with_initial_kernels(kept)), rows, place, warnings)


def _pointed_anew(kind: Kind, place: dict[int, int]) -> Kind:
    """The layer with the points that its options name where they are now."""
    moved = {
        name: ref._replace(op=place[ref.op], inputs=tuple((place[at], x) for at, x in ref.inputs))
        for name, ref in kind.references().items()
    }
    return kind.replace(**moved) if moved else kind


def _row(layer: Layer, place: dict[int, int]) -> Layer:
    return layer._replace(ops=tuple(dict.fromkeys(place[index] for index in layer.ops)))


def _with_initial_kernels(ops: list[Op]) -> list[Op]:
    """`init=auto` settled: He normal where the next activation is ReLU-like (He et al. 2015), else
    Glorot uniform.
    """
    takers = consumers_of(ops)
    settled = []
    done: dict[tuple[int, bool], Kind] = {}  # by identity: deep networks share their kinds
    for index, op in enumerate(ops):
        kind = op.kind
        if isinstance(kind, Trained) and kind.init == _AUTO:
            relu = _meets_relu(index, ops, takers)
            if (id(kind), relu) not in done:
                done[id(kind), relu] = kind.replace(
                    init=Word("he_normal" if relu else "glorot_uniform")
                )
            op = Op(
                done[id(kind), relu], op.inputs, op.shape, op.layer, op.name, op.shares, op.tied
            )
        settled.append(op)
    return settled


def _meets_relu(index: int, ops: list[Op], takers: list[list[int]]) -> bool:
    """Whether the first activation behind an operation, through norms, sums and moves, is
    ReLU-like.
    """
    waiting, seen = list(takers[index]), set()
    while waiting:
        at = waiting.pop(0)
        kind = ops[at].kind
        if isinstance(kind, Activation):
            return kind.relu_like
        if (
            at not in seen
            and kind is not None
            and (kind.sums_inputs or kind.shape_only or isinstance(kind, Norm))
        ):
            seen.add(at)
            waiting += takers[at]
    return False
