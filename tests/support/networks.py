"""Networks of texts, and what is reported of them."""

from __future__ import annotations

from typing import Any

from netdsl import Network
from netdsl.errors import Diagnostic, Source
from netdsl.reading import Checked, ReadOptions, check_source


def check(text: str, **given: Any) -> Checked:
    return check_source(Source("test.net", text), ReadOptions(**given), "test")


def read(text: str, **given: Any) -> Network:
    """The network of a text that has no mistakes; warnings are allowed."""
    checked = check(text, **given)
    assert not checked.faulty, (text, checked.diagnostics)
    return checked.networks[0]


def steps(network: Network) -> str:
    """The graph in one line: each operation, with its inputs where they are not the operation
    before it alone.
    """
    words = []
    for index, op in enumerate(network.graph.ops):
        head = "x".join(map(str, op.shape)) if op.kind is None else op.kind.head()
        words.append(
            head
            + (
                f"<{','.join(map(str, op.inputs))}>"
                if op.kind and op.inputs != (index - 1,)
                else ""
            )
        )
    return " ".join(words)


def codes(text: str, **given: Any) -> list[str]:
    return [diagnostic.code for diagnostic in check(text, **given).diagnostics]


def only(text: str, code: str) -> Diagnostic:
    """The one diagnostic of a text, which has this code."""
    found = check(text).diagnostics
    assert [diagnostic.code for diagnostic in found] == [code], (text, found)
    return found[0]
