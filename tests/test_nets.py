"""Networks of papers as they were written for version 0.1.0: their figures stay, whatever the
language gains.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netdsl.reading import ReadOptions, check_source
from netdsl.sources import read_source

NETS = Path(__file__).parent / "nets"
FIGURES = json.loads((NETS / "figures.json").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(NETS.glob("*.net")), ids=lambda path: path.stem)
def test_figures_stay(path: Path) -> None:
    checked = check_source(read_source(path), ReadOptions(str(path)), path.stem)
    assert not checked.faulty, checked.diagnostics
    several = len(checked.networks) > 1
    for network in checked.networks:
        name = f"{path.stem}:{network.name}" if several else path.stem
        counts = network.counts
        assert {"params": counts.params, "macs": counts.macs} == FIGURES[name]


SHORT = json.loads((NETS / "short" / "figures.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted((NETS / "short").glob("*.net")), ids=lambda path: path.stem)
def test_written_shorter_they_are_the_same(path: Path) -> None:
    """With words that came after 0.1.0: the figures of others, or by hand."""
    checked = check_source(read_source(path), ReadOptions(str(path)), path.stem)
    assert not checked.faulty, checked.diagnostics
    (network,) = checked.networks
    found = {"params": network.counts.params, "macs": network.counts.macs}
    found["outputs"] = [list(output.shape) for output in network.outputs]
    expected = SHORT[path.stem]
    assert {key: found[key] for key in expected} == expected


def test_every_figure_is_of_a_network() -> None:
    files = {path.stem for path in NETS.glob("*.net")}
    assert {name.partition(":")[0] for name in FIGURES} <= files
