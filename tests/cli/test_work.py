"""What each command asks of the functions that do its work, what it prints and writes of their
answers, and its exit code.

The functions are replaced, so that nothing imports Keras; what they do has tests of its own.
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

WORK: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "attack": (
        ATTACK,
        """
attack a-1
attack a-1 -o a.svg --json
attack a-1 --eps 0,1 --steps 3 --norm 2 --target 4 --count 5 --seed 6 --part all
attack a-1 --target 3
attack a-1 --target 3 -o a.svg
attack a-1 a-1
attack a-1 b-1
attack a-1 b-1 --json -o a.png
attack a-1 b-1 --target 3 -o a.svg
attack a-1 -o old.svg
attack a-1 -o old.svg --force
""",
    ),
    "backward": (
        BACKWARD,
        """
backward "1 > fc-1"
backward "1 > fc-1" --json --seed 3 --of f --loss squared --target 2 --training
backward "1 > fc-1" -o b.svg
backward "1 > fc-1" -o old.svg
backward "1 > fc-1" -o old.svg -f
backward "1 > fc-1" --matrices
backward "1 > fc-1" --matrices --json
backward "1 > fc-1" --matrices -o b.svg
backward "1 > fc-1" --data xor
backward "1 > fc-1" --norms
backward "1 > fc-1" 3 --norms --data xor
backward "1 > fc-1" --norms --data xor --seed 2
backward "1 > fc-1" --norms --data xor --json
backward "1 > fc-1" --norms --data xor -o n.svg
backward "1 > fc-1" --norms --data xor -o old.svg
backward "1 > fc-1" --norms --data xor -o old.svg -f
backward run-1 --norms
backward run-1 --norms --data b.csv
""",
    ),
    "compile": (
        COMPILE,
        """
compile "1 > fc-1"
compile "1 > fc-1" -o m.keras --seed 3
compile "1 > fc-1" -o old.keras
compile "1 > fc-1" -o old.keras -f
compile "1 > fc-1" -q
""",
    ),
    "evaluate": (
        EVALUATE,
        """
evaluate a-1
evaluate a-1 --json
evaluate a-1 --part validation --data b.csv --zeros --subnetworks 3 -o scores.json
evaluate a-1 -o scores.txt
evaluate a-1 -o old.txt
evaluate a-1 -o old.txt -f
""",
    ),
    "gradcheck": (
        GRADCHECK,
        """
gradcheck "1 > fc-1"
gradcheck "1 > fc-1" --json
gradcheck "1 > fc-1" --h 0.1
gradcheck "1 > fc-1" --one-sided --h 0.01 --seed 3 --of f --loss squared --target 2 -o c.txt
gradcheck "1 > fc-1" --data xor
gradcheck "1 > fc-1" 3 --data xor
gradcheck "1 > fc-1" -o old.txt
gradcheck "1 > fc-1" -o old.txt -f
""",
    ),
    "grid": (
        GRID,
        """
