"""Python text: statements in lines of 88 characters, as `ruff format` lays them out."""

from __future__ import annotations

from collections.abc import Iterator

WIDTH = 88


def laid_out(text: str, indent: int, tail: str = "") -> list[str]:
    """The lines of a statement, `indent` spaces in: broken in its brackets where it is too long. `tail` follows it."""
    pad = " " * indent
    if indent + len(text) + len(tail) <= WIDTH:
        return [f"{pad}{text}{tail}"]
    groups = [(start, end) for start, end in _groups(text) if end > start + 1]
    if not groups:
        return [f"{pad}{text}{tail}"]
    start, end = next(((a, b) for a, b in groups if indent + len(text[: _room(text, b)]) > WIDTH), groups[-1])
    begin, inner, rest = text[: start + 1], text[start + 1 : end], text[end:]
    parts = _parts(inner)
    single = len(parts) == 1 and text[start] == "(" and not begin[:-1].endswith((" ", "="))
    if indent + 4 + len(inner) <= WIDTH:
        body = [f"{pad}    {inner}"]
    else:
        comma = "" if single and " for " in inner else ","
        body = [line for part in parts for line in laid_out(part, indent + 4, comma)]
    return [pad + begin, *body, *laid_out(rest, indent, tail)]


def _room(text: str, end: int) -> int:
    """Where the line could be broken next behind the bracket that ends at `end`."""
    following = next((start + 1 for start, stop in _groups(text) if start > end and stop > start + 1), None)
    return len(text) if following is None else following


def _groups(text: str) -> Iterator[tuple[int, int]]:
    """The outermost brackets: where each opens and closes."""
    depth, begin, quoted = 0, 0, False
    for at, sign in enumerate(text):
        if sign == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif sign in "([{":
            if depth == 0:
                begin = at
            depth += 1
        elif sign in ")]}":
            depth -= 1
            if depth == 0:
                yield begin, at


def _parts(text: str) -> list[str]:
    """The items between outermost commas."""
    found, depth, begin, quoted = [], 0, 0, False
    for at, sign in enumerate(text):
        if sign == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == "," and depth == 0:
            found.append(text[begin:at].strip())
            begin = at + 1
    return [*found, *([text[begin:].strip()] if text[begin:].strip() else [])]
