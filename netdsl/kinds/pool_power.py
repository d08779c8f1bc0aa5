"""Pools that take a root of a sum of powers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from netdsl.kinds.facts import Arrays, Case
from netdsl.kinds.options import REQUIRED, Real
from netdsl.kinds.pool import Pooling
from netdsl.kinds.values import Shape
from netdsl.kinds.window import (
    pad_layers,
    zeros_before,
)

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class PowerSumPooling(Pooling):
    """What the pools that take a root of a sum of powers share; padded cells are 0."""

    word = "_power_pooling"
    saved_for_backward = "inputs output"

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each number of the output: a power for each cell of its window, their sum, a root."""
        return math.prod(output) * 2 * self._cells(inputs[0])

    def _layers(self, k: Any, power: float, name: str, output: Shape, x: Shape) -> list[Any]:
        rank = len(x) - 1
        layer = k.custom.PowerPooling(power, self.window(rank), self.strides(rank), name=name)
        return [*pad_layers(k, name, self.whole_pads(output, x)), layer]

    keras_layers = ("PowerPooling",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        power = call.number("power")
        # One Keras layer, two words: p=2 is `l2pool`, any other power `lppool`.
        if cls.reads_power(power):
            options = {"p": power} if "p" in cls.options else {}
            return cls.padded_in_keras(call, zeros_before(call) or ((0, 0),) * call.rank, **options)
        return None

    @classmethod
    def reads_power(cls, power: Any) -> bool:
        """Return whether the kind takes this power."""
        raise NotImplementedError


class EuclideanPool(PowerSumPooling):
    """L2 pooling: the root of the sum of squares over each window."""

    counterparts = ("", "nn.LPPool2d")
    word = "l2pool"
    cases = (
        Case("l2pool", (28, 28, 6), (14, 14, 6), 0),
        Case("l2pool3/2(pad=same)", (9, 9, 2), (5, 5, 2), 0),
        Case("l2pool3/2(ceil)", (8, 8, 2), (4, 4, 2), 0),
        Case("l2pool5", (10, 3), (2, 3), 0),
        Case("l2pool2", (4, 4, 4, 2), (2, 2, 2, 2), 0),
    )

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.sqrt((self._windows(np, inputs[0]) ** 2).sum(0))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return self._layers(k, 2, name, output, inputs[0])

    @classmethod
    def reads_power(cls, power: Any) -> bool:
        return bool(power == 2)


class PowerPool(PowerSumPooling):
    """Lp pooling: (sum of |x|^p)^(1/p) over each window."""

    counterparts = ("", "nn.LPPool2d")
    word = "lppool"
    positional = ("p",)
    cases = (
        Case("lppool2(p=3)", (28, 28, 6), (14, 14, 6), 0),
        Case("lppool3/2(p=1.5, pad=same)", (9, 9, 2), (5, 5, 2), 0),
        Case("lppool2(p=1)", (10, 3), (5, 3), 0),
        Case("lppool2(p=4)", (4, 4, 4, 2), (2, 2, 2, 2), 0),
    )

    p = Real(REQUIRED, "the power", min=1)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        power = float(self.p)
        # |x|, where PyTorch takes x: a sum of odd powers may be below 0, and has no root then.
        return (np.abs(self._windows(np, inputs[0])) ** power).sum(0) ** (1 / power)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return self._layers(k, float(self.p), name, output, inputs[0])

    @classmethod
    def reads_power(cls, power: Any) -> bool:
        return bool(power != 2)
