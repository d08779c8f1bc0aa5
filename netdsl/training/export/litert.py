"""LiteRT, once TensorFlow Lite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.training.export.examples import EXAMPLES, random_examples
from netdsl.training.export.format import Format, Runner

if TYPE_CHECKING:
    import keras

    from netdsl.training.preparation.rows import Array


def _write(model: keras.Model, path: Path) -> str:
    """Write LiteRT for any number of examples.

    Where that would need TensorFlow's own operations it is for one example at a time.
    """
    try:
        model.export(path, format="litert", verbose=False)
        # Run here too: the interpreter refuses some operations that the converter lets pass.
        _run(model, path)(random_examples(model))
    except (OSError, MemoryError):
        raise
    except Exception:  # converters and interpreters raise whatever they like
        import keras

        one = [
            # With a batch of 1 recurrent layers are converted to LiteRT's own operations.
            keras.InputSpec(dtype=tensor.dtype, shape=(1, *tensor.shape[1:]), name=tensor.name)
            for tensor in model.inputs
        ]
        model.export(
            path, format="litert", verbose=False, input_signature=[one if len(one) > 1 else one[0]]
        )
        return ", for one example at a time"
    return ""


def _run(model: keras.Model, path: Path) -> Runner:
    import numpy as np
    import tensorflow

    interpreter = tensorflow.lite.Interpreter(str(path))
    run = interpreter.get_signature_runner("serving_default")
    own = [tensor.name for tensor in model.inputs]
    inputs = (
        own
        if set(own) == set(run.get_input_details())
        else sorted(run.get_input_details(), key=_order)
    )
    # A signature names its outputs `output_0`, `output_1`, ... and lists them in any order.
    outputs = sorted(run.get_output_details(), key=_order)
    single = all(one["shape_signature"][0] == 1 for one in run.get_input_details().values())

    def runner(examples: Sequence[Array]) -> list[Array]:
        batches = (
            [[array[row : row + 1] for array in examples] for row in range(EXAMPLES)]
            if single
            else [examples]
        )
        found = [run(**dict(zip(inputs, batch, strict=True))) for batch in batches]
        return [np.concatenate([one[name] for one in found]) for name in outputs]

    return runner


def _order(name: str) -> tuple[str, int]:
    """Return what names are sorted by: `output_2` comes before `output_10`."""
    word, _, number = name.rpartition("_")
    return (word, int(number)) if number.isdigit() else (name, 0)


LITERT = Format("LiteRT", (".tflite", ".litert"), _write, _run, "tensorflow")
