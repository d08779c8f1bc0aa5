"""The figures of a network: its layers, its table, its memory, its cost on several devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netdsl.api import arguments
from netdsl.architecture import Architecture
from netdsl.constants import FORMATS, LEVELS, PRECISIONS, SLOTS

if TYPE_CHECKING:
    from netdsl.analysis.memory import Memory
    from netdsl.analysis.scaling import StepCost
    from netdsl.api.records import LayerRecord, Records


class NetworkFigures(Architecture):
    """The figures of a network that follow from its graph alone."""

    __slots__ = ()

    @property
    def layers(self) -> Records[LayerRecord]:
        """The layers in order, inputs and merges among them, each with its counts.

        >>> import netdsl
        >>> for layer in netdsl.parse("8 > fc-4 > softmax-2").layers:
        ...     print(layer.name, layer.kind, layer.output, layer.params)
        input input (8,) 0
        fc_1 fc (4,) 36
        fc_2 fc (2,) 10
        """
        from netdsl.api.records import layer_records

        return layer_records(self.graph)

    def memory(
        self, *, batch: int = 1, optimizer: str = "adam", precision: str = "float32"
    ) -> Memory:
        """Estimate the memory that the network needs in use and in training, in bytes.

        The definitions are in docs/accounting.md.

        Args:
            batch: examples at a time.
            optimizer: whose slots training keeps, such as sgd or adam.
            precision: float32, float64, bfloat16 or mixed.

        Returns:
            Bytes by what they are for: parameters, gradients, optimizer, activation_bytes, saved,
            inference_peak, training_peak, workspace.

        Raises:
            NetError: N107 for an unknown word, N201 for a batch below 1.

        >>> import netdsl
        >>> netdsl.parse("8 > fc-4 > softmax-2").memory(batch=32, optimizer="sgd").parameters
        184
        """
        from netdsl.analysis.memory import estimate

        return estimate(
            self.graph,
            arguments.whole("batch", batch, 1),
            arguments.one_of("precision", precision, PRECISIONS),
            arguments.one_of("optimizer", optimizer, SLOTS),
        )

    def scaling(
        self,
        devices: int,
        link: float,
        *,
        batch: int = 64,
        rate: float = 312e12,
        use: float = 0.2,
        width: int = 4,
    ) -> StepCost:
        """Estimate a step of data-parallel training: what is sent, and how long it takes.

        Args:
            devices: how many share the step.
            link: the bandwidth of the slowest link, in bytes per second, one way.
            batch: examples of each device.
            rate: the peak speed of a device, in FLOP/s.
            use: the share of the peak that is reached.
            width: bytes of a number of the gradient.

        Returns:
            The bytes that each device sends, the seconds of the arithmetic and of the exchange, and
            the share of the devices' speed that remains, without overlap of the two and with it.

        Raises:
            NetError: N201 for a number out of its range.

        Source:
            Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of
            workstations" (2009).
        """
        from netdsl.analysis.scaling import step

        return step(
            self.graph,
            arguments.whole("devices", devices, 1),
            arguments.positive("link", link),
            arguments.whole("batch", batch, 1),
            arguments.positive("rate", rate),
            arguments.positive("use", use, max=1),
            arguments.whole("width", width, 1),
        )

    def table(
        self,
        *,
        by: str = "layer",
        columns: Sequence[str] | str | None = None,
        format: str = "text",
        sort: str | None = None,
        batch: int = 1,
        precision: str = "float32",
        optimizer: str = "adam",
        bias: bool = True,
        units: bool = False,
    ) -> str:
        """Write the table of layers, as `netdsl table` does.

        Args:
            by: what a row is: op, layer, block, stage or network.
            columns: of type, patch, output, params, moving, weights, macs, flops, training,
                activations, acts, memory, depth, branches, rf, stride, intensity, share; all of
                them in JSON. `params:M` counts in millions, `weights:Ki` in units of 1,024.
            format: text, markdown, csv, latex, html or json.
            sort: a column to sort the rows by, the largest first.
            batch: how many examples the memory is for.
            precision: float32, float64, bfloat16 or mixed, which the memory is for.
            optimizer: whose slots count in the memory in JSON.
            bias: whether `params` counts biases and the factors of norms.
            units: whether numbers are shortened: 138.4 M.

        Returns:
            The table as text in the format.

        Raises:
            NetError: N107 for an unknown word, N625 for a column that does not exist.

        >>> import netdsl
        >>> print(netdsl.parse("8 > fc-4").table(columns="output,params", format="csv"))
        layer,output,params
        input 8,8,0
        fc-4,4,36
        """
        from netdsl.api.tables import table_view
        from netdsl.report.columns import COLUMNS, DEFAULT_COLUMNS, SORTED
        from netdsl.report.formats import FORMATS as WRITERS
        from netdsl.report.sheet import sheet_of

        format = arguments.one_of("format", format, (*FORMATS, "json"))
        if columns is None:
            columns = tuple(COLUMNS) if format == "json" else DEFAULT_COLUMNS
        by = arguments.one_of("by", by, LEVELS)
        view = table_view(by, columns, COLUMNS, SORTED, sort, batch, precision, bias, units)
        if format != "json":
            return WRITERS[format](sheet_of(self, view))
        from netdsl.report.memory import memory_values
        from netdsl.report.table_json import table_values, tables_text

        optimizer = arguments.one_of("optimizer", optimizer, SLOTS)
        memory = memory_values(self, view.batch, precision, optimizer)
        return tables_text([{**table_values(self, view), "memory": memory}])

    def _repr_html_(self) -> str:
        """Return the table as HTML, which a notebook shows for a network."""
        return self.table(format="html")
