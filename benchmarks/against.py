"""What netdsl costs now compared with what it cost before: two checkouts measured in one run.

    python benchmarks/against.py OLD NEW                  # a minute or two
    python benchmarks/against.py HEAD~20 . --limit 1.05   # exit code 1 where a ratio is over
    python benchmarks/against.py OLD NEW --only "cold check" "cold table" --rounds 40
    NETDSL_DATA=FOLDER python benchmarks/against.py OLD NEW --training

OLD and NEW are folders that hold the package, or commits of this repository: for a commit, a
worktree is made in a temporary folder and removed at the end.

Each figure is that of a cold process of its own: seconds of CPU time (user and system) and peak
memory in MB (10^6 bytes). Both sides run in each round and take turns at running first, so that
whatever else the machine does affects both alike. A row shows the medians of both sides and the
ratio NEW / OLD: the median of the rounds' ratios, and in brackets the quartiles, between which half
of them lie. On a machine that others use, look at the ratios, and take more rounds where their
quartiles are wide. A round before the first warms up files and bytecode.

Both sides read the same files, those of OLD's `examples/`. Only the command line and
`import netdsl` are used of netdsl.

`--training` adds an epoch of an MLP and of LeNet-5, which takes minutes: the CPU time of a run of
many epochs minus that of a run of a few, divided by the difference in epochs, so that neither
start-up nor compiling is included. They train on MNIST where NETDSL_DATA or Keras's own folder
(KERAS_HOME, by default ~/.keras) has it, else on the bundled digits, whose epochs are so short that
their figures scatter.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from cold import Figures, measured

ROOT = Path(__file__).resolve().parents[1]


class Side(NamedTuple):
    """A checkout of the package."""

    name: str
    checkout: Path

    def run(self, arguments: Sequence[str], folder: Path) -> Figures:
        """Run Python on the checkout in a process of its own, in a folder."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.checkout),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        try:
            return measured([sys.executable, *arguments], folder, environment)
        except SystemExit as error:
            raise SystemExit(f"{self.name}: {error}") from None


class Row(NamedTuple):
    """Something to measure on each side, in this many rounds."""

    name: str
    rounds: int
    measure: Callable[[Side], Figures]


# --- rows -----------------------------------------------------------------------------------------


def cold_rows(examples: Path, folder: Path, rounds: int) -> list[Row]:
    """Make the rows of the commands that only read networks, and of the import.

    Args:
        examples: the folder of networks that both sides read.
        folder: where commands run, and where a network of 20,000 layers is written to.
        rounds: how often each row is measured.
    """
    deep = folder / "deep.net"
    deep.write_text(f"32x32x8 > {' > '.join(['conv3-8'] * 19_999)} > pool\n", encoding="utf-8")
    vgg, resnet = str(examples / "vgg16.net"), str(examples / "resnet50.net")
    commands = {
        "import netdsl": ["-c", "import netdsl"],
        "cold check": ["-m", "netdsl", "check", vgg],
        "cold table": ["-m", "netdsl", "table", vgg],
        "table of 20,000 layers": ["-m", "netdsl", "table", str(deep)],
        "expand": ["-m", "netdsl", "expand", resnet],
        "fmt": ["-m", "netdsl", "fmt", "--diff", resnet],
    }
    return [
        Row(name, rounds, partial(Side.run, arguments=arguments, folder=folder))
        for name, arguments in commands.items()
    ]


class Training(NamedTuple):
    """A network of `examples/` and how it is trained on a data set.

    Attributes:
        network: its file.
        batch: examples in a step.
        few, many: the numbers of epochs of the two runs whose difference is measured.
        more: further arguments.
    """

    network: str
    batch: int
    few: int
    many: int
    more: tuple[str, ...] = ()


TRAININGS = {
    "mnist": {
        "an epoch of the MLP": Training("mlp50.net", 200, 2, 62),
        "an epoch of LeNet-5": Training("lenet5.net", 128, 1, 5),
    },
    "digits": {
        "an epoch of the MLP": Training("mlp50.net", 32, 10, 410, ("--input", "64")),
        "an epoch of LeNet-5": Training("lenet5.net", 32, 2, 42),
    },
}

RECIPE = """data: {{source: {source}, split: {{validation: 0}}}}
optimizer: {{name: nesterov, rate: 0.1}}
batch: {batch}
early_stopping: {{enabled: false}}
"""


def training_rows(examples: Path, folder: Path, rounds: int, source: str) -> list[Row]:
    """Make the rows of the epochs.

    Args:
        examples: the folder of networks that both sides read.
        folder: where recipes are written to, and runs are kept meanwhile.
        rounds: how often each row is measured.
        source: the data set, a key of `TRAININGS`.
    """
    rows = []
    for name, training in TRAININGS[source].items():
        recipe = folder / f"{training.network}.yaml"
        recipe.write_text(RECIPE.format(source=source, batch=training.batch), encoding="utf-8")
        network = str(examples / training.network)
        arguments = ["-m", "netdsl", "train", network, str(recipe), *training.more]
        measure = partial(epoch, training=training, arguments=arguments, folder=folder)
        rows.append(Row(name, rounds, measure))
    return rows


def epoch(side: Side, training: Training, arguments: Sequence[str], folder: Path) -> Figures:
    """Return the seconds of one epoch, from a run of few and one of many, and peak memory."""
    with tempfile.TemporaryDirectory(dir=folder) as runs:
        few, many = (
            side.run([*arguments, "--epochs", str(epochs)], Path(runs))
            for epochs in (training.few, training.many)
        )
    seconds = (many.seconds - few.seconds) / (training.many - training.few)
    return Figures(seconds, many.megabytes)


