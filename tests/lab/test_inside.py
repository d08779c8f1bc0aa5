"""Inside a trained network: filters, maps, patches, codes, and what fools it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from support.by_hand import SmallNetwork, convolved, weights_of

import netdsl
from netdsl.cli.main import main
from netdsl.lab.inside.codes import codes
from netdsl.lab.inside.edges import best_match
from netdsl.lab.inside.excite import excite
from netdsl.lab.inside.filters import filters
from netdsl.lab.inside.maps import maps
from netdsl.lab.inside.subject import TrainedRun
from netdsl.lab.inside.top import cut_out, top
from netdsl.lab.inside.where import grad_cam, where

pytestmark = pytest.mark.keras


def test_filters_are_the_kernels(subject: TrainedRun) -> None:
    found = filters(subject)
    kernel = weights_of(subject, "conv")["kernel"]
    assert found.layer == "conv_1"
    assert found.array.shape == (8, 3, 3, 1)
    for number in range(8):
        np.testing.assert_array_equal(found.array[number], kernel[..., number])
    assert found.matches is not None
    assert len(found.matches) == 8
    assert "8 filters of 3x3" in found.sheet.title
    assert f"{np.abs(kernel).max():.3g}" in found.sheet.about


def test_edges_and_bars_match_and_noise_does_not() -> None:
    edge = np.tile([-1.0, -1.0, 0.0, 1.0, 1.0], (5, 1))
    bar = np.tile([0.0, 0.1, 1.0, 0.1, 0.0], (5, 1)).T
    board = np.indices((5, 5)).sum(axis=0) % 2 * 2.0 - 1
    found = best_match(np.stack([edge, bar, board, np.ones((5, 5))])[..., None])
    assert (found[:2] > 0.9).all()
    assert found[2] < 0.2
    assert found[3] == 0


def test_maps_are_what_the_layer_gives(subject: TrainedRun, image: str) -> None:
    found = maps(subject, image, "conv_1")
    (x,) = subject.example(image).inputs
    weights = weights_of(subject, "conv")
    right = np.maximum(convolved(x[0].astype(float), weights["kernel"], weights["bias"]), 0)
    np.testing.assert_allclose(found.layers[0].array, right, atol=1e-5)
    assert found.layers[0].shown == tuple(range(8))
    assert [each.layer for each in maps(subject, image).layers] == ["conv_1"]


def test_saliency_and_grad_cam_are_those_of_a_reference(subject: TrainedRun, image: str) -> None:
    """By hand: score = W·mean(relu(conv(x))), so each map's derivative is W / 36 where it is on."""
    found = where(subject, image)
    (x,) = subject.example(image).inputs
    network = SmallNetwork(subject, x[0])
    of_class = np.eye(10)[int(found.name)]
    weights = network.by_maps(of_class).mean(axis=(0, 1))
    assert found.grad_cam is not None
    np.testing.assert_allclose(found.grad_cam, np.maximum(network.maps @ weights, 0), atol=1e-6)
    np.testing.assert_allclose(found.gradient, np.abs(network.by_image(of_class)), atol=1e-6)
    assert found.cam_layer == "conv_1"
    other = where(subject, image, label=(int(found.name) + 1) % 10)
    slope = network.by_image(np.roll(of_class, 1))
    np.testing.assert_allclose(other.gradient, np.abs(slope), atol=1e-6)


def test_grad_cam_keeps_what_speaks_for_the_class() -> None:
    maps = np.array([[[1.0, 0.0], [0.0, 2.0]]])
    derivatives = np.array([[[3.0, -1.0], [1.0, -1.0]]])
    np.testing.assert_array_equal(grad_cam(maps, derivatives), [[2.0, 0.0]])


def test_occlusion_of_what_does_not_matter_changes_nothing(subject: TrainedRun, image: str) -> None:
    """A patch the size of the image's mean is put on each place; its effect is the difference."""
    found = where(subject, image)
    (x,) = subject.example(image).inputs
    covered = x.copy()
    covered[0, 3, 3] = x[0].mean(axis=(0, 1))
    usual, changed = (
        subject.own_model.predict_on_batch(each)[0][int(found.name)] for each in (x, covered)
    )
    assert found.occlusion.shape == (8, 8)
    assert found.occlusion[3, 3] == pytest.approx(float(usual) - float(changed), abs=1e-5)


