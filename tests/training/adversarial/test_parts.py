"""The parts of a GAN's training, each without a run: its losses, state, samples, memory, charts."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from support.gans import CONDITIONAL, PLAIN, images

from netdsl.architecture import Architecture
from netdsl.errors import Source
from netdsl.reading import ReadOptions, check_source
from netdsl.training.adversarial.job import AdversarialJob, steps_of
from netdsl.training.adversarial.plan import plan_pair
from netdsl.training.recipes.recipe import Recipe, parse_recipe
from netdsl.training.runs.history import Epoch

pytestmark = pytest.mark.keras


def network(text: str) -> Architecture:
    return check_source(Source("<text>", text), ReadOptions(), "network").networks[0]


def planned(text: str = PLAIN, recipe: str = "gan: nonsaturating\n", **more: Any) -> AdversarialJob:
    return plan_pair(network(text), parse_recipe(recipe), **{"data": images(), **more})


def row(epoch: int, step: int = 0, loss: float = 1.0, diversity: float | None = 0.9) -> Epoch:
    scores = {"generator_loss": 2.0, "discriminator_loss": loss}
    scores |= {"real_score": 0.75, "generated_score": 0.25}
    if diversity is not None:
        scores["diversity"] = diversity
    return Epoch(epoch, step or epoch, 0.1, scores, None, 1.0)


# --- the losses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "discriminator", "generator"),
    [
        # E log(1 + e^-real) + E log(1 + e^generated), E log(1 + e^-generated)
        ("nonsaturating", 0.72009 + 0.89367, 0.64367),
        # (E (real - 1)^2 + E generated^2) / 2, E (generated - 1)^2 / 2
        ("least-squares", (2.5 + 0.625) / 2, 1.125 / 2),
        ("wasserstein-gp", 0.25 - 0.5, -0.25),
    ],
)
def test_losses(loss: str, discriminator: float, generator: float) -> None:
    from netdsl.training.adversarial.losses import discriminator_loss, generator_loss

    real, made = np.array([[2.0], [-1.0]]), np.array([[-0.5], [1.0]])
    assert float(discriminator_loss(loss, real, made)) == pytest.approx(discriminator, abs=1e-4)
    assert float(generator_loss(loss, made)) == pytest.approx(generator, abs=1e-4)


def test_the_gradient_penalty_is_of_each_example() -> None:
    """Slopes of length 5 and 0: the mean of 4^2 and 1^2."""
    from netdsl.training.adversarial.losses import gradient_penalty

    slopes = np.array([[[3.0], [4.0]], [[0.0], [0.0]]])
    assert float(gradient_penalty(slopes)) == pytest.approx(8.5, abs=1e-4)


# --- the state ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "value", "diversity", "kinds"),
    [
        ("nonsaturating", 0.014, 0.5, 0),
        ("nonsaturating", 0.0139, 0.5, 1),
        ("nonsaturating", 0.014, 0.49, 1),
        ("nonsaturating", 0.0139, 0.49, 2),
        ("nonsaturating", 0.5, None, 0),
        ("least-squares", 0.0025, 0.9, 0),
        ("least-squares", 0.0024, 0.9, 1),
        ("wasserstein-gp", -1e9, 0.9, 0),
    ],
)
def test_signs(loss: str, value: float, diversity: float | None, kinds: int) -> None:
    from netdsl.training.adversarial.state import signs

    assert len(signs(row(1, loss=value, diversity=diversity), loss)) == kinds


def test_a_sign_is_new_where_the_epoch_before_has_it_not() -> None:
    from netdsl.training.adversarial.state import new_signs, summary

    rows = [row(1, diversity=0.1), row(2, diversity=0.1), row(3), row(4, diversity=0.1)]
    said = [new_signs(rows[: at + 1], "nonsaturating") for at in range(4)]
    assert list(map(len, said)) == [1, 0, 0, 1]
    alike = "the samples are alike (mode collapse)"
    assert said[3] == [f"epoch 4: {alike}: they differ 0.10 times as much as the data does"]
    assert summary(rows, "nonsaturating") == [f"{alike} in 3 of 4 epochs, the last is epoch 4"]
    assert summary(rows[:1], "nonsaturating") == [f"{alike} in 1 of 1 epoch, the last is epoch 1"]
    assert summary([row(1)], "nonsaturating") == []


def test_what_is_said_of_a_discriminator_that_has_won() -> None:
    from netdsl.training.adversarial.state import new_signs, summary

    rows = [row(1, loss=0.01), row(2, loss=0.002, diversity=0.25)]
    won, alike = "the discriminator has won", "the samples are alike (mode collapse)"
    assert new_signs(rows[:1], "nonsaturating") == [
        f"epoch 1: {won}: its loss is 0.01, and the generator learns little from it; a lower "
        "`gan.discriminator_rate` may help"
    ]
    assert [said.split(":")[:2] for said in new_signs(rows, "nonsaturating")] == [
        ["epoch 2", f" {alike}"]
    ]
    assert summary(rows, "nonsaturating") == [
        f"{won} in 2 of 2 epochs, the last is epoch 2",
        f"{alike} in 1 of 2 epochs, the last is epoch 2",
    ]


def test_a_state_comes_back_from_plain_values() -> None:
    from netdsl.training.adversarial.state import AdversarialState, as_plain, from_plain

    state = AdversarialState(rows=[row(1, 3), row(2, 6)], step=7, seconds=2.5, begun=0.5)
    assert from_plain(as_plain(state)) == state
    ended = dataclasses.replace(state, step=6, ended="interrupted", begun=0.0)
    assert from_plain(as_plain(ended)) == ended
    assert from_plain(as_plain(AdversarialState())) == AdversarialState()


@pytest.mark.parametrize(
    "change",
    [
        {"step": 5},
        {"step": -1, "rows": []},
        {"ended": "tired"},
        {"rows": [row(2, 3)]},
        {"rows": [row(1, 3), row(1, 6)]},
        {"rows": [row(1, 3), row(3, 6)]},
    ],
)
def test_a_state_that_cannot_be(change: dict[str, Any]) -> None:
    from netdsl.training.adversarial.state import AdversarialState, as_plain, from_plain

    values = {"rows": [row(1, 3), row(2, 6)], "step": 6, **change}
    with pytest.raises(ValueError, match=r"epochs are not one after the other|it is at step"):
        from_plain(as_plain(AdversarialState(**values)))


@pytest.mark.parametrize(
    ("examples", "batch", "rounds", "steps"),
    [(100, 10, None, 10), (100, 10, 5, 2), (99, 10, 5, 1), (49, 10, 5, 0), (7, None, None, 7)],
)
def test_only_whole_steps_count(
    examples: int, batch: int | None, rounds: int | None, steps: int
) -> None:
    gan = dataclasses.replace(Recipe().gan, steps=rounds)
    assert steps_of(examples, Recipe().replace(batch=batch, gan=gan)) == steps


# --- samples --------------------------------------------------------------------------------------


def test_noise_does_not_depend_on_how_many_follow() -> None:
    from netdsl.training.adversarial.samples import drawn_noise

    noise = drawn_noise((2, 3), 5, 7)
    assert (noise.shape, noise.dtype) == ((5, 2, 3), np.float32)
    assert np.array_equal(drawn_noise((2, 3), 9, 7)[:5], noise)
    assert not np.array_equal(drawn_noise((2, 3), 5, 8), noise)


def test_classes_one_after_the_other() -> None:
    from netdsl.training.adversarial.samples import cycled

    found = cycled(3, 5)
    assert found is not None
    assert (found.tolist(), found.dtype) == ([[0], [1], [2], [0], [1]], np.int32)
    assert cycled(0, 5) is None


class Echo:
    """Gives what it is given, and notes how many rows that is."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def predict_on_batch(self, x: Any) -> Any:
        self.given.append([len(one) for one in x] if isinstance(x, list) else len(x))
        return sum(one.astype(float) for one in x) if isinstance(x, list) else x


