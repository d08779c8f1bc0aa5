"""Networks as Keras programs: what is printed, how long it is, and that it makes the model that
netdsl itself makes.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.emitted import assert_same
from support.programs import program as random_program
from support.programs import tangled
from support.shares import share
from support.zoo import program_of

import netdsl
from netdsl import Network
from netdsl.cli.main import main
from netdsl.emit.activations import with_activations
from netdsl.emit.read import plain_calls
from netdsl.emit.text import laid_out
from netdsl.emit.weight_order import weight_order
from netdsl.reading import ReadOptions, check_source
from netdsl.sources import read_source, stem

ROOT = Path(__file__).resolve().parents[2]
GOLDENS = ROOT / "tests" / "golden" / "emit"
EXAMPLES = sorted((ROOT / "examples").glob("*.net"))
SMALL = (
    "lenet5",
    "lenet5_original",
    "siamese",
    "autoencoder_tied",
    "autoencoder_unpool",
    "lstm_classifier",
    "resnet20",
    "inception",
)
SMALL_NETS = (
    "dcn",
    "dlrm",
    "eegnet",
    "gated_pixelcnn",
    "lstm_fcn",
    "moe",
    "neumf",
    "vae",
    "wide_deep",
)
SIZES = (32, 64, 96, 128, 160, 192)
SEEDS = share(range(200), lambda seed: seed < 80)
"""Programs without Keras are proven for further seeds in test_proof.py."""


def networks_of(path: Path, size: int | None = None) -> tuple[Network, ...]:
    """A file's networks, on images of another size where one is given; none where they do not
    take it.
    """
    shape = None if size is None else (size, size, 3)
    checked = check_source(read_source(path), ReadOptions(str(path), input_shape=shape), stem(path))
    return () if checked.faulty else checked.networks


# --- what is printed ------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "highest"), [("vgg16", 40), ("resnet50", 80), ("lenet5", 30)])
def test_programs_are_short_and_as_they_were(
    name: str, highest: int, golden: Callable[[Path, str], None]
) -> None:
    text = program_of(ROOT / "examples" / f"{name}.net")
    golden(GOLDENS / f"{name}.py", text)
    assert len(text.splitlines()) <= highest


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_programs_of_keras_alone(path: Path) -> None:
    tree = ast.parse(program_of(path))
    modules = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    modules |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules <= {"keras", "numpy", "typing"}


@pytest.mark.slow
def test_programs_pass_ruff(tmp_path: Path) -> None:
    for path in EXAMPLES:
        (tmp_path / f"{path.stem}.py").write_text(program_of(path), encoding="utf-8")
    for arguments in (["check"], ["format", "--diff"]):
        command = [
            sys.executable,
            "-m",
            "ruff",
            *arguments,
            "--isolated",
            "--no-cache",
            "--quiet",
            str(tmp_path),
        ]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert not result.returncode, result.stdout


def test_blocks_have_the_names_of_the_file() -> None:
    text = program_of(ROOT / "examples" / "resnet50.net")
    assert "def bottleneck(x" in text
    assert "for _ in range(5):\n        x = bottleneck(x)" in text


IMAGES, SEQUENCES = "64x64x4", "64x4"


@pytest.mark.parametrize(
    ("given", "step", "parameters"),
    [
        (IMAGES, "resize({h}x{w})", "height, width"),
        (IMAGES, "up{h}x{w}", "size"),
        (IMAGES, "pool{h}x{w}", "pool_size"),
        (IMAGES, "avgpool{h}x{w}", "pool_size"),
        (IMAGES, "crop({h})", "cropping"),
        (IMAGES, "pad({h})", "pad"),
        (IMAGES, "rescale({h})", "scale"),
        (IMAGES, "dropout({h/4})", "rate"),
        (IMAGES, "sdropout({h/4})", "rate"),
        (IMAGES, "noise({h/4})", "stddev"),
        (IMAGES, "sep{2*h+1}-{w}", "filters, kernel_size"),
        (IMAGES, "dw{2*h+1}", "kernel_size"),
        (SEQUENCES, "gru-{w}(seq)", "units"),
        (SEQUENCES, "attention({h}, dim={w})", "num_heads, key_dim"),
    ],
)
def test_blocks_parameters_are_called_as_keras_calls_them(
    given: str, step: str, parameters: str
) -> None:
    body = "[ conv3-8(bn, relu) | conv5-8(bn, relu) ]"
    text = f"def b(h, w) = {body} > {step}\n{given} > b(1, 2) > conv1-4 > b(2, 1)"
    assert f"def b(x, {parameters}):" in netdsl.parse(text).emit()


def test_what_is_shared_is_made_once() -> None:
    text = netdsl.parse(
        "input a: 4\ninput b: 4\nlet enc = fc-8 > dropout(0.5) > fc-2(tanh)\n"
        "sub[ @a > enc | @b > enc ] > fc-1(linear)"
    ).emit()
    assert text.count("layers.Dense(8") == text.count("layers.Dense(2") == 1
    assert text.count("for layer in enc:") == 2


def test_what_follows_a_shared_layer_is_shared_only_where_the_file_shares_it() -> None:
    text = netdsl.parse("let enc = fc-4\n8 > sub[ enc > fc-3 | enc > fc-3 ] > fc-1").emit()
    assert text.count("layers.Dense(4") == 1
    assert text.count("layers.Dense(3)(") == 2


NEEDED = ["for", "match", "range", "keras", "layers", "ops", "np", "x", "layer", "inputs"]
NEEDED += ["outputs", "shared", "repeats", "skip", "filters", "strides"]


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_called_as_something_that_programs_need_has_a_number(name: str) -> None:
    """Words of Python, imports, and the program's own variables and parameters."""
    text = f"net {name}\n8 > fc-4 as {name} > fc-2 as a\n@{name} > tanh x3 > fc-2 as b"
    code = netdsl.parse(text).emit()
    assert f"def {name}2():" in code
    assert f"    {name}3 = layers.Dense(4" in code
    assert f"(8,))\n    {name} = " not in code


