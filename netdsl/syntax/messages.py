"""What to say where the parser stops: from what it could have taken there and what stands there instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from netdsl.errors import Diagnostic, Source, Span, nearest
from netdsl.syntax.split import STATEMENT_WORDS

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_THING = re.compile(r'"[^"\n]*"|@?[A-Za-z_][A-Za-z0-9_.]*|[0-9][0-9_.x×]*|//|\*\*|[<>=!]=|\S')
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
_LOOKALIKES = {"→": ">", "⟶": ">", "⇒": ">", "➔": ">", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "*": "x", "＞": ">"}
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
    "AS": "`as`",
    "$END": "the end of the statement",
}


class Stop(NamedTuple):
    """Where the parser stopped: the statement's rule and place, the offset, and the tokens that it could have taken."""

    source: Source
    rule: str
    start: int
    end: int
    at: int
    expected: frozenset[str]

    @property
    def before(self) -> str:
        """The statement's text up to here, without blanks at its end."""
        return self.source.text[self.start : self.at].rstrip()

    @property
    def rest(self) -> str:
        return self.source.text[self.at : self.end]

    @property
    def thing(self) -> str:
        """What stands here, as a reader would call it: a word, a number, a sign."""
        match = _THING.match(self.rest)
        return match.group() if match else ""

    def span(self, length: int | None = None) -> Span:
        """The thing here, or the given number of characters; behind the last character where nothing is left."""
        if not self.thing and length is None:
            at = self.start + len(self.before)
            return Span(self.source, at, at + 1)
        return Span(self.source, self.at, self.at + (len(self.thing) if length is None else length))


def explain(stop: Stop) -> Diagnostic:
    """The message for a place where the parser stopped: the first of the rules below that knows the mistake."""
    for rule in _RULES:
        found = rule(stop)
        if found:
            return found
    wanted = _expected(stop)
    if not stop.thing:
        return Diagnostic("N003", f"the statement ends too early: {wanted} was expected", stop.span(), help=_form(stop))
    return Diagnostic("N003", f"`{stop.thing}` cannot stand here: {wanted} was expected", stop.span(), help=_form(stop))


def _expected(stop: Stop) -> str:
    only_a_name = "STEP" in stop.expected and "LPAR" not in stop.expected
    names = sorted({"a name" if token == "STEP" and only_a_name else _NAMES[token] for token in stop.expected if token in _NAMES})
    return " or ".join(names[:4]) if names else "something else"


def _form(stop: Stop) -> str:
    return f"the form is: {_FORMS[stop.rule]}" if stop.rule in _FORMS else ""


# --- the mistakes that people make ------------------------------------------------------------------------------------


def _statement_typo(stop: Stop) -> Diagnostic | None:
    """`inputt 32x32x1`: a first word that is no statement, and then no flow."""
    first = _WORD.match(stop.source.text, stop.start)
    if stop.rule != "flow" or not first or stop.before != first.group() or not re.match(r"[A-Za-z0-9@_\"=]", stop.thing or " "):
        return None
    span = Span(stop.source, stop.start, stop.start + len(first.group()))
    meant = nearest(first.group(), STATEMENT_WORDS)
    if stop.thing == "=" and not meant:
        mend = f"`param {first.group()} = ...` sets a number, `def {first.group()}() = ...` a block"
        return Diagnostic("N003", f"`{first.group()} =` begins no statement", span, help=mend)
    repeat = re.match(r"[x×][0-9]", stop.thing)
    if repeat or (not meant and _WORD.fullmatch(stop.thing)):
        return None
    mend = f"did you mean `{meant}`?" if meant else f"statements begin with {', '.join(STATEMENT_WORDS)}; a flow with a shape or a layer"
    return Diagnostic("N003", f"`{first.group()}` is no statement", span, help=mend)


def _braces(stop: Stop) -> Diagnostic | None:
    """`conv3-c`, `pool3/s`, `conv3-64 xn`: a name where a number or braces belong."""
    match = re.match(r"([-/])([A-Za-z_][A-Za-z0-9_]*)", stop.rest)
    if match and re.search(r"[A-Za-z0-9_}]$", stop.before) and stop.before == stop.source.text[stop.start : stop.at]:
        what = "amount" if match[1] == "-" else "stride"
        mend = f"write {_last_word(stop)}{match[1]}{{{match[2]}}}"
        return Diagnostic("N005", f"the {what} is a number, or an expression in braces", stop.span(len(match[0])), help=mend)
    match = re.match(r"[x×]([A-Za-z_][A-Za-z0-9_]*)", stop.rest)
    if match and _after_step(stop):
        mend = f"write {_last_word(stop)} x{{{match[1]}}}"
        return Diagnostic("N005", "how often is a number, or an expression in braces", stop.span(), help=mend)
    return None


