"""Circular convolutions in the Fourier basis, where they are diagonal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import NetError, fail
from netdsl.kinds.values import dims
from netdsl.lab.forward import layer_called, names_of
from netdsl.lab.matrix_picture import MatrixPicture
from netdsl.lab.show_arrays import array_lines, json_array, number_text
from netdsl.text_table import aligned_lines

if TYPE_CHECKING:
    from netdsl.kinds.facts import Arrays
    from netdsl.kinds.values import Shape
    from netdsl.lab.weighted import WeightedNetwork

POSITIONS = 1_024
"""The most positions of a matrix that is transformed into the Fourier basis."""
_LISTED = 32
"""How many frequencies are listed one by one."""


class Spectrum(NamedTuple):
    """A layer's kernel as a circular convolution, which wraps around at the borders.

    Attributes:
        name: the layer's.
        positions: its input's.
        circulant: its matrix [positions, positions]; a convolution with zero padding differs from
            it in the rows of the borders.
        eigenvalues: what it multiplies each wave by [*positions], complex: the discrete Fourier
            transform of the kernel.
        off_diagonal: the largest entry off the diagonal of F C F^-1, relative to the largest
            eigenvalue: 0 but for rounding.
    """

    name: str
    positions: Shape
    circulant: Any
    eigenvalues: Any
    off_diagonal: float

    def draw(self) -> MatrixPicture:
        """Draw the circulant matrix.

        Returns:
            A picture; `.save("circulant.svg")` writes it (.png too).

        Raises:
            NetError: N660 for more than 256 positions.
        """
        title = f"{self.name} as a circular convolution on {dims(self.positions)}"
        return MatrixPicture(self.circulant, None, title)


def spectrum_of(subject: WeightedNetwork, name: str) -> Spectrum:
    """Compute what a convolution multiplies each wave by.

    Args:
        subject: a network with weights.
        name: the layer's: a convolution of stride 1 from one channel to one.

    Raises:
        NetError: N626, N681 for another layer, N670 for too many positions.
    """
    import numpy as np

    graph = subject.network.graph
    layer = graph.layers[layer_called(graph, name)]
    index = layer.ops[0]
    op, called = graph.ops[index], names_of(graph)[layer.ops[-1]]
    kernel = _kernel(subject.weights, index if op.shares is None else op.shares)
    if op.kind is None or kernel is None or op.kind.word not in ("conv", "dw"):
        raise _refused(called)
    positions = graph.ops[op.inputs[0]].shape[:-1]
    rank = len(positions)
    if kernel.shape[rank:] != (1, 1) or max(op.kind.strides(rank)) > 1:  # type: ignore[attr-defined]
        raise _refused(called)
    if math.prod(positions) > POSITIONS:
        message = f"`{called}` has {math.prod(positions):,} positions; at most {POSITIONS:,} are"
        raise fail("N670", f"{message} brought into waves", help="use a smaller --input")
    window = kernel[..., 0, 0]
    # The kind flips its kernel before it correlates: the matrix is of what it does.
    if op.kind.values.get("convolve"):
        window = np.flip(window)
    circulant = _circulant(np, window, positions, op.kind.dilations(rank))  # type: ignore[attr-defined]
    # Of the first row; the transform of a first column would need no conjugate.
    eigenvalues = np.conj(np.fft.fftn(circulant[0].reshape(positions)))
    waves = _waves(np, positions)
    diagonal = waves @ circulant @ waves.conj().T
    left = diagonal - np.diag(np.diag(diagonal))
    # Relative to the largest: a kernel of small numbers is not diagonal because they are small.
    largest = max(float(abs(eigenvalues).max()), 1e-300)
    return Spectrum(called, positions, circulant, eigenvalues, float(abs(left).max()) / largest)


def _refused(called: str) -> NetError:
    message = f"`{called}` is not a convolution of stride 1 from one channel to one"
    return fail("N681", message, help="waves are the eigenvectors of those alone: conv3-1 on 32x1")


def _kernel(weights: Mapping[int, Arrays], index: int) -> Any:
    return weights.get(index, {}).get("kernel")


def _circulant(np: Any, window: Any, positions: Shape, dilation: Shape) -> Any:
    """Return the matrix of a window that wraps around the borders, centred at each position."""
    size = math.prod(positions)
    matrix = np.zeros((size, size))
    places = np.indices(positions).reshape(len(positions), -1)
    for at in product(*map(range, window.shape)):
        shift = [
            place * step - (length - 1) * step // 2
            for place, length, step in zip(at, window.shape, dilation, strict=True)
        ]
        read = [(row + by) % n for row, by, n in zip(places, shift, positions, strict=True)]
        columns = np.ravel_multi_index(read, positions)
        matrix[np.arange(size), columns] += window[at]
    return matrix


def _waves(np: Any, positions: Shape) -> Any:
    """Return the unitary matrix of the discrete Fourier transform over positions."""
    waves = np.ones((1, 1))
    for n in positions:
        numbers = np.arange(n)
        axis = np.exp(-2j * np.pi * np.outer(numbers, numbers) / n) / math.sqrt(n)
        waves = np.kron(waves, axis)
    return waves


def spectrum_text(found: Spectrum) -> str:
    """Write the eigenvalues; of images their absolute values."""
    but = "" if found.off_diagonal < 1e-9 else f", but for {found.off_diagonal:.1e}"
    lines = [
        f"{found.name} as a circular convolution on {dims(found.positions)}: diagonal in the basis "
        f"of waves{but}",
        "",
    ]
    if len(found.positions) > 1:
        lines.append("size of the eigenvalue by frequency, the lowest first")
        return "\n".join([*lines, *array_lines(abs(found.eigenvalues)[..., None])])
    rows = [["frequency", "eigenvalue", "size"]]
    for number, value in enumerate(found.eigenvalues[:_LISTED]):
        sign = "-" if value.imag < -5e-12 else "+"
        imaginary = number_text(abs(value.imag) if abs(value.imag) > 5e-12 else 0)
        real = number_text(value.real if abs(value.real) > 5e-12 else 0)
        rows.append([str(number), f"{real} {sign} {imaginary}i", number_text(abs(value))])
    more = len(found.eigenvalues) - _LISTED
    listed = aligned_lines(rows, "rrr", rule=True)
    return "\n".join([*lines, *listed, *([f"... {more:,} more"] if more > 0 else [])])


def spectrum_json(found: Spectrum) -> dict[str, Any]:
    """Return the eigenvalues as plain values."""
    return {
        "name": found.name,
        "positions": list(found.positions),
        "real": json_array(found.eigenvalues.real),
        "imaginary": json_array(found.eigenvalues.imag),
        "off_diagonal": found.off_diagonal,
    }
