"""The forms in which lists say how weights begin: filter by filter, unit by unit."""

from typing import NamedTuple

from netdsl.kinds.values import Shape


class Form(NamedTuple):
    """A form in which a list of initial values can be written.

    Attributes:
        shape: of the list.
        full: the same numbers with all axes, those of 1 too.
        axes: for each axis of the weight, which of these it is; one of 1 is repeated.
    """

    shape: Shape
    full: Shape
    axes: tuple[int, ...]


def filter_forms(full: Shape, axes: tuple[int, ...]) -> tuple[Form, ...]:
    """Return the forms of filters, (N, window..., C): the axes of N and C may be left out where
    they are 1.
    """
    # From the fullest to the shortest: `check_lists` names them the other way round.
    shapes = [full]
    if full[-1] == 1:
        shapes.append(full[:-1])
    if full[0] == 1:
        shapes += [shape[1:] for shape in shapes]
    return tuple(Form(shape, full, axes) for shape in shapes if shape)


def own_forms(shape: Shape) -> tuple[Form, ...]:
    """Return the forms of a weight as it is: axes of 1 at its ends may be left out."""
    return filter_forms(shape, tuple(range(len(shape))))


def conv_forms(kernel: Shape) -> tuple[Form, ...]:
    """Filters, (N, window..., C), of a kernel of (window..., C, N)."""
    *window, channels, filters = kernel
    return filter_forms((filters, *window, channels), (*range(1, len(window) + 2), 0))


def transposed_forms(kernel: Shape) -> tuple[Form, ...]:
    """Filters, (N, window..., C), of a kernel of (window..., N, C)."""
    *window, filters, channels = kernel
    axes = (*range(1, len(window) + 1), 0, len(window) + 1)
    return filter_forms((filters, *window, channels), axes)


def depthwise_forms(kernel: Shape) -> tuple[Form, ...]:
    """Filters of one channel, of a kernel of (window..., C, M): one for all channels, M for all,
    or all those of each channel, one channel after the other.
    """
    *window, channels, mult = kernel
    shapes = [
        ((channels * mult, *window), (channels, mult, *window)),
        ((mult, *window), (1, mult, *window)),
    ]
    if mult == 1:
        shapes.append((tuple(window), (1, 1, *window)))
    axes = (*range(2, len(window) + 2), 0, 1)
    return tuple(Form((*shape, *end), full, axes) for end in ((1,), ()) for shape, full in shapes)
