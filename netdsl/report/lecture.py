"""The table as lecture slides write it: each row's memory and parameters as products, biases not
counted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from netdsl.report.lines import LayerRow, rows_of, totals_of
from netdsl.wording import bytes_text, shape_text

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Graph
    from netdsl.kinds.facts import Weight
    from netdsl.kinds.values import Shape


def lecture(network: Architecture) -> str:
    """Write `CONV3-64: [224x224x64] memory: 224*224*64=3.2M params: (3*3*3)*64 = 1,728` for each
    layer, and the totals.
    """
    graph = network.graph
    table = rows_of(graph)
    total = totals_of(table)
    names = [_label(row) for row in table]
    room = max(map(len, names))
    lines = [f"{name:{room}} {_row(graph, row)}" for name, row in zip(names, table, strict=True)]
    size = bytes_text(4 * total.activations)
    return "\n".join(
        [
            *lines,
            f"TOTAL memory: {total.activations:,} values * 4 bytes = {size} for an image, "
            "twice that for forward and backward",
            f"TOTAL params: {total.weights:,} without biases, {total.params:,} with them and the "
            "factors of norms",
        ]
    )


def _label(row: LayerRow) -> str:
    text = row.layer.text.split("(")[0]
    return "INPUT:" if text.startswith("input") or text[0].isdigit() else f"{text.upper()}:"


def _row(graph: Graph, row: LayerRow) -> str:
    memory = _product(row.output)
    value = math.prod(row.output)
    shown = f"{memory}={_rounded(value)}" if "*" in memory else f"{value}"
    kernels = []
    for index in row.layer.ops:
        op = graph.ops[index]
        came = graph.ops[op.inputs[0]].shape if op.inputs else ()
        kernels += [_kernel(array, came) for array in graph.weights(op) if array.role == "kernel"]
    params = f"{' + '.join(kernels)} = {row.counts.weights:,}" if kernels else "0"
    return f"[{shape_text(row.output)}] memory: {shown} params: {params}"


def _kernel(array: Weight, came: Shape) -> str:
    """Write (3*3*64)*128 of a convolution, 7*7*512*4096 of a dense layer on 7x7x512."""
    *first, last = array.shape
    # As slides have it: 7*7*512*4096 shows where the 25,088 inputs come from.
    if len(first) == 1 and first[0] == math.prod(came):
        return _product((*came, last))
    return f"({_product(tuple(first))})*{last}" if len(first) > 1 else _product(array.shape)


def _product(sizes: Shape) -> str:
    return "*".join(map(str, sizes))


def _rounded(value: int) -> str:
    """Round to two digits, as on slides: 3.2M, 800K, 25K; exact below 10,000."""
    if value < 10_000:
        return str(value)
    near = round(value, 2 - len(str(value)))
    name, unit = next(
        (name, unit) for name, unit in (("G", 10**9), ("M", 10**6), ("K", 10**3)) if near >= unit
    )
    return f"{near / unit:.1f}{name}" if near < 10 * unit else f"{near // unit}{name}"
