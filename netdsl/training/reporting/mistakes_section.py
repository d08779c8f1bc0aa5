"""The worst mistakes at one output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.training.preparation.outputs import TAGS, VALUES
from netdsl.training.reporting.tables import ReportTable

if TYPE_CHECKING:
    from netdsl.training.evaluation.mistakes import Mistake
    from netdsl.training.evaluation.outcomes import Outcome


class ShownMistake(NamedTuple):
    """A mistake on an image: what is written below its pictures."""

    place: str
    pictures: Sequence[str]
    words: str
    sure: str


class MistakesSection(NamedTuple):
    """The worst mistakes: as images if the examples are images, else as a table of numbers."""

    about: str
    shown: Sequence[ShownMistake] = ()
    table: ReportTable | None = None


def mistakes_of(found: Outcome) -> MistakesSection | None:
    """Return the worst mistakes; None if there is no mistake."""
    worst = found.worst
    if not worst:
        return None
    if found.output.task == VALUES:
        order = "largest error"
    else:
        several = found.output.task == TAGS or found.output.dense
        order = "most mistakes" if several else "highest loss"
    which = (
        f"The {len(worst)} of {found.wrong:,} with the {order}"
        if found.wrong > len(worst)
        else f"All {len(worst)}, the {order} first"
    )
    if worst[0].pictures:
        about = f"{which}: {_legend(worst[0])}, and where the example of the {found.part} part is."
        return MistakesSection(about, [_shown(one) for one in worst])
    names = [name for name, _ in worst[0].numbers]
    sure = ["probability"] if worst[0].sure is not None else []
    rows = [
        [
            one.place,
            one.given,
            one.said,
            *([f"{one.sure:.3f}"] if one.sure is not None else []),
            *(value for _, value in one.numbers),
        ]
        for one in worst
    ]
    about = (
        f"{which}: where the example of the {found.part} part is in the data, the target, the "
        "prediction, and its values."
    )
    table = ReportTable("", ["example", "given", "predicted", *sure, *names], rows, left=3)
    return MistakesSection(about, table=table)


def _legend(one: Mistake) -> str:
    """Describe what is written below a picture."""
    sides = {
        1: "",
        2: "the example and the network's output",
        3: "the example, the target and the prediction",
    }[len(one.pictures)]
    words = (
        "true → predicted"
        if one.given
        else "the size of the error"
        if len(one.pictures) < 3
        else "the share that is correct"
    )
    return ", ".join(
        filter(
            None,
            (sides, words, "the probability of the prediction" if one.sure is not None else ""),
        )
    )


def _shown(one: Mistake) -> ShownMistake:
    words = f"{one.given} → {one.said}" if one.given else one.said
    sure = f"{100 * one.sure:.1f}\u00a0% · " if one.sure is not None else ""
    return ShownMistake(one.place, one.pictures, words, sure)
