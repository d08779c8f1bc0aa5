"""States of the parser share lexers: what a state accepts is found as if it looked for nothing
else.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest

from netdsl.syntax.grammar import load_tables

TABLES: dict[str, Any] = load_tables()
TERMINALS: dict[str, str] = TABLES["terminals"]
SIGNS: dict[str, str] = TABLES["signs"]
SPELLINGS = [
    *("conv3-64/2", "conv3-64", "when", "when(", "when (", "as", "asx", "of", "and", "or", "not"),
    *("net", "use", "param", "default", "defaults", "def", "define", "let", "input", "inputs"),
    *(
        "tie",
        "expect",
        "given",
        "x3",
        " x3",
        "x{",
        " x{",
        "x",
        "×3",
        " ×3",
        "3x3",
        "3",
        "-3",
        "-.5",
        ".5",
    ),
    *("1e-4", "1/255", "@a", "@a.*", '"b"', " ", "\n", "# c", "/2", "/{", "-{", "-64", "<=", "=="),
    *("//", "**", "*", "%", "+", "-", "/", *SIGNS),
]


def alone(accepted: set[str]) -> re.Pattern[str]:
    """The tokens that a state accepts, and no others, as one pattern."""
    names = [name for name in TERMINALS if name in accepted]
    return re.compile("|".join(f"(?P<{name}>{TERMINALS[name]})" for name in names))


def shared(state: int) -> re.Pattern[str]:
    """What a state looks for: its group's tokens, and the signs."""
    names = TABLES["lexers"][TABLES["lexer_of"][state]]
    signs = re.escape("".join(SIGNS))
    return re.compile("|".join([*(f"(?P<{n}>{TERMINALS[n]})" for n in names), f"[{signs}]"]))


def accepted_by(state: int) -> set[str]:
    return TERMINALS.keys() & {*TABLES["states"][state], *TABLES["ignored"]}


@pytest.mark.parametrize(
    "state",
    {
        (frozenset(accepted_by(state)), TABLES["lexer_of"][state]): state
        for state in range(len(TABLES["states"]))
    }.values(),
)
def test_a_state_finds_what_it_accepts(state: int) -> None:
    accepted = accepted_by(state)
    own, common = alone(accepted), shared(state)
    for text in ("".join(pair) for pair in product(SPELLINGS, ["", "1", "a", " ", "("])):
        expected, found = own.match(text), common.match(text)
        kind = found and (found.lastgroup or SIGNS[found.group()])
        if expected:
            assert (kind, found and found.group()) == (expected.lastgroup, expected.group()), text
        else:  # nothing, or a token at which the parser stops
            assert kind not in accepted, text


def test_there_are_fewer_lexers_than_sets_of_tokens() -> None:
    sets = {frozenset(accepted_by(state)) for state in range(len(TABLES["states"]))}
    assert len(TABLES["lexers"]) < len(sets) / 4
