"""Messages as a SARIF 2.1.0 log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from netdsl.errors.diagnostics import Diagnostic, Span
from netdsl.errors.values import place_values

_REGION = {
    "startLine": "line",
    "startColumn": "column",
    "endLine": "end_line",
    "endColumn": "end_column",
}


def as_sarif(
    files: Sequence[tuple[str, Sequence[Diagnostic]]], titles: Mapping[str, str], version: str
) -> dict[str, Any]:
    """Return the messages of some files as a log of one run.

    Args:
        files: names of files, each with its messages.
        titles: of codes; those that occur become rules.
        version: netdsl's.
    """
    # In the order of codes, not of messages: two runs on one file give one log.
    codes = sorted({diagnostic.code for _, diagnostics in files for diagnostic in diagnostics})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": titles.get(code, code)},
            "help": {"text": f"netdsl explain {code}"},
            "defaultConfiguration": {"level": "warning" if code.startswith("W") else "error"},
        }
        for code in codes
    ]
    results = [
        _result(diagnostic, codes.index(diagnostic.code), file)
        for file, diagnostics in files
        for diagnostic in diagnostics
    ]
    driver = {"name": "netdsl", "version": version, "rules": rules}
    # As Python counts columns; without it readers count UTF-16 units.
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }


def _result(diagnostic: Diagnostic, rule: int, file: str) -> dict[str, Any]:
    help = f"\nhelp: {diagnostic.help}" if diagnostic.help else ""
    result = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": diagnostic.message + help},
        "locations": [_location(diagnostic.span, file)],
    }
    if diagnostic.notes:
        result["relatedLocations"] = [
            {"id": number, **_location(note.span, file), "message": {"text": note.message}}
            for number, note in enumerate(diagnostic.notes, 1)
        ]
    return result


def _location(span: Span | None, file: str) -> dict[str, Any]:
    name = span.source.name if span else file
    # A URI has slashes, and percent signs for spaces.
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(name.replace("\\", "/"))}}
    if span:
        place = place_values(span)
        physical["region"] = {name: place[key] for name, key in _REGION.items()}
    return {"physicalLocation": physical}
