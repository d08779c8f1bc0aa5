"""Sections of a recipe: dataclasses whose fields say what they accept.

Reading a recipe, checking values given in Python, and writing a recipe are all derived from them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from types import NoneType
from typing import Any, ClassVar, Self

from netdsl.errors import Diagnostic, NetError, fail
from netdsl.params import exact_params
from netdsl.training.recipes.familiar import unknown_key_help
from netdsl.training.recipes.values import ValueProblem, ValueType
from netdsl.wording import represented


def key(accepts: ValueType) -> Any:
    """Declare a key that may be left out (None) until the recipe is resolved."""
    return field(default=None, metadata={"accepts": accepts})


def section(of: type[Section]) -> Any:
    """Declare a key that takes keys of its own."""
    return field(default_factory=of, metadata={"section": of})


@dataclass(frozen=True)
class Section:
    """A group of keys under one name in a recipe. A scalar in its place is the value of `short`.

    A `brief` section is written as that scalar if no other key has a value.
    """

    short: ClassVar[str | None] = None
    brief: ClassVar[bool] = False

    def __post_init__(self) -> None:
        values, wrong = self.gathered(
            {item.name: getattr(self, item.name) for item in fields(self) if item.metadata}
        )
        if wrong:
            raise NetError(*wrong)
        for name, value in values.items():
            # Frozen: `plain` may have changed the type (NumPy scalars, lists), once and here.
            object.__setattr__(self, name, value)

    @classmethod
    def of(cls, value: Any, path: str = "") -> Self:
        """Make the section from a Python value: a section, keys with values, or one scalar.

        Args:
            value: the Python value; None leaves all keys out.
            path: of the section in the recipe, for messages.

        Returns:
            The section, whose keys that are left out are None.

        Raises:
            NetError: with every mistake: N502 not keys and values, N503 unknown key, N504 wrong
                type, N505 out of range.
        """
        if isinstance(value, cls):
            return value
        if cls.short and not isinstance(value, Section | Mapping | NoneType):
            value = {cls.short: value}
        if not isinstance(value, Mapping | NoneType):
            given = represented(value)
            raise fail("N502", f"`{path or 'recipe'}` requires keys and values, not {given}")
        values, wrong = cls.gathered(value or {}, path and f"{path}.")
        if wrong:
            raise NetError(*wrong)
        return cls(**values)

    @classmethod
    def gathered(
        cls, given: Mapping[Any, Any], path: str = ""
    ) -> tuple[dict[str, Any], list[Diagnostic]]:
        """Return the values of the keys after conversion, and all that is wrong with them."""
        keys = {item.name: item.metadata for item in fields(cls) if item.metadata}
        values: dict[str, Any] = {}
        wrong: list[Diagnostic] = []
        for name, value in given.items():
            try:
                if name not in keys:
                    help = unknown_key_help(str(name), path, keys)
                    wrong.append(Diagnostic("N503", f"there is no key `{path}{name}`", help=help))
                elif "section" in keys[name]:
                    values[name] = keys[name]["section"].of(value, f"{path}{name}")
                elif "params" in keys[name]:
                    values[name] = _exact_params(value)
                elif "accepts" in keys[name] and value is not None:
                    values[name] = keys[name]["accepts"].plain(value)
                else:
                    values[name] = value
            except NetError as error:
                wrong += error.diagnostics
            except ValueProblem as problem:
                wrong.append(problem.diagnostic(f"{path}{name}"))
        plain = {
            name: value
            for name, value in values.items()
            if value is not None and "accepts" in keys[name]
        }
        # Every mistake at once: a recipe with three is not corrected in three runs.
        wrong += (problem.diagnostic(f"{path}{name}") for name, problem in cls.problems(plain))
        return values, wrong

    @classmethod
    def problems(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, ValueProblem]]:
        """Yield the keys whose values they do not accept, each with the reason."""
        for item in fields(cls):
            if "accepts" in item.metadata and item.name in values:
                try:
                    item.metadata["accepts"].check(values[item.name])
                except ValueProblem as problem:
                    yield item.name, problem


def paths_of(of: type[Section], path: str = "") -> Iterator[str]:
    """Yield the paths of all keys that are not sections: `optimizer.rate`."""
    for item in fields(of):
        if "section" in item.metadata:
            yield from paths_of(item.metadata["section"], f"{path}{item.name}.")
        elif item.metadata:
            yield f"{path}{item.name}"


def scalar_of(section: Section) -> Any:
    """Return the value of the short key of a brief section that has no other; else None."""
    if not (section.brief and section.short):
        return None
    # Only the short key may have a value: any other value would be lost.
    names = [item.name for item in fields(section) if getattr(section, item.name) is not None]
    return getattr(section, section.short) if names == [section.short] else None


def _exact_params(value: Any) -> dict[str, Any]:
    """Return params as `exact_params` does, but report a wrong type as a mistake in the recipe."""
    try:
        return exact_params(value)
    except TypeError as error:
        raise fail("N504", str(error)) from None


@dataclass(frozen=True)
class Variant(Section):
    """A section whose `name` decides which of its other keys it takes.

    `choices` holds the options of each name with their default values.
    """

    short: ClassVar[str | None] = "name"
    choices: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    common: ClassVar[tuple[str, ...]] = ()
    default: ClassVar[str] = ""
    what: ClassVar[str] = ""

    @classmethod
    def problems(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, ValueProblem]]:
        """Yield the key and the problem of each wrong value."""
        yield from super().problems(values)
        name = values.get("name", cls.default)
        # From Python it can be a list, which has no hash and so cannot be looked up.
        if isinstance(name, str) and name in cls.choices:
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
        """Return the name that chooses the section's options."""
        return getattr(self, "name", None) or self.default

    def options(self) -> dict[str, Any]:
        """Return the options by name: those that are given, and the defaults of the others."""
        given = {name: getattr(self, name) for name in (*self.choices[self.chosen], *self.common)}
        return {
            name: self.choices[self.chosen].get(name) if value is None else value
            for name, value in given.items()
        }

    def resolved(self) -> Any:
        """Fill in every option that the section's name takes."""
        return dataclasses.replace(self, name=self.chosen, **self.options())  # type: ignore[call-arg]
