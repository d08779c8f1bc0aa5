"""Training on a GPU, compared with the same networks written by hand in JAX: images/s, share of the
chip's matrix rate, peak memory.

    NETDSL_DATA=FOLDER python benchmarks/gpu.py              # all rows, Keras on JAX and on torch
    python benchmarks/gpu.py --rows resnet50 --backends jax  # one row; its images are random
    python benchmarks/gpu.py --json FILE                     # adds the figures to those of FILE
    python benchmarks/gpu.py --json FILE --kept --write      # writes FILE to docs/benchmarks.md
    python benchmarks/gpu.py --tiny                          # tiny sizes, to see that it runs

Where JAX finds no GPU, the program says so and takes the tiny sizes. The rows are LeNet-5 on MNIST,
ResNet-20 on Fashion-MNIST, ResNet-50 on random 224x224 images, and `mnist99`: the seconds in which
MNIST is learned to 99 %. NETDSL_DATA names a folder with mnist.npz and fashion_mnist.npz; without
it Keras downloads them, and the tiny sizes take random images. ResNet-50 needs no folder.

How it is measured. Each measurement has a process of its own, one after the other, because Keras
has one backend in a process and the peak of a process's memory cannot be reset. netdsl trains as
`netdsl train` does, with `precision: mixed`: bfloat16 in the layers, weights in float32, because
weights in bfloat16 lose small steps. Seconds are those of an epoch in the run's metrics, the median
of all but the first, which compiles; evaluation is not included. benchmarks/by_hand.py trains the
same network on the same prepared examples for as many epochs, with one step in a call and, where
steps are short, also with one epoch in a call: the faster way counts. A step counts as
3 * 2 * MACs * batch operations, because a backward pass costs twice its forward pass; their rate is
divided by that of a bfloat16 product of two large square matrices, the best of several, measured in
the same run. The prediction is `netdsl.analysis.memory.estimate`'s peak of a step; the examples on
the device come on top of it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import netdsl  # noqa: E402
from netdsl import Network  # noqa: E402
from netdsl.analysis.memory import estimate  # noqa: E402
from netdsl.training.recipes.recipe import (  # noqa: E402
    Augment,
    DataSpec,
    Optimizer,
    Recipe,
    Schedule,
    Split,
    Stopping,
)

PAGE = ROOT / "docs" / "benchmarks.md"
GIB = 2**30
PRECISION, OPTIMIZER, MOMENTUM = "mixed", "momentum", 0.9
HAND = "by hand"
TARGET, SECONDS = 0.99, 3.0
IMAGES, WITHIN = 4000, 0.05


class Size(NamedTuple):
    """How much is trained.

    Attributes:
        batch: examples in a step.
        steps: steps in an epoch.
        epochs: epochs that are timed.
        side: the input's height and width; 0 for those of the network's file.
    """

    batch: int
    steps: int
    epochs: int
    side: int = 0


class Epoch(NamedTuple):
    """A network and its data.

    Attributes:
        source: the data set's name, "" for random images.
        short: whether steps are so short that taking many in one call pays.
    """

    name: str
    what: str
    source: str
    rate: float
    full: Size
    tiny: Size
    short: bool = True


ROWS = {
    row.name: row
    for row in (
        Epoch("lenet5", "LeNet-5, MNIST", "mnist", 0.02, Size(512, 117, 20), Size(32, 4, 2)),
        Epoch(
            "resnet20",
            "ResNet-20, Fashion-MNIST",
            "fashion_mnist",
            0.02,
            Size(512, 117, 8),
            Size(8, 2, 2),
            short=False,
        ),
        Epoch(
            "resnet50",
            "ResNet-50, random images",
            "",
            0.001,
            Size(256, 16, 6),
            Size(4, 2, 1, 32),
            short=False,
        ),
    )
}
GOAL = "mnist99"
"""The row that has no network of its own: LeNet-5 again, until it has learned MNIST."""

GOAL_RECIPE = Recipe(
    data=DataSpec(source="mnist", split=Split(validation=1 / 12)),
    augment=Augment(shift=2),
    optimizer=Optimizer(name="adam", rate=8e-3),
    schedule=Schedule(name="cosine", warmup=2.0),
    batch=1250,
    epochs=20,
    early_stopping=Stopping(enabled=False, every="4 epochs"),
    precision=PRECISION,
)
"""1,250 divides all three parts, 55,000, 5,000 and 10,000 images: there is no smaller last batch,
which would have to be compiled too.
"""


class Task(NamedTuple):
    """What one process measures: a row with a backend or by hand, the goal, or the chip."""

    row: str
    by: str
    size: Size
    tiny: bool

    def network(self) -> Network:
        """The network of the row's file, for smaller images where the size says so."""
        path, side = ROOT / "examples" / f"{self.row}.net", self.size.side
        return (
            netdsl.parse(path.read_text(encoding="utf-8"), name=self.row, input=(side, side, 3))
            if side
            else netdsl.load(path)
        )

    def recipe(self) -> Recipe:
        """A recipe whose epochs are only steps: nothing is evaluated before the end."""
        return Recipe(
            data=DataSpec(split=Split(validation=0.0)),
            optimizer=Optimizer(name=OPTIMIZER, rate=ROWS[self.row].rate, momentum=MOMENTUM),
            batch=self.size.batch,
            epochs=1 + self.size.epochs,
            early_stopping=Stopping(enabled=False, every=10**9),
            precision=PRECISION,
            backend=self.by if self.by != HAND else None,
        )

    def data(self, network: Network) -> Any:
        """Images and labels for whole steps, and one batch of them as the test part, too."""
        (batch, steps, *_), source = self.size, ROWS[self.row].source
        if source and not (self.tiny and not os.environ.get("NETDSL_DATA")):
            x, y = named(source, network)
        else:
            shape = (28, 28) if source else network.graph.ops[0].shape
            x, y = random_images(batch * steps, shape, network.outputs[0].shape[-1])
        if len(x) < batch * steps:
            raise SystemExit(
                f"{steps} steps of {batch} are more than the {len(x):,} images of {source}"
            )
        x, y = x[: batch * steps], y[: batch * steps]
        return (x, y), (x[:batch], y[:batch])