def _slashes(stop: Stop) -> Diagnostic | None:
    """`pool3//2`, `conv3--64`."""
    match = re.match(r"([-/])[-/]+([0-9]*)", stop.rest)
    if not match or not re.search(r"[A-Za-z0-9_}]$", stop.before):
        return None
    what = "stride" if match[1] == "/" else "amount"
    mend = f"write {_last_word(stop)}{match[1]}{match[2]}"
    return Diagnostic("N003", f"one `{match[1]}` stands before the {what}", stop.span(len(match.group())), help=mend)


def _repeat_space(stop: Stop) -> Diagnostic | None:
    """`(...)x2`: the blank before the repeat is missing."""
    match = re.match(r"[x×]([0-9]+|\{)", stop.rest)
    if not match or not stop.before or stop.source.text[stop.at - 1] in " \t\n" or not _after_step(stop):
        return None
    return Diagnostic("N003", f"a blank stands before `{match.group()}`", stop.span(len(match.group())), help=f"write ` {match.group()}`")


def _repeat_order(stop: Stop) -> Diagnostic | None:
    """`conv3-64 as a x2`, `conv3-64 x2 x3`."""
    match = re.match(r"[x×]([0-9]+|\{)", stop.rest)
    if not match or "STEP" in stop.expected:
        return None
    named = re.search(r"\bas[ \t\n]+([A-Za-z_][A-Za-z0-9_]*)$", stop.before)
    if named:
        mend = f"write {match.group()} as {named[1]}: the name is then the last one's"
        return Diagnostic("N003", "the repeat stands before `as`", stop.span(), help=mend)
    if re.search(r"[ \t\n][x×]([0-9_]+|\{[^{}]*\})$", stop.before):
        return Diagnostic("N003", "a step has one repeat", stop.span(), help="group the inner one: (conv3-64 x2) x3")
    return None


def _def_without_brackets(stop: Stop) -> Diagnostic | None:
    """`def f = ...`."""
    match = re.match(r"def[ \t\n]+([A-Za-z_][A-Za-z0-9_]*)$", stop.before)
    if stop.rule != "def" or stop.thing != "=" or not match:
        return None
    return Diagnostic("N003", "a block is defined with brackets, also without parameters", stop.span(), help=f"write def {match[1]}() = ...")


def _trailing_comma(stop: Stop) -> Diagnostic | None:
    if not stop.before.endswith(",") or stop.thing not in (")", "]", "}", "", ">"):
        return None
    at = stop.start + len(stop.before) - 1
    return Diagnostic("N003", "nothing stands behind this comma", Span(stop.source, at, at + 1), help="remove it")


def _empty_branch(stop: Stop) -> Diagnostic | None:
    if "STEP" not in stop.expected or stop.before[-1:] not in ("[", "|") or stop.thing not in ("|", "]"):
        return None
    return Diagnostic("N003", "a branch is empty", stop.span(), help="the branch that changes nothing is `id`")


def _dangling_arrow(stop: Stop) -> Diagnostic | None:
    """`conv3-64 > > pool`, `conv3-64 >`, `( > conv3-64)`."""
    if "STEP" not in stop.expected or "NAME" in stop.expected:
        return None
    if stop.before.endswith(">") and (stop.thing in ("", ">", ")", "]", "|", ",")):
        at = stop.start + len(stop.before) - 1
        return Diagnostic("N003", "a layer was expected behind this `>`", Span(stop.source, at, at + 1), help="add the layer, or remove the `>`")
    if stop.thing == ">":
        return Diagnostic("N003", "a layer was expected before this `>`", stop.span(), help="begin with a shape, a layer or `@name`")
    return None


