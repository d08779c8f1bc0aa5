"""What is done to examples before the network sees them, kept in the run and done again by
`evaluate` and `predict`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from netdsl.errors import Diagnostic, NetError, Span, fail
from netdsl.training.preparation.columns import Columns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Floats = NDArray[np.float32]


class Rows(Protocol):
    """Examples [n, ...] that numpy arrays, memory maps and files of images hold: `x[rows]` gives
    some of them as an array.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> Any: ...


Shape = tuple[int, ...]

LUMA = (0.299, 0.587, 0.114)
"""The shares of red, green and blue in grey (ITU-R BT.601)."""

PROBABILITIES = {"cross-entropy": ("softmax",), "binary": ("sigmoid", "hsigmoid")}
"""The activations whose values a loss reads as probabilities."""

LOGITS = {"cross-entropy": ("linear", "logsoftmax"), "binary": ("linear",)}
"""The activations whose values a loss reads as logarithms of odds or of probabilities."""

MARGINS = {"hinge": ("linear", "tanh")}
"""The activations whose values a loss reads as distances from a border: above 0 on the class's
side, 1 and more for certain.
"""


@dataclass(frozen=True)
class Input:
    """From an example as it is given to one input of the network.

    `name` is the network's input and `shape` its shape; `example` is the shape of what is given.
    Neither has the batch. `whole` says that the examples hold whole numbers, `unit` that they lie
    in 0..1 once divided by `scale`. With a `vocabulary` they are whole numbers below it, and not
    scaled. `columns` are those of a table.
    """

    name: str
    example: Shape
    whole: bool
    scale: float
    unit: bool
    shape: Shape
    vocabulary: int = 0
    columns: Columns | None = None

    @property
    def pictures(self) -> bool:
        """Whether the examples are images, so that one of another size can be resized."""
        return not self.vocabulary and len(self.example) in (2, 3) and len(self.shape) in (1, 3)

    def only_divides(self, x: Rows) -> bool:
        """Whether examples are bytes, and `values` does no more than divide them by `scale`."""
        bare = (
            x.dtype == "uint8"
            and x.shape[1:] == self.example
            and not (self.vocabulary or self.columns)
        )
        return bare and not is_picture(self.example, self.shape)

    def values(self, x: Array, divided: bool = True) -> Array:
        """The examples [n, ...] as the network takes them: float32 [n, *shape], int32 with a
        vocabulary.

        Unless they are to be `divided`, bytes that need nothing else are left what they are: uint8
        [n, *shape], a quarter of the memory. Pictures of another size are first brought to that of
        `example`, so that they come to the network as the training examples did: an 8x8 digit blown
        up is not as sharp as one drawn at 32x32.
        """
        import numpy as np

        if not divided and self.only_divides(x):
            return x.reshape(len(x), *self.shape)
        if self.vocabulary:
            return x.astype(np.int32).reshape(len(x), *self.shape)
        if self.columns:
            return self.columns.encode(x).reshape(len(x), *self.shape)
        x = self.sized(x.astype(np.float32) / np.float32(self.scale))
        if is_picture(x.shape[1:], self.shape):
            return resized(with_channels(x, self.shape[2]), *self.shape[:2])
        return x.reshape(len(x), *self.shape)

    def sized(self, x: Array) -> Array:
        """Pictures of another size than `example` brought to it [n, *example]; anything else as
        it is.
        """
        import numpy as np

        if self.pictures and x.shape[1:] != self.example and x.ndim > 2:
            made = resized(
                with_channels(x.astype(np.float32), channels(self.example)), *self.example[:2]
            )
            return made.reshape(len(x), *self.example)
        return x

    def alike(self, x: Array) -> Array:
        """Examples that `check` took, in one shape whatever theirs is: pictures in that of
        `example`, others in the network's.
        """
        if self.columns or x.shape[1:] == self.example:
            return x
        if not self.pictures:
            flat = self.vocabulary or not is_picture(x.shape[1:], self.shape)
            return (
                x.reshape(len(x), *self.shape)
                if flat
                else resized(with_channels(x, self.shape[2]), *self.shape[:2])
            )
        if x.ndim == 2:
            x = x.reshape(
                len(x),
                *(
                    self.example
                    if math.prod(x.shape[1:]) == math.prod(self.example)
                    else self.shape
                ),
            )
        return self.sized(x).reshape(len(x), *self.example)

    def takes(self, given: Shape) -> bool:
        """Whether examples of this shape can be made what the network takes.

        Of images [h, w] the size is free, as it is of files.
        """
        if self.vocabulary:
            return fits_indices(given, self.shape)
        if self.columns:
            return fits(given, self.example)
        if not self.pictures or len(given) < 2:
            return fits(given, self.shape)
        grey = (*self.example, 1) if len(self.example) == 2 and self.unit else self.example
        return fits(given, self.example) or fits(given, grey)

    def check(self, x: Rows, what: str, span: Span | None = None) -> None:
        """Raises NetError where examples are not of the kind that this was made for: N518 by
        shape, N517 by values.
        """
        given = x.shape[1:]
        if self.vocabulary:
            if not self.takes(given):
                raise fail(
                    "N518",
                    f"{what} holds examples of {size(given)}; the network's input is {size(self.shape)} indices",
                    span,
                )
            return
        if not self.takes(given):
            raise misfit(given, self.shape, what, span)
        if self.columns or (x.dtype.kind in "iub") == self.whole:
            return
        if not self.whole:
            help = "in the units of the training data they are given as x.astype('float32')"
            raise fail(
                "N517",
                f"{what} holds {x.dtype} numbers; the network was trained on real ones",
                span,
                help=help,
            )
        if (row := scan(x).broken) is not None:  # whole numbers may come as real ones
            message = f"{what} holds {broken_value(x, row):g} in row {row}; the network was trained on whole numbers"
            times = f"(x * {self.scale:g})" if self.unit and self.scale != 1 else "x"
            raise fail(
                "N517",
                message,
                span,
                help=f"give them as the training data had them: {times}.round().astype('uint8')",
            )

    def check_range(self, x: Rows, what: str, span: Span | None = None) -> None:
        """Raises NetError N527 for an index that the network does not know, N517 where pixels or
        counts go beyond those that the network was trained on: other units, most likely.
        """
        if self.vocabulary:
            check_indices(x, self.vocabulary, what, span)
        elif not self.columns and self.unit and (self.pictures or self.whole):
            seen = scan(x)
            if seen.least < 0 or seen.most > self.scale:
                trained = f"the network was trained on 0 to {self.scale:g}"
                raise fail(
                    "N517",
                    f"{what} holds values from {seen.least:g} to {seen.most:g}; {trained}",
                    span,
                )


