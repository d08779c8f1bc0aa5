"""The kernels of a layer as images, and how many of them look like edges and bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.kinds.values import dims
from netdsl.lab.inside.edges import best_match
from netdsl.lab.inside.image_sheet import ACROSS, ImageSheet, ImageTile, TileRow, grey, signed
from netdsl.lab.inside.subject import nothing_to_show
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.graph import Graph, Op
    from netdsl.kinds.facts import Arrays
    from netdsl.kinds.values import Shape
    from netdsl.lab.inside.subject import TrainedRun

FILTERS, CHANNELS = 64, 16
"""The most filters of a sheet, and the most channels of a filter that are shown."""

MATCH = 0.8
"""The correlation with an edge or a bar above which a filter counts as one of them."""

LEAST, LARGEST = 9, 11
"""The fewest positions that show an edge, those of a 3x3 window, and the longest side of a filter
that would show a single edge."""


class Filters(NamedTuple):
    """A layer's kernels as images.

    Attributes:
        layer: its name.
        array: [N, h, w, channels].
        sheet: the picture.
        matches: for each filter of one channel or of colours, the largest correlation with an edge
            or a bar; None where its channels are not those of an image.
        untrained: the same for the weights that the run began with.
    """

    layer: str
    array: Any
    sheet: ImageSheet
    matches: Any | None
    untrained: Any | None


def filters(subject: TrainedRun, name: str | None = None) -> Filters:
    """Show the kernels of a layer, by default of the first one that has some.

    Args:
        subject: a trained run.
        name: the layer's, or a point's.

    Raises:
        NetError: N626 for an unknown name, N680 where the layer has no kernels that are images.
    """
    op = _with_kernel(subject, name)
    array = kernels_as_images(subject, op, subject.weighted.weights[op])
    layer = subject.graph.layers[subject.graph.ops[op].layer]
    height, width, channels = array.shape[1:]
    flat = len(subject.weighted.weights[op]["kernel"].shape) == 3  # along a sequence
    sides = height * width >= LEAST and max(height, width) <= LARGEST
    of_image = channels in (1, 3) and sides and not flat
    found = begun = None
    if of_image:
        found = best_match(array)
        # Untrained filters show how many correlate by accident.
        if op in subject.untrained.weights:
            begun = best_match(kernels_as_images(subject, op, subject.untrained.weights[op]))
    return Filters(layer.name, array, _sheet(layer.name, layer.text, array), found, begun)


def described(found: Filters) -> list[str]:
    """Describe the kernels, in lines."""
    lines = [found.sheet.title, found.sheet.about]
    if found.matches is None:
        return lines
    said = f"{_share(found.matches)} filters correlate over {MATCH} with an edge or a bar"
    if found.untrained is not None:
        said += f"; of the untrained, {_share(found.untrained)}"
    return [*lines, said]


def filters_json(found: Filters) -> dict[str, Any]:
    """Return the kernels as nested lists, with what the sheet says."""
    more = {} if found.matches is None else {"matches": found.matches.round(4).tolist()}
    if found.untrained is not None:
        more["untrained_matches"] = found.untrained.round(4).tolist()
    return {
        "layer": found.layer,
        **found.sheet.to_dict(),
        "shape": list(found.array.shape),
        **more,
        "kernels": found.array.tolist(),
    }


def _share(matches: Any) -> str:
    return f"{int((matches > MATCH).sum())} of {len(matches)}"


class Evolution(NamedTuple):
    """A layer's kernels at the epochs that a run has kept (`keep` in its recipe).

    Attributes:
        layer: its name.
        epochs: in their order.
        array: [epochs, N, h, w, channels].
        sheet: the picture, a row for each epoch.
    """

    layer: str
    epochs: tuple[int, ...]
    array: Any
    sheet: ImageSheet


def evolution(subject: TrainedRun, name: str | None = None) -> Evolution:
    """Show how the kernels of a layer developed, at each epoch that was kept.

    Raises:
        NetError: as `filters`; N680 also where no epoch was kept.
    """
    import numpy as np

    kept = subject.kept()
    if not kept:
        help = "train with `keep: {epochs: [1, 3, 7]}` in the recipe"
        raise nothing_to_show(f"{subject.run.run.folder} has kept no epochs", help)
    op = _with_kernel(subject, name)
    arrays = np.stack([kernels_as_images(subject, op, each[op]) for each in kept.values()])
    layer = subject.graph.layers[subject.graph.ops[op].layer]
    if arrays.shape[-1] not in (1, 3):
        message = f"the filters of {layer.name} have {arrays.shape[-1]} channels"
        raise nothing_to_show(message, "those of one channel or of colours can be followed")
    # One scale for all epochs: growth would not be seen otherwise.
    limit = float(np.abs(arrays).max())
    rows = [
        TileRow(f"epoch {epoch}", [_tile(each, limit, "") for each in array[:ACROSS]])
        for epoch, array in zip(kept, arrays, strict=True)
    ]
    count = arrays.shape[1]
    about = [_scale(arrays.shape[-1], limit)]
    about += [f"the first {ACROSS} of {count} filters"] if count > ACROSS else []
    sheet = ImageSheet(f"{layer.name} ({layer.text}) by epoch", "; ".join(about), rows)
    return Evolution(layer.name, tuple(kept), arrays, sheet)


def evolution_json(found: Evolution) -> dict[str, Any]:
    """Return the kernels as nested lists, with what the sheet says."""
    return {
        "layer": found.layer,
        **found.sheet.to_dict(),
        "epochs": list(found.epochs),
        "kernels": found.array.tolist(),
    }


# --- kernels --------------------------------------------------------------------------------------


def _with_kernel(subject: TrainedRun, name: str | None) -> int:
    """Find the operation whose kernels are shown. Raises NetError N626, N680."""
    graph, weights = subject.graph, subject.weighted.weights
    known = [index for index in weights if _is_image(subject, graph.ops[index], weights[index])]
    names = [graph.layers[graph.ops[index].layer].name for index in known]
    help = f"those of {', '.join(names[:8])} can be shown" if names else ""
    if name is None:
        if not known:
            raise nothing_to_show(
                "no layer of the network has kernels that are images",
                "those of conv are; --codes LAYER and --landscape may have something to show",
            )
        return known[0]
    layer = subject.layer(name)
    found = next((index for index in layer.ops if index in known), None)
    if found is not None:
        return found
    op = next((index for index in layer.ops if "kernel" in weights.get(index, {})), None)
    if op is None:
        raise nothing_to_show(f"the layer {layer.name} (`{layer.text}`) has no kernels", help)
    shape = dims(graph.input_shapes(graph.ops[op])[0])
    message = f"the kernels of {layer.name} lie on {shape}, which is not an image"
    raise nothing_to_show(message, help)


def _is_image(subject: TrainedRun, op: Op, arrays: Arrays) -> bool:
    return "kernel" in arrays and _window(subject, op, arrays["kernel"].shape) is not None


def _window(subject: TrainedRun, op: Op, kernel: Shape) -> Shape | None:
    """Return the shape of a filter as an image [h, w, channels]; None where it is not one."""
    form = op.kind.kernel_forms(kernel)[0] if op.kind else None
    if form is None or form.axes == tuple(range(len(kernel))):
        return None  # its kernel is not one array for each filter
    full = form.shape
    if len(full) == 4:
        return full[1:]
    if len(full) == 3:  # along a sequence: channels downwards
        return (full[2], full[1], 1) if full[1] > 1 else None
    return _input_image(subject, op, full[1])


def _input_image(subject: TrainedRun, op: Op, size: int) -> Shape | None:
    """Return the shape of the image that is a dense layer's whole input; None if there is none."""
    graph: Graph = subject.graph
    source = graph.ops[op.inputs[0]]
    # Through flatten and reshape, which leave the numbers in their order.
    while source.kind is not None and source.inputs and source.kind.shape_only:
        source = graph.ops[source.inputs[0]]
    if source.kind is None:
        place = next(
            at for at, port in enumerate(graph.inputs) if graph.ops[port.op].name == source.name
        )
        shape = subject.image_shape(place)
    else:
        shape = tuple(source.shape) if len(source.shape) == 3 else None
    fits = shape is not None and shape[0] * shape[1] * shape[2] == size
    return shape if fits and shape is not None and shape[2] <= CHANNELS else None


