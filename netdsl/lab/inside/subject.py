"""A trained run to look into: its graph, its weights, its data."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import NetError, fail
from netdsl.kinds.values import dims
from netdsl.lab.forward import layer_called
from netdsl.lab.inside.image_sheet import grey
from netdsl.lab.weighted import WeightedNetwork, begun, trained
from netdsl.training.runs.finished import FinishedRun, finished_run
from netdsl.training.runs.folder import DISCRIMINATOR
from netdsl.wording import counted, enumerated

if TYPE_CHECKING:
    from netdsl.graph import Layer, Port
    from netdsl.keras.build import Built
    from netdsl.kinds.facts import Arrays
    from netdsl.kinds.values import Shape
    from netdsl.training.data import Data, Examples
    from netdsl.training.preparation.inputs import InputTransform

BATCH = 256
"""The most examples that go through the network at a time."""

NUMBERS = 20_000_000
"""The most numbers that a layer gives for these together; for a single example it may be more."""


ROW = re.compile(r"(training|validation|test):(-?[0-9]{1,9})")
"""How a row of a part of the data is written: `test:3`."""


class OneExample(NamedTuple):
    """One example that is looked at.

    Attributes:
        name: what it is.
        inputs: prepared, an array [1, *shape] for each input.
        note: what was done to it, in words; empty for nothing.
    """

    name: str
    inputs: tuple[Any, ...]
    note: str = ""


class TrainedRun:
    """A trained run to look into.

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
        """The network with the weights that the run's seed gives it, without `init_from`."""
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
        """The Keras model with the run's best weights, and the tensors of its operations."""
        from netdsl.keras.layer_outputs import built_with

        return built_with(self.run.network, self.weighted.weights)

    @cached_property
    def own_model(self) -> Any:
        """A Keras model that gives the network's outputs."""
        return self.model([port.op for port in self.graph.outputs])

    def model(self, ops: Sequence[int]) -> Any:
        """Return a Keras model whose outputs are those of these operations."""
        from netdsl.keras.layer_outputs import model_at

        return model_at(self.built, ops)

    @cached_property
    def batch(self) -> int:
        """How many examples go through the network at a time."""
        # By the largest layer, as any of them may be asked for.
        return max(1, min(BATCH, NUMBERS // max(op.size for op in self.graph.ops)))

    def outputs(self, model: Any, arrays: Sequence[Any]) -> Any:
        """Return the first output of a model [n, *shape], computed batch by batch.

        Args:
            model: of `model` or `own_model`.
            arrays: examples for each input, as the data has them.
        """
        import numpy as np

        from netdsl.training.evaluation.network_outputs import in_batches, predictor

        batches = in_batches(predictor(model), arrays, self.run.preparation, self.batch)
        return np.concatenate([found[0] for _, found in batches])

    def computed(self, model: Any, inputs: Sequence[Any]) -> list[Any]:
        """Return the outputs of a model, computed batch by batch: an array [n, *shape] for each.

        Args:
            model: of `model` or `own_model`.
            inputs: examples for each input, as `prepared` returns them.
        """
        import numpy as np

        from netdsl.keras.layer_outputs import called
        from netdsl.training.evaluation.network_outputs import row_batches

        batches = row_batches(len(inputs[0]), self.batch)
        found = [called(model, [x[rows] for x in inputs]) for rows in batches]
        return [np.concatenate(parts) for parts in zip(*found, strict=True)]

    def example(self, given: Any) -> OneExample:
        """Read one example, the first of what is given.

        Args:
            given: a row of the run's data, as `test:3`; or what `predict` takes: the path of an
                image, or of an array; in Python also the array itself.

        Raises:
            NetError: N630 for an empty part, N680 for a row that is not there, and what reading
                examples raises.
        """
        import numpy as np

        from netdsl.training.data import given_inputs, read_inputs

        # Before paths: no file is called `test:3` by accident.
        if isinstance(given, str) and (row := ROW.fullmatch(given)):
            return self._row(row[1], int(row[2]))
        preparation = self.run.preparation
        if not isinstance(given, str | os.PathLike):
            name, raw = "the example", given_inputs(given, preparation).x
        else:
            read = read_inputs(os.fspath(given), preparation)
            name, raw = read.names[0], read.x
        first = tuple(np.asarray(x[:1]) for x in raw)
        return OneExample(name, preparation.x(first), self._resized(first))

    def _row(self, part: str, row: int) -> OneExample:
        from netdsl.training.evaluation.evaluate import part_of

        examples = part_of(self.data, part)
        if not 0 <= row < len(examples):
            last = len(examples) - 1
            raise nothing_to_show(f"the {part} part has the rows 0 to {last:,}, not {row}")
        return OneExample(f"{part}:{row}", self.prepared(examples, [row]))

    def _resized(self, raw: Sequence[Any]) -> str:
        """Say from which size an image was resized; empty where it had the right one."""
        for place, x in enumerate(raw):
            shape, size = self.image_shape(place), x.shape[1:3]
            if shape is not None and x.ndim > 2 and size != shape[:2]:
                return f"resized from {dims(size)} to {dims(shape[:2])}"
        return ""

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
        read = zip(self.graph.inputs, self.run.preparation.inputs, strict=True)
        shapes = enumerated(_what_is_read(port, one) for port, one in read)
        message = f"the network has no input of images: it reads {shapes}"
        help = "--codes, --landscape and --filters may have something to show"
        raise nothing_to_show(message, help)

    def image_shape(self, place: int) -> Shape | None:
        """Return the shape [h, w, c] of an input as an image; None where it is not an image.

        An input of 784 numbers is 28x28x1 where the examples were such images.
        """
        shape, one = self.graph.inputs[place].shape, self.run.preparation.inputs[place]
        if one.vocabulary or one.columns:
            return None
        if len(shape) == 3:
            return tuple(shape)
        example = (*one.example, 1) if len(one.example) == 2 else one.example
        # The data decides: 784 numbers of a table are not an image.
        return example if len(example) == 3 and shape == (math.prod(example),) else None

    def shown(self, image: Any, place: int = 0) -> Any:
        """Scale an image [h, w, c] of an input to the range 0 to 1: by its smallest and its largest
        value, unless the data is in that range already.
        """
        if self.run.preparation.inputs[place].unit:
            return image
        return grey(image, float(image.min()), float(image.max()))


def _what_is_read(port: Port, one: InputTransform) -> str:
    if one.columns:
        return f"{counted(math.prod(one.shape), 'number')} of a table"
    return dims(port.shape)


def nothing_to_show(message: str, help: str = "") -> NetError:
    """Return the error N680: a picture cannot be made of this run."""
    return fail("N680", message, help=help)
