"""The initial weights of models, drawn by NumPy's generator.

One seed gives the same weights on every backend. Each weight has a stream of random numbers of its
own, by its name and that of its layer: whatever other layers a network has, a layer begins with the
same weights as long as it keeps its name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from mmap import ACCESS_COPY, mmap
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, TypeAlias

import keras
import numpy as np
from keras import initializers
from numpy.typing import NDArray

from netdsl.keras import private

if TYPE_CHECKING:
    Floats: TypeAlias = NDArray[np.float32]
    Fill: TypeAlias = Callable[[Floats, np.random.Generator], object]
    """Draws numbers into an array."""

DRAWING = (
    initializers.VarianceScaling,
    initializers.RandomNormal,
    initializers.RandomUniform,
    initializers.Orthogonal,
)
"""The initializers of Keras that draw random numbers and that kinds use, or their Keras layers."""
PART = 1 << 20
"""How many numbers of a weight have a stream of their own, so that a thread can draw them."""
BLOCK = 1 << 15
"""How many numbers are drawn at once: as many as fit a processor's cache."""

TRUNCATED_AT = 2.0
"""Where a truncated normal distribution ends on both sides, in standard deviations."""
TRUNCATED_DEVIATION = 0.87962566103423978
"""The standard deviation of the standard normal distribution truncated there."""
LEVEL_BITS = 14
"""2^14 pieces of the distribution have the same probability. Within each it is linear, with an
error of at most 2.9e-7: as much as float32 rounds.
"""


def draw_by_numpy(model: keras.Model, seed: int | None) -> None:
    """Make NumPy draw what a model's weights begin with, in place of Keras's initializers.

    Those that draw nothing, such as `Zeros`, are left.

    Args:
        model: its weights have no values yet (`private.initialized_later`).
        seed: the same seed gives the same weights; None gives others each time.
    """
    entropy = np.random.SeedSequence(seed).entropy
    for variable in model.variables:
        initializer = private.initializer_of(variable)
        if isinstance(initializer, DRAWING):
            # The path's bytes are the key: `hash` of a text differs from process to process.
            stream = np.random.SeedSequence(entropy, spawn_key=tuple(variable.path.encode()))
            private.initialize_by(variable, partial(_drawn, initializer, stream))


class _Lent:
    """An array that TensorFlow need not copy, as nothing else changes it.

    TensorFlow copies NumPy arrays, but not objects that have an `__array__`.
    """

    def __init__(self, array: Floats) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.array, dtype, copy=True) if copy else np.asarray(self.array, dtype)


def _drawn(initializer: Any, stream: np.random.SeedSequence, shape: Any, dtype: Any = None) -> Any:
    shape = tuple(shape)
    if isinstance(initializer, initializers.Orthogonal):
        drawn = _orthogonal(initializer.gain, shape, stream)
    else:
        drawn = _filled(shape, _fill(initializer, shape), stream)
    return keras.ops.cast(keras.ops.convert_to_tensor(_Lent(drawn)), dtype)


def _fill(initializer: Any, shape: tuple[int, ...]) -> Fill:
    """Return what draws for an initializer that treats all numbers alike."""
    if isinstance(initializer, initializers.RandomUniform):
        return _uniform(initializer.minval, initializer.maxval)
    if isinstance(initializer, initializers.RandomNormal):
        return _normal(initializer.stddev)
    # variance scaling: Glorot and Bengio 2010, He et al. 2015
    fan_in, fan_out = private.fans(initializer, shape)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    # At least 1, as Keras has it.
    variance = initializer.scale / max(1.0, fan[initializer.mode])
    if initializer.distribution == "uniform":
        limit = math.sqrt(3 * variance)
        return _uniform(-limit, limit)
    # Cutting the tails off lowers the deviation; this brings it back to what is asked for.
    return _truncated_normal(math.sqrt(variance) / TRUNCATED_DEVIATION)


