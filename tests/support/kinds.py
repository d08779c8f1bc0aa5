"""All kinds, their cases, and copies of kinds under another word."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from netdsl import Network, parse
from netdsl.graph import Graph, Op
from netdsl.kinds import KINDS, Kind
from netdsl.kinds.facts import Case
from netdsl.kinds.values import Indices, dims


def params(kinds: Iterable[type[Kind]]) -> list[Any]:
    """Kinds as the parameters of a test, each named by its word."""
    return [pytest.param(kind, id=kind.word) for kind in kinds]


ALL_KINDS: tuple[type[Kind], ...] = tuple(dict.fromkeys(KINDS.values()))
BY_WORD = params(ALL_KINDS)
ADDING_LAYERS = params(kind for kind in ALL_KINDS if not kind.is_identity)
CASES = [
    pytest.param(case, id=f"{case.text} on {dims(case.input)}")
    for kind in ALL_KINDS
    for case in kind.cases
    if not kind.is_identity
]
"""All cases but that of the identity, which adds no operation."""


def is_large(case: Case) -> bool:
    """Whether a model of it takes seconds and gigabytes, as one of VGG's dense layers does."""
    return case.params > 10**7


BUILT = [
    pytest.param(*param.values, id=param.id, marks=pytest.mark.zoo)
    if is_large(param.values[0])
    else param
    for param in CASES
]
"""All cases, for what builds their models."""


def firsts_built(more: Collection[str] = ()) -> list[Any]:
    """The first case of each kind, and more by their ids; the others in `make test-all`."""
    first = {
        id(next(case for case in kind.cases if not is_large(case)))
        for kind in ALL_KINDS
        if kind.cases
    }

    def marks(param: Any) -> Any:
        return () if id(param.values[0]) in first or param.id in more else pytest.mark.zoo

    return [pytest.param(*param.values, id=param.id, marks=marks(param)) for param in CASES]


SUFFIX = "qq"
"""What a copy's word has more than its kind's."""


def network(case: Case) -> Network:
    return parse(f"input {dims(case.input)}\n> {case.text}")


def kind_of(op: Op) -> Kind:
    assert op.kind is not None
    return op.kind


def source_of(graph: Graph) -> list[str]:
    """The Keras source of all operations, layers' names left out."""
    found = []
    for op in graph.ops:
        if op.kind is not None:
            reads = tuple(f"x{source}" for source in op.inputs)
            found += op.kind.source(op.name, op.shape, *graph.input_shapes(op), reads=reads)
    return [re.sub(r'name="[^"]*"', "", line) for line in found]


def alone(kind: type[Kind]) -> Network | None:
    """A network of inputs and one operation of the kind; None where no case is so simple."""
    if kind.is_identity:
        return None
    if kind.merges:
        word = "" if kind.wordless else kind.word
        return parse(f"input a: 3x4x4\ninput b: 3x4x4\n{word}[ @a | @b ]")
    for case in kind.cases:
        made = network(case)
        if [type(op.kind) for op in made.graph.ops[1:]] == [kind]:
            return made
    return None


ALONE = {kind: made for kind in ALL_KINDS if (made := alone(kind))}
"""The kinds that a case has alone, and a network of each."""

ALONE_ON_NUMBERS = {
    kind: made
    for kind, made in ALONE.items()
    if not any(isinstance(x.shape, Indices) for x in made.inputs)
}


@contextmanager
def copied(kind: type[Kind]) -> Iterator[type[Kind]]:
    """A copy of a kind under another word, among the kinds as long as the context lasts."""
    stated: dict[str, Any] = {
        "__doc__": kind.__doc__,
        "word": kind.word + SUFFIX,
        "aliases": tuple(alias + SUFFIX for alias in kind.aliases),
        "cases": tuple(
            case._replace(text=under_another_word(kind, case.text)) for case in kind.cases
        ),
    }
    copy = type(f"{kind.__name__}Copy", (kind,), stated)
    try:
        yield copy
    finally:
        for word in (copy.word, *copy.aliases):
            del KINDS[word]


def under_another_word(kind: type[Kind], text: str) -> str:
    """A text with the copy's word wherever the kind's is a layer or a part of one."""
    words = "|".join(map(re.escape, (kind.word, *kind.aliases)))
    size = r"(?:[0-9]+(?:x[0-9]+)*)?" if "size" in kind.takes else ""
    after = rf"(?={size}(?:$|[-/(\[ ,)\n]))(?! ?=)"
    return re.sub(rf"(?<![\w@.])({words}){after}", rf"\1{SUFFIX}", text)


def with_words(kind: type[Kind], text: str) -> str:
    """A text in which the merge without a word has one."""
    return re.sub(r"(^|(?<=[>|(\n] ))\[ ", f"{kind.word}[ ", text) if kind.wordless else text


def under_the_first_word(text: str) -> str:
    """A text about a copy, as it would be about its kind."""
    return text.replace(SUFFIX, "")
