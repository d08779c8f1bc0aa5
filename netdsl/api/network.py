"""A network with the verbs that people want of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, Unpack

from netdsl.api import arguments
from netdsl.architecture import Architecture
from netdsl.constants import FORMATS, LEVELS, PRECISIONS, SLOTS
from netdsl.reading import ReadOptions, read_text

if TYPE_CHECKING:
    from netdsl.analysis.memory import Memory
    from netdsl.analysis.scaling import Step
    from netdsl.api.arguments import PathArgument
    from netdsl.api.difference import NetworkDifference
    from netdsl.api.keys import RecipeKeys
    from netdsl.api.records import LayerRecord, Records
    from netdsl.api.run import RecipeArgument, Run
    from netdsl.drawing.picture import Picture

DTYPES = (*PRECISIONS, "float64")


class Network(Architecture):
    """A network whose shapes and counts are known. It is frozen, equal by its graph, and can be
    hashed, copied and pickled.

    >>> import netdsl
    >>> network = netdsl.parse("32x32x1 > conv5-6 > pool > fc-10")
    >>> network
    <Network network: 32x32x1 to 10, 15,526 params>
    >>> network == netdsl.parse("input image: 32x32x1 > conv5-6 > pool > fc-10")
    True

    Attributes:
        name: from `net`, else the file's stem.
        graph: its operations, layers, inputs, outputs and named points.
        text: the source that it was read from.
        description: the comment block at the top of the source.
        path: the file that it was read from, or None.
        params: the params that were set from outside, exact.
        input_shape: the input's shape that was given from outside, or None.
        warnings: what a reader should look at.
        used: the texts of the files beside it that it uses, by their paths from its folder.
    """

    __slots__ = ()

    @classmethod
    def of(cls, architecture: Architecture) -> Self:
        """The architecture with the verbs."""
        return cls(**architecture.values())

    @classmethod
    def from_keras(cls, model: Any) -> Self:
        """Make the network of a Keras model, without its weights.

        Raises:
            NetError: N602 where Keras is missing, N620 for what is not a model of layers, N621 for
                a layer that the language has no word for.
        """
        from netdsl.keras.importing import from_keras

        return cls.of(read_text(from_keras(model), options=ReadOptions()))

    @property
    def layers(self) -> Records[LayerRecord]:
        """The layers in order, inputs and merges among them, each with its counts.

        >>> import netdsl
        >>> for layer in netdsl.parse("8 > fc-4 > softmax-2").layers:
        ...     print(layer.name, layer.kind, layer.output, layer.params)
        input input (8,) 0
        fc fc (4,) 36
        softmax softmax (2,) 10
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
            precision: float32, bfloat16 or mixed.

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
    ) -> Step:
        """Estimate a step of data-parallel training: what is sent, and how long it takes.

        Args:
            devices: how many share the step.
            link: what the slowest link carries, in bytes a second, one way.
            batch: examples of each device.
            rate: what a device computes, in FLOP/s.
            use: the share of it that is reached.
            width: bytes of a number of the gradient.

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
            arguments.positive("use", use),
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
            by: what a line is: op, layer, block or stage.
            columns: of output, params, moving, weights, macs, flops, activations, acts, memory, rf,
                stride, intensity, share; all of them in JSON.
            format: text, markdown, csv, latex, html or json.
            sort: a column to sort the lines by, the largest first.
            batch: examples that the memory is for.
            precision: float32, bfloat16 or mixed: of the memory.
            optimizer: whose slots the memory in JSON holds.
            bias: whether `params` counts biases and the factors of norms.
            units: whether numbers are shortened: 138.4 M.

        Raises:
            NetError: N107 for a word that is none of these, N625 for a column that does not exist.

        >>> import netdsl
        >>> print(netdsl.parse("8 > fc-4 > softmax-2").table(columns="output,params"))
        layer      output  params
        -------------------------
        input 8    8            0
        fc-4       4           36
        softmax-2  2           10
        -------------------------
        total                  46
        """
        from netdsl.report.columns import COLUMNS, DEFAULT_COLUMNS, TableView, column_key
        from netdsl.report.formats import FORMATS as WRITERS
        from netdsl.report.sheet import sheet_of

        format = arguments.one_of("format", format, (*FORMATS, "json"))
        if columns is None:
            columns = tuple(COLUMNS) if format == "json" else DEFAULT_COLUMNS
        names = arguments.names("columns", columns)
        view = TableView(
            arguments.one_of("by", by, LEVELS),
            tuple(map(column_key, names)),
            arguments.whole("batch", batch, 1),
            arguments.one_of("precision", precision, PRECISIONS),
            None if sort is None else column_key(arguments.text("sort", sort, "a column's name")),
            arguments.yes_or_no("bias", bias),
            arguments.yes_or_no("units", units),
        )
        if format != "json":
            return WRITERS[format](sheet_of(self, view))
        from netdsl.report.memory import memory_values
        from netdsl.report.table_json import table_values, tables_text

        optimizer = arguments.one_of("optimizer", optimizer, SLOTS)
        memory = memory_values(self, view.batch, precision, optimizer)
        return tables_text([{**table_values(self, view), "memory": memory}])

    def draw(
        self,
        *,
        style: str = "auto",
        fold: str = "all",
        depth: int | None = None,
        open: Sequence[str] | str = (),
        direction: str = "down",
        columns: Sequence[str] | str = ("output", "params"),
        colour: str = "kind",
        theme: str = "auto",
        heading: bool = True,
    ) -> Picture:
        """A picture of the network: it shows itself in a notebook, `.save("net.svg")` writes it
        (.png, .pdf, .tex, .mmd, .html too), `.svg` is its text.

        Args:
            style: graph, volumes, neurons, u, or auto, which takes what suits the network.
            fold: what is drawn once: all (blocks and repeats), repeats, or none.
            depth: how many blocks within each other are open; None for as many as fit.
            open: names of blocks that are open anyway.
            direction: down or right.
            columns: what stands in the boxes, of output, params, macs, memory, rf.
            colour: what the colours say: kind, none, or a share, of params, macs or memory.
            theme: light, dark, print, or auto: light, and dark where the reader's screen is.
            heading: whether the name and the totals stand above.

        Raises:
            NetError: N660 where the picture would be too large, N661 where the style does not suit
                the network, N663 where there is no block of a name, N664 for a word that is none of
                these.
        """
        from netdsl.drawing.options import Options
        from netdsl.drawing.picture import Picture

        asked = Options(
            arguments.text("style", style, "a style's name"),
            arguments.text("fold", fold, "all, repeats or none"),
            None if depth is None else arguments.whole("depth", depth, 0),
            arguments.names("open", open),
            arguments.text("direction", direction, "down or right"),
            arguments.names("columns", columns),
            arguments.text("colour", colour, "kind, none, params, macs or memory"),
            arguments.text("theme", theme, "a theme's name"),
            arguments.yes_or_no("heading", heading),
        ).checked()
        return Picture([self], asked)

    def emit(self) -> str:
        """Write a Keras program that makes the network without netdsl: functions for blocks, loops
        for repeats.
        """
        from netdsl.emit.program import program

        return program([self])

    def diff(self, other: Architecture) -> NetworkDifference:
        """Find what another network does not share with this one.

        >>> import netdsl
        >>> a, b = netdsl.parse("8 > fc-4"), netdsl.parse("8 > fc-5")
        >>> a.diff(b).same
        False
        """
        from netdsl.api.difference import NetworkDifference

        if not isinstance(other, Architecture):
            raise arguments.wrong_type("other", "a Network", other)
        return NetworkDifference(self, other)

    def keras(self, seed: int | None = None, *, dtype: str = "float32") -> Any:
        """Build the Keras model with initial weights.

        Args:
            seed: gives the same weights again; None draws others each time.
            dtype: float32, float64, bfloat16, or mixed (weights in float32, computed in bfloat16).

        Raises:
            NetError: N602 where Keras is missing, N617 for float64 where JAX is not set to it.
            RunError: N603 where the model does not fit into the memory.
        """
        from netdsl.keras.build import build

        if seed is not None:
            seed = arguments.whole("seed", seed, 0, 2**32)
        return build(self, seed, arguments.one_of("dtype", arguments.dtype_name(dtype), DTYPES))

    def train(
        self,
        recipe: RecipeArgument = None,
        *,
        name: str | None = None,
        where: PathArgument = "runs",
        quiet: bool = False,
        **keys: Unpack[RecipeKeys],
    ) -> Run:
        """Train the network and keep the run in a new folder `where/NAME-N`.

        All that can be refused is refused before the folder is made. After Ctrl-C the run is kept
        as it is by then, and its `ended` is `interrupted`.

        Args:
            recipe: a Recipe, keys and values, or the path of a YAML file; what it leaves out has a
                default.
            name: of the run; the network's name where it is left out.
            where: the folder of runs.
            quiet: whether nothing is printed meanwhile.
            keys: keys of the recipe that replace those of `recipe`, and `target`; see `RecipeKeys`.

        Raises:
            RecipeError: for what is wrong with the recipe.
            DataError: for what is wrong with the data.
            RunError: N610 to N612 where the disk, the memory or the numbers fail.
        """
        from netdsl.api.run import train_architecture

        return train_architecture(self, recipe, name, where, quiet, keys)

    def _repr_html_(self) -> str:
        """The table as HTML: what a notebook shows of a network."""
        return self.table(format="html")
