"""Masks: which layers pass them on, as in Keras, and the warning where they are lost."""

from __future__ import annotations

import numpy as np
import pytest
from support.networks import codes, only

from netdsl import parse
from netdsl.errors import NetError
from netdsl.kinds import KINDS

EMBEDDED = "input 8 of int(10)\n> embed-8(mask) > "


@pytest.mark.parametrize(
    "text",
    [
        "lstm-3",
        "gru-3(seq) > lstm-2",
        "dense-4(relu) > ln > dropout(0.1) > gap > fc-2",
        "pos > res(attention(heads=2)) > gap",
        "sincos > cls > attention(heads=2) > lstm-2",
        "[ id | dense-3 ] > gap",
        "gap > fc-2",
        "attention(heads=2) > dense-3(softmax)",
    ],
)
def test_masks_are_kept(text: str) -> None:
    assert not codes(EMBEDDED + text)


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("conv3-8(relu) > gap > fc-2", "conv3-8(relu)"),
        ("gmp > fc-2", "gmp"),
        ("lstm-3(seq) > last > fc-2", "last"),
        ("reverse > lstm-3", "reverse"),
        ("softmax(over=positions) > gap", "softmax(over=positions)"),
        ("each(fc-3) > lstm-3", "each(fc-3)"),
        # known after a merge whose branches all have it
        ("[ id | dense-3 ] > conv3-8", "conv3-8"),
        ("add[ id | id ] > conv3-8", "conv3-8"),
    ],
)
def test_a_lost_mask_is_reported_with_the_layer(text: str, layer: str) -> None:
    found = only(EMBEDDED + text, "W723")
    assert not found.notes
    assert found.message.startswith(f"`{layer}` drops the mask of `embed-8(mask)`")


def test_what_attention_reads_without_a_mask_leaves_that_of_its_input() -> None:
    text = BRANCHES + "@m > attention(heads=2, kv=@b) > conv3-8"
    assert only(text, "W723").message.startswith("`conv3-8` drops the mask of `embed-8(mask)`")


@pytest.mark.parametrize("branch", ["conv3-8", "conv3-8 > ln"])
def test_a_merge_of_what_lost_its_mask_hides_no_later_loss(branch: str) -> None:
    """The merge has nothing of its own to report, the layers after it have."""
    text = (
        "input c: 8 of int(10)\n" + EMBEDDED[:-3] + " as m\n"
        f"add[ @m > {branch} | @m ] > gap as one\n"
        "@c > embed-8(mask) > reverse > lstm-3 as two\n"
    )
    lost = [each.message.split("`")[1] for each in parse(text).warnings if each.code == "W723"]
    assert lost == ["conv3-8", "reverse"]


BRANCHES = "input b: 8x8\ninput 8 of int(10)\n> embed-8(mask) as m\n"


@pytest.mark.keras
@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("add[ @b | @m ] > gap", "add[ ... ]"),
        ("avg[ @m | @m | @b > relu ] > gru-2", "avg[ ... ]"),
        ("[ @b | @m ] > gap", "[ ... ]"),
    ],
)
def test_a_branch_without_a_mask_loses_it(text: str, layer: str) -> None:
    """If one of the branches has no mask, Keras counts every position as data."""
    found = only(BRANCHES + text, "W723")
    assert found.message.startswith(
        f"`{layer}` drops the mask of `embed-8(mask)`, as another branch has none"
    )
    given = {"b": np.ones((1, 8, 8)), "input": np.zeros((1, 8), int)}
    parse(BRANCHES + text).forward(given)  # nothing is left that a layer would skip


@pytest.mark.keras
@pytest.mark.parametrize("word", ["mul", "dot", "max"])
def test_products_and_maxima_skip_padding_and_lose_a_mask(word: str) -> None:
    """Keras's `Multiply` takes 1 for what is padding, its `Maximum` the other branch's."""
    text = f"{BRANCHES}{word}[ @b | @m ] > gap"
    assert only(text, "W723").message.startswith(f"`{word}[ ... ]` drops the mask")
    with pytest.raises(NetError, match="N671"):
        parse(text).forward({"b": np.ones((1, 8, 8)), "input": np.zeros((1, 8), int)})


@pytest.mark.keras
def test_branches_joined_along_positions_keep_padding_of_their_own() -> None:
    text = BRANCHES + "concat(over=positions)[ @b | @m ] > gap"
    assert not codes(text)
    with pytest.raises(NetError, match="N671"):
        parse(text).forward({"b": np.ones((1, 8, 8)), "input": np.zeros((1, 8), int)})


