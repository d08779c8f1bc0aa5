"""Layers that Keras does not have, for all of its backends.

They are registered, so a saved model loads once this is imported.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

_serializable = keras.saving.register_keras_serializable(package="netdsl")


@_serializable
class LocalResponseNormalization(keras.layers.Layer):  # type: ignore[misc]
    """Local response norm across channels (Krizhevsky et al. 2012, section 3.3), channels last.

    x / (k + alpha/size * s)^beta, where s is the sum of x^2 over `size` neighbouring channels;
    zeros lie beyond the first and last.
    """

    def __init__(
        self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0, **more: Any
    ) -> None:
        super().__init__(**more)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x: Any) -> Any:
        before = (self.size - 1) // 2
        margins = [(0, 0)] * (len(x.shape) - 1) + [(before, self.size - 1 - before)]
        squares = ops.pad(ops.square(x), margins)
        channels = x.shape[-1]
        total = squares[..., :channels]
        for shift in range(1, self.size):
            total = total + squares[..., shift : shift + channels]
        return x / ops.power(self.k + self.alpha / self.size * total, self.beta)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "size": self.size,
            "alpha": self.alpha,
            "beta": self.beta,
            "k": self.k,
        }


@_serializable
class OverhangingAveragePooling(keras.layers.Layer):  # type: ignore[misc]
    """Average pooling whose last windows hang over the padded input, as `ceil` makes them: cells
    beyond it do not count.

    `pads` are (before, after) for each axis and count in the divisor; `overhang` is how many cells
    lie beyond, for each axis.
    """

    def __init__(self, window: Any, strides: Any, pads: Any, overhang: Any, **more: Any) -> None:
        super().__init__(**more)
        self.window, self.strides, self.overhang = tuple(window), tuple(strides), tuple(overhang)
        self.pads = tuple((before, after) for before, after in pads)

    def call(self, x: Any) -> Any:
        inner = [
            (before, after + extra)
            for (before, after), extra in zip(self.pads, self.overhang, strict=True)
        ]
        padded = ops.pad(x, [(0, 0), *inner, (0, 0)])
        means = ops.average_pool(
            padded, self.window, self.strides, padding="valid", data_format="channels_last"
        )
        return means * ops.convert_to_tensor(self._corrections(x.shape[1:-1]), dtype=x.dtype)

    def _corrections(self, positions: Any) -> Any:
        """Cells of a window over its cells that count, for each output position."""
        whole: Any = np.ones((1, *(1,) * len(positions), 1))
        for axis, size in enumerate(positions):
            end = size + sum(self.pads[axis])
            window, stride = self.window[axis], self.strides[axis]
            starts = np.arange(0, end + self.overhang[axis] - window + 1, stride)
            shape = [1] * (len(positions) + 2)
            shape[axis + 1] = len(starts)
            whole = whole * (window / np.minimum(window, end - starts)).reshape(shape)
        return whole

    def compute_output_shape(self, input_shape: Any) -> Any:
        reached = [
            (size + sum(pads) + extra - window) // stride + 1
            for size, pads, extra, window, stride in zip(
                input_shape[1:-1], self.pads, self.overhang, self.window, self.strides, strict=True
            )
        ]
        return (input_shape[0], *reached, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        own = {
            "window": self.window,
            "strides": self.strides,
            "pads": self.pads,
            "overhang": self.overhang,
        }
        return {**super().get_config(), **own}


# --- windows --------------------------------------------------------------------------------------


def _cells(x: Any, window: Any, strides: Any, dilation: Any = None) -> list[Any]:
    """The cells of every window, row by row: one tensor of the output's positions for each cell."""
    rank = len(window)
    spread = dilation or (1,) * rank
    counts = [
        _windows(x.shape[axis + 1], window[axis], strides[axis], spread[axis])
        for axis in range(rank)
    ]
    found = []
    for cell in np.ndindex(*window):
        starts = [at * d for at, d in zip(cell, spread, strict=True)]
        cuts = [
            slice(a, a + (n - 1) * s + 1, s)
            for a, n, s in zip(starts, counts, strides, strict=True)
        ]
        found.append(x[(slice(None), *cuts)])
    return found


