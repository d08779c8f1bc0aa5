"""How fast networks are trained, compared with other ways of training them: the figures of
docs/benchmarks.md.

    python benchmarks/training.py                     # all tables, about 45 minutes on two cores
    python benchmarks/training.py mlp                 # one table
    python benchmarks/training.py mlp --only netdsl "Keras default"
    python benchmarks/training.py --write             # writes them into docs/benchmarks.md

The tables are mlp, lenet5, accuracy, overhead, process and examples. Each way of training is a
process of its own that trains some epochs on request. All of them take turns, round after round, so
that whatever else the machine does affects all of them alike. What is compared is the median over
the rounds. Speeds of a machine that others use are worth little by themselves: look at the ratios.

MNIST is taken from the folder that NETDSL_DATA names, else Keras downloads it. Ways whose package
is not installed are left out and named: jax, torch, scikit-learn (pip install
'netdsl[jax,torch,benchmarks]').
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "tests")]

PAGE = ROOT / "docs" / "benchmarks.md"
Rounds = Iterator[str]
"""A way of training: each `next` trains the case's epochs, and gives the loss or another result.
"""


class Case(NamedTuple):
    """A network, how it is trained, and how many epochs make a round: enough for about a second.

    It is trained on MNIST, as images of height and width `size` (0: as rows of 784 numbers), or
    where `examples` is not 0, on this many made-up examples.
    """

    file: str
    size: int
    batch: int
    epochs: int
    ways: dict[str, tuple[str, Callable[[Case], Rounds]]]
    examples: int = 0

    def network(self) -> Any:
        import netdsl

        return netdsl.load(ROOT / "examples" / self.file)

    def recipe(self, **more: Any) -> Any:
        from netdsl.training.recipes.recipe import DataSpec, Optimizer, Recipe, Split, Stopping

        given = {
            "optimizer": Optimizer(name="nesterov", rate=0.1 if not self.examples else 1e-4),
            "early_stopping": Stopping(enabled=False),
        }
        spec = DataSpec(source=None if self.examples else "mnist", split=Split(validation=0.0))
        return Recipe(data=spec, batch=self.batch, **{**given, **more})

    def data(self) -> Any:
        """The made-up examples, as `train` takes them; None where the recipe names the data."""
        from support.backends import data

        return data(self.network(), self.examples) if self.examples else None


# --- data -----------------------------------------------------------------------------------------


def mnist_file() -> Path:
    """mnist.npz, which Keras downloads where there is none."""
    folder = os.environ.get("NETDSL_DATA")
    path = (
        Path(folder, "mnist.npz") if folder else Path.home() / ".keras" / "datasets" / "mnist.npz"
    )
    if not path.is_file():
        import keras

        keras.datasets.mnist.load_data()
    return path


def mnist() -> tuple[Any, ...]:
    """x [60,000, 784] from 0 to 1 and labels, then those of the test part."""
    import numpy as np

    with np.load(mnist_file(), allow_pickle=False) as file:
        parts = [file[name] for name in ("x_train", "y_train", "x_test", "y_test")]
    return tuple(
        array.reshape(len(array), -1).astype("float32") / 255
        if array.ndim > 1
        else array.astype("int32")
        for array in parts
    )


def images(case: Case) -> tuple[Any, Any]:
    """The training part as the case's network takes it: rows, or images [n, size, size, 1], padded
    with 0 around the 28x28.
    """
    import numpy as np

    x, y, *_ = mnist()
    if not case.size:
        return x, y
    edge = (case.size - 28) // 2
    return np.pad(x.reshape(-1, 28, 28, 1), ((0, 0), (edge, edge), (edge, edge), (0, 0))), y


# --- ways of training -----------------------------------------------------------------------------


def netdsl_way(case: Case) -> Rounds:
    """`netdsl train` without any option for speed: run folder, CSV, checkpoints and all."""
    import threading
    from queue import Queue

    from netdsl.keras.quiet import quiet_keras
    from netdsl.training.loop.train import train

    quiet_keras()  # before anything else imports Keras, as the command does
    from netdsl.training.loop.callback import TrainingCallback

    go: Queue[None] = Queue()
    done: Queue[str] = Queue()
    usual = TrainingCallback.on_epoch_begin

    def waiting(self: Any, epoch: int, logs: Any = None) -> None:
        if epoch and epoch % case.epochs == 0:
            row = self.state.rows[-1]
            done.put(f"loss {row.loss:.4f}")
        if epoch % case.epochs == 0:
            go.get()
        usual(self, epoch, logs)

    TrainingCallback.on_epoch_begin = waiting  # type: ignore[method-assign]
    network, recipe, where = case.network(), case.recipe(epochs=100_000), tempfile.mkdtemp()
    threading.Thread(
        target=lambda: train(network, recipe, data=case.data(), where=where), daemon=True
    ).start()
    while True:
        go.put(None)
        yield done.get()


def keras_way(**options: Any) -> Callable[[Case], Rounds]:
    """Keras's own `fit`, with these options of `compile`."""

    def way(case: Case) -> Rounds:
        import keras

        x, y = images(case)
        model = case.network().keras(seed=0)
        step = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)
        model.compile(step, "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
        while True:
            history = model.fit(x, y, batch_size=case.batch, epochs=case.epochs, verbose=0).history
            yield f"loss {history['loss'][-1]:.4f}"

    return way


def prepared_fit(case: Case) -> Rounds:
    """Keras's own `fit` on the arrays that netdsl trains on, with the same losses and steps."""
    import numpy as np

    from netdsl.training.data.batches import Batches, unpack_single
    from netdsl.training.loop.compile import compile_model
    from netdsl.training.loop.setup import seeded_model
    from netdsl.training.planning.plan import plan

    job = plan(case.network(), case.recipe(epochs=1), data=case.data())
    model, part = seeded_model(job), job.data.train
    compile_model(model, job.network.graph, job.recipe, job.data.preparation, job.steps)
    x, y = map(
        unpack_single,
        Batches(part, job.data.preparation, case.batch).prepared(np.arange(len(part))),
    )
    while True:
        history = model.fit(x, y, batch_size=case.batch, epochs=case.epochs, verbose=0).history
        yield f"loss {history['loss'][-1]:.4f}"


def jax_scan(case: Case) -> Rounds:
    """An MLP by hand in JAX: an epoch is one program, a scan over the steps; the data is on the
    device and is gathered by a permutation.
    """
    import jax
    import jax.numpy as jnp
    import numpy as np

    x, y = map(jnp.asarray, images(case))
    steps = len(x) // case.batch
    weights = _glorot((784, 50, 10))

    def loss(weights: Any, x: Any, y: Any) -> Any:
        (w1, b1), (w2, b2) = weights
        logits = jax.nn.relu(x @ w1 + b1) @ w2 + b2
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean()

    def step(state: Any, rows: Any, x: Any, y: Any) -> Any:
        weights, velocity = state
        value, slope = jax.value_and_grad(loss)(weights, x[rows], y[rows])
        velocity = jax.tree.map(lambda v, g: 0.9 * v - 0.1 * g, velocity, slope)
        weights = jax.tree.map(lambda w, v, g: w + 0.9 * v - 0.1 * g, weights, velocity, slope)
        return (weights, velocity), value

    @jax.jit
    def epoch(state: Any, order: Any, x: Any, y: Any) -> Any:
        return jax.lax.scan(lambda state, rows: step(state, rows, x, y), state, order)

    state: Any = (weights, jax.tree.map(jnp.zeros_like, weights))
    rng = np.random.default_rng(0)
    while True:
        for _ in range(case.epochs):
            order = rng.permutation(len(x))[: steps * case.batch].reshape(steps, case.batch)
            state, losses = epoch(state, order, x, y)
            value = float(losses.mean())
        yield f"loss {value:.4f}"


def jax_steps(case: Case) -> Rounds:
    """LeNet-5 by hand in JAX, a call for each step: a scan around convolutions is far slower on
    a CPU.
    """
    import jax.numpy as jnp
    import numpy as np
    from by_hand import initial, lenet5, steps

    x, y = map(jnp.asarray, images(case))
    state, take, rng = (
        initial(lenet5, x.shape[1:]),
        steps(lenet5, jnp.float32, 0.1, 0.9),
        np.random.default_rng(0),
    )
    while True:
        for _ in range(case.epochs):
            order, losses = rng.permutation(len(x)), []
            for at in range(0, len(x) - case.batch + 1, case.batch):
                state, loss = take(state, x, y, order[None, at : at + case.batch])
                losses.append(loss)
            value = float(jnp.concatenate(losses).mean())
        yield f"loss {value:.4f}"


def numpy_way(case: Case) -> Rounds:
    """The MLP by hand in NumPy."""
    import numpy as np

    x, y = images(case)
    weights = [array for pair in _glorot((784, 50, 10)) for array in pair]
    velocity = [np.zeros_like(array) for array in weights]
    rng = np.random.default_rng(0)
    while True:
        for _ in range(case.epochs):
            order, total = rng.permutation(len(x)), 0.0
            for at in range(0, len(x), case.batch):
                rows = order[at : at + case.batch]
                a, labels, n = x[rows], y[rows], len(rows)
                w1, b1, w2, b2 = weights
                hidden = np.maximum(a @ w1 + b1, 0)
                logits = hidden @ w2 + b2
                logits -= logits.max(1, keepdims=True)
                shares = np.exp(logits)
                shares /= shares.sum(1, keepdims=True)
                total -= float(np.log(shares[np.arange(n), labels] + 1e-12).sum())
                shares[np.arange(n), labels] -= 1
                shares /= n
                back = (shares @ w2.T) * (hidden > 0)
                slopes = (a.T @ back, back.sum(0), hidden.T @ shares, shares.sum(0))
                for weight, speed, slope in zip(weights, velocity, slopes, strict=True):
                    speed *= 0.9
                    speed -= 0.1 * slope
                    weight += 0.9 * speed - 0.1 * slope
        yield f"loss {total / len(x):.4f}"


def torch_way(case: Case) -> Rounds:
    """By hand in PyTorch: the data lies in memory, and each batch is gathered by a permutation."""
    import torch
    from torch import nn

    arrays = images(case)
    x, y = torch.from_numpy(arrays[0]), torch.from_numpy(arrays[1]).long()
    if case.size:
        x = x.permute(0, 3, 1, 2).contiguous()
        convolutions = [
            nn.Conv2d(1, 6, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        ]
        model = nn.Sequential(
            *convolutions,
            nn.Linear(400, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, 10),
        )
    else:
        model = nn.Sequential(nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    while True:
        for _ in range(case.epochs):
            order, total = torch.randperm(len(x)), 0.0
            for at in range(0, len(x), case.batch):
                rows = order[at : at + case.batch]
                optimizer.zero_grad(set_to_none=True)
                loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
                total += loss.detach() * len(rows)
        yield f"loss {float(total) / len(x):.4f}"


def sklearn_way(case: Case) -> Rounds:
    """scikit-learn's MLPClassifier."""
    import warnings

    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")  # a few epochs are not convergence
    x, y = images(case)
    model = MLPClassifier(
        (50,),
        solver="sgd",
        learning_rate_init=0.1,
        batch_size=case.batch,
        max_iter=case.epochs,
        warm_start=True,
    )
    while True:
        model.fit(x, y)
        yield f"loss {model.loss_curve_[-1]:.4f}"


def _glorot(sizes: tuple[int, ...]) -> list[tuple[Any, Any]]:
    """Kernels and biases of a multilayer perceptron."""
    import numpy as np

    rng = np.random.default_rng(0)
    return [
        (
            rng.uniform(-1, 1, pair).astype("float32") * (6 / sum(pair)) ** 0.5,
            np.zeros(pair[1], "float32"),
        )
        for pair in pairwise(sizes)
    ]


CASES = {
    "mlp": Case(
        *("mlp50.net", 0, 200, 10),
        {
            "netdsl": ("tensorflow", netdsl_way),
            "netdsl, jax": ("jax", netdsl_way),
            "Keras default": ("tensorflow", keras_way()),
            "Keras, 300 steps a call": ("tensorflow", keras_way(steps_per_execution=300)),
            "Keras, 300 steps, XLA": (
                "tensorflow",
                keras_way(steps_per_execution=300, jit_compile=True),
            ),
            "Keras on JAX": ("jax", keras_way()),
            "Keras on JAX, 50 steps a call": ("jax", keras_way(steps_per_execution=50)),
            "by hand in JAX, scan": ("jax", jax_scan),
            "by hand in NumPy": ("", numpy_way),
            "by hand in PyTorch": ("torch", torch_way),
            "scikit-learn": ("sklearn", sklearn_way),
        },
    ),
    "lenet5": Case(
        *("lenet5.net", 32, 128, 1),
        {
            "netdsl": ("tensorflow", netdsl_way),
            "Keras default": ("tensorflow", keras_way()),
            "Keras, 50 steps a call": ("tensorflow", keras_way(steps_per_execution=50)),
            "by hand in PyTorch": ("torch", torch_way),
            "by hand in JAX": ("jax", jax_steps),
        },
    ),
}


def case_of(name: str) -> Case:
    return CASES[name] if name in CASES else example(name)


# --- ways in turn ---------------------------------------------------------------------------------


class Process:
    """A way of training in a process of its own, which trains one round on request."""

    def __init__(self, case: str, way: str) -> None:
        backend = case_of(case).ways[way][0]
        environment = os.environ | (
            {"KERAS_BACKEND": backend} if backend in ("tensorflow", "jax", "torch") else {}
        )
        arguments = [sys.executable, __file__, case, "--only", way, "--worker"]
        pipes: Any = {
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.DEVNULL,
        }
        self.child = subprocess.Popen(
            arguments, env=environment | {"TF_CPP_MIN_LOG_LEVEL": "3"}, text=True, **pipes
        )

    def round(self) -> tuple[float, str]:
        """Train a round: its seconds, and what the way says of it."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write("go\n")
        self.child.stdin.flush()
        seconds, _, said = self.child.stdout.readline().partition(" ")
        if not said:
            raise SystemExit(f"{' '.join(self.child.args[1:])} has ended")  # type: ignore[union-attr, arg-type]
        return float(seconds), said.strip()

    def end(self) -> None:
        self.child.kill()
        self.child.wait()


def serve(case: Case, way: str) -> None:
    """In the child: train a round for each line of standard input, and print its seconds."""
    rounds = case.ways[way][1](case)
    out = os.fdopen(os.dup(1), "w")  # what else is printed is not for the parent
    os.dup2(2, 1)
    for _ in sys.stdin:
        began = time.perf_counter()
        said = next(rounds)
        print(time.perf_counter() - began, said, file=out, flush=True)


def in_turn(
    name: str, ways: list[str], rounds: int
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """The seconds of each way's epochs in each round, and what it said last."""
    processes = {way: Process(name, way) for way in ways}
    found: dict[str, list[float]] = {way: [] for way in ways}
    said: dict[str, str] = {}
    for turn in range(rounds + 1):
        for way, process in processes.items():
            seconds, said[way] = process.round()
            if turn:  # the first traces and compiles
                found[way].append(seconds / case_of(name).epochs)
        print(f"{name}: round {turn}/{rounds}", file=sys.stderr, flush=True)
    for process in processes.values():
        process.end()
    return found, said


def compared(name: str, only: list[str], rounds: int) -> str:
    """Run a case's ways in turn, and tabulate the median seconds of an epoch, the ratio to the
    first way's, and the last loss.
    """
    case = CASES[name]
    chosen = [way for way in case.ways if not only or way in only]
    missing = [way for way in chosen if (package := case.ways[way][0]) and not find_spec(package)]
    found, said = in_turn(name, [way for way in chosen if way not in missing], rounds)
    first = next(iter(found))
    lines = [("way", "seconds an epoch", "range", f"times that of {first}", "training loss")]
    for way, values in sorted(found.items(), key=lambda item: median(item[1])):
        ratio = median(other / own for other, own in zip(values, found[first], strict=True))
        lines.append(
            (
                way,
                f"{median(values):.3f}",
                f"{min(values):.3f} to {max(values):.3f}",
                f"{ratio:.2f}",
                said[way].split()[-1],
            )
        )
    left_out = ["", f"Not installed, and left out: {', '.join(missing)}."] if missing else []
    title = (
        f"`{case.file}` on MNIST, batch {case.batch}, {rounds} rounds of {case.epochs} "
        f"epoch{'s' * (case.epochs > 1)}:"
    )
    return "\n".join([title, "", table(lines), *left_out])


# --- a whole process ------------------------------------------------------------------------------

RECIPE = """data: {source: mnist}
optimizer: {name: nesterov, rate: 0.1}
batch: 200
epochs: 10
early_stopping: {patience: 5}
"""

TUNED = """import sys
import keras, numpy as np
with np.load(sys.argv[1], allow_pickle=False) as file:
    x, y, x_test, y_test = (file[name] for name in ("x_train", "y_train", "x_test", "y_test"))
x, x_test = (array.reshape(-1, 784).astype("float32") / 255 for array in (x, x_test))
keras.utils.set_random_seed(0)
order = np.random.default_rng(0).permutation(len(x))
rest, held = order[6000:], order[:6000]
model = keras.Sequential(
    [keras.Input((784,)), keras.layers.Dense(50, "relu"), keras.layers.Dense(10, "softmax")]
)
step = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)
loss = "sparse_categorical_crossentropy"
model.compile(step, loss, metrics=["accuracy"], steps_per_execution=270)
stopping = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
calls = [stopping, keras.callbacks.CSVLogger(sys.argv[2] + "/log.csv")]
calls.append(keras.callbacks.ModelCheckpoint(sys.argv[2] + "/best.keras", save_best_only=True))
validation = (x[held], y[held])
model.fit(
    x[rest], y[rest], validation_data=validation,
    batch_size=200, epochs=10, verbose=0, callbacks=calls,
)
print(model.evaluate(x_test, y_test, verbose=0, batch_size=1000))
"""


BARE = "import keras, as if neither scikit-learn nor JAX were there"
"""Keras and TensorFlow import these where they are installed; the netdsl command prevents it."""


def process(rounds: int) -> str:
    """Ten epochs of the MLP with validation and early stopping, from the start of Python to its
    end.
    """
    folder = Path(tempfile.mkdtemp())
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "tuned.py").write_text(TUNED)
    netdsl = [
        sys.executable,
        "-m",
        "netdsl",
        "train",
        str(ROOT / "examples" / "mlp50.net"),
        str(folder / "recipe.yaml"),
    ]
    commands = {
        "import keras": [sys.executable, "-c", "import keras"],
        BARE: [
            sys.executable,
            "-c",
            "import sys; sys.modules.update(sklearn=None, jax=None); import keras",
        ],
        "netdsl train": netdsl,
        "Keras, tuned": [sys.executable, str(folder / "tuned.py"), str(mnist_file()), str(folder)],
    }
    environment = os.environ | {
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    found: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, env=environment, cwd=folder, capture_output=True)
            if turn:
                found[name].append(time.perf_counter() - began)
        print(f"process: round {turn}/{rounds}", file=sys.stderr, flush=True)
    bare = found["import keras"]
    lines = [("process", "seconds", "beyond `import keras`")]
    for name, values in found.items():
        lines.append(
            (
                name,
                f"{median(values):.2f}",
                f"{median(one - other for one, other in zip(values, bare, strict=True)):.2f}",
            )
        )
    share = median(
        own / other for own, other in zip(found["netdsl train"], found["Keras, tuned"], strict=True)
    )
    title = (
        "Ten epochs of `mlp50.net` with validation, early stopping, and what each keeps of the "
        f"run, {rounds} rounds:"
    )
    return "\n".join(
        [title, "", table(lines), "", f"netdsl takes {share:.2f} of the time of tuned Keras."]
    )


# --- what the loop itself costs -------------------------------------------------------------------


def overhead() -> str:
    """The share of a training's time that progress, CSV, curve and checkpoints take."""
    import netdsl
    from netdsl.training.loop.keeper import Keeper
    from netdsl.training.loop.progress import Lines
    from netdsl.training.loop.train import train
    from netdsl.training.recipes.recipe import DataSpec, Optimizer, Recipe

    spent = {"seconds": 0.0}

    def timed(owner: Any, name: str) -> None:
        usual = getattr(owner, name)

        def wrapper(*given: Any, **more: Any) -> Any:
            began = time.perf_counter()
            try:
                return usual(*given, **more)
            finally:
                spent["seconds"] += time.perf_counter() - began

        setattr(owner, name, wrapper)

    for owner, name in ((Keeper, "keep_epoch"), (Lines, "epoch"), (Lines, "step")):
        timed(owner, name)
    recipe = Recipe(
        data=DataSpec(source="mnist"),
        batch=200,
        epochs=60,
        optimizer=Optimizer(name="nesterov", rate=0.1),
    )
    run = train(netdsl.load(ROOT / "examples" / "mlp50.net"), recipe, where=tempfile.mkdtemp())
    share = (
        f"{spent['seconds'] / run.seconds:.1%} of {run.seconds:.1f} s ({run.epochs} epochs of "
        "`mlp50.net`)"
    )
    return f"Progress, CSV, curve and checkpoints took {share}."


# --- the examples ---------------------------------------------------------------------------------

TRAINABLE = {
    "autoencoder_8_3_8": 32,
    "autoencoder_deep": 128,
    "autoencoder_linear": 128,
    "autoencoder_tied": 128,
    "autoencoder_transposed": 128,
    "lenet5": 128,
    "lenet5_original": 128,
    "lstm_classifier": 32,
    "mlp": 128,
    "mlp50": 128,
    "neocognitron": 32,
    "perceptron": 32,
    "plain20": 64,
    "resnet20": 64,
    "results/california": 128,
    "results/iris": 16,
    "results/mnist_large": 128,
    "results/mnist_small": 128,
    "tdnn": 32,
    "text_cnn": 32,
}
"""Examples that train in minutes, and the size of their batches."""


def example(name: str) -> Case:
    """An example's case, with as many steps in an epoch as take a second or a few."""
    network = Case(f"{name}.net", 0, 1, 1, {}).network()
    batch = TRAINABLE[name]
    steps = max(5, min(200, 10**11 // (6 * max(1, network.counts.macs) * batch)))
    ways = {"netdsl": ("tensorflow", netdsl_way), "Keras default": ("tensorflow", prepared_fit)}
    return Case(f"{name}.net", 0, batch, 1, ways, examples=steps * batch)


def examples(only: list[str], rounds: int) -> str:
    """Each example compared with Keras's default `fit`, on made-up data."""
    lines = [("example", "batch", "netdsl, ms a step", "Keras default, ms a step", "times as fast")]
    for name in only or TRAINABLE:
        case = example(name)
        found = in_turn(name, list(case.ways), rounds)[0]
        own, other = (1000 * median(found[way]) * case.batch / case.examples for way in case.ways)
        ratio = median(b / a for a, b in zip(*found.values(), strict=True))
        lines.append((f"`{name}`", str(case.batch), f"{own:.2f}", f"{other:.2f}", f"{ratio:.2f}"))
        print(" ".join(lines[-1]), file=sys.stderr, flush=True)
    return f"Examples that train in minutes, on made-up data, {rounds} rounds:\n\n{table(lines)}"


# --- the page -------------------------------------------------------------------------------------


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows, the first their titles, as a Markdown table."""
    first, *rest = rows
    return "\n".join(
        "| " + " | ".join(row) + " |"
        for row in (first, ("---", *["---:"] * (len(first) - 1)), *rest)
    )


def accuracy() -> str:
    """The MLP's accuracy on the test part after ten epochs, with three seeds."""
    from netdsl.training.loop.train import train

    case, where = CASES["mlp"], tempfile.mkdtemp()
    runs = [
        train(case.network(), case.recipe(epochs=10), seed=seed, where=where) for seed in range(3)
    ]
    found = [run.test["accuracy"] for run in runs]
    reported = f"{', '.join(f'{one:.4f}' for one in found)}; mean {mean(found):.4f}"
    return f"Test accuracy of `{case.file}` after ten epochs with the seeds 0, 1 and 2: {reported}."


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)"
    )
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="WAY", help="these ways, or examples, alone"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--write", action="store_true", help="write the tables of docs/benchmarks.md"
    )
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        serve(case_of(options.parts[0]), options.only[0])
        return
    if unknown := [name for name in options.parts if name not in PARTS]:
        parser.error(f"no part is called {unknown[0]}: there are {', '.join(PARTS)}")
    known = dict.fromkeys([*(way for case in CASES.values() for way in case.ways), *TRAINABLE])
    if unknown := [name for name in options.only if name not in known]:
        parser.error(f"no way and no example is called {unknown[0]}: there are {', '.join(known)}")
    if options.write and (options.parts or options.only):
        parser.error("--write is for all parts and ways")
    texts = []
    for name in options.parts or PARTS:
        texts.append(PARTS[name](options))
        print(texts[-1], "\n", flush=True)
    if options.write:
        machine = (
            f"Measured on {time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores "
            f"({platform.machine()}, {platform.system()})."
        )
        body = "\n\n".join([machine, *texts])
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(
            re.sub(
                r"(<!-- training -->\n).*?(<!-- end -->)",
                lambda m: f"{m[1]}{body}\n{m[2]}",
                text,
                flags=re.DOTALL,
            )
        )


PARTS: dict[str, Callable[[Any], str]] = {
    "mlp": lambda options: compared("mlp", options.only, options.rounds),
    "lenet5": lambda options: compared("lenet5", options.only, options.rounds),
    "accuracy": lambda options: accuracy(),
    "overhead": lambda options: overhead(),
    "process": lambda options: process(options.rounds),
    "examples": lambda options: examples(options.only, options.rounds),
}

if __name__ == "__main__":
    main()
