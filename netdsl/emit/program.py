"""Networks as a Keras program: a function for each, functions for blocks, loops for repeats; it
needs Keras and nothing else.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from netdsl.emit.carried import carried
from netdsl.emit.naming import RESERVED
from netdsl.emit.network import functions_of
from netdsl.emit.python import function_text
from netdsl.emit.text import WIDTH
from netdsl.naming import identifier, unique_name

if TYPE_CHECKING:
    from netdsl.architecture import Architecture


def program(networks: Sequence[Architecture]) -> str:
    """The Keras program that makes these networks: a module with a function for each."""
    taken = set(RESERVED)
    names = [unique_name(identifier(network.name), taken) for network in networks]
    known: dict[str, str] = {}
    parts: list[str] = []
    customs: set[str] = set()
    for network, name in zip(networks, names, strict=True):
        found = functions_of(network, name, taken, known)
        parts += map(function_text, found.functions)
        customs |= found.customs
    main = "\n".join(f"    {name}().summary()" for name in names)
    lines = [*_docstring(networks), *_head("\n".join(parts), customs)]
    return "\n".join(
        [*lines, "", "", "\n\n\n".join(parts), "", "", 'if __name__ == "__main__":', main, ""]
    )


def _docstring(networks: Sequence[Architecture]) -> list[str]:
    text = " ".join((networks[0].description or f"The Keras model {networks[0].name}.").split())
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    begin = '""" ' if text.startswith('"') else '"""'
    lines = textwrap.wrap(begin + text, WIDTH, break_on_hyphens=False)
    end = ' """' if text.endswith('"') else '"""'
    return [lines[0] + end, ""] if len(lines) == 1 else [*lines, '"""', ""]


def _head(body: str, customs: set[str]) -> list[str]:
    """The imports, and the layers that Keras lacks."""
    text, imported = carried(customs)
    lines = ["from typing import Any", ""] if "Any" in imported else []
    lines.append("import keras")
    if "np" in imported:
        lines.append("import numpy as np")
    used = [
        name for name in ("layers", "ops") if re.search(rf"\b{name}\.", body) or name in imported
    ]
    lines += [f"from keras import {', '.join(used)}"] if used else []
    if text:
        lines += [
            "",
            "# fmt: off",
            "# Layers that Keras does not have, from netdsl (Apache-2.0)",
            "",
            *text.split("\n"),
            "",
            "# fmt: on",
        ]
    return lines
