"""`benchmarks/mutants.py`: which changes it makes, and what it says of a small package's tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from support.sources import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from mutations import Mutant, mutants

PROGRAM = ROOT / "benchmarks" / "mutants.py"

# --- changes --------------------------------------------------------------------------------------


def changed(source: str) -> set[str]:
    """The lines that mutants make of one line."""
    found = mutants("a.py", source)
    return {mutant.applied(source).strip() for mutant in found if mutant.matters(source)}


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("return a < b", {"return a <= b", "return None"}),
        ("return a is not b", {"return a is b", "return None"}),
        ("return a not in b", {"return a in b", "return None"}),
        ("return (a) >= (b)", {"return (a) > (b)", "return None"}),
        ("return a < b <= c", {"return a <= b <= c", "return a < b < c", "return None"}),
        ("return 7", {"return 8", "return 6", "return None"}),
        ("return -1", {"return -2", "return -0", "return None"}),
        ("return 0", {"return 1", "return (-1)", "return None"}),
        ("return True", {"return False", "return None"}),
        ("return not a", {"return a", "return None"}),
        ("return a and b or c", {"return a or b or c", "return a and b and c", "return None"}),
        ("return a // b", {"return a * b", "return None"}),
        ("return a ** b", {"return a * b", "return None"}),
        ("return a if b else c", {"return None", "return a if True else c"}
         | {"return a if False else c", "return a if not (b) else c"}),
        ("return [a for a in b if a == c]", {"return None"}
         | {f"return [a for a in b if {test}]" for test in ("a != c", "True", "False")}),
        ("a += b", {"a -= b", "pass"}),
        ("a = b", {"pass"}),
        ("raise a", {"pass"}),
        ("del a", {"pass"}),
        ("a(b, c=d)", {"a(b)", "a(c=d)", "pass"}),
        ("a(b, c)", {"a(b)", "pass"}),
        ("a(*b, **c)", {"a(**c)", "a(*b)", "pass"}),
        ("a: int = b", {"pass"}),
    ],
)  # fmt: skip
def test_a_line_has_these_changes(line: str, lines: set[str]) -> None:
    head = "def f(a, b, c, d):\n    "
    found = {text.removeprefix(head.strip()).strip() for text in changed(head + line)}
    assert found == {text for text in lines if text != line}


@pytest.mark.parametrize(
    "source",
    [
        '"""A page."""',
        "import a",
        "from a import b",
        "a: dict[int, 'b']",
        "A: TypeAlias = b",
        "A = Callable[[b], c]",
        "__all__ = a",
        "if TYPE_CHECKING:\n    a = 1",
    ],
)
def test_what_has_no_function_is_left_alone(source: str) -> None:
    assert not changed(source)


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("raise A('a b')", {"pass"}),
        ("raise A(f'{1 + 2}')", {"pass"}),
        ("a = 'b' + c", {"pass"}),
        ("a = f'{b}' + c", {"pass"}),
        ("a('b c', d=f'{b}')", {"pass"}),
        ("a(b for b in c)", {"pass"}),
        ("a = cache(b, maxsize=5)", {"pass", "a = cache(maxsize=5)"}),
        ("zip(a, strict=True)", {"pass", "zip(strict=True)"}),
        ("zip(a, strict=False)", {"pass", "zip(a)", "zip(strict=False)", "zip(a, strict=True)"}),
        ("call(a, strict=True)", {"pass", "call(a)", "call(strict=True)", "call(a, strict=False)"}),
    ],
)
def test_messages_and_what_no_program_shows_are_left_alone(line: str, lines: set[str]) -> None:
    assert changed(line) == lines


def test_a_loop_does_not_become_endless_by_its_condition() -> None:
    found = {mutant.change for mutant in mutants("a.py", "while a:\n    break")}
    assert found == {"condition False", "not added", "break to continue"}


def test_the_same_bytecode_does_not_matter() -> None:
    source = "def f():\n    return 2 * 2\n"
    (same,) = (mutant for mutant in mutants("a.py", source) if mutant.change == "* to +")
    assert not same.matters(source)


def one(source: str, change: str) -> Mutant:
    (found,) = (mutant for mutant in mutants("a.py", source) if mutant.change == change)
    return found


def test_where_a_change_is() -> None:
    source = dedent("""
        class A:
            b = 5

            @c(6)
            def d(self, e=7):
                if (self
                        > 8):
                    return lambda: 9
    """)
    assert one(source, "5 to 6")[1:8] == (3, (3, 3), "A", False, ("b",), "b = 5", "5 to 6")
    assert one(source, "6 to 7")[1:6] == (5, (6, 6), "A", False, ("d",))
    assert one(source, "7 to 8")[1:6] == (6, (6, 6), "A", False, ("d",))
    assert one(source, "8 to 9")[1:5] == (8, (7, 8), "A.d", True)
    assert one(source, "9 to 10")[1:5] == (9, (9, 9), "A.d", True)


def test_bytes_and_characters_are_distinguished() -> None:
    source = "a = '×' if b < c else '÷'\n"
    assert one(source, "< to <=").applied(source) == "a = '×' if b <= c else '÷'\n"


# --- a package and its tests ----------------------------------------------------------------------

SOURCE = '''
"""A package."""
import functools
import sys

LEAST = 3

def large(number):
    """Whether a number is large."""
    return number > LEAST

def count(number):
    while number > 0:
        number -= 1
    return number

@functools.cache
def cached(number):
    return number + 1

def started():
    print(len(sys.argv))

def never():
    return 1

class Named:
    def __set_name__(self, owner, name):
        self.name = name.title()

class Owner:
    part = Named()

    def said(self):
        return type(self).__dict__["part"].name
'''

TESTS = """
import subprocess
import sys
from tiny import Named, Owner, cached, count, large

