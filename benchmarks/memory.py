"""Estimates of the memory of training, compared with what other programs simulate or reserve.

    python benchmarks/memory.py          # compared with the figures of tests/truth/zoo.json
    python benchmarks/memory.py --torch  # and with PyTorch's FakeTensorMode and MemTracker
    python benchmarks/memory.py --xla    # and with XLA's own figure for a compiled step
    python benchmarks/memory.py --peers  # what other tools say of VGG-16 and ResNet-50

The first needs nothing but netdsl. `--torch` needs PyTorch, which runs on a CPU here and computes
no values. `--xla` needs Keras and JAX: it compiles a training step of each Keras model and reads
arguments + outputs - aliases + temporaries of XLA's memory analysis, which is made before anything
runs. `--peers` also shows the time and memory that the tools take; it runs each in a process of its
own, with `--python PATH` also in another interpreter, for tools that this one does not have.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import netdsl  # noqa: E402
from netdsl import Network  # noqa: E402
from netdsl.analysis.memory import estimate  # noqa: E402
from netdsl.analysis.memory.plan import make_plan  # noqa: E402
from netdsl.analysis.memory.training_walk import TrainingWalk  # noqa: E402

MIB = 2**20
FILES = {"alexnet": "alexnet_torchvision"}
VGG16_BN = """\
default conv(bn)
224x224x3 > conv3-64 x2 > pool > conv3-128 x2 > pool > conv3-256 x3 > pool
> (conv3-512 x3 > pool) x2 > fc-4096 x2 > softmax-1000"""
SMALL = {
    "mlp": "784 > fc-512 x2 > softmax-10",
    "lenet5": (ROOT / "examples/lenet5.net").read_text(encoding="utf-8"),
    "vgg, small": "32x32x3 > conv3-32 x2 > pool > conv3-64 x2 > pool > conv3-128 x2 > pool > "
    "fc-256 > "
    "softmax-10",
    "resnet20": (ROOT / "examples/resnet20.net").read_text(encoding="utf-8"),
}
LENET5 = (
    "32x32x1 > conv5-6(pad=0{act}) > {pool} > conv5-16(pad=0{act}) > {pool} > fc-120{fc} > "
    "fc-84{fc} > softmax-10"
)
OTHERS = {  # networks that no line of XLA's was made from, with their batches
    "mlp of six": ("784 > fc-512 x6 > softmax-10", 32),
    "lenet5, tanh": (LENET5.format(act=", tanh", pool="pool", fc="(tanh)"), 32),
    "lenet5, means": (LENET5.format(act="", pool="avgpool", fc=""), 32),
    "vgg, bn": (f"default conv(bn)\n{SMALL['vgg, small']}", 32),
    "vgg, means": (SMALL["vgg, small"].replace("pool", "avgpool"), 32),
    "alexnet": ("alexnet_torchvision", 8),
    "vgg11": ("vgg11", 8),
    "resnet18": ("resnet18", 8),
    "squeezenet1_1": ("squeezenet1_1", 8),
    "mobilenet": ("mobilenet", 8),
}
MORE = ("squeezenet1_1", "densenet121", "googlenet_bn", "resnext50")
BATCHES = (1, 32, 128)
OPTIMIZERS = ("momentum", "adam")
IN_USE = ""  # instead of an optimizer: inference, no training


def given() -> dict[str, tuple[Network, int]]:
    """The networks whose training peak is known, with it, in MiB: batch 32, float32, momentum."""
    truth = json.loads((ROOT / "tests/truth/zoo.json").read_text(encoding="utf-8"))[
        "training_peak_mib"
    ]
    found = {}
    for name, peak in truth.items():
        if name != "about":
            path = ROOT / "examples" / f"{FILES.get(name, name)}.net"
            found[name] = (
                netdsl.load(path) if path.exists() else netdsl.parse(VGG16_BN, name=name),
                peak,
            )
    return found


Row = tuple[str, int, str, int, float]
"""Network, batch, optimizer, the estimate in bytes, the other figure in MiB."""


def estimated(network: Network, batch: int, optimizer: str) -> int:
    """The estimated peak of training, or of inference without an optimizer, in bytes."""
    found = estimate(network.graph, batch, optimizer=optimizer or "sgd")
    return found.training_peak if optimizer else found.inference_peak


def against_given() -> Iterator[Row]:
    """The estimates and the given peaks."""
    for name, (network, peak) in given().items():
        yield name, 32, "momentum", estimated(network, 32, "momentum"), peak


def compared(
    measure: Callable[[Network, int, str], int],
    networks: dict[str, Network],
    batches: tuple[int, ...] = BATCHES,
    optimizers: tuple[str, ...] = OPTIMIZERS,
) -> Iterator[Row]:
    """The estimates for networks, batches and optimizers, and what `measure` gives, in bytes."""
    for name, network in networks.items():
        for batch in batches:
            for optimizer in optimizers:
                yield (
                    name,
                    batch,
                    optimizer,
                    estimated(network, batch, optimizer),
                    measure(network, batch, optimizer) / MIB,
                )


def show(title: str, rows: Iterator[Row]) -> None:
    """Print a table, row by row, and the median and the largest of the absolute errors."""
    print(f"\n{title}\n\n{'network':14} batch optimizer {'estimate':>12} {'figure':>12}    error")
    errors = []
    for name, batch, optimizer, peak, figure in rows:
        errors.append(peak / MIB / figure - 1)
        print(
            f"{name:14} {batch:5} {optimizer:9} {peak / MIB:8,.2f} MiB {figure:8,.2f} MiB "
            f"{errors[-1]:+8.2%}",
            flush=True,
        )
    print(f"\n{summed_up(errors)}")


def summed_up(errors: list[float]) -> str:
    """The median and the largest of the absolute errors."""
    sizes = [abs(error) for error in errors]
    return f"median {statistics.median(sizes):.2%}, worst {max(sizes):.2%}"


# --- PyTorch --------------------------------------------------------------------------------------


def torch_model(network: Network) -> Any:
    """The network as a PyTorch module, operation by operation, channels first; activations work in
    place where torchvision's do.

    Raises:
        KeyError: for a kind that this program has no PyTorch module or function for.
    """
    import torch
    from torch import nn

    graph = network.graph

    def convolution(op: Any, x: Any, shapes: dict[str, Any]) -> Any:
        axes, channels = op.kind.axes(x), x[-1]
        pads = [(axis.before, axis.after) for axis in axes]
        before = (
            [side for pad in reversed(pads) for side in pad]
            if any(first != last for first, last in pads)
            else []
        )
        sizes = (
            [axis.window for axis in axes],
            [axis.stride for axis in axes],
            [0 if before else pad for pad, _ in pads],
        )
        groups = channels if op.kind.word == "dw" else channels // shapes["kernel"][-2]
        made = nn.Conv2d(
            channels,
            op.shape[-1],
            *sizes,
            [axis.dilation for axis in axes],
            groups,
            bias="bias" in shapes,
        )
        return nn.Sequential(nn.ZeroPad2d(before), made) if before else made

    def pooled(call: Any) -> Callable[..., Any]:
        def make(op: Any, x: Any, shapes: dict[str, Any]) -> Any:
            axes = op.kind.axes(x)
            sizes = (
                [axis.window for axis in axes],
                [axis.stride for axis in axes],
                [axis.before for axis in axes],
            )
            return call(*sizes, ceil_mode=bool(op.kind.values["ceil"]))

        return make

    def dense(op: Any, x: Any, shapes: dict[str, Any]) -> Any:
        return nn.Sequential(nn.Flatten(), nn.Linear(*shapes["kernel"], bias="bias" in shapes))

    def widened(op: Any, values: list[Any]) -> Any:
        (x,), stride = values, (op.kind.stride or (1,))[0]
        return nn.functional.pad(
            x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, op.shape[-1] - x.shape[1])
        )

    makes: dict[str, Callable[..., Any]] = {
        "conv": convolution,
        "dw": convolution,
        "fc": dense,
        "pool": pooled(nn.MaxPool2d),
        "avgpool": pooled(nn.AvgPool2d),
        "bn": lambda op, x, shapes: nn.BatchNorm2d(x[-1]),
        "relu": lambda op, x, shapes: nn.ReLU(inplace=True),
        "relu6": lambda op, x, shapes: nn.ReLU6(inplace=True),
        "sigmoid": lambda op, x, shapes: nn.Sigmoid(),
        "dropout": lambda op, x, shapes: nn.Dropout(float(op.kind.rate)),
    }
    calls: dict[str, Callable[..., Any]] = {
        "gap": lambda op, values: values[0].mean((2, 3)),
        "widen": widened,
        "softmax": lambda op, values: values[0],  # in the loss
        "add": lambda op, values: sum(values[1:], values[0]),
        "concat": lambda op, values: torch.cat(values, 1),
    }

    class Model(nn.Module):
        """The network: a module for each operation that has one, called in the graph's order."""

        def __init__(self) -> None:
            super().__init__()
            self.made = nn.ModuleDict()
            for index, op in enumerate(graph.ops):
                if op.kind is not None and op.shares is None and op.kind.word not in calls:
                    shapes = {weight.name: weight.shape for weight in graph.weights(op)}
                    self.made[str(index)] = makes[op.kind.word](
                        op, graph.input_shapes(op)[0], shapes
                    )

        def forward(self, x: Any) -> Any:
            values: list[Any] = []
            left = [sum(index in op.inputs for op in graph.ops) for index in range(len(graph.ops))]
            for index, op in enumerate(graph.ops):
                if op.kind is None:
                    values.append(x)
                    continue
                read = [values[source] for source in op.inputs]
                owner = str(index if op.shares is None else op.shares)
                values.append(
                    self.made[owner](*read) if owner in self.made else calls[op.kind.word](op, read)
                )
                del read
                for source in set(op.inputs):
                    left[source] -= 1
                    if not left[source]:
                        values[source] = None  # freed, as a variable of a program would be
            return values[-1]

    return Model()


