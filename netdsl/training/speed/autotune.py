"""The fastest way of taking steps, found before a training begins by taking some steps with a copy
of the network.

This module imports Keras.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
import numpy as np

from netdsl.analysis.counts import count_network
from netdsl.training.data.batches import Shuffled
from netdsl.training.speed.choice import TOGETHER, gains, rule, steps_together
from netdsl.training.speed.chunks import Chunks
from netdsl.training.speed.multistep import take_in_chunks
from netdsl.training.speed.placement import fits_on_device

if TYPE_CHECKING:
    from netdsl.graph import Graph

SECONDS, SHARE = 2.0, 0.02
"""The most seconds that a measurement may take, and the largest share of the training's time."""

STEP, FLOPS, TRACE, COMPILE = 3e-4, 1e11, (0.4, 0.02), 2.0
"""Estimates: a step's seconds in addition to its arithmetic, operations per second, seconds to
trace a network and each of its layers, and by what factor longer that takes with XLA.
"""

ENOUGH, CALL = 0.15, 0.05
"""Seconds of steps that suffice to distinguish two ways, and seconds of the steps in one call."""


class Speed(NamedTuple):
    """A way of taking steps (`plain`, `chunks`, `compiled`), and why it was chosen."""

    way: str
    why: str


class Load(NamedTuple):
    """What a training computes: the network, the examples in a step, the most steps in all."""

    graph: Graph
    batch: int
    steps: int

    @property
    def step_seconds(self) -> float:
        """The estimated seconds of a step."""
        # A multiply-accumulate is 2 operations; the backward pass costs twice the forward pass.
        return STEP + 3 * 2 * count_network(self.graph).macs * self.batch / FLOPS

    @property
    def together(self) -> int:
        """Steps in a call.

        As many as in the training, but fewer for large networks, whose steps are slow.
        """
        return min(steps_together(self.graph, self.batch), max(1, int(CALL / self.step_seconds)))


def measured_speed(
    copy: Callable[[], keras.Model], graph: Graph, examples: Shuffled, every: int, epochs: int
) -> Speed:
    """Find the fastest way by taking some steps.

    The ways are tried in the order of what is most likely best, as long as there is time: the
    training must not be delayed by more than `SECONDS`, or by `SHARE` of its own time. The time for
    each way is estimated, and corrected by the time that the ways before it took. If there is not
    enough time for two ways, the fixed rule's choice is taken.

    Args:
        copy: makes a copy of the compiled model, to be trained for a moment.
        graph: the network.
        examples: what the training takes its steps on.
        every: steps from one evaluation to the next.
        epochs: of the training, at most.
    """
    began = time.perf_counter()
    if not fits_on_device(examples.part, examples.preparation):
        return Speed("plain", "the only choice: the prepared examples do not fit on the device")
    model = copy()
    load = Load(graph, examples.batch, examples.steps * epochs)
    ways, allowed, slower = _ways(model, load, examples.sampling.augments), budget(load), 1.0
    expected = {way: cost(load, way) for way in ways}
    found: dict[str, float] = {}
    for way in ways if expected[ways[0]] + expected[ways[1]] <= allowed else ():
        before = time.perf_counter()
        if before - began + slower * expected[way] > allowed:
            break
        found[way] = _measure(model, examples, way, load.together, every)
        # If the machine is busy now, it will be for the next way too.
        slower = max(1.0, (time.perf_counter() - before) / expected[way])
    if len(found) < 2:  # one figure alone says nothing
        short = f"{SHARE:.0%} of the training, or {SECONDS:g} s, is too short to measure"
        return Speed(ways[0], f"chosen by the rule: {short}")
    figures = [
        f"{way} {1000 * seconds:.3g}"
        for way, seconds in sorted(found.items(), key=lambda item: item[1])
    ]
    figures += [f"{way} not tried" for way in ways if way not in found]
    seconds = time.perf_counter() - began
    why = f"milliseconds for a step: {', '.join(figures)}; measured in {seconds:.1f} s"
    return Speed(min(found, key=lambda way: found[way]), why)


def budget(load: Load) -> float:
    """Return the seconds that a measurement may take, by the estimated time of the training."""
    return min(SECONDS, SHARE * load.step_seconds * load.steps)


def cost(load: Load, way: str) -> float:
    """Estimate the seconds that it takes to measure a way.

    It takes at least two calls, the first of which traces and compiles.
    """
    trace = TRACE[0] + TRACE[1] * len(load.graph.ops)
    return (
        trace * (COMPILE if way == "compiled" else 1)
        + ENOUGH
        + 2 * load.together * load.step_seconds
    )


def _ways(model: keras.Model, load: Load, augments: bool) -> list[str]:
    """Return the ways that can be tried, the rule's choice first."""
    first = rule(model, load.graph, load.steps, augments)
    others = ["chunks", "plain", *(["compiled"] if gains(model, load.graph) else [])]
    return [first, *(way for way in others if way != first)]


def _measure(model: keras.Model, examples: Shuffled, way: str, together: int, every: int) -> float:
    """Measure the seconds that a step takes.

    Args:
        model: a copy, which is trained for a moment.
        examples: the first of them are taken.
        way: `plain`, `chunks` or `compiled`.
        together: steps in a call.
        every: steps from one evaluation to the next, at which calls end.
    """
    some = np.arange(min(len(examples.part), TOGETHER * examples.batch))
    part = examples.part.at(some)  # to prepare all of them can take longer than the rest
    preparation, sampling = examples.preparation, examples.sampling
    # Keras reuses its function: without this the previous way would be measured again.
    model.train_function = None
    training = Shuffled(part, preparation, sampling)
    if way != "plain":
        training = chunks = Chunks(part, preparation, sampling, together, [every])
        take_in_chunks(model, chunks, way)
    clock = Clock(training)
    model.fit(training, epochs=10**9, verbose=0, shuffle=False, callbacks=[clock])
    return clock.seconds / max(1, clock.steps)


class Clock(keras.callbacks.Callback):  # type: ignore[misc]
    """Times steps for a moment, except those of the first call, which traces and compiles."""

    def __init__(self, training: Shuffled) -> None:
        super().__init__()
        self.training, self.calls, self.steps, self.began, self.seconds = training, 0, 0, 0.0, 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.training.at_epoch(epoch + 1)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        steps = self.training.chunk(batch)
        if not steps:
            return
        float((logs or {})["loss"])  # wait for it
        now = time.perf_counter()
        self.calls += 1
        # The first call traces and compiles: it is not counted, and the clock starts at its end.
        if self.calls == 1:
            self.began = now
            return
        self.steps, self.seconds = self.steps + steps, now - self.began
        if self.seconds >= ENOUGH:
            self.model.stop_training = True
