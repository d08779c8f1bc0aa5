"""`netdsl check`: which files are meant, how what was found in them is shown, and watching them
for changes.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from netdsl import __version__
from netdsl.architecture import Architecture
from netdsl.errors import (
    Diagnostic,
    NetError,
    Source,
    as_github,
    as_json,
    as_line,
    as_sarif,
    fail,
    render,
)
from netdsl.kinds.base import dims
from netdsl.reading import Checked

FORMATS = ("text", "concise", "json", "github", "sarif")
_POLL = 0.3  # seconds between two looks at the files


class Result(NamedTuple):
    """A file as it was named, and what was found in it; `blocks` counts those of a file that
    holds nothing else.
    """

    file: str
    checked: Checked
    blocks: int = 0

    @property
    def name(self) -> str:
        return "<text>" if ">" in self.file else "<stdin>" if self.file == "-" else self.file


def found_files(names: Iterable[str]) -> list[str]:
    """The files that are meant: of a directory all `.net` files in it and below, but for hidden
    folders.

    Raises:
        NetError: N601 where a directory holds none.
    """
    files: list[str] = []
    for name in names:
        if not os.path.isdir(name):
            files.append(name)
            continue
        below = []
        for folder, folders, inside in os.walk(name):
            folders[:] = sorted(inner for inner in folders if not inner.startswith("."))
            below += [
                os.path.join(folder, file) for file in sorted(inside) if file.endswith(".net")
            ]
        if not below:
            raise fail("N601", f"there is no .net file in {name}")
        files += below
    return list(dict.fromkeys(files))


def check(names: Sequence[str], read: Callable[[str], Checked]) -> list[Result]:
    """What is found in the files and directories. `read` gives what is found in one file; what
    it raises is found too.
    """
    results = []
    try:
        files = found_files(names)
    except NetError as error:
        return [Result(" ".join(names), _nothing(" ".join(names), error))]
    for file in files:
        try:
            checked = read(file)
        except NetError as error:
            checked = _nothing(file, error)
        blocks = _blocks_alone(checked)
        results.append(
            Result(file, checked._replace(diagnostics=()) if blocks else checked, blocks)
        )
    return results


def _nothing(names: str, error: NetError) -> Checked:
    """What is found in a file that cannot be read."""
    return Checked(Source(names, ""), (), (), error.diagnostics)


def _blocks_alone(checked: Checked) -> int:
    """How many blocks there are in a file for others to `use`: one where nothing is wrong but
    that there is no network.
    """
    codes = [diagnostic.code for diagnostic in checked.diagnostics]
    span = checked.diagnostics[0].span if codes == ["N211"] else None
    return len(re.findall(r"(?m)^(?:def|let)[ \t]", span.source.text)) if span else 0


# --- showing --------------------------------------------------------------------------------------


def show(results: Sequence[Result], form: str, hints: bool, colour: bool) -> None:
    """Prints what was found. As text, messages and the summary go to standard error; of the
    other forms, the summary only.
    """
    every = [
        (result.name, diagnostic) for result in results for diagnostic in result.checked.diagnostics
    ]
    if form == "json":
        print(json.dumps({"files": [_file_as_json(result, hints) for result in results]}, indent=2))
    elif form == "sarif":
        from netdsl.report.explain import titles

        files = [(result.name, result.checked.diagnostics) for result in results]
        print(json.dumps(as_sarif(files, titles(), __version__), indent=2))
    elif form == "github":
        for name, diagnostic in every:
            print(as_github(diagnostic, name))
    elif form == "concise":
        for name, diagnostic in every:
            print(as_line(diagnostic, name))
    else:
        for result in results:
            if result.checked.diagnostics:
                print(render(result.checked.diagnostics, colour) + "\n", file=sys.stderr)
            if result.blocks:
                print(f"{result.name}: {_counted(result.blocks, 'block')} for other files to use")
            for network in () if result.checked.faulty else result.checked.networks:
                print(f"{result.name}: {_described(network)}")
                if hints:
                    print(
                        "".join(f"{result.name}: hint: {hint}\n" for hint in hints_for(network)),
                        end="",
                    )
    if form == "concise" or (form == "text" and len(results) > 1):
        sys.stdout.flush()
        print(summary(results), file=sys.stderr)


def _file_as_json(result: Result, hints: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "file": result.file,
        "diagnostics": [as_json(d) for d in result.checked.diagnostics],
    }
    if hints:
        found["hints"] = [
            hint for network in result.checked.networks for hint in hints_for(network)
        ]
    return found


def _described(network: Architecture) -> str:
    inputs = " and ".join(dims(point.shape) for point in network.inputs)
    outputs = " and ".join(dims(point.shape) for point in network.outputs)
    return f"{network.name} is fine: {inputs} to {outputs}, {network.counts.params:,} params"


def hints_for(network: Architecture) -> list[str]:
    """The `expect` statements that could be added: the counts that no statement of the network's
    text holds to.
    """
    parts = re.split(r"(?m)^[ \t]*net[ \t]+(\w+)", network.text)
    own = parts[0] + "".join(
        text for name, text in zip(parts[1::2], parts[2::2], strict=True) if name == network.name
    )
    held = set(re.findall(r"(?m)^[ \t]*expect[ \t]+(\w+)", own))
    counts = {"params": network.counts.params, "macs": network.counts.macs}
    return [f"expect {fact} = {number:_}" for fact, number in counts.items() if fact not in held]


def summary(results: Sequence[Result]) -> str:
    """What was found, in one line: `12 files: 2 errors, 1 warning in 2 of them`."""
    found: list[Diagnostic] = [
        diagnostic for result in results for diagnostic in result.checked.diagnostics
    ]
    errors = sum(diagnostic.severity == "error" for diagnostic in found)
    counts = [_counted(errors, "error"), _counted(len(found) - errors, "warning")]
    files = _counted(len(results), "file")
    if not found:
        return f"{files}: fine"
    touched = sum(bool(result.checked.diagnostics) for result in results)
    where = f" in {touched} of them" if len(results) > 1 else ""
    return f"{files}: {', '.join(count for count in counts if not count.startswith('0'))}{where}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


# --- watching -------------------------------------------------------------------------------------


def watch(
    names: Sequence[str], run: Callable[[], None], wait: Callable[[float], None] = time.sleep
) -> None:
    """Calls `run` now, and again whenever a file that is meant, or a `.net` file beside it, has
    changed. Ends by `KeyboardInterrupt`.
    """
    seen = None
    while True:
        now = _state(names)
        if now != seen:
            seen = now
            run()
        wait(_POLL)


def _state(names: Sequence[str]) -> dict[str, tuple[int, int] | None]:
    """When each file was last changed, and its size; None where it cannot be looked at."""
    return {file: _stamp(file) for name in names for file in _watched(name)}


def _watched(name: str) -> Iterable[str]:
    """The files of a directory; a file, and the `.net` files beside it, which it may `use`."""
    try:
        if os.path.isdir(name):
            return found_files([name])
        folder = os.path.dirname(name)
        return [
            name,
            *(
                os.path.join(folder, file)
                for file in os.listdir(folder or ".")
                if file.endswith(".net")
            ),
        ]
    except (NetError, OSError):
        return [name]


def _stamp(file: str) -> tuple[int, int] | None:
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
