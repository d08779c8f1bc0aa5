"""Memory of a network in use and in training: whole bytes, from its graph alone.

The definitions are in docs/accounting.md. Every amount is a constant and a part for each example of
a batch, kept apart to the end: so the memory of any batch is exact, and the largest batch that fits
a budget needs no search.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from netdsl.constants import PRECISIONS, SLOTS
from netdsl.graph import Graph, Op, consumers_of
from netdsl.kinds.values import Indices

# Numbers that the update holds for each of an array's while it is at that array, beside weight,
# gradient and slots: Adam's divisor is the root of a slot over a number, two arrays; RMSprop's and
# Adagrad's is a root; Nesterov's momentum is looked ahead in a copy.
_SCRATCH = {"nesterov": 1, "adam": 2, "adamw": 2, "rmsprop": 1, "adagrad": 1}
# What was measured lies between these multiples of the estimates (docs/accounting.md, "How near it
# comes"): a library's workspace; the peak of training as PyTorch simulates it and as XLA reserves
# it on a CPU; the peak in use as PyTorch simulates it.
WORKSPACE_BAND = (Fraction(0), Fraction(2))
TORCH_BAND = (Fraction("0.98"), Fraction("1.02"))
XLA_BAND = (Fraction("0.6"), Fraction("3.2"))
USE_BAND = (Fraction(1), Fraction("1.6"))

_SHOWN = ("B", "KiB", "MiB", "GiB", "TiB")
_UNIT_BYTES = {"": 1, "b": 1}
_UNIT_BYTES |= {f"{prefix}ib": 1 << 10 * power for power, prefix in enumerate("kmgt", 1)}
_UNIT_BYTES |= {f"{prefix}b": int(f"1{'000' * power}") for power, prefix in enumerate("kmgt", 1)}
_INDEX = 4  # bytes of an index that comes in
_SWITCH = 8  # bytes of a place kept by a max pool: PyTorch's are 64-bit whole numbers
_VIEWS = frozenset(("id", "flatten", "reshape", "linear"))  # the same numbers under another shape
_NOISE = frozenset(("dropout", "sdropout", "droppath", "noise"))  # nothing in use
_ONCE = frozenset(
    ("bn", "fc")
)  # what these keep on top (statistics of the batch, dropped weights) is kept once for a whole batch
_PASSED = frozenset(
    ("add", "id", "flatten", "reshape", "linear", "noise")
)  # the gradient goes through as it is
# Their gradients follow from the input or from the output. PyTorch
# (tools/autograd/derivatives.yaml: hardtanh, leaky_relu, elu, selu by elu, softplus, hardsigmoid)
# keeps the input, which nothing else needs: the larger choice is the estimate's.
_KEEP_INPUT = frozenset(("relu6", "lrelu", "elu", "selu", "softplus", "hsigmoid"))
_KEEP_INPUT_TOO = frozenset(
    ("pool", "gmp", "avgpool")
)  # the places or the shape would do, yet PyTorch keeps these inputs


class Memory(NamedTuple):
    """Bytes, for a batch.

    Attributes:
        parameters: all that is stored, trained or moving; `mixed` adds the copies of the trained
            ones in two bytes.
        gradients: one number for each trained weight.
        optimizer: the optimizer's slots.
        activation_bytes: the lecture's sum over the inputs and all outputs; activations, pad,
            flatten and dropout work in place.
        saved: what the backward pass needs of the forward pass, each tensor once.
        inference_peak: parameters, and the largest sum of tensors alive at one time in use.
        training_peak: the largest sum at one step of forward pass, backward pass and update.
        workspace: an estimate of what a library takes on top, in no other line; see
            `WORKSPACE_BAND`.
    """

    parameters: int
    gradients: int
    optimizer: int
    activation_bytes: int
    saved: int
    inference_peak: int
    training_peak: int
    workspace: int


Step = tuple[
    int, int
]  # what is held at one time, in bytes: so many whatever the batch, and so many for each example of it


def estimate(
    graph: Graph, batch: int = 1, precision: str = "float32", optimizer: str = "adam"
) -> Memory:
    """The memory of a network, for a batch of so many examples.

    Raises:
        ValueError: where the batch is below 1, or the precision or optimizer is none of
            `PRECISIONS`, `SLOTS`.
    """
    if batch < 1:
        raise ValueError(f"a batch holds at least 1 example, not {batch}")
    plan = _planned(graph, precision, optimizer)
    steps, saved = _Training(plan).steps()
    return Memory(
        plan.parameters,
        plan.gradients,
        plan.slots,
        sum(facts.size for facts in plan.facts if not facts.free) * batch,
        saved[0] + saved[1] * batch,
        max(fixed + each * batch for fixed, each in _in_use(plan)),
        max(fixed + each * batch for fixed, each in steps),
        max(facts.moved for facts in plan.facts) * batch,
    )


def largest_batch(
    graph: Graph, budget_bytes: int, precision: str = "float32", optimizer: str = "adam"
) -> int:
    """The most examples in a batch whose training peak fits into so many bytes; 0 where not even
    one does. The workspace is not in it.

    Raises:
        ValueError: where the precision or optimizer is none of `PRECISIONS`, `SLOTS`.
    """
    steps, _ = _Training(_planned(graph, precision, optimizer)).steps()
    if any(fixed > budget_bytes for fixed, _ in steps):
        return 0
    return min((budget_bytes - fixed) // each for fixed, each in steps if each)


def parse_size(text: str) -> int:
    """A number of bytes: `24GiB`, `1.5 GiB` (2^30 each), `500MB` (10^6 each), `4096`; a fraction of
    a byte is cut off.

    Raises:
        ValueError: for anything else.
    """
    found = re.fullmatch(r"\s*(\d{1,18}(?:\.\d{1,18})?)\s*([A-Za-z]{0,3})\s*", text, re.ASCII)
    unit = found[2].lower() if found else ""
    if found is None or unit not in _UNIT_BYTES:
        hint = (
            f"write {found[1]}{unit.upper()}iB or {found[1]}{unit.upper()}B"
            if found and unit in tuple("kmgt")
            else "24GiB is one"
        )
        raise ValueError(f"{text[:40]!r} is no size in bytes; {hint}")
    return int(Fraction(found[1]) * _UNIT_BYTES[unit])


def shown_bytes(number: int) -> str:
    """Bytes in the largest unit of 2^10, 2^20, ... of which there is one, to a tenth: `58.1
    MiB`.
    """
    power = 0
    while power + 1 < len(_SHOWN) and _tenths(number, power) >= 10_240:
        power += 1
    tenths = _tenths(number, power)
    return f"{number} B" if power == 0 else f"{tenths // 10:,}.{tenths % 10} {_SHOWN[power]}"


def _tenths(number: int, power: int) -> int:
    """Bytes in tenths of 2^(10*power), rounded, halves up."""
    unit = 1 << 10 * power
    return (20 * number + unit) // (2 * unit)


# --- facts of each operation ----------------------------------------------------------------------


class _Facts(NamedTuple):
    """What the walks need to know of an operation.

    Sizes in bytes for one example, weights in elements.

    `kernel` and `rest` are the trained weights that it uses, its own or not, and `moving` those
    that are not trained. For the backward pass it keeps its `inputs`, its `output`, and on top
    `extra` for each example and `once` for the batch. `view`, `noise` and `in_place` say what
    becomes of its input's storage, `free` that a lecture's table does not count its output,
    `passes` that the gradient of its output is that of its inputs, `slices` that it holds theirs
    side by side. `moved` is what a convolution reads and writes, `largest` the largest array
    trained.
    """

    size: int
    kernel: int = 0
    rest: int = 0
    moving: int = 0
    inputs: bool = False
    output: bool = False
    extra: int = 0
    once: int = 0
    view: bool = False
    noise: bool = False
    in_place: bool = False
    free: bool = False
    passes: bool = False
    slices: bool = False
    moved: int = 0
    largest: int = 0


def _facts_of(graph: Graph, op: Op, width: int) -> _Facts:
    """The facts of an operation whose numbers have so many bytes."""
    kind = op.kind
    if kind is None:
        return _Facts(op.size * (_INDEX if isinstance(op.shape, Indices) else width))
    shapes = graph.input_shapes(op)
    saved = kind.saved_tensors(op.shape, *shapes)
    if kind.word in _KEEP_INPUT:
        saved = saved._replace(inputs=True, output=False)
    elif kind.word in _KEEP_INPUT_TOO:
        saved = saved._replace(inputs=True)
    on_top = saved.values * width + saved.indices * _SWITCH + saved.masks
    arrays = kind.weights(*shapes)
    elements = {"kernel": 0, "moving": 0, "rest": 0}
    for array in arrays:
        elements[array.role if array.role in elements else "rest"] += array.size
    activation, noise, view = kind.group == "activation", kind.word in _NOISE, kind.word in _VIEWS
    return _Facts(
        op.size * width,
        elements["kernel"],
        elements["rest"],
        elements["moving"],
        saved.inputs,
        saved.output,
        0 if kind.word in _ONCE else on_top,
        on_top if kind.word in _ONCE else 0,
        view,
        noise,
        activation or noise,
        activation or noise or view or kind.word == "pad",
        kind.word in _PASSED,
        kind.word == "concat",
        (sum(math.prod(x) for x in shapes) + op.size) * width if kind.group == "convolution" else 0,
        max((array.size for array in arrays if array.role != "moving"), default=0),
    )


def _all_facts(graph: Graph, width: int) -> list[_Facts]:
    """The facts of every operation. Operations that are alike are looked at once."""
    known: dict[object, _Facts] = {}
    found = []
    for index, op in enumerate(graph.ops):
        before = graph.ops[op.inputs[0]].shape if len(op.inputs) == 1 else None
        key: object = (
            index
            if before is None or isinstance(before, Indices)
            else (id(op.kind), op.shape, before)
        )
        if key not in known:
            known[key] = _facts_of(graph, op, width)
        found.append(known[key])
    return found


def _owners(ops: tuple[Op, ...]) -> list[tuple[int, int]]:
    """For each operation, those that hold its kernel and its other weights: itself, the first
    use of a `let`, what it is tied to.
    """
    found: list[tuple[int, int]] = []
    for index, op in enumerate(ops):
        if op.shares is not None:
            found.append(found[op.shares])
        else:
            found.append((index if op.tied is None else found[op.tied][0], index))
    return found


class _Plan(NamedTuple):
    """What both walks share.

    `parameters`, `gradients`, `slots` and `scratch` (of the update) are bytes, `width` those of a
    trained weight.

    `ends` are the network's outputs, `readers` says how often an operation's output is read, at the
    end too, `last` which operation is its last reader: the number of operations for an output, the
    operation itself where there is none. `trained` says whether the backward pass goes through an
    operation: weights lie in it or before it, and an output behind it.
    """

    graph: Graph
    facts: list[_Facts]
    owners: list[tuple[int, int]]
    parameters: int
    gradients: int
    slots: int
    scratch: int
    width: int
    ends: frozenset[int]
    readers: list[int]
    last: list[int]
    trained: list[bool]


def _planned(graph: Graph, precision: str, optimizer: str) -> _Plan:
    """The facts of a network for a precision and an optimizer."""
    if precision not in PRECISIONS:
        raise ValueError(f"the precision is one of {', '.join(PRECISIONS)}, not {precision!r}")
    if optimizer not in SLOTS:
        raise ValueError(f"the optimizer is one of {', '.join(SLOTS)}, not {optimizer!r}")
    bytes_of = PRECISIONS[precision]
    facts, owners = _all_facts(graph, bytes_of.activations), _owners(graph.ops)
    trained = moving = 0
    for index, (own, (kernel, rest)) in enumerate(zip(facts, owners, strict=True)):
        trained += own.kernel * (kernel == index) + own.rest * (rest == index)
        moving += own.moving * (rest == index)
    ends = frozenset(output.op for output in graph.outputs)
    consumers = consumers_of(graph.ops)
    return _Plan(
        graph,
        facts,
        owners,
        (trained + moving) * bytes_of.weights + trained * bytes_of.copies,
        trained * bytes_of.weights,
        trained * bytes_of.weights * SLOTS[optimizer],
        max(own.largest for own in facts) * bytes_of.weights * _SCRATCH.get(optimizer, 0),
        bytes_of.weights,
        ends,
        [len(found) + (index in ends) for index, found in enumerate(consumers)],
        [
            len(consumers) if index in ends else max(found, default=index)
            for index, found in enumerate(consumers)
        ],
        _through(graph, facts, ends),
    )


def _through(graph: Graph, facts: list[_Facts], ends: frozenset[int]) -> list[bool]:
    """For each operation, whether the backward pass goes through it."""
    behind: list[bool] = []
    for op, own in zip(graph.ops, facts, strict=True):
        behind.append(own.kernel + own.rest > 0 or any(behind[source] for source in op.inputs))
    wanted = [index in ends for index in range(len(facts))]
    for index in range(len(facts) - 1, -1, -1):
        if wanted[index]:
            for source in graph.ops[index].inputs:
                wanted[source] = True
    return [both and needed for both, needed in zip(behind, wanted, strict=True)]


def _storages(plan: _Plan, training: bool) -> list[int]:
    """For each operation, the one in whose storage its output lies: its own, or that of its input.

    An activation or dropout works in place where nothing else reads its input and no gradient needs
    it; a view is its input.
    """
    found: list[int] = []
    busy = [False] * len(plan.facts)
    for index, (op, own) in enumerate(zip(plan.graph.ops, plan.facts, strict=True)):
        before = found[op.inputs[0]] if op.inputs else index
        view = own.view or (own.noise and not training)
        kept = training and plan.trained[index]
        in_place = own.in_place and not busy[before] and not (kept and own.inputs)
        at = before if view or in_place else index
        if op.kind is None or plan.readers[index] > 1 or (kept and own.output):
            busy[at] = True
        found.append(at)
    return found


# --- the walks ------------------------------------------------------------------------------------


class _Store:
    """Tensors by their numbers, each with its holders, and the bytes of all of them for one
    example.
    """

    def __init__(self, places: int = 0) -> None:
        self.bytes = 0
        self._sizes = [0] * places
        self._holders = [0] * places

    def make(self, name: int, size: int) -> None:
        """A tensor at one of the first places, with one holder."""
        self._sizes[name] = size
        self._holders[name] = 1
        self.bytes += size

    def new(self, size: int) -> int:
        """A tensor behind all others, with one holder; gives its number."""
        self._sizes.append(size)
        self._holders.append(1)
        self.bytes += size
        return len(self._sizes) - 1

    def hold(self, name: int) -> None:
        """One holder more."""
        self._holders[name] += 1

    def release(self, name: int) -> None:
        """One holder less; the last one frees the tensor."""
        self._holders[name] -= 1
        if not self._holders[name]:
            self.bytes -= self._sizes[name]

    def alone(self, name: int) -> bool:
        """Whether a tensor has one holder only."""
        return self._holders[name] == 1


class _Values:
    """The outputs of operations in order: each is held from the operation that makes it to the
    last one that reads it.
    """

    def __init__(self, plan: _Plan, training: bool) -> None:
        self.store = _Store(len(plan.facts))
        self.homes = _storages(plan, training)
        self._facts = plan.facts
        self._dying: list[list[int]] = [[] for _ in range(len(plan.facts) + 1)]
        for index, last in enumerate(plan.last):
            self._dying[last].append(index)
        for index, op in enumerate(plan.graph.ops):
            if op.kind is None:
                self.store.make(index, plan.facts[index].size)

    def make(self, index: int) -> None:
        """The output of an operation, the network's inputs aside: they are there from the
        beginning.
        """
        if self.homes[index] == index:
            self.store.make(index, self._facts[index].size)
        else:
            self.store.hold(self.homes[index])

    def read(self, index: int) -> None:
        """An operation is done, or with the number behind the last one all are: what nothing
        reads any more is let go.
        """
        for dead in self._dying[index]:
            self.store.release(self.homes[dead])


def _in_use(plan: _Plan) -> Iterator[Step]:
    """What is held at each step in use."""
    values = _Values(plan, training=False)
    yield plan.parameters, values.store.bytes
    for index, op in enumerate(plan.graph.ops):
        if op.kind is not None:
            values.make(index)
        yield plan.parameters, values.store.bytes
        values.read(index)


class _Training:
    """A walk forward, backward and through the update that notes what is held at each step.

    The inputs are held to its end.
    """

    def __init__(self, plan: _Plan) -> None:
        self._plan = plan
        self._values = _Values(plan, training=True)
        self._inputs = [index for index, op in enumerate(plan.graph.ops) if op.kind is None]
        for index in self._inputs:
            self._values.store.hold(index)  # by whoever asks for the step
        self._gradients = _Store()
        self._gradient: dict[int, int] = {}  # by operation: the gradient of its output
        self._kernels = [False] * len(plan.facts)  # whose gradients are made
        self._rests = [False] * len(plan.facts)
        self._extra = 0  # bytes kept beside values, for one example
        self._fixed = plan.parameters + plan.slots
        self._steps: list[Step] = []

    def steps(self) -> tuple[list[Step], Step]:
        """Every step, and what is kept between the passes."""
        for index, op in enumerate(self._plan.graph.ops):
            if op.kind is not None:
                self._forward(index)
            self._values.read(index)
        saved = self._loss()
        for index in range(len(self._plan.facts) - 1, -1, -1):
            if self._plan.trained[index]:
                self._backward(index)
        plan = self._plan
        self._steps.append(
            (
                plan.parameters + plan.gradients + plan.slots + plan.scratch,
                sum(plan.facts[index].size for index in self._inputs),
            )
        )
        return self._steps, saved

    def _note(self, more: int = 0) -> None:
        """Notes what is held now, and `more` bytes whatever the batch."""
        self._steps.append(
            (self._fixed + more, self._values.store.bytes + self._extra + self._gradients.bytes)
        )

    def _kept(self, index: int) -> list[int]:
        """The storages of the inputs and the output that an operation keeps."""
        own, homes = self._plan.facts[index], self._values.homes
        found = (
            [homes[source] for source in self._plan.graph.ops[index].inputs] if own.inputs else []
        )
        if own.output:
            found.append(homes[index])
        return found

    def _forward(self, index: int) -> None:
        """One operation: its output is made, and what its gradient needs is kept."""
        self._values.make(index)
        if self._plan.trained[index]:
            own, store = self._plan.facts[index], self._values.store
            for home in self._kept(index):
                store.hold(home)
            self._extra += own.extra
            self._fixed += own.once
        self._note()

    def _loss(self) -> Step:
        """The gradients of the outputs, made from them. Gives what is kept between the passes."""
        for end in sorted(self._plan.ends):
            if self._plan.trained[end]:
                self._gradient[end] = self._gradients.new(self._plan.facts[end].size)
        self._note()
        self._values.read(len(self._plan.facts))
        store, facts = self._values.store, self._plan.facts
        unused = sum(facts[index].size for index in self._inputs if store.alone(index))
        return (
            self._fixed - self._plan.parameters - self._plan.slots,
            store.bytes - unused + self._extra,
        )

    def _backward(self, index: int) -> None:
        """One operation: gradients of its weights and inputs from that of its output, which is
        freed with what was kept.
        """
        own, op, gradient = (
            self._plan.facts[index],
            self._plan.graph.ops[index],
            self._gradient.pop(index),
        )
        again = self._weights(index)
        parts: list[tuple[int, int]] = []
        for source in op.inputs:
            if self._plan.trained[source]:
                size = self._plan.facts[source].size
                if own.slices or (own.passes and size == own.size):
                    self._gradients.hold(gradient)
                    parts.append((source, gradient))
                else:
                    parts.append((source, self._gradients.new(size)))
        self._note(again)
        self._gradients.release(gradient)
        for home in self._kept(index):
            self._values.store.release(home)
        self._extra -= own.extra
        self._fixed -= own.once
        for source, part in parts:
            self._add(source, part)

    def _weights(self, index: int) -> int:
        """The gradients of an operation's weights; gives the bytes of those that are added to
        gradients made before.
        """
        own, (kernel, rest) = self._plan.facts[index], self._plan.owners[index]
        again = 0
        for owner, made, elements in (
            (kernel, self._kernels, own.kernel),
            (rest, self._rests, own.rest),
        ):
            again += elements * self._plan.width * made[owner]
            self._fixed += elements * self._plan.width * (not made[owner])
            made[owner] = True
        return again

    def _add(self, source: int, part: int) -> None:
        """A gradient of an operation's output, where there is one already their sum: two tensors
        are read and a third is written.
        """
        there = self._gradient.get(source)
        if there is None:
            self._gradient[source] = part
            return
        self._gradient[source] = self._gradients.new(self._plan.facts[source].size)
        self._note()
        self._gradients.release(there)
        self._gradients.release(part)
