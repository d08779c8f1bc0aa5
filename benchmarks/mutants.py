"""Changes lines of the package one at a time, and reports which changes no test notices.

    python benchmarks/mutants.py --floor kinds --seed 1              # 30 lines of netdsl/kinds
    python benchmarks/mutants.py --floor kinds emit --seed 2 3 --json found.json
    python benchmarks/mutants.py --floor kinds --tests tests/kinds   # what these tests alone notice
    python benchmarks/mutants.py --list                              # the floors

The lines are drawn by the seed from those that a test runs, and one change of each (`mutations`
says which there are). The draw of a line does not depend on the others: after an edit elsewhere the
same lines are drawn again. Each mutant is put into a copy of the checkout. There the tests that run
its line are run, those of its own room and quick ones first, until one fails. The mutant survives
where none does; where they take many times as long as before, it is stopped and counts as noticed.
A test that fails without the mutant too is left out.

Which tests run which lines is measured once (`coverings`) and kept under --cache. For a line that
runs when a module is imported, these are also the tests that run a function of the line's module,
or a line elsewhere that names what the line defines.

Mutants that mean the same as the source are in `equivalent_mutants.toml`, each evaluated by a
person: they are not drawn. The exit status is 1 where the share that is noticed is under --least.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import json
import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from coverings import Covering, Project, Worker, Workers, covering
from mutations import Mutant, mutants

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
PACKAGE = "netdsl"

SMALL_ROOMS = {
    "front": ("__init__", "__main__", "api", "architecture", "expectations", "reading"),
    "graph": ("graph", "expressions", "params", "library"),
    "ground": (
        "errors",
        "limits",
        "constants",
        "process",
        "wording",
        "naming",
        "text_table",
        "json_text",
        "files",
        "sources",
    ),
}
"""Rooms of a file or two that count together as one floor; each other room is a floor."""

BATCHES = (15, 60, 400)
"""The numbers of tests that are run first, next, and so on; all others follow."""

QUICK, MIDDLING = 0.1, 1.0  # seconds that a quick test takes, and a middling one


def floors(project: Project) -> dict[str, list[str]]:
    """Give the files of each floor of a package."""
    together = {room: floor for floor, rooms in SMALL_ROOMS.items() for room in rooms}
    found: dict[str, list[str]] = {}
    for path in sorted((project.top / project.package).rglob("*.py")):
        file = project.name(path)
        room = Path(file).parts[1].removesuffix(".py")
        found.setdefault(together.get(room, room), []).append(file)
    return found


# --- the draw -------------------------------------------------------------------------------------


def equivalents(path: Path) -> set[tuple[str, str, str]]:
    """Read the keys of the mutants that mean the same as the source."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["equivalent"]
    if lacking := [entry for entry in entries if not entry["reason"].strip()]:
        raise SystemExit(f"{path.name}: an entry gives no reason: {lacking[0]}")
    return {(entry["where"], entry["line"], entry["change"]) for entry in entries}


def drawn(
    project: Project,
    files: Iterable[str],
    covered: Covering,
    seed: int,
    count: int,
    same: set[tuple[str, str, str]],
) -> list[Mutant]:
    """Draw lines that tests run, and one change of each.

    Args:
        project: the checkout.
        files: where lines are drawn from.
        covered: which tests run which lines.
        seed: the seed of the draw.
        count: how many lines are drawn.
        same: keys of mutants that are left out.
    """
    lines = []
    for file in files:
        source = (project.top / file).read_text(encoding="utf-8")
        run = covered.lines(file)
        for _, found in groupby(mutants(file, source), key=lambda mutant: mutant.line):
            ranked = sorted(found, key=partial(_rank, seed))
            if any(run & _lines(mutant) or not mutant.runs for mutant in ranked):
                lines.append((source, ranked))
    lines.sort(key=lambda line: _rank(seed, line[1][0], whole=True))
    chosen: list[Mutant] = []
    for source, ranked in lines:
        if len(chosen) == count:
            break
        fit = (m for m in ranked if m.key not in same and m.matters(source))
        chosen += [mutant for mutant in [next(fit, None)] if mutant]
    return sorted(chosen, key=lambda mutant: (mutant.file, mutant.line))


