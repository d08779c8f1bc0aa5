"""What to say where the parser stops: from what it could have accepted there, and what is there
instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from netdsl.errors import Diagnostic
from netdsl.syntax.mistakes import joints, numbers, repeats, signs, sizes, words
from netdsl.syntax.mistakes.stop import Stop

_FORMS = {
    "net": "net NAME",
    "use": 'use resnet, or use "blocks.net"',
    "param": "param NAME = VALUE",
    "default": "default conv(bn, pad=0), fc(tanh)",
    "def": "def NAME(a, b=1) = CHAIN",
    "let": "let NAME = CHAIN",
    "input": "input 224x224x3, or input left: 28x28x1",
    "learned": "learned queries: 100x256, or learned table: 5x8 = uniform(0.1)",
    "fixed": "fixed grid: 3 = (1, 2, 3)",
    "output": "output @score, or output @mean, @logvar",
    "tie": "tie NAME = transpose OTHER",
    "given": "given x = [[1, 2], [3, 4]], or given x = -2",
    "expect": "expect params = 61_706, expect @name = 13x13x256, or expect @name = [0.73, 0.27]",
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
_MISTAKES: tuple[Callable[[Stop], Diagnostic | None], ...] = (
    numbers.given_without_equals,
    words.not_a_statement,
    words.named_after,
    words.several_values,
    numbers.rows_without_commas,
    numbers.without_brackets,
    numbers.not_a_number,
    words.hyphen_in_name,
    words.braces_in_condition,
    sizes.arithmetic_in_options,
    sizes.arithmetic_in_parts,
    signs.lookalike,
    sizes.name_without_braces,
    sizes.sign_twice,
    sizes.apart,
    sizes.lone_cross,
    joints.other_arrow,
    joints.other_bar,
    joints.semicolon,
    sizes.fraction,
    repeats.order,
    repeats.apart,
    repeats.without_blank,
    words.def_without_brackets,
    words.output_without_sign,
    joints.trailing_comma,
    joints.options_without_brackets,
    joints.empty_branch,
    joints.empty_braces,
    joints.dangling_arrow,
    words.single_equals,
    words.product_without_sign,
    words.number_for_name,
    sizes.commas_in_shape,
    repeats.branches_apart,
    repeats.number_first,
    sizes.after_brackets,
    joints.plus,
    words.dotted,
    signs.single_quotes,
    joints.missing_arrow,
    words.number_after_word,
)
"""In the order in which they are tried: what a later one knows may look like an earlier one's."""


def explain(stop: Stop) -> Diagnostic:
    """Return the error of a place where the parser stopped.

    That of the first mistake that is known there, else what was expected.
    """
    for mistake in _MISTAKES:
        found = mistake(stop)
        if found:
            return found
    what = f"`{stop.thing}` is not allowed here" if stop.thing else "the statement ends too early"
    return stop.error(f"{what}: expected {_expected(stop)}", _form(stop))


def _expected(stop: Stop) -> str:
    """Return the tokens that could follow, as a reader would call them."""
    # The token of a layer's word is that of a name too: where no group may begin, a name is meant.
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
    """Return the form of the statement, where the mistake may be in that."""
    if re.search(r"\bwhen[ \t\n]*\([^()]*$", stop.before):
        return "the form is: when(t > 1, conv1-64), or when(t > 1, conv1-64, pool)"
    if ">" in stop.before or (stop.rule == "def" and re.search(r"\)[ \t\n]*=", stop.before)):
        return ""  # the mistake is in the chain, not in the statement's form
    return f"the form is: {_FORMS[stop.rule]}" if stop.rule in _FORMS else ""
