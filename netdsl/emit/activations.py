"""Activations as arguments of the layers before them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from netdsl.emit.calls import Arguments, KerasCall, KerasCalls, KernelTie
from netdsl.emit.weight_order import weight_order
from netdsl.graph import consumers_of

# The order of Keras's own signatures, in which people read them.
_BEFORE_ACTIVATION = (
    "strides",
    "padding",
    "dilation_rate",
    "groups",
    "depth_multiplier",
    "output_padding",
    "bias_axes",
)


def with_activations(calls: KerasCalls) -> KerasCalls:
    """Move activations into the layers before them, where the weights then keep their order.

    For all layers, or for as many kinds of layers as possible.
    """
    order = weight_order(calls)
    everything = _moved(calls)
    # An activation of its own makes ways longer, by which Keras orders its weights: a saved file of
    # weights must fit the written program as it fits the built model.
    if weight_order(everything) == order:
        return everything
    chosen: tuple[str, ...] = ()
    # By kinds of layers, one after the other: one odd layer keeps only its own kind as it is.
    for made in dict.fromkeys(call.made for call in calls.calls):
        if weight_order(_moved(calls, (*chosen, made))) == order:
            chosen = (*chosen, made)
    return _moved(calls, chosen)


def _moved(calls: KerasCalls, of: Collection[str] | None = None) -> KerasCalls:
    """Return the calls with activations as arguments.

    Of a shared layer only where all its uses have the same one.

    `of` says which layers, such as `layers.Dense`; None means all.
    """
    consumers = consumers_of(calls.calls)
    outputs, tied = {*calls.outputs}, calls.tied
    new = list(calls.calls)
    gone: dict[int, int] = {}
    for layer, places in calls.uses.items():
        first = calls.calls[layer]
        if not first.takes_activation or (of is not None and first.made not in of) or layer in tied:
            continue
        # What others read before the activation cannot have it built in.
        after = [_only(consumers[at]) if at not in outputs else None for at in places]
        followers = [at for at in after if at is not None]
        activations = {_activation(calls.calls[at]) for at in followers}
        # A shared layer has one argument for all of its uses.
        if len(followers) < len(places) or len(activations) != 1 or None in activations:
            continue
        for place, follower in zip(places, followers, strict=True):
            (activation,) = activations
            arguments = _with_activation(new[place].arguments, str(activation))
            new[place] = new[place]._replace(arguments=arguments)
            gone[follower] = place
    return _without(calls._replace(calls=tuple(new)), gone)


def _only(places: Sequence[int]) -> int | None:
    return places[0] if len(places) == 1 else None


def _activation(call: KerasCall) -> str | None:
    """Return the activation that a call is, where it has a name; else None."""
    if call.made != "layers.Activation" or len(call.arguments) != 1:
        return None
    ((_, name),) = call.arguments
    return name if isinstance(name, str) else None


def _with_activation(arguments: Arguments, activation: str) -> Arguments:
    """Return the arguments with an activation, where people look for it.

    After size, stride and padding.
    """
    # Keras's default for every layer.
    if activation == "linear":
        return arguments
    first = next(
        (at for at, (name, _) in enumerate(arguments) if name and name not in _BEFORE_ACTIVATION),
        len(arguments),
    )
    return (*arguments[:first], ("activation", activation), *arguments[first:])


def _without(calls: KerasCalls, gone: Mapping[int, int]) -> KerasCalls:
    """Return the calls without some, each of which is replaced by another one."""
    kept = [place for place in range(len(calls.calls)) if place not in gone]
    number = {place: at for at, place in enumerate(kept)}
    at = {place: number[gone.get(place, place)] for place in range(len(calls.calls))}
    return KerasCalls(
        tuple(
            call._replace(inputs=tuple(at[source] for source in call.inputs), layer=at[call.layer])
            for call in (calls.calls[place] for place in kept)
        ),
        tuple(at[place] for place in calls.inputs),
        tuple(at[place] for place in calls.outputs),
        {op: at[place] for op, place in calls.ends.items()},
        tuple(
            KernelTie(at[tie.forward], tuple(at[other] for other in tie.backward))
            for tie in calls.ties
        ),
    )
