"""What to write instead: the whole help of mistakes that people make, and that it works."""

from __future__ import annotations

import re
from itertools import product

import pytest

import netdsl
from netdsl.errors import Diagnostic, NetError, Source, nearest
from netdsl.errors.spelling import edits
from netdsl.kinds import KINDS
from netdsl.kinds.elsewhere import COMPOSED
from netdsl.kinds.fitting import divisor
from netdsl.kinds.hints import plain_names, written_here
from netdsl.reading import ReadOptions, check_source

NO_GUESS = "kinds are conv, fc, pool, bn, dropout and many more: `netdsl explain` lists them"
LAST = "after the repeat `blocks` names its last iteration; within it, each: (... as blocks) x3"
LEFT_OUT = "flatten gives a vector; a size may be computed, as in reshape({in.h*in.w}x{in})"
UNREAD, MORE_READ = "`# netdsl: ignore W701`", "another size, stride or padding reads them all"
TURNED = "the outer list has an item for each output, the inner ones the inputs"
PLUS = "write add[ a | b ], or res(...) for a residual; numbers are added in braces: {a+b}"

WAYS_OUT = [
    ("8x4 > glu", f"it is written {COMPOSED['glu']}"),
    ("8x8x4 > depth2space", "it is written pixelshuffle2"),
    ("8x8x4 > d2s2", "it is written pixelshuffle2"),
    ("8x8x4 > space_to_depth(2)", "it is written pixelunshuffle2"),
    ("2 > fc-2(init=[1 0; 0 1])", "write [[1, 0], [0, 1]]"),
    ("2 > fc-2(init=[1, 0; 0, 1])", "write [[1, 0], [0, 1]]"),
    ("2 > fc-1(init=[1 -2.5])", "write [1, -2.5]"),
    ("input x: 2\n> fc-1\ngiven x = [1 2]", "write [1, 2]"),
    (
        "5x5x3 > conv3-1(init=[[0, 1, 0], [1, 2, 1], [0, 1, 0]])",
        "dw3 has one filter for all channels",
    ),
    ("5x3 > conv2-1(pad=0, init=[1, 2])", "dw2 has one filter for all channels"),
    ("5x5x3 > conv3x1-1(init=[[0], [1], [0]])", "dw3x1 has one filter for all channels"),
    ("3 > fc-2(init=[[1, 2], [3, 4], [5, 6]])", TURNED),
    ("2 > fc-1(init=[[1], [2]])", TURNED),
    ("2 > fc-2(init=[[1, 2, 3], [4, 5, 6]])", ""),
    ("2 > fc-2(init=[1, 2, 3, 4])", ""),
    ("8x8x4 > conv(64, 3, 2)", "write conv3-64"),
    ("8x8x4 > conv2(64, 3)", "write conv2-64"),
    ("8x8x4 > pool2(stride=2)", "a stride is written after a slash: pool3/2"),
    ("8x8x4 > conv3-8(stride=2)", "a stride is written after a slash: conv3-64/2"),
    ("8 > fc-8(units=2)", "an amount is written after a dash: fc-64"),
    ("4 > sub[ const(1, 2) | id ]", "`const(1, 2)` gives 2 numbers: give 4, or one for all"),
    ("8x8x3 > mul[ id | const(1, 2) ]", "`const(1, 2)` gives 2 numbers: give 3, or one for all"),
    ("8 > add[ fc-3 | id | const(1, 2) ]", "fc-8 brings 3 to 8 channels"),
    ("8x8x4 > stack[ const(1, 2) | id ]", "gap makes a vector of 8x8x4"),
    ("8x8x4 > add[ const(1) | id | pool ]", "up2 brings 4x4 to 8x8, and pool2 8x8 to 4x4"),
    (
        "8 > add[ const(1, 2) | const(1, 2, 3) | id ]",
        "`const(1, 2)` gives 2 numbers: give 8, or one for all",
    ),
    (
        "8 > add[ const(1) | const(1, 2) | id ]",
        "`const(1, 2)` gives 2 numbers: give 8, or one for all",
    ),
    ("4 > sub[ fc-3 | id ]", "fc-4 brings 3 to 4 channels"),
    (
        "def f(n) = fc-{n} as p > relu\n4 > f(3) > fc-2\n@p > fc-5",
        "`p` is a point inside the block `f`: name its use, f as use, and write @use.p",
    ),
    (
        "def f(n) = fc-{n} as p > relu\n4 > f(3) as u > fc-2\n@p > fc-5",
        "it is a point inside `u`: write @u.p",
    ),
    ("8 > Dense(3)", "it is written fc-10 (an activation after it in brackets: fc-10(relu))"),
    ("8 > Linear(3)", "it is written fc-10 (an activation after it in brackets: fc-10(relu))"),
    ("8 > Activation(relu)", "it is written relu"),
    ("8 > Activation(Tanh)", "it is written tanh"),
    ("8 > Activation(conv)", "it is written by its name: relu, tanh, softmax"),
    ("8 > activation", "it is written by its name: relu, tanh, softmax"),
    ("8x8x3 > conv3-8(s=2)", "a stride is written after a slash: conv3-64/2"),
    ("8x8x3 > conv3-8(p=1)", "did you mean `pad`?"),
    ("8x8x3 > conv3-8,pad=0 > fc-3", "write conv3-8(pad=0)"),
    (
        "7x7x3 > pool",
        "`pool(ceil)` reads them; harmless at the end of pooling: `# netdsl: ignore W701`",
    ),
    ("8x8x4 > mix", NO_GUESS),
    ("8x8x4 > min", NO_GUESS),
    ("8x8x4 > fft", NO_GUESS),
    ("8x8x4 > whiten", NO_GUESS),
    ("8x8x4 > e2", NO_GUESS),
    ("8x8x4 > cond", "did you mean `conv`?"),
    ("8x8x4 > dropuot(0.5)", "did you mean `dropout`?"),
    ("8x8x4 > mean(axis=1)", "did you mean `over`?"),
    ("8x8x4 > softmax(dim=1)", "did you mean `over`?"),
    ("8x8x4 > max(h, keepdims)", "did you mean `keep`?"),
    ("8 > fc-4 as h > fc-3\noutputs @h", "did you mean `output`?"),
    ("8x8x4 > upconv2-8", "it is written tconv3-64/2"),
    ("8x8x4 > drop(0.5)", "it is written dropout"),
    ("8x8x4 > basic(8)", "`use resnet` defines it"),
    ("8x8x4 > se", "`use se` defines it"),
    ("8x8x4 > sum[ id | id ]", "it is written add"),
    ("8x8x4 > cat[ id | id ]", "it is written [ a | b ]"),
    ("8x8x4 > mull[ id | id ]", "did you mean `mul`?"),
    (
        "8x8x4 > blend[ id | id ]",
        "merges are [ ... ] and add, mul, max, avg, sub, dot, stack, gaussian, pairs, matmul",
    ),
    ("input x: 8x8x4\nadd[ x | conv3-4 ]", "write @x for the point with this name"),
    ("input x: 8x8x4\n> add[ x | id ]", "write @x for the point with this name"),
    ("8x8x4 > conv3-4 as x > add[ x | id ]", "write @x for the point with this name"),
    (
        "8x8 > dense-3(foo=1) as dense",
        "its options are bias, init, bias_init, l1, l2, act_l1, norm, act",
    ),
    ("8x8x4 > [ conv3-4 as a | id ] > add[ a | id ]", "write @a for the point with this name"),
    ("8x8x4 > add[ input | id ]", "write @input for the point with this name"),
    ("def f(n) = fc-{n}\nparam w = 2\n8 > f(2*w)", "write {2*w}"),
    ("def f(n) = fc-{n}\nparam w = 2\n8 > f(w+1)", "write {w+1}"),
    ("def f(n) = fc-{n}\nparam w = 2\n8 > f(n=w * 2 - 1)", "write {w * 2 - 1}"),
    ("def g(n) = fc-{n}\ndef f(n, s=1) = g(s//2)\n8 > f(3)", "write {s//2}"),
    ("8 > dropout(0.1*5)", "write {0.1*5}"),
    ("8x8x4 > slice(0, in*2)", "write {in*2}"),
    ("param w = 3\n8 > fc-2*w", "write fc-{2*w}"),
    ("param w = 3\n8 > fc-w*2", "write fc-{w*2}"),
    ("param w = 3\n8x8x4 > pool3/2*w", "write pool3/{2*w}"),
    ("param w = 3\n8 > fc-8 x2*w", "write x{2*w}"),
    ("param w = 3\n8 > fc-8 xw+1", "write fc-8 x{w+1}"),
    ("8x8x4 > res(conv3-4 + id)", PLUS),
    ("8x8x4 > res(conv3-4 * 2)", "write conv3-4 x2"),
    ("param w = 16, 32\n8 > fc-8", "write param w = (16, 32)"),
    ("input 20x32 as m\n> fc-4", "write input m: 20x32"),
    ("20x32 as m > fc-4", "write input m: 20x32"),
    ("input 20 of int(100) as m > embed-8", "write input m: 20 of int(100)"),
    ("8x8x4 > reshape(-1)", LEFT_OUT),
    ("8x8x4 > reshape(-1, 4)", LEFT_OUT),
    ("8x8x4 > reshape(8, 32)", "write reshape(8x32)"),
    ("8x8x4 > (conv3-4) x3 as blocks\nconcat[ @blocks.* ]", LAST),
    ("8x8x4 > (conv3-4) x3 as blocks\n[ @blocks.0 | @blocks ]", LAST),
    (
        "8x8x4 > conv3-4 as a\n[ @a.* ]",
        "a name within a repeat is each iteration's: (conv3-64 as a) x3 has @a.*",
    ),
    ("def f(t) = when(t, conv3-4)\n8x8x4 > f(1)", "write when(t > 0, ...), or yes or no"),
    ("8x8 > lstm-8(relu)", "write inside=relu"),
    ("4x16x96 > attention(heads=4)", "reshape(64x96) turns it into a sequence"),
    ("96 > lstm-8", "reshape(96x1) turns it into a sequence"),
    ("784 > conv3-8", "use fc, or reshape(28x28x1) gives it positions"),
    ("96 > pool", "reshape(96x1) gives it positions"),
    ("16x96 > attention(heads=7)", "heads=6 does; or give the channels of each: dim=16"),
    ("8x8x12 > conv3-9(groups=5)", "groups=3 does"),
    ("8x8x10 > shuffle(4)", "groups=5 does"),
    ("8x8x10 > featpool4", "groups of 5 do"),
    ("128 > embed-4", "an input of indices gives their number: input 128 of int(20000)"),
    ("8x8x4 > reshape(9x8)", "reshape(32x8)"),
    ("8x8x4 > reshape(4x8)", "reshape(32x8) or reshape(4x64)"),
    # where the positions became so few
    (
        "32x32x3 > pool2\n> pool2\n> mul[ id | gap ] > conv9-4(pad=0)",
        "pad=same keeps 8x8; the input of 32x32 shrank to 8x8 at line 2 (pool2)",
    ),
    (
        "32x32x3 > pool2\n> pool2\n> mul[ gap | id ] > conv9-4(pad=0)",
        "pad=same keeps 8x8; the input of 32x32 shrank to 8x8 at line 2 (pool2)",
    ),
    (
        "input b: 3\ninput a: 8x9x3\nmul[ @b | @a ]\n> pool1x3 > conv9-4(pad=0)",
        "pad=same keeps 8x3; the input of 8x9 shrank to 8x3 at line 4 (pool1x3)",
    ),
    (
        "16 > reshape(4x4x1)\n> pool > conv3-4(pad=0)",
        "pad=same keeps 2x2; the input of 4x4 shrank to 2x2 at line 2 (pool)",
    ),
    ("16 > reshape(4x4x1) > conv5-3(pad=0)", "pad=same keeps 4x4"),
    ("4x4x3 > resize(8x8) > conv9-4(pad=0)", "pad=same keeps 8x8"),
    ("8x8x3 > conv9-4(pad=0)", "pad=same keeps 8x8"),
]