@dataclass(frozen=True)
class Output:
    """From a label or a value to what one output of the network is compared with.

    `shape` is the output's, without the batch. `classes` is 0 where the data holds values to be met
    instead of classes; with them, labels stand for the last axis: one an example, or one for each
    position of an output [t, classes] or [h, w, classes]. Values are standardised: `(y - centre) /
    spread`. `copies` names the input that this output learns to give back. `soft` says that what
    the loss reads as probabilities is not just 0 and 1.
    """

    name: str
    shape: Shape
    activation: str
    loss: str
    classes: int
    names: tuple[str, ...] = ()
    centre: float = 0.0
    spread: float = 1.0
    copies: str = ""
    soft: bool = False

    @property
    def logits(self) -> bool:
        """Whether the loss reads the output as logits."""
        return self.activation in LOGITS.get(self.loss, ())

    @property
    def threshold(self) -> float:
        """Of a single output: from where on it says 1."""
        return 0.0 if self.logits or self.loss in MARGINS else 0.5

    @property
    def accuracy(self) -> bool:
        """Whether an accuracy can be told: grey values that are to be given back, and shares,
        are neither right nor wrong.
        """
        return self.classes > 0 or (self.loss == "binary" and not self.copies and not self.soft)

    @property
    def dense(self) -> bool:
        """Whether there is a label for each position, such as each pixel, and not one an
        example.
        """
        return self.classes > 0 and len(self.shape) > 1

    @property
    def metric(self) -> str:
        """What is told beside the loss."""
        return "accuracy" if self.accuracy else "absolute_error"

    def label(self, label: int) -> str:
        """A class's name, its number where it has none."""
        return self.names[label] if label < len(self.names) else str(label)

    def targets(self, y: Array) -> Array:
        """The labels or values [n, ...] as the loss takes them.

        int32 [n] or [n, *positions] for the cross-entropy; float32 of 0 and 1 [n, *shape] for other
        losses of classes; float32 values [n, *shape], standardised.
        """
        import numpy as np

        if not self.classes:
            values = y.reshape(len(y), *self.shape)
            return np.asarray(
                (values - self.centre) / self.spread
                if (self.centre, self.spread) != (0.0, 1.0)
                else values,
                np.float32,
            )
        if self.loss == "cross-entropy":
            return y.astype(np.int32)
        if self.shape == (1,):
            return y.reshape(-1, 1).astype(np.float32)
        return np.eye(self.classes, dtype=np.float32)[y]

    def original(self, values: Array) -> Array:
        """What the network gives [n, *shape] in the data's own units."""
        return values * self.spread + self.centre


