"""Folders of images, with a folder for each class."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.training.data.parts import INPUT, Examples, RowKeys, SourceData
from netdsl.training.data.sources.checked_images import CheckedImages, checked_images
from netdsl.training.data.sources.deep_images import deep_files, pixel_range
from netdsl.training.data.sources.images import (
    NAMED,
    SUFFIXES,
    image_shape,
    lazy_files,
    several_damaged,
)
from netdsl.wording import counted, first_few

if TYPE_CHECKING:
    from netdsl.training.data.signature import NetworkSignature

PARTS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
"""The names of folders that hold parts, in upper or lower case."""


class FolderFiles(NamedTuple):
    """The files of a part.

    Attributes:
        paths: the images.
        labels: the class of each.
        others: files that are not images.
        stray: images that are not in the folder of a class.
    """

    paths: list[Path]
    labels: list[int]
    others: list[Path]
    stray: list[Path]


def read_folder(
    path: Path,
    signature: NetworkSignature,
    kept: tuple[str, ...],
    target: str | None,
    skip: bool = False,
    span: Span | None = None,
    limits: tuple[float, ...] | None = None,
    trained: bool = False,
) -> SourceData:
    """Read a folder with `train`, `val` and `test`, or with a folder for each class.

    Each file is read once.

    Args:
        path: the folder.
        signature: the network's.
        kept: the classes of a run, in order; empty to take those of the folder.
        target: `input` if there need not be classes.
        skip: whether damaged images are left out.
        span: the place of the folder's name in a recipe.
        limits: the values of images of more than 8 bits that become 0 and 1, if they are stated.
        trained: whether the limits are those of a run.

    Raises:
        NetError: N505, N507, N511, N518, N521, N524, N528.
    """
    shape = image_shape(path, signature, span)
    if target not in (None, INPUT):
        only = "`target` is for tables, .npy files and `input`"
        raise fail("N507", f"{only}: the folders in {path} are the classes", span)
    folders = _parts(path, span)
    bare = target == INPUT
    classes = () if bare else kept or _classes(folders["train"], span)
    found = {name: _images(folder, classes, span) for name, folder in folders.items()}
    for name, one in found.items():
        if not one.paths:
            raise fail(
                "N528",
                f"{folders[name]} has no images",
                span,
                help=f"images end in {', '.join(SUFFIXES)}",
            )
    if len(classes) == 1:
        raise fail("N521", f"{path} has only one class: {classes[0]}", span)
    every = [image for one in found.values() for image in one.paths]
    checked = checked_images(every, span, shape)
    found, notes = _whole(found, folders, checked.damaged, skip, span)
    read: tuple[float, float] | None = None
    if checked.deep or (trained and limits):
        read, note = pixel_range(limits, checked.deep, span)
        notes += (note,) if note else ()
    elif limits is not None:
        message = f"`range` is for images of more than 8 bits; those in {path} have 8"
        raise fail("N507", message, span, help="leave `range` out")
    where = {name: f" in {folders[name].name}" if len(folders) > 1 else "" for name in found}
    outputs = 0 if bare else len(signature.outputs)
    parts = {
        name: _part(one, path, shape, where[name], outputs, read, checked)
        for name, one in found.items()
    }
    return SourceData(
        os.path.abspath(path),
        parts["train"],
        parts.get("test"),
        parts.get("validation"),
        classes,
        bool(classes),
        # Deep images are floats from 0 to 1 already.
        1.0 if read else 255.0,
        target,
        notes=(*_left_out(path, list(found.values())), *notes),
        made={"range": read} if read else {},
        pixel_range=read,
    )


def _whole(
    found: dict[str, FolderFiles],
    folders: dict[str, Path],
    damaged: Mapping[Path, NetError],
    skip: bool,
    span: Span | None,
) -> tuple[dict[str, FolderFiles], tuple[str, ...]]:
    """Return the files without damaged images, and a note about these.

    Raises:
        NetError: N511, N524 for damaged images if they are not skipped, N528 where a part has no
            others.
    """
    every = [image for one in found.values() for image in one.paths]
    if not damaged:
        return found, ()
    if not skip:
        raise several_damaged(damaged, len(every), span)
    whole = {}
    for name, one in found.items():
        kept = [pair for pair in zip(one.paths, one.labels, strict=True) if pair[0] not in damaged]
        lost = set(one.labels) - {label for _, label in kept}
        if lost:
            places = {
                label: image.parent for image, label in zip(one.paths, one.labels, strict=True)
            }
            where = places[min(lost)] if kept else folders[name]
            raise fail("N528", f"{where} has no images that are not damaged", span)
        whole[name] = one._replace(
            paths=[image for image, _ in kept], labels=[label for _, label in kept]
        )
    names = first_few([str(image) for image in damaged], NAMED)
    many = f"{len(damaged):,} of {counted(len(every), 'image')}"
    return whole, (f"{many} cannot be read and are skipped: {names}",)


def _left_out(path: Path, found: list[FolderFiles]) -> list[str]:
    """Return notes on the files that are left out."""
    groups = {
        "no images": [other for one in found for other in one.others],
        "not in the folder of a class": [stray for one in found for stray in one.stray],
    }
    return [
        f"ignored in {path}, {what}: {first_few([one.name for one in paths], 3)}"
        for what, paths in groups.items()
        if paths
    ]


def _parts(path: Path, span: Span | None) -> dict[str, Path]:
    """Return the folders of the parts; a folder without any is the part to train on.

    Raises:
        NetError: N511, N528.
    """
    inside = {folder.name.lower(): folder for folder in _folders(path, span)}
    found = {
        part: inside[name] for part, names in PARTS.items() for name in names if name in inside
    }
    if "train" in found:
        return found
    # `test` and one other folder are parts with a misspelled `train`; among many folders `test` may
    # be a class.
    if "test" in found and len(inside) <= 2:
        raise fail(
            "N528", f"{path} has no folder `train`; it has {', '.join(sorted(inside))}", span
        )
    return {"train": path}


def _folders(path: Path, span: Span | None) -> list[Path]:
    """Return the folders in a folder, by name, without hidden ones."""
    try:
        return sorted(one for one in path.iterdir() if one.is_dir() and not _hidden(one.name))
    except OSError as error:
        reason = error.strerror or error
        raise fail("N511", f"the data {path} cannot be read: {reason}", span) from None


def _hidden(folder: str) -> bool:
    """Return whether a folder is hidden, or one of Python's caches, by its name."""
    return folder.startswith((".", "__"))


