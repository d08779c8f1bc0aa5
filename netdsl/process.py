"""The process that netdsl runs in. The command has one of its own: it skips imports that it has no
use for, and exits without tearing everything down.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

own = False
"""Whether this process is the command's, and not that of a Python program that uses netdsl."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Switch the garbage collector off for as long as the context lasts.

    While many objects are made and kept, it takes up to a third of the time. In the command's own
    process they are never searched later either.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if own:
            # What is made here lives to the end of the process: the collector need not look at it
            # again.
            gc.freeze()
        if collecting:
            gc.enable()


@contextmanager
def without_unused() -> Iterator[None]:
    """Hide, in the command's own process, what Keras and TensorFlow import only because it is
    installed: scikit-learn, and the frameworks on which Keras does not run. Some seconds together.
    """
    used = backend()
    known = {"tensorflow", "jax", "torch"}
    # What is imported already stays: a module cannot be hidden from code that holds it.
    out = {"sklearn", *known} - {used, *sys.modules} if own and used in known else set()
    modules: dict[str, Any] = dict.fromkeys(out)  # None: importing it raises ImportError
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in out:
            del sys.modules[name]


def backend() -> str:
    """Return the backend that Keras has or will take.

    The environment's, the one in Keras's own file of settings, else TensorFlow.
    """
    if "keras" in sys.modules:
        return str(sys.modules["keras"].config.backend())
    return os.environ.get("KERAS_BACKEND") or _settled() or "tensorflow"


def _settled() -> str:
    """Return the backend in Keras's file of settings; nothing where there is no such file."""
    home = os.path.expanduser("~")
    folder = os.environ.get("KERAS_HOME") or os.path.join(
        home if os.access(home, os.W_OK) else "/tmp", ".keras"
    )
    try:
        with open(os.path.join(os.path.expanduser(folder), "keras.json"), encoding="utf-8") as file:
            return str(json.load(file).get("backend", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def open_missing_descriptors() -> None:
    """Open the null device in place of standard streams that are closed.

    Otherwise the next file that is opened would get the descriptor of one, and what is printed to
    that stream would be written into the file.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def end(code: int) -> NoReturn:
    """Exit after the exit handlers, without tearing the interpreter down.

    That would take a tenth of a `check`, and a second once Keras is imported.

    Args:
        code: the exit code.
    """
    import atexit

    if "threading" in sys.modules:
        sys.modules["threading"]._shutdown()  # these two as multiprocessing ends its processes
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or full: reported already
            stream.flush()
    os._exit(code)
