"""Keras models opened safely: files, and the models of keras.applications."""

from __future__ import annotations

import io
import json
import math
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any
from warnings import catch_warnings, simplefilter

from netdsl.errors import NetError, did_you_mean, fail, first_line
from netdsl.keras import private
from netdsl.keras.build import toolbox
from netdsl.keras.calls import InputShapes
from netdsl.keras.claims import check_built, check_claims
from netdsl.keras.keras_2 import is_keras_2, load_keras_2

_CODE = (
    "Lambda",
    "__lambda__",
    "function",
    "TorchModuleWrapper",
    "JaxLayer",
    "FlaxLayer",
    "TFSMLayer",
)  # these layers run code that they were given
_OURS = re.compile(r"(keras|tf_keras|netdsl|builtins)(\.|>|$)")
_MAX_BYTES = 64 << 20
_APPLICATION = re.compile(r"keras:(\w+)")
IMAGENET = "imagenet"
"""The weights of keras.applications that Keras downloads."""


def load_model(path: str | os.PathLike[str]) -> Any:
    """Load a saved Keras model, which may have netdsl's own layers, with `safe_mode` on.

    Code in the file is not run.

    Raises:
        NetError: N601 where there is no such file, N614 where it is not a whole model.
    """
    if not os.path.isfile(path):
        raise fail("N601", f"there is no file {os.fspath(path)}")
    # Before Keras is imported, which takes seconds.
    if lack := _lack(os.fspath(path)):
        raise fail("N614", f"{os.fspath(path)} is not a complete Keras model: {lack}")
    keras = toolbox().keras  # imported quietly, before anything else does so
    try:
        with _bounded(os.fspath(path)):
            return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # on damage Keras, h5py, zipfile and zlib raise errors of any kind
        raise fail(
            "N614", f"{os.fspath(path)} is not a complete Keras model: {first_line(error)}"
        ) from None


@contextmanager
def _bounded(path: str) -> Iterator[None]:
    """Limit what is loaded within: a file may not claim far more than it holds.

    Raises:
        ValueError: where it does.
    """
    import numpy as np

    arrays, needed = check_claims(path), 0

    def count(variable: Any) -> None:
        nonlocal needed
        # At each variable, before it has memory: a short configuration can ask for terabytes.
        needed += math.prod(variable.shape) * np.dtype(variable.dtype).itemsize
        check_built(needed, arrays)

    with private.watched_initialization(count):
        try:
            yield
        except Exception:  # Keras replaces what is raised in a layer by an error of its own
            check_built(needed, arrays)
            raise


