"""Keras models as people post them, ten in each of eleven styles: what `netdsl import` meets.

They were written before anything was imported. Each is a function without arguments whose
docstring says what it is an example of; `MODELS` lists them by style. The twelfth style, files that
Keras 2 wrote, lies in `legacy/`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from netdsl.keras.quiet import quiet_keras

quiet_keras()

from . import (  # noqa: E402  # Keras is made quiet before it is imported
    attention,
    bidirectional,
    nested,
    operations,
    preprocessing,
    recurrent,
    several_ends,
    shared,
    slices,
    time_distributed,
    transposed,
)


def _functions(module: ModuleType) -> dict[str, Callable[[], Any]]:
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }


MODELS: dict[str, dict[str, Callable[[], Any]]] = {
    module.__name__.rpartition(".")[2]: _functions(module)
    for module in (
        several_ends,
        nested,
        shared,
        preprocessing,
        operations,
        slices,
        time_distributed,
        bidirectional,
        attention,
        transposed,
        recurrent,
    )
}

LEGACY: dict[str, Path] = {
    path.stem: path
    for path in sorted((Path(__file__).parent / "legacy").iterdir())
    if path.suffix in (".h5", ".keras")
}
