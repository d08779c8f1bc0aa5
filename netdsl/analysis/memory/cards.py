"""The memory of graphics cards, by their names."""

from __future__ import annotations

import re

from netdsl.errors import did_you_mean

_GIGABYTE = 10**9

_DATASHEET = "NVIDIA {} datasheet"
_PRODUCT_PAGE = "NVIDIA GeForce {} specifications"

CARDS = {
    "V100-16GB": (16, _DATASHEET.format("V100")),
    "V100-32GB": (32, _DATASHEET.format("V100")),
    "T4-16GB": (16, _DATASHEET.format("T4")),
    "A10-24GB": (24, _DATASHEET.format("A10")),
    "A30-24GB": (24, _DATASHEET.format("A30")),
    "A40-48GB": (48, _DATASHEET.format("A40")),
    "A100-40GB": (40, _DATASHEET.format("A100")),
    "A100-80GB": (80, _DATASHEET.format("A100")),
    "A6000-48GB": (48, _DATASHEET.format("RTX A6000")),
    "L4-24GB": (24, _DATASHEET.format("L4")),
    "L40S-48GB": (48, _DATASHEET.format("L40S")),
    "H100-80GB": (80, _DATASHEET.format("H100")),
    "H200-141GB": (141, _DATASHEET.format("H200")),
    "GTX1080Ti-11GB": (11, _PRODUCT_PAGE.format("GTX 1080 Ti")),
    "RTX2080Ti-11GB": (11, _PRODUCT_PAGE.format("RTX 2080 Ti")),
    "RTX3090-24GB": (24, _PRODUCT_PAGE.format("RTX 3090")),
    "RTX4080-16GB": (16, _PRODUCT_PAGE.format("RTX 4080")),
    "RTX4090-24GB": (24, _PRODUCT_PAGE.format("RTX 4090")),
}
"""By name the gigabytes that the maker states, and where. They are read as 10^9 bytes: a driver and
a framework keep some of a card for themselves.
"""


def card_memory(text: str) -> int | None:
    """Return the bytes of a card: `A100-40GB`, `rtx 4090`, `H100`; None for what names none.

    Raises:
        ValueError: where a card of that name comes with several sizes, or one of nearly that name
            is known.
    """
    name = _plain(text)
    known = {_plain(card): card for card in CARDS}
    # `A100` alone is two cards; `H100` is one.
    found = [card for plain, card in known.items() if name in (plain, _plain(card.split("-")[0]))]
    if len(found) == 1:
        return CARDS[found[0]][0] * _GIGABYTE
    if found:
        raise ValueError(f"{text} comes with several sizes: {' or '.join(found)}")
    names = {short: card for card in CARDS for short in (card, card.split("-")[0])}
    near = did_you_mean(text, names)
    if near:
        raise ValueError(f"{text!r} is not a known card; {near}")
    return None


def _plain(name: str) -> str:
    """Return a card's name in small letters and digits, without the maker's."""
    return re.sub(r"[^a-z0-9]|nvidia|geforce|tesla|quadro", "", name.lower())
