"""Mistakes in names, statement words and expressions."""

from __future__ import annotations

import re

from netdsl.errors import Diagnostic, Span, nearest
from netdsl.syntax.mistakes.stop import WORD, Stop
from netdsl.syntax.split import ADDED_STATEMENTS, STATEMENT_WORDS

_NAMING = "net|use|param|def|let|input|tie|expect"


def not_a_statement(stop: Stop) -> Diagnostic | None:
    """`inputt 32x32x1`: a first word that is not a statement's, and then no flow."""
    first = WORD.match(stop.source.text, stop.start)
    if (
        stop.rule != "flow"
        or not first
        or stop.before != first.group()
        or not re.match(r"[A-Za-z0-9@_\"=]", stop.thing or " ")
    ):
        return None
    word = first.group()
    span = Span(stop.source, stop.start, stop.start + len(word))
    # `output x` is not read as a statement, but its word is spelled right.
    meant = nearest(word, [each for each in (*STATEMENT_WORDS, *ADDED_STATEMENTS) if each != word])
    if stop.thing == "=" and not meant:
        help = f"`param {word} = ...` sets a number, `def {word}() = ...` a block"
        return Diagnostic("N003", f"no statement begins with `{word} =`", span, help=help)
    repeat = re.match(r"[x×][0-9]", stop.thing)
    # Two words, neither a statement's, lack an arrow: `pool conv3-8`.
    if repeat or (not meant and WORD.fullmatch(stop.thing)):
        return None
    help = (
        f"did you mean `{meant}`?"
        if meant
        else f"statements begin with {', '.join(STATEMENT_WORDS)}; a flow with a shape or a layer"
    )
    return Diagnostic("N003", f"`{word}` is not a statement", span, help=help)


def output_without_sign(stop: Stop) -> Diagnostic | None:
    """`output score`."""
    if stop.before != "output" or stop.rule != "flow" or not WORD.fullmatch(stop.thing):
        return None
    return stop.error("an output is a named point", f"write output @{stop.thing}")


def def_without_brackets(stop: Stop) -> Diagnostic | None:
    """`def f = ...`."""
    match = re.match(r"def[ \t\n]+([A-Za-z_][A-Za-z0-9_]*)$", stop.before)
    if stop.rule != "def" or stop.thing != "=" or not match:
        return None
    message = "a block is defined with parentheses, even without parameters"
    return stop.error(message, f"write def {match[1]}() = ...")


def single_equals(stop: Stop) -> Diagnostic | None:
    """`when(t = 1, pool)`."""
    if stop.thing == "=" and "COMPARE" in stop.expected:
        return stop.error("`=` does not compare", "write `==`")
    return None


def product_without_sign(stop: Stop) -> Diagnostic | None:
    """`{2c}`."""
    match = re.search(r"(?:^|[^A-Za-z0-9_])([0-9.]+)$", stop.before)
    if match and "TIMES" in stop.expected and WORD.match(stop.thing):
        product = f"{match[1]}*{stop.thing}"
        return stop.error(f"a product is written with `*`: {product}", f"write {product}")
    return None


def number_for_name(stop: Stop) -> Diagnostic | None:
    """`net 3x`, `param 5 = 2`, `as 3`."""
    if (
        not stop.thing
        or not stop.expected & {"STEP", "NAME"}
        # Where a number could be, that it is not a name is not the mistake.
        or stop.expected & {"NUMBER", "LITERAL", "LBRACE", "LPAR"}
    ):
        return None
    if not re.search(r"\b(as|net|param|let|def|tie|transpose)$", stop.before):
        return None
    help = "a name begins with a letter and consists of letters, digits and `_`"
    return stop.error(f"`{stop.thing}` is not a name", help)


def dotted(stop: Stop) -> Diagnostic | None:
    """`nn.Linear(784, 10)`, `layers.Dense(10)`."""
    match = re.match(r"(?:\.[A-Za-z_][A-Za-z0-9_]*)+", stop.rest)
    word = re.search(r"[A-Za-z_][A-Za-z0-9_]*$", stop.before)
    if not match or not word or not stop.is_after_step:
        return None
    help = "a layer is one word, such as conv3-64 or fc-10; a point's name begins with `@`"
    span = Span(stop.source, stop.at - len(word.group()), stop.at + len(match.group()))
    return Diagnostic("N003", f"`{word.group()}{match.group()}` is not a layer", span, help=help)


def number_after_word(stop: Stop) -> Diagnostic | None:
    """`pool(pad 2)`, where `=` is missing; `conv 3-64`."""
    option = re.search(r"[(,][ \t\n]*([A-Za-z_][A-Za-z0-9_]*)$", stop.before)
    if "EQUAL" in stop.expected and option and re.match(r"[0-9.]", stop.thing):
        return stop.error(
            f"`=` is missing before `{stop.thing}`", f"write {option[1]}={stop.thing}"
        )
    if "MORETHAN" in stop.expected and re.match(r"\.?[0-9]", stop.rest):
        help = "a size follows its word without a space: `conv3-64`, not `conv 3-64`"
        return stop.error(f"`{stop.thing}` is not allowed here", help)
    return None


def named_after(stop: Stop) -> Diagnostic | None:
    """`input 20x32 as m`: an input whose name follows its shape."""
    named = re.match(r"as[ \t]+([A-Za-z_][A-Za-z0-9_]*)", stop.rest)
    shape = re.fullmatch(r"(?:input[ \t\n]+)?([0-9][0-9x×_]*(?:[ \t]+of[ \t].*)?)", stop.before)
    if not named or not shape:
        return None
    message = "the name of an input is written before its shape"
    return stop.error(message, f"write input {named[1]}: {shape[1]}", len(named.group()))


def several_values(stop: Stop) -> Diagnostic | None:
    """`param w = 16, 32`: a list without its brackets."""
    given = re.match(
        r"(param[ \t]+[A-Za-z_][A-Za-z0-9_]*[ \t]*=)[ \t]*([^()\[\]\n]*)$",
        stop.source.text[stop.start : stop.end],
    )
    if stop.rule != "param" or not given or stop.thing != ",":
        return None
    return stop.error("a list is written in brackets", f"write {given[1]} ({given[2].strip()})")


def hyphen_in_name(stop: Stop) -> Diagnostic | None:
    """`net x-y`, `conv3-8 as my-point`, `@my-point`: there a `-` begins an amount."""
    name = re.search(rf"(?:^(?:{_NAMING})[ \t]+|\bas[ \t]+|@)([A-Za-z_]\w*)$", stop.before)
    rest = re.match(r"(?:-\w+)+", stop.rest, re.ASCII)
    if not (name and rest) or stop.source.text[stop.at - 1].isspace():
        return None
    whole = name[1] + rest.group()
    help = f"write {whole.replace('-', '_')}"
    return stop.error(f"a name has no `-` in it: `{whole}`", help, len(rest.group()), "N004")


def braces_in_condition(stop: Stop) -> Diagnostic | None:
    """`when({t} > 1, ...)`."""
    braces = re.match(r"\{([^{}]*)\}([^,(){}]*)", stop.rest)
    if not braces or not re.search(r"\bwhen[ \t\n]*\($", stop.before):
        return None
    condition = (braces[1] + braces[2]).strip()
    message = "the condition of `when` is written without braces"
    return stop.error(message, f"write when({condition}, ...)", len(braces.group().rstrip()))
