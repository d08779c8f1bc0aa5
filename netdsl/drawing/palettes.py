"""Colours: of the kinds of layers, of blocks, of shares; light, dark, and for print.

The hues follow Okabe and Ito (2008), chosen so that people who see few colours can tell them
apart; each box says in words what its colour says.
"""

from __future__ import annotations

from typing import NamedTuple


class Paint(NamedTuple):
    """A fill and a line."""

    fill: str
    line: str


class Look(NamedTuple):
    """A fill and a line, or none where they are empty; the line's width and dashes."""

    fill: str
    line: str
    width: float = 1.0
    dash: str = ""


class Theme(NamedTuple):
    """The colours of a picture.

    Attributes:
        ground: the background.
        ink: texts, and the signs of merges.
        note: texts of less weight; readable on every fill.
        edge: lines from box to box.
        faint: lines of less weight.
        value, derivative: numbers on a network; readable on the ground.
        kinds: by the family of a layer.
        blocks: of closed blocks, in the order in which they come.
        frames: of open ones, in the same order.
        shares: from none to nearly all.
        marks: what became of a layer, where two networks are compared.
    """

    ground: str
    ink: str
    note: str
    edge: str
    faint: str
    value: str
    derivative: str
    kinds: dict[str, Paint]
    blocks: tuple[Paint, ...]
    frames: tuple[Paint, ...]
    shares: tuple[Paint, ...]
    marks: dict[str, Paint]

    def look(self, name: str) -> Look:
        """Return the colours that a look names.

        Raises:
            KeyError: where there is no such look.
        """
        if name in self.kinds:
            dash = "3 2" if name == "noise" else ""
            return Look(*self.kinds[name], 1.0, dash)
        base, _, face = name.partition("_")
        if face in _FACES:
            fill, line, wide, _ = self.look(base)
            # An input is white with a dark line: the full share would make its sides nearly grey.
            share = _FACES[face] * (0.4 if base == "input" else 1.0)
            return Look(_mixed(fill, line, share), line, 0.8 * wide)
        word = name.rstrip("0123456789")
        number = int(name[len(word) :] or -1)
        if word in ("block", "frame", "share") and number >= 0:
            paints = {"block": self.blocks, "frame": self.frames, "share": self.shares}[word]
            return Look(*paints[number % len(paints)], 1.0, "")
        if name in self.marks:
            return Look(*self.marks[name], 1.2, "4 2" if name == "removed" else "")
        return {
            "ground": Look(self.ground, ""),
            "ink": Look(self.ink, ""),
            "note": Look(self.note, ""),
            "value": Look(self.value, ""),
            "derivative": Look(self.derivative, ""),
            "wire": Look("", self.edge, 1.1),
            "tip": Look(self.edge, ""),
            "plain": Look(self.ground, self.edge),
            "area": Look(self.frames[0].fill, self.faint),
            "sign": Look("", self.ink, 1.4),
            "dot": Look(self.ink, ""),
            "bar": Look(self.edge, ""),
            "badge": Look(self.ground, self.edge),
            "faint": Look("", self.faint),
            "gone": Look("", self.marks["removed"].line, 1.3, "5 3"),
            "gonetip": Look(self.marks["removed"].line, ""),
            "new": Look("", self.marks["added"].line, 1.6),
            "newtip": Look(self.marks["added"].line, ""),
            "axis": Look("", self.edge, 1.0),
            "curve": Look("", self.kinds["convolution"].line, 2.0),
            "slope": Look("", self.kinds["pooling"].line, 1.6, "5 3"),
            "window": Look("", self.ink, 0.8),
            "ray": Look("", self.edge, 0.6),
            "thread": Look("", self.faint, 0.6),
        }[name]


_FACES = {"front": 0.0, "top": 0.08, "side": 0.18}  # of solids: how much of the line is in the fill


