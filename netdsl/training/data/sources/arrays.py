"""Arrays in files: `.npz`, `.npy`, and what their names say about inputs, outputs and parts."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.training.data.parts import INPUT, Part, Table, Wanted
from netdsl.training.preparation.ranges import LARGEST, scan
from netdsl.training.preparation.shapes import counted, size

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array, Rows

TRAINED = ("x_train", "y_train", "x_test", "y_test")
WHOLE = ("x", "y")


def read_npz(path: Path, span: Span | None = None) -> dict[str, Array]:
    """The arrays of an `.npz` file.

    Raises NetError N511 unreadable, N512 no such file or damaged, N513 pickled.
    """
    import numpy as np

    try:
        opened = path.open("rb")
    except OSError as error:
        raise unreadable(path, error, span) from None
    try:
        with opened as file:
            if not zipfile.is_zipfile(file):
                raise fail("N512", f"{path} is no .npz file", span)
            file.seek(0)
            with np.load(file, allow_pickle=False) as found:
                held = {name: found[name] for name in found.files}
    except NetError:
        raise
    except Exception as error:  # a damaged file makes zipfile, zlib, numpy and the tokenizer of its headers raise many kinds
        if "allow_pickle" in str(error):
            help = "save arrays of numbers: np.savez(path, x=..., y=...)"
            raise fail(
                "N513", f"{path} holds pickled Python objects, which are not read", span, help=help
            ) from None
        raise fail("N512", f"{path} is damaged: {first_line(error)}", span) from None
    return {name: array for name, array in held.items() if isinstance(array, np.ndarray)}


def read_npy(path: Path, span: Span | None = None, *, mapped: bool = False) -> Array:
    """The array of an `.npy` file, `mapped` or in memory.

    Raises NetError N511 unreadable, N512 damaged, N513 pickled.
    """
    import numpy as np

    try:
        array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except OSError as error:
        raise unreadable(path, error, span) from None
    except Exception as error:  # of a damaged header numpy raises many kinds, those of Python's tokenizer among them
        if "Object arrays" in str(error) or "objects in dtype" in str(error):
            raise fail(
                "N513", f"{path} holds pickled Python objects, which are not read", span
            ) from None
        raise fail(
            "N512", f"{path} is no .npy file of numbers: {first_line(error)}", span
        ) from None
    if not isinstance(array, np.ndarray):
        raise fail("N512", f"{path} is no .npy file of numbers", span)
    return array


def read_pair(path: Path, target: str | None, wanted: Wanted, span: Span | None = None) -> Table:
    """Examples and targets in an `.npy` file each, which may be larger than the memory.

    Raises NetError N511 to N518.
    """
    if len(wanted.inputs) > 1:
        raise fail(
            "N518",
            f"{path} is one array; the network takes {len(wanted.inputs)} inputs",
            span,
            help="give an .npz file",
        )
    if target is None:
        raise fail(
            "N514",
            f"the targets of {path} are not named",
            span,
            help="data: {source: x.npy, target: y.npy}",
        )
    x = read_npy(path, span, mapped=True)
    copied = target == INPUT
    y = () if copied else (read_npy(Path(target), span, mapped=True),) * len(wanted.outputs)
    names = () if copied else (f"`{Path(target).name}`",) * len(wanted.outputs)
    part = sound(
        Part((x,), y, "all", (f"`{path.name}`",), names), os.path.abspath(path.parent), span
    )
    return Table(os.path.abspath(path), part, target=target if copied else os.path.abspath(target))


def first_line(error: BaseException) -> str:
    """What an error says, in a line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def unreadable(path: Path, error: OSError, span: Span | None = None) -> NetError:
    """What is said of a file that cannot be opened; of one that is missing, the nearest name
    beside it.
    """
    near = ""
    if isinstance(error, FileNotFoundError) and path.parent.is_dir():
        near = did_you_mean(path.name, (other.name for other in path.parent.iterdir()))
    return fail(
        "N511", f"the data {path} cannot be read: {error.strerror or error}", span, help=near
    )


# --- names to parts -------------------------------------------------------------------------------


