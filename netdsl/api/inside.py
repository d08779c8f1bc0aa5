"""What a run has learned, as arrays and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.api import arguments
from netdsl.errors import fail
from netdsl.training.evaluation.evaluate import PARTS

if TYPE_CHECKING:
    from netdsl.lab.attack import Attacked
    from netdsl.lab.inside.codes import Codes
    from netdsl.lab.inside.excite import Excited
    from netdsl.lab.inside.filters import Evolution, Filters
    from netdsl.lab.inside.landscape import Landscape
    from netdsl.lab.inside.maps import Maps
    from netdsl.lab.inside.reconstruct import Reconstructed
    from netdsl.lab.inside.subject import TrainedRun
    from netdsl.lab.inside.top import Top
    from netdsl.lab.inside.where import Where


class InsideViews:
    """The views of a run: each returns its arrays and, as `sheet`, its picture.

    A picture has `svg` and `save(path)`, and a notebook shows it.
    """

    folder: Path

    def at(self, layer: str, inputs: Any) -> Any:
        """Compute the output of a layer for examples.

        Args:
            layer: its name, or that of a point.
            inputs: as `predict` takes them.

        Returns:
            An array [n, *shape] in float32.

        Raises:
            NetError: N626 where there is no such layer.
            DataError: for what is wrong with the examples.
        """
        from netdsl.lab.inside.at import values_at

        return values_at(self._opened(), inputs, arguments.text("layer", layer, _LAYER)).array

    def filters(self, layer: str | None = None) -> Filters:
        """Show a layer's kernels as images.

        Args:
            layer: its name; by default the first one with kernels that are images.

        Returns:
            `array` [N, h, w, channels], `matches`: the correlation of each kernel with the edge or
            bar that it resembles most, `untrained`: the same before the training.

        Raises:
            NetError: N626 where there is no such layer, N680 where it has no such kernels.
        """
        from netdsl.lab.inside.filters import filters

        return filters(self._opened(), layer_argument(layer))

    def evolution(self, layer: str | None = None) -> Evolution:
        """Show a layer's kernels at each epoch that the run has kept (`keep` in the recipe).

        Args:
            layer: its name; by default the first one with kernels that are images.

        Returns:
            `array` [epochs, N, h, w, channels], and `epochs`.

        Raises:
            NetError: N626 where there is no such layer, N680 where no epoch was kept.
        """
        from netdsl.lab.inside.filters import evolution

        return evolution(self._opened(), layer_argument(layer))

    def landscape(self, *, seed: int = 0, data: Any = None) -> Landscape:
        """Compute the loss around the weights, on a plane of two random directions.

        Args:
            seed: of the directions.
            data: the data itself, where the run was given it in Python.

        Returns:
            `surface` [21, 21]: the loss at w + x d1 + y d2, x and y in `axis`.

        Raises:
            NetError: N670 where the network is too large for it.
        """
        from netdsl.lab.inside.landscape import landscape

        return landscape(self._opened(data), arguments.whole("seed", seed, 0))

    def maps(self, image: Any, layer: str | None = None, *, data: Any = None) -> Maps:
        """Show the maps of the channels of a layer, or of all layers, for an image.

        Args:
            image: a row of the run's data, as "test:3"; the path of an image, or of an array that
                holds one; or the array itself.
            layer: its name; by default the strongest channels of all layers.
            data: the data itself, where the run was given it in Python.

        Returns:
            `layers`, each with its `array` [h, w, channels].

        Raises:
            NetError: N626 where there is no such layer, N680 where its output is not maps.
            DataError: for what is wrong with the image.
        """
        from netdsl.lab.inside.maps import maps

        return maps(self._opened(data), image_argument("image", image), layer_argument(layer))

    def top(
        self, layer: str, channel: int | None = None, *, part: str = "test", data: Any = None
    ) -> Top:
        """Find the nine patches of the data that excite each channel most, one for each example.

        Args:
            layer: its name.
            channel: one of its channels; by default the first sixteen.
            part: of the data: test, validation, training or all.
            data: the data itself, where the run was given it in Python.

        Returns:
            `patches` by channel, each with its `row`, `place`, `value`, `box` and `pixels`.

        Raises:
            NetError: N626, N630, N680 where there is no such layer, part or channel.
        """
        from netdsl.lab.inside.top import top

        layer = arguments.text("layer", layer, _LAYER)
        return top(
            self._opened(data),
            layer,
            _number("channel", channel),
            arguments.one_of("part", part, PARTS),
        )

    def excite(
        self, layer: str, unit: int | None = None, *, prior: str = "none", seed: int = 0
    ) -> Excited:
        """Make images from noise that excite units of a layer most.

        Args:
            layer: its name.
            unit: one of its channels; by default the first sixteen.
            prior: none, l2, blur or tv: what keeps the images natural.
            seed: of the noise.

        Returns:
            `images` [units, h, w, c], the `values` of the units, of a last layer `probabilities`.

        Raises:
            NetError: N626, N680 where there is no such layer or unit.
        """
        from netdsl.lab.inside.excite import PRIORS, excite

        layer, unit = arguments.text("layer", layer, _LAYER), _number("unit", unit)
        prior = arguments.one_of("prior", prior, PRIORS)
        return excite(self._opened(), layer, unit, prior, arguments.whole("seed", seed, 0))

    def where(self, image: Any, label: int | None = None, *, data: Any = None) -> Where:
        """Show what the network looked at in an image.

        Args:
            image: as for `maps`.
            label: the class to explain; by default the one that the network answers.
            data: the data itself, where the run was given it in Python.

        Returns:
            `occlusion` and `gradient` [h, w], `grad_cam` [h', w'] of the last layer with maps.

        Raises:
            NetError: N680 where there is no image or no such class.
            DataError: for what is wrong with the image.
        """
        from netdsl.lab.inside.where import where

        return where(self._opened(data), image_argument("image", image), _number("label", label))

    def codes(
        self, layer: str, *, method: str = "pca", part: str = "test", data: Any = None
    ) -> Codes:
        """Show a layer's outputs for examples, as a map in the plane.

        Args:
            layer: its name.
            method: pca, tsne (needs scikit-learn) or umap (needs umap-learn).
            part: of the data: test, validation, training or all.
            data: the data itself, where the run was given it in Python.

        Returns:
            `array` [n, size], `plane` [n, 2], `labels`, and `neighbour`: the share of examples
            whose nearest neighbour is of their class.

        Raises:
            NetError: N602, N626, N630, N670, N680.
        """
        from netdsl.lab.inside.codes import METHODS, codes

        layer, method = (
            arguments.text("layer", layer, _LAYER),
            arguments.one_of("method", method, METHODS),
        )
        return codes(self._opened(data), layer, method, arguments.one_of("part", part, PARTS))

    def attack(
        self,
        sizes: Sequence[float] = (0.0, 0.05, 0.1, 0.2),
        *,
        steps: int = 1,
        norm: str = "inf",
        target: int | None = None,
        part: str = "test",
        examples: int = 1000,
        seed: int = 0,
        data: Any = None,
    ) -> Attacked:
        """Change examples a little so that the network answers wrongly.

        Args:
            sizes: the sizes of changes to try, in units of the network's input.
            steps: 1 for the fast gradient sign method, up to 1,000 for projected gradient descent.
            norm: of a change: inf, its largest pixel, or 2, the root of the sum of squares.
            target: the class that examples should be taken for; None for any wrong one.
            part: of the data: test, validation, training or all.
            examples: how many, drawn at random.
            seed: of the random numbers.
            data: the data itself, where the run was given it in Python.

        Returns:
            `results`: for each size the accuracy after `adversarial` and after `random` changes;
            `original` and `changed`, the network's inputs for the examples before and after changes
            of the last size [n, *shape], and their `labels`.

        Raises:
            NetError: N107 for a target that is not one of the classes, N201 for too many steps,
                N630, N670, N680.
        """
        from netdsl.lab.attack import STEPS, Attack, attack

        how = Attack(
            _sizes(sizes),
            arguments.whole("steps", steps, 1, STEPS + 1),
            arguments.one_of("norm", norm, ("inf", "2")),
            _number("target", target),
            arguments.whole("examples", examples, 1),
            arguments.whole("seed", seed, 0),
        )
        return attack(self._opened(data), how, arguments.one_of("part", part, PARTS))

    def reconstruct(
        self, *others: InsideViews, noise: float = 0.0, part: str = "test", seed: int = 0
    ) -> Reconstructed:
        """Let this autoencoder and others reconstruct images.

        Args:
            others: runs on the same images.
            noise: the standard deviation of noise that is added to the images first.
            part: of the data: test, validation, training or all.
            seed: of the noise.

        Returns:
            `originals`, `given`: these with the noise, and for each of `runs` the `array` of its
            first reconstructions and the mean absolute `error` of all.

        Raises:
            NetError: N630, N660, N680.
        """
        from netdsl.lab.inside.reconstruct import reconstruct
        from netdsl.training.recipes.recipe import LARGEST

        for each in others:
            if not isinstance(each, InsideViews):
                raise arguments.wrong_type("others", "runs", each)
        runs = [each._opened() for each in (self, *others)]
        noise = 0.0 if noise == 0 else arguments.positive("noise", noise, LARGEST)
        seed, part = arguments.whole("seed", seed, 0), arguments.one_of("part", part, PARTS)
        return reconstruct(runs, part, noise, seed)

    def _opened(self, data: Any = None) -> TrainedRun:
        from netdsl.lab.inside.subject import TrainedRun

        return TrainedRun.of(self.folder, data)


_LAYER = "a layer's name"


def layer_argument(layer: str | None) -> str | None:
    """Check an argument that should be a layer's name, or None."""
    return None if layer is None else arguments.text("layer", layer, _LAYER)


def image_argument(name: str, image: Any) -> Any:
    """Check an argument that should be an image: a path or a row of the data, or an array."""
    if image is None or isinstance(image, bool | int | float | bytes):
        accepts = 'a path, a row of the data as "test:3", or an array'
        raise arguments.wrong_type(name, accepts, image)
    return image


def _sizes(sizes: Any) -> tuple[float, ...]:
    from netdsl.lab.attack import SIZES
    from netdsl.training.recipes.recipe import LARGEST

    if isinstance(sizes, str | bytes) or not hasattr(sizes, "__iter__"):
        raise arguments.wrong_type("sizes", "a list of numbers from 0", sizes)
    # Take at most one more than allowed: an iterable may be endless.
    found = tuple(islice(sizes, SIZES + 1))
    if len(found) > SIZES:
        raise fail("N201", f"`sizes` accepts at most {SIZES} numbers")
    return tuple(
        0.0
        if not getattr(size, "ndim", 0) and size == 0
        else arguments.positive("sizes", size, LARGEST)
        for size in found
    )


def _number(name: str, number: int | None) -> int | None:
    return None if number is None else arguments.whole(name, number, 0)
