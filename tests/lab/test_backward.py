"""`netdsl backward` and `gradcheck`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from support.kinds import BY_WORD, CASES, network

from netdsl import parse
from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.kinds import Kind
from netdsl.kinds.act import Tanh
from netdsl.kinds.facts import Case
from netdsl.lab.backward import Backward, backward
from netdsl.lab.backward_text import backward_text
from netdsl.lab.gradcheck import Settings, gradcheck, gradcheck_text
from netdsl.lab.losses import Asked
from netdsl.lab.matrices import matrices_json, matrices_of
from netdsl.lab.weighted import begun

pytestmark = pytest.mark.keras

GATES = "input x: 1\ninput y: 1\ninput z: 1\nadd[ @x | @y ] as q\nmul[ @q | @z ] as f\n"


PLAIN = Asked()


def run(text: str, asked: Asked = PLAIN, **given: str) -> Backward:
    return backward(begun(parse(text), 0), given, asked)


def derivatives(found: Backward) -> list[list[float]]:
    return [np.round(node.upstream.reshape(-1), 6).tolist() for node in found.nodes]


def test_the_lecture_s_gates() -> None:
    found = run(GATES, x="-2", y="5", z="-4")
    assert found.value == -12
    assert derivatives(found) == [[-4], [-4], [3], [-4], [1]]
    text = backward_text(found)
    assert "add distributes" in text
    assert "mul swaps" in text
    assert "to z: 1 x 3 = 3" in text


def test_kernels_of_images_are_written_filter_by_filter() -> None:
    image = "1 2 3 4; 5 6 7 8; 9 1 2 3; 4 5 6 7"
    one = run("4x4x1 > conv2-1(pad=0, init=[[1, 0], [0, 1]])", input=image)
    assert "  derivative by kernel\n    36  36\n    45  45\n" in backward_text(one)
    two = backward_text(run("4x4x1 > conv2-2(pad=0, init=1)", input=image))
    lines = [line.strip() for line in two.split("derivative by kernel\n")[1].splitlines()]
    assert lines[:6] == ["filter 0", "36  36", "45  45", "filter 1", "36  36", "45  45"]
    many = backward_text(run("4x4x1 > conv2-40(pad=0, init=1)", input=image))
    assert "filters more" in many


def test_copies_add() -> None:
    found = run("input x: 1\nmul[ @x | @x ]", x="3")
    assert derivatives(found) == [[6], [1]]
    assert "copy adds" in backward_text(found)


def test_max_pooling_routes_to_the_winner() -> None:
    found = run("2x2x1 > pool", input="1 9 3 4")
    assert derivatives(found)[0] == [0, 1, 0, 0]


def test_shared_weights_sum_their_derivatives() -> None:
    found = run("let f = fc-1(linear, bias=no, init=2)\n1 > f > f", input="3")
    (kernel,) = (node.weights["kernel"] for node in found.nodes if node.weights)
    assert kernel.item() == 12  # y = w*w*x


LEFT = 1 / (1 + math.exp(4))
"""The probability that softmax of (2, -2) leaves to the second class."""


@pytest.mark.parametrize(
    ("loss", "target", "value", "derivative"),
    [
        ("squared", "1 0", 5, [2, -4]),
        ("half-squared", "1 0", 2.5, [1, -2]),
        ("absolute", "1 0", 3, [1, -1]),
        ("cross-entropy", "0", math.log(1 + math.exp(-4)), [-LEFT, LEFT]),
    ],
)
def test_losses(loss: str, target: str, value: float, derivative: list[float]) -> None:
    found = run("2 > linear", Asked(loss=loss, target=target), input="2 -2")
    assert found.value == pytest.approx(value)
    assert derivatives(found)[0] == pytest.approx(derivative, abs=1e-6)


def test_one_number_of_an_output() -> None:
    found = run("3 > linear as y", Asked(of="y[1]"), input="5 6 7")
    assert (found.value, found.number) == (6, "y[1]")
    assert derivatives(found)[0] == [0, 1, 0]


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        (Asked(of="no"), "N626", "no output `no`"),
        (Asked(of="y[3]"), "N626", "0 to 2, not"),
        (Asked(of="y[1"), "N626", "not closed"),
        (Asked(loss="binary", target="0 1 2"), "N518", "from 0 to 1, not 0 1 2"),
        (Asked(loss="cross-entropy", target=".3 .9 0"), "N518", "with probabilities, not .3 .9 0"),
        (Asked(loss="cross-entropy", target="1 1 -1"), "N518", "their sum is 1"),
        (Asked(loss="squared"), "N107", "requires a --target"),
        (Asked(target="1"), "N107", "compared by a loss"),
        (Asked(loss="cross-entropy", target="3"), "N518", "classes 0 to 2"),
        (Asked(loss="squared", target="1 2"), "N518", "3 numbers"),
    ],
)
def test_what_cannot_be_derived(asked: Asked, code: str, said: str) -> None:
    with pytest.raises(NetError, match=said) as caught:
        run("3 > linear as y", asked, input="5 6 7")
    assert caught.value.code == code


# --- gradcheck ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BY_WORD)
def test_derivatives_of_every_kind_agree_with_differences(kind: type[Kind]) -> None:
    """Keras's derivatives are those of the kinds' definitions in NumPy."""
    if not kind.is_identity:
        assert_agree(min(kind.cases, key=lambda case: math.prod(case.input)))


@pytest.mark.zoo
@pytest.mark.parametrize("case", CASES)
def test_derivatives_of_all_cases_agree_with_differences(case: Case) -> None:
    assert_agree(case)


def assert_agree(case: Case) -> None:
    """The derivatives of a case agree, where differences can tell: not of very large networks, nor
    where TensorFlow does not compute in float64, nor where index 0 is padding.
    """
    if math.prod(case.input) > 20_000 or "embed-4(mask)" in case.text:
        return
    try:
        checks = gradcheck(begun(network(case), 0), {}, Settings())
    except NetError as error:
        if error.code != "N605":
            raise
        return
    assert all(check.right for check in checks), gradcheck_text(checks, Settings())


def test_a_broken_layer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Tanh, np: Any, weights: Any, *inputs: Any) -> Any:
        return np.tanh(inputs[0]) * 1.001

    monkeypatch.setattr(Tanh, "forward", wrong)
    checks = gradcheck(begun(parse("3 > fc-4(tanh) > fc-2(linear)"), 0), {}, Settings())
    assert [check.layer for check in checks if not check.right] == ["input", "fc_1", "fc_1", "fc_2"]


def test_what_no_gradient_passes_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gradcheck", "2 > fc-3(step) > fc-1(linear)"]) == 0
    out = capsys.readouterr().out
    assert "no gradient passes fc_1: its derivative is 0 everywhere" in out
    assert "right: 0 everywhere" in out


def test_kinks_are_left_out() -> None:
    (check,) = gradcheck(begun(parse("3 > relu"), 0), {"input": "0 1 -1"}, Settings())
    assert (check.tried, check.kinks, check.right) == (2, 1, True)


def test_matrices_as_json_hold_no_infinity() -> None:
    subject = begun(parse("2 > linear-1(init=[1, 2])"), 0)
    found = backward(subject, {"input": "1 -1"}, PLAIN)
    layers = matrices_of(subject, found)
    values = matrices_json(found, layers)
    assert (values["value"], values["layers"][0]["outer"]) == (-1.0, [[1.0, -1.0]])
    assert matrices_json(found._replace(value=math.inf), layers)["value"] is None
