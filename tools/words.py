"""Report words that the project does not use: those of the lists in docs/glossary.md.

    python tools/words.py            # the whole project
    python tools/words.py FILE ...   # some files

Docs, docstrings, comments, messages and names are searched; code examples are not. Each hit is a
line FILE:LINE; the exit code is 1 if there is one.
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
FOLDERS = ("netdsl", "benchmarks", "docs", "examples", "grammar", "tests", "tools")
FILES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml")
THERE = {"is no", "are no", "was no"}  # fine after "there"
FINE = re.compile(r"(?:longer|more|less|better|worse|faster|slower|wider|larger|smaller)\b")
OTHERS = {"most_common", "heart_disease"}  # names of others, and of what they made
EXAMPLES = {ROOT / "tests" / "test_words.py", Path(__file__).resolve()}  # of the words themselves


class Hit(NamedTuple):
    """A word of the lists, and what to write instead."""

    line: int
    word: str
    instead: str


@cache
def listed(heading: str) -> dict[str, str]:
    """Read one list of the glossary: each word, and what to write instead.

    Args:
        heading: `words`, which are searched everywhere, or `names`, which are for names alone.
    """
    text = GLOSSARY.read_text(encoding="utf-8")
    rows = re.search(rf"(?s)<!-- {heading} -->\n(.*?)<!-- end -->", text)
    assert rows, f"the glossary has no list of {heading}"
    found = {}
    for row in rows[1].splitlines()[2:]:
        words, instead = (cell.strip() for cell in row.strip("|").split("|"))
        found.update(dict.fromkeys((word.strip() for word in words.split(",")), instead))
    return found


@cache
def _pattern(*headings: str) -> re.Pattern[str]:
    words = sorted((word for heading in headings for word in listed(heading)), key=len)
    alternatives = "|".join(re.escape(word).replace(r"\ ", r"[\s#]+") for word in reversed(words))
    return re.compile(rf"\b(?:{alternatives})\b", re.IGNORECASE)


def _search(text: str, line: int, *headings: str) -> Iterator[Hit]:
    for match in _pattern(*headings).finditer(text):
        word = " ".join(re.split(r"[\s#]+", match[0].lower()))
        before, after = text[: match.start()].lower(), text[match.end() :].lstrip()
        if word in THERE and (before.endswith("there ") or FINE.match(after)):
            continue
        instead = next(listed(each)[word] for each in headings if word in listed(each))
        yield Hit(line + text.count("\n", 0, match.start()), word, instead)


def in_python(text: str) -> Iterator[Hit]:
    """Search comments, strings and names; consecutive comments are one text."""
    comments: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        line = token.start[0]
        if token.type == tokenize.COMMENT:
            comments.append((line, token.string))
            continue
        if token.type in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            continue
        yield from _comments(comments)
        comments = []
        if token.type == tokenize.STRING:
            yield from _search(_plain(token.string), line, "words")
        elif token.type == tokenize.NAME and token.string not in OTHERS:
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", token.string).replace("_", " ")
            # A test's name is a sentence: `test_the_most_frequent_words` is fine.
            lists = ("words",) if words.startswith("test ") else ("words", "names")
            yield from _search(words, line, *lists)
    yield from _comments(comments)


def _comments(comments: list[tuple[int, str]]) -> Iterator[Hit]:
    """Search comments; those on lines that follow each other are one text."""
    block: list[str] = []
    for place, (line, text) in enumerate(comments):
        block.append(text)
        if place + 1 == len(comments) or comments[place + 1][0] != line + 1:
            yield from _search("\n".join(block), line - len(block) + 1, "words")
            block = []


def in_markdown(text: str) -> Iterator[Hit]:
    """Search a page without its code, its examples and the glossary's own lists."""
    for code in (
        r"(?ms)^```.*?^```",
        r"(?m)^    .*$",
        r"(?s)<!-- (?:words|names) -->.*?<!-- end -->",
    ):
        text = re.sub(code, lambda match: "\n" * match[0].count("\n"), text)
    yield from _search(_plain(text), 1, "words")


def in_comments(text: str) -> Iterator[Hit]:
    """Search what follows a `#` or `//` in other files."""
    found = re.finditer(r"(?m)(?:#|//)[^\n]*", text)
    comments = [(text.count("\n", 0, match.start()) + 1, match[0]) for match in found]
    yield from _comments(comments)


def _plain(text: str) -> str:
    """Return a text without the code in it: what is between backquotes."""
    return re.sub(r"`[^`\n]*`", "`", text)


def in_file(path: Path) -> list[Hit]:
    """Search one file by its suffix."""
    text = path.read_text(encoding="utf-8")
    search = {".py": in_python, ".md": in_markdown}.get(path.suffix, in_comments)
    return list(search(text))


def files() -> Iterator[Path]:
    """Give the files that are searched, in order."""
    for name in FILES:
        yield ROOT / name
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".md", ".net", ".lark", ".css"} and path not in EXAMPLES:
                yield path


def main(names: list[str]) -> int:
    """Print each hit as FILE:LINE; 1 if there is one."""
    paths = [Path(name).resolve() for name in names] or list(files())
    hits = [(path, hit) for path in paths for hit in in_file(path)]
    for path, hit in hits:
        print(f"{path.relative_to(ROOT)}:{hit.line}: `{hit.word}`: write {hit.instead}")
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
