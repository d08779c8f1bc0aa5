"""Landscapes, paths, sums of noise, what a classifier says and reconstructions, on arrays that are
made up: no run, no framework.
"""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from netdsl import parse
from netdsl.errors import NetError
from netdsl.graph import Graph
from netdsl.lab.inside import decode, generate
from netdsl.lab.inside import landscape as landscapes
from netdsl.lab.inside.descent import Descent, _around, contours, descent_json, levels_of
from netdsl.lab.inside.descent import described as descent_described
from netdsl.lab.inside.edges import bank, best_match
from netdsl.lab.inside.generate import Generator
from netdsl.lab.inside.landscape import Landscape, landscape_json
from netdsl.lab.inside.landscape import described as landscape_described
from netdsl.lab.inside.naming import Named
from netdsl.lab.inside.reconstruct import (
    Reconstructed,
    Reconstruction,
    reconstruct,
    reconstructed_json,
)
from netdsl.lab.inside.reconstruct import described as reconstructed_described
from netdsl.lab.inside.scores import class_output, class_score, scored
from netdsl.lab.inside.subject import TrainedRun
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.reporting.plane_picture import LEFT, SIDE, TOP, surface_frame

# --- landscapes and paths -------------------------------------------------------------------------

AXIS = np.linspace(-1, 1, 5)
BOWL = np.add.outer((AXIS - 0.5) ** 2, AXIS**2)  # lowest at x = 0, y = 0.5


def test_a_landscape_in_words() -> None:
    found = Landscape("net on toy", AXIS, BOWL + 1, 1)
    about = "loss of 1 training example along two random directions, scaled filter by filter"
    assert (found.about, found.middle) == (about, 1.25)
    assert landscape_described(found) == [
        f"net on toy: {about}",
        "1.25 in the middle, lowest 1 at (0.0, 0.5), 2.25 at the edge (median)",
    ]
    slope = Landscape("n", AXIS, np.arange(25.0).reshape(5, 5) ** 2, 2)
    # Of all four sides: 10 and 14 are in the middle.
    said = "144 in the middle, lowest 0 at (-1.0, -1.0), 148 at the edge (median)"
    assert landscape_described(slope)[1] == said
    values = landscape_json(Landscape("n", AXIS, np.where(BOWL > 3, np.inf, BOWL), 2))
    assert values["loss"][0][0] is None
    assert values["loss"][3][2] == 0.0
    assert values["axis"] == AXIS.tolist()


def levels_drawn(svg: str, look: str = "") -> set[str]:
    """Return the levels that a picture has contours of."""
    return set(re.findall(rf'<path [^>]*fill="none" [^>]*{look}[^>]*><title>([^<]*)<', svg))


@pytest.mark.parametrize(
    ("surface", "highest"), [(BOWL, 3.25), (BOWL * 0.01 + (BOWL > 3) * 9, 0.05)]
)
def test_contours_of_a_landscape_reach_to_twenty_times_the_middle(
    surface: Any, highest: float
) -> None:
    svg = Landscape("net", AXIS, surface, 2).svg
    assert f"in the middle {surface[2, 2]:.4g}" in svg
    assert f"highest {surface.max():.4g}" in svg
    (dot,) = re.findall(r'<circle cx="([0-9.]+)" cy="([0-9.]+)"', svg)  # in the middle
    assert tuple(map(float, dot)) == (LEFT + SIDE / 2, TOP + SIDE / 2)
    low = surface.min()
    levels = [low + (highest - low) * (at / 15) ** 2 for at in range(1, 15)]
    assert all(f">{level:.3g}</text>" in svg for level in levels)
    assert levels_of(surface, 14, highest) == pytest.approx(levels)
    assert levels_drawn(svg) == {f"{level:.4g}" for level in levels}


