"""Diagnostics: the code, the exact span and the words of the first message about a faulty text, and
how messages are shown.

In the tables the faulty span stands between « and » in the text itself.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from netdsl.cli.main import main
from netdsl.errors import Diagnostic, Note, Source, Span
from netdsl.errors.terminal import render
from netdsl.errors.values import as_json
from netdsl.reading import ReadOptions, check_source


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
    told = (
        text[: found.span.start]
        + "«"
        + text[found.span.start : found.span.end]
        + "»"
        + text[found.span.end :]
    )
    assert (told, found.code) == (marked, code)
    assert (found.span.start, min(found.span.end, len(text))) == (start, end)
    assert words in found.message or words in found.help, (found.message, found.help)


SYNTAX = [  # syntax
    ("4 > conv3-64 «>» > relu", "N003", "a layer was expected behind this `>`"),
    ("4 > fc-1 «>»", "N003", "a layer was expected behind this `>`"),
    ("4 > fc-1 «>» # c", "N003", "a layer was expected behind this `>`"),
    ("4 > «(»fc-1 > fc-2", "N001", "`(` is never closed"),
    ("4 > fc-1«)»", "N001", "`)` closes nothing"),
    ("4 > «[» a | b", "N001", "`[` is never closed"),
    ("4 > [ a | b «)»", "N001", "write `]` here, or before"),
    ('4 > f(«"abc»', "N002", "this string is never closed"),
    ("4 > conv3-«{»c", "N001", "`{` is never closed"),
    ("32x32x1 > conv3«-c»", "N005", "write conv3-{c}"),
    ("param c = 3\n32x32x1 > pool3«/c»", "N005", "write pool3/{c}"),
    ("32x32x1 > conv3-64 «xn»", "N005", "write conv3-64 x{n}"),
    ("32x32x1 > pool3«//2»", "N003", "write pool3/2"),
    ("32x32x1 > conv3«--64»", "N003", "write conv3-64"),
    ("32x32x1 > conv3«-6.5»", "N003", "sizes, amounts, strides and repeats are whole numbers"),
    ("32x32x1 > conv3-64/1«.5»", "N003", "sizes, amounts, strides and repeats are whole numbers"),
    ("32x32x1 > (conv3-64)«x2»", "N003", "write ` x2`"),
    ("32x32x1 > conv3-64 «x 3»", "N003", "write conv3-64 x3"),
    ("32x32x1 > conv3-64 as a «x2»", "N003", "write x2 as a: the name is then the last one's"),
    ("32x32x1 > conv3-64 x2 «x3»", "N003", "a step has one repeat"),
    ("def f «=» conv3-64", "N003", "write def f() = ..."),
    ("def f(a«,») = id", "N003", "nothing stands behind this comma"),
    ("32x32x1 > conv3-64(bn«,»)", "N003", "nothing stands behind this comma"),
    ("32x32x1 > [ conv3-64 | «]»", "N003", "a branch is empty"),
    ("32x32x1 > [ «|» conv3-64 ]", "N003", "a branch is empty"),
    ("32x32x1 > [«]»", "N003", "a branch is empty"),
    ("32x32x1 > («)»", "N003", "`)` cannot stand here: `(` or a layer was expected"),
    ("32x32x1 > conv3-64 «pool»", "N003", "`>` is missing before `pool`"),
    ("32x32x1 > conv «3»-64", "N003", "`3` cannot stand here"),
    ("32x32x1 «conv3»-64", "N003", "`>` is missing before `conv3`"),
    ("input 32x32x1 «conv3»-64", "N003", "`>` is missing before `conv3`"),
    ("32x32x1 > conv3-{«}»", "N003", "the braces are empty"),
    ("32x32x1 > conv3-{2«c»}", "N003", "write 2*c"),
    ("param c = 1 «=» 2", "N003", "write `==`"),
    ("param c «3»", "N003", "`3` cannot stand here: `=` was expected"),
    ("param «=» 3", "N003", "`=` is no name"),
    ("param «5» = 2", "N003", "`5` is no name"),
    ("net«»", "N003", "the statement ends too early: a name was expected"),
    ("net «3x»", "N003", "`3x` is no name"),
    ("net a «b»", "N003", "`b` cannot stand here: the end of the statement was expected"),
    ("use«»", "N003", "the statement ends too early: a name or a string in quotes was expected"),
    ("use «3»", "N003", "`3` cannot stand here: a name or a string in quotes was expected"),
    ("default«»", "N003", "the statement ends too early: a name was expected"),
    ("default conv«»", "N003", "the statement ends too early: `(` was expected"),
    (
        "default conv(bn) «fc»(tanh)",
        "N003",
        "`fc` cannot stand here: `,` or the end of the statement was expected",
    ),
    ("let enc«»", "N003", "the statement ends too early: `=` was expected"),
    ("let «=» fc-1", "N003", "`=` is no name"),
    ("tie a «transpose» b", "N003", "`transpose` cannot stand here: `=` was expected"),
    ("tie a = b«»", "N003", "the statement ends too early: a name was expected"),
    ("expect params«»", "N003", "the statement ends too early: `=` was expected"),
    (
        "expect params = «many»",
        "N003",
        "`many` cannot stand here: a number or a shape was expected",
    ),
    ("expect «=» 3", "N003", "`=` cannot stand here: a name was expected"),
    ("expect «@» = 3", "N003", "`@` cannot stand here: a name was expected"),
    ("«inputt» 32x32x1", "N003", "did you mean `input`?"),
    ("«imput» 32x32x1", "N003", "did you mean `input`?"),
    ("«paran» width = 3", "N003", "did you mean `param`?"),
    ("«width» = 64", "N003", "`width =` begins no statement"),
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
        "`,` cannot stand here: `>` or the end of the statement was expected",
    ),
    (
        "32x32x1 > conv3-64(pad=«)»",
        "N003",
        "`)` cannot stand here: `(` or a layer or a number or a shape was expected",
    ),
    (
        "32x32x1 > conv3-64(«=»1)",
        "N003",
        "`=` cannot stand here: `(` or `)` or a layer or a number was expected",
    ),
    ("32x32x1 > conv3-64(pad «1»)", "N003", "write pad=1"),
    ("32x32x1 > conv3-64 as «3»", "N003", "`3` is no name"),
    ("32x32x1 > conv3-64 as«»", "N003", "the statement ends too early: a name was expected"),
    (
        "32x32x1 > conv3-{2 +«}»",
        "N003",
        "`}` cannot stand here: `(` or a name or a number or a string in",
    ),
    ("32x32x1 > conv3-{if(1 «=» 2, 3, 4)}", "N003", "write `==`"),
    ("32x32x1 > conv3-{«foo»(2)}", "N105", "did you mean `floor`?"),
    (
        "32x32x1 > conv3-{min(«)»}",
        "N003",
        "`)` cannot stand here: `(` or a name or a number or a string in",
    ),
    ("32x32x1 > conv3-{«if(1, 2)»}", "N106", "`if` takes 3 values, not 2"),
    ("32x32x1 > conv3-{«roundd»(2)}", "N105", "did you mean `round`?"),
    ("32x32x1 > when(in > 3«)»", "N003", "`)` cannot stand here: `,` was expected"),
    ("32x32x1 > when(«in», conv3-4)", "N111", "the condition of `when` is yes or no, not 1"),
    (
        "32x32x1 > when «conv3»-4",
        "N003",
        "write when(in > 64, conv1-64), or when(in > 64, conv1-64, pool)",
    ),
    ("32x32x1 > conv3/2«-64»", "N003", "write conv3-64/2"),
    ("32x32x1 > conv-64 «3»", "N003", "`3` cannot stand here"),
    ("32x32x1 > conv{3}« -64»", "N004", "write `conv{k}-{c}/{s}`, without blanks"),
    ("32x32x1 > conv3-{6}« /2»", "N004", "write `conv{k}-{c}/{s}`, without blanks"),
    ("32x32x1 > conv-64«{3}»", "N004", "write kind, size, -amount, /stride"),
    ("32x32x1 > conv3/2/«2»", "N004", "write kind, size, -amount, /stride"),
    ("input 32 «x» 32 x 1", "N004", "write 32x32, without blanks"),
    ("input 32x32«x» > fc-1", "N003", "a number was expected behind this `x`"),
    ("input a «32x32x1»", "N003", "`32x32x1` cannot stand here: `:` was expected"),
    ("input a: «>» fc-1", "N003", "`>` cannot stand here: a number or a shape was expected"),
    ("input 128 of «20000»", "N003", "`20000` cannot stand here: a name was expected"),
    ("input 128 of int«»", "N003", "the statement ends too early: `(` was expected"),
    (
        "input 128 of int(«)»",
        "N003",
        "`)` cannot stand here: `(` or a layer or a number or a shape was expected",
    ),
    ("«x3» > fc-1", "N101", "write conv3-64 x3"),
    ("«>» fc-1", "N003", "a line that begins with `>` continues the statement above, but"),
    (
        "param a = 1\n«>» fc-1",
        "N003",
        "a line that begins with `>` continues the statement above, but a",
    ),
    ("4 > fc-1(0.5«.»5)", "N003", "`.` cannot stand here: `)` or `,` was expected"),
    ("4 > fc-1(1/2«/»3)", "N003", "`/` cannot stand here: `)` or `,` was expected"),
    ("4 > fc-1(1«e»)", "N003", "`e` cannot stand here: `)` or `,` was expected"),
    ("@a «fc»-1", "N003", "`>` is missing before `fc`"),
    (
        "«@» > fc-1",
        "N003",
        "`@` cannot stand here: `(` or a layer or a number or a shape was expected",
    ),
    (
        "«@»3 > fc-1",
        "N003",
        "`@` cannot stand here: `(` or a layer or a number or a shape was expected",
    ),
    ("4 > fc-1 > «@a» > relu", "N109", "`@a` begins a chain, it cannot stand behind `>`"),
    ("4 > fc-1 > «net»", "N101", "there is no layer or block `net`"),
    ("4 > «net»-3", "N101", "there is no layer or block `net`"),
    ("def «net»() = id", "N102", "`net` is a word of the language, and cannot name a block"),
    (
        "4 > fc-1 «=» x",
        "N003",
        "`=` cannot stand here: `(` or `>` or `as` or the end of the statement",
    ),
    ("4 > «add(id, relu)»", "N106", "write add[ a | b ]"),
    ("4 > «add»", "N106", "write add[ a | b ]"),
    ("4 > «{»3}", "N003", "`{` cannot stand here: `(` or a layer was expected"),
    ("4 > «3»", "N003", "`3` cannot stand here: `(` or a layer was expected"),
    ("4 > «3x» fc-1", "N003", "`3x` cannot stand before a layer"),
    ("4 > «64»fc", "N003", "a layer begins with its word: conv3-64"),
    ("(«28, 28, 1») > conv3-8", "N003", "write 28x28x1, without brackets"),
    ("32x32x1 > conv3-8(act=«'relu'»)", "N003", "write relu, without quotes"),
    ("32x32x1 > conv3(bn)«-64»", "N003", "amount and stride stand before the brackets"),
    ("32x32x1 > conv3-8 «+» @a", "N003", "layers are not added by `+`"),
    ("32x32x1 > «nn.Linear»(784, 10)", "N003", "`nn.Linear` is no layer"),
    ("32x32x1 > dropout«-0.5»", "N003", "a fraction is an option, in brackets: dropout(0.5)"),
    ("net lenet«-5»", "N004", "write lenet_5"),
    ('4 > «"relu"»', "N003", '`"relu"` cannot stand here: `(` or a layer was expected'),
]

MEANING = [  # names, options, shapes, expectations
    ("32x32x1 > «cnov3»-64", "N101", "did you mean `conv`?"),
    ("32x32x1 > conv3-64 > «poool»", "N101", "did you mean `pool`?"),
    ("32x32x1 > «convv»", "N101", "did you mean `conv`?"),
    ("32x32x1 > «Conv3»-64", "N101", "did you mean `conv`?"),
    ("32x32x1 > «fully»-10", "N101", "there is no layer or block `fully`"),
    ("32x32x1 > «zzzzz»", "N101", "there is no layer or block `zzzzz`"),
    ("32x32x1 > relu«7»", "N106", "`relu` takes no size (as in `relu3`)"),
    ("32x32x1 > «ad»[ id | id ]", "N101", "did you mean `add`?"),
    ("32x32x1 > «conv»[ id | id ]", "N101", "`conv[ ... ]` is no merge"),
    ("32x32x1 > «foo»[ id | id ]", "N101", "`foo[ ... ]` is no merge"),
    ("32x32x1 > conv3-64(«padd»=1)", "N103", "did you mean `pad`?"),
    ("32x32x1 > conv3-64(pad=1, «tanhh»)", "N103", "did you mean `tanh`?"),
    (
        "32x32x1 > conv3-64(pad=«smae»)",
        "N107",
        "`pad` takes same, valid, tf, full, causal, a number, a size such as",
    ),
    (
        "32x32x1 > conv3-64(pad=«-1»)",
        "N107",
        "`pad` takes same, valid, tf, full, causal, a number, a size such as",
    ),
    (
        "32x32x1 > conv3-64(pad=«0.5»)",
        "N107",
        "`pad` takes same, valid, tf, full, causal, a number, a size such as",
    ),
    ("32x32x1 > conv3-64(bias=«3»)", "N107", "`bias` takes yes or no, not 3"),
    ("32x32x1 > conv3-64(pad=1, pad=«2»)", "N104", "`pad` is given twice"),
    ("32x32x1 > conv3-64(act=«bn»)", "N107", "`act` takes an activation or none, not `bn`"),
    ("32x32x1 > conv3-64(norm=«relu»)", "N107", "`norm` takes a norm or none, not `relu`"),
    ("32x32x1 > conv3-64(act=«relux»)", "N107", "did you mean `relu`?"),
    (
        "32x32x1 > conv3-64(«0.5»)",
        "N103",
        "`conv` takes no values without a name; 0.5 is one too many",
    ),
    ("32x32x1 > conv3-64(groups=«0»)", "N107", "`groups` takes a whole number from 1 up, not 0"),
    (
        "32x32x1 > conv3-64(dilation=«0»)",
        "N107",
        "`dilation` takes whole numbers from 1 up, such as 2 or 2x1, not 0",
    ),
    ("32x32x1 > conv3-64(l2=«-1»)", "N107", "`l2` takes a number from 0 up, not -1"),
    (
        "32x32x1 > conv3-64(init=«foo»)",
        "N107",
        "`init` takes he_normal, he_uniform, glorot_normal, glorot_uniform,",
    ),
    ("32x32x1 > «conv»", "N106", "write it as in `conv3-64`"),
    ("32x32x1 > «conv3»", "N106", "write it as in `conv3-64`"),
    ("32x32x1 > «conv-64»", "N106", "write conv3-64"),
    ("32x32x1 > «conv(32, 5)»", "N106", "write conv5-32"),
    ("32x32x1 > «fc(10)»", "N106", "write fc-10"),
    ("32x32x1 > pool(«2»)", "N103", "a size touches the word: pool2"),
    ("32x32x1 > softmax(«10»)", "N103", "behind a dash, as in softmax-10"),
    ("32x32x1 > «MaxPooling2D»", "N101", "it is written pool2"),
    ("32x32x1 > «Conv2D»(8, 3)", "N101", "it is written conv3-64"),
    ("32x32x1 > «BatchNorm2d»(64)", "N101", "it is written bn"),
    (
        "32x32x1 > conv3-8 as a\n@a > conv3-8 as b\nadd[ @a | «b» ]",
        "N101",
        "write @b for the point of this name",
    ),
    ("32x32x1 > «fc»", "N106", "write it as in `fc-16`"),
    ("32x32x1 > fc«3»-10", "N106", "`fc` takes no size (as in `fc3`)"),
    ("32x32x1 > fc-10/«2»", "N106", "`fc` takes no stride (as in `fc/2`)"),
    ("32x32x1 > pool2-«64»", "N106", "`pool` takes no amount (as in `pool-64`)"),
    ("32x32x1 > relu/«2»", "N106", "`relu` takes no stride (as in `relu/2`)"),
    ("32x32x1 > gap«3»", "N106", "`gap` takes no size (as in `gap3`)"),
    ("32x32x1 > bn-«3»", "N106", "`bn` takes no amount (as in `bn-64`)"),
    ("32x32x1 > «dropout»", "N106", "write it as in `dropout(0.5)`"),
    ("32x32x1 > dropout(«1.5»)", "N107", "`rate` takes a number from 0 below 1, not 1.5"),
    ("32x32x1 > dropout(«1»)", "N107", "`rate` takes a number from 0 below 1, not 1"),
    (
        "32x32x1 > dropout(0.1, «0.2»)",
        "N103",
        "`dropout` takes 1 value without a name; 0.2 is one too many",
    ),
    ("32x32x1 > dropout(«x»)", "N103", "`dropout` has no option `x`"),
    ("32x32x1 > conv«0»-64", "N201", "a size is a whole number from 1 up, not 0"),
    ("32x32x1 > conv3-«0»", "N201", "an amount is a whole number from 1 up, not 0"),
    ("32x32x1 > pool3/«0»", "N201", "a stride is a whole number from 1 up, not 0"),
    ("32x32x1 > conv3-«{0 - 5}»", "N201", "an amount is a whole number from 1 up, not -5"),
    ("32x32x1 > conv«{1/2}»-5", "N111", "a size is a whole number, not 0.5"),
    ("32x32x1 > conv3-«{in/3}»", "N111", "the amount is a whole number, not 1/3"),
    ("32x32x1 > conv3-64 x«{0-1}»", "N201", "how often is a whole number from 0 up, not -1"),
    ("32x32x1 > conv3-64 x«{1/2}»", "N111", "how often is a whole number, not 0.5"),
    ("32x32x1 > conv3-«{1 < 2}»", "N111", "the amount is a whole number, not yes"),
    ("32x32x1 > conv3-{«widht»}", "N110", "there is no `widht` here"),
    ("param width = 3\n32x32x1 > conv3-{«widht»}", "N110", "did you mean `width`?"),
    ("32x32x1 > conv3-{«in.d»}", "N110", "what comes in is 32x32x1: it has no `in.d`"),
    ("«conv3-{in}»", "N209", "nothing comes in here"),
    ("def f(c) = conv3-{«d»}\n32x32x1 > f(3)", "N110", "there is no `d` here"),
    ("def f(c) = conv3-{c}\n32x32x1 > «f»", "N106", "`f` wants a value for `c`"),
    (
        "def f(c) = conv3-{c}\n32x32x1 > f(1, «2»)",
        "N106",
        "`f` takes 1 value; this is one too many",
    ),
    ("def f(c) = conv3-{c}\n32x32x1 > f(«d»=2)", "N103", "`f` has no parameter `d`"),
    ("def f(c) = conv3-{c}\n32x32x1 > f(1, «c=2»)", "N104", "`c` is given twice"),
    (
        "def f(c) = conv3-{c}\n32x32x1 > «f-64»",
        "N106",
        "`f` is a block: it takes no size, amount or stride",
    ),
    ("def f(c) = conv3-«{c}»\n32x32x1 > f(c)", "N111", "the amount is a whole number, not a chain"),
    ("def f(c, «c») = conv3-{c}", "N104", "the parameter `c` is there twice"),
    ("def f() = id\ndef «f»() = id", "N104", "there is a block called `f` already"),
    ("param a = 1\nparam «a» = 2", "N104", "there is a param called `a` already"),
    ("param a = 1\ndef «a»() = id", "N104", "there is a param called `a` already"),
    ("def «conv»() = id", "N102", "`conv` is a kind of layer, and cannot name a block"),
    (
        "def «conv3»() = id",
        "N102",
        "`conv3` reads as `conv` with the size 3, and cannot name a block",
    ),
    ("def «x2»() = id", "N102", "`x2` reads as a repeat, and cannot name a block"),
    ("def «relu6»() = id", "N102", "`relu6` is a kind of layer, and cannot name a block"),
    ("def «in»() = id", "N102", "`in` is what comes in, and cannot name a block"),
    ("param «in» = 3", "N102", "`in` is what comes in, and cannot name a param"),
    ("param «x3» = 3", "N102", "`x3` reads as a repeat, and cannot name a param"),
    (
        "let «conv5» = fc-1",
        "N102",
        "`conv5` reads as `conv` with the size 5, and cannot name a block",
    ),
    ("def «res»() = id", "N102", "`res` is a word of the language, and cannot name a block"),
    ("def «when»() = id", "N102", "`when` is a word of the language, and cannot name a block"),
    ("32x32x1 > «g»\ndef g() = id", "N101", "there is no layer or block `g`"),
    ("default «f»(bn)", "N101", "did you mean `fc`?"),
    ("default «convv»(bn)", "N101", "did you mean `conv`?"),
    ("default conv(«bnn»)", "N103", "did you mean `bn`?"),
    ("default conv(«3»)", "N103", "`conv` takes no values without a name; 3 is one too many"),
    ("default «res»(skip=id)", "N109", "write its options where it is used"),
    ("def f() = id\ndefault «f»(bn)", "N109", "write its options where it is used"),
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
        "`@a` is in a repeat: each pass has its own",
    ),
    ("4 > (fc-1 as a) x2\n«@a.2» > fc-1", "N101", "`@a.2` refers to nothing before it"),
    ("4 > (fc-1 as a) x2\n«@a.*» > fc-1", "N109", "write [ @a.* ] or add[ @a.* ]"),
    ("4 > fc-1 as a\n[ «@a.*» ] > fc-1", "N109", "`@a` is in no repeat"),
    (
        "4 > fc-1 > [ @input > fc-1 | id > «@input» ]",
        "N109",
        "`@input` begins a chain, it cannot stand behind `>`",
    ),
    ("4 > «@input» x2 > fc-1", "N109", "`@input` begins a chain, it cannot stand behind `>`"),
    ("def f(c) = «c»\n4 > f(3)", "N109", "`c` is 3, not a layer"),
    ("def f(u) = «u(3)»\n4 > f(fc-3)", "N109", "`u` is no block: it cannot be applied"),
    ("def f(u) = «u-3»\n4 > f(fc-3)", "N106", "`u` is a chain: it takes no size, amount or stride"),
    ("def f(u) = fc-«{u}»\n4 > f(fc-3)", "N111", "the amount is a whole number, not a chain"),
    ("def f(c) = fc-{c}\n4 > f(«c»-1)", "N101", "did you mean `fc`?"),
    ("def g(c) = fc-{c}\ndef f(c) = g(«c-1»)\n4 > f(3)", "N005", "write {c-1}"),
    ("def g(c) = fc-{c}\ndef f(c) = g(«c/2»)\n4 > f(3)", "N005", "write {c/2}"),
    ("32x32x1 > «res»", "N106", "write res(conv3-64 > conv3-64)"),
    ("32x32x1 > res(«3»)", "N109", "`res` takes a chain, not 3"),
    ("32x32x1 > res(conv3-4, «conv3-4»)", "N106", "`res` takes one chain"),
    ("32x32x1 > res(conv3-4, «skp=id»)", "N103", "did you mean `skip`?"),
    ("32x32x1 > res(conv3-4, skip=«matc»)", "N107", "did you mean `match`?"),
    ("32x32x1 > «res3»(conv3-4)", "N101", "did you mean `res`?"),
    ("32x32x1 > «res(id)»", "N207", "`res` holds no layer"),
    ("32x32x1 > res(conv3-4, act=«3»)", "N107", "`act` takes an activation, not 3"),
    ("32x32x1 > res(conv3-4, act=«reluu»)", "N107", "did you mean `relu`?"),
    (
        "def f(u) = when(«u», pool)\n32x32x1 > f(conv3-4)",
        "N111",
        "the condition of `when` is yes or no, not a chain",
    ),
    ("32x32x1 > when(«in + 1», conv3-4)", "N111", "the condition of `when` is yes or no, not 2"),
    ('32x32x1 > when(«"a" > 1», conv3-4)', "N111", '`>` takes numbers, not the string "a"'),
    ("32x32x1 > when(«foo» > 1, conv3-4)", "N110", "there is no `foo` here"),
    ("4 > fc-{«1/0»}", "N112", "`/` divides by zero"),
    ('4 > fc-«{"a"}»', "N111", 'the amount is a whole number, not "a"'),
    ("4 > fc-{if(«in», 1, 2)}", "N111", "a condition is yes or no, not 4"),
    ("use «resnett»", "N114", "did you mean `resnet`?"),
    ('use «"blocks.net"»', "N115", "a text that is no file has no files beside it"),
    ('use «"/etc/passwd"»', "N115", "a text that is no file has no files beside it"),
    ("net a\n4 > fc-1\nnet «a»\n4 > fc-2", "N104", "there is a network called `a` already"),
    ("4 > «conv3(pad=(1,2))»", "N106", "write it as in `conv3-64`"),
    (
        "32x32x1 > conv3-4(«pad=(1,2,3)»)",
        "N205",
        "the padding (1, 2, 3) has 3 numbers, and an image has 4 sides",
    ),
    (
        "4 > fc-1(lrelu(0.2, «0.3»))",
        "N103",
        "`lrelu` takes 1 value without a name; 0.3 is one too many",
    ),
    ("4 > fc-1(gn(groups=«0»))", "N107", "`groups` takes a whole number from 1 up, not 0"),
    ("4 > lrelu(slope=«a»)", "N107", "`slope` takes a number from 0 up, not a"),
    ("32x32x1 > «slice(3, 1)»", "N204", "`slice(a, b)` wants 0 <= a < b <= 1, not 3 and 1"),
    (
        "32x32x1 > «permute(1, 1)»",
        "N202",
        "`permute` takes each of the axes 1, 2 and 3 of 32x32x1 once",
    ),
    ("32x32x1 > «reshape(7x7)»", "N207", "32x32x1 has 1,024 numbers, and 7x7 has 49"),
    ("32x32x1 > «crop(40)»", "N204", "nothing is left of 32x32x1: crop(by=40) gives -48x-48"),
    ("32x32x1 > crop(«@a»)", "N101", "`@a` refers to nothing before it"),
    (
        "32x32x1 > «unpool(@input)»",
        "N107",
        "`unpool` takes the name of a max pool, and @input is an input",
    ),
    ("32x32x1 > «unpool»", "N106", "write it as in `unpool(@p)`"),
    (
        "32x32x1 > tconv2-3(«extra=5»)",
        "N107",
        "extra=5 goes beyond the last window by a stride or more",
    ),
    ("32x32x4 > gn(«groups=3»)", "N206", "groups=3 does not divide 4 channels"),
    ("32x32x4 > «shuffle(3)»", "N206", "groups=3 does not divide 4 channels"),
    (
        "32x32x4 > «attention(heads=3)»",
        "N203",
        "`attention` takes a sequence, and 32x32x4 is an image",
    ),
    ("128x4 > attention(«heads=3»)", "N206", "heads=3 does not divide 4 channels"),
    ("128x4 > «embed-3»", "N203", "`embed` takes indices, and 128x4 holds numbers"),
    ("128 of int(10) > «fc-3»", "N203", "`fc-3` takes numbers, and 128 of int(10) are indices"),
    (
        "128 of int(10) > «conv3-3»",
        "N203",
        "`conv3-3` takes numbers, and 128 of int(10) are indices",
    ),
    (
        "128 of «float»(10) > embed-3",
        "N107",
        "an input is of numbers, or of `int(V)`, not of `float`",
    ),
    (
        "128 of int(«0») > embed-3",
        "N107",
        "`int` takes how many indices there are, a whole number from 1 up, not 0",
    ),
    (
        '128 of int(«"a"») > embed-3',
        "N107",
        '`int` takes how many indices there are, a whole number from 1 up, not "a"',
    ),
    ("128x4 > «lstm-3(bi, back)»", "N107", "`bi` reads both ways: `back` goes without it"),
    ("32x32x1 > «lstm-3»", "N203", "`lstm` takes a sequence, and 32x32x1 is an image"),
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
        "pad=same is (K-1)/2 on both sides, and K=2 gives 1/2, no whole number",
    ),
    (
        "32x32x1 > conv3-64(«pad=causal»)",
        "N205",
        "pad=causal is for sequences, and an image comes in",
    ),
    (
        "32x32x1 > conv3-4(«groups=3»)",
        "N206",
        "groups=3 does not divide the 1 channels that come in",
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
        "`[ ... ]` takes branches with the same positions, not 5x5x4 and 2x2x1",
    ),
    (
        "5x5x1 > «add[ conv3-4 | conv3-5 ]»",
        "N207",
        "`add[ ... ]` takes branches of one shape, or vectors of its channels,",
    ),
    ("5x5x1 > «sub[ id | id | id ]»", "N106", "`sub` takes 2 branches, not 3"),
    (
        "5x5x4 > «add[ pool | id ]»",
        "N207",
        "`add[ ... ]` takes branches of one shape, or vectors of its channels,",
    ),
    (
        "5x5x4 > «res(conv3-4(pad=0), skip=id)»",
        "N208",
        "`res` cannot add: 5x5x4 comes in and 3x3x4 comes out, and with",
    ),
    (
        "5x5x4 > «res(conv3-4(pad=0))»",
        "N208",
        "`res` cannot add: 5x5x4 comes in and 3x3x4 comes out, and conv1-4",
    ),
    (
        "5x5x4 > «res(gap)»",
        "N208",
        "`res` cannot add: 5x5x4 comes in and 4 comes out, and no shortcut",
    ),
    ("5x5x4 > widen-«2»", "N207", "`widen` adds channels, and 4 come in for 2"),
    ("«conv3-64»", "N209", "nothing comes in here"),
    ("«fc-1» > fc-2", "N209", "nothing comes in here"),
    ("[ «conv3-4» | id ]", "N209", "nothing comes in here"),
    ("input «4»", "N212", "the input `input` reaches no output"),
    ("input a: 4\ninput «b»: 4\n@a > fc-1", "N212", "the input `b` reaches no output"),
    ("net «a»", "N211", "write one, such as 32x32x1 > conv5-6 > pool > fc-10"),
    ("«p»aram a = 1", "N211", "write one, such as 32x32x1 > conv5-6 > pool > fc-10"),
    ("«0»x32x1 > conv3-4", "N201", "a size of the input is a whole number from 1 up, not 0"),
    ("«-3» > fc-1", "N201", "a size of the input is a whole number from 1 up, not -3"),
    ("«1.5» > fc-1", "N111", "a size of the input is a whole number, not 1.5"),
    ("«{0}»x3 > fc-1", "N201", "a size of the input is a whole number from 1 up, not 0"),
    ("32x32x1 > conv3-4\nexpect params = «5»", "N301", "params is 40, not 5 (+35)"),
    ("32x32x1 > conv3-4\nexpect output = «32x32x5»", "N301", "output is 32x32x4, not 32x32x5"),
    ("32x32x1 > conv3-4 as a\nexpect @a = «32x32x5»", "N301", "@a is 32x32x4, not 32x32x5"),
    ("32x32x1 > conv3-4\nexpect «prams» = 5", "N302", "did you mean `params`?"),
    ("32x32x1 > conv3-4\nexpect «@b» = 5", "N101", "`@b` names no point"),
    ("32x32x1 > conv3-4\nexpect params = {«w»}", "N110", "there is no `w` here"),
    ("input 4 > fc-1\n@input > fc-2\nexpect «output» = 1", "N302", "the network has 2 outputs"),
    ("32x32x1 > conv3-4\nexpect depth = «2»", "N301", "depth is 1, not 2 (-1)"),
    ("32x32x1 > conv3-4\nexpect macs = «{1/2}»", "N301", "macs is 36,864, not 1/2"),
    ("32x32x1 > conv3-4\nexpect params = «4x4»", "N301", "params is 40, not 4x4"),
    (
        "4 > fc-1 as a > fc-2 as b\ntie «a = transpose b»",
        "N215",
        "the tied layer stands behind the one whose kernel it takes",
    ),
    ("4 > fc-3 as a > fc-4 as b\ntie b = «trnspose» a", "N107", "write tie NAME = transpose OTHER"),
    (
        "4 > fc-3 as a > fc-5 as b\ntie «b = transpose a»",
        "N215",
        "the kernel of `b` is 3x5, and that of `a` 4x3: the one is not the",
    ),
    (
        "4 > fc-3 as a > relu as b\ntie «b» = transpose a",
        "N215",
        "`b` names no layer with a kernel",
    ),
    (
        "let e = fc-3\n4 > e > «e»",
        "N214",
        "`e` cannot be shared here: what comes in makes it another piece than",
    ),
    ("let e = fc-3\n4 > «e(3)»", "N106", "`e` is one piece: it takes nothing"),
]

REST = [  # warnings and limits
    (
        "input 32x32x3\n> conv3-16(relu) as a > pool as b\n> «conv3-32» > [ @b | @b > conv3-8 ] > gap > softmax-10\n@a > conv3-4 as side",
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
        "only the last pass of `conv3-4 x2` loses its activation, relu",
    ),
    (
        "default fc(sigmoid)\n8 > fc-3 > «fc-8»",
        "W706",
        "say which you mean: fc-8(sigmoid) or fc-8(act=none)",
    ),
    ("128x4 > «softmax-10»", "W705", "`softmax-10` flattens the sequence 128x4 that comes in"),
    ("128x4 > «relu-10»", "W705", "`relu-10` flattens the sequence 128x4 that comes in"),
    ("def «f»() = id\n4 > fc-3", "W712", "the block `f` is never used"),
    ("def f(c, «d») = fc-{c}\n4 > f(1, 2)", "W711", "the parameter `d` of `f` is never used"),
    ("param «w» = 3\n4 > fc-3", "W711", "the param `w` is never used"),
    ("let «e» = fc-3\n4 > fc-3", "W712", "the shared piece `e` is never used"),
    ("4 > fc-3 > «softmax-1»", "W719", "`softmax` over one channel is always 1"),
    (
        "32x32x1 > «conv3-4(bias)» > bn > gap > fc-3",
        "W715",
        "the bias of `conv3-4(bias)` has no effect: `bn` takes each channel's",
    ),
    (
        "4 > fc-3 > «dropout(0.5)»",
        "W716",
        "`dropout(0.5)` stands behind the last layer: while training it spoils",
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
        "`softmax` follows `softmax`: probabilities go through it a second",
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
        "99999999999999999999 is larger than the limit of 9,223,372,036,854,775,807",
    ),
    (
        "4 > fc-{«2**62*4»}",
        "N404",
        "this value is larger than the limit of 9,223,372,036,854,775,807",
    ),
    (
        "4 > conv{«9**9**9»}-3",
        "N404",
        "this value is larger than the limit of 9,223,372,036,854,775,807",
    ),
    ("def f(n) = «f({n+1})»\n4 > f(1)", "N405", "more than 100 blocks stand within each other"),
    ("def f() = «f» > f\n4 > f", "N405", "more than 100 blocks stand within each other"),
    (
        "def f(n) = when(n > 0, f({n-1}) > «f({n-1})»)\n4 > f(60)",
        "N406",
        "20,005 steps were taken here for 1 operations: blocks call each other",
    ),
    ("4 > «fc-3 x10_000_000_000»", "N406", "the network has more than 200,000 operations"),
    ("4 > «(fc-3 x1000) x1000»", "N406", "the network has more than 200,000 operations"),
    ("4 > «((fc-3 x1000) x1000) x1000»", "N406", "the network has more than 200,000 operations"),
    ("4 > dropout(«1e-999999999»)", "N404", "the number 1e-999999999 is too long or too large"),
    ("4 > dropout(«1e999»)", "N404", "the number 1e999 is too long or too large"),
    ("4 > fc-1«e3»", "N003", "sizes, amounts, strides and repeats are whole numbers"),
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


def test_the_tables_hold_every_code_of_the_language_that_a_text_alone_can_cause() -> None:
    pages = {page.stem for page in (Path(__file__).parents[1] / "docs" / "errors").glob("*.md")}
    wanted = {code for code in pages if code[0] == "W" or code[1] in "01234"}
    elsewhere = {
        "N007",
        "N008",
        "N108",
        "N113",
        "N116",
        "N210",
        "N401",
        "N402",
        "N403",
        "N408",
    }  # in other test files
    assert wanted - elsewhere <= {code for _, code, _ in (*SYNTAX, *MEANING, *REST)}


# --- showing --------------------------------------------------------------------------------------


def test_the_whole_of_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The design's example: the window that does not fit."""
    monkeypatch.chdir(tmp_path)
    text = "# a mistake\ninput 32x32x3\n> conv5-6(pad=0) > pool > conv5-16(pad=0)\n> pool > conv7-64(pad=0)\n"
    Path("tiny.net").write_text(text, encoding="utf-8")
    assert main(["check", "tiny.net"]) == 1
    assert capsys.readouterr().err == (
        "error[N204]: the window does not fit: conv7 on 5x5, pad 0, gives floor((5 - 7 + 0)/1) + 1 = -1\n"
        "  --> tiny.net:4:10\n"
        "   |\n"
        " 4 | > pool > conv7-64(pad=0)\n"
        "   |          ^^^^^^^^^^^^^^^ 5x5x16 comes in here\n"
        "   |\n"
        "  help: pad=same keeps 5x5; the input of 32x32 shrank to 5x5 at line 4 (pool)\n"
        "\n"
    )


