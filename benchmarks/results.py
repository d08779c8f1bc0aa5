"""What trained networks reach: the figures of docs/results.md, each next to its target.

    python benchmarks/results.py                    # trains all rows with the seeds 0, 1 and 2
    python benchmarks/results.py iris california    # these rows alone
    python benchmarks/results.py fashion --seeds 0  # with this seed alone
    python benchmarks/results.py fashion --write    # writes its row of docs/results.md, no other
    python benchmarks/results.py --kept --write     # trains nothing: writes from existing runs

`results.py lab` runs the experiments of the lectures: see lab_results.py. `results.py tables`
compares with scikit-learn and with Keras: see table_results.py.

A row is a network file and a recipe of examples/, trained as `netdsl train` does. Runs are kept in
runs/results (`--runs`); a finished one is not made again as long as its network and recipe are
still the row's. NETDSL_DATA names a folder with mnist.npz, fashion_mnist.npz, iris.csv and
california_housing.csv; without it Keras downloads the first two, and the tables lie in
examples/results/. The row `sklearn` needs scikit-learn: pip install 'netdsl[benchmarks]'.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import netdsl  # noqa: E402
from netdsl.errors import NetError  # noqa: E402
from netdsl.report.diff import compare  # noqa: E402
from netdsl.training.loop.setup import seeded_model  # noqa: E402
from netdsl.training.loop.train import train  # noqa: E402
from netdsl.training.planning.plan import plan  # noqa: E402
from netdsl.training.recipes.recipe import Recipe, load_recipe  # noqa: E402
from netdsl.training.recipes.yaml_writer import as_values  # noqa: E402
from netdsl.training.runs.inputs import read_network  # noqa: E402
from netdsl.training.runs.run import RunResult  # noqa: E402

PAGE = ROOT / "docs" / "results.md"
EXAMPLES = ROOT / "examples"
SEEDS = (0, 1, 2)


class Figure(NamedTuple):
    """The figure of a run or of its folds, and the seconds of training."""

    value: float
    seconds: float


class Kept(NamedTuple):
    """The folder of the runs, and whether only those that are there may be used."""

    folder: Path
    only: bool

    def run(self, row: Row, seed: int, fold: int | None = None) -> RunResult | None:
        """The row's run with this seed: the one that is kept, else a new one."""
        name = f"{row.name}-s{seed}" + ("" if fold is None else f"-f{fold}")
        network, recipe = netdsl.load(EXAMPLES / row.network), row.read(self.folder, fold)
        for folder in sorted(self.folder.glob(f"runs/{name}-*")):
            try:
                run = RunResult.load(folder)
            except NetError:
                continue  # not finished
            target = plan(network, recipe, seed=seed).recipe
            if run.interrupted or _values(load_recipe(folder / "recipe.yaml")) != _values(target):
                continue
            if compare([read_network(folder)], [network]).same:
                return run
        if self.only:
            return None
        return train(network, recipe, seed=seed, name=name, where=self.folder / "runs")


def _values(recipe: Recipe) -> dict[str, Any]:
    """A recipe's values, the source by its file name alone: the data may be elsewhere now."""
    values = as_values(recipe)
    values["data"]["source"] = Path(values["data"]["source"]).name
    return values


class Row(NamedTuple):
    """A line of the table: what is trained, which figure is read from a run, and its target.

    The mean over the seeds is at least `target`, or where `highest` is set, at most.
    """

    name: str
    what: str
    network: str
    recipe: str
    target: float
    figure: Callable[[Row, int, Kept], Figure | None]
    highest: bool = False
    shown: str = "{:.4f}"

    def read(self, folder: Path, fold: int | None = None) -> Recipe:
        """Read the recipe: its table from NETDSL_DATA if it is there, the eight patterns from the
        runs' folder; and set the fold.
        """
        recipe = load_recipe(EXAMPLES / self.recipe)
        source, split = recipe.data.source or "", recipe.data.split
        there = Path(os.environ.get("NETDSL_DATA", ""), Path(source).name)
        if source.endswith(".csv") and there.is_file():
            source = str(there)
        if source.endswith(".npz"):
            source = str(eight(folder))
        split = split if fold is None else dataclasses.replace(split, fold=fold)
        return dataclasses.replace(
            recipe, data=dataclasses.replace(recipe.data, source=source, split=split)
        )

    def command(self) -> str:
        return f"netdsl train examples/{self.network} examples/{self.recipe}"

    def met(self, values: Iterable[float]) -> bool:
        return mean(values) <= self.target if self.highest else mean(values) >= self.target


