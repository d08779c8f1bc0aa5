"""LiteRT with fewer bits, and the loss of accuracy, measured on the run's own data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import Diagnostic, NetError, did_you_mean, fail
from netdsl.errors.terminal import render
from netdsl.keras import private
from netdsl.training.data import reload
from netdsl.training.export.checks import check, running
from netdsl.training.export.examples import as_input, as_list
from netdsl.training.export.litert import LITERT, SINGLE, converted, input_names, runner_of
from netdsl.training.export.silence import silent
from netdsl.training.metrics.counters import Counter
from netdsl.training.metrics.definitions import figure_names, training_metric
from netdsl.training.runs.figures import figure_text
from netdsl.training.runs.inputs import read_recipe
from netdsl.wording import bytes_text, counted, enumerated

if TYPE_CHECKING:
    import keras

    from netdsl.training.data import Examples
    from netdsl.training.preparation.rows import Array
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.runs.finished import FinishedRun

FLOAT16, INT8 = "float16", "int8"
QUANTIZATIONS = (FLOAT16, INT8)

CALIBRATION = 200
"""The most training examples by which the ranges of int8 are chosen."""

MEASURED = 2_000
"""The most examples on which the figures are compared."""

BATCH = 32

FLOAT32 = "float32.tflite"
"""The name of the float32 file that a quantized one is compared with while it is written."""

LOST_SHARE, LOST_ERROR = 0.01, 0.05
"""Larger losses get a warning: of an accuracy, as a share, and of an error, relative to it."""


class Quantizing(NamedTuple):
    """What a quantization needs of a run.

    Attributes:
        kind: one of `QUANTIZATIONS`.
        preparation: how examples are prepared.
        calibration: prepared training examples, an array for each input.
        seed: by which these were drawn.
        measured: examples on which the figures are compared.
    """

    kind: str
    preparation: Preparation
    calibration: tuple[Array, ...]
    seed: int
    measured: Examples


def check_quantization(kind: str, form: str, held: FinishedRun | None) -> None:
    """Raise NetError N635 for a quantization that does not fit the format or the source."""
    if kind not in QUANTIZATIONS:
        help = did_you_mean(kind, QUANTIZATIONS) or f"it is {' or '.join(QUANTIZATIONS)}"
        raise fail("N635", f"there is no quantization `{kind}`", help=help)
    if form != "litert":
        message = "only LiteRT is quantized"
        raise fail("N635", message, help="give a target that ends in .tflite")
    if held is None or held.part:
        what = "one of a GAN's networks" if held else "a .keras file"
        message = f"{what} cannot be quantized: its figures are measured on the data of a run"
        raise fail("N635", message, help="export the folder of a run of one network")


def read_quantizing(held: FinishedRun, kind: str, given: Any = None) -> Quantizing:
    """Read a run's data for a quantization.

    Args:
        held: the run.
        kind: one of `QUANTIZATIONS`.
        given: the data itself, where the run was given it in Python.

    Raises:
        NetError: N535 where that is missing, and what reading the data raises.
    """
    import numpy as np

    recipe = read_recipe(held.run.folder)
    data = reload(recipe, held.preparation, given)
    measured = next(
        part for part in (data.validation, data.test, data.train) if len(part) or part is data.train
    )
    seed = recipe.seed or 0
    rows = _drawn(len(data.train), CALIBRATION, seed)
    arrays = tuple(np.asarray(array[rows]) for array in data.train.x)
    measured = measured.at(_drawn(len(measured), MEASURED, seed))
    return Quantizing(kind, held.preparation, held.preparation.x(arrays), seed, measured)


def _drawn(count: int, limit: int, seed: int) -> Any:
    """Draw rows, in their order: all of them if there are at most `limit`."""
    import numpy as np

    rows = np.random.default_rng(seed).permutation(count)[:limit]
    return np.sort(rows)


def write_quantized(model: keras.Model, quantizing: Quantizing, path: Path) -> str:
    """Write LiteRT with fewer bits, after checking that LiteRT in float32 is right.

    The file in float32 is left next to it.

    Raises:
        NetError: N632 for layers that int8 cannot hold, N634 where even float32 is not right.
    """
    import tensorflow

    if quantizing.kind == INT8:
        _check_int8(model)
    plain = path.with_name(FLOAT32)
    single = converted(model, plain)
    options: dict[str, Any] = {"optimizations": [tensorflow.lite.Optimize.DEFAULT]}
    if quantizing.kind == FLOAT16:
        options["target_spec"] = {"supported_types": [tensorflow.float16]}
        return f" in float16{SINGLE if converted(model, path, **options) else ''}"
    if single:
        raise _not_in_int8(model, "what it is made of takes no batches")
    names = input_names(model, runner_of(plain))
    options["target_spec"] = {"supported_ops": [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]}
    options["representative_dataset"] = _one_by_one(model, quantizing, names)
    single = converted(model, path, **options)
    count = len(quantizing.calibration[0])
    drawn = f"{counted(count, 'training example')} (seed {quantizing.seed})"
    return f" in int8, with ranges of {drawn}{SINGLE if single else ''}"


def _one_by_one(
    model: keras.Model, quantizing: Quantizing, names: Sequence[str]
) -> Callable[[], Iterator[dict[str, Array]]]:
    def examples() -> Iterator[dict[str, Array]]:
        for row in range(len(quantizing.calibration[0])):
            yield {
                name: array[row : row + 1].astype(tensor.dtype)
                for name, array, tensor in zip(
                    names, quantizing.calibration, model.inputs, strict=True
                )
            }

    return examples


def _check_int8(model: keras.Model) -> None:
    """Raise NetError N632 for layers that make TensorFlow's converter end the process."""
    import keras

    layers = private.layers_within(model)
    recurrent = [layer.name for layer in layers if isinstance(layer, keras.layers.RNN)]
    if recurrent:
        raise _not_in_int8(model, f"recurrent: {enumerated(recurrent)}")


