"""What a form of a model is: how its files end, what writes them, and what runs them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

Runner = Callable[[Sequence["Array"]], list["Array"]]
"""Runs an export: an array [n, ...] for each input gives one for each output."""

PreparedRunner = Callable[[Mapping[str, "Array"]], list["Array"]]
"""Runs an export that prepares its examples itself: an array [n, ...] for each of its inputs by
name gives one for each of its outputs, in their order.
"""


class Format(NamedTuple):
    """A form that a model can be exported in.

    Attributes:
        title: its name in messages.
        suffixes: how the names of its files end.
        write: writes a model to a path, and returns what should be said of it.
        runner: makes of a model and a path what runs the export; None where nothing does.
        checker: the package that runs it.
        packages: those that writing and running need.
        tensorflow: whether only this backend writes it.
        write_prepared: writes a `PreparedModel`, as `write` does a model; None where the form
            holds the network alone.
        prepared_runner: makes of a `PreparedModel` and a path what runs the export.
    """

    title: str
    suffixes: tuple[str, ...]
    write: Callable[[Any, Path], str]
    runner: Callable[[Any, Path], Runner] | None
    checker: str = ""
    packages: tuple[str, ...] = ()
    tensorflow: bool = True
    write_prepared: Callable[[Any, Path], str] | None = None
    prepared_runner: Callable[[Any, Path], PreparedRunner] | None = None
