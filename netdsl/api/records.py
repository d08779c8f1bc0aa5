"""Rows of figures: of a network's layers, of a training's epochs, of predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self, SupportsIndex, TypeVar, overload

from netdsl.errors import Diagnostic, fail
from netdsl.errors.terminal import render
from netdsl.report.lines import rows_of

if TYPE_CHECKING:
    from netdsl.graph import Graph

Row = TypeVar("Row", covariant=True)


class LayerRecord(NamedTuple):
    """A layer of a network, with its norm and activation, for one example.

    Attributes:
        name: its name in the Keras model.
        kind: its word, such as `conv`; `input` for an input.
        text: as it is written.
        output: the shape of its output, without the batch, channels last.
        blocks: the uses of blocks that hold it, outermost first.
        params: trainable weights.
        moving: statistics that are kept and not trained.
        weights: params without biases and the factors of norms.
        macs: multiply-accumulates.
        flops: floating-point operations.
        activations: elements of its output.
        acts: elements of the outputs of its convolutions and dense layers.
    """

    name: str
    kind: str
    text: str
    output: tuple[int, ...]
    blocks: tuple[str, ...]
    params: int
    moving: int
    weights: int
    macs: int
    flops: int
    activations: int
    acts: int


class Values(tuple[Row, ...]):
    """Values in order; a slice of them has the same type."""

    __slots__ = ()

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> Row: ...
    @overload
    def __getitem__(self, index: slice, /) -> Self: ...
    def __getitem__(self, index: SupportsIndex | slice, /) -> Row | Self:
        if isinstance(index, slice):
            # A plain tuple would lose `to_dataframe` and the other methods.
            return self._part(super().__getitem__(index))
        return super().__getitem__(index)

    def _part(self, rows: tuple[Row, ...]) -> Self:
        """Return some of the values as values of the same type."""
        return type(self)(rows)


class Records(Values[Row]):
    """Rows in order. Each is a named tuple or a dict; a slice of them has the methods too."""

    __slots__ = ()

    def to_dataframe(self) -> Any:
        """Make a pandas data frame.

        Returns:
            A `pandas.DataFrame` with a row for each record and a column for each field.

        Raises:
            NetError: N602 where pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            message = "a data frame needs pandas, which is not installed"
            raise fail("N602", message, help="pip install pandas") from None
        rows = [row if isinstance(row, dict) else row._asdict() for row in self]  # type: ignore[attr-defined]
        return pandas.DataFrame(rows)


class Diagnostics(Values[Diagnostic]):
    """Errors and warnings of a text; `print` shows them as the command line does."""

    __slots__ = ()

    @property
    def errors(self) -> Self:
        """The errors alone."""
        return type(self)(each for each in self if each.severity == "error")

    @property
    def warnings(self) -> Self:
        """The warnings alone."""
        return type(self)(each for each in self if each.severity == "warning")

    def __str__(self) -> str:
        return render(self)


def layer_records(graph: Graph) -> Records[LayerRecord]:
    """Return the layers of a network in order, inputs and merges among them."""
    records = []
    for layer, output, counts in rows_of(graph):
        kind = graph.ops[layer.ops[0]].kind
        records.append(
            LayerRecord(
                layer.name,
                kind.word if kind else "input",
                layer.text,
                tuple(output),
                layer.path,
                **counts._asdict(),
            )
        )
    return Records(records)
