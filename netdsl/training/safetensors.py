"""Reading and writing safetensors files (https://github.com/huggingface/safetensors)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netdsl.errors import Span, fail, first_line
from netdsl.paths import require_regular

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
"""NumPy's types by their names in safetensors. A bfloat16 is the upper half of a float32."""


def read_safetensors(path: Path, span: Span | None = None) -> dict[str, Any]:
    """Read the arrays of a file by name, those of bfloat16 as float32.

    Raises:
        NetError: N601 where there is no such file, N614 where it is damaged or holds numbers of
            another type.
    """
    from safetensors import SafetensorError, deserialize

    if not os.path.exists(path):
        raise fail("N601", f"there is no file {path}", span)
    try:
        require_regular(path)
        return {
            name: _array(name, held["dtype"], held["shape"], held["data"])
            for name, held in deserialize(path.read_bytes())
        }
    except (OSError, ValueError, SafetensorError) as error:
        raise fail(
            "N614", f"{path} is not a whole safetensors file: {first_line(error)}", span
        ) from None


def _array(name: str, kind: str, shape: list[int], content: bytearray) -> Any:
    """Return an array from its bytes. Raises ValueError for a type that is not read."""
    import numpy as np

    if kind not in TYPES:
        raise ValueError(f"`{name}` has the type {kind}, which is not read")
    array = np.frombuffer(content, TYPES[kind]).reshape(shape)
    # A bfloat16 is the upper half of a float32, so shifting its bits up converts it exactly.
    return np.asarray(array.astype("<u4") << 16).view("<f4") if kind == "BF16" else array


def write_safetensors(path: Path, arrays: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    """Write arrays by name; equal arrays give equal bytes."""
    import numpy as np
    from safetensors.numpy import save_file

    # safetensors writes the memory as it is, so a transposed view would lose its transposition.
    dense = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    save_file(dense, path, dict(metadata))
