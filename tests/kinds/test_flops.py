"""Multiply-accumulates and elementwise operations of every kind, against figures made elsewhere.

MACS holds half of what torch.utils.flop_counter.FlopCounterMode of PyTorch 2.13 counts for the same
layer (recurrent ones a cell a position; `local` as unfolded windows times kernels of their own).
WORK is by hand, from the definition in docs/accounting.md: each addition, comparison, division or
function of one element is 1.
"""

from __future__ import annotations

import pytest
from support.kinds import ALL_KINDS, kind_of

from netdsl import parse
from netdsl.kinds import Kind

MACS = {
    "32x32x1 > conv5-6(pad=0)": 117_600,
    "9x9x4 > conv3-8/2(groups=2)": 3_600,
    "9x9x4 > conv3-8(dilation=2)": 23_328,
    "9x9x4 > conv3x5-8/1x2": 21_600,
    "10x4 > conv5-8": 1_600,
    "4x5x6x3 > conv3-2": 19_440,
    "8x8x4 > dw3": 2_304,
    "8x8x4 > dw3(mult=2)": 4_608,
    "8x8x4 > sep3-16": 6_400,
    "7x7x4 > tconv3-8/2": 14_112,
    "7x4 > tconv5-8/3": 1_120,
    "5x5x1 > local3-2(pad=0)": 162,
    "784 > fc-16": 12_544,
    "10x8 > dense-16": 1_280,
    "10x16 > attention(heads=4)": 13_440,
    "197x768 > attention(heads=12)": 524_391_936,
    "10x4 > lstm-8": 3_840,
    "10x4 > gru-8": 2_880,
    "10x4 > rnn-8": 960,
    "5 > dot[ id | id ]": 5,
    "input a: 10x4\ninput b: 4x6\nmatmul[ @a | @b ]": 240,
    "5 > pairs[ id | id | id ]": 15,
    "input a: 2x10x4\ninput b: 2x6x4\nmatmul(transpose)[ @a | @b ]": 480,
}

