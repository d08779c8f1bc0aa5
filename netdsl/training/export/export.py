"""Export a trained network in other formats, each checked before the file gets its name."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import NetError, did_you_mean, fail
from netdsl.errors.printable import in_one_line
from netdsl.files import not_written, write
from netdsl.json_text import json_text
from netdsl.keras.quiet import quiet_keras
from netdsl.paths import kind_of
from netdsl.training.export.checks import cannot_hold, check
from netdsl.training.export.interface import interface_of
from netdsl.training.export.precision import in_float32, precision
from netdsl.training.export.prepared import PreparedModel
from netdsl.training.export.prepared_check import check_prepared
from netdsl.training.export.quantized import (
    check_quantization,
    compare,
    read_quantizing,
    write_quantized,
)
from netdsl.training.export.registry import FORMATS, format_of
from netdsl.training.export.silence import silent
from netdsl.training.preparation.transforms import as_plain
from netdsl.training.runs.finished import finished_run
from netdsl.wording import bytes_text, first_few

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The system's errors where there is no space for a file."""

LISTED = 10
"""The most inputs and outputs that are named in messages."""

if TYPE_CHECKING:
    import keras

    from netdsl.training.export.format import Format
    from netdsl.training.export.interface import Interface
    from netdsl.training.export.quantized import Quantizing
    from netdsl.training.runs.finished import FinishedRun


def export(
    source: str | Path,
    target: str | Path,
    *,
    format: str | None = None,
    force: bool = False,
    net: str | None = None,
    bare: bool = False,
    quantize: str | None = None,
    data: Any = None,
) -> list[str]:
    """Write the best weights of a run, or the model in a .keras file, in another format.

    ONNX and a SavedModel of a run prepare examples and turn outputs into answers themselves, and
    describe their inputs and outputs. Other formats hold the network alone, next to a `NAME.json`
    that describes how examples are prepared, and the names of the classes. If anything fails,
    nothing is written.

    Args:
        source: a run folder or a .keras file.
        target: the path to write to; its suffix chooses the format unless `format` does.
        format: the name of the format, or None.
        force: whether files may be overwritten.
        net: `generator` or `discriminator`, for a GAN's run.
        bare: whether to write the network alone in every format.
        quantize: float16 or int8, for LiteRT.
        data: the data itself, where the run was given it in Python and LiteRT is quantized.

    Returns:
        What was done, in words.

    Raises:
        NetError: N601, N604, N613, N614 for paths, N602 where a package is missing, N631 for a
            format, N632 to N634 where the format cannot hold the network, N635 for a quantization.
        RunError: N610 where it cannot be written to the disk.
    """
    source, target = Path(source), Path(target)
    name = format_of(target, format)
    # The target of a link is overwritten: renaming onto the link would replace the link itself.
    if target.is_symlink() and force:
        target = Path(os.path.realpath(target))
    form = FORMATS[name]
    held = _run_of(source, net)
    if quantize is not None:
        check_quantization(quantize, name, held)
    whole = held is not None and not bare and form.write_prepared is not None
    prepared = json_text(as_plain(held.preparation)) + "\n" if held and not whole else ""
    try:
        _check_free(target, name, force)
    except OSError as error:
        raise not_written(target, error) from None
    description = target.with_name(f"{target.name if name == 'savedmodel' else target.stem}.json")
    if prepared and not force:
        _check_siblings(description, prepared if quantize is None else "")
    _check_installed(form)
    model = held.model() if held else _saved(source)
    converted = in_float32(model) if form.tensorflow else model
    record: dict[str, Any] = {}
    if held and whole:
        interface = interface_of(held.preparation)
        work = _with_preparation(PreparedModel(converted, held.preparation, interface), form)
        done = [*_exported(work, target, form), *_described(interface)]
    elif held and quantize is not None:
        work = _quantized(converted, read_quantizing(held, quantize, data), record)
        done = [*_exported(work, target, form)]
        prepared = json_text(as_plain(held.preparation) | record) + "\n"
    else:
        done = [*_exported(_bare(converted, form), target, form)]
    if form.tensorflow and precision(model) != "float32":
        done.append(f"it computes in float32; the network was trained in {precision(model)}")
    if prepared:
        write(description, prepared)
        done.append(f"{description}: how to prepare the inputs, and what the outputs mean")
    return done


def _described(interface: Interface) -> Iterator[str]:
    """Describe the inputs and outputs of an export."""
    takes, gives = (
        first_few([in_one_line(one.name) for one in each], LISTED)
        for each in (interface.inputs, interface.outputs)
    )
    yield f"it takes {takes}, as the data has them, and gives {gives}"
    for one in interface.inputs:
        if one.words:
            name = in_one_line(one.name)
            yield f"{name} is given as the places of its words: texts are not split in the export"


# --- what is rejected before anything is written --------------------------------------------------


