"""Kernels by name: `init=box`, `gauss(1.5)`, `sobel_x`, `sobel_y`, `laplace`, `gabor(45)`.

One filter of one channel, on the layer's window, as cross-correlation lays it on the input.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.lists import flat, frozen, nested
from netdsl.kinds.values import Shape, Word, is_number
from netdsl.wording import shape_text

_SOBEL = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
"""Brighter to the right (Sobel and Feldman 1968)."""


def _box(window: Shape) -> list[Any]:
    """Return the mean of the window."""
    from fractions import Fraction

    # A fraction, as numbers of the language are: exact until Keras takes them.
    return [Fraction(1, math.prod(window))] * math.prod(window)


def _gauss(window: Shape, deviation: Any) -> list[Any]:
    """exp(-d^2/(2*s^2)) at distance d from the middle, divided by the sum of all."""
    weights = [
        math.exp(-sum(d * d for d in cell) / (2 * float(deviation) ** 2))
        for cell in _offsets(window)
    ]
    return [weight / sum(weights) for weight in weights]


def _sobel_x(window: Shape) -> list[Any]:
    return flat(_SOBEL)


def _sobel_y(window: Shape) -> list[Any]:
    return flat(tuple(zip(*_SOBEL, strict=True)))


def _laplace(window: Shape) -> list[Any]:
    """Return the sum of second differences along the axes."""
    # The middle; a direct neighbour has 1, a diagonal one 0.
    near = {(0,) * len(window): -2 * len(window)}
    cells = list(_offsets(window))
    return [near.get(tuple(map(int, d)), int(sum(map(abs, d)) == 1)) for d in cells]


def _gabor(window: Shape, angle: Any) -> list[Any]:
    """exp(-(x^2 + y^2)/(2*s^2)) * cos(2*pi*u/l): a wave along u, at this angle to the columns in
    degrees, of length l = K/2, in an envelope of s = K/5 (Daugman 1985); less its mean, and divided
    by its length.
    """
    size, turn = min(window), math.radians(float(angle))
    deviation, wave = size / 5, size / 2
    # Rows count downward, angles are measured upward.
    cells = [(x, -y) for y, x in _offsets(window)]
    values = [
        math.exp(-(x * x + y * y) / (2 * deviation**2))
        * math.cos(2 * math.pi * (x * math.cos(turn) + y * math.sin(turn)) / wave)
        for x, y in cells
    ]
    mean = sum(values) / len(values)
    length = math.sqrt(sum((value - mean) ** 2 for value in values))
    # Without its mean it answers to edges alone, and not to brightness.
    return [(value - mean) / length for value in values]


def _offsets(window: Shape) -> Any:
    """Return the cells of a window, as distances from its middle along each axis."""
    # An even window has its middle between two cells: 2x2 is at -0.5 and 0.5.
    return product(*([at - (size - 1) / 2 for at in range(size)] for size in window))


_MAKERS: dict[str, Callable[..., list[Any]]] = {
    "box": _box,
    "gauss": _gauss,
    "sobel_x": _sobel_x,
    "sobel_y": _sobel_y,
    "laplace": _laplace,
    "gabor": _gabor,
}
_WITH_NUMBER = ("gauss", "gabor")
_WINDOWS = {"sobel_x": (3, 3), "sobel_y": (3, 3)}
PCA = Word("pca")
"""The principal components of the training data, which only a run has."""
NAMED = (*_MAKERS, PCA.text)
"""The names of kernels."""
SPELLED = "box, gauss(1.5), sobel_x, sobel_y, laplace, gabor(45)"
"""How they are written."""


def is_named(value: Any) -> bool:
    """Return whether a value is a kernel by its name, with its number where it has one."""
    if not isinstance(value, Word) or value.text not in _MAKERS:
        return False
    numbers = [each.value for each in value.arguments if each.name is None]
    if len(numbers) != len(value.arguments) or len(numbers) != (value.text in _WITH_NUMBER):
        return False
    positive = value.text == "gauss"
    return all(is_number(number) and (not positive or number > 0) for number in numbers)


def named_kernel(word: Word, window: Shape, option: str) -> Any:
    """Return the kernel of a name on a window, as lists of lists; `option` is the one that names
    it.

    Raises:
        LayerError: N216 where it is not made for this window.
    """
    name = word.text
    fits = {
        "gabor": len(window) == 2 and min(window) > 1,
        "laplace": set(window) == {3},
        **{each: window == size for each, size in _WINDOWS.items()},
    }
    if not fits.get(name, bool(window)):
        rules = {"gabor": "window of 2 axes, such as 7x7", "laplace": "window of 3 on each axis"}
        rule = rules.get(name, f"window{' of 3x3' if name in _WINDOWS else ''}")
        given = f", not {shape_text(window)}" if window else ": only convolutions have one"
        raise LayerError("N216", f"`{name}` requires a {rule}{given}", option)
    numbers = (each.value for each in word.arguments)
    return frozen(nested(_MAKERS[name](window, *numbers), window))
