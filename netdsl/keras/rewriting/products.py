"""Sums of products by a formula: `ops.einsum` of two tensors, and `EinsumDense`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from netdsl.keras.rewriting.parts import CallParts, OutputPlaces
from netdsl.kinds.merge_products import TRANSPOSED


def einsum(parts: CallParts) -> OutputPlaces | None:
    """Return the product of two tensors as one of matrices.

    Axes of both tensors and of the output are a batch, axes of both tensors alone are summed over,
    and the others are rows of one tensor or of the other.

    Raises:
        NetError: N621 for sums that are not such a product.
    """
    subscripts = parts.call.config["subscripts"].replace(" ", "")
    if subscripts == TRANSPOSED and min(len(parts.shape(x)) for x in parts.call.inputs) > 1:
        return None
    inputs, _, output = subscripts.partition("->")
    names = [*inputs.split(","), output]
    if len(parts.call.inputs) != 2 or "." in subscripts or not output:
        raise parts.refuse(f"it sums by {subscripts}")
    if any(each[:1] != names[0][:1] or len(set(each)) < len(each) for each in names):
        raise parts.refuse(f"it sums by {subscripts}, across the examples of a batch")
    a, b, out = (each[1:] for each in names)
    if (set(a) ^ set(b)) - set(out):
        raise parts.refuse(f"it sums by {subscripts}, along an axis of one of the two")
    sizes = dict(
        pair
        for letters, place in zip((a, b), parts.call.inputs, strict=True)
        for pair in zip(letters, parts.shape(place), strict=True)
    )
    batch = [each for each in out if each in a and each in b]
    summed = [each for each in a if each in b and each not in out]
    rows, columns = ([each for each in side if each not in (*batch, *summed)] for side in (a, b))
    one, other = (
        _matrices(parts, place, letters, (batch, side, summed), sizes)
        for letters, place, side in zip((a, b), parts.call.inputs, (rows, columns), strict=True)
    )
    shape = (*parts.shape(one)[:-1], parts.shape(other)[-2])
    product = parts.step("Einsum", [one, other], shape, {"subscripts": TRANSPOSED})
    whole = parts.reshape(product, _sizes((*batch, *rows, *columns), sizes))
    return [_in_order(parts, whole, (*batch, *rows, *columns), out)]


def einsum_dense(parts: CallParts) -> OutputPlaces | None:
    """`EinsumDense` that sums over the last axes and puts others in their place: a `Dense` between
    two reshapes.

    Raises:
        NetError: N621 for other equations.
    """
    config = parts.call.config
    given, _, rest = config["equation"].replace(" ", "").replace("...", "").partition(",")
    kernel, _, output = rest.partition("->")
    summed = "".join(each for each in kernel if each in given)
    new = "".join(each for each in kernel if each not in given)
    if not summed or not new or kernel != summed + new:
        return None
    kept = given.removesuffix(summed)
    axes = config.get("bias_axes")
    if kept == given or output != kept + new or axes not in (None, "", new):
        raise parts.refuse(f"its equation is {config['equation']}")
    shape, units = parts.shape(parts.source), parts.shapes[0][len(parts.shapes[0]) - len(new) :]
    before = shape[: len(shape) - len(summed)]
    whole = parts.reshape(parts.source, (*before, math.prod(shape[len(before) :])))
    dense = {**config, "units": math.prod(units), "use_bias": bool(axes)}
    made = (*before, dense["units"])
    place = parts.holding("Dense", whole, made, dense, parts.operation.weights)
    return [parts.reshape(place, parts.shapes[0])]


def _matrices(
    parts: CallParts,
    place: int,
    letters: Iterable[str],
    groups: tuple[list[str], list[str], list[str]],
    sizes: Mapping[str, int],
) -> int:
    """Put an operand's axes in groups: (batch,) rows, what is summed over."""
    batch, *rest = groups
    moved = _in_order(parts, place, letters, [each for group in groups for each in group])
    matrix = tuple(math.prod(_sizes(group, sizes)) for group in rest)
    return parts.reshape(moved, (*_sizes(batch, sizes), *matrix))


def _sizes(letters: Iterable[str], sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sizes[each] for each in letters)


def _in_order(parts: CallParts, place: int, now: Iterable[str], then: Iterable[str]) -> int:
    """Put axes in another order."""
    places = {letter: at for at, letter in enumerate(now, 1)}
    return parts.permute(place, [places[letter] for letter in then])
