"""Numbers through a graph, without Keras."""

from __future__ import annotations

import numpy as np
import pytest
from support.networks import read

from netdsl.analysis.forward import forward
from netdsl.errors import NetError
from netdsl.graph import Graph
from netdsl.kinds.facts import Arrays


def test_what_is_not_defined_is_nan_or_infinite_without_a_warning() -> None:
    """Warnings are errors here."""
    x = np.array([[-1.0, 0.0, 4.0]])
    *_, root = forward(np, read("3 > sqrt").graph, {}, [x])
    np.testing.assert_array_equal(root, [[np.nan, 0, 2]])
    *_, inverse = forward(np, read("3 > recip").graph, {}, [x])
    np.testing.assert_array_equal(inverse, [[-1, np.inf, 0.25]])


def test_shares_of_large_numbers_are_those_of_their_differences() -> None:
    """Of each example by itself: exp of these numbers is infinite, or 0."""
    x = np.array([[1000.0, 999.0], [-1000.0, -1001.0]])
    for text, expected in (("2 > softmax", 1 / (1 + np.exp(-1))), ("2 > logsoftmax", -0.3132617)):
        *_, shares = forward(np, read(text).graph, {}, [x])
        np.testing.assert_allclose(shares[:, 0], [expected, expected], rtol=1e-6)


def nothing(graph: Graph) -> dict[int, Arrays]:
    """Weights of 0."""
    return {
        at: {weight.name: np.zeros(weight.shape) for weight in graph.weights(op)}
        for at, op in enumerate(graph.ops)
    }


@pytest.mark.parametrize(
    ("text", "shape", "turned"),
    [
        ("6 > fc-3(linear, bias=no) as a > fc-6(linear, bias=no) as b", (2, 6), True),
        ("5x2 > conv3-4(linear, bias=no) as a > tconv3-2(linear, bias=no) as b", (2, 5, 2), False),
        ("5x4 > conv3-4(linear, bias=no) as a > tconv3-4(linear, bias=no) as b", (2, 5, 4), False),
        ("4 > fc-4(linear, bias=no) as a > fc-4(linear, bias=no) as b", (2, 4), True),
    ],
)
def test_a_tied_matrix_is_transposed_and_a_tied_window_is_taken_as_it_is(
    text: str, shape: tuple[int, ...], turned: bool
) -> None:
    apart, tied = read(text).graph, read(f"{text}\ntie b = transpose a").graph
    (weight,) = apart.weights(apart.ops[1])
    kernel = np.arange(float(np.prod(weight.shape))).reshape(weight.shape)
    x = np.sin(np.arange(np.prod(shape))).reshape(shape)
    both = {1: {"kernel": kernel}, 2: {"kernel": kernel.T if turned else kernel}}
    np.testing.assert_array_equal(
        forward(np, tied, {1: both[1]}, [x])[-1], forward(np, apart, both, [x])[-1]
    )


@pytest.mark.parametrize(
    ("text", "layer", "mask", "padded", "whole"),
    [
        ("6 of int(9) > embed-4(mask) > gru-3", "gru-3", "embed-4(mask)", 0, 1),
        ("6 of int(9) > embed-4(mask) > dropout(0.5) > gap", "gap", "embed-4(mask)", 0, 1),
        ("6x2 > mask(7) > lstm-3", "lstm-3", "mask(7)", 7, 0),
    ],
)
def test_padding_that_a_layer_skips_is_refused(
    text: str, layer: str, mask: str, padded: int, whole: int
) -> None:
    graph = read(text).graph
    x = np.full((1, *graph.ops[0].shape), whole)
    assert forward(np, graph, nothing(graph), [x])[-1].shape == (1, graph.ops[-1].size)
    x[0, 5] = padded
    with pytest.raises(NetError) as caught:
        forward(np, graph, nothing(graph), [x])
    (found,) = caught.value.diagnostics
    assert (found.code, found.message, found.help) == (
        "N671",
        f"`{layer}` skips the padding that `{mask}` finds in these numbers",
        "the definitions in NumPy skip none: `netdsl forward --engine keras` does, or give numbers "
        "without padding",
    )
    assert found.span
    assert found.span.text == layer


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("6 of int(9) > embed-4(mask) > dense-3(linear)", (6, 3)),
        # Masks of elements do not leave `each`.
        ("3x6 of int(9) > each(embed-4(mask)) > mul[ id | id ]", (3, 6, 4)),
    ],
)
def test_padding_that_nothing_skips_is_computed(text: str, shape: tuple[int, ...]) -> None:
    graph = read(text).graph
    x = np.zeros((1, *graph.ops[0].shape))
    assert forward(np, graph, nothing(graph), [x])[-1].shape == (1, *shape)
