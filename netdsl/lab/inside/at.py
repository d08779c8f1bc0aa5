"""The output of one layer of a trained network for examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import fail
from netdsl.kinds.values import dims
from netdsl.lab.given import saved
from netdsl.lab.inside.image_sheet import ImageSheet, ImageTile, TileRow, picture
from netdsl.lab.pictures import save_picture
from netdsl.training.evaluation.predict import is_paths
from netdsl.training.metrics.answers import in_units
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.lab.inside.subject import TrainedRun


class ValuesAt(NamedTuple):
    """The output of a layer.

    Attributes:
        layer: its name.
        names: of the examples.
        array: the output [n, *shape].
    """

    layer: str
    names: list[str]
    array: Any


def values_at(run: TrainedRun, inputs: Any, name: str | None = None) -> ValuesAt:
    """Compute a layer's output, or without a name the network's first output in the data's units.

    Args:
        run: a trained run.
        inputs: paths or the examples, as `predict` takes them.
        name: the layer's, or a point's.

    Raises:
        NetError: N626 for an unknown layer, and what reading the examples raises.
    """
    import numpy as np

    from netdsl.training.data import given_inputs, read_inputs

    preparation = run.run.preparation
    layer = None if name is None else run.layer(name)
    read = (read_inputs if is_paths(inputs) else given_inputs)(inputs, preparation)
    model = run.own_model if layer is None else run.model([layer.ops[-1]])
    array = run.outputs(model, read.x)
    if layer is not None:
        return ValuesAt(layer.name, read.names, array)
    output = preparation.outputs[0]
    # Classes stay probabilities, as the network gives them; values are in the data's units.
    values = array if output.classes else in_units(np, output, array)
    return ValuesAt(output.name, read.names, values)


def save_values(found: ValuesAt, path: Path) -> None:
    """Write arrays: `.npy`; images also as `.png`, several as a sheet, `.png` or `.svg`.

    Raises:
        NetError: N604 for another suffix, N518 where they are not images.
    """
    array, suffix = found.array, path.suffix.lower()
    if suffix not in (".png", ".svg"):
        saved(array, path)
        return
    if array.ndim != 3 and not (array.ndim == 4 and array.shape[-1] in (1, 3)):
        message = f"{found.layer} gives {dims(array.shape[1:])}, which is not an image"
        help = "write .npy"
        if array.ndim == 4:
            help += f", or draw each channel: netdsl show RUN --maps IMAGE {found.layer}"
        raise fail("N518", message, help=help)
    if suffix == ".png" and len(array) == 1:
        saved(array, path)
        return
    tiles = [
        ImageTile(picture(each), name.rpartition("/")[2])
        for each, name in zip(array, found.names, strict=True)
    ]
    title = f"{found.layer}: {counted(len(array), 'example')}"
    save_picture(ImageSheet(title, "0 is black, 1 is white", [TileRow("", tiles)]), path)
