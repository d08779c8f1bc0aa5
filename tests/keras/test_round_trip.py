"""Every kind comes back from its own Keras model: the same network, and the same function of the
same weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.clones import cloned
from support.kinds import (
    ADDING_LAYERS,
    ALL_KINDS,
    BUILT,
    SUFFIX,
    copied,
    is_large,
    under_another_word,
    under_the_first_word,
    with_words,
)

from netdsl import parse
from netdsl.analysis.canonical import canonical
from netdsl.graph import Graph, Op
from netdsl.keras import convert
from netdsl.kinds import Kind, keras_readers
from netdsl.kinds.conv_transposed import TransposedConv
from netdsl.kinds.facts import Case
from netdsl.kinds.initial import Initial
from netdsl.kinds.merge import Add
from netdsl.kinds.options import (
    REQUIRED,
    Choice,
    Flag,
    Numbers,
    Option,
    Real,
    ReferenceOption,
    SizesOption,
    Whole,
)
from netdsl.kinds.part import Part
from netdsl.kinds.pool import AveragePool, Pooling
from netdsl.kinds.unpool import Resize
from netdsl.kinds.values import dims
from netdsl.kinds.window import Padding, Windowed, per_axis

pytestmark = [
    pytest.mark.keras,
    pytest.mark.filterwarnings("ignore"),  # Keras on softmax over one channel
]

CROPPED = "conv4-2(pad=0, linear) > pad(4) > crop(@x)"
OTHERWISE = {
    ("id as x > gap > spread(@x)", 3): "gap > spread(8x8)",
    ("flatten", 1): "linear",
    ("mean(over=positions)", 2): "gap",
    ("max(over=positions)", 2): "gmp",
    ("dense-16", 1): "fc-16",
    ("add[ id | conv3-4 ]", 3): "add[ conv3-4 | id ]",
    (f"conv3-2(pad=0) > pad(3) as x > {CROPPED}", 3): "conv3-2(pad=0) > conv4-2(pad=3, linear)"
    " > pad(4) > crop((2,3,2,3))",
}
"""Texts whose Keras model is read as another one of the same function, by the rank of the input."""


# --- the same network -----------------------------------------------------------------------------


def in_numbers(graph: Graph) -> Graph:
    """A graph whose paddings and sizes are all written in numbers, as Keras has them."""

    def plain(op: Op) -> Op:
        kind = op.kind
        if isinstance(kind, Resize):
            return op._replace(kind=kind.replace(to=op.shape[:-1]))
        if not isinstance(kind, Windowed):
            return op
        x = graph.ops[op.inputs[0]].shape
        axes = kind.axes(x)
        pads = tuple((axis.before, axis.after) for axis in axes)
        values: dict[str, Any] = {}
        if isinstance(kind, Pooling) and not isinstance(kind, AveragePool):
            pads = kind.whole_pads(op.shape, x)
            values["ceil"] = False
        if isinstance(kind, TransposedConv):
            extra = per_axis(kind.values["extra"], len(axes), "", "")
            pads = tuple((a, b - more) for (a, b), more in zip(pads, extra, strict=True))
            values["extra"] = (0,)
        values[kind.pad_option] = tuple(side for pair in pads for side in pair)
        return op._replace(kind=kind.replace(**values))

    return graph._replace(ops=tuple(map(plain, graph.ops)))


def assert_comes_back(text: str, expected: str) -> None:
    found = cloned(parse(text).keras(seed=1))
    again = parse(found.text)
    assert canonical(in_numbers(again.graph)) == canonical(in_numbers(parse(expected).graph)), (
        found.text
    )
    assert found.alike
    assert found.error <= 1e-5


def given(case: Case, text: str = "") -> str:
    return f"input {dims(case.input)}\n> {text or case.text}"


@pytest.mark.parametrize("case", BUILT)
def test_every_case_comes_back(case: Case) -> None:
    text = OTHERWISE.get((case.text, len(case.input)), case.text)
    assert_comes_back(given(case), given(case, text))


def test_a_branch_that_changes_nothing_comes_back() -> None:
    text = "4x4x2 > [ id | conv1-2 | id ] > gap"
    assert_comes_back(text, text)


def test_a_point_that_is_nowhere_on_the_way_comes_back() -> None:
    text = "input q: 5x4\ninput m: 7x6\n@m > dense-6 as k\n@q > dense-4 > attention(2, kv=@k)"
    assert_comes_back(text, text)


def test_several_unpoolings_find_their_own_pools() -> None:
    text = (
        "8x8x2 > conv3-4 > pool as a > conv3-4 > pool as b > conv3-4 > unpool(@b) > conv3-4 > "
        "unpool(@a)"
    )
    assert_comes_back(text, text)


TIES = [
    "784 > fc-64(relu) as t1 > fc-784(sigmoid) as t2\ntie t2 = transpose t1",
    "20 > fc-8(tanh) as t1 > fc-4(tanh) as t2 > fc-8(tanh) as t3 > fc-20 as t4\n"
    "tie t3 = transpose t2\ntie t4 = transpose t1",
    "8x8x3 > conv3-5/2 as t1 > tconv3-3/2 as t2\ntie t2 = transpose t1",
    "input 6 of int(10)\n> embed-4(init=normal(0.5)) as t1 > dense-4(tanh) > dense-10(bias=no) as "
    "t2 > softmax\ntie t2 = transpose t1",
    "input 6 of int(10)\n> embed-4(mask) as t1 > gru-4 > softmax-10 as t2\ntie t2 = transpose t1",
    "input 6 of int(10)\n> embed-4 as t1 > res(ln > attention(2)) x3 > ln > dense-10 as t2"
    "\ntie t2 = transpose t1",
]


@pytest.mark.parametrize("text", TIES)
def test_ties_come_back(text: str) -> None:
    assert_comes_back(text, text)
    assert parse(cloned(parse(text).keras(seed=1)).text).counts == parse(text).counts


def test_several_layers_with_one_kernel_come_back() -> None:
    text = (
        "input 6 of int(10)\n> embed-4 as t1 > dense-10 as t2 > softmax\n@t1 > gap > fc-10 as t3\n"
        "tie t2 = transpose t1\ntie t3 = transpose t1"
    )
    assert_comes_back(text, text)


# --- options --------------------------------------------------------------------------------------

HEADS = {
    "attention": ("attention(heads=2)", "6x4"),
    "cls": ("cls", "6x4"),
    "dense": ("dense-6", "6x4"),
    "embed": ("embed-4", "6 of int(10)"),
    "featpool": ("featpool2", "7x7x4"),
    "gn": ("gn", "4x4x64"),
    **{word: (f"{word}(over=h)", "5x3x4") for word in ("max", "mean", "sum")},
    "lppool": ("lppool3/2(p=3)", "7x7x2"),
    "const": ("const(2)", "5"),
    "pixelshuffle": ("pixelshuffle2", "3x4x8"),
    "pixelunshuffle": ("pixelunshuffle2", "4x6x3"),
    "pow": ("pow(3)", "5"),
    "rescale": ("rescale(2)", "5"),
    "tconv": ("tconv3-4", "5x5x2"),
    "widen": ("widen-8", "6x6x4"),
}
"""A text and an input to vary options on, where the kind's word alone does not do."""
BRANCHES = {
    "over=positions": "6x4",
    "over=n": "6x4",
    "over=h": "5x3x4",
    "over=w": "5x3x4",
    "over=d": "2x3x4x2",
    "transpose=yes": "6x4",
}
"""By option, the shape of the inputs of a merge's two branches, or of a layer with the option."""
NEEDS = {("tconv", "extra"): "tconv3-4/3", ("relu", "slope"): "relu(max=2)"}
INITIAL = ("init=he_uniform", "init=lecun_normal", "init=normal(0.03)", "init=uniform(0.5)")


