"""What only the whole network can resolve: which default activations are left out, and how kernels
begin.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from netdsl.errors import Diagnostic, Note, Span, used_here
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
    """
    consumers = consumers_of(ops)
    beyond = list(consumers)
    for end in activations.sum_ends:
        beyond[end] = []  # for the rule, an output ends there

    def shape_only(at: int) -> bool:
        kind = ops[at].kind
        return kind is not None and kind.shape_only

    left_out: set[int] = set()
    at_the_end: list[int] = []
    warnings: list[Diagnostic] = []
    for index, default in activations.of.items():
        found, places = reached(index, beyond, shape_only)
        ends = [at for at in places if not beyond[at]]
        verdicts = [makes_needless(_kind_of(ops[at])) for at in found]
        if all(verdicts):
            left_out.add(index)
            if default.stated is not None and not activations.sum_ends.issuperset(ends):
                at_the_end.append(index)
        elif ends or any(verdicts):
            warnings.append(_kept_for_some(default, ops[index], layers))
    warned: set[int] = set()
    for span, acts in activations.repeats:
        if acts[-1] in left_out and not left_out.issuperset(acts):
            warned.add(acts[-1])
            after = [ops[consumer].kind for consumer in consumers[acts[-1]]]
            text = activations.of[acts[-1]].text
            warnings.append(_lost_by_last_pass(span, ops[acts[-1]], text, after, layers))
    warnings += [
        _left_out_at_end(activations.of[index], ops[index], layers)
        for index in at_the_end
        if index not in warned
    ]
    owners = {activations.of[index].owner for index in left_out}
    return _without(ops, layers, left_out, owners)._replace(warnings=warnings)


def _kind_of(op: Op) -> type[Kind] | None:
    return None if op.kind is None else type(op.kind)


# --- doubtful cases -------------------------------------------------------------------------------


def _either(text: str, act: str) -> str:
    """Return a layer with the activation, and without it."""
    inside = f"{text[:-1]}, {act})" if text.endswith(")") else f"{text}({act})"
    return f"{inside} or {inside[: -len(act) - 1]}act=none)"


def _kept_for_some(default: DefaultActivation, op: Op, layers: list[Layer]) -> Diagnostic:
    """Return an activation that some of its consumers make needless, and others not."""
    assert op.kind is not None
    act = op.kind.word
    message = f"the default activation {act} of `{default.text}` stays: its output goes to a sum, norm, activation or the end, but also to another layer"
    help = f"say which you mean: {_either(default.text, act)}"
    return Diagnostic(
        "W702", message, default.span, help=help, notes=used_here(layers[op.layer].uses)
    )


def _left_out_at_end(default: DefaultActivation, op: Op, layers: list[Layer]) -> Diagnostic:
    """Return an activation that a `default` states, left out where a network ends.

    A reader of the statement may count on it.
    """
    assert op.kind is not None
    assert default.stated is not None
    act = op.kind.as_value()
    message = f"the default activation {act} of `{default.text}` is dropped: its output is the network's end"
    help = f"say which you mean: {_either(default.text, act)}"
    notes = (Note("the default", default.stated), *used_here(layers[op.layer].uses))
    return Diagnostic("W706", message, default.span, help=help, notes=notes)


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

    He normal where the next activation is ReLU-like (He et al. 2015), else Glorot uniform.
    """
    consumers = consumers_of(ops)
    resolved = []
    done: dict[tuple[int, bool], Kind] = {}  # by identity: deep networks share their kinds
    for index, op in enumerate(ops):
        kind = op.kind
        if kind is not None and kind.values.get("init") == _AUTO:
            relu = meets_relu(index, lambda at: ops[at].kind, consumers)
            if (id(kind), relu) not in done:
                init = Word("he_normal" if relu else "glorot_uniform")
                done[id(kind), relu] = kind.replace(init=init)
            own = done[id(kind), relu]
            op = Op(own, op.inputs, op.shape, op.layer, op.name, op.shares, op.tied)
        resolved.append(op)
    return resolved


def meets_relu(
    index: int, kind_at: Callable[[int], Kind | None], consumers: Sequence[Sequence[int]]
) -> bool:
    """Return whether the first activation after an operation, through norms, sums and operations
    that only move numbers, is ReLU-like: then its kernel begins He normal.

    Args:
        index: the operation.
        kind_at: the kinds of all operations.
        consumers: by operation, those that read its output.
    """
    waiting, seen = list(consumers[index]), set()
    while waiting:
        at = waiting.pop(0)
        kind = kind_at(at)
        if kind is None:
            continue
        if kind.group == "activation":
            return kind.relu_like
        if at not in seen and (kind.sums_inputs or kind.shape_only or kind.as_part):
            seen.add(at)
            waiting += consumers[at]
    return False
