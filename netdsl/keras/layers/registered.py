"""How the layers are registered: saved models load by these names once the layers are imported."""

from __future__ import annotations

import keras

_serializable = keras.saving.register_keras_serializable(package="netdsl")