def shown(text: str, start: int, end: int, **more: str) -> list[str]:
    return render(
        [Diagnostic("N999", "wrong", Span(Source("a.net", text), start, end), **more)]
    ).split("\n")


@pytest.mark.parametrize(
    ("marked", "line", "carets"),
    [
        ("abc «de» f", " 1 | abc de f", "   |     ^^"),
        ("\ta\t«b»", " 1 | \ta\tb", "   | \t \t^"),
        ("«a\tb»", " 1 | a\tb", "   | ^^^"),
        ("层 > «层层»", " 1 | 层 > 层层", "   |      ^^^^"),
        ("e\u0301 > «b»", " 1 | e\u0301 > b", "   |     ^"),
        ("a > «»", " 1 | a >", "   |     ^"),
        ("a > «b»\nc", " 1 | a > b", "   |     ^"),
        ("a > «bc\nd» e", " 1 | a > bc", "   |     ^^"),
        ("a«\n»b", " 1 | a", "   |  ^"),
        ("\x1b[31m«b»", " 1 | \ufffd[31mb", "   |      ^"),
    ],
)
def test_carets_stand_under_the_span(marked: str, line: str, carets: str) -> None:
    text = marked.replace("«", "").replace("»", "")
    assert shown(text, marked.index("«"), marked.index("»") - 1)[2:5] == ["   |", line, carets]


