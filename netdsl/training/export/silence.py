"""Keep converters and runtimes from printing, and from rounding to fewer bits."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent() -> Iterator[None]:
    """Within the block, close standard output and error for the whole process.

    Converters write there from Python and from C++.
    """
    # Otherwise text that Python has buffered before would be lost.
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
        # absl and onnx use Python's logging, whose handlers may write anywhere.
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


@contextmanager
def exact() -> Iterator[None]:
    """Keep TensorFlow from rounding float32 to TF32 on a GPU."""
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
