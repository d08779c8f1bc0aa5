"""Data given in Python: arrays, and whatever gives examples or batches."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.training.data import Data, load_data, reload
from netdsl.training.data.parts import Examples, SourceData
from netdsl.training.data.signature import NetworkSignature
from netdsl.training.data.sources.python import gather
from netdsl.training.recipes.recipe import DataSpec, Recipe

X = np.random.default_rng(0).random((40, 8, 8, 1)).astype(np.float32)
Y = np.arange(40) % 4
NETWORK = "input 8x8x1 > flatten > softmax-4"
PAIR = "input left: 8x8x1\ninput right: 8x8x1\nsub[ @left | @right ] > flatten > softmax-4"
VALUES = "input 8x8x1 > flatten > linear-3"


def loaded(given: Any, network: str = NETWORK, target: str | None = None) -> Data:
    return load_data(Recipe(data=DataSpec(target=target)), netdsl.parse(network), given)


class Tensor:
    """What a torch tensor lets be seen of it."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Any:
        return self.array


class Counted:
    """Something that has a length, but never stops giving batches."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, place: int) -> Any:
        return X[place * 10 % 40 :][:10], Y[place * 10 % 40 :][:10]


@pytest.mark.parametrize(
    "given",
    [
        (X, Y),
        {"x": X, "y": Y},
        (X.tolist(), Y.tolist()),
        (Tensor(X), Tensor(Y)),
        list(zip(X, Y, strict=True)),
        zip(X, Y, strict=True),
        [(X[at : at + 16], Y[at : at + 16]) for at in range(0, 40, 16)],
        ([Tensor(X[at : at + 10]), Tensor(Y[at : at + 10])] for at in range(0, 40, 10)),
        Counted(),
        [(X[..., 0][at : at + 10], Y[at : at + 10]) for at in range(0, 40, 10)],
        list(zip(X[..., 0], Y, strict=True)),
        [(X, Y, np.ones(40))],
    ],
)
def test_all_that_says_the_same(given: Any) -> None:
    found = loaded(given)
    assert (len(found.train), len(found.validation), len(found.test), found.spec.source) == (
        29,
        3,
        8,
        "python",
    )
    expected = loaded((X, Y))
    assert np.array_equal(
        found.preparation.x(found.test.x)[0], expected.preparation.x(expected.test.x)[0]
    )
    assert np.array_equal(found.test.y[0], expected.test.y[0])


def test_two_pairs_are_two_parts() -> None:
    found = loaded(((X, Y), (X[:8], Y[:8])))
    assert (len(found.train), len(found.test)) == (36, 8)


@pytest.mark.parametrize(
    "given",
    [
        ((X, X), Y),
        ({"left": X, "right": X}, Y),
        {"x_left": X, "x_right": X, "y": Y},
        [((X[at : at + 10], X[at : at + 10]), Y[at : at + 10]) for at in range(0, 40, 10)],
        [({"left": x, "right": x}, y) for x, y in zip(X, Y, strict=True)],
    ],
)
def test_several_inputs(given: Any) -> None:
    found = loaded(given, PAIR)
    assert (len(found.train), len(found.train.x)) == (29, 2)


@pytest.mark.parametrize(
    ("given", "network", "target", "names"),
    [
        # A list of one example is not a list of inputs, nor of outputs.
        ((X[:1].tolist(), [1]), NETWORK, None, {"x": (1, 8, 8, 1), "y": (1,)}),
        ((X[:1].tolist(), [[1.0, 2.0, 3.0]]), VALUES, None, {"x": (1, 8, 8, 1), "y": (1, 3)}),
        (([X, X], Y), PAIR, None, {"x_left": X.shape, "x_right": X.shape, "y": (40,)}),
        ((X, Y, None), NETWORK, None, {"x": X.shape, "y": (40,)}),
        ((X, Y, list(Y)), NETWORK, None, {"x": X.shape, "y": (40,), "sample_weight": (40,)}),
        ([(X[0], 1, 2.0)], NETWORK, None, {"x": (1, 8, 8, 1), "y": (1,), "sample_weight": (1,)}),
        ([(X[0], 1, None)], NETWORK, None, {"x": (1, 8, 8, 1), "y": (1,)}),
        ([({"input": X[0]}, {"out": 1})], NETWORK, None, {"x": (1, 8, 8, 1), "y": (1,)}),
        # Not 64 numbers with 4 targets; and an example, although both have the length 8.
        ([(X[0].reshape(-1), np.eye(4)[1])], NETWORK, None, {"x": (1, 64), "y": (1, 4)}),
        ([(X[0], np.eye(8)[1])], NETWORK, None, {"x": (1, 8, 8, 1), "y": (1, 8)}),
        ([(X[:8], np.eye(8))], NETWORK, None, {"x": (8, 8, 8, 1), "y": (8, 8)}),
        ([X[0], X[1]], "input 8x8x1 > conv3-1", "input", {"x": (2, 8, 8, 1)}),
        ([(X[0], 1)], "input 8x8x1 > conv3-1", "input", {"x": (1, 8, 8, 1)}),
    ],
)
def test_arrays_are_named_as_in_a_file(
    monkeypatch: pytest.MonkeyPatch, given: Any, network: str, target: str | None, names: Any
) -> None:
    found = {}

    def named_parts(source: str, held: Any, *more: Any, **keys: Any) -> SourceData:
        found.update(held)
        return SourceData(source, Examples((X,), (Y,), "training"))

    monkeypatch.setattr("netdsl.training.data.sources.python.named_parts", named_parts)
    gather(given, NetworkSignature.of(netdsl.parse(network)), target)
    assert {name: array.shape for name, array in found.items()} == names


def test_values_one_after_the_other() -> None:
    values = np.random.default_rng(1).random((40, 3))
    assert loaded(list(zip(X, values, strict=True)), VALUES).test.y[0].shape == (8, 3)
    assert loaded([(X[:20], values[:20]), (X[20:], values[20:])], VALUES).test.y[0].shape == (8, 3)


@pytest.mark.parametrize("given", [X, (X, None), list(X), [X[:20], X[20:]], {"x": X}, iter(X)])
def test_an_autoencoder_needs_no_targets(given: Any) -> None:
    assert len(loaded(given, "input 8x8x1 > conv3-1(sigmoid)", "input").train) == 29


def test_data_is_given_again_to_evaluate() -> None:
    found = loaded((X, Y))
    assert np.array_equal(
        reload(Recipe(data=found.spec), found.preparation, (X, Y)).test.x[0], found.test.x[0]
    )
    with pytest.raises(NetError, match="data from Python") as caught:
        reload(Recipe(data=found.spec), found.preparation)
    (problem,) = caught.value.diagnostics
    advice = "run.evaluate(data), or netdsl.evaluate(folder, data=...)"
    assert (problem.code, problem.help) == ("N535", advice)


@pytest.mark.parametrize(
    ("given", "code", "reported"),
    [
        (5, "N533", "a value of the type int is not data"),
        ("digits", "N533", "of the type str"),
        ([1, 2], "N533", "holds a value of the type int"),
        ([], "N516", "holds no examples"),
        ((X, Y[:-1]), "N515", "40 rows and `y` has 39"),
        ((X, Y + 1), "N520", "1 to 4"),
        ((X * np.nan, Y), "N517", "not finite, first in row 0"),
        ((X, np.array(["a"] * 40)), "N521", "only one class: a"),
        ((X, [[1], [1, 2]]), "N533", "cannot be converted to an array"),
        ((X, [object()] * 40), "N533", "holds Python objects"),
        ((np.ma.masked_less(X, X.mean()), Y), "N533", "`x` has masked numbers"),
        ((X, {"y": None}), "N533", "`y` is of the type NoneType, not an array"),
        (({"a": X, "b": X}, Y), "N514", r"`x` holds 2 arrays \(a, b\); the network has one input"),
        ((X, {"a": Y, "b": Y}), "N514", "the network has one output"),
        ({"x": X, "labels": Y}, "N514", "no array `y`"),
        ({1: X}, "N514", "no array `x`"),
        ([(X[:5], Y[:5]), (X[:5, :7], Y[:5])], "N518", "different shapes: 7x8x1 and 8x8x1"),
        (
            {"x_train": X, "y_train": Y, "x_test": X[:, :7], "y_test": Y},
            "N518",
            "examples of different shapes: 8x8x1 and 7x8x1",
        ),
        ((np.moveaxis(np.repeat(X, 3, axis=3), 3, 1), Y), "N518", "channels first"),
        (
            (X[:, :4, :4].reshape(40, 4, 2, 2), Y),
            "N518",
            "cannot be converted to the network's input",
        ),
        (SimpleNamespace(cardinality=lambda: -1, __iter__=None), "N533", "SimpleNamespace"),
    ],
)
def test_data_that_is_refused(given: Any, code: str, reported: str) -> None:
    network = "input 8x8x3 > flatten > softmax-4" if "channels" in reported else NETWORK
    with pytest.raises(NetError, match=reported) as caught:
        loaded(given, network)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_data_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.training.data.sources.python.MAX_BYTES", 100_000)

    def for_ever() -> Any:
        while True:
            yield X, Y

    class Repeated:
        def cardinality(self) -> int:
            return -1

        def __iter__(self) -> Any:
            return for_ever()

    for given, reported in ((for_ever(), "more than"), (Repeated(), "repeats without end")):
        with pytest.raises(NetError, match=reported) as caught:
            loaded(given)
        assert caught.value.diagnostics[0].code == "N534"


@pytest.mark.parametrize("key", ["order", "group", "column"])
def test_no_split_by_a_column(key: str) -> None:
    """Arrays have no columns: a split that names one would be random."""
    spec = DataSpec.of({"split": {key: "y"}})
    with pytest.raises(NetError, match="the data given in Python is not a table") as error:
        load_data(Recipe(data=spec), netdsl.parse(NETWORK), (X, Y))
    (found,) = error.value.diagnostics
    assert (found.code, "x_train, x_val, x_test" in (found.help or "")) == ("N507", True)


def test_no_keys_for_tables() -> None:
    spec = DataSpec.of({"separator": ";"})
    with pytest.raises(NetError, match="`separator` is for tables"):
        load_data(Recipe(data=spec), netdsl.parse(NETWORK), (X, Y))
