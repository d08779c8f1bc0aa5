"""A layer's outputs for examples, as a map in the plane and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netdsl.errors import fail
from netdsl.lab.inside.labels import class_names
from netdsl.lab.inside.subject import BATCH, nothing_to_show
from netdsl.lab.pictures import LabPicture
from netdsl.text_table import aligned_lines
from netdsl.training.evaluation.evaluate import part_of
from netdsl.training.evaluation.network_outputs import row_batches
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.lab.inside.subject import TrainedRun

METHODS = ("pca", "tsne", "umap")
"""The methods that map codes to the plane."""

EXAMPLES, TABLE = 2_000, 16
"""The most examples of a map; the most rows and columns of codes that are written as a table."""

LARGEST = 20_000_000
"""The most numbers that all codes may have together."""


@dataclass(frozen=True, eq=False)
class Codes(LabPicture):
    """A layer's outputs for examples.

    Attributes:
        layer: its name.
        array: the codes [n, size].
        labels: the names of the examples' classes; None where they have none.
        plane: the examples' places on the map [n, 2].
        neighbour: the share of examples whose nearest neighbour among the codes is of their class
            (1-NN, leaving the example itself out); None without classes.
        method: how the map was made, and how much of the variance it shows, in words.
    """

    layer: str
    array: Any
    labels: list[str] | None
    plane: Any
    neighbour: float | None
    method: str

    @property
    def svg(self) -> str:
        """The map as SVG: each example as its class."""
        from netdsl.training.reporting.charts import labelled

        groups: dict[str, list[tuple[float, float]]] = {}
        names = self.labels or ["·"] * len(self.array)
        for name, (x, y) in zip(names, self.plane.tolist(), strict=True):
            groups.setdefault(name, []).append((x, y))
        score = "" if self.neighbour is None else f" · 1-NN {self.neighbour:.3f}"
        ordered = dict(sorted(groups.items()))
        return labelled(self.title, self.about + score, ordered, ("first", "second"))

    @property
    def title(self) -> str:
        """What is shown."""
        size = counted(self.array.shape[1], "number")
        return f"Codes of {self.layer} ({size})"

    @property
    def about(self) -> str:
        """How many examples there are, and how the map was made."""
        return f"{counted(len(self.array), 'example')}, {self.method}"


def codes(subject: TrainedRun, name: str, method: str = "pca", part: str = "test") -> Codes:
    """Show a layer's outputs for the examples of a part of the data.

    Args:
        subject: a trained run.
        name: the layer's, or a point's.
        method: one of `METHODS`; t-SNE needs scikit-learn, UMAP umap-learn.
        part: `test`, `validation`, `training` or `all`.

    Raises:
        NetError: N626 for an unknown layer, N602 for a missing package, N630 for an empty part,
            N670 for codes that are too large.
    """
    import numpy as np

    layer = subject.layer(name)
    examples = part_of(subject.data, part)
    count = min(len(examples), EXAMPLES)
    size = subject.graph.ops[layer.ops[-1]].size
    if size * count > LARGEST:
        message = f"{counted(count, 'code')} of {size:,} numbers; at most {LARGEST:,} in all"
        raise fail("N670", message, help="choose a layer that gives less")
    if count < 2:
        raise nothing_to_show(f"the {part} part has {counted(count, 'example')}: no map of them")
    given = subject.outputs(subject.model([layer.ops[-1]]), examples.at(np.arange(count)).x)
    # In float64: distances between close codes would lose their digits in float32.
    array = given.reshape(count, -1).astype(np.float64)
    names = class_names(subject, examples, count)
    plane, said = _plane(array, method)
    return Codes(layer.name, array, names, plane, _neighbour(array, names), said)


def _plane(array: Any, method: str) -> tuple[Any, str]:
    """Bring codes [n, size] to places in the plane [n, 2], and say how."""
    import numpy as np

    if method != "pca":
        return _by_package(array, method)
    centred = array - array.mean(axis=0)
    # SVD of the codes rather than eigenvectors of the covariance: squaring would lose digits.
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    plane = np.zeros((len(array), 2))
    plane[:, : min(2, len(s))] = (u * s)[:, :2]
    whole = float((s**2).sum())
    share = float((s[:2] ** 2).sum()) / whole if whole else 1.0
    return plane, f"two principal components, {share:.0%} of the variance"


def _by_package(array: Any, method: str) -> tuple[Any, str]:
    import numpy as np

    try:
        if method == "tsne":
            from sklearn.manifold import TSNE  # type: ignore[import-not-found]

            # scikit-learn refuses a perplexity that is not below the count of examples.
            neighbours = max(1.0, min(30.0, (len(array) - 1) / 3))
            return np.asarray(
                TSNE(random_state=0, perplexity=neighbours).fit_transform(array)
            ), "t-SNE"
        from umap import UMAP  # type: ignore[import-not-found]

        return np.asarray(UMAP(random_state=0).fit_transform(array)), "UMAP"
    except ImportError:
        package = "scikit-learn" if method == "tsne" else "umap-learn"
        help = f"pip install {package}, or take the principal components: pca"
        raise fail("N602", f"{method} needs {package}, which is not installed", help=help) from None


def _neighbour(array: Any, labels: list[str] | None) -> float | None:
    """Return the share of examples whose nearest other one is of their class."""
    import numpy as np

    if labels is None:
        return None
    names = np.array(labels)
    norms = (array**2).sum(axis=1)
    right = 0
    for rows in row_batches(len(array), BATCH):
        # |a - b|^2 without |a|^2, which is the same for all b.
        distances = norms - 2 * array[rows] @ array.T
        distances[np.arange(len(rows)), rows] = np.inf
        right += int((names[distances.argmin(axis=1)] == names[rows]).sum())
    return right / len(array)


def described(found: Codes) -> list[str]:
    """Describe the codes, in lines; few and short ones are listed, also rounded to integers."""
    import numpy as np

    size = found.array.shape[1]
    lines = [found.title, found.about]
    if found.neighbour is not None:
        lines.append(f"1-NN: {found.neighbour:.1%} have a nearest neighbour of their class")
    if len(found.array) > TABLE or size > TABLE:
        return lines
    rounded = np.rint(found.array).astype(int)
    rows = [["example", *map(str, range(size)), "rounded"]]
    for number, (code, whole) in enumerate(zip(found.array, rounded, strict=True)):
        label = found.labels[number] if found.labels else str(number)
        rows.append([label, *(f"{value:.3f}" for value in code), " ".join(map(str, whole))])
    different = len({tuple(each) for each in rounded.tolist()})
    lines += aligned_lines(rows, "l" + "r" * size + "l")
    return [*lines, f"{different} different rounded codes of {len(rounded)}"]


def codes_json(found: Codes) -> dict[str, Any]:
    """Return codes and places as lists."""
    return {
        "title": found.title,
        "scale": found.about,
        "layer": found.layer,
        "neighbour": found.neighbour,
        "labels": found.labels,
        "places": found.plane.tolist(),
        "codes": found.array.tolist(),
    }
