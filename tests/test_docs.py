"""README and docs are run: every network in them checks, every command prints what is shown below
it, every program runs.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import netdsl
from netdsl.cli.main import main
from netdsl.cli.parser import parser_for
from netdsl.errors import Source
from netdsl.errors.terminal import render
from netdsl.keras.quiet import quiet_keras
from netdsl.reading import ReadOptions, check_source
from netdsl.training.recipes.recipe import parse_recipe

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
ERRORS = ROOT / "docs" / "errors"
sys.path.insert(0, str(ROOT / "docs"))
errors_page = import_module("errors_page").errors_page
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMPUTES = re.compile(
    r"^\$ netdsl (backward|gradcheck|forward .*--training|train|show|attack)\b", re.MULTILINE
)


def blocks(language: str) -> list[Any]:
    found = []
    for page in PAGES:
        if language in ("net", "yaml") and page.parent.name == "errors":
            continue  # half of these are wrong on purpose: tests/test_explain.py checks them
        for number, (word, text) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1):
            if word == language:
                name = f"{page.relative_to(ROOT)}:{number}"
                marks = [pytest.mark.keras] if COMPUTES.search(text) else []
                found.append(pytest.param(text, id=name, marks=marks))
    return found


@pytest.mark.parametrize("text", blocks("net"))
def test_networks_check_without_a_word(text: str) -> None:
    shape = (32, 32, 3) if not re.search(r"^(input|[0-9])", text, re.MULTILINE) else None
    checked = check_source(Source("docs", text), ReadOptions(input_shape=shape), "example")
    assert not checked.diagnostics, render(checked.diagnostics)


@pytest.mark.parametrize("text", blocks("console"))
def test_commands_print_what_is_shown(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    for command, shown in re.findall(r"^\$ netdsl (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
        main(shlex.split(command))
        captured = capsys.readouterr()
        assert (captured.out + captured.err).rstrip() == shown.rstrip(), command


@pytest.mark.keras
@pytest.mark.parametrize("text", blocks("python"))
def test_programs_run(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(text, "docs", "exec"), {})


@pytest.mark.parametrize("text", blocks("yaml"))
def test_recipes_are_read(text: str) -> None:
    parse_recipe(text)


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """What links to the headings of a page end in, as on GitHub."""
    found: list[str] = []
    for heading in re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        found.append(f"{anchor}-{found.count(anchor)}" if anchor in found else anchor)
    return set(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_their_anchors_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", prose(page)):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        other = page.parent / file if file else page
        assert other.exists(), target
        assert not anchor or anchor in anchors(other), target


def called(page: Path) -> Iterator[list[str]]:
    """The calls of the command in the indented lines of a page."""
    for line in prose(page).replace("\\\n", " ").splitlines():
        if call := re.fullmatch(r" {4,}(?:[A-Z_]+=\S+ )*netdsl (.*)", line):
            words = shlex.split(call[1], comments=True)
            ends = [words.index(sign) for sign in ("|", ">", "&&") if sign in words]
            yield words[: min(ends, default=None)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_have_the_arguments_that_are_shown(page: Path) -> None:
    for call in called(page):
        if call[0].startswith("-"):
            with pytest.raises(SystemExit, match="0"):
                main(call)
        else:
            parser_for(call[0]).parse_args(call)


@pytest.mark.keras
@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("baseline.md", {"churn-1", "churn-2", "churn-grid-1", "photos-1"}),
        ("series.md", {"sales-1", "sales-folds-1"}),
        ("text.md", {"reviews-1"}),
    ],
)
def test_a_job_runs_from_its_first_command_to_its_last(
    name: str, runs: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With few images, and an epoch in place of many."""
    monkeypatch.chdir(tmp_path)
    for kind, colour in (("cat", "red"), ("dog", "blue")):
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for number in range(10):
            image = Image.new("RGB", (20 + number, 20), colour)
            image.save(tmp_path / "photos" / kind / f"{number}.png")
    page = ROOT / "docs" / name
    for word, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if word == "python":
            exec(compile(text, name, "exec"), {})
        if word == "net":
            (tmp_path / "reviews.net").write_text(text, encoding="utf-8")
    for call in called(page):
        short = ["--epochs", "1"] if call[0] == "train" else []
        assert main([*call, *short]) == 0, call
    assert runs <= set(os.listdir("runs"))


SHAPES = {
    "fc-128(relu)": (64,),
    "softmax-10": (64,),
    "reshape(4x4x256)": (4096,),
    "ln": (10, 16),
    **dict.fromkeys(("lstm-64", "lstm-64(seq)", "lstm-64(bi)", "gru-64(after)"), (10, 16)),
}
"""Inputs of the rows of from-keras-and-pytorch.md; of all others an image of 16 channels."""


@pytest.mark.keras
def test_keras_s_column_is_what_the_other_one_builds() -> None:
    keras = quiet_keras()
    page = (ROOT / "docs" / "from-keras-and-pytorch.md").read_text(encoding="utf-8")
    layer_by_layer = page.partition("What joins")[0]
    rows = re.findall(r"^\| (`[A-Z].*?`) \| .*? \| `([^`]+)` \|$", layer_by_layer, re.MULTILINE)
    assert len(rows) > 25
    other = []
    for code, net in rows:
        if net == "embed-32":
            shape, head = (20,), "20 of int(1000)"
        else:
            shape = SHAPES.get(net, (16, 16, 16))
            head = "x".join(map(str, shape))
        calls = eval(f"[{code.replace('`', '')}]", {**vars(keras.layers)})
        dtype = "int32" if net == "embed-32" else "float32"
        model = keras.Sequential([keras.Input(shape, dtype=dtype), *calls])
        written = netdsl.parse(netdsl.from_keras(model))
        if not netdsl.diff(written, netdsl.parse(f"{head} > {net}")).same:
            other.append((code, net, written.text))
    assert other == []


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([a-z-]+\.md)\)", index))


def test_the_index_of_errors_has_every_code_with_its_title() -> None:
    assert (ERRORS / "README.md").read_text(encoding="utf-8") == errors_page(ERRORS)
