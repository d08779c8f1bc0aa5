"""A Keras model as a `.net` file, read again and compared with the model."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netdsl.architecture import Architecture
from netdsl.errors import fail
from netdsl.keras.arrange import Arrangement, arranged
from netdsl.keras.calls import ModelCalls
from netdsl.keras.convert import layers_of_calls
from netdsl.keras.defaults import FileDefaults
from netdsl.keras.imported_layer import ModelLayers
from netdsl.keras.join import joined
from netdsl.keras.nodes import layer_nodes
from netdsl.keras.silence import without_needless_warnings
from netdsl.keras.writer import FileWriter
from netdsl.naming import identifier


class Imported(NamedTuple):
    """A model as a file.

    Attributes:
        text: the `.net` file's.
        network: what it says.
        holders: by the name of an operation of the network, the Keras operations that hold its
            weights, by the calls' numbers for them.
        left_out: what is not in the file and changes nothing in use, a sentence for each reason.
    """

    text: str
    network: Architecture
    holders: Mapping[str, tuple[int, ...]]
    left_out: tuple[str, ...]


class _WrittenFile(NamedTuple):
    """A text, and for each operation with weights the calls that hold them, in its order."""

    text: str
    holders: tuple[tuple[int, ...], ...]


def imported(calls: ModelCalls) -> Imported:
    """Write a model as a file.

    Padding before a layer is written as an option of it, or as a layer of its own, whichever gives
    fewer lines.
    Raises:
        NetError: N621 where the language has no word for a layer.
    """
    # Padding before a convolution is `pad=`, unless it stops repeats and blocks from being alike.
    within, apart = (joined(layers_of_calls(calls, apart)) for apart in (False, True))
    alike = [layer.spec for layer in within.layers] == [layer.spec for layer in apart.layers]
    models = [within] if alike else [within, apart]
    written = [_written(calls, model) for model in models]
    shortest = min(written, key=lambda each: len(each.text.splitlines()))
    return _compared_with(calls, shortest, within.left_out)


def _written(calls: ModelCalls, model: ModelLayers) -> _WrittenFile:
    defaults = FileDefaults(model)
    nodes = layer_nodes(model.layers, defaults)
    input_names = [calls.calls[place].name for place in calls.inputs]
    output_names = _given_names(calls) if len(calls.outputs) > 1 else ()
    writer = FileWriter(calls.name, input_names, model, nodes, defaults, output_names)
    arrangement = arranged(model, nodes, writer.chain_length, lambda found: len(writer.text(found)))
    return _WrittenFile(writer.text(arrangement), tuple(_holders(calls, model, arrangement)))


def _given_names(calls: ModelCalls) -> list[str]:
    """Return the outputs' names, as far as a person chose them; empty texts for Keras's own."""
    found = []
    for place, name in zip(calls.outputs, calls.output_names, strict=True):
        own = calls.calls[place].written_as or calls.calls[place].class_name
        plain = re.sub(r"_[0-9]+$", "", name).replace("_", "")
        point = re.fullmatch("t[0-9]+", identifier(name))
        found.append("" if plain == own.lower() or point else name)
    return found


def _holders(
    calls: ModelCalls, model: ModelLayers, arrangement: Arrangement
) -> Iterator[tuple[int, ...]]:
    """Yield the calls that hold weights, for each operation with weights in the file's order.

    The calls of a shared layer are yielded once.
    """
    seen: set[int] = set()
    for place in (*model.tensors, *arrangement.order):
        for holders in model.layers[place].holders:
            operations = {calls.calls[call].operation for call in holders}
            # Of a shared layer the first use's text holds the weights.
            if not operations & seen:
                yield holders
            seen |= operations


def _compared_with(calls: ModelCalls, written: _WrittenFile, left_out: tuple[str, ...]) -> Imported:
    """Read the text again: it must have the model's weights, layer by layer, and its outputs.

    Raises:
        NetError: N623 where it does not, which is a mistake of netdsl's.
    """
    # Read by the same front end as any file: what it says is what a user will get.
    network = without_needless_warnings(written.text)
    graph = network.graph
    sizes = {
        op.name: size
        for op in graph.ops
        if (size := sum(array.size for array in graph.weights(op)))
    }
    held = [sum(calls.calls[call].weights for call in holders) for holders in written.holders]
    outputs = [math.prod(graph.ops[point.op].shape) for point in graph.outputs]
    expected = [math.prod(calls.calls[place].shape) for place in calls.outputs]
    if list(sizes.values()) != held or outputs != expected:
        raise fail(
            "N623",
            f"the text for `{calls.name}` would not be the same network",
            help="please report it, with the model",
        )
    operations = (
        tuple(calls.calls[call].operation for call in holders) for holders in written.holders
    )
    return Imported(network.text, network, dict(zip(sizes, operations, strict=True)), left_out)
