"""A network as a value: what its text means, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from netdsl.analysis.counts import Counts, count_network
from netdsl.errors import Diagnostic
from netdsl.errors.printable import in_one_line, printable
from netdsl.graph import Graph, Port, shapes_text
from netdsl.kinds.values import Shape

if TYPE_CHECKING:
    from netdsl.lowering.worked import WorkedValues


class Architecture:
    """A network whose shapes and counts are known. It is frozen, and equal by its graph.

    Attributes:
        name: from `net`, else the file's stem.
        graph: its operations, layers, inputs, outputs and named points.
        text: the source that it was read from.
        description: the comment block at the top of the source.
        path: the file that it was read from, or None.
        params: the network parameters that were set from outside.
        input_shape: the input's shape that was given from outside, or None.
        warnings: what a reader should look at.
        used: the texts of the files next to it that it uses, by their paths from its folder.
        given: the numbers that its text gives to inputs.
        expected: the numbers that its text expects at points.
    """

    __slots__ = (
        "description",
        "expected",
        "given",
        "graph",
        "input_shape",
        "name",
        "params",
        "path",
        "text",
        "used",
        "warnings",
    )

    name: str
    graph: Graph
    text: str
    description: str
    path: str | None
    params: Mapping[str, Any]
    input_shape: Shape | None
    warnings: tuple[Diagnostic, ...]
    used: Mapping[str, str]
    given: tuple[WorkedValues, ...]
    expected: tuple[WorkedValues, ...]

    def __init__(
        self,
        *,
        name: str,
        graph: Graph,
        text: str,
        description: str = "",
        path: str | None = None,
        params: Mapping[str, Any] = {},
        input_shape: Shape | None = None,
        warnings: tuple[Diagnostic, ...] = (),
        used: Mapping[str, str] = {},
        given: tuple[WorkedValues, ...] = (),
        expected: tuple[WorkedValues, ...] = (),
    ) -> None:
        values = {
            "name": in_one_line(name),  # a file's name can hold anything
            "graph": graph,
            "text": text,
            "description": printable(description),
            "path": path,
            "params": MappingProxyType(dict(params)),
            "input_shape": input_shape,
            "warnings": warnings,
            "used": MappingProxyType(dict(used)),
            "given": given,
            "expected": expected,
        }
        for attribute, value in values.items():
            # Past the class's own `__setattr__`, which refuses everything.
            object.__setattr__(self, attribute, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a network is frozen: its `{name}` cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a network is frozen: its `{name}` cannot be deleted")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, known: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        mappings = {"params": dict(self.params), "used": dict(self.used)}
        # A mapping proxy cannot be pickled.
        return partial(type(self), **{**self.values(), **mappings}), ()

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same operations on the same inputs, whatever their points are
        called.
        """
        if not isinstance(other, Architecture):
            return NotImplemented
        if self.graph is other.graph:
            return True
        from netdsl.analysis.canonical import canonical  # late: start-up is short

        return canonical(self.graph) == canonical(other.graph)

    def __hash__(self) -> int:
        # Equal graphs have equal counts; the canonical form would take far longer.
        return hash((len(self.graph.ops), self.counts))

    def replace(self, **values: Any) -> Self:
        """Return a copy with other values for the given attributes."""
        return type(self)(**{**self.values(), **values})

    def values(self) -> dict[str, Any]:
        """Return all attributes by their names."""
        return {name: getattr(self, name) for name in Architecture.__slots__}

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Return the graph's inputs."""
        return self.graph.inputs

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Return the graph's outputs."""
        return self.graph.outputs

    @property
    def counts(self) -> Counts:
        """The sums over all layers, for one example."""
        return count_network(self.graph)

    def __repr__(self) -> str:
        inputs, outputs = shapes_text(self.inputs, ", "), shapes_text(self.outputs, ", ")
        kind = type(self).__name__
        return f"<{kind} {self.name}: {inputs} to {outputs}, {self.counts.params:,} params>"


def titles_of(networks: Sequence[Architecture]) -> list[str]:
    """Return a title for each of several networks that are shown together.

    It is the name; where several share one, followed by the params that were set: `rn (width=16)`.
    """
    from netdsl.params import param_text  # late: start-up is short

    names = [network.name for network in networks]
    titles: list[str] = []
    for network in networks:
        title = network.name
        if names.count(title) > 1 and network.params:
            given = (f"{name}={param_text(value)}" for name, value in network.params.items())
            title = f"{title} ({', '.join(given)})"
        titles.append(title)
    return titles
