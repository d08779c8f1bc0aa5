"""What an import writes on purpose is not warned of: comments at its causes say so."""

from __future__ import annotations

from netdsl.architecture import Architecture
from netdsl.errors import CAUSE
from netdsl.reading import read_text

_ON_PURPOSE = ("W701", "W702", "W704", "W706", "W707", "W708", "W715")
"""Warnings that a model's text silences: rows that no window reads, default activations that stay
or are dropped, shapes of inputs, biases before norms. The model has them so.
"""


def without_needless_warnings(text: str) -> Architecture:
    """Read a text, with comments that silence what its model asks for."""
    network = read_text(text)
    codes: dict[int, set[str]] = {}
    for warning in network.warnings:
        if warning.code in _ON_PURPOSE and warning.span is not None:
            causes = (note.span for note in warning.notes if note.message == CAUSE)
            place = next(causes, warning.span)
            line, _ = place.source.position(place.start)
            codes.setdefault(line, set()).add(warning.code)
    if not codes:
        return network
    # Read twice: only the reader knows which lines are warned of.
    lines = text.split("\n")
    for line, own in codes.items():
        lines[line - 1] += f"  # netdsl: ignore {', '.join(sorted(own))}"
    return read_text("\n".join(lines))
