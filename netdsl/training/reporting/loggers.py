"""A training told to other programs while it runs: TensorBoard, MLflow, Weights & Biases.

A logger must never end a training: one that fails is told once on standard error and switched off.
"""

from __future__ import annotations

import os
import struct
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from netdsl.errors import did_you_mean, fail
from netdsl.training.planning.requirements import LOGGER_PACKAGES, require_loggers
from netdsl.training.recipes.flatten import flatten
from netdsl.training.runs.folder import CURVE, RECIPE, REPORT

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.recipes.recipe import Recipe
    from netdsl.training.runs.history import Epoch
    from netdsl.training.runs.run import Run

FOLDER = "tensorboard"
"""Where in the run folder the event files are."""


class Logger(Protocol):
    """What is told of a training: each epoch's row, in which stage it was (`search` or
    `retrain`), and how it ended.
    """

    def epoch(self, row: Epoch, stage: str = "search") -> None: ...

    def end(self, run: Run | None) -> None:
        """`run` is None where nothing came of the training."""


def check_loggers(names: Sequence[str]) -> None:
    """Raises NetError N641 for a name that is no logger's, N602 where its package is not installed.

    To be asked before a folder is made.
    """
    for name in names:
        if name not in LOGGER_PACKAGES:
            raise fail(
                "N641",
                f"there is no logger `{name}`",
                help=did_you_mean(name, LOGGER_PACKAGES)
                or f"the loggers are {', '.join(LOGGER_PACKAGES)}",
            )
    require_loggers(names)


def open_loggers(names: Sequence[str], folder: Path, settings: Mapping[str, Any]) -> list[Logger]:
    """The loggers of these names for a run that begins or goes on in the folder.

    Raises NetError as `check_loggers` does.
    """
    check_loggers(names)
    makers: dict[str, Callable[[Path, Mapping[str, Any]], Logger]] = {
        "tensorboard": TensorBoard,
        "mlflow": MLflow,
        "wandb": Wandb,
    }
    return [Guarded(name, partial(makers[name], folder, settings)) for name in dict.fromkeys(names)]


class Guarded:
    """A logger that is switched off when it fails, with a word on standard error."""

    def __init__(self, name: str, make: Callable[[], Logger]) -> None:
        self.name = name
        self.logger: Logger | None = None
        with self._watched():
            self.logger = make()

    def epoch(self, row: Epoch, stage: str = "search") -> None:
        if self.logger:
            with self._watched():
                self.logger.epoch(row, stage)

    def end(self, run: Run | None) -> None:
        if self.logger:
            with self._watched():
                self.logger.end(run)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # whatever somebody else's program, server or disk comes up with
            self.logger = None
            reason = next(iter(str(error).splitlines()), "")
            told = f"{type(error).__name__}{f': {reason}' if reason else ''}"
            print(
                f"the logger {self.name} failed and is switched off: {told}",
                file=sys.stderr,
                flush=True,
            )


def figures(row: Epoch, stage: str) -> Iterator[tuple[str, str, float]]:
    """An epoch's figures: (part, name, value), the part being `training` or `validation`, or
    `retraining`.
    """
    part = "training" if stage == "search" else "retraining"
    for name, value in {**row.scores, "rate": row.rate, "seconds": row.seconds}.items():
        yield part, name, value
    if row.evaluation and stage == "search":
        for name, value in row.evaluation.scores.items():
            yield "validation", name, value


def ending(run: Run) -> dict[str, float]:
    """A run's figures: `best_step`, `test/accuracy`, `best/accuracy` of the validation part, and
    so on.
    """
    test = {f"test/{name}": value for name, value in run.test.items() if name != "examples"}
    best = {f"best/{name}": value for name, value in run.validation.items() if name != "examples"}
    return {"best_step": run.best_step, **best, **test}


def run_settings(network: Architecture, recipe: Recipe, speed: str) -> dict[str, Any]:
    """What a run is made with, by name: the recipe's keys, the network and its parameters.

    Args:
        network: what is trained.
        recipe: with every value.
        speed: the way of taking steps, which the recipe may leave to be measured.
    """
    plain = {
        name: value if isinstance(value, int | float | str) else str(value)
        for name, value in flatten(recipe).items()
    }
    return {"network": network.name, "parameters": network.counts.params, **plain, "speed": speed}


# --- TensorBoard ----------------------------------------------------------------------------------


