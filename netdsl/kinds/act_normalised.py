"""Activations whose outputs sum to 1: along the channels, or over another axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.kinds.act import Activation
from netdsl.kinds.axes import (
    CHANNELS,
    axes_in_keras,
    axes_over,
    keras_axes,
    named_axes,
    over_option,
)
from netdsl.kinds.facts import Arrays, Case, Seen
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.values import Shape, dims

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class Normalised(Activation):
    """An activation of each position's channels together."""

    word = "_normalised"
    drawn = None

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape.

        Raises:
            LayerError: N203 for an array of more than 4 axes.
        """
        x = inputs[0]
        if len(x) > 4:  # TensorFlow has no softmax for more
            raise LayerError(
                "N203",
                f"`{self.word}` accepts up to 4 axes, and {dims(x)} has {len(x)}",
                label=f"the input is {dims(x)}",
            )
        return x


class Softmax(Normalised):
    """exp(x) over its sum along the channels: probabilities. `over=positions` sums over these."""

    counterparts = ("layers.Softmax", "nn.Softmax")
    derivative = "of p[i] by x[j]: p[i]*((i = j) - p[j])"
    word, keras_name = "softmax", "softmax"
    arithmetic, saved_for_backward = "exp add divide", "output"
    output_meaning, gains_from_xla = "distribution", True
    cases = (
        Case("softmax", (10,), (10,), 0),
        Case("softmax(over=positions)", (6, 4), (6, 4), 0),
        Case("softmax(over=positions)", (3, 4, 2), (3, 4, 2), 0),
        Case("softmax(over=w)", (3, 4, 2), (3, 4, 2), 0),
    )

    over = over_option("channels", "the axis that sums to 1")
    over.hidden_at_default = True

    @property
    def gives(self) -> str:
        # Over the positions it is an attention's weights: not the probabilities of classes.
        return self.output_meaning if self.over == CHANNELS else ""

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape; it must have the axis."""
        axes_over(self.over, inputs[0])
        return super().shape(*inputs)

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return its own position; over another axis than the channels also the others."""
        return (Seen((), self.over != CHANNELS),)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        if self.over == CHANNELS:
            return super().layers(k, name, output, *inputs)
        axis = keras_axes(axes_over(self.over, output))
        if len(output) == 2:
            # Keras's layer would take a sequence's mask, and has one for the last axis alone.
            return [lambda tensor: k.keras.ops.softmax(tensor, axis=axis)]
        return [k.keras.layers.Softmax(axis=axis, name=name)]

    keras_layers = ("Activation", "Softmax")

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.layer == "Activation":
            return super().from_keras(call)
        rank = len(call.output)
        axes = axes_in_keras(call.config.get("axis", -1), rank)
        over = None if axes is None else named_axes(axes, rank)
        if over is None:
            call.refuse_other_axis()
        return call.means(cls.spec() if over == CHANNELS else cls.spec(over=over))

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        axes = axes_over(self.over, inputs[0].shape[1:])
        return np.exp(_log_shares(np, inputs[0], tuple(axis + 1 for axis in axes)))


class LogSoftmax(Normalised):
    """The logarithm of softmax."""

    counterparts = ("activations.log_softmax", "nn.LogSoftmax")
    derivative = "of output i by x[j]: (i = j) - p[j], with p = softmax(x)"
    word, keras_name, cases = "logsoftmax", "log_softmax", (Case("logsoftmax", (10,), (10,), 0),)
    arithmetic, saved_for_backward = "exp add subtract", "output"
    output_meaning = "log-distribution"

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return _log_shares(np, inputs[0])


def _log_shares(np: Any, x: Any, axes: Any = -1) -> Any:
    """Return the logarithm of exp(x) over its sum along the channels, without an overflow."""
    # Shifted by the largest: the quotient is the same, and exp never exceeds 1.
    x = x - x.max(axes, keepdims=True)
    return x - np.log(np.exp(x).sum(axes, keepdims=True))
