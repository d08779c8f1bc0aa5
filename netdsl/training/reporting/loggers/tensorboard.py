"""TensorBoard's event files."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.files import private_descriptor
from netdsl.training.reporting.loggers.figures import epoch_figures

if TYPE_CHECKING:
    from netdsl.training.runs.history import Epoch
    from netdsl.training.runs.run import RunResult

FOLDER = "tensorboard"
"""Where in the run folder the event files are."""


class TensorBoard:
    """Writes event files in the run folder.

    Each part has a folder, so that TensorBoard draws the parts' curves into one chart. The files
    are written here rather than by TensorFlow, which under another backend would take the device's
    memory for itself: records as TFRecord frames them, each an `Event` of
    tensorflow/core/util/event.proto.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder / FOLDER
        self.files: dict[str, Path] = {}

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
        new = part not in self.files
        if new:
            folder = self.folder / part
            folder.mkdir(parents=True, exist_ok=True)
            self.files[part] = folder / f"events.out.tfevents.{time.time_ns() // 1_000}.netdsl"
        first = _record(_double(1, time.time()) + _bytes(3, b"brain.Event:2")) if new else b""
        with private_descriptor(self.files[part], os.O_WRONLY | os.O_APPEND) as descriptor:
            os.write(descriptor, first + _event(step, values))


def _event(step: int, values: Mapping[str, float]) -> bytes:
    """Return a record of `simple_value`s at a step."""
    summary = b"".join(
        _bytes(1, _bytes(1, name.encode()) + b"\x15" + struct.pack("<f", value))
        for name, value in values.items()
    )
    return _record(_double(1, time.time()) + b"\x10" + _varint(step) + _bytes(5, summary))


def _record(data: bytes) -> bytes:
    """Frame a TFRecord: length, its masked CRC-32C, the data, its masked CRC-32C."""
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _masked(data: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _remainder(byte: int) -> int:
    """Return a byte's remainder by Castagnoli's polynomial, bits reversed (RFC 3720)."""
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
