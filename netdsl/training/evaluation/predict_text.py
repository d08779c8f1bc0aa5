"""The records of `predict` as text and as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from netdsl.naming import unique_name
from netdsl.training.preparation.shapes import size
from netdsl.wording import counted, first_few, spreadsheet_text

NOTED = 5
"""The most rows and files that are noted one by one."""

LISTED = 30
"""The most classes or values that a line lists."""


def describe_predictions(records: Sequence[Mapping[str, Any]]) -> str:
    """Write the records of `predict`, a line for each input."""
    return "\n".join(
        f"{record['input']}: {_record_line(record)}" for record in records if "error" not in record
    )


def describe_notes(records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield notes on records: rows with values that the network was not trained on, and files that
    could not be read, the first five of each; and how many rows have cells that were filled.
    """
    noted = [record for record in records if "notes" in record]
    filled = sum("filled" in record for record in records)
    failed = [record for record in records if "error" in record]
    rows = counted(len(records) - len(failed), "row")
    for record in noted[:NOTED]:
        yield f"note: {record['input']}: {'; '.join(record['notes'])}"
    if noted:
        hold = "holds" if len(noted) == 1 else "hold"
        yield f"note: {len(noted):,} of {rows} {hold} values that the network was not trained on"
    if filled:
        have = "has" if filled == 1 else "have"
        yield f"note: {filled:,} of {rows} {have} empty cells, filled as in the training"
    for record in failed[:NOTED]:
        yield f"error[{record['code']}]: {record['error']}"
    if failed:
        yield f"{len(failed):,} of {counted(_files(records), 'file')} could not be read"


def _files(records: Sequence[Mapping[str, Any]]) -> int:
    """Count the files that records are of."""
    return len({re.sub(r"(:\d+|\[\d+\])$", "", record["input"]) for record in records})


def _record_line(record: Mapping[str, Any]) -> str:
    if "outputs" in record:
        return "; ".join(f"{name}: {_output_text(one)}" for name, one in record["outputs"].items())
    return _output_text(record)


def _output_text(said: Mapping[str, Any]) -> str:
    if "top" in said:
        return ", ".join(
            f"{best['name']} {best.get('probability', best.get('output')):.3f}"
            for best in said["top"]
        )
    if "classes" in said:
        return f"{size(tuple(said['shape']))} labels, " + ", ".join(
            f"{one['name']} {one['share']:.1%}" for one in said["classes"][:LISTED]
        )
    given = _values_text(said["output"])
    return f"{_yes_text(said)} ({given})" if "labels" in said else given


def _yes_text(said: Mapping[str, Any]) -> str:
    """Name the tags that are the answer, or count the positions that are."""
    import numpy as np

    yes = np.asarray(said["labels"])
    if yes.ndim > 1:
        return f"{int(yes.sum()):,} of {yes.size:,} yes"
    names = _tag_names(said, yes.size)
    answered = [name for name, one in zip(names, yes.tolist(), strict=True) if one]
    return f"tags {first_few(answered, LISTED)}" if answered else "no tags"


def _tag_names(said: Mapping[str, Any], count: int) -> Sequence[str]:
    return said.get("columns") or [str(place) for place in range(count)]


def _values_text(output: Sequence[Any]) -> str:
    import numpy as np

    values = np.asarray(output)
    if values.size > LISTED:
        return f"{size(values.shape)} values from {values.min():.6g} to {values.max():.6g}"
    return ", ".join(f"{value:.6g}" for value in values.reshape(-1).tolist())


def predictions_csv(records: Sequence[Mapping[str, Any]]) -> str:
    """Write the records of `predict` as CSV, a row for each input.

    The columns that identify the rows of a table come after `input`. With several outputs, the name
    of a column begins with the output's name and a point, except for a column of values that has
    the output's name itself.

    For classes the columns are `class`, `name`, `probability` (or `output`), then `class_2`,
    `name_2`, ... for the next class, and for up to 100 classes one with the probability of each,
    named as the class; for labels of positions `count_NAME` of each class that occurs; for values
    the target's column, else `output`, or `output_0`, `output_1`, ...; for tags also `label_NAME`
    or `label_0`, ..., 1 where the tag is the answer, else 0. Records of folds also have `fold` and
    the true answer.
    """
    import csv
    import io

    ids = dict.fromkeys(name for record in records for name in record.get("id", ()))
    rows = [_guarded(_row(record, ids)) for record in records if "error" not in record]
    names = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    # 0 for a class that does not occur in the labels of an example.
    writer = csv.DictWriter(file, names, restval=0, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _row(record: Mapping[str, Any], ids: Iterable[str]) -> dict[str, Any]:
    """Return the cells of a record by column; ids named as another column get the prefix `id`."""
    cells = {**_of_fold(record), **_cells(record)}
    held = record.get("id", {})
    named = {f"id {one}" if one in ("input", *cells) else one: held.get(one, "") for one in ids}
    return {"input": record["input"], **named, **cells}


def _of_fold(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fold of a record, and for each output the true answer."""
    if "fold" not in record:
        return {}
    several = len(record["true"]) > 1
    cells: dict[str, Any] = {"fold": record["fold"]}
    for name, true in record["true"].items():
        column = f"{name}.true" if several else "true"
        values = true if isinstance(true, list) else [true]
        for place, value in enumerate(values):
            cells[column if len(values) == 1 else f"{column}_{place}"] = _cell(value)
    return cells


def _guarded(row: Mapping[str, Any]) -> dict[str, Any]:
    """Guard texts that a spreadsheet would run as formulas.

    Names of files, classes and outputs may come from elsewhere. Numbers are not changed.
    """
    return {
        spreadsheet_text(name): cell if _is_number(cell) else spreadsheet_text(str(cell))
        for name, cell in row.items()
    }


def _is_number(cell: Any) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return str(cell) == str(cell).strip()  # float ignores what is around a number


def _cells(record: Mapping[str, Any]) -> dict[str, Any]:
    if "outputs" in record:
        return {
            # An output is usually named as the column that it learns: `price`, not `price.price`.
            column if column == name else f"{name}.{column}": cell
            for name, one in record["outputs"].items()
            for column, cell in _cells(one).items()
        }
    if "top" in record:
        cells = {
            (name if rank == 1 else f"{name}_{rank}"): _cell(value)
            for rank, best in enumerate(record["top"], 1)
            for name, value in best.items()
        }
        own = {"input", "fold", "true", *cells}
        each = record.get("probabilities") or record.get("scores") or {}
        return cells | {
            f"class {name}" if name in own else name: _cell(value) for name, value in each.items()
        }
    if "classes" in record:
        return {
            f"count_{one['name']}": one["count"]
            for one in sorted(record["classes"], key=lambda one: int(one["class"]))
        }
    import numpy as np

    values = np.asarray(record["output"]).reshape(-1).tolist()
    names = record.get("columns") or (
        ["output"] if len(values) == 1 else [f"output_{place}" for place in range(len(values))]
    )
    cells = {name: _cell(value) for name, value in zip(names, values, strict=True)}
    if "labels" in record:
        labels, taken = np.asarray(record["labels"]).reshape(-1).tolist(), set(cells)
        for name, label in zip(_tag_names(record, len(labels)), labels, strict=True):
            cells[unique_name(f"label_{name}", taken)] = label
    return cells


def _cell(value: Any) -> Any:
    return f"{value:.7g}" if isinstance(value, float) else value
