"""The front door: a text or a file to `Network`s, and the short methods that people want of one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.counts import Counts, count_network, depth
from netdsl.errors import Diagnostic, NetError, Note, Source, Span, did_you_mean, fail
from netdsl.graph import Graph, Point
from netdsl.kinds.base import Shape, dims
from netdsl.library import Library
from netdsl.limits import Limits
from netdsl.lint import lint_graph, lint_text, silenced
from netdsl.lowering.expand import Expanded, expand
from netdsl.process import uncollected
from netdsl.syntax import Parsed, parse_text, tree

if TYPE_CHECKING:
    from netdsl.training.loop.job import Run

DEFAULT_LIMITS = Limits()


class Network:
    """A network whose shapes and counts are known; it never changes.

    Attributes:
        name: from `net`, else the file's stem.
        graph: its operations, layers, inputs, outputs and named points.
        text: the source that it was read from.
        path: the file that it was read from, or None.
        params: the network parameters that were set from outside.
        used: the texts of the files beside it that it uses, by their paths from its folder.
        warnings: what a reader should look at.
    """

    def __init__(
        self,
        name: str,
        graph: Graph,
        parsed: Parsed,
        given: Given,
        warnings: tuple[Diagnostic, ...],
        used: Mapping[str, str],
    ) -> None:
        self.name = name
        self.graph = graph
        self.text = parsed.source.text
        self.description = parsed.description
        self.path = given.path
        self.params = dict(given.params)
        self.input_shape = given.input_shape
        self.warnings = warnings
        self.used = used

    @property
    def inputs(self) -> tuple[Point, ...]:
        return self.graph.inputs

    @property
    def outputs(self) -> tuple[Point, ...]:
        return self.graph.outputs

    @property
    def counts(self) -> Counts:
        """The sums over all layers, for one example."""
        return count_network(self.graph)

    def table(self) -> str:
        """The table of layers as text: a row a layer, and the totals."""
        from netdsl.report.table import text_table

        return text_table(self)

    def emit(self) -> str:
        """A Keras program that makes the network, without netdsl: functions for blocks, loops
        for repeats.
        """
        from netdsl.emit.program import program

        return program([self])

    def _repr_html_(self) -> str:
        """The table as HTML: what a notebook shows of a network."""
        from netdsl.report.formats import as_html
        from netdsl.report.table import View, sheet

        return as_html(sheet(self, View()))

    def keras(self, seed: int | None = None) -> Any:
        """The Keras model with initial weights; the same ones again for the same seed."""
        from netdsl.keras.build import build

        return build(self, seed)

    def train(self, recipe: Any = None, **settings: Any) -> Run:
        """Trains the network and gives back the run (see `netdsl.training.loop.job.train`)."""
        from netdsl.training.loop.job import train

        return train(self, recipe, **settings)

    def __repr__(self) -> str:
        inputs = ", ".join(dims(point.shape) for point in self.inputs)
        outputs = ", ".join(dims(point.shape) for point in self.outputs)
        return f"<Network {self.name}: {inputs} to {outputs}, {self.counts.params:,} params>"


class Given(NamedTuple):
    """What comes with a text from outside: the file, values for its params, an input's shape."""

    path: str | None = None
    params: Mapping[str, Any] = {}
    input_shape: Shape | None = None
    limits: Limits = DEFAULT_LIMITS


class Checked(NamedTuple):
    """A text read to the end: the networks that could be read, and every diagnostic."""

    networks: tuple[Network, ...]
    names: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def faulty(self) -> bool:
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)


def load(
    path: str | os.PathLike[str],
    *,
    net: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    **params: Any,
) -> Network:
    """The network of a `.net` file.

    `net` chooses one of several networks; `limits` says how much the file may ask for; the other
    keywords set its params.

    Raises:
        NetError: for each mistake in the file, or where it cannot be read.
    """
    source = read_source(path, limits)
    given = Given(os.fspath(path), _exact(params), limits=limits)
    return _only(check_source(source, given, stem(path)), net, source)