def head(kind: type[Kind], option: Option[Any]) -> tuple[str, str]:
    """A layer of a kind, and an input for it."""
    text, x = HEADS.get(kind.word, ("", "7x7x4"))
    if not text:
        size = "3" if kind.takes.get("size") == "yes" or kind.stride_is_size else ""
        amount = "-4" if kind.takes.get("amount") else ""
        text, x = kind.word + size + amount, "6x4" if kind.group == "sequence" else x
        if kind.group == "dense" or kind.word == "fc":
            x = "6"
    return NEEDS.get((kind.word, option.name), text), x


def other_values(kind: type[Kind], option: Option[Any]) -> Iterator[str]:
    """Settings of an option that differ from its default; options that a layer must state are
    varied by the kinds' cases.
    """
    name, default = option.name, option.default
    if isinstance(option, Flag):
        yield f"{name}={'no' if default else 'yes'}"
    elif isinstance(option, Choice):
        yield from (f"{name}={word}" for word in option.words if word != default.text)
    elif isinstance(option, Part):
        parts = ("tanh", "lrelu(0.3)", "prelu(init=0.5)", "elu(0.5)", "hswish", "none")
        norms = ("ln", "gn(groups=2)", "bn(momentum=0.8, eps=0.01, scale=no)", "rms(eps=0.1)")
        yield from (f"{name}={part}" for part in (parts if option.group == "activation" else norms))
    elif isinstance(option, Initial):
        yield from (f"{name}={each.partition('=')[2]}" for each in INITIAL)
        yield f"{name}=0.5"
    elif isinstance(option, Padding):
        yield from (f"{name}={word}" for word in option.words if word not in ("causal", "valid"))
        yield from (f"{name}=1", f"{name}=2x1", f"{name}=(1,0,2,1)")
    elif isinstance(option, SizesOption):
        yield from (f"{name}=2", f"{name}=1x2")
    elif isinstance(option, Whole):
        yield f"{name}={3 if name == 'dim' else 2}"
    elif isinstance(option, Real):
        yield f"{name}={'0.5' if option.max == 1 else '0.125'}"


