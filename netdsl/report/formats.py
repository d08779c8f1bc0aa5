"""A table of values in a format: text for a terminal, Markdown, CSV, LaTeX and HTML."""

from __future__ import annotations

import csv
import html
import io
from typing import Any

from netdsl.kinds.base import dims
from netdsl.report.table import COLUMNS, Sheet

_WIDEST_LABEL = 48
_LEFT = ("output",)


def _cell(key: str, value: Any, units: bool) -> str:
    """A value as people read it: shapes as 7x7x512, thousands set apart, or shortened."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return dims(value)
    if units and isinstance(value, int):
        return shortened(value, 1024 if key == "memory" else 1000)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def shortened(value: int, base: int = 1000) -> str:
    """138,357,544 as `138.4 M`; of bytes, by powers of 1024, `527.8 Mi`."""
    names = ("", "k", "M", "G", "T", "P") if base == 1000 else ("", "Ki", "Mi", "Gi", "Ti", "Pi")
    power, number = 0, float(value)
    while abs(number) >= base * 0.9995 and power < len(names) - 1:
        number, power = number / base, power + 1
    return f"{value:,}" if not power else f"{number:.1f} {names[power]}"


def _folded(sheet: Sheet) -> list[tuple[str, int, tuple[Any, ...]]]:
    """The lines with equal neighbours as one, `xN` behind the label and the sums of their numbers."""
    lines: list[tuple[str, int, tuple[Any, ...]]] = []
    times = 1
    for at, line in enumerate(sheet.lines):
        if at and line == sheet.lines[at - 1]:
            times += 1
            label, depth, values = line
            summed = tuple(v * times if COLUMNS[key].sums else v for key, v in zip(sheet.keys, values, strict=True))
            lines[-1] = (f"{label} x{times}", depth, summed)
        else:
            times = 1
            lines.append(line)
    return lines


def _texts(sheet: Sheet, fold: bool) -> list[list[str]]:
    """Titles, lines and totals as cells of text."""
    body = _folded(sheet) if fold else list(sheet.lines)
    cells = [["layer", *(COLUMNS[key].title for key in sheet.keys)]]
    for label, depth, values in body:
        cells.append([f"{'  ' * depth}{label}", *(_cell(key, value, sheet.units) for key, value in zip(sheet.keys, values, strict=True))])
    return [*cells, ["total", *(_cell(key, value, sheet.units) for key, value in zip(sheet.keys, sheet.totals, strict=True))]]


def as_text(sheet: Sheet, width: int | None = None) -> str:
    """For a terminal: aligned columns, the totals below; labels are cut where the lines would be wider than `width`."""
    cells = _texts(sheet, fold=True)
    others = [max(len(line[column]) for line in cells) for column in range(1, len(cells[0]))]
    room = _WIDEST_LABEL if width is None else max(12, min(_WIDEST_LABEL, width - sum(others) - 2 * len(others)))
    for line in cells:
        line[0] = line[0] if len(line[0]) <= room else f"{line[0][: room - 3]}..."
    widths = [max(len(line[0]) for line in cells), *others]
    left = [True, *(key in _LEFT for key in sheet.keys)]
    body = [
        "  ".join(cell.ljust(w) if is_left else cell.rjust(w) for cell, w, is_left in zip(line, widths, left, strict=True)).rstrip()
        for line in cells
    ]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    shown = [sheet.title, *([sheet.about] if sheet.about else []), "", body[0], rule, *body[1:-1], rule, body[-1], ""]
    return "\n".join([*shown, *sheet.notes])


def as_markdown(sheet: Sheet) -> str:
    """A Markdown table, numbers to the right."""
    first, *rest = [[cell.replace("|", "\\|") for cell in line] for line in _texts(sheet, fold=True)]
    rule = [":---", *(":---" if key in _LEFT else "---:" for key in sheet.keys)]
    lines = ["| " + " | ".join(line) + " |" for line in (first, rule, *rest[:-1], [f"**{cell}**" if cell else "" for cell in rest[-1]])]
    return "\n".join([f"**{sheet.title}**", "", *lines])


def as_csv(sheet: Sheet) -> str:
    """Comma-separated values, numbers exact, a line for each layer, without the totals."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["layer", *sheet.keys])
    for label, _, values in sheet.lines:
        writer.writerow([label, *(dims(value) if isinstance(value, tuple) else value for value in values)])
    return out.getvalue().rstrip("\n")


_TEX = str.maketrans({**{sign: f"\\{sign}" for sign in "&%$#_{}"}, "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\^{}"})


def _tex(text: str) -> str:
    return text.translate(_TEX).replace(">", "$>$").replace("<", "$<$").replace("|", "$|$")


def as_latex(sheet: Sheet) -> str:
    """A table with booktabs' rules, as papers print it. Shapes are set with a multiplication sign."""
    first, *rest = _texts(sheet, fold=True)
    columns = "l" + "".join("l" if key in _LEFT else "r" for key in sheet.keys)
    body = []
    for line in rest:
        shown = [
            _tex(line[0]),
            *(
                f"${cell.replace('x', chr(92) + 'times ')}$" if key in _LEFT and cell else _tex(cell)
                for key, cell in zip(sheet.keys, line[1:], strict=True)
            ),
        ]
        body.append(" & ".join(shown) + r" \\")
    head = " & ".join(map(_tex, first)) + r" \\"
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule", *body[:-1], r"\midrule", body[-1], r"\bottomrule"]
    return "\n".join([f"% {sheet.title}; needs \\usepackage{{booktabs}}", *lines, r"\end{tabular}"])


def as_html(sheet: Sheet) -> str:
    """An HTML table by itself."""
    first, *rest = _texts(sheet, fold=True)
    aligned = ["", *("" if key in _LEFT else ' style="text-align:right"' for key in sheet.keys)]

    def row(cells: list[str], tag: str) -> str:
        filled = (f"<{tag}{style}>{html.escape(cell)}</{tag}>" for cell, style in zip(cells, aligned, strict=True))
        return f"<tr>{''.join(filled)}</tr>"

    body = [row(line, "td") for line in rest[:-1]]
    caption = f"<caption>{html.escape(sheet.title)}</caption>"
    lines = ["<table>", caption, "<thead>", row(first, "th"), "</thead>", "<tbody>", *body, "</tbody>"]
    return "\n".join([*lines, "<tfoot>", row(rest[-1], "th"), "</tfoot>", "</table>"])


FORMATS = {"text": as_text, "markdown": as_markdown, "csv": as_csv, "latex": as_latex, "html": as_html}
