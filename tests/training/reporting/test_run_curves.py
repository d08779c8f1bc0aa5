"""The curves of runs in one chart, from the figures in their folders. No framework is imported."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.training.reporting.grid_report import GridRun, grid_chart
from netdsl.training.reporting.run_curves import _points, run_curves, write_run_curves
from netdsl.training.runs.listing import Entry

Make = Callable[..., Path]


@pytest.fixture
def run(tmp_path: Path) -> Make:
    """Makes a folder with the epochs of a run: losses of the training and the validation part."""

    def make(name: str, losses: list[float], validation: list[float] | None = None) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "run.json").write_text("{}", "utf-8")
        rows = [
            {"stage": "search", "epoch": at, "step": 10 * at, "rate": 0.1, "loss": loss}
            | ({"val_loss": validation[at - 1]} if validation else {})
            | {"seconds": 2.0}
            for at, loss in enumerate(losses, 1)
        ]
        if rows:
            rows.append({**rows[-1], "stage": "retrain", "loss": 99.0})
        (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return folder

    return make


def paths(svg: str) -> list[str]:
    return re.findall(r'<path d="(M[^"]*)" fill="none"', svg)


def test_both_parts_of_each_run_are_drawn_and_named_once(run: Make) -> None:
    folders = [run("a", [4.0, 2.0], [3.0, 2.5]), run("b", [1.0, 0.5], [1.5, 1.0])]
    svg = run_curves(folders)
    assert len(paths(svg)) == 4
    assert svg.count("stroke-dasharray") == 2  # those of the training
    assert svg.count(">a</text>") == svg.count(">b</text>") == 1
    assert ">50</text>" not in svg  # the second training is not the first one's


def test_one_part_alone_and_a_run_without_validation(run: Make) -> None:
    folders = [run("a", [4.0, 2.0], [3.0, 2.5]), run("b", [1.0, 0.5])]
    assert len(paths(run_curves(folders, "val_loss"))) == 1
    svg = run_curves(folders)
    assert len(paths(svg)) == 3
    assert svg.count("stroke-dasharray") == 1


@pytest.mark.parametrize(("over", "last"), [("epoch", "4"), ("step", "40"), ("seconds", "8")])
def test_the_last_epoch_is_the_right_end(run: Make, over: str, last: str) -> None:
    svg = run_curves([run("a", [4.0, 3.0, 2.5, 2.0])], over=over)
    assert f">{over}</text>" in svg
    assert f">{last}</text>" in svg
    assert paths(svg)[0].rsplit("L", 1)[1].startswith("696.0 ")


@pytest.mark.parametrize(
    ("changed", "over", "drawn"),
    [
        ({"loss": None}, "epoch", [(1, 4.0), (3, 2.0)]),
        ({"step": None}, "step", [(10, 4.0), (30, 2.0)]),
        ({"step": None}, "epoch", [(1, 4.0), (2, 3.0), (3, 2.0)]),
        ({"seconds": None}, "seconds", [(2, 4.0), (2, 3.0), (4, 2.0)]),
    ],
)
def test_epochs_without_a_number_are_left_out(
    changed: dict[str, None], over: str, drawn: list[tuple[float, float]]
) -> None:
    rows = [
        {"epoch": at, "step": 10 * at, "seconds": 2.0, "loss": loss}
        for at, loss in enumerate((4.0, 3.0, 2.0), 1)
    ]
    rows[1] |= changed
    assert _points(rows, "loss", over) == drawn


def test_a_chart_as_pixels(run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.drawing.raster.png_bytes", lambda svg: b"pixels")
    folder = run("a", [1.0])
    write_run_curves([folder], tmp_path / "a.PNG")
    assert (tmp_path / "a.PNG").read_bytes() == b"pixels"


def test_many_runs_have_as_many_colours(run: Make) -> None:
    folders = [run(f"r{at}", [1.0 + at, 0.5 + at]) for at in range(30)]
    colours = re.findall(r'fill="none" stroke="(#[0-9a-f]{6})"', run_curves(folders))
    assert len(colours) == len(set(colours)) == 30


def test_what_cannot_be_drawn(run: Make, tmp_path: Path) -> None:
    folder = run("a", [1.0])
    with pytest.raises(NetError, match=r"N640.*no figure `los`(.|\n)*did you mean `loss`"):
        run_curves([folder], "los")
    with pytest.raises(NetError, match=r"N640.*no figure `zzzzzz`(.|\n)*the figures are loss"):
        run_curves([folder], "zzzzzz")
    with pytest.raises(NetError, match=r"N613.*no runs to be drawn"):
        run_curves([])
    with pytest.raises(NetError, match=r"N631(.|\n)*name it .*c\.svg"):
        write_run_curves([folder], tmp_path / "c.pdf")
    with pytest.raises(NetError, match=r"N640.*at most 100 runs, not 101"):
        run_curves([folder] * 101)
    assert run_curves([folder] * 100)
    with pytest.raises(NetError, match="N613"):
        run_curves([tmp_path / "none"])
    (folder / "metrics.jsonl").write_text('{"stage": "search", "loss": []}\n')
    with pytest.raises(NetError, match="N614"):
        run_curves([folder])


def test_nothing_is_overwritten_and_nothing_else_is_written(
    run: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("a", [1.0, 0.5])
    target = tmp_path / "curves.svg"
    for suffix in (".txt", ""):
        assert main(["runs", str(tmp_path), "--curve", str(target.with_suffix(suffix))]) == 1
    assert "N631" in capsys.readouterr().err
    main(["runs", str(tmp_path), "--curve", str(target)])
    assert target.read_text("utf-8").startswith("<svg")
    assert main(["runs", str(tmp_path), "--curve", str(target)]) == 1
    assert "N604" in capsys.readouterr().err


def test_the_figure_that_there_is_and_runs_without_it(run: Make, tmp_path: Path) -> None:
    gan, other = run("gan", [4.0, 2.0]), run("net", [1.0, 0.5])
    path = gan / "metrics.jsonl"
    path.write_text(path.read_text("utf-8").replace('"loss"', '"generator_loss"'), "utf-8")
    out = tmp_path / "c.svg"
    assert write_run_curves([gan, gan], out) == "generator_loss of 2 runs"
    assert write_run_curves([gan, other], out) == "loss of 1 run; gan without it"
    assert "none of gan" in out.read_text("utf-8")


def test_runs_stopped_in_their_first_epoch(run: Make, tmp_path: Path) -> None:
    run("a", [])
    with pytest.raises(NetError, match="no epoch of these runs has ended"):
        run_curves([tmp_path / "a"])
    stopped, trained = GridRun((), Entry("a")), GridRun((), Entry("b"))
    assert not paths(grid_chart(tmp_path, [stopped]))
    run("b", [1.0, 0.5])
    assert len(paths(grid_chart(tmp_path, [stopped, trained]))) == 1


def test_a_report_that_is_not_there_yet(run: Make, capsys: pytest.CaptureFixture[str]) -> None:
    folder = run("a", [1.0])
    assert main(["show", str(folder)]) == 1
    assert "N613" in (said := capsys.readouterr().err)
    assert "has not ended: it has no report.html" in said
    (folder / "result.json").write_text('{"ended": "diverged"}', "utf-8")
    assert main(["show", str(folder)]) == 1
    assert "diverged before its first evaluation" in capsys.readouterr().err
