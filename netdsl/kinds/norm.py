"""Norms."""

from __future__ import annotations

from typing import Any

from netdsl.kinds.base import Case, Flag, Kind, Real, Shape, Weight, Whole
from netdsl.kinds.plain import Plain


class Norm(Plain):
    """A norm that can stand as a layer's option, between the layer and its activation."""

    word = "_norm"
    group = "norm"
    as_part = True

    eps = Real(1e-5, "added to the variance", least=0)
    scale = Flag(True, "a learned factor for each channel (gamma)")
    shift = Flag(True, "a learned offset for each channel (beta)")

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        channels = inputs[0][-1:]
        gamma = (Weight("gamma", channels, "factor"),) if self.scale else ()
        return (*gamma, *((Weight("beta", channels, "factor"),) if self.shift else ()))


class BatchNorm(Norm):
    """Batch norm: each channel to mean 0 and variance 1 over the batch and all positions; in use, with the training's averages."""

    word = "bn"
    cases = (
        Case("bn", (8, 8, 16), (8, 8, 16), 32),
        Case("bn(scale=no)", (10,), (10,), 10),
        Case("bn(momentum=0.99, eps=0.001)", (5, 4), (5, 4), 8),
    )

    momentum = Real(0.9, "of the moving averages", least=0, most=1, below=True)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        channels = inputs[0][-1:]
        return (*super().weights(*inputs), Weight("moving_mean", channels, "moving"), Weight("moving_variance", channels, "moving"))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        arguments = {"momentum": float(self.momentum), "epsilon": float(self.eps), "center": self.shift, "scale": self.scale}
        return [k.keras.layers.BatchNormalization(name=name, **arguments)]


class LayerNorm(Norm):
    """Layer norm: the channels of each position to mean 0 and variance 1."""

    word = "ln"
    cases = (Case("ln", (10, 16), (10, 16), 32), Case("ln(shift=no)", (7,), (7,), 7), Case("ln(eps=1e-6)", (4, 4, 3), (4, 4, 3), 6))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.LayerNormalization(epsilon=float(self.eps), center=self.shift, scale=self.scale, name=name)]


class LocalResponseNorm(Plain, Kind):
    """Local response norm (AlexNet, section 3.3): x / (k + alpha/size * sum of squares over `size` neighbouring channels)^beta."""

    word = "lrn"
    group = "norm"
    cases = (Case("lrn", (55, 55, 96), (55, 55, 96), 0), Case("lrn(size=3, alpha=2e-5, beta=0.75, k=1)", (4, 4, 8), (4, 4, 8), 0))

    size_ = Whole(5, "neighbouring channels, the channel itself in the middle")
    alpha = Real(1e-4, "divided by size", least=0)
    beta = Real(0.75, "the exponent", least=0)
    k = Real(2, "added to the sum", least=0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        numbers = {option: float(self.values[option]) for option in ("alpha", "beta", "k")}
        return [k.custom.LocalResponseNormalization(self.values["size"], name=name, **numbers)]
