"""The parser's tables, made by Lark of `grammar/netdsl.lark` and kept as JSON: making them costs
more than a whole `table`.

`python -m netdsl.syntax.make_tables` (or `make docs`) makes `grammar/netdsl.json` again; a test
says when it is stale. Until then a checkout's changed grammar is read at every start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from netdsl.syntax.split import ADDED_STATEMENTS, STATEMENT_WORDS

_FIRST = [*map(chr, range(32, 127)), "\t", "\n", "×"]
_NEXT = "0x×{.=>*"
STARTS = (*STATEMENT_WORDS, *ADDED_STATEMENTS, "flow")


def tables_of(text: str) -> dict[str, Any]:
    """Make the tables of a grammar, as `lalr.Parser` takes them.

    - `grammar`: the text that they are made of.
    - `terminals`: each token's pattern, in the order in which they are tried; `ignored`: those that
      go nowhere.
    - `rules`: of each its name, how many symbols it has, the builder's method, whether it is there
      for its only symbol, and which of its symbols the method gets.
    - `states`: for each what a token or a rule leads to: the next state, or `~r` to reduce by rule
      r.
    - `starts`: the state in which each statement begins.
    - `signs`: the tokens of one character, which are tried last.
    - `lexers`: groups of the others, in the order in which they are tried; `lexer_of`: the group
      that each state looks for, in addition to the signs.
    """
    from lark import Lark
    from lark.parsers.lalr_analysis import Shift

    lark = Lark(
        text, parser="lalr", lexer="contextual", start=list(STARTS), maybe_placeholders=True
    )
    table = lark.parser.parser._parse_table
    rules = {rule: number for number, rule in enumerate(lark.rules)}
    found = list(dict.fromkeys(table.start_states[start] for start in STARTS))
    # in the order in which they are reached: Lark's own numbers differ from one run of Python to
    # the next
    for state in found:
        row = sorted(table.states[state].items())
        found += [
            to
            for to in dict.fromkeys(to for _, (kind, to) in row if kind is Shift)
            if to not in found
        ]
    number = {state: position for position, state in enumerate(found)}
    terminals = {
        str(terminal.name): terminal.pattern.to_regexp()
        for terminal in sorted(lark.terminals, key=_lark_order)
    }
    ignored = [str(name) for name in lark.ignore_tokens]
    states = [
        {
            str(name): number[to] if kind is Shift else ~rules[to]
            for name, (kind, to) in sorted(table.states[state].items())
        }
        for state in found
    ]
    signs = {sign: name for name, pattern in terminals.items() if (sign := _one_character(pattern))}
    # `Parser` tries them last, in one class of characters.
    assert [*terminals][-len(signs) :] == [*signs.values()]
    accepted = [terminals.keys() & {*row, *ignored} for row in states]
    lexers, lexer_of = _shared_lexers(accepted, terminals, ignored)
    return {
        "grammar": text,
        "terminals": terminals,
        "ignored": ignored,
        "rules": [_described(rule) for rule in lark.rules],
        "states": states,
        "starts": {start: number[table.start_states[start]] for start in STARTS},
        "signs": signs,
        "lexers": [[name for name in names if name not in signs.values()] for names in lexers],
        "lexer_of": lexer_of,
    }


def _lark_order(terminal: Any) -> tuple[Any, ...]:
    """Sort as Lark's lexers try terminals: by priority, then the longer pattern first."""
    return (
        -terminal.priority,
        -terminal.pattern.max_width,
        -len(terminal.pattern.value),
        terminal.name,
    )


def _shared_lexers(
    accepted: Sequence[set[str]], terminals: Mapping[str, str], ignored: Sequence[str]
) -> tuple[list[list[str]], list[int]]:
    """Group the tokens of the states: fewer groups are fewer patterns to compile at every start.

    A state may look for a token that it does not accept, where that hides none that it does accept:
    all of those that can begin alike are tried first. At such a token the parser stops, as it would
    where it finds none.

    Args:
        accepted: the tokens that each state accepts.
        terminals: the tokens' patterns, in the order in which they are tried.
        ignored: the tokens that are tried first where no other begins alike: they are many.

    Returns:
        The groups, and the number of each state's group.
    """
    order = {name: place for place, name in enumerate(terminals)}
    first = {name: frozenset(_first_characters(pattern)) for name, pattern in terminals.items()}

    def harmless(more: str, own: frozenset[str]) -> bool:
        return all(order[name] < order[more] or not first[name] & first[more] for name in own)

    def fits(own: frozenset[str], members: list[frozenset[str]]) -> bool:
        joined = own.union(*members)
        return all(harmless(more, each) for each in (*members, own) for more in joined - each)

    groups: list[list[frozenset[str]]] = []  # the states' own sets
    # The largest first: small sets then fit into groups that exist.
    for own in sorted({frozenset(names) for names in accepted}, key=lambda x: (-len(x), sorted(x))):
        home = next((members for members in groups if fits(own, members)), None)
        if home is None:
            groups.append([own])
        else:
            home.append(own)
    place = {own: at for at, members in enumerate(groups) for own in members}
    lexers = [_ordered(frozenset().union(*members), order, first, ignored) for members in groups]
    return lexers, [place[frozenset(names)] for names in accepted]


def _ordered(
    names: frozenset[str],
    order: Mapping[str, int],
    first: Mapping[str, frozenset[str]],
    ignored: Sequence[str],
) -> list[str]:
    """Order tokens, those first that are ignored and that no other begins like."""
    alone = {
        name
        for name in names.intersection(ignored)
        if all(not first[name] & first[other] for other in names - {name})
    }
    return sorted(names, key=lambda name: (name not in alone, order[name]))


def _one_character(pattern: str) -> str:
    """Return the character that a pattern matches, where it is a single one; else nothing."""
    plain = pattern.removeprefix("\\")
    return plain if len(plain) == 1 else ""


def _first_characters(pattern: str) -> Iterator[str]:
    """Yield the characters that a token can begin with.

    Whether one can is decided by trying: tokens that are not words match within three characters.
    """
    if pattern[0].isalpha():
        yield pattern[0]
        return
    compiled = re.compile(pattern)
    for first in _FIRST:
        tails = ("".join(tail) for length in range(3) for tail in product(_NEXT, repeat=length))
        if any(compiled.match(first + tail) for tail in tails):
            yield first


def _described(rule: Any) -> list[Any]:
    """Return a rule's row of the table."""
    symbols, name = rule.expansion, str(rule.origin.name)
    # Lark's `empty_indices`: before which symbols an optional part was left out.
    missing = "".join(
        "1" if empty else "0" for empty in rule.options.empty_indices or [False] * len(symbols)
    ).split("0")
    parts: list[int | list[int] | None] = [None] * len(missing[0])
    for place, symbol in enumerate(symbols):
        if not symbol.is_term and symbol.name.startswith("_"):
            parts.append([place])
        elif not (symbol.is_term and symbol.filter_out):
            parts.append(place)
        parts += [None] * len(missing[place + 1])
    single = bool(rule.options.expand1 and len(parts) == 1 and not rule.alias)
    method = "" if single or name.startswith("_") else str(rule.alias or name)
    return [
        name,
        len(symbols),
        method,
        single,
        None if parts == list(range(len(symbols))) else parts,
    ]
