"""What is asked of every kind in Keras: made from the registry alone, so a new kind is asked the
same.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from support.arrays import array, random
from support.emitted import assert_same
from support.kinds import (
    ADDING_LAYERS,
    ALL_KINDS,
    ALONE_ON_NUMBERS,
    BUILT,
    BY_WORD,
    copied,
    kind_of,
    network,
    params,
    under_another_word,
    under_the_first_word,
)

from netdsl import Network, parse
from netdsl.kinds import Kind
from netdsl.kinds.facts import Case, Saved
from netdsl.kinds.values import Indices, dims

pytestmark = pytest.mark.keras


# --- built, run, written --------------------------------------------------------------------------


@pytest.mark.parametrize("case", BUILT)
def test_cases(case: Case) -> None:
    """The model has our shape and our counts, runs, and its source makes the same model."""
    made = network(case)
    model = made.keras(seed=1)
    x = random(case.input)
    y = array(model(x))
    assert y.shape[1:] == case.output
    assert sum(math.prod(weight.shape) for weight in model.trainable_weights) == case.params
    assert model.count_params() == made.counts.total
    again = from_source(made)
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(array(again(x)), y, atol=1e-6)


def from_source(made: Network) -> Any:
    """The model that the kinds' source makes."""
    import keras

    from netdsl.keras import layers as custom

    names = {
        name: getattr(keras, name) for name in ("layers", "ops", "initializers", "regularizers")
    } | {"custom": custom}
    variables: dict[str, Any] = {}
    for index, op in enumerate(made.graph.ops):
        if op.kind is None:
            variables[f"x{index}"] = keras.Input(
                op.shape, dtype="int32" if isinstance(op.shape, Indices) else None
            )
            continue
        reads = tuple(f"x{source}" for source in op.inputs)
        variables[f"x{index}"] = variables[reads[0]]
        for line in op.kind.source(
            op.name, op.shape, *made.graph.input_shapes(op), reads=reads, writes=f"x{index}"
        ):
            variables[f"x{index}"] = eval(line, names, variables)
    return keras.Model(variables["x0"], variables[f"x{made.outputs[0].op}"])


@pytest.mark.parametrize("kind", BY_WORD)
def test_programs_make_the_same_model(kind: type[Kind]) -> None:
    if not kind.is_identity:
        assert_same((network(kind.cases[0]),))


@pytest.mark.zoo
@pytest.mark.parametrize("case", BUILT)
def test_programs_of_all_cases_make_the_same_model(case: Case) -> None:
    assert_same((network(case),))


@pytest.mark.parametrize("kind", ADDING_LAYERS)
def test_a_copy_makes_the_same_model(kind: type[Kind]) -> None:
    case = kind.cases[-1]
    text = f"input {dims(case.input)}\n> {case.text}"
    expected = parse(text).keras(seed=1).to_json()
    with copied(kind):
        found = parse(under_another_word(kind, text)).keras(seed=1).to_json()
    assert under_the_first_word(found) == expected


@pytest.mark.parametrize("kind", BY_WORD)
def test_a_copy_is_trained_as_fast(kind: type[Kind]) -> None:
    from netdsl.training.speed.choice import gains_on_cpu

    case = kind.cases[0]
    text = f"input {dims(case.input)}\n> {case.text} > flatten > fc-2"
    expected = gains_on_cpu(parse(text).graph)
    with copied(kind):
        assert gains_on_cpu(parse(under_another_word(kind, text)).graph) == expected


# --- what a kind states of what it does -----------------------------------------------------------


class Alone(NamedTuple):
    """A kind in use, alone: its model and its shapes."""

    model: Any
    inputs: list[tuple[int, ...]]
    output: tuple[int, ...]

    def __call__(self, *inputs: Any, training: bool = False) -> Any:
        return array(self.model(inputs if len(inputs) > 1 else inputs[0], training=training))

    def random(self, seed: int) -> list[Any]:
        return [random(shape, 3, seed + at) for at, shape in enumerate(self.inputs)]

    def change(self, seed: int) -> tuple[Any, list[Any]]:
        """How the output changes, and by what its inputs do."""
        x, steps = self.random(seed), self.random(7)
        moved = [a + step for a, step in zip(x, steps, strict=True)]
        return self(*moved) - self(*x), steps


