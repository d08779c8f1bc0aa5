"""Training examples changed by chance, so that a network sees no image twice.

Targets change in `mixed` alone.

All chance is drawn from a numpy Generator that is handed in. One made from the seed, the epoch and
the batch gives the same images whenever it is asked for, so a training that is taken up again sees
what it would have seen.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Protocol

from netdsl.training.preparation.transforms import LUMA, Shape, size

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from netdsl.training.preparation.transforms import Floats

    Draws = Mapping[str, NDArray[np.float64]]


class Wanted(Protocol):
    """Which changes are made; None and 0 make none.

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


FLIPS = ("horizontal", "vertical", "both")

IMAGES = (
    "flip",
    "shift",
    "scale",
    "rotate",
    "shear",
    "crop",
    "brightness",
    "contrast",
    "colour",
    "cutout",
)
"""The keys that change images [h, w, c]; the others change numbers of any shape."""

ASPECT = 4 / 3
"""A crop is at most this much wider or higher, for its size, than the image (Szegedy et al., 2015,
"Going deeper with convolutions", section 6).
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

New ones come last, so that those before them stay as they are.
"""


# --- what goes together ---------------------------------------------------------------------------


def unfit(wanted: Wanted, shape: Shape) -> tuple[str, str] | None:
    """The first key that an input of this shape (without the batch) cannot have, and why."""
    for key in IMAGES:
        if getattr(wanted, key) and len(shape) != 3:
            return key, f"`{key}` changes images HxWxC; the network's input is {size(shape)}"
    if wanted.shift and wanted.shift >= min(shape[:2]):
        return "shift", f"a shift of {wanted.shift} leaves nothing of {shape[0]}x{shape[1]} pixels"
    if wanted.colour and shape[2] != 3:
        return (
            "colour",
            f"`colour` changes images of 3 channels; the network's input is {size(shape)}",
        )
    if wanted.cutout and wanted.cutout >= min(shape[:2]):
        return (
            "cutout",
            f"a cutout of {wanted.cutout} leaves nothing of {shape[0]}x{shape[1]} pixels",
        )
    return None


WRITTEN = {
    "digit",
    "digits",
    "letter",
    "letters",
    "mnist",
    "emnist",
    "kmnist",
    "qmnist",
    "notmnist",
    "omniglot",
    "svhn",
    "usps",
}
UPRIGHT = {"cifar", "fashion", "fashionmnist"}
"""Words in the names of data: signs that are read, and things that are seen the right way up."""

LEAN = 15
"""Degrees: turned or slanted further, a digit may be read as another one. Cireşan et al. (2010,
"Deep, big, simple neural nets for handwritten digit recognition") turn or slant those of MNIST by
up to 15, and 1 and 7 by no more than 7.5.
"""


def doubts(wanted: Wanted, source: str) -> list[str]:
    """What may spoil images of this source (a data set's name or a path): changes that give
    another class, or none.
    """
    name = PurePath(source.replace("\\", "/")).stem
    words = set(re.split(r"[^a-z]+", name.lower()))
    found = []
    if words & UPRIGHT:  # first: `fashion_mnist` shows clothes
        if wanted.flip in ("vertical", "both"):
            found.append(
                f"`flip: {wanted.flip}` turns images of `{name}` upside down; those to be told apart never are"
            )
    elif words & WRITTEN:
        if wanted.flip:
            reason = "a mirrored 2 is no 2, a mirrored b is a d"
            found.append(
                f"`flip: {wanted.flip}` makes other signs of those in `{name}`, or none: {reason}"
            )
        for key, verb in (("rotate", "turned"), ("shear", "slanted")):
            degrees = getattr(wanted, key) or 0
            if degrees > LEAN:
                reason = (
                    f"{verb} by more than {LEAN} degrees, a 1 may be read as a 7, and a 4 as a 9"
                )
                found.append(
                    f"`{key}: {degrees:g}` may make other signs of those in `{name}`: {reason}"
                )
    return found


# --- images ---------------------------------------------------------------------------------------


