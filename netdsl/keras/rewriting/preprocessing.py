"""Layers that prepare and change data."""

from __future__ import annotations

from netdsl.keras.rewriting.parts import CallParts, OutputPlaces
from netdsl.keras.rewriting.slices import cut_axis, thinned
from netdsl.kinds.values import dims

_RESIZING = {
    "interpolation": "bilinear",
    "antialias": False,
    "crop_to_aspect_ratio": False,
    "pad_to_aspect_ratio": False,
    "data_format": None,
}


def only_in_training(parts: CallParts) -> OutputPlaces | None:
    """Leave out layers that change nothing in use, and have no word."""
    parts.reader.left_out.append(f"`{parts.call.name}` ({parts.call.class_name})")
    return [parts.source]


def normalized(parts: CallParts) -> OutputPlaces | None:
    """`Normalization(axis=None)`, which has one mean of all channels: it becomes a constant."""
    config = parts.call.config
    if config.get("axis", -1) not in (None, [], ()) or config.get("mean") is not None:
        return None
    mean, variance = (float(value) for value in parts.operation.get_weights()[:2])
    config = {**config, "mean": mean, "variance": variance}
    return [parts.step("Normalization", [parts.source], parts.shapes[0], config)]


def resized(parts: CallParts) -> OutputPlaces | None:
    """`Resizing` to the nearest pixels: each pixel is repeated, or the middle one of several taken.

    Raises:
        NetError: N621 where the new size is neither a multiple nor a divisor of the old one.
    """
    config, given = parts.call.config, parts.shape(parts.source)
    if config.get("interpolation") != "nearest" or parts.shapes[0][-1] != given[-1]:
        return None
    if config.get("crop_to_aspect_ratio") or config.get("pad_to_aspect_ratio"):
        return None
    place, factors = parts.source, []
    for axis, (size, new) in enumerate(zip(given[:2], parts.shapes[0][:2], strict=True)):
        if max(size, new) % min(size, new):
            raise parts.refuse(f"it takes the nearest of {size} pixels for {new}")
        step = max(1, size // new)
        # Keras takes the pixel in the middle: the first half of a step is cut off before.
        place = thinned(parts, cut_axis(parts, place, axis, step // 2, size), axis, step)
        factors.append(max(1, new // size))
    if factors == [1, 1]:
        return [place]
    up = {"size": factors, "interpolation": "nearest"}
    return [parts.step("UpSampling2D", [place], parts.shapes[0], up)]


def resized_by_function(parts: CallParts) -> OutputPlaces | None:
    """`ops.image.resize`: the layer `Resizing`.

    Raises:
        NetError: N621 where the channels come first.
    """
    config = {**_RESIZING, **parts.call.config}
    if config["data_format"] == "channels_first":
        raise parts.refuse("its channels come first")
    height, width = config["size"]
    config |= {"height": height, "width": width}
    return [parts.step("Resizing", [parts.source], parts.shapes[0], config)]


def cropped_in_the_middle(parts: CallParts) -> OutputPlaces | None:
    """`CenterCrop`: the middle of a larger image.

    Raises:
        NetError: N621 for images that are smaller than the crop.
    """
    (height, width, channels), (rows, columns, _) = parts.shape(parts.source), parts.shapes[0]
    if rows > height or columns > width:
        raise parts.refuse("its images are smaller than its crop")
    top, left = (height - rows) // 2, (width - columns) // 2
    cropping = [(top, height - rows - top), (left, width - columns - left)]
    shape = (rows, columns, channels)
    return [parts.step("Cropping2D", [parts.source], shape, {"cropping": cropping})]


def randomly_cropped(parts: CallParts) -> OutputPlaces | None:
    """`RandomCrop`, the identity at inference, even where it announces smaller images.

    Raises:
        NetError: N621 where images have another size at inference.
    """
    if parts.shape(parts.source) != parts.shapes[0]:
        size = dims(parts.shape(parts.source))
        raise parts.refuse(
            f"at inference it gives images of {size}, not of {dims(parts.shapes[0])}"
        )
    return only_in_training(parts)
