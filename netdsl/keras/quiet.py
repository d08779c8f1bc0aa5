"""Importing Keras without its backend's chatter."""

from __future__ import annotations

import os
import sys
from types import ModuleType


def quiet_keras() -> ModuleType:
    """Keras, imported with standard error shut at the level of the process.

    TensorFlow's C++ code writes there before it has read any setting of its log level. An error of the import itself is
    still raised. `TF_CPP_MIN_LOG_LEVEL`, where it is set, decides what is logged later on.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "keras" not in sys.modules:
        sys.stderr.flush()
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            import keras  # noqa: F401
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
    return sys.modules["keras"]