def built(kind: type[Kind]) -> Alone:
    made = ALONE_ON_NUMBERS[kind]
    graph, op = made.graph, made.graph.ops[-1]
    shapes = graph.input_shapes(op)
    model = made.keras(seed=1)
    model.set_weights(
        [
            weight + 0.1 * np.cos(np.arange(weight.size)).reshape(weight.shape)
            for weight in model.get_weights()
        ]
    )
    return Alone(model, list(shapes), op.shape)


def saves_nothing(kind: type[Kind]) -> bool:
    """Whether the backward pass of a kind needs nothing of the forward pass."""
    graph = ALONE_ON_NUMBERS[kind].graph
    op = graph.ops[-1]
    return kind_of(op).saved_tensors(op.shape, *graph.input_shapes(op)) == Saved()


CHECKED = (
    "passes_gradient",
    "splits_gradient",
    "is_view",
    "shape_only",
    "inactive_in_use",
    "removes_mean",
    "output_meaning",
)


def of(fact: str) -> Any:
    """The kinds of which a fact holds."""
    kinds = [kind for kind in ALONE_ON_NUMBERS if getattr(kind, fact)]
    return pytest.mark.parametrize("kind", params(kinds))


def test_every_fact_is_compared_with_what_its_kinds_do() -> None:
    """Where a kind states one, a case has the kind alone, on numbers."""
    others = [kind for kind in ALL_KINDS if kind not in ALONE_ON_NUMBERS and not kind.is_identity]
    assert not [(kind.word, fact) for kind in others for fact in CHECKED if getattr(kind, fact)]


SAVING_NOTHING = [kind for kind in ALONE_ON_NUMBERS if saves_nothing(kind)]


@pytest.mark.parametrize("kind", params(kind for kind in SAVING_NOTHING if kind.differentiable))
def test_what_saves_nothing_is_a_straight_line(kind: type[Kind]) -> None:
    """A gradient that needs nothing of the forward pass is the same everywhere."""
    made = built(kind)
    np.testing.assert_allclose(made.change(1)[0], made.change(2)[0], rtol=1e-3, atol=1e-4)


@of("passes_gradient")
def test_what_passes_its_gradient_changes_as_its_inputs_do(kind: type[Kind]) -> None:
    change, steps = built(kind).change(1)
    expected = sum(step.reshape(change.shape) for step in steps)
    np.testing.assert_allclose(change, expected, rtol=1e-3, atol=1e-4)


@of("splits_gradient")
def test_slices_of_the_output_change_as_the_inputs_do(kind: type[Kind]) -> None:
    change, steps = built(kind).change(1)
    np.testing.assert_allclose(change, np.concatenate(steps, -1), rtol=1e-3, atol=1e-4)


@of("is_view")
def test_a_view_holds_the_same_numbers(kind: type[Kind]) -> None:
    made = built(kind)
    (x,) = made.random(1)
    np.testing.assert_array_equal(made(x).ravel(), x.ravel())


@of("shape_only")
def test_numbers_are_moved_or_dropped_and_none_is_made(kind: type[Kind]) -> None:
    made = built(kind)
    inputs = made.random(1)
    assert np.isin(made(*inputs), np.concatenate([x.ravel() for x in inputs])).all()


@of("inactive_in_use")
def test_what_is_inactive_in_use_works_while_training_alone(kind: type[Kind]) -> None:
    made = built(kind)
    (x,) = made.random(1)
    np.testing.assert_allclose(made(x), x, rtol=1e-6)
    assert any(not np.allclose(made(x, training=True), x) for _ in range(50))


@of("removes_mean")
def test_a_constant_of_each_channel_is_taken_away(kind: type[Kind]) -> None:
    made = built(kind)
    (x,) = made.random(1)
    constant = np.arange(x.shape[-1], dtype="float32")
    np.testing.assert_allclose(
        made(x + constant, training=True), made(x, training=True), rtol=1e-3, atol=1e-4
    )


@of("output_meaning")
def test_outputs_are_what_a_loss_reads_them_as(kind: type[Kind]) -> None:
    made = built(kind)
    y = made(*(3 * x for x in made.random(1)))
    if kind.output_meaning.endswith("distribution"):
        p = np.exp(y) if kind.output_meaning.startswith("log") else y
        assert p.min() >= 0
        np.testing.assert_allclose(p.sum(-1), 1, rtol=1e-5)
    low, high = {"probability": (0, 1), "margin": (-1, 1)}.get(
        kind.output_meaning, (-np.inf, np.inf)
    )
    assert low <= y.min()
    assert y.max() <= high
