"""Functions of x as text: what they compute, compared with NumPy, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from netdsl.errors import NetError
from netdsl.training.data.sources.formula import DEEPEST, LONGEST, read_formula

X = np.linspace(-2, 2, 9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sin(3*pi*x)", np.sin(3 * np.pi * X)),
        ("-x^2", -(X**2)),
        ("2^3^2 + 0*x", np.full(9, 512.0)),
        ("2**-1", np.full(9, 0.5)),
        ("x - 1 - 1", X - 2),
        ("8 / 4 / 2", np.ones(9)),
        ("1 + 2*x % 3", 1 + (2 * X) % 3),
        (" (x > 0) * x ", np.maximum(X, 0)),
        ("max(x, min(.5, 2e-1))", np.maximum(X, 0.2)),
        ("1 - abs(2*(8*x % 1) - 1)", 1 - np.abs(2 * ((8 * X) % 1) - 1)),
        ("- - +x", X),
        ("exp(log(abs(x) + 1)) - e/e", np.abs(X)),
        ("sign(x) + floor(x) + tanh(x)", np.sign(X) + np.floor(X) + np.tanh(X)),
    ],
)
def test_values(text: str, expected: object) -> None:
    assert read_formula(text).values(X) == pytest.approx(expected)


def test_no_value_is_nan_or_infinite() -> None:
    assert not np.isfinite(read_formula("1/x + log(x)").values(np.array([-1.0, 0.0]))).any()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends too early, at character 1"),
        ("sin(x", r"`\)` is expected here, at character 6"),
        ("sin x", r"`\(` is expected here, not `x`, at character 5"),
        ("x x", "`x` does not follow what is before it, at character 3"),
        ("3 +", "ends too early, at character 4"),
        ("sin(y)", "`y` is not known, at character 5(.|\n)*x, pi, e, sin"),
        ("flor(x)", "`flor` is not known(.|\n)*did you mean `floor`"),
        ("max(x)", "`max` takes 2, and 1 are given"),
        ("x; y", "`;` is not part of a function, at character 2"),
        ("__import__('os')", "`_` is not part of a function"),
        ("x.real", "`.` is not part of a function"),
        ("*x", r"`\*` needs a number before it"),
        ("(" * (DEEPEST + 1) + "x" + ")" * (DEEPEST + 1), "within each other"),
        ("-" * (DEEPEST + 1) + "x", "within each other"),
        ("x+" * LONGEST + "x", "at most 500 characters"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(NetError, match=message) as caught:
        read_formula(text)
    assert caught.value.code == "N505"
