"""Tensors of the network's own, which take no input: the statements `learned` and `fixed`."""

from __future__ import annotations

import math
from typing import Any

from netdsl.kinds.facts import Arrays, Saved, Weight
from netdsl.kinds.initial import Initial, keras_initializer
from netdsl.kinds.initial_lists import check_lists
from netdsl.kinds.kind import Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.values import Argument, LayerSpec, Shape, Word, dims, is_number, shown


class OwnTensor(Kind):
    """What both share: a tensor that is the same for all examples.

    Attributes:
        sizes: its shape.
    """

    word = "_tensor"
    group = "other"
    is_source = True
    sizes: Shape

    def shape(self, *inputs: Shape) -> Shape:
        """Its own."""
        return self.sizes

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """None."""
        return ()

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """None."""
        return 0

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """None."""
        return 0

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """Nothing."""
        return Saved()

    def statement(self, name: str) -> str:
        """Return the statement that makes it, under this name."""
        raise NotImplementedError

    def written(self) -> str:
        return self.statement("")


class Learned(OwnTensor):
    """A learned tensor: `learned queries: 100x256`, `learned table: 5x8 = uniform(0.1)`."""

    word = "_learned"
    init = Initial(Word("normal", (Argument(None, 0.02),)), "the initial values")

    @classmethod
    def of(cls, shape: Shape, init: Any = None) -> Learned:
        """Return the tensor of a shape; `init` as the option `init` of layers has it.

        Raises:
            LayerError: N107 for other initial values, N216 for a list of another shape.
        """
        option = cls.options["init"]
        start = option.default if init is None else option.read(init)
        # Past `make`: a statement is not a layer, and has no size, amount or brackets to check.
        made = cls(LayerSpec("learned"), {"init": start}, frozenset())
        made.sizes = shape
        check_lists(made)
        return made

    def replace(self, **values: Any) -> Kind:
        """Return the tensor with another beginning."""
        return self.of(self.sizes, {**self.values, **values}["init"])

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """Each of its numbers."""
        return (Weight("kernel", self.sizes, "kernel"),)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        # A batch of one, which spreads over any batch.
        return weights["kernel"][None]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        start = keras_initializer(k, self, "init", inputs)
        return [k.custom.LearnedTensor(self.sizes, kernel_initializer=start, name=name)]

    def statement(self, name: str) -> str:
        return f"learned {name}: {dims(self.sizes)} = {shown(self.init)}"


class Fixed(OwnTensor):
    """A tensor of given numbers: `fixed grid: 3 = (1, 2, 3)`.

    Attributes:
        numbers: row by row.
    """

    word = "_fixed"
    numbers: tuple[Any, ...]

    @classmethod
    def of(cls, shape: Shape, value: Any) -> Fixed:
        """Return the tensor of a shape and its numbers: one for all, a list of all, or lists of
        lists.

        Raises:
            LayerError: N107 for other values, N207 where there are not as many as the shape has.
        """
        # Axis by axis: all lists at one depth must have one length.
        numbers, given = [value], list[int]()
        while numbers and all(type(each) is tuple for each in numbers):
            lengths = {len(each) for each in numbers}
            if len(lengths) > 1:
                message = f"a tensor's lists have one length at each depth, not {sorted(lengths)}"
                raise LayerError("N207", message)
            given += lengths
            numbers = [number for each in numbers for number in each]
        wrong = next((each for each in numbers if not is_number(each)), None)
        if wrong is not None:
            help = f"write {dims(shape)} = and a list: [1, 2, ...], or [{{c}}, ...] with a param"
            raise LayerError(
                "N107", f"a fixed tensor requires numbers, not {shown(wrong)}", help=help
            )
        whole = math.prod(shape)
        if given and tuple(given) != shape and given != [whole]:
            message = f"the tensor is {dims(shape)}, and the numbers are {dims(given)}"
            raise LayerError("N207", message, help=f"give {whole} numbers, or one for all of them")
        made = cls(LayerSpec("fixed"), {}, frozenset())
        made.sizes, made.numbers = shape, tuple(numbers if given else numbers * whole)
        return made

    def replace(self, **values: Any) -> Kind:
        """Return the same: it has no options."""
        return self

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.reshape(np.array([float(number) for number in self.numbers]), (1, *self.sizes))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        alike = len(set(self.numbers)) == 1
        # One number is spread by the layer: a saved model does not hold it a million times.
        numbers = [float(number) for number in self.numbers[: 1 if alike else None]]
        return [k.custom.FixedTensor(self.sizes, numbers, name=name)]

    def statement(self, name: str) -> str:
        alike = len(set(self.numbers)) == 1
        values = shown(self.numbers[0] if alike else self.numbers)
        return f"fixed {name}: {dims(self.sizes)} = {values}"
