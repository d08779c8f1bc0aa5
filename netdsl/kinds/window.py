"""What all kinds with a window share: padding, the output-size formula, and both in Keras."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from netdsl.kinds.facts import Reach, Seen
from netdsl.kinds.fitting import to_positions
from netdsl.kinds.kind import Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import Option
from netdsl.kinds.values import NO_DEFAULTS, Defaults, Dims, Shape, Word, dims, is_whole, shown

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView

Pads = tuple[tuple[int, int], ...]
AXIS_NAMES = {1: ("positions",), 2: ("rows", "columns"), 3: ("slices", "rows", "columns")}
_RANK_WORDS = {1: "a sequence", 2: "an image", 3: "a volume"}


def per_axis(values: tuple[int, ...], rank: int, what: str, where: str) -> tuple[int, ...]:
    """Return one value for each of `rank` axes.

    Args:
        values: one number, or one for each axis.
        rank: how many axes of positions there are.
        what: what the message calls the numbers.
        where: the part of the layer that the error is in.

    Raises:
        LayerError: N202 where there is neither one value nor one for each.
    """
    if len(values) == rank:
        return values
    if len(values) == 1:
        return values * rank
    axes = {
        1: "a sequence has one axis",
        2: "an image has two axes",
        3: "a volume has three axes",
    }.get(rank, f"there are {rank} axes")
    raise LayerError("N202", f"{what} {dims(values)} has {len(values)} numbers, but {axes}", where)


def wrong_rank(word: str, x: Shape, expected: str, help: str = "") -> LayerError:
    """Return the error N203: the kind does not take an input with this many axes."""
    what = {0: "a vector", **_RANK_WORDS}.get(len(x) - 1, f"an array of {len(x) - 1} axes")
    return LayerError(
        "N203",
        f"`{word}` requires {expected}, and {dims(x)} is {what}",
        help=help,
        label=f"the input is {dims(x)}",
    )


class Padding(Option[Any]):
    """`same`, `valid`, `tf`, `full`, `causal`, a number, one for each axis (`2x1`), or both
    sides of each (`(t,b,l,r)`).
    """

    words: tuple[str, ...] = ("same", "valid", "tf", "full", "causal")

    def __init__(self, default: str | int, doc: str = "", words: tuple[str, ...] = words) -> None:
        super().__init__(Word(default) if isinstance(default, str) else default, doc)
        self.words = words
        self.accepts = ", ".join(
            (*words, "a number", "a size such as 2x1", "or (top, bottom, left, right)")
        )

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> Any:
        if isinstance(value, Word) and value.text in self.words and not value.arguments:
            return value
        numbers = value if isinstance(value, tuple) else (value,)
        if isinstance(value, Dims):
            numbers = value.sizes
        if not all(is_whole(number, min=0) for number in numbers):
            raise self.refuse(value)
        return value


class Axis(NamedTuple):
    """One axis of a window at work: all sizes in positions."""

    size: int
    window: int
    stride: int
    dilation: int
    before: int
    after: int

    @property
    def extent(self) -> int:
        """The positions that a dilated window spans: D*(K-1) + 1."""
        return self.dilation * (self.window - 1) + 1

    def outputs(self, ceil: bool = False) -> int:
        """floor((W + Pa + Pb - D*(K-1) - 1) / S) + 1; with `ceil` rounded up, the last window
        beginning inside input or left padding.
        """
        room = self.size + self.before + self.after - self.extent
        if not ceil:
            return room // self.stride + 1
        count = -(-room // self.stride) + 1
        # PyTorch's rule: a window that begins in the right padding is not counted.
        return count - 1 if (count - 1) * self.stride >= self.size + self.before else count

    def formula(self, ceil: bool) -> str:
        """Return the output-size formula with the numbers put in."""
        pads = self.before + self.after
        room = f"{self.size} - {self.extent} + {pads}"
        return f"{'ceil' if ceil else 'floor'}(({room})/{self.stride}) + 1 = {self.outputs(ceil)}"

    @property
    def reach(self) -> Reach:
        """What an output of the window sees: from S*i - Pa on, as far as the window spans."""
        return Reach(self.stride, -self.before, self.extent - 1 - self.before)

    @property
    def spread(self) -> Reach:
        """What sees an input of the window, as a transposed window's output does: all outputs
        whose windows hold position i.
        """
        # S*o - Pa <= i <= S*o - Pa + E - 1, solved for the outputs o.
        return Reach(1, self.before - self.extent + 1, self.before, self.stride)

    def unread(self, outputs: int) -> int:
        """Positions of the input itself after the last window."""
        return (
            max(0, self.size - ((outputs - 1) * self.stride + self.extent - self.before))
            # With a stride beyond the window positions are skipped everywhere, and on purpose.
            if self.window >= self.stride
            else 0
        )


class Windowed(Kind):
    """A kind that slides a window over positions.

    Subclasses have the options `pad` and maybe `dilation` and `ceil`.
    """

    word = "_windowed"
    takes: ClassVar[dict[str, str]] = {"size": "yes", "stride": "maybe"}
    pad_option: ClassVar[str] = "pad"

    def window(self, rank: int) -> tuple[int, ...]:
        return per_axis(self.size or (1,), rank, "the window", "size")

    def strides(self, rank: int) -> tuple[int, ...]:
        return per_axis(self.stride or (1,), rank, "the stride", "stride")

    def dilations(self, rank: int) -> tuple[int, ...]:
        return per_axis(self.values.get("dilation", (1,)), rank, "the dilation", "dilation")

    @property
    def ceil(self) -> bool:
        return bool(self.values.get("ceil", False))

    def axes(self, x: Shape) -> tuple[Axis, ...]:
        """Return the window at work on each axis of an input.

        Raises:
            LayerError: N203 for an input without positions, N202 for numbers that do not fit its
                axes, N205 for a padding that does not.
        """
        rank = len(x) - 1
        if not 1 <= rank <= 3:
            what = "a vector" if rank < 1 else f"an array of {rank} axes"
            help = f"{to_positions(x)} gives it positions" if rank < 1 else ""
            help = f"use fc, or {help}" if help and self.group == "convolution" else help
            raise LayerError(
                "N203",
                f"`{self.word}` slides over positions, and {dims(x)} is {what}",
                help=help,
                label=f"the input is {dims(x)}",
            )
        windows, strides, dilations = self.window(rank), self.strides(rank), self.dilations(rank)
        sizes = list(zip(x, windows, strides, dilations, strict=False))
        return tuple(
            Axis(*four, *pads) for four, pads in zip(sizes, self._pads(sizes), strict=True)
        )

    def _pads(self, sizes: list[tuple[int, int, int, int]]) -> Pads:
        pad, rank = self.values[self.pad_option], len(sizes)
        if isinstance(pad, Word):
            return tuple(self._word_pads(pad.text, *four, rank) for four in sizes)
        if isinstance(pad, Dims):
            return tuple(
                (number, number) for number in per_axis(pad.sizes, rank, "the padding", "pad")
            )
        if isinstance(pad, tuple):
            if len(pad) != 2 * rank:
                raise LayerError(
                    "N205",
                    f"the padding {shown(pad)} has {len(pad)} elements, and {_RANK_WORDS[rank]} "
                    f"has {2 * rank} sides",
                    "pad",
                )
            return tuple(zip(pad[::2], pad[1::2], strict=True))
        return ((pad, pad),) * rank

    def _word_pads(
        self, word: str, size: int, window: int, stride: int, dilation: int, rank: int
    ) -> tuple[int, int]:
        spread = dilation * (window - 1)
        if word == "same":
            # Papers and PyTorch pad both sides alike; TensorFlow puts the odd cell after: `tf`.
            if spread % 2:
                help = (
                    f"use pad=tf (TensorFlow's, asymmetric), pad={spread // 2} or "
                    f"pad={spread // 2 + 1}, or an odd window"
                )
                raise LayerError(
                    "N205",
                    f"pad=same is (K-1)/2 on both sides, and K={window} gives {spread}/2, which "
                    "is not an integer",
                    "pad",
                    help,
                )
            return spread // 2, spread // 2
        if word == "tf":
            # ceil(W/S) outputs are kept; what their windows need beyond W is padded.
            total = max(0, (-(-size // stride) - 1) * stride + spread + 1 - size)
            return total // 2, total - total // 2
        if word == "causal":
            if rank != 1:
                raise LayerError(
                    "N205",
                    f"pad=causal is for sequences, and the input is {_RANK_WORDS[rank]}",
                    "pad",
                )
            return spread, 0
        return (spread, spread) if word == "full" else (0, 0)

    def positions(self, x: Shape) -> Shape:
        """Return the output's positions.

        Raises:
            LayerError: N204 where the window does not fit the input.
        """
        axes = self.axes(x)
        outputs = tuple(axis.outputs(self.ceil) for axis in axes)
        if min(outputs) < 1:
            bad = axes[[n < 1 for n in outputs].index(True)]
            pad = (
                dims(axis.before for axis in axes)
                if all(a.before == a.after for a in axes)
                else str([(a.before, a.after) for a in axes])
            )
            pad = (
                str(axes[0].before)
                if all((a.before, a.after) == (axes[0].before,) * 2 for a in axes)
                else pad
            )
            window = f"{self.word}{dims(self.size or ())}"
            message = (
                f"the window does not fit: {window} on {dims(x[:-1])}, pad {pad}, gives "
                f"{bad.formula(self.ceil)}"
            )
            help = (
                f"pad=same keeps {dims(x[:-1])}"
                if self.values["pad"] != Word("same") and bad.window % 2 and bad.stride == 1
                else ""
            )
            raise LayerError("N204", message, "layer", help, f"the input is {dims(x)}")
        return outputs

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return its window."""
        return (Seen((tuple(axis.reach for axis in self.axes(inputs[0])),)),)

    def size_formulas(self, output: Shape, *inputs: Shape) -> tuple[str, ...]:
        """Return those of the windows, where these alone make the output's size."""
        axes = self.axes(inputs[0])
        # A transposed window, or a crop: its output's size is not this formula's.
        if tuple(axis.outputs(self.ceil) for axis in axes) != output[:-1]:
            return ()
        return tuple(axis.formula(self.ceil) for axis in axes)

    def warnings(self, output: Shape, *inputs: Shape) -> list[LayerError]:
        """W701 where rows or columns of the input are never read."""
        unread = [axis.unread(n) for axis, n in zip(self.axes(inputs[0]), output, strict=False)]
        if not any(unread):
            return []
        rank = len(unread)
        names = AXIS_NAMES[rank]
        what = " and ".join(
            f"{count} {name if count > 1 else name[:-1]}"
            for count, name in zip(unread, names, strict=True)
            if count
        )
        axis = next(axis for axis, count in zip(self.axes(inputs[0]), unread, strict=True) if count)
        sums = (
            f"({axis.size} + {axis.before + axis.after} - {axis.extent}) is not a multiple of "
            f"{axis.stride}"
        )
        message = (
            f"the last {what} of {dims(inputs[0])} {'is' if sum(unread) == 1 else 'are'} never "
            f"read: {sums}"
        )
        more = (
            f"`{self.word}(ceil)` reads them; harmless at the end of pooling"
            if "ceil" in self.options
            else "another size, stride or padding reads them all; where it is harmless"
        )
        return [LayerError("W701", message, help=f"{more}: `# netdsl: ignore W701`")]


