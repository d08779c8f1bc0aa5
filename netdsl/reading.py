"""The way from a text or a file to its networks: parsed, expanded, diagnosed."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.architecture import Architecture
from netdsl.errors import Diagnostic, NetError, Source, did_you_mean, fail
from netdsl.kinds.values import Shape, dims
from netdsl.library import Library
from netdsl.limits import DEFAULT_LIMITS, Limits
from netdsl.lint.diagnosis import diagnose
from netdsl.lowering.expand import Expanded, expand, lower_common
from netdsl.params import exact_params
from netdsl.process import uncollected
from netdsl.sources import read_source, refuse_other_files, stem, unix_lines
from netdsl.syntax import parse_text, tree
from netdsl.syntax.walks import first_reference

if TYPE_CHECKING:
    from netdsl.lowering.worked import WorkedValues


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
    """Return the network of a `.net` file, the one called `net` where it holds several.

    Where it names none, it is called `name`, or as the file is.

    Args:
        path: the file.
        net: the name of the network, where the file holds several.
        options: what comes with it from outside.
        name: of a network that has none of its own.

    Raises:
        NetError: for each mistake in the file, or where it cannot be read.
    """
    # Before it is parsed: each line of a table, with what is in it, would be a message.
    refuse_other_files(path)
    source = read_source(path, options.limits)
    options = options._replace(path=os.fspath(path))
    checked = check_source(source, options, name or stem(path))
    return only(checked, net)


def read_text(
    text: str,
    net: str | None = None,
    name: str = "network",
    options: ReadOptions = PLAIN,
) -> Architecture:
    """Return the network of a text, the one called `net` where it holds several.

    Args:
        text: the networks.
        net: the name of the one that is meant.
        name: of a network that has none of its own.
        options: what comes with it from outside.

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


@uncollected()  # large networks are many small values, none of them garbage
def check_source(source: Source, options: ReadOptions, default_name: str) -> Checked:
    """Return every network of a text with everything that is wrong with it.

    Args:
        source: the text.
        options: what comes with it from outside.
        default_name: of a network that has no name of its own.
    """
    parsed = parse_text(source, options.limits)
    # A text that is in no file has no folder, and may read none.
    folder = None if options.path is None else os.path.dirname(options.path)
    library = Library(folder, options.limits)
    texts = parsed.networks(default_name)
    common = lower_common(
        texts.common,
        source,
        params=options.params,
        input_shape=options.input_shape,
        lost_names=parsed.lost_names,
        limits=options.limits,
        library=library,
    )
    expansions = [
        expand(name, statements, common, first=not place)
        for place, (name, statements) in enumerate(texts.own)
    ]
    found = diagnose(parsed, expansions, options.params, options.input_shape)
    used = library.texts()
    networks = tuple(
        Architecture(
            name=expanded.name,
            graph=expanded.graph,
            text=source.text,
            description=parsed.description,
            path=options.path,
            params=options.params,
            input_shape=options.input_shape,
            warnings=warnings,
            used=used,
            given=_worked(expanded, tree.Given),
            expected=_worked(expanded, tree.Expect),
        )
        for expanded, warnings in zip(expansions, found.warnings, strict=True)
        # A statement that was lost may belong to any of the networks.
        if expanded.graph and not parsed.diagnostics
    )
    names = tuple(expanded.name for expanded in expansions)
    return Checked(source, networks, names, found.diagnostics)


def _worked(expanded: Expanded, statement: type[tree.Statement]) -> "tuple[WorkedValues, ...]":
    """Return the numbers of a network's `given`s, or of its `expect`s."""
    return tuple(each.values for each in expanded.worked if isinstance(each.node, statement))


class Fragment(NamedTuple):
    """The text of a network that leaves its input out, and what comes with it.

    Attributes:
        source: the text.
        options: from outside.
        name: of the network.
        start: where its first flow is written.
    """

    source: Source
    options: ReadOptions
    name: str
    start: int

    def on(self, shape: Shape, params: Mapping[str, Any]) -> Architecture:
        """Return the network on an input, which its text states from here on.

        Args:
            shape: the input's.
            params: all that are set from outside.

        Raises:
            NetError: for each mistake in it.
        """
        text = self.source.text
        # Written into the text, so that the network that comes out can be saved and read again.
        text = f"{text[: self.start]}input {dims(shape)}\n> {text[self.start :]}"
        source = Source(self.source.name, text)
        options = self.options._replace(params=exact_params(params))
        return only(check_source(source, options, self.name), self.name)


def fragment_of(
    source: Source, options: ReadOptions, default_name: str, net: str | None = None
) -> Fragment | None:
    """Return a text as a fragment, where its network begins with a layer and has no input.

    Args:
        source: the text.
        options: what comes with it from outside; with an input's shape the text is not a fragment.
        default_name: of a network that has no name of its own.
        net: the network that is meant, where the text holds several.
    """
    parsed = parse_text(source, options.limits)
    texts = parsed.networks(default_name)
    named = [(name, own) for name, own in texts.own if net in (None, name)]
    if options.input_shape is not None or len(named) != 1 or parsed.diagnostics:
        return None
    name, own = named[0]
    statements = (*texts.common, *own)
    flows = [each for each in statements if isinstance(each, tree.Flow)]
    has_input = any(isinstance(each, tree.Input) for each in statements)
    if has_input or not flows or first_reference(flows[0].chain) is not None:
        return None
    return Fragment(source, options, name, flows[0].start)


def only(checked: Checked, requested: str | None) -> Architecture:
    """Return the one network of a text without errors, or that of the name.

    Raises:
        NetError: each mistake of the text; N113 where there are several networks and none was
            named, or none has the name.
    """
    if checked.faulty:
        raise NetError(*checked.diagnostics)
    file = checked.source.name
    names = ", ".join(checked.names)
    if requested is None:
        if len(checked.networks) > 1:
            raise fail(
                "N113",
                f"{file} holds {len(checked.networks)} networks: {names}",
                help="choose one with --net NAME",
            )
        return checked.networks[0]
    for network in checked.networks:
        if network.name == requested:
            return network
    help = did_you_mean(requested, checked.names) or f"it holds {names}"
    raise fail("N113", f"{file} does not hold a network `{requested}`", help=help)
