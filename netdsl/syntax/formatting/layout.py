"""The layout of a statement: where its lines are broken."""

from __future__ import annotations

from netdsl.syntax.formatting.measures import Measures, measured
from netdsl.syntax.formatting.page import Page
from netdsl.syntax.formatting.reader import Tokens


class BrokenGroup:
    """A group whose lines are being broken.

    Attributes:
        base: the indent of its closing bracket; `indent`: that of its lines.
        end: where the segment ends that is being written: the next token before which a break may
            be.
        line: in which line the segment began; `item_line`: in which line what is between two commas
            began.
    """

    __slots__ = ("base", "end", "indent", "item_line", "line")

    def __init__(self, base: int, indent: int, end: int, line: int) -> None:
        self.base, self.indent, self.end, self.line, self.item_line = base, indent, end, line, line


def lay_out(statement: Tokens, page: Page, blank: bool) -> None:
    """Put a statement on the page.

    Groups within groups are a stack, so that no nesting is too deep.
    """
    measures = measured(statement)
    widths, comments, counts, ends, *_ = measures
    texts, size = statement.texts, len(statement.texts)
    frames = [BrokenGroup(0, 0, min(statement.points[0], default=size), page.number)]
    page.begin(0, blank)
    token = 0
    while token < size:
        text, kind, frame = texts[token], statement.kinds[token], frames[-1]
        if kind:
            if token in comments or (
                not measures.stays[token] and _breaks(statement, measures, token, frame, page)
            ):
                # Only at the statement's own level blank lines of the author are kept.
                whole = len(frames) == 1
                if whole and statement.rule in ("def", "let"):
                    # What follows the `=` of a `def` is indented; a flow's steps are not.
                    frame.indent = 2
                # A bar is out by two, so that the branches after it are level.
                indent = frame.indent - 2 if kind == "|" else frame.indent
                page.end(comments.get(token, []), indent, whole)
                page.begin(frame.base if kind == ")" else indent, whole and statement.blanks[token])
                text = text.removeprefix(" ")
            if kind == ")":
                frames.pop()
            else:
                frame.end, frame.line = ends[token], page.number
                frame.item_line = frame.item_line if kind == ">" else frame.line
        page.write(text)
        if token in statement.opens:
            group, inside, frame = statement.opens[token], token + 1, frames[-1]
            closer = statement.closers[group]
            # As far as the next place where the line could be broken all the same.
            end = min(frame.end, statement.siblings.get(token, size) + 1)
            too_long = closer > inside and page.column + widths[end] - widths[inside] > page.width
            # A comment inside needs a line end, so that its group cannot be written on one line.
            if too_long or counts[closer + 1] > counts[inside]:
                indent = frame.indent + (4 if statement.branches[group] else 2)
                frames.append(BrokenGroup(frame.indent, indent, inside, page.number))
            else:
                page.write("".join(texts[inside : closer + 1]))
                # A group that fits is written at once: nothing within it is measured again.
                token = closer
        token += 1
    page.end(comments.get(size, []), 0)


def _breaks(
    statement: Tokens, measures: Measures, token: int, frame: BrokenGroup, page: Page
) -> bool:
    """Return whether the line is broken before a token of a group whose lines are being broken.

    A step, a branch or an argument that takes several lines begins a line, and so does what
    follows it.
    """
    kind, line = statement.kinds[token], page.number
    if kind in ("(", ")"):
        return True
    if kind == ">":
        end, several = measures.ends[token], frame.line != line
    else:
        end, several = (
            measures.item_ends[token],
            measures.parted[token] or (kind in (",", "|") and frame.item_line != line),
        )
    several = several or measures.counts[end] > measures.counts[token + 1]
    width = measures.widths[end] - measures.widths[token]
    if kind == "=" and measures.ends[token] == end:  # one step: a line of its own where that helps
        several = False
        too_long = page.column + width > page.width and 1 + width <= page.width
        too_long = too_long and measures.counts[end] == measures.counts[token + 1]
    else:
        too_long = page.column + width > page.width
    return statement.breaks[token] or several or too_long
