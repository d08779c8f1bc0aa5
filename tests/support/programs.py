"""Random programs, valid and broken ones.

`program` also says what its network must be: an own, plain computation of shapes and counts.

Nothing here comes from netdsl, so that agreement means something. `benchmarks/fuzz.py` uses it too.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

Shape = tuple[int, ...]
MAX_ELEMENTS = 40_000
MAX_PARAMS = 300_000


class Misfit(Exception):
    """A step that does not fit its input; the generator tries another."""


class Program(NamedTuple):
    """A text, and what its network is: the shapes of its outputs in order, and its sums."""

    text: str
    input: Shape
    outputs: tuple[Shape, ...]
    params: int
    moving: int
    weights: int
    macs: int


class Tally:
    """The sums over all layers made so far, and what a residual must know of its chain."""

    def __init__(self, default_norm: str | None = None) -> None:
        self.params = self.moving = self.weights = self.macs = 0
        self.made = 0  # layers
        self.default_norm = default_norm
        self.norms: list[str] = []
        self.stride: tuple[int, ...] | None = (
            None  # the product along the first path; None begins a new one
        )

    def layer(self, weights: int, biases: int, macs: int, channels: int, norm: str | None) -> None:
        """A layer with a norm after it: then it has no biases."""
        self.made += 1
        self.weights += weights
        self.params += weights + (0 if norm else biases)
        self.macs += macs
        if norm:
            self.norms.append(norm)
            self.norm(norm, channels)

    def norm(self, norm: str, channels: int) -> None:
        self.params += 2 * channels
        self.moving += 2 * channels if norm == "bn" else 0
        if self.params > MAX_PARAMS:
            raise Misfit

    def strides(self, by: Shape) -> None:
        if self.stride and len(self.stride) == len(by):
            by = tuple(a * b for a, b in zip(self.stride, by, strict=True))
        self.stride = by  # of other axes it begins again


Values = dict[str, int]
Run = Callable[[Shape, Values, Tally], Shape]


class Node(NamedTuple):
    """A piece of a program: its text, and what it does to a shape."""

    text: str
    run: Run


class Amount(NamedTuple):
    text: str  # as it is written after `-`
    value: Callable[[Shape, Values], int]


# --- steps ----------------------------------------------------------------------------------------


def window(size: int, kernel: int, stride: int, before: int, after: int, ceil: bool = False) -> int:
    """How many windows fit; with `ceil` the last one begins inside the input or the padding
    before it.
    """
    room = size + before + after - kernel
    if room < 0:
        raise Misfit
    count = (-(-room // stride) if ceil else room // stride) + 1
    if ceil and (count - 1) * stride >= size + before:
        count -= 1
    return count


def padded(pad: str, size: int, kernel: int, stride: int) -> tuple[int, int]:
    if pad == "same":
        if kernel % 2 == 0:
            raise Misfit
        return kernel // 2, kernel // 2
    if pad == "tf":
        total = max(0, (math.ceil(size / stride) - 1) * stride + kernel - size)
        return total // 2, total - total // 2
    return int(pad), int(pad)


def slid(shape: Shape, kernel: int, stride: int, pad: str, ceil: bool = False) -> Shape:
    if not 2 <= len(shape) <= 4:
        raise Misfit
    return tuple(
        window(size, kernel, stride, *padded(pad, size, kernel, stride), ceil)
        for size in shape[:-1]
    )


def checked(shape: Shape) -> Shape:
    if math.prod(shape) > MAX_ELEMENTS or min(shape) < 1:
        raise Misfit
    return shape


def conv(rng: Random, amount: Amount) -> Node:
    kernel, stride = rng.choice([1, 3, 3, 3, 5, 2, 4]), rng.choice([1, 1, 1, 2, 3])
    pad = rng.choice(["same", "same", "same", "0", "1", "tf"])
    norm = rng.choice([None, None, "bn", "ln"])
    act = rng.choice([None, None, "relu", "tanh", "none"])
    groups = rng.choice([1, 1, 1, 2])
    said = [*([norm] if norm else []), *([f"act={act}"] if act == "none" else [act] if act else [])]
    said += [f"pad={pad}"] if pad != "same" else []
    said += [f"groups={groups}"] if groups > 1 else []
    rng.shuffle(said)

    def run(shape: Shape, values: Values, tally: Tally) -> Shape:
        positions = slid(shape, kernel, stride, pad)
        count = amount.value(shape, values)
        if count < 1 or shape[-1] % groups or count % groups:
            raise Misfit
        weights = kernel ** len(positions) * shape[-1] // groups * count
        tally.layer(
            weights, count, math.prod(positions) * weights, count, norm or tally.default_norm
        )
        tally.strides((stride,) * len(positions))
        return checked((*positions, count))

    head = f"conv{kernel}-{amount.text}" + (
        f"/{stride}" if stride > 1 or rng.random() < 0.1 else ""
    )
    return Node(head + (f"({', '.join(said)})" if said else ""), run)


def depthwise(rng: Random, amount: Amount) -> Node:
    kernel, stride, mult = rng.choice([3, 5]), rng.choice([1, 2]), rng.choice([1, 1, 2])
    norm = rng.choice([None, "bn"])
    said = [*([norm] if norm else []), *([f"mult={mult}"] if mult > 1 else [])]
    if mult == 1 and rng.random() < 0.3:
        said.append(rng.choice(["init=box", "init=gauss(2)", "init=gauss(1/3)"]))

    def run(shape: Shape, values: Values, tally: Tally) -> Shape:
        positions = slid(shape, kernel, stride, "same")
        channels = shape[-1] * mult
        weights = kernel ** len(positions) * channels
        tally.layer(weights, channels, math.prod(positions) * weights, channels, norm)
        tally.strides((stride,) * len(positions))
        return checked((*positions, channels))

    return Node(
        f"dw{kernel}"
        + (f"/{stride}" if stride > 1 else "")
        + (f"({', '.join(said)})" if said else ""),
        run,
    )


def separable(rng: Random, amount: Amount) -> Node:
    kernel, stride = rng.choice([3, 5]), rng.choice([1, 2])

    def run(shape: Shape, values: Values, tally: Tally) -> Shape:
        positions = slid(shape, kernel, stride, "same")
        count, inner = amount.value(shape, values), kernel ** len(positions) * shape[-1]
        if count < 1:
            raise Misfit
        weights = inner + shape[-1] * count
        tally.layer(weights, count, math.prod(positions) * weights, count, None)
        tally.strides((stride,) * len(positions))
        return checked((*positions, count))

    return Node(f"sep{kernel}-{amount.text}" + (f"/{stride}" if stride > 1 else ""), run)


def transposed(rng: Random, amount: Amount) -> Node:
    kernel, stride = rng.choice([(2, 2), (3, 2), (4, 2), (3, 1)])

    def run(shape: Shape, values: Values, tally: Tally) -> Shape:
        if not 2 <= len(shape) <= 4 or tally.stride is not None:
            raise Misfit  # within a residual its strides divide: kept out
        count = amount.value(shape, values)
        if count < 1:
            raise Misfit
        weights = kernel ** (len(shape) - 1) * shape[-1] * count
        tally.layer(weights, count, math.prod(shape[:-1]) * weights, count, None)
        return checked((*(stride * size for size in shape[:-1]), count))

    return Node(f"tconv{kernel}-{amount.text}" + (f"/{stride}" if stride > 1 else ""), run)


def dense(rng: Random, amount: Amount) -> Node:
    word, act = (
        rng.choice(["fc", "dense"]),
        rng.choice(["", "", "(relu)", "(sigmoid)", "(bn)", "(ln, tanh)"]),
    )

    def run(shape: Shape, values: Values, tally: Tally) -> Shape:
        count, wide = amount.value(shape, values), math.prod(shape) if word == "fc" else shape[-1]
        if count < 1:
            raise Misfit
        positions = () if word == "fc" else shape[:-1]
        norm = "bn" if "bn" in act else "ln" if "ln" in act else None
        tally.layer(wide * count, count, math.prod(positions) * wide * count, count, norm)
        return checked((*positions, count))

    return Node(f"{word}-{amount.text}{act}", run)


def units(rng: Random, amount: Amount) -> Node:
    word = rng.choice(["softmax", "sigmoid", "linear", "tanh"])

    def run(shape: Shape, values: Values, tally: Tally) -> Shape:
        count = amount.value(shape, values)
        if count < 1 or len(shape) == 2:
            raise Misfit
        tally.layer(math.prod(shape) * count, count, math.prod(shape) * count, count, None)
        return checked((count,))

    return Node(f"{word}-{amount.text}", run)


def pool(rng: Random, amount: Amount) -> Node:
    word = rng.choice(["pool", "pool", "avgpool"])
    kernel, stride = rng.choice([(2, 2), (2, 2), (3, 2), (3, 1), (2, 1)])
    pad, ceil = rng.choice(["0", "0", "same", "tf", "1"]), rng.random() < 0.2
    if ceil and pad == "tf":
        pad = "0"
    said = [*([f"pad={pad}"] if pad != "0" else []), *(["ceil"] if ceil else [])]
    head = word if (kernel, stride) == (2, 2) and rng.random() < 0.7 else f"{word}{kernel}/{stride}"

    def run(shape: Shape, values: Values, tally: Tally) -> Shape:
        if pad == "1" and kernel == 2:
            raise Misfit  # a window could lie in the padding alone
        positions = slid(shape, kernel, stride, pad, ceil)
        tally.strides((stride,) * len(positions))
        tally.made += 1
        return (*positions, shape[-1])

    return Node(head + (f"({', '.join(said)})" if said else ""), run)


def plain(text: str, rule: Callable[[Shape, Tally], Shape]) -> Callable[[Random, Amount], Node]:
    def run(shape: Shape, values: Values, tally: Tally) -> Shape:
        tally.made += text != "id"
        return rule(shape, tally)

    return lambda rng, amount: Node(text, run)


def normed(word: str) -> Callable[[Shape, Tally], Shape]:
    def rule(shape: Shape, tally: Tally) -> Shape:
        tally.norm(word, shape[-1])
        return shape

    return rule


def pooled(shape: Shape, tally: Tally) -> Shape:
    if not 2 <= len(shape) <= 4:
        raise Misfit
    return shape[-1:]


def prelu(shape: Shape, tally: Tally) -> Shape:
    tally.params += shape[-1]
    return shape


def grown(shape: Shape, tally: Tally) -> Shape:
    if not 2 <= len(shape) <= 4:
        raise Misfit
    return checked((*(size + 2 for size in shape[:-1]), shape[-1]))


def whole_maps(shape: Shape, tally: Tally) -> Shape:
    if not 2 <= len(shape) <= 4:
        raise Misfit
    return shape


def same(shape: Shape, tally: Tally) -> Shape:
    return shape


def rolled(shape: Shape, tally: Tally) -> Shape:
    if min(shape[:-1], default=0) < 2:
        raise Misfit
    return whole_maps(shape, tally)


def sequences(shape: Shape, tally: Tally) -> Shape:
    if len(shape) != 2:
        raise Misfit
    return shape


def spread(shape: Shape, tally: Tally) -> Shape:
    if tally.stride is not None or len(shape) != 2:
        raise Misfit  # a shortcut would need the positions that are gone, strides as many axes
    return (3, *pooled(shape, tally))


def paired(shape: Shape, tally: Tally) -> Shape:
    tally.macs += 3 * math.prod(shape)
    return (*shape[:-1], 3)


def some_positions(shape: Shape, tally: Tally) -> Shape:
    length, channels = sequences(shape, tally) if len(shape) == 2 else (0, 0)
    if length < 3:
        raise Misfit
    return (2, channels)


def one_channel(shape: Shape, tally: Tally) -> Shape:
    return (*shape[:-1], 1)


def without_rows(shape: Shape, tally: Tally) -> Shape:
    if len(shape) != 3 or tally.stride is not None:
        raise Misfit
    return shape[1:]


def to_positions(shape: Shape, tally: Tally) -> Shape:
    cells = 2 ** (len(shape) - 1)
    if tally.stride is not None or shape[-1] % cells:
        raise Misfit  # within a residual its strides would divide: kept out
    return checked((*(2 * size for size in whole_maps(shape, tally)[:-1]), shape[-1] // cells))


def to_channels(shape: Shape, tally: Tally) -> Shape:
    if tally.stride is not None or any(size % 2 for size in shape[:-1]):
        raise Misfit
    cells = 2 ** (len(shape) - 1)
    return checked((*(size // 2 for size in whole_maps(shape, tally)[:-1]), shape[-1] * cells))


LAYERS: list[Callable[[Random, Amount], Node]] = [
    *([conv] * 8),
    *([pool] * 3),
    *([dense] * 3),
    depthwise,
    separable,
    transposed,
    units,
    plain("bn", normed("bn")),
    plain("ln", normed("ln")),
    plain("gap", pooled),
    plain("gmp", pooled),
    plain("prelu", prelu),
    plain("flatten", lambda shape, tally: (math.prod(shape),)),
    plain("pad(1)", grown),
    plain("sdropout(1/4)", whole_maps),
    plain("roll(1)", rolled),
    plain("reverse", sequences),
    plain("last", lambda shape, tally: sequences(shape, tally)[1:]),
    plain("take(1, 3)", some_positions),
    plain("softmax(over=positions)", whole_maps),
    plain("mean(over=channels, keep)", one_channel),
    plain("max(h)", without_rows),
    plain("sum(over=positions)", pooled),
    plain("pixelshuffle2", to_positions),
    plain("pixelunshuffle2", to_channels),
    *(
        plain(word, same)
        for word in ("relu", "tanh", "lrelu(0.2)", "dropout(0.5)", "id", "swish", "droppath(0.1)")
    ),
    *(plain(word, same) for word in ("neg", "pow(2)", "sign", "step", "relu(max=2, slope=0.1)")),
    plain("mul[ id | const(2) ]", same),
    plain("pairs[ id | neg | id ]", paired),
    plain("(gap > spread(3))", spread),
]

RELU = plain("relu", same)(Random(0), Amount("", lambda shape, values: 0))

# --- programs -------------------------------------------------------------------------------------


class _Maker:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.blocks: list[tuple[str, Node]] = []  # the word, and a node for its body
        self.params: Values = {}
        self.default_norm: str | None = None

    def amount(self, shape: Shape, names: Values, turn: bool) -> Amount:
        rng = self.rng
        number = rng.choice([1, 2, 3, 4, 6, 8, 8, 16])
        forms = [Amount(str(number), lambda shape, values: number)] * 3
        forms.append(Amount("{2*in}", lambda shape, values: 2 * shape[-1]))
        forms.append(Amount("{max(1, in//2)}", lambda shape, values: max(1, shape[-1] // 2)))
        forms.append(
            Amount(
                f"{{if(in > 4, {number}, in)}}",
                lambda shape, values: number if shape[-1] > 4 else shape[-1],
            )
        )
        forms += [
            Amount(f"{{{name}}}", lambda shape, values, name=name: values[name])
            for name in names
            if name != "i"
        ]
        pair = (number, rng.choice([2, 5]))
        forms.append(Amount(f"{{[{pair[0]}, {pair[1]}][1]}}", lambda shape, values: pair[1]))
        if turn:
            forms.append(Amount(f"{{{pair}[i % 2]}}", lambda shape, values: pair[values["i"] % 2]))
            forms.append(Amount(f"{{{number} + i}}", lambda shape, values: number + values["i"]))
        return rng.choice(forms)

    def chain(
        self, shape: Shape, values: Values, deep: int, steps: int, turn: bool = False
    ) -> tuple[Node, Shape]:
        """A chain that fits the shape, and the shape that it gives. It has at least one step."""
        nodes: list[Node] = []
        for _ in range(steps):
            for _ in range(30):
                node = self.step(shape, values, deep, turn)
                try:
                    reached = node.run(shape, values, Tally(self.default_norm))
                except Misfit:
                    continue
                nodes.append(node)
                shape = reached
                break
        if not nodes:
            nodes.append(RELU)
        return joined(nodes), shape

    def step(self, shape: Shape, values: Values, deep: int, turn: bool) -> Node:
        rng = self.rng
        roll = rng.random()
        if deep <= 0 or roll < 0.55:
            return rng.choice(LAYERS)(rng, self.amount(shape, values, turn))
        if roll < 0.65:
            return self.repeat(shape, values, deep)
        if roll < 0.77:
            return self.merge(shape, values, deep, turn)
        if roll < 0.87:
            return self.residual(shape, values, deep, turn)
        if roll < 0.92:
            return self.when(shape, values, deep, turn)
        if roll < 0.95 and len(shape) > 1 and shape[0] <= 16:
            return self.each(shape, values, deep, turn)
        return rng.choice(self.blocks)[1] if self.blocks else self.merge(shape, values, deep, turn)

    def repeat(self, shape: Shape, values: Values, deep: int) -> Node:
        times, single = self.rng.choice([0, 1, 2, 2, 3]), self.rng.random() < 0.5
        if single:
            inner = self.rng.choice(LAYERS)(self.rng, self.amount(shape, values, turn=True))
        else:
            inner = self.chain(shape, {**values, "i": 0}, deep - 1, 2, turn=True)[0]

        def run(shape: Shape, values: Values, tally: Tally) -> Shape:
            for turn in range(times):
                shape = inner.run(shape, {**values, "i": turn}, tally)
            return shape

        return Node(f"{inner.text if single else f'({inner.text})'} x{times}", run)

    def merge(self, shape: Shape, values: Values, deep: int, turn: bool) -> Node:
        rng = self.rng
        word = rng.choice(
            ["", "", "", "add", "mul", "max", "avg", "concat(over=positions)", "matmul(transpose)"]
        )
        branches = [
            self.chain(shape, values, deep - 1, rng.choice([1, 2]), turn)[0]
            for _ in range(rng.choice([1, 2, 2]))
        ]
        branches.insert(
            rng.randrange(len(branches) + 1),
            rng.choice([Node("id", lambda shape, values, tally: shape), *branches]),
        )
        if rng.random() < 0.15:  # several alike
            times = rng.choice([1, 2, 3])
            inner = self.chain(shape, {**values, "i": 0}, deep - 1, 2, turn=True)[0]
            alike = [_counting(inner, number) for number in range(times)]
            alike[0] = alike[0]._replace(text=f"({inner.text}) |{times}")
            branches += [alike[0], *(each._replace(text="") for each in alike[1:])]
        if rng.random() < 0.1 and word != "matmul(transpose)":
            branches.insert(rng.randrange(2), Node(rng.choice(NONE), _nothing))

        def run(shape: Shape, values: Values, tally: Tally) -> Shape:
            outer, firsts = tally.stride, []
            shapes = []
            for branch in branches:
                if branch.run is _nothing:
                    continue
                tally.stride = outer
                shapes.append(branch.run(shape, values, tally))
                firsts.append(tally.stride)
            tally.stride = firsts[0]
            tally.made += 1
            if not word:
                if len({x[:-1] for x in shapes}) > 1:
                    raise Misfit
                return checked((*shapes[0][:-1], sum(x[-1] for x in shapes)))
            if word == "concat(over=positions)":
                if any(len(x) != 2 or x[1:] != shapes[0][1:] for x in shapes):
                    raise Misfit
                return checked((sum(x[0] for x in shapes), shapes[0][1]))
            if word == "matmul(transpose)":
                if min(map(len, shapes)) < 2:
                    raise Misfit
                (*batch, rows, channels), *others = shapes
                if len(others) != 1:
                    raise Misfit
                (*same, columns, width) = others[0]
                if (same, width) != (batch, channels):
                    raise Misfit
                made = checked((*batch, rows, columns))
                tally.macs += math.prod(made) * channels
                return made
            *positions, _ = max(shapes, key=len)
            channels = max(x[-1] for x in shapes)
            spread = ((*positions, channels), (channels,), (*positions, 1), (1,))
            if any(x not in spread for x in shapes):
                raise Misfit
            return spread[0]

        texts = [branch.text for branch in branches if branch.text]
        return Node(f"{word}[ {' | '.join(texts)} ]", run)

    def residual(self, shape: Shape, values: Values, deep: int, turn: bool) -> Node:
        rng = self.rng
        skip = rng.choice(["auto", "auto", "auto", "match", "id", "pad"])
        act = rng.choice(["", "", ", act=none", ", act=tanh"])
        inner = self.chain(shape, values, deep - 1, rng.choice([1, 2, 3]), turn)[0]

        def run(shape: Shape, values: Values, tally: Tally) -> Shape:
            own = Tally(tally.default_norm)
            own.stride = (1,) * (len(shape) - 1)
            reached = inner.run(shape, values, own)
            if not own.made:
                raise Misfit
            strides = own.stride
            if reached != shape and skip != "match":
                if skip == "id" or len(reached) != len(shape):
                    raise Misfit
                if (
                    tuple((size - 1) // by + 1 for size, by in zip(shape, strides, strict=False))
                    != reached[:-1]
                ):
                    raise Misfit
                if skip == "pad" and reached[-1] < shape[-1]:
                    raise Misfit
                if skip == "auto":
                    given = own.norms[-1] if own.norms else None
                    norm = given or (own.default_norm if len(shape) > 1 else None)
                    weights = shape[-1] * reached[-1]
                    own.layer(
                        weights, reached[-1], weights * math.prod(reached[:-1]), reached[-1], norm
                    )
            for sum_ in ("made", "params", "moving", "weights", "macs"):
                setattr(tally, sum_, getattr(tally, sum_) + getattr(own, sum_))
            if tally.params > MAX_PARAMS:
                raise Misfit
            tally.norms += own.norms
            if strides and len(reached) == len(shape):
                tally.strides(strides)
            return reached

        said = "" if skip == "auto" else f", skip={skip}"
        return Node(f"res({inner.text}{said}{act})", run)

    def each(self, shape: Shape, values: Values, deep: int, turn: bool) -> Node:
        steps = self.rng.choice([1, 2, 3])
        inner = self.chain(shape[1:], values, deep - 1, steps, turn)[0]

        def run(shape: Shape, values: Values, tally: Tally) -> Shape:
            if len(shape) < 2 or tally.stride is not None:  # a shortcut would need its strides
                raise Misfit
            own = Tally(tally.default_norm)
            reached = checked((shape[0], *inner.run(shape[1:], values, own)))
            own.macs *= shape[0]
            for sum_ in ("made", "params", "moving", "weights", "macs"):
                setattr(tally, sum_, getattr(tally, sum_) + getattr(own, sum_))
            tally.norms += own.norms
            return reached

        return Node(f"each({inner.text})", run)

    def when(self, shape: Shape, values: Values, deep: int, turn: bool) -> Node:
        number = self.rng.choice([2, 4, 8])
        first = self.chain(shape, values, deep - 1, 1, turn)[0]
        other = self.chain(shape, values, deep - 1, 1, turn)[0] if self.rng.random() < 0.5 else None

        def run(shape: Shape, values: Values, tally: Tally) -> Shape:
            if shape[-1] > number:
                return first.run(shape, values, tally)
            return other.run(shape, values, tally) if other else shape

        return Node(f"when(in > {number}, {first.text}{f', {other.text}' if other else ''})", run)

    def block(self, number: int, shape: Shape) -> str:
        """A definition; uses of it, each with a value of its own, join the blocks that steps are
        made of.
        """
        word, rng = f"block{chr(97 + number)}", self.rng
        names = {"c": rng.choice([2, 4, 8]), "n": 2}
        inner, _ = self.chain(shape, {**self.params, **names}, 1, rng.choice([1, 2, 3]))

        def use(given: str, c: Callable[[Shape, Values], int]) -> Node:
            def run(shape: Shape, values: Values, tally: Tally) -> Shape:
                return inner.run(shape, {**self.params, "c": c(shape, values), "n": 2}, tally)

            return Node(f"{word}({given})", run)

        self.blocks.append((word, use("4", lambda shape, values: 4)))
        self.blocks.append((word, use("c={2*in}", lambda shape, values: 2 * shape[-1])))
        self.blocks.append((word, use("6, 2", lambda shape, values: 6)))
        return f"def {word}(c, n=2) = {inner.text}"

    def tower(self) -> str:
        """A block that calls itself, and one that takes a chain."""

        def climb(times: int) -> Node:
            def run(shape: Shape, values: Values, tally: Tally) -> Shape:
                for turn in range(times):
                    positions = slid(shape, 3, 2, "same")
                    count = 2 * 2**turn
                    weights = 3 ** len(positions) * shape[-1] * count
                    tally.layer(weights, count, weights * math.prod(positions), count, "bn")
                    tally.strides((2,) * len(positions))
                    shape = checked((*positions, count))
                return shape

            return Node(f"tower({times}, 2)", run)

        def both(run_one: Node) -> Node:
            return Node(
                f"both({run_one.text})",
                lambda s, values, tally: run_one.run(run_one.run(s, values, tally), values, tally),
            )

        self.blocks += [("tower", climb(2)), ("both", both(RELU))]
        conv = Node("conv1-{in}(bn)", lambda s, values, tally: _pointwise(s, tally))
        self.blocks.append(("both", both(conv)))
        return (
            "def tower(n, c) = when(n > 0, conv3-{c}/2(bn) > tower({n - 1}, {2*c}))\n"
            "def both(f) = f > f"
        )


NONE = ("none", "when(1 > 2, relu, none)")


def _nothing(shape: Shape, values: Values, tally: Tally) -> Shape:
    raise AssertionError("a branch that is none")


def _counting(inner: Node, number: int) -> Node:
    """One of several branches that are alike: it sees its number."""

    def run(shape: Shape, values: Values, tally: Tally) -> Shape:
        return inner.run(shape, {**values, "i": number}, tally)

    return Node(inner.text, run)


def _pointwise(shape: Shape, tally: Tally) -> Shape:
    if not 2 <= len(shape) <= 4:
        raise Misfit
    weights = shape[-1] ** 2
    tally.layer(weights, shape[-1], weights * math.prod(shape[:-1]), shape[-1], "bn")
    return shape


def joined(nodes: list[Node]) -> Node:
    def run(shape: Shape, values: Values, tally: Tally) -> Shape:
        for node in nodes:
            shape = node.run(shape, values, tally)
        return shape

    return Node(" > ".join(node.text for node in nodes), run)


def program(rng: Random, steps: int = 6) -> Program:
    """A valid program with about this many steps in its main flow."""
    while True:
        made = _program(_Maker(rng), steps)
        if made is not None:
            return made


def _program(maker: _Maker, steps: int) -> Program | None:
    rng = maker.rng
    start: Shape = rng.choice(
        [(16, 16, 3), (9, 12, 4), (8, 8, 8), (20, 4), (13, 6), (24,), (7,), (5, 6, 7, 2)]
    )
    lines = []
    if rng.random() < 0.4:
        maker.params["width"] = rng.choice([3, 4, 8])
        lines.append(f"param width = {maker.params['width']}")
    if rng.random() < 0.3:
        maker.default_norm = "bn"
        lines.append("default conv(bn)")
    lines += [maker.block(number, start) for number in range(rng.choice([0, 0, 1, 2]))]
    if rng.random() < 0.3:
        lines.append(maker.tower())
    tally, shape = Tally(maker.default_norm), start
    flow = [("input " if rng.random() < 0.5 else "") + "x".join(map(str, start))]
    names: dict[str, tuple[Shape, int]] = {}  # the shape, and how many layers there were
    for number in range(rng.randint(1, steps)):
        node, _ = maker.chain(shape, dict(maker.params), 2, 1)
        try:
            shape = node.run(shape, dict(maker.params), tally)
        except Misfit:
            return None
        named = rng.random() < 0.3
        flow.append(
            f"({node.text}) as p{number}"
            if named and rng.random() < 0.5
            else node.text + (f" as p{number}" if named else "")
        )
        if named:
            names[f"p{number}"] = shape, tally.made
    if rng.random() < 0.15:
        learned = rng.random() < 0.5
        lines.append(f"{'learned' if learned else 'fixed'} own: {shape[-1]} = 2")
        flow.append(f"{rng.choice(['add', 'mul'])}[ id | @own ]")
        tally.made += 1
        tally.params += shape[-1] * learned
        tally.weights += shape[-1] * learned
    lines.append(rng.choice([" > ", "\n> "]).join(flow))
    ends, made = [shape], tally.made
    if not made:
        return None
    for name in [name for name in names if rng.random() < 0.5]:
        begin, at = names[name]
        node, _ = maker.chain(begin, dict(maker.params), 1, 2)
        before = tally.made
        try:
            reached = node.run(begin, dict(maker.params), tally)
        except Misfit:
            return None
        if tally.made == before:
            return None
        if at == made:
            ends[0] = ()  # the main flow was continued: its end is not an output
        lines.append(f"@{name} > {node.text}")
        ends.append(reached)
    ends = [end for end in ends if end]
    between = [name for name, (_, at) in names.items() if 0 < at < made]
    if between and rng.random() < 0.3:
        lines.append(f"output @{between[0]}")
        ends.append(names[between[0]][0])
    if len(start) == 1 and rng.random() < 0.3:
        numbers = ", ".join(rng.choice(["1", "-2", "0.50", "1/3", "1e-4"]) for _ in range(start[0]))
        lines += [f"given x = [{numbers}]", f"expect @input = [{numbers}]"]
    text = "\n".join(lines) + "\n"
    return Program(text, start, tuple(ends), tally.params, tally.moving, tally.weights, tally.macs)


# --- broken programs ------------------------------------------------------------------------------

_BITS = [
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ">",
        "|",
        ",",
        "=",
        "@",
        "-",
        "/",
        "x",
        "×",
        "*",
        "#",
        '"',
        "\n",
        " ",
        "\t",
        ".",
        "**",
        "//",
        "_",
    ),
    *(
        "conv3-64",
        "res(",
        "when(",
        "add[",
        "def f(c) = ",
        "let e = ",
        "input ",
        "8x8x3",
        "expect params = ",
        "tie a = transpose b",
        "use se\n",
    ),
    *(
        "0",
        "1",
        "-1",
        "999999999999999999999",
        "1e999",
        "1/0",
        "2**63",
        "{in}",
        "{i}",
        "in",
        "i",
        "x0",
        "x{n}",
        "x99999",
        "é",
        "\0",
        "\u202e",
    ),
    *(
        "pad=same",
        "skip=pad",
        "act=none",
        "norm=bn",
        "groups=3",
        "@p0",
        "@p0.*",
        "@input",
        " as p0",
        "of int(9)",
        "bn",
        "net b\n",
        "param c = 3",
        "param w = (3, [4])",
        "[1, 2]",
        "((1, 2), (3, 4))",
        "[0]",
        "len(",
        "init=[",
        "init=sobel_x",
        'init="k.npy"',
        "pairs[",
        "spread(@p0)",
        "const(1, 2)",
    ),
    *(
        "given x = [1, 2]\n",
        "learned q: 4x8\n",
        "fixed g: 3 = (1, 2, 3)\n",
        "output @p0\n",
        "expect @p0 = [-12]\n",
        " |2",
        "|1000000",
        "none",
        "each(",
        "over=positions",
        "[[1, 2], [3, 4]]",
        "(1, 2, 1)",
        "init=",
        "const(2)",
        "@p0.0",
    ),
]


def mutated(rng: Random, text: str) -> str:
    """The text with a few pieces taken out, doubled, exchanged or put in."""
    for _ in range(rng.choice([1, 1, 2, 3, 6])):
        at, to = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
        how = rng.randrange(6)
        if how == 0:
            text = text[:at] + text[at + 1 :]
        elif how == 1:
            text = text[:at] + text[min(to, at + 12) :]
        elif how == 2:
            text = text[:at] + rng.choice(_BITS) + text[at:]
        elif how == 3:
            text = text[:at] + rng.choice(_BITS) + text[at + 1 :]
        elif how == 4:
            text = text[:to] + text[at : min(to, at + 40)] + text[to:]
        else:
            words = text.split(" ")
            a, b = rng.randrange(len(words)), rng.randrange(len(words))
            words[a], words[b] = words[b], words[a]
            text = " ".join(words)
    return text


def noise(rng: Random, pieces: int = 30) -> str:
    """Pieces of the language, and others, in any order."""
    return "".join(
        rng.choice(_BITS) + rng.choice(["", "", " "]) for _ in range(rng.randint(0, pieces))
    )


# --- meaning --------------------------------------------------------------------------------------


def meaning(network: Any) -> dict[str, Any]:
    """What a network is, whatever the order of its text and the names within: each operation
    with all that comes before it.
    """
    graph = network.graph
    names = {point.op: point.name for point in graph.inputs}
    said: list[str] = []
    uses: dict[int, list[int]] = {}  # of all operations with the same weights
    for index, op in enumerate(graph.ops):
        written = (
            re.sub(r"@\w+", "@", op.kind.written())
            if op.kind
            else f"{names[index]} {getattr(op.shape, 'limit', '')}"
        )
        before = [hash(said[source]) for source in op.inputs]
        said.append(f"{written} {tuple(op.shape)} {before}")
        uses.setdefault(index if op.shares is None else op.shares, []).append(hash(said[index]))
    for index, op in enumerate(graph.ops):
        shared = sorted(uses[index if op.shares is None else op.shares])
        tied = None if op.tied is None else sorted(uses[op.tied])
        said[index] += f" {shared} {tied}"
    return {
        "name": network.name,
        "ops": Counter(said),
        "inputs": [(point.name, point.shape) for point in graph.inputs],
        "outputs": [(said[point.op], point.shape, point.activation) for point in graph.outputs],
        "named outputs": {
            point.name for point in graph.outputs if point.op in graph.points.values()
        },
        "counts": network.counts,
    }


# --- tangled programs -----------------------------------------------------------------------------


class _Tangle:
    """Makes programs in which every point has one shape, so that all can meet."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.images = rng.random() < 0.6
        self.points: list[str] = ["input"]
        self.pieces: list[str] = []

    def text(self, statements: int) -> str:
        shape = "8x8x4" if self.images else "12x8"
        lines = [self.let(f"piece{at}") for at in "ab"[: self.rng.choice([0, 1, 2])]]
        lines.append(f"input {shape}")
        for number in range(statements):
            begin = self.rng.choice(self.points)
            steps = [self.step(2) for _ in range(self.rng.randint(1, 3))]
            if self.rng.random() < 0.3:
                steps.append(self.each(f"t{number}"))
            lines.append(f"@{begin} > {' > '.join(steps)} as n{number}")
            self.points.append(f"n{number}")
        ends = [f"@{name}" for name in self.points]
        self.rng.shuffle(ends)
        return "\n".join([*lines, f"add[ {' | '.join(ends)} ] > gap > fc-2"]) + "\n"

    def let(self, name: str) -> str:
        points, self.points = self.points, []
        inner = self.step(2)
        text = f"let {name} = {self.layer()} > {inner}"
        if self.rng.random() < 0.5:
            text = (
                f"let {name} = {self.layer()} as m > {self.layer()}"
                f" > add[ @m > {self.layer()} | id | @m ]"
            )
        self.points = points
        self.pieces.append(name)
        return text

    def layer(self) -> str:
        """A layer that keeps the shape."""
        act = self.rng.choice(["", "", "(relu)", "(tanh)", "(bn)", "(act=none)"])
        if not self.images:
            own = ["attention(heads=2)", "ln", "relu", "dropout(0.1)", f"conv3-8{act}"]
            return self.rng.choice([*own, f"dense-8{act}"])
        size = self.rng.choice([1, 3])
        return self.rng.choice(
            [f"conv{size}-4{act}", f"conv3-4{act}", "relu", "bn", f"dense-4{act}"]
        )

    def step(self, deep: int) -> str:
        """A step that keeps the shape; it may refer to points."""
        roll, rng = self.rng.random(), self.rng
        point = rng.choice(self.points) if self.points else ""
        if roll < 0.3 or deep == 0:
            return self.layer()
        if roll < 0.45 and point:
            return f"crop(@{point})" if self.images else f"attention(heads=2, kv=@{point})"
        if roll < 0.55 and self.pieces:
            return rng.choice(self.pieces)
        if roll < 0.65 and point:
            other = rng.choice(self.points)
            word = rng.choice(["mul", "add", "max"])
            return f"{word}[ @{point} | @{other} > {self.layer()} ] > {self.layer()}"
        if roll < 0.75:
            return f"res({self.step(deep - 1)} > {self.layer()})"
        branches = [self.branch(deep - 1, point) for _ in range(rng.choice([1, 2, 2]))]
        if rng.random() < 0.2:
            branches.append(f"({self.layer()} > {self.layer()}) |{rng.randint(1, 3)}")
        branches.insert(rng.randint(0, len(branches)), rng.choice(["id", *branches]))
        return f"{rng.choice(['add', 'mul', 'avg'])}[ {' | '.join(branches)} ]"

    def each(self, name: str) -> str:
        """Passes whose points meet again."""
        made = self.rng.choice(["({}) x2", "add[ ({}) |2 ]", "mul[ ({}) |3 ]"])
        first = made.format(f"{self.layer()} as {name}")
        return f"{first} > avg[ id | @{name}.* | @{name}.* > {self.step(1)} ]"

    def branch(self, deep: int, point: str) -> str:
        begin = f"@{point} > " if point and self.rng.random() < 0.3 else ""
        return begin + " > ".join(self.step(deep) for _ in range(self.rng.randint(1, 2)))


def tangled(rng: Random, statements: int = 4) -> str:
    """A valid program of forks whose layers refer to points, shared pieces through merges, and
    branches that begin at points.
    """
    return _Tangle(rng).text(statements)