def _rank(seed: int, mutant: Mutant, whole: bool = False) -> bytes:
    """A key that sorts mutants, or whole lines, in the order of the draw."""
    change = "" if whole else mutant.change
    parts = (str(seed), mutant.file, mutant.where, mutant.text, change)
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _lines(mutant: Mutant) -> set[int]:
    """Give the lines of the statement of a mutant."""
    first, last = mutant.span
    return {mutant.line, *range(first, last + 1)}


# --- the tests ------------------------------------------------------------------------------------


class Tests:
    """The tests that may notice a mutant."""

    def __init__(self, project: Project, covered: Covering) -> None:
        self._project = project
        self._covered = covered
        self._sources = {
            file: (project.top / file).read_text(encoding="utf-8").splitlines()
            for files in floors(project).values()
            for file in files
        }
        self._functions: dict[str, set[int]] = {}

    def of(self, mutant: Mutant) -> list[list[str]]:
        """Give the tests that may notice a mutant, in batches, the likeliest ones first."""
        found = self._at_call(mutant) if mutant.runs else {}
        if not mutant.runs or self._covered.runs_at_import(mutant.file, mutant.line):
            found |= self._at_import(mutant)
        room = "/".join(Path(mutant.file).parts[1:-1]) or Path(mutant.file).stem

        def order(test: str) -> tuple[bool, bool, bool, str, float]:
            file, seconds = test.partition("::")[0], found[test]
            near = room in file
            return seconds > MIDDLING, not near, seconds > QUICK, file, seconds

        tests = sorted(found, key=order)
        batches = []
        for size in BATCHES:
            batches.append(tests[:size])
            tests = tests[size:]
        return [batch for batch in (*batches, tests) if batch]

    def seconds(self, tests: Iterable[str]) -> float:
        """Give what tests took while they were measured."""
        return sum(
            self._covered.measured[test.partition("::")[0]].seconds.get(test, 0.0) for test in tests
        )

    def _at_call(self, mutant: Mutant) -> dict[str, float]:
        exact = self._covered.tests(mutant.file, [mutant.line])
        return exact or self._covered.tests(mutant.file, _lines(mutant))

    def _at_import(self, mutant: Mutant) -> dict[str, float]:
        """Give the tests that run a function of the module, or a line that names the definition."""
        found: dict[str, float] = {}
        if mutant.names:
            named = re.compile(rf"\b(?:{'|'.join(map(re.escape, mutant.names))})\b")
            for file, lines in self._sources.items():
                in_functions = self._in_functions(file)
                naming = [n for n in in_functions if named.search(lines[n - 1])]
                found |= self._covered.tests(file, naming)
        return found | self._covered.tests(mutant.file, self._in_functions(mutant.file))

    def _in_functions(self, file: str) -> set[int]:
        """Give the lines of the bodies of a file's functions."""
        if file not in self._functions:
            tree = ast.parse("\n".join(self._sources[file]))
            functions = (ast.FunctionDef, ast.AsyncFunctionDef)
            self._functions[file] = {
                line
                for node in ast.walk(tree)
                if isinstance(node, functions)
                for line in range(node.body[0].lineno, (node.end_lineno or 0) + 1)
            }
        return self._functions[file]


# --- the runs -------------------------------------------------------------------------------------


class Draw(NamedTuple):
    """A mutant that was drawn, with its floor and the seed of the draw."""

    floor: str
    seed: int
    mutant: Mutant


class Outcome(NamedTuple):
    """The result of a mutant.

    Attributes:
        draw: the mutant.
        said: "killed", "survived", "timed out", or "no test" where none runs its line.
        by: the test that failed; "" where none did.
        tests: how many tests might notice it.
    """

    draw: Draw
    said: str
    by: str
    tests: int

    @property
    def mutant(self) -> Mutant:
        return self.draw.mutant

    @property
    def noticed(self) -> bool:
        return self.said in ("killed", "timed out")

    @property
    def line(self) -> str:
        place = f"{self.mutant.file}:{self.mutant.line}"
        by = f" by {self.by}" if self.by else ""
        return f"{place}  {self.mutant.change}  {self.said}{by}"


