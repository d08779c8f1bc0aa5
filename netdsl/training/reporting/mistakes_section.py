"""The worst mistakes at one output, as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from netdsl.training.preparation.outputs import TAGS, VALUES
from netdsl.training.reporting.html import table

if TYPE_CHECKING:
    from netdsl.training.evaluation.mistakes import Mistake
    from netdsl.training.evaluation.outcomes import Outcome


def mistakes_of(found: Outcome) -> str:
    """Return the worst mistakes: as images where the examples are some, else as numbers."""
    worst = found.worst
    if not worst:
        return "<p>Every example is right.</p>"
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
    title = f"<h3>Worst mistakes</h3><p class=about>{which}: "
    if worst[0].pictures:
        about = f"{_legend(worst[0])}, and the example's number in the test part.</p>"
        return f"{title}{about}<div class=mistakes>{''.join(map(_mistake, worst))}</div>"
    names = [name for name, _ in worst[0].numbers]
    sure = ["probability"] if worst[0].sure is not None else []
    rows = (
        [
            str(one.row),
            one.given,
            one.said,
            *([f"{one.sure:.3f}"] if one.sure is not None else []),
            *(value for _, value in one.numbers),
        ]
        for one in worst
    )
    about = (
        "test examples by their number, with what was given, what was predicted, "
        "and their values.</p>"
    )
    return title + about + table("", ["example", "given", "predicted", *sure, *names], rows, left=3)


def _legend(one: Mistake) -> str:
    """Say what is below a picture."""
    sides = {
        1: "",
        2: "the example and what the network makes of it",
        3: "the example, what was given and what was predicted",
    }[len(one.pictures)]
    words = (
        "given → predicted"
        if one.given
        else "how far off it is"
        if len(one.pictures) < 3
        else "the share that is right"
    )
    return ", ".join(
        filter(
            None,
            (sides, words, "the probability of the prediction" if one.sure is not None else ""),
        )
    )


def _mistake(one: Mistake) -> str:
    words = f"{one.given} → {one.said}" if one.given else one.said
    pictures = "".join(
        f'<img src="{source}" alt="test example {one.row}: {escape(words)}">'
        for source in one.pictures
    )
    sure = f"{100 * one.sure:.1f}\u00a0% · " if one.sure is not None else ""
    caption = f"<figcaption><b>{escape(words)}</b><br>{sure}#{one.row}</figcaption>"
    return f"<figure><div>{pictures}</div>{caption}</figure>"
