"""The arrays of an `.npz` file, each read only when needed, after its size was checked."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from netdsl.paths import require_regular
from netdsl.training.memory import available_bytes
from netdsl.wording import bytes_text, shape_text

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

SUFFIX = ".npy"


class ArrayHeader(NamedTuple):
    """The shape and the type that an array's header claims, and the bytes that these take."""

    shape: tuple[int, ...]
    dtype: Any

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return math.prod(self.shape) * int(self.dtype.itemsize)


class NpzFile(Mapping[str, "Array"]):
    """Arrays by name.

    A file can claim a thousand times its own size. Only arrays that are asked for are unpacked, and
    only after their size was compared with the bytes in the file and with the free memory.
    """

    def __init__(self, path: Path) -> None:
        """Read the names in a file.

        Raises:
            OSError: where it cannot be read, or is not a regular file.
            zipfile.BadZipFile: where it is not a zip archive.
        """
        require_regular(path)
        self.path = path
        with zipfile.ZipFile(path) as archive:
            # Only the names: each array opens the file again, so that nothing holds it open in
            # between.
            names = archive.namelist()
        self.names = tuple(
            name.removesuffix(SUFFIX) for name in dict.fromkeys(names) if name.endswith(SUFFIX)
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Array:
        return self.read(name)

    def header(self, name: str) -> ArrayHeader:
        """Read the header of an array.

        Raises:
            KeyError: where there is no such array.
            ValueError: where it is damaged, or claims more than the file holds.
        """
        with zipfile.ZipFile(self.path) as archive, archive.open(name + SUFFIX) as file:
            return _checked_header(name, file, archive.getinfo(name + SUFFIX).file_size)

    def read(self, name: str, expected: ArrayHeader | None = None) -> Array:
        """Read an array.

        Args:
            name: the array's.
            expected: the only shape and type that are accepted, if these are known.

        Raises:
            KeyError: where there is no such array.
            ValueError: where it is damaged, claims more than the file holds, is not as `expected`,
                or does not fit into the memory.
        """
        import numpy as np

        with zipfile.ZipFile(self.path) as archive, archive.open(name + SUFFIX) as file:
            found = _checked_header(name, file, archive.getinfo(name + SUFFIX).file_size)
            if expected is not None and found != expected:
                have = f"{shape_text(found.shape, scalar='1')} of {found.dtype}"
                needed = f"{shape_text(expected.shape, scalar='1')} of {expected.dtype}"
                raise ValueError(f"`{name}` is {have}, not {needed}")
            # Linux would grant the memory, and kill the process when it is filled.
            free = available_bytes()
            if free is not None and found.nbytes > free:
                size = f"`{name}` takes {bytes_text(found.nbytes)}"
                raise ValueError(f"{size}, and {bytes_text(free)} of memory are free")
            file.seek(0)
            return np.lib.format.read_array(file, allow_pickle=False)


def _checked_header(name: str, file: IO[bytes], stored: int) -> ArrayHeader:
    """Read an array's header, and compare its size with the bytes that the archive holds of it."""
    import numpy as np

    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise ValueError(f"`{name}` is of version {version[0]}.{version[1]}, which is not known")
    # A pickle can run anything when it is read.
    if dtype.hasobject:
        raise ValueError(f"`{name}` holds objects, which need allow_pickle")
    found = ArrayHeader(tuple(shape), dtype)
    here = stored - file.tell()
    # Compared before anything is allocated: a header of a few bytes can claim terabytes.
    if min(found.shape, default=0) < 0 or found.nbytes != here:
        claimed = f"{shape_text(found.shape, scalar='1')} of {found.dtype}"
        raise ValueError(f"`{name}` claims {claimed}, and {max(here, 0):,} bytes are there")
    return found