def _orthogonal(gain: float, shape: tuple[int, ...], stream: np.random.SeedSequence) -> Floats:
    """Draw uniformly a matrix with orthogonal rows or columns (Saxe et al. 2014)."""
    rows, columns = math.prod(shape[:-1]), shape[-1]
    random = _filled((max(rows, columns), min(rows, columns)), _normal(1.0), stream)
    q, r = np.linalg.qr(random.astype(np.float64))
    # Signs of R's diagonal make Q uniform among orthogonal matrices (Mezzadri 2007).
    q *= gain * np.sign(np.diag(r))
    return (q.T if rows < columns else q).reshape(shape).astype(np.float32)


def _filled(shape: tuple[int, ...], fill: Fill, stream: np.random.SeedSequence) -> Floats:
    """Draw an array, in parts that several threads draw where there are several.

    A stream starts again in each call, so that all devices, each with its call, get the same.
    """
    size = math.prod(shape)
    # Parts are numbered by place, not by thread: the count of threads changes nothing.
    drawn = np.empty(size, np.float32) if size <= PART else _pages(size)

    def draw(number: int) -> None:
        key = (*stream.spawn_key, number)
        seeds = np.random.SeedSequence(stream.entropy, spawn_key=key)
        # SFC64 is among the fastest of NumPy's bit generators.
        rng = np.random.Generator(np.random.SFC64(seeds))
        part = drawn[number * PART : (number + 1) * PART]
        for place in range(0, part.size, BLOCK):
            fill(part[place : place + BLOCK], rng)

    parts = range(math.ceil(size / PART))
    if len(parts) > 1:
        with ThreadPoolExecutor() as pool:
            list(pool.map(draw, parts))
    else:
        draw(0)
    return drawn.reshape(shape)


def _pages(size: int) -> Floats:
    """Return memory for `size` numbers that begins at a page, so that TensorFlow need not copy it.

    NumPy would ask the system for huge pages, and clearing those can take longer than drawing.
    """
    return np.frombuffer(mmap(-1, 4 * size, access=ACCESS_COPY), np.float32)


def _normal(deviation: float) -> Fill:
    def fill(block: Floats, rng: np.random.Generator) -> None:
        rng.standard_normal(dtype=np.float32, out=block)
        block *= np.float32(deviation)

    return fill


def _uniform(low: float, high: float) -> Fill:
    def fill(block: Floats, rng: np.random.Generator) -> None:
        rng.random(dtype=np.float32, out=block)
        block *= np.float32(high - low)
        block += np.float32(low)

    return fill


def _truncated_normal(deviation: float) -> Fill:
    """Draw by the inverse of the cumulative distribution.

    This is several times as fast as drawing again the numbers that lie outside.

    Of 32 random bits the first choose a piece of the distribution, the others a place in it.
    """
    quantiles = _quantiles() * deviation
    begins = quantiles[:-1].astype(np.float32)
    steps = np.ldexp(np.diff(quantiles), LEVEL_BITS - 32).astype(np.float32)
    bits_below = np.uint32(32 - LEVEL_BITS)

    def fill(block: Floats, rng: np.random.Generator) -> None:
        # 64 bits at a time make two numbers.
        raw = rng.bit_generator.random_raw(math.ceil(block.size / 2))
        bits = raw.view(np.uint32)[: block.size]
        pieces = bits >> bits_below
        bits &= (np.uint32(1) << bits_below) - np.uint32(1)
        places = bits.astype(np.float32)
        places *= steps.take(pieces, mode="clip")
        begins.take(pieces, out=block, mode="clip")
        block += places

    return fill


@cache
def _quantiles() -> NDArray[np.float64]:
    """Return the bounds of the standard distribution's pieces, from -2 to 2."""
    normal = NormalDist()
    probabilities = np.linspace(
        normal.cdf(-TRUNCATED_AT), normal.cdf(TRUNCATED_AT), 2**LEVEL_BITS + 1
    )
    # The ends exactly: the inverse of a rounded probability misses them.
    within = [normal.inv_cdf(one) for one in probabilities[1:-1].tolist()]
    return np.array([-TRUNCATED_AT, *within, TRUNCATED_AT])