def kernels_as_images(subject: TrainedRun, op: int, arrays: Arrays) -> Any:
    """Return an operation's kernels [N, h, w, channels]."""
    import numpy as np

    kernel, kind = arrays["kernel"], subject.graph.ops[op].kind
    window = _window(subject, subject.graph.ops[op], kernel.shape)
    assert kind is not None
    assert window is not None
    form = kind.kernel_forms(kernel.shape)[0]
    filters = kernel.transpose(np.argsort(form.axes)).reshape(form.shape)
    if len(form.shape) == 3:
        filters = filters.transpose(0, 2, 1)
    return filters.reshape(len(filters), *window)


# --- the sheet ------------------------------------------------------------------------------------


def _tile(kernel: Any, limit: float, caption: str) -> ImageTile:
    """Draw a kernel [h, w, channels] of one channel by its sign, of three in colour."""
    pixels = grey(kernel, -limit, limit) if kernel.shape[-1] == 3 else signed(kernel[..., 0], limit)
    return ImageTile(pixels, caption)


def _scale(channels: int, limit: float) -> str:
    if channels == 3:
        return f"red, green and blue from {-limit:.3g} (black) to {limit:.3g}; 0 is grey"
    return f"red to {limit:.3g}, white 0, blue to {-limit:.3g}"


def _sheet(name: str, text: str, array: Any) -> ImageSheet:
    """Draw kernels: colours where they have three channels, else each channel by its sign."""
    import numpy as np

    count, height, width, channels = array.shape
    limit = float(np.abs(array).max())
    size = f"{height}x{width}" + (f"x{channels}" if channels > 1 else "")
    title = f"{name} ({text}): {counted(count, 'filter')} of {size}"
    about, whole = [_scale(channels, limit)], channels in (1, 3)
    shown = array[: FILTERS if whole else FILTERS // 4]
    if whole:
        rows = [TileRow("", [_tile(each, limit, str(at)) for at, each in enumerate(shown)])]
    else:
        rows = [
            TileRow(
                f"filter {number}",
                [
                    _tile(each[..., [channel]], limit, str(channel))
                    for channel in range(min(channels, CHANNELS))
                ],
            )
            for number, each in enumerate(shown)
        ]
    left, hidden = count - len(shown), 0 if whole else channels - CHANNELS
    about += [f"{counted(left, 'filter')} not shown"] if left else []
    about += [f"{counted(hidden, 'channel')} of each not shown"] if hidden > 0 else []
    return ImageSheet(title, "; ".join(about), rows)