def first(text: str) -> Diagnostic:
    return check_source(Source("test", text), ReadOptions(), "test").diagnostics[0]


def errors(text: str) -> list[Diagnostic]:
    found = check_source(Source("test", text), ReadOptions(), "test").diagnostics
    return [each for each in found if each.severity == "error"]


@pytest.mark.parametrize(("text", "help"), WAYS_OUT, ids=[text for text, _ in WAYS_OUT])
def test_the_help_is_the_way_out(text: str, help: str) -> None:
    assert first(text).help == help


INPUTS = ("32x32x4", "8x4", "64")


@pytest.mark.parametrize("name", COMPOSED)
def test_what_several_layers_make_is_right(name: str) -> None:
    """What is written for a name of the field runs, on one kind of input at the least."""
    written = COMPOSED[name]
    networks = []
    for shape in INPUTS:
        try:
            networks.append(netdsl.parse(f"{shape} > {written}"))
        except NetError:
            continue
    assert networks, written
    assert not {*plain_names(name)} & {*KINDS}


def test_no_name_elsewhere_is_given_twice() -> None:
    names = [name for kind in KINDS.values() for name in kind.names_elsewhere]
    assert len(names) == len(set(names))
    assert not set(names) & set(COMPOSED)
    for kind in KINDS.values():
        known = [KINDS[name] for name in kind.names_elsewhere if name in KINDS]
        # sum[ ] is add[ ]; Keras's Dense and PyTorch's Linear are fc
        assert all(kind.word == "fc" or (kind.merges and not other.merges) for other in known)
    assert written_here("Log_Sigmoid", KINDS.values()) == COMPOSED["logsigmoid"]


