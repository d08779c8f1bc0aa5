"""From FILE on the command line to the networks in it."""

import argparse
import os
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from netdsl.architecture import Architecture
from netdsl.cli.terminal import show_diagnostics
from netdsl.errors import Diagnostic, NetError, Source, fail
from netdsl.limits import DEFAULT_LIMITS
from netdsl.params import parse_param
from netdsl.paths import leads_out, standard_input
from netdsl.reading import Checked, Fragment, ReadOptions, check_source, fragment_of, only
from netdsl.sources import decoded, holds_text, located, read_source, refuse_other_files, stem
from netdsl.wording import counted


class CommandInput(NamedTuple):
    """The text that FILE names.

    Attributes:
        source: the text.
        path: where it is.
        name: of a network whose text states none.
        params: of this file alone: `FILE:width=32`.
    """

    source: Source
    path: str | None = None
    name: str = "network"
    params: tuple[tuple[str, Any], ...] = ()


def read_input(file: str) -> CommandInput:
    """Read a file, an example (`zoo:NAME`), standard input (`-`), or a text, which has a `>`.

    A file's own params may follow it: `FILE:NAME=VALUE,...`.

    Raises:
        NetError: N107 for a param that is given twice, N601 where the file cannot be read, N607
            where it is a table, an image or the like, N007 where it is not a text, N401 where it
            is too large.
    """
    if holds_text(file):
        # Bytes of an argument that are not UTF-8 are surrogates in it: as bytes they raise N007.
        return CommandInput(decoded(file.encode("utf-8", "surrogateescape"), "<text>"))
    file, params = split_params(file)
    if file == "-":
        return CommandInput(decoded(read_standard_input(), "<stdin>"), params=params)
    path = located(file)
    refuse_other_files(path)
    return CommandInput(read_source(path), path, stem(path), params)


def read_standard_input() -> bytes:
    """Read a text's bytes from standard input, one more than the limit at most.

    Raises:
        NetError: N601 where standard input is closed, or cannot be read.
    """
    try:
        # One byte more than allowed is enough to know that there are too many.
        return standard_input(DEFAULT_LIMITS.source + 1)
    except OSError as error:
        raise fail("N601", f"standard input cannot be read: {error.strerror}") from None


def check_input(given: CommandInput, options: argparse.Namespace) -> Checked:
    """Find the networks of a text, or the one that `--net` names, and every diagnostic."""
    checked = check_source(given.source, _read_options(given, options), given.name)
    if options.net is not None and not checked.faulty:
        checked = checked._replace(networks=(only(checked, options.net),))
    return checked


def _read_options(given: CommandInput, options: argparse.Namespace) -> ReadOptions:
    """Return the options for reading a text: the params of its file replace those of `-p`."""
    # In this order: the file's own come last, and win.
    return ReadOptions(given.path, dict([*options.params, *given.params]), options.input)


def valid(checked: Checked) -> Checked:
    """Return the argument if it has no mistakes.

    Raises:
        NetError: with the mistakes.
    """
    if checked.faulty:
        raise NetError(*checked.diagnostics)
    return checked


def read_networks(file: str, options: argparse.Namespace) -> Checked:
    """Read the networks of FILE, and show its warnings.

    Raises:
        NetError: where the file has mistakes.
    """
    checked = valid(check_input(read_input(file), options))
    show_diagnostics(checked.diagnostics)
    return checked


def read_several(files: Sequence[str], options: argparse.Namespace) -> list[Checked]:
    """Read the networks of each file, and show the warnings at each place of a text once.

    Raises:
        NetError: where a file has mistakes.
    """
    every = [valid(check_input(read_input(file), options)) for file in files]
    found: dict[Any, list[Diagnostic]] = {}
    for each in (each for checked in every for each in checked.diagnostics):
        span = each.span
        place = (span.source.name, span.start, span.end) if span else each.message
        found.setdefault((each.code, place), []).append(each)
    shown = []
    for first, *more in found.values():
        others = f" (and {counted(len(more), 'more time')})" if more else ""
        shown.append(first._replace(message=first.message + others))
    show_diagnostics(shown)
    return every


