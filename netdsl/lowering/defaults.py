"""What only the whole network can resolve: which default activations are left out, and how kernels
begin.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

from netdsl.errors import Diagnostic, Span, cause, used_here
from netdsl.graph import Layer, Op, consumers_of
from netdsl.kinds import Kind, Word
from netdsl.kinds.values import Shape

_AUTO = Word("auto")


def makes_needless(consumer: type[Kind] | None) -> bool:
    """Return whether a consumer makes a default activation before it needless.

    An activation, a norm or a sum. So does the network's end (None).
    """
    return consumer is None or consumer.sums_inputs or consumer.as_part


END, NEEDLESS, NEEDED = 1, 2, 4
"""Where an output goes: the network's end, a consumer that makes a default activation before it
needless, one that does not. A `Destination` is a sum of such flags.
"""

Destination: TypeAlias = int


def destinations(
    consumers: Sequence[Sequence[int]],
    ends: Mapping[int, Destination],
    of_consumer: Callable[[int], Destination | None],
) -> list[Destination]:
    """Return where the output of each operation goes, through those that only move or drop numbers.

    Each operation is looked at once, from the last on: a chain may hang on thousands of branches.

    Args:
        consumers: by operation, those that read its output.
        ends: flags of operations whose output goes somewhere in addition to its consumers.
        of_consumer: the flags of an operation as a consumer; None where it only moves or drops
            numbers, so that its own consumers count.
    """
    found: list[Destination] = [0] * len(consumers)
    # Consumers come later in the order, so from the end on theirs are already known.
    for at in range(len(consumers) - 1, -1, -1):
        goes = ends.get(at, 0)
        for consumer in consumers[at]:
            flags = of_consumer(consumer)
            goes |= found[consumer] if flags is None else flags
        found[at] = goes
    return found


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
        consumers: by operation, those that read its output.
        place: where each earlier operation's output is now.
        warnings: of doubtful cases.
    """

    ops: tuple[Op, ...]
    layers: tuple[Layer, ...]
    consumers: list[list[int]]
    place: dict[int, int]
    warnings: list[Diagnostic]


def resolve_defaults(
    ops: list[Op],
    layers: list[Layer],
    activations: DefaultActivations,
    passages: set[int],
    axes_of: Mapping[int, Shape],
) -> Resolved:
    """Return the network without the default activations that are left out, with initial kernels,
    and with the layers within `each` on every element.

    A default activation is left out where everything that reads the layer's output, through
    operations that only move or drop numbers, is an activation, a norm, a sum or the network's end.
    The uses of a shared layer have one activation: it is left out where that holds for all of them.

    Args:
        ops: the operations of the text.
        layers: their rows.
        activations: those that may be left out.
        passages: operations that only lead into an `each` or out of it, which none is after this.
        axes_of: by operation within `each`, the axes of the elements in front of its shape.
    """
    consumers = consumers_of(ops)
    beyond = list(consumers)
    for end in activations.sum_ends:
        beyond[end] = []  # for the rule, an output ends there
    goes = destinations(beyond, _ends(beyond), partial(_flags, ops))
    left_out: set[int] = set()
    warnings: list[Diagnostic] = []
    # All uses of a shared layer stand or fall together: it is one function.
    for uses in _uses_of_layers(ops, activations):
        if not any(goes[index] & NEEDED for index in uses):
            left_out.update(uses)
            continue
        warnings += (
            _kept_for_some(activations.of[index], why, ops[index], layers)
            for index in uses
            if (why := _why_doubtful(goes[index], len(uses))) is not None
        )
    warned: set[int] = set()
    for span, acts in activations.repeats:
        # `add[ conv3-8 x3 | id ]`: the first two passes feed a convolution and keep theirs.
        if acts[-1] in left_out and not left_out.issuperset(acts):
            warned.add(acts[-1])
            after = [ops[consumer].kind for consumer in consumers[acts[-1]]]
            text = activations.of[acts[-1]].text
            warnings.append(_lost_by_last_pass(span, ops[acts[-1]], text, after, layers))
    # A built-in default that is dropped surprises nobody; one that the file states may.
    stated = [at for at in sorted(left_out - warned) if activations.of[at].stated is not None]
    if stated:
        # Computed only where a `default` stated one: most networks never need it.
        missed = _missed(ops, consumers, beyond, activations.sum_ends)
        warnings += (
            _left_out(activations.of[index], why, ops[index], layers)
            for index in stated
            if (why := _why_missed(missed[index])) is not None
        )
    owners = {activations.of[index].owner for index in left_out}
    kept, rows, place = _without(ops, layers, left_out | passages, owners, axes_of)
    consumers = consumers if kept is ops else consumers_of(kept)
    return Resolved(_with_initial_kernels(kept, consumers), tuple(rows), consumers, place, warnings)


