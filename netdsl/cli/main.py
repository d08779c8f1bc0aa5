"""The command line: one function a command.

Data goes to standard output, messages to standard error.

Exit codes: 0 fine; 1 mistakes in what was given; 2 wrong usage; 3 a run failed; 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TextIO

from netdsl import __version__, process
from netdsl.constants import FORMATS, LEVELS, PRECISIONS, SLOTS
from netdsl.errors import Diagnostic, NetError, Source, fail, render
from netdsl.params import is_name, parse_param
from netdsl.reading import (
    DEFAULT_LIMITS,
    Checked,
    ReadOptions,
    check_source,
    decoded,
    only,
    read_bytes,
    read_source,
    stem,
)

if TYPE_CHECKING:
    from pathlib import Path

    from netdsl.architecture import Architecture
    from netdsl.report.diff import Side
    from netdsl.report.table import View

_FILE_HELP = "a .net file, - for standard input, or a network in quotes that holds a `>`"


def run() -> NoReturn:
    """The `netdsl` command: this process is its own."""
    process.own = True
    process.end(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and gives back its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser(given[0] if given else None)
    options = parser.parse_args(given)
    if options.command is None:
        parser.print_help()
        return 2
    return code_of(lambda: options.run(options))


def code_of(work: Callable[[], int]) -> int:
    """The exit code of what a command does; its mistakes are told."""
    try:
        code = work()
        sys.stdout.flush()
        return int(code)
    except NetError as error:
        _tell(error.diagnostics)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # whoever read it, `head` say, has read enough
        return 0


def _parser(wanted: str | None) -> argparse.ArgumentParser:
    """The parser; where a command is named, of that command alone: all of them take as long to
    set up as a file to be read.
    """
    parser = argparse.ArgumentParser(
        prog="netdsl",
        description="Neural networks written down, counted, and trained.",
        epilog="examples:\n  netdsl check lenet5.net\n"
        '  netdsl table "32x32x1 > conv5-6 > pool > fc-10"\n  netdsl train lenet5.net --data digits',
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=f"netdsl {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", prog="netdsl")
    for name, command in (
        {wanted: _COMMANDS[wanted]}.items() if wanted in _COMMANDS else _COMMANDS.items()
    ):
        sub = commands.add_parser(
            name,
            help=command.help,
            description=command.help[0].upper() + command.help[1:] + ".",
            epilog="examples:\n" + "\n".join(f"  netdsl {example}" for example in command.examples),
            formatter_class=_Help,
        )
        command.set_up(sub)
        if command.run:
            sub.set_defaults(run=command.run)
    return parser


class _Help(argparse.RawDescriptionHelpFormatter):
    """Asks for the terminal's width itself: argparse would import shutil for it, even where no
    help is printed.
    """

    def __init__(self, prog: str) -> None:
        try:
            width = int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size().columns
        except (ValueError, OSError):
            width = 80
        super().__init__(prog, width=width - 2)


def _set_up_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help=f"{_FILE_HELP}; of a directory all .net files in it and below",
    )
    _add_network_options(parser)
    add_format(parser, "concise", "github", "sarif")
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="tell also which `expect` statements could be added",
    )
    parser.add_argument(
        "--watch", action="store_true", help="check again whenever a file changes, until Ctrl-C"
    )


def _set_up_explain(parser: argparse.ArgumentParser) -> None:
    what_help = "a message's code, a kind of layer, or a statement; left out, all are listed"
    parser.add_argument("what", nargs="?", metavar="CODE|KIND|STATEMENT", help=what_help)


def _set_up_table(parser: argparse.ArgumentParser) -> None:
    add_file(parser)
    add_format(parser, *(format for format in FORMATS if format != "text"))
    parser.add_argument(
        "--compare",
        metavar="FILE",
        help="another network, whose figures stand beside those of the first",
    )
    parser.add_argument(
        "--by", choices=tuple(LEVELS), default="layer", help="what a line is (default: a layer)"
    )
    columns_help = (
        "output, params, moving, weights, macs, flops, activations, acts, memory, rf, stride, intensity, share: "
        "those to show, joined by commas"
    )
    parser.add_argument("--columns", metavar="NAMES", help=columns_help)
    parser.add_argument(
        "--sort", metavar="NAME", help="the lines by this column, the largest first"
    )
    parser.add_argument(
        "--batch",
        type=positive,
        metavar="N",
        help="examples that the memory is for (default: 1); tells of all memory",
    )
    parser.add_argument(
        "--precision",
        choices=tuple(PRECISIONS),
        default="float32",
        help="of the activations (default: float32)",
    )
    parser.add_argument(
        "--optimizer",
        choices=tuple(SLOTS),
        help="whose slots training keeps (default: adam); tells of all memory",
    )
    parser.add_argument(
        "--fit",
        type=_size,
        metavar="SIZE",
        help="the largest batch that can be trained in so much memory: 24GiB",
    )
    parser.add_argument(
        "--no-bias", action="store_true", help="count params without biases and norm factors"
    )
    parser.add_argument("--units", action="store_true", help="shorten numbers: 138.4 M")
    parser.add_argument(
        "--why",
        metavar="LAYER",
        help="where the figures of a layer come from: its name, a point's, or as it is written",
    )
    parser.add_argument(
        "--rf",
        nargs="?",
        const="",
        metavar="LAYER",
        help="draw what of the input the middle of a layer's output sees",
    )
    parser.add_argument(
        "--lecture",
        action="store_true",
        help="each row's memory and params as products, as on lecture slides",
    )


def _set_up_diff(parser: argparse.ArgumentParser) -> None:
    parser.usage = "netdsl diff [options] A B"
    files_help = f"{_FILE_HELP}; two of them, or the arguments that git gives a GIT_EXTERNAL_DIFF"
    parser.add_argument("files", nargs="+", metavar="A B", help=files_help)
    _add_network_options(parser)
    path_help = "where copies that git made belong in the working tree: files that they `use` are looked for there"
    parser.add_argument("--path", metavar="PATH", help=path_help)
    add_format(parser)
    parser.epilog = f"{parser.epilog}\n\nexit codes: 0 the same network, 1 different ones or mistakes in a file, 2 wrong usage"


def _set_up_fmt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="files or folders of .net files, or - for standard input",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; the exit code is 1 where a file would change",
    )
    parser.add_argument(
        "--diff", action="store_true", help="write nothing; print what would change"
    )
    parser.add_argument(
        "--stdin-filename",
        metavar="NAME",
        default="<stdin>",
        help="what messages call standard input",
    )


def _set_up_compile(parser: argparse.ArgumentParser) -> None:
    add_file(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="MODEL.keras",
        help="where to write it (default: the network's name)",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="fixes the initial weights")
    parser.add_argument("--force", action="store_true", help="write over an existing file")


def _set_up_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a .keras or .h5 file, or keras:NAME for one of keras.applications",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE.net",
        help="where to write the network (default: standard output)",
    )
    parser.add_argument(
        "--weights",
        metavar="MODEL.keras",
        help="write that network as a Keras model too, with the weights carried over",
    )
    parser.add_argument(
        "--input",
        metavar="SHAPE",
        type=_shape,
        help="the input's shape, where the model leaves sizes open: 224x224x3",
    )
    parser.add_argument("--force", action="store_true", help="write over existing files")


def _set_up_emit(parser: argparse.ArgumentParser) -> None:
    add_file(parser)
    parser.add_argument(
        "-o", "--output", metavar="MODEL.py", help="where to write it (default: standard output)"
    )
    parser.add_argument("--force", action="store_true", help="write over an existing file")


def add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help=_FILE_HELP)
    _add_network_options(parser)


def _add_network_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--net", metavar="NAME", help="one of the file's networks")
    shape_help = "the input's shape, for a fragment or in place of the file's: 224x224x3"
    parser.add_argument("--input", type=_shape, metavar="SHAPE", help=shape_help)
    param_help = "sets a param of the file"
    parser.add_argument(
        "-p",
        dest="params",
        action="append",
        type=_param,
        default=[],
        metavar="NAME=VALUE",
        help=param_help,
    )


def add_format(parser: argparse.ArgumentParser, *more: str) -> None:
    parser.add_argument(
        "--format",
        choices=("text", "json", *more),
        default="text",
        help="of the output (default: text)",
    )
    parser.add_argument(
        "--json", dest="format", action="store_const", const="json", help="short for --format json"
    )


# --- values on the command line -------------------------------------------------------------------


def _shape(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[0-9]{1,9}([x×][0-9]{1,9})*", text) or "0" in re.split("[x×]", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no shape: write it as in 224x224x3, or 784")
    return tuple(map(int, re.split("[x×]", text)))


def _size(text: str) -> int:
    from netdsl.analysis.memory import parse_size

    try:
        return parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _param(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not is_name(name):
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE")
    return name, parse_param(value)


def positive(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 up")
    return int(text)


# --- networks -------------------------------------------------------------------------------------


def _source(file: str) -> tuple[Source, ReadOptions, str]:
    """The text that FILE means, and the name of a network that states none."""
    if file == "-":
        return decoded(sys.stdin.buffer.read(), "<stdin>"), ReadOptions(), "network"
    if ">" in file and not os.path.exists(file):
        return decoded(file.encode("utf-8", "surrogateescape"), "<text>"), ReadOptions(), "network"
    return read_source(file), ReadOptions(file), stem(file)


def _checked(file: str, options: argparse.Namespace) -> tuple[Checked, Source]:
    source, given, name = _source(file)
    return _checked_source(source, given, name, options), source


def _checked_source(
    source: Source, given: ReadOptions, name: str, options: argparse.Namespace
) -> Checked:
    given = given._replace(params=dict(options.params), input_shape=options.input)
    checked = check_source(source, given, name)
    if options.net is not None and not checked.faulty:
        checked = checked._replace(networks=(only(checked, options.net),))
    return checked


def _networks(options: argparse.Namespace, file: str | None = None) -> tuple[Checked, Source]:
    """The file's networks, its warnings told.

    Raises:
        NetError: where the file has mistakes.
    """
    checked, source = _checked(file or options.file, options)
    _tell(_sound(checked).diagnostics)
    return checked, source


def _sound(checked: Checked) -> Checked:
    """What was checked.

    Raises:
        NetError: where it has mistakes.
    """
    if checked.faulty:
        raise NetError(*checked.diagnostics)
    return checked


def one_network(options: argparse.Namespace) -> Architecture:
    return only(_networks(options)[0], options.net)


def _check(options: argparse.Namespace) -> int:
    from netdsl.cli import checking as check

    failed = False

    def run() -> None:
        nonlocal failed
        if options.watch and sys.stdout.isatty():
            print("\033[2J\033[H", end="")
        results = check.check(options.files, lambda file: _checked(file, options)[0])
        check.show(results, options.format, options.verbose, _in_colour(sys.stderr))
        sys.stdout.flush()
        failed = any(result.checked.faulty for result in results)

    if options.watch and "-" in options.files:
        print("netdsl check: standard input cannot be watched", file=sys.stderr)
        return 2
    if options.watch:
        check.watch(options.files, run)
    run()
    return int(failed)


def _explain(options: argparse.Namespace) -> int:
    from netdsl.report.explain import explained, listed

    if options.what is None:
        print(listed())
        return 0
    print(explained(options.what, _in_colour(sys.stdout)))
    return 0


@process.uncollected()  # large tables are many small values, none of them garbage
def _table(options: argparse.Namespace) -> int:
    from netdsl.report import table

    as_json = options.format == "json"
    usual = tuple(table.COLUMNS) if as_json else table.USUAL
    columns = table.column_keys(options.columns) if options.columns else usual
    sort = None if options.sort is None else table.column_key(options.sort)
    batch, optimizer = options.batch or 1, options.optimizer or "adam"
    view = table.View(
        options.by, columns, batch, options.precision, sort, not options.no_bias, options.units
    )
    if options.compare:
        return _compare(options, view)
    checked, _ = _networks(options)
    if as_json:
        from netdsl.report.formats import as_json_text
        from netdsl.report.memory import memory_json

        tables = [
            {
                **table.as_json(network, view),
                "memory": memory_json(network, batch, options.precision, optimizer, options.fit),
            }
            for network in checked.networks
        ]
        print(as_json_text(tables))
        return 0
    if options.why:
        from netdsl.report.why import why

        print("\n\n".join(why(network, options.why) for network in checked.networks))
        return 0
    if options.rf is not None:
        from netdsl.report.why import field_drawing

        print("\n\n".join(field_drawing(network, options.rf) for network in checked.networks))
        return 0
    if options.lecture:
        from netdsl.report.lecture import lecture

        print("\n\n".join(map(lecture, checked.networks)))
        return 0
    from netdsl.report.formats import FORMATS, as_text

    sheets = [table.sheet(network, view) for network in checked.networks]
    if options.format == "text":
        print("\n\n".join(as_text(sheet, _width()) for sheet in sheets))
        if options.batch or options.optimizer or options.fit is not None:
            from netdsl.report.memory import memory_text

            told = (
                memory_text(network, batch, options.precision, optimizer, options.fit)
                for network in checked.networks
            )
            print("", *told, sep="\n")
    else:
        print("\n\n".join(FORMATS[options.format](sheet) for sheet in sheets))
    return 0


def _width() -> int | None:
    """The terminal's, where it is one."""
    return os.get_terminal_size().columns if sys.stdout.isatty() else None


