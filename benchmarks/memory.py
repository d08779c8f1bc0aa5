"""Estimates of the memory of training beside what others simulate or reserve.

    python benchmarks/memory.py                  # beside the figures of tests/truth/zoo.json
    python benchmarks/memory.py --torch          # and beside PyTorch's FakeTensorMode and MemTracker, run here
    python benchmarks/memory.py --xla            # and beside XLA's own figure for a compiled training step of the Keras model

The first needs nothing but netdsl, `--torch` PyTorch (on a CPU; no number is computed), `--xla` Keras and JAX: it compiles each step and
reads arguments + outputs - aliases + temporaries of XLA's memory analysis, which is made before anything runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import netdsl  # noqa: E402
from netdsl.analysis.memory import estimate  # noqa: E402
from netdsl.network import Network  # noqa: E402

MIB = 2**20
FILES = {"alexnet": "alexnet_torchvision"}
VGG16_BN = """\
default conv(bn)
224x224x3 > conv3-64 x2 > pool > conv3-128 x2 > pool > conv3-256 x3 > pool > (conv3-512 x3 > pool) x2 > fc-4096 x2 > softmax-1000"""
SMALL = {
    "mlp": "784 > fc-512 x2 > softmax-10",
    "lenet5": (ROOT / "examples/lenet5.net").read_text(encoding="utf-8"),
    "vgg, small": "32x32x3 > conv3-32 x2 > pool > conv3-64 x2 > pool > conv3-128 x2 > pool > fc-256 > softmax-10",
    "resnet20": (ROOT / "examples/resnet20.net").read_text(encoding="utf-8"),
}
MORE = ("squeezenet1_1", "densenet121", "googlenet_bn", "resnext50")
BATCHES = (1, 32, 128)
OPTIMIZERS = ("momentum", "adam")


def given() -> dict[str, tuple[Network, int]]:
    """The networks whose training peak is known, with it, in MiB: batch 32, float32, momentum."""
    truth = json.loads((ROOT / "tests/truth/zoo.json").read_text(encoding="utf-8"))["training_peak_mib"]
    found = {}
    for name, peak in truth.items():
        if name != "about":
            path = ROOT / "examples" / f"{FILES.get(name, name)}.net"
            found[name] = (netdsl.load(path) if path.exists() else netdsl.parse(VGG16_BN, name=name), peak)
    return found


Row = tuple[str, int, str, int, float]  # network, batch, optimizer, the estimate in bytes, the other figure in MiB


def beside_given() -> Iterator[Row]:
    """The estimates beside the given peaks."""
    for name, (network, peak) in given().items():
        yield name, 32, "momentum", estimate(network.graph, 32, optimizer="momentum").training_peak, peak


def beside(measure: Callable[[Network, int, str], int], networks: dict[str, Network], batches: tuple[int, ...] = BATCHES) -> Iterator[Row]:
    """The estimates for networks, batches and optimizers beside a measure in bytes."""
    for name, network in networks.items():
        for batch in batches:
            for optimizer in OPTIMIZERS:
                peak = estimate(network.graph, batch, optimizer=optimizer).training_peak
                yield name, batch, optimizer, peak, measure(network, batch, optimizer) / MIB


def show(title: str, rows: Iterator[Row]) -> None:
    """Prints a table, row by row, and the median and the largest of the errors without their signs."""
    print(f"\n{title}\n\n{'network':14} batch optimizer {'estimate':>12} {'figure':>12}    error")
    errors = []
    for name, batch, optimizer, peak, figure in rows:
        errors.append(peak / MIB / figure - 1)
        print(f"{name:14} {batch:5} {optimizer:9} {peak / MIB:8,.2f} MiB {figure:8,.2f} MiB {errors[-1]:+8.2%}", flush=True)
    sizes = [abs(error) for error in errors]
    print(f"\nmedian {statistics.median(sizes):.2%}, worst {max(sizes):.2%}")


# --- PyTorch ----------------------------------------------------------------------------------------------------------


def torch_peak(network: Network, batch: int, optimizer: str) -> int:
    """The peak of the second training step in bytes, as MemTracker finds it; activations work in place where torchvision's do.

    Raises:
        KeyError: for a kind that this program has no PyTorch function for.
    """
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.distributed._tools.mem_tracker import MemTracker

    functional, graph = torch.nn.functional, network.graph

    def first(values: list[Any]) -> Any:
        return values[0]

    def convolved(op: Any, values: list[Any], weights: dict[str, Any]) -> Any:
        (x,), (kernel, bias), kind = values, (weights["kernel"], weights.get("bias")), op.kind
        axes = kind.axes(graph.input_shapes(op)[0])
        pads = [(axis.before, axis.after) for axis in axes]
        if any(before != after for before, after in pads):
            x, pads = functional.pad(x, [side for pad in reversed(pads) for side in pad]), [(0, 0)] * len(pads)
        groups = x.shape[1] // kernel.shape[1]
        return functional.conv2d(
            x, kernel, bias, [axis.stride for axis in axes], [pad for pad, _ in pads], [axis.dilation for axis in axes], groups
        )

    def pooled(call: Any) -> Callable[..., Any]:
        def run(op: Any, values: list[Any], weights: dict[str, Any]) -> Any:
            axes = op.kind.axes(graph.input_shapes(op)[0])
            sizes = ([axis.window for axis in axes], [axis.stride for axis in axes], [axis.before for axis in axes])
            return call(first(values), *sizes, ceil_mode=bool(op.kind.values["ceil"]))

        return run

    def normed(op: Any, values: list[Any], weights: dict[str, Any]) -> Any:
        moving = weights["moving_mean"], weights["moving_variance"]
        return functional.batch_norm(first(values), *moving, weights["gamma"], weights["beta"], training=True)

    def widened(op: Any, values: list[Any], weights: dict[str, Any]) -> Any:
        x, stride = first(values), (op.kind.stride or (1,))[0]
        return functional.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, op.shape[-1] - x.shape[1]))

    calls: dict[str, Callable[..., Any]] = {
        "conv": convolved,
        "dw": convolved,
        "pool": pooled(functional.max_pool2d),
        "avgpool": pooled(functional.avg_pool2d),
        "gap": lambda op, values, weights: first(values).mean((2, 3)),
        "fc": lambda op, values, weights: functional.linear(first(values).flatten(1), weights["kernel"], weights.get("bias")),
        "bn": normed,
        "widen": widened,
        "relu": lambda op, values, weights: functional.relu(first(values), inplace=True),
        "relu6": lambda op, values, weights: functional.relu6(first(values), inplace=True),
        "sigmoid": lambda op, values, weights: torch.sigmoid(first(values)),
        "dropout": lambda op, values, weights: functional.dropout(first(values), float(op.kind.rate)),
        "softmax": lambda op, values, weights: first(values),  # in the loss
        "add": lambda op, values, weights: sum(values[1:], values[0]),
        "concat": lambda op, values, weights: torch.cat(values, 1),
    }

    class Model(torch.nn.Module):
        """The network, operation by operation, channels first."""

        def __init__(self) -> None:
            super().__init__()
            for index, op in enumerate(graph.ops):
                for weight in graph.weights(op):
                    shape = weight.shape
                    if weight.role == "kernel":
                        *window, channels, filters = shape
                        shape = (filters * channels, 1, *window) if op.kind.word == "dw" else (filters, channels, *window)
                    if weight.role == "moving":
                        self.register_buffer(f"{weight.name}_{index}", torch.empty(shape))
                    else:
                        self.register_parameter(f"{weight.name}_{index}", torch.nn.Parameter(torch.empty(shape)))

        def forward(self, x: Any) -> Any:
            values: list[Any] = []
            left = [sum(index in op.inputs for op in graph.ops) for index in range(len(graph.ops))]
            for index, op in enumerate(graph.ops):
                if op.kind is None:
                    values.append(x)
                    continue
                owner = index if op.shares is None else op.shares
                weights = {weight.name: getattr(self, f"{weight.name}_{owner}") for weight in graph.weights(graph.ops[owner])}
                values.append(calls[op.kind.word](op, [values[source] for source in op.inputs], weights))
                for source in set(op.inputs):
                    left[source] -= 1
                    if not left[source]:
                        values[source] = None  # as a variable of a program is forgotten
            return values[-1]

    makes = {
        "momentum": lambda weights: torch.optim.SGD(weights, 0.1, momentum=0.9, foreach=False),
        "adam": lambda weights: torch.optim.Adam(weights, foreach=False),
    }
    shape = network.inputs[0].shape
    peak = 0
    with FakeTensorMode():
        model = Model()
        steps = makes[optimizer](model.parameters())
        x = torch.empty(batch, shape[-1], *shape[:-1])
        labels = torch.empty(batch, dtype=torch.int64)
        for _ in range(2):  # the slots are made in the first step
            tracker = MemTracker()
            tracker.track_external(model, steps, x, labels)
            with tracker:
                loss = functional.cross_entropy(model(x), labels)
                loss.backward()
                steps.step()
                steps.zero_grad()
            del loss
            peak = max(kinds["Total"] for kinds in tracker.get_tracker_snapshot("peak").values())
    return int(peak)


# --- XLA --------------------------------------------------------------------------------------------------------------


def xla_peak(network: Network, batch: int, optimizer: str) -> int:
    """What XLA reserves for a whole training step, in bytes: arguments, outputs that do not lie in arguments, temporaries."""
    import jax
    import keras

    model = network.keras()
    steps = keras.optimizers.SGD(0.01, momentum=0.9) if optimizer == "momentum" else keras.optimizers.Adam()
    steps.build(model.trainable_variables)

    def loss_of(trained: Any, moving: Any, x: Any, labels: Any) -> Any:
        output, moving = model.stateless_call(trained, moving, x, training=True)
        return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(labels, output)), moving

    def step(state: Any, x: Any, labels: Any) -> Any:
        trained, moving, slots = state
        (loss, moving), gradients = jax.value_and_grad(loss_of, has_aux=True)(trained, moving, x, labels)
        trained, slots = steps.stateless_apply(slots, gradients, trained)
        return loss, (trained, moving, slots)

    def shapes(variables: Any) -> list[Any]:
        return [jax.ShapeDtypeStruct(variable.shape, variable.dtype) for variable in variables]

    state = shapes(model.trainable_variables), shapes(model.non_trainable_variables), shapes(steps.variables)
    x = jax.ShapeDtypeStruct((batch, *network.inputs[0].shape), "float32")
    compiled = jax.jit(step, donate_argnums=0).lower(state, x, jax.ShapeDtypeStruct((batch,), "int32")).compile()
    found = compiled.memory_analysis()
    taken: int = found.argument_size_in_bytes + found.output_size_in_bytes - found.alias_size_in_bytes + found.temp_size_in_bytes
    keras.backend.clear_session()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch", action="store_true", help="run PyTorch's FakeTensorMode and MemTracker")
    parser.add_argument("--xla", action="store_true", help="compile training steps with Keras and JAX")
    options = parser.parse_args()
    small = {name: netdsl.parse(text) for name, text in SMALL.items()}
    more = {name: netdsl.load(ROOT / "examples" / f"{name}.net") for name in MORE}
    show("Given peaks (tests/truth/zoo.json)", beside_given())
    if options.torch:
        peaks = {name: torch_peak(network, 32, "momentum") / MIB for name, (network, _) in given().items()}
        show("MemTracker on the same networks", ((*row[:4], peaks[row[0]]) for row in beside_given()))
        show("MemTracker on networks with concatenations or groups", beside(torch_peak, more, (16,)))
        show("MemTracker on small networks", beside(torch_peak, small))
    if options.xla:
        os.environ["KERAS_BACKEND"] = "jax"
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        show("XLA", beside(xla_peak, small))


if __name__ == "__main__":
    main()
