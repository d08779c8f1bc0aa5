"""What programs consist of, without Keras: names, loops, what is carried along, arguments."""

from __future__ import annotations

import ast
import re

import pytest

import netdsl
from netdsl.emit.blocks import WrittenBlocks
from netdsl.emit.carried import _all_definitions, carried
from netdsl.emit.plan import plan_of
from netdsl.emit.program import UNFACTORED
from netdsl.factoring.items import Item
from netdsl.factoring.nesting import nested_chains

# --- blocks and loops -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "name"),
    [
        ("conv3-4(bn) > conv3-8(bn) > conv3-16(bn)", "conv_bn_act(x, filters)"),
        ("tconv3-4/2(bn) > tconv3-8/2(bn) > tconv3-16/2(bn)", "upconv_bn(x, filters)"),
        # Nothing is said of what has no name, of more than three layers, or of equal ones.
        ("conv3-4 > pool > conv3-8 > pool > conv3-16 > pool", "block(x, filters)"),
        ("dw3 > conv3-8(bn) > dw3 > conv3-9(bn) > dw3 > conv3-7(bn)", "block(x, filters)"),
        ("(dropout(0.1) > conv3-8(bn)) x3 > dropout(0.2) > conv3-9(bn)", "block(x, rate, filters)"),
    ],
)
def test_blocks_without_names_are_called_as_their_layers(layers: str, name: str) -> None:
    text = netdsl.parse(f"16x16x4 > {layers} > gap").emit()
    assert UNFACTORED not in text
    assert re.findall(r"def (.*\)):", text)[0] == name


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("cell", "cell"),
        ("print", "print2"),
        ("lambda", "lambda2"),
        ("match", "match2"),
        ("layer", "layer2"),
        ("inputs", "inputs2"),
        ("np", "np2"),
        ("skip", "skip2"),
        ("filters", "filters2"),
    ],
)
def test_functions_hide_no_name_that_a_program_needs(name: str, function: str) -> None:
    """Neither Python's own, nor those of the program's variables and parameters."""
    text = f"def {name}(c) = conv3-{{c}} > relu > pool\n16x16x3 > {name}(4) > {name}(5) > gap"
    assert f"def {function}(x, filters):" in netdsl.parse(text).emit()


RELU, TANH = (f'x = layers.Activation("{name}")(x)' for name in ("relu", "tanh"))


@pytest.mark.parametrize(
    ("layers", "loops"),
    [
        ("(relu > tanh) x3", [["range(3)", RELU, TANH]]),
        ("tanh x3", [["range(3)", TANH]]),
        ("tanh > tanh", [["range(2)", TANH]]),
        ("relu > tanh", []),
        (
            "(relu > tanh) x2 > sign > tanh x4",
            [["range(2)", RELU, TANH], ["range(4)", TANH]],
        ),
    ],
)
def test_repeats_are_loops(layers: str, loops: list[list[str]]) -> None:
    tree = ast.parse(netdsl.parse(f"8 > {layers} > fc-2").emit())
    assert [
        [ast.unparse(each.iter), *(ast.unparse(line).replace("'", '"') for line in each.body)]
        for each in ast.walk(tree)
        if isinstance(each, ast.For)
    ] == loops


@pytest.mark.parametrize(
    ("spans", "rank"),
    [
        # The nodes of one use, in as many pieces as it may be; those of `c` hold two others.
        ([(1, 2)], 2),
        ([(1, 1), (2, 2)], 2),
        ([(3, 3)], 2),
        ([(4, 4), (5, 6)], 2),
        # Nodes of no use, or of a part of one.
        ([(0, 0)], 1),
        ([(7, 7), (8, 8)], 1),
        ([(1, 1)], 1),
        ([(5, 5)], 1),
        # One whole use with other nodes.
        ([(4, 6), (7, 7)], 1),
        # Two whole uses.
        ([(1, 2), (3, 3)], 0),
        ([(3, 3), (4, 6)], 0),
        # Uses that are cut in two, at their ends or at their beginnings.
        ([(2, 2), (3, 3)], 0),
        ([(3, 3), (4, 4)], 0),
        ([(6, 6), (7, 7)], 0),
        ([(4, 4), (5, 5)], 0),
        # References are not nodes.
        ([(-1, -1), (7, 7)], 0),
        ([(7, 7), (-1, -1)], 0),
    ],
)
def test_which_nodes_can_be_functions(spans: list[tuple[int, int]], rank: int) -> None:
    text = "def a() = relu > tanh\ndef b() = sign\ndef c() = b > a\n8 > a > b > c > abs > neg"
    graph = netdsl.parse(text).graph
    blocks = WrittenBlocks(plan_of(graph, set()), graph)
    assert blocks.names == {(1, 2): "a", (3, 3): "b", (4, 4): "b", (5, 6): "a", (4, 6): "c"}
    assert blocks.rules().rank(tuple(Item("", span=span) for span in spans)) == rank


