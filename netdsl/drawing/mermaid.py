"""Networks as Mermaid flowcharts, which GitHub and many notebooks draw in place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from netdsl.drawing.labels import merged_label
from netdsl.drawing.options import Options
from netdsl.drawing.palettes import THEMES
from netdsl.drawing.shown import Box, Frame, Shown
from netdsl.drawing.subject import Subject
from netdsl.errors import fail

if TYPE_CHECKING:
    from netdsl.architecture import Architecture

MAX_EDGES, MAX_CHARACTERS = 500, 50_000  # that Mermaid reads where its settings are the default


def mermaid_text(networks: Sequence[Architecture], options: Options) -> str:
    """Write networks as one flowchart.

    Raises:
        NetError: N662 where it has more edges or characters than Mermaid reads.
    """
    direction = "LR" if options.direction == "right" else "TB"
    lines = [f"flowchart {direction}"]
    edges: list[str] = []
    looks: dict[str, list[str]] = {}
    for number, network in enumerate(networks):
        chart = _Chart(Subject(network, options), f"n{number}_" if len(networks) > 1 else "n")
        inside = list(chart.nodes(chart.view.items, 2 if len(networks) > 1 else 1))
        if len(networks) > 1:
            inside = [f'  subgraph {chart.prefix}all["{_text(network.name)}"]', *inside, "  end"]
        lines += inside
        edges += chart.edges()
        for look, names in chart.looks.items():
            looks.setdefault(look, []).extend(names)
    theme = THEMES["light" if options.theme == "auto" else options.theme]
    lines += edges
    for look, names in looks.items():
        fill, line, _, _ = theme.look(look)
        lines.append(f"  classDef {look} fill:{fill},stroke:{line},color:{theme.ink}")
        lines.append(f"  class {','.join(names)} {look}")
    text = "\n".join(lines) + "\n"
    if len(edges) > MAX_EDGES or len(text) > MAX_CHARACTERS:
        raise fail(
            "N662",
            f"the flowchart would have {len(edges):,} edges and {len(text):,} characters; Mermaid "
            f"reads up to {MAX_EDGES:,} and {MAX_CHARACTERS:,}",
            help="--depth 0 closes all blocks, --fold all draws equal neighbours once; SVG has no "
            "limit",
        )
    return text


class _Chart:
    """One network's part of a flowchart."""

    def __init__(self, subject: Subject, prefix: str) -> None:
        self.subject, self.prefix = subject, prefix
        self.view = subject.chosen()
        self.number = {box: at for at, box in enumerate(self.view.boxes)}
        self.looks: dict[str, list[str]] = {}
        self.frames = 0

    def nodes(self, items: Sequence[Shown], depth: int) -> Iterator[str]:
        """Yield the boxes, and frames as subgraphs."""
        indent = "  " * depth
        for item in items:
            if isinstance(item, Frame):
                self.frames += 1
                title = item.block.title if item.block else "repeat"
                times = f" ×{item.times}" if item.times > 1 else ""
                yield f'{indent}subgraph {self.prefix}f{self.frames}["{_text(title + times)}"]'
                yield from self.nodes(item.items, depth + 1)
                yield f"{indent}end"
            else:
                yield indent + self._node(item)

    def _node(self, box: Box) -> str:
        labels, figures = self.subject.labels, self.subject.figures
        # Numbers, as names could be Mermaid's own words (`end` breaks a flowchart).
        name = f"{self.prefix}{self.number[box]}"
        times = f" ×{box.times}" if box.times > 1 else ""
        if box.block is not None:
            self.looks.setdefault(f"block{self.subject.hues[box.block.word] % 6}", []).append(name)
            return f'{name}["{_text(box.block.title + times)}<br/>{_text(figures.note(box))}"]'
        group, kind = labels.group[box.first], labels.kind[box.first]
        self.looks.setdefault(group, []).append(name)
        if kind is not None and (kind.sign or kind.joins_inputs):
            return f'{name}(("{kind.sign or kind.word}{times}"))'
        label = merged_label([labels.main[turn[0]] for turn in box.turns])
        more = labels.more[box.first]
        text = _text(f"{label}{times}{' ' + more if more else ''}")
        text += f"<br/>{_text(figures.note(box))}"
        return f'{name}(["{text}"])' if group == "input" else f'{name}["{text}"]'

    def edges(self) -> list[str]:
        """Return who reads whom."""
        return [f"  {self.prefix}{a} --> {self.prefix}{b}" for a, b in self.view.edges]


def _text(text: str) -> str:
    """Return a text within quotes.

    Mermaid writes signs as it writes HTML's, with # in place of &.
    """
    return "".join(f"#{ord(c)};" if c in '"#;<>&`' else c for c in text)