def accuracy(row: Row, seed: int, kept: Kept) -> Figure | None:
    """The share of the test part that is right."""
    run = kept.run(row, seed)
    return run and Figure(run.test["accuracy"], run.seconds)


def folds(row: Row, seed: int, kept: Kept) -> Figure | None:
    """The mean accuracy of five runs, each tested on another fifth."""
    runs = [kept.run(row, seed, fold) for fold in range(5)]
    found = [run for run in runs if run]
    return (
        Figure(mean(run.test["accuracy"] for run in found), sum(run.seconds for run in found))
        if len(found) == 5
        else None
    )


def explained(row: Row, seed: int, kept: Kept) -> Figure | None:
    """R2 of the test part."""
    from netdsl.training.evaluation.evaluate import evaluate

    run = kept.run(row, seed)
    if run is None:
        return None
    (output,) = evaluate(run.folder)["outputs"].values()
    return Figure(float(output["r2"]), run.seconds)


def codes(row: Row, seed: int, kept: Kept) -> Figure | None:
    """How many of the eight patterns have a rounded code of their own and are given back: their
    output is the largest.
    """
    run = kept.run(row, seed)
    if run is None:
        return None
    import keras
    import numpy as np

    x = np.eye(8, dtype=np.float32)
    model = run.model
    inner = keras.Model(model.input, model.get_layer("code").output)
    found = np.asarray(inner(x)).round().astype(int)
    back = np.asarray(model(x)).argmax(axis=1)
    return Figure(
        len(
            {
                tuple(code)
                for code, place in zip(found, range(8), strict=True)
                if back[place] == place
            }
        ),
        run.seconds,
    )


def eight(folder: Path) -> Path:
    """Write the eight one-hot patterns to a file, both for training and for testing."""
    import numpy as np

    path = folder / "eight.npz"
    if not path.is_file():
        np.savez(path, x_train=np.eye(8), x_test=np.eye(8))
    return path


def components(row: Row, seed: int, kept: Kept) -> Figure | None:
    """The reconstruction error on the training examples, divided by that of as many principal
    components.
    """
    from netdsl.training.evaluation.evaluate import evaluate

    run = kept.run(row, seed)
    if run is None:
        return None
    import numpy as np

    job = plan(netdsl.load(EXAMPLES / row.network), row.read(kept.folder), seed=seed)
    part = job.data.train
    (x,) = job.data.preparation.x(tuple(array[np.arange(len(part))] for array in part.x))
    values = np.linalg.svd(x - x.mean(axis=0, dtype=np.float64), compute_uv=False)
    least = float((values[16:] ** 2).sum() / x.size)
    return Figure(float(evaluate(run.folder, part="training")["loss"]) / least, run.seconds)


# --- scikit-learn's table -------------------------------------------------------------------------


def sklearn(seed: int, kept: Kept) -> dict[str, Any] | None:
    """scikit-learn's losses and test accuracy, from the initial weights that netdsl draws with this
    seed, and with the same order of the examples.
    """

    def made() -> dict[str, Any]:
        import numpy as np

        job, x, y, x_test, y_test = mnist(kept, seed)
        start = [weight.numpy().astype(float) for weight in seeded_model(job).weights]
        orders = (np.random.default_rng((seed, epoch)).permutation(len(x)) for epoch in count(1))
        began = time.perf_counter()
        model = classifier(x, y, start, orders, max_iter=10)
        seconds = time.perf_counter() - began
        return {
            "losses": list(map(float, model.loss_curve_)),
            "test": float(model.score(x_test, y_test)),
            "seconds": seconds,
        }

    return remembered(kept, f"sklearn-same-s{seed}.json", made)


def alone(seed: int, kept: Kept) -> dict[str, Any] | None:
    """scikit-learn's losses with its own initial weights and order."""

    def made() -> dict[str, Any]:
        _, x, y, *_ = mnist(kept, seed)
        return {
            "losses": list(map(float, classifier(x, y, random_state=seed, max_iter=10).loss_curve_))
        }

    return remembered(kept, f"sklearn-alone-s{seed}.json", made)