_FILE_AND_PARAMS = re.compile(r"(.+?):([A-Za-z_][A-Za-z0-9_]*=.*)", re.DOTALL)


def split_params(file: str) -> tuple[str, tuple[tuple[str, Any], ...]]:
    """Split `a.net:width=8,depth=(1, 2)` into the file and its params.

    Raises:
        NetError: N107 for a param that is given twice, or has no value.
    """
    # A file's name may have this form, and a network's text has colons of its own.
    found = None if os.path.exists(file) or holds_text(file) else _FILE_AND_PARAMS.fullmatch(file)
    if found is None:
        return file, ()
    # Split at commas before a name: `(1, 2)` is one value.
    parts = re.split(r",\s*(?=[A-Za-z_][A-Za-z0-9_]*=)", found[2])
    pairs = [part.partition("=") for part in parts]
    names = [name for name, _, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            values = " and ".join(value.strip() for other, _, value in pairs if other == name)
            raise fail("N107", f"the param `{name}` of {found[1]} is given twice: {values}")
    for name, _, value in pairs:
        if not value.strip() or re.match(r"[^\"']*:[A-Za-z_][A-Za-z0-9_]*=", value):
            what = f"is {value}" if value.strip() else "has no value"
            help = f"values follow `=`, and a comma separates params: {found[1]}:{name}=32,n=3"
            raise fail("N107", f"the param `{name}` of {found[1]} {what}", help=help)
    return found[1], tuple((name, parse_param(value.strip())) for name, _, value in pairs)


def read_network(options: argparse.Namespace) -> Architecture:
    """Read the one network of the command's FILE, and show its warnings.

    Raises:
        NetError: where the file has mistakes; N113 where it holds several networks and `--net`
            names none.
    """
    return only(read_networks(options.file, options), options.net)


def read_trained(options: argparse.Namespace) -> Architecture | Fragment:
    """Read the one network of the command's FILE for a training: it may leave its input out.

    Raises:
        NetError: as `read_network` does.
    """
    given = read_input(options.file)
    read_options = _read_options(given, options)
    fragment = fragment_of(given.source, read_options, given.name, options.net)
    if fragment is not None:
        return fragment
    checked = valid(check_input(given, options))
    show_diagnostics([each for each in checked.diagnostics if each.code not in _OF_CHECK])
    return only(checked, options.net)


_OF_CHECK = ("W701",)
"""Warnings that `train` does not show: rows that no window reads hardly matter to a training."""


def found_files(names: Iterable[str]) -> list[str]:
    """Find the files that are named, and those of directories.

    A directory means all `.net` files in it and below, except hidden ones. A link from one of them
    to another does not count as a second file.

    Raises:
        NetError: N601 where a directory holds no such file, or holds a link that leads out of it.
    """
    files: list[str] = []
    for name in names:
        if not os.path.isdir(name):
            files.append(name)
            continue
        below = []
        for folder, folders, inside in os.walk(name):
            # Assigned in place, as `os.walk` reads this list: hidden folders are not entered.
            folders[:] = sorted(inner for inner in folders if not inner.startswith("."))
            below += [
                os.path.join(folder, file)
                for file in sorted(inside)
                if file.endswith(".net") and not file.startswith(".")
            ]
        if not below:
            raise fail("N601", f"there is no .net file in {name}")
        files += _without_links(below, name)
    return list(dict.fromkeys(files))


def _without_links(files: list[str], folder: str) -> list[str]:
    """Leave out the links among a folder's files to others of them.

    Raises:
        NetError: N601 where one leads out of the folder.
    """
    links = [file for file in files if os.path.islink(file)]
    for link in links:
        if leads_out(link, folder):
            message = f"{link} is a link that leads outside {folder}, to {os.path.realpath(link)}"
            raise fail("N601", message, help="name the file itself, or remove the link")
    # A network would be checked twice, and a mistake in it counted twice.
    own = {os.path.realpath(file) for file in files if file not in links}
    return [file for file in files if file not in links or os.path.realpath(file) not in own]
