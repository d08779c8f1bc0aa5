"""What a key of a recipe can take, and reading keys from YAML with the place of every mistake.

A section is a dataclass whose fields say what they take (`key`); reading, checking what is given in
Python, and writing all follow from that. YAML is read as nodes, by the rules of the keys: YAML 1.1
itself would take 1e-3 for a text, 010 for eight and `no` for false.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard

from netdsl.errors import Diagnostic, NetError, Source, Span, did_you_mean, fail
from netdsl.params import param_text, parse_param, reads_as_another

if TYPE_CHECKING:
    import yaml

    from netdsl.params import Param

LONGEST = 1 << 16
"""Characters: a text longer than this is no recipe, and reading it as YAML takes long."""


# --- what a key takes -----------------------------------------------------------------------------


class Wrong(Exception):
    """A value that its key does not take: the code, what is wrong, how to mend it."""

    def __init__(self, code: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help


class Takes:
    """What a key takes: how to read it from a plain scalar, and what values are right."""

    wants: str

    def read(self, text: str) -> Any:
        """The value that a plain scalar means. Raises Wrong."""
        return text

    def quoted(self, text: str) -> Any:
        """The value that a scalar in quotes means."""
        return text

    def check(self, value: Any) -> None:
        """Raises Wrong for a value that is not taken."""
        raise NotImplementedError


@dataclass(frozen=True)
class Number(Takes):
    """A finite number within bounds; `above` and `below` are outside them, `least` and `most`
    inside.
    """

    whole: bool = False
    above: float | None = None
    least: float | None = None
    below: float | None = None
    most: float | None = None

    @property
    def wants(self) -> str:  # type: ignore[override]
        bounds = (
            ("above", self.above),
            ("at least", self.least),
            ("below", self.below),
            ("at most", self.most),
        )
        given = " and ".join(f"{word} {bound:,}" for word, bound in bounds if bound is not None)
        return ", ".join(filter(None, ("a whole number" if self.whole else "a number", given)))

    def read(self, text: str) -> int | float:
        try:
            return int(text) if self.whole else float(text)
        except ValueError:
            raise Wrong("N504", f"takes {self.wants}, not `{text}`") from None

    def check(self, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, (int,) if self.whole else (int, float)):
            raise Wrong(
                "N504",
                f"takes {self.wants}, not "
                + (f"the text `'{value}'`" if isinstance(value, str) else f"`{value}`"),
            )
        inside = (
            (isinstance(value, int) or math.isfinite(value))
            and (self.above is None or value > self.above)
            and (self.least is None or value >= self.least)
            and (self.below is None or value < self.below)
            and (self.most is None or value <= self.most)
        )
        if not inside:
            raise Wrong("N505", f"takes {self.wants}, not {value:,}")


@dataclass(frozen=True)
class Word(Takes):
    """One of some words."""

    words: tuple[str, ...]

    @property
    def wants(self) -> str:  # type: ignore[override]
        return "one of " + ", ".join(f"`{word}`" for word in self.words)

    def check(self, value: Any) -> None:
        if value not in self.words:
            raise Wrong(
                "N505", f"takes {self.wants}, not `{value}`", did_you_mean(str(value), self.words)
            )


@dataclass(frozen=True)
class Text(Takes):
    """Any text that is not empty."""

    wants: str = "a text"

    def check(self, value: Any) -> None:
        if not isinstance(value, str) or not value.strip():
            raise Wrong("N504", f"takes {self.wants}, not `{value}`")


@dataclass(frozen=True)
class YesNo(Takes):
    wants: str = "yes or no"

    def read(self, text: str) -> bool:
        if text.lower() not in ("yes", "no", "true", "false"):
            raise Wrong("N504", f"takes {self.wants}, not `{text}`")
        return text.lower() in ("yes", "true")

    def check(self, value: Any) -> None:
        if not isinstance(value, bool):
            raise Wrong("N504", f"takes {self.wants}, not `{value}`")


@dataclass(frozen=True)
class Count(Takes):
    """Steps as a whole number, or epochs: `2 epochs`."""

    wants: str = "a whole number of steps, or `2 epochs`"
    epochs: ClassVar[re.Pattern[str]] = re.compile(r"([1-9][0-9]{0,8}) epochs?")

    def read(self, text: str) -> int | str:
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else text

    def check(self, value: Any) -> None:
        if isinstance(value, int) and not isinstance(value, bool):
            if value < 1:
                raise Wrong("N505", f"takes {self.wants}, at least 1, not {value:,}")
        elif not isinstance(value, str) or not self.epochs.fullmatch(value):
            raise Wrong("N504", f"takes {self.wants}, not `{value}`")


@dataclass(frozen=True)
class AllOr(Takes):
    """`all`, or a whole number from 1 up."""

    wants: str = "`all` or a whole number, at least 1"

    def read(self, text: str) -> int | str:
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else text

    def check(self, value: Any) -> None:
        if isinstance(value, int) and not isinstance(value, bool):
            if value < 1:
                raise Wrong("N505", f"takes {self.wants}, not {value:,}")
        elif value != "all":
            raise Wrong("N504", f"takes {self.wants}, not `{value}`")


@dataclass(frozen=True)
class Address(Takes):
    """A machine and a port on it."""

    wants: str = "an address with a port, as in `node1:2222`"

    def check(self, value: Any) -> None:
        found = re.fullmatch(r"[^\s,]+:([0-9]{1,5})", value) if isinstance(value, str) else None
        if not found or not 0 < int(found[1]) < 1 << 16:
            raise Wrong("N504", f"takes {self.wants}, not `{value}`")


@dataclass(frozen=True)
class Several(Takes):
    """One value or a list of them; held as a tuple."""

    each: Takes

    @property
    def wants(self) -> str:  # type: ignore[override]
        return f"{self.each.wants}, or a list of such"

    def read(self, text: str) -> tuple[Any, ...]:
        return (self.each.read(text),)

    def quoted(self, text: str) -> tuple[Any, ...]:
        return (text,)

    def check(self, value: Any) -> None:
        if value == ():
            raise Wrong("N504", f"takes {self.wants}, not an empty list")
        if not isinstance(value, tuple):
            raise Wrong("N504", f"takes {self.wants}, not `{value}`")
        for one in value:
            self.each.check(one)


@dataclass(frozen=True)
class ByName(Takes):
    """A value for each of some names, or one of some words in their place."""

    each: Takes
    words: tuple[str, ...] = ()

    @property
    def wants(self) -> str:  # type: ignore[override]
        return " or ".join([*(f"`{word}`" for word in self.words), f"names with {self.each.wants}"])

    def check(self, value: Any) -> None:
        if isinstance(value, str):
            if value not in self.words:
                raise Wrong(
                    "N505", f"takes {self.wants}, not `{value}`", did_you_mean(value, self.words)
                )
        elif not isinstance(value, Mapping):
            raise Wrong("N504", f"takes {self.wants}, not `{value}`")
        else:
            for one in value.values():
                self.each.check(one)


def key(takes: Takes) -> Any:
    """A key that may be left out (None) until the recipe is resolved."""
    return field(default=None, metadata={"takes": takes})


def section(of: type[Section]) -> Any:
    """A key that takes keys of its own."""
    return field(default_factory=of, metadata={"section": of})


@dataclass(frozen=True)
class Section:
    """Keys that stand together. A section given as one scalar means its `short` key."""

    short: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        for name, wrong in self.wrongs(
            {name: value for name, value in values.items() if value is not None}
        ):
            raise fail(wrong.code, f"`{name}` {wrong.message}", help=wrong.help)

    @classmethod
    def wrongs(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
        """The keys whose values are not what they take, and why."""
        for item in fields(cls):
            if "takes" in item.metadata and item.name in values:
                try:
                    item.metadata["takes"].check(values[item.name])
                except Wrong as wrong:
                    yield item.name, wrong


@dataclass(frozen=True)
class Choice(Section):
    """A section whose `name` decides which of its other keys it takes: `choices` holds them,
    with the values left out.
    """

    short: ClassVar[str | None] = "name"
    choices: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    common: ClassVar[tuple[str, ...]] = ()
    default: ClassVar[str] = ""
    what: ClassVar[str] = ""

    @classmethod
    def wrongs(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
        yield from super().wrongs(values)
        name = values.get("name", cls.default)
        if name in cls.choices:
            taken = (*cls.choices[name], *cls.common)
            for option in values:
                if option != "name" and option not in taken:
                    help = f"{name} takes " + (
                        ", ".join(f"`{one}`" for one in taken) or "no options"
                    )
                    yield option, Wrong("N503", f"is no option of the {cls.what} `{name}`", help)

    @property
    def chosen(self) -> str:
        return getattr(self, "name", None) or self.default

    def options(self) -> dict[str, Any]:
        """The options that are given or have a value where they are not, by name."""
        given = {name: getattr(self, name) for name in (*self.choices[self.chosen], *self.common)}
        return {
            name: self.choices[self.chosen].get(name) if value is None else value
            for name, value in given.items()
        }

    def resolved(self) -> Any:
        """The section with every option that its name takes."""
        return dataclasses.replace(self, name=self.chosen, **self.options())  # type: ignore[call-arg]


# --- YAML -> sections -----------------------------------------------------------------------------


def compose(source: Source) -> yaml.Node | None:
    """A YAML text as nodes, each with its place; None for an empty text. Raises NetError N501."""
    import yaml

    if len(source.text) > LONGEST:
        raise fail(
            "N501",
            f"{source.name} has {len(source.text):,} characters: more than {LONGEST:,} are no recipe",
        )
    try:
        return yaml.compose(source.text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = min(mark.index, max(0, len(source.text) - 1)) if mark else 0
        told = (
            f"{error.context} {error.problem}"
            if (error.problem or "").startswith("but ")
            else error.problem or error.context
        )
        raise fail("N501", f"this is not YAML: {told}", Span(source, at, at + 1)) from None
    except yaml.reader.ReaderError as error:
        message = f"this is not YAML: a character that it does not allow, U+{ord(source.text[error.position]):04X}"
        raise fail("N501", message, Span(source, error.position, error.position + 1)) from None
    except RecursionError:
        raise fail("N501", f"the brackets in {source.name} are nested too deep") from None


class Reader:
    """Reads nodes by the schema. Mistakes are gathered, so that one run tells them all."""

    def __init__(self, source: Source) -> None:
        import yaml

        self.yaml, self.source = yaml, source
        self.problems: list[Diagnostic] = []
        self.spans: dict[str, Span] = {}

    def read(self, of: type[Section], root: yaml.Node, what: str) -> Section:
        """The section that a whole text holds. Raises NetError with every mistake."""
        found = self.section(of, root, "") if self.is_mapping(root, what) else of()
        if self.problems:
            raise NetError(
                *sorted(
                    self.problems, key=lambda problem: problem.span.start if problem.span else 0
                )
            )
        return found

    def section(self, of: type[Section], node: yaml.Node, path: str) -> Section:
        """The section that the node holds; what is wrong with it is reported and left out."""
        keys = {item.name: item for item in fields(of) if item.metadata}
        nodes = self.entries(node, of, keys, path)
        values = {
            name: self.value(keys[name], given, f"{path}{name}") for name, given in nodes.items()
        }
        values = {name: value for name, value in values.items() if value is not None}
        for name, wrong in list(of.wrongs(values)):
            self.report(wrong.code, f"`{name}` {wrong.message}", nodes[name], wrong.help)
            del values[name]
        return of(**values) if not self.problems else of()

    def entries(
        self, node: yaml.Node, of: type[Section], keys: Iterable[str], path: str
    ) -> dict[str, yaml.Node]:
        """The section's known keys and the nodes of their values."""
        if of.short and isinstance(node, self.yaml.ScalarNode):
            return {of.short: node}
        if not self.is_mapping(node, f"`{path[:-1]}`"):
            return {}
        found = self.mapping(node)
        for name in found.keys() - set(keys):
            where = f"`{path[:-1]}` has" if path else "a recipe has"
            known = ", ".join(f"`{one}`" for one in keys)
            self.report(
                "N503",
                f"{where} no key `{name}`",
                found.pop(name)[0],
                did_you_mean(name, keys) or f"the keys are {known}",
            )
        return {name: value for name, (_, value) in found.items()}

    def mapping(self, node: yaml.MappingNode) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """The keys of a mapping, each with its own node and its value's; the first of two that
        are alike.
        """
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for name, value in node.value:
            if not isinstance(name, self.yaml.ScalarNode):
                self.report("N502", "a key is a word", name)
            elif name.value in found:
                first = self.source.position(found[name.value][0].start_mark.index)[0]
                self.report(
                    "N506", f"the key `{name.value}` stands twice, first in line {first}", name
                )
            else:
                found[name.value] = name, value
        return found

    def is_mapping(self, node: yaml.Node, what: str) -> TypeGuard[yaml.MappingNode]:
        if isinstance(node, self.yaml.MappingNode):
            return True
        given = "a list" if isinstance(node, self.yaml.SequenceNode) else f"`{node.value}`"
        self.report("N502", f"{what} takes keys and values, not {given}", node)
        return False

    def value(self, item: dataclasses.Field[Any], node: yaml.Node, path: str) -> Any:
        """What the node gives the key; None where it is wrong (and reported)."""
        self.spans[path] = self.span(node)
        if "section" in item.metadata:
            return self.section(item.metadata["section"], node, f"{path}.")
        if "takes" not in item.metadata:
            return self.params(node, path)
        takes = item.metadata["takes"]
        try:
            return self.taken(takes, node, path)
        except Wrong as wrong:
            self.report(wrong.code, f"`{item.name}` {wrong.message}", node, wrong.help)
        return None

    def taken(self, takes: Takes, node: yaml.Node, path: str) -> Any:
        """The value of a node that is no section. Raises Wrong."""
        if isinstance(node, self.yaml.ScalarNode) and (node.value or node.style):
            return takes.read(node.value) if node.style is None else takes.quoted(node.value)
        if isinstance(takes, Several) and isinstance(node, self.yaml.SequenceNode):
            return tuple(self.taken(takes.each, one, path) for one in node.value)
        if isinstance(takes, ByName) and isinstance(node, self.yaml.MappingNode):
            return {
                name: self.taken(takes.each, value, path)
                for name, (_, value) in self.mapping(node).items()
            }
        given = {
            "ScalarNode": "nothing",
            "SequenceNode": "a list",
            "MappingNode": "keys and values",
        }[type(node).__name__]
        raise Wrong("N504", f"takes {takes.wants}, not {given}")

    def params(self, node: yaml.Node, path: str) -> dict[str, Param]:
        """The network's parameters: numbers and texts by name."""
        if not self.is_mapping(node, f"`{path}`"):
            return {}
        values: dict[str, Param] = {}
        for name, (_, value) in self.mapping(node).items():
            self.spans[f"{path}.{name}"] = self.span(value)
            if isinstance(value, self.yaml.ScalarNode):
                values[name] = value.value if value.style else parse_param(value.value)
            else:
                self.report("N504", f"the parameter `{name}` takes a number or a text", value)
        return values

    def report(self, code: str, message: str, node: yaml.Node, help: str = "") -> None:
        self.problems.append(Diagnostic(code, message, self.span(node), help))

    def span(self, node: yaml.Node) -> Span:
        start, end = node.start_mark.index, node.end_mark.index
        return Span(self.source, start, start + len(self.source.text[start:end].rstrip()))


