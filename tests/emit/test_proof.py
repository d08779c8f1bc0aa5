"""A program is proven before it is printed: what it makes is computed from its text, and is the
network node by node.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from support.programs import program as random_program
from support.programs import tangled
from support.shares import share
from support.zoo import checked, program_of

import netdsl
from netdsl.cli.main import main
from netdsl.emit import program as emitted
from netdsl.emit.program import UNFACTORED
from netdsl.emit.proof import disproof
from netdsl.errors import NetError

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    *sorted((ROOT / "examples").glob("*.net")),
    *sorted((ROOT / "tests" / "nets").glob("*.net")),
]
INNER_FACTOR = """
def pair(c) = add[ conv3-{c}/2(relu) | pool > conv1-{c} ] > relu
def tree(c) = pair({c}) > conv1-{c}(relu)
input 32x32x8
> tree(16) > tree(32) > pair(64) > gap > softmax-10
"""
STAGES = """
default conv(bn)
def down(c) = add[ conv3-{c}/2(relu) > conv3-{c} | avgpool2 > conv1-{c} ] > relu
def stage(c, n) = down({c}) > res(conv3-{c} > conv3-{c}) x{n}
input 32x32x3
> conv3-8(relu) > stage(16, 1) > stage(32, 2) > stage(64, 2) > gap > softmax-10
"""
PAIRS = "\n".join(
    [
        *(f"input c{at}: 1 of int(10)" for at in range(6)),
        *(f"@c{at} > embed-4 > flatten as e{at}" for at in range(6)),
        f"[ {' | '.join(f'dot[ @e{a} | @e{b} ]' for a in range(6) for b in range(a))} ] > "
        "sigmoid-1",
    ]
)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_programs_of_files_are_proven_with_their_blocks(path: Path) -> None:
    assert not checked(path).faulty
    assert UNFACTORED not in program_of(path)


@pytest.mark.parametrize("text", [INNER_FACTOR, STAGES, PAIRS])
def test_programs_that_were_wrong_are_proven_with_their_blocks(text: str) -> None:
    code = netdsl.parse(text).emit()
    assert UNFACTORED not in code
    assert "def block(" in code or "def pair(" in code or "def stage(" in code


def test_an_inner_call_keeps_its_factor() -> None:
    """A block that begins with branches has the channels that come into these, not those of the
    first one's end.
    """
    assert "pair(x, 2 * x.shape[-1])" in netdsl.parse(INNER_FACTOR).emit()


def test_a_block_that_begins_at_points_takes_these_alone() -> None:
    assert "def block(skip, skip2):" in netdsl.parse(PAIRS).emit()


@pytest.mark.slow
@pytest.mark.parametrize("seed", share(range(200), lambda seed: seed < 80))
def test_random_programs_are_proven_with_their_blocks(seed: int) -> None:
    code = netdsl.parse(random_program(Random(f"emit {seed}"), 8).text).emit()
    assert UNFACTORED not in code


@pytest.mark.slow
@pytest.mark.parametrize("seed", share(range(200), lambda seed: seed < 80))
def test_tangled_programs_are_proven_with_their_blocks(seed: int) -> None:
    code = netdsl.parse(tangled(Random(f"emit {seed}"), 1 + seed % 5)).emit()
    assert UNFACTORED not in code


def test_a_function_is_not_called_as_the_layers_that_it_takes() -> None:
    text = (
        "let p = dense-8(bn) as m > relu > add[ @m > ln | id | @m ]\n"
        "input 12x8\n> p > attention(heads=2) > p > dropout(0.1) > p > gap > fc-2"
    )
    assert UNFACTORED not in netdsl.parse(text).emit()


def test_a_loop_calls_no_layer_of_two_inputs() -> None:
    text = "let p = attention(heads=2) > dense-8\ninput 12x8 > p > p > gap > fc-2"
    code = netdsl.parse(text).emit()
    assert UNFACTORED not in code
    assert "for layer in" not in code


# --- what is not a proof --------------------------------------------------------------------------

TEXT = """
let f = fc-4(relu)
def two(c) = conv3-{c}(bn) > conv3-{c}/2 > pool
input a: 64x64x3
@a > two(8) > two(16) > two(32) > fc-4 > f > f > fc-2 as y
input b: 4
@b > fc-4 as z
[ @y | @z > dropout(0.5) ] > sub[ id | fc-6 ] > softmax-3
"""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("two(a, 8)", "two(a, 9)", "the network has no layers.Conv2D(9"),
        ("layers.Dropout(0.5)(branch2)", "branch2", "the network has no layers.Concatenate"),
        ('activation="softmax"', 'activation="sigmoid"', "the network has no layers.Activation"),
        ("[branch1, ", "[branch1, branch1, ", "the network has no"),
        ("keras.Model([a, b]", "keras.Model([b, a]", "for keras.Input"),
        ('name="network")', 'name="other")', "makes no model called network"),
        ("(4,)", "(4", "is not Python"),
        ("def two(x, ", "def two(", "is called with other arguments"),
        ("def two(x", "def two(y", "uses x before it has a value"),
        ("strides=2", "strides=1", "the network has no layers.Conv2D"),
    ],
)
def test_another_program_is_not_a_proof(old: str, new: str, reason: str) -> None:
    network = netdsl.parse(TEXT)
    code = network.emit()
    assert disproof(code, "network", "network", network.graph) == ""
    assert old in code
    found = disproof(code.replace(old, new, 1), "network", "network", network.graph)
    assert reason in found


def test_what_is_shared_must_be_shared_and_nothing_else() -> None:
    shared, apart = (
        netdsl.parse(f"{head}input 4 > f{tail} > f{tail} > fc-2")
        for head, tail in (("let f = fc-4(relu)\n", ""), ("def f() = fc-4(relu)\n", "()"))
    )
    assert "twice that is shared" in disproof(apart.emit(), "network", "network", shared.graph)
    assert "which is not shared" in disproof(shared.emit(), "network", "network", apart.graph)


def test_where_two_branches_are_alike_each_goes_its_own_way() -> None:
    network = netdsl.parse("input 4 > [ fc-3 as a | fc-3 as b ] > fc-2\n@a > fc-5\n@b > fc-6")
    code = network.emit()
    assert "layers.Dense(5)(a)" in code
    other = code.replace("layers.Dense(5)(a)", "layers.Dense(5)(b)")
    assert "joins or parts ways" in disproof(other, "network", "network", network.graph)


def test_two_dropouts_are_not_one() -> None:
    network = netdsl.parse("input 8\n> dropout(0.5) > sub[ fc-4 | fc-4 ]")
    code = network.emit()
    assert "shortcut = layers.Dense(4)(x)" in code
    other = code.replace("(4)(x)", "(4)(layers.Dropout(0.5)(inputs))", 1)
    assert "joins or parts ways" in disproof(other, "network", "network", network.graph)


# --- what happens then ----------------------------------------------------------------------------


def test_what_is_not_proven_with_blocks_is_written_without(monkeypatch: pytest.MonkeyPatch) -> None:
    real = emitted.disproof

    def without_blocks(text: str, *given: object) -> str:
        return "a reason" if "def two(" in text else real(text, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(emitted, "disproof", without_blocks)
    code = netdsl.parse(TEXT).emit()
    assert UNFACTORED in code
    assert code.count("layers.Conv2D(") == 6


def test_what_is_not_proven_at_all_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(emitted, "disproof", lambda *given: "a reason")
    with pytest.raises(NetError) as caught:
        netdsl.parse(TEXT).emit()
    assert caught.value.diagnostics[0].code == "N627"
    assert main(["emit", "8 > fc-2"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "a reason" in shown.err


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES[::6], ids=lambda path: path.stem)
def test_programs_without_blocks_are_proven(path: Path) -> None:
    (network,) = checked(path).networks
    code = emitted.written((network,), ("network",), factored=False)
    assert disproof(code, "network", network.name, network.graph) == ""
    assert " for _ in " not in code


def test_layers_that_are_used_twice_are_proven_without_blocks() -> None:
    network = netdsl.parse("let f = fc-4 > fc-3\n8 > fc-5 > sub[ f | f ] > fc-1")
    code = emitted.written((network,), ("network",), factored=False)
    assert disproof(code, "network", network.name, network.graph) == ""


# --- programs as others would write them ----------------------------------------------------------

PLAIN = "input 8\n> fc-4(tanh) > fc-4(tanh) > fc-2"
BEGIN = "import keras\nfrom keras import layers, ops\n\n\n"
ONE = """def network():
    inputs = keras.Input((8,))
    x = layers.Dense(4, activation="tanh")(inputs)
    x = layers.Dense(4, activation="tanh")(x)
    outputs = layers.Dense(2)(x)
    return keras.Model(inputs, outputs, name="network")