def test_large():
    assert large(100)
    assert not large(0)

def test_count():
    assert count(5) == 0

def test_weak():
    cached(1)

def test_strong():
    assert cached(1) == 2

def test_started():
    command = [sys.executable, "-c", "import tiny; tiny.started()"]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "1\\n"

def test_named():
    Named().__set_name__(None, "")

def test_owner():
    assert Owner().said() == "Part"

def test_broken():
    large(1)
    assert False
"""


class Tiny:
    """A package of a file with its tests, and what the program says of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.top = folder / "top"
        for name, text in (("tiny/__init__.py", SOURCE), ("tests/test_tiny.py", TESTS)):
            path = self.top / name
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
        self.equivalent = folder / "equivalent.toml"
        self.equivalent.write_text("equivalent = []", encoding="utf-8")

    def run(self, *options: str, file: str = "tiny/__init__.py") -> Any:
        given = {
            "--top": self.top,
            "--package": "tiny",
            "--cache": self.folder / "cache",
            "--equivalent": self.equivalent,
            "--json": self.folder / "found.json",
            "--floor": file,
            "--jobs": 1,
            "--limit": 2,
        }
        command = [sys.executable, PROGRAM, *options]
        command += [str(part) for pair in given.items() for part in pair]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def found(self) -> list[Any]:
        return json.loads((self.folder / "found.json").read_text(encoding="utf-8"))

    def outcomes(self) -> dict[str, set[tuple[str, str]]]:
        """The results of the mutants of each line, over some draws."""
        found: dict[str, set[tuple[str, str]]] = {}
        assert not self.run("--seed", "0", "1", "2", "3").returncode
        for one in self.found():
            test = one["by"].rpartition("::")[2]
            found.setdefault(one["text"], set()).add((one["outcome"], test))
        return found


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return Tiny(tmp_path_factory.mktemp("mutants"))


