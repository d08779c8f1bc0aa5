"""Settings of a folder: which file is read, what it accepts, and what comes before it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from netdsl.cli.commands import load
from netdsl.cli.config import nearest_config
from netdsl.cli.config_file import SETTINGS, as_environment, read_config
from netdsl.cli.main import main
from netdsl.errors import NetError

NET = "8x8x1 > fc-10"
FINE = "<text>: network is fine: 8x8x1 to 10, 650 params\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one in it, which is the working directory."""
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path


def test_the_nearest_file_upwards_is_read(folder: Path) -> None:
    assert nearest_config() is None
    (folder / "netdsl.toml").touch()
    assert nearest_config() == str(folder / "netdsl.toml")
    project = folder / "below" / "pyproject.toml"
    project.write_text('[project]\nname = "netdsl"\n[tool.ruff]\n')
    assert nearest_config() == str(folder / "netdsl.toml")
    project.write_text('[project]\nname = "netdsl"\n[tool.netdsl]\nquiet = true\n[tool.ruff]\nx=1')
    assert nearest_config() == str(project)
    assert read_config(str(project)) == {"quiet": True}
    (folder / "below" / "netdsl.toml").touch()
    assert nearest_config() == str(folder / "below" / "netdsl.toml")


def test_what_is_not_a_file_is_passed_over(folder: Path) -> None:
    os.mkfifo(folder / "below" / "netdsl.toml")
    (folder / "below" / "pyproject.toml").symlink_to("/dev/zero")
    (folder / "netdsl.toml").mkdir()
    assert nearest_config() is None


def test_a_removed_working_directory_has_no_settings(folder: Path) -> None:
    (folder / "below").rmdir()
    assert nearest_config() is None


def test_the_command_line_goes_before_the_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "netdsl.toml").write_text('quiet = true\nformat = "json"\ncolor = "always"\n')
    assert main(["check", NET]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["diagnostics"] == []
    assert main(["check", NET, "--format", "text"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["check", NET, "--format", "text", "--no-quiet"]) == 0
    assert capsys.readouterr().out == FINE
    assert main(["check", NET, "--format", "text", "-v"]) == 0
    assert capsys.readouterr().out.startswith(f"{FINE}<text>: hint:")
    assert main(["--no-config", "check", NET]) == 0
    assert capsys.readouterr().out == FINE
    main(["check", "8 > fd", "--format", "text"])
    assert "\x1b[" in capsys.readouterr().err
    main(["--color", "never", "check", "8 > fd", "--format", "text"])
    assert "\x1b[" not in capsys.readouterr().err


def test_the_header_of_a_project_is_not_one_of_the_own_file(folder: Path) -> None:
    (folder / "netdsl.toml").write_text("[tool.netdsl]\nquiet = true\n")
    with pytest.raises(NetError, match="no setting `tool`") as raised:
        read_config(str(folder / "netdsl.toml"))
    assert "is the header in a pyproject.toml" in raised.value.diagnostics[0].help


@pytest.mark.parametrize("asked", [["--why", "fc_1"], ["--rf"], ["--names"], ["--lecture"]])
def test_a_format_that_does_not_apply_is_refused_only_where_it_is_typed(
    asked: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["table", NET, *asked]) == 0
    as_text = capsys.readouterr().out
    (folder / "netdsl.toml").write_text('format = "json"\n')
    assert main(["table", NET, *asked]) == 0
    assert capsys.readouterr().out == as_text
    assert main(["table", NET, *asked, "--json"]) == 2
    assert f"--format json is for tables, and {asked[0]} shows none" in capsys.readouterr().err


def test_the_suffix_of_the_output_goes_before_the_file(folder: Path) -> None:
    (folder / "netdsl.toml").write_text('format = "json"\n')
    for name in ("x.txt", "x.out"):
        assert main(["table", NET, "-o", name]) == 0
    assert Path("x.txt").read_text().startswith("network")
    assert json.loads(Path("x.out").read_text())


def test_the_environment_goes_before_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "netdsl.toml").write_text('color = "always"\ndata-folder = "sets"\nbackend = "jax"\n')
    monkeypatch.setenv("NO_COLOR", "1")
    main(["check", "8 > fd"])
    assert "\x1b[" not in capsys.readouterr().err
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.delenv("NETDSL_DATA", raising=False)
    with as_environment(read_config(str(folder / "netdsl.toml"))):
        assert os.environ["NETDSL_DATA"] == str(folder / "sets")
        assert os.environ["KERAS_BACKEND"] == "torch"
    assert "NETDSL_DATA" not in os.environ


def test_a_command_runs_with_the_settings_as_its_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str | None] = []

    def noted(_: object) -> int:
        found.append(os.environ.get("KERAS_BACKEND"))
        return 0

    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setattr(load("check"), "run", noted)
    for text in ("", 'backend = "jax"'):
        (folder / "netdsl.toml").write_text(text)
        assert main(["check", NET]) == 0
    assert found == [None, "jax"]
    assert "KERAS_BACKEND" not in os.environ


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("quite = true", "there is no setting `quite`", "did you mean `quiet`?"),
        ('"a\\nb" = 1', "there is no setting `a b`", "the settings are"),
        ("shape = 1", "there is no setting `shape`", "the settings are"),
        ("data_folder = 'a'", "there is no setting `data_folder`", "did you mean `data-folder`?"),
        ('color = "alway"', '`color` requires one of "auto"', "did you mean `always`?"),
        ("color = 1", '`color` requires one of "auto"', ""),
        ("pager = 1", "`pager` requires true or false", ""),
        ("data-folder = ''", "`data-folder` requires the path of a folder", ""),
        ("quiet = ", "is not TOML: Invalid value", "--no-config"),
        ("quiet = " + "[" * 5000, "is not TOML: it is nested too deep", "--no-config"),
        ("quiet = " + "9" * 5000, "is not TOML: Exceeds the limit", "--no-config"),
        ("# " + "long " * 2000, "more than 8,192 characters", "--no-config"),
    ],
)
@pytest.mark.parametrize("name", ["netdsl.toml", "pyproject.toml"])
def test_mistakes_are_reported(
    name: str,
    text: str,
    message: str,
    help: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    head = "" if name == "netdsl.toml" else '[project]\nname = "a"\n\n[tool.netdsl]\n'
    (folder / name).write_text(f"{head}{text}\n")
    with pytest.raises(NetError) as raised:
        read_config(str(folder / name))
    (found,) = raised.value.diagnostics
    assert (found.code, found.message.find(message) >= 0) == ("N606", True)
    assert help in (found.help or "")
    assert main(["check", NET]) == 1
    assert "error[N606]" in capsys.readouterr().err
    assert main(["help", "check"]) == main(["check", "--no-config", NET]) == 0
    if found.span is not None:
        line = found.span.source.position(found.span.start)[0]
        assert line == 1 + head.count("\n")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ('quiet = true\ncolor = "no"', ("color", 2, 1)),
        ('# color\n  color = "no"', ("color", 2, 3)),
        ("quiet = true\npager = x\n", ("x", 2, 9)),
        ("quiet = \n", ("\n", 1, 9)),
        ("quiet", None),
    ],
)
def test_where_a_mistake_is(text: str, marked: tuple[str, int, int] | None, folder: Path) -> None:
    for name, head in (("netdsl.toml", ""), ("pyproject.toml", "[a]\nx = 1\n[tool.netdsl]\n")):
        (folder / name).write_text(head + text)
        with pytest.raises(NetError) as raised:
            read_config(str(folder / name))
        span = raised.value.diagnostics[0].span
        if marked is None:
            assert span is None
        else:
            assert span is not None
            word, line, column = marked
            assert span.source.text[span.start : span.end] == word
            assert span.source.position(span.start) == (line + head.count("\n"), column)


