"""Arguments of the public functions: what they accept, and the error that names a wrong one."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.kinds.values import Indices

TEXT = "param w = 6\nparam p = 0.5\n8 > fc-{w} > dropout({p})"
FRAGMENT = "conv3-4 > gap"
HUGE = 10**5000
LONG = "x" * 5000
"""A name that no file system has."""


def parsed(**arguments: Any) -> netdsl.Network:
    return netdsl.parse(TEXT, **arguments)


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


# (a call, what its error says first)
WRONG_TYPES: list[tuple[Callable[[], Any], str]] = [
    (lambda: netdsl.parse(None), "`text` accepts the text of a network, not None"),  # type: ignore[arg-type]
    (lambda: netdsl.parse(8), "`text` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.parse(b"8 > fc-4"), "`text` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.parse(Path("a.net")), "`text` accepts .*; load\\(path\\) reads a file"),  # type: ignore[arg-type]
    (lambda: netdsl.parse(Unshowable()), "`text` accepts .* a value of the type Unshowable"),  # type: ignore[arg-type]
    (lambda: netdsl.load(None), "`path` accepts the path of a .net file, not None"),  # type: ignore[arg-type]
    (lambda: netdsl.load(3), "`path` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.load(b"a.net"), "`path` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.check(None), "`source` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.load_model(None), "`path` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.parse(FRAGMENT, input=8), r"`input` accepts a shape .*, not 8; write \(8,\)"),  # type: ignore[arg-type]
    (lambda: netdsl.parse(FRAGMENT, input=[8, 8, 3]), r"not \[8, 8, 3\]; write \(8, 8, 3\)"),  # type: ignore[arg-type]
    (lambda: netdsl.parse(FRAGMENT, input="8x8x3"), "`input` accepts a shape"),  # type: ignore[arg-type]
    (lambda: netdsl.parse(FRAGMENT, input=()), "`input` accepts a shape"),
    (lambda: netdsl.parse(FRAGMENT, input=(8, 8, 2.5)), "`input` accepts a shape"),  # type: ignore[arg-type]
    (lambda: netdsl.parse(FRAGMENT, input=(True, 8, 8)), "`input` accepts a shape"),
    (lambda: netdsl.parse(FRAGMENT, input=np.zeros(3)), "`input` accepts a shape"),  # type: ignore[arg-type]
    (lambda: netdsl.parse(TEXT, limits=32), '`limits` accepts .* set by params={"limits": 32}'),  # type: ignore[arg-type]
    (lambda: netdsl.parse(TEXT, limits=netdsl.Limits(word="x")), r"`limits\.word` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.parse(TEXT, net=3), "`net` accepts the name"),  # type: ignore[arg-type]
    (lambda: netdsl.parse(TEXT, name=3), '`name` accepts .* set by params={"name": 3}'),  # type: ignore[arg-type]
    (lambda: parsed(params=3), "`params` accepts names with values"),
    (lambda: parsed(params={3: 4}), "`params` accepts names that are texts"),
    (lambda: parsed(params={"w": None}), "the param `w` accepts"),
    (lambda: parsed(params={"w": ["a"]}), "the param `w` accepts"),
    (lambda: parsed(params={"w": {HUGE}}), "the param `w` accepts .* a value of the type set"),
    (lambda: parsed(params={"w": {"a": 1}}), "the param `w` accepts"),
    (lambda: parsed(params={"w": 1j}), "the param `w` accepts"),
    (lambda: parsed(params={"w": np.array("wide")}), "the param `w` accepts"),
    (lambda: parsed(params={"w": np.array(HUGE)}), "the param `w` accepts"),
    (lambda: parsed().memory(batch=2.5), "`batch` accepts an integer, not 2.5"),  # type: ignore[arg-type]
    (lambda: parsed().memory(batch=True), "`batch` accepts"),
    (lambda: parsed().memory(batch=int), "`batch` accepts an integer, not <class 'int'>"),  # type: ignore[arg-type]
    (lambda: parsed().memory(batch=np.ones(1, int)), "`batch` accepts"),  # type: ignore[arg-type]
    (lambda: parsed().memory(optimizer=3), "`optimizer` accepts one of"),  # type: ignore[arg-type]
    (lambda: parsed().train({"data": {"source": [[1], [2]]}}), r"`data\.source` .*data=\(x, y\)"),
    (lambda: parsed().scaling("8", 1e9), "`devices` accepts"),  # type: ignore[arg-type]
    (lambda: parsed().scaling(8, "1e9"), "`link` accepts a number"),  # type: ignore[arg-type]
    (lambda: parsed().table(format=3), "`format` accepts one of"),  # type: ignore[arg-type]
    (lambda: parsed().table(columns=3), "`columns` accepts names"),  # type: ignore[arg-type]
    (lambda: parsed().table(columns=[3]), "`columns` accepts names"),  # type: ignore[list-item]
    (lambda: parsed().table(sort=3), "`sort` accepts"),  # type: ignore[arg-type]
    (lambda: parsed().table(units="yes"), "`units` accepts True or False, not 'yes'"),  # type: ignore[arg-type]
    (lambda: parsed().draw(style=3), "`style` accepts"),  # type: ignore[arg-type]
    (lambda: parsed().draw(depth="all"), "`depth` accepts an integer"),  # type: ignore[arg-type]
    (lambda: parsed().draw(open=3), "`open` accepts names"),  # type: ignore[arg-type]
    (lambda: parsed().draw(columns={"output": 1}), "`columns` accepts names"),  # type: ignore[arg-type]
    (lambda: netdsl.summary("8 > fc-4"), "`networks` accepts networks"),
    (lambda: netdsl.summary(b"8"), "`networks` accepts networks"),  # type: ignore[arg-type]
    (lambda: netdsl.summary(8), "`networks` accepts networks"),  # type: ignore[arg-type]
    (lambda: netdsl.summary([TEXT, 8]), r"`networks\[1\]` accepts a Network, the path"),  # type: ignore[list-item]
    (lambda: parsed().diff("8 > fc-4"), "`other` accepts a Network"),  # type: ignore[arg-type]
    (lambda: netdsl.diff(parsed(), 3), "`b` accepts a Network, the path"),  # type: ignore[arg-type]
    (lambda: parsed().keras(seed="0"), "`seed` accepts"),  # type: ignore[arg-type]
    (lambda: parsed().keras(dtype=3), "`dtype` accepts one of"),  # type: ignore[arg-type]
    (lambda: netdsl.train(3), "`network` accepts a Network, the path"),  # type: ignore[arg-type]
    (lambda: parsed().train(3), "`recipe` accepts a Recipe, keys and values, or the path"),  # type: ignore[arg-type]
    (lambda: parsed().train(name=3), "`name` accepts"),  # type: ignore[arg-type]
    (lambda: parsed().train(where=3), "`where` accepts"),  # type: ignore[arg-type]
    (lambda: parsed().train(quiet="yes"), "`quiet` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.evaluate(3), "`run` accepts a Run or the path of its folder, not 3"),  # type: ignore[arg-type]
    (lambda: netdsl.predict(None, "a.png"), "`run` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.predict("runs/a-1", "a.png", top="3"), "`top` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.predict("a", "a.png", others=3), "`others` accepts a Run, the path"),  # type: ignore[arg-type]
    (lambda: netdsl.predict("a", "a.png", others=["b", 3]), r"`others\[1\]` accepts a Run"),  # type: ignore[list-item]
    (lambda: netdsl.evaluate("a", zeros="no"), "`zeros` accepts True or False"),  # type: ignore[arg-type]
    (lambda: netdsl.evaluate("a", subnetworks=2.5), "`subnetworks` accepts an integer"),  # type: ignore[arg-type]
    (lambda: netdsl.export("runs/a-1", None), "`path` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.export("runs/a-1", "a.onnx", format=3), "`format` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.export("runs/a-1", "a.onnx", force=3), "`force` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.resume(3), "`run` accepts"),  # type: ignore[arg-type]
    (lambda: netdsl.Run.load(3), "`run` accepts"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("call", "said"), WRONG_TYPES)
def test_a_wrong_type_names_its_argument(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        call()


# (a call, the code of its error, what it says)
WRONG_VALUES: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: parsed(params={"w": float("nan")}), "N107", "the param `w` accepts"),
    (lambda: parsed(params={"w": np.float32("inf")}), "N107", "the param `w` accepts"),
    (lambda: parsed(params={"w": [6]}), "N111", r"the amount is an integer, not \[6\]"),
    (lambda: parsed(params={"w": np.array([6])}), "N111", r"the amount is an integer, not \[6\]"),
    (lambda: parsed(params={"w": [HUGE]}), "N404", "the param `w` is a number of 16,610 bits"),
    (lambda: parsed(params={"w": HUGE}), "N404", "the param `w` is a number of 16,610 bits"),
    (lambda: parsed(params={"w": Fraction(1, HUGE)}), "N404", "the param `w` is a number"),
    (lambda: parsed(params={"v": 6}), "N108", "has no param `v`"),
    (lambda: parsed(params={"": 6}), "N108", "has no param ``"),
    (lambda: netdsl.parse(FRAGMENT, input=(8, 8, -1)), "N201", "`input` accepts sizes"),
    (lambda: netdsl.parse(FRAGMENT, input=(8, 8, 2**60)), "N407", "`input` accepts shapes"),
    (lambda: netdsl.parse(FRAGMENT, input=(8, 8, HUGE)), "N407", "`input` accepts shapes"),
    (lambda: netdsl.parse(""), "N008", "is empty"),
    (lambda: netdsl.parse(TEXT, name=""), "N107", "`name` accepts"),
    (lambda: netdsl.parse(TEXT, net=""), "N107", "`net` accepts"),
    (lambda: netdsl.load(""), "N107", "`path` accepts"),
    (lambda: netdsl.load("none.net"), "N601", "none.net"),
    (lambda: parsed().memory(batch=0), "N201", "`batch` accepts integers from 1, not 0"),
    (lambda: parsed().memory(batch=HUGE), "N201", "from 1 to 9,223,372,036,854,775,807, not"),
    (lambda: parsed().memory(optimizer="adm"), "N107", "did you mean `adam`"),
    (lambda: parsed().memory(precision="float16"), "N107", "`precision` accepts one of"),
    (lambda: parsed().scaling(8, 0), "N201", "`link` accepts numbers above 0"),
    (lambda: parsed().scaling(8, float("nan")), "N201", "`link` accepts"),
    (lambda: parsed().scaling(8, HUGE), "N201", "`link` accepts"),
    (lambda: parsed().scaling(8, 1, use=1.5), "N201", "`use` accepts numbers above 0 up to 1, not"),
    (lambda: parsed().table(by="layers"), "N107", "did you mean `layer`"),
    (lambda: parsed().table(format="md"), "N107", "`format` accepts one of"),
    (lambda: parsed().table(columns="outptu"), "N625", "did you mean `output`"),
    (lambda: parsed().table(sort="parms"), "N625", "did you mean `params`"),
    (lambda: parsed().draw(style="grpah"), "N664", "did you mean `graph`"),
    (lambda: parsed().draw(depth=-1), "N201", "`depth` accepts"),
    (lambda: parsed().keras(seed=-1), "N201", "`seed` accepts"),
    (lambda: parsed().keras(seed=2**32), "N201", "`seed` accepts integers from 0 to 4,294,967,295"),
    (
        lambda: parsed().keras(dtype="float63"),
        "N107",
        '"mixed", "float64", not \'float63\'\n.*did you mean `float64`',
    ),
    (lambda: parsed().train("none.yaml"), "N601", "`recipe` accepts a Recipe, keys and values"),
    (lambda: parsed().train("digits"), "N601", 'train\\(data="digits"\\)'),
    (lambda: parsed().train({"epohcs": 3}), "N503", "did you mean `epochs`"),
    (lambda: parsed().train(epohcs=3), "N503", "did you mean `epochs`"),
    (lambda: parsed().train(optimizer={"rate": -1}), "N505", "`optimizer.rate` "),
    (lambda: parsed().train(epochs=2.5), "N504", "`epochs` "),
    (lambda: parsed().train(data=3, quiet=True), "N533", "type int"),
    (lambda: netdsl.predict("runs/a-1", "a.png", top=0), "N201", "`top` accepts"),
    (lambda: netdsl.evaluate("none"), "N613", "none"),
    (lambda: netdsl.evaluate(LONG), "N613", "there is no run folder xxx"),
    (lambda: netdsl.predict(LONG, "a.csv"), "N613", "there is no run folder xxx"),
    (lambda: netdsl.export(LONG, "a.onnx"), "N613", "there is no run folder xxx"),
    (lambda: netdsl.export(f"{LONG}.keras", "a.onnx"), "N601", "there is no file xxx"),
    (lambda: netdsl.resume(LONG), "N613", "there is no run folder xxx"),
    (lambda: parsed().draw().save(f"{LONG}.svg"), "N610", "File name too long"),
    (lambda: netdsl.evaluate("none", part="tets"), "N630", "did you mean `test`"),
]


@pytest.mark.parametrize(("call", "code", "said"), WRONG_VALUES)
def test_a_wrong_value_has_a_code_and_names_its_argument(
    call: Callable[[], Any], code: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(netdsl.NetError, match=said) as caught:
        call()
    assert caught.value.code == code
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (np.int64(12), 12),
        (np.uint8(12), 12),
        (np.array(12), 12),
        (12.0, 12),
        (np.float64(12), 12),
        (Fraction(24, 2), 12),
        (Decimal("12"), 12),
    ],
)
def test_integers_of_any_type(value: Any, exact: int) -> None:
    network = parsed(params={"w": value})
    assert network.params == {"w": exact}
    assert type(network.params["w"]) is int
    assert network.outputs[0].shape == (12,)


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (0.1, Fraction(1, 10)),
        (np.float32(0.1), Fraction(1, 10)),
        (np.float16(0.1), Fraction(1, 10)),
        (np.float64(0.1), Fraction(1, 10)),
        (Decimal("0.1"), Fraction(1, 10)),
        (np.float32(1e-7), Fraction(1, 10**7)),
    ],
)
def test_decimals_are_what_they_print_as(value: Any, exact: Fraction) -> None:
    assert parsed(params={"p": value}).params == {"p": exact}


@pytest.mark.parametrize("value", [True, np.bool_(True), np.array(True)])
def test_yes_of_any_type(value: Any) -> None:
    network = netdsl.parse("param b = no\n8 > fc-4(bias={b})", params={"b": value})
    assert network.params == {"b": True}
    assert network.params["b"] is True


def test_texts_of_any_type() -> None:
    network = netdsl.parse(
        'param a = "relu"\n8 > fc-4 > when(a == "tanh", fc-3)', params={"a": np.str_("tanh")}
    )
    assert network.outputs[0].shape == (3,)
    assert type(network.params["a"]) is str


@pytest.mark.parametrize(
    "shape", [(8, 8, 3), (np.int64(8), 8, np.int32(3)), Indices((4,), 9), None]
)
def test_shapes(shape: Any) -> None:
    text = "input 8x8x3 > conv3-4" if shape is None else "embed-3" if len(shape) == 1 else FRAGMENT
    network = netdsl.parse(text, input=shape)
    assert network.inputs[0].shape == (shape or (8, 8, 3))
    assert all(type(size) is int for size in network.inputs[0].shape)


@pytest.mark.parametrize("name", ["limits", "name", "text", "params", "path"])
def test_a_param_may_have_the_name_of_an_argument(name: str, tmp_path: Path) -> None:
    text = f"param {name} = 6\n8 > fc-{{{name}}}"
    (tmp_path / "a.net").write_text(text, encoding="utf-8")
    for network in (
        netdsl.parse(text, params={name: 12}),
        netdsl.load(tmp_path / "a.net", params={name: 12}),
    ):
        assert network.outputs[0].shape == (12,)


# --- params as keywords ---------------------------------------------------------------------------


def test_params_as_keywords_work_and_warn_where_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "a.net").write_text(TEXT, encoding="utf-8")
    for call in (
        lambda: netdsl.parse(TEXT, w=12),
        lambda: netdsl.load(tmp_path / "a.net", w=12),
    ):
        with pytest.warns(DeprecationWarning, match=r'write params={"w": 12}') as caught:
            network = call()
        assert [warning.filename for warning in caught] == [__file__]
        assert network.outputs[0].shape == (12,)


def test_params_do_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parsed(params={"w": 12})


def test_a_param_given_twice() -> None:
    with (
        pytest.warns(DeprecationWarning, match="write params"),
        pytest.raises(TypeError, match="the param `w` is given twice"),
    ):
        netdsl.parse(TEXT, params={"w": 3}, w=3)
