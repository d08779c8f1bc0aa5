"""The losses between outputs and their targets. This module imports Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from netdsl.training.metrics.answers import at_temperature
from netdsl.training.preparation.readings import PERCEPTRON

if TYPE_CHECKING:
    from netdsl.training.preparation.outputs import OutputTransform


def keras_loss(output: OutputTransform, soft: bool = False) -> keras.losses.Loss:
    """Make the loss between an output and its targets, a mean over the examples.

    Args:
        output: the output.
        soft: whether targets are probabilities of classes rather than labels.
    """
    if output.loss == "cross-entropy" and soft:
        return keras.losses.CategoricalCrossentropy(from_logits=output.logits)
    if output.loss == "cross-entropy":
        if keras.config.backend() == "torch" and len(output.shape) == 3:
            return PixelCrossentropy(from_logits=output.logits)
        return keras.losses.SparseCategoricalCrossentropy(from_logits=output.logits)
    if output.loss == "binary":
        return keras.losses.BinaryCrossentropy(from_logits=output.logits)
    if output.loss == "hinge":
        return keras.losses.Hinge() if output.shape == (1,) else keras.losses.CategoricalHinge()
    if output.loss == PERCEPTRON:
        return PerceptronRule()
    squared = output.loss == "squared"
    loss = keras.losses.MeanSquaredError() if squared else keras.losses.MeanAbsoluteError()
    # Keras's losses are means over an example's elements; a recipe may ask for the sum.
    return loss if output.loss_factor == 1 else MultipliedLoss(loss, output.loss_factor)


def measured_loss(output: OutputTransform) -> keras.losses.Loss:
    """Make the loss that measures an output, with the temperature that was chosen for it."""
    loss = keras_loss(output)
    return loss if output.temperature == 1 else CalibratedLoss(loss, output)


class CalibratedLoss(keras.losses.Loss):  # type: ignore[misc]
    """A loss of an output's probabilities after applying its temperature."""

    def __init__(self, loss: keras.losses.Loss, output: OutputTransform) -> None:
        super().__init__(name=loss.name)
        self.loss, self.output = loss, output

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compare targets [b, ...] with what the network gives [b, ...]: [b, ...]."""
        given = at_temperature(keras.ops, self.output, y_pred, self.output.temperature)
        return self.loss.call(y_true, given)


class MultipliedLoss(keras.losses.Loss):  # type: ignore[misc]
    """A loss times a number, which turns a mean over an example's elements into their sum."""

    def __init__(self, loss: keras.losses.Loss, factor: float) -> None:
        super().__init__(name=loss.name)
        self.loss, self.factor = loss, factor

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compare targets [b, ...] with what the network gives [b, ...]: [b, ...]."""
        return self.factor * self.loss.call(y_true, y_pred)


class PerceptronRule(keras.losses.Loss):  # type: ignore[misc]
    """The share of wrong answers, whose gradient is Rosenblatt's rule.

    A unit answers 1 if its sum z is above 0, else 0. Gradient descent with the rate r changes its
    weights by r (y - answer) x: not at all if the answer is right (Rosenblatt 1962, "Principles of
    Neurodynamics").
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compare 0 and 1 [b, 1] with sums, or with decisions made from them [b, 1]."""
        ops = keras.ops
        answers = ops.cast(y_pred > 0, y_pred.dtype)
        wrong = ops.stop_gradient(answers - ops.cast(y_true, y_pred.dtype))
        # The second term is 0, and its gradient by y_pred is `wrong`: so the value is the share,
        # and the gradient the rule.
        return ops.mean(ops.abs(wrong) + wrong * (y_pred - ops.stop_gradient(y_pred)), axis=-1)


class PixelCrossentropy(keras.losses.SparseCategoricalCrossentropy):  # type: ignore[misc]
    """The cross-entropy over the pixels of an image as a flat list.

    Under torch there is no gradient for an image whose channels come last.
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compare labels [b, h, w] with the network's numbers [b, h, w, classes]: [b, h * w]."""
        *_, height, width, classes = y_pred.shape
        pixels = height * width
        return super().call(
            keras.ops.reshape(y_true, (-1, pixels)),
            keras.ops.reshape(y_pred, (-1, pixels, classes)),
        )
