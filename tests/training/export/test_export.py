"""`export`: what is written computes what the run does, is the same each time where it can be,
and replaces nothing unasked.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.shares import share

import netdsl
from netdsl.errors import NetError, RunError
from netdsl.process import backend
from netdsl.training.distributed.devices import Devices
from netdsl.training.export import export as module
from netdsl.training.export.export import export
from netdsl.training.export.registry import FORMATS, format_of
from netdsl.training.loop.setup import first_model
from netdsl.training.loop.train import train
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import Recipe
from netdsl.training.runs.run import RunResult
from netdsl.training.safetensors import read_safetensors

pytestmark = pytest.mark.keras

ROOT = Path(__file__).resolve().parents[3]
TEXT = "net small\n8x8x1 > conv3-4(bn) > dropout(0.2) > softmax-10"
NAMES = {
    "keras": "small.keras",
    "savedmodel": "small",
    "onnx": "small.onnx",
    "litert": "small.tflite",
    "safetensors": "small.safetensors",
}

needs_tensorflow = pytest.mark.skipif(
    backend() != "tensorflow", reason="written on TensorFlow, whatever a run was trained on"
)
MARKS = {
    "savedmodel": [needs_tensorflow],
    "litert": [needs_tensorflow],
    "onnx": [needs_tensorflow],
}
EACH = [pytest.param(name, marks=MARKS.get(name, ())) for name in FORMATS]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    where = tmp_path_factory.mktemp("runs")
    return train(netdsl.parse(TEXT), Recipe(epochs=1, batch=256), where=where, quiet=True)


def code(caught: Any) -> str:
    return str(caught.value.diagnostics[0].code)


# --- forms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EACH)
def test_each_form_of_a_run(
    run: RunResult, name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / NAMES[name]
    reported = export(run.folder, target, bare=True)
    assert capfd.readouterr() == ("", "")
    assert reported[0].startswith(f"{target}: {FORMATS[name].title}, ")
    assert reported[-1].startswith(f"{tmp_path / 'small.json'}: ")
    assert len(reported) == (3 if FORMATS[name].runner else 2)
    assert json.loads((tmp_path / "small.json").read_text(encoding="utf-8")) == json.loads(
        (run.folder / "preparation.json").read_text(encoding="utf-8")
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([NAMES[name], "small.json"])


@needs_tensorflow
def test_onnx_names_its_inputs_and_outputs(run: RunResult, tmp_path: Path) -> None:
    import onnxruntime

    export(run.folder, tmp_path / "small.onnx", bare=True)
    session = onnxruntime.InferenceSession(tmp_path / "small.onnx")
    x = np.random.default_rng(1).random((5, 8, 8, 1)).astype(np.float32)
    assert [(one.name, one.shape) for one in session.get_inputs()] == [
        ("input", ["batch", 8, 8, 1])
    ]
    assert [(one.name, one.shape) for one in session.get_outputs()] == [("output_0", ["batch", 10])]
    (given,) = session.run(["output_0"], {"input": x})
    np.testing.assert_allclose(given, run.model.predict(x, verbose=0), rtol=1e-4, atol=1e-6)


LAYERS = {
    "lrn": "8x8x3 > conv3-8 > lrn > gap > softmax-4",
    "l2pool": "8x8x3 > conv3-8 > l2pool2 > gap > softmax-4",
    "stochpool": "8x8x3 > conv3-8 > stochpool2 > gap > softmax-4",
    "droppath": "8x8x3 > conv3-8 > res(conv3-8 > droppath(0.2)) > gap > softmax-4",
    "tied": "64 > fc-16 as e > fc-64 as d\ntie d = transpose e",
    "lstm": "12 of int(50) > embed-8 > lstm-8 > softmax-4",
    "two": "input b: 5\ninput a: 5\n@b > fc-8 as u\n[ @u | @a ] > fc-4 as w\n@w > softmax-3 as z\n"
    "@w > linear-3 as v",
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=MARKS[name]) for name in ("litert", "onnx")]
)
@pytest.mark.parametrize("layer", share(LAYERS, lambda layer: layer in ("lrn", "lstm", "two")))
def test_layers_that_go_along(layer: str, name: str, tmp_path: Path) -> None:
    """Those that Keras lacks, sequences, and two inputs whose names are not in the order of the
    alphabet.
    """
    netdsl.parse(LAYERS[layer], name=layer).keras(seed=0).save(tmp_path / "a.keras")
    reported = export(tmp_path / "a.keras", tmp_path / NAMES[name])
    assert ("one example at a time" in reported[0]) == ((layer, name) == ("lstm", "litert"))
    assert "relative error" in reported[1]
    assert len(reported) == 2


@needs_tensorflow
@pytest.mark.parametrize("precision", ["mixed", "bfloat16"])
def test_other_precisions_are_exported_in_float32(precision: str, tmp_path: Path) -> None:
    from netdsl.keras.build import build

    build(netdsl.parse(TEXT), 0, precision).save(tmp_path / "a.keras")
    reported = export(tmp_path / "a.keras", tmp_path / "a.tflite")
    assert reported[-1].startswith("it computes in float32; the network was trained in ")


# --- safetensors ----------------------------------------------------------------------------------


def held(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the arrays of a file whose numbers are all float32."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    arrays = {}
    for name, one in header.items():
        if name != "__metadata__":
            start, end = (8 + length + offset for offset in one["data_offsets"])
            arrays[name] = np.frombuffer(data[start:end], np.float32).reshape(one["shape"])
    return header, arrays


def test_safetensors_hold_the_weights_and_nothing_else(run: RunResult, tmp_path: Path) -> None:
    export(run.folder, tmp_path / "a.safetensors")
    header, arrays = held(tmp_path / "a.safetensors")
    assert header["__metadata__"] == {"network": "small"}
    assert list(arrays) == sorted(arrays)
    weights = {variable.path: variable.numpy() for variable in run.model.weights}
    assert set(arrays) == set(weights)
    assert any(name.endswith("moving_mean") for name in arrays)
    assert not any("seed" in name for name in arrays)
    assert all(np.array_equal(arrays[name], weights[name]) for name in weights)


def test_two_runs_of_a_seed_give_the_same_bytes(tmp_path: Path) -> None:
    from netdsl.training.recipes.recipe import Augment, Recipe

    network = netdsl.parse("8x8x1 > conv3-4(bn) > dropout(0.2) > softmax-10", name="twice")
    recipe = Recipe(epochs=2, batch=200, augment=Augment(shift=1, noise=0.1), seed=5)
    files = [tmp_path / "one.safetensors", tmp_path / "other.safetensors"]
    for file in files:
        export(train(network, recipe, where=tmp_path, quiet=True).folder, file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_same_weights_give_the_same_bytes(run: RunResult, tmp_path: Path) -> None:
    """Also of a model that was built apart, with other states of random numbers."""
    export(run.folder, tmp_path / "a.safetensors")
    other = netdsl.parse(TEXT).keras(seed=9)
    other.set_weights(run.model.get_weights())
    other.save(tmp_path / "b.keras")
    export(tmp_path / "b.keras", tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def with_first_weights(source: Path) -> Any:
    """The network with weights from elsewhere."""
    return first_model(plan(netdsl.parse(TEXT), Recipe(init_from=str(source))), Devices()).model


def test_weights_that_were_exported_are_taken_over(run: RunResult, tmp_path: Path) -> None:
    export(run.folder, tmp_path / "a.safetensors")
    arrays = read_safetensors(tmp_path / "a.safetensors")
    assert all(np.array_equal(arrays[one.path], one.numpy()) for one in run.model.weights)
    model = with_first_weights(tmp_path / "a.safetensors")
    assert [
        np.array_equal(*pair)
        for pair in zip(model.get_weights(), run.model.get_weights(), strict=True)
    ].count(False) == 0


def packed(header: Any, content: bytes = bytes(8)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content


def entry(**more: Any) -> Any:
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **more}}


def test_each_type_of_safetensors(tmp_path: Path) -> None:
    values = np.array([1.5, -2.0, 0.15625], np.float32)
    path = tmp_path / "a.safetensors"
    path.write_bytes(
        packed(
            entry(dtype="BF16", shape=[3], data_offsets=[0, 6]),
            (values.view("<u4") >> 16).astype("<u2").tobytes(),
        )
    )
    assert np.array_equal(read_safetensors(path)["a"], values)
    for name, kind in (
        ("F64", "f8"),
        ("F16", "f2"),
        ("I64", "i8"),
        ("I8", "i1"),
        ("U8", "u1"),
        ("BOOL", "?"),
    ):
        array = np.ones((2, 1), kind)
        path.write_bytes(
            packed(
                {
                    "__metadata__": {},
                    **entry(dtype=name, shape=[2, 1], data_offsets=[0, array.nbytes]),
                },
                array.tobytes(),
            )
        )
        found = read_safetensors(path)["a"]
        assert (found.dtype, found.tolist()) == (array.dtype, array.tolist())
    path.write_bytes(packed(entry(dtype="BF16", shape=[], data_offsets=[0, 2]), b"\x80\x3f"))
    assert read_safetensors(path)["a"] == 1


@pytest.mark.parametrize(
    ("content", "reported"),
    [
        (b"", "header too small"),
        (b"\xff" * 9, "header too large"),
        (packed(b"{"), "invalid JSON"),
        (packed(b"\xff"), "invalid UTF-8"),
        (packed(b"[" * 100_000), "invalid JSON"),
        (packed([]), "invalid JSON"),
        (packed({"a": 7}), "invalid JSON"),
        (packed(entry(data_offsets=[0, 8.0])), "invalid JSON"),
        (packed(entry(data_offsets=[8, 0])), "invalid offset"),
        (packed(entry(data_offsets=[0, 16])), "invalid shape, data type, or offset"),
        (packed(entry(data_offsets=[4, 8])), "invalid offset"),
        (packed(entry(), bytes(9)), "not fully covered"),
        (packed({**entry(), "b": entry()["a"]}), "invalid offset"),
        (packed(entry(dtype="F8")), "invalid JSON"),
        (packed(entry(dtype="F8_E4M3", shape=[8])), "`a` has the type F8_E4M3, which is not read"),
        (packed(entry(shape=[-2])), "invalid JSON"),
        (packed(entry(shape=[3])), "invalid shape, data type, or offset"),
        (packed(entry(shape=[2**40, 2**40])), "overflow"),
    ],
)
def test_damaged_safetensors(content: bytes, reported: str, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(NetError, match=reported) as caught:
        read_safetensors(path)
    assert code(caught) == "N614"


def test_files_that_are_not_models(run: RunResult, tmp_path: Path) -> None:
    whole = (run.folder / "best.keras").read_bytes()
    contents = {
        "bad.keras": (b"no model", "8 bytes are not a complete zip"),
        "a.png": (b"", "does not end in .keras"),
        "cut.keras": (whole[:-99], "zip"),
    }
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as file:
        file.writestr("config.json", "{}")
    contents["other.keras"] = ((tmp_path / "other.keras").read_bytes(), "no weights")
    for name, (content, reported) in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(
            NetError, match=f"{name} is not a complete Keras model: .*{reported}"
        ) as caught:
            with_first_weights(tmp_path / name)
        assert (code(caught), "ensure" in str(caught.value)) == ("N614", False)


def test_safetensors_reads_them(run: RunResult, tmp_path: Path) -> None:
    from safetensors import numpy

    export(run.folder, tmp_path / "a.safetensors")
    arrays = numpy.load_file(tmp_path / "a.safetensors")
    assert all(
        np.array_equal(arrays[name], array)
        for name, array in held(tmp_path / "a.safetensors")[1].items()
    )
    again = train(
        netdsl.parse(TEXT),
        Recipe(epochs=1, init_from=str(tmp_path / "a.safetensors")),
        where=tmp_path,
        quiet=True,
    )
    assert again.steps


# --- names ----------------------------------------------------------------------------------------


def test_the_form_follows_from_the_name() -> None:
    assert {format_of(Path(name), None): name for name in NAMES.values()} == NAMES
    assert format_of(Path("a.litert"), None) == "litert"
    assert format_of(Path("saved.v2"), "savedmodel") == "savedmodel"


@pytest.mark.parametrize(
    ("target", "format", "reported"),
    [
        ("a.onx", None, "did you mean `.onnx`"),
        ("a.pt", None, "onnx (.onnx), litert (.tflite .litert)"),
        ("a.onnx", "onxx", "did you mean `onnx`"),
        ("a.tflite", "onnx", "it requires .onnx"),
        ("a.onnx", "savedmodel", "it requires no suffix"),
        ("a", "onnx", "it requires .onnx"),
    ],
)
def test_names_that_say_no_form(
    run: RunResult, target: str, format: str | None, reported: str, tmp_path: Path
) -> None:
    with pytest.raises(NetError, match="N631") as caught:
        export(run.folder, tmp_path / target, format=format)
    assert reported in str(caught.value)


def test_nothing_is_written_over_unasked(run: RunResult, tmp_path: Path) -> None:
    target = tmp_path / "a.safetensors"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(NetError, match="N604"):
        export(run.folder, target)
    (tmp_path / "b.json").write_text("mine", encoding="utf-8")
    with pytest.raises(NetError, match=r"b.json already exists"):
        export(run.folder, tmp_path / "b.safetensors")
    assert (
        target.read_text(encoding="utf-8")
        == (tmp_path / "b.json").read_text(encoding="utf-8")
        == "mine"
    )
    export(run.folder, target, force=True)
    assert target.stat().st_size > 1000
    export(run.folder, tmp_path / "a.keras")  # a.json has the same contents: it is kept


@needs_tensorflow
def test_folders_are_replaced_only_where_they_are_exports(run: RunResult, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    for target in (tmp_path / "mine", tmp_path, Path("."), Path("..")):
        with pytest.raises(NetError, match="is a folder, but not a SavedModel"):
            export(run.folder, target, force=True)
    (tmp_path / "file").touch()
    with pytest.raises(NetError, match="a SavedModel is a folder"):
        export(run.folder, tmp_path / "file", force=True)
    with pytest.raises(NetError, match="N601"):
        export(run.folder, tmp_path / "none" / "a.onnx")
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").touch()
    export(run.folder, tmp_path / "saved", force=True)
    assert (tmp_path / "saved" / "saved_model.pb").stat().st_size
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "file",
        "mine",
        "saved",
    ]


def test_what_cannot_be_exported(run: RunResult, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    (tmp_path / "model.h5").touch()
    (tmp_path / "broken.keras").write_text("no model", encoding="utf-8")
    sources = {
        tmp_path: "N613",
        tmp_path / "none": "N613",
        tmp_path / "model.h5": "N613",
        tmp_path / "none.keras": "N601",
    }
    for source, expected in {**sources, tmp_path / "broken.keras": "N614"}.items():
        with pytest.raises(NetError) as caught:
            export(source, tmp_path / "a.safetensors")
        assert code(caught) == expected
    with pytest.raises(NetError, match="netdsl resume"):
        export(tmp_path, tmp_path / "a.safetensors")


# --- failures -------------------------------------------------------------------------------------


def replaced(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    monkeypatch.setitem(FORMATS, "litert", FORMATS["litert"]._replace(**changed))


@needs_tensorflow
def test_an_export_that_computes_something_else(
    run: RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def runner(model: Any, path: Path) -> Any:
        return lambda examples: [
            array * np.float32(1.001)
            for array in FORMATS["keras"].runner(model, run.folder / "best.keras")(examples)
        ]  # type: ignore[misc]

    replaced(monkeypatch, runner=runner)
    with pytest.raises(NetError, match=r"relative error 1.0e-03, and 1e-04 is allowed") as caught:
        export(run.folder, tmp_path / "a.tflite")
    assert code(caught) == "N634"
    assert list(tmp_path.iterdir()) == []


def test_a_network_without_finite_numbers(tmp_path: Path) -> None:
    model = netdsl.parse("4 > fc-2").keras(seed=0)
    model.set_weights([np.full(array.shape, np.nan) for array in model.get_weights()])
    model.save(tmp_path / "a.keras")
    with pytest.raises(NetError, match="numbers that are not finite"):
        export(tmp_path / "a.keras", tmp_path / "b.keras")


@needs_tensorflow
def test_a_converter_that_gives_up(
    run: RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def writer(model: Any, path: Path) -> str:
        path.touch()
        raise KeyError("\n  no such operation\nmore")

    replaced(monkeypatch, write=writer)
    with pytest.raises(NetError, match="LiteRT cannot hold small") as caught:
        export(run.folder, tmp_path / "a.tflite")
    assert code(caught) == "N632"
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_is_missing(
    run: RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(NetError, match="ONNX needs tf2onnx, which is not installed") as caught:
        export(run.folder, tmp_path / "a.onnx")
    assert "pip install 'netdsl[export]'" in str(caught.value)


def test_another_backend(run: RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    with pytest.raises(
        NetError, match="Keras runs on torch in this process; a SavedModel is written on tensorflow"
    ) as caught:
        export(run.folder, tmp_path / "a")
    assert code(caught) == "N633"


def test_a_disk_that_is_full(
    run: RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(RunError, match="No space left on device"):
        export(run.folder, tmp_path / "a.safetensors")
    assert list(tmp_path.iterdir()) == []


@needs_tensorflow
def test_a_full_disk_in_a_library_s_own_words(
    run: RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def writer(model: Any, path: Path) -> str:
        path.touch()
        raise RuntimeError(f"part-0: {os.strerror(errno.ENOSPC)} [Op:SaveV2]")

    replaced(monkeypatch, write=writer)
    with pytest.raises(RunError, match=r"a.tflite cannot be written: No space left on device"):
        export(run.folder, tmp_path / "a.tflite")
    assert list(tmp_path.iterdir()) == []


# --- another process ------------------------------------------------------------------------------

FRESH = """
import sys
from pathlib import Path
from netdsl.keras.quiet import quiet_keras
quiet_keras()

