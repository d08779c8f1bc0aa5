"""The effect of attacks on several runs, in one chart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.lab.attack import attack_json, described

if TYPE_CHECKING:
    from netdsl.lab.attack import Attacked


class AttackChart(NamedTuple):
    """The accuracy of several runs by the size of the changes.

    Attributes:
        attacked: the outcome of each attack, by the runs' names.
    """

    attacked: Mapping[str, Attacked]

    @property
    def title(self) -> str:
        """What the chart shows."""
        return "Accuracy by the size of changes"

    @property
    def svg(self) -> str:
        """The chart: a line for each run, and a dashed one for random changes."""
        from netdsl.training.reporting.charts import OverlaidLine, overlay

        lines = []
        for name, found in self.attacked.items():
            # In the order of sizes: a line's points are joined as they come.
            results = sorted(found.results)
            against = [(one.size, one.adversarial) for one in results]
            random = [(one.size, one.random) for one in results]
            lines.append(OverlaidLine(name, against))
            lines.append(OverlaidLine(name, random, dashed=True))
        about = "changed against the network; changed at random dashed"
        return overlay(self.title, about, lines, "eps", "accuracy")


def described_runs(attacked: Mapping[str, Attacked]) -> list[str]:
    """Describe the outcome of the attack on each run, in lines."""
    lines: list[str] = []
    for name, found in attacked.items():
        lines += [*([""] if lines else []), f"{name}: {described(found)[0]}", *described(found)[1:]]
    return lines


def runs_json(attacked: Mapping[str, Attacked]) -> dict[str, Any]:
    """Return the figures of each run."""
    return {"runs": [{"run": name, **attack_json(found)} for name, found in attacked.items()]}
