"""A network with the methods of the public interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, Unpack

from netdsl.api import arguments
from netdsl.api.computing import Computing
from netdsl.api.figures import NetworkFigures
from netdsl.architecture import Architecture
from netdsl.constants import PRECISIONS
from netdsl.reading import read_text

if TYPE_CHECKING:
    from netdsl.api.arguments import PathArgument
    from netdsl.api.difference import NetworkDifference
    from netdsl.api.keys import RecipeKeys
    from netdsl.api.records import Records
    from netdsl.api.run import RecipeArgument, Run
    from netdsl.drawing.picture import Picture
    from netdsl.keras.calls import InputShapes
    from netdsl.lab.equivariance import Equivariance
    from netdsl.lab.norms import Norms
    from netdsl.lab.weighted import WeightedNetwork


class Network(NetworkFigures, Computing):
    """A network whose shapes and counts are known.

    It is frozen, equal by its graph, and can be hashed, copied and pickled.

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
        params: the params that were set from outside, as exact values.
        input_shape: the input's shape that was given from outside, or None.
        warnings: the warnings about its text.
        used: the texts of the files that it uses, by their paths from its folder.
        given: the numbers that its text gives to inputs, each with a name, nested tuples `numbers`
            and their `text`.
        expected: the numbers that its text expects at points, in the same form.
    """

    __slots__ = ()

    @classmethod
    def of(cls, architecture: Architecture) -> Self:
        """Return the architecture as a network with these methods."""
        return cls(**architecture.values())

    @classmethod
    def from_keras(cls, model: Any, input: InputShapes = None) -> Self:
        """Make the network of a Keras model, without its weights.

        Args:
            model: a functional or sequential Keras model.
            input: the shape of its input without the batch, or of each by its name, where the
                model leaves sizes open.

        Returns:
            The network; its text is what `from_keras` writes.

        Raises:
            NetError: N602 where Keras is missing, N620 for what is not a model of layers, N621 for
                a layer that the language has no word for, N623 and N624 where the text cannot be
                shown to be the same function.
        """
        from netdsl.keras.importing import from_keras

        return cls.of(read_text(from_keras(model, arguments.model_shapes(input))))

    def _weighted(self, seed: int) -> WeightedNetwork:
        from netdsl.lab.weighted import begun

        return begun(self, seed)

    def equivariance(self, change: str, *, seed: int = 0) -> Records[Equivariance]:
        """Try whether outputs move with the input, or stay, on random numbers.

        Weights that the text states are taken; others are normal numbers.

        Args:
            change: shift, rotate90 or permute: the change of the input's positions.
            seed: of the numbers.

        Returns:
            A record for each output and axis: `verdict` (moves with it, stays, or no), the
            `largest` difference and `where` it is, and the largest at the `borders`.

        Raises:
            NetError: N670 for a large network, N682 where the test does not apply.

        >>> import netdsl
        >>> network = netdsl.parse("12x12x1 > conv3-4 > pool")
        >>> [(each.change, each.verdict) for each in network.equivariance("shift")]
        [('shift by 2 along h', 'moves with it'), ('shift by 2 along w', 'moves with it')]
        """
        from netdsl.api.records import Records
        from netdsl.lab.equivariance import CHANGES, equivariance

        change = arguments.one_of("change", change, CHANGES)
        return Records(equivariance(self, change, arguments.whole("seed", seed, 0, 2**32)))

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
        """Draw the network.

        Args:
            style: graph, volumes, neurons, u, or auto for one that suits the network.
            fold: what is drawn only once: all (blocks and repeats), repeats, or none.
            depth: how many levels of nested blocks are open; None for as many as fit.
            open: names of blocks that are open whatever the depth.
            direction: down or right.
            columns: the contents of the boxes, of output, params, macs, memory, rf.
            colour: the meaning of the colours: kind, none, or a share: params, macs or memory.
            theme: light, dark, print, or auto, which follows the reader's screen.
            heading: whether the name and the totals are written above.

        Returns:
            A picture, which a notebook shows; `.save("net.svg")` writes it (.png, .pdf, .tex, .mmd,
            .html too), `.svg` is its text.

        Raises:
            NetError: N660 where the picture would be too large, N661 where the style does not suit
                the network, N663 where there is no block of a name, N664 for an unknown word.
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
        """Write a Keras program that builds the network without netdsl.

        Returns:
            The program, with functions for blocks and loops for repeats.

        Raises:
            NetError: N627 where the program could not be shown to build the same network.
        """
        from netdsl.emit.program import program

        return program([self])

    def diff(self, other: Architecture) -> NetworkDifference:
        """Find the differences between this network and another one.

        Args:
            other: the other network.

        Returns:
            The rows of both, each with how it changed, and the totals of both.

        Raises:
            TypeError: where `other` is not a network.

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
            seed: the same seed gives the same weights on each backend; None gives others each time.
            dtype: float32, float64, bfloat16, or mixed (weights in float32, computed in bfloat16).

        Returns:
            A `keras.Model` of tensors [batch, *shape], channels last, whose layers have the names
            of `layers`.

        Raises:
            NetError: N602 where Keras is missing, N605 for what the backend does not compute in
                float64.
            RunError: N603 where the model does not fit into the memory.
        """
        from netdsl.keras.build import build

        if seed is not None:
            seed = arguments.whole("seed", seed, 0, 2**32)
        return build(self, seed, arguments.one_of("dtype", arguments.dtype_name(dtype), PRECISIONS))

    def norms(self, data: Any, *, seed: int = 0) -> Norms:
        """Measure gradient and update of each layer in the first step of a training.

        Args:
            data: a source as in a recipe, or the data itself: arrays `(x, y)`, a dict of arrays.
            seed: of the initial weights and of the order of the examples.

        Returns:
            `.layers` in order, each with `layer` and the Euclidean norms of its `weights`, their
            `gradient` and their `update`; `.ratio` of the first layer's gradient to the last's;
            bars as `.svg`, and as text by `print`.

        Raises:
            NetError: for what is wrong with the data, N602 where Keras is missing.
        """
        from netdsl.lab.norms import norms_of
        from netdsl.training.planning.plan import plan

        return norms_of(plan(self, data=data, seed=arguments.whole("seed", seed, 0, 2**32)))

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

        Mistakes that can be found before the training are raised before the folder is made. After
        Ctrl-C the run is kept as it is at that point, and its `ended` is `interrupted`.

        Args:
            recipe: a Recipe, keys and values, or the path of a YAML file; what it leaves out has a
                default.
            name: of the run; the network's name where it is left out.
            where: the folder of runs.
            quiet: whether nothing is printed during the training.
            keys: keys of the recipe that replace those of `recipe`, `target` and `drop`; see
                `RecipeKeys`.

        Returns:
            The run: its folder, how it ended, and the figures of the best weights.

        Raises:
            RecipeError: for what is wrong with the recipe.
            DataError: for what is wrong with the data.
            RunError: N610 where the disk fails, N611 for numbers that are not finite, N612 where
                the memory is too small.
        """
        from netdsl.api.run import train_architecture

        return train_architecture(lambda several: self, recipe, name, where, quiet, keys)
