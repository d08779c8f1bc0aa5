"""LiteRT, once TensorFlow Lite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.training.export.examples import random_examples
from netdsl.training.export.format import Format, Runner

if TYPE_CHECKING:
    import keras

    from netdsl.training.preparation.rows import Array


def converted(model: keras.Model, path: Path, **options: Any) -> bool:
    """Write LiteRT for any number of examples.

    If that would need TensorFlow's own operations, the file is for one example at a time.

    Args:
        model: the network.
        path: of the file.
        options: attributes of TensorFlow's converter.

    Returns:
        Whether it is for one example at a time.
    """
    try:
        model.export(path, format="litert", verbose=False, **options)
        # Run here, too: the interpreter rejects some operations that the converter accepts.
        _run(model, path)(random_examples(model))
    except (OSError, MemoryError):
        raise
    except Exception:  # converters and interpreters raise errors of any kind
        import keras

        one = [
            # With a batch of 1 recurrent layers are converted to LiteRT's own operations.
            keras.InputSpec(dtype=tensor.dtype, shape=(1, *tensor.shape[1:]), name=tensor.name)
            for tensor in model.inputs
        ]
        signature = [one if len(one) > 1 else one[0]]
        model.export(path, format="litert", verbose=False, input_signature=signature, **options)
        return True
    return False


def _write(model: keras.Model, path: Path) -> str:
    return SINGLE if converted(model, path) else ""


SINGLE = ", for one example at a time"
"""The remark on a file that does not take batches."""


def input_names(model: keras.Model, run: Any) -> list[str]:
    """Return the names that a signature's runner has for the network's inputs, in their order."""
    own, known = [tensor.name for tensor in model.inputs], run.get_input_details()
    return own if set(own) == set(known) else sorted(known, key=_order)


def runner_of(path: Path) -> Any:
    """Return the runner of a file's only signature."""
    import tensorflow

    return tensorflow.lite.Interpreter(str(path)).get_signature_runner("serving_default")


def _run(model: keras.Model, path: Path) -> Runner:
    import numpy as np

    run = runner_of(path)
    inputs = input_names(model, run)
    # A signature names its outputs `output_0`, `output_1`, ... and lists them in any order.
    outputs = sorted(run.get_output_details(), key=_order)
    single = all(one["shape_signature"][0] == 1 for one in run.get_input_details().values())

    def runner(examples: Sequence[Array]) -> list[Array]:
        batches = (
            [[array[row : row + 1] for array in examples] for row in range(len(examples[0]))]
            if single
            else [examples]
        )
        found = [run(**dict(zip(inputs, batch, strict=True))) for batch in batches]
        return [np.concatenate([one[name] for one in found]) for name in outputs]

    return runner


def _order(name: str) -> tuple[str, int]:
    """Return the sorting key of a name: `output_2` comes before `output_10`."""
    word, _, number = name.rpartition("_")
    return (word, int(number)) if number.isdigit() else (name, 0)


LITERT = Format("LiteRT", (".tflite", ".litert"), _write, _run, "tensorflow")
