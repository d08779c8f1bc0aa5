"""New examples from a decoder: drawn, between two others, by arithmetic with codes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import did_you_mean, fail
from netdsl.graph import CODE_NAMES
from netdsl.keras.layer_outputs import called
from netdsl.kinds.draws import Gaussian
from netdsl.kinds.values import dims
from netdsl.lab.forward import ELEMENTS
from netdsl.lab.inside.image_sheet import ImageSheet, ImageTile, TileRow, picture
from netdsl.lab.inside.labels import labelled_source
from netdsl.lab.inside.subject import BATCH, nothing_to_show
from netdsl.training.metrics.answers import in_units
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.kinds.values import Shape
    from netdsl.lab.inside.subject import TrainedRun

EXAMPLES = 5_000
"""The most training examples whose codes are computed."""

FULL = 512
"""Codes of up to this many numbers get a Gaussian with the full covariance, larger ones a Gaussian
with variances only.
"""

OUTPUT = 3_000_000
"""The most numbers that are decoded at a time."""

DRAWN = 2_500
"""The most examples of a picture."""


class Samples(NamedTuple):
    """What a decoder made.

    Attributes:
        title: how it was made.
        about: where the codes come from.
        codes: [n, *code].
        array: the decoded examples [n, *output], in the data's units.
        captions: one for each.
        before: given examples that are shown before these, with their captions.
        classes: the class that was asked for, for each, where one was.
    """

    title: str
    about: str
    codes: Any
    array: Any
    captions: Sequence[str]
    before: Sequence[tuple[Any, str]] = ()
    classes: Sequence[str] = ()

    @property
    def values(self) -> dict[str, Any]:
        """What is written of them as JSON."""
        return {
            "title": self.title,
            "about": self.about,
            "captions": list(self.captions),
            "codes": self.codes.tolist(),
            "samples": self.array.tolist(),
        }

    def first(self, count: int) -> Samples:
        """Return only the first `count`, as few as a picture can show."""
        if len(self.array) <= count:
            return self
        return self._replace(
            about=f"{self.about}; the first {count}",
            codes=self.codes[:count],
            array=self.array[:count],
            captions=self.captions[:count],
        )

    @property
    def sheet(self) -> ImageSheet:
        """The picture.

        Raises:
            NetError: N660 for too many, N680 where what was made are not images.
        """
        if len(self.array) > DRAWN:
            message = f"{len(self.array):,} examples are made; at most {DRAWN:,} are drawn"
            raise fail("N660", message, help="write .npy, or make fewer")
        if self.array.ndim != 4 or self.array.shape[-1] not in (1, 3):
            raise nothing_to_show(f"{dims(self.array.shape[1:])} is not an image", "write .npy")
        tiles = [
            ImageTile(picture(each), caption)
            for each, caption in zip(self.array, self.captions, strict=True)
        ]
        across = max(1, math.ceil(math.sqrt(len(tiles)))) if len(tiles) > 16 else len(tiles)
        rows = [TileRow("", tiles[at : at + across]) for at in range(0, len(tiles), across)]
        if self.before:
            given = [ImageTile(picture(each), caption) for each, caption in self.before]
            rows.insert(0, TileRow("", given))
        return ImageSheet(self.title, self.about, rows)


class Decoder:
    """The part of a trained network from a code to the first output.

    Attributes:
        run: the trained run.
        name: what the code is called.
        op: the operation that gives the code.
        shape: of a code.
        is_drawn: whether the code is the output of `gaussian`, whose prior is a standard normal.
    """

    def __init__(self, run: TrainedRun, name: str | None = None) -> None:
        """Find the code.

        Raises:
            NetError: N626 for an unknown name, N680 where no point has one of the usual names of
                codes, or where the output depends on more than the code.
        """
        self.run = run
        layer = run.layer(name or self._usual(run))
        self.name, self.op = name or layer.name, layer.ops[-1]
        op = run.graph.ops[self.op]
        self.shape: Shape = tuple(op.shape)
        self.is_drawn = isinstance(op.kind, Gaussian)
        self._tail: Any = None

    @staticmethod
    def _usual(run: TrainedRun) -> str:
        graph = run.graph
        drawn = [graph.layers[op.layer].name for op in graph.ops if isinstance(op.kind, Gaussian)]
        # A name that the author gave takes precedence over the layer that draws.
        found = next((name for name in CODE_NAMES if name in graph.points), None)
        if found is None and drawn:
            return drawn[0]
        if found is None:
            layers = ", ".join(layer.name for layer in graph.layers[1:9])
            raise nothing_to_show("no point of the network is called a code", f"--at {layers}")
        return found

    def check_count(self, count: int) -> None:
        """Reject more codes, or decoded numbers, than may be held in memory.

        Raises:
            NetError: N670.
        """
        output = self.run.graph.outputs[0].shape
        numbers = count * max(math.prod(self.shape), math.prod(output))
        if numbers > ELEMENTS:
            message = f"{counted(count, 'example')} take {numbers:,} numbers"
            raise fail("N670", f"{message}; at most {ELEMENTS:,} are made", help="make fewer")

    @cached_property
    def _head(self) -> Any:
        """The model up to the code."""
        return self.run.model([self.op])

    def encoded(self, inputs: tuple[Any, ...]) -> Any:
        """Return the codes of prepared examples [n, *code]."""
        return called(self._head, inputs)[0]

    def codes_of(self, arrays: Sequence[Any]) -> Any:
        """Return the codes [n, *code] of examples as the data has them, before preparation."""
        return self.run.outputs(self._head, arrays)

    def decoded(self, codes: Any) -> Any:
        """Return what the output gives for codes [n, *output], in the data's units."""
        import numpy as np

        if self._tail is None:
            self._tail = self._after()
        # Large images in small batches: what is decoded at a time must fit into memory with the
        # model.
        step = max(1, min(BATCH, OUTPUT // math.prod(self.run.graph.outputs[0].shape)))
        codes = codes.astype(np.float32)
        found = [
            self._tail.predict_on_batch(codes[at : at + step]) for at in range(0, len(codes), step)
        ]
        output = self.run.run.preparation.outputs[0]
        array = np.concatenate(found)
        values = array if output.classes else in_units(np, output, array)
        given = self.run.run.preparation.inputs[0].example
        size = math.prod(given)
        # A dense output of 784 numbers is an image of the input's shape.
        if len(given) in (2, 3) and math.prod(values.shape[1:]) == size:
            image = given if len(given) == 3 else (*given, 1)
            values = values.reshape(-1, *image)
        return values

    def _after(self) -> Any:
        """Build the model from the code on."""
        from netdsl.keras.quiet import quiet_keras

        keras, built = quiet_keras(), self.run.built
        code, output = built.tensors.seen(self.op), self.run.graph.outputs[0]
        if self.op == output.op:
            message = f"`{self.name}` gives the output itself: nothing is decoded from it"
            raise nothing_to_show(message, "name a layer before it")
        try:
            # Keras itself finds out whether the output needs more than the code.
            return keras.Model(code, built.tensors.seen(output.op))
        except ValueError:
            message = f"`{output.name}` is made of more than `{self.name}`: it has other ways to it"
            raise nothing_to_show(message, "name a layer that all of it goes through") from None


# --- what is made ---------------------------------------------------------------------------------


def drawn(decoder: Decoder, count: int, seed: int) -> Samples:
    """Draw codes and decode them.

    Codes of `gaussian` are drawn from a standard normal; others from the normal distribution that
    the codes of the training examples have.

    Raises:
        NetError: N670 for too many.
    """
    import numpy as np

    decoder.check_count(count)
    rng = np.random.default_rng(seed)
    if decoder.is_drawn:
        codes, about = rng.standard_normal((count, *decoder.shape)), "codes from N(0, 1)"
    else:
        train = decoder.run.data.train
        rows = np.arange(min(len(train), EXAMPLES))
        known = decoder.codes_of(train.at(rows).x).reshape(len(rows), -1)
        codes = _normal(rng, known, count).reshape(count, *decoder.shape)
        about = f"codes from the normal distribution of {counted(len(rows), 'training example')}"
    title = f"{counted(count, 'sample')} from {decoder.name} ({dims(decoder.shape)})"
    return Samples(title, about, codes, decoder.decoded(codes), [""] * count)


def _normal(rng: Any, known: Any, count: int) -> Any:
    """Draw from the normal distribution with the mean and the covariance of codes [n, size]."""
    import numpy as np

    size = known.shape[1]
    mean = known.mean(axis=0)
    # The covariance of larger codes has more entries than the examples can determine.
    if size > FULL or len(known) < 2:
        return mean + known.std(axis=0) * rng.standard_normal((count, size))
    covariance = np.cov(known.T).reshape(size, size)
    values, vectors = np.linalg.eigh(covariance)
    # Rounding leaves eigenvalues just below 0 where codes lie in a subspace.
    scale = np.sqrt(np.maximum(values, 0))
    return mean + (rng.standard_normal((count, size)) * scale) @ vectors.T


def between(decoder: Decoder, first: Any, last: Any, steps: int) -> Samples:
    """Decode codes on the line from one example's to another's: t z1 + (1 - t) z2.

    Args:
        decoder: the decoder.
        first: an example, as `TrainedRun.example` takes it.
        last: another.
        steps: how many codes, both ends included; at least 2.

    Raises:
        NetError: N670 for too many.
    """
    import numpy as np

    decoder.check_count(steps)
    given = [decoder.run.example(each) for each in (first, last)]
    ends = [decoder.encoded(each.inputs)[0] for each in given]
    shares = np.linspace(1, 0, steps)
    codes = np.stack([t * ends[0] + (1 - t) * ends[1] for t in shares])
    title = f"From {given[0].name} to {given[1].name}"
    about = f"decoded from t z1 + (1 - t) z2, codes of {decoder.name} ({dims(decoder.shape)})"
    before = []
    if (shape := decoder.run.image_shape(0)) is not None:
        before = [
            (decoder.run.shown(each.inputs[0][0].reshape(shape)), each.name) for each in given
        ]
    captions = [f"t = {t:.2f}" for t in shares]
    return Samples(title, about, codes, decoder.decoded(codes), captions, before)


def arithmetic(decoder: Decoder, terms: Sequence[tuple[int, str]]) -> Samples:
    """Decode sums of the mean codes of classes: 7 - 1 + 4.

    Args:
        decoder: the decoder.
        terms: for each class its sign, 1 or -1, and its name or number.

    Raises:
        NetError: N680 where the data has no classes, N626 for an unknown one.
    """
    import numpy as np

    data, classes = labelled_source(decoder.run)
    x, labels = data.train.x[0], np.asarray(data.train.y[0][:]).reshape(-1)
    means = {}
    for _, name in terms:
        if name not in classes:
            known = list(classes)
            help = did_you_mean(name, known) or f"the classes are {', '.join(known[:10])}"
            raise fail("N626", f"the data has no class `{name}`", help=help)
        # The first ones suffice for a mean.
        rows = np.flatnonzero(labels == classes[name])[:EXAMPLES]
        if not len(rows):
            raise fail("N626", f"no training example is of the class `{name}`")
        means[name] = decoder.codes_of((x[rows],)).mean(axis=0)
    total = sum(sign * means[name] for sign, name in terms)
    each = list(dict.fromkeys(name for _, name in terms))
    codes = np.stack([*(means[name] for name in each), total])
    said = " ".join(f"{'+' if sign > 0 else '-'} {name}" for sign, name in terms)
    said = said.removeprefix("+ ")
    about = f"mean codes of {decoder.name} ({dims(decoder.shape)}), decoded; the last is their sum"
    return Samples(
        f"Latent arithmetic: {said}", about, codes, decoder.decoded(codes), [*each, said]
    )
