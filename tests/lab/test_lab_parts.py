"""What the lab computes and says of arrays, without a run: no framework is imported."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from netdsl import parse
from netdsl.errors import NetError
from netdsl.lab import attack as attacks
from netdsl.lab.attack import Attack, Attacked, AttackResult, attack_json, changed, described
from netdsl.lab.attack_chart import AttackChart, described_runs, runs_json
from netdsl.lab.circuit import forward_picture
from netdsl.lab.forward import values_of
from netdsl.lab.gradcheck import ArrayCheck, Settings, gradcheck_text, require_step
from netdsl.lab.inside import where as wheres
from netdsl.lab.inside.codes import Codes, codes_json
from netdsl.lab.inside.codes import described as codes_described
from netdsl.lab.inside.top import cut_out
from netdsl.lab.norms import Norms, norms_json, norms_text
from netdsl.lab.weighted import begun
from netdsl.training.preparation.outputs import OutputTransform

# --- attacks --------------------------------------------------------------------------------------

SLOPE = np.array([[3.0, -4.0], [0.0, 0.0]])


class Slope:
    """The same derivative wherever it is asked for."""

    def __init__(self, slope: Any = SLOPE) -> None:
        self.tensors = (slope,)
        self.asked: list[Any] = []

    def __call__(self, x: Any, goal: Any) -> Slope:
        self.asked.append(x.copy())
        return self


@pytest.mark.parametrize(
    ("how", "size", "unit", "expected"),
    [
        (Attack(), 0.1, True, [[0.6, 0.4], [0.5, 0.5]]),
        (Attack(target=1), 0.1, True, [[0.4, 0.6], [0.5, 0.5]]),
        (Attack(norm="2"), 0.5, True, [[0.8, 0.1], [0.5, 0.5]]),
        (Attack(), 0.7, True, [[1.0, 0.0], [0.5, 0.5]]),
        (Attack(), 0.7, False, [[1.2, -0.2], [0.5, 0.5]]),
        (Attack(steps=5), 0.1, True, [[0.6, 0.4], [0.5, 0.5]]),
        (Attack(steps=5, norm="2"), 0.5, False, [[0.8, 0.1], [0.5, 0.5]]),
    ],
)
def test_changes_are_within_the_size(how: Attack, size: float, unit: bool, expected: Any) -> None:
    slope = Slope()
    found = changed(slope, np.full((2, 2), 0.5), None, size, how, unit)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert len(slope.asked) == how.steps
    if how.steps == 5 and how.norm == "inf":  # 2.5 sizes in five steps
        np.testing.assert_allclose([x[0, 0] for x in slope.asked], [0.5, 0.55, 0.6, 0.6, 0.6])


@pytest.mark.parametrize("norm", ["inf", "2"])
def test_random_changes_have_the_size_of_the_others(norm: str) -> None:
    noise = attacks._random(np.random.default_rng(0), (50, 3, 2), 0.3, norm)
    sizes = np.abs(noise).max(axis=(1, 2)) if norm == "inf" else np.sqrt((noise**2).sum((1, 2)))
    np.testing.assert_allclose(sizes, 0.3)


RESULTS = (AttackResult(0.0, 0.9, 0.9, None), AttackResult(0.125, 0.25, 0.875, None))


def attacked(how: Attack, results: Any = RESULTS, examples: int = 1000) -> Attacked:
    return Attacked(how, examples, results, None, None, None, None, None)


def test_what_an_attack_did() -> None:
    found = attacked(Attack())
    lines = [
        "fast gradient sign attack, 1 step, norm inf, on 1,000 examples",
        "  eps  adversarial  random",
        "    0       0.9000  0.9000",
        "0.125       0.2500  0.8750",
    ]
    assert described(found) == lines
    values = attack_json(found)
    assert (values["steps"], values["norm"], values["target"]) == (1, "inf", None)
    assert values["results"][1] == {"eps": 0.125, "adversarial": 0.25, "random": 0.875}
    both = {"a": found, "b": found}
    named = [[f"{name}: {lines[0]}", *lines[1:]] for name in "ab"]
    assert described_runs(both) == [*named[0], "", *named[1]]
    assert [one["run"] for one in runs_json(both)["runs"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        (Attack(steps=2), "gradient attack, 2 steps, norm inf"),
        (Attack(norm="2"), "gradient attack, 1 step, norm 2"),
        (Attack(target=3), "fast gradient sign attack for the class 3, 1 step, norm inf"),
        (Attack(target=0), "fast gradient sign attack for the class 0, 1 step, norm inf"),
    ],
)
def test_the_names_of_attacks(how: Attack, kind: str) -> None:
    assert described(attacked(how, (), 1))[0] == f"{kind}, on 1 example"


def test_a_targeted_attack() -> None:
    hit = (AttackResult(0.125, 0.25, 0.875, 0.5),)
    lines = described(attacked(Attack(target=3), hit))
    assert lines[1].split() == ["eps", "adversarial", "random", "answered", "3"]
    assert lines[2].split() == ["0.125", "0.2500", "0.8750", "0.5000"]
    assert attack_json(attacked(Attack(target=3), hit))["results"][0]["target"] == 0.5


def test_a_chart_of_attacks_goes_by_size() -> None:
    """Two lines a run, the random one dashed, from the smallest change on."""
    svg = AttackChart({"a": attacked(Attack(), RESULTS[::-1])}).svg
    assert svg == AttackChart({"a": attacked(Attack())}).svg
    assert svg.count("stroke-dasharray") >= 1


class Rows(NamedTuple):
    """A part of data."""

    y: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.y[0])


class Scores:
    """A run whose network gives its two pixels back, as the probabilities of two classes."""

    own_model, batch = None, 2

    def __init__(self, x: Any, labels: Any, image: Any = (2, 1)) -> None:
        self.x, self.image = np.array(x, float), image
        transform = OutputTransform("y", (2,), "softmax", "categorical", 2, ("no", "yes"))
        preparation = SimpleNamespace(
            inputs=[SimpleNamespace(unit=True, vocabulary=())], outputs=[transform]
        )
        self.run: Any = SimpleNamespace(preparation=preparation)
        self.graph: Any = SimpleNamespace(inputs=[SimpleNamespace(shape=(2,))])
        parts = {"train": None, "validation": None, "test": Rows((np.array(labels),))}
        self.data: Any = SimpleNamespace(**parts)

    def prepared(self, part: Any, rows: Any) -> Any:
        return (self.x[rows],)

    def computed(self, model: Any, inputs: Any) -> Any:
        return inputs

    def image_shape(self, place: int) -> Any:
        return self.image

    def shown(self, image: Any) -> Any:
        return image


def by_class(x: Any, goal: Any) -> Any:
    """The sign of the slope of the loss by the scores: the score of the goal should rise."""
    return SimpleNamespace(tensors=(1.0 - 2 * goal,))


FIVE = [[0.9, 0.1], [0.6, 0.5], [0.2, 0.8], [0.4, 0.5], [0.3, 0.6]]
CLASSES = [0, 0, 1, 1, 0]


@pytest.fixture
def _slopes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attacks, "_climber", lambda *_: by_class)


@pytest.mark.usefixtures("_slopes")
def test_what_is_answered_after_changes_of_each_size() -> None:
    subject: Any = Scores(FIVE, CLASSES)
    found = attacks.attack(subject, Attack(sizes=(0.0, 0.1)))
    assert found.examples == 5
    assert found.rows.tolist() == [0, 1, 2, 3, 4]
    assert found.labels.tolist() == CLASSES
    assert found.original.tolist() == FIVE
    none, some = found.results
    assert none == (0.0, 0.8, 0.8, None)
    assert some[:2] == (0.1, 0.4)
    assert some.hit is None
    expected = [[0.8, 0.2], [0.5, 0.6], [0.3, 0.7], [0.5, 0.4], [0.2, 0.7]]
    np.testing.assert_allclose(found.changed, expected)


@pytest.mark.usefixtures("_slopes")
def test_the_sheet_shows_what_was_right_before() -> None:
    subject: Any = Scores(FIVE, CLASSES)
    sheet = attacks.attack(subject, Attack(sizes=(0.1, 0.0))).sheet
    assert sheet is not None
    assert (sheet.title, sheet.about) == (
        "Adversarial examples, eps 0.1",
        "fast gradient sign attack, 1 step, norm inf; below, the answer and its probability; a "
        "change of 0 is grey",
    )
    first, change, result = sheet.rows
    assert [row.label for row in sheet.rows] == ["original", "change x10", "result"]
    assert [tile.caption for tile in first.tiles] == ["no 0.60", "yes 0.50"]
    assert [tile.caption for tile in change.tiles] == ["", ""]
    assert [tile.caption for tile in result.tiles] == ["yes 0.60", "no 0.50"]
    np.testing.assert_allclose([np.ravel(tile.pixels) for tile in first.tiles], [FIVE[1], FIVE[3]])
    np.testing.assert_allclose(
        [np.ravel(tile.pixels) for tile in change.tiles], [[0, 1], [1, 0]], atol=1e-12
    )
    np.testing.assert_allclose(
        [np.ravel(tile.pixels) for tile in result.tiles], [[0.5, 0.6], [0.5, 0.4]]
    )
    smaller = attacks.attack(subject, Attack(sizes=(0.06,))).sheet
    assert smaller is not None
    pixels = [np.ravel(tile.pixels) for tile in smaller.rows[1].tiles]
    np.testing.assert_allclose(pixels, [[0.2, 0.8], [0.8, 0.2]])  # 0.5 and half of 0.6


@pytest.mark.usefixtures("_slopes")
def test_where_nothing_is_fooled_the_first_are_shown() -> None:
    many: Any = Scores([[0.9, 0.1]] * 20, [0] * 20)
    sheet = attacks.attack(many, Attack(sizes=(0.1,))).sheet
    assert sheet is not None
    assert [len(row.tiles) for row in sheet.rows] == [8, 8, 8]
    unchanged = attacks.attack(many, Attack(sizes=(0.0,), examples=3))
    assert (unchanged.sheet, unchanged.changed, unchanged.examples) == (None, None, 3)
    drawn = [attacks.attack(many, Attack((0.0,), examples=3, seed=seed)).rows for seed in (5, 5, 6)]
    assert drawn[0].tolist() == drawn[1].tolist() == sorted(drawn[0]) != drawn[2].tolist()
    vectors: Any = Scores(FIVE, CLASSES, image=None)
    assert attacks.attack(vectors, Attack(sizes=(0.1,))).sheet is None


@pytest.mark.usefixtures("_slopes")
def test_examples_of_other_classes_are_attacked_for_a_target() -> None:
    subject: Any = Scores(FIVE, CLASSES)
    found = attacks.attack(subject, Attack(sizes=(0.0, 0.1), target=1))
    assert (found.examples, found.rows.tolist(), found.labels.tolist()) == (3, [0, 1, 4], [0] * 3)
    assert [(one.adversarial, one.hit) for one in found.results] == [
        (pytest.approx(2 / 3), pytest.approx(1 / 3)),
        (pytest.approx(1 / 3), pytest.approx(2 / 3)),
    ]
    with pytest.raises(NetError, match="every example that is attacked is of the class 1"):
        attacks.attack(Scores(FIVE, [1] * 5), Attack(target=1))  # type: ignore[arg-type]
    with pytest.raises(NetError, match="names the classes 0 to 1, not 2"):
        attacks.attack(subject, Attack(target=2))
    with pytest.raises(NetError, match="take 50,000,000 gradients"):
        attacks.attack(subject, Attack(sizes=(0.1,), steps=10**7))


@pytest.mark.parametrize(
    ("target", "known"), [(None, True), (0, True), (1, True), (2, False), (-1, False)]
)
def test_what_cannot_be_attacked(target: int | None, known: bool) -> None:
    subject: Any = Scores(FIVE, CLASSES)
    transform, how = subject.run.preparation.outputs[0], Attack(target=target)
    if known:
        attacks._check(subject, how, transform)
    else:
        with pytest.raises(NetError, match=f"names the classes 0 to 1, not {target}") as caught:
            attacks._check(subject, how, transform)
        assert caught.value.code == "N107"
    subject.run.preparation.inputs[0].vocabulary = ("a", "b")
    with pytest.raises(NetError, match="indices, which cannot be changed a little"):
        attacks._check(subject, how, transform)
    subject.graph.inputs.append(None)
    with pytest.raises(NetError, match="on networks of one input"):
        attacks._check(subject, how, transform)


@pytest.mark.parametrize(
    ("how", "examples", "said"),
    [
        (Attack(sizes=(0.1,), examples=6), 9, ""),
        (Attack(sizes=(0.1,), examples=9), 6, ""),
        (Attack(sizes=(0.1,), examples=9), 7, "7 examples are 14 numbers; at most 12 are changed"),
        (Attack(sizes=(0.1, 0.2), steps=4, examples=1), 9, ""),
        (
            Attack(sizes=(0.1,), steps=9, examples=1),
            9,
            "1 example, 1 size and 9 steps take 9 gradients; at most 8 are computed",
        ),
        (
            Attack(sizes=(0.1, 0.2), steps=1, examples=5),
            9,
            "5 examples, 2 sizes and 1 step take 10",
        ),
    ],
)
def test_how_much_is_attacked(
    how: Attack, examples: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attacks, "NUMBERS", 12)
    monkeypatch.setattr(attacks, "GRADIENTS", 8)
    subject: Any = Scores(FIVE, CLASSES)
    if not said:
        attacks._check_amount(subject, how, examples)
        return
    with pytest.raises(NetError, match=said) as caught:
        attacks._check_amount(subject, how, examples)
    assert caught.value.code == "N670"


def test_the_limits_are_those_that_the_errors_state() -> None:
    from netdsl.lab import forward, fourier, given, matrix

    assert (attacks.STEPS, attacks.GRADIENTS, attacks.SIZES) == (1_000, 10_000_000, 100)
    assert (attacks.NUMBERS, attacks.EXAMPLES, attacks.SHOWN) == (250_000_000, 1_000, 8)
    assert (forward.ELEMENTS, forward.KERAS_ELEMENTS) == (50_000_000, 500_000_000)
    assert (forward.FLOPS, forward.WINDOWED, forward.CELLS) == (2 * 10**10, 500_000_000, 250_000)
    assert (fourier.POSITIONS, given.NUMBERS) == (1_024, 10_000_000)
    assert (matrix.ENTRIES, matrix.OPERATIONS) == (4_000_000, 2_000_000_000)


# --- where an answer comes from -------------------------------------------------------------------


def test_grad_cam_by_hand() -> None:
    maps = np.array([[[1.0, 2.0], [3.0, 0.0]]])
    slopes = np.array([[[1.0, -4.0], [3.0, 2.0]]])  # means 2 and -1
    assert wheres.grad_cam(maps, slopes).tolist() == [[0.0, 6.0]]


@pytest.mark.parametrize(
    ("size", "grid"),
    [
        (3, [0, 1, 2]),
        (24, list(range(24))),
        (25, list(range(1, 25, 2))),
        (48, list(range(1, 48, 2))),
        (49, list(range(1, 49, 3))),
    ],
)
def test_places_of_a_grid(size: int, grid: list[int]) -> None:
    assert wheres._grid(size) == grid
    assert wheres._nearest([1, 4], 6).tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("place", "side", "rows", "columns"),
    [
        ((0, 0), 1, [0], [0]),
        ((2, 1), 2, [1, 2], [0, 1]),
        ((0, 4), 3, [0, 1], [3, 4]),
        ((4, 0), 2, [3, 4], [0]),
    ],
)
def test_a_patch_is_covered_with_the_mean(
    place: tuple[int, int], side: int, rows: list[int], columns: list[int]
) -> None:
    image = np.arange(50.0).reshape(5, 5, 2)
    found = wheres._covered(image, place, side)
    where = np.zeros((5, 5), bool)
    where[np.ix_(rows, columns)] = True
    assert (found[where] == image.mean(axis=(0, 1))).all()
    assert (found[~where] == image[~where]).all()


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("4x4x1 > conv3-2(relu) > gap > fc-2", "conv_1"),
        ("4x4x1 > conv3-2 > conv3-2(relu) > gap > fc-2", "conv_2"),
        ("4x4x1 > conv3-2 > pool2 > flatten > fc-2", "pool_1"),
        ("4x1x1 > conv1-2 > gap", "conv_1"),
        ("1x2x1 > conv1-2 > gap", "conv_1"),
        ("4x4x1 > conv3-2 > pool4 > flatten", "conv_1"),  # one position is not a map
        ("1x4x1 > conv1-2 > gap", "conv_1"),
        ("4x4x1 > gap", ""),
        ("4 > fc-3", ""),
        ("4x3 > conv3-2 > gap", ""),
    ],
)
def test_the_last_layer_with_maps(text: str, layer: str) -> None:
    graph = parse(text).graph
    found = wheres._last_with_maps(graph)
    assert (layer == "") == (found is None)
    if found is not None:
        assert graph.layers[graph.ops[found].layer].name == layer
        assert found == graph.layers[graph.ops[found].layer].ops[-1]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (((0, 1), (0, 1)), [[0, 1], [3, 4]]),
        (((-1, 0), (1, 3)), [[0.5, 0.5, 0.5], [1, 2, 0.5]]),
        (((2, 3), (-2, 0)), [[0.5, 0.5, 6], [0.5, 0.5, 0.5]]),
        (((1, 1), (1, 1)), [[4]]),
    ],
)
def test_a_box_is_cut_out(box: Any, expected: Any) -> None:
    image = np.arange(9.0).reshape(3, 3, 1)
    assert cut_out(image, box)[..., 0].tolist() == expected


# --- codes ----------------------------------------------------------------------------------------


def codes(array: Any, labels: list[str] | None = None, neighbour: float | None = None) -> Codes:
    array = np.asarray(array, float)
    return Codes("z", array, labels, array[:, :2], neighbour, "as it is")


def test_codes_in_words() -> None:
    found = codes([[0.4, 1.6], [0.2, 2.0], [1.0, -1.0]], ["a", "b", "a"], 1 / 3)
    assert codes_described(found) == [
        "Codes of z (2 numbers)",
        "3 examples, as it is",
        "1-NN: 33.3% have a nearest neighbour of their class",
        "example      0       1  rounded",
        "a        0.400   1.600  0 2",
        "b        0.200   2.000  0 2",
        "a        1.000  -1.000  1 -1",
        "2 different rounded codes of 3",
    ]
    plain = codes_described(codes([[0.4, 1.6]]))
    assert plain[:2] == ["Codes of z (2 numbers)", "1 example, as it is"]
    assert plain[3].split() == ["0", "0.400", "1.600", "0", "2"]
    assert codes_json(found)["labels"] == ["a", "b", "a"]
    assert "1-NN 0.333" in found.svg
    assert "1-NN" not in codes([[0.4, 1.6], [1.0, 2.0]]).svg


def test_a_map_of_codes_shows_examples_as_their_classes() -> None:
    """From left to right; classes have colours in the order of their names."""
    svg = codes([[2, 0], [0, 1], [1, 0]], ["b", "b", "a"]).svg
    marks = re.findall(r'<text x="([0-9.]+)"[^>]*fill="hsl\((\d+) [^>]*>(\w+)<', svg)
    ordered = sorted(marks, key=lambda mark: float(mark[0]))
    assert [mark[1:] for mark in ordered] == [("180", "b"), ("0", "a"), ("180", "b")]


@pytest.mark.parametrize(
    ("count", "size", "table"), [(16, 16, True), (17, 16, False), (16, 17, False)]
)
def test_few_codes_are_a_table(count: int, size: int, table: bool) -> None:
    assert (len(codes_described(codes(np.zeros((count, size))))) > 2) == table


def test_principal_components() -> None:
    from netdsl.lab.inside.codes import _plane

    along = np.array([[0.0, 0, 0], [2, 0, 0], [4, 0, 0], [2, 1, 0], [2, -1, 0]])
    plane, said = _plane(along + 7, "pca")
    assert said == "two principal components, 100% of the variance"
    np.testing.assert_allclose(np.abs(plane), [[2, 0], [0, 0], [2, 0], [0, 1], [0, 1]], atol=1e-12)
    line, said = _plane(np.array([[0.0], [2.0]]), "pca")
    np.testing.assert_allclose(np.abs(line), [[1, 0], [1, 0]], atol=1e-12)
    octahedron = np.vstack([np.diag([2.0, 1.0, 1.0]), np.diag([-2.0, -1.0, -1.0])])
    _, said = _plane(octahedron, "pca")  # 4 + 1 of 4 + 1 + 1
    assert said == "two principal components, 83% of the variance"
    _, said = _plane(np.ones((3, 2)), "pca")
    assert said == "two principal components, 100% of the variance"


def test_nearest_neighbours() -> None:
    from netdsl.lab.inside.codes import _neighbour

    places = np.array([[0.0], [1.0], [1.5], [9.0]])
    assert _neighbour(places, ["a", "b", "b", "a"]) == 0.5
    assert _neighbour(places, ["b", "b", "b", "b"]) == 1.0
    assert _neighbour(places, None) is None
    many = np.repeat(np.arange(300.0), 2)[:, None]
    assert _neighbour(many, [str(at // 2) for at in range(600)]) == 1.0


# --- norms ----------------------------------------------------------------------------------------


class LayerNorms(NamedTuple):
    """As the training measures them, in a module that imports Keras."""

    layer: str
    weights: float
    gradient: float
    update: float


def norms(*gradients: float, updates: Any = None, weights: float = 2.0) -> Norms:
    job: Any = SimpleNamespace(
        recipe=SimpleNamespace(
            optimizer=SimpleNamespace(name="gd", rate=0.5), data=SimpleNamespace(source="xor")
        ),
        network=SimpleNamespace(name="n"),
    )
    layers = tuple(
        LayerNorms(f"fc_{at}", weights, gradient, update)
        for at, (gradient, update) in enumerate(zip(gradients, updates or gradients, strict=True))
    )
    found: Any = SimpleNamespace(examples=1, loss=0.25, layers=layers)
    return Norms(job, found)


@pytest.mark.parametrize(
    ("gradients", "said"),
    [
        ((1.0, 1.0), "= 1"),
        ((1e-4, 1.0), "= 0.0001"),
        ((0.9e-4, 1.0), "= 9e-05: it vanishes on its way back"),
        ((1e4, 1.0), "= 1e+04"),
        ((1.1e4, 1.0), "= 1.1e+04: it explodes on its way back"),
        ((1e5, 2e5), "= 0.5; the gradients explode: up to 2e+05"),
        ((1e4, 1e4), "= 1"),
        ((1.0, 0.0), "= nan"),
        ((math.inf, math.inf), "= nan; the gradients explode: up to inf"),
    ],
)
def test_verdicts_of_gradients(gradients: tuple[float, ...], said: str) -> None:
    assert norms(*gradients).verdict() == f"gradient of the first layer : the last {said}"


def test_bars_of_norms() -> None:
    """From 10^-2, below the smallest, to the largest: 24 signs for three powers of ten."""
    lines = norms_text(norms(0.01, 10.0, updates=(0.1, 0.0))).splitlines()
    assert lines[0] == "1 example of xor, loss 0.25, gd 0.5"
    assert lines[4].split() == ["fc_0", "1.00e-02", "#", "1.00e-01", "#" * 8, "5.0e-02"]
    assert lines[5].split() == ["fc_1", "1.00e+01", "#" * 24, "0.00e+00", "0.0e+00"]
    assert lines[-2] == "bars are logarithmic, from 1e-2"
    none = norms_text(norms(0.0, math.inf, updates=(0.0, 0.0), weights=0.0)).splitlines()
    assert none[4].split() == ["fc_0", "0.00e+00", "0.00e+00", "inf"]
    assert none[5].split() == ["fc_1", "inf", "0.00e+00", "inf"]
    values = norms_json(norms(1.0, 0.0))
    assert (values["examples"], values["loss"], values["first_by_last"]) == (1, 0.25, None)
    assert values["layers"][0] == {"layer": "fc_0", "gradient": 1.0, "update": 1.0, "weights": 2.0}


# --- checked derivatives --------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1e-12, 1.0, 0.0, -1e-6])
def test_steps_that_differences_are_not_taken_with(step: float) -> None:
    assert require_step(1.1e-12) == 1.1e-12
    assert require_step(0.99) == 0.99
    with pytest.raises(NetError, match="is not between") as caught:
        require_step(step)
    assert caught.value.code == "N107"


def test_verdicts_of_arrays() -> None:
    good = ArrayCheck("fc_1", "kernel", 6, 0, 1e-9, True, False)
    rows = [good, good._replace(tried=0, kinks=6), good._replace(zero=True)]
    wrong = good._replace(worst=0.5, right=False)
    lines = gradcheck_text([*rows, wrong], Settings()).splitlines()
    assert [line.split("  ")[-1].strip() for line in lines[2:6]] == [
        "right",
        "kinks only",
        "right: 0 everywhere",
        "WRONG",
    ]
    assert lines[-1] == "1 array of 4 differ by more than 1e-06"
    assert gradcheck_text([good], Settings()).splitlines()[-1] == "the array agrees within 1e-06"
    several = gradcheck_text([good, good], Settings(one_sided=True), ["relu_1"]).splitlines()
    assert several[-2] == "all 2 arrays agree within 0.001"
    assert several[-1] == "no gradient passes relu_1: its derivative is 0 everywhere"


# --- drawn numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count", "drawn"),
    [
        ("12 > relu", 12, True),
        ("13 > relu", 13, False),
        ("12 > relu", 144, True),  # a row for each example
        ("12 > relu", 156, False),
        ("12x12x1 > relu", 144, True),
        ("2x2x4 > relu", 16, True),
        ("2x2x5 > relu", 20, False),
        ("2x2x2 > relu", 16, True),  # two channels of two examples
        ("2x2x2 > relu", 24, False),
        ("3x4 > relu", 12, True),
        ("12x1 > relu", 12, True),
    ],
)
def test_the_tables_that_are_drawn(text: str, count: int, drawn: bool) -> None:
    subject = begun(parse(text), 0)
    found = values_of(subject, {"input": " ".join(map(str, range(count)))})
    if drawn:
        assert ">11<" in forward_picture(subject.network, found).svg
    else:
        with pytest.raises(NetError) as caught:
            forward_picture(subject.network, found)
        assert caught.value.code == "N660"
