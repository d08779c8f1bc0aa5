"""What a layer costs, in use and while training."""

from __future__ import annotations

import math
from collections.abc import Sequence

from netdsl.kinds.begun import Begun
from netdsl.kinds.facts import Weight
from netdsl.kinds.values import Shape


class Costed(Begun):
    """What a configured layer says of its cost, for one example."""

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """The arrays that the layer holds."""
        raise NotImplementedError

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """Multiply-accumulates of convolutions and matrix products, for one example."""
        raise NotImplementedError

    def acts(self, output: Shape, *inputs: Shape) -> int:
        """Elements of convolutions' and dense layers' outputs (the column `acts`)."""
        return 0

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """Operations on single numbers in addition to the products, in use: an addition,
        comparison, exp, ... counts as one each.
        """
        return len((self.arithmetic or "").split()) * math.prod(output)

    def flops(self, output: Shape, *inputs: Shape) -> int:
        """Floating-point operations, for one example: two for each multiply-accumulate, and the
        elementwise operations.
        """
        return 2 * self.macs(output, *inputs) + self.elementwise_ops(output, *inputs)

    # --- while training ---

    def trained_ops(self, output: Shape, *inputs: Shape) -> int:
        """Return the elementwise operations of the forward pass while training; as in use, where
        the layer does the same.
        """
        return self.elementwise_ops(output, *inputs)

    def input_macs(self, output: Shape, *inputs: Shape) -> int:
        """Return those multiply-accumulates that the layer's input is a factor of: all of them,
        where none works on what the layer itself has computed.
        """
        return self.macs(output, *inputs)

    def backward_ops(self, output: Shape, *inputs: Shape) -> int:
        """The elementwise operations of the backward pass.

        Each of the forward pass has one, the product with its derivative (of a bias, the sum over
        the positions). A gradient that is passed on as it is, or in slices, takes none; one that is
        routed to where the maximum was is added there.
        """
        if self.passes_gradient or self.splits_gradient or not self.differentiable:
            return 0
        if self.gate == "routes":
            return math.prod(output)
        return self.trained_ops(output, *inputs)

    def backward_flops(self, needed: Sequence[bool], output: Shape, *inputs: Shape) -> int:
        """Floating-point operations of the backward pass, for one example.

        A product has a gradient for each of its factors, and each takes as many
        multiply-accumulates as the product itself: that of the weights always, those of inputs
        where they are needed.

        Args:
            needed: for each input, whether there are weights in front of it.
            output: the output's shape.
            inputs: the inputs' shapes.

        Source: Baydin et al., "Automatic differentiation in machine learning: a survey" (2018),
            section 3.2.
        """
        macs = self.macs(output, *inputs)
        # `own`: products of two computed values, as in attention, have two gradients always.
        if any(array.role == "kernel" for array in self.weights(*inputs)):
            own = macs - self.input_macs(output, *inputs)
            gradients = macs + own + (macs - own) * any(needed)
        else:
            # Without a kernel each input is a factor: a product of two has one gradient for each.
            gradients = 2 * macs * sum(needed) // max(1, len(inputs))
        return 2 * gradients + self.backward_ops(output, *inputs)
