"""Texts and files to architectures: sources, encodings, and every diagnostic of a text."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from netdsl.architecture import Architecture
from netdsl.errors import Diagnostic, NetError, Note, Source, Span, did_you_mean, fail
from netdsl.expectations import unmet
from netdsl.kinds.values import Shape
from netdsl.library import Library
from netdsl.limits import Limits
from netdsl.lint.layers import lint_graph
from netdsl.lint.silence import silenced
from netdsl.lint.texts import lint_text
from netdsl.lowering.expand import Expanded, expand
from netdsl.params import exact_params
from netdsl.process import uncollected
from netdsl.syntax import Parsed, parse_text, tree

DEFAULT_LIMITS = Limits()


class ReadOptions(NamedTuple):
    """What comes with a text from outside: the file, values for its params, an input's shape."""

    path: str | None = None
    params: Mapping[str, Any] = {}
    input_shape: Shape | None = None
    limits: Limits = DEFAULT_LIMITS


PLAIN = ReadOptions()
"""Nothing comes with the text."""


class Checked(NamedTuple):
    """A text read to the end: the networks that could be read, and every diagnostic."""

    source: Source
    networks: tuple[Architecture, ...]
    names: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def faulty(self) -> bool:
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
    source = Source(options.path or "<text>", _unix_lines(text.removeprefix("\ufeff")))
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
    mend = did_you_mean(wanted, checked.names) or f"it holds {names}"
    raise fail("N113", f"{file} holds no network `{wanted}`", help=mend)


def stem(path: str | os.PathLike[str]) -> str:
    return os.path.splitext(os.path.basename(os.fspath(path)))[0] or "network"


def read_source(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> Source:
    """A file's text.

    Raises:
        NetError: N601 where it cannot be read, N401 where it is too large, N007 where it is no
            UTF-8 text.
    """
    return decoded(read_bytes(path, limits), os.fspath(path), limits)


def read_bytes(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> bytes:
    """A file's bytes, one more than the limit at most.

    Raises:
        NetError: N601 where it cannot be read.
    """
    name = os.fspath(path)
    if os.path.isdir(name):
        raise fail("N601", f"{name} is a directory", help="name the files in it")
    try:
        with open(name, "rb") as file:
            return file.read(limits.source + 1)
    except FileNotFoundError:
        folder = os.path.dirname(name) or "."
        near = (
            did_you_mean(os.path.basename(name), os.listdir(folder))
            if os.path.isdir(folder)
            else ""
        )
        if not near and "." not in name and not os.path.dirname(name):
            near = 'a network in quotes holds a `>`: "28x28x1 > fc-10"'
        raise fail("N601", f"there is no file {name}", help=near) from None
    except OSError as error:
        raise fail("N601", f"{name} cannot be read: {error.strerror}") from None
    except ValueError:
        raise fail("N601", f"{name!r} is no file's name") from None


def decoded(data: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> Source:
    """The text of a file's bytes: UTF-8, with or without a mark at its beginning, any line ends."""
    if len(data) > limits.source:
        mend = "a network file is a text of a few lines; is this one?"
        raise fail("N401", f"{name} is larger than the limit of {limits.source:,} bytes", help=mend)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise fail("N007", f"{name} is UTF-16", help="save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{name} is no UTF-8 text: byte 0x{data[error.start]:02x} in line {line}"
        raise fail("N007", message, help="save it as UTF-8") from None
    if "\0" in text:
        raise fail(
            "N007",
            f"{name} is no text: it holds a zero byte in line {text.count(chr(10), 0, text.index(chr(0))) + 1}",
        )
    return Source(name, _unix_lines(text))


def _unix_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@uncollected()  # large networks are many small values, none of them garbage
def check_source(source: Source, options: ReadOptions, default_name: str) -> Checked:
    """Every network of a text with everything that is wrong with it."""
    parsed = parse_text(source, options.limits)
    folder = None if options.path is None else os.path.dirname(options.path)
    library = Library(folder, lambda path: read_source(path, options.limits), options.limits)
    groups = _networks(parsed, default_name)
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
        for name, statements in groups
    ]
    diagnostics = [*parsed.diagnostics, *_same_names(parsed)]
    networks: list[Architecture] = []
    for expanded in expansions:
        own = _diagnostics_of(expanded, parsed, options)
        diagnostics += own
        if expanded.graph and not parsed.diagnostics:
            networks.append(
                Architecture(
                    name=expanded.name,
                    graph=expanded.graph,
                    text=source.text,
                    description=parsed.description,
                    path=options.path,
                    params=options.params,
                    input_shape=options.input_shape,
                    warnings=tuple(
                        d for d in silenced(own, source, whole=False) if d.severity == "warning"
                    ),
                    used=library.texts(),
                )
            )
    if not parsed.diagnostics:
        declared = {name for expanded in expansions for name in expanded.params}
        diagnostics += _unknown_params(source, options.params, declared)
    names = tuple(name for name, _ in groups)
    return Checked(source, tuple(networks), names, _settled(diagnostics, parsed, options))


def _diagnostics_of(expanded: Expanded, parsed: Parsed, options: ReadOptions) -> list[Diagnostic]:
    """What is to be said of one network. Where statements are lost, what only follows from that
    is not said.
    """
    if parsed.diagnostics:
        return [d for d in expanded.diagnostics if d.code not in ("N209", "N211", "N212", "W703")]
    found = list(expanded.diagnostics)
    if expanded.graph:
        if not (options.params or options.input_shape):  # facts are of the file's own values
            found += unmet(expanded, expanded.graph)
        found += lint_graph(expanded.graph)
    return found


def _unknown_params(
    source: Source, params: Mapping[str, Any], declared: set[str]
) -> list[Diagnostic]:
    unknown = sorted(set(params) - declared)
    if not unknown:
        return []
    known = f"its params are {', '.join(sorted(declared))}" if declared else "it has no params"
    message = f"{source.name} has no param `{unknown[0]}`"
    return [Diagnostic("N108", message, help=did_you_mean(unknown[0], declared) or known)]


def _settled(
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


def _networks(parsed: Parsed, default_name: str) -> list[tuple[str, tuple[tree.Statement, ...]]]:
    """The statements by network: what stands before the first `net` belongs to each."""
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


def _same_names(parsed: Parsed) -> list[Diagnostic]:
    """Networks are chosen by their names, so each has one of its own."""
    found: list[Diagnostic] = []
    known: dict[str, Span] = {}
    for statement in parsed.statements:
        if isinstance(statement, tree.Net):
            name, span = (
                statement.name.text,
                Span(parsed.source, statement.name.start, statement.name.end),
            )
            if name in known:
                message = f"there is a network called `{name}` already"
                found.append(
                    Diagnostic(
                        "N104",
                        message,
                        span,
                        help="choose another name",
                        notes=(Note("first used here", known[name]),),
                    )
                )
            known.setdefault(name, span)
    return found