def test_each_network_of_a_file_is_a_function(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "two.net"
    file.write_text("net one\n8 > fc-4\nnet two\n8 > fc-2\n", encoding="utf-8")
    assert main(["emit", str(file)]) == 0
    text = capsys.readouterr().out
    assert "def one():" in text
    assert "def two():" in text
    assert text.endswith("    one().summary()\n    two().summary()\n")
    assert main(["emit", str(file), "--net", "two"]) == 0
    assert "def one():" not in capsys.readouterr().out


def test_a_file_is_data_whatever_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / 'a", boom()) + ("\\.net'
    file.write_text('# It ends in """\n8 > fc-4\n', encoding="utf-8")
    assert main(["emit", str(file)]) == 0
    names = {
        node.id
        for node in ast.walk(ast.parse(capsys.readouterr().out))
        if isinstance(node, ast.Name)
    }
    assert names == {"keras", "layers", "inputs", "outputs", "a_boom", "__name__"}


@pytest.mark.keras
def test_names_never_hide_what_the_program_needs() -> None:
    text = """
    # Quotes: \"\"\" and a backslash: \\d, at the end a "quote"
    net range
    def layers(c) = conv3-{c} > pool
    def y(c) = layers({c}) > layers({c})
    input keras: 32x32x1
    > y(4) as print > y(8) as inputs > gap as filters
    > add[ fc-4 as skip | fc-4 > fc-4 ] as layer > fc-2 as outputs
    @filters > fc-3 as shortcut
    """
    space: dict[str, Any] = {}
    code = netdsl.parse("\n".join(line[4:] for line in text.splitlines())).emit()
    exec(compile(code, "emitted", "exec"), space)
    assert space["range2"]().name == "range"


# --- the command ----------------------------------------------------------------------------------


def test_a_program_is_never_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "model.py"
    command = ["emit", "8 > fc-4", "-o", str(target)]
    assert main(command) == 0
    assert target.read_text(encoding="utf-8") == netdsl.parse("8 > fc-4").emit()
    target.write_text("mine", encoding="utf-8")
    assert main(command) == 1
    assert "N604" in capsys.readouterr().err
    assert target.read_text(encoding="utf-8") == "mine"
    assert main([*command, "--force"]) == 0
    assert target.read_text(encoding="utf-8") != "mine"
    assert list(tmp_path.iterdir()) == [target]
    assert main(["emit", "8 > fc-4", "-o", str(tmp_path / "none" / "model.py")]) == 1
    assert "N601" in capsys.readouterr().err


def test_mistakes_in_a_file_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["emit", "8 > fcc-4"]) == 1
    assert "N101" in capsys.readouterr().err


