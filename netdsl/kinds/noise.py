"""Noise while training; nothing happens in use."""

from __future__ import annotations

from typing import Any

from netdsl.kinds.base import REQUIRED, Case, Real, Shape
from netdsl.kinds.plain import Plain


class Dropout(Plain):
    """Dropout: each number is 0 with probability `rate` while training, the others are scaled by 1/(1 - rate)."""

    word = "dropout"
    group = "noise"
    positional = ("rate",)
    moves = True
    cases = (Case("dropout(0.5)", (4096,), (4096,), 0), Case("dropout(0.25)", (8, 8, 4), (8, 8, 4), 0))

    rate = Real(REQUIRED, "the probability", least=0, most=1, below=True)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.Dropout(float(self.rate), name=name)]
