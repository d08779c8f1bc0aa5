"""Every example learns alike on TensorFlow, JAX and torch: the same losses, step by step, from
the same seed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import backends, zoo

from netdsl.process import backend

pytestmark = pytest.mark.keras

# In `make test`: one of each sort of layer that is quick to compile. `make test-all` has the
# others, one of them in memory at a time.
QUICK = frozenset({"perceptron", "iris", "lenet5", "neocognitron", "lstm_classifier"})


LARGE = 10**10
"""Multiply-accumulates from which on a network is alone in memory: with 2 images of 600x600, one
backend takes 11 GB and more for it.
"""


TOLERANCES = {"deeplabv3plus": 2e-4}
"""Relative ones of losses, where not 1e-4. `deeplabv3plus` normalizes a map of one position: of
2 images two numbers, and rounding moves their difference by up to 2 %.
"""


class Example(NamedTuple):
    """A network, what `backends.losses` takes of it, the losses that TensorFlow gives, and whether
    it is large.
    """

    what: tuple[Path, str, int, int, float]
    losses: list[float]
    large: bool


Losses = Callable[..., list[float]]


def cases() -> Iterator[Any]:
    for path in [*zoo.EXAMPLES, *sorted((zoo.FOLDER / "results").glob("*.net"))]:
        for name in zoo.names(path):
            marks = () if name in QUICK else pytest.mark.zoo
            yield pytest.param((path, name), id=name, marks=marks)


@pytest.fixture(scope="module")
def losses() -> Iterator[Losses]:
    """`backends.losses` on a backend, in a process of its own, because Keras cannot change its
    backend; a new process after ten networks frees the memory.
    """
    pools: dict[str, ProcessPoolExecutor] = {}

    def end() -> None:
        for pool in pools.values():
            pool.shutdown()
        pools.clear()

    def on(backend: str, *what: Any, large: bool) -> list[float]:
        if large:
            end()
        if backend not in pools:
            pools[backend] = ProcessPoolExecutor(
                1, get_context("spawn"), backends.begin, (backend,), max_tasks_per_child=10
            )
        return pools[backend].submit(backends.losses, *what).result()

    yield on
    end()


@pytest.fixture(scope="module", params=cases())
def example(request: pytest.FixtureRequest, losses: Losses) -> Example:
    path, name = request.param
    network = zoo.named(path, name)
    examples, steps, length = (4, 3, 0.01) if network.counts.macs < 3 * 10**7 else (2, 2, 0.002)
    what = (path, name, examples, steps, length)
    large = network.counts.macs >= LARGE
    found = losses("tensorflow", *what, large=large)
    fall = abs(found[-1] / found[0] - 1)
    if (
        fall > 0.05
    ):  # what rounding makes of it grows with the way: in `inception_v3` it makes 2e-4 of 7 %
        what = (*what[:-1], length * 0.01 / fall)
        found = losses("tensorflow", *what, large=large)
    return Example(what, found, large)


@pytest.mark.parametrize(
    "other",
    [
        "jax",
        pytest.param("torch", marks=pytest.mark.extra),
    ],
)
def test_the_same_losses_on_each_backend(example: Example, losses: Losses, other: str) -> None:
    first, *_, last = example.losses
    tolerance = TOLERANCES.get(example.what[1], 1e-4)
    # A curve: a wrong gradient would show. The steps of `xor` have none.
    assert example.what[1] == "xor" or abs(last - first) > 2 * tolerance * first
    assert losses(other, *example.what, large=example.large) == pytest.approx(
        example.losses, rel=tolerance
    )


def test_another_backend_than_tensorflow_is_quiet_too() -> None:
    program = "import netdsl; print(type(netdsl.parse('4 > fc-2').keras(seed=0).get_weights()[0]))"
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    assert (done.stdout, done.stderr) == ("<class 'numpy.ndarray'>\n", "")


def test_without_a_word_the_backend_is_the_one_that_keras_will_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for text, expected in (
        ("", "tensorflow"),
        ("[]", "tensorflow"),
        ('{"backend": "torch"}', "torch"),
    ):
        (tmp_path / "keras.json").write_text(text, encoding="utf-8")
        assert backend() == expected
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert backend() == "jax"