# --- lines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x = f(a, b)(x)", ["x = f(a, b)(x)"]),
        (
            f"x = f({'a' * 40}, {'b' * 39})(x12345678)",
            ["x = f(", f"    {'a' * 40}, {'b' * 39}", ")(x12345678)"],
        ),
        (
            f"x = f({'a' * 40}, {'b' * 30})(x12345678)",
            [f"x = f({'a' * 40}, {'b' * 30})(", "    x12345678", ")"],
        ),
        (
            f"x = f({'a' * 50}, {'b' * 40})(x)",
            ["x = f(", f"    {'a' * 50},", f"    {'b' * 40},", ")(x)"],
        ),
        (
            f"x = f({'a' * 50}, {'b' * 40})({'c' * 50}, {'d' * 40})",
            [
                *("x = f(", f"    {'a' * 50},", f"    {'b' * 40},"),
                *(")(", f"    {'c' * 50},", f"    {'d' * 40},", ")"),
            ],
        ),
        (f"x = f()([{'a' * 40}, {'b' * 37}])", ["x = f()(", f"    [{'a' * 40}, {'b' * 37}]", ")"]),
        (f'x = f("({"a" * 40}", {"b" * 37})', ["x = f(", f'    "({"a" * 40}", {"b" * 37}', ")"]),
        ("x = " + "a" * 100, ["x = " + "a" * 100]),
        (f"x = {'a' * 100}()", [f"x = {'a' * 100}()"]),
        # Empty brackets are not broken, so that the 89th column is that of the last ones.
        (f"x = f({'a' * 79})()(b)", ["x = f(", f"    {'a' * 79}", ")()(b)"]),
    ],
)
def test_long_statements_are_broken_in_their_brackets(text: str, lines: list[str]) -> None:
    assert laid_out(text, 0) == lines


@pytest.mark.parametrize(
    ("first", "second", "lines"),
    [(40, 39, 1), (40, 40, 3), (40, 42, 3), (40, 43, 4)],  # 88, 89, 92 and 93 columns
)
def test_lines_of_88_columns_are_not_broken(first: int, second: int, lines: int) -> None:
    found = laid_out(f"x = f({'a' * first}, {'b' * second})", 0)
    assert (len(found), max(map(len, found)) <= 88) == (lines, True)


@pytest.mark.parametrize(("length", "lines"), [(83, 1), (84, 3)])
def test_what_is_around_a_line_counts(length: int, lines: int) -> None:
    """An indent of 4 and a comma leave 83 columns."""
    assert len(laid_out(f"f({'a' * (length - 3)})", 4, ",")) == lines


def test_the_last_brackets_are_broken_where_only_what_follows_is_too_much() -> None:
    found = laid_out(f"f({'a' * 40})({'b' * 39})", 4, ",")
    assert found == [f"    f({'a' * 40})(", f"        {'b' * 39}", "    ),"]  # as ruff does


# --- the same model -------------------------------------------------------------------------------


@pytest.mark.keras
@pytest.mark.parametrize("name", SMALL)
def test_small_examples_make_the_same_model(name: str) -> None:
    assert_same(networks_of(ROOT / "examples" / f"{name}.net"))


