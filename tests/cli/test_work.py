"""What each command asks of the functions that do its work, what it prints and writes of their
answers, and its exit code.

The functions are replaced, so that nothing imports Keras; what they do has tests of its own. The
command lines are in the golden files: a new one is a line `$ netdsl ...` in one of them.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

import pytest

from netdsl.cli.commands import COMMANDS
from netdsl.cli.jobs import KEYS
from netdsl.cli.main import main
from netdsl.cli.show import OF_FORMS
from netdsl.errors import fail
from netdsl.training.loop.grid import new_grid

GOLDENS = Path(__file__).parents[1] / "golden" / "cli" / "work"


class Made(SimpleNamespace):
    """What a function gives: it has a name, and what the command reads of it."""

    def __init__(self, name: str, **facts: Any) -> None:
        super().__init__(name=name, **facts)

    def __repr__(self) -> str:
        return f"<{self.name}>"


class Pair(Made):
    """The job of a GAN."""


RUN = Made("the run", interrupted=False, folder=Path("runs/a-1"))
SUBJECT = Made("the subject", network=Made("net", graph=Made("the graph")))
PICTURES: dict[str, Any] = {"lab.pictures.checked_picture": None, "lab.pictures.save_picture": None}
OPENED = {"lab.inside.subject.TrainedRun.of": lambda *_, **__: Made("the opened run")}


def written(path: Path, writer: Callable[[Path], object]) -> None:
    print(f"{path} is written by {writer}")


def trained(*_: Any, name: str | None = None, **__: Any) -> Any:
    return Made("stopped", interrupted=True) if name == "stopped" else RUN


# --- answers by command ---------------------------------------------------------------------------

EVALUATE = {
    "training.verbs.evaluate": {"run": "a-1", "part": "test", "loss": 0.5},
    "training.evaluation.evaluate_text.describe_evaluation": "loss 0.5",
}


def predicted(_: str, inputs: Sequence[str], *__: Any, **___: Any) -> list[dict[str, Any]]:
    failed = {"error": "it cannot be read", "code": "N524"}
    return [{"input": one, **(failed if one == "bad.png" else {"output": [1.5]})} for one in inputs]


PREDICT = {
    **OPENED,
    "training.evaluation.predict.predict": predicted,
    "lab.inside.at.values_at": Made(
        "values", names=["x.png"], array=[array("d", [1, 2])], layer="conv_1"
    ),
    "lab.inside.at.save_values": None,
}


def first(count: int) -> Any:
    return Made("first", sheet=Made(f"a sheet of {count}"))


def named(array: str, classes: Sequence[str]) -> Any:
    return Made("named", values={"7": 3}, lines=[f"{array} of {classes}"])


def samples(name: str) -> Any:
    facts = {"title": name, "about": "3 of them", "array": "an array", "classes": ["7"]}
    return Made(name, first=first, sheet=Made("a sheet"), values=facts, **facts)


SAMPLE = {
    **PICTURES,
    **OPENED,
    "lab.given.saved": None,
    "training.verbs.adversarial": lambda folder: folder == "gan-1",
    "lab.inside.naming.Classifier": Made("the classifier", named=named),
    "lab.inside.decode.Decoder": Made("the decoder"),
    "lab.inside.generate.Generator": Made("the generator"),
    **{
        f"lab.inside.{way}.{name}": samples(f"{name} samples")
        for way in ("decode", "generate")
        for name in ("drawn", "between", "arithmetic")
    },
}


def view(_: Any, options: argparse.Namespace) -> Any:
    lines = ["the first line", *(f"{key}: {getattr(options, key)}" for key in OF_FORMS)]
    return Made("view", picture="a picture", values={"a": 1}, lines=lines)


SHOW = {
    **PICTURES,
    **OPENED,
    "lab.inside.forms.view": view,
    "lab.inside.gallery.with_gallery": Made(
        "gallery", shown=["Filters", "Maps"], left_out=["Codes: too large"], path="report.html"
    ),
}


def attacked(_: Any, how: Any, __: str) -> Any:
    return Made("attacked", sheet=None if how.target == 3 else Made("sheet", title="changes"))


ATTACK = {
    **PICTURES,
    **OPENED,
    "lab.attack.attack": attacked,
    "lab.attack.described": ["one run"],
    "lab.attack.attack_json": {"attacked": 1},
    "lab.attack_chart.described_runs": ["some runs"],
    "lab.attack_chart.runs_json": {"runs": 2},
    "lab.attack_chart.AttackChart": Made("chart", title="2 runs"),
}


def job(options: argparse.Namespace) -> Made:
    if options.net:
        return Pair("the pair", recipe=Made("recipe", span=lambda key: None))
    return Made(options.name or "the job")


TRAIN = {
    "cli.train.job_of": job,
    "training.verbs.train": trained,
    "training.reporting.text.describe_run": "what came of it",
    "training.adversarial.train.dry_run_pair": "a step of two",
    "training.distributed.hosts.host_number": lambda recipe: recipe.seed or 0,
    "training.distributed.hosts.supervised": lambda work: work(),
    "keras.quiet.quiet_keras": None,
    "cli.train.write": None,
    "cli.main.main": 7,
}
LOOPS: Mapping[str, Any] = {
    "sanity": Made(
        "sanity",
        dry_run=lambda job: f"a step of {job}",
        overfit=lambda job: Made(f"overfit({job})", learned=job.name != "hopeless"),
        describe_overfit=lambda found: f"described: {found}",
    ),
    "rate_finder": Made(
        "rates",
        find_rate=lambda job: Made(
            "found", falls=job.name != "hopeless", description=f"of {job}", picture=lambda: "svg"
        ),
    ),
}
"""Modules that import Keras."""

RECIPE = {
    "training.verbs.plan": Made(
        "the job",
        recipe="the recipe",
        resolved=Made("resolved", reasons={"seed": "given"}, doubts=["a doubt"]),
        data=Made("data", notes=["a note"], spec=Made("spec", source="xor")),
    ),
    "training.recipes.yaml_writer.as_values": {"epochs": 3},
    "training.recipes.yaml_writer.to_yaml": "epochs: 3\n",
}


def grid_trained(grid: Any, network: Any, recipe: Any, keys: Any, *_: Any) -> Any:
    print(recipe([("batch", "5")]).batch)
    if keys["seed"] == 9:
        raise KeyboardInterrupt
    names = ("1-1", "2-1")
    return [Made(n, why="NaN" if keys["seed"] == 8 else "", entry=Made(n)) for n in names]


def planned(_: Any, recipe: Any, **keys: Any) -> Any:
    if (keys["seed"] or 0) > 100:
        raise fail(f"N{keys['seed']}", "the data cannot be divided")


GRID = {
    "cli.inputs.read_standard_input": b"1 > fc-1",
    "training.loop.grid.new_grid": new_grid,
    "training.loop.grid.train_grid": grid_trained,
    "training.loop.folds.write_folds": Made("written", files=["folds.csv"], pooled={"a": 1}),
    "training.reporting.fold_report.describe_folds": "the means",
    "training.reporting.grid_report.grid_table": "the table",
    "training.verbs.plan": planned,
    "cli.main.main": 7,
}
RESUME = {
    "training.runs.inputs.read_recipe": None,
    "training.verbs.resume": trained,
    "training.reporting.text.describe_run": "what came of it",
    "cli.grids.resume_grid": 3,
}

CLONE = Made("clone", save="the clone", count_params=lambda: 1234)


def imported(*given: Any) -> Any:
    for macs in (10**9, 10**9 + 1):
        given[-1](macs)
    return Made(
        "found", left_out=["a loss is left out"], text="net a\ninput 4 > fc-2\n", clone=CLONE
    )


IMPORT = {
    "keras.opening.open_model": Made("model"),
    "keras.importing.import_model": imported,
    "cli.import_.save": written,
    "cli.import_.write": None,
}

COMPILE = {"keras.build.build": Made("model", save="the model"), "cli.compile.save": written}

BACKWARD = {
    **PICTURES,
    "cli.backward.opened": (SUBJECT, {"x": "1"}),
    "lab.backward.backward": Made("derivatives"),
    "lab.backward_text.backward_text": "derivatives as text",
    "lab.backward_text.backward_json": {"value": 1},
    "lab.circuit.backward_picture": Made("circuit"),
    "lab.matrices.matrices_of": ["layers"],
    "lab.matrices.matrices_text": "matrices as text",
    "lab.matrices.matrices_json": {"a": {"b": {"c": 1}}},
    "training.planning.plan.plan": Made("the job"),
    "training.runs.inputs.read_network": Made("the network of the run"),
    "training.runs.inputs.read_recipe": Made("the recipe of the run"),
    "cli.backward_norms.read_trained": Made("the network"),
    "lab.norms.norms_of": Made("norms", verdict=lambda: "they are even"),
    "lab.norms.norms_text": "norms as text",
    "lab.norms.norms_json": {"norms": 1},
    "lab.norms.norms_picture": Made("bars"),
}


class Check(Made):
    def _asdict(self) -> dict[str, Any]:
        return {"right": self.right}


GRADCHECK = {
    "cli.gradcheck.opened": (SUBJECT, {"x": "1"}),
    "lab.gradcheck.examples_of": {"x": "examples"},
    "lab.gradcheck.gradcheck": lambda _, __, settings: [
        Check("one", right=True),
        Check("another", right=settings.step < 0.1),
    ],
    "lab.gradcheck.blocked": ["a"],
    "lab.gradcheck.gradcheck_text": "checks as text",
}


DATA = {
    "training.data.inspect.survey": Made("found", data=Made("the data")),
    "training.data.inspect.as_json": {"examples": 4},
    "training.data.inspect_text.describe": "4 examples",
    "training.data.contact_sheet.contact_sheet": None,
    "training.data.augmented_sheet.augmented_sheet": None,
}
NEW = {
    "training.starter.starter.starter": Made(
        "starter",
        network="1 > fc-1\n",
        recipe="epochs: 3\n",
        job=Made(
            "job",
            data=Made("data", notes=["a note"]),
            network=Made("net", counts=Made("counts", params=1234)),
        ),
    ),
}
EXPORT = {"training.export.export.export": ["b.onnx: net", "warning[W1]: it is large"]}
EMIT = {"cli.emit.program": "a program\n"}
DRAW = {
    "cli.draw.Picture": Made(
        "picture",
        text=lambda form: f"a picture as {form}\n",
        save=lambda path: print("saved", path),
    ),
}
EXPLAIN = {
    "lab.curves.curves_picture": Made("curves", save=lambda path: print("saved", path)),
    "cli.explain.explained": "the explanation",
    "cli.parser.help_of": "the help\n\n",
    "cli.explain.listed": "all that is explained",
}
FORWARD = {
    "cli.forward.opened": (
        Made(
            "the subject",
            network=Made("net", graph=Made("graph", layers=[Made("fc_1"), Made("fc_2")])),
        ),
        {"x": "1"},
    ),
    "lab.forward.values_of": [Made("fc_1", array="an array"), Made("fc_2", array="the last")],
    "lab.forward.values_text": "values as text",
    "lab.forward.values_json": {"fc_1": 1},
    "lab.circuit.forward_picture": Made("circuit", save=lambda path: print("saved", path)),
    "lab.given.saved": None,
}
MATRIX = {
    "cli.matrix.subject_of": SUBJECT,
    "lab.matrix.layer_matrix": Made(
        "conv_1",
        array="the array",
        draw=lambda: Made("picture", save=lambda path: print("saved", path)),
    ),
    "lab.matrix_text.matrix_text": "a matrix as text",
    "lab.matrix_text.matrix_json": {"matrix": 1},
    "lab.fourier.spectrum_of": Made(
        "spectrum",
        circulant="the circulant",
        draw=lambda: Made("picture", save=lambda path: print("saved the circulant", path)),
    ),
    "lab.fourier.spectrum_text": "waves as text",
    "lab.fourier.spectrum_json": {"waves": 1},
    "lab.given.saved": None,
}
RUNS_ = {
    "training.runs.compare.compare_json": '{"compared": 1}',
    "training.runs.compare.compare_text": "compared",
    "training.runs.listing.runs_json": '{"runs": 1}',
    "training.runs.listing.runs_text": "the runs",
    "training.runs.listing.run_folders": ["a-1", "b-1"],
    "training.reporting.run_curves.write_run_curves": "loss of some runs",
}
TABLE = {
    "report.several.several_text": "one table",
    "report.why.why": "why",
    "report.why.field_drawing": "a field",
    "report.names.names_text": "names",
    "report.lecture.lecture": "products",
    "report.memory.memory_text": "memory",
    "report.memory.memory_values": {"memory": 1},
    "report.table_json.table_values": {"rows": 1},
    "cli.table_compare.compared_memory_text": "memory of both",
    "cli.table_compare.compared_table_values": {"rows": 2},
    "cli.table_compare.memory_values": {"memory": 2},
}
DIFF = {
    "cli.diff.compare": lambda a, b: Made("the comparison", same=repr(a) == repr(b)),
    "cli.diff.diff_text": "the differences",
    "cli.diff.diff_values": {"same": False},
    "cli.diff._draw": None,
}

ASKED = ("recipe", "net", "input", *KEYS, "digest")
FILES = {
    "pair.net": "net a\ninput 1 > fc-1\nnet b\ninput 1 > fc-2\n",
    "noted.net": "1 > fc-1\n",
    "noted.yaml": "epochs: 4\n",
    "r.yaml": "epochs: 5\n",
    "split.yaml": "data: {source: xor, split: {test: 0.5}}\n",
    "fold.yaml": "data: {source: xor, split: {fold: 1}}\n",
    "wide.net": "param w = 2\nparam k = 2\nnet a\nfc-{w} > fc-{k}\nnet b\n4 > fc-{w}\n",
    "pace.net": "param epoch = 2\n4 > fc-{epoch}\n",
    "changed/grid.json": json.dumps(
        {
            "grid": {"batch": ["1"]},
            "command": {**dict.fromkeys(ASKED), "file": "1 > fc-1", "params": [], "settings": []},
        }
    ),
    "damaged/grid.json": '{"grid": {"batch": ["1"]}, "command": {"file": "1 > fc-1"}}',
    "folds/grid.json": '{"grid": {"batch": ["1"]}, "command": {"folds": 2}}',
    "run-1/report.html": "",
    "grid-1/grid.json": "",
    **{f"old.{suffix}": "" for suffix in ("svg", "txt", "net", "keras")},
}
"""The files that are there before; none of them is changed."""

WORK: Mapping[str, Mapping[str, Any]] = {
    "attack": ATTACK,
    "backward": BACKWARD,
    "compile": COMPILE,
    "data": DATA,
    "diff": DIFF,
    "draw": DRAW,
    "emit": EMIT,
    "evaluate": EVALUATE,
    "expand": {},
    "explain": EXPLAIN,
    "export": EXPORT,
    "forward": FORWARD,
    "gradcheck": GRADCHECK,
    "grid": GRID,
    "import": IMPORT,
    "matrix": MATRIX,
    "new": NEW,
    "predict": PREDICT,
    "recipe": RECIPE,
    "resume": RESUME,
    "runs": RUNS_,
    "sample": SAMPLE,
    "show": SHOW,
    "table": TABLE,
    "train": TRAIN,
}
"""What the functions answer, by the file that holds the command lines."""


UNSHOWN = (argparse.Namespace, FunctionType)
LACKING = re.compile(r"(\w+=|'\w+': )(None|\w+\(\))(, )?")


def shown(*given: Any, **keys: Any) -> str:
    """Arguments of a call, without names for nothing and without what differs from run to run."""
    given = tuple(
        Made("...") if isinstance(one, UNSHOWN) or one is COMMANDS else one for one in given
    )
    text = ", ".join([*map(repr, given), *(f"{key}={value!r}" for key, value in keys.items())])
    for _ in range(3):  # as deep as recipes are nested
        text = LACKING.sub("", text)
    text = re.sub(r", ([)}]|$)", r"\1", text)
    return text if len(text) < 1000 else f"{text[:100]}..."  # a graph of many objects


def replace(answers: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace functions by some that print how they are called, and give the answers."""

    def replaced(place: str, answer: Any) -> Callable[..., Any]:
        def called(*given: Any, **keys: Any) -> Any:
            print(f"{'.'.join(place.split('.')[-2:])}({shown(*given, **keys)})")
            return answer(*given, **keys) if callable(answer) else answer

        return called

    for place, answer in answers.items():
        monkeypatch.setattr(f"netdsl.{place}", replaced(place, answer))


