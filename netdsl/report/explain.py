"""What a code means, what a kind of layer is, and how a statement is written: pages for a terminal,
and `docs/kinds.md`, made here.

A code's page is `docs/errors/CODE.md`, a statement's the section of `docs/language.md`; all that is
said of a kind comes from its class. `python -m netdsl.report.explain` (or `make kinds`) prints
`docs/kinds.md`; a test says when it is stale.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import Any

from netdsl.errors import did_you_mean, fail
from netdsl.kinds import KINDS, Kind
from netdsl.kinds.facts import Case
from netdsl.kinds.options import REQUIRED, Option
from netdsl.kinds.part import Part
from netdsl.kinds.values import dims
from netdsl.text_table import aligned_lines
from netdsl.wording import enumerated

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_CODE = re.compile(r"[NW][0-9]{3}")
_HEADING = re.compile(r"(?m)^#+ (.*)$")
_WIDTH = 100
_MARKS = {"size": "K", "amount": "-N", "stride": "/S"}
_FORMS = {
    "res": """\
# res · a form

`res(F)` is `add[ F | shortcut ] > act`: a residual (He et al. 2015). F is a chain of layers.

    res(conv3-64 > conv3-64)
    res(conv1-64 > dw3 > conv1-24, skip=match, act=none)

- `skip=auto`, the default: the identity where the shapes agree, else a linear 1x1 convolution with F's stride and norm
- `skip=id`: the identity, an error where the shapes differ
- `skip=pad`: every S-th position and zero channels, without parameters
- `skip=match`: adds only where the shapes agree, and is F alone where not
- `act=`: the activation behind the sum; left out, `conv`'s default activation where F holds a `conv` or `fc`, else none
"""
}
_SECTIONS = {
    **dict.fromkeys(("net", "param", "input", "expect", "flow"), "Statements"),
    **dict.fromkeys(("def", "block", "when"), "Blocks"),
    "use": "Blocks of other files",
    "let": "Shared pieces",
    "tie": "Tied kernels",
    "default": "Defaults",
    **dict.fromkeys(("step", "repeat", "as"), "Steps"),
    "merge": "Merges",
}


def explained(what: str, colour: bool = False) -> str:
    """The page of a code, a kind, a form or a statement, for a terminal.

    Raises:
        NetError: N101 where nothing has this name.
    """
    if what.upper() in titles():
        return for_terminal(page(what.upper()), colour)
    word = what if what in KINDS or what in _FORMS else re.sub(r"[0-9].*|-.*|/.*|\(.*", "", what)
    if word in _FORMS:
        return for_terminal(_FORMS[word], colour)
    if word in KINDS:
        return for_terminal(kind_page(KINDS[word]), colour)
    if word in _SECTIONS:
        return for_terminal(section(_SECTIONS[word]), colour)
    mend = did_you_mean(word, [*KINDS, *_FORMS, *_SECTIONS]) or did_you_mean(what.upper(), titles())
    help = mend or "a code is as in N204, a kind as in conv, a statement as in def"
    raise fail("N101", f"there is no code, kind of layer or statement `{what}`", help=help)


def listed() -> str:
    """All kinds by their groups, the statements, and all codes with their titles."""
    groups: dict[str, list[str]] = {}
    for word, kind in KINDS.items():
        groups.setdefault(kind.group, []).append(word)
    kinds = [f"{group:12} {' '.join(sorted(words))}" for group, words in groups.items()]
    codes = [f"{code:12} {title}" for code, title in sorted(titles().items())]
    statements = f"{'':12} {' '.join(sorted(_SECTIONS))}"
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
            "Codes of messages",
            "",
            *codes,
        ]
    )


# --- codes ----------------------------------------------------------------------------------------


def _pages(name: str) -> str:
    """Where a part of the documentation lies: inside the package where it was installed, in `docs`
    in a checkout.

    Raises:
        FileNotFoundError: where neither is there.
    """
    for path in (
        os.path.join(_PACKAGE, "pages", name),
        os.path.join(os.path.dirname(_PACKAGE), "docs", name),
    ):
        if os.path.exists(path):
            return path
    raise FileNotFoundError("netdsl was installed without its pages")


def pages_folder() -> str:
    """The folder of the codes' pages."""
    return _pages("errors")