def table_of(
    source: str,
    held: Mapping[str, Rows],
    wanted: Wanted,
    target: str | None = None,
    span: Span | None = None,
) -> Table:
    """The parts that arrays make by their names.

    One input is `x`, several are `x_NAME`; outputs are `y`, or `y_NAME` each; `_train` and `_test`
    behind the `x` or `y` tell two parts apart. With the target `input` no `y` is needed. Raises
    NetError N514 where a name is missing, and N515 to N518.
    """
    if target not in (None, INPUT):
        raise fail(
            "N507",
            f"`target` is for tables, .npy files and `input`: {source} names its targets itself",
            span,
        )
    copied = target == INPUT
    two = any(name.startswith(TRAINED) for name in held)
    parts = []
    for suffix in ("_train", "_test") if two else ("",):
        x_names, y_names = _names(source, held, wanted, suffix, copied, span)
        x, y = (tuple(held[name] for name in names) for names in (x_names, y_names))
        quoted = [tuple(f"`{name}`" for name in names) for names in (x_names, y_names)]
        parts.append(sound(Part(x, y, suffix[1:] or "all", *quoted), source, span))
    _alike(parts, source, span)
    return Table(source, parts[0], parts[1] if len(parts) > 1 else None, target=target)


def _names(
    source: str, held: Iterable[str], wanted: Wanted, suffix: str, copied: bool, span: Span | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of a part's arrays, for each input and for each output."""
    x = (
        [f"x{suffix}_{gate.name}" for gate in wanted.inputs]
        if len(wanted.inputs) > 1
        else [f"x{suffix}"]
    )
    y = [] if copied else [f"y{suffix}"] * len(wanted.outputs)
    if len(y) > 1 and y[0] not in held:
        y = [f"y{suffix}_{gate.name}" for gate in wanted.outputs]
    missing = [name for name in dict.fromkeys((*x, *y)) if name not in held]
    if missing:
        told = ", ".join(f"`{name}`" for name in missing)
        others = [name for name in held if name not in (*x, *y)]
        mend = (
            did_you_mean(missing[0], others)
            or f"the arrays are {', '.join(dict.fromkeys((*x, *y)))}"
        )
        if not suffix and len(x) == len(y) == 1:
            mend = f"the arrays are {', '.join(TRAINED)}, or {', '.join(WHOLE)}"
        raise fail(
            "N514",
            f"{source} has no array {told}; it holds {', '.join(sorted(held)) or 'none'}",
            span,
            help=mend,
        )
    return tuple(x), tuple(y)


def sound(part: Part, source: str, span: Span | None) -> Part:
    """The part, where its arrays hold finite numbers, as many in each.

    Raises NetError N515 to N517.
    """
    first = part.x_names[0]
    for name, array in dict(
        zip((*part.x_names, *part.y_names), (*part.x, *part.y), strict=True)
    ).items():
        check_numbers(array, f"{name} of {source}", span)
        if len(array) != len(part):
            raise fail(
                "N515",
                f"{first} of {source} has {counted(len(part), 'row')} and {name} has {len(array):,}",
                span,
            )
    return part


def check_numbers(array: Rows, what: str, span: Span | None = None) -> None:
    """Raises NetError N516 where an array holds no rows, N517 where it holds anything but finite
    numbers of 32 bits.
    """
    import numpy as np

    if array.dtype.kind not in "biuf":
        kind = "text" if array.dtype.kind in "US" else str(array.dtype)
        raise fail("N517", f"{what} holds {kind}, not numbers", span)
    if not array.shape:
        raise fail(
            "N516",
            f"{what} is a single number, no array of examples",
            span,
            help="the first axis counts the examples: [n, ...]",
        )
    if 0 in array.shape:
        raise fail("N516", f"{what} is empty: {size(array.shape)}", span)
    if array.dtype.kind == "f" and (row := scan(array).not_finite) is not None:
        values = np.asarray(array[row], float).reshape(-1)
        large = values[np.isfinite(values) & (np.abs(values) > LARGEST)]
        if len(large) and np.isfinite(values).all():
            message = f"{what} holds {large[0]:g}, too large for float32 (up to 3.4e38), first in row {row}"
            raise fail("N517", message, span, help="divide the numbers")
        raise fail("N517", f"{what} holds a number that is not finite, first in row {row}", span)


def _alike(parts: list[Part], source: str, span: Span | None) -> None:
    """Raises NetError N518 where two parts hold examples of unlike shapes."""
    for place, name in enumerate(parts[0].x_names):
        shapes = [part.x[place].shape[1:] for part in parts]
        if shapes[0] != shapes[-1]:
            unlike = " and ".join(map(size, shapes))
            raise fail(
                "N518",
                f"{name} and {parts[-1].x_names[place]} of {source} hold examples of unlike shapes: {unlike}",
                span,
            )
