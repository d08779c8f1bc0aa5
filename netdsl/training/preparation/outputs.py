"""From a label or a value to the target of one output of a network, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from netdsl.training.preparation.readings import LOSSES_OF_CLASSES, reads_logits, reads_margins
from netdsl.training.preparation.shapes import size

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array, Shape


LABELS, TAGS, VALUES = "labels", "tags", "values"
"""The tasks of outputs: one class of several, for each example or each of its positions; yes or no
for each of several tags; numbers.
"""


@dataclass(frozen=True)
class OutputTransform:
    """From a label or a value to the target of one output of the network.

    Attributes:
        name: the network's output.
        shape: its shape, without the batch.
        activation: its activation.
        loss: the loss between it and its targets.
        classes: how many classes there are; 0 where the data holds values. With classes, a label
            replaces the last axis: one for each example, or one for each position of an output
            [t, classes] or [h, w, classes].
        names: the classes' names, if they have some.
        centre, spread: values are standardised: `(y - centre) / spread`.
        copies: the input that this output learns to reconstruct, else empty.
        soft: whether the targets of a binary loss are probabilities, and not just 0 and 1.
        reduce: how a squared or an absolute loss combines an example's elements: as their mean,
            their sum, or half of that.
        columns: the columns of a table that it learns as values.
        temperature: the divisor of logits that calibrates probabilities, chosen after training.
        positive: of two classes the one for which precision, recall, F1 and a threshold are.
        thresholds: the probabilities above which the positive of two classes, or each tag, is
            answered, in place of one half; chosen after training.
    """

    name: str
    shape: Shape
    activation: str
    loss: str
    classes: int
    names: tuple[str, ...] = ()
    centre: float = 0.0
    spread: float = 1.0
    copies: str = ""
    soft: bool = False
    reduce: str = "mean"
    columns: tuple[str, ...] = ()
    temperature: float = 1.0
    positive: int = 1
    thresholds: tuple[float, ...] = ()

    @property
    def loss_factor(self) -> float:
        """The factor of the mean over an example's elements in the loss."""
        size = math.prod(self.shape)
        # Keras's losses are means over the last axis: a sum is the mean times the number of
        # elements.
        return {"mean": 1.0, "sum": float(size), "half": 0.5 * size}[self.reduce]

    @property
    def logits(self) -> bool:
        """Whether the loss reads the output as logits."""
        return reads_logits(self.loss, self.activation)

    @property
    def border(self) -> float:
        """The value of a single output above which it answers 1, if no threshold was chosen."""
        return 0.0 if self.logits or reads_margins(self.loss) else 0.5

    @property
    def task(self) -> str:
        """The task of the output, one of `LABELS`, `TAGS`, `VALUES`.

        An output with a binary loss answers yes or no, unless its targets are probabilities, or an
        input's grey values: answers to these are neither right nor wrong.
        """
        if self.classes:
            return LABELS
        if self.loss != "binary" or self.copies or self.soft:
            return VALUES
        return LABELS if self.shape[-1] == 1 else TAGS

    @property
    def categories(self) -> int:
        """How many classes or tags the output distinguishes; 0 for values."""
        if self.task == VALUES:
            return 0
        return max(2, self.shape[-1]) if self.task == LABELS else self.shape[-1]

    @property
    def dense(self) -> bool:
        """Whether there is a label for each position, such as a pixel, not one for each example."""
        return self.task == LABELS and len(self.shape) > 1

    @property
    def probable(self) -> bool:
        """Whether the loss reads the output's numbers as probabilities or logits."""
        return self.loss in ("cross-entropy", "binary")

    def label(self, label: int) -> str:
        """Return a class's name, or its number if it has none."""
        return self.names[label] if label < len(self.names) else str(label)

    def targets(self, y: Array, dtype: Any = "float32") -> Array:
        """Prepare labels or values [n, ...] for the loss.

        Args:
            y: labels [n] or [n, *positions], or values.
            dtype: of the targets, except labels for a cross-entropy.

        Returns:
            int32 [n] or [n, *positions] for the cross-entropy; 0 and 1 [n, *shape] for other losses
            of classes; values [n, *shape], standardised.
        """
        import numpy as np

        if not self.classes:
            values = y.reshape(len(y), *self.shape)
            if (self.centre, self.spread) != (0.0, 1.0):
                values = (values - self.centre) / self.spread
            return np.asarray(values, dtype)
        if self.loss == "cross-entropy":
            return y.astype(np.int32)
        if self.shape[-1] == 1:
            return y.reshape(len(y), *self.shape).astype(dtype)
        return np.eye(self.classes, dtype=dtype)[y]

    def original(self, values: Any) -> Any:
        """Return the network's numbers [n, *shape] in the data's own units."""
        return values * self.spread + self.centre

    def decided(self, decision: Mapping[str, Any]) -> OutputTransform:
        """Return the same with the temperature and the thresholds that were chosen.

        Raises:
            ValueError: for a number of thresholds that the output does not have.
        """
        thresholds = tuple(decision.get("thresholds", ()))
        # Two classes have one threshold, the positive's; tags one each.
        if len(thresholds) not in (0, 1 if self.task == LABELS else self.categories):
            raise ValueError(f"{len(thresholds)} thresholds of {size(self.shape)}")
        temperature = float(decision.get("temperature", 1.0))
        return replace(self, temperature=temperature, thresholds=thresholds)

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> OutputTransform:
        """Make the transform from what `dataclasses.asdict` gave.

        Raises:
            TypeError, KeyError, ValueError: where it is not one, or holds an impossible number.
        """
        made = cls(
            **{
                **values,
                "shape": tuple(map(int, values["shape"])),
                "classes": int(values["classes"]),
                "names": tuple(map(str, values["names"])),
                "columns": tuple(map(str, values.get("columns", ()))),
                "centre": float(values["centre"]),
                "spread": float(values["spread"]),
                "thresholds": tuple(map(float, values.get("thresholds", ()))),
            }
        )
        if not (0 < made.spread < math.inf and math.isfinite(made.centre)):
            raise ValueError(f"centre {made.centre}, spread {made.spread}")
        if made.loss not in (*LOSSES_OF_CLASSES, "squared", "absolute"):
            raise ValueError(f"loss {made.loss}")
        if made.reduce not in ("mean", "sum", "half"):
            raise ValueError(f"reduction {made.reduce}")
        if made.positive not in (0, 1):
            raise ValueError(f"the positive class {made.positive}")
        if made.classes not in (0, max(2, made.shape[-1])):
            raise ValueError(f"{made.classes} classes of {size(made.shape)}")
        return made
