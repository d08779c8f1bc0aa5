"""The pages of the documentation that netdsl shows: of codes, and sections of the language's
reference.
"""

from __future__ import annotations

import os
import re
from functools import cache

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_CODE = re.compile(r"[NW][0-9]{3}")


def _pages(name: str) -> str:
    """Return where a part of the documentation lies.

    Inside the package where it was installed, in `docs` in a checkout.

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
    """Return the folder of the codes' pages."""
    return _pages("errors")


def document(name: str) -> str:
    """Return a page of the documentation: `language.md`, `accounting.md`, `recipes.md`."""
    with open(_pages(name), encoding="utf-8") as file:
        return file.read()


def section(heading: str, name: str = "language.md") -> str:
    """Return a section of a page (by default the language's), up to the next heading."""
    found = re.search(rf"(?ms)^#+ {re.escape(heading)}$.*?(?=^##|\Z)", document(name))
    assert found, heading
    return found[0]


def page(code: str) -> str:
    """Return the page of a code."""
    with open(os.path.join(pages_folder(), f"{code}.md"), encoding="utf-8") as file:
        return file.read()


@cache
def titles() -> dict[str, str]:
    """Return the codes that have a page, in order, and what each means in a line."""
    names = sorted(
        name[:-3]
        for name in os.listdir(pages_folder())
        if _CODE.fullmatch(name[:-3]) and name.endswith(".md")
    )
    return {
        code: page(code).partition("\n")[0].removeprefix(f"# {code}").strip(" ·") for code in names
    }