train "1 > fc-1" --grid batch=1,2
resume runs/network-grid-1
train "1 > fc-1" -q --grid batch=1 --grid epochs=2,3 --name mine --then show
resume -q runs/mine-grid-1
train wide.net r.yaml --input 4 --net a -p k=3 --set optimizer=sgd --log wandb --grid w=1,2
resume runs/a-grid-1
train - --grid batch=1
resume runs/network-grid-2
train "1 > fc-1" --seed 9 --grid batch=1
train "1 > fc-1" --seed 8 --grid batch=1 --then show
train "1 > fc-1" --folds 2
train "1 > fc-1" --folds 2 --data xor --set epochs=3
train "1 > fc-1" --folds 2 --grid batch=1,2
train "1 > fc-1" --folds 2 --set data.split.test=0.5
train "1 > fc-1" split.yaml --folds 2
train "1 > fc-1" fold.yaml --folds 2
train "1 > fc-1" --folds 2 --seed 505
train "1 > fc-1" --folds 2 --seed 505 --grid batch=1
train "1 > fc-1" --folds 2 --seed 516 --grid batch=1
train "1 > fc-1" --folds 2 --seed 521
train "1 > fc-1" --folds 2 --seed 521 --grid batch=1
train "1 > fc-1" --set gan=nonsaturating --grid batch=1
train "1 > fc-1" --set "hosts=[a:1, b:2]" --grid batch=1
train "1 > fc-1" --data xor --grid data=xor,and
train "1 > fc-1" --ignore a --grid data.drop=a,b
train "1 > fc-1" --target a --grid data.target=a,b
train "1 > fc-1" --target a --grid data=xor,and
train "1 > fc-1" --init-from a --grid init_from=a,b
train "1 > fc-1" --set optimizer.rate=1 --grid optimizer=sgd,adam
train "1 > fc-1" --set optimizer=sgd --grid optimizer.rate=1,2
train wide.net --input 4 --net a -p w=3 --grid w=1,2
train wide.net:w=3 --input 4 --net a --grid w=1,2
train wide.net --input 4 --net a --grid v=1,2
train wide.net --input 4 --net a --grid epoch=1,2
train pace.net --grid epoch=soft,2
resume damaged
resume changed
resume folds
""",
    ),
    "import": (
        IMPORT,
        """
import m.keras
import m.keras -o m.net
import m.keras -o m.net --weights w.keras --input 4
import m.keras --input title=20 --input 3
import keras:VGG16 --weights w.keras
import keras:VGG16 --weights w.keras -q
import keras:VGG16 --weights w.keras --pretrained
import keras:VGG16 --weights w.keras --pretrained mine.h5
import keras:VGG16 --pretrained
import m.keras --pretrained --weights w.keras
import m.keras -o old.net
import m.keras --weights old.keras
import m.keras -o old.net --weights old.keras -f
""",
    ),
    "predict": (
        PREDICT,
        """
predict a-1 x.png y.png
predict a-1 x.png bad.png --json
predict a-1 x.png bad.png -o p.csv
predict a-1 x.png --format csv
predict a-1 x.png --top 1 --strict --with b-1 --with c-1 --augment 4 --net generator
predict a-1 x.png -o old.txt
predict a-1 x.png -o old.txt -f
predict a-1 x.png --at conv_1 --json
predict a-1 x.png --at conv_1 --net generator -o v.npy
predict a-1 x.png -o v.PNG
predict a-1 x.png --at conv_1 -o v.json
predict a-1 x.png --at conv_1 --with b-1
predict a-1 x.png -o v.svg --augment 2
""",
    ),
    "recipe": (
        RECIPE,
        """
recipe "1 > fc-1"
recipe "1 > fc-1" -q --json --data xor --epochs 3 --batch 4 --seed 5 --backend jax
recipe "1 > fc-1" r.yaml --target a --ignore b,c --log tensorboard,wandb --init-from d --batch auto
recipe "1 > fc-1" -o full.yaml
recipe "1 > fc-1" -o old.txt
recipe "1 > fc-1" -o old.txt -f
recipe "1 > fc-1" --data xor --set data.noise=0.5
recipe "1 > fc-1" --data xor --set epochs=3
recipe noted.net
recipe noted.net noted.yaml
recipe noted.net --data xor
recipe noted.net --set data.source=xor
recipe noted.net --set epochs=3
recipe "1 > fc-1" --set =3
recipe "1 > fc-1" --set epochs
""",
    ),
    "resume": (
        RESUME,
        """
resume a-1
resume a-1 --more 3 -q
resume grid-1
resume grid-1 --more 3
""",
    ),
    "sample": (
        SAMPLE,
        """
sample a-1
sample a-1 --json
sample a-1 -o s.svg
sample a-1 -o s.npy
sample a-1 -o old.svg
sample a-1 -o old.svg -f
sample a-1 --at code --count 3 --seed 4 --json
sample a-1 --between a.png b.png --json
sample a-1 --between a.png b.png --steps 2 --json
sample a-1 --between a.png b.png --steps 1 --json
sample a-1 --mean 7 --minus 1 --plus 4 --json
sample a-1 --judge c-1
sample a-1 --judge c-1 --json -o s.svg
sample a-1 --judge c-1 --mean 7
sample a-1 --label 3 --json
sample gan-1 --json
sample gan-1 --count 3 --seed 4 --label 3 --json
sample gan-1 --between 1 2 --seed 4 --label 3 --json
sample gan-1 --between 1 2 --steps 5 --json
sample gan-1 --mean 7 --seed 4 --judge c-1
sample gan-1 --at code --json
""",
    ),
    "show": (
        SHOW,
        """
