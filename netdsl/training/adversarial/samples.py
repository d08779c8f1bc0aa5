"""Samples that a generator makes from noise, and how much they differ."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from netdsl.training.adversarial.pair import vocabulary
from netdsl.training.data.contact_sheet import tile, write_sheet

if TYPE_CHECKING:
    from pathlib import Path

    from netdsl.architecture import Architecture
    from netdsl.training.adversarial.pair import NetworkPair
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.preparation.rows import Array, Shape

SHOWN, SEED = 64, 0
"""How many samples a sheet has, and the stream that their noise is drawn from."""

BATCH = 256
"""How many examples go through a network at a time."""

ACROSS = 8
"""How many samples a row of a sheet has."""


def drawn_noise(shape: Shape, count: int, seed: int) -> Array:
    """Draw noise from a standard normal distribution, float32 [count, *shape].

    The first rows do not depend on the count.
    """
    import numpy as np

    return np.random.default_rng(seed).standard_normal((count, *shape), np.float32)


def cycled(classes: int, count: int) -> Array | None:
    """Return the classes one after the other, again and again [count, 1]; None without classes."""
    import numpy as np

    if not classes:
        return None
    return (np.arange(count, dtype=np.int32) % classes).reshape(-1, 1)


def generated(model: Any, network: Architecture, noise: Array, labels: Array | None) -> Array:
    """Return a generator's outputs for noise [n, *noise] and classes [n, 1].

    Batch norms use their moving statistics.
    """
    import numpy as np

    inputs = [noise] if labels is None else [noise, labels]
    if labels is not None and vocabulary(network.inputs[0], network):
        inputs.reverse()
    found = []
    for at in range(0, len(noise), BATCH):
        some = [array[at : at + BATCH] for array in inputs]
        found.append(model.predict_on_batch(some if len(some) > 1 else some[0]))
    return np.concatenate(found)


def as_data(made: Array, input: InputTransform) -> Array:
    """Convert a generator's outputs: images to 0 to 1, others to the data's units."""
    back: Array = input.unmapped(made)
    return back if input.unit else back * input.scale


def mean_distance(examples: Array) -> float:
    """Return the mean Euclidean distance of all pairs of examples [n, ...]."""
    import numpy as np

    flat = np.asarray(examples, np.float64).reshape(len(examples), -1)
    if len(flat) < 2:
        return 0.0
    squares = (flat**2).sum(axis=1)
    # |a|^2 + |b|^2 - 2ab: all pairs as one product of matrices.
    between = squares[:, None] + squares[None, :] - 2.0 * flat @ flat.T
    upper = between[np.triu_indices(len(flat), 1)]
    # Rounding can make it negative where two examples are equal.
    return float(np.sqrt(np.maximum(upper, 0.0)).mean())


def is_image(shape: Shape) -> bool:
    """Return whether an example of this shape is shown as an image."""
    return len(shape) in (2, 3) and (len(shape) == 2 or shape[-1] in (1, 3))


def example_shape(pair: NetworkPair, input: InputTransform) -> Shape:
    """Return the shape in which an example is shown: 784 pixels in a row are 28x28."""
    shape = tuple(pair.generator.outputs[0].shape)
    same = math.prod(shape) == math.prod(input.example)
    return tuple(input.example) if len(shape) == 1 and same and is_image(input.example) else shape


def save_samples(made: Array, names: tuple[str, ...], headline: str, path: Path) -> None:
    """Write samples [n, h, w, c] from 0 to 1 as a PNG, with a named row for each class, if any."""
    if names:
        # Classes take turns (`cycled`): every len(names)-th sample is of the same class.
        rows = [(name, made[at :: len(names)][:ACROSS]) for at, name in enumerate(names)]
    else:
        rows = [("", made[at : at + ACROSS]) for at in range(0, len(made), ACROSS)]
    tiles = [(name, [tile(image, (0.0, 1.0)) for image in images]) for name, images in rows]
    write_sheet([row for row in tiles if row[1]], headline, path)
