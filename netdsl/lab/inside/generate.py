"""New examples from the generator of a GAN: drawn, between two others, by arithmetic with noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors import did_you_mean, fail
from netdsl.kinds.values import dims
from netdsl.lab.forward import ELEMENTS
from netdsl.lab.inside.decode import Samples
from netdsl.lab.inside.naming import Classifier
from netdsl.lab.inside.subject import nothing_to_show
from netdsl.training.adversarial.samples import (
    as_data,
    cycled,
    drawn_noise,
    example_shape,
    generated,
)
from netdsl.training.adversarial.train import read_pair
from netdsl.training.runs.finished import finished_run
from netdsl.training.runs.folder import GENERATOR
from netdsl.training.runs.inputs import read_preparation
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

TRIED, TAKEN = 1_000, 3
"""How many samples are searched for those of a class, and over how many of these the noise is
averaged (Radford et al. 2016 take three).
"""


class Generator:
    """The generator of a GAN's run.

    Attributes:
        pair: the two networks.
        shape: of the noise.
        classes: the names of the classes that it can be given; empty where it takes none.
    """

    def __init__(self, folder: str | Path) -> None:
        """Open a run.

        Raises:
            NetError: N613, N614, N691 where it is not a GAN's.
        """
        path = Path(folder)
        self.held = finished_run(path, GENERATOR)
        self.pair, preparation = read_pair(path), read_preparation(path)
        self.input, output = preparation.inputs[0], preparation.outputs[0]
        self.shape = tuple(self.pair.noise.shape)
        self.classes = tuple(output.label(at) for at in range(self.pair.classes))
        self.model = self.held.model()

    @property
    def about(self) -> str:
        """Describe its noise."""
        name = self.pair.generator.name
        return f"noise of {name} ({dims(self.shape)}) from N(0, 1)"

    def made(self, noise: Array, labels: Array | None) -> Array:
        """Make examples from noise [n, *noise] and classes [n, 1], in the data's units.

        Images are [n, h, w, c] from 0 to 1.
        """
        made = as_data(generated(self.model, self.pair.generator, noise, labels), self.input)
        shape = example_shape(self.pair, self.input)
        images = (*shape, 1) if len(shape) == 2 else shape
        return made.reshape(-1, *images)

    def check_count(self, count: int) -> None:
        """Reject more samples than are held in memory.

        Raises:
            NetError: N670.
        """
        size = max(math.prod(self.shape), math.prod(self.pair.generator.outputs[0].shape))
        if count * size > ELEMENTS:
            message = f"{counted(count, 'sample')} take {count * size:,} numbers"
            raise fail("N670", f"{message}; at most {ELEMENTS:,} are made", help="make fewer")

    def labels(self, count: int, label: str | None) -> Array | None:
        """Return the class of each sample [count, 1]: the one that is asked for, or each in turn.

        Raises:
            NetError: N691 for a class where the generator takes none, N626 for an unknown one.
        """
        import numpy as np

        if label is None:
            return cycled(len(self.classes), count)
        if not self.classes:
            message = f"{self.pair.generator.name} is given no class"
            raise fail("N691", message, help="leave --label out; --judge RUN names the samples")
        return np.full((count, 1), self.label(label), np.int32)

    def label(self, name: str) -> int:
        """Return the number of a class. Raises NetError N626 for an unknown one."""
        if name not in self.classes:
            known = ", ".join(self.classes[:10])
            help = did_you_mean(name, self.classes) or f"the classes are {known}"
            raise fail("N626", f"the data has no class `{name}`", help=help)
        return self.classes.index(name)


def drawn(generator: Generator, count: int, seed: int, label: str | None = None) -> Samples:
    """Make samples from noise that is drawn from a standard normal distribution.

    Args:
        generator: the generator.
        count: how many.
        seed: of the noise.
        label: the class of all; by default the classes take turns.

    Raises:
        NetError: N670 for too many, N626, N691 for the class.
    """
    generator.check_count(count)
    noise, labels = drawn_noise(generator.shape, count, seed), generator.labels(count, label)
    classes = () if labels is None else [generator.classes[at] for at in labels[:, 0]]
    captions = classes or [str(at) for at in range(1, count + 1)]
    title = f"{counted(count, 'sample')} from {generator.pair.generator.name}"
    made = generator.made(noise, labels)
    about = f"{generator.about}, seed {seed}"
    return Samples(title, about, noise, made, captions, classes=classes)


def between(
    generator: Generator, ends: Sequence[str], steps: int, seed: int, label: str | None = None
) -> Samples:
    """Make samples from noise on the line between that of two samples: t z1 + (1 - t) z2.

    Args:
        generator: the generator.
        ends: the numbers of two samples of this seed, as a sheet shows them.
        steps: how many samples, both ends included.
        seed: of the noise.
        label: the class of all; by default the first.

    Raises:
        NetError: N691 where an end is not a number, N670 for too many.
    """
    import numpy as np

    if not all(end.isascii() and end.isdigit() for end in ends):
        message = f"a generator has no way back from an image: {' '.join(ends)}"
        help = f"--between takes the numbers of two samples of a sheet, 1 to {TRIED:,}: 3 8"
        raise fail("N691", message, help=help)
    numbers = [int(end) if len(end) < 10 else 0 for end in ends]
    if min(numbers) < 1 or max(numbers) > TRIED:
        message = f"samples have numbers from 1 to {TRIED:,}, not {' and '.join(ends)}"
        raise fail("N691", message, help="the numbers of two samples of a sheet: --between 3 8")
    generator.check_count(steps)
    # Sample N of a seed is the same whatever the count: more samples do not change the first ones.
    noise = drawn_noise(generator.shape, max(numbers), seed)
    first, last = (noise[number - 1] for number in numbers)
    shares = np.linspace(1, 0, steps, dtype=np.float32)
    codes = np.stack([t * first + (1 - t) * last for t in shares])
    usual = generator.classes[0] if generator.classes else None
    labels = generator.labels(steps, label or usual)
    of_class = "" if usual is None else f", class {label or usual}"
    title = f"From sample {numbers[0]} to sample {numbers[1]}{of_class}"
    about = f"made of t z1 + (1 - t) z2, {generator.about}, seed {seed}"
    captions = [f"t = {t:.2f}" for t in shares]
    return Samples(title, about, codes, generator.made(codes, labels), captions)


def arithmetic(
    generator: Generator, terms: Sequence[tuple[int, str]], seed: int, classifier: Classifier | None
) -> Samples:
    """Make samples from sums of the classes' noise, as in 7 - 1 + 4.

    A class's noise is the mean over the three samples that a classifier is most confident of.

    Args:
        generator: one that takes no class.
        terms: for each class its sign, 1 or -1, and its name.
        seed: of the noise.
        classifier: finds the classes of the samples.

    Raises:
        NetError: N691 without a classifier, or where the generator is given a class; N626 for an
            unknown class, or one that no sample is of.
    """
    import numpy as np

    if generator.classes:
        message = "the noise of this generator has no class: that is given to it"
        raise fail("N691", message, help="netdsl sample RUN --label 7 makes samples of a class")
    if classifier is None:
        message = "which noise makes a 7 is known only once somebody names the samples"
        raise fail("N691", message, help="name a classifier's run: --judge runs/lenet5-1")
    noise = drawn_noise(generator.shape, TRIED, seed)
    found = classifier.named(generator.made(noise, None))
    means = {}
    for _, name in terms:
        label = classifier.label(name)
        rows = np.flatnonzero(found.labels == label)
        if not len(rows):
            message = f"none of {TRIED:,} samples is named `{name}`"
            raise nothing_to_show(message, "--seed 1 draws others")
        # The mean noise of samples of an uncertain class would not make a sample of the class.
        best = rows[np.argsort(-found.confidence[rows], kind="stable")[:TAKEN]]
        means[name] = noise[best].mean(axis=0)
    each = list(dict.fromkeys(name for _, name in terms))
    total = sum(sign * means[name] for sign, name in terms)
    codes = np.stack([*(means[name] for name in each), total])
    said = " ".join(f"{'+' if sign > 0 else '-'} {name}" for sign, name in terms)
    said = said.removeprefix("+ ")
    about = f"mean noise of {TAKEN} samples of each class; the last is their sum; seed {seed}"
    made = generator.made(codes, None)
    return Samples(f"Latent arithmetic: {said}", about, codes, made, [*each, said])
