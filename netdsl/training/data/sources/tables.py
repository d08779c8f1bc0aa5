"""Tables of text and numbers: the rows of a file, and the column that is learned."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors import NetError, Span, fail
from netdsl.training.data.parts import INPUT, Examples, SourceData
from netdsl.training.data.sources.column_kinds import (
    DROP,
    ID,
    KindedColumn,
    Stated,
    column_kinds,
    read_as,
    stated_kinds,
    with_categories,
)
from netdsl.training.data.sources.date_cells import NOT_DATES
from netdsl.training.data.sources.parsed_table import (
    ParsedTable,
    as_text,
    empty_cells,
    find_column,
    find_targets,
    select,
)
from netdsl.training.data.sources.row_columns import (
    RowColumns,
    row_columns,
    row_keys,
    row_weights,
    rows_by_part,
)
from netdsl.training.data.sources.table_file import read_table_file, table_format
from netdsl.training.data.sources.table_inputs import columns_by_input
from netdsl.training.data.sources.table_notes import table_notes
from netdsl.training.data.sources.table_targets import TrainedTable, learned_columns
from netdsl.training.data.sources.unfamiliar import summaries, unfamiliar_cells
from netdsl.training.data.weights import WEIGHTED
from netdsl.training.preparation.columns import CATEGORY, DATE, NUMBER, TEXT, TableTransform
from netdsl.wording import counted, enumerated

if TYPE_CHECKING:
    from netdsl.training.data.signature import NetworkSignature
    from netdsl.training.recipes.recipe import DataSpec

MOMENTS = 10
"""With at least this many different dates, rows in their order are taken for ordered by time."""


def read_table(
    path: Path,
    spec: DataSpec,
    signature: NetworkSignature,
    kept: TrainedTable | None,
    span: Span | None = None,
) -> SourceData:
    """Read the rows of a CSV or Parquet file and their targets.

    Args:
        path: the file.
        spec: the target, and how missing numbers are treated.
        signature: the network's.
        kept: a run's table, as which this one is read; None to read it by its own cells.
        span: the place of the file's name in a recipe.

    Raises:
        NetError: N507, N511, N516, N518, N520, N521, N530 to N532, N536.
    """
    # `input` may be a column's name, which only the file shows.
    if spec.target == INPUT and not kept:
        _check_target(path, spec, span)
    table = read_stated(path, spec, kept, span)
    targets = find_targets(kept.columns.targets if kept else spec.target, table, spec)
    roles = row_columns(table, spec, kept.columns if kept else None, targets)
    if not len(table.places):
        raise fail("N516", f"{path} has no rows", span)
    if kept:
        columns, tables = kept.columns, kept.tables
        notes = summaries(unfamiliar_cells(table, columns, kept.fitted), table)
    else:
        table, columns, tables, notes = _columns(table, spec, targets, roles, signature, span)
    table, done = _complete(table, [*targets, *roles.needed], columns, span)
    if not (table.header or kept or spec.header is False):
        names = f"its columns are the numbers 1 to {len(table.names)}"
        notes = (f"{path.name} has no column names: {names}", *notes)
    if not len(table.places):
        raise fail("N516", f"{path} has no rows without an empty cell", span)
    learned = learned_columns(table, targets, signature, kept, span)
    rows = Examples(
        tuple(select(table, one, span) for one in tables),
        tuple(one.values for one in learned),
        "all",
        (f"the rows of {path.name}",) * len(tables),
        tuple(one.text for one in learned),
        row_weights(table, roles.weight, spec.place("weight")),
        row_keys(table, roles, spec),
    )
    parts = {"training": rows}
    if roles.part:
        by_part = rows_by_part(table, roles.part, spec.place("split.column"))
        parts = {name: rows.at(places) for name, places in by_part.items()}
    return SourceData(
        os.path.abspath(path),
        parts["training"],
        parts.get("test"),
        parts.get("validation"),
        classes=learned[0].classes,
        own=any(one.classes for one in learned),
        target=targets[0] if len(targets) == 1 else targets,
        columns=columns,
        tables=tables,
        notes=notes if kept else (*notes, *done, *([WEIGHTED] if roles.weight else [])),
        classes_by=tuple(one.classes for one in learned) if len(targets) > 1 else (),
        columns_by=tuple(one.names for one in learned),
    )


def read_stated(
    path: Path, spec: DataSpec, kept: TrainedTable | None, span: Span | None
) -> ParsedTable:
    """Read a file as a run has read its own, or as a recipe states, with the stated categories.

    Raises:
        NetError: N507, N511, N530, N531, N536.
    """
    if kept:
        known, split = kept.columns, spec.split
        texts = filter(None, (split.group, split.column))
        roles: dict[str, bool | None] = dict.fromkeys(texts, True)
        roles |= {split.order: None} if split.order else {}
        return read_table_file(path, known.form, known.header, known, roles, span)
    if spec.decimal is not None and spec.decimal == spec.thousands:
        message = f"`decimal` and `thousands` are both `{spec.decimal}`"
        help = "state one of them: the other follows"
        raise fail("N507", message, spec.place("thousands"), help=help)
    table = read_table_file(path, table_format(spec), spec.header, None, read_as(spec), span)
    columns = list(table.columns)
    for name, categories in (spec.categories or {}).items():
        where = spec.place("categories", name)
        place = table.names.index(find_column(name, table, where))
        columns[place] = with_categories(columns[place], tuple(categories), table, where)
    return table._replace(columns=tuple(columns))


def _columns(
    table: ParsedTable,
    spec: DataSpec,
    targets: tuple[str, ...],
    roles: RowColumns,
    signature: NetworkSignature,
    span: Span | None,
) -> tuple[ParsedTable, TableTransform, tuple[TableTransform, ...], tuple[str, ...]]:
    """Return the table with its dates as days, the transforms of its columns, in all and for each
    input, and notes.

    Raises:
        NetError: N507, N530 where nothing is left to learn from, N531.
    """
    stated = stated_kinds(table, spec)
    _check_role_kinds(targets, roles, stated, table, spec)
    others = {*targets, *roles.unlearned}
    kinds = column_kinds(table, stated, spec, others, span)
    cells = {one.name: one.cells for one in kinds}
    # If a target of numbers is stated to be a category, 1, 2, 3 are names.
    cells |= {name: as_text(table.column(name)) for name in targets if stated.get(name) == CATEGORY}
    table = table._replace(columns=tuple(cells.get(one.name, one) for one in table.columns))
    by_input = columns_by_input(kinds, signature, table, span)
    used = {column.name for columns in by_input for column in columns}
    _check_not_empty(table, {*others, *roles.needed, *used}, span)
    if not all(by_input):
        raise _nothing_left(table, targets, kinds, span)
    unused = (one.name for one in kinds if one.name not in used)
    whole = TableTransform(
        tuple(column for columns in by_input for column in columns),
        targets,
        table.header,
        spec.missing or "median",
        roles.weight or "",
        table_format(spec),
        table.numbers,
        (*unused, *filter(None, (roles.group, roles.part))),
        tuple(one.name for one in kinds if one.kind == ID and one.name not in used),
    )
    tables = tuple(replace(whole, columns=columns) for columns in by_input)
    of_kinds = _kind_notes(kinds, used)
    notes = (*_in_time_order(kinds, spec), *of_kinds, *table_notes(table, whole.left_out))
    return table, whole, tables, notes


def _nothing_left(
    table: ParsedTable, targets: tuple[str, ...], kinds: Sequence[KindedColumn], span: Span | None
) -> NetError:
    """Return the error N530 for a table without a column to learn from."""
    target = "`, `".join(targets)
    if not kinds:
        message = f"{table.path} has only the target column `{target}`"
        return fail("N530", f"{message}: there is nothing to learn from", span)
    left_out = "; ".join(one.note or f"{one.name} is left out by the recipe" for one in kinds)
    return fail(
        "N530",
        f"no column of {table.path} but the target `{target}` is read: there is nothing to learn "
        "from",
        span,
        help=left_out,
    )


def _kind_notes(kinds: Sequence[KindedColumn], used: Collection[str]) -> Iterator[str]:
    """Yield notes on doubts about how columns are read, and on columns that no input gets."""
    unread = []
    for one in kinds:
        left_out = one.kind in (TEXT, ID, DROP)
        if one.note and left_out != (one.name in used):
            yield one.note
        elif one.name not in used and one.kind not in (ID, DROP):
            unread.append(one.name)
    if unread:
        yield f"not read, since no input of the network is for them: {enumerated(unread)}"


def _in_time_order(kinds: Sequence[KindedColumn], spec: DataSpec) -> Iterator[str]:
    """Warn of a random split of rows that are in the order of their dates."""
    import numpy as np

    split = spec.split
    stated = split.order or split.group or split.column or (split.test == 0 == split.validation)
    for column in kinds:
        days = column.cells.values
        # With few different times, such as years, any file may happen to be in order.
        if stated or not column.cells.days or len(np.unique(days)) < MOMENTS:
            continue
        steps = np.diff(days)
        if (steps >= 0).all() or (steps <= 0).all():
            yield (
                f"warning: the rows are in the order of {column.name}, and a random split tests on "
                "moments between those that are trained on: data: {split: {order: "
                f"{column.name}}}}} tests on the last ones"
            )


def _check_role_kinds(
    targets: tuple[str, ...],
    roles: RowColumns,
    stated: Stated,
    table: ParsedTable,
    spec: DataSpec,
) -> None:
    """Raise NetError N507 where a recipe states a kind that a target or a column of weights cannot
    have.
    """
    usual = (NUMBER, ID, DROP)
    for name, what, allowed in (
        *((target, "the target", (NUMBER, CATEGORY)) for target in targets),
        (roles.weight, "the weight", (NUMBER,)),
        (roles.order, "the order", (*usual, DATE)),
        (roles.group, "the group", (CATEGORY, ID, DROP)),
        (roles.part, "the part", (CATEGORY, ID, DROP)),
    ):
        if name is None or name not in stated:
            continue
        kind = stated[name] if isinstance(stated[name], str) else DATE
        if kind not in allowed:
            message = f"column `{name}` of {table.path} is {what}, and cannot be `{kind}`"
            help = f"{what} is {' or '.join(f'`{one}`' for one in allowed)}"
            if kind == DATE and name in targets:
                help = NOT_DATES
            key = "drop" if f"drop.{name}" in spec.spans else "columns"
            raise fail("N507", message, spec.place(key, name), help=help)


# --- checks ---------------------------------------------------------------------------------------


def _check_target(path: Path, spec: DataSpec, span: Span | None) -> None:
    """Raise NetError N507 where `target: input` does not name a column."""
    table = read_table_file(path, table_format(spec), spec.header, span=span)
    if INPUT not in table.names:
        known = f"give the target column: {table.named_columns()}"
        raise fail(
            "N507",
            f"`target: input` is for arrays and images; {path} is a table",
            span,
            help=f"{known}; for an autoencoder store the numbers as an .npz file",
        )


# --- missing cells --------------------------------------------------------------------------------


def _complete(
    table: ParsedTable, needed: list[str], columns: TableTransform, span: Span | None
) -> tuple[ParsedTable, tuple[str, ...]]:
    """Leave out rows with missing cells where that is asked for, and return notes.

    Raises:
        NetError: N531 where a cell may not be empty.
    """
    import numpy as np

    by_name = {
        column.name: np.isnan(column.values)
        for column in table.columns
        if column.name in {*columns.widths, *needed}
    }
    if columns.missing == "drop":
        left_out = np.logical_or.reduce(list(by_name.values()))
        rows = f"{int(left_out.sum()):,} of {len(left_out):,} rows"
        notes = (f"{rows} left out: a cell is empty",) if left_out.any() else ()
        return table.at(~left_out), notes
    for name in by_name if columns.missing == "error" else needed:
        if (empty := np.flatnonzero(by_name[name])).size:
            raise empty_cells(name, table, empty, span)
    return table, tuple(
        f"{counted(count, 'empty cell')} in {column.name}: none of its categories"
        for column in columns.columns
        if column.one_hot and (count := int(by_name[column.name].sum()))
    )


def _check_not_empty(table: ParsedTable, names: Collection[str], span: Span | None) -> None:
    """Raise NetError N531 where one of these columns has no value at all."""
    import numpy as np

    for column in table.columns:
        if column.name in names and np.isnan(column.values).all():
            rows = f"all of its {counted(len(table.places), 'row')}"
            raise fail(
                "N531",
                f"column `{column.name}` of {table.path} is empty in {rows}",
                span,
                help=f"leave it out: --ignore {column.name}, or data: {{drop: {column.name}}}",
            )
