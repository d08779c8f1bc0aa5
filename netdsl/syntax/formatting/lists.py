"""Lists of values in one form: `(1, 2)` for sizes, brackets for arrays: `[1]`, `[[0, 1], [2, 3]]`,
and what weights begin with, `init=[1, 2]`.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""\#[^\n]*|(?P<string>"[^"\n]*")|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>,)
    |(?P<word>@?[A-Za-z_][A-Za-z0-9_.]*)|(?P<number>[0-9.]+)|(?P<sign>\S)""",
    re.VERBOSE,
)
_ATOMS = ("string", "word", "number", "close")
_ARRAY = re.compile(r"\b(?:bias_)?init[ \t\n]*=[ \t\n]*$")


class _Bracket:
    """An open bracket.

    Attributes:
        at: where it is.
        after_atom: whether it is of a call, an index, options, or a merge with a word.
        in_expression: whether an expression is around it.
        first: what its first token is; `list` where that opens one.
        commas: how many it holds itself.
        lists: the brackets of the lists that it holds.
    """

    __slots__ = ("after_atom", "at", "commas", "first", "in_expression", "lists", "text")

    def __init__(self, at: int, text: str, after_atom: bool, in_expression: bool) -> None:
        self.at, self.text = at, text
        self.after_atom, self.in_expression = after_atom, in_expression
        self.first, self.commas = "", 0
        self.lists: list[tuple[int, int]] = []

    @property
    def is_list(self) -> bool:
        """Whether it holds a list of values."""
        if self.after_atom or self.text == "{" or (self.text == "(" and not self.commas):
            return False
        return self.in_expression or self.first in ("number", "sign", "{", "list")


def list_brackets(text: str, start: int, end: int, rule: str) -> dict[int, str]:
    """Find the brackets of lists in a statement, and what they are in the one form.

    Args:
        text: the whole text.
        start: where the statement begins, its word left out.
        end: where it ends.
        rule: its word, or `flow`.
    """
    found: dict[int, str] = {}
    whole = _Bracket(start, "", after_atom=True, in_expression=rule == "param")
    # A stack and not recursion, for lists as deep as brackets may be open.
    levels, last = [whole], ""
    for token in _TOKEN.finditer(text, start, end):
        what, at = token.lastgroup or "", token.start()
        if not what:  # a comment
            continue
        level = levels[-1]
        if what == "open":
            sign = token.group()
            inside = level.in_expression or level.text == "{"
            levels.append(_Bracket(at, sign, last in _ATOMS, inside))
            level.first = level.first or sign
        elif what == "close" and len(levels) > 1:
            levels.pop()
            _close(level, levels[-1], at, text, found, rule in ("given", "expect"))
        else:
            level.first = level.first or what
            level.commas += what == "comma"
        last = what
    return found


def _close(
    level: _Bracket, outer: _Bracket, at: int, text: str, found: dict[int, str], arrays: bool
) -> None:
    """Find what a closed bracket's list is written in: brackets where all lists are `arrays`."""
    if not level.is_list:
        return
    # The outer bracket begins with a list, so it may be a list of lists.
    if outer.first in ("(", "[") and not outer.lists:
        outer.first = "list"
    pairs = [*level.lists, (level.at, at)]
    if outer.text and outer.text != "{" and not outer.after_atom:  # maybe a list of lists
        outer.lists += pairs
    # `(1, 2)` is read as sizes; one number, or lists within it, could not be.
    sizes = (
        level.commas
        and not level.lists
        and not arrays
        and not _ARRAY.search(text, max(0, level.at - 40), level.at)
    )
    for first, last in pairs:
        found[first], found[last] = ("(", ")") if sizes else ("[", "]")
