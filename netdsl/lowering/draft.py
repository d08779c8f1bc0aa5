"""A text on its way to a graph: what comes with it, what it has made, and what is wrong with it."""

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import Diagnostic, Span
from netdsl.kinds.values import Shape
from netdsl.library import Library, note_of_use
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.scopes import SHOWN_USES, NamesView

if TYPE_CHECKING:
    from netdsl.lowering.worked import WorkedStatement
else:
    WorkedStatement = Any


class Report:
    """What is wrong with statements.

    Attributes:
        problems: the mistakes.
        failed: whether there were any, also those that are not reported as they only follow from
            others.
        lost: the names that the statements would have brought in.
        lost_library: whether a used file could not be read, so that any unknown word may be one
            of its blocks.
    """

    def __init__(self, lost: set[str], lost_library: bool = False) -> None:
        self.problems: list[Diagnostic] = []
        self.failed = False
        self.lost = lost
        self.lost_library = lost_library

    def add(self, *problems: Diagnostic) -> None:
        """Add mistakes; none for one that only follows from others."""
        self.failed = True
        self.problems += problems

    def add_from_used_file(self, inner: "Report", place: Span) -> None:
        """Add the mistakes of a used file, with the place where it is used."""
        for problem in inner.problems:
            if len(problem.notes) < SHOWN_USES:
                notes = (*problem.notes, *note_of_use(problem.span, place))
                problem = problem._replace(notes=notes)
            self.problems.append(problem)
        self.failed |= inner.failed
        self.lost_library |= inner.lost_library


class Draft(NamedTuple):
    """A text on its way to a graph.

    Attributes:
        graph: what it has made.
        report: what is wrong with it.
        params: values from outside.
        input_shape: of its one input, from outside.
        library: finds the files that it uses.
        definitions: where its blocks and shared pieces are defined, also those to come.
        files: the text's name, and that of each used file which led to this one.
        brought: the blocks of used files by the files' names.
        worked: the numbers of its worked examples.
    """

    graph: GraphBuilder
    report: Report
    params: Mapping[str, Any]
    input_shape: Shape | None
    library: Library
    definitions: MutableMapping[str, Span]
    files: tuple[str, ...]
    brought: dict[str, NamesView]
    worked: list[WorkedStatement]
