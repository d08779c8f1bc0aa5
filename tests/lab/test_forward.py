"""`netdsl forward`: the lectures' numbers, without Keras where nothing is drawn at random."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from netdsl import parse
from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.lab import forward
from netdsl.lab.forward import layer_called, values_of
from netdsl.lab.show_arrays import array_lines
from netdsl.lab.weighted import begun


def last(text: str, x: str) -> list[float]:
    found = values_of(begun(parse(text), 0), {"input": x})
    values: list[float] = found[-1].array[0].reshape(-1).tolist()
    return values


POOLED = "12 20 30 0; 8 12 2 0; 34 70 37 4; 112 100 25 12"


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        # 1:1337 pooling
        ("4x4x1 > pool", POOLED, [20, 30, 112, 37]),
        ("4x4x1 > avgpool", POOLED, [13, 8, 79, 19.5]),
        # nearest, bed of nails: 0:1273
        ("2x2x1 > up2", "1 2 3 4", [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]),
        ("2x2x1 > nails2", "1 2 3 4", [1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0]),
        # a mean filter
        ("3x3x1 > conv3-1(pad=0, linear, init={1/9})", "0 0 0 0 90 90 90 90 90", [50]),
        ("5x1 > conv3-1(pad=0, linear, init=1)", "1 4 3 -1 2", [8, 6, 4]),
        # 2:214 (1, 2, 1) on ten numbers
        (
            "10x1 > conv3-1(pad=0, linear, init=[1, 2, 1])",
            "1 4 3 -1 2 -4 1 0 2 -1",
            [12, 9, 3, -1, -5, -2, 3, 3],
        ),
        # 3:360 (2, -1, 1) * (1, 1, 2), a convolution
        ("3x1 > conv3-1(pad=full, linear, convolve, init=[1, 1, 2])", "2 -1 1", [2, 1, 4, -1, 2]),
    ],
)
def test_lectures(text: str, x: str, expected: list[float]) -> None:
    np.testing.assert_allclose(last(text, x), expected, rtol=1e-12)


GATES = "input x: 1\ninput y: 1\ninput z: 1\nadd[ @x | @y ] as q\nmul[ @q | @z ] as f\n"


def test_each_layer_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "gates.net"
    file.write_text(GATES)
    assert main(["forward", str(file), "x=-2", "y=5", "z=-4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[4:] == ["z  1", "  -4", "q  add[ ... ]  1", "  3", "f  mul[ ... ]  1", "  -12"]
    assert main(["forward", str(file), "x=-2", "y=5", "z=-4", "--json", "--at", "q"]) == 0
    (layer,) = json.loads(capsys.readouterr().out)["layers"]
    assert layer == {"name": "q", "layer": "add[ ... ]", "shape": [1], "values": [[3.0]]}


@pytest.mark.parametrize(("size", "more"), [(28, False), (29, True)])
def test_an_image_of_a_digit_is_shown_whole(size: int, more: bool) -> None:
    lines = array_lines(np.arange(size * size).reshape(size, size, 1))
    assert [line.split()[:28] for line in lines[:28]] == [
        [str(row * size + column) for column in range(28)] for row in range(28)
    ]
    assert (lines[28:] == ["... 1 rows more"]) == more
    assert lines[0].endswith("... 1 more") == more


def test_what_json_does_not_have_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forward", "2 > recip", "0 2", "--json", "--at", "recip_1"]) == 0
    (layer,) = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)["layers"]
    assert layer["values"] == [[None, 0.5]]


def test_a_layer_can_be_kept(tmp_path: Path) -> None:
    target = tmp_path / "y.npy"
    assert main(["forward", "4 > relu", "1 -1 2 -2", "-o", str(target)]) == 0
    np.testing.assert_array_equal(np.load(target), [[1, 0, 2, 0]])
    assert main(["forward", "4 > relu", "1 -1 2 -2", "-o", str(target)]) == 1


def test_a_fragment_takes_the_shape_of_what_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forward", "relu > relu", "x=1 -1 2"]) == 0
    assert "1  0  2" in capsys.readouterr().out


def test_unknown_names() -> None:
    subject, given = begun(parse("4 > relu as y > relu"), 0), {"input": "1 2 3 4"}
    (found,) = values_of(subject, given, name="@y")
    assert found.name == "y"
    with pytest.raises(NetError, match="no layer or point `yy`") as caught:
        values_of(subject, given, name="yy")
    assert caught.value.code == "N626"


def test_the_error_says_the_name_of_a_layer_as_written() -> None:
    graph = parse("4 > fc-3(tanh) x2 > softmax-2").graph
    for written, help in (("softmax-2", "is called fc_3"), ("fc-3", "is called fc_1 or fc_2")):
        with pytest.raises(NetError) as caught:
            layer_called(graph, written)
        (found,) = caught.value.diagnostics
        assert found.code == "N626"
        assert help in found.help


@pytest.mark.slow
def test_nothing_is_drawn_and_keras_is_not_imported() -> None:
    program = (
        "import sys; from netdsl.cli.main import main;"
        "main(['forward', '3 > fc-1(init=2)', '1 2 3']); print('keras' in sys.modules)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-2:] == ["12", "False"]


def test_too_many_numbers_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forward", "1x1 > up10000 > up10000", "1"]) == 1
    assert "N670" in capsys.readouterr().err


@pytest.mark.keras
def test_random_weights_are_those_of_keras() -> None:
    network = parse("8x8x2 > conv3-4(bn) > gap > softmax-3")
    x = np.random.default_rng(0).normal(size=(8, 8, 2))
    found = values_of(begun(network, 3), {"input": " ".join(map(repr, x.ravel().tolist()))})
    expected = network.keras(seed=3)(x[None].astype("float32"))
    np.testing.assert_allclose(found[-1].array, np.asarray(expected), atol=1e-5)


def test_a_filter_on_a_photo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image as pillow

    photo = np.random.default_rng(0).integers(0, 256, (9, 8, 3)).astype(np.uint8)
    pillow.fromarray(photo).save(tmp_path / "in.png")
    blur, target = tmp_path / "blur.net", tmp_path / "out.png"
    blur.write_text("dw3(init=box, pad=0, linear)")
    assert main(["forward", str(blur), str(tmp_path / "in.png"), "-o", str(target)]) == 0
    windows = np.lib.stride_tricks.sliding_window_view(photo.astype(float), (3, 3), (0, 1))
    np.testing.assert_allclose(np.asarray(pillow.open(target)), windows.mean((3, 4)), atol=0.51)
    edges = tmp_path / "edges.net"
    edges.write_text("conv3-1(init=sobel_x)")
    capsys.readouterr()
    assert main(["forward", str(edges), str(tmp_path / "in.png")]) == 1
    assert "dw3 has one filter for all channels" in capsys.readouterr().err


def test_options_may_be_among_the_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    lines = "input a: 1\ninput b: 1\nadd[ @a | @b ] > relu as y"
    assert main(["forward", lines, "--at", "y", "a=1", "--seed", "3", "b=2"]) == 0
    assert capsys.readouterr().out.split()[-1] == "3"


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ("up500 > conv401-1(init=1)", "floating-point operations; at most 20,000,000,000"),
        ("up300 > pool201/1(pad=same)", "by one layer without products"),
        ("up10000", "numbers would be computed"),
        ("dw3x99999(init=1)", "`dw` has 299,997 cells; at most 250,000 are added up"),
        ("conv3-1(init=1, dilation=20000)", "`conv` has 1,600,080,001 numbers; at most 50,000,000"),
    ],
)
def test_work_is_bounded(layers: str, says: str) -> None:
    with pytest.raises(NetError, match=re.escape(says)) as caught:
        values_of(begun(parse(f"1x1x1 > {layers} > gap"), 0), {"input": "1"})
    assert caught.value.code == "N670"


@pytest.mark.parametrize(
    ("limit", "highest", "text", "says"),
    [
        ("ELEMENTS", 12, "3 > relu", "12 numbers would be computed; at most 11 are"),
        ("FLOPS", 14, "3 > fc-1(linear, init=1)", "14 floating-point operations; at most 13"),
        ("WINDOWED", 6, "3 > relu", "6 floating-point operations; at most 5 are done by one layer"),
        # Of a product only the bias counts as a window: 2 outputs of 2 examples.
        ("WINDOWED", 4, "9 > fc-2(linear, init=1)", "4 floating-point operations; at most 3 are"),
        ("CELLS", 9, "3x1 > conv9-1(init=1, pad=same)", "`conv` has 9 cells; at most 8 are"),
        ("ELEMENTS", 54, "3x3 > dw3/7(init=1, pad=3)", "has 54 numbers; at most 53 are computed"),
    ],
)
def test_work_up_to_a_limit(
    limit: str, highest: int, text: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = begun(parse(text), 0)
    x = np.zeros((2, *subject.network.inputs[0].shape))
    monkeypatch.setattr(forward, limit, highest)
    assert values_of(subject, {"input": x})
    monkeypatch.setattr(forward, limit, highest - 1)
    with pytest.raises(NetError, match=re.escape(says)) as caught:
        values_of(subject, {"input": x})
    assert caught.value.code == "N670"


def test_the_way_out_of_too_many_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras is named where it is a choice, and computes that many."""
    monkeypatch.setattr(forward, "ELEMENTS", 5)
    subject, x = begun(parse("3 > relu"), 0), np.zeros((1, 3))
    smaller = "give fewer examples, or a smaller input"
    cases = [(True, 6, f"{smaller}; {forward._BY_KERAS}"), (True, 5, smaller), (False, 6, smaller)]
    for or_keras, highest, help in cases:
        monkeypatch.setattr(forward, "KERAS_ELEMENTS", highest)
        with pytest.raises(NetError) as caught:
            forward.computed(np, subject, [x], or_keras=or_keras)
        assert caught.value.diagnostics[0].help == help


def test_layers_are_found_by_points_and_names() -> None:
    graph = parse("4 > relu as b > fc-3 as fc_2 > fc-2 > relu").graph
    found = [layer_called(graph, name) for name in ("b", "@b", "fc_2", "relu_1")]
    assert found[:3] == [1, 1, 2]
    for name, help in (
        ("z", "layers are input, b, fc_2, fc_1, relu_1"),
        ("inputt", "did you mean `input`?"),
    ):
        with pytest.raises(NetError) as caught:
            layer_called(graph, name)
        assert caught.value.diagnostics[0].help.startswith(help)
    many = parse("4 > " + " > ".join(["tanh"] * 9)).graph
    with pytest.raises(NetError) as caught:
        layer_called(many, "zz")
    assert caught.value.diagnostics[0].help.count(",") == 7
    with pytest.raises(NetError) as caught:
        layer_called(many, "tanh")
    assert caught.value.diagnostics[0].help.count(" or ") == 7
