"""The page of a kind of layer, made from its class."""

from __future__ import annotations

import re
from typing import Any

from netdsl.kinds import KINDS, Kind
from netdsl.kinds.act import Activation
from netdsl.kinds.facts import Case
from netdsl.kinds.options import REQUIRED, Option
from netdsl.kinds.part import Part
from netdsl.kinds.values import dims
from netdsl.text_table import aligned_lines
from netdsl.wording import enumerated

_MARKS = {"size": "K", "amount": "-N", "stride": "/S"}
_RULES = {
    "shape": "output",
    "weights": "params",
    "macs": "MACs",
    "elementwise_ops": "FLOPs in addition to 2 for each MAC",
    "backward_ops": "FLOPs of the backward pass, products aside",
}


def kind_page(kind: type[Kind]) -> str:
    """Return all that is known of a kind, as Markdown that reads well without being rendered."""
    aliases = f" (also {', '.join(f'`{alias}`' for alias in kind.aliases)})" if kind.aliases else ""
    lines = [
        f"# {kind.word} · {kind.group}",
        "",
        f"{_paragraph(kind.__doc__)}{aliases}",
        "",
        *_further_paragraphs(kind.__doc__),
        f"    {spelling(kind)}",
        "",
    ]
    lines += [_free(kind), ""] if _free(kind) else []
    lines += [_elsewhere(kind), ""] if any(kind.counterparts) else []
    stated_derivative = kind.derivative if issubclass(kind, Activation) else ""
    lines += [f"Derivative: `{stated_derivative}`.", ""] if stated_derivative else []
    options = [_option(option) for option in _own_first(kind)]
    if options:
        lines += ["Options and their defaults:", "", *options, ""]
    rules = [(rule, said(kind, rule)) for rule in ("shape", "weights", "macs")]
    stated = [
        f"- {_RULES[rule]}: {words}"
        for rule, words in (
            *rules,
            ("elementwise_ops", _work(kind)),
            ("backward_ops", said(kind, "backward_ops")),
        )
        if words
    ]
    if stated:
        lines += ["Rules:", "", *stated, ""]
    return "\n".join([*lines, "Examples:", "", *_case_lines(kind.cases)])


def activations_page() -> str:
    """Return all activations with what they compute and their derivatives."""
    kinds = [kind for kind in dict.fromkeys(KINDS.values()) if issubclass(kind, Activation)]
    rows = [[kind.word, formula_of(kind), kind.derivative] for kind in kinds]
    lines = aligned_lines([["", "function", "derivative"], *rows], "lll", rule=True)
    return "\n".join(["# Activations", "", *(f"    {line}" for line in lines)])


def formula_of(kind: type[Kind]) -> str:
    """Return what a kind computes: the beginning of what its class says."""
    return re.split(r"[;:]|\. |\.$", _paragraph(kind.__doc__))[0]


def _work(kind: type[Kind]) -> str:
    """Return what a kind does in addition to the products."""
    if kind.elementwise_ops is not Kind.elementwise_ops:
        return said(kind, "elementwise_ops")
    return (
        f"{', '.join(kind.arithmetic.split())} for each element of the output."
        if kind.arithmetic
        else "none."
    )


def spelling(kind: type[Kind]) -> str:
    """Return how a kind is written with all that it takes: `convK-N/S(...)`.

    Options that must be given by their names.
    """
    if kind.merges:
        branches = "[ A | B ]" if getattr(kind, "max_branches", None) == 2 else "[ A | B | ... ]"
        return branches if kind.wordless else kind.word + branches
    # Only what must be written: `convK-N/S(...)` leaves the rest to the list of options.
    must = [name for name, option in kind.options.items() if option.default is REQUIRED]
    given = [name if name in kind.positional else f"{name}=..." for name in must]
    inside = ", ".join([*given, *(["..."] if len(must) < len(kind.options) else [])])
    return (
        kind.word
        + "".join(mark for part, mark in _MARKS.items() if part in kind.takes)
        + (f"({inside})" if inside else "")
    )


def _free(kind: type[Kind]) -> str:
    """Return what of the spelling may be left out, in words."""
    marks = [mark for part, mark in _MARKS.items() if kind.takes.get(part) == "maybe"]
    must = any(option.default is REQUIRED for option in kind.options.values())
    parts = [f"`{mark}`" for mark in marks] + (["the options"] if kind.options and not must else [])
    if not parts:
        return ""
    words = enumerated(parts)
    verb = "is" if parts in ([f"`{mark}`"] for mark in marks) else "are"
    return f"{words[0].upper()}{words[1:]} {verb} optional."


def _elsewhere(kind: type[Kind]) -> str:
    """Return the names of a kind in Keras and PyTorch, in a sentence."""
    keras, torch = kind.counterparts
    names = [f"`keras.{keras}`"] if keras else []
    return f"Elsewhere: {', '.join([*names, *([f'`torch.{torch}`'] if torch else [])])}."


def _own_first(kind: type[Kind]) -> list[Option[Any]]:
    """Return the kind's options: its own before those that it shares with others."""
    own = [
        option
        for cls in kind.__mro__
        for option in vars(cls).values()
        if isinstance(option, Option)
    ]
    # Those that a subclass replaces are left out.
    return [option for option in own if kind.options.get(option.name) is option]


def _option(option: Option[Any]) -> str:
    """Write `- pad=same: padding of the positions (what it takes)`."""
    word = option.default_word if isinstance(option, Part) else ""
    spelled = (
        f"`{option.name}` (required)"
        if option.default is REQUIRED
        else f"`{option.name}={word or option.shown(option.default)}`"
    )
    return f"- {spelled}: {option.doc}{' ' if option.doc else ''}({option.accepts})"


def said(kind: type[Kind], rule: str) -> str:
    """Return what the class, or the nearest class above it that says anything, says of one of its
    rules; nothing where none does.
    """
    for cls in kind.__mro__:
        if cls is Kind:
            return ""
        if rule in vars(cls):
            words = _paragraph(vars(cls)[rule].__doc__)
            # `K*K*C*N` and `N channels` keep their capitals.
            is_word = words[1:2].islower() or words.startswith("A ")
            return words[:1].lower() + words[1:] if is_word else words
    return ""


def _paragraph(doc: str | None) -> str:
    """Return the first paragraph of a docstring, in one line."""
    return " ".join((doc or "").strip().split("\n\n")[0].split())


def _further_paragraphs(doc: str | None) -> list[str]:
    """Return the paragraphs of a docstring after the first, each a line and an empty one."""
    paragraphs = (doc or "").strip().split("\n\n")[1:]
    return [line for each in paragraphs for line in (" ".join(each.split()), "")]


def _case_lines(cases: tuple[Case, ...]) -> list[str]:
    rows = [
        (case.text, f"{dims(case.input)} to {dims(case.output)}", f"{case.params:,} params")
        for case in cases
    ]
    return [f"    {line}" for line in aligned_lines(rows, "lll")]
