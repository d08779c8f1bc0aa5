"""The patches of the data that excite a channel most, cut out by its receptive field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.receptive import seen_by
from netdsl.keras.layer_outputs import called
from netdsl.lab.inside.image_sheet import ImageSheet, ImageTile, TileRow, picture
from netdsl.lab.inside.subject import nothing_to_show
from netdsl.training.evaluation.network_outputs import row_batches
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.lab.inside.subject import TrainedRun
    from netdsl.training.data import Examples

BEST, CHANNELS, EXAMPLES = 9, 16, 10_000
"""The most patches of a channel, channels that are shown, and examples that are searched."""


class Patch(NamedTuple):
    """Where a channel is excited.

    Attributes:
        row: the example's, in its part of the data.
        place: the position in the layer's output; empty where that has no positions.
        value: of the channel there.
        box: for each of the image's two axes the first and the last pixel that the position sees,
            which may lie outside the image.
        pixels: [h, w, c], 0.5 outside the image.
    """

    row: int
    place: tuple[int, ...]
    value: float
    box: tuple[tuple[int, int], ...]
    pixels: Any


class Top(NamedTuple):
    """The patches that excite some channels of a layer most, the strongest first."""

    layer: str
    part: str
    examples: int
    patches: dict[int, list[Patch]]
    sheet: ImageSheet


def top(subject: TrainedRun, name: str, channel: int | None = None, part: str = "test") -> Top:
    """Find what excites the channels of a layer most: at most one patch of each example.

    Args:
        subject: a trained run.
        name: the layer's, or a point's.
        channel: one of them; by default the first ones.
        part: `test`, `validation` or `training`.

    Raises:
        NetError: N626 for an unknown layer, N680 for a channel that is not there.
    """
    layer = subject.layer(name)
    op = layer.ops[-1]
    shape = subject.graph.ops[op].shape
    if not subject.graph.ops[op].inputs:
        raise nothing_to_show(f"{layer.name} is an input: it has no channels that were learned")
    channels = shape[-1]
    if channel is not None and not 0 <= channel < channels:
        raise nothing_to_show(f"{layer.name} has the channels 0 to {channels - 1}, not {channel}")
    place = subject.image_input()
    chosen = list(range(min(channels, CHANNELS))) if channel is None else [channel]
    examples = _part(subject, part)
    found = _strongest(subject, op, chosen, examples)
    patches = {
        each: [_patch(subject, op, place, examples, *one) for one in found[each]] for each in chosen
    }
    count = min(len(examples), EXAMPLES)
    return Top(
        layer.name,
        part,
        count,
        patches,
        _sheet(layer.name, layer.text, part, count, patches, channels),
    )


def _part(subject: TrainedRun, part: str) -> Examples:
    """Return a part of the run's data. Raises NetError N630 where it is empty."""
    from netdsl.training.evaluation.evaluate import part_of

    return part_of(subject.data, part)


def _strongest(
    subject: TrainedRun, op: int, channels: list[int], examples: Examples
) -> dict[int, list[tuple[int, tuple[int, ...], float]]]:
    """Find for each channel the examples with the largest values: row, position, value."""
    import numpy as np

    model = subject.model([op])
    found: dict[int, list[tuple[int, tuple[int, ...], float]]] = {each: [] for each in channels}
    for rows in row_batches(min(len(examples), EXAMPLES), subject.batch):
        x = subject.prepared(examples, rows)
        (values,) = called(model, x)
        positions = values.shape[1:-1]
        flat = values.reshape(len(values), -1, values.shape[-1])
        at = flat.argmax(axis=1)
        for channel in channels:
            high = np.take_along_axis(flat[..., channel], at[:, channel, None], axis=1)[:, 0]
            # One place in each example: nine patches of one image would show one thing.
            best = np.argsort(-high, kind="stable")[:BEST]
            found[channel] += [
                (
                    int(rows[row]),
                    tuple(int(i) for i in np.unravel_index(at[row, channel], positions)),
                    float(high[row]),
                )
                for row in best.tolist()
            ]
            # Cut to BEST after each batch, so that a long part takes no memory.
            found[channel].sort(key=lambda one: (-one[2], one[0]))
            del found[channel][BEST:]
    return found


def _patch(
    subject: TrainedRun,
    op: int,
    place: int,
    examples: Examples,
    row: int,
    position: tuple[int, ...],
    value: float,
) -> Patch:
    """Cut out the part of an example that a position sees."""
    shape = subject.image_shape(place)
    assert shape is not None
    image = subject.shown(subject.prepared(examples, [row])[place][0].reshape(shape), place)
    point = subject.graph.inputs[place].name
    seen = seen_by(subject.graph, op, position or None, point)
    # What reads the whole input (a dense layer) is excited by the whole image.
    if seen is None or len(seen) != 2:
        seen = ((0, shape[0] - 1), (0, shape[1] - 1))
    return Patch(row, position, value, seen, cut_out(image, seen))


def cut_out(image: Any, box: tuple[tuple[int, int], ...]) -> Any:
    """Cut a box out of an image [h, w, c]; what lies outside is 0.5."""
    import numpy as np

    (top, bottom), (left, right) = box
    patch = np.full((bottom - top + 1, right - left + 1, image.shape[2]), 0.5, np.float32)
    rows = slice(max(top, 0), min(bottom + 1, image.shape[0]))
    columns = slice(max(left, 0), min(right + 1, image.shape[1]))
    patch[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = image[
        rows, columns
    ]
    return patch


def _sheet(
    name: str, text: str, part: str, count: int, patches: dict[int, list[Patch]], channels: int
) -> ImageSheet:
    rows = [
        TileRow(
            f"channel {channel}",
            [ImageTile(picture(one.pixels), f"{one.value:.3g}") for one in found],
        )
        for channel, found in patches.items()
    ]
    about = f"of {counted(count, 'example')} of the {part} part, one patch each; below, the value"
    about += "; 0 is black, 1 white, grey outside the image"
    hidden = channels - len(patches)
    about += f"; {counted(hidden, 'channel')} not shown" if hidden and len(patches) > 1 else ""
    of = f"channel {next(iter(patches))} of " if len(patches) == 1 else ""
    return ImageSheet(f"What excites {of}{name} ({text}) most", about, rows)


def top_json(found: Top) -> dict[str, Any]:
    """Return where the patches are, and what the sheet says."""
    return {
        **found.sheet.to_dict(),
        "layer": found.layer,
        "part": found.part,
        "examples": found.examples,
        "channels": {
            str(channel): [
                {
                    "row": one.row,
                    "position": list(one.place),
                    "value": one.value,
                    "box": [list(axis) for axis in one.box],
                }
                for one in patches
            ]
            for channel, patches in found.patches.items()
        },
    }
