"""The columns of a table: what they are called, and the value of a line in each."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from netdsl.analysis.counts import Counts
from netdsl.constants import PRECISIONS
from netdsl.errors import did_you_mean, fail
from netdsl.report.lines import TableLine
from netdsl.wording import UNITS, axes_text

DEFAULT_COLUMNS = ("output", "params", "macs", "activations")
_BYTES = {name: precision.activations for name, precision in PRECISIONS.items()}


class TableView(NamedTuple):
    """What of a network is shown, and how.

    Attributes:
        by: a level of `LEVELS`.
        columns: keys of `COLUMNS`.
        batch: examples that `memory` is for.
        precision: a key of `PRECISIONS`, for `memory` and `intensity`.
        sort: a column by which the lines are sorted, the largest first; none for the network's
            order.
        bias: whether `params` counts biases and norm factors; else it is `weights`.
        units: whether numbers are shortened: 138.4 M.
        scales: the columns that have a unit of their own, a key of `UNITS`: 138 M, 379 Ki.
    """

    by: str = "layer"
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    batch: int = 1
    precision: str = "float32"
    sort: str | None = None
    bias: bool = True
    units: bool = False
    scales: Mapping[str, str] = MappingProxyType({})


Value = Callable[[TableLine, Counts, TableView], Any]


class TableColumn(NamedTuple):
    """A column.

    Attributes:
        value: of a line, with the totals and the view at hand.
        sums: whether the values sum to the total's.
        number: whether they are numbers.
    """

    title: str
    value: Value
    sums: bool = True
    number: bool = True


def _field(line: TableLine, total: Counts, view: TableView) -> str:
    """Return the receptive field's size; `all` where the whole input is seen."""
    if line.field is None:
        return ""
    return "all" if line.field.whole else axes_text(line.field.size)


def _stride(line: TableLine, total: Counts, view: TableView) -> str:
    return axes_text(line.field.stride) if line.field and line.field.stride else ""


def _per_byte(line: TableLine, total: Counts, view: TableView) -> float:
    return round(line.counts.flops / (line.moved * _BYTES[view.precision]), 2)


def _share(line: TableLine, total: Counts, view: TableView) -> float:
    return round(100 * line.counts.macs / max(1, total.macs), 2)


def _params(line: TableLine, total: Counts, view: TableView) -> int:
    return line.counts.params if view.bias else line.counts.weights


def _memory(line: TableLine, total: Counts, view: TableView) -> int:
    return line.counts.activations * view.batch * _BYTES[view.precision]


def _filters(line: TableLine, total: Counts, view: TableView) -> dict[str, int]:
    return dict(line.filters)


COLUMNS: dict[str, TableColumn] = {
    "type": TableColumn("type", lambda line, *_: line.type, sums=False, number=False),
    "patch": TableColumn("patch", lambda line, *_: line.patch, sums=False, number=False),
    "output": TableColumn("output", lambda line, *_: line.output, sums=False, number=False),
    "params": TableColumn("params", _params),
    "moving": TableColumn("moving", lambda line, *_: line.counts.moving),
    "weights": TableColumn("weights", lambda line, *_: line.counts.weights),
    "macs": TableColumn("macs", lambda line, *_: line.counts.macs),
    "flops": TableColumn("flops", lambda line, *_: line.counts.flops),
    "training": TableColumn("training flops", lambda line, *_: line.training),
    "activations": TableColumn("activations", lambda line, *_: line.counts.activations),
    "acts": TableColumn("acts", lambda line, *_: line.counts.acts),
    "memory": TableColumn("memory (bytes)", _memory),
    "depth": TableColumn("depth", lambda line, *_: line.longest, sums=False),
    "branches": TableColumn("branches", _filters, sums=False, number=False),
    "rf": TableColumn("receptive field", _field, sums=False, number=False),
    "stride": TableColumn("stride", _stride, sums=False, number=False),
    "intensity": TableColumn("flops/byte", _per_byte, sums=False),
    "share": TableColumn("share of macs (%)", _share, sums=False),
}


OF_ROWS = ("type", "patch", "branches", "share")
"""Columns that say something of a row, and nothing of a whole network."""
SORTED = tuple(key for key in COLUMNS if key not in ("type", "patch", "branches"))
"""The columns that rows can be sorted by."""


def columns_and_scales(
    names: Iterable[str], known: Collection[str] = COLUMNS
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Read columns: `output`, and with a unit `params:M`.

    Args:
        names: one each.
        known: the columns that the table has.

    Returns:
        Their keys, and the units of those that have one.

    Raises:
        NetError: N625 for one that is not a column, comes twice, or has a unit that does not exist.
    """
    keys, scales = [], {}
    for name in names:
        key, colon, unit = (part.strip() for part in name.partition(":"))
        # Two columns of one name would be one key in JSON, and the last would win.
        if key in keys:
            raise fail("N625", f"the column `{key}` is named twice", help="name each column once")
        keys.append(column_key(key, known))
        if not colon:
            continue
        # Of the columns that only a table of networks has, all but the input's shape are numbers.
        numeric = COLUMNS[key].number if key in COLUMNS else key != "input"
        if not numeric:
            raise fail("N625", f"the column `{key}` has no numbers, so it has no unit")
        if unit not in UNITS:
            raise fail(
                "N625",
                f"there is no unit `{unit}` for the column `{key}`",
                help=did_you_mean(unit, UNITS)
                or f"the units are {', '.join(UNITS)}: powers of 1,000, and of 1,024",
            )
        scales[key] = unit
    return tuple(keys), scales


def column_key(key: str, known: Collection[str] = COLUMNS) -> str:
    """Return the key itself.

    Raises:
        NetError: N625 where it is not a column.
    """
    if key not in known:
        raise fail(
            "N625",
            f"the table has no column `{key}`",
            help=did_you_mean(key, known) or f"it has {', '.join(known)}",
        )
    return key


def unit_base(key: str) -> int:
    """Return what a column's numbers are shortened by powers of: bytes 1024, all else 1000."""
    return 1024 if key == "memory" else 1000


def rank(value: Any) -> Any:
    """Return what a value is sorted by.

    A receptive field, or a stride, by the mean of its axes, for one of equal axes is written as
    one number: `5` of 5x5. Beyond any other is the field that is the whole input.
    """
    if not isinstance(value, str):
        return value
    if value in ("", "all"):
        return math.inf if value else 0
    from fractions import Fraction

    # Strides may be fractions: `1/2` after an upsampling.
    axes = [Fraction(axis) for axis in value.split("x")]
    return math.prod(axes) ** (1 / len(axes))
