"""Pages of Markdown for a terminal."""

from __future__ import annotations

import re

_HEADING = re.compile(r"(?m)^#+ (.*)$")
_WIDTH = 100


def for_terminal(markdown: str, colour: bool) -> str:
    """Return a page as plain text: fences and comments away, code indented, headings bold."""
    lines: list[str] = []
    fenced = False
    label = ""
    for line in _joined(markdown.strip().split("\n")):
        comment = re.fullmatch(r"<!-- (\w+) -->", line)
        if comment:
            label = comment[1]
        elif line.startswith("```"):
            fenced = not fenced
            lines += [f"{label}:", ""] if fenced and label else []
            label = ""
        elif fenced:
            lines.append(f"    {line}".rstrip())
        else:
            lines.append(_plain_line(line, colour))
    return "\n".join(lines)


def _joined(lines: list[str]) -> list[str]:
    """Return the lines of a page, each paragraph and each point of a list in one."""
    joined: list[str] = []
    fenced = open_ = False  # `open_`: the last line is prose that the next can continue
    for line in lines:
        fence = line.startswith("```")
        alone = fenced or fence or not line.strip() or line.startswith(("    ", "#", "|", "<!--"))
        if open_ and not alone and not line.startswith("- "):
            joined[-1] += f" {line.strip()}"
        else:
            joined.append(line)
        open_ = not alone
        fenced ^= fence
    return joined


def _plain_line(line: str, colour: bool) -> str:
    """Return a line of prose: links as their text, headings bold, broken where it is long."""
    if line.startswith("    "):
        return line
    heading = _HEADING.fullmatch(line)
    if heading:
        return f"\033[1m{heading[1]}\033[0m" if colour else heading[1]
    line = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", line)
    # A row of a table cannot be broken.
    if len(line) <= _WIDTH or line.startswith("|"):
        return line
    from textwrap import fill

    return fill(
        line,
        _WIDTH,
        subsequent_indent="  " if line.startswith("- ") else "",
        break_long_words=False,
        break_on_hyphens=False,
    )
