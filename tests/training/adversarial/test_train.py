"""GANs in training: what is kept, resumed bit for bit, said; and what is done with their runs."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.gans import CONDITIONAL, PLAIN, WITH_STATES, images

import netdsl
from netdsl.cli.main import main
from netdsl.errors import NetError, RunError
from netdsl.training.runs.history import Epoch

pytestmark = pytest.mark.keras

KEYS: dict[str, Any] = {"epochs": 2, "batch": 8, "quiet": True}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data and the files of networks."""
    folder = tmp_path_factory.mktemp("gans")
    x, y = images()
    np.savez(folder / "data.npz", x=x, y=y)
    for name, text in (("plain", PLAIN), ("states", WITH_STATES), ("classes", CONDITIONAL)):
        (folder / f"{name}.net").write_text(text, encoding="utf-8")
    return folder


def trained(folder: Path, file: str, gan: Any = "nonsaturating", **more: Any) -> netdsl.Run:
    keys = {**KEYS, "data": str(folder / "data.npz"), "where": folder / "runs", **more}
    return netdsl.train(folder / f"{file}.net", {"gan": gan}, **keys)


@pytest.fixture(scope="module")
def plain(folder: Path) -> netdsl.Run:
    return trained(folder, "plain", keep={"every": 2})


@pytest.fixture(scope="module")
def classes(folder: Path) -> netdsl.Run:
    return trained(folder, "classes", "least-squares")


@pytest.fixture(scope="module")
def classifier(folder: Path) -> netdsl.Run:
    network = netdsl.parse("4x4x1 > softmax-3")
    keys = {**KEYS, "data": str(folder / "data.npz"), "where": folder / "runs", "name": "names"}
    return network.train({"optimizer": {"rate": 0.1}}, **{**keys, "epochs": 10})


def numbers(run: Path) -> dict[str, list[Any]]:
    """The weights of both networks."""
    return {
        part: netdsl.load_model(run / f"{part}.keras").get_weights()
        for part in ("generator", "discriminator")
    }


def assert_same(one: Path, other: Path) -> None:
    """Bit for bit, and the figures too, but for their seconds."""
    for part, arrays in numbers(one).items():
        for a, b in zip(arrays, numbers(other)[part], strict=True):
            assert np.array_equal(a, b), part
    rows = ([{**row, "seconds": 0} for row in netdsl.Run.load(run).history] for run in (one, other))
    assert next(rows) == next(rows)
    results = [json.loads((run / "result.json").read_text()) for run in (one, other)]
    assert {**results[0], "seconds": 0} == {**results[1], "seconds": 0}
    for sheet in (one / "samples").iterdir():
        assert sheet.read_bytes() == (other / "samples" / sheet.name).read_bytes()


# --- what is kept ---------------------------------------------------------------------------------


def test_a_run_folder(plain: netdsl.Run) -> None:
    names = {str(path.relative_to(plain.folder)) for path in plain.folder.rglob("*")}
    expected = {"generator.keras", "discriminator.keras", "report.html", "curve.svg", "metrics.csv"}
    expected |= {"samples/epoch-1.png", "samples/epoch-2.png", "network.net", "result.json"}
    expected |= {"kept/epoch-2-generator.keras", "kept/epoch-2-discriminator.keras"}
    assert expected <= names
    assert not {"checkpoint.npz", "lock", "best.keras", "kept/epoch-1-generator.keras"} & names
    assert (plain.steps, plain.epochs, plain.ended, plain.kept) == (12, 2, "epochs", "last")
    with (plain.folder / "metrics.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[1]["generator_loss"]) == pytest.approx(
        plain.validation["generator_loss"], abs=1e-5
    )
    kept = netdsl.load_model(plain.folder / "kept" / "epoch-2-generator.keras").get_weights()
    assert all(map(np.array_equal, kept, numbers(plain.folder)["generator"]))


def test_the_report_has_both_networks_and_the_samples(plain: netdsl.Run) -> None:
    page = (plain.folder / "report.html").read_text(encoding="utf-8")
    for part in ("Samples of epoch 2", "<h3>generator</h3>", "<h3>discriminator</h3>", "Diversity"):
        assert part in page
    assert "data:image/png;base64" in page
    curve = (plain.folder / "curve.svg").read_text(encoding="utf-8")
    assert "generator" in curve
    assert "discriminator loss" in curve


