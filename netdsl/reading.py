"""Texts and files to architectures, and every diagnostic of a text."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

from netdsl.architecture import Architecture
from netdsl.errors import Diagnostic, NetError, Note, Source, Span, did_you_mean, fail
from netdsl.expectations import unmet
from netdsl.graph import Graph
from netdsl.kinds.values import Shape
from netdsl.library import Library
from netdsl.limits import DEFAULT_LIMITS, Limits
from netdsl.lint.layers import lint_graph
from netdsl.lint.silence import silenced
from netdsl.lint.texts import lint_text
from netdsl.lowering.expand import Expanded, expand
from netdsl.params import exact_params
from netdsl.process import uncollected
from netdsl.sources import read_source, stem, unix_lines
from netdsl.syntax import Parsed, parse_text, tree


class ReadOptions(NamedTuple):
    """What comes with a text from outside.

    Attributes:
        path: its file.
        params: values of its params.
        input_shape: of the one input of a fragment.
        limits: how much it may ask for.
    """

    path: str | None = None
    params: Mapping[str, Any] = {}
    input_shape: Shape | None = None
    limits: Limits = DEFAULT_LIMITS


PLAIN = ReadOptions()
"""Nothing comes with the text."""


class Checked(NamedTuple):
    """A text read to the end.

    Attributes:
        source: the text.
        networks: those that could be read.
        names: of all its networks.
        diagnostics: errors and warnings, each once.
    """

    source: Source
    networks: tuple[Architecture, ...]
    names: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def faulty(self) -> bool:
        """Whether there are errors."""
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)


def read_file(
    path: str | os.PathLike[str],
    net: str | None = None,
    options: ReadOptions = PLAIN,
    name: str | None = None,
) -> Architecture:
    """The network of a `.net` file, the one called `net` where it holds several. Where it names
    none, it is called `name`, or as the file is.

    Raises:
        NetError: for each mistake in the file, or where it cannot be read.
    """
    source = read_source(path, options.limits)
    options = options._replace(path=os.fspath(path))
    return only(check_source(source, options, name or stem(path)), net)


def read_text(
    text: str,
    net: str | None = None,
    name: str = "network",
    options: ReadOptions = PLAIN,
) -> Architecture:
    """The network of a text, the one called `net` where it holds several.

    Raises:
        NetError: for each mistake in the text.
    """
    source = Source(options.path or "<text>", unix_lines(text.removeprefix("\ufeff")))
    return only(check_source(source, options, name), net)


def with_params(network: Architecture, params: Mapping[str, Any]) -> Architecture:
    """Read the text of a network again with these params, where they are not those that it has.

    Args:
        network: whose text it is.
        params: all that are set from outside, as Python or the language has them.

    Raises:
        NetError: for what is wrong with them.
    """
    exact = exact_params(params)
    if exact == network.params:
        return network
    options = ReadOptions(network.path, exact, network.input_shape)
    return read_text(network.text, network.name, network.name, options)


def only(checked: Checked, wanted: str | None) -> Architecture:
    """The one network of a text without errors, or that of the name.

    Raises:
        NetError: each mistake of the text; N113 where there are several networks and none was
            named, or none has the name.
    """
    if checked.faulty:
        raise NetError(*checked.diagnostics)
    file = checked.source.name
    names = ", ".join(checked.names)
    if wanted is None:
        if len(checked.networks) > 1:
            raise fail(
                "N113",
                f"{file} holds {len(checked.networks)} networks: {names}",
                help="choose one with --net NAME",
            )
        return checked.networks[0]
    for network in checked.networks:
        if network.name == wanted:
            return network
    help = did_you_mean(wanted, checked.names) or f"it holds {names}"
    raise fail("N113", f"{file} holds no network `{wanted}`", help=help)


@uncollected()  # large networks are many small values, none of them garbage
def check_source(source: Source, options: ReadOptions, default_name: str) -> Checked:
    """Every network of a text with everything that is wrong with it.

    Args:
        source: the text.
        options: what comes with it from outside.
        default_name: of a network that has no name of its own.
    """
    parsed = parse_text(source, options.limits)
    folder = None if options.path is None else os.path.dirname(options.path)
    library = Library(folder, options.limits)
    expansions = [
        expand(
            name,
            statements,
            source,
            params=options.params,
            input_shape=options.input_shape,
            lost_names=parsed.lost_names,
            limits=options.limits,
            library=library,
        )
        for name, statements in _networks(parsed, default_name)
    ]
    found = [_diagnostics_of(expanded, parsed, options) for expanded in expansions]
    diagnostics = [*parsed.diagnostics, *_same_names(parsed), *chain.from_iterable(found)]
    used = library.texts()
    networks = tuple(
        _architecture(expanded, expanded.graph, own, parsed, options, used)
        for expanded, own in zip(expansions, found, strict=True)
        if expanded.graph and not parsed.diagnostics
    )
    if not parsed.diagnostics:
        declared = {name for expanded in expansions for name in expanded.params}
        diagnostics += _unknown_params(source, options.params, declared)
    names = tuple(expanded.name for expanded in expansions)
    return Checked(source, networks, names, _reported(diagnostics, parsed, options))


def _networks(parsed: Parsed, default_name: str) -> list[tuple[str, tuple[tree.Statement, ...]]]:
    """The statements by network: what comes before the first `net` belongs to each."""
    common: list[tree.Statement] = []
    groups: list[tuple[str, list[tree.Statement]]] = []
    for statement in parsed.statements:
        if isinstance(statement, tree.Net):
            groups.append((statement.name.text, [*common, statement]))
        else:
            (groups[-1][1] if groups else common).append(statement)
    if not groups:
        groups = [(default_name, common)]
    return [(name, tuple(statements)) for name, statements in groups]


def _diagnostics_of(expanded: Expanded, parsed: Parsed, options: ReadOptions) -> list[Diagnostic]:
    """What is to be reported of one network. Where statements are lost, that is not what only
    follows from it.
    """
    if parsed.diagnostics:
        return [d for d in expanded.diagnostics if d.code not in ("N209", "N211", "N212", "W703")]
    found = list(expanded.diagnostics)
    if expanded.graph:
        if not (options.params or options.input_shape):  # facts are of the file's own values
            found += unmet(expanded, expanded.graph)
        found += lint_graph(expanded.graph)
    return found


def _same_names(parsed: Parsed) -> list[Diagnostic]:
    """Networks are chosen by their names, so each has one of its own."""
    found: list[Diagnostic] = []
    known: dict[str, Span] = {}
    for statement in parsed.statements:
        if isinstance(statement, tree.Net):
            name = statement.name.text
            span = Span(parsed.source, statement.name.start, statement.name.end)
            if name in known:
                message = f"there is a network called `{name}` already"
                notes = (Note("first used here", known[name]),)
                found.append(
                    Diagnostic("N104", message, span, help="choose another name", notes=notes)
                )
            known.setdefault(name, span)
    return found


def _architecture(
    expanded: Expanded,
    graph: Graph,
    diagnostics: list[Diagnostic],
    parsed: Parsed,
    options: ReadOptions,
    used: Mapping[str, str],
) -> Architecture:
    heard = silenced(diagnostics, parsed.source, whole=False)
    return Architecture(
        name=expanded.name,
        graph=graph,
        text=parsed.source.text,
        description=parsed.description,
        path=options.path,
        params=options.params,
        input_shape=options.input_shape,
        warnings=tuple(each for each in heard if each.severity == "warning"),
        used=used,
    )


def _unknown_params(
    source: Source, params: Mapping[str, Any], declared: set[str]
) -> list[Diagnostic]:
    """The error of a param from outside that no network has."""
    unknown = sorted(set(params) - declared)
    if not unknown:
        return []
    known = f"its params are {', '.join(sorted(declared))}" if declared else "it has no params"
    message = f"{source.name} has no param `{unknown[0]}`"
    return [Diagnostic("N108", message, help=did_you_mean(unknown[0], declared) or known)]


def _reported(
    diagnostics: list[Diagnostic], parsed: Parsed, options: ReadOptions
) -> tuple[Diagnostic, ...]:
    """All diagnostics of a text, each once; warnings over the text where it has no error, without
    those that its comments silence.
    """
    source = parsed.source
    if not source.text.strip(" \t\n"):
        help = "write a network, such as 32x32x1 > conv5-6 > pool > fc-10"
        return (Diagnostic("N008", f"{source.name} is empty", help=help),)
    found = list(dict.fromkeys(diagnostics))  # networks share what is common to them
    if any(diagnostic.severity == "error" for diagnostic in found):
        return tuple(silenced(found, source, whole=False))
    found += lint_text(parsed.statements, source)
    found.sort(key=lambda diagnostic: diagnostic.span.start if diagnostic.span else -1)
    return tuple(silenced(found, source, whole=not (options.params or options.input_shape)))