def test_how_long_settings_may_be(folder: Path) -> None:
    own, project = folder / "netdsl.toml", folder / "below" / "pyproject.toml"
    own.write_text("#" * 8192)
    assert read_config(str(own)) == {}
    own.write_text("#" * 8193)
    with pytest.raises(NetError, match="N606"):
        read_config(str(own))
    header = "\n[tool.netdsl]\nquiet = true\n"
    project.write_text("#" * ((1 << 20) - len(header)) + header)
    assert nearest_config() == str(project)
    assert read_config(str(project)) == {"quiet": True}
    project.write_text("#" * (1 << 20) + header)
    assert nearest_config() == str(own)
    with pytest.raises(NetError, match="N401"):
        read_config(str(project))


def test_settings_are_read_in_a_moment(folder: Path) -> None:
    (folder / "netdsl.toml").write_text("a." * 4000 + "a = 1")
    began = time.perf_counter()
    with pytest.raises(NetError):
        read_config(str(folder / "netdsl.toml"))
    assert time.perf_counter() - began < 10  # 48 s for 64 KiB of them


def test_toml_is_imported_where_there_are_settings(folder: Path) -> None:
    program = (
        "import sys\nfrom netdsl.cli.main import main\nmain(['check', '8x8x1 > fc-10'])\n"
        "print('tomllib' in sys.modules, 'netdsl.cli.config_file' in sys.modules)"
    )
    for text, imported in ((None, "False False"), ("quiet = true", "True True")):
        if text:
            (folder / "netdsl.toml").write_text(text)
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert done.stdout.splitlines()[-1] == imported


def test_no_setting_names_a_program() -> None:
    """The pager's program is the user's own variable, never a file's."""
    assert set(SETTINGS) == {"backend", "color", "data-folder", "format", "pager", "quiet"}
    assert SETTINGS["pager"] == ()
