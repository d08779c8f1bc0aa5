"""How wide a text is, so that a picture has the same layout everywhere and needs no font file.

The advance widths are those of Helvetica and Helvetica Bold, from Adobe's font metrics of the core
14 fonts (AFM, 1989-1997). Arial, Liberation Sans, Nimbus Sans and TeX Gyre Heros have the same.
"""

from __future__ import annotations

from functools import lru_cache

FONTS = "Helvetica, Arial, 'Liberation Sans', 'Nimbus Sans', 'DejaVu Sans', sans-serif"
SHIFT = 0.355  # from a text's middle down to its baseline, in parts of the font size

# Each width in thousandths of the font size, and the characters that have it.
_REGULAR = {
    191: "'",
    222: "ijl",
    260: "|",
    278: " !,./:;I[\\]ft",
    333: "()-`r·",
    334: "{}",
    355: '"',
    389: "*",
    400: "°",
    469: "^",
    500: "Jckvxysz",
    556: "#$0123456789?L_abdeghnopqu–µ",
    584: "+<=>~×−±÷",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1000: "—…→",
    1015: "@",
}
_BOLD = {
    238: "'",
    278: " ,./I\\ijl",
    280: "|",
    333: "!()-:;[]`ft·",
    389: "*r{}",
    400: "°",
    474: '"',
    500: "z",
    556: "#$0123456789J_aceksvxy–",
    584: "+<=>^~×−±÷",
    611: "?FLTZbdghnopquµ",
    667: "EPSVXY",
    722: "&ABCDHKNRU",
    778: "GOQw",
    833: "M",
    889: "%m",
    944: "W",
    975: "@",
    1000: "—…→",
}
_UNKNOWN = 1000  # other scripts are as wide as they are high, or narrower


def _by_character(table: dict[int, str]) -> dict[str, int]:
    return {character: width for width, characters in table.items() for character in characters}


_WIDTHS = {False: _by_character(_REGULAR), True: _by_character(_BOLD)}


@lru_cache(maxsize=8192)
def width(text: str, size: float, bold: bool = False) -> float:
    """Return the width of a text in the units of its font size."""
    widths = _WIDTHS[bold]
    # Without kerning, which fonts of the same widths do not share.
    return sum(widths.get(character, _UNKNOWN) for character in text) * size / 1000


def shortened(text: str, size: float, highest: float, bold: bool = False) -> str:
    """Return the text where it is not wider than `highest`, else its beginning and an ellipsis.

    Args:
        text: what is written.
        size: of the font.
        highest: the width that it may have.
        bold: whether the font is bold.
    """
    if width(text, size, bold) <= highest:
        return text
    room = highest - width("…", size, bold)
    kept = len(text)
    while kept and width(text[:kept], size, bold) > room:
        kept -= 1
    return text[:kept].rstrip(" ,.(=") + "…"