def test_a_tab_moves_the_carets_as_it_moves_the_text() -> None:
    margins = [line.expandtabs(8) for line in shown("\ta\tbc > d", 3, 5)[3:5]]
    assert margins[0].index("bc") == margins[1].index("^^")


@pytest.mark.parametrize("at", [0, 70, 5_000, 9_990])
def test_of_a_very_long_line_the_part_around_the_span_is_shown(at: int) -> None:
    text = "a" * at + "XYZ" + "b" * (10_000 - at)
    _, place, _, line, carets, *_ = shown(text, at, at + 3)
    assert place == f"  --> a.net:1:{at + 1}"
    assert len(line) < 180
    column = line.index("XYZ")
    assert carets[column:] == "^^^"
    assert carets[:column].strip(" |") == ""


def test_a_long_span_is_cut() -> None:
    assert max(map(len, shown("a" * 10_000, 0, 10_000))) < 180


def test_line_numbers_of_many_digits_widen_the_margin() -> None:
    text = "\n" * 1233 + "abc"
    assert shown(text, 1233, 1236, help="do\nthis") == [
        "error[N999]: wrong",
        "     --> a.net:1234:1",
        "      |",
        " 1234 | abc",
        "      | ^^^",
        "      |",
        "     help: do",
        "           this",
    ]


