"""What is done to examples before the network sees them, kept in the run and done again by `evaluate` and `predict`."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netdsl.errors import Diagnostic, NetError, Span, fail

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Floats = NDArray[np.float32]

Shape = tuple[int, ...]

LUMA = (0.299, 0.587, 0.114)
"""The shares of red, green and blue in grey (ITU-R BT.601)."""

PROBABILITIES = {"cross-entropy": ("softmax",), "binary": ("sigmoid", "hsigmoid")}
"""The activations whose values a loss reads as probabilities."""

LOGITS = {"cross-entropy": ("linear", "logsoftmax"), "binary": ("linear",)}
"""The activations whose values a loss reads as logarithms of odds or of probabilities."""


@dataclass(frozen=True)
class Preparation:
    """From an example as it is given to the network's input, and from its label to the loss's target.

    `example` and `input` are shapes without the batch. `whole` says that the examples hold whole numbers, `unit` that they
    lie in 0..1 once divided by `scale`. `classes` is 0 where the data holds values to be met instead of classes.
    """

    example: Shape
    whole: bool
    scale: float
    unit: bool
    input: Shape
    output: Shape
    activation: str
    loss: str
    classes: int
    names: tuple[str, ...]

    @property
    def logits(self) -> bool:
        """Whether the loss reads the output as logits."""
        return self.activation in LOGITS.get(self.loss, ())

    @property
    def accuracy(self) -> bool:
        """Whether an accuracy can be told."""
        return self.classes > 0 or self.loss == "binary"

    @property
    def metric(self) -> str:
        """What is told beside the loss."""
        return "accuracy" if self.accuracy else "absolute_error"

    def name(self, label: int) -> str:
        return self.names[label] if label < len(self.names) else str(label)

    @property
    def pictures(self) -> bool:
        """Whether the examples are images, so that one of another size can be resized."""
        return len(self.example) in (2, 3) and len(self.input) in (1, 3)

    def inputs(self, x: Array) -> Floats:
        """The examples [n, ...] as the network takes them: float32 [n, *input].

        Pictures of another size are first brought to that of `example`, so that they come to the network as the training
        examples did: an 8x8 digit blown up is not as sharp as one drawn at 32x32.
        """
        import numpy as np

        x = x.astype(np.float32) / np.float32(self.scale)
        if self.pictures and x.shape[1:] != self.example and x.ndim > 2:
            x = resized(with_channels(x, channels(self.example)), *self.example[:2])
        if is_picture(x.shape[1:], self.input):
            return resized(with_channels(x, self.input[2]), *self.input[:2])
        return x.reshape(len(x), *self.input)

    def targets(self, y: Array) -> Array:
        """The labels or values [n, ...] as the loss takes them: int32 [n], or float32 [n, *output]."""
        import numpy as np

        if not self.classes:
            return y.reshape(len(y), *self.output).astype(np.float32)
        if self.loss == "cross-entropy":
            return y.astype(np.int32)
        if self.output == (1,):
            return y.reshape(-1, 1).astype(np.float32)
        return np.eye(self.classes, dtype=np.float32)[y]

    def check(self, x: Array, what: str, span: Span | None = None) -> None:
        """Raises NetError where examples are not of the kind that this was made for: N518 by shape, N517 by values."""
        given = x.shape[1:]
        if not (fits(given, self.example) if self.pictures and len(given) > 1 else fits(given, self.input)):
            raise misfit(given, self.input, what, span)
        if (x.dtype.kind in "iub") != self.whole:
            raise fail("N517", f"{what} holds {x.dtype} numbers; the network was trained on {'whole' if self.whole else 'real'} ones", span)

    def check_range(self, x: Array, what: str) -> None:
        """Raises NetError N517 where pixels or counts go beyond those that the network was trained on: other units, most likely."""
        if self.unit and (self.pictures or self.whole) and (x.min() < 0 or x.max() > self.scale):
            trained = f"the network was trained on 0 to {self.scale:g}"
            raise fail("N517", f"{what} holds values from {x.min():g} to {x.max():g}; {trained}")


# --- shapes -------------------------------------------------------------------------------------------------------


def is_picture(example: Shape, wanted: Shape) -> bool:
    """Whether an example [h, w] or [h, w, c] is to be resized to an image of the wanted shape."""
    return len(example) in (2, 3) and len(wanted) == 3 and example != wanted


def fits(example: Shape, wanted: Shape) -> bool:
    """Whether an example can be given the wanted shape."""
    if is_picture(example, wanted):
        return math.prod(example) > 0 and (channels(example) == wanted[2] or {channels(example), wanted[2]} == {1, 3})
    flat = len(example) <= 1 or len(wanted) == 1
    return example == wanted or (*example, 1) == wanted or (flat and math.prod(example) == math.prod(wanted))


def channels(picture: Shape) -> int:
    return picture[2] if len(picture) == 3 else 1


def misfit(example: Shape, input: Shape, what: str, span: Span | None = None) -> NetError:
    message = f"{what} holds examples of {size(example)}, which cannot be made the network's input of {size(input)}"
    return NetError(Diagnostic("N518", message, span, "images are resized to an input HxWxC with as many channels, or 1 for 3 or 3 for 1"))


def size(shape: Shape) -> str:
    """A shape as the language writes it."""
    return "x".join(map(str, shape)) or "single numbers"


# --- images -------------------------------------------------------------------------------------------------------


def with_channels(x: Floats, count: int) -> Floats:
    """Images [n, h, w] or [n, h, w, c] with this many channels: grey is repeated, colour becomes grey."""
    import numpy as np

    x = x[..., None] if x.ndim == 3 else x
    if x.shape[3] == count:
        return x
    if count == 1:
        return x @ np.array(LUMA, np.float32)[:, None]
    return np.repeat(x, count, axis=3)


def resized(x: Floats, height: int, width: int) -> Floats:
    """Images [n, h, w, c] at another size, bilinearly; smaller ones are averaged over what they cover, as Pillow does."""
    import numpy as np

    if x.shape[1] != height:
        x = np.einsum("Hh,nhwc->nHwc", _weights(x.shape[1], height), x, optimize=True)
    if x.shape[2] != width:
        x = np.einsum("Ww,nhwc->nhWc", _weights(x.shape[2], width), x, optimize=True)
    return np.ascontiguousarray(x)


def _weights(old: int, new: int) -> Floats:
    """How much each of the `old` pixels of a line gives each of the `new` ones: [new, old], rows sum to 1."""
    import numpy as np

    step = old / new
    centres = (np.arange(new) + 0.5) * step
    distances = np.abs(np.arange(old) + 0.5 - centres[:, None]) / max(step, 1.0)
    weights = np.maximum(0.0, 1.0 - distances)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def shifted(x: Floats, moves: NDArray[np.int64]) -> Floats:
    """Images [n, h, w, c], each moved down and right by its [n, 2] pixels; what comes in from outside is 0."""
    import numpy as np

    moved = np.zeros_like(x)
    height, width = x.shape[1:3]
    for image, target, (down, right) in zip(x, moved, moves, strict=True):
        target[max(0, down) : height + down, max(0, right) : width + right] = image[
            max(0, -down) : height - down, max(0, -right) : width - right
        ]
    return moved


# --- keeping it ---------------------------------------------------------------------------------------------------


def as_plain(preparation: Preparation) -> dict[str, Any]:
    return dataclasses.asdict(preparation)


def from_plain(values: dict[str, Any]) -> Preparation:
    """The preparation that `as_plain` gave. Raises TypeError, KeyError or ValueError where it is none."""
    shapes = {name: tuple(map(int, values[name])) for name in ("example", "input", "output")}
    return Preparation(**{**values, **shapes, "names": tuple(map(str, values["names"])), "scale": float(values["scale"])})
