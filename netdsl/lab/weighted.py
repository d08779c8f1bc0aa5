"""What is looked at: a network with its weights, of a file or of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from netdsl.analysis.forward import initial_weights

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.kinds.facts import Arrays
    from netdsl.training.runs.finished import FinishedRun


class WeightedNetwork(NamedTuple):
    """A network with weights.

    Attributes:
        network: the network.
        weights: the arrays of each operation that holds some, by its index.
        run: where its weights are a run's.
    """

    network: Architecture
    weights: Mapping[int, Arrays]
    run: FinishedRun | None = None


def begun(network: Architecture, seed: int) -> WeightedNetwork:
    """Give a network the weights that it begins with.

    Those that are stated are made by NumPy alone; where others are drawn, Keras is imported, so
    that they are the ones of a training with this seed.

    Raises:
        RunError: where they do not fit into memory.
    """
    import numpy as np

    stated, drawn = initial_weights(np, network.graph)
    if not drawn:
        return WeightedNetwork(network, stated)
    from netdsl.keras.arrays import arrays_of
    from netdsl.keras.build import build_layers

    return WeightedNetwork(network, _doubles(arrays_of(build_layers(network, seed), network.graph)))


def trained(run: FinishedRun) -> WeightedNetwork:
    """Give a run's network its best weights.

    Raises:
        NetError: N613, N614.
    """
    from netdsl.keras.arrays import arrays_of_model

    return WeightedNetwork(run.network, arrays_of_model(run.network, run.model()), run)


def _doubles(weights: Mapping[int, Arrays]) -> dict[int, Arrays]:
    import numpy as np

    return {
        index: {name: array.astype(np.float64) for name, array in arrays.items()}
        for index, arrays in weights.items()
    }
