"""A trained run that is looked into: its graph, its weights, its data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import NetError, fail
from netdsl.lab.forward import layer_called
from netdsl.lab.weighted import WeightedNetwork, begun, trained
from netdsl.training.runs.finished import FinishedRun, finished_run
from netdsl.training.runs.folder import DISCRIMINATOR

if TYPE_CHECKING:
    from netdsl.graph import Layer
    from netdsl.keras.build import Built
    from netdsl.kinds.facts import Arrays
    from netdsl.kinds.values import Shape
    from netdsl.training.data import Data, Examples

BATCH = 256
"""Examples that go through the network at a time."""


class TrainedRun:
    """A trained run that is looked into.

    Attributes:
        run: what its folder holds.
        graph: its network.
        given: the data itself, where the run was given it in Python.
    """

    def __init__(self, run: FinishedRun, given: Any = None) -> None:
        self.run, self.graph, self.given = run, run.network.graph, given

    @classmethod
    def of(cls, folder: str | Path, given: Any = None, net: str | None = None) -> TrainedRun:
        """Open the folder of a run.

        Args:
            folder: the run's.
            given: its data, where that came from Python.
            net: of a GAN's run, which of its networks; by default the discriminator.

        Raises:
            NetError: N613, N614.
        """
        return cls(finished_run(Path(folder), net, DISCRIMINATOR), given)

    @cached_property
    def weighted(self) -> WeightedNetwork:
        """The network with the run's best weights, in float64."""
        return trained(self.run)

    @cached_property
    def untrained(self) -> WeightedNetwork:
        """The same network with the weights that the run began with, but for `init_from`."""
        from netdsl.training.runs.inputs import read_recipe

        return begun(self.run.network, read_recipe(self.run.run.folder).seed or 0)

    def kept(self) -> dict[int, Mapping[int, Arrays]]:
        """Read the weights of the epochs that the run has kept: by epoch, by operation.

        Raises:
            NetError: N614 where a file is damaged, or another network's.
        """
        from netdsl.keras.arrays import arrays_of_model
        from netdsl.training.runs.folder import kept_epochs

        found = kept_epochs(self.run.run.folder)
        return {
            epoch: arrays_of_model(self.run.network, self.run.model_in(path))
            for epoch, path in found.items()
        }

    @cached_property
    def data(self) -> Data:
        """The run's data.

        Raises:
            NetError: as `reload` does.
        """
        from netdsl.training.data import reload
        from netdsl.training.runs.inputs import read_recipe

        if self.run.part:
            message = f"{self.run.run.folder} is the run of a GAN, whose data has no answers"
            raise fail("N691", message, help="--filters, --maps, --excite and --where need no data")
        return reload(read_recipe(self.run.run.folder), self.run.preparation, self.given)

    @cached_property
    def built(self) -> Built:
        """The Keras model with the run's best weights, and what each operation gives in it."""
        from netdsl.keras.layer_outputs import built_with

        return built_with(self.run.network, self.weighted.weights)

    @cached_property
    def own_model(self) -> Any:
        """A Keras model that gives the network's outputs."""
        return self.model([port.op for port in self.graph.outputs])

    def model(self, ops: Sequence[int]) -> Any:
        """Return a Keras model that gives what these operations do."""
        from netdsl.keras.layer_outputs import model_at

        return model_at(self.built, ops)

    def outputs(self, model: Any, arrays: Sequence[Any], batch: int = BATCH) -> Any:
        """Return what a model gives first, batch by batch [n, *shape].

        Args:
            model: of `model` or `own_model`.
            arrays: examples for each input, as the data has them.
            batch: how many go through it at a time.
        """
        import numpy as np

        from netdsl.training.evaluation.network_outputs import in_batches, predictor

        preparation = self.run.preparation
        batches = in_batches(predictor(model), arrays, preparation, batch)
        return np.concatenate([found[0] for _, found in batches])

    def read(self, path: str) -> tuple[Any, ...]:
        """Read what is predicted, prepared for the network: an array [n, *shape] for each input.

        Raises:
            NetError: as `read_inputs` does.
        """
        from netdsl.training.data import read_inputs

        return self.run.preparation.x(read_inputs([path], self.run.preparation).x)

    def prepared(self, part: Examples, rows: Any) -> tuple[Any, ...]:
        """Prepare these rows of a part: an array [n, *shape] for each input."""
        import numpy as np

        return self.run.preparation.x(tuple(np.asarray(array[rows]) for array in part.x))

    # --- layers -----------------------------------------------------------------------------------

    def layer(self, name: str) -> Layer:
        """Find a layer by its name or by that of a point.

        Raises:
            NetError: N626 where nothing has this name.
        """
        return self.graph.layers[layer_called(self.graph, name)]

    def image_input(self) -> int:
        """Return the input that is an image: the first one that is [h, w, c].

        Raises:
            NetError: N680 where there is none.
        """
        for place in range(len(self.graph.inputs)):
            if self.image_shape(place) is not None:
                return place
        raise nothing_to_show("the network has no input of images")

    def image_shape(self, place: int) -> Shape | None:
        """Return the shape [h, w, c] of what an input is as an image: a row of 784 pixels is
        28x28x1 where the examples were images; None where it is not one.
        """
        shape, one = self.graph.inputs[place].shape, self.run.preparation.inputs[place]
        if one.vocabulary or one.columns:
            return None
        if len(shape) == 3:
            return tuple(shape)
        example = (*one.example, 1) if len(one.example) == 2 else one.example
        return example if len(example) == 3 and shape == (math.prod(example),) else None


def nothing_to_show(message: str, help: str = "") -> NetError:
    """Return the error of a picture that a run has nothing for."""
    return fail("N680", message, help=help)