def _mixed(colour: str, other: str, share: float) -> str:
    """Return a colour with a share of another in it."""
    pairs = ((int(c[at : at + 2], 16) for c in (colour, other)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


LIGHT = Theme(
    ground="#ffffff",
    ink="#1a1d21",
    note="#505a66",
    edge="#5b6571",
    faint="#c9d0d8",
    value="#1a7336",
    derivative="#b3261e",
    kinds={
        "input": Paint("#ffffff", "#3c444d"),
        "convolution": Paint("#e4eef9", "#2f73b3"),
        "dense": Paint("#efe8f7", "#7a55a6"),
        "pooling": Paint("#fdebdd", "#c4622a"),
        "unpooling": Paint("#fbe6ee", "#b4557d"),
        "activation": Paint("#fdf6d6", "#a4851c"),
        "norm": Paint("#e1f3ea", "#2c8a63"),
        "sequence": Paint("#def2f6", "#24808f"),
        "noise": Paint("#f6f7f8", "#98a1ab"),
        "shape": Paint("#eff1f3", "#78828d"),
        "merge": Paint("#ffffff", "#3c444d"),
        "other": Paint("#f2efe6", "#85785a"),
    },
    blocks=(
        Paint("#dfe6f4", "#3f5a96"),
        Paint("#d9efe9", "#20796b"),
        Paint("#f6e7cf", "#a66a12"),
        Paint("#f3dfe8", "#9c3f6c"),
        Paint("#e7ead3", "#697420"),
        Paint("#e6e0f2", "#6a4c9c"),
    ),
    frames=(
        Paint("#f7f9fc", "#8fa0c4"),
        Paint("#f5fbf9", "#7fb5aa"),
        Paint("#fdf9f2", "#d0ab73"),
        Paint("#fcf6f9", "#cb94b0"),
        Paint("#fafbf4", "#abb377"),
        Paint("#f9f7fc", "#ab98c9"),
    ),
    shares=(
        Paint("#ffffff", "#7c8ea3"),
        Paint("#eaf1f9", "#6b87a6"),
        Paint("#d2e2f3", "#55799f"),
        Paint("#b0cdea", "#3d6894"),
        Paint("#8ab5df", "#2a5783"),
        Paint("#6aa0d6", "#1b456e"),
    ),
    marks={
        "same": Paint("#f6f7f8", "#98a1ab"),
        "changed": Paint("#fdf3cf", "#a07d10"),
        "added": Paint("#ddeefb", "#0b69ad"),
        "removed": Paint("#fde5da", "#bf4a12"),
    },
)

DARK = Theme(
    ground="#12161c",
    ink="#eef2f6",
    note="#b4bec9",
    edge="#97a3b0",
    faint="#3a434d",
    value="#5cc98a",
    derivative="#ff9388",
    kinds={
        "input": Paint("#12161c", "#c3ccd6"),
        "convolution": Paint("#16324e", "#5aa2e0"),
        "dense": Paint("#33264a", "#b193dc"),
        "pooling": Paint("#4a2a17", "#ea9562"),
        "unpooling": Paint("#46213a", "#e08fb4"),
        "activation": Paint("#3e3511", "#d9bb4c"),
        "norm": Paint("#143a2c", "#58c096"),
        "sequence": Paint("#113a42", "#52bccd"),
        "noise": Paint("#1f252c", "#7d8894"),
        "shape": Paint("#262d35", "#93a0ad"),
        "merge": Paint("#12161c", "#c3ccd6"),
        "other": Paint("#343024", "#b5a888"),
    },
    blocks=(
        Paint("#22304f", "#8ba6e2"),
        Paint("#143c36", "#5cc2b0"),
        Paint("#45310f", "#dca552"),
        Paint("#451f33", "#dd8fb4"),
        Paint("#343910", "#b6c25c"),
        Paint("#322552", "#b39be4"),
    ),
    frames=(
        Paint("#161c27", "#56688f"),
        Paint("#141f1f", "#3f7d73"),
        Paint("#1e1b17", "#8a6c3c"),
        Paint("#1f191f", "#8a5a72"),
        Paint("#1b1e18", "#737a42"),
        Paint("#1a1924", "#70609a"),
    ),
    shares=(
        Paint("#12161c", "#7c8ea3"),
        Paint("#17232f", "#6b87a6"),
        Paint("#1a3146", "#6d94bb"),
        Paint("#1d4265", "#7fabd6"),
        Paint("#1f5485", "#93c1ef"),
        Paint("#2064a3", "#b4d6f7"),
    ),
    marks={
        "same": Paint("#1f252c", "#7d8894"),
        "changed": Paint("#3e3511", "#d9bb4c"),
        "added": Paint("#12355a", "#6db2f2"),
        "removed": Paint("#4d2713", "#f09a6b"),
    },
)

_WHITE, _PALE, _LIGHT, _GREY = "#ffffff", "#f4f4f4", "#ececec", "#e2e2e2"
PRINT = Theme(
    ground="#ffffff",
    ink="#000000",
    note="#3d3d3d",
    edge="#222222",
    faint="#b5b5b5",
    value="#000000",
    derivative="#000000",
    kinds={
        "input": Paint(_WHITE, "#000000"),
        "convolution": Paint(_GREY, "#000000"),
        "dense": Paint(_LIGHT, "#000000"),
        "pooling": Paint(_WHITE, "#000000"),
        "unpooling": Paint(_WHITE, "#000000"),
        "activation": Paint(_PALE, "#555555"),
        "norm": Paint(_PALE, "#555555"),
        "sequence": Paint(_LIGHT, "#000000"),
        "noise": Paint(_WHITE, "#888888"),
        "shape": Paint(_WHITE, "#777777"),
        "merge": Paint(_WHITE, "#000000"),
        "other": Paint(_PALE, "#555555"),
    },
    blocks=tuple(Paint(fill, "#000000") for fill in (_GREY, _LIGHT, _PALE, _WHITE, _GREY, _LIGHT)),
    frames=(Paint(_WHITE, "#777777"),) * 6,
    shares=(
        Paint(_WHITE, "#444444"),
        Paint("#f1f1f1", "#333333"),
        Paint("#e2e2e2", "#222222"),
        Paint("#d0d0d0", "#111111"),
        Paint("#bdbdbd", "#000000"),
        Paint("#a8a8a8", "#000000"),
    ),
    marks={
        "same": Paint(_WHITE, "#999999"),
        "changed": Paint(_LIGHT, "#000000"),
        "added": Paint(_GREY, "#000000"),
        "removed": Paint(_WHITE, "#000000"),
    },
)
THEMES = {"light": LIGHT, "dark": DARK, "print": PRINT}


def contrast(a: str, b: str) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it, from 1 to 21."""
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        # The sRGB transfer function (IEC 61966-2-1).
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