VARIED = [
    pytest.param(kind, option, id=f"{kind.word}({option.name})")
    for kind in ALL_KINDS
    for option in kind.options.values()
    if option.default is not REQUIRED and not isinstance(option, ReferenceOption | Numbers)
]


def with_setting(kind: type[Kind], option: Option[Any], setting: str) -> tuple[str, str]:
    """A layer of a kind with an option, and an input for it."""
    if kind.merges:
        return f"{kind.word}({setting})[ id | id ]", BRANCHES[setting]
    text, x = head(kind, option)
    text = f"{text[:-1]}, {setting})" if text.endswith(")") else f"{text}({setting})"
    return text, BRANCHES.get(setting, x)


@pytest.mark.parametrize(("kind", "option"), VARIED)
def test_every_option_comes_back(kind: type[Kind], option: Option[Any]) -> None:
    """Each setting is a layer of its own: those on the same input are outputs of one network."""
    layers: dict[str, list[str]] = {}
    for setting in other_values(kind, option):
        text, x = with_setting(kind, option, setting)
        layers.setdefault(x, []).append(text)
    for x, texts in layers.items():
        whole = "\n".join([f"input x: {x}", *(f"@x > {text}" for text in texts)])
        assert_comes_back(whole, whole.replace("over=n", "over=positions"))


def test_all_options_but_points_and_numbers_for_channels_are_varied() -> None:
    varied = {
        (kind, option.name)
        for kind, option in (param.values for param in VARIED)
        if any(other_values(kind, option))
    }
    left = {
        option.name
        for kind in ALL_KINDS
        for option in kind.options.values()
        if option.default is not REQUIRED and (kind, option.name) not in varied
    }
    assert left == {"kv", "mean", "std"}


# --- copies ---------------------------------------------------------------------------------------


def come_back(kind: type[Kind], text: str) -> str:
    """The text of a network's Keras model, read by a copy of a kind instead of the kind itself."""
    instead = dict.fromkeys(kind.__bases__, kind)
    readers = {
        layer: list(dict.fromkeys(instead.get(each, each) for each in kinds))
        for layer, kinds in keras_readers().items()
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convert, "keras_readers", lambda: readers)
        return cloned(parse(text).keras(seed=1)).text


@pytest.mark.parametrize("kind", ADDING_LAYERS)
def test_a_copy_of_a_kind_comes_back_alike(kind: type[Kind]) -> None:
    """Reading Keras's calls knows no kind by its word; only `res` is the language's own sum. The
    first cases are enough for that.
    """
    found = []
    for case in [case for case in kind.cases if not is_large(case)][:4]:
        text = with_words(kind, given(case))
        expected = cloned(parse(text).keras(seed=1)).text
        with copied(kind) as copy:
            found.append(come_back(copy, under_another_word(kind, text)))
        plain = under_the_first_word(found[-1])
        assert plain == expected or (kind is Add and parse(plain) == parse(text))
    unnamed = kind.wordless or kind.means_none
    assert unnamed or any(SUFFIX in text for text in found)


# --- kinds that lack the rule ---------------------------------------------------------------------


@pytest.mark.parametrize("lack", ["from_keras", "keras_layers"])
def test_a_kind_that_cannot_be_read_from_keras_fails_at_import(lack: str) -> None:
    rules = ("shape", "weights", "macs", "forward", "layers", "elementwise_ops", "saved_tensors")
    stated = {rule: lambda *_: None for rule in (*rules, "receptive_field", "from_keras")}
    facts = {"word": "lacking", "group": "other", "cases": (Case("lacking", (1,), (1,), 0),)}
    whole = {**stated, **facts, "keras_layers": ("Lacking",), "__doc__": "A kind."}
    with pytest.raises(TypeError, match=f"the kind lacking lacks {lack}"):
        type("Lacking", (Kind,), {name: value for name, value in whole.items() if name != lack})
