"""What a recipe needs: its backend, which is selected for Keras, and its loggers' packages."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from netdsl.errors import fail

if TYPE_CHECKING:
    from netdsl.errors import Span

LOGGER_PACKAGES = {"tensorboard": "tensorboard", "mlflow": "mlflow", "wandb": "wandb"}
"""The loggers, and the package that each needs."""


def use_backend(backend: str | None, span: Span | None = None) -> None:
    """Select a backend for Keras; None does nothing.

    Args:
        backend: the one that a recipe names.
        span: where the recipe names it.

    Raises:
        NetError: N602 where it is not installed, N617 where Keras has another already.
    """
    if backend is None:
        return
    if "keras" in sys.modules:
        now = sys.modules["keras"].config.backend()
        if now != backend:
            raise fail(
                "N617",
                f"Keras runs on {now} in this process; the recipe asks for {backend}",
                span,
                help=f"set KERAS_BACKEND={backend} before Keras is imported",
            )
        return
    # Only searched for, not imported: importing TensorFlow takes seconds.
    if find_spec(backend) is None:
        package = backend if backend == "tensorflow" else f"'netdsl[{backend}]'"
        raise fail(
            "N602",
            f"the backend {backend} is not installed",
            span,
            help=f"pip install {package}",
        )
    os.environ["KERAS_BACKEND"] = backend


def require_loggers(names: Sequence[str]) -> None:
    """Reject loggers whose package is not installed.

    Raises:
        NetError: N602.
    """
    for name in names:
        package = LOGGER_PACKAGES[name]
        if package not in sys.modules and find_spec(package) is None:
            raise fail(
                "N602",
                f"the logger {name} needs {package}, which is not installed",
                help=f"pip install 'netdsl[{package}]'",
            )