def test_contours_fade_upwards() -> None:
    """Each level of the surface has its lines, named by it."""
    frame = surface_frame((AXIS, AXIS), ("x", "y"))
    marks = contours((AXIS, AXIS), frame, BOWL, 3)
    found = [
        re.search(r'd="M.*stroke-opacity="([0-9.]+)"><title>([0-9.]+)<', mark) for mark in marks
    ]
    assert all(found)
    assert {each.groups() for each in found} == {  # type: ignore[union-attr]
        ("0.72", "0.2031"),
        ("0.53", "0.8125"),
        ("0.35", "1.828"),
    }
    assert all(
        'stroke="red"' in mark
        for mark in contours((AXIS, AXIS), frame, BOWL, 2, 1.0, 'stroke="red"')
    )
    (one,) = contours((AXIS, AXIS), frame, BOWL, 1, 0.5)
    assert "<title>0.125<" in one


@pytest.mark.parametrize(
    ("operations", "examples", "count"),
    [
        (60, 100, 60),
        (50, 100, 50),
        (49, 100, None),
        (49, 49, 49),
        (48, 49, None),
        (2000, 1500, 1000),
    ],
)
def test_how_many_examples_a_landscape_is_of(
    monkeypatch: pytest.MonkeyPatch, operations: int, examples: int, count: int | None
) -> None:
    counts = SimpleNamespace(flops=7)
    run: Any = SimpleNamespace(
        run=SimpleNamespace(network=SimpleNamespace(counts=counts)),
        data=SimpleNamespace(train=range(examples)),
    )
    monkeypatch.setattr(landscapes, "OPERATIONS", operations * 7 * 21 * 21)
    if count is not None:
        assert landscapes._examples(run) == count
        counts.flops = 0  # as of a network without layers
        assert landscapes._examples(run) == min(examples, 1000)
        return
    with pytest.raises(NetError, match="the loss of 50 examples at 21x21 places takes") as caught:
        landscapes._examples(run)
    assert caught.value.code == "N670"
    limit = f"{operations * 7 * 21 * 21:,}"
    assert f"takes {50 * 7 * 21 * 21:,} floating-point operations; at most {limit} are" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("size", "batch"),
    [(1, 256), (78_125, 256), (78_126, 255), (10_000_000, 2), (10_000_001, 1), (20_000_001, 1)],
)
def test_batches_are_by_the_largest_layer(size: int, batch: int) -> None:
    network = SimpleNamespace(graph=parse(f"{size} > relu > fc-1").graph)
    run: Any = SimpleNamespace(network=network)
    assert TrainedRun(run).batch == batch


def test_levels_are_denser_below() -> None:
    assert levels_of(np.array([0.0, 8.0, np.nan]), 3) == pytest.approx([0.5, 2.0, 4.5])
    assert levels_of(np.array([1.0, 8.0]), 1, 5.0) == pytest.approx([2.0])


def path_of(count: int, last: float = 0.5, penalty: bool = False) -> Descent:
    path = np.linspace([0.0, 1.0], [1.0, 0.0], count)
    losses = np.linspace(2.0, last, count)
    return Descent(
        title="net on bowl",
        about="squared loss of the 4 training examples",
        names=("fc_1.kernel[0]", "fc_1.kernel[1]"),
        path=path,
        losses=losses,
        penalties=losses * 2 if penalty else np.zeros(count),
        axes=(AXIS, AXIS),
        surface=BOWL,
        penalty=BOWL * 2 if penalty else None,
    )


def test_a_path_in_words() -> None:
    assert descent_described(path_of(2)) == [
        "net on bowl: squared loss of the 4 training examples",
        "step  fc_1.kernel[0]  fc_1.kernel[1]  loss",
        "   0               0               1     2",
        "   1               1               0   0.5",
    ]
    lines = descent_described(path_of(2, 3.0, penalty=True))
    assert lines[1].split() == ["step", "fc_1.kernel[0]", "fc_1.kernel[1]", "loss", "penalty"]
    assert lines[3].split() == ["1", "1", "0", "3", "6"]
    assert lines[4] == "it diverges: the loss grew from 2 to 3"
    assert descent_json(path_of(2))["diverges"] is False
    assert path_of(2, 2.0).diverges is False
    assert path_of(2, math.nan).diverges


@pytest.mark.parametrize(("count", "lines"), [(21, 23), (22, 23)])
def test_of_a_long_path_the_ends_are_written(count: int, lines: int) -> None:
    found = descent_described(path_of(count))
    assert len(found) == lines
    assert any(line.strip() == "..." for line in found) == (count == 22)
    assert found[-1].split()[0] == str(count - 1)


