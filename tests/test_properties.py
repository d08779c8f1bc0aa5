"""What holds for every text: diagnostics and nothing else for broken ones; for valid ones the
shapes and counts of a plain recomputation, and the same network again from what `expand` and `fmt`
write.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from fractions import Fraction
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.programs import mutated, noise, program, tangled

import netdsl
from netdsl.errors import NetError, Source
from netdsl.reading import Checked, ReadOptions, check_source

ROOT = Path(__file__).resolve().parents[1]


def _fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz", ROOT / "benchmarks" / "fuzz.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    path = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = path
    return module


fuzz = _fuzz()
SEEDS = st.integers(0, 2**32).map(Random)
FEW = settings(
    deadline=None, derandomize=True, max_examples=150, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.slow
@FEW
@given(rng=SEEDS)
def test_valid_programs_have_the_shapes_and_counts_of_a_plain_recomputation(rng: Random) -> None:
    assert fuzz.disagreement(program(rng)) == ""


@pytest.mark.slow
@FEW
@given(rng=SEEDS)
def test_valid_programs_keep_their_meaning_written_out_and_formatted(rng: Random) -> None:
    assert fuzz.fault(program(rng).text) == ""


@pytest.mark.slow
@FEW
@given(rng=SEEDS, statements=st.integers(1, 6))
def test_tangled_programs_keep_their_meaning_written_out_formatted_and_emitted(
    rng: Random, statements: int
) -> None:
    """Forks whose layers refer to points, shared pieces through merges, branches that begin at
    points.
    """
    text = tangled(rng, statements)
    assert not _errors(checked(text)), text
    assert fuzz.fault(text) == ""


@pytest.mark.slow
@FEW
@given(rng=SEEDS)
def test_broken_programs_give_diagnostics_only(rng: Random) -> None:
    assert fuzz.fault(mutated(rng, program(rng).text)) == ""


@FEW
@given(rng=SEEDS)
def test_noise_gives_diagnostics_only(rng: Random) -> None:
    assert fuzz.fault(noise(rng)) == ""


@FEW
@given(text=st.text(max_size=60))
@example("")
@example("\r\n\r")
@example("#")
@example("\ufeff8 > fc-2")
@example("8 > fc-２")
@example("8 > fc-2 as é")
def test_any_text_gives_diagnostics_only(text: str) -> None:
    assert fuzz.fault(text) == ""


EXAMPLES = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").glob("*.net"))]


@pytest.mark.slow
@FEW
@given(rng=SEEDS, text=st.sampled_from([text for text in EXAMPLES if len(text) < 600]))
def test_broken_examples_give_diagnostics_only(rng: Random, text: str) -> None:
    assert fuzz.fault(mutated(rng, text)) == ""


WORDS = """
conv dw sep tconv local fc dense pool avgpool l2pool lppool stochpool featpool up nails pad crop
reshape widen slice resize shuffle permute embed lstm attention scale dropout softmax relu bn gn in
res first cls pos sincos std id
"""
NUMBERS = """
0 1 2 3 7 -1 2147483648 9223372036854775807 9223372036854775808 99999999999999999999999
1/2 0.5 1e300 {in} {0-1}
"""


@pytest.mark.slow
@FEW
@given(data=st.data())
def test_layers_with_any_numbers_give_diagnostics_only(data: st.DataObject) -> None:
    """Zero, negative, huge and broken sizes, amounts, strides and options of every kind."""
    word, shape = (
        data.draw(st.sampled_from(WORDS.split())),
        data.draw(st.sampled_from(["8", "8x4", "8x8x4", "4x4x4x2", "2x2x2x2x2", "9 of int(5)"])),
    )
    size = data.draw(
        st.sampled_from(["", "", "3", "0", "{in}", "1x7", "99999999999", "4294967296"])
    )
    amount = data.draw(
        st.sampled_from(["", "", *(f"-{number.lstrip('-')}" for number in NUMBERS.split())])
    )
    stride = data.draw(st.sampled_from(["", "", "/2", "/0", "/2x1", "/99999999999"]))
    options = [
        data.draw(
            st.sampled_from(
                [
                    "",
                    "pad=",
                    "groups=",
                    "dilation=",
                    "mult=",
                    "size=",
                    "heads=",
                    "extra=",
                    "p=",
                    "act=",
                    "init=",
                    "l2=",
                    "eps=",
                ]
            )
        )
        + data.draw(
            st.sampled_from(
                [
                    *NUMBERS.split(),
                    "same",
                    "tf",
                    "(1,2)",
                    "2x1",
                    "bn",
                    "relu",
                    "@input",
                    '"a"',
                    "normal(0.1)",
                    "conv3-4 > bn",
                ]
            )
        )
        for _ in range(data.draw(st.integers(0, 3)))
    ]
    repeat = data.draw(st.sampled_from(["", "", " x3", " x99999999", " x{in}"]))
    inside = f"({', '.join(options)})" if options else ""
    assert fuzz.fault(f"{shape} > {word}{size}{amount}{stride}{inside}{repeat} > fc-2") == ""


@FEW
@given(
    ints=st.lists(st.integers(-50, 50), min_size=2, max_size=6),
    signs=st.lists(st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), min_size=5, max_size=5),
)
def test_arithmetic_is_exact(ints: list[int], signs: list[str]) -> None:
    """Expressions are what Python's fractions make of them, with the same precedence; powers
    small enough to be had.
    """
    text = str(abs(ints[0]))
    for sign, number in zip(signs, ints[1:], strict=False):
        text += f" {sign} {abs(number) % 4 if sign == '**' else abs(number)}"
    exact = re.sub(r"(?<!\*\* )\b(\d+)\b", r"Fraction(\1)", text)
    try:
        expected = Fraction(eval(exact, {"Fraction": Fraction}))
    except ZeroDivisionError:
        assert _errors(checked(f"param v = {text}\n8 > fc-2")) == ["N112"]
        return
    if re.search(r"\*\* .*\*\* ", text) or expected.denominator >= 2**62 or abs(expected) >= 2**62:
        assert set(_errors(checked(f"param v = {text}\n8 > fc-2"))) <= {"N404", "N112"}
        return
    same = (
        f"param v = {text}\nparam w = ({expected.numerator}) / {expected.denominator}\n"
        f"8 > fc-{{if(v == w, 3, 4)}}"
    )
    network = checked(same)
    assert not _errors(network), (text, network.diagnostics)
    assert network.networks[0].outputs[0].shape == (3,), text


def checked(text: str) -> Checked:
    return check_source(Source("t", text), ReadOptions(), "t")


def _errors(found: Checked) -> list[str]:
    return [d.code for d in found.diagnostics if d.severity == "error"]


@FEW
@given(rng=SEEDS, count=st.integers(1, 3))
def test_one_mistake_in_each_of_several_statements_is_reported_once_each(
    rng: Random, count: int
) -> None:
    """Recovery: as many mistakes as there are broken statements, and none that follows from
    another.
    """
    good = [f"def g{i}(c) = conv3-{{c}}(bn)" for i in range(4)]
    bad = [
        "def b{}(c) = conv3-{{c}}(bnn=3)",
        "def b{}(c) = convv3-{{c}}",
        "def b{}(c) = conv3-{{c",
        "param p{} = 1 +",
        "def b{}(c) conv3",
    ]
    lines = [
        *good,
        *(rng.choice(bad).format(i).replace("{{", "{").replace("}}", "}") for i in range(count)),
    ]
    rng.shuffle(lines)
    text = "\n".join([*lines, "8x8x3 > g0(4) > gap > fc-2"])
    assert len(_errors(checked(text))) == count, text


def test_a_param_makes_no_exception() -> None:
    for value in (0, -1, 2**80, 0.5, "a", True, 10**400):
        with pytest.raises(NetError):
            netdsl.parse("param w = 3\n8x8x3 > conv3-{w} > fc-{w//2 + 1}", params={"w": value})


@pytest.mark.keras
@pytest.mark.parametrize("seed", range(12))
def test_random_programs_are_what_keras_makes_of_them(seed: int) -> None:
    expected = program(Random(f"keras {seed}"), steps=4)
    model: Any = netdsl.parse(expected.text).keras(0)
    assert tuple(tuple(y.shape)[1:] for y in model.outputs) == expected.outputs
    sizes = [
        sum(int(w.numpy().size) for w in weights)
        for weights in (model.trainable_weights, model.non_trainable_weights)
    ]
    seeds = sum(int(v.numpy().size) for v in model.non_trainable_variables) - sizes[1]
    assert sizes == [expected.params, expected.moving]
    assert seeds % 2 == 0  # a generator's state is two numbers
