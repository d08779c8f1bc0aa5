"""Labels in arrays of texts, the names of classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import Span, did_you_mean, fail
from netdsl.errors.printable import in_one_line
from netdsl.training.data.parts import classes_text
from netdsl.training.data.sources.array_names import Y
from netdsl.training.preparation.shapes import size

if TYPE_CHECKING:
    from netdsl.training.data.npz import ArrayHeader
    from netdsl.training.data.signature import TensorSpec
    from netdsl.training.data.sources.array_names import ArraysByMeaning
    from netdsl.training.preparation.rows import Array, Rows

LONGEST = 200
"""The most characters that the name of a class may have."""


class TextLabels(NamedTuple):
    """Arrays of texts as labels.

    Attributes:
        arrays: labels [n] by the names of the arrays.
        classes: the names of the classes, by output; empty for one that does not learn texts.
    """

    arrays: Mapping[str, Array]
    classes: tuple[tuple[str, ...], ...]


def is_text(array: Rows | ArrayHeader) -> bool:
    """Return whether an array holds texts, by its type."""
    return bool(array.dtype.kind in "US")


def check_text_form(array: Rows | ArrayHeader, what: str, span: Span | None) -> None:
    """Check that texts are one short label for each example, by their shape and type alone.

    Raises:
        NetError: N516 without rows, N517 for long texts, N518 for several texts for an example.
    """
    if not array.shape or 0 in array.shape:
        raise fail("N516", f"{what} is empty", span)
    if array.shape[1:] not in ((), (1,)):
        message = f"{what} holds {size(array.shape[1:])} texts for each example; a class is one"
        raise fail("N518", message, span)
    # NumPy gives all texts the width of the longest, in UTF-32: the type shows the length, and no
    # text need be read.
    length = array.dtype.itemsize // (4 if array.dtype.kind == "U" else 1)
    if length > LONGEST:
        message = f"{what} holds texts of {length:,} characters, which are not names of classes"
        raise fail("N517", message, span, help=f"a name has at most {LONGEST}")


def text_labels(
    arrays: ArraysByMeaning, outputs: Sequence[TensorSpec], kept: Sequence[tuple[str, ...]]
) -> TextLabels:
    """Find the targets that are texts, and make labels of them.

    The classes are those of all parts, in the order of their names, or those of a run.

    Args:
        arrays: by the meaning of their names.
        outputs: the network's.
        kept: the classes of each output of a run; empty to take those that are found.

    Raises:
        NetError: N516 to N518 for arrays that are not such labels, N520 for a class that a run does
            not know, N521 for a single class.
    """
    by_tensor: dict[str, dict[str, Array]] = {}
    for said, name in arrays.by_meaning.items():
        if said.role != Y or not is_text(arrays.form(name)):
            continue
        what = f"`{name}` of {arrays.source}"
        check_text_form(arrays.form(name), what, arrays.span)
        by_tensor.setdefault(said.tensor, {})[name] = texts_of(
            arrays.take(said)[1], what, arrays.span
        )
    made: dict[str, Array] = {}
    classes: list[tuple[str, ...]] = []
    for place, output in enumerate(outputs):
        found = by_tensor.get(output.name) or by_tensor.get("") or {}
        known = kept[place] if kept else ()
        classes.append(known or classes_in(found.values()))
        for name, texts in found.items():
            what = f"`{name}` of {arrays.source}"
            made[name] = labels_of(texts, classes[-1], what, arrays.span)
    return TextLabels(made, tuple(classes))


def texts_of(array: Rows, what: str, span: Span | None) -> Array:
    """Return texts [n] without spaces around them; bytes are taken for UTF-8.

    Raises:
        NetError: N517 for bytes that are not UTF-8.
    """
    import numpy as np

    held = np.asarray(array[:]).reshape(-1)
    if held.dtype.kind == "S":
        try:
            held = np.char.decode(held, "utf-8")
        except UnicodeDecodeError:
            raise fail("N517", f"{what} holds bytes that are not UTF-8 text", span) from None
    return np.asarray(np.char.strip(held))


def classes_in(arrays: Iterable[Array]) -> tuple[str, ...]:
    """Return the different texts of some arrays, in their order."""
    import numpy as np

    held = list(arrays)
    return tuple(np.unique(np.concatenate(held)).tolist()) if held else ()


def labels_of(texts: Array, classes: tuple[str, ...], what: str, span: Span | None) -> Array:
    """Return the place of each text among the classes [n].

    Raises:
        NetError: N520 for another text, N521 where there is one class only.
    """
    import numpy as np

    if len(classes) == 1:
        raise fail("N521", f"{what} has only one class: {in_one_line(classes[0])}", span)
    known = {name: label for label, name in enumerate(classes)}
    found, codes = np.unique(texts, return_inverse=True)
    places = np.array([known.get(text, -1) for text in found.tolist()], np.int64)[codes]
    other = np.flatnonzero(places < 0)
    if len(other):
        text = str(texts[other[0]])
        message = f"{what} holds `{in_one_line(text)}` in row {int(other[0])}"
        help = did_you_mean(text, classes)
        raise fail("N520", f"{message}; the network knows {classes_text(classes)}", span, help=help)
    return np.asarray(places)
