"""The fields of all outputs along one axis, and how each operation changes them.

For windows alone this is the closed form of Araujo, Norris, Sim: Computing Receptive Fields of
Convolutional Neural Networks (Distill 2019): with the strides' product S before layer l, a window
of size K, dilation D and padding P in front adds D*(K-1)*S positions to the size, takes P*S off the
start, and multiplies the stride. Layers that make more positions of fewer have fields that repeat
with a period; these are kept as tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from netdsl.kinds.facts import Reach

MAX_STRIDE = 2**53  # beyond it no axis has positions, and the field is taken as the whole input
# of fields that repeat; where the period is longer, and longer than the output too, only the fields
# of the output's own positions are exact
LONGEST_PERIOD = 512
# of fields that differ from output to output; where more would, the field is taken as the whole
# input
LONGEST_TABLE = 4096


class Ends(NamedTuple):
    """One end of the fields along an axis.

    Output i's is values[k] + turns*rise, where by*i + offset = turns*len(values) + k.
    """

    values: tuple[int, ...]
    rise: int
    by: int
    offset: int

    def at(self, i: int) -> int:
        """Return the value of output `i`."""
        turns, k = divmod(self.by * i + self.offset, len(self.values))
        return self.values[k] + turns * self.rise

    @property
    def period(self) -> int:
        """After how many outputs the ends repeat, moved on."""
        return len(self.values) // math.gcd(self.by, len(self.values))


class AxisFields(NamedTuple):
    """The fields along one axis: their ends, the mean stride, and whether branches agree."""

    first: Ends
    last: Ends
    stride: Fraction
    aligned: bool = True


OWN = AxisFields(Ends((0,), 1, 1, 0), Ends((0,), 1, 1, 0), Fraction(1))


def after_step(line: AxisFields, reach: Reach, size: int) -> AxisFields | None:
    """Return the fields after one more step, which gives `size` positions.

    None where too many of them differ.
    """
    # Not multiplied by 1: fractions cost, and deep networks have thousands of such steps.
    stride = line.stride if reach.step == reach.over else line.stride * reach.step / reach.over
    if stride.numerator > MAX_STRIDE * stride.denominator:
        return None
    if reach.over == 1:
        return AxisFields(
            _after_window(line.first, reach.step, reach.first),
            _after_window(line.last, reach.step, reach.last),
            stride,
            line.aligned,
        )
    before = math.lcm(line.first.period, line.last.period)
    # After this many outputs both the step's own cells and the fields before begin again.
    period = _table(reach.over * before // math.gcd(reach.step, reach.over * before), size)
    if period is None:
        return None
    rise = math.floor(stride * period)  # whole, but of a table of all positions
    first = tuple(
        # Up where a field begins and down where it ends: an empty one ends before it begins.
        line.first.at(-(-(reach.step * i + reach.first) // reach.over))
        for i in range(period)
    )
    last = tuple(line.last.at((reach.step * i + reach.last) // reach.over) for i in range(period))
    return AxisFields(Ends(first, rise, 1, 0), Ends(last, rise, 1, 0), stride, line.aligned)


def _after_window(ends: Ends, step: int, cell: int) -> Ends:
    values, rise, by, offset = ends
    return Ends(values, rise, by * step, offset + by * cell)


def _table(period: int, size: int) -> int | None:
    """Return the length of a table of fields.

    A period, or all positions where these are far fewer; None where it would be too long.
    """
    length = period if period <= max(size, LONGEST_PERIOD) else size
    return length if length <= LONGEST_TABLE else None


def union(a: AxisFields, b: AxisFields, size: int) -> AxisFields | None:
    """Return the smallest fields that hold both, for `size` positions.

    None where too many of them differ.
    """
    if a is b or a == b:
        return a
    even = a.stride == b.stride
    period = (
        _table(math.lcm(*(ends.period for line in (a, b) for ends in line[:2])), size)
        if even
        else _table(size, size)
    )
    if period is None:
        return None
    stride = max(a.stride, b.stride)
    aligned = a.aligned and b.aligned and even and _same_middles(a, b, period)
    rise = math.floor(stride * period)
    return AxisFields(
        _outer(a.first, b.first, min, rise, period),
        _outer(a.last, b.last, max, rise, period),
        stride,
        aligned,
    )


def _outer(a: Ends, b: Ends, pick: Callable[[int, int], int], rise: int, period: int) -> Ends:
    # The same fields, moved: one of them is always the outer one.
    if a[:3] == b[:3]:
        return a if pick(a.offset, b.offset) == a.offset else b
    return Ends(tuple(pick(a.at(i), b.at(i)) for i in range(period)), rise, 1, 0)


def _same_middles(a: AxisFields, b: AxisFields, count: int) -> bool:
    """Return whether the middles of the fields agree, in the mean over this many outputs.

    After upsampling neighbours may share a field.
    """
    return (
        sum(a.first.at(i) + a.last.at(i) - b.first.at(i) - b.last.at(i) for i in range(count)) == 0
    )


def widest(line: AxisFields, size: int) -> int:
    """Return positions from the first to the last that are seen, of that output of `size` that sees
    most.
    """
    first, last = line.first, line.last
    if len(first.values) == len(last.values) == 1:
        return max(0, last.at(0) - first.at(0) + 1)
    count = min(size, math.lcm(first.period, last.period))
    # Whole turns are taken out, so that layers whose fields are moved alike share one entry below.
    before, low = divmod(first.offset, len(first.values))
    after, high = divmod(last.offset, len(last.values))
    return max(
        0,
        _width(first._replace(offset=low), last._replace(offset=high), count)
        + after * last.rise
        - before * first.rise,
    )


@lru_cache(maxsize=4096)
def _width(first: Ends, last: Ends, count: int) -> int:
    return max(last.at(i) - first.at(i) + 1 for i in range(count))