def torch_input(network: Network, batch: int) -> tuple[int, ...]:
    """The shape of a batch, channels first."""
    *positions, channels = network.inputs[0].shape
    return (batch, channels, *positions)


def torch_peak(network: Network, batch: int, optimizer: str) -> int:
    """The peak in bytes of the second training step, or of inference, as MemTracker finds it."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.distributed._tools.mem_tracker import MemTracker

    makes = {
        "momentum": lambda weights: torch.optim.SGD(weights, 0.1, momentum=0.9, foreach=False),
        "adam": lambda weights: torch.optim.Adam(weights, foreach=False),
    }
    peak = 0
    with FakeTensorMode():
        model = torch_model(network)
        x = torch.empty(*torch_input(network, batch))
        if not optimizer:
            tracker = MemTracker()
            tracker.track_external(model.eval(), x)
            with tracker, torch.no_grad():
                model(x)
            return int(
                max(kinds["Total"] for kinds in tracker.get_tracker_snapshot("peak").values())
            )
        steps = makes[optimizer](model.parameters())
        labels = torch.empty(batch, dtype=torch.int64)
        for _ in range(2):  # the slots are made in the first step
            tracker = MemTracker()
            tracker.track_external(model, steps, x, labels)
            with tracker:
                loss = torch.nn.functional.cross_entropy(model(x), labels)
                loss.backward()
                steps.step()
                steps.zero_grad()
            del loss
            peak = max(kinds["Total"] for kinds in tracker.get_tracker_snapshot("peak").values())
    return int(peak)


# --- XLA ------------------------------------------------------------------------------------------


def xla_peak(network: Network, batch: int, optimizer: str) -> int:
    """What XLA reserves for a whole training step, in bytes: arguments, outputs that do not lie
    in arguments, temporaries.
    """
    import jax
    import keras

    model = network.keras()
    steps = (
        keras.optimizers.SGD(0.01, momentum=0.9)
        if optimizer == "momentum"
        else keras.optimizers.Adam()
    )
    steps.build(model.trainable_variables)

    def loss_of(trained: Any, moving: Any, x: Any, labels: Any) -> Any:
        output, moving = model.stateless_call(trained, moving, x, training=True)
        return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(labels, output)), moving

    def step(state: Any, x: Any, labels: Any) -> Any:
        trained, moving, slots = state
        (loss, moving), gradients = jax.value_and_grad(loss_of, has_aux=True)(
            trained, moving, x, labels
        )
        trained, slots = steps.stateless_apply(slots, gradients, trained)
        return loss, (trained, moving, slots)

    def shapes(variables: Any) -> list[Any]:
        return [jax.ShapeDtypeStruct(variable.shape, variable.dtype) for variable in variables]

    state = (
        shapes(model.trainable_variables),
        shapes(model.non_trainable_variables),
        shapes(steps.variables),
    )
    x = jax.ShapeDtypeStruct((batch, *network.inputs[0].shape), "float32")
    compiled = (
        jax.jit(step, donate_argnums=0)
        .lower(state, x, jax.ShapeDtypeStruct((batch,), "int32"))
        .compile()
    )
    found = compiled.memory_analysis()
    taken: int = (
        found.argument_size_in_bytes
        + found.output_size_in_bytes
        - found.alias_size_in_bytes
        + found.temp_size_in_bytes
    )
    keras.backend.clear_session()
    return taken


class Lines(NamedTuple):
    """What XLA's CPU compiler holds more than the estimate (below 0: less), in bytes, at the step
    where its peak is.

    The rules were read off its buffer assignments (XLA_FLAGS=--xla_dump_to=DIR
    --xla_dump_hlo_as_text; JAX 0.10, Keras 3.15). It runs whatever is ready, breadth first and not
    in the program's order: so what does not depend on any number of the batch, or depends on the
    input alone, is computed before anything else, and stays in memory until it is read.

    Attributes:
        update: no step holds all gradients, nor arrays for the update (Adam's two): each weight is
            updated in one loop over its numbers.
        gradients: a gradient is applied to its slot and freed before those of earlier layers are
            computed. The current one takes the parameter's own place where there is a copy (see
            `kernels`), and none at all for a dense layer and one example, whose product of two
            vectors is computed in that loop.
        pools: a max pool's gradient. Coordinates (32 bits, one array for each axis, the batch and
            the channels included) of all its input's numbers are computed at the beginning and
            live until the pool has run; those of its outputs live until its gradient is scattered,
            instead of the 64-bit positions in the estimate; the output is computed twice; and the
            zeros that the gradient is scattered into are made at the beginning too. The same holds
            for `widen` with a stride, a pool with windows of 1 in Keras, except for the zeros.
        activations: after a convolution or dense layer ReLU does not work in place: its gradient
            needs its input, and its output is held until it is read; a convolution or dense layer
            reads it last for its own gradient.
        layouts: the gradient of a convolution's kernel is a convolution over the batch, for which
            the input is transposed as soon as it is there, and the output's gradient too. The
            transposed input is what is kept, so only the network's input is there twice.
        kernels: a kernel whose layer passes a gradient on is copied at the beginning, and the copy
            lives until the update has run: two operations further back, breadth first. A
            convolution's is transposed too, into the parameter's own place, which is free
            meanwhile.
        order: XLA's peak may be at another step than the estimate's: the difference between these
            two steps in the estimate, at most 0.
    """

    update: int
    gradients: int
    pools: int
    activations: int
    layouts: int
    kernels: int
    order: int


class _Steps(TrainingWalk):
    """The estimate's walk, which also notes the time of each step: i for the forward pass of
    operation i of n, 2 n - i for its backward pass.
    """

    def __init__(self, plan: Any) -> None:
        super().__init__(plan)
        # time, fixed bytes, bytes for each example, bytes of the gradients before and of this step
        self.found: list[tuple[int, int, int, int, int]] = []
        self._when = self._before = self._now = 0

    def forward(self, index: int) -> None:
        self._when = index
        super().forward(index)

    def loss(self) -> tuple[int, int]:
        self._when = len(self.plan.facts)
        return super().loss()

    def backward(self, index: int) -> None:
        self._when = 2 * len(self.plan.facts) - index
        self._before, self._now = self._before + self._now, 0
        super().backward(index)

    def weight_gradients(self, index: int) -> int:
        fixed = self.fixed
        found = super().weight_gradients(index)
        self._now = self.fixed - fixed
        return found

    def note(self, more: int = 0) -> None:
        super().note(more)
        self.found.append((self._when, *self.steps[-1], self._before, self._now))


def xla_lines(network: Network, batch: int, optimizer: str) -> Lines:
    """Compute where XLA differs from the estimate, from the graph alone, for networks of `conv`,
    `fc`, `pool`, `relu`, `bn` and sums.
    """
    graph, plan = network.graph, make_plan(network.graph, "float32", optimizer)
    facts, end = plan.facts, 2 * len(plan.facts)
    # line, first and last time, bytes that are held for it meanwhile
    held: list[tuple[str, int, int, int]] = []
    at_once = set()  # operations whose gradients have no place of their own
    for index, op in enumerate(graph.ops):
        if op.kind is None:
            continue
        word, source, out, back = op.kind.word, op.inputs[0], facts[index].size * batch, end - index
        before, given = facts[source].size * batch, graph.ops[source].kind
        if plan.trained[source] and (word == "pool" or (word == "widen" and op.kind.stride)):
            *_, channels = x = graph.input_shapes(op)[0]
            out = out // op.shape[-1] * channels
            held += [
                ("pools", 0, index, (len(x) + 1) * before),
                ("pools", 0, back - 1, before if word == "pool" else 0),
            ]
            held += [
                ("pools", index, index, out),
                ("pools", index, back, (len(x) + 1) * out - facts[index].extra * batch),
            ]
        elif word == "relu" and given and given.word in ("conv", "fc"):
            readers = [reader for reader, other in enumerate(graph.ops) if index in other.inputs]
            until = max(
                (end - reader if facts[reader].kernel else reader for reader in readers),
                default=index,
            )
            held.append(("activations", index, until, out))
        elif op.kind.group == "convolution":
            held += [
                ("layouts", index, index, before) if given else ("layouts", 0, back, before),
                ("layouts", back, back, out),
            ]
        if facts[index].kernel and plan.trained[source]:
            held.append(("kernels", 0, back + 2, facts[index].kernel * plan.width))
            at_once.add(index)
        elif word == "fc" and batch == 1:
            at_once.add(index)
    walk = _Steps(plan)
    walk.run()
    peak = estimate(graph, batch, optimizer=optimizer).training_peak
    without = max(fixed + each * batch for _, fixed, each, _, _ in walk.found)
    found = []
    for when, fixed, each, gone, made in walk.found:
        lines = dict.fromkeys(Lines._fields, 0)
        lines |= {"update": without - peak, "order": fixed + each * batch - without}
        lines["gradients"] = -gone - (made if end - when in at_once else 0)
        for line, first, last, size in held:
            lines[line] += size if first <= when <= last else 0
        found.append(Lines(**lines))
    return max(found, key=sum)


def others() -> Iterator[tuple[str, Network, int, str]]:
    """The networks from which no rule was read off."""
    for name, (text, batch) in OTHERS.items():
        yield (
            name,
            netdsl.parse(text) if ">" in text else netdsl.load(ROOT / "examples" / f"{text}.net"),
            batch,
            "momentum",
        )


def show_xla(title: str, cases: Iterator[tuple[str, Network, int, str]]) -> None:
    """Print for each case the estimate, the lines, their sum and XLA's figure, in MiB, and the
    errors with the lines and without.
    """
    print(
        f"\n{title}\n\n{'network':14} batch optimizer  estimate ",
        *(f"{name:>11}" for name in Lines._fields),
        end="",
    )
    print("        sum        XLA   error  without")
    errors, bare = [], []
    for name, network, batch, optimizer in cases:
        peak, lines = estimated(network, batch, optimizer), xla_lines(network, batch, optimizer)
        figure = xla_peak(network, batch, optimizer)
        total = peak + sum(lines)
        errors.append(total / figure - 1)
        bare.append(peak / figure - 1)
        print(
            f"{name:14} {batch:5} {optimizer:9} {peak / MIB:9,.2f} ",
            *(f"{line / MIB:+11,.2f}" for line in lines),
            end="",
        )
        print(
            f" {total / MIB:10,.2f} {figure / MIB:10,.2f} {errors[-1]:+7.1%} {bare[-1]:+8.1%}",
            flush=True,
        )
    print(f"\nwith the lines: {summed_up(errors)}\nwithout them:   {summed_up(bare)}")


# --- other tools ----------------------------------------------------------------------------------

PEERS = ("netdsl", "Keras summary", "torchinfo", "torchsummary", "MemTracker")
PEER_FILES = ("vgg16", "resnet50")
MISSING = 3  # the exit code of a process whose tool is not installed


def peer(tool: str, file: str, batch: int) -> dict[str, Any]:
    """What a tool says of a network: parameters, some memory in MiB, and what the tool calls it.

    Raises:
        ImportError: where the tool is not installed.
    """
    if tool != "netdsl":
        for module in {"Keras summary": ("tensorflow", "keras"), "MemTracker": ("torch",)}.get(
            tool, ("torch", tool)
        ):
            importlib.import_module(module)
    network = netdsl.load(ROOT / "examples" / f"{file}.net")
    if tool == "netdsl":
        from netdsl.report.memory import memory_text

        print(network.table(), memory_text(network, batch, "float32", "momentum"))
        return {
            "params": network.counts.params,
            "mib": estimated(network, batch, "momentum") / MIB,
            "what": "training peak",
        }
    if tool == "Keras summary":
        lines: list[str] = []
        network.keras().summary(print_fn=lambda text, **_: lines.append(text))
        said = re.search(r"Trainable params: ([\d,]+) \(([\d.]+) MB\)", "\n".join(lines))
        assert said, lines[-5:]
        return {
            "params": int(said[1].replace(",", "")),
            "mib": float(said[2]),
            "what": "size of the parameters",
        }
    shape = torch_input(network, batch)
    if tool == "MemTracker":
        return {
            "params": None,
            "mib": torch_peak(network, batch, "momentum") / MIB,
            "what": "training peak, simulated",
        }
    model = torch_model(network)
    if tool == "torchinfo":
        found = importlib.import_module(tool).summary(model, shape, verbose=0)
        size = found.total_input + found.total_output_bytes + found.total_param_bytes
        return {"params": found.trainable_params, "mib": size / MIB, "what": "estimated total size"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        importlib.import_module(tool).summary(model, shape[1:], batch, "cpu")
    params, size = (
        re.search(rf"{what}: ([\d,.]+)", printed.getvalue())
        for what in ("Trainable params", r"Estimated Total Size \(MB\)")
    )
    assert params, printed.getvalue()[-500:]
    assert size, printed.getvalue()[-500:]
    return {
        "params": int(params[1].replace(",", "")),
        "mib": float(size[1]),
        "what": "estimated total size",
    }


def measured(python: str, tool: str, file: str, batch: int) -> dict[str, Any] | str:
    """The same from a process of its own, with the seconds and the memory that it took, or why it
    gave nothing.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaints:
        begun = time.perf_counter()
        command = [python, str(Path(__file__)), "--peer", tool, file, str(batch)]
        process = subprocess.Popen(command, stdout=out, stderr=complaints)
        _, status, used = os.wait4(process.pid, 0)
        taken = {
            "wall": time.perf_counter() - begun,
            "cpu": used.ru_utime + used.ru_stime,
            "rss": used.ru_maxrss / 1024,
        }
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        complaints.seek(0)
        if process.returncode == MISSING:
            return "not installed"
        if process.returncode:
            return f"failed: {complaints.read().decode().strip().splitlines()[-1:]}"
        said: dict[str, Any] = json.loads(out.read().decode().splitlines()[-1])
        return said | taken