@pytest.mark.parametrize(("count", "dots"), [(3, 3), (200, 200), (201, 2)])
def test_steps_are_dots_where_there_are_few(count: int, dots: int) -> None:
    svg = path_of(count).svg
    assert len(re.findall(r"<circle [^>]*stroke-width=\"2\"", svg)) == dots
    assert f"{count - 1:,} steps: loss 2 to 0.5" in svg
    assert ", diverges" in path_of(3, 9.0).svg


def test_a_penalty_has_half_as_many_contours_as_the_loss() -> None:
    plain, penalised = path_of(3).svg, path_of(3, penalty=True).svg
    assert "dashed: the penalty" in penalised
    assert "dashed: the penalty" not in plain
    losses, dashed = levels_drawn(plain), levels_drawn(penalised, "stroke-dasharray")
    assert losses == {f"{3.25 * (at / 15) ** 2:.4g}" for at in range(1, 15)}
    assert dashed == {f"{6.5 * (at / 8) ** 2:.4g}" for at in range(1, 8)}
    assert levels_drawn(penalised) == losses | dashed


def test_the_axes_of_a_path_are_its_weights() -> None:
    """The first weight is from left to right, the second upwards."""
    svg = path_of(3).svg
    upright = re.search(r"<g transform=.rotate.*?</g>", svg)
    assert upright
    assert ">fc_1.kernel[1]<" in upright[0]
    assert ">fc_1.kernel[0]<" in svg.replace(upright[0], "")


@pytest.mark.parametrize(
    ("path", "minimum", "penalised", "ends"),
    [
        ([[0.0, 0.0], [2.0, 1.0]], (1.0, 0.5), False, [(-1, 3), (-1.5, 2.5)]),
        ([[2.0, 2.0], [4.0, 3.0]], (3.0, 2.5), True, [(-2, 6), (-2.5, 5.5)]),
        ([[0.0, 0.0], [2.0, 0.0]], (3.5, 0.0), False, [(-2, 4), (-3, 3)]),  # once larger
        ([[0.0, 0.0], [2.0, 0.0]], (99.0, 0.0), False, [(-5.75, 7.75), (-6.75, 6.75)]),  # 3 times
        ([[5.0, 5.0]], (5.0, 5.0), False, [(5 - 5e-6, 5 + 5e-6)] * 2),
    ],
)
def test_the_places_around_a_path(
    path: Any, minimum: tuple[float, float], penalised: bool, ends: Any
) -> None:
    axes, surface = _around(
        np.array(path), lambda places: ((places - minimum) ** 2).sum(axis=1), penalised
    )
    assert [(axis[0], axis[-1]) for axis in axes] == [pytest.approx(pair) for pair in ends]
    assert surface.shape == (61, 61)
    assert surface[0, 0] == pytest.approx(
        sum((axis[0] - m) ** 2 for axis, m in zip(axes, minimum, strict=True))
    )


