"""Which tests run which lines: measured by coverage.py, one test file at a time, and kept.

What was measured for a test file is valid until the file itself, a helper that it imports or a file
of the package that it runs a line of changes.
"""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

from coverage import Coverage
from forks import Answer, Request, Server

SLOW = re.compile(r"pytest\.mark\.keras")
"""The mark in test files that import Keras."""

PRELOAD = ("keras",)


class Project(NamedTuple):
    """A checkout that has tests.

    Attributes:
        top: its folder.
        package: the name of the folder of its package.
        tests: the name of the folder of its tests.
    """

    top: Path
    package: str
    tests: str = "tests"

    def test_files(self, only: Sequence[str] = ()) -> list[str]:
        """Give the test files: all, or those that `only` names or that lie in folders it names."""
        files = [self.name(path) for path in sorted((self.top / self.tests).rglob("test_*.py"))]
        chosen = [name.rstrip("/") for name in only]
        return [
            file
            for file in files
            if not chosen or any(file == name or file.startswith(f"{name}/") for name in chosen)
        ]

    def digest_of_test(self, file: str) -> str:
        """Give a digest of a test file, the helpers that it imports, and its `conftest` files."""
        tests = self.top / self.tests
        pending, found = [self.top / file], set[Path]()
        while pending:
            path = pending.pop()
            found.add(path)
            pending += [other for other in _imported(path, tests) if other not in found]
        above = [parent / "conftest.py" for parent in (self.top / file).parents]
        return _digest([*sorted(found), *(path for path in above if path.is_relative_to(tests))])

    def digest(self, file: str) -> str:
        """Give a digest of a file."""
        return _digest([self.top / file])

    def name(self, path: Path) -> str:
        return path.relative_to(self.top).as_posix()

    def is_slow(self, file: str) -> bool:
        """Whether a test file imports Keras."""
        return bool(SLOW.search((self.top / file).read_text(encoding="utf-8")))


def _imported(path: Path, folder: Path) -> Iterator[Path]:
    """Give the files of a folder that one of them imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        paths = (folder / f"{name.replace('.', '/')}.py" for name in names)
        yield from (path for path in paths if path.exists())


def _digest(paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(path.read_bytes() if path.exists() else b"")
        found.update(b"\0")
    return found.hexdigest()


class Worker:
    """A copy of a checkout, and the processes that run tests in it."""

    def __init__(self, project: Project, folder: Path) -> None:
        """Copy the checkout.

        Args:
            project: the checkout.
            folder: for the copy and for what the runs leave.
        """
        self.top = folder / "checkout"
        self._folder = folder
        self._servers: dict[bool, Server] = {}
        _copy(project.top, self.top)

    def run(self, files: Sequence[str], slow: bool, **more: Any) -> Answer:
        """Run tests of some files.

        Args:
            files: test files.
            slow: whether in a fork of the process that has Keras.
            more: the rest of a `Request`.
        """
        if slow not in self._servers:
            self._servers[slow] = Server(self.top, PRELOAD if slow else ())
        temporary = self._folder / "tests"
        request = Request(
            files,
            answer=str(self._folder / "answer.json"),
            log=str(self._folder / "log"),
            temporary=str(temporary),
            **more,
        )
        try:
            return self._servers[slow].run(request)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    @property
    def log(self) -> str:
        """What the last run printed."""
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        for server in self._servers.values():
            server.close()


def _copy(top: Path, copy: Path) -> None:
    """Copy a checkout: files that Git tracks or would; everything outside a repository."""
    if not (top / ".git").exists():
        shutil.copytree(top, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        return
    command = ["git", "-C", str(top), "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (top / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(top / name, copy / name)


class Workers:
    """Workers that take turns."""

    def __init__(self, project: Project, folder: Path, number: int) -> None:
        self._all = [Worker(project, folder / f"copy-{place}") for place in range(number)]
        self._free: SimpleQueue[Worker] = SimpleQueue()
        for worker in self._all:
            self._free.put(worker)

    @contextmanager
    def one(self) -> Iterator[Worker]:
        """Wait for a free worker, and hold it until the context ends."""
        worker = self._free.get()
        try:
            yield worker
        finally:
            self._free.put(worker)

    def map(self, task: Callable[[Worker, Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Do a task for each item, several at a time; give what came of it in the items' order."""

        def done(item: Any) -> Any:
            with self.one() as worker:
                return task(worker, item)

        with ThreadPoolExecutor(len(self._all)) as pool:
            yield from pool.map(done, items)

    def close(self) -> None:
        for worker in self._all:
            worker.close()


# --- what is measured -----------------------------------------------------------------------------


class Measured(NamedTuple):
    """What the tests of a file run.

    Attributes:
        test: a digest of the test file and of the helpers that it imports.
        sources: a digest of each file of the package that it runs a line of.
        seconds: what each test took while it was measured.
        lines: for each file of the package and each test, the lines that it runs, as the bits of
            an integer; for "", those that run outside of tests, when a module is imported.
    """

    test: str
    sources: dict[str, str]
    seconds: dict[str, float]
    lines: dict[str, dict[str, int]]


