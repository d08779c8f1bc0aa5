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


def test_nothing_is_free() -> None:
    with pytest.raises(ValueError, match="are above 0"):
        step(GRAPH, 8, link=0)


def test_the_page_has_the_table() -> None:
    graphs = {
        name: netdsl.load(ROOT / "examples" / f"{file}.net").graph
        for name, file in (("ResNet-50", "resnet50"), ("VGG-16", "vgg16"))
    }
    assert table(graphs) in (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
