"""What to say where the parser stops: from what it could have taken there and what stands there
instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from netdsl.errors import Diagnostic, Source, Span, nearest
from netdsl.syntax.split import STATEMENT_WORDS

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_THING = re.compile(r'"[^"\n]*"|@?[A-Za-z_][A-Za-z0-9_.]*|[0-9][0-9_.x×]*|//|\*\*|[<>=!]=|[^ \t\n]')
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
_LOOKALIKES = {
    "→": ">",
    "⟶": ">",
    "⇒": ">",
    "➔": ">",
    "“": '"',
    "”": '"',
    "–": "-",
    "—": "-",
    "−": "-",
    "＞": ">",
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


class Stop(NamedTuple):
    """Where the parser stopped: the statement's rule and place, the offset, and the tokens that
    it could have taken.
    """

    source: Source
    rule: str
    start: int
    end: int
    at: int
    expected: frozenset[str]

    @property
    def before(self) -> str:
        """The statement's text up to here, without blanks at its end."""
        return self.source.text[self.start : self.at].rstrip(" \t\n")

    @property
    def rest(self) -> str:
        return self.source.text[self.at : self.end]

    @property
    def thing(self) -> str:
        """What stands here, as a reader would call it: a word, a number, a sign."""
        match = _THING.match(self.rest)
        return match.group() if match else ""

    def span(self, length: int | None = None) -> Span:
        """The thing here, or the given number of characters; behind the last character where
        nothing is left.
        """
        if not self.thing and length is None:
            at = self.start + len(self.before)
            return Span(self.source, at, at + 1)
        return Span(self.source, self.at, self.at + (len(self.thing) if length is None else length))


def explain(stop: Stop) -> Diagnostic:
    """The message for a place where the parser stopped: the first of the rules below that knows
    the mistake.
    """
    for rule in _RULES:
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


# --- the mistakes that people make ----------------------------------------------------------------


def _statement_typo(stop: Stop) -> Diagnostic | None:
    """`inputt 32x32x1`: a first word that is no statement, and then no flow."""
    first = _WORD.match(stop.source.text, stop.start)
    if (
        stop.rule != "flow"
        or not first
        or stop.before != first.group()
        or not re.match(r"[A-Za-z0-9@_\"=]", stop.thing or " ")
    ):
        return None
    span = Span(stop.source, stop.start, stop.start + len(first.group()))
    meant = nearest(first.group(), STATEMENT_WORDS)
    if stop.thing == "=" and not meant:
        mend = f"`param {first.group()} = ...` sets a number, `def {first.group()}() = ...` a block"
        return Diagnostic("N003", f"`{first.group()} =` begins no statement", span, help=mend)
    repeat = re.match(r"[x×][0-9]", stop.thing)
    if repeat or (not meant and _WORD.fullmatch(stop.thing)):
        return None
    mend = (
        f"did you mean `{meant}`?"
        if meant
        else f"statements begin with {', '.join(STATEMENT_WORDS)}; a flow with a shape or a layer"
    )
    return Diagnostic("N003", f"`{first.group()}` is no statement", span, help=mend)


def _braces(stop: Stop) -> Diagnostic | None:
    """`conv3-c`, `pool3/s`, `conv3-64 xn`: a name where a number or braces belong."""
    match = re.match(r"([-/])([A-Za-z_][A-Za-z0-9_]*)", stop.rest)
    if (
        match
        and re.search(r"[A-Za-z0-9_}]$", stop.before)
        and stop.before == stop.source.text[stop.start : stop.at]
    ):
        what = "amount" if match[1] == "-" else "stride"
        mend = f"write {_last_word(stop)}{match[1]}{{{match[2]}}}"
        return Diagnostic(
            "N005",
            f"the {what} is a number, or an expression in braces",
            stop.span(len(match[0])),
            help=mend,
        )
    match = re.match(r"[x×]([A-Za-z_][A-Za-z0-9_]*)", stop.rest)
    if match and _after_step(stop):
        mend = f"write {_last_word(stop)} x{{{match[1]}}}"
        return Diagnostic(
            "N005", "how often is a number, or an expression in braces", stop.span(), help=mend
        )
    return None


