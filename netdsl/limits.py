"""How much a text may ask for. Each limit is a clear error (N4xx), and each can be set:
`load(path, limits=Limits(...))`.
"""

from typing import NamedTuple


class Limits(NamedTuple):
    """The limits under which a text is read.

    Attributes:
        source: bytes of one source file.
        word: characters of one word.
        statements: statements of one source file.
        brackets: brackets open at one place.
        terms: terms of one expression.
        operations: operations of the expanded network.
        blocks: blocks within blocks.
        elements: elements of one tensor.
        integer: the largest integer in an expression.
        uses: uses of blocks in the expanded network.
        axes: axes of one tensor.
        numbers: numbers of one list.
    """

    source: int = 4 * 2**20
    word: int = 200
    statements: int = 20_000
    brackets: int = 200
    terms: int = 10_000
    operations: int = 200_000
    blocks: int = 100
    elements: int = 2**53
    integer: int = 2**63 - 1
    uses: int = 50_000
    axes: int = 32
    numbers: int = 2**20


DEFAULT_LIMITS = Limits()

MAX_BITS = 2048
"""Bits of a fraction's two parts, and of a param from outside."""