def named(source: str, network: Network) -> tuple[Any, Any]:
    """The training images of a data set that netdsl knows by name, and their labels."""
    from netdsl.training.data.signature import NetworkSignature
    from netdsl.training.data.sources.named import read_named

    part = read_named(source, NetworkSignature.of(network)).train
    return part.x[0], part.y[0]


def random_images(count: int, shape: tuple[int, ...], classes: int) -> tuple[Any, Any]:
    import numpy as np

    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, *shape), np.uint8), rng.permutation(count) % classes


# --- what a process measures ----------------------------------------------------------------------


def trained(task: Task) -> dict[str, Any]:
    """The figures of a training by netdsl; its epochs' seconds are from the run's metrics."""
    from netdsl.training.data.sizes import prepared_nbytes
    from netdsl.training.loop.train import train
    from netdsl.training.planning.plan import plan

    network = task.network()
    data, recipe = task.data(network), task.recipe()
    given = plan(network, recipe, data=data).data
    with tempfile.TemporaryDirectory() as folder:
        run = train(network, recipe, data=data, where=folder, quiet=True)
        lines = (run.folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    examples = prepared_nbytes(given.train, given.preparation, divided=False)
    return figures(
        task, network, [row["seconds"] for row in rows], [row["loss"] for row in rows], examples
    )


def handmade(task: Task) -> dict[str, Any]:
    """The figures by hand, on the same examples with the same preparation, called the faster way:
    one step or one epoch at a time.
    """
    import by_hand

    from netdsl.training.planning.plan import plan

    network = task.network()
    data = plan(network, task.recipe(), data=task.data(network)).data
    (x,), (y,) = (
        data.preparation.x((data.train.x[0][:],)),
        data.preparation.y((data.train.y[0][:],)),
    )
    row, (batch, steps, epochs, _) = ROWS[task.row], task.size
    ways = sorted({1, steps if row.short else 1})
    of = getattr(by_hand, row.name)
    state = by_hand.initial(of, x.shape[1:])
    if sum(weight.size for weight in state.weights) != network.counts.params:
        raise SystemExit(
            f"by hand {row.name} is another network: it has not {network.counts.params:,} "
            "parameters"
        )
    del state
    made = [
        by_hand.timed(of, x, y, batch, 1 + epochs, way, rate=row.rate, momentum=MOMENTUM)
        for way in ways
    ]
    best = min(made, key=lambda timed: median(timed.seconds[1:]))
    return figures(task, network, *best, x.nbytes) | {"steps_in_a_call": ways[made.index(best)]}


def figures(
    task: Task, network: Network, seconds: list[float], losses: list[float], examples: int
) -> dict[str, Any]:
    """The figures of a training, from the seconds and the loss of each epoch, and the bytes of the
    examples on the device.
    """
    batch, steps, *_ = task.size
    if len(seconds) != 1 + task.size.epochs or not all(map(math.isfinite, losses)):
        raise SystemExit(
            f"{task.row}, {task.by}: the training did not come to its end: losses {losses}"
        )
    rate = batch * steps / median(seconds[1:])
    return {
        "row": task.row,
        "by": task.by,
        "batch": batch,
        "steps": steps,
        "epochs": seconds,
        "losses": losses,
        "images_per_second": rate,
        "flops_per_second": 3 * 2 * network.counts.macs * rate,
        "peak": peak(),
        "examples": examples,
        "predicted": estimate(network.graph, batch, PRECISION, OPTIMIZER).training_peak,
    }


def peak() -> int | None:
    """The most bytes that this process held on the GPU at one time; None on a CPU, where they are
    not counted.
    """
    if os.environ["KERAS_BACKEND"] == "torch":
        import torch

        return int(torch.cuda.max_memory_allocated()) or None if torch.cuda.is_available() else None
    import jax

    return (jax.local_devices()[0].memory_stats() or {}).get("peak_bytes_in_use")


def goal(task: Task) -> dict[str, Any]:
    """Learn MNIST: seconds from the first compiled step to the end of each evaluation, the last
    of which is that of the test part.

    The clock starts when the training function's first call has returned, and is never paused.
    """
    from netdsl.training.loop.train import train

    recipe, data = GOAL_RECIPE.replace(backend=task.by), None
    network = Task("lenet5", task.by, task.size, task.tiny).network()
    if task.tiny:
        x, y = random_images(64, (28, 28), 10)
        recipe, data = recipe.replace(batch=8, epochs=4), ((x, y), (x, y))
    begun: list[float] = []
    seen: list[dict[str, float]] = []
    clocked(begun, seen)
    with tempfile.TemporaryDirectory() as folder:
        train(network, recipe, data=data, where=folder, quiet=True)
    for found in seen:
        found["seconds"] -= begun[0]
    first = next((found["seconds"] for found in seen[:-1] if found["accuracy"] >= TARGET), None)
    return {
        "row": GOAL,
        "by": task.by,
        "validation": seen[:-1],
        "test": seen[-1],
        "first": first,
        "batch": recipe.batch,
    }


def clocked(begun: list[float], seen: list[dict[str, float]]) -> None:
    """Make netdsl's training note when its first call has returned and when each evaluation
    ended.
    """
    from netdsl.keras.quiet import quiet_keras

    quiet_keras()
    from netdsl.training.loop import callback
    from netdsl.training.loop.callback import TrainingCallback

    step, scores = TrainingCallback.on_train_batch_end, callback.part_scores

    def noted_step(self: Any, *given: Any, **named: Any) -> None:
        if not begun:
            begun.append(time.perf_counter())
        step(self, *given, **named)

    def noted_scores(*given: Any, **named: Any) -> dict[str, float]:
        found = scores(*given, **named)
        seen.append({"accuracy": found["accuracy"], "seconds": time.perf_counter()})
        return found

    TrainingCallback.on_train_batch_end, callback.part_scores = noted_step, noted_scores  # type: ignore[method-assign]


def chip(task: Task) -> dict[str, Any]:
    """What JAX computes on, and the operations/s of a bfloat16 product of square matrices: the
    best of ten times ten.
    """
    import jax

    device = jax.local_devices()[0]
    size, times = (8192, 10) if device.platform == "gpu" and not task.tiny else (256, 2)
    a, b = (
        jax.random.normal(jax.random.key(seed), (size, size), jax.numpy.bfloat16) for seed in (0, 1)
    )
    product = jax.jit(jax.numpy.matmul)
    product(a, b).block_until_ready()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        for _ in range(times):
            last = product(a, b)
        last.block_until_ready()
        seconds.append((time.perf_counter() - start) / times)
    return {
        "platform": device.platform,
        "device": device.device_kind,
        "matrix_rate": 2 * size**3 / min(seconds),
    }


# --- processes ------------------------------------------------------------------------------------


def measure(task: Task) -> dict[str, Any]:
    """The figures of a task, measured in this process."""
    kinds: Mapping[str, Callable[[Task], dict[str, Any]]] = {"chip": chip, GOAL: goal}
    return kinds.get(task.row, handmade if task.by == HAND else trained)(task)


def measured(task: Task, limit: float) -> dict[str, Any] | str:
    """The same measured in a process of its own, or why there is nothing: its last line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "figures.json")
        command = [sys.executable, __file__, "--task", json.dumps(task), "--json", str(path)]
        environment = {**os.environ, "KERAS_BACKEND": task.by if task.by != HAND else "jax"}
        try:
            ended = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired:
            return f"not done in {limit:g} s"
        if path.is_file():
            return dict(json.loads(path.read_text(encoding="utf-8")))
    return (ended.stderr.strip().splitlines() or [f"ended with {ended.returncode}"])[-1][:300]


def version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


# --- what is shown --------------------------------------------------------------------------------

TITLES = (
    "network, images",
    "batch",
    "trained by",
    "images/s",
    "to by hand",
    "of the matrix rate",
    "peak memory",
    "predicted",
    "examples",
)


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows, the first their titles, as a Markdown table."""
    first, *rest = rows
    return "\n".join(
        "| " + " | ".join(row) + " |"
        for row in (first, ("---", "---:", "---", *["---:"] * (len(first) - 3)), *rest)
    )


def amount(number: int | None) -> str:
    """Bytes in GiB."""
    return "-" if number is None else f"{number / GIB:.3g} GiB"


def speed(images: float) -> str:
    return f"{images:,.0f}" if images >= 100 else f"{images:.3g}"


def line(found: Mapping[str, Any], kept: Mapping[str, Any]) -> tuple[str, ...]:
    """A measurement as a line of the table."""
    hand = ratio(found, kept)
    return (
        ROWS[found["row"]].what,
        str(found["batch"]),
        HAND if found["by"] == HAND else f"netdsl, Keras on {found['by']}",
        speed(found["images_per_second"]),
        "-" if hand is None else f"{hand:.3f}",
        f"{100 * found['flops_per_second'] / found['matrix_rate']:.3g} %",
        amount(found["peak"]),
        amount(found["predicted"]),
        amount(found["examples"]),
    )


def ratio(found: Mapping[str, Any], kept: Mapping[str, Any]) -> float | None:
    """The images/s divided by those by hand at the same sizes."""
    hand = kept.get(f"{found['row']} {HAND}")
    if hand is None or any(hand[name] != found[name] for name in ("batch", "steps", "predicted")):
        return None
    return float(found["images_per_second"] / hand["images_per_second"])


def goal_text(found: Mapping[str, Any], real: bool) -> str:
    """How soon MNIST was learned."""
    test, first = found["test"], found["first"]
    validation = (
        f"; {first:.2f} s to a validation accuracy of {TARGET:g}" if first is not None else ""
    )
    met = verdict(test["accuracy"] >= TARGET and test["seconds"] <= SECONDS)
    return (
        f"MNIST, LeNet-5 by Keras on {found['by']}, batches of {found['batch']:,}: a test "
        f"accuracy of {test['accuracy']:.4f}, reported "
        f"{test['seconds']:.2f} s after the first compiled step{validation}."
        + (f" Target: {TARGET:g} within {SECONDS:g} s, {met}." if real else "")
    )


def target_text(kept: Mapping[str, Any]) -> list[str]:
    """The targets that were set for ResNet-50 beforehand, and whether they are met."""
    found = kept.get("resnet50 jax")
    if found is None:
        return []
    rate, hand = found["images_per_second"], ratio(found, kept)
    near = "not measured" if hand is None else verdict(hand >= 1 - WITHIN)
    return [
        f"ResNet-50, target: at least {IMAGES:,} images/s, {verdict(rate >= IMAGES)}; within "
        f"{100 * WITHIN:g} % of by hand, {near}."
    ]


def verdict(met: bool) -> str:
    return "met" if met else "missed"


def shown(results: Mapping[str, Any]) -> str:
    """All figures as text: the machine, the table, the targets."""
    machine, kept = results["machine"], results["measured"]
    tried = [
        kept[f"{name} {by}"]
        for name in ROWS
        for by in (HAND, "jax", "torch")
        if f"{name} {by}" in kept
    ]
    real = machine["platform"] == "gpu" and not machine["tiny"]
    goals = [goal_text(kept[key], real) for key in (f"{GOAL} jax", f"{GOAL} torch") if key in kept]
    rates = [found["matrix_rate"] for found in tried] or [machine["matrix_rate"]]
    reported = " to ".join(dict.fromkeys(f"{rate / 1e12:.3g}" for rate in (min(rates), max(rates))))
    return "\n\n".join(
        [
            f"{machine['date']}: {machine['device']}, {machine['cores']} CPU cores, "
            f"{machine['versions']}.\n"
            f"A product of two bfloat16 matrices ran at {reported} TFLOP/s.",
            *([table([TITLES, *(line(found, kept) for found in tried)])] if tried else []),
            *(target_text(kept) if real else []),
            *goals,
        ]
    )


def write(text: str) -> None:
    """Put the figures into the page, between their marks."""
    page = PAGE.read_text(encoding="utf-8")
    marked = re.sub(
        r"(<!-- gpu -->\n).*?(<!-- end gpu -->)",
        lambda match: f"{match[1]}{text}\n{match[2]}",
        page,
        flags=re.DOTALL,
    )
    PAGE.write_text(marked, encoding="utf-8")


# --- the program ----------------------------------------------------------------------------------


def options_of() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows",
        nargs="+",
        choices=[*ROWS, GOAL],
        default=[*ROWS, GOAL],
        metavar="ROW",
        help=f"{', '.join(ROWS)}, {GOAL}",
    )
    parser.add_argument(
        "--backends",
        nargs="+",
        choices=["jax", "torch"],
        default=["jax", "torch"],
        metavar="NAME",
        help="jax, torch",
    )
    parser.add_argument(
        "--batch", type=int, metavar="N", help="examples in a step (default: each row's own)"
    )
    parser.add_argument(
        "--steps", type=int, metavar="N", help="steps in an epoch (default: each row's own)"
    )
    parser.add_argument(
        "--limit",
        type=float,
        default=300,
        metavar="S",
        help="seconds that a measurement may take (default: 300)",
    )
    parser.add_argument("--tiny", action="store_true", help="tiny sizes, even on a GPU")
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="where figures are kept; they are added to those that are there",
    )
    parser.add_argument(
        "--kept", action="store_true", help="measure nothing: take the figures of --json"
    )
    parser.add_argument(
        "--write", action="store_true", help="write docs/benchmarks.md; a GPU's figures only"
    )
    parser.add_argument("--task", help=argparse.SUPPRESS)
    return parser, parser.parse_args()


