"""Pictures of values and derivatives: the circuits of the lectures, tables of arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.pictures import Picture as Seen
from support.pictures import faults, merging, seen

from netdsl import parse
from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.lab.circuit import (
    _matrices,
    _tables,
    backward_picture,
    forward_picture,
    number_drawn,
)
from netdsl.lab.forward import values_of
from netdsl.lab.losses import Asked
from netdsl.lab.weighted import begun

GATES = "input x: 1\ninput y: 1\ninput z: 1\nadd[ @x | @y ] as q\nmul[ @q | @z ] as f\n"
NEURON = """
input w0: 1
input x0: 1
input w1: 1
input x1: 1
input w2: 1
mul[ @w0 | @x0 ] as a
mul[ @w1 | @x1 ] as b
add[ @a | @b ] as c
add[ @c | @w2 ] > neg > exp > rescale(1, offset=1) > recip as f
"""
PLAIN = Asked()


def backward_seen(text: str, asked: Asked = PLAIN, **given: str) -> Seen:
    from netdsl.lab.backward import backward

    subject = begun(parse(text), 0)
    return seen(backward_picture(subject.network, backward(subject, given, asked)).svg)


def forward_seen(text: str, **given: str) -> Seen:
    subject = begun(parse(text), 0)
    return seen(forward_picture(subject.network, values_of(subject, given)).svg)


def numbers(picture: Seen, name: str) -> list[str]:
    """What is written of a layer, from above to below, but for its label."""
    (box,) = (box for box in picture.boxes if box.name == name)
    ordered = sorted(box.labels, key=lambda label: (label.area.y1, label.area.x0))
    return [label.text for label in ordered if not label.text.isidentifier()]


@pytest.mark.keras
def test_the_lecture_s_circuit() -> None:
    """f = (x + y)z at x = -2, y = 5, z = -4: each value above its wire, the derivative below."""
    picture = backward_seen(GATES, x="-2", y="5", z="-4")
    assert [numbers(picture, name) for name in ("x", "y", "z", "add_1", "mul_1")] == [
        ["−2", "−4"],
        ["5", "−4"],
        ["−4", "3"],
        ["q = 3", "−4"],
        ["f = −12", "1"],
    ]
    wires = {(edge.source, edge.target) for edge in picture.edges}
    assert wires == {("x", "add_1"), ("y", "add_1"), ("add_1", "mul_1"), ("z", "mul_1")}
    assert picture.loose[1].text == "f = −12 · above each wire the value, below it the derivative"


@pytest.mark.keras
def test_the_logistic_neuron() -> None:
    given = {"w0": "2", "x0": "-1", "w1": "-3", "x1": "-2", "w2": "-3"}
    picture = backward_seen(NEURON, **given)
    found = [numbers(picture, name)[1] for name in ("w0", "x0", "w1", "x1", "w2")]
    assert found == ["−0.197", "0.393", "−0.393", "−0.59", "0.197"]
    assert numbers(picture, picture.boxes[-1].name) == ["f = 0.731", "1"]
    assert "mul swaps" in next(box.title for box in picture.boxes if box.name == "mul_1")


@pytest.mark.keras
def test_arrays_are_tables_with_the_weights_derivatives() -> None:
    text = "2 > fc-2(linear, init=1)"
    picture = backward_seen(text, Asked(of="fc_1[1]"), input="1 -1")
    titles = [label.text for box in picture.boxes for label in box.labels if " " in label.text]
    assert titles == ["derivative by kernel", "derivative by bias"]
    (inside,) = (box.labels for box in picture.boxes if box.name == "fc_1")
    kernel = [label.text for label in inside if label.text.lstrip("−").isdecimal()][4:8]
    assert kernel == ["0", "1", "0", "−1"]


@pytest.mark.keras
def test_a_kernel_is_a_table_for_each_filter() -> None:
    text = "2x2x1 > conv2-2(pad=0, linear, init=1) > flatten > [ relu | id ]"
    picture = backward_seen(text, input="1 2 3 4")
    (conv,) = (box for box in picture.boxes if box.name == "conv_1")
    words = [label.text for label in conv.labels]
    assert words[:5] == ["conv2-2(pad=0)", "value, channel 0", "10", "value, channel 1", "10"]
    first, second = (words.index(f"derivative by kernel, filter {at}") for at in (0, 1))
    assert words[first + 1 : second] == ["2", "4", "6", "8"]
    assert picture.boxes[-1].labels[0].text == "concat"


def test_a_wire_has_the_name_of_its_value_where_its_box_has_another() -> None:
    picture = forward_seen(GATES, x="-2", y="5", z="-4")
    found = {name: numbers(picture, name) for name in ("x", "y", "z", "add_1", "mul_1")}
    assert found == {
        "x": ["−2"],
        "y": ["5"],
        "z": ["−4"],
        "add_1": ["q = 3"],
        "mul_1": ["f = −12"],
    }


def test_maps_and_examples_are_tables() -> None:
    picture = forward_seen("2x2x1 > up2", input="1 2 3 -4")
    texts = [label.text for box in picture.boxes for label in box.labels]
    assert texts.count("−4") == 1 + 4
    picture = forward_seen("2 > relu", input="1 -1 2 -2")
    texts = [label.text for label in picture.boxes[1].labels]
    assert texts == ["relu", "value", "1", "0", "2", "0"]


@pytest.mark.parametrize("text", [GATES, NEURON, "1 > sigmoid > [ tanh | id ] > fc-3(init=1)"])
def test_nothing_meets(text: str) -> None:
    inputs = {port.name: "-1.23456" for port in parse(text).inputs}
    picture = forward_seen(text, **inputs)
    outside = [fault for fault in faults(picture) if " leaves " not in fault]  # on the wires
    assert outside == []
    assert all(picture.view.holds(label.area) for box in picture.boxes for label in box.labels)
    assert merging(picture) == []
    assert picture.size[0] <= 1200


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-12, "−12"),
        (0.73105, "0.731"),
        (12345, "12,345"),
        (-99_999, "−99,999"),
        (100_000, "1e+05"),
        (1e-9, "1e−09"),
        (-0.0, "0"),
    ],
)
def test_numbers_are_rounded_for_reading(value: float, text: str) -> None:
    assert number_drawn(value) == text
    assert number_drawn(float("nan")) == "nan"
    assert number_drawn(float("-inf")) == "−inf"


@pytest.mark.parametrize(
    ("shape", "last", "tables"),
    [
        ((2, 3), "channel", {"": (2, 3)}),
        ((2,), "filter", {"": (2, 1)}),
        ((1, 3, 1), "channel", {"": (1, 3)}),  # a sequence of one channel is a row
        ((1, 3, 1), "filter", {"": (3, 1)}),
        ((2, 3, 2), "channel", {"of example 0": (3, 2), "of example 1": (3, 2)}),
        ((1, 2, 3, 2), "channel", {"channel 0": (2, 3), "channel 1": (2, 3)}),
        ((2, 2, 3, 1), "channel", {"of example 0": (2, 3), "of example 1": (2, 3)}),
        ((1, 2, 3, 2), "filter", {"filter 0": (2, 3), "filter 1": (2, 3)}),
        (
            (2, 2, 3, 2, 1),
            "filter",
            {"of example 0 channel 0": (2, 3), "of example 0 channel 1": (2, 3)}
            | {"of example 1 channel 0": (2, 3), "of example 1 channel 1": (2, 3)},
        ),
        ((1, 2, 3, 1, 2), "filter", {"filter 0": (2, 3), "filter 1": (2, 3)}),
    ],
)
def test_tables_of_arrays(
    shape: tuple[int, ...], last: str, tables: dict[str, tuple[int, ...]]
) -> None:
    found = dict(_matrices(np.zeros(shape), last))
    assert {name: matrix.shape for name, matrix in found.items()} == tables


def test_what_is_said_of_a_large_array() -> None:
    for examples, words in ((1, "y is 2x2x5 numbers"), (3, "y is 3 times 2x2x5 numbers")):
        with pytest.raises(NetError) as caught:
            list(_tables("value", "y", np.zeros((examples, 2, 2, 5)), "value"))
        message = caught.value.diagnostics[0].message
        assert message == f"{words}; up to 4 tables of 12x12 are drawn for each array"
    for large in (np.zeros((1, 1, 1, 1, 1, 1)), np.zeros((1, 10_001)), np.zeros((0, 3, 3))):
        with pytest.raises(NetError):
            list(_tables("value", "y", large, "value"))
    assert len(list(_tables("value", "y", np.zeros((1, 12, 12, 4)), "value"))) == 4
    (table,) = _tables("value", "y", np.zeros((1, 1, 1, 1)), "look")
    assert (table.title, table.rows) == ("value", (("0",),))


@pytest.mark.parametrize(
    ("text", "shape", "said"),
    [
        ("28x28x1 > pool", (28, 28, 1), "input is 28x28x1 numbers"),
        ("13 > relu", (13,), "input is 13 numbers"),
        ("2x2x5 > pool", (2, 2, 5), "input is 2x2x5 numbers"),
        ("2 > relu" + " > relu" * 80, (2,), "82 layers"),
    ],
)
def test_what_is_too_large_is_refused_with_the_way_out(
    text: str, shape: tuple[int, ...], said: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", np.zeros(shape))
    with pytest.raises(NetError, match=said) as error:
        forward_seen(text, input=str(tmp_path / "x.npy"))
    assert error.value.diagnostics[0].code == "N660"
    assert "--at NAME" in (error.value.diagnostics[0].help or "")


def test_commands_write_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, svg = tmp_path / "gates.net", tmp_path / "f.svg"
    file.write_text(GATES)
    values = ["x=-2", "y=5", "z=-4"]
    assert main(["forward", str(file), *values, "-o", str(svg)]) == 0
    assert numbers(seen(svg.read_text()), "mul_1") == ["f = −12"]
    assert main(["forward", str(file), *values, "-o", str(svg)]) == 1
    assert "already exists" in capsys.readouterr().err
    large = [str(tmp_path / "large.net"), "0 " * 784, "-o", str(tmp_path / "large.svg")]
    (tmp_path / "large.net").write_text("28x28x1 > pool > gap")
    assert main(["forward", *large, "--at", "gap_1"]) == 0
    assert numbers(seen((tmp_path / "large.svg").read_text()), "gap_1") == ["0"]
    assert main(["backward", str(file), *values, "-o", str(tmp_path / "f.gif")]) == 1
    assert "neither .svg nor .png" in capsys.readouterr().err


@pytest.mark.keras
def test_backward_writes_one(tmp_path: Path) -> None:
    file, png, svg = tmp_path / "gates.net", tmp_path / "f.png", tmp_path / "f.svg"
    file.write_text(GATES)
    for target in (png, svg):
        assert main(["backward", str(file), "x=-2", "y=5", "z=-4", "-o", str(target)]) == 0
    assert png.read_bytes()[:4] == b"\x89PNG"
    assert numbers(seen(svg.read_text()), "mul_1") == ["f = −12", "1"]
