"""`netdsl new`: a first network and recipe for each sort of data, which train as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import netdsl
from netdsl.cli.main import main
from netdsl.errors import Source
from netdsl.limits import DEFAULT_LIMITS
from netdsl.reading import ReadOptions, check_source
from netdsl.syntax.format import format_text
from netdsl.training.planning.few_steps import enough_epochs
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import load_recipe

RANDOM = np.random.default_rng(0)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(path: Path, rows: int = 40) -> None:
    """A table of a number, a text of three categories, two classes, counts and a value."""
    lines = (
        f"{row},{'abc'[row % 3]},{('no', 'yes')[row % 4 == 0]},{row % 5},{row * 7 % 41 / 4}"
        for row in range(rows)
    )
    path.write_text("\n".join(["age,plan,left,grade,fee", *lines]) + "\n")


def arrays(path: Path, x: Any, y: Any) -> None:
    np.savez(path, x=x, y=y)


def photos(path: Path, size: int, mode: str = "RGB") -> None:
    for name in ("cat", "dog", "fox"):
        (path / name).mkdir(parents=True)
        for at in range(6):
            pixels = RANDOM.integers(0, 255, (size, size, 3), np.uint8)
            Image.fromarray(pixels).convert(mode).save(path / name / f"{at}.png")


MADE: dict[str, Callable[[], None]] = {
    "table.csv": lambda: table(Path("table.csv")),
    "large.csv": lambda: table(Path("large.csv"), 1200),
    "photos": lambda: photos(Path("photos"), 100),
    "small": lambda: photos(Path("small"), 20, "L"),
    "grey.npz": lambda: arrays(
        Path("grey.npz"), RANDOM.integers(0, 255, (30, 28, 28), np.uint8), np.arange(30) % 4
    ),
    "rows.npz": lambda: arrays(
        Path("rows.npz"), RANDOM.normal(size=(30, 7)), np.eye(3)[np.arange(30) % 3]
    ),
    "series.npz": lambda: arrays(
        Path("series.npz"), RANDOM.normal(size=(30, 20, 3)), RANDOM.normal(size=(30, 2))
    ),
    "words.npz": lambda: arrays(
        Path("words.npz"), np.arange(600).reshape(30, 20) % 1500 + 901, np.arange(30) % 2
    ),
}
CASES = {
    # data and target: input, first layer, last layer, a line of the recipe
    ("table.csv", "left"): (
        "input 6",
        "> fc-32",
        "> sigmoid-1",
        "predicted: 30 no, 10 yes",
    ),
    ("table.csv", "plan"): ("input 5", "> fc-32", "> softmax-3", "target: plan"),
    ("table.csv", "grade"): ("input 7", "> fc-32", "> softmax-5", "target: grade"),
    ("table.csv", "fee"): ("input 7", "> fc-32", "> linear-1", "# loss: absolute"),
    ("large.csv", "-3"): ("input 6", "> fc-64", "> sigmoid-1", "target: '-3'"),
    ("photos", None): ("input 64x64x3", "> conv3-16", "> softmax-3", "flip: horizontal"),
    ("small", None): ("input 20x20x1", "> conv3-16", "> softmax-3", "# augment:"),
    ("grey.npz", None): ("input 28x28x1", "> conv3-16", "> softmax-4", "30 examples"),
    ("rows.npz", None): ("input 7", "> fc-32", "> softmax-3", "source: rows.npz"),
    ("series.npz", None): ("input 20x3", "> conv5-32", "> linear-2", "epochs: 500"),
    ("words.npz", None): ("input 20 of int(1501)", "> embed-32", "> sigmoid-1", "patience: 100"),
    ("digits", None): ("input 8x8x1", "> conv3-16", "> softmax-10", "source: digits"),
    ("xor", None): ("input 2", "> fc-32", "> sigmoid-1", "source: xor"),
}


def new(name: str, *options: str) -> int:
    return main(["new", f"{name}.net", *options])


@pytest.mark.parametrize(("data", "target"), CASES)
def test_a_pair_for_each_sort_of_data(data: str, target: str | None, here: Path) -> None:
    MADE.get(data, lambda: None)()
    assert new("first", "--data", data, *(["--target", target] if target else [])) == 0
    text, recipe = Path("first.net").read_text(), Path("first.yaml").read_text()
    first, layer, last, line = CASES[data, target]
    lines = [one.split("  #")[0].rstrip() for one in text.splitlines()]
    assert first in lines
    assert any(one.startswith(layer) for one in lines)
    assert last in lines
    assert line in recipe
    assert format_text(Source("first.net", text), DEFAULT_LIMITS) == text
    checked = check_source(Source("first.net", text), ReadOptions(), "first")
    assert not checked.diagnostics
    assert max(map(len, text.splitlines())) <= 110
    job = plan(checked.networks[0], load_recipe("first.yaml"))
    usual, patience = 50 if "conv3" in text else 100, job.recipe.early_stopping.patience or 0
    assert patience * job.steps >= 100 or not patience
    expected = usual if patience <= 10 else max(usual, 5 * patience)
    assert (job.recipe.epochs, job.recipe.seed) == (expected, 0)
    assert ("few examples need many epochs" in recipe) == (patience > 10)


def test_few_steps_an_epoch_are_waited_for(here: Path) -> None:
    photos(Path("photos"), 20)
    for name in ("cat", "dog", "fox"):  # 78 images, of which 50 are trained on: 2 steps
        for at in range(6, 26):
            image = Image.open(f"photos/{name}/{at % 6}.png")
            image.save(f"photos/{name}/{at}.png")
    assert new("first", "--data", "photos", "-q") == 0
    recipe = Path("first.yaml").read_text()
    waited = "after 50 epochs (100 steps) without a better validation loss"
    assert f"# {waited}: few examples need many epochs" in recipe
    assert "epochs: 250" in recipe
    assert [enough_epochs(steps) for steps in (1, 3, 10, 500)] == [
        (100, 500),
        (40, 200),
        (10, 50),
        (10, 50),
    ]


@pytest.mark.keras
def test_the_pair_trains_at_once_from_anywhere(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table's; that of images is trained in tests/test_docs.py."""
    table(Path("table.csv"))
    (here / "nets").mkdir()
    assert main(["new", "nets/first.net", "--data", "table.csv", "--target", "left"]) == 0
    *_, following = capsys.readouterr().err.splitlines()
    assert following == "next: netdsl train nets/first.net nets/first.yaml"
    command = following.removeprefix("next: netdsl ").split()
    monkeypatch.chdir(here / "nets")
    command[1:] = [Path(one).name for one in command[1:]]
    assert main([*command, "--epochs", "1"]) == 0
    assert (here / "nets/runs/first-1/report.html").exists()


