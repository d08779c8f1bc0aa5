"""A reliability diagram as SVG: how often answers are right, by how sure they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from netdsl.training.reporting.charts import (
    BOTTOM,
    FAINT,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    TRAINING,
    VALIDATION,
    WIDTH,
    axes,
    chart_page,
    chart_text,
    linear_axis,
)

Bins = Sequence[tuple[float, float, float]]
"""For each bin the number of answers, the sum of their probabilities, and how many are right."""

STYLES = ((TRAINING, "0.85"), (VALIDATION, "0.45"))
"""Colour and opacity of the first and of the second line."""


def reliability(title: str, subtitle: str, lines: Mapping[str, Bins]) -> str:
    """Draw the share of right answers over the mean probability in each bin; the area of a circle
    is the bin's share of the answers.

    Args:
        title: above.
        subtitle: below the title.
        lines: one or two sets of bins by their names.
    """
    across = linear_axis("probability of the likeliest class", 0, 1, LEFT, WIDTH - RIGHT, 10)
    up = linear_axis("share that is right", 0, 1, HEIGHT - BOTTOM, TOP + 12, 7)
    diagonal = f"M{LEFT} {HEIGHT - BOTTOM}L{WIDTH - RIGHT} {TOP + 12}"
    parts = [axes(across, up), f'<path d="{diagonal}" stroke="{FAINT}" stroke-dasharray="3 4"/>']
    for place, (name, bins) in enumerate(lines.items()):
        colour, opacity = STYLES[place]
        total = sum(count for count, _, _ in bins) or 1.0
        known = [
            (across.place(sure / count), up.place(right / count), count / total)
            for count, sure, right in bins
            if count
        ]
        # Empty bins are left out: their mean would be 0 / 0. The line connects their neighbours.
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in known)
        dashes = "" if not place else ' stroke-dasharray="5 4"'
        parts.append(f'<g fill="{colour}" fill-opacity="{opacity}" stroke="{colour}">')
        if known:
            parts.append(f'<path d="M{path}" fill="none" stroke-width="1.5"{dashes}/>')
        parts += [
            # The root: areas are compared by eye, not radii. 2.5 keeps a bin of one answer visible.
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2.5 + 12 * math.sqrt(share):.1f}"/>'
            for x, y, share in known
        ]
        parts.append("</g>")
        if len(lines) > 1:
            y = TOP + 30 + 20 * place
            parts.append(f'<circle cx="{LEFT + 20}" cy="{y - 4}" r="6" fill="{colour}"/>')
            parts.append(chart_text(LEFT + 34, y, name))
    return chart_page(title, subtitle, parts)