def _compare(options: argparse.Namespace, view: View) -> int:
    """The table with the figures of a second file's network beside: one network with one, of
    several those of one name.
    """
    twice = options.file == options.compare == "-"
    if twice or options.why or options.lecture or options.rf is not None:
        wrong = (
            "standard input can be one of the two"
            if twice
            else "--compare goes without --why, --rf and --lecture"
        )
        print(f"netdsl table: {wrong}", file=sys.stderr)
        return 2
    from netdsl.report import compare
    from netdsl.report.formats import FORMATS, as_json_text, as_text
    from netdsl.report.memory import memory_json

    if options.format != "json" and not options.columns:
        view = view._replace(columns=compare.USUAL)
    (ours, _), (theirs, _) = _networks(options), _networks(options, options.compare)
    alone = len(ours.networks) == len(theirs.networks) == 1
    pairs = [(a, theirs.networks[0] if alone else only(theirs, a.name)) for a in ours.networks]
    found = [compare.compared(a, b, view) for a, b in pairs]
    asked = (options.batch or 1, options.precision, options.optimizer or "adam", options.fit)
    if options.format == "json":
        memory = [
            {
                "memory": {
                    side: memory_json(each, *asked) for side, each in zip("ab", pair, strict=True)
                }
            }
            for pair in pairs
        ]
        print(
            as_json_text(
                [
                    {**compare.as_json(each, view), **more}
                    for each, more in zip(found, memory, strict=True)
                ]
            )
        )
    elif options.format == "text":
        print("\n\n".join(as_text(compare.sheet(each, view), _width()) for each in found))
        if options.batch or options.optimizer or options.fit is not None:
            print("", *(compare.memory_text(each, *asked) for each in found), sep="\n")
    else:
        sheets = (compare.sheet(each, view, for_programs=options.format == "csv") for each in found)
        print("\n\n".join(map(FORMATS[options.format], sheets)))
    return 0


