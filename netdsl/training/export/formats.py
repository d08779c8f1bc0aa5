"""A trained network in other forms, each run again and held against Keras before it is given its
name.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import NetError, did_you_mean, fail
from netdsl.files import not_written, write
from netdsl.json_text import json_text
from netdsl.keras import private
from netdsl.keras.quiet import quiet_keras
from netdsl.training.preparation.transforms import as_plain
from netdsl.training.runs.finished import finished_run
from netdsl.wording import bytes_text

if TYPE_CHECKING:
    import keras

    from netdsl.training.preparation.rows import Array

LARGEST_ERROR = 1e-4
"""The largest relative error of an export: of float32 sums in another order, 1e-6 is usual."""

EXAMPLES = 3
"""Random examples that an export is checked on: more than one, so that a batch axis that became
fixed shows.
"""

SCALES, TELLING = (1.0, 0.1, 0.01, 10.0, 100.0, 1000.0), 0.01
"""Random examples are scaled until the outputs change by such a part from one to the next: where
they do not, any export would do.
"""

Runner = Callable[[Sequence["Array"]], list["Array"]]
"""Runs an export: an array [n, ...] for each input gives one for each output."""


class Form(NamedTuple):
    """A form of a model: how its name ends, what writes it, and what runs it again.

    `write` takes the model and a path, and gives what is to be told of it; `runner` takes both
    again, `checker` is what it runs. `tensorflow` says that only this backend writes it.
    """

    title: str
    suffixes: tuple[str, ...]
    write: Callable[[Any, Path], str]
    runner: Callable[[Any, Path], Runner] | None
    checker: str = ""
    packages: tuple[str, ...] = ()
    tensorflow: bool = True


def export(
    source: str | Path, target: str | Path, *, format: str | None = None, force: bool = False
) -> list[str]:
    """Writes the best weights of a run, or the model in a .keras file, in the form that the
    target's suffix or `format` says.

    Beside the export of a run goes `NAME.json`: what is done to examples before the network sees
    them, and the names of the classes. Gives what was done, in words. Raises NetError N601, N604,
    N613, N614 for paths, N602 where a package is missing, N631 for a form, N632 to N634 where the
    form cannot hold the network; RunError N610 where the disk does not take it. Then nothing was
    written.
    """
    source, target = Path(source), Path(target)
    name = format_of(target, format)
    form = FORMS[name]
    prepared = _prepared(source)
    _check_free(target, name, force)
    beside = target.with_name(f"{target.name if name == 'savedmodel' else target.stem}.json")
    if (
        prepared
        and not force
        and beside.exists()
        and (not beside.is_file() or beside.read_bytes() != prepared.encode())
    ):
        raise fail(
            "N604",
            f"{beside} exists already: it would say what is done to the inputs",
            help="write over it with --force",
        )
    _check_installed(form)
    model = _model(source)
    told = [*_exported(_in_float32(model) if form.tensorflow else model, target, form)]
    if form.tensorflow and _precision(model) != "float32":
        told.append(f"it computes in float32; the network was trained in {_precision(model)}")
    if prepared:
        write(beside, prepared)
        told.append(f"{beside}: what is done to the inputs, and what the outputs mean")
    return told


def format_of(target: Path, format: str | None) -> str:
    """The form's name.

    Raises NetError N631 where there is none, or the target's name says another.
    """
    known = {suffix: name for name, form in FORMS.items() for suffix in form.suffixes}
    said = known.get(target.suffix.lower())
    forms = ", ".join(
        f"{name} ({' '.join(filter(None, form.suffixes)) or 'a folder'})"
        for name, form in FORMS.items()
    )
    if format is None and said is None:
        raise fail(
            "N631",
            f"the suffix {target.suffix} of {target} is no format's",
            help=did_you_mean(target.suffix, known) or forms,
        )
    if format is None:
        return str(said)
    if format not in FORMS:
        raise fail(
            "N631", f"there is no format `{format}`", help=did_you_mean(format, FORMS) or forms
        )
    if said != format and (format != "savedmodel" or said is not None):
        ends = " or ".join(filter(None, FORMS[format].suffixes)) or "no suffix"
        raise fail(
            "N631", f"{target} does not name a file of the format {format}", help=f"it takes {ends}"
        )
    return format


def _check_free(target: Path, name: str, force: bool) -> None:
    """Raises NetError N604 where something stands there that may not be written over, N601 where
    there is no such folder.
    """
    if not target.parent.is_dir():
        raise fail("N601", f"there is no folder {target.parent}")
    ours = (
        name == "savedmodel"
        and target.name
        and target.is_dir()
        and (target / "saved_model.pb").is_file()
    )
    if target.is_dir() and not ours:
        raise fail(
            "N604",
            f"{target} is a folder, and no SavedModel that could be replaced",
            help="choose another name",
        )
    if target.is_file() and name == "savedmodel":
        raise fail(
            "N604", f"{target} is a file; a SavedModel is a folder", help="choose another name"
        )
    if target.exists() and not force:
        raise fail(
            "N604",
            f"{target} exists already",
            help="write over it with --force, or choose another name",
        )


def _check_installed(form: Form) -> None:
    """Makes Keras take TensorFlow where the form needs it.

    Raises NetError N602 for a missing package, N633 for another backend.
    """
    for package in form.packages:
        if find_spec(package) is None:
            raise fail(
                "N602",
                f"{form.title} needs {package}, which is not installed",
                help="pip install netdsl[export]",
            )
    if form.tensorflow and "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    if form.tensorflow and (now := quiet_keras().config.backend()) != "tensorflow":
        message = f"Keras runs on {now} in this process; {form.title} is written on tensorflow"
        raise fail(
            "N633",
            message,
            help="set KERAS_BACKEND=tensorflow before Keras is imported; the weights are the same",
        )


def _prepared(source: Path) -> str:
    """What a run does to its examples, as JSON; nothing for a .keras file.

    Raises NetError N601, N613, N614.
    """
    if source.is_dir() or not source.suffix:
        return json_text(as_plain(finished_run(source).preparation)) + "\n"
    if source.suffix != ".keras":
        raise fail("N613", f"{source} is no run folder and no .keras file")
    if not source.is_file():
        near = did_you_mean(source.name, (other.name for other in source.parent.glob("*.keras")))
        raise fail("N601", f"there is no file {source}", help=near)
    return ""


def _model(source: Path) -> keras.Model:
    """A run's best model, or a .keras file's. Raises NetError N613, N614."""
    from netdsl.keras.build import load_model

    return finished_run(source).model() if source.is_dir() else load_model(source)


def _exported(model: keras.Model, target: Path, form: Form) -> Iterator[str]:
    """Writes the model beside the target, checks it, and gives it the target's name; what was
    done, in words.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".part-", dir=target.parent) as room:
            part = Path(room) / f"model{form.suffixes[0]}"
            more = _written(model, part, form)
            checked = _checked(model, part, form) if form.runner else ""
            size = sum(
                file.stat().st_size
                for file in ([part] if part.is_file() else part.rglob("*"))
                if file.is_file()
            )
            _place(part, target, Path(room) / "old")
    except OSError as error:
        raise not_written(target, error) from None
    yield f"{target}: {form.title}, {bytes_text(size)}{more}"
    if checked:
        yield checked