def test_the_same_seed_gives_the_same_weights(folder: Path, plain: netdsl.Run) -> None:
    again = trained(folder, "plain", keep={"every": 2}, name="again")
    assert_same(plain.folder, again.folder)
    other = trained(folder, "plain", seed=1, name="other", epochs=1)
    assert not np.array_equal(
        numbers(other.folder)["generator"][0], numbers(plain.folder)["generator"][0]
    )


def test_both_networks_are_trained(folder: Path, plain: netdsl.Run) -> None:
    for part, network in (("generator", "generator"), ("discriminator", "discriminator")):
        seed = 0 if part == "generator" else 1
        begun = netdsl.load(folder / "plain.net", net=network).keras(seed).get_weights()
        now = numbers(plain.folder)[part]
        assert all(not np.array_equal(a, b) for a, b in zip(begun, now, strict=True))


# --- a step against NumPy -------------------------------------------------------------------------


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("loss", ["nonsaturating", "least-squares"])
def test_a_step_is_that_of_the_formulas(tmp_path: Path, loss: str) -> None:
    """One step of plain gradient descent on two linear networks, derived by hand."""
    text = "net generator\ninput z: 1\n> linear-2(l2=0.1)\n\n"
    text += "net discriminator\ninput x: 2\n> linear-1(l2=0.2)\n"
    x = np.random.default_rng(1).normal(size=(8, 2)).astype(np.float32)
    recipe = {"gan": loss, "optimizer": {"name": "sgd", "rate": 0.5}, "batch": 8, "epochs": 1}
    recipe |= {"data": {"source": "python", "split": {"test": 0.0}}}
    (tmp_path / "two.net").write_text(text, encoding="utf-8")
    network = tmp_path / "two.net"
    recipe.pop("data")
    recipe["data"] = (np.concatenate([x] * 2), np.zeros(16))
    run = netdsl.train(network, {**recipe, "batch": 13}, where=tmp_path, quiet=True)
    from netdsl.training.adversarial.train import read_job

    job = read_job(run.folder, recipe["data"])
    from netdsl.training.adversarial.chunks import AdversarialChunks

    chunks = AdversarialChunks(job, 1)
    chunks.at_epoch(1)
    step = chunks.step(0)
    real = np.asarray(job.data.train.x[0])[step["rows"]].astype(float)
    w, b = netdsl.load(network, net="generator").keras(0).get_weights()
    v, c = netdsl.load(network, net="discriminator").keras(1).get_weights()
    made = step["noise"][0] @ w + b
    n = len(real)
    of_real, of_made = real @ v + c, made @ v + c
    if loss == "nonsaturating":
        up_real, up_made = -(1 - sigmoid(of_real)) / n, sigmoid(of_made) / n
    else:
        up_real, up_made = (of_real - 1) / n, of_made / n
    v1 = v - 0.5 * (real.T @ up_real + made.T @ up_made + 0.2 * v)
    c1 = c - 0.5 * (up_real.sum(0) + up_made.sum(0))
    noise = step["noise"][1]
    score = (noise @ w + b) @ v1 + c1
    up = -(1 - sigmoid(score)) / n if loss == "nonsaturating" else (score - 1) / n
    w1, b1 = w - 0.5 * (noise.T @ (up @ v1.T) + 0.1 * w), b - 0.5 * (up @ v1.T).sum(0)
    after = numbers(run.folder)
    for expected, found in zip(
        (w1, b1, v1, c1), (*after["generator"], *after["discriminator"]), strict=True
    ):
        assert np.allclose(expected, found, atol=1e-5)


# --- stopped and resumed --------------------------------------------------------------------------


@pytest.fixture
def _each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.training.loop.pace.MIN_SECONDS", 0.0)
    monkeypatch.setattr("netdsl.training.loop.pace.SHARE", 0)


@pytest.fixture(scope="module")
def whole(folder: Path) -> netdsl.Run:
    return trained(folder, "states", name="whole", epochs=3)


