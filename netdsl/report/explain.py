"""What a code means, what a kind of layer is, how a statement is written, what a figure or a key of
a recipe is: pages for a terminal.

A code's page is `docs/errors/CODE.md`, a statement's the section of `docs/language.md`, those of
figures and keys are made of the tables in `docs/accounting.md` and `docs/recipes.md`; all that is
said of a kind comes from its class.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from netdsl.errors import NetError, Source, did_you_mean, fail
from netdsl.kinds import KINDS, Kind, layer_kind
from netdsl.kinds.hints import plain_names, written_here
from netdsl.kinds.values import dims
from netdsl.report.key_pages import figure_page, key_page, words
from netdsl.report.kind_pages import activations_page, kind_page
from netdsl.report.pages import page, section, titles
from netdsl.report.terminal_pages import for_terminal

_FORMS = {
    "res": """\
# res · a form

`res(F)` is `add[ F | shortcut ] > act`: a residual (He et al. 2015). F is a chain of layers.

    res(conv3-64 > conv3-64)
    res(conv1-64 > dw3 > conv1-24, skip=match, act=none)

- `skip=auto`, the default: the identity if the shapes agree, else a linear 1x1 convolution with
  F's stride and norm
- `skip=id`: the identity, an error if the shapes differ
- `skip=pad`: every S-th position and zero channels, without parameters
- `skip=match`: adds only if the shapes agree, else is F alone
- `act=`: the activation after the sum; by default `conv`'s default activation if F contains a
  `conv` or `fc`, else none
""",
    "each": """\
# each · a form

`each(F)` is the chain F on every element of the first axis, its weights shared: on 16x28x28x1
(sixteen images) the layers of F see 28x28x1. Keras calls it TimeDistributed.

    16x64x64x3 > each(conv3-32 > pool > conv3-64 > gap) > lstm-64 > softmax-10

- the output has the first axis again: 16x64 after `gap` in the example
- `each(each(F))` works on the first two axes
- a point from outside is taken element by element, and needs the same first axis; a point within
  is seen from outside with all elements
""",
}
_SECTIONS = {
    **dict.fromkeys(("net", "param", "input", "expect", "flow"), "Statements"),
    **dict.fromkeys(("def", "block", "when"), "Blocks"),
    "use": "Blocks of other files",
    "let": "Shared pieces",
    "tie": "Tied kernels",
    "given": "Worked examples",
    **dict.fromkeys(("learned", "fixed"), "Tensors of the network's own"),
    "output": "Outputs",
    "default": "Defaults",
    **dict.fromkeys(("steps", "repeat", "as"), "Steps"),
    **dict.fromkeys(("merge", "none", "over"), "Merges"),
    "branches": "Side by side",
}


def explained(what: str, colour: bool = False, others: Iterable[str] = ()) -> str:
    """Return the page of a code, a kind, a form, a statement, a figure or a recipe's key, for a
    terminal.

    Args:
        what: its name.
        colour: whether headings are bold.
        others: names that are explained elsewhere, and may have been meant.

    Raises:
        NetError: N101 where nothing has this name, N103 or N107 for options that a kind does not
            accept.
    """
    if what.upper() in titles():
        return for_terminal(page(what.upper()), colour)
    # `conv3-64(bn)` is a layer as it is written; `l2norm` is a word with a number in it.
    word = what if what in KINDS or what in _FORMS else re.sub(r"[0-9].*|-.*|/.*|\(.*", "", what)
    if word == "activations":
        return for_terminal(activations_page(), colour)
    if word in _FORMS:
        return for_terminal(_FORMS[word], colour)
    if word in KINDS:
        if "(" in what:
            _check_options(what, KINDS[word])
        # `max` is a merge and a layer; for all others both pages are one.
        pages = dict.fromkeys((kind_page(KINDS[word]), kind_page(layer_kind(word))))
        return for_terminal("\n\n".join(pages), colour)
    if word in _SECTIONS:
        return for_terminal(section(_SECTIONS[word]), colour)
    if found := "\n\n".join(filter(None, (figure_page(what.lower()), key_page(what)))):
        return for_terminal(found, colour)
    # Last: `dense` is a kind here, and what Keras calls `fc`.
    if (kind := _kind_elsewhere(what)) is not None:
        return for_terminal(kind_page(kind), colour)
    nearest = did_you_mean(word, [*_named(), *others]) or did_you_mean(what.upper(), titles())
    if written := written_here(word, KINDS.values()):
        nearest = f"it is written {written}"
    help = (
        nearest or "a code is like N204, a kind like conv, a statement like def, a key like epochs"
    )
    raise fail("N101", f"there is no page on `{what}`", help=help)


def _kind_elsewhere(name: str) -> type[Kind] | None:
    """Return the kind that another library calls by a name: `nn.Linear(3)`, `Conv2D`."""
    plain = plain_names(name.partition("(")[0].rpartition(".")[2])
    kinds = KINDS.values()
    return next((kind for each in plain for kind in kinds if each in kind.names_elsewhere), None)


def _named() -> list[str]:
    """Return all that has a page but codes."""
    return [*KINDS, *_FORMS, *_SECTIONS, "activations", *words()]


def explainable() -> tuple[str, ...]:
    """Return all that has a page: codes, kinds, forms, statements, figures and keys of recipes."""
    return (*titles(), *_named())


def _check_options(layer: str, kind: type[Kind]) -> None:
    """Reject a layer whose options its kind does not accept; its size may be missing."""
    from netdsl.reading import PLAIN, check_source  # late: pages of kinds are written without it

    branches = "[ id | id ]" if kind.merges else ""
    text = f"input {dims(kind.cases[0].input)}\n> {layer}{branches}"
    faults = [
        fault
        for fault in check_source(Source("<text>", text), PLAIN, "network").diagnostics
        # What is asked is the option: that the layer lacks its amount is not the question.
        if fault.code in ("N001", "N003", "N103", "N107")
    ]
    if faults:
        raise NetError(*faults)


def listed() -> str:
    """Return all kinds by their groups, the statements, and all codes with their titles."""
    groups: dict[str, list[str]] = {}
    for word, kind in KINDS.items():
        groups.setdefault(kind.group, []).append(word.removesuffix("()"))
    kinds = [f"{group:12} {' '.join(sorted(words))}" for group, words in groups.items()]
    codes = [f"{code:12} {title}" for code, title in sorted(titles().items())]
    statements = f"{'':12} {' '.join(sorted(_SECTIONS))}"
    wrapped_words = [f"{'':12} {' '.join(each for each in words() if '.' not in each)}"]
    return "\n".join(
        [
            "Kinds of layers",
            "",
            *kinds,
            "",
            "Statements and their parts",
            "",
            statements,
            "",
            "Figures of tables and keys of recipes",
            "",
            *wrapped_words,
            "",
            "Codes of messages",
            "",
            *codes,
        ]
    )