@pytest.mark.parametrize("text", [PLAIN, CONDITIONAL])
def test_all_that_is_generated_in_its_order(text: str) -> None:
    from netdsl.training.adversarial.samples import generated

    noise = np.arange(600.0, dtype=np.float32).reshape(-1, 1)
    labels = None if text == PLAIN else np.arange(600).reshape(-1, 1) % 3
    model = Echo()
    found = generated(model, network(text), noise, labels)
    assert np.array_equal(found, noise if labels is None else noise + labels)
    counts = [256, 256, 88]
    assert model.given == (counts if labels is None else [[count] * 2 for count in counts])


def test_the_class_comes_where_the_network_has_it() -> None:
    from netdsl.training.adversarial.samples import generated

    class First:
        def predict_on_batch(self, x: Any) -> Any:
            return x[0]

    noise, labels = np.full((2, 1), 7.0), np.ones((2, 1))
    swapped = CONDITIONAL.replace(
        "input class: 1 of int(3)\ninput z: 4\n", "input z: 4\ninput class: 1 of int(3)\n"
    )
    assert generated(First(), network(CONDITIONAL), noise, labels).tolist() == [[1], [1]]
    assert generated(First(), network(swapped), noise, labels).tolist() == [[7], [7]]


@pytest.mark.parametrize(
    ("points", "distance"),
    [([[5.0]], 0.0), ([[1.0], [4.0]], 3.0), ([[0, 0], [3, 4], [3, 4]], 10 / 3)],
)
def test_the_mean_distance_of_pairs(points: Any, distance: float) -> None:
    from netdsl.training.adversarial.samples import mean_distance

    assert mean_distance(np.array(points, float)) == pytest.approx(distance, abs=1e-6)


