"""ONNX, run by onnxruntime."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.naming import unique_name
from netdsl.training.export.examples import as_input, random_examples
from netdsl.training.export.format import Format, PreparedRunner, Runner
from netdsl.training.export.interface import BATCH_AXIS

if TYPE_CHECKING:
    import keras

    from netdsl.training.export.interface import ExportedInput, ExportedOutput
    from netdsl.training.export.prepared import PreparedModel

TEXTS = "ai.onnx.ml"
"""The operations of ONNX on texts."""


def _write(model: keras.Model, path: Path) -> str:
    """Write ONNX with a first axis `batch`, and outputs `output_0`, `output_1`, ... in the order of
    the network.
    """
    import onnx

    # Keras exports to ONNX only a model that was called once.
    model.predict_on_batch(as_input(random_examples(model)))
    model.export(path, format="onnx", verbose=False)
    held = onnx.load(path)
    graph = held.graph
    # TensorFlow's names (`Identity_1:0`) do not show the order, which the graph has.
    names = {output.name: f"output_{place}" for place, output in enumerate(graph.output)}
    rename(graph, names)
    for value in (*graph.input, *graph.output):
        # The converter gives the axis names such as `unk__12`, but users read the name.
        value.type.tensor_type.shape.dim[0].dim_param = BATCH_AXIS
    onnx.save(held, path)
    return f", opset {held.opset_import[0].version}"


def _run(model: keras.Model, path: Path) -> Runner:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    return lambda examples: list(session.run(None, dict(zip(names, examples, strict=True))))


# --- with the preparation -------------------------------------------------------------------------


def _write_prepared(prepared: PreparedModel, path: Path) -> str:
    """Write ONNX with the interface's names; its metadata describe the inputs and outputs."""
    import onnx
    import tensorflow
    import tf2onnx

    from netdsl.keras.private import prepare_tf2onnx

    prepare_tf2onnx()
    interface = prepared.interface
    types = ["float32" if one.coded else one.dtype for one in interface.inputs]
    specs = [
        tensorflow.TensorSpec((None, *one.shape), dtype, _given(place))
        for place, (one, dtype) in enumerate(zip(interface.inputs, types, strict=True))
    ]

    def answers(given: list[Any]) -> list[Any]:
        names = (one.name for one in interface.inputs)
        return prepared.answers(dict(zip(names, given, strict=True)))

    # Without AutoGraph: the functions shared with NumPy have plain `if`s on shapes and settings,
    # which are evaluated once, while tracing.
    traced = tensorflow.function(answers, input_signature=[specs], autograph=False)
    held, _ = tf2onnx.convert.from_function(traced, input_signature=[specs])
    make_public(held.graph, prepared)
    onnx.helper.set_model_props(held, metadata_of(prepared))
    held.producer_name, held.producer_version = "netdsl", metadata.version("netdsl")
    if any(one.coded for one in interface.inputs):
        held.opset_import.append(onnx.helper.make_opsetid(TEXTS, 2))
    onnx.save(held, path)
    return f", opset {held.opset_import[0].version}"


def make_public(graph: Any, prepared: PreparedModel) -> None:
    """Give a graph of `answers` the inputs and outputs of the interface: texts of columns become
    their places, and classes their names.
    """
    import numpy as np
    from onnx import helper, numpy_helper

    interface = prepared.interface
    outputs = [one for one in interface.outputs if one.key != "name"]
    names = {
        **{_given(at): one.name for at, one in enumerate(interface.inputs) if not one.coded},
        **{value.name: one.name for value, one in zip(graph.output, outputs, strict=True)},
    }
    public = {one.name for one in interface.inputs} | {one.name for one in interface.outputs}
    own = _tensor_names(graph)
    taken = public | own
    # A tensor within the graph may happen to have the name of a column.
    names |= {name: unique_name(name, taken, "_") for name in own & public if name not in names}
    rename(graph, names)
    before, after = [], []
    for at, one in enumerate(interface.inputs):
        if not one.coded:
            continue
        # A LabelEncoder without any key is not valid.
        places = {text: float(place) for place, text in enumerate(one.texts)} or {"": math.nan}
        node = helper.make_node(
            "LabelEncoder",
            [one.name],
            [names.get(_given(at), _given(at))],
            domain=TEXTS,
            keys_strings=list(places),
            values_floats=list(places.values()),
            default_float=math.nan,
        )
        before.append(node)
    for each in (each for each in interface.outputs if each.key == "name"):
        known = unique_name("class_names", taken, "_")
        # The package `onnx` takes texts as an array of objects.
        texts: Any = np.array([text.encode() for text in each.names], "object")
        graph.initializer.append(numpy_helper.from_array(texts, known))
        label = outputs[prepared.class_of(each.place)].name
        after.append(helper.make_node("Gather", [known, label], [each.name]))
    nodes = [*before, *graph.node, *after]
    # Nodes must be in the order of computation: texts are encoded first, classes named last.
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend(nodes)
    graph.input.extend(map(_value_info, interface.inputs))
    graph.output.extend(map(_value_info, interface.outputs))


def _given(place: int) -> str:
    """Return the name of an input of `answers` before it gets its own."""
    return f"given_{place}"


def _value_info(one: ExportedInput | ExportedOutput) -> Any:
    import numpy as np
    from onnx import TensorProto, helper

    known = one.dtype == "string"
    kind = TensorProto.STRING if known else helper.np_dtype_to_tensor_dtype(np.dtype(one.dtype))
    return helper.make_tensor_value_info(one.name, kind, [BATCH_AXIS, *one.shape], one.meaning)


def _tensor_names(graph: Any) -> set[str]:
    """Return the names of all tensors of a graph and of those within it."""
    found = {one.name for one in (*graph.input, *graph.output, *graph.initializer)}
    for node in graph.node:
        found.update(node.input, node.output)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                found |= _tensor_names(attribute.g)
    return found


def rename(graph: Any, names: Mapping[str, str]) -> None:
    """Rename tensors of a graph and of those within it."""
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        for values in (node.input, node.output):
            values[:] = [names.get(name, name) for name in values]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                rename(attribute.g, names)


def metadata_of(prepared: PreparedModel) -> dict[str, str]:
    """Return the metadata of the ONNX file: JSON by key."""
    described, preparation = prepared.interface.as_plain(), prepared.preparation
    classes = {
        preparation.outputs[one.place].name: list(one.names)
        for one in prepared.interface.outputs
        if one.names and preparation.outputs[one.place].classes and one.key in ("class", "labels")
    }
    known = {"class_names": classes} if classes else {}
    return {
        key: json.dumps(value, ensure_ascii=False) for key, value in (known | described).items()
    }


def _run_prepared(prepared: PreparedModel, path: Path) -> PreparedRunner:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [one.name for one in prepared.interface.outputs]
    return lambda examples: list(session.run(names, dict(examples)))


ONNX = Format(
    "ONNX",
    (".onnx",),
    _write,
    _run,
    "onnxruntime",
    ("tf2onnx", "onnx", "onnxruntime"),
    write_prepared=_write_prepared,
    prepared_runner=_run_prepared,
)
