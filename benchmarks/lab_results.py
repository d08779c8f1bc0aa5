"""The experiments of the lectures: the table of docs/results.md between `<!-- lab -->` and
`<!-- end -->`.

    python benchmarks/results.py lab                          # every experiment, with the seed 0
    python benchmarks/results.py lab templates --seeds 0 1 2  # one of them, with three seeds
    python benchmarks/results.py lab --write                  # writes the rows of docs/results.md
    python benchmarks/results.py lab --kept --write           # trains nothing, writes what is there

An experiment is one command, on files of examples/lectures/. It is run as it is written there, with
`--seed`, in a folder of its own below runs/lab (`--runs`), and its figures are read from the files
that it leaves. The experiments are in lab_experiments.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab_experiments import BY_NAME, EXPERIMENTS, LECTURES, ROOT, Experiment, run_netdsl

PAGE = ROOT / "docs" / "results.md"


# --- running them ---------------------------------------------------------------------------------


def _digest(experiment: Experiment) -> str:
    """Hash the command and its files: where one of them changes, it is another experiment."""
    files = sorted((ROOT / LECTURES).glob(f"{experiment.name}.*"))
    texts = (experiment.command, *(path.read_text("utf-8") for path in files))
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def outcome(
    experiment: Experiment, seed: int, where: Path, kept_only: bool
) -> dict[str, Any] | None:
    """Return the result of an experiment with a seed: the kept one, else it is run.

    Returns:
        `figures`, `reached`, `seconds`; None where nothing is kept and nothing may be run.
    """
    folder = where / f"{experiment.name}-s{seed}"
    path, digest = folder / "outcome.json", _digest(experiment)
    if path.is_file():
        found = dict(json.loads(path.read_text("utf-8")))
        if found["digest"] == digest:
            return found
    if kept_only:
        return None
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    began = time.perf_counter()
    words = shlex.split(experiment.command)[1:]
    run_netdsl([*words, "--seed", str(seed)], folder)
    seconds = time.perf_counter() - began
    figures, reached = experiment.measure(folder, seed)
    found = {"figures": figures, "reached": reached, "seconds": seconds, "digest": digest}
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def row(experiment: Experiment, found: dict[int, dict[str, Any]]) -> str:
    """The line of docs/results.md."""
    several = len(found) > 1
    shown = [
        (f"seed {seed}: " if several else "")
        + one["figures"]
        + ("" if one["reached"] else " **(missed)**")
        for seed, one in sorted(found.items())
    ]
    seconds = sum(one["seconds"] for one in found.values()) / len(found) if found else 0
    cells = [
        experiment.what,
        experiment.lecture,
        experiment.target,
        "; ".join(shown) or "not measured",
        f"{seconds:.0f}" if found else "",
        f"`{experiment.command}`".replace("|", "\\|"),
    ]
    return "| " + " | ".join(cells) + " |"


def main(arguments: Sequence[str]) -> None:
    """Run experiments and print a line for each."""
    options = options_of("lab", __doc__, "experiment", list(BY_NAME), arguments)
    text = PAGE.read_text(encoding="utf-8")
    for experiment in EXPERIMENTS:
        if options.names and experiment.name not in options.names:
            continue
        found = {}
        for seed in options.seeds:
            one = outcome(experiment, seed, options.runs.resolve(), options.kept)
            if one is not None:
                found[seed] = one
                said = "reached" if one["reached"] else "missed"
                print(
                    f"{experiment.name}, seed {seed}: {one['figures']}; the lecture: "
                    f"{experiment.lecture}; target: {experiment.target}: {said}",
                    flush=True,
                )
        if found:
            text = with_row(text, "lab", experiment.what, row(experiment, found))
    if options.write:
        PAGE.write_text(text, encoding="utf-8")


def options_of(
    command: str,
    about: str | None,
    what: str,
    names: Sequence[str],
    arguments: Sequence[str],
    seeds: Sequence[int] | None = None,
) -> argparse.Namespace:
    """Read the options of `results.py lab` and `results.py tables`.

    Args:
        command: the word after `results.py`.
        about: the program's description.
        what: what one of the names is called.
        names: the names of what can be measured.
        arguments: the arguments of the command line.
        seeds: the seeds that can be chosen, all by default; None allows any, 0 by default.
    """
    parser = argparse.ArgumentParser(
        prog=f"results.py {command}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    listed = ", ".join(names)
    parser.add_argument(
        "names", nargs="*", metavar=what.upper(), help=f"of {listed} (default: all)"
    )
    parser.add_argument(
        "--seeds",
        nargs="+",
        type=int,
        default=list(seeds or [0]),
        choices=seeds,
        metavar="N",
        help=f"default: {' '.join(map(str, seeds or [0]))}",
    )
    parser.add_argument(
        "--runs",
        type=Path,
        default=ROOT / "runs" / command,
        metavar="FOLDER",
        help="where runs and figures are kept",
    )
    parser.add_argument("--kept", action="store_true", help="run nothing, read what there is")
    parser.add_argument("--write", action="store_true", help="write the rows of docs/results.md")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in names]:
        parser.error(f"no {what} is called {unknown[0]}: there are {listed}")
    return options


def with_row(text: str, table: str, what: str, made: str) -> str:
    """Return the page with a line in place of the table's line about the same thing, else at the
    end of the table, which begins after `<!-- table -->`.

    Raises:
        ValueError: where the page has no such table.
    """
    start = text.index(f"<!-- {table} -->")
    end = text.index("<!-- end -->", start)
    lines = text[start:end].splitlines()
    places = [at for at, line in enumerate(lines) if line.startswith(f"| {what} |")]
    if places:
        lines[places[0]] = made
    else:
        lines.append(made)
    return text[:start] + "\n".join(lines) + "\n" + text[end:]