def _written(model: keras.Model, part: Path, form: Form) -> str:
    try:
        with _silent():
            return form.write(model, part)
    except (NetError, OSError, MemoryError):
        raise
    except Exception as error:  # converters raise whatever they like
        raise _cannot(model, form, error) from None


def _cannot(model: keras.Model, form: Form, error: Exception) -> NetError:
    """What is said where a converter gives up: its own reason, and layers that are netdsl's own."""
    reason = next(
        (line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__
    )
    own = sorted(
        {
            type(layer).__name__
            for layer in model.layers
            if type(layer).__module__.startswith("netdsl.")
        }
    )
    of = f" (it has layers that Keras lacks: {', '.join(own)})" if own else ""
    message = f"{form.title} cannot hold {model.name}{of}: {reason[:300]}"
    return fail("N632", message, help=".keras and .safetensors hold every network")


def _place(part: Path, target: Path, old: Path) -> None:
    """Renames the part; a folder that stood there stands again where that fails."""
    if not target.is_dir():
        os.replace(part, target)
        return
    os.replace(target, old)
    try:
        os.replace(part, target)
    except OSError:
        os.replace(old, target)
        raise


@contextmanager
def _silent() -> Iterator[None]:
    """Shuts standard output and error at the level of the process: converters write there from
    Python and from C++.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept, nowhere, level = (
        [os.dup(1), os.dup(2)],
        os.open(os.devnull, os.O_WRONLY),
        logging.root.manager.disable,
    )
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        logging.disable(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        logging.disable(level)
        for place, copy in enumerate(kept, 1):
            os.dup2(copy, place)
            os.close(copy)
        os.close(nowhere)


# --- checking -------------------------------------------------------------------------------------


def _checked(model: keras.Model, part: Path, form: Form) -> str:
    """Runs the export and Keras on the same random examples.

    Raises NetError N632 where it does not run, N634 where they differ.
    """
    import numpy as np

    with _silent(), _exact():
        examples, ours = _telling(model)
        try:
            assert form.runner is not None
            theirs = form.runner(model, part)(examples)
        except (OSError, MemoryError):
            raise
        except Exception as error:  # runtimes raise whatever they like
            raise _cannot(model, form, error) from None
    if not all(np.isfinite(array).all() for array in ours):
        raise fail(
            "N634",
            f"{model.name} gives no finite numbers for random inputs: there is nothing to hold {form.title} against",
        )
    far = (
        max(map(relative_error, ours, theirs))
        if [a.shape for a in ours] == [a.shape for a in theirs]
        else float("inf")
    )
    if not far <= LARGEST_ERROR:
        message = f"{form.title} does not compute what {model.name} does: relative error {far:.1e}, and {LARGEST_ERROR:.0e} is allowed"
        raise fail(
            "N634", message, help="nothing was written; .keras and .safetensors hold every network"
        )
    version = f" {metadata.version(form.checker)}" if form.checker else ""
    doubt = (
        ""
        if change(ours) >= TELLING
        else "; its outputs hardly change with the inputs, so this says little"
    )
    return f"held against Keras on {EXAMPLES} random examples with {form.checker}{version}: relative error {far:.1e}{doubt}"


def _telling(model: keras.Model) -> tuple[list[Array], list[Array]]:
    """Random examples, scaled so that the network tells them apart, and what it gives for them."""
    import numpy as np

    found: list[tuple[list[Array], list[Array]]] = []
    for scale in SCALES:
        examples = random_examples(model, scale)
        ours = as_list(model.predict_on_batch(_given(examples)))
        if not found or all(np.isfinite(array).all() for array in ours):
            found.append((examples, ours))
        if change(ours) >= TELLING:
            break
    return max(found, key=lambda one: change(one[1]))


def change(outputs: Sequence[Array]) -> float:
    """How much the outputs [n, ...] differ from those of the first example, relative to the
    largest number: of the worst output.
    """
    import numpy as np

    return min(relative_error(np.broadcast_to(array[:1], array.shape), array) for array in outputs)


def random_examples(model: keras.Model, scale: float = 1.0) -> list[Array]:
    """Random examples [EXAMPLES, ...] for each input, always the same: normal numbers around a mean
    of their own for each example and channel, or indices below the smallest vocabulary.
    """
    import keras
    import numpy as np

    chance = np.random.default_rng(0)
    known = [
        layer.input_dim
        for layer in private.layers_within(model)
        if isinstance(layer, keras.layers.Embedding)
    ]
    found: list[Array] = []
    for tensor in model.inputs:
        shape = (EXAMPLES, *(size or 8 for size in tensor.shape[1:]))
        if "int" in str(tensor.dtype):
            found.append(chance.integers(0, min(known, default=2), shape).astype(tensor.dtype))
        else:
            means = chance.normal(size=(EXAMPLES, *(1 for _ in shape[2:]), *shape[-1:]))
            found.append((scale * (means + chance.normal(size=shape))).astype(tensor.dtype))
    return found


def relative_error(ours: Array, theirs: Array) -> float:
    """The largest difference, relative to the largest number of ours."""
    import numpy as np

    largest = float(np.abs(ours).max())
    return float(np.abs(ours - theirs).max()) / (largest or 1.0)


@contextmanager
def _exact() -> Iterator[None]:
    """Keeps TensorFlow from rounding float32 to TF32 on a GPU meanwhile."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        yield
        return
    switches = tensorflow.config.experimental
    rounds = switches.tensor_float_32_execution_enabled()
    switches.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        switches.enable_tensor_float_32_execution(rounds)


def _given(examples: Sequence[Array]) -> Any:
    """Examples as Keras takes them: the array itself where there is but one input."""
    return list(examples) if len(examples) > 1 else examples[0]


def as_list(given: Any) -> list[Array]:
    """What a model gives, an array for each output."""
    import keras
    import numpy as np

    return [np.asarray(values, np.float32) for values in keras.tree.flatten(given)]


# --- precision ------------------------------------------------------------------------------------


def _precision(model: keras.Model) -> str:
    """The first dtype policy of the model's layers that is not float32."""
    return next(
        (policy for layer in model.layers if (policy := layer.dtype_policy.name) != "float32"),
        "float32",
    )


def _in_float32(model: keras.Model) -> keras.Model:
    """The model with all of its layers in float32: runtimes know bfloat16 badly or not at all."""
    if _precision(model) == "float32":
        return model
    made = type(model).from_config(_with_float32(model.get_config()))
    made.set_weights(as_list(model.get_weights()))
    return made


def _with_float32(value: Any, key: str = "") -> Any:
    """A Keras configuration with float32 for each other precision."""
    if isinstance(value, dict):
        if value.get("class_name") == "DTypePolicy":
            return "float32"
        return {name: _with_float32(inner, name) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_with_float32(inner) for inner in value)
    return (
        "float32"
        if key == "dtype" and value in ("bfloat16", "mixed_bfloat16", "float16", "mixed_float16")
        else value
    )


# --- forms ----------------------------------------------------------------------------------------


def _write_keras(model: keras.Model, path: Path) -> str:
    model.save(path)
    return ""


def _run_keras(model: keras.Model, path: Path) -> Runner:
    from netdsl.keras.build import load_model

    loaded = load_model(path)
    return lambda examples: as_list(loaded.predict_on_batch(_given(examples)))


def _write_savedmodel(model: keras.Model, path: Path) -> str:
    model.export(path, format="tf_saved_model", verbose=False)
    return ""


def _run_savedmodel(model: keras.Model, path: Path) -> Runner:
    import tensorflow

    loaded = tensorflow.saved_model.load(path)
    return lambda examples: as_list(loaded.serve(_given(examples)))


def _write_onnx(model: keras.Model, path: Path) -> str:
    """ONNX with the outputs named `output_0`, `output_1`, ...

    in the network's order, and the first axis `batch`.
    """
    import onnx

    model.predict_on_batch(
        _given(random_examples(model))
    )  # Keras exports to ONNX only what was called once
    model.export(path, format="onnx", verbose=False)
    held = onnx.load(path)
    graph = held.graph
    names = {output.name: f"output_{place}" for place, output in enumerate(graph.output)}
    for node in graph.node:
        for values in (node.input, node.output):
            values[:] = [names.get(name, name) for name in values]
    for value in (*graph.output, *graph.value_info):
        value.name = names.get(value.name, value.name)
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.save(held, path)
    return f", opset {held.opset_import[0].version}"


def _run_onnx(model: keras.Model, path: Path) -> Runner:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    return lambda examples: list(session.run(None, dict(zip(names, examples, strict=True))))


def _write_litert(model: keras.Model, path: Path) -> str:
    """LiteRT for any number of examples; for one at a time where it would need TensorFlow's own
    operations otherwise.
    """
    try:
        model.export(path, format="litert", verbose=False)
        _run_litert(model, path)(random_examples(model))
    except (OSError, MemoryError):
        raise
    except Exception:  # converters and interpreters raise whatever they like
        import keras

        one = [
            keras.InputSpec(dtype=tensor.dtype, shape=(1, *tensor.shape[1:]), name=tensor.name)
            for tensor in model.inputs
        ]
        model.export(
            path, format="litert", verbose=False, input_signature=[one if len(one) > 1 else one[0]]
        )
        return ", for one example at a time"
    return ""


def _run_litert(model: keras.Model, path: Path) -> Runner:
    import numpy as np
    import tensorflow

    interpreter = tensorflow.lite.Interpreter(str(path))
    run = interpreter.get_signature_runner("serving_default")
    own = [tensor.name for tensor in model.inputs]
    inputs = (
        own
        if set(own) == set(run.get_input_details())
        else sorted(run.get_input_details(), key=_numbered)
    )
    outputs = sorted(run.get_output_details(), key=_numbered)
    single = all(one["shape_signature"][0] == 1 for one in run.get_input_details().values())

    def runner(examples: Sequence[Array]) -> list[Array]:
        batches = (
            [[array[row : row + 1] for array in examples] for row in range(EXAMPLES)]
            if single
            else [examples]
        )
        given = [run(**dict(zip(inputs, batch, strict=True))) for batch in batches]
        return [np.concatenate([one[name] for one in given]) for name in outputs]

    return runner


def _numbered(name: str) -> tuple[str, int]:
    """The order of `output_2` and `output_10`."""
    word, _, number = name.rpartition("_")
    return (word, int(number)) if number.isdigit() else (name, 0)


# --- safetensors ----------------------------------------------------------------------------------

DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
}
"""What safetensors calls NumPy's types."""


