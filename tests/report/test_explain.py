"""`netdsl explain`: a page for every code with examples that are run, and for every kind all
that its class says.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netdsl.cli.main import main
from netdsl.errors import NetError, Source
from netdsl.errors.terminal import render
from netdsl.kinds import KINDS
from netdsl.kinds.options import REQUIRED
from netdsl.lowering.vocabulary import FORMS
from netdsl.reading import ReadOptions, check_source
from netdsl.report import explain, key_pages, pages
from netdsl.report.kind_pages import kind_page, spelling
from netdsl.report.kinds_document import kinds_document
from netdsl.report.terminal_pages import for_terminal
from netdsl.training.recipes.recipe import Recipe

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "errors").glob("[NW]*.md"))
EXAMPLE = re.compile(r"<!-- (wrong|right) -->\n```(net|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(mark: str) -> list[Any]:
    found = []
    for page in PAGES:
        for word, language, text in EXAMPLE.findall(page.read_text(encoding="utf-8")):
            if word == mark:
                found.append(pytest.param(page.stem, language, text, id=page.stem))
    return found


def codes_of(language: str, text: str) -> set[str]:
    if language == "net":
        return {
            diagnostic.code
            for diagnostic in check_source(
                Source("page", text), ReadOptions(), "example"
            ).diagnostics
        }
    from netdsl.training.recipes.recipe import parse_recipe

    try:
        parse_recipe(text)
    except NetError as error:
        return {diagnostic.code for diagnostic in error.diagnostics}
    return set()


@pytest.mark.parametrize(("code", "language", "text"), examples("wrong"))
def test_the_wrong_example_gives_this_code_alone(code: str, language: str, text: str) -> None:
    assert codes_of(language, text) == {code}


@pytest.mark.parametrize(("code", "language", "text"), examples("right"))
def test_the_right_example_gives_none(code: str, language: str, text: str) -> None:
    assert not codes_of(language, text)


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    used = set()
    for file in (ROOT / "netdsl").rglob("*.py"):
        used |= set(re.findall(r"[\"']([NW][0-9]{3})[\"']", file.read_text(encoding="utf-8")))
    assert {page.stem for page in PAGES} == used == {*pages.titles()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_are_made_alike(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.match(rf"# {page.stem} · [^A-Z`\n]?.+[^.]\n\n", text), "a title without a full stop"
    assert "\nFix: " in text
    marks = [word for word, _, _ in EXAMPLE.findall(text)]
    assert marks in ([], ["wrong", "right"])
    assert text.count("```") == 2 * len(marks)
    assert all(
        len(line) <= 100
        for line in text.split("\n")
        if not line.startswith(("8x8x3 > ((", "32x32x1"))
    )


# --- the command ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["N204", "n204"])
def test_a_code(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", code]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("N204 · the window does not fit\n")
    assert "wrong:\n\n    32x32x1 > " in shown
    assert "```" not in shown
    assert "<!--" not in shown


@pytest.mark.parametrize("word", ["conv", "conv3-64/2", "silu", "softmax-10", "pool", "res"])
def test_a_kind(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", word]) == 0
    assert capsys.readouterr().out.startswith(
        re.match("[a-z]+", word)[0].replace("silu", "swish") + " · "
    )  # type: ignore[index]


@pytest.mark.parametrize("word", explain._SECTIONS)
def test_a_statement(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", word]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(explain._SECTIONS[word] + "\n")
    assert word in shown.lower()


@pytest.mark.parametrize(
    ("word", "near"), [("cnov", "conv"), ("N2O4", "N"), ("N299", "N2"), ("droput(0.5)", "dropout")]
)
def test_the_nearest_name(word: str, near: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", word]) == 1
    shown = capsys.readouterr()
    assert not shown.out
    assert "error[N101]" in shown.err
    assert f"did you mean `{near}" in shown.err


@pytest.mark.parametrize(
    ("layer", "code"),
    [
        ("relu(9)", "N103"),
        ("lrelu(nan)", "N103"),
        ("dropout(2)", "N107"),
        ("conv3-8(bnn)", "N103"),
        ("concat(over=9)", "N107"),
        ("embed-4(masc)", "N103"),
        ("pool(", "N001"),
    ],
)
def test_options_are_those_of_the_kind(
    layer: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", layer]) == 1
    assert f"error[{code}]" in capsys.readouterr().err


@pytest.mark.parametrize(
    "layer", ["relu(max=6)", "conv(bn)", "concat(over=positions)", "embed-4(mask)", "dropout(0.5)"]
)
def test_a_layer_with_options(layer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", layer]) == 0
    assert capsys.readouterr().out.startswith(layer.split("(")[0].split("-")[0] + " · ")


@pytest.mark.parametrize(
    ("word", "here"),
    [
        ("logistic", "sigmoid"),
        ("BatchNorm2d", "bn"),
        ("nn.Linear", "fc"),
        ("nn.Linear(3, 4)", "fc"),
        ("Conv2D", "conv"),
        ("keras.layers.Dense", "fc"),
    ],
)
def test_a_name_of_other_libraries(
    word: str, here: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", word]) == 0
    assert capsys.readouterr().out.startswith(f"{here} · ")


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("params", "trainable weights, as papers count them"),
        ("MACs", "What papers call FLOPs are mostly multiply-accumulates"),
        ("flops", "FLOPs are 2 for each MAC"),
        ("memory", "counts bytes from the graph alone"),
        ("epochs", "- `epochs`: the maximum number of passes"),
        ("optimizer", "- `optimizer.rate`: the learning rate"),
        ("optimizer.rate", "- `optimizer.rate`: the learning rate"),
        ("rate", "- `optimizer.rate`: the learning rate"),
        ("kl", "`gaussian[ mean | logvar ]`"),
        ("table", "usage: netdsl table"),
        ("data", "- `data.source`: a data set's name"),
        ("data", "usage: netdsl data"),
    ],
)
def test_a_figure_a_key_or_a_command(
    word: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", word]) == 0
    assert words in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_every_figure_and_every_key_has_a_page() -> None:
    words = key_pages.words()
    keys = {each.name for each in dataclasses.fields(Recipe)} - {"spans"}
    assert {*keys, "macs", "acts", "params"} <= {*words}
    for word in words:
        assert explain.explained(word)


FIGURES = r"""
| figure | what | where |
|---|---|---|
| params | trained \| kept | tables |
| MACs | products | |
| two words | left out | |