@pytest.mark.keras
@pytest.mark.parametrize("name", SMALL_NETS)
def test_small_networks_of_papers_make_the_same_model(name: str) -> None:
    assert_same(networks_of(ROOT / "tests" / "nets" / f"{name}.net"))


STATEMENTS = [
        "input a: 4\ninput b: 4\nlet enc = fc-8(bn) > dropout(0.5) > fc-2(tanh)\n"
        "sub[ @a > enc | @b > enc ] > fc-1(linear)",
        "input 8x8x2 > conv3-4 as c > gap > fc-3 as one\n@c > conv1-2(bn) > fc-2 as two",
        "let f = dense-4\ninput 4 > f x3 > fc-2",
        "let f = fc-4(relu)\ninput 4 > f as p > add[ f | @p > f > tanh ] > f > fc-2",
        "input 4 > fc-3 as a > fc-4 as b > fc-2\ntie b = transpose a",
        "input 12 of int(50) > embed-8 > lstm-4(bi, seq, l2=1e-3) > gru-3 > fc-2(l1=1e-4, "
        "act_l1=0.1)",
        "input 8x8x3\n> conv3-4(init=normal(0.02), bias_init=0.1, l2=1e-3) > "
        "conv3-4/2(bn(scale=no, momentum=0.99), lrelu(0.2)) > fc-2",
        "input 8x8x2 > [ conv1-2 | conv3-2 > conv3-2 | pool3/1(pad=same) > conv1-2 ] > [ id | "
        "conv3-2(bn) ] > fc-2",
        "input 8x8x4 > res(conv3-4 > conv3-4) x2 > res(conv3-8/2 > conv3-8) > mul[ id | gap > "
        "fc-2 > sigmoid-8 ] > fc-2",
        "input 8x8x4 > (conv3-4(dilation=2) > dw3 > sep3-4 > prelu) x2 > scale > fc-2",
        "input 4 > id > relu > id",
        "input 4 > fc-2 as a\n@a > fc-3 as b",
        "let f = scale > bn > fc-4\ninput 4 > f > f > fc-2",
        "let g = mul[ id | gap > fc-2 > sigmoid-2 ]\ninput 4x4x2 > g > conv1-2 > g > fc-2",
        # Branches: which one continues with `x`, and what the others are called.
        "8x8x2 > [ conv3-2 > conv3-3 > conv3-4 > conv3-5 | conv1-6 ] > conv3-2",
        "8x8x2 > [ conv1-6 | conv3-2 > conv3-3 > conv3-4 > conv3-5 > conv3-6 ] > conv3-2",
        "8x8x2 > conv3-2 as p > [ conv3-3 > conv3-4 > conv3-5 > conv3-6 > conv3-7 | "
        "[ @p | conv1-2 ] ]",
        "8x8x2 > [ id | conv3-2 ] > mul[ id | conv1-4 ] > add[ conv1-4 | id ] > add[ id | id ]",
        "8 > mul[ fc-8(sigmoid) | fc-8(tanh) ] > sub[ id | fc-8 > fc-8 ] > add[ id | fc-8 | tanh ]",
        # Names of what others refer to, after a loop, a block and a merge.
        "def f(c) = fc-{c} > bn > tanh\n8 > fc-8 x3 as p > f(8) as q > add[ @p | @q ] as r > "
        "f(4) > fc-2\n@r > fc-3 as s",
        "8x8x4 > [ conv3-4 x3 | conv1-4 ] > (conv3-4(bn) > add[ id | conv3-4 > conv1-4 ]) x2 > gap",
        # Blocks: parameters with defaults, by name and by place, and what is a multiple of another.
        "def f(c, s) = conv1-{c}(bn) > conv3-{c}/{s}(bn) > conv1-{4*c}(bn)\n"
        "16x16x4 > f(4, 1) > f(8, 2) > f(8, 1) x2 > f(16, 2) > gap",
        "def f(n) = (conv3-4(bn) > pool3/1(pad=same)) x{n} > conv1-8\n16x16x4 > f(2) > f(3) > gap",
        "def f(c) = conv3-{c//2}(bn) > dropout(0.25) > conv3-{c}(bn)\n16x16x4 > f(8) > f(16) > gap",
        "5x3x2 > each(dense-4 > relu) > gap > fc-2",
        "4x2 > abs > [ first | last ] > fc-2",
]  # fmt: skip