def tasks(options: argparse.Namespace, tiny: bool) -> list[Task]:
    """What should be measured, in order: by hand first, as what the others are compared with."""
    found = []
    for name in options.rows:
        if name == GOAL:
            found += [Task(GOAL, options.backends[0], Size(0, 0, 0), tiny)]
            continue
        size = ROWS[name].tiny if tiny else ROWS[name].full
        size = size._replace(batch=options.batch or size.batch, steps=options.steps or size.steps)
        found += [Task(name, by, size, tiny) for by in (HAND, *options.backends)]
    return found


def begun(options: argparse.Namespace) -> dict[str, Any]:
    """The machine, and what the file holds of it already."""
    found = measured(Task("chip", "jax", Size(0, 0, 0), options.tiny), options.limit)
    if isinstance(found, str):
        raise SystemExit(
            f"JAX is needed, in which the networks by hand are written. Running it says: {found}"
        )
    versions = ", ".join(f"{name} {version(name)}" for name in ("jax", "keras", "torch"))
    about = {
        "date": time.strftime("%Y-%m-%d"),
        "tiny": options.tiny or found["platform"] != "gpu",
        "cores": os.cpu_count(),
        "versions": f"Python {sys.version.split()[0]}, {versions}",
    }
    results = {"machine": {**found, **about}, "measured": {}}
    if options.json and options.json.is_file():
        old = json.loads(options.json.read_text(encoding="utf-8"))
        if any(
            old["machine"][name] != results["machine"][name]
            for name in ("device", "versions", "tiny")
        ):
            raise SystemExit(
                f"{options.json} holds the figures of another machine, other versions or other "
                "sizes: name another file"
            )
        results["measured"] = old["measured"]
    return results


