"""Attention as products of matrices, where the language has no word for the whole."""

from __future__ import annotations

import math
from typing import Any

from netdsl.keras import private
from netdsl.keras.rewriting.parts import CallParts, OutputPlaces
from netdsl.kinds.merge_products import TRANSPOSED
from netdsl.kinds.values import Shape


def of_one_head(parts: CallParts) -> OutputPlaces | None:
    """`Attention`, softmax(q·kᵀ)·v; and `AdditiveAttention`, of sums of tanh(q + k)."""
    layer = parts.operation
    _refuse_hidden(parts)
    queries, values, *keys = parts.call.inputs
    # Keras takes the values as keys where none are given.
    keys = [*keys, values][:1]
    if parts.call.class_name == "AdditiveAttention":
        each = _tanh(parts, _pairs(parts, queries, *keys))
        if layer.scale is not None:
            each = _scaled(parts, each, layer.scale)
        scores = _summed(parts, each)
    elif layer.score_mode == "concat":
        each = _pairs(parts, queries, *keys)
        if layer.scale is not None:
            each = _scaled_alike(parts, each, layer.scale)
        scores = _scaled_alike(parts, _summed(parts, _tanh(parts, each)), layer.concat_score_weight)
    else:
        scores = _dot_products(parts, queries, *keys)
        if layer.scale is not None:
            scores = _scaled_alike(parts, scores, layer.scale)
    scores, out = _weighed(parts, scores, values)
    return [out, scores][: len(parts.shapes)]


def _pairs(parts: CallParts, queries: int, keys: int) -> int:
    """Add each query to each key."""
    (rows, dim), (columns, _) = parts.shape(queries), parts.shape(keys)
    sides = [parts.reshape(queries, (rows, 1, dim)), parts.reshape(keys, (1, columns, dim))]
    return parts.step("Add", sides, (rows, columns, dim))


def _tanh(parts: CallParts, place: int) -> int:
    return parts.step("Activation", [place], parts.shape(place), {"activation": "tanh"})


def _summed(parts: CallParts, place: int) -> int:
    """Sum up the channels."""
    return parts.step("Sum", [place], parts.shape(place)[:-1], {"axis": -1, "keepdims": False})


def _scaled(parts: CallParts, place: int, factors: Any) -> int:
    """Multiply by trained factors, one for each channel."""
    import keras

    shape = parts.shape(place)
    axes = "abcd"[: len(shape)]
    begin = "glorot_uniform" if len(factors.shape) else "ones"
    config = {
        "equation": f"{axes},{axes[-1]}->{axes}",
        "activation": "linear",
        "kernel_initializer": keras.initializers.serialize(keras.initializers.get(begin)),
    }
    return parts.holding("EinsumDense", place, shape, config, [factors])


def _scaled_alike(parts: CallParts, place: int, factor: Any) -> int:
    """Multiply all numbers by one trained factor: as one channel."""
    shape = parts.shape(place)
    flat = parts.reshape(place, (math.prod(shape), 1))
    return parts.reshape(_scaled(parts, flat, factor), shape)


def multi_head(parts: CallParts) -> OutputPlaces | None:
    """`MultiHeadAttention` whose scores are read, or whose values or output have another width.

    Raises:
        NetError: N621 for other axes than that of the positions.
    """
    call, config, several = parts.call, parts.call.config, len(parts.shapes) > 1
    queries, values, *keys = call.inputs
    heads, dim = config["num_heads"], config["key_dim"]
    alike = config.get("value_dim") in (None, dim) and [*keys, values][0] == values
    # The word `attention` covers all of it: None leaves the call whole.
    if alike and parts.shapes[0] == parts.shape(queries) and not (several and parts.is_read(1)):
        if not several:
            return None
        named = {key: each for key, each in call.named.items() if key != "return_attention_scores"}
        plain = call._replace(named=named)
        (out,) = parts.reader.place(plain, parts.operation, parts.shapes[:1], parts.node)
        return [out, parts.unread("its attention scores are used", parts.shapes[1])]
    if config.get("attention_axes") not in (None, [1], (1,), 1):
        raise parts.refuse(f"its attention_axes are {config['attention_axes']}")
    return _projected(parts, heads, heads)


