"""What is left of a machine's memory, on file systems that are made up, and what is said where it
runs out.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from netdsl.errors import NetError, RunError, fail
from netdsl.training import memory
from netdsl.training.memory import free_memory, is_out_of_memory, memory_context, smaller_training

MEMINFO = "MemTotal: 9 kB\nMemAvailable:   1000 kB\nSwap: 1 kB\n"


def make(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def group(path: str, limit: str, used: int, stat: str = "") -> dict[str, str]:
    return {
        f"sys/fs/cgroup/{path}/memory.max": limit,
        f"sys/fs/cgroup/{path}/memory.current": str(used),
        f"sys/fs/cgroup/{path}/memory.stat": stat,
    }


def old_group(path: str, limit: str, used: int, stat: str = "") -> dict[str, str]:
    return {
        f"sys/fs/cgroup/memory/{path}/memory.limit_in_bytes": limit,
        f"sys/fs/cgroup/memory/{path}/memory.usage_in_bytes": str(used),
        f"sys/fs/cgroup/memory/{path}/memory.stat": stat,
    }


V2, V1 = "0::/a/b\n", "5:cpu:/x\n4:cpu,memory:/a/b\n"


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({}, None),
        ({"proc/meminfo": MEMINFO}, 1_024_000),
        ({"proc/meminfo": "MemTotal: 9 kB\n"}, None),
        ({"proc/meminfo": "MemAvailable:\n"}, None),
        ({"proc/meminfo": "MemAvailable: many kB\n"}, None),
        ({"proc/meminfo": MEMINFO, "proc/self/cgroup": V2}, 1_024_000),
        ({"proc/self/cgroup": V2, **group("a/b", "900", 100)}, 800),
        ({"proc/self/cgroup": V2, **group("a/b", "max", 100)}, None),
        ({"proc/self/cgroup": V2, **group("a/b", "900", 100, "inactive_file 50\nx 1\n")}, 850),
        ({"proc/self/cgroup": V2, **group("a/b", "100", 900)}, 0),
        (
            {"proc/self/cgroup": V2, **group("a/b", "900", 100), **group("a", "500", 100)},
            400,
        ),
        ({"proc/self/cgroup": V2, **group("a/b", "900", 100), **group("", "70", 7)}, 63),
        ({"proc/self/cgroup": V2, **group("a/b/c", "900", 100)}, None),
        ({"proc/meminfo": MEMINFO, "proc/self/cgroup": V2, **group("a", "9000", 100)}, 8900),
        (
            {"proc/meminfo": MEMINFO, "proc/self/cgroup": V2, **group("a", "9000000", 100)},
            1_024_000,
        ),
        ({"proc/self/cgroup": V1, **old_group("a/b", "900", 100)}, 800),
        ({"proc/self/cgroup": V1, **old_group("a", "900", 200)}, 700),
        ({"proc/self/cgroup": V1, **group("a/b", "900", 100)}, None),
        ({"proc/self/cgroup": "5:cpu:/a/b\n", **old_group("a/b", "900", 100)}, None),
        ({"proc/self/cgroup": "4:xmemory:/a/b\n", **old_group("a/b", "900", 100)}, None),
    ],
)
def test_what_is_left(tmp_path: Path, files: dict[str, str], free: int | None) -> None:
    assert free_memory(make(tmp_path, files)) == free


@pytest.mark.parametrize(
    ("found", "least"),
    [((None, None), None), ((None, 5), 5), ((3, 5), 3), ((-3, 5), 0), ((0, 5), 0)],
)
def test_the_smallest(found: Any, least: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: found[0])
    monkeypatch.setattr(memory, "free_addresses", lambda: found[1])
    assert memory.available_bytes() == least


def test_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda what: (resource.RLIM_INFINITY, 0))
    assert memory.free_addresses() is None
    monkeypatch.setattr(resource, "getrlimit", lambda what: (1 << 50, 1 << 60))
    free = memory.free_addresses()
    assert free is not None
    (used,) = re.findall(
        r"^VmSize:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE
    )
    assert (1 << 50) - free == pytest.approx(int(used) << 10, abs=1 << 24)


def test_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3, 5}, raising=False)
    assert memory.cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert memory.cores() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert memory.cores() == 1


class OutOfMemoryError(Exception):
    """As torch's."""


class Own(OutOfMemoryError):
    """One of its own."""


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (MemoryError(), True),
        (OutOfMemoryError(), True),
        (Own(), True),
        (ValueError("RESOURCE_EXHAUSTED: allocating 5"), True),
        (RuntimeError("could not create a memory object"), True),
        (ValueError("resource exhausted"), False),
        (OSError(), False),
    ],
)
def test_errors_that_say_that_the_memory_is_full(error: Exception, full: bool) -> None:
    assert is_out_of_memory(error) is full
    asked = []

    def explain() -> tuple[str, str]:
        asked.append(1)
        return "message", "help"

    with pytest.raises(RunError if full else type(error)) as caught, memory_context(explain):
        raise error
    assert bool(asked) is full
    if full:
        (found,) = caught.value.diagnostics  # type: ignore[attr-defined]
        assert (found.code, found.message, found.help) == ("N612", "message", "help")


def test_what_is_reported_stays_as_it_is() -> None:
    with (
        pytest.raises(NetError, match="N507"),
        memory_context(lambda: ("message", "help")),
    ):
        raise fail("N507", "RESOURCE_EXHAUSTED")


class Training:
    """Needs 10 bytes, and one more for each example."""

    def __init__(self) -> None:
        self.budgets: list[int] = []

    def needed(self, batch: int, kind: Any) -> int:
        return 10 + batch

    def largest(self, budget: int, kind: Any) -> int:
        self.budgets.append(budget)
        return max(0, budget - 10)


@pytest.mark.parametrize(
    ("batch", "help"),
    [
        (64, "`batch: 27` needs half of it"),
        (12, "`batch: 1` needs half of it"),
        (11, "use a smaller `batch`, or a smaller input"),
    ],
)
def test_what_a_step_would_take(batch: int, help: str) -> None:
    message, found = smaller_training(Training(), batch)
    assert message == (
        f"not enough memory for this training: a batch of {batch} needs about {10 + batch} B"
    )
    assert found == help


@pytest.mark.parametrize(
    ("free", "addresses", "help"),
    [
        (74, None, ""),
        (73, None, "`batch: 63` fits"),
        (None, 73, "`batch: 63` fits"),
        (50, 30, "`batch: 20` fits"),
        (30, 50, "`batch: 20` fits"),
        (10, 100, "use a smaller network or input, or less data: not even one example fits"),
    ],
)
def test_before_the_first_step(
    free: int | None, addresses: int | None, help: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: free)
    monkeypatch.setattr(memory, "free_addresses", lambda: addresses)
    if not help:
        memory.check_memory(Training(), 64)
        return
    with pytest.raises(RunError, match="N612") as caught:
        memory.check_memory(Training(), 64)
    assert caught.value.diagnostics[0].help == help
