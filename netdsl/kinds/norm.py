"""Norms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from netdsl.kinds.cells import by_groups
from netdsl.kinds.facts import Arrays, Case, Saved, Weight
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import Flag, Real, Whole
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import Argument, LayerSpec, Shape, dims

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class Norm(Plain):
    """A norm that can stand as a layer's option, between the layer and its activation."""

    word = "_norm"
    keeps_mask = True
    group = "norm"
    reach = "position"
    as_part = True

    eps = Real(1e-5, "added to the variance", min=0)


class Affine(Norm):
    """A norm with a learned factor and offset for each channel after it."""

    word = "_affine"

    scale = Flag(True, "a learned factor for each channel (gamma)")
    shift = Flag(True, "a learned offset for each channel (beta)")

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """A factor (with `scale`) and an offset (with `shift`) for each channel."""
        channels = inputs[0][-1:]
        gamma = (Weight("gamma", channels, "factor"),) if self.scale else ()
        return (*gamma, *((Weight("beta", channels, "factor"),) if self.shift else ()))

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each number: a mean (add), the deviation and its square, their mean (add), a
        division; then factor and offset.
        """
        return math.prod(output) * (5 + self.scale + self.shift)

    def backward_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each number: the gradient's mean (add), its product with the normalised number, the
        mean of that (add), the product with it, two subtractions, a division; for the factor two
        products and a sum, for the offset a sum.
        """
        return math.prod(output) * (7 + 3 * self.scale + self.shift)

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """Return the input, and the mean and deviation of each group of numbers."""
        return Saved(inputs=True, values=2 * self.statistics(inputs[0]))

    def statistics(self, x: Shape) -> int:
        """Return how many means are taken."""
        raise NotImplementedError

    def initial(self, np: Any, weight: Weight) -> Any:
        """Factors of 1, offsets of 0."""
        # Its role is a factor's too, but an offset begins at 0.
        return np.zeros(weight.shape) if weight.name == "beta" else super().initial(np, weight)

    def _normalised(self, np: Any, x: Any, axes: tuple[int, ...]) -> Any:
        """Numbers with mean 0 and variance 1 along these axes."""
        deviations = x - x.mean(axes, keepdims=True)
        variance = (deviations**2).mean(axes, keepdims=True)
        return deviations / np.sqrt(variance + float(self.eps))

    def _affine(self, weights: Arrays, x: Any) -> Any:
        """Numbers with the learned factors and offsets."""
        return x * weights.get("gamma", 1) + weights.get("beta", 0)

    def _arguments(self) -> dict[str, Any]:
        """Return what the Keras layers share, without what they do anyway."""
        off = {"center": self.shift, "scale": self.scale}
        return {
            "epsilon": float(self.eps),
            **{key: value for key, value in off.items() if not value},
        }

    @classmethod
    def affine_in_keras(cls, call: CallView) -> dict[str, Any]:
        """Return the options of a Keras layer with a factor and an offset."""
        call.refuse_other_axis()
        call.refuse_set(
            "beta_constraint", "gamma_constraint", "beta_regularizer", "gamma_regularizer"
        )
        scale, shift = bool(call.config["scale"]), bool(call.config["center"])
        # Always stated: Keras's epsilon is 0.001, and the language's default 1e-5.
        return {"eps": call.number("epsilon"), "scale": scale, "shift": shift}


class BatchNorm(Affine):
    """Batch norm: each channel to mean 0 and variance 1 over the batch and all positions; in
    use, with the training's averages.
    """

    counterparts = ("layers.BatchNormalization", "nn.BatchNorm2d")
    word = "bn"
    removes_mean = True
    # Mean and variance are of the batch.
    saved_once_per_batch = gains_from_xla = True
    names_elsewhere = ("batchnorm", "batchnormalization")
    cases = (
        Case("bn", (8, 8, 16), (8, 8, 16), 32),
        Case("bn(scale=no)", (10,), (10,), 10),
        Case("bn(momentum=0.99, eps=0.001)", (5, 4), (5, 4), 8),
    )

    # The share of the old average, as Keras counts it (0.99 there); PyTorch's 0.1 is this 0.9.
    momentum = Real(0.9, "of the moving averages", min=0, max=1, exclude_max=True)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """A factor (with `scale`), an offset (with `shift`) and two moving statistics for each
        channel.
        """
        channels = inputs[0][-1:]
        return (
            *super().weights(*inputs),
            Weight("moving_mean", channels, "moving"),
            Weight("moving_variance", channels, "moving"),
        )

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """A multiplication and an addition for each number: in use, averages, factor and offset
        are one line.
        """
        return 2 * math.prod(output)

    def trained_ops(self, output: Shape, *inputs: Shape) -> int:
        """As for the other norms: mean and variance of the batch, then factor and offset."""
        return super().elementwise_ops(output, *inputs)

    def statistics(self, x: Shape) -> int:
        """Return one for each channel."""
        return x[-1]

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        mean, variance = weights["moving_mean"], weights["moving_variance"]
        return self._affine(weights, (inputs[0] - mean) / np.sqrt(variance + float(self.eps)))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        arguments = {"momentum": float(self.momentum), **self._arguments()}
        return [k.keras.layers.BatchNormalization(**arguments, name=name)]

    keras_layers = ("BatchNormalization",)
    program_name = "bn"
    differs_in_training = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.config.get("renorm"):
            raise call.refuse("it renormalizes")
        options = cls.affine_in_keras(call)
        return call.means(cls.spec(**options, momentum=call.number("momentum")))


