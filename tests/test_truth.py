"""Known answers: figures that others made, for whole networks and for single layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import netdsl
from netdsl import Network
from netdsl.report.lines import rows_of

TRUTH = Path(__file__).parent / "truth"
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NETWORKS = json.loads((TRUTH / "networks.json").read_text(encoding="utf-8"))
FACTS = json.loads((TRUTH / "facts.json").read_text(encoding="utf-8"))

VGG16_CONV = [1_728, 36_864, 73_728, 147_456, 294_912, *[589_824] * 2, 1_179_648, *[2_359_296] * 5]
VGG16_FC = [102_760_448, 16_777_216, 4_096_000]
VGG16_MEMORY = [
    "150K",
    "3.2M",
    "3.2M",
    "800K",
    "1.6M",
    "1.6M",
    "400K",
    "800K",
    "800K",
    "800K",
    "200K",
    "400K",
    "400K",
    "400K",
    "100K",
    "100K",
    "100K",
    "100K",
    "25K",
    "4096",
    "4096",
    "1000",
]


def figures(network: Network) -> dict[str, Any]:
    counts = network.counts
    return {
        "params": counts.params,
        "weights": counts.weights,
        "macs": counts.macs,
        "acts": counts.acts,
        "rows_and_input": counts.activations,
        "activations": network.graph.ops[-1].size,
        "output": list(network.outputs[0].shape),
        "input": "x".join(map(str, network.inputs[0].shape)),
    }


@pytest.mark.parametrize("fact", NETWORKS, ids=lambda fact: fact["file"])
def test_whole_networks(fact: dict[str, Any]) -> None:
    reached = figures(netdsl.load(EXAMPLES / fact["file"]))
    assert {key: reached[key] for key in fact if key != "file"} == {
        key: value for key, value in fact.items() if key != "file"
    }


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact["what"])
def test_small_facts(fact: dict[str, Any]) -> None:
    reached = figures(netdsl.parse(fact["net"]))
    expected = {key: value for key, value in fact.items() if key not in ("what", "net")}
    assert expected
    assert {key: reached[key] for key in expected} == expected


def test_vgg16_row_by_row() -> None:
    """The lecture's table: weights not counting biases, and memory in values, of every row."""
    table = rows_of(netdsl.load(EXAMPLES / "vgg16.net").graph)
    assert [row.counts.weights for row in table if row.counts.weights] == VGG16_CONV + VGG16_FC
    assert len(table) == len(VGG16_MEMORY)
    for row, shown in zip(table, VGG16_MEMORY, strict=True):
        unit = {"K": 1e3, "M": 1e6}.get(shown[-1], 1)
        assert row.counts.activations / unit == pytest.approx(
            float(shown.rstrip("KM")), rel=0.02 if unit > 1 else 0
        )