def _slashes(stop: Stop) -> Diagnostic | None:
    """`pool3//2`, `conv3--64`."""
    match = re.match(r"([-/])[-/]+([0-9]*)", stop.rest)
    if not match or not re.search(r"[A-Za-z0-9_}]$", stop.before):
        return None
    what = "stride" if match[1] == "/" else "amount"
    mend = f"write {_last_word(stop)}{match[1]}{match[2]}"
    return Diagnostic(
        "N003",
        f"one `{match[1]}` stands before the {what}",
        stop.span(len(match.group())),
        help=mend,
    )


def _apart(stop: Stop) -> Diagnostic | None:
    """`conv3- 64`, `conv3-64 / 2`."""
    match = re.match(r"([-/])[ \t]*([0-9]+)(?![0-9.])", stop.rest)
    if not match or not _after_step(stop) or not re.match(r"[A-Za-z_]", _last_word(stop)):
        return None
    mend = f"write {_last_word(stop)}{match[1]}{match[2]}, without blanks"
    return Diagnostic(
        "N004", "size, amount and stride touch the word", stop.span(len(match.group())), help=mend
    )


def _lone_cross(stop: Stop) -> Diagnostic | None:
    """`4 x 4 x 1`, `4x4x`, `pool3/2x`, `conv3-64 x-2`."""
    if stop.thing not in ("x", "×") or not _after_step(stop):
        return None
    number = re.match(r".[ \t]*([0-9]+)", stop.rest)
    shape = re.search(r"(?:^|[\s:>])([0-9][0-9_]*)$", stop.before)
    if number and shape:
        mend = f"write {shape[1]}x{number[1]}, without blanks"
        return Diagnostic("N004", "the `x` between two sizes touches them", stop.span(), help=mend)
    if number:
        return None
    if stop.at > stop.start and not stop.source.text[stop.at - 1].isspace():
        return Diagnostic(
            "N003",
            "a number was expected behind this `x`",
            stop.span(),
            help="add it, as in 32x32x3, or remove the `x`",
        )
    return Diagnostic(
        "N003",
        "how often is a whole number from 0 up",
        stop.span(),
        help=f"write {_last_word(stop)} x2",
    )


def _repeat_space(stop: Stop) -> Diagnostic | None:
    """`(...)x2`: the blank before the repeat is missing."""
    match = re.match(r"[x×]([0-9]+|\{)", stop.rest)
    if (
        not match
        or not stop.before
        or stop.source.text[stop.at - 1] in " \t\n"
        or not _after_step(stop)
    ):
        return None
    return Diagnostic(
        "N003",
        f"a blank stands before `{match.group()}`",
        stop.span(len(match.group())),
        help=f"write ` {match.group()}`",
    )


def _loose_repeat(stop: Stop) -> Diagnostic | None:
    """`conv3-64 x 3`: the number stands apart."""
    match = re.match(r"[x×][ \t]+([0-9]+|\{)", stop.rest)
    if not match or not _after_step(stop):
        return None
    mend = f"write {_last_word(stop) or '(...)'} x{match[1]}"
    return Diagnostic(
        "N003", "the number of a repeat touches its `x`", stop.span(len(match.group())), help=mend
    )


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
        return Diagnostic(
            "N003",
            "a step has one repeat",
            stop.span(),
            help="group the inner one: (conv3-64 x2) x3",
        )
    return None


def _def_without_brackets(stop: Stop) -> Diagnostic | None:
    """`def f = ...`."""
    match = re.match(r"def[ \t\n]+([A-Za-z_][A-Za-z0-9_]*)$", stop.before)
    if stop.rule != "def" or stop.thing != "=" or not match:
        return None
    return Diagnostic(
        "N003",
        "a block is defined with brackets, also without parameters",
        stop.span(),
        help=f"write def {match[1]}() = ...",
    )


def _trailing_comma(stop: Stop) -> Diagnostic | None:
    if not stop.before.endswith(",") or stop.thing not in (")", "]", "}", "", ">"):
        return None
    at = stop.start + len(stop.before) - 1
    return Diagnostic(
        "N003", "nothing stands behind this comma", Span(stop.source, at, at + 1), help="remove it"
    )


