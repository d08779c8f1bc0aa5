"""Texts as words by their places in a vocabulary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
"""A word, or a sign."""

PADDING, UNKNOWN, FIRST = 0, 1, 2
"""The places of what fills a short text up and of all other words, and that of the first word."""


def words_of(text: str) -> list[str]:
    """Return the words and signs of a text, in small letters."""
    return WORD.findall(text.casefold())


def vocabulary_of(texts: Iterable[str], size: int) -> tuple[str, ...]:
    """Return the most frequent words of some texts, of equally frequent ones in their order.

    Args:
        texts: of all rows.
        size: the places that a network knows, with those of padding and of unknown words.
    """
    counts = Counter(word for text in texts for word in words_of(text))
    # By the alphabet among equals, so that the order of the rows does not change the vocabulary.
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return tuple(ranked[: max(0, size - FIRST)])


def tokens(texts: Sequence[str], words: Sequence[str], length: int) -> Array:
    """Return the places of texts' last words [n, length], with 0 before short ones."""
    import numpy as np

    places = {word: place for place, word in enumerate(words, FIRST)}
    made = np.full((len(texts), length), PADDING, np.int32)
    for row, text in enumerate(texts):
        # The end of a long text, and padding before a short one: a recurrent layer has read the
        # last words last, and remembers them best.
        found = [places.get(word, UNKNOWN) for word in words_of(text)[-length:]]
        if found:
            made[row, length - len(found) :] = found
    return made
