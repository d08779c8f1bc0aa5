"""Check the sizes that files of models claim before anything is unpacked or built.

A few megabytes can claim to hold terabytes of zeros, and a few words of a configuration can ask for
as many weights.
"""

from __future__ import annotations

import io
import os
import zipfile
from typing import IO, Any

from netdsl.wording import bytes_text

MAX_RATIO = 32
"""The largest ratio of an array's bytes to its stored bytes: weights are hardly ever compressed by
more, even where nine in ten are zero.
"""

SMALL = 64 << 20
"""Bytes that a file may claim whatever its own size."""


def check_claims(path: str) -> int:
    """Reject a `.keras` or an `.h5` file that claims far more than it holds, or whose arrays are in
    other files.

    Returns:
        The bytes of its arrays.

    Raises:
        ValueError: with the reason.
        OSError, zipfile.BadZipFile: where it cannot be read.
    """
    if not zipfile.is_zipfile(path):
        return _check_arrays(path, os.path.getsize(path))
    arrays = 0
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        claimed = sum(member.file_size for member in members)
        stored = sum(member.compress_size for member in members)
        # A zip's directory can claim stored bytes, too: the file's own size bounds them.
        _check(claimed, min(stored, os.path.getsize(path)))
        for member in members:
            if member.filename.endswith(".h5"):
                with archive.open(member) as file:
                    # Uncompressed it is read in place; that of `_whole` was checked just above.
                    content = file if member.compress_type == zipfile.ZIP_STORED else _whole(file)
                    arrays += _check_arrays(content, member.file_size)
    return arrays


def check_built(needed: int, arrays: int) -> None:
    """Reject a configuration that asks for far more weights than the file has arrays for.

    Args:
        needed: bytes of the weights.
        arrays: bytes of the arrays.

    Raises:
        ValueError: with both.
    """
    if needed > SMALL + arrays:
        held = f"and its arrays have {bytes_text(arrays)}"
        raise ValueError(f"its layers need {bytes_text(needed)} of weights, {held}")


def _whole(file: IO[bytes]) -> io.BytesIO:
    """Return a compressed file in memory: HDF5 is read back and forth."""
    return io.BytesIO(file.read())


def _check_arrays(file: Any, stored: int) -> int:
    """Compare what the arrays of an HDF5 file claim with its bytes.

    Args:
        file: a path, or an open file.
        stored: the bytes that it has.

    Returns:
        The bytes of the arrays.

    Raises:
        ValueError: where they claim more, or are in other files.
    """
    import h5py

    claimed, waiting = 0, []
    with h5py.File(file, "r") as opened:
        waiting.append(opened["/"])
        seen = set()
        while waiting:
            group = waiting.pop()
            for name in group:
                link = group.get(name, getlink=True)
                if isinstance(link, h5py.ExternalLink):
                    raise ValueError(f"`{name}` is in another file, {link.filename}")
                found = group.get(name)
                # Links can form a cycle: each address is visited once.
                if found is None or (place := h5py.h5o.get_info(found.id).addr) in seen:
                    continue
                seen.add(place)
                if isinstance(found, h5py.Group):
                    waiting.append(found)
                elif isinstance(found, h5py.Dataset):
                    if found.external or found.is_virtual:
                        raise ValueError(f"the numbers of `{name}` are in another file")
                    # A dataset without written chunks claims any size in a few bytes: Keras would
                    # allocate it.
                    claimed += int(found.size or 0) * int(found.dtype.itemsize)
    _check(claimed, stored)
    return claimed


def _check(claimed: int, stored: int) -> None:
    if claimed > max(SMALL, MAX_RATIO * stored):
        raise ValueError(f"it claims {bytes_text(claimed)} but holds {bytes_text(stored)}")
