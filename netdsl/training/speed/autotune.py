"""The fastest way of taking steps, found before a training begins by taking some with another copy
of the network.

This module imports Keras.
"""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from netdsl.analysis.counts import count_network
from netdsl.training.loop import compile as fit
from netdsl.training.loop.batches import Shuffled
from netdsl.training.recipes.resolve import Resolved
from netdsl.training.speed import multistep as resident

if TYPE_CHECKING:
    from netdsl.training.loop.job import Job

SECONDS, SHARE = 2.0, 0.02
"""A measurement takes at most so long, and at most this share of the training."""

STEP, FLOPS, TRACE, COMPILE = 3e-4, 1e11, (0.4, 0.02), 2.0
"""What is reckoned with beforehand: a step's seconds beside its arithmetic, operations a second,
seconds to trace a network and a layer, and how many times that it takes with XLA.
"""

ENOUGH, CALL = 0.15, 0.05
"""Seconds of steps that tell one way from another, and of those in one call."""


def measured(job: Job) -> Job:
    """The job with the fastest way as its `speed`, and the figures as the reason.

    The ways are tried in the order of what is most likely best, as long as there is time: the
    training is not to be held up by more than `SECONDS`, or `SHARE` of what it takes. What they
    take is reckoned, and corrected by what those before have taken. Where the time is too short for
    two, the fixed rule's choice is taken.
    """
    began = time.perf_counter()
    if not resident.fits(job.data.train, job.data.preparation):
        return _chosen(job, "plain", "the only way: the prepared examples do not fit on the device")
    model = job.model()
    fit.compile_model(model, job.network.graph, job.recipe, job.data.preparation, job.steps)
    ways, room, slower = _ways(job, model), budget(job), 1.0
    reckoned = {way: costs(job, way) for way in ways}
    found: dict[str, float] = {}
    for way in ways if reckoned[ways[0]] + reckoned[ways[1]] <= room else ():
        before = time.perf_counter()
        if before - began + slower * reckoned[way] > room:
            break
        found[way] = _step(job, model, way)
        slower = max(1.0, (time.perf_counter() - before) / reckoned[way])
    if len(found) < 2:  # one figure alone tells nothing
        return _chosen(
            job,
            ways[0],
            f"the rule's choice: {SHARE:.0%} of the training, or {SECONDS:g} s, are too short to measure",
        )
    told = [
        f"{way} {1000 * seconds:.3g}"
        for way, seconds in sorted(found.items(), key=lambda item: item[1])
    ]
    told += [f"{way} not tried" for way in ways if way not in found]
    why = f"milliseconds a step: {', '.join(told)}; measured in {time.perf_counter() - began:.1f} s"
    return _chosen(job, min(found, key=lambda way: found[way]), why)


def _chosen(job: Job, way: str, why: str) -> Job:
    resolved = job.resolved
    recipe = dataclasses.replace(resolved.recipe, speed=way)
    return dataclasses.replace(
        job, resolved=Resolved(recipe, {**resolved.reasons, "speed": why}, resolved.doubts)
    )


def budget(job: Job) -> float:
    """Seconds that a measurement may take, by what the training takes if all goes as usual."""
    return min(SECONDS, SHARE * _reckoned(job) * job.steps * (job.recipe.epochs or 1))


def costs(job: Job, way: str) -> float:
    """Seconds that it takes to measure a way, if all goes as usual: two calls at least, the
    first of which makes the program.
    """
    trace = TRACE[0] + TRACE[1] * len(job.network.graph.ops)
    return (
        trace * (COMPILE if way == "compiled" else 1) + ENOUGH + 2 * _together(job) * _reckoned(job)
    )


def _reckoned(job: Job) -> float:
    """Seconds of a step."""
    return STEP + 3 * 2 * count_network(job.network.graph).macs * (job.recipe.batch or 1) / FLOPS


def _together(job: Job) -> int:
    """Steps in a call: as in the training, but for those of large networks, of which a few tell
    enough.
    """
    return min(
        resident.steps_together(job.network.graph, job.recipe.batch or 1),
        max(1, int(CALL / _reckoned(job))),
    )


def _ways(job: Job, model: keras.Model) -> list[str]:
    """What can be tried, the rule's choice first."""
    first = resident.rule(
        model, job.network.graph, job.recipe, job.steps * (job.recipe.epochs or 1)
    )
    others = [
        "chunks",
        "plain",
        *(["compiled"] if resident.gains(model, job.network.graph) else []),
    ]
    return [first, *(way for way in others if way != first)]


def _step(job: Job, model: keras.Model, way: str) -> float:
    """Seconds a step."""
    recipe, preparation = job.recipe, job.data.preparation
    some = np.arange(min(len(job.data.train), resident.MOST * (recipe.batch or 1)))
    part = job.data.train.at(some)  # to prepare all of them can take longer than the rest
    model.train_function = None
    training = Shuffled(part, preparation, recipe)
    if way != "plain":
        training = resident.Chunks(
            part, preparation, recipe, _together(job), int(recipe.early_stopping.every or 1), 0
        )
        resident.take_over(model, training, way)
    clock = Clock(training)
    model.fit(training, epochs=10**9, verbose=0, shuffle=False, callbacks=[clock])
    return clock.seconds / max(1, clock.steps)


class Clock(keras.callbacks.Callback):  # type: ignore[misc]
    """Times the steps for a moment, but for those of the first call, which traces and compiles."""

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
        if self.calls == 1:
            self.began = now
            return
        self.steps, self.seconds = self.steps + steps, now - self.began
        if self.seconds >= ENOUGH:
            self.model.stop_training = True