# --- sections -> YAML -----------------------------------------------------------------------------


def plain(values: Section) -> dict[str, Any]:
    """The keys that have values, as JSON knows them."""
    found: dict[str, Any] = {}
    for item in fields(values):
        value = getattr(values, item.name)
        if isinstance(value, Section):
            value = plain(value)
        elif isinstance(value, Mapping):
            value = {name: _as_json(one) for name, one in value.items()}
        if item.metadata and value is not None and value not in ({}, ()):
            found[item.name] = value
    return found


def as_yaml(values: Section, reasons: Mapping[str, str] | None = None) -> str:
    """The keys that have values, a line each, with the reasons as comments; reading it gives
    them back.
    """
    lines = list(_lines(values, "", reasons or {}))
    width = max((len(line) for line, reason in lines if reason), default=0)
    return "".join(
        f"{line:{width}}  # {reason}\n" if reason else f"{line}\n" for line, reason in lines
    )


def _lines(values: Section, path: str, reasons: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A key's line without its comment, and the comment."""
    indent = "  " * path.count(".")
    for item in fields(values):
        value, place = getattr(values, item.name), path + item.name
        if not item.metadata or value is None or value in ({}, ()):
            continue
        reason = reasons.get(place, "")
        if isinstance(value, Section):
            inner = list(_lines(value, f"{place}.", reasons))
            if inner:
                yield f"{indent}{item.name}:", reason
                yield from inner
        elif isinstance(value, Mapping):
            yield f"{indent}{item.name}:", reason
            for name, one in value.items():
                yield (
                    f"{indent}  {_scalar(name)}: {_scalar(one)}",
                    reasons.get(f"{place}.{name}", ""),
                )
        else:
            yield (
                f"{indent}{item.name}: {_scalar(list(value) if isinstance(value, tuple) else value)}",
                reason,
            )


def _scalar(value: Any) -> str:
    import yaml

    if isinstance(value, bool | Fraction | tuple):
        return param_text(value)
    if isinstance(value, str) and reads_as_another(value):
        return f"'{value}'"
    return (
        str(yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True))
        .removesuffix("\n")
        .removesuffix("\n...")
    )


def _as_json(value: Any) -> Any:
    """A value as JSON has it: a fraction as a number where that is exact, else as its ratio."""
    if not isinstance(value, Fraction):
        return value
    return float(value) if Fraction(str(float(value))) == value else param_text(value)
