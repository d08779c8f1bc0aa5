"""Importing Keras without its backend's chatter."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from netdsl import process


def quiet_keras() -> ModuleType:
    """Import Keras, with standard error closed for the whole process.

    TensorFlow's C++ code writes there before it has read any setting of its log level. An error of
    the import itself is still raised. `TF_CPP_MIN_LOG_LEVEL`, where it is set, decides what is
    logged later on. The garbage collector is off during the import: nothing of what is imported is
    garbage, and looking for some takes a sixth of the time.

    TensorFlow's oneDNN kernels are switched on, which it does itself on some processors only:
    without them a dilated transposed convolution fails on CPU. `TF_ENABLE_ONEDNN_OPTS=0` keeps them
    off.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # If something else has imported Keras, its messages were already written.
    if "keras" not in sys.modules:
        with stderr_shut(), process.without_unused(), process.uncollected():
            import keras  # noqa: F401
        # TensorFlow takes several models for one that is traced again and again: it warns where a
        # report computes the outputs of the layers of several models.
        if os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3":
            logging.getLogger("tensorflow").setLevel(logging.ERROR)
    return sys.modules["keras"]


@contextmanager
def stderr_shut() -> Iterator[None]:
    """Let nothing through to standard error, not even what C++ writes."""
    sys.stderr.flush()
    # The descriptor, not `sys.stderr`: C++ does not know of Python's stream.
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
