"""Networks in Keras: the table's shapes and counts, the lectures' small computations, values against plain NumPy, and what is stable."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.network import Network, parse

pytestmark = pytest.mark.keras

ROOT = Path(__file__).resolve().parents[1]


def built(text: str, *weights: Any) -> Any:
    """The model of a text, with these arrays as its weights."""
    model = parse(text).keras(seed=0)
    if weights:
        model.set_weights([np.asarray(array, "float32").reshape(own.shape) for array, own in zip(weights, model.weights, strict=True)])
    return model


def run(text: str, x: Any, *weights: Any) -> Any:
    """What the network of a text gives for one example, in use."""
    import keras

    model = built(text, *weights)
    return keras.ops.convert_to_numpy(model(np.asarray(x, "float32")[None], training=False))[0]


def image(rows: Any) -> Any:
    """A picture of one channel."""
    return np.asarray(rows, "float32")[..., None]


# --- the table and the model ----------------------------------------------------------------------------------------------

EXAMPLES = sorted((ROOT / "examples").glob("*.net"))
TEXTS = [
    "param w = 8\ndef f(c) = res(conv3-{c}/2 > conv3-{c})\n32x32x3 > conv3-{w}(bn) > f(8) x2 > gap > softmax-10",
    "default conv(bn)\n16x16x4 > res(conv3-8/2 > conv3-8, skip=pad) > res(conv1-8, skip=match) > gap > fc-3",
    "input a: 8x8x2\ninput b: 8x8x3\n[ @a | @b ] > conv3-4(relu) as c > gap > fc-2 as out\n@c > flatten > fc-3 as other",
    "def se(c={in}) = mul[ id | gap > fc-{c//4} > sigmoid-{c} ]\n16x16x8 > se > add[ id | gap ] > dropout(0.5) > flatten > softmax-4",
    "64x4 > conv3-8(pad=causal) > pool > sep3-6(bn) > gap > softmax-4",
    "6x8x8x2 > conv3-4/2(pad=1) > dw3 > pool(ceil) > avgpool2(ceil, pad=0) > lrn > gmp > softmax-2",
    "16x16x3 > stack[ gap | gmp ] > ln > dense-4(gelu) > softmax",
    "9x9x2 > dot[ conv1-3 | conv3-3 ] > sub[ id | avgpool3/1(pad=same) ] > max[ id | abs ] > avg[ id | tanh ] > flatten > fc-3",
]


def agrees(network: Network) -> None:
    """Every layer of the table has its output in the model, and the sums are the model's."""
    model = network.keras(seed=0)
    counts = network.counts
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    assert (trainable, model.count_params()) == (counts.params, counts.total)
    shapes = {layer.name: layer for layer in model.layers}
    for op in network.graph.ops:
        if op.name in shapes and op.kind is not None:
            assert tuple(shapes[op.name].output.shape[1:]) == op.shape, op.name
    outputs = model.outputs
    assert [tuple(output.shape[1:]) for output in outputs] == [point.shape for point in network.outputs]
    weighted = {op.name for op in network.graph.ops if network.graph.weights(op) and op.shares is None}
    assert weighted <= set(shapes)
    for op in network.graph.ops:
        if op.name in weighted:
            held = sum(math.prod(weight.shape) for weight in shapes[op.name].weights)
            assert held <= sum(array.size for array in network.graph.weights(op)), op.name


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_have_the_tables_shapes_and_counts(path: Path) -> None:
    agrees(netdsl.load(path))


@pytest.mark.parametrize("text", TEXTS)
def test_networks_have_the_tables_shapes_and_counts(text: str) -> None:
    network = parse(text)
    agrees(network)
    model = network.keras(seed=0)
    inputs = [np.zeros((2, *point.shape), "float32") for point in network.inputs]
    given = model(inputs if len(inputs) > 1 else inputs[0])
    for output in given if isinstance(given, list) else [given]:
        assert np.isfinite(np.asarray(output)).all()


# --- the lectures' small computations -------------------------------------------------------------------------------------

