"""Reading keys from YAML with the place of every mistake.

YAML is read as nodes, whose values the keys interpret: YAML 1.1 itself would take 1e-3 for a text,
010 for eight and `no` for false.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeGuard

from netdsl.errors import Diagnostic, NetError, Source, Span, fail
from netdsl.kinds.lists import MAX_ITEMS, MAX_NESTED, is_of_numbers
from netdsl.params import parse_param
from netdsl.training.recipes.familiar import unknown_key_help
from netdsl.training.recipes.sections import Section
from netdsl.training.recipes.values import (
    ValueList,
    ValueProblem,
    ValuesByName,
    ValueType,
    inside,
)

if TYPE_CHECKING:
    import yaml

    from netdsl.params import Param

LONGEST = 1 << 16
"""Characters: a text longer than this is not a recipe, and reading it as YAML takes long."""


def compose(source: Source, start: int = 0, name: str = "") -> yaml.Node | None:
    """Read a YAML text as nodes, each with its place; None for an empty text.

    Args:
        source: the text.
        start: where the YAML begins in it.
        name: the name in the nodes' marks, which shows the text that a node is from.

    Raises:
        NetError: N501.
    """
    import yaml

    if len(source.text) > LONGEST:
        length = f"{source.name} has {len(source.text):,} characters"
        raise fail("N501", f"{length}: a recipe has at most {LONGEST:,}")
    try:
        # Spaces in front, so that each mark's index counts in the whole text.
        loader = yaml.SafeLoader(" " * start + source.text[start:])
        loader.name = name  # the name in its marks
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        # Some errors of PyYAML name only where a construct began.
        mark = error.problem_mark or error.context_mark
        at = min(mark.index, max(0, len(source.text) - 1)) if mark else 0
        problem = (
            f"{error.context} {error.problem}"
            if (error.problem or "").startswith("but ")
            else error.problem or error.context
        )
        raise fail("N501", f"this is not YAML: {problem}", Span(source, at, at + 1)) from None
    except yaml.reader.ReaderError as error:
        character = f"U+{ord(source.text[error.position]):04X}"
        message = f"this is not YAML: it does not allow the character {character}"
        raise fail("N501", message, Span(source, error.position, error.position + 1)) from None
    except RecursionError:
        raise fail("N501", f"the brackets in {source.name} are nested too deep") from None
    _refuse_tags(source, root)
    return root


_TAG = re.compile(r"(?:&\S+\s+)?(![^\s,\]}]*)")


def _refuse_tags(source: Source, root: yaml.Node | None) -> None:
    """Reject tags, which say how another program should read a value.

    Raises:
        NetError: N501.
    """
    waiting: list[Any] = [] if root is None else [root]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            waiting += node
            continue
        # Aliases can make one node the child of many, even of itself.
        if id(node) in seen:
            continue
        seen.add(id(node))
        start = node.start_mark.index
        if found := _TAG.match(source.text, start):
            span = Span(source, found.start(1), found.end(1))
            message = f"a recipe has no tags, such as `{found[1]}`"
            raise fail("N501", message, span, help="leave it out: the key says what is expected")
        if isinstance(node.value, list):
            waiting += node.value


class RecipeReader:
    """Reads nodes by the schema. Mistakes are gathered, so that one run reports them all.

    Attributes:
        sources: the texts of nodes from elsewhere, by the names in their marks.
        spans: the place of each value by its key, `early_stopping.every`; for names with values
            also that of each name, `data.columns.zip`, for a list of each text, `data.drop.zip`.
        listed: how many params were read, and items of their lists.
    """

    def __init__(self, source: Source, sources: Mapping[str, Source] = {}) -> None:
        import yaml

        self.yaml, self.source, self.sources = yaml, source, sources
        self.diagnostics: list[Diagnostic] = []
        self.spans: dict[str, Span] = {}
        self.listed = 0

    def read(self, of: type[Section], root: yaml.Node, what: str) -> Section:
        """Read the section that a whole text holds.

        Args:
            of: the section's class.
            root: the text as nodes.
            what: what it is called in messages.

        Raises:
            NetError: with every mistake.
        """
        found = self.section(of, root, "") if self.is_mapping(root, what) else of()
        if self.diagnostics:
            raise NetError(
                *sorted(self.diagnostics, key=lambda found: found.span.start if found.span else 0)
            )
        return found

    def section(self, of: type[Section], node: yaml.Node, path: str) -> Section:
        """Read the section that a node holds; wrong values are reported and left out."""
        keys = {item.name: item for item in fields(of) if item.metadata}
        nodes = self.entries(node, of, keys, path)
        values = {
            name: self.value(keys[name], given, f"{path}{name}") for name, given in nodes.items()
        }
        values = {name: value for name, value in values.items() if value is not None}
        for name, problem in list(of.problems(values)):
            self.refuse(name, problem, nodes[name])
            del values[name]
        # The section itself would report values that contradict each other a second time.
        return of(**values) if not self.diagnostics else of()

    def entries(
        self, node: yaml.Node, of: type[Section], keys: Collection[str], path: str
    ) -> dict[str, yaml.Node]:
        """Return the section's known keys and the nodes of their values."""
        if of.short and isinstance(node, self.yaml.ScalarNode):
            return {of.short: node}
        if not self.is_mapping(node, f"`{path[:-1]}`"):
            return {}
        found = self.mapping(node)
        for name in found.keys() - set(keys):
            where = f"`{path[:-1]}` has" if path else "a recipe has"
            given, value = found.pop(name)
            help = self.colon_help(name, value) or unknown_key_help(name, path, keys)
            self.report("N503", f"{where} no key `{name}`", given, help)
        return {name: value for name, (_, value) in found.items()}

    def mapping(self, node: yaml.MappingNode) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Return the keys of a mapping, each with its own node and its value's.

        If a key occurs twice, the first one counts and the second is reported.
        """
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for name, value in node.value:
            if not isinstance(name, self.yaml.ScalarNode):
                self.report("N502", "a key is a word", name)
            elif name.value in found:
                first = self.source.position(found[name.value][0].start_mark.index)[0]
                self.report(
                    "N506", f"the key `{name.value}` occurs twice, first in line {first}", name
                )
            else:
                found[name.value] = name, value
        return found

    def is_mapping(self, node: yaml.Node, what: str) -> TypeGuard[yaml.MappingNode]:
        """Return whether a node holds keys and values; report it if it does not."""
        if isinstance(node, self.yaml.MappingNode):
            return True
        given = "a list" if isinstance(node, self.yaml.SequenceNode) else f"`{node.value}`"
        self.report("N502", f"{what} requires keys and values, not {given}", node)
        return False

    def value(self, item: dataclasses.Field[Any], node: yaml.Node, path: str) -> Any:
        """Read a key's value from its node; None for a wrong one, which is reported."""
        self.spans[path] = self.span(node)
        if "section" in item.metadata:
            return self.section(item.metadata["section"], node, f"{path}.")
        if "accepts" not in item.metadata:
            return self.params(node, path)
        self.name_spans(node, path)
        try:
            return self.accepted(item.metadata["accepts"], node)
        except ValueProblem as problem:
            self.refuse(item.name, problem, node)
        return None

    def name_spans(self, node: yaml.Node, path: str) -> None:
        """Record the places of the names in a value, or of the texts in a list."""
        named = [name for name, _ in node.value] if isinstance(node, self.yaml.MappingNode) else []
        listed = node.value if isinstance(node, self.yaml.SequenceNode) else named
        for one in listed:
            if isinstance(one, self.yaml.ScalarNode):
                self.spans.setdefault(f"{path}.{one.value}", self.span(one))

    def refuse(self, name: str, problem: ValueProblem, node: yaml.Node) -> None:
        """Report what is wrong with a key's value, at the place inside it that is wrong."""
        for where in problem.inside:
            if isinstance(where, str) and isinstance(node, self.yaml.MappingNode):
                found = [one for key, one in node.value if key.value == where]
            else:
                found = node.value[where:] if isinstance(node, self.yaml.SequenceNode) else []
            if not found:
                break
            node = found[0]
        self.report(problem.code, problem.text(name), node, problem.help)

    def accepted(self, accepts: ValueType, node: yaml.Node) -> Any:
        """Read the value of a node that is not a section.

        Raises:
            ValueProblem: where it is not what the key accepts.
        """
        if isinstance(node, self.yaml.ScalarNode) and (node.value or node.style):
            # In quotes a value is a text, whatever it looks like.
            return accepts.read(node.value) if node.style is None else accepts.quoted(node.value)
        if isinstance(accepts, ValueList) and isinstance(node, self.yaml.SequenceNode):
            return tuple(
                self.item(accepts.each, place, one) for place, one in enumerate(node.value)
            )
        if isinstance(accepts, ValuesByName) and isinstance(node, self.yaml.MappingNode):
            return {
                name: self.item(accepts.each, name, value)
                for name, (_, value) in self.mapping(node).items()
            }
        given = {
            "ScalarNode": "nothing",
            "SequenceNode": "a list",
            "MappingNode": "keys and values",
        }[type(node).__name__]
        raise ValueProblem("N504", f"requires {accepts.description}, not {given}")

    def item(self, accepts: ValueType, name: str | int, node: yaml.Node) -> Any:
        """Read a value inside another. Raises ValueProblem as `accepted` does."""
        with inside(name):
            if help := self.colon_help(str(name), node):
                raise ValueProblem("N504", "has no value", help)
            return self.accepted(accepts, node)

    def colon_help(self, name: str, value: yaml.Node) -> str:
        """Say that YAML reads `a:1` as one word, where a key without a value is such a word."""
        key, _, text = name.partition(":")
        empty = isinstance(value, self.yaml.ScalarNode) and not (value.value or value.style)
        return f"a space follows the colon: `{key}: {text}`" if text and empty else ""

    def params(self, node: yaml.Node, path: str) -> dict[str, Param]:
        """Read the network's params: numbers and texts by name."""
        if not self.is_mapping(node, f"`{path}`"):
            return {}
        values: dict[str, Param] = {}
        for name, (_, value) in self.mapping(node).items():
            self.spans[f"{path}.{name}"] = self.span(value)
            if isinstance(value, self.yaml.ScalarNode):
                values[name] = self._param(value)
            elif is_of_numbers(listed := self._param(value)):
                values[name] = listed
            else:
                message = f"the parameter `{name}` requires a number, a text or a list of numbers"
                self.report("N504", message, value)
        return values

    def _param(self, node: yaml.Node, depth: int = 0) -> Any:
        """Return a param's value; None for a node that cannot be one.

        Depth and size are limited: aliases can make lists that contain themselves, or lists that
        do not fit in the memory.
        """
        self.listed += 1
        if isinstance(node, self.yaml.ScalarNode):
            return parse_param(node.value) if node.style is None else node.value
        if isinstance(node, self.yaml.MappingNode) or depth > MAX_NESTED or self.listed > MAX_ITEMS:
            return None
        return tuple(self._param(each, depth + 1) for each in node.value)

    def report(self, code: str, message: str, node: yaml.Node, help: str = "") -> None:
        """Record a mistake at its node's place."""
        self.diagnostics.append(Diagnostic(code, message, self.span(node), help))

    def span(self, node: yaml.Node) -> Span:
        """Return the place of a node, without the white space after it."""
        source = self.sources.get(node.start_mark.name, self.source)
        start, end = node.start_mark.index, node.end_mark.index
        return Span(source, start, start + len(source.text[start:end].rstrip()))
