"""Python text: statements in lines of 88 characters, as `ruff format` lays them out."""

from __future__ import annotations

from collections.abc import Iterator

WIDTH = 88


def laid_out(text: str, indent: int, tail: str = "") -> list[str]:
    """Return the lines of a statement, `indent` spaces in.

    Broken in its brackets where it is too long.

    `tail` follows it.
    """
    pad = " " * indent
    if indent + len(text) + len(tail) <= WIDTH:
        return [f"{pad}{text}{tail}"]
    groups = [(start, end) for start, end in _groups(text) if end > start + 1]
    if not groups:
        return [f"{pad}{text}{tail}"]
    start, end = next(
        # The first bracket after which the line would be too long, as ruff breaks them.
        ((a, b) for a, b in groups if indent + len(text[: _room(text, b)]) > WIDTH),
        groups[-1],
    )
    begin, inner, rest = text[: start + 1], text[start + 1 : end], text[end:]
    if indent + 4 + len(inner) <= WIDTH:
        body = [f"{pad}    {inner}"]
    else:
        # Items a line each, with a comma after the last one too.
        body = [line for part in _parts(inner) for line in laid_out(part, indent + 4, ",")]
    return [pad + begin, *body, *laid_out(rest, indent, tail)]


def _room(text: str, end: int) -> int:
    """Return where the line could be broken next after the bracket that ends at `end`."""
    following = next(
        (start + 1 for start, stop in _groups(text) if start > end and stop > start + 1), None
    )
    return len(text) if following is None else following


def _groups(text: str) -> Iterator[tuple[int, int]]:
    """Yield the outermost brackets: where each opens and closes."""
    begin = 0
    for at, sign, depth in _signs(text):
        if sign in "([{" and depth == 1:
            begin = at
        elif sign in ")]}" and depth == 0:
            yield begin, at


def _parts(text: str) -> list[str]:
    """Return the items between outermost commas."""
    commas = [at for at, sign, depth in _signs(text) if sign == "," and depth == 0]
    parts = [
        text[begin + 1 : end].strip()
        for begin, end in zip([-1, *commas], [*commas, len(text)], strict=True)
    ]
    return parts if parts[-1] else parts[:-1]


def _signs(text: str) -> Iterator[tuple[int, str, int]]:
    """Yield brackets and commas outside strings.

    Where each is, the sign, and how many brackets are open after it.
    """
    depth, quoted, escaped = 0, False, False
    for at, sign in enumerate(text):
        # Texts here have double quotes alone.
        if sign == '"' and not escaped:
            quoted = not quoted
        elif not quoted and sign in "([{)]},":
            depth = max(depth + (sign in "([{") - (sign in ")]}"), 0)
            yield at, sign, depth
        escaped = sign == "\\" and not escaped
