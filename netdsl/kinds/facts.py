"""What the rules of a kind answer with, and its cases."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from netdsl.kinds.values import Shape

Arrays = Mapping[str, Any]
"""A layer's weights in NumPy, by the names that `Kind.weights` gives them."""


class Weight(NamedTuple):
    """One array of a layer.

    `role` is kernel, bias, factor (of a norm) or moving (a statistic, not trained).
    """

    name: str
    shape: Shape
    role: str

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class Saved(NamedTuple):
    """What an operation saves for the backward pass, for one example.

    `inputs` and `output` say whether these tensors are saved; a tensor is saved once, however many
    operations need it. The rest are elements on top: `values` are numbers of the activations' type,
    `indices` integers, `masks` yes or no. `temporaries` are numbers that libraries copy inside the
    layer, as measured: no tensor that a gradient needs, but memory that a process takes.
    """

    inputs: bool = False
    output: bool = False
    values: int = 0
    indices: int = 0
    masks: int = 0
    temporaries: int = 0


class Reach(NamedTuple):
    """Which positions of an input an output position sees along one axis.

    Position i sees those from ceil((step*i + first)/over) to floor((step*i + last)/over): a window
    has over=1 and the stride as `step`, a step that makes K positions of one has step=1 and over=K.
    The range can be empty (zeros put in) or lie in the padding.
    """

    step: int
    first: int
    last: int
    over: int = 1


class Seen(NamedTuple):
    """What the output's positions see of one input.

    Attributes:
        stages: steps from the input's positions to the output's, in this order, each with a `Reach`
            for every axis; empty where each position sees only its own; None where the output's
            positions do not lie along the input's.
        whole: whether each position sees all positions of the input, whatever the stages say;
            always so where these are None.
    """

    stages: tuple[tuple[Reach, ...], ...] | None = ()
    whole: bool = False


class Case(NamedTuple):
    """A fact about a kind: the documentation's example and the test at once.

    Attributes:
        text: the layer.
        input: the shape that comes in.
        output: the shape that comes out.
        params: the trainable parameters.
        flops: the floating-point operations, computed by hand; None where they are not said.
    """

    text: str
    input: Shape
    output: Shape
    params: int
    flops: int | None = None
