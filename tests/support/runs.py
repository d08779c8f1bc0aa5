"""A finished run, for the tests of what is said and asked of one."""

from __future__ import annotations

from pathlib import Path

from netdsl.training.runs.run import RunResult

RESULT = RunResult(
    folder=Path("runs/a-1"),
    network="a",
    data="digits",
    steps=1200,
    epochs=3,
    ended="patience",
    patience=4,
    best_step=800,
    best_epoch=2,
    metric="loss",
    best_value=0.25,
    validation={"examples": 99, "loss": 0.25},
    test={"examples": 1000, "loss": 0.5},
    retrained=0,
    seconds=6.26,
)
