"""Images: files of them, and folders with a folder for each class."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.training.data.parts import INPUT, Gate, Part, Table, Wanted
from netdsl.training.preparation.shapes import size

if TYPE_CHECKING:
    from PIL.Image import Image

    from netdsl.training.preparation.rows import Array

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")

PARTS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
"""The folders that hold parts, in any case."""

TOLD = 2000
"""Images: looking through more than these takes a while, which is said."""

KEPT = 1 << 29
"""Bytes: so many pixels of an array of images stay in memory once they were read."""


class Pictures:
    """Images [n, height, width, channels] of uint8, read and resized when they are asked for,
    kept where the memory may hold all.
    """

    limits: tuple[float, float] | None = (0.0, 255.0)

    def __init__(
        self, count: int, load: Callable[[int], Array], shape: tuple[int, int, int]
    ) -> None:
        import numpy as np

        self.load = load
        self.shape: tuple[int, ...] = (count, *shape)
        self.dtype: Any = np.dtype(np.uint8)
        small = int(np.prod(self.shape)) <= KEPT
        self._kept = np.zeros(self.shape, np.uint8) if small else None
        self._known = np.zeros(count, bool)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Any:
        import numpy as np

        wanted = np.arange(len(self))[rows]
        places = wanted.reshape(-1)
        made = self._read(places) if self._kept is None else self._lookup(places)
        return made.reshape(*wanted.shape, *self.shape[1:])

    def _read(self, places: Array) -> Array:
        import numpy as np

        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            images = list(pool.map(self.load, places.tolist()))
        return np.stack(images) if images else np.zeros((0, *self.shape[1:]), np.uint8)

    def _lookup(self, places: Array) -> Array:
        import numpy as np

        assert self._kept is not None
        new = np.unique(places[~self._known[places]])
        if len(new):
            self._kept[new] = self._read(new)
            self._known[new] = True
        return np.asarray(self._kept[places])


def files(paths: Sequence[Path], shape: tuple[int, int, int]) -> Pictures:
    """Image files as an array [n, *shape]."""
    return Pictures(
        len(paths),
        lambda place: sized(read_image(paths[place], shape[2] == 1, shape[:2]), shape),
        shape,
    )


def sized(image: Image, shape: tuple[int, int, int]) -> Array:
    """An image as pixels [height, width, channels], bilinearly."""
    import numpy as np
    from PIL import Image as pillow

    height, width, _ = shape
    if image.size != (width, height):
        image = image.resize((width, height), pillow.Resampling.BILINEAR)
    return np.asarray(image, np.uint8).reshape(shape)


def read_image(path: Path, grey: bool, wanted: Sequence[int] = ()) -> Image:
    """An image file in grey or colour, turned as its camera says, on black where it is clear.

    A JPEG that is much larger than `wanted`, height and width, is read at a half, a quarter or an
    eighth of its size. Raises NetError N511 where it cannot be read, N524 where it is no whole
    image.
    """
    from PIL import Image as pillow
    from PIL import ImageOps

    with told(path, None), pillow.open(path) as file:
        if wanted:
            file.draft(
                None, (2 * max(wanted), 2 * max(wanted))
            )  # what is left is resized as smoothly as ever
        image = ImageOps.exif_transpose(file)
        if image.mode.startswith(("I", "F")):
            raise fail("N524", f"{path} has pixels of more than 8 bits", help="save it with 8 bits")
        return flat(image, grey)


def flat(image: Image, grey: bool) -> Image:
    """An image in grey or colour, on black where it is clear."""
    from PIL import Image as pillow

    if image.mode in ("L", "RGB") and "transparency" not in image.info:
        return image.convert("L" if grey else "RGB")
    made = pillow.alpha_composite(pillow.new("RGBA", image.size, "black"), image.convert("RGBA"))
    return made.convert("L" if grey else "RGB")


class told:
    """Makes one clear message of what Pillow raises of an image file."""

    def __init__(self, path: Path, span: Span | None) -> None:
        self.path, self.span = path, span

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is not None and (message := self.message(error)):
            raise message from None

    def message(self, error: BaseException) -> NetError | None:
        from PIL import Image as pillow
        from PIL import UnidentifiedImageError

        path, span = self.path, self.span
        if isinstance(error, NetError):
            return None
        if isinstance(error, UnidentifiedImageError):
            return fail("N524", f"{path} is no image that can be read", span)
        if isinstance(error, pillow.DecompressionBombError):
            return fail("N524", f"{path} is too large an image: {error}", span)
        if isinstance(error, OSError) and error.errno is not None:
            return fail("N511", f"{path} cannot be read: {error.strerror or error}", span)
        if isinstance(error, Exception):  # Pillow's many readers raise many kinds for damaged files
            return fail("N524", f"{path} is a damaged image: {error}", span)
        return None  # an interrupt


# --- folders --------------------------------------------------------------------------------------


class Found(NamedTuple):
    """The images of a folder, each with its class, the files that are none, and the images that
    lie in no class's folder.
    """

    paths: list[Path]
    labels: list[int]
    others: list[Path]
    stray: list[Path]


def read_folder(
    path: Path, wanted: Wanted, kept: tuple[str, ...], target: str | None, span: Span | None = None
) -> Table:
    """The images of a folder: `train`, `val` and `test` in it, or the classes themselves, a folder
    each.

    With `kept`, these are the classes and their order. With the target `input` there need be no
    classes. Each file is looked at once. Raises NetError N511, N518, N521, N524, N528.
    """
    shape = image_shape(path, wanted, span)
    if target not in (None, INPUT):
        raise fail(
            "N507",
            f"`target` is for tables, .npy files and `input`: the folders in {path} are the classes",
            span,
        )
    folders = _parts(path, span)
    bare = target == INPUT
    classes = () if bare else kept or _classes(folders["train"], span)
    found = {name: _images(folder, classes, span) for name, folder in folders.items()}
    for name, one in found.items():
        if not one.paths:
            raise fail(
                "N528",
                f"{folders[name]} holds no images",
                span,
                help=f"images end in {', '.join(SUFFIXES)}",
            )
    if len(classes) == 1:
        raise fail("N521", f"{path} holds one class only: {classes[0]}", span)
    verify([image for one in found.values() for image in one.paths], span)
    parts = {
        name: _part(
            one,
            shape,
            f" in {folders[name].name}" if len(folders) > 1 else "",
            len(wanted.outputs),
            bare,
        )
        for name, one in found.items()
    }
    groups = {
        "no images": [other for one in found.values() for other in one.others],
        "in no folder of a class": [stray for one in found.values() for stray in one.stray],
    }
    notes = tuple(
        f"left out of {path}, {what}: {_some(paths)}" for what, paths in groups.items() if paths
    )
    source = os.path.abspath(path)
    return Table(
        source,
        parts["train"],
        parts.get("test"),
        parts.get("validation"),
        classes,
        bool(classes),
        255.0,
        target,
        notes=notes,
    )


def image_shape(path: object, wanted: Wanted, span: Span | None) -> tuple[int, int, int]:
    """The size that images are brought to: the network's input.

    Raises NetError N518 where that is no image.
    """
    gate: Gate = wanted.inputs[0]
    if len(wanted.inputs) > 1:
        raise fail(
            "N518",
            f"{path} holds images, which go into one input; the network takes {len(wanted.inputs)}",
            span,
        )
    if gate.vocabulary or len(gate.shape) != 3 or gate.shape[2] not in (1, 3):
        message = f"{path} holds images; the network's input of {size(gate.shape)} is none"
        raise fail(
            "N518",
            message,
            span,
            help="begin the network with height x width x 1 or 3: `32x32x3 > flatten > ...`",
        )
    height, width, count = gate.shape
    return height, width, count


def _parts(path: Path, span: Span | None) -> dict[str, Path]:
    """The folders of the parts; the folder itself is the part to train on where it has none.

    Raises NetError N511, N528.
    """
    inside = {folder.name.lower(): folder for folder in _folders(path, span)}
    found = {
        part: inside[name] for part, names in PARTS.items() for name in names if name in inside
    }
    if "train" in found:
        return found
    if "test" in found and len(inside) <= 2:
        raise fail(
            "N528", f"{path} has no folder `train`; it has {', '.join(sorted(inside))}", span
        )
    return {"train": path}


def _folders(path: Path, span: Span | None) -> list[Path]:
    """The folders in a folder, by name, without hidden ones."""
    try:
        return sorted(
            one for one in path.iterdir() if one.is_dir() and not one.name.startswith((".", "__"))
        )
    except OSError as error:
        raise fail(
            "N511", f"the data {path} cannot be read: {error.strerror or error}", span
        ) from None


def _classes(path: Path, span: Span | None) -> tuple[str, ...]:
    names = tuple(folder.name for folder in _folders(path, span))
    if not names:
        message = (
            f"{path} has no folders: the images of each class lie in a folder of the class's name"
        )
        raise fail(
            "N528",
            message,
            span,
            help="for a network that gives its input back, `target: input` needs no classes",
        )
    return names


def _images(path: Path, classes: tuple[str, ...], span: Span | None) -> Found:
    """The images of one part, class by class; all in it where there are no classes."""
    found = Found([], [], [], [])
    if not classes:
        _gather(path, 0, found)
        return found
    here = {folder.name: folder for folder in _folders(path, span)}
    for name in here:
        if name not in classes:
            mend = did_you_mean(name, classes) or f"the classes are {', '.join(classes)}"
            raise fail(
                "N528",
                f"the folder {here[name]} is none of the classes to train on",
                span,
                help=mend,
            )
    for one in sorted(
        one for one in path.iterdir() if one.is_file() and not one.name.startswith(".")
    ):
        (found.stray if one.name.lower().endswith(SUFFIXES) else found.others).append(one)
    for label, name in enumerate(classes):
        before = len(found.paths)
        if name in here:
            _gather(here[name], label, found)
        if name in here and len(found.paths) == before:
            raise fail(
                "N528",
                f"{here[name]} holds no images",
                span,
                help=f"images end in {', '.join(SUFFIXES)}",
            )
    return found


def image_files(path: Path) -> list[Path]:
    """All files in a folder, and in those below it, that are named as images."""
    found = Found([], [], [], [])
    _gather(path, 0, found)
    return found.paths


def _gather(path: Path, label: int, found: Found) -> None:
    """Adds the files in a folder and in those below it, by name."""
    for folder, below, names in os.walk(path):
        below[:] = sorted(name for name in below if not name.startswith((".", "__")))
        for name in sorted(names):
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                found.paths.append(Path(folder, name))
                found.labels.append(label)
            elif not name.startswith("."):
                found.others.append(Path(folder, name))


def _part(found: Found, shape: tuple[int, int, int], where: str, outputs: int, bare: bool) -> Part:
    import numpy as np

    x, y = files(found.paths, shape), np.array(found.labels, np.int64)
    return Part(
        (x,),
        () if bare else (y,) * outputs,
        where,
        (f"images{where}",),
        () if bare else (f"folders{where}",) * outputs,
    )


def _some(paths: list[Path]) -> str:
    return ", ".join(path.name for path in paths[:3]) + (
        f" and {len(paths) - 3:,} more" if len(paths) > 3 else ""
    )


def verify(paths: Sequence[Path], span: Span | None = None) -> None:
    """Looks at each file once. Raises NetError N511, N524 for the first that is no whole image."""
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for count, wrong in enumerate(pool.map(lambda path: _wrong(path, span), paths), 1):
            if wrong:
                pool.shutdown(cancel_futures=True)
                raise wrong
            if len(paths) > TOLD and count % TOLD == 0:
                print(f"looked at {count:,} of {len(paths):,} images", file=sys.stderr, flush=True)


def _wrong(path: Path, span: Span | None) -> NetError | None:
    """What is wrong with an image file.

    A JPEG is read at an eighth of its size, of a PNG only the check sums are.
    """
    from PIL import Image as pillow

    try:
        with told(path, span), pillow.open(path) as image:
            if image.mode.startswith(("I", "F")):
                return fail(
                    "N524",
                    f"{path} has pixels of more than 8 bits",
                    span,
                    help="save it with 8 bits",
                )
            if image.format == "PNG":
                image.verify()
            else:
                image.draft("L", (1, 1))
                image.load()
    except NetError as error:
        return error
    return None
