"""`train --then`: another command on what was trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from netdsl.cli.main import main

TRAIN = ["train", "2 > linear-1", "--data", "xor", "--epochs", "1", "--name", "one"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "begin with one of show, attack"),
        ("train a.net", "begin with one of show, attack"),
        ("show 'open", "No closing quotation"),
        ("show --filtres", "--filtres is not an option; did you mean `--filters`?"),
        ("sample", "say what to make of the samples"),
        ("show --noise 0.1", "--noise is for --reconstruct"),
        ("attack --eps tiny", "'tiny' is not a number from 0"),
    ],
)
def test_mistakes_are_found_before_anything_is_trained(
    given: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main([*TRAIN, "--then", given])
    assert end.value.code == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_file_that_is_there_and_a_trial_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plane.svg").write_text("mine", "utf-8")
    assert main([*TRAIN, "--then", "show --plane -o plane.svg"]) == 1
    assert "N604" in capsys.readouterr().err
    assert main([*TRAIN, "--dry-run", "--then", "show"]) == 2
    assert "--then is for a run" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.keras
def test_a_run_and_the_runs_of_a_grid_are_given_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*TRAIN, "--then", "show --plane -o plane.svg"]) == 0
    assert (tmp_path / "plane.svg").read_text("utf-8").startswith("<svg")
    assert main([*TRAIN, "--grid", "batch=1,2", "--then", "runs --curve both.svg"]) == 0
    found = capsys.readouterr()
    assert "both.svg: loss of 2 runs" in found.err
    assert "batch_1-1" in found.out.split("saved in")[1]
    assert main([*TRAIN, "--then", "show --filters"]) == 1  # its own exit code
