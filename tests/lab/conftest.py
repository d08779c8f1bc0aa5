"""What the tests of the lab share: a small run on the bundled digits, and one of its images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import netdsl
from netdsl.lab.inside.subject import TrainedRun

NETWORK = "net small\n8x8x1 > conv3-8(pad=0) > gap > fc-10(linear) > softmax"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run's folder."""
    runs = tmp_path_factory.mktemp("runs")
    network = netdsl.parse(NETWORK)
    run = network.train(data="digits", epochs=12, where=runs, quiet=True, optimizer={"rate": 0.05})
    return run.folder


@pytest.fixture(scope="session")
def subject(folder: Path) -> TrainedRun:
    return TrainedRun.of(folder)


@pytest.fixture(scope="session")
def image(subject: TrainedRun, folder: Path) -> str:
    """The first test example, as a file."""
    from PIL import Image

    path = folder.parent / "image.png"
    pixels = np.asarray(subject.data.test.x[0][0], float).reshape(8, 8) / 16
    Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(path)
    return str(path)
