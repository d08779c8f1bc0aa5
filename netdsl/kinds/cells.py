"""Windows in NumPy: the cells that a window sees, one after the other, for kinds' definitions.

`np` is passed in, as everywhere in kinds: nothing is imported here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from netdsl.kinds.values import Shape

if TYPE_CHECKING:
    from netdsl.kinds.window import Axis

Place = tuple[int, ...]
Cell = tuple[Place, tuple[slice, ...]]


def cells(axes: tuple[Axis, ...], counts: Shape) -> Iterator[Cell]:
    """Each cell of a window, row by row: its place in the window, and the positions, one for each
    place of the window, that it lies on in the padded input (all examples, these positions).

    Args:
        axes: the window at work on each axis.
        counts: at how many places the window lies, for each axis.
    """
    places: list[Place] = [()]
    for axis in axes:
        places = [(*place, at) for place in places for at in range(axis.window)]
    for place in places:
        ranges = zip(place, axes, counts, strict=True)
        cuts = (
            # For each cell of the window all its positions at once: K*K strided slices, no copies.
            slice(at * axis.dilation, at * axis.dilation + (n - 1) * axis.stride + 1, axis.stride)
            for at, axis, n in ranges
        )
        yield place, (slice(None), *cuts)


def padded(np: Any, x: Any, axes: tuple[Axis, ...], counts: Shape, fill: float = 0) -> Any:
    """Pad what the windows reach beyond the input with one number.

    Args:
        np: NumPy.
        x: numbers of (batch, *positions, channels).
        axes: the window on each axis of positions.
        counts: how many windows there are on each.
        fill: the number in the padding.
    """
    # Not `axis.after`: with `ceil` the last window may reach beyond the padding.
    ends = ((n - 1) * axis.stride + axis.extent for axis, n in zip(axes, counts, strict=True))
    sides = [
        (axis.before, max(0, end - axis.size - axis.before))
        for axis, end in zip(axes, ends, strict=True)
    ]
    return np.pad(x, [(0, 0), *sides, (0, 0)], constant_values=fill)


def windows(np: Any, x: Any, axes: tuple[Axis, ...], counts: Shape, fill: float = 0) -> Any:
    """Return all cells of all windows, as an array of (cells, batch, *counts, channels).

    Args:
        np: NumPy.
        x: numbers of (batch, *positions, channels).
        axes: the window on each axis.
        counts: how many windows there are on each.
        fill: the number in the padding.
    """
    whole = padded(np, x, axes, counts, fill)
    return np.stack([whole[cut] for _, cut in cells(axes, counts)])


def linear(np: Any, x: Any, sizes: Shape) -> Any:
    """Linear interpolation along each axis, to these sizes: the middle of position i of N
    lies at (i + 1/2)*W/N - 1/2, at the edges on the last position.
    """
    for axis, count in enumerate(sizes, 1):
        length = x.shape[axis]
        # Half-pixel centres, as Keras, PyTorch (align_corners=False) and OpenCV have them.
        at = np.clip((np.arange(count) + 0.5) * length / count - 0.5, 0, length - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, length - 1)
        share = (at - low).reshape(count, *(1,) * (x.ndim - axis - 1))
        x = x.take(low, axis) * (1 - share) + x.take(high, axis) * share
    return x


def by_groups(x: Any, groups: int) -> Any:
    """Return the channels apart in groups of neighbours: (..., groups, channels of each)."""
    return x.reshape(*x.shape[:-1], groups, -1)
