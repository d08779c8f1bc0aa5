"""The losses of a GAN's two networks, from scores. This module imports Keras."""

from __future__ import annotations

from typing import Any

from keras import ops


def discriminator_loss(loss: str, real: Any, generated: Any) -> Any:
    """Compare the scores of real and of generated examples [b, ...], before any sigmoid.

    - nonsaturating: -E log s(real) - E log(1 - s(generated)), s the logistic function
      (Goodfellow et al. 2014)
    - least-squares: E (real - 1)^2 / 2 + E generated^2 / 2 (Mao et al. 2017)
    - wasserstein-gp: E generated - E real, without the penalty (Gulrajani et al. 2017)
    """
    if loss == "nonsaturating":
        # -log s(x) = softplus(-x), which does not overflow; log(sigmoid(x)) is -inf below about -88
        # on.
        return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(generated))
    if loss == "least-squares":
        return (ops.mean(ops.square(real - 1.0)) + ops.mean(ops.square(generated))) / 2.0
    return ops.mean(generated) - ops.mean(real)


def generator_loss(loss: str, generated: Any) -> Any:
    """Compare the scores of generated examples [b, ...] with those of real ones.

    - nonsaturating: -E log s(generated)
    - least-squares: E (generated - 1)^2 / 2
    - wasserstein-gp: -E generated
    """
    if loss == "nonsaturating":
        return ops.mean(ops.softplus(-generated))
    if loss == "least-squares":
        return ops.mean(ops.square(generated - 1.0)) / 2.0
    return -ops.mean(generated)


def gradient_penalty(slopes: Any) -> Any:
    """Return E (|slope| - 1)^2 of the scores' derivatives by each example [b, ...].

    The source is Gulrajani et al. 2017, "Improved training of Wasserstein GANs", equation 3.
    """
    flat = ops.reshape(slopes, (ops.shape(slopes)[0], -1))
    # The derivative of a root at 0 is infinite: a gradient of 0 would make the loss NaN.
    norms = ops.sqrt(ops.sum(ops.square(flat), axis=1) + 1e-12)
    return ops.mean(ops.square(norms - 1.0))


WON = {"nonsaturating": 0.014, "least-squares": 0.0025}
"""A discriminator whose mean loss is below this has won: a hundredth of 2 log 2 and of 1/4, the
losses if it cannot distinguish real from generated examples. `wasserstein-gp` has no such limit.
"""