class LayerNorm(Affine):
    """Layer norm: the channels of each position to mean 0 and variance 1."""

    counterparts = ("layers.LayerNormalization", "nn.LayerNorm")
    word = "ln"
    names_elsewhere = ("lnorm", "layernorm", "layernormalization")
    cases = (
        Case("ln", (10, 16), (10, 16), 32),
        Case("ln(shift=no)", (7,), (7,), 7),
        Case("ln(eps=1e-6)", (4, 4, 3), (4, 4, 3), 6),
    )

    def statistics(self, x: Shape) -> int:
        """Return one for each position."""
        return math.prod(x[:-1])

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return self._affine(weights, self._normalised(np, inputs[0], (-1,)))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.LayerNormalization(**self._arguments(), name=name)]

    keras_layers = ("LayerNormalization",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        call.refuse_set("rms_scaling")
        return call.means(cls.spec(**cls.affine_in_keras(call)))


class GroupNorm(Affine):
    """Group norm: each of `groups` groups of channels to mean 0 and variance 1 over all
    positions, for each example alone.
    """

    counterparts = ("layers.GroupNormalization", "nn.GroupNorm")
    word = "gn"
    reach = "position all"
    names_elsewhere = ("gnorm", "groupnorm", "groupnormalization")
    cases = (
        Case("gn", (8, 8, 64), (8, 8, 64), 128),
        Case("gn(groups=2)", (10, 6), (10, 6), 12),
        Case("gn(groups=3, shift=no)", (6,), (6,), 6),
        Case("gn(groups=1)", (3, 4, 4, 2), (3, 4, 4, 2), 4),
        Case("conv3-8(gn(groups=4))", (8, 8, 4), (8, 8, 8), 304),
    )

    groups = Whole(32, "groups of neighbouring channels")

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape, where `groups` divides its channels.

        Raises:
            LayerError: N206 where `groups` does not divide the channels.
        """
        x = inputs[0]
        if x[-1] % self.groups:
            help = f"write {self.word}(groups={math.gcd(self.groups, x[-1])})"
            raise LayerError(
                "N206",
                f"groups={self.groups} does not divide {x[-1]} channels",
                "groups",
                help,
                f"the input is {dims(x)}",
            )
        return x

    def statistics(self, x: Shape) -> int:
        """Return one for each group."""
        return self.groups

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        groups = by_groups(inputs[0], self.groups)
        # All but the batch and the groups: positions and the channels of a group together.
        axes = tuple(axis for axis in range(1, groups.ndim) if axis != groups.ndim - 2)
        return self._affine(weights, self._normalised(np, groups, axes).reshape(inputs[0].shape))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.GroupNormalization(self.groups, **self._arguments(), name=name)]

    keras_layers = ("GroupNormalization",)
    keras_signatures = ("GroupNormalization(groups)",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if _has_own_groups(call):
            return None
        groups, channels = call.config["groups"], call.output[-1]
        options = cls.affine_in_keras(call)
        # A group for each channel of a vector is `gn`: instance norm needs positions.
        return call.means(cls.spec(**options, groups=channels if groups == -1 else groups))


class InstanceNorm(Affine):
    """Instance norm: each channel to mean 0 and variance 1 over all positions, for each example
    alone.
    """

    counterparts = ("layers.GroupNormalization", "nn.InstanceNorm2d")
    word = "in"
    names_elsewhere = (
        "instancenorm",
        "inorm",
    )
    reach = "position all"
    removes_mean = True
    cases = (
        Case("in", (8, 8, 4), (8, 8, 4), 8),
        Case("in(scale=no, shift=no)", (10, 3), (10, 3), 0),
        Case("conv3-8(in, relu)", (8, 8, 4), (8, 8, 8), 304),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape; it must have positions.

        Raises:
            LayerError: N203 for a vector.
        """
        x = inputs[0]
        if len(x) < 2:
            raise LayerError(
                "N203",
                f"`{self.word}` averages over positions, and {dims(x)} is a vector",
                help="ln is for vectors",
                label=f"the input is {dims(x)}",
            )
        return x

    def statistics(self, x: Shape) -> int:
        """Return one for each channel."""
        return x[-1]

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        positions = tuple(range(1, inputs[0].ndim - 1))
        return self._affine(weights, self._normalised(np, inputs[0], positions))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.GroupNormalization(-1, **self._arguments(), name=name)]

    keras_layers = ("GroupNormalization",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return call.means(cls.spec(**cls.affine_in_keras(call))) if _has_own_groups(call) else None


def _has_own_groups(call: CallView) -> bool:
    """Return whether each channel is a group, and has several positions."""
    alone = call.config["groups"] in (-1, call.output[-1])
    return alone and len(call.inputs[0]) > 1


class RootMeanSquareNorm(Norm):
    """RMS norm: the channels of each position over the root of their mean square, times a
    learned factor for each channel.
    """

    counterparts = ("layers.RMSNormalization", "nn.RMSNorm")
    word = "rms"
    keeps_mask = False
    names_elsewhere = (
        "rmsnorm",
        "rmsnormalization",
    )
    arithmetic = "square add divide multiply"
    cases = (
        Case("rms", (10, 16), (10, 16), 16),
        Case("rms(eps=1e-6)", (7,), (7,), 7),
        Case("rms", (4, 4, 3), (4, 4, 3), 3),
    )

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """A factor for each channel."""
        return (Weight("scale", inputs[0][-1:], "factor"),)

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """Return the input, and the root mean square of each position."""
        return Saved(inputs=True, values=math.prod(inputs[0][:-1]))

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        squares = (inputs[0] ** 2).mean(-1, keepdims=True)
        return inputs[0] / np.sqrt(squares + float(self.eps)) * weights["scale"]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.RMSNormalization(epsilon=float(self.eps), name=name)]

    keras_layers = ("RMSNormalization",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        call.refuse_other_axis()
        return call.means(cls.spec(eps=call.number("epsilon")))


SHORTEST = 1e-12
"""The smallest length that `l2norm` divides by."""


class UnitNorm(Plain):
    """The channels of each position over their Euclidean length (of at least 1e-12)."""

    counterparts = ("layers.UnitNormalization", "nn.functional.normalize")
    word = "l2norm"
    keeps_mask = True
    names_elsewhere = (
        "unitnorm",
        "unitnormalization",
    )
    group = "norm"
    reach = "position"
    arithmetic, saved_for_backward = "square add divide", "inputs"
    cases = (Case("l2norm", (128,), (128,), 0), Case("l2norm", (38, 38, 4), (38, 38, 4), 0))

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        length = np.sqrt((inputs[0] ** 2).sum(-1, keepdims=True))
        return inputs[0] / np.maximum(length, SHORTEST)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.UnitNormalization(name=name)]

    keras_layers = ("UnitNormalization",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        call.refuse_other_axis()
        # The layer has none, and `ops.normalize` may have another one.
        if call.config.get("epsilon") != SHORTEST:
            call.leave_out("epsilon")
        return call.means(cls.spec())


class LocalResponseNorm(Plain):
    """Local response norm (AlexNet, section 3.3): x / (k + alpha/size * sum of squares over
    `size` neighbouring channels)^beta.
    """

    counterparts = ("", "nn.LocalResponseNorm")
    word = "lrn"
    names_elsewhere = ("localresponsenorm",)
    group = "norm"
    reach = "position"
    saved_for_backward = "inputs"
    cases = (
        Case("lrn", (55, 55, 96), (55, 55, 96), 0),
        Case("lrn(size=3, alpha=2e-5, beta=0.75, k=1)", (4, 4, 8), (4, 4, 8), 0),
    )

    size_ = Whole(5, "neighbouring channels, centred on the channel itself")
    alpha = Real(1e-4, "divided by size", min=0)
    beta = Real(0.75, "the exponent", min=0)
    k = Real(2, "added to the sum", min=0)

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each number: its square, the sum over `size` channels, times alpha, plus k, a
        power, a division.
        """
        return math.prod(output) * (int(self.values["size"]) + 4)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        size, channels = self.values["size"], inputs[0].shape[-1]
        # An even window has its odd channel after the centre.
        before = (size - 1) // 2
        sides = [*((0, 0),) * (inputs[0].ndim - 1), (before, size - 1 - before)]
        squares = np.pad(inputs[0] ** 2, sides)
        total = sum(squares[..., at : at + channels] for at in range(size))
        # AlexNet's alpha is for the sum; it is divided by size here, as PyTorch has it.
        factor = float(self.alpha) / size
        return inputs[0] / (float(self.k) + factor * total) ** float(self.beta)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        numbers = {option: float(self.values[option]) for option in ("alpha", "beta", "k")}
        return [k.custom.LocalResponseNormalization(self.values["size"], name=name, **numbers)]

    keras_layers = ("LocalResponseNormalization",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        arguments = tuple(Argument(key, call.number(key)) for key in cls.options)
        return call.means(LayerSpec(cls.word, arguments=arguments))