def parse(
    text: str,
    *,
    net: str | None = None,
    name: str = "network",
    input: Shape | None = None,
    limits: Limits = DEFAULT_LIMITS,
    **params: Any,
) -> Network:
    """The network of a text.

    `input` gives a fragment its input's shape; the other keywords as in `load`.

    Raises:
        NetError: for each mistake in the text.
    """
    source = Source("<text>", _unix_lines(text.removeprefix("\ufeff")))
    return _only(
        check_source(source, Given(None, _exact(params), input, limits), name), net, source
    )


def load_model(path: str | os.PathLike[str]) -> Any:
    """A Keras model that was saved, whatever layers of netdsl's it holds.

    Raises NetError where it is none, or cut off.
    """
    from netdsl.keras.build import load_model

    return load_model(path)


def from_keras(model: Any) -> str:
    """The `.net` text of a Keras model.

    Raises NetError where the language has no word for one of its layers.
    """
    from netdsl.keras.importing import from_keras

    return from_keras(model)


def _exact(params: Mapping[str, Any]) -> dict[str, Any]:
    """Params as the language's exact numbers: a float is the decimal that it prints as."""
    from fractions import Fraction

    exact = {
        name: Fraction(repr(value)) if isinstance(value, float) else value
        for name, value in params.items()
    }
    return {
        name: int(value) if isinstance(value, Fraction) and value.denominator == 1 else value
        for name, value in exact.items()
    }


def _only(checked: Checked, wanted: str | None, source: Source) -> Network:
    if checked.faulty:
        raise NetError(*checked.diagnostics)
    return choose(checked, wanted, source)


def choose(checked: Checked, wanted: str | None, source: Source) -> Network:
    """The one network, or that of the name.

    Raises:
        NetError: N113 where there are several and none was named, or none has the name.
    """
    names = ", ".join(checked.names)
    if wanted is None:
        if len(checked.networks) > 1:
            raise fail(
                "N113",
                f"{source.name} holds {len(checked.networks)} networks: {names}",
                help="choose one with --net NAME",
            )
        return checked.networks[0]
    for network in checked.networks:
        if network.name == wanted:
            return network
    mend = did_you_mean(wanted, checked.names) or f"it holds {names}"
    raise fail("N113", f"{source.name} holds no network `{wanted}`", help=mend)


def stem(path: str | os.PathLike[str]) -> str:
    return os.path.splitext(os.path.basename(os.fspath(path)))[0] or "network"


# --- reading --------------------------------------------------------------------------------------


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
def check_source(source: Source, given: Given, default_name: str) -> Checked:
    """Every network of a text with everything that is wrong with it."""
    parsed = parse_text(source, given.limits)
    folder = None if given.path is None else os.path.dirname(given.path)
    library = Library(folder, lambda path: read_source(path, given.limits), given.limits)
    groups = _networks(parsed, default_name)
    diagnostics = list(parsed.diagnostics)
    networks: list[Network] = []
    declared: set[str] = set()
    diagnostics += _same_names(parsed)
    for name, statements in groups:
        expanded = expand(
            name,
            statements,
            source,
            params=given.params,
            input_shape=given.input_shape,
            lost_names=parsed.lost_names,
            limits=given.limits,
            library=library,
        )
        declared.update(expanded.params)
        own = [
            d
            for d in expanded.diagnostics
            if not (parsed.diagnostics and d.code in ("N209", "N211", "N212", "W703"))
        ]
        if expanded.graph and not parsed.diagnostics:
            own += _unmet(expanded, expanded.graph, given)
            own += lint_graph(expanded.graph)
            warnings = tuple(
                d for d in silenced(own, source, whole=False) if d.severity == "warning"
            )
            networks.append(Network(name, expanded.graph, parsed, given, warnings, library.texts()))
        diagnostics += own
    unknown = sorted(set(given.params) - declared)
    if unknown and not parsed.diagnostics:
        mend = did_you_mean(unknown[0], declared) or (
            f"its params are {', '.join(sorted(declared))}" if declared else "it has no params"
        )
        diagnostics.append(
            Diagnostic("N108", f"{source.name} has no param `{unknown[0]}`", help=mend)
        )
    diagnostics = list(dict.fromkeys(diagnostics))  # networks share what is common to them
    if not source.text.strip(" \t\n"):
        diagnostics = [
            Diagnostic(
                "N008",
                f"{source.name} is empty",
                help="write a network, such as 32x32x1 > conv5-6 > pool > fc-10",
            )
        ]
    if all(diagnostic.severity == "warning" for diagnostic in diagnostics):
        diagnostics += lint_text(parsed.statements, source)
        diagnostics.sort(key=lambda diagnostic: diagnostic.span.start if diagnostic.span else -1)
        diagnostics = silenced(diagnostics, source, whole=not (given.params or given.input_shape))
    else:
        diagnostics = silenced(diagnostics, source, whole=False)
    return Checked(tuple(networks), tuple(name for name, _ in groups), tuple(diagnostics))


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


