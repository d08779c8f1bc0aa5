"""Arrays in files: `.npz`, `.npy`, and what their names say about inputs, outputs and parts."""

from __future__ import annotations

import dataclasses
import math
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors import NetError, Span, did_you_mean, fail, first_line
from netdsl.paths import require_regular
from netdsl.training.data.npz import ArrayHeader, NpzFile
from netdsl.training.data.parts import INPUT, Examples, SourceData
from netdsl.training.data.sources.array_names import WEIGHT, ArrayName, ArraysByMeaning, X, Y
from netdsl.training.data.sources.claims import (
    check_alike,
    check_example,
    check_form,
    check_targets,
)
from netdsl.training.data.sources.text_labels import (
    TextLabels,
    check_text_form,
    classes_in,
    is_text,
    labels_of,
    text_labels,
    texts_of,
)
from netdsl.training.data.weights import WEIGHTED, checked_weights, not_single
from netdsl.training.preparation.ranges import LARGEST, scan
from netdsl.training.preparation.shapes import size
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.data.signature import NetworkSignature
    from netdsl.training.preparation.rows import Array, Rows

NO_TEXTS = TextLabels({}, ())

TRAINED = ("x_train", "y_train", "x_test", "y_test")


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

    def header(self, name: str) -> ArrayHeader:
        """Read the shape and the type that an array claims.

        Raises:
            NetError: N512 damaged, N513 pickled.
        """
        with npz_errors(self.path, self.span):
            return self._file.header(name)

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
    """Turn what is raised while reading an `.npz` file into one clear error.

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
    # `np.load` opens a zip archive whatever its name is.
    if not isinstance(array, np.ndarray):
        array.close()
        raise fail("N512", f"{path} is not an .npy file of numbers", span)
    return array


def read_pair(
    path: Path,
    target: str | None,
    signature: NetworkSignature,
    weight: str | None = None,
    span: Span | None = None,
    kept: Sequence[tuple[str, ...]] = (),
) -> SourceData:
    """Read examples, targets and weights in an `.npy` file each, which may exceed the memory.

    Raises:
        NetError: N511 to N518, N520 and N521 for labels that are texts.
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
    learned, classes = None, kept[0] if kept else ()
    if not copied:
        learned = read_npy(Path(target), span, mapped=True)
        if is_text(learned):
            check_text_form(learned, target, span)
            texts = texts_of(learned, target, span)
            classes = classes or classes_in([texts])
            learned = labels_of(texts, classes, target, span)
    y = () if learned is None else (learned,) * outputs
    names = () if copied else (f"`{Path(target).name}`",) * outputs
    folder = os.path.abspath(path.parent)
    part = sound(Examples((x,), y, "all", (f"`{path.name}`",), names), folder, span)
    if weight is not None:
        weights = read_npy(Path(weight), span, mapped=True)
        part = with_weights(part, Path(weight).name, weights, folder, span)
    return SourceData(
        os.path.abspath(path),
        part,
        classes=classes,
        own=bool(classes),
        target=target if copied else os.path.abspath(target),
        notes=() if weight is None else (WEIGHTED,),
    )


def _pickled(path: Path, span: Span | None, help: str = "") -> NetError:
    return fail("N513", f"{path} holds pickled Python objects, which are not read", span, help=help)