def test_edges_and_bars() -> None:
    templates = bank(3, 3)
    assert templates.shape[1] == 9
    np.testing.assert_allclose(templates.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose((templates**2).sum(axis=1), 1)
    assert len(templates) == 16 * 3 * 3
    edge = np.array([[-1.0, 0, 1]] * 3)[None, :, :, None]
    bar = np.array([[0.0, 1, 0]] * 3)[None, :, :, None]
    flat = np.ones((1, 3, 3, 2))
    assert best_match(edge)[0] == pytest.approx(1)
    assert best_match(-2 * edge)[0] == pytest.approx(1)
    assert best_match(edge / 100)[0] == pytest.approx(1)
    assert best_match(bar)[0] > 0.95
    assert best_match(flat)[0] == 0
    assert best_match(np.concatenate([edge, -edge], axis=3))[0] == 0  # the channels' mean


# --- samples --------------------------------------------------------------------------------------


class Echo(Generator):
    """A generator that gives its noise, and the class next to it."""

    def __init__(self, classes: tuple[str, ...] = ()) -> None:
        outputs = [SimpleNamespace(shape=(2,))]
        generator: Any = SimpleNamespace(name="gen", outputs=outputs)
        self.pair: Any = SimpleNamespace(generator=generator)
        self.shape, self.classes = (2,), classes

    def made(self, noise: Any, labels: Any) -> Any:
        return noise if labels is None else np.concatenate([noise, labels], axis=1)


def test_drawn_samples() -> None:
    found = generate.drawn(Echo(), 3, 5)
    assert (found.title, found.about) == (
        "3 samples from gen",
        "noise of gen (2) from N(0, 1), seed 5",
    )
    assert (found.captions, list(found.classes)) == (["1", "2", "3"], [])
    named = generate.drawn(Echo(("a", "b")), 3, 5)
    assert named.captions == ["a", "b", "a"]
    assert named.array[:, 2].tolist() == [0, 1, 0]
    assert list(named.classes) == ["a", "b", "a"]
    only = generate.drawn(Echo(("a", "b")), 2, 5, "b")
    assert (only.captions, only.array[:, 2].tolist()) == (["b", "b"], [1, 1])
    assert list(only.classes) == ["b", "b"]
    assert np.array_equal(only.codes, found.codes[:2])
    for echo, label, code in ((Echo(), "a", "N691"), (Echo(("a",)), "c", "N626")):
        with pytest.raises(NetError) as caught:
            generate.drawn(echo, 2, 5, label)
        assert caught.value.code == code


@pytest.mark.parametrize("label", [None, "b"])
def test_classes_are_integers_of_32_bits(label: str | None) -> None:
    labels = Echo(("a", "b")).labels(3, label)
    assert labels is not None
    assert labels.shape == (3, 1)
    assert labels.dtype == np.int32


def test_unknown_classes_have_a_way_out() -> None:
    helps = []
    for names, label in ((("cat", "dog"), "cats"), (tuple("abcdefghijkl"), "xyz")):
        with pytest.raises(NetError) as caught:
            Echo(names).label(label)
        helps.append(caught.value.diagnostics[0].help)
    assert helps == ["did you mean `cat`?", "the classes are a, b, c, d, e, f, g, h, i, j"]


def test_how_many_samples_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "ELEMENTS", 6)
    assert len(generate.drawn(Echo(), 3, 0).array) == 3
    with pytest.raises(NetError, match="4 samples take 8 numbers; at most 6") as caught:
        generate.drawn(Echo(), 4, 0)
    assert caught.value.code == "N670"


def test_samples_between_two() -> None:
    noise = generate.drawn(Echo(), 3, 0).codes
    found = generate.between(Echo(), ["3", "1"], 3, 0)
    np.testing.assert_allclose(found.codes, [noise[2], (noise[2] + noise[0]) / 2, noise[0]])
    assert found.codes.dtype == noise.dtype == np.float32
    assert (found.title, found.captions) == (
        "From sample 3 to sample 1",
        ["t = 1.00", "t = 0.50", "t = 0.00"],
    )
    assert generate.between(Echo(("a", "b")), ["1", "2"], 2, 0).title.endswith(", class a")
    assert generate.between(Echo(("a", "b")), ["1", "2"], 2, 0, "b").array[:, 2].tolist() == [1, 1]
    assert len(generate.between(Echo(), ["1", "1000"], 2, 0).codes) == 2
    two = "the numbers of two samples of a sheet"
    for ends, said, help in (
        (["1", "a.png"], "no way back from an image: 1 a.png", f"{two}, 1 to 1,000: 3 8"),
        (["0", "2"], "from 1 to 1,000, not 0 and 2", f"{two}: --between 3 8"),
        (["1", "1001"], "not 1 and 1001", f"{two}: --between 3 8"),
        (["1", "9" * 10], "from 1 to 1,000", f"{two}: --between 3 8"),
    ):
        with pytest.raises(NetError, match=said) as caught:
            generate.between(Echo(), ends, 2, 0)
        assert caught.value.code == "N691"
        assert (caught.value.diagnostics[0].help or "").endswith(help)


