"""Kernels in files: `init="patch.npy"`, NumPy's format, read by the standard library alone.

`check` reads a file's header, for the shape; its numbers are read where a model or a program is
made. The format is NumPy's NEP 1.
"""

from __future__ import annotations

import math
import os
import re
import struct
from typing import Any

from netdsl.errors import fail
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.lists import MAX_ITEMS, frozen, nested
from netdsl.kinds.values import ArrayFile, Shape

# NumPy refuses longer ones too, as parsing them could take long (`max_header_size`).
_MAX_HEADER = 10_000
# A header is a Python literal; `ast.literal_eval` would accept more than this one form.
_HEADER = re.compile(
    r"\{\s*'descr':\s*'(?P<descr>[^']*)',\s*'fortran_order':\s*(?P<order>True|False),"
    r"\s*'shape':\s*\((?P<shape>[0-9, ]*)\),?\s*\}\s*"
)
_CODES = {
    "f2": "e",
    "f4": "f",
    "f8": "d",
    "i1": "b",
    "i2": "h",
    "i4": "i",
    "i8": "q",
    "u1": "B",
    "u2": "H",
    "u4": "I",
    "u8": "Q",
}
"""What NumPy's types of floats and integers are in `struct`."""


class _Layout:
    """How a file's numbers lie in it."""

    def __init__(self, shape: Shape, by_columns: bool, code: str, start: int) -> None:
        self.shape, self.by_columns, self.code, self.start = shape, by_columns, code, start

    @property
    def count(self) -> int:
        return math.prod(self.shape)


def array_file(name: str, path: str, place: str) -> ArrayFile:
    """Return the array of a file, its header read.

    Args:
        name: as it is written.
        path: the file.
        place: its path from the folder of the text that was read first.

    Raises:
        LayerError: N118 where it is not an array of numbers, or one of too many.
    """
    return ArrayFile(name, path, place, _layout(name, path).shape)


def numbers_of(file: ArrayFile) -> Any:
    """Return the numbers of a file, as lists of lists.

    Raises:
        NetError: N118 where the file has changed since, or holds NaN or infinity.
    """
    try:
        layout = _layout(file.name, file.path)
    except LayerError as error:
        raise fail(error.code, str(error)) from None
    with open(file.path, "rb") as opened:
        opened.seek(layout.start)
        content = opened.read(layout.count * struct.calcsize(layout.code))
    numbers = list(struct.unpack(f"{layout.code[0]}{layout.count}{layout.code[1]}", content))
    if layout.shape != file.shape:
        raise fail("N118", f'"{file.name}" has changed while it was read')
    if not all(map(math.isfinite, numbers)):
        raise fail("N118", f'"{file.name}" holds NaN or infinity')
    if not layout.by_columns:
        return frozen(nested(numbers, layout.shape))
    # Fortran's order is C's of the reversed axes.
    return _transposed(nested(numbers, layout.shape[::-1]), layout.shape)


def _transposed(value: Any, shape: Shape) -> Any:
    """Return an array whose axes are the other way round."""

    def item(place: tuple[int, ...]) -> Any:
        found = value
        for at in reversed(place):
            found = found[at]
        return found

    def part(place: tuple[int, ...]) -> Any:
        if len(place) == len(shape):
            return item(place)
        return tuple(part((*place, at)) for at in range(shape[len(place)]))

    return part(())


def _layout(name: str, path: str) -> _Layout:
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe would be waited for
        raise _refused(name, "is not a file", "N601")
    try:
        with open(path, "rb") as opened:
            begin = opened.read(12)
            # Versions 2 and 3 count the header's length in 4 bytes, version 1 in 2.
            wide = begin[6:7] in (b"\x02", b"\x03")
            start = 12 if wide else 10
            if begin[:6] != b"\x93NUMPY" or begin[6:7] not in (b"\x01", b"\x02", b"\x03"):
                raise _refused(name, "is not an array in NumPy's format: numpy.save writes it")
            length = struct.unpack("<I" if wide else "<H", begin[8:start].ljust(start - 8, b"\0"))[
                0
            ]
            opened.seek(start)
            header = opened.read(min(length, _MAX_HEADER + 1))
            size = os.fstat(opened.fileno()).st_size
    except OSError as error:
        raise _refused(name, f"cannot be read: {error.strerror}", "N601") from None
    found = _HEADER.fullmatch(header.decode("latin-1")) if length <= _MAX_HEADER else None
    if found is None:
        kinds = "several arrays or fields" if b"descr': [" in header else "no header that is known"
        raise _refused(name, f"has {kinds}; a kernel is one array of numbers")
    return _known(name, found, start + length, size)


def _known(name: str, header: re.Match[str], start: int, size: int) -> _Layout:
    kind = header["descr"]
    if "O" in kind:
        raise _refused(name, "holds pickled objects, which can run code: they are never read")
    code = _CODES.get(kind[1:])
    if code is None or kind[0] not in "<>|=":
        raise _refused(name, f"holds numbers of type {kind!r:.20}, not floats or integers")
    digits = [each for each in header["shape"].replace(" ", "").split(",") if each]
    # Long integers take quadratic time to read, and an array of 100 digits is too large anyway.
    shape = tuple(int(each) for each in digits) if sum(map(len, digits)) < 100 else (2**63,)
    layout = _Layout(
        shape, header["order"] == "True", (">" if kind[0] == ">" else "<") + code, start
    )
    if not shape or not 0 < layout.count <= MAX_ITEMS:
        count = f"{layout.count:,} numbers" if shape else "one number without an axis"
        raise _refused(name, f"holds {count}; a kernel has 1 to {MAX_ITEMS:,}")
    # Now and not where the numbers are read: `check` reports it, hours before a training ends.
    if size < start + layout.count * struct.calcsize(layout.code):
        raise _refused(name, "is cut off: it is shorter than its header says")
    return layout


def _refused(name: str, why: str, code: str = "N118") -> LayerError:
    return LayerError(code, f'"{name}" {why}', "init")