def section(heading: str) -> str:
    """A section of the language's reference, up to the next heading."""
    with open(_pages("language.md"), encoding="utf-8") as file:
        text = file.read()
    found = re.search(rf"(?ms)^#+ {re.escape(heading)}$.*?(?=^##|\Z)", text)
    assert found, heading
    return found[0]


def page(code: str) -> str:
    with open(os.path.join(pages_folder(), f"{code}.md"), encoding="utf-8") as file:
        return file.read()


@cache
def titles() -> dict[str, str]:
    """The codes that have a page, in order, and what each means in a line."""
    names = sorted(
        name[:-3]
        for name in os.listdir(pages_folder())
        if _CODE.fullmatch(name[:-3]) and name.endswith(".md")
    )
    return {
        code: page(code).split("\n", 1)[0].removeprefix(f"# {code}").strip(" ·") for code in names
    }


def for_terminal(markdown: str, colour: bool) -> str:
    """A page as plain text: fences and comments away, code indented, headings bold."""
    lines: list[str] = []
    fenced = False
    label = ""
    for line in _joined(markdown.strip().split("\n")):
        comment = re.fullmatch(r"<!-- (\w+) -->", line)
        if comment:
            label = comment[1]
        elif line.startswith("```"):
            fenced = not fenced
            lines += [f"{label}:", ""] if fenced and label else []
            label = ""
        elif fenced:
            lines.append(f"    {line}".rstrip())
        else:
            lines.append(_plain_line(line, colour))
    return "\n".join(lines)


def _joined(lines: list[str]) -> list[str]:
    """The lines of a page, each paragraph and each point of a list in one."""
    joined: list[str] = []
    fenced = open_ = False  # `open_`: the last line is prose that the next can continue
    for line in lines:
        fence = line.startswith("```")
        alone = fenced or fence or not line.strip() or line.startswith(("    ", "#", "|", "<!--"))
        if open_ and not alone and not line.startswith("- "):
            joined[-1] += f" {line.strip()}"
        else:
            joined.append(line)
        open_ = not alone
        fenced ^= fence
    return joined


