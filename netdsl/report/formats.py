"""A table of values in a format: text for a terminal, Markdown, CSV, LaTeX and HTML."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from netdsl import constants
from netdsl.errors.printable import in_one_line
from netdsl.kinds.values import dims
from netdsl.report.sheet import ColumnHead, TableSheet
from netdsl.text_table import aligned_lines
from netdsl.wording import cut, in_units, shortened, spreadsheet_text

_WIDEST_LABEL = 48


def _cell(head: ColumnHead, value: Any, units: bool) -> str:
    """Return a value as people read it: shapes as 7x7x512, thousands set apart, or shortened."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple | dict):
        return str(_in_words(value))
    sign = "+" if head.signed and value > 0 else ""
    if head.scale:
        return sign + in_units(value, head.scale)
    if units and isinstance(value, int):
        return sign + shortened(value, head.base)
    return f"{sign}{value:,}" if isinstance(value, int) else f"{sign}{value:,.2f}"


def _in_words(value: Any) -> Any:
    """Return a shape or the filters of branches as text, all else as it is."""
    if isinstance(value, tuple):
        return dims(value)
    if isinstance(value, dict):
        return ", ".join(f"{title} {number}" for title, number in value.items())
    return value


class _Texts(NamedTuple):
    """A table as cells of text: titles, groups of lines, and the lines below them."""

    head: list[str]
    groups: list[list[list[str]]]
    feet: list[list[str]]

    @property
    def body(self) -> list[list[str]]:
        """Return the lines of all groups."""
        return [line for group in self.groups for line in group]


def _texts(sheet: TableSheet) -> _Texts:
    """Write the cells."""

    def cells(label: str, values: tuple[Any, ...], own: ColumnHead | None = None) -> list[str]:
        return [
            label,
            *(
                _cell(own or head, value, sheet.units)
                for head, value in zip(sheet.heads, values, strict=True)
            ),
        ]

    groups: list[list[list[str]]] = []
    for label, depth, values in sheet.folded:
        if label or not sheet.grouped:
            groups.append([])
        groups[-1].append(cells(f"{'  ' * depth}{label}", values))
    return _Texts(
        [sheet.what, *(head.title for head in sheet.heads)],
        groups,
        [cells(*foot) for foot in sheet.feet],
    )


def as_text(sheet: TableSheet, width: int | None = None) -> str:
    """Return the text for a terminal: aligned columns, the totals below.

    Labels are cut where the lines would be wider than `width`.
    """
    texts = _texts(sheet)
    cells = [texts.head, *texts.body, *texts.feet]
    others = [max(len(line[column]) for line in cells) for column in range(1, len(cells[0]))]
    room = (
        _WIDEST_LABEL
        if width is None
        # Figures are never cut: labels give way, down to 12 characters.
        else max(12, min(_WIDEST_LABEL, width - sum(others) - 2 * len(others)))
    )
    for line in cells:
        line[0] = cut(line[0], room)
    sides = "l" + "".join("l" if head.left else "r" for head in sheet.heads)
    head, rule, *lines = aligned_lines(cells, sides, rule=True)
    shown, start = [head], 0
    ends = [len(group) for group in texts.groups] if sheet.grouped else [len(texts.body)]
    for count in (*ends, len(texts.feet)):
        shown += [rule, *lines[start : start + count]] if count else []
        start += count
    about = [sheet.about] if sheet.about else []
    title = [sheet.title, *about, ""] if sheet.title else []
    return "\n".join([*title, *shown, *(["", *sheet.notes] if sheet.notes else [])])


# `_` is read as a sign only at a word's edge: `conv_1` needs no backslash.
_MARKDOWN = re.compile(r"[\\`*\[\]<>|#!]|(?<!\w)_|_(?!\w)")
# In a cell only what ends it or begins HTML: labels stay readable in the source, too.
_MARKDOWN_CELL = re.compile(r"[\\<|]")


def _markdown(text: str, signs: re.Pattern[str] = _MARKDOWN) -> str:
    """Return text in Markdown that is read as text there too, in one line."""
    return signs.sub(r"\\\g<0>", in_one_line(text))


