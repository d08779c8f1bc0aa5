"""The lectures' items 73, 86, 98 to 101 and 106: sequences, shortcuts, autoencoders, a GAN."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import answered, printed
from support.zoo import FOLDER

import netdsl

pytestmark = pytest.mark.keras

DECODERS = ("transposed", "unpool", "nearest", "nails")


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Any:
    return capsys.readouterr


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("12x8 > lstm-4", [4]),
        ("12x8 > gru-4", [4]),
        ("12x8 > rnn-4", [4]),
        ("12x8 > attention(heads=2)", [12, 8]),
    ],
)
def test_item_73_recurrent_layers_and_attention(text: str, output: list[int], out: Any) -> None:
    assert answered(out, f'table "{text}"')["rows"][-1]["output"] == output


@pytest.mark.parametrize(
    "name", ["lstm_classifier", "bert_base", "gpt_small", "vit_b_16"], ids=lambda name: name
)
def test_item_73_networks_of_them(name: str, out: Any) -> None:
    assert f"{name} is fine" in printed(out, f"check {FOLDER / name}.net")


def test_item_86_blocks_that_add_nothing_leave_the_identity(out: Any) -> None:
    """By construction: a deeper residual network can do what a shallower one does."""
    branch = "conv3-1(relu, init=0) > conv3-1(linear, init=0)"
    text = f"3x3x1 > res({branch}, act=none) x9"
    given = "1 2 3; 4 5 6; 7 8 9"
    found = answered(out, f'forward "{text}" "{given}"')["layers"][-1]
    assert np.ravel(found["values"]).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_item_86_shortcuts_let_the_gradient_through(out: Any) -> None:
    """Through 8 layers of tanh with small weights it vanishes, with shortcuts it does not."""
    pair = "fc-16(tanh, init=normal(0.05)) > fc-16(tanh, init=normal(0.05))"
    plain = f"64 > fc-16(tanh) > ({pair}) x4 > softmax-10"
    residual = f"64 > fc-16(tanh) > res({pair}) x4 > softmax-10"
    first, last = [], []
    for text in (plain, residual):
        rows = answered(out, f'backward "{text}" --data digits --norms')["layers"]
        first.append(rows[0]["gradient"])
        last.append(rows[-1]["gradient"])
    assert first[0] / last[0] < 1e-4
    assert first[1] / last[1] > 1e-2


def test_item_98_8_3_8_finds_a_code_of_three_bits(out: Any, tmp_path: Path) -> None:
    rows = np.eye(8, dtype=np.float32)
    often = np.tile(rows, (50, 1))  # to end an epoch takes longer than a step
    np.savez(tmp_path / "eight.npz", x_train=often, x_test=rows, x_validation=rows)
    network = netdsl.load(FOLDER / "autoencoder_8_3_8.net")
    recipe = {
        "data": {"source": str(tmp_path / "eight.npz"), "target": "input"},
        "loss": "squared",
        "batch": 8,
        "epochs": 14,
        "optimizer": {"name": "adam", "rate": 0.1},
        "early_stopping": False,
    }
    run = network.train(recipe, where=tmp_path, quiet=True)
    text = printed(out, f"show {run.folder} --codes code")
    assert "8 different rounded codes of 8" in text


def test_item_99_a_deep_autoencoder_and_its_error(out: Any, tmp_path: Path) -> None:
    figures = answered(out, f"table {FOLDER / 'autoencoder_deep.net'}")
    assert figures["totals"]["params"] == 2_837_314
    text = "net deep\n64 > fc-32 > fc-16 > linear-8 as code > fc-16 > fc-32 > sigmoid-64"
    data = {"source": "digits", "target": "input"}
    run = netdsl.parse(text).train(data=data, epochs=3, where=tmp_path, quiet=True)
    (row,) = answered(out, f"show {run.folder} --reconstruct")["runs"]
    assert 0 < row["mean_absolute_error"] < 0.3


def test_item_100_a_linear_autoencoder_is_pca(tmp_path: Path) -> None:
    """Begun at the principal components, it gives what their projection does; codes do not
    correlate.
    """
    text = "net linear\n64 > linear-6(init=pca, bias=no) as code > linear-64(bias=no)"
    data = {"source": "digits", "target": "input"}
    optimizer = {"name": "adam", "rate": 0.02}
    run = netdsl.parse(text).train(
        data=data, epochs=40, where=tmp_path, quiet=True, loss="squared", optimizer=optimizer
    )
    from netdsl.lab.inside.subject import TrainedRun

    subject = TrainedRun.of(run.folder)
    train = subject.data.train
    (x,) = subject.prepared(train, np.arange(len(train)))
    _, _, axes = np.linalg.svd(x.astype(float), full_matrices=False)
    best = ((x - x @ axes[:6].T @ axes[:6]) ** 2).mean()
    given = subject.computed(subject.own_model, [x])[0]
    assert ((x - given) ** 2).mean() < 1.15 * best
    begun = next(iter(subject.untrained.weights.values()))["kernel"]
    assert begun.shape == (64, 6)


def test_item_101_four_ways_for_a_decoder_to_grow(out: Any, tmp_path: Path) -> None:
    """Each gives images back; side by side they are one sheet."""
    up = {
        "transposed": "tconv3-1/2(sigmoid)",
        "unpool": "unpool(@p) > conv3-1(sigmoid)",
        "nearest": "up2 > conv3-1(sigmoid)",
        "nails": "nails2 > conv3-1(sigmoid)",
    }
    folders = []
    for name in DECODERS:
        text = f"net {name}\n8x8x1 > conv3-6 > pool as p > conv3-6 > {up[name]}"
        data = {"source": "digits", "target": "input"}
        run = netdsl.parse(text).train(data=data, epochs=2, where=tmp_path, quiet=True)
        folders.append(str(run.folder))
    target = tmp_path / "decoders.svg"
    call = f"show {' '.join(folders)} --reconstruct -o {target}"
    rows = answered(out, call)["runs"]
    assert [row["run"].rpartition("-")[0] for row in rows] == list(DECODERS)
    assert all(0 < row["mean_absolute_error"] < 0.5 for row in rows)
    assert target.read_text("utf-8").count("<image") == 50


def test_item_106_a_generator_learns_against_a_discriminator(out: Any, tmp_path: Path) -> None:
    (tmp_path / "gan.net").write_text(
        "net generator\ninput z: 8\n> fc-32 > tanh-64 > reshape(8x8x1)\n\n"
        "net discriminator\ninput image: 8x8x1\n> flatten > fc-32(lrelu(0.2)) > linear-1\n",
        "utf-8",
    )
    recipe = {"gan": "nonsaturating", "data": "digits"}
    run = netdsl.train(tmp_path / "gan.net", recipe, epochs=2, where=tmp_path, quiet=True)
    target = tmp_path / "samples.svg"
    printed(out, f"sample {run.folder} --count 9 -o {target}")
    assert target.read_text("utf-8").count("<image") == 9
    figures = answered(out, f"evaluate {run.folder}")
    assert any("generator" in name for name in figures)
    assert any("discriminator" in name for name in figures)


def test_every_item_of_the_lectures_has_a_test() -> None:
    """All but 72, which is a heading there, and 90, pretrained weights."""
    import re

    found: set[int] = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for names in re.findall(r"^def test_items?_([0-9_and]+)", path.read_text("utf-8"), re.M):
            found |= {int(number) for number in re.findall("[0-9]+", names)}
    assert sorted(set(range(1, 107)) - found) == [72, 90]
