"""The thresholds and temperatures that were chosen on the validation part after a training, by the
name of an output.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from netdsl.wording import first_few

COLDEST, HOTTEST = 0.05, 20.0
"""The temperatures between which the best is searched for."""

EDGE = 1.01
"""A temperature within this factor of the lowest or the highest is at the edge of the search."""

LISTED = 6
"""The number of thresholds that are listed."""


def sound_decisions(decisions: Any) -> bool:
    """Return whether these are decisions that a run can have made."""
    if not isinstance(decisions, dict):
        return False
    for name, one in decisions.items():
        if not isinstance(name, str) or not isinstance(one, dict):
            return False
        temperature, thresholds = one.get("temperature", 1.0), one.get("thresholds", [])
        pairs = [one.get(key, [0.0, 0.0]) for key in ("log_loss", "ece", "values")]
        if (
            not set(one) <= {"temperature", "thresholds", "for", "log_loss", "ece", "values"}
            # `type`: JSON's true would pass as a number, and 1 for 1.0 is not what a run writes.
            or type(temperature) is not float
            or not 0 < temperature < math.inf
            or not all(isinstance(numbers, list) for numbers in (thresholds, *pairs))
            or not all(type(number) is float and 0 <= number <= 1 for number in thresholds)
            or not all(len(pair) == 2 and set(map(type, pair)) <= {int, float} for pair in pairs)
            or not isinstance(one.get("for", ""), str)
            or ("for" in one and "values" not in one)
        ):
            return False
    return True


def _at_the_edge(of: str, temperature: float) -> list[str]:
    """Say that a temperature is at the edge of the search, if it is, and what that means."""
    if temperature <= COLDEST * EDGE:
        why = "the lowest that is tried: hardly an answer of the validation part is wrong"
    elif temperature >= HOTTEST / EDGE:
        why = "the highest that is tried: equal probabilities would fit as well"
    else:
        return []
    return [f"note: {of}the temperature is {why}, which leaves nothing to calibrate by"]


def decision_lines(decisions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say which temperatures and thresholds were chosen for the outputs."""
    lines = []
    for name, one in decisions.items():
        of = f"{name}: " if len(decisions) > 1 else ""
        if "temperature" in one:
            before = [
                f"{words} {one[key][0]:z.4f} to {one[key][1]:z.4f}"
                for key, words in (("log_loss", "log loss"), ("ece", "ECE"))
                if key in one
            ]
            lines.append(
                f"{of}temperature {one['temperature']:.4g}, chosen on the validation part: "
                f"{', '.join(before)}"
            )
            lines += _at_the_edge(of, one["temperature"])
        if "thresholds" in one:
            chosen = first_few([f"{each:.4g}" for each in one["thresholds"]], LISTED)
            why = ""
            if "for" in one:
                usual, best = one["values"]
                figure = one["for"].replace("_", " ")
                why = f", chosen on the validation part: {figure} {usual:z.4f} to {best:z.4f}"
            lines.append(f"{of}threshold {chosen}{why}")
    return lines
