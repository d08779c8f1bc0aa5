"""The memory of networks, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netdsl.analysis.memory import (
    TORCH_BAND,
    USE_BAND,
    WORKSPACE_BAND,
    XLA_BAND,
    estimate,
    largest_batch,
)
from netdsl.architecture import Architecture
from netdsl.wording import bytes_text, times_text

_LINES = {
    "parameters": "all that is stored",
    "gradients": "one number for each trained weight",
    "optimizer": "the optimizer's slots",
    "activation_bytes": "the sum over the input and all outputs, as on lecture slides",
    "saved": "saved for the backward pass",
    "inference_peak": "the maximum at inference",
    "training_peak": "the maximum in training",
    "workspace": "extra memory of a library",
}
_BANDS = {  # of the estimates; the other lines are exact
    "inference_peak": (("PyTorch", USE_BAND),),
    "training_peak": (("PyTorch", TORCH_BAND), ("XLA on a CPU", XLA_BAND)),
    "workspace": (("libraries", WORKSPACE_BAND),),
}


def memory_text(
    network: Architecture, batch: int, precision: str, optimizer: str, fit: int | None = None
) -> str:
    """Return a line for each part of the memory, and with `fit` (bytes) the largest batch that
    fits.

    Args:
        network: whose memory it is.
        batch: examples in a batch.
        precision: a key of `PRECISIONS`.
        optimizer: a key of `SLOTS`.
        fit: bytes of a card.
    """
    found = estimate(network.graph, batch, precision, optimizer)
    lines = [f"memory, batch {batch:,}, {precision}, {optimizer}"]
    for key, words in _LINES.items():
        size = getattr(found, key)
        bands = "; ".join(
            f"{who} {bytes_text(int(low * size))} to {bytes_text(int(high * size))}"
            for who, (low, high) in _BANDS.get(key, ())
            if size
        )
        estimated = bands and f"; estimate: {bands}"
        lines.append(f"{_label(key)} {bytes_text(size):>12}  {words}{estimated}")
    if fit is not None:
        largest = largest_batch(network.graph, fit, precision, optimizer)
        lines.append(
            f"  largest batch in {bytes_text(fit)}: {largest:,}, without workspace"
            if largest
            else f"  not even one example fits into {bytes_text(fit)}"
        )
    return "\n".join(lines)


def compared_memory_text(
    networks: Iterable[Architecture],
    batch: int,
    precision: str,
    optimizer: str,
    fit: int | None = None,
) -> str:
    """Return the parts of the memory of two networks, and with `fit` (bytes) the largest batches
    that fit.

    Args:
        networks: two.
        batch: examples in a batch.
        precision: a key of `PRECISIONS`.
        optimizer: a key of `SLOTS`.
        fit: bytes of a card.
    """
    a, b = (memory_values(network, batch, precision, optimizer, fit) for network in networks)
    lines = [f"memory, batch {batch:,}, {precision}, {optimizer}", f"  {'':17} {'A':>12} {'B':>12}"]
    for key in (key for key, value in a.items() if isinstance(value, int) and key != "batch"):
        ours, theirs = (
            f"{side[key]:,}" if key == "largest_batch" else bytes_text(side[key]) for side in (a, b)
        )
        change = times_text(b[key] / a[key]) if a[key] and b[key] and a[key] != b[key] else ""
        lines.append(f"{_label(key)} {ours:>12} {theirs:>12}  {change}".rstrip())
    return "\n".join(lines)


def _label(key: str) -> str:
    return f"  {key.replace('_', ' '):17}"


def memory_values(
    network: Architecture, batch: int, precision: str, optimizer: str, fit: int | None = None
) -> dict[str, Any]:
    """Return the same in bytes.

    Args:
        network: whose memory it is.
        batch: examples in a batch.
        precision: a key of `PRECISIONS`.
        optimizer: a key of `SLOTS`.
        fit: bytes of a card, for `largest_batch`.
    """
    found: dict[str, Any] = {"batch": batch, "precision": precision, "optimizer_name": optimizer}
    found |= estimate(network.graph, batch, precision, optimizer)._asdict()
    if fit is not None:
        found["largest_batch"] = largest_batch(network.graph, fit, precision, optimizer)
    return found
