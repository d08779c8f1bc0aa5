"""The lines of a formatted text."""

from itertools import accumulate, groupby
from typing import NamedTuple


class Comment(NamedTuple):
    """A comment in canonical form.

    Attributes:
        column: where it was next to code, -1 on a line of its own.
        blank: whether a blank line was above.
        first: the first token of its line.
    """

    text: str
    column: int
    blank: bool
    first: int


class Line(NamedTuple):
    """`blank`: a blank line is above."""

    code: str
    comment: Comment | None
    blank: bool


class Page:
    """The lines that are finished, and the one that is being written.

    Attributes:
        width: the columns that a line may have.
        lines: those that are finished.
        parts: of the one that is being written; `column`: how wide it is; `blank`: whether a blank
            line is above.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[Line] = []
        self.parts: list[str] = []
        self.column = 0
        self.blank = False

    @property
    def number(self) -> int:
        """The number of the current line."""
        return len(self.lines)

    def begin(self, indent: int, blank: bool) -> None:
        """Begin a line, after an empty one if `blank`."""
        self.parts, self.column, self.blank = [" " * indent], indent, blank

    def write(self, text: str) -> None:
        """Add a text to the line."""
        self.parts.append(text)
        self.column += len(text)

    def end(self, comments: list[Comment], indent: int, blanks: bool = True) -> None:
        """End the line: the first comment may follow it, the others are lines of their own."""
        trailing = comments[0] if comments and comments[0].column >= 0 else None
        self.lines.append(Line("".join(self.parts), trailing, self.blank))
        for comment in comments[1 if trailing else 0 :]:
            self.lines.append(Line(" " * indent + comment.text, None, comment.blank and blanks))

    def text(self) -> str:
        """Return the whole text.

        Comments next to code begin two spaces after it, or in one column where the author had
        aligned them.
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
        """Return the column of the comment of each line that has one next to its code.

        Neighbours that the author had in one column, within a paragraph, share one.
        """
        columns: dict[int, int] = {}
        paragraphs = accumulate(line.blank for line in self.lines)
        places = enumerate(zip(paragraphs, self.lines, strict=True))
        trailing = [
            (paragraph, line.comment.column, number)
            for number, (paragraph, line) in places
            if line.comment
        ]
        # One paragraph and one column: comments that the author has aligned stay aligned.
        for _, run in groupby(trailing, key=lambda place: place[:2]):
            numbers = [number for *_, number in run]
            columns.update(
                dict.fromkeys(numbers, 2 + max(len(self.lines[number].code) for number in numbers))
            )
        return columns


def comment_text(text: str) -> str:
    """Give `#text` its space; `#!`, `##` and what is indented stay."""
    text = text.rstrip()
    return text if text[1:2] in ("", " ", "\t", "#", "!") else f"# {text[1:]}"