@pytest.mark.parametrize(
    ("layer", "statement"),
    [
        ("dropout(0.1)", "x = layers.Dropout(0.1)(x)\n"),
        ("noise(0.1)", "x = layers.GaussianNoise(0.1)(x)\n"),
    ],
)
def test_a_layer_counts_as_much_as_its_statement(layer: str, statement: str) -> None:
    """With a value of three characters, as many as are assumed."""
    graph = netdsl.parse(f"8 > {layer} > {layer} > {layer}").graph
    plan = plan_of(graph, set())
    measure = WrittenBlocks(plan, graph).rules().measure
    ((_, chain),) = nested_chains(plan.nodes, [0], plan.outputs)
    assert measure(chain) - measure(chain[:2]) == len(statement)


# --- what is carried along ------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in _all_definitions() if name[0] != "_"])
def test_what_is_carried_is_whole(name: str) -> None:
    """Each definition follows all that it uses, and what is imported is said."""
    text, imported = carried([name])
    known = {"Any", "np", "ops"} & imported
    for node in ast.parse(text).body:
        used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        own = getattr(node, "name", None) or node.targets[0].id  # type: ignore[attr-defined]
        assert used & {*_all_definitions(), "Any", "np", "ops"} <= {*known, own}
        known.add(own)
    assert name in known
    assert "type: ignore" not in text


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("8 > fc-2", ["import keras", "from keras import layers"]),
        ("8 > abs", ["import keras", "from keras import ops"]),
        ("8x2 > last", ["import keras"]),
        ("8 > abs > fc-2", ["import keras", "from keras import layers, ops"]),
        (
            "8 > const(2) > rescale(3)",
            [
                "from typing import Any",
                "",
                "import keras",
                "import numpy as np",
                "from keras import layers, ops",
            ],
        ),
        ("12x8 > cls", ["from typing import Any", "", "import keras", "from keras import ops"]),
    ],
)
def test_a_program_imports_what_it_needs(text: str, head: list[str]) -> None:
    lines = netdsl.parse(text).emit().split("\n")
    assert lines[:2] == ['"""The Keras model network."""', ""]
    assert lines[2 : 3 + len(head)] == [*head, ""]
    assert ("# fmt: off" in lines) == ("from typing import Any" in head)


@pytest.mark.parametrize(
    ("description", "lines"),
    [
        ("a network", ['"""a network"""']),
        ('"quoted"', ['""" "quoted" """']),
        ('it """ends""" \\ here', ["\"\"\"it '''ends''' \\\\ here\"\"\""]),
        ("word " * 20, [f'"""{"word " * 17}'.rstrip(), "word word word", '"""']),
    ],
)
def test_descriptions_are_docstrings(description: str, lines: list[str]) -> None:
    text = netdsl.parse(f"# {description}\nnet a\n8 > fc-2").emit()
    assert text.split("\n")[: len(lines) + 1] == [*lines, ""]


