"""Random changes of training examples, so that a network never gets the same image twice.

Only `mixed` changes targets.

All numbers are drawn from a NumPy generator that is passed in. One that is made from the seed, the
epoch and the batch always gives the same images, so that a training that is resumed gets the same
as one that was not stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from netdsl.training.preparation.resize import LUMA, cut
from netdsl.training.preparation.warp import shifted, warped

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from netdsl.training.preparation.rows import Floats, Shape

    Draws = Mapping[str, NDArray[np.float64]]


class Augmentation(Protocol):
    """Which changes are made; None and 0 mean none.

    Angles are in degrees, lengths in pixels of the network's input.
    """

    @property
    def flip(self) -> str | None: ...
    @property
    def shift(self) -> int | None: ...
    @property
    def scale(self) -> float | None: ...
    @property
    def rotate(self) -> float | None: ...
    @property
    def shear(self) -> float | None: ...
    @property
    def crop(self) -> float | None: ...
    @property
    def crop_from(self) -> int | None: ...
    @property
    def brightness(self) -> float | None: ...
    @property
    def contrast(self) -> float | None: ...
    @property
    def colour(self) -> float | None: ...
    @property
    def noise(self) -> float | None: ...
    @property
    def cutout(self) -> int | None: ...
    @property
    def mixup(self) -> float | None: ...


ASPECT = 4 / 3
"""The aspect ratio of a crop differs from that of the image by at most this factor (Szegedy et al.,
2015, "Going deeper with convolutions", section 6).
"""

DRAWN = (
    *(
        "horizontal",
        "vertical",
        "down",
        "right",
        "scale",
        "rotate",
        "shear",
        "area",
        "aspect",
        "top",
        "left",
    ),
    *("brightness", "contrast", "colour", "hole_row", "hole_column"),
)
"""The draws for each image, in their order.

New ones must come last, so that those before them do not change.
"""


# --- images ---------------------------------------------------------------------------------------


def augmented(x: Floats, augment: Augmentation, rng: np.random.Generator) -> Floats:
    """Move the pixels of images [n, h, w, c], then change colours, add noise, and cut squares out.

    `x` itself is not changed, and need not hold images if only noise is added. The changes must be
    ones that `unfit` accepts.

    The same numbers are drawn whatever is changed: one for each of `DRAWN` and each image, then a
    seed for the noise. So each change is independent of which others are made.
    """
    import numpy as np

    drawn, seed = _draws(len(x), rng)
    result = _coloured(_moved(x, augment, drawn), x, augment, drawn)
    if augment.noise:
        noise = _noise(x.shape, augment.noise, seed)
        # Added into the noise: no third array of the batch's size is needed, and `result` may be
        # `x` itself.
        result = np.add(result, noise, out=noise)
    if augment.cutout:
        # After noise and colours, so that a hole is exactly 0.
        result = np.where(_holes(x.shape[1:3], augment.cutout, drawn), np.float32(0), result)
    return result


def numbers(
    augment: Augmentation, shape: Shape, rng: np.random.Generator
) -> dict[str, NDArray[Any]]:
    """Return the numbers by which `augmented` changes inputs of this shape [n, ...].

    Returns:
        By name, for the changes that are made: `maps` [n, 2, 3] as `warped` takes them, `light`
        [n, 3] with the factors of contrast and colour and the added brightness, `noise` [n, ...],
        `holes` [n, 2] with the first row and column of the square that is cut out.
    """
    drawn, seed = _draws(shape[0], rng)
    found: dict[str, NDArray[Any]] = {}
    if bends(augment) or augment.shift or augment.flip:
        # Also for flips and shifts: on the device all pixels are moved by `warped`.
        found["maps"] = _maps(shape[1:3], augment, drawn).astype("float32")
    if augment.brightness or augment.contrast or augment.colour:
        found["light"] = _light(augment, drawn)
    if augment.noise:
        found["noise"] = _noise(shape, augment.noise, seed)
    if augment.cutout:
        found["holes"] = _corners(shape[1:3], augment.cutout, drawn)
    return found


def bends(augment: Augmentation) -> bool:
    """Return whether pixels are moved to positions between others.

    If not, each pixel that moves keeps its value.
    """
    return bool(augment.scale or augment.rotate or augment.shear or augment.crop)


def random_cuts(x: Floats, sides: Shape, rng: np.random.Generator) -> Floats:
    """Cut images of these sides out of larger ones [n, h, w, c], with equally likely places."""
    import numpy as np

    # + 1, as `integers` excludes its upper end, and an image of exactly these sides has one place.
    places = np.array(x.shape[1:3]) - np.array(sides) + 1
    return cut(x, sides, rng.integers(0, places, size=(len(x), 2)))


def mixed(x: Floats, y: Floats, alpha: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Mix inputs [n, ...] and targets [n, ...] (probabilities or values) with other examples'.

    Partners come from a permutation, the shares of each pair from Beta(alpha, alpha): Zhang et al.,
    2018, "mixup: Beyond empirical risk minimization", with a draw for each example.
    """
    partners, share = pairs(len(x), alpha, rng)

    def mix(values: Floats) -> Floats:
        own = share.reshape(-1, *(1,) * (values.ndim - 1))
        return own * values + (1 - own) * values[partners]

    return mix(x), mix(y)


