"""The tokens of a statement, and what may be between them."""

from __future__ import annotations

import re

from netdsl.syntax.formatting.lists import list_brackets
from netdsl.syntax.formatting.page import Comment, comment_text
from netdsl.syntax.split import CONTINUED

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
    |(?P<branches>\|(?:{_INTEGER}(?![A-Za-z0-9_{{.])|(?=\{{)))
    |(?P<sign>\S))""",
    re.VERBOSE,
)
_IN_EXPRESSION = re.compile(
    rf"""[ \t\r]*(?:(?P<newline>\n)|(?P<comment>\#[^\n]*)
    |(?P<operand>{_NUMBER}|[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?|"[^"\n]*")
    |(?P<sign>//|\*\*|[<>=!]=|\S))""",
    re.VERBOSE,
)
_TIGHT = ("*", "/", "//", "%", "**")


class Tokens:
    """A statement's tokens, each with what may be before it.

    A group is what a pair of brackets holds; group 0 is the whole.

    Attributes:
        texts: the tokens, with their canonical blank in front.
        kinds: what break may be before a token: none, `(` after an opening bracket, `)` before
            a closing one, `=` after that of a `def` or `let`, `,` after a comma, `>` and `|`
            before themselves.
        breaks: whether the author broke the line there; `blanks`: and left a blank line.
        opens: the group that a token opens.
        siblings: for a token that opens a group, the next one next to it.
        closers: the closing token of each group, for the whole the number of tokens.
        points: the tokens of each group before which a break may be.
        branches: whether a group holds several branches.
        comments: before which tokens they were, in order.
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
        self.comments: list[tuple[int, Comment]] = []


class TokenReader:
    """Reads the tokens of one statement, which the parser has found sound.

    What is allowed where is not asked again.

    Attributes:
        text: the whole text.
        statement: what was read.
        brackets: the open ones: `(`, `[`, `{`, `when`, and `call` for one in an expression.
        groups: the open ones.
        last_opener: of each group, the token that last opened another one in it.
        expression: whether an expression is being read; `operand`: whether an operand is next.
        glued: whether no blank is before the next token.
        last: what the last token was: `statement` (its word), `when`, `atom` (what a bracket may
            follow), or something else.
        kind: what break may be before the next token.
        newlines: since the last token or comment; `broken`: whether there were any since the last
            token.
        first: the first token of this line.
    """

    def __init__(self, text: str, rule: str) -> None:
        self.text = text
        self.statement = Tokens(rule)
        self.brackets: list[str] = []
        self.groups = [0]
        self.last_opener = {0: -1}
        self.expression = self.operand = False
        self.glued = True
        self.last = ""
        self.kind = ""
        self.newlines = 0
        self.broken = False
        self.first = 0

    def read(self, start: int, end: int) -> Tokens:
        """Return the tokens of the text between two offsets."""
        statement, last_end = self.statement, start
        if statement.rule != "flow":
            self._add(statement.rule, "")
            self.glued, self.last = False, "statement"
            start += len(statement.rule)
        lists = list_brackets(self.text, start, end, statement.rule)
        while match := (_IN_EXPRESSION if self.expression else _IN_STEPS).match(
            self.text, start, end
        ):
            what = match.lastgroup or ""
            at, start = match.start(what), match.end()
            token = lists.get(at, match[what])
            what = "list" if at in lists else what
            if what == "newline":
                self.newlines += 1
                self.broken = True
                self.first = len(statement.texts)
            elif what == "comment":
                self._comment(token, at)
            elif self.expression:
                self._in_expression(what, token)
                last_end = start
            else:
                self._in_steps(what, token, at == last_end)
                last_end = start
        statement.closers[0] = len(statement.texts)
        return statement

    def _add(self, text: str, gap: str, kind: str = "") -> None:
        statement, at, kind = self.statement, len(self.statement.texts), kind or self.kind
        if kind:
            statement.points[self.groups[-1]].append(at)
            if kind == "|":
                statement.branches[self.groups[-1]] = True
        # Broken after the `>`: the canonical break is before it.
        if self.broken and at and statement.kinds[-1] == ">":
            statement.breaks[-1] = True
        # `×` is a spelling of `x` everywhere but in a string.
        statement.texts.append(gap + (text if text[0] == '"' else text.replace("×", "x")))
        statement.kinds.append(kind)
        statement.breaks.append(self.broken)
        statement.blanks.append(self.newlines > 1)
        self.newlines, self.kind = 0, ""
        # A break before a comma counts for what follows it, as commas end lines.
        self.broken = self.broken and text == ","

    def _open(self, bracket: str) -> None:
        """Open a group with the token just added."""
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
        """Keep a comment.

        Before the next token, or before the `>` or `|` that it follows, as that will begin the line
        after it.
        """
        statement, before = self.statement, len(self.statement.texts)
        own_line = self.first == before
        column = (
            -1 if own_line else len(self.text[self.text.rfind("\n", 0, at) + 1 : at].expandtabs())
        )
        if before and statement.kinds[-1] in (">", "|") and (own_line or self.first < before - 1):
            before -= 1
        statement.comments.append(
            (before, Comment(comment_text(text), column, self.newlines > 1, self.first))
        )
        self.newlines = 0

    def _in_steps(self, what: str, text: str, touches: bool) -> None:
        gap = "" if self.glued else " "
        # `conv{k}` and `conv {k}` differ: what touches in the text must touch afterwards.
        separator = "" if touches and self.last == "atom" else gap
        self.glued, last = False, "atom"
        if what in ("word", "reference"):
            self._add(text, gap)
        elif what == "when":
            # `as when`, `net when (...`: it is a condition only where a step can be.
            a_name = self.last in ("atom", "statement") or (
                self.statement.rule == "default" and not self.brackets
            )
            last = "atom" if a_name else "when"
            self._add(text, gap)
        elif what in ("number", "string"):
            self._add(text, separator)
        elif what == "list" and text in ("(", "["):
            self._add(text, gap)
            self._open(text)
            self.glued, last = True, ""
        elif what == "branches":
            self._add(text, " ")
            self.glued = text == "|"
        elif text in (">", "|"):
            # A line that begins with `>` continues the statements of chains alone.
            breaks = self.brackets or self.statement.rule in CONTINUED
            self._add(text, " ", text if breaks else "")
            last = ""
        elif text == ",":
            self._add(text, "")
            self.kind, last = "," if self.brackets else "", ""
        elif text == "=":
            # `pad=0` in brackets, `let a = b` outside.
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
            self._close(text, "" if text == ")" or what == "list" else " ")
        elif text == "{":
            self._add(text, separator)
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
            # After a sign (`-`, `not`) another operand is due.
            self.operand = what != "operand" or text == "not"
            self.glued = what != "operand"
            if text in ("(", "["):
                self.brackets.append("call")
        elif text in ("(", "["):
            self._add(text, "")
            self.brackets.append("call")
            self.glued = self.operand = True
        elif text == ")" and self.brackets[-1] == "when":
            self._close(text, "")
            self.last = "atom"
        elif text in (")", "]", "}"):
            self._add(text, "")
            # After a `}` the steps continue, after a call's bracket the expression.
            self.expression = self.brackets.pop() == "call"
            self.last = "atom"
        elif text == ",":
            self._add(text, "")
            self.operand = True
            if self.brackets[-1] == "when":
                # Its condition ends at the comma: the chains of a `when` are steps.
                self.expression, self.kind = False, ","
        else:
            self.glued = text in _TIGHT
            self._add(text, "" if self.glued else " ")
            self.operand = True