def test_sizes_follow_the_data(here: Path) -> None:
    table(Path("table.csv"))
    table(Path("large.csv"), 1200)
    params = []
    for data in ("table", "large"):
        assert new(data, "--data", f"{data}.csv", "--target", "left") == 0
        params.append(netdsl.load(f"{data}.net").counts.params)
    assert params == [6 * 32 + 32 + 32 * 16 + 16 + 17, 6 * 64 + 64 + 64 * 32 + 32 + 33]


def test_ids_are_left_out_and_dates_are_parts(here: Path) -> None:
    rows = (
        f"C{row},20{20 + row // 12}-{1 + row % 12:02}-10,{row},{'ab'[row % 2]}" for row in range(40)
    )
    Path("table.csv").write_text("\n".join(["customer,since,age,left", *rows]) + "\n")
    assert new("first", "--data", "table.csv", "--target", "left", "--ignore", "age") == 0
    network, recipe = Path("first.net").read_text(), Path("first.yaml").read_text()
    assert "input 3 " in network  # the time elapsed, and the month as sine and cosine
    assert "# The network gets 3 numbers: since as 3, without customer, age" in recipe
    assert "drop: [age]" in recipe


def test_train_without_a_network_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train"])
    assert capsys.readouterr().err.endswith(
        "required: FILE\n  help: netdsl new churn.net --data churn.csv --target churn makes a "
        "first one\n"
    )


def test_the_recipe_next_to_it_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(Path("table.csv"))
    assert new("first", "--data", "table.csv", "--target", "left", "-q") == 0
    assert main(["train", "first.net"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("first.yaml is not read; with it: netdsl train first.net first.yaml\n")
    assert "error[N510]: no data is given" in said


def test_nothing_is_overwritten_unasked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("first.yaml").write_text("mine")
    assert new("first", "--data", "digits") == 1
    assert "first.yaml already exists" in capsys.readouterr().err
    assert not Path("first.net").exists()
    assert new("first", "--data", "digits", "--force") == 0
    assert "digits" in Path("first.yaml").read_text()


REFUSED = {
    # arguments: code, what is said
    ("--data", "table.csv"): ("N530", "the columns are age, plan, left, grade, fee"),
    ("--data", "table.csv", "--target", "lfet"): ("N530", "did you mean `left`?"),
    ("--data", "tabel.csv", "--target", "left"): ("N511", "did you mean `table.csv`?"),
    ("--data", "empty.csv", "--target", "a"): ("N516", "has no rows"),
    ("--data", "ids.csv", "--target", "id"): ("N560", "30 different texts in 30 rows"),
    ("--data", "digit"): ("N510", "did you mean `digits`?"),
    ("--data", "digits", "--target", "input"): ("N560", "autoencoder_deep.net"),
    ("--data", "empty"): ("N528", "has no images"),
    ("--data", "first.npz"): ("N560", "channels first"),
    ("--data", "masks.npz"): ("N560", "unet.net"),
    ("--data", "two.npz"): ("N560", "2 inputs"),
    ("--data", "film.npz"): ("N560", "16x8x8x3"),
}


@pytest.mark.parametrize("given", REFUSED)
def test_what_no_first_network_is_written_for(
    given: tuple[str, ...], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table(Path("table.csv"))
    Path("empty.csv").write_text("a,b\n")
    Path("ids.csv").write_text("id,x\n" + "".join(f"r{row},{row}\n" for row in range(30)))
    Path("empty").mkdir()
    labels = np.arange(20) % 2
    arrays(Path("first.npz"), np.zeros((20, 3, 32, 32), np.uint8), labels)
    arrays(Path("masks.npz"), np.zeros((20, 8, 8, 3), np.uint8), np.ones((20, 8, 8)) / 2)
    arrays(Path("film.npz"), np.zeros((20, 16, 8, 8, 3), np.uint8), labels)
    np.savez("two.npz", x_left=np.zeros((20, 3)), x_right=np.zeros((20, 4)), y=labels)
    assert new("first", *given) == 1
    code, said = REFUSED[given]
    message = capsys.readouterr().err
    assert message.startswith(f"error[{code}]")
    assert said in message
    assert not Path("first.net").exists()


def test_the_file_is_a_network(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    assert main(["new", "first.yaml", "--data", "digits"]) == 2
    assert "does not end in .net" in capsys.readouterr().err
