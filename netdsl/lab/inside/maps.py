"""The feature maps of the layers of a trained network for one image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.keras.layer_outputs import called
from netdsl.kinds.values import dims
from netdsl.lab.inside.image_sheet import ImageSheet, ImageTile, TileRow, grey, picture
from netdsl.lab.inside.subject import OneExample, nothing_to_show
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.graph import Layer
    from netdsl.lab.inside.subject import TrainedRun

CHANNELS, STRIP, LAYERS = 64, 8, 24
"""The most channels that are shown of a single layer, the most of each layer where all layers are
shown, and the most layers.
"""


class LayerMaps(NamedTuple):
    """A layer's output for an image [h, w, channels], and which channels are shown."""

    layer: str
    array: Any
    shown: tuple[int, ...]

    @property
    def low(self) -> float:
        """The smallest number, which is black."""
        return float(self.array.min())

    @property
    def high(self) -> float:
        """The largest number, which is white."""
        return float(self.array.max())


class Maps(NamedTuple):
    """Maps of one layer or of several, and the picture of them."""

    layers: tuple[LayerMaps, ...]
    sheet: ImageSheet


def maps(subject: TrainedRun, given: Any, name: str | None = None) -> Maps:
    """Show every map of a layer, or a strip through all layers: of each its strongest maps.

    Args:
        subject: a trained run.
        given: the image, as `TrainedRun.example` takes it, or an example that was read.
        name: a layer's, or a point's.

    Raises:
        NetError: N626 for an unknown name, N680 where the layer gives no maps, and what reading
            the image raises.
    """
    place, graph = subject.image_input(), subject.graph
    if name is None:
        chosen = [layer for layer in graph.layers if _has_maps(subject, layer)][:LAYERS]
        if not chosen:
            raise nothing_to_show("no layer of the network gives maps")
    else:
        layer = subject.layer(name)
        if not _has_maps(subject, layer):
            given = dims(graph.ops[layer.ops[-1]].shape)
            raise nothing_to_show(f"{layer.name} gives {given}, which is not maps")
        chosen = [layer]
    example = given if isinstance(given, OneExample) else subject.example(given)
    found = called(subject.model([layer.ops[-1] for layer in chosen]), example.inputs)
    original = subject.shown(example.inputs[place][0].reshape(subject.image_shape(place)), place)
    made = tuple(
        _chosen(layer, array[0], name is not None)
        for layer, array in zip(chosen, found, strict=True)
    )
    return Maps(made, _sheet(example, original, made, name is not None))


def _has_maps(subject: TrainedRun, layer: Layer) -> bool:
    op = subject.graph.ops[layer.ops[-1]]
    return len(op.shape) == 3 and op.shape[0] * op.shape[1] > 1 and bool(op.inputs)


def _chosen(layer: Layer, array: Any, every: bool) -> LayerMaps:
    """Choose the channels that are shown: the first, or the strongest."""
    import numpy as np

    channels = array.shape[-1]
    if every:
        return LayerMaps(layer.name, array, tuple(range(min(channels, CHANNELS))))
    strength = np.abs(array).mean(axis=(0, 1))
    order = np.argsort(-strength, kind="stable")[:STRIP]
    # The strongest, in the order of their numbers, by which they are found again.
    return LayerMaps(layer.name, array, tuple(sorted(order.tolist())))


def _sheet(
    example: OneExample, original: Any, layers: tuple[LayerMaps, ...], every: bool
) -> ImageSheet:
    rows = [TileRow("input", [ImageTile(picture(original))])]
    for each in layers:
        tiles = [
            ImageTile(grey(each.array[..., channel], each.low, each.high), str(channel))
            for channel in each.shown
        ]
        said = f"{each.layer} {dims(each.array.shape)}, {each.low:.3g} to {each.high:.3g}"
        rows.append(TileRow(said, tiles))
    about = [*([example.note] if example.note else []), "black to white as each row says"]
    if not every:
        about.append(f"of each layer the {STRIP} strongest channels")
        return ImageSheet(f"Maps of all layers for {example.name}", "; ".join(about), rows)
    hidden = layers[0].array.shape[-1] - CHANNELS
    about += [f"{counted(hidden, 'channel')} not shown"] if hidden > 0 else []
    return ImageSheet(f"Maps of {layers[0].layer} for {example.name}", "; ".join(about), rows)


def maps_json(found: Maps) -> dict[str, Any]:
    """Return the maps as nested lists, with what the sheet says."""
    layers = [
        {
            "layer": each.layer,
            "shape": list(each.array.shape),
            "shown": list(each.shown),
            "black": each.low,
            "white": each.high,
            "values": each.array.tolist(),
        }
        for each in found.layers
    ]
    return {**found.sheet.to_dict(), "layers": layers}