def has_mnist() -> bool:
    """Whether MNIST lies where netdsl or Keras looks for it."""
    keras = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"
    folders = [Path(os.environ["NETDSL_DATA"])] if "NETDSL_DATA" in os.environ else []
    return any((folder / "mnist.npz").is_file() for folder in (*folders, keras))


# --- sides ----------------------------------------------------------------------------------------


@contextmanager
def checkout(given: str, tree: Path) -> Iterator[Path]:
    """Yield the folder itself, or for a commit a temporary worktree of it.

    Args:
        given: a folder that holds the package, or a commit of this repository.
        tree: where a worktree may be made.
    """
    if (Path(given) / "netdsl" / "__init__.py").is_file():
        yield Path(given).resolve()
        return
    git = ["git", "-C", str(ROOT)]
    found = subprocess.run(
        [*git, "rev-parse", "--quiet", "--verify", f"{given}^{{commit}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        raise SystemExit(f"{given} is neither a folder that holds netdsl nor a commit of {ROOT}")
    add = [*git, "worktree", "add", "--quiet", "--detach", str(tree), found.stdout.strip()]
    subprocess.run(add, check=True)
    try:
        yield tree
    finally:
        subprocess.run([*git, "worktree", "remove", "--force", str(tree)], check=True)


# --- rounds and figures ---------------------------------------------------------------------------


def in_turns(row: Row, sides: Sequence[Side]) -> list[list[Figures]]:
    """Measure a row on each side, round after round; each side begins every other round.

    Returns:
        For each round, what each side took, in the order of `sides`. A first round, which warms
        up, is left out.
    """
    found = []
    for turn in range(row.rounds + 1):
        order = sides if turn % 2 else sides[::-1]
        figures = {side.name: row.measure(side) for side in order}
        if turn:
            found.append([figures[side.name] for side in sides])
    return found


class Ratio(NamedTuple):
    """NEW / OLD: the median of the rounds' ratios, and their quartiles."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, pairs: Sequence[tuple[float, float]]) -> Ratio:
        """Compare a figure of OLD with that of NEW: one pair (OLD, NEW) for each round."""
        ratios = [new / old for old, new in pairs]
        low, _, high = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
        return cls(median(ratios), low, high)

    def __str__(self) -> str:
        return f"{self.middle:.3f} [{self.low:.3f}, {self.high:.3f}]"


def compared(rounds: Sequence[Sequence[Figures]]) -> tuple[list[str], list[Ratio]]:
    """Compare seconds and memory of the two sides.

    Returns:
        The cells of a row: OLD, NEW and their ratio, first of seconds, then of memory; and the
        ratios.
    """
    cells, ratios = [], []
    for place, form in enumerate(("{:.3f}", "{:.1f}")):
        pairs = [(old[place], new[place]) for old, new in rounds]
        ratios.append(Ratio.of(pairs))
        medians = (median(side) for side in zip(*pairs, strict=True))
        cells += [*map(form.format, medians), str(ratios[-1])]
    return cells, ratios


HEADS = ("", "OLD s", "NEW s", "NEW / OLD", "OLD MB", "NEW MB", "NEW / OLD")
WIDTHS = (24, 8, 8, 22, 8, 8, 22)


def shown(cells: Sequence[str]) -> str:
    """Write the cells of a row in columns, the first one left-aligned."""
    first, *others = (cell.rjust(width) for cell, width in zip(cells, WIDTHS, strict=True))
    return "  ".join([first.strip().ljust(WIDTHS[0]), *others])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", metavar="OLD", help="a folder that holds the package, or a commit")
    parser.add_argument("new", metavar="NEW", help="the same")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each row (default: 15)")
    parser.add_argument(
        "--training",
        type=int,
        nargs="?",
        const=3,
        metavar="ROUNDS",
        help="measure epochs too, in N rounds (default: 3)",
    )
    parser.add_argument("--only", nargs="+", metavar="ROW", help="these rows alone")
    parser.add_argument("--limit", type=float, help="exit with 1 where a ratio is over this")
    options = parser.parse_args()
    if options.rounds < 1 or (options.training is not None and options.training < 1):
        parser.error("at least one round is needed")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        given = {"OLD": options.old, "NEW": options.new}
        sides = [
            Side(name, stack.enter_context(checkout(where, folder / name)))
            for name, where in given.items()
        ]
        examples = sides[0].checkout / "examples"
        rows = cold_rows(examples, folder, options.rounds)
        if options.training is not None:
            source = "mnist" if has_mnist() else "digits"
            rows += training_rows(examples, folder, options.training, source)
        names = [row.name for row in rows]
        if unknown := [name for name in options.only or () if name not in names]:
            parser.error(f"no row is called {unknown[0]}: there are {', '.join(names)}")
        print(shown(HEADS))
        over = []
        for row in rows:
            if options.only and row.name not in options.only:
                continue
            cells, ratios = compared(in_turns(row, sides))
            print(shown([row.name, *cells]), flush=True)
            if options.limit and max(ratio.middle for ratio in ratios) > options.limit:
                over.append(row.name)
    if over:
        print(f"over {options.limit}: {', '.join(over)}", file=sys.stderr)
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
