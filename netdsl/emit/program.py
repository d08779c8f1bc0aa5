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
from netdsl.emit.proof import disproof
from netdsl.emit.python import function_text
from netdsl.emit.text import WIDTH
from netdsl.errors import fail
from netdsl.naming import identifier, unique_name

if TYPE_CHECKING:
    from netdsl.architecture import Architecture


UNFACTORED = "# Written without blocks and loops: with them it could not be proven."
"""What a program says at its top that has a statement for each layer."""


def program(networks: Sequence[Architecture]) -> str:
    """Return the Keras program that makes these networks: a module with a function for each.

    It is proven to make them; where that fails for blocks and loops, it is written without these.

    Raises:
        NetError: N627 where that is not proven either.
    """
    taken = set(RESERVED)
    names = [unique_name(identifier(network.name), taken) for network in networks]
    # Both are proven. Without blocks and loops there is less that could go wrong.
    for factored in (True, False):
        text = written(networks, names, factored)
        found = zip(networks, names, strict=True)
        reasons = {
            network.name: reason
            for network, name in found
            if (reason := disproof(text, name, network.name, network.graph))
        }
        if not reasons:
            return text
    name, reason = next(iter(reasons.items()))
    raise fail(
        "N627",
        f"no program could be proven to make the network `{name}`: {reason}",
        help="report it with the .net file: this is a bug in netdsl",
    )


def written(networks: Sequence[Architecture], names: Sequence[str], factored: bool) -> str:
    """Return the program, not proven yet.

    Args:
        networks: that it makes.
        names: of the functions that make them.
        factored: whether it has blocks and loops; else each layer is a statement.
    """
    # One set for the whole module: networks share functions, so their names must differ.
    taken = {*RESERVED, *names}
    known: dict[str, str] = {}
    parts: list[str] = []
    customs: set[str] = set()
    for network, name in zip(networks, names, strict=True):
        found = functions_of(network, name, taken, known, factored)
        parts += map(function_text, found.functions)
        customs |= found.customs
    main = "\n".join(f"    {name}().summary()" for name in names)
    note = [] if factored else [UNFACTORED]
    lines = [*_docstring(networks), *note, *_head("\n".join(parts), customs)]
    return "\n".join(
        [*lines, "", "", "\n\n\n".join(parts), "", "", 'if __name__ == "__main__":', main, ""]
    )


def _docstring(networks: Sequence[Architecture]) -> list[str]:
    text = " ".join((networks[0].description or f"The Keras model {networks[0].name}.").split())
    # A description is a stranger's text: it must not end the docstring and continue as code.
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    begin = '""" ' if text.startswith('"') else '"""'
    lines = textwrap.wrap(begin + text, WIDTH, break_on_hyphens=False)
    end = ' """' if text.endswith('"') else '"""'
    return [lines[0] + end, ""] if len(lines) == 1 else [*lines, '"""', ""]


def _head(body: str, customs: set[str]) -> list[str]:
    """Return the imports, and the layers that Keras lacks."""
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
            # Cut out as they are written here, in lines of 100.
            "# fmt: off",
            "# Layers that Keras does not have, from netdsl (Apache-2.0)",
            "",
            *text.split("\n"),
            "",
            "# fmt: on",
        ]
    return lines
