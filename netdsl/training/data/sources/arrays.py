"""Arrays in files: `.npz`, `.npy`, and what their names say about inputs, outputs and parts."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors import NetError, Span, did_you_mean, fail, first_line
from netdsl.paths import require_regular
from netdsl.training.data.npz import NpzFile
from netdsl.training.data.parts import INPUT, Examples, SourceData
from netdsl.training.preparation.ranges import LARGEST, scan
from netdsl.training.preparation.shapes import size
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.data.signature import NetworkSignature
    from netdsl.training.preparation.rows import Array, Rows

TRAINED = ("x_train", "y_train", "x_test", "y_test")
WHOLE = ("x", "y")


class NamedArrays(Mapping[str, "Array"]):
    """The arrays of an `.npz` file, each read when it is asked for."""

    def __init__(self, path: Path, span: Span | None) -> None:
        self.path, self.span = path, span
        with npz_errors(path, span):
            self._file = NpzFile(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._file)

    def __len__(self) -> int:
        return len(self._file)

    def __contains__(self, name: object) -> bool:
        return name in self._file

    def __getitem__(self, name: str) -> Array:
        """Read an array.

        Raises:
            NetError: N512 damaged, or too large for the memory, N513 pickled.
        """
        if name not in self._file:
            raise KeyError(name)
        with npz_errors(self.path, self.span):
            return self._file.read(name)


def read_npz(path: Path, span: Span | None = None) -> NamedArrays:
    """Open the arrays of an `.npz` file.

    Raises:
        NetError: N511 unreadable, N512 not such a file or damaged.
    """
    return NamedArrays(path, span)


@contextmanager
def npz_errors(path: Path, span: Span | None) -> Iterator[None]:
    """Make one clear error of what is raised about an `.npz` file.

    Raises:
        NetError: N511, N512, N513.
    """
    try:
        yield
    except zipfile.BadZipFile:
        raise fail("N512", f"{path} is not an .npz file, or is damaged", span) from None
    except OSError as error:
        raise unreadable(path, error, span) from None
    # a damaged file makes zipfile, zlib, numpy and the tokenizer of its headers raise many kinds
    except Exception as error:
        if "allow_pickle" in str(error):
            help = "save arrays of numbers: np.savez(path, x=..., y=...)"
            raise _pickled(path, span, help) from None
        raise fail("N512", f"{path} is damaged: {first_line(error)}", span) from None


def read_npy(path: Path, span: Span | None = None, *, mapped: bool = False) -> Array:
    """Read the array of an `.npy` file, `mapped` or into memory.

    Raises:
        NetError: N511 unreadable, N512 damaged, N513 pickled.
    """
    import numpy as np

    try:
        require_regular(path)
        array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except OSError as error:
        raise unreadable(path, error, span) from None
    # of a damaged header numpy raises many kinds, those of Python's tokenizer among them
    except Exception as error:
        if "Object arrays" in str(error) or "objects in dtype" in str(error):
            raise _pickled(path, span) from None
        message = f"{path} is not an .npy file of numbers: {first_line(error)}"
        raise fail("N512", message, span) from None
    if not isinstance(array, np.ndarray):
        raise fail("N512", f"{path} is not an .npy file of numbers", span)
    return array


def read_pair(
    path: Path, target: str | None, signature: NetworkSignature, span: Span | None = None
) -> SourceData:
    """Read examples and targets in an `.npy` file each, which may be larger than the memory.

    Raises:
        NetError: N511 to N518.
    """
    if len(signature.inputs) > 1:
        raise fail(
            "N518",
            f"{path} is one array; the network has {len(signature.inputs)} inputs",
            span,
            help="give an .npz file",
        )
    if target is None:
        raise fail(
            "N514",
            f"the targets of {path} are not given",
            span,
            help="data: {source: x.npy, target: y.npy}",
        )
    x = read_npy(path, span, mapped=True)
    copied, outputs = target == INPUT, len(signature.outputs)
    y = () if copied else (read_npy(Path(target), span, mapped=True),) * outputs
    names = () if copied else (f"`{Path(target).name}`",) * outputs
    part = Examples((x,), y, "all", (f"`{path.name}`",), names)
    return SourceData(
        os.path.abspath(path),
        sound(part, os.path.abspath(path.parent), span),
        target=target if copied else os.path.abspath(target),
    )


def _pickled(path: Path, span: Span | None, help: str = "") -> NetError:
    return fail("N513", f"{path} holds pickled Python objects, which are not read", span, help=help)


def unreadable(path: Path, error: OSError, span: Span | None = None) -> NetError:
    """Return the error N511 about a file that cannot be opened.

    Of one that is missing it gives the nearest name beside it.
    """
    near = ""
    if isinstance(error, FileNotFoundError) and path.parent.is_dir():
        near = did_you_mean(path.name, (other.name for other in path.parent.iterdir()))
    message = f"the data {path} cannot be read: {error.strerror or error}"
    return fail("N511", message, span, help=near)


# --- names to parts -------------------------------------------------------------------------------


def named_parts(
    source: str,
    held: Mapping[str, Rows],
    signature: NetworkSignature,
    target: str | None = None,
    span: Span | None = None,
) -> SourceData:
    """Make the parts that arrays say by their names.

    One input is `x`, several are `x_NAME`; outputs are `y`, or `y_NAME` each; `_train` and `_test`
    after the `x` or `y` tell two parts apart. With the target `input` no `y` is needed.

    Raises:
        NetError: N507, N514 where a name is missing, N515 to N518.
    """
    if target not in (None, INPUT):
        only = "`target` is for tables, .npy files and `input`"
        raise fail("N507", f"{only}: {source} has its own targets", span)
    copied = target == INPUT
    two = any(name.startswith(TRAINED) for name in held)
    parts = []
    for suffix in ("_train", "_test") if two else ("",):
        x_names, y_names = _names(source, held, signature, suffix, copied, span)
        x, y = (tuple(held[name] for name in names) for names in (x_names, y_names))
        quoted = [tuple(f"`{name}`" for name in names) for names in (x_names, y_names)]
        parts.append(sound(Examples(x, y, suffix[1:] or "all", *quoted), source, span))
    _check_alike(parts, source, span)
    return SourceData(source, parts[0], parts[1] if len(parts) > 1 else None, target=target)


def _names(
    source: str,
    held: Iterable[str],
    signature: NetworkSignature,
    suffix: str,
    copied: bool,
    span: Span | None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of a part's arrays, for each input and for each output."""
    several = len(signature.inputs) > 1
    x = [f"x{suffix}_{one.name}" for one in signature.inputs] if several else [f"x{suffix}"]
    y = [] if copied else [f"y{suffix}"] * len(signature.outputs)
    if len(y) > 1 and y[0] not in held:
        y = [f"y{suffix}_{one.name}" for one in signature.outputs]
    requested = tuple(dict.fromkeys((*x, *y)))
    missing = [name for name in requested if name not in held]
    if missing:
        others = [name for name in held if name not in requested]
        help = did_you_mean(missing[0], others) or f"the arrays are {', '.join(requested)}"
        if not suffix and len(x) == len(y) == 1:
            help = f"the arrays are {', '.join(TRAINED)}, or {', '.join(WHOLE)}"
        no_such = ", ".join(f"`{name}`" for name in missing)
        holds = f"it has {', '.join(sorted(held)) or 'none'}"
        raise fail("N514", f"{source} has no array {no_such}; {holds}", span, help=help)
    return tuple(x), tuple(y)


