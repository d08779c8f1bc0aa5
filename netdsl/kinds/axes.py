"""The axes of a shape by their names: `over=positions`, `over=h`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import Choice
from netdsl.kinds.values import Shape, Word, dims

CHANNELS = Word("channels")
_NAMES = ("channels", "positions", "h", "w", "d", "n")
_MEANT = "rows (h), columns (w) or slices (d); a sequence's positions (n)"
# Channels last, as everywhere: the last axis is never a position.
_OF_RANK = {
    2: ("n", "channels"),
    3: ("h", "w", "channels"),
    4: ("d", "h", "w", "channels"),
}


def over_option(default: Any, doc: str) -> Choice:
    """Return the option that says along which axis a kind works."""
    return Choice(default, _NAMES, f"{doc}: the channels; all positions, or {_MEANT}")


def axes_over(over: Word, x: Shape) -> tuple[int, ...]:
    """Return the axes that `over` means, counted from 0 without the batch.

    Raises:
        LayerError: N202 where the shape has no such axis.
    """
    names = _OF_RANK.get(len(x), ())
    if over == CHANNELS:
        return (len(x) - 1,)
    if over.text == "positions" and len(x) > 1:
        return tuple(range(len(x) - 1))
    if over.text in names:
        return (names.index(over.text),)
    known = f"has {' and '.join(names)}" if len(names) > 1 else "has channels alone"
    message = f"`over={over.text}`: {dims(x)} {known}"
    raise LayerError("N202", message, "over", label=f"the input is {dims(x)}")


def position_axes(x: Shape) -> tuple[str, ...]:
    """Return the names of a shape's axes of positions."""
    return _OF_RANK.get(len(x), ())[:-1]


def named_axes(axes: Sequence[int], rank: int) -> Word | None:
    """Return the word for axes, counted from 0 without the batch; None where they have none."""
    found = tuple(sorted(axes))
    if found == (rank - 1,):
        return CHANNELS
    if found == tuple(range(rank - 1)):
        return Word("positions")
    names = _OF_RANK.get(rank, ())
    return Word(names[found[0]]) if len(found) == 1 and names else None


def keras_axes(axes: Sequence[int]) -> Any:
    """Axes as Keras counts them, with the batch: one number for one axis."""
    found = tuple(axis + 1 for axis in axes)
    return found[0] if len(found) == 1 else found


def axes_in_keras(axis: Any, rank: int) -> tuple[int, ...] | None:
    """Keras's axes, counted from 0 without the batch; None where the batch is among them."""
    given = (axis,) if isinstance(axis, int) else axis
    if given is None or any(each % (rank + 1) == 0 for each in given):
        return None
    # Negative axes count from the end; the batch is axis 0 there and none here.
    return tuple(sorted(each % (rank + 1) - 1 for each in given))
