"""What files of Keras 2 hold, brought up to date piece by piece. No framework is imported."""

from __future__ import annotations

from typing import Any

import pytest

from netdsl.errors import NetError
from netdsl.keras import keras_2
from netdsl.keras.keras_2_operators import _key


@pytest.mark.parametrize(
    ("config", "version", "old"),
    [
        ({}, "2.15.0", True),
        ({}, "1.2", True),
        ({}, "3.1", False),
        ({}, "20.1", False),
        ({"batch_input_shape": [None, 4]}, None, True),
        ({"batch_shape": [None, 4]}, None, False),
        ({"batch_input_shape": 1, "batch_shape": 1}, "", False),
        ({"batch_input_shape": 1}, "3.0", False),
    ],
)
def test_which_files_are_of_keras_2(config: Any, version: Any, old: bool) -> None:
    assert keras_2.is_keras_2(config, version) == old


def test_classes_are_looked_up_in_keras_alone() -> None:
    given = {"module": "os", "a": [{"registered_name": "x", "b": 1}, 2], "build_config": {}}
    assert keras_2._without_modules(given) == {"a": [{"b": 1}, 2]}


@pytest.mark.parametrize(
    ("key", "value", "new"),
    [
        ("dtype", {"config": {"name": "float16"}}, "float16"),
        ("dtype", {"config": {}}, "float32"),
        ("dtype", "int32", "int32"),
        ("other", {"config": {"name": "a"}}, {"config": {"name": "a"}}),
        ("axis", [3], 3),
        ("axis", [1, 3], [1, 3]),
        ("axis", 3, 3),
        ("size", [3], [3]),
    ],
)
def test_values(key: str, value: Any, new: Any) -> None:
    assert keras_2._updated_value(key, value) == new


@pytest.mark.parametrize(
    ("old", "new"), [("normal", "truncated_normal"), ("uniform", "uniform"), (None, None)]
)
def test_the_normal_distribution_was_truncated(old: Any, new: Any) -> None:
    given = {"class_name": "VarianceScaling", "config": {"scale": 2.0, "distribution": old}}
    expected = {"class_name": "VarianceScaling", "config": {"scale": 2.0, "distribution": new}}
    assert keras_2._updated_value("kernel_initializer", given) == expected
    other = {"class_name": "Constant", "config": {"distribution": "normal"}}
    assert keras_2._updated_value("kernel_initializer", other) == other


@pytest.mark.parametrize(
    ("value", "reference"),
    [
        (["a", 0, 0], True),
        (["a", 0, 0, {}], True),
        (["a", 0], False),
        (["a", 0, 0, {}, 1], False),
        (("a", 0, 0), False),
        ([1, 0, 0], False),
        (["a", "b", 0], False),
    ],
)
def test_references(value: Any, reference: bool) -> None:
    assert keras_2._is_reference(value) == reference
    found = list(keras_2._references({"x": [value], "config": ["b", 1, 0]}))
    assert found == ([("a", 0)] if reference else [])


def test_references_are_found_within_calls() -> None:
    nodes = [[["a", 0, 0, {"y": ["b", 2, 0]}], ["c", 1, 0, {}]]]
    assert sorted(keras_2._references(nodes)) == [("a", 0), ("b", 2), ("c", 1)]


def tensor(name: str, number: int, output: int = 0) -> dict[str, Any]:
    config = {"shape": [None], "dtype": "float32", "keras_history": [name, number, output]}
    return {"class_name": "__keras_tensor__", "config": config}


@pytest.mark.parametrize(
    ("node", "args", "kwargs"),
    [
        ([["a", 1, 0, {}]], [tensor("a", 1)], {}),
        ([["m", 1, 2]], [tensor("m", 0, 2)], {}),  # made by its first call
        ([["a", 0, 0, {}], ["b", 0, 0, {}]], [[tensor("a", 0), tensor("b", 0)]], {}),
        (
            [["a", 0, 0, {}], ["b", 0, 0, {"axis": 1}]],
            [[tensor("a", 0), tensor("b", 0)]],
            {"axis": 1},
        ),
        ([["a", 0, 0, {"values": 3}]], [[tensor("a", 0)]], {"values": 3}),
        (["a", 0, 0, {"y": ["m", 1, 0]}], [tensor("a", 0)], {"y": tensor("m", 0)}),
        (["a", 0, 0], [tensor("a", 0)], {}),
    ],
)
def test_calls(node: Any, args: Any, kwargs: Any) -> None:
    assert keras_2._node(node, {"m": 1}) == {"args": args, "kwargs": kwargs}


def test_calls_that_are_written_as_keras_3_does_stay() -> None:
    assert keras_2._node({"args": [1]}, {}) == {"args": [1]}


@pytest.mark.parametrize(
    ("value", "argument"),
    [
        (["_CONSTANT_VALUE", -1, 5], 5),
        (["a", 2, 0], tensor("a", 2)),
        ([["m", 2, 0], 3], [tensor("m", 1), 3]),
        ({"x": ["a", 0, 0]}, {"x": tensor("a", 0)}),
        (
            {"class_name": "__ellipsis__", "x": ["a", 0, 0]},
            {"class_name": "__ellipsis__", "x": ["a", 0, 0]},
        ),
        ("text", "text"),
    ],
)
def test_arguments(value: Any, argument: Any) -> None:
    assert keras_2._argument(value, {"m": 1}) == argument


