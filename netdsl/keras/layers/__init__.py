"""Layers that Keras does not have, for all of its backends: those that the files here define.

They are registered, so a saved model loads once this is imported. `netdsl.emit.carried` cuts their
source out of these files for programs that netdsl writes: what they use of each other keeps its
name from file to file, and names with an underscore meet none of a program's.
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
