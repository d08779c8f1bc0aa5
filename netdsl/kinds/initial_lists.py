"""Lists as initial weights: `init=[[0, 1, 0], [1, -4, 1], [0, 1, 0]]`.

A list is written filter by filter (unit by unit), each as it lies on the input: (N, K, K, C), and
the axes of N and C may be left out where they are 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from netdsl.kinds.facts import Weight
from netdsl.kinds.initial_forms import Form, own_forms
from netdsl.kinds.initial_kernels import PCA, is_named, named_kernel
from netdsl.kinds.kind import Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.lists import flat, frozen, is_of_numbers, nested, shape_of
from netdsl.kinds.values import ArrayFile, Shape, Word, shown
from netdsl.wording import axes_text, shape_text

_ROLES = {"init": ("kernel", "factor"), "bias_init": ("bias",)}
"""By option, the roles of the weights whose initial values it gives."""


MAX_COMPONENTS = 4096
"""How many numbers a filter of `pca` may have: the matrix of their covariances takes 128 MiB."""


def listed_weight(kind: Kind, option: str, *inputs: Shape) -> Weight | None:
    """Return the weight whose initial values a list can give; None for none, or several."""
    found = [each for each in kind.weights(*inputs) if each.role in _ROLES[option]]
    return found[0] if len(found) == 1 else None


def check_lists(kind: Kind, *inputs: Shape) -> None:
    """Check that lists of initial values have the shape of what begins so.

    Raises:
        LayerError: N216 where one does not.
    """
    _check_components(kind, *inputs)
    for option in lists_of(kind):
        weight = listed_weight(kind, option, *inputs)
        if weight is None:
            count = sum(each.role in _ROLES[option] for each in kind.weights(*inputs))
            what = "kernels" if option == "init" else "biases"
            message = f"`{kind.word}` has {count or 'no'} {what}: a list cannot be theirs"
            raise LayerError("N216", message, option)
        value = _list_of(kind, option, weight, inputs)
        forms, given = _forms(kind, option, weight), _shape_of(value)
        if given is None:
            message = f"the lists in `{option}` have different lengths"
            raise LayerError("N216", message, option)
        if given not in [form.shape for form in forms]:
            shapes = " or ".join(dict.fromkeys(shape_text(form.shape) for form in reversed(forms)))
            value = kind.values[option]
            what = "a list" if type(value) is tuple else shown(value)
            message = (
                f"`{option}` is {what} of {shape_text(given)}, and `{kind.head().lstrip('_')}`"
            )
            label = f"the input is {shape_text(inputs[0])}" if inputs else ""
            # A 3x3 list for `conv3-8` on 3 channels is meant for each channel, which is `dw3`.
            one = "groups" in kind.options and given == weight.shape[:-2]
            help = f"dw{axes_text(given)} has one filter for all channels" if one else ""
            if not help and given[::-1] in [form.shape for form in forms]:
                help = "the outer list has an item for each output, the inner ones the inputs"
            raise LayerError("N216", f"{message} requires {shapes}", option, help, label)


def _check_components(kind: Kind, *inputs: Shape) -> None:
    """Check that a kernel that begins at principal components is one of a matrix, with at most as
    many filters as there are components.

    Raises:
        LayerError: N216.
    """
    option = next((option for option in _ROLES if kind.values.get(option) == PCA), None)
    if option is None:
        return
    if option != "init" or not getattr(kind, "takes_components", False):
        what = "kernel" if option == "init" else "biases"
        message = (
            f"`pca` is for the kernel of conv, fc and dense, not for the {what} of `{kind.head()}`"
        )
        raise LayerError("N216", message, option)
    if kind.values.get("groups", 1) > 1:
        raise LayerError("N216", "`pca` is for one group of channels", option)
    *cells, filters = kind.weights(*inputs)[0].shape
    if (count := math.prod(cells)) > MAX_COMPONENTS:
        message = f"`pca` of {count:,} numbers: at most {MAX_COMPONENTS:,} can be taken together"
        raise LayerError("N216", message, option)
    from netdsl.kinds.window import Windowed  # late: texts of dense layers do not need it

    windows = kind.axes(inputs[0]) if isinstance(kind, Windowed) else ()
    if any(axis.extent > size for axis, size in zip(windows, inputs[0], strict=False)):
        message = "`pca` is computed from windows within the input, and none fits"
        raise LayerError("N216", message, option, label=f"the input is {shape_text(inputs[0])}")
    if filters > count:
        message = f"`pca` has {count:,} components, and `{kind.head()}` {filters:,} filters"
        raise LayerError("N216", message, option, label=f"the input is {shape_text(inputs[0])}")


def _forms(kind: Kind, option: str, weight: Weight) -> tuple[Form, ...]:
    return kind.kernel_forms(weight.shape) if option == "init" else own_forms(weight.shape)


def lists_of(kind: Kind) -> Iterator[str]:
    """Yield the options of a layer in which a list says how weights begin."""
    for option in _ROLES:
        value = kind.values.get(option)
        if is_array(value):
            yield option


def is_array(value: Any) -> bool:
    """Return whether a value says one number for each of a weight: a list, a kernel's name, or a
    file.
    """
    return isinstance(value, ArrayFile) or is_of_numbers(value) or is_named(value)


def _shape_of(value: Any) -> Shape | None:
    return value.shape if isinstance(value, ArrayFile) else shape_of(value)


def _list_of(kind: Kind, option: str, weight: Weight, inputs: tuple[Shape, ...]) -> Any:
    """Return the list that an option's value is or names.

    Raises:
        LayerError: N216 where the kernel of a name is not made for the layer's window.
    """
    value = kind.values[option]
    if not isinstance(value, Word):
        return value
    rank = len(weight.shape) - 2
    windowed = kind.group == "convolution" and rank == len(inputs[0]) - 1
    return named_kernel(value, weight.shape[:-2] if windowed else (), option)


def arranged(kind: Kind, option: str, inputs: tuple[Shape, ...], shape: Shape | None = None) -> Any:
    """Return the list of an option as nested lists of its weight's shape, or of another with as
    many numbers in the same order.

    Args:
        kind: the layer.
        option: `init` or `bias_init`.
        inputs: its shapes, without the batch.
        shape: of the nested lists; by default the weight's.
    """
    weight = listed_weight(kind, option, *inputs)
    assert weight is not None
    value = _list_of(kind, option, weight, inputs)
    if isinstance(value, ArrayFile):
        from netdsl.kinds.array_file import numbers_of  # late: start-up is short

        value = numbers_of(value)
    forms, given = _forms(kind, option, weight), shape_of(value)
    # `check_lists` has found it before the layer was made.
    form = next(form for form in forms if form.shape == given)
    numbers = [float(number) for number in flat(value)]
    return nested([numbers[at] for at in _places(form, weight)], shape or weight.shape)


def _places(form: Form, weight: Weight) -> Iterator[int]:
    """Return the places in a list of this form of a weight's numbers, in their order."""
    # Stride 0 repeats: one 3x3 list for all channels of a depthwise convolution.
    strides = [math.prod(form.full[axis + 1 :]) if form.full[axis] > 1 else 0 for axis in form.axes]
    steps = (
        range(0, size * step, step) if step else (0,) * size
        for size, step in zip(weight.shape, strides, strict=True)
    )
    return map(sum, product(*steps))


def written_list(kind: Kind, option: str, weight: Weight, numbers: Sequence[Any]) -> Any:
    """Return the shortest list that says that a weight begins at these numbers, in its order; one
    number where they are all the same.

    Args:
        kind: the layer.
        option: `init` or `bias_init`.
        weight: that begins so.
        numbers: in the order of the weight, its last axis fastest.
    """
    if len(set(numbers)) == 1:
        return numbers[0]
    # The form with the fewest numbers that repeats to these ones.
    for form in sorted(
        _forms(kind, option, weight), key=lambda form: (math.prod(form.full), len(form.shape))
    ):
        # Where a form repeats a number, the last of those that share its place is held.
        held = dict(zip(_places(form, weight), numbers, strict=True))
        if all(
            held[at] == number for at, number in zip(_places(form, weight), numbers, strict=True)
        ):
            return frozen(nested([held[at] for at in sorted(held)], form.shape))
    raise AssertionError("a list with all axes says any numbers")