class Signs:
    """Names a sample by the sign of its first number; it is the surer the larger that is."""

    def label(self, name: str) -> int:
        return ["minus", "plus", "none"].index(name)

    def named(self, samples: Any) -> Named:
        labels = (samples[:, 0] > 0).astype(int)
        return Named("r", ("minus", "plus", "none"), labels, np.abs(samples[:, 0]))


def test_sums_of_noise() -> None:
    signs: Any = Signs()
    noise = generate.drawn(Echo(), 1000, 0).codes
    order = np.argsort(noise[:, 0])
    plus, minus = noise[order[-3:]].mean(axis=0), noise[order[:3]].mean(axis=0)
    found = generate.arithmetic(Echo(), [(1, "plus"), (-1, "minus"), (1, "plus")], 0, signs)
    np.testing.assert_allclose(found.codes, [plus, minus, 2 * plus - minus], rtol=1e-6)
    assert found.captions == ["plus", "minus", "plus - minus + plus"]
    assert found.title == "Latent arithmetic: plus - minus + plus"
    assert generate.arithmetic(Echo(), [(-1, "plus")], 0, signs).captions[-1] == "- plus"
    with pytest.raises(NetError, match="none of 1,000 samples is named `none`"):
        generate.arithmetic(Echo(), [(1, "none")], 0, signs)
    for echo, classifier in ((Echo(("a",)), signs), (Echo(), None)):
        with pytest.raises(NetError) as caught:
            generate.arithmetic(echo, [(1, "plus")], 0, classifier)
        assert caught.value.code == "N691"


def test_what_a_classifier_says() -> None:
    labels, sure = np.array([0, 0, 2]), np.array([0.5, 0.75, 1.0])
    found = Named("runs/c-1", ("a", "b", "c"), labels, sure)
    assert (found.counts, found.right) == ({"a": 2, "b": 0, "c": 1}, None)
    assert found.values == {
        "run": "runs/c-1",
        "classes": 2,
        "of": 3,
        "confidence": 0.75,
        "counts": {"a": 2, "b": 0, "c": 1},
    }
    assert found.lines == [
        "runs/c-1 names 2 of 3 classes in 3 samples, mean confidence 0.7500",
        "a 2, b 0, c 1",
    ]
    asked = found._replace(asked=["a", "b", "c"])
    assert asked.right == pytest.approx(2 / 3)
    assert asked.lines[2] == "of the class asked for: 0.6667"
    assert asked.values["right"] == asked.right


def samples(count: int, shape: tuple[int, ...] = (2, 2, 1), before: Any = ()) -> decode.Samples:
    array = np.zeros((count, *shape))
    return decode.Samples("t", "a", np.zeros((count, 1)), array, ["c"] * count, before)


@pytest.mark.parametrize(
    ("count", "rows"),
    [(1, [1]), (16, [16]), (17, [5, 5, 5, 2]), (25, [5] * 5), (26, [6] * 4 + [2])],
)
def test_rows_of_samples(count: int, rows: list[int]) -> None:
    assert [len(row.tiles) for row in samples(count).sheet.rows] == rows
    given = samples(count, before=[(np.zeros((2, 2, 1)), "x")]).sheet
    assert [len(row.tiles) for row in given.rows] == [1, *rows]
    captions = [tile.caption for row in given.rows for tile in row.tiles]
    assert captions == ["x", *["c"] * count]


def test_samples_that_are_drawn_and_those_that_are_not() -> None:
    assert samples(1, (2, 2, 3)).sheet.rows
    for shape in ((2, 2, 2), (4,)):
        with pytest.raises(NetError, match="is not an image"):
            _ = samples(1, shape).sheet
    assert len(samples(2500, (1, 1, 1)).sheet.rows) == 50
    with pytest.raises(NetError, match="2,501 examples are made; at most 2,500") as caught:
        _ = samples(2501, (1, 1, 1)).sheet
    assert caught.value.code == "N660"
    few = samples(3)
    assert few.first(3) is few
    first = few.first(2)
    assert (first.about, len(first.array), len(first.codes), len(first.captions)) == (
        "a; the first 2",
        2,
        2,
        2,
    )
    assert few.values["captions"] == ["c"] * 3


