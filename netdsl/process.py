"""The process that netdsl runs in. The command has one for itself: it leaves out what it has no use for, and ends at once."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

own = False
"""Whether this process is the command's, and no Python program's that uses netdsl."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Python looks for no garbage meanwhile: where much is made and kept, that takes up to a third of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def without_unused() -> Iterator[None]:
    """Lets nothing import, in the command's own process, what Keras and TensorFlow would import only because it is installed.

    That is scikit-learn, and the frameworks on which Keras does not run: some seconds together.
    """
    backend = _backend()
    known = {"tensorflow", "jax", "torch"}
    out = {"sklearn", *known} - {backend, *sys.modules} if own and backend in known else set()
    modules: dict[str, Any] = dict.fromkeys(out)  # None: who imports it is told that it is not there
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in out:
            del sys.modules[name]


def _backend() -> str:
    """What Keras is told to run on, as it will find out itself."""
    home = os.path.expanduser("~")
    folder = os.environ.get("KERAS_HOME") or os.path.join(home if os.access(home, os.W_OK) else "/tmp", ".keras")
    try:
        with open(os.path.join(os.path.expanduser(folder), "keras.json"), encoding="utf-8") as file:
            written = json.load(file).get("backend")
    except (OSError, ValueError, AttributeError):
        written = None
    return os.environ.get("KERAS_BACKEND") or written or "tensorflow"


def end(code: int) -> NoReturn:
    """Ends the process. Once Keras is there, Python takes a second to take everything down piece by piece: that is left out."""
    if "keras" not in sys.modules:
        sys.exit(code)
    import atexit
    import threading

    threading._shutdown()  # type: ignore[attr-defined]  # these two as multiprocessing ends its processes
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
