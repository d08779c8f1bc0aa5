"""The known word that a typo most likely meant: near, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

_LONGEST = 64
"""Characters of a word; what is longer is not a typo of anything."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a typo most likely meant, or None where none is near.

    Near is a difference of at most a third of the letters, whatever their case, where the first
    stays in its place or changes it with the second; in words of two or three letters none is
    replaced. A word that is the end of the other, of five letters or more, is near as well:
    `pytorch`. Of equally near ones it is that which has most of the word's letters.
    """
    names = sorted(set(known))
    small = word.lower()
    same = [name for name in names if name.lower() == small]
    # Only the case differs: no distance is needed, and none may be nearer.
    if same or not 2 <= len(small) <= _LONGEST:
        return same[0] if same else None
    found = [(*far, name) for name in names if (far := _distance(small, name.lower()))]
    return min(found)[-1] if found else None


def _distance(word: str, other: str) -> tuple[int, int] | None:
    """Return the edits between two words, and how many letters of the first the other lacks.

    None where they are not near.
    """
    limit = max(1, len(word) // 3)
    shorter = min(len(word), len(other))
    # Before the costly part: each edit changes the length by one at most.
    if shorter < 2 or abs(len(other) - len(word)) > limit:
        return None
    distance = edits(word, other)
    foreign = (Counter(word) - Counter(other)).total()
    if shorter > 4 and (word.endswith(other) or other.endswith(word)):
        return distance, foreign
    # Typos seldom change the first letter; other words often differ in it alone.
    begins_alike = other[0] == word[0] or sorted(other[:2]) == sorted(word[:2])
    replaced = foreign and len(other) == len(word)
    if (
        not begins_alike
        or distance > limit
        or foreign > max(1, limit - 1)
        or (replaced and len(word) < 4)
    ):
        return None
    return distance, foreign


def edits(word: str, other: str) -> int:
    """Return the smallest number of edits that turn one word into the other.

    A letter added, left out or replaced, or two neighbours that change places (the optimal string
    alignment distance).
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        # Three rows are enough: swapping neighbours looks two rows back.
        last, before = before, row
        row = [i]
        for j, against in enumerate(other, 1):
            fewest = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == against:
                fewest = min(fewest, last[j - 2] + 1)
            row.append(fewest)
    return row[-1]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Ask `did you mean ...?`; nothing where no known word is near."""
    match = nearest(word, known)
    return f"did you mean `{match}`?" if match else ""
