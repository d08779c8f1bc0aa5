"""A file that weights begin at is copied into the run, and is the same one when it is resumed."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.line import assert_same_weights, stopped_after, trained

import netdsl
from netdsl.errors import NetError
from netdsl.training.loop.train import resume
from netdsl.training.recipes.recipe import Recipe

pytestmark = pytest.mark.keras

KERNEL = np.array([[1, -2, 0.5, 4], [0.25, 3, -1, 2]], np.float32)
PLACE = Path("kernels") / "patch.npy"


@pytest.fixture
def network(tmp_path: Path) -> netdsl.Network:
    (tmp_path / "net" / "kernels").mkdir(parents=True)
    np.save(tmp_path / "net" / PLACE, KERNEL)
    text = f'4 > fc-2(init="{PLACE.as_posix()}") > fc-3\n'
    (tmp_path / "net" / "small.net").write_text(text, encoding="utf-8")
    return netdsl.load(tmp_path / "net" / "small.net")


def stopped(network: Any, where: Path) -> Path:
    """A run that was interrupted, and whose file elsewhere is gone since."""
    found = stopped_after(3, network, where / "runs", RECIPE, data=DATA)
    (where / "net" / PLACE).unlink()
    return found.folder


RECIPE = Recipe(epochs=2, batch=8, seed=1)
DATA = (
    np.random.default_rng(0).standard_normal((40, 4)).astype(np.float32),
    np.arange(40) % 3,
)


def test_a_run_has_a_copy_and_is_resumed_with_it(network: Any, tmp_path: Path) -> None:
    bytes_given = (tmp_path / "net" / PLACE).read_bytes()
    whole = trained(network, tmp_path / "whole", RECIPE, data=DATA)
    folder = stopped(network, tmp_path)
    assert (folder / PLACE).read_bytes() == bytes_given
    values = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert values["arrays"] == {PLACE.as_posix(): sha256(bytes_given).hexdigest()}
    np.testing.assert_array_equal(
        netdsl.load(folder / "network.net").keras(0).get_weights()[0], KERNEL.T
    )
    assert_same_weights(resume(folder, data=DATA, quiet=True), whole)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda path: np.save(path, KERNEL + 1), "N616"),
        (lambda path: np.save(path, KERNEL[:, :3]), "N216"),
        (lambda path: path.write_bytes(b"nothing"), "N118"),
        (lambda path: path.unlink(), "N601"),
    ],
    ids=["other numbers", "another shape", "damaged", "missing"],
)
def test_a_changed_copy_is_refused(network: Any, tmp_path: Path, change: Any, code: str) -> None:
    folder = stopped(network, tmp_path)
    change(folder / PLACE)
    with pytest.raises(NetError) as caught:
        resume(folder, data=DATA, quiet=True)
    assert caught.value.diagnostics[0].code == code