| other | what |
|---|---|
| bias | none of the figures |

**What papers call FLOPs** are these
mostly.

The rest.
"""
KEYS = """
| key | what | default |
|:---|:---|:---|
| `epochs` | passes | 10 |
| `optimizer.name`, `optimizer.rate` | of the steps | |

| key | what |
|---|---|
| `data.rate` | of examples |
"""


@pytest.mark.parametrize(
    ("page", "word", "shown"),
    [
        ("figure", "params", ["# params · a figure", "trained | kept (where: tables)."]),
        (
            "figure",
            "macs",
            ["# macs · a figure", "products.", "What papers call FLOPs are these\nmostly."],
        ),
        ("figure", "bias", []),
        ("figure", "other", []),
        ("key", "epochs", ["# epochs · a recipe's key", "- `epochs`: passes (default: 10)"]),
        (
            "key",
            "rate",
            [
                "# rate · a recipe's key",
                "- `optimizer.rate`: of the steps\n- `data.rate`: of examples",
            ],
        ),
        (
            "key",
            "optimizer",
            [
                "# optimizer · a recipe's key",
                "- `optimizer.name`: of the steps\n- `optimizer.rate`: of the steps",
            ],
        ),
        ("key", "data.rate", ["# data.rate · a recipe's key", "- `data.rate`: of examples"]),
        ("key", "default", []),
    ],
)
def test_pages_made_of_tables(
    page: str, word: str, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = {"accounting.md": FIGURES, "recipes.md": KEYS}
    monkeypatch.setattr(key_pages, "document", documents.get)
    made = (key_pages.figure_page if page == "figure" else key_pages.key_page)(word)
    assert made == "\n\n".join(shown)
    assert key_pages.words() == [
        *("data", "data.rate", "epochs", "flops", "macs", "memory", "name", "optimizer"),
        *("optimizer.name", "optimizer.rate", "params", "rate", "rf", "training"),
    ]


def test_a_command_is_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "tabel"]) == 1
    assert "did you mean `table`?" in capsys.readouterr().err


def test_the_forms_are_those_of_the_language() -> None:
    assert set(explain._FORMS) == set(FORMS)


@pytest.mark.parametrize("word", KINDS)
def test_a_kinds_page_says_all_of_it(word: str) -> None:
    kind = KINDS[word]
    page = kind_page(kind)
    assert spelling(kind) in page
    assert "Examples:" in page
    for rule in ("output", "params", "MACs"):
        assert f"\n- {rule}: " in page, f"`{rule}` is not explained: the rule lacks its docstring"
    for name, option in kind.options.items():
        assert f"`{name}=" in page or (
            option.default is REQUIRED and f"`{name}` (required)" in page
        )
    for case in kind.cases:
        assert f"    {case.text}" in page
    for line in for_terminal(page, colour=False).split("\n"):
        assert len(line) <= 100 or line.startswith("    ")


WORDS = " ".join(["long-word"] * 12)  # of 119 characters


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        # Words with hyphens are not broken, nor what cannot be.
        (WORDS, f"{WORDS[:99]}\n{WORDS[100:]}"),
        (f"- {WORDS}", f"- {WORDS[:89]}\n  {WORDS[90:]}"),
        ("x" * 101, "x" * 101),
        (f"| {WORDS} |", f"| {WORDS} |"),
        (f"one\n    {WORDS}", f"one\n    {WORDS}"),
        # Lines of a paragraph or of a point are one line; each point, and all else, is its own.
        ("one\ntwo\n\nthree", "one two\n\nthree"),
        ("one\n- two\n  three\n- four", "one\n- two three\n- four"),
        ("one\n    two\nthree", "one\n    two\nthree"),
        ("## one\ntwo\n| a |\n| b |", "one\ntwo\n| a |\n| b |"),
        ("see [a page](a.md), [b](b.md)", "see a page, b"),
        # Code is indented, and what a comment calls it is above it.
        ("one\n```net\ntwo\n\n# three\n```\nfour", "one\n    two\n\n    # three\nfour"),
        ("<!-- wrong -->\n```net\na\n```\n```\nb\n```", "wrong:\n\n    a\n    b"),
    ],
)
def test_pages_as_plain_text(page: str, shown: str) -> None:
    assert for_terminal(page, colour=False) == shown


def test_headings_are_bold_on_a_terminal() -> None:
    assert explain.explained("N204", colour=True).startswith(
        "\033[1mN204 · the window does not fit\033[0m\n"
    )


def test_kinds_document_is_fresh() -> None:
    assert (ROOT / "docs" / "kinds.md").read_text(encoding="utf-8") == kinds_document(), (
        "run `make docs`"
    )


def test_explain_imports_no_framework() -> None:
    program = (
        "import sys; from netdsl.cli.main import main; main(['explain', 'conv']); "
        "main(['explain', 'W703']);"
        "print(sorted({'keras', 'numpy', 'yaml', 'lark'} & set(sys.modules)), file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    assert result.stderr.strip() == "[]"


def test_pages_are_found_inside_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "docs" / "errors", tmp_path / "netdsl" / "pages" / "errors")
    monkeypatch.setattr(pages, "_PACKAGE", str(tmp_path / "netdsl"))
    assert pages.pages_folder() == str(tmp_path / "netdsl" / "pages" / "errors")
    monkeypatch.setattr(pages, "_PACKAGE", str(tmp_path / "elsewhere" / "netdsl"))
    with pytest.raises(FileNotFoundError, match="installed without its pages"):
        pages.pages_folder()


def test_the_page_shows_what_the_message_shows() -> None:
    """A reader who comes from a message finds the same words: the code's page is about what
    `render` prints.
    """
    text = next(
        text
        for word, _, text in EXAMPLE.findall(
            (ROOT / "docs/errors/N204.md").read_text(encoding="utf-8")
        )
        if word == "wrong"
    )
    assert "the window does not fit" in render(
        check_source(Source("page", text), ReadOptions(), "example").diagnostics
    )


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    out = capsys.readouterr().out
    assert all(f" {kind.word}" in out for kind in KINDS.values())
    assert "N204         the window does not fit" in out


def test_conv_says_that_it_is_a_cross_correlation(capsys: pytest.CaptureFixture[str]) -> None:
    """With its formula, which is what it computes; `convolve` flips the kernel."""
    assert main(["explain", "conv"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "as a cross-correlation, y[i] = sum over a of w[a]*x[S*i + D*a - P] + b" in shown
    assert "with `convolve` the kernel is flipped, w[K-1-a]" in shown
    for option, expected in ("", "1  0  4"), (", convolve", "4  0  1"):
        layer = f"conv3-1(pad=0, init=(1, 2, 4), bias=no{option})"
        assert main(["forward", f"5x1 > {layer}", "1 0 0 0 1"]) == 0
        assert capsys.readouterr().out.rstrip().endswith(expected)
