"""Unpooling: more positions without weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.cells import cells, linear, padded, windows
from netdsl.kinds.facts import Arrays, Case, Reach, Seen
from netdsl.kinds.kind import Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import REQUIRED, Choice, ReferenceOption, SizesOption
from netdsl.kinds.plain import Plain
from netdsl.kinds.pool import MaxPool
from netdsl.kinds.values import Dims, Ref, Shape, Word, dims
from netdsl.kinds.window import as_pads, brief, per_axis, sizes_value, wrong_rank

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class Unpooling(Plain):
    """What the kinds share that make K positions of each one."""

    word = "_unpooling"
    group = "unpooling"
    takes: ClassVar[dict[str, str]] = {"size": "yes"}

    def factors(self, x: Shape) -> tuple[int, ...]:
        """Return how many positions become of one, for each axis.

        Raises:
            LayerError: N203 for a vector.
        """
        if not 2 <= len(x) <= 4:
            raise wrong_rank(self.word, x, "sequences, images and volumes")
        return per_axis(self.size or (1,), len(x) - 1, "the size", "size")

    def shape(self, *inputs: Shape) -> Shape:
        """The same channels at K*W positions on each axis."""
        x = inputs[0]
        return (*(size * factor for size, factor in zip(x, self.factors(x), strict=False)), x[-1])


class Upsample(Unpooling):
    """Upsampling: each position K times (nearest), or with `bilinear` on straight lines between
    the positions' middles.
    """

    counterparts = ("layers.UpSampling2D", "nn.Upsample")
    word = "up"
    positional = ("how",)
    saved_for_backward = ""
    names_elsewhere, usual_spelling = ("upsampling", "upsample"), "up2"
    cases = (
        Case("up2", (7, 7, 4), (14, 14, 4), 0),
        Case("up2(bilinear)", (7, 7, 4), (14, 14, 4), 0),
        Case("up2x1", (3, 4, 2), (6, 4, 2), 0),
        Case("up3", (5, 2), (15, 2), 0),
        Case("up2(bilinear)", (5, 2), (10, 2), 0),
        Case("up2", (2, 3, 4, 1), (4, 6, 8, 1), 0),
        Case("up2(bilinear)", (2, 3, 4, 2), (4, 6, 8, 2), 0),
    )

    how = Choice(
        "nearest",
        ("nearest", "bilinear"),
        "how to fill in between the positions; bilinear is linear along each axis",
    )

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return the position that it is made of; of `bilinear` the two that it lies between."""
        if self.how.text == "bilinear":
            return (_between(output, inputs[0]),)
        return (
            # ceil((i + 1 - K)/K) to floor(i/K): the one position i // K.
            Seen((tuple(Reach(1, 1 - factor, 0, factor) for factor in self.factors(inputs[0])),)),
        )

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """Nothing; of `bilinear`, for each number and axis two multiplications and an addition."""
        return 3 * (len(output) - 1) * math.prod(output) if self.how.text == "bilinear" else 0

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        x, factors = inputs[0], self.factors(inputs[0].shape[1:])
        if self.how.text == "bilinear":
            return linear(np, x, self.shape(x.shape[1:])[:-1])
        for axis, factor in enumerate(factors, 1):
            x = x.repeat(factor, axis)
        return x

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank = len(x) - 1
        if self.how.text == "nearest":
            return [
                getattr(k.keras.layers, f"UpSampling{rank}D")(brief(self.factors(x)), name=name)
            ]
        # Keras interpolates images alone: UpSampling1D and 3D have no such argument.
        if rank == 2:
            return [
                k.keras.layers.UpSampling2D(
                    brief(self.factors(x)), interpolation="bilinear", name=name
                )
            ]
        return _linear_layers(k, name, output, x)

    keras_layers = ("UpSampling", "Reshape")
    keras_signatures = ("UpSampling(size)",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.layer == "Reshape":
            steps = _linear_in_keras(call)
            size = _factors(steps[0].inputs[0], call.output) if steps else ()
            spec = cls.spec(size=size, how=Word("bilinear"))
            return call.means(spec, calls=len(steps)) if size else None
        call.refuse_channels_first()
        how = call.config.get("interpolation", "nearest")
        if how not in cls.how.words:
            raise call.refuse(f"its interpolation is {how}")
        return call.means(cls.spec(size=call.sizes("size"), how=Word(how)))


class Nails(Unpooling):
    """Bed of nails: each value in the first of K cells on each axis, zeros in the others."""

    word = "nails"
    arithmetic, saved_for_backward = "", ""
    cases = (
        Case("nails2", (7, 7, 4), (14, 14, 4), 0),
        Case("nails2x1", (3, 4, 2), (6, 4, 2), 0),
        Case("nails3", (5, 2), (15, 2), 0),
        Case("nails2", (2, 3, 4, 1), (4, 6, 8, 1), 0),
    )

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return the position whose value it holds, if it is the first of its K cells."""
        # ceil(i/K) to floor(i/K): empty unless K divides i, where the zeros are.
        return (Seen((tuple(Reach(1, 0, 0, factor) for factor in self.factors(inputs[0])),)),)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        x = inputs[0].shape[1:]
        whole = np.zeros((len(inputs[0]), *self.shape(x)), inputs[0].dtype)
        firsts = (slice(None, None, factor) for factor in self.factors(x))
        whole[(slice(None), *firsts)] = inputs[0]
        return whole

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        """Axis after axis: rows of all that lies after one position, each with zeros after it."""
        x = inputs[0]
        shape, steps = list(x), []
        for axis, factor in enumerate(self.factors(x)):
            rows, rest = math.prod(shape[: axis + 1]), math.prod(shape[axis + 1 :])
            shape[axis] *= factor
            if factor > 1:
                whole = ((0, 0), (0, 0), (0, (factor - 1) * rest))
                steps.append(k.keras.layers.Reshape((rows, rest), name=f"{name}_axis_{axis + 1}"))
                # Bound as a default: a closure would see the last axis's padding in every step.
                steps.append(lambda tensor, whole=whole: k.keras.ops.pad(tensor, whole))
        return [*steps, k.keras.layers.Reshape(output, name=name)] if steps else []

    keras_layers = ("Reshape",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        for count in range(call.rank, 0, -1):
            steps = call.chain(*("Reshape", "Pad") * count, "Reshape")
            factors = _factors(steps[0].inputs[0], call.output) if steps else ()
            if steps and factors and cls._are_steps(steps[:-1], steps[0].inputs[0], factors):
                return call.means(cls.spec(size=factors), calls=len(steps))
        return None

    @classmethod
    def _are_steps(cls, steps: tuple[CallView, ...], x: Shape, factors: tuple[int, ...]) -> bool:
        """Return whether these calls are those of `layers`, its last one left out."""
        shape, left = list(x), list(steps)
        for axis, factor in enumerate(factors):
            rows, rest = math.prod(shape[: axis + 1]), math.prod(shape[axis + 1 :])
            shape[axis] *= factor
            if factor == 1:
                continue
            if not left:
                return False
            reshape, pad, *left = left
            whole = [(0, 0), (0, 0), (0, (factor - 1) * rest)]
            zeros = not pad.named.get("constant_values") and pad.config["mode"] == "constant"
            widths = [(before, after) for before, after in pad.config["pad_width"]]
            if reshape.output != (rows, rest) or widths != whole or not zeros:
                return False
        return not left


class MaxUnpool(Plain):
    """Max unpooling of the pool `p`: each value goes back to where the maximum of its window was,
    zeros elsewhere.

    Of equal values in a window the first one, row by row, is the maximum; where windows that
    overlap have their maxima at one place, the place holds the sum. The switches are found from the
    pool's input, which therefore comes in too.
    """

    counterparts = ("", "nn.MaxUnpool2d")
    word = "unpool"
    names_elsewhere = (
        "maxunpool",
        "maxunpooling",
    )
    group = "unpooling"
    positional = ("pool",)
    arithmetic, saved_for_backward = "", ""  # the pool keeps the switches
    cases = (
        Case("pool as p > unpool(@p)", (4, 4, 3), (4, 4, 3), 0),
        Case("pool3/2(pad=same) as p > conv3-3 > unpool(@p)", (9, 9, 3), (9, 9, 3), 84),
        Case("pool3/1 as p > unpool(@p)", (7, 2), (7, 2), 0),
        Case("pool2(ceil) as p > unpool(@p)", (3, 4, 5, 2), (3, 4, 5, 2), 0),
    )

    pool = ReferenceOption(REQUIRED, "a max pool whose output has this input's shape")

    @classmethod
    def example(cls) -> str:
        return f"{cls.word}(@p)"

    def with_resolved_defaults(self) -> Kind:
        if not isinstance(self._pool.kind, MaxPool):
            what = self._pool.kind.head() if self._pool.kind else "an input"
            message = (
                f"`{self.word}` requires the name of a max pool, and @{self._pool.name} is {what}"
            )
            raise LayerError(
                "N107", message, "pool", f"name the pool: pool as p, and then {self.word}(@p)"
            )
        return self

    @property
    def _pool(self) -> Ref:
        assert self.pool is not None
        return self.pool

    def referenced_inputs(self) -> tuple[tuple[int, Shape], ...]:
        """Return the pool's input."""
        return self._pool.inputs

    def shape(self, *inputs: Shape) -> Shape:
        """The shape of the pool's input, where the input has that of its output.

        Raises:
            LayerError: N207 where the input does not have the shape of the pool's output.
        """
        if inputs[0] != self._pool.shape:
            message = (
                f"`{self.word}(@{self._pool.name})` requires the pool's output shape, "
                f"{dims(self._pool.shape)}, and the input is {dims(inputs[0])}"
            )
            raise LayerError("N207", message, label=f"the input is {dims(inputs[0])}")
        return inputs[1]

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return the pooled positions whose windows hold it, and all of these windows in the pool's
        input: the switches.
        """
        pool = self._pool.kind
        assert isinstance(pool, MaxPool)
        axes = pool.axes(inputs[1])
        spread = tuple(axis.spread for axis in axes)
        return Seen((spread,)), Seen((tuple(axis.reach for axis in axes), spread))

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        values, source = inputs
        pool = self._pool.kind
        assert isinstance(pool, MaxPool)
        axes, counts = pool.axes(source.shape[1:]), values.shape[1:-1]
        # argmax gives the first of equal cells, row by row.
        switches = windows(np, source, axes, counts, -math.inf).argmax(0)
        whole = np.zeros_like(padded(np, source, axes, counts))
        # Cell by cell, in the order in which `windows` stacks them.
        for number, (_, cut) in enumerate(cells(axes, counts)):
            whole[cut] += np.where(switches == number, values, 0)
        cuts = (slice(axis.before, axis.before + axis.size) for axis in axes)
        return whole[(slice(None), *cuts)]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        pool = self._pool.kind
        assert isinstance(pool, MaxPool)
        rank = len(output) - 1
        pads = pool.whole_pads(inputs[0], inputs[1])
        return [k.custom.MaxUnpooling(pool.window(rank), pool.strides(rank), pads, name=name)]

    keras_layers = ("MaxUnpooling",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Find the pool: what reads the layer's second input as well, with such windows.

        Raises:
            NoWord: where the pool cannot be found.
        """
        values, x = call.inputs
        rank, config = len(x) - 1, call.config
        expected = (tuple(config["window"]), tuple(config["strides"]), as_pads(config["pads"]))
        for ref in call.readers[1]:
            pool = ref.kind
            if isinstance(pool, MaxPool) and ref.shape == values:
                window = (pool.window(rank), pool.strides(rank), pool.whole_pads(values, x))
                if window == expected:
                    return call.means(cls.spec(ref))
        raise call.refuse("its second input is not read by a max pool with its windows")


class Resize(Plain):
    """Positions on straight lines between the input's positions, as many as are given:
    `resize(64x64)`, bilinear on images.
    """

    counterparts = ("layers.Resizing", "nn.functional.interpolate")
    word = "resize"
    names_elsewhere = (
        "resizing",
        "interpolate",
    )
    group = "shape"
    positional = ("to",)
    saved_for_backward = ""
    cases = (
        Case("resize(64x64)", (32, 32, 3), (64, 64, 3), 0),
        Case("resize(5)", (9, 7, 2), (5, 5, 2), 0),
        Case("resize(16)", (10, 4), (16, 4), 0),
        Case("resize(4x3x5)", (2, 3, 4, 2), (4, 3, 5, 2), 0),
    )

    to = SizesOption(REQUIRED, "the positions, one number for all axes or one for each")

    def shape(self, *inputs: Shape) -> Shape:
        """The same channels at the positions that are given.

        Raises:
            LayerError: N203 for vectors.
        """
        x = inputs[0]
        if not 2 <= len(x) <= 4:
            raise wrong_rank(self.word, x, "sequences, images and volumes")
        return (*per_axis(self.to, len(x) - 1, "the size", "to"), x[-1])

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return the two positions that it lies between."""
        return (_between(output, inputs[0]),)

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each number and axis two multiplications and an addition."""
        return 3 * (len(output) - 1) * math.prod(output)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return linear(np, inputs[0], self.shape(inputs[0].shape[1:])[:-1])

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return _linear_layers(k, name, output, inputs[0])

    keras_layers = ("Resizing", "Reshape")
    keras_signatures = ("Resizing(height, width)",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.layer == "Reshape":
            steps, spec = _linear_in_keras(call), cls.spec(sizes_value(call.output[:-1]))
            return call.means(spec, calls=len(steps)) if steps else None
        _refuse_other_resizing(call)
        return call.means(cls.spec(Dims((call.config["height"], call.config["width"]))))


def _factors(x: Shape, output: Shape) -> tuple[int, ...]:
    """Return how many positions become of one on each axis; nothing where not an integer."""
    if len(x) != len(output) or x[-1] != output[-1]:
        return ()
    pairs = list(zip(x[:-1], output, strict=False))
    return () if any(more % few for few, more in pairs) else tuple(n // w for w, n in pairs)


def _between(output: Shape, x: Shape) -> Seen:
    """Linear interpolation between the positions' middles: the two positions that (i + 1/2)*W/N
    - 1/2 lies between, or the one it is.
    """
    return Seen(
        (
            tuple(
                # i reads at p = ((2i + 1)*W - N)/(2N): the integers above p - 1 and below p + 1.
                Reach(2 * w, w - 3 * n + 1, w + n - 1, 2 * n)
                for w, n in zip(x[:-1], output, strict=False)
            ),
        )
    )


def _linear_layers(k: Any, name: str, output: Shape, x: Shape) -> list[Any]:
    """Linear interpolation to the output's positions: Keras's layer for images, and the same
    along one axis after the other elsewhere.
    """
    layers = k.keras.layers
    if len(x) == 3:
        return [layers.Resizing(output[0], output[1], name=name)]
    shape, steps = list(x), []
    for axis in range(len(x) - 1):
        rows, rest = math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
        if shape[axis] != output[axis]:
            # Two axes that are an image to Keras: what comes before the axis, and the axis itself.
            steps.append(layers.Reshape((rows, shape[axis], rest), name=f"{name}_rows_{axis + 1}"))
            steps.append(layers.Resizing(rows, output[axis], name=f"{name}_axis_{axis + 1}"))
            shape[axis] = output[axis]
    return [*steps, layers.Reshape(output, name=name)] if steps else []


def _linear_in_keras(call: CallView) -> tuple[CallView, ...]:
    """Return the calls of `_linear_layers` for sequences and volumes that end with this one; none
    where others do.
    """
    for count in range(call.rank, 0, -1):
        steps = call.chain(*("Reshape", "Resizing") * count, "Reshape")
        if steps and _are_linear_steps(steps[:-1], steps[0].inputs[0], call.output):
            return steps
    return ()


def _are_linear_steps(steps: tuple[CallView, ...], x: Shape, output: Shape) -> bool:
    if len(x) != len(output) or len(x) == 3 or x[-1] != output[-1]:
        return False
    shape, left = list(x), list(steps)
    for axis in range(len(x) - 1):
        rows, rest = math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
        if shape[axis] == output[axis]:
            continue
        if not left:
            return False
        reshape, resize, *left = left
        _refuse_other_resizing(resize)
        size = (resize.config["height"], resize.config["width"])
        if reshape.output != (rows, shape[axis], rest) or size != (rows, output[axis]):
            return False
        shape[axis] = output[axis]
    return not left


def _refuse_other_resizing(call: CallView) -> None:
    """Refuse a resizing layer that is not bilinear, or does more.

    Raises:
        NoWord: where it does.
    """
    call.refuse_set("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias")
    if call.config["interpolation"] != "bilinear":
        raise call.refuse(f"its interpolation is {call.config['interpolation']}")