def _not_in_int8(model: keras.Model, why: str) -> NetError:
    message = f"LiteRT in int8 cannot hold {model.name}: {why}"
    return fail("N632", message, help="--quantize float16 holds it")


# --- the loss of accuracy -------------------------------------------------------------------------


def compare(
    model: keras.Model, quantizing: Quantizing, path: Path, record: dict[str, Any]
) -> list[str]:
    """Measure a quantized file and the network in float32 on the same examples.

    Args:
        model: the network.
        quantizing: its data.
        path: the file; that in float32 is next to it.
        record: the figures are added to it.

    Returns:
        The figures in words, with warnings W801.

    Raises:
        NetError: N632 where the file does not run, N634 where that in float32 is not right.
    """
    plain = path.with_name(FLOAT32)
    checked = check(model, plain, LITERT)
    with silent():
        before = _figures(quantizing, lambda x: as_list(model.predict_on_batch(as_input(x))))
        assert LITERT.runner is not None
        with running(model, LITERT):
            after = _figures(quantizing, LITERT.runner(model, path))
    kind, part = quantizing.kind, quantizing.measured
    sizes = [file.stat().st_size for file in (plain, path)]
    record |= {
        "quantized": kind,
        "calibration": len(quantizing.calibration[0]) if kind == INT8 else 0,
        "seed": quantizing.seed,
        "part": part.name,
        "examples": len(part),
        "figures": {name: [before[name], after[name]] for name in before},
        "bytes": sizes,
    }
    shown = ", ".join(
        f"{name} {figure_text(value, name)} -> {figure_text(after[name], name)}"
        for name, value in before.items()
    )
    measured = f"{counted(len(part), 'example')} of the {part.name} part"
    size = " -> ".join(map(bytes_text, sizes))
    lines = [
        f"in float32 {checked}",
        f"float32 -> {kind}: {shown} ({measured}); size {size}",
    ]
    return [*lines, *_warnings(quantizing, before, after)]


def _figures(
    quantizing: Quantizing, predict: Callable[[Sequence[Array]], list[Array]]
) -> dict[str, float]:
    """Return the metric of each output by its name, in the data's units."""
    import numpy as np

    part, preparation = quantizing.measured, quantizing.preparation
    metrics = [training_metric(output) for output in preparation.outputs]
    counters = [
        Counter(output, [metric])
        for output, metric in zip(preparation.outputs, metrics, strict=True)
    ]
    for start in range(0, len(part), BATCH):
        rows = np.arange(start, min(start + BATCH, len(part)))
        given = predict(preparation.x(tuple(np.asarray(array[rows]) for array in part.x)))
        for counter, y, values in zip(counters, part.y, given, strict=True):
            counter.update(y[rows], values)
    names = figure_names(preparation.outputs)
    results = (counter.result(metric) for counter, metric in zip(counters, metrics, strict=True))
    return dict(zip(names, results, strict=True))


def _warnings(
    quantizing: Quantizing, before: dict[str, float], after: dict[str, float]
) -> Iterator[str]:
    """Yield the warning W801 for each figure that has become worse by more than is allowed."""
    metrics = map(training_metric, quantizing.preparation.outputs)
    for (name, value), metric in zip(before.items(), metrics, strict=True):
        lost = value - after[name] if metric.higher else after[name] - value
        allowed = LOST_SHARE if metric.share else LOST_ERROR * value
        if lost > allowed:
            limit = f"{LOST_SHARE:g}" if metric.share else f"{LOST_ERROR:.0%} of it"
            other = "float16 keeps more" if quantizing.kind == INT8 else "float32 keeps all of it"
            message = (
                f"{quantizing.kind} loses {figure_text(lost, name)} of {name}, more than {limit}"
            )
            yield render([Diagnostic("W801", message, help=other)])
