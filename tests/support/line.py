"""A line through random points, trained in a few steps, and what its tests ask of runs."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.training.distributed.devices import Devices
from netdsl.training.loop.setup import first_model
from netdsl.training.loop.train import train
from netdsl.training.planning.job import Job
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import DataSpec, Optimizer, Recipe, Split, Stopping
from netdsl.training.runs.run import RunResult

TORCH = os.environ.get("KERAS_BACKEND") == "torch"
"""Whether the tests run under torch, which compiles no steps and shares none."""

X = np.random.default_rng(1).normal(size=(240, 3)).astype(np.float32)
Y = (X @ [1.0, -2.0, 0.5]).astype(np.float32)
LINE = netdsl.parse("3 > linear-1", name="line")
ALL = Recipe(
    data=DataSpec(split=Split(test=0.5, validation=0.5)),
    batch=60,
    early_stopping=Stopping(enabled=False),
)
SGD = dataclasses.replace(ALL, optimizer=Optimizer(name="sgd", rate=0.1))


def trained(network: Any, where: Path, recipe: Recipe, **more: Any) -> RunResult:
    return train(network, recipe, where=where, quiet=True, **more)


def stopped_after(step: int, network: Any, where: Path, recipe: Recipe, **more: Any) -> RunResult:
    """A training that Ctrl-C ends after this many steps."""
    from netdsl.training.loop.callback import TrainingCallback

    real = TrainingCallback.on_train_batch_end

    def on_train_batch_end(self: Any, batch: int, logs: Any = None) -> None:
        real(self, batch, logs)
        if self.state.step > step:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainingCallback, "on_train_batch_end", on_train_batch_end)
        found = trained(network, where, recipe, **more)
    assert found.interrupted
    return found


def assert_same_weights(one: RunResult, other: RunResult) -> None:
    """Two runs have the same weights, bit for bit."""
    pairs = zip(one.model.get_weights(), other.model.get_weights(), strict=True)
    assert all(np.array_equal(mine, yours) for mine, yours in pairs)


def rows(run: RunResult, name: str = "metrics.csv") -> list[dict[str, float]]:
    lines = (run.folder / name).read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    return [
        {key: float(value or "nan") for key, value in zip(names, line.split(","), strict=True)}
        for line in lines[1:]
    ]


def model_of(job: Job) -> Any:
    return first_model(job, Devices()).model


def line(recipe: Recipe) -> Any:
    """The job of a line through X and Y."""
    return plan(
        LINE,
        dataclasses.replace(recipe, data=DataSpec(split=ALL.data.split)),
        data={"x": X, "y": Y},
    )


def gradient(weights: list[Any], x: Any, y: Any) -> tuple[Any, Any]:
    """Of the mean squared error of a line."""
    kernel, bias = weights
    error = x @ kernel + bias - y
    return 2 * x.T @ error / len(x), 2 * error.mean(axis=0)