def _classes(path: Path, span: Span | None) -> tuple[str, ...]:
    names = tuple(folder.name for folder in _folders(path, span))
    if not names:
        raise fail(
            "N528",
            f"{path} has no folders: put the images of each class into a folder with the class's "
            "name",
            span,
            help="for an autoencoder, `target: input` needs no classes",
        )
    return names


def _images(path: Path, classes: tuple[str, ...], span: Span | None) -> FolderFiles:
    """Gather the images of one part, class by class; without classes, all images in it."""
    found = FolderFiles([], [], [], [])
    if not classes:
        _gather(path, 0, found)
        return found
    here = {folder.name: folder for folder in _folders(path, span)}
    for name in here:
        if name not in classes:
            raise fail(
                "N528",
                f"the folder {here[name]} is not one of the training classes",
                span,
                help=did_you_mean(name, classes) or f"the classes are {', '.join(classes)}",
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
                f"{here[name]} has no images",
                span,
                help=f"images end in {', '.join(SUFFIXES)}",
            )
    return found


def image_files(path: Path) -> list[Path]:
    """Return all files in a folder, and in those below it, with the suffix of an image."""
    found = FolderFiles([], [], [], [])
    _gather(path, 0, found)
    return found.paths


def has_folders(path: Path) -> bool:
    """Return whether a folder holds folders that could be parts or classes."""
    return any(one.is_dir() and not _hidden(one.name) for one in path.iterdir())


def _gather(path: Path, label: int, found: FolderFiles) -> None:
    """Add the files in a folder and in those below it, by name."""
    for folder, below, names in os.walk(path):
        # In place, since `os.walk` enters the folders that remain; sorted, since disks list names
        # in any order and the split depends on the order.
        below[:] = sorted(name for name in below if not _hidden(name))
        for name in sorted(names):
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                found.paths.append(Path(folder, name))
                found.labels.append(label)
            elif not name.startswith("."):
                found.others.append(Path(folder, name))


def _part(
    found: FolderFiles,
    root: Path,
    shape: tuple[int, int, int],
    where: str,
    outputs: int,
    limits: tuple[float, float] | None,
    checked: CheckedImages,
) -> Examples:
    """Return the images as examples, with their labels for this many outputs."""
    import numpy as np

    if limits:
        x = deep_files(found.paths, shape, limits, checked.of(found.paths)[1])
    else:
        x = lazy_files(found.paths, shape, *checked.of(found.paths))
    y = np.array(found.labels, np.int64)
    names = np.array([path.relative_to(root).as_posix() for path in found.paths], object)
    return Examples(
        (x,),
        (y,) * outputs,
        where,
        (f"images{where}",),
        (f"folders{where}",) * outputs,
        keys=RowKeys(names, ""),
    )
