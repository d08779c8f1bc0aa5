"""Small data sets that are generated from a seed: points, functions, polynomials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import NetError, fail
from netdsl.training.data.parts import INPUT, Examples, SourceData
from netdsl.training.data.sources.arrays import sound
from netdsl.training.data.sources.formula import FunctionOfX, read_formula

if TYPE_CHECKING:
    from netdsl.errors import Span
    from netdsl.training.data.signature import NetworkSignature
    from netdsl.training.preparation.rows import Array
    from netdsl.training.recipes.recipe import DataSpec

MADE = ("function", "count", "noise", "seed", "range")
"""Keys of a recipe's `data` that are for generated data."""

POLYNOMIAL, RUNGE = "polynomial", "1/(1 + 25*x^2)"
"""The name of the source of polynomials of x, and the function that is learned if none is given."""

COUNT, RANGE = 500, (-1.0, 1.0)
"""The number of examples and the range of x, where a recipe does not state them."""

NUMBERS = 20_000_000
"""The most numbers that the inputs of all examples may have."""

_BEGIN = "y = "
"""The prefix of a function as the source of a run, which distinguishes it from a path."""


class Toy(NamedTuple):
    """Points of two numbers, each with a class or a value.

    Attributes:
        about: what they are.
        make: makes a number of points [n, 2] and their labels [n], with noise of a standard
            deviation.
        usual: the number of examples, where a recipe does not state it.
        noise: the standard deviation of the noise of each number, where a recipe does not state it.
    """

    about: str
    make: Callable[[Any, int, float], tuple[Array, Array]]
    usual: int = COUNT
    noise: float = 0.0


def _rows(points: Any, values: Any) -> Callable[[Any, int, float], tuple[Array, Array]]:
    """Return a function that makes the rows of a table, repeated if more are asked for."""

    def make(rng: Any, count: int, noise: float) -> tuple[Array, Array]:
        import numpy as np

        rows = np.arange(count) % len(points)
        x, y = np.array(points, float)[rows], np.array(values)[rows]
        return x + noise * rng.standard_normal(x.shape), y

    return make


def _circle(rng: Any, count: int, noise: float) -> tuple[Array, Array]:
    """Make a disc of radius 0.5 in a ring from 0.7 to 1."""
    import numpy as np

    # Alternating, so that the classes have the same size whatever the count.
    y = np.arange(count) % 2
    radius = np.where(y, rng.uniform(0, 0.5, count), rng.uniform(0.7, 1, count))
    angle = rng.uniform(0, 2 * np.pi, count)
    return _noisy(rng, radius * np.cos(angle), radius * np.sin(angle), noise), y


def _moons(rng: Any, count: int, noise: float) -> tuple[Array, Array]:
    """Make two half circles of radius 1 that interlock."""
    import numpy as np

    y = np.arange(count) % 2
    angle = rng.uniform(0, np.pi, count)
    across = np.where(y, 1 - np.cos(angle), np.cos(angle))
    return _noisy(rng, across, np.where(y, 0.5 - np.sin(angle), np.sin(angle)), noise), y


def _spiral(rng: Any, count: int, noise: float) -> tuple[Array, Array]:
    """Make two arms of 1.75 turns, from the centre to radius 1."""
    import numpy as np

    y = np.arange(count) % 2
    radius = (np.arange(count) // 2 + 1) / ((count + 1) // 2)
    angle = 1.75 * 2 * np.pi * radius + np.pi * y
    return _noisy(rng, radius * np.sin(angle), radius * np.cos(angle), noise), y


def _blobs(rng: Any, count: int, noise: float) -> tuple[Array, Array]:
    """Make two round clouds around (-0.5, -0.5) and (0.5, 0.5)."""
    import numpy as np

    y = np.arange(count) % 2
    centre = y - 0.5
    return _noisy(rng, centre, centre, noise), y


def _noisy(rng: Any, across: Array, up: Array, noise: float) -> Array:
    import numpy as np

    points = np.stack([across, up], axis=1)
    return np.asarray(points + noise * rng.standard_normal(points.shape))


_CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))
TOYS: Mapping[str, Toy] = {
    "and": Toy("both numbers are 1", _rows(_CORNERS, (0, 0, 0, 1)), 4),
    "or": Toy("a number is 1", _rows(_CORNERS, (0, 1, 1, 1)), 4),
    "xor": Toy("one number is 1, and the other 0", _rows(_CORNERS, (0, 1, 1, 0)), 4),
    "circle": Toy("a disc in a ring", _circle),
    "moons": Toy("two half circles that interlock", _moons, noise=0.1),
    "spiral": Toy("two arms of a spiral", _spiral),
    "blobs": Toy("two round clouds", _blobs, noise=0.2),
    "bowl": Toy("(1, 0) and (0, 2) with the value 0", _rows(((1, 0), (0, 2)), (0.0, 0.0)), 2),
}
"""The generated data sets of points."""

NAMES = (*TOYS, POLYNOMIAL)
"""The names of generated sources; functions have none."""


def formula_of(spec: DataSpec, span: Span | None = None) -> FunctionOfX | None:
    """Return the function that a source is; None where it is something else.

    `function: ...` is one, and a source that is a function's text, where no file has this name.

    Raises:
        NetError: N505 where `function` is not one.
    """
    source = spec.source
    if spec.function is not None and source is None:
        return read_formula(spec.function, span)
    if source is None or source in NAMES:
        return None
    if source.startswith(_BEGIN):
        return read_formula(source.removeprefix(_BEGIN), span)
    try:
        formula = None if Path(source).exists() else read_formula(source)
    except (NetError, OSError, ValueError):
        return None
    return formula