def _uses_of_layers(ops: list[Op], activations: DefaultActivations) -> Iterable[list[int]]:
    """Return the default activations of each layer: one, or those of all uses of a shared one."""
    found: dict[int, list[int]] = {}
    for index, default in activations.of.items():
        owner = ops[default.owner].shares
        found.setdefault(default.owner if owner is None else owner, []).append(index)
    return found.values()


def _ends(beyond: Sequence[Sequence[int]]) -> dict[int, Destination]:
    return {at: END for at, consumers in enumerate(beyond) if not consumers}


def _flags(ops: list[Op], at: int) -> Destination | None:
    kind = ops[at].kind
    if kind is not None and kind.shape_only:
        return None
    if kind is not None and kind.reach == "nothing":
        return 0  # `const(2)` takes a shape alone
    # What has no kind, an input or a guess, reads nothing: it is never a consumer.
    return NEEDLESS if makes_needless(None if kind is None else type(kind)) else NEEDED


def _why_doubtful(goes: Destination, uses: int) -> str | None:
    """Say why a reader may expect that an activation that stays is left out; None where not."""
    # This use alone would drop its activation; another use of the same `let` needs it.
    if not goes & NEEDED:
        return (
            f"its {uses} uses have one activation, and not all of them are before a sum,"
            " norm, activation or the end"
        )
    if goes & (END | NEEDLESS):
        other = "a sum, norm or activation" if goes & NEEDLESS else "the network's end"
        return (
            f"its output goes to {other}, which alone would drop it, and also to another layer, "
            "which needs it"
        )
    return None


def _why_missed(reasons: Destination) -> str | None:
    """Say why a reader may count on an activation that is left out; None where not."""
    return next((why for reason, why in _WHY_MISSED.items() if reasons & reason), None)


_OPEN_END, _OPEN_SUM, _OPEN_NORM = 1, 2, 4
_WHY_MISSED = {
    _OPEN_END: "its output is the network's end",
    _OPEN_SUM: "its output goes into a sum that no activation follows",
    _OPEN_NORM: "its output goes into a norm that no activation follows",
}
"""Flags of a destination where a reader may count on an activation: an end, a sum, a norm that no
activation follows.
"""


def _missed(
    ops: list[Op],
    consumers: Sequence[Sequence[int]],
    beyond: Sequence[Sequence[int]],
    sum_ends: set[int],
) -> list[Destination]:
    """Return for each operation the reasons of `_WHY_MISSED` that hold of its output."""
    followed = _followed_by_activation(ops, consumers)

    def of_consumer(at: int) -> Destination | None:
        kind = ops[at].kind
        if kind is None or kind.shape_only:
            return None
        if kind.group == "activation" or kind.reach == "nothing" or followed[at]:
            return 0
        return _OPEN_SUM if kind.sums_inputs else _OPEN_NORM

    ends = {
        at: _OPEN_END if at not in sum_ends else 0 if followed[at] else _OPEN_SUM
        for at in _ends(beyond)
    }
    return destinations(beyond, ends, of_consumer)


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


def _left_out(default: DefaultActivation, why: str, op: Op, layers: list[Layer]) -> Diagnostic:
    """Return an activation that a `default` states, left out where a reader may count on it."""
    assert op.kind is not None
    act = op.kind.as_value()
    message = f"the default activation {act} of `{default.text}` is dropped: {why}"
    return _about_default("W706", message, default, act, layers[op.layer])


def _about_default(
    code: str, message: str, default: DefaultActivation, act: str, layer: Layer
) -> Diagnostic:
    written = default.span.text
    # `conv3-{2*c}` is shown as it is written: the number of one use would mislead in a block.
    same = "{" in written and written.startswith(default.text.partition("-")[0] + "-")
    help = f"say which you mean: {_either(written if same else default.text, act)}"
    stated = (cause(default.stated),) if default.stated else ()
    notes = (*stated, *used_here(layer.uses))
    return Diagnostic(code, message, default.span, help=help, notes=notes)