def _expand(options: argparse.Namespace) -> int:
    from netdsl.report.write import written_out

    checked, _ = _networks(options)
    print("\n".join(written_out(network) for network in checked.networks), end="")
    return 0


def _diff(options: argparse.Namespace) -> int:
    """Compares two files.

    Asked by git, which ends at any other code, it gives 0 unless git says that it wants to know.
    """
    from netdsl.report import diff

    asked = diff.asked(options.files, options.path, os.environ)
    if asked is None and len(options.files) == 1 and "GIT_DIFF_PATH_COUNTER" in os.environ:
        print(f"{options.files[0]}: not merged yet")
        return 0
    if asked is None or options.files == ["-", "-"]:
        wrong = (
            "standard input can be one of the two"
            if asked
            else f"it takes two files, not {len(options.files)}"
        )
        print(f"netdsl diff: {wrong}", file=sys.stderr)
        return 2
    networks: list[tuple[Architecture, ...]] = []
    messages: list[Diagnostic] = []
    for side in (asked.a, asked.b):
        try:
            networks.append(_networks_of(side, options))
        except NetError as error:
            messages += diff.with_places(error.diagnostics, side)
    tells = not asked.by_git or os.environ.get("GIT_EXTERNAL_DIFF_TRUST_EXIT_CODE", "").lower() in (
        "1",
        "true",
        "yes",
        "on",
    )
    _tell(messages)
    if messages:
        return int(tells)
    found, labels = diff.compare(*networks), (asked.a.label, asked.b.label)
    if options.format == "json":
        print(json.dumps(diff.as_json(found, labels), indent=2))
    else:
        print(diff.text_difference(found, labels, _in_colour(sys.stdout)))
    return int(tells and not found.same)