def test_what_the_tests_notice(tiny: Tiny) -> None:
    before = {path: path.stat().st_mtime_ns for path in tiny.top.rglob("*")}
    found = tiny.outcomes()
    assert set(found) == {
        "LEAST = 3",
        "return number > LEAST",
        "while number > 0:",
        "number -= 1",
        "return number",
        "return number + 1",
        "print(len(sys.argv))",
        "part = Named()",
        "self.name = name.title()",
        'return type(self).__dict__["part"].name',
    }
    assert {path: path.stat().st_mtime_ns for path in tiny.top.rglob("*")} == before
    # A threshold that no test is near to; it runs at import, and is named where it is used.
    assert ("survived", "") in found["LEAST = 3"]
    assert found["return number"] == {("killed", "test_count")}
    # The loop that does not end any more is stopped.
    assert ("timed out", "") in found["number -= 1"]
    # The second test would find the value in the cache.
    assert found["return number + 1"] == {("killed", "test_strong")}
    assert found["print(len(sys.argv))"] == {("killed", "test_started")}
    # It runs in the first test, which does not look, and before, when the class is made.
    assert found["self.name = name.title()"] == {("killed", "test_owner")}


def test_what_is_said(tiny: Tiny) -> None:
    again = tiny.run("--seed", "1", "--count", "3")
    assert again.returncode == 0
    assert "measured" not in again.stderr
    lines = again.stdout.splitlines()
    assert all(line.startswith("tiny/__init__.py:") for line in lines[:3])
    assert not lines[3]
    noticed = sum(one["outcome"] != "survived" for one in tiny.found())
    assert lines[-1].split() == ["all", f"{noticed}", "of", "3", f"{noticed / 3:.1%}"]


def test_a_test_that_fails_anyway_is_left_out_and_named(tiny: Tiny) -> None:
    said = tiny.run("--count", "3")
    assert "test_broken" not in json.dumps(tiny.found())
    assert "fails without a mutant too: tests/test_tiny.py::test_broken" in said.stderr


def test_a_share_may_be_asked_for(tiny: Tiny) -> None:
    given = ("--count", "2", "--seed", "0", "1")
    shares = [tiny.run(*given, "--least", least).returncode for least in ("0.1", "1")]
    noticed = [one["outcome"] != "survived" for one in tiny.found()]
    assert shares == [sum(noticed) < 0.1 * len(noticed), not all(noticed)] == [0, 1]


def test_what_is_listed_as_equivalent_is_not_drawn(tiny: Tiny) -> None:
    def changes() -> dict[str, str]:
        tiny.run("--seed", "3", "--count", "4")
        return {one["text"]: one["change"] for one in tiny.found()}

    entry = (
        '[[equivalent]]\nwhere = "cached"\nline = "return number + 1"\nchange = "{}"\n'
        'reason = "{}"\n'
    )
    before = changes()
    listed = entry.format(before["return number + 1"], "a reason")
    tiny.equivalent.write_text(listed, encoding="utf-8")
    after = changes()
    assert after.pop("return number + 1") != before.pop("return number + 1")
    assert after == before
    tiny.equivalent.write_text(entry.format("1 to 2", ""), encoding="utf-8")
    assert "gives no reason" in tiny.run().stderr
    tiny.equivalent.write_text("equivalent = []", encoding="utf-8")


def test_the_draw_of_a_line_does_not_depend_on_others(tiny: Tiny) -> None:
    tiny.run("--seed", "5", "--count", "2")
    before = {(one["text"], one["change"]) for one in tiny.found()}
    path = tiny.top / "tiny" / "__init__.py"
    path.write_text(SOURCE + "\ndef more():\n    return 5\n", encoding="utf-8")
    said = tiny.run("--seed", "5", "--count", "2")
    path.write_text(SOURCE, encoding="utf-8")
    assert "measured tests/test_tiny.py: 8 tests" in said.stderr
    assert {(one["text"], one["change"]) for one in tiny.found()} == before


def test_an_unknown_floor_is_named(tiny: Tiny) -> None:
    said = tiny.run(file="attic")
    assert said.returncode == 1
    assert "no floor or file is called attic" in said.stderr