show a-1 --filters
show a-1 --filters conv_1 --evolution --json -o f.svg
show a-1 --excite fc_1 --prior tv --seed 3
show a-1 --where x.png --label 0
show a-1 --codes fc_1 --map tsne --part all --net generator
show a-1 b-1 --reconstruct --noise 0.5
show a-1 --filters -o old.svg
show a-1 --filters -o old.svg -f
show a-1 --report
show a-1 --plane --label 2
show a-1
show run-1
show run-1 --print
""",
    ),
    "train": (
        TRAIN,
        """
train "1 > fc-1" --dry-run
train "1 > fc-1" --overfit-one-batch
train "1 > fc-1" --overfit-one-batch --name hopeless
train "1 > fc-1" --find-rate
train "1 > fc-1" --find-rate r.svg
train "1 > fc-1" --find-rate --name hopeless
train "1 > fc-1" --find-rate old.svg
train "1 > fc-1" --net gan --dry-run
train "1 > fc-1" --net gan --overfit-one-batch
train "1 > fc-1" --net gan --find-rate
train "1 > fc-1" --dry-run --grid batch=1
train "1 > fc-1" --dry-run --folds 2
train "1 > fc-1" --overfit-one-batch --then show
train "1 > fc-1"
train "1 > fc-1" -q --name two --epochs 3 --seed 4
train "1 > fc-1" --name stopped --then "show --filters"
train "1 > fc-1" --then "show --filters"
train "1 > fc-1" -q --then "show --filters"
train "1 > fc-1" --set "hosts=[a:1, b:2]" --then show
train "1 > fc-1" --set "hosts=[a:1, b:2]" --set seed=1 --then show
train pair.net --set gan=nonsaturating
train pair.net --set gan=nonsaturating --net a
train pair.net --net a
""",
    ),
}
"""What the functions of each command answer, and how it is called."""


UNSHOWN = (argparse.Namespace, FunctionType)
LACKING = re.compile(r"(\w+=|'\w+': )(None|\w+\(\))(, )?")


def shown(*given: Any, **keys: Any) -> str:
    """Arguments of a call, without names for nothing and without what differs from run to run."""
    given = tuple(Made("...") if isinstance(one, UNSHOWN) else one for one in given)
    text = ", ".join([*map(repr, given), *(f"{key}={value!r}" for key, value in keys.items())])
    for _ in range(3):  # as deep as recipes are nested
        text = LACKING.sub("", text)
    return re.sub(r", ([)}]|$)", r"\1", text)


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
    answers, lines = WORK[command]
    replace(answers, monkeypatch)
    for name, module in LOOPS.items():
        monkeypatch.setitem(sys.modules, f"netdsl.training.loop.{name}", module)
    monkeypatch.setattr("netdsl.training.adversarial.job.AdversarialJob", Pair)
    told = []
    for line in lines.strip().splitlines():
        try:
            code: Any = main(shlex.split(line))
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        told.append(f"$ netdsl {line}\n{out}--- standard error ---\n{err}")
        for path in sorted(path for path in tmp_path.iterdir() if path.is_file()):
            if path.name not in FILES:
                told.append(f"--- {path.name} ---\n{path.read_text(encoding='utf-8')}")
                path.unlink()
            elif path.read_text(encoding="utf-8") != FILES[path.name]:
                told.append(f"--- {path.name} is replaced ---\n")
                path.write_text(FILES[path.name], encoding="utf-8")
        told.append(f"--- exit code {code} ---\n\n")
    golden(GOLDENS / f"{command}.txt", "".join(told))
