"""What `evaluate` counts and averages on request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import Recipe

pytestmark = pytest.mark.keras

DATA = {"source": "digits", "split": {"training": 300}}


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run of a network with dropout, batch normalisation and a ReLU."""
    network = netdsl.parse("64 > fc-32(bn) > dropout(0.5) > softmax-10", name="dropped")
    where = tmp_path_factory.mktemp("runs")
    return network.train(data=DATA, epochs=8, where=where, quiet=True)


def test_zeros_are_counted_by_layer(dropped: Any) -> None:
    found = {one["layer"]: one for one in dropped.evaluate(zeros=True)["zeros"]}
    model, job = dropped.model, plan(netdsl.parse("64 > softmax-10"), Recipe.of({"data": DATA}))
    import keras

    x = job.data.preparation.x(job.data.test.x)[0]
    name = next(one for one in found if one.endswith("relu"))
    values = np.asarray(keras.Model(model.input, model.get_layer(name).output)(x))
    assert found[name]["units"] == 32
    assert found[name]["zeros"] == pytest.approx((values == 0).mean())
    assert found[name]["never"] == (values == 0).all(axis=0).sum()
    assert 0.2 < found[name]["zeros"] < 0.9
    assert "softmax_1" not in found


def test_the_mean_of_subnetworks_is_better_than_one(dropped: Any) -> None:
    result = dropped.evaluate(subnetworks=30)
    found = result["subnetworks"]
    means = dict(found["means"])
    assert list(means) == [1, 2, 5, 10, 20, 30]
    assert found["metric"] == "accuracy"
    assert found["single"] < means[30]
    assert means[30] == pytest.approx(result["accuracy"], abs=0.05)  # its guess is good
    assert "one subnetwork, on average" in str(result)
    assert dropped.evaluate()["accuracy"] == result["accuracy"]  # nothing of it stays


def test_what_has_no_subnetworks(dropped: Any, tmp_path: Path) -> None:
    with pytest.raises(NetError, match="N505"):
        dropped.evaluate(subnetworks=1001)
    network = netdsl.parse("64 > softmax-10", name="one")
    run = network.train(data=DATA, epochs=1, where=tmp_path, quiet=True)
    with pytest.raises(NetError, match=r"N507.*no dropout"):
        run.evaluate(subnetworks=3)


def test_the_command_prints_both(dropped: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(dropped.folder), "--zeros", "--subnetworks", "2"]) == 0
    out = capsys.readouterr().out
    assert "share of zeros" in out
    assert "mean of 2 outputs" in out


def test_a_network_in_64_bits(tmp_path: Path) -> None:
    """Four steps on (w1^2 + (2 w2)^2) / 2: losses to the last digits of float64."""
    network = netdsl.parse("2 > linear-1(bias=no, init=1)", name="bowl")
    data = np.array([[1.0, 0], [0, 2]]), np.zeros((2, 1))
    keys = {"precision": "float64", "optimizer": {"name": "gd", "rate": 0.1}, "epochs": 4}
    run = network.train(keys, data=data, where=tmp_path, quiet=True)
    expected = [(0.9 ** (2 * t) + 4 * 0.6 ** (2 * t)) / 2 for t in range(4)]
    assert [row["loss"] for row in run.history] == pytest.approx(expected, rel=1e-14)
    assert run.model.get_weights()[0].dtype == np.float64
    after = (0.9**8 + 4 * 0.6**8) / 2
    assert run.evaluate(data)["loss"] == pytest.approx(after, rel=1e-14)
    import keras

    assert keras.config.floatx() == "float32"
