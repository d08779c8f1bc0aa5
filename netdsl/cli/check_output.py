"""What `netdsl check` prints: the forms of its output, hints, and the summary."""

import re
import sys
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl import __version__
from netdsl.architecture import Architecture
from netdsl.cli.streams import print_in_colour
from netdsl.cli.terminal import is_quiet, note, print_json
from netdsl.errors.diagnostics import first_of_each_code
from netdsl.graph import shapes_text
from netdsl.reading import Checked
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.lab.equivariance import Equivariance
else:
    Equivariance = Any


class Result(NamedTuple):
    """A file as it was named, and what was found in it.

    `blocks` is their count in a file that holds only blocks; `equivariance` is how outputs respond
    to a change of the input, by network, where that was tried.
    """

    file: str
    checked: Checked
    blocks: int = 0
    equivariance: Mapping[str, Sequence[Equivariance]] | None = None

    @property
    def moves_wrongly(self) -> bool:
        """Whether an output neither moves with the input nor stays."""
        rows = chain.from_iterable((self.equivariance or {}).values())
        return any(each.verdict == "no" for each in rows)

    @property
    def name(self) -> str:
        """Return the source's name."""
        return "<text>" if ">" in self.file else "<stdin>" if self.file == "-" else self.file


def show(
    results: Sequence[Result], form: str, hints: bool, colour: bool, limit: int | None
) -> None:
    """Print what was found.

    Args:
        results: of each file.
        form: `text`, `concise`, `json`, `github` or `sarif`. As text, messages and the summary go
            to standard error; of the other forms, only the summary does.
        hints: whether to show the `expect` statements that could be added.
        colour: whether messages as text are in colour.
        limit: how many messages of each code are shown in forms for people; None for all.
    """
    if form == "json":
        print_json({"files": [_file_as_json(result, hints) for result in results]})
    elif form == "sarif":
        print_json(_sarif(results))
    elif form == "text":
        results = _warned_once(results)
        for result in results:
            _show_text(result, hints, colour, limit)
    else:
        _show_lines(results, form, limit)
    if form == "concise" or (form == "text" and len(results) > 1):
        sys.stdout.flush()
        note(summary(results))


def _warned_once(results: Sequence[Result]) -> list[Result]:
    """Leave out warnings that an earlier result has at the same place, as the file was checked with
    other params.
    """
    known: set[Any] = set()
    shown = []
    for result in results:
        kept, here = [], set()
        for each in result.checked.diagnostics:
            span = each.span
            place = (each.code, span.source.name, span.start, span.end) if span else None
            if each.severity == "error" or place is None or place not in known:
                kept.append(each)
                here.add(place)
        # After the whole file: two warnings at one place of a file are both kept.
        known |= here
        shown.append(result._replace(checked=result.checked._replace(diagnostics=tuple(kept))))
    return shown


def _show_lines(results: Sequence[Result], form: str, limit: int | None) -> None:
    from netdsl.errors.github import as_github
    from netdsl.errors.terminal import left_out_text
    from netdsl.errors.values import as_line

    write = as_github if form == "github" else as_line
    for result in results:
        shown, left_out = first_of_each_code(result.checked.diagnostics, limit)
        for diagnostic in shown:
            print(write(diagnostic, result.name))
        for code, count in left_out.items():
            print(f"{result.name}: {left_out_text(code, count)}", file=sys.stderr)


def _show_text(result: Result, hints: bool, colour: bool, limit: int | None) -> None:
    if result.checked.diagnostics:
        from netdsl.errors.terminal import render  # late: start-up is short

        print_in_colour(render(result.checked.diagnostics, colour, limit) + "\n", sys.stderr)
    if is_quiet():
        return
    if result.blocks:
        print(f"{result.name}: {counted(result.blocks, 'block')} for other files to use")
    if result.checked.faulty:
        return
    for network in result.checked.networks:
        print(f"{result.name}: {_described(network)}")
        for hint in hints_for(network) if hints else ():
            print(f"{result.name}: hint: {hint}")
        if result.equivariance:
            from netdsl.lab.equivariance import equivariance_text

            print(equivariance_text(result.equivariance[network.name]))


def _file_as_json(result: Result, hints: bool) -> dict[str, Any]:
    from netdsl.errors.values import as_json

    found: dict[str, Any] = {
        "file": result.file,
        "diagnostics": [as_json(diagnostic) for diagnostic in result.checked.diagnostics],
        "networks": [_network_as_json(network) for network in result.checked.networks],
    }
    if result.equivariance:
        found["equivariance"] = {
            name: [each._asdict() for each in rows] for name, rows in result.equivariance.items()
        }
    if hints:
        found["hints"] = [
            hint for network in result.checked.networks for hint in hints_for(network)
        ]
    return found


def _network_as_json(network: Architecture) -> dict[str, Any]:
    counts = network.counts
    return {
        "name": network.name,
        "params": counts.params,
        "macs": counts.macs,
        "output": {port.name: list(port.shape) for port in network.outputs},
    }


def _sarif(results: Sequence[Result]) -> dict[str, Any]:
    from netdsl.errors.sarif import as_sarif
    from netdsl.report.pages import titles

    files = [(result.name, result.checked.diagnostics) for result in results]
    return as_sarif(files, titles(), __version__)


def _described(network: Architecture) -> str:
    inputs, outputs = shapes_text(network.inputs), shapes_text(network.outputs)
    return f"{network.name} is fine: {inputs} to {outputs}, {network.counts.params:,} params"


def hints_for(network: Architecture) -> list[str]:
    """Write the `expect` statements that could be added: those for counts that the network's text
    does not state yet.
    """
    parts = re.split(r"(?m)^[ \t]*net[ \t]+(\w+)", network.text)
    # What precedes the first `net` is for all networks of the file.
    own = parts[0] + "".join(
        text for name, text in zip(parts[1::2], parts[2::2], strict=True) if name == network.name
    )
    held = set(re.findall(r"(?m)^[ \t]*expect[ \t]+(\w+)", own))
    counts = {"params": network.counts.params, "macs": network.counts.macs}
    return [f"expect {fact} = {number:_}" for fact, number in counts.items() if fact not in held]


def summary(results: Sequence[Result]) -> str:
    """Say what was found in one line: `12 files: 2 errors, 1 warning in 2 of them`."""
    found = [diagnostic for result in results for diagnostic in result.checked.diagnostics]
    errors = sum(diagnostic.severity == "error" for diagnostic in found)
    counts = [counted(errors, "error"), counted(len(found) - errors, "warning")]
    files = counted(len(results), "file")
    if not found:
        return f"{files}: fine"
    touched = sum(bool(result.checked.diagnostics) for result in results)
    where = f" in {touched} of them" if len(results) > 1 else ""
    return f"{files}: {', '.join(count for count in counts if not count.startswith('0'))}{where}"
