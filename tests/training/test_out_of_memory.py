"""A training that cannot fit is refused before its first step, with the batch that can."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.analysis.memory import estimate
from netdsl.analysis.memory.process import (
    ADDRESSES,
    RESIDENT,
    Overhead,
    Overheads,
    ProcessMemory,
)
from netdsl.errors import RunError
from netdsl.training import memory

ROOT = Path(__file__).resolve().parents[2]
GIB = 1 << 30
NETWORK = netdsl.parse("32x32x3 > conv3-16 > pool > flatten > fc-10")
TRAINING = ProcessMemory(NETWORK.graph)


def limited(patch: pytest.MonkeyPatch, free: int | None, addresses: int | None = None) -> None:
    patch.setattr(memory, "free_memory", lambda: free)
    patch.setattr(memory, "free_addresses", lambda: addresses)


def test_what_fits_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, TRAINING.needed(64, RESIDENT), TRAINING.needed(64, ADDRESSES))
    memory.check_memory(TRAINING, 64)
    limited(monkeypatch, None)
    memory.check_memory(TRAINING, 10**9)


@pytest.mark.parametrize("kind", [RESIDENT, ADDRESSES], ids=["memory", "addresses"])
def test_what_cannot_fit_is_refused_with_the_batch_that_can(
    monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    free = TRAINING.needed(64, kind) - 1
    limited(monkeypatch, *((free, None) if kind is RESIDENT else (64 * GIB, free)))
    with pytest.raises(RunError) as caught:
        memory.check_memory(TRAINING, 64)
    (found,) = caught.value.diagnostics
    advised = int(re.findall(r"`batch: (\d+)` fits", found.help)[0])
    assert (found.code, caught.value.exit_code) == ("N612", 3)
    assert advised == 63
    memory.check_memory(TRAINING, advised)


def test_where_not_one_example_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 100)
    with pytest.raises(RunError, match="not even one example fits"):
        memory.check_memory(TRAINING, 1)


def test_a_process_takes_more_than_its_tensors() -> None:
    for batch in (1, 100, 10_000):
        tensors = estimate(NETWORK.graph, batch).training_peak
        needed = TRAINING.needed(batch, RESIDENT)
        assert tensors < needed < TRAINING.needed(batch, ADDRESSES)
    more = TRAINING._replace(data=GIB)
    assert more.needed(8, RESIDENT) == TRAINING.needed(8, RESIDENT) + GIB
    assert more.largest(GIB, RESIDENT) == 0
    evaluated = TRAINING._replace(evaluated=10_000)
    assert evaluated.needed(1, RESIDENT) > TRAINING.needed(1, RESIDENT)
    cores = TRAINING._replace(cores=16)
    assert cores.needed(1, ADDRESSES) > TRAINING.needed(1, ADDRESSES)
    assert cores.needed(1, RESIDENT) == TRAINING.needed(1, RESIDENT)


@pytest.mark.parametrize(("word", "kind"), [("memory", RESIDENT), ("addresses", ADDRESSES)])
def test_the_constants_are_those_of_the_documentation(word: str, kind: Overheads) -> None:
    text = (ROOT / "docs/accounting.md").read_text(encoding="utf-8")
    rows = re.findall(rf"\| (\w+), {word}[^|]*\| ([\d,]+) \| (\d+) \| ([\d.]+) \|", text)
    found = {
        backend.replace("PyTorch", "torch").lower(): Overhead(
            int(fixed.replace(",", "")) * 2**20, int(each_core) * 2**20, Fraction(times)
        )
        for backend, fixed, each_core, times in rows
    }
    assert found == kind


def test_a_backend_that_was_not_measured_takes_the_maximum() -> None:
    for kind in (RESIDENT, ADDRESSES):
        needed = [TRAINING._replace(backend=name).needed(9, kind) for name in ("other", *kind)]
        assert needed[0] == max(needed[1:])


MEASURED = [
    ("tensorflow", "32x32x3 > conv3-64 > pool > flatten > fc-10", 1024, 30, 1773, 847),
    ("tensorflow", "32x32x3 > (conv3-32(bn,relu)) x4 > pool > flatten > fc-10", 512, 15, 1708, 795),
    ("tensorflow", "256 > fc-2048 > relu > fc-2048 > relu > fc-10", 8192, 20, 1229, 521),
    ("tensorflow", "512 > (fc-512(relu)) x6 > fc-10", 8192, 40, 1092, 286),
    ("tensorflow", "128x64 > attention(heads=4) > flatten > fc-10", 512, 41, 1832, 783),
    ("tensorflow", "128x64 > lstm-128 > fc-10", 1024, 81, 1295, 717),
    ("tensorflow", "128x64 > gru-128 > fc-10", 1024, 81, 1358, 668),
    ("tensorflow", "128x64 > (conv3-128) x3 > gap > fc-10", 1024, 81, 1225, 540),
    ("jax", "32x32x3 > conv3-64 > pool > flatten > fc-10", 1024, 30, 3629, 2842),
    ("jax", "128x64 > attention(heads=4) > flatten > fc-10", 512, 41, 2092, 1361),
    ("jax", "128x64 > lstm-128 > fc-10", 1024, 81, 2419, 1586),
    ("jax", "512 > (fc-512(relu)) x6 > fc-10", 8192, 40, 1683, 909),
]
"""Backend, network, batch; MiB of the data, and by how much VmPeak and VmHWM rose: TensorFlow 2.21,
JAX 0.10, two cores, Adam, an epoch of two steps.
"""


HALF = [
    ("mixed", "32x32x3 > conv3-64 > pool > flatten > fc-10", 1024, 30, 1432, 922),
    ("bfloat16", "32x32x3 > conv3-64 > pool > flatten > fc-10", 1024, 30, 1431, 914),
    ("bfloat16", "128x64 > (conv3-128) x3 > gap > fc-10", 1024, 80, 654, 581),
    ("bfloat16", "512 > (fc-2048(relu)) x2 > fc-10", 8192, 40, 617, 655),
    ("bfloat16", "128x64 > attention(heads=4) > flatten > fc-10", 512, 40, 1140, 758),
    # on a CPU that has arithmetic for bfloat16
    ("mixed", "32x32x3 > conv3-64 > pool > flatten > fc-10", 1024, 26, 1331, 492),
    ("mixed", "128x64 > (conv3-128) x3 > gap > fc-10", 1024, 70, 1074, 401),
    ("mixed", "128x64 > attention(heads=4) > flatten > fc-10", 512, 38, 1815, 779),
    ("mixed", "512 > (fc-2048(relu)) x2 > fc-10", 8192, 32, 1155, 498),
    ("mixed", "128x64 > lstm-128 > fc-10", 1024, 70, 1122, 547),
]
"""As `MEASURED`, with TensorFlow and less precision."""


TORCH = [
    ("32x32x3 > (conv3-32(bn,relu)) x4 > pool > flatten > fc-10", 512, 15, 1399, 1398),
    ("32x32x3 > conv3-64 > pool > flatten > fc-10", 1024, 30, 1479, 1479),
    ("128x64 > lstm-128 > fc-10", 1024, 80, 1687, 1688),
    ("512 > (fc-512(relu)) x6 > fc-10", 8192, 40, 438, 439),
    ("128x64 > (conv3-128) x3 > gap > fc-10", 1024, 80, 680, 678),
    ("128x64 > attention(heads=4) > flatten > fc-10", 512, 40, 409, 409),
    ("256 > fc-2048 > relu > fc-2048 > relu > fc-10", 8192, 20, 393, 323),
]
"""As `MEASURED`, with PyTorch 2.14. It keeps no scores of attention, and frees a gradient early."""


@pytest.mark.parametrize(
    ("precision", "backend", "text", "batch", "data", "addresses", "resident", "largest"),
    [
        *(("float32", *row, (2, 2)) for row in MEASURED),
        *((precision, "tensorflow", *row, (3, 3)) for precision, *row in HALF),
        *(("float32", "torch", *row, (5, 4)) for row in TORCH),
    ],
)
def test_the_model_is_on_the_safe_side_of_what_was_measured(
    precision: str,
    backend: str,
    text: str,
    batch: int,
    data: int,
    addresses: int,
    resident: int,
    largest: tuple[int, int],
) -> None:
    """It is at least what was measured, and at most `largest` times that."""
    graph = netdsl.parse(text).graph
    training = ProcessMemory(graph, precision, backend=backend, data=data << 20, cores=2)
    for kind, measured, times in zip(
        (ADDRESSES, RESIDENT), (addresses, resident), largest, strict=True
    ):
        assert measured <= training.needed(batch, kind) / 2**20 <= times * measured


def test_float64_takes_twice_the_tensors() -> None:
    double = ProcessMemory(NETWORK.graph, "float64").needed(4096, RESIDENT)
    assert double > 1.8 * ProcessMemory(NETWORK.graph).needed(4096, RESIDENT)


def test_steps_on_examples_and_their_copies_take_twice_the_batch() -> None:
    """As in adversarial training."""
    twice = TRAINING._replace(copies=2)
    needed = TRAINING.needed(64, RESIDENT)
    assert twice.needed(32, RESIDENT) == needed
    assert twice.largest(needed, RESIDENT) == TRAINING.largest(needed, RESIDENT) // 2


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


@pytest.mark.keras
@pytest.mark.parametrize("after", [0, 1], ids=["at the first step", "after an epoch"])
def test_a_run_without_memory_is_kept_only_where_it_can_be_resumed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, after: int
) -> None:
    from netdsl.training.loop.learner import Learner

    fit = Learner.fit

    def full(self: Learner, training: Any, callback: Any, epochs: int) -> None:
        fit(self, training, callback, after)
        raise MemoryError

    monkeypatch.setattr(Learner, "fit", full)
    data = np.zeros((40, 4), np.float32), np.arange(40) % 3
    with pytest.raises(RunError, match="not enough memory") as caught:
        netdsl.parse("4 > fc-3").train(data=data, epochs=3, where=tmp_path, quiet=True)
    assert caught.value.exit_code == 3
    assert [path.name for path in tmp_path.iterdir()] == ["network-1"] * after


CASES = (
    "32x32x3 > conv3-64 > pool > flatten > fc-10; batch 2500",
    "128x64 > attention(heads=4) > flatten > fc-10; batch 2000",
    "128x64 > lstm-128 > fc-10; batch 2500",
    "256 > fc-2048 > relu > fc-2048 > relu > fc-10; batch 40000",
)


@pytest.mark.zoo
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="limits and counts as Linux does")
def test_the_batch_that_is_advised_trains_within_the_limit() -> None:
    script = Path(__file__).with_name("memory_limits.py")
    done = subprocess.run(
        [sys.executable, str(script), "1500", *CASES],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [word for _, word in lines] == ["trained"] * len(CASES)
    assert all(int(batch) > 100 for batch, _ in lines)
