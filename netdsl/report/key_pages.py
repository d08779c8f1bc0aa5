"""What the figures of a table and the keys of a recipe mean, from the tables of the documentation's
pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from netdsl.report.pages import document, section

_PARAGRAPHS = {
    "macs": ("What papers call FLOPs",),
    "flops": ("FLOPs", "What papers call FLOPs"),
    "training": ("Training FLOPs",),
}
"""By figure, how the paragraphs begin that say more of it."""

_SECTIONS = {"memory": "Memory", "rf": "Receptive fields"}
"""Figures that have a section of their own."""


def figure_page(word: str) -> str:
    """Return what a figure of tables is; empty where none has this name."""
    if word in _SECTIONS:
        return section(_SECTIONS[word], "accounting.md")
    parts = [f"{text}." for name, text in _rows("accounting.md", "figure") if name.lower() == word]
    page = document("accounting.md")
    for begin in _PARAGRAPHS.get(word, ()):
        found = re.search(rf"(?ms)^\*\*{re.escape(begin)}\*\*.*?(?=\n\n|\Z)", page)
        assert found, begin
        parts.append(found[0].replace("**", ""))
    return "\n\n".join([f"# {word} · a figure", *parts]) if parts else ""


def key_page(word: str) -> str:
    """Return what a recipe's key accepts, or each key of a section; empty where none is so called.

    A key of a section is known with the section's name and without: `optimizer.rate`, `rate`.
    """
    lines = [f"- `{name}`: {text}" for name, text in _keys() if word in (name, *name.split("."))]
    return "\n".join([f"# {word} · a recipe's key", "", *lines]) if lines else ""


def words() -> list[str]:
    """Return all words that have a page here."""
    found = {name.lower() for name, _ in _rows("accounting.md", "figure")}
    found |= {*_PARAGRAPHS, *_SECTIONS}
    for name, _ in _keys():
        found |= {name, *name.split(".")}
    return sorted(word for word in found if " " not in word and "," not in word)


def _keys() -> Iterator[tuple[str, str]]:
    """Yield each key of a recipe, with what it accepts and its default."""
    for names, text in _rows("recipes.md", "key"):
        for name in re.findall(r"`([^`]+)`", names):
            yield name, text


def _rows(page: str, first: str) -> Iterator[tuple[str, str]]:
    """Yield the rows of a page's tables whose first column is called `first`: that cell, and what
    the others say.
    """
    inside = False
    for line in document(page).split("\n"):
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            inside = False
        elif cells[0] == first:
            inside, heads = True, cells
        elif inside and not cells[0].startswith("-"):
            more = [
                f"({head}: {cell})"
                for head, cell in zip(heads[2:], cells[2:], strict=False)
                if cell
            ]
            yield cells[0], " ".join([cells[1], *more])
