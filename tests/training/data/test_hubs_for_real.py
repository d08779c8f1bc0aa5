"""Data sets of Hugging Face and of TensorFlow Datasets, read by their packages from the disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import netdsl
from netdsl.errors import NetError
from netdsl.training.data.load import load_data
from netdsl.training.recipes.recipe import DataSpec, Recipe

pytestmark = [
    pytest.mark.keras,
    pytest.mark.extra,
    pytest.mark.filterwarnings("ignore"),  # theirs
]

NETWORK = netdsl.parse("input 4x4x3 > flatten > softmax-2", name="small")
COLOURS = {"blue": (0, 0, 200), "red": (200, 0, 0)}


def images(folder: Path) -> Path:
    """Folders of images as Hugging Face reads them: parts, and in them classes."""
    for part, count in (("train", 20), ("test", 4)):
        for name, colour in COLOURS.items():
            (folder / part / name).mkdir(parents=True)
            for place in range(count):
                image = Image.new("RGB", (8, 6), colour)
                image.save(folder / part / name / f"{place}.png")
    return folder


def check(source: str) -> None:
    """Each image has the colour of its class, and the range of bytes is known."""
    found = load_data(Recipe(data=DataSpec(source=source)), NETWORK)
    assert (len(found.train) + len(found.validation), len(found.test)) == (40, 8)
    assert found.preparation.outputs[0].names == tuple(COLOURS)
    x = found.preparation.x((found.test.x[0][:],))[0]
    expected = np.array([COLOURS[tuple(COLOURS)[label]] for label in found.test.y[0]]) / 255
    np.testing.assert_allclose(x.mean((1, 2)), expected, atol=1e-6)


def test_a_data_set_of_hugging_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    check(f"hf:{images(tmp_path / 'colours')}")
    with pytest.raises(NetError) as caught:
        load_data(Recipe(data=DataSpec(source=f"hf:{tmp_path / 'none'}")), NETWORK)
    assert caught.value.diagnostics[0].code == "N510"


PREPARE = """
import sys
from pathlib import Path
import numpy as np
import tensorflow_datasets as tfds

COLOURS = {"blue": (0, 0, 200), "red": (200, 0, 0)}

class Colours(tfds.core.GeneratorBasedBuilder):
    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = tfds.features.FeaturesDict({
            "image": tfds.features.Image(shape=(6, 8, 3)),
            "label": tfds.features.ClassLabel(names=list(COLOURS)),
        })
        return tfds.core.DatasetInfo(
            builder=self, features=features, supervised_keys=("image", "label")
        )

    def _split_generators(self, manager):
        return {"train": self._generate_examples(20), "test": self._generate_examples(4)}

    def _generate_examples(self, count):
        for name, colour in COLOURS.items():
            for place in range(count):
                image = np.full((6, 8, 3), colour, np.uint8)
                yield f"{name}{place}", {"image": image, "label": name}

Colours(data_dir=sys.argv[1]).download_and_prepare()
"""


@pytest.fixture
def tfds_folder(tmp_path: Path) -> Path:
    """A data set that TensorFlow Datasets wrote in another process."""
    command = [sys.executable, "-c", PREPARE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    return tmp_path


def test_a_data_set_of_tensorflow_datasets(tfds_folder: Path) -> None:
    """In a process of its own: where its data sets are, the package reads when it is imported."""
    code = "from training.data.test_hubs_for_real import check; check('tfds:colours')"
    top = Path(__file__).resolve().parents[3]
    environment = {
        **os.environ,
        "TFDS_DATA_DIR": str(tfds_folder),
        "PYTHONPATH": os.pathsep.join(map(str, (top, top / "tests"))),
    }
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
