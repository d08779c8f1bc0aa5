"""Positions and channels that are selected by indices, repeated, or turned into each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from netdsl.keras.rewriting.parts import CallParts, OutputPlaces
from netdsl.keras.rewriting.slices import axes_of, cut_axis

_MAX_PARTS = 32  # runs of neighbours that are cut out one by one


def taken(parts: CallParts) -> OutputPlaces | None:
    """`ops.take(x, [0, 2, 5], axis=-1)`: each run of neighbours is a cut, and they are joined.

    Raises:
        NetError: N621 for indices that are computed, out of range, or too scattered.
    """
    import numpy as np

    call, shape = parts.call, parts.shape(parts.source)
    if len(call.inputs) > 1 or call.arguments[0] is not None:
        raise parts.refuse("its indices are not known before it runs")
    indices = np.asarray(call.arguments[1] if call.arguments[1:] else call.named.get("indices"))
    if indices.dtype.kind not in "iu" or indices.ndim > 1:
        raise parts.refuse("its indices are more than a list of integers")
    (axis,) = axes_of(parts, call.config.get("axis"), len(shape))
    if any(not -shape[axis] <= index < shape[axis] for index in indices.flat):
        raise parts.refuse(f"its indices go beyond the {shape[axis]} that there are")
    runs = _runs([int(index) % shape[axis] for index in indices.flat])
    if len(runs) > _MAX_PARTS:
        raise parts.refuse(f"it takes {len(runs)} parts, more than {_MAX_PARTS}")
    cuts = [cut_axis(parts, parts.source, axis, *run) for run in runs]
    return [parts.reshape(_joined(parts, cuts, axis), parts.shapes[0])]


def _runs(indices: Sequence[int]) -> list[tuple[int, int]]:
    """Split a list where a number is not its neighbour's successor: begin and end of each run."""
    begins = [0, *(at for at, (one, two) in enumerate(pairwise(indices), 1) if two != one + 1)]
    ends = [*begins[1:], len(indices)]
    return [(indices[a], indices[b - 1] + 1) for a, b in zip(begins, ends, strict=True)]


def tiled(parts: CallParts) -> OutputPlaces | None:
    """`ops.tile`: the whole input repeated along each axis.

    Raises:
        NetError: N621 where examples of the batch are repeated.
    """
    repeats, place = parts.operation.repeats, parts.source
    counts = [repeats] if isinstance(repeats, int) else list(repeats)
    batch, *counts = [1] * (1 + len(parts.shape(place)) - len(counts)) + counts
    if counts[-1] == 1 and math.prod(parts.shape(place)[:-1]) == 1 and batch == 1:
        return None  # one position, copied, has a word
    if batch != 1 or len(counts) > len(parts.shape(place)):
        raise parts.refuse("it repeats the examples of a batch")
    for axis, count in enumerate(counts):
        if count > 1:
            place = _again(parts, place, axis, count, as_a_whole=True)
    return [place]


def repeated(parts: CallParts) -> OutputPlaces | None:
    """`ops.repeat`: each position several times.

    Raises:
        NetError: N621 where positions have counts of their own.
    """
    count = parts.operation.repeats
    if not isinstance(count, int):
        raise parts.refuse("each position has a count of its own")
    (axis,) = axes_of(parts, parts.operation.axis, len(parts.shape(parts.source)))
    return [_again(parts, parts.source, axis, count, as_a_whole=False)]


def _again(parts: CallParts, place: int, axis: int, count: int, as_a_whole: bool) -> int:
    """Repeat along one axis, as the positions of a sequence with all other axes as channels."""
    shape = parts.shape(place)
    size, rest = shape[axis], math.prod(shape) // shape[axis]
    order = [axis + 1, *(at for at in range(1, len(shape) + 1) if at != axis + 1)]
    moved = tuple(shape[at - 1] for at in order)
    rows = (1, size * rest) if as_a_whole else (size, rest)
    sequence = parts.reshape(parts.permute(place, order), rows)
    longer = (rows[0] * count, rows[1])
    # `up` repeats each position: the whole as one position, or each position by itself.
    made = parts.step("UpSampling1D", [sequence], longer, {"size": count})
    back = [order.index(at) + 1 for at in range(1, len(shape) + 1)]
    return parts.permute(parts.reshape(made, (size * count, *moved[1:])), back)


def _joined(parts: CallParts, places: Sequence[int], axis: int) -> int:
    """Join along an axis, counted from 0 without the batch."""
    if len(places) == 1:
        return places[0]
    shape = parts.shape(places[0])
    length = sum(parts.shape(place)[axis] for place in places)
    whole = (*shape[:axis], length, *shape[axis + 1 :])
    return parts.step("Concatenate", places, whole, {"axis": axis + 1})


def channels_as_pixels(parts: CallParts) -> OutputPlaces | None:
    """`ops.depth_to_space`: channels as blocks of pixels.

    Raises:
        NetError: N621 where the channels come first.
    """
    size, (height, width, channels) = _block(parts), parts.shape(parts.source)
    split = (height, width, size, size, channels // size**2)
    cells = parts.permute(parts.reshape(parts.source, split), [1, 3, 2, 4, 5])
    return [parts.reshape(cells, parts.shapes[0])]


def pixels_as_channels(parts: CallParts) -> OutputPlaces | None:
    """`ops.space_to_depth`: blocks of pixels as channels.

    Raises:
        NetError: N621 where the channels come first.
    """
    size, (height, width, channels) = _block(parts), parts.shape(parts.source)
    split = (height // size, size, width // size, size, channels)
    cells = parts.permute(parts.reshape(parts.source, split), [1, 3, 2, 4, 5])
    return [parts.reshape(cells, parts.shapes[0])]


def _block(parts: CallParts) -> int:
    if parts.operation.data_format == "channels_first":
        raise parts.refuse("its channels come first")
    return int(parts.operation.block_size)
