"""TensorBoard's event files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.training.reporting.loggers.figures import epoch_figures

if TYPE_CHECKING:
    from netdsl.training.runs.history import Epoch
    from netdsl.training.runs.run import RunResult

FOLDER = "tensorboard"
"""Where in the run folder the event files are."""


class TensorBoard:
    """Writes event files in the run folder.

    Each part has a folder, so that TensorBoard draws the parts' curves into one chart. Records are
    written with TensorBoard's own writer into files opened here: its `EventFileWriter` would import
    TensorFlow wherever it is installed, also under another backend.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        from tensorboard.summary.writer.record_writer import RecordWriter

        self.folder = folder / FOLDER
        self.files: dict[str, Path] = {}
        self.writer = RecordWriter

    def epoch(self, row: Epoch, stage: str = "search") -> None:
        parts: dict[str, dict[str, float]] = {}
        for part, name, value in epoch_figures(row, stage):
            parts.setdefault(part, {})[name] = value
        for part, values in parts.items():
            self._append(part, row.step, values)

    def end(self, run: RunResult | None) -> None:
        if run:
            self._append(
                "test",
                run.best_step,
                {name: value for name, value in run.test.items() if name != "examples"},
            )

    def _append(self, part: str, step: int, values: Mapping[str, float]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        events = []
        # A new file for a resumed training: TensorBoard joins all files of a folder by their times,
        # hence microseconds in the name, and shows only names with `tfevents`.
        if part not in self.files:
            folder = self.folder / part
            folder.mkdir(parents=True, exist_ok=True)
            self.files[part] = folder / f"events.out.tfevents.{time.time_ns() // 1_000}.netdsl"
            # TensorFlow's own writer begins every file with this event.
            events.append(Event(wall_time=time.time(), file_version="brain.Event:2"))
        figures = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        events.append(Event(wall_time=time.time(), step=step, summary=Summary(value=figures)))
        # Opened again for each epoch: if the training is killed, its epochs so far are in the file.
        with self.files[part].open("ab") as file:
            writer = self.writer(file)
            for event in events:
                writer.write(event.SerializeToString())
