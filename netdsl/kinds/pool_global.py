"""Pooling over all positions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from netdsl.kinds.facts import Arrays, Case
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.plain import Weightless
from netdsl.kinds.values import Shape, dims

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class GlobalPooling(Weightless):
    """What the global pools share: all positions to one."""

    word = "_global_pooling"
    group = "pooling"
    reach = "all"

    def shape(self, *inputs: Shape) -> Shape:
        """A vector of the channels.

        Raises:
            LayerError: N203 for a vector.
        """
        x = inputs[0]
        if not 2 <= len(x) <= 4:
            what = "a vector" if len(x) == 1 else f"an array of {len(x) - 1} axes"
            raise LayerError(
                "N203",
                f"`{self.word}` pools positions, and {dims(x)} is {what}",
                label=f"the input is {dims(x)}",
            )
        return (x[-1],)

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """Comparisons: for each channel, one less than there are positions."""
        return math.prod(inputs[0]) - inputs[0][-1]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        make = getattr(k.keras.layers, f"{self.keras_layers[0]}{len(inputs[0]) - 1}D")
        return [make(name=name)]

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        call.refuse_channels_first()
        return call.means(cls.spec())


class GlobalAveragePool(GlobalPooling):
    """Global average pooling: the mean over all positions, a vector."""

    counterparts = ("layers.GlobalAveragePooling2D", "nn.AdaptiveAvgPool2d")
    word = "gap"
    takes_mask = True
    saved_for_backward = ""
    keras_layers = ("GlobalAveragePooling",)
    names_elsewhere = (
        "globalpool",
        "globalaveragepooling",
        "globalavgpool",
        "adaptiveavgpool",
    )
    cases = (
        Case("gap", (7, 7, 512), (512,), 0),
        Case("gap", (10, 4), (4,), 0),
        Case("gap", (3, 4, 5, 2), (2,), 0),
    )

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each channel the additions over all positions, and a division."""
        return super().elementwise_ops(output, *inputs) + math.prod(output)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0].mean(tuple(range(1, inputs[0].ndim - 1)))


class GlobalMaxPool(GlobalPooling):
    """Global max pooling: the largest value over all positions, a vector."""

    counterparts = ("layers.GlobalMaxPooling2D", "nn.AdaptiveMaxPool2d")
    word, gate = "gmp", "routes"
    saved_for_backward = "indices"
    keras_layers = ("GlobalMaxPooling",)
    library_saves_input = True
    names_elsewhere = ("globalmaxpooling", "globalmaxpool", "adaptivemaxpool")
    cases = (
        Case("gmp", (7, 7, 512), (512,), 0),
        Case("gmp", (10, 4), (4,), 0),
        Case("gmp", (3, 4, 5, 2), (2,), 0),
    )

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0].max(tuple(range(1, inputs[0].ndim - 1)))