def show_peers(pythons: list[str], batch: int) -> None:
    """Print what each tool says of each network, and the time and memory that it took."""
    for file in PEER_FILES:
        print(
            f"\n{file}, batch {batch}, float32\n\n"
            f"{'tool':14} {'parameters':>12} {'says, MiB':>10}  {'which is':26}",
            end="",
        )
        print(" seconds  CPU seconds  peak RSS, MiB")
        for tool in PEERS:
            found: dict[str, Any] | str = ""
            for python in pythons:
                found = measured(python, tool, file, batch)
                if found != "not installed":
                    break
            if isinstance(found, str):
                print(f"{tool:14} {found}")
                continue
            params = "-" if found["params"] is None else f"{found['params']:,}"
            print(
                f"{tool:14} {params:>12} {found['mib']:10,.1f}  {found['what']:26} "
                f"{found['wall']:7.1f} {found['cpu']:12.1f}",
                end="",
            )
            print(f" {found['rss']:14,.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--torch", action="store_true", help="run PyTorch's FakeTensorMode and MemTracker"
    )
    parser.add_argument(
        "--xla", action="store_true", help="compile training steps with Keras and JAX"
    )
    parser.add_argument("--peers", action="store_true", help="run other tools")
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="PATH",
        help="another interpreter for --peers; may be repeated",
    )
    parser.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        tool, file, batch = options.peer
        try:
            print("\n" + json.dumps(peer(tool, file, int(batch))))
        except ImportError as error:
            print(error, file=sys.stderr)
            sys.exit(MISSING)
        return
    small = {name: netdsl.parse(text) for name, text in SMALL.items()}
    more = {name: netdsl.load(ROOT / "examples" / f"{name}.net") for name in MORE}
    show("Given peaks (tests/truth/zoo.json)", against_given())
    if options.torch:
        networks = {name: network for name, (network, _) in given().items()}
        show(
            "MemTracker on the same networks", compared(torch_peak, networks, (32,), ("momentum",))
        )
        show(
            "MemTracker on networks with concatenations or groups",
            compared(torch_peak, more, (16,)),
        )
        show("MemTracker on small networks", compared(torch_peak, small))
        show("MemTracker in use", compared(torch_peak, networks | more | small, (32,), (IN_USE,)))
    if options.xla:
        os.environ["KERAS_BACKEND"] = "jax"
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        cases = (
            (name, network, batch, optimizer)
            for name, network in small.items()
            for batch in BATCHES
            for optimizer in OPTIMIZERS
        )
        show_xla("XLA, training", cases)
        show_xla("XLA, networks that no line was made from", others())
    if options.peers:
        show_peers([sys.executable, *options.python], 32)


if __name__ == "__main__":
    main()