def _check_free(target: Path, name: str, force: bool) -> None:
    """Check that the target can be written.

    Raises:
        NetError: N604 where something that may not be overwritten exists, N601 where there is no
            such folder.
    """
    if not os.path.isdir(target.parent):
        raise fail("N601", f"there is no folder {target.parent}")
    ours = (
        name == "savedmodel"
        and target.name
        and os.path.isdir(target)
        and (target / "saved_model.pb").is_file()
    )
    if os.path.isdir(target) and not ours:
        replaced = "but not a SavedModel that could be replaced"
        raise fail("N604", f"{target} is a folder, {replaced}", help="choose another name")
    if os.path.isfile(target) and name == "savedmodel":
        message = f"{target} is a file; a SavedModel is a folder"
        raise fail("N604", message, help="choose another name")
    if os.path.exists(target) and (kind := kind_of(target.stat().st_mode)) not in ("", "folder"):
        raise fail("N604", f"{target} is a {kind}", help="choose another name")
    if os.path.lexists(target) and not force:
        help = "overwrite it with --force, or choose another name"
        raise fail("N604", f"{target} already exists", help=help)


def _check_siblings(description: Path, prepared: str) -> None:
    """Raise NetError N604 where the file next to the export exists, with another content."""
    if os.path.exists(description) and (
        not description.is_file() or description.read_bytes() != prepared.encode()
    ):
        raise fail(
            "N604",
            f"{description} already exists: it would say how to prepare the inputs",
            help="overwrite it with --force",
        )


def _check_installed(form: Format) -> None:
    """Check that a format can be written here, and select TensorFlow for Keras if it is needed.

    Raises:
        NetError: N602 for a missing package, N633 for another backend.
    """
    for package in form.packages:
        if find_spec(package) is None:
            message = f"{form.title} needs {package}, which is not installed"
            raise fail("N602", message, help="pip install 'netdsl[export]'")
    # Keras reads the variable once, when it is imported; after that the process cannot change the
    # backend.
    if form.tensorflow and "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    if form.tensorflow and (now := quiet_keras().config.backend()) != "tensorflow":
        raise fail(
            "N633",
            f"Keras runs on {now} in this process; {form.title} is written on tensorflow",
            help="set KERAS_BACKEND=tensorflow before Keras is imported; the weights are the same",
        )


# --- what is exported -----------------------------------------------------------------------------


def _run_of(source: Path, net: str | None) -> FinishedRun | None:
    """Return the run of a folder; None for a .keras file. Raises NetError N601, N613, N614."""
    if os.path.isdir(source) or not source.suffix:
        return finished_run(source, net)
    if net is not None:
        raise fail("N691", f"{source} holds one network", help="leave --net out")
    if source.suffix != ".keras":
        raise fail("N613", f"{source} is neither a run folder nor a .keras file")
    if not os.path.isfile(source):
        near = did_you_mean(source.name, (other.name for other in source.parent.glob("*.keras")))
        raise fail("N601", f"there is no file {source}", help=near)
    return None


def _saved(source: Path) -> keras.Model:
    """Return a .keras file's model. Raises NetError N613, N614."""
    from netdsl.keras.opening import load_model

    return load_model(source)


class _Work(NamedTuple):
    """Functions that write a model to a path, and that check it; both return words."""

    model: keras.Model
    write: Callable[[Path], str]
    check: Callable[[Path], list[str]]


def _bare(model: keras.Model, form: Format) -> _Work:
    def checked(path: Path) -> list[str]:
        return [check(model, path, form)] if form.runner else []

    return _Work(model, partial(form.write, model), checked)


def _with_preparation(prepared: PreparedModel, form: Format) -> _Work:
    assert form.write_prepared is not None
    write = partial(form.write_prepared, prepared)
    return _Work(prepared.model, write, lambda path: [check_prepared(prepared, path, form)])


def _quantized(model: keras.Model, quantizing: Quantizing, record: dict[str, Any]) -> _Work:
    """Return the work, which writes the figures into `record`."""
    write = partial(write_quantized, model, quantizing)
    return _Work(model, write, lambda path: compare(model, quantizing, path, record))


def _exported(work: _Work, target: Path, form: Format) -> Iterator[str]:
    """Write a model to a temporary path, check it, and rename it; yield what was done, in words."""
    try:
        # In the target's folder: renaming is atomic only within a file system.
        with tempfile.TemporaryDirectory(prefix=".part-", dir=target.parent) as folder:
            part = Path(folder) / f"model{form.suffixes[0]}"
            more = _written(work, part, form)
            checked = work.check(part)
            # Counted before the part is renamed.
            files = [part] if part.is_file() else part.rglob("*")
            nbytes = sum(file.stat().st_size for file in files if file.is_file())
            _place(part, target, Path(folder) / "old")
    except OSError as error:
        raise not_written(target, error) from None
    yield f"{target}: {form.title}, {bytes_text(nbytes)}{more}"
    yield from checked


def _written(work: _Work, part: Path, form: Format) -> str:
    try:
        with silent():
            return work.write(part)
    except (NetError, OSError, MemoryError):
        raise
    except Exception as error:  # converters raise errors of any kind
        if full := _full_disk(error):
            raise full from None
        raise cannot_hold(work.model, form, error) from None


def _full_disk(error: Exception) -> OSError | None:
    """Return the system's error that a library, TensorFlow or safetensors, wrapped in its own."""
    codes = (code for code in FULL if os.strerror(code) in str(error))
    return next((OSError(code, os.strerror(code)) for code in codes), None)


def _place(part: Path, target: Path, old: Path) -> None:
    """Rename the part to its target; if that fails, a folder that was there is restored."""
    if not target.is_dir():
        os.replace(part, target)
        return
    # A folder cannot be renamed onto one that has files.
    os.replace(target, old)
    try:
        os.replace(part, target)
    except OSError:
        os.replace(old, target)
        raise
