"""`netdsl backward --norms` and `--matrices`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.cli.main import main

pytestmark = pytest.mark.keras


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["backward", *arguments]) == 0
    return capsys.readouterr().out


def norms(capsys: pytest.CaptureFixture[str], network: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        shown(capsys, network, "--data", "blobs", "--norms", "--json")
    )
    return found


def test_gradients_vanish_through_sigmoids_and_not_through_relu(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Glorot's start with sigmoids: the first of eleven layers gets less than a ten-thousandth."""
    sigmoid = norms(capsys, "2 > fc-16(sigmoid) x10 > softmax-2")
    relu = norms(capsys, "2 > fc-16(relu) x10 > softmax-2")
    assert sigmoid["first_by_last"] < 1e-4
    assert 0.1 < relu["first_by_last"] < 10
    assert [each["layer"] for each in relu["layers"]] == [f"fc_{at}" for at in range(1, 12)]


def test_the_bars(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    network = "2 > fc-16(sigmoid) x10 > softmax-2"
    picture = tmp_path / "norms.svg"
    text = shown(capsys, network, "--data", "blobs", "--norms", "-o", str(picture))
    assert not text
    assert "<rect" in picture.read_text(encoding="utf-8")
    assert picture.read_text(encoding="utf-8").count("<rect") == 1 + 2 + 2 * 11
    text = shown(capsys, network, "--data", "blobs", "--norms")
    lengths = [len(bar) for bar in re.findall(r"^fc_\d+ +\S+ +(#+)", text, flags=re.MULTILINE)]
    assert len(lengths) == 11
    assert lengths == sorted(lengths)
    assert text.rstrip().endswith("it vanishes on its way back")


def test_the_update_of_a_run_is_its_rate_times_its_gradient(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = netdsl.train(
        "2 > fc-4(tanh) > sigmoid-1",
        {"data": "xor", "optimizer": {"name": "gd", "rate": 0.5}, "epochs": 2},
        where=tmp_path,
        quiet=True,
    )
    found = json.loads(shown(capsys, str(run.path), "--norms", "--json"))
    assert [each["layer"] for each in found["layers"]] == ["fc_1", "fc_2"]
    for each in found["layers"]:
        assert each["update"] == pytest.approx(0.5 * each["gradient"], rel=1e-4)
    weights = [float(np.sqrt((w.numpy() ** 2).sum())) for w in run.model.trainable_variables]
    assert found["layers"][0]["weights"] == pytest.approx(np.hypot(*weights[:2]), rel=1e-5)


def test_deltas_and_outer_products(capsys: pytest.CaptureFixture[str]) -> None:
    """W of three rows, v = (1, -1): delta_i passed on is W^T times delta, Delta_i is delta v^T."""
    layer = "fc-3(act=none, init=[[1, 4], [2, 5], [3, 6]], bias=no)"
    network = f"2 > {layer} > fc-1(act=none, init=[[1, 10, 100]], bias=no)"
    found = json.loads(shown(capsys, network, "1 -1", "--matrices", "--json"))
    last, first = found["layers"]
    assert found["value"] == -333
    assert (last["input"], last["delta"], last["outer"]) == ([-3, -3, -3], [1], [[-3, -3, -3]])
    assert last["back"] == first["delta"] == [1, 10, 100]
    assert first["weights"] == [[1, 4], [2, 5], [3, 6]]
    assert first["outer"] == [[1, -1], [10, -10], [100, -100]]
    assert first["back"] == [321, 654]
    text = shown(capsys, network, "1 -1", "--matrices")
    lines = [line.split() for line in text.splitlines()]
    at = lines.index(["fc_1", "2", "to", "3"])
    assert lines[at + 1] == ["delta", "x", "v^T", "=", "outer", "product"]
    assert lines[at + 2 : at + 5] == [
        ["1", "1", "-1", "1", "-1"],
        ["10", "10", "-10"],
        ["100", "100", "-100"],
    ]
    assert lines[at + 6] == ["1", "2", "3", "1", "321"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["2 > fc-1", "--norms"], 2),
        (["2 > fc-1", "1 2", "--norms", "--data", "xor"], 2),
        (["2 > fc-1", "1 2", "--data", "xor"], 2),
        (["2 > fc-1", "1 2", "--matrices", "-o", "a.svg"], 2),
        (["2 > fc-1", "--norms", "--data", "xor", "-o", "a.gif"], 1),
    ],
    ids=[
        "without data",
        "with numbers",
        "data alone",
        "a picture",
        "suffix",
    ],
)
def test_what_does_not_go_together(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backward", *arguments]) == code
    out, err = capsys.readouterr()
    assert not out
    assert err


@pytest.mark.parametrize(
    ("network", "numbers"), [("2 > fc-1", "1 2; 3 4"), ("2x2x1 > conv1-1", "1 2; 3 4")]
)
def test_matrices_that_there_are_not(
    network: str, numbers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backward", network, numbers, "--matrices"]) == 1
    assert "error[N681]" in capsys.readouterr().err


def test_from_python(capsys: pytest.CaptureFixture[str]) -> None:
    text = "2 > fc-4(tanh) > softmax-2"
    found = netdsl.parse(text).norms("blobs")
    shown_there = norms(capsys, text)
    assert [each.gradient for each in found.layers] == pytest.approx(
        [each["gradient"] for each in shown_there["layers"]]
    )
    assert found.ratio == pytest.approx(shown_there["first_by_last"])
    assert " examples of blobs, loss " in str(found).splitlines()[0]
    assert found.svg.startswith("<svg")
