"""What the style `volumes` draws: the steps of a chain, each with what is on one label."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.drawing.cards import Card, glyph
from netdsl.drawing.measure import shortened
from netdsl.drawing.parts import PartChain
from netdsl.drawing.regions import regions
from netdsl.drawing.shown import Frame, boxes_of
from netdsl.drawing.solids import PLATE, Solid, SolidScale, scale_of, solid
from netdsl.drawing.subject import Subject
from netdsl.drawing.taking_apart import taken_apart
from netdsl.drawing.view import View
from netdsl.errors import NetError, fail
from netdsl.kinds import Kind

LABEL, NOTE = 12.0, 10.0  # font sizes
_MAX_LABEL = 150.0
_FEW = 3  # cuboids that are drawn of many equal ones
_PLATES = ("activation", "norm", "noise")  # families that leave a map as it is
# AlexNet's two groups are columns; 32 (ResNeXt), or one a channel, would be too thin to see.
_MAX_COLUMNS = 4


class VolumeStep(NamedTuple):
    """A box, thin plates after it for what leaves its map as it is, and equal ones that follow."""

    box: int
    plates: tuple[int, ...] = ()
    again: tuple[tuple[int, tuple[int, ...]], ...] = ()

    @property
    def units(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Each box with its plates."""
        return ((self.box, self.plates), *self.again)


class Body(NamedTuple):
    """A box's cuboid, as one of this many columns."""

    box: int
    solid: Solid
    columns: int


class Flat(NamedTuple):
    """A view without its frames.

    `braces` are the repeats: their first and last box, and how often they follow each other.
    """

    view: View
    braces: tuple[tuple[int, int, int], ...]


def flat(shown: View) -> Flat:
    """Return a view as a plain row of boxes."""
    number = {box: at for at, box in enumerate(shown.boxes)}
    braces: list[tuple[int, int, int]] = []
    waiting = list(shown.items)
    while waiting:
        item = waiting.pop()
        if isinstance(item, Frame):
            inside = [number[box] for box in boxes_of(item.items)]
            if item.times > 1:
                braces.append((min(inside), max(inside), item.times))
            waiting += item.items
    return Flat(View(shown.boxes, shown.boxes, shown.edges), tuple(braces))