def fill(results: dict[str, Any], options: argparse.Namespace) -> bool:
    """Measure what is asked for, and keep the figures as they come.

    Returns:
        Whether all of it could be measured.
    """
    machine, whole = results["machine"], True
    if machine["platform"] != "gpu":
        print(
            "No GPU is at hand: tiny sizes on the CPU, to see that all of it runs; the figures "
            "say nothing about speed.",
            flush=True,
        )
    elif machine["tiny"]:
        print(
            f"{machine['device']}, tiny sizes, as asked for: the figures say nothing about speed.",
            flush=True,
        )
    else:
        print(f"{machine['device']}: {machine['matrix_rate'] / 1e12:.0f} TFLOP/s", flush=True)
    for task in tasks(options, machine["tiny"]):
        started = time.perf_counter()
        found = measured(task, options.limit)
        took = f"({time.perf_counter() - started:.0f} s)"
        if isinstance(found, str):
            whole = False
            print(f"{task.row}, {task.by}: not measured: {found} {took}", flush=True)
            continue
        results["measured"][f"{task.row} {task.by}"] = {
            **found,
            "matrix_rate": machine["matrix_rate"],
        }
        print(f"{task.row}, {task.by}: {said(found)} {took}", flush=True)
        if options.json:
            options.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return whole


def said(found: Mapping[str, Any]) -> str:
    return (
        f"{speed(found['images_per_second'])} images/s"
        if "images_per_second" in found
        else f"{found['test']['seconds']:.2f} s"
    )


def main() -> None:
    parser, options = options_of()
    if options.task:
        row, by, size, tiny = json.loads(options.task)
        options.json.write_text(
            json.dumps(measure(Task(row, by, Size(*size), tiny))), encoding="utf-8"
        )
        return
    if options.kept and not options.json:
        parser.error("--kept takes the figures of a file: name it with --json")
    results = (
        json.loads(options.json.read_text(encoding="utf-8")) if options.kept else begun(options)
    )
    real = results["machine"]["platform"] == "gpu" and not results["machine"]["tiny"]
    if options.write and not real:
        parser.error("--write is for the figures of a GPU at the full sizes: these are none")
    whole = options.kept or fill(results, options)
    print(f"\n{shown(results)}")
    if options.write:
        write(shown(results))
    sys.exit(0 if whole else 1)


if __name__ == "__main__":
    main()
