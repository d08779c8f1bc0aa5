"""Recurrent layers: both directions separately, states that are returned, cells."""

from __future__ import annotations

from typing import Any

from netdsl.keras.rewriting.parts import CallParts, OutputPlaces
from netdsl.keras.rewriting.slices import cut_axis, turned

_MERGES = {"sum": "Add", "mul": "Multiply", "ave": "Average"}
_KEYS = ("units", "activation", "recurrent_activation", "use_bias", "reset_after")
_CELLS = {"LSTMCell": "LSTM", "GRUCell": "GRU", "SimpleRNNCell": "SimpleRNN"}


def bidirectional(parts: CallParts) -> OutputPlaces | None:
    """Return both directions as layers of their own, where they differ or are not just joined.

    Raises:
        NetError: N621 for initial states.
    """
    if len(parts.call.inputs) > 1:
        raise parts.refuse("its initial states are given")
    forward, backward = parts.operation.forward_layer, parts.operation.backward_layer
    mode, several = parts.operation.merge_mode, len(parts.shapes) > 1
    one, other = forward.get_config(), backward.get_config()
    alike = type(forward) is type(backward) and all(one.get(k) == other.get(k) for k in _KEYS)
    if alike and mode is not None and not several and not one.get("go_backwards"):
        return None
    outputs = [list(_outputs(parts, layer)) for layer in (forward, backward)]
    first = [states[0] for states in outputs]
    if forward.return_sequences:
        # Backwards outputs come in reverse; Keras turns them before it joins both.
        first[1] = turned(parts, first[1], 0)
    if mode is None:
        merged = first
    elif mode == "concat":
        merged = [parts.concatenate(first)]
    else:
        merged = [parts.merge(_MERGES[mode], first)]
    return [*merged, *outputs[0][1:], *outputs[1][1:]]


def recurrent(parts: CallParts) -> OutputPlaces | None:
    """Return a layer that returns its states too: they are the outputs at the last step.

    Raises:
        NetError: N621 for initial states.
    """
    if len(parts.call.inputs) > 1:
        raise parts.refuse("its initial states are given")
    if not parts.call.config.get("return_state"):
        return None
    return _outputs(parts, parts.operation)


def of_cells(parts: CallParts) -> OutputPlaces | None:
    """`RNN` with cells: a layer for each.

    Raises:
        NetError: N621 for initial states, the states of several cells, and custom cells.
    """
    if len(parts.call.inputs) > 1:
        raise parts.refuse("its initial states are given")
    layer = parts.operation
    cells = getattr(layer.cell, "cells", [layer.cell])
    for cell in cells:
        if type(cell).__name__ not in _CELLS:
            raise parts.refuse(f"its cell is a {type(cell).__name__}")
    if layer.return_state and len(cells) > 1:
        raise parts.refuse("it returns the states of several cells")
    place = parts.source
    length = parts.shape(place)[0]
    for number, cell in enumerate(cells, 1):
        sequences = number < len(cells) or layer.return_sequences
        shape = (length, cell.units) if sequences else (cell.units,)
        call = parts.reader.call(cell, (place,), (), {}, shape)
        call = call._replace(
            name=parts.call.name,
            class_name=_CELLS[type(cell).__name__],
            config={
                **cell.get_config(),
                "return_sequences": sequences,
                # Only the first cell sees the input reversed: the others see what it gives.
                "go_backwards": layer.go_backwards and number == 1,
                "stateful": layer.stateful,
                "return_state": number == len(cells) and layer.return_state,
                "zero_output_for_mask": layer.zero_output_for_mask,
            },
            weights=sum(weight.size for weight in cell.get_weights()),
            written_as=parts.call.class_name,
        )
        shapes = parts.shapes if call.config["return_state"] else (shape,)
        found = parts.reader.place(call, cell, shapes)
        place = found[0]
    return found


def _outputs(parts: CallParts, layer: Any) -> OutputPlaces:
    """Return a layer's output and its states."""
    units = layer.units
    length = parts.shape(parts.source)[0]
    config = parts.call.config if layer is parts.operation else layer.get_config()
    shape = (length, units) if config["return_sequences"] else (units,)
    call = parts.reader.call(layer, (parts.source,), (), {}, shape)
    class_name = parts.call.class_name if layer is parts.operation else call.class_name
    call = call._replace(
        name=parts.call.name,
        class_name=class_name,
        config={**config, "return_state": False, "zero_output_for_mask": False},
        weights=parts.call.weights if layer is parts.operation else call.weights,
        written_as=parts.call.written_as or parts.call.class_name,
    )
    (output,) = parts.reader.place(call, layer, (shape,))
    if not config.get("return_state"):
        return [output]
    last = output
    if config["return_sequences"]:
        # The final hidden state is the last output; an LSTM's cell state is nowhere to be
        # read.
        last = parts.reshape(cut_axis(parts, output, 0, length - 1, length), (units,))
    if class_name == "LSTM":
        return [output, last, parts.unread("its cell state is read", (units,))]
    return [output, last]
