"""ONNX, run by onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.training.export.examples import as_input, random_examples
from netdsl.training.export.format import Format, Runner

if TYPE_CHECKING:
    import keras


def _write(model: keras.Model, path: Path) -> str:
    """Write ONNX, the first axis named `batch`, and the outputs `output_0`, `output_1`, ...

    They come in the network's order.
    """
    import onnx

    # Keras exports to ONNX only what was called once
    model.predict_on_batch(as_input(random_examples(model)))
    model.export(path, format="onnx", verbose=False)
    held = onnx.load(path)
    graph = held.graph
    names = {output.name: f"output_{place}" for place, output in enumerate(graph.output)}
    for node in graph.node:
        for values in (node.input, node.output):
            values[:] = [names.get(name, name) for name in values]
    for value in (*graph.output, *graph.value_info):
        value.name = names.get(value.name, value.name)
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.save(held, path)
    return f", opset {held.opset_import[0].version}"


def _run(model: keras.Model, path: Path) -> Runner:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    return lambda examples: list(session.run(None, dict(zip(names, examples, strict=True))))


ONNX = Format("ONNX", (".onnx",), _write, _run, "onnxruntime", ("tf2onnx", "onnx", "onnxruntime"))
