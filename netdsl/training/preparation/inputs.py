"""From a raw example to one input of a network."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from netdsl.errors import Span, fail
from netdsl.training.preparation.columns import TableTransform
from netdsl.training.preparation.ranges import check_indices, fractional_value, scan
from netdsl.training.preparation.resize import centre_cut, resized, resized_by, with_channels
from netdsl.training.preparation.shapes import (
    channels,
    fits,
    fits_indices,
    misfit,
    needs_resize,
    size,
    uncut_shape,
)

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array, Rows, Shape


@dataclass(frozen=True)
class InputTransform:
    """From a raw example to one input of the network.

    Attributes:
        name: the network's input.
        example: the shape of a raw example, without the batch.
        whole: whether the examples hold integers.
        scale: their divisor.
        unit: whether they are from 0 to 1 after the division.
        shape: the input's shape, without the batch.
        vocabulary: if not 0, examples are integers below it, and are not divided.
        columns: the transforms of a table's columns; None for other data.
        crop_from: if not 0, images are resized to this height, and to a width in proportion, and
            the input is cut out of their middle.
        signed: whether 0 to 1 is mapped to -1 to 1, the range of a generator that ends in `tanh`.
        pixel_range: for images of more than 8 bits, the values in files that become 0 and 1.
    """

    name: str
    example: Shape
    whole: bool
    scale: float
    unit: bool
    shape: Shape
    vocabulary: int = 0
    columns: TableTransform | None = None
    crop_from: int = 0
    signed: bool = False
    pixel_range: tuple[float, float] | None = None

    @property
    def uncut(self) -> InputTransform:
        """The same without the cut, for the random cuts in training."""
        if not self.crop_from:
            return self
        return dataclasses.replace(self, shape=uncut_shape(self.shape, self.crop_from), crop_from=0)

    @property
    def images(self) -> bool:
        """Whether the examples are images, so that one of another size can be resized."""
        return not self.vocabulary and len(self.example) in (2, 3) and len(self.shape) in (1, 3)

    def only_divides(self, x: Rows) -> bool:
        """Return whether examples are bytes, and `values` only divides them by `scale`."""
        bare = (
            x.dtype == "uint8"
            and x.shape[1:] == self.example
            and not (self.vocabulary or self.columns)
        )
        return bare and not self.crop_from and not needs_resize(self.example, self.shape)

    def values(self, x: Array, divided: bool = True) -> Array:
        """Prepare examples [n, ...] for the network.

        Images of another size are first resized to that of `example`, so that they are like the
        training examples: an enlarged 8x8 digit is not as sharp as one drawn at 32x32.

        Args:
            x: examples that `check` accepts, [n, ...].
            divided: if false, bytes that only need dividing stay bytes, which take a quarter of the
                memory.

        Returns:
            float32 [n, *shape]; int32 with a vocabulary; uint8 where bytes are not divided.
        """
        import numpy as np

        if not divided and self.only_divides(x):
            return x.reshape(len(x), *self.shape)
        if self.vocabulary:
            return x.astype(np.int32).reshape(len(x), *self.shape)
        if self.columns:
            return self.columns.encode(x).reshape(len(x), *self.shape)
        if self.crop_from:
            return np.ascontiguousarray(centre_cut(self.uncut.values(x), self.shape[:2]))
        x = self.resized(x.astype(np.float32) / np.float32(self.scale))
        return np.ascontiguousarray(self.shaped(np, partial(np.einsum, optimize=True), x))

    def shaped(self, xp: Any, einsum: Callable[..., Any], x: Any) -> Any:
        """Convert divided examples to the network's shape and range.

        Args:
            xp: numpy or keras.ops.
            einsum: the `einsum` to use with it.
            x: float32 [n, *example].
        """
        if needs_resize(tuple(x.shape[1:]), self.shape):
            x = resized_by(einsum, with_channels(xp, x, self.shape[2]), *self.shape[:2])
        return self.mapped(xp.reshape(x, (-1, *self.shape)))

    def mapped(self, x: Any) -> Any:
        """Map numbers from 0..1 to -1..1 if the input is `signed`, in NumPy or a backend."""
        return x * 2.0 - 1.0 if self.signed else x

    def unmapped(self, x: Any) -> Any:
        """Invert `mapped`."""
        return (x + 1.0) / 2.0 if self.signed else x

    def resized(self, x: Array) -> Array:
        """Resize images of another size to [n, *example]; return anything else unchanged."""
        import numpy as np

        if self.images and x.shape[1:] != self.example and x.ndim > 2:
            made = resized(
                with_channels(np, x.astype(np.float32), channels(self.example)), *self.example[:2]
            )
            return made.reshape(len(x), *self.example)
        return x

    def alike(self, x: Array) -> Array:
        """Convert examples that `check` accepts to one shape, whatever theirs is.

        Returns:
            Images [n, *example], others [n, *shape].
        """
        import numpy as np

        if self.columns or x.shape[1:] == self.example:
            return x
        if not self.images:
            flat = self.vocabulary or not needs_resize(x.shape[1:], self.shape)
            return (
                x.reshape(len(x), *self.shape)
                if flat
                else resized(with_channels(np, x, self.shape[2]), *self.shape[:2])
            )
        if x.ndim == 2:
            flat_example = math.prod(x.shape[1:]) == math.prod(self.example)
            x = x.reshape(len(x), *(self.example if flat_example else self.shape))
        return self.resized(x).reshape(len(x), *self.example)

    def accepts(self, given: Shape) -> bool:
        """Return whether examples of this shape can be converted to what the network takes.

        Images [h, w] may have any size, as in files.
        """
        if self.vocabulary:
            return fits_indices(given, self.shape)
        if self.columns:
            return fits(given, self.example)
        if not self.images or len(given) < 2:
            return fits(given, self.shape)
        # Files of grey images are read as [h, w, 1], also for a network trained on arrays [h, w].
        grey = (*self.example, 1) if len(self.example) == 2 and self.unit else self.example
        return fits(given, self.example) or fits(given, grey)

    def check(self, x: Rows, what: str, span: Span | None = None) -> None:
        """Check that examples are like those that this transform was made for.

        Raises:
            NetError: N518 for their shape, N517 for their values.
        """
        self.check_shape(x.shape[1:], what, span)
        if self.vocabulary:
            return
        # Tables were read by the same columns; only numbers of arrays may be in other units.
        if self.columns or (x.dtype.kind in "iub") == self.whole:
            return
        if not self.whole:
            help = "convert them with x.astype('float32'), in the units of the training data"
            raise fail(
                "N517",
                f"{what} holds {x.dtype} numbers; the network was trained on floats",
                span,
                help=help,
            )
        if (row := scan(x).not_whole) is not None:  # integers may be given as floats
            value = f"{fractional_value(x, row):g} in row {row}"
            times = f"(x * {self.scale:g})" if self.unit and self.scale != 1 else "x"
            raise fail(
                "N517",
                f"{what} holds {value}; the network was trained on integers",
                span,
                help="convert them to the form of the training data: "
                f"{times}.round().astype('uint8')",
            )

    def check_shape(self, example: Shape, what: str, span: Span | None = None) -> None:
        """Check that this transform can convert a shape of examples. Raises NetError N518."""
        if self.accepts(example):
            return
        if self.vocabulary:
            expected = f"the network's input is {size(self.shape)} indices"
            raise fail("N518", f"{what} holds examples of {size(example)}; {expected}", span)
        raise misfit(example, self.shape, what, span)

    def check_range(self, x: Rows, what: str, span: Span | None = None) -> None:
        """Check that values are in the range of the training's.

        Pixels or counts beyond that range are most likely in other units.

        Raises:
            NetError: N527 for an index beyond the vocabulary, N517 for other values.
        """
        if self.vocabulary:
            check_indices(x, self.vocabulary, what, span)
        elif not self.columns and self.unit and (self.images or self.whole):
            found = scan(x)
            if found.low < 0 or found.high > self.scale:
                trained = f"the network was trained on 0 to {self.scale:g}"
                raise fail(
                    "N517",
                    f"{what} holds values from {found.low:g} to {found.high:g}; {trained}",
                    span,
                )

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> InputTransform:
        """Make the transform from what `dataclasses.asdict` gave.

        Raises:
            TypeError, KeyError, ValueError: where it is not one, or holds an impossible number.
        """
        columns = values["columns"]
        made = cls(
            **{
                **values,
                "example": tuple(map(int, values["example"])),
                "shape": tuple(map(int, values["shape"])),
                "scale": float(values["scale"]),
                "vocabulary": int(values["vocabulary"]),
                "crop_from": int(values.get("crop_from", 0)),
                "signed": values.get("signed", False),
                "pixel_range": _bounds(values.get("pixel_range")),
                "columns": None if columns is None else TableTransform.from_plain(columns),
            }
        )
        if not (0 < made.scale < math.inf and made.vocabulary >= 0):
            raise ValueError(f"scale {made.scale}, vocabulary {made.vocabulary}")
        if made.crop_from and (len(made.shape) != 3 or made.crop_from < made.shape[0]):
            raise ValueError(f"{size(made.shape)} cut from {made.crop_from}")
        # Not `isinstance`: 1 and "false" would pass for true.
        if not all(type(flag) is bool for flag in (made.whole, made.unit, made.signed)):
            raise ValueError("`whole`, `unit` and `signed` are true or false")
        return made


def _bounds(given: Any) -> tuple[float, float] | None:
    """Return two numbers in their order. Raises ValueError where they are not."""
    if given is None:
        return None
    low, high = map(float, given)
    if not low < high or not math.isfinite(high - low):
        raise ValueError(f"from {low} to {high}")
    return low, high