MISFITS = [
    "32x32x3 16x16x3",
    "32x32x3 16x8x5",
    "32x32x3 30x30x3",
    "8x8x16 8x8x3",
    "32x3 8x3",
    "32x3 7x3",
    "32x3 32x5",
    "8x8x4 5",
    "8x8x4x3 4x4x2x3",
    "8x8x4x3 8x8x4x2",
    "3 8",
    "64x4 8x8x4",
    "8x8x4 8x8x4 4x4x2",
    "8x8x16 4x4x1",
    "8x8x16 8 1",
    "8x8x16 8x8x1 8x8x3",
    "8x8x16 16x16x1 16",
]


@pytest.mark.parametrize(("shapes", "merge"), [*product(MISFITS, ("", "add", "stack"))])
def test_shapes_that_do_not_fit_do_so_with_the_help(shapes: str, merge: str) -> None:
    """The first step of each part of the help does what it says, and in the end all fit."""
    inputs = shapes.split()
    head = "\n".join(f"input i{at}: {shape}" for at, shape in enumerate(inputs))
    branches = [f"@i{at}" for at in range(len(inputs))]
    rounds = 0
    while found := errors(f"{head}\n{merge}[ {' | '.join(branches)} ] > relu"):
        assert (found[0].code, rounds < 3) == ("N207", True)
        given = found[0].label.removeprefix("branches give ").split(", ")
        before = list(branches)
        for part in found[0].help.split("; "):
            step = re.match(r"(\S+) (?:brings|makes a \w+ of) (\S+)", part)
            assert step, found
            for at, shape in enumerate(given):
                if step[2] in (shape, shape.rpartition("x")[0]):
                    branches[at] += f" > {step[1]}"
        assert branches != before, found
        rounds += 1
    assert rounds or merge == ""  # vectors, and other channels at the same positions, fit