def as_markdown(sheet: TableSheet) -> str:
    """Return a Markdown table, numbers to the right; a group of lines is a row."""
    texts = _texts(sheet)

    def row(lines: list[list[str]], bold: bool = False) -> str:
        cells = [_joined_lines(cell, _markdown_cell) for cell in zip(*lines, strict=True)]
        return f"| {' | '.join(f'**{cell}**' if bold and cell else cell for cell in cells)} |"

    rule = [":---", *(":---" if head.left else "---:" for head in sheet.heads)]
    lines = [
        row([texts.head]),
        row([rule]),
        *map(row, texts.groups),
        *(row([foot], bold=True) for foot in texts.feet),
    ]
    title = [f"**{_markdown(sheet.title)}**", ""] if sheet.title else []
    return "\n".join([*title, *lines])


def _markdown_cell(text: str) -> str:
    return _markdown(text, _MARKDOWN_CELL)


def _joined_lines(cells: Sequence[str], escaped: Callable[[str], str]) -> str:
    """Write the lines of one cell of HTML, which Markdown takes too."""
    return "<br>".join(escaped(cell) for cell in cells if cell)


def as_csv(sheet: TableSheet) -> str:
    """Write comma-separated values, numbers exact, a line for each layer, without sums."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([sheet.label, *sheet.keys])
    # Without sums: a program that adds a column up would count them twice.
    feet = [(foot.label, foot.values) for foot in sheet.feet] if sheet.grouped else []
    before = ""
    for label, values in (*((label, values) for label, _, values in sheet.lines), *feet):
        # A program reads each line by itself: the label of the group is in all of its lines.
        before = label or (before if sheet.grouped else "")
        writer.writerow(map(_spreadsheet_cell, (before, *map(_in_words, values))))
    return out.getvalue().rstrip("\n")


def _spreadsheet_cell(value: Any) -> Any:
    # Names come from files of strangers: `=cmd()` must stay a text.
    return spreadsheet_text(value) if isinstance(value, str) else value


_TEX = str.maketrans(
    {
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\^{}",
    }
)


def _tex(text: str) -> str:
    # In LaTeX's default encoding, OT1, text has other signs in their places.
    return text.translate(_TEX).replace(">", "$>$").replace("<", "$<$").replace("|", "$|$")


def as_latex(sheet: TableSheet) -> str:
    """Return a table with booktabs' rules, as papers print it.

    Shapes are set with a multiplication sign.
    """
    texts = _texts(sheet)

    def row(cells: list[str]) -> str:
        shown = [
            _tex(cells[0]),
            *(
                # A backslash within an f-string's braces is an error before Python 3.12.
                f"${cell.replace('x', chr(92) + 'times ')}$"
                if head.shapes and cell and " " not in cell
                else _tex(cell)
                for head, cell in zip(sheet.heads, cells[1:], strict=True)
            ),
        ]
        return " & ".join(shown) + r" \\"

    columns = "l" + "".join("l" if head.left else "r" for head in sheet.heads)
    parts = [list(map(row, group)) for group in texts.groups]
    if not sheet.grouped:
        parts = [[line for part in parts for line in part]]
    parts.append(list(map(row, texts.feet)))
    body = [line for part in parts if part for line in (r"\midrule", *part)]
    lines = [
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        " & ".join(map(_tex, texts.head)) + r" \\",
        *body,
        r"\bottomrule",
    ]
    title = f"{in_one_line(sheet.title)}; " if sheet.title else ""  # a line end would end it
    return "\n".join([f"% {title}needs \\usepackage{{booktabs}}", *lines, r"\end{tabular}"])


def as_html(sheet: TableSheet) -> str:
    """Return an HTML table by itself; a group of lines is a row."""
    from html import escape

    texts = _texts(sheet)
    aligned = ["", *("" if head.left else ' style="text-align:right"' for head in sheet.heads)]

    def row(lines: list[list[str]], tag: str) -> str:
        filled = (
            f"<{tag}{style}>{_joined_lines(cell, escape)}</{tag}>"
            for cell, style in zip(zip(*lines, strict=True), aligned, strict=True)
        )
        return f"<tr>{''.join(filled)}</tr>"

    lines = [
        "<table>",
        *([f"<caption>{escape(sheet.title)}</caption>"] if sheet.title else []),
        "<thead>",
        row([texts.head], "th"),
        "</thead>",
        "<tbody>",
        *(row(group, "td") for group in texts.groups),
        "</tbody>",
    ]
    feet = ["<tfoot>", *(row([foot], "th") for foot in texts.feet), "</tfoot>"]
    return "\n".join([*lines, *(feet if texts.feet else []), "</table>"])


FORMATS = dict(
    zip(constants.FORMATS, (as_text, as_markdown, as_csv, as_latex, as_html), strict=True)
)