def test_a_normal_with_the_covariance_of_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    known = rng.normal(size=(400, 2)) @ np.array([[1.0, 2.0], [0.0, 0.5]]) + [3.0, -1.0]
    found = decode._normal(np.random.default_rng(1), known, 20_000)
    np.testing.assert_allclose(found.mean(axis=0), known.mean(axis=0), atol=0.06)
    np.testing.assert_allclose(np.cov(found.T), np.cov(known.T), atol=0.15)
    line = decode._normal(np.random.default_rng(1), known[:2], 50)
    np.testing.assert_allclose(np.linalg.matrix_rank(line - known[0], tol=1e-6), 1)
    monkeypatch.setattr(decode, "FULL", 1)
    apart = decode._normal(np.random.default_rng(1), known, 20_000)
    assert abs(np.cov(apart.T)[0, 1]) < 0.1
    np.testing.assert_allclose(apart.std(axis=0), known.std(axis=0), rtol=0.03)
    single = decode._normal(np.random.default_rng(1), known[:1], 3)
    np.testing.assert_allclose(single, np.repeat(known[:1], 3, axis=0))


# --- reconstructions ------------------------------------------------------------------------------


def reconstructed(noise: float) -> Reconstructed:
    """Two images of which a run halves the values."""
    clean = np.linspace(0, 1, 8).reshape(2, 2, 2, 1)
    given = 1 - clean if noise else clean
    runs = (Reconstruction("code-1", clean / 2, 0.25),)
    return Reconstructed("test", 1000, noise, clean, given, noise * 0.8, runs)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_reconstructions_in_words(noise: float) -> None:
    found = reconstructed(noise)
    added = [["with", "noise", "0.5", "0.4000"]] if noise else []
    title, *rows = reconstructed_described(found)
    assert title == found.title == "Reconstructions of 1,000 test examples"
    assert [row.split() for row in rows] == [
        ["run", "mean", "absolute", "error"],
        *added,
        ["code-1", "0.2500"],
    ]
    assert reconstructed_json(found) == {
        "title": title,
        "scale": found.sheet.about,
        "part": "test",
        "examples": 1000,
        "noise": noise,
        "noise_error": noise * 0.8,
        "runs": [{"run": "code-1", "mean_absolute_error": 0.25}],
    }


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_reconstructions_are_rows_of_images(noise: float) -> None:
    """The clean images, those with noise where some was added, and each run's."""
    found, clean = reconstructed(noise), np.linspace(0, 1, 8).reshape(2, 2, 2)
    expected = {"original": clean, "with noise 0.4000": 1 - clean, "code-1 0.2500": clean / 2}
    if not noise:
        del expected["with noise 0.4000"]
    rows = {row.label: np.array([tile.pixels for tile in row.tiles]) for row in found.sheet.rows}
    assert list(rows) == list(expected)
    for label, pixels in expected.items():
        np.testing.assert_allclose(rows[label], pixels)
    about = "the first 2, with the mean absolute error of all"
    assert found.sheet.about == about + ("; noise of standard deviation 0.5" if noise else "")


CLEAN = np.random.default_rng(7).uniform(size=(12, 2, 2, 1))


class Images(NamedTuple):
    """A part of data."""

    x: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.x[0])


class Halves:
    """A run whose network halves its images; `scale` is what it divides the data by."""

    own_model = None

    def __init__(
        self, name: str = "code-1", size: int = 2, scale: float = 1.0, copies: bool = True
    ) -> None:
        self.size, self.scale = size, scale
        transform = SimpleNamespace(shape=(size, size, 1), accepts=lambda shape: True)
        outputs = [SimpleNamespace(copies=False), SimpleNamespace(copies=copies)]
        self.run: Any = SimpleNamespace(
            run=SimpleNamespace(folder=SimpleNamespace(name=name)),
            preparation=SimpleNamespace(inputs=[transform], outputs=outputs),
        )
        self.graph: Any = SimpleNamespace(inputs=[SimpleNamespace(shape=(4,))])  # flat vectors
        test, validation = Images((CLEAN,)), Images((CLEAN[:5],))
        self.data: Any = SimpleNamespace(train=None, validation=validation, test=test)

    def image_shape(self, place: int) -> Any:
        return (self.size, self.size, 1) if self.size else None

    def prepared(self, part: Any, rows: Any) -> Any:
        return (part.x[0][rows].reshape(len(rows), 4) / self.scale,)

    def computed(self, model: Any, inputs: Any) -> Any:
        (x,) = inputs
        assert x.shape[1:] == (4,)
        return [None, x / 2]