def _windows(size: int, window: int, stride: int, dilation: int = 1) -> int:
    return int((size - dilation * (window - 1) - 1) // stride + 1)


class _Window(keras.layers.Layer):  # type: ignore[misc]
    """What the layers with a window share: it slides over all positions, with no padding of its
    own, and keeps the channels.
    """

    def __init__(self, window: Any, strides: Any, **more: Any) -> None:
        super().__init__(**more)
        self.window, self.strides = tuple(window), tuple(strides)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (
            input_shape[0],
            *map(_windows, input_shape[1:-1], self.window, self.strides),
            input_shape[-1],
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "window": self.window, "strides": self.strides}


def _root(total: Any, power: float) -> Any:
    """The root of what is not negative; its gradient at 0 is 0, not infinite."""
    positive = total > 0
    safe = ops.where(positive, total, ops.ones_like(total))
    return ops.where(
        positive,
        ops.sqrt(safe) if power == 2 else ops.power(safe, 1 / power),
        ops.zeros_like(total),
    )


@_serializable
class PowerPooling(_Window):
    """(sum of |x|^p)^(1/p) over each window."""

    def __init__(self, power: float, window: Any, strides: Any, **more: Any) -> None:
        super().__init__(window, strides, **more)
        self.power = power

    def call(self, x: Any) -> Any:
        powers = ops.square(x) if self.power == 2 else ops.power(ops.absolute(x), self.power)
        means = ops.average_pool(
            powers, self.window, self.strides, padding="valid", data_format="channels_last"
        )
        return _root(means * float(np.prod(self.window)), self.power)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power": self.power}


@_serializable
class StochasticPooling(_Window):
    """Stochastic pooling (Zeiler and Fergus 2013): each value of a window has a probability in
    proportion to it.

    While training one value is drawn; in use their mean is taken, weighted by the probabilities.
    Values below 0 have probability 0; where no value of a window is above 0, all have the same.
    """

    def __init__(self, window: Any, strides: Any, seed: int | None = None, **more: Any) -> None:
        super().__init__(window, strides, **more)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, x: Any, training: bool | None = None) -> Any:
        cells = ops.stack(_cells(x, self.window, self.strides), axis=-1)
        count = cells.shape[-1]
        positive = ops.stop_gradient(ops.relu(cells)) if training else ops.relu(cells)
        total = ops.sum(positive, axis=-1, keepdims=True)
        some = total > 0
        shares = ops.where(
            some,
            positive / ops.where(some, total, ops.ones_like(total)),
            ops.full_like(cells, 1 / count),
        )
        if not training:
            return ops.sum(shares * cells, axis=-1)
        drawn = keras.random.uniform(ops.shape(total), seed=self.seed_generator, dtype=x.dtype)
        passed = ops.sum(ops.cast(ops.cumsum(shares, axis=-1)[..., :-1] <= drawn, "int32"), axis=-1)
        return ops.sum(cells * ops.one_hot(passed, count, dtype=x.dtype), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


@_serializable
class FeaturePooling(keras.layers.Layer):  # type: ignore[misc]
    """The Euclidean length of each group of `size` neighbouring channels."""

    def __init__(self, size: int, **more: Any) -> None:
        super().__init__(**more)
        self.size = size

    def call(self, x: Any) -> Any:
        groups = ops.reshape(x, (-1, *x.shape[1:-1], x.shape[-1] // self.size, self.size))
        return _root(ops.sum(ops.square(groups), axis=-1), 2)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], input_shape[-1] // self.size)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}


@_serializable
class MaxUnpooling(keras.layers.Layer):  # type: ignore[misc]
    """Max unpooling: [values, the max pool's input] to the input's shape, each value where its
    window's maximum was, zeros elsewhere.

    Of equal values in a window the first one, row by row, is the maximum; each value goes back
    once, and where windows that overlap have their maxima at one place, the place holds the sum.
    `window`, `strides` and `pads` are the pool's.
    """

    def __init__(self, window: Any, strides: Any, pads: Any, **more: Any) -> None:
        super().__init__(**more)
        self.window, self.strides = tuple(window), tuple(strides)
        self.pads = tuple((before, after) for before, after in pads)

    def call(self, inputs: Any) -> Any:
        values, source = inputs
        padded = ops.pad(source, ((0, 0), *self.pads, (0, 0)), constant_values=float("-inf"))
        cells = _cells(padded, self.window, self.strides)
        best, switches = cells[0], ops.zeros_like(cells[0], dtype="int32")
        for number, cell in enumerate(cells[1:], 1):
            larger = cell > best
            best, switches = ops.where(larger, cell, best), ops.where(larger, number, switches)
        whole = None
        for number, cell in enumerate(np.ndindex(*self.window)):
            part = self._placed(
                ops.where(switches == number, values, ops.zeros_like(values)), cell, padded.shape
            )
            whole = part if whole is None else whole + part
        cuts = [
            slice(before, before + size)
            for (before, _), size in zip(self.pads, source.shape[1:-1], strict=True)
        ]
        return whole[(slice(None), *cuts)]  # type: ignore[index]

    def _placed(self, values: Any, cell: Any, shape: Any) -> Any:
        """Each value at its place in the padded input, for one cell of the windows."""
        for axis, (start, stride) in enumerate(zip(cell, self.strides, strict=True), 1):
            before, count, behind = (
                values.shape[1:axis],
                values.shape[axis],
                values.shape[axis + 1 :],
            )
            rest = int(np.prod(behind))
            rows = ops.pad(
                ops.reshape(values, (-1, count, rest)), ((0, 0), (0, 0), (0, (stride - 1) * rest))
            )
            spread = ops.reshape(rows, (-1, *before, count * stride, *behind))
            margin = max(0, shape[axis] - start - count * stride)
            margins = [(0, 0)] * len(spread.shape)
            margins[axis] = (start, margin)
            spread = ops.pad(spread, margins)
            values = spread[(slice(None),) * axis + (slice(0, shape[axis]),)]
        return values

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[1]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "window": self.window,
            "strides": self.strides,
            "pads": self.pads,
        }


# --- weights --------------------------------------------------------------------------------------


class _Kernel(keras.layers.Layer):  # type: ignore[misc]
    """What the layers with a kernel share: how it begins and what holds it small."""

    def __init__(
        self,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def get_config(self) -> dict[str, Any]:
        own = {
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
        return {**super().get_config(), **own}


@_serializable
class LocallyConnected(_Kernel):
    """A convolution without sharing: at each position of the output a kernel and biases of its own;
    no padding.

    The kernel has the shape (positions of the output, window, channels in, filters), the bias
    (positions, filters).
    """

    def __init__(
        self,
        filters: int,
        window: Any,
        strides: Any,
        dilation_rate: Any,
        use_bias: bool = True,
        bias_initializer: Any = "zeros",
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self.filters, self.window, self.strides, self.dilation_rate = (
            filters,
            tuple(window),
            tuple(strides),
            tuple(dilation_rate),
        )
        self.use_bias = use_bias
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, input_shape: Any) -> None:
        positions = self.compute_output_shape(input_shape)[1:-1]
        cell = (*self.window, input_shape[-1], self.filters)
        self.kernel = self.add_weight(
            shape=(*positions, *cell),
            initializer=_for_one_cell(self.kernel_initializer, cell),
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(*positions, self.filters), initializer=self.bias_initializer, name="bias"
            )

    def call(self, x: Any) -> Any:
        seen = ops.concatenate(_cells(x, self.window, self.strides, self.dilation_rate), axis=-1)
        rank = len(self.window)
        kernel = ops.reshape(self.kernel, (*self.kernel.shape[:rank], -1, self.filters))
        at = "hwd"[:rank]
        y = ops.einsum(f"b{at}c,{at}cn->b{at}n", seen, kernel)
        return y + self.bias if self.use_bias else y

    def compute_output_shape(self, input_shape: Any) -> Any:
        positions = map(_windows, input_shape[1:-1], self.window, self.strides, self.dilation_rate)
        return (input_shape[0], *positions, self.filters)

    def get_config(self) -> dict[str, Any]:
        own = {
            "filters": self.filters,
            "window": self.window,
            "strides": self.strides,
            "dilation_rate": self.dilation_rate,
            "use_bias": self.use_bias,
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }
        return {**super().get_config(), **own}


def _for_one_cell(initializer: Any, cell: Any) -> Any:
    """Kernels as `initializer` makes them for one position, though they are drawn for all
    positions at once.
    """
    if not isinstance(initializer, keras.initializers.VarianceScaling):
        return initializer
    field = float(np.prod(cell[:-2]))
    fans = {
        "fan_in": field * cell[-2],
        "fan_out": field * cell[-1],
        "fan_avg": field * (cell[-2] + cell[-1]) / 2,
    }

    def draw(shape: Any, dtype: Any = None) -> Any:
        rows, columns = float(np.prod(shape[:-1])), float(shape[-1])
        whole = {
            "fan_in": rows,
            "fan_out": rows / shape[-2] * columns,
            "fan_avg": rows / shape[-2] * (shape[-2] + columns) / 2,
        }
        scale = initializer.scale * whole[initializer.mode] / fans[initializer.mode]
        return keras.initializers.VarianceScaling(
            scale, initializer.mode, initializer.distribution, seed=initializer.seed
        )(shape, dtype)

    return draw


@_serializable
class DropConnectDense(keras.layers.Dense):  # type: ignore[misc]
    """A dense layer that drops weights, not nodes (Wan et al. 2013): while training each weight is
    0 with probability `rate`.

    The others are scaled by 1/(1 - rate); a batch shares one draw. In use all weights stand.
    """

    def __init__(self, units: int, rate: float, seed: int | None = None, **more: Any) -> None:
        super().__init__(units, **more)
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        kernel = self.kernel
        if training and self.rate:
            kernel = keras.random.dropout(
                ops.convert_to_tensor(kernel), self.rate, seed=self.seed_generator
            )
        y = ops.matmul(inputs, kernel)
        return y + self.bias if self.use_bias else y

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


# --- sequences ------------------------------------------------------------------------------------


@_serializable
class LearnedPositions(_Kernel):
    """Adds a learned number to each place of what comes in."""

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(
            shape=input_shape[1:],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )

    def call(self, x: Any) -> Any:
        return x + self.kernel

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@_serializable
class SinusoidalPositions(keras.layers.Layer):  # type: ignore[misc]
    """Adds sin(t/10000^(2i/C)) to channel 2i and the cosine to channel 2i + 1 at position t
    (Vaswani et al. 2017, section 3.5).
    """

    def call(self, x: Any) -> Any:
        length, channels = x.shape[1:]
        pairs = np.arange(channels) // 2 * 2
        angles = np.arange(length)[:, None] / 10000.0 ** (pairs / channels)
        table = np.where(np.arange(channels) % 2, np.cos(angles), np.sin(angles))
        return x + ops.convert_to_tensor(table, dtype=x.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@_serializable
class LearnedToken(_Kernel):
    """A learned position in front of a sequence, the same for all examples."""

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(
            shape=(1, input_shape[-1]),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )

    def call(self, x: Any) -> Any:
        token = ops.broadcast_to(ops.cast(self.kernel, x.dtype), (ops.shape(x)[0], 1, x.shape[-1]))
        return ops.concatenate([token, x], axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], input_shape[1] + 1, input_shape[2])


@_serializable
class Tied(keras.layers.Layer):  # type: ignore[misc]
    """One kernel for a layer and for those that go back through it: `tie decoder = transpose
    encoder`.

    `forward` is the Keras configuration of the Dense or ConvND layer, `backward` those of the Dense
    or ConvNDTranspose layers that take its kernel transposed. Called with `back=i` the layer is the
    i-th of these.
    """

    def __init__(
        self, forward: dict[str, Any], backward: list[dict[str, Any]], **more: Any
    ) -> None:
        super().__init__(**more)
        self.ahead, self.back = forward, backward  # torch has a method of its own called `forward`

    def build(self, input_shape: Any) -> None:
        channels = input_shape[-1]
        width = self.ahead.get("units") or self.ahead["filters"]
        self.kernel = self._weight(
            "kernel", (*self.ahead.get("kernel_size", ()), channels, width), self.ahead
        )
        self.bias = self._bias("bias", width, self.ahead)
        self.back_biases = [
            self._bias(f"back_bias_{i}", channels, settings) for i, settings in enumerate(self.back)
        ]

    def _weight(self, name: str, shape: Any, settings: dict[str, Any]) -> Any:
        role = "bias" if "bias" in name else "kernel"
        start = keras.initializers.deserialize(settings[f"{role}_initializer"])
        penalty = (
            keras.regularizers.deserialize(settings[f"{role}_regularizer"])
            if settings.get(f"{role}_regularizer")
            else None
        )
        return self.add_weight(shape=shape, initializer=start, regularizer=penalty, name=name)

    def _bias(self, name: str, width: int, settings: dict[str, Any]) -> Any:
        return self._weight(name, (width,), settings) if settings["use_bias"] else None

    def call(self, x: Any, back: int | None = None) -> Any:
        settings = self.ahead if back is None else self.back[back]
        bias = self.bias if back is None else self.back_biases[back]
        if "units" in settings:
            result = ops.matmul(x, self.kernel if back is None else ops.transpose(self.kernel))
        else:
            how = {key: settings[key] for key in ("strides", "padding", "dilation_rate")}
            convolve = ops.conv if back is None else ops.conv_transpose
            result = convolve(x, self.kernel, **how, data_format="channels_last")
        return result if bias is None else result + bias

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "forward": self.ahead, "backward": self.back}