def _networks_of(side: Side, options: argparse.Namespace) -> tuple[Architecture, ...]:
    """The networks of a side of `diff`; none of a file that there is not.

    Raises:
        NetError: where the file has mistakes.
    """
    if side.missing:
        return ()
    source, given, name = _source(side.file)
    if side.place is not None:
        source, given, name = (
            Source(side.label, source.text),
            ReadOptions(side.place),
            stem(side.place),
        )
        if remark := side.remark(source.text):
            print(remark, file=sys.stderr)
    return _sound(_checked_source(source, given, name, options)).networks


def _fmt(options: argparse.Namespace) -> int:
    """Formats each file; one with mistakes is told and left as it is, and the others are done
    all the same.
    """
    from netdsl.cli.checking import found_files

    if options.files == ["-"]:
        return _fmt_one(sys.stdin.buffer.read(), options.stdin_filename, None, options)
    if "-" in options.files:
        print("netdsl fmt: standard input stands alone, without files", file=sys.stderr)
        return 2
    code = 0
    for file in found_files(options.files):
        try:
            code = max(code, _fmt_one(read_bytes(file), file, file, options))
        except NetError as error:
            _tell(error.diagnostics)
            code = max(code, error.exit_code)
    return code


def _fmt_one(data: bytes, name: str, file: str | None, options: argparse.Namespace) -> int:
    """Formats one text; without a file it goes to standard output.

    Line ends and a byte order mark are part of the form.
    """
    from pathlib import Path

    from netdsl.files import write
    from netdsl.syntax.format import diff, format_text

    source = decoded(data, name)
    text = format_text(source, DEFAULT_LIMITS)
    changed = text.encode() != data
    if options.diff:
        print(diff(source.text, text, name), end="")
    if options.check and changed:
        print(f"{name}: would be formatted", file=sys.stderr)
    if options.check or options.diff:
        return int(options.check and changed)
    if file is None:
        print(text, end="")
    elif changed:
        write(Path(file).resolve(), text)
        print(f"{name}: formatted", file=sys.stderr)
    return 0


