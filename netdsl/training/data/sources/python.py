"""Data given in Python: arrays, and iterables of examples or batches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from netdsl.errors import NetError, Span, fail
from netdsl.training.data.parts import INPUT, SourceData
from netdsl.training.data.signature import NetworkSignature, TensorSpec
from netdsl.training.data.sources.array_names import WEIGHT
from netdsl.training.data.sources.arrays import named_parts
from netdsl.training.preparation.shapes import fits, size

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array, Shape

PYTHON = "python"
"""The source of data that was given in Python."""

MAX_BYTES = 1 << 31
"""The most bytes that are gathered from an iterable of examples."""

FORMS = "(x, y), (x, y, sample_weight), a dict of arrays, or a finite iterable of (x, y)"


def gather(
    given: Any,
    signature: NetworkSignature,
    target: str | None = None,
    weight: str | None = None,
    kept: Sequence[tuple[str, ...]] = (),
) -> SourceData:
    """Gather the examples of data that was given in Python.

    Args:
        given: arrays `(x, y)` or `(x, y, sample_weight)`, a dict of arrays named as in an `.npz`,
            or an iterable of examples or batches of such: a tf.data.Dataset, a torch DataLoader, a
            generator. x is an array, or with several inputs a tuple or a dict of them; so is y.
        signature: the network's.
        target: `input` where each output learns the input of its shape.
        weight: the name of the weights in a dict, where it is not `sample_weight`.
        kept: the names of the classes of each output of a run.

    Raises:
        NetError: N514 to N518, N533, N534.
    """
    if isinstance(given, Mapping):
        held = {str(name): as_array(array, f"`{name}`") for name, array in given.items()}
    elif hasattr(given, "shape"):
        held = {"x": as_array(given, "`x`")}
    elif isinstance(given, (str, bytes)) or not (
        isinstance(given, Iterable) or hasattr(given, "__getitem__")
    ):
        raise fail(
            "N533",
            f"a value of the type {type(given).__name__} is not data",
            help=f"data is {FORMS}",
        )
    # A tuple is (x, y), a list is examples: [(x, y), ...].
    elif isinstance(given, tuple) and _is_one(given, signature):
        held = _pair(given, signature, "")
    elif isinstance(given, tuple) and len(given) == 2:
        held = _pair(given[0], signature, "_train") | _pair(given[1], signature, "_test")
    else:
        held = _gathered(given, signature, target)
    _check_channels(held, signature)
    found = named_parts("the data given", held, signature, target, weight, kept=kept)
    return replace(found, source=PYTHON)


def _is_one(given: tuple[Any, ...], signature: NetworkSignature) -> bool:
    """Return whether a tuple is (x, y), or (x, y, sample_weight)."""
    if len(given) == 3:
        weights = given[2]
        return weights is None or hasattr(weights, "shape") or isinstance(weights, list)
    return len(given) == 2 and not _is_two(given, signature)


def _is_two(given: tuple[Any, Any], signature: NetworkSignature) -> bool:
    """Return whether a pair is two pairs: ((x_train, y_train), (x_test, y_test)), as in Keras."""
    single = len(signature.inputs) == len(signature.outputs) == 1
    return single and all(
        isinstance(part, tuple) and len(part) in (2, 3) and hasattr(part[0], "shape")
        for part in given
    )


def _pair(given: Any, signature: NetworkSignature, suffix: str) -> dict[str, Array]:
    """Return the arrays of (x, y) or (x, y, weights) by their names in an `.npz`."""
    x, y, *weights = given
    return {
        **_named(x, f"x{suffix}", signature.inputs),
        **_named(y, f"y{suffix}", signature.outputs),
        **_weights(weights, f"{WEIGHT}{suffix}"),
    }


def _weights(given: Sequence[Any], name: str) -> dict[str, Array]:
    """Return the weights of examples, where there are some."""
    held = [one for one in given if one is not None]
    return {name: as_array(held[0], f"`{name}`")} if held else {}


def _named(value: Any, name: str, tensors: Sequence[TensorSpec]) -> dict[str, Array]:
    """Return an array for each input or output, or one for all. Raises NetError N514, N533."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        if len(tensors) == 1 and len(value) > 1:
            held = f"`{name}` holds {len(value)} arrays ({', '.join(map(str, value))})"
            one = f"the network has one {'input' if name.startswith('x') else 'output'}"
            raise fail("N514", f"{held}; {one}", help="give the array that is for it")
        return {
            f"{name}_{key}" if len(tensors) > 1 else name: as_array(array, f"`{name}`")
            for key, array in value.items()
        }
    if len(tensors) > 1 and isinstance(value, (tuple, list)) and len(value) == len(tensors):
        return {
            f"{name}_{tensor.name}": as_array(array, f"`{name}`")
            for tensor, array in zip(tensors, value, strict=True)
        }
    return {name: as_array(value, f"`{name}`")}


