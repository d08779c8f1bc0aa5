"""What several devices exchange: computed by hand, and the table of docs/scaling.md."""

from __future__ import annotations

from pathlib import Path

import pytest

import netdsl
from netdsl.analysis.scaling import StepCost, step, table

ROOT = Path(__file__).resolve().parents[2]
GRAPH = netdsl.parse("10 > fc-20 > softmax-5").graph  # 325 params, 300 multiply-accumulates


def test_a_step_by_hand() -> None:
    """Four devices send 2 · 3/4 · 4 bytes for each of 325 params; 16 examples take 3 · 2 · 300 ·
    16 operations.
    """
    found = step(GRAPH, 4, link=1950, batch=16, rate=57600, use=0.5)
    assert found == StepCost(sent=1950.0, compute=1.0, exchange=1.0)
    assert found.apart == 2
    assert found.overlapped == pytest.approx(1 / 3 + 1)
    assert found.efficiency == pytest.approx((1 / 2, 3 / 4))


def test_one_device_exchanges_nothing() -> None:
    assert step(GRAPH, 1, link=1.0).sent == 0
    assert step(GRAPH, 1, link=1.0).efficiency == (1, 1)


def test_half_as_wide_numbers_are_half_the_bytes() -> None:
    assert 2 * step(GRAPH, 8, link=1.0, width=2).sent == step(GRAPH, 8, link=1.0).sent


@pytest.mark.parametrize("name", ["devices", "link", "batch", "rate", "use", "width"])
def test_nothing_is_free(name: str) -> None:
    least = {"devices": 1, "link": 1, "batch": 1, "rate": 1, "use": 1, "width": 1}
    assert step(GRAPH, **least) == StepCost(sent=0.0, compute=1800.0, exchange=0.0)
    with pytest.raises(ValueError, match="are above 0"):
        step(GRAPH, **{**least, name: 0})


@pytest.mark.parametrize(
    ("compute", "exchange", "apart", "overlapped"),
    [
        # Two thirds of the arithmetic are backward, next to which an exchange costs nothing.
        (3.0, 0.0, 3.0, 3.0),
        (3.0, 1.0, 4.0, 3.0),
        (3.0, 2.0, 5.0, 3.0),
        (3.0, 3.0, 6.0, 4.0),
    ],
)
def test_an_exchange_next_to_the_backward_pass(
    compute: float, exchange: float, apart: float, overlapped: float
) -> None:
    cost = StepCost(0.0, compute, exchange)
    assert (cost.apart, cost.overlapped) == pytest.approx((apart, overlapped))
    assert cost.efficiency == pytest.approx((compute / apart, compute / overlapped))


def test_the_page_has_the_table() -> None:
    graphs = {
        name: netdsl.load(ROOT / "examples" / f"{file}.net").graph
        for name, file in (("ResNet-50", "resnet50"), ("VGG-16", "vgg16"))
    }
    assert table(graphs) in (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
