"""What `expand` writes is the same network, with nothing left to be guessed, and written out
again it is the same text.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from support.programs import meaning, program

from netdsl import Network
from netdsl.cli.main import main
from netdsl.errors import Source
from netdsl.limits import DEFAULT_LIMITS
from netdsl.reading import ReadOptions, check_source
from netdsl.report.write import written_out
from netdsl.syntax.format import format_text

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```net\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def networks(text: str) -> list[Network]:
    shape = (32, 32, 3) if not re.search(r"^(input|[0-9])", text, re.MULTILINE) else None
    checked = check_source(Source("test", text), ReadOptions(input_shape=shape), "test")
    assert not checked.faulty, (text, checked.diagnostics)
    return list(checked.networks)


def written_and_read(network: Network) -> tuple[str, Network]:
    text = written_out(network)
    checked = check_source(Source("written", text), ReadOptions(), "other")
    assert not checked.faulty, (text, checked.diagnostics)
    assert len(checked.networks) == 1
    return text, checked.networks[0]


def assert_kept(text: str) -> None:
    for network in networks(text):
        written, again = written_and_read(network)
        before, after = meaning(network), meaning(again)
        assert before.pop("named outputs") <= after.pop("named outputs")
        assert after == before, written
        assert written_out(again) == written
        assert [d for d in again.warnings if d.code in ("W702", "W703", "W704", "W706")] == []


EXAMPLES = sorted((ROOT / "examples").glob("*.net"))
PAGES = [
    ROOT / "README.md",
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent.name != "errors"),
]
SHOWN = [
    pytest.param(text, id=f"{page.relative_to(ROOT)}:{number}")
    for page in PAGES
    for number, text in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1)
]


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    assert_kept(path.read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("text", SHOWN)
def test_networks_of_the_documentation(text: str) -> None:
    assert_kept(text)


TEXTS = [
    # flows, names and merges in every order
    "8x8x3 > conv3-4 as a > conv3-5\n@a > gap > fc-2\n@a > gmp > fc-3",
    "8x8x3 > conv3-4(relu) as a > pool as b > up2 > add[ @a | id ] > gap",
    "8x8x3 > conv3-4(relu) as a > conv3-4\nadd[ @a | @input > conv1-4 ] > gap",
    "8x8x3 > [ id | pool > [ id | pool > conv3-4 > tconv2-4/2 ] > tconv2-4/2 ] > gap",
    "input a: 4\ninput b: 6\n[ @a | @b > fc-4 ] > fc-2 as y\n@a > fc-3 as z",
    "input a: 4 > fc-4\ninput b: 6 > fc-5",
    "input a: 4\ninput b: 4\nsub[ @b | @a ] > abs > fc-1",
    "input text: 12 of int(50) > embed-4 > lstm-3 > fc-2",
    "8x8x4 > [ id | id ] > [ id | conv1-8 | id ] > gap",
    "8x8x4 > add[ id | id ] > add[ id | add[ id | id ] ] > gap",
    "8x8x4 > conv1-4(relu) as a > conv1-4(relu) as b > conv1-4(relu) as c\n[ @a | @b | @c ] > gap",
    "8x8x4 > conv1-4(relu) as a > conv1-4(relu)\n[ @a > conv3-4 | @input > conv3-4 | @a ] > gap",
    "8x8x4 > conv1-4(relu) as a\n[ @a > conv3-4 | @a > conv3-5 ] > gap > softmax-2",
    "8x8x4 > conv1-4(relu) as a > [ @a | id | @input ] > gap",
    "6 > fc-3 as x\n@x > softmax\n@x > fc-2",
    "6 > fc-3 as x > softmax as y\n@x > fc-2 as z\n[ @y | @z ] > fc-1",
    # shared and tied pieces
    "let e = fc-3(tanh)\ninput a: 3 > e as x\ninput b: 3 > e as y\nsub[ @x | @y ] > abs",
    "let e = res(fc-8 > fc-8)\n8 > e > e > fc-2",
    "let f = fc-8(relu)\nlet e = f > bn\n8 > e > e > f > fc-2",
    "let f = fc-8(relu)\nlet e = bn > f\n8 > e > e > f > fc-2",
    "let e = [ id | fc-2(tanh) ] > fc-8(tanh)\ndef b() = e > bn\n8 > b as u > b > fc-2\n@u > fc-3",
    "20 > fc-8(tanh) as a > fc-4(tanh) as b > fc-8(tanh) as c > fc-20 as d\ntie c = transpose b\n"
    "tie d = transpose a",
    "8x8x3 > conv3-5/2 as e > tconv3-3/2 as d\ntie d = transpose e",
    # layers whose options are chains of their own, points, tuples, fractions
    "8x8x3 > conv3-4(gn(groups=2), lrelu(1/3), init=normal(0.02), bias_init=0.1, l1=1e-5, l2=1/3, "
    "act_l1=0.01) > gap",
    "8x8x3 > conv3-4/2x1(pad=(1,0,2,1), dilation=1) > conv1x3-4(pad=0x1) > pool2x1/2x1(pad=1x0) > "
    "gap",
    "8x8x3 > pool as p > conv3-3 > unpool(@p) > crop((0,1,1,0)) > resize(6x7) > gap",
    "9x9x2 > conv3-4(pad=0) as a > pad(3) > crop(@a) > gap",
    "8x8x3 > rescale(1/255) > std((0.4, 0.5, 1/3), (1, 2, 3)) > conv3-4 > gap",
    "12x8 > attention(heads=2) as q > attention(heads=2, kv=@q) > first",
    "12x8 > lstm-3(seq, bi) > gru-2(back) > fc-1",
    "4x4x8 > slice(2, 6) > shuffle(2) > permute(2,1,3) > reshape(16x4) > cls > sincos > pos > "
    "first",
    # names that could meet others'
    "def b() = conv1-4(relu) as m > conv1-4(relu)\n8x8x3 > b as u_m > b as u > gap\n@u.m > gmp\n"
    "@u_m.m > gmp",
    "def b() = conv1-4(relu) as x > conv1-4\n8x8x3 > b as conv_1 > conv3-4 as conv_2\n"
    "@conv_1.x > gap\n@conv_1 > gap",
    "8x8x3 > (conv1-4(relu) as p) x3 > gap\nadd[ @p.* ] > gmp",
    "8x8x3 > (conv1-4(relu) as p > relu) x2 > gap\n[ @p.0 | @p.1 ] > gap as out\n@p.1 > gmp as p_1",
    # points that options refer to, at forks, in branches, before and after the statement of others
    "8x8x4 > conv1-4 as n0 > relu > crop(@n0) > [ id | @n0 ]",
    "12x8 > dense-8 as q > attention(heads=2) > attention(heads=2, kv=@q) > [ id | @q ] > first",
    "12x8 > [ attention(heads=2) as k | dense-8 > attention(heads=2, kv=@k) ] > first",
    "12x8 > dense-8 as q > [ attention(heads=2, kv=@q) | id ] > first",
    "8x8x3 > pool as p > conv3-3 > unpool(@p) > [ id | conv3-3 ] > gap",
    "8x8x3 > pool as p > conv3-3 > add[ id | @p ] > unpool(@p) > gap",
    "8x8x4 > [ conv3-4 as a | conv1-4 > crop(@a) ] > gap",
    "8x8x4 > conv1-4 as a > relu > tanh as b > gap > fc-2\n@a > conv3-4 > crop(@b) > gap > fc-3",
    # shared pieces through merges that refer to points of their own
    "let s = conv3-4 as m > relu > add[ @m > bn | id | @m ]\n8x8x4 > s > s > gap",
    "let s = conv3-4 as m > relu > mul[ @m > add[ conv1-4 | @m ] | id ] > bn\n8x8x4 > s > s > gap",
    # layers that reach no output
    "8x8x4 > conv1-4 as a > relu > add[ @input | @a ] > gap > fc-2",
    "8x8x4 > conv1-4 as a > fc-2\n@a > conv3-5 > relu > (@a)",
    # many layers in a line
    "8x8x3 > conv3-4(bn) x40 > gap > fc-10",
    "# what it is\n# for\nnet named\n8x8x3 > conv3-4 > gap",
    # the second shared piece is used first by the flow that is written first
    "let a = relu as m > conv3-4(bn) > add[ @m > bn | id ]\nlet b = conv3-4 > bn\ninput 8x8x4\n"
    "@input > dense-4 > b > a as n0\n@input > crop(@input) > a as n1\n@n1 > conv3-4(relu) > b as n2"
    "\nadd[ @input | @n2 | @n1 | @n0 ] > gap > fc-2",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_texts(text: str) -> None:
    assert_kept(text)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed: int) -> None:
    for number in range(5):
        assert_kept(program(Random(f"{seed}-{number}")).text)


def test_nothing_is_left_to_be_guessed() -> None:
    """No block, repeat, expression, default or word of the language that hides a number."""
    text = (ROOT / "examples" / "resnet18.net").read_text(encoding="utf-8")
    written = written_out(networks(text)[0])
    assert not re.search(
        r"\b(def|default|param|res|when|use)\b|\{|\bx[0-9]", written.split("\n", 8)[-1]
    )
    layers = [
        step
        for step in re.split(r" > |\n> | \| |\n", written)
        if re.search(r"\b(conv[1-7]|fc)-", step)
    ]
    assert len(layers) == 21
    assert all(re.search(r"\(bias=.*init=.*bias_init=0,.*norm=.*act=", layer) for layer in layers)
    assert all("pad=same, dilation=1, groups=1" in layer for layer in layers if "conv" in layer)


def test_lines_are_not_too_long() -> None:
    lines = written_out(networks("8x8x3 > (relu > dropout(0.5) > bn) x40 > gap > fc-10")[0]).split(
        "\n"
    )
    assert 110 < max(map(len, lines)) <= 140
    long = written_out(networks("8x8x3 > conv3-4(bn) x9 > gap")[0]).split(
        "\n"
    )  # each step is longer than half a line
    assert [line.count("conv") for line in long if "conv" in line] == [1] * 9


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("lenet-5", "lenet_5"),
        ("3net", "net_3net"),
        ("réseau", "reseau"),
        ("LeNet5", "LeNet5"),
        ("a.b c", "a_b_c"),
        ("网络", "network"),
        ("", "network"),
        ("--", "network"),
    ],
)
def test_files_may_be_called_what_networks_may_not(name: str, written: str) -> None:
    checked = check_source(Source("test", "8 > fc-4 > fc-2"), ReadOptions(), name)
    (network,) = checked.networks
    text, again = written_and_read(network)
    assert text.startswith(f"net {written}\n")
    assert again == network


@pytest.mark.slow
@pytest.mark.parametrize("text", [text for text in TEXTS if not text.startswith("#")])
def test_the_command_writes_the_form_of_fmt(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["expand", text]) == 0
    written = capsys.readouterr().out
    assert format_text(Source("written", written), DEFAULT_LIMITS) == written
    (network,), (again,) = networks(text), networks(written)
    assert again == network


def test_the_description_stays() -> None:
    assert written_out(
        networks("# what it is\n#\n# for\nnet named\n8x8x3 > conv3-4 > gap")[0]
    ).startswith("# what it is\n#\n# for\nnet named\n")


def test_lets_are_in_the_order_of_their_uses() -> None:
    """Which is that of the text, not that of the layers: `b` is made first, and written second."""
    text = """
