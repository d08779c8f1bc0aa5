"""Bars as SVG: a few numbers for each of many names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeGuard

from netdsl.training.reporting.charts import (
    BOTTOM,
    COLOURS,
    FAINT,
    GRID,
    INK,
    RIGHT,
    TOP,
    WIDTH,
    chart_page,
    chart_text,
    linear_axis,
    logarithmic_axis,
    tick_text,
)
from netdsl.wording import cut, number_text

_LABELS, _VALUES = 236, 60
"""Widths in pixels of the names on the left, and of the numbers after the bars."""
_THICK, _APART = 13, 9


class BarGroup(NamedTuple):
    """A name with a bar for each number; None has no bar, nor has 0 on a logarithmic axis."""

    label: str
    values: tuple[float | None, ...]


def bars(
    title: str,
    subtitle: str,
    groups: Sequence[BarGroup],
    series: Sequence[str],
    axis: str,
    logarithmic: bool = False,
) -> str:
    """Draw horizontal bars, each with its number after it.

    Args:
        title: above.
        subtitle: below the title.
        groups: from top to bottom.
        series: what the numbers of each group are.
        axis: what is measured, with its unit.
        logarithmic: whether equal ratios are equally far apart.
    """
    drawn = [value for group in groups for value in group.values if _is_drawn(value, logarithmic)]
    start, end = _LABELS, WIDTH - RIGHT - _VALUES
    if logarithmic:
        # The axis begins at a power of ten strictly below the smallest value, so that its bar has a
        # length, and ends a little above the largest: an axis from 10 to 10 would divide by log(1).
        low = 10.0 ** math.floor(math.log10(min(drawn, default=1.0)) - 1e-9)
        across = logarithmic_axis(axis, low, max(drawn, default=10.0) * 1.001, start, end)
    else:
        low = 0.0
        across = linear_axis(axis, 0.0, max(drawn, default=1.0), start, end, 7)
    tall = len(series) * _THICK + _APART
    legend = 22 if len(series) > 1 else 0
    top = TOP + legend
    bottom = top + tall * len(groups)
    parts = [
        f'<path d="M{across.place(tick):.1f} {top}V{bottom}" stroke="{GRID}"/>'
        + chart_text(
            across.place(tick), bottom + 18, tick_text(tick, across.ticks), 12, "middle", FAINT
        )
        for tick in across.ticks
    ]
    parts.append(chart_text((start + end) / 2, bottom + 40, across.name, anchor="middle"))
    if legend:
        parts += [
            f'<rect x="{start + 150 * at}" y="{TOP - 4}" width="14" height="11" '
            f'fill="{COLOURS[at % len(COLOURS)]}"/>'
            + chart_text(start + 150 * at + 20, TOP + 6, name)
            for at, name in enumerate(series)
        ]
    for row, group in enumerate(groups):
        y = top + row * tall + _APART / 2
        middle = y + len(series) * _THICK / 2 + 4
        parts.append(chart_text(start - 8, middle, cut(group.label, 34), 13, "end", INK))
        for at, value in enumerate(group.values):
            if value is None:
                continue
            # A value that the axis has no place for (0 on a logarithmic one, infinity) keeps its
            # number, after a bar of one pixel.
            long = across.place(value) - start if _is_drawn(value, logarithmic) else 0.0
            here = y + at * _THICK
            parts.append(
                f'<rect x="{start}" y="{here:.1f}" width="{max(long, 1):.1f}" '
                f'height="{_THICK - 2}" fill="{COLOURS[at % len(COLOURS)]}"/>'
                + chart_text(
                    start + max(long, 1) + 5,
                    here + _THICK - 3,
                    _number(value),
                    11,
                    "start",
                    FAINT,
                )
            )
    return chart_page(title, subtitle, parts, WIDTH, bottom + BOTTOM)


def _number(value: float) -> str:
    return number_text(value) if abs(value) >= 100 else f"{value:.3g}"


def _is_drawn(value: float | None, logarithmic: bool) -> TypeGuard[float]:
    return value is not None and math.isfinite(value) and (value > 0 if logarithmic else True)