def test_a_lost_mask_is_reported_once() -> None:
    only(EMBEDDED + "res(conv3-8) > gap", "W723")
    (note,) = only(f"def f() = conv3-8(relu)\n{EMBEDDED}f > f > gap", "W723").notes
    assert note.span.text == "f"


def test_of_several_masks_the_first_is_named() -> None:
    text = "input a: 8 of int(10)\ninput b: 8 of int(9)\n@a > embed-4(mask, init=2) as m\n"
    found = only(f"{text}@b > embed-4(mask) as n\ndot[ @m | @n ] > gap", "W723")
    assert "`dot[ ... ]` drops the mask of `embed-4(mask, init=2)`:" in found.message


def test_a_branch_without_a_mask_is_why() -> None:
    found = only(f"{BRANCHES}[ @b | @m ] > gap", "W723")
    assert "`embed-8(mask)`, as another branch has none: from here on" in found.message


def test_masks_within_each_stay_there() -> None:
    assert not codes("input 3x8 of int(10)\n> each(embed-8(mask) > lstm-4) > gap")
    assert not codes("input 8x4 > mask(-1) > gru-3")


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")  # Keras's, of masks that are destroyed
def test_kinds_keep_masks_as_keras_does() -> None:
    """Of each kind that works on a sequence of 8x8, whether Keras's output has the mask."""
    from keras.src.backend import get_keras_mask

    found, stated = {}, {}
    for word, kind in KINDS.items():
        text = kind.cases[0].text if len(kind.cases[0].input) == 2 else word
        if kind.merges:
            text = f"{'' if kind.wordless else word}[ id | id ]"
        text += "-3(seq)" if word in ("lstm", "gru", "rnn") and text == word else ""
        try:
            network = parse(EMBEDDED + text)
        except NetError:  # it needs more than its word, or another input
            continue
        if len(network.graph.ops) == 3 and len(network.outputs[0].shape) == 2:
            found[word] = get_keras_mask(network.keras().outputs[0]) is not None
            stated[word] = kind.keeps_mask and network.graph.ops[2].kind.values.get("seq", True)
    assert found == stated
    assert sum(found.values()) >= 30


@pytest.mark.keras
@pytest.mark.parametrize(
    "text",
    [
        EMBEDDED + "gap",
        EMBEDDED + "ln > gru-3(back)",
        "input q: 5x8\ninput 8 of int(10) > embed-8(mask) as m\n@q > attention(heads=2, kv=@m)",
        "input 3x8 of int(10)\n> each(embed-8(mask) > lstm-4) > gap",
        "input 8x2 > mask(-1) > dropout(0.5) > rnn-3",
    ],
)
def test_padding_is_not_computed_as_data(text: str) -> None:
    """The definitions in NumPy skip no positions: where a layer would, nothing is computed."""
    network = parse(text)
    rng = np.random.default_rng(0)
    shapes = {port.name: port.shape for port in network.inputs}
    given = {name: rng.integers(1, 10, (2, *shape)) for name, shape in shapes.items()}
    network.forward(given)
    given[network.inputs[-1].name][..., 1] = -1 if "mask(-1)" in text else 0
    given[network.inputs[-1].name][:, -1] = -1 if "mask(-1)" in text else 0
    with pytest.raises(NetError, match="N671"):
        network.forward(given)


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")  # Keras's, of masks that are destroyed
@pytest.mark.parametrize(
    "text",
    [
        EMBEDDED + "mul[ id | softmax(over=positions) ] > max(over=n)",
        "8x4 > mask > rnn-3",
        "input 8 of int(10)\n> [ embed-4(mask) | embed-4 ] > gap",
        "input 8 of int(10)\n> add[ embed-4(mask) | embed-4 ] > gap",
    ],
)
def test_keras_computes_what_was_once_masked(text: str) -> None:
    """A softmax along masked positions can be built, and masks have names of their own."""
    network = parse(text)
    padded = 0 if "embed-4(mask)" in text else 1
    x = np.random.default_rng(0).integers(padded, 10, (2, *network.inputs[0].shape))
    by_keras = network.forward(x, engine="keras").last
    np.testing.assert_allclose(by_keras, network.forward(x).last, atol=1e-5)
