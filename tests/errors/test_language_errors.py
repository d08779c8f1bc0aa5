"""Diagnostics: the code, the exact span and the words of the first message about a faulty text.

In the tables the faulty span stands between « and » in the text itself.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.messages import messages

from netdsl.errors import Diagnostic, Source
from netdsl.reading import ReadOptions, check_source

GOLDEN = Path(__file__).parents[1] / "golden" / "errors"


def first(text: str) -> Diagnostic:
    return check_source(Source("test", text), ReadOptions(), "test").diagnostics[0]


def assert_found(marked: str, code: str, words: str) -> None:
    """The first diagnostic of the text has the marked span, the code, and the words in its
    message or its help.
    """
    start = marked.index("«")
    end = marked.index("»") - 1
    text = marked.replace("«", "").replace("»", "")
    found = first(text)
    assert found.span, found
    reported = (
        text[: found.span.start]
        + "«"
        + text[found.span.start : found.span.end]
        + "»"
        + text[found.span.end :]
    )
    assert (reported, found.code) == (marked, code)
    assert (found.span.start, min(found.span.end, len(text))) == (start, end)
    assert words in found.message or words in found.help, (found.message, found.help)


SYNTAX = [  # syntax
    ("4 > conv3-64 «>» > relu", "N003", "expected a layer after this `>`"),
    ("4 > fc-1 «>»", "N003", "expected a layer after this `>`"),
    ("4 > fc-1 «>» # c", "N003", "expected a layer after this `>`"),
    ("4 > «(»fc-1 > fc-2", "N001", "`(` is never closed"),
    ("4 > fc-1«)»", "N001", "`)` closes nothing"),
    ("4 > «[» a | b", "N001", "`[` is never closed"),
    ("4 > [ a | b «)»", "N001", "write `]` here, or earlier"),
    ('4 > f(«"abc»', "N002", "this string is never closed"),
    ("4 > conv3-«{»c", "N001", "`{` is never closed"),
    ("32x32x1 > conv3«-c»", "N005", "write conv3-{c}"),
    ("param c = 3\n32x32x1 > pool3«/c»", "N005", "write pool3/{c}"),
    ("32x32x1 > conv3-64 «xn»", "N005", "write conv3-64 x{n}"),
    ("32x32x1 > pool3«//2»", "N003", "write pool3/2"),
    ("32x32x1 > conv3«--64»", "N003", "write conv3-64"),
    ("32x32x1 > conv3«-6.5»", "N003", "sizes, amounts, strides and repeats are integers"),
    ("32x32x1 > conv3-64/1«.5»", "N003", "sizes, amounts, strides and repeats are integers"),
    ("32x32x1 > (conv3-64)«x2»", "N003", "write ` x2`"),
    ("32x32x1 > conv3-64 «x 3»", "N003", "write conv3-64 x3"),
    ("32x32x1 > conv3-64 as a «x2»", "N003", "write x2 as a: the name then refers to the last one"),
    ("32x32x1 > conv3-64 x2 «x3»", "N003", "a step has one repeat"),
    ("def f «=» conv3-64", "N003", "write def f() = ..."),
    ("def f(a«,») = id", "N003", "nothing follows this comma"),
    ("32x32x1 > conv3-64(bn«,»)", "N003", "nothing follows this comma"),
    ("32x32x1 > [ conv3-64 | «]»", "N003", "a branch is empty"),
    ("32x32x1 > [ «|» conv3-64 ]", "N003", "a branch is empty"),
    ("32x32x1 > [«]»", "N003", "a branch is empty"),
    ("32x32x1 > («)»", "N003", "`)` is not allowed here: expected `(` or a layer"),
    ("32x32x1 > conv3-64 «pool»", "N003", "`>` is missing before `pool`"),
    ("32x32x1 > conv «3»-64", "N003", "`3` is not allowed here"),
    ("32x32x1 «conv3»-64", "N003", "`>` is missing before `conv3`"),
    ("input 32x32x1 «conv3»-64", "N003", "`>` is missing before `conv3`"),
    ("32x32x1 > conv3-{«}»", "N003", "the braces are empty"),
    ("32x32x1 > conv3-{2«c»}", "N003", "write 2*c"),
    ("param c = 1 «=» 2", "N003", "write `==`"),
    ("param c «3»", "N003", "`3` is not allowed here: expected `=`"),
    ("param «=» 3", "N003", "`=` is not a name"),
    ("param «5» = 2", "N003", "`5` is not a name"),
    ("net«»", "N003", "the statement ends too early: expected a name"),
    ("net «3x»", "N003", "`3x` is not a name"),
    ("net a «b»", "N003", "`b` is not allowed here: expected the end of the statement"),
    ("use«»", "N003", "the statement ends too early: expected a name or a string in quotes"),
    ("use «3»", "N003", "`3` is not allowed here: expected a name or a string in quotes"),
    ("default«»", "N003", "the statement ends too early: expected a name"),
    ("default conv«»", "N003", "the statement ends too early: expected `(`"),
    (
        "default conv(bn) «fc»(tanh)",
        "N003",
        "`fc` is not allowed here: expected `,` or the end of the statement",
    ),
    ("let enc«»", "N003", "the statement ends too early: expected `=`"),
    ("let «=» fc-1", "N003", "`=` is not a name"),
    ("tie a «transpose» b", "N003", "`transpose` is not allowed here: expected `=`"),
    ("tie a = b«»", "N003", "the statement ends too early: expected a name"),
    ("expect params«»", "N003", "the statement ends too early: expected `=`"),
    (
        "expect params = «many»",
        "N003",
        "`many` is not allowed here: expected a number or a shape",
    ),
    ("expect «=» 3", "N003", "`=` is not allowed here: expected a name"),
    ("expect «@» = 3", "N003", "`@` is not allowed here: expected a name"),
    ("«inputt» 32x32x1", "N003", "did you mean `input`?"),
    ("«imput» 32x32x1", "N003", "did you mean `input`?"),
    ("«paran» width = 3", "N003", "did you mean `param`?"),
    ("«width» = 64", "N003", "no statement begins with `width =`"),
    ("32x32x1 «→» conv3-64", "N006", "write `>`"),
    ("32x32x1 > conv3«–»64", "N006", "write `-`"),
    ("32x32x1 > conv3-64 «*» 3", "N006", "write conv3-64 x3"),
    ("32x32x1 > use «“»resnet”", "N006", 'write `"`'),
    ("32x32x1 > gr«ö»ße", "N006", "`ö` is not part of the language"),
    ("32x32x1«\u00a0»> conv3-64", "N006", "this character (U+00A0) is not part of the language"),
    ("32x32x1 > conv3-64«;»", "N003", "a statement ends with its line, not with `;`"),
    (
        "32x32x1 > conv3-64«,» pool",
        "N003",
        "`,` is not allowed here: expected `>` or the end of the statement",
    ),
    (
        "32x32x1 > conv3-64(pad=«)»",
        "N003",
        "`)` is not allowed here: expected `(` or a layer or a number or a shape",
    ),
    (
        "32x32x1 > conv3-64(«=»1)",
        "N003",
        "`=` is not allowed here: expected `(` or `)` or a layer or a number",
    ),
    ("32x32x1 > conv3-64(pad «1»)", "N003", "write pad=1"),
    ("32x32x1 > conv3-64 as «3»", "N003", "`3` is not a name"),
    ("32x32x1 > conv3-64 as«»", "N003", "the statement ends too early: expected a name"),
    (
        "32x32x1 > conv3-{2 +«}»",
        "N003",
        "`}` is not allowed here: expected `(` or a name or a number or a string in",
    ),
    ("32x32x1 > conv3-{if(1 «=» 2, 3, 4)}", "N003", "write `==`"),
    ("32x32x1 > conv3-{«flor»(2)}", "N105", "did you mean `floor`?"),
    (
        "32x32x1 > conv3-{min(«)»}",
        "N003",
        "`)` is not allowed here: expected `(` or a name or a number or a string in",
    ),
    ("32x32x1 > conv3-{«if(1, 2)»}", "N106", "`if` requires 3 values, not 2"),
    ("32x32x1 > conv3-{«roundd»(2)}", "N105", "did you mean `round`?"),
    ("32x32x1 > when(in > 3«)»", "N003", "`)` is not allowed here: expected `,`"),
    ("32x32x1 > when(«in», conv3-4)", "N111", "the condition of `when` is yes or no, not 1"),
    (
        "32x32x1 > when «conv3»-4",
        "N003",
        "write when(in > 64, conv1-64), or when(in > 64, conv1-64, pool)",
    ),
    ("32x32x1 > conv3/2«-64»", "N003", "write conv3-64/2"),
    ("32x32x1 > conv-64 «3»", "N003", "`3` is not allowed here"),
    ("32x32x1 > conv{3}« -64»", "N004", "write `conv{k}-{c}/{s}`, without spaces"),
    ("32x32x1 > conv3-{6}« /2»", "N004", "write `conv{k}-{c}/{s}`, without spaces"),
    ("32x32x1 > conv-64«{3}»", "N004", "write kind, size, -amount, /stride"),
    ("32x32x1 > conv3/2/«2»", "N004", "write kind, size, -amount, /stride"),
    ("input 32 «x» 32 x 1", "N004", "write 32x32, without spaces"),
    ("input 32x32«x» > fc-1", "N003", "expected a number after this `x`"),
    ("input a «32x32x1»", "N003", "`32x32x1` is not allowed here: expected `:`"),
    ("input a: «>» fc-1", "N003", "`>` is not allowed here: expected a number or a shape"),
    ("input 128 of «20000»", "N003", "`20000` is not allowed here: expected a name"),
    ("input 128 of int«»", "N003", "the statement ends too early: expected `(`"),
    (
        "input 128 of int(«)»",
        "N003",
        "`)` is not allowed here: expected `(` or a layer or a number or a shape",
    ),
    ("«x3» > fc-1", "N101", "write conv3-64 x3"),
    ("«>» fc-1", "N003", "a line that begins with `>` continues the statement above, but"),
    (
        "param a = 1\n«>» fc-1",
        "N003",
        "a line that begins with `>` continues the statement above, but a",
    ),
    ("4 > fc-1(0.5«.»5)", "N003", "`.` is not allowed here: expected `)` or `,`"),
    ("4 > fc-1(«1/2/3»)", "N005", "write {1/2/3}"),
    ("4 > fc-1(1«e»)", "N003", "`e` is not allowed here: expected `)` or `,`"),
    ("@a «fc»-1", "N003", "`>` is missing before `fc`"),
    (
        "«@» > fc-1",
        "N003",
        "`@` is not allowed here: expected `(` or a layer or a number or a shape",
    ),
    (
        "«@»3 > fc-1",
        "N003",
        "`@` is not allowed here: expected `(` or a layer or a number or a shape",
    ),
    ("4 > fc-1 > «@a» > relu", "N109", "`@a` begins a chain and cannot follow `>`"),
    ("4 > fc-1 > «net»", "N101", "there is no layer or block `net`"),
    ("4 > «net»-3", "N101", "there is no layer or block `net`"),
    ("def «net»() = id", "N102", "`net` is a word of the language, and cannot name a block"),
    (
        "4 > fc-1 «=» x",
        "N003",
        "`=` is not allowed here: expected `(` or `>` or `as` or the end of the statement",
    ),
    ("4 > «add(id, relu)»", "N106", "write add[ a | b ]"),
    ("4 > «add»", "N106", "write add[ a | b ]"),
    ("4 > «{»3}", "N003", "`{` is not allowed here: expected `(` or a layer"),
    ("4 > «3»", "N003", "`3` is not allowed here: expected `(` or a layer"),
    ("4 > «3x» fc-1", "N003", "`3x` is not allowed before a layer"),
    ("4 > «64»fc", "N003", "a layer begins with its word: conv3-64"),
    ("(«28, 28, 1») > conv3-8", "N003", "write 28x28x1, without parentheses"),
    ("32x32x1 > conv3-8(act=«'relu'»)", "N003", "write relu, without quotes"),
    ("32x32x1 > conv3(bn)«-64»", "N003", "amount and stride are written before the parentheses"),
    ("32x32x1 > conv3-8 «+» @a", "N003", "layers are not added by `+`"),
    ("32x32x1 > «nn.Linear»(784, 10)", "N003", "`nn.Linear` is not a layer"),
    ("32x32x1 > dropout«-0.5»", "N003", "a fraction is an option, in parentheses: dropout(0.5)"),
    ("net lenet«-5»", "N004", "write lenet_5"),
    ('4 > «"relu"»', "N003", '`"relu"` is not allowed here: expected `(` or a layer'),
    ("3 > relu\ngiven x = [1, «nan»]", "N003", "`nan` is not a number that can be given"),
    ("3 > relu\ngiven x = [«a», 1]", "N003", "a param's value is written {a}"),
    ('3 > relu\ngiven x = [«"1"», 1]', "N003", "write 1"),
    ('3 > relu\ngiven x = [«"one"», 1]', "N003", "text is not a number"),
    ("3 > relu\ngiven x = 1«,» 2, 3", "N003", "write given x = [1, 2, 3]"),
    ("3 > relu\nexpect @input = «(»1, 2, 3)", "N003", "write expect @input = [1, 2, 3]"),
    ("3 > relu\ngiven «@x» = [1, 2, 3]", "N003", "write given x = [1, 2, 3]"),
    ("3 > relu\ngiven «x»: [1, 2, 3]", "N003", "write given x = [1, 2, 3]"),
]

MEANING = [  # names, options, shapes, expectations
    ("32x32x1 > «cnov3»-64", "N101", "did you mean `conv`?"),
    ("32x32x1 > conv3-64 > «poool»", "N101", "did you mean `pool`?"),
    ("32x32x1 > «convv»", "N101", "did you mean `conv`?"),
    ("32x32x1 > «Conv3»-64", "N101", "did you mean `conv`?"),
    ("32x32x1 > «fully»-10", "N101", "there is no layer or block `fully`"),
    ("32x32x1 > «zzzzz»", "N101", "there is no layer or block `zzzzz`"),
    ("32x32x1 > relu«7»", "N106", "`relu` has no size (as in `relu3`)"),
    ("32x32x1 > «ad»[ id | id ]", "N101", "did you mean `add`?"),
    ("32x32x1 > «conv»[ id | id ]", "N101", "`conv[ ... ]` is not a merge"),
    ("32x32x1 > «foo»[ id | id ]", "N101", "`foo[ ... ]` is not a merge"),
    ("32x32x1 > conv3-64(«padd»=1)", "N103", "did you mean `pad`?"),
    ("32x32x1 > conv3-64(pad=1, «tanhh»)", "N103", "did you mean `tanh`?"),
    (
        "32x32x1 > conv3-64(pad=«smae»)",
        "N107",
        "`pad` requires same, valid, tf, full, causal, a number, a size such as",
    ),
    (
        "32x32x1 > conv3-64(pad=«-1»)",
        "N107",
        "`pad` requires same, valid, tf, full, causal, a number, a size such as",
    ),
    (
        "32x32x1 > conv3-64(pad=«0.5»)",
        "N107",
        "`pad` requires same, valid, tf, full, causal, a number, a size such as",
    ),
    ("32x32x1 > conv3-64(bias=«3»)", "N107", "`bias` requires yes or no, not 3"),
    ("32x32x1 > conv3-64(pad=1, pad=«2»)", "N104", "`pad` is given twice"),
    ("32x32x1 > conv3-64(act=«bn»)", "N107", "`act` requires an activation or none, not `bn`"),
    ("32x32x1 > conv3-64(norm=«relu»)", "N107", "`norm` requires a norm or none, not `relu`"),
    ("32x32x1 > conv3-64(act=«relux»)", "N107", "did you mean `relu`?"),
    (
        "32x32x1 > conv3-64(«0.5»)",
        "N103",
        "`conv` accepts no values without a name; 0.5 is one too many",
    ),
    ("32x32x1 > conv3-64(groups=«0»)", "N107", "`groups` requires an integer from 1, not 0"),
    (
        "32x32x1 > conv3-64(dilation=«0»)",
        "N107",
        "`dilation` requires integers from 1, such as 2 or 2x1, not 0",
    ),
    ("32x32x1 > conv3-64(l2=«-1»)", "N107", "`l2` requires a number from 0, not -1"),
    (
        "32x32x1 > conv3-64(init=«foo»)",
        "N107",
        "`init` requires he_normal, he_uniform, glorot_normal, glorot_uniform,",
    ),
    ("32x32x1 > «conv»", "N106", "write it like `conv3-64`"),
    ("32x32x1 > «conv3»", "N106", "write it like `conv3-64`"),
    ("32x32x1 > «conv-64»", "N106", "write conv3-64"),
    ("32x32x1 > «conv(32, 5)»", "N106", "write conv5-32"),
    ("32x32x1 > «fc(10)»", "N106", "write fc-10"),
    ("32x32x1 > pool(«2»)", "N103", "a size follows the word without a space: pool2"),
    ("32x32x1 > softmax(«10»)", "N103", "after a dash, as in softmax-10"),
    ("32x32x1 > «MaxPooling2D»", "N101", "it is written pool2"),
    ("32x32x1 > «Conv2D»(8, 3)", "N101", "it is written conv3-64"),
    ("32x32x1 > «BatchNorm2d»(64)", "N101", "it is written bn"),
    (
        "32x32x1 > conv3-8 as a\n@a > conv3-8 as b\nadd[ @a | «b» ]",
        "N101",
        "write @b for the point with this name",
    ),
    ("32x32x1 > «fc»", "N106", "write it like `fc-16`"),
    ("32x32x1 > fc«3»-10", "N106", "`fc` has no size (as in `fc3`)"),
    ("32x32x1 > fc-10/«2»", "N106", "`fc` has no stride (as in `fc/2`)"),
    ("32x32x1 > pool2-«64»", "N106", "`pool` has no amount (as in `pool-64`)"),
    ("32x32x1 > relu/«2»", "N106", "`relu` has no stride (as in `relu/2`)"),
    ("32x32x1 > gap«3»", "N106", "`gap` has no size (as in `gap3`)"),
    ("32x32x1 > bn-«3»", "N106", "`bn` has no amount (as in `bn-64`)"),
    ("32x32x1 > «dropout»", "N106", "write it like `dropout(0.5)`"),
    ("32x32x1 > dropout(«1.5»)", "N107", "`rate` requires a number from 0 below 1, not 1.5"),
    ("32x32x1 > dropout(«1»)", "N107", "`rate` requires a number from 0 below 1, not 1"),
    (
        "32x32x1 > dropout(0.1, «0.2»)",
        "N103",
        "`dropout` accepts 1 value without a name; 0.2 is one too many",
    ),
    ("32x32x1 > dropout(«x»)", "N103", "`dropout` has no option `x`"),
    ("32x32x1 > conv«0»-64", "N201", "a size is an integer from 1, not 0"),
    ("32x32x1 > conv3-«0»", "N201", "an amount is an integer from 1, not 0"),
    ("32x32x1 > pool3/«0»", "N201", "a stride is an integer from 1, not 0"),
    ("32x32x1 > conv3-«{0 - 5}»", "N201", "an amount is an integer from 1, not -5"),
    ("32x32x1 > conv«{1/2}»-5", "N111", "a size is an integer, not 0.5"),
    ("32x32x1 > conv3-«{in/3}»", "N111", "the amount is an integer, not 1/3"),
    ("32x32x1 > conv3-64 x«{0-1}»", "N201", "the number of repeats is an integer from 0, not -1"),
    ("32x32x1 > conv3-64 x«{1/2}»", "N111", "the number of repeats is an integer, not 0.5"),
    ("32x32x1 > conv3-«{1 < 2}»", "N111", "the amount is an integer, not yes"),
    ("32x32x1 > conv3-{«widht»}", "N110", "there is no `widht` here"),
    ("param width = 3\n32x32x1 > conv3-{«widht»}", "N110", "did you mean `width`?"),
    ("32x32x1 > conv3-{«in.d»}", "N110", "the input is 32x32x1: it has no `in.d`"),
    ("«conv3-{in}»", "N209", "there is no input here"),
    ("def f(c) = conv3-{«d»}\n32x32x1 > f(3)", "N110", "there is no `d` here"),
    ("def f(c) = conv3-{c}\n32x32x1 > «f»", "N106", "`f` requires a value for `c`"),
    (
        "def f(c) = conv3-{c}\n32x32x1 > f(1, «2»)",
        "N106",
        "`f` accepts 1 value; this is one too many",
    ),
    ("def f(c) = conv3-{c}\n32x32x1 > f(«d»=2)", "N103", "`f` has no parameter `d`"),
    ("def f(c) = conv3-{c}\n32x32x1 > f(1, «c=2»)", "N104", "`c` is given twice"),
    (
        "def f(c) = conv3-{c}\n32x32x1 > «f-64»",
        "N106",
        "`f` is a block: it does not accept a size, amount or stride",
    ),
    ("def f(c) = conv3-«{c}»\n32x32x1 > f(c)", "N111", "the amount is an integer, not a chain"),
    ("def f(c, «c») = conv3-{c}", "N104", "the parameter `c` is given twice"),
    ("def f() = id\ndef «f»() = id", "N104", "there is already a block called `f`"),
    ("param a = 1\nparam «a» = 2", "N104", "there is already a param called `a`"),
    ("param a = 1\ndef «a»() = id", "N104", "there is already a param called `a`"),
    ("def «conv»() = id", "N102", "`conv` is a kind of layer, and cannot name a block"),
    (
        "def «conv3»() = id",
        "N102",
        "`conv3` reads as `conv` with the size 3, and cannot name a block",
    ),
    ("def «x2»() = id", "N102", "`x2` reads as a repeat, and cannot name a block"),
    ("def «relu6»() = id", "N102", "`relu6` is a kind of layer, and cannot name a block"),
    ("def «in»() = id", "N102", "`in` is the input, and cannot name a block"),
    ("param «in» = 3", "N102", "`in` is the input, and cannot name a param"),
    ("param «x3» = 3", "N102", "`x3` reads as a repeat, and cannot name a param"),
    (
        "let «conv5» = fc-1",
        "N102",
        "`conv5` reads as `conv` with the size 5, and cannot name a block",
    ),
    ("def «res»() = id", "N102", "`res` is a word of the language, and cannot name a block"),
    ("def «when»() = id", "N102", "`when` is a word of the language, and cannot name a block"),
    ("32x32x1 > «g»\ndef g() = id", "N101", "there is no layer or block `g`"),
    ("default «f»(bn)", "N101", "there is no layer or block `f`"),
    ("default «convv»(bn)", "N101", "did you mean `conv`?"),
    ("default conv(«bnn»)", "N103", "did you mean `bn`?"),
    ("default conv(«3»)", "N103", "`conv` accepts no values without a name; 3 is one too many"),
    ("default «res»(skip=id)", "N109", "write its options where it is used"),
    ("def f() = id\ndefault «f»(bn)", "N109", "write its options where it is used"),
    ("4x4x1 > conv3-4(pad=«'»a b')", "N003", "double quotes"),
    ("default pool(rate=«1»)\n4x4x1 > conv1-1", "N103", "`pool` has no option `rate`"),
    ("default fc(pad=«1»)", "N103", "`fc` has no option `pad`"),
    ("4 > fc-1 as a > fc-2 as «a»", "N104", "the name `a` is used twice"),
    ("4 > fc-1 as «input»", "N104", "the name `input` is used twice"),
    ("input a: 4\ninput «a»: 4", "N104", "there is a second input called `a`"),
    ("input 4\ninput «4»", "N104", "there is a second input called `input`"),
    ("4 > fc-1 as a\n«@b» > fc-1", "N101", "`@b` refers to nothing before it"),
    ("4 > fc-1 as head\n«@haed» > fc-1", "N101", "did you mean `head`?"),
    ("«@b» > fc-1", "N101", "`@b` refers to nothing before it"),
    (
        "4 > (fc-1 as a) x2 > fc-1\n«@a» > fc-1",
        "N109",
        "`@a` is in a repeat: each iteration has its own",
    ),
    ("4 > (fc-1 as a) x2\n«@a.2» > fc-1", "N101", "`@a.2` refers to nothing before it"),
    ("4 > (fc-1 as a) x2\n«@a.*»", "N109", "write [ @a.* ], [ @a.* > conv1-8 ], or @a.* > conv1-8"),
    ("4 > fc-1 as a\n[ «@a.*» ] > fc-1", "N109", "`@a` is not in a repeat"),
    (
        "4 > fc-1 > [ @input > fc-1 | id > «@input» ]",
        "N109",
        "`@input` begins a chain and cannot follow `>`",
    ),
    ("4 > «@input» x2 > fc-1", "N109", "`@input` begins a chain and cannot follow `>`"),
    ("def f(c) = «c»\n4 > f(3)", "N109", "`c` is 3, not a layer"),
    ("def f(u) = «u(3)»\n4 > f(fc-3)", "N109", "`u` is not a block: it cannot be applied"),
    (
        "def f(u) = «u-3»\n4 > f(fc-3)",
        "N106",
        "`u` is a chain: it does not accept a size, amount or stride",
    ),
    ("def f(u) = fc-«{u}»\n4 > f(fc-3)", "N111", "the amount is an integer, not a chain"),
    ("def f(c) = fc-{c}\n4 > f(«c»-1)", "N101", "there is no layer or block `c`"),
    ("def g(c) = fc-{c}\ndef f(c) = g(«c-1»)\n4 > f(3)", "N005", "write {c-1}"),
    ("def g(c) = fc-{c}\ndef f(c) = g(«c/2»)\n4 > f(3)", "N005", "write {c/2}"),
    ("32x32x1 > «res»", "N106", "write res(conv3-64 > conv3-64)"),
    ("32x32x1 > res(«3»)", "N109", "`res` requires a chain, not 3"),
    ("32x32x1 > res(conv3-4, «conv3-4»)", "N106", "`res` accepts one chain"),
    ("32x32x1 > res(conv3-4, «skp=id»)", "N103", "did you mean `skip`?"),
    ("32x32x1 > res(conv3-4, skip=«matc»)", "N107", "did you mean `match`?"),
    ("4x8x8x1 > «each»", "N106", "write each(conv3-8 > gap)"),
    ("4x8x8x1 > «each3»(gap)", "N101", "did you mean `each`?"),
    ("4x8x8x1 > each(«3»)", "N109", "`each` requires a chain, not 3"),
    ("4x8x8x1 > each(gap, «gap»)", "N106", "`each` accepts one chain"),
    ("4x8x8x1 > each(«over=n»)", "N103", "`each` has no option `over`"),
    ("8 > «each(fc-3)»", "N203", "`each` requires elements, and 8 is one vector"),
    ("default «each»(bn)", "N109", "write its options where it is used"),
    (
        "input x: 3x5\ninput y: 4x5\n@x > each([ id | «@y» ])",
        "N207",
        "`each` goes over 3 elements here, and 4x5 has others",
    ),
    ("32x32x1 > «res3»(conv3-4)", "N101", "did you mean `res`?"),
    ("32x32x1 > «res(id)»", "N207", "`res` contains no layer"),
    ("32x32x1 > res(conv3-4, act=«3»)", "N107", "`act` requires an activation, not 3"),
    ("32x32x1 > res(conv3-4, act=«reluu»)", "N107", "did you mean `relu`?"),
    (
        "def f(u) = when(«u», pool)\n32x32x1 > f(conv3-4)",
        "N111",
        "the condition of `when` is yes or no, not a chain",
    ),
    ("32x32x1 > when(«in + 1», conv3-4)", "N111", "the condition of `when` is yes or no, not 2"),
    ('32x32x1 > when(«"a" > 1», conv3-4)', "N111", '`>` requires numbers, not the string "a"'),
    ("32x32x1 > when(«foo» > 1, conv3-4)", "N110", "there is no `foo` here"),
    ("4 > fc-{«1/0»}", "N112", "`/` divides by zero"),
    ("param w = (8, 9)\n4 > fc-{«w[2]»}", "N117", "there is no item 2: (8, 9) has 2 items"),
    ("4 > fc-2(«init=[1, 2]»)", "N216", "a list of 2, and `fc-2` requires 2x4"),
    ('4 > fc-«{"a"}»', "N111", 'the amount is an integer, not "a"'),
    ("4 > fc-{if(«in», 1, 2)}", "N111", "a condition is yes or no, not 4"),
    ("use «resnett»", "N114", "did you mean `resnet`?"),
    ('use «"blocks.net"»', "N115", "a text without a file has no folder to read other files from"),
    ('use «"/etc/passwd"»', "N115", "a text without a file has no folder to read other files from"),
    ("net a\n4 > fc-1\nnet «a»\n4 > fc-2", "N104", "there is already a network called `a`"),
    ("4 > «conv3(pad=(1,2))»", "N106", "write it like `conv3-64`"),
    (
        "32x32x1 > conv3-4(«pad=(1,2,3)»)",
        "N205",
        "the padding (1, 2, 3) has 3 elements, and an image has 4 sides",
    ),
    (
        "4 > fc-1(lrelu(0.2, «0.3»))",
        "N103",
        "`lrelu` accepts 1 value without a name; 0.3 is one too many",
    ),
    ("4 > fc-1(gn(groups=«0»))", "N107", "`groups` requires an integer from 1, not 0"),
    ("4 > lrelu(slope=«a»)", "N107", "`slope` requires a number from 0, not a"),
    ("32x32x1 > «slice(3, 1)»", "N204", "`slice(a, b)` requires 0 <= a < b <= 1, not 3 and 1"),
    (
        "32x32x1 > «permute(1, 1)»",
        "N202",
        "`permute` requires each of the axes 1, 2 and 3 of 32x32x1 once",
    ),
    ("32x32x1 > «reshape(7x7)»", "N207", "32x32x1 has 1,024 elements, and 7x7 has 49"),
    ("32x32x1 > «crop(40)»", "N204", "nothing is left of 32x32x1: crop(by=40) gives -48x-48"),
    ("32x32x1 > crop(«@a»)", "N101", "`@a` refers to nothing before it"),
    (
        "32x32x1 > «unpool(@input)»",
        "N107",
        "`unpool` requires the name of a max pool, and @input is an input",
    ),
    ("32x32x1 > «unpool»", "N106", "write it like `unpool(@p)`"),
    (
        "32x32x1 > tconv2-3(«extra=5»)",
        "N107",
        "extra=5 exceeds the last window by a stride or more",
    ),
    ("32x32x4 > gn(«groups=3»)", "N206", "groups=3 does not divide 4 channels"),
    ("32x32x4 > «shuffle(3)»", "N206", "groups=3 does not divide 4 channels"),
    (
        "32x32x4 > «attention(heads=3)»",
        "N203",
        "`attention` requires a sequence, and 32x32x4 is an image",
    ),
    ("128x4 > attention(«heads=3»)", "N206", "heads=3 does not divide 4 channels"),
    ("128x4 > «embed-3»", "N203", "`embed` requires indices, and 128x4 holds numbers"),
    ("128 of int(10) > «fc-3»", "N203", "`fc-3` requires numbers, and 128 of int(10) are indices"),
    (
        "128 of int(10) > «conv3-3»",
        "N203",
        "`conv3-3` requires numbers, and 128 of int(10) are indices",
    ),
    (
        "128 of «float»(10) > embed-3",
        "N107",
        "an input has numbers, or `int(V)`, not `float`",
    ),
    (
        "128 of int(«0») > embed-3",
        "N107",
        "`int` requires the number of indices, an integer from 1, not 0",
    ),
    (
        '128 of int(«"a"») > embed-3',
        "N107",
        '`int` requires the number of indices, an integer from 1, not "a"',
    ),
    (
        "128x4 > «lstm-3(bi, back)»",
        "N107",
        "`bi` reads in both directions: `back` cannot be combined with it",
    ),
    ("32x32x1 > «lstm-3»", "N203", "`lstm` requires a sequence, and 32x32x1 is an image"),
    ("4 > «conv3-64»", "N203", "`conv` slides over positions, and 4 is a vector"),
    ("4 > «pool»", "N203", "`pool` slides over positions, and 4 is a vector"),
    ("4 > «gap»", "N203", "`gap` pools positions, and 4 is a vector"),
    (
        "2x2x2x2x2 > «conv3-4»",
        "N203",
        "`conv` slides over positions, and 2x2x2x2x2 is an array of 4 axes",
    ),
    (
        "32x32x1 > conv«3x3x3»-4",
        "N202",
        "the window 3x3x3 has 3 numbers, but an image has two axes",
    ),
    (
        "32x32x1 > conv«1x7x3x4»-4",
        "N202",
        "the window 1x7x3x4 has 4 numbers, but an image has two axes",
    ),
    (
        "32x32x1 > pool2/«2x2x2»",
        "N202",
        "the stride 2x2x2 has 3 numbers, but an image has two axes",
    ),
    (
        "32x32x1 > conv3-64(«dilation=1x2x3»)",
        "N202",
        "the dilation 1x2x3 has 3 numbers, but an image has two axes",
    ),
    (
        "32x32x1 > «conv2-64»",
        "N205",
        "pad=same is (K-1)/2 on both sides, and K=2 gives 1/2, which is not an integer",
    ),
    (
        "32x32x1 > conv3-64(«pad=causal»)",
        "N205",
        "pad=causal is for sequences, and the input is an image",
    ),
    (
        "32x32x1 > conv3-4(«groups=3»)",
        "N206",
        "groups=3 does not divide the 1 incoming channels",
    ),
    ("32x32x6 > conv3-4(«groups=3»)", "N206", "groups=3 does not divide the 4 filters"),
    (
        "5x5x1 > «conv7-64(pad=0)»",
        "N204",
        "the window does not fit: conv7 on 5x5, pad 0, gives floor((5 - 7 +",
    ),
    (
        "5x5x1 > «pool7»",
        "N204",
        "the window does not fit: pool7 on 5x5, pad 0, gives floor((5 - 7 +",
    ),
    (
        "5x5x1 > «[ conv3-4 | pool ]»",
        "N207",
        "`[ ... ]` requires branches with the same positions, not 5x5x4 and 2x2x1",
    ),
    (
        "2x3 > «[ id | fc-2 ]»",
        "N207",
        "`[ ... ]` requires branches with the same positions, not 2x3 and 2",
    ),
    (
        "5x5x1 > «add[ conv3-4 | conv3-5 ]»",
        "N207",
        "`add[ ... ]` requires branches of one shape, vectors with its channels, or one",
    ),
    (
        "4 > fc-10(relu) «[» id | id ]",
        "N003",
        "`>` is missing before `[`: `fc-10(...)` is a layer, not a merge",
    ),
    ("5x5x1 > «sub[ id | id | id ]»", "N106", "`sub` requires 2 branches, not 3"),
    (
        "5x5x4 > «add[ pool | id ]»",
        "N207",
        "`add[ ... ]` requires branches of one shape, vectors with its channels, or one",
    ),
    (
        "5x5x4 > «res(conv3-4(pad=0), skip=id)»",
        "N208",
        "`res` cannot add: the input is 5x5x4 and the output 3x3x4, and with",
    ),
    (
        "5x5x4 > «res(conv3-4(pad=0))»",
        "N208",
        "`res` cannot add: the input is 5x5x4 and the output 3x3x4, and conv1-4",
    ),
    (
        "5x5x4 > «res(gap)»",
        "N208",
        "`res` cannot add: the input is 5x5x4 and the output 4, and no shortcut",
    ),
    ("5x5x4 > widen-«2»", "N207", "`widen` adds channels, and its input has 4 for 2"),
    ("«conv3-64»", "N209", "there is no input here"),
    ("«fc-1» > fc-2", "N209", "there is no input here"),
    ("[ «conv3-4» | id ]", "N209", "there is no input here"),
    ("input «4»", "N212", "the input `input` reaches no output"),
    ("input a: 4\ninput «b»: 4\n@a > fc-1", "N212", "the input `b` reaches no output"),
    ("net «a»", "N211", "write one, such as 32x32x1 > conv5-6 > pool > fc-10"),
    ("«p»aram a = 1", "N211", "write one, such as 32x32x1 > conv5-6 > pool > fc-10"),
    ("«0»x32x1 > conv3-4", "N201", "a size of the input is an integer from 1, not 0"),
    ("«-3» > fc-1", "N201", "a size of the input is an integer from 1, not -3"),
    ("«1.5» > fc-1", "N111", "a size of the input is an integer, not 1.5"),
    ("«{0}»x3 > fc-1", "N201", "a size of the input is an integer from 1, not 0"),
    ("32x32x1 > conv3-4\nexpect params = «5»", "N301", "params is 40, not 5 (+35)"),
    ("32x32x1 > conv3-4\nexpect output = «32x32x5»", "N301", "output is 32x32x4, not 32x32x5"),
    ("32x32x1 > conv3-4 as a\nexpect @a = «32x32x5»", "N301", "@a is 32x32x4, not 32x32x5"),
    ("32x32x1 > conv3-4\nexpect «prams» = 5", "N302", "did you mean `params`?"),
    ("32x32x1 > conv3-4\nexpect «@b» = 5", "N101", "there is no point `@b`"),
    ("32x32x1 > conv3-4\nexpect params = {«w»}", "N110", "there is no `w` here"),
    ("input 4 > fc-1\n@input > fc-2\nexpect «output» = 1", "N302", "the network has 2 outputs"),
    ("32x32x1 > conv3-4\nexpect depth = «2»", "N301", "depth is 1, not 2 (-1)"),
    ("32x32x1 > conv3-4\nexpect macs = «{1/2}»", "N301", "macs is 36,864, not 1/2"),
    ("32x32x1 > conv3-4\nexpect params = «4x4»", "N301", "params is 40, not 4x4"),
    (
        "4 > fc-1 as a > fc-2 as b\ntie «a = transpose b»",
        "N215",
        "the tied layer must come after the one whose kernel it uses",
    ),
    ("4 > fc-3 as a > fc-4 as b\ntie b = «trnspose» a", "N107", "write tie NAME = transpose OTHER"),
    (
        "4 > fc-3 as a > fc-5 as b\ntie «b = transpose a»",
        "N215",
        "the kernel of `b` is 3x5, and that of `a` 4x3: one is not the",
    ),
    (
        "4 > fc-3 as a > relu as b\ntie «b» = transpose a",
        "N215",
        "`b` is not a layer with a kernel",
    ),
    (
        "let e = fc-3\n4 > e > «e»",
        "N214",
        "the kernel of `fc-3` is 3x3 here and 4x3 at its first use",
    ),
    ("let e = fc-3\n4 > «e(3)»", "N106", "`e` is one shared piece: it accepts nothing"),
    (
        "3 > relu\ngiven x = [1, 2, 3]\nexpect output = [1, «0», 2]",
        "N303",
        "[1] is 2, not 0; 2 of 3",
    ),
    ("3 > relu as y\ngiven x = «[1, 2]»\nexpect @y = [1, 2, 3]", "N304", "`input` is 3, not 2"),
    ("3 > relu as y\ngiven x = [1, 2, 3]\nexpect @y = «[1]»", "N304", "@y is 3, not 1 number"),
    ("3 > relu\ngiven x = «[[1, 2], [3]]»\nexpect output = [1]", "N304", "different lengths"),
    (
        "input image: 3 > relu\ngiven «imgae» = [1, 2, 3]\nexpect output = [1, 2, 3]",
        "N305",
        "did you mean `image`?",
    ),
    ("3 > relu\nexpect «output = [1, 2, 3]»", "N306", "add `given input = [...]` with 3 numbers"),
    ("3 > fc-1\ngiven x = [1, 2, 3]\nexpect «output = [1]»", "N307", "drawn at random"),
    (
        "1 > fc-6000(init=1) > fc-4000(init=1)\ngiven x = 1\nexpect «output = [1]»",
        "N308",
        "takes 24,006,000 multiply-accumulates; `check` computes at most 20,000,000",
    ),
    ("3 > relu\ngiven x = [1, 2, 3]\nexpect «params = [0]»", "N302", "expect params = 0"),
    ("3 > relu\ngiven x = «3x3»\nexpect output = [1]", "N111", "not 3x3"),
]

REST = [  # warnings and limits
    (
        "input 32x32x3\n> conv3-16(relu) as a > pool as b\n"
        "> «conv3-32» > [ @b | @b > conv3-8 ] > gap > softmax-10\n@a > conv3-4 as side",
        "W713",
        "`conv3-32` reaches no output",
    ),
    (
        "5x5x1 > «pool» > fc-2",
        "W701",
        "the last 1 row and 1 column of 5x5x1 are never read: (5 + 0 - 2) is",
    ),
    ("32x32x1 > conv3-4 as «a» > fc-2", "W703", "the name `a` is never used"),
    (
        "32x32x1 > «conv3-4» as a > conv3-4\n@a > relu > fc-2",
        "W702",
        "say which you mean: conv3-4(relu) or conv3-4(act=none)",
    ),
    (
        "32x32x1 > «conv3-4 x2» > bn > gap > fc-3",
        "W704",
        "only the last iteration of `conv3-4 x2` loses its activation, relu",
    ),
    (
        "default fc(sigmoid)\n8 > fc-3 > «fc-8»",
        "W706",
        "say which you mean: fc-8(sigmoid) or fc-8(act=none)",
    ),
    ("128x4 > «softmax-10»", "W705", "`softmax-10` flattens the incoming sequence 128x4"),
    ("128x4 > «relu-10»", "W705", "`relu-10` flattens the incoming sequence 128x4"),
    ("def «f»() = id\n4 > fc-3", "W712", "the block `f` is never used"),
    ("def f(c, «d») = fc-{c}\n4 > f(1, 2)", "W711", "the parameter `d` of `f` is never used"),
    ("param «w» = 3\n4 > fc-3", "W711", "the param `w` is never used"),
    ("let «e» = fc-3\n4 > fc-3", "W712", "the shared piece `e` is never used"),
    ("4 > fc-3 > «softmax-1»", "W719", "`softmax` over one channel is always 1"),
    ("4 > fc-8 as a > fc-3\n«@a»", "W720", "is not an output"),
    (
        "8x8x4 > [ conv3-8 | «when(no, conv1-8)» ] > gap > fc-3",
        "W722",
        "this branch adds the 4 channels of its input",
    ),
    (
        "input 8 of int(9)\n> embed-4(mask) > «conv3-4(relu)» > gap > fc-2",
        "W723",
        "`conv3-4(relu)` drops the mask of `embed-4(mask)`",
    ),
    ("3 > relu\ngiven «x = [1, 2, 3]»", "W724", "`given x` has no `expect`"),
    (
        "def «reverse»() = fc-4\n4 > reverse > fc-3",
        "W721",
        "the block `reverse` hides the kind of layer `reverse`",
    ),
    (
        "32x32x1 > «conv3-4(bias)» > bn > gap > fc-3",
        "W715",
        "the bias of `conv3-4(bias)` has no effect: `bn` subtracts each channel's",
    ),
    (
        "4 > fc-3 > «dropout(0.5)»",
        "W716",
        "`dropout(0.5)` comes after the last layer: during training it distorts",
    ),
    (
        "4096x4096x3 > «conv3-64» > gap > fc-3",
        "W717",
        "`conv3-64` gives 4096x4096x64: 1,073,741,824 numbers, 4.0 GiB of",
    ),
    ("4 > fc-3 «# netdsl: ignore W703»", "W718", "there is no W703 on this line to ignore"),
    (
        "4 > fc-3 as a > fc-2 as «b» > fc-1 > [ @a | id ] > fc-4",
        "W703",
        "the name `b` is never used",
    ),
    (
        "32x32x1 > conv3-4 > relu > softmax > fc-3 > softmax-3 > «softmax»",
        "W714",
        "`softmax` follows `softmax`: probabilities pass through it a second",
    ),
    ("def f(c) = fc-{c} as «q» > relu\n4 > f(3)", "W703", "the name `q` is never used"),
    ("4 > (fc-3 as «q») x2 > fc-4", "W703", "the name `q` is never used"),
    ("4 > «fc-3» x100_001 > fc-2", "N406", "the network has more than 200,000 operations"),
    (
        "4 > fc-1_000_000_000_000 > «fc-1_000_000_000_000»",
        "N407",
        "a tensor of 1000000000000x1000000000000 has",
    ),
    (
        "«99999999999999x99999999999999» > fc-2",
        "N407",
        "a tensor of 99999999999999x99999999999999 has",
    ),
    (
        "4 > fc-«99999999999999999999»",
        "N404",
        "99999999999999999999 is larger than the limit, 9,223,372,036,854,775,807",
    ),
    (
        "4 > fc-{«2**62*4»}",
        "N404",
        "this value is larger than the limit, 9,223,372,036,854,775,807",
    ),
    (
        "4 > conv{«9**9**9»}-3",
        "N404",
        "this value is larger than the limit, 9,223,372,036,854,775,807",
    ),
    ("def f(n) = «f({n+1})»\n4 > f(1)", "N405", "blocks are nested more than 100 levels deep"),
    ("def f() = «f» > f\n4 > f", "N405", "blocks are nested more than 100 levels deep"),
    (
        "def f(n) = when(n > 0, f({n-1}) > «f({n-1})»)\n4 > f(60)",
        "N406",
        "blocks call each other again and again",
    ),
    ("4 > «fc-3 x10_000_000_000»", "N406", "the network has more than 200,000 operations"),
    ("4 > «(fc-3 x1000) x1000»", "N406", "the network has more than 200,000 operations"),
    ("4 > «((fc-3 x1000) x1000) x1000»", "N406", "the network has more than 200,000 operations"),
    ("4 > dropout(«1e-999999999»)", "N404", "the number 1e-999999999 is too long or too large"),
    ("4 > dropout(«1e999»)", "N404", "the number 1e999 is too long or too large"),
    ("4 > fc-1«e3»", "N003", "sizes, amounts, strides and repeats are integers"),
    ("param a = «1e999999999»", "N404", "the number 1e999999999 is too long or too large"),
    ("4 > dropout(«1/0»)", "N112", "1/0 divides by zero"),
]


@pytest.mark.parametrize(("marked", "code", "words"), SYNTAX)
def test_syntax(marked: str, code: str, words: str) -> None:
    assert_found(marked, code, words)


@pytest.mark.parametrize(("marked", "code", "words"), MEANING)
def test_meaning(marked: str, code: str, words: str) -> None:
    assert_found(marked, code, words)


@pytest.mark.parametrize(("marked", "code", "words"), REST)
def test_warnings_and_limits(marked: str, code: str, words: str) -> None:
    assert_found(marked, code, words)


def test_whole_messages(golden: Callable[[Path, str], None]) -> None:
    texts = (marked.replace("«", "").replace("»", "") for marked, *_ in (*SYNTAX, *MEANING, *REST))
    golden(GOLDEN / "language.txt", messages(text for text in texts if len(text) < 500))


def test_the_tables_hold_every_code_of_the_language_that_a_text_alone_can_cause() -> None:
    pages = {page.stem for page in (Path(__file__).parents[2] / "docs" / "errors").glob("*.md")}
    expected = {code for code in pages if code[0] == "W" or code[1] in "01234"}
    elsewhere = {
        "N007",
        "N008",
        "N108",
        "N113",
        "N116",
        "N118",
        "N210",
        "N401",
        "N402",
        "N403",
        "N408",
    }  # in other test files
    assert expected - elsewhere <= {code for _, code, _ in (*SYNTAX, *MEANING, *REST)}