WORK = {
    # a bias for each output, where there is one
    "32x32x1 > conv5-6(pad=0)": 28 * 28 * 6,
    "32x32x1 > conv5-6(pad=0, bias=no)": 0,
    "8x8x4 > dw3": 8 * 8 * 4,
    "8x8x4 > dw3(bias=no)": 0,
    "8x8x4 > sep3-16": 8 * 8 * 16,
    "8x8x4 > sep3-16(bias=no)": 0,
    "7x7x4 > tconv3-8/2": 14 * 14 * 8,
    "7x7x4 > tconv3-8/2(bias=no)": 0,
    "5x5x1 > local3-2(pad=0)": 3 * 3 * 2,
    "5x5x1 > local3-2(pad=0, bias=no)": 0,
    "784 > fc-16": 16,
    "784 > fc-16(bias=no)": 0,
    "10x8 > dense-16": 10 * 16,
    "10x8 > dense-16(bias=no)": 0,
    # functions of one element
    "10 > relu": 10,  # max(0, x)
    "10 > relu6": 2 * 10,  # min(6, max(0, x))
    "10 > lrelu": 2 * 10,  # x > 0 ? x : a*x
    "10 > prelu": 2 * 10,
    "10 > elu": 4 * 10,  # x > 0 ? x : a*(exp(x) - 1)
    "10 > selu": 5 * 10,  # and times a factor
    "10 > gelu": 5 * 10,  # x * 0.5 * (1 + erf(x/sqrt(2)))
    "10 > swish": 4 * 10,  # x / (1 + exp(-x))
    "10 > mish": 5 * 10,  # x * tanh(log(1 + exp(x)))
    "10 > hswish": 5 * 10,  # x * min(6, max(0, x + 3)) / 6
    "10 > hsigmoid": 4 * 10,  # min(6, max(0, x + 3)) / 6
    "10 > tanh": 10,
    "10 > sigmoid": 4 * 10,  # 1 / (1 + exp(-x))
    "10 > softplus": 3 * 10,  # log(1 + exp(x))
    "10 > softsign": 3 * 10,  # x / (1 + |x|)
    "10 > softmax": 3 * 10,  # exp(x), its sum, a division
    "10 > logsoftmax": 3 * 10,  # exp(x), its sum, x - log(sum)
    "10 > exp": 10,
    "10 > abs": 10,
    "10 > neg": 10,
    "10 > recip": 10,
    "10 > sqrt": 10,
    "10 > log": 10,
    "10 > pow(3)": 10,
    "10 > step": 10,  # x > 0
    "10 > sign": 2 * 10,  # x > 0, x < 0
    "10 > relu(max=20)": 2 * 10,  # min(20, max(0, x))
    "10 > relu(max=20, slope=0.1)": 3 * 10,
    "10 > linear": 0,
    # windows: 9 cells and 4 channels at 3x3 places
    "9x9x4 > pool3/3": 3 * 3 * 4 * 8,  # comparisons
    "9x9x4 > avgpool3/3": 3 * 3 * 4 * 9,  # additions and a division
    "9x9x4 > stochpool3/3": 3 * 3 * 4 * 26,  # sum(x^2)/sum(x): 9 squares, 2*8 additions, a division
    "9x9x4 > l2pool3/3": 3 * 3 * 4 * 18,  # 9 squares, 8 additions, a root
    "9x9x4 > lppool3/3(p=3)": 3 * 3 * 4 * 18,
    "9x9x4 > gap": 4 * 81,  # 80 additions and a division
    "9x9x4 > gmp": 4 * 80,
    "9x4 > pool3/3": 3 * 4 * 2,
    "8x8x4 > featpool2": 8 * 8 * 2 * 4,  # 2 squares, an addition, a root
    "8x8x4 > featpool2(max)": 8 * 8 * 2 * 1,
    # sizes and places
    "7x7x4 > up2": 0,
    "7x7x4 > up2(bilinear)": 14 * 14 * 4 * 6,  # along each axis two products and a sum
    "7x7x4 > nails2": 0,
    "4x4x3 > pool as p > unpool(@p)": 0,
    "32x32x3 > resize(64x64)": 64 * 64 * 3 * 6,
    "5x5x16 > flatten": 0,
    "25088 > reshape(7x7x512)": 0,
    "10x4 > permute(2, 1)": 0,
    "8x8x6 > shuffle(2)": 0,
    "8x8x6 > slice(0, 2)": 0,
    "28x28x1 > pad(2)": 0,
    "32x32x16 > widen-32/2": 0,
    "32x32x1 > crop(2)": 0,
    # merges of three branches
    "9x9x4 > [ id | id | id ]": 0,
    "9x9x4 > add[ id | id | id ]": 2 * 9 * 9 * 4,
    "9x9x4 > mul[ id | id | id ]": 2 * 9 * 9 * 4,
    "input a: 9x9x4\ninput b: 9x9x1\ninput c: 1\nmul[ @b | @c | @a ]": 2 * 9 * 9 * 4,
    "input a: 9x9x1\ninput b: 4\nadd[ @a | @b ]": 9 * 9 * 4,
    "9x9x4 > max[ id | id | id ]": 2 * 9 * 9 * 4,
    "9x9x4 > avg[ id | id | id ]": 3 * 9 * 9 * 4,
    "9x9x4 > sub[ id | id ]": 9 * 9 * 4,
    "5 > dot[ id | id ]": 0,
    "5x5 > matmul[ id | id ]": 0,
    "5 > stack[ id | id ]": 0,
    "5 > pairs[ id | id | id ]": 0,
    # nothing in use
    "4096 > dropout(0.5)": 0,
    "8x8x4 > sdropout(0.2)": 0,
    "5 > gaussian[ id | id ]": 0,
    "8x8x4 > droppath(0.1)": 0,
    "784 > noise(0.1)": 0,
    # norms
    "8x8x16 > bn": 2 * 8 * 8 * 16,  # statistics, factor and offset are one line a*x + b in use
    "10x16 > ln": 7 * 10 * 16,  # mean, x - mean, square, mean, a division; factor and offset
    "10x16 > ln(shift=no)": 6 * 10 * 16,
    "10x16 > ln(scale=no, shift=no)": 5 * 10 * 16,
    "8x8x64 > gn": 7 * 8 * 8 * 64,
    "8x8x4 > in": 7 * 8 * 8 * 4,
    "8x8x4 > in(scale=no)": 6 * 8 * 8 * 4,
    "10x16 > rms": 4 * 10 * 16,  # square, mean, a division, factor
    "128 > l2norm": 3 * 128,  # square, sum, a division
    "9x9x8 > lrn": 9 * 9 * 8 * 9,  # a square, 4 additions, alpha, k, a power, a division
    "9x9x8 > lrn(size=3)": 9 * 9 * 8 * 7,
    "8x8x4 > scale": 8 * 8 * 4,
    "8x8x4 > scale(bias)": 2 * 8 * 8 * 4,
    "28x28x1 > rescale(1/255)": 28 * 28,
    "28x28x1 > rescale(2, -1)": 2 * 28 * 28,
    "28x28x1 > std(0.1307, 0.3081)": 2 * 28 * 28,
    "28x28x1 > const(1, 2)": 0,
    # sequences
    "128 of int(20000) > embed-16": 0,
    "10x16 > pos": 10 * 16,
    "10x16 > sincos": 10 * 16,
    "10x16 > first": 0,
    "10x16 > reverse": 0,
    "10x4 > mask": 2 * 10 * 4,  # each number compared, and kept or not
    "10x16 > cls": 0,
    # four biases, the queries' scale, and of each head's 10x10 a softmax
    "10x16 > attention(heads=4)": 4 * 10 * 16 + 10 * 16 + 3 * 4 * 10 * 10,
    "10x16 > attention(heads=4, bias=no)": 10 * 16 + 3 * 4 * 10 * 10,
    # at each position: biases, sigmoids of 4, tanh, and c = f*c + i*g, h = o*tanh(c)
    "10x4 > lstm-8": 10 * 8 * (4 + 3 * 4 + 1 + 5),
    "10x4 > lstm-8(bias=no)": 10 * 8 * (3 * 4 + 1 + 5),
    "10x4 > lstm-8(bi)": 2 * 10 * 8 * (4 + 3 * 4 + 1 + 5),
    # two sigmoids, tanh, r*h and z*h + (1 - z)*g
    "10x4 > gru-8": 10 * 8 * (3 + 2 * 4 + 1 + 1 + 4),
    "10x4 > gru-8(after)": 10 * 8 * (6 + 2 * 4 + 1 + 1 + 4),
    "10x4 > rnn-8": 10 * 8 * (1 + 1),
    "10x4 > rnn-8(seq)": 10 * 8 * (1 + 1),
}


