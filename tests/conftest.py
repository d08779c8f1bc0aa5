"""What all tests share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

FRAMEWORKS = {"keras", "tensorflow", "jax", "torch"}
BEFORE = pytest.StashKey[set[str]]()
KERAS_ONLY = re.compile(r"^pytestmark = \[?\s*pytest\.mark\.keras\b", re.MULTILINE)
"""Of a module whose every test has the marker `keras`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens",
        action="store_true",
        help="write the golden files again; read the difference before you commit it",
    )
    parser.addoption("--no-skips", action="store_true", help="a test that is skipped fails")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[pytest.TestReport]:
    report = yield
    if report.skipped and item.config.getoption("--no-skips"):
        report.outcome = "failed"
        report.longrepr = f"skipped: {report.longrepr[2]}"
    return report


def _without_keras(config: pytest.Config) -> bool:
    return config.option.markexpr.startswith("not keras")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Whole modules of tests with the marker `keras` are not even read where it is left out: to
    import a framework takes longer than all that `make quick` imports besides.
    """
    if collection_path.suffix != ".py" or not _without_keras(config):
        return None
    text = collection_path.read_text(encoding="utf-8")
    return True if KERAS_ONLY.search(text) else None


def pytest_collection_finish(session: pytest.Session) -> None:
    imported = FRAMEWORKS & sys.modules.keys()
    if imported and _without_keras(session.config):
        raise pytest.UsageError(f"a module imports {imported} and has no `pytestmark` that says so")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[BEFORE] = FRAMEWORKS & sys.modules.keys()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """A test that imports a framework, or asks for a fixture that does, has the marker that
    `make quick` leaves out.
    """
    yield
    imported = FRAMEWORKS & sys.modules.keys() - item.stash[BEFORE]
    if imported and item.get_closest_marker("keras") is None:
        pytest.fail(f"imports {imported}: mark it with `keras`", pytrace=False)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with a golden file; `pytest --update-goldens` writes the file again."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-goldens"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