MOMENTS = [
    # (what is called when the process dies, and the number of its call)
    ("netdsl.training.adversarial.keeper.save", 2),
    ("netdsl.training.adversarial.players.Players.take_chunk", 2),
    *(
        pytest.param(f"netdsl.training.adversarial.keeper.{what}", times, marks=pytest.mark.zoo)
        for what, times in (("write_numbers", 1), ("save_samples", 3), ("write_report", 1))
    ),
]


@pytest.mark.usefixtures("_each_epoch")
@pytest.mark.parametrize(("what", "times"), MOMENTS)
def test_killed_and_resumed_bit_for_bit(
    folder: Path, whole: netdsl.Run, monkeypatch: pytest.MonkeyPatch, what: str, times: int
) -> None:
    """A kill is an exception that nothing catches, so that nothing is tidied up after it."""
    import importlib

    path, _, name = what.rpartition(".")
    try:
        owner: Any = importlib.import_module(path)
    except ImportError:
        module, _, class_name = path.rpartition(".")
        owner = getattr(importlib.import_module(module), class_name)
    real, calls = getattr(owner, name), 0

    def killed(*args: Any, **keys: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == times:
            raise SystemExit
        return real(*args, **keys)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killed)
        with pytest.raises(SystemExit):
            trained(folder, "states", name="killed", epochs=3)
    at = max((folder / "runs").glob("killed-*"), key=lambda run: int(run.name.split("-")[1]))
    netdsl.resume(at, quiet=True)
    assert_same(whole.folder, at)
    assert not (at / "checkpoint.npz").exists()


