"""`docs/python.md`, made from the docstrings of the public names: `make docs`."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from textwrap import dedent
from typing import Any

import netdsl

INTRO = """# Python

<!-- made by `make docs` from the docstrings; edit them, not this page -->

`import netdsl` is all that a program needs. Every name below is in `netdsl`; a name that is not
listed may change with any version. Functions check their arguments: a value of the wrong type is a
`TypeError` that names the argument. Every other error is a `NetError` with a [code](errors) and all
its reasons; so are mistakes in a recipe, of whatever type, as a file has them too. The package
ships its types (`py.typed`).
"""
GROUPS = {
    "Networks": (
        "parse",
        "load",
        "check",
        "diff",
        "summary",
        "Network",
        "from_keras",
        "load_model",
    ),
    "Training": (
        "train",
        "cross_validate",
        "resume",
        "evaluate",
        "predict",
        "export",
        "Run",
        "CrossValidation",
        "Recipe",
        "RecipeKeys",
    ),
    "Values": (
        "Records",
        "LayerRecord",
        "NetworkDifference",
        "LayerOutputs",
        "NetworkDerivatives",
        "GradientChecks",
        "LayerMatrix",
        "Equivariance",
        "EvaluationResult",
        "Diagnostics",
        "Diagnostic",
        "Limits",
    ),
    "Errors": (
        "NetError",
        "NetSyntaxError",
        "NetNameError",
        "ShapeError",
        "RecipeError",
        "DataError",
        "RunFolderError",
        "RunError",
    ),
}
"""The public names in the order of the page; a test checks that all are here."""

_SECTION = re.compile(r"^(Args|Returns|Raises|Attributes|Source):$", re.MULTILINE)
_ENTRY = re.compile(r"^(\w+): ", re.MULTILINE)


def document() -> str:
    """Write the page."""
    parts = [INTRO]
    for title, names in GROUPS.items():
        parts.append(f"## {title}\n")
        for name in names:
            parts += _described(name, getattr(netdsl, name))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts))


def _described(name: str, value: Any) -> Iterator[str]:
    """A public name: its signature, its docstring, and the methods of a class."""
    yield f"### {name}\n"
    if not inspect.isclass(value):
        yield from _function(name, value)
        return
    yield from _texts(inspect.getdoc(value) or "")
    for method, member in _members(value):
        if isinstance(member, property):
            yield f"#### {name}.{method}\n"
            yield from _texts(inspect.getdoc(member) or "")
        else:
            yield f"#### {name}.{method}()\n"
            yield from _function(method, getattr(value, method))


def _members(of: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties that are netdsl's own and documented, by the order of classes.

    Those that only another room needs (`of`, `values`, `replace`) are left out.
    """
    seen = {"of", "values", "replace", "gathered", "problems", "given", "span", "sound"}
    if of is netdsl.Recipe:
        seen -= {"of"}
    for owner in of.__mro__:
        if not owner.__module__.startswith("netdsl"):
            continue
        for name, member in vars(owner).items():
            plain = isinstance(member, property | classmethod) or inspect.isfunction(member)
            if not name.startswith("_") and name not in seen and plain and inspect.getdoc(member):
                seen.add(name)
                yield name, member


def _function(name: str, value: Any) -> Iterator[str]:
    yield f"```text\n{_signature(name, value)}\n```\n"
    yield from _texts(inspect.getdoc(value) or "")


def _signature(name: str, value: Any) -> str:
    """The signature, a line a parameter where it is too long for one."""
    signature = inspect.signature(value)
    own = [each for each in signature.parameters.values() if each.name != "self"]
    text = f"{name}{signature.replace(parameters=own)}"
    text = re.sub(r"Limits\(source=[^)]*\)", "Limits()", text)
    text = re.sub(r"'([^']*)'", r'"\1"', re.sub(r": '([^']*)'", r": \1", text))
    text = re.sub(r'-> "(.*)"$', r"-> \1", text)
    if len(text) <= 98:
        return text
    end = signature.return_annotation
    lines = _split(text[len(name) + 1 : text.rindex(") ->")])
    return "\n".join([f"{name}(", *(f"    {line}," for line in lines), f") -> {end}"])


def _split(parameters: str) -> list[str]:
    """Parameters apart: at the commas that are in no brackets."""
    found, depth = [""], 0
    for character in parameters:
        depth += (character in "[({") - (character in "])}")
        if character == "," and not depth:
            found.append("")
        else:
            found[-1] += character
    return [each.strip() for each in found]


def _texts(docstring: str) -> Iterator[str]:
    """A docstring as Markdown: its words, its sections as lists, its examples."""
    words, *examples = re.split(r"\n(?=>>> )", docstring)
    parts = _SECTION.split(words)
    yield _joined(parts[0])
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        yield f"*{title}*\n"
        yield "\n".join(_entries(dedent(body).strip("\n"))) + "\n"
    if examples:
        lines, _, after = "\n".join(examples).partition("\n\n")
        yield f"```pycon\n{lines}\n```\n"
        if after.strip():
            yield from _texts(after.strip("\n"))


def _entries(body: str) -> Iterable[str]:
    """The entries of a section as a list; a text without names as it is."""
    starts = [found.start() for found in _ENTRY.finditer(body)]
    if not starts or starts[0]:
        return [_joined(body).rstrip("\n")]
    ends = [*starts[1:], len(body)]
    entries = (" ".join(body[start:end].split()) for start, end in zip(starts, ends, strict=True))
    return [_ENTRY.sub(r"- `\1`: ", entry, count=1) for entry in entries]


def _joined(text: str) -> str:
    """Paragraphs, each in one line."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