def pairs(count: int, alpha: float, rng: np.random.Generator) -> tuple[NDArray[np.int64], Floats]:
    """Draw for each example the one that it is mixed with, and its own share: [count] each."""
    return rng.permutation(count), rng.beta(alpha, alpha, count).astype("float32")


# --- the parts ------------------------------------------------------------------------------------


def _draws(count: int, rng: np.random.Generator) -> tuple[Draws, int]:
    """Draw a number for each of `DRAWN` and each input, and the noise's seed."""
    # A row for each of `DRAWN`: one that is added at the end does not change the others' draws.
    drawn = dict(zip(DRAWN, rng.random((len(DRAWN), count)), strict=True))
    return drawn, int(rng.integers(2**63))


def _noise(shape: Shape, deviation: float, seed: int) -> Floats:
    """Draw normal noise of this shape."""
    import numpy as np

    # A generator of its own: the number of draws for noise must not change later draws from `rng`.
    noise = np.random.default_rng(seed).standard_normal(shape, np.float32)
    noise *= np.float32(deviation)
    return noise


def _spread(draws: NDArray[np.float64], extent: float | None) -> NDArray[np.float64]:
    """Turn draws from 0 to 1 into numbers from -extent to extent."""
    return (2 * draws - 1) * (extent or 0)


def _flips(augment: Augmentation, drawn: Draws) -> list[NDArray[np.bool_]]:
    """Choose the images that are turned upside down, and those that are mirrored: [n] each."""
    return [
        (drawn[way] < 0.5) & (augment.flip in (way, "both")) for way in ("vertical", "horizontal")
    ]


def _offsets(augment: Augmentation, drawn: Draws) -> NDArray[np.int64]:
    """Return the pixels by which each image is moved down and right: [n, 2]."""
    import numpy as np

    extent = augment.shift or 0
    draws = np.stack([drawn["down"], drawn["right"]], 1)
    # All of -extent to extent are equally likely; draws are below 1, so that extent + 1 is never
    # reached.
    return (draws * (2 * extent + 1)).astype(np.int64) - extent


def _moved(x: Floats, augment: Augmentation, drawn: Draws) -> Floats:
    """Apply all changes that move pixels; if they move by integers, values do not change."""
    import numpy as np

    if bends(augment):
        return warped(x, _maps(x.shape[1:3], augment, drawn))
    if augment.shift:
        x = shifted(x, _offsets(augment, drawn))
    if augment.flip:
        # A copy, as the given array may be the data set itself.
        x = x.copy()
        for axis, flipped in enumerate(_flips(augment, drawn), 1):
            x[flipped] = np.flip(x[flipped], axis)
    return x


