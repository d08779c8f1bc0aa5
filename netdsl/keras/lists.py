"""Kernels and biases that Keras initializes with given arrays, as lists of the language."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from netdsl.kinds.call_view import CallView
from netdsl.kinds.initial_lists import listed_weight, written_list
from netdsl.kinds.kind import Kind
from netdsl.kinds.values import Argument, LayerSpec, Shape

MAX_WRITTEN = 1 << 10
"""How many numbers of a list are written: a text of more is not readable, so they are left out."""

_KEYS = {
    "kernel_initializer": "init",
    "depthwise_initializer": "init",
    "bias_initializer": "bias_init",
}
"""The options that correspond to these keys of a configuration."""


class ListedLayer(NamedTuple):
    """A layer, and how it is written."""

    kind: Kind
    spec: LayerSpec


def with_lists(
    layer: ListedLayer, views: Sequence[CallView], inputs: Sequence[Shape]
) -> ListedLayer:
    """Return a layer with the lists of numbers that its calls' weights begin with.

    Arrays of layers that take no lists are noted as left out.

    Args:
        layer: what the calls are in the language.
        views: the calls.
        inputs: the shapes that come in.
    """
    for view in views:
        for key, option in _KEYS.items():
            numbers = view.numbers_of(key)
            if numbers is None:
                continue
            known = option in layer.kind.options
            weight = listed_weight(layer.kind, option, *inputs) if known else None
            # Initial weights do not change what the model computes: without them the import still
            # holds.
            if weight is None or not len(numbers) == math.prod(weight.shape) <= MAX_WRITTEN:
                view.leave_out(key)
                continue
            value = written_list(layer.kind, option, weight, numbers)
            spec = layer.spec._replace(arguments=(*layer.spec.arguments, Argument(option, value)))
            layer = ListedLayer(type(layer.kind).make(spec), spec)
    return layer
