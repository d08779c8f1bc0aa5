"""The text of a first network, with a comment for each line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from netdsl.wording import first_few, shape_text

if TYPE_CHECKING:
    from netdsl.training.starter.facts import Facts, Task

Line = tuple[str, str]
"""A line of a network, and its comment."""

UNITS = ((1_000, (32, 16)), (20_000, (64, 32)))
"""Numbers of examples, and the units of the layers if there are fewer examples than that."""

MANY_UNITS = (256, 128, 64)

DROPOUT = ("> dropout(0.2)", "in training every fifth number is 0: against overfitting")


def network_text(facts: Facts, name: str) -> str:
    """Write a first network for data as `netdsl fmt` would.

    Args:
        facts: what the data holds.
        name: the file's, without its suffix.
    """
    head = f"# Predicts {_predicted(facts.task)} from {facts.source}. A first network: change it\n"
    ends = (
        (f"# netdsl table {name}.net", "its layers, with shapes and counts"),
        (f"# netdsl train {name}.net {name}.yaml", f"trains it, into runs/{name}-1"),
        ("# netdsl explain conv", "explains a layer; so fc, dropout, ..."),
        ("# netdsl runs", "all trainings: the validation figures say which one is best,"),
        ("#", "the test figure what the last one is worth"),
        (f"# To try next: {_next(facts)}", ""),
    )
    return "".join((head, *_laid_out(_lines(facts)), *_laid_out(ends)))


def _laid_out(lines: Iterable[Line]) -> Iterator[str]:
    """Yield lines with their comments in one column."""
    lines = list(lines)
    width = max((len(code) for code, about in lines if about), default=0)
    for code, about in lines:
        # A line that is itself a comment needs no second `#` before its remark.
        sign = "" if code.startswith("#") else "# "
        yield f"{code:{width}}  {sign}{about}\n" if about else f"{code}\n"


def _predicted(task: Task) -> str:
    if task.counts:
        return f"{task.name} ({len(task.counts):,}: {first_few(list(task.counts), 5)})"
    return task.name


def _lines(facts: Facts) -> Iterator[Line]:
    """Yield the lines from the input to the output."""
    form = facts.form
    if form.word == "images":
        yield from _images(facts)
    elif form.word == "words":
        yield f"input {form.shape[0]} of int({form.vocabulary})", form.about
        yield "> embed-32", "a vector of 32 numbers for each word, which is learned"
        yield "> conv5-64", "64 filters, each over 5 words"
        yield "> gmp", "the largest value of each filter over all positions"
    elif form.word == "sequence":
        yield f"input {shape_text(form.shape)}", form.about
        yield "> conv5-32", "32 filters, each over 5 positions; then ReLU"
        if form.shape[0] >= 16:
            yield "> pool", "the larger one of every two positions"
        yield "> conv5-64", ""
        yield "> gap", "the mean of each filter over all positions"
    else:
        yield from _dense(facts)
        return
    if facts.task.counts:
        yield DROPOUT
    yield _output(facts.task)


def _dense(facts: Facts) -> Iterator[Line]:
    """Yield dense layers: more examples get larger ones."""
    yield f"input {facts.form.shape[0]}", facts.form.about
    units = next((units for below, units in UNITS if facts.examples < below), MANY_UNITS)
    for at, count in enumerate(units):
        about = f"{count} units, each with a weight for every number; then ReLU"
        yield f"> fc-{count}", "" if at else about
        # No dropout for values: after a ReLU the mean with dropped units differs from the one
        # without dropout, and predictions would be off by the difference.
        if not at and facts.task.counts:
            yield DROPOUT
    yield _output(facts.task)


def _images(facts: Facts) -> Iterator[Line]:
    """Yield a small residual network, which halves the sides as long as 4 pixels are left."""
    shape = facts.form.shape
    # Halvings until the shorter side would be below 4: 2 for 28 pixels, 3 for 32 and more.
    stages = max(0, min(3, (min(shape[:2]) // 4).bit_length() - 1))
    yield "default conv(bn)", "a batch norm after each convolution"
    if stages:
        yield "def stage(c) = res(conv3-{c}/2 > conv3-{c})", "/2 halves the sides; res adds a skip"
    yield f"input {shape_text(shape)}", facts.form.about
    yield "> conv3-16(relu)", "16 filters of 3x3 pixels"
    for stage in range(stages):
        yield f"> stage({32 << stage})", "" if stage else "half the sides, 32 filters"
    yield "> gap", "the mean of each filter over all positions"


def _output(task: Task) -> Line:
    if len(task.counts) == 2:
        return "> sigmoid-1", f"the probability of the class {list(task.counts)[1]}"
    if task.counts:
        return f"> softmax-{len(task.counts)}", "a probability for each class"
    many = "the value" if task.values == 1 else f"the {task.values} values"
    return f"> linear-{task.values}", f"{many}, any number: no activation"


def _next(facts: Facts) -> str:
    return {
        "images": "another stage, three times conv3-{c} in a stage, another size of images",
        "words": "embed-64, lstm-64 instead of conv and gmp, dropout(0.5)",
        "sequence": "conv5-128, lstm-64 instead of the lines down to gap",
    }.get(facts.form.word, "twice the units, one layer more or less, fc-64(bn)")
