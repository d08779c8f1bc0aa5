"""Draws: values of random variables that a network gives the parameters of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from netdsl.kinds.facts import Arrays, Case, Saved
from netdsl.kinds.fitting import same_shape
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.merge import Merge
from netdsl.kinds.values import Shape

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class Gaussian(Merge):
    """A draw from N(mean, exp(logvar)) for each number while training, in use its mean; the loss
    has the divergence from N(0, 1) in addition (Kingma and Welling 2014).

    z = mean + exp(logvar/2)*e with e from N(0, 1); the divergence of an example is the sum of
    (mean^2 + exp(logvar) - 1 - logvar)/2. A recipe's `kl` is its weight.
    """

    word, added = "gaussian", True
    max_branches = 2
    reach = "position"
    sums_inputs = differs_in_training = True
    arithmetic = ""
    names_elsewhere = ("sampling", "reparameterize", "normal")
    cases = (
        Case("gaussian[ fc-3 | fc-3 ]", (5,), (3,), 36),
        Case("gaussian[ conv1-2 | conv3-2 ]", (8, 8, 4), (8, 8, 2), 84),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """The branches' one shape: the first gives means, the second logarithms of variances.

        Raises:
            LayerError: N106 for more or fewer than 2 branches, N207 for different shapes.
        """
        if len(inputs) != 2:
            message = f"`{self.word}` requires 2 branches, not {len(inputs)}"
            raise LayerError("N106", message, help="write gaussian[ mean | logvar ]")
        if inputs[0] != inputs[1]:
            raise self._misfit(inputs, "branches of one shape", same_shape(inputs))
        return inputs[0]

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """Both branches, and what was drawn."""
        return Saved(inputs=True, values=math.prod(output))

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        # Keras has no layer that draws and adds a term to the loss.
        return [k.custom.GaussianDraw(name=name)]

    keras_layers = ("GaussianDraw",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return call.means(cls.spec())