def test_patches_are_those_that_a_gradient_finds(subject: TrainedRun) -> None:
    """Changing the image outside the box changes the value by nothing; inside, it does."""
    found = top(subject, "conv_1", 2)
    (patches,) = found.patches.values()
    assert len(patches) == 9
    assert [one.value for one in patches] == sorted((p.value for p in patches), reverse=True)
    best = patches[0]
    (x,) = subject.prepared(subject.data.test, np.array([best.row]))
    model = subject.model([subject.layer("conv_1").ops[-1]])
    value = model.predict_on_batch(x)[0][best.place][2]
    assert value == pytest.approx(best.value, rel=1e-5)
    seen = np.zeros((8, 8), bool)
    for i in range(8):
        for j in range(8):
            for change in (0.1, -0.1):
                other = x.copy()
                other[0, i, j, 0] += change
                seen[i, j] |= bool(model.predict_on_batch(other)[0][best.place][2] != value)
    (first, last), (left, right) = best.box
    box = np.zeros((8, 8), bool)
    box[first : last + 1, left : right + 1] = True
    np.testing.assert_array_equal(seen, box)


def test_every_value_was_looked_at(subject: TrainedRun) -> None:
    found = top(subject, "conv_1", 0)
    (x,) = subject.prepared(subject.data.test, np.arange(len(subject.data.test)))
    given = subject.model([subject.layer("conv_1").ops[-1]]).predict_on_batch(x)[..., 0]
    highest = np.sort(given.reshape(len(given), -1).max(axis=1))[::-1][:9]
    np.testing.assert_allclose([one.value for one in found.patches[0]], highest, rtol=1e-6)


def test_a_box_that_reaches_outside_is_grey_there() -> None:
    patch = cut_out(np.ones((3, 3, 1), np.float32), ((-1, 1), (2, 3)))
    np.testing.assert_array_equal(patch[..., 0], [[0.5, 0.5], [1, 0.5], [1, 0.5]])


def test_an_excited_image_is_its_class_and_a_prior_makes_it_smoother(subject: TrainedRun) -> None:
    plain = excite(subject, "softmax_1")
    smooth = excite(subject, "softmax_1", prior="tv")
    assert plain.probabilities is not None
    # this network classifies by eight means alone, so not every class can be reached
    assert (plain.probabilities.argmax(axis=1) == np.arange(10)).sum() >= 5
    assert smooth.variations.mean() < plain.variations.mean()
    assert plain.images.min() >= 0
    assert plain.images.max() <= 1
    again = excite(subject, "softmax_1")
    np.testing.assert_array_equal(plain.images, again.images)


def test_codes_are_the_layers_and_the_map_their_principal_components(subject: TrainedRun) -> None:
    found = codes(subject, "gap_1")
    (x,) = subject.prepared(subject.data.test, np.arange(len(subject.data.test)))
    given = subject.model([subject.layer("gap_1").ops[-1]]).predict_on_batch(x)
    np.testing.assert_allclose(found.array, given, atol=1e-6)
    centred = given.astype(float) - given.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    projected = centred @ vectors[:, ::-1][:, :2]
    np.testing.assert_allclose(np.abs(found.plane), np.abs(projected), atol=1e-4)
    labels = np.asarray(subject.data.test.y[0][:]).astype(int)
    distances = ((given[:, None].astype(float) - given[None]) ** 2).sum(axis=-1)
    np.fill_diagonal(distances, np.inf)
    right = labels[distances.argmin(axis=1)] == labels
    assert found.neighbour == pytest.approx(right.mean(), abs=0.01)