def test_killed_within_an_epoch(
    folder: Path, whole: netdsl.Run, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from netdsl.training.adversarial.players import Players

    real, calls = Players.take_chunk, 0

    def take_chunk(self: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise SystemExit
        return real(self)

    with monkeypatch.context() as patch:
        patch.setattr(Players, "take_chunk", take_chunk)
        with pytest.raises(SystemExit):
            trained(folder, "states", name="within", epochs=3, checkpoint=1)
    assert netdsl.resume(folder / "runs" / "within-1").epochs == 3
    assert "after epoch 0, step 2" in capsys.readouterr().err
    assert_same(whole.folder, folder / "runs" / "within-1")


@pytest.mark.usefixtures("_each_epoch")
def test_ctrl_c_leaves_a_run_that_can_be_used(
    folder: Path, whole: netdsl.Run, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from netdsl.training.adversarial.players import Players

    real, calls = Players.take_chunk, 0

    def take_chunk(self: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            signal.raise_signal(signal.SIGINT)
        return real(self)

    command = ["train", str(folder / "states.net"), "--data", str(folder / "data.npz")]
    command += ["--set", "gan=nonsaturating", "--epochs", "3", "--batch", "8", "--name", "stopped"]
    monkeypatch.chdir(folder)
    with monkeypatch.context() as patch:
        patch.setattr(Players, "take_chunk", take_chunk)
        assert main(command) == 130
    assert "interrupted" in capsys.readouterr().out
    at = folder / "runs" / "stopped-1"
    assert main(["sample", str(at), "-o", str(folder / "s.png"), "--force"]) == 0
    assert main(["resume", str(at)]) == 0
    assert_same(whole.folder, at)
    capsys.readouterr()
    assert main(["resume", str(at)]) == 1
    assert "is complete" in capsys.readouterr().err


def test_what_cannot_be_resumed(folder: Path, tmp_path: Path) -> None:
    run = trained(folder, "plain", where=tmp_path, epochs=1)
    (run.folder / "result.json").unlink()
    text = (run.folder / "network.net").read_text(encoding="utf-8")
    changed = text.replace("fc-8(lrelu(0.2))", "fc-9(lrelu(0.2))")
    (run.folder / "network.net").write_text(changed, encoding="utf-8")
    with pytest.raises(NetError) as caught:
        netdsl.resume(run.folder, quiet=True)
    assert caught.value.code == "N616"
    (run.folder / "network.net").write_text(text, encoding="utf-8")
    (run.folder / "checkpoint.npz").write_bytes(b"PK")
    with pytest.raises(NetError, match=r"checkpoint\.npz is damaged"):
        netdsl.resume(run.folder, quiet=True)
    np.savez(run.folder / "checkpoint.npz", other=np.zeros(3))
    with pytest.raises(NetError, match="it lacks what a checkpoint holds"):
        netdsl.resume(run.folder, quiet=True)


def test_an_interrupted_epoch_is_resumed_in_its_middle(
    folder: Path, whole: netdsl.Run, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Of 6 steps an epoch, taken 3 at a time, Ctrl-C comes in the first chunk of the third."""
    from netdsl.training.adversarial.players import Players

    real, calls = Players.take_chunk, 0

    def take_chunk(self: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 5:
            signal.raise_signal(signal.SIGINT)
        return real(self)

    monkeypatch.setattr("netdsl.training.adversarial.trainer.steps_together", lambda *_: 3)
    with monkeypatch.context() as patch:
        patch.setattr(Players, "take_chunk", take_chunk)
        assert trained(folder, "states", name="halfway", epochs=3).ended == "interrupted"
    at = folder / "runs" / "halfway-1"
    capsys.readouterr()
    netdsl.resume(at)
    assert "after epoch 2, step 15" in capsys.readouterr().err
    assert_same(whole.folder, at)


@pytest.mark.parametrize("name", ["samples", "kept"])
def test_a_file_where_a_folder_of_the_run_should_be(
    folder: Path, tmp_path: Path, name: str
) -> None:
    run = trained(folder, "plain", where=tmp_path, epochs=1, keep={"every": 1}).folder
    (run / "result.json").unlink()
    shutil.rmtree(run / name)
    (run / name).write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match=f"{name} cannot be made a folder"):
        netdsl.resume(run, quiet=True)


def test_params_of_the_file(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "param width = 8\n" + PLAIN.replace("fc-8", "fc-{width}")
    (tmp_path / "wide.net").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    command = ["train", "wide.net", "--data", str(folder / "data.npz"), "--batch", "8"]
    assert main([*command, "--set", "gan=nonsaturating", "--epochs", "1", "-p", "width=6"]) == 0
    run = Path("runs/wide-1")
    for arrays in numbers(run).values():
        assert 6 in arrays[0].shape
    (run / "result.json").unlink()
    assert main(["resume", str(run)]) == 0
    assert main(["sample", str(run), "--json"]) == 0


def test_points(tmp_path: Path) -> None:
    """Data of two numbers, whose classes are not learned; there is no sheet of images."""
    text = "net generator\ninput 2\n> linear-2\nnet discriminator\ninput 2\n> linear-1\n"
    (tmp_path / "points.net").write_text(text, encoding="utf-8")
    keys = {"data": "blobs", "epochs": 1, "where": tmp_path, "quiet": True}
    run = netdsl.train(tmp_path / "points.net", {"gan": "nonsaturating"}, **keys)
    assert run.sample(3).array.shape == (3, 2)
    assert run.evaluate()["examples"] == 100
    assert not (run.folder / "samples").exists()


def test_a_loss_that_is_not_finite(folder: Path, tmp_path: Path) -> None:
    keys = {"optimizer": {"name": "sgd", "rate": 1e30}, "where": tmp_path}
    with pytest.raises(RunError) as caught:
        trained(folder, "plain", "least-squares", **keys)
    assert caught.value.code == "N611"
    with pytest.raises(NetError, match="it has no weights"):
        netdsl.Run.load(tmp_path / "plain-1").sample()


# --- its verbs ------------------------------------------------------------------------------------


def test_evaluate_names_both_losses(plain: netdsl.Run, classes: netdsl.Run, capsys: Any) -> None:
    for run in (plain, classes):
        found = run.evaluate()
        names = ("generator_loss", "discriminator_loss", "real_score", "generated_score")
        assert {name: found[name] for name in names} == pytest.approx(
            {name: run.test[name] for name in names}, abs=1e-6
        )
        assert main(["evaluate", str(run.folder)]) == 0
        out = capsys.readouterr().out
        assert "generator loss" in out
        assert "discriminator loss" in out


def test_samples(plain: netdsl.Run, classes: netdsl.Run, tmp_path: Path) -> None:
    made = plain.sample(5)
    assert made.array.shape == (5, 4, 4, 1)
    assert made.array.min() >= 0
    assert made.array.max() <= 1
    model = netdsl.load_model(plain.folder / "generator.keras")
    assert np.allclose(model.predict_on_batch(made.codes) / 2 + 0.5, made.array, atol=1e-6)
    assert np.array_equal(plain.sample(9).codes[:5], made.codes)
    assert not np.array_equal(plain.sample(5, seed=1).codes, made.codes)
    with pytest.raises(NetError, match="numbers from 1 to 1,000, not 1 and 1001"):
        plain.between(1, 1001)
    way = plain.between(2, 5, steps=4)
    assert np.array_equal(way.codes[0], made.codes[1])
    assert np.array_equal(way.codes[-1], made.codes[4])
    assert classes.sample(4).captions == ["0", "1", "2", "0"]
    only = classes.sample(4, label="2")
    assert only.captions == ["2"] * 4
    assert not np.allclose(only.array, classes.sample(4, label="1").array)
    made.sheet.save(tmp_path / "sheet.svg")
    assert (tmp_path / "sheet.svg").read_text(encoding="utf-8").count("<image") == 5


def test_a_classifier_names_samples(
    plain: netdsl.Run, classes: netdsl.Run, classifier: netdsl.Run, tmp_path: Path, capsys: Any
) -> None:
    from netdsl.lab.inside.naming import Classifier

    named = Classifier(classifier.folder)
    x, _ = images()
    found = named.named(x[..., None] / 255.0)
    given = [record["class"] for record in classifier.predict(x)]
    assert found.labels.tolist() == given
    at = ["sample", str(plain.folder), "--judge", str(classifier.folder)]
    assert main([*at, "--count", "50", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert sum(values["judge"]["counts"].values()) == 50
    at_classes = ["sample", str(classes.folder), "--judge", str(classifier.folder), "--json"]
    assert main([*at_classes, "--label", "2"]) == 0
    found = json.loads(capsys.readouterr().out)["judge"]
    assert found["right"] == found["counts"]["2"] / 1000
    assert main(at) == 0
    assert "of 3 classes in 1,000 samples, mean confidence" in capsys.readouterr().out
    name = max(values["judge"]["counts"], key=values["judge"]["counts"].get)
    picture = str(tmp_path / "sum.svg")
    assert main([*at, "--mean", name, "--plus", name, "-o", picture]) == 0
    assert main(["sample", str(classes.folder), "--mean", "1", "-o", picture, "--force"]) == 1
    assert "--label" in capsys.readouterr().err


def test_either_network_is_exported_and_asked(
    plain: netdsl.Run, tmp_path: Path, capsys: Any
) -> None:
    run, target = str(plain.folder), str(tmp_path / "g.keras")
    assert main(["export", run, target, "--net", "generator"]) == 0
    same = map(
        np.array_equal, netdsl.load_model(target).get_weights(), numbers(plain.folder)["generator"]
    )
    assert all(same)
    np.save(tmp_path / "x.npy", images()[0][:3])
    capsys.readouterr()
    assert main(["predict", run, str(tmp_path / "x.npy"), "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    x = images()[0][:3, ..., None] / 127.5 - 1
    scores = netdsl.load_model(plain.folder / "discriminator.keras").predict_on_batch(x)
    for record, score in zip(records, sigmoid(scores[:, 0]), strict=True):
        known = {one["name"]: one["probability"] for one in record["top"]}
        assert known["real"] == pytest.approx(score, abs=1e-5)
    assert main(["show", run, "--filters", "-o", str(tmp_path / "f.svg")]) == 0
    assert main(["show", run, "--print"]) == 0


@pytest.mark.parametrize(
    "command",
    [
        ["export", "RUN", "x.keras"],
        ["attack", "RUN"],
        ["show", "RUN", "--codes", "fc_1"],
        ["forward", "RUN", "1"],
        ["evaluate", "RUN", "--zeros"],
        ["sample", "RUN", "--between", "a.png", "b.png", "--json"],
        ["sample", "RUN", "--label", "1", "--json"],
        ["sample", "RUN", "--at", "fc_1", "--json"],
        ["sample", "RUN", "--mean", "1", "--json"],
    ],
)
def test_what_a_gan_does_not_have(
    plain: netdsl.Run, capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([str(plain.folder) if part == "RUN" else part for part in command]) == 1
    error = capsys.readouterr().err
    assert "error[N691]" in error
    assert "help:" in error


def test_a_run_of_one_network_has_no_two(classifier: netdsl.Run, capsys: Any) -> None:
    assert main(["export", str(classifier.folder), "x.keras", "--net", "generator"]) == 1
    assert "error[N691]" in capsys.readouterr().err


def test_there_is_no_one_model(plain: netdsl.Run, folder: Path, tmp_path: Path) -> None:
    for asked in (lambda: plain.model, lambda: plain.forward(np.zeros(4))):
        with pytest.raises(NetError) as caught:
            asked()
        assert caught.value.code == "N691"
    keys = {"data": str(folder / "data.npz"), "where": tmp_path, "quiet": True}
    with pytest.raises(NetError) as caught:
        netdsl.parse("4x4x1 > softmax-3").train(init_from=plain.folder, **keys)
    assert caught.value.code == "N691"


def test_runs_lists_both(folder: Path, plain: netdsl.Run, capsys: Any) -> None:
    assert main(["runs", str(plain.folder)]) == 0
    assert "generator + discriminator" in capsys.readouterr().out
    curve = str(folder / "c.svg")
    command = ["runs", str(folder / "runs"), "--curve", curve, "--figure", "generator_loss"]
    assert main([*command, "--force"]) == 0


def test_a_dry_run_and_a_recipe(
    folder: Path, capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = [str(folder / "plain.net"), "--data", str(folder / "data.npz"), "--batch", "8"]
    command += ["--set", "gan=wasserstein-gp"]
    assert main(["train", *command, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "the first step: generator loss" in out
    assert "steps: 5 " in out
    assert main(["recipe", *command]) == 0
    assert "penalty: 10.0" in capsys.readouterr().out
    for more, message in (
        (["--overfit-one-batch"], "compete"),
        (["--grid", "batch=4,8"], "a grid trains one network"),
        (["--net", "generator"], "--net generator chooses one"),
    ):
        assert main(["train", *command, *more]) == 1
        assert message in capsys.readouterr().err
    assert not os.listdir(tmp_path)


# --- what looks wrong -----------------------------------------------------------------------------


def row(epoch: int, loss: float, diversity: float) -> Epoch:
    scores = {"generator_loss": 1.0, "discriminator_loss": loss, "diversity": diversity}
    return Epoch(epoch, epoch, 0.1, scores, None, 1.0)


def test_a_discriminator_that_has_won_and_samples_that_are_alike() -> None:
    from netdsl.training.adversarial.state import new_signs, summary

    rows = [row(1, 1.0, 0.9), row(2, 0.001, 0.9), row(3, 0.001, 0.2)]
    assert not new_signs(rows[:1], "nonsaturating")
    assert "epoch 2: the discriminator has won" in new_signs(rows[:2], "nonsaturating")[0]
    (text,) = new_signs(rows, "nonsaturating")
    assert "epoch 3: the samples are alike (mode collapse): they differ 0.20 times" in text
    won, alike = summary(rows, "nonsaturating")
    assert "has won in 2 of 3 epochs, the last is epoch 3" in won
    assert "in 1 of 3 epochs" in alike
    assert not new_signs(rows[:2], "wasserstein-gp")


def test_what_looks_wrong_is_said(folder: Path, capsys: Any, tmp_path: Path) -> None:
    """A generator that hardly moves, and a discriminator that is trained much more often."""
    gan = {"loss": "nonsaturating", "steps": 3, "generator_rate": 1e-9, "discriminator_rate": 0.3}
    alike = PLAIN.replace("tanh-16", "tanh-16(init=0)")
    (folder / "alike.net").write_text(alike, encoding="utf-8")
    run = trained(folder, "alike", gan, quiet=False, where=tmp_path, epochs=12)
    said = capsys.readouterr().err
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    for text in ("the discriminator has won", "the samples are alike (mode collapse)"):
        assert text in said
        assert text in page


def test_mean_distance() -> None:
    from netdsl.training.adversarial.samples import mean_distance

    points = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]])
    assert mean_distance(points) == pytest.approx(10 / 3)


# --- memory ---------------------------------------------------------------------------------------


def test_what_does_not_fit_is_refused_before_the_first_step(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netdsl.training.memory.free_memory", lambda: 1 << 20)
    with pytest.raises(RunError) as caught:
        trained(folder, "plain", where=tmp_path)
    assert caught.value.code == "N612"
    assert not list(tmp_path.iterdir())
