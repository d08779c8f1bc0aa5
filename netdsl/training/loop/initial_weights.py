"""Weights to begin with that come from elsewhere: a run, a Keras model, or a file of
safetensors.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import NetError, Span, fail
from netdsl.training.runs.folder import BEST, there

if TYPE_CHECKING:
    import keras

    from netdsl.training.recipes.recipe import Recipe


def take_over(model: keras.Model, recipe: Recipe) -> tuple[str, ...]:
    """Gives the model the arrays of `init_from` that have the name and the shape of its own; what
    was taken and what not, in words.

    Raises:
        NetError: N601, N613, N614 where there is no such file or run, or it is damaged; N618 where
            nothing fits.
    """
    path, span = Path(recipe.init_from or ""), recipe.span("init_from")
    held = _arrays(path, span)
    own = {variable.path: variable for variable in model.weights}
    fits = {
        name: array
        for name, array in held.items()
        if name in own and tuple(own[name].shape) == tuple(array.shape)
    }
    if not fits:
        message = f"none of the {len(held):,} arrays of {path} has the name and the shape of one of {model.name}'s"
        raise fail(
            "N618",
            message,
            span,
            help=f"they are named {_list(held)}; the network's are {_list(own)}",
        )
    for name, array in fits.items():
        own[name].assign(array)
    told = [f"{path}: {len(fits):,} of the network's {len(own):,} arrays taken over"]
    misshapen = [name for name in held if name in own and name not in fits]
    groups = {
        "of another shape": [
            f"{name} {_size(held[name])}, here {_size(own[name])}" for name in misshapen
        ],
        "not in the file": [name for name in own if name not in held],
        "not in the network": [name for name in held if name not in own],
    }
    return (*told, *(f"{what}: {_list(names)}" for what, names in groups.items() if names))


def _arrays(path: Path, span: Span | None) -> dict[str, Any]:
    """The file's arrays by layer and name."""
    if path.suffix == ".safetensors":
        return read_safetensors(path, span)
    if path.is_dir():
        there(path, BEST)
        path = path / BEST
    from netdsl.keras.build import load_model

    try:
        return {variable.path: variable.numpy() for variable in load_model(path).weights}
    except NetError as error:
        raise NetError(
            *(one._replace(span=one.span or span) for one in error.diagnostics)
        ) from None


# --- safetensors ----------------------------------------------------------------------------------

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
    """The arrays of a file by name, those of bfloat16 as float32.

    The format: the header's length in 8 bytes, the header as JSON, and the arrays' bytes, which it
    names by their place, without gaps. Raises NetError N601 where there is no such file, N614 where
    it is damaged.
    """
    if not path.is_file():
        raise fail("N601", f"there is no file {path}", span)
    try:
        return _arrays_in(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise fail(
            "N614", f"{path} is no whole safetensors file: {str(error).splitlines()[0]}", span
        ) from None


def _arrays_in(content: bytes) -> dict[str, Any]:
    """The arrays that a file's bytes hold.

    Raises ValueError where they do not follow the format.
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
    for name, told in sorted(header.items(), key=lambda item: _place(*item)):
        start, stop = _place(name, told)
        if start != end or stop > len(rest):
            raise ValueError(
                f"`{name}` is told to be at {start:,} to {stop:,}; it begins at {end:,}, and {len(rest):,} bytes are there"
            )
        found[name], end = _array(name, told, rest[start:stop]), stop
    if end != len(rest):
        raise ValueError(f"its arrays take {end:,} bytes, and {len(rest):,} are there")
    return {name: found[name] for name in header}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name stands twice")
    return made


def _place(name: str, told: Any) -> tuple[int, int]:
    """Where an array begins and ends among the bytes."""
    ends = told.get("data_offsets") if isinstance(told, dict) else None
    if (
        not isinstance(ends, list)
        or len(ends) != 2
        or not all(type(end) is int and end >= 0 for end in ends)
        or ends[0] > ends[1]
    ):
        raise ValueError(f"where `{name}` stands is not told")
    return ends[0], ends[1]


def _array(name: str, told: dict[str, Any], content: memoryview) -> Any:
    import numpy as np

    kind, shape = told.get("dtype"), told.get("shape")
    if not isinstance(kind, str) or kind not in TYPES:
        raise ValueError(f"`{name}` has the type {kind}, which is not known")
    if not isinstance(shape, list) or not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError(f"the shape of `{name}` is none")
    known = np.dtype(TYPES[kind])
    if math.prod(shape) * known.itemsize != len(content):
        raise ValueError(
            f"`{name}` of {'x'.join(map(str, shape)) or '1'} and {kind} does not take {len(content):,} bytes"
        )
    array = np.frombuffer(content, known).reshape(shape)
    return np.asarray(array.astype("<u4") << 16).view("<f4") if kind == "BF16" else array


def _list(names: Any) -> str:
    names = list(names)
    return ", ".join(names[:6]) + (f" and {len(names) - 6:,} more" if len(names) > 6 else "")


def _size(array: Any) -> str:
    return "x".join(map(str, array.shape)) or "1"
