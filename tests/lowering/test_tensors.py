"""`learned` and `fixed`: tensors of the network's own."""

from __future__ import annotations

import pytest
from support.networks import codes, only, read
from support.written import assert_written_out_is_the_same

from netdsl import parse

# the text, the output's shape, params
TENSORS = [
    ("input 4\nlearned q: 4\nadd[ @input | @q ]", (4,), 4),
    ("learned q: 10x4 = uniform(0.1)\ninput 6x4\n@q > attention(heads=2, kv=@input)", (10, 4), 120),
    ("learned q: 10x4\ninput 6x4\n[ @q > gap | @input > gap ] > fc-2", (2,), 40 + 18),
    ("fixed g: 3 = (1, 2, 1/3)\ninput 3 > mul[ id | @g ]", (3,), 0),
    ("fixed g: 2x3 = ((1, 2, 3), (4, 5, 6))\ninput 2x3 > mul[ id | @g ]", (2, 3), 0),
    ("fixed g: 2x3 = (1, 2, 3, 4, 5, 6)\ninput 2x3 > mul[ id | @g ]", (2, 3), 0),
    ("fixed g: 2x3 = -1\ninput 2x3 > mul[ id | @g ]", (2, 3), 0),
    (
        "param c = 4\nlearned q: {2*c}x{c} = {1/c}\ninput 3x4\nmatmul(transpose)[ @q | @input ]",
        (8, 3),
        32,
    ),
    ("learned q: 4\ninput 5x4 > each(add[ id | fc-4 ]) > mul[ id | @q ]", (5, 4), 24),
    ("learned q: 5x4\ninput 5x4 > each(add[ id | @q ])", (5, 4), 20),
]
REFUSED = [
    ("fixed g: 2x3 = (1, 2)\ninput 3 > mul[ id | @g ]", "N207", "is 2x3, and the numbers are 2"),
    ("fixed g: 2x2 = ((1, 2), (1, 2, 3))\n4 > fc-2", "N207", "not [2, 3]"),
    ("fixed g: 3 = relu\n4 > fc-2", "N107", "requires numbers, not relu"),
    ("fixed g: 2 = (1, yes)\n4 > fc-2", "N107", "requires numbers, not yes"),
    ("fixed g: 3 =\n4 > fc-2", "N003", ""),
    ("fixed g: 3\n4 > fc-2", "N003", ""),
    ("learned q: 3 = relu\n4 > fc-2", "N107", "`init`"),
    ("learned q: 0\n4 > fc-2", "N201", "from 1, not 0"),
    ("learned q: 4\nlearned q: 4\n4 > fc-2", "N104", "`q` is used twice"),
    ("learned q: 99999999x99999999\n4 > fc-2", "N407", "elements"),
    ("learned q: 4\n@q > fc-2", "N211", "no input"),
]


@pytest.mark.parametrize(("text", "shape", "params"), TENSORS)
def test_tensors(text: str, shape: tuple[int, ...], params: int) -> None:
    network = parse(text)
    assert network.outputs[-1].shape == shape
    assert network.counts.params == params
    assert_written_out_is_the_same(network)


@pytest.mark.parametrize(("text", "code", "message"), REFUSED)
def test_refused(text: str, code: str, message: str) -> None:
    assert message in only(text, code).message


def test_an_input_still_has_to_reach_an_output() -> None:
    assert "N212" in codes("learned q: 4\ninput 4\n@q > fc-2")


def test_one_that_nothing_reads_is_reported() -> None:
    assert codes("learned q: 4\ninput 4 > fc-2") == ["W703", "W713"]


@pytest.mark.parametrize("word", ["learned", "fixed"])
def test_a_file_can_have_a_block_of_the_word(word: str) -> None:
    network = read(
        f"def {word}(c) = fc-{{c}}\ninput 4\n{word}(3)\n".replace("\n" + word, "\n> " + word)
    )
    assert network.counts.params == 15
    assert read(f"let {word} = fc-3\ninput 4\n@input > {word}").counts.params == 15


def test_keras_layers_are_made_after_an_input() -> None:
    """A tensor of the network's own is called on it; each operation is made once."""
    graph = parse("learned q: 5x4\nlearned r: 4\ninput 5x4 > add[ id | @q ] > mul[ id | @r ]").graph
    (input,) = graph.inputs
    assert input.op == 2
    assert [index for index, _ in graph.with_an_input_first()] == [2, 0, 1, 3, 4]
    assert all(graph.ops[index] is op for index, op in graph.with_an_input_first())
    first, second = graph.ops[:2]
    assert graph.read_by(first) == graph.read_by(second) == (2,)
