"""Surfaces and paths of runs: what is printed, drawn, and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from support.commands import answered, printed

import netdsl
from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.keras.quiet import quiet_keras
from netdsl.lab.inside.subject import TrainedRun
from netdsl.training.loop.state import as_plain, from_plain, new_state
from netdsl.training.recipes.recipe import Recipe

pytestmark = pytest.mark.keras

quiet_keras()

RNG = np.random.default_rng(0)
LINE = (RNG.uniform(-1, 1, (30, 1)).astype(np.float32), np.zeros((30, 1), np.float32))
GD = {"optimizer": {"name": "gd", "rate": 0.1}, "early_stopping": False, "quiet": True}


def trained(text: str, where: Path, **keys: Any) -> netdsl.Run:
    return netdsl.parse(text, name="toy").train(where=where, **{**GD, **keys})


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> netdsl.Run:
    return trained("2 > step-1", tmp_path_factory.mktemp("unit"), data="and", epochs=1)


def test_a_surface_as_a_picture_and_as_json(
    unit: netdsl.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys.readouterr, f"show {unit.folder} --plane -o {tmp_path}/a.svg")
    assert text.splitlines() == [
        "toy on and: x1 from -0.15 to 1.15, x2 from -0.15 to 1.15",
        "training: 4 examples",
    ]
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    assert "toy on and" in (root[0].text or "")
    found = answered(capsys.readouterr, f"show {unit.folder} --plane")
    assert np.array(found["values"]).shape == (81, 81, 2)
    assert found["scale"].startswith("colour: the answer, pale where it is unsure")
    assert len(found["axes"]["x1"]) == 81
    unit.plane().save(tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_report_of_a_run_without_a_test_part(unit: netdsl.Run) -> None:
    page = (unit.folder / "report.html").read_text(encoding="utf-8")
    assert "The output over the input" in page
    assert "Training part" in page
    assert "Test part" not in page
    assert "there is no test part" in page
    assert unit.test == {}
    assert "test: " not in str(unit)
    assert unit.evaluate()["part"] == "training"
    with pytest.raises(NetError, match="and has no test part") as caught:
        unit.evaluate(part="test")
    assert caught.value.code == "N630"


def test_a_path_over_a_penalty_by_hand(tmp_path: Path) -> None:
    """Weight and bias learn 0: the loss is the mean of (w x + b)^2, the penalty l2/2 w^2."""
    text = "1 > linear-1(init=1, bias_init=[0.5])"
    run = trained(text, tmp_path, data=LINE, penalty={"l2": 0.5}, epochs=4)
    found = run.descent(LINE)
    x = np.asarray(TrainedRun.of(run.folder, LINE).data.train.x[0], float)
    for (w, b), loss, penalty in zip(found.path, found.losses, found.penalties, strict=True):
        assert loss == pytest.approx(np.mean((w * x + b) ** 2), rel=1e-4)
        assert penalty == pytest.approx(0.25 * w**2, rel=1e-5)
    assert 'stroke-dasharray="5 4"' in found.svg
    assert found.names == ("fc_1.kernel", "fc_1.bias")


def test_a_frozen_layer_leaves_two_weights(tmp_path: Path) -> None:
    text = "1 > fc-2(tanh, bias=no) > linear-1(bias=no)"
    run = trained(text, tmp_path, data=LINE, freeze=["fc_1"], epochs=2)
    found = run.descent(LINE)
    assert found.names == ("fc_2.kernel[0]", "fc_2.kernel[1]")
    assert len(found.path) == 3


def test_the_path_is_part_of_what_a_resumed_run_needs() -> None:
    state = new_state(Recipe())
    state.path += [[1.0, 2.0], [0.5, 1.5]]
    values = json.loads(json.dumps(as_plain(state)))
    assert from_plain(values, []).path == state.path
    del values["path"]  # of an earlier version
    assert from_plain(values, []).path == []


def test_what_is_refused(
    unit: netdsl.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NetError, match="two trained weights; the network has 3") as caught:
        unit.descent()
    assert caught.value.code == "N680"
    x = np.repeat(LINE[0], 3, axis=1)
    run = trained("3 > linear-1", tmp_path, data=(x, LINE[1]), epochs=1)
    with pytest.raises(
        NetError, match="has the input 3, and a plane is drawn over one or two"
    ) as caught:
        run.plane((x, LINE[1]))
    assert caught.value.code == "N680"
    assert main(["show", str(run.folder), "--plane"]) == 1
    assert "N535" in capsys.readouterr().err  # data from Python is not stored


@pytest.mark.parametrize("content", ["", "step,weight_1\n0,1\n", "step,a,b\n0,x,1\n", "a\n\n0,1,2"])
def test_a_damaged_path(content: str, tmp_path: Path) -> None:
    run = trained("2 > linear-1(bias=no)", tmp_path, data="bowl", epochs=1)
    (run.folder / "path.csv").write_text(content, encoding="utf-8")
    with pytest.raises(NetError) as caught:
        run.descent()
    assert caught.value.code == "N614"