def _unmet(expanded: Expanded, graph: Graph, given: Given) -> list[Diagnostic]:
    """The `expect` statements that do not hold; none are looked at where params or the input
    come from outside.
    """
    if given.params or given.input_shape:
        return []
    found = []
    for statement, source in expanded.expectations:
        found += _compare(statement, source, expanded, graph)
    return found


def _compare(
    statement: tree.Expect, source: Source, expanded: Expanded, graph: Graph
) -> list[Diagnostic]:
    from netdsl.expressions import evaluate

    def lookup(name: str, span: Span) -> Any:
        if name in expanded.params:
            return expanded.params[name]
        raise fail(
            "N110", f"there is no `{name}` here", span, help=did_you_mean(name, expanded.params)
        )

    try:
        wanted: tuple[Any, ...] = tuple(
            item.value
            if isinstance(item, tree.Number)
            else evaluate(item, source, lookup, DEFAULT_LIMITS)
            for item in statement.fact.items
        )
        is_shape, reached = _reached(statement, source, graph)
    except NetError as error:
        return list(error.diagnostics)
    if wanted == reached:
        return []
    what = (
        statement.what.text if isinstance(statement.what, tree.Name) else f"@{statement.what.name}"
    )
    span = Span(source, statement.fact.start, statement.fact.end)
    if is_shape:
        return [
            Diagnostic(
                "N301",
                f"{what} is {dims(reached)}, not {dims(wanted)}",
                span,
                help=f"expect {what} = {dims(reached)}",
            )
        ]
    difference = (
        f" ({reached[0] - wanted[0]:+,})" if len(wanted) == 1 and isinstance(wanted[0], int) else ""
    )
    message = f"{what} is {reached[0]:,}, not {dims(wanted)}{difference}"
    return [Diagnostic("N301", message, span, help=f"expect {what} = {reached[0]:_}")]


def _reached(statement: tree.Expect, source: Source, graph: Graph) -> tuple[bool, tuple[int, ...]]:
    """Whether the fact is a shape, and what it is in the graph."""
    if isinstance(statement.what, tree.Reference):
        point = graph.points.get(statement.what.name)
        span = Span(source, statement.what.start, statement.what.end)
        if point is None:
            raise fail(
                "N101",
                f"`@{statement.what.name}` names no point",
                span,
                help=did_you_mean(statement.what.name, graph.points),
            )
        return True, graph.ops[point].shape
    what = statement.what.text
    counts = count_network(graph)
    facts = {
        "params": counts.params,
        "total": counts.total,
        "weights": counts.weights,
        "macs": counts.macs,
        "depth": depth(graph),
    }
    if what in facts:
        return False, (facts[what],)
    span = Span(source, statement.what.start, statement.what.end)
    if what != "output":
        mend = (
            did_you_mean(what, [*facts, "output"])
            or f"facts are {', '.join(facts)}, output and @NAME"
        )
        raise fail("N302", f"`expect` knows no `{what}`", span, help=mend)
    if len(graph.outputs) > 1:
        names = ", ".join(f"@{output.name}" for output in graph.outputs)
        raise fail(
            "N302",
            f"the network has {len(graph.outputs)} outputs",
            span,
            help=f"expect the shape of one: {names}",
        )
    return True, graph.outputs[0].shape
