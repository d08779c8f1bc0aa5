"""LiteRT in float16 and int8: what is written, and what it costs on the run's own data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.process import backend
from netdsl.training.data import reload
from netdsl.training.export import quantized
from netdsl.training.export.export import export
from netdsl.training.loop.train import train
from netdsl.training.recipes.recipe import parse_recipe
from netdsl.training.runs.finished import finished_run
from netdsl.training.runs.inputs import read_recipe

pytestmark = [
    pytest.mark.keras,
    pytest.mark.skipif(
        backend() != "tensorflow", reason="written on TensorFlow, whatever a run was trained on"
    ),
    # LiteRT's own interpreter says that it has moved
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("runs")
    network = netdsl.parse("64 > fc-64 > softmax-10", name="small")
    recipe = parse_recipe(
        "data: digits\nepochs: 2\nbatch: 128\noptimizer: {name: adam, rate: 0.01}\n"
    )
    return train(network, recipe, where=where, quiet=True).folder


def accuracy(run: Path, file: Path) -> float:
    """That of a file on the validation part, example by example."""
    import tensorflow

    held = finished_run(run)
    part = reload(read_recipe(run), held.preparation).validation
    (x,) = held.preparation.x(tuple(np.asarray(array[:]) for array in part.x))
    interpreter = tensorflow.lite.Interpreter(str(file))
    interpreter.allocate_tensors()
    (given,), (taken,) = interpreter.get_input_details(), interpreter.get_output_details()
    right = 0
    for row, label in zip(x, part.y[0][:], strict=True):
        interpreter.set_tensor(given["index"], row[None])
        interpreter.invoke()
        right += interpreter.get_tensor(taken["index"])[0].argmax() == label
    return right / len(x)


@pytest.mark.parametrize(("kind", "smaller"), [("float16", 0.6), ("int8", 0.5)])
def test_figures_are_those_of_the_files(
    kind: str, smaller: float, run: Path, tmp_path: Path
) -> None:
    target = tmp_path / "small.tflite"
    written, checked, measured, *warned, described = export(run, target, quantize=kind)
    assert written.startswith(f"{target}: LiteRT, ")
    assert ("with ranges of 200 training examples (seed 0)" in written) == (kind == "int8")
    assert checked.startswith("in float32 compared with Keras on 3 random examples")
    record = json.loads((tmp_path / "small.json").read_text(encoding="utf-8"))
    before, after = record["figures"]["accuracy"]
    assert before == pytest.approx(netdsl.evaluate(run, part="validation")["accuracy"])
    assert after == pytest.approx(accuracy(run, target))
    assert [text[:13] for text in warned] == ["warning[W801]"] * (before - after > 0.01)
    assert measured.startswith(
        f"float32 -> {kind}: accuracy {before:.4f} -> {after:.4f} "
        f"({record['examples']} examples of the validation part); size "
    )
    assert record["quantized"] == kind
    assert record["bytes"][1] == target.stat().st_size < smaller * record["bytes"][0]
    assert described.startswith(f"{tmp_path / 'small.json'}: ")
    kept = json.loads((run / "preparation.json").read_text(encoding="utf-8"))
    assert {key: record[key] for key in kept} == kept
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.json", "small.tflite"]


def test_int8_holds_integers(run: Path, tmp_path: Path) -> None:
    """The same weights and examples give the same bytes."""
    import tensorflow

    files = [tmp_path / "one.tflite", tmp_path / "other.tflite"]
    for file in files:
        export(run, file, quantize="int8")
    details = tensorflow.lite.Interpreter(str(files[0])).get_tensor_details()
    weights = [one for one in details if tuple(one["shape"]) in ((64, 64), (10, 64))]
    assert {one["dtype"] for one in weights} == {np.int8}
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_loss_is_warned_of(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(quantized, "LOST_SHARE", -1.0)
    target = tmp_path / "small.tflite"
    assert main(["export", str(run), str(target), "--quantize", "float16"]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("warning[W801]: float16 loses ")
    assert "of accuracy, more than -1" in captured.err
    assert "help: float32 keeps all of it" in captured.err
    assert captured.out.startswith(f"{target}: LiteRT, ")
    assert "W801" not in captured.out


def test_two_inputs_and_values_of_data_from_python(tmp_path: Path) -> None:
    """Inputs whose names are not in the order of the alphabet; an error."""
    rng = np.random.default_rng(0)
    b, a = rng.normal(size=(2, 400, 3)).astype(np.float32)
    y = 2 * b[:, :1] - a[:, 1:2]
    text = "input b: 3\ninput a: 3\n[ @b | @a ] > linear-1"
    recipe = parse_recipe("epochs: 60\nbatch: 50\noptimizer: {name: adam, rate: 0.05}\n")
    given = ((b, a), y)
    folder = train(
        netdsl.parse(text, name="two"), recipe, data=given, where=tmp_path, quiet=True
    ).folder
    target = tmp_path / "two.tflite"
    with pytest.raises(NetError, match="N535"):
        export(folder, target, quantize="int8")
    assert not target.exists()
    export(folder, target, quantize="int8", data=given)
    record = json.loads((tmp_path / "two.json").read_text(encoding="utf-8"))
    ((before, after),) = record["figures"].values()
    assert before < 0.1
    assert after < 0.2, "with inputs confused it would be about 2"


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "kind", "reported"),
    [
        ("a.onnx", "int8", "only LiteRT is quantized"),
        ("a.tflite", "int4", "there is no quantization `int4`"),
        ("a.tflite", "flot16", "did you mean `float16`"),
    ],
)
def test_what_cannot_be_asked_for(
    target: str, kind: str, reported: str, run: Path, tmp_path: Path
) -> None:
    with pytest.raises(NetError, match=reported) as caught:
        export(run, tmp_path / target, quantize=kind)
    assert caught.value.diagnostics[0].code == "N635"


def test_a_file_has_no_data_to_measure(run: Path, tmp_path: Path) -> None:
    with pytest.raises(NetError, match=r"a .keras file cannot be quantized"):
        export(run / "best.keras", tmp_path / "a.tflite", quantize="int8")
    (tmp_path / "a.json").write_text("mine", encoding="utf-8")
    with pytest.raises(NetError, match=r"a.json already exists"):
        export(run, tmp_path / "a.tflite", quantize="int8")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_recurrent_layers_in_int8_are_refused_by_name() -> None:
    """TensorFlow's converter ends the process on them."""
    model = netdsl.parse("5x2 > lstm-3(seq) > gru-2", name="rnn").keras(seed=0)
    with pytest.raises(NetError, match="LiteRT in int8 cannot hold rnn: recurrent: ") as caught:
        quantized._check_int8(model)
    message = caught.value.diagnostics[0].message
    assert all(name in message for name in ("lstm", "gru"))
    assert caught.value.diagnostics[0].code == "N632"


def test_a_converter_s_reason_names_the_layer(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gives_up(model: Any, path: Path, **options: Any) -> bool:
        path.touch()
        name = model.layers[-1].name
        raise RuntimeError(f'loc("small/{name}/MatMul"): no such operation')

    monkeypatch.setattr(quantized, "converted", gives_up)
    with pytest.raises(NetError, match=r"LiteRT cannot hold small at its layer \w+: ") as caught:
        export(run, tmp_path / "a.tflite", quantize="float16")
    assert caught.value.diagnostics[0].code == "N632"
    assert list(tmp_path.iterdir()) == []
