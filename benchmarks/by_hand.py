"""LeNet-5, ResNet-20 and ResNet-50 written by hand in JAX alone: netdsl's training is compared with
these.

The networks are those of examples/lenet5.net, resnet20.net and resnet50.net:
tests/benchmarks/test_by_hand.py gives both the same weights and compares outputs, losses and steps.
Images are [batch, height, width, channels]. Weights are float32; layers compute in `dtype`, and
batch norm, loss and steps in float32. The examples lie on the device, and a step gathers its batch
there.

    timed(resnet20, x, y, batch=128, epochs=5).seconds
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.nn import relu

Network = Callable[["Layers", Array], Array]  # from images to logits [batch, classes]
EPSILON, KEPT = 1e-5, 0.9
"""Batch norm's constants: what is added to the variance, and the momentum of the averages."""


class State(NamedTuple):
    """What a step changes: weights, their velocities, and batch norm's moving averages.

    Each list is in the order of use; in `moving`, a mean precedes its variance.
    """

    weights: list[Array]
    velocity: list[Array]
    moving: list[Array]


class Timed(NamedTuple):
    """Seconds and mean loss of each epoch; the first epoch compiles."""

    seconds: list[float]
    losses: list[float]


# --- layers ---------------------------------------------------------------------------------------


class Layers:
    """The layers that a network calls: each takes the next of the weights.

    While training, `moved` collects the updated moving averages, in the order of use.
    """

    def __init__(
        self, weights: Sequence[Array], moving: Sequence[Array], dtype: Any, training: bool
    ) -> None:
        self._weights, self._moving = iter(weights), iter(moving)
        self.dtype, self.training = dtype, training
        self.moved: list[Array] = []

    def weight(self, shape: tuple[int, ...], value: float | None = None) -> Array:
        """The next weight; at the start all its numbers are `value`, or drawn where it is None."""
        return next(self._weights)

    def average(self, channels: int, value: float) -> Array:
        return next(self._moving)

    def conv(
        self,
        x: Array,
        size: int,
        filters: int,
        stride: int = 1,
        pad: int | None = None,
        bias: bool = False,
    ) -> Array:
        """A convolution with a window of size x size and `pad` zeros on each side.

        Without `pad` there are as many zeros as keep height and width (with a stride of 1).
        """
        kernel = self.weight((size, size, x.shape[-1], filters)).astype(self.dtype)
        sides = 2 * ((size // 2 if pad is None else pad,) * 2,)
        y = lax.conv_general_dilated(
            x, kernel, (stride, stride), sides, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        return y + self.weight((filters,), 0.0).astype(self.dtype) if bias else y

    def dense(self, x: Array, units: int) -> Array:
        return x @ self.weight((x.shape[-1], units)).astype(self.dtype) + self.weight(
            (units,), 0.0
        ).astype(self.dtype)

    def norm(self, x: Array) -> Array:
        """Batch norm; mean and variance are computed in one pass over the numbers."""
        channels = x.shape[-1]
        factor, offset = self.weight((channels,), 1.0), self.weight((channels,), 0.0)
        mean, variance = self.average(channels, 0.0), self.average(channels, 1.0)
        x = x.astype(jnp.float32)
        if self.training:
            kept = mean, variance
            mean = x.mean((0, 1, 2))
            variance = jnp.maximum((x * x).mean((0, 1, 2)) - mean * mean, 0.0)
            self.moved += [
                KEPT * old + (1 - KEPT) * new
                for old, new in zip(kept, (mean, variance), strict=True)
            ]
        return ((x - mean) * (factor * lax.rsqrt(variance + EPSILON)) + offset).astype(self.dtype)


class Fresh(Layers):
    """Layers that make their weights, in NumPy: kernels are drawn as He and others (2015) do."""

    def __init__(self, seed: int) -> None:
        super().__init__([], [], jnp.float32, training=False)
        self.rng = np.random.default_rng(seed)
        self.weights: list[Any] = []
        self.moving: list[Any] = []

    def weight(self, shape: tuple[int, ...], value: float | None = None) -> Any:
        spread = np.float32(math.sqrt(2 / math.prod(shape[:-1])))
        drawn = (
            self.rng.standard_normal(shape, np.float32) * spread
            if value is None
            else np.full(shape, value, np.float32)
        )
        self.weights.append(drawn)
        return drawn

    def average(self, channels: int, value: float) -> Any:
        self.moving.append(np.full(channels, value, np.float32))
        return self.moving[-1]


def pool(x: Array, size: int = 2, stride: int = 2, pad: int = 0) -> Array:
    """The largest number of each window."""
    sides = ((0, 0), (pad, pad), (pad, pad), (0, 0))
    return lax.reduce_window(
        x, np.array(-np.inf, x.dtype), lax.max, (1, size, size, 1), (1, stride, stride, 1), sides
    )


# --- networks -------------------------------------------------------------------------------------


def lenet5(net: Layers, x: Array) -> Array:
    for filters in (6, 16):
        x = pool(relu(net.conv(x, 5, filters, pad=0, bias=True)))
    x = x.reshape(len(x), -1)
    for units in (120, 84):
        x = relu(net.dense(x, units))
    return net.dense(x, 10)


def resnet20(net: Layers, x: Array) -> Array:
    """Shortcuts of option A: every second position, zeros in the new channels."""
    x = relu(net.norm(net.conv(x, 3, 16)))
    for filters, stride in [(16, 1)] * 3 + [(32, 2)] + [(32, 1)] * 2 + [(64, 2)] + [(64, 1)] * 2:
        y = relu(net.norm(net.conv(x, 3, filters, stride)))
        y = net.norm(net.conv(y, 3, filters))
        if stride > 1:
            x = jnp.pad(x[:, ::2, ::2], ((0, 0), (0, 0), (0, 0), (0, filters - x.shape[-1])))
        x = relu(x + y)
    return net.dense(x.mean((1, 2)), 10)


def resnet50(net: Layers, x: Array) -> Array:
    """The stride on the 3x3; a 1x1 convolution as the shortcut where the shape changes."""
    x = pool(relu(net.norm(net.conv(x, 7, 64, 2))), 3, 2, 1)
    for stage, blocks in enumerate((3, 4, 6, 3)):
        filters = 64 << stage
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            y = relu(net.norm(net.conv(x, 1, filters)))
            y = relu(net.norm(net.conv(y, 3, filters, stride)))
            y = net.norm(net.conv(y, 1, 4 * filters))
            x = relu((x if block else net.norm(net.conv(x, 1, 4 * filters, stride))) + y)
    return net.dense(x.mean((1, 2)), 1000)


# --- training -------------------------------------------------------------------------------------


def initial(network: Network, shape: Sequence[int], seed: int = 0) -> State:
    """The state before the first step, for images of this shape.

    The network is traced for its weights; nothing else is computed.
    """
    net = Fresh(seed)
    jax.eval_shape(partial(network, net), jax.ShapeDtypeStruct((1, *shape), jnp.float32))
    return State(
        *(
            list(map(jnp.array, some))
            for some in (net.weights, [0 * weight for weight in net.weights], net.moving)
        )
    )


def forward(
    network: Network,
    weights: Sequence[Array],
    moving: Sequence[Array],
    x: Array,
    dtype: Any,
    training: bool,
) -> tuple[Array, list[Array]]:
    """The logits, and while training the moving averages after this batch."""
    net = Layers(weights, moving, dtype, training)
    return network(net, x.astype(dtype)).astype(jnp.float32), net.moved


def step(
    network: Network, dtype: Any, rate: float, momentum: float, state: State, x: Array, y: Array
) -> tuple[State, Array]:
    """One step of gradient descent with momentum on the mean cross-entropy of a batch.

    The loss returned is the one before the step.
    """

    def loss(weights: list[Array]) -> tuple[Array, list[Array]]:
        logits, moved = forward(network, weights, state.moving, x, dtype, training=True)
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean(), moved

    (value, moved), gradients = jax.value_and_grad(loss, has_aux=True)(state.weights)
    velocity = [
        momentum * old - rate * gradient
        for old, gradient in zip(state.velocity, gradients, strict=True)
    ]
    weights = [weight + change for weight, change in zip(state.weights, velocity, strict=True)]
    return State(weights, velocity, moved), value


def steps(
    network: Network, dtype: Any, rate: float, momentum: float
) -> Callable[[State, Array, Array, Array], tuple[State, Array]]:
    """A compiled function that takes one step for each row of indices [steps, batch].

    The state given to it is donated: it cannot be used afterwards.
    """
    one = partial(step, network, dtype, rate, momentum)

    def taken(state: State, x: Array, y: Array, rows: Array) -> tuple[State, Array]:
        if len(rows) == 1:  # needs no loop
            state, loss = one(state, x[rows[0]], y[rows[0]])
            return state, loss[None]
        state, losses = lax.scan(lambda state, row: one(state, x[row], y[row]), state, rows)
        return state, losses

    compiled: Callable[[State, Array, Array, Array], tuple[State, Array]] = jax.jit(
        taken, donate_argnums=0
    )
    return compiled


def timed(
    network: Network,
    x: Any,
    y: Any,
    batch: int,
    epochs: int,
    together: int = 1,
    dtype: Any = jnp.bfloat16,
    rate: float = 0.01,
    momentum: float = 0.9,
) -> Timed:
    """Train for this many epochs, `together` steps in one call.

    An epoch's time ends when its last step has finished. Examples left over that do not fill a
    batch are left out.
    """
    x, y = jnp.asarray(x), jnp.asarray(y, jnp.int32)
    state, take = initial(network, x.shape[1:]), steps(network, dtype, rate, momentum)
    found = Timed([], [])
    for epoch in range(epochs):
        jax.block_until_ready(state)
        start, losses = time.perf_counter(), []
        order = np.random.default_rng(epoch).permutation(len(x)).astype(np.int32)
        rows = order[: len(x) // batch * batch].reshape(-1, batch)
        for at in range(0, len(rows), together):
            state, loss = take(state, x, y, rows[at : at + together])
            losses.append(loss)
        jax.block_until_ready((state, losses))
        found.seconds.append(time.perf_counter() - start)
        found.losses.append(float(jnp.concatenate(losses).mean()))
    return found
