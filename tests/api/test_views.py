"""Which arguments the views of a run pass on, and what each refuses: no run is read."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdsl.api import arguments
from netdsl.api.inside import InsideViews, image_argument, layer_argument
from netdsl.api.making import Making
from netdsl.errors import NetError
from netdsl.limits import Limits


class Views(Making, InsideViews):
    """A run whose folder is not read."""

    folder = Path("runs/a-1")

    def _opened(self, data: Any = None) -> Any:
        return ("opened", data)


RUN = Views()
IMAGE = np.zeros((2, 2))


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Replaces functions of the lab by their names, and gives what they are called with."""

    def replace(*names: str, adversarial: bool = False) -> list[Any]:
        seen: list[Any] = []
        for name in names:
            module, _, function = name.rpartition(".")
            monkeypatch.setattr(
                importlib.import_module(f"netdsl.lab.{module}"),
                function,
                lambda *given: seen.append(given) or given,
            )
        monkeypatch.setattr("netdsl.training.verbs.adversarial", lambda folder: adversarial)
        return seen

    return replace


OPENED = ("opened", None)
MINE = ("opened", "mine")


@pytest.mark.parametrize(
    ("name", "call", "expected"),
    [
        ("inside.filters.filters", lambda: RUN.filters(), (OPENED, None)),
        ("inside.filters.filters", lambda: RUN.filters("conv_1"), (OPENED, "conv_1")),
        ("inside.filters.evolution", lambda: RUN.evolution(), (OPENED, None)),
        ("inside.filters.evolution", lambda: RUN.evolution("a"), (OPENED, "a")),
        ("inside.landscape.landscape", lambda: RUN.landscape(), (OPENED, 0)),
        (
            "inside.landscape.landscape",
            lambda: RUN.landscape(seed=3, data="mine"),
            (MINE, 3),
        ),
        ("inside.maps.maps", lambda: RUN.maps("test:3"), (OPENED, "test:3", None)),
        (
            "inside.maps.maps",
            lambda: RUN.maps("a.png", "a", data="mine"),
            (MINE, "a.png", "a"),
        ),
        ("inside.top.top", lambda: RUN.top("a"), (OPENED, "a", None, "test")),
        (
            "inside.top.top",
            lambda: RUN.top("a", 0, part="all", data="mine"),
            (MINE, "a", 0, "all"),
        ),
        ("inside.excite.excite", lambda: RUN.excite("a"), (OPENED, "a", None, "none", 0)),
        (
            "inside.excite.excite",
            lambda: RUN.excite("a", 3, prior="tv", seed=5),
            (OPENED, "a", 3, "tv", 5),
        ),
        ("inside.where.where", lambda: RUN.where("a.png"), (OPENED, "a.png", None)),
        (
            "inside.where.where",
            lambda: RUN.where("a.png", 0, data="mine"),
            (MINE, "a.png", 0),
        ),
        ("inside.codes.codes", lambda: RUN.codes("a"), (OPENED, "a", "pca", "test")),
        (
            "inside.codes.codes",
            lambda: RUN.codes("a", method="tsne", part="training", data="mine"),
            (MINE, "a", "tsne", "training"),
        ),
        (
            "inside.reconstruct.reconstruct",
            lambda: RUN.reconstruct(),
            ([OPENED], "test", 0.0, 0),
        ),
        (
            "inside.reconstruct.reconstruct",
            lambda: RUN.reconstruct(RUN, noise=0.5, part="validation", seed=2),
            ([OPENED, OPENED], "validation", 0.5, 2),
        ),
    ],
)
def test_views(name: str, call: Callable[[], Any], expected: Any, handed: Any) -> None:
    seen = handed(name)
    call()
    assert seen == [expected]