def _missing_arrow(stop: Stop) -> Diagnostic | None:
    """`conv3-64 pool`: two steps with a blank between them."""
    if "MORETHAN" not in stop.expected or not re.match(r"[A-Za-z_(\[@]", stop.thing):
        return None
    if re.fullmatch(r"[x×]", stop.thing):
        return None
    if _WORD.fullmatch(stop.thing) and nearest(stop.thing, ["as"]) and re.match(r"\w+[ \t]+\w+", stop.rest):
        return Diagnostic("N003", f"`{stop.thing}` cannot stand here", stop.span(), help="did you mean `as`?")
    return Diagnostic("N003", f"`>` is missing before `{stop.thing}`", stop.span(), help="steps are joined by `>`")


def _empty_braces(stop: Stop) -> Diagnostic | None:
    if stop.thing == "}" and stop.before.endswith("{"):
        return Diagnostic("N003", "the braces are empty", stop.span(), help="they hold an expression, such as {2*c}")
    return None


def _fraction_behind(stop: Stop) -> Diagnostic | None:
    """`conv3-6.5`, `conv3-1e4`: amounts and strides are whole."""
    match = re.match(r"[-/]?[0-9_]*\.[0-9]+", stop.rest)
    if not match or not re.search(r"[A-Za-z0-9_]$", stop.before) or "MORETHAN" not in stop.expected:
        return None
    return Diagnostic("N003", "sizes, amounts and strides are whole numbers", stop.span(len(match.group())))


def _single_equals(stop: Stop) -> Diagnostic | None:
    if stop.thing == "=" and "COMPARE" in stop.expected:
        return Diagnostic("N003", "`=` does not compare", stop.span(), help="write `==`")
    return None


def _name_behind_number(stop: Stop) -> Diagnostic | None:
    """`{2c}`: a product without its sign."""
    match = re.search(r"(?:^|[^A-Za-z0-9_])([0-9.]+)$", stop.before)
    if match and "TIMES" in stop.expected and _WORD.match(stop.thing):
        return Diagnostic("N003", f"a product is written with `*`: {match[1]}*{stop.thing}", stop.span(), help=f"write {match[1]}*{stop.thing}")
    return None


def _lookalike(stop: Stop) -> Diagnostic | None:
    sign = stop.thing[:1]
    if not sign or (sign.isascii() and sign != "*") or (sign == "*" and "STEP" in stop.expected):
        return None
    if sign == "*" and not re.match(r"\*[ \t]*[0-9]", stop.rest):
        return None
    code = "" if sign.isprintable() else f" (U+{ord(sign):04X})"
    mend = f"write `{_LOOKALIKES[sign]}`" if sign in _LOOKALIKES else "names are written in ASCII letters, digits and `_`"
    shown = sign if sign.isprintable() else "this character"
    return Diagnostic("N006", f"`{shown}`{code} is not part of the language", stop.span(1), help=mend)


def _statement_inside(stop: Stop) -> Diagnostic | None:
    """`input 32x32x1 conv3-64`: a flow's first `>` is missing; and a number where a name belongs."""
    if "MORETHAN" in stop.expected and re.match(r"[0-9.]", stop.thing):
        return Diagnostic("N003", f"`{stop.thing}` cannot stand here", stop.span(), help="a size touches its word: `conv3-64`, not `conv 3-64`")
    return None


def _name_expected(stop: Stop) -> Diagnostic | None:
    """`net 3x`, `param 5 = 2`, `as 3`."""
    if stop.expected & {"STEP", "NAME"} and not stop.expected & {"NUMBER", "LITERAL", "LBRACE", "LPAR"} and stop.thing:
        if re.search(r"\b(as|net|param|let|def|tie|transpose)$", stop.before):
            mend = "a name begins with a letter, and holds letters, digits and `_`"
            return Diagnostic("N003", f"`{stop.thing}` is no name", stop.span(), help=mend)
    return None


def _after_step(stop: Stop) -> bool:
    return "MORETHAN" in stop.expected or "AS" in stop.expected


def _last_word(stop: Stop) -> str:
    match = re.search(r"[A-Za-z0-9_{}*+/-]+$", stop.before)
    return match.group().rstrip("-/") if match else ""


_RULES: tuple[Callable[[Stop], Diagnostic | None], ...] = (
    _statement_typo,
    _lookalike,
    _braces,
    _slashes,
    _fraction_behind,
    _repeat_order,
    _repeat_space,
    _def_without_brackets,
    _trailing_comma,
    _empty_branch,
    _empty_braces,
    _dangling_arrow,
    _single_equals,
    _name_behind_number,
    _name_expected,
    _missing_arrow,
    _statement_inside,
)
