"""Tensors that are indexed, cut, split and joined along any axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from netdsl.keras.rewriting.parts import CallParts, OutputPlaces


class _Cut(NamedTuple):
    """What is taken of one axis."""

    first: int
    end: int
    step: int
    is_index: bool = False


def indexed(parts: CallParts) -> OutputPlaces | None:
    """`x[:, 1:-1, ::2, 0]`: cut, thinned out, or reversed; an index removes its axis."""
    call, shape = parts.call, parts.shape(parts.source)
    (key,) = call.arguments[1:] or (call.named.get("key"),)
    if _is_plain(key, len(shape)):
        return None
    place, cuts = parts.source, _cuts(parts, key)
    # The first position of a sequence has a word, `first`.
    if len(shape) == 2 and cuts == [_Cut(0, 1, 1, True), _Cut(0, shape[1], 1)]:
        first = parts.step("GetItem", [place], shape[1:], arguments=(None, (slice(None), 0)))
        return [parts.reshape(first, parts.shapes[0])]
    for axis, cut in enumerate(cuts):
        place = _along(parts, place, axis, cut)
    return [parts.reshape(place, parts.shapes[0])]


def _is_plain(key: Any, rank: int) -> bool:
    """Say whether a kind reads the call as it is: `x[..., a:b]`, and `x[:, 0]`, `x[:, -1]` and
    `x[:, a:b]` of a sequence.
    """
    if key in ((slice(None), 0), (slice(None), -1)):
        return rank == 2
    if not isinstance(key, tuple) or len(key) != 2:
        return False
    if key[0] == slice(None) and rank == 2 and isinstance(key[1], slice):
        first, end, step = key[1].start, key[1].stop, key[1].step
        return step is None and first is not None and end is not None and 0 <= first < end
    if key[0] is not Ellipsis:
        return False
    return isinstance(key[1], slice) and key[1].step is None and key[1].start is not None


def _cuts(parts: CallParts, key: Any) -> list[_Cut]:
    """Return what is taken of each axis, the batch's left out."""
    shape = (-1, *parts.shape(parts.source))
    keys = [each for each in (key if isinstance(key, tuple) else (key,)) if each is not None]
    if any(not isinstance(each, int | slice) and each is not Ellipsis for each in keys):
        raise parts.refuse("it is indexed by more than numbers and slices")
    left = len(shape) - sum(each is not Ellipsis for each in keys)
    at = next((place for place, each in enumerate(keys) if each is Ellipsis), len(keys))
    keys[at : at + 1] = [slice(None)] * left
    if keys[0] != slice(None):
        raise parts.refuse("it slices the batch")
    found = []
    for each, size in zip(keys[1:], shape[1:], strict=True):
        if isinstance(each, int):
            index = each + size if each < 0 else each
            found.append(_Cut(index, index + 1, 1, True))
        else:
            first, end, step = each.indices(size)
            found.append(_Cut(first, end, step))
    return found


def _along(parts: CallParts, place: int, axis: int, cut: _Cut) -> int:
    """Take some of one axis."""
    size = parts.shape(place)[axis]
    if cut.step < 0:
        taken = range(cut.first, cut.end, cut.step)
        place = cut_axis(parts, place, axis, taken[-1], taken[0] + 1)
        return thinned(parts, turned(parts, place, axis), axis, -cut.step)
    if (cut.first, cut.end) != (0, size):
        place = cut_axis(parts, place, axis, cut.first, cut.end)
    return thinned(parts, place, axis, cut.step)


def cut_axis(parts: CallParts, place: int, axis: int, first: int, end: int) -> int:
    """Take from `first` to before `end` of an axis, counted from 0 without the batch.

    Raises:
        NetError: N621 where nothing is left.
    """
    shape = parts.shape(place)
    if end <= first:
        raise parts.refuse("nothing is left of it")
    if axis == len(shape) - 1:
        return parts.channels(place, first, end)
    if (first, end) == (0, shape[axis]):
        return place
    if len(shape) > 4:  # the axes after it become one of channels, those before it one of rows
        flat, back = _as_rows(parts, place, axis)
        cut = cut_axis(parts, flat, 1, first, end)
        return parts.reshape(cut, (*back[:axis], end - first, *back[axis + 1 :]))
    cropping = [(0, 0)] * (len(shape) - 1)
    cropping[axis] = (first, shape[axis] - end)
    cut_shape = (*shape[:axis], end - first, *shape[axis + 1 :])
    name = f"Cropping{len(shape) - 1}D"
    config = {"cropping": cropping if len(cropping) > 1 else cropping[0]}
    return parts.step(name, [place], cut_shape, config)