class Trial:
    """Runs the tests of mutants."""

    def __init__(self, project: Project, tests: Tests, limit: float) -> None:
        """Prepare to run tests.

        Args:
            project: the checkout.
            tests: which tests may notice which mutant.
            limit: seconds of CPU time that tests may take in addition to 5 times their own.
        """
        self._project = project
        self._tests = tests
        self._limit = limit
        self._sound: dict[str, bool] = {}
        self._clock = 0
        self._lock = Lock()

    def outcome(self, worker: Worker, draw: Draw) -> Outcome:
        """Run the tests that may notice a mutant, in a copy of the checkout that contains it."""
        batches = self._tests.of(draw.mutant)
        number = sum(map(len, batches))
        found = partial(Outcome, draw, tests=number)
        if not number:
            return found("no test", by="")
        for batch in batches:
            said, by = self._noticed(worker, draw.mutant, batch)
            if said:
                return found(said, by=by)
        return found("survived", by="")

    def _noticed(self, worker: Worker, mutant: Mutant, tests: Sequence[str]) -> tuple[str, str]:
        """Whether one of the tests notices a mutant, and which; two "" where none does."""
        for slow in (False, True):
            chosen = [test for test in tests if self._is_slow(test) == slow]
            while chosen:
                said, by = self._run(worker, slow, chosen, mutant)
                if not said or self._is_sound(worker, by or chosen[0]):
                    if said:
                        return said, by
                    break
                chosen = [test for test in chosen if test != by and not test.startswith(f"{by}::")]
        return "", ""

    def _is_slow(self, test: str) -> bool:
        return self._project.is_slow(test.partition("::")[0])

    def _is_sound(self, worker: Worker, test: str) -> bool:
        """Whether a test, or all of a file, passes without a mutant."""
        if test not in self._sound:
            slow = self._is_slow(test)
            said, _ = self._run(worker, slow, [test] if "::" in test else None, None, test)
            with self._lock:
                self._sound[test] = not said
            if said:
                print(f"left out, as it fails without a mutant too: {test}", file=sys.stderr)
        return self._sound[test]

    def _run(
        self,
        worker: Worker,
        slow: bool,
        tests: Sequence[str] | None,
        mutant: Mutant | None,
        file: str = "",
    ) -> tuple[str, str]:
        """Run tests in a copy.

        Returns:
            "" where all pass, else "killed" or "timed out"; and the test that failed.
        """
        files = [test.partition("::")[0] for test in tests or [file]]
        seconds = self._tests.seconds(tests or [])
        path = worker.top / (mutant.file if mutant else "")
        original = path.read_text(encoding="utf-8") if mutant else ""
        written = path.stat()
        try:
            if mutant:
                self._write(path, mutant.applied(original), written.st_mtime)
            answer = worker.run(
                list(dict.fromkeys(files)),
                slow,
                tests=tests,
                stop=True,
                seconds=self._limit + 5 * seconds,
                patience=4 * (self._limit + 5 * seconds),
            )
        finally:
            if mutant:
                path.write_text(original, encoding="utf-8")
                os.utime(path, (written.st_atime, written.st_mtime))
        if answer.timed_out:
            return "timed out", ""
        if answer.ended:
            return "killed", ""
        return ("killed", answer.failed[0]) if answer.failed else ("", "")

    def _write(self, path: Path, source: str, before: float) -> None:
        """Write a source with a new modification time, so that old bytecode is not used for it."""
        with self._lock:
            self._clock += 10
            later = before + self._clock
        path.write_text(source, encoding="utf-8")
        os.utime(path, (later, later))


# --- what is said ---------------------------------------------------------------------------------


def difference(mutant: Mutant, source: str) -> str:
    """Give the lines before and after."""
    before, after = source.splitlines(), mutant.applied(source).splitlines()
    changed = list(difflib.unified_diff(before, after, lineterm="", n=0))[3:]
    return "\n".join(f"    {line}" for line in changed)