# --- arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "written"),
    [
        # Shapes are the input's where they are the same; a vector's is its one number.
        ("8 > scale", 'layers.EinsumDense("ac,c->ac", inputs.shape[-1], '),
        ("4x4x2 > scale", 'layers.EinsumDense("abdc,c->abdc", inputs.shape[1:], '),
        ("8 > reshape(1x8) > first", "layers.Reshape((1, inputs.shape[-1]))"),
        ("8 > reshape(1x1x8) > gap", "layers.Reshape((1, 1, inputs.shape[-1]))"),
        ("8 > reshape(2x4) > first", "layers.Reshape((2, 4))"),
        ("2x4 > reshape(1x8) > first", "layers.Reshape((1, 8))"),
        # Of penalties only what is not 0, half of what is half a square in the language.
        ("8 > fc-2(l1=0.1)", "kernel_regularizer=keras.regularizers.L1L2(l1=0.1)"),
        ("8 > fc-2(l2=0.1)", "kernel_regularizer=keras.regularizers.L1L2(l2=0.05)"),
        ("8 > fc-2(l1=0.1, l2=0.1)", "keras.regularizers.L1L2(l1=0.1, l2=0.05)"),
        # A penalty on what comes out follows the activation.
        (
            "8 > fc-2(tanh, act_l1=0.1)",
            'layers.Dense(2, activation="tanh")(inputs) outputs = '
            "layers.ActivityRegularization(l1=0.1)(x)",
        ),
        ("12 of int(50) > embed-4", 'keras.Input((12,), dtype="int32")'),
        ("input a: 4\ninput b: 3\n[ @a | @b ]", 'a = keras.Input((4,), name="a")'),
        # One layer for both ways.
        (
            "8 > fc-4 as a > fc-8 as b\ntie b = transpose a",
            'a = Tied( layers.Dense(4, kernel_initializer="he_normal").get_config(), '
            "[layers.Dense(8).get_config()], )",
        ),
        ("8 > fc-4 as a > fc-8 as b\ntie b = transpose a", "a(x, back=0)"),
        (
            "12 of int(50) > embed-4 as e > dense-50(linear) as d\ntie d = transpose e",
            "e = Tied( layers.Embedding(50, 4).get_config(), [layers.Dense(50).get_config()])",
        ),
        (
            "8 > fc-4 as a > fc-8 as b > fc-4 as c > fc-8 as d\n"
            "tie b = transpose a\ntie d = transpose c",
            "c = Tied(",
        ),
        (
            "let f = fc-6 > fc-5 > fc-4\n8 > sub[ f as a | f ] > fc-5 as b\ntie b = transpose a",
            "for layer in f: x = layer(x) x = a_fc_3(x)",
        ),
        # What a product is taken with is a gate; of a sum the longer branch continues.
        ("8 > mul[ id | fc-8 > tanh ] > fc-2", "x = layers.multiply([inputs, gate])"),
        ("8 > avg[ id | fc-8 > tanh ] > fc-2", "x = layers.average([inputs, x])"),
        # An activation is an argument, but for the kinds where weights would change their order.
        (
            "8x8x2 > conv3-4(tanh) > gap > sub[ fc-3 | fc-3(tanh) ]",
            'layers.Conv2D(4, 3, padding="same", activation="tanh")(inputs)',
        ),
        (
            "8x8x2 > conv3-4(tanh) > gap > sub[ fc-3 | fc-3(tanh) ]",
            'layers.Dense(3)(x) x = layers.Activation("tanh")(x)',
        ),
        # What is made once has the name of the outermost `let`, and ends with a layer with weights.
        ("let a = fc-4\nlet b = fc-3 x3\n8 > sub[ a | a ] > sub[ b | b ]", "a = layers.Dense(4)"),
        ("let b = fc-4\nlet a = b > fc-3\n3 > sub[ a | a ] > fc-1", "a = [ layers.Dense(4,"),
        ("let a = fc-4\nlet b = fc-4 x3\n4 > sub[ b | b > a ] > a", "a = layers.Dense(4)"),
        (
            "let f = fc-4\nlet g = fc-3\n8 > sub[ f > dropout(0.5) > g | f > dropout(0.2) > g ]",
            "g = layers.Dense(3)",
        ),
        (
            "let p = dense-8 as m > dense-8 > attention(heads=2, kv=@m)\n12x8 > p > p > gap",
            "x = p(x) y = p_2(x) x = p_3(y, x)",
        ),
        (
            "let f = dense-8\n12x8 > lstm-4(bi, seq) > f > f > gap",
            "layers.Bidirectional(layers.LSTM(4, return_sequences=True))(inputs)",
        ),
        # Parameters with defaults are the last ones.
        (
            "def f(s, c) = conv3-8/{s}(pad=valid) > conv1-{c}(tanh)\n99x99x8 > f(3, 4) > f(2, 6)",
            "def f(x, filters, strides=1):",
        ),
        ("let f = fc-4 > dropout(0.5)\n8 > sub[ f > tanh | f > relu ]", "f = layers.Dense(4)"),
        # What is made once knows the shape of its input.
        (
            "let e = scale > fc-4\n4 > e > e",
            'layers.EinsumDense("ac,c->ac", 4, kernel_initializer=keras.initializers.Constant(1.0)',
        ),
        (
            "let e = scale > conv1-2\n4x4x2 > e > e",
            'layers.EinsumDense( "abdc,c->abdc", (4, 4, 2), ',
        ),
    ],
)
def test_what_is_written(text: str, written: str) -> None:
    code = netdsl.parse(text).emit()
    flat = re.sub(r"\(\s", "(", " ".join(code.split()))
    assert re.sub(r"\(\s", "(", written) in flat
