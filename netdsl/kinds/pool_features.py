"""Pooling over features."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.facts import Arrays, Case, Saved
from netdsl.kinds.fitting import divisor
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import Choice
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import Shape, Word, dims

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class FeaturePool(Plain):
    """Pooling over groups of N neighbouring features: their Euclidean length, or with `max` the
    largest (maxout).
    """

    word = "featpool"
    group = "pooling"
    reach = "position"
    positional = ("of",)
    takes: ClassVar[dict[str, str]] = {"size": "yes"}
    cases = (
        Case("featpool2", (8, 8, 4), (8, 8, 2), 0),
        Case("featpool5(max)", (100,), (20,), 0),
        Case("featpool3(of=max)", (10, 6), (10, 2), 0),
        Case("featpool2(of=l2)", (2, 3, 4, 4), (2, 3, 4, 2), 0),
    )

    of = Choice("l2", ("l2", "max"), "the root of the sum of squares, or the largest")

    @property
    def features(self) -> int:
        return (self.size or (1,))[0]

    def shape(self, *inputs: Shape) -> Shape:
        """C/N channels at the same positions.

        Raises:
            LayerError: N202 for a size that is not one number, N206 where it does not divide the
                channels.
        """
        x = inputs[0]
        if len(self.size or ()) > 1:
            raise LayerError(
                "N202",
                f"`{self.word}` requires one number, the features in a group, not "
                f"{dims(self.size or ())}",
                "size",
            )
        if x[-1] % self.features:
            message = f"groups of {self.features} features do not divide {x[-1]} channels"
            help = f"groups of {divisor(x[-1], self.features)} do"
            raise LayerError("N206", message, "size", help, f"the input is {dims(x)}")
        return (*x[:-1], x[-1] // self.features)

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each number of the output: N squares, their sum and a root; of `max` N-1
        comparisons.
        """
        return math.prod(output) * (
            self.features - 1 if self.of.text == "max" else 2 * self.features
        )

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """Which feature was the largest; of `l2` input and output."""
        return (
            Saved(indices=math.prod(output))
            if self.of.text == "max"
            else Saved(inputs=True, output=True)
        )

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        groups = inputs[0].reshape(*inputs[0].shape[:-1], -1, self.features)
        return groups.max(-1) if self.of.text == "max" else np.sqrt((groups**2).sum(-1))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        if self.of.text == "l2":
            # A layer of its own: the root of a sum has an infinite derivative at 0.
            return [k.custom.FeaturePooling(self.features, name=name)]
        groups = k.keras.layers.Reshape((*output, self.features), name=name)
        return [groups, lambda tensor: k.keras.ops.max(tensor, axis=-1)]

    keras_layers = ("FeaturePooling", "Max")

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.layer == "FeaturePooling":
            return call.means(cls.spec(size=(call.config["size"],), of=Word("l2")))
        steps = call.chain("Reshape", "Max")
        if steps is None or call.config["keepdims"] or call.config["axis"] != -1:
            return None
        given, groups = steps[0].inputs[0], steps[0].output
        # A split of the channels alone: another reshape mixes positions into the groups.
        if groups != (*given[:-1], given[-1] // groups[-1], groups[-1]):
            return None
        return call.means(cls.spec(size=(groups[-1],), of=Word("max")), calls=2)
