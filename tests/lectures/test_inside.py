"""The lectures' items 24, 87, 91 to 98 and 102 to 105: what networks have learned and make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.commands import answered, printed

import netdsl
from netdsl.keras.quiet import quiet_keras
from netdsl.lab.inside.subject import TrainedRun

pytestmark = pytest.mark.keras

quiet_keras()

CONVOLUTIONS = "net digits\n8x8x1 > conv3-8 > pool > conv3-12 > pool > fc-24 as code > softmax-10"
DENSE = "net dense\n64 > fc-50(tanh) > softmax-10"
AUTOENCODER = "net encoder\n8x8x1 > fc-32 > linear-2 as code > fc-32 > sigmoid-64 > reshape(8x8x1)"


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Any:
    return capsys.readouterr


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Trainings on the bundled digits."""
    where = tmp_path_factory.mktemp("runs")
    recipe = {"data": "digits", "epochs": 20, "keep": {"epochs": [1, 3, 7]}}
    copied = {"data": {"source": "digits", "target": "input"}, "epochs": 40}
    trained = {
        "convolutions": netdsl.parse(CONVOLUTIONS).train(recipe, where=where, quiet=True),
        "dense": netdsl.parse(DENSE).train(recipe, where=where, quiet=True),
        "template": netdsl.parse("net template\n64 > softmax-10").train(
            recipe, where=where, quiet=True
        ),
        "encoder": netdsl.parse(AUTOENCODER).train(copied, where=where, quiet=True),
    }
    return {name: run.folder for name, run in trained.items()}


@pytest.fixture(scope="module")
def images(runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The first examples of the test part that are a 0 and a 1, as files."""
    where, test = tmp_path_factory.mktemp("images"), TrainedRun.of(runs["dense"]).data.test
    labels = np.asarray(test.y[0][:])
    paths = []
    for label in (0, 1):
        pixels = np.asarray(test.x[0][int(np.flatnonzero(labels == label)[0])], float) / 16
        paths.append(str(where / f"{label}.png"))
        Image.fromarray(np.rint(pixels.reshape(8, 8) * 255).astype(np.uint8)).save(paths[-1])
    return paths


def test_item_24_the_weights_of_hidden_units_as_images(runs: dict[str, Path], out: Any) -> None:
    found = answered(out, f"show {runs['dense']} --filters fc_1")
    assert found["shape"] == [50, 8, 8, 1]
    assert "red to" in found["scale"]


def test_item_87_the_loss_around_the_weights(runs: dict[str, Path], out: Any) -> None:
    found = answered(out, f"show {runs['dense']} --landscape")
    loss = np.array(found["loss"], float)
    assert loss.shape == (21, 21)
    assert loss[10, 10] < np.median(loss)


def test_item_91_first_layer_filters_as_images(
    runs: dict[str, Path], out: Any, tmp_path: Path
) -> None:
    target = tmp_path / "filters.svg"
    text = printed(out, f"show {runs['convolutions']} --filters conv_1 -o {target}")
    assert "8 filters of 3x3" in text
    assert "correlate over 0.8 with an edge or a bar; of the untrained" in text
    assert target.read_text("utf-8").count("<image") == 8


def test_item_92_templates_of_classes_after_1_3_and_7_epochs(
    runs: dict[str, Path], out: Any
) -> None:
    found = answered(out, f"show {runs['template']} --filters --evolution")
    assert found["epochs"] == [1, 3, 7]
    assert np.shape(found["kernels"]) == (3, 10, 8, 8, 1)


def test_item_93_maps_of_an_example(runs: dict[str, Path], images: list[str], out: Any) -> None:
    found = answered(out, f"show {runs['convolutions']} --maps {images[0]}")
    assert [each["layer"] for each in found["layers"]] == ["conv_1", "pool_1", "conv_2", "pool_2"]
    whole = answered(out, f"show {runs['convolutions']} --maps {images[0]} conv_2")
    assert np.shape(whole["layers"][0]["values"]) == (4, 4, 12)


def test_item_94_patches_that_excite_a_unit_most(runs: dict[str, Path], out: Any) -> None:
    found = answered(out, f"show {runs['convolutions']} --top conv_2:3")
    patches = found["channels"]["3"]
    values = [each["value"] for each in patches]
    assert len(patches) == 9
    assert values == sorted(values, reverse=True)
    assert all(last - first + 1 == 8 for each in patches for first, last in each["box"])


def test_item_95_images_of_classes_with_and_without_a_prior(
    runs: dict[str, Path], out: Any
) -> None:
    plain, smooth = (
        answered(out, f"show {runs['convolutions']} --excite fc_1 --prior {prior}")
        for prior in ("none", "tv")
    )
    assert (np.diagonal(plain["probabilities"]) >= 0.99).all()
    assert np.mean(smooth["variations"]) < np.mean(plain["variations"])


def test_item_96_the_same_for_each_layer(runs: dict[str, Path], out: Any) -> None:
    for layer in ("conv_1", "conv_2", "code"):
        found = answered(out, f"show {runs['convolutions']} --excite {layer}:1")
        assert found["layer"] == layer
        assert found["values"][0] > 0


def test_item_97_small_changes_fool_where_random_ones_do_not(
    runs: dict[str, Path], out: Any
) -> None:
    results = answered(out, f"attack {runs['dense']} --eps 0,0.1")["results"]
    assert results[0]["adversarial"] > 0.9
    assert results[1]["adversarial"] < 0.6
    assert results[1]["random"] > results[0]["random"] - 0.05


def test_item_102_a_map_of_codes(runs: dict[str, Path], out: Any) -> None:
    found = answered(out, f"show {runs['convolutions']} --codes code")
    assert np.shape(found["codes"])[1] == 24
    assert found["neighbour"] > 0.7
    assert np.shape(found["places"])[1] == 2


def test_item_103_a_decoder_makes_new_examples(
    runs: dict[str, Path], out: Any, tmp_path: Path
) -> None:
    target = tmp_path / "samples.svg"
    printed(out, f"sample {runs['encoder']} --count 16 -o {target}")
    assert target.read_text("utf-8").count("<image") == 16


def test_item_104_the_way_from_one_code_to_another(
    runs: dict[str, Path], images: list[str], out: Any, tmp_path: Path
) -> None:
    target = tmp_path / "between.npy"
    printed(out, f"sample {runs['encoder']} --between {' '.join(images)} --steps 8 -o {target}")
    way = np.load(target)
    assert way.shape == (8, 8, 8, 1)
    steps = [np.abs(way[-1] - each).mean() for each in way]
    assert steps == sorted(steps, reverse=True)


def test_item_105_sums_of_codes(runs: dict[str, Path], out: Any, tmp_path: Path) -> None:
    target = tmp_path / "sum.npy"
    text = printed(out, f"sample {runs['encoder']} --mean 7 --minus 1 --plus 4 -o {target}")
    assert "7 - 1 + 4" in text
    assert np.load(target).shape == (4, 8, 8, 1)
