"""Merges within each other beyond the brackets that may be open, and names of deep blocks."""

from __future__ import annotations

import pytest

import netdsl
from netdsl.emit.program import UNFACTORED
from netdsl.errors import NetError
from netdsl.report.write import written_out


def within(levels: int, step: str, merges: int = 10) -> str:
    """A recursive block: this many levels, each of this many merges within each other."""
    nested = "add[ id | " * merges + step + " ]" * merges
    return f"def d(k) = when(k > 0, {nested}, fc-8)\n"


@pytest.mark.slow
@pytest.mark.parametrize("step", ["d({k-1})", "fc-8(linear) > d({k-1})"])
def test_deep_merges_are_written_as_flows(step: str) -> None:
    network = netdsl.parse(f"{within(50, step)}8 > d(50) > fc-2")
    assert network.diff(netdsl.parse(written_out(network))).same


@pytest.mark.slow
def test_deep_merges_are_emitted() -> None:
    program = netdsl.parse(f"{within(50, 'd({k-1})')}8 > d(50) > fc-2").emit()
    assert UNFACTORED not in program
    compile(program, "program", "exec")


@pytest.mark.slow
def test_a_deep_shared_piece() -> None:
    network = netdsl.parse(f"{within(12, 'd({k-1})')}let s = d(12)\n8 > s > s > fc-2")
    assert network.diff(netdsl.parse(written_out(network))).same
    deeper = netdsl.parse(f"{within(50, 'd({k-1})')}let s = d(50)\n8 > s > s > fc-2")
    with pytest.raises(NetError, match="over 140 merges in each other") as caught:
        written_out(deeper)
    assert caught.value.diagnostics[0].code == "N402"
    assert deeper.emit()