def augmented(x: Floats, wanted: Wanted, chance: np.random.Generator) -> Floats:
    """The images [n, h, w, c] changed as wanted: moved, then coloured, then made noisy, then cut
    out. `x` itself stays as it was.

    `x` [n, ...] need not be images where only noise is wanted. The wish must be one that `unfit`
    has nothing against.

    So much is drawn whatever is wanted: a number for each of `DRAWN` and each image, then a seed
    for the noise. So no change depends on which others are made.
    """
    import numpy as np

    drawn, seed = _draws(len(x), chance)
    result = _coloured(_moved(x, wanted, drawn), x, wanted, drawn)
    if wanted.noise:
        noise = _noise(x.shape, wanted.noise, seed)
        result = np.add(result, noise, out=noise)
    if wanted.cutout:
        result = np.where(_holes(x.shape[1:3], wanted.cutout, drawn), np.float32(0), result)
    return result


def numbers(wanted: Wanted, shape: Shape, chance: np.random.Generator) -> dict[str, NDArray[Any]]:
    """What `augmented` does to inputs of this shape [n, ...] with the same chance, in numbers; what
    is not wanted is left out.

    `maps` [n, 2, 3] as `warped` takes them, `light` [n, 3] the factors of contrast and colour and
    what is added to the brightness, `noise` [n, ...], `holes` [n, 2] the first row and column of
    the square that is cut out.
    """
    drawn, seed = _draws(shape[0], chance)
    found: dict[str, NDArray[Any]] = {}
    if bends(wanted) or wanted.shift or wanted.flip:
        found["maps"] = _maps(shape[1:3], wanted, drawn).astype("float32")
    if wanted.brightness or wanted.contrast or wanted.colour:
        found["light"] = _light(wanted, drawn)
    if wanted.noise:
        found["noise"] = _noise(shape, wanted.noise, seed)
    if wanted.cutout:
        found["holes"] = _corners(shape[1:3], wanted.cutout, drawn)
    return found


def bends(wanted: Wanted) -> bool:
    """Whether pixels come to lie between others. If not, each that is moved keeps its value."""
    return bool(wanted.scale or wanted.rotate or wanted.shear or wanted.crop)


def mixed(x: Floats, y: Floats, alpha: float, chance: np.random.Generator) -> tuple[Floats, Floats]:
    """Inputs [n, ...] and targets [n, ...] (rows of shares, or values), each mixed with another
    example's.

    Partners come from a permutation, the shares of each pair from Beta(alpha, alpha): Zhang et al.,
    2018, "mixup: Beyond empirical risk minimization", with a draw for each example.
    """
    partners, share = pairs(len(x), alpha, chance)

    def mix(values: Floats) -> Floats:
        own = share.reshape(-1, *(1,) * (values.ndim - 1))
        return own * values + (1 - own) * values[partners]

    return mix(x), mix(y)


def pairs(
    count: int, alpha: float, chance: np.random.Generator
) -> tuple[NDArray[np.int64], Floats]:
    """For each of so many examples the one that it is mixed with, and its own share: [n] each."""
    return chance.permutation(count), chance.beta(alpha, alpha, count).astype("float32")


def shifted(x: Floats, moves: NDArray[np.int64]) -> Floats:
    """Images [n, h, w, c], each moved down and right by its [n, 2] pixels; what comes in from
    outside is 0.
    """
    import numpy as np

    moved = np.zeros_like(x)
    height, width = x.shape[1:3]
    for image, target, (down, right) in zip(x, moved, moves, strict=True):
        target[max(0, down) : height + down, max(0, right) : width + right] = image[
            max(0, -down) : height - down, max(0, -right) : width - right
        ]
    return moved


BLOCK = 1 << 14
"""Pixels that are worked on at once: so few stay in the processor's cache."""


