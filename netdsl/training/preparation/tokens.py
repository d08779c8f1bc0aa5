"""Texts as the places of their words in a vocabulary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
"""A word, or a punctuation mark."""

PADDING, UNKNOWN, FIRST = 0, 1, 2
"""The places of padding, of unknown words, and of the first word of the vocabulary."""


def words_of(text: str) -> list[str]:
    """Return the words and punctuation marks of a text, in lower case."""
    return WORD.findall(text.casefold())


def vocabulary_of(texts: Iterable[str], size: int) -> tuple[str, ...]:
    """Return the most frequent words of texts, equally frequent ones in alphabetical order.

    Args:
        texts: of all rows.
        size: how many places a network has, including those of padding and unknown words.
    """
    counts = Counter(word for text in texts for word in words_of(text))
    # Alphabetically among equals, so that the vocabulary does not depend on the order of rows.
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
