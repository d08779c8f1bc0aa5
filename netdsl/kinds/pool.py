"""Pooling. The stride is the window's size unless one is given."""

from __future__ import annotations

from typing import Any, ClassVar

from netdsl.kinds.base import Call, Case, Flag, Kind, Problem, Shape, Weight, Word, dims
from netdsl.kinds.window import Padding, Pads, Windowed, pad_layers, tf_same


class Pooling(Windowed):
    """What the windowed pools share: no weights, and windows that do not overlap unless a stride is given."""

    word = "_pooling"
    group = "pooling"
    takes: ClassVar[dict[str, str]] = {"size": "maybe", "stride": "maybe"}

    pad = Padding(0, "padding of the positions", words=("same", "valid", "tf", "full"))
    ceil_ = Flag(False, "round the output's size up")

    def settled(self) -> Kind:
        size = self.size or (2,)
        return type(self)(Call(self.word, size, None, self.stride or size), self.values, self.explicit)

    def shape(self, *inputs: Shape) -> Shape:
        return (*self.positions(inputs[0]), inputs[0][-1])

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return ()

    def macs(self, output: Shape, *inputs: Shape) -> int:
        return 0

    def _overhang(self, output: Shape, x: Shape) -> tuple[int, ...]:
        """Cells of the last windows that lie behind the padded input (with `ceil`)."""
        counts = zip(self.axes(x), output, strict=False)
        return tuple(max(0, (n - 1) * a.stride + a.extent - a.size - a.before - a.after) for a, n in counts)

    def _layer(self, k: Any, kind: str, rank: int, padding: str, name: str) -> Any:
        make = getattr(k.keras.layers, f"{kind}Pooling{rank}D")
        window, strides = self.window(rank), self.strides(rank)
        return make(window if rank > 1 else window[0], strides if rank > 1 else strides[0], padding=padding, name=name)


class MaxPool(Pooling):
    """Max pooling: the largest value in each window; padded cells are minus infinity."""

    word = "pool"
    cases = (
        Case("pool", (28, 28, 6), (14, 14, 6), 0),
        Case("pool3/2", (55, 55, 96), (27, 27, 96), 0),
        Case("pool3/2(pad=same)", (112, 112, 64), (56, 56, 64), 0),
        Case("pool3/2(ceil)", (112, 112, 64), (56, 56, 64), 0),
        Case("pool3/1(pad=same)", (28, 28, 192), (28, 28, 192), 0),
        Case("pool", (10, 3), (5, 3), 0),
        Case("pool", (4, 4, 4, 2), (2, 2, 2, 2), 0),
        Case("pool2x1(pad=tf)", (5, 4, 2), (3, 4, 2), 0),
    )

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank, axes = len(x) - 1, self.axes(x)
        extra = self._overhang(output, x)
        if not any(extra) and tf_same(axes):
            return [self._layer(k, "Max", rank, "same", name)]
        pads: Pads = tuple((axis.before, axis.after + more) for axis, more in zip(axes, extra, strict=True))
        # Keras's own padding layer pads with zeros only; the operation is Keras's too, so the model needs no netdsl to load.
        whole = ((0, 0), *pads, (0, 0))
        padding = [lambda tensor: k.keras.ops.pad(tensor, whole, constant_values=float("-inf"))] if any(map(any, pads)) else []
        return [*padding, self._layer(k, "Max", rank, "valid", name)]


class AveragePool(Pooling):
    """Average pooling; padded cells count in the divisor with `same` and numbers, not with `tf`."""

    word = "avgpool"
    cases = (
        Case("avgpool", (28, 28, 6), (14, 14, 6), 0),
        Case("avgpool3/1(pad=same)", (35, 35, 8), (35, 35, 8), 0),
        Case("avgpool3/2(pad=tf)", (9, 9, 2), (5, 5, 2), 0),
        Case("avgpool3/2(ceil)", (8, 8, 2), (4, 4, 2), 0),
        Case("avgpool5", (10, 3), (2, 3), 0),
        Case("avgpool2", (4, 4, 4, 2), (2, 2, 2, 2), 0),
    )

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank, axes = len(x) - 1, self.axes(x)
        pads: Pads = tuple((axis.before, axis.after) for axis in axes)
        extra = self._overhang(output, x)
        if any(extra):
            return [k.custom.OverhangingAveragePooling(self.window(rank), self.strides(rank), pads, extra, name=name)]
        if self.values["pad"] == Word("tf"):
            return [self._layer(k, "Average", rank, "same", name)]
        return [*pad_layers(k, name, pads), self._layer(k, "Average", rank, "valid", name)]


class GlobalPooling(Kind):
    """What the global pools share: all positions to one."""

    word = "_global_pooling"
    group = "pooling"
    keras_name: ClassVar[str] = ""

    def shape(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if not 2 <= len(x) <= 4:
            what = "a vector" if len(x) == 1 else f"an array of {len(x) - 1} axes"
            raise Problem("N203", f"`{self.word}` pools positions, and {dims(x)} is {what}", label=f"{dims(x)} comes in here")
        return (x[-1],)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return ()

    def macs(self, output: Shape, *inputs: Shape) -> int:
        return 0

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [getattr(k.keras.layers, f"{self.keras_name}{len(inputs[0]) - 1}D")(name=name)]


class GlobalAveragePool(GlobalPooling):
    """Global average pooling: the mean over all positions, a vector."""

    word = "gap"
    keras_name = "GlobalAveragePooling"
    cases = (Case("gap", (7, 7, 512), (512,), 0), Case("gap", (10, 4), (4,), 0), Case("gap", (3, 4, 5, 2), (2,), 0))


class GlobalMaxPool(GlobalPooling):
    """Global max pooling: the largest value over all positions, a vector."""

    word = "gmp"
    keras_name = "GlobalMaxPooling"
    cases = (Case("gmp", (7, 7, 512), (512,), 0), Case("gmp", (10, 4), (4,), 0), Case("gmp", (3, 4, 5, 2), (2,), 0))
