"""How long three networks are, written in netdsl and elsewhere.

    python benchmarks/conciseness.py

In a `.net` file everything counts except comments, blank lines, and the lines of `net` and
`expect`; a second figure adds all lines of the block libraries that it uses. In Keras's source, as
installed, the functions that build the network count (four for ResNet, see `RESNET`): every line
with a token on it, except

- docstrings, comments, blank lines and decorators;
- every statement that is a bare expression: the checks of arguments;
- every `if` that tests `weights`: the checks of that argument, and the loading.

Imports, constants, preprocessing and what other modules do are outside these functions and not
counted; what the functions offer besides the one network (`include_top`, `pooling`, `input_tensor`)
is counted, because it cannot be separated from the rest. Characters are those of the counted lines,
without the white space around them.

Caffe's prototxt files and Darknet's cfg files are not read: the numbers of lines of the published
files are quoted.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import re
import tokenize
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
GOALS = {"Caffe": 100, "Keras": 10}  # at least this many times the lines of netdsl


class Length(NamedTuple):
    """Lines, and their characters where they were counted."""

    lines: int
    characters: int | None = None


class Subject(NamedTuple):
    """A network: its example, the functions of a module of keras.applications that build it, and
    the published files' lines.
    """

    name: str
    file: str
    module: str | None
    functions: tuple[str, ...]
    caffe: int
    darknet: int | None


RESNET = ("ResNet50", "ResNet", "stack_residual_blocks_v1", "residual_block_v1")
SUBJECTS = (
    Subject("VGG-16", "vgg16.net", "vgg16", ("VGG16",), 353, 124),
    Subject("ResNet-50", "resnet50.net", "resnet", RESNET, 2091, 423),
    Subject("GoogLeNet", "googlenet.net", None, (), 2157, None),
)


def length(lines: Iterable[str]) -> Length:
    """Count lines, and the characters in them; they come without the white space around them."""
    kept = list(lines)
    return Length(len(kept), sum(map(len, kept)))


def of_net(text: str) -> Length:
    """The length of a `.net` file's network."""
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines())
    return length(line for line in lines if line and not re.match(r"(net|expect)\b", line))


def with_library(text: str) -> str:
    """A `.net` file's text and those of the block libraries that it uses, as whole files."""
    names = re.findall(r"(?m)^use (\w+)", text)
    return "\n".join(
        [
            text,
            *(
                (ROOT / "netdsl" / "blocks" / f"{name}.net").read_text(encoding="utf-8")
                for name in names
            ),
        ]
    )


def of_functions(text: str, names: Iterable[str]) -> Length:
    """The length of the parts of these functions that build a network.

    Args:
        text: the source of a module.
        names: of its functions.
    """
    functions = {
        node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)
    }
    counted = set().union(
        *(spanned(functions[name]) - left_out(functions[name]) for name in names)
    ) & with_tokens(text)
    lines = text.splitlines()
    return length(lines[number - 1].strip() for number in sorted(counted))


def spanned(node: ast.stmt) -> set[int]:
    """The lines of a statement, without its decorators."""
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def left_out(function: ast.FunctionDef) -> set[int]:
    """The lines of a function's bare expressions, and of its `if`s that test `weights`."""
    found: set[int] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Expr) or (
            isinstance(node, ast.If) and "id='weights'" in ast.dump(node.test)
        ):
            found |= spanned(node)
    return found


def with_tokens(text: str) -> set[int]:
    """The lines that hold code: not those that are blank or comments alone."""
    empty = (
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    )
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {
        line
        for token in tokens
        if token.type not in empty
        for line in range(token.start[0], token.end[0] + 1)
    }


def keras_source(module: str) -> str:
    """The text of a module of keras.applications, as installed; nothing is imported."""
    spec = importlib.util.find_spec("keras")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("Keras is not installed")
    return Path(
        spec.submodule_search_locations[0], "src", "applications", f"{module}.py"
    ).read_text(encoding="utf-8")


def measured(subject: Subject, text: str) -> dict[str, Length | None]:
    """The length in each language, `text` being netdsl's; None where there is nothing to count."""
    return {
        "netdsl": of_net(text),
        "+ blocks": of_net(with_library(text)),
        "Keras": of_functions(keras_source(subject.module), subject.functions)
        if subject.module
        else None,
        "Caffe": Length(subject.caffe),
        "Darknet": None if subject.darknet is None else Length(subject.darknet),
    }


def times(one: int | None, other: int | None) -> str:
    return f"{one / other:.1f}" if one and other else "-"


def main() -> None:
    print(
        f"{'':9}  {'language':8}  {'lines':>5}  {'characters':>10}  {'times netdsl: lines':>19}  "
        f"{'characters':>10}"
    )
    verdicts = []
    for subject in SUBJECTS:
        path = ROOT / "examples" / subject.file
        if not path.exists():
            print(f"{subject.name:9}  skipped: there is no examples/{subject.file}")
            continue
        lengths = measured(subject, path.read_text(encoding="utf-8"))
        own, whole = (lengths[name] or Length(0) for name in ("netdsl", "+ blocks"))
        for language, each in lengths.items():
            lines, characters = each or (None, None)
            shown = ("-" if number is None else f"{number:,}" for number in (lines, characters))
            ratios = (times(lines, own.lines), times(characters, own.characters))
            print(
                "{:9}  {:8}  {:>5}  {:>10}  {:>19}  {:>10}".format(
                    subject.name, language, *shown, *ratios
                )
            )
        for language, goal in GOALS.items():
            if other := lengths[language]:
                held = "holds" if other.lines >= goal * whole.lines else "does not hold"
                ratio = times(other.lines, whole.lines)
                verdicts.append(
                    f"{subject.name}: at least {goal} times fewer lines than {language}: {held}, "
                    f"{ratio} times"
                )
    print()
    print(
        "+ blocks: with the block libraries that the file uses, all of their lines; the goals "
        "below refer to these lines"
    )
    print(
        "Keras: the functions of keras.applications that build the network, as installed, with "
        "their options (include_top, pooling,"
    )
    print("    input_tensor, ...); the rules are at the top of this program")
    print(
        "Caffe, Darknet: the lines of the published prototxt and cfg files, quoted, not counted "
        "here"
    )
    print("", *verdicts, sep="\n")


if __name__ == "__main__":
    main()
