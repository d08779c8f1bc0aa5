"""Products of two branches: matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from netdsl.kinds.facts import Arrays, Case, Seen
from netdsl.kinds.fitting import same_shape
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.merge import Merge
from netdsl.kinds.options import Flag
from netdsl.kinds.values import Shape

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning

_DOT_AXES = {(2, 1): False, (2, 2): True}
"""Axes of Keras's layer `Dot` that make it this product of sequences, and whether transposed."""
TRANSPOSED = "...nc,...mc->...nm"
"""How `ops.einsum` spells a product with `transpose`."""


class PairProducts(Merge):
    """The inner products of every two branches along the channels: n branches give n*(n-1)/2
    numbers at each position, in the order (1,0), (2,0), (2,1), (3,0), ...
    """

    word, added = "pairs", True
    names_elsewhere = ("interaction", "dotinteraction")
    reach, saved_for_backward = "position", "inputs"
    arithmetic = ""
    sums_inputs = True
    cases = (
        Case("pairs[ id | fc-5 | fc-5 ]", (5,), (3,), 60),
        Case("pairs[ id | conv1-4 ]", (8, 8, 4), (8, 8, 1), 20),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """A number for every two branches, at the branches' positions.

        Raises:
            LayerError: N106 for a single branch, N207 for branches of different shapes.
        """
        if len(inputs) < 2:
            raise LayerError("N106", f"`{self.word}` requires 2 branches or more, not 1")
        if any(x != inputs[0] for x in inputs):
            raise self._misfit(inputs, "branches of one shape", same_shape(inputs))
        return (*inputs[0][:-1], len(inputs) * (len(inputs) - 1) // 2)

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """One for each number of the output and each channel."""
        return math.prod(output) * inputs[0][-1]

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        # The lower triangle by rows: the order of DLRM (Naumov et al. 2019).
        products = [(a * b).sum(-1) for i, a in enumerate(inputs) for b in inputs[:i]]
        return np.stack(products, -1)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.custom.PairwiseProducts(name=name)]

    sign = "·"
    keras_layers = ("PairwiseProducts",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return call.means(cls.spec())


class MatrixProduct(Merge):
    """The matrix product of two branches, rows of the first with columns of the second; with
    `transpose` with rows of the second. Axes in front of the last two are a batch.
    """

    counterparts = ("ops.matmul", "matmul")
    word, added = "matmul", True
    arithmetic, saved_for_backward = "", "inputs"
    sums_inputs, max_branches = True, 2
    sign = "matmul"
    names_elsewhere = ("bmm",)
    cases = (
        Case("matmul[ id | permute(2, 1) ]", (5, 3), (5, 5), 0),
        Case("matmul(transpose)[ id | dense-3 ]", (5, 3), (5, 5), 12),
        Case("matmul[ id | id ]", (2, 4, 4), (2, 4, 4), 0),
        Case("matmul(transpose)[ conv1-2 | conv1-2 ]", (3, 4, 6), (3, 4, 4), 28),
    )

    transpose = Flag(False, "the second branch's rows, not its columns: a times b transposed")
    transpose.hidden_at_default = True

    def shape(self, *inputs: Shape) -> Shape:
        """The first branch's rows by the second one's columns (`transpose`: rows).

        Raises:
            LayerError: N207 for branches whose product does not exist.
        """
        self._check_count(inputs)
        a, b = inputs
        if min(len(a), len(b)) < 2:
            raise self._misfit(inputs, "matrices, of two axes or more")
        # Not spread as NumPy does: a batch that is repeated silently is a mistake more often.
        if a[:-2] != b[:-2]:
            raise self._misfit(inputs, "branches with the same axes before the last two")
        rows, columns = b[-2:][::-1] if self.transpose else b[-2:]
        if a[-1] != rows:
            side = "columns" if self.transpose else "rows"
            help = (
                "" if self.transpose or a[-1] != b[-1] else f"write {self.word}(transpose)[ a | b ]"
            )
            rule = f"as many columns of the first branch as {side} of the second"
            raise self._misfit(inputs, rule, help)
        return (*a[:-1], columns)

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """Rows times columns times what is summed over, for each matrix of the batch."""
        return math.prod(output) * inputs[0][-1]

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return its own row of the first branch, and all of the second."""
        return (Seen(), Seen(None, True))

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        a, b = inputs
        return a @ (b.swapaxes(-1, -2) if self.transpose else b)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        ops = k.keras.ops
        if self.transpose:
            # Without a transposed copy of the second branch.
            return [lambda pair: ops.einsum(TRANSPOSED, pair[0], pair[1])]
        return [lambda pair: ops.matmul(pair[0], pair[1])]

    keras_layers = ("Matmul", "Einsum", "Dot")
    reads_call_arguments = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if len(call.inputs) != 2:
            return None
        transposed = call.layer == "Einsum"
        if transposed and call.config.get("subscripts") != TRANSPOSED:
            raise call.refuse(f"it sums by {call.config.get('subscripts')}")
        if call.layer == "Dot":
            ranks = [len(x) for x in call.inputs]
            axes = tuple(axis % 3 for axis in call.each_axis(call.config["axes"], 2))
            if ranks != [2, 2] or call.config.get("normalize") or axes not in _DOT_AXES:
                return None
            transposed = _DOT_AXES[axes]
        return call.means(cls.spec(transpose=True) if transposed else cls.spec())
