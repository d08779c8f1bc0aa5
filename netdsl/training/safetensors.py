"""Files of safetensors (https://github.com/huggingface/safetensors), read and written."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netdsl.errors import Span, fail, first_line
from netdsl.wording import shape_text

TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
"""NumPy's types by the names that safetensors gives them; numbers of bfloat16 are the upper
halves of those of float32.
"""

LONGEST = 100_000_000
"""The most bytes of a header, by the format."""


def read_safetensors(path: Path, span: Span | None = None) -> dict[str, Any]:
    """Read the arrays of a file by name, those of bfloat16 as float32.

    The format: the header's length in 8 bytes, the header as JSON, and the arrays' bytes, which it
    names by their place, without gaps.

    Raises:
        NetError: N601 where there is no such file, N614 where it is damaged.
    """
    if not path.is_file():
        raise fail("N601", f"there is no file {path}", span)
    try:
        return _arrays_in(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise fail(
            "N614", f"{path} is no whole safetensors file: {first_line(error)}", span
        ) from None


def _arrays_in(content: bytes) -> dict[str, Any]:
    """Give the arrays that a file's bytes hold.

    Raises:
        ValueError: where they do not follow the format.
    """
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > min(LONGEST, len(content) - 8):
        raise ValueError(
            f"its header takes {length:,} bytes, and {max(0, len(content) - 8):,} are there"
        )
    try:
        header = json.loads(content[8 : 8 + length].decode(), object_pairs_hook=_once)
    except ValueError as error:
        raise ValueError(f"its header is no JSON: {error}") from None
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    header.pop("__metadata__", None)
    rest, end, found = memoryview(content)[8 + length :], 0, {}
    for name, entry in sorted(header.items(), key=lambda item: _place(*item)):
        start, stop = _place(name, entry)
        if start != end or stop > len(rest):
            place = f"`{name}` is told to be at {start:,} to {stop:,}"
            raise ValueError(f"{place}; it begins at {end:,}, and {len(rest):,} bytes are there")
        found[name], end = _array(name, entry, rest[start:stop]), stop
    if end != len(rest):
        raise ValueError(f"its arrays take {end:,} bytes, and {len(rest):,} are there")
    return {name: found[name] for name in header}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name stands twice")
    return made


def _place(name: str, entry: Any) -> tuple[int, int]:
    """Where an array begins and ends among the bytes."""
    ends = entry.get("data_offsets") if isinstance(entry, dict) else None
    if (
        not isinstance(ends, list)
        or len(ends) != 2
        or not all(type(end) is int and end >= 0 for end in ends)
        or ends[0] > ends[1]
    ):
        raise ValueError(f"where `{name}` stands is not told")
    return ends[0], ends[1]


def _array(name: str, entry: dict[str, Any], content: memoryview) -> Any:
    import numpy as np

    kind, shape = entry.get("dtype"), entry.get("shape")
    if not isinstance(kind, str) or kind not in TYPES:
        raise ValueError(f"`{name}` has the type {kind}, which is not known")
    if not isinstance(shape, list) or not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError(f"the shape of `{name}` is none")
    known = np.dtype(TYPES[kind])
    if math.prod(shape) * known.itemsize != len(content):
        sides = shape_text(shape, scalar="1")
        raise ValueError(f"`{name}` of {sides} and {kind} does not take {len(content):,} bytes")
    array = np.frombuffer(content, known).reshape(shape)
    return np.asarray(array.astype("<u4") << 16).view("<f4") if kind == "BF16" else array


def write_safetensors(path: Path, arrays: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    """Write arrays by name, in their order.

    The header is padded with blanks to a multiple of 8 bytes.
    """
    import numpy as np

    names = {np.dtype(code).name: name for name, code in TYPES.items() if name != "BF16"}
    names["bfloat16"] = "BF16"
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.nbytes
        header[name] = {
            "dtype": names[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            file.write(np.ascontiguousarray(array).tobytes())
