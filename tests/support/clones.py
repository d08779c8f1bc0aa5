"""A Keras model and its clone, built from the text that netdsl writes for it: do they give the
same?
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Clone(NamedTuple):
    """A model's text, whether shapes and counts are kept, and the largest difference of the
    outputs, relative to the largest output.
    """

    text: str
    alike: bool
    error: float


def difference(a: Any, b: Any) -> float:
    """The largest difference, relative to the largest number; NaN at the same places is alike."""
    assert (np.isnan(a) == np.isnan(b)).all()
    return float(np.nanmax(np.abs(a - b)) / np.nanmax(np.abs(a)))


def with_random_weights(model: Any, seed: int = 3) -> Any:
    """The model with random weights everywhere: norms and biases that are 0 and 1 would hide
    what is mixed up.
    """
    rng = np.random.default_rng(seed)

    def drawn(weight: Any) -> Any:
        shape = tuple(weight.shape)
        if weight.dtype.startswith("int"):
            return np.zeros(shape, "int32")
        if "variance" in weight.path or "gamma" in weight.path:
            return rng.uniform(0.5, 1.5, shape)
        scale = 0.1 if len(shape) < 2 else (2 / np.prod(shape[:-1])) ** 0.5
        return scale * rng.normal(size=shape)

    model.set_weights([drawn(weight) for weight in model.weights])
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):  # a Normalization computes with copies
            layer.finalize_state()
    return model


def random_inputs(model: Any, seed: int = 4) -> list[Any]:
    """Two examples for each input: indices below 10, or standard normal numbers."""
    rng = np.random.default_rng(seed)
    return [
        rng.integers(0, 10, (2, *given.shape[1:]))
        if given.dtype == "int32"
        else rng.normal(size=(2, *given.shape[1:])).astype("float32")
        for given in model.inputs
    ]


def cloned(model: Any) -> Clone:
    """The model, which gets random weights, against the one that is built of its text and takes
    its weights over.
    """
    import keras

    from netdsl.keras.importing import import_model

    text, clone, _ = import_model(with_random_weights(model))
    given = random_inputs(model)
    pairs = []
    for each in (model, clone):
        found = each(given if len(given) > 1 else given[0], training=False)
        pairs.append(
            [
                keras.ops.convert_to_numpy(tensor)
                for tensor in (found if isinstance(found, list | tuple) else [found])
            ]
        )
    alike = clone.count_params() == model.count_params() and [a.shape for a in pairs[0]] == [
        b.shape for b in pairs[1]
    ]
    alike = alike and sum(w.size for w in clone.get_weights()) == sum(
        w.size for w in model.get_weights()
    )
    error = max(difference(a, b) for a, b in zip(*pairs, strict=True)) if alike else float("nan")
    return Clone(text, alike, error)
