"""The lectures' items 36 to 52: penalties, augmentation, early stopping, dropout, normalisation,
and what large networks do with few or wrong examples.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.commands import answered, printed

import netdsl
from netdsl.cli.main import main
from netdsl.keras.quiet import quiet_keras
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import Recipe

pytestmark = pytest.mark.keras

quiet_keras()

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FEW = {"source": "digits", "split": {"training": 300}}
NOTHING = np.zeros((8, 1)), np.zeros((8, 1))
STEPS = {"optimizer": {"name": "gd", "rate": 0.1}, "early_stopping": False}


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Any:
    return capsys.readouterr


def trained(text: str, where: Path, **keys: Any) -> netdsl.Run:
    return netdsl.parse(text, name="net").train(where=where, quiet=True, **keys)


def weight(run: netdsl.Run) -> float:
    return float(run.model.get_weights()[0].ravel()[0])


def losses(run: netdsl.Run, name: str = "loss") -> list[float]:
    return [row[name] for row in run.history]


def test_item_36_l2_shrinks_weights_by_a_factor(tmp_path: Path) -> None:
    data = np.zeros((8, 2)), np.zeros((8, 1))
    text = "2 > linear-1(init=1, bias_init=1)"
    run = trained(text, tmp_path, data=data, penalty={"l2": 0.5}, epochs=3, **STEPS)
    data_loss = losses(run, "data_loss")
    penalty = [loss - own for loss, own in zip(losses(run), data_loss, strict=True)]
    assert penalty == pytest.approx([0.5, 0.45125, 0.40725313])  # .95^(2t) / 2
    kernel, bias = run.model.get_weights()
    assert kernel.ravel() == pytest.approx([0.95**3] * 2)
    assert bias == pytest.approx([0.8**3])  # by the data alone: it has no penalty


def test_item_37_l1_makes_weights_exactly_0(tmp_path: Path) -> None:
    """The subgradient .12 .07 .02 -.03 jumps over 0, the soft threshold ends there."""
    one = "1 > linear-1(bias=no, init=0.12)"
    for proximal, last in ((False, -0.03), (True, 0.0)):
        penalty = {"l1": 0.5, "proximal": proximal}
        run = trained(one, tmp_path, data=NOTHING, penalty=penalty, epochs=3, **STEPS)
        assert losses(run) == pytest.approx([0.5 * 0.12, 0.5 * 0.07, 0.5 * 0.02])
        assert weight(run) == pytest.approx(last, abs=1e-7)
        assert run.zeros["fc_1/kernel"]["zeros"] == proximal
    run = trained(
        "64 > fc-20 > softmax-10",
        tmp_path,
        penalty={"l1": 0.005, "proximal": True},
        optimizer={"name": "sgd", "rate": 0.5},
        epochs=12,
    )
    counts = run.zeros["fc_1/kernel"]
    assert counts["weights"] == 64 * 20
    assert counts["zeros"] > counts["weights"] / 2
    assert run.test["accuracy"] > 0.9


def test_item_38_the_elastic_net_is_both(tmp_path: Path) -> None:
    penalty = {"l1": 0.5, "l2": 0.5}
    text = "1 > linear-1(bias=no, init=1)"
    run = trained(text, tmp_path, data=NOTHING, penalty=penalty, epochs=1, **STEPS)
    assert losses(run) == pytest.approx([0.5 + 0.25])
    assert weight(run) == pytest.approx(1 - 0.1 * (0.5 + 0.5))


def test_item_39_tied_weights_are_counted_once(out: Any) -> None:
    assert "218,448 trainable" in printed(out, f"table {EXAMPLES}/autoencoder_tied.net")


def test_item_40_images_are_changed_in_each_of_the_ways(out: Any, tmp_path: Path) -> None:
    ways = {
        "shift": 2,
        "scale": 0.3,
        "rotate": 15,
        "shear": 15,
        "flip": "horizontal",
        "brightness": 0.3,
        "contrast": 0.5,
        "crop": 0.5,
        "cutout": 3,
        "noise": 0.1,
    }
    seen = set()
    for way, amount in ways.items():
        (tmp_path / "recipe.yaml").write_text(f"augment: {{{way}: {amount}}}\n", "utf-8")
        sheet = tmp_path / f"{way}.png"
        printed(out, f"data digits {tmp_path}/recipe.yaml --sheet {sheet}")
        tiles = tiles_of(sheet)
        assert len(set(tiles[1:])) > 1 or tiles[1] != tiles[0], way
        seen.add(tuple(tiles[1:]))
    assert len(seen) == len(ways)
    main(["recipe", "8x8x1 > softmax-10", "--set", "augment.flip=horizontal"])
    assert "a mirrored 2 is not a 2" in out().err


def tiles_of(path: Path) -> list[bytes]:
    """Return the pixels of a sheet's tiles: the original, then twenty versions."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    right, bottom = pixels.shape[1] - 24, pixels.shape[0] - 24
    left = right - 694
    corners = [(bottom - 204, left)]
    corners += [(bottom - 64 - 70 * up, left + 70 * at) for up in (1, 0) for at in range(10)]
    return [pixels[y : y + 64, x : x + 64].tobytes() for y, x in corners]