@pytest.mark.parametrize(
    ("shape", "image"),
    [
        ((4,), False),
        ((4, 4), True),
        ((4, 2), True),
        ((4, 4, 1), True),
        ((4, 4, 2), False),
        ((4, 4, 3), True),
        ((4, 4, 4, 3), False),
    ],
)
def test_what_is_shown_as_an_image(shape: tuple[int, ...], image: bool) -> None:
    from netdsl.training.adversarial.samples import is_image

    assert is_image(shape) == image


@pytest.mark.parametrize(
    ("made", "data", "shown"),
    [
        ((16,), (4, 4), (4, 4)),  # a row of pixels
        ((15,), (4, 4), (15,)),
        ((16,), (16,), (16,)),
        ((16,), (2, 2, 4), (16,)),  # that are not images
        ((4, 4, 1), (4, 4), (4, 4, 1)),
        ((2, 8), (4, 4), (2, 8)),
    ],
)
def test_the_shape_that_an_example_is_shown_in(made: Any, data: Any, shown: Any) -> None:
    from netdsl.training.adversarial.samples import example_shape

    class Out(NamedTuple):
        outputs: Any

    class Pair(NamedTuple):
        generator: Any

    class Shape(NamedTuple):
        shape: Any
        example: Any = None

    pair: Any = Pair(Out([Shape(made)]))
    assert example_shape(pair, Shape(None, data)) == shown  # type: ignore[arg-type]


def test_what_was_made_in_the_units_of_the_data() -> None:
    from netdsl.training.adversarial.samples import as_data

    input = planned().data.preparation.inputs[0]
    assert (input.signed, input.unit, input.scale) == (True, True, 255.0)
    made = np.array([-1.0, 0.0, 1.0])
    assert as_data(made, input).tolist() == [0.0, 0.5, 1.0]
    whole = dataclasses.replace(input, signed=False)
    assert as_data(made, whole).tolist() == made.tolist()
    wide = dataclasses.replace(whole, unit=False, scale=4.0)
    assert as_data(made, wide).tolist() == [-4.0, 0.0, 4.0]