def _compile(options: argparse.Namespace) -> int:
    from pathlib import Path

    from netdsl.files import save
    from netdsl.keras.build import build

    network = one_network(options)
    path = _keras_file(Path(options.output or f"{network.name}.keras"), options)
    save(path, build(network, options.seed).save)
    print(f"{path}: {network.name}, {network.counts.params:,} params")
    return 0


def _keras_file(path: Path, options: argparse.Namespace) -> Path:
    if path.suffix != ".keras":
        raise fail(
            "N604",
            f"{path} does not end in .keras",
            help="Keras writes whole models as .keras files",
        )
    return free_path(path, options)


def free_path(path: Path, options: argparse.Namespace) -> Path:
    """A path that can be written.

    Raises:
        NetError: N604 where a file stands there and `--force` was not given, N601 where its folder
            does not exist.
    """
    if path.exists() and not options.force:
        raise fail(
            "N604",
            f"{path} exists already",
            help="write over it with --force, or choose another name",
        )
    if not path.parent.is_dir():
        raise fail("N601", f"there is no folder {path.parent}")
    return path


def _emit(options: argparse.Namespace) -> int:
    from pathlib import Path

    from netdsl.emit.program import program
    from netdsl.files import write

    target = free_path(Path(options.output), options) if options.output else None
    checked, _ = _networks(options)
    if target is None:
        print(program(checked.networks), end="")
    else:
        write(target, program(checked.networks))
        print(
            f"{target}: {', '.join(network.name for network in checked.networks)}", file=sys.stderr
        )
    return 0


def _import(options: argparse.Namespace) -> int:
    from pathlib import Path

    from netdsl.files import save, write
    from netdsl.keras.importing import from_keras, open_model, rebuilt

    target = free_path(Path(options.output), options) if options.output else None
    weights = _keras_file(Path(options.weights), options) if options.weights else None
    model = open_model(options.model, options.input)
    text, twin = rebuilt(model) if weights else (from_keras(model), None)
    if target is None:
        print(text, end="")
    else:
        write(target, text)
        print(f"{target}: {model.name}, {len(text.splitlines())} lines", file=sys.stderr)
    if weights is not None and twin is not None:
        save(weights, twin.save)
        print(
            f"{weights}: {twin.name}, {twin.count_params():,} weights carried over", file=sys.stderr
        )
    return 0


# --- runs -----------------------------------------------------------------------------------------


def _set_up_of_runs(name: str) -> Callable[[argparse.ArgumentParser], None]:
    """What sets up a command of `netdsl.cli.training`, which is imported where the command is
    wanted.
    """

    def set_up(parser: argparse.ArgumentParser) -> None:
        from netdsl.cli.training import COMMANDS

        command = COMMANDS[name]
        command.set_up(parser)
        parser.set_defaults(run=command.run)

    return set_up


# --- messages -------------------------------------------------------------------------------------


