"""A text's statements as trees, and what is wrong with the others."""

from functools import cache
from typing import NamedTuple

from netdsl.errors import Diagnostic, Source, Span
from netdsl.limits import Limits
from netdsl.syntax.build import Builder
from netdsl.syntax.fault import Fault
from netdsl.syntax.grammar import load_tables
from netdsl.syntax.lalr import Parser, Unexpected
from netdsl.syntax.lost import lost_names
from netdsl.syntax.split import Broken, Extent, split
from netdsl.syntax.tree import Name, Net, Statement

_MAX_REPORTED = 100


class Parsed(NamedTuple):
    """What a text says.

    Attributes:
        statements: those that could be read, in order.
        diagnostics: what is wrong with the others.
        lost_names: names that the others would have brought in: not knowing them is not
            another mistake.
        description: the comment block at the very top.
    """

    source: Source
    statements: tuple[Statement, ...]
    diagnostics: tuple[Diagnostic, ...]
    lost_names: frozenset[str]
    description: str

    def networks(self, default_name: str) -> "Networks":
        """Return the statements by network: what comes before the first `net` belongs to each.

        Args:
            default_name: of the one network of a text without `net`.
        """
        common: list[Statement] = []
        groups: list[tuple[str, list[Statement]]] = []
        for statement in self.statements:
            if isinstance(statement, Net):
                groups.append((statement.name.text, [statement]))
            else:
                (groups[-1][1] if groups else common).append(statement)
        own = [(name, tuple(statements)) for name, statements in groups or [(default_name, [])]]
        return Networks(tuple(common), own)


class Networks(NamedTuple):
    """The statements of a text by network.

    Attributes:
        common: what comes before the first `net`, and belongs to each.
        own: for each network its name and the statements of its own.
    """

    common: tuple[Statement, ...]
    own: list[tuple[str, tuple[Statement, ...]]]


def parse_text(source: Source, limits: Limits) -> Parsed:
    """Return all statements of a text, each parsed alone.

    Raises nothing that the text can cause.
    """
    statements: list[Statement] = []
    diagnostics: list[Diagnostic] = []
    lost: set[str] = set()
    for found in split(source, limits):
        if isinstance(found, Broken):
            wrong = [found.diagnostic]
        else:
            result = _parse_statement(source, source.text, found)
            if not isinstance(result, Diagnostic):
                statements.append(result)
                continue
            from netdsl.syntax.recovery import LOST_STEP, read_without_mistakes

            rest, wrong = read_without_mistakes(source, found, result, _parse_statement)
            if rest is not None:
                statements.append(rest)
                lost.add(LOST_STEP)
        lost.update(lost_names(source.text, found, wrong))
        if found.rule == "net":  # what follows belongs to a network of its own
            name = Name("", found.start, found.end)
            statements.append(Net(name, found.start, found.end))
        diagnostics += wrong
        # A file that is not a network would give a message for each line.
        if len(diagnostics) >= _MAX_REPORTED:
            break
    return Parsed(
        source, tuple(statements), tuple(diagnostics), frozenset(lost), _description(source.text)
    )


def _parse_statement(source: Source, text: str, extent: Extent) -> Statement | Diagnostic:
    """Read a statement of a source from a text of the same length."""
    try:
        return _parser().parse(text, extent.start, extent.end, extent.rule)  # type: ignore[no-any-return]
    except Fault as fault:
        span = Span(source, fault.start, fault.end)
        return Diagnostic(fault.code, fault.message, span, help=fault.help)
    except Unexpected as error:
        from netdsl.syntax.messages import explain  # late: start-up is short
        from netdsl.syntax.mistakes.stop import Stop

        at = extent.end if error.at is None else error.at
        return explain(Stop(source, extent.rule, extent.start, extent.end, at, error.expected))


@cache
def _parser() -> Parser:
    return Parser(load_tables(), Builder())


def _description(text: str) -> str:
    """Return the comment lines at the top of a text, up to the first line that is not one."""
    lines = []
    for line in text.split("\n"):
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    return "\n".join(lines).strip()