NEAR = [
    ("cnov", "conv"),
    ("pol", "pool"),
    ("Relu", "relu"),
    ("bnn", "bn"),
    ("ad", "add"),
    ("sofmxa", "softmax"),
    ("atantion", "attention"),
    ("lost", "last"),
    ("cast", None),
    ("sub2", "sub"),
    ("map", None),
    ("xconv", None),
    ("f", None),
    ("conv" * 1000, None),
]


def test_other_letters_in_front_of_a_long_word() -> None:
    assert nearest("pytorch", ["tensorflow", "jax", "torch"]) == "torch"
    assert nearest("float16", ["float32", "bfloat16", "mixed"]) == "bfloat16"
    assert nearest("there", ["here"]) is None


@pytest.mark.parametrize(("word", "meant"), NEAR)
def test_only_a_near_word_is_meant(word: str, meant: str | None) -> None:
    assert nearest(word, [*KINDS, "res"]) == meant


def test_edits() -> None:
    pairs = [
        ("", "ab", 2),
        ("ab", "ba", 1),
        ("abc", "ca", 3),
        ("kitten", "sitting", 3),
        ("a", "a", 0),
    ]
    for word, other, count in pairs:
        assert edits(word, other) == edits(other, word) == count


def test_the_nearest_divisor() -> None:
    assert [divisor(96, near) for near in (1, 5, 7, 41, 1000)] == [1, 4, 6, 48, 96]
