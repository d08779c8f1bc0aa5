"""Shapes: steps that move, add or drop positions."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from netdsl.kinds.base import REQUIRED, Case, Problem, Shape, Weight, dims, per_axis
from netdsl.kinds.plain import Plain
from netdsl.kinds.window import Padding, Windowed, pad_layers


class Identity(Plain):
    """Nothing: the branch that changes nothing."""

    word = "id"
    group = "shape"
    moves = True
    cases = (Case("id", (8, 8, 4), (8, 8, 4), 0),)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return []


class Flatten(Plain):
    """All numbers in one vector, row by row, channels last."""

    word = "flatten"
    group = "shape"
    moves = True
    cases = (Case("flatten", (5, 5, 16), (400,), 0), Case("flatten", (10,), (10,), 0))

    def shape(self, *inputs: Shape) -> Shape:
        return (math.prod(inputs[0]),)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.Flatten(name=name)]


class Pad(Windowed):
    """Zeros around the positions: `pad(2)`, `pad(2x1)`, `pad((t,b,l,r))`."""

    word = "pad"
    group = "shape"
    positional = ("by",)
    pad_option = "by"
    takes: ClassVar[dict[str, str]] = {}
    cases = (
        Case("pad(2)", (28, 28, 1), (32, 32, 1), 0),
        Case("pad((0,1,0,1))", (8, 8, 4), (9, 9, 4), 0),
        Case("pad(3)", (10, 2), (16, 2), 0),
        Case("pad(1x2x3)", (4, 4, 4, 1), (6, 8, 10, 1), 0),
    )

    by = Padding(REQUIRED, "how many on each side", words=())

    def shape(self, *inputs: Shape) -> Shape:
        return (*(axis.size + axis.before + axis.after for axis in self.axes(inputs[0])), inputs[0][-1])

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return ()

    def macs(self, output: Shape, *inputs: Shape) -> int:
        return 0

    def remarks(self, output: Shape, *inputs: Shape) -> list[Problem]:
        return []

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        axes = self.axes(inputs[0])
        return pad_layers(k, name, tuple((axis.before, axis.after) for axis in axes))


class Widen(Plain):
    """The parameter-free shortcut (He et al. 2015, option A): every S-th position, and zero channels up to N."""

    word = "widen"
    group = "shape"
    takes: ClassVar[dict[str, str]] = {"amount": "yes", "stride": "maybe"}
    cases = (Case("widen-32/2", (32, 32, 16), (16, 16, 32), 0), Case("widen-8", (10, 4), (10, 8), 0), Case("widen-5", (3,), (5,), 0))

    def _strides(self, x: Shape) -> tuple[int, ...]:
        return per_axis(self.stride or (1,), len(x) - 1, "the stride", "stride") if len(x) > 1 else ()

    def shape(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        channels = self.amount or 0
        if channels < x[-1]:
            raise Problem("N207", f"`widen` adds channels, and {x[-1]} come in for {channels}", "amount", label=f"{dims(x)} comes in here")
        return (*((size - 1) // stride + 1 for size, stride in zip(x, self._strides(x), strict=False)), channels)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        strides = self._strides(x)
        ops = k.keras.ops
        steps: list[Any] = []
        if any(stride > 1 for stride in strides):
            make = getattr(k.keras.layers, f"MaxPooling{len(strides)}D")
            steps.append(make(1, strides if len(strides) > 1 else strides[0], name=name))
        if output[-1] > x[-1]:
            whole = (*((0, 0),) * len(x), (0, output[-1] - x[-1]))
            steps.append(lambda tensor: ops.pad(tensor, whole))
        return steps

