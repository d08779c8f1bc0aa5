"""From a Keras model to a `.net` file, and to the model of that file with the same weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netdsl.keras.build import build_layers, toolbox
from netdsl.keras.calls import calls_of_model
from netdsl.keras.describe import imported


def from_keras(model: Any) -> str:
    """Write a Keras model as the text of a `.net` file: blocks as `def`s, repeats as `xN`,
    residuals as `res`, branches as merges.

    Raises:
        NetError: N620 for a model that is not of layers joined by inputs and outputs; N621 where
            the language has no word for a layer.
    """
    toolbox()
    return imported(calls_of_model(model)).text


def rebuilt(model: Any) -> tuple[str, Any]:
    """Write a Keras model as text, and build the Keras model of that text with the first one's
    weights: the same function.

    Raises:
        NetError: as `from_keras`.
    """
    toolbox()
    calls = calls_of_model(model)
    found = imported(calls)
    clone = build_layers(found.network)
    for name, numbers in found.holders.items():
        _carry((calls.operations[number] for number in numbers), clone.layers[name])
    return found.text, clone.model


def _carry(sources: Iterable[Any], targets: Iterable[Any]) -> None:
    """Copy the weights of layers to others that hold the same numbers, maybe in other shapes
    (1x1xCxN as CxN).
    """
    import numpy as np

    arrays = [array for source in sources for array in source.get_weights()]
    for target in targets:
        shapes = [tuple(weight.shape) for weight in target.weights]
        own, arrays = arrays[: len(shapes)], arrays[len(shapes) :]
        target.set_weights(
            [np.reshape(array, shape) for array, shape in zip(own, shapes, strict=True)]
        )
    assert not arrays, "the layers hold as many arrays"