X2 = image([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]])
X1 = image([1, 4, 3, -1, 2, -4, 1, 0, 2, -1])
POOLED = image([[29, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12, 12, 45, 6]])
LECTURES = [
    ("5x5x1 > conv3-1(pad=0, bias=no)", X2, [[0, 1, 2], [2, 2, 0], [0, 1, 2]], [[12, 12, 17], [10, 17, 19], [9, 6, 14]]),
    ("10x1 > conv3-1(pad=0, bias=no)", X1, [1, 2, 1], [12, 9, 3, -1, -5, -2, 3, 3]),
    ("3x1 > conv3-1(pad=full, bias=no)", image([2, -1, 1]), [2, 1, 1], [2, 1, 4, -1, 2]),
    (
        "3x3x1 > conv2-1(pad=full, bias=no)",
        image([[1, 3, 1], [0, -1, 1], [2, 2, -1]]),
        [[-1, 0], [2, 1]],  # a convolution turns its kernel: [[1, 2], [0, -1]]
        [[1, 5, 7, 2], [0, -2, -4, 1], [2, 6, 4, -3], [0, -2, -2, 1]],
    ),
    ("4x4x1 > pool", POOLED, None, [[100, 184], [12, 45]]),
    ("4x4x1 > avgpool", POOLED, None, [[36, 80], [12, 15]]),
]


@pytest.mark.parametrize(("text", "x", "kernel", "answer"), LECTURES, ids=[text for text, *_ in LECTURES])
def test_what_the_lectures_work_out(text: str, x: Any, kernel: Any, answer: Any) -> None:
    given = run(text, x, *([] if kernel is None else [kernel]))
    np.testing.assert_allclose(given[..., 0], answer, atol=1e-5)


def test_the_logistic_neuron() -> None:
    assert run("2 > sigmoid-1", [-1, -2], [2, -3], [-3]) == pytest.approx([0.73], abs=0.005)


def test_penalties_are_the_lectures() -> None:
    """l2=a adds (a/2)*||W||^2 and l1=a adds a*||W||_1, of kernels and not of biases; act_l1=a adds a*||h||_1 for each example."""
    kernel, bias = np.array([[1.0, -2.0], [3.0, 0.5]]), np.array([10.0, 10.0])
    squares, sizes = (kernel**2).sum(), np.abs(kernel).sum()
    for options, wanted in (("l2=0.1", 0.05 * squares), ("l1=0.1", 0.1 * sizes), ("l1=0.2, l2=0.4", 0.2 * sizes + 0.2 * squares)):
        model = built(f"2 > fc-2({options})", kernel, bias)
        assert float(sum(model.losses)) == pytest.approx(wanted, rel=1e-5)
    model = built("2 > fc-2(act=relu, act_l1=0.1)", kernel, bias)
    x = np.array([[1.0, 2.0], [0.0, 1.0]], "float32")
    hidden = np.maximum(x @ kernel + bias, 0)
    model(x)
    assert float(sum(model.losses)) == pytest.approx(0.1 * np.abs(hidden).sum() / len(x), rel=1e-5)


# --- values against plain NumPy -------------------------------------------------------------------------------------------


def padded(x: Any, pads: Any, value: float) -> Any:
    return np.pad(x, [*pads, (0, 0)], constant_values=value)


def windows(x: Any, size: Any, stride: Any, dilation: Any, outputs: Any) -> Any:
    """Each output position with the cells of its window: positions x cells x channels, cut off where the array ends."""
    for position in itertools.product(*map(range, outputs)):
        along = zip(position, stride, dilation, size, x.shape[:-1], strict=True)
        cells = [[p * s + d * k for k in range(n) if p * s + d * k < w] for p, s, d, n, w in along]
        yield position, x[np.ix_(*cells)]


