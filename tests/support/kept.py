"""A short training of everything that has a state, and what its run's folder keeps: runs of it
should all come to the same end.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import h5py

NETWORK = "net small\n8x8x1 > conv3-4(bn) > pool > dropout(0.2) > fc-16 > softmax-10"
RECIPE = """
epochs: 5
batch: 100
checkpoint: 3
optimizer: {name: momentum, rate: 0.2}
schedule: {name: plateau, patience: 2}
early_stopping: {every: 5, patience: 20, then: retrain}
augment: {shift: 1, noise: 0.05, mixup: 0.2}
label_smoothing: 0.1
"""


def weights(folder: Path) -> dict[str, bytes]:
    """The bytes of all arrays of the best and of the last model, out of the HDF5 files in them."""
    found: dict[str, bytes] = {}
    for name in ("best.keras", "last.keras"):
        with (
            zipfile.ZipFile(folder / name) as archive,
            h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file,
        ):

            def take(path: str, item: object, name: str = name) -> None:
                if isinstance(item, h5py.Dataset):
                    found[f"{name}/{path}"] = item[()].tobytes()

            file.visititems(take)
    return found


def figures(folder: Path) -> list[object]:
    """What the tables and the result hold, without timings."""
    rows: list[object] = []
    for name in ("metrics.csv", "retrained.csv"):
        with (folder / name).open(encoding="utf-8") as file:
            rows += [
                {key: value for key, value in row.items() if key != "seconds"}
                for row in csv.DictReader(file)
            ]
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return [
        *rows,
        {key: value for key, value in result.items() if key not in ("seconds", "folder")},
    ]
