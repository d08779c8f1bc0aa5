"""Sheets as TikZ: a document of its own, which pdflatex compiles as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netdsl.drawing.marks import (
    Circle,
    LineMark,
    Mark,
    MarkGroup,
    Point,
    Rect,
    Sheet,
    Text,
    TextRun,
    Web,
)
from netdsl.drawing.palettes import THEMES, Theme
from netdsl.drawing.svg import looks_of, number

_POINT = 0.75  # of a unit of the sheet, in points
_AT_ONCE = 40  # lines of a web in one command
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "|": r"\textbar{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "×": r"\texttimes{}",
    "·": r"\textperiodcentered{}",
    "…": r"\dots{}",
    "−": r"$-$",
    "→": r"$\to$",
}


def tikz_text(sheet: Sheet, theme: str) -> str:
    """Return a sheet as a LaTeX document of class standalone."""
    colours = THEMES["light" if theme == "auto" else theme]
    looks = looks_of(sheet.marks)
    lines = [
        f"% {_plain(sheet.title)}: {_plain(sheet.about)}",
        r"\documentclass[tikz]{standalone}",
        r"\usepackage[T1]{fontenc}",
        r"\usepackage{textcomp}",
        r"\usepackage{helvet}",
        r"\renewcommand{\familydefault}{\sfdefault}",
        r"\usetikzlibrary{arrows.meta}",
        r"\makeatletter\def\UTFviii@undefined@err#1{?}\makeatother % no glyph",
        *_colours(looks, colours),
        r"\begin{document}",
        # TikZ counts upward.
        f"\\begin{{tikzpicture}}[x={_POINT}pt, y=-{_POINT}pt,",
        *(f"  {style}," for style in _styles(looks, colours)),
        r"  net text/.style={inner sep=0pt, outer sep=0pt}]",
        *_marks((_ground(sheet), *sheet.marks)),
        r"\end{tikzpicture}",
        r"\end{document}",
    ]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Return a text as a comment: in one line."""
    return " ".join(text.split())


def _ground(sheet: Sheet) -> Rect:
    return Rect(sheet.x, sheet.y, sheet.width, sheet.height, 0.0, "ground")


# --- colours --------------------------------------------------------------------------------------


def _colours(looks: Iterable[str], theme: Theme) -> Iterator[str]:
    for look in looks:
        fill, line, _, _ = theme.look(look)
        for part, colour in (("fill", fill), ("line", line)):
            if colour:
                name = f"{_name(look)} {part}"
                yield f"\\definecolor{{{name}}}{{HTML}}{{{colour[1:].upper()}}}"


def _styles(looks: Iterable[str], theme: Theme) -> Iterator[str]:
    for look in looks:
        fill, line, wide, dash = theme.look(look)
        name = _name(look)
        parts = [f"fill={name} fill"] if fill else []
        if line:
            parts += [f"draw={name} line", f"line width={number(wide * _POINT)}pt"]
        if dash:
            on, off = (number(float(length) * _POINT) for length in dash.split())
            parts.append(f"dash pattern=on {on}pt off {off}pt")
        yield f"{name}/.style={{{', '.join(parts)}}}"


def _name(look: str) -> str:
    return f"net {look.replace('_', ' ')}"


# --- marks ----------------------------------------------------------------------------------------


def _marks(marks: Iterable[Mark]) -> Iterator[str]:
    for mark in marks:
        if isinstance(mark, MarkGroup):
            if mark.id:
                yield f"% {_plain(mark.title.splitlines()[0] if mark.title else mark.id)}"
            yield from _marks(mark.marks)
        elif isinstance(mark, Rect):
            yield _rect(mark)
        elif isinstance(mark, Circle):
            radius = number(mark.radius * _POINT)
            yield f"\\path[{_name(mark.look)}] {_at(mark[:2])} circle[radius={radius}pt];"
        elif isinstance(mark, LineMark):
            yield _line(mark)
        elif isinstance(mark, Web):
            # TeX holds a path as a whole: one of thousands of lines may exceed its memory.
            for begin in range(0, len(mark.lines), _AT_ONCE):
                pieces = mark.lines[begin : begin + _AT_ONCE]
                way = " ".join(f"{_at(a)} -- {_at(b)}" for a, b in pieces)
                yield f"\\path[{_name(mark.look)}] {way};"
        else:
            yield _text(mark)


def _rect(rect: Rect) -> str:
    corners = f", rounded corners={number(rect.round * _POINT)}pt" if rect.round else ""
    ends = (rect.x, rect.y), (rect.x + rect.width, rect.y + rect.height)
    return f"\\path[{_name(rect.look)}{corners}] {_at(ends[0])} rectangle {_at(ends[1])};"


def _line(line: LineMark) -> str:
    corners = f", rounded corners={number(line.round * _POINT)}pt" if line.round else ""
    tip = ", -{Triangle[length=5.25pt, width=4.2pt]}" if line.arrow else ""
    way = " -- ".join(map(_at, line.points)) + (" -- cycle" if line.closed else "")
    return f"\\path[{_name(line.look)}{corners}{tip}] {way};"


def _text(text: Text) -> str:
    anchor = {"start": "base west", "middle": "base", "end": "base east"}[text.anchor]
    runs = "".join(_run(run, text.size) for run in text.runs)
    return f"\\node[net text, anchor={anchor}] at {_at((text.x, text.y))} {{{runs}}};"


def _run(run: TextRun, size: float) -> str:
    points = number((run.size or size) * _POINT)
    bold = r"\bfseries" if run.bold else ""
    inside = "".join(_SPECIAL.get(character, character) for character in run.text)
    spaces = inside.replace("  ", r"\enspace{}")
    if spaces.startswith(" "):  # which TeX would drop
        spaces = "~" + spaces[1:]
    colour = f"{_name(run.look)} fill"
    return f"{{\\fontsize{{{points}}}{{{points}}}\\selectfont{bold}\\color{{{colour}}}{spaces}}}"


def _at(point: Point) -> str:
    return f"({number(point[0])},{number(point[1])})"
