"""Layers that Keras does not have, for all of its backends.

They are registered, so a saved model loads once this is imported. `netdsl.emit.carried` cuts their
source out of these files for programs that netdsl writes: what they use of each other keeps its
name from file to file, and names with an underscore meet none of a program's.
"""

from __future__ import annotations

from netdsl.keras.layers.norm import LocalResponseNormalization
from netdsl.keras.layers.pooling import (
    FeaturePooling,
    OverhangingAveragePooling,
    PowerPooling,
    StochasticPooling,
)
from netdsl.keras.layers.sequences import LearnedPositions, LearnedToken, SinusoidalPositions
from netdsl.keras.layers.tied import Tied
from netdsl.keras.layers.unpooling import MaxUnpooling
from netdsl.keras.layers.weights import DropConnectDense, LocallyConnected

__all__ = [
    "DropConnectDense",
    "FeaturePooling",
    "LearnedPositions",
    "LearnedToken",
    "LocalResponseNormalization",
    "LocallyConnected",
    "MaxUnpooling",
    "OverhangingAveragePooling",
    "PowerPooling",
    "SinusoidalPositions",
    "StochasticPooling",
    "Tied",
]
