"""`netdsl matrix`: layers as matrices, convolutions in the basis of waves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import netdsl
from netdsl.cli.main import main
from netdsl.errors import NetError
from netdsl.lab.fourier import spectrum_of
from netdsl.lab.matrix import layer_matrix
from netdsl.lab.weighted import begun

LINEAR = [
    "7x2 > conv3-3(init={})",
    "7x1 > conv3-2/2(dilation=2, init={})",
    "6x5x2 > conv3x2-3(pad=0, init={})",
    "6x6x4 > conv3-4(groups=2, init={})",
    "5x5x2 > dw3(init={})",
    "5x2 > tconv3-3/2(init={})",
    "4x4x2 > tconv3-1/2(pad=1, extra=1, init={})",
    "5 > fc-3(init={})",
    "3x4 > dense-2(init={})",
    "4x4x2 > local3-2(init={})",
    "4x4x2 > avgpool",
    "4x4x1 > up2",
    "4x3 > flatten",
    "4x3 > gap",
]


@pytest.mark.parametrize("text", LINEAR)
def test_the_layer_is_its_matrix(text: str) -> None:
    rng = np.random.default_rng(0)
    network = netdsl.parse(text.format(1))
    subject = begun(network, 0)
    for arrays in subject.weights.values():
        for name in arrays:
            if name == "kernel":
                arrays[name] = rng.normal(size=arrays[name].shape)  # type: ignore[index]
    found = layer_matrix(subject, network.layers[1].name)
    x = rng.normal(size=(3, *network.inputs[0].shape))
    from netdsl.analysis.forward import forward

    value = forward(np, network.graph, subject.weights, [x])[network.graph.layers[1].ops[0]]
    np.testing.assert_allclose(x.reshape(3, -1) @ found.array.T, value.reshape(3, -1), atol=1e-12)
    if "init" in text:
        (arrays,) = subject.weights.values()
        kernel = np.concatenate([[0], arrays["kernel"].ravel()])
        np.testing.assert_allclose(kernel[found.shared], found.array, atol=1e-12)
        assert found.weights == arrays["kernel"].size
    else:
        assert found.shared is None


@pytest.mark.parametrize(
    ("layer", "transposed"),
    [
        ("8x1 > conv3-1(pad=0, init=[1, 2, 3])", "6x1 > tconv3-1(pad=0, init=[1, 2, 3])"),
        (
            "8x1 > conv3-1/2(pad=1, init=[1, 2, 3])",
            "4x1 > tconv3-1/2(pad=1, extra=1, init=[1, 2, 3])",
        ),
        (
            "5x5x1 > conv3-1/2(pad=1, init=[[1, 2, 3], [4, 5, 6], [7, 8, 9]])",
            "3x3x1 > tconv3-1/2(pad=1, init=[[1, 2, 3], [4, 5, 6], [7, 8, 9]])",
        ),
    ],
)
def test_the_transposed_convolution_is_the_transpose(layer: str, transposed: str) -> None:
    one = netdsl.parse(layer).matrix("conv_1").array
    other = netdsl.parse(transposed).matrix("tconv_1").array
    np.testing.assert_array_equal(one.T, other)


@pytest.mark.parametrize(
    ("text", "name", "code", "said"),
    [
        ("4x4x1 > pool", "pool_1", "N681", "`pool` is not linear"),
        ("4 > relu", "relu_1", "N681", "`relu` is not linear"),
        ("4 > softmax", "softmax_1", "N681", "`softmax` is not linear"),
        ("4 > id as a\n@input > id as b\nadd[ @a | @b ] as c", "c", "N681", "2 inputs"),
        ("4 > relu", "input", "N681", "has no input"),
        ("3 of int(5) > embed-2(init=1)", "embed_1", "N681", "indices"),
        ("3000x1 > conv3-1(init=1)", "conv_1", "N670", "3,000x3,000"),
        ("44x44x1 > conv43-1(init=1)", "conv_1", "N670", "floating-point operations"),
        ("4 > relu", "relu", "N626", "relu is called relu_1"),
    ],
)
def test_what_is_not_a_matrix(text: str, name: str, code: str, said: str) -> None:
    with pytest.raises(NetError) as caught:
        netdsl.parse(text).matrix(name)
    assert caught.value.code == code
    assert said in str(caught.value)


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    command = ["matrix", "4x1 > conv3-1(pad=0, init=[1, -2, 0.5])", "conv_1"]
    assert main(command) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["", "1  -2  0.5    .", ".   1   -2  0.5"]
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shared"] == [[1, 2, 3, 0], [0, 1, 2, 3]]
    target = tmp_path / "m.npy"
    assert main([*command, "-o", str(target)]) == 0
    np.testing.assert_array_equal(np.load(target), [[1, -2, 0.5, 0], [0, 1, -2, 0.5]])
    assert main([*command, "-o", str(target)]) == 1  # it exists
    assert main([*command, "-o", str(tmp_path / "m.txt")]) == 1
    assert "N604" in capsys.readouterr().err


def test_shared_entries_have_one_colour() -> None:
    svg = netdsl.parse("6x1 > conv3-1(pad=0, init=1)").matrix("conv_1").draw().svg
    colours = [part.split('"')[1] for part in svg.split("fill=")[1:] if part.startswith('"#')]
    cells = [colour for colour in colours if colour != "#222"]
    assert len(cells) == 12
    assert len(set(cells)) == 3
    with pytest.raises(NetError, match="at most 256x256 are drawn"):
        netdsl.parse("300x1 > conv3-1(init=1)").matrix("conv_1").draw()


@pytest.mark.parametrize(
    ("text", "kernel"),
    [
        ("8x1 > conv3-1(init=[1, 2, 4])", [1, 2, 4]),
        ("9x1 > conv3-1(convolve, init=[1, 2, 4])", [4, 2, 1]),
    ],
)
def test_waves_are_eigenvectors(text: str, kernel: list[float]) -> None:
    found = spectrum_of(begun(netdsl.parse(text), 0), "conv_1")
    (n,) = found.positions
    for frequency, eigenvalue in enumerate(found.eigenvalues):
        wave = np.exp(2j * np.pi * frequency * np.arange(n) / n)
        np.testing.assert_allclose(found.circulant @ wave, eigenvalue * wave, atol=1e-12)
        shifts = np.exp(2j * np.pi * frequency * np.array([-1, 0, 1]) / n)
        np.testing.assert_allclose(eigenvalue, shifts @ kernel, atol=1e-12)
    assert found.off_diagonal < 1e-14
    inner = netdsl.parse(text).matrix("conv_1").array[1:-1]
    np.testing.assert_array_equal(found.circulant[1:-1], inner)  # the borders apart


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("9x1 > conv3-1(dilation=2, init=[1, 2, 4])", (slice(2, -2),)),
        ("9x1 > conv2-1(pad=tf, init=[1, 2])", (slice(0, -1),)),
        ("9x1 > conv4-1(pad=tf, init=[1, 2, 4, 8])", (slice(1, -2),)),
        ("9x1 > dw3(init=[1, 2, 4])", (slice(1, -1),)),
        (
            "6x7x1 > conv3x2-1(pad=tf, dilation=1x2, init=[[1, 2], [4, 8], [16, 32]])",
            (slice(1, -1), slice(1, -1)),
        ),
    ],
)
def test_within_the_borders_the_circulant_matrix_is_that_of_the_layer(
    text: str, inside: tuple[slice, ...]
) -> None:
    network = netdsl.parse(text)
    found = spectrum_of(begun(network, 0), network.layers[1].name)
    rows = (*found.positions, -1)
    plain = network.matrix(network.layers[1].name).array
    np.testing.assert_array_equal(
        found.circulant.reshape(rows)[inside], plain.reshape(rows)[inside]
    )
    assert found.off_diagonal < 1e-14


def test_waves_of_a_kernel_of_zeros_and_of_small_numbers() -> None:
    for init in ("0", "1e-200"):
        found = spectrum_of(begun(netdsl.parse(f"5x1 > conv3-1(init={init})"), 0), "conv_1")
        assert found.off_diagonal < 1e-14


def test_waves_of_a_shared_piece() -> None:
    text = "let f = conv3-1(init=[1, 2, 4])\n5x1 > f > f"
    first, again = (
        spectrum_of(begun(netdsl.parse(text), 0), name) for name in ("f_conv_1", "f_1_conv_1")
    )
    np.testing.assert_array_equal(first.circulant, again.circulant)


def test_the_largest_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    from netdsl.lab import matrix

    network = netdsl.parse("4x1 > conv3-1(pad=0, init=1)")  # 2x4, and 14 operations a column
    monkeypatch.setattr(matrix, "ENTRIES", 8)
    monkeypatch.setattr(matrix, "OPERATIONS", 56)
    assert network.matrix("conv_1").array.shape == (2, 4)
    monkeypatch.setattr(matrix, "OPERATIONS", 55)
    with pytest.raises(NetError, match="takes 56 floating-point operations; at most 55 are done"):
        network.matrix("conv_1")
    monkeypatch.setattr(matrix, "ENTRIES", 7)
    with pytest.raises(NetError, match="is 2x4; at most 7 entries are computed"):
        network.matrix("conv_1")


def test_waves_of_an_image(capsys: pytest.CaptureFixture[str]) -> None:
    found = spectrum_of(
        begun(netdsl.parse("6x5x1 > conv3-1(init=sobel_x, dilation=1)"), 0), "conv_1"
    )
    assert found.off_diagonal < 1e-14
    x = np.random.default_rng(0).normal(size=(6, 5))
    product = np.fft.ifft2(np.fft.fft2(x) * found.eigenvalues).real
    np.testing.assert_allclose((found.circulant @ x.ravel()).reshape(6, 5), product, atol=1e-12)
    assert main(["matrix", "6x5x1 > conv3-1(init=sobel_x)", "conv_1", "--fft"]) == 0
    assert "size of the eigenvalue" in capsys.readouterr().out
    assert main(["matrix", "4x1 > conv3-1(init=1)", "conv_1", "--fft", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["real"] == pytest.approx([3, 1, -1, 1])


def test_the_circulant_matrix_is_written(tmp_path: Path) -> None:
    command = ["matrix", "4x1 > conv3-1(init=[1, 2, 3])", "conv_1", "--fft", "-o"]
    assert main([*command, str(tmp_path / "c.npy")]) == 0
    expected = [[2, 3, 0, 1], [1, 2, 3, 0], [0, 1, 2, 3], [3, 0, 1, 2]]
    np.testing.assert_array_equal(np.load(tmp_path / "c.npy"), expected)
    assert main([*command, str(tmp_path / "c.svg")]) == 0
    assert (tmp_path / "c.svg").read_text().count(">3</text>") == 4


@pytest.mark.parametrize(
    "text", ["8x2 > conv3-1(init=1)", "8x1 > conv3-1/2(init=1)", "8 > fc-8(init=1)", "8x1 > relu"]
)
def test_what_waves_are_not_eigenvectors_of(text: str) -> None:
    network = netdsl.parse(text)
    with pytest.raises(NetError, match="not a convolution of stride 1"):
        spectrum_of(begun(network, 0), network.layers[1].name)