def test_item_41_one_image_twenty_times(out: Any, tmp_path: Path) -> None:
    recipe = "augment: {rotate: 15, scale: 0.2, noise: 0.02}\n"
    (tmp_path / "recipe.yaml").write_text(recipe, "utf-8")
    printed(out, f"data digits {tmp_path}/recipe.yaml --sheet {tmp_path}/sheet.png")
    assert len(set(tiles_of(tmp_path / "sheet.png"))) == 21


def test_item_42_alexnet_sees_227_of_256() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (10, 300, 280, 3), np.uint8)
    network = netdsl.parse("227x227x3 > conv11-4/4 > fc-2 > softmax-2")
    recipe = Recipe.of({"augment": {"crop_from": 256, "flip": "horizontal"}, "batch": 4})
    job = plan(network, recipe, data=(x, np.arange(10) % 2))
    (input,) = job.data.preparation.inputs
    assert input.uncut.shape == (256, 256, 3)
    assert input.values(x[:1]) == pytest.approx(input.uncut.values(x[:1])[:, 14:241, 14:241])


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> netdsl.Run:
    """A training that is evaluated every 4 steps, and stopped after 6 without a better loss."""
    return trained(
        "64 > fc-32 > softmax-10",
        tmp_path_factory.mktemp("stopped"),
        data=FEW,
        optimizer={"name": "sgd", "rate": 2.0},
        early_stopping={"every": 4, "patience": 6},
        epochs=60,
    )


def test_item_43_the_learning_curve_shows_the_best_step(stopped: netdsl.Run) -> None:
    curve = (stopped.folder / "curve.svg").read_text("utf-8")
    assert f"best weights at step {stopped.best_step}" in curve
    assert ">best weights</text>" in curve
    assert ">validation</text>" in curve


def test_item_44_algorithm_7_1_gives_back_the_best(stopped: netdsl.Run) -> None:
    assert stopped.ended == "patience"
    assert stopped.steps == stopped.best_step + 6 * 4
    best = stopped.evaluate(part="validation")
    assert best["loss"] == pytest.approx(stopped.best_value, rel=1e-5)


def test_item_45_dropout_is_an_ensemble_of_subnetworks(out: Any, tmp_path: Path) -> None:
    text = "64 > dropout(0.2) > fc-48(dropconnect=0.3) > dropout(0.5) > softmax-10"
    run = trained(text, tmp_path, data=FEW, epochs=10, optimizer={"rate": 0.01})
    found = answered(out, f"evaluate {run.folder} --subnetworks 20")
    means = dict(map(tuple, found["subnetworks"]["means"]))
    assert found["subnetworks"]["single"] < means[20]
    assert means[20] == pytest.approx(found["accuracy"], abs=0.08)  # what scaled weights give


def test_item_46_batch_and_layer_normalisation(out: Any, tmp_path: Path) -> None:
    """Of the batch 1, 2, 3: mean 2, variance 2/3; in use a batch does not matter."""
    found = answered(out, 'forward "1 > bn" x="1 2 3" --training')["layers"][-1]["values"]
    assert np.ravel(found) == pytest.approx([-(1.5**0.5), 0, 1.5**0.5], abs=1e-2)
    run = trained("64 > fc-8(bn) > fc-8(ln) > softmax-10", tmp_path, data=FEW, epochs=1)
    x = np.random.default_rng(0).random((5, 64)).astype(np.float32)
    together, alone = run.model(x).numpy(), [run.model(x[at : at + 1]).numpy() for at in range(5)]
    assert together == pytest.approx(np.concatenate(alone), abs=1e-6)


