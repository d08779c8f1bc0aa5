"""The small run of the lab's tests in plain NumPy: score = W mean(relu(conv(x))) + b."""

from __future__ import annotations

import numpy as np

from netdsl.lab.inside.subject import TrainedRun


def weights_of(subject: TrainedRun, word: str) -> dict[str, np.ndarray]:
    """The weights of the first layer of a kind."""
    weights = subject.weighted.weights
    return next(dict(weights[op]) for op in weights if subject.graph.ops[op].kind.word == word)


def convolved(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Cross-correlation without padding, by loops: [h, w, c] to [h', w', n]."""
    size = kernel.shape[0]
    out = np.zeros((x.shape[0] - size + 1, x.shape[1] - size + 1, kernel.shape[-1]))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.einsum("abc,abcn->n", x[i : i + size, j : j + size], kernel) + bias
    return out


class SmallNetwork:
    """The network of the run in NumPy, for one image [8, 8, 1]."""

    def __init__(self, subject: TrainedRun, x: np.ndarray) -> None:
        self.conv, self.dense = weights_of(subject, "conv"), weights_of(subject, "fc")
        self.before = convolved(x.astype(float), self.conv["kernel"], self.conv["bias"])
        self.maps = np.maximum(self.before, 0)
        self.scores = self.maps.mean(axis=(0, 1)) @ self.dense["kernel"] + self.dense["bias"]
        shares = np.exp(self.scores - self.scores.max())
        self.probabilities = shares / shares.sum()

    def by_maps(self, by_scores: np.ndarray) -> np.ndarray:
        """From derivatives by the scores [10] to those by the maps [6, 6, 8]."""
        return np.broadcast_to(self.dense["kernel"] @ by_scores / 36, self.maps.shape)

    def by_image(self, by_scores: np.ndarray) -> np.ndarray:
        """From derivatives by the scores [10] to those by the image [8, 8]."""
        slope, by_map = np.zeros((8, 8)), self.by_maps(by_scores) * (self.before > 0)
        for i in range(6):
            for j in range(6):
                slope[i : i + 3, j : j + 3] += self.conv["kernel"][:, :, 0] @ by_map[i, j]
        return slope
