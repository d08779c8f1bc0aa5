"""A training that cannot fit is refused before its first step, with the batch that can."""

from __future__ import annotations

import re

import pytest

import netdsl
from netdsl.analysis.memory import estimate
from netdsl.errors import RunError
from netdsl.training import memory

GRAPH = netdsl.parse("32x32x3 > conv3-16 > pool > flatten > fc-10").graph


def test_what_fits_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    peak = estimate(GRAPH, 64, "float32", "adam").training_peak
    monkeypatch.setattr(memory, "available_bytes", lambda: peak)
    memory.check_memory(GRAPH, 64, "float32", "adam")
    monkeypatch.setattr(memory, "available_bytes", lambda: None)
    memory.check_memory(GRAPH, 10**9, "float32", "adam")


def test_what_cannot_fit_is_refused_with_the_batch_that_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peak = estimate(GRAPH, 64, "float32", "adam").training_peak
    monkeypatch.setattr(memory, "available_bytes", lambda: peak - 1)
    with pytest.raises(RunError) as caught:
        memory.check_memory(GRAPH, 64, "float32", "adam")
    (found,) = caught.value.diagnostics
    advised = int(re.findall(r"`batch: (\d+)`", found.help)[0])
    fits = int(found.help.rsplit(" ", 1)[1])
    assert (found.code, caught.value.exit_code) == ("N612", 3)
    assert estimate(GRAPH, fits, "float32", "adam").training_peak <= peak - 1
    assert estimate(GRAPH, fits + 1, "float32", "adam").training_peak > peak - 1
    assert estimate(GRAPH, advised, "float32", "adam").training_peak <= peak // 2


def test_where_not_one_example_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 100)
    with pytest.raises(RunError, match="not even one example fits"):
        memory.check_memory(GRAPH, 1, "float32", "adam")


@pytest.mark.parametrize(
    "message",
    [
        "RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes",
        "Status:1, message: could not create a memory object. in file mkl_maxpooling_op.cc:388",
    ],
)
def test_memory_that_runs_out_within_a_step_is_one_clear_message(message: str) -> None:
    with pytest.raises(RunError) as caught, memory.memory_context(lambda: ("full", "less")):
        raise RuntimeError(message)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message, found.help) == ("N612", "full", "less")
