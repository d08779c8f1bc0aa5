"""Networks read from texts and files, and their errors and warnings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from netdsl.api import arguments
from netdsl.api.network import Network
from netdsl.api.records import Diagnostics
from netdsl.architecture import Architecture
from netdsl.errors import NetError, Source
from netdsl.limits import DEFAULT_LIMITS, Limits
from netdsl.reading import (
    Fragment,
    ReadOptions,
    check_source,
    fragment_of,
    only,
    read_file,
    read_text,
)
from netdsl.sources import (
    holds_text,
    located,
    read_source,
    refuse_other_files,
    stem,
    unix_lines,
)

if TYPE_CHECKING:
    from netdsl.api.arguments import ParamValue, PathArgument
    from netdsl.kinds.values import Shape

NetworkArgument: TypeAlias = "Architecture | PathArgument"


def load(
    path: PathArgument,
    *,
    params: Mapping[str, ParamValue] | None = None,
    net: str | None = None,
    input: Shape | None = None,
    limits: Limits = DEFAULT_LIMITS,
    **old_params: ParamValue,
) -> Network:
    """Read the network of a `.net` file.

    Args:
        path: the file; `zoo:lenet5` is one of netdsl's own examples.
        params: values of its params: numbers, texts, True and False.
        net: which of several networks.
        input: the shape of one example, of a fragment without an input.
        limits: how much the file may ask for.
        old_params: params as keywords, which are deprecated.

    Returns:
        The network.

    Raises:
        NetError: with all mistakes in the file, or where it cannot be read (N601).
    """
    path = located(arguments.path("path", path, "the path of a .net file"))
    exact = arguments.params("load", params, old_params)
    options = _options(exact, input, limits)
    return Network.of(read_file(path, _net(net), options))


def parse(
    text: str,
    *,
    params: Mapping[str, ParamValue] | None = None,
    net: str | None = None,
    name: str = "network",
    input: Shape | None = None,
    limits: Limits = DEFAULT_LIMITS,
    **old_params: ParamValue,
) -> Network:
    r"""Read the network of a text.

    Args:
        text: the network.
        params: values of its params: numbers, texts, True and False.
        net: which of several networks.
        name: of a network that states none.
        input: the shape of one example, of a fragment without an input.
        limits: how much the text may ask for.
        old_params: params as keywords, which are deprecated.

    Returns:
        The network.

    Raises:
        NetError: with all mistakes in the text.

    >>> import netdsl
    >>> netdsl.parse("param w = 6\n32x32x1 > conv5-{w} > pool > fc-10", params={"w": 12})
    <Network network: 32x32x1 to 10, 31,042 params>
    """
    if not isinstance(text, str):
        more = "; load(path) reads a file" if isinstance(text, os.PathLike) else ""
        raise arguments.wrong_type("text", "the text of a network", text, more)
    exact = arguments.params("parse", params, old_params)
    name = arguments.text("name", name, "a name", arguments.elsewhere("name", name))
    return Network.of(read_text(str(text), _net(net), name, _options(exact, input, limits)))


def check(
    source: PathArgument,
    *,
    params: Mapping[str, ParamValue] | None = None,
    input: Shape | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Diagnostics:
    """Find everything that is wrong with a file or a text, errors and warnings.

    Args:
        source: a file's path; or, where it holds a `>` or several lines and no file has that name,
            the text itself.
        params: values of its params.
        input: the shape of one example, of a fragment without an input.
        limits: how much the text may ask for.

    Returns:
        The errors and warnings in the order of their places; empty where all is fine. For a file
        that cannot be read, the error N601.

    Raises:
        NetError: for wrong params or a wrong `input`.

    >>> import netdsl
    >>> [found.code for found in netdsl.check("32x32x1 > conv5-6 > pol > fc-10")]
    ['N101']
    """
    options = _options(arguments.params("check", params, {}), input, limits)
    try:
        read, options, name = _source(arguments.path("source", source, SOURCE), options)
    except NetError as error:
        return Diagnostics(error.diagnostics)
    return Diagnostics(check_source(read, options, name).diagnostics)


SOURCE = "the path of a .net file, or the text of a network"


def network_of(name: str, value: object) -> Network:
    """Return the network of an argument: the argument itself, or that of a file or a text.

    Raises:
        TypeError: where it is none of these.
        NetError: for each mistake in the text.
    """
    if isinstance(value, Architecture):
        return value if isinstance(value, Network) else Network.of(value)
    path = arguments.path(name, value, f"a Network, {SOURCE}")
    read, options, usual = _source(path, ReadOptions())
    return Network.of(only(check_source(read, options, usual), None))


def trained_of(name: str, value: object, several: bool = False) -> Network | Fragment:
    """Return the network to train, which may leave its input out; with `several`, the file's first.

    Raises:
        TypeError: where the argument does not name a network.
        NetError: for each mistake in the text.
    """
    if not isinstance(value, Architecture):
        path = arguments.path(name, value, f"a Network, {SOURCE}")
        read, options, usual = _source(path, ReadOptions())
        if several:
            checked = check_source(read, options, usual)
            if checked.faulty:
                raise NetError(*checked.diagnostics)
            return Network.of(checked.networks[0])
        fragment = fragment_of(read, options, usual)
        if fragment is not None:
            return fragment
    return network_of(name, value)


def _source(path: str, options: ReadOptions) -> tuple[Source, ReadOptions, str]:
    """Return the text that a path or a text names, its read options, and its network's name."""
    if holds_text(path):
        # A text from an editor or a notebook may begin with a byte order mark, or end lines as
        # Windows does.
        return Source("<text>", unix_lines(path.removeprefix("\ufeff"))), options, "network"
    path = located(path)
    refuse_other_files(path)
    return read_source(path, options.limits), options._replace(path=path), stem(path)


def _net(net: str | None) -> str | None:
    return None if net is None else arguments.text("net", net, "the name of a network")


def _options(exact: Mapping[str, object], input: object, limits: object) -> ReadOptions:
    known = arguments.limits(limits, arguments.elsewhere("limits", limits))
    return ReadOptions(None, exact, arguments.shape(input, known), known)
