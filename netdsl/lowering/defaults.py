"""What only the whole network can resolve: which default activations are left out, and how kernels
begin.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from netdsl.errors import Diagnostic, Span, cause, used_here
from netdsl.graph import Layer, Op, consumers_of
from netdsl.kinds import Kind, Word

_AUTO = Word("auto")


def makes_needless(consumer: type[Kind] | None) -> bool:
    """Return whether a consumer makes a default activation before it needless.

    An activation, a norm or a sum. So does the network's end (None).
    """
    return consumer is None or consumer.sums_inputs or consumer.as_part


class Reached(NamedTuple):
    """Where an output goes.

    Attributes:
        consumers: the operations that compute with it.
        places: those whose output it is: where it comes from, and those that only move or drop
            numbers on the way.
    """

    consumers: set[int]
    places: set[int]


def reached(
    at: int, consumers: Sequence[Sequence[int]], shape_only: Callable[[int], bool]
) -> Reached:
    """Return where an output goes, through operations that only move or drop numbers.

    Args:
        at: the operation whose output it is.
        consumers: by operation, those that read its output.
        shape_only: whether an operation only moves or drops numbers.
    """
    found: set[int] = set()
    waiting, places = [at], {at}
    while waiting:
        for consumer in consumers[waiting.pop()]:
            if not shape_only(consumer):
                found.add(consumer)
            elif consumer not in places:
                places.add(consumer)
                waiting.append(consumer)
    return Reached(found, places)


class DefaultActivation(NamedTuple):
    """A default activation.

    Attributes:
        owner: the operation of the layer that it belongs to.
        span: where the layer is written.
        text: how.
        stated: where a `default` statement states it, if one does.
    """

    owner: int
    span: Span
    text: str
    stated: Span | None


class DefaultActivations:
    """The default activations of a network in the making.

    Attributes:
        of: by their operation.
        sum_ends: operations whose output counts as the end of a sum: `res` that adds nothing.
        repeats: where a layer is repeated, the activations of its passes.
    """

    def __init__(self) -> None:
        self.of: dict[int, DefaultActivation] = {}
        self.sum_ends: set[int] = set()
        self.repeats: list[tuple[Span, list[int]]] = []

    def add(self, at: int, owner: int, span: Span, text: str, stated: Span | None) -> None:
        """Add operation `at`."""
        self.of[at] = DefaultActivation(owner, span, text, stated)


class Resolved(NamedTuple):
    """A network with its defaults resolved.

    Attributes:
        ops: the operations that stay.
        layers: their rows.
        place: where each earlier operation's output is now.
        warnings: of doubtful cases.
    """

    ops: tuple[Op, ...]
    layers: tuple[Layer, ...]
    place: dict[int, int]
    warnings: list[Diagnostic]


def resolve_defaults(
    ops: list[Op], layers: list[Layer], activations: DefaultActivations
) -> Resolved:
    """Return the network without the default activations that are left out, and with initial
    kernels.

    A default activation is left out where everything that reads the layer's output, through
    operations that only move or drop numbers, is an activation, a norm, a sum or the network's end.
    The uses of a shared layer have one activation: it is left out where that holds for all of them.
    """
    consumers = consumers_of(ops)
    beyond = list(consumers)
    for end in activations.sum_ends:
        beyond[end] = []  # for the rule, an output ends there
    verdicts = {at: _verdict(at, ops, beyond, activations.sum_ends) for at in activations.of}
    left_out: set[int] = set()
    warnings: list[Diagnostic] = []
    for uses in _uses_of_layers(ops, activations):
        if all(verdicts[index].needless for index in uses):
            left_out.update(uses)
            continue
        warnings += (
            _kept_for_some(activations.of[index], why, ops[index], layers)
            for index in uses
            if (why := verdicts[index].why_doubtful(len(uses))) is not None
        )
    warned: set[int] = set()
    for span, acts in activations.repeats:
        if acts[-1] in left_out and not left_out.issuperset(acts):
            warned.add(acts[-1])
            after = [ops[consumer].kind for consumer in consumers[acts[-1]]]
            text = activations.of[acts[-1]].text
            warnings.append(_lost_by_last_pass(span, ops[acts[-1]], text, after, layers))
    followed = _followed_by_activation(ops, consumers)
    for index in sorted(left_out - warned):
        default = activations.of[index]
        if default.stated is not None and (why := verdicts[index].why_missed(ops, followed)):
            warnings.append(_left_out(default, default.stated, why, ops[index], layers))
    owners = {activations.of[index].owner for index in left_out}
    return _without(ops, layers, left_out, owners)._replace(warnings=warnings)


def _uses_of_layers(ops: list[Op], activations: DefaultActivations) -> Iterable[list[int]]:
    """Return the default activations of each layer: one, or those of all uses of a shared one."""
    found: dict[int, list[int]] = {}
    for index, default in activations.of.items():
        owner = ops[default.owner].shares
        found.setdefault(default.owner if owner is None else owner, []).append(index)
    return found.values()


class _Verdict(NamedTuple):
    """What reads the output of a layer with a default activation.

    Attributes:
        consumers: all of them.
        needing: those that do not make the activation needless.
        ends: the operations at which it is the network's end, or only a sum's (`sum_ends`).
    """

    consumers: set[int]
    needing: set[int]
    ends: set[int]
    sum_ends: set[int]

    @property
    def needless(self) -> bool:
        """Whether the activation can be left out."""
        return not self.needing

    def why_doubtful(self, uses: int) -> str | None:
        """Why a reader may expect that an activation that stays is left out; None where not."""
        if self.needless:
            return (
                f"its {uses} uses have one activation, and not all of them are before a sum,"
                " norm, activation or the end"
            )
        if self.ends or len(self.needing) < len(self.consumers):
            return (
                "its output goes to a sum, norm, activation or the end, but also to another layer"
            )
        return None

    def why_missed(self, ops: list[Op], followed: list[bool]) -> str:
        """Why a reader may count on an activation that is left out; empty where not."""
        if self.ends - self.sum_ends:
            return "its output is the network's end"
        if not all(followed[at] for at in self.ends):
            return "its output goes into a sum that no activation follows"
        for at in sorted(self.consumers):
            kind = ops[at].kind
            if kind is not None and kind.group != "activation" and not followed[at]:
                what = "a sum" if kind.sums_inputs else "a norm"
                return f"its output goes into {what} that no activation follows"
        return ""


def _verdict(
    index: int, ops: list[Op], beyond: Sequence[Sequence[int]], sum_ends: set[int]
) -> _Verdict:
    def shape_only(at: int) -> bool:
        kind = ops[at].kind
        return kind is not None and kind.shape_only

    found, places = reached(index, beyond, shape_only)
    ends = {at for at in places if not beyond[at]}
    needing = {at for at in found if not makes_needless(_kind_of(ops[at]))}
    return _Verdict(found, needing, ends, sum_ends & ends)


def _followed_by_activation(ops: list[Op], consumers: Sequence[Sequence[int]]) -> list[bool]:
    """Return for each operation whether an activation follows it, through sums, norms and
    operations that only move or drop numbers.
    """
    followed = [False] * len(ops)
    for at in range(len(ops) - 1, -1, -1):
        for consumer in consumers[at]:
            kind = ops[consumer].kind
            if kind is not None and (
                kind.group == "activation"
                or (followed[consumer] and (kind.sums_inputs or kind.shape_only or kind.as_part))
            ):
                followed[at] = True
    return followed


def _kind_of(op: Op) -> type[Kind] | None:
    return None if op.kind is None else type(op.kind)


# --- doubtful cases -------------------------------------------------------------------------------


def _either(text: str, act: str) -> str:
    """Return a layer with the activation, and without it."""
    inside = f"{text[:-1]}, {act})" if text.endswith(")") else f"{text}({act})"
    return f"{inside} or {inside[: -len(act) - 1]}act=none)"


def _kept_for_some(default: DefaultActivation, why: str, op: Op, layers: list[Layer]) -> Diagnostic:
    """Return an activation that stays, where a reader may expect that it is left out."""
    assert op.kind is not None
    act = op.kind.as_value()
    message = f"the default activation {act} of `{default.text}` stays: {why}"
    return _about_default("W702", message, default, act, layers[op.layer])


def _left_out(
    default: DefaultActivation, stated: Span, why: str, op: Op, layers: list[Layer]
) -> Diagnostic:
    """Return an activation that a `default` states, left out where a reader may count on it."""
    assert op.kind is not None
    act = op.kind.as_value()
    message = f"the default activation {act} of `{default.text}` is dropped: {why}"
    return _about_default("W706", message, default, act, layers[op.layer])


def _about_default(
    code: str, message: str, default: DefaultActivation, act: str, layer: Layer
) -> Diagnostic:
    help = f"say which you mean: {_either(default.text, act)}"
    stated = (cause(default.stated),) if default.stated else ()
    notes = (*stated, *used_here(layer.uses))
    return Diagnostic(code, message, default.span, help=help, notes=notes)


def _lost_by_last_pass(
    span: Span, op: Op, text: str, after: list[Kind | None], layers: list[Layer]
) -> Diagnostic:
    """Return a repeat whose last pass alone loses its activation."""
    assert op.kind is not None
    act, repeat = op.kind.word, span.text.rsplit(None, 1)[-1]
    words = [kind.word for kind in after if kind is not None]
    joined = " > ".join([text, *(word for word in words[:1] if word != act), act])
    message = f"only the last iteration of `{span.text}` loses its activation, {act}"
    help = f"if you mean each iteration, write ({joined}) {repeat}"
    return Diagnostic("W704", message, span, help=help, notes=used_here(layers[op.layer].uses))


# --- the network without them ---------------------------------------------------------------------


def _without(ops: list[Op], layers: list[Layer], left_out: set[int], owners: set[int]) -> Resolved:
    """Return the network without the operations that are left out.

    `owners` are those that they belong to, which are linear now.
    """
    if not left_out:
        same = {index: index for index in range(len(ops))}
        return Resolved(tuple(_with_initial_kernels(ops)), tuple(layers), same, [])
    place: dict[int, int] = {}
    kept: list[Op] = []
    linear: dict[int, Kind] = {}  # by identity: deep networks share their kinds
    for index, op in enumerate(ops):
        if index in left_out:
            place[index] = place[op.inputs[0]]
            continue
        kind = op.kind
        if kind is not None and index in owners:
            if id(kind) not in linear:
                linear[id(kind)] = kind.replace(act=None)
            kind = linear[id(kind)]
        place[index] = len(kept)
        if kind is not None and kind.point_options:
            kind = _moved(kind, place)
        inputs = tuple(place[source] for source in op.inputs)
        shares = None if op.shares is None else place[op.shares]
        tied = None if op.tied is None else place[op.tied]
        kept.append(Op(kind, inputs, op.shape, op.layer, op.name, shares, tied))
    rows = tuple(
        layer._replace(ops=tuple(dict.fromkeys(place[index] for index in layer.ops)))
        for layer in layers
    )
    return Resolved(tuple(_with_initial_kernels(kept)), rows, place, [])


def _moved(kind: Kind, place: dict[int, int]) -> Kind:
    """Return the layer with the points that its options name where they are now."""
    moved = {
        name: ref._replace(op=place[ref.op], inputs=tuple((place[at], x) for at, x in ref.inputs))
        for name, ref in kind.references().items()
    }
    return kind.replace(**moved) if moved else kind


def _with_initial_kernels(ops: list[Op]) -> list[Op]:
    """`init=auto` resolved.

    He normal where the next activation is ReLU-like (He et al. 2015), else Glorot uniform. All uses
    of a shared layer begin as its first one does.
    """
    relus = before_relu([op.kind for op in ops], consumers_of(ops))
    resolved: list[Op] = []
    done: dict[tuple[int, Word], Kind] = {}  # by identity: deep networks share their kinds
    for index, op in enumerate(ops):
        kind = op.kind
        if kind is not None and kind.values.get("init") == _AUTO:
            owner = None if op.shares is None else resolved[op.shares].kind
            if owner is None:
                init = Word("he_normal" if relus[index] else "glorot_uniform")
            else:
                init = owner.values["init"]
            if (id(kind), init) not in done:
                done[id(kind), init] = kind.replace(init=init)
            op = Op(
                done[id(kind), init], op.inputs, op.shape, op.layer, op.name, op.shares, op.tied
            )
        resolved.append(op)
    return resolved


def before_relu(kinds: Sequence[Kind | None], consumers: Sequence[Sequence[int]]) -> list[bool]:
    """Return whether the first activation after each operation is ReLU-like.

    It is looked for through norms, sums and operations that only move numbers. Before one that is,
    a kernel begins He normal.

    Args:
        kinds: of the operations, each after those that it reads.
        consumers: by operation, those that read its output.
    """
    # by operation how many steps away its nearest activation is, and whether that is ReLU-like; of
    # two as near the one that is reached by the earlier consumer counts
    nearest: list[tuple[float, bool]] = [(math.inf, False)] * len(kinds)
    for at in range(len(kinds) - 1, -1, -1):
        for consumer in consumers[at]:
            kind = kinds[consumer]
            if kind is None:
                continue
            if kind.group == "activation":
                found = (1.0, kind.relu_like)
            elif kind.sums_inputs or kind.shape_only or kind.as_part:
                found = (nearest[consumer][0] + 1, nearest[consumer][1])
            else:
                continue
            if found[0] < nearest[at][0]:
                nearest[at] = found
    return [relu for _, relu in nearest]