@dataclass(frozen=True)
class Preparation:
    """What is done to examples and their targets, for each input and each output of the network
    in its order.
    """

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]

    @property
    def metric(self) -> str:
        """What is told of the first output beside the loss."""
        return self.outputs[0].metric

    def x(self, arrays: tuple[Array, ...], divided: bool = True) -> tuple[Array, ...]:
        """Examples as the network takes them, an array for each input; `divided` as for
        `Input.values`.
        """
        return tuple(
            input.values(array, divided) for input, array in zip(self.inputs, arrays, strict=True)
        )

    def y(self, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        """Labels and values as the losses take them, an array for each output."""
        return tuple(
            output.targets(array) for output, array in zip(self.outputs, arrays, strict=True)
        )


# --- values ---------------------------------------------------------------------------------------

LARGEST = 3.4028235e38
"""The largest number of 32 bits."""

CHUNK = 1 << 24
"""Elements looked at in one go: an array may be a file that is larger than the memory."""


class Seen(NamedTuple):
    """What a look at all values found: the least and the most, the first row with a number that is
    not finite, and the first with one that is not whole.
    """

    least: float
    most: float
    endless: int | None
    broken: int | None


def scan(array: Rows) -> Seen:
    """A look at all values of an array of numbers [n, ...], n > 0, piece by piece; not at those
    that are known by their `limits`.
    """
    import numpy as np

    if (limits := getattr(array, "limits", None)) is not None:
        return Seen(float(limits[0]), float(limits[1]), None, None)
    least, most, endless, broken = math.inf, -math.inf, None, None
    for start, piece in pieces(array):
        with np.errstate(over="ignore", invalid="ignore"):
            if piece.dtype.kind == "f" and endless is None:
                endless = _first(~np.isfinite(piece.astype(np.float32)), start)
            if piece.dtype.kind == "f" and broken is None:
                broken = _first(piece != np.floor(piece), start)
            least, most = min(least, float(piece.min())), max(most, float(piece.max()))
    return Seen(least, most, endless, broken)


def pieces(array: Rows) -> Iterator[tuple[int, Array]]:
    """The rows of an array in pieces that the memory holds, each with the number of its first
    row.
    """
    import numpy as np

    step = max(1, CHUNK // max(1, math.prod(array.shape[1:])))
    for start in range(0, len(array), step):
        yield start, np.asarray(array[start : start + step])


def _first(wrong: Array, start: int) -> int | None:
    """The first row with a value that is wrong."""
    import numpy as np

    rows = np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))
    return start + int(rows[0]) if len(rows) else None


def broken_value(array: Rows, row: int) -> float:
    """The first number of a row that is not whole."""
    import numpy as np

    values = np.asarray(array[row]).reshape(-1)
    return float(values[values != np.floor(values)][0])


def check_indices(x: Rows, vocabulary: int, what: str, span: Span | None = None) -> None:
    """Raises NetError N527 where an array holds anything but whole numbers from 0 to below the
    vocabulary.
    """
    import numpy as np

    for start, piece in pieces(x):
        wrong = (piece < 0) | (piece >= vocabulary)
        if piece.dtype.kind == "f":
            wrong |= piece != np.floor(piece)
        if (row := _first(wrong, start)) is not None:
            value = piece[row - start].reshape(-1)[
                np.flatnonzero(wrong[row - start].reshape(-1))[0]
            ]
            message = f"{what} holds {value:g} in row {row}; the network's input takes whole numbers from 0 to {vocabulary - 1:,}"
            raise fail(
                "N527",
                message,
                span,
                help=f"`of int({vocabulary})` in the network says how many there are",
            )


# --- shapes ---------------------------------------------------------------------------------------


def is_picture(example: Shape, wanted: Shape) -> bool:
    """Whether an example [h, w] or [h, w, c] is to be resized to an image of the wanted shape,
    or given other channels.
    """
    return len(example) in (2, 3) and len(wanted) == 3 and wanted not in (example, (*example, 1))


def fits(example: Shape, wanted: Shape) -> bool:
    """Whether an example can be given the wanted shape."""
    if is_picture(example, wanted):
        return math.prod(example) > 0 and (
            channels(example) == wanted[2] or {channels(example), wanted[2]} == {1, 3}
        )
    flat = len(example) <= 1 or len(wanted) == 1
    return (
        example == wanted
        or (*example, 1) == wanted
        or (flat and math.prod(example) == math.prod(wanted))
    )


