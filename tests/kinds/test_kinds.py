"""Kinds without Keras: what a class must state, shapes, weights, costs, what is kept,
references, indices, mistakes and source.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from support.kinds import kind_of

from netdsl import parse
from netdsl.errors import NetError, Source
from netdsl.graph import Graph, Op
from netdsl.kinds import KINDS
from netdsl.kinds.facts import Case, Saved
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import Real
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import Indices, Shape, dims
from netdsl.reading import ReadOptions, check_source
from netdsl.report.write import written_out

GROUPS = {
    "convolution": "conv dw sep tconv local",
    "dense": "fc dense",
    "pooling": "pool avgpool l2pool lppool stochpool featpool gap gmp",
    "unpooling": "up nails unpool",
    "norm": "bn ln in gn rms lrn l2norm",
    "noise": "dropout sdropout droppath noise",
    "shape": "id flatten reshape permute pad crop shuffle slice resize first cls widen",
    "sequence": "embed pos sincos lstm gru rnn attention",
    "other": "scale rescale std",
}


def last(text: str) -> tuple[Graph, Op, tuple[Shape, ...]]:
    """The graph of a text, its last operation, and the shapes that come into it."""
    graph = parse(text).graph
    return graph, graph.ops[-1], graph.input_shapes(graph.ops[-1])


# --- all kinds ------------------------------------------------------------------------------------


def test_every_kind_of_the_language_is_there() -> None:
    for group, words in GROUPS.items():
        assert {kind.word for kind in KINDS.values() if kind.group == group} >= set(words.split())


def test_a_class_that_lacks_a_rule_fails() -> None:
    whole: dict[str, Any] = {
        "__doc__": "Nothing.",
        "word": "nothing",
        "group": "shape",
        "cases": (Case("nothing", (1,), (1,), 0),),
        "arithmetic": "",
        "saved_for_backward": "",
        "layers": lambda self, k, name, output, *inputs: [],
    }
    for lacking, reported in [
        ("__doc__", "__doc__"),
        ("word", "does not define its word"),
        ("group", "group"),
        ("cases", "cases"),
        ("arithmetic", "elementwise_ops or arithmetic"),
        ("saved_for_backward", "saved_tensors or saved_for_backward"),
        ("layers", "layers"),
    ]:
        stated = {name: value for name, value in whole.items() if name != lacking}
        with pytest.raises(TypeError, match=reported):
            type("Nothing", (type("_Base", (Plain,), {"word": "_base"}),), stated)
        assert "nothing" not in KINDS


# --- shapes and weights ---------------------------------------------------------------------------


SHAPES = [
    # transposed: (W - 1)*S + D*(K-1) + 1 - Pa - Pb + extra
    ("7x7x4 > tconv3-8/2", (14, 14, 8)),
    ("7x4 > tconv5-8/3", (21, 8)),
    ("7x4 > tconv2-8/3", (21, 8)),
    ("7x4 > tconv4-8", (7, 8)),
    ("7x4 > tconv4-8/2(pad=1)", (14, 8)),
    ("7x4 > tconv4-8/2(pad=valid)", (16, 8)),
    ("7x4 > tconv4-8/2(pad=valid, extra=1)", (17, 8)),
    ("7x4 > tconv3-8(pad=0, dilation=3)", (13, 8)),
    ("7x5x4 > tconv3-8/2x1(pad=(0,1,1,0))", (14, 6, 8)),
    ("3x4x5x2 > tconv2-3/2", (6, 8, 10, 3)),
    # the others
    ("9x9x4 > l2pool3/2(ceil)", (4, 4, 4)),
    ("9x4 > stochpool3/2(pad=same)", (5, 4)),
    ("9x9x6 > featpool3(max)", (9, 9, 2)),
    ("9x9x6 > up3x2", (27, 18, 6)),
    ("9x9x6 > crop((1,2,3,0))", (6, 6, 6)),
    (
        "input 9x9x6\n> conv3-4(pad=0) as a > conv3-4(pad=0) as b\n"
        "@a > crop(@b) as c > [ id | @b ]",
        (5, 5, 8),
    ),
    ("9x9x6 > permute(3, 1, 2) > reshape(54x9)", (54, 9)),
    ("9x9x6 > resize(3x5)", (3, 5, 6)),
    ("9x6 > cls > attention(heads=3) > first", (6,)),
    ("9x6 > lstm-4(seq, bi) > gru-5(back)", (5,)),
    ("8x8x4 > conv3-8(in, relu) > conv3-8(gn(groups=2)) > conv3-8(rms) > gap", (8,)),
]


@pytest.mark.parametrize(("text", "shape"), SHAPES)
def test_shapes(text: str, shape: Shape) -> None:
    assert parse(text).outputs[0].shape == shape


WEIGHTS = [
    ("8x8x4 > tconv3-8/2", {"kernel": (3, 3, 8, 4), "bias": (8,)}),
    ("227x227x3 > local11-96/4(pad=0)", {"kernel": (55, 55, 11, 11, 3, 96), "bias": (55, 55, 96)}),
    ("10x4 > lstm-8", {"kernel": (4, 32), "recurrent_kernel": (8, 32), "bias": (32,)}),
    ("10x4 > gru-8", {"kernel": (4, 24), "recurrent_kernel": (8, 24), "bias": (24,)}),
    ("10x4 > gru-8(after)", {"kernel": (4, 24), "recurrent_kernel": (8, 24), "bias": (2, 24)}),
    ("10 of int(50) > embed-8", {"embeddings": (50, 8)}),
    ("10x4 > scale(bias)", {"kernel": (4,), "bias": (4,)}),
    ("10x4 > rms", {"scale": (4,)}),
]


@pytest.mark.parametrize(("text", "arrays"), WEIGHTS)
def test_weights(text: str, arrays: dict[str, Shape]) -> None:
    graph, op, _ = last(text)
    assert {weight.name: weight.shape for weight in graph.weights(op)} == arrays


def test_the_lectures_locally_connected_layer() -> None:
    assert parse("227x227x3 > local11-96/4(pad=0)").counts.params == 105_705_600


def test_roles() -> None:
    """What `weights` counts: kernels, embeddings, positions and tokens, not the factors of norms
    and `scale`, nor biases.
    """
    counts = parse(
        "9 of int(7) > embed-4 > cls > pos > rms > scale(bias) > attention(heads=2)"
    ).counts
    assert counts.params - counts.weights == 4 + 4 + 4 + 4 * 4
    assert counts.weights == 7 * 4 + 4 + 10 * 4 + 4 * 16


# --- costs ----------------------------------------------------------------------------------------


def test_attention_counts_its_projections_among_acts() -> None:
    """Vision Transformer B/16 without attention's two products: 16.5 M activations, as timm
    counts it with fused attention.
    """
    block = "res(ln > attention(heads=12)) > res(ln > dense-3072(gelu) > dense-768)"
    text = (
        f"224x224x3 > conv16-768/16(pad=0) > reshape(196x768) > cls > pos > ({block}) x12 > ln > "
        "first > fc-1000"
    )
    counts = parse(text).counts
    assert counts.params == 86_567_656  # timm and torchvision
    assert round(counts.acts / 1e6, 1) == 16.5


def test_attention_to_another_sequence_adds_biases_of_its_length_to_keys_and_values() -> None:
    texts = [
        f"input q: 10x16\ninput m: 7x12\n@q > attention(heads=4, kv=@m{more})"
        for more in ("", ", bias=no")
    ]
    with_biases, without = (
        kind_of(op).elementwise_ops(op.shape, *shapes) for _, op, shapes in map(last, texts)
    )
    queries, keys, values, out = 10 * 16, 7 * 16, 7 * 16, 10 * 16
    assert with_biases - without == queries + keys + values + out


SAVED = [
    ("9x9x4 > featpool2", Saved(inputs=True, output=True)),
    ("9x9x4 > featpool2(max)", Saved(indices=9 * 9 * 2)),
    ("9x9x4 > conv3-8", Saved(inputs=True)),
    ("9x9x4 > sep3-8", Saved(inputs=True, values=9 * 9 * 4)),
    ("9x9x4 > relu", Saved(output=True)),
    ("9x9x4 > bn", Saved(inputs=True, values=8)),
    ("9x9x4 > in", Saved(inputs=True, values=8)),
    ("9x4 > ln", Saved(inputs=True, values=18)),
    ("9x9x4 > pool3/3", Saved(indices=3 * 3 * 4)),
    ("9x9x4 > avgpool3/3", Saved()),
    ("9x9x4 > dropout(0.5)", Saved(masks=9 * 9 * 4)),
    ("9x9x4 > sdropout(0.5)", Saved(masks=4)),
    ("9x9x4 > droppath(0.5)", Saved(masks=1)),
    ("9 > fc-4(dropconnect=0.5, linear)", Saved(inputs=True, masks=36)),
    ("9x9x4 > [ id | id ]", Saved()),
    ("9x9x4 > mul[ id | id ]", Saved(inputs=True)),
    ("9x9x4 > flatten", Saved()),
]


@pytest.mark.parametrize(("text", "kept"), SAVED)
def test_what_is_kept_for_the_backward_pass(text: str, kept: Saved) -> None:
    graph = parse(text).graph
    op = graph.ops[1]
    assert kind_of(op).saved_tensors(op.shape, *graph.input_shapes(op)) == kept


# --- what they compute ----------------------------------------------------------------------------


HALF = math.atanh(0.5)


@pytest.mark.parametrize(
    ("text", "weights", "y"),
    [
        # with weights of 0 gates are 1/2, and the candidate is tanh of its bias
        ("3x1 > gru-1(seq)", {"bias": [0, 0, HALF]}, [1 / 4, 3 / 8, 7 / 16]),
        ("3x1 > gru-1(seq, after)", {"bias": [[0, 0, HALF], [0, 0, 0]]}, [1 / 4, 3 / 8, 7 / 16]),
        # after the product the reset gate halves the second bias
        ("3x1 > gru-1(after)", {"bias": [[0, 0, 0], [0, 0, 2 * HALF]]}, [7 / 16]),
        ("1x1 > lstm-1", {"bias": [0, 0, HALF, 0]}, [math.tanh(1 / 4) / 2]),
        ("2x1 > lstm-1", {"bias": [0, 0, HALF, 0]}, [math.tanh(3 / 8) / 2]),
        # running sums
        ("3x1 > rnn-1(seq, inside=linear)", {"kernel": [[1]], "recurrent": [[1]]}, [1, 3, 7]),
        ("3x1 > rnn-1(seq, inside=linear, back)", {"kernel": [[1]]}, [4, 2, 1]),
        (
            "3x1 > rnn-1(seq, inside=linear, bi=add)",
            {"forward_kernel": [[1]], "backward_kernel": [[10]], "backward_recurrent": [[1]]},
            [71, 62, 44],
        ),
    ],
)
def test_recurrent_layers_by_hand(text: str, weights: dict[str, list[Any]], y: list[float]) -> None:
    """On 1, 2, 4; weights that are not given are 0."""
    graph, op, shapes = last(text)
    arrays = {weight.name: np.zeros(weight.shape) for weight in graph.weights(op)}
    for name, values in weights.items():
        arrays[name.replace("recurrent", "recurrent_kernel")][:] = values
    x = np.array([1.0, 2, 4])[: shapes[0][0]].reshape(1, -1, 1)
    np.testing.assert_allclose(kind_of(op).forward(np, arrays, x).ravel(), y)


@pytest.mark.parametrize(
    ("text", "y"),
    [
        ("5x1 > avgpool3/2(pad=0)", [7 / 3, 28 / 3]),
        ("5x1 > avgpool3/2(pad=same)", [1, 14 / 3, 8]),
        ("5x1 > avgpool3/2(pad=tf)", [3 / 2, 14 / 3, 12]),
        ("5x1 > avgpool2(ceil)", [3 / 2, 6, 16]),
        ("5x1 > avgpool3(pad=1, ceil)", [1, 28 / 3]),
        ("5x1 > avgpool4/3(pad=1, ceil)", [7 / 4, 28 / 4]),
        ("5x1 > stochpool3/2(pad=same)", [5 / 3, 84 / 14, 320 / 24]),
        ("5x1 > featpool1", [1, 2, 4, 8, 16]),
        ("1x4 > featpool2", [math.sqrt(5), math.sqrt(80)]),
    ],
)
def test_pools_by_hand(text: str, y: list[float]) -> None:
    """On 1, 2, 4, 8, 16."""
    network = parse(text)
    x = np.array([1, 2, 4, 8, 16])[: math.prod(network.inputs[0].shape)]
    found = network.forward(x.reshape(network.inputs[0].shape)).last
    np.testing.assert_allclose(found.ravel(), y)


# --- references, indices --------------------------------------------------------------------------


def test_a_reference_is_a_further_input() -> None:
    graph, op, shapes = last(
        "input 7x6\n> dense-8 as memory\n> dense-4 > attention(heads=2, kv=@memory)"
    )
    assert [graph.ops[source].name for source in op.inputs] == ["dense_1", "memory"]
    assert shapes == ((7, 4), (7, 8))


def test_unpooling_reads_what_the_pool_reads() -> None:
    graph, op, shapes = last("8x8x3 > conv3-4(relu) > pool as p > conv3-4(relu) > unpool(@p)")
    assert shapes == ((4, 4, 4), (8, 8, 4))
    assert kind_of(graph.ops[op.inputs[1]]).word == "relu"


def test_cropping_reads_the_size_alone() -> None:
    _, op, _ = last("8x8x3 > conv3-4(pad=0) as a > up2 > crop(@a)")
    assert len(op.inputs) == 1


def test_references_are_kept_when_activations_are_left_out() -> None:
    """`conv3-4` loses its activation, so the operations after it move up by one."""
    graph, op, _ = last("8x8x3 > conv3-4 > relu > pool as p > conv3-4 > relu > unpool(@p)")
    ref = kind_of(op).references()["pool"]
    assert graph.ops[ref.op].kind is ref.kind
    assert ref.inputs[0][0] == op.inputs[1]


def test_a_reference_may_be_a_blocks_argument() -> None:
    text = (
        "def cross(m) = res(attention(heads=2, kv=m))\ninput 7x4\n"
        "> dense-6 as e > dense-4 > cross(@e) > gap > softmax-3"
    )
    assert not check_source(Source("t", text), ReadOptions(), "t").diagnostics


def test_written_out_references_are_those_names() -> None:
    text = "def f() = pool as p > conv3-3 > unpool(@p)\ninput 8x8x3\n> f > f > gap > softmax-3"
    made = parse(text)
    written = written_out(made)
    assert "unpool(pool=@f_1_p)" in written
    assert "unpool(pool=@f_2_p)" in written
    assert parse(written).counts == made.counts


def test_indices() -> None:
    made = parse("input words: 12x5 of int(300)\n> embed-4 > reshape(60x4) > gap")
    shape = made.inputs[0].shape
    assert isinstance(shape, Indices)
    assert (shape, shape.limit, dims(shape)) == ((12, 5), 300, "12x5 of int(300)")
    assert parse("param v = 7\ninput 3 of int(v)\n> embed-4").counts.params == 28
    assert type(made.graph.ops[1].shape) is tuple


# --- mistakes: code, and the marked place ---------------------------------------------------------


MISTAKES = [
    ("8x8x4 > [[up]]", "N106"),
    ("8x8x4 > up2([[cubic]])", "N103"),
    ("4 > [[up2]]", "N203"),
    ("8x8x4 > nails[[2x2x2]]", "N202"),
    ("8x8x4 > pool as p > conv3-8 > [[unpool(@p)]]", "N207"),
    ("8x8x4 > conv3-4 as p > [[unpool(@p)]]", "N107"),
    ("8x8x4 > [[unpool]]", "N106"),
    ("8x8x4 > unpool([[3]])", "N107"),
    ("8x8x4 > unpool([[@q]])", "N101"),
    ("8x8x4 > tconv3-2/2([[dilation=2]])", "N107"),
    ("8x8x4 > tconv3-2/2([[extra=2]], pad=0)", "N107"),
    ("8x8x4 > [[tconv3-2(pad=9)]]", "N204"),
    ("8x8x4 > tconv3-2(pad=[[full]])", "N107"),
    ("4x4x4x4 > [[local3-2]]", "N203"),
    ("8x8x4 > featpool[[3]]", "N206"),
    ("8x8x4 > featpool[[2x2]]", "N202"),
    ("8x8x4 > featpool2(of=[[mean]])", "N107"),
    ("8x8x4 > [[lppool2]]", "N106"),
    ("8x8x4 > lppool2([[0.5]])", "N107"),
    ("8x8x4 > [[gn]]", "N206"),
    ("8x8x4 > [[conv3-6(gn(groups=4))]]", "N206"),
    ("4 > [[in]]", "N203"),
    ("8x8x4 > rms([[shift]]=no)", "N103"),
    ("10 > [[sdropout(0.1)]]", "N203"),
    ("8x8x4 > droppath([[1]])", "N107"),
    ("8x8x4 > [[noise]]", "N106"),
    ("8x8x4 > [[reshape(7x7)]]", "N207"),
    ("8x8x4 > [[permute(2,1)]]", "N202"),
    ("8x8x4 > [[permute]]", "N106"),
    ("8x8x4 > [[crop(4)]]", "N204"),
    ("8x8x4 > conv1-4 as x > pool > [[crop(@x)]]", "N207"),
    ("8x8x4 > [[shuffle(3)]]", "N206"),
    ("8x8x4 > [[slice(2, 2)]]", "N204"),
    ("8x8x4 > [[slice(2)]]", "N106"),
    ("8x8x4 > resize([[3x3x3]])", None),
    ("8x8x4 > [[first]]", "N203"),
    ("8x8x4 > [[last]]", "N203"),
    ("8 > [[spread]]", "N106"),
    ("8 > spread([[0]])", "N107"),
    ("8x8x4 > [[spread(3)]]", "N203"),
    ("1x1x4 > [[spread(3)]]", "N203"),
    ("8 > [[pow]]", "N106"),
    ("8 > pow([[yes]])", "N103"),
    ("8 > neg([[2]])", "N103"),
    ("8 > relu([[6]])", "N103"),
    ("8 > relu(max=[[-1]])", "N107"),
    ("8 > relu(slope=[[none]])", "N107"),
    ("8 > [[const]]", "N106"),
    ("8 > const([[one]])", "N103"),
    ("8x8x4 > conv3-1([[convolved]])", "N103"),
    ("8x8x1 > tconv3-1([[convolve]])", "N103"),
    ("8x8x4 > [[take(0, 2)]]", "N203"),
    ("10x4 > [[take(2, 2)]]", "N204"),
    ("10x4 > [[take(3, 11)]]", "N204"),
    ("10x4 > [[take(2)]]", "N106"),
    ("10x4 > take([[-1]], 2)", "N107"),
    ("10 > [[roll(1)]]", "N203"),
    ("10x4 > [[roll(1x2)]]", "N202"),
    ("8x8x4 > roll([[0.5]])", "N107"),
    ("8x8x4 > roll([[(1, yes)]])", "N107"),
    ("8x8x4 > [[roll]]", "N106"),
    ("8x5x4 > [[roll(5)]]", "N204"),
    ("8x5x4 > [[roll((-8, 0))]]", "N204"),
    ("8x8x6 > pixelshuffle[[2]]", "N206"),
    ("9x8x4 > pixelunshuffle[[2]]", "N206"),
    ("8x8x4 > pixelshuffle[[2x2x2]]", "N202"),
    ("8x8x4 > [[pixelshuffle]]", "N106"),
    ("8x8x4 > pixelshuffle2([[rcd]])", "N103"),
    ("16 > [[pixelshuffle2]]", "N203"),
    ("8x8x4 > [[cls]]", "N203"),
    ("10 > [[embed-4]]", "N203"),
    ("10 of int(5) > [[fc-3]]", "N203"),
    ("10 of [[float]](5) > embed-3", "N107"),
    ("10 of int([[0]]) > embed-3", "N107"),
    ("8x8x4 > [[lstm-4]]", "N203"),
    ("10x4 > [[lstm]]", "N106"),
    ("10x4 > [[lstm-3(bi, back)]]", "N107"),
    ("10x4 > [[attention]]", "N106"),
    ("10x4 > attention([[heads=3]])", "N206"),
    ("10x4 > attention(heads=2, kv=[[3]])", "N107"),
    ("10x4 > dense-4 as m > dense-4 > [[attention(heads=2, kv=@m, causal)]]", None),
    ("10x4 > [[rescale]]", "N106"),
    ("10x4 > [[std((1,2,3), 1)]]", "N206"),
    ("10x4 > [[std(0, 0)]]", "N107"),
    ("10x4 > fc-3(dropconnect=[[1]])", "N107"),
    ("10x4 > fc-3(dropconnect=[[-0.1]])", "N107"),
    ("8x8x3 > tconv3-2(pad=[[causal]])", "N107"),
    ("10x4 > fc-3(init=[[normal(0)]])", "N107"),
    ("10x4 > fc-3(init=[[normal(1, 2)]])", "N107"),
    ("10x4 > fc-3(init=[[normal(a=1)]])", "N107"),
    ("10x4 > fc-3(init=[[uniform]])", "N107"),
    ("10x4 > fc-3(init=[[zeros(3)]])", "N107"),
    ("10x4 > scale(init=[[auto]])", "N107"),
    ("10x4 > fc-3(bias_init=[[auto]])", "N107"),
    ("2x2x2x2x2 > [[softmax]]", "N203"),
    ("2x2x2x2x2 > [[widen-3/2]]", "N203"),
    ("10x4 > dense-3([[dropconnect]]=0.5)", "N103"),
]


@pytest.mark.parametrize(("marked", "code"), MISTAKES)
def test_mistakes(marked: str, code: str | None) -> None:
    """`[[ ]]` marks the place that the error names; None: any place and code."""
    before, _, rest = marked.partition("[[")
    place, _, after = rest.partition("]]")
    errors = [
        d
        for d in check_source(Source("t", before + place + after), ReadOptions(), "t").diagnostics
        if d.severity == "error"
    ]
    assert len(errors) == 1
    if code is not None:
        span = errors[0].span
        assert span is not None
        assert (errors[0].code, span.text, span.start) == (code, place, len(before))


@pytest.mark.parametrize(
    ("given", "help"),
    [
        ("8x8x4", "reshape(64x4) turns it into a sequence"),
        ("2x3x4x5", "reshape(24x5) turns it into a sequence"),
        ("8", "reshape(8x1) turns it into a sequence"),
    ],
)
def test_what_is_not_a_sequence_can_become_one(given: str, help: str) -> None:
    with pytest.raises(NetError) as caught:
        parse(f"{given} > lstm-4")
    assert [found.help for found in caught.value.diagnostics] == [help]
    assert parse(f"{given} > {help.split()[0]} > lstm-4").outputs[0].shape == (4,)


# --- source ---------------------------------------------------------------------------------------


SOURCE = [
    (
        "8x8x4 > conv3-64/2(pad=tf, linear)",
        ['layers.Conv2D(64, 3, strides=2, padding="same", name="conv_1")(x)'],
    ),
    (
        "8x8x4 > conv3-64/2(linear)",
        [
            'layers.ZeroPadding2D(1, name="conv_1_pad")(x)',
            'layers.Conv2D(64, 3, strides=2, name="conv_1")(y)',
        ],
    ),
    ("8x8x4 > pool", ['layers.MaxPooling2D(2, name="pool_1")(x)']),
    (
        "8x8x4 > pool3/2(pad=same)",
        [
            'ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=float("-inf"))',
            'layers.MaxPooling2D(3, strides=2, name="pool_1")(y)',
        ],
    ),
    ("8 > fc-4(tanh, l2=0.1)", ['layers.Activation("tanh", name="fc_1_tanh")(x)']),
    (
        "10x4 > attention(heads=2, causal)",
        ['layers.MultiHeadAttention(2, 2, name="attention_1")(x, x, use_causal_mask=True)'],
    ),
    (
        "10x4 > lstm-3(bi)",
        ['layers.Bidirectional(layers.LSTM(3, name="lstm_1_way"), name="lstm_1")(x)'],
    ),
    ("10x4 > slice(1, 3)", ["x[..., 1:3]"]),
    (
        "5x5x3 > tconv3-2/2(pad=1, extra=1)",  # what `extra` keeps is not cut
        [
            'layers.Conv2DTranspose(2, 3, strides=2, name="tconv_1")(x)',
            'layers.Cropping2D(((1, 0), (1, 0)), name="tconv_1_crop")(y)',
        ],
    ),
    (
        "4x4x3 > tconv2-2/2(pad=1)",  # a window as long as the stride leaves no gap to fill
        [
            'layers.Conv2DTranspose(2, 2, strides=2, name="tconv_1")(x)',
            'layers.Cropping2D(1, name="tconv_1_crop")(y)',
        ],
    ),
    (
        "10x4 > lstm-3(l2=0.1)",
        [
            "layers.LSTM(3, kernel_regularizer=regularizers.L1L2(l1=0.0, l2=0.05), "
            'recurrent_regularizer=regularizers.L1L2(l1=0.0, l2=0.05), name="lstm_1")(x)'
        ],
    ),
    ("10x4 > std", ['layers.Normalization(name="std_1")(x)']),
    (
        "10x2 > std((1,2), 2)",
        ['layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 4.0], name="std_1")(x)'],
    ),
    ("10x4 > first", ["x[:, 0]"]),
    ("8x8x4 > l2pool2", ['custom.PowerPooling(2, (2, 2), (2, 2), name="l2pool_1")(x)']),
    ("8x8x4 > add[ id | id ]", ['layers.Add(name="add_1")([x, x])']),
]


@pytest.mark.parametrize(("text", "lines"), SOURCE)
def test_source(text: str, lines: list[str]) -> None:
    _, op, shapes = last(text)
    reads = ("x",) * len(op.inputs)
    assert list(kind_of(op).source(op.name, op.shape, *shapes, reads=reads, writes="y")) == lines


def test_source_of_kernels() -> None:
    graph = parse("8 > fc-4(relu, l2=0.1, bias_init=0.5)").graph
    op = graph.ops[1]
    assert kind_of(op).source(op.name, op.shape, *graph.input_shapes(op)) == (
        'layers.Dense(4, name="fc_1", bias_initializer=initializers.Constant(0.5), '
        "kernel_initializer=initializers.HeNormal(),"
        " kernel_regularizer=regularizers.L1L2(l1=0.0, l2=0.05))(x)",
    )


@pytest.mark.parametrize(
    ("extra", "pad", "fits"), [(1, 0, True), (2, 0, False), (2, 1, True), (3, 1, False)]
)
def test_extra_is_what_pad_cuts_and_fewer_than_the_stride_beyond(
    extra: int, pad: int, fits: bool
) -> None:
    text = f"8x8x3 > tconv3-2/2(pad={pad}, extra={extra})"
    if fits:
        shape = parse(text).outputs[0].shape
        assert shape == (2 * 7 + 3 - 2 * pad + extra,) * 2 + (2,)
    else:
        with pytest.raises(NetError, match="by a stride or more"):
            parse(text)


@pytest.mark.parametrize(
    ("meaning", "words"),
    [
        ("distribution", "softmax"),
        ("log-distribution", "logsoftmax"),
        ("probability", "sigmoid hsigmoid"),
        ("score", "linear"),
        ("margin", "tanh"),
    ],
)
def test_what_a_loss_can_read_an_output_as(meaning: str, words: str) -> None:
    assert {kind.word for kind in KINDS.values() if kind.output_meaning == meaning} == set(
        words.split()
    )


@pytest.mark.parametrize(
    "layer", ["elu(alpha=-1)", "lrelu(slope=-1)", "dropout(1.5)", "noise(-1)", "lrn(size=0)"]
)
def test_numbers_out_of_their_range_are_refused(layer: str) -> None:
    with pytest.raises(NetError) as caught:
        parse(f"9x9x4 > {layer} > gap > fc-2")
    assert [found.code for found in caught.value.diagnostics] == ["N107"]


def test_a_number_may_be_its_largest_one_unless_that_is_excluded() -> None:
    """No kind has such an option; one that is added may."""

    class Kind:
        largest = Real(1, min=0, max=2)
        below = Real(1, min=0, max=2, exclude_max=True)

    assert Kind.largest.read(2) == 2
    for option, value, accepts in [
        (Kind.largest, 3, "`largest` requires a number from 0 to 2, not 3"),
        (Kind.below, 2, "`below` requires a number from 0 below 2, not 2"),
    ]:
        with pytest.raises(LayerError, match=accepts):
            option.read(value)
