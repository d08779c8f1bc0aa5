"""What trained networks are shown: rows of their data, files, arrays; and runs of other kinds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import netdsl
from netdsl.cli.main import main
from netdsl.lab.inside.excite import excite
from netdsl.lab.inside.maps import maps
from netdsl.lab.inside.subject import TrainedRun

pytestmark = pytest.mark.keras

KINDS = {
    "table": "4 > fc-8 > softmax-2",
    "sequence": "12x1 > conv3-4 > conv3-4 > gap > softmax-2",
    "indices": "12 of int(9) > embed-3 > conv3-4 > gmp > sigmoid-1",
    "pixels": "6x6x1 > conv3-4 > conv1-2(linear) > softmax",
    "single": "1x1x1 > conv1-2 > flatten > softmax-2",
    "colours": "6x6x3 > conv3-4 > gap > softmax-3",
    "two": "input photo: 6x6x1\ninput facts: 3\n@photo > conv3-4 > gap as seen\n"
    "concat[@seen | @facts] > fc-8 as both\n@both > softmax-2 as kind\n@both > linear-1 as size\n"
    "output @kind\noutput @size",
}


def examples(kind: str) -> dict[str, np.ndarray]:
    """Random examples for a kind of network."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (60, 6, 6, 3), dtype=np.uint8)
    y = rng.integers(0, 2, 60)
    if kind == "two":
        facts = rng.random((60, 3)).astype(np.float32)
        photos = pixels[..., :1]
        return {"x_photo": photos, "x_facts": facts, "y_kind": y, "y_size": facts[:, :1]}
    x: Any = {
        "table": rng.normal(size=(60, 4)).astype(np.float32),
        "sequence": rng.normal(size=(60, 12, 1)).astype(np.float32),
        "indices": rng.integers(0, 9, (60, 12)),
        "pixels": pixels[..., :1],
        "single": pixels[:, :1, :1, :1],
        "colours": pixels,
    }[kind]
    if kind == "pixels":
        y = (x[..., 0] > 128).astype(int)
    return {"x": x, "y": rng.integers(0, 3, 60) if kind == "colours" else y}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run of each kind of network."""
    where, found = tmp_path_factory.mktemp("runs"), {}
    for kind, text in KINDS.items():
        np.savez(where / f"{kind}.npz", **examples(kind))
        network, data = netdsl.parse(text, name=kind), str(where / f"{kind}.npz")
        found[kind] = network.train(data=data, epochs=1, where=where, quiet=True).folder
    np.save(where / "images.npy", examples("colours")["x"][:4])
    return found


def run_command(
    runs: dict[str, Path], command: str, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """Run a command whose second word is a kind of network."""
    name, kind, *more = command.split()
    folder = runs[kind]
    code = main([name, str(folder), *(each.replace("HERE", str(folder.parent)) for each in more)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


WRONG: Sequence[tuple[str, str, str]] = (
    ("show table --maps test:0", "N680", "no input of images: it reads 4"),
    ("show table --filters", "N680", "no layer of the network has kernels that are images"),
    ("show table --filters", "N680", "--codes LAYER and --landscape may have something"),
    ("show table --top fc_1", "N680", "no input of images"),
    ("show table --excite fc_2", "N680", "no input of images"),
    ("show table --where test:0", "N680", "no input of images"),
    ("show sequence --maps test:0", "N680", "no input of images: it reads 12x1"),
    ("show indices --maps test:0", "N680", "no input of images: it reads 12 of int(9)"),
    ("attack indices", "N680", "indices, which cannot be changed a little"),
    ("attack two", "N680", "an attack is made on networks of one input"),
    ("attack pixels", "N680", "a class of each position, not of an example"),
    ("show pixels --where test:0", "N680", "a class of each position, not of an example"),
    ("show two --excite seen", "N680", "an image is made for networks of one input"),
    ("show two --maps HERE/images.npy", "N514", "the network has 2 inputs"),
    ("show colours --maps test:-1", "N680", "the test part has the rows 0 to 11, not -1"),
    ("sample table --at fc_2 --json", "N680", "`fc_2` gives the output itself"),
    ("show colours --maps test:12", "N680", "the test part has the rows 0 to 11, not 12"),
    ("show colours --filters conv_1 --evolution", "N680", "has kept no epochs"),
    ("show colours --filters gap_1", "N680", "has no kernels"),
    ("show colours --top conv_1:4", "N680", "has the channels 0 to 3, not 4"),
    ("sample colours -o HERE/s.svg", "N680", "no point of the network is called a code"),
    ("sample colours --at gap_1 -o HERE/s.svg", "N680", "3 is not an image"),
    (
        "predict colours HERE/images.npy --at conv_1 -o HERE/p.png",
        "N518",
        "conv_1 gives 6x6x4, which is not an image",
    ),
)


@pytest.mark.parametrize(("command", "code", "said"), WRONG, ids=[each[0] for each in WRONG])
def test_what_a_run_has_nothing_for_is_one_error(
    runs: dict[str, Path], command: str, code: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code, out, err = run_command(runs, command, capsys)
    assert exit_code == 1
    assert not out
    assert err.count("error[") == 1
    assert f"error[{code}]" in err
    assert said in err
    assert not list(runs["table"].parent.glob("[sp].*"))


RIGHT = (
    "show table --codes fc_1",
    "show table --landscape",
    "show sequence --filters conv_2",
    "show indices --codes gmp_1",
    "show pixels --excite softmax_1",
    "show pixels --maps test:1",
    "show colours --filters",
    "show colours --top conv_1",
    "show colours --where test:1",
    "show colours --maps HERE/images.npy conv_1",
    "show two --maps test:0",
    "show two --where training:2",
    "show two --top both",
    "show two --codes both",
    "attack table --eps 0.1",
    "attack sequence --eps 0.1 --norm 2",
    "predict two HERE/two.npz --at both",
)


@pytest.mark.parametrize("command", RIGHT)
def test_what_it_has_something_for_is_shown(
    runs: dict[str, Path], command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run_command(runs, f"{command} --json", capsys)
    assert code == 0, err
    found = json.loads(out)
    if command.startswith("show"):
        assert found["title"]
        assert found["scale"]


def test_an_example_is_a_row_a_file_or_an_array(subject: TrainedRun, image: str) -> None:
    """All are prepared alike; of several the first is taken, and named so."""
    (right,) = subject.prepared(subject.data.test, [0])
    raw = np.asarray(subject.data.test.x[0][:3])
    for given in ("test:0", image, raw, raw[0]):
        found = subject.example(given)
        np.testing.assert_allclose(found.inputs[0], right, atol=0.01)
        assert not found.note
    assert maps(subject, "test:0").sheet.title == "Maps of all layers for test:0"
    assert maps(subject, raw).sheet.title == "Maps of all layers for the example"


def test_an_image_of_another_size_is_resized_and_that_is_said(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(photo)
    for form in ("--maps", "--where"):
        assert main(["show", str(folder), form, str(photo)]) == 0
        assert "resized from 20x30 to 8x8" in capsys.readouterr().out


def test_images_of_other_ranges_are_shown_whole(tmp_path: Path) -> None:
    """Data that is not from 0 to 1 is drawn from its smallest value to its largest."""
    x = np.random.default_rng(0).normal(size=(40, 6, 6, 1)).astype(np.float32)
    network = netdsl.parse("6x6x1 > conv3-2 > gap > softmax-2")
    data = (x, (x.mean(axis=(1, 2, 3)) > 0).astype(int))
    run = network.train(data=data, epochs=1, quiet=True, where=tmp_path)
    found = run.maps("test:0", data=data)
    (tile,) = found.sheet.rows[0].tiles
    assert (tile.pixels.min(), tile.pixels.max()) == (0, 1)
    (patches,) = run.top("conv_1", 0, data=data).patches.values()
    assert all(0 <= one.pixels.min() <= one.pixels.max() <= 1 for one in patches)


def test_an_excited_image_of_a_class_at_each_position_is_that_of_the_mean(
    runs: dict[str, Path],
) -> None:
    found = excite(TrainedRun.of(runs["pixels"]), "softmax_1")
    assert found.probabilities is not None
    assert found.probabilities.shape == (2, 2)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(found.probability, np.diagonal(found.probabilities))


def test_data_from_python_is_given_again(tmp_path: Path) -> None:
    data = (examples("table")["x"], examples("table")["y"])
    run = netdsl.parse(KINDS["table"]).train(data=data, epochs=1, where=tmp_path, quiet=True)
    with pytest.raises(netdsl.DataError, match="data from Python, which is not stored"):
        run.codes("fc_1")
    assert len(run.codes("fc_1", data=data).array) == 12
    assert len(run.attack([0.1], data=data).labels) == 12
    assert run.landscape(data=data).surface.shape == (21, 21)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda run: run.maps(3), "`image` accepts a path, a row of the data"),
        (lambda run: run.where(None), "`image` accepts"),
        (lambda run: run.attack(0.1), "`sizes` accepts a list of numbers from 0, not 0.1"),
        (lambda run: run.attack("0.1"), "`sizes` accepts a list"),
        (lambda run: run.attack([float("nan")]), "`sizes` accepts numbers above 0"),
        (lambda run: run.attack([1e300]), "`sizes` accepts numbers above 0 up to 1e"),
        (lambda run: run.attack([0.1] * 101), "`sizes` accepts at most 100 numbers"),
        (lambda run: run.attack(examples=0), "`examples` accepts integers from 1"),
        (lambda run: run.sample(10**12, at="gap_1"), "at most 50,000,000 are made"),
        (lambda run: run.between("test:0", "test:1", steps=10**12, at="gap_1"), "at most"),
    ],
)
def test_wrong_arguments_are_said(folder: Path, call: Any, said: str) -> None:
    with pytest.raises((TypeError, netdsl.NetError), match=said):
        call(netdsl.Run.load(folder))


def test_images_of_one_pixel_do_not_vary(
    runs: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run_command(runs, "show single --excite conv_1:0", capsys)
    assert (code, err) == (0, "")
    assert "mean change of a pixel 0.0000" in out
    code, out, _ = run_command(runs, "show single --excite conv_1 --json", capsys)
    assert (code, json.loads(out)["variations"]) == (0, [0.0, 0.0])
