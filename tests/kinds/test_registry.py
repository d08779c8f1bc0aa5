"""Kinds are found by their words without importing the others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.kinds import ALL_KINDS

from netdsl.kinds import KINDS, layer_kind, make_words, registry

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "vgg16": {"conv", "dense", "pool", "act", "act_normalised"},
    "resnet50": {"conv", "dense", "pool", "act", "act_normalised", "merge", "norm", "pool_global"},
}
"""The modules of the words that files of `examples/` have."""

PROGRAM = """
import builtins, json, sys
from netdsl.cli.main import main
compiled, python = [], builtins.compile
builtins.compile = lambda text, *rest, **more: compiled.append(text) or python(text, *rest, **more)
code = main(sys.argv[1:])
modules = [name for name in sys.modules if name.startswith("netdsl.kinds.")]
texts = [text for text in compiled if isinstance(text, str)]
print(json.dumps([code, modules, texts]), file=sys.stderr)
"""


def asked(*arguments: str) -> tuple[int, set[str], list[str]]:
    """The exit code of a command in a process of its own, the modules of words that it imports, and
    the texts that it compiles as Python.
    """
    command = [sys.executable, "-c", PROGRAM, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    code, modules, texts = json.loads(ended.stderr)
    with_words = {kind.__module__ for kind in ALL_KINDS}
    return code, {name.rpartition(".")[2] for name in with_words.intersection(modules)}, texts


@pytest.mark.parametrize(
    ("command", "file"), [("check", "vgg16"), ("table", "vgg16"), ("expand", "resnet50")]
)
def test_a_command_imports_the_kinds_of_its_text(command: str, file: str) -> None:
    """And those that every text has: the identity, and what `[ a | b ]` is."""
    code, modules, texts = asked(command, f"examples/{file}.net")
    assert code == 0
    assert modules == FILES[file] | {"form", "merge"}
    assert texts == [], "annotations of named tuples in quotes"


def test_the_words_are_those_of_the_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "words.json"
    monkeypatch.setattr(make_words, "WORDS", str(made))
    make_words.main()
    assert json.loads(made.read_text()) == json.loads(Path(registry.WORDS).read_text()), "make docs"


def test_each_word_leads_to_its_kind() -> None:
    for kind in ALL_KINDS:
        for word in (kind.word, *kind.aliases):
            assert kind in (KINDS[word], layer_kind(word))
            assert word in KINDS
    assert KINDS.get("nothing") is None
    assert len(KINDS) == len({*KINDS}) == len([*KINDS.values()])


@pytest.mark.parametrize("word", ["relu", "max()", "resize"])
def test_a_list_that_is_not_that_of_the_classes_is_refused(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class whose word is not in it, and a word of a class that is not there."""
    stored = json.loads(Path(registry.WORDS).read_text())
    module = KINDS[word].__module__.rpartition(".")[2]
    changed = tmp_path / "words.json"
    for words in ([each for each in stored[module] if each != word], [*stored[module], "none"]):
        changed.write_text(json.dumps({**stored, module: words}))
        monkeypatch.setattr(registry, "WORDS", str(changed))
        found: registry.Registry[type] = registry.Registry()
        for each, kind in KINDS.items():
            found[each] = kind
        with pytest.raises(TypeError, match=rf"{module}\.py: run `make docs`"):
            list(found)


FIRST_WORDS = """
abs add attention avg avgpool bn cls concat conv crop dense dot dropout droppath dw elu embed exp
fc featpool first flatten gap gelu gmp gn gru hsigmoid hswish id in l2norm l2pool linear ln local
logsoftmax lppool lrelu lrn lstm max mish mul nails noise pad permute pool pos prelu relu relu6
rescale reshape resize rms rnn scale sdropout selu sep shuffle sigmoid silu sincos slice softmax
softplus softsign stack std stochpool sub swish tanh tconv unpool up widen
"""
"""The words of 0.1.0, which no block or parameter of a file could be called."""


def test_only_the_words_of_the_first_version_cannot_be_names_of_a_file() -> None:
    assert {word for word, kind in KINDS.items() if not kind.added} == set(FIRST_WORDS.split())