"""
BLOCKS = """def block(x, units=2, count=1):
    for _ in range(count):
        x = layers.Dense(units * 2, activation="tanh")(x)
    return x


def end(x, units):
    return layers.Dense(units)(x)


def network():
    inputs = keras.Input((8,))
    x = block(inputs, count=4 // 2)
    outputs = end(x, inputs.shape[-1] // 4)
    return keras.Model([inputs], [outputs], name="network")
"""


def disproved(text: str, code: str) -> str:
    return disproof(BEGIN + code, "network", "network", netdsl.parse(text).graph)


@pytest.mark.parametrize("code", [ONE, BLOCKS])
def test_however_it_is_written(code: str) -> None:
    assert disproved(PLAIN, code) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # Other names, other ways to write a value, another order of what has a name.
        ('Dense(4, activation="tanh")(inputs)', 'Dense(activation="tanh", units=4)(inputs)'),
        (
            'x = layers.Dense(4, activation="tanh")(x)',
            'x = layers.Activation("tanh")(layers.Dense(4)(x))',
        ),
        ("outputs = layers.Dense(2)(x)", "outputs = layers.Dense(2, activation='linear')(x)"),
        (
            "outputs = layers.Dense(2)(x)",
            "sizes = [1, 2]\n    outputs = layers.Dense((1, 2)[1])(x)",
        ),
        ("outputs = layers.Dense(2)(x)", "outputs = layers.Dense(-1 * -2)(x)"),
        ("inputs = keras.Input((8,))", "inputs = keras.Input((None, 8)[1:])"),
        ("inputs = keras.Input((8,))", "inputs = keras.Input((8, 4)[:1])"),
    ],
)
def test_what_means_the_same(old: str, new: str) -> None:
    found = disproved(PLAIN, ONE.replace(old, new))
    assert new in ONE.replace(old, new)
    assert found == SAME.get(new, "")


SAME = {
    # Values by position have no names to this proof, and slices no ends.
    'Dense(activation="tanh", units=4)(inputs)': "the network has no layers.Dense(units=4)({0}) "
    "there",
    "inputs = keras.Input((8, 4)[:1])": "the network has no keras.Input((8, 4)) there",
}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        # statements
        ("x = layers.Dense(4", "x += 1\n    x = layers.Dense(4", "has the statement x += 1"),
        ("    return keras.Model(", "    return\n    keras.Model(", "has the statement return"),
        ("    return keras.Model(", "    found = keras.Model(", "network returns nothing"),
        ("x = layers.Dense(4", "x.y = 1\n    x = layers.Dense(4", "has the statement x.y = 1"),
        (
            "x = layers.Dense(4",
            "for a.b in range(1):\n        x = 1\n    x = layers.Dense(4",
            "for a.b",
        ),
        ("    x = ", "    for each in inputs:\n        x = each\n    x = ", "goes through inputs"),
        (
            "    x = ",
            "    for each in range:\n        x = each\n    x = ",
            "uses range before it has",
        ),
        # expressions
        ("(x)", "(y)", "uses y before it has a value"),
        ("(x)", "(x.size)", "asks for .size"),
        ("Dense(2)", "Dense(inputs.shape[-1])", "the network has no layers.Dense(8)({0}) there"),
        ("Dense(2)", "Dense('a'[0])", "takes a part [0]"),
        ("Dense(2)", "Dense(1 + 1)", "computes 1 + 1"),
        ("Dense(2)", "Dense('a' * 2)", "computes 'a' * 2"),
        ("Dense(2)", "Dense(2 * 1.5)", "computes 2 * 1.5"),
        ("Dense(2)", "Dense(-'a')", "computes -'a'"),
        ("Dense(2)", "Dense(+2)", "computes +2"),
        ("layers.Dense(2)(x)", "(2)(x)", "calls 2"),
        ("Dense(2)", "Dense({'a': 2})", "has no layers.Dense({'a': 2})({0}) there"),
        ("Dense(2)", "Dense(float(2))", "has no layers.Dense(float(2))({0}) there"),
        ("Dense(2)(x)", "Dense(2)(x, mask=x)", "has no layers.Dense(2)({0}, mask={0}) there"),
        ("outputs = layers.Dense(2)(x)", "outputs = x[0]", "the network has no {0}[0] there"),
        ("outputs = layers.Dense(2)(x)", "outputs = ops.abs(x)", "has no ops.abs({0}) there"),
        ("outputs = layers.Dense(2)(x)", "outputs = layers.abs(x)", "no layers.abs({0}) there"),
        ("layers.Dense(2)(x)", "ops.where(x, x, inputs)", "no ops.where({0}, {0}, {1}) there"),
        # the model
        ("keras.Model(inputs,", "keras.Model([inputs, x],", "the program has 2 inputs, not 1"),
        (", outputs,", ", [outputs, x],", "the program has 2 outputs, not 1"),
        (", outputs,", ", x,", "the program has layers.Activation('tanh')({0}) for"),
        ("return keras.Model(", "return (", "network makes no model called network"),
        ("def network():", "def network(a):", "is called with other arguments than it has"),
        ("inputs = keras.Input((8,))", "inputs = keras.Input((9,))", "no keras.Input((9)) there"),
    ],
)
def test_what_another_program_does(old: str, new: str, reason: str) -> None:
    code = ONE.replace(old, new)
    code = code.replace("return (inputs, outputs, name=", "return (inputs, outputs) #")
    assert code != ONE
    assert reason in disproved(PLAIN, code)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("= end(x, ", "= end(x, 3, ", "end is called with other arguments than it has"),
        ("end(x, inputs.shape[-1] // 4)", "end(x)", "end is called with other arguments"),
        ("= end(x, ", "= end(x, bias=0, units=", "end is called with other arguments"),
        ("count=4 // 2", "count=3", "the network has no layers.Dense(4)({0}) there"),
        ("count=1", "count=2", None),
        ("units=2, ", "units=3, ", "the network has no layers.Dense(6)({0}) there"),
        ("block(inputs, count", "block(inputs, 2, count", None),
        (
            "x = layers.Dense(units * 2",
            "x = layers.Dense(units * 2 * inputs.shape[1]",
            "uses inputs before",
        ),
        ("return x\n", "return block\n", "the network has no layers.Dense(2)("),
    ],
)
def test_what_functions_see(old: str, new: str, reason: str | None) -> None:
    assert old in BLOCKS
    found = disproved(PLAIN, BLOCKS.replace(old, new, 1))
    assert (found == "") if reason is None else (reason in found)


def test_the_reason_is_of_the_function_that_is_asked_for() -> None:
    other = ONE.replace("def network", "def other").replace("Dense(2)", "Dense(3)")
    assert disproved(PLAIN, f"{other}\n\n{ONE}") == ""
    assert "no layers.Dense(3)" in disproof(
        f"{BEGIN}{other}\n\n{ONE}", "other", "network", netdsl.parse(PLAIN).graph
    )
