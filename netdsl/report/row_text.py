"""What a row calls its layer: the text that gives the same layer where it is written alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netdsl.graph import Graph, Layer
from netdsl.kinds import KINDS, UNITS, layer_kind, make
from netdsl.kinds.arguments import match
from netdsl.kinds.signature import Signature
from netdsl.kinds.values import Argument, Defaults, LayerSpec, Word
from netdsl.lowering.layers import compact


def layer_label(graph: Graph, layer: Layer) -> str:
    """Return what a layer is called in a table; a further use says whose weights it has.

    What `default` statements add is in its brackets, `conv5-6(pad=0)`; a stride of 1 is left out
    where it is the kind's own.
    """
    owners = (graph.ops[at].shares for at in layer.ops)
    owner = next((at for at in owners if at is not None), None)
    text = _text(graph, layer)
    return text if owner is None else f"{text} with {graph.layers[graph.ops[owner].layer].name}"


def _text(graph: Graph, layer: Layer) -> str:
    spec, kind = layer.spec, graph.ops[layer.ops[0]].kind
    if spec is None or kind is None:
        return layer.text
    if spec.stride and set(spec.stride) == {1}:
        plain = spec._replace(stride=None)
        # A pool's stride is its size where none is written: there /1 says something.
        spec = plain if make(plain).stride is None else spec
    linear = kind.element.values.get("act") is None
    around = len(kind.each_axes)
    return f"{'each(' * around}{compact(with_defaults(spec, linear))}{')' * around}"


def with_defaults(spec: LayerSpec, linear: bool = False) -> LayerSpec:
    """Return a layer with all that `default` statements add to it among its arguments.

    Args:
        spec: the layer as written.
        linear: whether its default activation is left out where it is written.
    """
    if not spec.defaults:
        return spec
    kind = layer_kind(spec.word) if spec.arguments else KINDS[spec.word]
    signature, own = kind.signature, spec.arguments
    if kind.group == "activation" and spec.amount is not None:  # `softmax-10` is `fc-10(softmax)`
        signature = KINDS[UNITS].signature
        own = tuple(each for each in own if each.name in signature.options)
        own = (Argument("act", Word(spec.word)), *own)
    added = _added(signature, own, spec.defaults, linear)
    arguments = tuple(_nested(each, spec.defaults) for each in (*spec.arguments, *added))
    return spec._replace(arguments=arguments)


def _added(
    signature: Signature, own: tuple[Argument, ...], defaults: Defaults, linear: bool
) -> Iterator[Argument]:
    """Yield what the defaults of a layer's kind add to its own arguments."""
    added: dict[str, Argument] = {}
    for arguments in defaults.get(signature.word, ()):
        added |= _by_option(signature, arguments)
    said = _by_option(signature, own) if added else added
    for name, argument in added.items():
        # A default activation that was dropped is not part of the layer.
        if name not in said and not (name == "act" and linear and not _is_none(argument.value)):
            yield argument


def _is_none(value: Any) -> bool:
    """Return whether an activation is `none`, or `linear`."""
    return value.text == "none" or (value.text in KINDS and KINDS[value.text].means_none)


def _by_option(signature: Signature, arguments: tuple[Argument, ...]) -> dict[str, Argument]:
    """Return arguments by the options that they set, each with its option's name where it needs
    one.
    """
    positions, found = iter(signature.positional), {}
    for argument in arguments:
        option, _ = match(signature, argument, positions)
        bare = isinstance(argument.value, Word)
        found[option.name] = argument if bare else argument._replace(name=option.name)
    return found


def _nested(argument: Argument, defaults: Defaults) -> Argument:
    """Return an argument, a norm or an activation with what the defaults of its kind add."""
    word = argument.value
    if not isinstance(word, Word) or word.text not in defaults:
        return argument
    spec = LayerSpec(word.text, arguments=word.arguments, defaults=defaults)
    return argument._replace(value=Word(word.text, with_defaults(spec).arguments))