def refuse(event, arguments):
    if event == "pickle.find_class":
        raise RuntimeError(f"unpickled {arguments}")

sys.addaudithook(refuse)
from netdsl.training.runs.run import RunResult
import netdsl, numpy as np
x = np.linspace(0, 1, 128, dtype=np.float32).reshape(2, 8, 8, 1)
last = netdsl.load_model(Path(sys.argv[1]) / "last.keras")
for model in (RunResult.load(sys.argv[1]).model, last):
    print(model.predict(x, verbose=0).tobytes().hex())
"""


def test_a_run_loads_in_a_fresh_process_without_pickle(run: RunResult) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    given = [sys.executable, "-c", FRESH, str(run.folder)]
    result = subprocess.run(given, capture_output=True, text=True, env=environment, check=True)
    x = np.linspace(0, 1, 128, dtype=np.float32).reshape(2, 8, 8, 1)
    ours = run.model.predict(x, verbose=0)
    for line in result.stdout.split():
        assert np.array_equal(np.frombuffer(bytes.fromhex(line), np.float32).reshape(2, 10), ours)


def test_a_model_with_code_in_it_is_refused(tmp_path: Path) -> None:
    import keras

    inputs = keras.Input((3,))
    keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs)).save(tmp_path / "code.keras")
    with pytest.raises(NetError) as caught:
        export(tmp_path / "code.keras", tmp_path / "a.safetensors")
    assert code(caught) == "N614"