def warped(x: Floats, maps: NDArray[np.float64]) -> Floats:
    """Images [n, h, w, c] whose pixel at p shows what was at maps[i] @ (p, 1), bilinearly; outside
    is 0.

    maps [n, 2, 3]. Positions are (row, column) in pixels, counted from the image's centre.
    """
    import numpy as np

    count, height, width, depth = x.shape
    tall, wide = (
        height + 3,
        width + 3,
    )  # a pixel of 0 before and two behind: each position has four neighbours
    rows, columns = (
        np.arange(side, dtype=np.float32) - np.float32((side - 1) / 2) for side in (height, width)
    )
    factors: Floats = maps.astype(np.float32)[..., None, None]
    result = np.empty(x.shape, np.float32)
    step = max(1, BLOCK // (height * width))
    for start in range(0, count, step):
        images, block = x[start : start + step], factors[start : start + step]
        padded = np.zeros((len(images), tall, wide, depth), np.float32)
        padded[:, 1:-2, 1:-2] = images
        corners, parts = [], []
        for axis, side in enumerate((height, width)):
            offset = block[:, axis, 2] + np.float32((side - 1) / 2 + 1)
            position: Floats = block[:, axis, 0] * rows[:, None] + (
                block[:, axis, 1] * columns + offset
            )
            np.clip(position, 0, side + 1, out=position)
            corner = position.astype(np.intp)
            position -= corner
            corners.append(corner)
            parts.append(position[..., None])
        corner = (
            corners[0] * wide + corners[1] + np.arange(len(images))[:, None, None] * (tall * wide)
        )
        pixels, (down, right) = padded.reshape(-1, depth), parts
        upper = _between(pixels.take(corner, 0), pixels.take(corner + 1, 0), right)
        corner += wide
        lower = _between(pixels.take(corner, 0), pixels.take(corner + 1, 0), right)
        result[start : start + step] = _between(upper, lower, down)
    return result


def _between(a: Floats, b: Floats, part: Floats) -> Floats:
    """From a (part 0) to b (part 1), written over b."""
    b -= a
    b *= part
    b += a
    return b


# --- the parts ------------------------------------------------------------------------------------


def _draws(count: int, chance: np.random.Generator) -> tuple[Draws, int]:
    """A number for each of `DRAWN` and each input, and the noise's seed."""
    drawn = dict(zip(DRAWN, chance.random((len(DRAWN), count)), strict=True))
    return drawn, int(chance.integers(2**63))


def _noise(shape: Shape, deviation: float, seed: int) -> Floats:
    """Normal noise of this shape."""
    import numpy as np

    noise = np.random.default_rng(seed).standard_normal(shape, np.float32)
    noise *= np.float32(deviation)
    return noise


def _spread(draws: NDArray[np.float64], most: float | None) -> NDArray[np.float64]:
    """Draws from 0..1 as numbers from -most..most."""
    return (2 * draws - 1) * (most or 0)


def _flips(wanted: Wanted, drawn: Draws) -> list[NDArray[np.bool_]]:
    """Which images are turned upside down, and which are mirrored: [n] each."""
    return [
        (drawn[way] < 0.5) & (wanted.flip in (way, "both")) for way in ("vertical", "horizontal")
    ]


def _moves(wanted: Wanted, drawn: Draws) -> NDArray[np.int64]:
    """How many pixels each image is moved down and right: [n, 2]."""
    import numpy as np

    most = wanted.shift or 0
    draws = np.stack([drawn["down"], drawn["right"]], 1)
    return (draws * (2 * most + 1)).astype(np.int64) - most


def _moved(x: Floats, wanted: Wanted, drawn: Draws) -> Floats:
    """The images after all that moves their pixels.

    Where whole pixels do, each keeps its value to the bit.
    """
    import numpy as np

    if bends(wanted):
        return warped(x, _maps(x.shape[1:3], wanted, drawn))
    if wanted.shift:
        x = shifted(x, _moves(wanted, drawn))
    if wanted.flip:
        x = x.copy()
        for axis, flipped in enumerate(_flips(wanted, drawn), 1):
            x[flipped] = np.flip(x[flipped], axis)
    return x


def _maps(sides: Shape, wanted: Wanted, drawn: Draws) -> NDArray[np.float64]:
    """What `warped` takes [n, 2, 3]: each image is scaled, slanted, turned and shifted, then
    cropped, then flipped.

    A map leads back from a pixel to its origin, so the steps stand in the reverse order and are
    undone.
    """
    import numpy as np

    # flip and crop: a pixel's place in the window, from the image's centre
    signs = 1 - 2 * np.stack(_flips(wanted, drawn), 1)
    share, offset = _windows(sides, wanted.crop, drawn)
    # shift, turn (anticlockwise), slant (the top goes right) and scale
    offset = offset - _moves(wanted, drawn)
    angle = np.deg2rad(_spread(drawn["rotate"], wanted.rotate))
    slant = np.tan(np.deg2rad(_spread(drawn["shear"], wanted.shear)))
    sine, cosine = np.sin(angle), np.cos(angle)
    back = np.stack([cosine, sine, slant * cosine - sine, slant * sine + cosine], 1).reshape(
        -1, 2, 2
    )
    back /= (1 + _spread(drawn["scale"], wanted.scale))[:, None, None]
    moved = back[:, :, 0] * offset[:, :1] + back[:, :, 1] * offset[:, 1:]
    return np.concatenate([back * (share * signs)[:, None], moved[..., None]], 2)


def _windows(
    sides: Shape, least: float | None, drawn: Draws
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Crops of at least this share of the area: their height and width as shares of the image's [n,
    2], and how far their centres lie from the image's, in pixels [n, 2].

    The area is drawn evenly, then the logarithm of the aspect within what the image has room for,
    then the place. The corner pixels' centres are the corners of the image, so that no window
    reaches over its edge.
    """
    import numpy as np

    least = least or 1
    area = least + (1 - least) * drawn["area"]
    aspect = np.minimum(ASPECT, 1 / area) ** _spread(drawn["aspect"], 1)
    share = np.minimum(1, np.sqrt(np.stack([area / aspect, area * aspect], 1)))
    place = _spread(np.stack([drawn["top"], drawn["left"]], 1), 1)
    return share, place * (1 - share) * ((np.array(sides) - 1) / 2)


def _light(wanted: Wanted, drawn: Draws) -> Floats:
    """The factors of contrast and colour, and what is added to the brightness: [n, 3]."""
    import numpy as np

    contrast, colour, brightness = (
        _spread(drawn[name], getattr(wanted, name)) for name in ("contrast", "colour", "brightness")
    )
    return np.stack([1 + contrast, 1 + colour, brightness], 1).astype(np.float32)


def _coloured(x: Floats, given: Floats, wanted: Wanted, drawn: Draws) -> Floats:
    """The images x with other brightness, contrast and saturation; where the `given` image lay
    in 0..1, it is clipped to that.
    """
    import numpy as np

    if not (wanted.brightness or wanted.contrast or wanted.colour):
        return x
    contrast, colour, brightness = (
        change[:, None, None, None] for change in _light(wanted, drawn).T
    )
    if wanted.contrast:
        mean = x.mean((1, 2, 3), keepdims=True)
        x = (x - mean) * contrast + mean
    if wanted.colour:
        grey = (x @ np.array(LUMA, np.float32))[..., None]
        x = (x - grey) * colour + grey
    x = x + brightness
    unit = ((given.min((1, 2, 3)) >= 0) & (given.max((1, 2, 3)) <= 1))[:, None, None, None]
    return np.where(unit, np.clip(x, 0, 1), x)


def _holes(sides: Shape, side: int, drawn: Draws) -> NDArray[np.bool_]:
    """A square of `side` pixels around a random pixel of each image [n, h, w, 1]; it may hang over
    the edge.

    DeVries and Taylor, 2017, "Improved regularization of convolutional neural networks with
    cutout".
    """
    import numpy as np

    inside: list[NDArray[np.bool_]] = []
    for extent, first in zip(sides, _corners(sides, side, drawn).T[..., None], strict=True):
        inside.append((np.arange(extent) >= first) & (np.arange(extent) < first + side))
    return (inside[0][:, :, None] & inside[1][:, None])[..., None]


def _corners(sides: Shape, side: int, drawn: Draws) -> NDArray[np.int32]:
    """The first row and column of each image's square: [n, 2]."""
    import numpy as np

    draws = np.stack([drawn["hole_row"], drawn["hole_column"]], 1)
    return (draws * sides).astype(np.int32) - np.int32(side // 2)
