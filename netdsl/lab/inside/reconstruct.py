"""Reconstructions of examples by autoencoders, side by side: originals, these with noise if asked
for, and each run's reconstructions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import fail
from netdsl.kinds.values import dims
from netdsl.lab.inside.image_sheet import ImageSheet, ImageTile, TileRow, picture
from netdsl.lab.inside.subject import nothing_to_show
from netdsl.text_table import aligned_lines
from netdsl.training.evaluation.evaluate import part_of
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.lab.inside.subject import TrainedRun
    from netdsl.training.data import Examples

SHOWN = 10
"""How many examples the sheet shows."""

MAX_RUNS = 20
"""The most runs next to each other."""


class Reconstruction(NamedTuple):
    """A run's reconstructions of the examples.

    Attributes:
        name: the run's.
        array: those of the first examples [k, h, w, c], in units of the network's input.
        error: the mean absolute error over all examples.
    """

    name: str
    array: Any
    error: float


class Reconstructed(NamedTuple):
    """Originals and their reconstructions by several runs.

    Attributes:
        part: of the data.
        examples: how many the errors are means over.
        noise: the standard deviation of the noise that was added to the examples.
        originals: the first ones [k, h, w, c], from 0 to 1 if the data is in this range.
        given: the same with the noise.
        given_error: the mean absolute error of the examples with the noise.
        runs: in the order in which they were named.
    """

    part: str
    examples: int
    noise: float
    originals: Any
    given: Any
    given_error: float
    runs: Sequence[Reconstruction]

    @property
    def title(self) -> str:
        """What is shown."""
        return f"Reconstructions of {counted(self.examples, f'{self.part} example')}"

    @property
    def sheet(self) -> ImageSheet:
        """The picture: a row for the originals, for those with noise, for each run."""
        rows = [("original", self.originals)]
        if self.noise:
            rows.append((f"with noise {self.given_error:.4f}", self.given))
        rows += [(f"{one.name} {one.error:.4f}", one.array) for one in self.runs]
        about = f"the first {len(self.originals)}, with the mean absolute error of all"
        if self.noise:
            about += f"; noise of standard deviation {self.noise:g}"
        tiles = [
            TileRow(label, [ImageTile(picture(each)) for each in array]) for label, array in rows
        ]
        return ImageSheet(self.title, about, tiles)


def reconstruct(
    subjects: Sequence[TrainedRun], part: str, noise: float, seed: int
) -> Reconstructed:
    """Let autoencoders reconstruct examples.

    Args:
        subjects: trained runs whose networks learn their input, all on the same images.
        part: of their data.
        noise: the standard deviation of Gaussian noise that is added to their inputs, in units of
            these.
        seed: of the noise.

    Raises:
        NetError: N680 where a network does not learn its input, or not the first one's images;
            N660 for more than `MAX_RUNS`, N630 for an empty part.
    """
    import numpy as np

    if len(subjects) > MAX_RUNS:
        raise fail("N660", f"{len(subjects)} runs; at most {MAX_RUNS} are shown side by side")
    first = subjects[0]
    place, _ = _copied(first)
    shape = first.image_shape(place)
    if shape is None:
        raise nothing_to_show("the network has no input of images")
    examples = part_of(first.data, part)
    count = len(examples)
    rng = np.random.default_rng(seed)
    x = first.prepared(examples, np.arange(count))[place].reshape(count, *shape)
    given = (x + noise * rng.standard_normal(x.shape)).astype(x.dtype)
    runs = []
    for subject in subjects:
        # Errors can be compared only where all runs see the same numbers.
        own = _as_first(subject, examples, x)
        made = _given_back(subject, given).reshape(x.shape)
        error = float(np.abs(made - own).mean())
        runs.append(Reconstruction(subject.run.run.folder.name, made[:SHOWN], error))
    worse = float(np.abs(given - x).mean())
    return Reconstructed(part, count, noise, x[:SHOWN], given[:SHOWN], worse, tuple(runs))


def _copied(subject: TrainedRun) -> tuple[int, int]:
    """Return the only input, and the output that learns it.

    Raises:
        NetError: N680 where there are several inputs, or where no output learns the input.
    """
    preparation, name = subject.run.preparation, subject.run.run.folder.name
    if len(preparation.inputs) > 1:
        raise nothing_to_show(f"{name} has {len(preparation.inputs)} inputs, not one")
    for place, output in enumerate(preparation.outputs):
        if output.copies:
            return 0, place
    message = f"{name} does not learn to give its input back"
    raise nothing_to_show(message, "data: {target: input} in the recipe")


def _as_first(subject: TrainedRun, examples: Examples, x: Any) -> Any:
    """Prepare the first run's examples as another run does, and check that the results agree.

    Raises:
        NetError: N680 where the run reads images of another size or scale.
    """
    import numpy as np

    place, _ = _copied(subject)
    name, transform = subject.run.run.folder.name, subject.run.preparation.inputs[place]
    if subject.image_shape(place) != x.shape[1:] or not transform.accepts(examples.x[0].shape[1:]):
        message = f"{name} is of images of {dims(transform.shape)}, not {dims(x.shape[1:])}"
        raise nothing_to_show(message)
    own = subject.prepared(examples, np.arange(len(examples)))[place].reshape(x.shape)
    # They must agree exactly: with another scale, errors would be in other units.
    if not np.array_equal(own, x):
        raise nothing_to_show(f"{name} divides its images otherwise than the first run")
    return own


def _given_back(subject: TrainedRun, given: Any) -> Any:
    """Return the network's reconstructions of prepared examples [n, ...]."""
    place, output = _copied(subject)
    prepared = given.reshape(len(given), *subject.graph.inputs[place].shape)
    return subject.computed(subject.own_model, [prepared])[output]


def described(found: Reconstructed) -> list[str]:
    """Describe the errors, in lines."""
    rows = [["run", "mean absolute error"]]
    if found.noise:
        rows.append([f"with noise {found.noise:g}", f"{found.given_error:.4f}"])
    rows += [[one.name, f"{one.error:.4f}"] for one in found.runs]
    return [found.title, *aligned_lines(rows, "lr")]


def reconstructed_json(found: Reconstructed) -> dict[str, Any]:
    """Return the figures."""
    return {
        **found.sheet.to_dict(),
        "part": found.part,
        "examples": found.examples,
        "noise": found.noise,
        "noise_error": found.given_error,
        "runs": [{"run": one.name, "mean_absolute_error": one.error} for one in found.runs],
    }
