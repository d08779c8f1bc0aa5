"""Parts of a page as HTML: sections, tables, lists. All texts are escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any


def section(title: str, body: str) -> str:
    """Return a section with its title; the body is HTML."""
    return f"<section><h2>{escape(title)}</h2>\n{body}</section>"


def code(text: str) -> str:
    """Return a text of lines with its comments set back."""
    lines = []
    for line in text.rstrip().split("\n"):
        written, mark, comment = (line, "", "") if "#" not in line else line.partition("#")
        lines.append(escape(written) + (f"<i>#{escape(comment)}</i>" if mark else ""))
    return "\n".join(lines)


def figure_of(svg: str) -> str:
    """Return a drawing as a figure."""
    return f"<figure>{svg}</figure>"


def listing(lines: Sequence[str]) -> str:
    """Return lines as a list."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def pairs(values: Mapping[str, Any]) -> str:
    """Return names and their values."""
    entries = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>"
        for name, value in values.items()
    )
    return f"<dl>{''.join(entries)}</dl>"


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[float | str]],
    left: int = 1,
    foot: Sequence[str] = (),
) -> str:
    """Return a table of texts.

    Args:
        caption: what is above it.
        heads: the names of its columns.
        rows: of texts, and of shares, which are written in percent with a bar behind them.
        left: so many columns stand to the left, the others to the right.
        foot: a last row below a line.
    """

    def cell(place: int, value: float | str) -> str:
        if isinstance(value, float):
            return f'<td class="n bar" style="--s:{100 * value:.1f}%">{100 * value:.1f}</td>'
        return f"<td{'' if place < left else ' class=n'}>{escape(value)}</td>"

    head = "".join(
        f"<th{'' if place < left else ' class=n'}>{escape(text)}</th>"
        for place, text in enumerate(heads)
    )
    body = "".join(
        f"<tr>{''.join(cell(place, value) for place, value in enumerate(row))}</tr>" for row in rows
    )
    end = (
        f"<tfoot><tr>{''.join(cell(place, text) for place, text in enumerate(foot))}</tr></tfoot>"
        if foot
        else ""
    )
    inner = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{end}"
    return f"<div class=wide><table><caption>{escape(caption)}</caption>{inner}</table></div>"