def reference(x: Any, what: str, size: Any, stride: Any, pads: Any, kernel: Any = None, dilation: Any = None, ceil: bool = False) -> Any:
    """Pools and convolutions by their definition, for any number of axes."""
    rank = x.ndim - 1
    dilation = dilation or (1,) * rank
    whole = padded(x, pads, -math.inf if what == "max" else 0.0)
    counts = []
    for w, n, s, d, (before, _), own in zip(whole.shape[:-1], size, stride, dilation, pads, x.shape[:-1], strict=True):
        room = w - d * (n - 1) - 1
        count = -(-room // s) + 1 if ceil else room // s + 1
        counts.append(count - 1 if ceil and (count - 1) * s >= own + before else count)
    channels = {"max": x.shape[-1], "mean": x.shape[-1]}.get(what) or kernel.shape[-1] * (x.shape[-1] if what == "depthwise" else 1)
    y = np.zeros((*counts, channels))
    for position, cells in windows(whole, size, stride, dilation, counts):
        flat = cells.reshape(-1, x.shape[-1])
        if what == "max":
            y[position] = flat.max(0)
        elif what == "mean":
            y[position] = flat.mean(0)
        elif what == "depthwise":
            y[position] = np.einsum("nc,ncm->cm", flat, kernel.reshape(-1, *kernel.shape[-2:])).reshape(-1)
        else:
            y[position] = np.einsum("nc,ncf->f", flat, kernel.reshape(-1, *kernel.shape[-2:]))
    return y


def both(amount: int, rank: int) -> tuple[tuple[int, int], ...]:
    return ((amount, amount),) * rank


def axes(number: int, rank: int) -> tuple[int, ...]:
    return (number,) * rank


POOLS = [
    ("pool3/2(pad=same)", "max", (7, 8), 3, 2, both(1, 2), False),
    ("pool3/2(ceil)", "max", (8, 7), 3, 2, both(0, 2), True),
    ("pool2(pad=(0,1,1,0))", "max", (5, 5), 2, 2, ((0, 1), (1, 0)), False),
    ("pool3/2(pad=tf)", "max", (8, 8), 3, 2, ((0, 1), (0, 1)), False),
    ("pool3/2(pad=1, ceil)", "max", (8,), 3, 2, both(1, 1), True),
    ("pool2(ceil)", "max", (3, 5, 4), 2, 2, both(0, 3), True),
    ("avgpool3/2(pad=same)", "mean", (7, 8), 3, 2, both(1, 2), False),
    ("avgpool3/2(ceil)", "mean", (8, 10), 3, 2, both(0, 2), True),
    ("avgpool3/2(pad=1, ceil)", "mean", (8, 8), 3, 2, both(1, 2), True),
    ("avgpool2(pad=(1,0,0,1))", "mean", (5, 5), 2, 2, ((1, 0), (0, 1)), False),
    ("avgpool3/2(ceil)", "mean", (10,), 3, 2, both(0, 1), True),
    ("avgpool2(ceil)", "mean", (3, 5, 4), 2, 2, both(0, 3), True),
]


@pytest.mark.parametrize(("text", "what", "positions", "size", "stride", "pads", "ceil"), POOLS, ids=[f"{p[0]} on {p[2]}" for p in POOLS])
def test_pools(text: str, what: str, positions: Any, size: int, stride: int, pads: Any, ceil: bool) -> None:
    """Padded cells never win a maximum, also among negative numbers; they count in a mean's divisor, cells beyond them do not."""
    rank = len(positions)
    x = np.random.default_rng(0).normal(size=(*positions, 2)) - 5
    wanted = reference(x, what, axes(size, rank), axes(stride, rank), pads, ceil=ceil)
    given = run(f"{'x'.join(map(str, positions))}x2 > {text}", x)
    np.testing.assert_allclose(given, wanted, rtol=1e-5)


def test_a_tf_mean_does_not_count_the_padding() -> None:
    given = run("3x3x1 > avgpool2(pad=tf)", np.ones((3, 3, 1)))
    np.testing.assert_allclose(given, np.ones((2, 2, 1)))


CONVOLUTIONS = [
    ("conv3-4/2", (7, 8), (3, 3), (2, 2), both(1, 2), (1, 1)),
    ("conv3-4/2", (8, 8), (3, 3), (2, 2), both(1, 2), (1, 1)),
    ("conv5-2/3", (11,), (5,), (3,), both(2, 1), (1,)),
    ("conv3-3(pad=(1,0,2,1))", (6, 6), (3, 3), (1, 1), ((1, 0), (2, 1)), (1, 1)),
    ("conv3-3(pad=causal, dilation=2)", (9,), (3,), (1,), ((4, 0),), (2,)),
    ("conv1x3-3/2x1(dilation=1x2)", (6, 7), (1, 3), (2, 1), ((0, 0), (2, 2)), (1, 2)),
    ("conv4-3/2(pad=tf)", (7, 7), (4, 4), (2, 2), ((1, 2), (1, 2)), (1, 1)),
    ("conv3-2/2(pad=1)", (5, 4, 6), (3, 3, 3), (2, 2, 2), both(1, 3), (1, 1, 1)),
]


@pytest.mark.parametrize(
    ("text", "positions", "size", "stride", "pads", "dilation"), CONVOLUTIONS, ids=[f"{c[0]} on {c[1]}" for c in CONVOLUTIONS]
)
def test_convolutions(text: str, positions: Any, size: Any, stride: Any, pads: Any, dilation: Any) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(*positions, 2))
    head = f"{'x'.join(map(str, positions))}x2 > "
    units = parse(head + text).outputs[0].shape[-1]
    kernel, bias = rng.normal(size=(*size, 2, units)), rng.normal(size=units)
    wanted = reference(x, "conv", size, stride, pads, kernel, dilation) + bias
    np.testing.assert_allclose(run(head + text, x, kernel, bias), wanted, rtol=1e-4, atol=1e-4)