def _lack(path: str) -> str:
    """Find what a file lacks to be a Keras model: a `.keras` is a zip archive.

    Files with the suffix `.h5`, which Keras reads too, are not checked.
    """
    if path.endswith((".h5", ".hdf5")):
        return ""
    if not path.endswith(".keras"):
        return "its name does not end in .keras"
    if not zipfile.is_zipfile(path):
        return f"its {os.path.getsize(path):,} bytes are not a complete zip archive"
    try:
        with zipfile.ZipFile(path) as archive:
            held = set(archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        return first_line(error)
    if "config.json" not in held:
        return "the archive has no config.json"
    return "" if any(".weights." in name for name in held) else "the archive has no weights"


# --- models to import -----------------------------------------------------------------------------


def is_application(what: str) -> bool:
    """Say whether this is `keras:NAME`, one of keras.applications, and no file."""
    return _APPLICATION.fullmatch(what) is not None


def open_model(what: str, shape: InputShapes = None, weights: str | None = None) -> Any:
    """Open a Keras model.

    A file's stored configuration is read first, and rejected with the layer's name where it could
    run code: Keras's loader never sees such a file.

    Args:
        what: a `.keras` or `.h5` file, or `keras:NAME` for one of keras.applications.
        shape: the input's, for one of keras.applications.
        weights: of one of keras.applications: `IMAGENET` for those that Keras downloads, or a
            file of weights; random ones where it is left out.

    Raises:
        NetError: N601 where there is no such file, N614 for one that is not a whole model or not
            its weights, N622 for one that holds code, N602 where Keras is missing, N620 for an
            unknown name of keras.applications, N522 where weights cannot be downloaded.
    """
    name = _APPLICATION.fullmatch(what)
    return _loaded(what) if name is None else _application(name[1], shape, weights)


def _application(name: str, shape: InputShapes, weights: str | None) -> Any:
    keras = toolbox().keras
    # Its modules are in lower case, its models are not.
    known = [key for key in dir(keras.applications) if key[0].isupper()]
    if name not in known:
        raise fail(
            "N620",
            f"keras.applications has no `{name}`",
            help=did_you_mean(name, known) or f"it has {', '.join(known)}",
        )
    given = {} if shape is None else {"input_shape": tuple(shape)}
    make = getattr(keras.applications, name)
    if shape is None and name.startswith("MobileNetV3"):
        given = {"input_shape": (224, 224, 3)}  # Keras leaves the sizes open
    try:
        if weights == IMAGENET:
            return _downloaded(name, make, given)
        model = make(weights=None, **given)
    except (ValueError, TypeError) as error:
        raise fail(
            "N620", f"keras.applications cannot build `{name}`: {first_line(error)}"
        ) from None
    if weights is not None:
        _load_weights(model, weights)
    return model


def _downloaded(name: str, make: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    """Build a model with the weights that Keras downloads, without its own output."""
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            return make(weights=IMAGENET, **given)
    except (ValueError, TypeError):
        raise  # of a shape that these weights do not have
    except Exception as error:  # Keras raises a bare Exception for a failed download
        message = f"the weights of keras:{name} could not be downloaded: {first_line(error)}"
        raise fail("N522", message, help="give a local file: --pretrained FILE.h5") from None


def _load_weights(model: Any, path: str) -> None:
    """Load a file of weights. Raises NetError N601, N614."""
    if not os.path.isfile(path):
        raise fail("N601", f"there is no file of weights {path}")
    try:
        check_claims(path)
        with catch_warnings():
            simplefilter("ignore")  # of another model's file Keras warns a hundred times
            model.load_weights(path)
    except Exception as error:  # on damage Keras and h5py raise errors of any kind
        message = f"{path} does not hold the weights of {model.name}: {first_line(error)}"
        raise fail(
            "N614", message, help="Keras's model.save_weights writes FILE.weights.h5"
        ) from None


def _loaded(path: str) -> Any:
    if os.path.isdir(path):
        raise fail("N601", f"{path} is a folder", help="give a .keras or .h5 file")
    if not os.path.isfile(path):
        raise fail(
            "N601",
            f"there is no file {path}",
            help="give a .keras or .h5 file, or keras:NAME such as keras:ResNet50",
        )
    config = _stored(path)
    # Before Keras reads anything: `safe_mode` has had holes (CVE-2025-1550, CVE-2025-8747).
    _refuse_code(path, config)
    tools = toolbox()
    try:
        with catch_warnings(), _bounded(path):
            simplefilter("ignore")  # Keras's, of what old files say
            if is_keras_2(config["config"], config.get("keras_version")):
                return load_keras_2(path, config["config"])
            return tools.keras.saving.load_model(path, compile=False, safe_mode=True)
    except NetError:
        raise
    except (
        Exception
    ) as error:  # Keras raises whatever its classes raise on a configuration that they do not know
        made_by = config.get("keras_version")
        versions = (
            f" (written by Keras {made_by}, and this is {tools.keras.__version__})"
            if made_by
            else ""
        )
        raise fail("N614", f"{path} cannot be loaded{versions}: {first_line(error)}") from None


def _stored(path: str) -> Mapping[str, Any]:
    """Read the configuration that a file holds, and `keras_version` where it says it.

    Raises:
        NetError: N614 where the file holds none.
    """
    with open(path, "rb") as file:
        # By content, not by suffix: what Keras would open decides.
        begin = file.read(8)
    try:
        if begin.startswith(b"PK"):
            return _stored_in_zip(path)
        if begin == b"\x89HDF\r\n\x1a\n":
            return _stored_in_hdf5(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError, RecursionError) as error:
        raise fail("N614", f"{path} is damaged: {first_line(error)}") from None
    raise fail(
        "N614",
        f"{path} is neither a .keras nor an .h5 file",
        help="model.save('model.keras') writes one",
    )


def _stored_in_zip(path: str) -> Mapping[str, Any]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if "config.json" not in names:
            raise ValueError("it has no config.json")
        found = _object(_member(archive, "config.json"))
        about = _object(_member(archive, "metadata.json")) if "metadata.json" in names else {}
    return {"config": found, "keras_version": about.get("keras_version")}


def _member(archive: zipfile.ZipFile, name: str) -> str:
    if archive.getinfo(name).file_size > _MAX_BYTES:
        raise ValueError(f"its {name} is larger than {_MAX_BYTES >> 20} MiB")
    return archive.read(name).decode("utf-8")


def _stored_in_hdf5(path: str) -> Mapping[str, Any]:
    import h5py

    with h5py.File(path, "r") as file:
        config = file.attrs.get("model_config")
        version = file.attrs.get("keras_version")
    if config is None:
        raise ValueError("it has only weights, not a model")
    text = config.decode("utf-8") if isinstance(config, bytes) else str(config)
    return {
        "config": _object(text),
        "keras_version": version.decode() if isinstance(version, bytes) else version,
    }


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("its configuration is not a JSON object")
    return found


def _refuse_code(path: str, config: Mapping[str, Any]) -> None:
    """Reject a configuration that names code: a Lambda, marshalled bytes, or a class from outside
    Keras and netdsl.
    Raises:
        NetError: N622.
    """
    for part in _objects(config["config"]):
        kind, module = str(part.get("class_name")), part.get("module")
        inner = part.get("config")
        called = (
            f"`{inner['name']}` "
            if isinstance(inner, dict) and isinstance(inner.get("name"), str)
            else ""
        )
        # Also in other layers' arguments: any function may be stored as marshalled bytes.
        if kind in _CODE or (isinstance(inner, dict) and any(map(_is_lambda, inner.values()))):
            help = "write it with Keras's own layers"
            raise fail(
                "N622",
                f"{path}: layer {called}({kind}) holds Python code, which is never run",
                help=help,
            )
        if any(
            not _OURS.match(name)
            # A registered class is named `package>Class`, whatever its module says.
            for name in (module, kind if ">" in kind else None)
            if name is not None
        ):
            what = f"layer {called}({kind.rpartition('>')[2]})"
            message = f"{path}: {what} is a class that is neither Keras's nor netdsl's"
            raise fail("N622", message)


def _is_lambda(value: Any) -> bool:
    """Say whether a value of a configuration is a function without a name, as bytes."""
    if not isinstance(value, dict) or "class_name" in value:
        return False
    code = value.get("value")
    return isinstance(code, list) and len(code) == 3 and isinstance(code[0], str)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all JSON objects in a configuration."""
    # A list rather than recursion: a file can nest deeper than Python's stack.
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