def test_notes_show_their_places() -> None:
    source = Source("a.net", "one\ntwo\n")
    diagnostic = Diagnostic(
        "W999",
        "odd",
        Span(source, 4, 7),
        notes=(Note("first used here", Span(source, 0, 3)),),
        help="choose",
    )
    assert render([diagnostic]).split("\n")[6:] == [
        "  note: first used here",
        "  --> a.net:1:1",
        "   |",
        " 1 | one",
        "   | ^^^",
        "   |",
        "  help: choose",
    ]


def test_a_message_without_a_place_is_one_line_and_its_help() -> None:
    assert (
        render([Diagnostic("N601", "there is no file", help="look")])
        == "error[N601]: there is no file\n  help: look"
    )


def test_colours_come_only_when_asked_for() -> None:
    diagnostic = Diagnostic("N999", "wrong", Span(Source("a.net", "abc"), 0, 1), help="mend")
    plain, coloured = render([diagnostic]), render([diagnostic], colour=True)
    assert "\033" not in plain
    assert "\033[1;31merror[N999]\033[0m" in coloured
    import re

    assert re.sub("\033\\[[0-9;]*m", "", coloured) == plain


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("", True), ("1", False)])
def test_colours_on_a_terminal_unless_no_color_is_set(
    no_color: str | None, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    assert main(["check", "4 > fcc-1"]) == 1
    assert ("\033[" in terminal.getvalue()) is coloured


@pytest.mark.parametrize(
    ("marked", "place"),
    [
        ("«a»", (1, 1, 1, 2)),
        ("a\n\n b «cd»", (3, 4, 3, 6)),
        ("a «b\ncd» e", (1, 3, 2, 3)),
        ("\t层«é»", (1, 3, 1, 4)),  # characters, not cells
        ("a\n«»", (2, 1, 2, 1)),
    ],
)
def test_places_as_json_count_from_one_and_end_behind_the_span(
    marked: str, place: tuple[int, int, int, int]
) -> None:
    text = marked.replace("«", "").replace("»", "")
    found = as_json(
        Diagnostic(
            "N999", "wrong", Span(Source("a.net", text), marked.index("«"), marked.index("»") - 1)
        )
    )
    assert (found["line"], found["column"], found["end_line"], found["end_column"]) == place
    assert json.loads(json.dumps(found)) == found


def test_a_message_without_a_place_has_none_as_json() -> None:
    found = as_json(Diagnostic("N601", "there is no file"))
    assert [found[key] for key in ("file", "line", "column", "end_line", "end_column")] == [
        None
    ] * 5


def test_a_mistake_in_a_block_tells_where_the_block_is_used() -> None:
    text = "def inner(c) = conv9-{c}(pad=0)\ndef outer() = inner(3)\n5x5x1 > outer"
    found = first(text)
    assert (found.code, found.span and found.span.text) == ("N204", "conv9-{c}(pad=0)")
    assert [(note.message, note.span.text) for note in found.notes] == [
        ("used here", "inner(3)"),
        ("used here", "outer"),
    ]


def test_a_name_defined_too_late_is_shown_where_it_is_defined() -> None:
    found = first("4 > g\ndef g() = fc-1")
    assert found.help == "define it before: a block sees earlier blocks only"
    assert [(note.message, note.span.start) for note in found.notes] == [("defined here", 10)]


def test_a_name_used_twice_is_shown_where_it_was_first_used() -> None:
    found = first("4 > fc-1 as a > fc-2 as a")
    assert [(note.message, note.span.start) for note in found.notes] == [("first used here", 12)]
