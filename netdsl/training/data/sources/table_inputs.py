"""Assign the columns of a table to the inputs of a network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.training.data.sources.column_kinds import ID, transforms
from netdsl.training.preparation.columns import CATEGORY, ORDINAL, TEXT, ColumnTransform
from netdsl.training.preparation.shapes import size
from netdsl.training.preparation.tokens import vocabulary_of
from netdsl.wording import enumerated, first_few

if TYPE_CHECKING:
    from netdsl.training.data.signature import NetworkSignature, TensorSpec
    from netdsl.training.data.sources.column_kinds import KindedColumn
    from netdsl.training.data.sources.parsed_table import ParsedTable

Columns = tuple[ColumnTransform, ...]

UNNAMED = "input"
"""The name of an input that is not named."""


def columns_by_input(
    kinds: Sequence[KindedColumn],
    signature: NetworkSignature,
    table: ParsedTable,
    span: Span | None,
) -> tuple[Columns, ...]:
    """Return the columns of a table that each input of a network gets.

    An input with the name of a column gets only that column; an input of indices gets a text as
    words, or a category as its place. A single text may also be for the only input of indices. All
    other columns are for the one other input.

    Raises:
        NetError: N518 where an input is left without columns, or is not of their kind, N527 where
            categories are more than its indices.
    """
    named = {one.name: one for one in kinds}
    own: dict[str, KindedColumn] = {}
    # A network without an input has no sizes or names yet: only the number of values matters.
    for tensor in signature.inputs if signature.sized else ():
        # The user did not choose this name: an input of numbers without a name takes all columns.
        unnamed = tensor.name == UNNAMED and not tensor.vocabulary
        if tensor.name in named and not unnamed:
            own[tensor.name] = named[tensor.name]
    rest = [one for one in signature.inputs if one.name not in own]
    words = [one for one in rest if one.vocabulary]
    texts = [one for one in kinds if one.kind == TEXT and one.name not in own]
    if len(words) == 1 and len(texts) == 1:
        own[words[0].name] = texts[0]
        rest.remove(words[0])
    if len(rest) > 1 or any(one.vocabulary for one in rest):
        raise _without_column(rest, named, table, span)
    taken = {column.name for column in own.values()}
    return tuple(
        (_own(tensor, own[tensor.name], table, span),)
        if tensor.name in own and tensor.vocabulary
        else _numbers([own[tensor.name]])
        if tensor.name in own
        else _numbers([one for one in kinds if one.read and one.name not in taken])
        for tensor in signature.inputs
    )


def _numbers(kinds: Sequence[KindedColumn]) -> Columns:
    return tuple(column for one in kinds for column in transforms(one))


def _own(
    tensor: TensorSpec, column: KindedColumn, table: ParsedTable, span: Span | None
) -> ColumnTransform:
    """Return how an input of indices gets a column. Raises NetError N518, N527."""
    length, categories = math.prod(tensor.shape), column.cells.categories or ()
    where = f"column `{column.name}` of {table.path}"
    if column.kind == TEXT:
        words = vocabulary_of(_texts(column), tensor.vocabulary)
        return ColumnTransform(column.name, TEXT, categories=words, length=length, gaps=column.gaps)
    if column.kind not in (CATEGORY, ORDINAL, ID) or not categories:
        message = f"the input {tensor.name} takes indices, and {where} is `{column.kind}`"
        help = f"data: {{columns: {{{column.name}: category}}}} makes indices of it"
        raise fail("N518", message, span, help=help)
    if length != 1:
        message = f"the input {tensor.name} takes {size(tensor.shape)} indices, a category is one"
        raise fail("N518", message, span, help=f"`input {tensor.name}: 1 of int(...)`")
    # One more: 0 is for what is missing or unknown.
    needed = len(categories) + 1
    if needed > tensor.vocabulary:
        message = (
            f"{where} needs {needed} indices, for {len(categories)} categories and the "
            f"unknown ones; the input {tensor.name} has {tensor.vocabulary}"
        )
        help = f"`input {tensor.name}: 1 of int({needed})`"
        raise fail("N527", message, span, help=help)
    return ColumnTransform(column.name, CATEGORY, categories=categories, length=1, gaps=column.gaps)


def _texts(column: KindedColumn) -> list[str]:
    """Return the texts of all rows."""
    import numpy as np

    categories, values = column.cells.categories or (), column.cells.values
    return [categories[int(place)] for place in values[~np.isnan(values)].tolist()]


def _without_column(
    rest: Sequence[TensorSpec],
    named: Mapping[str, KindedColumn],
    table: ParsedTable,
    span: Span | None,
) -> NetError:
    """Return the error N518 for inputs that no column is for."""
    names = enumerated(f"`{tensor.name}`" for tensor in rest)
    takes = f"indices in {names}" if len(rest) == 1 else names
    message = (
        f"{table.path} is a table: an input is called as a column, or one takes all others; the "
        f"network has {takes}"
    )
    near = next(filter(None, (did_you_mean(tensor.name, named) for tensor in rest)), "")
    texts = [one.name for one in named.values() if one.kind == TEXT]
    width = sum(one.width for one in named.values() if one.read)
    help = f"`input {width}` takes all columns, without `of int`"
    if len(rest) > 1:
        help = f"the columns are {first_few(list(named), 20)}"
    if texts:
        help = f"`input {texts[0]}: 64 of int(1000)` takes a text"
    return fail("N518", message, span, help=near or help)
