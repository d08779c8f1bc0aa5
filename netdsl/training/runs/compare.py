"""Some runs next to each other: what differs between them. No Keras, no numpy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.text_table import aligned
from netdsl.training.recipes.flatten import flatten
from netdsl.training.runs.figures import figure_text, json_value
from netdsl.training.runs.folder import RUN, VERSIONS, read_json
from netdsl.training.runs.inputs import read_network, read_recipe
from netdsl.training.runs.listing import read_entry

if TYPE_CHECKING:
    from netdsl.architecture import Architecture


class RunComparison(NamedTuple):
    """What differs between runs.

    Each tuple holds a value for each of the `names`, None where a run has none.

    Attributes:
        recipe: the keys that differ.
        figures: all figures, with params, epochs, best step and seconds.
        versions: those that differ.
        networks: the first run, counted from 0, that has the same network as each.
        data: whether all were trained on the same examples.
    """

    names: tuple[str, ...]
    recipe: Mapping[str, tuple[Any, ...]]
    figures: Mapping[str, tuple[Any, ...]]
    versions: Mapping[str, tuple[Any, ...]]
    networks: tuple[int, ...]
    data: bool


def compare(folders: Sequence[str | Path]) -> RunComparison:
    """Compare runs.

    Raises:
        NetError: as `read_entry` does.
    """
    paths = [Path(folder) for folder in folders]
    found = [read_entry(path) for path in paths]
    # By the fingerprint, not the source's name: the file may hold other rows by now.
    prints = {str(read_json(path, RUN).get("fingerprint")) for path in paths}
    own = [
        {name: one.value(name) for name in ("params", "epochs", "best_step", "seconds")}
        for one in found
    ]
    return RunComparison(
        tuple(one.name for one in found),
        _differing([flatten(read_recipe(path)) for path in paths]),
        _side_by_side(
            [{**figures, **one.figures} for figures, one in zip(own, found, strict=True)]
        ),
        _differing([read_json(path, VERSIONS) for path in paths]),
        _same_networks([read_network(path) for path in paths]),
        len(prints) == 1,
    )


def _side_by_side(values: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Return all names in their order, each with a value from every dict, None if it has none."""
    names = dict.fromkeys(name for one in values for name in one)
    return {name: tuple(one.get(name) for one in values) for name in names}


def _differing(values: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, ...]]:
    return {
        name: each
        for name, each in _side_by_side(values).items()
        if any(one != each[0] for one in each)
    }


def _same_networks(networks: Sequence[Architecture]) -> tuple[int, ...]:
    from netdsl.report.diff import difference

    first: list[int] = []
    for place, network in enumerate(networks):
        alike = (
            # Only compared with the first of each group: equality is transitive.
            before
            for before in dict.fromkeys(first)
            if difference(networks[before], network).same
        )
        first.append(next(alike, place))
    return tuple(first)


def compare_text(folders: Sequence[str | Path]) -> str:
    """Write what differs between runs, for a terminal.

    Raises:
        NetError: as `compare` does.
    """
    found = compare(folders)
    rows = [["", *found.names]]
    for title, values in (
        ("figures", found.figures),
        ("recipe", found.recipe),
        ("versions", found.versions),
    ):
        if values:
            rows += [[""] * len(rows[0]), [title, *[""] * len(found.names)]]
            rows += [
                [
                    f"  {name.replace('_', ' ') if title == 'figures' else name}",
                    *(figure_text(one, name) for one in each),
                ]
                for name, each in values.items()
            ]
    table = aligned(rows, "l" + "r" * len(found.names))
    return "\n".join([table, "", *_alike(found, [Path(folder) for folder in folders])])


def compare_json(folders: Sequence[str | Path]) -> str:
    """Write the same as JSON.

    Raises:
        NetError: as `compare` does.
    """
    found = compare(folders)._asdict()
    figures = {name: [json_value(one) for one in each] for name, each in found["figures"].items()}
    return json.dumps({**found, "figures": figures}, indent=2, default=str)


def _alike(found: RunComparison, folders: Sequence[Path]) -> list[str]:
    """Return what the runs have in common, in sentences."""
    lines = [] if found.recipe else ["the recipes are the same"]
    other = next((place for place, first in enumerate(found.networks) if first), None)
    if other is None:
        lines.append("the networks are the same")
    else:
        files = [folders[place] / read_json(folders[place], RUN)["file"] for place in (0, other)]
        # `netdsl diff` would show nothing for two equal texts: the networks differ by their params.
        alike = files[0].read_bytes() == files[1].read_bytes()
        how = " by their params" if alike else f": netdsl diff {files[0]} {files[1]}"
        lines.append(f"the networks differ{how}")
    return [
        *lines,
        "the examples are the same"
        if found.data
        else "the examples are not the same: the figures cannot be compared",
    ]