def pad_layers(k: Any, name: str, pads: Pads) -> list[Any]:
    """Return a Keras layer that pads the positions with zeros, or none where there is nothing to
    pad.
    """
    if not any(map(any, pads)):
        return []
    return [getattr(k.keras.layers, f"ZeroPadding{len(pads)}D")(even(pads), name=f"{name}_pad")]


def tf_same(axes: tuple[Axis, ...]) -> bool:
    """Return whether TensorFlow's SAME padding would pad just like these axes, so that Keras can do
    it inside the layer.
    """
    for axis in axes:
        total = max(0, (-(-axis.size // axis.stride) - 1) * axis.stride + axis.extent - axis.size)
        if (axis.before, axis.after) != (total // 2, total - total // 2):
            return False
    return True


def brief(sizes: tuple[int, ...]) -> Any:
    """Sizes as Keras takes them: one number where all are the same."""
    return sizes[0] if len(set(sizes)) == 1 else sizes


def even(pads: Pads) -> Any:
    """Both sides of each axis as Keras takes them: one number where all are the same."""
    if len({size for pair in pads for size in pair}) == 1:
        return pads[0][0]
    return pads if len(pads) > 1 else pads[0]


# --- from Keras -----------------------------------------------------------------------------------


def sizes_option(sizes: tuple[int, ...]) -> Any:
    """Sizes as an option has them: one number where all are the same."""
    return sizes[0] if len(set(sizes)) == 1 else Dims(sizes)


def sizes_value(sizes: tuple[int, ...]) -> Any:
    """Sizes as they are written: `2` where there is one, else `2x1`."""
    return sizes[0] if len(sizes) == 1 else Dims(sizes)


def pads_in_keras(call: "CallView", key: str = "padding") -> Pads:
    """Return what a layer pads or cuts off before and after each axis."""
    given = call.config[key]
    # Of one axis Keras has (before, after) itself, of more a pair for each.
    sides = call.each_axis(given, call.rank) if call.rank > 1 else (given,)
    return as_pads(call.each_axis(pair, 2) for pair in sides)


def as_pads(pairs: Iterable[Iterable[int]]) -> Pads:
    """Pairs of a configuration, which are lists, as tuples."""
    return tuple((before, after) for before, after in pairs)


def zeros_before(call: "CallView") -> Pads | None:
    """Return the zeros that a layer before this one puts around the positions."""
    return pads_in_keras(call.before[-1]) if call.chain("ZeroPadding", call.layer) else None


def keeps_every(pool: "CallView") -> bool:
    """Return whether a max pooling of Keras only keeps every S-th position."""
    return set(pool.sizes("pool_size")) == {1} and pool.config["padding"] == "valid"


def padding_in_keras(
    call: "CallView", size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> Word:
    """Return the padding that a layer does itself. TensorFlow's SAME is the papers' for odd windows
    at stride 1, whatever comes in.

    Args:
        call: of the Keras layer.
        size: the window on each axis.
        stride: on each axis.
        dilation: on each axis.
    """
    padding = str(call.config["padding"])
    if padding != "same":
        return Word(padding)
    papers = all(
        k == 1 or (s == 1 and d * (k - 1) % 2 == 0)
        for k, s, d in zip(size, stride, dilation, strict=True)
    )
    return Word("same" if papers else "tf")


def pad_option(pads: Pads) -> Any:
    """Padding as an option has it: one number, one for each axis, or one for each side."""
    sides = [side for pair in pads for side in pair]
    if len(set(sides)) == 1:
        return sides[0]
    # Six numbers are hard to read; of images four are what papers write.
    if len(pads) == 3 and all(before == after for before, after in pads):
        return Dims(tuple(before for before, _ in pads))
    return tuple(sides)


def window_pad_option(pads: Pads, size: tuple[int, ...], dilation: tuple[int, ...]) -> Any:
    """Padding of a window as an option has it: `same` where it is that."""
    spreads = [d * (k - 1) for k, d in zip(size, dilation, strict=True)]
    same = all(
        before == after == spread / 2 for (before, after), spread in zip(pads, spreads, strict=True)
    )
    return Word("same") if same else pad_option(pads)