FORMS: Sequence[Sequence[str]] = (
    ("--filters",),
    ("--maps", "IMAGE"),
    ("--maps", "IMAGE", "conv_1"),
    ("--top", "conv_1"),
    ("--excite", "softmax_1:2", "--prior", "blur"),
    ("--where", "IMAGE"),
    ("--codes", "gap_1"),
)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: " ".join(form))
def test_every_form_draws_and_speaks(
    folder: Path,
    image: str,
    form: Sequence[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = [image if each == "IMAGE" else each for each in form]
    target = tmp_path / "picture.svg"
    assert main(["show", str(folder), *arguments, "-o", str(target), "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values
    drawn = target.read_text("utf-8")
    assert drawn.startswith("<svg")
    assert "<title>" in drawn
    assert main(["show", str(folder), *arguments]) == 0
    assert capsys.readouterr().out.strip()


REFUSED = [
    (("--filters", "gap_1"), "N680", "the layer gap_1 (`gap`) has no kernels"),
    (("--filters", "conv_9"), "N626", "did you mean `conv_1`?"),
    (("--maps", "IMAGE", "fc_1"), "N680", "fc_1 gives 10, which is not maps"),
    (("--top", "conv_1:8"), "N680", "conv_1 has the channels 0 to 7, not 8"),
    (("--top", "input"), "N680", "is an input"),
    (("--excite", "softmax_1:10"), "N680", "softmax_1 has the units 0 to 9, not 10"),
    (("--where", "IMAGE", "--label", "12"), "N680", "the classes 0 to 9, not 12"),
    (("--maps", "missing.png"), "N511", "missing.png"),
    (("--codes", "code"), "N626", "no layer or point `code`"),
    (("--filters", "-o", "f.gif"), "N604", "f.gif ends in neither .svg nor .png"),
]


@pytest.mark.parametrize(("form", "code", "said"), REFUSED, ids=lambda each: str(each))
def test_what_cannot_be_shown_is_said(
    folder: Path,
    image: str,
    form: Sequence[str],
    code: str,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = [image if each == "IMAGE" else each for each in form]
    assert main(["show", str(folder), *arguments]) == 1
    message = capsys.readouterr().err
    assert f"error[{code}]" in message
    assert said in message


def test_maps_are_of_one_image_and_one_layer(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(folder), "--maps", "test:0", "conv_1", "conv_2"]) == 2
    assert "--maps is for one image, and one layer" in capsys.readouterr().err


def test_predict_gives_what_a_layer_does(
    folder: Path,
    subject: TrainedRun,
    image: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    array = tmp_path / "maps.npy"
    assert main(["predict", str(folder), image, "--at", "conv_1", "-o", str(array)]) == 0
    (x,) = subject.example(image).inputs
    given = subject.model([subject.layer("conv_1").ops[-1]]).predict_on_batch(x)
    np.testing.assert_allclose(np.load(array), given, atol=1e-6)
    capsys.readouterr()
    assert main(["predict", str(folder), image, "--at", "gap_1", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    np.testing.assert_allclose(record["output"], given[0].mean(axis=(0, 1)), atol=1e-5)
    assert (
        main(["predict", str(folder), image, "--at", "gap_1", "-o", str(tmp_path / "g.png")]) == 1
    )
    assert "gap_1 gives 8, which is not an image" in capsys.readouterr().err


def test_predictions_are_written_to_a_file(
    folder: Path, image: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for suffix in ("csv", "json", "txt"):
        target = tmp_path / f"out.{suffix}"
        call = ["predict", str(folder), image]
        assert main([*call, "-o", str(target)]) == 0
        assert not capsys.readouterr().out
        assert main([*call, *([] if suffix == "txt" else ["--format", suffix])]) == 0
        assert target.read_text("utf-8") == capsys.readouterr().out
        assert main([*call, "-o", str(target)]) == 1
        assert "N604" in capsys.readouterr().err


def test_from_python(folder: Path, image: str, subject: TrainedRun, tmp_path: Path) -> None:
    run = netdsl.Run.load(folder)
    assert run.filters().array.shape == (8, 3, 3, 1)
    assert run.maps(image, "conv_1").layers[0].array.shape == (6, 6, 8)
    assert list(run.top("conv_1", 1).patches) == [1]
    assert run.excite("softmax_1", 2).images.shape == (1, 8, 8, 1)
    assert run.where(image).occlusion.shape == (8, 8)
    assert run.codes("gap_1").plane.shape == (len(subject.data.test), 2)
    assert [one.size for one in run.attack((0.0, 0.1), examples=20).results] == [0.0, 0.1]
    pixels = np.asarray(subject.data.test.x[0][:5])
    assert run.at("gap_1", pixels).shape == (5, 8)
    run.filters().sheet.save(tmp_path / "f.svg")
    assert (tmp_path / "f.svg").read_text("utf-8").startswith("<svg")
    with pytest.raises(TypeError, match="`layer` accepts a layer's name"):
        run.filters(3)  # type: ignore[arg-type]
    with pytest.raises(netdsl.NetError, match="`prior` accepts one of"):
        run.excite("softmax_1", prior="tvv")


def test_kernels_at_the_epochs_that_were_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    network = netdsl.parse("net template\n8x8x1 > softmax-10")
    recipe = {"data": "digits", "epochs": 3, "keep": {"epochs": [1, 3]}}
    run = network.train(recipe, where=tmp_path, quiet=True)
    found = run.evolution()
    assert found.epochs == (1, 3)
    assert found.array.shape == (2, 10, 8, 8, 1)
    last = run.filters().array
    if run.best_epoch == 3:
        np.testing.assert_allclose(found.array[1], last, atol=1e-6)
    assert np.abs(found.array[0] - found.array[1]).max() > 1e-3
    target = tmp_path / "e.svg"
    assert main(["show", str(run.folder), "--filters", "--evolution", "-o", str(target)]) == 0
    drawn = target.read_text("utf-8")
    assert "epoch 1" in drawn
    assert "epoch 3" in drawn
    capsys.readouterr()
    assert main(["show", str(folder), "--filters", "--evolution"]) == 1
    assert "has kept no epochs" in capsys.readouterr().err


def test_the_landscape_is_the_loss_around_the_weights(
    folder: Path, subject: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its middle is the loss by hand, in NumPy; directions have the norms of the filters."""
    from netdsl.lab.inside.landscape import _direction, landscape

    found = landscape(TrainedRun.of(folder))
    count = found.examples
    (x,) = subject.prepared(subject.data.train, np.arange(count))
    labels = np.asarray(subject.data.train.y[0][:count]).astype(int)
    networks = [SmallNetwork(subject, one) for one in x]
    logs = [np.log(each.probabilities[label]) for each, label in zip(networks, labels, strict=True)]
    assert found.middle == pytest.approx(-np.mean(logs), rel=1e-4)
    conv = networks[0].conv
    op = next(at for at in subject.weighted.weights if subject.graph.ops[at].kind.word == "conv")
    way = _direction(np.random.default_rng(0), subject.graph.ops[op], subject.weighted.weights[op])
    np.testing.assert_allclose(
        np.linalg.norm(way["kernel"].reshape(-1, 8), axis=0),
        np.linalg.norm(conv["kernel"].reshape(-1, 8), axis=0),
    )
    assert not way["bias"].any()
    target = tmp_path / "l.svg"
    assert main(["show", str(folder), "--landscape", "-o", str(target)]) == 0
    assert f"{found.middle:.6g} in the middle" in capsys.readouterr().out
    assert target.read_text("utf-8").count("<path") > 10


def test_the_report_again_with_a_gallery(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = folder / "report.html"
    before = report.read_text("utf-8")
    assert main(["show", str(folder), "--report"]) == 0
    captured = capsys.readouterr()
    assert "conv_1 (conv3-8(pad=0)): 8 filters of 3x3" in captured.out
    assert "not shown: plane: " in captured.err
    assert "not shown: filters by epoch: " in captured.err
    once = report.read_text("utf-8")
    assert once.count("<section id=inside>") == 1
    assert once.count("data:image/svg+xml") >= 6 + before.count("data:image/svg+xml")
    assert len(once.encode()) < 10_000_000
    assert main(["show", str(folder), "--report"]) == 0
    assert report.read_text("utf-8") == once
    capsys.readouterr()
    assert main(["show", str(folder)]) == 0  # no terminal: the browser is not opened
    assert capsys.readouterr().out == f"{report}\n"
    monkeypatch.setattr("netdsl.lab.inside.gallery.LARGEST", len(before.encode()) + 20_000)
    assert main(["show", str(folder), "--report"]) == 1
    assert "N614" in capsys.readouterr().err
    report.write_text(before, "utf-8")
    assert main(["show", str(folder), "--report"]) == 0
    assert "the report would be larger than" in capsys.readouterr().err
    report.write_text(before, "utf-8")


def test_a_landscape_is_of_as_many_examples_as_can_be_computed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from netdsl.lab.inside import landscape as module

    subject = TrainedRun.of(folder)
    flops = subject.run.network.counts.flops * module.GRID**2
    monkeypatch.setattr(module, "OPERATIONS", 60 * flops)
    found = module.landscape(subject)
    assert found.examples == 60
    assert "loss of 60 training examples" in found.about
    monkeypatch.setattr(module, "OPERATIONS", 49 * flops)
    with pytest.raises(netdsl.NetError, match="the loss of 50 examples at 21x21 places takes"):
        module.landscape(subject)
