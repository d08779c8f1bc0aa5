"""Curves of activations, and the formulas of their derivatives."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.pictures import SVG, sampled

from netdsl import parse
from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.kinds import KINDS
from netdsl.kinds.act import Activation
from netdsl.lab.curves import curve_of, curves_picture
from netdsl.report.explain import explained

ACTIVATIONS = [kind for kind in dict.fromkeys(KINDS.values()) if issubclass(kind, Activation)]
CURVES = [kind for kind in ACTIVATIONS if kind.drawn is not None]


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def swish(x: Any) -> Any:
    s = sigmoid(x)
    return s + x * s * (1 - s)


def mish(x: Any) -> Any:
    t = np.tanh(np.log(1 + np.exp(x)))
    return t + x * (1 - t**2) * sigmoid(x)


def gelu(x: Any) -> Any:
    below = [(1 + math.erf(each / math.sqrt(2))) / 2 for each in x]
    return np.array(below) + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


FORMULAS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "1 where 0 < x < max, slope where x < 0, else 0": (
        "relu(max=2, slope=0.1)",
        lambda x: np.where(x < 0, 0.1, (x < 2) * 1.0),
    ),
    "1 where 0 < x < 6, else 0": ("relu6", lambda x: ((x > 0) & (x < 6)) * 1.0),
    "1 where x > 0, else slope": ("lrelu(0.3)", lambda x: np.where(x > 0, 1, 0.3)),
    "1 where x > 0, else a": ("prelu(init=0.5)", lambda x: np.where(x > 0, 1, 0.5)),
    "1 where x > 0, else alpha*exp(x)": ("elu(2)", lambda x: np.where(x > 0, 1, 2 * np.exp(x))),
    "1.0507 where x > 0, else 1.7581*exp(x)": (
        "selu",
        lambda x: np.where(x > 0, 1.0507, 1.7581 * np.exp(x)),
    ),
    "P(X <= x) + x*p(x), with the density p of X": ("gelu", gelu),
    "s + x*s*(1 - s), with s = sigmoid(x)": ("swish", swish),
    "t + x*(1 - t^2)*sigmoid(x), with t = tanh(softplus(x))": ("mish", mish),
    "(2*x + 3)/6 where -3 < x < 3, 0 below, 1 above": (
        "hswish",
        lambda x: np.where(x < -3, 0, np.where(x > 3, 1, (2 * x + 3) / 6)),
    ),
    "1/6 where -3 < x < 3, else 0": ("hsigmoid", lambda x: (abs(x) < 3) / 6),
    "1 - tanh(x)^2": ("tanh", lambda x: 1 - np.tanh(x) ** 2),
    "sigmoid(x)*(1 - sigmoid(x))": ("sigmoid", lambda x: sigmoid(x) * (1 - sigmoid(x))),
    "sigmoid(x)": ("softplus", sigmoid),
    "1/(1 + |x|)^2": ("softsign", lambda x: 1 / (1 + abs(x)) ** 2),
    "exp(x)": ("exp", np.exp),
    "1": ("linear", np.ones_like),
    "sign(x)": ("abs", np.sign),
    "-1": ("neg", lambda x: -np.ones_like(x)),
    "-1/x^2": ("recip", lambda x: -1 / x**2),
    "1/(2*sqrt(x))": ("sqrt", lambda x: 1 / (2 * np.sqrt(x))),
    "1/x": ("log", lambda x: np.where(x > 0, 1 / x, np.nan)),
    "exponent*x^(exponent - 1)": ("pow(3)", lambda x: 3 * x**2),
    "0, and none at 0": ("sign", np.zeros_like),
}


@pytest.mark.parametrize("kind", ACTIVATIONS, ids=lambda kind: kind.word)
def test_every_activation_states_its_derivative(kind: type[Activation]) -> None:
    assert f"Derivative: `{kind.derivative}`." in explained(kind.word)
    assert kind.drawn is None or kind.derivative in FORMULAS


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_derivative_is_the_slope(formula: str) -> None:
    text, stated = FORMULAS[formula]
    curve = curve_of(text)
    assert curve.derivative == formula
    with np.errstate(all="ignore"):
        expected = stated(np.array(curve.x))
    np.testing.assert_allclose(curve.slope, expected, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "written"),
    [("pow", "pow(3)"), ("pow(2)", "pow(2)"), ("relu", "relu"), ("elu(2)", "elu(2)")],
)
def test_a_word_that_requires_a_value_has_a_usual_one(text: str, written: str) -> None:
    assert curve_of(text).word == written


@pytest.mark.parametrize("word", ["softmax", "logsoftmax"])
def test_derivatives_of_softmax(word: str) -> None:
    x, step = np.array([[0.5, -1.0, 2.0]]), 1e-6
    p = np.exp(x) / np.exp(x).sum()
    (layer,) = (op.kind for op in parse(f"3 > {word}").graph.ops if op.kind)
    for j in range(3):
        one = np.arange(3) == j
        slope = layer.forward(np, {}, x + step * one) - layer.forward(np, {}, x - step * one)
        expected = p * (one - p[0, j]) if word == "softmax" else one - p[:, [j]]
        np.testing.assert_allclose(slope / (2 * step), expected, atol=1e-8)


def lines(text: str, look: str) -> list[tuple[tuple[float, float], ...]]:
    """The pieces of a curve, without the line that names it."""
    root = ElementTree.fromstring(curves_picture(text).svg)
    paths = [part for part in root.iter(f"{SVG}path") if part.get("class") == look]
    return [sampled(part.attrib["d"], 1) for part in paths][:-1]


@pytest.mark.parametrize(
    ("text", "pieces", "derivative_pieces"),
    [
        ("sigmoid", 1, 1),
        ("relu", 1, 2),
        ("relu6", 1, 3),
        ("hsigmoid", 1, 3),
        ("step", 2, 1),
        ("recip", 2, 2),
        ("log", 1, 1),
        ("exp", 1, 1),
    ],
)
def test_curves_are_broken_where_they_jump(text: str, pieces: int, derivative_pieces: int) -> None:
    assert len(lines(text, "curve")) == pieces
    assert len(lines(text, "slope")) == derivative_pieces


def test_all_are_on_one_sheet_and_nothing_leaves_it() -> None:
    root = ElementTree.fromstring(curves_picture("activations").svg)
    names = [group.get("data-id") for group in root.iter(f"{SVG}g")]
    assert len(names) == len(CURVES)
    assert {"sigmoid", "pow(3)", "relu6"} <= set(names)
    x, y, wide, high = map(float, root.attrib["viewBox"].split())
    for part in root.iter(f"{SVG}path"):
        for a, b in sampled(part.attrib["d"], 1):
            assert x <= a <= x + wide
            assert y <= b <= y + high
    assert float(root.attrib["width"]) <= 1200


@pytest.mark.parametrize("text", ["conv", "softmax", "relu > tanh", "fc-3(relu)"])
def test_what_has_no_curve_is_refused(text: str) -> None:
    with pytest.raises(NetError, match="has no curve") as error:
        curves_picture(text)
    assert error.value.code == "N661"
    with pytest.raises(NetError, match="no layer or block `sigmoind`"):
        curves_picture("sigmoind")


def test_all_are_listed() -> None:
    text = explained("activations")
    assert re.search(r"sigmoid +The logistic function 1/\(1 \+ exp\(-x\)\) +sigmoid\(x\)", text)
    assert all(kind.word in text for kind in ACTIVATIONS)


_RUN = """
import sys
from netdsl.cli.main import main
assert main(["explain", "sigmoid"]) == 0
assert not {"numpy", "keras"} & set(sys.modules)
assert main(["explain", "sigmoid", "-o", sys.argv[1]]) == 0
assert "keras" not in sys.modules
"""


@pytest.mark.slow
def test_numpy_is_imported_where_a_curve_is_drawn_alone(tmp_path: Path) -> None:
    target = tmp_path / "sigmoid.svg"
    subprocess.run([sys.executable, "-c", _RUN, str(target)], check=True, capture_output=True)
    assert "<svg" in target.read_text()
    assert main(["explain", "sigmoid", "-o", str(target)]) == 1
    assert main(["explain", "sigmoid", "-o", str(tmp_path / "sigmoid.gif")]) == 1