@pytest.mark.parametrize("command", WORK)
def test_what_is_asked_for_and_what_is_made_of_the_answers(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    golden: Callable[[Path, str], None],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    replace(WORK[command], monkeypatch)
    for name, module in LOOPS.items():
        monkeypatch.setitem(sys.modules, f"netdsl.training.loop.{name}", module)
    monkeypatch.setattr("netdsl.training.adversarial.job.AdversarialJob", Pair)
    printed = []
    before = (GOLDENS / f"{command}.txt").read_text(encoding="utf-8")
    lines = re.findall(r"(?m)^\$ netdsl (.*)$", before)
    assert lines
    for line in lines:
        try:
            code: Any = main(shlex.split(line))
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        printed.append(f"$ netdsl {line}\n{out}--- standard error ---\n{err}")
        for path in sorted(path for path in tmp_path.iterdir() if path.is_file()):
            if path.name not in FILES:
                printed.append(f"--- {path.name} ---\n{path.read_text(encoding='utf-8')}")
                path.unlink()
            elif path.read_text(encoding="utf-8") != FILES[path.name]:
                printed.append(f"--- {path.name} is replaced ---\n")
                path.write_text(FILES[path.name], encoding="utf-8")
        printed.append(f"--- exit code {code} ---\n\n")
    golden(GOLDENS / f"{command}.txt", "".join(printed))