def as_array(value: Any, what: str) -> Array:
    """Make a NumPy array of an array, a list, or a tensor of TensorFlow, JAX or torch.

    Raises:
        NetError: N533 where it is not one of numbers, or some of them are masked.
    """
    import numpy as np

    # A tensor of torch with gradients, or on another device, cannot be converted directly.
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise fail("N533", f"{what} cannot be converted to an array: {error}") from None
    if array.dtype == object:
        held = "holds Python objects" if array.ndim else f"is of the type {type(value).__name__}"
        raise fail("N533", f"{what} {held}, not an array of numbers")
    if np.ma.is_masked(value):
        masked = f"{what} has masked numbers, which an array cannot leave out"
        raise fail("N533", masked, help="fill them in: x.filled(0)")
    return array


# --- one after the other --------------------------------------------------------------------------


def _gathered(given: Any, signature: NetworkSignature, target: str | None) -> dict[str, Array]:
    """Join the examples or batches of an iterable.

    Raises:
        NetError: N516 where there are none, N518, N533, N534.
    """
    import numpy as np

    # tf.data.INFINITE_CARDINALITY: `repeat()` without a count.
    if callable(getattr(given, "cardinality", None)) and int(given.cardinality()) == -1:
        raise too_much("the data set repeats without end")
    rows: dict[str, list[Array]] = {}
    nbytes = 0
    for element in _elements(given):
        for name, array in _rows(element, signature, target).items():
            rows.setdefault(name, []).append(array)
            nbytes += array.nbytes
        if nbytes > MAX_BYTES:
            raise too_much(f"it gave more than {MAX_BYTES / 2**30:g} GiB")
    if not rows:
        raise fail("N516", "the data holds no examples")
    try:
        return {name: np.concatenate(arrays) for name, arrays in rows.items()}
    except ValueError:
        raise unlike(array.shape[1:] for array in rows[next(iter(rows))]) from None


def unlike(shapes: Iterable[Shape], span: Span | None = None) -> NetError:
    """Return the error N518 for examples of different shapes."""
    some = " and ".join(map(size, sorted(set(shapes))[:3]))
    return fail("N518", f"the data holds examples of different shapes: {some}", span)


def too_much(why: str, span: Span | None = None) -> NetError:
    """Return the error N534 for data that does not fit into memory."""
    help = "use fewer, or save the arrays and give the files: data: {source: x.npy, target: y.npy}"
    return fail("N534", f"the data does not fit into memory: {why}", span, help=help)


def _elements(given: Any) -> Iterator[Any]:
    """Iterate over the data; by number if its length is known, as iterating may not end."""
    # By number: a PyDataset of Keras has no `__iter__`, and `iter` would end only at an IndexError.
    if hasattr(given, "__getitem__") and hasattr(given, "__len__"):
        return (given[place] for place in range(len(given)))
    return iter(given)


def _rows(element: Any, signature: NetworkSignature, target: str | None) -> dict[str, Array]:
    """Return an example or a batch as arrays of rows. Raises NetError N533 where it is neither."""
    pair = isinstance(element, (tuple, list)) and len(element) in (2, 3)
    if not pair and target != INPUT:
        raise fail(
            "N533",
            f"the data holds a value of the type {type(element).__name__}, not (x, y)",
            help=f"data is {FORMS}",
        )
    x, y, *weights = element if pair else (element, None)
    found = {
        **_named(x, "x", signature.inputs),
        **_named(None if target == INPUT else y, "y", signature.outputs),
        **_weights(weights, WEIGHT),
    }
    if _is_example(found, signature):
        return {name: array[None] for name, array in found.items()}
    return found


def _is_example(found: Mapping[str, Array], signature: NetworkSignature) -> bool:
    """Return whether arrays are one example: a target is a single number, the input has the
    network's shape, or the lengths differ.
    """
    first = next(iter(found.values()))
    if any(array.ndim == 0 for array in found.values()):
        return True
    # Before lengths are compared: an image [8, 8] and its one-hot label [8] have the same length.
    if first.shape == signature.inputs[0].shape:
        return True
    return len({len(array) for array in found.values()}) > 1


def _check_channels(held: Mapping[str, Array], signature: NetworkSignature) -> None:
    """Raise NetError N518 for images with the channels first, as torch has them."""
    for name, array in held.items():
        shape = signature.inputs[0].shape
        if (
            name.startswith("x")
            and array.ndim == 4
            and len(shape) == 3
            and not fits(array.shape[1:], shape)
        ):
            _, count, height, width = array.shape
            if count in (1, 3) and math.prod(array.shape) and fits((height, width, count), shape):
                message = (
                    f"`{name}` holds images of {size(array.shape[1:])}, channels first; "
                    f"the network needs {size(shape)}"
                )
                raise fail(
                    "N518",
                    message,
                    help="move the channels to the end: "
                    "x.permute(0, 2, 3, 1) in torch, np.moveaxis(x, 1, -1)",
                )
