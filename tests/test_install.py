"""The grammar and the bundled data are found from a wheel (made from the sdist), a bare
checkout, and where the tests run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import netdsl

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
PROGRAM = """
import netdsl, pathlib
from netdsl.library import standard_names
from netdsl.syntax.grammar import grammar_folder
assert {"resnet", "unet", "transformer"} <= set(standard_names()), standard_names()
print(netdsl.parse("32x32x1 > conv5-6(pad=0) > pool > fc-10").counts.params)
print(grammar_folder())
training = pathlib.Path(netdsl.__file__).parent / "training"
templates = {"report.html", "parts.html", "report.css"}
assert templates == {path.name for path in (training / "reporting" / "templates").iterdir()}
print((training / "data" / "sources" / "digits.npz").is_file())
"""
PARAMS = 156 + 14 * 14 * 6 * 10 + 10


def used_from(path: Path | None, elsewhere: Path) -> list[str]:
    """What the program prints with `path` first on the module path (None: as installed)."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        cwd=elsewhere,
        env=environment,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel made from an sdist of the checkout."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return next(out.glob("*.whl"))


@pytest.mark.slow
def test_wheel(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    params, folder, digits = used_from(site, tmp_path)
    assert int(params) == PARAMS
    assert Path(folder) == site / "netdsl" / "grammar"
    assert digits == "True"
    assert (site / "netdsl" / "training" / "data" / "sources" / "digits.LICENSE.txt").is_file()
    assert (site / "netdsl" / "py.typed").is_file()
    assert (site / "netdsl" / "pages" / "errors" / "N204.md").is_file()
    names = {path.name for path in site.iterdir()}
    assert "netdsl" in names
    assert not names & {"tests", "docs", "grammar", "examples"}, (
        "the wheel must not spill into site-packages"
    )
    inside = (site / "netdsl" / "examples").rglob("*.net")
    assert {path.name for path in inside} == {path.name for path in EXAMPLES.rglob("*.net")}
    (metadata,) = site.glob("netdsl-*/METADATA")
    described = metadata.read_text(encoding="utf-8")
    assert f"\nVersion: {netdsl.__version__}\n" in described
    assert "# netdsl" in described
    assert not re.findall(r"\]\((?!https?:)", described), "a link that leads nowhere from an index"


def test_the_version_is_said_alike_everywhere() -> None:
    said = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert said
    assert said[1] == netdsl.__version__
    assert f"\n## {netdsl.__version__} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_bare_checkout(tmp_path: Path) -> None:
    for part in ("netdsl", "grammar"):
        shutil.copytree(
            ROOT / part, tmp_path / "checkout" / part, ignore=shutil.ignore_patterns("__pycache__")
        )
    params, folder, _ = used_from(tmp_path / "checkout", tmp_path)
    assert int(params) == PARAMS
    assert Path(folder) == tmp_path / "checkout" / "grammar"


def test_as_installed(tmp_path: Path) -> None:
    params, _, digits = used_from(None, tmp_path)
    assert int(params) == PARAMS
    assert digits == "True"


def test_without_a_grammar_the_message_says_so(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "netdsl", tmp_path / "netdsl", ignore=shutil.ignore_patterns("__pycache__")
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert result.returncode == 1
    assert "netdsl was installed without its grammar" in result.stderr