def _empty_branch(stop: Stop) -> Diagnostic | None:
    if (
        "STEP" not in stop.expected
        or stop.before[-1:] not in ("[", "|")
        or stop.thing not in ("|", "]")
    ):
        return None
    return Diagnostic(
        "N003", "a branch is empty", stop.span(), help="the branch that changes nothing is `id`"
    )


def _dangling_arrow(stop: Stop) -> Diagnostic | None:
    """`conv3-64 > > pool`, `conv3-64 >`, `( > conv3-64)`."""
    if "STEP" not in stop.expected or "NAME" in stop.expected:
        return None
    if stop.before.endswith(">") and (stop.thing in ("", ">", ")", "]", "|", ",")):
        at = stop.start + len(stop.before) - 1
        return Diagnostic(
            "N003",
            "a layer was expected behind this `>`",
            Span(stop.source, at, at + 1),
            help="add the layer, or remove the `>`",
        )
    if stop.thing == ">":
        return Diagnostic(
            "N003",
            "a layer was expected before this `>`",
            stop.span(),
            help="begin with a shape, a layer or `@name`",
        )
    return None


def _other_arrow(stop: Stop) -> Diagnostic | None:
    """`conv3-64 -> pool`, `conv3-64 => pool`."""
    arrow = re.match(r"[-=~|]+>", stop.rest)
    if not arrow or not _after_step(stop):
        return None
    return Diagnostic(
        "N003",
        f"steps are joined by `>`, not `{arrow.group()}`",
        stop.span(len(arrow.group())),
        help="write `>`",
    )


def _other_bar(stop: Stop) -> Diagnostic | None:
    """`[ a, b ]`, `a | b`."""
    if stop.thing == "," and "VBAR" in stop.expected:
        return Diagnostic("N003", "branches are parted by `|`", stop.span(), help="write `|`")
    if stop.thing == "|" and _after_step(stop):
        return Diagnostic(
            "N003",
            "branches stand in brackets",
            stop.span(),
            help="write [ a | b ], or add[ a | b ]",
        )
    return None


def _semicolon(stop: Stop) -> Diagnostic | None:
    if stop.thing != ";":
        return None
    mend = "begin the next statement on a line of its own"
    return Diagnostic(
        "N003", "a statement ends with its line, not with `;`", stop.span(), help=mend
    )


def _missing_arrow(stop: Stop) -> Diagnostic | None:
    """`conv3-64 pool`: two steps with a blank between them."""
    if "MORETHAN" not in stop.expected or not re.match(r"[A-Za-z_(\[@]", stop.thing):
        return None
    if re.fullmatch(r"[x×]", stop.thing):
        return None
    if re.search(r"\bwhen$", stop.before):
        mend = "write when(in > 64, conv1-64), or when(in > 64, conv1-64, pool)"
        return Diagnostic(
            "N003", "`when` wants a condition and a chain in brackets", stop.span(), help=mend
        )
    if (
        _WORD.fullmatch(stop.thing)
        and nearest(stop.thing, ["as"])
        and re.match(r"\w+[ \t]+\w+", stop.rest)
    ):
        return Diagnostic(
            "N003", f"`{stop.thing}` cannot stand here", stop.span(), help="did you mean `as`?"
        )
    return Diagnostic(
        "N003", f"`>` is missing before `{stop.thing}`", stop.span(), help="steps are joined by `>`"
    )


def _empty_braces(stop: Stop) -> Diagnostic | None:
    if stop.thing == "}" and stop.before.endswith("{"):
        return Diagnostic(
            "N003",
            "the braces are empty",
            stop.span(),
            help="they hold an expression, such as {2*c}",
        )
    return None