def last(text: str) -> tuple[Kind, tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """The kind of a network's last operation, with its output's and inputs' shapes."""
    graph = parse(text).graph
    op = graph.ops[-1]
    return kind_of(op), op.shape, graph.input_shapes(op)


@pytest.mark.parametrize(("text", "macs"), MACS.items())
def test_macs(text: str, macs: int) -> None:
    kind, output, inputs = last(text)
    assert kind.macs(output, *inputs) == macs


@pytest.mark.parametrize(("text", "work"), WORK.items())
def test_work(text: str, work: int) -> None:
    kind, output, inputs = last(text)
    assert kind.elementwise_ops(output, *inputs) == work
    assert kind.flops(output, *inputs) == 2 * kind.macs(output, *inputs) + work


def test_every_kind_has_a_figure() -> None:
    """Here, or in a case of its own; and every kind that multiplies and accumulates has one made by
    PyTorch.
    """
    found = {text: last(text) for text in WORK}
    words = {
        kind.word
        for kind in ALL_KINDS
        if not kind.is_identity and all(case.flops is None for case in kind.cases)
    }
    assert {kind.word for kind, *_ in found.values()} == words
    multiplying = {
        kind.word for kind, output, inputs in found.values() if kind.macs(output, *inputs)
    }
    assert multiplying == {last(text)[0].word for text in MACS}