DEPTHWISE = [
    ("dw3/2x1", (7, 6), (3, 3), (2, 1), 1),
    ("dw3/2(mult=2)", (7, 8), (3, 3), (2, 2), 2),
    ("dw5", (9,), (5,), (1,), 1),
    ("dw3/2(mult=2)", (5, 4, 6), (3, 3, 3), (2, 2, 2), 2),
]


@pytest.mark.parametrize(("text", "positions", "size", "stride", "mult"), DEPTHWISE, ids=[f"{d[0]} on {d[1]}" for d in DEPTHWISE])
def test_depthwise_convolutions(text: str, positions: Any, size: Any, stride: Any, mult: int) -> None:
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(*positions, 2)), rng.normal(size=(*size, 2, mult))
    bias = rng.normal(size=2 * mult)
    pads = tuple((n // 2, n // 2) for n in size)
    wanted = reference(x, "depthwise", size, stride, pads, kernel) + bias
    np.testing.assert_allclose(run(f"{'x'.join(map(str, positions))}x2 > {text}", x, kernel, bias), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("text", "positions", "stride"), [("sep3-4", (5, 6), (1, 1)), ("sep3-4/2x1", (6, 5), (2, 1)), ("sep3-4/2", (5, 4, 6), (2, 2, 2))]
)
def test_separable_convolutions(text: str, positions: Any, stride: Any) -> None:
    rng = np.random.default_rng(0)
    rank = len(positions)
    x, depthwise = rng.normal(size=(*positions, 2)), rng.normal(size=(*axes(3, rank), 2, 1))
    pointwise, bias = rng.normal(size=(*axes(1, rank), 2, 4)), rng.normal(size=4)
    inner = reference(x, "depthwise", axes(3, rank), stride, both(1, rank), depthwise)
    wanted = inner @ pointwise.reshape(2, 4) + bias
    given = run(f"{'x'.join(map(str, positions))}x2 > {text}", x, depthwise, pointwise, bias)
    np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-4)


def test_local_response_norm() -> None:
    """Krizhevsky et al. 2012, section 3.3, with alpha divided by the number of channels that are summed."""
    x = np.random.default_rng(0).normal(size=(3, 3, 7)) * 3
    wanted = np.zeros_like(x)
    for channel in range(7):
        near = x[..., max(0, channel - 1) : channel + 2]
        wanted[..., channel] = x[..., channel] / (1.5 + 0.3 / 3 * (near**2).sum(-1)) ** 0.6
    np.testing.assert_allclose(run("3x3x7 > lrn(size=3, alpha=0.3, beta=0.6, k=1.5)", x), wanted, rtol=1e-5)


def test_the_parameter_free_shortcut() -> None:
    x = np.random.default_rng(0).normal(size=(5, 6, 2))
    given = run("5x6x2 > widen-5/2", x)
    np.testing.assert_allclose(given[..., :2], x[::2, ::2], rtol=1e-6)
    assert not given[..., 2:].any()


def test_merges_spread_vectors_over_positions() -> None:
    x = np.random.default_rng(0).normal(size=(4, 5, 3))
    np.testing.assert_allclose(run("4x5x3 > add[ id | gap ]", x), x + x.mean((0, 1)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(run("4x5x3 > mul[ gmp | id ]", x), x * x.max((0, 1)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(run("4x5x3 > dot[ id | gmp ]", x), (x * x.max((0, 1))).sum(-1, keepdims=True), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(run("4x5x3 > sub[ gap | id ]", x), x.mean((0, 1)) - x, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(run("4x5x3 > stack[ gap | gmp ]", x), np.stack([x.mean((0, 1)), x.max((0, 1))]), rtol=1e-5)


def test_batch_norm_in_use_takes_the_averages_of_training() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3))
    gamma, beta, mean, variance = np.array([[1.0, 2, 3], [0, 1, 0], [0.5, 0, 0], [4, 1, 9]])
    wanted = (x - mean) / np.sqrt(variance + 1e-5) * gamma + beta
    np.testing.assert_allclose(run("4x3 > bn", x, gamma, beta, mean, variance), wanted, rtol=1e-4, atol=1e-5)


# --- what is stable -------------------------------------------------------------------------------------------------------


def test_layers_are_named_by_the_blocks_that_lead_to_them() -> None:
    text = "def unit(c) = conv3-{c}(bn) as mid > pool\n16x16x1 > unit(2) as first > unit(4) x2 > conv1-2(relu) > flatten > softmax-3 as out"
    names = [layer.name for layer in built(text).layers]
    unit = ["conv_1", "conv_1_bn", "conv_1_relu"]
    assert names[0] == "input"
    assert {"first_mid", "first_mid_bn", "first_mid_relu", "first_pool_1", "unit_1_mid", "unit_2_mid", "out", "out_softmax"} <= set(names)
    assert len(set(names)) == len(names)
    assert names == [layer.name for layer in built(text).layers]
    assert [name for name in names if name.startswith("conv")] == [unit[0], unit[2]]


def test_names_do_not_depend_on_what_was_built_before() -> None:
    text = "9x9x2 > pool3/2(pad=1) > dot[ id | conv1-2 ] > [ id | widen-3 ] > stack[ gap | gmp ] > flatten > fc-2"
    first, again = (json.dumps([layer.name for layer in built(text).layers]) for _ in range(2))
    assert first == again


def test_the_same_seed_gives_the_same_weights() -> None:
    network = parse("8x8x1 > conv3-4 > gap > softmax-3")
    first, again, other = (network.keras(seed=seed).get_weights() for seed in (3, 3, 4))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_kernels_begin_as_what_follows_wants_it() -> None:
    import keras

    model = built("8x8x1 > conv3-4 > conv3-4 > bn > tanh > conv1-4(init=normal(0.1), bias_init=0.5) > gap > softmax-3")
    kinds = [type(layer.kernel_initializer) for layer in model.layers if hasattr(layer, "kernel_initializer")]
    initial = keras.initializers
    assert kinds == [initial.HeNormal, initial.GlorotUniform, initial.RandomNormal, initial.GlorotUniform]
    assert {float(bias) for bias in model.get_layer("conv_3").get_weights()[1]} == {0.5}


def test_activations_are_what_they_are_called() -> None:
    x = np.linspace(-4, 4, 9)
    sigmoid = 1 / (1 + np.exp(-x))
    erf = np.vectorize(math.erf)
    wanted = {
        "relu": np.maximum(x, 0),
        "relu6": np.clip(x, 0, 6),
        "lrelu": np.where(x > 0, x, 0.01 * x),
        "lrelu(0.2)": np.where(x > 0, x, 0.2 * x),
        "prelu": np.where(x > 0, x, 0.25 * x),
        "elu": np.where(x > 0, x, np.expm1(x)),
        "elu(0.5)": np.where(x > 0, x, 0.5 * np.expm1(x)),
        "selu": 1.05070098 * np.where(x > 0, x, 1.67326324 * np.expm1(x)),
        "gelu": x * (1 + erf(x / math.sqrt(2))) / 2,
        "swish": x * sigmoid,
        "silu": x * sigmoid,
        "mish": x * np.tanh(np.log1p(np.exp(x))),
        "hswish": x * np.clip(x + 3, 0, 6) / 6,
        "hsigmoid": np.clip(x + 3, 0, 6) / 6,
        "tanh": np.tanh(x),
        "sigmoid": sigmoid,
        "softplus": np.log1p(np.exp(x)),
        "softsign": x / (1 + np.abs(x)),
        "softmax": np.exp(x) / np.exp(x).sum(),
        "logsoftmax": x - np.log(np.exp(x).sum()),
        "exp": np.exp(x),
        "abs": np.abs(x),
        "linear": x,
    }
    from netdsl.kinds import KINDS

    assert {name.split("(")[0] for name in wanted} == {word for word, kind in KINDS.items() if kind.group == "activation"}
    for text, values in wanted.items():
        np.testing.assert_allclose(run(f"9 > {text}", x), values, rtol=1e-4, atol=1e-5, err_msg=text)