def of_halves(*runs: Halves, part: str = "test", noise: float = 0.0, seed: int = 0) -> Any:
    return reconstruct(list(runs), part, noise, seed)  # type: ignore[arg-type]


def test_images_are_reconstructed_from_themselves() -> None:
    found = of_halves(Halves(), Halves("code-2"))
    assert (found.part, found.examples, found.noise, found.given_error) == ("test", 12, 0.0, 0.0)
    np.testing.assert_array_equal(found.originals, CLEAN[:10])
    np.testing.assert_array_equal(found.given, CLEAN[:10])
    assert [one.name for one in found.runs] == ["code-1", "code-2"]
    for one in found.runs:
        np.testing.assert_allclose(one.array, CLEAN[:10] / 2)
        assert one.error == pytest.approx(CLEAN.mean() / 2)
    assert of_halves(Halves(), part="validation").examples == 5


def test_noise_is_added_to_what_is_reconstructed() -> None:
    found = of_halves(Halves(), noise=0.5, seed=3)
    noisy = CLEAN + 0.5 * np.random.default_rng(3).standard_normal(CLEAN.shape)
    np.testing.assert_allclose(found.given, noisy[:10])
    np.testing.assert_array_equal(found.originals, CLEAN[:10])
    assert found.given_error == pytest.approx(np.abs(noisy - CLEAN).mean())
    assert found.runs[0].error == pytest.approx(np.abs(noisy / 2 - CLEAN).mean())


@pytest.mark.parametrize(
    ("runs", "code", "said"),
    [
        ([Halves()] * 21, "N660", "21 runs; at most 20 are shown side by side"),
        ([Halves(size=0)], "N680", "the network has no input of images"),
        ([Halves(copies=False)], "N680", "code-1 does not learn to give its input back"),
        ([Halves(), Halves("b", 3)], "N680", "b is of images of 3x3x1, not 2x2x1"),
        ([Halves(), Halves("b", scale=2)], "N680", "b divides its images otherwise than the first"),
    ],
)
def test_what_is_not_reconstructed(runs: list[Halves], code: str, said: str) -> None:
    assert len(of_halves(*[Halves()] * 20).runs) == 20
    with pytest.raises(NetError, match=said) as caught:
        of_halves(*runs)
    assert caught.value.code == code


# --- scores ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("4 > fc-3(linear) > softmax", True),
        ("4 > fc-1(linear) > sigmoid", True),
        ("4 > fc-3(linear) > logsoftmax", True),
        ("4 > fc-3(linear)", False),
        ("4 > fc-3(linear) > relu", False),
        ("4 > fc-3(linear) > tanh", False),
    ],
)
def test_scores_are_before_what_squeezes_them(text: str, before: bool) -> None:
    graph: Graph = parse(text).graph
    found = scored(graph)
    assert (found.outputs[0].op == graph.outputs[0].op - 1) == before
    assert found.outputs[0].activation == ("linear" if before else graph.outputs[0].activation)


KINDS = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3)
MAPS = OutputTransform("map", (2, 2, 3), "softmax", "cross-entropy", 3)
SIZE = OutputTransform("size", (1,), "linear", "squared", 0)


def test_the_output_that_names_classes() -> None:
    assert [class_output(each) for each in ([KINDS], [SIZE, KINDS], [MAPS, SIZE, KINDS])] == [
        0,
        1,
        2,
    ]
    for outputs, said in (([SIZE, MAPS], "a class of each position"), ([SIZE], "it gives values")):
        with pytest.raises(NetError, match=said) as caught:
            class_output(outputs)
        assert caught.value.code == "N680"


def test_the_score_of_a_class() -> None:
    several, single = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [3.0]])
    assert [class_score(np, several, label) for label in (0, 1)] == [4, 6]
    assert [class_score(np, single, label) for label in (0, 1)] == [-4, 4]
