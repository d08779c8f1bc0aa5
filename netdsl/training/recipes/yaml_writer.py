"""Writing sections as YAML, and as values that JSON can represent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any

from netdsl.params import param_text, reads_as_another
from netdsl.training.recipes.sections import Section, scalar_of


def as_values(values: Section) -> dict[str, Any]:
    """Return the keys that have values, as JSON can represent them."""
    found: dict[str, Any] = {}
    for item in fields(values):
        value = getattr(values, item.name)
        if isinstance(value, Section):
            value = as_values(value) if (scalar := scalar_of(value)) is None else scalar
        elif isinstance(value, Mapping):
            value = {name: _as_json(one) for name, one in value.items()}
        if item.metadata and value is not None and value not in ({}, ()):
            found[item.name] = value
    return found


def to_yaml(values: Section, reasons: Mapping[str, str] | None = None) -> str:
    """Write the keys that have values, each on a line, with the reasons as comments.

    Reading the text returns the same values.
    """
    lines = list(_lines(values, "", reasons or {}))
    width = max((len(line) for line, reason in lines if reason), default=0)
    return "".join(
        f"{line:{width}}  # {reason}\n" if reason else f"{line}\n" for line, reason in lines
    )


def _lines(values: Section, path: str, reasons: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each key's line without its comment, and the comment."""
    indent = "  " * path.count(".")
    for item in fields(values):
        value, place = getattr(values, item.name), path + item.name
        if not item.metadata or value is None or value in ({}, ()):
            continue
        reason = reasons.get(place, "")
        if isinstance(value, Section) and (scalar := scalar_of(value)) is not None:
            reason = reason or reasons.get(f"{place}.{value.short}", "")
            yield f"{indent}{item.name}: {_plain(scalar)}", reason
        elif isinstance(value, Section):
            inner = list(_lines(value, f"{place}.", reasons))
            if inner:
                yield f"{indent}{item.name}:", reason
                yield from inner
        elif isinstance(value, Mapping):
            yield f"{indent}{item.name}:", reason
            # Params can be tuples and fractions; a list of categories is written as a list in YAML.
            write = _scalar if "params" in item.metadata else _plain
            for name, one in value.items():
                key = f"{indent}  {_scalar(name)}:"
                if isinstance(one, Mapping):
                    yield key, ""
                    for inner, number in one.items():
                        yield f"{indent}    {_scalar(inner)}: {_plain(number)}", ""
                else:
                    yield f"{key} {write(one)}", reasons.get(f"{place}.{name}", "")
        else:
            yield f"{indent}{item.name}: {_plain(value)}", reason


def _plain(value: Any) -> str:
    """Write a value or a list of values on one line."""
    return _scalar(list(value) if isinstance(value, tuple) else value)


def _scalar(value: Any) -> str:
    import yaml

    # PyYAML would write `true`, and YAML has no fractions.
    if isinstance(value, bool | Fraction | tuple):
        return param_text(value)
    # `1e3`, `yes` or `null` as a text: without quotes it would be read back as something else.
    if isinstance(value, str) and reads_as_another(value):
        return f"'{value}'"
    return (
        str(yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True))
        .removesuffix("\n")
        # PyYAML ends a document that is a bare scalar with this line.
        .removesuffix("\n...")
    )


def _as_json(value: Any) -> Any:
    """Return a value as JSON can represent it.

    A fraction becomes a number if that is exact, else the text of its ratio.
    """
    if not isinstance(value, Fraction):
        return value
    return float(value) if Fraction(str(float(value))) == value else param_text(value)
