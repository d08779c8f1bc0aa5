"""A network that leaves its input out is trained on the data's shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError, Source
from netdsl.reading import ReadOptions, fragment_of
from netdsl.training.data.example_shape import example_shape
from netdsl.training.recipes.recipe import DataSpec, Recipe

X = np.random.default_rng(0).normal(size=(60, 13)).astype("float32")
Y = X.sum(axis=1)
CSV = "a,b,c\n" + "".join(f"{i},{'red' if i % 3 else 'blue'},{i}\n" for i in range(40))


def fragment(text: str, **options: Any) -> Any:
    return fragment_of(Source("test.net", text), ReadOptions(**options), "test")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fc-8 > fc-1", "input 13\n> fc-8 > fc-1"),
        (
            "# it\nparam w = 8\nfc-{w}\n> fc-1 # end",
            "# it\nparam w = 8\ninput 13\n> fc-{w}\n> fc-1 # end",
        ),
        (
            "net a\ndef f() = fc-8\nf > fc-1 as y\n@y > tanh",
            "net a\ndef f() = fc-8\ninput 13\n> f > fc-1 as y\n@y > tanh",
        ),
    ],
)
def test_the_input_is_written_before_the_first_flow(text: str, expected: str) -> None:
    found = fragment(text)
    network = found.on((13,), {})
    assert network.text == expected
    assert network.inputs[0].shape == (13,)


@pytest.mark.parametrize(
    "text",
    [
        "13 > fc-1",
        "input 13\n> fc-1",
        "@x > fc-1",
        "def f() = fc-1",
        "fc-1 > )",
        "net a\nfc-1\nnet b\nfc-2",
    ],
)
def test_other_texts_are_not_fragments(text: str) -> None:
    assert fragment(text) is None


def test_with_a_shape_from_outside_it_is_none() -> None:
    assert fragment("fc-1", input_shape=(13,)) is None


def shape_of(source: Path, **spec: Any) -> tuple[int, ...]:
    return example_shape(Recipe(data=DataSpec(source=str(source), **spec)))


def test_shapes(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    np.save(tmp_path / "x.npy", X.reshape(60, 1, 13))
    np.save(tmp_path / "y.npy", Y)
    (tmp_path / "t.csv").write_text(CSV)
    assert shape_of(tmp_path / "a.npz") == (13,)
    assert shape_of(tmp_path / "x.npy", target=str(tmp_path / "y.npy")) == (1, 13)
    assert shape_of(tmp_path / "t.csv", target="c") == (3,)
    assert example_shape(Recipe()) == (8, 8, 1)
    assert example_shape(Recipe(), (X, Y)) == (13,)
    with pytest.raises(NetError, match="the size of the network's input, and the network has none"):
        shape_of(tmp_path)
    with pytest.raises(NetError, match="can be read once only"):
        example_shape(Recipe(), iter([(X, Y)]))


@pytest.mark.keras
def test_it_is_trained_resumed_used_and_exported(tmp_path: Path) -> None:
    given = {"data": (X, Y), "epochs": 2, "where": tmp_path, "quiet": True}
    run = netdsl.train("fc-4 > fc-1", name="a", **given)
    assert (run.folder / "network.net").read_text() == "input 13\n> fc-4 > fc-1"
    assert "its examples of 13 are the network's input" in (run.folder / "recipe.yaml").read_text()
    assert netdsl.load(run.folder / "network.net").counts.params == 14 * 4 + 5
    assert len(run.predict(X[:3])) == 3
    run.export(tmp_path / "a.keras")
    assert netdsl.load_model(tmp_path / "a.keras").input_shape == (None, 13)


def test_a_table_gives_the_width_of_what_its_columns_are(tmp_path: Path) -> None:
    """Ids, groups and what is left out have no part in it; dates and categories have several."""
    from netdsl.training.planning.plan import plan

    rows = [
        f"u{i},2024-01-{i % 28 + 1:02},{('a', 'b', 'c')[i % 3]},p{i % 5},{i}" for i in range(40)
    ]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["user,day,kind,patient,y", *rows]))
    spec = DataSpec.of({"source": str(path), "target": "y", "split": {"group": "patient"}})
    job = plan(fragment("fc-4 > linear-1"), Recipe(data=spec))
    assert job.network.text == "input 6\n> fc-4 > linear-1"
    assert job.data.preparation.inputs[0].shape == (6,)
    dropped = Recipe(data=DataSpec.of({**spec_of(spec), "drop": ["day"]}))
    assert plan(fragment("fc-4 > linear-1"), dropped).data.preparation.inputs[0].shape == (3,)


def spec_of(spec: DataSpec) -> dict[str, Any]:
    return {"source": spec.source, "target": spec.target, "split": spec.split}
