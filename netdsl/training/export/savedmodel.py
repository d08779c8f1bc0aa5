"""TensorFlow's SavedModel, a folder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.json_text import json_text
from netdsl.naming import unique_name
from netdsl.training.export.examples import as_input, as_list
from netdsl.training.export.format import Format, PreparedRunner, Runner

if TYPE_CHECKING:
    import keras

    from netdsl.training.export.interface import Interface
    from netdsl.training.export.prepared import PreparedModel
    from netdsl.training.preparation.rows import Array

EXTRA = "assets.extra"
"""The folder of a SavedModel for additional files."""


def _write(model: keras.Model, path: Path) -> str:
    model.export(path, format="tf_saved_model", verbose=False)
    return ""


def _run(model: keras.Model, path: Path) -> Runner:
    import tensorflow

    loaded = tensorflow.saved_model.load(path)
    return lambda examples: as_list(loaded.serve(as_input(examples)))


def signature_names(interface: Interface) -> dict[str, str]:
    """Return the name of each input in the signature of a SavedModel.

    TensorFlow accepts only ASCII names that can be parameters in Python.
    """
    taken: set[str] = set()
    names = {}
    for one in interface.inputs:
        made = re.sub(r"[^A-Za-z0-9_]", "_", one.name)
        # The name of an argument, which cannot begin with a digit or `_`.
        made = made if re.match("[A-Za-z]", made) else f"input_{made.strip('_')}"
        made += "_" if iskeyword(made) else ""
        names[one.name] = unique_name(made, taken, "_", str.lower)
    return names


def _write_prepared(prepared: PreparedModel, path: Path) -> str:
    import tensorflow

    interface = prepared.interface
    names = signature_names(interface)
    module = tensorflow.Module()
    module.model = prepared.model
    # Kept as attributes of the module: a table that nothing tracks is not saved, and lookups fail.
    module.tables = {names[one.name]: _places(one.texts) for one in interface.inputs if one.coded}
    given = {
        one.name: tensorflow.TensorSpec((None, *one.shape), one.dtype, names[one.name])
        for one in interface.inputs
    }

    def serve(examples: dict[str, Any]) -> dict[str, Any]:
        found = prepared.answers(
            {
                one.name: module.tables[names[one.name]].lookup(examples[one.name])
                if one.coded
                else examples[one.name]
                for one in interface.inputs
            }
        )
        rest = iter(found)
        return {
            one.name: tensorflow.gather(
                tensorflow.constant(one.names), found[prepared.class_of(one.place)]
            )
            if one.key == "name"
            else next(rest)
            for one in interface.outputs
        }

    module.serve = tensorflow.function(serve, input_signature=[given], autograph=False)
    tensorflow.saved_model.save(module, path, signatures={"serving_default": module.serve})
    described = interface.as_plain()
    for one in described["inputs"]:
        one["signature"] = names[one["name"]]
    # After `save`, which makes the folder.
    (path / EXTRA).mkdir()
    text = json_text(described, 2) + "\n"
    (path / EXTRA / "interface.json").write_text(text, encoding="utf-8")
    return ""


def _places(texts: Sequence[str]) -> Any:
    """Return a table from texts to their places, NaN for others."""
    from tensorflow import constant, float32, lookup, range, string

    keys = constant(list(texts), string)
    values = range(len(texts), dtype=float32)
    return lookup.StaticHashTable(lookup.KeyValueTensorInitializer(keys, values), float("nan"))


def _run_prepared(prepared: PreparedModel, path: Path) -> PreparedRunner:
    import tensorflow

    loaded = tensorflow.saved_model.load(path)
    names = signature_names(prepared.interface)

    def runner(examples: Mapping[str, Array]) -> list[Array]:
        run = loaded.signatures["serving_default"]
        given = {names[name]: tensorflow.constant(array) for name, array in examples.items()}
        found = run(**given)
        return [found[one.name].numpy() for one in prepared.interface.outputs]

    return runner


SAVEDMODEL = Format(
    "a SavedModel",
    ("",),
    _write,
    _run,
    "tensorflow",
    write_prepared=_write_prepared,
    prepared_runner=_run_prepared,
)