def shares(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Say how many mutants of each seed were noticed, by floor and in total."""
    seeds = list(dict.fromkeys(outcome.draw.seed for outcome in outcomes))
    names = list(dict.fromkeys(outcome.draw.floor for outcome in outcomes))
    yield f"{'':<12}" + "".join(f"{f'seed {seed}':>24}" for seed in seeds)
    for name in [*names, "all"]:
        cells = []
        for seed in seeds:
            some = [o for o in outcomes if o.draw.seed == seed and name in ("all", o.draw.floor)]
            noticed = sum(outcome.noticed for outcome in some)
            share = f"{noticed / len(some):.1%}" if some else ""
            cells.append(f"{f'{noticed} of {len(some)}':>15} {share:>8}")
        yield f"{name:<12}" + "".join(cells)


def values(outcome: Outcome, source: str) -> dict[str, object]:
    """Give an outcome as JSON has it."""
    mutant = outcome.mutant
    return {
        "floor": outcome.draw.floor,
        "seed": outcome.draw.seed,
        "file": mutant.file,
        "line": mutant.line,
        "where": mutant.where,
        "text": mutant.text,
        "change": mutant.change,
        "outcome": outcome.said,
        "by": outcome.by,
        "tests": outcome.tests,
        "difference": difference(mutant, source),
    }


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    add = parser.add_argument
    add("--floor", nargs="+", metavar="NAME", default=[], help="floors, or files of the package")
    add("--seed", type=int, nargs="+", default=[0], help="of the draw, or of several (default: 0)")
    add("--count", type=int, default=30, help="lines of each floor (default: 30)")
    add("--jobs", type=int, default=os.cpu_count(), help="mutants at a time")
    add("--tests", nargs="+", metavar="PATH", default=[], help="these test files and folders alone")
    add("--limit", type=float, default=60, help="seconds of a mutant's tests, and 5 times theirs")
    add("--json", type=Path, metavar="FILE", help="write all outcomes to this file")
    add("--least", type=float, default=0, metavar="SHARE", help="exit with 1 under this share")
    add("--cache", type=Path, default=home / "netdsl-mutants", help="where measurements are kept")
    add("--list", action="store_true", help="list the floors")
    add("--measure", action="store_true", help="measure which tests run which lines, no more")
    add("--top", type=Path, default=ROOT, help="the checkout (default: this one)")
    add("--package", default=PACKAGE, help=argparse.SUPPRESS)
    add("--equivalent", type=Path, default=EQUIVALENT, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    options = arguments()
    project = Project(options.top.resolve(), options.package)
    there = floors(project)
    if options.list:
        print(*(f"{floor:<12} {len(files)} files" for floor, files in there.items()), sep="\n")
        return 0
    files = {name: there.get(name) or [name] for name in options.floor}
    if unknown := [
        file for some in files.values() for file in some if not (project.top / file).is_file()
    ]:
        raise SystemExit(f"no floor or file is called {unknown[0]}: there are {', '.join(there)}")
    same = equivalents(options.equivalent)
    reported = partial(print, file=sys.stderr, flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as folder,
        closing(Workers(project, Path(folder), options.jobs)) as workers,
    ):
        covered = covering(project, workers, options.cache, options.tests, reported)
        if options.measure:
            return 0
        chosen = [
            Draw(floor, seed, mutant)
            for floor, some in files.items()
            for seed in options.seed
            for mutant in drawn(project, some, covered, seed, options.count, same)
        ]
        trial = Trial(project, Tests(project, covered), options.limit)
        outcomes = []
        for outcome in workers.map(trial.outcome, chosen):
            print(outcome.line, flush=True)
            outcomes.append(outcome)
    if not outcomes:
        raise SystemExit("no line of these floors is run by a test")
    sources = {
        outcome.mutant.file: (project.top / outcome.mutant.file).read_text(encoding="utf-8")
        for outcome in outcomes
    }
    print()
    for outcome in outcomes:
        if not outcome.noticed:
            mutant = outcome.mutant
            print(
                f"{mutant.file}:{mutant.line} {mutant.where}: {outcome.said} ({outcome.tests} "
                "tests)"
            )
            print(difference(mutant, sources[mutant.file]))
    print(*shares(outcomes), sep="\n")
    if options.json:
        found = [values(outcome, sources[outcome.mutant.file]) for outcome in outcomes]
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    share = sum(outcome.noticed for outcome in outcomes) / len(outcomes)
    return int(share < options.least)


if __name__ == "__main__":
    sys.exit(main())
