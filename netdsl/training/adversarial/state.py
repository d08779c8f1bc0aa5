"""How far the training of a GAN has come."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.training.adversarial.losses import WON
from netdsl.training.runs.history import Epoch
from netdsl.training.runs.run import ENDS
from netdsl.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

DIVERSITY = "diversity"
"""The name of the figure for the samples' mean distance, divided by that of the data."""

COLLAPSED = 0.5
"""Samples are reported as alike if their mean distance is below this share of the data's."""


@dataclass(kw_only=True)
class AdversarialState:
    """A training before the first epoch, at the end of one, or where one was interrupted.

    Attributes:
        rows: the epochs.
        step: the last one that was taken.
        ended: what ended the training, one of `ENDS`; empty if nothing has yet.
        seconds: how long the epochs took.
        begun: seconds of an epoch that was interrupted; its steps are those after the last row's.
    """

    rows: list[Epoch] = field(default_factory=list)
    step: int = 0
    ended: str = ""
    seconds: float = 0.0
    begun: float = 0.0


def as_plain(state: AdversarialState) -> dict[str, Any]:
    """Return the state as values of JSON."""
    return dataclasses.asdict(state)


def from_plain(values: dict[str, Any]) -> AdversarialState:
    """Make the state from the values that `as_plain` returned.

    Raises:
        TypeError: or KeyError, ValueError, AttributeError, where the values are not a state's.
    """
    rows = [
        Epoch(
            int(row["epoch"]),
            int(row["step"]),
            float(row["rate"]),
            {str(name): float(value) for name, value in row["scores"].items()},
            None,
            float(row["seconds"]),
        )
        for row in values["rows"]
    ]
    state = AdversarialState(
        rows=rows,
        step=int(values["step"]),
        ended=str(values["ended"]),
        seconds=float(values["seconds"]),
        begun=float(values["begun"]),
    )
    # Check what the training relies on: an edited file must not end in a traceback.
    if [row.epoch for row in rows] != list(range(1, len(rows) + 1)):
        raise ValueError("its epochs are not one after the other")
    if state.ended not in ("", *ENDS) or state.step < (rows[-1].step if rows else 0):
        raise ValueError(f"it is at step {state.step}, ended by `{state.ended}`")
    return state


class WarningSign(NamedTuple):
    """Something that looks wrong in an epoch: its kind, and what is said of it."""

    kind: str
    text: str


WINNER, COLLAPSE = "the discriminator has won", "the samples are alike (mode collapse)"


def signs(row: Epoch, loss: str) -> list[WarningSign]:
    """Return what looks wrong in an epoch: a discriminator that has won, samples that are alike."""
    found, scores = [], row.scores
    if scores["discriminator_loss"] < WON.get(loss, float("-inf")):
        text = (
            f"{WINNER}: its loss is {scores['discriminator_loss']:.2g}, and the generator learns "
            "little from it; a lower `gan.discriminator_rate` may help"
        )
        found.append(WarningSign(WINNER, text))
    share = scores.get(DIVERSITY)
    if share is not None and share < COLLAPSED:
        text = f"{COLLAPSE}: they differ {share:.2f} times as much as the data does"
        found.append(WarningSign(COLLAPSE, text))
    return found


def new_signs(rows: Sequence[Epoch], loss: str) -> list[str]:
    """Return what looks wrong in the last epoch and did not in the one before."""
    before = {sign.kind for row in rows[-2:-1] for sign in signs(row, loss)}
    return [
        f"epoch {rows[-1].epoch}: {sign.text}"
        for sign in signs(rows[-1], loss)
        if sign.kind not in before
    ]


def summary(rows: Sequence[Epoch], loss: str) -> list[str]:
    """Return what looked wrong, in how many epochs, and in which one last."""
    found: dict[str, list[Epoch]] = {}
    for row in rows:
        for sign in signs(row, loss):
            found.setdefault(sign.kind, []).append(row)
    return [
        f"{kind} in {len(seen)} of {counted(len(rows), 'epoch')}, the last is epoch "
        f"{seen[-1].epoch}"
        for kind, seen in found.items()
    ]