@pytest.mark.parametrize(
    ("value", "end"),
    [
        (["a", 0, 0], ["a", 0, 0]),
        (["m", 1, 0], ["m", 1, 0]),  # 1 off for how it was made, 1 on for Keras 3
        (["f", 1, 0], ["f", 2, 0]),
        (["s", 1, 0], ["s", 1, 0]),
        ([["a", 0, 0], ["a", 1, 1]], [["a", 0, 0], ["a", 1, 1]]),
        ({"y": ["m", 2, 0]}, {"y": ["m", 2, 0]}),
    ],
)
def test_ends(value: Any, end: Any) -> None:
    kinds = {"m": "Model", "f": "Functional", "s": "Sequential", "a": "Dense"}
    assert keras_2._end(value, {"m": 1}, kinds) == end


def updated(class_name: str, **config: Any) -> Any:
    class Layers:
        class Dense:
            def __init__(self, units: int, **more: Any) -> None: ...

        class LeakyReLU:
            def __init__(self, negative_slope: float = 0.3, **more: Any) -> None: ...

        class DepthwiseConv2D(Dense): ...

        class RNN:
            def __init__(self, cell: Any, cells: Any = None, **more: Any) -> None: ...

    keras = type("keras", (), {"layers": Layers})
    updater = keras_2._Updater("old.h5", keras)
    return updater._layer({"class_name": class_name, "config": config})


@pytest.fixture(autouse=True)
def _no_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras_2, "operators", lambda: {"TFOpLambda": object})


def layer(class_name: str, **config: Any) -> dict[str, Any]:
    made = {"class_name": class_name, "module": "keras.layers", "registered_name": None}
    return made | {"config": config}


def test_layers() -> None:
    assert updated("Dense", name="d", units=3, batch_input_shape=[None, 2], dtype="float32") == (
        layer("Dense", name="d", units=3, dtype="float32")
    )
    # What has no effect is left out, and what has another name is called by it.
    assert updated("Dense", units=3, implementation=2, groups=1, fused=True, a=None, b=[]) == (
        layer("Dense", units=3)
    )
    assert updated("LeakyReLU", alpha=0.1) == layer("LeakyReLU", negative_slope=0.1)
    depthwise = updated("DepthwiseConv2D", units=1, kernel_initializer="zeros")
    assert depthwise == layer("DepthwiseConv2D", units=1)
    inner = {"class_name": "Dense", "config": {"units": 1}}
    assert updated("RNN", cell=inner, cells=[inner]) == (
        layer("RNN", cell=layer("Dense", units=1), cells=[layer("Dense", units=1)])
    )
    assert updated("TFOpLambda", function="a") == {
        "class_name": "TFOpLambda",
        "config": {"function": "a"},
    }


def test_inputs() -> None:
    assert updated("InputLayer", name="x", batch_input_shape=[None, 4], dtype="int32") == {
        "class_name": "InputLayer",
        "config": {"batch_shape": [None, 4], "dtype": "int32", "name": "x"},
    }
    assert updated("InputLayer", batch_shape=[None, 4])["config"] == {
        "batch_shape": [None, 4],
        "dtype": "float32",
        "name": "InputLayer",
    }


@pytest.mark.parametrize(
    ("class_name", "config", "said"),
    [
        ("Odd", {"name": "o"}, "layer `o` (Odd), written by Keras 2: Keras 3 has no such layer"),
        (
            "Dense",
            {"units": 3, "groups": 2},
            "layer `Dense` (Dense), written by Keras 2: its groups is 2",
        ),
        ("Dense", {"units": 3, "kernel_initializer": "zeros"}, "its kernel_initializer is zeros"),
        ("Dense", {"activation": "hard_sigmoid"}, "hard_sigmoid has the slope 0.2 in Keras 2"),
        ("Dense", {"recurrent_activation": "hard_sigmoid"}, "hard_sigmoid has the slope"),
        ("InputLayer", {"name": "x", "ragged": True}, "its input is ragged"),
    ],
)
def test_layers_that_keras_3_does_not_have(class_name: str, config: Any, said: str) -> None:
    with pytest.raises(NetError) as caught:
        updated(class_name, **config)
    assert caught.value.code == "N614"
    assert said in str(caught.value)
    assert "old.h5: layer `" in str(caught.value)


def sequential(*layers: Any, **config: Any) -> Any:
    updater = keras_2._Updater("old.h5", type("keras", (), {"layers": None}))
    given = {"class_name": "Sequential", "config": {"layers": list(layers), **config}}
    return updater.model(given)


def test_the_input_of_a_sequential_model() -> None:
    """It was on the first layer."""
    first = {"class_name": "TFOpLambda", "config": {"batch_input_shape": [None, 4]}}
    begin = {"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "dtype": "float32"}}
    assert sequential(first, build_input_shape=[1])["config"] == {"layers": [begin, first]}
    assert sequential(name="s")["config"] == {"layers": [], "name": "s"}
    none = {"class_name": "TFOpLambda", "config": {}}
    assert sequential(none)["config"] == {"layers": [none]}
    own = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "name": "x"}}
    assert len(sequential(own, none)["config"]["layers"]) == 2
    old = {"class_name": "Sequential", "config": [none]}  # before Keras 2.2.3
    updater = keras_2._Updater("old.h5", None)
    assert updater.model(old)["config"] == {"layers": [none]}


@pytest.mark.parametrize(
    ("spec", "key"),
    [
        ([1, 2], (1, 2)),
        (3, (3,)),
        ({"start": 1, "stop": None, "step": 2}, (slice(1, None, 2),)),
        (
            [{"class_name": "__ellipsis__"}, {"start": 0, "stop": 1, "step": None}],
            (..., slice(0, 1)),
        ),
    ],
)
def test_keys_of_a_part(spec: Any, key: Any) -> None:
    assert _key(spec) == key
