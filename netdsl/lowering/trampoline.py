"""Calls on a stack of our own: no nesting of a text can exhaust Python's.

What calls itself is written as a generator that yields a request wherever it would call, and is
sent the result there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

Request = TypeVar("Request")


def run(request: Request, enter: Callable[[Request], Generator[Request, Any, Any]]) -> Any:
    """Return the result of a request, and of every further request that it waits for.

    Args:
        request: the first one.
        enter: makes the generator of a request.

    Raises:
        Exception: what the first generator raises. An error of a further one is raised where it
            was waited for, as in a call.
    """
    stack, value, error = [enter(request)], None, None
    while stack:
        try:
            inner = stack[-1].throw(error) if error else stack[-1].send(value)
        except StopIteration as stop:
            stack.pop()
            value, error = stop.value, None
        except Exception as raised:
            stack.pop()
            value, error = None, raised
        else:
            stack.append(enter(inner))
            value, error = None, None
    if error:
        raise error
    return value
