"""The formatter: a text in, the same text in its one canonical form out (`docs/language.md` tells
the form).

It works on each statement's tokens, not on the tree, so that comments keep their place wherever
they stand. Three passes, each linear in the text and without recursion: `_Reader` takes the tokens
and says what may stand between them, `_measured` finds how wide everything between two possible
breaks is, `_lay_out` breaks the lines that have to be broken.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate, groupby
from typing import NamedTuple

from netdsl.errors import NetError, Source
from netdsl.limits import Limits
from netdsl.syntax.parse import parse_text
from netdsl.syntax.split import split

WIDTH = 140

_INTEGER = r"[0-9][0-9_]*"
_NUMBER = rf"(?:{_INTEGER}(?:\.[0-9_]*)?|\.{_INTEGER})(?:[eE][+-]?[0-9]+)?"
_IN_STEPS = re.compile(
    rf"""[ \t\r]*(?:(?P<newline>\n)|(?P<comment>\#[^\n]*)
    |(?P<cross>(?<=[0-9_.}}])[x×](?=[0-9{{]))
    |(?P<when>when(?=(?:[ \t\r\n]|\#[^\n]*)*\())
    |(?P<word>[A-Za-z_×](?:[A-Za-z0-9_]|(?<=[0-9])×(?=[0-9]))*(?:-{_INTEGER}(?![0-9_.]))?(?:/{_INTEGER}(?:[x×]{_INTEGER})*(?![0-9_.]))?)
    |(?P<reference>@[A-Za-z_][A-Za-z0-9_]*(?:\.(?:[A-Za-z0-9_]+|\*))*)
    |(?P<number>{_INTEGER}(?:[x×]{_INTEGER})+|-?{_NUMBER}(?:/{_NUMBER})?)
    |(?P<string>"[^"\n]*")
    |(?P<sign>\S))""",
    re.VERBOSE,
)
_IN_EXPRESSION = re.compile(
    rf"""[ \t\r]*(?:(?P<newline>\n)|(?P<comment>\#[^\n]*)
    |(?P<operand>{_NUMBER}|[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?|"[^"\n]*")
    |(?P<sign>//|\*\*|[<>=!]=|\S))""",
    re.VERBOSE,
)
_GAP = re.compile(r"#[^\n]*|\n")
_DIRECTIVE = re.compile(r"#[ \t]*netdsl:")
_TIGHT = ("*", "/", "//", "%", "**")


def format_text(source: Source, limits: Limits) -> str:
    """The text in canonical form: what it says and its comments are unchanged, and formatting it
    again changes nothing.

    Raises:
        NetError: with all diagnostics of the parser, where a statement has mistakes.
    """
    diagnostics = parse_text(source, limits).diagnostics
    if diagnostics:
        raise NetError(*diagnostics)
    text, page, position = source.text, _Page(), 0
    for piece in split(source, limits):
        _between(text, position, piece.start, page)
        position = text.find("\n", piece.end)
        position = len(text) if position < 0 else position
        statement = _Reader(text, piece.rule).read(piece.start, position)
        _lay_out(statement, page, blank=_is_below_blank(text, piece.start))
    _between(text, position, len(text), page)
    return page.text()


def diff(before: str, after: str, name: str) -> str:
    """A unified diff from a text to its formatted form; empty where they are the same."""
    from difflib import unified_diff

    lines = [re.findall(r"[^\n]*\n|[^\n]+", text) for text in (before, after)]
    for text in lines:
        if text and not text[-1].endswith("\n"):
            text[-1] += "\n\\ No newline at end of file\n"
    return "".join(unified_diff(lines[0], lines[1], fromfile=name, tofile=f"{name} (formatted)"))


# --- lines ----------------------------------------------------------------------------------------


class _Comment(NamedTuple):
    """A comment in canonical form.

    Attributes:
        column: where it stood behind code, -1 on a line of its own.
        blank: whether a blank line stood above.
        first: the first token of its line.
    """

    text: str
    column: int
    blank: bool
    first: int


class _Line(NamedTuple):
    """`blank`: a blank line stands above."""

    code: str
    comment: _Comment | None
    blank: bool


class _Page:
    """The lines that are finished, and the one that is being written."""

    def __init__(self) -> None:
        self.lines: list[_Line] = []
        self.parts: list[str] = []
        self.column = 0
        self.blank = False

    def begin(self, indent: int, blank: bool) -> None:
        self.parts, self.column, self.blank = [" " * indent], indent, blank

    def write(self, text: str) -> None:
        self.parts.append(text)
        self.column += len(text)

    def end(self, comments: list[_Comment], indent: int, blanks: bool = True) -> None:
        """Ends the line: the first comment may stand behind it, the others are lines of their
        own.
        """
        behind = comments[0] if comments and comments[0].column >= 0 else None
        self.lines.append(_Line("".join(self.parts), behind, self.blank))
        for comment in comments[1 if behind else 0 :]:
            self.lines.append(_Line(" " * indent + comment.text, None, comment.blank and blanks))

    def text(self) -> str:
        """The whole text.

        Comments behind code stand two blanks behind it, or in a column where the author had them in
        one.
        """
        result: list[str] = []
        columns = self._comment_columns()
        for number, (code, comment, blank) in enumerate(self.lines):
            if blank and number:
                result.append("\n")
            result.append(
                f"{code}{' ' * (columns[number] - len(code))}{comment.text}\n"
                if comment
                else f"{code}\n"
            )
        return "".join(result)

    def _comment_columns(self) -> dict[int, int]:
        """For each line with a comment behind it, where that begins: neighbours of one column in
        one paragraph share one.
        """
        columns: dict[int, int] = {}
        paragraphs = accumulate(line.blank for line in self.lines)
        places = enumerate(zip(paragraphs, self.lines, strict=True))
        behind = [
            (paragraph, line.comment.column, number)
            for number, (paragraph, line) in places
            if line.comment
        ]
        for _, run in groupby(behind, key=lambda place: place[:2]):
            numbers = [number for *_, number in run]
            columns.update(
                dict.fromkeys(numbers, 2 + max(len(self.lines[number].code) for number in numbers))
            )
        return columns


def _comment_text(text: str) -> str:
    """`#text` gets its blank; `#!`, `##` and what is indented stay."""
    text = text.rstrip()
    return text if text[1:2] in ("", " ", "\t", "#", "!") else f"# {text[1:]}"


def _between(text: str, start: int, end: int, page: _Page) -> None:
    """Puts the comments between two statements on the page."""
    for mark in _GAP.finditer(text, start, end):
        if mark.group() != "\n":
            page.lines.append(
                _Line(_comment_text(mark.group()), None, _is_below_blank(text, mark.start()))
            )


def _is_below_blank(text: str, at: int) -> bool:
    """Whether the line above the one that `at` begins is blank."""
    before = text.rfind("\n", 0, at)
    return before >= 0 and not text[text.rfind("\n", 0, before) + 1 : before].strip()


# --- tokens ---------------------------------------------------------------------------------------


class _Statement:
    """A statement's tokens, each with what may stand before it.

    A group is what a pair of brackets holds; group 0 is the whole.

    Attributes:
        texts: the tokens, with their canonical blank in front.
        kinds: what break may stand before a token: none, `(` behind an opening bracket, `)` before
            a closing one, `=` behind that of a `def` or `let`, `,` behind a comma, `>` and `|`
            before themselves.
        breaks: whether the author broke the line there; `blanks`: and left a blank line.
        opens: the group that a token opens.
        siblings: for a token that opens a group, the next one beside it.
        closers: the closing token of each group, for the whole the number of tokens.
        points: the tokens of each group before which a break may stand.
        branches: whether a group holds several branches.
        comments: before which tokens they stood, in order.
    """

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self.texts: list[str] = []
        self.kinds: list[str] = []
        self.breaks: list[bool] = []
        self.blanks: list[bool] = []
        self.opens: dict[int, int] = {}
        self.siblings: dict[int, int] = {}
        self.closers: list[int] = [0]
        self.points: list[list[int]] = [[]]
        self.branches: list[bool] = [False]
        self.comments: list[tuple[int, _Comment]] = []


class _Reader:
    """Takes the tokens of one statement, which the parser has found sound: what stands where is
    not asked again.
    """

    def __init__(self, text: str, rule: str) -> None:
        self.text = text
        self.statement = _Statement(rule)
        self.brackets: list[
            str
        ] = []  # the open ones: `(`, `[`, `{`, `when`, and `call` for one in an expression
        self.groups = [0]  # the open ones
        self.last_opener = {0: -1}  # of each group: the token that last opened another one in it
        self.expression = False
        self.operand = False  # an operand is expected next
        self.glued = True  # no blank stands before the next token
        # what the last token was: `statement` (its word), `when`, `atom` (what a bracket may
        # follow), other
        self.last = ""
        self.kind = ""  # what break may stand before the next token
        self.newlines = 0  # since the last token or comment
        self.broken = False  # whether there were any since the last token
        self.first = 0  # the first token of this line

    def read(self, start: int, end: int) -> _Statement:
        statement, last_end = self.statement, start
        if statement.rule != "flow":
            self._add(statement.rule, "")
            self.glued, self.last = False, "statement"
            start += len(statement.rule)
        while match := (_IN_EXPRESSION if self.expression else _IN_STEPS).match(
            self.text, start, end
        ):
            what = match.lastgroup or ""
            start = match.end()
            if what == "newline":
                self.newlines += 1
                self.broken = True
                self.first = len(statement.texts)
            elif what == "comment":
                self._comment(match[what], match.start(what))
            elif self.expression:
                self._in_expression(what, match[what])
                last_end = start
            else:
                self._in_steps(what, match[what], match.start(what) == last_end)
                last_end = start
        statement.closers[0] = len(statement.texts)
        return statement

    def _add(self, text: str, gap: str, kind: str = "") -> None:
        statement, at, kind = self.statement, len(self.statement.texts), kind or self.kind
        if kind:
            statement.points[self.groups[-1]].append(at)
            if kind == "|":
                statement.branches[self.groups[-1]] = True
        if self.broken and at and statement.kinds[-1] == ">":
            statement.breaks[-1] = True
        statement.texts.append(gap + (text if text[0] == '"' else text.replace("×", "x")))
        statement.kinds.append(kind)
        statement.breaks.append(self.broken)
        statement.blanks.append(self.newlines > 1)
        self.newlines, self.kind = 0, ""
        self.broken = self.broken and text == ","

    def _open(self, bracket: str) -> None:
        """The token just added opens a group."""
        statement, at, outer = self.statement, len(self.statement.texts) - 1, self.groups[-1]
        group = len(statement.points)
        statement.opens[at] = group
        if self.last_opener[outer] >= 0:
            statement.siblings[self.last_opener[outer]] = at
        self.last_opener[outer], self.last_opener[group] = at, -1
        statement.closers.append(-1)
        statement.points.append([])
        statement.branches.append(False)
        self.groups.append(group)
        self.brackets.append(bracket)
        self.kind = "("

    def _close(self, text: str, gap: str) -> None:
        self._add(text, gap, ")")
        self.statement.closers[self.groups.pop()] = len(self.statement.texts) - 1
        self.brackets.pop()
        self.expression = False

    def _comment(self, text: str, at: int) -> None:
        """Keeps a comment: before the next token, or before the `>` or `|` that it follows, as
        that will begin the line behind it.
        """
        statement, before = self.statement, len(self.statement.texts)
        own_line = self.first == before
        column = (
            -1 if own_line else len(self.text[self.text.rfind("\n", 0, at) + 1 : at].expandtabs())
        )
        if before and statement.kinds[-1] in (">", "|") and (own_line or self.first < before - 1):
            before -= not (statement.comments and statement.comments[-1][0] == before)
        statement.comments.append(
            (before, _Comment(_comment_text(text), column, self.newlines > 1, self.first))
        )
        self.newlines = 0

    def _in_steps(self, what: str, text: str, touches: bool) -> None:
        gap = "" if self.glued else " "
        beside = "" if touches and self.last == "atom" else gap
        self.glued, last = False, "atom"
        if what in ("word", "reference"):
            self._add(text, gap)
        elif what == "when":
            a_name = self.last in ("atom", "statement") or (
                self.statement.rule == "default" and not self.brackets
            )
            last = "atom" if a_name else "when"
            self._add(text, gap)
        elif what in ("number", "string"):
            self._add(text, beside)
        elif text in (">", "|"):
            self._add(text, " ", text)
            last = ""
        elif text == ",":
            self._add(text, "")
            self.kind, last = "," if self.brackets else "", ""
        elif text == "=":
            self.glued, last = bool(self.brackets), ""
            self._add(text, "" if self.brackets else " ")
            if not self.brackets:
                self.expression = self.operand = self.statement.rule == "param"
                self.kind = "=" if self.statement.rule in ("def", "let") else ""
        elif text == ":":
            self._add(text, "")
            last = ""
        elif text in ("(", "["):
            self._add(text, "" if self.last in ("atom", "when") else gap)
            self._open("when" if self.last == "when" else text)
            self.glued, last = text == "(", ""
            self.expression = self.operand = self.last == "when"
        elif text in (")", "]"):
            self._close(text, "" if text == ")" else " ")
        elif text == "{":
            self._add(text, beside)
            self.brackets.append(text)
            self.glued = self.expression = self.operand = True
        else:  # the `x` between sizes, the `-` and `/` before a brace
            self._add(text, "")
            self.glued = True
        self.last = last

    def _in_expression(self, what: str, text: str) -> None:
        gap = "" if self.glued else " "
        self.glued, self.last = False, ""
        if self.operand:
            self._add(text, gap)
            self.operand = what != "operand" or text == "not"
            self.glued = what != "operand"
            if text == "(":
                self.brackets.append("call")
        elif text == "(":
            self._add(text, "")
            self.brackets.append("call")
            self.glued = self.operand = True
        elif text == ")" and self.brackets[-1] == "when":
            self._close(text, "")
            self.last = "atom"
        elif text in (")", "}"):
            self._add(text, "")
            self.expression = self.brackets.pop() == "call"
            self.last = "atom"
        elif text == ",":
            self._add(text, "")
            self.operand = True
            if self.brackets[-1] == "when":
                self.expression, self.kind = False, ","
        else:
            self.glued = text in _TIGHT
            self._add(text, "" if self.glued else " ")
            self.operand = True


# --- layout ---------------------------------------------------------------------------------------


class _Frame:
    """A group whose lines are being broken.

    Attributes:
        base: the indent of its closing bracket; `indent`: that of its lines.
        end: where the segment ends that is being written: the next token before which a break may
            stand.
        line: in which line the segment began; `item_line`: and what stands between two commas.
    """

    __slots__ = ("base", "end", "indent", "item_line", "line")

    def __init__(self, base: int, indent: int, end: int, line: int) -> None:
        self.base, self.indent, self.end, self.line, self.item_line = base, indent, end, line, line


class _Measures(NamedTuple):
    """What the layout asks about each token.

    Attributes:
        widths: the columns before it, if all stood on one line.
        comments: those that stand before it.
        counts: how many stand before earlier tokens.
        ends: of one before which a break may stand: the next one in its group; `item_ends`: the
            next one that is no `>`.
        parted: whether the author broke the line at a `>` from there to the item's end.
        stays: whether a directive stands behind its line, which no break may part for that reason.
    """

    widths: list[int]
    comments: dict[int, list[_Comment]]
    counts: list[int]
    ends: list[int]
    item_ends: list[int]
    parted: list[bool]
    stays: list[bool]


def _measured(statement: _Statement) -> _Measures:
    size = len(statement.texts)
    ends, item_ends, parted = [size] * size, [size] * size, [False] * size
    for closer, points in zip(statement.closers, statement.points, strict=True):
        end, item_end, was_parted = closer, closer, False
        for point in reversed(points):
            ends[point], item_ends[point], parted[point] = end, item_end, was_parted
            end = point
            if statement.kinds[point] == ">":
                was_parted = was_parted or statement.breaks[point]
            else:
                item_end, was_parted = point, False
    comments = _placed_comments(statement)
    counts = list(accumulate((len(comments.get(token, ())) for token in range(size)), initial=0))
    widths = list(accumulate(map(len, statement.texts), initial=0))
    return _Measures(widths, comments, counts, ends, item_ends, parted, _staying(comments, size))


def _staying(comments: dict[int, list[_Comment]], size: int) -> list[bool]:
    """For each token, whether it follows another one in a line that a directive such as `#
    netdsl: ignore W703` is about.
    """
    stays, line = [False] * size, 0
    for token, (comment, *_) in comments.items():
        if comment.column >= 0 and _DIRECTIVE.search(comment.text):
            start = max(line, comment.first) + 1
            stays[start:token] = [True] * (token - start)
        line = token
    return stays


def _placed_comments(statement: _Statement) -> dict[int, list[_Comment]]:
    """Each comment at the next token before which the line will be broken; what is left stands
    behind the statement.

    That is a token of a group that holds comments: one without any may be written on one line.
    """
    placed: dict[int, list[_Comment]] = {}
    if not statement.comments:
        return placed
    places = [before for before, _ in statement.comments]
    openers = {group: token for token, group in statement.opens.items()}
    points = []
    for group, closer in enumerate(statement.closers):
        if bisect_right(places, openers.get(group, -1)) < bisect_right(places, closer):
            points += statement.points[group]
    waiting = iter(statement.comments)
    before, comment = next(waiting)
    for point in sorted(points):
        while before <= point:
            placed.setdefault(point, []).append(comment)
            before, comment = next(waiting, (len(statement.texts), comment))
    left = [comment for _, comment in statement.comments[sum(map(len, placed.values())) :]]
    return placed | {len(statement.texts): left} if left else placed


def _lay_out(statement: _Statement, page: _Page, blank: bool) -> None:
    """Puts a statement on the page.

    Groups within groups are a stack, so that no nesting is too deep.
    """
    measures = _measured(statement)
    widths, comments, counts, ends, *_ = measures
    texts, size = statement.texts, len(statement.texts)
    frames = [_Frame(0, 0, min(statement.points[0], default=size), len(page.lines))]
    page.begin(0, blank)
    token = 0
    while token < size:
        text, kind, frame = texts[token], statement.kinds[token], frames[-1]
        if kind:
            if token in comments or (
                not measures.stays[token] and _breaks(statement, measures, token, frame, page)
            ):
                whole = len(frames) == 1
                if whole and statement.rule in ("def", "let"):
                    frame.indent = 2
                indent = frame.indent - 2 if kind == "|" else frame.indent
                page.end(comments.get(token, []), indent, whole)
                page.begin(frame.base if kind == ")" else indent, whole and statement.blanks[token])
                text = text.removeprefix(" ")
            if kind == ")":
                frames.pop()
            else:
                frame.end, frame.line = ends[token], len(page.lines)
                frame.item_line = frame.item_line if kind == ">" else frame.line
        page.write(text)
        if token in statement.opens:
            group, inside, frame = statement.opens[token], token + 1, frames[-1]
            closer = statement.closers[group]
            end = min(frame.end, statement.siblings.get(token, size) + 1)
            too_long = closer > inside and page.column + widths[end] - widths[inside] > WIDTH
            if too_long or counts[closer + 1] > counts[inside]:
                indent = frame.indent + (4 if statement.branches[group] else 2)
                frames.append(_Frame(frame.indent, indent, inside, len(page.lines)))
            else:
                page.write("".join(texts[inside : closer + 1]))
                token = closer
        token += 1
    page.end(comments.get(size, []), 0)


def _breaks(
    statement: _Statement, measures: _Measures, token: int, frame: _Frame, page: _Page
) -> bool:
    """Whether the line is broken before a token of a group whose lines are being broken.

    A step, a branch or an argument that takes several lines begins a line, and so does what comes
    behind it.
    """
    kind, line = statement.kinds[token], len(page.lines)
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
        too_long = page.column + width > WIDTH and 1 + width <= WIDTH
        too_long = too_long and measures.counts[end] == measures.counts[token + 1]
    else:
        too_long = page.column + width > WIDTH
    return statement.breaks[token] or several or too_long
