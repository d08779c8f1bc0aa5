"""A picture as a reader sees it: boxes, labels and edges, read back from its SVG.

Nothing here comes from netdsl, so that agreement means something.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from bisect import bisect
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import NamedTuple

SVG = "{http://www.w3.org/2000/svg}"
Point = tuple[float, float]


class Area(NamedTuple):
    """A rectangle."""

    x0: float
    y0: float
    x1: float
    y1: float

    def meets(self, other: Area, by: float = 0.5) -> bool:
        """Whether both share more than their edges."""
        across = min(self.x1, other.x1) - max(self.x0, other.x0)
        along = min(self.y1, other.y1) - max(self.y0, other.y0)
        return across > by and along > by

    def holds(self, other: Area, by: float = 0.5) -> bool:
        """Whether the other lies within it."""
        return (
            self.x0 - by <= other.x0
            and self.y0 - by <= other.y0
            and other.x1 <= self.x1 + by
            and other.y1 <= self.y1 + by
        )

    def has(self, point: Point, by: float = 1.0) -> bool:
        """Whether a point lies within it, and not at its edge."""
        return self.x0 + by < point[0] < self.x1 - by and self.y0 + by < point[1] < self.y1 - by


class Label(NamedTuple):
    text: str
    area: Area


class Box(NamedTuple):
    name: str
    area: Area
    labels: tuple[Label, ...]
    form: str  # of its first shape: rect, circle
    look: str
    data: dict[str, str]
    title: str


class Edge(NamedTuple):
    source: str
    target: str
    points: tuple[Point, ...]


class Picture(NamedTuple):
    """What is drawn; `beside` are the blocks that are drawn open next to the network."""

    size: tuple[float, float]
    view: Area
    boxes: tuple[Box, ...]
    frames: tuple[Box, ...]
    edges: tuple[Edge, ...]
    compared: tuple[tuple[tuple[Box, ...], tuple[Edge, ...]], ...]
    loose: tuple[Label, ...]


def seen(svg: str) -> Picture:
    """The picture of an SVG; raises where that is not well-formed."""
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    x, y, wide, high = map(float, root.attrib["viewBox"].split())
    insets = [group for group in root.iter(f"{SVG}g") if group.get("class") == "inset"]
    inner = {id(part) for group in insets for part in group.iter()}
    main = [part for part in root.iter(f"{SVG}g") if id(part) not in inner]
    texts = [part for part in root if part.tag == f"{SVG}text"]
    for group in root.iter(f"{SVG}g"):
        for part in group:  # which have the look of their group, unless they name another
            if part.tag in (f"{SVG}text", f"{SVG}path"):
                part.set("class", part.get("class", f"of {group.get('class')}"))
    sizes = dict(re.findall(r"\.([\w,.]+)\{[^}]*font-size:([0-9.]+)px", root[2].text or ""))
    usual = {look: size for looks, size in sizes.items() for look in looks.split(",.")}
    usual["of box"] = usual.get("box", "")
    for text in (*root.iter(f"{SVG}text"), *root.iter(f"{SVG}tspan")):
        own = re.match(r"font-size:([0-9.]+)px", text.get("style", ""))
        text.set("font-size", own[1] if own else usual[text.attrib["class"]])
        text.set("text-anchor", root.attrib["text-anchor"])
    return Picture(
        (float(root.attrib["width"]), float(root.attrib["height"])),
        Area(x, y, x + wide, y + high),
        _boxes(main, "box"),
        _boxes(main, "frame"),
        _edges(main),
        tuple((_boxes(list(group.iter()), "box"), _edges(list(group.iter()))) for group in insets),
        tuple(_label(text) for text in texts),
    )


def _boxes(groups: list[ElementTree.Element], kind: str) -> tuple[Box, ...]:
    return tuple(_box(group) for group in groups if group.get("class") == kind)


def _edges(groups: list[ElementTree.Element]) -> tuple[Edge, ...]:
    return tuple(_edge(group) for group in groups if group.get("class") == "edge")


def _box(group: ElementTree.Element) -> Box:
    shapes = [part for part in group if part.tag in (f"{SVG}rect", f"{SVG}circle", f"{SVG}path")]
    areas = [_area(part) for part in shapes if part.get("class") not in ("sign", "badge", "dot")]
    area = Area(
        min(a.x0 for a in areas),
        min(a.y0 for a in areas),
        max(a.x1 for a in areas),
        max(a.y1 for a in areas),
    )
    labels = tuple(_label(part) for part in group if part.tag == f"{SVG}text")
    title = group.find(f"{SVG}title")
    return Box(
        group.get("data-id", ""),
        area,
        labels,
        shapes[0].tag.removeprefix(SVG),
        shapes[0].get("class", ""),
        {k.removeprefix("data-"): v for k, v in group.attrib.items() if k.startswith("data-")},
        title.text or "" if title is not None else "",
    )


def _area(part: ElementTree.Element) -> Area:
    value = {name: float(part.get(name, "0")) for name in ("x", "y", "width", "height")}
    if part.tag == f"{SVG}circle":
        cx, cy, r = (float(part.attrib[name]) for name in ("cx", "cy", "r"))
        return Area(cx - r, cy - r, cx + r, cy + r)
    if part.tag == f"{SVG}path":
        points = _points(part.attrib["d"])
        xs, ys = [x for x, _ in points], [y for _, y in points]
        return Area(min(xs), min(ys), max(xs), max(ys))
    return Area(value["x"], value["y"], value["x"] + value["width"], value["y"] + value["height"])


def _label(text: ElementTree.Element) -> Label:
    size = float(text.attrib["font-size"])
    content = "".join(text.itertext())
    natural = size * _ems(text.text or "") + sum(
        float(part.attrib["font-size"]) * _ems(part.text or "") for part in text
    )
    wide = float(text.get("textLength", natural))
    x, y = float(text.attrib["x"]), float(text.attrib["y"])
    x -= wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[text.get("text-anchor", "start")]
    return Label(" ".join(content.split()), Area(x, y - 0.75 * size, x + wide, y + 0.22 * size))


def _ems(text: str) -> float:
    """How wide wide fonts have a text, in font sizes."""
    return sum(0.34 if letter in "\xa0 .,:·'|()[]/-fijlrt" else 0.63 for letter in text)


def _edge(group: ElementTree.Element) -> Edge:
    line, tip = (part.attrib["d"] for part in group if part.tag == f"{SVG}path")
    points = (*sampled(line), _points(tip)[0])
    return Edge(group.get("data-from", ""), group.get("data-to", ""), points)


_NUMBER = re.compile(r"-?[0-9.]+")
_STEP = re.compile(r"([MhvlqLzZ])([^MhvlqLzZ]*)")


def _steps(d: str) -> Iterator[tuple[str, list[Point]]]:
    """The steps of a path, each with its points on the page, that where it begins first."""
    at: Point = (0.0, 0.0)
    for step, rest in _STEP.findall(d):
        values = list(map(float, _NUMBER.findall(rest)))
        if step == "h":
            values = [values[0], 0.0]
        elif step == "v":
            values = [0.0, values[0]]
        x, y = at if step in "hvlq" else (0.0, 0.0)
        points = [(x + dx, y + dy) for dx, dy in zip(values[::2], values[1::2], strict=True)]
        yield step, [at, *points]
        at = points[-1] if points else at


def _points(d: str) -> list[Point]:
    return [point for _, points in _steps(d) for point in points[1:]]


def sampled(d: str, count: int = 20) -> tuple[Point, ...]:
    """Points of a path, `count` of each piece of it."""
    found: list[Point] = []
    for step, ((x0, y0), *points) in _steps(d):
        if step == "M":
            found.append(points[0])
        elif step == "q":
            (cx, cy), (x, y) = points
            for n in range(1, count + 1):
                t = n / count
                a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
                found.append((a * x0 + b * cx + c * x, a * y0 + b * cy + c * y))
        elif points:
            x, y = points[0]
            found += [
                (x0 + n / count * (x - x0), y0 + n / count * (y - y0)) for n in range(1, count + 1)
            ]
    return tuple(found)


# --- what is wrong with a picture -----------------------------------------------------------------


def faults(picture: Picture) -> list[str]:
    """Boxes that meet, labels that leave their boxes or meet, edges through foreign boxes, and what
    leaves the page.
    """
    found: list[str] = []
    groups = [(picture.boxes, picture.edges), *picture.compared]
    for boxes, edges in groups:
        found += _meeting(boxes)
        found += _covered(boxes)
        found += _through(boxes, edges)
    every = tuple(box for boxes, _ in groups for box in boxes)
    for box in every:
        for label in box.labels:
            sides = box.area.x1 - box.area.x0, box.area.y1 - box.area.y0
            inside = box.form == "rect" and min(sides) > 8  # what is thinner is a bar
            badge = label.text.startswith(("×", "of ")) or label.text in ("+", "−", "~")
            if inside and not badge and not box.area.holds(label.area, 1.0):
                found.append(f"label {label.text!r} leaves {box.name}")
        for a, b in combinations(box.labels, 2):
            if a.area.meets(b.area):
                found.append(f"labels {a.text!r} and {b.text!r} of {box.name} meet")
        if not picture.view.holds(box.area):
            found.append(f"{box.name} leaves the page")
    for frame in picture.frames:
        for box in picture.boxes:
            if frame.area.meets(box.area) and not frame.area.holds(box.area):
                found.append(f"frame {frame.name} cuts {box.name}")
        for label in frame.labels:
            for box in picture.boxes:
                if box.area.meets(label.area):
                    found.append(f"title {label.text!r} meets {box.name}")
    for a, b in combinations(picture.frames, 2):
        if a.area.meets(b.area) and not (a.area.holds(b.area) or b.area.holds(a.area)):
            found.append(f"frames {a.name} and {b.name} cut each other")
    return found


def _meeting(boxes: tuple[Box, ...]) -> list[str]:
    ordered = sorted(boxes, key=lambda box: box.area.y0)
    found, near = [], list[Box]()
    for box in ordered:
        near = [other for other in near if other.area.y1 > box.area.y0]
        found += [f"{a.name} meets {box.name}" for a in near if a.area.meets(box.area)]
        near.append(box)
    return found


def _covered(boxes: tuple[Box, ...]) -> list[str]:
    """Labels that meet a foreign box or its labels, and count or name nothing then."""
    found = []
    reach = [_around((box.area, *(label.area for label in box.labels))) for box in boxes]
    order = sorted(range(len(boxes)), key=lambda at: reach[at].y0)
    near: list[int] = []
    for at in order:
        near = [other for other in near if reach[other].y1 > reach[at].y0]
        for other in near:
            if reach[at].meets(reach[other]):
                for one, two in ((boxes[at], boxes[other]), (boxes[other], boxes[at])):
                    areas = (two.area, *(label.area for label in two.labels))
                    found += [
                        f"label {label.text!r} of {one.name} meets {two.name}"
                        for label in one.labels
                        if any(label.area.meets(area) for area in areas)
                    ]
        near.append(at)
    return found


def _around(areas: tuple[Area, ...]) -> Area:
    sides = list(zip(*areas, strict=True))
    return Area(min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3]))


def _through(boxes: tuple[Box, ...], edges: tuple[Edge, ...]) -> list[str]:
    found = []
    for edge in edges:
        xs, ys = [x for x, _ in edge.points], [y for _, y in edge.points]
        around = Area(min(xs), min(ys), max(xs), max(ys))
        for box in boxes:
            if box.name in (edge.source, edge.target):
                continue
            near = Area(around.x0 - 2, around.y0 - 2, around.x1 + 2, around.y1 + 2)
            if near.meets(box.area) and any(box.area.has(point) for point in edge.points):
                found.append(f"{edge.source} -> {edge.target} passes {box.name}")
    return found


def backwards(picture: Picture) -> list[str]:
    """Edges that come from below, of a picture that goes down."""
    found = []
    for edge in picture.edges:
        (x0, y0), (x1, y1) = edge.points[-2:]
        if abs(x1 - x0) < 0.01 and y1 < y0:
            found.append(f"{edge.source} -> {edge.target}")
    return found


def crossings(picture: Picture) -> int:
    """How many pairs of edges with four different ends cross."""
    level, upright = [], []
    for number, edge in enumerate(picture.edges):
        for a, b in pairwise(edge.points):
            if abs(a[1] - b[1]) < 0.01 < abs(a[0] - b[0]):
                level.append((number, min(a[0], b[0]), max(a[0], b[0]), a[1]))
            elif abs(a[0] - b[0]) < 0.01 < abs(a[1] - b[1]):
                upright.append((a[0], number, min(a[1], b[1]), max(a[1], b[1])))
    level, upright = _joined(level), sorted(upright)
    edges, xs = picture.edges, [piece[0] for piece in upright]
    pairs = set()
    for one, low, high, y in level:
        for x, other, top, bottom in upright[bisect(xs, low + 0.5) : bisect(xs, high - 0.5)]:
            ends = {edges[one].source, edges[one].target}
            apart = not ends & {edges[other].source, edges[other].target}
            if apart and top - 0.5 < y < bottom + 0.5 and low + 0.5 < x < high - 0.5:
                pairs.add((min(one, other), max(one, other)))
    return len(pairs)


_END = "\n"  # which no box is called


def series_parallel(picture: Picture) -> bool:
    """Whether the edges are two-terminal series-parallel: chains and branches all the way down."""
    after: dict[str, set[str]] = {"": set()}
    before: dict[str, set[str]] = {}
    for edge in picture.edges:
        after.setdefault(edge.source, set()).add(edge.target)
        before.setdefault(edge.target, set()).add(edge.source)
    for name in list(after):
        if name and name not in before:
            before[name] = {""}
            after[""].add(name)
    ends = {name: after.setdefault(name, {_END}) for name in before}
    before[_END] = {name for name, targets in ends.items() if targets == {_END}}
    waiting = list(before)
    while waiting:
        name = waiting.pop()
        if name in after and name in before and len(after[name]) == len(before[name]) == 1:
            (source,), (target,) = before.pop(name), after.pop(name)
            after[source] = after[source] - {name} | {target}
            before[target] = before[target] - {name} | {source}
            waiting += [source, target]
    return {name: targets for name, targets in after.items() if targets} == {"": {_END}}


def _joined(
    pieces: list[tuple[int, float, float, float]],
) -> list[tuple[int, float, float, float]]:
    """Level pieces of one edge that follow each other as one."""
    found: list[tuple[int, float, float, float]] = []
    for piece in sorted(pieces, key=lambda each: (each[0], each[3], each[1])):
        if found and found[-1][0] == piece[0] and abs(found[-1][3] - piece[3]) < 0.01:
            number, low, high, y = found[-1]
            if piece[1] <= high + 0.01:
                found[-1] = (number, low, max(high, piece[2]), y)
                continue
        found.append(piece)
    return found


def merging(picture: Picture) -> list[str]:
    """Edges with different ends that share a line for a while and look the same there."""
    found = set()
    for across in (0, 1):
        pieces = []
        for number, edge in enumerate(picture.edges):
            for a, b in pairwise(edge.points):
                if abs(a[across] - b[across]) < 0.01:
                    low, high = sorted((a[1 - across], b[1 - across]))
                    pieces.append((number, low, high, a[across]))
        lines: dict[float, list[tuple[float, float, int]]] = {}
        for number, low, high, at in _joined(pieces):
            lines.setdefault(round(at, 1), []).append((low, high, number))
        for line in lines.values():
            line.sort()
            near: list[tuple[float, float, int]] = []
            for low, high, number in line:
                near = [piece for piece in near if piece[1] > low + 1.0]
                for other in near:
                    one, two = picture.edges[other[2]], picture.edges[number]
                    if one.source != two.source and one.target != two.target and high > low + 1.0:
                        found.add(f"{one.source} -> {one.target} on {two.source} -> {two.target}")
                near.append((low, high, number))
    return sorted(found)
