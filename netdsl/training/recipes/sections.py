"""Sections of a recipe: dataclasses whose fields say what they accept.

Reading, checking what is given in Python, and writing all follow from that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from netdsl.errors import fail
from netdsl.training.recipes.values import ValueProblem, ValueType


def key(accepts: ValueType) -> Any:
    """Declare a key that may be left out (None) until the recipe is resolved."""
    return field(default=None, metadata={"accepts": accepts})


def section(of: type[Section]) -> Any:
    """Declare a key that takes keys of its own."""
    return field(default_factory=of, metadata={"section": of})


@dataclass(frozen=True)
class Section:
    """Keys that stand together. A section given as one scalar means its `short` key."""

    short: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        for name, problem in self.problems(
            {name: value for name, value in values.items() if value is not None}
        ):
            raise fail(problem.code, f"`{name}` {problem.message}", help=problem.help)

    @classmethod
    def problems(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, ValueProblem]]:
        """Give the keys whose values are not what they accept, and why."""
        for item in fields(cls):
            if "accepts" in item.metadata and item.name in values:
                try:
                    item.metadata["accepts"].check(values[item.name])
                except ValueProblem as problem:
                    yield item.name, problem


@dataclass(frozen=True)
class Variant(Section):
    """A section whose `name` decides which of its other keys it takes: `choices` holds them,
    with the values left out.
    """

    short: ClassVar[str | None] = "name"
    choices: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    common: ClassVar[tuple[str, ...]] = ()
    default: ClassVar[str] = ""
    what: ClassVar[str] = ""

    @classmethod
    def problems(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, ValueProblem]]:
        yield from super().problems(values)
        name = values.get("name", cls.default)
        if name in cls.choices:
            taken = (*cls.choices[name], *cls.common)
            for option in values:
                if option != "name" and option not in taken:
                    help = f"{name} takes " + (
                        ", ".join(f"`{one}`" for one in taken) or "no options"
                    )
                    yield (
                        option,
                        ValueProblem("N503", f"is not an option of the {cls.what} `{name}`", help),
                    )

    @property
    def chosen(self) -> str:
        return getattr(self, "name", None) or self.default

    def options(self) -> dict[str, Any]:
        """Give the options that are given or have a value where they are not, by name."""
        given = {name: getattr(self, name) for name in (*self.choices[self.chosen], *self.common)}
        return {
            name: self.choices[self.chosen].get(name) if value is None else value
            for name, value in given.items()
        }

    def resolved(self) -> Any:
        """Fill in every option that the section's name takes."""
        return dataclasses.replace(self, name=self.chosen, **self.options())  # type: ignore[call-arg]
