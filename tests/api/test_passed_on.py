"""What public functions pass on to the room that does the work: the values of arguments that are
left out, and each that is given. Nothing is computed, trained or read from a run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import numpy as np
import pytest
from support.runs import RESULT

import netdsl
from netdsl.analysis.scaling import step
from netdsl.api.computed import GradientChecks, NetworkDerivatives
from netdsl.api.computing import Computing
from netdsl.api.run import Run, asked_training
from netdsl.drawing.options import Options
from netdsl.errors import NetError
from netdsl.lab.backward import Backward
from netdsl.lab.forward import Computation
from netdsl.lab.gradcheck import Settings
from netdsl.lab.losses import Asked
from netdsl.lab.weighted import WeightedNetwork
from netdsl.reading import Fragment
from netdsl.training.evaluation.out_of_fold import OutOfFold
from netdsl.training.loop.folds import TrainedFolds
from netdsl.training.recipes.recipe import DataSpec, Recipe
from netdsl.training.reporting.grid_report import GridRun
from netdsl.training.runs.listing import Entry

NETWORK = netdsl.parse("2 > linear-1(init=1) as y", name="line")
RUN = Run.of(RESULT)
FOLDER = "runs/a-1"
HIGHEST = 2**32 - 1  # of a seed

Called = Callable[..., list[tuple[tuple[Any, ...], dict[str, Any]]]]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Called:
    """Replaces a function of the package, and gives what it is called with."""

    def replace(name: str, result: Any) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        seen: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

        def instead(*given: Any, **keys: Any) -> Any:
            seen.append((given, keys))
            return result

        module, _, function = name.rpartition(".")
        monkeypatch.setattr(resolve_name(f"netdsl.{module}"), function, instead)
        return seen

    return replace


# --- runs -----------------------------------------------------------------------------------------


def test_a_run_is_what_its_training_gave() -> None:
    assert {item.name: getattr(RUN, item.name) for item in dataclasses.fields(RESULT)} == {
        item.name: getattr(RESULT, item.name) for item in dataclasses.fields(RESULT)
    }
    assert RUN.path == Path(FOLDER)
    assert str(RUN).startswith("ended after 3 epochs (1,200 steps, 6.3 s)")


def test_a_folder_is_read_as_a_run(called: Called) -> None:
    seen = called("training.runs.run.RunResult.load", RESULT)
    found = Run.load(Path(FOLDER))
    assert (type(found), found, seen) == (Run, RUN, [((FOLDER,), {})])
    epochs = called("api.run.read_epochs", [{"epoch": 1}])
    assert type(RUN.history) is netdsl.Records
    assert list(RUN.history) == [{"epoch": 1}]
    assert epochs == [((Path(FOLDER),), {})] * 2
    recipes = called("training.runs.inputs.read_recipe", Recipe(epochs=3))
    assert RUN.recipe == Recipe(epochs=3)
    assert recipes == [((Path(FOLDER),), {})]


EVALUATED = {"part": None, "data": None, "zeros": False, "subnetworks": 0}
PREDICTED = {"strict": False, "others": [], "versions": 0}
EXPORTED = {"format": None, "force": False, "bare": False, "quantize": None, "data": None}
RESUMED = {"data": None, "quiet": False, "more": None}
DATA = ([[1.0]], [[2.0]])


@pytest.mark.parametrize("of", ["run", "folder"])
def test_evaluating(of: str, called: Called) -> None:
    seen = called("training.verbs.evaluate", {"loss": 0.5})
    if of == "run":
        found = RUN.evaluate()
        RUN.evaluate(DATA, part="all", zeros=True, subnetworks=3)
        RUN.evaluate(Path("b.csv"))
    else:
        found = netdsl.evaluate(Path(FOLDER))
        netdsl.evaluate(FOLDER, part="all", data=DATA, zeros=True, subnetworks=3)
        netdsl.evaluate(RUN, data=Path("b.csv"))
    assert (type(found), found) == (netdsl.EvaluationResult, {"loss": 0.5})
    given = {"part": "all", "data": DATA, "zeros": True, "subnetworks": 3}
    assert seen == [
        ((FOLDER,), EVALUATED),
        ((FOLDER,), given),
        ((FOLDER,), {**EVALUATED, "data": "b.csv"}),
    ]


@pytest.mark.parametrize("of", ["run", "folder"])
def test_predicting(of: str, called: Called) -> None:
    seen = called("training.evaluation.predict.predict", [{"class": 3}])
    ask = RUN.predict if of == "run" else lambda *a, **k: netdsl.predict(FOLDER, *a, **k)
    found = ask("a.png")
    ask("a.png", top=1, strict=True, others=RUN, versions=2)
    ask("a.png", others="b")
    ask("a.png", others=[Path("b"), RUN])
    assert type(found) is netdsl.Records
    assert list(found) == [{"class": 3}]
    assert seen == [
        ((FOLDER, "a.png", 3), PREDICTED),
        ((FOLDER, "a.png", 1), {"strict": True, "others": [FOLDER], "versions": 2}),
        ((FOLDER, "a.png", 3), {**PREDICTED, "others": ["b"]}),
        ((FOLDER, "a.png", 3), {**PREDICTED, "others": ["b", FOLDER]}),
    ]
    with pytest.raises(NetError, match="`versions` accepts integers from 0, not -1"):
        ask("a.png", versions=-1)
    with pytest.raises(TypeError, match="`strict` accepts True or False"):
        ask("a.png", strict="no")


@pytest.mark.parametrize("of", ["run", "folder"])
def test_exporting(of: str, called: Called) -> None:
    seen = called("training.export.export.export", ["written"])
    ask = RUN.export if of == "run" else lambda *a, **k: netdsl.export(FOLDER, *a, **k)
    given = {"format": "litert", "force": True, "bare": True, "quantize": "int8", "data": DATA}
    assert ask(Path("a.onnx")) == ["written"]
    ask("a.tflite", **given)
    assert seen == [((FOLDER, "a.onnx"), EXPORTED), ((FOLDER, "a.tflite"), given)]
    for name in ("format", "quantize"):
        with pytest.raises(NetError, match=f"`{name}` accepts .*, not an empty text"):
            ask("a.onnx", **{name: ""})
    for name in ("force", "bare"):
        with pytest.raises(TypeError, match=f"`{name}` accepts True or False"):
            ask("a.onnx", **{name: 1})


@pytest.mark.parametrize("of", ["run", "folder"])
def test_resuming(of: str, called: Called) -> None:
    seen = called("training.verbs.resume", RESULT)
    ask = RUN.resume if of == "run" else lambda **k: netdsl.resume(FOLDER, **k)
    found = ask()
    ask(data=DATA, quiet=True, more=1)
    assert (type(found), found) == (Run, RUN)
    given = {"data": DATA, "quiet": True, "more": 1}
    assert seen == [((FOLDER,), RESUMED), ((FOLDER,), given)]
    with pytest.raises(NetError, match="`more` accepts integers from 1, not 0"):
        ask(more=0)
    with pytest.raises(TypeError, match="`quiet` accepts True or False"):
        ask(quiet=0)


def test_pictures_of_small_runs(called: Called) -> None:
    opened = called("lab.inside.subject.TrainedRun.of", "opened")
    planes = called("lab.inside.plane.over_input", "a plane")
    paths = called("lab.inside.descent.descent", "a path")
    assert (RUN.plane(), RUN.plane(DATA)) == ("a plane", "a plane")
    assert (RUN.descent(), RUN.descent(DATA)) == ("a path", "a path")
    assert planes == paths == [(("opened",), {})] * 2
    assert opened == [((Path(FOLDER), data), {}) for data in (None, DATA) * 2]


def test_its_weights(called: Called) -> None:
    read = called("training.runs.finished.finished_run", "a run")
    weighted = called("lab.weighted.trained", "weights")
    assert RUN._weighted(3) == "weights"
    assert (read, weighted) == ([((Path(FOLDER),), {})], [(("a run",), {})])


# --- training -------------------------------------------------------------------------------------

PLAIN = {"data": None, "target": None, "drop": None}
TRAINED = {**PLAIN, "name": None, "where": "runs", "quiet": False}


@pytest.mark.parametrize("of", ["network", "netdsl"])
def test_training(of: str, called: Called) -> None:
    seen = called("training.verbs.train", RESULT)
    ask: Any = NETWORK.train if of == "network" else lambda *a, **k: netdsl.train(NETWORK, *a, **k)
    found = ask()
    ask({"epochs": 3}, name="b", where=Path("c"), quiet=True, data=DATA, target="y", drop=["z"])
    assert (type(found), found) == (Run, RUN)
    given = {"data": DATA, "target": "y", "drop": ["z"], "name": "b", "where": "c", "quiet": True}
    assert seen == [((NETWORK, Recipe()), TRAINED), ((NETWORK, Recipe(epochs=3)), given)]
    with pytest.raises(NetError, match="`name` accepts a run's name, not an empty text"):
        ask(name="")


def test_what_is_trained(called: Called, tmp_path: Path) -> None:
    seen = called("training.verbs.train", RESULT)
    (tmp_path / "a.net").write_text("net a\n8 > fc-2\nnet b\n2 > fc-8", encoding="utf-8")
    netdsl.train("fc-3 > fc-1")
    netdsl.train("8 > fc-1", {"gan": {"generator": "a", "discriminator": "b"}})
    netdsl.train(tmp_path / "a.net", {"gan": {"generator": "a", "discriminator": "b"}})
    fragment, plain, first = (given[0] for given, _ in seen)
    assert type(fragment) is Fragment
    assert (fragment.name, fragment.source.name) == ("network", "<text>")
    assert (type(plain), plain.name) == (netdsl.Network, "network")
    assert (type(first), first.name) == (netdsl.Network, "a")
    netdsl.train("\ufefffc-3\r\n> fc-1")
    assert seen[-1][0][0].source.text == "fc-3\n> fc-1"
    with pytest.raises(NetError, match=r"a\.net holds 2 networks"):
        netdsl.train(tmp_path / "a.net")
    with pytest.raises(NetError, match="N101"):
        netdsl.train("8 > pol", {"gan": {"generator": "a", "discriminator": "b"}})


SPEC = DataSpec(source="digits")


@pytest.mark.parametrize(
    ("recipe", "keys", "known", "data"),
    [
        (None, {}, Recipe(), PLAIN),
        (Recipe(epochs=3), {"batch": 8}, Recipe(epochs=3, batch=8), PLAIN),
        ({"data": "digits"}, {}, Recipe(data=SPEC), PLAIN),
        ({"data": {"source": "digits"}}, {}, Recipe(data=SPEC), PLAIN),
        ({"data": SPEC}, {}, Recipe(data=SPEC), PLAIN),
        ({"data": Path("a.csv")}, {}, Recipe(data=DataSpec(source="a.csv")), PLAIN),
        ({"data": DATA, "epochs": 3}, {}, Recipe(epochs=3), {**PLAIN, "data": DATA}),
        ({"data": {"x": 1, "y": 2}}, {}, Recipe(), {**PLAIN, "data": {"x": 1, "y": 2}}),
        ({"data": DATA}, {"data": (1, 2)}, Recipe(), {**PLAIN, "data": (1, 2)}),
        ({}, {"target": "a", "drop": "b"}, Recipe(), {**PLAIN, "target": "a", "drop": "b"}),
    ],
)
def test_recipes_and_data(recipe: Any, keys: Any, known: Recipe, data: Any) -> None:
    before = dict(keys), dict(recipe) if isinstance(recipe, dict) else recipe
    assert asked_training(recipe, keys) == (known, data)
    assert (keys, recipe) == before


def test_what_a_recipe_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    other = 'a network in quotes contains a `>`: "28x28x1 > fc-10"'
    for path, help in (("moons", 'data is given by name: train(data="moons")'), ("qqqq", other)):
        with pytest.raises(NetError) as caught:
            asked_training(path, {})
        (found,) = caught.value.diagnostics
        assert found.message.startswith("`recipe` accepts a Recipe, keys and values, or the path")
        assert found.code == "N601"
        assert found.help == help
    Path("a.yaml").write_text("epohcs: 3", encoding="utf-8")
    with pytest.raises(NetError, match="did you mean `epochs`"):
        asked_training("a.yaml", {})


BASELINE = {"answer": "the mean", "figure": "loss", "value": 2.0}


def test_cross_validation(called: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [
        GridRun((), Entry(f"a-{fold}", epochs=fold + 3, figures={"test_loss": 1.0 + fold}))
        for fold in range(2)
    ]
    pooled = OutOfFold([{"class": 3}], 1, {"loss": 1.5}, {}, BASELINE)
    seen = called("training.loop.folds.train_folds", TrainedFolds(Path("f"), runs, pooled))
    monkeypatch.setattr(Run, "load", lambda folder: str(folder))
    found = netdsl.cross_validate(NETWORK)
    given: dict[str, Any] = {"name": "b", "where": Path("c"), "quiet": True}
    netdsl.cross_validate(NETWORK, {"epochs": 3}, folds=2, data=DATA, **given)
    assert seen == [
        ((NETWORK, Recipe(), 5), TRAINED),
        ((NETWORK, Recipe(epochs=3), 2), {**PLAIN, **given, "where": "c", "data": DATA}),
    ]
    assert (found.folder, list(found.runs)) == (Path("f"), ["f/a-0", "f/a-1"])
    assert list(found.scores) == [
        {"fold": 0, "epochs": 3, "test_loss": 1.0},
        {"fold": 1, "epochs": 4, "test_loss": 2.0},
    ]
    assert (found.mean, found.spread) == ({"test_loss": 1.5}, {"test_loss": 0.5**0.5})
    assert (found.pooled, found.baseline) == ({"loss": 1.5}, BASELINE)
    assert list(found.predictions) == [{"class": 3}]
    assert str(found).splitlines()[-1].startswith("± is the standard deviation")
    assert "1.5" in str(found)
    assert "_text" not in repr(found)
    for folds in (1, 0):
        with pytest.raises(NetError, match=f"`folds` accepts integers from 2, not {folds}"):
            netdsl.cross_validate(NETWORK, folds=folds)
    with pytest.raises(NetError, match="`name` accepts a name of the folder, not an empty text"):
        netdsl.cross_validate(NETWORK, name="")
    with pytest.raises(TypeError, match="`quiet` accepts True or False"):
        netdsl.cross_validate(NETWORK, quiet=1)  # type: ignore[arg-type]


# --- computing ------------------------------------------------------------------------------------


class Subject(Computing):
    """A network with weights, which it says the seed of."""

    seeds: list[int]

    def __init__(self) -> None:
        self.seeds = []

    def _weighted(self, seed: int) -> WeightedNetwork:
        self.seeds.append(seed)
        return WEIGHTED


WEIGHTED = NETWORK._weighted(0)
ONES = {"input": [1, 1]}


def test_what_has_no_weights() -> None:
    with pytest.raises(NotImplementedError):
        Computing()._weighted(0)


def test_forward(called: Called) -> None:
    seen, subject = called("lab.forward.values_of", ()), Subject()
    subject.forward([1, 1])
    subject.forward(ONES, at="y", training=True, engine="keras", seed=HIGHEST)
    assert seen == [
        ((WEIGHTED, ONES, Computation("numpy", False, 0), None), {}),
        ((WEIGHTED, ONES, Computation("keras", True, HIGHEST), "y"), {}),
    ]
    assert subject.seeds == [0, HIGHEST]


def test_backward(called: Called) -> None:
    found = Backward(NETWORK.graph, "y", 2.0, ())
    seen, subject = called("lab.backward.backward", found), Subject()
    derived = subject.backward([1, 1])
    subject.backward([1, 1], of="y", loss="squared", target=3, training=True, seed=HIGHEST)
    assert seen == [
        ((WEIGHTED, ONES, Asked(None, None, None, False, 0)), {}),
        ((WEIGHTED, ONES, Asked("y", "squared", 3, True, HIGHEST)), {}),
    ]
    assert subject.seeds == [0, HIGHEST]
    assert type(derived) is NetworkDerivatives
    assert (derived.number, derived.value) == ("y", 2.0)


def test_gradcheck(called: Called) -> None:
    seen, subject = called("lab.gradcheck.gradcheck", []), Subject()
    checks = subject.gradcheck([1, 1])
    asked = {"of": "y", "loss": "absolute", "target": 3}
    subject.gradcheck([1, 1], step=1e-3, one_sided=True, seed=HIGHEST, **asked)  # type: ignore[arg-type]
    assert seen == [
        ((WEIGHTED, ONES, Settings(1e-6, False, 0, Asked())), {}),
        ((WEIGHTED, ONES, Settings(1e-3, True, HIGHEST, Asked(**asked))), {}),  # type: ignore[arg-type]
    ]
    assert subject.seeds == [0, HIGHEST]
    assert type(checks) is GradientChecks
    assert "no gradient passes step_1" in str(netdsl.parse("1 > step").gradcheck([1]))
    with pytest.raises(NetError, match="a step of 2"):
        subject.gradcheck([1, 1], step=2)
    with pytest.raises(NetError, match="`step` accepts numbers above 0"):
        subject.gradcheck([1, 1], step=0)


def test_matrix(called: Called) -> None:
    seen, subject = called("lab.matrix.layer_matrix", "a matrix"), Subject()
    assert subject.matrix("y") == "a matrix"
    subject.matrix("y", seed=HIGHEST)
    assert seen == [((WEIGHTED, "y"), {})] * 2
    assert subject.seeds == [0, HIGHEST]


def test_more_that_a_network_computes(called: Called) -> None:
    begun = called("lab.weighted.begun", "weights")
    assert NETWORK._weighted(3) == "weights"
    assert begun == [((NETWORK, 3), {})]
    planned, norms = called("training.planning.plan.plan", "job"), called("lab.norms.norms_of", 1)
    assert NETWORK.norms("digits") == 1
    NETWORK.norms(DATA, seed=HIGHEST)
    assert norms == [(("job",), {})] * 2
    assert planned == [
        ((NETWORK,), {"data": "digits", "seed": 0}),
        ((NETWORK,), {"data": DATA, "seed": HIGHEST}),
    ]
    built = called("keras.build.build", "a model")
    assert NETWORK.keras() == "a model"
    NETWORK.keras(0, dtype="mixed")
    NETWORK.keras(HIGHEST, dtype=np.dtype("float64"))  # type: ignore[arg-type]
    assert built == [
        ((NETWORK, None, "float32"), {}),
        ((NETWORK, 0, "mixed"), {}),
        ((NETWORK, HIGHEST, "float64"), {}),
    ]
    moved = called("lab.equivariance.equivariance", [3])
    assert NETWORK.equivariance("shift") == (3,)
    NETWORK.equivariance("permute", seed=HIGHEST)
    assert moved == [((NETWORK, "shift", 0), {}), ((NETWORK, "permute", HIGHEST), {})]
    imported = called("keras.importing.from_keras", "8 > fc-4")
    assert netdsl.Network.from_keras("model", (8,)) == netdsl.parse("8 > fc-4")
    assert netdsl.from_keras("model") == "8 > fc-4"
    assert imported == [(("model", (8,)), {}), (("model", None), {})]
    loaded = called("keras.opening.load_model", "a model")
    assert netdsl.load_model(Path("a.keras")) == "a model"
    assert loaded == [(("a.keras",), {})]


@pytest.mark.parametrize(
    "call",
    [
        lambda seed: Subject().forward([1, 1], seed=seed),
        lambda seed: Subject().backward([1, 1], seed=seed),
        lambda seed: Subject().gradcheck([1, 1], seed=seed),
        lambda seed: Subject().matrix("y", seed=seed),
        lambda seed: NETWORK.norms("digits", seed=seed),
        lambda seed: NETWORK.keras(seed),
        lambda seed: NETWORK.equivariance("shift", seed=seed),
    ],
)
def test_seeds_are_of_32_bits(call: Callable[[int], Any]) -> None:
    with pytest.raises(NetError, match="`seed` accepts integers from 0, not -1"):
        call(-1)
    with pytest.raises(NetError, match="`seed` accepts integers from 0 to 4,294,967,295, not"):
        call(HIGHEST + 1)


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ([1, 2], "`x` accepts a dict of arrays by the names a, b"),
        ({"a": b"1", "b": 2}, r"`x\['a'\]` accepts numbers, a text or a path"),
        ({"a": 1, "b": bytearray(b"1")}, r"`x\['b'\]` accepts numbers"),
        ({"a": 1, "b": None}, r"`x\['b'\]` accepts numbers"),
    ],
)
def test_what_numbers_are_not(x: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        netdsl.parse("input a: 1\ninput b: 1\nadd[ @a | @b ]").forward(x)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Subject().forward([1, 1], at=""), "`at` accepts the name of a layer or a point"),
        (lambda: Subject().backward([1, 1], of=""), "`of` accepts an output's name"),
        (lambda: Subject().backward([1, 1], loss="sqared"), "did you mean `squared`"),
        (lambda: Subject().matrix(""), "`layer` accepts the name of a layer or a point"),
        (lambda: NETWORK.equivariance("shfit"), "did you mean `shift`"),
    ],
)
def test_words_that_are_not_known(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(NetError, match=said):
        call()


@pytest.mark.parametrize("x", [3, 3.5, [3], (3,), np.float32(3), np.array([3]), "3"])
def test_what_numbers_are(x: Any) -> None:
    assert netdsl.parse("1 > neg").forward(x).last.item() == -float(str(x).strip("[](),"))


# --- pictures and figures -------------------------------------------------------------------------


def test_drawing() -> None:
    network = netdsl.parse("def a() = fc-4 > relu > fc-4\ndef b() = fc-4 > relu > fc-8\n8 > a > b")
    assert network.draw().options == Options().checked()
    drawn = network.draw(
        style="graph",
        fold="none",
        depth=0,
        open="a, b",
        direction="right",
        columns=["macs"],
        colour="params",
        theme="dark",
        heading=False,
    )
    assert drawn.options == Options(
        "graph", "none", 0, ("a", "b"), "right", ("macs",), "params", "dark", False
    )


def test_scaling() -> None:
    assert NETWORK.scaling(8, 1e9) == step(NETWORK.graph, 8, 1e9, 64, 312e12, 0.2, 4)
    assert NETWORK.scaling(1, 5, batch=1, rate=3, use=1, width=1) == step(
        NETWORK.graph, 1, 5.0, 1, 3.0, 1.0, 1
    )
    for name, value in (("devices", 0), ("batch", 0), ("width", 0), ("rate", 0), ("use", 1.1)):
        given: dict[str, Any] = {"devices": 8, "link": 1.0, name: value}
        with pytest.raises(NetError, match=f"`{name}` accepts"):
            NETWORK.scaling(**given)
