"""Compiled Keras models: the table's shapes and counts, weights by the seed, saving and loading,
and the numbers that layers give.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import zoo
from support.shares import share

import netdsl
from netdsl import Network

pytestmark = pytest.mark.keras

ROOT = Path(__file__).resolve().parents[2]


def compiled(text: str, seed: int | None = 0) -> Any:
    return netdsl.parse(text).keras(seed)


def run(model: Any, *inputs: Any) -> Any:
    """The model's outputs for one example or a batch of float arrays."""
    tensors = [np.asarray(x, dtype="float32") for x in inputs]
    found = model(tensors if len(tensors) > 1 else tensors[0], training=False)
    return [np.asarray(y) for y in found] if isinstance(found, list | tuple) else np.asarray(found)


def size(weights: Sequence[Any]) -> int:
    return sum(int(np.prod(weight.shape)) for weight in weights)


def assert_agrees(network: Network, model: Any) -> None:
    """Every operation's layer has the graph's shape; the counts are Keras's."""
    layers = {layer.name: layer for layer in model.layers}
    found = 0
    for op in network.graph.ops:
        if op.name in layers and op.shares is None:
            output = layers.get(
                f"{op.name}_crop", layers[op.name]
            ).output  # a `tconv` is cut to its size by a layer of its own
            axes = len(op.kind.each_axes) if op.kind else 0  # of elements, in the batch in Keras
            shape = output[0].shape if isinstance(output, list) else output.shape
            assert tuple(shape[1:]) == tuple(op.shape[axes:]), op.name
            found += 1
    assert found >= sum(
        op.kind is None or bool(network.graph.weights(op)) for op in network.graph.ops
    )
    assert [tuple(x.shape)[1:] for x in model.inputs] == [
        tuple(point.shape) for point in network.inputs
    ]
    assert [tuple(y.shape)[1:] for y in model.outputs] == [
        tuple(point.shape) for point in network.outputs
    ]
    assert size(model.trainable_weights) == network.counts.params
    assert model.count_params() == network.counts.total


@pytest.mark.parametrize(
    "path",
    share(zoo.EXAMPLES, lambda path: path.stem not in zoo.LARGE),
    ids=lambda path: path.stem,
)
def test_examples_are_keras_models(path: Path) -> None:
    for network in zoo.checked(path).networks:
        assert_agrees(network, netdsl.Network.of(network).keras(0))
    from netdsl.keras.quiet import quiet_keras

    quiet_keras().utils.clear_session()  # VGG's weights are half a gigabyte


@pytest.mark.parametrize(
    "text",
    [
        "8x8x3 > sep3-4(bn, relu) > dw3/2 > tconv3-5/2 > gap > dense-3",
        "16x4 > conv3-8/2(ln) > pool > [ id | conv3-8 ] > gmp > fc-2",
        "6x6x6x2 > conv3-4(gn(groups=2)) > sep3-4 > dw3/2 > avgpool > gap",
        "8x8x4 > res(conv3-8/2(bn) > conv3-8(bn)) > mul[ id | gap > fc-2 > sigmoid-8 ] > prelu > "
        "lrn > local3-2(pad=0) > fc-3",
        "use transformer\n12 of int(30) > embed-8 > pos > encoder(2) > ln > first > softmax-4",
        "8x6x4 > id as x > gap > fc-3 > spread(@x) > conv1-2 > gap > spread(5)",
        "input a: 4\ninput b: 6 > fc-4(tanh) as h\n[ @a | @h ] > fc-3 as y\n@h > fc-2 as z",
    ],
)
def test_other_networks_are_keras_models(text: str) -> None:
    network = netdsl.parse(text)
    assert_agrees(network, network.keras(0))


# --- seeds and names ------------------------------------------------------------------------------


