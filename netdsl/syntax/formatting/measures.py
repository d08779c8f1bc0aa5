"""What the layout asks about each token."""

import re
from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

from netdsl.syntax.formatting.page import Comment
from netdsl.syntax.formatting.reader import Tokens

_DIRECTIVE = re.compile(r"#[ \t]*netdsl:")


class Measures(NamedTuple):
    """What the layout asks about each token.

    Attributes:
        widths: the columns before it, if all were on one line.
        comments: those before it.
        counts: how many comments are before all earlier tokens together.
        ends: for a token before which a break may be, the next such token in its group;
            `item_ends`: the next one that is not `>`.
        parted: whether the author broke the line at a `>` from there to the item's end.
        stays: whether it must stay in its line, which a directive follows.
    """

    widths: list[int]
    comments: dict[int, list[Comment]]
    counts: list[int]
    ends: list[int]
    item_ends: list[int]
    parted: list[bool]
    stays: list[bool]


def measured(statement: Tokens) -> Measures:
    """Measure a statement: where its groups and items end."""
    size = len(statement.texts)
    ends, item_ends, parted = [size] * size, [size] * size, [False] * size
    for closer, points in zip(statement.closers, statement.points, strict=True):
        end, item_end, was_parted = closer, closer, False
        # Backward, so that the next point of the same group is known.
        for point in reversed(points):
            ends[point], item_ends[point], parted[point] = end, item_end, was_parted
            end = point
            if statement.kinds[point] == ">":
                was_parted = was_parted or statement.breaks[point]
            else:
                item_end, was_parted = point, False
    comments = _placed_comments(statement)
    # Sums from the beginning: what lies between two tokens is a difference, in one step.
    counts = list(accumulate((len(comments.get(token, ())) for token in range(size)), initial=0))
    widths = list(accumulate(map(len, statement.texts), initial=0))
    return Measures(widths, comments, counts, ends, item_ends, parted, _staying(comments, size))


def _staying(comments: dict[int, list[Comment]], size: int) -> list[bool]:
    """Return for each token whether it follows another one in a line that a directive such as
    `# netdsl: ignore W703` is about.
    """
    stays, line = [False] * size, 0
    for token, (comment, *_) in comments.items():
        if comment.column >= 0 and _DIRECTIVE.search(comment.text):
            start = max(line, comment.first) + 1
            # In a broken line the directive would be about the last piece alone.
            stays[start:token] = [True] * (token - start)
        line = token
    return stays


def _placed_comments(statement: Tokens) -> dict[int, list[Comment]]:
    """Return each comment at the next token before which the line will be broken.

    That is a token of a group that holds comments: one without any may be written on one line.
    Comments that are left over follow the statement.
    """
    placed: dict[int, list[Comment]] = {}
    if not statement.comments:
        return placed
    places = [before for before, _ in statement.comments]
    openers = {group: token for token, group in statement.opens.items()}
    points = []
    for group, closer in enumerate(statement.closers):
        if bisect_right(places, openers.get(group, -1)) < bisect_right(places, closer):
            # Groups with comments are certain to be broken: a comment ends its line.
            points += statement.points[group]
    waiting = iter(statement.comments)
    before, comment = next(waiting)
    for point in sorted(points):
        while before <= point:
            placed.setdefault(point, []).append(comment)
            before, comment = next(waiting, (len(statement.texts), comment))
    left = [comment for _, comment in statement.comments[sum(map(len, placed.values())) :]]
    return placed | {len(statement.texts): left} if left else placed