def _fraction_behind(stop: Stop) -> Diagnostic | None:
    """`conv3-6.5`, `conv3-1e4`: amounts and strides are whole."""
    behind_digit = stop.source.text[max(stop.start, stop.at - 1) : stop.at].isdigit()
    match = re.match(
        r"[-/x×]?[0-9_]*\.[0-9]+" + (r"|[eE][+-]?[0-9]+(?![A-Za-z0-9_])" if behind_digit else ""),
        stop.rest,
    )
    if not match or not re.search(r"[A-Za-z0-9_]$", stop.before) or "MORETHAN" not in stop.expected:
        return None
    word = re.search(r"([A-Za-z_]+)([0-9]*)$", stop.before)
    is_option = (
        word
        and re.fullmatch(r"\.[0-9]+", match.group())
        and not stop.rest[match.end() :].startswith(("-", "/"))
    )
    mend = f"write {word[1]}({word[2]}{match.group()})" if word and is_option else ""
    if word and not word[2] and re.fullmatch(r"-[0-9]*\.[0-9]+", match.group()):
        mend = f"a fraction is an option, in brackets: {word[1]}({match.group()[1:]})"
    return Diagnostic(
        "N003",
        "sizes, amounts, strides and repeats are whole numbers",
        stop.span(len(match.group())),
        help=mend,
    )


def _single_equals(stop: Stop) -> Diagnostic | None:
    if stop.thing == "=" and "COMPARE" in stop.expected:
        return Diagnostic("N003", "`=` does not compare", stop.span(), help="write `==`")
    return None


def _name_behind_number(stop: Stop) -> Diagnostic | None:
    """`{2c}`: a product without its sign."""
    match = re.search(r"(?:^|[^A-Za-z0-9_])([0-9.]+)$", stop.before)
    if match and "TIMES" in stop.expected and _WORD.match(stop.thing):
        return Diagnostic(
            "N003",
            f"a product is written with `*`: {match[1]}*{stop.thing}",
            stop.span(),
            help=f"write {match[1]}*{stop.thing}",
        )
    return None


def _lookalike(stop: Stop) -> Diagnostic | None:
    sign = stop.thing[:1]
    if not sign or sign == "×" or (sign.isascii() and sign.isprintable() and sign != "*"):
        return None
    times = re.match(r"\*[ \t]*([0-9]+)", stop.rest)
    if sign == "*" and not (times and _after_step(stop)):
        return None
    mend = (
        f"write `{_LOOKALIKES[sign]}`"
        if sign in _LOOKALIKES
        else "names are written in ASCII letters, digits and `_`"
    )
    if times:
        mend = f"write {_last_word(stop) or '(...)'} x{times[1]}"
    elif not sign.isprintable():
        mend = "remove it, or write a plain blank"
    shown = f"`{sign}`" if sign.isprintable() else f"this character (U+{ord(sign):04X})"
    return Diagnostic("N006", f"{shown} is not part of the language", stop.span(1), help=mend)


def _statement_inside(stop: Stop) -> Diagnostic | None:
    """`input 32x32x1 conv3-64`: a flow's first `>` is missing; and a number where a name
    belongs.
    """
    option = re.search(r"[(,][ \t\n]*([A-Za-z_][A-Za-z0-9_]*)$", stop.before)
    if "EQUAL" in stop.expected and option and re.match(r"[0-9.]", stop.thing):
        return Diagnostic(
            "N003",
            f"`=` is missing before `{stop.thing}`",
            stop.span(),
            help=f"write {option[1]}={stop.thing}",
        )
    if "MORETHAN" in stop.expected and re.match(r"\.?[0-9]", stop.rest):
        return Diagnostic(
            "N003",
            f"`{stop.thing}` cannot stand here",
            stop.span(),
            help="a size touches its word: `conv3-64`, not `conv 3-64`",
        )
    return None


def _name_expected(stop: Stop) -> Diagnostic | None:
    """`net 3x`, `param 5 = 2`, `as 3`."""
    if (
        not stop.thing
        or not stop.expected & {"STEP", "NAME"}
        or stop.expected & {"NUMBER", "LITERAL", "LBRACE", "LPAR"}
    ):
        return None
    if not re.search(r"\b(as|net|param|let|def|tie|transpose)$", stop.before):
        return None
    mend = "a name begins with a letter, and holds letters, digits and `_`"
    return Diagnostic("N003", f"`{stop.thing}` is no name", stop.span(), help=mend)