def test_programs_of_statements_are_as_they_were(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "statements.py", written(STATEMENTS))


def written(texts: Sequence[str]) -> str:
    """The functions of the programs of texts, each below its text."""
    parts = []
    for text in texts:
        code = netdsl.parse(text).emit().partition("\nif __name__")[0]
        functions = code.rpartition("# fmt: on")[2]  # after the layers that Keras lacks
        body = functions[functions.index("def ") :].strip()
        parts.append("".join(f"# {line}\n" for line in text.splitlines()) + body)
    return "\n\n\n".join(parts) + "\n"


@pytest.mark.keras
@pytest.mark.parametrize("text", STATEMENTS)
def test_statements_make_the_same_model(text: str) -> None:
    assert_same((netdsl.parse(text),))


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore:[\\s\\S]*softmax over axis -1 of a tensor of shape")
@pytest.mark.parametrize("seed", SEEDS)
def test_random_networks_make_the_same_model(seed: int) -> None:
    few = 2 + seed % 2  # statements: the cost of the long ones is in Keras
    text = tangled(Random(seed), few) if seed % 5 == 0 else random_program(Random(seed), 5).text
    assert_same((netdsl.parse(text),))


@pytest.mark.keras
@pytest.mark.zoo
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_make_the_same_model(path: Path) -> None:
    networks = networks_of(path)
    if len(networks[0].inputs[0].shape) == 3 and networks[0].inputs[0].shape[-1] == 3:
        networks = next(
            (smaller for size in SIZES if (smaller := networks_of(path, size))), networks
        )
    assert_same(networks)


ORDERS = {
    "input 4 > fc-3 as a > fc-2 as one\n@a > fc-5 as two": ["a", "one", "two"],
    "input 4 > fc-3 as a > fc-2 > fc-4 as one\n@a > fc-5 as two": ["a", "fc_1", "one", "two"],
    "input 4 > fc-3 as a > fc-5 as one\n@a > fc-2 > fc-4 as two": ["a", "fc_1", "one", "two"],
    "input a: 4\ninput b: 4\nsub[ @b > fc-3 | @a > fc-3 ] > fc-1": ["fc_1", "fc_2", "fc_3"],
    # An activation of its own is one more layer on the way.
    "input 4\n> sub[ fc-3 | fc-3(tanh) ] > fc-1": ["fc_2", "fc_1", "fc_3"],
}


@pytest.mark.parametrize("text", ORDERS)
def test_the_order_of_weights_of_several_outputs_and_inputs(text: str) -> None:
    assert order_of_weights(netdsl.parse(text)) == ORDERS[text]


def order_of_weights(network: Network) -> list[str]:
    """The layers with weights as a Keras model of the program lists them."""
    order = weight_order(with_activations(plain_calls(network.graph)))
    return [network.graph.ops[op].name for op in order]


@pytest.mark.keras
@pytest.mark.parametrize("text", ORDERS)
def test_that_order_is_keras_own(text: str) -> None:
    model = netdsl.parse(text).keras(0)
    assert [layer.name for layer in model.layers if layer.weights] == ORDERS[text]


@pytest.mark.keras
@pytest.mark.parametrize("name", ["inception", "resnet20", "autoencoder_tied", "siamese"])
def test_the_order_of_weights_is_keras_own(name: str) -> None:
    (network,) = networks_of(ROOT / "examples" / f"{name}.net")
    expected = [layer.name for layer in netdsl.Network.of(network).keras(0).layers if layer.weights]
    assert order_of_weights(network) == expected
