"""Silence warnings about what an import writes on purpose, by comments at their causes."""

from __future__ import annotations

from netdsl.architecture import Architecture
from netdsl.errors import CAUSE
from netdsl.reading import read_text

_ON_PURPOSE = ("W701", "W702", "W704", "W706", "W707", "W708", "W715")
"""Warnings about what the imported model itself has: rows that no window reads, default activations
that stay or are dropped, shapes of inputs, biases before norms.
"""


def without_needless_warnings(text: str) -> Architecture:
    """Read a text, with comments added that silence warnings about what its model has."""
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
    # Read twice: only reading shows which lines get warnings.
    lines = text.split("\n")
    for line, own in codes.items():
        lines[line - 1] += f"  # netdsl: ignore {', '.join(sorted(own))}"
    return read_text("\n".join(lines))
