"""Keys of a recipe that are set outside its text: `optimizer.rate=0.1`.

They become nodes of the recipe before it is read, so that they are checked in the same way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import Source
from netdsl.training.recipes.sections import Section
from netdsl.training.recipes.yaml_reader import compose

if TYPE_CHECKING:
    import yaml

SET = "--set"
"""The name of a setting's text in messages."""


class RecipeSetting(NamedTuple):
    """A key and its value as a recipe writes it: `optimizer.rate` and `0.1`."""

    key: str
    value: str

    @property
    def text(self) -> str:
        """The key and the value as they are written on the command line."""
        return f"{self.key}={self.value}"


def with_settings(
    root: yaml.Node | None, settings: Sequence[RecipeSetting], of: type[Section]
) -> tuple[yaml.Node | None, dict[str, Source]]:
    """Set keys in the nodes of a recipe; if a key is set twice, the last value counts.

    Args:
        root: the recipe, None for an empty one. Its nodes are changed.
        settings: keys and values.
        of: the schema of the recipe.

    Returns:
        The recipe's nodes, and the texts of the settings by the names in their nodes' marks.

    Raises:
        NetError: N501 where a value is not YAML.
    """
    import yaml

    sources: dict[str, Source] = {}
    for number, setting in enumerate(settings):
        # Numbered, so that two settings with the same text have different marks, by which the
        # reader finds them.
        name, source = f"{SET} {number}", Source(SET, setting.text)
        sources[name] = source
        if root is None:
            root = _mapping([], _mark(name, 0), _mark(name, len(source.text)))
        if isinstance(root, yaml.MappingNode):  # anything else is a mistake that reading reports
            # Reading begins after the `=`, but places count from the start of the text: messages
            # show all of it.
            value = compose(source, len(setting.key) + 1, name)
            end = _mark(name, len(source.text))
            # An empty value becomes a scalar, so that the reader reports it at its key.
            _set(root, setting.key, value or _scalar("", end, end), of)
    return root, sources


def _set(root: yaml.MappingNode, path: str, value: yaml.Node, of: type[Section] | None) -> None:
    """Set the key of this path, where `of` is the schema, if it is known."""
    import yaml

    mark, at = value.start_mark, 0
    *sections, last = path.split(".")
    node = root
    for part in sections:
        name = _scalar(part, _mark(mark.name, at), _mark(mark.name, at + len(part)))
        at += len(part) + 1
        of = _section(of, part)
        was, short = _found(node, part), of.short if of else None
        if isinstance(was, yaml.MappingNode):  # copied: an alias may be another key's value too
            inner = _mapping(was.value, was.start_mark, was.end_mark)
        else:
            inner = _mapping([], name.start_mark, value.end_mark)
            if short and isinstance(was, yaml.ScalarNode):  # `optimizer: sgd` is its name
                inner.value.append((_scalar(short, was.start_mark, was.end_mark), was))
        _put(node, name, inner)
        node = inner
    _put(node, _scalar(last, _mark(mark.name, at), _mark(mark.name, at + len(last))), value)


def _section(of: type[Section] | None, name: str) -> type[Section] | None:
    """Return the section that a key holds, None for a key that is not a section."""
    known: Mapping[str, Any] = (
        {} if of is None else {item.name: item.metadata for item in dataclasses.fields(of)}
    )
    found: type[Section] | None = known.get(name, {}).get("section")
    return found


def _found(node: yaml.MappingNode, name: str) -> yaml.Node | None:
    return next((value for key, value in node.value if key.value == name), None)


def _put(node: yaml.MappingNode, name: yaml.ScalarNode, value: yaml.Node) -> None:
    """Set a key to a value, replacing the one that it has."""
    # All pairs of the name are replaced: after a setting it does not matter that the file has the
    # key twice.
    node.value = [pair for pair in node.value if pair[0].value != name.value]
    node.value.append((name, value))


def _mark(name: str, index: int) -> yaml.Mark:
    import yaml

    return yaml.Mark(name, index, 0, index, "", 0)


def _scalar(text: str, start: yaml.Mark, end: yaml.Mark) -> yaml.ScalarNode:
    import yaml

    return yaml.ScalarNode("tag:yaml.org,2002:str", text, start, end)


def _mapping(pairs: Sequence[Any], start: yaml.Mark, end: yaml.Mark) -> yaml.MappingNode:
    import yaml

    return yaml.MappingNode("tag:yaml.org,2002:map", [*pairs], start, end)