class TensorBoard:
    """Event files in the run folder, a folder for each part, so that TensorBoard draws the parts'
    curves into one chart.

    The files are written here rather than by TensorFlow, which under another backend would take the
    device's memory for itself: records as TFRecord frames them, each an `Event` of
    tensorflow/core/util/event.proto.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder / FOLDER
        self.files: dict[str, Path] = {}

    def epoch(self, row: Epoch, stage: str = "search") -> None:
        parts: dict[str, dict[str, float]] = {}
        for part, name, value in figures(row, stage):
            parts.setdefault(part, {})[name] = value
        for part, values in parts.items():
            self._append(part, row.step, values)

    def end(self, run: Run | None) -> None:
        if run:
            self._append(
                "test",
                run.best_step,
                {name: value for name, value in run.test.items() if name != "examples"},
            )

    def _append(self, part: str, step: int, values: Mapping[str, float]) -> None:
        new = part not in self.files
        if new:
            folder = self.folder / part
            folder.mkdir(parents=True, exist_ok=True)
            self.files[part] = folder / f"events.out.tfevents.{time.time_ns() // 1_000}.netdsl"
        with self.files[part].open("ab") as file:
            if new:
                file.write(_record(_double(1, time.time()) + _bytes(3, b"brain.Event:2")))
            file.write(_event(step, values))


def _event(step: int, values: Mapping[str, float]) -> bytes:
    """A record of `simple_value`s at a step."""
    summary = b"".join(
        _bytes(1, _bytes(1, name.encode()) + b"\x15" + struct.pack("<f", value))
        for name, value in values.items()
    )
    return _record(_double(1, time.time()) + b"\x10" + _varint(step) + _bytes(5, summary))


def _record(data: bytes) -> bytes:
    """A TFRecord: length, its masked CRC-32C, the data, its masked CRC-32C."""
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _masked(data: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _remainder(byte: int) -> int:
    """A byte's remainder by Castagnoli's polynomial, bits reversed (RFC 3720)."""
    for _ in range(8):
        byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_CRC = tuple(map(_remainder, range(256)))


def _double(field: int, value: float) -> bytes:
    return bytes([field << 3 | 1]) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


# --- MLflow ---------------------------------------------------------------------------------------


class MLflow:
    """A run of MLflow, in `mlruns` of the working directory unless MLFLOW_TRACKING_URI says where.

    The run's id is kept in the run folder, so that a training that goes on later goes on there too.
    """

    FILE = "mlflow.txt"

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        import mlflow

        self.folder = folder
        if not os.environ.get("MLFLOW_TRACKING_URI"):
            # the store of files is all that works without a server; MLflow wants to be told so
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
            mlflow.set_tracking_uri(Path("mlruns").resolve().as_uri())
        self.client = mlflow.MlflowClient()
        kept = folder / self.FILE
        if kept.is_file():
            self.id = kept.read_text(encoding="utf-8").strip()
            self.client.update_run(self.id, status="RUNNING")
            return
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "netdsl")
        experiment = self.client.get_experiment_by_name(name)
        place = experiment.experiment_id if experiment else self.client.create_experiment(name)
        self.id = self.client.create_run(place, run_name=folder.name).info.run_id
        kept.write_text(f"{self.id}\n", encoding="utf-8")
        for key, value in settings.items():
            self.client.log_param(self.id, key, str(value)[:500])

    def epoch(self, row: Epoch, stage: str = "search") -> None:
        for part, name, value in figures(row, stage):
            self.client.log_metric(self.id, f"{part}/{name}", value, step=row.step)

    def end(self, run: Run | None) -> None:
        if run:
            for name, value in ending(run).items():
                self.client.log_metric(self.id, name, value, step=run.best_step)
            for file in (RECIPE, CURVE, REPORT):
                if (self.folder / file).is_file():
                    self.client.log_artifact(self.id, str(self.folder / file))
        ended = (
            "FAILED"
            if run is None or run.ended == "diverged"
            else "KILLED"
            if run.interrupted
            else "FINISHED"
        )
        self.client.set_terminated(self.id, ended)


# --- Weights & Biases -----------------------------------------------------------------------------


class Wandb:
    """A run of Weights & Biases, offline in the run folder where neither a key nor WANDB_MODE is
    set.
    """

    FILE = "wandb.txt"

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        import wandb

        kept = folder / self.FILE
        known = kept.read_text(encoding="utf-8").strip() if kept.is_file() else None
        online = os.environ.get("WANDB_MODE") or os.environ.get("WANDB_API_KEY")
        self.run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "netdsl"),
            name=folder.name,
            dir=str(folder),
            config=dict(settings),
            mode=None if online else "offline",
            id=known,
            resume="allow" if known else None,
            settings=wandb.Settings(silent=True, console="off"),
        )
        kept.write_text(f"{self.run.id}\n", encoding="utf-8")

    def epoch(self, row: Epoch, stage: str = "search") -> None:
        self.run.log(
            {
                "epoch": row.epoch,
                "step": row.step,
                **{f"{part}/{name}": value for part, name, value in figures(row, stage)},
            }
        )

    def end(self, run: Run | None) -> None:
        if run:
            self.run.summary.update(ending(run))
        self.run.finish(exit_code=0 if run and run.ended != "diverged" else 1)
