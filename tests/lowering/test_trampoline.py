"""Calls on a stack of their own: results come back, errors are raised where they were waited for,
and no depth is too deep.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from netdsl.lowering.trampoline import run

Work = Generator[Any, Any, Any]


@pytest.mark.slow
def test_no_depth_is_too_deep() -> None:
    def depth(count: int) -> Work:
        return 0 if not count else 1 + (yield count - 1)

    assert run(50_000, depth) == 50_000


def test_requests_are_answered_in_order() -> None:
    def fibonacci(n: int) -> Work:
        return n if n < 2 else (yield n - 1) + (yield n - 2)

    assert [run(n, fibonacci) for n in range(10)] == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]


def test_an_error_is_raised_where_it_was_waited_for() -> None:
    met = []

    def work(name: str) -> Work:
        if name == "innermost":
            raise ValueError(name)
        if name == "inner":
            try:
                yield "innermost"
            except ValueError as error:
                met.append(f"inner met {error}")
                raise KeyError(name) from None
        try:
            yield "inner"
        except KeyError:
            met.append("outer met inner")
        return (yield "last") if name == "outer" else name

    def last(name: str) -> Work:
        return "done" if name == "last" else (yield from work(name))

    assert run("outer", last) == "done"
    assert met == ["inner met innermost", "outer met inner"]


def test_an_error_that_nobody_meets_comes_out() -> None:
    def work(count: int) -> Work:
        if not count:
            raise ValueError("at the bottom")
        return (yield count - 1)

    with pytest.raises(ValueError, match="at the bottom"):
        run(1_000, work)


def test_what_is_cleaned_up_is_cleaned_up_inside_out() -> None:
    closed = []

    def work(count: int) -> Work:
        try:
            if not count:
                raise ValueError
            return (yield count - 1)
        finally:
            closed.append(count)

    with pytest.raises(ValueError):  # noqa: PT011
        run(3, work)
    assert closed == [0, 1, 2, 3]