def _plain_line(line: str, colour: bool) -> str:
    """A line of prose: links as their text, headings bold, broken where it is long."""
    if line.startswith("    "):
        return line
    heading = _HEADING.fullmatch(line)
    if heading:
        return f"\033[1m{heading[1]}\033[0m" if colour else heading[1]
    line = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", line)
    if len(line) <= _WIDTH or line.startswith("|"):
        return line
    from textwrap import fill

    return fill(
        line,
        _WIDTH,
        subsequent_indent="  " if line.startswith("- ") else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


# --- kinds ----------------------------------------------------------------------------------------


def kind_page(kind: type[Kind]) -> str:
    """All that is known of a kind, as Markdown that reads well without being rendered."""
    aliases = f" (also {', '.join(f'`{alias}`' for alias in kind.aliases)})" if kind.aliases else ""
    lines = [
        f"# {kind.word} · {kind.group}",
        "",
        f"{_paragraph(kind.__doc__)}{aliases}",
        "",
        f"    {spelling(kind)}",
        "",
    ]
    lines += [_free(kind), ""] if _free(kind) else []
    options = [_option(option) for option in _own_first(kind)]
    if options:
        lines += ["Options and their defaults:", "", *options, ""]
    rules = [(rule, said(kind, rule)) for rule in ("shape", "weights", "macs")]
    told = [
        f"- {_RULES[rule]}: {words}"
        for rule, words in (*rules, ("elementwise_ops", _work(kind)))
        if words
    ]
    if told:
        lines += ["Rules:", "", *told, ""]
    return "\n".join([*lines, "Examples:", "", *_case_lines(kind.cases)])


_RULES = {
    "shape": "output",
    "weights": "params",
    "macs": "MACs",
    "elementwise_ops": "FLOPs beside 2 for each MAC",
}


def _work(kind: type[Kind]) -> str:
    """What a kind does beside the products."""
    if kind.elementwise_ops is not Kind.elementwise_ops:
        return said(kind, "elementwise_ops")
    return (
        f"{', '.join(kind.arithmetic.split())} for each number of the output."
        if kind.arithmetic
        else "None."
    )


def spelling(kind: type[Kind]) -> str:
    """How a kind is written with all that it takes: `convK-N/S(...)`; options that must be given
    by their names.
    """
    if kind.merges:
        branches = "[ A | B ]" if getattr(kind, "max_branches", None) == 2 else "[ A | B | ... ]"
        return branches if kind.wordless else kind.word + branches
    must = [name for name, option in kind.options.items() if option.default is REQUIRED]
    given = [name if name in kind.positional else f"{name}=..." for name in must]
    inside = ", ".join([*given, *(["..."] if len(must) < len(kind.options) else [])])
    return (
        kind.word
        + "".join(mark for part, mark in _MARKS.items() if part in kind.takes)
        + (f"({inside})" if inside else "")
    )


def _free(kind: type[Kind]) -> str:
    """What of the spelling may be left out, in words."""
    marks = [mark for part, mark in _MARKS.items() if kind.takes.get(part) == "maybe"]
    must = any(option.default is REQUIRED for option in kind.options.values())
    parts = [f"`{mark}`" for mark in marks] + (["the options"] if kind.options and not must else [])
    if not parts:
        return ""
    words = enumerated(parts)
    return f"{words[0].upper()}{words[1:]} may be left out."


def _own_first(kind: type[Kind]) -> list[Option[Any]]:
    """The kind's options: its own before those that it shares with others."""
    own = [
        option
        for cls in kind.__mro__
        for option in vars(cls).values()
        if isinstance(option, Option)
    ]
    return [option for option in own if kind.options.get(option.name) is option]


def _option(option: Option[Any]) -> str:
    """- `pad=same`: padding of the positions (what it takes)."""
    default = (
        option.default_word
        if isinstance(option, Part) and option.default_word
        else _default(option)
    )
    spelled = f"`{option.name}={default}`" if default else f"`{option.name}` (must be given)"
    return f"- {spelled}: {option.doc}{' ' if option.doc else ''}({option.accepts})"


def _default(option: Option[Any]) -> str:
    value = option.default
    if value is REQUIRED:
        return ""
    return option.shown(value)


def said(kind: type[Kind], rule: str) -> str:
    """What the class, or the nearest class above it that says anything, says of one of its
    rules; nothing where none does.
    """
    for cls in kind.__mro__:
        if cls is Kind:
            return ""
        if rule in vars(cls):
            words = _paragraph(vars(cls)[rule].__doc__)
            return words[:1].lower() + words[1:] if words[1:2].islower() else words
    return ""


def _paragraph(doc: str | None) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join((doc or "").strip().split("\n\n")[0].split())


def _case_lines(cases: tuple[Case, ...]) -> list[str]:
    rows = [
        (case.text, f"{dims(case.input)} to {dims(case.output)}", f"{case.params:,} params")
        for case in cases
    ]
    return [f"    {line}" for line in aligned_lines(rows, "lll")]


# --- docs/kinds.md --------------------------------------------------------------------------------


def kinds_document() -> str:
    """`docs/kinds.md`: every kind, by its group, in the order of the classes."""
    groups: dict[str, list[type[Kind]]] = {}
    for kind in dict.fromkeys(KINDS.values()):
        groups.setdefault(kind.group, []).append(kind)
    lines = [
        "# Kinds of layers",
        "",
        "Made from the classes in `netdsl/kinds` by `make kinds`. `netdsl explain conv` prints one of these.",
        "`K` is the window, `N` the amount, `S` the stride. An activation with an amount, such as `softmax-10`, is `fc-10` with",
        "that activation.",
        "",
        *(
            f"- {group}: {' '.join(f'[`{kind.word}`](#{_anchor(kind)})' for kind in kinds)}"
            for group, kinds in groups.items()
        ),
    ]
    for kinds in groups.values():
        for kind in kinds:
            lines += ["", re.sub(r"(?m)^# ", "## ", kind_page(kind))]
    return "\n".join(lines) + "\n"


def _anchor(kind: type[Kind]) -> str:
    """The name that GitHub gives the heading `conv · convolution`."""
    return f"{kind.word}--{kind.group}".replace(" ", "-")


if __name__ == "__main__":
    print(kinds_document(), end="")