def sound(part: Examples, source: str, span: Span | None) -> Examples:
    """Return the part, where its arrays hold finite numbers, as many in each.

    Raises:
        NetError: N515 to N517.
    """
    first = part.x_names[0]
    named = zip((*part.x_names, *part.y_names), (*part.x, *part.y), strict=True)
    for name, array in dict(named).items():
        check_numbers(array, f"{name} of {source}", span)
        if len(array) != len(part):
            rows = f"{counted(len(part), 'row')} and {name} has {len(array):,}"
            raise fail("N515", f"{first} of {source} has {rows}", span)
    return part


def check_numbers(array: Rows, what: str, span: Span | None = None) -> None:
    """Check that an array holds rows of finite numbers of 32 bits.

    Raises:
        NetError: N516 without rows, N517 with anything but such numbers.
    """
    import numpy as np

    if array.dtype.kind not in "biuf":
        kind = "text" if array.dtype.kind in "US" else str(array.dtype)
        raise fail("N517", f"{what} holds {kind}, not numbers", span)
    if not array.shape:
        raise fail(
            "N516",
            f"{what} is a single number, not an array of examples",
            span,
            help="the first axis counts the examples: [n, ...]",
        )
    if 0 in array.shape:
        raise fail("N516", f"{what} is empty: {size(array.shape)}", span)
    if array.dtype.kind == "f" and (row := scan(array).not_finite) is not None:
        values = np.asarray(array[row], float).reshape(-1)
        large = values[np.isfinite(values) & (np.abs(values) > LARGEST)]
        if len(large) and np.isfinite(values).all():
            too_large = f"{large[0]:g}, too large for float32 (up to 3.4e38)"
            message = f"{what} holds {too_large}, first in row {row}"
            raise fail("N517", message, span, help="divide the numbers")
        raise fail("N517", f"{what} holds a number that is not finite, first in row {row}", span)


def _check_alike(parts: list[Examples], source: str, span: Span | None) -> None:
    """Raise NetError N518 where two parts hold examples of unlike shapes."""
    for place, name in enumerate(parts[0].x_names):
        shapes = [part.x[place].shape[1:] for part in parts]
        if shapes[0] != shapes[-1]:
            both = f"{name} and {parts[-1].x_names[place]} of {source}"
            unlike = " and ".join(map(size, shapes))
            raise fail("N518", f"{both} hold examples of different shapes: {unlike}", span)