class Covering:
    """Which tests run which lines."""

    def __init__(self, measured: dict[str, Measured]) -> None:
        """Gather what was measured, by test file."""
        self.measured = measured

    def tests(self, file: str, lines: Iterable[int]) -> dict[str, float]:
        """Give the tests that run any of the lines, with their seconds."""
        mask = sum(1 << line for line in set(lines))
        return {
            test: one.seconds.get(test, 0.0)
            for one in self._of(file)
            for test, bits in one.lines[file].items()
            if test and bits & mask
        }

    def runs_at_import(self, file: str, line: int) -> bool:
        """Whether a line runs outside of tests too, as a method does that makes a class."""
        return any(one.lines[file].get("", 0) >> line & 1 for one in self._of(file))

    def lines(self, file: str) -> set[int]:
        """Give the lines of a file that a test runs."""
        bits = 0
        for one in self._of(file):
            for test, more in one.lines[file].items():
                bits |= more if test else 0
        return {line for line in range(bits.bit_length()) if bits >> line & 1}

    def _of(self, file: str) -> Iterator[Measured]:
        return (one for one in self.measured.values() if file in one.lines)


def covering(
    project: Project,
    workers: Workers,
    cache: Path,
    only: Sequence[str] = (),
    reported: Callable[[str], None] = print,
) -> Covering:
    """Measure which tests run which lines, except where a kept measurement is still valid.

    Args:
        project: the checkout.
        workers: copies of it.
        cache: where what was measured is kept.
        only: the test files and folders to measure; empty for all.
        reported: is called with a line of text for each test file that is measured.
    """
    cache.mkdir(parents=True, exist_ok=True)
    files = project.test_files(only)
    digests: dict[str, str] = {}

    def known(file: str) -> Measured | None:
        kept = _kept(cache, file)
        if kept is None or kept.test != project.digest_of_test(file):
            return None
        for source in kept.sources:
            if source not in digests:
                digests[source] = project.digest(source)
        same = all(digests[source] == digest for source, digest in kept.sources.items())
        return kept if same else None

    found = {file: measured for file in files if (measured := known(file))}
    missing = [file for file in files if file not in found]

    def measure(worker: Worker, file: str) -> Measured:
        measured = _measured(project._replace(top=worker.top), worker, file)
        _keep(cache, file, measured)
        reported(f"measured {file}: {len(measured.seconds)} tests")
        return measured

    slow_last = sorted(missing, key=project.is_slow)
    found.update(zip(slow_last, workers.map(measure, slow_last), strict=True))
    return Covering(found)


def _measured(project: Project, worker: Worker, file: str) -> Measured:
    """Run a test file of a worker's copy under coverage.py."""
    folder = worker.top.parent / "covered"
    shutil.rmtree(folder, ignore_errors=True)
    package = worker.top / project.package
    answer = worker.run(
        [file], project.is_slow(file), covered=str(folder), package=str(package), patience=3600
    )
    if answer.ended:
        raise SystemExit(f"{file} cannot be measured: {answer.ended}\n{worker.log[-2000:]}")
    together = Coverage(data_file=str(folder / "together"), config_file=False, messages=False)
    together.combine([str(path) for path in folder.iterdir() if path.name != "settings"])
    data = together.get_data()
    lines: dict[str, dict[str, int]] = {}
    sources = {}
    for path in sorted(data.measured_files()):
        by_test: dict[str, int] = {}
        for line, contexts in data.contexts_by_lineno(path).items():
            for context in contexts:
                by_test[context] = by_test.get(context, 0) | 1 << line
        if by_test.keys() - {""}:
            name = Path(path).relative_to(worker.top).as_posix()
            sources[name], lines[name] = project.digest(name), by_test
    return Measured(project.digest_of_test(file), sources, answer.seconds, lines)


def _path(cache: Path, file: str) -> Path:
    return cache / f"{file.replace('/', '-')}.json.gz"


def _kept(cache: Path, file: str) -> Measured | None:
    path = _path(cache, file)
    if not path.exists():
        return None
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        kept = Measured(**json.load(stream))
    lines = {
        source: {test: int(bits, 16) for test, bits in tests.items()}
        for source, tests in kept.lines.items()
    }
    return kept._replace(lines=lines)


def _keep(cache: Path, file: str, measured: Measured) -> None:
    lines = {
        source: {test: f"{bits:x}" for test, bits in tests.items()}
        for source, tests in measured.lines.items()
    }
    path = _path(cache, file)
    unfinished = path.with_suffix(".part")
    with gzip.open(unfinished, "wt", compresslevel=5, encoding="utf-8") as stream:
        json.dump(measured._replace(lines=lines)._asdict(), stream)
    unfinished.replace(path)
