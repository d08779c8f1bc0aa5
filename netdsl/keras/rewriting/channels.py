"""Layers whose channels come first: with the channels as the last axis."""

from __future__ import annotations

from netdsl.keras.rewriting.parts import CallParts, OutputPlaces


def channels_first(parts: CallParts) -> OutputPlaces | None:
    """Move the channels to the end, and back again where they are kept as an axis."""
    if parts.call.config.get("data_format") != "channels_first":
        return None
    shape, rank = parts.shapes[0], len(parts.shape(parts.source))
    moved = parts.permute(parts.source, [*range(2, rank + 1), 1])
    if parts.call.class_name == "Flatten":
        return [parts.step("Flatten", [moved], shape, {"data_format": "channels_last"})]
    if len(shape) == 1:
        return [parts.layer(parts.operation, [moved], shape, data_format="channels_last")]
    last = (*shape[1:], shape[0])
    made = parts.layer(parts.operation, [moved], last, data_format="channels_last")
    return [parts.permute(made, [rank, *range(1, rank)])]
