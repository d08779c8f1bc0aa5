"""The shape of one example, for a network that leaves its input out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from netdsl.errors import fail
from netdsl.training.data.dispatch import read
from netdsl.training.data.signature import NetworkSignature, TensorSpec
from netdsl.training.data.sources.hub import HUBS
from netdsl.training.data.sources.named import BUNDLED, NAMES
from netdsl.training.data.sources.toys import POLYNOMIAL

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Shape
    from netdsl.training.recipes.recipe import Recipe

_ANY = NetworkSignature((TensorSpec("input", (1,)),), (TensorSpec("output", (1,)),), sized=False)
"""A network of one input and one output: arrays and tables are read without knowing more."""
_SIZED = ("imdb", POLYNOMIAL)
"""The named data sets whose examples take their length from the network's input."""


def example_shape(recipe: Recipe, given: Any = None) -> Shape:
    """Return the shape of the examples of a recipe's data.

    Args:
        recipe: names the source; without one, the bundled digits are meant.
        given: data from Python, in place of a source.

    Raises:
        NetError: N518 for data that takes its shape from the network, or that can be read only
            once, and as `load_data` does.
    """
    import dataclasses

    import numpy as np

    spec, span = recipe.data, recipe.data_span
    if given is None and spec.source is None and spec.function is None:
        spec = dataclasses.replace(spec, source=BUNDLED)
    source = "" if given is not None else spec.source or ""
    help = "begin the network with its input, as in `64x64x3 > ...`, or give --input 64x64x3"
    if os.path.isdir(source) or source.startswith(HUBS) or source in _SIZED:
        message = f"{source} is read in the size of the network's input, and the network has none"
        raise fail("N518", message, span, help=help)
    # The examples that are read here would be missing in the training.
    if hasattr(given, "__next__"):
        message = "the data can be read once only, and the network's input is not known before"
        raise fail("N518", message, help=help)
    held = read(spec, _ANY, given, span=span)
    if not held.tables:
        shape = tuple(held.train.x[0].shape[1:])
        return (*shape, 1) if source in NAMES and len(shape) == 2 else shape  # of grey images
    parts = (part for part in (held.train, held.validation, held.test) if part is not None)
    rows = np.concatenate([part.x[0][:] for part in parts])
    # By all rows: the width of a date or a category must not depend on the split.
    return (held.tables[0].fitted(rows, rows[:0]).width,)
