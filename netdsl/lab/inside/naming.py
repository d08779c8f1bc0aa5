"""Judge generated samples by a trained classifier: how many classes they show, and how confident
the classifier is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from netdsl.errors import did_you_mean, fail
from netdsl.kinds.values import dims
from netdsl.training.evaluation.network_outputs import in_batches, predictor
from netdsl.training.metrics.answers import category_scores, probabilities
from netdsl.training.preparation.outputs import LABELS
from netdsl.training.runs.finished import finished_run
from netdsl.wording import counted

BATCH = 256
"""How many samples the classifier reads at a time."""


class Named(NamedTuple):
    """A classifier's answers for samples.

    Attributes:
        run: the classifier's run.
        classes: the names of its classes.
        labels: the class of each sample [n].
        confidence: the probability of that class [n].
        asked: the class that was asked for, for each sample; empty where none was.
    """

    run: str
    classes: tuple[str, ...]
    labels: Any
    confidence: Any
    asked: Sequence[str] = ()

    @property
    def right(self) -> float | None:
        """The share of samples that are of the class that was asked for."""
        if not self.asked:
            return None
        both = zip(self.labels.tolist(), self.asked, strict=True)
        return float(sum(self.classes[label] == name for label, name in both)) / len(self.asked)

    @property
    def counts(self) -> dict[str, int]:
        """How many samples are of each class."""
        return {name: int((self.labels == at).sum()) for at, name in enumerate(self.classes)}

    @property
    def values(self) -> dict[str, Any]:
        """The answers as `--json` writes them."""
        return {
            "run": self.run,
            "classes": sum(1 for count in self.counts.values() if count),
            "of": len(self.classes),
            "confidence": round(float(self.confidence.mean()), 6),
            "counts": self.counts,
            **({} if self.right is None else {"right": self.right}),
        }

    @property
    def lines(self) -> list[str]:
        """The answers as lines of text."""
        found = self.values
        shown = ", ".join(f"{name} {count:,}" for name, count in self.counts.items())
        return [
            f"{self.run} names {found['classes']} of {found['of']} classes in "
            f"{counted(len(self.labels), 'sample')}, mean confidence {found['confidence']:.4f}",
            shown,
            *([] if self.right is None else [f"of the class asked for: {self.right:.4f}"]),
        ]


class Classifier:
    """A trained run that classifies images."""

    def __init__(self, folder: str | Path) -> None:
        """Open a run.

        Raises:
            NetError: N613, N614 for the folder, N691 where the run is not a classifier.
        """
        self.folder = str(folder)
        self.held = finished_run(Path(folder))
        preparation = self.held.preparation
        output, self.input = preparation.outputs[0], preparation.inputs[0]
        one = len(preparation.inputs) == len(preparation.outputs) == 1
        if not one or output.task != LABELS or output.dense or self.input.columns:
            message = f"{folder} does not name one class for each image"
            raise fail("N691", message, help="--judge takes the run of a classifier")
        self.output = output
        count = max(2, output.classes)
        self.classes = tuple(output.label(at) for at in range(count))

    def label(self, name: str) -> int:
        """Return the number of a class. Raises NetError N626 for an unknown one."""
        if name not in self.classes:
            known = ", ".join(self.classes[:10])
            help = did_you_mean(name, self.classes) or f"the classes are {known}"
            raise fail("N626", f"{self.folder} knows no class `{name}`", help=help)
        return self.classes.index(name)

    def named(self, samples: Any, asked: Sequence[str] = ()) -> Named:
        """Classify samples: images [n, h, w, c] from 0 to 1, or others in the data's units.

        Args:
            samples: the generated samples.
            asked: the class that each should be of.

        Raises:
            NetError: N518 where their shape does not fit the classifier's input.
        """
        import numpy as np

        input = self.input
        raw = np.clip(samples, 0.0, 1.0) * input.scale if input.unit else samples
        if np.prod(raw.shape[1:]) == np.prod(input.example):
            raw = raw.reshape(len(raw), *input.example)
        if not input.accepts(raw.shape[1:]):
            message = f"{self.folder} takes examples of {dims(input.example)}"
            raise fail("N518", f"{message}; the samples are {dims(samples.shape[1:])}")
        # Integers, as the classifier's data has them: its preparation scales them again.
        raw = np.rint(raw) if input.whole else raw.astype(np.float32)
        labels, confidence = [], []
        model = self.held.model()
        for _, outputs in in_batches(predictor(model), (raw,), self.held.preparation, BATCH):
            values = np.asarray(outputs[0])
            known = probabilities(np, self.output, category_scores(np, self.output, values))
            known = known.reshape(len(values), -1)
            labels.append(known.argmax(axis=1))
            confidence.append(known.max(axis=1))
        found = np.concatenate(labels), np.concatenate(confidence)
        return Named(self.folder, self.classes, *found, asked)
