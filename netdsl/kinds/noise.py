"""Noise while training; nothing happens in use."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from netdsl.kinds.facts import Arrays, Case, Saved
from netdsl.kinds.options import REQUIRED, Real
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import Shape
from netdsl.kinds.window import wrong_rank

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class TrainingNoise(Plain):
    """What these kinds share: each number is changed at its place, and in use none."""

    word = "_training_noise"
    keeps_mask = True
    group = "noise"
    reach = "position"
    arithmetic = ""
    in_place = inactive_in_use = True

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0]

    def trained_ops(self, output: Shape, *inputs: Shape) -> int:
        """Count an operation for each number: it is multiplied, or something is added."""
        return math.prod(output)


class Dropping(TrainingNoise):
    """What the kinds share that put numbers to 0, with a probability."""

    word = "_dropping"
    positional = ("rate",)
    # As an activation sees it: what is dropped or scaled keeps its sign, and its place.
    shape_only = True

    # Below 1: what is left is scaled by 1/(1 - rate).
    rate = Real(REQUIRED, "the probability", min=0, max=1, exclude_max=True)


class Dropout(Dropping):
    """Dropout: each number is 0 with probability `rate` while training, the others are scaled by
    1/(1 - rate).
    """

    counterparts = ("layers.Dropout", "nn.Dropout")
    word = "dropout"
    names_elsewhere = ("drop",)
    # Which numbers were dropped; those that are left are scaled by one factor.
    saved_for_backward = "mask"
    gains_from_xla = True
    cases = (
        Case("dropout(0.5)", (4096,), (4096,), 0),
        Case("dropout(0.25)", (8, 8, 4), (8, 8, 4), 0),
    )

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.Dropout(float(self.rate), name=name)]

    keras_layers = ("Dropout",)
    keras_signatures = ("Dropout(rate)",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if not call.config["rate"]:
            return None
        if call.config.get("noise_shape") is None:
            return call.means(cls.spec(call.number("rate")))
        raise call.refuse(f"its noise_shape is {call.config['noise_shape']}")


class SpatialDropout(Dropping):
    """Spatial dropout: each channel is 0 at all positions with probability `rate` while
    training, the others are scaled by 1/(1 - rate).
    """

    counterparts = ("layers.SpatialDropout2D", "nn.Dropout2d")
    word = "sdropout"
    names_elsewhere = ("spatialdropout",)
    cases = (
        Case("sdropout(0.2)", (8, 8, 4), (8, 8, 4), 0),
        Case("sdropout(0.2)", (10, 4), (10, 4), 0),
        Case("sdropout(0.5)", (2, 3, 4, 4), (2, 3, 4, 4), 0),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape; it must have positions.

        Raises:
            LayerError: N203 for a vector.
        """
        if not 2 <= len(inputs[0]) <= 4:
            raise wrong_rank(
                self.word, inputs[0], "sequences, images and volumes", "dropout is for vectors"
            )
        return inputs[0]

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """Return a mask of the channels."""
        return Saved(masks=output[-1])

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [
            getattr(k.keras.layers, f"SpatialDropout{len(output) - 1}D")(
                float(self.rate), name=name
            )
        ]

    keras_layers = ("SpatialDropout", "Dropout")
    keras_signatures = ("SpatialDropout(rate)",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if not call.config["rate"]:
            return None
        if call.layer == "Dropout":
            once = _drawn_once(call)
            # `noise_shape=(None, 1, 1, C)`: one draw for all positions, another for each channel.
            if len(once) < 2 or not all(once[:-1]) or once[-1]:
                return None
        call.refuse_channels_first()
        return call.means(cls.spec(call.number("rate")))


class DropPath(Dropping):
    """Stochastic depth: with probability `rate` all of an example's numbers are 0 while
    training, else scaled by 1/(1 - rate).
    """

    word = "droppath"
    names_elsewhere = (
        "stochasticdepth",
        "stochdepth",
    )
    cases = (
        Case("droppath(0.1)", (8, 8, 4), (8, 8, 4), 0),
        Case("droppath(0.1)", (10,), (10,), 0),
        Case("res(conv3-4 > droppath(0.2))", (8, 8, 4), (8, 8, 4), 148),
    )

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """Return whether the example was dropped."""
        return Saved(masks=1)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [
            k.keras.layers.Dropout(
                # One draw for each example. Keras has no such layer of its own.
                float(self.rate),
                noise_shape=(None, *(1,) * len(output)),
                name=name,
            )
        ]

    keras_layers = ("Dropout", "StochasticDepth")

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        key = "drop_path_rate" if call.layer == "StochasticDepth" else "rate"
        whole = call.layer == "StochasticDepth" or (_drawn_once(call) and all(_drawn_once(call)))
        return call.means(cls.spec(call.number(key))) if call.config[key] and whole else None


class Noise(TrainingNoise):
    """Gaussian noise: while training a normal number of deviation `std` is added to each number."""

    counterparts = ("layers.GaussianNoise", "")
    word = "noise"
    names_elsewhere = ("gaussiannoise",)
    positional = ("std",)
    saved_for_backward = ""
    passes_gradient = gains_from_xla = True
    cases = (
        Case("noise(0.1)", (784,), (784,), 0),
        Case("noise(0.5)", (8, 8, 4), (8, 8, 4), 0),
        Case("noise(20)", (9,), (9,), 0),
    )

    std = Real(REQUIRED, "the standard deviation", min=0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        layers, std = k.keras.layers, float(self.std)
        if std <= 1:
            return [layers.GaussianNoise(std, name=name)]
        # Keras takes deviations up to 1: noise of deviation 1 on x/std, times std, is the same.
        return [
            layers.Rescaling(1 / std, name=f"{name}_down"),
            layers.GaussianNoise(1.0, name=name),
            layers.Rescaling(std, name=f"{name}_up"),
        ]

    keras_layers = ("GaussianNoise", "Rescaling")
    keras_signatures = ("GaussianNoise(stddev)",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.layer == "GaussianNoise":
            return call.means(cls.spec(call.number("stddev")))
        steps = call.chain("Rescaling", "GaussianNoise", "Rescaling")
        if steps is None or not isinstance(call.config["scale"], int | float):
            return None
        down, noise, up = (step.config for step in steps)
        scaled = down["scale"] == 1 / up["scale"] and not down["offset"] and not up["offset"]
        if not scaled or noise["stddev"] != 1:
            return None
        return call.means(cls.spec(call.number("scale")), calls=3)


def _drawn_once(call: CallView) -> list[bool]:
    """For each axis, whether one draw of a dropout is for all of it; nothing where it is usual."""
    kept = call.config.get("noise_shape")
    return [] if kept is None else [size == 1 for size in list(kept)[1:]]