def _tell(diagnostics: Sequence[Diagnostic]) -> None:
    """Messages on standard error, in colour where that is a terminal and NO_COLOR is not set."""
    if diagnostics:
        print(render(diagnostics, _in_colour(sys.stderr)) + "\n", file=sys.stderr)


def _in_colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")


class _Command(NamedTuple):
    help: str
    run: Callable[[argparse.Namespace], int] | None  # None where `set_up` says it
    set_up: Callable[[argparse.ArgumentParser], None]
    examples: tuple[str, ...]


def _of_runs(name: str, help: str, examples: tuple[str, ...]) -> _Command:
    return _Command(help, None, _set_up_of_runs(name), examples)


_COMMANDS = {
    "check": _Command(
        "find the mistakes in network files",
        _check,
        _set_up_check,
        (
            "check lenet5.net",
            "check networks/ --watch",
            "check *.net --format sarif > netdsl.sarif",
        ),
    ),
    "explain": _Command(
        "tell what a code, a kind of layer or a statement means",
        _explain,
        _set_up_explain,
        ("explain N204", "explain conv", "explain use"),
    ),
    "table": _Command(
        "print a network's layers with shapes, parameters and multiply-accumulates",
        _table,
        _set_up_table,
        (
            "table vgg16.net",
            'table "conv3-64 x2 > pool" --input 224x224x3',
            "table resnet50.net --by block --columns output,params,flops,share",
            "table lenet5.net --format latex",
            "table vgg16.net --compare vgg19.net",
        ),
    ),
    "expand": _Command(
        "write a network with every default, block and repeat written out",
        _expand,
        add_file,
        ("expand resnet50.net", 'expand "28x28x1 > conv3-8 > pool > fc-10"'),
    ),
    "diff": _Command(
        "show what two networks do not share",
        _diff,
        _set_up_diff,
        (
            "diff vgg16.net vgg19.net",
            'diff lenet5.net "32x32x1 > conv5-6 > pool > fc-10"',
            "diff old.net new.net --json",
        ),
    ),
    "fmt": _Command(
        "bring network files into their one form",
        _fmt,
        _set_up_fmt,
        ("fmt *.net", "fmt --check networks/", "fmt --diff lenet5.net", "fmt -"),
    ),
    "compile": _Command(
        "write a network as a Keras model",
        _compile,
        _set_up_compile,
        ("compile lenet5.net -o lenet5.keras",),
    ),
    "import": _Command(
        "write a Keras model as a network file",
        _import,
        _set_up_import,
        (
            "import model.keras -o model.net",
            "import keras:ResNet50",
            "import model.h5 -o model.net --weights twin.keras",
        ),
    ),
    "emit": _Command(
        "write a network as a Keras program",
        _emit,
        _set_up_emit,
        ("emit vgg16.net", "emit resnet50.net -o resnet50.py"),
    ),
    "train": _of_runs(
        "train",
        "train a network and keep the run",
        (
            "train lenet5.net --data digits",
            "train lenet5.net lenet5.yaml --epochs 20",
            "train lenet5.net --overfit-one-batch",
        ),
    ),
    "resume": _of_runs("resume", "go on with a run that was stopped", ("resume runs/lenet5-1",)),
    "recipe": _of_runs(
        "recipe",
        "print the recipe that a network and its data would get, with the reason for each value",
        ("recipe lenet5.net", "recipe lenet5.net lenet5.yaml --data mnist > full.yaml"),
    ),
    "data": _of_runs(
        "data",
        "show what a data set holds",
        ("data digits", "data photos/ --sheet photos.png", "data iris.csv --target species"),
    ),
    "evaluate": _of_runs(
        "evaluate",
        "measure a run's best model on a part of its data",
        ("evaluate runs/lenet5-1", "evaluate runs/lenet5-1 --part validation"),
    ),
    "predict": _of_runs(
        "predict",
        "apply a run's best model",
        (
            "predict runs/lenet5-1 seven.png",
            "predict runs/lenet5-1 images.npy --json",
            "predict runs/iris-1 - < flowers.csv",
        ),
    ),
    "export": _of_runs(
        "export",
        "write a run's best model for use elsewhere",
        (
            "export runs/lenet5-1 lenet5.onnx",
            "export runs/lenet5-1 weights.safetensors",
            "export runs/lenet5-1 saved/ --to savedmodel",
        ),
    ),
    "runs": _of_runs(
        "runs",
        "list runs, or compare some",
        ("runs", "runs --sort accuracy", "runs runs/lenet5-1 runs/lenet5-2"),
    ),
}