def remembered(kept: Kept, name: str, made: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """Read what a file of the runs' folder keeps; where there is none, make and keep it."""
    path = kept.folder / name
    if not path.is_file():
        if kept.only:
            return None
        path.write_text(json.dumps(made()), encoding="utf-8")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def mnist(kept: Kept, seed: int) -> tuple[Any, ...]:
    """The row's job, and MNIST as scikit-learn takes it: x, y, x_test, y_test."""
    row = BY_NAME["sklearn"]
    job = plan(netdsl.load(EXAMPLES / row.network), row.read(kept.folder), seed=seed)
    parts = [
        (part.x[0][:].reshape(len(part), -1) / 255, part.y[0][:])
        for part in (job.data.train, job.data.test)
    ]
    return job, *parts[0], *parts[1]


def classifier(
    x: Any, y: Any, first: list[Any] | None = None, orders: Iterator[Any] | None = None, **more: Any
) -> Any:
    """Train scikit-learn's classifier, from given weights (kernel, bias, kernel, bias, ...) and
    with given orders of the examples, if there are any.
    """
    from sklearn.neural_network import MLPClassifier, _multilayer_perceptron

    class Given(MLPClassifier):  # type: ignore[misc, unused-ignore]
        def _initialize(self, *what: Any) -> None:
            super()._initialize(*what)
            if first:
                self.coefs_, self.intercepts_ = first[::2], first[1::2]

    model = Given((50,), solver="sgd", learning_rate_init=0.1, alpha=1e-4, batch_size=200, **more)
    usual = _multilayer_perceptron.shuffle
    if orders:
        _multilayer_perceptron.shuffle = lambda rows, random_state: next(orders)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ten epochs are not convergence
            return model.fit(x, y)
    finally:
        _multilayer_perceptron.shuffle = usual


def losses(run: RunResult) -> list[float]:
    """The training loss of each epoch."""
    rows = (run.folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [float(json.loads(row)["loss"]) for row in rows]


def compared(kept: Kept) -> str:
    """Tabulate the mean losses of all seeds, epoch by epoch, of netdsl and of scikit-learn; empty
    where a run is missing.
    """
    row = BY_NAME["sklearn"]
    runs = [(kept.run(row, seed), sklearn(seed, kept)) for seed in SEEDS]
    pairs = [(run, theirs) for run, theirs in runs if run and theirs]
    if len(pairs) < len(SEEDS):
        return ""
    ours = [mean(values) for values in zip(*(losses(run) for run, _ in pairs), strict=True)]
    theirs = [mean(values) for values in zip(*(other["losses"] for _, other in pairs), strict=True)]
    lines = [
        ("epoch", *(str(epoch) for epoch in range(1, len(ours) + 1)), "test"),
        (
            "netdsl",
            *(f"{value:.4f}" for value in ours),
            f"{mean(run.test['accuracy'] for run, _ in pairs):.4f}",
        ),
        (
            "scikit-learn",
            *(f"{value:.4f}" for value in theirs),
            f"{mean(other['test'] for _, other in pairs):.4f}",
        ),
        (
            "difference",
            *(f"{100 * (a / b - 1):+.1f} %" for a, b in zip(ours, theirs, strict=True)),
            "",
        ),
    ]
    worst = max(abs(a / b - 1) for a, b in zip(ours, theirs, strict=True))
    missed = "" if worst <= 0.05 else " (missed)"
    tests = ", ".join(f"{other['test']:.4f}" for _, other in pairs)
    reported = [
        table(lines),
        "",
        f"The largest difference is {100 * worst:.2g} %{missed}. scikit-learn's test accuracies "
        f"are {tests}.",
    ]
    others = [other["losses"] for seed in SEEDS if (other := alone(seed, kept))]
    if len(others) == len(SEEDS):
        apart = [
            100 * (a / mean(values) - 1)
            for a, values in zip(ours, zip(*others, strict=True), strict=True)
        ]
        reported += [
            "",
            "Where scikit-learn draws weights and order by itself, from the same seeds, the "
            "differences are",
            f"{', '.join(f'{one:+.1f}' for one in apart)} %.",
        ]
    return "\n".join(reported)


# --- the table ------------------------------------------------------------------------------------

ROWS = [
    Row(
        "sklearn",
        "scikit-learn's MLP on MNIST, test",
        "results/mlp_sklearn.net",
        "results/mlp_sklearn.yaml",
        0.969,
        accuracy,
    ),
    Row(
        "lenet5_mnist",
        "LeNet-5 on MNIST, ten epochs",
        "lenet5.net",
        "results/lenet5_mnist.yaml",
        0.990,
        accuracy,
    ),
    Row(
        "mnist_small",
        "MNIST, at most 35,000 parameters",
        "results/mnist_small.net",
        "results/mnist_small.yaml",
        0.992,
        accuracy,
    ),
    Row(
        "mnist_large",
        "MNIST, a larger one",
        "results/mnist_large.net",
        "results/mnist_large.yaml",
        0.995,
        accuracy,
    ),
    Row("fashion", "Fashion-MNIST", "results/fashion.net", "results/fashion.yaml", 0.935, accuracy),
    Row("digits", "the bundled digits", "lenet5.net", "lenet5.yaml", 0.985, accuracy),
    Row("iris", "iris, five folds", "results/iris.net", "results/iris.yaml", 0.95, folds),
    Row(
        "california",
        "California housing, R2",
        "results/california.net",
        "results/california.yaml",
        0.78,
        explained,
    ),
    Row(
        "code3",
        "8-3-8: distinct codes",
        "autoencoder_8_3_8.net",
        "results/code3.yaml",
        8,
        codes,
        shown="{:.0f}",
    ),
    Row(
        *(
            "linear16",
            "linear autoencoder: error over that of PCA",
            "results/linear16.net",
            "results/linear16.yaml",
        ),
        *(1.01, components, True),
    ),
]
BY_NAME = {row.name: row for row in ROWS}


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows, the first their titles, as a Markdown table."""
    first, *rest = rows
    return "\n".join(
        "| " + " | ".join(row) + " |"
        for row in (first, ("---", *["---:"] * (len(first) - 1)), *rest)
    )


def line(row: Row, figures: dict[int, Figure]) -> tuple[str, ...]:
    """A row of the table, with `-` for each seed that was not measured."""
    values = [figure.value for figure in figures.values()]
    each = [row.shown.format(figures[seed].value) if seed in figures else "-" for seed in SEEDS]
    target = f"{'at most' if row.highest else 'at least'} {row.target:g}"
    if not values:
        return row.what, target, *each, "not measured", "", ""
    average = row.shown.format(mean(values)) + ("" if row.met(values) else " (missed)")
    return (
        row.what,
        target,
        *each,
        average,
        f"{mean(figure.seconds for figure in figures.values()):.0f}",
        f"`{row.command()}`",
    )


def main() -> None:
    if sys.argv[1:2] == ["lab"]:
        import lab_results

        lab_results.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["tables"]:
        import table_results

        table_results.main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="ROW", help=f"of {', '.join(BY_NAME)} (default: all)"
    )
    parser.add_argument(
        "--seeds", nargs="+", type=int, default=SEEDS, choices=SEEDS, help="train with these alone"
    )
    parser.add_argument(
        "--runs",
        type=Path,
        default=ROOT / "runs" / "results",
        metavar="FOLDER",
        help="where runs are kept",
    )
    parser.add_argument(
        "--kept", action="store_true", help="train nothing, read the runs that there are"
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="write what there is of these rows into docs/results.md",
    )
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in BY_NAME]:
        parser.error(f"no row is called {unknown[0]}: there are {', '.join(BY_NAME)}")
    options.runs.mkdir(parents=True, exist_ok=True)
    kept = Kept(options.runs.resolve(), options.kept)
    text = PAGE.read_text(encoding="utf-8")
    for row in ROWS:
        if options.names and row.name not in options.names:
            continue
        found = {
            seed: row.figure(
                row, seed, kept if seed in options.seeds else Kept(kept.folder, only=True)
            )
            for seed in SEEDS
        }
        reported = line(row, {seed: figure for seed, figure in found.items() if figure})
        print(" | ".join(reported), flush=True)
        if any(found.values()):
            made = "| " + " | ".join(reported) + " |"
            text = re.sub(
                rf"^\| {re.escape(row.what)} \|.*$",
                lambda _, made=made: made,
                text,
                flags=re.MULTILINE,
            )
        if row.name == "sklearn" and (second := compared(kept)):
            print(second, flush=True)
            text = re.sub(
                r"(<!-- sklearn -->\n).*?(<!-- end -->)",
                lambda m, made=second: f"{m[1]}{made}\n{m[2]}",
                text,
                flags=re.DOTALL,
            )
    if options.write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
