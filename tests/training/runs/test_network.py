"""A run's network is the graph that the run began with, or it is refused."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import netdsl
from netdsl.analysis.canonical import digest
from netdsl.errors import NetError
from netdsl.json_text import json_text
from netdsl.training.runs.inputs import read_network

SHARED = "let s = fc-3\ninput p: 4\ninput q: 4\n@p > s > fc-2(linear)\n@q > s\n"


def folder_of(where: Path, text: str, graph: str | None) -> Path:
    """What `read_network` asks of a run's folder; `graph` is None for runs of version 0.1.0."""
    (where / "network.net").write_text(text, encoding="utf-8")
    recipe = "data: digits\nbatch: 8\nepochs: 9\nseed: 0\nearly_stopping: {every: 2}\n"
    (where / "recipe.yaml").write_text(recipe, encoding="utf-8")
    (where / "versions.json").write_text(json_text({"netdsl": "0.1.0"}), encoding="utf-8")
    values = {"network": "small", "file": "network.net", "input": None}
    values |= {} if graph is None else {"graph": graph}
    (where / "run.json").write_text(json_text(values), encoding="utf-8")
    return where


@pytest.mark.parametrize("text", ["8 > fc-4 > fc-2", SHARED])
def test_the_same_graph_is_read(tmp_path: Path, text: str) -> None:
    network = netdsl.parse(text)
    assert read_network(folder_of(tmp_path, text, digest(network.graph))) == network


@pytest.mark.parametrize("changed", ["8 > fc-4(abs) > fc-2", "8 > fc-4(init=normal(0.1)) > fc-2"])
def test_another_graph_of_the_same_counts_is_refused(tmp_path: Path, changed: str) -> None:
    begun = netdsl.parse("8 > fc-4 > fc-2")
    assert netdsl.parse(changed).counts == begun.counts
    with pytest.raises(NetError) as caught:
        read_network(folder_of(tmp_path, changed, digest(begun.graph)))
    assert caught.value.diagnostics[0].code == "N616"
    assert "netdsl 0.1.0" in caught.value.diagnostics[0].message


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        (SHARED, True),
        (SHARED.replace("fc-3", "fc-3(relu)"), False),
        (SHARED.replace("> s\n", "> s > fc-2(linear)\n"), False),
        ("8 > fc-4 as a > relu > fc-2\n@a > fc-3", False),
        ("let s = fc-3\n8 > fc-4 as a > relu > s\n@a > fc-3", False),
    ],
)
def test_an_older_run_whose_shared_layers_mean_something_else_is_refused(
    tmp_path: Path, text: str, refused: bool
) -> None:
    folder = folder_of(tmp_path, text, None)
    if refused:
        with pytest.raises(NetError) as caught:
            read_network(folder)
        (problem,) = caught.value.diagnostics
        assert problem.code == "N616"
        assert problem.help == "train again, or use the version of netdsl that began it"
    else:
        assert read_network(folder) == netdsl.parse(text)


def test_points_may_be_called_something_else(tmp_path: Path) -> None:
    a, b = netdsl.parse("8 > fc-4 as a > fc-2"), "8 > fc-4 as other > fc-2"
    assert read_network(folder_of(tmp_path, b, digest(a.graph))) == a


def test_numbers_that_weights_begin_at_are_those_of_the_run(tmp_path: Path) -> None:
    kernel = np.array([[1, -2], [3, 0.5]], np.float32)
    np.save(tmp_path / "kernel.npy", kernel)
    (tmp_path / "begun.net").write_text('2 > fc-2(init="kernel.npy")', encoding="utf-8")
    begun = netdsl.load(tmp_path / "begun.net")
    folder = folder_of(tmp_path, '2 > fc-2(init="kernel.npy")', digest(begun.graph))
    values = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    values["arrays"] = {"kernel.npy": sha256((folder / "kernel.npy").read_bytes()).hexdigest()}
    (folder / "run.json").write_text(json_text(values), encoding="utf-8")
    assert read_network(folder) == begun
    np.save(folder / "kernel.npy", 2 * kernel)
    with pytest.raises(NetError, match="begins with has been changed") as caught:
        read_network(folder)
    assert caught.value.code == "N616"