def _maps(sides: Shape, augment: Augmentation, drawn: Draws) -> NDArray[np.float64]:
    """Return the maps [n, 2, 3] for `warped`.

    Each image is scaled, sheared, rotated and shifted, then cropped, then flipped. A map leads from
    a pixel back to its origin, so these steps are inverted, in reverse order.
    """
    import numpy as np

    # Flip and crop: a pixel's place in the window, from the image's centre.
    signs = 1 - 2 * np.stack(_flips(augment, drawn), 1)
    share, offset = _windows(sides, augment.crop, drawn)
    # Shift, rotate (anticlockwise), shear (the top to the right) and scale.
    offset = offset - _offsets(augment, drawn)
    angle = np.deg2rad(_spread(drawn["rotate"], augment.rotate))
    slant = np.tan(np.deg2rad(_spread(drawn["shear"], augment.shear)))
    sine, cosine = np.sin(angle), np.cos(angle)
    back = np.stack([cosine, sine, slant * cosine - sine, slant * sine + cosine], 1).reshape(
        -1, 2, 2
    )
    # Inverted: larger images are read with smaller steps.
    back /= (1 + _spread(drawn["scale"], augment.scale))[:, None, None]
    moved = back[:, :, 0] * offset[:, :1] + back[:, :, 1] * offset[:, 1:]
    return np.concatenate([back * (share * signs)[:, None], moved[..., None]], 2)


def _windows(
    sides: Shape, least: float | None, drawn: Draws
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw crops of at least this share of the area.

    The area is drawn uniformly, then the logarithm of the aspect ratio within what fits the image,
    then the place. The centres of the corner pixels count as the corners of the image, so that no
    window extends beyond its edge.

    Returns:
        Their height and width as shares of the image's [n, 2], and how far their centres lie from
        the image's, in pixels [n, 2].
    """
    import numpy as np

    least = least or 1
    area = least + (1 - least) * drawn["area"]
    # A window of this area fits only up to the aspect ratio 1 / area: within that no draw is
    # rejected, so that each image takes the same number of draws.
    aspect = np.minimum(ASPECT, 1 / area) ** _spread(drawn["aspect"], 1)
    # Limited to 1, as rounding may lead beyond the edge.
    share = np.minimum(1, np.sqrt(np.stack([area / aspect, area * aspect], 1)))
    place = _spread(np.stack([drawn["top"], drawn["left"]], 1), 1)
    return share, place * (1 - share) * ((np.array(sides) - 1) / 2)


def _light(augment: Augmentation, drawn: Draws) -> Floats:
    """Return the factors of contrast and colour, and the added brightness: [n, 3]."""
    import numpy as np

    contrast, colour, brightness = (
        _spread(drawn[name], getattr(augment, name))
        for name in ("contrast", "colour", "brightness")
    )
    return np.stack([1 + contrast, 1 + colour, brightness], 1).astype(np.float32)


def _coloured(x: Floats, given: Floats, augment: Augmentation, drawn: Draws) -> Floats:
    """Change brightness, contrast and saturation of the images x.

    If the `given` image was within 0 to 1, the result is clipped to that range.
    """
    import numpy as np

    if not (augment.brightness or augment.contrast or augment.colour):
        return x
    contrast, colour, brightness = (
        change[:, None, None, None] for change in _light(augment, drawn).T
    )
    if augment.contrast:
        # Around each image's own mean: around 0 it would also change the brightness.
        mean = x.mean((1, 2, 3), keepdims=True)
        x = (x - mean) * contrast + mean
    if augment.colour:
        grey = (x @ np.array(LUMA, np.float32))[..., None]
        x = (x - grey) * colour + grey
    x = x + brightness
    # Standardised or signed inputs have no such limits.
    unit = ((given.min((1, 2, 3)) >= 0) & (given.max((1, 2, 3)) <= 1))[:, None, None, None]
    return np.where(unit, np.clip(x, 0, 1), x)


def _holes(sides: Shape, side: int, drawn: Draws) -> NDArray[np.bool_]:
    """Choose a square of `side` pixels around a random pixel of each image: [n, h, w, 1].

    It may extend beyond the edge. DeVries and Taylor, 2017, "Improved regularization of
    convolutional neural networks with cutout".
    """
    import numpy as np

    inside: list[NDArray[np.bool_]] = []
    for extent, first in zip(sides, _corners(sides, side, drawn).T[..., None], strict=True):
        inside.append((np.arange(extent) >= first) & (np.arange(extent) < first + side))
    return (inside[0][:, :, None] & inside[1][:, None])[..., None]


def _corners(sides: Shape, side: int, drawn: Draws) -> NDArray[np.int32]:
    """Return the first row and column of each image's square: [n, 2]."""
    import numpy as np

    draws = np.stack([drawn["hole_row"], drawn["hole_column"]], 1)
    # The centre is drawn, as in the paper: squares within the image would hardly hide its border.
    return (draws * sides).astype(np.int32) - np.int32(side // 2)