def test_the_seed_decides_the_weights() -> None:
    text = "8x8x3 > conv3-4 > dropout(0.5) > res(conv3-4) > fc-5 > softmax"
    first, again, other = (compiled(text, seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    kernels = [(a, b) for a, b in zip(first, other, strict=True) if a.ndim > 1]
    assert len(kernels) == 3
    assert not any(np.array_equal(a, b) for a, b in kernels)


def test_layer_names_are_stable_and_unique() -> None:
    text = (
        "def b(c) = res(conv3-{c}(bn) > conv3-{c})\n"
        "8x8x3 > b(4) x2 > b(4) as last > pool > gap > fc-2 as head"
    )
    first, again = ([layer.name for layer in compiled(text).layers] for _ in range(2))
    assert first == again
    assert len({name.lower() for name in first}) == len(first)
    assert {"input", "b_1_conv_1", "b_1_conv_1_bn", "b_2_conv_2", "last_conv_1", "head"} <= set(
        first
    )


INITIAL = [
    ("400 > fc-300(relu) > fc-2", (2 / 400) ** 0.5),
    ("400 > fc-300(tanh) > fc-2", (2 / 700) ** 0.5),
    ("400 > fc-300 > bn > relu > fc-2", (2 / 400) ** 0.5),
    ("400 > fc-300(init=normal(0.02)) > fc-2", 0.02),
    ("400 > fc-300(init=uniform(0.3)) > fc-2", 0.3 / 3**0.5),
    ("10x10x40 > conv3-60(relu) > gap", (2 / 360) ** 0.5),
    ("10x10x40 > conv3-60 > add[ id | id ] > relu > gap", (2 / 360) ** 0.5),
    ("400 > softmax-300", (2 / 700) ** 0.5),
]


@pytest.mark.parametrize(("text", "deviation"), INITIAL)
def test_initial_weights(text: str, deviation: float) -> None:
    kernel, bias = compiled(text, 3).get_weights()[:2]
    assert np.std(kernel) == pytest.approx(deviation, rel=0.02)
    assert abs(np.mean(kernel)) < deviation / 20
    assert not np.any(bias)


# --- saving ---------------------------------------------------------------------------------------

LOADS = """
import json, sys
import numpy as np
if sys.argv[3] == "with":
    import netdsl.keras.layers
import keras
model = keras.saving.load_model(sys.argv[1], compile=False)
x = np.load(sys.argv[2])
y = model([x[key] for key in sorted(x)] if len(x) > 1 else x["0"], training=False)
ys = y if isinstance(y, list | tuple) else [y]
own = [name for name in sys.modules if name == "netdsl" or name.startswith("netdsl.")]
sums = [float(np.abs(np.asarray(y)).sum()) for y in ys]
print(json.dumps({"sums": sums, "params": model.count_params(), "own": bool(own)}))
"""


def saved_and_loaded(model: Any, tmp_path: Path, own_layers: bool) -> dict[str, Any]:
    """What a fresh process finds when it loads the model and runs it."""
    rng = np.random.default_rng(0)
    xs = {
        str(i): rng.normal(size=(3, *x.shape[1:])).astype("float32")
        for i, x in enumerate(model.inputs)
    }
    np.savez(tmp_path / "x.npz", **xs)
    model.save(tmp_path / "m.keras")
    command = [
        sys.executable,
        "-c",
        LOADS,
        str(tmp_path / "m.keras"),
        str(tmp_path / "x.npz"),
        "with" if own_layers else "without",
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT if own_layers else tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    ys = run(model, *xs.values())
    expected = [float(np.abs(y).sum()) for y in (ys if isinstance(ys, list) else [ys])]
    assert found["sums"] == pytest.approx(expected, rel=1e-4)
    assert found["params"] == model.count_params()
    return found


PLAIN = """
input a: 9x9x2 > conv3-4/2(bn, lrelu) > [ id | dw3 > sep3-3 ] > pool3/2(pad=same) as p
> pool3/1(pad=(1,0,1,0)) > avgpool2/1
> res(conv3-8, skip=pad, act=none) > gap > reshape(2x4) > ln > permute(2,1) > flatten as f
input b: 5 > fc-8(gelu) as g
dot[ @f | @g ] > fc-2 as one
@p > gmp > dropout(0.5) > prelu > softmax as two
"""


def test_a_model_of_keras_own_layers_loads_without_netdsl(tmp_path: Path) -> None:
    found = saved_and_loaded(compiled(PLAIN), tmp_path, own_layers=False)
    assert not found["own"]
    assert len(found["sums"]) == 2


def test_a_model_with_own_layers_loads_with_netdsl(tmp_path: Path) -> None:
    text = """
    let e = fc-5(tanh)
    9x9x2 > conv3-4 > lrn > avgpool3/2(pad=1, ceil) > l2pool > l2norm > gap > fc-5(tanh)
    > e > e as code > fc-8(tanh) as up > fc-5 as down
    tie down = transpose up
    """
    assert saved_and_loaded(
        compiled("\n".join(line.strip() for line in text.split("\n"))), tmp_path, own_layers=True
    )["own"]


# --- penalties ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "6 > fc-4({})",
        "5x5x2 > conv3-3({})",
        "5x5x2 > dw3({})",
        "5x5x2 > sep3-3({})",
        "5x2 > dense-3({})",
    ],
)
def test_penalties_on_weights(text: str) -> None:
    """`l2=a` is (a/2) times the squared norm, `l1=a` is a times the sum; biases are left alone."""
    for options, of in (
        ("l2=0.3", lambda w: 0.15 * (w**2).sum()),
        ("l1=0.2", lambda w: 0.2 * np.abs(w).sum()),
        ("l1=0.2, l2=0.3", lambda w: 0.2 * np.abs(w).sum() + 0.15 * (w**2).sum()),
    ):
        model = compiled(text.format(f"{options}, bias_init=1"))
        expected = sum(of(w) for w in model.get_weights() if w.ndim > 1)
        assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_the_penalty_on_activations() -> None:
    model = compiled("3 > fc-2(tanh, act_l1=0.5)")
    x = np.array([[1.0, -2.0, 3.0]], dtype="float32")
    y = np.asarray(model(x))
    assert float(sum(model.losses)) == pytest.approx(0.5 * np.abs(y).sum(), rel=1e-5)


# --- shared and tied layers -----------------------------------------------------------------------


def test_a_shared_layer_is_one_variable() -> None:
    model = compiled(
        "let e = fc-3(tanh)\ninput a: 3 > e as x\ninput b: 3 > e as y\nsub[ @x | @y ] > abs"
    )
    assert [tuple(w.shape) for w in model.trainable_weights] == [(3, 3), (3,)]
    kernel, bias = (rng_array(shape) for shape in ((3, 3), (3,)))
    model.set_weights([kernel, bias])
    a, b = rng_array((2, 3), 1), rng_array((2, 3), 2)
    expected = np.abs(np.tanh(a @ kernel + bias) - np.tanh(b @ kernel + bias))
    np.testing.assert_allclose(run(model, a, b), expected, atol=1e-6)


def test_a_tied_layer_uses_the_other_kernel_transposed() -> None:
    model = compiled("5 > fc-2(sigmoid) as e > fc-5 as d\ntie d = transpose e")
    assert sorted(tuple(w.shape) for w in model.trainable_weights) == [(2,), (5,), (5, 2)]
    arrays = {tuple(w.shape): rng_array(w.shape) for w in model.trainable_weights}
    model.set_weights([arrays[tuple(w.shape)] for w in model.trainable_weights])
    x = rng_array((4, 5), 1)
    hidden = 1 / (1 + np.exp(-(x @ arrays[5, 2] + arrays[(2,)])))
    np.testing.assert_allclose(run(model, x), hidden @ arrays[5, 2].T + arrays[(5,)], atol=1e-6)


def test_a_tied_convolution_goes_back() -> None:
    """<conv(x), y> = <x, tconv(y)> without biases: with the same padding the one is the other's
    adjoint.
    """
    model = compiled(
        "8x8x3 > conv3-5/2(bias=no, act=none) as e > tconv3-3/2(bias=no, pad=1, extra=1) as d\n"
        "tie d = transpose e"
    )
    (kernel,) = model.trainable_weights
    forth = compiled("8x8x3 > conv3-5/2(bias=no, act=none)")
    forth.set_weights([np.asarray(kernel)])
    x = rng_array((1, 8, 8, 3), 1)
    y = run(forth, x)
    back = run(model, x)
    assert back.shape == x.shape
    np.testing.assert_allclose((back * x).sum(), (y * y).sum(), rtol=1e-4)


def test_several_inputs_and_outputs_keep_their_order() -> None:
    model = compiled(
        "input b: 2\ninput a: 3\n@a > fc-4(bias=no) as second_in\n@b > fc-5(bias=no) as first_in\n"
        "[ @a | @b ] > relu as both"
    )
    a, b = rng_array((2, 3), 1), rng_array((2, 2), 2)
    ys = run(model, b, a)
    assert [y.shape[1:] for y in ys] == [(4,), (5,), (5,)]
    np.testing.assert_allclose(ys[2], np.maximum(np.concatenate([a, b], axis=1), 0), atol=1e-6)


# --- the lectures' small computations -------------------------------------------------------------


def rng_array(shape: tuple[int, ...], seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def image(rows: Any) -> Any:
    return np.asarray(rows, dtype="float32")[None, ..., None]


BOARD = [[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]
COMPUTED: list[tuple[str, str, Any, Any, Any]] = [
    (
        "2-D correlation", "5x5x1 > conv3-1(pad=0, bias=no, act=none)", BOARD, [[0, 1, 2], [2, 2,
         0], [0, 1, 2]],
        [[12, 12, 17], [10, 17, 19], [9, 6, 14]],
    ),
    (
        "1-D correlation", "10x1 > conv3-1(pad=0, bias=no, act=none)", [1, 4, 3, -1, 2, -4, 1, 0,
         2, -1], [1, 2, 1],
        [12, 9, 3, -1, -5, -2, 3, 3],
    ),
    # a convolution is a correlation with the filter turned round
    ("full 1-D convolution", "3x1 > conv3-1(pad=full, bias=no, act=none)", [2, -1, 1], [2, 1, 1],
     [2, 1, 4, -1, 2]),
    (
        "full 2-D convolution", "3x3x1 > conv2-1(pad=full, bias=no, act=none)", [[1, 3, 1], [0, -1,
         1], [2, 2, -1]], [[-1, 0], [2, 1]],
        [[1, 5, 7, 2], [0, -2, -4, 1], [2, 6, 4, -3], [0, -2, -2, 1]],
    ),
    (
        "max pooling", "4x4x1 > pool", [[29, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12,
         12, 45, 6]], None,
        [[100, 184], [12, 45]],
    ),
    (
        "average pooling", "4x4x1 > avgpool", [[29, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2],
         [12, 12, 45, 6]], None,
        [[36, 80], [12, 15]],
    ),
    # (ax, ay, az + bx, by, bz) for the filter (2, 3, 5) and the input (7, 11)
    ("transposed 1-D", "2x1 > tconv3-1/2(pad=0, bias=no)", [7, 11], [2, 3, 5], [14, 21, 35 + 22,
     33, 55]),
    ("nearest", "2x2x1 > up2", [[1, 2], [3, 4]], None, [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4],
     [3, 3, 4, 4]]),
    ("bed of nails", "2x2x1 > nails2", [[1, 2], [3, 4]], None, [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0,
     4, 0], [0, 0, 0, 0]]),
    (
        "max unpooling", "4x4x1 > pool as p > unpool(@p)", [[1, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2,
         1], [7, 3, 4, 8]], None,
        [[0, 0, 6, 0], [0, 5, 0, 0], [0, 0, 0, 0], [7, 0, 0, 8]],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "text", "x", "kernel", "expected"), COMPUTED, ids=[what for what, *_ in COMPUTED]
)
def test_the_lectures_computations(
    what: str, text: str, x: Any, kernel: Any, expected: Any
) -> None:
    model = compiled(text)
    if kernel is not None:
        model.set_weights([np.asarray(kernel, dtype="float32")[..., None, None]])
    np.testing.assert_allclose(run(model, image(x))[0, ..., 0], expected, atol=1e-4)


def test_the_logistic_neuron() -> None:
    model = compiled("2 > sigmoid-1")
    model.set_weights([np.array([[2.0], [-3.0]]), np.array([-3.0])])
    y = run(model, [[-1.0, -2.0]])[0, 0]
    assert y == pytest.approx(0.73, abs=0.005)
    assert y * (1 - y) == pytest.approx(0.2, abs=0.005)


def test_batch_norm_in_use_does_not_depend_on_the_batch() -> None:
    model = compiled("4x4x2 > bn > gap")
    model.set_weights([np.array(w) for w in ([2, 3], [1, -1], [0.5, 0.2], [4, 9])])
    x = rng_array((6, 4, 4, 2))
    whole = run(model, x)
    np.testing.assert_allclose(run(model, x[2:3]), whole[2:3], atol=1e-5)
    expected = (x - [0.5, 0.2]) / np.sqrt(np.array([4, 9]) + 1e-5) * [2, 3] + [1, -1]
    np.testing.assert_allclose(whole, expected.mean(axis=(1, 2)), atol=1e-5)


def test_batch_norm_keeps_the_training_runs_averages() -> None:
    """Each batch moves the averages by a tenth (momentum 0.9)."""
    model = compiled("3 > bn")
    x = rng_array((50, 3)) * 2 + 5
    model(x, training=True)
    mean, variance = model.get_weights()[2:]
    np.testing.assert_allclose(mean, 0.1 * x.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(variance, 0.9 + 0.1 * x.var(axis=0), rtol=1e-3)


# --- padding, strides and groups against plain NumPy ----------------------------------------------

Pads = Sequence[tuple[int, int]]


def windows(
    x: Any,
    window: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    fill: float,
    counts: Sequence[int],
) -> Any:
    """The windows of one example: positions of the output, cells, channels.

    After the input there is as much padding as is needed.
    """
    whole = np.full(
        [
            *(
                size + before + after + 50
                for size, (before, after) in zip(x.shape, pads, strict=False)
            ),
            x.shape[-1],
        ],
        np.nan,
    )
    inside = tuple(
        slice(0, size + before + after)
        for size, (before, after) in zip(x.shape, pads, strict=False)
    )
    whole[inside] = fill
    whole[
        tuple(
            slice(before, before + size) for size, (before, _) in zip(x.shape, pads, strict=False)
        )
    ] = x
    found = np.empty((*counts, int(np.prod(window)), x.shape[-1]))
    for at in np.ndindex(*counts):
        cut = tuple(slice(p * s, p * s + k) for p, s, k in zip(at, strides, window, strict=True))
        found[at] = whole[cut].reshape(-1, x.shape[-1])
    return found


def conv_reference(x: Any, kernel: Any, strides: Sequence[int], pads: Pads, groups: int = 1) -> Any:
    window = kernel.shape[:-2]
    counts = [
        (n + sum(p) - k) // s + 1
        for n, p, k, s in zip(x.shape, pads, window, strides, strict=False)
    ]
    seen = windows(x, window, strides, pads, 0, counts)
    inner, outer = x.shape[-1] // groups, kernel.shape[-1] // groups
    parts = [
        np.einsum(
            "...kc,kcn->...n",
            seen[..., g * inner : (g + 1) * inner],
            kernel.reshape(-1, inner, kernel.shape[-1])[..., g * outer : (g + 1) * outer],
        )
        for g in range(groups)
    ]
    return np.concatenate(parts, axis=-1)


CONVOLUTIONS: list[tuple[str, tuple[int, ...], tuple[int, ...], Pads, int]] = [
    # (P, P) with P = (K-1)/2, also at stride 2 on even sizes, where TensorFlow's SAME would pad
    # less before than after
    ("conv3-4/2", (8, 8, 3), (2, 2), [(1, 1), (1, 1)], 1),
    ("conv3-4/2", (7, 8, 3), (2, 2), [(1, 1), (1, 1)], 1),
    ("conv7-4/2", (12, 12, 2), (2, 2), [(3, 3), (3, 3)], 1),
    ("conv5-4/3", (10, 11, 2), (3, 3), [(2, 2), (2, 2)], 1),
    ("conv3-4/2(pad=tf)", (8, 8, 3), (2, 2), [(0, 1), (0, 1)], 1),
    ("conv4-4(pad=tf)", (6, 7, 3), (1, 1), [(1, 2), (1, 2)], 1),
    ("conv3-4(pad=0)", (6, 7, 3), (1, 1), [(0, 0), (0, 0)], 1),
    ("conv3-4(pad=2x1)", (6, 7, 3), (1, 1), [(2, 2), (1, 1)], 1),
    ("conv3-4/2x1(pad=(2,0,1,3))", (6, 7, 3), (2, 1), [(2, 0), (1, 3)], 1),
    ("conv1x3-4/1x2", (6, 8, 3), (1, 2), [(0, 0), (1, 1)], 1),
    ("conv3-6(groups=3)", (5, 5, 3), (1, 1), [(1, 1), (1, 1)], 3),
    ("conv3-4/2(groups=2)", (6, 6, 6), (2, 2), [(1, 1), (1, 1)], 2),
    ("conv3-4/2", (8, 3), (2,), [(1, 1)], 1),
    ("conv3-4(pad=causal)", (8, 3), (1,), [(2, 0)], 1),
    ("conv3-2/2", (4, 6, 5, 2), (2, 2, 2), [(1, 1), (1, 1), (1, 1)], 1),
    ("dw3", (6, 6, 3), (1, 1), [(1, 1), (1, 1)], 3),
    ("dw3/2", (8, 8, 3), (2, 2), [(1, 1), (1, 1)], 3),
    ("dw3/2x1(mult=2)", (8, 6, 3), (2, 1), [(1, 1), (1, 1)], 3),
    ("dw3(mult=2)", (6, 6, 2), (1, 1), [(1, 1), (1, 1)], 2),
    ("dw3/2", (8, 3), (2,), [(1, 1)], 3),
    ("dw3", (4, 4, 4, 2), (1, 1, 1), [(1, 1)] * 3, 2),
]


@pytest.mark.parametrize(("layer", "shape", "strides", "pads", "groups"), CONVOLUTIONS)
def test_convolutions(
    layer: str, shape: tuple[int, ...], strides: tuple[int, ...], pads: Pads, groups: int
) -> None:
    more = "bias=no, act=none" if layer.startswith("conv") else "bias=no"
    text = f"{layer[:-1]}, {more})" if layer.endswith(")") else f"{layer}({more})"
    model = compiled(f"{'x'.join(map(str, shape))} > {text}")
    (stored,) = model.get_weights()
    kernel = rng_array(stored.shape)
    model.set_weights([kernel])
    if layer.startswith(
        "dw"
    ):  # (window, channels, mult) or (window, 1, channels*mult): the same order of numbers
        kernel = kernel.reshape(*kernel.shape[:-2], 1, -1)
    x = rng_array(shape, 1)
    np.testing.assert_allclose(
        run(model, x[None])[0], conv_reference(x, kernel, strides, pads, groups), atol=1e-4
    )


@pytest.mark.parametrize(
    "text",
    [
        "6x6x3 > sep3-4/2(bias=no)",
        "8x3 > sep3-4(bias=no)",
        "4x4x4x2 > sep3-3(bias=no)",
        "6x8x2 > sep3-4/2x1(bias=no)",
    ],
)
def test_separable_convolutions(text: str) -> None:
    model = compiled(text)
    depthwise, pointwise = (rng_array(w.shape, i) for i, w in enumerate(model.get_weights()))
    model.set_weights([depthwise, pointwise])
    shape = tuple(model.inputs[0].shape[1:])
    x, channels, rank = rng_array(shape, 5), shape[-1], len(shape) - 1
    strides = {"2": (2,) * rank, "2x1": (2, 1)}.get(
        text.split("(")[0].rpartition("/")[2] if "/" in text else "", (1,) * rank
    )
    inner = conv_reference(
        x,
        depthwise.reshape(*depthwise.shape[:rank], 1, channels),
        strides,
        [(1, 1)] * rank,
        channels,
    )
    np.testing.assert_allclose(
        run(model, x[None])[0], inner @ pointwise.reshape(channels, -1), atol=1e-4
    )


def largest(seen: Any) -> Any:
    return np.nanmax(seen, axis=-2)


def mean(seen: Any) -> Any:
    """The mean of those cells that lie in the padded input."""
    return np.nanmean(seen, axis=-2)


POOLS: list[
    tuple[str, tuple[int, ...], tuple[int, int, Pads], tuple[int, ...], float, Callable[[Any], Any]]
] = [
    # window, stride, padding; positions; what the padding holds: minus infinity, 0, or nothing
    # (it does not count)
    ("pool3/2(pad=same)", (8, 8, 2), (3, 2, [(1, 1)] * 2), (4, 4), -np.inf, largest),
    ("pool3/1(pad=same)", (5, 6, 2), (3, 1, [(1, 1)] * 2), (5, 6), -np.inf, largest),
    ("pool3/2(pad=tf)", (8, 8, 2), (3, 2, [(0, 1)] * 2), (4, 4), -np.inf, largest),
    ("pool3/2(ceil)", (8, 8, 2), (3, 2, [(0, 0)] * 2), (4, 4), -np.inf, largest),
    ("pool3/2(pad=1, ceil)", (8, 8, 2), (3, 2, [(1, 1)] * 2), (5, 5), -np.inf, largest),
    ("pool3/2(pad=(1,0,1,0))", (8, 8, 2), (3, 2, [(1, 0)] * 2), (4, 4), -np.inf, largest),
    ("pool3/2(pad=same)", (9, 2), (3, 2, [(1, 1)]), (5,), -np.inf, largest),
    ("pool3/2(pad=same)", (4, 5, 6, 1), (3, 2, [(1, 1)] * 3), (2, 3, 3), -np.inf, largest),
    ("avgpool3/2(pad=same)", (8, 8, 2), (3, 2, [(1, 1)] * 2), (4, 4), 0, mean),
    ("avgpool3/1(pad=1)", (5, 5, 2), (3, 1, [(1, 1)] * 2), (5, 5), 0, mean),
    ("avgpool3/2(pad=tf)", (8, 8, 2), (3, 2, [(0, 1)] * 2), (4, 4), np.nan, mean),
    ("avgpool3/1(pad=tf)", (5, 6, 2), (3, 1, [(1, 1)] * 2), (5, 6), np.nan, mean),
    ("avgpool3/2(ceil)", (8, 8, 2), (3, 2, [(0, 0)] * 2), (4, 4), 0, mean),
    ("avgpool3/2(pad=1, ceil)", (8, 8, 2), (3, 2, [(1, 1)] * 2), (5, 5), 0, mean),
    ("avgpool3/2(pad=1, ceil)", (8, 2), (3, 2, [(1, 1)]), (5,), 0, mean),
]


@pytest.mark.parametrize(("layer", "shape", "slide", "counts", "fill", "reduce"), POOLS)
def test_pools(
    layer: str,
    shape: tuple[int, ...],
    slide: tuple[int, int, Pads],
    counts: tuple[int, ...],
    fill: float,
    reduce: Callable[[Any], Any],
) -> None:
    """On negative numbers: zeros in the padding would show."""
    kernel, stride, pads = slide
    rank = len(shape) - 1
    x = -1 - np.abs(rng_array(shape))
    expected = reduce(windows(x, (kernel,) * rank, (stride,) * rank, pads, fill, counts))
    found = run(compiled(f"{'x'.join(map(str, shape))} > {layer}"), x[None])[0]
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_widen_takes_every_other_position_and_adds_zeros() -> None:
    x = rng_array((1, 7, 6, 3))
    expected = np.concatenate([x[:, ::2, ::2], np.zeros((1, 4, 3, 2))], axis=-1)
    np.testing.assert_allclose(run(compiled("7x6x3 > widen-5/2"), x), expected)


def test_the_residual_of_option_a_and_of_option_b() -> None:
    x = rng_array((1, 6, 6, 2))
    for skip, shortcut in (
        ("pad", lambda kernel: np.concatenate([x[:, ::2, ::2], np.zeros((1, 3, 3, 2))], -1)),
        ("auto", lambda k: x[:, ::2, ::2] @ k),
    ):
        model = compiled(f"6x6x2 > res(conv3-4/2(bias=no), skip={skip}, act=none)")
        arrays = [rng_array(w.shape, i) for i, w in enumerate(model.get_weights())]
        model.set_weights(arrays)
        kernels = {array.shape[:2]: array for array in arrays if array.ndim == 4}
        inner = conv_reference(x[0], kernels[3, 3], (2, 2), [(1, 1), (1, 1)])
        bias = sum(array for array in arrays if array.ndim == 1)
        expected = inner + shortcut(kernels[1, 1][0, 0] if skip == "auto" else None)[0] + bias
        np.testing.assert_allclose(run(model, x)[0], expected, atol=1e-4)


def test_merges_compute_what_they_say() -> None:
    x, y = rng_array((2, 3, 3, 2)), rng_array((2, 3, 3, 2), 1)
    vector = x.max(axis=(1, 2))[:, None, None]
    expected = {
        "[ @x | @y ]": np.concatenate([x, y], -1),
        "add[ @x | @y | @x ]": 2 * x + y,
        "mul[ @x | @y ]": x * y,
        "max[ @x | @y ]": np.maximum(x, y),
        "avg[ @x | @y | @y ]": (x + 2 * y) / 3,
        "sub[ @x | @y ]": x - y,
        "dot[ @x | @y ]": (x * y).sum(-1, keepdims=True),
        "stack[ @x | @y ]": np.stack([x, y], 1),
        "mul[ @y | @x > gmp ]": y * vector,
        "sub[ @x > gmp | @y ]": vector - y,
        "dot[ @y | @x > gmp ]": (y * vector).sum(-1, keepdims=True),
    }
    model = compiled(
        "input x: 3x3x2\ninput y: 3x3x2\n"
        + "\n".join(f"{merge} as m{i}" for i, merge in enumerate(expected))
    )
    for found, (merge, value) in zip(run(model, x, y), expected.items(), strict=True):
        np.testing.assert_allclose(found, value, atol=1e-5, err_msg=merge)


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("lenet5", "lenet5"),
        ("réseau", "reseau"),
        ("my net", "my_net"),
        ("_a", "network_a"),
        ("网络", "network"),
        ("a/b$c", "a_b_c"),
    ],
)
def test_models_are_called_as_tensorflow_can_call_them(name: str, scope: str) -> None:
    from netdsl.keras.build import scope_name

    assert scope_name(name) == scope