def test_item_47_batch_normalisation_takes_fewer_steps(out: Any, tmp_path: Path) -> None:
    keys = {"epochs": 3, "optimizer": {"name": "sgd", "rate": 0.1}}
    plain, normed = (
        trained(
            f"64 > fc-40({options}) > fc-40({options}) > fc-40({options}) > softmax-10",
            tmp_path / name,
            **keys,
        )
        for name, options in (("plain", "sigmoid"), ("bn", "bn, sigmoid"))
    )
    assert losses(normed, "val_accuracy")[0] > losses(plain, "val_accuracy")[-1] + 0.3
    command = f"runs {plain.folder} {normed.folder} --figure accuracy --over step"
    printed(out, f"{command} --curve {tmp_path}/curves.svg")
    svg = (tmp_path / "curves.svg").read_text("utf-8")
    assert svg.count('fill="none" stroke') == 4  # the training's and the validation's of both


def test_item_48_an_l1_penalty_on_activations_makes_them_sparse(out: Any, tmp_path: Path) -> None:
    shares = []
    for options in ("", "(act_l1=0.1)"):
        run = trained(f"64 > fc-32{options} > softmax-10", tmp_path, data=FEW, epochs=6)
        (found, *_) = answered(out, f"evaluate {run.folder} --zeros")["zeros"]
        assert found["units"] == 32
        shares.append(found["zeros"])
    assert shares[1] > shares[0] + 0.1


def test_item_49_smoothed_labels(tmp_path: Path) -> None:
    from netdsl.training.data.batches import Sampling, Shuffled

    job = plan(netdsl.parse("64 > softmax-10"), Recipe.of({"label_smoothing": 0.1, "data": FEW}))
    batches = Shuffled(job.data.train, job.data.preparation, Sampling.of(job.recipe))
    batches.at_epoch(1)
    y = batches[0][1]
    assert np.sort(y, axis=1) == pytest.approx(np.tile([0.1 / 9] * 9 + [0.9], (len(y), 1)))


def test_item_50_random_labels_are_memorised(tmp_path: Path) -> None:
    """Of 120 digits here; the lecture's are of all of a data set."""
    run = trained(
        "64 > fc-128 > softmax-10",
        tmp_path,
        data={"source": "digits", "labels": "random", "split": {"training": 120}},
        optimizer={"rate": 0.01},
        early_stopping=False,
        epochs=60,
    )
    assert run.evaluate(part="training")["accuracy"] == 1.0
    assert run.test["accuracy"] < 0.25


def grid(out: Any, options: str) -> list[dict[str, str]]:
    """Train a grid in the current folder, and return the rows of its table."""
    text = printed(out, f"train {options} --name try")
    folder = re.findall(r"saved in (\S+),", text)[-1]
    table = (Path(folder) / "grid.csv").read_text("utf-8")
    return list(csv.DictReader(table.splitlines()))


def test_item_51_too_many_polynomials_generalise(
    out: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 points: few terms fit roughly, as many as points badly, many more well again."""
    monkeypatch.chdir(tmp_path)
    text = "param terms = 5\n{terms} > linear-1(bias=no)"
    Path("polynomial.net").write_text(text, "utf-8")
    settings = "--set data.source=polynomial --set data.split.training=20"
    settings += " --set optimizer=least_squares --set precision=float64"
    rows = grid(out, f"polynomial.net {settings} --grid terms=5,20,200")
    few, equal, many = (float(row["test_loss"]) for row in rows)
    assert few < 0.1
    assert equal > 10
    assert many < 0.05
    assert many < few


def test_item_52_the_error_is_largest_where_weights_are_as_many_as_examples(
    out: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random ReLU features of 100 digits, the last layer by least squares."""
    monkeypatch.chdir(tmp_path)
    text = "param width = 30\n64 > fc-{width}(bias=no) > linear-10(bias=no)"
    Path("features.net").write_text(text, "utf-8")
    settings = "--set data.source=digits --set data.split.training=100"
    settings += " --set optimizer=least_squares --set loss=squared"
    rows = grid(out, f"features.net {settings} --grid width=30,100,1000")
    few, equal, many = (float(row["test_loss"]) for row in rows)
    assert equal > 5 * few
    assert many < few
    shares = [float(row["test_accuracy"]) for row in rows]
    assert shares[1] < shares[0] < shares[2]
    chart = (tmp_path / "runs" / "try-grid-1" / "grid.svg").read_text("utf-8")
    assert "Validation accuracy by width" in chart
