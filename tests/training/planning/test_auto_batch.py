"""`batch: auto`: the batch that the memory holds."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.gans import PLAIN, images

import netdsl
from netdsl.analysis.memory.process import RESIDENT, ProcessMemory
from netdsl.errors import NetError
from netdsl.training.memory import accelerator_memory
from netdsl.training.planning import auto_batch
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import Gan, Optimizer, Recipe
from netdsl.training.verbs import plan as plan_any

GIB = 1 << 30
AUTO = Recipe(batch="auto", backend="tensorflow")
X, Y = np.zeros((400, 64), np.float32), np.arange(400) % 10
WIDE = netdsl.parse("64x64x3 > conv3-64 x2 > gap > softmax-10")


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets how much memory there is."""

    def has(*free: int) -> None:
        monkeypatch.setattr(auto_batch, "_memory", lambda: [(one, RESIDENT) for one in free])

    has(GIB)
    return has


@pytest.mark.parametrize(
    ("free", "examples", "batch", "why"),
    [
        (1 << 45, 10**6, 1024, "auto: its upper limit"),
        (1 << 45, 10_240, 512, "auto: 20 steps in an epoch of 10,240 examples"),
        (1 << 45, 10_239, 256, "auto: 20 steps in an epoch of 10,239 examples"),
        (1 << 45, 25, 1, "auto: 20 steps in an epoch of 25 examples"),
        (1 << 45, 5, 1, "auto: 20 steps in an epoch of 5 examples"),
        (1 << 20, 10**6, 1, "auto: 60% of 1.0 MiB hold 0"),
    ],
)
def test_limits(free: int, examples: int, batch: int, why: str, memory: Any) -> None:
    memory(free)
    assert auto_batch.auto_batch(ProcessMemory(WIDE.graph), examples) == (batch, why)


@pytest.mark.parametrize("free", [3 * GIB, 5 * GIB])
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_twice_as_many_would_take_more_than_the_share(free: int, backend: str, memory: Any) -> None:
    memory(2 * free, free)
    training = ProcessMemory(WIDE.graph, backend=backend)
    batch, why = auto_batch.auto_batch(training, 10**9)
    assert 1 < batch < auto_batch.LARGEST
    assert training.needed(batch, RESIDENT) <= 0.6 * free < training.needed(2 * batch, RESIDENT)
    assert why.startswith("auto: 60% of ")


def test_the_recipe_has_the_number_its_reason_and_a_note(memory: Any) -> None:
    network = netdsl.parse("64 > fc-8 > softmax-10")
    resolved = plan(network, AUTO, data=(X, Y)).resolved
    assert resolved.recipe.batch == 8
    assert resolved.reasons["batch"] == "auto: 20 steps in an epoch of 288 examples"
    assert resolved.doubts[0] == (
        "batch 8 (auto: 20 steps in an epoch of 288 examples); the rate stays 0.001, whatever the "
        "batch is: `--find-rate` tries others"
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"optimizer": Optimizer(name="lbfgs")}, "`lbfgs` uses the whole training part"),
        ({"devices": 2}, "several share a batch"),
    ],
)
def test_what_it_does_not_go_with(changes: dict[str, Any], why: str, memory: Any) -> None:
    network = netdsl.parse("64 > fc-8 > softmax-10")
    with pytest.raises(NetError, match=why) as raised:
        plan(network, dataclasses.replace(AUTO, **changes), data=(X, Y))
    assert raised.value.code == "N507"


def test_a_gan_has_two_networks() -> None:
    x, _ = images()
    with pytest.raises(NetError, match="a GAN has two") as raised:
        plan_any(
            netdsl.parse(PLAIN, net="generator"),
            AUTO.replace(gan=Gan(loss="nonsaturating")),
            data=x,
        )
    assert raised.value.code == "N507"


def test_an_unknown_memory(memory: Any) -> None:
    memory()
    with pytest.raises(NetError, match="nothing says here how much memory"):
        plan(netdsl.parse("64 > fc-8 > softmax-10"), AUTO, data=(X, Y))


@pytest.mark.skipif(os.name == "nt", reason="a script takes the program's place")
def test_the_smallest_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert accelerator_memory() is None
    for lines, expected in (("24564\\n16384\\n", 16 * GIB), ("[N/A]\\n", None), ("", None)):
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\nprintf '{lines}'\n")
        program.chmod(0o755)
        assert accelerator_memory() == expected
