"""A table of values in a format: text for a terminal, Markdown, CSV, LaTeX and HTML."""

from __future__ import annotations

import re
from typing import Any

from netdsl import constants
from netdsl.errors.printable import in_one_line
from netdsl.kinds.values import dims
from netdsl.report.sheet import ColumnHead, TableSheet
from netdsl.text_table import aligned_lines
from netdsl.wording import cut, shortened, spreadsheet_text

_WIDEST_LABEL = 48


def _cell(head: ColumnHead, value: Any, units: bool) -> str:
    """Return a value as people read it: shapes as 7x7x512, thousands set apart, or shortened."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return dims(value)
    sign = "+" if head.signed and value > 0 else ""
    if units and isinstance(value, int):
        return sign + shortened(value, head.base)
    return f"{sign}{value:,}" if isinstance(value, int) else f"{sign}{value:,.2f}"


def _texts(sheet: TableSheet) -> list[list[str]]:
    """Titles, lines and totals as cells of text."""

    def cells(label: str, values: tuple[Any, ...]) -> list[str]:
        return [
            label,
            *(
                _cell(head, value, sheet.units)
                for head, value in zip(sheet.heads, values, strict=True)
            ),
        ]

    body = (cells(f"{'  ' * depth}{label}", values) for label, depth, values in sheet.folded)
    return [
        [sheet.what, *(head.title for head in sheet.heads)],
        *body,
        cells("total", sheet.totals),
    ]


def as_text(sheet: TableSheet, width: int | None = None) -> str:
    """Return the text for a terminal: aligned columns, the totals below.

    Labels are cut where the lines would be wider than `width`.
    """
    cells = _texts(sheet)
    others = [max(len(line[column]) for line in cells) for column in range(1, len(cells[0]))]
    room = (
        _WIDEST_LABEL
        if width is None
        else max(12, min(_WIDEST_LABEL, width - sum(others) - 2 * len(others)))
    )
    for line in cells:
        line[0] = cut(line[0], room)
    sides = "l" + "".join("l" if head.left else "r" for head in sheet.heads)
    head, rule, *body, last = aligned_lines(cells, sides, rule=True)
    about = [sheet.about] if sheet.about else []
    return "\n".join([sheet.title, *about, "", head, rule, *body, rule, last, "", *sheet.notes])


_MARKDOWN = re.compile(r"[\\`*\[\]<>|#!]|(?<!\w)_|_(?!\w)")
_MARKDOWN_CELL = re.compile(r"[\\<|]")


def _markdown(text: str, signs: re.Pattern[str] = _MARKDOWN) -> str:
    """Return text in Markdown that is read as text there too, in one line."""
    return signs.sub(r"\\\g<0>", in_one_line(text))


def as_markdown(sheet: TableSheet) -> str:
    """Return a Markdown table, numbers to the right."""
    first, *rest = [[_markdown(cell, _MARKDOWN_CELL) for cell in line] for line in _texts(sheet)]
    rule = [":---", *(":---" if head.left else "---:" for head in sheet.heads)]
    lines = [
        "| " + " | ".join(line) + " |"
        for line in (first, rule, *rest[:-1], [f"**{cell}**" if cell else "" for cell in rest[-1]])
    ]
    return "\n".join([f"**{_markdown(sheet.title)}**", "", *lines])


def as_csv(sheet: TableSheet) -> str:
    """Comma-separated values, numbers exact, a line for each layer, without the totals."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([sheet.label, *sheet.keys])
    for label, _, values in sheet.lines:
        writer.writerow(
            [
                spreadsheet_text(label),
                *(dims(value) if isinstance(value, tuple) else value for value in values),
            ]
        )
    return out.getvalue().rstrip("\n")


_TEX = str.maketrans(
    {
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\^{}",
    }
)


def _tex(text: str) -> str:
    return text.translate(_TEX).replace(">", "$>$").replace("<", "$<$").replace("|", "$|$")


def as_latex(sheet: TableSheet) -> str:
    """Return a table with booktabs' rules, as papers print it.

    Shapes are set with a multiplication sign.
    """
    first, *rest = _texts(sheet)
    columns = "l" + "".join("l" if head.left else "r" for head in sheet.heads)
    body = []
    for line in rest:
        shown = [
            _tex(line[0]),
            *(
                f"${cell.replace('x', chr(92) + 'times ')}$" if head.left and cell else _tex(cell)
                for head, cell in zip(sheet.heads, line[1:], strict=True)
            ),
        ]
        body.append(" & ".join(shown) + r" \\")
    head = " & ".join(map(_tex, first)) + r" \\"
    lines = [
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        head,
        r"\midrule",
        *body[:-1],
        r"\midrule",
        body[-1],
        r"\bottomrule",
    ]
    title = in_one_line(sheet.title)  # a line end would end the comment
    return "\n".join([f"% {title}; needs \\usepackage{{booktabs}}", *lines, r"\end{tabular}"])


def as_html(sheet: TableSheet) -> str:
    """Return an HTML table by itself."""
    from html import escape

    first, *rest = _texts(sheet)
    aligned = ["", *("" if head.left else ' style="text-align:right"' for head in sheet.heads)]

    def row(cells: list[str], tag: str) -> str:
        filled = (
            f"<{tag}{style}>{escape(cell)}</{tag}>"
            for cell, style in zip(cells, aligned, strict=True)
        )
        return f"<tr>{''.join(filled)}</tr>"

    body = [row(line, "td") for line in rest[:-1]]
    caption = f"<caption>{escape(sheet.title)}</caption>"
    lines = [
        "<table>",
        caption,
        "<thead>",
        row(first, "th"),
        "</thead>",
        "<tbody>",
        *body,
        "</tbody>",
    ]
    return "\n".join([*lines, "<tfoot>", row(rest[-1], "th"), "</tfoot>", "</table>"])


FORMATS = dict(
    zip(constants.FORMATS, (as_text, as_markdown, as_csv, as_latex, as_html), strict=True)
)
