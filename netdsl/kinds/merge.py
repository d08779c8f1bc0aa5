"""Merges: several tensors to one.

Elementwise ones spread a vector over positions, a map of one channel over channels, and a single
number over both.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.axes import axes_over, named_axes, over_option, position_axes
from netdsl.kinds.facts import Arrays, Case, Reach, Seen
from netdsl.kinds.fitting import same_positions, same_shape, spread_shape
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.plain import Weightless
from netdsl.kinds.values import Shape, dims

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class Merge(Weightless):
    """What all merges share: no weights, and inputs whose shapes fit."""

    word = "_merge"
    group = "merge"
    merges = True
    max_branches: ClassVar[int | None] = None  # a merge of exactly this many
    passes_single_branch: ClassVar[bool] = False  # of one branch it gives that branch

    def written(self) -> str:
        return f"{self.opening()}[ ... ]"

    def _check_count(self, inputs: tuple[Shape, ...]) -> None:
        if self.max_branches and len(inputs) != self.max_branches:
            raise LayerError(
                "N106", f"`{self.word}` requires {self.max_branches} branches, not {len(inputs)}"
            )

    def _misfit(self, inputs: tuple[Shape, ...], rule: str, help: str = "") -> LayerError:
        shapes = " and ".join(dict.fromkeys(dims(x) for x in inputs))
        label = f"branches give {', '.join(dims(x) for x in inputs)}"
        return LayerError(
            "N207", f"`{self.written()}` requires {rule}, not {shapes}", help=help, label=label
        )


class Concatenate(Merge):
    """`[ a | b ]`: the channels of all branches, one after the other; with `over` their positions
    along one axis: `concat(over=positions)[ a | b ]`.
    """

    counterparts = ("layers.Concatenate", "cat")
    word = "concat"
    keeps_mask = True
    shape_only = passes_single_branch = True
    arithmetic, saved_for_backward = "", ""
    # The gradient's slices are the branches' gradients: nothing is computed.
    wordless = splits_gradient = gains_from_xla = True
    names_elsewhere, usual_spelling = (
        (
            "cat",
            "concatenation",
            "join",
            "concatenate",
        ),
        "[ a | b ]",
    )
    cases = (
        Case("[ conv1-8 | conv3-4 ]", (8, 8, 3), (8, 8, 12), 144),
        Case("[ id | fc-2 ]", (5,), (7,), 12),
        Case("concat(over=positions)[ id | conv3-4 > pool ]", (10, 4), (15, 4), 52),
        Case(
            "concat(over=w)[ id | pool3x1/1(pad=1x0) | pad((0,0,0,1)) ]", (4, 5, 2), (4, 16, 2), 0
        ),
        Case("concat(h)[ id | id ]", (3, 2, 2), (6, 2, 2), 0),
    )

    over = over_option("channels", "the axis")
    over.hidden_at_default = True

    def shape(self, *inputs: Shape) -> Shape:
        """The sum of the channels at the branches' positions, which must agree; of another axis
        likewise.

        Raises:
            LayerError: N207 for branches that differ in another axis.
        """
        at = self.axis(inputs[0])
        # With the length: 8x3 and 8x8x3 may agree in what is left of them.
        others = {(len(x), *x[:at], *x[at + 1 :]) for x in inputs}
        if len(others) > 1:
            if self.over.text != "channels":
                rule = f"branches with the same sizes except along `{self.over.text}`"
                raise self._misfit(inputs, rule)
            raise self._misfit(inputs, "branches with the same positions", same_positions(inputs))
        return (*inputs[0][:at], sum(x[at] for x in inputs), *inputs[0][at + 1 :])

    def axis(self, x: Shape) -> int:
        """Return the axis of the branches that is joined, counted from 0 without the batch.

        Raises:
            LayerError: N202 where they have no such axis.
        """
        axes = axes_over(self.over, x)
        if len(axes) > 1:
            names = " or ".join(f"over={name}" for name in position_axes(x))
            message = f"`over=positions`: {dims(x)} has several axes of positions"
            raise LayerError("N202", message, "over", names, f"the first branch is {dims(x)}")
        return axes[0]

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return its own position, counted from where the branch begins along the axis."""
        at, begin, found = self.axis(inputs[0]), 0, []
        for x in inputs:
            axes = [
                Reach(1, -begin if axis == at else 0, -begin if axis == at else 0)
                for axis in range(len(x) - 1)
            ]
            found.append(Seen() if self.over.text == "channels" else Seen((tuple(axes),)))
            begin += x[at]
        return tuple(found)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.concatenate(inputs, self.axis(inputs[0].shape[1:]) + 1)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        along = {} if self.over.text == "channels" else {"axis": self.axis(output) + 1}
        return [k.keras.layers.Concatenate(**along, name=name)]

    joins_inputs = True
    keras_layers = ("Concatenate",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if len(call.inputs) == 1:
            return None
        rank, axis = len(call.output), call.config.get("axis", -1)
        axis = axis % (rank + 1) - 1
        if axis == rank - 1:
            return call.means(cls.spec())
        over = None if axis < 0 else named_axes((axis,), rank)
        if over is None:
            call.refuse_other_axis()
        return call.means(cls.spec(over=over))


class Elementwise(Merge):
    """A merge number by number, of equal shapes or of such as are spread to one."""

    word = "_elementwise"
    keeps_mask = True
    reach = "position"
    passes_single_branch = True

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """One operation for each number of the output and each branch but the first."""
        return math.prod(output) * (len(inputs) - 1)

    def shape(self, *inputs: Shape) -> Shape:
        """The branches' one shape. A vector of its channels counts for every position, a map of
        one channel for every channel, and a single number for both.

        Raises:
            LayerError: N207 for branches that cannot be spread to one shape.
        """
        self._check_count(inputs)
        *positions, _ = max(inputs, key=len)
        channels = max(x[-1] for x in inputs)
        whole = (*positions, channels)
        # Stricter than NumPy, which would spread a sequence of WxC over the rows of HxWxC.
        if any(x not in (whole, (channels,), (*positions, 1), (1,)) for x in inputs):
            rule = (
                "branches of one shape, vectors with its channels, or one channel at its positions"
            )
            raise self._misfit(inputs, rule, spread_shape(inputs))
        return whole

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        merge = getattr(k.keras.layers, self.keras_layers[0])(name=name)
        return [_spread(k, name, inputs), merge]

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return call.means(cls.spec()) if len(call.inputs) > 1 else None


def _as_deep(inputs: tuple[Any, ...]) -> list[Any]:
    """Return the arrays with equally many axes: vectors get positions of size 1."""
    axes = max(x.ndim for x in inputs)
    return [x.reshape(len(x), *(1,) * (axes - x.ndim), *x.shape[1:]) for x in inputs]


def _spread(k: Any, name: str, inputs: tuple[Shape, ...]) -> Any:
    """Give vectors positions of size 1, which a merge of Keras then repeats, as it does a single
    channel.
    """
    axes = max(map(len, inputs))

    def spread(tensors: list[Any]) -> list[Any]:
        return [
            tensor
            if len(x) == axes
            else k.keras.layers.Reshape((*(1,) * (axes - 1), *x), name=f"{name}_spread_{i}")(tensor)
            for i, (tensor, x) in enumerate(zip(tensors, inputs, strict=True))
        ]

    return spread


class Add(Elementwise):
    """The sum of all branches."""

    counterparts = ("layers.Add", "add")
    word, sums_inputs, saved_for_backward, gate = "add", True, "", "distributes"
    names_elsewhere = (
        "sum",
        "plus",
        "added",
    )
    passes_gradient = gains_from_xla = True
    sign = "+"
    keras_layers = ("Add",)
    keras_function = "add"
    cases = (
        Case("add[ id | conv3-4 ]", (8, 8, 4), (8, 8, 4), 148),
        Case("add[ id | gap ]", (8, 8, 4), (8, 8, 4), 0),
    )

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return functools.reduce(np.add, _as_deep(inputs))


class Multiply(Elementwise):
    """The product of all branches."""

    counterparts = ("layers.Multiply", "mul")
    word, saved_for_backward, gate = "mul", "inputs", "swaps"
    takes_mask = True  # a factor of 1 where its branch is padding
    names_elsewhere = (
        "multiply",
        "times",
        "prod",
        "product",
        "hadamard",
    )
    sign = "×"
    keras_layers = ("Multiply",)
    keras_function = "multiply"
    cases = (
        Case("mul[ id | gap > fc-2 > sigmoid-4 ]", (8, 8, 4), (8, 8, 4), 22),
        Case("mul[ id | conv1-1(sigmoid) ]", (8, 8, 4), (8, 8, 4), 5),
        Case("mul[ id | fc-1(linear) ]", (10, 4), (10, 4), 41),
    )

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return functools.reduce(np.multiply, _as_deep(inputs))

    def backward_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each branch its gradient times all other branches."""
        return len(inputs) * (len(inputs) - 1) * math.prod(output)


class Maximum(Elementwise):
    """The largest of all branches, number by number."""

    counterparts = ("layers.Maximum", "maximum")
    word, saved_for_backward, gate = "max", "indices", "routes"
    takes_mask = True  # the other branch's number where one is padding
    names_elsewhere = ("maximum",)
    sign = "max"
    keras_layers = ("Maximum",)
    keras_function = "maximum"
    cases = (Case("max[ id | conv1-4 ]", (8, 8, 4), (8, 8, 4), 20),)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return functools.reduce(np.maximum, _as_deep(inputs))


class Average(Elementwise):
    """The mean of all branches."""

    counterparts = ("layers.Average", "")
    word, sums_inputs, saved_for_backward = "avg", True, ""
    names_elsewhere = ("average",)
    sign = "avg"
    keras_layers = ("Average",)
    keras_function = "average"
    cases = (Case("avg[ id | conv1-4 | conv3-4 ]", (8, 8, 4), (8, 8, 4), 168),)

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """The additions, and a division for each number of the output."""
        return math.prod(output) * len(inputs)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return functools.reduce(np.add, _as_deep(inputs)) / len(inputs)


class Subtract(Elementwise):
    """The first branch less the second."""

    counterparts = ("layers.Subtract", "sub")
    word, sums_inputs, max_branches = "sub", True, 2
    names_elsewhere = (
        "subtract",
        "minus",
        "diff",
        "difference",
    )
    sign = "−"
    keras_layers = ("Subtract",)
    keras_function = "subtract"
    saved_for_backward = ""
    cases = (Case("sub[ id | conv1-4 ]", (8, 8, 4), (8, 8, 4), 20),)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return functools.reduce(np.subtract, _as_deep(inputs))


class Dot(Elementwise):
    """The inner product of two branches along the channels: one number at each position."""

    word, sums_inputs, max_branches = "dot", True, 2
    keeps_mask, takes_mask = False, True  # it is computed by Keras's Multiply
    names_elsewhere = (
        "innerproduct",
        "inner",
    )
    saved_for_backward = "inputs"
    cases = (
        Case("dot[ id | fc-5 ]", (5,), (1,), 30),
        Case("dot[ id | conv1-4 ]", (8, 8, 4), (8, 8, 1), 20),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """One channel at the branches' positions."""
        return (*super().shape(*inputs)[:-1], 1)

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """One for each number of the shape that the branches are spread to."""
        return math.prod(super().shape(*inputs))

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """Nothing in addition to the products."""
        return 0

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return functools.reduce(np.multiply, _as_deep(inputs)).sum(-1, keepdims=True)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        # Not `layers.Dot`, which gives all pairs of positions where there are positions.
        multiply = k.keras.layers.Multiply(name=f"{name}_product")
        product = [_spread(k, f"{name}_product", inputs), multiply]
        return [*product, lambda tensor: k.keras.ops.sum(tensor, axis=-1, keepdims=True)]

    sign = "·"
    keras_layers = ("Dot", "Sum")

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        config = call.config
        if call.layer == "Sum":
            product = call.chain("Multiply", "Sum")
            along = config["axis"] in (-1, [-1], len(call.output)) and config["keepdims"]
            return call.means(cls.spec(), calls=2) if product and along else None
        axes = set(call.each_axis(config["axes"], 1))
        if config.get("normalize") or axes - {-1, len(call.inputs[0])}:
            raise call.refuse("it is not the inner product along the channels")
        return call.means(cls.spec())


class Stack(Merge):
    """All branches along a new first axis: n vectors make a sequence of n positions."""

    counterparts = ("ops.stack", "stack")
    word = "stack"
    reach = "all"
    arithmetic, saved_for_backward = "", ""
    cases = (Case("stack[ id | fc-5 ]", (5,), (2, 5), 30),)

    def shape(self, *inputs: Shape) -> Shape:
        """One axis more, in front: the number of branches.

        Raises:
            LayerError: N207 for branches of different shapes.
        """
        if any(x != inputs[0] for x in inputs):
            raise self._misfit(inputs, "branches of one shape", same_shape(inputs))
        return (len(inputs), *inputs[0])

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.stack(inputs, 1)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [lambda tensors: k.keras.ops.stack(tensors, axis=1)]

    joins_inputs = True
    keras_layers = ("Stack",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.config.get("axis") != 1:
            axis = call.config.get("axis")
            raise call.refuse(f"its axis is {axis}, not the first after the batch")
        return call.means(cls.spec())
