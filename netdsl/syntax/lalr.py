"""Runs the tables that Lark makes of the grammar (`tables.py`): a contextual lexer and an LALR(1)
automaton.

Lark itself does not run here: its import would double the time in which a small file is checked.
"""

import re
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

END = "$END"


class Token(NamedTuple):
    """One word or sign of a text, from offset `start` up to `end`."""

    type: str
    text: str
    start: int
    end: int


class Unexpected(Exception):
    """The text cannot continue as it does.

    Attributes:
        at: the offset of what cannot be there; None for the text's end.
        expected: the names of the tokens that could.
    """

    def __init__(self, at: int | None, expected: frozenset[str]) -> None:
        super().__init__(at, expected)
        self.at, self.expected = at, expected


class _Rule(NamedTuple):
    origin: str
    length: int
    build: Callable[[list[Any]], Any]


class Parser:
    """The automaton, with a builder's method called for each rule that it reduces, bottom up.

    Args:
        tables: what `tables.tables_of` gives.
        builder: has a method for each rule, by the rule's name or its alias, that takes the list of
            the rule's parts.
    """

    def __init__(self, tables: dict[str, Any], builder: object) -> None:
        self._states: list[dict[str, int]] = tables["states"]
        self._starts: dict[str, int] = tables["starts"]
        self._terminals: dict[str, str] = tables["terminals"]
        self._ignored = frozenset(tables["ignored"])
        self._rules = [
            _Rule(
                origin,
                length,
                _from_parts(parts, getattr(builder, name) if name else _alone if single else _all),
            )
            for origin, length, name, single, parts in tables["rules"]
        ]
        self._signs: dict[str, str] = tables["signs"]
        self._groups: list[list[str]] = tables["lexers"]
        self._group_of: list[int] = tables["lexer_of"]
        self._lexers: dict[int, re.Pattern[str]] = {}  # by state
        # Ten reductions from an operand to a value that only pass it on, as one step.
        self._passed: dict[tuple[int, int, str], int] = {}
        self._patterns: dict[int, re.Pattern[str]] = {}  # by group

    def parse(self, text: str, start: int, end: int, rule: str) -> Any:
        """Return what the builder makes of `text[start:end]`, which should be a whole `rule`.

        Args:
            text: that holds the statement.
            start: where it begins.
            end: where it ends.
            rule: of the grammar, one of `starts`.

        Raises:
            Unexpected: where the text breaks the grammar.
            Exception: whatever the builder raises.
        """
        states, rules, ignored, lexers = self._states, self._rules, self._ignored, self._lexers
        signs, passed = self._signs, self._passed
        stack = [self._starts[rule]]
        values: list[Any] = []
        at = start
        while True:
            state = stack[-1]
            if at < end:
                # By state, as Lark's contextual lexer: one text may be another token elsewhere.
                match = (lexers.get(state) or self._lexer(state)).match(text, at, end)
                if match is None:
                    raise Unexpected(at, self._expected(stack))
                here, at, word = at, match.end(), match.group()
                kind = match.lastgroup or signs[word]
                if kind in ignored:
                    continue
                token = tuple.__new__(Token, (kind, word, here, at))  # half of the call's time
            else:
                kind, token = END, Token(END, "", end, end)
            while True:
                action = states[stack[-1]].get(kind)
                if action is None:
                    # ` x3` is one token with its space: the place of the message is the `x`.
                    blanks = len(token.text) - len(token.text.lstrip())
                    raise Unexpected(
                        None if kind == END else token.start + blanks, self._expected(stack)
                    )
                if action >= 0:
                    stack.append(action)
                    values.append(token)
                    break
                origin, length, build = rules[~action]
                if build is _alone:  # in an expression ten one after the other: the value stays
                    way = stack[-2], stack[-1], kind
                    stack[-1] = passed.get(way) or self._passed_on(*way)
                    continue
                value = build(values[-length:])
                del stack[-length:], values[-length:]
                # The start rule is not shifted: Lark's tables have no accepting state for it.
                if kind == END and len(stack) == 1 and origin == rule:
                    return value
                stack.append(states[stack[-1]][origin])
                values.append(value)

    def _passed_on(self, below: int, state: int, kind: str) -> int:
        """Return the state after all reductions that only pass a value on, before a token.

        Args:
            below: the state below the value.
            state: that after it.
            kind: of the token.
        """
        at = state
        while (action := self._states[at].get(kind, 0)) < 0:
            origin, _, build = self._rules[~action]
            if build is not _alone:
                break
            at = self._states[below][origin]
        self._passed[below, state, kind] = at
        return at

    def _lexer(self, state: int) -> re.Pattern[str]:
        """Return the tokens that a state looks for, as one pattern.

        Made when a text first needs it.
        """
        group = self._group_of[state]
        if group not in self._patterns:
            named = [f"(?P<{name}>{self._terminals[name]})" for name in self._groups[group]]
            # One class of characters for all signs: an alternative each would double the pattern.
            signs = re.escape("".join(self._signs))
            self._patterns[group] = re.compile("|".join([*named, f"[{signs}]"]))
        return self._lexers.setdefault(state, self._patterns[group])

    def _expected(self, stack: list[int]) -> frozenset[str]:
        """Return the tokens that can come next.

        An LALR(1) row also holds some that only lead to reductions, and then nowhere.
        """
        names = (name for name in self._states[stack[-1]] if name in self._terminals or name == END)
        # Tried on a copy of the stack; asked only where there is a mistake.
        return frozenset(name for name in names if self._shifts(list(stack), name))

    def _shifts(self, stack: list[int], name: str) -> bool:
        while True:
            action = self._states[stack[-1]].get(name)
            if action is None or action >= 0:
                return action is not None
            origin, length, _ = self._rules[~action]
            del stack[-length:]
            if name == END and len(stack) == 1 and origin in self._starts:
                return True
            stack.append(self._states[stack[-1]][origin])


def _alone(parts: list[Any]) -> Any:
    return parts[0]


def _all(parts: list[Any]) -> list[Any]:
    return parts


def _from_parts(
    parts: list[int | list[int] | None] | None, build: Callable[[list[Any]], Any]
) -> Callable[[list[Any]], Any]:
    """Return a rule's builder, for all the values of its symbols: `parts` says which it gets.

    None means all of them.

    In it a number is a symbol's value, a number in brackets a list's values one by one, and None
    what the text left out.
    """
    if parts is None:
        return build
    if len(parts) > 1 and not any(isinstance(part, list) for part in parts):
        # What is left out is the last of the values, an appended None.
        taken_of = itemgetter(*(-1 if part is None else part for part in parts))
        return lambda values: build(taken_of([*values, None]))

    grows = parts[0] == [0]  # a list that grows from the left is not copied at each step

    def take(values: list[Any]) -> Any:
        taken: list[Any] = values[0] if grows else []
        for part in parts[1:] if grows else parts:
            if isinstance(part, list):
                taken += values[part[0]]
            else:
                taken.append(None if part is None else values[part])
        return build(taken)

    return take
