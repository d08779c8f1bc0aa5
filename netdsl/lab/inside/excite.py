"""Images that excite a unit most, made by gradient ascent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.keras.layer_outputs import called
from netdsl.lab.inside.image_sheet import ImageSheet, ImageTile, TileRow, grey
from netdsl.lab.inside.scores import scored
from netdsl.lab.inside.subject import nothing_to_show
from netdsl.training.metrics.answers import category_scores, probabilities
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.lab.inside.subject import TrainedRun
    from netdsl.training.preparation.outputs import OutputTransform

PRIORS = ("none", "l2", "blur", "tv")
"""What keeps an image natural: nothing, small values (Simonyan et al. 2014), a blur every few steps
(Yosinski et al. 2015), small differences between neighbouring pixels (Mahendran and Vedaldi 2015).
"""

STEPS, RATE, UNITS = 256, 0.02, 16
"""How many steps are made, the size of one (a pixel's mean change), and how many units are shown by
default.
"""

L2, TV, BLUR_EVERY = 0.02, 0.2, 8


class Excited(NamedTuple):
    """Images that excite units of a layer.

    Attributes:
        layer: its name.
        units: which of them.
        images: [units, h, w, c].
        values: the units' values for them; of a class its score, before softmax.
        probabilities: the probability of each class for these images, the mean over positions
            [units, classes]; None where the layer is not an output of classes.
        probability: that of the unit's own class [units], of class 1 where one number represents
            two classes; None where `probabilities` is.
        variations: the mean difference between neighbouring pixels of each image.
        sheet: the picture.
    """

    layer: str
    units: tuple[int, ...]
    images: Any
    values: Any
    probabilities: Any | None
    probability: Any | None
    variations: Any
    sheet: ImageSheet


def excite(
    subject: TrainedRun, name: str, unit: int | None = None, prior: str = "none", seed: int = 0
) -> Excited:
    """Make an image that excites a unit most: of a layer with positions, the mean of its map.

    Args:
        subject: a trained run.
        name: the layer's, or a point's.
        unit: one of its channels; by default the first ones.
        prior: one of `PRIORS`.
        seed: of the noise that the images begin with.

    Raises:
        NetError: N626 for an unknown layer, N680 for a unit that is not there, or a network whose
            input is not an image.
    """
    import numpy as np

    layer = subject.layer(name)
    place = subject.image_input()
    if len(subject.graph.inputs) > 1:
        raise nothing_to_show("an image is made for networks of one input")
    if not subject.graph.ops[layer.ops[-1]].inputs:
        raise nothing_to_show(f"{layer.name} is the input itself")
    shape = subject.image_shape(place)
    assert shape is not None
    transform, op = _named_by(subject, layer.ops[-1])
    units = subject.graph.ops[op].shape[-1]
    if unit is not None and not 0 <= unit < units:
        raise nothing_to_show(f"{layer.name} has the units 0 to {units - 1}, not {unit}")
    chosen = tuple(range(min(units, UNITS))) if unit is None else (unit,)
    climb = Climb(
        subject.model([op]),
        chosen,
        shape,
        tuple(subject.graph.inputs[place].shape),
        subject.run.preparation.inputs[place].unit,
        rivals=transform is not None and units > 1,
    )
    images = climb.images(prior, seed)
    flat = images.reshape(len(chosen), *climb.input_shape)
    (given,) = called(climb.model, [flat])
    means = given.reshape(len(chosen), -1, units).mean(axis=1)
    values = means[np.arange(len(chosen)), list(chosen)]
    found = own = None
    captions = [f"{unit}: {value:.3g}" for unit, value in zip(chosen, values, strict=True)]
    if transform is not None:
        given = called(subject.model([layer.ops[-1]]), [flat])[0].astype(np.float64)
        found = probabilities(np, transform, category_scores(np, transform, given))
        found = found.reshape(len(chosen), -1, found.shape[-1]).mean(axis=1)
        # A single number is the score of class 1.
        labels = [each if units > 1 else 1 for each in chosen]
        own = found[np.arange(len(chosen)), labels]
        pairs = zip(labels, own, strict=True)
        captions = [f"{transform.label(label)} {share:.3f}" for label, share in pairs]
    sheet = _sheet(layer.name, prior, chosen, images, captions, units)
    return Excited(layer.name, chosen, images, values, found, own, _variation(images), sheet)


def _named_by(subject: TrainedRun, op: int) -> tuple[OutputTransform | None, int]:
    """Return the output of classes that an operation is, and the operation that gives their scores;
    None and the operation itself where it is not such an output.
    """
    outputs = subject.run.preparation.outputs
    scores = scored(subject.graph).outputs
    for port, end, transform in zip(subject.graph.outputs, scores, outputs, strict=True):
        if port.op == op and transform.classes:
            return transform, end.op
    return None, op


class Climb(NamedTuple):
    """Gradient ascent of images on the units of a layer.

    Attributes:
        model: from [n, *input_shape] to the layer's output.
        units: which of its channels, one for each image.
        shape: of an image [h, w, c].
        input_shape: of the network's input.
        bounded: whether pixels are from 0 to 1.
        rivals: whether units compete, as classes do: then log softmax is maximized, as a score
            alone can rise together with those of other classes.
    """

    model: Any
    units: Sequence[int]
    shape: tuple[int, ...]
    input_shape: tuple[int, ...]
    bounded: bool
    rivals: bool

    def images(self, prior: str, seed: int) -> Any:
        """Make images [n, h, w, c] from noise, by steps of the same size along the gradient."""
        import numpy as np

        from netdsl.keras.gradients import repeated

        count = len(self.units)
        masks = np.zeros((count, int(self.model.output_shape[-1])), np.float32)
        masks[np.arange(count), list(self.units)] = 1
        slope_of = repeated(self._number)
        middle = 0.5 if self.bounded else 0.0
        noise = np.random.default_rng(seed).standard_normal((count, *self.shape))
        # Around grey, where clipping leaves slopes in both directions.
        x = (middle + 0.1 * noise).astype(np.float32)
        for step in range(STEPS):
            (slope,) = slope_of(x, masks).tensors
            # Steps have one size whatever the gradient: units of deep layers have tiny gradients
            # at first.
            size = np.sqrt(np.mean(slope**2, axis=(1, 2, 3), keepdims=True))
            move = np.divide(slope, size, out=np.zeros_like(slope), where=size > 0)
            if prior == "l2":
                move = move - L2 / RATE * (x - middle)
            elif prior == "tv":
                move = move - TV / RATE * _roughness(x)
            # The steps become shorter, to half the size at the end, so that the image settles.
            x = x + RATE * move * (1 - 0.5 * step / STEPS)
            # Not after the last step: the image that is shown is not a blurred one.
            if prior == "blur" and step % BLUR_EVERY == BLUR_EVERY - 1 and step < STEPS - 1:
                x = _blurred(x)
            x = (np.clip(x, 0, 1) if self.bounded else x).astype(np.float32)
        return x

    def _number(self, x: Any, masks: Any) -> Any:
        """Sum the numbers that are maximized over the images."""
        from keras import ops

        given = self.model(ops.reshape(x, (-1, *self.input_shape)), training=False)
        means = ops.mean(ops.reshape(given, (len(self.units), -1, masks.shape[-1])), axis=1)
        return ops.sum((ops.log_softmax(means) if self.rivals else means) * masks)


def _roughness(x: Any) -> Any:
    """Return how far each pixel is above the mean of its neighbours."""
    import numpy as np

    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    around = padded[:, :-2, 1:-1] + padded[:, 2:, 1:-1] + padded[:, 1:-1, :-2] + padded[:, 1:-1, 2:]
    return x - around / 4


def _blurred(x: Any) -> Any:
    """Blur images [n, h, w, c] by a Gaussian of about one pixel: (1, 2, 1) / 4 along each axis."""
    import numpy as np

    for axis in (1, 2):
        widths = [(0, 0)] * 4
        widths[axis] = (1, 1)
        padded = np.pad(x, widths, mode="edge")
        low, middle, high = (
            np.take(padded, np.arange(start, start + x.shape[axis]), axis=axis)
            for start in (0, 1, 2)
        )
        x = (low + 2 * middle + high) / 4
    return x


def _variation(images: Any) -> Any:
    """Return the mean absolute difference of neighbouring pixels, along both axes [n]."""
    import numpy as np

    total = np.zeros(len(images), images.dtype)
    for axis in (1, 2):
        if images.shape[axis] > 1:
            total += np.abs(np.diff(images, axis=axis)).mean(axis=(1, 2, 3))
    return total / 2


def _sheet(
    name: str, prior: str, units: Sequence[int], images: Any, captions: Sequence[str], of: int
) -> ImageSheet:
    low, high = float(images.min()), float(images.max())
    tiles = []
    for each, caption in zip(images, captions, strict=True):
        image = grey(each, low, high)
        tiles.append(ImageTile(image[..., :3] if image.shape[-1] >= 3 else image[..., 0], caption))
    about = f"prior: {prior}; {low:.3g} (black) to {high:.3g}; {STEPS} steps from noise"
    hidden = of - len(units)
    about += f"; {counted(hidden, 'unit')} not shown" if hidden and len(units) > 1 else ""
    across = math.ceil(math.sqrt(len(tiles))) if len(tiles) > 4 else len(tiles)
    rows = [TileRow("", tiles[at : at + across]) for at in range(0, len(tiles), across)]
    title = f"Images that excite {name}" if len(units) > 1 else f"What excites {name}:{units[0]}"
    return ImageSheet(title, about, rows)


def excited_json(found: Excited) -> dict[str, Any]:
    """Return the images as nested lists, with what the sheet says."""
    return {
        **found.sheet.to_dict(),
        "layer": found.layer,
        "units": list(found.units),
        "values": found.values.tolist(),
        "variations": found.variations.tolist(),
        "probabilities": None if found.probabilities is None else found.probabilities.tolist(),
        "images": found.images.tolist(),
    }
