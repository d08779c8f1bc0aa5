"""The grammar and the parser's tables: stored ones, or made again if the grammar changed."""

import json
import os
from typing import Any

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GRAMMAR, TABLES = "netdsl.lark", "netdsl.json"


def grammar_folder() -> str:
    """Find the folder of the grammar: inside the package where it was installed, next to it
    in a checkout.

    Raises:
        FileNotFoundError: where neither is there.
    """
    for folder in (_installed(), os.path.join(os.path.dirname(_PACKAGE), "grammar")):
        if os.path.isfile(os.path.join(folder, GRAMMAR)):
            return folder
    raise FileNotFoundError("netdsl was installed without its grammar")


def grammar_text() -> str:
    """Read the grammar."""
    with open(os.path.join(grammar_folder(), GRAMMAR), encoding="utf-8") as file:
        return file.read()


def load_tables() -> dict[str, Any]:
    """Load the kept tables; where a checkout's grammar is not the one that they were made of, Lark
    makes them of it at once.
    """
    folder = grammar_folder()
    with open(os.path.join(folder, TABLES), encoding="utf-8") as file:
        tables: dict[str, Any] = json.load(file)
    # an installed grammar is that of its tables: nobody edits it, and each start would read it
    if folder != _installed() and tables["grammar"] != (text := grammar_text()):
        from netdsl.syntax.tables import tables_of

        return tables_of(text)
    return tables


def _installed() -> str:
    return os.path.join(_PACKAGE, "grammar")