def unreadable(path: Path, error: OSError, span: Span | None = None) -> NetError:
    """Return the error N511 for a file that cannot be opened; if it is missing, with the most
    similar name in its folder.
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
    weight: str | None = None,
    span: Span | None = None,
    kept: Sequence[tuple[str, ...]] = (),
) -> SourceData:
    """Make the parts from arrays by their names.

    One input is `x`, several are `x_NAME`; outputs are `y`, or `y_NAME` each; `sample_weight` says
    how much each example counts. `_train`, `_val` and `_test` after the first word name the part.
    With the target `input` no `y` is needed.

    Args:
        source: where the arrays come from.
        held: the arrays.
        signature: the network's.
        target: `input` where each output learns the input of its shape.
        weight: the name of the weights, where it is not `sample_weight`.
        span: the place of the source's name in a recipe.
        kept: the names of the classes of each output of a run.

    Raises:
        NetError: N507, N514 where a name is missing or has no meaning, N515 to N518, N520 and N521
            for labels that are texts.
    """
    if target not in (None, INPUT):
        only = "`target` is for tables, .npy files and `input`"
        raise fail("N507", f"{only}: {source} has its own targets", span)
    arrays = ArraysByMeaning(source, held, signature, weight, span)
    texts = NO_TEXTS
    if target != INPUT:
        texts = text_labels(arrays, signature.outputs, kept)
    parts = {part: _part(arrays, part, signature, target, texts) for part in arrays.parts}
    # Unused arrays are errors: a misspelled `x_tset` would otherwise be left out silently.
    arrays.check_used(ignored=Y if target == INPUT else "")
    for part in parts.values():
        _check_alike(next(iter(parts.values())), part, source, span)
    train = parts.get("train") or parts[""]
    if train.weights is None and any(part.weights is not None for part in parts.values()):
        message = f"{source} has weights, but none of its training examples"
        help = "name them sample_weight_train: other examples count alike"
        raise fail("N514", message, span, help=help)
    return SourceData(
        source,
        train,
        parts.get("test"),
        parts.get("validation"),
        classes=texts.classes[0] if texts.arrays else (),
        own=bool(texts.arrays),
        target=target,
        notes=() if train.weights is None else (WEIGHTED,),
        classes_by=texts.classes if texts.arrays and len(signature.outputs) > 1 else (),
    )


def _part(
    arrays: ArraysByMeaning,
    part: str,
    signature: NetworkSignature,
    target: str | None,
    texts: TextLabels,
) -> Examples:
    """Return a part's arrays, for each input and for each output, texts as labels.

    Raises:
        NetError: N514 to N518.
    """
    x, y, weights = [ArrayName(X, part)], [], ArrayName(WEIGHT, part)
    if len(signature.inputs) > 1:
        x = [ArrayName(X, part, one.name) for one in signature.inputs]
    if target != INPUT:
        y = [ArrayName(Y, part)] * len(signature.outputs)
        if len(y) > 1 and y[0] not in arrays:
            y = [ArrayName(Y, part, one.name) for one in signature.outputs]
    weighted = weights in arrays
    arrays.require((*x, *y))
    # Headers are checked first: what cannot fit is rejected before it is unpacked.
    if signature.sized and isinstance(arrays.held, NamedArrays):
        _check_claims(arrays, arrays.held, (x, y, [weights] * weighted), signature)
    x_taken, y_taken = ([arrays.take(one) for one in names] for names in (x, y))
    found = Examples(
        tuple(array for _, array in x_taken),
        tuple(texts.arrays.get(name, array) for name, array in y_taken),
        part or "all",
        tuple(f"`{name}`" for name, _ in x_taken),
        tuple(f"`{name}`" for name, _ in y_taken),
    )
    found = sound(found, arrays.source, arrays.span)
    if not weighted:
        return found
    return with_weights(found, *arrays.take(weights), arrays.source, arrays.span)


def _check_claims(
    arrays: ArraysByMeaning,
    file: NamedArrays,
    expected: tuple[list[ArrayName], list[ArrayName], list[ArrayName]],
    signature: NetworkSignature,
) -> None:
    """Check a part's examples, targets and weights by the shapes and types that the file claims.

    Raises:
        NetError: N512, N513, N515 to N518.
    """
    source, span = arrays.source, arrays.span
    named: dict[str, ArrayHeader] = {}
    headers: list[list[tuple[str, ArrayHeader]]] = []
    for names in expected:
        headers.append([])
        for said in names:
            name = arrays.by_meaning[said]
            header = named[f"`{name}`"] = file.header(name)
            if said.role != Y or not is_text(header):
                check_form(header, f"`{name}` of {source}", span)
            headers[-1].append((f"`{name}`", header))
    x, y, weights = headers
    check_alike(named, x[0][0], source, span)
    for (name, header), tensor in zip(x, signature.inputs, strict=True):
        check_example(header.shape[1:], tensor, f"{name} of {source}", span)
    examples = sum(math.prod(header.shape[1:]) for _, header in x)
    # One array of targets may be for all outputs.
    for (name, header), tensor in zip(y, signature.outputs[: len(y)], strict=True):
        if not is_text(header):
            check_targets(header.shape[1:], tensor.shape, examples, f"{name} of {source}", span)
    for name, header in weights:
        if math.prod(header.shape[1:]) > examples:
            raise not_single(f"{name} of {source}", span)


def with_weights(
    part: Examples, name: str, weights: Rows, source: str, span: Span | None
) -> Examples:
    """Return a part with the weights of its examples. Raises NetError N515, N517, N518."""
    found = checked_weights(weights, f"`{name}` of {source}", span)
    if len(found) != len(part):
        rows = f"{counted(len(part), 'row')} and `{name}` has {len(found):,}"
        raise fail("N515", f"{part.x_names[0]} of {source} has {rows}", span)
    return dataclasses.replace(part, weights=found)


def sound(part: Examples, source: str, span: Span | None) -> Examples:
    """Return the part, if its arrays hold finite numbers and have the same length.

    Raises:
        NetError: N515 to N517.
    """
    named = dict(zip((*part.x_names, *part.y_names), (*part.x, *part.y), strict=True))
    for name, array in named.items():
        check_numbers(array, f"{name} of {source}", span)
    check_alike(named, part.x_names[0], source, span)
    return part


def check_numbers(array: Rows, what: str, span: Span | None = None) -> None:
    """Check that an array holds rows of finite numbers of 32 bits.

    Raises:
        NetError: N516 without rows, N517 with anything but such numbers.
    """
    import numpy as np

    check_form(array, what, span)
    if array.dtype.kind == "f" and (row := scan(array).not_finite) is not None:
        values = np.asarray(array[row], float).reshape(-1)
        large = values[np.isfinite(values) & (np.abs(values) > LARGEST)]
        if len(large) and np.isfinite(values).all():
            too_large = f"{large[0]:g}, too large for float32 (up to 3.4e38)"
            message = f"{what} holds {too_large}, first in row {row}"
            raise fail("N517", message, span, help="divide the numbers")
        raise fail("N517", f"{what} holds a number that is not finite, first in row {row}", span)


def _check_alike(one: Examples, other: Examples, source: str, span: Span | None) -> None:
    """Raise NetError N518 where two parts hold examples of different shapes."""
    for x, name, y, other_name in zip(one.x, one.x_names, other.x, other.x_names, strict=True):
        if x.shape[1:] != y.shape[1:]:
            unlike = f"{size(x.shape[1:])} and {size(y.shape[1:])}"
            both = f"{name} and {other_name} of {source}"
            raise fail("N518", f"{both} hold examples of different shapes: {unlike}", span)