def test_attacks(handed: Any) -> None:
    seen = handed("attack.attack")
    RUN.attack()
    RUN.attack(
        (np.float32(0.5), 0),
        steps=1000,
        norm="2",
        target=0,
        part="all",
        examples=1,
        seed=2**40,
        data="mine",
    )
    (first, usual, part), (second, how, other) = seen
    assert (first, part, second, other) == (OPENED, "test", MINE, "all")
    assert tuple(usual) == ((0.0, 0.05, 0.1, 0.2), 1, "inf", None, 1000, 0)
    assert tuple(how) == ((0.5, 0.0), 1000, "2", 0, 1, 2**40)
    many = tuple(range(1, 1000))
    from netdsl.lab.attack import SIZES

    RUN.attack(many[:SIZES])
    assert len(seen[-1][1].sizes) == SIZES


DECODER = "decoder"


def test_samples(handed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = handed("inside.decode.drawn", "inside.decode.between", "inside.decode.arithmetic")
    asked: list[Any] = []
    monkeypatch.setattr("netdsl.api.making._decoder", lambda *given: asked.append(given) or DECODER)
    RUN.sample()
    RUN.sample(3, at="a", seed=5, data="mine")
    RUN.between("a.png", "b.png")
    RUN.between("a.png", "b.png", steps=2, at="a", data="mine")
    RUN.arithmetic({7: 1, "1": -1})
    RUN.arithmetic({"a": np.int64(1)}, at="a")  # type: ignore[dict-item]
    assert seen == [
        (DECODER, 64, 0),
        (DECODER, 3, 5),
        (DECODER, "a.png", "b.png", 8),
        (DECODER, "a.png", "b.png", 2),
        (DECODER, [(1, "7"), (-1, "1")]),
        (DECODER, [(1, "a")]),
    ]
    folder = RUN.folder
    plain, named = (folder, None, None), (folder, "a", "mine")
    assert asked == [plain, named, plain, named, (folder, None), (folder, "a")]


def test_samples_of_a_gan(handed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = handed("inside.generate.drawn", "inside.generate.between", adversarial=True)
    monkeypatch.setattr("netdsl.lab.inside.generate.Generator", lambda folder: folder)
    folder = RUN.folder
    RUN.sample()
    RUN.sample(2, seed=3, label="7")
    RUN.between(1, np.int64(2))
    RUN.between(3, 1, steps=2)
    assert seen == [
        (folder, 64, 0, None),
        (folder, 2, 3, "7"),
        (folder, ["1", "2"], 8, 0),
        (folder, ["3", "1"], 2, 0),
    ]
    with pytest.raises(NetError, match="`first` accepts integers from 1"):
        RUN.between(0, 1)
    with pytest.raises(TypeError, match="`last` accepts an integer"):
        RUN.between(1, "2")
    with pytest.raises(TypeError, match="`label` accepts a class"):
        RUN.sample(label=7)  # type: ignore[arg-type]
    other = handed("inside.decode.drawn", adversarial=True)
    monkeypatch.setattr("netdsl.api.making._decoder", lambda *given: DECODER)
    RUN.sample(at="a")
    assert other == [(DECODER, 64, 0)], "a layer is named: the codes are its"


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: RUN.at(3, None), TypeError, "`layer` accepts a layer's name"),  # type: ignore[arg-type]
        (lambda: RUN.filters(""), NetError, "`layer` accepts a layer's name, not an empty text"),
        (lambda: RUN.evolution(3), TypeError, "`layer` accepts"),  # type: ignore[arg-type]
        (lambda: RUN.landscape(seed=-1), NetError, "`seed` accepts integers from 0, not -1"),
        (lambda: RUN.maps(3), TypeError, "`image` accepts a path, a row of the data"),
        (lambda: RUN.maps(None), TypeError, "`image` accepts"),
        (lambda: RUN.maps(b"a"), TypeError, "`image` accepts"),
        (lambda: RUN.maps(True), TypeError, "`image` accepts"),
        (lambda: RUN.maps(0.5), TypeError, "`image` accepts"),
        (lambda: RUN.top("a", -1), NetError, "`channel` accepts integers from 0"),
        (lambda: RUN.top("a", part="tst"), NetError, "did you mean `test`"),
        (lambda: RUN.excite("a", 1.5), TypeError, "`unit` accepts"),  # type: ignore[arg-type]
        (lambda: RUN.excite("a", prior="tvv"), NetError, "did you mean `tv`"),
        (lambda: RUN.excite("a", seed=-1), NetError, "`seed`"),
        (lambda: RUN.where("a", -1), NetError, "`label` accepts"),
        (lambda: RUN.codes("a", method="tsn"), NetError, "did you mean `tsne`"),
        (lambda: RUN.codes("a", part=3), TypeError, "`part` accepts one of"),  # type: ignore[arg-type]
        (lambda: RUN.attack("0.1"), TypeError, "`sizes` accepts a list"),  # type: ignore[arg-type]
        (lambda: RUN.attack(0.1), TypeError, "`sizes` accepts a list"),  # type: ignore[arg-type]
        (lambda: RUN.attack(count(1)), NetError, "`sizes` accepts at most"),  # type: ignore[arg-type]
        (lambda: RUN.attack([-0.1]), NetError, "`sizes` accepts numbers above 0"),
        (lambda: RUN.attack([1e7]), NetError, "`sizes` accepts numbers above 0 up to 1e"),
        (lambda: RUN.attack([np.zeros(1)]), TypeError, "`sizes` accepts a number"),  # type: ignore[list-item]
        (lambda: RUN.attack(steps=0), NetError, "`steps` accepts integers from 1"),
        (lambda: RUN.attack(steps=1001), NetError, "`steps` accepts integers from 1 to 1,000"),
        (lambda: RUN.attack(norm="1"), NetError, "`norm` accepts one of"),
        (lambda: RUN.attack(target=-1), NetError, "`target` accepts"),
        (lambda: RUN.attack(examples=0), NetError, "`examples` accepts integers from 1"),
        (lambda: RUN.attack(seed=-1), NetError, "`seed` accepts"),
        (lambda: RUN.attack(part=""), NetError, "`part` accepts"),
        (lambda: RUN.reconstruct("a"), TypeError, "`others` accepts runs"),  # type: ignore[arg-type]
        (lambda: RUN.reconstruct(noise=-1), NetError, "`noise` accepts numbers above 0"),
        (lambda: RUN.reconstruct(noise=1e7), NetError, "up to 1e"),
        (lambda: RUN.sample(0), NetError, "`count` accepts integers from 1"),
        (lambda: RUN.sample(seed=-1), NetError, "`seed` accepts integers from 0"),
        (lambda: RUN.sample(at=3), TypeError, "`at` accepts a layer's name"),  # type: ignore[arg-type]
        (lambda: RUN.between(3, "a"), TypeError, "`first` accepts a path"),
        (lambda: RUN.between("a", None), TypeError, "`last` accepts a path"),
        (lambda: RUN.arithmetic({}), TypeError, "`terms` accepts a dict of 1 and -1"),
        (lambda: RUN.arithmetic([1]), TypeError, "`terms` accepts"),  # type: ignore[arg-type]
        (lambda: RUN.arithmetic({7: 2}), TypeError, r"`terms\[7\]` accepts 1 or -1, not 2"),
        (lambda: RUN.arithmetic({"a": True}), TypeError, r"`terms\['a'\]` accepts 1 or -1"),
        (lambda: RUN.arithmetic({"a": 0}), TypeError, "accepts 1 or -1, not 0"),
    ],
)
def test_what_views_refuse(
    call: Callable[[], Any], error: type[Exception], said: str, handed: Any
) -> None:
    handed()
    with pytest.raises(error, match=said):
        call()