class Steps:
    """The steps of a network, and what is known of its boxes.

    Attributes:
        chain: the boxes one after the other, and arcs over them.
        steps: boxes that share a label.
        columns: for each box in how many columns it is.
    """

    def __init__(self, subject: Subject, given: Flat) -> None:
        """Find the steps.

        Raises:
            NetError: N661 where the boxes do not follow one another.
        """
        self.subject, self.braces, self.boxes = subject, given.braces, given.view.boxes
        top, _ = regions(given.view)
        chain = taken_apart(len(self.boxes), top.wires, frozenset())
        plain = chain is not None and not chain.sides
        if chain is None or not plain or not all(isinstance(p, int) for p in chain.parts):
            raise self._unsuitable()
        self.chain: PartChain = chain
        self.steps = self._joined(self._plain_steps())
        self.scale: SolidScale = scale_of([self.shape(at) for at in range(len(self.boxes))])
        self.columns = self._columns()

    def _unsuitable(self) -> NetError:
        return fail(
            "N661",
            "the style volumes is for networks whose layers, or blocks, follow one another; "
            f"{self.subject.network.name} has branches",
            help="--style graph draws every network",
        )

    # --- boxes ---

    def shape(self, at: int) -> tuple[int, ...]:
        """Return the shape of a box's output."""
        return self.subject.labels.shape(self.boxes[at].turns[0][-1])

    def group(self, at: int) -> str:
        """Return the family of a layer's kind; of a block none."""
        box = self.boxes[at]
        return "" if box.block else self.subject.labels.group[box.first]

    def kind(self, at: int) -> Kind | None:
        """Return a layer's kind; None of a block and an input."""
        box = self.boxes[at]
        return None if box.block else self.subject.labels.kind[box.first]

    def name(self, at: int) -> str:
        """Return a box's name: its layer's, or its block's."""
        box = self.boxes[at]
        return box.block.name if box.block else self.subject.graph.layers[box.first].name

    def look(self, at: int) -> str:
        """Return the colours of a box."""
        return self.subject.look(self.boxes[at])

    def sign(self, at: int) -> Card | None:
        """Return the sign of a merge; None where a box is none, or has none."""
        kind = self.kind(at)
        return glyph(kind, "") if kind is not None and kind.merges else None

    def window(self, at: int) -> tuple[int, ...] | None:
        """Return a layer's window; None where it has none."""
        kind = self.kind(at)
        if kind is None or kind.group not in ("convolution", "pooling"):
            return None
        rank = len(self.shape(at)) - 1
        if rank == 0:  # one window, over all positions
            return self.shape(at - 1)[:-1]
        size = kind.size or (2,)
        return size * rank if len(size) == 1 else size

    # --- steps ---

    def _plain_steps(self) -> list[VolumeStep]:
        found: list[VolumeStep] = []
        for at in range(len(self.boxes)):
            if found and self.group(at) in _PLATES and self.boxes[at].times == 1:
                found[-1] = found[-1]._replace(plates=(*found[-1].plates, at))
            else:
                found.append(VolumeStep(at))
        return found

    def _joined(self, steps: list[VolumeStep]) -> list[VolumeStep]:
        """Return the steps with equal ones that follow each other as one, unless an arc ends
        between.
        """
        ends = {end for arc in self.chain.arcs for end in (arc.start, arc.end)}
        found: list[VolumeStep] = []
        for step in steps:
            if found and self._alike(found[-1], step) and not ends & {step.box, step.box - 1}:
                again = (*found[-1].again, (step.box, step.plates))
                found[-1] = found[-1]._replace(again=again)
            else:
                found.append(step)
        return found

    def _alike(self, a: VolumeStep, b: VolumeStep) -> bool:
        return (
            self.boxes[a.box].times == self.boxes[b.box].times == 1
            and self.shape(a.box) == self.shape(b.box)
            and self._label(a) == self._label(b)
            and len(a.plates) == len(b.plates)
            and self.sign(a.box) is None
        )

    def _label(self, step: VolumeStep) -> str:
        box = self.boxes[step.box]
        return box.block.title if box.block else self.subject.labels.main[box.first]

    def lines(self, step: VolumeStep) -> list[tuple[str, float, str]]:
        """Return what is below a step, each with its size and its look.

        What it is, its figures, what comes with it.
        """
        box, labels = self.boxes[step.box], self.subject.labels
        if self.sign(step.box) is not None:
            return []
        count = max(len(step.units), box.times)
        label = shortened(self._label(step), LABEL, _MAX_LABEL)
        more = [] if box.block else [labels.more[box.first]]
        more += [labels.main[self.boxes[at].first] for at in step.plates]
        if step.again:
            turns = tuple(self.boxes[at].turns[0] for at, _ in step.units)
            box = box._replace(turns=turns, times=count)
        found = [(label + (f" ×{count}" if count > 1 else ""), LABEL, "ink")]
        note = self.subject.figures.note(box, self.subject.options.colour)
        found += [(part, NOTE, "note") for part in note.split(" · ") if part]
        columns = self.columns[step.box]
        if columns > 1:
            part = f"{columns} columns of {self.shape(step.box)[-1] // columns}"
            found.append((part, NOTE, "note"))
        extra = " ".join(filter(None, more))
        if extra:
            found.append((shortened(extra, NOTE, _MAX_LABEL), NOTE, "note"))
        return found

    def bodies(self, step: VolumeStep) -> list[Body]:
        """Return the cuboids of a step from left to right; of many equal ones a few."""
        found: list[Body] = []
        units = step.units if len(step.units) <= _FEW + 1 else step.units[:_FEW]
        for at, plates in units:
            columns = self.columns[at]
            whole = solid(self.shape(at), self.scale, columns)
            # The columns together have the area of the whole.
            whole = whole._replace(high=whole.high / columns**0.5)
            thin = whole._replace(thick=PLATE)
            flat_map = at > 0 and self.group(at) in (*_PLATES, "shape")
            body = Body(at, thin if flat_map else whole, columns)
            found += [body] * min(self.boxes[at].times, _FEW)
            found += (Body(plate, thin, columns) for plate in plates)
        return found

    # --- columns ---

    def _columns(self) -> list[int]:
        """Return how many columns each box is in.

        Two or more where convolutions have this many groups, and what comes before and after them
        up to the next one.
        """
        groups = [self._groups(at) for at in range(len(self.boxes))]
        found = [1] * len(self.boxes)
        maps = [
            len(self.shape(at)) > 1 and self.group(at) != "input" for at in range(len(self.boxes))
        ]
        for at, own in enumerate(groups):
            if maps[at]:
                found[at] = found[at - 1] if own is None else own
        needed = 1
        for at in reversed(range(len(self.boxes))):
            if maps[at]:
                found[at] = max(found[at], needed)
            needed = needed if groups[at] is None else groups[at] or 1
        return found

    def _groups(self, at: int) -> int | None:
        """Return the few groups of a convolution.

        1 of what joins all channels; None of what leaves each in its place.
        """
        kind = self.kind(at)
        if kind is None:
            return 1
        if kind.group in ("pooling", *_PLATES):
            return None
        groups = kind.values.get("groups", 1)
        few = isinstance(groups, int) and groups <= _MAX_COLUMNS
        return groups if few else 1

    def apart(self, at: int) -> bool:
        """Return whether each column of a box reads its own column alone."""
        return self._groups(at) != 1