def _lost_by_last_pass(
    span: Span, op: Op, text: str, after: list[Kind | None], layers: list[Layer]
) -> Diagnostic:
    """Return a repeat whose last pass alone loses its activation."""
    assert op.kind is not None
    act, repeat = op.kind.word, span.text.rsplit(None, 1)[-1]
    # The help shows what follows, but not twice where that is the activation itself.
    words = [kind.word for kind in after if kind is not None]
    joined = " > ".join([text, *(word for word in words[:1] if word != act), act])
    message = f"only the last iteration of `{span.text}` loses its activation, {act}"
    help = f"if you mean each iteration, write ({joined}) {repeat}"
    return Diagnostic("W704", message, span, help=help, notes=used_here(layers[op.layer].uses))


# --- the network without them ---------------------------------------------------------------------


def _without(
    ops: list[Op],
    layers: list[Layer],
    left_out: set[int],
    owners: set[int],
    axes_of: Mapping[int, Shape],
) -> tuple[list[Op], list[Layer], dict[int, int]]:
    """Return the operations and layers without those that are left out, and where each is now.

    `owners` are those that they belong to, which are linear now; the layers of `axes_of` work on
    every element.
    """
    if not left_out and not axes_of:
        return ops, layers, {index: index for index in range(len(ops))}
    place: dict[int, int] = {}
    kept: list[Op] = []
    linear: dict[int, Kind] = {}  # by identity: deep networks share their kinds
    lifted: dict[tuple[int, Shape], Kind] = {}
    for index, op in enumerate(ops):
        if index in left_out:
            # What reads the activation that is left out reads the layer before it now.
            place[index] = place[op.inputs[0]]
            continue
        kind = op.kind
        if kind is not None and index in owners:
            if id(kind) not in linear:
                linear[id(kind)] = kind.replace(act=None)
            kind = linear[id(kind)]
        place[index] = len(kept)
        # Numbers of operations within options move as well: `spread(@a)`.
        if kind is not None and kind.point_options:
            kind = _moved(kind, place)
        shape = op.shape
        if kind is not None and index in axes_of:
            kind, shape = _on_elements(kind, axes_of[index], lifted), (*axes_of[index], *shape)
        inputs = tuple(place[source] for source in op.inputs)
        shares = None if op.shares is None else place[op.shares]
        tied = None if op.tied is None else place[op.tied]
        kept.append(Op(kind, inputs, shape, op.layer, op.name, shares, tied))
    rows = [
        # An activation that is gone has the place of its layer: `dict.fromkeys` counts both once.
        Layer(tuple(dict.fromkeys([place[index] for index in layer.ops])), *layer[1:])
        for layer in layers
    ]
    return kept, rows, place


def _on_elements(kind: Kind, axes: Shape, lifted: dict[tuple[int, Shape], Kind]) -> Kind:
    """Return the layer on every element along the axes; of the same layer the same."""
    from netdsl.kinds.each import on_each  # late: start-up is short

    key = id(kind), axes
    if key not in lifted:
        lifted[key] = on_each(kind, axes)
    return lifted[key]


def _moved(kind: Kind, place: dict[int, int]) -> Kind:
    """Return the layer with the points that its options name where they are now."""
    moved = {
        name: ref._replace(op=place[ref.op], inputs=tuple((place[at], x) for at, x in ref.inputs))
        for name, ref in kind.references().items()
    }
    return kind.replace(**moved)


def _with_initial_kernels(ops: list[Op], consumers: list[list[int]]) -> tuple[Op, ...]:
    """Resolve `init=auto`.

    He normal where the next activation is ReLU-like (He et al. 2015), else Glorot uniform. All uses
    of a shared layer begin as its first one does.
    """
    relus = before_relu([op.kind for op in ops], consumers)
    resolved: list[Op] = []
    done: dict[tuple[int, Word], Kind] = {}  # by identity: deep networks share their kinds
    for index, op in enumerate(ops):
        kind = op.kind
        if kind is not None and kind.values.get("init") == _AUTO:
            # Owners come first, so theirs is resolved already.
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
    return tuple(resolved)


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
    # Consumers come later in the order: backward, each is looked at once.
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
