"""Image files, read and resized to the network's input."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from netdsl.errors import NetError, Span, fail
from netdsl.paths import read_regular, require_regular
from netdsl.training.preparation.shapes import size, uncut_shape
from netdsl.wording import counted

if TYPE_CHECKING:
    from PIL.Image import Image

    from netdsl.training.data.signature import NetworkSignature
    from netdsl.training.preparation.rows import Array

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")

NAMED = 5
"""The most damaged images that are named one by one."""

MAX_PIXELS = 100_000_000
"""The most pixels of an image, as its header claims them: they would take three bytes each."""

KEPT = 1 << 29
"""The most bytes of an array of images whose pixels stay in memory once they were read."""


TOGETHER = 64
"""The most images that a thread is given at a time."""

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")


class LazyImages:
    """Images [n, height, width, channels], read and resized when they are needed.

    They are kept if all of them may stay in memory.
    """

    def __init__(
        self,
        count: int,
        load: Callable[[int], Array],
        shape: tuple[int, int, int],
        digest: Callable[[int], bytes] | None = None,
        dtype: Any = None,
        limits: tuple[float, float] = (0.0, 255.0),
        pixels: Array | None = None,
    ) -> None:
        """Make images that are loaded one by one.

        Args:
            count: how many there are.
            load: reads the image at a place, [height, width, channels] of uint8.
            shape: height, width and channels of each.
            digest: returns the SHA-256 of an image's file, if that identifies it faster than its
                pixels.
            dtype: of the pixels, uint8 where it is left out.
            limits: their smallest and largest value.
            pixels: all of them, where they were read already.
        """
        import numpy as np

        self.load, self.digest, self.limits = load, digest, limits
        self.shape: tuple[int, ...] = (count, *shape)
        self.dtype: Any = np.dtype(np.uint8 if dtype is None else dtype)
        # All or none: if half of them were kept, the other half would still be read in each epoch.
        small = int(np.prod(self.shape)) * self.dtype.itemsize <= KEPT
        self._kept = np.zeros(self.shape, self.dtype) if small and pixels is None else pixels
        self._known = np.full(count, pixels is not None)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Any:
        import numpy as np

        chosen = np.arange(len(self))[rows]
        places = chosen.reshape(-1)
        made = self._read(places) if self._kept is None else self._lookup(places)
        return made.reshape(*chosen.shape, *self.shape[1:])

    def _read(self, places: Array) -> Array:
        import numpy as np

        images = list(in_threads(self.load, places.tolist()))
        return np.stack(images) if images else np.zeros((0, *self.shape[1:]), self.dtype)

    def _lookup(self, places: Array) -> Array:
        import numpy as np

        assert self._kept is not None
        new = np.unique(places[~self._known[places]])
        if len(new):
            # Pixels are written before marks: another thread must not find a row marked that is
            # empty.
            self._kept[new] = self._read(new)
            self._known[new] = True
        return np.asarray(self._kept[places])


def in_threads(work: Callable[[_Item], _Found], items: Sequence[_Item]) -> Iterator[_Found]:
    """Yield the result of `work` for each item, in their order.

    A thread is given several at a time: a small image takes less time than passing it to a thread.
    """
    # Pillow releases Python's lock while it decodes; with more than 8 threads the disk is mostly
    # the limit.
    threads = min(8, os.cpu_count() or 1)
    size = max(1, min(TOGETHER, -(-len(items) // threads)))
    pieces = [items[start : start + size] for start in range(0, len(items), size)]
    with ThreadPoolExecutor(threads) as pool:
        for found in pool.map(lambda piece: [work(item) for item in piece], pieces):
            yield from found


def lazy_files(
    paths: Sequence[Path],
    shape: tuple[int, int, int],
    pixels: Array | None = None,
    digests: Sequence[bytes] = (),
) -> LazyImages:
    """Return image files as an array [n, *shape].

    Args:
        paths: the files.
        shape: height, width and channels that they are converted to.
        pixels: the array, where they were read already.
        digests: of the files, where they were read already.
    """

    def digest(place: int) -> bytes:
        return digests[place] if digests else sha256(read_regular(paths[place])).digest()

    return LazyImages(
        len(paths),
        lambda place: pixels_of(read_image(paths[place], shape[2] == 1, shape[:2]), shape),
        shape,
        digest,
        pixels=pixels,
    )


def image_shape(
    path: object, signature: NetworkSignature, span: Span | None
) -> tuple[int, int, int]:
    """Return the size that images are resized to: that of the network's input, or the larger one
    that it is cut out of.

    Raises:
        NetError: N518 where the input does not take images.
    """
    tensor = signature.inputs[0]
    if len(signature.inputs) > 1:
        takes = f"the network has {len(signature.inputs)}"
        raise fail("N518", f"{path} holds images, which need one input; {takes}", span)
    if tensor.vocabulary or len(tensor.shape) != 3 or tensor.shape[2] not in (1, 3):
        raise fail(
            "N518",
            f"{path} holds images; the network's input of {size(tensor.shape)} is not an image",
            span,
            help="begin the network with height x width x 1 or 3: `32x32x3 > flatten > ...`",
        )
    height, width, count = uncut_shape(tensor.shape, signature.crop_from)
    return height, width, count


def pixels_of(image: Image, shape: tuple[int, int, int]) -> Array:
    """Return the pixels of an image, resized bilinearly: uint8 [height, width, channels]."""
    import numpy as np
    from PIL import Image as pillow

    height, width, _ = shape
    if image.size != (width, height):
        image = image.resize((width, height), pillow.Resampling.BILINEAR)
    return np.asarray(image, np.uint8).reshape(shape)


def read_image(path: Path, grey: bool, requested: Sequence[int] = ()) -> Image:
    """Read an image file, rotated as its camera noted, on black where it is transparent.

    Args:
        path: the file.
        grey: whether it is converted to grey, else to colour.
        requested: height and width. A JPEG that is much larger is read at a half, a quarter or an
            eighth of its size.

    Raises:
        NetError: N511 where it cannot be read, N524 where it is not a whole image.
    """
    with opened_image(path) as file:
        if is_deep(file):
            raise fail(
                "N524",
                f"{path} has pixels of more than 8 bits, and the training's images had 8",
                help="save it with 8 bits",
            )
        return upright(file, grey, requested)


def upright(file: Image, grey: bool, requested: Sequence[int] = ()) -> Image:
    """Decode an opened image of 8 bits as `read_image` returns it."""
    from PIL import ImageOps

    if requested:
        # At least twice the size is read, so that resizing is as smooth as from the whole image.
        side = 2 * max(requested)
        file.draft(None, (side, side))
    file.load()
    # Cameras store pixels as the sensor reads them, and note how they were held.
    ImageOps.exif_transpose(file, in_place=True)
    return flat(file, grey)


def is_deep(image: Image) -> bool:
    """Return whether an image has more than 8 bits for a pixel."""
    return str(image.mode).startswith(("I", "F"))


def flat(image: Image, grey: bool) -> Image:
    """Make an image grey or coloured, on black where it is transparent."""
    from PIL import Image as pillow

    mode = "L" if grey else "RGB"
    # Most images are opaque, and need not be converted to RGBA first.
    if image.mode in ("L", "RGB") and "transparency" not in image.info:
        return image if image.mode == mode else image.convert(mode)
    made = pillow.alpha_composite(pillow.new("RGBA", image.size, "black"), image.convert("RGBA"))
    return made.convert(mode)


# --- files that are not images --------------------------------------------------------------------


def several_damaged(found: Mapping[Path, NetError], of: int, span: Span | None) -> NetError:
    """Return the error for images that cannot be read: how many, and what is wrong with five."""
    errors = list(found.values())
    if len(errors) == 1:
        return errors[0]
    reasons = [error.diagnostics[0].message for error in errors[:NAMED]]
    rest = f"; and {len(errors) - NAMED:,} more" if len(errors) > NAMED else ""
    message = (
        f"{len(errors):,} of {counted(of, 'image')} cannot be read: {'; '.join(reasons)}{rest}"
    )
    return fail("N524", message, span, help="data: {damaged: skip} leaves them out")


@contextmanager
def opened_image(
    path: Path, span: Span | None = None, content: bytes | None = None
) -> Iterator[Image]:
    """Open an image file, and read only its header.

    Args:
        path: the file.
        span: the place of its folder in a recipe.
        content: its bytes, where they were read already.

    Raises:
        NetError: N511 where it cannot be read, N524 where it is not a whole image, or claims more
            than `MAX_PIXELS`.
    """
    import warnings

    from PIL import Image as pillow

    # Raised as an error; the filter is set globally, as threads cannot have their own
    if not any(found[2] is pillow.DecompressionBombWarning for found in warnings.filters):
        warnings.filterwarnings("ignore", category=pillow.DecompressionBombWarning)
    with image_errors(path, span):
        if content is None:
            require_regular(path)
        with pillow.open(path if content is None else io.BytesIO(content)) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                claimed = f"{path} claims {width:,} x {height:,} pixels"
                help = "make it smaller: it is resized to the network's input anyway"
                raise fail("N524", f"{claimed}, more than {MAX_PIXELS:,} in all", span, help=help)
            yield image


@contextmanager
def image_errors(path: Path, span: Span | None = None) -> Iterator[None]:
    """Turn what Pillow raises for an image file into one clear error.

    Raises:
        NetError: N511 where the file cannot be read, N524 where it is not a whole image.
    """
    from PIL import Image as pillow
    from PIL import UnidentifiedImageError

    try:
        yield
    except NetError:
        raise
    except UnidentifiedImageError:
        raise fail("N524", f"{path} is not a readable image", span) from None
    except pillow.DecompressionBombError as error:
        raise fail("N524", f"{path} is too large: {error}", span) from None
    except Exception as error:  # Pillow's many readers raise many kinds for damaged files
        if isinstance(error, OSError) and error.errno is not None:
            reason = error.strerror or error
            raise fail("N511", f"{path} cannot be read: {reason}", span) from None
        raise fail("N524", f"{path} is a damaged image: {error}", span) from None
