"""Outputs of every kind, with targets and what a network may give, and what these say by plain
rules of their own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from netdsl.training.preparation.outputs import LABELS, TAGS, VALUES, OutputTransform


class Case(NamedTuple):
    """An output, what it is asked for, and how its numbers are read by hand.

    `reads` is `argmax`, `half` (yes above one half), `sign` (yes above 0), `logistic` (the
    probability of a logit), or `as it is`.
    """

    name: str
    output: OutputTransform
    task: str
    reads: str

    def __str__(self) -> str:
        return self.name

    def sample(self, count: int, seed: int = 0) -> tuple[Any, Any]:
        """Targets as the data has them, and what a network gives [count, *shape]."""
        rng, output = np.random.default_rng(seed), self.output
        values = rng.normal(size=(count, *output.shape))
        if output.activation in ("sigmoid", "hsigmoid"):
            values = 1 / (1 + np.exp(-values))
        if output.activation == "softmax":
            values = np.exp(values) / np.exp(values).sum(axis=-1, keepdims=True)
        if output.activation == "tanh":
            values = np.tanh(values)
        if self.task == LABELS and output.classes:
            return rng.integers(0, output.classes, (count, *output.shape[:-1])), values
        if self.task != VALUES:
            return rng.integers(0, 2, (count, *output.shape)), values
        if output.loss == "binary":
            return rng.random((count, *output.shape)), values
        return rng.normal(output.centre, output.spread, (count, *output.shape)), values

    def said(self, values: Any) -> Any:
        """What is answered, in the data's units."""
        if self.reads == "argmax":
            return values.argmax(axis=-1)
        if self.reads in ("half", "sign"):
            said = (values > (0.5 if self.reads == "half" else 0)).astype(int)
            return said[..., 0] if self.task == LABELS else said
        if self.reads == "logistic":
            return 1 / (1 + np.exp(-values))
        return values * self.output.spread + self.output.centre

    def true(self, y: Any) -> Any:
        """The labels or tags that are true."""
        return y[..., 0] if self.task == LABELS and not self.output.classes else y


def _case(
    name: str,
    shape: tuple[int, ...],
    activation: str,
    loss: str,
    classes: int,
    task: str,
    reads: str,
    **more: Any,
) -> Case:
    return Case(name, OutputTransform("y", shape, activation, loss, classes, **more), task, reads)


CASES = [
    _case("softmax", (3,), "softmax", "cross-entropy", 3, LABELS, "argmax"),
    _case("softmax of 8", (8,), "softmax", "cross-entropy", 8, LABELS, "argmax"),
    _case("logits", (3,), "linear", "cross-entropy", 3, LABELS, "argmax"),
    _case("log-softmax", (3,), "logsoftmax", "cross-entropy", 3, LABELS, "argmax"),
    _case("a class a pixel", (2, 2, 3), "softmax", "cross-entropy", 3, LABELS, "argmax"),
    _case("a class a step", (4, 3), "linear", "cross-entropy", 3, LABELS, "argmax"),
    _case(
        "a class for each of as many steps", (3, 3), "softmax", "cross-entropy", 3, LABELS, "argmax"
    ),
    _case("two classes", (1,), "sigmoid", "binary", 2, LABELS, "half"),
    _case("two classes, hard", (1,), "hsigmoid", "binary", 2, LABELS, "half"),
    _case("two classes by logits", (1,), "linear", "binary", 2, LABELS, "sign"),
    _case("two classes of one pixel", (1, 1, 1), "sigmoid", "binary", 2, LABELS, "half"),
    _case("sigmoids of classes", (3,), "sigmoid", "binary", 3, LABELS, "argmax"),
    _case("logits of sigmoids", (3,), "linear", "binary", 3, LABELS, "argmax"),
    _case("margins", (3,), "linear", "hinge", 3, LABELS, "argmax"),
    _case("a margin", (1,), "linear", "hinge", 2, LABELS, "sign"),
    _case("a margin of tanh", (1,), "tanh", "hinge", 2, LABELS, "sign"),
    _case("squared of a class", (1,), "sigmoid", "squared", 2, LABELS, "half"),
    _case("absolute of a class", (1,), "hsigmoid", "absolute", 2, LABELS, "half"),
    _case("squared of classes", (3,), "softmax", "squared", 3, LABELS, "argmax"),
    _case("a mask", (2, 2, 1), "sigmoid", "binary", 0, LABELS, "half"),
    _case("a mask by logits", (2, 2, 1), "linear", "binary", 0, LABELS, "sign"),
    _case("tags", (3,), "sigmoid", "binary", 0, TAGS, "half"),
    _case("two tags", (2,), "sigmoid", "binary", 0, TAGS, "half"),
    _case("tags by logits", (3,), "linear", "binary", 0, TAGS, "sign"),
    _case("tags of pixels", (2, 2, 3), "hsigmoid", "binary", 0, TAGS, "half"),
    _case("a value", (1,), "linear", "squared", 0, VALUES, "as it is"),
    _case("values", (3,), "tanh", "absolute", 0, VALUES, "as it is"),
    _case("an image", (2, 2, 3), "linear", "squared", 0, VALUES, "as it is"),
    _case(
        "standardised", (1,), "linear", "squared", 0, VALUES, "as it is", centre=30.0, spread=4.0
    ),
    _case("a share", (1,), "sigmoid", "binary", 0, VALUES, "as it is", soft=True),
    _case("a share by logits", (1,), "linear", "binary", 0, VALUES, "logistic", soft=True),
    _case("shares by logits", (3,), "linear", "binary", 0, VALUES, "logistic", soft=True),
    _case("grey", (4,), "sigmoid", "binary", 0, VALUES, "as it is", copies="x"),
    _case("grey by logits", (2, 2, 1), "linear", "binary", 0, VALUES, "logistic", copies="x"),
]
