"""Layers that prepare and change data."""

from __future__ import annotations

from netdsl.keras.rewriting.parts import CallParts, OutputPlaces
from netdsl.kinds.values import dims


def only_in_training(parts: CallParts) -> OutputPlaces | None:
    """Layers that change nothing in use, and have no word."""
    parts.reader.left_out.append(f"`{parts.call.name}` ({parts.call.class_name})")
    return [parts.source]


def cropped_in_the_middle(parts: CallParts) -> OutputPlaces | None:
    """`CenterCrop`: the middle of a larger image."""
    (height, width, channels), (rows, columns, _) = parts.shape(parts.source), parts.shapes[0]
    if rows > height or columns > width:
        raise parts.refuse("its images are smaller than what it cuts out")
    top, left = (height - rows) // 2, (width - columns) // 2
    cropping = [(top, height - rows - top), (left, width - columns - left)]
    shape = (rows, columns, channels)
    return [parts.step("Cropping2D", [parts.source], shape, {"cropping": cropping})]


def randomly_cropped(parts: CallParts) -> OutputPlaces | None:
    """`RandomCrop`, the identity at inference, even where it announces smaller images."""
    if parts.shape(parts.source) != parts.shapes[0]:
        size = dims(parts.shape(parts.source))
        raise parts.refuse(f"in use it gives images of {size}, not of {dims(parts.shapes[0])}")
    return only_in_training(parts)