def test_steps_between(handed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    handed()
    monkeypatch.setattr("netdsl.api.making._decoder", lambda *given: DECODER)
    with pytest.raises(NetError, match="`steps` accepts integers from 2, not 1"):
        RUN.between("a.png", "b.png", steps=1)


def test_images_and_layers() -> None:
    assert image_argument("image", IMAGE) is IMAGE
    assert image_argument("image", Path("a.png")) == Path("a.png")
    assert layer_argument(None) is None


# --- borders of arguments -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: arguments.whole("n", 3, 3), 3),
        (lambda: arguments.whole("n", 2**63 - 1, 0), 2**63 - 1),
        (lambda: arguments.whole("n", np.uint8(4), 0, 5), 4),
        (lambda: arguments.positive("x", 1, 1), 1.0),
        (lambda: arguments.positive("x", 1e-300), 1e-300),
        (lambda: arguments.positive("x", np.float32(0.5)), 0.5),
        (lambda: arguments.names("x", "a, b,,c "), ("a", "b", "c")),
        (lambda: arguments.names("x", ["a", " b"]), ("a", " b")),
        (lambda: arguments.names("x", ()), ()),
        (lambda: arguments.dtype_name(np.float64), "float64"),
        (lambda: arguments.dtype_name(np.dtype("float32")), "float32"),
        (lambda: arguments.dtype_name("float16"), "float16"),
        (lambda: arguments.yes_or_no("x", np.bool_(False)), False),
        (lambda: arguments.yes_or_no("x", np.bool_(True)), True),
        (lambda: arguments.yes_or_no("x", True), True),
        (lambda: arguments.one_of("x", "b", ("a", "b")), "b"),
        (lambda: arguments.path("x", Path("a/b")), "a/b"),
        (lambda: arguments.shape((1, np.int64(2)), Limits()), (1, 2)),
        (lambda: arguments.shape(None, Limits()), None),
        (lambda: arguments.elsewhere("w", 3), '; a param of this name is set by params={"w": 3}'),
        (lambda: arguments.elsewhere("w", None), ""),
        (lambda: arguments.elsewhere("w", [3]), ""),
    ],
)
def test_what_arguments_mean(call: Callable[[], Any], expected: Any) -> None:
    found = call()
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: arguments.whole("n", 2, 3), NetError, "integers from 3, not 2"),
        (lambda: arguments.whole("n", 5, 0, 5), NetError, "integers from 0 to 4, not 5"),
        (lambda: arguments.whole("n", 2**63, 0), NetError, "to 9,223,372,036,854,775,807"),
        (lambda: arguments.whole("n", np.bool_(True), 0), TypeError, "an integer"),
        (lambda: arguments.whole("n", np.array([1]), 0), TypeError, "an integer"),
        (lambda: arguments.positive("x", 0), NetError, "numbers above 0, not 0"),
        (lambda: arguments.positive("x", np.inf), NetError, "numbers above 0"),
        (lambda: arguments.positive("x", np.nan), NetError, "numbers above 0"),
        (lambda: arguments.positive("x", 10**400), NetError, "numbers above 0"),
        (lambda: arguments.positive("x", 1.001, 1), NetError, "above 0 up to 1, not 1.001"),
        (lambda: arguments.positive("x", True), TypeError, "a number"),
        (lambda: arguments.positive("x", "1"), TypeError, "a number"),
        (lambda: arguments.positive("x", None), TypeError, "a number"),
        (lambda: arguments.names("x", {"a"}), TypeError, "names in a list"),
        (lambda: arguments.yes_or_no("x", 1), TypeError, "True or False"),
        (lambda: arguments.path("x", "a\0b"), NetError, "is not a file name"),
        (lambda: arguments.path("x", ""), NetError, "not an empty text"),
        (lambda: arguments.shape([8, 8], Limits()), TypeError, r"write \(8, 8\)"),
        (lambda: arguments.shape(8, Limits()), TypeError, r"write \(8,\)"),
        (lambda: arguments.shape((8, 2.5), Limits()), TypeError, r", not \(8, 2\.5\)$"),
        (lambda: arguments.shape([8, 2.5], Limits()), TypeError, r", not \[8, 2\.5\]$"),
        (lambda: arguments.shape({8}, Limits()), TypeError, r", not \{8\}$"),
        (lambda: arguments.shape((), Limits()), TypeError, r"such as \(28, 28, 1\), not \(\)$"),
        (lambda: arguments.shape((8, 0), Limits()), NetError, "sizes of at least 1"),
        (lambda: arguments.shape((8, 2), Limits(elements=15)), NetError, "at most 15 elements"),
        (lambda: arguments.limits(3), TypeError, "a netdsl.Limits"),
    ],
)
def test_borders_of_arguments(call: Callable[[], Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        call()
    assert arguments.shape((8, 2), Limits(elements=16)) == (8, 2)
