"""How a loss reads an output: as probabilities, logits or margins, by its activation."""

from __future__ import annotations

from netdsl.kinds import KINDS

PERCEPTRON = "perceptron"
"""The loss of Rosenblatt's rule, which counts the wrong answers of a unit."""

_PROBABILITIES = {"cross-entropy": ("distribution",), "binary": ("probability",)}
_LOGITS = {"cross-entropy": ("score", "log-distribution"), "binary": ("score",)}
_MARGINS = {"hinge": ("score", "margin"), PERCEPTRON: ("decision", "score")}

LOSSES_OF_CLASSES = (*_PROBABILITIES, *_MARGINS)
"""The losses that require certain activations."""


def meaning_of(activation: str) -> str:
    """Return the meaning of an output with this activation (`Kind.output_meaning`)."""
    return KINDS[activation].output_meaning if activation in KINDS else ""


def reads_probabilities(loss: str, activation: str) -> bool:
    """Return whether a loss reads such outputs as probabilities."""
    return meaning_of(activation) in _PROBABILITIES.get(loss, ())


def reads_logits(loss: str, activation: str) -> bool:
    """Return whether a loss reads such outputs as logarithms of odds or of probabilities."""
    return meaning_of(activation) in _LOGITS.get(loss, ())


def reads_margins(loss: str) -> bool:
    """Return whether a loss reads outputs as distances from a border.

    They are above 0 on the class's side; for hinge, 1 and more count as certain.
    """
    return loss in _MARGINS


def decides(activation: str) -> bool:
    """Return whether such an output only gives the side of 0 on which its input is."""
    return meaning_of(activation) == "decision"


def gives_distribution(activation: str) -> bool:
    """Return whether such outputs are the classes' probabilities, or their logarithms."""
    return meaning_of(activation) in ("distribution", "log-distribution")


def gives_classes(activation: str) -> bool:
    """Return whether integers in the data are classes if such an output learns them."""
    return gives_distribution(activation) or meaning_of(activation) == "probability"


def activations_for(loss: str) -> list[str]:
    """Return the activations whose outputs a loss can read; empty if it can read any."""
    meanings = (*_PROBABILITIES.get(loss, ()), *_LOGITS.get(loss, ()), *_MARGINS.get(loss, ()))
    # `KINDS` has aliases: each kind once.
    kinds = dict.fromkeys(KINDS.values())
    words = [[kind.word for kind in kinds if kind.output_meaning == each] for each in meanings]
    return [word for alike in words for word in sorted(alike, key=len)]