def short_name(source: str) -> str:
    """Return the name of a source in titles: that of a file, or the whole function."""
    return source if source.startswith(_BEGIN) else Path(source).name


def looks_like_function(source: str) -> bool:
    """Return whether an unknown source may have been meant as a function."""
    return any(sign in source for sign in "(*^+")


def read_made(
    spec: DataSpec,
    signature: NetworkSignature,
    formula: FunctionOfX | None,
    span: Span | None = None,
) -> SourceData:
    """Make the examples of a source.

    Args:
        spec: names the source, with its count, noise and seed.
        signature: the network's; a polynomial has as many terms as the input has numbers.
        formula: the function, where it is one.
        span: the place of the source's name in a recipe.

    Raises:
        NetError: N505 for a range that is empty, or for too many numbers, N507 for keys that are
            not for this source, N517 where a function has no value, N518 for several inputs.
    """
    import numpy as np

    # By the data's own seed, so that trainings with several seeds learn the same examples.
    rng = np.random.default_rng(spec.seed or 0)
    if spec.target not in (None, INPUT):
        raise fail("N507", f"`target` is not for data that is made: {spec.source}", span)
    if len(signature.inputs) > 1:
        inputs = len(signature.inputs)
        message = f"{spec.source or spec.function} is one array; the network has {inputs} inputs"
        raise fail("N518", message, span)
    if formula is None and spec.source in TOYS:
        held = _points(spec, TOYS[str(spec.source)], rng, span)
    else:
        held = _sampled(spec, signature, formula, rng, span)
    outputs, part = len(signature.outputs), held.train  # which all learn the same
    part = replace(part, y=part.y * outputs, y_names=part.y_names * outputs)
    return replace(held, train=part, target=spec.target)


def _points(spec: DataSpec, toy: Toy, rng: Any, span: Span | None) -> SourceData:
    name = str(spec.source)
    for key in ("function", "range"):
        if getattr(spec, key) is not None:
            raise fail("N507", f"`{key}` is for functions; {name} is not one", span)
    count = toy.usual if spec.count is None else spec.count
    noise = toy.noise if spec.noise is None else spec.noise
    _check_amount(count, 2, span)
    x, y = toy.make(rng, count, noise)
    made = {"count": count, "noise": noise, "seed": spec.seed or 0}
    return _source(name, x, y, made, span)


def _sampled(
    spec: DataSpec,
    signature: NetworkSignature,
    formula: FunctionOfX | None,
    rng: Any,
    span: Span | None,
) -> SourceData:
    """Sample a function at random places, or the polynomials of these places."""
    import numpy as np

    found = formula or read_formula(spec.function or RUNGE, span)
    low, high = _range(spec, span)
    count = COUNT if spec.count is None else spec.count
    terms = int(np.prod(signature.inputs[0].shape, dtype=int)) if formula is None else 1
    _check_amount(count, terms, span)
    x = rng.uniform(low, high, count)
    y = found.values(x)
    if not np.isfinite(y).all():
        place = x[~np.isfinite(y)][0]
        raise fail(
            "N517",
            f"{found.text} has no value at x = {place:.4g}",
            span,
            help="give a range where it has: data: {function: ..., range: [0.1, 1]}",
        )
    y = y + (spec.noise or 0.0) * rng.standard_normal(count)
    made = {
        "function": None if formula else found.text,
        "count": count,
        "noise": spec.noise or 0.0,
        "seed": spec.seed or 0,
        "range": (low, high),
    }
    columns = x[:, None] if formula else legendre(x, terms, low, high)
    name = _BEGIN + found.text if formula else POLYNOMIAL
    return _source(name, columns, y[:, None], made, span)


def legendre(x: Array, terms: int, low: float, high: float) -> Array:
    """Compute Legendre's polynomials P_k of numbers, each divided by k + 1 [n, terms].

    Without the divisor the solution with the smallest norm would not prefer low degrees.

    Args:
        x: numbers [n].
        terms: how many polynomials, from P_0 on.
        low: the number that is mapped to -1.
        high: the number that is mapped to 1.
    """
    import numpy as np

    unit = (2 * x - low - high) / (high - low)
    columns = np.polynomial.legendre.legvander(unit, terms - 1)
    return np.asarray(columns / np.arange(1, terms + 1))


def _range(spec: DataSpec, span: Span | None) -> tuple[float, float]:
    found = spec.range or RANGE
    if len(found) != 2 or not found[0] < found[1]:
        said = ", ".join(f"{bound:g}" for bound in found)
        message = f"`range` requires the smallest and the largest x, not [{said}]"
        raise fail("N505", message, span, help="range: [-1, 1]")
    return float(found[0]), float(found[1])


def _check_amount(count: int, numbers: int, span: Span | None) -> None:
    if count * numbers > NUMBERS:
        total = f"{count:,} examples of {numbers:,} numbers"
        raise fail("N505", f"{total}: at most {NUMBERS:,} numbers are made", span)


def _source(
    name: str, x: Array, y: Array, made: Mapping[str, Any], span: Span | None
) -> SourceData:
    import numpy as np

    part = sound(Examples((x,), (y,), "all", ("`x`",), ("`y`",)), name, span)
    y = y.astype(np.float32 if y.dtype.kind == "f" else np.int64)
    part = replace(part, x=(x.astype(np.float32),), y=(y,))
    return SourceData(name, part, made=made)