def grouped(parts: CallParts) -> OutputPlaces | None:
    """`GroupedQueryAttention`: several heads of queries share one head of keys and values."""
    config = parts.call.config
    return _projected(parts, config["num_query_heads"], config["num_key_value_heads"])


def _projected(parts: CallParts, heads: int, groups: int) -> OutputPlaces:
    """Add the projections, and what is between them.

    Args:
        parts: the call, to which the steps are added.
        heads: of the queries.
        groups: heads of the keys and values; each serves heads/groups heads of queries.
    """
    _refuse_hidden(parts)
    for key in ("use_gate", "sliding_window"):
        if parts.call.config.get(key):
            raise parts.refuse(f"it has {key}")
    queries, values, *keys = parts.call.inputs
    sources = (queries, [*keys, values][0], values)
    *inner, last = private.projections(parts.operation)
    count = (heads, groups, groups)
    q, k, v = (_heads(parts, *each) for each in zip(inner, sources, count, strict=True))
    (_, length, dim), width = parts.shape(q), parts.shape(v)[-1]
    # The heads of a group follow each other, so that each group is one product of matrices. Queries
    # are scaled before it, as in Keras.
    q = parts.reshape(parts.rescale(q, dim**-0.5), (groups, heads // groups * length, dim))
    scores, out = _attended(parts, q, k, v)
    out = parts.permute(parts.reshape(out, (heads, length, width)), [2, 1, 3])
    out = _dense(parts, last, parts.reshape(out, (length, heads * width)), parts.shapes[0])
    if len(parts.shapes) == 1:
        return [out]
    if not parts.is_read(1):
        return [out, parts.unread("its attention scores are used", parts.shapes[1])]
    steps = parts.shape(values)[0]  # Keras announces as many as there are queries
    return [out, parts.reshape(scores, (heads, length, steps))]


def _heads(parts: CallParts, layer: Any, source: int, heads: int) -> int:
    """Project a sequence, and move the axis of the heads before that of the positions."""
    length, dim = parts.shape(source)[0], layer.kernel.shape[-1]
    whole = _dense(parts, layer, source, (length, heads * dim))
    return parts.permute(parts.reshape(whole, (length, heads, dim)), [2, 1, 3])


def _dense(parts: CallParts, layer: Any, source: int, shape: Shape) -> int:
    """Add a projection: its kernel has the heads as an axis, or two, of their own."""
    call = parts.reader.call(layer, (source,), (), {}, shape)
    config = {**call.config, "units": shape[-1], "use_bias": layer.bias is not None}
    named = call._replace(
        name=parts.call.name,
        class_name="Dense",
        config=config,
        written_as=parts.call.written_as or parts.call.class_name,
    )
    (place,) = parts.reader.place(named, layer, (shape,))
    return place


def _attended(parts: CallParts, queries: int, keys: int, values: int) -> tuple[int, int]:
    """Add softmax(q·kᵀ) and its product with the values."""
    return _weighed(parts, _dot_products(parts, queries, keys), values)


def _dot_products(parts: CallParts, queries: int, keys: int) -> int:
    """Add q·kᵀ."""
    shape = (*parts.shape(queries)[:-1], parts.shape(keys)[-2])
    return parts.step("Einsum", [queries, keys], shape, {"subscripts": TRANSPOSED})


def _weighed(parts: CallParts, scores: int, values: int) -> tuple[int, int]:
    """Add the softmax of scores, and its product with the values."""
    shape = parts.shape(scores)
    scores = parts.step("Softmax", [scores], shape, {"axis": -1})
    width = parts.shape(values)[-1]
    return scores, parts.step("Matmul", [scores, values], (*shape[:-1], width))


def _refuse_hidden(parts: CallParts) -> None:
    """Reject masks and arguments that hide positions from the attention.

    Raises:
        NetError: N621.
    """
    if parts.is_masked:
        raise parts.refuse("its steps are masked")
    harmless = ("training", "return_attention_scores", "query", "value", "key", "inputs")
    given = [key for key in parts.given if key not in harmless]
    if given:
        raise parts.refuse(f"it is called with {', '.join(given)}")
    if parts.call.config.get("dropout"):
        # In use dropout does nothing, and the products have no option for it.
        parts.reader.left_out.append(f"dropout of `{parts.call.name}`")
