"""The settings in a TOML file: what they accept, and what is wrong with them.

None of them names a program or anything else that runs: the worst that a file from elsewhere can
cause is an error.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

from netdsl.cli.common import COLORS
from netdsl.cli.config import HEADER, LONGEST, PROJECT
from netdsl.errors import Diagnostic, NetError, Source, Span, did_you_mean, fail
from netdsl.errors.printable import in_one_line
from netdsl.limits import DEFAULT_LIMITS
from netdsl.sources import read_source

SETTINGS: dict[str, tuple[str, ...]] = {
    "backend": ("tensorflow", "jax", "torch"),
    "color": COLORS,
    "data-folder": (),
    "format": ("text", "json"),
    "pager": (),
    "quiet": (),
}
"""The settings, and the words that each accepts; `pager` and `quiet` are true or false."""

VARIABLES = {"data-folder": "NETDSL_DATA", "backend": "KERAS_BACKEND"}
"""Settings that take the place of a variable of the environment that is not set."""

_LONGEST = 1 << 13
"""The most characters of settings: many dots in a longer text would take long to parse as TOML."""
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")


def read_config(path: str) -> Mapping[str, Any]:
    """Read the settings of a `netdsl.toml` or a `pyproject.toml`.

    Raises:
        NetError: N606 with every mistake, N601, N007, N401 where the file cannot be read.
    """
    # A pyproject.toml may be longer than a network's text; the limit of settings is for its own
    # table only.
    source = read_source(path, DEFAULT_LIMITS._replace(source=LONGEST))
    values = _parsed(source, os.path.basename(path) == PROJECT)
    wrong = [found for key, value in values.items() for found in _wrong(source, key, value)]
    if wrong:
        raise NetError(*wrong)
    if "data-folder" in values:
        folder = os.path.expanduser(values["data-folder"])
        # Relative to the file, whatever the working directory is.
        return {**values, "data-folder": os.path.join(os.path.dirname(path), folder)}
    return values


@contextmanager
def as_environment(settings: Mapping[str, Any]) -> Iterator[None]:
    """Within the block, set the variables of the environment that are not set from the settings."""
    added = {
        variable: settings[key]
        for key, variable in VARIABLES.items()
        if key in settings and not os.environ.get(variable)
    }
    os.environ.update(added)
    try:
        yield
    finally:
        for variable in added:
            # `main` may be called again in this process, in another folder.
            os.environ.pop(variable, None)


def _parsed(source: Source, in_project: bool) -> dict[str, Any]:
    """Parse the settings in a text.

    Of a `pyproject.toml` only the own table is parsed, so that those of other tools may hold
    anything.
    """
    text = _own_table(source.text) if in_project else source.text
    if len(text.strip()) > _LONGEST:
        raise _mistake(f"{source.name} has more than {_LONGEST:,} characters of settings")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _mistake(f"{source.name} is not TOML: it is nested too deep") from None
    except ValueError as error:
        span, found = None, _PLACE.search(str(error))
        if found:
            line, column = int(found[1]), int(found[2])
            start = sum(len(each) + 1 for each in source.text.split("\n")[: line - 1])
            span = Span(source, start + column - 1, start + column)
        reason = _PLACE.sub("", str(error))
        raise _mistake(f"{source.name} is not TOML: {reason}", span) from None


def _own_table(text: str) -> str:
    """Return the lines of the table `[tool.netdsl]`, after empty lines for those before it."""
    lines = text.split("\n")
    first = next((at for at, line in enumerate(lines) if line.startswith(HEADER)), len(lines))
    table = takewhile(lambda line: not line.lstrip().startswith("["), lines[first + 1 :])
    # The empty lines keep line numbers in messages right.
    return "\n" * (first + 1) + "\n".join(table)


def _wrong(source: Source, key: str, value: Any) -> Iterator[Diagnostic]:
    """Yield what is wrong with a setting."""
    place = _place(source, key)
    if key not in SETTINGS:
        help = did_you_mean(key, SETTINGS) or f"the settings are {', '.join(SETTINGS)}"
        if key == "tool" and isinstance(value, dict) and "netdsl" in value:
            help = f"`{HEADER}` is the header in a {PROJECT}: leave it out here"
        yield Diagnostic("N606", f"there is no setting `{in_one_line(key)}`", place, help=help)
    elif key in ("pager", "quiet"):
        if not isinstance(value, bool):
            yield Diagnostic("N606", f"`{key}` requires true or false", place)
    elif words := SETTINGS[key]:
        if value not in words:
            help = did_you_mean(value, words) if isinstance(value, str) else ""
            known = ", ".join(f'"{word}"' for word in words)
            yield Diagnostic("N606", f"`{key}` requires one of {known}", place, help=help)
    elif not isinstance(value, str) or not value or "\0" in value:
        yield Diagnostic("N606", f"`{key}` requires the path of a folder", place)


def _place(source: Source, key: str) -> Span | None:
    """Return where a key is in the text; None if it is not found, as when it is quoted."""
    found = re.search(rf"(?m)^[^#\n]*?({re.escape(key)})\b", source.text)
    return Span(source, *found.span(1)) if found else None


def _mistake(message: str, span: Span | None = None) -> NetError:
    return fail("N606", message, span, help="`--no-config` leaves the file out")
