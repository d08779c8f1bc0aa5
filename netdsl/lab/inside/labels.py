"""The classes of examples, for a run that learned without them, as an autoencoder does."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError
from netdsl.lab.inside.subject import nothing_to_show

if TYPE_CHECKING:
    from netdsl.lab.inside.subject import TrainedRun
    from netdsl.training.data import Examples
    from netdsl.training.data.parts import SourceData

NUMBERS = 500_000_000
"""The most numbers of a source in which examples are looked up."""


class LabelledSource(NamedTuple):
    """A run's source with the labels that the run does not use.

    Attributes:
        data: its parts as the source has them.
        by_name: the labels by the names of the classes.
    """

    data: SourceData
    by_name: dict[str, int]


def labelled_source(run: TrainedRun) -> LabelledSource:
    """Read a run's source with its labels.

    Raises:
        NetError: N680 where it has no classes, and what reading it raises.
    """
    from netdsl.training.data.inspect import class_counts, survey
    from netdsl.training.runs.inputs import read_recipe

    spec = dataclasses.replace(read_recipe(run.run.run.folder).data, target=None)
    found = survey(spec).data
    known = class_counts(found.train.y[0], found.classes) if found and found.train.y else {}
    if found is None or not known:
        raise nothing_to_show(f"{spec.source} has no classes")
    by_name = {name: at if found.classes else int(name) for at, name in enumerate(known)}
    return LabelledSource(found, by_name)


def class_names(run: TrainedRun, examples: Examples, count: int) -> list[str] | None:
    """Return the names of the classes of the first examples of a part; None without classes.

    Those of a run that learned without labels are looked up in its source by their content.
    """
    import numpy as np

    for output, y in zip(run.run.preparation.outputs, examples.y, strict=False):
        if output.classes and not output.dense:
            return [output.label(int(each)) for each in np.asarray(y[:count]).reshape(-1)]
    if run.given is not None or not any(each.copies for each in run.run.preparation.outputs):
        return None
    try:
        source = labelled_source(run)
    except NetError:
        return None
    rows = np.asarray(examples.x[0][:count])
    held = (source.data.train, source.data.validation, source.data.test)
    parts = [part for part in held if part is not None and len(part)]
    if sum(len(part) for part in parts) * max(1, rows[0].size) > NUMBERS:
        return None
    names = {label: name for name, label in source.by_name.items()}
    found: dict[bytes, str] = {}
    # By content: an autoencoder's split uses other random numbers than a classifier's.
    asked = {row.tobytes() for row in rows}
    for part in parts:
        labels = np.asarray(part.y[0][:]).reshape(-1).tolist()
        for row, label in zip(np.asarray(part.x[0][:]), labels, strict=True):
            if (key := row.tobytes()) in asked:
                found[key] = names[int(label)]
    known = [found.get(row.tobytes()) for row in rows]
    # All or none: on a map, examples without a class would look like a class of their own.
    return None if None in known else [name for name in known if name is not None]
