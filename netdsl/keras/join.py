"""Layers that become options of those before them: norms, activations, penalties."""

from __future__ import annotations

from netdsl.errors import fail
from netdsl.keras.imported_layer import ImportedLayer, ModelLayers
from netdsl.kinds import KINDS, UNITS, Argument, Ref, Word
from netdsl.kinds.form import Flatten
from netdsl.kinds.part import Part

_NONE = Word("none")


def joined(model: ModelLayers) -> ModelLayers:
    """Join what can be an option of the layer before it, and leave out what no output needs.

    Raises:
        NetError: N621 for a penalty after a layer that takes none.
    """
    needed = _needed(model)
    # Only among what is needed: a branch without use must not keep an activation from being joined.
    consumers: dict[int, list[int]] = {}
    for place in needed:
        for source in model.layers[place].inputs:
            consumers.setdefault(source, []).append(place)
    found_at = list(range(len(model.layers)))  # where a layer that is joined to another is found
    found: dict[int, ImportedLayer] = {}
    for place in needed:
        layer = model.layers[place]
        sources = tuple(found_at[source] for source in layer.inputs)
        host = found[sources[0]] if len(sources) == 1 else None
        alone = host is not None and consumers[layer.inputs[0]] == [place]
        unshared = host is not None and host.shared is None and layer.shared is None
        option = None
        # An output must stay readable before its activation: joined, it would be gone.
        if host is not None and alone and unshared and layer.inputs[0] not in model.outputs:
            option = _as_option(host, layer)
        if host is not None and option is not None:
            holders = (*host.holders, *layer.holders)
            found[sources[0]] = host.with_option(option)._replace(
                holders=holders, shape=layer.shape
            )
            # Those that read the activation read the layer that has it now.
            found_at[place] = sources[0]
            continue
        if layer.option is not None:
            message = f"the penalty {layer.option.name} has no layer that accepts it as an option"
            raise fail("N621", message, help="leave it out of the model")
        flat = host is not None and isinstance(host.kind, Flatten)
        if host is not None and flat and layer.kind.flattens_input and layer.shared is None:
            # `fc` flattens by itself; the flatten is dropped below where nothing else reads it.
            sources = host.inputs
        found[place] = layer._replace(inputs=sources)
    return _renumbered(found, found_at, model)


def _needed(model: ModelLayers) -> list[int]:
    """Find the layers that the outputs come from, and the inputs."""
    needed = {*model.outputs, *model.inputs}
    for place in reversed(range(len(model.layers))):
        if place in needed:
            needed.update(model.layers[place].inputs)
    return sorted(needed)


def _as_option(host: ImportedLayer, layer: ImportedLayer) -> Argument | None:
    """Return the option of `host` that a norm, an activation or a penalty after it can be."""
    said, options = host.options, host.kind.options
    if "act_l1" in said:
        return None  # a penalty on activations comes last in a layer: nothing can follow it
    if layer.option is not None:
        return layer.option if layer.option.name in options else None
    if host.kind.each_axes != layer.kind.each_axes:
        return None
    parts = [
        name
        for name, option in options.items()
        if isinstance(option, Part) and option.group == layer.kind.group and layer.kind.as_part
    ]
    # An option is free, and no activation came before: conv > relu > bn is not conv(bn, relu).
    if not parts or any(said.get(name, _NONE) != _NONE for name in (*parts, "act")):
        return None
    if layer.kind.output_meaning == "distribution":  # softmax-10, and never conv1-10(softmax)
        filled = isinstance(host.kind, KINDS[UNITS]) and said.get("norm", _NONE) == _NONE
        if not filled:
            return None
    return Argument(parts[0], Word(layer.spec.word, layer.spec.arguments))


def _renumbered(
    found: dict[int, ImportedLayer], found_at: list[int], model: ModelLayers
) -> ModelLayers:
    """Return the layers that are left, with references to their new places."""
    read = {source for layer in found.values() for source in layer.inputs}
    read |= {found_at[place] for place in model.outputs}
    kept = [
        place
        for place, layer in found.items()
        if place in read or not isinstance(layer.kind, Flatten)
    ]
    number = {place: at for at, place in enumerate(kept)}

    def renewed(argument: Argument) -> Argument:
        if not isinstance(argument.value, Ref):
            return argument
        return argument._replace(
            value=argument.value._replace(op=number[found_at[argument.value.op]])
        )

    layers = [
        layer._replace(
            inputs=tuple(number[source] for source in layer.inputs),
            spec=layer.spec._replace(arguments=tuple(map(renewed, layer.spec.arguments))),
        )
        for layer in (found[place] for place in kept)
    ]
    inputs = [number[place] for place in model.inputs]
    outputs = [number[found_at[place]] for place in model.outputs]
    tensors = [number[place] for place in model.tensors if place in number]
    return model._replace(layers=layers, inputs=inputs, outputs=outputs, tensors=tensors)
