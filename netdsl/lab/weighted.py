"""A network with its weights, of a file or of a run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.forward import initial_weights
from netdsl.lab.given import Values, examples, is_file

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.kinds.facts import Arrays
    from netdsl.training.runs.finished import FinishedRun


class WeightedNetwork(NamedTuple):
    """A network with weights.

    Attributes:
        network: the network.
        weights: the arrays of each operation that holds some, by its index.
        run: the run that its weights come from; None for those of a file.
    """

    network: Architecture
    weights: Mapping[int, Arrays]
    run: FinishedRun | None = None


def begun(network: Architecture, seed: int) -> WeightedNetwork:
    """Give a network its initial weights.

    Weights that the text states are made by NumPy alone; where others are drawn, Keras is imported,
    so that they are the ones of a training with this seed.

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


def inputs_of(subject: WeightedNetwork, given: Values) -> list[Any]:
    """Read the value of each input: arrays [n, *shape] with the same n, as the network takes them.

    Files for a run's network are prepared as the run's data was.

    Raises:
        NetError: N511 to N518, N524, N527, N530 to N532, N670.
    """
    ports = subject.network.graph.inputs
    names = [port.name for port in ports]
    # Numbers that are typed are the network's inputs as they are; files hold examples as the data
    # has them, which are still to be prepared.
    if subject.run is None or not all(is_file(given.get(name)) for name in names):
        return examples(given, ports)
    import numpy as np

    from netdsl.training.data import read_inputs

    paths = [os.fspath(given[name]) for name in names]
    if len(names) > 1:
        paths = [f"{name}={path}" for name, path in zip(names, paths, strict=True)]
    preparation = subject.run.preparation
    found = [np.asarray(array) for array in preparation.x(read_inputs(paths, preparation).x)]
    return [array if array.dtype.kind == "i" else array.astype(np.float64) for array in found]


def _doubles(weights: Mapping[int, Arrays]) -> dict[int, Arrays]:
    import numpy as np

    return {
        index: {name: array.astype(np.float64) for name, array in arrays.items()}
        for index, arrays in weights.items()
    }