def _commas_in_shape(stop: Stop) -> Diagnostic | None:
    """`(28, 28, 1) > conv3-8`."""
    match = re.match(r"[0-9]+(?:[ \t]*,[ \t]*[0-9]+)+(?=[ \t]*,?[ \t]*\))", stop.rest)
    if not match or not re.search(r"(?:^|[:>]|\binput)[ \t\n]*\($", stop.before):
        return None
    mend = f"write {'x'.join(re.findall('[0-9]+', match.group()))}, without brackets"
    return Diagnostic(
        "N003", "the sizes of a shape are joined by `x`", stop.span(len(match.group())), help=mend
    )


def _number_first(stop: Stop) -> Diagnostic | None:
    """`> 2x conv3-8`, `> 64conv3`."""
    match = re.match(r"([0-9]+)[ \t]*([x×*]?)[ \t]*(?=[A-Za-z(\[])", stop.rest)
    if not match or "STEP" not in stop.expected or not stop.before.endswith((">", "(", "[", "|")):
        return None
    mend = (
        f"a repeat stands behind its step: conv3-64 x{match[1]}"
        if match[2]
        else "a layer begins with its word: conv3-64"
    )
    return Diagnostic("N003", f"`{stop.thing}` cannot stand before a layer", stop.span(), help=mend)


def _behind_brackets(stop: Stop) -> Diagnostic | None:
    """`block(32)/2`, `conv3(bn)-64`."""
    match = re.match(r"[-/](?:[0-9][0-9x]*|\{)", stop.rest)
    if (
        not match
        or not re.search(r"[A-Za-z0-9_}][(][^()]*\)$", stop.before)
        or not _after_step(stop)
    ):
        return None
    mend = "write conv3-64/2(bn); a block takes them as its values: block(64, 2)"
    return Diagnostic(
        "N003",
        "amount and stride stand before the brackets",
        stop.span(len(match.group())),
        help=mend,
    )


def _plus(stop: Stop) -> Diagnostic | None:
    """`conv3-16 + @a`."""
    if stop.thing != "+" or not _after_step(stop):
        return None
    return Diagnostic(
        "N003",
        "layers are not added by `+`",
        stop.span(),
        help="write add[ a | b ], or res(...) for a residual",
    )


def _dotted(stop: Stop) -> Diagnostic | None:
    """`nn.Linear(784, 10)`, `layers.Dense(10)`."""
    match = re.match(r"(?:\.[A-Za-z_][A-Za-z0-9_]*)+", stop.rest)
    word = re.search(r"[A-Za-z_][A-Za-z0-9_]*$", stop.before)
    if not match or not word or not _after_step(stop):
        return None
    mend = "a layer is one word, such as conv3-64 or fc-10; a point's name has an `@` before it"
    span = Span(stop.source, stop.at - len(word.group()), stop.at + len(match.group()))
    return Diagnostic("N003", f"`{word.group()}{match.group()}` is no layer", span, help=mend)


def _single_quotes(stop: Stop) -> Diagnostic | None:
    if stop.thing != "'":
        return None
    quoted = re.match(r"'([A-Za-z0-9_]*)'", stop.rest)
    mend = (
        f"write {quoted[1]}, without quotes"
        if quoted and quoted[1]
        else 'strings stand in double quotes: "..."'
    )
    return Diagnostic(
        "N003",
        "`'` is not part of the language",
        stop.span(len(quoted.group()) if quoted else 1),
        help=mend,
    )


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
    _apart,
    _lone_cross,
    _other_arrow,
    _other_bar,
    _semicolon,
    _fraction_behind,
    _repeat_order,
    _loose_repeat,
    _repeat_space,
    _def_without_brackets,
    _trailing_comma,
    _empty_branch,
    _empty_braces,
    _dangling_arrow,
    _single_equals,
    _name_behind_number,
    _name_expected,
    _commas_in_shape,
    _number_first,
    _behind_brackets,
    _plus,
    _dotted,
    _single_quotes,
    _missing_arrow,
    _statement_inside,
)
