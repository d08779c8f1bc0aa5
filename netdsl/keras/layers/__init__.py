"""Layers that Keras does not have, for all of its backends: those that the files here define.

They are registered, so that a saved model loads once this is imported. `netdsl.emit.carried` copies
their source from these files into programs that netdsl writes. So a name must mean the same in all
files, and helpers begin with an underscore, so that they do not clash with names of the program.
"""

from __future__ import annotations

import keras

from netdsl.keras.layers import (
    constants,
    draws,
    merges,
    norm,
    pooling,
    sequences,
    tied,
    unpooling,
    weights,
)

_LAYERS = {
    name: defined
    for module in (constants, draws, merges, norm, pooling, sequences, tied, unpooling, weights)
    for name, defined in vars(module).items()
    if isinstance(defined, type) and issubclass(defined, keras.Layer) and not name.startswith("_")
}
globals().update(_LAYERS)

__all__ = sorted(_LAYERS)