let a = conv3-4(relu) > bn
let b = conv3-4(tanh) > bn
input 8x8x4 > conv3-4 as n0
@n0 > b as n2
@n0 > a as n3
mul[ @n3 | @n2 ] > gap > fc-2
"""
    written, again = written_and_read(networks(text)[0])
    assert written.index("let a") < written.index("let b")
    assert written_out(again) == written


@pytest.mark.parametrize(
    ("branches", "names"),
    [
        # Only what an option refers to has a name, in the branch itself or before.
        ("[ id | conv1-4 > [ id | conv3-4 > conv3-4 ] ]", []),
        ("[ id | conv1-4 > [ id | conv3-4 as a > conv3-4 > crop(@a) ] ]", ["a"]),
        ("[ id | conv1-4 as a > [ id | conv3-4 > conv3-4 > crop(@a) ] ]", ["a"]),
        ("[ id | conv1-4 > [ id | conv3-4 > conv3-4 > crop(@e) ] ]", ["e"]),
        # One that another branch refers to is a flow of its own.
        ("[ conv3-4 as a | conv1-4 > [ id | crop(@a) ] ]", ["a", "e"]),
    ],
)
def test_branches_stay_branches(branches: str, names: list[str]) -> None:
    written, _ = written_and_read(networks(f"8x8x4 > conv3-4 as e > {branches} > gap")[0])
    assert sorted(re.findall(" as ([a-z_0-9]+)", written)) == names


def test_a_shared_piece_of_several_flows_is_one_chain() -> None:
    piece = "conv3-4 as m > relu as n > bn > add[ @m > conv1-4 | @n > conv1-4 | id ]"
    (network,) = networks(f"let s = {piece}\n8x8x4 > s > s > gap")
    written, again = written_and_read(network)
    assert again == network
    assert re.sub(r"\(.*?\)", "", written).split("\n")[1:] == [
        "let s = add[ conv3-4 as s_m > conv1-4 | @s_m > relu as s_n > conv1-4 | @s_n > bn ]",
        "input 8x8x4 > s > s > gap",
        "",
    ]


def test_of_two_names_an_output_keeps_its_own() -> None:
    text = "8 > fc-4 as a > (id) as b > fc-2\n@b > fc-3\noutput @a"
    written, again = written_and_read(networks(text)[0])
    assert "as a" in written
    assert again.outputs[-1].name == "a"


def test_outputs_keep_their_order_where_a_flow_ends_at_one_of_them() -> None:
    """`each` names its last layer, which is an operation before the end of the flow."""
    assert_kept("""
input 9x12x4 > (each(last > relu > res(ln))) as a > relu > add[ id | @a ]
@a > avgpool
output @a
""")