def _as_rows(parts: CallParts, place: int, axis: int) -> tuple[int, tuple[int, ...]]:
    """Reshape to (before, axis, after), and return the old shape too."""
    import math

    shape = parts.shape(place)
    rows = (math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))
    return parts.reshape(place, rows), shape


def thinned(parts: CallParts, place: int, axis: int, step: int) -> int:
    """Take every `step`-th of an axis, the first one too.

    Raises:
        NetError: N621 for a step along one of several axes.
    """
    if step == 1:
        return place
    shape = parts.shape(place)
    count = -(-shape[axis] // step)
    if axis == len(shape) - 1:
        return parts.concatenate(
            [parts.channels(place, at, at + 1) for at in range(0, shape[axis], step)]
        )
    if len(shape) > 4:
        raise parts.refuse(f"it takes every {step}th of one of {len(shape)} axes")
    strides = [step if at == axis else 1 for at in range(len(shape) - 1)]
    # A pool whose window is one cell takes every `step`-th.
    config = {"pool_size": [1] * len(strides), "strides": strides, "padding": "valid"}
    thin = (*shape[:axis], count, *shape[axis + 1 :])
    return parts.step(f"MaxPooling{len(strides)}D", [place], thin, config)


def turned(parts: CallParts, place: int, axis: int) -> int:
    """Reverse an axis.

    Raises:
        NetError: N621 for other axes than the positions of a sequence, or many channels.
    """
    shape = parts.shape(place)
    if shape[axis] == 1:
        return place
    # Channel by channel: with more channels the text would not be readable.
    if axis == len(shape) - 1 and shape[-1] <= 16:
        channels = [parts.channels(place, at, at + 1) for at in reversed(range(shape[-1]))]
        return parts.concatenate(channels)
    axes = "the positions" if axis < len(shape) - 1 else f"{shape[-1]} channels"
    if len(shape) != 2 or axis:
        raise parts.refuse(f"it reverses {axes}")
    return parts.step("Flip", [place], shape, {"axis": 1})


def flipped(parts: CallParts) -> OutputPlaces | None:
    """`ops.flip`."""
    axis, shape = parts.call.config.get("axis"), parts.shape(parts.source)
    if axis == 1 and len(shape) == 2:
        return None
    axes = [axis] if isinstance(axis, int) else axis or []
    place = parts.source
    for each in axes_of(parts, axes, len(shape)):
        place = turned(parts, place, each)
    return [place]


def axes_of(parts: CallParts, axes: Sequence[int] | int | None, rank: int) -> list[int]:
    """Count axes from 0 without the batch.

    Raises:
        NetError: N621 where the batch is one of them.
    """
    given = [axes] if isinstance(axes, int) else axes
    if given is None or any(axis in (0, -rank - 1) for axis in given):
        raise parts.refuse("it works across the examples of a batch")
    return sorted(axis - 1 if axis > 0 else axis + rank for axis in given)


def split(parts: CallParts) -> OutputPlaces | None:
    """`ops.split` and `ops.unstack`: one cut for each output."""
    call, shape = parts.call, parts.shape(parts.source)
    (axis,) = axes_of(parts, call.config.get("axis", 0), len(shape))
    found, first = [], 0
    unstacked = call.class_name == "Unstack"
    for output in parts.shapes:
        end = first + (1 if unstacked else output[axis])
        cut = cut_axis(parts, parts.source, axis, first, end)
        found.append(parts.reshape(cut, output))
        first = end
    return found


def joined(parts: CallParts) -> OutputPlaces | None:
    """Join along one of more than four axes, which has no name: with it moved to the end."""
    call, rank = parts.call, len(parts.shapes[0])
    if len(call.inputs) == 1:
        return [parts.source]
    (axis,) = axes_of(parts, call.config.get("axis", -1), rank)
    if axis == rank - 1 or rank <= 4:
        return None
    order = [*(at for at in range(1, rank + 1) if at != axis + 1), axis + 1]
    back = [order.index(at) + 1 for at in range(1, rank + 1)]
    return [parts.permute(parts.concatenate([parts.permute(x, order) for x in call.inputs]), back)]


def stacked(parts: CallParts) -> OutputPlaces | None:
    """Stack along an axis other than the first: give each input that axis, and join them."""
    call, rank = parts.call, len(parts.shapes[0])
    (axis,) = axes_of(parts, call.config.get("axis", 0), rank)
    if axis == 0:
        return None
    shape = parts.shape(parts.source)
    apart = [parts.reshape(x, (*shape[:axis], 1, *shape[axis:])) for x in call.inputs]
    return [parts.step("Concatenate", apart, parts.shapes[0], {"axis": axis + 1})]
