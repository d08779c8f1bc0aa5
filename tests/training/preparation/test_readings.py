"""What losses read outputs as, by the activations' own facts."""

from __future__ import annotations

import pytest
from support.kinds import ALL_KINDS, copied

from netdsl.kinds import KINDS
from netdsl.training.preparation.readings import (
    activations_for,
    gives_classes,
    gives_distribution,
    meaning_of,
    reads_logits,
    reads_margins,
    reads_probabilities,
)

LOSSES = ("cross-entropy", "binary", "hinge", "perceptron", "squared", "absolute")


@pytest.mark.parametrize(
    ("loss", "activations"),
    [
        ("cross-entropy", ["softmax", "linear", "logsoftmax"]),
        ("binary", ["sigmoid", "hsigmoid", "linear"]),
        ("hinge", ["linear", "tanh"]),
        ("perceptron", ["sign", "step", "linear"]),
        ("squared", []),
        ("absolute", []),
    ],
)
def test_each_loss_has_its_activations(loss: str, activations: list[str]) -> None:
    assert activations_for(loss) == activations


def test_what_is_read() -> None:
    read = {
        (loss, word): what
        for what, reads in (("probabilities", reads_probabilities), ("logits", reads_logits))
        for loss in LOSSES
        for word in KINDS
        if reads(loss, word)
    }
    assert read == {
        ("cross-entropy", "softmax"): "probabilities",
        ("binary", "sigmoid"): "probabilities",
        ("binary", "hsigmoid"): "probabilities",
        ("cross-entropy", "linear"): "logits",
        ("cross-entropy", "logsoftmax"): "logits",
        ("binary", "linear"): "logits",
    }
    assert [loss for loss in LOSSES if reads_margins(loss)] == ["hinge", "perceptron"]


def test_what_shows_classes() -> None:
    assert {word for word in KINDS if gives_distribution(word)} == {"softmax", "logsoftmax"}
    reported = {"softmax", "logsoftmax", "sigmoid", "hsigmoid"}
    assert {word for word in KINDS if gives_classes(word)} == reported


@pytest.mark.parametrize(
    "kind", [kind for kind in ALL_KINDS if kind.group == "activation"], ids=lambda kind: kind.word
)
def test_a_copy_is_read_alike(kind: type) -> None:
    def answers(word: str) -> list[object]:
        rules = (reads_probabilities, reads_logits)
        found = [rule(loss, word) for rule in rules for loss in LOSSES]
        return [meaning_of(word), gives_distribution(word), gives_classes(word), *found]

    with copied(kind) as copy:
        assert answers(copy.word) == answers(kind.word)