def test_a_sheet_has_a_row_for_each_class(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from netdsl.training.adversarial import samples

    found: list[Any] = []
    monkeypatch.setattr(samples, "write_sheet", lambda rows, *_: found.append(rows))
    made = np.linspace(0.0, 1.0, 20).reshape(20, 1, 1, 1)
    samples.save_samples(made, ("a", "b", "c"), "", tmp_path / "a.png")
    samples.save_samples(made, (), "", tmp_path / "a.png")
    samples.save_samples(made[:2], ("a", "b", "c"), "", tmp_path / "a.png")
    tall = np.zeros((30, 1, 1, 1))
    samples.save_samples(tall, ("a", "b"), "", tmp_path / "a.png")
    assert [[(name, len(images)) for name, images in rows] for rows in found] == [
        [("a", 7), ("b", 7), ("c", 6)],
        [("", 8), ("", 8), ("", 4)],
        [("a", 1), ("b", 1)],  # of three there is none
        [("a", 8), ("b", 8)],  # as many as a row holds
    ]
    shown = [image.getpixel((0, 0))[0] for _, images in found[0] for image in images]
    values = [round(255 * at / 19) for start in range(3) for at in range(start, 20, 3)]
    assert shown == values


# --- what is written and said ---------------------------------------------------------------------


def test_epochs_as_csv() -> None:
    from netdsl.training.adversarial.keeper import epochs_csv

    names = "epoch,step,generator_loss,discriminator_loss,real_score,generated_score,seconds"
    rows = [row(1, 3, 1 / 3, None), row(2, 6, 0.25, None)]
    lines = ["1,3,2,0.333333,0.75,0.25,1.000", "2,6,2,0.25,0.75,0.25,1.000"]
    assert epochs_csv(rows) == "\n".join([names, *lines]) + "\n"
    assert epochs_csv([]) == "epoch,step,seconds\n"


def test_the_chart_of_both_losses() -> None:
    from netdsl.training.adversarial.keeper import losses_chart, names_of

    job = planned()
    text = losses_chart(job, [row(1, loss=4.0), row(2, loss=0.125)])
    assert "generator loss 2.0000  discriminator loss 0.1250" in text
    assert "generator on python" in text
    assert "no epoch yet" in losses_chart(job, [])
    assert names_of(job) == ()
    assert names_of(planned(CONDITIONAL)) == ("0", "1", "2")


@pytest.mark.parametrize(
    ("text", "recipe", "expected"),
    [
        (PLAIN, "", "python: 51 training and 13 test examples; made of noise of 4; loss "),
        (PLAIN, "data: {split: {test: 0}}\n", "python: 64 training examples; made of noise of 4; "),
        (CONDITIONAL, "", "examples; made of noise of 4 and one of 3 classes; loss nonsaturating;"),
        (
            PLAIN.replace("z: 4", "z: 2x2").replace("> fc-8(relu)", "> flatten > fc-8(relu)"),
            "",
            "noise of 2x2; ",
        ),
    ],
)
def test_the_opening(text: str, recipe: str, expected: str) -> None:
    from netdsl.training.adversarial.train import opening

    recipe = f"gan: nonsaturating\n{recipe}"
    if "data" in recipe:
        split = Recipe.of({"data": {"source": "python", "split": {"test": 0}}})
        job = plan_pair(
            network(text), parse_recipe("gan: {}").replace(data=split.data), data=images()
        )
    else:
        job = planned(text, recipe)
    assert expected in opening(job)[0]
    assert opening(job)[0].endswith("images become -1 to 1")
    unsigned = opening(planned(PLAIN.replace("tanh-16", "sigmoid-16")))
    assert unsigned[0].endswith("loss nonsaturating")


@pytest.mark.parametrize(("recipe", "factor"), [("nonsaturating", 2), ("wasserstein-gp", 4)])
def test_the_memory_of_two(recipe: str, factor: int) -> None:
    """The largest batch fits and the next does not, for budgets around what some take."""
    from netdsl.analysis.memory.process import RESIDENT
    from netdsl.training.adversarial.train import pair_memory

    job = planned(recipe=f"gan: {recipe}\nbatch: 4\n")
    memory = pair_memory(job)
    assert memory.factor == factor
    both = memory.generator.needed(10, RESIDENT) + memory.discriminator.needed(
        factor * 10, RESIDENT
    )
    assert memory.needed(10, RESIDENT) == both
    for batch in (1, 2, 5, 64, 1000):
        budget = memory.needed(batch, RESIDENT)
        largest = memory.largest(budget, RESIDENT)
        assert memory.needed(largest, RESIDENT) <= budget
        assert budget < memory.needed(largest + 1, RESIDENT)
    assert memory.largest(memory.needed(1, RESIDENT) - 1, RESIDENT) == 0
