"""The message for a place where the parser stopped."""

from __future__ import annotations

import re
from collections.abc import Callable

from netdsl.errors import Diagnostic
from netdsl.syntax.messages import chains, characters, expressions, repeats, sizes, statements
from netdsl.syntax.messages.stop import Stop

RULES: tuple[Callable[[Stop], Diagnostic | None], ...] = (
    statements.unknown_statement,
    characters.lookalike,
    sizes.name_without_braces,
    sizes.doubled_sign,
    sizes.sign_apart,
    sizes.lone_cross,
    chains.other_arrow,
    chains.other_bar,
    statements.semicolon,
    sizes.fraction,
    repeats.repeat_order,
    repeats.loose_repeat,
    repeats.repeat_space,
    statements.def_without_brackets,
    chains.trailing_comma,
    chains.empty_branch,
    expressions.empty_braces,
    chains.dangling_arrow,
    expressions.single_equals,
    expressions.name_behind_number,
    statements.name_expected,
    sizes.commas_in_shape,
    sizes.number_first,
    sizes.sign_after_brackets,
    chains.plus_sign,
    chains.dotted_word,
    characters.single_quotes,
    chains.missing_arrow,
    chains.missing_equals,
    sizes.size_apart,
)
"""Mistakes that people make: each rule gives the message for its own, and None for others. The
first that knows a mistake has it, so their order matters.
"""

_FORMS = {
    "net": "net NAME",
    "use": 'use resnet, or use "blocks.net"',
    "param": "param NAME = VALUE",
    "default": "default conv(bn, pad=0), fc(tanh)",
    "def": "def NAME(a, b=1) = CHAIN",
    "let": "let NAME = CHAIN",
    "input": "input 224x224x3, or input left: 28x28x1",
    "tie": "tie NAME = transpose OTHER",
    "expect": "expect params = 61_706, or expect @name = 13x13x256",
}

_NAMES = {
    "STEP": "a layer",
    "NUMBER": "a number",
    "SHAPE": "a shape",
    "NAME": "a name",
    "LITERAL": "a number",
    "MORETHAN": "`>`",
    "COMMA": "`,`",
    "RPAR": "`)`",
    "RBRACE": "`}`",
    "RBRACKET": "`]`",
    "VBAR": "`|`",
    "EQUAL": "`=`",
    "COLON": "`:`",
    "LPAR": "`(`",
    "STRING": "a string in quotes",
    "AS": "`as`",
    "$END": "the end of the statement",
}


def explain(stop: Stop) -> Diagnostic:
    """The message for a place where the parser stopped: the first of the rules below that knows
    the mistake.
    """
    for rule in RULES:
        found = rule(stop)
        if found:
            return found
    wanted = _expected(stop)
    if not stop.thing:
        return Diagnostic(
            "N003",
            f"the statement ends too early: {wanted} was expected",
            stop.span(),
            help=_form(stop),
        )
    return Diagnostic(
        "N003",
        f"`{stop.thing}` cannot stand here: {wanted} was expected",
        stop.span(),
        help=_form(stop),
    )


def _expected(stop: Stop) -> str:
    only_a_name = "STEP" in stop.expected and "LPAR" not in stop.expected
    names = sorted(
        {
            "a name" if token == "STEP" and only_a_name else _NAMES[token]
            for token in stop.expected
            if token in _NAMES
        }
    )
    return " or ".join(names[:4]) if names else "something else"


def _form(stop: Stop) -> str:
    if re.search(r"\bwhen[ \t\n]*\([^()]*$", stop.before):
        return "the form is: when(t > 1, conv1-64), or when(t > 1, conv1-64, pool)"
    if ">" in stop.before or (stop.rule == "def" and re.search(r"\)[ \t\n]*=", stop.before)):
        return ""  # the mistake is in the chain, not in the statement's form
    return f"the form is: {_FORMS[stop.rule]}" if stop.rule in _FORMS else ""
