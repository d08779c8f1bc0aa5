"""Tests run in forks of a process that has imported what is slow to import, such as Keras.

`Server` starts the process in a copy of a checkout and asks it for runs of pytest. Each run is a
fork: it imports the package and the tests itself, has a limit of time and memory, and when it ends,
what it started is ended too. Only POSIX systems fork.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

CONTEXT = "MUTANTS_CONTEXT"
"""The environment variable with the name of the running test, for the processes it starts."""

MEMORY = 8 * 2**30
"""The most bytes that a fork may take for data."""

# Settings of coverage.py for processes that tests start: it reads them when Python starts.
SETTINGS = f"""[run]
parallel = true
data_file = {{folder}}/started
source = {{source}}
context = ${{{{{CONTEXT}-}}}}
patch = _exit
"""


class Request(NamedTuple):
    """A run of pytest.

    Attributes:
        files: test files, from the top of the copy.
        answer: where the `Answer` is written to.
        log: where the output goes.
        temporary: a folder of its own for the tests.
        tests: the pytest names of the tests to run, in this order; None for all in the files.
        seconds: of CPU time that the fork, and each process that it starts, may take.
        patience: seconds of wall time until everything is killed.
        stop: whether the first failure ends the run.
        covered: a folder for what coverage.py measures, None where nothing is measured.
        package: the folder of the package that is measured.
    """

    files: Sequence[str]
    answer: str
    log: str
    temporary: str
    tests: Sequence[str] | None = None
    seconds: float = 600
    patience: float = 1800
    stop: bool = False
    covered: str | None = None
    package: str = ""


class Answer(NamedTuple):
    """The result of a run.

    Attributes:
        seconds: what each test took.
        failed: tests that failed, and files that could not be collected.
        ended: "" where pytest came to its end; else why it did not.
    """

    seconds: dict[str, float]
    failed: list[str]
    ended: str = ""

    @property
    def timed_out(self) -> bool:
        return self.ended == TIMED_OUT


TIMED_OUT = "timed out"


class Server:
    """A process that forks a run of pytest for each request."""

    def __init__(self, checkout: Path, preload: Sequence[str]) -> None:
        """Start it.

        Args:
            checkout: a copy of a checkout: the folder it runs in, and where it imports from.
            preload: modules that it imports before it forks.
        """
        here = Path(__file__).resolve()
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(here), *preload],
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": str(checkout), "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, request: Request) -> Answer:
        """Run tests in a fork, and wait for it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        Path(request.answer).unlink(missing_ok=True)
        print(json.dumps(request._asdict()), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process that runs tests ended: {self._process.wait()}")
        ended = json.loads(line)
        answer = Path(request.answer)
        if ended or not answer.exists():
            return Answer({}, [], ended or "no answer")
        return Answer(**json.loads(answer.read_text(encoding="utf-8")))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


# --- in the process -------------------------------------------------------------------------------


def serve(preload: Sequence[str]) -> None:
    """Answer requests, each a line of JSON on standard input, until it ends."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what modules print does not mix with the replies
    for name in preload:
        importlib.import_module(name)
    with contextlib.suppress(ImportError):
        _configure_hypothesis()
    for line in sys.stdin:
        print(json.dumps(_forked(Request(**json.loads(line)))), file=replies, flush=True)


def _configure_hypothesis() -> None:
    """Take the same examples in each run, and do not shrink one that fails."""
    from hypothesis import Phase, settings

    phases = (Phase.explicit, Phase.generate)
    settings.register_profile(
        "mutants", derandomize=True, database=None, deadline=None, phases=phases
    )
    settings.load_profile("mutants")


def _forked(request: Request) -> str:
    """Run the request in a fork; return why it did not complete, or "" where it did."""
    child = os.fork()
    if child == 0:
        try:
            _run(request)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(70)
    until = time.monotonic() + request.patience
    done, status = os.waitpid(child, os.WNOHANG)
    while not done and time.monotonic() < until:
        time.sleep(0.005)
        done, status = os.waitpid(child, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if not done:
        os.waitpid(child, 0)
        return TIMED_OUT
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGXCPU:
        return TIMED_OUT
    return "" if code == 0 else f"ended with {code}"


def _run(request: Request) -> None:
    """Run the request in this process, which is the fork."""
    os.setsid()
    output = os.open(request.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, standard in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, standard)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  # for all of the process
    seconds = int(request.seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    measure = _Coverage(request) if request.covered else None
    if measure:
        measure.measured.start()
    observer = _Observer(request.tests)
    given = ["-q", "-p", "no:cacheprovider", f"--basetemp={request.temporary}", "--tb=short"]
    given += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # modules that were preloaded
    plugins = [observer, measure] if measure else [observer]
    code = pytest.main([*given, *(["-x"] if request.stop else []), *request.files], plugins=plugins)
    if measure:
        measure.measured.stop()
        measure.measured.save()
    broken = not observer.failed and code not in (
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    )
    ended = f"pytest ended with {int(code)}" if broken else ""
    answer = Answer(observer.seconds, observer.failed, ended)._asdict()
    Path(request.answer).write_text(json.dumps(answer), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)


class _Observer:
    """A pytest plugin that selects the chosen tests in their order, and notes how they end."""

    def __init__(self, tests: Sequence[str] | None) -> None:
        self.order = None if tests is None else {name: place for place, name in enumerate(tests)}
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self.order is not None:
            order = self.order
            renamed = {_function(name) for name in order.keys() - {item.nodeid for item in items}}
            items[:] = sorted(
                (i for i in items if i.nodeid in order or _function(i.nodeid) in renamed),
                key=lambda item: order.get(item.nodeid, len(order)),
            )

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration
        if report.failed and report.nodeid not in self.failed:
            self.failed.append(report.nodeid)


def _function(name: str) -> str:
    """The name of a test without its parameters, which a mutant may change."""
    return name.partition("[")[0]


class _Coverage:
    """A pytest plugin that measures which lines each test runs, also in processes it starts."""

    def __init__(self, request: Request) -> None:
        import coverage

        folder = Path(str(request.covered))
        folder.mkdir(parents=True, exist_ok=True)
        settings = folder / "settings"
        settings.write_text(
            SETTINGS.format(folder=folder, source=request.package), encoding="utf-8"
        )
        os.environ["COVERAGE_PROCESS_START"] = str(settings)
        self.package = Path(request.package).name
        self.caches: dict[str, list[Any]] = {}
        self.measured = coverage.Coverage(
            data_file=str(folder / "measured"),
            source=[request.package],
            config_file=False,
            messages=False,
        )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, Any]:
        self._clear_caches()
        self.measured.switch_context(item.nodeid)
        os.environ[CONTEXT] = item.nodeid
        try:
            return (yield)
        finally:
            os.environ.pop(CONTEXT, None)
            self.measured.switch_context("")

    def _clear_caches(self) -> None:
        """Empty the caches of the package's functions: each test must run all that it needs."""
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] == self.package and name not in self.caches:
                values = list(vars(module).values())
                values += [
                    part
                    for value in values
                    if isinstance(value, type)
                    for part in vars(value).values()
                ]
                self.caches[name] = [value for value in values if hasattr(value, "cache_clear")]
        for caches in self.caches.values():
            for cache in caches:
                cache.cache_clear()


if __name__ == "__main__":
    serve(sys.argv[1:])