def fits_indices(example: Shape, wanted: Shape) -> bool:
    """Whether an example of indices can be given the wanted shape: as it is, or with an axis of
    1 more.
    """
    return wanted in (example, (*example, 1))


def channels(picture: Shape) -> int:
    return picture[2] if len(picture) == 3 else 1


def misfit(example: Shape, input: Shape, what: str, span: Span | None = None) -> NetError:
    message = f"{what} holds examples of {size(example)}, which cannot be made the network's input of {size(input)}"
    return NetError(
        Diagnostic(
            "N518",
            message,
            span,
            "images are resized to an input HxWxC with as many channels, or 1 for 3 or 3 for 1",
        )
    )


def counted(count: int, word: str) -> str:
    """`1 row`, `1,000 rows`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def size(shape: Shape) -> str:
    """A shape as the language writes it."""
    return "x".join(map(str, shape)) or "single numbers"


# --- images ---------------------------------------------------------------------------------------


def with_channels(x: Floats, count: int) -> Floats:
    """Images [n, h, w] or [n, h, w, c] with this many channels: grey is repeated, colour becomes
    grey.
    """
    import numpy as np

    x = x[..., None] if x.ndim == 3 else x
    if x.shape[3] == count:
        return x
    if count == 1:
        return x @ np.array(LUMA, np.float32)[:, None]
    return np.repeat(x, count, axis=3)


def resized(x: Floats, height: int, width: int) -> Floats:
    """Images [n, h, w, c] at another size, bilinearly; smaller ones are averaged over what they
    cover, as Pillow does.
    """
    import numpy as np

    if x.shape[1] != height:
        x = np.einsum("Hh,nhwc->nHwc", _weights(x.shape[1], height), x, optimize=True)
    if x.shape[2] != width:
        x = np.einsum("Ww,nhwc->nhWc", _weights(x.shape[2], width), x, optimize=True)
    return np.ascontiguousarray(x)


def _weights(old: int, new: int) -> Floats:
    """How much each of the `old` pixels of a line gives each of the `new` ones: [new, old], rows
    sum to 1.
    """
    import numpy as np

    step = old / new
    centres = (np.arange(new) + 0.5) * step
    distances = np.abs(np.arange(old) + 0.5 - centres[:, None]) / max(step, 1.0)
    weights = np.maximum(0.0, 1.0 - distances)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


# --- keeping it -----------------------------------------------------------------------------------


def as_plain(preparation: Preparation) -> dict[str, Any]:
    return dataclasses.asdict(preparation)


def from_plain(values: dict[str, Any]) -> Preparation:
    """The preparation that `as_plain` gave.

    Raises TypeError, KeyError or ValueError where it is none, or holds a number that cannot be.
    """
    inputs, outputs = tuple(map(_input, values["inputs"])), tuple(map(_output, values["outputs"]))
    if not inputs or not outputs:
        raise ValueError("no inputs or outputs")
    return Preparation(inputs, outputs)


def _input(values: dict[str, Any]) -> Input:
    columns = None if values["columns"] is None else Columns.from_plain(values["columns"])
    numbers = {"scale": float(values["scale"]), "vocabulary": int(values["vocabulary"])}
    made = Input(**{**values, **_shapes(values, "example", "shape"), **numbers, "columns": columns})
    _check(
        0 < made.scale < math.inf and made.vocabulary >= 0,
        f"scale {made.scale}, vocabulary {made.vocabulary}",
    )
    _check(
        all(type(flag) is bool for flag in (made.whole, made.unit)),
        "`whole` and `unit` are true or false",
    )
    return made


def _output(values: dict[str, Any]) -> Output:
    numbers = {
        "classes": int(values["classes"]),
        "centre": float(values["centre"]),
        "spread": float(values["spread"]),
    }
    made = Output(
        **{
            **values,
            **_shapes(values, "shape"),
            **numbers,
            "names": tuple(map(str, values["names"])),
        }
    )
    _check(
        0 < made.spread < math.inf and math.isfinite(made.centre),
        f"centre {made.centre}, spread {made.spread}",
    )
    _check(made.loss in (*PROBABILITIES, *MARGINS, "squared", "absolute"), f"loss {made.loss}")
    _check(
        made.classes in (0, max(2, made.shape[-1])), f"{made.classes} classes of {size(made.shape)}"
    )
    return made


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)


def _shapes(values: dict[str, Any], *names: str) -> dict[str, Shape]:
    return {name: tuple(map(int, values[name])) for name in names}
