"""Examples to predict: image files, arrays, rows of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError, did_you_mean, fail
from netdsl.training.data.sources.arrays import check_numbers, read_npy, read_npz
from netdsl.training.data.sources.claims import check_form, check_pixels
from netdsl.training.data.sources.deep_images import deep_image
from netdsl.training.data.sources.images import SUFFIXES as IMAGES
from netdsl.training.data.sources.images import read_image
from netdsl.training.data.sources.parsed_table import as_text, select
from netdsl.training.data.sources.table_file import SUFFIXES, read_table_file
from netdsl.training.data.sources.unfamiliar import unfamiliar_cells
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.shapes import channels, misfit

if TYPE_CHECKING:
    from netdsl.training.data.sources.parsed_table import ParsedTable
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.preparation.rows import Array, Shape
    from netdsl.training.preparation.transforms import Preparation

STANDARD_INPUT = "-"


class PredictionInputs(NamedTuple):
    """Examples to predict.

    Attributes:
        names: one for each record.
        x: an array for each input, for `preparation.x`.
        notes: by record, its values that the network was not trained on.
        failed: by path, what is wrong with a file that is left out.
        filled: by record, its empty cells that are filled as in the training, which had some too.
        ids: by record, the cells that identify the row, by column.
        others: by path, why a text file in a folder is not taken for a table.
    """

    names: list[str]
    x: tuple[Array, ...]
    notes: Mapping[int, Sequence[str]] = MappingProxyType({})
    failed: Mapping[str, NetError] = MappingProxyType({})
    filled: Mapping[int, Sequence[str]] = MappingProxyType({})
    ids: Mapping[int, Mapping[str, str]] = MappingProxyType({})
    others: Mapping[str, NetError] = MappingProxyType({})


SKIPPED = ("N511", "N512", "N513", "N524")
"""Codes of files that cannot be read; of several files the others are predicted."""

SKIPPED_TABLES = (*SKIPPED, "N516", "N517", "N518", "N530", "N531", "N536")
"""Such codes of tables."""

NO_TABLE = ("N516", "N530", "N536")
"""Codes of a text file in a folder without the expected columns: it is left out with a note."""


def read_inputs(
    paths: str | Path | Sequence[str | Path], preparation: Preparation
) -> PredictionInputs:
    """Read files to predict.

    An `.npz` holds them as `x` (`x_NAME` for several inputs), as `x_test` or as its only array; an
    `.npy` is one array, of examples or of one example; a network that was trained on a table takes
    a CSV or Parquet file, or a CSV on standard input (`-`), with or without the target's column;
    any other file is an image. With several inputs `NAME=PATH` names each one's file.

    A folder means all such files in it and below, a pattern such as `photos/*.png` those that it
    matches. Of several files, those that cannot be read are left out.

    Raises:
        NetError: N506, N511 to N518, N524, N527, N530 to N532, N536.
    """
    given = [str(paths)] if isinstance(paths, (str, Path)) else [str(path) for path in paths]
    if not given:
        raise fail("N516", "there is nothing to predict")
    many = [path for one in given for path in _files(one, preparation)]
    arrays = len(preparation.inputs) > 1 and not preparation.table
    if arrays and all("=" in path for path in many):
        return _by_name(many, preparation)
    read: list[PredictionInputs] = []
    failed: dict[str, NetError] = {}
    others: dict[str, NetError] = {}
    skipped = SKIPPED_TABLES if preparation.table else SKIPPED
    for path in many:
        try:
            read.append(_read(path, preparation))
        except NetError as error:
            code = error.diagnostics[0].code
            # A mistake in the request itself, or in the only file, ends it.
            if len(many) == 1 or code not in skipped:
                raise
            text = path not in given and path.lower().endswith(".txt") and code in NO_TABLE
            (others if text else failed)[path] = error
    if not read:
        raise NetError(
            *(one for error in (failed or others).values() for one in error.diagnostics[:1])
        )
    names = [name for one in read for name in one.names]
    columns = list(zip(*(one.x for one in read), strict=True))
    x = tuple(
        _joined(column, input) for column, input in zip(columns, preparation.inputs, strict=True)
    )
    notes: dict[int, Sequence[str]] = {}
    filled: dict[int, Sequence[str]] = {}
    ids: dict[int, Mapping[str, str]] = {}
    first = 0
    for one in read:
        notes |= {first + row: texts for row, texts in one.notes.items()}
        filled |= {first + row: texts for row, texts in one.filled.items()}
        ids |= {first + row: cells for row, cells in one.ids.items()}
        first += len(one.names)
    return PredictionInputs(names, x, notes, failed, filled, ids, others)


def _files(path: str, preparation: Preparation) -> list[str]:
    """Return the files that a path means, for a folder or a pattern in the order of their names.

    Raises:
        NetError: N511 for a pattern that matches nothing, N528 for a folder without such files.
    """
    import glob
    import os

    if os.path.isdir(path):
        suffixes = SUFFIXES if preparation.table else (*IMAGES, ".npy", ".npz")
        found = sorted(
            os.path.join(folder, name)
            for folder, _, names in os.walk(path)
            for name in names
            if name.lower().endswith(suffixes) and not name.startswith(".")
        )
        if not found:
            ends = ", ".join(suffixes)
            raise fail("N528", f"{path} has no files to predict", help=f"they end in {ends}")
        return found
    # A file's own name may look like a pattern: `a[1].png`.
    if not glob.has_magic(path) or os.path.exists(path):
        return [path]
    found = sorted(glob.glob(path, recursive=True))
    if not found:
        raise fail("N511", f"no file matches {path}", help="** matches folders below folders too")
    return [each for one in found for each in (_files(one, preparation))]


def _joined(arrays: Sequence[Array], input: InputTransform) -> Array:
    """Join the records of several files, converted to one shape as `values` would do."""
    import numpy as np

    if len({array.shape[1:] for array in arrays}) > 1:
        arrays = [input.alike(array) for array in arrays]
    return np.concatenate(arrays) if len(arrays) > 1 else arrays[0]


def _by_name(paths: Sequence[str], preparation: Preparation) -> PredictionInputs:
    """Read a file for each input: `left=a.png right=b.png`. Raises NetError N506, N514, N515."""
    pairs = [path.split("=", 1) for path in paths]
    given = {one[0]: one[1] for one in pairs}
    inputs = [input.name for input in preparation.inputs]
    if twice := [
        name
        for place, (name, _) in enumerate(pairs)
        if name in [other for other, _ in pairs[:place]]
    ]:
        files = " and ".join(path for name, path in pairs if name == twice[0])
        raise fail(
            "N506",
            f"the input `{twice[0]}` is given twice: {files}",
            help="give one file for each; for several examples use files of arrays",
        )
    for name in sorted(given.keys() - set(inputs)):
        left = [one for one in inputs if one not in given]
        help = did_you_mean(name, left) or f"the inputs are {', '.join(inputs)}"
        raise fail("N514", f"the network has no input `{name}`", help=help)
    for name in inputs:
        if name not in given:
            raise fail(
                "N514",
                f"the input `{name}` is not given",
                help=" ".join(f"{one}=FILE" for one in inputs),
            )
    read = [_single(given[input.name], input) for input in preparation.inputs]
    if len({len(one.names) for one in read}) > 1:
        counts = " and ".join(
            f"{given[input.name]} holds {len(one.names):,}"
            for input, one in zip(preparation.inputs, read, strict=True)
        )
        raise fail("N515", f"each record needs one example for each input: {counts}")
    # Records are named by the first input's files: the names of all inputs' would be too long.
    return read[0]._replace(x=tuple(one.x[0] for one in read))


def _read(path: str, preparation: Preparation) -> PredictionInputs:
    """Read the records of a file, for all inputs."""
    if columns := preparation.table:
        file = Path(path)
        if path != STANDARD_INPUT and file.suffix.lower() not in SUFFIXES:
            raise fail(
                "N536",
                f"{path} is not a table, and the network was trained on one",
                help=f"give a file of {', '.join(SUFFIXES)}, or -",
            )
        table = _file_table(file, columns)
        if not len(table.places):
            raise fail("N516", f"{path} has no rows")
        names = [f"{path}:{place}" for place in table.places.tolist()]
        return selected(table, preparation, names)
    if len(preparation.inputs) == 1:
        return _single(path, preparation.inputs[0])
    inputs = [input.name for input in preparation.inputs]
    if not path.endswith(".npz"):
        known = " ".join(f"{name}=FILE" for name in inputs)
        raise fail(
            "N514",
            f"{path} is one array; the network has {len(inputs)} inputs",
            help=f"give an .npz file, or {known}",
        )
    held = _held(Path(path), [f"_{name}" for name in inputs], preparation.inputs)
    made = tuple(
        sound(array, input, Path(path).name)
        for array, input in zip(held, preparation.inputs, strict=True)
    )
    if len({len(array) for array in made}) > 1:
        lengths = ", ".join(f"{len(array):,}" for array in made)
        raise fail(
            "N515",
            f"the arrays of {path} differ in length: {lengths}",
        )
    return PredictionInputs(_numbered(path, len(made[0])), made)


def _single(path: str, input: InputTransform) -> PredictionInputs:
    """Read the records of a file, for one input."""
    file = Path(path)
    if file.suffix.lower() not in (".npy", ".npz"):
        return PredictionInputs([path], (_picture(file, input),))
    array = read_npy(file) if file.suffix.lower() == ".npy" else _held(file, [""], (input,))[0]
    x = sound(array, input, file.name)
    return PredictionInputs(_numbered(path, len(x)), (x,))


def selected(table: ParsedTable, preparation: Preparation, names: list[str]) -> PredictionInputs:
    """Return the rows of a table, with notes on cells that the network was not trained on.

    Raises:
        NetError: as `select` does.
    """
    x, columns = preparation_rows(table, preparation), preparation.table
    notes: dict[int, list[str]] = {}
    filled: dict[int, list[str]] = {}
    for note in unfamiliar_cells(table, columns) if columns else ():
        for row in note.rows.tolist():
            (filled if note.filled else notes).setdefault(row, []).append(note.message)
    ids = _ids(table, columns.ids) if columns else {}
    return PredictionInputs(names, x, notes, filled=filled, ids=ids)


def ids_by_place(path: Path, preparation: Preparation) -> dict[int, dict[str, str]]:
    """Return the cells that identify the rows of a file, by the line or row and the column.

    Raises:
        NetError: as `read_table_file` does.
    """
    columns = preparation.table
    if not columns or not columns.ids:
        return {}
    table = _file_table(path, columns)
    found = _ids(table, columns.ids)
    return {place: found[row] for row, place in enumerate(table.places.tolist()) if row in found}


def _file_table(path: Path, columns: TableTransform) -> ParsedTable:
    """Read a file as a run has read its own, with the columns that identify rows as texts."""
    texts = dict.fromkeys(columns.ids, True)
    return read_table_file(path, columns.form, columns.header, columns, texts)


def _ids(table: ParsedTable, names: Sequence[str]) -> dict[int, dict[str, str]]:
    """Return the cells that identify the rows, by row and column."""
    found: dict[int, dict[str, str]] = {}
    for name in names:
        if name not in table.names:
            continue
        column = as_text(table.column(name))
        texts = (*(column.categories or ()), "")
        for row, place in enumerate(column.values.tolist()):
            found.setdefault(row, {})[name] = "" if math.isnan(place) else texts[int(place)]
    return found


def preparation_rows(table: ParsedTable, preparation: Preparation) -> tuple[Array, ...]:
    """Return the rows of a table for each input of a run."""
    tables = (input.columns for input in preparation.inputs)
    return tuple(select(table, columns) for columns in tables if columns)


def _numbered(path: str, count: int) -> list[str]:
    return [f"{path}[{row}]" for row in range(count)]


def sound(array: Array, input: InputTransform, name: str) -> Array:
    """Check examples, or a single one, and return them as [n, ...]."""
    x = array.reshape(_as_several(array.shape, input))
    check_numbers(x, name)
    input.check(x, name)
    input.check_range(x, name)
    return x


def _as_several(given: Shape, input: InputTransform) -> Shape:
    """Return the shape of an array with an axis of examples first, and flat images as images."""
    if _is_one(given, input):
        return (1, *given)
    flat = input.images and len(given) == 2 and given[1] == math.prod(input.example)
    return (given[0], *input.example) if flat else given


def _is_one(given: Shape, input: InputTransform) -> bool:
    """Return whether an array is one example, not several.

    It is if it has an example's shape, or is an image of another size [h, w] or [h, w, 1 or 3].
    """
    if given == input.example or input.columns or not input.images:
        return given == input.example
    # [h, w, 3] of another size, unless it may be h examples of [w, 3].
    colour = len(given) == 3 and given[2] in (1, 3) and given[1:] != input.example
    image = colour or (
        len(given) == 2 and given[1] != math.prod(input.example) and not input.accepts(given[1:])
    )
    return image and min(given) > 0 and input.accepts(given)


def _held(path: Path, names: Sequence[str], inputs: Sequence[InputTransform]) -> list[Array]:
    """Return an array for each input, by its name after `x`.

    Arrays that no input can use are not unpacked.
    """
    held = read_npz(path)
    found = [
        [form + name for name in names]
        for form in ("x", "X", "x_test", "X_test")
        if all(form + name in held for name in names)
    ]
    # A single array may have any name, as it cannot be confused with another.
    found += [list(held)] if len(names) == len(held) == 1 else []
    if found:
        for name, input in zip(found[0], inputs, strict=True):
            header = held.header(name)
            example = _as_several(header.shape, input)[1:]
            check_form(header, path.name)
            input.check_shape(example, path.name)
            check_pixels(example, input.shape, path.name)
        return [held[name] for name in found[0]]
    missing = ", ".join(f"`x{name}`" for name in names if f"x{name}" not in held)
    raise fail("N514", f"{path} has no array {missing}; it has {', '.join(sorted(held)) or 'none'}")


def _picture(path: Path, input: InputTransform) -> Array:
    """Read an image file as one example [1, h, w] or [1, h, w, 3].

    Its black and white have the values that they have in the training data.
    """
    import numpy as np

    if input.vocabulary:
        raise fail(
            "N524", f"{path} is not an .npy or .npz file of indices, which the network requires"
        )
    # Standardised or unscaled numbers: none of them corresponds to a pixel's 255.
    if not input.unit:
        help = (
            "give an .npy file with numbers like the training data's, "
            "or train with `data: {scale: ...}`"
        )
        raise fail(
            "N524",
            "the training data's values are not from 0 to its scale, so the value of white is not "
            "known",
            help=help,
        )
    grey = channels(input.example) == 1 if input.images else channels(input.shape) == 1
    expected = input.example[:2] if input.images else ()
    if input.pixel_range:
        shape = input.example if input.images else ()
        if len(shape) == 2:
            shape = (*shape, 1)
        pixels = deep_image(path, shape, input.pixel_range)[None]
        return pixels.reshape(1, *input.example) if input.images else pixels[..., 0]
    # A file's white is 255; the training's may be 16 (digits) or 1.
    pixels = np.asarray(read_image(path, grey, expected), np.float32)[None] * (input.scale / 255)
    if not input.images and pixels[0].size != np.prod(input.shape):
        raise misfit(pixels.shape[1:], input.shape, str(path))
    return pixels
