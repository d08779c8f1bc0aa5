"""A format of a model: the suffixes of its files, and functions that write and run them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

Runner = Callable[[Sequence["Array"]], list["Array"]]
"""Runs an export: takes an array [n, ...] for each input, and returns one for each output."""

PreparedRunner = Callable[[Mapping[str, "Array"]], list["Array"]]
"""Runs an export that prepares its examples itself: takes an array [n, ...] for each of its inputs
by name, and returns one for each of its outputs, in their order.
"""


class Format(NamedTuple):
    """A format that a model can be exported in.

    Attributes:
        title: its name in messages.
        suffixes: of its files.
        write: writes a model to a path, and returns remarks on it.
        runner: returns what runs the export, from the model and the path; None if nothing runs it.
        checker: the package that runs it.
        packages: the packages that writing and running need.
        tensorflow: whether only this backend writes it.
        write_prepared: writes a `PreparedModel`, as `write` does a model; None for a format that
            can hold only the network.
        prepared_runner: returns what runs the export, from the `PreparedModel` and the path.
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
