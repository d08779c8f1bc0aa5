"""New examples from a decoder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import netdsl
from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.lab.inside.codes import codes
from netdsl.lab.inside.decode import Decoder, arithmetic, between, drawn
from netdsl.lab.inside.subject import TrainedRun

pytestmark = pytest.mark.keras

NETWORK = "net small\n8x8x1 > linear-6 as code > fc-16 > sigmoid-64 > reshape(8x8x1)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of an autoencoder on the bundled digits."""
    runs = tmp_path_factory.mktemp("runs")
    data = {"source": "digits", "target": "input"}
    return netdsl.parse(NETWORK).train(data=data, epochs=5, where=runs, quiet=True).folder


@pytest.fixture(scope="module")
def decoder(folder: Path) -> Decoder:
    return Decoder(TrainedRun.of(folder))


def by_hand(decoder: Decoder, codes: np.ndarray) -> np.ndarray:
    """What the layers after the code make of it, in NumPy: [n, 8, 8, 1]."""
    arrays = [decoder.run.weighted.weights[op] for op in sorted(decoder.run.weighted.weights)]
    hidden = np.maximum(codes @ arrays[1]["kernel"] + arrays[1]["bias"], 0)
    logits = hidden @ arrays[2]["kernel"] + arrays[2]["bias"]
    return (1 / (1 + np.exp(-logits))).reshape(-1, 8, 8, 1)


def test_decoding_is_the_rest_of_the_network(decoder: Decoder) -> None:
    codes = np.random.default_rng(0).standard_normal((5, 6))
    np.testing.assert_allclose(decoder.decoded(codes), by_hand(decoder, codes), atol=1e-5)


def test_samples_have_the_mean_and_the_covariance_of_the_codes(decoder: Decoder) -> None:
    made = drawn(decoder, 4000, seed=1)
    train = decoder.run.data.train
    known = decoder.encoded(decoder.run.prepared(train, np.arange(len(train)))).astype(float)
    scale = known.std(axis=0).max()
    np.testing.assert_allclose(made.codes.mean(axis=0), known.mean(axis=0), atol=0.1 * scale)
    difference = np.cov(made.codes.T) - np.cov(known.T)
    assert np.abs(difference).max() < 0.15 * scale**2
    again = drawn(decoder, 4000, seed=1)
    np.testing.assert_array_equal(made.array, again.array)
    assert made.array.shape == (4000, 8, 8, 1)


def test_the_way_between_two_images_ends_at_both(decoder: Decoder, tmp_path: Path) -> None:
    x = np.asarray(decoder.run.data.test.x[0][:2], float).reshape(2, 8, 8) / 16
    paths = []
    for number, pixels in enumerate(x):
        path = tmp_path / f"{number}.png"
        Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(path)
        paths.append(str(path))
    made = between(decoder, *paths, 5)
    ends = [decoder.encoded(decoder.run.example(path).inputs)[0] for path in paths]
    np.testing.assert_allclose(made.codes[0], ends[0], atol=1e-6)
    np.testing.assert_allclose(made.codes[4], ends[1], atol=1e-6)
    np.testing.assert_allclose(made.codes[2], (ends[0] + ends[1]) / 2, atol=1e-6)
    np.testing.assert_allclose(made.array, by_hand(decoder, made.codes), atol=1e-5)
    assert [row.label for row in made.sheet.rows] == ["", ""]


def test_arithmetic_is_with_the_means_of_classes(decoder: Decoder) -> None:
    made = arithmetic(decoder, [(1, "7"), (-1, "1"), (1, "4")])
    seven, one, four, total = made.codes
    np.testing.assert_allclose(total, seven - one + four, atol=1e-6)
    assert made.captions == ["7", "1", "4", "7 - 1 + 4"]
    with pytest.raises(netdsl.NetError, match="no class `12`"):
        arithmetic(decoder, [(1, "12")])


def test_counts_have_a_limit(decoder: Decoder) -> None:
    with pytest.raises(NetError, match="take 6,400,000,000 numbers; at most 50,000,000") as caught:
        drawn(decoder, 100_000_000, seed=0)
    assert caught.value.code == "N670"
    with pytest.raises(NetError, match="at most 50,000,000"):
        between(decoder, "not-read.png", "not-read.png", 10_000_000)
    with pytest.raises(NetError, match="3,000 examples are made; at most 2,500 are drawn"):
        _ = drawn(decoder, 3_000, seed=0).sheet


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["sample", str(folder), "--count", "9"]
    assert main([*call, "-o", str(tmp_path / "s.svg")]) == 0
    assert "9 samples from code (6)" in capsys.readouterr().out
    assert (tmp_path / "s.svg").read_text("utf-8").count("<image") == 9
    assert main([*call, "-o", str(tmp_path / "s.npy")]) == 0
    assert np.load(tmp_path / "s.npy").shape == (9, 8, 8, 1)
    capsys.readouterr()
    assert main([*call, "--at", "cod", "-o", str(tmp_path / "t.svg")]) == 1
    assert "did you mean `code`?" in capsys.readouterr().err
    run = netdsl.Run.load(folder)
    np.testing.assert_array_equal(run.sample(9).array, np.load(tmp_path / "s.npy"))


def test_a_classifier_is_not_a_decoder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = netdsl.parse("8x8x1 > fc-8 as h > add[ fc-10 | @h > fc-10 ] > softmax")
    run = network.train(data="digits", epochs=1, where=tmp_path, quiet=True)
    call = ["sample", str(run.folder), "-o", str(tmp_path / "x.svg")]
    assert main(call) == 1
    assert "no point of the network is called a code" in capsys.readouterr().err
    assert main([*call, "--at", "h"]) == 1
    assert "10 is not an image" in capsys.readouterr().err
    layer = run.folder  # a layer that another way goes around
    assert main(["sample", str(layer), "-o", str(tmp_path / "y.svg"), "--at", "fc_2"]) == 1
    assert "it has other ways to it" in capsys.readouterr().err


def test_arithmetic_from_python(folder: Path) -> None:
    run = netdsl.Run.load(folder)
    made = run.arithmetic({7: 1, "1": -1, 4: 1})
    np.testing.assert_allclose(made.codes[3], made.codes[0] - made.codes[1] + made.codes[2])
    with pytest.raises(TypeError, match="accepts 1 or -1, not 2"):
        run.arithmetic({7: 2})
    with pytest.raises(TypeError, match="accepts a dict of 1 and -1 by classes"):
        run.arithmetic(["7"])  # type: ignore[arg-type]
    with pytest.raises(NetError, match="the data has no class `12`"):
        run.arithmetic({12: 1})


def test_codes_of_an_autoencoder_have_the_classes_of_the_data(decoder: Decoder) -> None:
    """It learned without them; they are those of the same images in the source."""
    found = codes(decoder.run, "code")
    held = np.load(files("netdsl") / "training/data/sources/digits.npz")
    raw = np.asarray(decoder.run.data.test.x[0][:]).reshape(-1, 64)
    places = [int(np.flatnonzero((held["x"].reshape(-1, 64) == row).all(axis=1))[0]) for row in raw]
    assert found.labels == [str(label) for label in held["y"][places]]
    assert found.neighbour is not None
    assert found.neighbour > 0.5