def _write_safetensors(model: keras.Model, path: Path) -> str:
    """Each weight by the path of its variable, in the order of these names: the same weights give
    the same bytes.

    Moving statistics are weights, the states of random numbers are none. The format: the header's
    length in 8 bytes, the header as JSON padded with blanks to a multiple of 8, and the arrays'
    bytes (https://github.com/huggingface/safetensors).
    """
    import keras
    import numpy as np

    arrays = {
        one.path: np.ascontiguousarray(keras.ops.convert_to_numpy(one.value))
        for one in sorted(model.weights, key=lambda one: one.path)
    }
    if len(arrays) < len(model.weights):
        raise ValueError("several weights have one name")
    header: dict[str, Any] = {"__metadata__": {"network": model.name}}
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.nbytes
        header[name] = {
            "dtype": DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            file.write(array.tobytes())
    return f", {len(arrays):,} arrays of {sum(array.size for array in arrays.values()):,} numbers"


FORMS: dict[str, Form] = {
    "keras": Form(
        "a Keras model", (".keras",), _write_keras, _run_keras, "keras", tensorflow=False
    ),
    "savedmodel": Form("a SavedModel", ("",), _write_savedmodel, _run_savedmodel, "tensorflow"),
    "onnx": Form(
        "ONNX",
        (".onnx",),
        _write_onnx,
        _run_onnx,
        "onnxruntime",
        ("tf2onnx", "onnx", "onnxruntime"),
    ),
    "litert": Form("LiteRT", (".tflite", ".litert"), _write_litert, _run_litert, "tensorflow"),
    "safetensors": Form(
        "safetensors", (".safetensors",), _write_safetensors, None, tensorflow=False
    ),
}
"""The forms by name."""
